//! The success metrics: six figures with their targets, what each is made of, and how it was before. Four are
//! the indicators of `kpi` as they are; lead time and deliveries follow shipments back to orders, scheduling time
//! follows the people who published plans; a simulated planner has no time to lose.

use std::collections::BTreeMap;

use super::deliveries::{self, Deliveries};
use super::names::text;
use super::report::{Column, Origin, Report, column, data};
use crate::base::{Code, Decimal, Refusal, Time, Value, limits};
use crate::kpi::{Elements, Facts};
use crate::model::journal::Origin as Made;
use crate::model::{Noun, ProductionSchedule, Subject};
use crate::store::{Snapshot, StoreError};
use crate::views::kpi::{Ask, By, answer};

/// Periods that are shown, the asked one last.
const PERIODS: usize = 6;
/// Acts of a planner this far apart at most are one sitting.
const SITTING_MINUTES: i64 = 15;
/// Sums of value are in ten-thousandths.
const VALUE: i64 = 10_000;
const DAY_MS: i64 = 86_400_000;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// From.
    pub from: Option<Time>,
    /// To.
    pub to: Option<Time>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    High,
    Low,
}

/// A sum with its unit.
type Sum = (i64, &'static str);

/// A figure as a ratio of two sums with their units.
struct Ratio {
    value: Option<Decimal>,
    numerator: (Decimal, &'static str),
    denominator: (Decimal, &'static str),
}

struct Metric {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    target: i64,
    better: Better,
    measure: fn(&Look<'_>, Time, Time) -> Result<Ratio, Refusal>,
}

/// The seed's metrics with its targets: two weeks of lead time, half an hour of scheduling a day.
const METRICS: &[Metric] = &[
    Metric {
        name: "schedule_accuracy",
        title: "Schedule accuracy",
        unit: "percent",
        target: 90,
        better: Better::High,
        measure: |look, from, to| {
            look.indicator("schedule_accuracy", from, to, |sums| ((sums.orders_on_time_count, "orders finished by their planned date"), (sums.orders_due_count, "orders due")))
        },
    },
    Metric {
        name: "material_utilization",
        title: "Material utilization",
        unit: "percent",
        target: 85,
        better: Better::High,
        measure: |look, from, to| {
            look.indicator("material_yield", from, to, |sums| {
                ((sums.material_used_value / VALUE, "value of material used"), ((sums.material_used_value + sums.material_scrapped_value) / VALUE, "value of material taken"))
            })
        },
    },
    Metric {
        name: "machine_utilization",
        title: "Machine utilization",
        unit: "percent",
        target: 75,
        better: Better::High,
        measure: |look, from, to| {
            look.indicator("utilization", from, to, |sums| ((sums.actual_unit_busy_time_ms / 60_000, "busy minutes"), (sums.open_time_ms / 60_000, "open minutes")))
        },
    },
    Metric { name: "lead_time", title: "Lead time, order to shipment", unit: "days", target: 14, better: Better::Low, measure: |look, from, to| look.lead_time(from, to) },
    Metric { name: "on_time_delivery", title: "On-time delivery", unit: "percent", target: 95, better: Better::High, measure: |look, from, to| look.on_time(from, to) },
    Metric { name: "scheduling_time", title: "Scheduling time", unit: "minutes a day", target: 30, better: Better::Low, measure: |look, from, to| look.scheduling(from, to) },
];

const COLUMNS: &[Column] = &[
    data("metric", "Metric"),
    column("title", "Metric"),
    column("figure", "Figure"),
    column("target", "Target"),
    column("unit", "Unit"),
    column("target_met", "Met"),
    column("basis", "Basis"),
    data("numerator", "Numerator"),
    data("numerator_unit", "Numerator's unit"),
    data("denominator", "Denominator"),
    data("denominator_unit", "Denominator's unit"),
    column("before", "Before"),
    column("trend", "Trend"),
    data("periods", "Periods, oldest first"),
];

struct Look<'l> {
    snapshot: &'l Snapshot,
    facts: &'l Facts,
    now: Time,
    deliveries: Deliveries,
    /// Moments at which somebody planned, by name.
    plannings: BTreeMap<String, Vec<Time>>,
    /// More was planned than is looked at.
    is_plan_cut: bool,
}

/// The report.
pub fn report(snapshot: &Snapshot, facts: &Facts, asked: &Asked, now: Time) -> Result<Report, Refusal> {
    let (from, to) = period(snapshot, facts, asked, now)?;
    let length = std::time::Duration::from_micros(u64::try_from(to.micros() - from.micros()).unwrap_or(0));
    let starts: Vec<(Time, Time)> = (0..u32::try_from(PERIODS).unwrap_or(1)).rev().map(|back| (from.minus(length * back), to.minus(length * back))).collect();
    let first = starts.first().map_or(from, |(from, _)| *from);
    let (plannings, is_plan_cut) = plannings(snapshot, first)?;
    let look = Look { snapshot, facts, now, deliveries: deliveries::since(snapshot, facts, first, now)?, plannings, is_plan_cut };
    let rows = METRICS.iter().map(|metric| row(&look, metric, &starts)).collect::<Result<Vec<_>, Refusal>>()?;
    let mut report = Report::new("success", "Success metrics", Origin::of(snapshot, now)?);
    report.period = Some((from, to));
    report.table("metrics", "Metrics", COLUMNS, rows, "");
    report.notes = notes(facts, &look, from);
    Ok(report)
}

/// The period asked for, as every indicator reads it.
fn period(snapshot: &Snapshot, facts: &Facts, asked: &Asked, now: Time) -> Result<(Time, Time), Refusal> {
    let answer = answer(snapshot, facts, &ask("schedule_accuracy", asked.from, asked.to, now))?;
    Ok((answer.from, answer.to))
}

fn ask(name: &str, from: Option<Time>, to: Option<Time>, now: Time) -> Ask {
    Ask { name: name.to_owned(), by: By::Total, from, to, filters: Vec::new(), department: None, now }
}

fn row(look: &Look<'_>, metric: &Metric, periods: &[(Time, Time)]) -> Result<Vec<Value>, Refusal> {
    let known_from = look.facts.from();
    let mut values = Vec::new();
    let mut last = None;
    for (at, (from, to)) in periods.iter().enumerate() {
        // Before the plant's first fact there is nothing to compare with.
        let is_told = at + 1 == periods.len() || known_from.is_some_and(|known| known < *to);
        let ratio = if is_told { Some((metric.measure)(look, *from, *to)?) } else { None };
        values.push(ratio.as_ref().and_then(|ratio| ratio.value));
        last = ratio;
    }
    let ratio = last.ok_or_else(|| Refusal::new(Code::Internal, "a report of no period"))?;
    let before = values.len().checked_sub(2).and_then(|at| values[at]);
    let target = Decimal::whole(metric.target).unwrap_or_default();
    let met = ratio.value.map(|value| if metric.better == Better::High { value >= target } else { value <= target });
    let number = |number: Option<Decimal>| number.map_or(Value::Null, Value::Dec);
    Ok(vec![
        text(metric.name),
        text(metric.title),
        number(ratio.value),
        Value::Dec(target),
        text(metric.unit),
        met.map_or(Value::Null, Value::Bool),
        text(format!("{} {} of {} {}", ratio.numerator.0, ratio.numerator.1, ratio.denominator.0, ratio.denominator.1)),
        Value::Dec(ratio.numerator.0),
        text(ratio.numerator.1),
        Value::Dec(ratio.denominator.0),
        text(ratio.denominator.1),
        number(before),
        trend(metric.better, before, ratio.value),
        Value::List(values.into_iter().map(number).collect()),
    ])
}

fn trend(better: Better, before: Option<Decimal>, now: Option<Decimal>) -> Value {
    let (Some(before), Some(now)) = (before, now) else { return Value::Null };
    let is_better = if better == Better::High { now > before } else { now < before };
    text(if now == before {
        "same"
    } else if is_better {
        "better"
    } else {
        "worse"
    })
}

fn notes(facts: &Facts, look: &Look<'_>, from: Time) -> Vec<String> {
    let mut notes = vec![
        "Schedule accuracy, material and machine utilization are the indicators schedule_accuracy, material_yield and utilization of GET /api/v1/kpi.".to_owned(),
        "On-time delivery: orders for customers whose day fell into the period and that had left in full by its end. Lead time: from the order's entry until all of it had left."
            .to_owned(),
        format!(
            "Scheduling time: minutes between acts of one planner on the plan, no more than {SITTING_MINUTES} apart; a single act counts one. What was published without a person counts for nothing."
        ),
        "No figure means that there is nothing to divide by, never nought.".to_owned(),
    ];
    if facts.from().is_some_and(|known| known > from) {
        notes.push("The period begins before the first fact that is known.".to_owned());
    }
    if look.deliveries.is_cut {
        notes.push(format!("More than {} shipments: the oldest were not looked at.", limits::REPORT_LOOK_MAX));
    }
    if look.is_plan_cut {
        notes.push(format!("More than {} slots of plans: the oldest were not looked at.", limits::REPORT_LOOK_MAX));
    }
    notes
}

impl Look<'_> {
    fn indicator(&self, name: &str, from: Time, to: Time, basis: fn(&Elements) -> (Sum, Sum)) -> Result<Ratio, Refusal> {
        let answer = answer(self.snapshot, self.facts, &ask(name, Some(from), Some(to), self.now))?;
        let group = answer.groups.into_iter().next().ok_or_else(|| Refusal::new(Code::Internal, format!("{name} has no total")))?;
        let ((up, up_unit), (down, down_unit)) = basis(&group.sums);
        let whole = |number: i64| Decimal::whole(number).unwrap_or_default();
        Ok(Ratio { value: group.value, numerator: (whole(up), up_unit), denominator: (whole(down), down_unit) })
    }

    fn lead_time(&self, from: Time, to: Time) -> Result<Ratio, Refusal> {
        let left = self.deliveries.all.iter().filter_map(|it| it.left.filter(|left| (from..to).contains(left)).map(|left| left.micros() - it.ordered.micros()));
        let (count, sum) = left.fold((0_i64, 0_i128), |(count, sum), micros| (count + 1, sum + i128::from(micros / 1_000)));
        let days = Decimal::ratio(sum, i128::from(DAY_MS)).unwrap_or_default();
        let value = Decimal::ratio(sum, i128::from(count) * i128::from(DAY_MS)).map(|days| days.rounded(2));
        Ok(Ratio { value, numerator: (days.rounded(2), "days from order to shipment"), denominator: (Decimal::whole(count).unwrap_or_default(), "orders that left") })
    }

    fn on_time(&self, from: Time, to: Time) -> Result<Ratio, Refusal> {
        let to = to.min(self.now);
        let due: Vec<(Time, Option<Time>)> = self.deliveries.all.iter().filter_map(|it| Some((it.due.filter(|due| (from..to).contains(due))?, it.left))).collect();
        let kept = due.iter().filter(|(due, left)| left.is_some_and(|left| left <= *due)).count();
        let whole = |count: usize| Decimal::whole(i64::try_from(count).unwrap_or(i64::MAX)).unwrap_or_default();
        let value = Decimal::ratio(100 * kept as i128, due.len() as i128);
        Ok(Ratio { value, numerator: (whole(kept), "orders that left by their day"), denominator: (whole(due.len()), "orders promised to customers") })
    }

    fn scheduling(&self, from: Time, to: Time) -> Result<Ratio, Refusal> {
        let to = to.min(self.now);
        let minutes: i64 = self.plannings.values().map(|acts| sittings(acts.iter().copied().filter(|at| (from..to).contains(at)))).sum();
        let days = Decimal::ratio(i128::from(to.micros() - from.micros()), i128::from(DAY_MS) * 1_000).unwrap_or_default();
        // Where no person ever planned there is nothing to measure.
        let value = if self.plannings.is_empty() { None } else { Decimal::whole(minutes).and_then(|minutes| minutes.over(days)).map(|value| value.rounded(2)) };
        Ok(Ratio { value, numerator: (Decimal::whole(minutes).unwrap_or_default(), "minutes of planning"), denominator: (days.rounded(2), "days") })
    }
}

/// Minutes of one planner's sittings; the acts are in the order of time.
fn sittings(acts: impl Iterator<Item = Time>) -> i64 {
    let (mut minutes, mut last) = (0, None);
    for at in acts {
        let since = last.map(|last: Time| at.minutes_since(last));
        minutes += since.filter(|since| *since <= SITTING_MINUTES).unwrap_or(1);
        last = Some(at);
    }
    minutes
}

/// When people planned, and whether plans go on beyond what was looked at. What the simulator or another system
/// published took nobody's time.
fn plannings(snapshot: &Snapshot, since: Time) -> Result<(BTreeMap<String, Vec<Time>>, bool), Refusal> {
    let mut acts: BTreeMap<(String, Time), (u64, u64, u64)> = BTreeMap::new();
    let mut looked = 0;
    snapshot.scan(Noun::ProductionSchedule, None, true, |sealed| {
        looked += 1;
        let Some(slot) = sealed.value.and_then(|record| record.into_any().downcast::<ProductionSchedule>().ok()) else { return Ok(true) };
        if let Some(planner) = slot.planner_id {
            acts.entry((planner, slot.created_at)).or_insert((slot.schedule_id.number(), sealed.seq, sealed.previous));
        }
        Ok(slot.created_at >= since && looked < limits::REPORT_LOOK_MAX)
    })?;
    let mut plannings: BTreeMap<String, Vec<Time>> = BTreeMap::new();
    for ((planner, at), (number, seq, previous)) in acts {
        if is_by_person(snapshot, Subject { noun: Noun::ProductionSchedule, number }, seq, previous)? {
            plannings.entry(planner).or_default().push(at);
        }
    }
    Ok((plannings, looked >= limits::REPORT_LOOK_MAX))
}

/// Whether a person made a record, by the entry that wrote its first value.
fn is_by_person(snapshot: &Snapshot, subject: Subject, mut seq: u64, mut previous: u64) -> Result<bool, StoreError> {
    while previous > 0 {
        seq = previous;
        previous = snapshot.past(subject, seq)?.map_or(0, |sealed| sealed.previous);
    }
    Ok(snapshot.entry(seq)?.is_some_and(|entry| entry.origin == Made::Person))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitting_counts_its_minutes_and_a_single_act_one() {
        let at = |minutes: i64| Time::from_micros(minutes * 60_000_000);
        assert_eq!(sittings([at(0), at(5), at(12)].into_iter()), 13);
        assert_eq!(sittings([at(0), at(60)].into_iter()), 2);
        assert_eq!(sittings([].into_iter()), 0);
    }

    #[test]
    fn less_is_better_for_lead_time() {
        let number = |number: i64| Decimal::whole(number);
        assert_eq!(trend(Better::Low, number(14), number(12)), text("better"));
        assert_eq!(trend(Better::High, number(90), number(80)), text("worse"));
        assert_eq!(trend(Better::High, None, number(80)), Value::Null);
    }
}
