//! What is not sealed yet, and the newest reading of every series, in memory: the part of the lane
//! that answers are made from while it grows. Everything here is on disk in blocks already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::column::{Column, Seen};
use crate::base::{Time, limits};
use crate::model::telemetry::{Measure, Reading, Sample, SeriesId};

/// Microseconds of an hour.
pub(super) const HOUR: i64 = 3_600_000_000;
/// An hour into which nothing came for so long is done, once it is over.
const QUIET: Duration = Duration::from_secs(3);
/// An hour into which something comes all the time is sealed after so long nevertheless.
const PATIENCE: Duration = Duration::from_secs(60);

/// The hour of a moment, counted from 1970; moments before count as its first.
pub(super) fn hour_of(micros: i64) -> u32 {
    u32::try_from(micros.div_euclid(HOUR)).unwrap_or(0)
}

#[derive(Default)]
struct Tail {
    open: Vec<(u32, Column)>,
    sealing: Option<(u32, Arc<Column>)>,
    last: Option<(i64, Reading)>,
}

struct Filling {
    samples: usize,
    first: Instant,
    newest: Instant,
}

/// The unsealed samples.
#[derive(Default)]
pub(super) struct Board {
    tails: Vec<Tail>,
    filling: BTreeMap<u32, Filling>,
    /// Unsealed blocks, and the hours they hold samples of.
    blocks: BTreeMap<u64, BTreeSet<u32>>,
    samples: usize,
}

/// An hour that is being sealed.
pub(super) struct Sealing {
    pub(super) hour: u32,
    pub(super) columns: Vec<(SeriesId, Arc<Column>)>,
    /// Blocks that hold samples of it and nothing newer of it.
    pub(super) blocks: Vec<u64>,
}

impl Board {
    /// Takes the samples of a block in; answers which of them were new.
    pub(super) fn take(&mut self, block: u64, samples: &[(&Sample, Measure)]) -> Vec<bool> {
        let now = Instant::now();
        let mut hours = BTreeSet::new();
        let mut newest_hour = None;
        let mut new = Vec::with_capacity(samples.len());
        for (sample, measure) in samples {
            let time = sample.at.micros();
            let hour = hour_of(time);
            if newest_hour != Some(hour) {
                hours.insert(hour);
                newest_hour = Some(hour);
            }
            let fresh = self.add(sample, *measure, hour, time);
            if fresh {
                self.samples += 1;
                self.filling.entry(hour).or_insert(Filling { samples: 0, first: now, newest: now }).samples += 1;
            }
            new.push(fresh);
        }
        for hour in &hours {
            if let Some(filling) = self.filling.get_mut(hour) {
                filling.newest = now;
            }
        }
        self.blocks.insert(block, hours);
        new
    }

    fn add(&mut self, sample: &Sample, measure: Measure, hour: u32, time: i64) -> bool {
        let at = sample.series.0 as usize;
        if at >= self.tails.len() {
            self.tails.resize_with(at + 1, Tail::default);
        }
        let tail = &mut self.tails[at];
        let seen = Seen::of(&sample.value);
        let place = match tail.open.iter().rposition(|(open, _)| *open == hour) {
            Some(place) => place,
            None => {
                tail.open.push((hour, Column::new(measure)));
                tail.open.len() - 1
            }
        };
        let fresh = tail.open[place].1.add(time, seen);
        if tail.last.as_ref().is_none_or(|(last, _)| *last <= time) {
            tail.last = Some((time, sample.value.clone()));
        }
        fresh
    }

