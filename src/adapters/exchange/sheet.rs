//! The cells of an XLSX sheet as text: dates as ISO, numbers as the spreadsheet shows them.
//! Deliberately cell by cell: one cell in the last row of an otherwise empty sheet must not
//! allocate the sheet. Formulas count with the value that was saved, and are never computed.

use std::io::Cursor;

use calamine::{Data, DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};
use csv::StringRecord;

use super::table::{COLUMNS_MAX, Row, room_for};
use crate::base::{Code, Refusal, limits};

/// What the parts of the archive may declare to unpack to, together.
const UNPACKED_MAX: u64 = 8 * limits::FILE_MAX as u64;
/// Text that the rows of a sheet may hold, since one shared text may stand in every cell.
const TEXT_MAX: usize = 4 * limits::FILE_MAX;

/// The rows of the first sheet, or of the one named.
pub(super) fn rows(bytes: &[u8], sheet: Option<&str>) -> Result<Vec<Row>, Refusal> {
    let unpacked = declared_size(bytes).ok_or_else(|| broken("its directory cannot be read"))?;
    if unpacked > UNPACKED_MAX {
        return Err(Refusal::new(Code::TooLarge, format!("the spreadsheet unpacks to {unpacked} bytes; at most {UNPACKED_MAX} are taken")));
    }
    let fault = |error: XlsxError| broken(&error.to_string());
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(fault)?;
    let names = book.sheet_names();
    let name = match sheet {
        Some(wanted) => names.iter().find(|name| name.as_str() == wanted),
        None => names.first(),
    };
    let Some(name) = name.cloned() else {
        return Err(Refusal::field(Code::Invalid, "sheet", format!("there is no such sheet; the sheets are {}", names.join(", "))));
    };
    let from_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(&name).map_err(fault)?;
    let mut grid = Grid::default();
    while let Some(cell) = cells.next_cell().map_err(fault)? {
        let (row, column) = cell.get_position();
        grid.add(row, column as usize, text(cell.get_value(), from_1904))?;
    }
    grid.finish()
}

fn broken(why: &str) -> Refusal {
    Refusal::new(Code::Malformed, format!("the spreadsheet cannot be read: {}", super::table::shown(why)))
}

#[derive(Default)]
struct Grid {
    rows: Vec<Row>,
    open: Option<(u32, Vec<String>)>,
    fault: Option<String>,
    size: usize,
    width: usize,
}

impl Grid {
    fn add(&mut self, row: u32, column: usize, text: Result<String, String>) -> Result<(), Refusal> {
        if matches!(&text, Ok(text) if text.is_empty()) {
            return Ok(());
        }
        if self.open.as_ref().is_some_and(|(open, _)| *open > row) {
            return Err(broken("its rows are out of order"));
        }
        if self.open.as_ref().is_none_or(|(open, _)| *open != row) {
            self.close()?;
            self.open = Some((row, Vec::new()));
        }
        if column >= COLUMNS_MAX {
            return Err(Refusal::new(Code::Invalid, format!("row {} has more than {COLUMNS_MAX} columns", row + 1)));
        }
        let text = text.unwrap_or_else(|fault| {
            self.fault = Some(format!("has the spreadsheet's error {fault} in column {}", column + 1));
            String::new()
        });
        self.size += text.len();
        if self.size > TEXT_MAX {
            return Err(Refusal::new(Code::TooLarge, format!("the sheet holds more than {TEXT_MAX} bytes of text; split it")));
        }
        if let Some((_, cells)) = &mut self.open {
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            cells[column] = text;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let Some((row, mut cells)) = self.open.take() else { return Ok(()) };
        room_for(self.rows.len())?;
        // A sheet has no ragged rows: trailing empty cells are simply not written.
        self.width = self.width.max(if self.rows.is_empty() { cells.len() } else { 0 });
        if cells.len() < self.width {
            cells.resize(self.width, String::new());
        }
        self.rows.push(Row { number: u64::from(row) + 1, cells: StringRecord::from(cells), fault: self.fault.take() });
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Row>, Refusal> {
        self.close()?;
        Ok(self.rows)
    }
}

fn text(value: &DataRef<'_>, from_1904: bool) -> Result<String, String> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::DateTime(moment) => moment_text(*moment, from_1904),
        DataRef::Error(_) => return Err(Data::from(value.clone()).to_string()),
    })
}

/// A spreadsheet keeps binary fractions and shows fifteen digits: 0.30000000000000004 was typed as 0.3.
fn number_text(number: f64) -> String {
    let fifteen: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    fifteen.to_string()
}

/// Days since 1899-12-30 (or 1904-01-01) with a fraction: a date, a time of day, or both.
fn moment_text(moment: ExcelDateTime, from_1904: bool) -> String {
    const DAY: i64 = 86_400;
    let serial = moment.as_f64();
    // The spreadsheet's own bounds end with the year 9999; below day 61 its calendar has a false leap day.
    let readable = moment.is_datetime() && (0.0..2_958_466.0).contains(&serial);
    if !readable {
        return number_text(serial);
    }
    #[allow(clippy::cast_possible_truncation)]
    let seconds = (serial * 86_400.0).round() as i64;
    let (days, second) = (seconds / DAY, seconds % DAY);
    let clock = format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
    if days == 0 {
        return clock;
    }
    let first = if from_1904 { jiff::civil::date(1904, 1, 1) } else { jiff::civil::date(1899, 12, 30) };
    let Ok(date) = first.checked_add(jiff::Span::new().days(days)) else { return number_text(serial) };
    if second == 0 { date.to_string() } else { format!("{date}T{clock}") }
}

/// What the archive's directory says that its parts unpack to (PKWARE APPNOTE 4.3.12 and 4.3.16).
/// A directory that lies is not caught here; the file's own bound keeps even that within reach.
fn declared_size(bytes: &[u8]) -> Option<u64> {
    let tail = bytes.len().saturating_sub(22 + 65_535);
    let end = tail + bytes[tail..].windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let entries = short(bytes, end + 10)?;
    let mut at = usize::try_from(long(bytes, end + 16)?).ok()?;
    let mut total = 0_u64;
    for _ in 0..entries {
        if bytes.get(at..at + 4)? != b"PK\x01\x02" {
            return None;
        }
        let size = long(bytes, at + 24)?;
        // All ones: the size stands in a wider field that only parts beyond 4 GiB need.
        total = total.checked_add(if size == u64::from(u32::MAX) { wide_size(bytes, at)? } else { size })?;
        at += 46 + short(bytes, at + 28)? + short(bytes, at + 30)? + short(bytes, at + 32)?;
    }
    Some(total)
}

/// The first number of the extra field 1 (APPNOTE 4.5.3), which is the unpacked size.
fn wide_size(bytes: &[u8], entry: usize) -> Option<u64> {
    let mut at = entry + 46 + short(bytes, entry + 28)?;
    let end = at + short(bytes, entry + 30)?;
    while at < end {
        if short(bytes, at)? == 1 {
            return Some(long(bytes, at + 4)? | long(bytes, at + 8)? << 32);
        }
        at += 4 + short(bytes, at + 2)?;
    }
    None
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)))
}
