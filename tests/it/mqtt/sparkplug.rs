//! An edge node of another maker (pysparkplug) speaks to us through a real broker. Skipped, and it
//! says so, where MILLWRIGHT_PYTHON (or python3) has no pysparkplug; `make test` installs it if it may.

use std::io::{Lines, Write as _};
use std::process::ChildStdout;

use millwright::adapters::mqtt::sparkplug;
use serde::Deserialize as _;

use super::*;

/// An edge node that does what it is told on its input, and tells what it was commanded.
const EDGE: &str = r#"
import os, sys, time
from pysparkplug import ClientOptions, Client, DataType, Device, DData, EdgeNode, Message, Metric, MessageType, QoS, Topic
port, now = int(sys.argv[1]), int(sys.argv[2])
def metric(name, kind, value, at=0, **more):
    return Metric(timestamp=now + at, name=name, datatype=kind, value=value, **more)
def commanded(edge, message):
    print("command", *[(each.name, each.value) for each in message.payload.metrics], flush=True)
client = Client(username=sys.argv[3] or None, password=sys.argv[4] or None)
edge = EdgeNode("plant", "gateway", [metric("temperature", DataType.FLOAT, 20.5), metric("offset", DataType.INT16, -7)], client, cmd_callback=commanded)
edge.register(Device("LASER-1", [metric("count", DataType.INT32, 5, alias=2), metric("state", DataType.STRING, "IDLE", alias=3)]))
edge.connect("127.0.0.1", port=port)
def tell(at, *metrics):
    topic = Topic(message_type=MessageType.DDATA, group_id="plant", edge_node_id="gateway", device_id="LASER-1")
    payload = DData(timestamp=now + at, seq=edge._seq, metrics=metrics)
    edge._client.publish(Message(topic=topic, payload=payload, qos=QoS.AT_MOST_ONCE, retain=False))
for line in sys.stdin:
    word = line.strip()
    if word == "alias":
        tell(1, metric(None, DataType.INT32, 6, 1, alias=2), metric(None, DataType.STRING, "CUTTING", 1, alias=3))
    elif word == "history":
        tell(3, metric(None, DataType.INT32, 4, -3_600_000, alias=2, is_historical=True), metric(None, DataType.INT32, -8, 3, alias=2))
    elif word == "null":
        tell(4, metric(None, DataType.STRING, None, 4, alias=3, is_null=True))
    elif word == "skip":
        edge._seq
    elif word == "die":
        os._exit(0)
    print("done", word, flush=True)
"#;

pub(super) struct Edge {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Edge {
    fn start(port: u16, now: Time) -> Self {
        Self::start_as(port, now, "", "")
    }

