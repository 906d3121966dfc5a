//! What was looked for: the index names records, the records as they are now say whether and where
//! they fit. What the index has not read yet is looked at in the journal's last entries; where it
//! is far behind, or not there, numbers are looked up in the store itself.

use std::collections::BTreeSet;

use crate::base::{Code, Refusal, Value, limits};
use crate::model::field::Mark;
use crate::model::permission::{Role, may, read_act, who_may};
use crate::model::{self, AnyRecord, Kind, Noun, Subject};
use crate::search::{self, Index, Query, Word};
use crate::store::{Snapshot, StoreError, View as _};

pub use crate::search::Index as SearchIndex;
pub use crate::search::Query as SearchQuery;

/// Hits taken from the index beyond those asked for: some no longer fit.
const SPARE: usize = 32;
/// Hits taken when too many of those did not.
const MANY: usize = 1_000;

/// A record that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The record.
    pub subject: Subject,
    /// What it is called.
    pub title: String,
    /// Where it fits: `heat_number: H-4711-22222`.
    pub snippet: String,
    /// How well, of 100.
    pub score: u32,
    /// The entry that last touched it.
    seq: u64,
}

/// The hits, best first.
pub struct Hits {
    /// The hits.
    pub hits: Vec<Hit>,
    /// How far the index has read the journal.
    pub indexed_seq: u64,
}

/// Looks for what a role may read, at most `limit` hits.
pub fn search(snapshot: &Snapshot, index: &Index, role: Role, query: &Query, limit: usize) -> Result<Hits, Refusal> {
    if let Some(kind) = query.kind.filter(|kind| !may(role, read_act(*kind))) {
        return Err(Refusal::field(Code::Forbidden, "kind", format!("the role {role} may not read {}; {}", kind.plural().replace('_', " "), who_may(read_act(kind)))));
    }
    let readable: Vec<Noun> = search::nouns().filter(|noun| may(role, read_act(*noun)) && query.kind.is_none_or(|kind| kind == *noun)).collect();
    // Before the index is asked: what it reads meanwhile is found twice, not missed.
    let indexed_seq = index.position();
    let looking = Looking { snapshot, index, readable: &readable, limit };
    let mut hits = looking.beginnings(query)?;
    if hits.len() < limit {
        let mut beside = looking.beside(query, indexed_seq)?;
        beside.extend(looking.called(query));
        hits = looking.look(query, &beside)?;
        if hits.is_empty() {
            hits = looking.look(&query.loosened(), &beside)?;
        }
    }
    hits.sort_by(|left, right| (right.score, right.seq, left.subject).cmp(&(left.score, left.seq, right.subject)));
    hits.truncate(limit);
    Ok(Hits { hits, indexed_seq })
}

struct Looking<'a> {
    snapshot: &'a Snapshot,
    index: &'a Index,
    readable: &'a [Noun],
    limit: usize,
}

