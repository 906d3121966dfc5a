//! Inspections and defects: counts add up, limits decide, and what did not pass is held until
//! somebody decides on it.

use millwright::base::Code;
use millwright::model::command::{AnalyzeDefect, CloseDefect, DisposeInspection, RecordDefect, RecordInspection};
use millwright::model::field::Note;
use millwright::model::lot::LotStatus;
use millwright::model::quality::{DefectStatus, Disposition, InspectionResult as Found, InspectionType, Measurement, Specification};
use millwright::model::work_order::{InspectionStatus, QualityStatus};
use millwright::model::{Command, Defect, Id, QualityInspection, Role};

use crate::plant::*;

fn final_inspection(order: u64, inspection_result: Found) -> RecordInspection {
    RecordInspection {
        inspection_type: InspectionType::Final,
        inspector_id: Id::new(1),
        inspection_result,
        sample_size: 5,
        work_order_id: Some(Id::new(order)),
        ..Default::default()
    }
}

fn length(value: &str) -> (Vec<Measurement>, Vec<Specification>) {
    let measured = Measurement { characteristic: "length".to_owned(), value: dec(value), unit: Some("mm".to_owned()) };
    let limits = Specification { characteristic: "length".to_owned(), target: Some(dec("20")), lower_limit: Some(dec("19.5")), upper_limit: Some(dec("20.5")), unit: None };
    (vec![measured], vec![limits])
}

fn dispose(inspection: u64, disposition: Disposition) -> Command {
    Command::DisposeInspection(DisposeInspection { inspection_id: Id::new(inspection), disposition, disposition_reason: None })
}

#[test]
fn a_passed_final_inspection_approves_the_order_and_names_its_lot() {
    let plant = Plant::new();
    let order = plant.made(5);
    let id = plant.all([Command::RecordInspection(RecordInspection { minor_defects: 2, operation_sequence: Some(30), ..final_inspection(order, Found::Pass) })]);
    let inspection: QualityInspection = plant.get(id);
    assert_eq!((inspection.defects_found, inspection.lot_number, inspection.ncr_number), (2, plant.work_order(order).lot_number, None));
    assert_eq!(inspection.product_id.map(Id::number), Some(1));
    assert_eq!(plant.work_order(order).quality_status, QualityStatus::Approved);
    assert_eq!(plant.operation(order, 30).inspection_status, Some(InspectionStatus::Passed));
    plant.check();
}

#[test]
fn what_cannot_pass_does_not() {
    let plant = Plant::new();
    let order = plant.made(5);
    let (measured_values, specification_values) = length("20.51");
    let outside = RecordInspection { measured_values, specification_values, ..final_inspection(order, Found::Pass) };
    refused(plant.lead(Command::RecordInspection(outside.clone())), Code::Invalid);
    refused(plant.lead(Command::RecordInspection(RecordInspection { major_defects: 1, ..final_inspection(order, Found::Pass) })), Code::Invalid);
    plant.all([Command::RecordInspection(RecordInspection { inspection_result: Found::Fail, ..outside })]);
    let (measured_values, specification_values) = length("20.5");
    plant.all([Command::RecordInspection(RecordInspection { measured_values, specification_values, ..final_inspection(order, Found::Pass) })]);
}

#[test]
fn counts_limits_and_names_are_checked() {
    let plant = Plant::new();
    let order = plant.made(5);
    let wrong = |change: &dyn Fn(&mut RecordInspection), code| {
        let mut it = final_inspection(order, Found::Pass);
        change(&mut it);
        refused(plant.lead(Command::RecordInspection(it)), code);
    };
    let before = plant.head();
    wrong(&|it| it.sample_size = 0, Code::Invalid);
    wrong(&|it| it.minor_defects = -1, Code::Invalid);
    wrong(&|it| it.inspector_id = Id::new(77), Code::NotFound);
    wrong(&|it| it.work_order_id = None, Code::Invalid);
    wrong(&|it| it.operation_sequence = Some(11), Code::NotFound);
    wrong(&|it| it.lot_number = Some("nowhere".to_owned()), Code::NotFound);
    wrong(&|it| it.inspection_type = InspectionType::Incoming, Code::Invalid);
    wrong(&|it| it.specification_values = vec![Specification { lower_limit: Some(dec("2")), upper_limit: Some(dec("1")), ..length("1").1[0].clone() }], Code::Invalid);
    wrong(&|it| it.specification_values = [length("1").1, length("1").1].concat(), Code::Invalid);
    assert_eq!(plant.head(), before);
}

