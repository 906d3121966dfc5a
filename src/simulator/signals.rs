//! What the machines tell while the plant lives: their state the moment it changes, and what their
//! controls and sensors measure every so often. Follows the floor and never leads it, with dice of its
//! own: the same orders are made whether anybody listens or not.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Simulator;
use super::random::Dice;
use super::station::Station;
use super::stops::fault_code;
use crate::base::{Code, Decimal, Refusal, Time};
use crate::model::downtime::DowntimeCategory;
use crate::model::telemetry::{Measure, Reading, Sample, Series, SeriesId};
use crate::model::{Noun, ProductionLine, Sensor};
use crate::telemetry::{Batch, Identity, Intake, Lane, Seen, Window};

/// Whom the samples come from.
const SOURCE: &str = "simulator";
/// Samples handed in together.
const BATCH: usize = 50_000;
/// How long a lane that is busy is waited for.
const BUSY: Duration = Duration::from_millis(100);
/// Seconds between measurements while a history is made, and in its last days.
const SPARSE: i64 = 600;
const DENSE: i64 = 60;
/// Days of a history at its end that are measured densely.
const DENSE_DAYS: i64 = 2;
/// Seconds of the plant between measurements of a living plant at least; at a fast clock it is once a second of the wall.
const LIVE: i64 = 10;
/// How often a living plant is asked to go on in a second of the wall.
const ASKED: i64 = 4;

/// Sensors that tell that a machine is about to break down: from which running time before, and when they are at their worst.
pub(super) const TELLING: &[&str] = &["temperature", "vibration"];
const TELLING_MS: i64 = 3 * 3_600_000;
const WORST_MS: i64 = 600_000;

/// How a metric behaves.
#[derive(Clone, Copy, Debug)]
enum Course {
    /// Grows by so many thousandths a second of work.
    Counter(i64),
    /// Swings between two levels at work, and rests at a third.
    Level { least: f64, most: f64, rest: f64 },
    /// Wears by so many thousandths of a percent a second of work; changed when worn.
    Wear(i64),
}

/// What the machines of each skill tell beside their sensors.
const METRICS: &[(&str, &str, &str, Course)] = &[
    ("laser", "pierce_count", "1", Course::Counter(420)),
    ("laser", "cut_length", "m", Course::Counter(61)),
    ("laser", "laser_power", "kW", Course::Level { least: 3.1, most: 5.9, rest: 0.0 }),
    ("laser", "assist_gas_flow", "l/min", Course::Level { least: 180.0, most: 240.0, rest: 0.0 }),
    ("punch", "stroke_count", "1", Course::Counter(3_900)),
    ("punch", "tonnage", "t", Course::Level { least: 8.0, most: 22.0, rest: 0.0 }),
    ("punch", "tool_changes", "1", Course::Counter(11)),
    ("bend", "stroke_count", "1", Course::Counter(85)),
    ("bend", "bend_angle_error", "deg", Course::Level { least: -0.3, most: 0.4, rest: 0.0 }),
    ("weld", "arc_time", "s", Course::Counter(430)),
    ("weld", "wire_feed", "m/min", Course::Level { least: 6.0, most: 11.0, rest: 0.0 }),
    ("weld", "gas_flow", "l/min", Course::Level { least: 10.0, most: 15.0, rest: 0.0 }),
    ("polish", "cycle_time", "s", Course::Level { least: 70.0, most: 130.0, rest: 0.0 }),
    ("polish", "belt_wear", "%", Course::Wear(4)),
    ("assemble", "cycle_time", "s", Course::Level { least: 150.0, most: 420.0, rest: 0.0 }),
    ("pack", "cycle_time", "s", Course::Level { least: 60.0, most: 180.0, rest: 0.0 }),
];

/// What a machine says of itself, in the words of MTConnect's Execution and FunctionalMode; no shift, no control, no word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told {
    execution: Option<&'static str>,
    mode: Option<&'static str>,
    alarm: Option<&'static str>,
    order: Option<u64>,
}

struct Metric {
    series: SeriesId,
    course: Course,
    /// What it leaves its levels for before the machine breaks down.
    worst: Option<f64>,
    value: f64,
}