    /// The newest readings.
    pub(super) fn last(&self) -> impl Iterator<Item = Sample> + '_ {
        self.tails.iter().enumerate().filter_map(|(at, tail)| {
            let (time, value) = tail.last.as_ref()?;
            Some(Sample { series: SeriesId(u32::try_from(at).ok()?), at: Time::from_micros(*time), value: value.clone() })
        })
    }

    /// What a series read last, and when.
    pub(super) fn last_of(&self, series: SeriesId) -> Option<(Time, Reading)> {
        self.tails.get(series.0 as usize)?.last.as_ref().map(|(time, reading)| (Time::from_micros(*time), reading.clone()))
    }

    /// Tells what a series read last before the start of the program.
    pub(super) fn remember(&mut self, series: SeriesId, at: Time, value: Reading) {
        let place = series.0 as usize;
        if place >= self.tails.len() {
            self.tails.resize_with(place + 1, Tail::default);
        }
        if self.tails[place].last.as_ref().is_none_or(|(last, _)| *last < at.micros()) {
            self.tails[place].last = Some((at.micros(), value));
        }
    }

    pub(super) const fn samples(&self) -> usize {
        self.samples
    }

    /// Unsealed readings of a series by hour, within some hours.
    pub(super) fn columns(&self, series: SeriesId, first: u32, last: u32) -> BTreeMap<u32, Column> {
        let mut found: BTreeMap<u32, Column> = BTreeMap::new();
        let Some(tail) = self.tails.get(series.0 as usize) else { return found };
        let sealing = tail.sealing.iter().map(|(hour, column)| (*hour, &**column));
        let open = tail.open.iter().map(|(hour, column)| (*hour, column));
        for (hour, column) in sealing.chain(open).filter(|(hour, _)| (first..=last).contains(hour)) {
            match found.get_mut(&hour) {
                Some(known) => known.merge(column),
                None => _ = found.insert(hour, column.clone()),
            }
        }
        found
    }

    /// The first hour with anything in it.
    pub(super) fn first_hour(&self) -> Option<u32> {
        let open = |tail: &Tail| tail.open.iter().map(|(hour, _)| *hour).chain(tail.sealing.as_ref().map(|(hour, _)| *hour)).min();
        self.tails.iter().filter_map(open).min()
    }

    /// The newest unsealed hour before one in which a series was read.
    pub(super) fn hour_before(&self, series: SeriesId, hour: u32) -> Option<u32> {
        let tail = self.tails.get(series.0 as usize)?;
        let hours = tail.open.iter().map(|(hour, _)| *hour).chain(tail.sealing.as_ref().map(|(hour, _)| *hour));
        hours.filter(|other| *other < hour).max()
    }

    /// Takes out the hour that should be sealed next.
    pub(super) fn begin_sealing(&mut self, now: Time) -> Option<Sealing> {
        let over = |hour: u32| (i64::from(hour) + 1) * HOUR <= now.minus(limits::SEAL_LATENESS).micros();
        let done = |hour: u32, it: &Filling| over(hour) && (it.newest.elapsed() > QUIET || it.first.elapsed() > PATIENCE);
        let pressed = self.samples > limits::UNSEALED_EARLY;
        let hour = self.filling.iter().find(|(hour, it)| done(**hour, it)).map(|(hour, _)| *hour);
        let hour = hour.or_else(|| self.filling.iter().filter(|_| pressed).max_by_key(|(hour, it)| (over(**hour), it.samples)).map(|(hour, _)| *hour))?;
        self.filling.remove(&hour);
        let mut columns = Vec::new();
        for (at, tail) in self.tails.iter_mut().enumerate() {
            if let Some(place) = tail.open.iter().position(|(open, _)| *open == hour) {
                let column = Arc::new(tail.open.swap_remove(place).1);
                tail.sealing = Some((hour, Arc::clone(&column)));
                columns.push((SeriesId(u32::try_from(at).unwrap_or(u32::MAX)), column));
            }
        }
        let blocks = self.blocks.iter().filter(|(_, hours)| hours.contains(&hour)).map(|(number, _)| *number).collect();
        Some(Sealing { hour, columns, blocks })
    }

    /// Blocks of a sealing that hold nothing else.
    pub(super) fn drained_by(&self, hour: u32, blocks: &[u64]) -> Vec<u64> {
        let only = |number: &&u64| self.blocks.get(number).is_some_and(|hours| hours.len() == 1 && hours.contains(&hour));
        blocks.iter().filter(only).copied().collect()
    }

    /// An hour is sealed and on disk.
    pub(super) fn end_sealing(&mut self, hour: u32, blocks: &[u64]) {
        for tail in &mut self.tails {
            if let Some((_, column)) = tail.sealing.take_if(|(sealing, _)| *sealing == hour) {
                self.samples -= column.len();
            }
        }
        for number in blocks {
            if let Some(hours) = self.blocks.get_mut(number) {
                hours.remove(&hour);
            }
        }
        self.blocks.retain(|_, hours| !hours.is_empty());
    }

    /// An hour could not be sealed: it waits again.
    pub(super) fn give_back(&mut self, hour: u32) {
        let now = Instant::now();
        for tail in &mut self.tails {
            let Some((_, column)) = tail.sealing.take_if(|(sealing, _)| *sealing == hour) else { continue };
            self.filling.entry(hour).or_insert(Filling { samples: 0, first: now, newest: now }).samples += column.len();
            match tail.open.iter_mut().find(|(open, _)| *open == hour) {
                Some((_, open)) => {
                    let before = open.len();
                    open.merge(&column);
                    self.samples -= before + column.len() - open.len();
                }
                None => tail.open.push((hour, Arc::unwrap_or_clone(column))),
            }
        }
    }
}
