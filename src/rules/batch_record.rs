//! The electronic batch record: opened with its order, filled with what happened, reviewed and
//! decided by others than its preparer. Signatures are not applied here yet.

use super::{Moment, master, need, work_order};
use crate::base::limits::{LIST_MAX, SCAN_MAX};
use crate::base::{Code, Refusal, Time};
use crate::model::batch_record::{BatchEvent, RecordStatus as State, ReleaseStatus};
use crate::model::command::{DecideBatchRecord, OpenBatchRecord, ReleaseBatch, SubmitBatchRecord};
use crate::model::field::Field;
use crate::model::material::TransactionType;
use crate::model::quality::InspectionResult;
use crate::model::work_order::WorkOrderStatus;
use crate::model::{Defect, DowntimeEvent, ElectronicBatchRecord, Id, MaterialTransaction, Noun, OperationReport, QualityInspection, Subject, WorkOrder};
use crate::store::{Draft, Halt, View};

pub(super) fn open(draft: &mut Draft<'_, '_>, moment: &Moment, it: &OpenBatchRecord) -> Result<Subject, Halt> {
    let mut order: WorkOrder = need(draft, it.work_order_id)?;
    if matches!(order.status, WorkOrderStatus::Created | WorkOrderStatus::Cancelled) {
        return Err(Refusal::new(Code::IllegalState, format!("order {} is {}: it has no batch yet", work_order::number(&order), order.status)).into());
    }
    if let Some(known) = &order.electronic_batch_record_id {
        return Err(Refusal::new(Code::IllegalState, format!("order {} has its batch record {known}", work_order::number(&order))).into());
    }
    let number = it.batch_number.clone().or_else(|| order.batch_number.clone()).or_else(|| order.lot_number.clone()).unwrap_or_else(|| work_order::number(&order));
    let own = draft.last_number(Noun::ElectronicBatchRecord)? + 1;
    master::check_number(draft, Noun::ElectronicBatchRecord, "batch_number", &number, own)?;
    let day = order.actual_start_time.unwrap_or(moment.occurred_at).date(&moment.zone);
    if it.expiration_date.or(order.expiry_date).is_some_and(|end| end < day) {
        return Err(Refusal::invalid("expiration_date", "must not lie before the manufacturing date").into());
    }
    let id = draft.add(ElectronicBatchRecord {
        batch_number: number,
        product_id: order.product_id,
        work_order_id: it.work_order_id,
        batch_size: order.planned_quantity,
        formula_id: it.formula_id.clone(),
        formula_version: it.formula_version.clone(),
        manufacturing_date: day,
        expiration_date: it.expiration_date.or(order.expiry_date),
        retest_date: it.retest_date,
        factory_id: order.factory_id,
        manufacturing_area: it.manufacturing_area.clone(),
        prepared_by: moment.actor.name.clone(),
        prepared_at: moment.occurred_at,
        regulatory_requirement: it.regulatory_requirement.clone(),
        created_at: moment.recorded_at,
        ..ElectronicBatchRecord::default()
    })?;
    order.electronic_batch_record_id = Some(id.to_string());
    order.updated_at = moment.recorded_at;
    draft.put(order)?;
    draft.event("batch_record.opened", Subject::of(id));
    Ok(Subject::of(id))
}

fn in_state(draft: &Draft<'_, '_>, id: Id<ElectronicBatchRecord>, wanted: State, act: &str) -> Result<ElectronicBatchRecord, Halt> {
    let record: ElectronicBatchRecord = need(draft, id)?;
    if record.record_status == wanted {
        return Ok(record);
    }
    Err(Refusal::new(Code::IllegalState, format!("batch record {} is {} and cannot {act}", record.batch_number, record.record_status)).into())
}

fn by_another(record: &ElectronicBatchRecord, moment: &Moment, act: &str) -> Result<(), Refusal> {
    if record.prepared_by == moment.actor.name {
        return Err(Refusal::new(Code::Forbidden, format!("{} prepared this record, so somebody else must {act} it", record.prepared_by)));
    }
    Ok(())
}

