//! The hand-over of a shift on one page: what was made against the plan, what stood and why, what runs and what
//! waits now, what is held, who was there, and what they noted.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{center, order, person, product, text};
use super::report::{Column, Origin, Report, column};
use crate::base::limits::KPI_DAYS;
use crate::base::{Code, Date, Refusal, Time, Value};
use crate::kpi::Facts;
use crate::kpi::facts::ms;
use crate::kpi::shelf::{Shelf, Spanned};
use crate::model::field::Field as _;
use crate::model::lot::LotStatus;
use crate::model::plant::Status;
use crate::model::schedule::ScheduleStatus;
use crate::model::work_order::WorkOrderStatus;
use crate::model::{
    DowntimeEvent, Id, LaborTransaction, Lot, Noun, OperationReport, ProductionLine, ProductionSchedule, Record, Shift, Subject, WorkCenter, WorkOrder, WorkOrderOperation,
};
use crate::store::{Snapshot, StoreError, View as _};
use crate::views;
use crate::views::floor::CenterState;
use crate::views::kpi::{Ask, By};

/// Rows of what is held.
const HELD_MAX: usize = 200;
/// Days that are gone back to find the last shift.
const BACK_DAYS: i32 = 14;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The shift's id or code; the open one, else the last, where absent.
    pub shift: Option<String>,
    /// The day it opened.
    pub day: Option<Date>,
    /// Type, number or name of lines; the whole plant where absent.
    pub department: Option<String>,
}

type Rows = Vec<Vec<Value>>;

/// A shift on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The pattern.
    pub shift: Shift,
    /// The day it opened.
    pub day: Date,
    /// From.
    pub from: Time,
    /// To.
    pub to: Time,
}

const MADE: &[Column] = &[
    column("work_center", "Work center"),
    column("work_order", "Order"),
    column("operation", "Operation"),
    column("product", "Product"),
    column("planned", "Plan"),
    column("good", "Good"),
    column("rejected", "Rejected"),
    column("scrapped", "Scrap"),
    column("rework", "Rework"),
    column("held", "Held"),
];
const STOPS: &[Column] = &[
    column("work_center", "Where"),
    column("from", "From"),
    column("to", "To"),
    column("minutes", "Minutes in the shift"),
    column("category", "Category"),
    column("reason", "Reason"),
    column("action", "What was done"),
];
const NOW: &[Column] = &[
    column("work_center", "Work center"),
    column("state", "State"),
    column("since", "Since"),
    column("work_order", "Order"),
    column("operation", "Operation"),
    column("why", "Why"),
];
const HOLDS: &[Column] = &[column("what", "What"), column("number", "Number"), column("name", "Name"), column("quantity", "Quantity"), column("why", "Why")];
const PEOPLE: &[Column] = &[column("person", "Who"), column("from", "From"), column("to", "To"), column("minutes", "Minutes in the shift"), column("at", "At")];
const NOTES: &[Column] = &[column("at", "When"), column("about", "About"), column("note", "Note")];

