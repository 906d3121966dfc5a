//! A refusal as `application/problem+json` (RFC 9457).

use crate::base::{Refusal, Value};

/// The refusal's document.
pub fn json(refusal: &Refusal) -> String {
    json_with(refusal, Vec::new())
}

/// The refusal's document with fields that only its address has.
pub fn json_with(refusal: &Refusal, more: Vec<(&'static str, Value)>) -> String {
    let mut fields = vec![
        ("type", Value::Text(format!("/api/docs/problems#{}", refusal.code.word()))),
        ("code", Value::Text(refusal.code.word().to_owned())),
        ("title", Value::Text(refusal.code.title().to_owned())),
        ("detail", Value::Text(refusal.sentence())),
        ("status", Value::Int(i64::from(refusal.code.status()))),
    ];
    if let Some(field) = &refusal.field {
        fields.push(("field", Value::Text(field.clone())));
    }
    fields.extend(more);
    Value::Object(fields).to_json()
}
