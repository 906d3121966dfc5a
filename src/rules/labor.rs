//! Time of people. Several on one job are several rows, one person on several jobs as well: time on
//! the clock and time on the job are kept apart by the reader, never multiplied here.

use super::shift::shift_at;
use super::{Moment, need, overflow, whole, work_order};
use crate::base::limits::{FORGOTTEN_CLOCK_IN, SCAN_MAX};
use crate::base::{Code, Refusal, Time};
use crate::model::command::{ClockIn, ClockOut, FlagForgottenClockIn};
use crate::model::field::Field;
use crate::model::people::ActivityType;
use crate::model::plant::{Status, TimerAct};
use crate::model::shift::ShiftType;
use crate::model::work_order::WorkOrderStatus;
use crate::model::{Employee, Id, LaborTransaction, Noun, Shift, Subject, Timer, WorkOrder, WorkOrderOperation};
use crate::store::{Draft, Halt, View};

pub(super) fn clock_in(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ClockIn) -> Result<Subject, Halt> {
    let employee: Employee = need(draft, it.employee_id)?;
    if employee.status != Status::Active {
        return Err(Refusal::new(Code::IllegalState, format!("{} is not active", it.employee_id)).into());
    }
    let job = match it.work_order_id {
        None if it.operation_sequence.is_some() => return Err(Refusal::invalid("work_order_id", "must be given with operation_sequence").into()),
        None => None,
        Some(id) => job(draft, id, it.operation_sequence)?,
    };
    let operation = job.as_ref().map(|job| job.operation_id);
    let open = open_rows(draft, it.employee_id)?;
    let open = open.iter().find(|row| row.work_order_id == it.work_order_id && row.operation_id == operation && row.activity_type == it.activity_type);
    if let Some(open) = open {
        return Err(Refusal::new(Code::IllegalState, format!("already clocked in on this since {} ({})", open.clock_in_time, open.labor_transaction_id)).into());
    }
    if let Some(machine) = it.machine_id {
        need(draft, machine)?;
    }
    let open_shift = shift_at(draft, moment.occurred_at, &moment.zone)?;
    let id = draft.add(LaborTransaction {
        // An overnight shift's time belongs to the day the shift opened.
        transaction_date: open_shift.as_ref().map_or_else(|| moment.occurred_at.date(&moment.zone), |open| open.day),
        employee_id: it.employee_id,
        shift_id: open_shift.map(|open| open.shift.shift_id),
        work_order_id: it.work_order_id,
        operation_id: operation,
        work_center_id: job.as_ref().and_then(|job| job.work_center_id),
        machine_id: it.machine_id.or_else(|| job.and_then(|job| job.machine_id)),
        activity_code: it.activity_code.clone(),
        activity_type: it.activity_type,
        clock_in_time: moment.occurred_at,
        is_open: true,
        hourly_rate: employee.hourly_rate,
        created_at: moment.recorded_at,
        ..LaborTransaction::default()
    })?;
    let about = i64::try_from(id.number()).unwrap_or(i64::MAX);
    draft.add(Timer { due_at: moment.occurred_at.plus(FORGOTTEN_CLOCK_IN), act: TimerAct::FlagForgottenClockIn, about, ..Timer::default() })?;
    draft.event("labor.clocked_in", Subject::of(id));
    Ok(Subject::of(id))
}

/// Where a person is clocked in now; only what both indexes name is read, for a person's rows grow for ever.
fn open_rows(draft: &Draft<'_, '_>, employee: Id<Employee>) -> Result<Vec<LaborTransaction>, Halt> {
    let open = draft.indexed(Noun::LaborTransaction, "is_open", &true.to_value(), 0, SCAN_MAX)?;
    let own = draft.indexed(Noun::LaborTransaction, "employee_id", &employee.to_value(), open.first().map_or(0, |first| first - 1), SCAN_MAX)?;
    let mut rows = Vec::new();
    for number in own.into_iter().filter(|number| open.binary_search(number).is_ok()) {
        rows.extend(draft.get(Id::<LaborTransaction>::new(number))?);
    }
    Ok(rows)
}

fn job(draft: &Draft<'_, '_>, id: Id<WorkOrder>, sequence: Option<i64>) -> Result<Option<WorkOrderOperation>, Halt> {
    let order: WorkOrder = need(draft, id)?;
    if matches!(order.status, WorkOrderStatus::Created | WorkOrderStatus::Closed | WorkOrderStatus::Cancelled) {
        return Err(Refusal::new(Code::IllegalState, format!("order {} is {}: nobody clocks in on it", work_order::number(&order), order.status)).into());
    }
    let Some(sequence) = sequence else { return Ok(None) };
    let found = work_order::operations(draft, id)?.into_iter().find(|operation| operation.operation_sequence == sequence);
    match found {
        Some(operation) => Ok(Some(operation)),
        None => Err(Refusal::field(Code::NotFound, "operation_sequence", format!("order {} has no operation {sequence}", work_order::number(&order))).into()),
    }
}

