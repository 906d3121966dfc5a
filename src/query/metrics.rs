//! What machines told, as tables: samples and what they come to by steps, read from the lane machine
//! by machine and day by day, the named machines, metrics and days alone. Sealed and unsealed are one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;

use super::moment::external;
use super::pages::{Asked, Opening, Paged, Pages};
use super::seek::{Choice, Span};
use crate::base::{Code, Refusal, Time};
use crate::followers::lake_telemetry::{ROLLUPS, SAMPLES, machines, no_rows, rollups, samples};
use crate::lake;
use crate::model::telemetry::Series;
use crate::telemetry::Lane;

const TIME: &str = "time";
const MACHINE: &str = "machine_id";
const METRIC: &str = "metric_name";
const DAY: i64 = 86_400_000_000;

/// Samples or rollups of all machines.
pub(super) struct Metrics {
    lane: Lane,
    name: &'static str,
    /// The length of a step; samples where absent.
    step: Option<Duration>,
    schema: SchemaRef,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}", self.name)
    }
}

impl Metrics {
    /// All tables of a lane, with their names.
    pub(super) fn all(lane: &Lane) -> Result<Vec<(&'static str, Self)>, Refusal> {
        let steps = ROLLUPS.iter().map(|(name, seconds)| (*name, Some(Duration::from_secs(*seconds))));
        let tables = std::iter::once((SAMPLES, None)).chain(steps);
        tables.map(|(name, step)| Ok((name, Self { lane: lane.clone(), name, step, schema: lake::batch(no_rows(name))?.schema() }))).collect()
    }

    /// Their names.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        std::iter::once(SAMPLES).chain(ROLLUPS.iter().map(|(name, _)| *name))
    }
}

impl Paged for Metrics {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn uses(&self, filter: &Expr) -> bool {
        Span::of(std::slice::from_ref(filter), TIME) != Span::ALL || Choice::of(filter).is_some_and(|choice| [MACHINE, METRIC].contains(&choice.column.as_str()))
    }

    fn open(&self, asked: Asked<'_>) -> Result<Opening> {
        asked.moment.newest_only(self.name)?;
        let choices: Vec<Choice> = asked.filters.iter().filter_map(Choice::of).collect();
        let wants =
            |column: &str, text: &str| choices.iter().filter(|choice| choice.column == column).all(|choice| choice.among.iter().any(|it| it.try_as_str().flatten() == Some(text)));
        let wanted: Vec<Machine> = machines(&self.lane)
            .into_iter()
            .filter(|all| all.first().is_some_and(|first| wants(MACHINE, &first.machine)))
            .map(|all| Machine { wanted: all.iter().filter(|series| wants(METRIC, &series.metric)).cloned().collect(), all })
            .collect();
        let (first, last) = self.days(Span::of(asked.filters, TIME)).map_err(external)?;
        let (lane, step, columns) = (self.lane.clone(), self.step, asked.columns);
        let todo: Arc<Vec<Machine>> = Arc::new(wanted);
        Ok(Arc::new(move || pages(lane.clone(), step, columns.clone(), (first, last), Arc::clone(&todo))))
    }
}

impl Metrics {
    /// First and last day, of 1970's, in which there can be anything.
    fn days(&self, span: Span) -> Result<(i64, i64), Refusal> {
        let now = self.lane.intake().now().micros();
        let first = self.lane.first_at()?.map_or(now, Time::micros).max(span.from);
        // A machine's clock may be ahead.
        Ok((first.div_euclid(DAY), (now + DAY).min(span.to.saturating_sub(1)).div_euclid(DAY)))
    }
}

/// A machine's series, and those of them that are wanted.
struct Machine {
    all: Vec<Series>,
    wanted: Vec<Series>,
}

fn pages(lane: Lane, step: Option<Duration>, columns: Vec<usize>, (first, last): (i64, i64), machines: Arc<Vec<Machine>>) -> Pages {
    let all = machines.iter().enumerate().flat_map(|(machine, it)| (0..it.wanted.len()).map(move |series| (machine, series)));
    let mut todo = all.collect::<Vec<_>>().into_iter().flat_map(move |place| (first..=last).map(move |day| (place, day)));
    Box::new(move || {
        let Some(((machine, series), day)) = todo.next() else { return Ok(None) };
        let it = &machines[machine];
        let (from, to) = (Time::from_micros(day * DAY), Time::from_micros((day + 1) * DAY));
        let one = std::slice::from_ref(&it.wanted[series]);
        let rows = match step {
            Some(step) => rollups(&lane, one, from, to, step)?,
            None => samples(&lane, &it.all, one, from, to)?,
        };
        narrow(lake::batch(rows.unwrap_or_else(|| no_rows(if step.is_some() { "" } else { SAMPLES })))?, &columns).map(Some)
    })
}

fn narrow(batch: RecordBatch, columns: &[usize]) -> Result<RecordBatch, Refusal> {
    batch.project(columns).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}
