//! The past of one record: who, when, what before, what after, why.

use crate::base::{Refusal, Value};
use crate::model::{AnyRecord, Entry, Subject};
use crate::store::Snapshot;

/// A changed column.
pub struct Difference {
    /// The column.
    pub column: &'static str,
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
}

/// One step of a record's past.
pub struct Step {
    /// The entry that changed it.
    pub entry: Entry,
    /// What changed.
    pub differences: Vec<Difference>,
}

/// A page of steps, newest first, and where the next one begins.
pub struct History {
    /// The steps.
    pub steps: Vec<Step>,
    /// The sequence to go on from.
    pub next: Option<u64>,
}

/// Steps of a record's past from `from` (or its newest) backward, at most `limit`.
pub fn history(snapshot: &Snapshot, subject: Subject, from: Option<u64>, limit: usize) -> Result<Option<History>, Refusal> {
    let Some(newest) = snapshot.newest(subject)? else { return Ok(None) };
    let mut seq = from.unwrap_or(newest);
    let mut steps = Vec::new();
    while seq != 0 && steps.len() < limit {
        // A sequence that is no part of this record's chain ends the walk: a cursor made up by a client.
        let Some(now) = snapshot.past(subject, seq)? else { break };
        let before = if now.previous == 0 { None } else { snapshot.past(subject, now.previous)?.and_then(|sealed| sealed.value) };
        let Some(entry) = snapshot.entry(seq)? else { break };
        steps.push(Step { entry, differences: differences(before.as_deref(), now.value.as_deref()) });
        seq = now.previous;
    }
    Ok(Some(History { steps, next: (seq != 0).then_some(seq) }))
}

fn differences(before: Option<&dyn AnyRecord>, after: Option<&dyn AnyRecord>) -> Vec<Difference> {
    let Some(specs) = after.or(before).map(|record| record.specs()) else { return Vec::new() };
    let content = |record: Option<&dyn AnyRecord>, at| record.map_or(Value::Null, |record| record.value(at));
    let all = specs.iter().enumerate().map(|(at, spec)| Difference { column: spec.name, before: content(before, at), after: content(after, at) });
    all.filter(|it| it.before != it.after).collect()
}
