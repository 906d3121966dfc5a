//! /api/v1/lots and /api/v1/material-transactions: stock, holds and the trace as the contract has it.

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::Client;

const MOVES: &str = "/api/v1/material-transactions";

fn names(json: &Json) -> Vec<&str> {
    json.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Steel S1 became two brackets of one order, which left to ACME.
pub(super) fn shipped(lead: &mut Client) -> (String, String) {
    lead.make(MOVES, &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 10, "supplier_id": "STEEL", "heat_number": "H1"}));
    let order = lead.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 2}));
    let id = order["work_order_id"].as_str().unwrap().to_owned();
    lead.make(&format!("/api/v1/work-orders/{id}/release"), &json!({}));
    lead.make(MOVES, &json!({"transaction_type": "issue", "work_order_id": id, "lot_number": "S1", "quantity": 2}));
    for sequence in [10, 20, 30] {
        lead.make(&format!("/api/v1/work-orders/{id}/operations/{sequence}/start"), &json!({}));
        lead.make(&format!("/api/v1/work-orders/{id}/operations/{sequence}/report"), &json!({"good_quantity": 2}));
    }
    let lot = lead.read(&format!("/api/v1/work-orders/{id}"))["lot_number"].as_str().unwrap().to_owned();
    let lines = json!([{"lot_number": lot, "quantity": 2, "unit_of_measure": "EA"}]);
    let shipment = lead.make("/api/v1/shipments", &json!({"customer_id": "ACME", "lines": lines}));
    lead.make(&format!("/api/v1/shipments/{}/ship", shipment["shipment_id"].as_str().unwrap()), &json!({}));
    (id, lot)
}

