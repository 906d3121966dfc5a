//! Inspections and defects. An inspection's counts add up, and what it found is never edited, only
//! decided on; goods that did not pass are held until somebody does.

use super::shift::shift_at;
use super::{Moment, lot, need, operation, work_order};
use crate::base::limits::PIECES_MAX;
use crate::base::{Code, Refusal};
use crate::model::command::{AnalyzeDefect, DisposeInspection, RecordDefect, RecordInspection};
use crate::model::field::Note;
use crate::model::lot::LotStatus;
use crate::model::quality::{DefectStatus, Disposition, InspectionResult as Found, InspectionType, Measurement, Specification};
use crate::model::work_order::{InspectionStatus, QualityStatus};
use crate::model::{Defect, Employee, Id, Lot, Product, QualityInspection, Subject, WorkOrder, WorkOrderOperation};
use crate::store::{Draft, Halt};

const GOOD: &[Disposition] = &[Disposition::Accept, Disposition::UseAsIs];

pub(super) fn inspect(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordInspection) -> Result<Subject, Halt> {
    check_counts(it)?;
    check_values(it)?;
    need::<Employee>(draft, it.inspector_id)?;
    let job = job(draft, it.work_order_id, it.operation_sequence)?;
    let order = job.as_ref().map(|(order, _)| order);
    if matches!(it.inspection_type, InspectionType::InProcess | InspectionType::Final) && order.is_none() {
        return Err(Refusal::invalid("work_order_id", format!("must be given for an inspection of type {}", it.inspection_type)).into());
    }
    if it.inspection_type == InspectionType::Incoming && it.lot_number.is_none() {
        return Err(Refusal::invalid("lot_number", "must be given for an incoming inspection").into());
    }
    let own_lot = order.filter(|_| it.inspection_type == InspectionType::Final).and_then(|order| order.lot_number.clone());
    let lot = it.lot_number.clone().or(own_lot).map(|number| lot::by_number(draft, &number)).transpose()?;
    let product_id = it.product_id.or_else(|| order.map(|order| order.product_id));
    if let Some(product) = product_id {
        need::<Product>(draft, product)?;
    }
    let id = draft.add(QualityInspection {
        inspection_type: it.inspection_type,
        inspection_date: moment.occurred_at,
        work_order_id: it.work_order_id,
        operation_id: job.as_ref().and_then(|(_, operation)| Some(operation.as_ref()?.operation_id)),
        product_id,
        sample_size: it.sample_size,
        lot_number: lot.as_ref().map(|lot| lot.lot_number.clone()),
        batch_number: it.batch_number.clone().or_else(|| order.and_then(|order| order.batch_number.clone())),
        serial_number: it.serial_number.clone(),
        inspector_id: it.inspector_id,
        shift_id: shift_at(draft, moment.occurred_at, &moment.zone)?.map(|open| open.shift.shift_id),
        inspection_result: it.inspection_result,
        defects_found: it.critical_defects + it.major_defects + it.minor_defects,
        critical_defects: it.critical_defects,
        major_defects: it.major_defects,
        minor_defects: it.minor_defects,
        measured_values: it.measured_values.clone(),
        specification_values: it.specification_values.clone(),
        disposition: it.disposition,
        disposition_reason: it.disposition_reason.clone(),
        disposition_by: it.disposition.map(|_| moment.actor.name.clone()),
        corrective_action_required: it.corrective_action_required,
        inspection_plan_id: it.inspection_plan_id.clone(),
        inspection_checklist_id: it.inspection_checklist_id.clone(),
        photos_attached: it.photos_attached,
        notes: it.notes.clone(),
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        ..QualityInspection::default()
    })?;
    let mut inspection: QualityInspection = need(draft, id)?;
    if it.inspection_result == Found::Fail {
        inspection.ncr_number = Some(format!("NCR-{:06}", id.number()));
        draft.put(inspection.clone())?;
    }
    draft.event("inspection.recorded", Subject::of(id));
    if let Some((order, operation)) = job {
        judge(draft, moment, &inspection, order, operation)?;
    }
    if let Some(lot) = lot {
        hold_unless_good(draft, moment, &inspection, lot)?;
    }
    Ok(Subject::of(id))
}

