//! Documents as agents have sent them, and ours that hold every representation: counts, first and
//! last values are those that a search for plain text finds.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpListener;

use millwright::adapters::mtconnect::document::{self, Condition, Document, Level, Observation, Probe, Streams, Told};
use millwright::adapters::mtconnect::multipart::Parts;

use serde_json::json;

use super::player::{attribute, items_of};
use super::*;

fn streams(text: &[u8]) -> Streams {
    match document::read(text) {
        Ok(Document::Streams(streams)) => streams,
        other => panic!("{other:?}"),
    }
}

fn probe(text: &[u8]) -> Probe {
    match document::read(text) {
        Ok(Document::Devices(probe)) => probe,
        other => panic!("{other:?}"),
    }
}

/// By data item: how many, and the first and the last as they stand in the document.
type Counts = BTreeMap<String, (usize, String, String)>;

fn counted(rows: impl Iterator<Item = (String, String)>) -> Counts {
    let mut counts = Counts::new();
    for (item, row) in rows {
        counts.entry(item).and_modify(|it| (it.0, it.2) = (it.0 + 1, row.clone())).or_insert_with(|| (1, row.clone(), row));
    }
    counts
}

/// What a search for plain text finds: every element with a data item, up to the next element.
fn naive(text: &str) -> Counts {
    counted(text.split('<').filter_map(|part| {
        let (element, value) = part.split_once('>')?;
        let level = element.split_whitespace().next()?.to_uppercase();
        let item = attribute(element, "dataItemId")?.to_owned();
        let value = if attribute(element, "type").is_some() {
            level
        } else {
            value.trim().replace("&gt;", ">").replace("&lt;", "<").replace("&apos;", "'").replace("&quot;", "\"").replace("&amp;", "&")
        };
        Some((item, format!("{} {} {value}", attribute(element, "sequence")?, moment(attribute(element, "timestamp")?))))
    }))
}

fn moment(text: &str) -> Time {
    text.parse().unwrap()
}

fn told(it: &Observation) -> String {
    match &it.value {
        Told::Unavailable => "UNAVAILABLE".to_owned(),
        Told::Value(text) | Told::Series { values: text, .. } => text.clone(),
        Told::Condition(condition) => condition.level.word().to_owned(),
    }
}

fn agrees(name: &str, text: &[u8]) -> usize {
    let streams = streams(text);
    assert!(streams.unread.is_empty(), "{name}: {:?}", streams.unread);
    let read = counted(streams.observations.iter().map(|it| (it.item.clone(), format!("{} {} {}", it.sequence, it.at, told(it)))));
    let naive = naive(std::str::from_utf8(text).unwrap());
    for (item, found) in &naive {
        let set = found.1.ends_with(' ') && read[item].1.contains('=');
        assert!(set || read[item] == *found, "{name}: {item}: {:?} for {found:?}", read.get(item));
    }
    assert_eq!(read.len(), naive.len(), "{name}");
    streams.observations.len()
}

#[test]
fn a_document_of_every_representation_is_read() {
    let devices = probe(fixture("devices.xml").as_bytes());
    assert_eq!(devices.header.instance, 7);
    assert_eq!(devices.devices.iter().map(|device| (device.name.as_str(), device.is_agent, device.items.len())).collect::<Vec<_>>(), [("Agent", true, 1), ("LASER01", false, 13)]);
    let wave = devices.devices[1].items.iter().find(|item| item.id == "x_wave").unwrap();
    assert_eq!((wave.sample_rate, wave.units.as_deref(), wave.representation.as_deref()), (Some(100.0), Some("MILLIMETER/SECOND^2"), Some("TIME_SERIES")));

    let read = streams(fixture("streams.xml").as_bytes());
    let value = |item: &str| read.observations.iter().rev().find(|it| it.item == item).map(|it| it.value.clone()).unwrap();
    assert_eq!(value("prog"), Told::Value("NEST <7>".to_owned()));
    assert_eq!(value("vars"), Told::Value("a=1 b={two words} c".to_owned()));
    assert_eq!(value("offsets"), Told::Value("G54={X=1.5 Y=2}".to_owned()));
    assert_eq!(value("nozzle"), Told::Value("D15".to_owned()));
    assert_eq!(value("x_wave"), Told::Series { values: "1 -1 2.5 0".to_owned(), rate: None });
    let first = read.observations.iter().find(|it| it.item == "prog").unwrap();
    assert_eq!(first.value, Told::Value("BRACKET & PLATE Ø3 <2>".to_owned()));
    let faults: Vec<&Told> = read.observations.iter().filter(|it| it.item == "sys").map(|it| &it.value).collect();
    let fault = Condition { level: Level::Fault, key: "417-1".to_owned(), code: "417".to_owned(), text: "no assist gas".to_owned() };
    assert_eq!((faults[0], faults[2]), (&Told::Unavailable, &Told::Condition(fault)));
    assert_eq!(read.unread.len(), 1, "an observation without a sequence is shown as it came");
    assert!(read.unread[0].contains("dataItemId=\"avail\""), "{}", read.unread[0]);
}

