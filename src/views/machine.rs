//! A machine as it tells of itself: what it does now, and what it did, in intervals. When no shift of
//! its work center is open, doing nothing is not idleness, unless people have told that it is broken. Deliberately beside `floor`, which shows
//! what people told.

use std::collections::BTreeMap;

use super::machine_signal::{heard, mapped};
use crate::base::{Code, Refusal, Time, limits};
use crate::kpi::Facts;
use crate::kpi::calendar::Calendar;
use crate::kpi::facts::Stop;
use crate::model::downtime::DowntimeCategory;
use crate::model::machine_state::{MachineState, SignalRole, Words};
use crate::model::plant::Status;
use crate::model::{Id, Machine, MachineSignal, Noun, WorkCenter};
use crate::store::{Snapshot, View as _};
use crate::telemetry::Lane;

/// Longest time that a question may cover.
const DAYS_MAX: i64 = 62;

/// A stretch in which a machine did one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// What it did.
    pub state: MachineState,
    /// From.
    pub from: Time,
    /// Until before.
    pub to: Time,
    /// What its control said.
    pub words: Words,
}

/// What a machine did.
pub struct Timeline {
    /// The machine.
    pub id: Id<Machine>,
    /// Its name in telemetry.
    pub machine: String,
    /// The intervals, in order and without holes.
    pub intervals: Vec<Interval>,
    /// When it told anything last.
    pub last_told_at: Option<Time>,
    /// There were more changes than are looked at.
    pub cut: bool,
}

impl Timeline {
    /// Milliseconds by state.
    pub fn sums(&self) -> BTreeMap<MachineState, i64> {
        let mut sums = BTreeMap::new();
        for it in &self.intervals {
            *sums.entry(it.state).or_default() += (it.to.micros() - it.from.micros()) / 1_000;
        }
        sums
    }
}

/// Machines in use.
pub fn active(snapshot: &Snapshot) -> Result<Vec<Machine>, Refusal> {
    let mut machines: Vec<Machine> = super::floor::all(snapshot)?;
    machines.retain(|machine| machine.status == Status::Active);
    Ok(machines)
}

/// Machines in use, each with its mappings that hold.
pub fn active_mapped(snapshot: &Snapshot) -> Result<Vec<(Machine, Vec<MachineSignal>)>, Refusal> {
    active(snapshot)?.into_iter().map(|machine| Ok((machine.clone(), mapped(snapshot, machine.machine_id)?))).collect()
}

/// Work centers, which say where machines stand.
pub fn work_centers(snapshot: &Snapshot) -> Result<Vec<WorkCenter>, Refusal> {
    Ok(super::floor::all(snapshot)?)
}

/// One machine.
pub fn one(snapshot: &Snapshot, id: Id<Machine>) -> Result<Option<Machine>, Refusal> {
    Ok(snapshot.get(id)?)
}

/// What a machine is called in telemetry.
pub fn name_of(machine: &Machine) -> String {
    machine.machine_code.clone().unwrap_or_else(|| Noun::Machine.id_text(machine.machine_id.number()))
}

/// What a machine did in a time.
pub fn timeline(lane: &Lane, facts: &Facts, (machine, mapped): (&Machine, &[MachineSignal]), from: Time, to: Time) -> Result<Timeline, Refusal> {
    if from >= to || to.minutes_since(from) > DAYS_MAX * 1_440 {
        return Err(Refusal::field(Code::Invalid, "from", format!("a timeline covers up to {DAYS_MAX} days, from a moment to a later one")));
    }
    let name = name_of(machine);
    let told = Told::of(lane, &name, mapped, from, to)?;
    let mut intervals = told.intervals(from, to);
    let now = to.micros().div_euclid(1_000);
    let calendar = Calendar::around(facts, from.micros().div_euclid(1_000), now);
    let center = facts.centers.iter().find(|(_, center)| u64::from(center.machine) == machine.machine_id.number());
    let hours = center.map_or_else(|| calendar.plant_hours(now), |(number, center)| calendar.hours_of(*number, center, now));
    let openings: Vec<(i64, i64)> = hours.openings.iter().map(|it| (it.start * 1_000, it.end * 1_000)).collect();
    let number = center.map(|(number, _)| *number);
    let broken = breakdowns(facts, machine, number, from, to);
    intervals = intervals.into_iter().flat_map(|it| by_openings(it, &openings)).flat_map(|it| by_breakdowns(it, &broken)).collect();
    Ok(Timeline { id: machine.machine_id, machine: name, intervals: joined(intervals), last_told_at: told.last_told_at, cut: told.cut })
}

/// What a machine's control said.
struct Told {
    before: Words,
    changes: Vec<(Time, SignalRole, Option<String>)>,
    last_told_at: Option<Time>,
    cut: bool,
}

