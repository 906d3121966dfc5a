//! The plant as of one entry, page by page: a long scan fixes a sequence and takes each page from a
//! fresh short snapshot, so that it shows one moment and pins none. A record that was written since is
//! walked back through its history; one that was made since is left out.
//!
//! Deliberately not for records that were removed since: rules remove timers only, which nobody
//! lists, and an edge of genealogy that is taken back stays with nothing on it.

use super::Row;
use crate::base::{Refusal, Time, limits};
use crate::model::{AnyRecord, Id, Noun, Record, Subject};
use crate::store::codec::Sealed;
use crate::store::{Snapshot, StoreError, View as _};

/// Which moment is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// After this entry.
    Entry(u64),
    /// At this time.
    Moment(Time),
}

impl AsOf {
    /// As people write it: the number of an entry, or a time.
    pub fn from_text(text: &str) -> Option<Self> {
        text.parse().map(Self::Entry).ok().or_else(|| text.parse().map(Self::Moment).ok())
    }

    /// The newest entry that was recorded then.
    pub fn entry(self, snapshot: &Snapshot) -> Result<u64, Refusal> {
        let head = snapshot.head()?;
        match self {
            Self::Entry(seq) if seq > head => Err(Refusal::invalid("as_of", format!("the journal ends with entry {head}, before {seq}"))),
            Self::Entry(seq) => Ok(seq),
            Self::Moment(moment) => newest_at(snapshot, moment, head),
        }
    }
}

/// The newest entry that was recorded up to a moment: recorded times never go back, so halving finds it.
fn newest_at(snapshot: &Snapshot, moment: Time, head: u64) -> Result<u64, Refusal> {
    let (mut low, mut high) = (0, head);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let is_known = snapshot.entry(middle)?.is_some_and(|entry| entry.recorded_at <= moment);
        (low, high) = if is_known { (middle, high) } else { (low, middle - 1) };
    }
    Ok(low)
}

/// A page of records as they were.
pub struct Page {
    /// The records, in order of their numbers.
    pub rows: Vec<Row>,
    /// The number to go on after; `None` when there are no more.
    pub next: Option<u64>,
}

/// Records of a noun above a number as entry `seq` left them, at most `limit`. Names and contacts of
/// people have no past and are not there.
pub fn page(snapshot: &Snapshot, noun: Noun, seq: u64, after: u64, limit: usize) -> Result<Page, Refusal> {
    let mut page = Page { rows: Vec::new(), next: None };
    let (mut looked, mut last) = (0, after);
    snapshot.scan(noun, Some(after), false, |sealed| {
        if page.rows.len() == limit || looked == limits::SCAN_MAX {
            page.next = Some(last);
            return Ok(false);
        }
        looked += 1;
        last = sealed.value.as_ref().map_or(last, |record| record.number());
        page.rows.extend(then(snapshot, sealed, seq)?);
        Ok(true)
    })?;
    Ok(page)
}

/// Records of these numbers as entry `seq` left them; those that were not there yet are left out.
pub fn records(snapshot: &Snapshot, noun: Noun, seq: u64, numbers: &[u64]) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some(sealed) = snapshot.any(Subject { noun, number: *number })? {
            rows.extend(then(snapshot, sealed, seq)?);
        }
    }
    Ok(rows)
}

/// One record of a kind as entry `seq` left it.
pub fn get<R: Record>(snapshot: &Snapshot, id: Id<R>, seq: u64) -> Result<Option<R>, Refusal> {
    let row = row(snapshot, Subject::of(id), seq)?;
    Ok(row.and_then(|row| row.record.as_any().downcast_ref::<R>().cloned()))
}

/// One record as entry `seq` left it.
pub fn row(snapshot: &Snapshot, subject: Subject, seq: u64) -> Result<Option<Row>, Refusal> {
    Ok(records(snapshot, subject.noun, seq, &[subject.number])?.pop())
}

/// A record as entry `seq` left it; `None` if there was none.
pub(super) fn then(snapshot: &Snapshot, mut sealed: Sealed<Box<dyn AnyRecord>>, seq: u64) -> Result<Option<Row>, StoreError> {
    let subject = sealed.value.as_ref().map(|record| Subject { noun: record.noun(), number: record.number() });
    while sealed.seq > seq {
        let (Some(subject), true) = (subject, sealed.previous != 0) else { return Ok(None) };
        let before = snapshot.past(subject, sealed.previous)?;
        sealed = before.ok_or_else(|| StoreError::Unusable(format!("the value of {subject} of entry {} is missing; `millwright verify` tells more", sealed.previous)))?;
    }
    Ok(sealed.value.map(|record| Row { seq: sealed.seq, record }))
}
