//! The change feed: entries of the journal that a role may see, after a cursor.

use crate::base::Refusal;
use crate::model::noun::Class;
use crate::model::permission::{Role, may, read_act};
use crate::model::{Entry, Noun};
use crate::store::Snapshot;

/// A page of the feed.
pub struct Changes {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The sequence up to which the feed was read; ask again after it.
    pub read_up_to: u64,
    /// The newest sequence.
    pub head: u64,
}

/// Entries after a sequence, at most `limit` looked at.
pub fn changes(snapshot: &Snapshot, role: Role, after: u64, limit: usize) -> Result<Changes, Refusal> {
    let entries = snapshot.entries(after, limit)?;
    let read_up_to = entries.last().map_or(after, |entry| entry.seq);
    let entries = entries.into_iter().filter_map(|entry| visible(entry, role)).collect();
    Ok(Changes { entries, read_up_to, head: snapshot.head()? })
}

/// The part of an entry that a role may see; `None` if there is none.
pub fn visible(mut entry: Entry, role: Role) -> Option<Entry> {
    let sees = |noun: Noun| noun.class() == Class::Inner || may(role, read_act(noun));
    if !sees(entry.subject.noun) {
        return None;
    }
    entry.events.retain(|event| sees(event.subject.noun));
    entry.changes.retain(|change| sees(change.subject.noun));
    if !may(role, "ReadChanges") {
        // Who only follows events does not read what others typed.
        entry.payload = "{}".to_owned();
        entry.reason = None;
    }
    Some(entry)
}
