//! Operations: started, reported, finished; a wrong report is reversed by another report.
//! Good, rejected, scrapped, rework and held add up to what an operation produced, and no operation
//! makes more than the ones before it have passed on.

use super::shift::shift_at;
use super::{Moment, lot, machine_count, material, need, percent, pin, schedule, whole, work_order};
use crate::base::limits::{OVERRUN_PERCENT, PIECES_MAX};
use crate::base::{Code, Decimal, Refusal};
use crate::model::command::{DisposeHeldPieces, FinishOperation, ReportOperation, ReverseReport, StartOperation};
use crate::model::material::TransactionType;
use crate::model::work_order::{OperationStatus as State, WorkOrderStatus};
use crate::model::{Id, Lot, OperationReport, Subject, WorkOrder, WorkOrderOperation};
use crate::store::{Draft, Halt, View};

pub(super) fn find(operations: &[WorkOrderOperation], sequence: i64, order: &WorkOrder) -> Result<WorkOrderOperation, Halt> {
    let found = operations.iter().find(|it| it.operation_sequence == sequence).cloned();
    found.ok_or_else(|| {
        let known: Vec<String> = operations.iter().map(|it| it.operation_sequence.to_string()).collect();
        let known = if known.is_empty() { "none before its release".to_owned() } else { known.join(", ") };
        Refusal::new(Code::NotFound, format!("order {} has no operation {sequence}; it has {known}", work_order::number(order))).into()
    })
}

pub(super) fn start(draft: &mut Draft<'_, '_>, moment: &Moment, it: &StartOperation) -> Result<Subject, Halt> {
    let order: WorkOrder = need(draft, it.work_order_id)?;
    if matches!(order.status, WorkOrderStatus::Released | WorkOrderStatus::Scheduled) {
        // Starting the first operation starts the order: an operator thinks of one act.
        work_order::start(draft, moment, it.work_order_id)?;
    } else {
        work_order::running(draft, it.work_order_id, "start an operation")?;
    }
    let operations = work_order::operations(draft, it.work_order_id)?;
    let mut operation = find(&operations, it.operation_sequence, &order)?;
    if !matches!(operation.status, State::Pending | State::Ready) {
        return Err(Refusal::new(Code::IllegalState, format!("operation {} is {} and cannot be started", operation.operation_sequence, operation.status)).into());
    }
    let waiting = operations
        .iter()
        .find(|before| operation.depends_on.contains(&before.operation_sequence) && before.completed_quantity == 0 && !matches!(before.status, State::Completed | State::Skipped));
    if let Some(before) = waiting {
        return Err(Refusal::new(Code::IllegalState, format!("operation {} ({}) has passed nothing on yet", before.operation_sequence, before.operation_name)).into());
    }
    if let Some(employee) = it.employee_id {
        need(draft, employee)?;
        operation.operator_id = Some(employee);
    }
    if let Some(machine) = it.machine_id {
        need(draft, machine)?;
        operation.machine_id = Some(machine);
    }
    operation.status = State::InProgress;
    operation.actual_start_time.get_or_insert(moment.occurred_at);
    operation.shift_id = shift_at(draft, moment.occurred_at, &moment.zone)?.map(|open| open.shift.shift_id);
    schedule::started(draft, moment, it.work_order_id, Some(operation.operation_id))?;
    pin::end(draft, moment, operation.operation_id)?;
    store(draft, moment, operation, "operation.started")
}

fn store(draft: &mut Draft<'_, '_>, moment: &Moment, mut operation: WorkOrderOperation, event: &str) -> Result<Subject, Halt> {
    operation.updated_at = moment.recorded_at;
    let subject = Subject::of(operation.operation_id);
    draft.put(operation)?;
    draft.event(event, subject);
    Ok(subject)
}

/// Whether pieces may be reported on an operation that is finished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Late {
    Refused,
    /// A machine counts up to a minute behind: what it counted before the operation was finished belongs to it.
    OfItsTime,
}

pub(super) fn report(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ReportOperation) -> Result<Subject, Halt> {
    check_figures(it)?;
    let order = work_order::running(draft, it.work_order_id, "be reported on")?;
    let operation = find(&work_order::operations(draft, it.work_order_id)?, it.operation_sequence, &order)?;
    let mut it = it.clone();
    match machine_count::beside_machine(draft, moment, &operation, &mut it)? {
        Some(kept) if sum(&it) == 0 => Ok(kept),
        _ => add_report(draft, moment, &it, Late::Refused),
    }
}

/// What a machine counted, as a report.
pub(super) fn report_counted(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ReportOperation) -> Result<Subject, Halt> {
    check_figures(it)?;
    add_report(draft, moment, it, Late::OfItsTime)
}

