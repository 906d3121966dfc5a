//! The telemetry file: blocks, sealed hours and rollups as bytes under growing keys, in a redb file of
//! its own, so that machines and the journal never wait for each other. Deliberately without knowing
//! what the bytes say: `telemetry` makes and reads them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Database, Durability, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::error::StoreError;
use super::guard::guarded;
use super::{codec, plant_file};
use crate::base::limits;
use crate::model::telemetry::{Gap, Quarantined, Series};

const SERIES: TableDefinition<u32, &[u8]> = TableDefinition::new("series");
const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
const CURSORS: TableDefinition<&str, &[u8]> = TableDefinition::new("source_cursors");
const GAPS: TableDefinition<u64, &[u8]> = TableDefinition::new("gaps");
const QUARANTINE: TableDefinition<u64, &[u8]> = TableDefinition::new("quarantine");
type PieceKey = [u8; 10];
const HOURS: TableDefinition<&PieceKey, &[u8]> = TableDefinition::new("sealed_hours");
const HOUR_ROLLUPS: TableDefinition<&PieceKey, &[u8]> = TableDefinition::new("hour_rollups");

/// Tables with numbers for keys, and those in pieces, as a dump counts them.
const NUMBERED: [TableDefinition<u64, &[u8]>; 3] = [BLOCKS, GAPS, QUARANTINE];
const NUMBERED_FROM: u8 = 2;
const PIECED: [TableDefinition<&PieceKey, &[u8]>; 2] = [HOURS, HOUR_ROLLUPS];
const PIECED_FROM: u8 = 16;
/// Rows of a dump that are handed on together.
const DUMPED: usize = 2_000;

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// The telemetry file, beside the plant file.
pub const FILE: &str = "telemetry.redb";

/// Cache of redb: blocks are written once, and what is asked often is in memory already.
const CACHE_BYTES: usize = 6 << 20;

/// redb gives a long value pages in powers of two: cut into what fits one page each, a value of twenty
/// pages wastes a twentieth of what it wastes whole.
const PIECE_BYTES: usize = 3_900;

/// A stretch of a machine: what tables of hours and rollups are kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stretch {
    /// The machine's number, given by the lane.
    pub machine: u32,
    /// Hours or days since 1970, as the table has it.
    pub slot: u32,
}

impl Stretch {
    fn key(self, piece: u16) -> PieceKey {
        let mut key = [0; 10];
        key[..4].copy_from_slice(&self.machine.to_be_bytes());
        key[4..8].copy_from_slice(&self.slot.to_be_bytes());
        key[8..].copy_from_slice(&piece.to_be_bytes());
        key
    }

    fn slot_of(key: &PieceKey) -> u32 {
        u32::from_be_bytes([key[4], key[5], key[6], key[7]])
    }
}

/// A table of bytes by stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Samples of an hour of a machine.
    Hours,
    /// Its hours, by the day.
    HourRollups,
}

impl Shelf {
    const fn table(self) -> TableDefinition<'static, &'static PieceKey, &'static [u8]> {
        match self {
            Self::Hours => HOURS,
            Self::HourRollups => HOUR_ROLLUPS,
        }
    }
}

/// What one commit writes.
#[derive(Default)]
pub struct Commit {
    /// New or better known series.
    pub series: Vec<Series>,
    /// Samples as they came, under growing numbers.
    pub blocks: Vec<(u64, Vec<u8>)>,
    /// Blocks whose samples are all sealed.
    pub drained: Vec<u64>,
    /// Where sources go on.
    pub cursors: BTreeMap<String, Vec<u8>>,
    /// What was lost.
    pub gaps: Vec<Gap>,
    /// What could not be taken.
    pub quarantined: Vec<Quarantined>,
    /// Sealed hours and rollups.
    pub shelved: Vec<(Shelf, Stretch, Vec<u8>)>,
    /// Sealed hours and rollups that are retired.
    pub retired: Vec<(Shelf, Stretch)>,
}

/// What is there when the file is opened.
#[derive(Default)]
pub struct Opened {
    /// All series, by number.
    pub series: Vec<Series>,
    /// Where sources go on.
    pub cursors: BTreeMap<String, Vec<u8>>,
    /// Blocks that are not sealed yet.
    pub blocks: Vec<(u64, Vec<u8>)>,
}

