//! Answers: samples of a series, and what it comes to by steps. Sealed hours and what is still in
//! memory are one picture; an answer is current to the last sample. Whole hours come from their
//! tallies, everything else from the samples themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use super::board::{HOUR, hour_of};
use super::chunk::Chunk;
use super::column::Column;
use super::lane::Lane;
use super::sealing::{day_of, hourly, tally};
use super::tally::Tally;
use crate::base::{Code, Refusal, Time, limits};
use crate::model::telemetry::{Measure, Reading, Series, SeriesId};
use crate::store::StoreError;
use crate::store::telemetry_file::{Shelf, Stretch, TelemetrySnapshot};

/// What a stretch of time comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Its beginning.
    pub at: Time,
    /// Numbers in it.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least, where there is one.
    pub min: Option<f64>,
    /// The largest, where there is one.
    pub max: Option<f64>,
    /// The last reading in it.
    pub last: Option<Reading>,
    /// Of a series of texts: how long each held, in milliseconds.
    pub held_ms: Vec<(Box<str>, i64)>,
}

/// One moment of a series: what is in memory, and the file as it was then.
struct Look {
    snapshot: TelemetrySnapshot,
    machine: u32,
    series: SeriesId,
    unsealed: BTreeMap<u32, Column>,
}

impl Lane {
    fn known(&self, series: SeriesId) -> Result<Series, Refusal> {
        self.shared.registry.series(series).ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no series {}", series.0)))
    }

    fn look_at(&self, series: SeriesId, first: u32, last: u32) -> Result<Look, Refusal> {
        let machine = self.shared.registry.machine_of(series);
        // The file is opened before memory is let go: an hour sealed in between is in one of the two.
        let board = self.shared.look();
        let snapshot = self.shared.file.read()?;
        Ok(Look { snapshot, machine, series, unsealed: board.columns(series, first, last) })
    }

    /// Samples of a series from a moment until before another, in order, and whether there are more than the limit.
    pub fn raw(&self, series: SeriesId, from: Time, to: Time, limit: usize) -> Result<(Vec<(Time, Reading)>, bool), Refusal> {
        self.known(series)?;
        let mut found = Vec::new();
        if from >= to {
            return Ok((found, false));
        }
        let (first, last) = (hour_of(from.micros()), hour_of(to.micros() - 1));
        let look = self.look_at(series, first, last)?;
        let mut more = false;
        look.columns(first, last, |column| {
            for at in column.position(from)..column.position(to) {
                if found.len() == limit {
                    more = true;
                    return false;
                }
                found.push((Time::from_micros(column.times[at]), column.value(at).owned()));
            }
            true
        })?;
        Ok((found, more))
    }

    /// What a series comes to by steps of whole minutes, aligned to 1970; steps in which nothing was read and nothing held are left out.
    pub fn rolled(&self, series: SeriesId, from: Time, to: Time, step: Duration) -> Result<Vec<Bucket>, Refusal> {
        let known = self.known(series)?;
        let step = checked_step(from, to, step)?;
        let now = self.shared.registry.now().micros();
        // A state does not hold into the future, but a machine's clock may be a little ahead of ours.
        let newest = self.shared.look().columns(series, hour_of(from.micros()), u32::MAX).last_entry().and_then(|entry| entry.get().times.last().copied());
        let to = to.micros().min(now.max(newest.map_or(i64::MIN, |newest| newest + 1)));
        let from = from.micros();
        if from >= to {
            return Ok(Vec::new());
        }
        let (first, last) = (hour_of(from), hour_of(to - 1));
        let look = self.look_at(series, first, last)?;
        let mut rolling = Rolling { step, buckets: Vec::new(), holds: None, until: from };
        if known.measure == Measure::Text {
            rolling.holds = self.before(&look, from)?.and_then(text);
        }
        let tallied = if step % HOUR == 0 { look.tallied(first, last)? } else { Vec::new() };
        let hours = if tallied.is_empty() { look.hours(first, last)? } else { look.hours_told(first, last, &tallied) };
        let mut tallied = tallied.into_iter().peekable();
        for hour in hours {
            let (begin, end) = (i64::from(hour) * HOUR, (i64::from(hour) + 1) * HOUR);
            let whole = from <= begin && end <= to && !look.unsealed.contains_key(&hour);
            match tallied.next_if(|(sealed, _)| *sealed == hour).filter(|_| whole) {
                Some((_, sealed)) => rolling.take(begin, end, sealed),
                None => {
                    let Some(column) = look.column(hour)? else { continue };
                    rolling.take_column(&column, begin.max(from), end.min(to));
                }
            }
        }
        rolling.hold_until(to);
        Ok(rolling.buckets.into_iter().map(|(at, tally)| bucket(at, tally)).collect())
    }

