//! Operations: what may be reported, and how it adds up.

use millwright::base::Code;
use millwright::model::work_order::{OperationStatus, WorkOrderStatus};
use millwright::model::{Command, Id, OperationReport, Role, command};

use crate::plant::*;

#[test]
fn starting_the_first_operation_starts_the_order() {
    let plant = Plant::new();
    let order = plant.order(10);
    plant.all([release(order), start_operation(order, 10)]);
    assert_eq!(plant.work_order(order).status, WorkOrderStatus::InProgress);
}

#[test]
fn an_operation_does_not_start_before_the_one_before_it_has_passed_something_on() {
    let plant = Plant::new();
    let order = plant.running(10);
    refused(plant.lead(start_operation(order, 20)), Code::IllegalState);
    plant.all([report(order, 10, [0, 2, 0, 0, 0])]);
    refused(plant.lead(start_operation(order, 20)), Code::IllegalState);
    plant.all([good(order, 10, 1), start_operation(order, 20)]);
    refused(plant.lead(start_operation(order, 30)), Code::IllegalState);
    refused(plant.lead(start_operation(order, 20)), Code::IllegalState);
    refused(plant.lead(start_operation(order, 99)), Code::NotFound);
}

#[test]
fn an_operation_reports_no_more_than_was_passed_on_to_it() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([report(order, 10, [4, 1, 0, 0, 0]), start_operation(order, 20)]);
    refused(plant.lead(good(order, 20, 5)), Code::Insufficient);
    plant.all([report(order, 20, [2, 0, 1, 0, 0])]);
    refused(plant.lead(good(order, 20, 2)), Code::Insufficient);
    plant.all([good(order, 20, 1)]);
    refused(plant.lead(report(order, 20, [0, 0, 0, 0, 1])), Code::Insufficient);
}

#[test]
fn the_first_operation_may_run_over_the_plan_by_a_fifth_and_says_so() {
    let plant = Plant::new();
    let order = plant.running(10);
    let answer = plant.lead(good(order, 10, 10)).unwrap();
    assert_eq!(plant.events(answer.seq), ["operation.reported"]);
    refused(plant.lead(good(order, 10, 3)), Code::Insufficient);
    let answer = plant.lead(good(order, 10, 2)).unwrap();
    assert_eq!(plant.events(answer.seq), ["operation.reported", "operation.over_plan"]);
    assert!(plant.get::<OperationReport>(answer.subject.number).over_plan);
    refused(plant.lead(good(order, 10, 1)), Code::Insufficient);
}

#[test]
fn negative_empty_and_absurd_reports_are_refused() {
    let plant = Plant::new();
    let order = plant.running(10);
    let before = plant.head();
    refused(plant.lead(report(order, 10, [0; 5])), Code::Invalid);
    for at in 0..5 {
        for absurd in [-1, i64::MIN, 10_000_001, i64::MAX] {
            let mut pieces = [1; 5];
            pieces[at] = absurd;
            refused(plant.lead(report(order, 10, pieces)), Code::Invalid);
        }
    }
    refused(plant.lead(good(order, 10, 10_000_000)), Code::Insufficient);
    assert_eq!(plant.head(), before);
}

#[test]
fn good_rejected_scrapped_rework_and_held_add_up_to_what_was_produced() {
    let plant = Plant::new();
    let order = plant.running(20);
    plant.all([report(order, 10, [10, 1, 2, 3, 4])]);
    let operation = plant.operation(order, 10);
    assert_eq!((operation.produced(), operation.completed_quantity), (20, 10));
    plant.all([start_operation(order, 20), report(order, 20, [8, 1, 0, 0, 1]), start_operation(order, 30), good(order, 30, 8)]);
    let order = plant.work_order(order);
    let kinds = [order.good_quantity, order.rejected_quantity, order.scrapped_quantity, order.rework_quantity, order.held_quantity];
    assert_eq!((kinds, order.produced_quantity, order.yield_percentage), ([8, 2, 2, 3, 5], 20, Some(dec("40"))));
    plant.check();
}

#[test]
fn good_pieces_of_the_last_operation_go_into_the_finished_lot() {
    let plant = Plant::new();
    let order = plant.made(6);
    let lot = plant.lot(&plant.work_order(order).lot_number.unwrap());
    assert_eq!((lot.quantity_on_hand, lot.quantity_produced, lot.material_code.as_str()), (dec("6"), dec("6"), "BRACKET"));
}

