//! The plant's own broker in the real program: what it has acknowledged is there after kill -9, and the
//! demo's machines speak through it.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value as Json, json};

use super::*;

/// The demo's other tests may run beside.
const MESSAGES: u64 = 100_000;

fn serve(data: &Data) -> (Running, SocketAddr) {
    let mut running = Running::start(&["serve", "--data", &data.text(), "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"], Some(&data.token));
    let address = running.mqtt();
    (running, address)
}

fn options(name: &str, address: SocketAddr, token: &str) -> MqttOptions {
    let mut options = MqttOptions::new(name, address.ip().to_string(), address.port());
    options.set_credentials("admin", token).set_inflight(2_000);
    options
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// All values of a metric with their times.
fn values(client: &mut Client, metric: &str) -> Vec<(String, f64)> {
    let path = format!("/api/v1/telemetry/query?machine=PRESS-1&metric={metric}&limit=200000");
    let told = client.read(&path);
    let samples = told["data"][0]["samples"].as_array().unwrap_or_else(|| panic!("{told}"));
    samples.iter().map(|it| (it[0].as_str().unwrap().to_owned(), it[1].as_f64().unwrap())).collect()
}

#[test]
fn what_was_acknowledged_a_moment_before_the_power_failed_is_there() {
    let data = Data::new();
    for round in 0..5 {
        let (running, address) = serve(&data);
        runtime().block_on(async {
            let (client, mut network) = AsyncClient::new(options("press", address, &data.token), 10);
            client.publish("plant/PRESS-1/round", QoS::AtLeastOnce, false, round.to_string()).await.unwrap();
            while !matches!(network.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))) {}
            running.signal(rustix::process::Signal::KILL);
        });
    }
    let running = data.serve();
    let told: Vec<f64> = values(&mut running.client(), "round").into_iter().map(|(_, value)| value).collect();
    assert_eq!(told, [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(running.stop(), 0);
}

/// Publishes until the broker is gone or all is acknowledged; what was acknowledged leaves the list.
async fn publish(options: MqttOptions, open: &mut BTreeSet<u64>, at: u64, mut killed: impl FnMut(usize)) {
    let (client, mut network) = AsyncClient::new(options, 2_000);
    let queue: Vec<u64> = open.iter().copied().collect();
    let saying = tokio::task::spawn_local(async move {
        for number in queue {
            let content = format!("{{\"value\": {number}, \"timestamp\": {}}}", at + number);
            if client.publish("plant/PRESS-1/count", QoS::AtLeastOnce, false, content).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    });
    // Ids are given in order, so the one that is acknowledged is known by what was sent under it.
    let mut sent = BTreeMap::new();
    let mut next = open.clone().into_iter();
    while !open.is_empty() {
        match network.poll().await {
            Ok(Event::Outgoing(rumqttc::Outgoing::Publish(id))) => _ = sent.insert(id, next.next().unwrap()),
            Ok(Event::Incoming(Packet::PubAck(answer))) => {
                open.remove(&sent.remove(&answer.pkid).unwrap());
                killed(open.len());
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    saying.abort();
}

#[test]
fn a_hundred_thousand_messages_survive_kill_9_of_the_broker_once_each() {
    let data = Data::new();
    let at = u64::try_from(millwright::engine::clock::Clock::System.now().micros() / 1_000).unwrap() - MESSAGES - 60_000;
    let (mut open, began) = ((0..MESSAGES).collect::<BTreeSet<u64>>(), Instant::now());
    let mut kills = 0;
    for left in [70_000, 40_000, 10_000, 0] {
        let (running, address) = serve(&data);
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime(), async {
            publish(options("press", address, &data.token), &mut open, at, |open| {
                if open == left && left > 0 {
                    running.signal(rustix::process::Signal::KILL);
                }
            })
            .await;
        });
        kills += u32::from(left > 0);
        if left == 0 {
            let told = values(&mut running.client(), "count");
            println!("{MESSAGES} messages with {kills} kills in {:.1} s", began.elapsed().as_secs_f64());
            assert!(open.is_empty(), "{} were never acknowledged", open.len());
            assert_eq!(told.len() as u64, MESSAGES, "lost or doubled");
            assert!(told.iter().enumerate().all(|(number, (_, value))| *value == number as f64));
            assert_eq!(running.stop(), 0);
        }
    }
    data.verified();
}

#[test]
fn the_broker_says_how_it_stands_and_a_connector_of_its_own_maps_what_a_shop_publishes() {
    let data = Data::new();
    let (running, address) = serve(&data);
    let mut client = running.client();
    let settings = "[[mapping.rules]]\ntopic = \"shop/+machine/+metric\"\ncontent = \"bare\"\nunit = \"kW\"\n";
    client.make("/api/v1/connectors", &json!({"connector_code": "shop", "protocol": "broker", "settings": settings}));
    until("both stand", || (standing(&mut client, "shop")["state"] == "live" && standing(&mut client, "mqtt-broker")["state"] == "live").then_some(()));
    runtime().block_on(async {
        let (machine, mut network) = AsyncClient::new(options("press", address, &data.token), 10);
        machine.publish("shop/PRESS-1/power", QoS::AtLeastOnce, false, "3.5").await.unwrap();
        machine.publish("plant/PRESS-1/gas", QoS::AtLeastOnce, false, "14").await.unwrap();
        machine.publish("office/plant", QoS::AtLeastOnce, false, "watered").await.unwrap();
        let mut open = 3;
        while open > 0 {
            open -= u32::from(matches!(network.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))));
        }
    });
    let count = |it: &Json| it["stored"].as_u64();
    assert_eq!((count(&standing(&mut client, "shop")), count(&standing(&mut client, "mqtt-broker"))), (Some(1), Some(1)));
    let metrics = client.get("/metrics").text();
    for line in ["millwright_broker_messages_total{became=\"received\"} 3", "millwright_broker_messages_total{became=\"stored\"} 2", "millwright_broker_connections"] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    assert_eq!(running.stop(), 0);

    // Whoever is quick after a start is not acknowledged before its connector is there.
    for round in 0..5 {
        let (running, address) = serve(&data);
        runtime().block_on(async {
            let (machine, mut network) = AsyncClient::new(options("press", address, &data.token), 10);
            machine.publish("shop/PRESS-1/round", QoS::AtLeastOnce, false, round.to_string()).await.unwrap();
            while !matches!(network.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))) {}
        });
        assert_eq!(values(&mut running.client(), "round").len(), round + 1);
        assert_eq!(running.stop(), 0);
    }
}