/// A machine and its series.
struct Voice {
    execution: SeriesId,
    mode: SeriesId,
    alarm: SeriesId,
    order: SeriesId,
    parts: SeriesId,
    power: SeriesId,
    power_kw: f64,
    metrics: Vec<Metric>,
    told: Option<Told>,
    /// Since when it has been working, and for how long since it was measured last.
    working_since: Option<Time>,
    worked_micros: i64,
    /// Running time until the machine breaks down, and what its station said of it last.
    sound_ms: i64,
    station_sound_ms: i64,
    /// The step at work and the pieces of it seen so far.
    at_work: Option<(u64, usize, i64)>,
    made: i64,
}

/// How machines speak over a wire: what they said is kept when it answers, and said again after a refusal.
pub type Speak = Box<dyn FnMut(&[Seen]) -> Result<(), Refusal> + Send>;

/// The machines of a department that speak over a wire.
struct Wire {
    speak: Speak,
    series: BTreeMap<SeriesId, Series>,
    /// What they said and nobody has taken yet.
    unheard: Vec<Seen>,
}

/// The machines' voices, and what they said and is not handed in yet.
pub(super) struct Signals {
    intake: Intake,
    voices: BTreeMap<u64, Voice>,
    dice: Dice,
    samples: Vec<Sample>,
    /// When they are measured next.
    due: Time,
    every_seconds: i64,
    dense_from: Option<Time>,
    wires: Vec<Wire>,
    /// It is told as it happens, and not what happened long ago.
    live: bool,
}

impl Simulator {
    /// From now on its machines tell what they do.
    pub fn speak(&mut self, lane: &Lane) -> Result<(), Refusal> {
        let known: BTreeMap<SeriesId, f64> =
            lane.last().into_iter().filter_map(|it| if let Reading::Number(number) = it.value { Some((it.series, number)) } else { None }).collect();
        let sensors = self.desk.records::<Sensor>(0, usize::MAX)?;
        let lines: BTreeMap<u64, String> = self.desk.records::<ProductionLine>(0, usize::MAX)?.into_iter().map(|line| (line.line_id.number(), line.line_name)).collect();
        let intake = lane.intake();
        let mut voices = BTreeMap::new();
        for (id, center) in &self.book.centers {
            let Some(machine) = center.machine_id.and_then(|it| self.book.machines.get(&it.number())) else { continue };
            let own = sensors.iter().filter(|sensor| sensor.machine_id == machine.machine_id).collect::<Vec<_>>();
            let name = machine.machine_code.clone().unwrap_or_else(|| Noun::Machine.id_text(machine.machine_id.number()));
            let naming = Naming { intake: &intake, machine: &name, department: center.line_id.and_then(|line| lines.get(&line.number())).map(String::as_str), known: &known };
            voices.insert(*id, naming.voice(self.book.skill(*id), machine.power_kw, &own)?);
        }
        let (due, dice) = (self.done_until, Dice::new(self.done_until.micros().unsigned_abs()));
        self.signals = Some(Signals { intake, voices, dice, samples: Vec::new(), due, every_seconds: LIVE, dense_from: None, wires: Vec::new(), live: false });
        Ok(())
    }

    /// From now on the machines of a department say over a wire what they do; what is long past is still
    /// handed in.
    pub fn speak_over(&mut self, lane: &Lane, department: &str, speak: Speak) {
        if let Some(signals) = &mut self.signals {
            let series = lane.series().into_iter().filter(|it| it.department.as_deref() == Some(department)).map(|it| (it.id, it)).collect();
            signals.wires.push(Wire { speak, series, unheard: Vec::new() });
        }
    }

    /// Nothing is said over wires any more; what nobody has heard is handed in.
    pub fn hang_up(&mut self) -> Result<(), Refusal> {
        let Some(signals) = &mut self.signals else { return Ok(()) };
        for wire in std::mem::take(&mut signals.wires) {
            signals.samples.extend(wire.unheard.into_iter().map(|(_, sample)| sample));
        }
        signals.hand_in()
    }

