//! A report as JSON: whose it is, as of when, the data, and the SHA-256 of the data's text.

use super::report::{Report, Table};
use crate::base::{Digest, Value};

/// The data alone.
pub(super) fn data(report: &Report) -> String {
    let facts = report.facts.iter().map(|fact| (fact.name, fact.value.clone())).collect();
    let tables = report.tables.iter().map(|table| (table.name, rows(table))).collect();
    let notes = report.notes.iter().map(|note| Value::Text(note.clone())).collect();
    Value::Object(vec![("facts", Value::Object(facts)), ("tables", Value::Object(tables)), ("notes", Value::List(notes))]).to_json()
}

fn rows(table: &Table) -> Value {
    let row = |cells: &Vec<Value>| Value::Object(table.columns.iter().map(|column| column.name).zip(cells.iter().cloned()).collect());
    Value::List(table.rows.iter().map(row).collect())
}

/// The whole document.
pub(super) fn document(report: &Report) -> String {
    let (from, to) = report.period.unzip();
    let time = |time: Option<_>| time.map_or(Value::Null, Value::Time);
    let head = Value::Object(vec![
        ("report", Value::Text(report.name.to_owned())),
        ("title", Value::Text(report.title.clone())),
        ("plant", Value::Text(report.origin.plant.clone())),
        ("time", Value::Time(report.origin.at)),
        ("as_of_seq", Value::Int(i64::try_from(report.origin.seq).unwrap_or(i64::MAX))),
        ("from", time(from)),
        ("to", time(to)),
    ]);
    let (head, data) = (head.to_json(), data(report));
    // The data stands as the very text that was digested, so that anybody can prove it.
    format!("{},\"data\":{data},\"sha256\":\"{}\"}}", head.trim_end_matches('}'), Digest::of(data.as_bytes()))
}
