//! What machines told as tables: `machine_metrics` sample by sample, and what it comes to by the minute,
//! the hour and the day; as Parquet, one file a day. Machine by machine, so that a day needs the memory of one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Date, Refusal, Time};
use crate::lake::{Cells, Column, DayFiles, Export};
use crate::model::telemetry::{Reading, Series};
use crate::telemetry::Lane;

/// What a machine works on, and so what its samples belong to.
const JOB: &str = "job_id";
const DAY: i64 = 86_400_000_000;
/// The table of samples.
pub const SAMPLES: &str = "machine_metrics";
/// Tables of rollups, by the length of a step in seconds.
pub const ROLLUPS: [(&str, u64); 3] = [("machine_metrics_1m", 60), ("machine_metrics_hourly", 3_600), ("machine_metrics_daily", 86_400)];

/// What is written.
pub(super) enum Extent {
    /// Everything, a file a day.
    Whole,
    /// Going on from an export that shows everything but these hours; the running day has a file an hour.
    Since(Option<BTreeSet<u32>>),
}

/// Exports what machines told up to a moment.
pub(super) fn export(lane: &Lane, export: &mut Export, until: Time, extent: &Extent) -> Result<(), Refusal> {
    let machines = machines(lane);
    let days = Days { first: lane.first_at()?.map_or_else(|| day_of(until), day_of), today: day_of(until) };
    let mut raw = export.day_files(SAMPLES, "time", no_rows(SAMPLES));
    let stale = days.stale(extent, &raw.earlier());
    raw.keep(|day, hour| match (day.days() == days.today, hour) {
        (true, Some(hour)) => hour < stale.hour,
        _ => !stale.days.contains(&day.days()),
    });
    for day in &stale.days {
        for (hour, from, to) in days.pieces(*day, until, extent, stale.hour) {
            for series in &machines {
                write(Date::from_days(*day), hour, samples(lane, series, series, from, to)?, &mut raw)?;
            }
        }
    }
    export.add(raw.finish()?);
    for (table, seconds) in ROLLUPS {
        let mut rolled = export.day_files(table, "time", no_rows(table));
        let stale = days.stale_rollups(&stale.days, &rolled.earlier());
        rolled.keep(|day, _| !stale.contains(&day.days()));
        for day in stale {
            let (from, to) = (begin_of(day), begin_of(day + 1).min(until));
            for series in &machines {
                write(Date::from_days(day), None, rollups(lane, series, from, to, Duration::from_secs(seconds))?, &mut rolled)?;
            }
        }
        export.add(rolled.finish()?);
    }
    Ok(())
}

fn day_of(at: Time) -> i32 {
    i32::try_from(at.micros().div_euclid(DAY)).unwrap_or(i32::MAX)
}

fn begin_of(day: i32) -> Time {
    Time::from_micros(i64::from(day) * DAY)
}

/// The days in which there may be samples.
struct Days {
    first: i32,
    today: i32,
}

/// What is not or no longer in the lake as it is.
struct Stale {
    days: BTreeSet<i32>,
    /// Of today, from this hour on.
    hour: u8,
}

impl Days {
    fn stale(&self, extent: &Extent, earlier: &BTreeSet<(Date, Option<u8>)>) -> Stale {
        let Extent::Since(Some(hours)) = extent else { return Stale { days: (self.first..=self.today).collect(), hour: 0 } };
        if earlier.is_empty() {
            return Stale { days: (self.first..=self.today).collect(), hour: 0 };
        }
        let split = |hour: &u32| (i32::try_from(hour / 24).unwrap_or(i32::MAX), u8::try_from(hour % 24).unwrap_or(0));
        // A day that is over gets its one file.
        let over = earlier.iter().filter(|(day, hour)| hour.is_some() && day.days() < self.today).map(|(day, _)| day.days());
        let days = hours.iter().map(|hour| split(hour).0).filter(|day| *day <= self.today).chain(over).collect();
        let whole = earlier.contains(&(Date::from_days(self.today), None));
        let hour = hours.iter().map(split).find(|(day, _)| *day == self.today).map_or(24, |(_, hour)| hour);
        Stale { days, hour: if whole { 0 } else { hour } }
    }

