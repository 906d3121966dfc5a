//! What a machine does and did, as its control tells it: every minute has one state, a night without a
//! shift is not idleness, and silence is no data.

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use super::counts::soon;
use crate::client::Client;

fn tell(client: &mut Client, samples: &[(&str, &str, Json)]) {
    let samples: Vec<Json> =
        samples.iter().map(|(metric, time, value)| json!({"machine": "LASER-1", "metric": metric, "time": format!("2026-03-02T{time}Z"), "value": value})).collect();
    client.make("/api/v1/telemetry", &json!({ "samples": samples }));
}

/// Every interval as `state HH:MM to HH:MM`.
fn told(client: &mut Client, path: &str) -> Vec<String> {
    let clock = |it: &Json| it.as_str().unwrap()[11..16].to_owned();
    // The facts that shifts come from are gathered in the first moments.
    soon(200, || client.get(path).status);
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
fn a_machine_that_broke_down_is_down_after_its_shift_too() {
    let site = Site::new();
    let (mut manager, mut lead) = (site.client(Role::Manager), site.client(Role::Lead));
    manager.make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    site.plant.wait(13 * 60 + 30);
    tell(&mut lead, &[("execution", "20:00:00", json!("READY"))]);
    // Half an hour before the last shift ends somebody tells that it is broken, and it is mended at night.
    let stop = lead.make("/api/v1/downtime-events", &json!({"downtime_category": "breakdown", "machine_id": "LASER-1"}));
    site.plant.wait(60);
    let path = "/api/v1/machines/LASER-1/timeline?from=2026-03-02T20:00:00Z";
    soon(vec!["idle 20:00 to 21:00".to_owned(), "down 21:00 to 21:30".to_owned()], || told(&mut lead, path));
    assert_eq!(lead.read("/api/v1/machine-states")["data"][0]["state"], "down");
    let id = stop["downtime_id"].as_str().unwrap();
    lead.make(&format!("/api/v1/downtime-events/{id}/resolve"), &json!({}));
    site.plant.wait(30);
    soon(vec!["idle 20:00 to 21:00".to_owned(), "down 21:00 to 21:30".to_owned(), "not_planned 21:30 to 22:00".to_owned()], || told(&mut lead, path));
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

#[test]
fn a_machine_with_words_of_its_own_is_understood_by_its_mapping() {
    let site = Site::new();
    let (mut planner, mut lead) = (site.client(Role::Planner), site.client(Role::Lead));
    site.client(Role::Manager).make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    site.plant.wait(60);
    tell(&mut lead, &[("plc/run", "07:00:00", json!(1)), ("plc/run", "07:20:00", json!(0)), ("plc/run", "07:30:00", json!(7)), ("mode", "07:40:00", json!("RUSTZEIT"))]);
    let path = "/api/v1/machines/LASER-1/timeline?from=2026-03-02T07:00:00Z&to=2026-03-02T08:00:00Z";
    assert_eq!(told(&mut lead, path), ["no_data 07:00 to 08:00"]);

    let execution = planner.make("/api/v1/machine-signals", &json!({"machine_id": "LASER-1", "role": "execution", "metric": "plc/run", "value_map": "1=ACTIVE, 0=STOPPED"}));
    planner.make("/api/v1/machine-signals", &json!({"machine_id": "LASER-1", "role": "mode", "metric": "mode", "value_map": "RUSTZEIT=SETUP"}));
    let wanted = ["producing 07:00 to 07:20", "interrupted 07:20 to 07:30", "no_data 07:30 to 07:40", "setup 07:40 to 08:00"];
    assert_eq!(told(&mut lead, path), wanted);
    let state = lead.read("/api/v1/machines/LASER-1/state");
    assert_eq!((state["state"].as_str(), state["execution"].as_str(), state["mode"].as_str()), (Some("setup"), Some("7"), Some("SETUP")));
    let signals = state["signals"].as_array().unwrap();
    assert_eq!((&signals[0]["role"], &signals[0]["metric"], &signals[0]["signal_id"]), (&json!("execution"), &json!("plc/run"), &execution["signal_id"]));

    // What is mapped is read nowhere else, even where a name would do; and a mapping can be ended.
    tell(&mut lead, &[("execution", "07:50:00", json!("ACTIVE"))]);
    assert_eq!(told(&mut lead, path), wanted);
    let id = execution["signal_id"].as_str().unwrap();
    assert_eq!(planner.ask("PATCH", &format!("/api/v1/machine-signals/{id}"), &[], &json!({"status": "inactive"})).status, 200);
    assert_eq!(told(&mut lead, path), ["no_data 07:00 to 07:40", "no_data 07:40 to 07:50", "setup 07:50 to 08:00"]);
}

#[test]
fn a_mapping_that_cannot_be_meant_is_refused_in_words() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    site.client(Role::Manager).make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    let mut refused = |fields: Json| {
        let mut body = json!({"machine_id": "LASER-1", "role": "execution", "metric": "run"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let reply = planner.post("/api/v1/machine-signals", &body);
        (reply.status, reply.json()["detail"].as_str().unwrap_or_default().to_owned())
    };
    for (fields, why) in [
        (json!({"value_map": "RUN"}), "`RUN` is no pair: write RUN=ACTIVE, STOP=STOPPED"),
        (json!({"value_map": "RUN=ROLLING"}), "ROLLING is no word of execution; known are ACTIVE"),
        (json!({"value_map": "RUN=ACTIVE, run=STOPPED"}), "run stands there twice"),
        (json!({"role": "mode", "value_map": "A=ACTIVE"}), "ACTIVE is no word of mode"),
        (json!({"rollover_at": 100}), "only a part_count counts, and this is a machine's execution"),
        (json!({"role": "part_count", "value_map": "1=ACTIVE"}), "a part_count tells numbers"),
        (json!({"role": "part_count", "pieces_per_count": 0}), "must be 1 to 1000"),
        (json!({"role": "part_count", "rollover_at": 1}), "must be 2 or more"),
        (json!({"machine_id": "NOBODY"}), "NOBODY"),
    ] {
        let (status, told) = refused(fields.clone());
        assert!((400..500).contains(&status) && told.contains(why), "{fields}: {status} {told}");
    }
    assert_eq!(refused(json!({})).0, 201);
    let (status, told) = refused(json!({"metric": "other"}));
    assert!(status == 409 && told.contains("says already which signal is its execution: change that one"), "{status} {told}");
    let mut operator = site.client(Role::Operator);
    assert_eq!(operator.post("/api/v1/machine-signals", &json!({"machine_id": "LASER-1", "role": "mode", "metric": "m"})).status, 403);
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
fn soon_stops(client: &mut Client, wanted: &[&str]) {
    soon(wanted.iter().map(|stop| (*stop).to_owned()).collect::<Vec<String>>(), || stops(client));
}

#[test]
fn a_machine_that_is_down_or_stands_in_a_job_has_a_stop_and_nobody_is_asked_twice() {
    let site = Site::new().with_machine_stops();
    let (mut manager, mut lead) = (site.client(Role::Manager), site.client(Role::Lead));
    manager.make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    tell(&mut lead, &[("execution", "07:00:00", json!("ACTIVE")), ("job_id", "07:00:00", json!("WO-000007"))]);
    site.plant.wait(30);
    tell(&mut lead, &[("alarm", "07:29:00", json!("E417")), ("execution", "07:29:00", json!("STOPPED"))]);
    soon_stops(&mut lead, &["E417 machines 2026-03-02T07:29:00Z active"]);
    site.plant.wait(10);
    tell(&mut lead, &[("alarm", "07:38:00", Json::Null), ("execution", "07:39:00", json!("ACTIVE"))]);
    soon_stops(&mut lead, &["E417 machines 2026-03-02T07:29:00Z resolved"]);
    assert_eq!(lead.read("/api/v1/downtime-events/DT-000001")["downtime_end"], "2026-03-02T07:39:00Z");

    // A pause is none of ours for five minutes; then it wants its reason, and a person gives it.
    tell(&mut lead, &[("execution", "07:40:00", json!("FEED_HOLD"))]);
    site.plant.wait(4);
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(stops(&mut lead).len(), 1);
    site.plant.wait(2);
    soon_stops(&mut lead, &["E417 machines 2026-03-02T07:29:00Z resolved", "NO-REASON machines 2026-03-02T07:40:00Z active"]);
    lead.make("/api/v1/downtime-events/DT-000002/cause", &json!({"downtime_category": "material_shortage", "downtime_reason_code": "MAT"}));
    lead.make("/api/v1/downtime-events/DT-000002/resolve", &json!({}));
    // It still stands, and somebody has said why: it is not asked again.
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    soon_stops(&mut lead, &["E417 machines 2026-03-02T07:29:00Z resolved", "MAT machines 2026-03-02T07:40:00Z resolved"]);
}
