//! Why a statement is not answered, as PostgreSQL would say it: a SQLSTATE, a sentence, a hint and a
//! place in the text. DataFusion's errors have no codes, so its kinds and sentences are read here and
//! nowhere else; what is not recognised is told as it came, under the code of its kind.

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::base::{Code, Refusal};

/// A fault with its SQLSTATE (PostgreSQL 15, appendix A).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The five characters that clients branch on.
    pub state: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The character of the statement it is about, counted from 1.
    pub position: Option<usize>,
}

/// Syntax error.
pub(super) const SYNTAX: &str = "42601";
/// No such table.
pub(super) const NO_TABLE: &str = "42P01";
/// No such column.
pub(super) const NO_COLUMN: &str = "42703";
/// No such function.
pub(super) const NO_FUNCTION: &str = "42883";
/// The role may not.
pub(super) const NOT_ALLOWED: &str = "42501";
/// Known to PostgreSQL, not done here.
pub(super) const NOT_DONE: &str = "0A000";
/// Only reading is done here.
pub(super) const READ_ONLY: &str = "25006";
/// Cancelled by the client, or out of time.
pub(super) const CANCELLED: &str = "57014";
/// More than a limit allows.
pub(super) const TOO_MUCH: &str = "54000";
/// Out of the memory a statement may have.
pub(super) const OUT_OF_MEMORY: &str = "53200";
/// Too many statements or connections at once.
pub(super) const TOO_MANY: &str = "53300";
/// A setting or an argument with a content that cannot be.
pub(super) const BAD_VALUE: &str = "22023";
const NO_SETTING: &str = "42704";
const AMBIGUOUS: &str = "42702";
const DIVISION_BY_ZERO: &str = "22012";
const BAD_TEXT: &str = "22P02";
/// A number outside its type.
pub(super) const OVERFLOW: &str = "22003";
const WRONG_TYPE: &str = "42804";
const GROUPING: &str = "42803";
const INTERNAL: &str = "XX000";

impl Fault {
    /// A fault with its sentence.
    pub fn new(state: &'static str, message: impl Into<String>) -> Self {
        Self { state, message: message.into(), hint: None, position: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A setting that is not known.
    pub fn no_setting(name: &str) -> Self {
        Self::new(NO_SETTING, format!("unrecognized configuration parameter \"{name}\""))
    }

    /// What the parser found, with the place in the text where it says one.
    pub fn of_parser(error: &ParserError, sql: &str) -> Self {
        let text = match error {
            ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
            ParserError::RecursionLimitExceeded => return Self::new("54001", "the statement is nested too deeply").hint("write it with fewer brackets"),
        };
        let (message, place) = text.split_once(" at Line: ").map_or((text.as_str(), None), |(message, place)| (message, Some(place)));
        let message = if message.starts_with("Expected") { message.replacen("Expected", "syntax error: expected", 1) } else { format!("syntax error: {message}") };
        Self { position: place.and_then(|place| position(place, sql)), ..Self::new(SYNTAX, message) }
    }

    /// As a refusal, for whoever does not speak SQLSTATE.
    pub fn refusal(&self) -> Refusal {
        let code = match self.state {
            NOT_ALLOWED => Code::Forbidden,
            CANCELLED => Code::TimedOut,
            TOO_MUCH => Code::TooLarge,
            OUT_OF_MEMORY | TOO_MANY => Code::Busy,
            INTERNAL => Code::Internal,
            "58000" => Code::Unavailable,
            _ => Code::Invalid,
        };
        let hint = self.hint.as_ref().map_or(String::new(), |hint| format!("; {hint}"));
        Refusal::field(code, "sql", format!("{}{hint}", self.message))
    }
}

/// `3, Column: 14` as a place in a text, in characters from 1.
fn position(place: &str, sql: &str) -> Option<usize> {
    let (line, column) = place.split_once(", Column: ")?;
    let (line, column): (usize, usize) = (line.trim().parse().ok()?, column.trim().parse().ok()?);
    place_in(sql, line, column)
}

/// A line and a column, both from 1, as a place in a text, in characters from 1.
pub(super) fn place_in(sql: &str, line: usize, column: usize) -> Option<usize> {
    let before: usize = sql.split_inclusive('\n').take(line.checked_sub(1)?).map(|line| line.chars().count()).sum();
    (column > 0).then_some(before + column)
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let state = match refusal.code {
            Code::Forbidden => NOT_ALLOWED,
            Code::Invalid | Code::NotFound => BAD_VALUE,
            Code::TooLarge => TOO_MUCH,
            Code::Unavailable | Code::Busy => "58000",
            _ => INTERNAL,
        };
        Self::new(state, refusal.detail)
    }
}

impl From<&DataFusionError> for Fault {
    fn from(error: &DataFusionError) -> Self {
        match error {
            DataFusionError::Context(_, inner) => Self::from(inner.as_ref()),
            DataFusionError::Shared(inner) => Self::from(inner.as_ref()),
            DataFusionError::Diagnostic(_, inner) => Self::from(inner.as_ref()),
            DataFusionError::Collection(all) => all.first().map_or_else(|| Self::new(INTERNAL, "no reason was given"), Self::from),
            DataFusionError::SQL(error, _) => Self::of_parser(error, ""),
            DataFusionError::SchemaError(error, _) => of_schema(error),
            DataFusionError::ArrowError(error, _) => of_arrow(error),
            DataFusionError::ResourcesExhausted(_) => {
                Self::new(OUT_OF_MEMORY, "the statement needs more memory than a statement may have").hint("narrow it with WHERE, or group by less")
            }
            DataFusionError::NotImplemented(text) if text.starts_with("Physical plan does not support logical expression") => {
                Self::new(NOT_DONE, "a query in this place is not done here").hint("join it, or count and compare: (SELECT count(*) ...) > 0")
            }
            DataFusionError::NotImplemented(text) => Self::new(NOT_DONE, plain(text)),
            DataFusionError::Plan(text) | DataFusionError::Configuration(text) => of_plan(text),
            DataFusionError::Execution(text) => of_execution(text),
            DataFusionError::External(inner) => of_external(inner.as_ref()),
            other => Self::new(INTERNAL, plain(&other.strip_backtrace())),
        }
    }
}

impl From<DataFusionError> for Fault {
    fn from(error: DataFusionError) -> Self {
        Self::from(&error)
    }
}

fn of_external(inner: &(dyn std::error::Error + 'static)) -> Fault {
    if let Some(refusal) = inner.downcast_ref::<Refusal>() {
        return Fault::from(refusal.clone());
    }
    inner.downcast_ref::<DataFusionError>().map_or_else(|| Fault::new(INTERNAL, inner.to_string()), Fault::from)
}

fn of_schema(error: &SchemaError) -> Fault {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let near = valid_fields.iter().map(|column| column.name()).find(|name| name.contains(field.name()) || field.name().contains(*name));
            let fault = Fault::new(NO_COLUMN, format!("column \"{}\" does not exist", field.flat_name()));
            if let Some(near) = near { fault.hint(format!("there is \"{near}\"")) } else { fault }
        }
        SchemaError::AmbiguousReference { field } => Fault::new(AMBIGUOUS, format!("column reference \"{}\" is ambiguous", field.name())),
        other => Fault::new("42701", plain(&other.to_string())),
    }
}

