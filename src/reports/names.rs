//! What people call the records that a report names; an id where there is nothing else.

use crate::base::{Refusal, Value};
use crate::model::{Customer, Employee, Id, Noun, Product, Record, Subject, WorkCenter, WorkOrder};
use crate::store::{Snapshot, View as _};
use crate::views;

/// A text.
pub(super) fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A count.
pub(super) fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn named<R: Record>(snapshot: &Snapshot, id: Option<Id<R>>, name: impl FnOnce(R) -> Option<String>) -> Result<Value, Refusal> {
    let Some(id) = id else { return Ok(Value::Null) };
    let found = snapshot.get(id)?.and_then(name);
    Ok(text(found.unwrap_or_else(|| Subject::of(id).to_string())))
}

/// An order's number.
pub(super) fn order(snapshot: &Snapshot, id: Option<Id<WorkOrder>>) -> Result<Value, Refusal> {
    named(snapshot, id, |it: WorkOrder| it.work_order_number)
}

/// A product's code and name.
pub(super) fn product(snapshot: &Snapshot, id: Option<Id<Product>>) -> Result<Value, Refusal> {
    named(snapshot, id, |it: Product| Some(it.product_code.map_or_else(|| it.product_name.clone(), |code| format!("{code} {}", it.product_name))))
}

/// A work center's name.
pub(super) fn center(snapshot: &Snapshot, id: Option<Id<WorkCenter>>) -> Result<Value, Refusal> {
    named(snapshot, id, |it: WorkCenter| Some(it.work_center_name))
}

/// A customer's name.
pub(super) fn customer(snapshot: &Snapshot, id: Option<Id<Customer>>) -> Result<Value, Refusal> {
    named(snapshot, id, |it: Customer| Some(it.customer_name))
}

/// An employee's code and, unless erased, name.
pub(super) fn person(snapshot: &Snapshot, id: Option<Id<Employee>>) -> Result<Value, Refusal> {
    let Some(id) = id else { return Ok(Value::Null) };
    let row = views::record(snapshot, Subject { noun: Noun::Employee, number: id.number() })?;
    let column = |name: &str| row.as_ref().and_then(|row| row.record.by_name(name)).unwrap_or(Value::Null).to_string();
    let words = [column("employee_code"), column("first_name"), column("last_name")];
    let name = words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    Ok(text(if name.is_empty() { Subject::of(id).to_string() } else { name }))
}