fn check_counts(it: &RecordInspection) -> Result<(), Refusal> {
    if !(1..=PIECES_MAX).contains(&it.sample_size) {
        return Err(Refusal::invalid("sample_size", format!("must be 1 to {PIECES_MAX}")));
    }
    for (name, count) in [("critical_defects", it.critical_defects), ("major_defects", it.major_defects), ("minor_defects", it.minor_defects)] {
        if !(0..=PIECES_MAX).contains(&count) {
            return Err(Refusal::invalid(name, format!("must be 0 to {PIECES_MAX}")));
        }
    }
    if it.inspection_result == Found::Pass && it.critical_defects + it.major_defects > 0 {
        return Err(Refusal::invalid("inspection_result", "cannot be pass with a critical or major defect: say conditional_pass, hold, rework_required or fail"));
    }
    Ok(())
}

/// Every limit makes sense, and nothing outside its limits passes.
fn check_values(it: &RecordInspection) -> Result<(), Refusal> {
    for spec in &it.specification_values {
        if it.specification_values.iter().filter(|other| other.characteristic == spec.characteristic).count() > 1 {
            return Err(Refusal::invalid("specification_values", format!("{} is specified twice", spec.characteristic)));
        }
        if let (Some(low), Some(high)) = (spec.lower_limit, spec.upper_limit)
            && low > high
        {
            return Err(Refusal::invalid("specification_values", format!("the lower limit of {} lies above its upper limit", spec.characteristic)));
        }
    }
    let outside = it.measured_values.iter().find(|value| it.specification_values.iter().any(|spec| is_outside(value, spec)));
    match outside {
        Some(value) if it.inspection_result == Found::Pass => {
            Err(Refusal::invalid("inspection_result", format!("cannot be pass: {} of {} lies outside its limits", value.characteristic, value.value)))
        }
        _ => Ok(()),
    }
}

fn is_outside(value: &Measurement, spec: &Specification) -> bool {
    value.characteristic == spec.characteristic && (spec.lower_limit.is_some_and(|low| value.value < low) || spec.upper_limit.is_some_and(|high| value.value > high))
}

type Job = (WorkOrder, Option<WorkOrderOperation>);

/// The order and the operation that a sequence names.
fn job(draft: &Draft<'_, '_>, order: Option<Id<WorkOrder>>, sequence: Option<i64>) -> Result<Option<Job>, Halt> {
    let Some(id) = order else {
        return match sequence {
            Some(_) => Err(Refusal::invalid("work_order_id", "must be given with operation_sequence").into()),
            None => Ok(None),
        };
    };
    let order: WorkOrder = need(draft, id)?;
    let operation = sequence.map(|sequence| operation::find(&work_order::operations(draft, id)?, sequence, &order)).transpose()?;
    Ok(Some((order, operation)))
}

/// What an inspection says about its order and operation.
fn judge(draft: &mut Draft<'_, '_>, moment: &Moment, inspection: &QualityInspection, mut order: WorkOrder, operation: Option<WorkOrderOperation>) -> Result<(), Halt> {
    let good = matches!(inspection.inspection_result, Found::Pass | Found::ConditionalPass);
    if let Some(mut operation) = operation {
        operation.inspection_status = Some(if good { InspectionStatus::Passed } else { InspectionStatus::Failed });
        operation.inspection_timestamp = Some(moment.occurred_at);
        operation.inspector_id = Some(inspection.inspector_id);
        operation.updated_at = moment.recorded_at;
        draft.put(operation)?;
    }
    let conceded = inspection.disposition.is_some_and(|disposition| GOOD.contains(&disposition));
    let held = inspection.inspection_result == Found::Hold && !conceded;
    if inspection.inspection_type == InspectionType::Final {
        order.quality_status = match inspection.inspection_result {
            Found::Pass => QualityStatus::Approved,
            Found::Fail if !conceded => QualityStatus::Rejected,
            Found::Hold | Found::ReworkRequired if !conceded => QualityStatus::Pending,
            _ => QualityStatus::Conditional,
        };
    } else if !held {
        return Ok(());
    }
    order.quality_hold |= held;
    order.updated_at = moment.recorded_at;
    let subject = Subject::of(order.work_order_id);
    draft.put(order)?;
    draft.event("work_order.judged", subject);
    Ok(())
}