    /// The text that a series held at a moment.
    pub fn text_at(&self, series: SeriesId, moment: Time) -> Result<Option<String>, Refusal> {
        Ok(self.reading_at(series, moment)?.and_then(text))
    }

    /// The newest reading before a moment.
    pub fn reading_at(&self, series: SeriesId, moment: Time) -> Result<Option<Reading>, Refusal> {
        let hour = hour_of(moment.micros());
        self.before(&self.look_at(series, hour, hour)?, moment.micros())
    }

    fn before(&self, look: &Look, moment: i64) -> Result<Option<Reading>, Refusal> {
        let hour = hour_of(moment);
        let of_column = |column: &Column| {
            let at = column.position(Time::from_micros(moment)).checked_sub(1)?;
            Some(column.value(at).owned())
        };
        // In the hour itself, else the newest hour before it, in memory or sealed.
        if let Some(column) = look.column(hour)?
            && let Some(held) = of_column(&column)
        {
            return Ok(Some(held));
        }
        let oldest = hour.saturating_sub(limits::STATE_BACK_DAYS * 24);
        let mut at = hour;
        loop {
            let unsealed = self.shared.look().hour_before(look.series, at);
            let sealed = look.snapshot.slot_before(Shelf::Hours, Stretch { machine: look.machine, slot: at })?;
            let Some(next) = unsealed.max(sealed).filter(|next| *next >= oldest) else { return Ok(None) };
            at = next;
            let memory = self.shared.look().columns(look.series, at, at).remove(&at);
            let column = match memory {
                Some(column) => Some(column),
                None => look.column(at)?,
            };
            if let Some(held) = column.as_ref().and_then(of_column) {
                return Ok(Some(held));
            }
        }
    }
}

impl Look {
    /// Hours in which there may be readings, in order.
    fn hours(&self, first: u32, last: u32) -> Result<Vec<u32>, StoreError> {
        let mut hours: Vec<u32> = self.unsealed.keys().copied().collect();
        hours.extend(self.snapshot.slots(Shelf::Hours, self.machine, first, last)?);
        hours.sort_unstable();
        hours.dedup();
        Ok(hours)
    }

    /// Its readings hour by hour, in order, in one pass over the file, until told to stop.
    fn columns(&self, first: u32, last: u32, mut visit: impl FnMut(&Column) -> bool) -> Result<(), StoreError> {
        let mut unsealed = self.unsealed.range(first..=last).peekable();
        let mut going = true;
        self.snapshot.shelved(Shelf::Hours, self.machine, first, last, |hour, bytes| {
            while let Some((_, column)) = unsealed.next_if(|(before, _)| **before < hour) {
                going = going && visit(column);
            }
            if !going {
                return Ok(());
            }
            let own = unsealed.next_if(|(same, _)| **same == hour).map(|(_, column)| column);
            let column = match (Chunk::open(bytes)?.column(self.series)?, own) {
                (Some(mut sealed), Some(own)) => {
                    sealed.merge(own);
                    Some(sealed)
                }
                (sealed, own) => sealed.or_else(|| own.cloned()),
            };
            going = column.is_none_or(|column| visit(&column));
            Ok(())
        })?;
        for (_, column) in unsealed {
            going = going && visit(column);
        }
        Ok(())
    }

    fn column(&self, hour: u32) -> Result<Option<Column>, StoreError> {
        let sealed = match self.snapshot.one(Shelf::Hours, Stretch { machine: self.machine, slot: hour })? {
            Some(bytes) => Chunk::open(&bytes)?.column(self.series)?,
            None => None,
        };
        Ok(match (sealed, self.unsealed.get(&hour)) {
            (Some(mut sealed), Some(unsealed)) => {
                sealed.merge(unsealed);
                Some(sealed)
            }
            (sealed, unsealed) => sealed.or_else(|| unsealed.cloned()),
        })
    }