/// Answers a probe with our devices and everything else with our observations.
fn plays_fixtures() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut wire in listener.incoming().flatten() {
            let mut question = [0; 1_024];
            let length = wire.read(&mut question).unwrap_or(0);
            let probe = question[..length].starts_with(b"GET /probe");
            let body = fixture(if probe { "devices.xml" } else { "streams.xml" });
            _ = write!(wire, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/xml\r\n\r\n{body}");
        }
    });
    address
}

#[test]
fn every_representation_becomes_samples() {
    let hall = Hall::new();
    hall.reads_agent(&plays_fixtures(), json!({}));
    wait_until("the state is kept", || hall.place() == (7, 21));
    let kept = |metric: &str| hall.values("LASER01", metric);
    assert_eq!(kept("position"), ["unavailable", "-12.5"]);
    assert_eq!(kept("path_position"), ["`1 2 3`"]);
    assert_eq!(kept("program"), ["`BRACKET & PLATE Ø3 <2>`", "`NEST <7>`"]);
    assert_eq!(kept("parts"), ["0", "1"]);
    assert_eq!((kept("load.x_load"), kept("load.y_load")), (vec!["40".to_owned()], vec!["41".to_owned()]));
    assert_eq!((kept("variables"), kept("offsets")), (vec!["`a=1 b={two words} c`".to_owned()], vec!["`G54={X=1.5 Y=2}`".to_owned()]));
    let wave = hall.find("LASER01", "vibration");
    let end = moment("2026-03-02T06:00:03Z").micros();
    assert_eq!(hall.all(&wave), [(-30, "1"), (-20, "-1"), (-10, "2.5"), (0, "0")].map(|(ms, value)| (end + ms * 1_000, value.to_owned())));
    assert_eq!(wave.unit.as_deref(), Some("MILLIMETER/SECOND^2"));
    assert_eq!(kept("system"), ["unavailable", "`FAULT:417`"]);
    let why: Vec<String> = hall.lane.quarantined(10).unwrap().into_iter().map(|it| String::from_utf8(it.original).unwrap()).collect();
    assert!(why.iter().any(|it| it.ends_with("about half")) && why.iter().any(|it| it.starts_with("<Availability")), "{why:?}");
    assert!(hall.lane.series().iter().all(|series| series.machine == "LASER01"), "the agent is no machine");
}

#[test]
fn errors_of_both_styles_say_the_same() {
    let old = r#"<MTConnectError xmlns="urn:mtconnect.org:MTConnectError:1.7"><Header instanceId="1"/><Errors><Error errorCode="OUT_OF_RANGE">'from' must be greater than 290</Error></Errors></MTConnectError>"#;
    let new = r#"<MTConnectError xmlns="urn:mtconnect.org:MTConnectError:2.6"><Header instanceId="1"/><Errors><OutOfRange errorCode="OUT_OF_RANGE"><URI>/sample</URI><ErrorMessage>'from' must be greater than 290</ErrorMessage><QueryParameter name="from"><Minimum>291</Minimum></QueryParameter></OutOfRange></Errors></MTConnectError>"#;
    let bare = new.replace(" errorCode=\"OUT_OF_RANGE\"", "");
    for text in [old, new, &bare] {
        let Ok(Document::Errors(errors)) = document::read(text.as_bytes()) else { panic!("{text}") };
        assert_eq!((errors.len(), errors[0].code.as_str(), errors[0].text.as_str()), (1, "OUT_OF_RANGE", "'from' must be greater than 290"), "{text}");
    }
}

#[test]
fn a_foreign_letter_and_a_lone_ampersand_stop_nothing() {
    let text = b"<MTConnectStreams><Header instanceId='1' nextSequence='2'/><Streams><DeviceStream><ComponentStream><Events><Program dataItemId='p' sequence='1' timestamp='2026-03-02T06:00:00Z'>TR\xc4GER & CO &unknown; 7</Program></Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>";
    assert_eq!(told(&streams(text).observations[0]), "TR\u{fffd}GER & CO &unknown; 7");
}

