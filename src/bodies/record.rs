//! A record as JSON: its columns by their names, and `seq`, its version.

use crate::views::Row;

/// Appends a record.
pub fn write(row: &Row, out: &mut String) {
    out.push('{');
    for (at, spec) in row.record.specs().iter().enumerate() {
        // Names of columns are plain words.
        out.push('"');
        out.push_str(spec.name);
        out.push_str("\":");
        row.record.value(at).write_json(out);
        out.push(',');
    }
    out.push_str("\"seq\":");
    out.push_str(&row.seq.to_string());
    out.push('}');
}

/// A record.
pub fn json(row: &Row) -> String {
    let mut out = String::with_capacity(1_024);
    write(row, &mut out);
    out
}
