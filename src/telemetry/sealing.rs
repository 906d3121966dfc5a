//! Full hours made small: what memory holds of an hour is merged with what is sealed of it already,
//! packed by machine, and tallied by the hour in the same pass. Deliberately on a thread of its own,
//! so that packing never keeps a batch waiting.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::board::{HOUR, Sealing};
use super::bytes::{Reader, put};
use super::chunk::{self, Chunk};
use super::column::Column;
use super::registry::Registry;
use super::tally::Tally;
use crate::model::telemetry::SeriesId;
use crate::store::telemetry_file::{Shelf, Stretch, TelemetrySnapshot};
use crate::store::{StoreError, codec};

/// Tallies of a series' day, by hour of the day.
pub(super) type Hourly = BTreeMap<u8, Tally>;

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
        let known = snapshot.one(Shelf::HourRollups, day)?.unwrap_or_default();
        let mut tallies: BTreeMap<SeriesId, Hourly> = BTreeMap::new();
        for (series, place) in places(&known)? {
            tallies.insert(series, codec::from_plain("rollups of a day", &known[place])?);
        }
        for (series, column) in &merged {
            tallies.entry(*series).or_default().insert(hour, tally(column, base + HOUR));
        }
        shelved.push((Shelf::Hours, stretch, chunk::seal(base, &merged)?));
        shelved.push((Shelf::HourRollups, day, day_bytes(&tallies)?));
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

/// A day's tallies as bytes: where each series begins, then series by series, so that one is read alone.
fn day_bytes(tallies: &BTreeMap<SeriesId, Hourly>) -> Result<Vec<u8>, StoreError> {
    let (mut heads, mut bodies) = (Vec::new(), Vec::new());
    put(&mut heads, tallies.len() as u64);
    for (series, hours) in tallies {
        let body = codec::plain(hours)?;
        put(&mut heads, u64::from(series.0));
        put(&mut heads, body.len() as u64);
        bodies.extend_from_slice(&body);
    }
    heads.append(&mut bodies);
    Ok(heads)
}

/// Where each series of a day stands in its bytes.
fn places(bytes: &[u8]) -> Result<Vec<(SeriesId, Range<usize>)>, StoreError> {
    let damaged = || StoreError::Undecodable("rollups of a day".to_owned(), "their bytes make no sense".to_owned());
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = Reader(bytes);
    let heads =
        |reader: &mut Reader<'_>| (0..reader.size()?).map(|_| Some((SeriesId(u32::try_from(reader.number()?).ok()?), reader.size()?))).collect::<Option<Vec<(SeriesId, usize)>>>();
    let heads = heads(&mut reader).ok_or_else(damaged)?;
    let mut begin = bytes.len() - reader.0.len();
    let mut places = Vec::with_capacity(heads.len());
    for (series, length) in heads {
        let end = begin.checked_add(length).filter(|end| *end <= bytes.len()).ok_or_else(damaged)?;
        places.push((series, begin..end));
        begin = end;
    }
    if begin == bytes.len() { Ok(places) } else { Err(damaged()) }
}

/// The tallies of one series in a day's bytes, hour by hour: they are written in order, and a list of pairs is read
/// quicker than a map of the same bytes.
pub(super) fn hourly(bytes: &[u8], series: SeriesId) -> Result<Vec<(u8, Tally)>, StoreError> {
    let place = places(bytes)?.into_iter().find(|(known, _)| *known == series);
    place.map_or_else(|| Ok(Vec::new()), |(_, place)| codec::from_plain("rollups of a day", &bytes[place]))
}
