//! Floor 2: arrow and Parquet, and only here. What the published tables are, their columns as Arrow
//! arrays, and files of them in a directory, whole or not at all; rows of one answer as bytes. Deliberately
//! without a way to the plant: rows are handed in from above, and nothing here is ever read back as truth.

mod columns;
mod day_files;
mod export;
mod file;
mod manifest;
mod partition;
mod sheet;
mod table_files;
mod tables;

pub use day_files::DayFiles;
pub use export::{Export, files_named, lines_named, manifest_in, manifest_name};
pub use manifest::{FileLine, Manifest, TableLine, listed};
pub use partition::plant_folder;
pub use sheet::{Cells, Column, Form, batch};
pub use table_files::TableFiles;
pub use tables::{EdgeRow, EventRow, JournalRow, Source, Table, published};
