//! A table by days, in files as its rows come: `TABLE/plant=NAME/year=YYYY/month=MM/day=DD/part-0.parquet`,
//! one a day; while a day goes on, `hour-HH.parquet`, one an hour, so that what is over need not be written
//! again. For what is too much to be handed over as records. Days are UTC's, as months are.

use std::collections::BTreeSet;
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
    empty: Vec<Column>,
    columns: Vec<(&'static str, String, bool)>,
    earlier: Vec<FileLine>,
    open: Option<(PathBuf, ParquetFile)>,
    lines: Vec<FileLine>,
}

impl Export {
    /// The files of a table by days; `time` is the column that says when, `empty` are its columns without a row.
    pub fn day_files(&self, table: &'static str, time: &'static str, empty: Vec<Column>) -> DayFiles {
        let columns = described(&empty);
        let earlier = self.earlier_files(table, &columns);
        DayFiles { table, time, stage: self.stage(), folder: self.folder().to_owned(), empty, columns, earlier, open: None, lines: Vec::new() }
    }
}

impl DayFiles {
    /// The days, and the hours where they are of one, of the files that an earlier export left.
    pub fn earlier(&self) -> BTreeSet<(Date, Option<u8>)> {
        self.earlier.iter().filter(|line| line.rows > 0).filter_map(|line| partition::day_of(&line.path)).collect()
    }

    /// Keeps those of an earlier export's files that are as true as they were.
    pub fn keep(&mut self, is_true: impl Fn(Date, Option<u8>) -> bool) {
        let earlier = std::mem::take(&mut self.earlier).into_iter();
        self.lines.extend(earlier.filter(|line| partition::day_of(&line.path).is_some_and(|(day, hour)| is_true(day, hour))));
    }

    /// Appends rows of a day, or of an hour of it. They come one after the other; all rows have the same columns.
    pub fn write(&mut self, day: Date, hour: Option<u8>, columns: Vec<Column>) -> Result<(), Refusal> {
        let rows = batch(columns)?;
        let path = partition::day_path(self.table, &self.folder, day, hour);
        if self.open.as_ref().is_none_or(|(open, _)| *open != path) {
            self.close()?;
            let staged = self.stage.join(&path);
            let parent = staged.parent().unwrap_or(&self.stage);
            fs::create_dir_all(parent).map_err(|error| disk(parent, &error))?;
            self.open = Some((path, ParquetFile::create(staged, &rows.schema())?));
        }
        self.open.as_mut().map_or(Ok(()), |(_, file)| file.write(&rows))
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let Some((path, file)) = self.open.take() else { return Ok(()) };
        let written = file.finish()?;
        self.lines.push(FileLine { path, rows: written.rows, bytes: written.bytes, digest: written.digest });
        Ok(())
    }

    /// Ends all files. A table without rows has one file without rows, so that a query finds its columns.
    pub fn finish(mut self) -> Result<TableLine, Refusal> {
        self.close()?;
        if self.lines.is_empty() {
            let empty = std::mem::take(&mut self.empty);
            self.write(Date::from_days(0), None, empty)?;
            self.close()?;
        }
        Ok(TableLine::by_days(self.table, self.time, self.columns, self.lines))
    }
}
