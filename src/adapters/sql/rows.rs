//! Rows on the wire, in text or binary as the client asks, batch by batch as they come. Exact numbers are written here,
//! since the library's have 28 digits and ours 38.

use std::sync::Arc;

use arrow_pg::datatypes::arrow_schema_to_pg_fields;
use arrow_pg::encoder::{Encoder, encode_value};
use futures_util::{Stream, StreamExt as _, stream};
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo, QueryResponse};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::data::DataRow;
use tokio::sync::watch;

use super::error;
use crate::query::{RecordBatch, Rows, SchemaRef, exact_number, float_text, interval_text, moment_text};

/// The columns of an answer as they are told; one of nothing but NULL is a text.
pub(super) fn fields(schema: &SchemaRef, format: &Format) -> PgWireResult<Vec<FieldInfo>> {
    let all = arrow_schema_to_pg_fields(schema, format, None)?;
    let told = |field: FieldInfo| if *field.datatype() == Type::UNKNOWN { FieldInfo::new(field.name().to_owned(), None, None, Type::TEXT, field.format()) } else { field };
    Ok(all.into_iter().map(told).collect())
}

/// An answer, which a cancellation ends.
pub(super) fn response(rows: Rows, format: &Format, tag: &str, cancelled: watch::Receiver<bool>) -> PgWireResult<QueryResponse> {
    let fields = Arc::new(fields(&rows.schema, format)?);
    let batches = stream::unfold(Some((rows, cancelled)), |going| async move {
        let (mut rows, mut cancelled) = going?;
        let next = tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => Some(Err(PgWireError::QueryCanceled)),
            next = rows.next() => next.map(|batch| batch.map_err(|fault| error(&fault))),
        };
        next.map(|batch| {
            let going = batch.is_ok().then_some((rows, cancelled));
            (batch, going)
        })
    });
    let told = Arc::clone(&fields);
    let rows = batches.flat_map(move |batch| match batch {
        Ok(batch) => encoded(batch, &told).left_stream(),
        Err(error) => stream::iter([Err(error)]).right_stream(),
    });
    let mut response = QueryResponse::new(fields, rows);
    response.set_command_tag(tag);
    Ok(response)
}

/// Row by row as they are taken, so that the first need not wait for thousands.
fn encoded(batch: RecordBatch, fields: &Arc<Vec<FieldInfo>>) -> impl Stream<Item = PgWireResult<DataRow>> + use<> {
    let fields = Arc::clone(fields);
    let mut encoder = DataRowEncoder::new(Arc::clone(&fields));
    stream::iter((0..batch.num_rows()).map(move |row| one(&batch, row, &fields, &mut encoder).map(|()| encoder.take_row())))
}

fn one(batch: &RecordBatch, row: usize, fields: &Arc<Vec<FieldInfo>>, encoder: &mut DataRowEncoder) -> PgWireResult<()> {
    let schema = batch.schema_ref();
    for (at, (column, field)) in batch.columns().iter().zip(fields.iter()).enumerate() {
        // What is absent is absent in every type; an absent interval would else be told as no time.
        if column.is_null(row) {
            Encoder::encode_field(encoder, &None::<i8>, field)?;
        } else if let Some((number, places)) = exact_number(column, row) {
            match field.format() {
                FieldFormat::Text => Encoder::encode_field(encoder, &exact_text(number, places), field)?,
                // As bytes that go out as they are.
                FieldFormat::Binary => {
                    Encoder::encode_field(encoder, &exact_bytes(number, places).as_slice(), &FieldInfo::new(String::new(), None, None, Type::BYTEA, FieldFormat::Binary))?
                }
            }
        } else if let Some(text) =
            (field.format() == FieldFormat::Text).then(|| moment_text(column, row).or_else(|| float_text(column, row)).or_else(|| interval_text(column, row))).flatten()
        {
            Encoder::encode_field(encoder, &text, field)?;
        } else {
            encode_value(encoder, column, row, schema.field(at), field)?;
        }
    }
    Ok(())
}

/// `-0.50`: with all its places.
fn exact_text(number: i128, places: u8) -> String {
    let (sign, places) = (if number < 0 { "-" } else { "" }, usize::from(places));
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Digits of a number in PostgreSQL's numeric are of base 10,000.
const BASE_DIGITS: usize = 4;

/// PostgreSQL's numeric: count and weight of its digits, sign, places, digits.
fn exact_bytes(number: i128, places: u8) -> Vec<u8> {
    let text = exact_text(number, places);
    let (whole, fraction) = text.trim_start_matches('-').split_once('.').unwrap_or((text.trim_start_matches('-'), ""));
    let whole = format!("{}{whole}", "0".repeat(whole.len().next_multiple_of(BASE_DIGITS) - whole.len()));
    let fraction = format!("{fraction}{}", "0".repeat(fraction.len().next_multiple_of(BASE_DIGITS) - fraction.len()));
    let all: Vec<u16> =
        whole.as_bytes().chunks(BASE_DIGITS).chain(fraction.as_bytes().chunks(BASE_DIGITS)).map(|four| four.iter().fold(0, |sum, c| sum * 10 + u16::from(c - b'0'))).collect();
    let before = all.iter().take_while(|digit| **digit == 0).count();
    let after = all.iter().rev().take_while(|digit| **digit == 0).count();
    let digits = if before == all.len() { &[] } else { &all[before..all.len() - after] };
    // Numbers of 38 digits have eleven such digits at most.
    let place = |at: usize| i16::try_from(at).unwrap_or(0);
    let weight = if digits.is_empty() { 0 } else { place(whole.len() / BASE_DIGITS) - 1 - place(before) };
    let sign: u16 = if number < 0 { 0x4000 } else { 0 };
    let mut bytes = u16::try_from(digits.len()).unwrap_or(0).to_be_bytes().to_vec();
    bytes.extend(weight.to_be_bytes());
    bytes.extend(sign.to_be_bytes());
    bytes.extend(u16::from(places).to_be_bytes());
    digits.iter().for_each(|digit| bytes.extend(digit.to_be_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_number_is_written_with_all_its_places() {
        assert_eq!([exact_text(5, 0), exact_text(-50, 2), exact_text(12_345, 2), exact_text(0, 4)], ["5", "-0.50", "123.45", "0.0000"]);
        assert_eq!(exact_text(i128::MAX / 2, 16).len(), 39);
    }

    #[test]
    fn in_binary_it_is_digits_of_base_ten_thousand() {
        let words = |number, places| exact_bytes(number, places).chunks(2).map(|two| i16::from_be_bytes([two[0], two[1]])).collect::<Vec<_>>();
        assert_eq!(words(0, 4), [0, 0, 0, 4]);
        assert_eq!(words(123_450_000, 4), [2, 1, 0, 4, 1, 2345]);
        assert_eq!(words(-15_000, 4), [2, 0, 0x4000, 4, 1, 5000]);
        assert_eq!(words(1_230, 4), [1, -1, 0, 4, 1230]);
        assert_eq!(words(12, 8), [1, -2, 0, 8, 12]);
        assert_eq!(words(10_i128.pow(20), 0), [1, 5, 0, 0, 1]);
    }
}
