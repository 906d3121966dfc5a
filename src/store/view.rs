//! One way to read, whether from a draft in the writer or from a snapshot in a view.

use super::codec::Sealed;
use super::error::StoreError;
use super::mirror::Direction;
use crate::base::Value;
use crate::model::genealogy::Node;
use crate::model::people::PersonalData;
use crate::model::{AnyRecord, Id, Noun, Record, Subject};

/// A record with the sequence that last touched it: ETag, audit link and optimistic check in one.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<R> {
    /// The sequence.
    pub seq: u64,
    /// The record.
    pub record: R,
}

/// A moment of the plant that can be read. Two implementations: draft and snapshot.
pub trait View {
    /// The record of a subject, with its sequences.
    fn any(&self, subject: Subject) -> Result<Option<Sealed<Box<dyn AnyRecord>>>, StoreError>;
    /// The record of an id.
    fn stored<R: Record>(&self, id: Id<R>) -> Result<Option<Stored<R>>, StoreError>;
    /// A person's names and contacts, unless erased.
    fn personal(&self, subject: Subject) -> Result<Option<PersonalData>, StoreError>;
    /// The number under a unique column's text.
    fn unique(&self, noun: Noun, column: &str, text: &str) -> Result<Option<u64>, StoreError>;
    /// Numbers above `after` whose indexed column has this value, rising, at most `limit`.
    fn indexed(&self, noun: Noun, column: &str, value: &Value, after: u64, limit: usize) -> Result<Vec<u64>, StoreError>;
    /// The largest number of a noun; zero if there is none.
    fn last_number(&self, noun: Noun) -> Result<u64, StoreError>;
    /// Neighbours of a node.
    fn neighbours(&self, node: Node, direction: Direction) -> Result<Vec<Node>, StoreError>;

    /// The record of an id, without its sequence.
    fn get<R: Record>(&self, id: Id<R>) -> Result<Option<R>, StoreError> {
        Ok(self.stored(id)?.map(|stored| stored.record))
    }

    /// The record under a unique column's text.
    fn find<R: Record>(&self, column: &str, text: &str) -> Result<Option<R>, StoreError> {
        match self.unique(R::NOUN, column, text)? {
            Some(number) => self.get(Id::<R>::new(number)),
            None => Ok(None),
        }
    }

    /// All records whose indexed column has this value, at most `limit`.
    fn related<R: Record>(&self, column: &str, value: &Value, limit: usize) -> Result<Vec<R>, StoreError> {
        let mut records = Vec::new();
        for number in self.indexed(R::NOUN, column, value, 0, limit)? {
            records.extend(self.get(Id::<R>::new(number))?);
        }
        Ok(records)
    }

    /// Resolves what a person wrote to a number: the id's text, else the noun's number column.
    fn resolve(&self, noun: Noun, text: &str) -> Result<Option<u64>, StoreError> {
        // A number given by people may look like an id of ours: their own word goes first.
        if !noun.number_column().is_empty()
            && let Some(number) = self.unique(noun, noun.number_column(), text)?
        {
            return Ok(Some(number));
        }
        match noun.number_of(text) {
            Some(number) if self.any(Subject { noun, number })?.is_some() => Ok(Some(number)),
            _ => Ok(None),
        }
    }
}

/// The position of a column that an index or a rule names.
pub(super) fn column_at(noun: Noun, column: &str) -> Result<usize, StoreError> {
    let at = crate::model::columns(noun).iter().position(|spec| spec.name == column);
    at.ok_or_else(|| StoreError::Unusable(format!("{} has no column {column}", noun.plural())))
}
