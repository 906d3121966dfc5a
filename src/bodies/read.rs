//! From JSON or a CSV cell to a field's value: parsed once, into what cannot be wrong, with a
//! sentence that says what to do where it is.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::base::{ClockTime, Code, Date, Decimal, Digest, Refusal, Time, Value, limits, text};
use crate::model::command::FieldValues;
use crate::model::{FieldSpec, Kind, Noun};

/// Finds the number of a record by what a person wrote.
pub type Resolve<'r> = &'r dyn Fn(Noun, &str) -> Result<Option<u64>, Refusal>;

/// Field values of an object; unknown names are refused with the known ones.
pub fn object(columns: &'static [FieldSpec], json: &serde_json::Map<String, Json>, resolve: Resolve<'_>) -> Result<FieldValues, Refusal> {
    let mut values = FieldValues::new();
    for (name, content) in json {
        let Some(at) = columns.iter().position(|spec| spec.name == name) else {
            let known: Vec<&str> = columns.iter().filter(|spec| spec.access != crate::model::field::Access::Made).map(|spec| spec.name).collect();
            let shown: String = name.chars().take(60).collect();
            return Err(Refusal::field(Code::Malformed, &shown, format!("there is no field {shown:?} here; the fields are {}", known.join(", "))));
        };
        let spec = &columns[at];
        let value = value(spec, content, resolve).map_err(|refusal| Refusal { field: Some(spec.name.to_owned()), ..refusal })?;
        values.push((at, value));
    }
    Ok(values)
}

fn value(spec: &FieldSpec, json: &Json, resolve: Resolve<'_>) -> Result<Value, Refusal> {
    if json.is_null() {
        return if spec.nullable { Ok(Value::Null) } else { Err(Refusal::invalid(spec.name, format!("{} must not be null", spec.name))) };
    }
    of_kind(spec.name, spec.kind, json, resolve)
}

fn of_kind(name: &str, kind: Kind, json: &Json, resolve: Resolve<'_>) -> Result<Value, Refusal> {
    let wrong = |wanted: &str| Refusal::invalid(name, format!("{name} must be {wanted}, not {}", shape(json)));
    match (kind, json) {
        (Kind::Bool, Json::Bool(yes)) => Ok(Value::Bool(*yes)),
        (Kind::Bool, _) => Err(wrong("true or false")),
        (Kind::Int | Kind::Dec, Json::Number(number)) => cell(kind, number.as_str(), resolve).map_err(|refusal| named(name, refusal)),
        (Kind::Int, _) => Err(wrong("a whole number")),
        (Kind::Dec, _) => Err(wrong("a number")),
        (Kind::List(of), Json::Array(items)) => {
            if items.len() > limits::LIST_MAX {
                return Err(Refusal::invalid(name, format!("{name} must have at most {} items", limits::LIST_MAX)));
            }
            items.iter().map(|item| of_kind(name, *of, item, resolve)).collect::<Result<_, _>>().map(Value::List)
        }
        (Kind::List(_), _) => Err(wrong("a list")),
        (Kind::Object(columns), Json::Object(map)) => line(name, columns, map, resolve),
        (Kind::Object(_), _) => Err(wrong("an object")),
        (_, Json::String(text)) => cell(kind, text, resolve).map_err(|refusal| named(name, refusal)),
        _ => Err(wrong("a text")),
    }
}

fn named(name: &str, refusal: Refusal) -> Refusal {
    Refusal { detail: format!("{name} {}", refusal.detail), field: Some(name.to_owned()), ..refusal }
}

fn line(name: &str, columns: &'static [FieldSpec], map: &serde_json::Map<String, Json>, resolve: Resolve<'_>) -> Result<Value, Refusal> {
    let values = object(columns, map, resolve)?;
    if let Some(missing) = columns.iter().enumerate().find(|(at, spec)| spec.required() && !values.iter().any(|(given, _)| given == at)) {
        return Err(Refusal::invalid(name, format!("{name}: each line must have {}", missing.1.name)));
    }
    Ok(Value::Object(values.into_iter().map(|(at, value)| (columns[at].name, value)).collect()))
}

const fn shape(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// A value from a text: a CSV cell, a filter, a JSON string or number. The sentence has no subject.
pub fn cell(kind: Kind, cell: &str, resolve: Resolve<'_>) -> Result<Value, Refusal> {
    let invalid = |detail: String| Refusal::new(Code::Invalid, detail);
    match kind {
        Kind::Bool => match cell.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "1" => Ok(Value::Bool(true)),
            "false" | "no" | "n" | "0" => Ok(Value::Bool(false)),
            _ => Err(invalid("must be true or false".to_owned())),
        },
        Kind::Int => {
            let number: Decimal = cell.parse().map_err(|fault| invalid(format!("{fault}")))?;
            number.as_whole().map(Value::Int).ok_or_else(|| invalid("must be a whole number".to_owned()))
        }
        Kind::Dec => cell.parse().map(Value::Dec).map_err(|fault| invalid(format!("{fault}"))),
        Kind::Line(max) => text::line(cell, max).map(Value::Text).map_err(|fault| invalid(fault.to_string())),
        Kind::Note(max) => text::note(cell, max).map(Value::Text).map_err(|fault| invalid(fault.to_string())),
        Kind::Time => cell.parse::<Time>().map(Value::Time).map_err(|fault| invalid(fault.to_string())),
        Kind::Date => cell.parse::<Date>().map(Value::Date).map_err(|fault| invalid(fault.to_string())),
        Kind::Clock => cell.parse::<ClockTime>().map(Value::Clock).map_err(|fault| invalid(fault.to_string())),
        Kind::Word(words) => match words.iter().find(|word| word.eq_ignore_ascii_case(cell)) {
            Some(word) => Ok(Value::Text((*word).to_owned())),
            None => Err(invalid(format!("must be one of {}", words.join(", ")))),
        },
        Kind::Ref(noun) => {
            let wanted = text::line(cell, limits::TEXT_MAX).map_err(|fault| invalid(fault.to_string()))?;
            match resolve(noun, &wanted)? {
                Some(number) => Ok(Value::Key(noun.prefix(), number)),
                None => Err(Refusal::new(Code::NotFound, format!("names no record: there is no {wanted} among the {}", noun.plural()))),
            }
        }
        Kind::List(of) => {
            let items = cell.split([';', ',']).map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| self::cell(*of, item, resolve)).collect::<Result<_, _>>().map(Value::List)
        }
        Kind::Object(_) => Err(invalid("cannot be written in one cell".to_owned())),
    }
}

/// A body as a JSON object; an empty body is an empty object.
pub fn body(bytes: &[u8]) -> Result<serde_json::Map<String, Json>, Refusal> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(serde_json::Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(map)) => Ok(map),
        Ok(other) => Err(Refusal::new(Code::Malformed, format!("the body must be a JSON object, not {}", shape(&other)))),
        Err(error) => {
            let mut detail = "the body is not JSON".to_owned();
            // serde_json's sentence names line and column, and nothing of the content.
            let _ = write!(detail, ": {error}");
            Err(Refusal::new(Code::Malformed, detail))
        }
    }
}

/// A head that was kept outside: `SEQ:HASH`.
pub fn head(text: &str) -> Result<(u64, Digest), Refusal> {
    let parts = text.split_once(':').and_then(|(seq, hash)| Some((seq.parse().ok()?, Digest::from_hex(hash)?)));
    parts.ok_or_else(|| Refusal::invalid("head", "must be SEQ:HASH, as verify prints it"))
}
