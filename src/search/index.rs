//! Asking the index: typed words become sets of its terms, and what holds them comes back as ids,
//! best first, newest first among equals. Deliberately without a writer: see `writer`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tantivy::collector::sort_key::{SortBySimilarityScore, SortByStaticFastValue};
use tantivy::collector::{FilterCollector, TopDocs};
use tantivy::query::{BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query as TantivyQuery, TermQuery, TermSetQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{IndexReader, Searcher, Term};

use super::Fault;
use super::documents::Shelf;
use super::query::{Query, Word};
use super::words::{self, Fit, Mode};
use crate::base::limits;
use crate::model::{Noun, Subject};

/// The record's noun and number in one figure.
pub(super) const KEY: &str = "key";
/// The journal entry that last touched it.
pub(super) const SEQ: &str = "seq";
/// Bits of the number in a key; a noun has a byte of its own above them.
const NUMBER_BITS: u32 = 56;

/// A part of a number is kept behind this mark, so that it is not taken for a whole one.
pub(super) const PIECE: char = '\u{2}';
/// The reverse of a number is kept behind this one: its last characters are a beginning there.
pub(super) const TAIL: char = '\u{1}';

/// The index as those see it who search. Empty until a writer has opened it.
#[derive(Default)]
pub struct Index {
    reader: RwLock<Option<IndexReader>>,
    position: AtomicU64,
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

/// What a typed word stands for in a field's terms.
enum Pattern {
    Exactly(String),
    Beginning(String),
    Misspelled(String, usize),
}

impl Index {
    pub(super) fn show(&self, reader: Option<IndexReader>) {
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader;
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
        let Some(reader) = self.reader.read().unwrap_or_else(PoisonError::into_inner).clone() else { return Ok(None) };
        let (searcher, fields) = (reader.searcher(), Fields::make().1);
        let asking = Asking { searcher: &searcher, fields: &fields, mode: query.mode };
        let Some(wanted) = asking.all(query)? else { return Ok(Some(Vec::new())) };
        let allowed: Arc<[u8]> = nouns.iter().filter(|noun| query.kind.is_none_or(|kind| kind == **noun)).map(|noun| noun.code()).collect();
        let best = TopDocs::with_limit(limit.max(1)).order_by((SortBySimilarityScore, SortByStaticFastValue::<u64>::for_field(SEQ)));
        let of_nouns = FilterCollector::new(KEY.to_owned(), move |key: u64| allowed.iter().any(|code| u64::from(*code) == key >> NUMBER_BITS), best);
        let mut found = Vec::new();
        for (_, place) in searcher.search(&wanted, &of_nouns)? {
            let keys = searcher.segment_reader(place.segment_ord).fast_fields().u64(KEY)?;
            found.extend(keys.first(place.doc_id).and_then(subject_of));
        }
        Ok(Some(found))
    }
}

/// One question to one state of the index.
struct Asking<'a> {
    searcher: &'a Searcher,
    fields: &'a Fields,
    mode: Mode,
}

impl Asking<'_> {
    /// All words, or in the loose mode any.
    fn all(&self, query: &Query) -> Result<Option<Box<dyn TantivyQuery>>, Fault> {
        let occur = if self.mode == Mode::Strict { Occur::Must } else { Occur::Should };
        let mut clauses = Vec::new();
        for word in &query.words {
            match self.word(word)? {
                Some(clause) => clauses.push((occur, clause)),
                None if self.mode == Mode::Strict => return Ok(None),
                None => {}
            }
        }
        Ok(match clauses.len() {
            0 => None,
            1 => clauses.pop().map(|(_, clause)| clause),
            _ => Some(Box::new(BooleanQuery::new(clauses))),
        })
    }

    /// The word as it is, or all its parts.
    fn word(&self, word: &Word) -> Result<Option<Box<dyn TantivyQuery>>, Fault> {
        let mut ways = self.term(word.column, &word.term)?;
        let mut parts: Vec<(Occur, Box<dyn TantivyQuery>)> = Vec::new();
        for part in &word.parts {
            parts.extend(best_of(self.term(word.column, part)?).map(|query| (Occur::Must, query)));
        }
        if !word.parts.is_empty() && parts.len() == word.parts.len() {
            // Its parts count as one word does, not as so many.
            ways.push(constant(Box::new(BooleanQuery::new(parts)), Shelf::Words.score(Fit::Part)));
        }
        Ok(best_of(ways))
    }

    /// Every way in which a term may stand in a document, each with its score.
    fn term(&self, column: Option<&'static str>, term: &str) -> Result<Vec<Box<dyn TantivyQuery>>, Fault> {
        let mut ways = Vec::new();
        for shelf in Shelf::ALL {
            for (fit, patterns) in self.patterns(shelf, column, term) {
                let mut terms = Vec::new();
                for pattern in &patterns {
                    self.expand(self.fields.of(shelf), pattern, &mut terms)?;
                }
                ways.extend(any_of(terms).map(|any| constant(any, shelf.score(fit))));
            }
        }
        Ok(ways)
    }

    fn patterns(&self, shelf: Shelf, column: Option<&'static str>, term: &str) -> Vec<(Fit, Vec<Pattern>)> {
        let place = |term: String| column.map_or_else(|| term.clone(), |column| scoped(column, &term));
        let whole = place(term.to_owned());
        let mut parts = vec![Pattern::Beginning(whole.clone())];
        let slips = if shelf.is_number() { words::number_slips(term, self.mode) } else { words::slips(term) };
        if shelf.is_number() {
            parts.push(Pattern::Beginning(place(format!("{PIECE}{term}"))));
            if words::may_be_tail(term) {
                // Ends are kept once, without their columns; whoever shows a hit looks at the record.
                parts.push(Pattern::Beginning(reversed(term)));
            }
        }
        let mut patterns = vec![(Fit::Whole, vec![Pattern::Exactly(whole.clone())]), (Fit::Part, parts)];
        if slips > 0 {
            patterns.push((Fit::Typo, vec![Pattern::Misspelled(whole, slips)]));
        }
        patterns
    }

    /// The terms of the index that a pattern stands for.
    fn expand(&self, field: Field, pattern: &Pattern, into: &mut Vec<Term>) -> Result<(), Fault> {
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(field)?;
            let (terms, end) = (inverted.terms(), into.len() + limits::SEARCH_TERMS_MAX);
            match pattern {
                Pattern::Exactly(text) => {
                    if terms.term_ord(text)?.is_some() {
                        into.push(Term::from_field_text(field, text));
                    }
                }
                Pattern::Beginning(text) => {
                    // From the end, since the greatest numbers are the newest.
                    let above = [text.as_bytes(), &[0xff]].concat();
                    let mut stream = terms.range().ge(text).lt(above).backward().into_stream()?;
                    while stream.advance() && taken(field, stream.key(), end, into) {}
                }
                Pattern::Misspelled(text, slips) => {
                    let fuzzy = FuzzyTermQuery::new_prefix(Term::from_field_text(field, text), u8::try_from(*slips).unwrap_or(1), true);
                    let mut stream = terms.search(fuzzy.automaton()?).into_stream()?;
                    while stream.advance() && taken(field, stream.key(), end, into) {}
                }
            }
        }
        Ok(())
    }
}

/// Takes a term, within the bound of its pattern. Terms are UTF-8, as they were given.
fn taken(field: Field, term: &[u8], end: usize, into: &mut Vec<Term>) -> bool {
    into.extend(std::str::from_utf8(term).ok().map(|text| Term::from_field_text(field, text)));
    into.len() < end
}

pub(super) fn reversed(term: &str) -> String {
    std::iter::once(TAIL).chain(term.chars().rev()).collect()
}

fn any_of(mut terms: Vec<Term>) -> Option<Box<dyn TantivyQuery>> {
    terms.sort_unstable();
    terms.dedup();
    match terms.len() {
        0 => None,
        1 => terms.pop().map(|term| Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn TantivyQuery>),
        _ => Some(Box::new(TermSetQuery::new(terms))),
    }
}

fn constant(query: Box<dyn TantivyQuery>, score: u32) -> Box<dyn TantivyQuery> {
    Box::new(ConstScoreQuery::new(query, score as f32))
}

fn best_of(mut ways: Vec<Box<dyn TantivyQuery>>) -> Option<Box<dyn TantivyQuery>> {
    if ways.len() > 1 { Some(Box::new(DisjunctionMaxQuery::new(ways))) } else { ways.pop() }
}