pub(super) fn clock_out(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ClockOut) -> Result<Subject, Halt> {
    let mut row: LaborTransaction = need(draft, it.labor_transaction_id)?;
    if row.clock_out_time.is_some() {
        return Err(Refusal::new(Code::IllegalState, format!("{} is clocked out already", it.labor_transaction_id)).into());
    }
    if moment.occurred_at < row.clock_in_time {
        return Err(Refusal::field(Code::OutsideWindow, "occurred_at", format!("must not lie before the clock-in at {}", row.clock_in_time)).into());
    }
    for (name, number) in [("break_time_minutes", it.break_time_minutes), ("quantity_produced", it.quantity_produced), ("quantity_rejected", it.quantity_rejected)] {
        if !(0..=crate::base::limits::PIECES_MAX).contains(&number) {
            return Err(Refusal::invalid(name, "must not be negative or absurd").into());
        }
    }
    row.break_time_minutes = it.break_time_minutes;
    row.quantity_produced = it.quantity_produced;
    row.quantity_rejected = it.quantity_rejected;
    row.notes.clone_from(&it.notes);
    end(draft, &mut row, moment.occurred_at)?;
    let subject = Subject::of(row.labor_transaction_id);
    draft.put(row)?;
    // Nobody forgot anything: the timer that would have said so goes.
    let about = crate::base::Value::Int(i64::try_from(subject.number).unwrap_or(i64::MAX));
    for timer in draft.related::<Timer>("about", &about, 10)? {
        if timer.act == TimerAct::FlagForgottenClockIn {
            draft.remove(Subject::of(timer.timer_id))?;
        }
    }
    draft.event("labor.clocked_out", subject);
    Ok(subject)
}

/// Ends a row: minutes, hours, cost, efficiency, and the hours on its operation.
pub(super) fn end(draft: &mut Draft<'_, '_>, row: &mut LaborTransaction, at: Time) -> Result<(), Halt> {
    let minutes = at.minutes_since(row.clock_in_time);
    if row.break_time_minutes > minutes {
        return Err(Refusal::invalid("break_time_minutes", format!("must not be longer than the {minutes} minutes on the clock")).into());
    }
    let worked = whole(minutes - row.break_time_minutes);
    let hours = worked.over(whole(60)).ok_or_else(overflow)?;
    row.clock_out_time = Some(at);
    row.is_open = false;
    row.duration_minutes = Some(minutes);
    row.actual_hours = Some(hours.rounded(2));
    row.labor_cost = row.hourly_rate.and_then(|rate| rate.times(hours)).map(|cost| cost.rounded(2));
    let shift: Option<Shift> = row.shift_id.map(|id| need(draft, id)).transpose()?;
    if shift.is_some_and(|shift| shift.shift_type == ShiftType::Overtime) {
        row.overtime_hours = hours.rounded(2);
        // The premium over the ordinary rate, half of it.
        row.overtime_cost = row.labor_cost.and_then(|cost| cost.over(whole(2))).unwrap_or_default().rounded(2);
    }
    if let Some(operation_id) = row.operation_id {
        let mut operation: WorkOrderOperation = need(draft, operation_id)?;
        let pieces = whole(row.quantity_produced + row.quantity_rejected);
        let standard = operation.standard_time_per_unit_seconds.and_then(|seconds| seconds.times(pieces)).and_then(|seconds| seconds.over(whole(3_600)));
        if row.activity_type == ActivityType::DirectLabor {
            row.standard_hours = standard.map(|hours| hours.rounded(2));
            row.efficiency_percentage =
                standard.and_then(|standard| standard.times(whole(100))?.over(hours)).map(|share| share.rounded(2)).filter(|share| !share.is_zero() && *share <= whole(999));
        }
        operation.labor_hours = operation.labor_hours.plus(hours.rounded(2)).ok_or_else(overflow)?;
        if row.activity_type == ActivityType::Setup {
            operation.actual_setup_time_minutes = Some(operation.actual_setup_time_minutes.unwrap_or(0) + worked.rounded(0).as_whole().unwrap_or(0));
        }
        draft.put(operation)?;
    }
    Ok(())
}

pub(super) fn approve(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<LaborTransaction>) -> Result<Subject, Halt> {
    let mut row: LaborTransaction = need(draft, id)?;
    if row.clock_out_time.is_none() {
        return Err(Refusal::new(Code::StillOpen, "clock out before approving").into());
    }
    if row.approved {
        return Err(Refusal::new(Code::IllegalState, format!("{id} is approved already")).into());
    }
    row.approved = true;
    row.approved_by = Some(moment.actor.name.clone());
    row.approved_at = Some(moment.recorded_at);
    draft.put(row)?;
    draft.event("labor.approved", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn flag_forgotten(draft: &mut Draft<'_, '_>, it: &FlagForgottenClockIn) -> Result<Subject, Halt> {
    let id = it.labor_transaction_id;
    draft.remove(Subject::of(it.timer_id))?;
    let mut row: LaborTransaction = need(draft, id)?;
    if row.clock_out_time.is_none() && !row.forgotten {
        row.forgotten = true;
        draft.put(row)?;
        draft.event("labor.forgotten", Subject::of(id));
    }
    Ok(Subject::of(id))
}
