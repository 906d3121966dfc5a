//! The files of one table: each row goes to the file of its month. Few files are open and little
//! memory is held at once; a month that comes back after its file was closed gets a second part.

use std::collections::BTreeMap;
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
}

struct OpenFile {
    month: Option<Month>,
    path: PathBuf,
    file: ParquetFile,
}

impl<'t> TableFiles<'t> {
    pub(super) fn new(table: &'t Table, stage: PathBuf, folder: String) -> Self {
        Self { table, schema: table.schema(), stage, folder, open: Vec::new(), parts: BTreeMap::new(), lines: Vec::new() }
    }

    /// Writes the next rows of the table's source. The same pages of rows make the same bytes.
    pub fn append(&mut self, rows: &[&dyn Fields]) -> Result<(), Refusal> {
        let mut months: BTreeMap<Option<Month>, Vec<&dyn Fields>> = BTreeMap::new();
        for row in rows {
            months.entry(self.table.month(*row)).or_default().push(*row);
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
        if self.parts.is_empty() {
            let month = self.table.time().map(|_| Month::NONE);
            self.file_of(month)?;
        }
        for it in std::mem::take(&mut self.open) {
            self.close(it)?;
        }
        self.lines.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(TableLine::new(self.table, self.lines))
    }
}