    /// A history is told sparsely, its last days densely.
    pub(super) fn speak_of_history(&mut self, start: Time, end: Time) {
        if let Some(signals) = &mut self.signals {
            (signals.due, signals.every_seconds, signals.live) = (start, SPARSE, false);
            signals.dense_from = Some(end.plus_minutes(-DENSE_DAYS * 1_440));
        }
    }

    /// A living plant that is asked to live up to a moment.
    pub(super) fn speak_live(&mut self, until: Time) {
        let ahead = (until.micros() - self.done_until.micros()) / 1_000_000;
        if let Some(signals) = &mut self.signals {
            (signals.every_seconds, signals.dense_from, signals.live) = ((ahead * ASKED).max(LIVE), None, true);
        }
    }

    /// What changed with an event is told at once.
    pub(super) fn tell_states(&mut self) {
        let Some(mut signals) = self.signals.take() else { return };
        let now = self.desk.now();
        for (id, station) in &self.stations {
            if let Some(voice) = signals.voices.get_mut(id) {
                let pieces = |order: u64, at: usize| self.jobs.get(&order).and_then(|job| job.steps.get(at)).map(|step| step.produced);
                voice.count(station, &pieces);
                voice.hear_of_soundness(station.sound_ms);
                voice.tell(told(station), now, &mut signals.samples);
            }
        }
        self.signals = Some(signals);
    }

    /// Measures all machines at every moment that is due up to then.
    pub(super) fn measure_until(&mut self, until: Time) -> Result<(), Refusal> {
        let Some(signals) = &mut self.signals else { return Ok(()) };
        while signals.due <= until {
            let due = signals.due;
            if signals.dense_from.is_some_and(|from| due >= from) {
                signals.every_seconds = DENSE;
            }
            signals.due = Time::from_micros(due.micros() + signals.every_seconds * 1_000_000);
            for voice in signals.voices.values_mut() {
                voice.measure(due, &mut signals.dice, &mut signals.samples);
            }
            if signals.samples.len() >= BATCH {
                signals.hand_in()?;
            }
        }
        Ok(())
    }

    /// Hands in what was said.
    pub(super) fn hand_in_samples(&mut self) -> Result<(), Refusal> {
        self.signals.as_mut().map_or(Ok(()), Signals::hand_in)
    }
}

impl Signals {
    /// What belongs to a wire is said over it; whoever cannot be reached is told later, within a bound.
    fn say_over_wires(&mut self) {
        for wire in &mut self.wires {
            let of_wire = |sample: &mut Sample| wire.series.contains_key(&sample.series);
            for mut sample in self.samples.extract_if(.., of_wire) {
                // Some wires tell no finer times, and a repeat is known by its time.
                sample.at = Time::from_micros(sample.at.micros() - sample.at.micros().rem_euclid(1_000));
                if let Some(series) = wire.series.get(&sample.series) {
                    wire.unheard.push((series.clone(), sample));
                }
            }
            if wire.unheard.is_empty() {
                continue;
            }
            match (wire.speak)(&wire.unheard) {
                Ok(()) => wire.unheard.clear(),
                Err(refusal) => tracing::debug!(%refusal, waiting = wire.unheard.len(), "machines are not heard; they say it again"),
            }
            if wire.unheard.len() > BATCH {
                tracing::warn!("machines have not been heard for long: what they said is handed in without their wire");
                self.samples.extend(wire.unheard.drain(..).map(|(_, sample)| sample));
            }
        }
    }

    fn hand_in(&mut self) -> Result<(), Refusal> {
        if self.live {
            self.say_over_wires();
        }
        for some in std::mem::take(&mut self.samples).chunks(BATCH) {
            let batch = Batch { source: SOURCE.to_owned(), window: Window::History, samples: some.to_vec(), ..Batch::default() };
            while let Err(refusal) = self.intake.put_wait(batch.clone()) {
                if refusal.code != Code::Busy {
                    return Err(refusal);
                }
                std::thread::sleep(BUSY);
            }
        }
        Ok(())
    }
}

