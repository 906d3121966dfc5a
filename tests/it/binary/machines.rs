//! Machines count and sensors go critical while the process is killed at every step: each piece is
//! reported once, and a fault and its stop stand there once.

use millwright::engine::clock::Clock;
use serde_json::json;

use super::*;

const ORDER: &str = "/api/v1/work-orders/WO-000001";

/// A laser, its sensor, and an order at work there.
fn furnish_laser(client: &mut Client) {
    furnish(client);
    client.make("/api/v1/machines", &json!({"machine_name": "Laser", "machine_code": "LASER-1"}));
    client.make("/api/v1/work-centers", &json!({"work_center_code": "LASER", "work_center_name": "Laser", "machine_id": "LASER-1"}));
    client.make("/api/v1/sensors", &json!({"machine_id": "LASER-1", "sensor_name": "Vibration", "sensor_type": "vibration", "critical_range_max": 25}));
    let step = json!({"operation_sequence": 10, "operation_name": "Cut", "work_center_id": "LASER", "setup_minutes": 0, "standard_time_per_unit_seconds": 0});
    client.make("/api/v1/routings", &json!({"product_id": "BRACKET", "steps": [step]}));
    client.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 100}));
    for act in ["release", "operations/10/start"] {
        assert_eq!(client.post(&format!("{ORDER}/{act}"), &json!({})).status, 200);
    }
}

fn tell(client: &mut Client, metric: &str, value: i64) {
    let now = Clock::System.now();
    client.make("/api/v1/telemetry", &json!({"samples": [{"machine": "LASER-1", "metric": metric, "time": now.to_string(), "value": value}]}));
}

/// Good pieces, where the counter has been read up to a value.
fn good_pieces(client: &mut Client, read_to: i64) -> Option<i64> {
    let counter = client.read("/api/v1/machines/LASER-1/state")["counter"]["last_value"].as_i64();
    (counter == Some(read_to)).then(|| client.read(&format!("{ORDER}/operations"))["data"][0]["completed_quantity"].as_i64().unwrap())
}

/// Asks until the figures that states are made from are there.
fn ready(client: &mut Client) {
    until("the facts of figures", || (client.get("/api/v1/machines/LASER-1/state").status == 200).then_some(()));
}

#[test]
fn a_killed_plant_counts_each_piece_once_and_finds_each_fault_once() {
    let data = Data::new();
    {
        let running = data.serve();
        let mut client = running.client();
        furnish_laser(&mut client);
        tell(&mut client, "part_count", 100);
        // Killed before it was looked at, or after: the next start looks at once.
    }
    let mut made = 0;
    for step in [0, 3, 2, 0, 4] {
        let running = data.serve();
        let mut client = running.client();
        ready(&mut client);
        assert_eq!(until("the counter is read", || good_pieces(&mut client, 100 + made)), made);
        made += step;
        tell(&mut client, "part_count", 100 + made);
        if step == 2 {
            tell(&mut client, "vibration", 25);
        }
        running.signal(rustix::process::Signal::KILL);
    }
    let running = data.serve();
    let mut client = running.client();
    ready(&mut client);
    assert_eq!(until("the counter is read", || good_pieces(&mut client, 109)), 9);
    let faults = client.read("/api/v1/machine-faults")["data"].clone();
    assert_eq!((faults.as_array().unwrap().len(), &faults[0]["fault_code"]), (1, &json!("VIBRATION-HIGH")), "{faults}");
    let stops = client.read("/api/v1/downtime-events")["data"].clone();
    assert_eq!((stops.as_array().unwrap().len(), &stops[0]["downtime_id"]), (1, &faults[0]["downtime_id"]), "{stops}");
    drop(client);
    assert_eq!(running.stop(), 0);
    data.verified();
}
