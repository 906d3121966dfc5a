//! What a report is before it has a form: where it comes from, facts, tables and notes. All forms tell
//! the same data, and each names its SHA-256.

use jiff::tz::TimeZone;

use super::{json, pdf, separated, workbook};
use crate::base::{Digest, Refusal, Time, Value};
use crate::store::Snapshot;
use crate::views;

pub use crate::model::report::ReportForm as Form;

impl Form {
    /// What a browser is told it gets.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
        }
    }
}

/// Where the data comes from, and as of when.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The plant's name.
    pub plant: String,
    /// Its zone.
    pub zone: TimeZone,
    /// The plant's time at which it was looked.
    pub at: Time,
    /// The journal's newest entry then.
    pub seq: u64,
}

impl Origin {
    /// The origin of what is read from a snapshot.
    pub fn of(snapshot: &Snapshot, at: Time) -> Result<Self, Refusal> {
        let plant = views::plant(snapshot)?;
        let zone = crate::base::time::zone(&plant.timezone).unwrap_or(TimeZone::UTC);
        Ok(Self { plant: plant.plant_name, zone, at, seq: snapshot.head()? })
    }

    /// A moment as people of the plant read it.
    pub fn local(&self, time: Time) -> String {
        time.civil(&self.zone).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// A single statement: its name for programs, its name for people, what it says.
#[derive(Clone, Debug)]
pub struct Fact {
    /// For programs.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// What it says.
    pub value: Value,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// For programs.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// How it stands on paper.
    pub paper: Paper,
}

/// How a column stands on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// To be read.
    Read,
    /// To be scanned.
    Scanned,
    /// Not at all: paper is narrow, and programs do not read it.
    Absent,
}

/// A column that is read.
pub const fn column(name: &'static str, label: &'static str) -> Column {
    Column { name, label, paper: Paper::Read }
}

/// A column that is scanned.
pub const fn code(name: &'static str, label: &'static str) -> Column {
    Column { name, label, paper: Paper::Scanned }
}

/// A column that programs read and paper does not show.
pub const fn data(name: &'static str, label: &'static str) -> Column {
    Column { name, label, paper: Paper::Absent }
}

/// Rows under one heading.
#[derive(Clone, Debug)]
pub struct Table {
    /// For programs.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// The columns.
    pub columns: &'static [Column],
    /// The rows, as long as the columns.
    pub rows: Vec<Vec<Value>>,
    /// Said where there are no rows.
    pub empty: &'static str,
}

/// A report.
#[derive(Clone, Debug)]
pub struct Report {
    /// For programs and file names.
    pub name: &'static str,
    /// For people.
    pub title: String,
    /// Where its data comes from.
    pub origin: Origin,
    /// From when to when it tells.
    pub period: Option<(Time, Time)>,
    /// What is scanned to come back to its subject.
    pub scanned: Option<String>,
    /// Single statements.
    pub facts: Vec<Fact>,
    /// Tables.
    pub tables: Vec<Table>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Report {
    /// An empty report.
    pub fn new(name: &'static str, title: impl Into<String>, origin: Origin) -> Self {
        Self { name, title: title.into(), origin, period: None, scanned: None, facts: Vec::new(), tables: Vec::new(), notes: Vec::new() }
    }

    /// States something.
    pub fn fact(&mut self, name: &'static str, label: &'static str, value: Value) {
        self.facts.push(Fact { name, label, value });
    }

    /// Adds a table.
    pub fn table(&mut self, name: &'static str, title: &'static str, columns: &'static [Column], rows: Vec<Vec<Value>>, empty: &'static str) {
        self.tables.push(Table { name, title, columns, rows, empty });
    }

    /// SHA-256 of the data: of the text of `data` in the JSON form.
    pub fn digest(&self) -> Digest {
        Digest::of(json::data(self).as_bytes())
    }

    /// The report in a form.
    pub fn bytes(&self, form: Form) -> Result<Vec<u8>, Refusal> {
        match form {
            Form::Json => Ok(json::document(self).into_bytes()),
            Form::Csv => separated::document(self),
            Form::Xlsx => workbook::document(self),
            Form::Pdf => pdf::document(self),
        }
    }

    /// A name for its file: what it is, of when.
    pub fn file_name(&self, form: Form) -> String {
        let of = self.period.map_or(self.origin.at, |(from, _)| from).civil(&self.origin.zone).strftime("%Y-%m-%d").to_string();
        format!("{}-{of}.{form}", self.name)
    }

    /// From when to when, as people read it.
    pub(super) fn period_text(&self) -> Option<String> {
        self.period.map(|(from, to)| format!("{} to {}", self.origin.local(from), self.origin.local(to)))
    }

    /// A value as people of the plant read it.
    pub(super) fn shown(&self, value: &Value) -> String {
        match value {
            Value::Null => "–".to_owned(),
            Value::Time(time) => self.origin.local(*time),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::List(items) => items.iter().map(|item| self.shown(item)).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        }
    }
}
