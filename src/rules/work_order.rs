//! The life of a work order: created, released, scheduled, in progress, on hold, completed, closed,
//! cancelled; split and reopened. What an order made is added up in `tally`.

use std::collections::BTreeMap;

use super::{Moment, lot, need, percent, schedule, whole};
use crate::base::limits::PIECES_MAX;
use crate::base::{Code, Decimal, Refusal, Unit, limits};
use crate::kpi::{Elements, Indicator};
use crate::model::command::{PublishPlan, ScheduleWorkOrder, SplitWorkOrder};
use crate::model::field::{Field, Note};
use crate::model::material::{MaterialType, TransactionType};
use crate::model::plant::Status;
use crate::model::product::RoutingStep;
use crate::model::quality::InspectionType;
use crate::model::schedule::PlannedSlot;
use crate::model::work_order::{InspectionStatus, OperationStatus, OrderType, QualityStatus, WorkOrderStatus as State};
use crate::model::{
    Factory, Id, LaborTransaction, Lot, LotEdge, Material, MaterialTransaction, Noun, Product, ProductionLine, QualityInspection, Routing, Subject, WorkCenter, WorkOrder,
    WorkOrderOperation,
};
use crate::store::{Draft, Halt, View};

/// Operations an order may have; a routing's list is bounded the same way.
const OPERATIONS_MAX: usize = crate::base::limits::LIST_MAX;

/// Bounds of a new or changed order, and what follows from its being new.
pub(super) fn check(draft: &Draft<'_, '_>, moment: &Moment, order: &mut WorkOrder) -> Result<(), Halt> {
    if !(1..=PIECES_MAX).contains(&order.planned_quantity) {
        return Err(Refusal::invalid("planned_quantity", format!("must be 1 to {PIECES_MAX}")).into());
    }
    if order.priority == 0 {
        order.priority = 5;
    }
    if order.priority > 10 {
        return Err(Refusal::invalid("priority", "must be 1 (highest) to 10 (lowest)").into());
    }
    if let (Some(start), Some(end)) = (order.planned_start_date, order.planned_end_date)
        && end < start
    {
        return Err(Refusal::invalid("planned_end_date", "must not lie before planned_start_date").into());
    }
    if draft.get(order.work_order_id)?.is_some() {
        return if matches!(order.status, State::Closed | State::Cancelled) { Err(state(order, "be changed")) } else { Ok(()) };
    }
    let product: Product = need(draft, order.product_id)?;
    if product.status != Status::Active {
        return Err(Refusal::new(Code::IllegalState, format!("product {} is not active", product.product_name)).into());
    }
    check_parent(draft, order)?;
    if order.factory_id.is_none() && draft.get(Id::<Factory>::new(1))?.is_some() {
        order.factory_id = Some(Id::new(1));
    }
    order.work_order_number.get_or_insert_with(|| order.work_order_id.to_string());
    order.standard_cost_per_unit = product.standard_cost_per_unit;
    order.planned_cycle_time_seconds = product.standard_cycle_time_seconds.map(|seconds| seconds.rounded(0)).and_then(Decimal::as_whole);
    order.created_by.clone_from(&moment.actor.name);
    order.updated_at = moment.recorded_at;
    Ok(())
}

fn check_parent(draft: &Draft<'_, '_>, order: &WorkOrder) -> Result<(), Halt> {
    match (order.order_type, order.parent_work_order_id) {
        (OrderType::Rework, Some(_)) => check_rework(draft, order),
        (OrderType::Rework, None) => Err(Refusal::invalid("parent_work_order_id", "must name the order whose pieces are reworked").into()),
        (OrderType::Split, _) => Err(Refusal::invalid("order_type", "a split order is made by splitting its parent").into()),
        (OrderType::Production, Some(parent)) => need(draft, parent).map(|_: WorkOrder| ()),
        (OrderType::Production, None) => Ok(()),
    }
}