fn store(draft: &mut Draft<'_, '_>, moment: &Moment, mut record: ElectronicBatchRecord, event: &str) -> Result<Subject, Halt> {
    record.updated_at = moment.recorded_at;
    let subject = Subject::of(record.ebr_id);
    draft.put(record)?;
    draft.event(event, subject);
    Ok(subject)
}

pub(super) fn submit(draft: &mut Draft<'_, '_>, moment: &Moment, it: &SubmitBatchRecord) -> Result<Subject, Halt> {
    let mut record = in_state(draft, it.ebr_id, State::InProgress, "be handed in for review")?;
    let order: WorkOrder = need(draft, record.work_order_id)?;
    if !matches!(order.status, WorkOrderStatus::Completed | WorkOrderStatus::Closed) {
        return Err(Refusal::new(Code::StillOpen, format!("order {} is {}: complete it first", work_order::number(&order), order.status)).into());
    }
    for (name, low, high) in
        [("temperature_min_c", it.temperature_min_c, it.temperature_max_c), ("humidity_min_percentage", it.humidity_min_percentage, it.humidity_max_percentage)]
    {
        if matches!((low, high), (Some(low), Some(high)) if low > high) {
            return Err(Refusal::invalid(name, "must not be above its maximum").into());
        }
    }
    let (events, deviations) = collect(draft, order.work_order_id)?;
    record.deviation_count = deviations;
    record.has_deviations = deviations > 0;
    record.audit_trail = events;
    record.temperature_min_c = it.temperature_min_c;
    record.temperature_max_c = it.temperature_max_c;
    record.humidity_min_percentage = it.humidity_min_percentage;
    record.humidity_max_percentage = it.humidity_max_percentage;
    record.notes.clone_from(&it.notes);
    record.record_status = State::UnderReview;
    store(draft, moment, record, "batch_record.submitted")
}

/// What happened to an order, oldest first, and how much of it departs from the plan. Of more than a
/// list may hold the oldest stay, and the last line says how many are missing; all are counted.
fn collect(draft: &Draft<'_, '_>, id: Id<WorkOrder>) -> Result<(Vec<BatchEvent>, i64), Halt> {
    let mut events = Vec::new();
    let mut tell = |at: Option<Time>, event: &str, subject: Subject, detail: Option<String>, is_deviation: bool| {
        if let Some(at) = at {
            events.push(BatchEvent { at, event: event.to_owned(), subject: subject.to_string(), detail, is_deviation });
        }
    };
    for operation in work_order::operations(draft, id)? {
        let subject = Subject::of(operation.operation_id);
        tell(operation.actual_start_time, "operation.started", subject, Some(operation.operation_name.clone()), false);
        tell(operation.actual_end_time, "operation.finished", subject, Some(format!("{} good of {}", operation.completed_quantity, operation.produced())), false);
    }
    let key = id.to_value();
    for movement in draft.related::<MaterialTransaction>("work_order_id", &key, SCAN_MAX)? {
        if matches!(movement.transaction_type, TransactionType::Issue | TransactionType::Return) {
            let what =
                format!("{} {} of {} from lot {}", movement.quantity, movement.unit_of_measure.word(), movement.material_code, movement.lot_number.as_deref().unwrap_or("-"));
            tell(
                Some(movement.transaction_date),
                &format!("material.{}", movement.transaction_type),
                Subject::of(movement.transaction_id),
                Some(what),
                movement.reverses.is_some(),
            );
        }
    }
    for report in draft.related::<OperationReport>("work_order_id", &key, SCAN_MAX)? {
        if report.reverses.is_some() || report.over_plan {
            let event = if report.over_plan { "operation.over_plan" } else { "operation.report_reversed" };
            tell(Some(report.reported_at), event, Subject::of(report.report_id), report.notes.clone().map(|note| note.0), true);
        }
    }
    for inspection in draft.related::<QualityInspection>("work_order_id", &key, SCAN_MAX)? {
        let passed = inspection.inspection_result == InspectionResult::Pass;
        let event = format!("inspection.{}", inspection.inspection_result);
        tell(Some(inspection.inspection_date), &event, Subject::of(inspection.inspection_id), Some(inspection.inspection_type.word().to_owned()), !passed);
    }
    for defect in draft.related::<Defect>("work_order_id", &key, SCAN_MAX)? {
        tell(Some(defect.detected_date), "defect.recorded", Subject::of(defect.defect_id), Some(defect.defect_description), true);
    }
    for stop in draft.related::<DowntimeEvent>("work_order_id", &key, SCAN_MAX)? {
        let event = format!("downtime.{}", stop.downtime_category);
        tell(Some(stop.downtime_start), &event, Subject::of(stop.downtime_id), stop.downtime_reason_description, !stop.downtime_category.is_planned());
    }
    events.sort_by_key(|event| event.at);
    let deviations = i64::try_from(events.iter().filter(|event| event.is_deviation).count()).unwrap_or(i64::MAX);
    if events.len() > LIST_MAX {
        let missing = events.len() - (LIST_MAX - 1);
        events.truncate(LIST_MAX - 1);
        let at = events.last().map(|event| event.at).unwrap_or_default();
        events.push(BatchEvent { at, event: "and_more".to_owned(), subject: id.to_string(), detail: Some(format!("{missing} more")), is_deviation: false });
    }
    Ok((events, deviations))
}

