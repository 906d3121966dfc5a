//! Movements of material: one door, and stock is their sum.

use millwright::base::{Code, Unit};
use millwright::model::command::RecordMaterialTransaction;
use millwright::model::lot::LotStatus;
use millwright::model::material::TransactionType as Type;
use millwright::model::{Id, MaterialTransaction, Noun};

use crate::plant::*;

#[test]
fn stock_is_the_sum_of_movements_of_every_kind() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([receive("S1", "100"), issue(order, "S1", "30"), give_back(order, "S1", "5")]);
    plant.all([moves(movement(Type::Scrap, "S1", "2")), moves(movement(Type::Adjustment, "S1", "-1.5"))]);
    plant.all([moves(RecordMaterialTransaction { to_location: Some("B-02".to_owned()), ..movement(Type::Transfer, "S1", "71.5") })]);
    plant.all([moves(RecordMaterialTransaction { parent_lot_number: Some("S1".to_owned()), is_remnant: true, ..produce(order, "SHEET", "R1", "0.5") })]);
    let lot = plant.lot("S1");
    assert_eq!((lot.quantity_on_hand, lot.quantity_consumed, lot.location.as_deref()), (dec("71.5"), dec("25"), Some("B-02")));
    assert_eq!(plant.lot("R1").quantity_on_hand, dec("0.5"));
    plant.check();
    insta::assert_snapshot!(plant.dump());
}

#[test]
fn no_more_is_taken_than_a_lot_holds() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([receive("S1", "10")]);
    refused(plant.lead(issue(order, "S1", "10.0001")), Code::Insufficient);
    refused(plant.lead(moves(movement(Type::Scrap, "S1", "11"))), Code::Insufficient);
    refused(plant.because("count", moves(movement(Type::Adjustment, "S1", "-10.5"))), Code::Insufficient);
    refused(plant.lead(moves(RecordMaterialTransaction { to_location: Some("X".to_owned()), ..movement(Type::Transfer, "S1", "11") })), Code::Insufficient);
    refused(plant.lead(split_lot(1, "10", "S2")), Code::Insufficient);
    plant.all([issue(order, "S1", "10")]);
    assert_eq!(plant.lot("S1").status, LotStatus::Exhausted);
    refused(plant.lead(issue(order, "S1", "0.0001")), Code::Insufficient);
    refused(plant.lead(give_back(order, "S1", "10.5")), Code::Insufficient);
    plant.check();
}

#[test]
fn a_held_lot_is_not_issued_shipped_split_merged_or_moved() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([receive("S1", "10"), receive("S2", "10")]);
    plant.admin(create(Noun::Material, &[("material_code", text("PART")), ("material_name", text("Part"))])).unwrap();
    let shipment = plant.all([moves(receipt_of("PART", "P1", "9")), plan_shipment(&[("P1", "1")])]);
    let (sheet, part) = (plant.lot("S1").lot_id.number(), plant.lot("P1").lot_id.number());
    plant.because("rust", hold_lot(sheet)).unwrap();
    plant.all([hold_lot(part)]);
    let refusal = refused(plant.lead(issue(order, "S1", "1")), Code::OnHold);
    assert!(refusal.detail.contains("rust"), "{refusal}");
    refused(plant.lead(ship(shipment)), Code::OnHold);
    refused(plant.lead(split_lot(sheet, "1", "S3")), Code::OnHold);
    refused(plant.lead(merge_lots(sheet, &["S2"])), Code::OnHold);
    refused(plant.lead(merge_lots(plant.lot("S2").lot_id.number(), &["S1"])), Code::OnHold);
    refused(plant.lead(moves(RecordMaterialTransaction { to_location: Some("X".to_owned()), ..movement(Type::Transfer, "S1", "10") })), Code::OnHold);
    refused(plant.lead(moves(RecordMaterialTransaction { to_location: Some("X".to_owned()), ..movement(Type::Transfer, "S1", "1") })), Code::OnHold);
    refused(plant.lead(hold_lot(sheet)), Code::IllegalState);
    plant.all([release_lot(sheet), issue(order, "S1", "1")]);
    refused(plant.lead(release_lot(sheet)), Code::IllegalState);
}

#[test]
fn a_lot_emptied_while_on_hold_is_exhausted_when_released() {
    let plant = Plant::new();
    plant.all([receive("S1", "10"), hold_lot(1), moves(movement(Type::Scrap, "S1", "10"))]);
    assert_eq!(plant.lot("S1").status, LotStatus::OnHold);
    plant.all([release_lot(1)]);
    assert_eq!(plant.lot("S1").status, LotStatus::Exhausted);
}

