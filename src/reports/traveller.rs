//! The traveller of an order: what goes round the shop with the pieces. Its operations with codes to scan, the
//! material it takes, the files that belong to it, and what people must know.

use super::names::{center, customer, product, text};
use super::report::{Column, Origin, Report, code, column};
use crate::base::{Code, Refusal, Time, Value};
use crate::model::field::Field as _;
use crate::model::material::TransactionType;
use crate::model::plant::Status;
use crate::model::{Attachment, BillOfMaterial, Id, Material, MaterialTransaction, Subject, WorkOrder, WorkOrderOperation};
use crate::store::{Snapshot, View as _};

/// Rows of one kind on a traveller.
const ROWS_MAX: usize = 1_000;

const OPERATIONS: &[Column] = &[
    column("operation_sequence", "No."),
    column("operation", "Operation"),
    column("work_center", "Work center"),
    column("setup_minutes", "Set-up min"),
    column("seconds_each", "s each"),
    column("good", "Good"),
    column("bad", "Bad"),
    column("status", "State"),
    code("scan", "Scan"),
];
const INSTRUCTIONS: &[Column] = &[column("operation_sequence", "No."), column("instructions", "Instructions"), column("safety", "Safety")];
const MATERIAL: &[Column] = &[column("material_code", "Material"), column("name", "Name"), column("quantity", "Wanted"), column("unit", "Unit")];
const ISSUED: &[Column] =
    &[column("lot_number", "Lot"), column("material_code", "Material"), column("quantity", "Quantity"), column("unit", "Unit"), column("heat_number", "Heat")];
const FILES: &[Column] = &[column("file_name", "File"), column("about", "Of"), column("note", "What it is"), column("sha256", "SHA-256")];

/// The report.
pub fn report(snapshot: &Snapshot, order: Id<WorkOrder>, now: Time) -> Result<Report, Refusal> {
    let it: WorkOrder = snapshot.get(order)?.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such order"))?;
    let number = it.work_order_number.clone().unwrap_or_else(|| Subject::of(order).to_string());
    let mut report = Report::new("traveller", format!("Traveller {number}"), Origin::of(snapshot, now)?);
    report.scanned = Some(number.clone());
    report.fact("work_order", "Order", text(&number));
    report.fact("product", "Product", product(snapshot, Some(it.product_id))?);
    report.fact("quantity", "Quantity", text(format!("{} {}", it.planned_quantity, it.unit_of_measure.word())));
    report.fact("lot_number", "Finished lot", it.lot_number.to_value());
    report.fact("customer", "Customer", customer(snapshot, it.customer_id)?);
    report.fact("sales_order", "Sales order", it.sales_order_number.to_value());
    report.fact("planned_start", "Planned start", it.planned_start_date.to_value());
    report.fact("planned_end", "Planned end", it.planned_end_date.to_value());
    report.fact("priority", "Priority", Value::Int(it.priority));
    report.fact("status", "State", text(it.status.word()));
    report.fact("batch_number", "Batch", it.batch_number.to_value());
    report.fact("hold_reason", "On hold because", it.hold_reason.to_value());
    let mut operations: Vec<WorkOrderOperation> = snapshot.related("work_order_id", &order.to_value(), ROWS_MAX)?;
    operations.sort_by_key(|operation| operation.operation_sequence);
    let rows = operations.iter().map(|operation| operation_row(snapshot, &number, operation)).collect::<Result<Vec<_>, Refusal>>()?;
    report.table("operations", "Operations", OPERATIONS, rows, "The order has no operations yet: it has them from its release.");
    let told = operations.iter().filter(|it| it.work_instructions.is_some() || it.safety_notes.is_some());
    let told: Vec<_> = told.map(|it| vec![Value::Int(it.operation_sequence), it.work_instructions.to_value(), it.safety_notes.to_value()]).collect();
    if !told.is_empty() {
        report.table("instructions", "Instructions", INSTRUCTIONS, told, "");
    }
    report.table("material", "Material", MATERIAL, material(snapshot, &it)?, "The product has no bill of material.");
    report.table("issued", "Issued", ISSUED, issued(snapshot, order)?, "Nothing was issued yet.");
    report.table("files", "Drawings and files", FILES, files(snapshot, &it)?, "No file is attached to the order or its product.");
    report.notes.extend(it.notes.map(|note| note.0));
    Ok(report)
}

fn operation_row(snapshot: &Snapshot, number: &str, it: &WorkOrderOperation) -> Result<Vec<Value>, Refusal> {
    Ok(vec![
        Value::Int(it.operation_sequence),
        text(&it.operation_name),
        center(snapshot, it.work_center_id)?,
        it.planned_setup_time_minutes.to_value(),
        it.standard_time_per_unit_seconds.to_value(),
        Value::Int(it.completed_quantity),
        Value::Int(it.bad()),
        text(it.status.word()),
        // The order's number and the operation's: short enough for bars, and it reads as people say it.
        text(format!("{number}/{}", it.operation_sequence)),
    ])
}

fn material(snapshot: &Snapshot, order: &WorkOrder) -> Result<Vec<Vec<Value>>, Refusal> {
    let bills: Vec<BillOfMaterial> = snapshot.related("product_id", &order.product_id.to_value(), ROWS_MAX)?;
    let Some(bill) = bills.into_iter().rfind(|bill| bill.status == Status::Active) else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for line in bill.lines {
        let Some(material) = snapshot.get(line.material_id)? else { continue };
        let material: Material = material;
        let each = crate::base::Decimal::whole(order.planned_quantity).and_then(|pieces| pieces.times(line.quantity_per_unit));
        rows.push(vec![text(material.material_code), text(material.material_name), each.map_or(Value::Null, Value::Dec), text(line.unit_of_measure.word())]);
    }
    Ok(rows)
}

fn issued(snapshot: &Snapshot, order: Id<WorkOrder>) -> Result<Vec<Vec<Value>>, Refusal> {
    let moved: Vec<MaterialTransaction> = snapshot.related("work_order_id", &order.to_value(), ROWS_MAX)?;
    let issues = moved.into_iter().filter(|it| it.transaction_type == TransactionType::Issue && it.reversed_by.is_none() && it.reverses.is_none());
    Ok(issues.map(|it| vec![it.lot_number.to_value(), text(&it.material_code), Value::Dec(it.quantity), text(it.unit_of_measure.word()), it.heat_number.to_value()]).collect())
}

fn files(snapshot: &Snapshot, order: &WorkOrder) -> Result<Vec<Vec<Value>>, Refusal> {
    let mut rows = Vec::new();
    for subject in [Subject::of(order.work_order_id), Subject::of(order.product_id)] {
        let files: Vec<Attachment> = snapshot.related("subject", &text(subject.to_string()), ROWS_MAX)?;
        let kept = files.into_iter().filter(|file| !file.removed);
        rows.extend(kept.map(|file| vec![text(&file.file_name), text(&file.subject), file.note.to_value(), text(file.sha256.get(..16).unwrap_or(&file.sha256))]));
    }
    Ok(rows)
}
