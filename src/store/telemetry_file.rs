//! The telemetry file: blocks, sealed hours and rollups as bytes under growing keys, in a redb file of
//! its own, so that machines and the journal never wait for each other. Deliberately without knowing
//! what the bytes say: `telemetry` makes and reads them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Database, Durability, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition};

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
const HOURS: TableDefinition<u64, &[u8]> = TableDefinition::new("sealed_hours");
const MINUTE_ROLLUPS: TableDefinition<u64, &[u8]> = TableDefinition::new("minute_rollups");
const HOUR_ROLLUPS: TableDefinition<u64, &[u8]> = TableDefinition::new("hour_rollups");

/// A stretch of a machine: what tables of hours and rollups are kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stretch {
    /// The machine's number, given by the lane.
    pub machine: u32,
    /// Hours or days since 1970, as the table has it.
    pub slot: u32,
}

impl Stretch {
    fn key(self) -> u64 {
        (u64::from(self.machine) << 32) | u64::from(self.slot)
    }
}

/// A table of bytes by stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Samples of an hour of a machine.
    Hours,
    /// Its minutes, by the hour.
    MinuteRollups,
    /// Its hours, by the day.
    HourRollups,
}

impl Shelf {
    const fn table(self) -> TableDefinition<'static, u64, &'static [u8]> {
        match self {
            Self::Hours => HOURS,
            Self::MinuteRollups => MINUTE_ROLLUPS,
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
    database: RwLock<Arc<Database>>,
}

impl TelemetryFile {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<(Self, Opened), StoreError> {
        guarded(|| Self::over(plant_file::open_file(path)?))
    }

    /// A file in memory, for tests.
    pub fn in_memory() -> Result<(Self, Opened), StoreError> {
        Self::over(Database::builder().create_with_backend(redb::backends::InMemoryBackend::new())?)
    }

    fn over(database: Database) -> Result<(Self, Opened), StoreError> {
        let file = Self { database: RwLock::new(Arc::new(database)) };
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

    fn database(&self) -> Arc<Database> {
        Arc::clone(&self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One durable transaction. An error leaves its outcome unknown.
    pub fn commit(&self, it: &Commit) -> Result<(), StoreError> {
        let mut txn = self.database().begin_write()?;
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
            for shelf in [Shelf::Hours, Shelf::MinuteRollups, Shelf::HourRollups] {
                let mut table = txn.open_table(shelf.table())?;
                for (_, stretch, bytes) in it.shelved.iter().filter(|(on, ..)| *on == shelf) {
                    table.insert(stretch.key(), bytes.as_slice())?;
                }
                for (_, stretch) in it.retired.iter().filter(|(on, _)| *on == shelf) {
                    table.remove(stretch.key())?;
                }
            }
        }
        txn.commit()?;
        Ok(())
    }

    /// One moment to read. Drop it soon.
    pub fn read(&self) -> Result<TelemetrySnapshot, StoreError> {
        Ok(TelemetrySnapshot { txn: self.database().begin_read()? })
    }
}

/// One moment of the telemetry file.
pub struct TelemetrySnapshot {
    txn: ReadTransaction,
}

impl TelemetrySnapshot {
    /// Bytes of some slots of a machine, from the first to the last, in order.
    pub fn shelved(&self, shelf: Shelf, machine: u32, first: u32, last: u32, mut visit: impl FnMut(u32, &[u8]) -> Result<(), StoreError>) -> Result<(), StoreError> {
        if first > last {
            return Ok(());
        }
        let table = self.txn.open_table(shelf.table())?;
        for row in table.range(Stretch { machine, slot: first }.key()..=Stretch { machine, slot: last }.key())? {
            let (key, bytes) = row?;
            visit(u32::try_from(key.value() & u64::from(u32::MAX)).unwrap_or(0), bytes.value())?;
        }
        Ok(())
    }

    /// Bytes of the newest slot of a machine up to one.
    pub fn newest(&self, shelf: Shelf, machine: u32, last: u32) -> Result<Option<(u32, Vec<u8>)>, StoreError> {
        let table = self.txn.open_table(shelf.table())?;
        let row = table.range(Stretch { machine, slot: 0 }.key()..=Stretch { machine, slot: last }.key())?.next_back().transpose()?;
        Ok(row.map(|(key, bytes)| (u32::try_from(key.value() & u64::from(u32::MAX)).unwrap_or(0), bytes.value().to_vec())))
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

fn newest<T: serde::de::DeserializeOwned>(txn: &ReadTransaction, table: TableDefinition<u64, &[u8]>, limit: usize, what: &str) -> Result<Vec<T>, StoreError> {
    txn.open_table(table)?.range(0..)?.rev().take(limit).map(|row| codec::from_plain(what, row?.1.value())).collect()
}
