//! A shop's own past: one operation report of another system becomes the order, product, work
//! center, operation and employee it names, and its time and pieces. What another system recorded is
//! kept as it was: more than ordered is flagged, machines that overlap stay so.

use super::shift::shift_at;
use super::{Moment, labor, master, need, percent, work_order};
use crate::base::limits::PIECES_MAX;
use crate::base::{Code, Refusal};
use crate::model::command::ImportOperationReport;
use crate::model::work_order::{OperationStatus, WorkOrderStatus};
use crate::model::{Employee, Id, LaborTransaction, Noun, OperationReport, Product, Subject, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::store::{Draft, Halt, View};

pub(super) fn operation_report(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ImportOperationReport) -> Result<Subject, Halt> {
    if let Some(number) = draft.unique(Noun::LaborTransaction, "source_key", &it.source_key)? {
        return Err(Refusal::new(Code::Duplicate, format!("this row is here already as {}", Noun::LaborTransaction.id_text(number))).into());
    }
    for (name, number) in [("good_quantity", it.good_quantity), ("rejected_quantity", it.rejected_quantity), ("held_quantity", it.held_quantity)] {
        if !(0..=PIECES_MAX).contains(&number) {
            return Err(Refusal::invalid(name, format!("must be 0 to {PIECES_MAX}")).into());
        }
    }
    if it.ended_at < it.started_at {
        return Err(Refusal::invalid("ended_at", "must not lie before started_at").into());
    }
    let order = find_order(draft, moment, it)?;
    let center = find_center(draft, moment, &it.work_center_name)?;
    let employee = find_employee(draft, moment, &it.employee_code)?;
    let operation = find_operation(draft, moment, it, &order, &center)?;
    let operation_id = operation.operation_id;
    let labor = record_time(draft, moment, it, (employee, operation_id, order.work_order_id, center.work_center_id))?;
    if it.good_quantity + it.rejected_quantity + it.held_quantity > 0 {
        record_pieces(draft, moment, it, employee, operation_id)?;
    }
    let mut order: WorkOrder = need(draft, order.work_order_id)?;
    let operations = work_order::operations(draft, order.work_order_id)?;
    work_order::tally(&mut order, &operations);
    order.actual_start_time = Some(order.actual_start_time.map_or(it.started_at, |known| known.min(it.started_at)));
    draft.put(order)?;
    draft.event("operation_report.imported", labor);
    Ok(labor)
}

fn find_order(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ImportOperationReport) -> Result<WorkOrder, Halt> {
    if let Some(known) = draft.find::<WorkOrder>("work_order_number", &it.work_order_number)? {
        return Ok(known);
    }
    let product_id = match draft.find::<Product>("product_code", &it.product_name)? {
        Some(known) => known.product_id,
        None => {
            check_free(draft, Noun::Product, "product_code", &it.product_name)?;
            draft.add(Product { product_code: Some(it.product_name.clone()), product_name: it.product_name.clone(), created_at: moment.recorded_at, ..Product::default() })?
        }
    };
    let mut order = WorkOrder {
        work_order_id: Id::new(draft.last_number(Noun::WorkOrder)? + 1),
        work_order_number: Some(it.work_order_number.clone()),
        product_id,
        planned_quantity: it.planned_quantity,
        created_at: moment.recorded_at,
        ..WorkOrder::default()
    };
    master::check_number(draft, Noun::WorkOrder, "work_order_number", &it.work_order_number, order.work_order_id.number())?;
    work_order::check(draft, moment, &mut order)?;
    order.status = WorkOrderStatus::InProgress;
    let id = draft.add(order)?;
    draft.event("work_order.created", Subject::of(id));
    need(draft, id)
}

/// A name that looks like an id of ours would hide the record that gets that id.
fn check_free(draft: &Draft<'_, '_>, noun: Noun, column: &str, text: &str) -> Result<(), Halt> {
    master::check_number(draft, noun, column, text, draft.last_number(noun)? + 1)
}

fn find_center(draft: &mut Draft<'_, '_>, moment: &Moment, name: &str) -> Result<WorkCenter, Halt> {
    if let Some(known) = draft.find::<WorkCenter>("work_center_code", name)? {
        return Ok(known);
    }
    check_free(draft, Noun::WorkCenter, "work_center_code", name)?;
    let id = draft.add(WorkCenter { work_center_code: name.to_owned(), work_center_name: name.to_owned(), created_at: moment.recorded_at, ..WorkCenter::default() })?;
    draft.event("work_center.created", Subject::of(id));
    need(draft, id)
}

fn find_employee(draft: &mut Draft<'_, '_>, moment: &Moment, code: &str) -> Result<Id<Employee>, Halt> {
    if let Some(known) = draft.find::<Employee>("employee_code", code)? {
        return Ok(known.employee_id);
    }
    check_free(draft, Noun::Employee, "employee_code", code)?;
    let id = draft.add(Employee { employee_code: Some(code.to_owned()), created_at: moment.recorded_at, ..Employee::default() })?;
    draft.event("employee.created", Subject::of(id));
    Ok(id)
}

/// Operations of another system have names and no sequence: they count on in the order they appear.
fn find_operation(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ImportOperationReport, order: &WorkOrder, center: &WorkCenter) -> Result<WorkOrderOperation, Halt> {
    let known = work_order::operations(draft, order.work_order_id)?;
    if let Some(operation) = known.iter().find(|operation| operation.operation_name == it.operation_name) {
        return Ok(operation.clone());
    }
    let id = draft.add(WorkOrderOperation {
        work_order_id: order.work_order_id,
        operation_sequence: known.last().map_or(10, |last| last.operation_sequence + 10),
        operation_name: it.operation_name.clone(),
        work_center_id: Some(center.work_center_id),
        work_center_code: Some(center.work_center_code.clone()),
        line_id: center.line_id,
        machine_id: center.machine_id,
        planned_quantity: order.planned_quantity,
        status: OperationStatus::InProgress,
        created_at: moment.recorded_at,
        ..WorkOrderOperation::default()
    })?;
    need(draft, id)
}

type Where = (Id<Employee>, Id<WorkOrderOperation>, Id<WorkOrder>, Id<WorkCenter>);

fn record_time(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ImportOperationReport, (employee, operation, order, center): Where) -> Result<Subject, Halt> {
    let open = shift_at(draft, it.started_at, &moment.zone)?;
    let worker: Employee = need(draft, employee)?;
    let mut row = LaborTransaction {
        transaction_date: open.as_ref().map_or_else(|| it.started_at.date(&moment.zone), |open| open.day),
        employee_id: employee,
        shift_id: open.map(|open| open.shift.shift_id),
        work_order_id: Some(order),
        operation_id: Some(operation),
        activity_code: it.rework.then(|| "REWORK".to_owned()),
        activity_type: it.activity_type,
        clock_in_time: it.started_at,
        quantity_produced: it.good_quantity,
        quantity_rejected: it.rejected_quantity,
        hourly_rate: worker.hourly_rate,
        source_key: Some(it.source_key.clone()),
        work_center_id: Some(center),
        created_at: moment.recorded_at,
        ..LaborTransaction::default()
    };
    labor::end(draft, &mut row, it.ended_at)?;
    Ok(Subject::of(draft.add(row)?))
}

fn record_pieces(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ImportOperationReport, employee: Id<Employee>, operation_id: Id<WorkOrderOperation>) -> Result<(), Halt> {
    let mut operation: WorkOrderOperation = need(draft, operation_id)?;
    operation.completed_quantity += it.good_quantity;
    operation.rejected_quantity += it.rejected_quantity;
    operation.held_quantity += it.held_quantity;
    operation.scrap_rate_percentage = percent(operation.rejected_quantity, operation.produced());
    operation.actual_start_time = Some(operation.actual_start_time.map_or(it.started_at, |known| known.min(it.started_at)));
    operation.updated_at = moment.recorded_at;
    let over_plan = operation.produced() > operation.planned_quantity;
    let report = OperationReport {
        work_order_id: operation.work_order_id,
        operation_id,
        operation_sequence: operation.operation_sequence,
        good_quantity: it.good_quantity,
        rejected_quantity: it.rejected_quantity,
        held_quantity: it.held_quantity,
        employee_id: Some(employee),
        reported_at: it.ended_at,
        over_plan,
        source_key: Some(it.source_key.clone()),
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        ..OperationReport::default()
    };
    draft.put(operation)?;
    draft.add(report)?;
    if over_plan {
        draft.event("operation.over_plan", Subject::of(operation_id));
    }
    Ok(())
}