    /// The pieces in which a day is written: the hours of today, else the day.
    fn pieces(&self, day: i32, until: Time, extent: &Extent, hour: u8) -> Vec<(Option<u8>, Time, Time)> {
        if day < self.today || matches!(extent, Extent::Whole) {
            return vec![(None, begin_of(day), begin_of(day + 1).min(until))];
        }
        let begin = |hour: u8| begin_of(day).plus(Duration::from_secs(u64::from(hour) * 3_600));
        (hour..24).map(|hour| (Some(hour), begin(hour), begin(hour + 1).min(until))).filter(|(_, from, to)| from < to).collect()
    }

    /// A state goes on into the next day, and the days since the last time went on by themselves.
    fn stale_rollups(&self, raw: &BTreeSet<i32>, earlier: &BTreeSet<(Date, Option<u8>)>) -> BTreeSet<i32> {
        let since = earlier.last().map_or(self.first, |(day, _)| day.days());
        let next = raw.iter().flat_map(|day| [*day, day + 1]).filter(|day| *day <= self.today);
        next.chain(since..=self.today).collect()
    }
}

fn write(day: Date, hour: Option<u8>, rows: Option<Vec<Column>>, files: &mut DayFiles) -> Result<(), Refusal> {
    rows.map_or(Ok(()), |rows| files.write(day, hour, rows))
}

/// The columns of a table of samples or rollups, without a row.
pub fn no_rows(table: &str) -> Vec<Column> {
    if table == SAMPLES { Samples::default().columns() } else { Rollups::default().columns() }
}

/// Series by machine, both in the order of their names.
pub fn machines(lane: &Lane) -> Vec<Vec<Series>> {
    let mut all = lane.series();
    all.sort_by(|one, other| (&one.machine, &one.metric).cmp(&(&other.machine, &other.metric)));
    all.chunk_by(|one, other| one.machine == other.machine).map(<[Series]>::to_vec).collect()
}

/// What every row says of its series.
#[derive(Default)]
struct Names {
    machine: Vec<Option<Arc<str>>>,
    department: Vec<Option<Arc<str>>>,
    metric: Vec<Option<Arc<str>>>,
    unit: Vec<Option<Arc<str>>>,
}

/// The names of one series, made once.
struct Named {
    machine: Arc<str>,
    department: Option<Arc<str>>,
    metric: Arc<str>,
    unit: Option<Arc<str>>,
}

impl Named {
    fn of(series: &Series) -> Self {
        Self {
            machine: series.machine.as_str().into(),
            department: series.department.as_deref().map(Arc::from),
            metric: series.metric.as_str().into(),
            unit: series.unit.as_deref().map(Arc::from),
        }
    }
}

impl Names {
    fn push(&mut self, named: &Named) {
        self.machine.push(Some(Arc::clone(&named.machine)));
        self.department.push(named.department.clone());
        self.metric.push(Some(Arc::clone(&named.metric)));
        self.unit.push(named.unit.clone());
    }

    fn columns(self) -> [Column; 4] {
        let texts = |name, cells| Column { name, cells: Cells::Texts(cells) };
        [texts("machine_id", self.machine), texts("department", self.department), texts("metric_name", self.metric), texts("unit", self.unit)]
    }
}

#[derive(Default)]
struct Samples {
    times: Vec<i64>,
    names: Names,
    values: Vec<Option<f64>>,
    texts: Vec<Option<Arc<str>>>,
    jobs: Vec<Option<Arc<str>>>,
}

impl Samples {
    fn columns(self) -> Vec<Column> {
        let mut columns = vec![Column { name: "time", cells: Cells::Times(self.times) }];
        columns.extend(self.names.columns());
        columns.push(Column { name: "value", cells: Cells::Numbers(self.values) });
        columns.push(Column { name: "text_value", cells: Cells::Texts(self.texts) });
        columns.push(Column { name: "job_id", cells: Cells::Texts(self.jobs) });
        columns
    }
}

/// What a machine worked on from when on, in order.
type Jobs = Vec<(Time, Option<Arc<str>>)>;