/// The report.
pub fn report(snapshot: &Snapshot, facts: &Facts, asked: &Asked, now: Time) -> Result<Report, Refusal> {
    let held = find(snapshot, facts, asked, now)?;
    let scope = Scope::of(snapshot, facts, asked.department.as_deref(), &held)?;
    let mut report = Report::new("shift", format!("Shift hand-over: {} of {}", held.shift.shift_name, held.day), Origin::of(snapshot, now)?);
    report.period = Some((held.from, held.to));
    let reports = scope.reports(snapshot)?;
    let made = made(snapshot, &scope, &reports)?;
    let sum = |at: usize| made.iter().filter_map(|row| if let Value::Int(count) = row[at] { Some(count) } else { None }).sum::<i64>();
    report.fact("shift", "Shift", text(&held.shift.shift_code));
    report.fact("department", "Department", text(asked.department.as_deref().unwrap_or("the whole plant")));
    report.fact("is_over", "The shift is over", Value::Bool(held.to <= now));
    report.fact("oee_percent", "OEE in percent", oee(snapshot, facts, asked, &held, now)?);
    report.fact("planned_pieces", "Planned to be finished", Value::Int(sum(4)));
    report.fact("good_pieces", "Good pieces, all operations", Value::Int(sum(5)));
    report.fact("bad_pieces", "Rejected, scrap and rework", Value::Int(sum(6) + sum(7) + sum(8)));
    let (stops, minutes) = stops(snapshot, &scope, now)?;
    report.fact("stop_minutes", "Minutes of stops", Value::Int(minutes));
    report.table("made", "Made against plan", MADE, made, "Nothing was planned or reported.");
    report.table("stops", "Stops", STOPS, stops, "Nothing stood.");
    let (runs, blocked) = at_work(snapshot, &scope, now)?;
    report.table("runs_now", "Runs now", NOW, runs, "Nothing runs.");
    report.table("blocked", "Blocked now", NOW, blocked, "Nothing is blocked.");
    report.table("holds", "On hold", HOLDS, holds(snapshot, &scope)?, "Nothing is on hold.");
    report.table("people", "Who was there", PEOPLE, people(snapshot, &scope, now)?, "Nobody was clocked in.");
    report.table("remarks", "Notes of the shift", NOTES, remarks(snapshot, &reports, &scope)?, "Nobody wrote a note.");
    if facts.known_from > ms(held.from) {
        report.notes.push(format!("The shift is older than the {KPI_DAYS} days that reports look back on: what is missing here may still be on record."));
    }
    Ok(report)
}

/// The shift that is asked for.
fn find(snapshot: &Snapshot, facts: &Facts, asked: &Asked, now: Time) -> Result<Held, Refusal> {
    let wanted = match &asked.shift {
        Some(shift) => Some(named(snapshot, shift)?),
        None => None,
    };
    if let Some(day) = asked.day {
        let shifts = wanted.map_or_else(|| active(facts).cloned().collect(), |shift| vec![shift]);
        let opened = shifts.into_iter().filter_map(|shift| Some((shift.span(day, &facts.zone)?, shift)));
        let last = opened.filter(|((from, _), _)| *from <= now).max_by_key(|((from, _), _)| *from);
        let ((from, to), shift) = last.ok_or_else(|| Refusal::field(Code::NotFound, "day", format!("no such shift has opened on {day}")))?;
        return Ok(Held { shift, day, from, to });
    }
    let today = now.date(&facts.zone);
    let days = (-BACK_DAYS..=0).rev().map(|back| today.plus_days(back));
    let opened = days.flat_map(|day| active(facts).filter_map(move |shift| Some((shift, day, shift.span(day, &facts.zone)?))));
    let begun = opened.filter(|(shift, _, (from, _))| *from <= now && wanted.as_ref().is_none_or(|wanted| wanted.shift_id == shift.shift_id));
    let latest = begun.max_by_key(|(_, _, (from, _))| *from);
    let (shift, day, (from, to)) = latest.ok_or_else(|| Refusal::new(Code::NotFound, format!("no shift was open in the last {BACK_DAYS} days")))?;
    Ok(Held { shift: shift.clone(), day, from, to })
}

fn active(facts: &Facts) -> impl Iterator<Item = &Shift> {
    facts.shifts.values().filter(|shift| shift.status == Status::Active)
}

fn named(snapshot: &Snapshot, shift: &str) -> Result<Shift, Refusal> {
    let number = views::resolve(snapshot, Noun::Shift, shift)?;
    let found = number.map(|number| snapshot.get(Id::<Shift>::new(number))).transpose()?.flatten();
    let shown: String = shift.chars().take(60).collect();
    found.ok_or_else(|| Refusal::field(Code::NotFound, "shift_id", format!("there is no {shown} among the shifts")))
}