fn standing(client: &mut Client, code: &str) -> Json {
    let all = client.read("/api/v1/connector-states");
    all["data"].as_array().unwrap().iter().find(|it| it["connector_code"] == code).cloned().unwrap_or_default()
}

/// The newest power that any machine of a department has told.
fn newest(client: &mut Client, department: &str) -> Json {
    let told = client.read("/api/v1/telemetry/last");
    let of_department = told["data"].as_array().unwrap().iter().filter(|it| it["department"] == department && it["metric"] == "power");
    of_department.map(|it| it["time"].clone()).max_by_key(|time| time.as_str().map(str::to_owned)).unwrap_or_default()
}

#[test]
fn the_machines_of_the_demo_speak_over_wires_and_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = |seconds_a_second: &str| {
        let arguments = ["demo", "--data", data.to_str().unwrap(), "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--days", "1", "--speed", seconds_a_second];
        let running = Running::start(&arguments, None);
        let logins: Json = serde_json::from_slice(&std::fs::read(data.join("demo-logins.json")).unwrap()).unwrap();
        let client = Client::of_url(&running.url, logins["users"][7]["token"].as_str());
        (running, client)
    };
    for start in 0..2 {
        let (running, mut client) = demo("60");
        for (code, protocol, department) in
            [("welding", "broker", "Welding"), ("polishing", "broker", "Polishing"), ("lasers", "mtconnect", "Laser"), ("punching", "opcua", "Punching")]
        {
            let before = newest(&mut client, department);
            until("its machines", || (standing(&mut client, code)["stored"].as_u64() > Some(50)).then_some(()));
            let how = standing(&mut client, code);
            assert_eq!((how["state"].as_str(), how["protocol"].as_str()), (Some("live"), Some(protocol)));
            // An agent that was started anew has lost what it held, and its client says so.
            let gaps = if code == "lasers" { start } else { 0 };
            assert_eq!((how["quarantined"].as_u64(), how["gaps"].as_u64()), (Some(0), Some(gaps)), "{how}");
            until("something new", || (newest(&mut client, department).as_str() > before.as_str()).then_some(()));
        }
        assert_eq!(running.stop(), 0);
    }
    // A plant that stands still tells nothing new; what the wires still owed at the stop may be said now.
    let (running, mut client) = demo("0");
    let before = newest(&mut client, "Welding");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(newest(&mut client, "Welding"), before);
    assert_eq!(running.stop(), 0);
}
