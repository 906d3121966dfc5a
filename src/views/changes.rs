//! The change feed: entries of the journal that a role may see, after a cursor; and the same looked
//! through from the newest back, for who asks who did what.

use crate::base::{Code, Refusal, Time, limits};
use crate::model::noun::Class;
use crate::model::permission::{Role, may, read_act};
use crate::model::{Entry, Noun, Subject};
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
    let head = snapshot.head()?;
    within(after, head)?;
    let entries = snapshot.entries(after, limit)?;
    let read_up_to = entries.last().map_or(after, |entry| entry.seq);
    let entries = entries.into_iter().filter_map(|entry| visible(entry, role)).collect();
    Ok(Changes { entries, read_up_to, head })
}

/// Refuses a cursor that no entry of this journal gave: what will be written up to it would be passed over.
pub fn within(after: u64, head: u64) -> Result<(), Refusal> {
    if after <= head {
        return Ok(());
    }
    let detail = format!("the journal ends at {head}, before {after}: was a backup restored? Read everything anew after 0, or go on after {head} if nothing before it is missing");
    Err(Refusal::field(Code::IllegalState, "after", detail))
}

/// What entries are looked for. All that is told must fit.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A part of the actor's name, in any case.
    pub actor: Option<String>,
    /// A part of the command's name, in any case; spaces aside.
    pub command: Option<String>,
    /// The record it changed.
    pub subject: Option<Subject>,
    /// A part of the reason or of what was told, in any case.
    pub text: Option<String>,
    /// From this moment.
    pub from: Option<Time>,
    /// Until before this moment.
    pub to: Option<Time>,
}

/// Entries looked through, the newest first.
pub struct Found {
    /// Those that fit.
    pub entries: Vec<Entry>,
    /// Everything from this sequence on was looked at; go on before it.
    pub looked_from: u64,
    /// The newest sequence.
    pub head: u64,
}

/// Looks for entries before a sequence, the newest first: until `limit` fit, or a bound is looked at.
pub fn look_back(snapshot: &Snapshot, role: Role, wanted: &Wanted, before: Option<u64>, limit: usize) -> Result<Found, Refusal> {
    let head = snapshot.head()?;
    let mut from = before.unwrap_or(u64::MAX).min(head.saturating_add(1)).max(1);
    let mut found = Found { entries: Vec::new(), looked_from: from, head };
    let mut looked = 0;
    while from > 1 && looked < limits::SCAN_MAX {
        let first = from.saturating_sub(limits::PAGE_MAX as u64).max(1);
        let page = snapshot.entries(first - 1, usize::try_from(from - first).unwrap_or(limits::PAGE_MAX))?;
        looked += page.len();
        for entry in page.into_iter().rev() {
            let seq = entry.seq;
            found.entries.extend(visible(entry, role).filter(|entry| wanted.fits(entry)));
            found.looked_from = seq;
            if found.entries.len() >= limit {
                return Ok(found);
            }
        }
        from = first;
    }
    Ok(found)
}

impl Wanted {
    fn fits(&self, entry: &Entry) -> bool {
        let within = |part: &Option<String>, whole: &str| part.as_ref().is_none_or(|part| whole.to_lowercase().contains(&part.to_lowercase()));
        let command = self.command.as_ref().map(|part| part.replace(' ', ""));
        let texts = [entry.reason.as_deref().unwrap_or_default(), &entry.payload];
        within(&self.actor, &entry.actor.name)
            && within(&command, &entry.command)
            && self.subject.is_none_or(|subject| entry.subject == subject || entry.changes.iter().any(|change| change.subject == subject))
            && (self.text.is_none() || texts.iter().any(|text| within(&self.text, text)))
            && self.from.is_none_or(|from| entry.recorded_at >= from)
            && self.to.is_none_or(|to| entry.recorded_at < to)
    }
}

/// Whether a role may read what entries say about a noun.
fn sees(role: Role, noun: Noun) -> bool {
    noun.class() == Class::Inner || may(role, read_act(noun))
}

/// Whether a role may read all that entries say: only then may it have the journal as a file, which shows all or nothing.
pub fn sees_all(role: Role) -> bool {
    may(role, "ReadChanges") && Noun::ALL.iter().all(|noun| sees(role, *noun))
}

/// The part of an entry that a role may see; `None` if there is none.
pub fn visible(mut entry: Entry, role: Role) -> Option<Entry> {
    if !sees(role, entry.subject.noun) {
        return None;
    }
    entry.events.retain(|event| sees(role, event.subject.noun));
    entry.changes.retain(|change| sees(role, change.subject.noun));
    if !may(role, "ReadChanges") {
        // Who only follows events does not read what others typed.
        entry.payload = "{}".to_owned();
        entry.reason = None;
    }
    Some(entry)
}
