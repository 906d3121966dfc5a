//! One segment of the index: the terms that a pattern stands for, and the documents that words share.

use std::cmp::Reverse;

use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::query::FuzzyTermQuery;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::termdict::TermDictionary;
use tantivy::{DocId, DocSet as _, SegmentReader, TERMINATED, Term};

use super::Fault;
use super::asking::{Asked, Best, Pattern, Tier};
use super::documents::Shelf;
use super::index::{Columns, Fields};
use super::words::{Fit, Mode};
use crate::base::limits;

/// Documents in their order, each with a score.
type Scored = Vec<(DocId, u32)>;

/// A segment of the index, and how it is asked.
pub(super) struct Segment<'a> {
    pub(super) reader: &'a SegmentReader,
    pub(super) columns: &'a Columns,
    pub(super) fields: &'a Fields,
}

impl Segment<'_> {
    /// Offers what holds all words, or in the loose mode any.
    pub(super) fn all(&self, words: &[Asked], mode: Mode, best: &mut Best) -> Result<(), Fault> {
        let mut ways = words.iter().map(|word| self.word(word)).collect::<Result<Vec<_>, _>>()?;
        ways.sort_by_key(Way::size);
        let mut ways = ways.into_iter();
        let mut found = ways.next().map(Way::union).unwrap_or_default();
        for way in ways {
            found = if mode == Mode::Strict { way.narrowed(&found) } else { added(&found, &way.union()) };
        }
        found.into_iter().for_each(|(doc, score)| best.offer(self, doc, score));
        Ok(())
    }

    /// Every way in which a word may stand in a document, or all its parts.
    fn word(&self, word: &Asked) -> Result<Way, Fault> {
        let mut way = self.term(&word.whole)?;
        let mut parts = word.parts.iter().map(|part| self.term(part));
        if let Some(first) = parts.next() {
            let mut shared = first?.union();
            for part in parts {
                shared = part?.narrowed(&shared);
            }
            // Its parts count as one word does, not as so many.
            way.parts = shared.into_iter().map(|(doc, _)| (doc, Shelf::Words.score(Fit::Part))).collect();
        }
        Ok(way)
    }

    fn term(&self, tiers: &[Tier]) -> Result<Way, Fault> {
        let mut way = Way::default();
        for tier in tiers {
            way.terms.extend(self.postings(tier)?.into_iter().map(|postings| (tier.score, postings)));
        }
        Ok(way)
    }

    /// The documents of a tier, term by term.
    pub(super) fn postings(&self, tier: &Tier) -> Result<Vec<SegmentPostings>, Fault> {
        let field = self.fields.of(tier.shelf);
        let inverted = self.reader.inverted_index(field)?;
        let mut terms = Vec::new();
        for pattern in &tier.patterns {
            match pattern {
                Pattern::Exactly(text) => terms.extend(inverted.terms().get(text)?),
                Pattern::Beginning(text) => terms.extend(beginning(field, inverted.terms(), text)?),
                Pattern::Misspelled(text, slips) => terms.extend(misspelled(field, inverted.terms(), text, *slips)?),
            }
        }
        Ok(terms.iter().map(|term| inverted.read_postings_from_terminfo(term, IndexRecordOption::Basic)).collect::<Result<_, _>>()?)
    }
}

/// Where a word stands in one segment.
#[derive(Default)]
struct Way {
    /// Term by term, with what each scores.
    terms: Vec<(u32, SegmentPostings)>,
    /// Where all its parts stand.
    parts: Scored,
}

impl Way {
    fn size(&self) -> u64 {
        self.terms.iter().map(|(_, postings)| u64::from(postings.doc_freq())).sum::<u64>() + self.parts.len() as u64
    }

    /// Every document, with its best score.
    fn union(self) -> Scored {
        let mut all = self.parts;
        for (score, mut postings) in self.terms {
            while postings.doc() != TERMINATED {
                all.push((postings.doc(), score));
                postings.advance();
            }
        }
        all.sort_unstable_by_key(|(doc, score)| (*doc, Reverse(*score)));
        all.dedup_by_key(|(doc, _)| *doc);
        all
    }

    /// Those of some documents that the word stands in as well.
    fn narrowed(self, found: &[(DocId, u32)]) -> Scored {
        let mut scores = vec![0; found.len()];
        for (score, mut postings) in self.terms {
            let mut at = 0;
            // Both skip to where the other is: the cost is that of the shorter one.
            while at < found.len() && postings.doc() != TERMINATED {
                let doc = if postings.doc() < found[at].0 { postings.seek(found[at].0) } else { postings.doc() };
                at += found[at..].partition_point(|(other, _)| *other < doc);
                if at < found.len() && found[at].0 == doc {
                    scores[at] = score.max(scores[at]);
                    at += 1;
                }
            }
        }
        for (doc, score) in self.parts {
            if let Ok(at) = found.binary_search_by_key(&doc, |(other, _)| *other) {
                scores[at] = score.max(scores[at]);
            }
        }
        found.iter().zip(scores).filter(|(_, score)| *score > 0).map(|((doc, own), score)| (*doc, own + score)).collect()
    }
}

/// Documents of either, with both scores where it is of both.
fn added(left: &[(DocId, u32)], right: &[(DocId, u32)]) -> Scored {
    let mut all = [left, right].concat();
    all.sort_unstable_by_key(|(doc, _)| *doc);
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    all
}

/// The first terms of a stream, within the bound.
macro_rules! first_terms {
    ($stream:expr) => {{
        let (mut stream, mut found) = ($stream.into_stream()?, Vec::new());
        while found.len() < limits::SEARCH_TERMS_MAX && stream.advance() {
            found.push(stream.value().clone());
        }
        found
    }};
}

/// Terms that begin so; of too many the greatest, since the greatest numbers are the newest.
fn beginning(field: Field, terms: &TermDictionary, text: &str) -> Result<Vec<TermInfo>, Fault> {
    let above = [text.as_bytes(), &[0xff]].concat();
    let found = first_terms!(terms.range().ge(text).lt(above));
    if found.len() < limits::SEARCH_TERMS_MAX {
        return Ok(found);
    }
    // A range read backward does not stop at its lower end; an automaton does.
    let begins = FuzzyTermQuery::new_prefix(Term::from_field_text(field, text), 0, true).automaton()?;
    Ok(first_terms!(terms.search(begins).backward()))
}

/// Terms that begin so but for slips; of too many those that are so but for slips go first.
fn misspelled(field: Field, terms: &TermDictionary, text: &str, slips: usize) -> Result<Vec<TermInfo>, Fault> {
    let (term, slips) = (Term::from_field_text(field, text), u8::try_from(slips).unwrap_or(1));
    let begins = FuzzyTermQuery::new_prefix(term.clone(), slips, true).automaton()?;
    let mut found = first_terms!(terms.search(begins));
    if found.len() == limits::SEARCH_TERMS_MAX {
        found.extend(first_terms!(terms.search(FuzzyTermQuery::new(term, slips, true).automaton()?)));
    }
    Ok(found)
}
