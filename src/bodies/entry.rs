//! Journal entries and steps of a record's history as JSON.

use crate::base::Value;
use crate::model::{Entry, Subject};
use crate::views::changes::{Changes, Found};
use crate::views::history::{History, Step};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn optional(content: Option<&String>) -> Value {
    content.map_or(Value::Null, |content| text(content))
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn id(subject: Subject) -> Value {
    Value::Key(subject.noun.prefix(), subject.number)
}

fn head(entry: &Entry) -> Vec<(&'static str, Value)> {
    let events = entry.events.iter().map(|event| Value::Object(vec![("name", text(&event.name)), ("id", id(event.subject))]));
    vec![
        ("seq", count(entry.seq)),
        ("recorded_at", Value::Time(entry.recorded_at)),
        ("occurred_at", Value::Time(entry.occurred_at)),
        ("actor", text(&entry.actor.name)),
        ("role", text(entry.actor.role.word())),
        ("origin", text(entry.origin.word())),
        ("terminal", optional(entry.terminal.as_ref())),
        ("command_id", optional(entry.command_id.as_ref())),
        ("command", text(&entry.command)),
        ("subject", id(entry.subject)),
        ("reason", optional(entry.reason.as_ref())),
        ("events", Value::List(events.collect())),
    ]
}

/// An entry of the change feed.
pub fn json(entry: &Entry) -> String {
    let changes = entry.changes.iter().map(|change| {
        let fields = vec![("table", text(change.subject.noun.plural())), ("id", id(change.subject)), ("sha256", text(&change.digest.to_string()))];
        Value::Object(fields)
    });
    let mut fields = head(entry);
    fields.push(("changes", Value::List(changes.collect())));
    fields.push(("previous_hash", text(&entry.previous.to_string())));
    let mut out = Value::Object(fields).to_json();
    // The payload is JSON already and goes in as it stands in the journal.
    out.pop();
    out.push_str(",\"payload\":");
    out.push_str(&entry.payload);
    out.push('}');
    out
}

/// Entries that were looked for, the newest first.
pub fn found(found: &Found) -> String {
    let entries: Vec<String> = found.entries.iter().map(json).collect();
    format!("{{\"data\":[{}],\"looked_from\":{},\"head\":{}}}", entries.join(","), found.looked_from, found.head)
}

/// A page of the change feed.
pub fn changes(page: &Changes) -> String {
    let next = (page.read_up_to < page.head).then(|| page.read_up_to.to_string());
    let mut out = super::lists::wrap(page.entries.iter().map(json), next);
    out.pop();
    out.push_str(&format!(",\"read_up_to\":{},\"head\":{}}}", page.read_up_to, page.head));
    out
}

fn step(step: &Step) -> String {
    let changes = step.differences.iter().map(|it| Value::Object(vec![("field", text(it.column)), ("before", it.before.clone()), ("after", it.after.clone())]));
    let mut fields = head(&step.entry);
    fields.push(("changes", Value::List(changes.collect())));
    Value::Object(fields).to_json()
}

/// A page of a record's history.
pub fn history(history: &History) -> String {
    super::lists::wrap(history.steps.iter().map(step), history.next.map(|seq| seq.to_string()))
}