/// An order that is not counted yet takes no more than its parent has left to rework.
fn check_rework(draft: &Draft<'_, '_>, order: &WorkOrder) -> Result<(), Halt> {
    let (OrderType::Rework, Some(parent_id)) = (order.order_type, order.parent_work_order_id) else { return Ok(()) };
    let parent: WorkOrder = need(draft, parent_id)?;
    let open = parent.rework_quantity - rework_taken(draft, parent_id)?;
    if order.planned_quantity > open {
        return Err(Refusal::field(Code::Insufficient, "planned_quantity", format!("order {} has {open} pieces left to rework", number(&parent))).into());
    }
    Ok(())
}

/// Pieces that rework orders take from their parent.
pub(super) fn rework_taken(draft: &Draft<'_, '_>, parent: Id<WorkOrder>) -> Result<i64, Halt> {
    let children: Vec<WorkOrder> = draft.related("parent_work_order_id", &parent.to_value(), 1_000)?;
    Ok(children.iter().filter(|it| it.order_type == OrderType::Rework && it.status != State::Cancelled).map(|it| it.planned_quantity).sum())
}

/// What people call the order.
pub(super) fn number(order: &WorkOrder) -> String {
    order.work_order_number.clone().unwrap_or_else(|| order.work_order_id.to_string())
}

fn state(order: &WorkOrder, act: &str) -> Halt {
    Refusal::new(Code::IllegalState, format!("order {} is {} and cannot {act}", number(order), order.status)).into()
}

fn in_state(draft: &Draft<'_, '_>, id: Id<WorkOrder>, allowed: &[State], act: &str) -> Result<WorkOrder, Halt> {
    let order: WorkOrder = need(draft, id)?;
    if allowed.contains(&order.status) {
        return Ok(order);
    }
    if order.status == State::OnHold {
        return Err(Refusal::new(Code::OnHold, format!("order {} is on hold: resume it first", number(&order))).into());
    }
    Err(state(&order, act))
}

/// The order, if work may be told on it.
pub(super) fn running(draft: &Draft<'_, '_>, id: Id<WorkOrder>, act: &str) -> Result<WorkOrder, Halt> {
    in_state(draft, id, &[State::InProgress], act)
}

fn done(draft: &mut Draft<'_, '_>, moment: &Moment, mut order: WorkOrder, event: &str) -> Result<Subject, Halt> {
    order.updated_at = moment.recorded_at;
    let subject = Subject::of(order.work_order_id);
    draft.put(order)?;
    draft.event(event, subject);
    Ok(subject)
}

pub(super) fn release(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<WorkOrder>) -> Result<Subject, Halt> {
    let mut order = in_state(draft, id, &[State::Created], "be released")?;
    let mut product: Product = need(draft, order.product_id)?;
    let material = stock_material(draft, moment, &mut product)?;
    for step in steps(draft, &order)? {
        add_operation(draft, moment, &order, step)?;
    }
    let lot = lot::open(draft, moment, &material, lot::Opening { work_order_id: Some(id), expiry_date: order.expiry_date, ..lot::Opening::default() })?;
    if let (OrderType::Rework, Some(parent)) = (order.order_type, order.parent_work_order_id) {
        // Reworked pieces never were in a lot, so the trace goes from order to order.
        lot::link(draft, Subject::of(parent), Subject::of(id), whole(order.planned_quantity), PIECES)?;
    }
    order.lot_number = Some(lot.lot_number);
    order.batch_number.get_or_insert_with(|| format!("BATCH-{:06}", id.number()));
    order.status = State::Released;
    done(draft, moment, order, "work_order.released")
}

