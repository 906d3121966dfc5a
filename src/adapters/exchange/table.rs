//! A file as a header and rows of text with their row numbers. CSV (UTF-8 with or without a byte
//! order mark; comma, semicolon or tab) here, XLSX in `sheet`. Deliberately no meaning: a cell is
//! text until a column's kind reads it.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::sheet;
use crate::base::{Code, Refusal, limits};

/// Columns a file may have; the widest noun has under fifty.
pub(super) const COLUMNS_MAX: usize = 200;

/// A file's content.
#[derive(Debug)]
pub(super) struct Table {
    /// Column names as they stand in the file, trimmed.
    pub(super) header: Vec<String>,
    /// The rows below it that hold anything.
    pub(super) rows: Vec<Row>,
}

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    /// Line of the file, or row of the sheet, from 1.
    pub(super) number: u64,
    /// Trimmed cells.
    pub(super) cells: StringRecord,
    /// Why the row cannot be trusted at all.
    pub(super) fault: Option<String>,
}

impl Row {
    /// A cell; empty beyond the row's end.
    pub(super) fn cell(&self, at: usize) -> &str {
        self.cells.get(at).unwrap_or_default()
    }
}

/// How the file is written, where that is told.
#[derive(Default)]
pub(super) struct Form<'a> {
    pub(super) separator: Option<u8>,
    pub(super) sheet: Option<&'a str>,
}

/// Reads a file; what it is shows in its first bytes.
pub(super) fn read(bytes: &[u8], form: &Form<'_>) -> Result<Table, Refusal> {
    if bytes.len() > limits::FILE_MAX {
        return Err(Refusal::new(Code::TooLarge, format!("the file has {} bytes; at most {} are taken, so split it", bytes.len(), limits::FILE_MAX)));
    }
    let rows = if bytes.starts_with(b"PK\x03\x04") {
        sheet::rows(bytes, form.sheet)?
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Refusal::new(Code::UnsupportedType, "this is a spreadsheet of the old .xls kind; save it as .xlsx or CSV"));
    } else {
        csv_rows(bytes, form.separator)?
    };
    table(rows)
}

fn table(rows: Vec<Row>) -> Result<Table, Refusal> {
    let mut rows = rows.into_iter();
    let Some(first) = rows.next() else {
        return Err(Refusal::new(Code::Invalid, "the file is empty: its first row must hold the column names"));
    };
    let header: Vec<String> = first.cells.iter().map(str::to_owned).collect();
    if header.len() > COLUMNS_MAX {
        return Err(Refusal::new(Code::Invalid, format!("the file has {} columns; at most {COLUMNS_MAX} are taken", header.len())));
    }
    if let Some(fault) = first.fault {
        return Err(Refusal::new(Code::Invalid, format!("the row of column names {fault}")));
    }
    for (at, name) in header.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if header[..at].iter().any(|earlier| earlier.to_lowercase() == name.to_lowercase()) {
            return Err(Refusal::new(Code::Invalid, format!("two columns are called {:?}; which one is meant?", shown(name))));
        }
    }
    let wide = header.len();
    let rows = rows.map(|row| checked(row, &header, wide)).collect();
    Ok(Table { header, rows })
}

/// A row that is longer or shorter than the header has its cells in the wrong places.
fn checked(mut row: Row, header: &[String], wide: usize) -> Row {
    let there = row.cells.len();
    if row.fault.is_some() {
        return row;
    }
    if there > wide && row.cells.iter().skip(wide).any(|cell| !cell.is_empty()) || there < wide {
        row.fault = Some(format!("has {there} cells where the column names are {wide}"));
    } else if let Some(at) = header.iter().enumerate().position(|(at, name)| name.is_empty() && !row.cell(at).is_empty()) {
        row.fault = Some(format!("has a cell in column {}, which has no name", at + 1));
    }
    row
}

fn csv_rows(bytes: &[u8], separator: Option<u8>) -> Result<Vec<Row>, Refusal> {
    let text = utf8(bytes)?;
    let separator = separator.unwrap_or_else(|| likely_separator(text));
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).delimiter(separator).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut cells = StringRecord::new();
    let mut lines = Lines { text: text.as_bytes(), counted: 0, line: 1 };
    while reader.read_record(&mut cells).map_err(|error| Refusal::new(Code::Malformed, format!("the file is not CSV: {error}")))? {
        if cells.iter().all(str::is_empty) {
            continue;
        }
        room_for(rows.len())?;
        let number = lines.of(cells.position().map_or(0, csv::Position::byte));
        // A fresh copy holds what the row needs and no more.
        rows.push(Row { number, cells: cells.clone(), fault: None });
    }
    Ok(rows)
}

/// Line numbers of growing places; the reader's own count is one short after CR LF and blank lines.
struct Lines<'t> {
    text: &'t [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, byte: u64) -> u64 {
        let mut start = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        start += self.text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.line += self.text[self.counted..start].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counted = start;
        self.line
    }
}

/// Refuses the row after the last that an import takes; one more is the header.
pub(super) fn room_for(rows: usize) -> Result<(), Refusal> {
    if rows > limits::IMPORT_ROWS_MAX {
        return Err(Refusal::new(Code::TooLarge, format!("the file has more than {} rows; split it", limits::IMPORT_ROWS_MAX)));
    }
    Ok(())
}

fn utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Refusal::new(Code::Malformed, "the file is written in UTF-16; save it as CSV UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|fault| {
        let line = bytes[..fault.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Refusal::new(Code::Malformed, format!("line {line} is not UTF-8; save the file as CSV UTF-8"))
    })
}

/// The most frequent of comma, semicolon and tab outside quotes in the first line that has any text.
fn likely_separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        for (separator, count) in &mut counts {
            *count += i32::from(!quoted && byte == *separator);
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    counts.iter().find(|(_, count)| Some(*count) == most).map_or(b',', |(separator, _)| *separator)
}

/// A cell as a message may show it: short, and without characters that move a cursor.
pub(super) fn shown(cell: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let mut short: String = cell.chars().take(SHOWN_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if cell.len() > short.len() && cell.chars().nth(SHOWN_MAX).is_some() {
        short.push('…');
    }
    short
}
