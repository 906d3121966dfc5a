//! The index as it is asked: its fields, its newest state, and ids for a query. Deliberately without
//! a writer (see `writer`) and without tantivy's own queries, which open columns and build automata
//! for every question (see `asking`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tantivy::Searcher;
use tantivy::columnar::Column;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

use super::Fault;
use super::asking::best;
use super::documents::Shelf;
use super::query::Query;
use super::segment::Segment;
use crate::model::{Noun, Subject};

/// The record's noun and number in one figure.
pub(super) const KEY: &str = "key";
/// The journal entry that last touched it.
pub(super) const SEQ: &str = "seq";
/// Bits of the number in a key; a noun has a byte of its own above them.
pub(super) const NUMBER_BITS: u32 = 56;

/// A part of a number is kept behind this mark, so that it is not taken for a whole one.
pub(super) const PIECE: char = '\u{2}';
/// The reverse of a number is kept behind this one: its last characters are a beginning there.
pub(super) const TAIL: char = '\u{1}';

/// The index as those see it who search. Empty until a writer has opened it.
#[derive(Default)]
pub struct Index {
    open: RwLock<Option<Arc<Open>>>,
    position: AtomicU64,
}

/// One state of the index, with the columns that every question reads.
pub(super) struct Open {
    searcher: Searcher,
    fields: Fields,
    columns: Vec<Columns>,
}

/// The columns of a segment.
pub(super) struct Columns {
    pub(super) key: Column<u64>,
    pub(super) seq: Column<u64>,
}

impl Open {
    pub(super) fn of(searcher: Searcher, fields: &Fields) -> Result<Self, Fault> {
        let columns = searcher.segment_readers().iter().map(|segment| {
            let fast = segment.fast_fields();
            Ok(Columns { key: fast.u64(KEY)?, seq: fast.u64(SEQ)? })
        });
        let columns = columns.collect::<Result<_, Fault>>()?;
        Ok(Self { searcher, fields: fields.clone(), columns })
    }
}

/// The fields of a document.
#[derive(Clone)]
pub(super) struct Fields {
    pub(super) key: Field,
    pub(super) seq: Field,
    shelves: [Field; 4],
}

impl Fields {
    pub(super) fn make() -> (Schema, Self) {
        let mut schema = Schema::builder();
        // Only which document holds a term is asked for: no counts, no places, no stored text.
        let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(IndexRecordOption::Basic).set_fieldnorms(false);
        let text = TextOptions::default().set_indexing_options(indexing);
        let key = schema.add_u64_field(KEY, INDEXED | FAST);
        let seq = schema.add_u64_field(SEQ, FAST);
        let shelves = Shelf::ALL.map(|shelf| schema.add_text_field(shelf.word(), text.clone()));
        (schema.build(), Self { key, seq, shelves })
    }

    pub(super) const fn of(&self, shelf: Shelf) -> Field {
        self.shelves[shelf as usize]
    }
}

pub(super) fn key_of(subject: Subject) -> u64 {
    (u64::from(subject.noun.code()) << NUMBER_BITS) | subject.number
}

fn subject_of(key: u64) -> Option<Subject> {
    let noun = u8::try_from(key >> NUMBER_BITS).ok().and_then(Noun::from_code)?;
    Some(Subject { noun, number: key & ((1 << NUMBER_BITS) - 1) })
}

/// A term as it stands where its column is named.
pub(super) fn scoped(column: &str, term: &str) -> String {
    // No word holds a zero, and none is a beginning of this one.
    format!("\0{column}\0{term}")
}

impl Index {
    pub(super) fn show(&self, open: Option<Open>) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = open.map(Arc::new);
    }

    pub(super) fn moved(&self, seq: u64) {
        self.position.store(seq, Ordering::Release);
    }

    /// The journal entry up to which the index has read; zero before it is open.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// Records of some nouns that may fit, best first; `None` while there is no index to ask.
    pub fn find(&self, query: &Query, nouns: &[Noun], limit: usize) -> Result<Option<Vec<Subject>>, Fault> {
        let Some(open) = self.open.read().unwrap_or_else(PoisonError::into_inner).clone() else { return Ok(None) };
        let nouns: Vec<u64> = nouns.iter().filter(|noun| query.kind.is_none_or(|kind| kind == **noun)).map(|noun| u64::from(noun.code())).collect();
        let segments = open.searcher.segment_readers().iter().zip(&open.columns);
        let segments: Vec<Segment<'_>> = segments.map(|(reader, columns)| Segment { reader, columns, fields: &open.fields }).collect();
        let keys = best(&segments, query, nouns, limit.max(1))?;
        Ok(Some(keys.into_iter().filter_map(subject_of).collect()))
    }
}

/// A number from its end, behind its mark.
pub(super) fn reversed(term: &str) -> String {
    std::iter::once(TAIL).chain(term.chars().rev()).collect()
}
