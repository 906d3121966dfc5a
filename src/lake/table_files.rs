//! The files of one table: each row goes to the file of its month. Few files are open and little
//! memory is held at once; a month that comes back after its file was closed gets a second part.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use arrow_schema::SchemaRef;

use super::file::{ParquetFile, disk};
use super::manifest::{FileLine, TableLine};
use super::partition::{self, Month};
use super::tables::Table;
use crate::base::{Refusal, limits};
use crate::model::Fields;

/// The files of one table in the making; rows come in order of their numbers and leave so.
pub struct TableFiles<'t> {
    table: &'t Table,
    schema: SchemaRef,
    stage: PathBuf,
    folder: String,
    /// The one written last stands last.
    open: Vec<OpenFile>,
    parts: BTreeMap<Option<Month>, u32>,
    lines: Vec<FileLine>,
    /// The months that are written; the others stay as they are. `None`: all.
    only: Option<BTreeSet<Option<Month>>>,
}

struct OpenFile {
    month: Option<Month>,
    path: PathBuf,
    file: ParquetFile,
}

impl<'t> TableFiles<'t> {
    pub(super) fn new(table: &'t Table, stage: PathBuf, folder: String) -> Self {
        Self { table, schema: table.schema(), stage, folder, open: Vec::new(), parts: BTreeMap::new(), lines: Vec::new(), only: None }
    }

    /// Goes on from the files of an earlier export, of which these rows are not or no longer true.
    pub(super) fn going_on(mut self, earlier: Vec<FileLine>, changed: &[&dyn Fields]) -> Self {
        let months: BTreeSet<Option<Month>> = changed.iter().map(|row| self.table.month(*row)).collect();
        let folders: Vec<PathBuf> = months.iter().map(|month| partition::folder(self.table.name, &self.folder, *month)).collect();
        self.lines = earlier.into_iter().filter(|line| !folders.iter().any(|folder| line.path.starts_with(folder))).collect();
        self.only = Some(months);
        self
    }

    /// Whether any rows are wanted; without them the table stays as it is.
    pub fn wants_rows(&self) -> bool {
        self.only.as_ref().is_none_or(|only| !only.is_empty())
    }

    /// Writes the next rows of the table's source. The same pages of rows make the same bytes.
    pub fn append(&mut self, rows: &[&dyn Fields]) -> Result<(), Refusal> {
        let mut months: BTreeMap<Option<Month>, Vec<&dyn Fields>> = BTreeMap::new();
        for row in rows {
            let month = self.table.month(*row);
            if self.only.as_ref().is_none_or(|only| only.contains(&month)) {
                months.entry(month).or_default().push(*row);
            }
        }
        for (month, rows) in months {
            let batch = self.table.batch(&self.schema, &rows)?;
            self.file_of(month)?.write(&batch)?;
            self.keep_small()?;
        }
        Ok(())
    }

    fn file_of(&mut self, month: Option<Month>) -> Result<&mut ParquetFile, Refusal> {
        let last = match self.open.iter().position(|it| it.month == month) {
            Some(at) => self.open.remove(at),
            None => self.create(month)?,
        };
        self.open.push(last);
        let at = self.open.len() - 1;
        Ok(&mut self.open[at].file)
    }

    fn create(&mut self, month: Option<Month>) -> Result<OpenFile, Refusal> {
        if self.open.len() >= limits::PARQUET_FILES_OPEN {
            let oldest = self.open.remove(0);
            self.close(oldest)?;
        }
        let part = self.parts.entry(month).or_insert(0);
        let path = partition::path(self.table.name, &self.folder, month, *part);
        *part += 1;
        let staged = self.stage.join(&path);
        let parent = staged.parent().unwrap_or(&self.stage);
        fs::create_dir_all(parent).map_err(|error| disk(parent, &error))?;
        Ok(OpenFile { month, path, file: ParquetFile::create(staged, &self.schema)? })
    }

    fn close(&mut self, it: OpenFile) -> Result<(), Refusal> {
        let written = it.file.finish()?;
        self.lines.push(FileLine { path: it.path, rows: written.rows, bytes: written.bytes, digest: written.digest });
        Ok(())
    }

    /// Ends row groups, the fullest first, until what is held fits.
    fn keep_small(&mut self) -> Result<(), Refusal> {
        while self.open.iter().map(|it| it.file.held()).sum::<usize>() > limits::ROW_GROUP_BYTES {
            let Some(fullest) = self.open.iter_mut().max_by_key(|it| it.file.held()) else { break };
            fullest.file.flush()?;
        }
        Ok(())
    }

    /// Ends all files. A table without rows has one file without rows, so that a query finds its columns.
    pub fn finish(mut self) -> Result<TableLine, Refusal> {
        if self.parts.is_empty() && self.lines.is_empty() {
            let month = self.table.time().map(|_| Month::NONE);
            self.file_of(month)?;
        }
        for it in std::mem::take(&mut self.open) {
            self.close(it)?;
        }
        Ok(TableLine::new(self.table, self.lines))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use arrow_array::cast::AsArray as _;
    use arrow_array::types::Int64Type;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::base::{Date, Time};
    use crate::lake::{JournalRow, published};

    fn row(seq: i64, month: i32) -> JournalRow {
        let micros = i64::from(Date::from_days(15_000 + month * 31).days()) * 86_400_000_000;
        JournalRow { seq, recorded_at: Time::from_micros(micros), ..JournalRow::default() }
    }

    fn sequences(path: &Path) -> Vec<i64> {
        let batches = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
        batches.flat_map(|batch| batch.unwrap().column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
    }

    #[test]
    fn months_out_of_order_beyond_the_open_files_become_second_parts_and_lose_no_row() {
        let folder = tempfile::tempdir().unwrap();
        let tables = published();
        let journal = tables.iter().find(|table| table.name == "journal").unwrap();
        let mut files = TableFiles::new(journal, folder.path().to_path_buf(), "plant=A".to_owned());
        let months = i32::try_from(limits::PARQUET_FILES_OPEN).unwrap() + 6;
        for round in 0..3_i64 {
            for month in 0..months {
                let row = row(round * i64::from(months) + i64::from(month), month);
                files.append(&[&row]).unwrap();
                assert!(files.open.len() <= limits::PARQUET_FILES_OPEN);
            }
        }
        let table = files.finish().unwrap();
        assert!(table.files.len() > months.unsigned_abs() as usize && table.rows() == 3 * u64::from(months.unsigned_abs()));
        let mut all = Vec::new();
        for file in &table.files {
            let own = sequences(&folder.path().join(&file.path));
            assert!(own.is_sorted() && own.len() as u64 == file.rows, "{own:?}");
            all.extend(own);
        }
        all.sort_unstable();
        assert_eq!(all, (0..3 * i64::from(months)).collect::<Vec<_>>());
    }
}