impl Looking<'_> {
    /// The beginning of a kind's own number, as a form asks while somebody types: the store alone knows
    /// enough of them, unless there are few.
    fn beginnings(&self, query: &Query) -> Result<Vec<Hit>, Refusal> {
        let ([word], [noun]) = (query.words.as_slice(), self.readable) else { return Ok(Vec::new()) };
        let own = model::columns(*noun).iter().find(|spec| spec.mark == Mark::Unique && word.column == Some(spec.name));
        let Some(spec) = own else { return Ok(Vec::new()) };
        let mut numbers = self.snapshot.beginning(*noun, spec.name, &word.typed, self.limit)?;
        if numbers.len() < self.limit {
            return Ok(Vec::new());
        }
        numbers.extend(self.snapshot.unique(*noun, spec.name, &word.typed)?.filter(|number| !numbers.contains(number)));
        let mut hits = Vec::new();
        for number in numbers {
            hits.extend(self.hit(query, Subject { noun: *noun, number })?);
        }
        Ok(hits)
    }

    /// The records whose ids were typed, zeros or not: among all that begin so the index may pass them by.
    fn called(&self, query: &Query) -> Vec<Subject> {
        let subject = |word: &Word| {
            let (prefix, digits) = word.typed.split_at(word.typed.find(|c: char| c.is_ascii_digit())?);
            let noun = self.readable.iter().find(|noun| prefix.strip_suffix('-').unwrap_or(prefix).eq_ignore_ascii_case(noun.prefix()))?;
            let number = digits.parse().ok()?;
            word.column.is_none_or(|name| name == model::columns(*noun)[0].name).then_some(Subject { noun: *noun, number })
        };
        query.words.iter().filter_map(subject).collect()
    }

    /// Records that may fit and that the index may not know.
    fn beside(&self, query: &Query, indexed_seq: u64) -> Result<BTreeSet<Subject>, Refusal> {
        let unread = self.snapshot.head()?.saturating_sub(indexed_seq);
        let mut beside = BTreeSet::new();
        if unread <= limits::SEARCH_UNREAD_MAX as u64 {
            for entry in self.snapshot.entries(indexed_seq, limits::SEARCH_UNREAD_MAX)? {
                beside.extend(entry.changes.iter().map(|change| change.subject));
            }
        } else {
            for word in &query.words {
                self.look_up(word, &mut beside)?;
            }
        }
        beside.retain(|subject| self.readable.contains(&subject.noun));
        Ok(beside)
    }

    /// Numbers that begin so, from the store's own indexes; ids by their last digits.
    fn look_up(&self, word: &Word, into: &mut BTreeSet<Subject>) -> Result<(), StoreError> {
        let spellings = BTreeSet::from([word.typed.clone(), word.typed.to_uppercase(), word.typed.to_lowercase()]);
        for noun in self.readable {
            let named = |column: &str| word.column.is_none_or(|name| name == column);
            let columns = model::columns(*noun).iter().filter(|spec| named(spec.name) && matches!(spec.kind, Kind::Line(_)) && matches!(spec.mark, Mark::Unique | Mark::By));
            for spec in columns {
                for spelling in &spellings {
                    let mut numbers = self.snapshot.beginning(*noun, spec.name, spelling, self.limit)?;
                    // All that begin so come from the end; what is exactly so stands before them.
                    match spec.mark {
                        Mark::Unique => numbers.extend(self.snapshot.unique(*noun, spec.name, spelling)?),
                        _ => numbers.extend(self.snapshot.indexed(*noun, spec.name, &Value::Text(spelling.clone()), 0, self.limit)?),
                    }
                    into.extend(numbers.into_iter().map(|number| Subject { noun: *noun, number }));
                }
            }
            if named(model::columns(*noun)[0].name) {
                self.ids(*noun, &word.typed, into)?;
            }
        }
        Ok(())
    }

    /// Ids of a noun that end with these digits, the newest first.
    fn ids(&self, noun: Noun, typed: &str, into: &mut BTreeSet<Subject>) -> Result<(), StoreError> {
        let digits = typed.rsplit('-').next().unwrap_or_default();
        let other = !typed.is_empty() && digits.len() < typed.len() && !typed.to_uppercase().starts_with(noun.prefix());
        let Some(end) = digits.parse::<u64>().ok().filter(|_| !other && digits.len() < 18) else { return Ok(()) };
        let step = 10_u64.pow(u32::try_from(digits.len()).unwrap_or(17));
        let last = self.snapshot.last_number(noun)?;
        let count = if last < end { 0 } else { (last - end) / step + 1 };
        into.extend((0..count).rev().take(self.limit).map(|at| Subject { noun, number: end + at * step }).filter(|subject| subject.number > 0));
        into.extend((end > 0 && end <= last).then_some(Subject { noun, number: end }));
        Ok(())
    }

    fn look(&self, query: &Query, beside: &BTreeSet<Subject>) -> Result<Vec<Hit>, Refusal> {
        let mut hits = Vec::new();
        for subject in beside {
            hits.extend(self.hit(query, *subject)?);
        }
        let mut indexed = Vec::new();
        for asked in [self.limit + SPARE, MANY] {
            let found = self.ask(query, asked);
            indexed.clear();
            for subject in found.iter().filter(|subject| !beside.contains(subject)) {
                indexed.extend(self.hit(query, *subject)?);
                if indexed.len() == self.limit {
                    break;
                }
            }
            if indexed.len() == self.limit || found.len() < asked {
                break;
            }
        }
        hits.append(&mut indexed);
        Ok(hits)
    }

    fn ask(&self, query: &Query, limit: usize) -> Vec<Subject> {
        match self.index.find(query, self.readable, limit) {
            Ok(found) => found.unwrap_or_default(),
            Err(fault) => {
                tracing::error!(%fault, "the search index could not be asked; it is made anew at the next start if its files are damaged");
                Vec::new()
            }
        }
    }

    fn hit(&self, query: &Query, subject: Subject) -> Result<Option<Hit>, Refusal> {
        let Some(sealed) = self.snapshot.any(subject)? else { return Ok(None) };
        Ok(sealed.value.and_then(|record| fitting(query, subject, sealed.seq, record.as_ref())))
    }
}

fn fitting(query: &Query, subject: Subject, seq: u64, record: &dyn AnyRecord) -> Option<Hit> {
    let found = query.fit(record)?;
    let mut snippet = String::new();
    for (column, text) in &found.places {
        let glue = if snippet.is_empty() { "" } else { "; " };
        [glue, column, ": ", text].iter().for_each(|part| snippet.push_str(part));
    }
    Some(Hit { subject, title: search::name_of(record), snippet, score: found.score, seq })
}
