//! /api/v1/work-orders: the whole life of an order, as a planner and an operator drive it.

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::Client;

const ORDERS: &str = "/api/v1/work-orders";

fn new_order(client: &mut Client, planned: i64) -> String {
    let order = client.make(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": planned}));
    order["work_order_id"].as_str().unwrap().to_owned()
}

fn act(client: &mut Client, order: &str, act: &str) -> Json {
    client.make(&format!("{ORDERS}/{order}/{act}"), &json!({"reason": "as told"}))
}

fn on(order: &str, sequence: i64, act: &str) -> String {
    format!("{ORDERS}/{order}/operations/{sequence}/{act}")
}

/// Through all operations: all good, each finished.
fn produce(client: &mut Client, order: &str, pieces: i64) {
    for sequence in [10, 20, 30] {
        client.make(&on(order, sequence, "start"), &json!({}));
        client.make(&on(order, sequence, "report"), &json!({"good_quantity": pieces}));
        client.make(&on(order, sequence, "finish"), &json!({}));
    }
}

#[test]
fn a_planner_and_an_operator_drive_an_order_from_created_to_closed() {
    let site = Site::new();
    let (mut planner, mut operator) = (site.client(Role::Planner), site.client(Role::Operator));
    let order = planner.make(ORDERS, &json!({"product_id": "PROD-000001", "planned_quantity": 10}));
    assert_eq!((order["status"].as_str(), order["planned_quantity"].as_i64(), order["work_order_number"].as_str()), (Some("created"), Some(10), order["work_order_id"].as_str()));
    let id = order["work_order_id"].as_str().unwrap();
    assert_eq!(act(&mut planner, id, "release")["status"], "released");
    let plan = json!({"line_id": "LINE-000001", "scheduled_start_time": "2026-03-03T08:00:00+01:00", "scheduled_end_time": "2026-03-03T12:00:00Z"});
    let scheduled = planner.make(&format!("{ORDERS}/{id}/schedule"), &plan);
    assert_eq!((scheduled["status"].as_str(), scheduled["scheduled_start_time"].as_str()), (Some("scheduled"), Some("2026-03-03T07:00:00Z")));
    assert_eq!(act(&mut operator, id, "start")["status"], "in_progress");

    let receipt = json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 100, "supplier_id": "STEEL", "heat_number": "H77",
        "certificate_of_analysis": "C-1", "supplier_lot_number": "SL-1"});
    assert_eq!(operator.make("/api/v1/material-transactions", &receipt)["lot_number"], "S1");
    let issue = operator.make("/api/v1/material-transactions", &json!({"transaction_type": "issue", "work_order_id": id, "lot_number": "S1", "quantity": 4.5}));
    assert_eq!((issue["quantity"].to_string(), issue["unit_of_measure"].as_str()), ("4.5".to_owned(), Some("SHEET")));

    operator.make(&on(id, 10, "start"), &json!({"employee_id": "E1"}));
    let report = operator.make(&on(id, 10, "report"), &json!({"good_quantity": 7, "rejected_quantity": 1, "scrapped_quantity": 1, "rework_quantity": 1}));
    assert_eq!(report["operation_sequence"], 10);
    let first = operator.read(&format!("{ORDERS}/{id}/operations"))["data"][0].clone();
    assert_eq!(
        ["completed_quantity", "rejected_quantity", "scrapped_quantity", "rework_quantity"].map(|name| first[name].as_i64().unwrap()),
        [7, 1, 1, 1],
        "reports are increments"
    );
    operator.make(&on(id, 20, "start"), &json!({}));
    operator.make(&on(id, 20, "report"), &json!({"good_quantity": 3}));
    operator.make(&on(id, 20, "report"), &json!({"good_quantity": 4}));
    operator.make(&on(id, 30, "start"), &json!({}));

    assert_eq!(operator.make(&format!("{ORDERS}/{id}/hold"), &json!({"reason": "crack in the weld"}))["status"], "on_hold");
    operator.refused(&on(id, 30, "report"), &json!({"good_quantity": 1}), "on_hold");
    assert_eq!(act(&mut planner, id, "resume")["status"], "in_progress");

    operator.make(&on(id, 30, "report"), &json!({"good_quantity": 7}));
    for sequence in [10, 20, 30] {
        operator.make(&on(id, sequence, "finish"), &json!({}));
    }
    assert_eq!(act(&mut operator, id, "complete")["status"], "completed");
    let closed = act(&mut planner, id, "close");
    assert_eq!(closed["status"], "closed");
    assert_eq!((closed["good_quantity"].as_i64(), closed["produced_quantity"].as_i64()), (Some(7), Some(10)));
    let history = site.client(Role::Lead).read(&format!("{ORDERS}/{id}/history?limit=1000"));
    let hold = history["data"].as_array().unwrap().iter().find(|step| step["command"] == "HoldWorkOrder").unwrap().clone();
    assert_eq!((hold["reason"].as_str(), hold["actor"].as_str(), hold["role"].as_str()), (Some("crack in the weld"), Some("operator"), Some("operator")));
    let status = hold["changes"].as_array().unwrap().iter().find(|change| change["field"] == "status").unwrap().clone();
    assert_eq!((status["before"].as_str(), status["after"].as_str()), (Some("in_progress"), Some("on_hold")));
    site.plant.check();
}