/// The open telemetry file.
pub struct TelemetryFile {
    database: RwLock<Option<Arc<Database>>>,
    path: Option<PathBuf>,
}

impl TelemetryFile {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<(Self, Opened), StoreError> {
        guarded(|| Self::over(plant_file::open_sized(path, CACHE_BYTES)?, Some(path.to_path_buf())))
    }

    /// A file in memory, for tests.
    pub fn in_memory() -> Result<(Self, Opened), StoreError> {
        Self::over(Database::builder().create_with_backend(redb::backends::InMemoryBackend::new())?, None)
    }

    fn over(database: Database, path: Option<PathBuf>) -> Result<(Self, Opened), StoreError> {
        let file = Self { database: RwLock::new(Some(Arc::new(database))), path };
        // The tables exist before the first reader comes.
        file.commit(&Commit::default())?;
        let txn = file.read()?.txn;
        let mut opened = Opened::default();
        for row in txn.open_table(SERIES)?.range(0..)? {
            opened.series.push(codec::from_plain("a series", row?.1.value())?);
        }
        for row in txn.open_table(CURSORS)?.range::<&str>(..)? {
            let (source, cursor) = row?;
            opened.cursors.insert(source.value().to_owned(), cursor.value().to_vec());
        }
        for row in txn.open_table(BLOCKS)?.range(0..)? {
            let (number, block) = row?;
            opened.blocks.push((number.value(), block.value().to_vec()));
        }
        drop(txn);
        Ok((file, opened))
    }

