//! Every role times every operation: the table of permissions is what the door does.

use millwright::adapters::http::{Operation, Permit, operations};
use millwright::model::permission::{may, read_act};
use millwright::model::{Noun, Role};

use super::Site;
use crate::client::{Client, Reply};

/// An address with its parameters filled in: the first record of its noun, unless using it would end somebody's log-in.
fn address(operation: &Operation) -> String {
    let segment = operation.path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let noun = Noun::ALL.iter().copied().find(|noun| noun.kebab() == segment);
    let number = if matches!(segment, "users" | "api-tokens") && operation.method == "POST" { 999_999 } else { 1 };
    let id = noun.map_or_else(|| "x".to_owned(), |noun| noun.id_text(number));
    operation.path.replace("{id}", &id).replace("{sequence}", "10").replace("{kind}", "customers").replace("{file}", "start.css").replace("{*path}", "x.parquet")
}

fn call(client: &mut Client, operation: &Operation) -> Reply {
    let (method, path) = (operation.method.as_str(), address(operation));
    if operation.id == "events" {
        // It has no end: its head says enough.
        let (status, _) = client.open_stream(&path, &[]);
        return Reply { status, headers: Vec::new(), body: Vec::new() };
    }
    let body: &[u8] = if method == "GET" { b"" } else { b"{}" };
    client.send(method, &path, &[("Content-Type", "application/json")], body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

fn allowed(operation: &Operation, role: Role) -> bool {
    let Permit::Act(act) = &operation.permit else { return true };
    // History shows what a record held, so it needs the right to read the record as well.
    let noun = operation.path.strip_suffix("/{id}/history").and_then(|base| Noun::ALL.iter().copied().find(|noun| base.ends_with(&format!("/{}", noun.kebab()))));
    may(role, act) && noun.is_none_or(|noun| may(role, read_act(noun)))
}

#[test]
fn every_role_may_call_exactly_the_operations_the_table_says() {
    let site = Site::on_disk();
    let mut asked = 0;
    for operation in operations() {
        for role in Role::PEOPLE {
            let reply = call(&mut site.client(*role), &operation);
            let shown = format!("{role}: {} {} answered {} {}", operation.method, address(&operation), reply.status, reply.text().chars().take(300).collect::<String>());
            assert!(reply.status < 500, "{shown}");
            assert_ne!(reply.status, 401, "{shown}");
            assert_ne!(reply.status, 405, "{shown}");
            assert_eq!(reply.status == 403, !allowed(&operation, *role), "{shown}");
            asked += 1;
        }
    }
    assert!(asked > 1_000, "only {asked} pairs were asked");
}

#[test]
fn without_a_log_in_only_the_open_addresses_answer() {
    let site = Site::new();
    for operation in operations() {
        for mut client in [site.stranger(), Client::new(site.address, Some("mw_not_a_token"))] {
            let reply = call(&mut client, &operation);
            let closed = matches!(operation.permit, Permit::Act(_));
            assert_eq!(reply.status == 401, closed, "{} {} answered {}", operation.method, operation.path, reply.status);
            if closed && operation.id != "events" {
                assert_eq!((reply.code().as_str(), reply.header("www-authenticate")), ("unauthenticated", Some("Bearer")));
            }
        }
    }
    let open: Vec<String> = operations().iter().filter(|it| !matches!(it.permit, Permit::Act(_))).map(|it| format!("{} {}", it.method, it.path)).collect();
    let wanted = [
        "GET /",
        "GET /sw.js",
        "GET /assets/{file}",
        "GET /trust",
        "GET /trust/{file}",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /api/openapi.json",
        "GET /api/docs",
        "GET /api/docs/problems",
        "GET /api/docs/{file}",
        "POST /api/v1/session",
        "POST /api/v1/session/demo",
        "GET /api/v1/door",
        "GET /api/v1/address.svg",
        "POST /api/v1/terminal",
        "POST /api/v1/terminals/{id}/badge",
        "GET /ping",
    ];
    assert_eq!(open, wanted, "an address was opened to everybody");
}

#[test]
fn the_history_of_a_noun_that_a_role_may_not_read_is_refused() {
    let site = Site::new();
    for (role, path, status) in [
        (Role::Analyst, "/api/v1/employees/EMP-000001/history", 403),
        (Role::Operator, "/api/v1/work-centers/LASER/history", 403),
        (Role::Manager, "/api/v1/users/admin/history", 403),
        (Role::Auditor, "/api/v1/users/admin/history", 200),
        (Role::Analyst, "/api/v1/work-centers/LASER/history", 200),
    ] {
        let reply = site.client(role).get(path);
        assert_eq!(reply.status, status, "{role} {path}: {}", reply.text());
    }
}

#[test]
fn the_feed_and_the_events_leave_out_what_a_role_may_not_read() {
    let site = Site::new();
    let people = ["employees", "users", "api_tokens", "labor_transactions"];
    let feed = site.client(Role::Analyst).read("/api/v1/changes?limit=1000");
    let entries = feed["data"].as_array().unwrap();
    assert!(!entries.is_empty());
    for change in entries.iter().flat_map(|entry| entry["changes"].as_array().unwrap()) {
        assert!(!people.contains(&change["table"].as_str().unwrap()), "an analyst reads of {change}");
    }
    let all = site.client(Role::Admin).read("/api/v1/changes?limit=1000");
    assert!(all["data"].as_array().unwrap().len() > entries.len());
}

#[test]
fn one_role_less_than_the_import_allows_makes_rows_refused_and_not_written() {
    let site = Site::new();
    let file = b"employee_code,first_name\nE-9,Eve\n";
    let before = site.plant.head();
    let reply = site.client(Role::Planner).send("POST", "/api/v1/imports/employees?file_name=e.csv", &[("Content-Type", "text/csv")], file).unwrap();
    assert_eq!(reply.code(), "forbidden", "{}", reply.text());
    assert_eq!(site.plant.head(), before);
}