    /// What sealed hours come to, by the tallies of their days, in order.
    fn tallied(&self, first: u32, last: u32) -> Result<Vec<(u32, Tally)>, StoreError> {
        let mut tallied = Vec::new();
        self.snapshot.shelved(Shelf::HourRollups, self.machine, day_of(first).0, day_of(last).0, |day, bytes| {
            let hours = hourly(bytes, self.series)?.into_iter().map(|(of_day, tally)| (day * 24 + u32::from(of_day), tally));
            tallied.extend(hours.filter(|(hour, _)| (first..=last).contains(hour)));
            Ok(())
        })?;
        Ok(tallied)
    }

    /// Hours in which the series itself was told, in order: every sealed hour of it has its tally.
    fn hours_told(&self, first: u32, last: u32, tallied: &[(u32, Tally)]) -> Vec<u32> {
        let unsealed = self.unsealed.keys().copied().filter(|hour| (first..=last).contains(hour));
        let mut hours: Vec<u32> = tallied.iter().map(|(hour, _)| *hour).chain(unsealed).collect();
        hours.sort_unstable();
        hours.dedup();
        hours
    }
}

fn text(reading: Reading) -> Option<String> {
    if let Reading::Text(text) = reading { Some(text.into()) } else { None }
}

/// Stretches in order of time, gathered by steps.
struct Rolling {
    step: i64,
    /// In order, as the stretches come.
    buckets: Vec<(i64, Tally)>,
    /// The text that holds since the last stretch.
    holds: Option<String>,
    until: i64,
}

impl Rolling {
    const fn begin_of(&self, micros: i64) -> i64 {
        micros.div_euclid(self.step) * self.step
    }

    /// A stretch within one step.
    fn take(&mut self, begin: i64, end: i64, mut tally: Tally) {
        self.hold_until(begin);
        if tally.is_empty() {
            return;
        }
        if let Some(text) = &self.holds {
            tally.carry(text, begin, end);
        }
        self.holds = match tally.last() {
            Some((_, Reading::Text(text))) => Some(text.into()),
            _ => None,
        };
        self.until = end;
        self.bucket(self.begin_of(begin)).add(tally);
    }

    fn bucket(&mut self, at: i64) -> &mut Tally {
        match self.buckets.last() {
            Some((last, _)) if *last == at => {}
            _ => self.buckets.push((at, Tally::default())),
        }
        let last = self.buckets.len() - 1;
        &mut self.buckets[last].1
    }

    fn take_column(&mut self, column: &Column, begin: i64, end: i64) {
        let (mut at, last) = (column.position(Time::from_micros(begin)), column.position(Time::from_micros(end)));
        while at < last {
            let step = self.begin_of(column.times[at]);
            let (from, to) = (step.max(begin), (step + self.step).min(end));
            let next = column.position(Time::from_micros(to));
            let slice = column.slice(at..next);
            self.take(from, to, tally(&slice, to));
            at = next;
        }
    }

    /// What holds goes on until then.
    fn hold_until(&mut self, end: i64) {
        if let Some(text) = self.holds.take() {
            while self.until < end {
                let step = self.begin_of(self.until);
                let next = (step + self.step).min(end);
                let span = next - self.until;
                self.bucket(step).hold(&text, span);
                self.until = next;
            }
            self.holds = Some(text);
        }
        self.until = self.until.max(end);
    }
}

fn checked_step(from: Time, to: Time, step: Duration) -> Result<i64, Refusal> {
    let micros = i64::try_from(step.as_micros()).unwrap_or(i64::MAX);
    if micros < 60_000_000 || micros % 60_000_000 != 0 {
        return Err(Refusal::field(Code::Invalid, "step", "a step is one or more whole minutes, such as 1m, 15m, 1h or 1d"));
    }
    if (to.micros().saturating_sub(from.micros())) / micros > limits::QUERY_STEPS_MAX {
        return Err(Refusal::field(Code::TooLarge, "step", format!("more than {} steps; ask for a shorter time or a longer step", limits::QUERY_STEPS_MAX)));
    }
    Ok(micros)
}

fn bucket(at: i64, tally: Tally) -> Bucket {
    let some = tally.count > 0;
    Bucket {
        at: Time::from_micros(at),
        count: tally.count,
        sum: tally.sum,
        min: some.then_some(tally.min),
        max: some.then_some(tally.max),
        last: tally.last().map(|(_, reading)| reading),
        held_ms: tally.held.into_iter().map(|(text, micros)| (text.into_boxed_str(), micros / 1_000)).collect(),
    }
}
