//! What the person who looks after the plant asks of it: settings, health, kept backups, who did what.

use millwright::model::Role;
use serde_json::json;

use super::Site;

#[test]
fn the_plant_is_renamed_and_told_how_long_machines_may_stand_by_an_admin_alone() {
    let site = Site::new();
    let mut admin = site.client(Role::Admin);
    let change = |client: &mut crate::client::Client, body| client.ask("PATCH", "/api/v1/plant", &[], &body);
    let answer = change(&mut admin, json!({"plant_name": "North works", "silent_stop_minutes": 10, "reason": "new owner"}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let plant = admin.read("/api/v1/plant")["plant"].clone();
    assert_eq!((&plant["plant_name"], &plant["silent_stop_minutes"], &plant["timezone"]), (&json!("North works"), &json!(10), &json!("Europe/Berlin")));
    for (body, field) in
        [(json!({"silent_stop_minutes": 0}), "silent_stop_minutes"), (json!({"silent_stop_minutes": 241}), "silent_stop_minutes"), (json!({"timezone": "UTC"}), "timezone")]
    {
        let refused = change(&mut admin, body);
        assert_eq!((refused.status / 100, refused.json()["field"].as_str()), (4, Some(field)), "{}", refused.text());
    }
    assert_eq!(change(&mut site.client(Role::Manager), json!({"plant_name": "Mine"})).status, 403);
}

#[test]
fn health_tells_disk_memory_and_who_is_behind() {
    let site = Site::on_disk();
    let health = site.client(Role::Manager).read("/api/v1/health");
    assert_eq!(health["ready"], true);
    assert!(health["head"].as_u64() > Some(10) && health["disk"]["free_bytes"].as_u64() > Some(0) && health["disk"]["used_bytes"].as_u64() > Some(0), "{health}");
    assert!(health["memory_bytes"].as_u64() > Some(1 << 20), "{health}");
    let names: Vec<&str> = health["followers"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["search", "figures", "lake"]);
    assert_eq!(site.client(Role::Operator).get("/api/v1/health").status, 403);
}

#[test]
fn backups_are_kept_listed_proven_and_taken_away_and_the_oldest_makes_room() {
    let site = Site::on_disk();
    let mut admin = site.client(Role::Admin);
    assert_eq!(admin.read("/api/v1/backups")["data"], json!([]));
    let made = admin.make("/api/v1/backups", &json!({}));
    let name = made["name"].as_str().unwrap().to_owned();
    let head = admin.read("/readyz")["head"].clone();
    assert_eq!(made["head"], head);
    let proven = admin.read(&format!("/api/v1/backups/{name}"));
    assert_eq!((&proven["sha256"], &proven["head"], &proven["bytes"]), (&made["sha256"], &head, &made["bytes"]));
    let taken = admin.get(&format!("/api/v1/backups/{name}/content"));
    assert_eq!((taken.status, taken.body.len() as u64), (200, made["bytes"].as_u64().unwrap()));
    // A browser takes it packed.
    let packed = admin.send("GET", &format!("/api/v1/backups/{name}/content"), &[("Accept-Encoding", "gzip")], b"").unwrap();
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed.body.as_slice()), &mut unpacked).unwrap();
    assert!(packed.header("content-encoding") == Some("gzip") && unpacked == taken.body);
    for _ in 0..10 {
        site.plant.wait(1);
        admin.make("/api/v1/backups", &json!({}));
    }
    let kept = admin.read("/api/v1/backups")["data"].as_array().unwrap().clone();
    assert_eq!(kept.len(), 10);
    assert!(kept.iter().all(|it| it["name"] != json!(name)), "the oldest is still there");
    for wrong in [name.as_str(), "..%2Fplant.redb", "plant.redb"] {
        assert_eq!(admin.get(&format!("/api/v1/backups/{wrong}/content")).status, 404, "{wrong}");
    }
    assert_eq!(site.client(Role::Manager).get("/api/v1/backups").status, 403);
}

#[test]
fn who_did_what_is_found_from_the_newest_back_by_person_act_record_and_reason() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    for number in 1..=3 {
        lead.make("/api/v1/material-transactions", &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": format!("S{number}"), "quantity": 1}));
    }
    lead.make("/api/v1/lots/S2/hold", &json!({"reason": "Rust on the edge"}));
    let mut auditor = site.client(Role::Auditor);
    let mut found = |query: &str| {
        let found = auditor.read(&format!("/api/v1/journal?{query}"));
        found["data"].as_array().unwrap().iter().map(|it| format!("{} {}", it["command"].as_str().unwrap(), it["actor"].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(found("command=hold%20lot"), ["HoldLot lead"]);
    assert_eq!(found("text=rust%20on"), ["HoldLot lead"]);
    assert_eq!(found("actor=LEA&limit=2"), ["HoldLot lead", "RecordMaterialTransaction lead"]);
    assert_eq!(found("subject=LOT-000002"), ["HoldLot lead", "RecordMaterialTransaction lead"]);
    assert_eq!(found("actor=lead&command=CreateUser"), Vec::<String>::new());
    assert_eq!(found("from=2027-01-01"), Vec::<String>::new());

    let first = auditor.read("/api/v1/journal?actor=lead&limit=2");
    let next = auditor.read(&format!("/api/v1/journal?actor=lead&limit=2&before={}", first["looked_from"]));
    assert_eq!(next["data"].as_array().unwrap().len(), 2);
    assert!(next["data"][0]["seq"].as_u64() < first["data"][1]["seq"].as_u64());
    assert_eq!(auditor.get("/api/v1/journal?subject=nothing").status, 422);
}

#[test]
fn many_lots_are_held_in_one_act_all_or_none_with_a_reason() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    for number in 1..=3 {
        lead.make("/api/v1/material-transactions", &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": format!("S{number}"), "quantity": 1}));
    }
    lead.make("/api/v1/lots/S2/hold", &json!({"reason": "first of all"}));
    lead.refused("/api/v1/lot-holds", &json!({"lot_ids": ["S1", "S3"]}), "invalid");
    assert_ne!(lead.post("/api/v1/lot-holds", &json!({"lot_ids": ["S1", "NO-SUCH"], "reason": "heat withdrawn"})).status, 200);
    assert_eq!(lead.read("/api/v1/lots/S1")["status"], "available");
    let before = lead.read("/api/v1/plant")["head"].as_u64().unwrap();
    assert_eq!(lead.post("/api/v1/lot-holds", &json!({"lot_ids": ["S1", "S2", "S3"], "reason": "heat withdrawn"})).status, 200);
    assert_eq!(lead.read("/api/v1/plant")["head"].as_u64().unwrap(), before + 1);
    let reasons: Vec<String> = (1..=3).map(|number| lead.read(&format!("/api/v1/lots/S{number}"))["hold_reason"].as_str().unwrap().to_owned()).collect();
    assert_eq!(reasons, ["heat withdrawn", "first of all", "heat withdrawn"]);
    assert_eq!(site.client(Role::Operator).post("/api/v1/lot-holds", &json!({"lot_ids": ["S1"], "reason": "mine"})).status, 403);
}