const fn figures(it: &ReportOperation) -> [(&'static str, i64); 5] {
    [
        ("good_quantity", it.good_quantity),
        ("rejected_quantity", it.rejected_quantity),
        ("scrapped_quantity", it.scrapped_quantity),
        ("rework_quantity", it.rework_quantity),
        ("held_quantity", it.held_quantity),
    ]
}

fn sum(it: &ReportOperation) -> i64 {
    figures(it).iter().map(|(_, number)| number).sum()
}

fn check_figures(it: &ReportOperation) -> Result<(), Refusal> {
    if let Some((name, _)) = figures(it).iter().find(|(_, number)| !(0..=PIECES_MAX).contains(number)) {
        return Err(Refusal::invalid(name, format!("must be 0 to {PIECES_MAX}")));
    }
    if sum(it) == 0 { Err(Refusal::invalid("good_quantity", "a report must count at least one piece")) } else { Ok(()) }
}

/// Pieces that an operation can still have made.
pub(super) fn room(draft: &Draft<'_, '_>, operation: &WorkOrderOperation) -> Result<i64, Halt> {
    let order: WorkOrder = need(draft, operation.work_order_id)?;
    Ok(most_possible(&order, operation, &work_order::operations(draft, operation.work_order_id)?) - operation.produced())
}

fn add_report(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ReportOperation, late: Late) -> Result<Subject, Halt> {
    let sum = sum(it);
    let order = work_order::running(draft, it.work_order_id, "be reported on")?;
    let operations = work_order::operations(draft, it.work_order_id)?;
    let mut operation = find(&operations, it.operation_sequence, &order)?;
    let in_its_time = late == Late::OfItsTime && operation.actual_end_time.is_some_and(|end| moment.occurred_at <= end);
    if operation.status != State::InProgress && !in_its_time {
        return Err(Refusal::new(Code::IllegalState, format!("operation {} is {}: start it before reporting on it", operation.operation_sequence, operation.status)).into());
    }
    let most = most_possible(&order, &operation, &operations);
    if operation.produced() + sum > most {
        let left = most - operation.produced();
        return Err(Refusal::field(
            Code::Insufficient,
            "good_quantity",
            format!("{sum} pieces are more than the {left} that operation {} can still have made", operation.operation_sequence),
        )
        .into());
    }
    if let Some(employee) = it.employee_id {
        need(draft, employee)?;
    }
    operation.completed_quantity += it.good_quantity;
    operation.rejected_quantity += it.rejected_quantity;
    operation.scrapped_quantity += it.scrapped_quantity;
    operation.rework_quantity += it.rework_quantity;
    operation.held_quantity += it.held_quantity;
    let is_last = operations.iter().all(|other| other.operation_sequence <= operation.operation_sequence);
    let transaction_id = if is_last && it.good_quantity > 0 { Some(move_finished(draft, moment, &order, it.good_quantity)?) } else { None };
    let over_plan = operation.produced() > operation.planned_quantity;
    let report = OperationReport {
        work_order_id: it.work_order_id,
        operation_id: operation.operation_id,
        operation_sequence: it.operation_sequence,
        good_quantity: it.good_quantity,
        rejected_quantity: it.rejected_quantity,
        scrapped_quantity: it.scrapped_quantity,
        rework_quantity: it.rework_quantity,
        held_quantity: it.held_quantity,
        employee_id: it.employee_id.or(operation.operator_id),
        machine_id: operation.machine_id,
        shift_id: shift_at(draft, moment.occurred_at, &moment.zone)?.map(|open| open.shift.shift_id),
        reported_at: moment.occurred_at,
        transaction_id,
        notes: it.notes.clone(),
        over_plan,
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        ..OperationReport::default()
    };
    let report_id = draft.add(report)?;
    let subject = Subject::of(operation.operation_id);
    settle(draft, moment, operation)?;
    draft.event("operation.reported", subject);
    if over_plan {
        draft.event("operation.over_plan", subject);
    }
    Ok(Subject::of(report_id))
}

/// Pieces an operation can have made: what the ones before passed on, or the plan with its overrun.
fn most_possible(order: &WorkOrder, operation: &WorkOrderOperation, operations: &[WorkOrderOperation]) -> i64 {
    let before = operations.iter().filter(|it| operation.depends_on.contains(&it.operation_sequence)).map(|it| it.completed_quantity).min();
    before.unwrap_or(order.planned_quantity + order.planned_quantity * OVERRUN_PERCENT / 100)
}

/// Standard time of what a finished operation made, to the time it took.
fn efficiency(operation: &WorkOrderOperation) -> Option<Decimal> {
    let minutes = whole(operation.actual_duration_minutes?);
    let standard = operation.standard_time_per_unit_seconds?.times(whole(operation.produced()))?.over(whole(60))?;
    standard.times(whole(100))?.over(minutes).map(|share| share.rounded(2)).filter(|share| *share <= whole(999))
}

/// Stores the operation and adds its order up again.
fn settle(draft: &mut Draft<'_, '_>, moment: &Moment, mut operation: WorkOrderOperation) -> Result<(), Halt> {
    operation.scrap_rate_percentage = percent(operation.scrapped_quantity + operation.rejected_quantity, operation.produced());
    if operation.status == State::Completed {
        operation.efficiency_percentage = efficiency(&operation);
    }
    operation.updated_at = moment.recorded_at;
    let order_id = operation.work_order_id;
    draft.put(operation)?;
    let mut order: WorkOrder = need(draft, order_id)?;
    work_order::tally(&mut order, &work_order::operations(draft, order_id)?);
    order.updated_at = moment.recorded_at;
    draft.put(order)?;
    Ok(())
}

/// Good pieces of the last operation go into the order's finished lot.
fn move_finished(draft: &mut Draft<'_, '_>, moment: &Moment, order: &WorkOrder, pieces: i64) -> Result<Id<crate::model::MaterialTransaction>, Halt> {
    let number = order.lot_number.as_deref().unwrap_or_default();
    let lot: Lot = draft.find("lot_number", number)?.ok_or_else(|| Refusal::new(Code::NotFound, format!("order {} has no finished lot", work_order::number(order))))?;
    let stock = lot::pieces_in_stock_unit(draft, &lot, whole(pieces))?;
    let movement = material::Movement {
        work_order_id: Some(order.work_order_id),
        told: whole(pieces),
        told_unit: work_order::PIECES,
        change: stock,
        ..material::Movement::of(TransactionType::Production)
    };
    let lot_id = Subject::of(lot.lot_id);
    let unit = lot.unit_of_measure;
    let id = material::move_lot(draft, moment, lot, movement)?;
    lot::link(draft, Subject::of(order.work_order_id), lot_id, stock, unit)?;
    Ok(id)
}

pub(super) fn finish(draft: &mut Draft<'_, '_>, moment: &Moment, it: &FinishOperation) -> Result<Subject, Halt> {
    let order = work_order::running(draft, it.work_order_id, "have an operation finished")?;
    let operations = work_order::operations(draft, it.work_order_id)?;
    let mut operation = find(&operations, it.operation_sequence, &order)?;
    if operation.status != State::InProgress {
        return Err(Refusal::new(Code::IllegalState, format!("operation {} is {} and cannot be finished", operation.operation_sequence, operation.status)).into());
    }
    if let Some(started) = operation.actual_start_time {
        if moment.occurred_at < started {
            return Err(Refusal::field(Code::OutsideWindow, "occurred_at", format!("must not lie before the start of the operation at {started}")).into());
        }
        operation.actual_duration_minutes = Some(moment.occurred_at.minutes_since(started));
        operation.efficiency_percentage = efficiency(&operation);
    }
    operation.actual_end_time = Some(moment.occurred_at);
    operation.status = State::Completed;
    schedule::finished(draft, moment, it.work_order_id, Some(operation.operation_id), operation.completed_quantity)?;
    let subject = store(draft, moment, operation, "operation.finished")?;
    for mut next in work_order::operations(draft, it.work_order_id)? {
        let waits = next.depends_on.clone();
        let free = operations
            .iter()
            .filter(|before| waits.contains(&before.operation_sequence))
            .all(|before| before.operation_sequence == it.operation_sequence || matches!(before.status, State::Completed | State::Skipped));
        if next.status == State::Pending && free {
            next.status = State::Ready;
            schedule::confirm(draft, moment, it.work_order_id, next.operation_id)?;
            store(draft, moment, next, "operation.ready")?;
        }
    }
    Ok(subject)
}

/// Moves held pieces to what was decided on them, as a report that takes them out of the held; like
/// any report it can be reversed.
pub(super) fn dispose_held(draft: &mut Draft<'_, '_>, moment: &Moment, it: &DisposeHeldPieces) -> Result<Subject, Halt> {
    let figures =
        [("good_quantity", it.good_quantity), ("rejected_quantity", it.rejected_quantity), ("scrapped_quantity", it.scrapped_quantity), ("rework_quantity", it.rework_quantity)];
    if let Some((name, _)) = figures.iter().find(|(_, number)| !(0..=PIECES_MAX).contains(number)) {
        return Err(Refusal::invalid(name, format!("must be 0 to {PIECES_MAX}")).into());
    }
    let sum: i64 = figures.iter().map(|(_, number)| number).sum();
    let order = work_order::running(draft, it.work_order_id, "have its held pieces decided on: reopen it first")?;
    let operations = work_order::operations(draft, it.work_order_id)?;
    let mut operation = find(&operations, it.operation_sequence, &order)?;
    if sum == 0 || sum > operation.held_quantity {
        let held = operation.held_quantity;
        return Err(
            Refusal::field(Code::Insufficient, "good_quantity", format!("must decide on 1 to {held} pieces: operation {} holds {held}", operation.operation_sequence)).into()
        );
    }
    operation.completed_quantity += it.good_quantity;
    operation.rejected_quantity += it.rejected_quantity;
    operation.scrapped_quantity += it.scrapped_quantity;
    operation.rework_quantity += it.rework_quantity;
    operation.held_quantity -= sum;
    let is_last = operations.iter().all(|other| other.operation_sequence <= operation.operation_sequence);
    let transaction_id = if is_last && it.good_quantity > 0 { Some(move_finished(draft, moment, &order, it.good_quantity)?) } else { None };
    let report_id = draft.add(OperationReport {
        work_order_id: it.work_order_id,
        operation_id: operation.operation_id,
        operation_sequence: it.operation_sequence,
        good_quantity: it.good_quantity,
        rejected_quantity: it.rejected_quantity,
        scrapped_quantity: it.scrapped_quantity,
        rework_quantity: it.rework_quantity,
        held_quantity: -sum,
        machine_id: operation.machine_id,
        shift_id: shift_at(draft, moment.occurred_at, &moment.zone)?.map(|open| open.shift.shift_id),
        reported_at: moment.occurred_at,
        transaction_id,
        notes: it.notes.clone(),
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        ..OperationReport::default()
    })?;
    let subject = Subject::of(operation.operation_id);
    settle(draft, moment, operation)?;
    draft.event("operation.held_decided", subject);
    Ok(Subject::of(report_id))
}

pub(super) fn reverse(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ReverseReport) -> Result<Subject, Halt> {
    let mut wrong: OperationReport = need(draft, it.report_id)?;
    if wrong.reversed_by.is_some() || wrong.reverses.is_some() {
        return Err(Refusal::new(Code::IllegalState, format!("{} is reversed already, or is a reversal itself", it.report_id)).into());
    }
    let order = work_order::running(draft, wrong.work_order_id, "have a report reversed: reopen it first")?;
    let taken = work_order::rework_taken(draft, wrong.work_order_id)?;
    if wrong.rework_quantity > 0 && order.rework_quantity - wrong.rework_quantity < taken {
        return Err(Refusal::new(Code::StillOpen, format!("rework orders have taken {taken} of its pieces: cancel them first")).into());
    }
    let mut operation: WorkOrderOperation = need(draft, wrong.operation_id)?;
    let passed_on = work_order::operations(draft, wrong.work_order_id)?;
    let passed_on = passed_on.iter().filter(|next| next.depends_on.contains(&operation.operation_sequence)).map(WorkOrderOperation::produced).max().unwrap_or(0);
    if operation.completed_quantity - wrong.good_quantity < passed_on {
        return Err(Refusal::new(Code::Insufficient, format!("the next operation has already taken {passed_on} pieces: reverse its reports first")).into());
    }
    operation.completed_quantity -= wrong.good_quantity;
    operation.rejected_quantity -= wrong.rejected_quantity;
    operation.scrapped_quantity -= wrong.scrapped_quantity;
    operation.rework_quantity -= wrong.rework_quantity;
    operation.held_quantity -= wrong.held_quantity;
    if operation.status == State::Completed {
        // What was counted wrong can be reported right only on an open operation.
        operation.status = State::InProgress;
        operation.actual_end_time = None;
    }
    let transaction_id = match wrong.transaction_id {
        Some(movement) => Some(material::undo(draft, moment, movement)?),
        None => None,
    };
    let mut reversal = OperationReport {
        good_quantity: -wrong.good_quantity,
        rejected_quantity: -wrong.rejected_quantity,
        scrapped_quantity: -wrong.scrapped_quantity,
        rework_quantity: -wrong.rework_quantity,
        held_quantity: -wrong.held_quantity,
        reported_at: moment.occurred_at,
        transaction_id,
        over_plan: false,
        source_key: None,
        reverses: Some(wrong.report_id),
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        ..wrong.clone()
    };
    reversal.notes = moment.reason.clone().map(crate::model::field::Note);
    let id = draft.add(reversal)?;
    wrong.reversed_by = Some(id);
    draft.put(wrong)?;
    let subject = Subject::of(operation.operation_id);
    settle(draft, moment, operation)?;
    draft.event("operation.report_reversed", subject);
    Ok(Subject::of(id))
}
