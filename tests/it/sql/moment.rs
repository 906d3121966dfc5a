//! As of a moment: the same statement over what the plant knew then.

use serde_json::{Value as Json, json};

use super::*;

fn ask(site: &Site, sql: &str, as_of: &Json) -> (u16, Json) {
    let body = json!({"sql": sql, "as_of": as_of}).to_string();
    let reply = site.client(Role::Auditor).send("POST", "/api/v1/sql", &[("Content-Type", "application/json")], body.as_bytes()).unwrap();
    (reply.status, reply.json())
}

#[test]
fn the_past_is_answered_as_it_was_known_also_by_an_index() {
    let site = Site::new();
    let order = site.plant.order(10);
    let then = *site.plant.engine.head().borrow();
    let at = site.plant.engine.plant_now();
    site.plant.wait(5);
    site.plant.admin(release(order)).unwrap();
    site.plant.order(20);
    let sql = "SELECT work_order_number, status, planned_quantity FROM work_orders WHERE status = 'created' ORDER BY 1";
    let (_, now) = ask(&site, sql, &Json::Null);
    assert_eq!(now["data"].as_array().unwrap().len(), 1, "{now}");
    assert_eq!(now["data"][0]["planned_quantity"], json!(20));
    for as_of in [json!(then), json!(then.to_string()), json!(at.to_string())] {
        let (status, past) = ask(&site, sql, &as_of);
        assert_eq!(status, 200, "{past}");
        assert_eq!(past["data"].as_array().unwrap().len(), 1, "{as_of}: {past}");
        assert_eq!(past["data"][0]["planned_quantity"], json!(10));
    }
    let (_, journal) = ask(&site, "SELECT max(seq) AS seq FROM journal", &json!(then));
    assert_eq!(journal["data"][0]["seq"], json!(then));
}

#[test]
fn what_has_no_history_says_so() {
    let site = site();
    for sql in ["SELECT * FROM machine_metrics", "SELECT * FROM trace('SHEET-1', 'both')", "SELECT * FROM oee_hourly"] {
        let (status, problem) = ask(&site, sql, &json!(3));
        assert_eq!(status, 422, "{sql}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("has no history"), "{problem}");
    }
    let (status, problem) = ask(&site, "SELECT 1", &json!(1_000_000));
    assert_eq!(status, 422, "{problem}");
}

#[test]
fn a_connection_sets_its_own_moment_and_no_others() {
    let site = site();
    let statements = ["SET millwright.as_of = '1';", "SELECT count(*) FROM work_orders;", "RESET millwright.as_of;", "SELECT count(*) > 0 FROM work_orders;"];
    let Some(answer) = told(&site, Role::Auditor, &statements) else { return };
    assert_eq!(answer, "SET\n0\nRESET\nt");
    assert_eq!(told(&site, Role::Auditor, &["SHOW millwright.as_of;"]).unwrap(), "");
}
