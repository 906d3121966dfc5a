//! How another system calls and writes what we need: a small TOML text beside the file.
//! Deliberately names and words only: nothing is computed from cells.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::table::{Form, Row, Table, shown};
use crate::base::{Code, Refusal};

/// A mapping; everything may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Mapping {
    /// What stands between cells: `,`, `;`, or a tab.
    separator: Option<String>,
    /// The sheet of a spreadsheet.
    sheet: Option<String>,
    /// `,` where numbers are written `12,5`.
    decimal: Option<String>,
    /// IANA zone of local times.
    pub(super) zone: Option<String>,
    /// How times are written, as strftime spells it; ISO 8601 where absent.
    pub(super) time_format: Option<String>,
    /// Words that mean rework.
    pub(super) rework_yes: Vec<String>,
    /// Our activity for each of their words.
    pub(super) activity: BTreeMap<String, String>,
    /// Their column for each of ours.
    columns: BTreeMap<String, String>,
    /// Content for cells that are empty or not there.
    defaults: BTreeMap<String, toml::Value>,
}

impl Mapping {
    /// Reads the TOML text.
    pub(super) fn read(text: Option<&str>) -> Result<Self, Refusal> {
        let fault = |error: toml::de::Error| Refusal::field(Code::Malformed, "map", format!("the mapping cannot be read: {}", error.message()));
        text.map_or_else(|| Ok(Self::default()), |text| toml::from_str(text).map_err(fault))
    }

    /// How the file is written.
    pub(super) fn form(&self) -> Result<Form<'_>, Refusal> {
        let separator = match self.separator.as_deref() {
            None => None,
            Some("tab" | "\t") => Some(b'\t'),
            Some(one) if one.len() == 1 && one.is_ascii() && !matches!(one, "\"" | "\n" | "\r") => Some(one.as_bytes()[0]),
            Some(_) => return Err(Refusal::field(Code::Invalid, "map", "separator must be one character, or the word tab")),
        };
        if !matches!(self.decimal.as_deref(), None | Some("." | ",")) {
            return Err(Refusal::field(Code::Invalid, "map", "decimal must be \".\" or \",\""));
        }
        Ok(Form { separator, sheet: self.sheet.as_deref() })
    }

    /// Refuses a mapping that speaks of columns we do not have.
    pub(super) fn check_names(&self, ours: &[&str]) -> Result<(), Refusal> {
        match self.columns.keys().chain(self.defaults.keys()).find(|name| !ours.contains(&name.as_str())) {
            Some(name) => Err(Refusal::field(Code::Invalid, "map", format!("the mapping names {:?}, which is not one of {}", shown(name), ours.join(", ")))),
            None => Ok(()),
        }
    }

    /// Their name for one of our columns.
    pub(super) fn theirs<'a>(&'a self, ours: &'a str) -> &'a str {
        self.columns.get(ours).map_or(ours, String::as_str)
    }

    /// Where one of our columns stands in the file.
    pub(super) fn place(&self, table: &Table, ours: &str) -> Option<usize> {
        let wanted = self.theirs(ours).trim().to_lowercase();
        table.header.iter().position(|name| name.to_lowercase() == wanted)
    }

    /// Columns that the mapping promises and the file does not have.
    pub(super) fn broken_promises(&self, table: &Table) -> Vec<String> {
        self.columns.keys().filter(|ours| self.place(table, ours).is_none()).map(|ours| format!("{} (for {ours})", shown(self.theirs(ours)))).collect()
    }

    /// What stands where a cell is empty or not there.
    pub(super) fn default_of(&self, ours: &str) -> Option<String> {
        self.defaults.get(ours).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// A number as our own parser reads it.
    pub(super) fn number<'a>(&self, cell: &'a str) -> std::borrow::Cow<'a, str> {
        if self.decimal.as_deref() == Some(",") && !cell.contains('.') { cell.replacen(',', ".", 1).into() } else { cell.into() }
    }
}

/// The refusal for columns that are missing: they, and what there is instead.
pub(super) fn missing(columns: &[String], table: &Table) -> Refusal {
    let there: Vec<String> = table.header.iter().map(|name| shown(name)).collect();
    Refusal::field(Code::Invalid, "columns", format!("the file has no column {}; its columns are {}", columns.join(", "), there.join(", ")))
}

/// A cell of a column that may not be there.
pub(super) fn cell(row: &Row, at: Option<usize>) -> &str {
    at.map_or("", |at| row.cell(at))
}
