//! A machine is connected while the plant runs: tried first, then kept; it says how it stands, and
//! goes on after the machine, its record or the plant was stopped.

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::{Value as Json, json};

use super::*;
use crate::opcua;

/// A machine's adapter: whoever connects is told what is in the machine, and what comes new.
struct Adapter {
    address: SocketAddr,
    lines: Sender<String>,
}

impl Adapter {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (lines, told): (Sender<String>, Receiver<String>) = channel();
        std::thread::spawn(move || {
            let mut clients: Vec<TcpStream> = Vec::new();
            let mut all: Vec<String> = Vec::new();
            listener.set_nonblocking(true).unwrap();
            loop {
                if let Ok((mut client, _)) = listener.accept() {
                    client.set_nonblocking(false).unwrap();
                    all.iter().for_each(|line| _ = client.write_all(line.as_bytes()));
                    clients.push(client);
                }
                match told.recv_timeout(Duration::from_millis(20)) {
                    Ok(line) => {
                        clients.retain_mut(|client| client.write_all(line.as_bytes()).is_ok());
                        all.push(line);
                    }
                    Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                    Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Self { address, lines }
    }

    fn tell(&self, what: &str) {
        let now = millwright::engine::clock::Clock::System.now();
        self.lines.send(format!("{now}|{what}\n")).unwrap();
    }
}

fn standing(client: &mut Client, code: &str) -> Json {
    let all = client.read("/api/v1/connector-states");
    all["data"].as_array().unwrap().iter().find(|it| it["connector_code"] == code).cloned().unwrap_or_default()
}

fn value(client: &mut Client, metric: &str) -> Json {
    let last = client.read("/api/v1/telemetry/last?machine=MILL-7");
    last["data"].as_array().unwrap().iter().find(|it| it["metric"] == metric).map(|it| it["value"].clone()).unwrap_or_default()
}

#[test]
fn a_machine_is_tried_connected_switched_off_and_found_again_after_a_restart() {
    let machine = Adapter::start();
    machine.tell("execution|ACTIVE|part_count|4");
    let settings = format!("address = \"{}\"\nmachine = \"MILL-7\"\n", machine.address);
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();

    let tried = client.make("/api/v1/connector-trials", &json!({"protocol": "shdr", "settings": settings, "seconds": 2}));
    let seen: Vec<String> =
        tried["data"].as_array().unwrap().iter().map(|it| format!("{} {} {}", it["machine"].as_str().unwrap(), it["metric"].as_str().unwrap(), it["value"])).collect();
    assert_eq!(seen, ["MILL-7 execution \"ACTIVE\"", "MILL-7 part_count 4.0"], "{tried}");
    assert_eq!(client.read("/api/v1/telemetry/last")["data"], json!([]), "a trial keeps nothing");

    client.make("/api/v1/connectors", &json!({"connector_code": "mill-7", "protocol": "shdr", "settings": settings}));
    until("the first value", || (value(&mut client, "part_count") == json!(4)).then_some(()));
    machine.tell("part_count|5");
    until("the next value", || (value(&mut client, "part_count") == json!(5)).then_some(()));
    // A value is shown before it is counted.
    let how = until("both are counted", || Some(standing(&mut client, "mill-7")).filter(|how| how["stored"] == 3));
    assert_eq!(how["state"], "live", "{how}");
    assert!(how["last_message_at"].is_string());

    // Switched off, nothing comes; switched on, what the machine still has comes, and once.
    assert_eq!(client.ask("PATCH", "/api/v1/connectors/mill-7", &[], &json!({"status": "inactive"})).status, 200);
    until("off", || (standing(&mut client, "mill-7")["state"] == "off").then_some(()));
    machine.tell("part_count|6");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(value(&mut client, "part_count"), json!(5));
    assert_eq!(client.ask("PATCH", "/api/v1/connectors/mill-7", &[], &json!({"status": "active"})).status, 200);
    until("the value from while it was off", || (value(&mut client, "part_count") == json!(6)).then_some(()));

    drop(client);
    assert_eq!(running.stop(), 0);
    machine.tell("part_count|7|execution|READY");
    let running = data.serve();
    let mut client = running.client();
    until("the value from while the plant stood", || (value(&mut client, "execution") == json!("READY")).then_some(()));
    let counted = client.read("/api/v1/telemetry/query?machine=MILL-7&metric=part_count");
    let values: Vec<Json> = counted["data"][0]["samples"].as_array().unwrap_or_else(|| panic!("{counted}")).iter().map(|it| it[1].clone()).collect();
    assert_eq!(values, [json!(4), json!(5), json!(6), json!(7)], "each once");
    assert_eq!(running.stop(), 0);
}

#[test]
fn what_cannot_work_says_why_and_a_password_is_never_told_again() {
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();
    let refused = |reply: crate::client::Reply| (reply.status, reply.json()["detail"].as_str().unwrap_or_default().to_owned());
    let make = |client: &mut Client, settings: &str| client.post("/api/v1/connectors", &json!({"connector_code": "weld", "protocol": "mqtt", "settings": settings}));
    let (status, why) = refused(make(&mut client, "broker = ["));
    assert!(status == 422 && why.contains("no TOML"), "{why}");
    let (status, why) = refused(make(&mut client, "[broker]\nhost = \"b\"\npassword = \"x\"\n"));
    assert!(status == 422 && why.contains("/secret"), "{why}");
    let (status, why) = refused(client.post("/api/v1/connector-trials", &json!({"protocol": "telex", "settings": ""})));
    assert!(status == 422 && why.contains("sparkplug"), "{why}");

    assert_eq!(make(&mut client, "speed = 9600\n").status, 201);
    until("the reason", || (standing(&mut client, "weld")["why"].as_str().is_some_and(|why| why.contains("speed"))).then_some(()));
    assert_eq!(standing(&mut client, "weld")["state"], "failed");

    let path = "/api/v1/connectors/weld/secret";
    assert_eq!(client.post(path, &json!({})).status, 422);
    assert_eq!(client.post(path, &json!({"secret": "grease-monkey-77"})).status, 200);
    for path in ["/api/v1/connectors/weld", "/api/v1/connectors/weld/history", "/api/v1/connector-states", "/api/v1/changes"] {
        let told = client.get(path);
        assert!(told.status == 200 && !told.text().contains("grease-monkey"), "{path}");
    }
    assert_eq!(running.stop(), 0);
}

#[test]
fn connect_test_prints_what_a_machine_tells() {
    let machine = Adapter::start();
    machine.tell("load|17.5");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mill.toml");
    std::fs::write(&file, format!("protocol = \"shdr\"\naddress = \"{}\"\nmachine = \"MILL-7\"\n", machine.address)).unwrap();
    let (code, told) = run_json(&["connect", "test", file.to_str().unwrap(), "--seconds", "2"], "");
    assert_eq!((code, told["state"].as_str(), &told["data"][0]["value"]), (0, Some("live"), &json!(17.5)), "{told}");
    std::fs::write(&file, "protocol = \"shdr\"\naddress = \"127.0.0.1:1\"\n").unwrap();
    let (code, told) = run_json(&["connect", "test", file.to_str().unwrap(), "--seconds", "1"], "");
    assert!(code == 1 && told["why"].is_string(), "{told}");
}

#[test]
fn a_stored_log_is_played_into_a_plant_that_nobody_serves() {
    let data = Data::new();
    let log = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mtconnect/shift.shdr");
    let play = || run_json(&["replay", "shdr", "--data", &data.text(), "--machine", "LASER-7", log], "");
    for (times, new, known) in [(1, "new", "known"), (2, "known", "new")] {
        let (code, told) = play();
        let told = &told["data"][0];
        assert!(code == 0 && told["machine"] == "LASER-7" && told["samples"].as_u64() > Some(100), "{told}");
        assert!(told[new] == told["samples"] && told[known] == 0, "played {times} times: {told}");
    }
    let other = data.folder.path().join("passwd");
    std::fs::write(&other, "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:\n").unwrap();
    let (code, problem) = run_json(&["replay", "nist", "--data", &data.text(), other.to_str().unwrap()], "");
    assert!(code == 2 && problem["detail"].as_str().unwrap().contains("nothing in it is a line of SHDR"), "{problem}");
    let running = data.serve();
    let counted = running.client().read("/api/v1/telemetry/query?machine=LASER-7&metric=parts&from=2026-03-02T06:00:00Z&to=2026-03-02T06:00:01Z");
    assert_eq!(counted["data"][0]["samples"], json!([["2026-03-02T06:00:00.949Z", 0]]), "once");
    assert_ne!(play().0, 0, "somebody serves the plant");
    assert_eq!(running.stop(), 0);
    data.verified();
}

#[test]
fn an_opc_ua_server_is_approved_beside_the_plant_and_its_password_is_told_apart() {
    if !opcua::can_serve() {
        return;
    }
    let (port, keys, data) = (opcua::free_port(), tempfile::tempdir().unwrap(), Data::new());
    let mut machine = opcua::Machine::start(port, &["--safe", keys.path().to_str().unwrap()]);
    let settings = format!("endpoint = \"opc.tcp://127.0.0.1:{port}/press/\"\nmachine = \"MILL-7\"\npublishing_ms = 200\nuser = \"shift\"\n{}\n", opcua::POWER);
    let running = data.serve();
    let mut client = running.client();
    let trial = json!({"protocol": "opcua", "settings": settings, "secret": "grease-monkey-77", "seconds": 5});
    let why = client.make("/api/v1/connector-trials", &trial)["why"].as_str().unwrap_or_default().to_owned();
    assert!(why.contains("not approved"), "{why}");
    let pki = data.path().join("pki");
    let waiting = std::fs::read_dir(pki.join("rejected")).unwrap().next().unwrap().unwrap().path();
    std::fs::rename(&waiting, pki.join("trusted").join(waiting.file_name().unwrap())).unwrap();

    client.make("/api/v1/connectors", &json!({"connector_code": "press", "protocol": "opcua", "settings": settings}));
    until("the wrong password", || (standing(&mut client, "press")["why"].as_str().is_some_and(|why| why.contains("password is wrong"))).then_some(()));
    assert_eq!(client.post("/api/v1/connectors/press/secret", &json!({"secret": "grease-monkey-77"})).status, 200);
    until("the connection", || (standing(&mut client, "press")["state"] == "live").then_some(()));
    machine.tells("Power", &json!([3.25]), opcua::now(), 0);
    until("the value", || (value(&mut client, "power") == json!(3.25)).then_some(()));
    assert_eq!(running.stop(), 0);
}
