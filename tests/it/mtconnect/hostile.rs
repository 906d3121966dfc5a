//! Agents and adapters that mean harm, or are broken: refused, bounded, counted, and called again.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use millwright::adapters::mtconnect::document;
use millwright::adapters::mtconnect::multipart::Parts;
use millwright::base::{Code, limits};
use serde_json::json;

use super::player::{Adapter, Agent};
use super::*;

fn refused(text: &str) -> String {
    document::read(text.as_bytes()).unwrap_err().detail
}

#[test]
fn documents_that_grow_when_they_are_read_are_refused() {
    let laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><MTConnectStreams>&b;</MTConnectStreams>";
    assert!(refused(laughs).contains("document type"));
    let outside = "<?xml version=\"1.0\"?><!DOCTYPE MTConnectDevices SYSTEM \"file:///etc/passwd\"><MTConnectDevices/>";
    assert!(refused(outside).contains("document type"));
    let deep = format!("<MTConnectDevices><Header instanceId='1'/><Devices><Device>{}", "<Components><X>".repeat(100));
    assert!(refused(&deep).contains("deep"));
    let wide = format!("<MTConnectDevices {}/>", (0..100).map(|at| format!("a{at}='' ")).collect::<String>());
    assert!(refused(&wide).contains("attributes"));
    let long = format!("<MTConnectDevices a='{}'/>", "x".repeat(limits::XML_ATTRIBUTE_MAX + 1));
    assert!(refused(&long).contains("attributes"));
    let text = format!("<MTConnectError><Errors><Error>{}</Error></Errors></MTConnectError>", "x".repeat(limits::XML_TEXT_MAX + 1));
    assert!(refused(&text).contains("bytes of text"));
    let large = format!("<MTConnectError>{}</MTConnectError>", " ".repeat(limits::DOCUMENT_MAX));
    assert_eq!(document::read(large.as_bytes()).unwrap_err().code, Code::TooLarge);
    for broken in [
        "",
        "<",
        "no document",
        "<html><body>404</body></html>",
        "<MTConnectStreams>",
        "</MTConnectStreams>",
        "<MTConnectStreams><a></b></MTConnectStreams>",
        "<MTConnectStreams/>",
    ] {
        assert!(document::read(broken.as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn every_beginning_of_a_document_and_of_a_stream_is_refused_and_nothing_else_happens() {
    let whole = fixture("streams.xml");
    let whole = whole.trim_end().as_bytes();
    for end in 0..whole.len() {
        assert!(document::read(&whole[..end]).is_err(), "{end} bytes");
    }
    assert!(document::read(whole).is_ok());
}

#[test]
fn streams_that_do_not_end_are_given_up() {
    let of = |bytes: &[u8]| {
        let mut parts = Parts::of("multipart/mixed;boundary=b").unwrap();
        parts.push(bytes).and_then(|()| parts.part()).unwrap_err().code
    };
    assert_eq!(of(b"--b\r\nContent-length: 99999999999\r\n\r\n"), Code::TooLarge);
    assert_eq!(of(b"--b\r\nContent-length: many\r\n\r\n"), Code::Malformed);
    assert_eq!(of(b"--other\r\n"), Code::Malformed);
    assert_eq!(of(&[b"--b\r\n", &vec![b'x'; limits::PART_HEAD_MAX][..]].concat()), Code::Malformed);
    let mut parts = Parts::of("multipart/mixed;boundary=b").unwrap();
    parts.push(b"--b\r\nContent-type: text/xml\r\n\r\n").unwrap();
    let block = vec![b'x'; 64 << 10];
    let refused = (0..1_000).find_map(|_| parts.push(&block).and_then(|()| parts.part()).err()).unwrap();
    assert_eq!(refused.code, Code::TooLarge);
}

/// Answers every question with the same bytes, over and over where it is to have no end.
fn answers_with(body: String, endless: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut wire in listener.incoming().flatten() {
            let mut question = [0; 1_024];
            _ = wire.read(&mut question);
            let mut well = write!(wire, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/xml\r\n\r\n{body}").is_ok();
            while well && endless {
                well = wire.write_all(body.as_bytes()).is_ok();
            }
        }
    });
    address
}

#[test]
fn a_bomb_instead_of_a_probe_is_quarantined_and_the_agent_is_asked_again() {
    let bomb = "<!DOCTYPE a [<!ENTITY a \"ha\">]><MTConnectDevices>&a;</MTConnectDevices>";
    let address = answers_with(bomb.to_owned(), false);
    let hall = Hall::new();
    hall.reads_agent(&address, json!({}));
    wait_until("it was asked again", || hall.standing().quarantined >= 2);
    hall.fails("document type");
    let kept = &hall.lane.quarantined(1).unwrap()[0];
    assert_eq!((kept.source.as_str(), kept.original.as_slice()), ("connection", bomb.as_bytes()));
    assert_eq!(hall.lane.series().len(), 0);
}

#[test]
fn an_answer_without_an_end_is_given_up() {
    let hall = Hall::new();
    hall.reads_agent(&answers_with("<MTConnectDevices>".repeat(1_000), true), json!({}));
    hall.fails("ask it for less");
}

#[test]
fn what_is_no_agent_is_told_so() {
    for (body, said) in [
        ("<html/>", "no document of an MTConnect agent"),
        ("{}", "ends in the middle"),
        ("<MTConnectError><Errors><Error errorCode='UNSUPPORTED'>no</Error></Errors></MTConnectError>", "UNSUPPORTED no"),
    ] {
        let hall = Hall::new();
        hall.reads_agent(&answers_with(body.to_owned(), false), json!({}));
        hall.fails(said);
    }
}

#[test]
fn two_machines_are_not_kept_under_one_name() {
    let device =
        |name: &str| format!("<Device id='{name}' name='{name}' uuid='{name}'><DataItems><DataItem id='{name}_x' type='EXECUTION' category='EVENT'/></DataItems></Device>");
    let probe = format!("<MTConnectDevices><Header instanceId='1'/><Devices>{}{}</Devices></MTConnectDevices>", device("LASER"), device("PUNCH"));
    let hall = Hall::new();
    hall.reads_agent(&answers_with(probe, false), json!({ "machine": "L1" }));
    let why = hall.fails("LASER, PUNCH");
    assert!(why.contains("`device`"), "{why}");
    assert_eq!(hall.lane.series().len(), 0);
}

#[test]
fn settings_that_cannot_be_served_are_refused_with_a_sentence() {
    use millwright::adapters::mtconnect::{agent, shdr};
    let agent =
        |more: serde_json::Value| serde_json::from_value::<agent::Settings>(more).map_err(|error| error.to_string()).and_then(|it| it.check().map_err(|refusal| refusal.detail));
    assert_eq!(agent(json!({ "url": "http://10.0.0.7:5000/agent", "device": "LASER-01", "machine": "L1" })), Ok(()));
    for (bad, said) in [
        (json!({ "url": "https://10.0.0.7:5000" }), "http://HOST:PORT"),
        (json!({ "url": "http://user@10.0.0.7" }), "without a user"),
        (json!({ "url": "http://10.0.0.7", "device": "a/../b" }), "uuid"),
        (json!({ "url": "http://10.0.0.7", "heartbeat_ms": 0 }), "between 1 and"),
        (json!({ "url": "http://10.0.0.7", "heart_beat": 1 }), "unknown field"),
    ] {
        assert!(agent(bad.clone()).unwrap_err().contains(said), "{bad}");
    }
    let adapter = |more: serde_json::Value| serde_json::from_value::<shdr::Settings>(more).unwrap().check().map_err(|refusal| refusal.detail);
    assert_eq!(adapter(json!({ "address": "10.0.0.7:7878" })), Ok(()));
    assert!(adapter(json!({ "address": "10.0.0.7" })).unwrap_err().contains("HOST:PORT"));
    assert!(adapter(json!({ "address": "10.0.0.7:1", "text_keys": ["a"], "number_keys": ["a"] })).unwrap_err().contains("`a`"));
}

#[test]
fn a_number_that_is_none_is_quarantined_with_what_came() {
    let agent = Agent::start(&fixture("devices.xml"), "LASER01", 64);
    let hall = Hall::new();
    hall.reads_agent(&agent.address, json!({}));
    hall.is(State::Live);
    for line in ["2026-03-02T06:00:01Z|x_load|half", "2026-03-02T06:00:02Z|x_load|inf", "2026-03-02T06:00:03Z|x_load|7", "1991-03-02T06:00:03Z|y_load|7"] {
        agent.hears(line);
    }
    wait_until("all four are taken", || hall.place().1 == agent.book().next);
    hall.settles();
    assert_eq!(hall.values("LASER01", "load.x_load"), ["unavailable", "7"]);
    let kept: Vec<String> = hall.lane.quarantined(10).unwrap().into_iter().map(|it| format!("{}: {}", it.why, String::from_utf8_lossy(&it.original))).collect();
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(kept.iter().any(|it| it.contains("no finite number") && it.ends_with("|half")) && kept.iter().any(|it| it.contains("too long ago")), "{kept:?}");
}

#[test]
fn an_adapter_that_says_nonsense_is_heard_on() {
    let mut adapter = Adapter::start();
    let hall = Hall::new();
    hall.reads_adapter(&adapter.address, json!({ "number_keys": ["count"], "text_keys": ["program"] }));
    adapter.answers(10_000);
    adapter.says("2026-03-02T06:00:01Z|load|UNAVAILABLE|program|1001|count|many\n2026-03-02T06:00:02Z|load|5\n2026-03-02T06:00:03Z|load|five\n");
    adapter.says("2026-99-02T06:00:03Z|load|1\n2026-03-02T06:00:03Z|load\n");
    adapter.says(&format!("2026-03-02T06:00:04Z|text|{}\n", "x".repeat(3 * limits::SHDR_LINE_MAX)));
    adapter.says("* shdrVersion: 2\n2026-03-02T06:00:05Z|load|6|program|NEST\n");
    wait_until("the last line is kept", || hall.lane.find("connection", "program").is_some_and(|series| hall.all(&series).len() == 2));
    assert_eq!(hall.values("connection", "load"), ["unavailable", "5", "6"]);
    assert_eq!(hall.values("connection", "program"), ["`1001`", "`NEST`"]);
    let why: Vec<String> = hall.lane.quarantined(10).unwrap().into_iter().map(|it| it.why).collect();
    assert_eq!(why.len(), 5, "{why:?}");
    assert_eq!(hall.standing().state, State::Live);
}

#[test]
fn an_adapter_that_answers_no_more_is_called_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hall = Hall::new();
    hall.reads_adapter(&listener.local_addr().unwrap().to_string(), json!({}));
    let (mut first, _) = listener.accept().unwrap();
    first.write_all(b"* PONG 200\n").unwrap();
    hall.is(State::Silent);
    let (mut second, _) = listener.accept().unwrap();
    second.write_all(b"* PONG 10000\n").unwrap();
    hall.is(State::Live);
}
