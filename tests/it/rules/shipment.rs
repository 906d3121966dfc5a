//! Shipments: where genealogy reaches a customer.

use millwright::base::{Code, Unit};
use millwright::model::command;
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
fn lines_of_one_lot_are_counted_together() {
    let plant = Plant::new();
    let order = plant.made(5);
    let lot = plant.work_order(order).lot_number.unwrap();
    let shipment = plant.all([plan_shipment(&[(&lot, "3"), (&lot, "3")])]);
    let before = plant.head();
    refused(plant.lead(ship(shipment)), Code::Insufficient);
    assert_eq!(plant.head(), before);
    plant.check();
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
    let line = ShipmentLine { lot_number: "S1".to_owned(), quantity: dec("1"), unit_of_measure: Unit::Sheet };
    let shipment = plant.all([Command::CreateShipment(command::CreateShipment { customer_id: Id::new(1), lines: vec![line], ..Default::default() })]);
    plant.all([Command::CancelShipment(command::CancelShipment { shipment_id: Id::new(shipment) })]);
    refused(plant.lead(ship(shipment)), Code::IllegalState);
}
