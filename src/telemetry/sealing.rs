//! Full hours made small: what memory holds of an hour is merged with what is sealed of it already,
//! packed by machine, and tallied by the hour in the same pass. Deliberately on a thread of its own,
//! so that packing never keeps a batch waiting.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::board::{HOUR, Sealing};
use super::chunk::{self, Chunk};
use super::column::Column;
use super::registry::Registry;
use super::tally::Tally;
use crate::model::telemetry::SeriesId;
use crate::store::telemetry_file::{Shelf, Stretch, TelemetrySnapshot};
use crate::store::{StoreError, codec};

/// Tallies of a machine's day, by series and hour of the day.
pub(super) type DayTallies = BTreeMap<u32, BTreeMap<u8, Tally>>;

/// The day of an hour, and its place in it.
pub(super) fn day_of(hour: u32) -> (u32, u8) {
    (hour / 24, u8::try_from(hour % 24).unwrap_or(0))
}

/// Bytes to be shelved for an hour.
pub(super) fn seal(registry: &Registry, snapshot: &TelemetrySnapshot, sealing: &Sealing) -> Result<Vec<(Shelf, Stretch, Vec<u8>)>, StoreError> {
    let mut machines: BTreeMap<u32, Vec<(SeriesId, Arc<Column>)>> = BTreeMap::new();
    for (series, column) in &sealing.columns {
        machines.entry(registry.machine_of(*series)).or_default().push((*series, Arc::clone(column)));
    }
    let mut shelved = Vec::with_capacity(machines.len() * 2);
    for (machine, columns) in machines {
        let stretch = Stretch { machine, slot: sealing.hour };
        let merged = merged(snapshot, stretch, columns)?;
        let base = i64::from(sealing.hour) * HOUR;
        let (day, hour) = day_of(sealing.hour);
        let day = Stretch { machine, slot: day };
        let mut tallies = day_tallies(snapshot.one(Shelf::HourRollups, day)?.as_deref())?;
        for (series, column) in &merged {
            tallies.entry(series.0).or_default().insert(hour, tally(column, base + HOUR));
        }
        shelved.push((Shelf::Hours, stretch, chunk::seal(base, &merged)?));
        shelved.push((Shelf::HourRollups, day, codec::plain(&tallies)?));
    }
    Ok(shelved)
}

fn merged(snapshot: &TelemetrySnapshot, stretch: Stretch, columns: Vec<(SeriesId, Arc<Column>)>) -> Result<Vec<(SeriesId, Column)>, StoreError> {
    let mut merged: BTreeMap<SeriesId, Column> = BTreeMap::new();
    if let Some(bytes) = snapshot.one(Shelf::Hours, stretch)? {
        let chunk = Chunk::open(&bytes)?;
        for series in chunk.series() {
            merged.extend(chunk.column(series)?.map(|column| (series, column)));
        }
    }
    for (series, column) in columns {
        match merged.get_mut(&series) {
            Some(known) => known.merge(&column),
            None => _ = merged.insert(series, (*column).clone()),
        }
    }
    Ok(merged.into_iter().collect())
}

/// What a column comes to by the end of its stretch.
pub(super) fn tally(column: &Column, end: i64) -> Tally {
    let mut tally = Tally::default();
    column.iter().for_each(|(time, seen)| tally.take(time, seen));
    tally.close(end);
    tally
}

/// Tallies of a day from their bytes.
pub(super) fn day_tallies(bytes: Option<&[u8]>) -> Result<DayTallies, StoreError> {
    bytes.map_or_else(|| Ok(DayTallies::new()), |bytes| codec::from_plain("rollups of a day", bytes))
}
