//! Shipments: where genealogy reaches a customer.

use millwright::base::{Code, Date, Unit};
use millwright::model::command;
use millwright::model::material::TransactionType;
use millwright::model::shipment::{ShipmentLine, ShipmentStatus};
use millwright::model::{Command, Id, Shipment};

use crate::plant::*;

#[test]
fn shipped_lots_leave_the_plant_once() {
    let plant = Plant::new();
    let order = plant.made(5);
    let lot = plant.work_order(order).lot_number.unwrap();
    let shipment = plant.all([plan_shipment(&[(&lot, "2"), (&lot, "1")])]);
    assert_eq!(plant.lot(&lot).quantity_on_hand, dec("5"), "a plan moves nothing");
    plant.all([ship(shipment)]);
    assert_eq!((plant.lot(&lot).quantity_on_hand, plant.lot(&lot).quantity_shipped), (dec("2"), dec("3")));
    assert_eq!(plant.get::<Shipment>(shipment).status, ShipmentStatus::Shipped);
    refused(plant.lead(ship(shipment)), Code::IllegalState);
    refused(plant.lead(Command::CancelShipment(command::CancelShipment { shipment_id: Id::new(shipment) })), Code::IllegalState);
    plant.check();
}

#[test]
fn a_lot_is_planned_for_no_more_than_it_has_free() {
    let plant = Plant::new();
    let order = plant.made(5);
    let lot = plant.work_order(order).lot_number.unwrap();
    let before = plant.head();
    let refusal = refused(plant.lead(plan_shipment(&[(&lot, "6")])), Code::Insufficient);
    assert_eq!(refusal.detail, format!("lot {lot} has 5 EA on hand, and 6 EA are asked for"));
    refused(plant.lead(plan_shipment(&[(&lot, "3"), (&lot, "3")])), Code::Insufficient);
    assert_eq!(plant.head(), before, "lines of one lot are counted together");
    let first = plant.all([plan_shipment(&[(&lot, "4")])]);
    let refusal = refused(plant.lead(plan_shipment(&[(&lot, "2")])), Code::Insufficient);
    assert_eq!(refusal.detail, format!("lot {lot} has 5 EA on hand, 4 of them planned to be shipped, and 2 EA are asked for"));
    // The id's text names the same lot.
    refused(plant.lead(plan_shipment(&[(&plant.lot(&lot).lot_id.to_string(), "2")])), Code::Insufficient);
    plant.all([plan_shipment(&[(&lot, "1")]), Command::CancelShipment(command::CancelShipment { shipment_id: Id::new(first) }), plan_shipment(&[(&lot, "4")])]);
    plant.check();
}

#[test]
fn what_was_planned_and_is_not_there_any_more_is_not_shipped() {
    let plant = Plant::new();
    plant.all([receive("S1", "5")]);
    let shipment = plant.all([sheets("S1", "4")]);
    plant.all([moves(movement(TransactionType::Scrap, "S1", "2"))]);
    let before = plant.head();
    refused(plant.lead(ship(shipment)), Code::Insufficient);
    assert_eq!(plant.head(), before);
    plant.check();
}

#[test]
fn held_and_expired_lots_are_not_planned() {
    let plant = Plant::new();
    let good_until = |lot: &str, day: &str| moves(command::RecordMaterialTransaction { expiry_date: Some(date(day)), ..receipt_of("SHEET", lot, "5") });
    plant.all([receive("HELD", "5"), good_until("OLD", "2026-03-01"), good_until("TODAY", "2026-03-02"), hold_lot(1)]);
    let refusal = refused(plant.lead(sheets("HELD", "1")), Code::OnHold);
    assert!(refusal.detail.contains("HELD"), "{refusal}");
    let refusal = refused(plant.lead(sheets("OLD", "1")), Code::OnHold);
    assert!(refusal.detail.contains("OLD expired on 2026-03-01"), "{refusal}");
    let tomorrow = |lot: &str| leaving(lot, Some(date("2026-03-03")));
    let refusal = refused(plant.lead(tomorrow("TODAY")), Code::OnHold);
    assert_eq!(refusal.field.as_deref(), Some("planned_date"), "{refusal}");
    plant.all([sheets("TODAY", "1"), release_lot(1), tomorrow("HELD")]);
}

fn leaving(lot: &str, planned_date: Option<Date>) -> Command {
    let mut planned = sheets(lot, "1");
    if let Command::CreateShipment(shipment) = &mut planned {
        shipment.planned_date = planned_date;
    }
    planned
}

fn sheets(lot: &str, quantity: &str) -> Command {
    let line = ShipmentLine { lot_number: lot.to_owned(), quantity: dec(quantity), unit_of_measure: Unit::Sheet };
    Command::CreateShipment(command::CreateShipment { customer_id: Id::new(1), lines: vec![line], ..Default::default() })
}

#[test]
fn a_shipment_names_lots_quantities_and_units_that_exist() {
    let plant = Plant::new();
    plant.all([receive("S1", "5")]);
    refused(plant.lead(plan_shipment(&[])), Code::Invalid);
    refused(plant.lead(plan_shipment(&[("S9", "1")])), Code::NotFound);
    let line = |quantity: &str, unit_of_measure| {
        let line = ShipmentLine { lot_number: "S1".to_owned(), quantity: dec(quantity), unit_of_measure };
        Command::CreateShipment(command::CreateShipment { customer_id: Id::new(1), lines: vec![line], ..Default::default() })
    };
    refused(plant.lead(line("0", Unit::Sheet)), Code::Invalid);
    refused(plant.lead(line("-1", Unit::Sheet)), Code::Invalid);
    refused(plant.lead(line("1", Unit::L)), Code::UnitMismatch);
    let shipment = plant.all([line("20", Unit::Kg)]);
    plant.all([ship(shipment)]);
    assert_eq!(plant.lot("S1").quantity_on_hand, dec("4"));
}

#[test]
fn a_cancelled_shipment_is_not_shipped() {
    let plant = Plant::new();
    plant.all([moves(receipt_of("SHEET", "S1", "5"))]);
    let shipment = plant.all([sheets("S1", "1")]);
    plant.all([Command::CancelShipment(command::CancelShipment { shipment_id: Id::new(shipment) })]);
    refused(plant.lead(ship(shipment)), Code::IllegalState);
}