fn oee(snapshot: &Snapshot, facts: &Facts, asked: &Asked, held: &Held, now: Time) -> Result<Value, Refusal> {
    let filters = vec![("shift_id", held.shift.shift_code.clone())];
    let ask = Ask { name: "oee".to_owned(), by: By::Total, from: Some(held.from), to: Some(held.to), filters, department: asked.department.clone(), now };
    let answer = views::kpi::answer(snapshot, facts, &ask)?;
    Ok(answer.groups.first().and_then(|group| group.value).map_or(Value::Null, |value| Value::Dec(value.rounded(1))))
}

/// When and where the report looks.
struct Scope<'f> {
    /// They know the numbers of the records that touch a period, however many came after it.
    facts: &'f Facts,
    from: Time,
    to: Time,
    /// The work centers of the department; all where absent.
    centers: Option<BTreeSet<u64>>,
    lines: Option<BTreeSet<u64>>,
}

impl<'f> Scope<'f> {
    fn of(snapshot: &Snapshot, facts: &'f Facts, department: Option<&str>, held: &Held) -> Result<Self, Refusal> {
        let Some(department) = department else { return Ok(Self { facts, from: held.from, to: held.to, centers: None, lines: None }) };
        let mut lines = BTreeSet::new();
        for line in views::floor::all::<ProductionLine>(snapshot)? {
            let names = [line.line_type.word(), line.line_number.as_deref().unwrap_or_default(), &line.line_name];
            if names.iter().any(|name| name.eq_ignore_ascii_case(department)) {
                lines.insert(line.line_id.number());
            }
        }
        if lines.is_empty() {
            let shown: String = department.chars().take(60).collect();
            return Err(Refusal::field(Code::NotFound, "department", format!("there is no department {shown}")));
        }
        let centers = facts.centers.iter().filter(|(_, center)| lines.contains(&u64::from(center.line))).map(|(number, _)| u64::from(*number)).collect();
        Ok(Self { facts, from: held.from, to: held.to, centers: Some(centers), lines: Some(lines) })
    }

    fn has(&self, center: Option<Id<WorkCenter>>) -> bool {
        self.centers.as_ref().is_none_or(|known| center.is_some_and(|id| known.contains(&id.number())))
    }

    /// The minutes of a span that lie in the shift.
    fn minutes(&self, start: Time, end: Time) -> i64 {
        end.min(self.to).minutes_since(start.max(self.from)).max(0)
    }

    fn overlaps(&self, start: Time, end: Option<Time>) -> bool {
        start < self.to && end.is_none_or(|end| end > self.from)
    }

    /// The records of facts that touch the shift, the oldest first.
    fn records<F: Spanned, R: Record>(&self, snapshot: &Snapshot, facts: &Shelf<F>) -> Result<Vec<R>, StoreError> {
        let numbers = facts.within(ms(self.from), ms(self.to)).map(|(number, _)| Id::new(u64::from(number)));
        numbers.filter_map(|id| snapshot.get(id).transpose()).collect()
    }

    /// What was reported in the shift, with its operation.
    fn reports(&self, snapshot: &Snapshot) -> Result<Vec<(OperationReport, WorkOrderOperation)>, Refusal> {
        let mut found: Vec<OperationReport> = self.records(snapshot, &self.facts.reports)?;
        found.retain(|it| (self.from..self.to).contains(&it.reported_at) && it.reverses.is_none() && it.reversed_by.is_none());
        let mut reports = Vec::new();
        for report in found {
            if let Some(operation) = snapshot.get(report.operation_id)?.filter(|it: &WorkOrderOperation| self.has(it.work_center_id)) {
                reports.push((report, operation));
            }
        }
        Ok(reports)
    }
}

#[derive(Default)]
struct Made {
    planned: i64,
    pieces: [i64; 5],
}