    pub(super) fn start_as(port: u16, now: Time, user: &str, password: &str) -> Self {
        let (port, now) = (port.to_string(), (now.micros() / 1_000).to_string());
        let mut child = python().args(["-c", EDGE, &port, &now, user, password]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    pub(super) fn tell(&mut self, word: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// What it says next that is no answer to us.
    pub(super) fn commanded(&mut self) -> String {
        self.said.by_ref().map_while(Result::ok).find(|line| line.starts_with("command")).unwrap()
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

pub(super) fn python() -> Process {
    Process::new(std::env::var_os("MILLWRIGHT_PYTHON").unwrap_or_else(|| "python3".into()))
}

pub(super) fn can_speak() -> bool {
    let found = python().args(["-c", "import pysparkplug"]).stderr(Stdio::null()).status();
    let can = found.is_ok_and(|status| status.success());
    if !can {
        println!("skipped: MILLWRIGHT_PYTHON (or python3) has no pysparkplug with paho-mqtt<2");
    }
    can
}

fn start(settings: Json, source: &Arc<Source>) -> Running {
    let settings = sparkplug::Settings::deserialize(settings).unwrap();
    let (stop, stopping) = watch::channel(false);
    Running { stop, task: tokio::spawn(sparkplug::run(settings, Arc::clone(source), stopping)) }
}

fn host(port: u16) -> Json {
    let broker = json!({"host": "127.0.0.1", "port": port, "client_id": "host", "keep_alive_seconds": 10});
    json!({"broker": broker, "host_id": "millwright", "reorder_ms": 50, "rebirth_seconds": 1})
}

#[test]
fn an_edge_node_is_born_tells_by_alias_loses_a_message_and_dies() {
    if !can_speak() {
        return;
    }
    let Some(broker) = Mosquitto::start() else { return };
    let site = Site::new();
    let now = site.plant.engine.plant_now();
    let source = site.source("edges");
    runtime().block_on(async {
        let running = start(host(broker.port), &source);
        live(&source).await;
        let mut edge = Edge::start(broker.port, now);
        until(&source, "the births", |it| it.received == 4).await;
        for (word, received) in [("alias", 6), ("history", 8), ("null", 9)] {
            edge.tell(word);
            until(&source, word, |it| it.received == received).await;
        }
        edge.tell("skip");
        edge.tell("alias");
        assert_eq!(
            tokio::task::spawn_blocking(move || (edge.commanded(), edge))
                .await
                .map(|(command, mut edge)| {
                    edge.tell("die");
                    edge.child.wait().unwrap();
                    command
                })
                .unwrap(),
            "command ('Node Control/Rebirth', True)"
        );
        until(&source, "its death", |it| it.received == 15).await;
        running.stop().await;
    });
    assert_eq!(source.standing().borrow().gaps, 1);
    let values = |machine: &str, metric: &str| site.kept(machine, metric).into_iter().map(|(at, value)| ((at.micros() - now.micros()) / 1_000, value)).collect::<Vec<_>>();
    let number = Reading::Number;
    // The death has no time of its own; the plant's clock stands, so it falls on the birth.
    assert_eq!(values("LASER-1", "count"), [(-3_600_000, number(4.0)), (0, number(5.0)), (0, Reading::Unavailable), (1, number(6.0)), (3, number(-8.0))]);
    assert_eq!(values("LASER-1", "state"), [(0, Reading::Text("IDLE".into())), (0, Reading::Unavailable), (1, Reading::Text("CUTTING".into())), (4, Reading::Unavailable)]);
    assert_eq!(values("gateway", "temperature"), [(0, number(20.5)), (0, Reading::Unavailable)]);
    assert_eq!(values("gateway", "offset"), [(0, number(-7.0)), (0, Reading::Unavailable)]);
}

/// What the broker tells of the host, one line each.
async fn heard(network: &mut EventLoop) -> Json {
    loop {
        if let Event::Incoming(Packet::Publish(message)) = tokio::time::timeout(PATIENCE, network.poll()).await.unwrap().unwrap() {
            assert_eq!(message.topic, "spBv1.0/STATE/millwright");
            return serde_json::from_slice(&message.payload).unwrap();
        }
    }
}

#[test]
fn edge_nodes_are_told_whether_anybody_keeps_what_they_say() {
    let Some(broker) = Mosquitto::start() else { return };
    let site = Site::new();
    let source = site.source("edges");
    runtime().block_on(async {
        let (client, mut network) = machine(broker.port, "edge");
        client.subscribe("spBv1.0/STATE/millwright", QoS::AtLeastOnce).await.unwrap();
        while !matches!(network.poll().await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}

        let running = start(host(broker.port), &source);
        let online = heard(&mut network).await;
        assert_eq!(online["online"], true);
        running.stop().await;
        assert_eq!(heard(&mut network).await, json!({"online": false, "timestamp": online["timestamp"]}));

        // Whoever dies has left a will.
        let running = start(host(broker.port), &source);
        let online = heard(&mut network).await;
        running.kill().await;
        assert_eq!(heard(&mut network).await, json!({"online": false, "timestamp": online["timestamp"]}));

        // An old will that is told late is contradicted.
        let running = start(host(broker.port), &source);
        let online = heard(&mut network).await;
        client.publish("spBv1.0/STATE/millwright", QoS::AtLeastOnce, true, "{\"online\":false,\"timestamp\":1}").await.unwrap();
        assert_eq!(heard(&mut network).await["online"], false);
        assert_eq!(heard(&mut network).await, online);

        // A lane that takes nothing is as good as nobody.
        let lane = site.lane.clone();
        tokio::task::spawn_blocking(move || lane.stop()).await.unwrap();
        client.publish("spBv1.0/plant/NDATA/gateway", QoS::AtMostOnce, false, vec![0x12, 0xff]).await.unwrap();
        assert_eq!(heard(&mut network).await["online"], false);
        until(&source, "the refusal", |it| it.why.as_ref().is_some_and(|why| why.contains("telemetry took nothing"))).await;
        running.stop().await;
    });
}
