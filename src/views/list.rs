//! Lists: filtered, sorted, page by page. An index is used where the first filter has one;
//! everything else is a scan with a bound, whose page may be short and still has a cursor.

use std::cmp::Ordering;

use super::{Row, as_of};
use crate::base::{Code, Refusal, Value, limits};
use crate::model::field::{FieldSpec, Mark};
use crate::model::{AnyRecord, Noun, Subject};
use crate::store::{Snapshot, View as _};

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Is,
    /// Not equal.
    IsNot,
    /// Above.
    Above,
    /// At or above.
    AtLeast,
    /// Below.
    Below,
    /// At or below.
    AtMost,
    /// The text holds it, in any case.
    Contains,
}

/// A filter on a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The column's position.
    pub column: usize,
    /// How.
    pub compare: Compare,
    /// With what.
    pub value: Value,
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// All must hold.
    pub filters: Vec<Filter>,
    /// The column it is sorted by; the id where absent.
    pub sort: Option<usize>,
    /// Largest first.
    pub falling: bool,
    /// The last row seen.
    pub after: Option<Position>,
    /// Rows of the page.
    pub limit: usize,
    /// The entry as whose plant it is answered; the newest where absent.
    pub as_of: Option<u64>,
}

/// A place in a sorted list.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The sorted column's content.
    pub value: Value,
    /// The record's number, which decides among equals.
    pub number: u64,
}

/// A page.
pub struct Page {
    /// Its rows.
    pub rows: Vec<Row>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Position>,
}

/// A page of the records of a noun.
pub fn list(snapshot: &Snapshot, noun: Noun, query: &Query) -> Result<Page, Refusal> {
    match query.sort {
        Some(column) => sorted(snapshot, noun, query, column),
        None => by_number(snapshot, noun, query),
    }
}

fn by_number(snapshot: &Snapshot, noun: Noun, query: &Query) -> Result<Page, Refusal> {
    let after = query.after.as_ref().map(|position| position.number);
    let mut page = Page { rows: Vec::new(), next: None };
    let mut looked = 0;
    let mut visit = |row: Row| {
        looked += 1;
        let number = row.record.number();
        if matches(&query.filters, row.record.as_ref()) {
            if page.rows.len() == query.limit {
                // One more than fits: the page ends with the row before it, and there is another page.
                page.next = page.rows.last().map(|last| Position { value: Value::Null, number: last.record.number() });
                return false;
            }
            page.rows.push(row);
        }
        if looked == limits::SCAN_MAX {
            page.next = Some(Position { value: Value::Null, number });
        }
        looked < limits::SCAN_MAX
    };
    if let Some(seq) = query.as_of {
        // Indexes show the newest, so the past is read in order.
        snapshot.scan(noun, after, query.falling, |sealed| Ok(as_of::then(snapshot, sealed, seq)?.is_none_or(&mut visit)))?;
        return Ok(page);
    }
    if let Some((spec, value)) = indexed_filter(noun, query).filter(|_| !query.falling) {
        let mut last = after.unwrap_or(0);
        loop {
            let numbers = snapshot.indexed(noun, spec.name, value, last, query.limit.max(64))?;
            let Some(end) = numbers.last() else { return Ok(page) };
            last = *end;
            for number in numbers {
                if let Some(row) = super::record(snapshot, Subject { noun, number })?
                    && !visit(row)
                {
                    return Ok(page);
                }
            }
        }
    }
    snapshot.scan(noun, after, query.falling, |sealed| Ok(super::dress(snapshot, sealed)?.is_none_or(&mut visit)))?;
    Ok(page)
}

fn indexed_filter(noun: Noun, query: &Query) -> Option<(&'static FieldSpec, &Value)> {
    let columns = crate::model::columns(noun);
    let fits = |filter: &&Filter| filter.compare == Compare::Is && !filter.value.is_null() && columns[filter.column].mark == Mark::By;
    query.filters.iter().find(fits).map(|filter| (&columns[filter.column], &filter.value))
}

fn sorted(snapshot: &Snapshot, noun: Noun, query: &Query, column: usize) -> Result<Page, Refusal> {
    let all = Query { sort: None, falling: false, after: None, limit: usize::MAX, ..query.clone() };
    let mut rows = match by_number(snapshot, noun, &all)? {
        Page { next: Some(_), .. } => {
            return Err(Refusal::field(Code::Invalid, "sort", format!("more than {} records would have to be sorted; filter them first", limits::SCAN_MAX)));
        }
        page => page.rows,
    };
    let order = |left: &(Value, u64), right: &(Value, u64)| {
        let order = compare(&left.0, &right.0).then(left.1.cmp(&right.1));
        if query.falling { order.reverse() } else { order }
    };
    let place = |row: &Row| (row.record.value(column), row.record.number());
    rows.sort_by(|left, right| order(&place(left), &place(right)));
    if let Some(after) = &query.after {
        let after = (after.value.clone(), after.number);
        rows.retain(|row| order(&place(row), &after) == Ordering::Greater);
    }
    let more = rows.len() > query.limit;
    rows.truncate(query.limit);
    let next = rows.last().filter(|_| more).map(|row| Position { value: row.record.value(column), number: row.record.number() });
    Ok(Page { rows, next })
}

fn matches(filters: &[Filter], record: &dyn AnyRecord) -> bool {
    filters.iter().all(|filter| {
        let value = record.value(filter.column);
        if filter.compare == Compare::Contains {
            return value.to_string().to_lowercase().contains(&filter.value.to_string().to_lowercase());
        }
        let order = compare(&value, &filter.value);
        match filter.compare {
            Compare::Is => order == Ordering::Equal,
            Compare::IsNot => order != Ordering::Equal,
            // What is absent is neither above nor below anything.
            _ if value.is_null() => false,
            Compare::Above => order == Ordering::Greater,
            Compare::AtLeast => order != Ordering::Less,
            Compare::Below => order == Ordering::Less,
            Compare::AtMost => order != Ordering::Greater,
            Compare::Contains => true,
        }
    })
}

/// Orders two contents of one column; the absent come last.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Dec(left), Value::Dec(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Time(left), Value::Time(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Clock(left), Value::Clock(right)) => left.cmp(right),
        (Value::Key(_, left), Value::Key(_, right)) => left.cmp(right),
        (left, right) => left.to_string().cmp(&right.to_string()),
    }
}