fn made(snapshot: &Snapshot, scope: &Scope<'_>, reports: &[(OperationReport, WorkOrderOperation)]) -> Result<Vec<Vec<Value>>, Refusal> {
    let mut operations: BTreeMap<u64, Made> = BTreeMap::new();
    let slots: Vec<ProductionSchedule> = scope.records(snapshot, &scope.facts.slots)?;
    let due = |slot: &ProductionSchedule| slot.planned_end_time > scope.from && slot.planned_end_time <= scope.to && slot.schedule_status != ScheduleStatus::Cancelled;
    for slot in slots.into_iter().filter(|slot| due(slot) && scope.has(slot.work_center_id)) {
        if let Some(operation) = slot.operation_id {
            operations.entry(operation.number()).or_default().planned += slot.planned_quantity;
        }
    }
    for (report, operation) in reports {
        let made = operations.entry(operation.operation_id.number()).or_default();
        let told = [report.good_quantity, report.rejected_quantity, report.scrapped_quantity, report.rework_quantity, report.held_quantity];
        made.pieces.iter_mut().zip(told).for_each(|(sum, count)| *sum += count);
    }
    let mut rows = Vec::new();
    for (number, made) in operations {
        let Some(operation) = snapshot.get(Id::<WorkOrderOperation>::new(number))? else { continue };
        let product_id = snapshot.get(operation.work_order_id)?.map(|it: WorkOrder| it.product_id);
        let mut row = vec![center(snapshot, operation.work_center_id)?, order(snapshot, Some(operation.work_order_id))?, text(&operation.operation_name)];
        row.extend([product(snapshot, product_id)?, Value::Int(made.planned)]);
        row.extend(made.pieces.map(Value::Int));
        rows.push(row);
    }
    rows.sort_by_key(|row| (row[0].to_string(), row[1].to_string()));
    Ok(rows)
}

fn stops(snapshot: &Snapshot, scope: &Scope<'_>, now: Time) -> Result<(Vec<Vec<Value>>, i64), Refusal> {
    let mut found: Vec<DowntimeEvent> = scope.records(snapshot, &scope.facts.stops)?;
    let is_of_line = |stop: &DowntimeEvent| scope.lines.as_ref().is_some_and(|lines| stop.line_id.is_some_and(|line| lines.contains(&line.number())));
    found.retain(|stop| scope.overlaps(stop.downtime_start, stop.downtime_end) && (scope.has(stop.work_center_id) || is_of_line(stop)));
    found.sort_by_key(|stop| stop.downtime_start);
    let (mut rows, mut sum) = (Vec::new(), 0);
    for stop in found {
        let minutes = scope.minutes(stop.downtime_start, stop.downtime_end.unwrap_or(now));
        sum += minutes;
        let reason = stop.downtime_reason_description.or(stop.downtime_reason_code);
        let place = match (stop.work_center_id, stop.machine_id, stop.line_id) {
            (Some(_), ..) => center(snapshot, stop.work_center_id)?,
            (None, Some(machine), _) => text(Subject::of(machine).to_string()),
            (None, None, line) => line.map_or(Value::Null, |line| text(Subject::of(line).to_string())),
        };
        rows.push(vec![
            place,
            Value::Time(stop.downtime_start),
            stop.downtime_end.to_value(),
            Value::Int(minutes),
            text(stop.downtime_category.word()),
            reason.to_value(),
            stop.resolution_action.to_value(),
        ]);
    }
    Ok((rows, sum))
}

/// What runs, and what is stuck.
fn at_work(snapshot: &Snapshot, scope: &Scope<'_>, now: Time) -> Result<(Rows, Rows), Refusal> {
    let (mut runs, mut blocked) = (Vec::new(), Vec::new());
    let floor = views::floor::floor(snapshot, now)?;
    let centers = floor.departments.into_iter().flat_map(|department| department.centers).filter(|it| scope.has(Some(it.center.work_center_id)));
    for it in centers {
        let (number, operation) = match &it.job {
            Some(job) => (job.order.work_order_number.clone().map_or(Value::Null, Value::Text), text(&job.operation.operation_name)),
            None => (Value::Null, Value::Null),
        };
        let why = match (&it.stop, it.state) {
            (Some(stop), _) => text(stop.downtime_reason_description.clone().unwrap_or_else(|| stop.downtime_category.word().to_owned())),
            (None, CenterState::Waiting) => text("begun, and nobody is at it"),
            _ => Value::Null,
        };
        let row = vec![text(&it.center.work_center_name), text(it.state.word()), it.since.to_value(), number, operation, why];
        match it.state {
            CenterState::Running | CenterState::Setup => runs.push(row),
            CenterState::Down | CenterState::PlannedStop | CenterState::Waiting => blocked.push(row),
            CenterState::Idle | CenterState::Closed => {}
        }
    }
    Ok((runs, blocked))
}

