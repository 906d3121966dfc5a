//! Faults that sensors show: found by each rule, once, told in words, seen to by people; a critical one
//! stops its machine under the fault's name.

use millwright::base::Time;
use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use super::counts::soon;
use crate::client::Client;
use crate::plant::*;

/// A laser with a temperature and a vibration sensor.
fn laser() -> (Site, Client) {
    let site = Site::new();
    let mut manager = site.client(Role::Manager);
    manager.make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    assert_eq!(manager.ask("PATCH", "/api/v1/work-centers/LASER", &[], &json!({"machine_id": "LASER-1"})).status, 200);
    let mut sensor = |kind: &str, unit: &str, normal: [i64; 2], warning: [i64; 2], critical: [i64; 2]| {
        let fields = json!({
            "machine_id": "LASER-1", "sensor_code": format!("L1-{kind}"), "sensor_name": format!("Laser {kind}"), "sensor_type": kind, "unit_of_measure": unit,
            "normal_range_min": normal[0], "normal_range_max": normal[1], "warning_range_min": warning[0], "warning_range_max": warning[1],
            "critical_range_min": critical[0], "critical_range_max": critical[1],
        });
        manager.make("/api/v1/sensors", &fields);
    };
    sensor("temperature", "C", [20, 85], [15, 92], [0, 150]);
    sensor("vibration", "mm/s", [1, 11], [0, 12], [0, 25]);
    let lead = site.client(Role::Lead);
    (site, lead)
}

fn tell(client: &mut Client, samples: &[(&str, &str, f64)]) {
    let samples: Vec<Json> =
        samples.iter().map(|(metric, time, value)| json!({"machine": "LASER-1", "metric": metric, "time": format!("2026-03-02T{time}Z"), "value": value})).collect();
    client.make("/api/v1/telemetry", &json!({ "samples": samples }));
}

/// The faults, as `code kind severity status stop`.
fn faults(client: &mut Client) -> Vec<String> {
    let list = client.read("/api/v1/machine-faults?sort=fault_id");
    let word = |it: &Json, column: &str| it[column].as_str().unwrap_or("-").to_owned();
    let line = |it: &Json| ["fault_code", "fault_kind", "severity", "status", "downtime_id"].map(|column| word(it, column)).join(" ");
    list["data"].as_array().unwrap().iter().map(line).collect()
}

/// Long enough for every follower to have looked twice.
fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(2_500));
}

#[test]
fn a_sensor_that_goes_critical_stops_the_machine_under_its_name() {
    let (site, mut lead) = laser();
    let site = site.with_machine_faults().with_machine_faults().with_machine_stops();
    site.plant.wait(10);
    tell(&mut lead, &[("vibration", "07:05:00", 9.5), ("temperature", "07:09:00", 60.0), ("vibration", "07:09:30", 25.0)]);
    soon(vec!["VIBRATION-HIGH critical_limit critical open DT-000001".to_owned()], || faults(&mut lead));
    let fault = lead.read("/api/v1/machine-faults/FLT-000001");
    assert_eq!((&fault["detected_at"], &fault["measured_value"], &fault["limit_value"]), (&json!("2026-03-02T07:09:30Z"), &json!(25), &json!(25)));
    assert_eq!(fault["reason"], "Laser vibration reads 25 mm/s, above its critical limit of 25 mm/s");
    let stop = lead.read("/api/v1/downtime-events/DT-000001");
    assert_eq!((&stop["downtime_reason_code"], &stop["downtime_category"], &stop["machine_id"]), (&json!("VIBRATION-HIGH"), &json!("breakdown"), &json!("MACH-000001")));

    // Whoever sees to the fault is at its stop: the mean time to respond counts it.
    site.plant.wait(6);
    let seen_to = lead.make("/api/v1/machine-faults/FLT-000001/acknowledge", &json!({}));
    assert_eq!((&seen_to["status"], &seen_to["acknowledged_by"], &seen_to["acknowledge_minutes"]), (&json!("acknowledged"), &json!("lead"), &json!(7)));
    assert_eq!(lead.read("/api/v1/downtime-events/DT-000001")["response_time_minutes"], 7);
    let again = lead.post("/api/v1/machine-faults/FLT-000001/acknowledge", &json!({}));
    assert!(again.status == 409 && again.text().contains("has acknowledged FLT-000001 already"), "{}", again.text());

    // It reads well for some minutes and is cleared; ending the stop stays with people.
    site.plant.wait(1);
    assert_eq!(lead.read("/api/v1/kpi/mtta?by=total&from=2026-03-02&to=2026-03-03")["data"][0]["value"], 6.5);
    tell(&mut lead, &[("vibration", "07:16:30", 4.0)]);
    pause();
    assert!(faults(&mut lead)[0].contains("acknowledged"), "too early");
    site.plant.wait(6);
    soon(vec!["VIBRATION-HIGH critical_limit critical resolved DT-000001".to_owned()], || faults(&mut lead));
    assert_eq!(lead.read("/api/v1/downtime-events/DT-000001")["status"], "active");
    assert_eq!(site.client(Role::Auditor).post("/api/v1/machine-faults/FLT-000001/acknowledge", &json!({})).status, 403);
}

