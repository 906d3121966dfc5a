//! A table by days, in files as its rows come: `TABLE/plant=NAME/year=YYYY/month=MM/day=DD/part-0.parquet`,
//! one a day. For what is too much to be handed over as records. Days are UTC's, as months are.

use std::fs;
use std::path::PathBuf;

use super::export::Export;
use super::file::{ParquetFile, disk};
use super::manifest::{FileLine, TableLine};
use super::partition;
use super::sheet::{Column, batch, described};
use crate::base::{Date, Refusal};

/// The files of a table by days.
pub struct DayFiles {
    table: &'static str,
    time: &'static str,
    stage: PathBuf,
    folder: String,
    open: Option<(Date, PathBuf, ParquetFile)>,
    columns: Vec<(&'static str, String, bool)>,
    lines: Vec<FileLine>,
}

impl Export {
    /// The files of a table by days; `time` is the column that says when.
    pub fn day_files(&self, table: &'static str, time: &'static str) -> DayFiles {
        DayFiles { table, time, stage: self.stage(), folder: self.folder().to_owned(), open: None, columns: Vec::new(), lines: Vec::new() }
    }
}

impl DayFiles {
    /// Appends rows of a day. Days come one after the other; all rows have the same columns.
    pub fn write(&mut self, day: Date, columns: Vec<Column>) -> Result<(), Refusal> {
        self.columns = described(&columns);
        let rows = batch(columns)?;
        if self.open.as_ref().is_none_or(|(open, ..)| *open != day) {
            self.close()?;
            let path = partition::day_path(self.table, &self.folder, day);
            let staged = self.stage.join(&path);
            let parent = staged.parent().unwrap_or(&self.stage);
            fs::create_dir_all(parent).map_err(|error| disk(parent, &error))?;
            self.open = Some((day, path, ParquetFile::create(staged, &rows.schema())?));
        }
        self.open.as_mut().map_or(Ok(()), |(_, _, file)| file.write(&rows))
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let Some((_, path, file)) = self.open.take() else { return Ok(()) };
        let written = file.finish()?;
        self.lines.push(FileLine { path, rows: written.rows, bytes: written.bytes, digest: written.digest });
        Ok(())
    }

    /// Ends all files. A table without rows has one file without rows, so that a query finds its columns.
    pub fn finish(mut self, empty: Vec<Column>) -> Result<TableLine, Refusal> {
        self.close()?;
        if self.lines.is_empty() {
            self.write(Date::from_days(0), empty)?;
            self.close()?;
        }
        Ok(TableLine::by_days(self.table, self.time, self.columns, self.lines))
    }
}
