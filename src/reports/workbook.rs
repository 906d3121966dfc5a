//! A report as a workbook: a sheet that says what it is, then one for each table. Numbers are numbers, moments
//! are the plant's local time, texts are texts and never formulas.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::report::{Report, Table};
use crate::base::{Code, Refusal, Time, Value};

/// Narrowest and widest column, in characters.
const WIDTHS: (usize, usize) = (8, 60);
/// Longest name of a sheet that programs take.
const SHEET_NAME_MAX: usize = 31;
/// Longest text of a cell that programs take, in characters.
const CELL_MAX: usize = 32_767;

/// The whole document.
pub(super) fn document(report: &Report) -> Result<Vec<u8>, Refusal> {
    build(report).map_err(|error| Refusal::new(Code::Internal, format!("the workbook could not be written: {error}")))
}

struct Styles {
    heading: Format,
    label: Format,
    time: Format,
    date: Format,
    text: Format,
}

fn build(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let styles = Styles {
        heading: Format::new().set_bold().set_font_size(14),
        label: Format::new().set_bold(),
        time: Format::new().set_num_format("yyyy-mm-dd hh:mm").set_align(FormatAlign::Left),
        date: Format::new().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
        text: Format::new().set_text_wrap().set_align(FormatAlign::Top),
    };
    let mut book = Workbook::new();
    let made = moment(report, report.origin.at)?;
    book.set_properties(&DocProperties::new().set_title(&report.title).set_company(&report.origin.plant).set_creation_datetime(&made));
    front(report, book.add_worksheet(), &styles)?;
    for table in &report.tables {
        rows(report, table, book.add_worksheet(), &styles)?;
    }
    book.save_to_buffer()
}

fn moment(report: &Report, time: Time) -> Result<ExcelDateTime, XlsxError> {
    let at = time.civil(&report.origin.zone);
    let date = ExcelDateTime::from_ymd(at.year().unsigned_abs(), at.month().unsigned_abs(), at.day().unsigned_abs())?;
    date.and_hms(at.hour().unsigned_abs().into(), at.minute().unsigned_abs(), f64::from(at.second()))
}

fn front(report: &Report, sheet: &mut Worksheet, styles: &Styles) -> Result<(), XlsxError> {
    sheet.set_name("Report")?.set_column_width(0, 28)?.set_column_width(1, 70)?;
    sheet.write_string_with_format(0, 0, &report.title, &styles.heading)?;
    let mut lines = vec![("Plant", Value::Text(report.origin.plant.clone()))];
    lines.extend(report.period.map(|(from, _)| ("From", Value::Time(from))));
    lines.extend(report.period.map(|(_, to)| ("To", Value::Time(to))));
    lines.push(("Data as of", Value::Time(report.origin.at)));
    lines.push(("Journal entry", Value::Text(report.origin.seq.to_string())));
    lines.push(("SHA-256 of the data", Value::Text(report.digest().to_string())));
    lines.extend(report.facts.iter().map(|fact| (fact.label, fact.value.clone())));
    lines.extend(report.notes.iter().map(|note| ("Note", Value::Text(note.clone()))));
    for (row, (label, value)) in (2..).zip(&lines) {
        sheet.write_string_with_format(row, 0, *label, &styles.label)?;
        write(report, sheet, (row, 1), value, styles)?;
    }
    Ok(())
}

fn rows(report: &Report, table: &Table, sheet: &mut Worksheet, styles: &Styles) -> Result<(), XlsxError> {
    sheet.set_name(table.title.chars().take(SHEET_NAME_MAX).collect::<String>())?.set_freeze_panes(1, 0)?;
    for (at, column) in (0..).zip(table.columns) {
        let longest = table.rows.iter().map(|row| report.shown(&row[usize::from(at)]).chars().count()).max().unwrap_or(0);
        let width = u16::try_from(longest.max(column.label.len()).clamp(WIDTHS.0, WIDTHS.1) + 2).unwrap_or(u16::MAX);
        sheet.set_column_width(at, f64::from(width))?;
        sheet.write_string_with_format(0, at, column.label, &styles.label)?;
    }
    for (at, cells) in (1..).zip(&table.rows) {
        for (column, value) in (0..).zip(cells) {
            write(report, sheet, (at, column), value, styles)?;
        }
    }
    Ok(())
}

fn write(report: &Report, sheet: &mut Worksheet, (row, column): (u32, u16), value: &Value, styles: &Styles) -> Result<(), XlsxError> {
    match value {
        Value::Null => Ok(()),
        Value::Bool(yes) => sheet.write_boolean(row, column, *yes).map(drop),
        Value::Int(number) => sheet.write_number(row, column, *number as f64).map(drop),
        Value::Dec(number) => sheet.write_number(row, column, number.scaled() as f64 / crate::base::Decimal::ONE.scaled() as f64).map(drop),
        Value::Time(time) => sheet.write_datetime_with_format(row, column, moment(report, *time)?, &styles.time).map(drop),
        Value::Date(date) => {
            let date = date.civil();
            let date = ExcelDateTime::from_ymd(date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs())?;
            sheet.write_datetime_with_format(row, column, date, &styles.date).map(drop)
        }
        other => {
            let text: String = report.shown(other).chars().take(CELL_MAX).collect();
            sheet.write_string_with_format(row, column, text, &styles.text).map(drop)
        }
    }
}
