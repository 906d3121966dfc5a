//! Backups as JSON.

use crate::base::Value;
use crate::engine::Kept;
use crate::store::archive::Summary;

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn text(content: &str) -> Value {
    Value::Text(content.to_owned())
}

/// The kept ones.
pub fn list(kept: &[Kept]) -> String {
    super::lists::wrap(kept.iter().map(|it| Value::Object(vec![("name", text(&it.name)), ("bytes", count(it.bytes))]).to_json()), None)
}

/// One that was read through.
pub fn one(name: &str, it: &Summary) -> String {
    let head = Value::Object(vec![("seq", count(it.seq)), ("hash", Value::Text(it.hash.to_string()))]);
    Value::Object(vec![
        ("name", text(name)),
        ("head", head),
        ("sha256", Value::Text(it.digest.to_string())),
        ("bytes", count(it.bytes)),
        ("values", count(it.values)),
        ("files", count(it.files)),
        ("telemetry_rows", count(it.telemetry)),
    ])
    .to_json()
}
