//! Proof that what machines told can be read to the last byte: every block, every sealed hour, and
//! that the tallies of each day are those of its samples. What is wrong is named, nothing is mended.

use std::collections::BTreeSet;

use super::block;
use super::board::HOUR;
use super::chunk::Chunk;
use super::lane::Lane;
use super::sealing::{day_of, hourly, tally};
use crate::base::Refusal;
use crate::store::telemetry_file::{Shelf, Stretch, TelemetrySnapshot};
use crate::store::verify::Report;
use crate::store::{Store, StoreError};

impl Lane {
    /// Proves the open file.
    pub fn prove(&self, report: &mut Report) -> Result<(), Refusal> {
        let known: Vec<u32> = self.series().into_iter().map(|series| series.id.0).collect();
        Ok(check(&self.shared.file.read()?, &known, report)?)
    }
}

/// Proves the file of a plant that is not served; one without a file has nothing to prove.
pub fn prove(store: &Store, report: &mut Report) -> Result<(), StoreError> {
    if !store.root().is_some_and(|root| root.join(crate::store::telemetry_file::FILE).exists()) {
        return Ok(());
    }
    match store.open_telemetry() {
        Ok((file, opened)) => {
            let known: Vec<u32> = opened.series.iter().map(|series| series.id.0).collect();
            check(&file.read()?, &known, report)
        }
        Err(error) => {
            report.problem(format!("telemetry cannot be opened: {error}"));
            Ok(())
        }
    }
}

fn check(snapshot: &TelemetrySnapshot, known: &[u32], report: &mut Report) -> Result<(), StoreError> {
    let known: BTreeSet<u32> = known.iter().copied().collect();
    let (mut unsealed, mut sealed, mut hours) = (0, 0, 0);
    snapshot.blocks(|number, bytes| {
        match block::read(bytes) {
            Ok(samples) => {
                unsealed += samples.len() as u64;
                if samples.iter().any(|sample| !known.contains(&sample.series.0)) {
                    report.problem(format!("block {number} of telemetry names a series that is not there"));
                }
            }
            Err(error) => report.problem(format!("block {number} of telemetry: {error}")),
        }
        Ok(())
    })?;
    // A machine's number is that of its first series.
    for machine in &known {
        let mut day = (u32::MAX, Vec::new());
        for slot in snapshot.slots(Shelf::Hours, *machine, 0, u32::MAX)? {
            hours += 1;
            let (of, hour) = day_of(slot);
            if day.0 != of {
                day = (of, snapshot.one(Shelf::HourRollups, Stretch { machine: *machine, slot: of })?.unwrap_or_default());
            }
            match check_hour(snapshot, Stretch { machine: *machine, slot }, hour, &day.1, &known) {
                Ok(samples) => sealed += samples,
                Err(error) => report.problem(format!("hour {slot} of machine {machine} of telemetry: {error}")),
            }
        }
    }
    report.checked.push(("telemetry_series", known.len() as u64));
    report.checked.push(("sealed_hours", hours));
    report.checked.push(("sealed_samples", sealed));
    report.checked.push(("samples_in_blocks", unsealed));
    Ok(())
}

fn check_hour(snapshot: &TelemetrySnapshot, stretch: Stretch, hour: u8, day: &[u8], known: &BTreeSet<u32>) -> Result<u64, StoreError> {
    let wrong = |why: &str| StoreError::Undecodable("a sealed hour".to_owned(), why.to_owned());
    let bytes = snapshot.one(Shelf::Hours, stretch)?.unwrap_or_default();
    let chunk = Chunk::open(&bytes)?;
    let (begin, end) = (i64::from(stretch.slot) * HOUR, (i64::from(stretch.slot) + 1) * HOUR);
    let mut samples = 0;
    for series in chunk.series() {
        let column = chunk.column(series)?.ok_or_else(|| wrong("a series is named and not there"))?;
        samples += column.len() as u64;
        if !known.contains(&series.0) {
            return Err(wrong("it names a series that is not there"));
        }
        if column.times.windows(2).any(|pair| pair[0] > pair[1]) || column.times.iter().any(|time| !(begin..end).contains(time)) {
            return Err(wrong("its times are out of order or of another hour"));
        }
        if !hourly(day, series)?.contains(&(hour, tally(&column, end))) {
            return Err(wrong("its samples do not come to what its day says"));
        }
    }
    Ok(samples)
}
