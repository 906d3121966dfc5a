//! Writes the published tables as Parquet, as of one entry of the journal, beside the running plant.
//! The manifest is its cursor: it says up to which entry the files show the plant, and a second run
//! replaces them. Deliberately whole each time: what changed since is often in every month.

use std::path::{Path, PathBuf};

use super::lake_telemetry;
use crate::base::{Code, Digest, Refusal, limits};
use crate::engine::Engine;
use crate::lake::{EdgeRow, Export, JournalRow, Manifest, Source, Table, TableFiles, published};
use crate::model::{Fields, LotEdge, Noun, Plant};
use crate::store::Snapshot;
use crate::telemetry::Lane;
use crate::views::{Row, as_of};

/// The moment that is exported, and how far it is.
struct Scan<'e> {
    engine: &'e Engine,
    seq: u64,
    done: u64,
    total: u64,
    progress: &'e mut dyn FnMut(u64, u64),
}

/// Exports every published table, and what machines told where a lane has it, into a folder; answers the
/// manifest and where it stands.
pub fn export(engine: &Engine, lane: Option<&Lane>, out: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(Manifest, PathBuf), Refusal> {
    let tables = published();
    let (head, plant, total) = engine.read(|snapshot| moment(snapshot, &tables))??;
    let mut export = Export::begin(out, &plant, head)?;
    let mut scan = Scan { engine, seq: head.0, done: 0, total, progress };
    for table in &tables {
        let mut files = export.files(table);
        match table.source {
            Source::Records(noun) => scan.records(noun, &mut files)?,
            Source::Edges => scan.edges(&mut files)?,
            Source::Journal => scan.journal(&mut files)?,
        }
        export.add(files.finish()?);
    }
    if let Some(lane) = lane {
        lake_telemetry::export(lane, &mut export, lane.intake().now())?;
    }
    export.finish()
}

/// Head, plant's name, and about how many rows there are.
fn moment(snapshot: &Snapshot, tables: &[Table]) -> Result<((u64, Digest), String, u64), Refusal> {
    let head = snapshot.head_hash()?;
    let page = as_of::page(snapshot, Noun::Plant, head.0, 0, 1)?;
    let plant = page.rows.first().and_then(|row| row.record.as_any().downcast_ref::<Plant>());
    let plant = plant.ok_or_else(|| Refusal::new(Code::NotFound, "no plant is founded here, so there is nothing to export"))?;
    let mut total = head.0;
    for table in tables {
        total += match table.source {
            Source::Records(noun) => snapshot.count(noun)?,
            Source::Edges => snapshot.count(Noun::LotEdge)?,
            Source::Journal => 0,
        };
    }
    Ok((head, plant.plant_name.clone(), total))
}

impl Scan<'_> {
    fn records(&mut self, noun: Noun, files: &mut TableFiles<'_>) -> Result<(), Refusal> {
        self.pages(noun, |rows| files.append(&rows.iter().map(|row| row.record.as_ref() as &dyn Fields).collect::<Vec<_>>()))
    }

    fn edges(&mut self, files: &mut TableFiles<'_>) -> Result<(), Refusal> {
        self.pages(Noun::LotEdge, |rows| {
            let edges = rows.iter().filter_map(|row| row.record.as_any().downcast_ref::<LotEdge>().and_then(EdgeRow::of));
            files.append(&borrowed(&edges.collect::<Vec<_>>()))
        })
    }

    /// Shows the records of a noun in pages that are full but for the last: files depend on where pages
    /// end, and what is written meanwhile must not show in them.
    fn pages(&mut self, noun: Noun, mut show: impl FnMut(&[Row]) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let (mut rows, mut after) = (Vec::new(), Some(0));
        while let Some(number) = after {
            let page = self.engine.read(|snapshot| as_of::page(snapshot, noun, self.seq, number, limits::PAGE_MAX - rows.len()))??;
            rows.extend(page.rows);
            after = page.next;
            if rows.len() == limits::PAGE_MAX || after.is_none() {
                show(&rows)?;
                self.advance(rows.len());
                rows.clear();
            }
        }
        Ok(())
    }

    fn journal(&mut self, files: &mut TableFiles<'_>) -> Result<(), Refusal> {
        let mut after = 0;
        while after < self.seq {
            let last = self.seq.min(after + limits::PAGE_MAX as u64);
            let (entries, hashes) = self.engine.read(|snapshot| Ok::<_, Refusal>((snapshot.entries(after, limits::PAGE_MAX)?, snapshot.entry_hashes(after + 1, last)?)))??;
            let rows: Vec<JournalRow> = entries.into_iter().zip(hashes).map(|(entry, hash)| JournalRow::of(entry, hash)).collect();
            files.append(&borrowed(&rows))?;
            self.advance(rows.len());
            after = last;
        }
        Ok(())
    }

    fn advance(&mut self, rows: usize) {
        self.done += rows as u64;
        (self.progress)(self.done, self.total);
    }
}

fn borrowed<R: Fields>(rows: &[R]) -> Vec<&dyn Fields> {
    rows.iter().map(|row| row as &dyn Fields).collect()
}