fn of_arrow(error: &ArrowError) -> Fault {
    match error {
        ArrowError::DivideByZero => Fault::new(DIVISION_BY_ZERO, "division by zero"),
        ArrowError::CastError(text) | ArrowError::ParseError(text) => Fault::new(BAD_TEXT, plain(text)),
        ArrowError::ArithmeticOverflow(text) => Fault::new(OVERFLOW, plain(text)),
        ArrowError::ExternalError(inner) => of_external(inner.as_ref()),
        ArrowError::ComputeError(text) => of_execution(text),
        // A name was cast to regclass or the like, and there is no number for it.
        ArrowError::InvalidArgumentError(text) if text.starts_with("Column 'oid' is declared as non-nullable") => {
            Fault::new(NO_TABLE, "no relation, type or function has this name").hint("\\dt, \\dT and \\df list them")
        }
        other => Fault::new(INTERNAL, plain(&other.to_string())),
    }
}

fn of_plan(text: &str) -> Fault {
    let quoted = |text: &str| text.split('\'').nth(1).unwrap_or_default().to_owned();
    if text.starts_with("table '") && text.contains("not found") {
        let full = quoted(text);
        let name = full.rsplit_once("public.").map_or(full.as_str(), |(_, name)| name);
        return Fault::new(NO_TABLE, format!("relation \"{name}\" does not exist")).hint("\\dt or information_schema.tables list them");
    }
    if text.starts_with("Invalid function") || text.starts_with("Table function") {
        let name = quoted(text);
        let hint = match name.as_str() {
            "age" => "write one moment minus the other",
            "pg_typeof" => "\\d TABLE and information_schema.columns tell types",
            _ => "no function of this name is known here",
        };
        return Fault::new(NO_FUNCTION, format!("function {name} does not exist")).hint(hint);
    }
    if text.contains("argument must be a timestamp or NULL") {
        return Fault::new(NOT_DONE, "generate_series does not take these bounds").hint("cast both to timestamp; they must be told by the statement and not by a table");
    }
    if text.contains("No function matches") || text.contains("does not support") || text.contains("expects") && text.contains("arguments") {
        return Fault::new(NO_FUNCTION, plain(text));
    }
    if text.contains("must appear in the GROUP BY") || text.contains("must appear in GROUP BY") || text.contains("could not be resolved from available columns") {
        return Fault::new(GROUPING, plain(text));
    }
    if text.contains("Cannot infer common") || text.contains("coerc") || text.contains("Cannot cast") {
        return Fault::new(WRONG_TYPE, plain(text));
    }
    Fault::new(SYNTAX, plain(text))
}

fn of_execution(text: &str) -> Fault {
    let state = if text.contains("ivide by zero") || text.contains("ivision by zero") {
        return Fault::new(DIVISION_BY_ZERO, "division by zero");
    } else if text.contains("verflow") || text.ends_with("out of range") {
        OVERFLOW
    } else {
        BAD_VALUE
    };
    Fault::new(state, plain(text))
}

/// The first line: DataFusion adds its own advice about itself below.
fn plain(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_lines_is_a_place_in_characters() {
        assert_eq!(place_in("SELECT\n  ä, frm", 2, 6), Some(13));
        assert_eq!(position("1, Column: 8", "SELECT ("), Some(8));
        assert_eq!(position("nowhere", "SELECT"), None);
    }

    #[test]
    fn a_refusal_from_below_keeps_its_sentence_through_the_engine() {
        let refusal = Refusal::new(Code::Invalid, "telemetry has no past");
        let wrapped = DataFusionError::Context("x".to_owned(), Box::new(DataFusionError::External(Box::new(refusal))));
        assert_eq!(Fault::from(&wrapped), Fault::new(BAD_VALUE, "telemetry has no past"));
    }
}
