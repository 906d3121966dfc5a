//! The electronic batch record: what happened is collected, and nobody judges their own record.

use millwright::base::Code;
use millwright::model::batch_record::{RecordStatus, ReleaseStatus};
use millwright::model::command::{DecideBatchRecord, OpenBatchRecord, RecordDefect, ReleaseBatch, ReviewBatchRecord, SubmitBatchRecord};
use millwright::model::material::TransactionType;
use millwright::model::{Command, ElectronicBatchRecord, Id, Role};

use crate::plant::*;

fn open(order: u64) -> Command {
    Command::OpenBatchRecord(OpenBatchRecord { work_order_id: Id::new(order), ..OpenBatchRecord::default() })
}

fn submit(id: u64) -> Command {
    Command::SubmitBatchRecord(SubmitBatchRecord { ebr_id: Id::new(id), ..SubmitBatchRecord::default() })
}

fn review(id: u64) -> Command {
    Command::ReviewBatchRecord(ReviewBatchRecord { ebr_id: Id::new(id) })
}

fn decide(id: u64, record_status: RecordStatus) -> Command {
    Command::DecideBatchRecord(DecideBatchRecord { ebr_id: Id::new(id), record_status })
}

fn release_batch(id: u64, release_status: ReleaseStatus) -> Command {
    Command::ReleaseBatch(ReleaseBatch { ebr_id: Id::new(id), release_status })
}

/// A completed order with material, a reversed report and a defect behind it.
fn told_order(plant: &Plant) -> u64 {
    plant.all([receive("S1", "10")]);
    let order = plant.running(5);
    plant.all([issue(order, "S1", "2")]);
    let slip = plant.lead(good(order, 10, 1)).unwrap().subject.number;
    plant.because("counted twice", reverse_report(slip)).unwrap();
    plant.all([good(order, 10, 5), start_operation(order, 20), good(order, 20, 5), start_operation(order, 30), good(order, 30, 5)]);
    let defect = RecordDefect { defect_description: "scratch".to_owned(), quantity_affected: 1, work_order_id: Some(Id::new(order)), ..RecordDefect::default() };
    plant.all([Command::RecordDefect(defect), finish_operation(order, 10), finish_operation(order, 20), finish_operation(order, 30), complete(order)]);
    order
}

#[test]
fn a_record_collects_what_happened_and_counts_what_departed_from_the_plan() {
    let plant = Plant::new();
    let order = told_order(&plant);
    let id = plant.ask(Role::Operator, open(order)).unwrap().subject.number;
    assert_eq!(plant.work_order(order).electronic_batch_record_id, Some(Id::<ElectronicBatchRecord>::new(id).to_string()));
    plant.ask(Role::Operator, submit(id)).unwrap();
    let record: ElectronicBatchRecord = plant.get(id);
    let told: Vec<&str> = record.audit_trail.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(told.iter().filter(|event| event.starts_with("operation.started")).count(), 3);
    assert!(told.contains(&format!("material.{}", TransactionType::Issue).as_str()), "{told:?}");
    assert_eq!((record.deviation_count, record.has_deviations, record.batch_size), (2, true, 5), "{told:?}");
    assert_eq!(Some(record.batch_number), plant.work_order(order).batch_number);
    assert!(!record.electronic_signature_applied, "signatures are not applied yet, and the record says so");
    plant.check();
}

#[test]
fn it_is_reviewed_decided_on_and_released_in_turn_by_others_than_its_preparer() {
    let plant = Plant::new();
    let order = told_order(&plant);
    let id = plant.lead(open(order)).unwrap().subject.number;
    refused(plant.ask(Role::Inspector, review(id)), Code::IllegalState);
    plant.lead(submit(id)).unwrap();
    refused(plant.lead(review(id)), Code::Forbidden);
    refused(plant.ask(Role::Manager, decide(id, RecordStatus::Approved)), Code::StillOpen);
    plant.ask(Role::Inspector, review(id)).unwrap();
    refused(plant.lead(decide(id, RecordStatus::Approved)), Code::Forbidden);
    refused(plant.ask(Role::Manager, release_batch(id, ReleaseStatus::Released)), Code::IllegalState);
    refused(plant.ask(Role::Manager, decide(id, RecordStatus::InProgress)), Code::Invalid);
    plant.ask(Role::Manager, decide(id, RecordStatus::Approved)).unwrap();
    refused(plant.ask(Role::Manager, release_batch(id, ReleaseStatus::Pending)), Code::Invalid);
    plant.ask(Role::Manager, release_batch(id, ReleaseStatus::OnHold)).unwrap();
    plant.ask(Role::Manager, release_batch(id, ReleaseStatus::Released)).unwrap();
    refused(plant.ask(Role::Manager, release_batch(id, ReleaseStatus::Rejected)), Code::IllegalState);
    let record: ElectronicBatchRecord = plant.get(id);
    let who = [Some(record.prepared_by), record.reviewed_by, record.approved_by, record.released_by].map(Option::unwrap);
    assert_eq!(who, ["lead", "inspector", "manager", "manager"]);
}

#[test]
fn a_rejected_record_rejects_its_batch() {
    let plant = Plant::new();
    let order = told_order(&plant);
    let id = plant.ask(Role::Operator, open(order)).unwrap().subject.number;
    plant.ask(Role::Operator, submit(id)).unwrap();
    plant.ask(Role::Inspector, review(id)).unwrap();
    plant.ask(Role::Inspector, decide(id, RecordStatus::Rejected)).unwrap();
    assert_eq!(plant.get::<ElectronicBatchRecord>(id).release_status, ReleaseStatus::Rejected);
}

#[test]
fn an_order_has_one_record_and_hands_it_in_when_it_is_complete() {
    let plant = Plant::new();
    let order = plant.running(5);
    let id = plant.lead(open(order)).unwrap().subject.number;
    refused(plant.lead(open(order)), Code::IllegalState);
    refused(plant.lead(submit(id)), Code::StillOpen);
    let planned = plant.order(5);
    refused(plant.lead(open(planned)), Code::IllegalState);
    let other = plant.running(5);
    let named = OpenBatchRecord { work_order_id: Id::new(other), batch_number: plant.work_order(order).batch_number, ..OpenBatchRecord::default() };
    refused(plant.lead(Command::OpenBatchRecord(named)), Code::Duplicate);
}