    fn database(&self) -> Result<Arc<Database>, StoreError> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }

    /// Closes the file and opens it again after a fault: a failed sync is never retried on the same handle.
    pub fn reopen(&self) -> Result<(), StoreError> {
        let Some(path) = &self.path else { return Err(StoreError::Unusable("telemetry in memory cannot be reopened".to_owned())) };
        drop(self.database.write().unwrap_or_else(PoisonError::into_inner).take());
        let database = guarded(|| plant_file::open_sized(path, CACHE_BYTES))?;
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(database));
        Ok(())
    }

    /// One durable transaction. An error leaves its outcome unknown.
    pub fn commit(&self, it: &Commit) -> Result<(), StoreError> {
        let mut txn = self.database()?.begin_write()?;
        txn.set_durability(Durability::Immediate)?;
        txn.set_quick_repair(true);
        {
            let mut series = txn.open_table(SERIES)?;
            for one in &it.series {
                series.insert(one.id.0, codec::plain(one)?.as_slice())?;
            }
            let mut blocks = txn.open_table(BLOCKS)?;
            for (number, block) in &it.blocks {
                blocks.insert(number, block.as_slice())?;
            }
            for number in &it.drained {
                blocks.remove(number)?;
            }
            let mut cursors = txn.open_table(CURSORS)?;
            for (source, cursor) in &it.cursors {
                cursors.insert(source.as_str(), cursor.as_slice())?;
            }
            let mut gaps = txn.open_table(GAPS)?;
            for gap in &it.gaps {
                let number = gaps.last()?.map_or(1, |(number, _)| number.value() + 1);
                gaps.insert(number, codec::plain(gap)?.as_slice())?;
            }
            let mut quarantine = txn.open_table(QUARANTINE)?;
            for one in &it.quarantined {
                let number = quarantine.last()?.map_or(1, |(number, _)| number.value() + 1);
                quarantine.insert(number, codec::plain(one)?.as_slice())?;
                if let Some(old) = number.checked_sub(limits::QUARANTINE_MAX) {
                    quarantine.remove(old)?;
                }
            }
            for shelf in [Shelf::Hours, Shelf::HourRollups] {
                let mut table = txn.open_table(shelf.table())?;
                for (_, stretch) in it.retired.iter().filter(|(on, _)| *on == shelf) {
                    remove_pieces(&mut table, *stretch, 0)?;
                }
                for (_, stretch, bytes) in it.shelved.iter().filter(|(on, ..)| *on == shelf) {
                    let mut pieces = 0;
                    for piece in bytes.chunks(PIECE_BYTES) {
                        table.insert(&stretch.key(pieces), piece)?;
                        pieces = pieces.checked_add(1).ok_or(StoreError::Exhausted("pieces of a sealed hour"))?;
                    }
                    remove_pieces(&mut table, *stretch, pieces)?;
                }
            }
        }
        txn.commit()?;
        Ok(())
    }

    /// Every row as bytes, its table's number before its key, some thousands at a time; answers how many.
    /// One moment from first to last: what is written meanwhile only keeps its old pages until then, and
    /// sealed hours are hardly ever written again.
    pub(super) fn dump(&self, mut visit: impl FnMut(Rows) -> Result<(), StoreError>) -> Result<u64, StoreError> {
        let txn = self.database()?.begin_read()?;
        let (mut rows, mut count) = (Rows::new(), 0);
        let mut take = |table: u8, key: &[u8], value: &[u8]| {
            rows.push(([&[table], key].concat(), value.to_vec()));
            count += 1;
            if rows.len() < DUMPED { Ok(()) } else { visit(std::mem::take(&mut rows)) }
        };
        for row in txn.open_table(SERIES)?.iter()? {
            let (key, value) = row?;
            take(0, &key.value().to_be_bytes(), value.value())?;
        }
        for row in txn.open_table(CURSORS)?.iter()? {
            let (key, value) = row?;
            take(1, key.value().as_bytes(), value.value())?;
        }
        for (at, table) in NUMBERED.iter().enumerate() {
            for row in txn.open_table(*table)?.iter()? {
                let (key, value) = row?;
                take(NUMBERED_FROM + u8::try_from(at).unwrap_or(0), &key.value().to_be_bytes(), value.value())?;
            }
        }
        for (at, table) in PIECED.iter().enumerate() {
            for row in txn.open_table(*table)?.iter()? {
                let (key, value) = row?;
                take(PIECED_FROM + u8::try_from(at).unwrap_or(0), key.value(), value.value())?;
            }
        }
        if !rows.is_empty() {
            visit(rows)?;
        }
        Ok(count)
    }

    /// Takes rows of a dump in; `false` where one is none.
    pub(super) fn load(&self, rows: &Rows) -> Result<bool, StoreError> {
        let mut txn = self.database()?.begin_write()?;
        txn.set_quick_repair(true);
        for (key, value) in rows {
            let Some((table, key)) = key.split_first() else { return Ok(false) };
            let at = |from: u8| usize::from(table - from);
            let taken = match *table {
                0 => number(key).and_then(|key| u32::try_from(key).ok()).map(|key| txn.open_table(SERIES)?.insert(key, value.as_slice()).map(drop).map_err(StoreError::from)),
                1 => std::str::from_utf8(key).ok().map(|key| txn.open_table(CURSORS)?.insert(key, value.as_slice()).map(drop).map_err(StoreError::from)),
                NUMBERED_FROM.. if at(NUMBERED_FROM) < NUMBERED.len() => {
                    number(key).map(|key| txn.open_table(NUMBERED[at(NUMBERED_FROM)])?.insert(key, value.as_slice()).map(drop).map_err(StoreError::from))
                }
                PIECED_FROM.. if at(PIECED_FROM) < PIECED.len() => {
                    let key: Option<&PieceKey> = key.try_into().ok();
                    key.map(|key| txn.open_table(PIECED[at(PIECED_FROM)])?.insert(key, value.as_slice()).map(drop).map_err(StoreError::from))
                }
                _ => None,
            };
            match taken {
                Some(done) => done?,
                None => return Ok(false),
            }
        }
        txn.commit()?;
        Ok(true)
    }

    /// One moment to read. Drop it soon.
    pub fn read(&self) -> Result<TelemetrySnapshot, StoreError> {
        let txn = self.database()?.begin_read()?;
        // Opened once: an answer looks into them many times.
        Ok(TelemetrySnapshot { hours: txn.open_table(HOURS)?, hour_rollups: txn.open_table(HOUR_ROLLUPS)?, txn })
    }
}

/// One moment of the telemetry file.
pub struct TelemetrySnapshot {
    txn: ReadTransaction,
    hours: Shelved,
    hour_rollups: Shelved,
}

type Shelved = ReadOnlyTable<&'static PieceKey, &'static [u8]>;

impl TelemetrySnapshot {
    const fn table(&self, shelf: Shelf) -> &Shelved {
        match shelf {
            Shelf::Hours => &self.hours,
            Shelf::HourRollups => &self.hour_rollups,
        }
    }

    /// Every block that is not drained, in order.
    pub fn blocks(&self, mut visit: impl FnMut(u64, &[u8]) -> Result<(), StoreError>) -> Result<(), StoreError> {
        for row in self.txn.open_table(BLOCKS)?.iter()? {
            let (number, bytes) = row?;
            visit(number.value(), bytes.value())?;
        }
        Ok(())
    }

