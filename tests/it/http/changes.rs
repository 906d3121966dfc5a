//! /api/v1/changes, /api/v1/events and histories: what happened, in order, and nothing twice.

use std::io::BufReader;
use std::net::TcpStream;

use millwright::model::Role;
use serde_json::json;

use super::Site;
use crate::client::read_chunk;

const ORDERS: &str = "/api/v1/work-orders";

fn make_orders(site: &Site, count: usize) {
    let mut planner = site.client(Role::Planner);
    for _ in 0..count {
        planner.make(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": 1}));
    }
}

/// Ids of the messages of a stream, until one of them is `last`.
fn ids_up_to(stream: &mut BufReader<TcpStream>, last: u64) -> Vec<u64> {
    let (mut text, mut ids) = (String::new(), Vec::new());
    while let Some(chunk) = read_chunk(stream).unwrap() {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        while let Some((message, rest)) = text.split_once("\n\n") {
            let id = message.lines().find_map(|line| line.strip_prefix("id: ")).map(|id| id.parse::<u64>().unwrap());
            let data = message.lines().find_map(|line| line.strip_prefix("data: "));
            if let (Some(id), Some(data)) = (id, data) {
                let entry: serde_json::Value = serde_json::from_str(data).unwrap();
                assert_eq!(entry["seq"].as_u64(), Some(id));
                ids.push(id);
            }
            if id == Some(last) {
                return ids;
            }
            text = rest.to_owned();
        }
    }
    panic!("the stream ended before {last}; it told {ids:?}");
}

#[test]
fn a_cursor_from_before_a_restore_is_refused_with_the_head() {
    let site = Site::new();
    let (mut admin, head) = (site.client(Role::Admin), site.plant.head().0);
    assert_eq!(admin.read(&format!("/api/v1/changes?after={head}"))["read_up_to"], head);
    let (beyond, ends) = ((head + 1).to_string(), format!("the journal ends at {head}, before {}", head + 1));
    let refused = admin.get(&format!("/api/v1/changes?after={beyond}"));
    assert!(refused.status == 409 && refused.text().contains(&ends), "{}", refused.text());
    for (path, headers) in [(format!("/api/v1/events?after={beyond}"), vec![]), ("/api/v1/events".to_owned(), vec![("Last-Event-ID", beyond.as_str())])] {
        let refused = admin.ask("GET", &path, &headers, &json!({}));
        assert!(refused.status == 409 && refused.text().contains(&ends), "{}", refused.text());
    }
}

#[test]
fn the_feed_gives_every_entry_once_in_order_whatever_the_page() {
    let site = Site::new();
    make_orders(&site, 5);
    let mut admin = site.client(Role::Admin);
    let head = site.plant.head().0;
    for limit in [1, 3, 1_000] {
        let (mut after, mut seqs) = (0, Vec::new());
        loop {
            let page = admin.read(&format!("/api/v1/changes?after={after}&limit={limit}"));
            seqs.extend(page["data"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()));
            after = page["read_up_to"].as_u64().unwrap();
            if page["next_cursor"].is_null() {
                break;
            }
        }
        assert_eq!(seqs, (1..=head).collect::<Vec<_>>());
    }
    let text = admin.get("/api/v1/changes?limit=1000").text();
    assert!(!text.contains(super::PASSWORD) && !text.contains("mw_test_"), "a secret is in the journal");
}

#[test]
fn a_stream_that_is_resumed_tells_exactly_what_was_missed_and_goes_on() {
    let site = Site::new();
    let start = site.plant.head().0;
    let mut client = site.client(Role::Planner);
    let (status, mut stream) = client.open_stream("/api/v1/events", &[]);
    assert_eq!(status, 200);
    make_orders(&site, 3);
    assert_eq!(ids_up_to(&mut stream, start + 3), [start + 1, start + 2, start + 3]);
    drop(stream);
    make_orders(&site, 4);
    let (_, mut stream) = client.open_stream("/api/v1/events", &[("Last-Event-ID", &(start + 3).to_string())]);
    assert_eq!(ids_up_to(&mut stream, start + 7), [start + 4, start + 5, start + 6, start + 7]);
    make_orders(&site, 1);
    assert_eq!(ids_up_to(&mut stream, start + 8), [start + 8]);
    let (_, mut stream) = client.open_stream(&format!("/api/v1/events?after={start}"), &[]);
    assert_eq!(ids_up_to(&mut stream, start + 8).len(), 8);
}

#[test]
fn a_stream_tells_only_the_wanted_events_and_only_what_its_role_may_read() {
    let site = Site::new();
    let head = site.plant.head().0;
    let mut planner = site.client(Role::Planner);
    let order = planner.make(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": 1}));
    planner.make(&format!("{ORDERS}/{}/release", order["work_order_id"].as_str().unwrap()), &json!({}));
    site.client(Role::Admin).make("/api/v1/employees", &json!({"employee_code": "E77"}));
    let order = planner.make(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": 1}));
    planner.make(&format!("{ORDERS}/{}/release", order["work_order_id"].as_str().unwrap()), &json!({}));
    let (_, mut stream) = planner.open_stream(&format!("/api/v1/events?after={head}&events=work_order.released"), &[]);
    assert_eq!(ids_up_to(&mut stream, head + 5), [head + 2, head + 5]);
    let (_, mut stream) = site.client(Role::Operator).open_stream(&format!("/api/v1/events?after={head}"), &[]);
    assert_eq!(ids_up_to(&mut stream, head + 5), [head + 1, head + 2, head + 4, head + 5]);
}

#[test]
fn a_history_names_who_when_why_and_each_change_newest_first() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let order = lead.make(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": 1}));
    let path = format!("{ORDERS}/{}", order["work_order_id"].as_str().unwrap());
    for priority in 1..=4 {
        let reply = lead.ask("PATCH", &path, &[("Millwright-Terminal", "T-7")], &json!({"priority": priority, "reason": format!("why {priority}")}));
        assert_eq!(reply.status, 200);
    }
    let steps = lead.all_rows(&format!("{path}/history"), 2);
    assert_eq!(steps.len(), 5);
    let seqs: Vec<u64> = steps.iter().map(|step| step["seq"].as_u64().unwrap()).collect();
    assert!(seqs.is_sorted_by(|left, right| left > right), "{seqs:?}");
    let newest = &steps[0];
    assert_eq!((newest["actor"].as_str(), newest["reason"].as_str(), newest["terminal"].as_str()), (Some("lead"), Some("why 4"), Some("T-7")));
    assert!(newest["recorded_at"].as_str().unwrap().ends_with('Z'));
    let change = newest["changes"].as_array().unwrap().iter().find(|change| change["field"] == "priority").unwrap();
    assert_eq!((change["before"].as_i64(), change["after"].as_i64()), (Some(3), Some(4)));
    assert_eq!(lead.get(&format!("{path}/history?cursor=x")).status, 422);
    assert_eq!(lead.get(&format!("{ORDERS}/WO-999999/history")).status, 404);
}