#[test]
fn a_failed_lot_is_held_until_it_is_decided_on_and_cannot_be_shipped() {
    let plant = Plant::new();
    let order = plant.made(5);
    let lot = plant.work_order(order).lot_number.unwrap();
    let id = plant.all([Command::RecordInspection(final_inspection(order, Found::Fail))]);
    assert_eq!(plant.get::<QualityInspection>(id).ncr_number, Some(format!("NCR-{id:06}")));
    assert_eq!((plant.lot(&lot).status, plant.work_order(order).quality_status), (LotStatus::OnHold, QualityStatus::Rejected));
    refused(plant.lead(plan_shipment(&[(&lot, "2")])), Code::OnHold);
    let shipment = plant.all([dispose(id, Disposition::UseAsIs), plan_shipment(&[(&lot, "2")])]);
    plant.all([ship(shipment)]);
    assert_eq!((plant.lot(&lot).status, plant.work_order(order).quality_status), (LotStatus::Available, QualityStatus::Conditional));
    refused(plant.lead(dispose(id, Disposition::Scrap)), Code::IllegalState);
    plant.because("found worse at the customer", dispose(id, Disposition::Reject)).unwrap();
    plant.check();
}

#[test]
fn a_decision_takes_off_its_own_hold_and_no_other() {
    let plant = Plant::new();
    let order = plant.made(5);
    let lot = plant.lot(&plant.work_order(order).lot_number.unwrap());
    plant.because("customer called", hold_lot(lot.lot_id.number())).unwrap();
    let id = plant.all([Command::RecordInspection(final_inspection(order, Found::Hold))]);
    plant.all([dispose(id, Disposition::Accept)]);
    assert_eq!(plant.lot(&lot.lot_number).status, LotStatus::OnHold, "the customer's hold stands");
}

#[test]
fn an_order_on_quality_hold_is_not_closed() {
    let plant = Plant::new();
    let order = plant.made(5);
    plant.all([finish_operation(order, 10), finish_operation(order, 20), finish_operation(order, 30), complete(order)]);
    let id = plant.all([Command::RecordInspection(final_inspection(order, Found::Hold))]);
    assert!(plant.work_order(order).quality_hold);
    refused(plant.lead(close(order)), Code::OnHold);
    plant.all([dispose(id, Disposition::Accept), close(order)]);
}

#[test]
fn an_inspection_that_did_not_pass_is_approved_only_once_decided() {
    let plant = Plant::new();
    let order = plant.made(5);
    let approve = |id| Command::ApproveInspection(millwright::model::command::ApproveInspection { inspection_id: Id::new(id) });
    let id = plant.all([Command::RecordInspection(final_inspection(order, Found::ReworkRequired))]);
    refused(plant.lead(approve(id)), Code::StillOpen);
    plant.all([dispose(id, Disposition::Rework), approve(id)]);
    refused(plant.lead(approve(id)), Code::IllegalState);
    refused(plant.ask(Role::Operator, dispose(id, Disposition::Accept)), Code::Forbidden);
}

#[test]
fn a_defect_goes_from_its_detection_over_its_root_cause_to_its_end() {
    let plant = Plant::new();
    let order = plant.made(5);
    let told = RecordDefect {
        defect_description: "burr on the edge".to_owned(),
        quantity_affected: 2,
        work_order_id: Some(Id::new(order)),
        operation_sequence: Some(20),
        scrap_cost: dec("12.5"),
        rework_cost: dec("7.5"),
        ..RecordDefect::default()
    };
    let id = plant.all([Command::RecordDefect(told.clone())]);
    let close = Command::CloseDefect(CloseDefect { defect_id: Id::new(id) });
    assert_eq!((plant.get::<Defect>(id).total_cost, plant.get::<Defect>(id).product_id.map(Id::number)), (dec("20"), Some(1)));
    refused(plant.lead(close.clone()), Code::StillOpen);
    let found = AnalyzeDefect { defect_id: Id::new(id), root_cause_description: Note("blunt punch".to_owned()), ..AnalyzeDefect::default() };
    plant.all([Command::AnalyzeDefect(found.clone())]);
    assert_eq!(plant.get::<Defect>(id).status, DefectStatus::Investigating);
    plant.all([Command::AnalyzeDefect(AnalyzeDefect { corrective_action: Some(Note("grind it".to_owned())), ..found.clone() })]);
    assert_eq!(plant.get::<Defect>(id).status, DefectStatus::ActionPending);
    plant.lead(close).unwrap();
    let defect: Defect = plant.get(id);
    assert!(defect.status == DefectStatus::Closed && defect.action_completed && defect.closed_date.is_some());
    refused(plant.lead(Command::AnalyzeDefect(found)), Code::IllegalState);
    refused(plant.lead(Command::RecordDefect(RecordDefect { quantity_affected: 0, ..told.clone() })), Code::Invalid);
    refused(plant.lead(Command::RecordDefect(RecordDefect { scrap_cost: dec("-1"), ..told.clone() })), Code::Invalid);
    refused(plant.lead(Command::RecordDefect(RecordDefect { work_order_id: None, operation_sequence: None, ..told })), Code::Invalid);
}