fn hold_unless_good(draft: &mut Draft<'_, '_>, moment: &Moment, inspection: &QualityInspection, mut lot: Lot) -> Result<(), Halt> {
    let good = matches!(inspection.inspection_result, Found::Pass | Found::ConditionalPass);
    let conceded = inspection.disposition.is_some_and(|disposition| GOOD.contains(&disposition));
    if good || conceded || lot.status == LotStatus::OnHold {
        return Ok(());
    }
    lot.status = LotStatus::OnHold;
    lot.hold_reason = Some(Note(format!("inspection {}: {}", inspection.inspection_id, inspection.inspection_result)));
    lot::store(draft, moment, lot, "lot.held")?;
    Ok(())
}

pub(super) fn dispose(draft: &mut Draft<'_, '_>, moment: &Moment, it: &DisposeInspection) -> Result<Subject, Halt> {
    let mut inspection: QualityInspection = need(draft, it.inspection_id)?;
    let decided = inspection.disposition.is_some();
    if decided && moment.reason.is_none() {
        return Err(Refusal::new(Code::IllegalState, format!("{} is decided already; give a reason to decide anew", it.inspection_id)).into());
    }
    inspection.disposition = Some(it.disposition);
    inspection.disposition_reason.clone_from(&it.disposition_reason);
    inspection.disposition_by = Some(moment.actor.name.clone());
    let (order, lot) = (inspection.work_order_id, inspection.lot_number.clone());
    let accepted = GOOD.contains(&it.disposition);
    let is_final = inspection.inspection_type == InspectionType::Final;
    draft.put(inspection)?;
    if let Some(order) = order {
        let mut order: WorkOrder = need(draft, order)?;
        if is_final {
            order.quality_status = if accepted { QualityStatus::Conditional } else { QualityStatus::Rejected };
        }
        order.quality_hold &= !accepted;
        order.updated_at = moment.recorded_at;
        draft.put(order)?;
    }
    if let (true, Some(number)) = (accepted, lot) {
        release_held(draft, moment, it.inspection_id, &number)?;
    }
    draft.event("inspection.decided", Subject::of(it.inspection_id));
    Ok(Subject::of(it.inspection_id))
}

/// Takes off the hold that this inspection put on its lot, and no other.
fn release_held(draft: &mut Draft<'_, '_>, moment: &Moment, inspection: Id<QualityInspection>, number: &str) -> Result<(), Halt> {
    let lot = lot::by_number(draft, number)?;
    let own = lot.hold_reason.as_ref().is_some_and(|reason| reason.0.starts_with(&format!("inspection {inspection}:")));
    if own {
        lot::release(draft, moment, lot.lot_id)?;
    }
    Ok(())
}

