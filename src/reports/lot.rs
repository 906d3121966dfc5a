//! What a lot is: its totals, where it came from and what it became one step away, what was found in it, and
//! every movement.

use super::names::{order, text};
use super::report::{Column, Origin, Report, column};
use crate::base::{Code, Refusal, Time, Value, limits};
use crate::model::field::Field as _;
use crate::model::{Defect, Id, Lot, Material, MaterialTransaction, QualityInspection, Subject, Supplier};
use crate::store::{Snapshot, View as _};
use crate::views::trace::{TraceNode, Way, trace};

/// Rows of a trace that stand on the report; its counts go beyond.
const TRACED_MAX: usize = 200;

/// Columns of nodes of a trace.
pub(super) const NODES: &[Column] = &[
    column("kind", "What"),
    column("number", "Number"),
    column("name", "Name"),
    column("quantity", "Quantity"),
    column("unit", "Unit"),
    column("status", "State"),
    column("depth", "Steps away"),
];
const MOVEMENTS: &[Column] =
    &[column("at", "When"), column("type", "What"), column("work_order", "Order"), column("change", "Change"), column("unit", "Unit"), column("by", "By"), column("reason", "Why")];
const INSPECTIONS: &[Column] = &[
    column("at", "When"),
    column("type", "Kind"),
    column("result", "Result"),
    column("sample_size", "Looked at"),
    column("defects", "Defects"),
    column("ncr_number", "Report"),
    column("disposition", "Decision"),
];
const DEFECTS: &[Column] =
    &[column("at", "Found"), column("description", "What"), column("severity", "How bad"), column("pieces", "Pieces"), column("status", "State"), column("action", "Action")];

/// The report.
pub fn report(snapshot: &Snapshot, lot: Id<Lot>, now: Time) -> Result<Report, Refusal> {
    let it: Lot = snapshot.get(lot)?.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such lot"))?;
    let mut report = Report::new("lot", format!("Lot {}", it.lot_number), Origin::of(snapshot, now)?);
    report.scanned = Some(it.lot_number.clone());
    facts(snapshot, &it, &mut report)?;
    for (name, title, way, empty) in [
        ("made_from", "Made from", Way::Backward, "It came from outside, or nothing is known to have gone into it."),
        ("went_into", "Went into", Way::Forward, "It went into nothing yet."),
    ] {
        let traced = trace(snapshot, Subject::of(lot), way, TRACED_MAX)?;
        report.table(name, title, NODES, traced.nodes.iter().skip(1).map(node_row).collect(), empty);
        if traced.truncated {
            report.notes.push(format!("{title}: {TRACED_MAX} rows are shown; the recall report shows all that it became."));
        }
    }
    let number = text(&it.lot_number);
    let moved: Vec<MaterialTransaction> = snapshot.related("lot_number", &number, limits::RECALL_ROWS_MAX)?;
    let rows = moved.iter().map(|it| movement_row(snapshot, it)).collect::<Result<Vec<_>, Refusal>>()?;
    report.table("movements", "Movements", MOVEMENTS, rows, "Nothing was moved.");
    let inspected: Vec<QualityInspection> = snapshot.related("lot_number", &number, limits::RECALL_ROWS_MAX)?;
    report.table("inspections", "Inspections", INSPECTIONS, inspected.iter().map(inspection_row).collect(), "Nobody inspected it.");
    let defects: Vec<Defect> = snapshot.related("lot_number", &number, limits::RECALL_ROWS_MAX)?;
    report.table("defects", "Defects", DEFECTS, defects.iter().map(defect_row).collect(), "No defect is known.");
    Ok(report)
}

/// What a lot is, and whether its books are right.
pub(super) fn facts(snapshot: &Snapshot, it: &Lot, report: &mut Report) -> Result<(), Refusal> {
    let material: Option<Material> = snapshot.get(it.material_id)?;
    let supplier: Option<Supplier> = it.supplier_id.map(|id| snapshot.get(id)).transpose()?.flatten();
    let amount = |quantity: crate::base::Decimal| text(format!("{quantity} {}", it.unit_of_measure.word()));
    report.fact("lot_number", "Lot", text(&it.lot_number));
    report.fact("material", "Material", text(material.map_or_else(|| it.material_code.clone(), |it| format!("{} {}", it.material_code, it.material_name))));
    report.fact("status", "State", text(it.status.word()));
    report.fact("hold_reason", "On hold because", it.hold_reason.to_value());
    report.fact("work_order", "Made by order", order(snapshot, it.work_order_id)?);
    report.fact("parent_lot", "Taken from lot", it.parent_lot_number.to_value());
    report.fact("supplier", "Supplier", supplier.map_or(Value::Null, |it| text(it.supplier_name)));
    report.fact("supplier_lot", "Supplier's lot", it.supplier_lot_number.to_value());
    report.fact("heat_number", "Heat", it.heat_number.to_value());
    report.fact("certificate_number", "Certificate", it.certificate_number.to_value());
    report.fact("expiry_date", "Best before", it.expiry_date.to_value());
    report.fact("location", "Where", it.location.to_value());
    report.fact("received", "Received", amount(it.quantity_received));
    report.fact("produced", "Produced", amount(it.quantity_produced));
    report.fact("adjusted", "Counts put right", amount(it.quantity_adjusted));
    report.fact("consumed", "Consumed", amount(it.quantity_consumed));
    report.fact("shipped", "Shipped", amount(it.quantity_shipped));
    report.fact("scrapped", "Scrapped", amount(it.quantity_scrapped));
    report.fact("on_hand", "On hand", amount(it.quantity_on_hand));
    let gap = it.expected_on_hand().and_then(|expected| expected.minus(it.quantity_on_hand)).unwrap_or_default();
    report.fact("balance_gap", "Missing in the books", amount(gap));
    Ok(())
}

/// A node of a trace.
pub(super) fn node_row(node: &TraceNode) -> Vec<Value> {
    vec![
        text(node.subject.noun.singular().replace('_', " ")),
        text(&node.number),
        text(&node.name),
        node.quantity.map_or(Value::Null, Value::Dec),
        node.unit.map_or(Value::Null, |unit| text(unit.word())),
        node.status.as_ref().map_or(Value::Null, text),
        Value::Int(i64::from(node.depth)),
    ]
}

fn movement_row(snapshot: &Snapshot, it: &MaterialTransaction) -> Result<Vec<Value>, Refusal> {
    Ok(vec![
        Value::Time(it.transaction_date),
        text(it.transaction_type.word()),
        order(snapshot, it.work_order_id)?,
        Value::Dec(it.stock_change),
        text(it.stock_unit.word()),
        text(&it.performed_by),
        it.reason.to_value(),
    ])
}

fn inspection_row(it: &QualityInspection) -> Vec<Value> {
    vec![
        Value::Time(it.inspection_date),
        text(it.inspection_type.word()),
        text(it.inspection_result.word()),
        Value::Int(it.sample_size),
        Value::Int(it.defects_found),
        it.ncr_number.to_value(),
        it.disposition.to_value(),
    ]
}

fn defect_row(it: &Defect) -> Vec<Value> {
    vec![
        Value::Time(it.detected_date),
        text(&it.defect_description),
        text(it.defect_severity.word()),
        Value::Int(it.quantity_affected),
        text(it.status.word()),
        it.corrective_action.to_value(),
    ]
}
