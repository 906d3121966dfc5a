//! A trace as JSON.

use crate::base::{Decimal, Value};
use crate::model::Subject;
use crate::views::trace::{Balance, Trace, TraceNode};

fn id(subject: Subject) -> Value {
    Value::Key(subject.noun.prefix(), subject.number)
}

fn text(content: &str) -> Value {
    Value::Text(content.to_owned())
}

/// A node.
pub fn node(node: &TraceNode) -> Value {
    Value::Object(vec![
        ("id", id(node.subject)),
        ("kind", text(node.subject.noun.singular())),
        ("number", text(&node.number)),
        ("name", text(&node.name)),
        ("quantity", node.quantity.map_or(Value::Null, Value::Dec)),
        ("unit", node.unit.map_or(Value::Null, |unit| text(unit.word()))),
        ("depth", Value::Int(i64::from(node.depth))),
        ("status", node.status.as_deref().map_or(Value::Null, text)),
    ])
}

fn balance(balance: &Balance) -> Value {
    let lot = &balance.lot;
    let figure = |number: Decimal| Value::Dec(number);
    Value::Object(vec![
        ("unit", text(lot.unit_of_measure.word())),
        ("received", figure(lot.quantity_received)),
        ("produced", figure(lot.quantity_produced)),
        ("consumed", figure(lot.quantity_consumed)),
        ("shipped", figure(lot.quantity_shipped)),
        ("scrapped", figure(lot.quantity_scrapped)),
        ("adjusted", figure(lot.quantity_adjusted)),
        ("on_hand", figure(lot.quantity_on_hand)),
        ("gap", figure(balance.gap)),
    ])
}

/// The trace.
pub fn json(trace: &Trace) -> String {
    let edges =
        trace.edges.iter().map(|edge| Value::Object(vec![("from", id(edge.from)), ("to", id(edge.to)), ("quantity", Value::Dec(edge.quantity)), ("unit", text(edge.unit.word()))]));
    let counts = trace.counts.iter().map(|(kind, count)| (*kind, Value::Int(i64::try_from(*count).unwrap_or(i64::MAX))));
    Value::Object(vec![
        ("root", id(trace.root)),
        ("nodes", Value::List(trace.nodes.iter().map(node).collect())),
        ("edges", Value::List(edges.collect())),
        ("balance", trace.balance.as_ref().map_or(Value::Null, balance)),
        ("counts", Value::Object(counts.collect())),
        ("truncated", Value::Bool(trace.truncated)),
        ("seq", Value::Int(i64::try_from(trace.seq).unwrap_or(i64::MAX))),
    ])
    .to_json()
}