pub(super) fn approve(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<QualityInspection>) -> Result<Subject, Halt> {
    let mut inspection: QualityInspection = need(draft, id)?;
    if inspection.approved_by.is_some() {
        return Err(Refusal::new(Code::IllegalState, format!("{id} is approved already")).into());
    }
    if !matches!(inspection.inspection_result, Found::Pass | Found::ConditionalPass) && inspection.disposition.is_none() {
        return Err(Refusal::new(Code::StillOpen, format!("{id} did not pass: decide what is done with the goods first")).into());
    }
    inspection.approved_by = Some(moment.actor.name.clone());
    inspection.approved_at = Some(moment.recorded_at);
    draft.put(inspection)?;
    draft.event("inspection.approved", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn record_defect(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordDefect) -> Result<Subject, Halt> {
    if !(1..=PIECES_MAX).contains(&it.quantity_affected) {
        return Err(Refusal::invalid("quantity_affected", format!("must be 1 to {PIECES_MAX}")).into());
    }
    for (name, cost) in [("scrap_cost", it.scrap_cost), ("rework_cost", it.rework_cost)] {
        if cost.is_negative() {
            return Err(Refusal::invalid(name, "must not be negative").into());
        }
    }
    let job = job(draft, it.work_order_id, it.operation_sequence)?;
    let inspection: Option<QualityInspection> = it.inspection_id.map(|id| need(draft, id)).transpose()?;
    let lot = it.lot_number.as_deref().map(|number| lot::by_number(draft, number)).transpose()?;
    if let Some(person) = it.detected_by {
        need::<Employee>(draft, person)?;
    }
    let order = job.as_ref().map(|(order, _)| order);
    let product_id = it.product_id.or_else(|| order.map(|order| order.product_id)).or_else(|| inspection.as_ref().and_then(|it| it.product_id));
    if let Some(product) = product_id {
        need::<Product>(draft, product)?;
    }
    if order.is_none() && inspection.is_none() && lot.is_none() && product_id.is_none() {
        return Err(Refusal::invalid("work_order_id", "a defect must name an order, an inspection, a lot or a product").into());
    }
    let id = draft.add(Defect {
        defect_code: it.defect_code.clone(),
        defect_category: it.defect_category,
        defect_description: it.defect_description.clone(),
        defect_severity: it.defect_severity,
        detected_date: moment.occurred_at,
        work_order_id: it.work_order_id.or_else(|| inspection.as_ref().and_then(|it| it.work_order_id)),
        operation_id: job.as_ref().and_then(|(_, operation)| Some(operation.as_ref()?.operation_id)).or_else(|| inspection.as_ref().and_then(|it| it.operation_id)),
        inspection_id: it.inspection_id,
        product_id,
        lot_number: lot.map(|lot| lot.lot_number).or_else(|| inspection.and_then(|it| it.lot_number)),
        quantity_affected: it.quantity_affected,
        detected_by: it.detected_by,
        detection_method: it.detection_method,
        scrap_cost: it.scrap_cost,
        rework_cost: it.rework_cost,
        total_cost: it.scrap_cost.plus(it.rework_cost).ok_or_else(super::overflow)?,
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        updated_at: moment.recorded_at,
        ..Defect::default()
    })?;
    draft.event("defect.recorded", Subject::of(id));
    Ok(Subject::of(id))
}

fn open_defect(draft: &Draft<'_, '_>, id: Id<Defect>) -> Result<Defect, Halt> {
    let defect: Defect = need(draft, id)?;
    if defect.status == DefectStatus::Closed {
        return Err(Refusal::new(Code::IllegalState, format!("{id} is closed")).into());
    }
    Ok(defect)
}

pub(super) fn analyze_defect(draft: &mut Draft<'_, '_>, moment: &Moment, it: &AnalyzeDefect) -> Result<Subject, Halt> {
    let mut defect = open_defect(draft, it.defect_id)?;
    defect.root_cause_category = Some(it.root_cause_category);
    defect.root_cause_description = Some(it.root_cause_description.clone());
    defect.corrective_action.clone_from(&it.corrective_action);
    defect.preventive_action.clone_from(&it.preventive_action);
    defect.action_owner.clone_from(&it.action_owner);
    defect.action_due_date = it.action_due_date;
    defect.root_cause_analysis_complete = it.corrective_action.is_some();
    defect.status = if it.corrective_action.is_some() { DefectStatus::ActionPending } else { DefectStatus::Investigating };
    settle_defect(draft, moment, defect, "defect.analyzed")
}

pub(super) fn close_defect(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<Defect>) -> Result<Subject, Halt> {
    let mut defect = open_defect(draft, id)?;
    if defect.status != DefectStatus::ActionPending && moment.reason.is_none() {
        return Err(Refusal::new(Code::StillOpen, format!("{id} has no root cause with a corrective action yet: tell it, or give a reason to close without")).into());
    }
    defect.action_completed = defect.corrective_action.is_some();
    defect.status = DefectStatus::Closed;
    defect.closed_date = Some(moment.occurred_at);
    settle_defect(draft, moment, defect, "defect.closed")
}

fn settle_defect(draft: &mut Draft<'_, '_>, moment: &Moment, mut defect: Defect, event: &str) -> Result<Subject, Halt> {
    defect.updated_at = moment.recorded_at;
    let subject = Subject::of(defect.defect_id);
    draft.put(defect)?;
    draft.event(event, subject);
    Ok(subject)
}
