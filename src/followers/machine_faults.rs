//! Faults that sensors show. Newest readings are looked at each second for what is critical; once a minute
//! what is beyond its warning limit is followed back by its minutes, sensors of one machine are seen
//! together, and hours that are over are compared with their week by rollups. What is found becomes a
//! command; the rule refuses a fault that is open already, so a restart finds none twice. No samples are
//! scanned, and silence is no fault.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::watch;

use super::machine_counts::REPORTER;
use crate::base::{Code, Refusal, Time, limits};
use crate::engine::{Engine, Envelope};
use crate::model::command::{ClearFault, DetectFault};
use crate::model::field::Note;
use crate::model::journal::{Actor, Origin};
use crate::model::machine_fault::{FaultKind, FaultSeverity};
use crate::model::machine_state::{MachineState, SignalRole, Words};
use crate::model::permission::Role;
use crate::model::telemetry::{Reading, SeriesId};
use crate::model::{Command, Machine, MachineFault, MachineSignal, Sensor};
use crate::telemetry::sensor_rules::{Beyond, Hour, Range, WARNING_MINUTES, Work, beyond, beyond_since, compare, decimal, pair};
use crate::telemetry::{Bucket, Lane};
use crate::views;
use crate::views::machine_signal::{Heard, heard, open_faults, sensors, series_of, words};

/// How often newest readings are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often everything else is.
const EVERY: Duration = Duration::from_secs(60);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// How far back a warning is followed.
const BACK: Duration = Duration::from_secs(3_600);
/// How long sensors must read in their normal range before their fault is cleared.
const CLEAR_AFTER: Duration = Duration::from_secs(300);
/// A machine must work so much of an hour for the hour to be compared: rest would pull its mean down.
const WORKED_MS: i64 = 55 * 60_000;

/// Watches until told to stop.
pub async fn run(engine: Engine, lane: Lane, mut stopping: watch::Receiver<bool>) {
    let (mut watch, mut due) = (Watch::default(), Time::from_micros(0));
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = engine.plant_now();
        let looked = if now < due { watch.critical(&engine, &lane, now).await } else { watch.all(&engine, &lane, now).await.map(|()| due = now.plus(EVERY)) };
        if let Err(refusal) = looked {
            tracing::warn!(%refusal, "sensors could not be looked at");
        }
    }
}

/// A sensor that tells.
struct Watched {
    sensor: Sensor,
    series: SeriesId,
    work: Work,
}

/// What is watched, as it was a minute ago at most.
#[derive(Default)]
struct Watch {
    sensors: Vec<Watched>,
    /// Where each machine says whether it works.
    executions: BTreeMap<u64, Heard>,
    open: Vec<MachineFault>,
    /// Faults whose sensors read in their normal range, and since when.
    normal: BTreeMap<u64, Time>,
    /// The hour of each sensor that was compared last.
    compared: BTreeMap<u64, Time>,
}

/// What a fault is made of.
struct Finding<'w> {
    of: &'w Watched,
    other: Option<&'w Watched>,
    kind: FaultKind,
    severity: FaultSeverity,
    code: String,
    measured: f64,
    limit: f64,
    why: String,
    at: Time,
}

impl Watch {
    /// Everything, once a minute.
    async fn all(&mut self, engine: &Engine, lane: &Lane, now: Time) -> Result<(), Refusal> {
        self.renew(engine, lane)?;
        self.critical(engine, lane, now).await?;
        let mut found = self.lasting(lane, now)?;
        found.extend(self.together(lane, now));
        for finding in found {
            detect(engine, &finding, now).await?;
        }
        self.hours(engine, lane, now).await?;
        self.clear(engine, lane, now).await
    }

    /// What there is to watch.
    fn renew(&mut self, engine: &Engine, lane: &Lane) -> Result<(), Refusal> {
        let (machines, sensors, open) = engine.read(|snapshot| Ok::<_, Refusal>((views::machine::active_mapped(snapshot)?, sensors(snapshot)?, open_faults(snapshot)?)))??;
        (self.sensors, self.executions, self.open) = (Vec::new(), BTreeMap::new(), open);
        for (machine, mapped) in machines {
            let own = sensors.iter().filter(|sensor| sensor.machine_id == machine.machine_id).collect::<Vec<_>>();
            if !own.is_empty() {
                self.renew_machine(lane, (&machine, &mapped), &own);
            }
        }
        if self.sensors.len() > limits::SENSORS_WATCHED_MAX {
            tracing::warn!(sensors = self.sensors.len(), "more sensors than can be watched; the last are not");
            self.sensors.truncate(limits::SENSORS_WATCHED_MAX);
        }
        let known: BTreeSet<u64> = self.sensors.iter().map(|it| it.sensor.sensor_id.number()).collect();
        self.compared.retain(|sensor, _| known.contains(sensor));
        let open: BTreeSet<u64> = self.open.iter().map(|it| it.fault_id.number()).collect();
        self.normal.retain(|fault, _| open.contains(fault));
        Ok(())
    }

