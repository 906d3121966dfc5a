//! One field's content without its record: what bodies, diffs, imports and filters pass about.
//! Deliberately not a document model: it is as wide as the columns of the plant.

use std::fmt::Write as _;

use super::{ClockTime, Date, Decimal, Time};

/// The content of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Truly absent.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// An exact number.
    Dec(Decimal),
    /// A text, or the word of an enumeration.
    Text(String),
    /// A moment, UTC.
    Time(Time),
    /// A day.
    Date(Date),
    /// A time of day.
    Clock(ClockTime),
    /// A reference to a record: its id text prefix and its number.
    Key(&'static str, u64),
    /// A list.
    List(Vec<Value>),
    /// Named fields, in order.
    Object(Vec<(&'static str, Value)>),
}

impl Value {
    /// Absent.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Appends the value as JSON: exact digits, times with `Z`.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Self::Int(number) => _ = write!(out, "{number}"),
            Self::Dec(number) => _ = write!(out, "{number}"),
            Self::Text(text) => write_json_text(text, out),
            Self::Time(_) | Self::Date(_) | Self::Clock(_) | Self::Key(..) => _ = write!(out, "\"{self}\""),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Object(fields) => write_json_object(fields.iter().map(|(name, value)| (*name, value)), out),
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }
}

/// Appends named values as one JSON object.
pub fn write_json_object<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in fields.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_json_text(name, out);
        out.push(':');
        value.write_json(out);
    }
    out.push('}');
}

/// Appends a text as a JSON string (RFC 8259 section 7).
pub fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    // Almost every text is plain, and is then copied whole.
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push_str(text);
        out.push('"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => _ = write!(out, "\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}

impl std::fmt::Display for Value {
    /// The value as a person reads it in a dump, a CSV cell or a filter.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Dec(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Time(time) => write!(f, "{time}"),
            Self::Date(date) => write!(f, "{date}"),
            Self::Clock(clock) => write!(f, "{clock}"),
            Self::Key(prefix, number) => write!(f, "{prefix}-{number:06}"),
            Self::List(_) | Self::Object(_) => f.write_str(&self.to_json()),
        }
    }
}
