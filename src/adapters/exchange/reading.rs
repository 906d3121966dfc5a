//! The cells of one record: from text to the values that its noun keeps, every fault with its row
//! and column. Deliberately without knowing whether the record is there: `master` decides that.

use std::cell::Cell;

use super::mapping;
use super::master::{Look, Plan, Sight};
use super::read_problem;
use super::report::Problem;
use super::table::Row;
use crate::base::{Refusal, Value, limits};
use crate::bodies::read;
use crate::model::command::FieldValues;
use crate::model::{AnyRecord, FieldSpec, Kind, Noun};
use crate::views::list::{Compare, Filter, Query};

/// Stands for a record that an earlier row of the same file would make.
const TO_BE_MADE: u64 = u64::MAX;

/// Reading the cells of one record.
pub(super) struct Reading<'r> {
    plan: &'r Plan<'r>,
    look: Look<'r>,
    sight: &'r Sight,
    waits: Cell<bool>,
    blank: Box<dyn AnyRecord>,
}

impl<'r> Reading<'r> {
    pub(super) fn new(plan: &'r Plan<'r>, look: Look<'r>, sight: &'r Sight) -> Self {
        Self { plan, look, sight, waits: Cell::new(false), blank: crate::model::blank(plan.noun) }
    }

    /// Whether a cell named a record that is on its way to the plant.
    pub(super) fn waits(&self) -> bool {
        self.waits.get()
    }

    /// The record's own columns: what its rows say, which must not differ between them.
    pub(super) fn heads(&mut self, rows: &[&Row], problems: &mut Vec<Problem>) -> Result<FieldValues, Refusal> {
        let mut values = FieldValues::new();
        let plan = self.plan;
        for column in &plan.columns {
            let mut told = rows.iter().map(|row| (*row, mapping::cell(row, column.place))).filter(|(_, cell)| !cell.is_empty());
            let key = plan.keys.contains(&column.at);
            let (row, cell) = match told.next() {
                Some(first) => first,
                None if key => (rows[0], column.default.as_deref().unwrap_or_default()),
                None => continue,
            };
            if let Some((other, cell)) = told.find(|(_, other)| *other != cell) {
                problems.push(Problem::cell(other, column.spec.name, cell, format!("differs from row {} of the same record", row.number)));
                continue;
            }
            if cell.is_empty() {
                if column.spec.name == plan.noun.number_column() {
                    problems.push(Problem::cell(row, column.spec.name, "", "must be given, so that the record is found again"));
                }
                continue;
            }
            match self.value(column.spec, Some(column.at), cell)? {
                Ok(value) => values.push((column.at, value)),
                Err(problem) => problems.push(Problem::cell(row, column.spec.name, cell, problem)),
            }
        }
        Ok(values)
    }

