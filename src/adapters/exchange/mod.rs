//! Files of other systems come in here: master data and open orders, one noun a file, and the
//! operation log of a shop's past. CSV and XLSX become commands, one for each record; a bad row is
//! refused and named, a good one goes in whole. Deliberately no way around the rules, and no
//! deletion: what a file no longer names stays. A second run of the same file changes nothing.

mod mapping;
mod master;
mod operation_log;
mod pipeline;
mod reading;
mod report;
mod sheet;
mod table;

#[cfg(test)]
mod tests;

use crate::base::{Code, Refusal, Value};
use crate::engine::Engine;
use crate::model::Noun;
use crate::model::command::create_name;
use crate::model::journal::Actor;
use crate::model::permission;
use mapping::Mapping;
pub use report::{Figures, Problem, Report};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What was made, when and by whom, in another system.
    OperationLog,
    /// Records of one noun.
    Master(Noun),
}

impl Kind {
    /// All kinds; master data in the order in which they refer to each other.
    pub fn all() -> impl Iterator<Item = Self> {
        Noun::MADE_BY_PEOPLE.iter().copied().map(Self::Master).chain([Self::OperationLog])
    }

    /// Reads a word such as `operation-log` or `bills-of-material`.
    pub fn from_word(word: &str) -> Option<Self> {
        if word == "operation-log" {
            return Some(Self::OperationLog);
        }
        Noun::from_plural(word).map(Self::Master).filter(|kind| Self::all().any(|known| known == *kind))
    }

    /// Its word, as URLs and the command line spell it.
    pub fn word(self) -> String {
        match self {
            Self::OperationLog => "operation-log".to_owned(),
            Self::Master(noun) => noun.kebab(),
        }
    }
}

/// A file to bring in.
pub struct Request<'a> {
    /// What it holds.
    pub kind: Kind,
    /// Its name, for the report and the history; nothing is opened by it.
    pub file_name: &'a str,
    /// Its content: CSV in UTF-8, or XLSX.
    pub bytes: &'a [u8],
    /// How its columns are called and written, as TOML; an operation log must have it.
    pub map: Option<&'a str>,
    /// Look at every row and write nothing: cells, required fields and references are checked; what
    /// only a rule knows (bounds of one noun, states) shows in the real run.
    pub dry_run: bool,
    /// Who brings it in.
    pub actor: Actor,
}

/// Brings a file in; `progress` hears of rows done and rows in all. It waits for the writer: call
/// it from a plain thread, never from an async task. `Err` is about the file as a whole (or about a
/// plant that cannot write: run it again, what is in stays in); bad rows stand in the report.
pub fn import(engine: &Engine, request: &Request<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, Refusal> {
    permit(request)?;
    let mapping = Mapping::read(request.map)?;
    let table = table::read(request.bytes, &mapping.form()?)?;
    let mut report = Report::new(request, &table);
    progress(0, report.rows);
    match request.kind {
        Kind::OperationLog if request.map.is_none() => {
            let why = "an operation log needs a mapping that names its zone and columns; fixtures/job-shop-log.toml is an example";
            return Err(Refusal::field(Code::Invalid, "map", why));
        }
        Kind::OperationLog => operation_log::run(engine, request, &mapping, &table, &mut report, progress)?,
        Kind::Master(noun) => master::run(engine, request, noun, &mapping, &table, &mut report, progress)?,
    }
    Ok(report)
}

fn permit(request: &Request<'_>) -> Result<(), Refusal> {
    let acts = match request.kind {
        Kind::OperationLog => vec!["ImportOperationReport".to_owned()],
        Kind::Master(noun) => vec!["ImportMaster".to_owned(), create_name(noun)],
    };
    acts.iter().try_for_each(|act| permission::permit(request.actor.role, act))
}

/// Parts a cell's own fault, which goes into the report, from a plant that cannot be read.
fn read_problem(read: Result<Value, Refusal>) -> Result<Result<Value, String>, Refusal> {
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(refusal) if matches!(refusal.code, Code::Invalid | Code::NotFound) => Ok(Err(refusal.detail)),
        Err(refusal) => Err(refusal),
    }
}
