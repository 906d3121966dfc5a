//! A report as CSV: one table as plain rows; where there is more, blocks with a heading, facts first. A text
//! that a spreadsheet would take for a formula is written so that it is not.

use ::csv::{Terminator, Writer, WriterBuilder};

use super::report::Report;
use crate::base::{Code, Refusal, Value};

/// The whole document.
pub(super) fn document(report: &Report) -> Result<Vec<u8>, Refusal> {
    let mut writer = WriterBuilder::new().flexible(true).terminator(Terminator::CRLF).from_writer(Vec::new());
    write(report, &mut writer).map_err(|error| fault(&error))?;
    writer.into_inner().map_err(|error| fault(&error))
}

fn fault(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Code::Internal, format!("the report could not be written: {error}"))
}

fn write(report: &Report, writer: &mut Writer<Vec<u8>>) -> Result<(), ::csv::Error> {
    let is_plain = report.facts.is_empty() && report.tables.len() == 1;
    for fact in &report.facts {
        writer.write_record([fact.name.to_owned(), cell(&fact.value)])?;
    }
    for table in &report.tables {
        if !is_plain {
            writer.write_record([""])?;
            writer.write_record([table.title])?;
        }
        writer.write_record(table.columns.iter().map(|column| column.name))?;
        for row in &table.rows {
            writer.write_record(row.iter().map(cell))?;
        }
    }
    if !is_plain {
        for note in &report.notes {
            writer.write_record([plain(note)])?;
        }
    }
    Ok(())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Text(text) => plain(text),
        other => other.to_string(),
    }
}

fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
