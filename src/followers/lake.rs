//! Writes the published tables as Parquet, as of one entry of the journal, beside the running plant: whole
//! into any folder, or again and again into the lake, minutes behind at most. The manifest is its cursor:
//! it says up to which entry the files show the plant. Of the lake only those months are written anew in
//! which something changed; the rows of a month are still read with all others, which costs little beside
//! writing them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::lake_telemetry::{self, Extent};
use crate::base::{Code, Digest, Refusal, Time, limits};
use crate::engine::Engine;
use crate::lake::{EdgeRow, Export, JournalRow, Manifest, Source, Table, TableFiles, TableLine, published};
use crate::model::{AnyRecord, Fields, LotEdge, Noun, Plant};
use crate::store::{Snapshot, View as _};
use crate::telemetry::Lane;
use crate::views::{Row, as_of};

/// The lake is made so long after the start, which has enough to do.
const FIRST: Duration = Duration::from_secs(10);
/// And brought up to date so often.
const EVERY: Duration = Duration::from_secs(120);
/// After each time it rests so many times as long as that took.
const SHARE: u32 = 20;
/// How often it looks whether it shall.
const LOOK: Duration = Duration::from_millis(250);

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
        let files = export.files(table);
        export.add(scan.table(table, files)?);
    }
    if let Some(lane) = lane {
        lake_telemetry::export(lane, &mut export, lane.intake().now(), &Extent::Whole)?;
    }
    export.finish()
}

/// A folder that is kept up with the plant.
pub struct Lake {
    engine: Engine,
    lane: Option<Lane>,
    out: PathBuf,
    /// Two at once would write the same files.
    turn: Mutex<()>,
}

impl Lake {
    /// The lake of a running plant.
    pub fn new(engine: Engine, lane: Option<Lane>, out: PathBuf) -> Self {
        Self { engine, lane, out, turn: Mutex::new(()) }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.out
    }

    /// Brings it up to the head: months and hours in which nothing changed stay as they are.
    pub fn refresh(&self) -> Result<(Manifest, PathBuf), Refusal> {
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Refusal::new(Code::Busy, "the lake is being made just now; read it when that is done")),
        };
        let tables = published();
        let (head, plant, total) = self.engine.read(|snapshot| moment(snapshot, &tables))??;
        let mut export = Export::going_on(&self.out, &plant, head)?;
        let news = match self.known(&export, head.0)? {
            Some(known) => Some(News::between(&self.engine, known, head.0)?),
            None => {
                export.start_over();
                None
            }
        };
        let mut scan = Scan { engine: &self.engine, seq: head.0, done: 0, total, progress: &mut |_, _| {} };
        for table in &tables {
            let files = match &news {
                Some(news) => export.files_since(table, &news.rows(table)),
                None => export.files(table),
            };
            export.add(scan.table(table, files)?);
        }
        let Some(lane) = &self.lane else { return export.finish() };
        let (changed, until) = (lane.changed_hours(), lane.intake().now());
        lake_telemetry::export(lane, &mut export, until, &Extent::Since(changed.filter(|_| news.is_some())))?;
        let made = export.finish()?;
        lane.shown(until)?;
        Ok(made)
    }

    /// The entry up to which the lake there shows this very plant, if little enough was written since.
    fn known(&self, export: &Export, head: u64) -> Result<Option<u64>, Refusal> {
        let Some((seq, hash)) = export.earlier().filter(|(seq, _)| (1..=head).contains(seq) && head - seq <= limits::LAKE_BEHIND_MAX) else { return Ok(None) };
        let ours = self.engine.read(|snapshot| snapshot.entry_hashes(seq, seq))??;
        Ok((ours == [hash]).then_some(seq))
    }

    /// Keeps it up until told to stop. Blocks its thread.
    fn follow(&self, stopping: &watch::Receiver<bool>) {
        let mut due = Instant::now() + FIRST;
        let mut shown = None;
        while !*stopping.borrow() {
            std::thread::sleep(LOOK);
            // A telling machine changes something all the time.
            let stands = (*self.engine.head().borrow(), self.lane.as_ref().map(Lane::commits));
            if Instant::now() < due || shown == Some(stands) {
                continue;
            }
            let began = Instant::now();
            // On a thread of its own: what an allocator keeps for a thread it gives back when that ends.
            match std::thread::scope(|scope| scope.spawn(|| self.refresh()).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                Ok(_) => shown = Some(stands),
                Err(refusal) => tracing::warn!(%refusal, "the lake is not brought up to date; it is tried again"),
            }
            // However large the plant: a small share of one core.
            due = Instant::now() + EVERY.max(began.elapsed() * SHARE);
        }
    }
}

/// What is new since an entry: the records that changed, and a journal row for each day with entries.
struct News {
    records: Vec<Box<dyn AnyRecord>>,
    days: Vec<JournalRow>,
}

impl News {
    fn between(engine: &Engine, mut after: u64, head: u64) -> Result<Self, Refusal> {
        let (mut subjects, mut days) = (BTreeSet::new(), BTreeMap::new());
        while after < head {
            let entries = engine.read(|snapshot| snapshot.entries(after, limits::PAGE_MAX))??;
            let Some(last) = entries.last() else { break };
            after = last.seq;
            for entry in entries.iter().filter(|entry| entry.seq <= head) {
                subjects.extend(entry.changes.iter().map(|change| change.subject));
                days.entry(entry.recorded_at.date(&TimeZone::UTC)).or_insert(entry.recorded_at);
            }
        }
        let records = engine.read(|snapshot| subjects.iter().map(|subject| snapshot.any(*subject)).collect::<Result<Vec<_>, _>>())??;
        let row = |at: Time| JournalRow { recorded_at: at, ..JournalRow::default() };
        Ok(Self { records: records.into_iter().flatten().filter_map(|sealed| sealed.value).collect(), days: days.into_values().map(row).collect() })
    }

    fn rows(&self, table: &Table) -> Vec<&dyn Fields> {
        let of = |noun: Noun| self.records.iter().filter(move |record| record.noun() == noun).map(|record| record.as_ref() as &dyn Fields).collect();
        match table.source {
            Source::Records(noun) => of(noun),
            Source::Edges => of(Noun::LotEdge),
            Source::Journal => borrowed(&self.days),
        }
    }
}

/// A thread that keeps a lake up with its plant.
pub fn start(lake: Arc<Lake>, stopping: watch::Receiver<bool>) -> Result<JoinHandle<()>, Refusal> {
    let work = move || lake.follow(&stopping);
    std::thread::Builder::new().name("lake".to_owned()).spawn(work).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
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
    /// Writes the rows of a table that its files want.
    fn table(&mut self, table: &Table, mut files: TableFiles<'_>) -> Result<TableLine, Refusal> {
        if files.wants_rows() {
            match table.source {
                Source::Records(noun) => self.records(noun, &mut files)?,
                Source::Edges => self.edges(&mut files)?,
                Source::Journal => self.journal(&mut files)?,
            }
        }
        files.finish()
    }

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
