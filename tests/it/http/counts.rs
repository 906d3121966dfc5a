//! Pieces that machines count: every way a counter goes, whoever else counts, and however often the
//! plant is started anew, each piece is reported once or shown with the reason why it is not.

use std::time::{Duration, Instant};

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::Client;
use crate::plant::*;

const STATE: &str = "/api/v1/machines/LASER-1/state";

/// A laser at the one work center, whose pieces take a minute each, and an order of a hundred at work there.
fn laser() -> (Site, Client) {
    let site = Site::new();
    let mut manager = site.client(Role::Manager);
    manager.make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    assert_eq!(manager.ask("PATCH", "/api/v1/work-centers/LASER", &[], &json!({"machine_id": "LASER-1"})).status, 200);
    site.plant.all([order_for(1, 100), release(1), start_operation(1, 10)]);
    let lead = site.client(Role::Lead);
    (site, lead)
}

fn tell(client: &mut Client, samples: &[(&str, &str, Json)]) {
    let samples: Vec<Json> =
        samples.iter().map(|(metric, time, value)| json!({"machine": "LASER-1", "metric": metric, "time": format!("2026-03-02T{time}Z"), "value": value})).collect();
    client.make("/api/v1/telemetry", &json!({ "samples": samples }));
}

fn count(client: &mut Client, samples: &[(&str, i64)]) {
    let samples: Vec<(&str, &str, Json)> = samples.iter().map(|(time, value)| ("part_count", *time, json!(value))).collect();
    tell(client, &samples);
}

