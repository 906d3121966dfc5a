//! A draft: the open transaction with one command's own changes laid over it. A refused draft is
//! thrown away and leaves no trace; an accepted one is laid in as one journal entry.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::codec::Sealed;
use super::error::StoreError;
use super::mirror::Direction;
use super::tables::{Replacement, Tables};
use super::view::{Stored, View, column_at};
use crate::base::{Digest, Value};
use crate::model::genealogy::Node;
use crate::model::people::PersonalData;
use crate::model::{AnyRecord, Event, Id, LotEdge, Noun, Record, Subject};

struct Slot {
    /// What the transaction holds, with its sequence.
    old: Option<(u64, Box<dyn AnyRecord>)>,
    /// What the command wants; `None` inside removes.
    new: Option<Option<Box<dyn AnyRecord>>>,
}

/// A read view with one command's changes over it.
pub struct Draft<'b, 't> {
    base: &'b Tables<'t>,
    slots: RefCell<BTreeMap<Subject, Slot>>,
    events: Vec<Event>,
    secrets: Vec<(Subject, Vec<u8>)>,
    personal: BTreeMap<Subject, Option<PersonalData>>,
}

/// What an accepted draft leaves behind.
pub struct Accepted {
    /// The changed records, in order of noun and number.
    pub replacements: Vec<Replacement>,
    /// What happened.
    pub events: Vec<Event>,
    /// Verifiers to keep.
    pub secrets: Vec<(Subject, Vec<u8>)>,
    /// Names and contacts to keep, or to erase.
    pub personal: BTreeMap<Subject, Option<PersonalData>>,
}

impl<'b, 't> Draft<'b, 't> {
    /// A draft over open tables.
    pub fn over(base: &'b Tables<'t>) -> Self {
        Self { base, slots: RefCell::default(), events: Vec::new(), secrets: Vec::new(), personal: BTreeMap::new() }
    }

    /// Makes a record with the next number of its noun; answers its id.
    pub fn add<R: Record>(&mut self, record: R) -> Result<Id<R>, StoreError> {
        Ok(Id::new(self.add_any(Box::new(record))?.number))
    }

    /// Makes a record of a noun known at run time with the next number; answers its subject.
    pub fn add_any(&mut self, mut record: Box<dyn AnyRecord>) -> Result<Subject, StoreError> {
        let subject = Subject { noun: record.noun(), number: self.last_number(record.noun())? + 1 };
        record.set_number(subject.number);
        self.slots.borrow_mut().insert(subject, Slot { old: None, new: Some(Some(record)) });
        Ok(subject)
    }

    /// Makes or replaces a record under its own number.
    pub fn put<R: Record>(&mut self, record: R) -> Result<(), StoreError> {
        self.put_any(Box::new(record))
    }

    /// Makes or replaces a record of a noun known at run time.
    pub fn put_any(&mut self, record: Box<dyn AnyRecord>) -> Result<(), StoreError> {
        let subject = Subject { noun: record.noun(), number: record.number() };
        self.load(subject)?;
        if let Some(slot) = self.slots.borrow_mut().get_mut(&subject) {
            slot.new = Some(Some(record));
        }
        Ok(())
    }

    /// A copy of a record to change and put back; `None` if there is none.
    pub fn copy(&self, subject: Subject) -> Result<Option<Box<dyn AnyRecord>>, StoreError> {
        self.load(subject)?;
        let slots = self.slots.borrow();
        let Some(slot) = slots.get(&subject) else { return Ok(None) };
        let record = match &slot.new {
            Some(new) => new.as_ref(),
            None => slot.old.as_ref().map(|(_, record)| record),
        };
        Ok(record.map(|record| record.copied()))
    }

    /// Removes a record; its history stays.
    pub fn remove(&mut self, subject: Subject) -> Result<(), StoreError> {
        self.load(subject)?;
        if let Some(slot) = self.slots.borrow_mut().get_mut(&subject) {
            slot.new = Some(None);
        }
        Ok(())
    }

    /// Says what happened.
    pub fn event(&mut self, name: &str, subject: Subject) {
        self.events.push(Event { name: name.to_owned(), subject });
    }

    /// Keeps verifiers beside a record; only their digest is journaled, in the record.
    pub fn put_secret(&mut self, subject: Subject, secret: Vec<u8>) {
        self.secrets.push((subject, secret));
    }