fn jobs(lane: &Lane, series: &[Series], from: Time, to: Time) -> Result<Jobs, Refusal> {
    let Some(job) = series.iter().find(|series| series.metric == JOB) else { return Ok(Vec::new()) };
    let mut jobs = vec![(Time::from_micros(i64::MIN), lane.text_at(job.id, from)?.map(Arc::from))];
    let (told, _) = lane.raw(job.id, from, to, usize::MAX)?;
    jobs.extend(told.into_iter().map(|(at, reading)| (at, if let Reading::Text(text) = reading { Some(Arc::from(text)) } else { None })));
    Ok(jobs)
}

/// Samples of some series of a machine, `all` of which tell what it worked on; `None` where there are none.
pub fn samples(lane: &Lane, all: &[Series], series: &[Series], from: Time, to: Time) -> Result<Option<Vec<Column>>, Refusal> {
    let jobs = jobs(lane, all, from, to)?;
    let mut rows = Samples::default();
    for series in series {
        let named = Named::of(series);
        let (told, _) = lane.raw(series.id, from, to, usize::MAX)?;
        let mut job = 0;
        for (at, reading) in told {
            while jobs.get(job + 1).is_some_and(|(since, _)| *since <= at) {
                job += 1;
            }
            rows.times.push(at.micros());
            rows.names.push(&named);
            rows.jobs.push(jobs.get(job).and_then(|(_, job)| job.clone()));
            let (number, text) = match reading {
                Reading::Number(number) => (Some(number), None),
                Reading::Text(text) => (None, Some(Arc::from(text))),
                Reading::Unavailable => (None, None),
            };
            rows.values.push(number);
            rows.texts.push(text);
        }
    }
    Ok((!rows.times.is_empty()).then(|| rows.columns()))
}

#[derive(Default)]
struct Rollups {
    times: Vec<i64>,
    names: Names,
    counts: Vec<i64>,
    /// Sum, average, least, largest, last.
    figures: [Vec<Option<f64>>; 5],
    states: Vec<Option<Arc<str>>>,
    state_seconds: Vec<Option<f64>>,
}

impl Rollups {
    fn columns(self) -> Vec<Column> {
        let mut columns = vec![Column { name: "time", cells: Cells::Times(self.times) }];
        columns.extend(self.names.columns());
        columns.push(Column { name: "sample_count", cells: Cells::Counts(self.counts) });
        let names = ["sum_value", "avg_value", "min_value", "max_value", "last_value"];
        columns.extend(names.into_iter().zip(self.figures).map(|(name, figures)| Column { name, cells: Cells::Numbers(figures) }));
        columns.push(Column { name: "state", cells: Cells::Texts(self.states) });
        columns.push(Column { name: "state_seconds", cells: Cells::Numbers(self.state_seconds) });
        columns
    }

    fn push(&mut self, at: Time, named: &Named, count: u64, figures: [Option<f64>; 5], state: Option<(&str, i64)>) {
        self.times.push(at.micros());
        self.names.push(named);
        self.counts.push(i64::try_from(count).unwrap_or(i64::MAX));
        self.figures.iter_mut().zip(figures).for_each(|(column, figure)| column.push(figure));
        self.states.push(state.map(|(state, _)| Arc::from(state)));
        // A day has few enough milliseconds for a double.
        #[allow(clippy::cast_precision_loss)]
        self.state_seconds.push(state.map(|(_, ms)| ms as f64 / 1_000.0));
    }
}

/// What series come to by steps; `None` where there is nothing.
pub fn rollups(lane: &Lane, series: &[Series], from: Time, to: Time, step: Duration) -> Result<Option<Vec<Column>>, Refusal> {
    let mut rows = Rollups::default();
    for series in series {
        let named = Named::of(series);
        for it in lane.rolled(series.id, from, to, step)? {
            let last = it.last.as_ref().and_then(|last| if let Reading::Number(number) = last { Some(*number) } else { None });
            if it.count > 0 {
                #[allow(clippy::cast_precision_loss)]
                let avg = it.sum / it.count as f64;
                rows.push(it.at, &named, it.count, [Some(it.sum), Some(avg), it.min, it.max, last], None);
            }
            for (state, ms) in &it.held_ms {
                rows.push(it.at, &named, 0, [None; 5], Some((state, *ms)));
            }
        }
    }
    Ok((!rows.times.is_empty()).then(|| rows.columns()))
}