fn told(station: &Station) -> Told {
    let order = station.run.as_ref().map(|run| run.order);
    if let Some(stop) = &station.stop {
        let broken = stop.category == DowntimeCategory::Breakdown;
        let (execution, mode) = if broken { ("STOPPED", "MAINTENANCE") } else { ("INTERRUPTED", "PRODUCTION") };
        return Told { execution: Some(execution), mode: Some(mode), alarm: broken.then(|| fault_code(stop.fault)), order };
    }
    match &station.run {
        Some(run) if run.active.is_some() && run.setup_ms > 0 => Told { execution: Some("READY"), mode: Some("SETUP"), alarm: None, order },
        Some(run) if run.active.is_some() => Told { execution: Some("ACTIVE"), mode: Some("PRODUCTION"), alarm: None, order },
        Some(_) if station.operator.is_some() => Told { execution: Some("FEED_HOLD"), mode: Some("PRODUCTION"), alarm: None, order },
        _ if station.operator.is_some() => Told { execution: Some("READY"), mode: Some("PRODUCTION"), alarm: None, order },
        _ => Told::default(),
    }
}

impl Voice {
    /// A station brings its account up to date at its own events only, and is asked at everybody's.
    const fn hear_of_soundness(&mut self, sound_ms: i64) {
        if sound_ms != self.station_sound_ms {
            (self.sound_ms, self.station_sound_ms) = (sound_ms, sound_ms);
        }
    }

    /// Counts pieces of the step at work, which may just have ended.
    fn count(&mut self, station: &Station, pieces: &dyn Fn(u64, usize) -> Option<i64>) {
        if let Some((order, at, seen)) = self.at_work {
            let in_hand = station.run.as_ref().filter(|run| (run.order, run.at) == (order, at)).map_or(0, |run| run.made);
            let made = pieces(order, at).map_or(seen, |reported| reported + in_hand).max(seen);
            self.made += made - seen;
            self.at_work = Some((order, at, made));
        }
        let run = station.run.as_ref().map(|run| (run.order, run.at));
        if run.is_some() && run != self.at_work.map(|(order, at, _)| (order, at)) {
            self.at_work = run.and_then(|(order, at)| Some((order, at, pieces(order, at)?)));
        }
    }

    fn tell(&mut self, told: Told, now: Time, samples: &mut Vec<Sample>) {
        if self.told == Some(told) {
            return;
        }
        let before = self.told.replace(told);
        let mut say = |series: SeriesId, was: Option<Option<&str>>, is: Option<&str>| {
            if was != Some(is) {
                samples.push(Sample { series, at: now, value: is.map_or(Reading::Unavailable, |text| Reading::Text(text.into())) });
            }
        };
        say(self.execution, before.map(|it| it.execution), told.execution);
        say(self.mode, before.map(|it| it.mode), told.mode);
        say(self.alarm, before.map(|it| it.alarm), told.alarm);
        let name = |order: u64| Noun::WorkOrder.id_text(order);
        let (was, is) = (before.map(|it| it.order.map(name)), told.order.map(name));
        say(self.order, was.as_ref().map(Option::as_deref), is.as_deref());
        let works = told.execution == Some("ACTIVE");
        if let Some(since) = self.working_since.take() {
            self.worked_micros += now.micros() - since.micros();
        }
        self.working_since = works.then_some(now);
    }

