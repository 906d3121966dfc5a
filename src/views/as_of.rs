//! The plant as of one entry, page by page: a long scan fixes a sequence and takes each page from a
//! fresh short snapshot, so that it shows one moment and pins none. A record that was written since is
//! walked back through its history; one that was made since is left out.
//!
//! Deliberately not for records that were removed since: rules remove timers only, which nobody
//! lists, and an edge of genealogy that is taken back stays with nothing on it.

use super::Row;
use crate::base::{Refusal, limits};
use crate::model::{AnyRecord, Noun, Subject};
use crate::store::codec::Sealed;
use crate::store::{Snapshot, StoreError, View as _};

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

/// A record as entry `seq` left it; `None` if there was none.
fn then(snapshot: &Snapshot, mut sealed: Sealed<Box<dyn AnyRecord>>, seq: u64) -> Result<Option<Row>, StoreError> {
    let subject = sealed.value.as_ref().map(|record| Subject { noun: record.noun(), number: record.number() });
    while sealed.seq > seq {
        let (Some(subject), true) = (subject, sealed.previous != 0) else { return Ok(None) };
        let before = snapshot.past(subject, sealed.previous)?;
        sealed = before.ok_or_else(|| StoreError::Unusable(format!("the value of {subject} of entry {} is missing; `millwright verify` tells more", sealed.previous)))?;
    }
    Ok(sealed.value.map(|record| Row { seq: sealed.seq, record }))
}
