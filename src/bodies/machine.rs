//! What machines tell of themselves, as JSON.

use crate::base::{Time, Value};
use crate::model::machine_state::SignalRole;
use crate::model::telemetry::Reading;
use crate::model::{Field as _, Fields, MachineSignal};
use crate::views::machine::{Interval, Timeline};
use crate::views::machine_signal::{Counted, Heard};

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

/// One machine's state, with the signals it is taken from and where its counter stands.
pub fn one_state(it: &Timeline, heard: &[Heard], mapped: &[MachineSignal], counted: Option<&Counted>) -> String {
    let untold = mapped.iter().filter(|mapping| heard.iter().all(|it| it.role != mapping.role)).map(|it| signal(it.role, &it.metric, Some(it), None));
    let signals = heard.iter().map(|it| signal(it.role, &it.series.metric, it.mapping.as_ref(), it.last.as_ref())).chain(untold);
    let Value::Object(mut fields) = state(it) else { return String::new() };
    fields.push(("signals", Value::List(signals.collect())));
    fields.push(("counter", counted.map_or(Value::Null, |it| it.counter.to_object())));
    fields.push(("operation_count", counted.and_then(|it| it.operation.as_ref()).map_or(Value::Null, Fields::to_object)));
    Value::Object(fields).to_json()
}

/// A signal; one that was mapped and never told has no value.
fn signal(role: SignalRole, metric: &str, mapping: Option<&MachineSignal>, last: Option<&(Time, Reading)>) -> Value {
    let value = match last.map(|(_, reading)| reading) {
        Some(Reading::Number(number)) => text(&number.to_string()),
        Some(Reading::Text(content)) => text(content),
        Some(Reading::Unavailable) | None => Value::Null,
    };
    Value::Object(vec![
        ("role", role.to_value()),
        ("metric", text(metric)),
        ("signal_id", mapping.map_or(Value::Null, |it| it.signal_id.to_value())),
        ("last_value", value),
        ("last_at", last.map_or(Value::Null, |(at, _)| Value::Time(*at))),
    ])
}

/// The states of machines.
pub fn states(all: &[Timeline]) -> String {
    Value::Object(vec![("data", Value::List(all.iter().map(state).collect()))]).to_json()
}
