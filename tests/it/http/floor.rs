//! /api/v1/floor: what people see on the wall follows from what was told, and the day is the plant's.

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::Client;
use crate::plant::*;

fn laser(client: &mut Client) -> Json {
    client.read("/api/v1/floor")["departments"][0]["work_centers"][0].clone()
}

/// The state, and since when.
fn state(client: &mut Client) -> (String, String) {
    let center = laser(client);
    (center["state"].as_str().unwrap().to_owned(), center["since"].as_str().unwrap_or_default().to_owned())
}

fn id_of(record: &Json, column: &str) -> String {
    record[column].as_str().unwrap().to_owned()
}

#[test]
fn a_work_center_is_idle_waits_runs_is_set_up_stands_and_closes() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    assert_eq!(state(&mut lead), ("idle".to_owned(), String::new()));

    let order = id_of(&lead.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 4})), "work_order_id");
    lead.make(&format!("/api/v1/work-orders/{order}/release"), &json!({}));
    lead.make(&format!("/api/v1/work-orders/{order}/operations/10/start"), &json!({}));
    assert_eq!(state(&mut lead), ("waiting".to_owned(), MONDAY.to_owned()));

    let clock_in = json!({"employee_id": "E1", "work_order_id": order, "operation_sequence": 10});
    let labor = id_of(&lead.make("/api/v1/labor-transactions/clock-in", &clock_in), "labor_transaction_id");
    lead.make(&format!("/api/v1/work-orders/{order}/operations/10/report"), &json!({"good_quantity": 3, "scrapped_quantity": 1}));
    let center = laser(&mut lead);
    assert_eq!((center["state"].as_str(), center["people"].as_u64()), (Some("running"), Some(1)));
    assert_eq!(center["labor_transaction_ids"], json!([labor]));
    assert_eq!((center["job"]["product_name"].as_str(), center["job"]["good_quantity"].as_i64(), center["job"]["bad_quantity"].as_i64()), (Some("Bracket"), Some(3), Some(1)));

    let changeover = id_of(&lead.make("/api/v1/changeover-events", &json!({"work_center_id": "LASER", "to_work_order_id": order})), "changeover_id");
    assert_eq!(state(&mut lead).0, "setup");
    site.plant.wait(10);
    let stop = lead.make("/api/v1/downtime-events", &json!({"work_center_id": "LASER", "downtime_reason_description": "lens cracked"}));
    assert_eq!(state(&mut lead), ("down".to_owned(), "2026-03-02T07:10:00Z".to_owned()), "a stop is louder than a setup");
    assert_eq!(laser(&mut lead)["stop"]["downtime_reason_description"], "lens cracked");
    lead.make(&format!("/api/v1/downtime-events/{}/resolve", id_of(&stop, "downtime_id")), &json!({}));
    lead.make(&format!("/api/v1/changeover-events/{changeover}/finish"), &json!({}));
    lead.make(&format!("/api/v1/labor-transactions/{labor}/clock-out"), &json!({}));

    lead.make("/api/v1/downtime-events", &json!({"work_center_id": "LASER", "downtime_category": "maintenance"}));
    assert_eq!(state(&mut lead).0, "planned_stop");
    lead.make("/api/v1/downtime-events/DT-000002/resolve", &json!({}));
    // The day shift ends at 22:00 in Berlin.
    site.plant.wait(14 * 60);
    assert_eq!(state(&mut lead), ("closed".to_owned(), String::new()));
}

#[test]
fn the_day_so_far_begins_at_the_plants_midnight() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let order = site.plant.made(3);
    site.plant.all([finish_operation(order, 10), finish_operation(order, 20), finish_operation(order, 30), complete(order)]);
    let lot = site.plant.work_order(order).lot_number.unwrap();
    let shipment = site.plant.all([plan_shipment(&[(&lot, "2")])]);
    site.plant.all([ship(shipment)]);
    let floor = lead.read("/api/v1/floor");
    assert_eq!(floor["day_began"], "2026-03-01T23:00:00Z");
    let figures = |floor: &Json| {
        let names = ["orders_created", "orders_started", "orders_completed", "good_pieces", "bad_pieces", "shipments"];
        names.map(|name| floor["today"][name].as_i64().unwrap())
    };
    assert_eq!(figures(&floor), [1, 1, 1, 3, 0, 1]);
    // 08:00 and 16 hours is the next day in Berlin, though not yet in UTC.
    site.plant.wait(16 * 60);
    assert_eq!(figures(&lead.read("/api/v1/floor")), [0; 6]);
}

#[test]
fn a_machine_that_stands_stops_its_work_center() {
    let site = Site::new();
    site.plant.admin(create(millwright::model::Noun::Machine, &[("machine_name", text("Laser 1"))])).unwrap();
    site.plant.admin(update(millwright::model::Noun::WorkCenter, 1, &[("machine_id", key(millwright::model::Noun::Machine, 1))])).unwrap();
    let mut lead = site.client(Role::Lead);
    lead.make("/api/v1/downtime-events", &json!({"machine_id": "MACH-000001"}));
    assert_eq!(state(&mut lead).0, "down");
}