/// The material a product is stocked as; made with the product's own code where there is none yet.
fn stock_material(draft: &mut Draft<'_, '_>, moment: &Moment, product: &mut Product) -> Result<Material, Halt> {
    if let Some(id) = product.material_id {
        return need(draft, id);
    }
    let code = product.product_code.clone().unwrap_or_else(|| product.product_id.to_string());
    let material = match draft.find::<Material>("material_code", &code)? {
        Some(known) => known,
        None => {
            let material_type = MaterialType::FinishedGood;
            let material = Material {
                material_code: code,
                material_name: product.product_name.clone(),
                material_type,
                stock_unit: product.unit_of_measure,
                created_at: moment.recorded_at,
                ..Material::default()
            };
            let id = draft.add(material)?;
            draft.event("material.created", Subject::of(id));
            need(draft, id)?
        }
    };
    product.material_id = Some(material.material_id);
    draft.put(product.clone())?;
    Ok(material)
}

fn steps(draft: &Draft<'_, '_>, order: &WorkOrder) -> Result<Vec<RoutingStep>, Halt> {
    let routings: Vec<Routing> = draft.related("product_id", &order.product_id.to_value(), 1_000)?;
    let active = routings.into_iter().rev().find(|routing| routing.status == Status::Active);
    // An order must be runnable with nothing but a product and a quantity: one operation then.
    let only = RoutingStep { operation_sequence: 10, operation_name: "Make".to_owned(), ..RoutingStep::default() };
    Ok(active.map_or_else(|| vec![only], |routing| routing.steps))
}

fn add_operation(draft: &mut Draft<'_, '_>, moment: &Moment, order: &WorkOrder, step: RoutingStep) -> Result<(), Halt> {
    let earlier = operations(draft, order.work_order_id)?;
    let mut depends_on = step.depends_on;
    if depends_on.is_empty() {
        depends_on.extend(earlier.last().map(|it| it.operation_sequence));
    }
    let center: Option<WorkCenter> = step.work_center_id.map(|id| need(draft, id)).transpose()?;
    let run = step.standard_time_per_unit_seconds.times(whole(order.planned_quantity)).and_then(|seconds| seconds.over(whole(60)));
    let duration = run.and_then(|minutes| minutes.plus(step.setup_minutes)).map(|minutes| minutes.rounded(0)).and_then(Decimal::as_whole);
    draft.add(WorkOrderOperation {
        work_order_id: order.work_order_id,
        operation_sequence: step.operation_sequence,
        operation_code: step.operation_code,
        operation_name: step.operation_name,
        status: if depends_on.is_empty() { OperationStatus::Ready } else { OperationStatus::Pending },
        depends_on,
        line_id: center.as_ref().and_then(|center| center.line_id),
        machine_id: center.as_ref().and_then(|center| center.machine_id),
        work_center_id: step.work_center_id,
        work_center_code: center.map(|center| center.work_center_code),
        planned_quantity: order.planned_quantity,
        planned_duration_minutes: duration,
        planned_setup_time_minutes: step.setup_minutes.rounded(0).as_whole(),
        standard_time_per_unit_seconds: Some(step.standard_time_per_unit_seconds).filter(|seconds| !seconds.is_zero()),
        requires_inspection: step.requires_inspection,
        inspection_status: step.requires_inspection.then_some(InspectionStatus::Pending),
        work_instructions: step.work_instructions,
        safety_notes: step.safety_notes,
        created_at: moment.recorded_at,
        updated_at: moment.recorded_at,
        ..WorkOrderOperation::default()
    })?;
    Ok(())
}

/// The operations of an order in their sequence.
pub(super) fn operations(draft: &Draft<'_, '_>, id: Id<WorkOrder>) -> Result<Vec<WorkOrderOperation>, Halt> {
    let mut operations: Vec<WorkOrderOperation> = draft.related("work_order_id", &id.to_value(), OPERATIONS_MAX)?;
    operations.sort_by_key(|it| it.operation_sequence);
    Ok(operations)
}

