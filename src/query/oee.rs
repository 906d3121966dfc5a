//! `oee_hourly`: overall equipment effectiveness and its three factors, hour by hour and work center by
//! work center, by the same tally as every other figure. Hours in which nothing was planned and nothing
//! happened are left out.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;

use super::moment::external;
use super::pages::{Asked, Opening, Paged};
use super::seek::{Choice, Span};
use super::trace::{decimal_field, decimals};
use crate::base::{Code, Decimal, Refusal, Time, Value, limits};
use crate::engine::Engine;
use crate::followers::figures::Figures;
use crate::kpi::{Elements, Facts};
use crate::model::Noun;
use crate::views::kpi::{Ask, By, answer, indicator};

/// Its name.
pub(super) const NAME: &str = "oee_hourly";
const HOUR: &str = "hour";
const CENTER: &str = "work_center_id";
/// The figures, and what they are called here.
const FIGURES: [(&str, &str); 4] =
    [("oee", "oee_percentage"), ("availability", "availability_percentage"), ("effectiveness", "performance_percentage"), ("quality_ratio", "quality_percentage")];

/// The table.
pub(super) struct OeeHourly {
    engine: Engine,
    figures: Figures,
}

impl fmt::Debug for OeeHourly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

impl OeeHourly {
    pub(super) fn new(engine: &Engine, figures: &Figures) -> Self {
        Self { engine: engine.clone(), figures: figures.clone() }
    }
}

/// An hour of a work center.
struct Hour {
    at: Time,
    center: String,
    sums: Elements,
}

impl Paged for OeeHourly {
    fn schema(&self) -> SchemaRef {
        let mut fields = vec![Field::new(HOUR, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false), Field::new(CENTER, DataType::Utf8, false)];
        fields.extend(FIGURES.iter().map(|(_, name)| decimal_field(name)));
        fields.extend(["produced_quantity", "good_quantity", "planned_busy_time_ms", "actual_production_time_ms"].map(|name| Field::new(name, DataType::Int64, false)));
        Arc::new(Schema::new(fields))
    }

    fn uses(&self, filter: &Expr) -> bool {
        Span::of(std::slice::from_ref(filter), HOUR) != Span::ALL || Choice::of(filter).is_some_and(|choice| choice.column == CENTER)
    }

    fn open(&self, asked: Asked<'_>) -> Result<Opening> {
        asked.moment.newest_only(NAME)?;
        let choices: Vec<Choice> = asked.filters.iter().filter_map(Choice::of).filter(|choice| choice.column == CENTER).collect();
        let wanted = |id: &str| choices.iter().all(|choice| choice.among.iter().any(|it| it.try_as_str().flatten() == Some(id)));
        let (span, now) = (Span::of(asked.filters, HOUR), asked.moment.now);
        let centers = self.figures.read_or_gather(&self.engine, |facts| Ok(facts.centers.keys().map(|number| Noun::WorkCenter.id_text(u64::from(*number))).collect::<Vec<_>>()));
        let centers: Arc<Vec<String>> = Arc::new(centers.map_err(external)?.into_iter().filter(|id| wanted(id)).collect());
        let (engine, figures, schema, columns) = (self.engine.clone(), self.figures.clone(), self.schema(), asked.columns);
        Ok(Arc::new(move || {
            let (engine, figures, schema, columns) = (engine.clone(), figures.clone(), Arc::clone(&schema), columns.clone());
            let mut centers = centers.as_ref().clone().into_iter();
            Box::new(move || {
                let Some(center) = centers.next() else { return Ok(None) };
                let hours = figures.read_or_gather(&engine, |facts| hours(&engine, facts, center, span, now))?;
                let batch = batch(&schema, &hours)?;
                batch.project(&columns).map(Some).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
            })
        }))
    }
}

fn hours(engine: &Engine, facts: &Facts, center: String, span: Span, now: Time) -> std::result::Result<Vec<Hour>, Refusal> {
    let oldest = now.minus(std::time::Duration::from_secs(u64::from(limits::KPI_DAYS.unsigned_abs() - 1) * 86_400));
    let from = facts.from().unwrap_or(now).max(oldest).max(Time::from_micros(span.from.max(0)));
    let to = now.min(Time::from_micros(span.to.max(0)));
    if from >= to {
        return Ok(Vec::new());
    }
    let ask = Ask { name: "oee".to_owned(), by: By::Hour, from: Some(from), to: Some(to), filters: vec![(CENTER, center.clone())], department: None, now };
    let answer = engine.read(|snapshot| answer(snapshot, facts, &ask))??;
    let told = answer.groups.into_iter().filter(|group| group.sums != Elements::default());
    Ok(told
        .filter_map(|group| if let Some((_, Value::Time(at))) = group.label.first() { Some(Hour { at: *at, center: center.clone(), sums: group.sums }) } else { None })
        .collect())
}

fn batch(schema: &SchemaRef, hours: &[Hour]) -> std::result::Result<RecordBatch, Refusal> {
    let times: TimestampMicrosecondArray = hours.iter().map(|hour| Some(hour.at.micros())).collect();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(times.with_timezone("UTC")), Arc::new(hours.iter().map(|hour| Some(hour.center.as_str())).collect::<StringArray>())];
    for (name, _) in FIGURES {
        let indicator = indicator(name)?;
        columns.push(decimals(hours.iter().map(|hour| -> Option<Decimal> { indicator.value(&hour.sums) }))?);
    }
    // The times weigh the hours: a mean of percentages is none.
    let sums: [fn(&Elements) -> i64; 4] = [|it| it.produced_quantity, |it| it.good_quantity, |it| it.planned_busy_time_ms, |it| it.actual_production_time_ms];
    columns.extend(sums.map(|sum| Arc::new(hours.iter().map(|hour| sum(&hour.sums)).collect::<Int64Array>()) as ArrayRef));
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}