    /// Keeps names and contacts beside a record, or erases them; answers the digest for the record.
    pub fn put_personal(&mut self, subject: Subject, data: Option<PersonalData>) -> Result<Option<String>, StoreError> {
        let digest = data.as_ref().map(super::codec::plain).transpose()?.map(|bytes| Digest::of(&bytes).to_string());
        self.personal.insert(subject, data);
        Ok(digest)
    }

    /// The edges this command itself adds from a node.
    pub fn own_edges(&self, from: Node) -> Vec<Node> {
        let slots = self.slots.borrow();
        let first = Subject { noun: Noun::LotEdge, number: u64::from(from.bits()) << 32 };
        let last = Subject { noun: Noun::LotEdge, number: (u64::from(from.bits()) << 32) | u64::from(u32::MAX) };
        slots.range(first..=last).filter_map(|(subject, _)| LotEdge::nodes_of(subject.number)).map(|(_, to)| to).collect()
    }

    /// What is to be laid in.
    pub fn accept(self) -> Accepted {
        let changed = self.slots.into_inner().into_iter().filter_map(|(subject, slot)| {
            let new = slot.new?;
            // Writing the same content again is no change, and would only grow the history.
            let same = match (&slot.old, &new) {
                (Some((_, old)), Some(new)) => old.equals(new.as_ref()),
                (None, None) => true,
                _ => false,
            };
            (!same).then_some(Replacement { subject, old: slot.old, new })
        });
        Accepted { replacements: changed.collect(), events: self.events, secrets: self.secrets, personal: self.personal }
    }

    fn load(&self, subject: Subject) -> Result<(), StoreError> {
        if self.slots.borrow().contains_key(&subject) {
            return Ok(());
        }
        let old = self.base.any(subject)?.and_then(|sealed| sealed.value.map(|record| (sealed.seq, record)));
        self.slots.borrow_mut().insert(subject, Slot { old, new: None });
        Ok(())
    }
}

impl View for Draft<'_, '_> {
    fn any(&self, subject: Subject) -> Result<Option<Sealed<Box<dyn AnyRecord>>>, StoreError> {
        self.base.any(subject)
    }

    fn stored<R: Record>(&self, id: Id<R>) -> Result<Option<Stored<R>>, StoreError> {
        let subject = Subject::of(id);
        self.load(subject)?;
        let slots = self.slots.borrow();
        let Some(slot) = slots.get(&subject) else { return Ok(None) };
        let seq = slot.old.as_ref().map_or(0, |(seq, _)| *seq);
        let record = match &slot.new {
            Some(new) => new.as_ref(),
            None => slot.old.as_ref().map(|(_, record)| record),
        };
        Ok(record.and_then(|record| record.as_any().downcast_ref::<R>()).map(|record| Stored { seq, record: record.clone() }))
    }

    fn personal(&self, subject: Subject) -> Result<Option<PersonalData>, StoreError> {
        match self.personal.get(&subject) {
            Some(own) => Ok(own.clone()),
            None => self.base.personal(subject),
        }
    }

    fn unique(&self, noun: Noun, column: &str, text: &str) -> Result<Option<u64>, StoreError> {
        let at = column_at(noun, column)?;
        for (subject, slot) in self.slots.borrow().iter() {
            if subject.noun == noun
                && let Some(Some(record)) = &slot.new
                && record.value(at) == Value::Text(text.to_owned())
            {
                return Ok(Some(subject.number));
            }
        }
        self.base.unique(noun, column, text)
    }

    fn indexed(&self, noun: Noun, column: &str, value: &Value, after: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let at = column_at(noun, column)?;
        let mut numbers = self.base.indexed(noun, column, value, after, limit)?;
        for (subject, slot) in self.slots.borrow().iter().filter(|(subject, _)| subject.noun == noun) {
            if let Some(new) = &slot.new {
                numbers.retain(|number| *number != subject.number);
                if subject.number > after && new.as_ref().is_some_and(|record| record.value(at) == *value) {
                    numbers.push(subject.number);
                }
            }
        }
        numbers.sort_unstable();
        numbers.truncate(limit);
        Ok(numbers)
    }

    fn last_number(&self, noun: Noun) -> Result<u64, StoreError> {
        let slots = self.slots.borrow();
        let own = slots.range(Subject { noun, number: 0 }..=Subject { noun, number: u64::MAX }).next_back();
        let own = own.filter(|(_, slot)| slot.new.is_some() || slot.old.is_some()).map_or(0, |(subject, _)| subject.number);
        Ok(own.max(self.base.last_number(noun)?))
    }

    fn neighbours(&self, node: Node, direction: Direction) -> Result<Vec<Node>, StoreError> {
        self.base.neighbours(node, direction)
    }
}
