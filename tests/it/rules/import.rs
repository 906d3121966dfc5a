//! A shop's own past: rows of another system, kept as they were.

use millwright::base::Code;
use millwright::model::command::ImportOperationReport;
use millwright::model::work_order::WorkOrderStatus;
use millwright::model::{Command, Employee, LaborTransaction, Lot, OperationReport, Role, WorkOrder, WorkOrderOperation};

use crate::plant::*;

fn row(key: &str) -> ImportOperationReport {
    ImportOperationReport {
        source_key: key.to_owned(),
        work_order_number: "4711".to_owned(),
        product_name: "Flange".to_owned(),
        planned_quantity: 10,
        operation_name: "Turn".to_owned(),
        work_center_name: "Lathe".to_owned(),
        employee_code: "P77".to_owned(),
        started_at: time("2012-01-02T06:00:00Z"),
        ended_at: time("2012-01-02T08:00:00Z"),
        good_quantity: 6,
        ..ImportOperationReport::default()
    }
}

fn bring(plant: &Plant, row: ImportOperationReport) -> Answer {
    plant.ask(Role::Manager, Command::ImportOperationReport(row))
}

#[test]
fn a_row_brings_the_order_product_center_and_person_it_names_once() {
    let plant = Plant::new();
    bring(&plant, row("1")).unwrap();
    bring(&plant, ImportOperationReport { operation_name: "Mill".to_owned(), ..row("2") }).unwrap();
    assert_eq!((plant.every::<WorkOrder>().len(), plant.every::<WorkOrderOperation>().len(), plant.every::<Employee>().len()), (1, 2, 3));
    let order = plant.work_order(1);
    assert_eq!((order.work_order_number.as_deref(), order.status, order.good_quantity), (Some("4711"), WorkOrderStatus::InProgress, 6));
    let time: Vec<LaborTransaction> = plant.every();
    assert_eq!((time[0].duration_minutes, time[0].transaction_date), (Some(120), date("2012-01-02")));
    assert!(plant.every::<Lot>().is_empty(), "what another system made is no stock of ours");
    plant.check();
}

#[test]
fn the_same_row_is_brought_in_once() {
    let plant = Plant::new();
    bring(&plant, row("1")).unwrap();
    let head = plant.head();
    refused(bring(&plant, row("1")), Code::Duplicate);
    assert_eq!(plant.head(), head);
}

#[test]
fn more_than_was_ordered_is_kept_and_flagged() {
    let plant = Plant::new();
    bring(&plant, row("1")).unwrap();
    let answer = bring(&plant, row("2")).unwrap();
    assert!(plant.events(answer.seq).contains(&"operation.over_plan".to_owned()));
    assert_eq!(plant.every::<OperationReport>().iter().map(|report| report.over_plan).collect::<Vec<_>>(), [false, true]);
    plant.check();
}

#[test]
fn a_row_that_cannot_be_is_refused() {
    let plant = Plant::new();
    let head = plant.head();
    refused(bring(&plant, ImportOperationReport { good_quantity: -1, ..row("1") }), Code::Invalid);
    refused(bring(&plant, ImportOperationReport { held_quantity: i64::MAX, ..row("1") }), Code::Invalid);
    refused(bring(&plant, ImportOperationReport { planned_quantity: 0, ..row("1") }), Code::Invalid);
    refused(bring(&plant, ImportOperationReport { ended_at: time("2012-01-02T05:59:59Z"), ..row("1") }), Code::Invalid);
    refused(bring(&plant, ImportOperationReport { work_order_number: "WO-000009".to_owned(), ..row("1") }), Code::Invalid);
    assert_eq!(plant.head(), head);
}