/// Waits until what is looked at is as it should be, and says what it was if it never is.
#[track_caller]
pub(super) fn soon<T: PartialEq + std::fmt::Debug>(wanted: T, mut look: impl FnMut() -> T) {
    let begun = Instant::now();
    loop {
        let seen = look();
        if seen == wanted {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{seen:?} and not {wanted:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Good pieces of an order's first operation.
fn good_pieces(client: &mut Client, order: u64) -> i64 {
    client.read(&format!("/api/v1/work-orders/WO-{order:06}/operations"))["data"][0]["completed_quantity"].as_i64().unwrap()
}

/// The counter has been read up to this value.
#[track_caller]
fn read_to(client: &mut Client, value: i64) {
    soon(Some(value), || client.read(STATE)["counter"]["last_value"].as_i64());
}

#[test]
fn a_counter_that_goes_every_way_counts_every_piece_once() {
    let (site, mut lead) = laser();
    site.client(Role::Planner).make("/api/v1/machine-signals", &json!({"machine_id": "LASER-1", "role": "part_count", "metric": "part_count", "rollover_at": 1000}));
    site.plant.wait(1);
    count(&mut lead, &[("07:01:00", 994)]);
    let site = site.with_machine_counts();
    // What it read when it was first seen is nobody's.
    read_to(&mut lead, 994);
    site.plant.wait(20);
    count(&mut lead, &[("07:05:00", 997), ("07:09:00", 2), ("07:15:00", 0), ("07:20:00", 4)]);
    soon(3 + 5 + 4, || good_pieces(&mut lead, 1));
    // Plants are stopped and started, and two may count at once: the record says what is counted.
    let site = site.with_machine_counts().with_machine_counts();
    site.plant.wait(30);
    count(&mut lead, &[("07:30:00", 3), ("07:35:00", 5), ("07:40:00", 500), ("07:45:00", 503), ("07:45:00", 503), ("07:50:00", 503)]);
    soon(12 + 2 + 3, || good_pieces(&mut lead, 1));
    site.plant.wait(5);
    count(&mut lead, &[("07:55:30", 504)]);
    soon(18, || good_pieces(&mut lead, 1));

    let state = lead.read(STATE);
    let counter = &state["counter"];
    let figures = ["counted_pieces", "held_pieces", "unassigned_pieces", "rollover_count", "reset_count", "jump_back_count"].map(|name| counter[name].as_i64().unwrap());
    assert_eq!(figures, [18, 495, 0, 1, 1, 1]);
    assert_eq!(counter["why"], "from 5 to 500 are 495 pieces, and the time since it moved allows 11");
    assert_eq!((&state["operation_count"]["source"], &state["operation_count"]["machine_pieces"]), (&json!("machine"), &json!(18)));
    let reports = lead.read("/api/v1/operation-reports");
    let reported: i64 = reports["data"].as_array().unwrap().iter().map(|it| it["good_quantity"].as_i64().unwrap()).sum();
    assert_eq!(reported, 18);
}

#[test]
fn an_operation_has_one_source_of_counts_and_the_other_is_shown_beside() {
    let (site, mut lead) = laser();
    site.plant.wait(1);
    count(&mut lead, &[("07:01:00", 0)]);
    let site = site.with_machine_counts();
    read_to(&mut lead, 0);
    // The machine is first: what a person tells of good pieces is not added, what is bad counts once.
    site.plant.wait(20);
    count(&mut lead, &[("07:10:00", 6)]);
    soon(6, || good_pieces(&mut lead, 1));
    let kept = lead.make("/api/v1/work-orders/WO-000001/operations/10/report", &json!({"good_quantity": 7}));
    assert_eq!((&kept["source"], &kept["machine_pieces"], &kept["person_pieces"]), (&json!("machine"), &json!(6), &json!(7)));
    lead.make("/api/v1/work-orders/WO-000001/operations/10/report", &json!({"scrapped_quantity": 2}));
    site.plant.wait(5);
    count(&mut lead, &[("07:21:00", 11)]);
    soon(9, || good_pieces(&mut lead, 1));
    let operation = lead.read("/api/v1/work-orders/WO-000001/operations")["data"][0].clone();
    assert_eq!(operation["scrapped_quantity"], 2, "eleven were made, two of them scrap");

    // It is finished between two looks: what was counted before belongs to it.
    site.plant.wait(5);
    count(&mut lead, &[("07:29:00", 13)]);
    site.plant.lead(finish_operation(1, 10)).unwrap();
    site.plant.wait(2);
    soon(11, || good_pieces(&mut lead, 1));

    // On the next order a person is first.
    site.plant.all([order_for(1, 50), release(2), start_operation(2, 10), good(2, 10, 5)]);
    site.plant.wait(10);
    count(&mut lead, &[("07:40:00", 17)]);
    read_to(&mut lead, 17);
    assert_eq!(good_pieces(&mut lead, 2), 5);
    let state = lead.read(STATE);
    assert_eq!((&state["operation_count"]["source"], &state["operation_count"]["machine_pieces"]), (&json!("person"), &json!(4)));

    // The mapping can say who counts, whoever was first.
    site.client(Role::Planner).make("/api/v1/machine-signals", &json!({"machine_id": "LASER-1", "role": "part_count", "metric": "part_count", "counts": "always"}));
    site.plant.wait(5);
    count(&mut lead, &[("07:46:00", 19)]);
    soon(7, || good_pieces(&mut lead, 2));
    assert_eq!(lead.make("/api/v1/work-orders/WO-000002/operations/10/report", &json!({"good_quantity": 1}))["person_pieces"], 1);
    assert_eq!(good_pieces(&mut lead, 2), 7);
}

#[test]
fn counts_go_to_the_operation_that_ran_or_are_shown_as_nobodys() {
    let (site, mut lead) = laser();
    site.plant.wait(1);
    count(&mut lead, &[("07:01:00", 10)]);
    tell(&mut lead, &[("job_id", "07:01:00", json!("WO-000002"))]);
    let site = site.with_machine_counts();
    read_to(&mut lead, 10);
    site.plant.all([order_for(1, 50), release(2), start_operation(2, 10)]);
    site.plant.wait(10);
    // Two operations are in progress, and the machine says on which it works.
    count(&mut lead, &[("07:08:00", 13)]);
    soon(3, || good_pieces(&mut lead, 2));
    tell(&mut lead, &[("job_id", "07:10:00", Json::Null)]);
    site.plant.wait(10);
    count(&mut lead, &[("07:20:00", 15)]);
    soon(json!(2), || lead.read(STATE)["counter"]["unassigned_pieces"].clone());
    assert_eq!(lead.read(STATE)["counter"]["why"], "several operations ran there, and the machine's job names none of them");
    // More than the operation can have made is held back.
    site.plant.all([finish_operation(1, 10), order_for(1, 5), finish_operation(2, 10), release(3), start_operation(3, 10)]);
    site.plant.wait(30);
    count(&mut lead, &[("07:50:00", 25)]);
    soon(6, || good_pieces(&mut lead, 3));
    let state = lead.read(STATE);
    assert_eq!((&state["counter"]["held_pieces"], &state["counter"]["counted_pieces"]), (&json!(4), &json!(9)));
    assert!(state["counter"]["why"].as_str().unwrap().ends_with("cannot have made 4 of 10 pieces"), "{}", state["counter"]["why"]);
}