    /// The list that takes one item a row.
    pub(super) fn lines(&mut self, rows: &[&Row], problems: &mut Vec<Problem>) -> Result<Option<(usize, Value)>, Refusal> {
        let plan = self.plan;
        let Some((at, columns)) = &plan.lines else { return Ok(None) };
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let mut fields = Vec::new();
            for column in columns {
                let told = mapping::cell(row, column.place);
                let cell = if told.is_empty() { column.default.as_deref().unwrap_or_default() } else { told };
                if cell.is_empty() {
                    if column.spec.required() {
                        problems.push(Problem::cell(row, column.spec.name, "", "must be given"));
                    }
                    continue;
                }
                match self.value(column.spec, None, cell)? {
                    Ok(value) => fields.push((column.spec.name, value)),
                    Err(problem) => problems.push(Problem::cell(row, column.spec.name, cell, problem)),
                }
            }
            items.push(Value::Object(fields));
        }
        if items.len() > limits::LIST_MAX {
            problems.push(Problem::row(rows[0], format!("has {} lines; at most {} are taken", items.len(), limits::LIST_MAX)));
        }
        if !problems.is_empty() {
            return Ok(None);
        }
        Ok(match self.whole(*at, Value::List(items)) {
            Ok(Value::List(mut items)) => {
                // The plant keeps the steps of a routing in their sequence.
                items.sort_by_key(|item| match item {
                    Value::Object(fields) => {
                        fields.iter().find_map(|(name, value)| if let ("operation_sequence", Value::Int(number)) = (*name, value) { Some(*number) } else { None })
                    }
                    _ => None,
                });
                Some((*at, Value::List(items)))
            }
            Ok(value) => Some((*at, value)),
            Err(problem) => {
                problems.push(Problem::row(rows[0], problem));
                None
            }
        })
    }

    /// A cell's content; the inner `Err` is the sentence for the person who wrote the file.
    pub(super) fn value(&mut self, spec: &FieldSpec, at: Option<usize>, cell: &str) -> Result<Result<Value, String>, Refusal> {
        let value = match (spec.kind, at) {
            (Kind::List(Kind::Object(items)), Some(_)) => self.packed(items, cell)?,
            (kind, _) => self.plain(kind, cell)?,
        };
        Ok(value.and_then(|value| at.map_or(Ok(value.clone()), |at| self.whole(at, value))).and_then(|value| match fault_of(spec, &value) {
            Some(fault) => Err(fault.to_owned()),
            None => Ok(value),
        }))
    }

    fn plain(&self, kind: Kind, cell: &str) -> Result<Result<Value, String>, Refusal> {
        let cell = if matches!(kind, Kind::Int | Kind::Dec) { self.plan.mapping.number(cell) } else { cell.into() };
        read_problem(read::cell(kind, &cell, &|noun, text| self.resolve(noun, text)))
    }

    /// Small lists that stand in one cell: `laser=2027-06-30; forklift`.
    fn packed(&self, items: &'static [FieldSpec], cell: &str) -> Result<Result<Value, String>, Refusal> {
        let mut list = Vec::new();
        for part in cell.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let mut fields = Vec::new();
            let texts: Vec<&str> = part.split('=').map(str::trim).collect();
            if texts.len() > items.len() {
                return Ok(Err(format!("must be written as {}; ...", items.iter().map(|spec| spec.name).collect::<Vec<_>>().join("="))));
            }
            for (spec, text) in items.iter().zip(texts) {
                match self.plain(spec.kind, text)? {
                    Ok(value) => fields.push((spec.name, value)),
                    Err(problem) => return Ok(Err(format!("{} {problem}", spec.name))),
                }
            }
            list.push(Value::Object(fields));
        }
        Ok(Ok(Value::List(list)))
    }

    /// The value as the record gives it back, so that it compares with what is stored.
    fn whole(&mut self, at: usize, value: Value) -> Result<Value, String> {
        self.blank.set(at, value).map_err(|fault| fault.0)?;
        Ok(self.blank.value(at))
    }

    fn resolve(&self, noun: Noun, text: &str) -> Result<Option<u64>, Refusal> {
        if let Some(number) = (self.look.resolve)(noun, text)? {
            return Ok(Some(number));
        }
        if noun == self.plan.noun && self.sight.made.contains(text) {
            self.waits.set(!self.sight.dry_run);
            return Ok(Some(TO_BE_MADE));
        }
        if noun == Noun::Factory { factory_called(self.look, text) } else { Ok(None) }
    }
}

/// A site has no number of its own: files call it by its name.
fn factory_called(look: Look<'_>, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(column) = crate::model::columns(Noun::Factory).iter().position(|spec| spec.name == "factory_name") else { return Ok(None) };
    let filters = vec![Filter { column, compare: Compare::Is, value: Value::Text(name.to_owned()) }];
    let found = (look.list)(Noun::Factory, &Query { filters, limit: 1, ..Query::default() })?;
    Ok(found.first().map(|record| record.number()))
}

/// What no rule takes in any figure that people give, so that a dry run says it too.
fn fault_of(spec: &FieldSpec, value: &Value) -> Option<&'static str> {
    match value {
        // The rule takes 0 for "not given" and keeps 5, so the file would differ for ever.
        Value::Int(number) if spec.name == "priority" && !(1..=10).contains(number) => Some("must be 1 (highest) to 10 (lowest)"),
        _ => spec.range_fault(value),
    }
}