impl Told {
    fn of(lane: &Lane, machine: &str, mapped: &[MachineSignal], from: Time, to: Time) -> Result<Self, Refusal> {
        let (heard, last_told_at) = heard(lane, machine, mapped);
        let mut told = Self { before: Words::default(), changes: Vec::new(), last_told_at, cut: false };
        for it in heard {
            let Some(before) = told.before.of(it.role) else { continue };
            *before = lane.reading_at(it.series.id, from)?.and_then(|reading| it.word(&reading));
            let (samples, more) = lane.raw(it.series.id, from, to, limits::QUERY_SAMPLES_MAX / 10)?;
            told.cut |= more;
            told.changes.extend(samples.into_iter().map(|(at, reading)| (at, it.role, it.word(&reading))));
        }
        told.changes.sort_by_key(|(at, ..)| *at);
        Ok(told)
    }

    fn intervals(&self, from: Time, to: Time) -> Vec<Interval> {
        let mut intervals = Vec::new();
        let (mut words, mut since) = (self.before.clone(), from);
        for (at, role, word) in &self.changes {
            let mut next = words.clone();
            if let Some(place) = next.of(*role) {
                place.clone_from(word);
            }
            if next == words {
                continue;
            }
            if *at > since {
                intervals.push(Interval { state: words.state(), from: since, to: *at, words });
                since = *at;
            }
            words = next;
        }
        if since < to {
            intervals.push(Interval { state: words.state(), from: since, to, words });
        }
        intervals
    }
}

/// Where nothing is planned, doing nothing is as planned.
fn by_openings(it: Interval, openings: &[(i64, i64)]) -> Vec<Interval> {
    if !matches!(it.state, MachineState::Idle | MachineState::NoData | MachineState::Interrupted) {
        return vec![it];
    }
    let (mut parts, mut at) = (Vec::new(), it.from.micros());
    let part = |from: i64, to: i64, state| Interval { state, from: Time::from_micros(from), to: Time::from_micros(to), words: it.words.clone() };
    for (opens, closes) in openings.iter().filter(|(opens, closes)| *opens < it.to.micros() && *closes > it.from.micros()) {
        let (opens, closes) = ((*opens).max(at), (*closes).min(it.to.micros()));
        if at < opens {
            parts.push(part(at, opens, MachineState::NotPlanned));
        }
        if opens < closes {
            parts.push(part(opens, closes, it.state));
        }
        at = at.max(closes);
    }
    if at < it.to.micros() {
        parts.push(part(at, it.to.micros(), MachineState::NotPlanned));
    }
    parts
}

/// When people told that a machine, or its work center, was broken.
fn breakdowns(facts: &Facts, machine: &Machine, center: Option<u32>, from: Time, to: Time) -> Vec<(i64, i64)> {
    let own = |stop: &Stop| u64::from(stop.machine) == machine.machine_id.number() || (stop.machine == 0 && center.is_some_and(|center| center == stop.center));
    let broken = |stop: &Stop| stop.category == DowntimeCategory::Breakdown && own(stop);
    let stops = facts.stops.within(from.micros().div_euclid(1_000), to.micros().div_euclid(1_000)).filter(|(_, stop)| broken(stop));
    stops.map(|(_, stop)| (stop.start.saturating_mul(1_000), stop.end.saturating_mul(1_000))).collect()
}

/// A machine that is broken is down, shift or not.
fn by_breakdowns(it: Interval, broken: &[(i64, i64)]) -> Vec<Interval> {
    if it.state != MachineState::NotPlanned {
        return vec![it];
    }
    let mut cuts: Vec<i64> = broken.iter().flat_map(|(start, end)| [*start, *end]).filter(|cut| it.from.micros() < *cut && *cut < it.to.micros()).collect();
    cuts.extend([it.from.micros(), it.to.micros()]);
    cuts.sort_unstable();
    cuts.dedup();
    let part = |ends: &[i64]| {
        let down = broken.iter().any(|(start, end)| *start <= ends[0] && ends[1] <= *end);
        let state = if down { MachineState::Down } else { MachineState::NotPlanned };
        Interval { state, from: Time::from_micros(ends[0]), to: Time::from_micros(ends[1]), words: it.words.clone() }
    };
    cuts.windows(2).map(part).collect()
}

fn joined(intervals: Vec<Interval>) -> Vec<Interval> {
    let mut joined: Vec<Interval> = Vec::with_capacity(intervals.len());
    for it in intervals {
        match joined.last_mut() {
            Some(last) if (last.state, &last.words) == (it.state, &it.words) => last.to = it.to,
            _ => joined.push(it),
        }
    }
    joined
}
