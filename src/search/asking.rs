//! A query against the segments of an index: the ways in which a word may stand in a document, best
//! first, and the documents that are best of all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tantivy::columnar::Column;
use tantivy::{DocId, DocSet as _, TERMINATED};

use super::Fault;
use super::documents::Shelf;
use super::index::{NUMBER_BITS, PIECE, reversed, scoped};
use super::query::{Query, Word};
use super::segment::Segment;
use super::words::{self, Fit, Mode};

/// What a typed word stands for in a field's terms.
pub(super) enum Pattern {
    Exactly(String),
    Beginning(String),
    Misspelled(String, usize),
}

/// Ways in which a word may stand in a document that score the same.
pub(super) struct Tier {
    pub(super) score: u32,
    pub(super) shelf: Shelf,
    pub(super) patterns: Vec<Pattern>,
}

/// Whether a word may be misspelled. What stands somewhere as it was typed is not.
#[derive(Clone, Copy)]
enum Forgiving {
    Nothing,
    Words(Mode),
}

/// The tiers of a term, best first; with slips forgiven or not.
fn tiers(column: Option<&'static str>, term: &str, forgiving: Forgiving) -> Vec<Tier> {
    let place = |term: String| column.map_or_else(|| term.clone(), |column| scoped(column, &term));
    let whole = place(term.to_owned());
    let mut tiers = Vec::new();
    for shelf in Shelf::ALL {
        let mut tier = |fit: Fit, patterns: Vec<Pattern>| tiers.push(Tier { score: shelf.score(fit), shelf, patterns });
        tier(Fit::Whole, vec![Pattern::Exactly(whole.clone())]);
        let mut parts = vec![Pattern::Beginning(whole.clone())];
        if shelf.is_number() {
            parts.push(Pattern::Beginning(place(format!("{PIECE}{term}"))));
            if words::may_be_tail(term) {
                // Ends are kept once, without their columns; whoever shows a hit looks at the record.
                parts.push(Pattern::Beginning(reversed(term)));
            }
        }
        tier(Fit::Part, parts);
        let slips = match (shelf.is_number(), forgiving) {
            (true, Forgiving::Words(mode)) => words::number_slips(term, mode),
            (false, Forgiving::Words(_)) => words::slips(term),
            (_, Forgiving::Nothing) => 0,
        };
        if slips > 0 {
            tier(Fit::Typo, vec![Pattern::Misspelled(whole.clone(), slips)]);
        }
    }
    tiers.sort_by_key(|tier| Reverse(tier.score));
    tiers
}

/// Keys of the best documents of some nouns, best first.
pub(super) fn best(segments: &[Segment<'_>], query: &Query, nouns: Vec<u64>, limit: usize) -> Result<Vec<u64>, Fault> {
    let mut best = Best { nouns, limit, heap: BinaryHeap::new() };
    match query.words.as_slice() {
        [word] if word.parts.is_empty() => one(segments, word, query.mode, &mut best)?,
        words => many(segments, words, query.mode, &mut best)?,
    }
    // Sorted by its reverse, so the best comes first.
    Ok(best.heap.into_sorted_vec().into_iter().map(|Reverse((_, _, key))| key).collect())
}

/// One word, tier by tier: what a better one filled, a lesser one cannot change.
fn one(segments: &[Segment<'_>], word: &Word, mode: Mode, best: &mut Best) -> Result<(), Fault> {
    for tier in tiers(word.column, &word.term, forgiving(segments, word.column, &word.term, mode)?) {
        for segment in segments {
            for mut postings in segment.postings(&tier)? {
                while postings.doc() != TERMINATED {
                    best.offer(segment, postings.doc(), tier.score);
                    postings.advance();
                }
            }
        }
        if best.heap.len() == best.limit {
            break;
        }
    }
    Ok(())
}

/// All words, or in the loose mode any.
fn many(segments: &[Segment<'_>], words: &[Word], mode: Mode, best: &mut Best) -> Result<(), Fault> {
    let tiers_of = |column, term: &str| Ok::<_, Fault>(tiers(column, term, forgiving(segments, column, term, mode)?));
    let mut asked = Vec::new();
    for word in words {
        let parts = word.parts.iter().map(|part| tiers_of(word.column, part)).collect::<Result<_, _>>()?;
        asked.push(Asked { whole: tiers_of(word.column, &word.term)?, parts });
    }
    segments.iter().try_for_each(|segment| segment.all(&asked, mode, best))
}

fn forgiving(segments: &[Segment<'_>], column: Option<&'static str>, term: &str, mode: Mode) -> Result<Forgiving, Fault> {
    let typed = column.map_or_else(|| term.to_owned(), |column| scoped(column, term));
    for segment in segments {
        for shelf in [Shelf::OwnWords, Shelf::Words] {
            if segment.reader.inverted_index(segment.fields.of(shelf))?.terms().term_ord(&typed)?.is_some() {
                return Ok(Forgiving::Nothing);
            }
        }
    }
    Ok(Forgiving::Words(mode))
}

/// A word as it is asked for: itself, or all its parts.
pub(super) struct Asked {
    pub(super) whole: Vec<Tier>,
    pub(super) parts: Vec<Vec<Tier>>,
}

/// The best documents so far: score, sequence, key.
pub(super) struct Best {
    nouns: Vec<u64>,
    limit: usize,
    heap: BinaryHeap<Reverse<(u32, u64, u64)>>,
}

impl Best {
    pub(super) fn offer(&mut self, segment: &Segment<'_>, doc: DocId, score: u32) {
        let least = self.heap.peek().filter(|_| self.heap.len() == self.limit).map(|Reverse(least)| *least);
        if least.is_some_and(|least| score < least.0) || segment.reader.is_deleted(doc) {
            return;
        }
        let value = |column: &Column<u64>| column.first(doc).unwrap_or_default();
        let (seq, key) = (value(&segment.columns.seq), value(&segment.columns.key));
        let place = (score, seq, key);
        // Several terms may lead to one document; its best place is the one it came to first.
        if least.is_some_and(|least| place <= least) || !self.nouns.contains(&(key >> NUMBER_BITS)) || self.heap.iter().any(|Reverse(other)| other.2 == key) {
            return;
        }
        if least.is_some() {
            self.heap.pop();
        }
        self.heap.push(Reverse(place));
    }
}
