//! Clients of other makers: mosquitto's programs, paho, and an edge node of pysparkplug.

use std::io::Write as _;

use super::super::sparkplug::{Edge, can_speak, python};
use super::*;

/// One of mosquitto's programs as `press`; `None`, with a sentence, where it is missing.
fn mosquitto(house: &House, program: &str, more: &[&str]) -> Option<Child> {
    let port = house.port().to_string();
    let own = ["-h", "127.0.0.1", "-p", &port, "-u", "press", "-P", TOKEN];
    let child = Process::new(program).args(own).args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok();
    if child.is_none() {
        println!("skipped: there is no {program} here (Debian: apt-get install mosquitto-clients)");
    }
    child
}

#[test]
fn programs_of_mosquitto_publish_and_listen() {
    story(async |house| {
        let Some(ear) = mosquitto(house, "mosquitto_sub", &["-t", "plant/#", "-q", "1", "-v", "-C", "53", "-W", "60"]) else { return };
        let Some(mut machine) = mosquitto(house, "mosquitto_pub", &["-t", "plant/P-1/count", "-q", "1", "-l"]) else { return };
        // It may take a moment until the one that listens does.
        let mut probe = house.client("probe").await;
        probe.say("plant/P-1/ready", "1", true).await;
        let told = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(ear.stdout.unwrap()).lines().map_while(Result::ok);
            assert_eq!(lines.next().unwrap(), "plant/P-1/ready 1");
            let mut input = machine.stdin.take().unwrap();
            (0..50).for_each(|number| writeln!(input, "{number}").unwrap());
            drop(input);
            assert!(machine.wait().unwrap().success());
            lines.take(50).collect::<Vec<_>>()
        });
        let told = tokio::time::timeout(PATIENCE, told).await.unwrap().unwrap();
        assert_eq!(told, (0..50).map(|number| format!("plant/P-1/count {number}")).collect::<Vec<_>>());
        assert_eq!(house.site.numbers("P-1", "count"), (0..50).map(f64::from).collect::<Vec<_>>());
        for (quality, at) in [("2", 50.0), ("0", 51.0)] {
            let mut machine = mosquitto(house, "mosquitto_pub", &["-t", "plant/P-1/count", "-q", quality, "-m", &at.to_string()]).unwrap();
            assert!(tokio::task::spawn_blocking(move || machine.wait().unwrap()).await.unwrap().success());
        }
        until(&house.presets, "quality 0", |it| it.stored == 53).await;
        let mut fifth = mosquitto(house, "mosquitto_pub", &["-t", "plant/P-1/count", "-V", "5", "-q", "1", "-m", "1"]).unwrap();
        assert!(!tokio::task::spawn_blocking(move || fifth.wait().unwrap()).await.unwrap().success(), "MQTT 5 is not spoken");
    });
}

/// Publishes with quality 1 and 2, waits for both, and prints what it hears.
const PAHO: &str = r#"
import sys, threading, time
from paho.mqtt.client import Client, MQTTv311
heard, listening = [], threading.Event()
client = Client(client_id="paho", protocol=MQTTv311)
client.username_pw_set("press", sys.argv[2])
client.on_message = lambda client, data, message: heard.append((message.topic, message.payload.decode(), message.qos))
client.on_connect = lambda client, data, flags, code: client.subscribe([("plant/#", 2), ("andon/+", 0)])
client.on_subscribe = lambda client, data, id, granted: (print(granted, flush=True), listening.set())
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
listening.wait(60)
for quality in (0, 1, 2):
    client.publish("plant/P-1/q%d" % quality, quality, qos=quality).wait_for_publish(60)
client.publish("andon/1", "red", qos=1).wait_for_publish(60)
end = time.time() + 60
while len(heard) < 4 and time.time() < end:
    time.sleep(0.01)
client.disconnect()
client.loop_stop()
print(sorted(heard))
"#;

#[test]
fn paho_publishes_with_every_quality_and_listens() {
    if !can_speak() {
        return;
    }
    story(async |house| {
        let port = house.port().to_string();
        let ran = tokio::task::spawn_blocking(move || python().args(["-c", PAHO, &port, TOKEN]).output().unwrap());
        let output = tokio::time::timeout(PATIENCE, ran).await.unwrap().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let wanted = "(1, 0)\n[('andon/1', 'red', 0), ('plant/P-1/q0', '0', 0), ('plant/P-1/q1', '1', 1), ('plant/P-1/q2', '2', 1)]\n";
        assert_eq!(told, wanted, "{}", String::from_utf8_lossy(&output.stderr));
        for quality in 0..3 {
            assert_eq!(house.site.numbers("P-1", &format!("q{quality}")), [f64::from(quality)]);
        }
    });
}

#[test]
fn an_edge_node_of_another_maker_is_born_is_asked_for_a_rebirth_and_dies() {
    if !can_speak() {
        return;
    }
    story(async |house| {
        let now = house.site.plant.engine.plant_now();
        let mut edge = tokio::task::block_in_place(|| Edge::start_as(house.port(), now, "press", TOKEN));
        until(&house.presets, "its birth", |it| it.stored == 4).await;
        edge.tell("alias");
        until(&house.presets, "data by alias", |it| it.stored == 6).await;
        edge.tell("skip");
        edge.tell("null");
        let commanded = tokio::task::block_in_place(|| edge.commanded());
        assert!(commanded.contains("Node Control/Rebirth"), "{commanded}");
        until(&house.presets, "the gap", |it| it.gaps == 1).await;
        edge.tell("die");
        // Nobody says so but the will that it left.
        until(&house.presets, "its death", |it| it.stored == 11).await;
        for (machine, metric) in [("LASER-1", "count"), ("LASER-1", "state"), ("gateway", "temperature"), ("gateway", "offset")] {
            assert!(house.site.kept(machine, metric).iter().any(|(_, value)| *value == Reading::Unavailable), "{metric} of {machine}");
        }
    });
}