#[test]
fn a_part_of_an_order_is_split_off_and_an_order_is_cancelled() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let id = new_order(&mut planner, 10);
    let child = planner.make(&format!("{ORDERS}/{id}/split"), &json!({"quantity": 4}));
    assert_eq!((child["planned_quantity"].as_i64(), child["parent_work_order_id"].as_str(), child["order_type"].as_str()), (Some(4), Some(id.as_str()), Some("split")));
    assert_eq!(planner.read(&format!("{ORDERS}/{id}"))["planned_quantity"], 6);
    assert_eq!(act(&mut planner, child["work_order_id"].as_str().unwrap(), "cancel")["status"], "cancelled");
    planner.refused(&format!("{ORDERS}/{id}/split"), &json!({"quantity": 6}), "insufficient");
    site.plant.check();
}

#[test]
fn a_rework_order_has_its_parent_and_takes_no_more_than_was_sent_to_rework() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let id = new_order(&mut lead, 10);
    act(&mut lead, &id, "release");
    lead.make(&on(&id, 10, "start"), &json!({}));
    lead.make(&on(&id, 10, "report"), &json!({"good_quantity": 7, "rework_quantity": 3}));
    let rework = |pieces: i64| json!({"product_id": "BRACKET", "planned_quantity": pieces, "order_type": "rework", "parent_work_order_id": id});
    lead.refused(ORDERS, &rework(4), "insufficient");
    let order = lead.make(ORDERS, &rework(3));
    assert_eq!((order["order_type"].as_str(), order["parent_work_order_id"].as_str()), (Some("rework"), Some(id.as_str())));
    act(&mut lead, order["work_order_id"].as_str().unwrap(), "release");
    let trace = lead.read(&format!("{ORDERS}/{id}/trace?direction=forward"));
    assert!(trace["edges"].as_array().unwrap().iter().any(|edge| edge["from"] == json!(id) && edge["to"] == order["work_order_id"]), "{trace}");
    site.plant.check();
}

#[test]
fn a_wrong_report_is_reversed_once_and_only_by_a_lead() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let id = new_order(&mut lead, 10);
    act(&mut lead, &id, "release");
    lead.make(&on(&id, 10, "start"), &json!({}));
    let report = lead.make(&on(&id, 10, "report"), &json!({"good_quantity": 5}));
    let path = format!("/api/v1/operation-reports/{}/reverse", report["report_id"].as_str().unwrap());
    site.client(Role::Operator).refused(&path, &json!({"reason": "typo"}), "forbidden");
    let reversal = lead.make(&path, &json!({"reason": "typo"}));
    assert_eq!((reversal["reverses"].as_str(), reversal["good_quantity"].as_i64()), (report["report_id"].as_str(), Some(-5)));
    assert_eq!(lead.read(&format!("{ORDERS}/{id}/operations"))["data"][0]["completed_quantity"], 0);
    lead.refused(&path, &json!({"reason": "again"}), "illegal_state");
    site.plant.check();
}

#[test]
fn an_order_is_reopened_with_a_reason_and_not_without() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let id = new_order(&mut lead, 2);
    act(&mut lead, &id, "release");
    produce(&mut lead, &id, 2);
    act(&mut lead, &id, "complete");
    act(&mut lead, &id, "close");
    let refusal = lead.refused(&format!("{ORDERS}/{id}/reopen"), &json!({}), "invalid");
    assert_eq!(refusal.json()["field"], "reason");
    assert_eq!(act(&mut lead, &id, "reopen")["status"], "in_progress");
    let newest = lead.read(&format!("{ORDERS}/{id}/history?limit=1"))["data"][0].clone();
    assert_eq!((newest["command"].as_str(), newest["reason"].as_str()), (Some("ReopenWorkOrder"), Some("as told")));
}