    fn renew_machine(&mut self, lane: &Lane, (machine, mapped): (&Machine, &[MachineSignal]), sensors: &[&Sensor]) {
        let name = views::machine::name_of(machine);
        let (heard, _) = heard(lane, &name, mapped);
        let said = words(&heard);
        let work = if said.execution.is_none() || said.state() == MachineState::Producing { Work::Working } else { Work::Resting };
        let own = lane.of_machine(&name);
        let tell = sensors.iter().filter_map(|sensor| Some(Watched { sensor: (*sensor).clone(), series: series_of(&own, sensor)?.id, work }));
        self.sensors.extend(tell);
        self.executions.extend(heard.into_iter().find(|it| it.role == SignalRole::Execution).map(|it| (machine.machine_id.number(), it)));
    }

    fn is_open(&self, sensor: &Sensor, kind: FaultKind) -> bool {
        self.open.iter().any(|fault| fault.sensor_id == sensor.sensor_id && fault.fault_kind == kind)
    }

    /// What is not to be borne.
    async fn critical(&mut self, engine: &Engine, lane: &Lane, now: Time) -> Result<(), Refusal> {
        let mut found = Vec::new();
        for it in self.sensors.iter().filter(|it| !self.is_open(&it.sensor, FaultKind::CriticalLimit)) {
            let Some((at, reading)) = fresh(lane, it, now) else { continue };
            if let Some(limit) = beyond(&it.sensor, Range::Critical, reading, it.work) {
                let why = format!("{} reads {}, {} its critical limit of {}", it.sensor.sensor_name, told(it, reading), limit.word(), told(it, limit.limit));
                found.push(by_limit(it, FaultKind::CriticalLimit, FaultSeverity::Critical, (at, reading), limit, why));
            }
        }
        let mut detected = false;
        for finding in &found {
            detect(engine, finding, now).await?;
            detected = true;
        }
        if detected {
            self.open = engine.read(open_faults)??;
        }
        Ok(())
    }