    fn measure(&mut self, now: Time, dice: &mut Dice, samples: &mut Vec<Sample>) {
        if let Some(since) = self.working_since.filter(|since| *since < now) {
            self.worked_micros += now.micros() - since.micros();
            self.working_since = Some(now);
        }
        let works = self.working_since.is_some();
        let on = self.told.is_some_and(|told| told.execution.is_some());
        let share = if works {
            550 + dice.between(0, 250)
        } else if on {
            120
        } else {
            20
        };
        let mut say = |series: SeriesId, value: f64| samples.push(Sample { series, at: now, value: Reading::Number((value * 100.0).round() / 100.0) });
        say(self.power, self.power_kw * float(share) / 1_000.0);
        let worked = std::mem::take(&mut self.worked_micros);
        self.sound_ms = self.sound_ms.saturating_sub(worked / 1_000);
        // From nothing to one as the breakdown comes near.
        let near = float((TELLING_MS - self.sound_ms).clamp(0, TELLING_MS - WORST_MS)) / float(TELLING_MS - WORST_MS);
        if !on {
            return;
        }
        say(self.parts, float(self.made));
        for metric in &mut self.metrics {
            match metric.course {
                Course::Counter(thousandths) => metric.value += float(worked) / 1e6 * float(thousandths) / 1_000.0,
                Course::Wear(thousandths) => metric.value = (metric.value + float(worked) / 1e6 * float(thousandths) / 1_000.0) % 100.0,
                Course::Level { least, most, rest } => {
                    let usual = least + (most - least) * float(dice.between(0, 1_000)) / 1_000.0;
                    let level = metric.worst.map_or(usual, |worst| usual + (worst - usual) * near);
                    metric.value += (if works { level } else { rest } - metric.value) * 0.6;
                }
            }
            let whole = matches!(metric.course, Course::Counter(_));
            say(metric.series, if whole { metric.value.floor() } else { metric.value });
        }
    }
}

/// Small enough numbers lose nothing on the way.
#[allow(clippy::cast_precision_loss)]
const fn float(number: i64) -> f64 {
    number as f64
}

fn decimal(number: Option<Decimal>) -> Option<f64> {
    number.map(|number| float(number.scaled()) / float(Decimal::ONE.scaled()))
}

/// Giving series their names.
struct Naming<'n> {
    intake: &'n Intake,
    machine: &'n str,
    department: Option<&'n str>,
    known: &'n BTreeMap<SeriesId, f64>,
}

impl Naming<'_> {
    fn series(&self, metric: &str, measure: Measure, unit: Option<&str>) -> Result<SeriesId, Refusal> {
        self.intake.series(Identity { machine: self.machine, metric, measure, unit, department: self.department })
    }

    fn metric(&self, name: &str, unit: Option<&str>, course: Course) -> Result<Metric, Refusal> {
        let series = self.series(name, Measure::Number, unit)?;
        Ok(Metric { series, course, worst: None, value: self.known.get(&series).copied().unwrap_or_default() })
    }

    fn voice(&self, skill: &str, power_kw: Option<Decimal>, sensors: &[&Sensor]) -> Result<Voice, Refusal> {
        let mut metrics = Vec::new();
        for (_, name, unit, course) in METRICS.iter().filter(|(of, ..)| *of == skill) {
            metrics.push(self.metric(name, Some(unit), *course)?);
        }
        for sensor in sensors {
            let (least, most) = (decimal(sensor.normal_range_min).unwrap_or(0.0), decimal(sensor.normal_range_max).unwrap_or(1.0));
            // At work well inside the normal range.
            let (width, rest) = (most - least, least + (most - least) * 0.05);
            let course = Course::Level { least: least + width * 0.35, most: least + width * 0.75, rest };
            let worst = decimal(sensor.critical_range_max).filter(|_| TELLING.contains(&sensor.sensor_type.as_str()));
            metrics.push(Metric { worst, ..self.metric(&sensor.sensor_type, sensor.unit_of_measure.as_deref(), course)? });
        }
        let parts = self.series("part_count", Measure::Number, Some("1"))?;
        let counted = self.known.get(&parts).copied().unwrap_or_default();
        Ok(Voice {
            execution: self.series("execution", Measure::Text, None)?,
            mode: self.series("functional_mode", Measure::Text, None)?,
            alarm: self.series("alarm", Measure::Text, None)?,
            order: self.series("job_id", Measure::Text, None)?,
            parts,
            power: self.series("power", Measure::Number, Some("kW"))?,
            power_kw: decimal(power_kw).unwrap_or(1.0),
            metrics,
            told: None,
            working_since: None,
            worked_micros: 0,
            sound_ms: i64::MAX,
            station_sound_ms: i64::MAX,
            at_work: None,
            // Whole, and far from what a double holds exactly.
            #[allow(clippy::cast_possible_truncation)]
            made: counted as i64,
        })
    }
}
