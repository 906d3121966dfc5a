//! A whole answer in the shape that somebody asked for: JSON, CSV, a table for a terminal, an Arrow
//! stream or Parquet. Deliberately in memory: whoever wants more rows has the wire or the lake.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, StringArray};
use datafusion::arrow::csv::WriterBuilder as CsvWriterBuilder;
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Field, Float32Type, Float64Type, Schema, SchemaRef, Time64NanosecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::JsonArray;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::arrow::util::pretty::pretty_format_batches_with_options;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::fault::{Fault, SYNTAX};
use super::session::{Rows, Session};
use super::statement::Act;
use crate::base::{Value, value::write_json_text};
use crate::lake;

/// What an answer becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An object: columns, data, the entry it shows.
    Json,
    /// RFC 4180, with headings.
    Csv,
    /// For a terminal.
    Table,
    /// Arrow IPC, streaming format.
    Arrow,
    /// A Parquet file.
    Parquet,
}

impl Form {
    /// Reads its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "json" => Self::Json,
            "csv" => Self::Csv,
            "table" => Self::Table,
            "arrow" => Self::Arrow,
            "parquet" => Self::Parquet,
            _ => return None,
        })
    }
}

/// All rows of an answer.
pub struct Answer {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    seq: u64,
}

impl Session {
    /// Answers a text of one statement that gives rows, with at most so many.
    pub async fn answer(&self, text: &str, most: usize) -> Result<Answer, Fault> {
        let mut all = self.read(text).await?;
        let (Some(statement), true) = (all.pop(), all.is_empty()) else {
            return Err(Fault::new(SYNTAX, "there must be one statement"));
        };
        if !matches!(statement.act, Act::Read | Act::Show(_)) {
            return Err(Fault::new(SYNTAX, format!("{} gives no rows here", statement.tag())).hint("ask with SELECT"));
        }
        let mut rows: Rows = self.run(&statement, None, most).await?;
        let mut batches = Vec::new();
        while let Some(batch) = rows.next().await {
            batches.push(batch?);
        }
        Ok(Answer { schema: Arc::clone(&rows.schema), batches, seq: rows.seq })
    }
}

impl Answer {
    /// The entry of the journal it shows.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Its bytes in a form.
    pub fn bytes(&self, form: Form) -> Result<Vec<u8>, Fault> {
        Ok(match form {
            Form::Json => self.json().map_err(unwritten)?,
            Form::Csv => self.csv().map_err(unwritten)?,
            Form::Table => table(&self.schema, &self.batches).map_err(unwritten)?,
            Form::Arrow => lake::Form::ArrowStream.bytes_of(&self.schema, &self.batches)?,
            Form::Parquet => lake::Form::Parquet.bytes_of(&self.schema, &self.batches)?,
        })
    }

    fn json(&self) -> Result<Vec<u8>, ArrowError> {
        let mut head = String::from("{\"columns\":[");
        for (at, field) in self.schema.fields().iter().enumerate() {
            head.push_str(if at == 0 { "{\"name\":" } else { ",{\"name\":" });
            write_json_text(field.name(), &mut head);
            head.push_str(",\"type\":");
            write_json_text(&sql_type(field.data_type()), &mut head);
            head.push('}');
        }
        head.push_str("],\"data\":");
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
        writer.write_batches(&self.batches.iter().collect::<Vec<_>>())?;
        writer.finish()?;
        let data = writer.into_inner();
        let data = if data.is_empty() { b"[]".to_vec() } else { data };
        let tail = format!(",\"as_of_seq\":{}}}", Value::Int(i64::try_from(self.seq).unwrap_or(i64::MAX)));
        Ok([head.into_bytes(), data, tail.into_bytes()].concat())
    }

    fn csv(&self) -> Result<Vec<u8>, ArrowError> {
        let flat: Vec<RecordBatch> = self.batches.iter().map(flat).collect::<Result<_, _>>()?;
        let mut bytes = Vec::new();
        let mut writer = CsvWriterBuilder::new().with_header(true).build(&mut bytes);
        if flat.is_empty() {
            writer.write(&RecordBatch::new_empty(Arc::clone(&self.schema)))?;
        }
        flat.iter().try_for_each(|batch| writer.write(batch))?;
        drop(writer);
        Ok(bytes)
    }
}

fn table(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let empty = [RecordBatch::new_empty(Arc::clone(schema))];
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let text = pretty_format_batches_with_options(if batches.is_empty() { &empty[..] } else { batches }, &FormatOptions::default())?.to_string();
    Ok(format!("{text}\n({rows} {})", if rows == 1 { "row" } else { "rows" }).into_bytes())
}

/// The table for a terminal of an answer that came as an Arrow stream.
pub fn table_of(stream: &[u8]) -> Result<Vec<u8>, Fault> {
    let read = || {
        let reader = StreamReader::try_new(stream, None)?;
        table(&reader.schema(), &reader.collect::<Result<Vec<_>, _>>()?)
    };
    read().map_err(unwritten)
}