    /// What has been beyond its warning limit for long, and is not critical.
    fn lasting(&self, lane: &Lane, now: Time) -> Result<Vec<Finding<'_>>, Refusal> {
        let mut found = Vec::new();
        for it in &self.sensors {
            if self.is_open(&it.sensor, FaultKind::WarningLimit) || self.is_open(&it.sensor, FaultKind::CriticalLimit) {
                continue;
            }
            let Some((at, reading, limit)) = warned(lane, it, now) else { continue };
            let minutes = lane.rolled(it.series, now.minus(BACK), now, MINUTE)?;
            if beyond_since(&minutes, limit).is_some_and(|since| since.plus_minutes(WARNING_MINUTES) <= now) {
                let (name, value, bound) = (&it.sensor.sensor_name, told(it, reading), told(it, limit.limit));
                let why = format!("{name} has been {} its warning limit of {bound} for {WARNING_MINUTES} minutes and reads {value}", limit.word());
                found.push(by_limit(it, FaultKind::WarningLimit, FaultSeverity::Warning, (at, reading), limit, why));
            }
        }
        Ok(found)
    }

    /// Two sensors of one machine that are both beyond their warning limits name what is wrong.
    fn together(&self, lane: &Lane, now: Time) -> Vec<Finding<'_>> {
        let mut warned_by: BTreeMap<u64, Vec<(&Watched, f64, Beyond)>> = BTreeMap::new();
        for it in &self.sensors {
            if let Some((_, reading, limit)) = warned(lane, it, now) {
                warned_by.entry(it.sensor.machine_id.number()).or_default().push((it, reading, limit));
            }
        }
        let mut found: Vec<Finding<'_>> = Vec::new();
        for own in warned_by.values() {
            for (at, one) in own.iter().enumerate() {
                for two in &own[at + 1..] {
                    let Some((first, _, code, what, severity)) = pair(&one.0.sensor, &two.0.sensor) else { continue };
                    let (one, two) = if first.sensor_id == one.0.sensor.sensor_id { (one, two) } else { (two, one) };
                    let taken = found.iter().any(|it| it.of.sensor.sensor_id == one.0.sensor.sensor_id);
                    if taken || self.is_open(&one.0.sensor, FaultKind::Correlated) {
                        continue;
                    }
                    let each =
                        |(it, reading, limit): &(&Watched, f64, Beyond)| format!("{} {} ({} {})", it.sensor.sensor_name, told(it, *reading), limit.word(), told(it, limit.limit));
                    let why = format!("{what}: {} and {}", each(one), each(two));
                    let (kind, code) = (FaultKind::Correlated, code.to_owned());
                    found.push(Finding { of: one.0, other: Some(two.0), kind, severity, code, measured: one.1, limit: one.2.limit, why, at: now });
                }
            }
        }
        found
    }

    /// Compares hours that are over with their weeks: some sensors in each turn.
    async fn hours(&mut self, engine: &Engine, lane: &Lane, now: Time) -> Result<(), Refusal> {
        let micros = i64::try_from(HOUR.as_micros()).unwrap_or(i64::MAX);
        let hour = Time::from_micros((now.micros().div_euclid(micros) - 1) * micros);
        let mut worked: BTreeMap<u64, Option<BTreeSet<Time>>> = BTreeMap::new();
        let (mut found, mut usual, mut judged) = (Vec::new(), Vec::new(), Vec::new());
        let due = self.sensors.iter().filter(|it| self.compared.get(&it.sensor.sensor_id.number()) != Some(&hour));
        for it in due.take(limits::HOURS_JUDGED_AT_ONCE) {
            judged.push(it.sensor.sensor_id.number());
            let machine = it.sensor.machine_id.number();
            if let std::collections::btree_map::Entry::Vacant(place) = worked.entry(machine) {
                place.insert(self.executions.get(&machine).map(|execution| hours_worked(lane, execution, hour)).transpose()?);
            }
            let of_work = |bucket: &Bucket| worked.get(&machine).and_then(Option::as_ref).is_none_or(|hours| hours.contains(&bucket.at));
            let mut week: Vec<Bucket> = lane.rolled(it.series, hour.minus(WEEK), hour.plus(HOUR), HOUR)?.into_iter().filter(of_work).collect();
            let Some(last) = week.pop_if(|last| last.at == hour) else { continue };
            match compare(&last, &week) {
                Hour::Unknown => {}
                Hour::Usual => usual.push(it.sensor.sensor_id),
                Hour::Rising(mean, limit) => {
                    let why = format!(
                        "{} had a mean of {} in the last hour, a fifth or more above the {} of the week before or of its beginning",
                        it.sensor.sensor_name,
                        told(it, mean),
                        told(it, limit)
                    );
                    found.push(by_hour(it, FaultKind::Rising, FaultSeverity::Minor, "RISING", (mean, limit), why, now));
                }
                Hour::Surging(mean, limit) => {
                    let why = format!(
                        "{} had a mean of {} in the last hour, half as much again as the {} with which the day before began",
                        it.sensor.sensor_name,
                        told(it, mean),
                        told(it, limit)
                    );
                    found.push(by_hour(it, FaultKind::Surging, FaultSeverity::Major, "SURGING", (mean, limit), why, now));
                }
                Hour::Anomaly(mean, limit) => {
                    let why =
                        format!("{} had a mean of {} in the last hour, beyond the {} that the week before leads to expect", it.sensor.sensor_name, told(it, mean), told(it, limit));
                    found.push(by_hour(it, FaultKind::Anomaly, FaultSeverity::Warning, "ANOMALY", (mean, limit), why, now));
                }
            }
        }
        for finding in found.iter().filter(|it| !self.is_open(&it.of.sensor, it.kind)) {
            detect(engine, finding, now).await?;
        }
        let is_over = |fault: &&MachineFault| is_by_hour(fault) && usual.contains(&fault.sensor_id);
        for fault in self.open.iter().filter(is_over) {
            clear(engine, fault, now).await?;
        }
        self.compared.extend(judged.into_iter().map(|sensor| (sensor, hour)));
        Ok(())
    }

    /// Clears what reads well again for some minutes.
    async fn clear(&mut self, engine: &Engine, lane: &Lane, now: Time) -> Result<(), Refusal> {
        for fault in self.open.iter().filter(|fault| !is_by_hour(fault)) {
            let own = [Some(fault.sensor_id), fault.other_sensor_id];
            let reads_well = own.iter().flatten().all(|id| {
                let of = self.sensors.iter().find(|it| it.sensor.sensor_id == *id);
                of.and_then(|it| Some((it, fresh(lane, it, now)?))).is_some_and(|(it, (_, reading))| beyond(&it.sensor, Range::Normal, reading, it.work).is_none())
            });
            let number = fault.fault_id.number();
            if !reads_well {
                self.normal.remove(&number);
            } else if self.normal.entry(number).or_insert(now).plus(CLEAR_AFTER) <= now {
                clear(engine, fault, now).await?;
            }
        }
        Ok(())
    }
}