pub(super) fn schedule(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ScheduleWorkOrder) -> Result<Subject, Halt> {
    let mut order = in_state(draft, it.work_order_id, &[State::Released, State::Scheduled], "be scheduled")?;
    let line: ProductionLine = need(draft, it.line_id)?;
    if line.status != Status::Active {
        return Err(Refusal::new(Code::IllegalState, format!("line {} is not active", line.line_name)).into());
    }
    if it.scheduled_end_time <= it.scheduled_start_time {
        return Err(Refusal::invalid("scheduled_end_time", "must lie after scheduled_start_time").into());
    }
    order.line_id = Some(it.line_id);
    order.scheduled_start_time = Some(it.scheduled_start_time);
    order.scheduled_end_time = Some(it.scheduled_end_time);
    order.status = State::Scheduled;
    schedule::publish(draft, moment, it, &order, &operations(draft, it.work_order_id)?)?;
    done(draft, moment, order, "work_order.scheduled")
}

/// Gives operations of many orders new slots. What has begun stays where it is, so an order that runs keeps its state.
pub(super) fn publish_plan(draft: &mut Draft<'_, '_>, moment: &Moment, it: &PublishPlan) -> Result<Subject, Halt> {
    if it.slots.is_empty() || it.slots.len() > limits::PLAN_SLOTS_MAX {
        return Err(Refusal::invalid("slots", format!("a plan is published in pieces of 1 to {} slots; this one has {}", limits::PLAN_SLOTS_MAX, it.slots.len())).into());
    }
    let stands = schedule::standing(draft)?;
    let mut by_order: BTreeMap<u64, Vec<&PlannedSlot>> = BTreeMap::new();
    it.slots.iter().for_each(|slot| by_order.entry(slot.work_order_id.number()).or_default().push(slot));
    let mut differs = false;
    for (number, slots) in by_order {
        let mut order = in_state(draft, Id::new(number), &[State::Released, State::Scheduled, State::InProgress], "be planned")?;
        let operations = operations(draft, order.work_order_id)?;
        differs = differs || !schedule::is_in_force(draft, &slots, &order, &operations)?;
        let (start, end) = schedule::replan(draft, moment, &slots, it.notes.as_ref(), &order, &operations, &stands)?;
        (order.scheduled_start_time, order.scheduled_end_time) = (Some(start), Some(end));
        if order.status == State::Released {
            order.status = State::Scheduled;
        }
        done(draft, moment, order, "work_order.scheduled")?;
    }
    if !differs {
        return Err(Refusal::field(Code::IllegalState, "slots", "nothing differs: the plan in force has all of these slots already").into());
    }
    let plant = Subject::of(super::plant_of(draft)?.plant_id);
    draft.event("plan.published", plant);
    Ok(plant)
}

pub(super) fn start(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<WorkOrder>) -> Result<Subject, Halt> {
    let mut order = in_state(draft, id, &[State::Released, State::Scheduled], "be started")?;
    order.status = State::InProgress;
    order.actual_start_time.get_or_insert(moment.occurred_at);
    schedule::started(draft, moment, id, None)?;
    done(draft, moment, order, "work_order.started")
}

pub(super) fn hold(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<WorkOrder>) -> Result<Subject, Halt> {
    let mut order = in_state(draft, id, &[State::Created, State::Released, State::Scheduled, State::InProgress], "be put on hold")?;
    order.status_before_hold = Some(order.status);
    order.status = State::OnHold;
    order.hold_reason = moment.reason.clone().map(Note);
    schedule::held(draft, moment, id)?;
    done(draft, moment, order, "work_order.held")
}

pub(super) fn resume(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<WorkOrder>) -> Result<Subject, Halt> {
    let mut order: WorkOrder = need(draft, id)?;
    let (State::OnHold, Some(before)) = (order.status, order.status_before_hold) else { return Err(state(&order, "be resumed: it is not on hold")) };
    order.status = before;
    order.status_before_hold = None;
    order.hold_reason = None;
    schedule::resumed(draft, moment, id)?;
    done(draft, moment, order, "work_order.resumed")
}

