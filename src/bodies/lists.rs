//! A page of a list: `{"data": [...], "next_cursor": ...}`; and the cursor itself, opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::read;
use crate::base::value::write_json_text;
use crate::base::{Refusal, Value};
use crate::model::FieldSpec;
use crate::views::list::{Page, Position};

/// A page as JSON.
pub fn json(page: &Page) -> String {
    let rows = page.rows.iter().map(super::record::json);
    wrap(rows, page.next.as_ref().map(cursor))
}

/// Anything paged as JSON.
pub fn wrap(items: impl Iterator<Item = String>, next_cursor: Option<String>) -> String {
    let mut out = String::from("{\"data\":[");
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&item);
    }
    out.push_str("],\"next_cursor\":");
    match next_cursor {
        Some(cursor) => write_json_text(&cursor, &mut out),
        None => out.push_str("null"),
    }
    out.push('}');
    out
}

fn cursor(position: &Position) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}|{}", position.number, if position.value.is_null() { String::new() } else { format!("={}", position.value) }))
}

/// Reads a cursor of a list sorted by a column.
pub fn position(text: &str, sort: Option<&FieldSpec>) -> Result<Position, Refusal> {
    let wrong = || Refusal::invalid("cursor", "is not a cursor of this list; take it from next_cursor of the page before");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let plain = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (number, value) = plain.split_once('|').ok_or_else(wrong)?;
    let number = number.parse().map_err(|_| wrong())?;
    let value = match (value.strip_prefix('='), sort) {
        (Some(value), Some(spec)) => read::cell(spec.kind, value, &|noun, text| Ok(noun.number_of(text))).map_err(|_| wrong())?,
        _ => Value::Null,
    };
    Ok(Position { value, number })
}
