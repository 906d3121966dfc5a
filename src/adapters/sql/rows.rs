//! Rows on the wire, in text or binary as the client asks, batch by batch as they come.

use std::sync::Arc;

use arrow_pg::datatypes::arrow_schema_to_pg_fields;
use arrow_pg::encoder::{Encoder, encode_value};
use futures_util::{Stream, StreamExt as _, stream};
use pgwire::api::portal::Format;
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo, QueryResponse};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::data::DataRow;
use tokio::sync::watch;

use super::error;
use crate::query::{RecordBatch, Rows, float_text, moment_text};

/// An answer, which a cancellation ends.
pub(super) fn response(rows: Rows, format: &Format, tag: &str, cancelled: watch::Receiver<bool>) -> PgWireResult<QueryResponse> {
    let fields = Arc::new(arrow_schema_to_pg_fields(&rows.schema, format, None)?);
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
        } else if let Some(text) = (field.format() == FieldFormat::Text).then(|| moment_text(column, row).or_else(|| float_text(column, row))).flatten() {
            Encoder::encode_field(encoder, &text, field)?;
        } else {
            encode_value(encoder, column, row, schema.field(at), field)?;
        }
    }
    Ok(())
}