pub(super) fn complete(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<WorkOrder>) -> Result<Subject, Halt> {
    let mut order = running(draft, id, "be completed")?;
    let operations = operations(draft, id)?;
    if let Some(open) = operations.iter().find(|it| !matches!(it.status, OperationStatus::Completed | OperationStatus::Skipped)) {
        return Err(Refusal::new(Code::StillOpen, format!("operation {} ({}) is {}: finish it first", open.operation_sequence, open.operation_name, open.status)).into());
    }
    order.status = State::Completed;
    order.actual_end_time = Some(moment.occurred_at);
    order.completed_by = Some(moment.actor.name.clone());
    order.setup_time_minutes = operations.iter().filter_map(|it| it.actual_setup_time_minutes).sum();
    order.run_time_minutes = operations.iter().filter_map(|it| it.actual_duration_minutes).sum::<i64>() - order.setup_time_minutes;
    if order.produced_quantity > 0 {
        order.actual_cycle_time_seconds = Some(order.run_time_minutes * 60 / order.produced_quantity);
    }
    settle_costs(draft, &mut order)?;
    schedule::finished(draft, moment, id, None, order.good_quantity)?;
    done(draft, moment, order, "work_order.completed")
}

fn settle_costs(draft: &Draft<'_, '_>, order: &mut WorkOrder) -> Result<(), Halt> {
    let mut material = Decimal::ZERO;
    let movements: Vec<MaterialTransaction> = draft.related("work_order_id", &order.work_order_id.to_value(), crate::base::limits::SCAN_MAX)?;
    for movement in &movements {
        if matches!(movement.transaction_type, TransactionType::Issue | TransactionType::Return) {
            // An issue takes stock (negative change) and so costs; a return or a reversal gives back.
            let cost = movement.unit_cost.and_then(|cost| cost.times(movement.stock_change.negated())).unwrap_or_default();
            material = material.plus(cost).ok_or_else(super::overflow)?;
        }
    }
    let mut labor = Decimal::ZERO;
    for time in labor_of(draft, order.work_order_id)? {
        let cost = time.labor_cost.unwrap_or_default().plus(time.overtime_cost).ok_or_else(super::overflow)?;
        labor = labor.plus(cost).ok_or_else(super::overflow)?;
    }
    order.total_material_cost = material.rounded(2);
    order.total_labor_cost = labor.rounded(2);
    let direct = order.total_material_cost.plus(order.total_labor_cost).ok_or_else(super::overflow)?;
    order.total_overhead_cost = overhead(draft, order.factory_id, direct)?.rounded(2);
    let total = direct.plus(order.total_overhead_cost).ok_or_else(super::overflow)?;
    order.actual_cost_per_unit = if order.good_quantity > 0 { total.over(whole(order.good_quantity)).map(|cost| cost.rounded(2)) } else { None };
    Ok(())
}

/// What the site lays on top of material and labor.
fn overhead(draft: &Draft<'_, '_>, site: Option<Id<Factory>>, direct: Decimal) -> Result<Decimal, Halt> {
    let site: Option<Factory> = site.map(|id| need(draft, id)).transpose()?;
    let Some(percentage) = site.and_then(|site| site.overhead_percentage) else { return Ok(Decimal::ZERO) };
    Ok(direct.times(percentage).and_then(|percents| percents.over(whole(100))).ok_or_else(super::overflow)?)
}

fn labor_of(draft: &Draft<'_, '_>, id: Id<WorkOrder>) -> Result<Vec<LaborTransaction>, Halt> {
    Ok(draft.related("work_order_id", &id.to_value(), crate::base::limits::SCAN_MAX)?)
}

fn is_judged(draft: &Draft<'_, '_>, id: Id<WorkOrder>) -> Result<bool, Halt> {
    let inspections: Vec<QualityInspection> = draft.related("work_order_id", &id.to_value(), crate::base::limits::SCAN_MAX)?;
    Ok(inspections.iter().any(|inspection| inspection.inspection_type == InspectionType::Final))
}

