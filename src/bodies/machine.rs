//! What machines tell of themselves, as JSON.

use crate::base::{Time, Value};
use crate::model::field::Field as _;
use crate::views::machine::{Interval, Timeline};

fn text(content: &str) -> Value {
    Value::Text(content.to_owned())
}

fn word(content: Option<&String>) -> Value {
    content.map_or(Value::Null, |content| text(content))
}

fn interval(it: &Interval) -> Value {
    let words = &it.words;
    Value::Object(vec![
        ("state", text(it.state.word())),
        ("from", Value::Time(it.from)),
        ("to", Value::Time(it.to)),
        ("seconds", Value::Int((it.to.micros() - it.from.micros()) / 1_000_000)),
        ("execution", word(words.execution.as_ref())),
        ("mode", word(words.mode.as_ref())),
        ("alarm", word(words.alarm.as_ref())),
        ("job_id", word(words.job.as_ref())),
    ])
}

/// A machine's intervals and their sums.
pub fn timeline(it: &Timeline) -> String {
    let sums = it.sums().into_iter().map(|(state, ms)| Value::Object(vec![("state", text(state.word())), ("seconds", Value::Int(ms / 1_000))]));
    Value::Object(vec![
        ("machine", text(&it.machine)),
        ("last_told_at", it.last_told_at.map_or(Value::Null, Value::Time)),
        ("cut", Value::Bool(it.cut)),
        ("sums", Value::List(sums.collect())),
        ("data", Value::List(it.intervals.iter().map(interval).collect())),
    ])
    .to_json()
}

/// What a machine does now: the last of its intervals, with how long it has lasted as far as it was looked back.
fn state(it: &Timeline) -> Value {
    let last = it.intervals.last();
    let words = last.map(|last| &last.words);
    let since: Option<Time> = last.map(|last| last.from);
    Value::Object(vec![
        ("machine_id", it.id.to_value()),
        ("machine", text(&it.machine)),
        ("state", last.map_or(Value::Null, |last| text(last.state.word()))),
        ("since", since.map_or(Value::Null, Value::Time)),
        ("execution", word(words.and_then(|words| words.execution.as_ref()))),
        ("mode", word(words.and_then(|words| words.mode.as_ref()))),
        ("alarm", word(words.and_then(|words| words.alarm.as_ref()))),
        ("job_id", word(words.and_then(|words| words.job.as_ref()))),
        ("last_told_at", it.last_told_at.map_or(Value::Null, Value::Time)),
    ])
}

/// One machine's state.
pub fn one_state(it: &Timeline) -> String {
    state(it).to_json()
}

/// The states of machines.
pub fn states(all: &[Timeline]) -> String {
    Value::Object(vec![("data", Value::List(all.iter().map(state).collect()))]).to_json()
}