fn unwritten(error: ArrowError) -> Fault {
    Fault::new("XX000", format!("the rows could not be written: {error}"))
}

/// A moment in a cell as PostgreSQL writes it, without needless zeros; `None` for other contents.
pub fn moment_text(column: &ArrayRef, row: usize) -> Option<String> {
    if let DataType::Time64(TimeUnit::Nanosecond) = column.data_type() {
        let clock = Timestamp::from_nanosecond(i128::from(column.as_primitive::<Time64NanosecondType>().value(row))).ok()?;
        return Some(clock.to_zoned(TimeZone::UTC).strftime("%H:%M:%S%.f").to_string());
    }
    let DataType::Timestamp(unit, zone) = column.data_type() else { return None };
    let micros = match unit {
        TimeUnit::Second => column.as_primitive::<TimestampSecondType>().value(row).checked_mul(1_000_000)?,
        TimeUnit::Millisecond => column.as_primitive::<TimestampMillisecondType>().value(row).checked_mul(1_000)?,
        TimeUnit::Microsecond => column.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => column.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1_000),
    };
    let clock = Timestamp::from_microsecond(micros).ok()?.to_zoned(TimeZone::UTC).datetime();
    let text = clock.strftime("%Y-%m-%d %H:%M:%S%.f").to_string();
    Some(if zone.is_some() { format!("{text}+00") } else { text })
}

/// An exact number in a cell, in units of its last place, and how many places it has; `None` for other contents.
pub fn exact_number(column: &ArrayRef, row: usize) -> Option<(i128, u8)> {
    let DataType::Decimal128(_, places) = column.data_type() else { return None };
    Some((column.as_primitive::<Decimal128Type>().value(row), u8::try_from(*places).ok()?))
}

/// A float in a cell as PostgreSQL writes it: the fewest digits that give it back; `None` for other contents.
pub fn float_text(column: &ArrayRef, row: usize) -> Option<String> {
    // Above as many digits as the type is sure to keep, PostgreSQL writes an exponent.
    let (value, short, sure) = match column.data_type() {
        DataType::Float64 => (column.as_primitive::<Float64Type>().value(row), format!("{:e}", column.as_primitive::<Float64Type>().value(row)), 15),
        DataType::Float32 => (f64::from(column.as_primitive::<Float32Type>().value(row)), format!("{:e}", column.as_primitive::<Float32Type>().value(row)), 6),
        _ => return None,
    };
    if !value.is_finite() {
        return Some(
            if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }
            .to_owned(),
        );
    }
    let (digits, exponent) = short.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    if (-4..sure).contains(&exponent) {
        return Some(if let DataType::Float32 = column.data_type() { format!("{}", column.as_primitive::<Float32Type>().value(row)) } else { format!("{value}") });
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    Some(format!("{digits}e{sign}{:02}", exponent.abs()))
}

/// Lists and structs as texts, which is all that a cell can hold.
fn flat(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        if !field.data_type().is_nested() {
            return Ok((field.as_ref().clone(), Arc::clone(column)));
        }
        let shown = ArrayFormatter::try_new(column, &FormatOptions::default())?;
        let texts: ArrayRef = Arc::new((0..column.len()).map(|row| (!column.is_null(row)).then(|| shown.value(row).to_string())).collect::<StringArray>());
        Ok((Field::new(field.name(), DataType::Utf8, true), texts))
    });
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = columns.collect::<Result<Vec<_>, ArrowError>>()?.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// A type as PostgreSQL calls it.
fn sql_type(kind: &DataType) -> String {
    match kind {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => "smallint".to_owned(),
        DataType::Int32 | DataType::UInt16 => "integer".to_owned(),
        DataType::Int64 | DataType::UInt32 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double precision".to_owned(),
        DataType::Decimal128(..) | DataType::Decimal256(..) | DataType::UInt64 => "numeric".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => "text".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_owned(),
        DataType::Timestamp(_, None) => "timestamp without time zone".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "interval".to_owned(),
        DataType::List(item) | DataType::LargeList(item) => format!("{}[]", sql_type(item.data_type())),
        DataType::Struct(_) => "record".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Float32Array, Float64Array};

    use super::*;

    #[test]
    fn a_float_gets_its_exponent_where_postgresql_writes_one() {
        let short: ArrayRef = Arc::new(Float32Array::from(vec![123_456.7, 999_999.0, 1e6, 1_234_567.0, -1e6, 1e-4, 1e-5]));
        let long: ArrayRef = Arc::new(Float64Array::from(vec![1_234_567.0, 1e14, 1e15, 1e-5]));
        let texts = |column: &ArrayRef| (0..column.len()).filter_map(|row| float_text(column, row)).collect::<Vec<_>>();
        assert_eq!(texts(&short), ["123456.7", "999999", "1e+06", "1.234567e+06", "-1e+06", "0.0001", "1e-05"]);
        assert_eq!(texts(&long), ["1234567", "100000000000000", "1e+15", "1e-05"]);
    }
}
