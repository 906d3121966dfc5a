//! Stops and changeovers. A stop has one cause, its response, repair and down times; a changeover
//! has its phases, and they add up to how long it took.

use super::{Moment, need, operation, whole, work_order};
use crate::base::{Code, Decimal, Refusal};
use crate::model::command::{ChangeDowntimeCause, FinishChangeover, MarkDowntime, ResolveDowntime, StartChangeover, StartDowntime};
use crate::model::downtime::{DowntimeCategory, DowntimeStatus as State};
use crate::model::field::Field;
use crate::model::work_order::WorkOrderStatus;
use crate::model::{ChangeoverEvent, DowntimeEvent, Employee, Id, Machine, ProductionLine, Subject, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::store::{Draft, Halt, View};

/// Open stops and changeovers a plant may have at once.
const OPEN_MAX: usize = 10_000;

/// Stops that are not over.
pub(super) fn open_stops(draft: &Draft<'_, '_>) -> Result<Vec<DowntimeEvent>, Halt> {
    let mut open = Vec::new();
    for state in [State::Active, State::PendingParts, State::Escalated] {
        open.extend(draft.related::<DowntimeEvent>("status", &state.to_value(), OPEN_MAX)?);
    }
    Ok(open)
}

pub(super) fn start(draft: &mut Draft<'_, '_>, moment: &Moment, it: &StartDowntime) -> Result<Subject, Halt> {
    let center: Option<WorkCenter> = it.work_center_id.map(|id| need(draft, id)).transpose()?;
    let machine: Option<Machine> = it.machine_id.or_else(|| center.as_ref()?.machine_id).map(|id| need(draft, id)).transpose()?;
    let line_id = it.line_id.or_else(|| center.as_ref()?.line_id).or_else(|| machine.as_ref()?.line_id);
    let line: Option<ProductionLine> = line_id.map(|id| need(draft, id)).transpose()?;
    if center.is_none() && machine.is_none() && line.is_none() {
        return Err(Refusal::invalid("work_center_id", "a stop must name a work center, a machine or a line").into());
    }
    let machine_id = machine.map(|machine| machine.machine_id);
    let whole_line = it.work_center_id.is_none() && machine_id.is_none();
    let same = |stop: &DowntimeEvent| {
        (it.work_center_id.is_some() && stop.work_center_id == it.work_center_id)
            || (machine_id.is_some() && stop.machine_id == machine_id)
            || (whole_line && stop.work_center_id.is_none() && stop.machine_id.is_none() && stop.line_id == line_id)
    };
    if let Some(open) = open_stops(draft)?.iter().find(|stop| same(stop)) {
        return Err(Refusal::new(Code::IllegalState, format!("it stands already since {} ({}, {})", open.downtime_start, open.downtime_id, open.downtime_category)).into());
    }
    let operation = operation_of(draft, it.work_order_id, it.operation_sequence)?;
    let id = draft.add(DowntimeEvent {
        machine_id,
        work_center_id: it.work_center_id,
        line_id,
        factory_id: line.map(|line| line.factory_id),
        downtime_start: moment.occurred_at,
        downtime_category: it.downtime_category,
        downtime_reason_code: it.downtime_reason_code.clone(),
        downtime_reason_description: it.downtime_reason_description.clone(),
        work_order_id: it.work_order_id,
        operation_id: operation.map(|operation| operation.operation_id),
        reported_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        ..DowntimeEvent::default()
    })?;
    draft.event("downtime.started", Subject::of(id));
    Ok(Subject::of(id))
}

fn operation_of(draft: &Draft<'_, '_>, order: Option<Id<WorkOrder>>, sequence: Option<i64>) -> Result<Option<WorkOrderOperation>, Halt> {
    match (order, sequence) {
        (None, Some(_)) => Err(Refusal::invalid("work_order_id", "must be given with operation_sequence").into()),
        (None, None) => Ok(None),
        (Some(id), sequence) => {
            let order: WorkOrder = need(draft, id)?;
            sequence.map(|sequence| operation::find(&work_order::operations(draft, id)?, sequence, &order)).transpose()
        }
    }
}

fn open(draft: &Draft<'_, '_>, id: Id<DowntimeEvent>) -> Result<DowntimeEvent, Halt> {
    let stop: DowntimeEvent = need(draft, id)?;
    if stop.status == State::Resolved {
        return Err(Refusal::new(Code::IllegalState, format!("{id} is over")).into());
    }
    Ok(stop)
}

fn store(draft: &mut Draft<'_, '_>, stop: DowntimeEvent, event: &str) -> Result<Subject, Halt> {
    let subject = Subject::of(stop.downtime_id);
    draft.put(stop)?;
    draft.event(event, subject);
    Ok(subject)
}

pub(super) fn not_before(moment: &Moment, begun: crate::base::Time, what: &str) -> Result<i64, Refusal> {
    if moment.occurred_at < begun {
        return Err(Refusal::field(Code::OutsideWindow, "occurred_at", format!("must not lie before {what} at {begun}")));
    }
    Ok(moment.occurred_at.minutes_since(begun))
}

pub(super) fn respond(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<DowntimeEvent>) -> Result<Subject, Halt> {
    let mut stop = open(draft, id)?;
    if let Some(who) = &stop.responded_by {
        return Err(Refusal::new(Code::IllegalState, format!("{who} is at it already")).into());
    }
    stop.response_time_minutes = Some(not_before(moment, stop.downtime_start, "the start of the stop")?);
    stop.responded_by = Some(moment.actor.name.clone());
    stop.responded_at = Some(moment.occurred_at);
    store(draft, stop, "downtime.responded")
}

pub(super) fn change_cause(draft: &mut Draft<'_, '_>, it: &ChangeDowntimeCause) -> Result<Subject, Halt> {
    let mut stop: DowntimeEvent = need(draft, it.downtime_id)?;
    stop.downtime_category = it.downtime_category;
    stop.downtime_reason_code.clone_from(&it.downtime_reason_code);
    stop.downtime_reason_description.clone_from(&it.downtime_reason_description);
    store(draft, stop, "downtime.cause_changed")
}

pub(super) fn mark(draft: &mut Draft<'_, '_>, it: &MarkDowntime) -> Result<Subject, Halt> {
    let mut stop = open(draft, it.downtime_id)?;
    if it.status == State::Resolved {
        return Err(Refusal::invalid("status", "a stop is ended with resolve, which tells how").into());
    }
    stop.status = it.status;
    store(draft, stop, "downtime.marked")
}

pub(super) fn resolve(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ResolveDowntime) -> Result<Subject, Halt> {
    let mut stop = open(draft, it.downtime_id)?;
    if it.estimated_cost.is_some_and(Decimal::is_negative) {
        return Err(Refusal::invalid("estimated_cost", "must not be negative").into());
    }
    let minutes = not_before(moment, stop.downtime_start, "the start of the stop")?;
    let repair = stop.responded_at.map(|at| not_before(moment, at, "the response")).transpose()?;
    stop.downtime_end = Some(moment.occurred_at);
    stop.resolved_at = Some(moment.occurred_at);
    stop.duration_minutes = Some(minutes);
    stop.repair_time_minutes = Some(repair.unwrap_or(minutes));
    stop.status = State::Resolved;
    stop.resolution_action.clone_from(&it.resolution_action);
    stop.root_cause.clone_from(&it.root_cause);
    stop.preventive_action.clone_from(&it.preventive_action);
    stop.maintenance_work_order.clone_from(&it.maintenance_work_order);
    stop.spare_parts_used.clone_from(&it.spare_parts_used);
    stop.estimated_cost = it.estimated_cost;
    if let Some(operation) = stop.operation_id {
        let operation: WorkOrderOperation = need(draft, operation)?;
        let lost = operation.standard_time_per_unit_seconds.and_then(|seconds| whole(minutes).times(whole(60))?.over(seconds));
        stop.production_loss_units = lost.and_then(|lost| lost.rounded(0).as_whole());
    }
    if let Some(order) = stop.work_order_id.filter(|_| !stop.downtime_category.is_planned() && stop.downtime_category != DowntimeCategory::Changeover) {
        let mut order: WorkOrder = need(draft, order)?;
        order.downtime_minutes += minutes;
        order.updated_at = moment.recorded_at;
        draft.put(order)?;
    }
    store(draft, stop, "downtime.resolved")
}

pub(super) fn start_changeover(draft: &mut Draft<'_, '_>, moment: &Moment, it: &StartChangeover) -> Result<Subject, Halt> {
    let center: WorkCenter = need(draft, it.work_center_id)?;
    let to: WorkOrder = need(draft, it.to_work_order_id)?;
    if matches!(to.status, WorkOrderStatus::Created | WorkOrderStatus::Completed | WorkOrderStatus::Closed | WorkOrderStatus::Cancelled) {
        return Err(Refusal::new(Code::IllegalState, format!("order {} is {}: nothing is set up for it", work_order::number(&to), to.status)).into());
    }
    let open: Vec<ChangeoverEvent> = draft.related("is_open", &true.to_value(), OPEN_MAX)?;
    if let Some(open) = open.iter().find(|other| other.work_center_id == it.work_center_id) {
        return Err(Refusal::new(
            Code::IllegalState,
            format!("{} is being changed over already since {} ({})", center.work_center_code, open.changeover_start, open.changeover_id),
        )
        .into());
    }
    for person in it.supervisor_id.iter().chain(&it.operator_ids) {
        need::<Employee>(draft, *person)?;
    }
    if let Some(machine) = it.machine_id {
        need::<Machine>(draft, machine)?;
    }
    for (name, minutes) in [("planned_duration_minutes", it.planned_duration_minutes), ("target_changeover_time_minutes", it.target_changeover_time_minutes)] {
        if minutes.is_some_and(|minutes| !(0..=100_000).contains(&minutes)) {
            return Err(Refusal::invalid(name, "must be 0 to 100000").into());
        }
    }
    let from: Option<WorkOrder> = it.from_work_order_id.map(|id| need(draft, id)).transpose()?;
    let operation = operation_of(draft, Some(it.to_work_order_id), it.operation_sequence)?;
    let id = draft.add(ChangeoverEvent {
        line_id: center.line_id,
        work_center_id: it.work_center_id,
        machine_id: it.machine_id.or(center.machine_id),
        changeover_type: it.changeover_type,
        from_product_id: from.map(|order| order.product_id),
        to_product_id: to.product_id,
        from_work_order_id: it.from_work_order_id,
        to_work_order_id: it.to_work_order_id,
        to_operation_id: operation.map(|operation| operation.operation_id),
        changeover_start: moment.occurred_at,
        is_open: true,
        planned_duration_minutes: it.planned_duration_minutes,
        supervisor_id: it.supervisor_id,
        operator_ids: it.operator_ids.clone(),
        target_changeover_time_minutes: it.target_changeover_time_minutes,
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        ..ChangeoverEvent::default()
    })?;
    draft.event("changeover.started", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn finish_changeover(draft: &mut Draft<'_, '_>, moment: &Moment, it: &FinishChangeover) -> Result<Subject, Halt> {
    let mut event: ChangeoverEvent = need(draft, it.changeover_id)?;
    if !event.is_open {
        return Err(Refusal::new(Code::IllegalState, format!("{} is finished already", it.changeover_id)).into());
    }
    let minutes = not_before(moment, event.changeover_start, "the start of the changeover")?;
    let phases = [
        ("teardown_time_minutes", it.teardown_time_minutes),
        ("setup_time_minutes", it.setup_time_minutes),
        ("adjustment_time_minutes", it.adjustment_time_minutes),
        ("trial_run_time_minutes", it.trial_run_time_minutes),
        ("parts_produced_during_setup", it.parts_produced_during_setup),
        ("parts_scrapped_during_setup", it.parts_scrapped_during_setup),
    ];
    if let Some((name, _)) = phases.iter().find(|(_, number)| !(0..=1_000_000).contains(number)) {
        return Err(Refusal::invalid(name, "must be 0 to 1000000").into());
    }
    let sum: i64 = phases[..4].iter().map(|(_, minutes)| minutes).sum();
    if sum != 0 && sum != minutes {
        return Err(Refusal::invalid("setup_time_minutes", format!("the phases add up to {sum} minutes and the changeover took {minutes}")).into());
    }
    if it.parts_scrapped_during_setup > it.parts_produced_during_setup {
        return Err(Refusal::invalid("parts_scrapped_during_setup", "must not be more than were produced").into());
    }
    if let Some(first) = it.first_good_part_time
        && (first < event.changeover_start || first > moment.occurred_at)
    {
        return Err(Refusal::field(Code::OutsideWindow, "first_good_part_time", "must lie within the changeover").into());
    }
    if let Some(person) = it.quality_approval_by {
        need::<Employee>(draft, person)?;
    }
    event.changeover_end = Some(moment.occurred_at);
    event.is_open = false;
    event.actual_duration_minutes = Some(minutes);
    event.teardown_time_minutes = it.teardown_time_minutes;
    event.setup_time_minutes = if sum == 0 { minutes } else { it.setup_time_minutes };
    event.adjustment_time_minutes = it.adjustment_time_minutes;
    event.trial_run_time_minutes = it.trial_run_time_minutes;
    event.first_good_part_time = it.first_good_part_time;
    event.parts_produced_during_setup = it.parts_produced_during_setup;
    event.parts_scrapped_during_setup = it.parts_scrapped_during_setup;
    event.first_piece_inspection_passed = it.first_piece_inspection_passed;
    event.quality_approval_by = it.quality_approval_by;
    event.improvement_opportunity.clone_from(&it.improvement_opportunity);
    let subject = Subject::of(event.changeover_id);
    draft.put(event)?;
    draft.event("changeover.finished", subject);
    Ok(subject)
}