#[test]
fn a_warning_comes_after_a_quarter_of_an_hour_and_not_before() {
    let (site, mut lead) = laser();
    let site = site.with_machine_faults();
    tell(&mut lead, &[("temperature", "07:00:00", 93.0)]);
    site.plant.wait(8);
    // One good reading begins the time anew.
    tell(&mut lead, &[("temperature", "07:05:00", 91.0), ("temperature", "07:06:00", 94.0)]);
    site.plant.wait(9);
    tell(&mut lead, &[("temperature", "07:11:00", 95.0), ("temperature", "07:16:30", 95.5)]);
    pause();
    assert_eq!(faults(&mut lead), [""; 0]);
    site.plant.wait(4);
    tell(&mut lead, &[("temperature", "07:20:30", 95.5)]);
    pause();
    assert_eq!(faults(&mut lead), [""; 0], "fourteen minutes are too few");
    site.plant.wait(2);
    soon(vec!["TEMPERATURE-HIGH warning_limit warning open -".to_owned()], || faults(&mut lead));
    let why = lead.read("/api/v1/machine-faults/FLT-000001")["reason"].clone();
    assert_eq!(why, "Laser temperature has been above its warning limit of 92 C for 15 minutes and reads 95.5 C");
    assert!(lead.read("/api/v1/downtime-events")["data"].as_array().unwrap().is_empty(), "a warning stops nothing");
    // Neither a new start nor more of the same tells it again.
    let site = site.with_machine_faults();
    site.plant.wait(3);
    pause();
    assert_eq!(faults(&mut lead).len(), 1);
}

#[test]
fn two_sensors_of_a_machine_together_name_its_fault_and_join_its_stop() {
    let (site, mut lead) = laser();
    lead.make("/api/v1/downtime-events", &json!({"downtime_category": "tool_change", "work_center_id": "LASER"}));
    let site = site.with_machine_faults();
    site.plant.wait(5);
    tell(&mut lead, &[("temperature", "07:04:00", 97.0), ("vibration", "07:04:30", 13.0)]);
    soon(vec!["BEAR-001 correlated critical open DT-000001".to_owned()], || faults(&mut lead));
    let fault = lead.read("/api/v1/machine-faults/FLT-000001");
    assert_eq!(fault["reason"], "a bearing runs hot: Laser vibration 13 mm/s (above 12 mm/s) and Laser temperature 97 C (above 92 C)");
    assert_eq!((&fault["sensor_id"], &fault["other_sensor_id"]), (&json!("SENS-000002"), &json!("SENS-000001")));
    assert_eq!(lead.read("/api/v1/downtime-events/DT-000001")["downtime_category"], "tool_change", "the stop keeps its cause until a person changes it");
}

#[test]
fn an_hour_far_above_its_week_is_told_before_any_limit_is_reached() {
    let (site, mut lead) = laser();
    // Two readings an hour for two days; the last hour is a fifth warmer, and vibrates as ever.
    let begin = time("2026-02-28T07:00:00Z");
    let samples: Vec<Json> = (0..96)
        .flat_map(|half| {
            let at: Time = begin.plus_minutes(half * 30);
            let last = if half >= 94 { 12 } else { 0 };
            [("temperature", 50 + half % 3 + last), ("vibration", 6)].map(|(metric, value)| json!({"machine": "LASER-1", "metric": metric, "time": at.to_string(), "value": value}))
        })
        .collect();
    lead.make("/api/v1/telemetry", &json!({ "samples": samples }));
    let site = site.with_machine_faults();
    soon(vec!["TEMPERATURE-RISING rising minor open -".to_owned()], || faults(&mut lead));
    let fault = lead.read("/api/v1/machine-faults/FLT-000001");
    assert_eq!(fault["reason"], "Laser temperature had a mean of 63.5 C in the last hour, a fifth or more above the 50.99 C of the week before or of its beginning");
    // The next hour is as ever.
    site.plant.wait(30);
    tell(&mut lead, &[("temperature", "07:10:00", 51.0), ("temperature", "07:25:00", 50.0), ("vibration", "07:25:00", 6.0)]);
    site.plant.wait(31);
    soon(vec!["TEMPERATURE-RISING rising minor resolved -".to_owned()], || faults(&mut lead));
}
