//! /api/v1/imports: a file looked at, brought in, and brought in again.

use millwright::model::Role;

use super::Site;
use crate::client::Client;

const CUSTOMERS: &[u8] = b"customer_code,customer_name\nC-1,Kitchens\nC-2,Doors\n,\nC-3,Stairs\n";

fn bring(client: &mut Client, query: &str, file: &[u8]) -> crate::client::Reply {
    client.send("POST", &format!("/api/v1/imports/{query}"), &[("Content-Type", "text/csv")], file).unwrap()
}

#[test]
fn a_file_is_previewed_without_a_trace_then_brought_in_once() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let before = site.plant.head();
    let preview = bring(&mut planner, "customers?dry_run=true&file_name=c.csv", CUSTOMERS);
    assert_eq!(preview.status, 200, "{}", preview.text());
    assert_eq!(site.plant.head(), before, "a preview left a trace");
    let real = bring(&mut planner, "customers?file_name=c.csv", CUSTOMERS);
    assert_eq!(real.status, 200, "{}", real.text());
    assert_eq!(planner.read("/api/v1/customers?limit=1000")["data"].as_array().unwrap().len(), 4);
    assert_eq!(preview.json()["created"], real.json()["created"], "{} {}", preview.text(), real.text());
    let head = site.plant.head();
    let again = bring(&mut planner, "customers?file_name=c.csv", CUSTOMERS);
    assert_eq!(again.status, 200);
    assert_eq!(site.plant.head(), head, "the same file changed something the second time: {}", again.text());
}

#[test]
fn a_file_that_cannot_be_read_is_refused_whole() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let before = site.plant.head();
    for (query, file) in [
        ("customers?file_name=c.csv", &b""[..]),
        ("customers?file_name=c.csv", b"\xff\xfe\x00broken"),
        ("customers?file_name=c.csv", b"no,such,columns\n1,2,3\n"),
        ("customers?file_name=c.xlsx", b"this is no workbook"),
        ("customers?file_name=c.csv&map=not%20toml%20%3D", CUSTOMERS),
        ("customers?dry_run=maybe", CUSTOMERS),
        ("rockets?file_name=c.csv", CUSTOMERS),
        ("operation-log?file_name=c.csv", CUSTOMERS),
    ] {
        let reply = bring(&mut planner, query, file);
        assert!((400..500).contains(&reply.status), "{query}: {} {}", reply.status, reply.text());
        assert!(!reply.code().is_empty());
    }
    assert_eq!(site.plant.head(), before);
}

#[test]
fn whoever_brings_files_in_is_told_what_runs_and_nobody_else() {
    let site = Site::new();
    assert_eq!(site.client(Role::Planner).read("/api/v1/imports"), serde_json::json!({"data": []}));
    assert_eq!(site.client(Role::Operator).get("/api/v1/imports").status, 403);
    let mut file = b"customer_code,customer_name\n".to_vec();
    (0..20_000).for_each(|at| file.extend(format!("RUN-{at},Customer {at}\n").bytes()));
    std::thread::scope(|scope| {
        let work = scope.spawn(|| bring(&mut site.client(Role::Planner), "customers?dry_run=true&file_name=run.csv", &file).status);
        let mut planner = site.client(Role::Planner);
        let mut told = Vec::new();
        while !work.is_finished() {
            told.extend(planner.read("/api/v1/imports")["data"].as_array().unwrap().clone());
        }
        assert_eq!(work.join().unwrap(), 200);
        assert!(told.iter().all(|it| it["file_name"] == "run.csv" && it["kind"] == "customers" && it["dry_run"] == true));
        assert!(told.iter().any(|it| it["total"] == 20_000), "{told:?}");
        let done: Vec<u64> = told.iter().map(|it| it["done"].as_u64().unwrap()).collect();
        assert!(done.is_sorted(), "{done:?}");
    });
    assert_eq!(site.client(Role::Planner).read("/api/v1/imports"), serde_json::json!({"data": []}));
}