/// Whether a fault was found by comparing hours, and ends by them.
const fn is_by_hour(fault: &MachineFault) -> bool {
    matches!(fault.fault_kind, FaultKind::Rising | FaultKind::Surging | FaultKind::Anomaly)
}

/// Hours of the week before an hour, and the hour itself, in which a machine worked.
fn hours_worked(lane: &Lane, execution: &Heard, hour: Time) -> Result<BTreeSet<Time>, Refusal> {
    let produces = |word: &str| Words { execution: execution.word(&Reading::Text(word.into())), ..Words::default() }.state() == MachineState::Producing;
    let hours = lane.rolled(execution.series.id, hour.minus(WEEK), hour.plus(HOUR), HOUR)?.into_iter();
    let worked = |it: &Bucket| it.held_ms.iter().filter(|(word, _)| produces(word)).map(|(_, ms)| ms).sum::<i64>() >= WORKED_MS;
    Ok(hours.filter(worked).map(|it| it.at).collect())
}

/// The newest reading of a sensor, if it is new enough to tell anything.
fn fresh(lane: &Lane, it: &Watched, now: Time) -> Option<(Time, f64)> {
    let (at, reading) = lane.last_of(it.series)?;
    let Reading::Number(number) = reading else { return None };
    (at >= now.minus(limits::READING_FRESH)).then_some((at.min(now), number))
}

/// The newest reading, where it is beyond the warning limit.
fn warned(lane: &Lane, it: &Watched, now: Time) -> Option<(Time, f64, Beyond)> {
    let (at, reading) = fresh(lane, it, now)?;
    Some((at, reading, beyond(&it.sensor, Range::Warning, reading, it.work)?))
}

/// A reading with its unit, two places.
fn told(it: &Watched, number: f64) -> String {
    let number = (number * 100.0).round() / 100.0;
    it.sensor.unit_of_measure.as_ref().map_or_else(|| number.to_string(), |unit| format!("{number} {unit}"))
}

fn by_limit<'w>(of: &'w Watched, kind: FaultKind, severity: FaultSeverity, (at, measured): (Time, f64), it: Beyond, why: String) -> Finding<'w> {
    let code = format!("{}-{}", of.sensor.sensor_type.to_uppercase(), if it.above { "HIGH" } else { "LOW" });
    Finding { of, other: None, kind, severity, code, measured, limit: it.limit, why, at }
}

fn by_hour<'w>(of: &'w Watched, kind: FaultKind, severity: FaultSeverity, word: &str, (measured, limit): (f64, f64), why: String, at: Time) -> Finding<'w> {
    Finding { of, other: None, kind, severity, code: format!("{}-{word}", of.sensor.sensor_type.to_uppercase()), measured, limit, why, at }
}

async fn detect(engine: &Engine, it: &Finding<'_>, now: Time) -> Result<(), Refusal> {
    let sensor = &it.of.sensor;
    let command = Command::DetectFault(DetectFault {
        machine_id: sensor.machine_id,
        sensor_id: sensor.sensor_id,
        other_sensor_id: it.other.map(|other| other.sensor.sensor_id),
        fault_code: it.code.clone(),
        fault_kind: it.kind,
        severity: it.severity,
        measured_value: decimal(it.measured),
        limit_value: decimal(it.limit),
        why: Note(it.why.clone()),
    });
    submit(engine, command, format!("machine-fault:{}:{}:{}", sensor.sensor_id, it.kind, it.at.micros()), it.at.min(now)).await
}

async fn clear(engine: &Engine, fault: &MachineFault, now: Time) -> Result<(), Refusal> {
    submit(engine, Command::ClearFault(ClearFault { fault_id: fault.fault_id }), format!("machine-fault-over:{}", fault.fault_id), now).await
}

async fn submit(engine: &Engine, command: Command, id: String, at: Time) -> Result<(), Refusal> {
    let actor = Actor { user: 0, name: REPORTER.to_owned(), role: Role::Engine };
    match engine.submit(Envelope { origin: Origin::Engine, command_id: Some(id), occurred_at: Some(at), ..Envelope::of(actor, command) }).await {
        // It was told before a restart.
        Err(refusal) if refusal.code == Code::IllegalState || refusal.code == Code::KeyReused => Ok(()),
        done => done.map(|_| ()),
    }
}