#[test]
fn a_wrong_report_is_reversed_once_and_its_pieces_come_off_everything() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([good(order, 10, 10), start_operation(order, 20), good(order, 20, 10), start_operation(order, 30)]);
    let wrong = plant.all([report(order, 30, [4, 1, 0, 0, 0])]);
    let reversal = plant.because("counted twice", reverse_report(wrong)).unwrap().subject.number;
    assert_eq!((plant.operation(order, 30).produced(), plant.work_order(order).good_quantity, plant.work_order(order).rejected_quantity), (0, 0, 0));
    assert_eq!(plant.lot(&plant.work_order(order).lot_number.unwrap()).quantity_on_hand, dec("0"));
    let (wrong_row, reversal_row): (OperationReport, OperationReport) = (plant.get(wrong), plant.get(reversal));
    assert_eq!((wrong_row.good_quantity, reversal_row.good_quantity), (4, -4), "the wrong report stands as it was");
    assert_eq!((wrong_row.reversed_by.map(|id| id.number()), reversal_row.reverses.map(|id| id.number())), (Some(reversal), Some(wrong)));
    refused(plant.lead(reverse_report(wrong)), Code::IllegalState);
    refused(plant.lead(reverse_report(reversal)), Code::IllegalState);
    plant.check();
}

#[test]
fn a_report_is_not_reversed_while_the_next_operation_has_used_its_pieces() {
    let plant = Plant::new();
    let order = plant.running(10);
    let first = plant.all([good(order, 10, 5)]);
    plant.all([start_operation(order, 20)]);
    let next = plant.all([report(order, 20, [0, 0, 1, 0, 0])]);
    refused(plant.lead(reverse_report(first)), Code::Insufficient);
    plant.all([reverse_report(next), reverse_report(first)]);
    plant.check();
}

#[test]
fn a_report_is_not_reversed_once_its_pieces_have_been_shipped() {
    let plant = Plant::new();
    let order = plant.made(5);
    let lot = plant.work_order(order).lot_number.unwrap();
    let shipment = plant.all([plan_shipment(&[(&lot, "4")])]);
    plant.all([ship(shipment)]);
    let last = plant.every::<OperationReport>().last().unwrap().report_id.number();
    refused(plant.lead(reverse_report(last)), Code::Insufficient);
    plant.check();
}

#[test]
fn reports_are_refused_before_the_start_and_after_the_end_of_an_operation() {
    let plant = Plant::new();
    let order = plant.order(10);
    refused(plant.lead(good(order, 10, 1)), Code::IllegalState);
    plant.all([release(order), start(order)]);
    refused(plant.lead(good(order, 10, 1)), Code::IllegalState);
    plant.all([start_operation(order, 10), finish_operation(order, 10)]);
    refused(plant.lead(good(order, 10, 1)), Code::IllegalState);
    refused(plant.lead(finish_operation(order, 10)), Code::IllegalState);
    assert_eq!(plant.operation(order, 20).status, OperationStatus::Ready);
}

#[test]
fn an_operation_does_not_end_before_it_began() {
    let plant = Plant::new();
    let order = plant.running(10);
    refused(plant.at("2026-03-02T06:00:00Z", finish_operation(order, 10)), Code::OutsideWindow);
}

#[test]
fn a_report_is_not_reversed_while_a_rework_order_holds_its_pieces() {
    let plant = Plant::new();
    let order = plant.running(10);
    let wrong = plant.all([report(order, 10, [0, 0, 0, 4, 0])]);
    let rework = plant.all([rework_of(order, 3)]);
    refused(plant.lead(reverse_report(wrong)), Code::StillOpen);
    plant.all([cancel(rework), reverse_report(wrong)]);
}

#[test]
fn a_finished_operation_opens_again_when_its_report_is_reversed() {
    let plant = Plant::new();
    let order = plant.running(10);
    let wrong = plant.all([good(order, 10, 9)]);
    plant.all([finish_operation(order, 10), reverse_report(wrong)]);
    let operation = plant.operation(order, 10);
    assert_eq!((operation.status, operation.actual_end_time), (OperationStatus::InProgress, None));
    plant.all([good(order, 10, 10), finish_operation(order, 10)]);
    assert_eq!(plant.operation(order, 10).completed_quantity, 10);
    plant.check();
}

#[test]
fn held_pieces_are_decided_on_and_the_decision_can_be_undone() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([report(order, 10, [4, 0, 0, 0, 3])]);
    let decide = |good_quantity, scrapped_quantity| {
        Command::DisposeHeldPieces(command::DisposeHeldPieces { work_order_id: Id::new(order), operation_sequence: 10, good_quantity, scrapped_quantity, ..Default::default() })
    };
    refused(plant.lead(decide(0, 0)), Code::Insufficient);
    refused(plant.lead(decide(3, 1)), Code::Insufficient);
    refused(plant.lead(decide(-1, 1)), Code::Invalid);
    refused(plant.ask(Role::Operator, decide(2, 1)), Code::Forbidden);
    let decision = plant.lead(decide(2, 1)).unwrap().subject.number;
    let operation = plant.operation(order, 10);
    assert_eq!((operation.completed_quantity, operation.scrapped_quantity, operation.held_quantity, operation.produced()), (6, 1, 0, 7));
    plant.because("looked at the wrong pallet", reverse_report(decision)).unwrap();
    assert_eq!((plant.operation(order, 10).held_quantity, plant.work_order(order).produced_quantity), (3, 3));
    plant.check();
}