pub(super) fn review(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<ElectronicBatchRecord>) -> Result<Subject, Halt> {
    let mut record = in_state(draft, id, State::UnderReview, "be reviewed: hand it in first")?;
    by_another(&record, moment, "review")?;
    record.reviewed_by = Some(moment.actor.name.clone());
    record.reviewed_at = Some(moment.occurred_at);
    store(draft, moment, record, "batch_record.reviewed")
}

pub(super) fn decide(draft: &mut Draft<'_, '_>, moment: &Moment, it: &DecideBatchRecord) -> Result<Subject, Halt> {
    let mut record = in_state(draft, it.ebr_id, State::UnderReview, "be decided on")?;
    by_another(&record, moment, "decide on")?;
    if record.reviewed_by.is_none() {
        return Err(Refusal::new(Code::StillOpen, format!("batch record {} is not reviewed yet", record.batch_number)).into());
    }
    let event = match it.record_status {
        State::Approved => "batch_record.approved",
        State::Rejected => "batch_record.rejected",
        _ => return Err(Refusal::invalid("record_status", "must be approved or rejected").into()),
    };
    record.record_status = it.record_status;
    record.approved_by = Some(moment.actor.name.clone());
    record.approved_at = Some(moment.occurred_at);
    if it.record_status == State::Rejected {
        record.release_status = ReleaseStatus::Rejected;
    }
    store(draft, moment, record, event)
}

pub(super) fn release(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ReleaseBatch) -> Result<Subject, Halt> {
    let mut record = in_state(draft, it.ebr_id, State::Approved, "have its batch released: approve it first")?;
    if it.release_status == ReleaseStatus::Pending {
        return Err(Refusal::invalid("release_status", "must be released, rejected or on_hold").into());
    }
    if record.release_status == ReleaseStatus::Released {
        return Err(Refusal::new(Code::IllegalState, format!("batch {} is released already", record.batch_number)).into());
    }
    let order: WorkOrder = need(draft, record.work_order_id)?;
    if it.release_status == ReleaseStatus::Released && order.quality_hold {
        return Err(Refusal::new(Code::OnHold, format!("order {} is on quality hold: decide on its inspection first", work_order::number(&order))).into());
    }
    record.release_status = it.release_status;
    record.released_by = Some(moment.actor.name.clone());
    record.released_at = Some(moment.occurred_at);
    store(draft, moment, record, "batch_record.batch_released")
}