#[test]
fn units_convert_by_the_material_or_not_at_all() {
    let plant = Plant::new();
    let order = plant.running(10);
    let in_unit = |command: RecordMaterialTransaction, unit: Unit| moves(RecordMaterialTransaction { unit_of_measure: Some(unit), ..command });
    plant.all([in_unit(receipt_of("SHEET", "S1", "200"), Unit::Kg)]);
    assert_eq!((plant.lot("S1").quantity_on_hand, plant.lot("S1").unit_of_measure), (dec("10"), Unit::Sheet));
    plant.all([in_unit(for_order(Type::Issue, order, "S1", "30"), Unit::Kg)]);
    assert_eq!(plant.lot("S1").quantity_on_hand, dec("8.5"));
    let row = plant.every::<MaterialTransaction>().pop().unwrap();
    assert_eq!((row.quantity, row.unit_of_measure, row.stock_change, row.stock_unit), (dec("30"), Unit::Kg, dec("-1.5"), Unit::Sheet));
    refused(plant.lead(in_unit(for_order(Type::Issue, order, "S1", "1"), Unit::L)), Code::UnitMismatch);
    refused(plant.lead(in_unit(for_order(Type::Issue, order, "S1", "0.0001"), Unit::Kg)), Code::UnitMismatch);
    refused(plant.lead(in_unit(receipt_of("SHEET", "S9", "1"), Unit::Ea)), Code::UnitMismatch);
    plant.check();
}

#[test]
fn an_expired_lot_is_not_issued_and_its_last_day_counts() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([moves(RecordMaterialTransaction { expiry_date: Some(date("2026-03-02")), ..receipt_of("SHEET", "S1", "10") })]);
    plant.all([issue(order, "S1", "1")]);
    plant.wait(16 * 60);
    refused(plant.lead(issue(order, "S1", "1")), Code::OnHold);
    plant.at("2026-03-02T10:00:00Z", issue(order, "S1", "1")).unwrap();
}

#[test]
fn shelf_life_gives_a_lot_its_expiry() {
    let plant = Plant::new();
    plant.admin(create(Noun::Material, &[("material_code", text("GLUE")), ("material_name", text("Glue")), ("shelf_life_days", number(30))])).unwrap();
    plant.all([moves(receipt_of("GLUE", "G1", "1"))]);
    assert_eq!(plant.lot("G1").expiry_date, Some(date("2026-04-01")));
}

#[test]
fn quantities_of_zero_or_less_are_refused() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([receive("S1", "10")]);
    for kind in [Type::Receipt, Type::Issue, Type::Return, Type::Scrap, Type::Transfer, Type::Production] {
        for quantity in ["0", "-1"] {
            refused(plant.lead(moves(for_order(kind, order, "S1", quantity))), Code::Invalid);
        }
    }
    refused(plant.because("count", moves(movement(Type::Adjustment, "S1", "0"))), Code::Invalid);
    for kind in [Type::Shipment, Type::Split, Type::Merge] {
        refused(plant.lead(moves(for_order(kind, order, "S1", "1"))), Code::Invalid);
    }
}

#[test]
fn an_adjustment_wants_a_reason() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    refused(plant.lead(moves(movement(Type::Adjustment, "S1", "1"))), Code::Invalid);
    plant.because("counted", moves(movement(Type::Adjustment, "S1", "1"))).unwrap();
    assert_eq!(plant.every::<MaterialTransaction>().pop().unwrap().reason.unwrap().0, "counted");
}

#[test]
fn a_second_delivery_of_a_lot_adds_up_and_another_heat_under_its_number_is_refused() {
    let plant = Plant::new();
    plant.all([receive("S1", "10"), receive("S1", "5")]);
    assert_eq!(plant.lot("S1").quantity_on_hand, dec("15"));
    let other = RecordMaterialTransaction { heat_number: Some("H2".to_owned()), supplier_id: Some(Id::new(1)), ..receipt_of("SHEET", "S1", "5") };
    refused(plant.lead(moves(other)), Code::Duplicate);
    plant.check();
}

#[test]
fn part_of_a_lot_moved_elsewhere_is_a_lot_of_its_own() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let part = plant.all([moves(RecordMaterialTransaction { to_location: Some("B-02".to_owned()), ..movement(Type::Transfer, "S1", "4") })]);
    let part: millwright::model::Lot = plant.get(part);
    assert_eq!((part.quantity_on_hand, part.location.as_deref(), part.heat_number.as_deref()), (dec("4"), Some("B-02"), Some("H1")));
    assert_eq!((plant.lot("S1").quantity_on_hand, plant.lot("S1").location), (dec("6"), None));
    plant.check();
}

