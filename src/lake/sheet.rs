//! Rows of one answer as bytes that tools read without parsing: an Arrow stream, or a Parquet file.
//! Deliberately in memory: an answer is bounded before it comes here, and nothing is kept of it.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::file::properties;
use crate::base::{Code, Refusal};

/// Contents of a column, row by row.
pub enum Cells {
    /// Moments, as microseconds since 1970, UTC.
    Times(Vec<i64>),
    /// Texts; many rows may share one.
    Texts(Vec<Option<Arc<str>>>),
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Whole numbers.
    Counts(Vec<i64>),
}

/// A named column. All columns of a sheet are equally long.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its contents.
    pub cells: Cells,
}

/// What a sheet becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Arrow IPC, streaming format.
    ArrowStream,
    /// A Parquet file.
    Parquet,
}

impl Form {
    /// The bytes of a sheet.
    pub fn bytes(self, columns: Vec<Column>) -> Result<Vec<u8>, Refusal> {
        let batch = batch(columns)?;
        self.bytes_of(&batch.schema(), std::slice::from_ref(&batch))
    }

    /// The bytes of batches that have one schema.
    pub fn bytes_of(self, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::ArrowStream => stream(schema, batches).map_err(|error| fault(&error)),
            Self::Parquet => parquet(schema, batches).map_err(|error| fault(&error)),
        }
    }
}

fn fault(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Code::Internal, format!("the rows could not be written: {error}"))
}

/// Columns as a manifest tells them: name, SQL type, and whether a cell may be empty.
pub(super) fn described(columns: &[Column]) -> Vec<(&'static str, String, bool)> {
    let described = columns.iter().map(|column| match column.cells {
        Cells::Times(_) => (column.name, "TIMESTAMP WITH TIME ZONE", false),
        Cells::Texts(_) => (column.name, "VARCHAR", true),
        Cells::Numbers(_) => (column.name, "DOUBLE", true),
        Cells::Counts(_) => (column.name, "BIGINT", false),
    });
    described.map(|(name, kind, nullable)| (name, kind.to_owned(), nullable)).collect()
}

/// A sheet as one batch.
pub fn batch(columns: Vec<Column>) -> Result<RecordBatch, Refusal> {
    let named = columns.into_iter().map(|column| {
        let nullable = matches!(column.cells, Cells::Texts(_) | Cells::Numbers(_));
        (column.name, array(column.cells), nullable)
    });
    RecordBatch::try_from_iter_with_nullable(named).map_err(|error| fault(&error))
}

fn array(cells: Cells) -> ArrayRef {
    match cells {
        Cells::Times(micros) => Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC")),
        Cells::Texts(texts) => Arc::new(StringArray::from_iter(texts)),
        Cells::Numbers(numbers) => Arc::new(Float64Array::from(numbers)),
        Cells::Counts(counts) => Arc::new(Int64Array::from(counts)),
    }
}

fn stream(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema)?;
    batches.iter().try_for_each(|batch| writer.write(batch))?;
    writer.finish()?;
    writer.into_inner()
}

fn parquet(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<u8>, ParquetError> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(schema), Some(properties()?))?;
    batches.iter().try_for_each(|batch| writer.write(batch))?;
    writer.close()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
    use arrow_ipc::reader::StreamReader;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    fn sheet() -> Vec<Column> {
        vec![
            Column { name: "time", cells: Cells::Times(vec![1, 2]) },
            Column { name: "metric", cells: Cells::Texts(vec![Some("power".into()), None]) },
            Column { name: "avg", cells: Cells::Numbers(vec![None, Some(2.5)]) },
            Column { name: "count", cells: Cells::Counts(vec![0, 3]) },
        ]
    }

    fn check(batch: &RecordBatch) {
        assert_eq!(batch.column_by_name("time").unwrap().as_primitive::<TimestampMicrosecondType>().values()[..], [1, 2]);
        assert_eq!(batch.column_by_name("metric").unwrap().as_string::<i32>().iter().collect::<Vec<_>>(), [Some("power"), None]);
        assert_eq!(batch.column_by_name("avg").unwrap().as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [None, Some(2.5)]);
        assert_eq!(batch.column_by_name("count").unwrap().as_primitive::<Int64Type>().values()[..], [0, 3]);
    }

    #[test]
    fn a_sheet_is_read_back_as_it_was_from_both_forms() {
        let bytes = Form::ArrowStream.bytes(sheet()).unwrap();
        let batches: Vec<_> = StreamReader::try_new(bytes.as_slice(), None).unwrap().map(Result::unwrap).collect();
        assert_eq!(batches.len(), 1);
        check(&batches[0]);
        let bytes = Form::Parquet.bytes(sheet()).unwrap();
        assert_eq!(bytes[..4], *b"PAR1");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sheet"), bytes).unwrap();
        let file = std::fs::File::open(folder.path().join("sheet")).unwrap();
        check(&ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap());
    }

    #[test]
    fn columns_of_different_lengths_are_a_fault_and_no_panic() {
        let mut columns = sheet();
        columns.push(Column { name: "short", cells: Cells::Counts(vec![1]) });
        assert_eq!(Form::ArrowStream.bytes(columns).unwrap_err().code, Code::Internal);
    }
}
