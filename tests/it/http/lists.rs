//! Lists of every noun: pages, filters, sorting, cursors.

use millwright::model::{Noun, Role, noun::Class};
use serde_json::json;

use super::Site;

const ORDERS: &str = "/api/v1/work-orders";

fn with_orders(count: i64) -> Site {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    for at in 1..=count {
        let order = planner.make(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": 1 + at % 4, "priority": 1 + at % 3}));
        if at % 5 == 0 {
            planner.make(&format!("{ORDERS}/{}/release", order["work_order_id"].as_str().unwrap()), &json!({}));
        }
    }
    site
}

#[test]
fn every_public_noun_has_its_list_and_its_records_carry_their_id() {
    let site = Site::new();
    let mut admin = site.client(Role::Admin);
    let mut seen = 0;
    for noun in Noun::ALL.iter().filter(|noun| noun.class() == Class::Public) {
        let page = admin.read(&format!("/api/v1/{}?limit=1000", noun.kebab()));
        assert!(page["next_cursor"].is_null() && page.as_object().unwrap().len() == 2, "{noun:?}: {page}");
        let id = millwright::model::columns(*noun)[0].name;
        for row in page["data"].as_array().unwrap() {
            let one = admin.read(&format!("/api/v1/{}/{}", noun.kebab(), row[id].as_str().unwrap()));
            assert_eq!(one, *row);
            seen += 1;
        }
    }
    assert!(seen > 20);
    assert_eq!(admin.read("/api/v1/departments"), admin.read("/api/v1/production-lines"));
    assert_eq!(admin.read("/api/v1/sites"), admin.read("/api/v1/factories"));
}

#[test]
fn pages_of_any_size_and_order_hold_every_row_once() {
    let site = with_orders(23);
    let mut planner = site.client(Role::Planner);
    let whole: Vec<String> = planner.all_rows(ORDERS, 1_000).iter().map(|row| row["work_order_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(whole.len(), 23);
    for sort in ["", "?sort=-work_order_id", "?sort=priority", "?sort=-priority", "?sort=planned_quantity", "?sort=customer_id", "?sort=-created_at", "?sort=actual_start_time"] {
        for limit in [1, 2, 7, 23, 24] {
            let mut ids: Vec<String> = planner.all_rows(&format!("{ORDERS}{sort}"), limit).iter().map(|row| row["work_order_id"].as_str().unwrap().to_owned()).collect();
            ids.sort_unstable();
            assert_eq!(ids, whole, "{sort} by {limit}");
        }
    }
    let priorities: Vec<i64> = planner.all_rows(&format!("{ORDERS}?sort=-priority"), 4).iter().map(|row| row["priority"].as_i64().unwrap()).collect();
    assert!(priorities.is_sorted_by(|left, right| left >= right), "{priorities:?}");
    let falling: Vec<String> = planner.all_rows(&format!("{ORDERS}?sort=-work_order_id"), 5).iter().map(|row| row["work_order_id"].as_str().unwrap().to_owned()).collect();
    assert!(falling.is_sorted_by(|left, right| left > right));
}

#[test]
fn filters_answer_what_a_scan_of_all_rows_would() {
    let site = with_orders(23);
    let mut planner = site.client(Role::Planner);
    let all = planner.all_rows(ORDERS, 1_000);
    type Wanted = fn(&serde_json::Value) -> bool;
    let cases: &[(&str, Wanted)] = &[
        ("status=released", |row| row["status"] == "released"),
        ("status.ne=released", |row| row["status"] != "released"),
        ("priority.lte=2", |row| row["priority"].as_i64().unwrap() <= 2),
        ("priority.gt=1&planned_quantity.gte=3", |row| row["priority"].as_i64().unwrap() > 1 && row["planned_quantity"].as_i64().unwrap() >= 3),
        ("planned_quantity.lt=2", |row| row["planned_quantity"].as_i64().unwrap() < 2),
        ("product_id=BRACKET", |_| true),
        ("product_id=PROD-000001&status=created", |row| row["status"] == "created"),
        ("customer_id=", |_| true),
        ("customer_id=ACME", |_| false),
        ("customer_id=NOBODY", |_| false),
        ("work_order_number.contains=00001", |row| row["work_order_number"].as_str().unwrap().contains("00001")),
    ];
    for (query, wanted) in cases {
        let expected: Vec<_> = all.iter().filter(|row| wanted(row)).cloned().collect();
        for limit in [2, 1_000] {
            assert_eq!(planner.all_rows(&format!("{ORDERS}?{query}"), limit), expected, "{query} by {limit}");
        }
    }
}

#[test]
fn a_list_that_is_asked_wrongly_says_what_it_knows() {
    let site = with_orders(3);
    let mut planner = site.client(Role::Planner);
    for (query, status, code) in [
        ("limit=0", 422, "invalid"),
        ("limit=1001", 422, "invalid"),
        ("limit=-1", 422, "invalid"),
        ("limit=ten", 422, "invalid"),
        ("limit=1e3", 422, "invalid"),
        ("cursor=%20", 422, "invalid"),
        ("cursor=AAAA", 422, "invalid"),
        ("cursor=..%2F..", 422, "invalid"),
        ("sort=colour", 400, "malformed"),
        ("sort=", 400, "malformed"),
        ("colour=red", 400, "malformed"),
        ("status.like=re", 400, "malformed"),
        ("status=purple", 422, "invalid"),
        ("priority=NaN", 422, "invalid"),
        ("priority=1e400", 422, "invalid"),
        ("planned_start_date=2026-02-30", 422, "invalid"),
        ("created_at.gt=yesterday", 422, "invalid"),
        ("priority=1&priority=2", 200, ""),
    ] {
        let reply = planner.get(&format!("{ORDERS}?{query}"));
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{query}: {}", reply.text());
    }
}
