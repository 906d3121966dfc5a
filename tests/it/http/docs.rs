//! The description, its pages, health and metrics.

use millwright::adapters::http::operations;
use millwright::model::Role;
use serde_json::Value as Json;

use super::Site;

fn references<'j>(json: &'j Json, into: &mut Vec<&'j str>) {
    match json {
        Json::Object(map) => {
            into.extend(map.get("$ref").and_then(Json::as_str));
            map.values().for_each(|value| references(value, into));
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}

#[test]
fn the_description_names_every_operation_and_every_reference_resolves() {
    let site = Site::new();
    let described = site.stranger().read("/api/openapi.json");
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = std::collections::BTreeSet::new();
    for operation in operations() {
        let item = &described["paths"][&operation.path][operation.method.as_str().to_ascii_lowercase()];
        assert_eq!(item["operationId"], Json::String(operation.id.clone()), "{} {}", operation.method, operation.path);
        assert!(ids.insert(operation.id.clone()), "{} is there twice", operation.id);
        let documented: Vec<&str> = item["parameters"].as_array().unwrap().iter().filter(|it| it["in"] == "path").map(|it| it["name"].as_str().unwrap()).collect();
        let in_path: Vec<&str> = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(documented, in_path);
    }
    let mut found = Vec::new();
    references(&described, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out"));
        assert!(described.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn records_hold_exactly_what_their_schema_says() {
    let site = Site::new();
    let mut admin = site.client(Role::Admin);
    let described = admin.read("/api/openapi.json");
    for (path, schema) in [("work-centers", "WorkCenter"), ("products", "Product"), ("materials", "Material"), ("users", "User"), ("shifts", "Shift")] {
        let row = admin.read(&format!("/api/v1/{path}?limit=1"))["data"][0].clone();
        let known = described["components"]["schemas"][schema]["properties"].as_object().unwrap();
        let (mut row, mut known): (Vec<_>, Vec<_>) = (row.as_object().unwrap().keys().collect(), known.keys().collect());
        row.sort_unstable();
        known.sort_unstable();
        assert_eq!(row, known, "{path}");
    }
}

#[test]
fn the_documentation_and_all_its_parts_come_from_here() {
    let site = Site::new();
    let mut stranger = site.stranger();
    for page in ["/", "/api/docs", "/api/docs/problems"] {
        let reply = stranger.get(page);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html; charset=utf-8")), "{page}");
        let html = reply.text();
        let parts: Vec<&str> = html.split(['"', '\'']).filter(|part| part.starts_with("/api/docs/") || part.starts_with("/assets/") || part.starts_with("assets/")).collect();
        for part in &parts {
            assert_eq!(stranger.get(&format!("/{}", part.trim_start_matches('/'))).status, 200, "{page} asks for {part}");
        }
        assert!(!html.contains("src=\"http"), "{page} asks somebody else");
        assert!(page != "/api/docs" || parts.len() > 3, "{page} names no parts");
    }
    assert_eq!(stranger.get("/api/docs/..%2F..%2FCargo.toml").status, 404);
    assert_eq!(stranger.get("/assets/..%2Fapi.md").status, 404);
}

#[test]
fn health_readiness_and_metrics_answer_without_a_log_in() {
    let site = Site::new();
    let mut stranger = site.stranger();
    assert_eq!(stranger.read("/healthz")["status"], "ok");
    let ready = stranger.read("/readyz");
    let (seq, hash) = site.plant.head();
    assert_eq!((ready["head"]["seq"].as_u64(), ready["head"]["hash"].as_str()), (Some(seq), Some(hash.to_string().as_str())));
    let metrics = stranger.get("/metrics");
    assert_eq!(metrics.status, 200);
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain"));
}

#[test]
fn answers_are_compressed_for_whoever_asks_and_never_kept() {
    let site = Site::new();
    let mut admin = site.client(Role::Admin);
    let packed = admin.send("GET", "/api/openapi.json", &[("Accept-Encoding", "gzip")], b"").unwrap();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.body[..2], [0x1f, 0x8b]);
    let plain = admin.get("/api/openapi.json");
    assert!(plain.header("content-encoding").is_none() && packed.body.len() * 4 < plain.body.len());
    assert_eq!((plain.header("cache-control"), plain.header("x-content-type-options")), (Some("no-store"), Some("nosniff")));
}