#[test]
fn a_trace_has_the_shape_of_the_contract_and_runs_from_source_to_product() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let (order, finished) = shipped(&mut lead);
    let trace = lead.read("/api/v1/lots/S1/trace?direction=both&max_nodes=100");
    for name in ["root", "nodes", "edges", "balance", "truncated", "seq"] {
        assert!(names(&trace).contains(&name), "{name} is missing in {:?}", names(&trace));
    }
    let mut wanted = ["id", "kind", "number", "name", "quantity", "unit", "depth", "status"];
    wanted.sort_unstable();
    for node in trace["nodes"].as_array().unwrap() {
        let mut own = names(node);
        own.sort_unstable();
        assert_eq!(own, wanted);
    }
    for edge in trace["edges"].as_array().unwrap() {
        let mut own = names(edge);
        own.sort_unstable();
        assert_eq!(own, ["from", "quantity", "to", "unit"]);
    }
    let mut balance = names(&trace["balance"]);
    balance.sort_unstable();
    assert_eq!(balance, ["adjusted", "consumed", "gap", "on_hand", "produced", "received", "scrapped", "shipped", "unit"]);
    assert_eq!(["received", "consumed", "on_hand", "gap"].map(|name| trace["balance"][name].to_string()), ["10", "2", "8", "0"].map(str::to_owned), "{}", trace["balance"]);
    let mut kinds: Vec<&str> = trace["nodes"].as_array().unwrap().iter().map(|node| node["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["customer", "lot", "lot", "shipment", "supplier", "work_order"]);
    assert_eq!((trace["truncated"].as_bool(), trace["seq"].as_u64()), (Some(false), Some(site.plant.head().0)));

    let id_of = |number: &str| trace["nodes"].as_array().unwrap().iter().find(|node| node["number"] == json!(number)).unwrap()["id"].clone();
    let edge = |from: &Json, to: &Json| trace["edges"].as_array().unwrap().iter().any(|edge| edge["from"] == *from && edge["to"] == *to);
    assert_eq!(trace["root"], id_of("S1"));
    assert!(edge(&id_of("S1"), &json!(order)) && edge(&json!(order), &id_of(&finished)), "{trace}");

    let forward = lead.read("/api/v1/lots/S1/trace?direction=forward");
    let kinds: Vec<&str> = forward["nodes"].as_array().unwrap().iter().map(|node| node["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"customer") && !kinds.contains(&"supplier"), "{kinds:?}");
    let backward = lead.read(&format!("/api/v1/lots/{finished}/trace?direction=backward"));
    let kinds: Vec<&str> = backward["nodes"].as_array().unwrap().iter().map(|node| node["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"supplier") && !kinds.contains(&"customer"), "{kinds:?}");
}

#[test]
fn a_trace_that_is_cut_short_says_so_and_its_nodes_can_be_paged() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    shipped(&mut lead);
    let cut = lead.read("/api/v1/lots/S1/trace?direction=both&max_nodes=2");
    assert_eq!((cut["truncated"].as_bool(), cut["nodes"].as_array().unwrap().len()), (Some(true), 2));
    let nodes = lead.all_rows("/api/v1/lots/S1/trace/nodes?direction=both", 1);
    let whole = lead.read("/api/v1/lots/S1/trace?direction=both");
    assert_eq!(nodes, whole["nodes"].as_array().unwrap()[1..], "all but the root, in the same order");
    for bad in ["direction=sideways", "max_nodes=-1", "max_nodes=10001", "max_nodes=x"] {
        assert_eq!(lead.get(&format!("/api/v1/lots/S1/trace?{bad}")).status, 422, "{bad}");
    }
}

#[test]
fn a_held_lot_refuses_until_it_is_released_by_whoever_may() {
    let site = Site::new();
    let (mut operator, mut inspector) = (site.client(Role::Operator), site.client(Role::Inspector));
    operator.make(MOVES, &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 10}));
    operator.make("/api/v1/lots/S1/hold", &json!({"reason": "rust"}));
    operator.refused(MOVES, &json!({"transaction_type": "transfer", "lot_number": "S1", "quantity": 10, "to_location": "B2"}), "on_hold");
    operator.refused("/api/v1/lots/S1/split", &json!({"quantity": 1}), "on_hold");
    operator.refused("/api/v1/lots/S1/release", &json!({"reason": "fine"}), "forbidden");
    inspector.make("/api/v1/lots/S1/release", &json!({"reason": "brushed"}));
    operator.make("/api/v1/lots/S1/split", &json!({"quantity": 1}));
    site.plant.check();
}

#[test]
fn decimals_are_json_numbers_with_exactly_the_digits_they_came_with() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    for (at, digits) in ["0.1", "0.0001", "12345678901.2345", "99999999999.9999", "3", "2.5"].iter().enumerate() {
        let body = format!("{{\"transaction_type\":\"receipt\",\"material_code\":\"SHEET\",\"lot_number\":\"D{at}\",\"quantity\":{digits}}}");
        let reply = lead.send("POST", MOVES, &[("Content-Type", "application/json")], body.as_bytes()).unwrap();
        assert_eq!(reply.status, 201, "{digits}: {}", reply.text());
        assert!(reply.text().contains(&format!("\"quantity\":{digits},")), "{digits}: {}", reply.text());
        assert!(lead.get(&format!("/api/v1/lots/D{at}")).text().contains(&format!("\"quantity_on_hand\":{digits},")), "{digits}");
    }
    // Ten times a tenth is one, which no binary fraction would give.
    lead.make(MOVES, &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "T", "quantity": 1}));
    for _ in 0..10 {
        let tenth = b"{\"transaction_type\":\"scrap\",\"lot_number\":\"T\",\"quantity\":0.1}";
        assert_eq!(lead.send("POST", MOVES, &[("Content-Type", "application/json")], tenth).unwrap().status, 201);
    }
    assert_eq!(lead.read("/api/v1/lots/T")["quantity_on_hand"].to_string(), "0");
    site.plant.check();
}

#[test]
fn nobody_issues_more_than_a_lot_holds_even_all_at_once() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    lead.make(MOVES, &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 5}));
    let taken: usize = std::thread::scope(|scope| {
        let take = || {
            let mut client = site.client(Role::Operator);
            (0..3).filter(|_| client.post(MOVES, &json!({"transaction_type": "scrap", "lot_number": "S1", "quantity": 1})).status == 201).count()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 5);
    let refusal = lead.refused(MOVES, &json!({"transaction_type": "scrap", "lot_number": "S1", "quantity": 1}), "insufficient");
    assert_eq!(refusal.status, 409);
    site.plant.check();
}
