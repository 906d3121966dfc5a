//! Which of a machine's series say what it does: those that people mapped, else those known by their
//! names. Deliberately no timelines: this looks at the newest readings only.

use crate::base::{Refusal, Time, limits};
use crate::model::machine_fault::FaultStatus;
use crate::model::machine_signal::ValueMap;
use crate::model::machine_state::{SignalRole, Words, plain, signal};
use crate::model::plant::Status;
use crate::model::telemetry::{Measure, Reading, Series};
use crate::model::{Field as _, Id, Machine, MachineCounter, MachineFault, MachineSignal, OperationCount, Sensor};
use crate::store::{Snapshot, View as _};
use crate::telemetry::Lane;

/// A series that says something of its machine.
pub struct Heard {
    /// What it says.
    pub role: SignalRole,
    /// Where it says it.
    pub series: Series,
    /// The mapping that people made, where they made one.
    pub mapping: Option<MachineSignal>,
    /// What it said last.
    pub last: Option<(Time, Reading)>,
    words: ValueMap,
}

impl Heard {
    /// What a reading says in the words that are known; absent where the machine says nothing.
    pub fn word(&self, reading: &Reading) -> Option<String> {
        match reading {
            Reading::Text(text) => Some(self.words.meaning(text).to_owned()),
            Reading::Number(number) => Some(self.words.meaning(&number.to_string()).to_owned()),
            Reading::Unavailable => None,
        }
    }
}

/// What a machine counted.
pub struct Counted {
    /// Where its counter stands, and what became of its counts.
    pub counter: MachineCounter,
    /// The operation that it counted last.
    pub operation: Option<OperationCount>,
}

/// What a machine counted; `None` where it never did.
pub fn counted(snapshot: &Snapshot, machine: Id<Machine>) -> Result<Option<Counted>, Refusal> {
    let counter: Option<MachineCounter> = snapshot.related("machine_id", &machine.to_value(), 1)?.pop();
    let Some(counter) = counter else { return Ok(None) };
    let operation = match counter.operation_id {
        Some(id) => snapshot.related("operation_id", &id.to_value(), 1)?.pop(),
        None => None,
    };
    Ok(Some(Counted { counter, operation }))
}

/// A machine's mappings that hold.
pub fn mapped(snapshot: &Snapshot, machine: Id<Machine>) -> Result<Vec<MachineSignal>, Refusal> {
    let mut mapped: Vec<MachineSignal> = snapshot.related("machine_id", &machine.to_value(), limits::LIST_MAX)?;
    mapped.retain(|it| it.status == Status::Active);
    Ok(mapped)
}

/// What a machine's series say, a role each, and when any of them was told last. A mapped role is read where the mapping says and nowhere else.
pub fn heard(lane: &Lane, machine: &str, mapped: &[MachineSignal]) -> (Vec<Heard>, Option<Time>) {
    let own = lane.of_machine(machine);
    let last_told_at = own.iter().filter_map(|(_, last)| last.as_ref().map(|(at, _)| *at)).max();
    let heard = SignalRole::ALL.iter().filter_map(|role| {
        let mapping = mapped.iter().find(|it| it.role == *role);
        let (series, last) = match mapping {
            Some(mapping) => own.iter().find(|(series, _)| series.metric == mapping.metric)?,
            None => own.iter().filter_map(|it| Some((by_name(&it.0, *role)?, it))).min_by_key(|(rank, _)| *rank)?.1,
        };
        let words = mapping.and_then(|it| it.value_map.as_deref()).and_then(|text| ValueMap::read(text).ok()).unwrap_or_default();
        Some(Heard { role: *role, series: series.clone(), mapping: mapping.cloned(), last: last.clone(), words })
    });
    (heard.collect(), last_told_at)
}

/// How surely a series without a mapping has a role: a smaller rank goes before.
fn by_name(series: &Series, role: SignalRole) -> Option<usize> {
    let measure = if role == SignalRole::PartCount { Measure::Number } else { Measure::Text };
    signal(&series.metric).filter(|(said, _)| *said == role && series.measure == measure).map(|(_, rank)| rank)
}

/// What a machine's control says now.
pub fn words(heard: &[Heard]) -> Words {
    let mut words = Words::default();
    for it in heard {
        if let (Some(word), Some((_, reading))) = (words.of(it.role), &it.last) {
            *word = it.word(reading);
        }
    }
    words
}

/// The series that a sensor tells: named by its code, else by what it measures.
pub fn series_of<'s>(own: &'s [(Series, Option<(Time, Reading)>)], sensor: &Sensor) -> Option<&'s Series> {
    let numbers = || own.iter().map(|(series, _)| series).filter(|series| series.measure == Measure::Number);
    let named = |name: &str| numbers().find(|series| plain(series.metric.rsplit(['/', '.']).next().unwrap_or_default()) == plain(name));
    let code = sensor.sensor_code.as_deref();
    code.and_then(|code| numbers().find(|series| series.metric == code).or_else(|| named(code))).or_else(|| named(&sensor.sensor_type))
}

/// Sensors in use.
pub fn sensors(snapshot: &Snapshot) -> Result<Vec<Sensor>, Refusal> {
    let mut sensors: Vec<Sensor> = super::floor::all(snapshot)?;
    sensors.retain(|sensor| sensor.status == Status::Active);
    Ok(sensors)
}

/// Faults that are not cleared.
pub fn open_faults(snapshot: &Snapshot) -> Result<Vec<MachineFault>, Refusal> {
    let mut open = Vec::new();
    for status in [FaultStatus::Open, FaultStatus::Acknowledged] {
        open.extend(snapshot.related::<MachineFault>("status", &status.to_value(), limits::SCAN_MAX)?);
    }
    Ok(open)
}
