//! `?as_of=`: records and their lists as the plant knew them, by entry or by time.

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;

fn numbers(list: &Json, column: &str) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|row| row[column].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_order_its_operations_and_its_lot_are_shown_as_they_were_known() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let head = || *site.plant.engine.head().borrow();
    let empty = head();
    let receipt = json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 10, "supplier_id": "STEEL", "heat_number": "H1"});
    lead.make("/api/v1/material-transactions", &receipt);
    let order = lead.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 2}));
    let path = format!("/api/v1/work-orders/{}", order["work_order_id"].as_str().unwrap());
    let (made, at) = (head(), site.plant.engine.plant_now());
    site.plant.wait(5);
    lead.make(&format!("{path}/release"), &json!({}));
    lead.make("/api/v1/material-transactions", &json!({"transaction_type": "issue", "work_order_id": order["work_order_id"], "lot_number": "S1", "quantity": 4}));
    lead.make(&format!("{path}/operations/10/start"), &json!({}));

    let now = lead.read(&path);
    assert_eq!(now["status"], "in_progress");
    for moment in [made.to_string(), at.to_string()] {
        let then = lead.read(&format!("{path}?as_of={moment}"));
        assert_eq!((&then["status"], &then["lot_number"], then["seq"].as_u64()), (&json!("created"), &Json::Null, Some(made)), "{moment}: {then}");
        assert_eq!(lead.read(&format!("{path}/operations?as_of={moment}"))["data"], json!([]), "operations were made at release");
        assert_eq!(lead.read(&format!("/api/v1/lots/S1?as_of={moment}"))["quantity_on_hand"], json!(10));
    }
    assert_eq!(lead.read("/api/v1/lots/S1")["quantity_on_hand"], json!(6));
    assert_eq!(lead.read(&format!("{path}?as_of={}", head())), now, "as of the newest entry it is as it is");

    // A filter on an indexed column is judged by what the column held then.
    let created = |as_of: &str| format!("/api/v1/work-orders?status=created{as_of}");
    assert_eq!(numbers(&lead.read(&created("")), "work_order_id"), Vec::<String>::new());
    assert_eq!(numbers(&lead.read(&created(&format!("&as_of={made}"))), "work_order_id"), [order["work_order_id"].as_str().unwrap()]);
    assert_eq!(numbers(&lead.read(&format!("/api/v1/lots?sort=-quantity_on_hand&as_of={made}")), "lot_number"), ["S1"]);
    assert_eq!(lead.read(&format!("/api/v1/work-orders?as_of={empty}"))["data"], json!([]));

    let never = lead.get(&format!("{path}?as_of={empty}"));
    assert_eq!(never.status, 404, "{}", never.text());
    assert!(never.text().contains("there was no"), "{}", never.text());
}

#[test]
fn who_may_not_read_history_reads_no_former_values_either() {
    let site = Site::new();
    let mut operator = site.client(Role::Operator);
    let head = *site.plant.engine.head().borrow();
    for path in ["work-orders", "materials/SHEET", "schedule"] {
        assert_eq!(operator.get(&format!("/api/v1/{path}")).status, 200, "{path}");
        let refused = operator.get(&format!("/api/v1/{path}?as_of={head}"));
        assert!(refused.status == 403 && refused.text().contains("ReadHistory"), "{path}: {} {}", refused.status, refused.text());
        assert_eq!(site.client(Role::Lead).get(&format!("/api/v1/{path}?as_of={head}")).status, 200, "{path}");
    }
}

#[test]
fn what_is_no_moment_is_refused_and_so_is_a_past_where_there_is_none() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    for (moment, words) in [("yesterday", "an entry of the journal"), ("1000000", "the journal ends with")] {
        let refused = lead.get(&format!("/api/v1/work-orders?as_of={moment}"));
        assert!(refused.status == 422 && refused.text().contains(words), "{moment}: {} {}", refused.status, refused.text());
    }
    for path in ["/api/v1/telemetry/query?machine=LASER-1&as_of=3", "/api/v1/telemetry/last?as_of=3", "/api/v1/floor?as_of=3", "/api/v1/machines/1/state?as_of=3"] {
        let refused = lead.get(path);
        assert!(refused.status == 400 && refused.text().contains("shows the newest only"), "{path}: {} {}", refused.status, refused.text());
    }
}