    /// Bytes of some slots of a machine, from the first to the last, in order.
    pub fn shelved(&self, shelf: Shelf, machine: u32, first: u32, last: u32, mut visit: impl FnMut(u32, &[u8]) -> Result<(), StoreError>) -> Result<(), StoreError> {
        if first > last {
            return Ok(());
        }
        let table = self.table(shelf);
        let (mut slot, mut bytes) = (first, Vec::new());
        for row in table.range::<&PieceKey>(&Stretch { machine, slot: first }.key(0)..=&Stretch { machine, slot: last }.key(u16::MAX))? {
            let (key, piece) = row?;
            let at = Stretch::slot_of(key.value());
            if at != slot {
                if !bytes.is_empty() {
                    visit(slot, &bytes)?;
                }
                bytes.clear();
                slot = at;
            }
            bytes.extend_from_slice(piece.value());
        }
        if bytes.is_empty() { Ok(()) } else { visit(slot, &bytes) }
    }

    /// Slots of a machine that hold anything, from the first to the last.
    pub fn slots(&self, shelf: Shelf, machine: u32, first: u32, last: u32) -> Result<Vec<u32>, StoreError> {
        let mut slots = Vec::new();
        let table = self.table(shelf);
        for row in table.range::<&PieceKey>(&Stretch { machine, slot: first }.key(0)..=&Stretch { machine, slot: last }.key(u16::MAX))? {
            let slot = Stretch::slot_of(row?.0.value());
            if slots.last() != Some(&slot) {
                slots.push(slot);
            }
        }
        Ok(slots)
    }

    /// Bytes of one slot of a machine.
    pub fn one(&self, shelf: Shelf, stretch: Stretch) -> Result<Option<Vec<u8>>, StoreError> {
        let mut found = None;
        self.shelved(shelf, stretch.machine, stretch.slot, stretch.slot, |_, bytes| {
            found = Some(bytes.to_vec());
            Ok(())
        })?;
        Ok(found)
    }

    /// The first slot of a machine.
    pub fn first_slot(&self, shelf: Shelf, machine: u32) -> Result<Option<u32>, StoreError> {
        let row = self.table(shelf).range::<&PieceKey>(&Stretch { machine, slot: 0 }.key(0)..=&Stretch { machine, slot: u32::MAX }.key(u16::MAX))?.next().transpose()?;
        Ok(row.map(|(key, _)| Stretch::slot_of(key.value())))
    }

    /// The newest slot of a machine before one.
    pub fn slot_before(&self, shelf: Shelf, stretch: Stretch) -> Result<Option<u32>, StoreError> {
        let table = self.table(shelf);
        let row = table.range::<&PieceKey>(&Stretch { slot: 0, ..stretch }.key(0)..&stretch.key(0))?.next_back().transpose()?;
        Ok(row.map(|(key, _)| Stretch::slot_of(key.value())))
    }

    /// The newest gaps, newest first.
    pub fn gaps(&self, limit: usize) -> Result<Vec<Gap>, StoreError> {
        newest(&self.txn, GAPS, limit, "a gap")
    }

    /// What was put into quarantine last, newest first.
    pub fn quarantined(&self, limit: usize) -> Result<Vec<Quarantined>, StoreError> {
        newest(&self.txn, QUARANTINE, limit, "a message in quarantine")
    }
}

/// Four or eight bytes as a number.
fn number(bytes: &[u8]) -> Option<u64> {
    match bytes.len() {
        4 | 8 => Some(bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))),
        _ => None,
    }
}

fn remove_pieces(table: &mut redb::Table<'_, &PieceKey, &[u8]>, stretch: Stretch, from: u16) -> Result<(), StoreError> {
    table.retain_in::<&PieceKey, _>(&stretch.key(from)..=&stretch.key(u16::MAX), |_, _| false)?;
    Ok(())
}

fn newest<T: serde::de::DeserializeOwned>(txn: &ReadTransaction, table: TableDefinition<u64, &[u8]>, limit: usize, what: &str) -> Result<Vec<T>, StoreError> {
    txn.open_table(table)?.range(0..)?.rev().take(limit).map(|row| codec::from_plain(what, row?.1.value())).collect()
}