pub(super) fn close(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<WorkOrder>) -> Result<Subject, Halt> {
    let mut order = in_state(draft, id, &[State::Completed], "be closed: complete it first")?;
    if let Some(open) = labor_of(draft, id)?.iter().find(|it| it.clock_out_time.is_none()) {
        return Err(Refusal::new(Code::StillOpen, format!("{} is still clocked in on it ({}): clock out first", open.employee_id, open.labor_transaction_id)).into());
    }
    if order.quality_hold {
        return Err(Refusal::new(Code::OnHold, format!("order {} is on quality hold: decide on its inspection first", number(&order))).into());
    }
    settle_costs(draft, &mut order)?;
    // Where no final inspection has judged it, whoever closes it does.
    if order.quality_status == QualityStatus::Pending && !is_judged(draft, id)? {
        order.quality_status = QualityStatus::Approved;
    }
    order.status = State::Closed;
    order.closed_at = Some(moment.occurred_at);
    done(draft, moment, order, "work_order.closed")
}

pub(super) fn cancel(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<WorkOrder>) -> Result<Subject, Halt> {
    let mut order: WorkOrder = need(draft, id)?;
    if !matches!(order.status, State::Created | State::Released | State::Scheduled | State::OnHold | State::InProgress) {
        return Err(state(&order, "be cancelled"));
    }
    if operations(draft, id)?.iter().any(|it| it.produced() > 0) {
        return Err(Refusal::new(Code::StillOpen, format!("order {} has made pieces: reverse its reports, or split off the rest and complete it", number(&order))).into());
    }
    let node = Subject::of(id);
    if let Some(lot) = issued_lots(draft, node)?.first() {
        return Err(Refusal::new(Code::StillOpen, format!("lot {} is issued to it: return it first", lot.lot_number)).into());
    }
    order.status = State::Cancelled;
    order.status_before_hold = None;
    schedule::cancel(draft, moment, id)?;
    done(draft, moment, order, "work_order.cancelled")
}

fn issued_lots(draft: &Draft<'_, '_>, order: Subject) -> Result<Vec<Lot>, Halt> {
    let Some(node) = crate::model::genealogy::Node::of(order) else { return Ok(Vec::new()) };
    let mut lots = Vec::new();
    for source in draft.neighbours(node, crate::store::Direction::Backward)? {
        let edge: Option<LotEdge> = draft.get(Id::new(LotEdge::number_of(source, node)))?;
        if source.subject().noun == Noun::Lot && edge.is_some_and(|edge| !edge.quantity.is_zero()) {
            lots.extend(draft.get(Id::<Lot>::new(source.subject().number))?);
        }
    }
    Ok(lots)
}

pub(super) fn reopen(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<WorkOrder>) -> Result<Subject, Halt> {
    let mut order = in_state(draft, id, &[State::Completed, State::Closed, State::Cancelled], "be reopened: it is open")?;
    moment.require_reason()?;
    if order.status == State::Cancelled {
        // Its pieces may have gone to another rework order meanwhile.
        check_rework(draft, &order)?;
        order.status = if order.lot_number.is_some() { State::Released } else { State::Created };
    } else {
        order.status = State::InProgress;
        // The last operation opens again, so that what was forgotten can be reported or reversed.
        if let Some(mut last) = operations(draft, id)?.pop() {
            last.status = OperationStatus::InProgress;
            last.actual_end_time = None;
            last.updated_at = moment.recorded_at;
            draft.put(last)?;
        }
    }
    order.actual_end_time = None;
    order.completed_by = None;
    order.closed_at = None;
    done(draft, moment, order, "work_order.reopened")
}