#[test]
fn an_order_is_found_by_its_id_and_by_the_number_people_gave_it() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let order = planner.make(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": 1, "work_order_number": "J/26 001 ä"}));
    let by_id = planner.read(&format!("{ORDERS}/{}", order["work_order_id"].as_str().unwrap()));
    let by_number = planner.read(&format!("{ORDERS}/J%2F26%20001%20%C3%A4"));
    assert_eq!(by_id, by_number);
    assert_eq!(planner.make(&format!("{ORDERS}/J%2F26%20001%20%C3%A4/release"), &json!({}))["status"], "released");
    planner.refused(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": 1, "work_order_number": "J/26 001 ä"}), "duplicate");
}

#[test]
fn a_stale_version_is_refused_and_the_newest_is_taken() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let id = new_order(&mut planner, 5);
    let path = format!("{ORDERS}/{id}");
    let read = planner.get(&path);
    let etag = read.header("etag").unwrap().to_owned();
    assert_eq!(etag, format!("\"{}\"", read.json()["seq"]));
    assert_eq!(planner.send("GET", &path, &[("If-None-Match", &etag)], b"").unwrap().status, 304);
    let changed = planner.ask("PATCH", &path, &[("If-Match", &etag)], &json!({"priority": 1}));
    assert_eq!(changed.status, 200, "{}", changed.text());
    let newest = changed.header("etag").unwrap().to_owned();
    assert_ne!(newest, etag);
    let head = site.plant.head();
    for act in ["release", "hold", "cancel"] {
        let stale = planner.ask("POST", &format!("{path}/{act}"), &[("If-Match", &etag)], &json!({"reason": "x"}));
        assert_eq!((stale.status, stale.code().as_str()), (412, "stale"));
    }
    assert_eq!(planner.ask("PATCH", &path, &[("If-Match", &etag)], &json!({"priority": 2})).status, 412);
    assert_eq!(planner.ask("PATCH", &path, &[("If-Match", "\"x\"")], &json!({"priority": 2})).status, 422);
    assert_eq!(site.plant.head(), head);
    assert_eq!(planner.ask("POST", &format!("{path}/release"), &[("If-Match", &newest)], &json!({})).status, 200);
}

#[test]
fn the_same_key_gives_the_same_answer_and_another_body_is_refused() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let key = [("Idempotency-Key", "k-1")];
    let body = json!({"product_id": "BRACKET", "planned_quantity": 5});
    let first = planner.ask("POST", ORDERS, &key, &body);
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    let head = site.plant.head();
    let again = planner.ask("POST", ORDERS, &key, &body);
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("millwright-seq"), first.header("millwright-seq"));
    let other = planner.ask("POST", ORDERS, &key, &json!({"product_id": "BRACKET", "planned_quantity": 6}));
    assert_eq!((other.status, other.code().as_str()), (409, "key_reused"));
    let elsewhere = planner.ask("POST", &format!("{ORDERS}/{}/release", first.json()["work_order_id"].as_str().unwrap()), &key, &json!({}));
    assert_eq!(elsewhere.code(), "key_reused");
    assert_eq!(site.plant.head(), head);
    // A key is its caller's own.
    assert_eq!(site.client(Role::Manager).ask("POST", ORDERS, &key, &json!({"product_id": "BRACKET", "planned_quantity": 6})).status, 201);
}

#[test]
fn the_same_key_with_another_reason_or_time_is_another_body() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let id = new_order(&mut planner, 5);
    let path = format!("{ORDERS}/{id}/hold");
    let key = [("Idempotency-Key", "k-2")];
    assert_eq!(planner.ask("POST", &path, &key, &json!({"reason": "no steel"})).status, 200);
    assert_eq!(planner.ask("POST", &path, &key, &json!({"reason": "no steel"})).header("idempotency-replayed"), Some("true"));
    for body in [json!({"reason": "broken tool"}), json!({"reason": "no steel", "occurred_at": "2026-03-02T06:30:00Z"})] {
        assert_eq!(planner.ask("POST", &path, &key, &body).code(), "key_reused", "{body}");
    }
}

#[test]
fn many_at_once_with_one_key_make_one_order() {
    let site = Site::new();
    let answers: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            let mut client = site.client(Role::Planner);
            let reply = client.ask("POST", ORDERS, &[("Idempotency-Key", "once")], &json!({"product_id": "BRACKET", "planned_quantity": 3}));
            assert_eq!(reply.status, 201, "{}", reply.text());
            reply.json()["work_order_id"].as_str().unwrap().to_owned()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|id| *id == answers[0]), "{answers:?}");
    assert_eq!(site.client(Role::Planner).all_rows(ORDERS, 100).len(), 1);
}

#[test]
fn what_happened_earlier_is_told_with_its_time_and_shown_in_utc() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let id = new_order(&mut lead, 5);
    act(&mut lead, &id, "release");
    let started = lead.make(&format!("{ORDERS}/{id}/start"), &json!({"occurred_at": "2026-03-02T07:30:00.250+01:00"}));
    assert_eq!(started["actual_start_time"], "2026-03-02T06:30:00.25Z");
    lead.refused(&format!("{ORDERS}/{id}/hold"), &json!({"reason": "x", "occurred_at": "2026-02-01T00:00:00Z"}), "outside_window");
    lead.refused(&format!("{ORDERS}/{id}/hold"), &json!({"reason": "x", "occurred_at": "2026-03-02T09:00:00Z"}), "outside_window");
}
