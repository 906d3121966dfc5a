//! What an import did, or would do. Deliberately bounded: a file of nothing but faults lists the
//! first of them and counts the rest.

use std::collections::BTreeMap;

use super::Request;
use super::table::{Row, Table, shown};
use crate::base::{Decimal, Value, limits};

/// The report of an import. Counts are of records: one row each, except that the rows of one bill
/// of material or of one routing are one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What the file held.
    pub kind: String,
    /// The file's name.
    pub file_name: String,
    /// Nothing was written: the counts say what would be.
    pub dry_run: bool,
    /// Rows read below the column names.
    pub rows: u64,
    /// Records made.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that were as the file says.
    pub unchanged: u64,
    /// Records not taken.
    pub refused: u64,
    /// Records taken that somebody should look at: more was made than ordered.
    pub flagged: u64,
    /// Their rows, the first of them.
    pub flagged_rows: Vec<Problem>,
    /// Columns of the file that mean nothing here.
    pub ignored_columns: Vec<String>,
    /// What is wrong, the first of it.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more_problems: u64,
    /// What an operation log adds up to.
    pub figures: Option<Figures>,
}

/// What is wrong in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, or row of the sheet, from 1.
    pub row: u64,
    /// The column, if it is about one.
    pub column: Option<String>,
    /// What stands there, cut short.
    pub value: String,
    /// What is wrong and what to do about it.
    pub problem: String,
}

/// What the good rows of an operation log add up to, whether they came in now or earlier.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Orders named.
    pub orders: u64,
    /// Operations named, by order.
    pub operations: u64,
    /// Reports: rows.
    pub reports: u64,
    /// Rows equal to an earlier one, cell for cell; each is a report of its own.
    pub repeated: u64,
    /// Good pieces.
    pub good: i64,
    /// Rejected pieces.
    pub rejected: i64,
    /// Pieces set aside for a decision.
    pub held: i64,
    /// Time of all rows.
    pub hours: Decimal,
    /// The same by what it was for.
    pub hours_by_activity: BTreeMap<String, Decimal>,
    /// The same by work center.
    pub hours_by_work_center: BTreeMap<String, Decimal>,
    /// The same by worker.
    pub hours_by_worker: BTreeMap<String, Decimal>,
    /// Operations that made more than the order asked for.
    pub over_plan_operations: u64,
    /// Reports that begin before an earlier report of the same work center has ended.
    pub overlapping_reports: u64,
}

impl Report {
    pub(super) fn new(request: &Request<'_>, table: &Table) -> Self {
        Self {
            kind: request.kind.word(),
            file_name: shown(request.file_name),
            dry_run: request.dry_run,
            rows: table.rows.len() as u64,
            created: 0,
            updated: 0,
            unchanged: 0,
            refused: 0,
            flagged: 0,
            flagged_rows: Vec::new(),
            ignored_columns: Vec::new(),
            problems: Vec::new(),
            more_problems: 0,
            figures: None,
        }
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if self.problems.len() < limits::IMPORT_PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }

    /// A record that is not taken, and why.
    pub(super) fn refuse(&mut self, problems: Vec<Problem>) {
        self.refused += 1;
        problems.into_iter().for_each(|problem| self.add(problem));
    }

    /// A record that is taken, and why somebody should look at it.
    pub(super) fn flag(&mut self, problem: Problem) {
        self.flagged += 1;
        if self.flagged_rows.len() < limits::IMPORT_PROBLEMS_MAX {
            self.flagged_rows.push(problem);
        }
    }

    /// Problems stand in the order of their rows.
    pub(super) fn sort(&mut self) {
        self.problems.sort_by_key(|problem| problem.row);
    }

    /// The report as a value; `to_json` of it is its JSON.
    pub fn to_value(&self) -> Value {
        let mut fields = vec![("kind", text(&self.kind)), ("file_name", text(&self.file_name)), ("dry_run", Value::Bool(self.dry_run))];
        let counts =
            [("rows", self.rows), ("created", self.created), ("updated", self.updated), ("unchanged", self.unchanged), ("refused", self.refused), ("flagged", self.flagged)];
        fields.extend(counts.map(|(name, number)| (name, count(number))));
        fields.push(("ignored_columns", Value::List(self.ignored_columns.iter().map(|name| text(name)).collect())));
        fields.push(("problems", Value::List(self.problems.iter().map(Problem::to_value).collect())));
        fields.push(("more_problems", count(self.more_problems)));
        fields.push(("flagged_rows", Value::List(self.flagged_rows.iter().map(Problem::to_value).collect())));
        fields.push(("more_flagged_rows", count(self.flagged - self.flagged_rows.len() as u64)));
        fields.push(("figures", self.figures.as_ref().map_or(Value::Null, Figures::to_value)));
        Value::Object(fields)
    }
}

impl Problem {
    /// About a whole row.
    pub(super) fn row(row: &Row, problem: impl Into<String>) -> Self {
        Self { row: row.number, column: None, value: String::new(), problem: problem.into() }
    }

    /// About a cell.
    pub(super) fn cell(row: &Row, column: &str, value: &str, problem: impl Into<String>) -> Self {
        Self { row: row.number, column: Some(column.to_owned()), value: shown(value), problem: problem.into() }
    }

    fn to_value(&self) -> Value {
        let column = self.column.as_deref().map_or(Value::Null, text);
        Value::Object(vec![("row", count(self.row)), ("column", column), ("value", text(&self.value)), ("problem", text(&self.problem))])
    }
}

impl Figures {
    fn to_value(&self) -> Value {
        Value::Object(vec![
            ("orders", count(self.orders)),
            ("operations", count(self.operations)),
            ("reports", count(self.reports)),
            ("repeated", count(self.repeated)),
            ("good", Value::Int(self.good)),
            ("rejected", Value::Int(self.rejected)),
            ("held", Value::Int(self.held)),
            ("hours", Value::Dec(self.hours)),
            ("hours_by_activity", hours("activity", &self.hours_by_activity)),
            ("hours_by_work_center", hours("work_center", &self.hours_by_work_center)),
            ("hours_by_worker", hours("worker", &self.hours_by_worker)),
            ("over_plan_operations", count(self.over_plan_operations)),
            ("overlapping_reports", count(self.overlapping_reports)),
        ])
    }
}

/// A list, most hours first: names come from the file, and a value's fields are named by us alone.
fn hours(name: &'static str, map: &BTreeMap<String, Decimal>) -> Value {
    let mut rows: Vec<_> = map.iter().collect();
    rows.sort_by_key(|(_, hours)| std::cmp::Reverse(**hours));
    Value::List(rows.into_iter().map(|(key, hours)| Value::Object(vec![(name, text(key)), ("hours", Value::Dec(*hours))])).collect())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
