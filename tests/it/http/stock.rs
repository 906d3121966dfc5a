//! /api/v1/stock: what is there, what open orders need and bring, and which of them is short first.

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::Client;

const MOVES: &str = "/api/v1/material-transactions";

/// A bracket takes half a sheet of 20 kg, and a tenth more for scrap.
fn bill(planner: &mut Client) {
    let lines = json!([{"material_id": "SHEET", "quantity_per_unit": 10, "unit_of_measure": "KG", "scrap_percentage": 10}]);
    planner.make("/api/v1/bills-of-material", &json!({"product_id": "BRACKET", "lines": lines}));
}

fn order(planner: &mut Client, pieces: i64, day: &str) -> String {
    let order = planner.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": pieces}));
    let id = order["work_order_id"].as_str().unwrap().to_owned();
    planner.make(&format!("/api/v1/work-orders/{id}/release"), &json!({}));
    let times = json!({"line_id": "LINE-000001", "scheduled_start_time": format!("{day}T06:00:00Z"), "scheduled_end_time": format!("{day}T12:00:00Z")});
    planner.make(&format!("/api/v1/work-orders/{id}/schedule"), &times);
    id
}

fn receive(planner: &mut Client, lot: &str, quantity: i64, expiry: Option<&str>) {
    planner.make(MOVES, &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": lot, "quantity": quantity, "expiry_date": expiry}));
}

fn row(client: &mut Client, code: &str) -> Json {
    let stock = client.read("/api/v1/stock");
    stock["data"].as_array().unwrap().iter().find(|it| it["material_code"] == code).cloned().unwrap()
}

#[test]
fn stock_is_what_lots_hold_less_what_is_held_or_expired() {
    let site = Site::new();
    let mut planner = site.client(Role::Manager);
    receive(&mut planner, "S1", 10, None);
    receive(&mut planner, "S2", 5, Some("2026-03-10"));
    receive(&mut planner, "S3", 7, Some("2026-03-01"));
    receive(&mut planner, "S4", 3, None);
    planner.make("/api/v1/lots/S4/hold", &json!({"reason": "scratched"}));
    let sheet = row(&mut planner, "SHEET");
    let of = |name: &str| sheet[name].as_i64().unwrap();
    assert_eq!([of("on_hand"), of("available"), of("held"), of("expired"), of("lots")], [25, 15, 3, 7, 4]);
    assert_eq!((sheet["next_expiry"].as_str(), sheet["first_short"].is_null(), of("needed")), (Some("2026-03-10"), true, 0));
}

#[test]
fn the_order_that_comes_too_late_for_the_material_is_named_with_its_time_and_what_is_lacking() {
    let site = Site::new();
    let mut planner = site.client(Role::Manager);
    bill(&mut planner);
    receive(&mut planner, "S1", 10, None);
    // 10 brackets: 110 kg, 5.5 sheets. Two such orders need 11, and there are 10.
    let later = order(&mut planner, 10, "2026-03-04");
    let sooner = order(&mut planner, 10, "2026-03-03");
    let sheet = row(&mut planner, "SHEET");
    assert_eq!((&sheet["needed"], &sheet["lacking"]), (&json!(11), &json!(1)));
    assert_eq!((&sheet["first_short"]["work_order_id"], &sheet["first_short"]["at"]), (&json!(later), &json!("2026-03-04T06:00:00Z")));

    let one = planner.read("/api/v1/materials/SHEET/stock");
    let uses: Vec<(&Json, &Json, &Json)> = one["uses"].as_array().unwrap().iter().map(|it| (&it["work_order_id"], &it["quantity"], &it["balance"])).collect();
    assert_eq!(uses, [(&json!(sooner), &json!(-5.5), &json!(4.5)), (&json!(later), &json!(-5.5), &json!(-1))]);
    assert_eq!(one["products"][0]["product_name"], "Bracket");

    // What was issued is needed no more, and is gone from the stock: the other order is as short as before.
    planner.make(MOVES, &json!({"transaction_type": "issue", "work_order_id": sooner, "lot_number": "S1", "quantity": 5.5}));
    let sheet = row(&mut planner, "SHEET");
    assert_eq!([&sheet["needed"], &sheet["available"], &sheet["lacking"]], [&json!(5.5), &json!(4.5), &json!(1)]);
    // A delivery puts it right.
    receive(&mut planner, "S2", 1, None);
    assert_eq!(row(&mut planner, "SHEET")["first_short"], Json::Null);
    // A cancelled order needs nothing.
    planner.make(&format!("/api/v1/work-orders/{later}/cancel"), &json!({"reason": "not wanted"}));
    assert_eq!(row(&mut planner, "SHEET")["needed"], json!(0));
}

#[test]
fn what_an_order_makes_comes_at_its_end_and_a_minimum_is_told() {
    let site = Site::new();
    let mut planner = site.client(Role::Manager);
    planner.ask("PATCH", "/api/v1/materials/SHEET", &[], &json!({"safety_stock": 20}));
    receive(&mut planner, "S1", 19, None);
    assert_eq!(row(&mut planner, "SHEET")["below_minimum"], true);
    receive(&mut planner, "S2", 1, None);
    assert_eq!(row(&mut planner, "SHEET")["below_minimum"], false);
    order(&mut planner, 4, "2026-03-03");
    let made = planner.read("/api/v1/stock")["data"].as_array().unwrap().iter().find(|it| it["incoming"] == 4).cloned().unwrap();
    assert_eq!(made["material_type"], "finished_good");
}

#[test]
fn an_operator_reads_stock_and_an_unknown_material_is_refused() {
    let site = Site::new();
    let mut operator = site.client(Role::Operator);
    assert_eq!(operator.read("/api/v1/stock")["cut"], false);
    assert_eq!(operator.get("/api/v1/materials/NO-SUCH/stock").status, 404);
    assert_eq!(site.stranger().get("/api/v1/stock").status, 401);
}