fn holds(snapshot: &Snapshot, scope: &Scope<'_>) -> Result<Vec<Vec<Value>>, Refusal> {
    let mut rows = Vec::new();
    for order in snapshot.related::<WorkOrder>("status", &WorkOrderStatus::OnHold.to_value(), HELD_MAX)? {
        let is_here = scope.lines.as_ref().is_none_or(|lines| order.line_id.is_some_and(|line| lines.contains(&line.number())));
        if is_here {
            let name = product(snapshot, Some(order.product_id))?;
            rows.push(vec![text("order"), order.work_order_number.to_value(), name, Value::Int(order.planned_quantity), order.hold_reason.to_value()]);
        }
    }
    for lot in snapshot.related::<Lot>("status", &LotStatus::OnHold.to_value(), HELD_MAX)? {
        let quantity = format!("{} {}", lot.quantity_on_hand, lot.unit_of_measure.word());
        rows.push(vec![text("lot"), text(&lot.lot_number), text(&lot.material_code), text(quantity), lot.hold_reason.to_value()]);
    }
    Ok(rows)
}

fn people(snapshot: &Snapshot, scope: &Scope<'_>, now: Time) -> Result<Vec<Vec<Value>>, Refusal> {
    let mut found: Vec<LaborTransaction> = scope.records(snapshot, &scope.facts.labor)?;
    found.retain(|labor| scope.overlaps(labor.clock_in_time, labor.clock_out_time) && scope.has(labor.work_center_id));
    // One row for each person: most are at several jobs in a shift.
    let mut all: BTreeMap<u64, (Time, Option<Time>, i64, BTreeSet<String>)> = BTreeMap::new();
    for labor in found {
        let end = labor.clock_out_time;
        let minutes = scope.minutes(labor.clock_in_time, end.unwrap_or(now));
        let at = center(snapshot, labor.work_center_id)?.to_string();
        let known = all.entry(labor.employee_id.number()).or_insert((labor.clock_in_time, end, 0, BTreeSet::new()));
        known.0 = known.0.min(labor.clock_in_time);
        known.1 = if known.1.is_none() || end.is_none() { None } else { known.1.max(end) };
        known.2 += minutes;
        if !at.is_empty() {
            known.3.insert(at);
        }
    }
    let rows = all.into_iter().map(|(number, (from, to, minutes, at))| {
        let places = at.into_iter().collect::<Vec<_>>().join(", ");
        Ok(vec![person(snapshot, Some(Id::new(number)))?, Value::Time(from), to.to_value(), Value::Int(minutes), text(places)])
    });
    rows.collect()
}

fn remarks(snapshot: &Snapshot, reports: &[(OperationReport, WorkOrderOperation)], scope: &Scope<'_>) -> Result<Vec<Vec<Value>>, Refusal> {
    let mut rows = Vec::new();
    for (report, operation) in reports {
        if let Some(note) = &report.notes {
            let about = format!("{} {}", order(snapshot, Some(operation.work_order_id))?, operation.operation_name);
            rows.push((report.reported_at, about, note.0.clone()));
        }
    }
    let labors: Vec<LaborTransaction> = scope.records(snapshot, &scope.facts.labor)?;
    for labor in labors.into_iter().filter(|it| scope.overlaps(it.clock_in_time, Some(it.clock_in_time.plus_minutes(1))) && scope.has(it.work_center_id)) {
        if let Some(note) = labor.notes {
            rows.push((labor.clock_in_time, Subject::of(labor.labor_transaction_id).to_string(), note.0));
        }
    }
    rows.sort_by_key(|(at, ..)| *at);
    Ok(rows.into_iter().map(|(at, about, note)| vec![Value::Time(at), text(about), text(note)]).collect())
}
