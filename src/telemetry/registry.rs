//! Every series by its machine and metric, in memory; the lane writes what is new with its first
//! samples. Bounded, since a machine that makes up names must not fill the box.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError, RwLock};

use super::intake::Identity;
use crate::base::{Code, Refusal, Time, limits};
use crate::model::telemetry::{Measure, Sample, Series, SeriesId};

type Now = Box<dyn Fn() -> Time + Send + Sync>;

#[derive(Default)]
struct Known {
    by_name: HashMap<String, HashMap<String, u32>>,
    series: Vec<Series>,
    /// A machine's number is the one of its first series.
    machines: HashMap<String, u32>,
    /// Series that are new, or of which more is known than is stored.
    unsaved: Vec<SeriesId>,
}

impl Known {
    fn enter(&mut self, series: Series) {
        self.machines.entry(series.machine.clone()).or_insert(series.id.0);
        self.by_name.entry(series.machine.clone()).or_default().insert(series.metric.clone(), series.id.0);
        self.series.push(series);
    }
}

/// The series, and where each source goes on.
pub(super) struct Registry {
    known: RwLock<Known>,
    cursors: Mutex<BTreeMap<String, Vec<u8>>>,
    now: Now,
}

impl Registry {
    pub(super) fn new(stored: Vec<Series>, cursors: BTreeMap<String, Vec<u8>>, now: Now) -> Self {
        let mut known = Known::default();
        for series in stored {
            known.enter(series);
        }
        Self { known: RwLock::new(known), cursors: Mutex::new(cursors), now }
    }

    /// One that nothing is behind.
    pub(super) fn scratch(now: Time) -> Self {
        Self::new(Vec::new(), BTreeMap::new(), Box::new(move || now))
    }

    pub(super) fn now(&self) -> Time {
        (self.now)()
    }

    pub(super) fn cursor(&self, source: &str) -> Result<Option<Vec<u8>>, Refusal> {
        Ok(self.cursors.lock().unwrap_or_else(PoisonError::into_inner).get(source).cloned())
    }

    pub(super) fn keep_cursor(&self, source: &str, cursor: Vec<u8>) {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner).insert(source.to_owned(), cursor);
    }

    pub(super) fn series(&self, id: SeriesId) -> Option<Series> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).series.get(id.0 as usize).cloned()
    }

    /// The machine's number: the one of its first series.
    pub(super) fn machine_of(&self, id: SeriesId) -> u32 {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.series.get(id.0 as usize).and_then(|series| known.machines.get(&series.machine)).copied().unwrap_or(id.0)
    }

    /// Machines and their series.
    pub(super) fn machines(&self) -> BTreeMap<u32, Vec<SeriesId>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut machines: BTreeMap<u32, Vec<SeriesId>> = BTreeMap::new();
        for series in &known.series {
            machines.entry(known.machines.get(&series.machine).copied().unwrap_or(series.id.0)).or_default().push(series.id);
        }
        machines
    }

    /// The series of a machine.
    pub(super) fn of_machine(&self, machine: &str) -> Vec<Series> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let ids = known.by_name.get(machine).into_iter().flat_map(|metrics| metrics.values());
        ids.filter_map(|id| known.series.get(*id as usize).cloned()).collect()
    }

    /// What the values of some series are.
    pub(super) fn measures<'s>(&self, samples: &'s [Sample]) -> Vec<Option<(&'s Sample, Measure)>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        samples.iter().map(|sample| known.series.get(sample.series.0 as usize).map(|series| (sample, series.measure))).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).series.len()
    }

    pub(super) fn all(&self) -> Vec<Series> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).series.clone()
    }

    pub(super) fn find(&self, machine: &str, metric: &str) -> Option<Series> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let id = *known.by_name.get(machine)?.get(metric)?;
        known.series.get(id as usize).cloned()
    }

    pub(super) fn number(&self, it: Identity<'_>) -> Result<SeriesId, Refusal> {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(series) = known.by_name.get(it.machine).and_then(|metrics| metrics.get(it.metric)).and_then(|id| known.series.get(*id as usize)) {
                let tells_more = (series.unit.is_none() && it.unit.is_some()) || (series.department.is_none() && it.department.is_some());
                if !tells_more {
                    return same_measure(series, it);
                }
            }
        }
        self.learn(it)
    }

    fn learn(&self, it: Identity<'_>) -> Result<SeriesId, Refusal> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let known = &mut *known;
        if let Some(id) = known.by_name.get(it.machine).and_then(|metrics| metrics.get(it.metric)).copied()
            && let Some(series) = known.series.get_mut(id as usize)
        {
            let id = same_measure(series, it)?;
            series.unit = series.unit.take().or_else(|| it.unit.map(str::to_owned));
            series.department = series.department.take().or_else(|| it.department.map(str::to_owned));
            known.unsaved.push(id);
            return Ok(id);
        }
        for (name, value) in [("machine", Some(it.machine)), ("metric", Some(it.metric)), ("unit", it.unit), ("department", it.department)] {
            value.map_or(Ok(()), |value| checked(name, value))?;
        }
        if known.series.len() >= limits::SERIES_MAX {
            return Err(Refusal::new(Code::TooLarge, format!("there are {} series already, which is the most; is a time or a number part of a name?", limits::SERIES_MAX)));
        }
        let id = SeriesId(u32::try_from(known.series.len()).unwrap_or(u32::MAX));
        known.enter(Series {
            id,
            machine: it.machine.to_owned(),
            metric: it.metric.to_owned(),
            measure: it.measure,
            unit: it.unit.map(str::to_owned),
            department: it.department.map(str::to_owned),
        });
        known.unsaved.push(id);
        Ok(id)
    }

    /// What has to be written with the next commit. Whoever takes it writes it.
    pub(super) fn take_unsaved(&self) -> Vec<Series> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut ids = std::mem::take(&mut known.unsaved);
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| known.series.get(id.0 as usize).cloned()).collect()
    }

    /// The commit failed: they have to be written with the next.
    pub(super) fn still_unsaved(&self, series: &[Series]) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).unsaved.extend(series.iter().map(|it| it.id));
    }
}

fn same_measure(series: &Series, it: Identity<'_>) -> Result<SeriesId, Refusal> {
    if series.measure == it.measure {
        return Ok(series.id);
    }
    Err(Refusal::field(
        Code::Invalid,
        "value",
        format!("{} of {} holds {}s; a {} cannot be kept in it, so give it another name", it.metric, it.machine, series.measure.word(), it.measure.word()),
    ))
}

fn checked(name: &'static str, value: &str) -> Result<(), Refusal> {
    if value.trim().is_empty() || value.len() > limits::SERIES_NAME_MAX || value.chars().any(char::is_control) {
        let shown: String = value.chars().take(40).collect();
        return Err(Refusal::field(Code::Invalid, name, format!("a {name} has 1 to {} bytes and no control characters; `{shown}` is none", limits::SERIES_NAME_MAX)));
    }
    Ok(())
}
