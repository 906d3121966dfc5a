//! What a machine does and did, as its control tells it: every minute has one state, a night without a
//! shift is not idleness, and silence is no data.

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::Client;

fn tell(client: &mut Client, samples: &[(&str, &str, Json)]) {
    let samples: Vec<Json> =
        samples.iter().map(|(metric, time, value)| json!({"machine": "LASER-1", "metric": metric, "time": format!("2026-03-02T{time}Z"), "value": value})).collect();
    client.make("/api/v1/telemetry", &json!({ "samples": samples }));
}

/// Every interval as `state HH:MM to HH:MM`.
fn told(client: &mut Client, path: &str) -> Vec<String> {
    let clock = |it: &Json| it.as_str().unwrap()[11..16].to_owned();
    let intervals = client.read(path)["data"].as_array().unwrap().clone();
    intervals.iter().map(|it| format!("{} {} to {}", it["state"].as_str().unwrap(), clock(&it["from"]), clock(&it["to"]))).collect()
}

#[test]
fn every_minute_of_a_machine_has_one_state() {
    let site = Site::new();
    let (mut manager, mut lead) = (site.client(Role::Manager), site.client(Role::Lead));
    manager.make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    site.plant.wait(15 * 60);
    tell(
        &mut lead,
        &[
            ("execution", "07:00:00", json!("ACTIVE")),
            ("part_count", "07:05:00", json!(12)),
            ("execution", "07:10:00", json!("STOPPED")),
            ("alarm", "07:10:00", json!("E417")),
            ("alarm", "07:20:00", Json::Null),
            ("execution", "07:20:00", json!("ACTIVE")),
            ("functional_mode", "12:00:00", json!("SETUP")),
            ("functional_mode", "12:30:00", json!("PRODUCTION")),
            ("execution", "20:30:00", json!("READY")),
        ],
    );
    let path = "/api/v1/machines/LASER-1/timeline?from=2026-03-02T06:00:00Z";
    // The plant's last shift ends at 22:00 in Berlin, which is an hour ahead.
    let wanted = [
        "no_data 06:00 to 07:00",
        "producing 07:00 to 07:10",
        "down 07:10 to 07:20",
        "producing 07:20 to 12:00",
        "setup 12:00 to 12:30",
        "producing 12:30 to 20:30",
        "idle 20:30 to 21:00",
        "not_planned 21:00 to 22:00",
    ];
    assert_eq!(told(&mut lead, path), wanted);
    let timeline = lead.read(path);
    let seconds = |state: &str| timeline["sums"].as_array().unwrap().iter().find(|it| it["state"] == state).unwrap()["seconds"].as_i64().unwrap();
    assert_eq!((seconds("producing"), seconds("down"), seconds("setup")), (10 * 60 + 280 * 60 + 480 * 60, 600, 1_800));
    assert_eq!(timeline["sums"].as_array().unwrap().iter().map(|it| it["seconds"].as_i64().unwrap()).sum::<i64>(), 16 * 3_600);
    assert_eq!(timeline["data"][2]["alarm"], "E417");

    let state = lead.read("/api/v1/machines/MACH-000001/state");
    assert_eq!((state["state"].as_str(), state["execution"].as_str(), state["last_told_at"].as_str()), (Some("not_planned"), Some("READY"), Some("2026-03-02T20:30:00Z")));
    tell(&mut lead, &[("execution", "21:59:00", json!("ACTIVE"))]);
    assert_eq!(lead.read("/api/v1/machine-states")["data"][0]["state"], "producing", "who works outside the shifts works");
}

#[test]
fn a_machine_that_is_not_there_or_a_time_without_end_is_refused() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    site.client(Role::Manager).make("/api/v1/machines", &json!({"machine_name": "Saw", "machine_code": "SAW-1"}));
    let reply = lead.get("/api/v1/machines/NOBODY/state");
    assert_eq!((reply.status, reply.json()["code"].as_str()), (404, Some("not_found")));
    let reply = lead.get("/api/v1/machines/SAW-1/timeline?from=2020-01-01");
    assert_eq!(reply.status, 422);
    assert!(reply.text().contains("up to 62 days"), "{}", reply.text());
    assert_eq!(lead.read("/api/v1/machines/SAW-1/state")["state"], "no_data");
}

/// The stops of the plant, as `code reporter since ended`.
fn stops(client: &mut Client) -> Vec<String> {
    let list = client.read("/api/v1/downtime-events?sort=downtime_id");
    let word = |it: &Json, column: &str| it[column].as_str().unwrap_or("-").to_owned();
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| [word(it, "downtime_reason_code"), word(it, "reported_by"), word(it, "downtime_start"), word(it, "status")].join(" "))
        .collect()
}

#[track_caller]
fn soon(client: &mut Client, wanted: &[&str]) {
    let begun = std::time::Instant::now();
    while stops(client) != wanted {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?} and not {wanted:?}", stops(client));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_machine_that_is_down_or_stands_in_a_job_has_a_stop_and_nobody_is_asked_twice() {
    let site = Site::new().with_machine_stops();
    let (mut manager, mut lead) = (site.client(Role::Manager), site.client(Role::Lead));
    manager.make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    tell(&mut lead, &[("execution", "07:00:00", json!("ACTIVE")), ("job_id", "07:00:00", json!("WO-000007"))]);
    site.plant.wait(30);
    tell(&mut lead, &[("alarm", "07:29:00", json!("E417")), ("execution", "07:29:00", json!("STOPPED"))]);
    soon(&mut lead, &["E417 machines 2026-03-02T07:29:00Z active"]);
    site.plant.wait(10);
    tell(&mut lead, &[("alarm", "07:38:00", Json::Null), ("execution", "07:39:00", json!("ACTIVE"))]);
    soon(&mut lead, &["E417 machines 2026-03-02T07:29:00Z resolved"]);
    assert_eq!(lead.read("/api/v1/downtime-events/DT-000001")["downtime_end"], "2026-03-02T07:39:00Z");

    // A pause is none of ours for five minutes; then it wants its reason, and a person gives it.
    tell(&mut lead, &[("execution", "07:40:00", json!("FEED_HOLD"))]);
    site.plant.wait(4);
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(stops(&mut lead).len(), 1);
    site.plant.wait(2);
    soon(&mut lead, &["E417 machines 2026-03-02T07:29:00Z resolved", "NO-REASON machines 2026-03-02T07:40:00Z active"]);
    lead.make("/api/v1/downtime-events/DT-000002/cause", &json!({"downtime_category": "material_shortage", "downtime_reason_code": "MAT"}));
    lead.make("/api/v1/downtime-events/DT-000002/resolve", &json!({}));
    // It still stands, and somebody has said why: it is not asked again.
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    soon(&mut lead, &["E417 machines 2026-03-02T07:29:00Z resolved", "MAT machines 2026-03-02T07:40:00Z resolved"]);
}
