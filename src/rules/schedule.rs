//! The published plan: slots made when an order is scheduled, and how they went, which follows from
//! what was started and finished. On time is computed here, never told.

use super::shift::shift_at;
use super::{Moment, downtime, need, operation, whole};
use std::collections::BTreeSet;

use crate::base::{Code, Refusal, Time};
use crate::model::command::ScheduleWorkOrder;
use crate::model::field::{Field, Note};
use crate::model::schedule::{OperationSlot, PlannedSlot, ScheduleStatus as State};
use crate::model::work_order::OperationStatus;
use crate::model::{Id, ProductionLine, ProductionSchedule, Subject, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::store::{Draft, Halt, View};

/// Minutes after the planned time within which a start or an end is on time.
const TOLERANCE_MINUTES: i64 = 15;
/// Slots an order may have, cancelled ones included.
const SLOTS_MAX: usize = 10_000;

/// Replaces the open slots of an order by those of a command.
pub(super) fn publish(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ScheduleWorkOrder, order: &WorkOrder, operations: &[WorkOrderOperation]) -> Result<(), Halt> {
    cancel(draft, moment, order.work_order_id)?;
    let mut slots: Vec<(Option<WorkOrderOperation>, OperationSlot)> = Vec::new();
    for slot in &it.operations {
        let operation = operation::find(operations, slot.operation_sequence, order)?;
        if slots.iter().any(|(known, _)| known.as_ref().is_some_and(|known| known.operation_id == operation.operation_id)) {
            return Err(Refusal::invalid("operations", format!("operation {} is planned twice", slot.operation_sequence)).into());
        }
        if slot.planned_start_time < it.scheduled_start_time || slot.planned_end_time > it.scheduled_end_time || slot.planned_end_time <= slot.planned_start_time {
            return Err(Refusal::invalid("operations", format!("operation {} must end after it starts, within the times of the order", slot.operation_sequence)).into());
        }
        slots.push((Some(operation), slot.clone()));
    }
    if slots.is_empty() {
        slots.push((None, OperationSlot { planned_start_time: it.scheduled_start_time, planned_end_time: it.scheduled_end_time, ..OperationSlot::default() }));
    }
    let stands = standing(draft)?;
    let terms = Terms { line: Some(it.line_id), material: it.material_available, operator: it.operator_available, notes: it.notes.as_ref(), stands: &stands, moves: false };
    for (place, (operation, slot)) in slots.into_iter().enumerate() {
        add(draft, moment, &terms, order, operation, &slot, place)?;
    }
    Ok(())
}

/// Gives operations of an order that have not begun new slots; answers when its open slots begin and end.
pub(super) fn replan(
    draft: &mut Draft<'_, '_>,
    moment: &Moment,
    slots: &[&PlannedSlot],
    notes: Option<&Note>,
    order: &WorkOrder,
    operations: &[WorkOrderOperation],
    stands: &[Id<WorkCenter>],
) -> Result<(Time, Time), Halt> {
    let terms = Terms { line: order.line_id, material: None, operator: None, notes, stands, moves: true };
    let name = || Subject::of(order.work_order_id);
    let mut planned: BTreeSet<i64> = BTreeSet::new();
    for known in open(draft, order.work_order_id)?.into_iter().filter(|known| known.operation_id.is_none() && known.actual_start_time.is_none()) {
        // A slot of the whole order says nothing beside those of its operations.
        store(draft, moment, known, State::Cancelled)?;
    }
    for slot in slots {
        let found = operation::find(operations, slot.operation_sequence, order)?;
        let title = format!("operation {} of {}", slot.operation_sequence, name());
        if !planned.insert(slot.operation_sequence) {
            return Err(Refusal::invalid("slots", format!("{title} is planned twice")).into());
        }
        if !matches!(found.status, OperationStatus::Pending | OperationStatus::Ready) {
            return Err(Refusal::field(
                Code::IllegalState,
                "slots",
                format!("{title} is {} and no longer planned; make the plan again, or publish it without this order", found.status.word()),
            )
            .into());
        }
        if slot.planned_end_time <= slot.planned_start_time {
            return Err(Refusal::invalid("slots", format!("{title} must end after it starts")).into());
        }
        let before = of(draft, order.work_order_id, Some(found.operation_id))?;
        let place = before
            .as_ref()
            .map_or_else(|| operations.iter().position(|it| it.operation_id == found.operation_id).unwrap_or(0), |before| usize::try_from(before.sequence_number).unwrap_or(1) - 1);
        if let Some(before) = before {
            store(draft, moment, before, State::Cancelled)?;
        }
        let times = OperationSlot {
            operation_sequence: slot.operation_sequence,
            work_center_id: slot.work_center_id,
            planned_start_time: slot.planned_start_time,
            planned_end_time: slot.planned_end_time,
        };
        add(draft, moment, &terms, order, Some(found), &times, place)?;
    }
    let now = open(draft, order.work_order_id)?;
    let (start, end) = (now.iter().map(|it| it.planned_start_time).min(), now.iter().map(|it| it.planned_end_time).max());
    start.zip(end).ok_or_else(|| Refusal::invalid("slots", format!("{} has nothing left to plan", name())).into())
}

/// Whether operations of an order have these slots in the plan in force.
pub(super) fn is_in_force(draft: &Draft<'_, '_>, slots: &[&PlannedSlot], order: &WorkOrder, operations: &[WorkOrderOperation]) -> Result<bool, Halt> {
    let open = open(draft, order.work_order_id)?;
    for slot in slots {
        let operation_id = Some(operation::find(operations, slot.operation_sequence, order)?.operation_id);
        let same = |known: &ProductionSchedule| {
            matches!(known.schedule_status, State::Planned | State::Confirmed)
                && (known.planned_start_time, known.planned_end_time) == (slot.planned_start_time, slot.planned_end_time)
                && slot.work_center_id.is_none_or(|center| known.work_center_id == Some(center))
        };
        if !open.iter().any(|known| known.operation_id == operation_id && same(known)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Work centers that stand.
pub(super) fn standing(draft: &Draft<'_, '_>) -> Result<Vec<Id<WorkCenter>>, Halt> {
    Ok(downtime::open_stops(draft)?.iter().filter_map(|stop| stop.work_center_id).collect())
}

/// What all slots of a plan have in common.
struct Terms<'t> {
    line: Option<Id<ProductionLine>>,
    material: Option<bool>,
    operator: Option<bool>,
    notes: Option<&'t Note>,
    stands: &'t [Id<WorkCenter>],
    /// An operation that is planned elsewhere runs there.
    moves: bool,
}

fn add(
    draft: &mut Draft<'_, '_>,
    moment: &Moment,
    terms: &Terms<'_>,
    order: &WorkOrder,
    operation: Option<WorkOrderOperation>,
    slot: &OperationSlot,
    place: usize,
) -> Result<(), Halt> {
    let work_center_id = slot.work_center_id.or_else(|| operation.as_ref()?.work_center_id);
    let center: Option<WorkCenter> = work_center_id.map(|id| need(draft, id)).transpose()?;
    let shift = shift_at(draft, slot.planned_start_time, &moment.zone)?;
    // A slot of the night shift belongs to the day the shift opened.
    let day = shift.as_ref().map_or_else(|| slot.planned_start_time.date(&moment.zone), |open| open.day);
    let id = draft.add(ProductionSchedule {
        schedule_date: day,
        schedule_week: i64::from(day.iso_week()),
        shift_id: shift.map(|open| open.shift.shift_id),
        line_id: center.as_ref().and_then(|center| center.line_id).or(terms.line),
        work_center_id,
        factory_id: order.factory_id,
        work_order_id: order.work_order_id,
        operation_id: operation.as_ref().map(|operation| operation.operation_id),
        sequence_number: i64::try_from(place).unwrap_or(i64::MAX - 1) + 1,
        planned_start_time: slot.planned_start_time,
        planned_end_time: slot.planned_end_time,
        planned_quantity: order.planned_quantity,
        priority: order.priority,
        customer_due_date: order.customer_id.and(order.planned_end_date),
        material_available: terms.material.unwrap_or(true),
        operator_available: terms.operator.unwrap_or(true),
        equipment_available: work_center_id.is_none_or(|id| !terms.stands.contains(&id)),
        planner_id: Some(moment.actor.name.clone()),
        planning_notes: terms.notes.cloned(),
        created_at: moment.recorded_at,
        updated_at: moment.recorded_at,
        ..ProductionSchedule::default()
    })?;
    draft.event("schedule.published", Subject::of(id));
    if let Some(mut operation) = operation {
        if let Some(center) = center.filter(|center| terms.moves && operation.work_center_id != Some(center.work_center_id)) {
            (operation.work_center_id, operation.line_id, operation.machine_id) = (Some(center.work_center_id), center.line_id, center.machine_id);
            operation.work_center_code = Some(center.work_center_code);
        }
        operation.planned_start_time = Some(slot.planned_start_time);
        operation.planned_end_time = Some(slot.planned_end_time);
        operation.updated_at = moment.recorded_at;
        draft.put(operation)?;
    }
    Ok(())
}

/// Slots of an order that are neither done nor cancelled.
fn open(draft: &Draft<'_, '_>, order: Id<WorkOrder>) -> Result<Vec<ProductionSchedule>, Halt> {
    let all: Vec<ProductionSchedule> = draft.related("work_order_id", &order.to_value(), SLOTS_MAX)?;
    Ok(all.into_iter().filter(|slot| !matches!(slot.schedule_status, State::Completed | State::Cancelled)).collect())
}

/// The open slot of an operation, or of the whole order.
pub(super) fn of(draft: &Draft<'_, '_>, order: Id<WorkOrder>, operation: Option<Id<WorkOrderOperation>>) -> Result<Option<ProductionSchedule>, Halt> {
    Ok(open(draft, order)?.into_iter().find(|slot| slot.operation_id == operation))
}

fn store(draft: &mut Draft<'_, '_>, moment: &Moment, mut slot: ProductionSchedule, state: State) -> Result<(), Halt> {
    slot.schedule_status = state;
    slot.updated_at = moment.recorded_at;
    draft.put(slot)?;
    Ok(())
}

/// What waited for others may begin.
pub(super) fn confirm(draft: &mut Draft<'_, '_>, moment: &Moment, order: Id<WorkOrder>, operation: Id<WorkOrderOperation>) -> Result<(), Halt> {
    match of(draft, order, Some(operation))? {
        Some(slot) if slot.schedule_status == State::Planned => store(draft, moment, slot, State::Confirmed),
        _ => Ok(()),
    }
}

pub(super) fn started(draft: &mut Draft<'_, '_>, moment: &Moment, order: Id<WorkOrder>, operation: Option<Id<WorkOrderOperation>>) -> Result<(), Halt> {
    let Some(mut slot) = of(draft, order, operation)? else { return Ok(()) };
    if slot.actual_start_time.is_none() {
        slot.actual_start_time = Some(moment.occurred_at);
        slot.on_time_start = Some(in_time(moment.occurred_at, slot.planned_start_time));
    }
    store(draft, moment, slot, State::InProgress)
}

pub(super) fn finished(draft: &mut Draft<'_, '_>, moment: &Moment, order: Id<WorkOrder>, operation: Option<Id<WorkOrderOperation>>, made: i64) -> Result<(), Halt> {
    let Some(mut slot) = of(draft, order, operation)? else { return Ok(()) };
    slot.actual_end_time = Some(moment.occurred_at);
    slot.actual_quantity = Some(made);
    slot.on_time_completion = Some(in_time(moment.occurred_at, slot.planned_end_time));
    let late = moment.occurred_at.minutes_since(slot.planned_end_time).max(0);
    let planned = slot.planned_end_time.minutes_since(slot.planned_start_time).max(1);
    let kept = whole(100 * (planned - late).max(0)).over(whole(planned));
    slot.schedule_adherence_percentage = kept.map(|share| share.rounded(2));
    store(draft, moment, slot, State::Completed)
}

fn in_time(actual: Time, planned: Time) -> bool {
    actual.minutes_since(planned) <= TOLERANCE_MINUTES
}

/// A held order delays what it has planned.
pub(super) fn held(draft: &mut Draft<'_, '_>, moment: &Moment, order: Id<WorkOrder>) -> Result<(), Halt> {
    open(draft, order)?.into_iter().try_for_each(|slot| store(draft, moment, slot, State::Delayed))
}

pub(super) fn resumed(draft: &mut Draft<'_, '_>, moment: &Moment, order: Id<WorkOrder>) -> Result<(), Halt> {
    for slot in open(draft, order)? {
        let state = if slot.actual_start_time.is_some() { State::InProgress } else { State::Planned };
        store(draft, moment, slot, state)?;
    }
    Ok(())
}

pub(super) fn cancel(draft: &mut Draft<'_, '_>, moment: &Moment, order: Id<WorkOrder>) -> Result<(), Halt> {
    open(draft, order)?.into_iter().try_for_each(|slot| store(draft, moment, slot, State::Cancelled))
}