#[test]
fn what_agents_have_sent_is_read_as_a_plain_search_finds_it() {
    let mut observations = 0;
    for name in ["current_epoch1.xml", "current_epoch2_after_restart.xml", "sample_laser_count40.xml"] {
        let Some(text) = stored(&format!("protocols/mtconnect/recorded/{name}")) else { return };
        observations += agrees(name, &text);
    }
    for name in ["Current-Mazak-1.5", "Current-Mazak-2.0"] {
        let Some(text) = stored(&format!("protocols/mtconnect/streams/mtconnectnet_{name}.xml")) else { return };
        observations += agrees(name, &text);
    }
    for number in 1..=5 {
        let Some(text) = stored(&format!("nist-smstestbed/streams/qdr_input00{number}.xml.gz")) else { return };
        observations += agrees(&format!("qdr_input00{number}"), &text);
    }
    println!("{observations} observations of 10 documents agree with a plain search");
    // Its numbers end in `=`, so its sequences mean nothing.
    let broken = stored("protocols/mtconnect/streams/mtconnectnet_Current-Simple.xml").unwrap();
    assert!(document::read(&broken).unwrap_err().detail.contains("instanceId"));
}

#[test]
fn what_agents_offer_is_read_as_a_plain_search_finds_it() {
    let (mut files, mut items) = (0, 0);
    let names = [
        "SimpleDevlce",
        "configuration",
        "data_set",
        "demo_okuma_mazak",
        "discrete_example",
        "fanuc",
        "haas",
        "min_config",
        "reference_example",
        "relationship_test",
        "two_devices",
    ];
    let names = names.map(|name| format!("protocols/mtconnect/devices/cppagent_{name}.xml"));
    let others = [
        "protocols/mtconnect/devices/mtconnectnet_okuma_lathe.xml",
        "protocols/mtconnect/devices/own_laser_punch.xml",
        "protocols/mtconnect/recorded/probe.xml",
        "nist-smstestbed/Devices.xml",
    ];
    for name in names.iter().map(String::as_str).chain(others) {
        let Some(text) = stored(name) else { return };
        let probe = probe(&text);
        let text = String::from_utf8(text).unwrap();
        for device in probe.devices.iter().filter(|device| !device.is_agent) {
            let naive = items_of(&text, &device.name);
            let read: Vec<_> = device.items.iter().map(|item| (item.id.as_str(), item.name.as_deref(), item.category.as_str(), item.kind.as_str())).collect();
            let found: Vec<_> = naive.iter().map(|item| (item.id.as_str(), item.name.as_deref(), item.category.as_str(), item.kind.as_str())).collect();
            assert_eq!(read, found, "{name}: {}", device.name);
            items += read.len();
        }
        files += 1;
    }
    println!("{items} data items of {files} files agree with a plain search");
}

#[test]
fn a_recorded_stream_is_cut_into_its_parts_however_its_bytes_arrive() {
    for (name, wanted) in [("stream_heartbeat_punch", 4), ("stream_interval300", 0)] {
        let (Some(head), Some(body)) = (stored(&format!("protocols/mtconnect/recorded/{name}.headers")), stored(&format!("protocols/mtconnect/recorded/{name}.multipart"))) else {
            return;
        };
        let head = String::from_utf8(head).unwrap();
        let kind = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap();
        let told = String::from_utf8_lossy(&body).matches("Content-length").count();
        for step in [1, 7, 1_000, body.len()] {
            let mut parts = Parts::of(kind).unwrap();
            let mut next = 0;
            let mut count = 0;
            for bytes in body.chunks(step) {
                parts.push(bytes).unwrap();
                while let Some(part) = parts.part().unwrap() {
                    let header = streams(&part).header;
                    assert!(header.next >= next, "{name}");
                    (next, count) = (header.next, count + 1);
                }
            }
            assert!(count == told || count + 1 == told, "{name}: {count} of {told} parts in steps of {step}");
            assert!(count >= wanted, "{name}: {count} parts");
        }
    }
}

#[test]
fn parts_without_a_length_end_at_the_next_boundary() {
    let mut parts = Parts::of("multipart/x-mixed-replace; boundary=\"b\"").unwrap();
    parts.push(b"--b\nContent-type: text/xml\n\n<a/>\n--b\r\nContent-type: text/xml\r\n\r\n<b").unwrap();
    assert_eq!(parts.part().unwrap().unwrap(), b"<a/>\n");
    assert_eq!(parts.part().unwrap(), None);
    parts.push(b"/>--b--").unwrap();
    assert_eq!(parts.part().unwrap().unwrap(), b"<b/>");
    assert_eq!((parts.part().unwrap(), parts.ended()), (None, true));
    assert!(Parts::of("text/xml").is_none() && Parts::of("multipart/mixed; boundary=").is_none());
}