#[test]
fn material_moves_only_on_released_and_running_orders() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let order = plant.order(10);
    refused(plant.lead(issue(order, "S1", "1")), Code::IllegalState);
    plant.all([release(order), issue(order, "S1", "1"), give_back(order, "S1", "1"), cancel(order)]);
    refused(plant.lead(issue(order, "S1", "1")), Code::IllegalState);
    refused(plant.lead(moves(movement(Type::Issue, "S1", "1"))), Code::Invalid);
    refused(plant.lead(issue(99, "S1", "1")), Code::NotFound);
    refused(plant.lead(issue(order, "S9", "1")), Code::IllegalState);
}

#[test]
fn every_movement_is_reversed_once_and_stock_is_as_before() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([receive("S1", "10"), issue(order, "S1", "4")]);
    let before = (plant.lot("S1").quantity_on_hand, plant.every::<millwright::model::LotEdge>().len());
    let acts = [receive("S1", "3"), issue(order, "S1", "2"), give_back(order, "S1", "1"), moves(movement(Type::Scrap, "S1", "1")), moves(movement(Type::Adjustment, "S1", "-2"))];
    for act in acts {
        let wrong = plant.all([act]);
        let reversal = plant.because("typing error", reverse_movement(wrong)).unwrap().subject.number;
        assert_eq!((plant.lot("S1").quantity_on_hand, plant.every::<millwright::model::LotEdge>().len()), before);
        refused(plant.lead(reverse_movement(wrong)), Code::IllegalState);
        refused(plant.lead(reverse_movement(reversal)), Code::IllegalState);
        plant.check();
    }
    let made = plant.all([moves(produce(order, "SHEET", "R1", "1"))]);
    plant.all([reverse_movement(made)]);
    assert_eq!(plant.lot("R1").quantity_on_hand, dec("0"));
    plant.check();
}

#[test]
fn what_has_an_opposite_act_is_not_reversed() {
    let plant = Plant::new();
    plant.all([receive("S1", "10"), split_lot(1, "4", "S2")]);
    let split = plant.every::<MaterialTransaction>().pop().unwrap().transaction_id.number();
    refused(plant.lead(reverse_movement(split)), Code::IllegalState);
    let order = plant.made(2);
    let reported = plant.every::<MaterialTransaction>().pop().unwrap();
    assert_eq!((reported.transaction_type, reported.work_order_id), (Type::Production, Some(Id::new(order))));
    refused(plant.lead(reverse_movement(reported.transaction_id.number())), Code::IllegalState);
}

#[test]
fn a_receipt_is_not_reversed_once_its_sheets_are_used() {
    let plant = Plant::new();
    let order = plant.running(10);
    let receipt = plant.all([receive("S1", "10")]);
    plant.all([issue(order, "S1", "1")]);
    refused(plant.lead(reverse_movement(receipt)), Code::Insufficient);
    plant.check();
}

#[test]
fn numbers_beyond_the_books_are_refused_and_not_wrapped() {
    let plant = Plant::new();
    plant.all([receive("S1", "99999999999.9999")]);
    refused(plant.lead(receive("S1", "1")), Code::Invalid);
    assert_eq!(plant.lot("S1").quantity_on_hand, dec("99999999999.9999"));
    plant.check();
}

#[test]
fn the_books_of_a_closed_order_are_shut_to_reversals() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let order = plant.made(5);
    let issued = plant.all([issue(order, "S1", "2")]);
    plant.all([finish_operation(order, 10), finish_operation(order, 20), finish_operation(order, 30), complete(order), close(order)]);
    refused(plant.lead(reverse_movement(issued)), Code::IllegalState);
    plant.all([reopen(order), reverse_movement(issued)]);
}

#[test]
fn reversing_a_return_does_not_issue_material_to_a_cancelled_order() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let order = plant.running(5);
    plant.all([issue(order, "S1", "2")]);
    let returned = plant.all([give_back(order, "S1", "2")]);
    plant.all([cancel(order)]);
    refused(plant.lead(reverse_movement(returned)), Code::IllegalState);
}

#[test]
fn reversing_a_return_takes_nothing_from_a_held_lot() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let order = plant.running(5);
    plant.all([issue(order, "S1", "2")]);
    let returned = plant.all([give_back(order, "S1", "2")]);
    plant.all([hold_lot(plant.lot("S1").lot_id.number())]);
    refused(plant.lead(reverse_movement(returned)), Code::OnHold);
    plant.all([release_lot(plant.lot("S1").lot_id.number()), reverse_movement(returned)]);
    plant.check();
}