pub(super) fn split(draft: &mut Draft<'_, '_>, moment: &Moment, it: &SplitWorkOrder) -> Result<Subject, Halt> {
    let mut order = in_state(draft, it.work_order_id, &[State::Created, State::Released, State::Scheduled, State::InProgress], "be split")?;
    let mut operations = operations(draft, it.work_order_id)?;
    let begun = operations.iter().map(WorkOrderOperation::produced).max().unwrap_or(0);
    let open = order.planned_quantity - begun;
    if it.quantity < 1 || it.quantity >= order.planned_quantity || it.quantity > open {
        let most = open.min(order.planned_quantity - 1);
        return Err(Refusal::field(
            Code::Insufficient,
            "quantity",
            format!("must be 1 to {most}: order {} plans {} and has begun {begun}", number(&order), order.planned_quantity),
        )
        .into());
    }
    order.planned_quantity -= it.quantity;
    for operation in &mut operations {
        operation.planned_quantity -= it.quantity;
        operation.updated_at = moment.recorded_at;
        draft.put(operation.clone())?;
    }
    // A part of a rework order still takes its pieces from the same parent.
    let (order_type, parent) = match order.order_type {
        OrderType::Rework => (OrderType::Rework, order.parent_work_order_id),
        _ => (OrderType::Split, Some(order.work_order_id)),
    };
    let child = WorkOrder {
        product_id: order.product_id,
        customer_id: order.customer_id,
        sales_order_number: order.sales_order_number.clone(),
        erp_order_id: order.erp_order_id.clone(),
        factory_id: order.factory_id,
        planned_quantity: it.quantity,
        unit_of_measure: order.unit_of_measure,
        order_type,
        priority: order.priority,
        planned_start_date: order.planned_start_date,
        planned_end_date: order.planned_end_date,
        planned_cycle_time_seconds: order.planned_cycle_time_seconds,
        standard_cost_per_unit: order.standard_cost_per_unit,
        requires_validation: order.requires_validation,
        parent_work_order_id: parent,
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        updated_at: moment.recorded_at,
        ..WorkOrder::default()
    };
    let child_id = draft.add(child)?;
    let mut child: WorkOrder = need(draft, child_id)?;
    child.work_order_number = Some(child_id.to_string());
    draft.put(child)?;
    done(draft, moment, order, "work_order.split")?;
    draft.event("work_order.created", Subject::of(child_id));
    Ok(Subject::of(child_id))
}

/// Adds up what the order made: the good of its last operation, and the bad of all.
pub(super) fn tally(order: &mut WorkOrder, operations: &[WorkOrderOperation]) {
    let last = operations.iter().max_by_key(|it| it.operation_sequence);
    order.good_quantity = last.map_or(0, |it| it.completed_quantity);
    order.rejected_quantity = operations.iter().map(|it| it.rejected_quantity).sum();
    order.scrapped_quantity = operations.iter().map(|it| it.scrapped_quantity).sum();
    order.rework_quantity = operations.iter().map(|it| it.rework_quantity).sum();
    order.held_quantity = operations.iter().map(|it| it.held_quantity).sum();
    order.produced_quantity = order.good_quantity + order.rejected_quantity + order.scrapped_quantity + order.rework_quantity + order.held_quantity;
    order.yield_percentage = percent(order.good_quantity, order.produced_quantity);
    order.first_pass_yield_percentage = first_pass_yield(order, operations);
}

/// The indicator of the same name for one order: good pieces as a share of those produced, over all its operations. Reworked
/// pieces come back through an order of their own, which has none.
fn first_pass_yield(order: &WorkOrder, operations: &[WorkOrderOperation]) -> Option<Decimal> {
    let good: i64 = operations.iter().map(|it| it.completed_quantity).sum();
    let bad = order.rejected_quantity + order.scrapped_quantity + order.rework_quantity + order.held_quantity;
    Indicator::named("first_pass_yield").filter(|_| order.order_type != OrderType::Rework).and_then(|it| {
        let sums = Elements { first_pass_good_quantity: good, first_pass_produced_quantity: good + bad, ..Elements::default() };
        it.value(&sums).map(|share| share.rounded(2))
    })
}

/// The unit pieces are counted in.
pub(super) const PIECES: Unit = Unit::Ea;
