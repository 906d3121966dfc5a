//! An electronic batch record on paper: what was made, who prepared, reviewed, approved and released it, what
//! departed from the plan first, then everything that happened.

use super::names::{order, product, text};
use super::report::{Column, Origin, Report, column};
use crate::base::{Code, Refusal, Time, Value};
use crate::model::batch_record::BatchEvent;
use crate::model::field::Field as _;
use crate::model::{ElectronicBatchRecord, Id};
use crate::store::{Snapshot, View as _};

const SIGNED: &[Column] = &[column("meaning", "What"), column("by", "By"), column("at", "When")];
const EVENTS: &[Column] = &[column("at", "When"), column("event", "What"), column("subject", "Record"), column("detail", "Detail")];

/// The report.
pub fn report(snapshot: &Snapshot, record: Id<ElectronicBatchRecord>, now: Time) -> Result<Report, Refusal> {
    let it: ElectronicBatchRecord = snapshot.get(record)?.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such batch record"))?;
    let mut report = Report::new("batch-record", format!("Batch record {}", it.batch_number), Origin::of(snapshot, now)?);
    report.scanned = Some(it.batch_number.clone());
    report.fact("product", "Product", product(snapshot, Some(it.product_id))?);
    report.fact("work_order", "Order", order(snapshot, Some(it.work_order_id))?);
    report.fact("batch_size", "Batch size", Value::Int(it.batch_size));
    report.fact("manufacturing_date", "Made on", Value::Date(it.manufacturing_date));
    report.fact("expiration_date", "Expires", it.expiration_date.to_value());
    report.fact("retest_date", "Test again", it.retest_date.to_value());
    report.fact("record_status", "Record", text(it.record_status.word()));
    report.fact("release_status", "Batch", text(it.release_status.word()));
    report.fact("formula", "Formula", it.formula_id.to_value());
    report.fact("formula_version", "Version", it.formula_version.to_value());
    report.fact("temperature_min_c", "Coldest, °C", it.temperature_min_c.to_value());
    report.fact("temperature_max_c", "Warmest, °C", it.temperature_max_c.to_value());
    report.fact("humidity_min_percentage", "Driest, %", it.humidity_min_percentage.to_value());
    report.fact("humidity_max_percentage", "Most humid, %", it.humidity_max_percentage.to_value());
    report.fact("regulatory_requirement", "Requirement", it.regulatory_requirement.to_value());
    report.fact("deviation_count", "Deviations", Value::Int(it.deviation_count));
    let signed = [
        ("prepared", Some(it.prepared_by.clone()), Some(it.prepared_at)),
        ("reviewed", it.reviewed_by.clone(), it.reviewed_at),
        ("approved", it.approved_by.clone(), it.approved_at),
        ("released", it.released_by.clone(), it.released_at),
    ];
    report.table("signed", "Who judged it", SIGNED, signed.into_iter().map(|(meaning, by, at)| vec![text(meaning), by.to_value(), at.to_value()]).collect(), "");
    let (deviations, rest): (Vec<&BatchEvent>, Vec<&BatchEvent>) = it.audit_trail.iter().partition(|event| event.is_deviation);
    report.table("deviations", "Deviations", EVENTS, deviations.into_iter().map(event_row).collect(), "Nothing departed from what was planned.");
    report.table("events", "What happened", EVENTS, rest.into_iter().map(event_row).collect(), "The record was not handed in yet: what happened is collected then.");
    if !it.electronic_signature_applied {
        report.notes.push("No electronic signature is applied: the names above are of the log-ins that did it.".to_owned());
    }
    report.notes.extend(it.notes.map(|note| note.0));
    Ok(report)
}

fn event_row(event: &BatchEvent) -> Vec<Value> {
    vec![Value::Time(event.at), text(&event.event), text(&event.subject), event.detail.to_value()]
}
