//! What planning leaves where it is: pinned operations and the frozen zone. A pin says where, not whether
//! that is wise; the planner's engine judges it when it plans.

use super::{Moment, need, operation, schedule, work_order};
use crate::base::{Code, Refusal, limits};
use crate::model::command::{PinOperation, SetFrozenZone, UnpinOperation};
use crate::model::field::Field as _;
use crate::model::plant::Status;
use crate::model::work_order::OperationStatus;
use crate::model::{FrozenZone, Id, PlanPin, Subject, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::store::{Draft, Halt, View};

/// Pins an operation may have had.
const PINS_MAX: usize = 1_000;

/// The pin that holds an operation.
fn of(draft: &Draft<'_, '_>, operation: Id<WorkOrderOperation>) -> Result<Option<PlanPin>, Halt> {
    let all: Vec<PlanPin> = draft.related("operation_id", &operation.to_value(), PINS_MAX)?;
    Ok(all.into_iter().find(|pin| pin.status == Status::Active))
}

pub(super) fn pin(draft: &mut Draft<'_, '_>, moment: &Moment, it: &PinOperation) -> Result<Subject, Halt> {
    let order: WorkOrder = need(draft, it.work_order_id)?;
    let operation = operation::find(&work_order::operations(draft, it.work_order_id)?, it.operation_sequence, &order)?;
    if !matches!(operation.status, OperationStatus::Pending | OperationStatus::Ready) {
        return Err(
            Refusal::new(Code::IllegalState, format!("operation {} is {} and no longer planned, so there is nothing to pin", it.operation_sequence, operation.status)).into()
        );
    }
    let slot = schedule::of(draft, it.work_order_id, Some(operation.operation_id))?;
    let center = it.work_center_id.or_else(|| slot.as_ref()?.work_center_id).or(operation.work_center_id);
    let start = it.planned_start_time.or_else(|| slot.as_ref().map(|slot| slot.planned_start_time));
    let (Some(work_center_id), Some(planned_start_time)) = (center, start) else {
        return Err(Refusal::invalid("planned_start_time", "the operation has no slot yet: say on which work center and when it is to begin").into());
    };
    need::<WorkCenter>(draft, work_center_id)?;
    let known = of(draft, operation.operation_id)?;
    let is_new = known.is_none();
    let pin = PlanPin {
        work_order_id: it.work_order_id,
        operation_id: operation.operation_id,
        operation_sequence: it.operation_sequence,
        work_center_id,
        planned_start_time,
        pinned_by: moment.actor.name.clone(),
        updated_at: moment.recorded_at,
        ..known.unwrap_or_else(|| PlanPin { created_at: moment.recorded_at, ..PlanPin::default() })
    };
    let id = if is_new { draft.add(pin)? } else { put(draft, pin)? };
    draft.event("plan_pin.set", Subject::of(id));
    Ok(Subject::of(id))
}

fn put(draft: &mut Draft<'_, '_>, pin: PlanPin) -> Result<Id<PlanPin>, Halt> {
    let id = pin.pin_id;
    draft.put(pin)?;
    Ok(id)
}

pub(super) fn unpin(draft: &mut Draft<'_, '_>, moment: &Moment, it: &UnpinOperation) -> Result<Subject, Halt> {
    let order: WorkOrder = need(draft, it.work_order_id)?;
    let operation = operation::find(&work_order::operations(draft, it.work_order_id)?, it.operation_sequence, &order)?;
    let ended = end(draft, moment, operation.operation_id)?;
    ended.ok_or_else(|| Refusal::new(Code::IllegalState, format!("operation {} is not pinned", it.operation_sequence)).into())
}

/// Takes an operation's pin away, if it has one.
pub(super) fn end(draft: &mut Draft<'_, '_>, moment: &Moment, operation: Id<WorkOrderOperation>) -> Result<Option<Subject>, Halt> {
    let Some(pin) = of(draft, operation)? else { return Ok(None) };
    let id = put(draft, PlanPin { status: Status::Inactive, updated_at: moment.recorded_at, ..pin })?;
    draft.event("plan_pin.ended", Subject::of(id));
    Ok(Some(Subject::of(id)))
}

pub(super) fn freeze(draft: &mut Draft<'_, '_>, moment: &Moment, it: &SetFrozenZone) -> Result<Subject, Halt> {
    if !(0..=limits::FROZEN_HOURS_MAX).contains(&it.hours) {
        return Err(Refusal::invalid("hours", format!("must be 0 to {}", limits::FROZEN_HOURS_MAX)).into());
    }
    let id = draft.add(FrozenZone { hours: it.hours, set_by: moment.actor.name.clone(), created_at: moment.recorded_at, ..FrozenZone::default() })?;
    draft.event("frozen_zone.set", Subject::of(id));
    Ok(Subject::of(id))
}
