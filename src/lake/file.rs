//! One Parquet file in the making: compressed, with statistics, hashed as it is written, and with
//! nothing in it that the rows do not say, so that the same rows make the same bytes.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use sha2::{Digest as _, Sha256};

use crate::base::{Code, Digest, Refusal, limits};

/// Fixed, so that a new release of a library is no new file by its name alone.
const CREATED_BY: &str = "millwright parquet 1";
/// zstd's own default: beyond it files shrink little and the export takes longer.
const ZSTD_LEVEL: i32 = 3;

/// What was written.
pub(super) struct Written {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) digest: Digest,
}

pub(super) struct ParquetFile {
    path: PathBuf,
    writer: ArrowWriter<Hashing>,
    rows: u64,
}

struct Hashing {
    file: File,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// A fault of the disk under a path, for whoever must make room or give rights.
pub(super) fn disk(path: &Path, error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Code::Unavailable, format!("{} cannot be written: {error}; nothing was exported, and what was there before still is", path.display()))
}

impl ParquetFile {
    pub(super) fn create(path: PathBuf, schema: &SchemaRef) -> Result<Self, Refusal> {
        let file = File::create(&path).map_err(|error| disk(&path, &error))?;
        let out = Hashing { file, hasher: Sha256::new(), bytes: 0 };
        let writer = properties().and_then(|properties| ArrowWriter::try_new(out, SchemaRef::clone(schema), Some(properties)));
        let writer = writer.map_err(|error| disk(&path, &error))?;
        Ok(Self { path, writer, rows: 0 })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), Refusal> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|error| disk(&self.path, &error))
    }

    /// Bytes held in memory until the row group is written.
    pub(super) fn held(&self) -> usize {
        self.writer.memory_size()
    }

    /// Ends the row group and gives its memory back.
    pub(super) fn flush(&mut self) -> Result<(), Refusal> {
        self.writer.flush().map_err(|error| disk(&self.path, &error))
    }

    /// Ends the file and makes it durable.
    pub(super) fn finish(self) -> Result<Written, Refusal> {
        let Hashing { file, hasher, bytes } = self.writer.into_inner().map_err(|error| disk(&self.path, &error))?;
        file.sync_all().map_err(|error| disk(&self.path, &error))?;
        Ok(Written { rows: self.rows, bytes, digest: Digest(hasher.finalize().into()) })
    }
}

pub(super) fn properties() -> Result<WriterProperties, ParquetError> {
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(limits::ROW_GROUP_ROWS));
    Ok(properties.build())
}
