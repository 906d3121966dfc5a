//! What machines send and what is read of it: line protocol as clients of InfluxDB and Telegraf send
//! it, samples as JSON, and answers in every form.
#![allow(clippy::print_stdout)]

use std::io::{BufRead as _, Read as _, Write as _};
use std::process::{Command as Process, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use millwright::base::{Time, limits};
use millwright::model::{Noun, Role};
use serde_json::{Value as Json, json};

use super::{PASSWORD, Site, token};
use crate::client::{Client, Reply};
use crate::plant::{create, text};

const WRITE: &str = "/api/v2/write?org=works&bucket=floor";
const GZIP: (&str, &str) = ("Content-Encoding", "gzip");

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A whole second of the plant, so many seconds ago.
fn ago(site: &Site, seconds: i64) -> i64 {
    site.plant.engine.plant_now().micros() / 1_000_000 - seconds
}

fn shown(seconds: i64) -> String {
    Time::from_micros(seconds * 1_000_000).to_string()
}

#[track_caller]
fn kept(reply: &Reply) {
    assert_eq!((reply.status, reply.text().as_str()), (204, ""));
}

/// Every newest value, as `machine metric = value unit`.
fn newest(client: &mut Client) -> Vec<String> {
    let last = client.read("/api/v1/telemetry/last");
    let mut all: Vec<String> = last["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {} = {} {}", it["machine"].as_str().unwrap(), it["metric"].as_str().unwrap(), it["value"], it["unit"].as_str().unwrap_or("-")))
        .collect();
    all.sort();
    all
}

#[test]
fn a_client_of_influxdb_2_writes_and_the_newest_values_are_there() {
    let site = Site::new();
    let mut machine = Client::new(site.address, None);
    let at = ago(&site, 60);
    let body = format!(
        "machine_metrics,machine_id=LASER-1,department=laser,unit=kW power_kw=3.25 {at}000000000\n\
         machine_metrics,machine_id=LASER-1,department=laser,job_id=WO-000001,operator=E1 part_count=7i,state=\"RUN\",door_open=f {at}000000000\n\
         spindle,machine=MILL-2 temperature=41.5,vibration=0.8"
    );
    let authorization = format!("Token {}", token(Role::Operator));
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "text/plain; charset=utf-8"), ("Accept", "application/json")];
    kept(&machine.send("POST", &format!("{WRITE}&precision=ns"), &headers, body.as_bytes()).unwrap());
    let mut reader = site.client(Role::Auditor);
    let wanted = [
        "LASER-1 door_open = 0 -",
        "LASER-1 job_id = \"WO-000001\" -",
        "LASER-1 operator = \"E1\" -",
        "LASER-1 part_count = 7 -",
        "LASER-1 power_kw = 3.25 kW",
        "LASER-1 state = \"RUN\" -",
        "MILL-2 spindle.temperature = 41.5 -",
        "MILL-2 spindle.vibration = 0.8 -",
    ];
    assert_eq!(newest(&mut reader), wanted);
    let power = reader.read("/api/v1/telemetry/query?machine=LASER-1&metric=power_kw");
    assert_eq!(power["data"][0]["samples"], json!([[shown(at), 3.25]]));
    assert_eq!((power["data"][0]["department"].as_str(), power["data"][0]["unit"].as_str()), (Some("laser"), Some("kW")));
    // Without a timestamp it is the plant's now.
    let one = reader.read("/api/v1/telemetry/last?machine=MILL-2");
    assert_eq!((one["data"].as_array().unwrap().len(), one["data"][0]["time"].as_str()), (2, Some(site.plant.engine.plant_now().to_string().as_str())));
}

#[test]
fn telegraf_writes_packed_bodies_with_its_host_and_its_tags() {
    let site = Site::new();
    let mut telegraf = site.client(Role::Operator);
    let at = ago(&site, 10);
    let body = format!(
        "cpu,cpu=cpu-total,host=edge-1 usage_idle=93.5,usage_user=4i {at}000000000\nmodbus,host=edge-1,machine_id=PRESS-3,slave_id=1 pressure=180 {at}000000000\ntemperature,host=edge-1,machine_id=PRESS-3 value=44 {at}000000000\n"
    );
    let headers = [GZIP, ("User-Agent", "Telegraf/1.30.0 Go/1.22.0"), ("Content-Type", "text/plain; charset=utf-8")];
    kept(&telegraf.send("POST", WRITE, &headers, &gzipped(body.as_bytes())).unwrap());
    let wanted = [
        "PRESS-3 modbus.pressure{slave_id=1} = 180 -",
        "PRESS-3 temperature = 44 -",
        "edge-1 cpu.usage_idle{cpu=cpu-total} = 93.5 -",
        "edge-1 cpu.usage_user{cpu=cpu-total} = 4 -",
    ];
    assert_eq!(newest(&mut site.client(Role::Analyst)), wanted);
    // Two packed bodies behind each other are one, as gzip has it.
    let parts = [gzipped(format!("m,host=a f=1 {at}000000000\n").as_bytes()), gzipped(format!("m,host=b f=2 {at}000000000\n").as_bytes())].concat();
    kept(&telegraf.send("POST", WRITE, &[GZIP], &parts).unwrap());
    assert_eq!(newest(&mut site.client(Role::Analyst)).iter().filter(|it| it.contains("m.f")).collect::<Vec<_>>(), ["a m.f = 1 -", "b m.f = 2 -"]);
}

#[test]
fn a_machines_own_token_speaks_for_that_machine_alone() {
    let site = Site::new();
    site.plant.admin(create(Noun::Machine, &[("machine_name", text("Laser")), ("machine_code", text("LASER-1"))])).unwrap();
    let mut admin = site.client(Role::Admin);
    let user = admin.make("/api/v1/users", &json!({"user_name": "LASER-1", "role": "operator", "password": PASSWORD}));
    let token = admin.make("/api/v1/api-tokens", &json!({"user_id": user["user_id"], "token_name": "laser"}));
    let mut laser = Client::new(site.address, token["token"].as_str());
    let mut gateway = site.client(Role::Operator);
    // What a gateway has said of another machine is known by then, and is no way round.
    kept(&gateway.send("POST", WRITE, &[], b"m,host=P-1,job_id=WO-1 power=1").unwrap());
    for path in [WRITE, "/write?db=floor"] {
        kept(&laser.send("POST", path, &[], b"m,host=LASER-1 power=2").unwrap());
        let reply = laser.send("POST", path, &[], b"m,host=LASER-1 power=3\nm,host=P-1,job_id=WO-1 power=4\nm,host=P-2 power=5").unwrap();
        let (status, said) = (reply.status, reply.json());
        assert_eq!((status, said["bad_lines"].as_i64()), (400, Some(2)), "{said}");
        assert!(said["lines"][0]["error"].as_str().unwrap().contains("LASER-1 speaks for itself alone, and not for P-1"), "{said}");
    }
    let samples = |machines: &[&str]| json!({"samples": machines.iter().map(|machine| json!({"machine": machine, "metric": "state", "value": "RUN"})).collect::<Vec<_>>()});
    let reply = laser.post("/api/v1/telemetry", &samples(&["LASER-1", "P-1", "LASER-1 "]));
    let (status, said) = (reply.status, reply.json());
    assert_eq!((status, said["stored"].as_i64(), said["samples"][0]["index"].as_i64(), said["samples"].as_array().unwrap().len()), (422, Some(1), Some(1), 2), "{said}");
    assert_eq!(gateway.post("/api/v1/telemetry", &samples(&["LASER-1", "P-2"])).status, 200, "a gateway speaks for all");
    assert_eq!(
        newest(&mut site.client(Role::Auditor)),
        ["LASER-1 m.power = 3 -", "LASER-1 state = \"RUN\" -", "P-1 job_id = \"WO-1\" -", "P-1 m.power = 1 -", "P-2 state = \"RUN\" -"]
    );
}

#[test]
fn an_old_client_names_its_token_as_its_password() {
    let site = Site::new();
    let mut client = Client::new(site.address, None);
    let at = ago(&site, 5);
    let path = format!("/write?db=floor&precision=s&u=edge&p={}", token(Role::Operator));
    kept(&client.send("POST", &path, &[], format!("m,host=a f=1 {at}").as_bytes()).unwrap());
    use base64::Engine as _;
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("edge:{}", token(Role::Operator))));
    kept(&client.send("POST", "/write?db=floor&rp=autogen&consistency=one&precision=s", &[("Authorization", &basic)], format!("m,host=a f=2 {at}").as_bytes()).unwrap());
    // A secret in an address opens nothing else.
    assert_eq!(client.get(&format!("/api/v1/telemetry/last?p={}", token(Role::Operator))).status, 401);
    for method in ["GET", "HEAD"] {
        let ping = client.send(method, "/ping", &[], b"").unwrap();
        assert_eq!((ping.status, ping.header("x-influxdb-version").is_some()), (204, true), "{method}");
    }
}

#[test]
fn a_timestamp_is_of_the_precision_that_the_request_names() {
    let site = Site::new();
    let mut client = site.client(Role::Operator);
    let at = ago(&site, 0) / 3_600 * 3_600;
    for (word, number) in
        [("h", at / 3_600), ("m", at / 60), ("s", at), ("ms", at * 1_000), ("us", at * 1_000_000), ("u", at * 1_000_000), ("ns", at * 1_000_000_000), ("n", at * 1_000_000_000)]
    {
        kept(&client.send("POST", &format!("{WRITE}&precision={word}"), &[], format!("m,host={word} f=1 {number}").as_bytes()).unwrap());
        assert_eq!(client.read(&format!("/api/v1/telemetry/last?machine={word}"))["data"][0]["time"], json!(shown(at)), "{word}");
    }
    let reply = client.send("POST", &format!("{WRITE}&precision=d"), &[], b"m,host=a f=1").unwrap();
    assert_eq!((reply.status, reply.code().as_str()), (400, "malformed"));
}

#[test]
fn bad_lines_are_named_and_the_good_ones_are_kept() {
    let site = Site::new();
    let mut client = site.client(Role::Operator);
    let body = b"m,host=a good=1\nm,host=a bad=NaN\n\n# a comment\nm no_machine=1\nm,host=a good=\"text\"\nm,host=a\nm,host=\xff f=1\nm,host=b good=2\r\n";
    let reply = client.send("POST", WRITE, &[], body).unwrap();
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("application/json")));
    let told = reply.json();
    let lines: Vec<u64> = told["lines"].as_array().unwrap().iter().map(|it| it["line"].as_u64().unwrap()).collect();
    assert_eq!((told["code"].as_str(), lines), (Some("invalid"), vec![2, 5, 6, 7, 8]));
    assert!(told["lines"][0]["error"].as_str().unwrap().contains("not finite") && told["lines"][2]["error"].as_str().unwrap().contains("holds numbers"), "{told}");
    assert!(told["message"].as_str().unwrap().starts_with("partial write: 5 lines"), "{told}");
    assert_eq!(newest(&mut client), ["a m.good = 1 -", "b m.good = 2 -"]);
    // Of many bad lines the first hundred are named and the rest counted.
    let told = client.send("POST", WRITE, &[], "no field\n".repeat(250).as_bytes()).unwrap().json();
    assert_eq!((told["bad_lines"].as_u64(), told["lines"].as_array().unwrap().len()), (Some(250), limits::SAMPLE_FAULTS_MAX));
    assert!(told["message"].as_str().unwrap().starts_with("unable to parse: "), "{told}");
    // Nothing at all is nothing bad.
    kept(&client.send("POST", WRITE, &[], b"").unwrap());
}

#[test]
fn what_a_wrong_clock_says_is_put_aside_and_told_unless_it_is_history() {
    let site = Site::new();
    let mut client = site.client(Role::Operator);
    let (past, future) = (ago(&site, 40 * 86_400), ago(&site, -86_400));
    let body = format!("m,host=a f=1 {past}\nm,host=a f=2 {future}\nm,host=a f=3\n");
    let reply = client.send("POST", &format!("{WRITE}&precision=s"), &[], body.as_bytes()).unwrap();
    kept(&reply);
    assert_eq!(reply.header("millwright-quarantined"), Some("2"));
    let aside = client.read("/api/v1/telemetry/quarantine");
    let why: Vec<&str> = aside["data"].as_array().unwrap().iter().map(|it| it["why"].as_str().unwrap()).collect();
    assert!(why.len() == 2 && why[0].contains("future") && why[1].contains("too long ago"), "{why:?}");
    assert_eq!(aside["data"][0]["original"], format!("m,host=a f=2 {future}"), "as it came");
    assert_eq!(client.read("/api/v1/telemetry/quarantine?limit=1")["data"].as_array().unwrap().len(), 1);
    let reply = client.send("POST", &format!("{WRITE}&precision=s&history=true"), &[], format!("m,host=a f=1 {past}").as_bytes()).unwrap();
    assert_eq!((reply.status, reply.header("millwright-quarantined")), (204, None));
    assert_eq!(newest(&mut client), ["a m.f = 3 -"], "history moves no newest value");
    let old = client.read(&format!("/api/v1/telemetry/query?machine=a&metric=m.f&from={}&to={}", shown(past), shown(past + 1)));
    assert_eq!(old["data"][0]["samples"], json!([[shown(past), 1]]));
    assert_eq!(client.read("/api/v1/telemetry/gaps")["data"], json!([]));
}

#[test]
fn a_body_that_is_too_large_or_wrongly_packed_is_refused_and_a_bomb_is_not_unpacked() {
    let site = Site::new();
    let mut client = site.client(Role::Operator);
    let large = vec![b'\n'; limits::SAMPLES_BODY_MAX + 1];
    let bomb = gzipped(&large);
    assert!(bomb.len() < limits::SAMPLES_BODY_MAX / 100);
    let packed = gzipped(b"m,host=a f=1");
    let cases: [(&str, &[u8], u16, &str); 5] = [
        ("identity", &large, 413, "too_large"),
        ("gzip", &bomb, 413, "too_large"),
        ("gzip", b"m,host=a f=1", 400, "malformed"),
        ("gzip", &packed[..packed.len() - 6], 400, "malformed"),
        ("br", b"m,host=a f=1", 415, "unsupported_type"),
    ];
    for (packing, body, status, code) in cases {
        let reply = client.send("POST", WRITE, &[("Content-Encoding", packing)], body).unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{packing}");
    }
    assert!(newest(&mut client).is_empty());
}

#[test]
fn a_large_body_is_kept_whole_and_a_repeated_one_is_not_counted_twice() {
    let site = Site::new();
    let mut client = site.client(Role::Operator);
    let (start, count) = (ago(&site, 80_000), 70_000);
    let body: String = (0..count).map(|at| format!("m,machine_id=L-{} a={at},b={at}i {}\n", at % 7, start + at)).collect();
    assert!(body.len() > limits::SAMPLES_BODY_SMALL && 2 * count as usize > limits::SAMPLES_TURN);
    for _ in 0..2 {
        kept(&client.send("POST", &format!("{WRITE}&precision=s"), &[GZIP], &gzipped(body.as_bytes())).unwrap());
    }
    let sums = client.read("/api/v1/telemetry/query?step=366d&agg=count,sum&metric=m.a,m.b");
    let data = sums["data"].as_array().unwrap();
    let total = |field: &str| data.iter().flat_map(|it| it["buckets"].as_array().unwrap()).map(|bucket| bucket[field].as_f64().unwrap()).sum::<f64>();
    assert_eq!((data.len(), total("count"), total("sum")), (14, 2.0 * count as f64, (count * (count - 1)) as f64));
}

#[test]
fn series_without_end_are_refused_and_known_ones_go_on() {
    let site = Site::new();
    let mut client = site.client(Role::Operator);
    let body: String = (0..=limits::SERIES_MAX).map(|number| format!("machine_metrics,machine_id=m{} f{number}=1\n", number % 100)).collect();
    let reply = client.send("POST", WRITE, &[], body.as_bytes()).unwrap();
    let told = reply.json();
    assert_eq!((reply.status, told["bad_lines"].as_u64(), told["lines"][0]["line"].as_u64()), (400, Some(1), Some(limits::SERIES_MAX as u64 + 1)));
    assert!(told["lines"][0]["error"].as_str().unwrap().contains("100000 series"), "{told}");
    kept(&client.send("POST", WRITE, &[], b"machine_metrics,machine_id=m1 f1=2").unwrap());
}

#[test]
fn only_roles_that_may_write_write_and_everybody_reads() {
    let site = Site::new();
    let at = ago(&site, 1);
    for role in Role::PEOPLE {
        let mut client = site.client(*role);
        let may = matches!(role, Role::Operator | Role::Lead | Role::Manager | Role::Admin);
        let line = format!("m,host={role} f=1 {at}");
        assert_eq!(client.send("POST", "/write?precision=s", &[], line.as_bytes()).unwrap().status, if may { 204 } else { 403 }, "{role}");
        assert_eq!(client.get("/api/v1/telemetry/last").status, 200, "{role}");
    }
    assert_eq!(site.stranger().send("POST", WRITE, &[], b"m,host=a f=1").unwrap().status, 401);
    let wrong = [("Authorization", "Token mw_not_a_token")];
    assert_eq!(site.stranger().send("POST", WRITE, &wrong, b"m,host=a f=1").unwrap().status, 401);
    assert_eq!(newest(&mut site.client(Role::Auditor)).len(), 4);
}

#[test]
fn samples_as_json_are_numbers_texts_booleans_or_nothing() {
    let site = Site::new();
    let mut client = site.client(Role::Operator);
    let time = shown(ago(&site, 30));
    let sample = |metric: &str, value: Json| json!({"machine": "LASER-1", "metric": metric, "time": time, "value": value});
    let body = json!({"samples": [
        {"machine": "LASER-1", "metric": "power_kw", "unit": "kW", "department": "laser", "time": time, "value": 3.2},
        sample("state", json!("RUN")), sample("door_open", json!(true)), sample("program", Json::Null),
    ]});
    assert_eq!(client.make("/api/v1/telemetry", &body), json!({"stored": 4, "repeated": 0, "quarantined": 0}));
    assert_eq!(client.make("/api/v1/telemetry", &body), json!({"stored": 0, "repeated": 4, "quarantined": 0}));
    assert_eq!(newest(&mut client), ["LASER-1 door_open = 1 -", "LASER-1 power_kw = 3.2 kW", "LASER-1 program = null -", "LASER-1 state = \"RUN\" -"]);
    // A state that is not known any more is neither zero nor the last one.
    client.make("/api/v1/telemetry", &json!({"samples": [{"machine": "LASER-1", "metric": "state", "value": null}]}));
    assert!(newest(&mut client).contains(&"LASER-1 state = null -".to_owned()));
    let series = client.read("/api/v1/telemetry/series?machine=LASER-1&metric=state,power_kw");
    let measures: Vec<&str> = series["data"].as_array().unwrap().iter().map(|it| it["measure"].as_str().unwrap()).collect();
    assert_eq!(measures, ["number", "text"]);
    assert_eq!(series["data"][0]["unknown_machine"], true, "no machine was made under that code");
    site.client(Role::Manager).make("/api/v1/machines", &json!({"machine_code": "LASER-1", "machine_name": "Laser"}));
    assert_eq!(client.read("/api/v1/telemetry/series?machine=LASER-1")["data"][0]["unknown_machine"], false);
}

#[test]
fn each_bad_sample_is_named_by_its_index_and_the_others_are_kept() {
    let site = Site::new();
    let mut client = site.client(Role::Operator);
    let good = json!({"machine": "L", "metric": "f", "value": 1});
    let with = |name: &str, value: Json| {
        let mut sample = good.clone();
        sample[name] = value;
        sample
    };
    let long = "x".repeat(limits::READING_TEXT_MAX + 1);
    let bad = [
        json!(7),
        json!({}),
        with("machine", json!("")),
        with("metric", json!(5)),
        with("value", json!([1])),
        with("value", json!(long)),
        with("value", json!("text")),
        with("time", json!("yesterday")),
        with("colour", json!("red")),
    ];
    let samples: Vec<Json> = bad.iter().cloned().chain([good.clone()]).collect();
    // Numbers come first, so that the text is refused for the series it is sent to.
    client.make("/api/v1/telemetry", &json!({"samples": [with("value", json!(0))]}));
    let reply = client.refused("/api/v1/telemetry", &json!({"samples": samples}), "invalid");
    let told = reply.json();
    let named: Vec<u64> = told["samples"].as_array().unwrap().iter().map(|it| it["index"].as_u64().unwrap()).collect();
    assert_eq!((reply.status, named, told["stored"].as_u64()), (422, (0..bad.len() as u64).collect(), Some(1)), "{told}");
    let huge = client.send("POST", "/api/v1/telemetry", &[("Content-Type", "application/json")], br#"{"samples":[{"machine":"L","metric":"f","value":1e400}]}"#).unwrap();
    assert!(huge.json()["samples"][0]["error"].as_str().unwrap().contains("not finite"));
    for (body, code) in [(json!({}), "invalid"), (json!({"samples": {}}), "invalid"), (json!({"samples": [], "x": 1}), "malformed")] {
        client.refused("/api/v1/telemetry", &body, code);
    }
}

/// Three hours of a power, a state and a job, one sample a minute.
fn three_hours(site: &Site) -> (Client, i64) {
    let mut client = site.client(Role::Lead);
    let start = ago(site, 0) / 3_600 * 3_600 - 3 * 3_600;
    let line = |minute: i64| {
        let state = if minute < 90 { "RUN" } else { "IDLE, \\\"waiting\\\"" };
        format!(
            "machine_metrics,machine_id=LASER-1,unit=kW power={} {at}\nmachine_metrics,machine_id=LASER-1 state=\"{state}\" {at}\n",
            minute as f64 / 2.0,
            at = start + minute * 60
        )
    };
    let body: String = (0..180).map(line).collect();
    kept(&client.send("POST", "/write?precision=s", &[], body.as_bytes()).unwrap());
    (client, start)
}

fn between(start: i64, seconds: i64) -> String {
    format!("machine=LASER-1&from={}&to={}", shown(start), shown(start + seconds))
}

#[test]
fn samples_are_answered_raw_until_the_limit_and_say_when_they_are_cut() {
    let site = Site::new();
    let (mut client, start) = three_hours(&site);
    let path = format!("/api/v1/telemetry/query?metric=power,state&{}", between(start, 3 * 3_600));
    let whole = client.read(&path);
    assert_eq!((whole["cut"].as_bool(), whole["step_minutes"].is_null()), (Some(false), true));
    let samples: Vec<&Vec<Json>> = whole["data"].as_array().unwrap().iter().map(|it| it["samples"].as_array().unwrap()).collect();
    assert_eq!((samples[0].len(), samples[1].len()), (180, 180));
    assert_eq!((&samples[0][3], &samples[1][100]), (&json!([shown(start + 180), 1.5]), &json!([shown(start + 6_000), "IDLE, \"waiting\""])));
    let reply = client.get(&format!("{path}&limit=200"));
    let cut = reply.json();
    assert_eq!((reply.header("millwright-cut"), cut["cut"].as_bool()), (Some("true"), Some(true)));
    assert_eq!(cut["data"][1]["samples"].as_array().unwrap().len(), 20);
}

#[test]
fn steps_answer_the_figures_that_are_asked_for() {
    let site = Site::new();
    let (mut client, start) = three_hours(&site);
    let path = format!("/api/v1/telemetry/query?step=1h&{}", between(start, 3 * 3_600));
    let power = client.read(&format!("{path}&metric=power&agg=avg,min,max,count,sum,last"));
    let first = &power["data"][0]["buckets"][0];
    assert_eq!(first, &json!({"time": shown(start), "avg": 14.75, "min": 0, "max": 29.5, "count": 60, "sum": 885, "last": 29.5}));
    assert_eq!(power["data"][0]["buckets"].as_array().unwrap().len(), 3);
    let state = client.read(&format!("{path}&metric=state&agg=states,last"));
    let second = &state["data"][0]["buckets"][1];
    assert_eq!(second, &json!({"time": shown(start + 3_600), "states": {"RUN": 1_800_000, "IDLE, \"waiting\"": 1_800_000}, "last": "IDLE, \"waiting\""}));
}

#[test]
fn questions_that_cannot_be_answered_say_why() {
    let site = Site::new();
    let (mut client, start) = three_hours(&site);
    let day = between(start, 86_400);
    for (query, status, code) in [
        (format!("metric=speed&{day}"), 404, "not_found"),
        (format!("metric=power&agg=median&step=1h&{day}"), 422, "invalid"),
        (format!("step=90s&{day}"), 422, "invalid"),
        (format!("limit=2000000&{day}"), 422, "invalid"),
        ("from=2026-03-02&to=2026-03-01".to_owned(), 422, "invalid"),
        ("from=now".to_owned(), 422, "invalid"),
        ("step=1m&from=2016-01-01&to=2026-01-01".to_owned(), 422, "invalid"),
        ("colour=red".to_owned(), 400, "malformed"),
    ] {
        let reply = client.get(&format!("/api/v1/telemetry/query?{query}"));
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{query}: {}", reply.text());
    }
    assert_eq!(client.read("/api/v1/telemetry/query?machine=NOBODY")["data"], json!([]));
}

#[test]
fn answers_are_csv_for_whoever_asks_for_it() {
    let site = Site::new();
    let (mut client, start) = three_hours(&site);
    let reply = client.send("GET", &format!("/api/v1/telemetry/query?{}", between(start + 5_400, 60)), &[("Accept", "text/html, text/csv;q=0.9, */*")], b"").unwrap();
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    let time = shown(start + 5_400);
    assert_eq!(reply.text(), format!("time,machine,metric,unit,value,text\r\n{time},LASER-1,power,kW,45,\r\n{time},LASER-1,state,,,\"IDLE, \"\"waiting\"\"\"\r\n"));
    let reply =
        client.send("GET", &format!("/api/v1/telemetry/query?metric=state&step=3h&agg=count,last,states&{}", between(start, 3 * 3_600)), &[("Accept", "text/csv")], b"").unwrap();
    assert!(reply.text().starts_with("time,machine,metric,unit,count,last,last_text,states_ms\r\n"), "{}", reply.text());
}

/// Reads an Arrow stream with pyarrow and a Parquet file with DuckDB.
const SCRIPT: &str = r#"
import sys, duckdb, pyarrow
duckdb.execute("SET TimeZone = 'UTC'")
stream = pyarrow.ipc.open_stream(sys.argv[1]).read_all()
shown = lambda cell: "" if cell is None else str(cell)
def lines(rows): return "\n".join("|".join(shown(cell) for cell in row) for row in rows)
query = "SELECT metric, count(*), min(epoch(time))::BIGINT, sum(avg), sum(count)::BIGINT, max(last_text) FROM {} GROUP BY metric ORDER BY metric"
print(lines(duckdb.sql(query.format("stream")).fetchall()))
print(lines(duckdb.sql(query.format(f"read_parquet('{sys.argv[2]}')")).fetchall()))
print(",".join(str(field.type) for field in stream.schema))
"#;

#[test]
fn pyarrow_and_duckdb_read_the_same_rows_from_stream_and_file() {
    let python = || Process::new(std::env::var_os("MILLWRIGHT_PYTHON").unwrap_or_else(|| "python3".into()));
    if !python().args(["-c", "import duckdb, pyarrow"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        println!("skipped: MILLWRIGHT_PYTHON (or python3) has no duckdb and pyarrow");
        return;
    }
    let site = Site::new();
    let (mut client, start) = three_hours(&site);
    let folder = tempfile::tempdir().unwrap();
    let path = format!("/api/v1/telemetry/query?step=1h&{}", between(start, 3 * 3_600));
    let files = [("stream", "application/vnd.apache.arrow.stream"), ("parquet", "application/vnd.apache.parquet")].map(|(name, kind)| {
        let reply = client.send("GET", &path, &[("Accept", kind)], b"").unwrap();
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(kind)));
        let file = folder.path().join(name);
        std::fs::write(&file, reply.body).unwrap();
        file
    });
    let output = python().args(["-c", SCRIPT]).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = format!("power|3|{start}|134.25|180|\nstate|3|{start}||0|RUN");
    let kinds = "timestamp[us, tz=UTC],string,string,string,double,double,double,int64,double,string,string";
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), format!("{rows}\n{rows}\n{kinds}"));
}

#[test]
fn newest_values_come_along_with_the_events_of_the_plant() {
    let site = Site::new();
    let mut machine = Client::new(site.address, None);
    let authorization = format!("Token {}", token(Role::Operator));
    let mut write = |line: String| kept(&machine.send("POST", &format!("{WRITE}&precision=s"), &[("Authorization", authorization.as_str())], line.as_bytes()).unwrap());
    let at = ago(&site, 60);
    write(format!("m,machine=LASER-1 power=3 {at}\nm,machine=MILL-2 power=4 {at}"));
    let (status, mut stream) = site.client(Role::Auditor).open_stream("/api/v1/events?values=LASER-1", &[]);
    assert_eq!(status, 200);
    let mut told = || {
        let line = stream.by_ref().lines().map(Result::unwrap).find(|line| line.contains("\"machine\"")).unwrap();
        serde_json::from_str::<Json>(line.trim_start_matches("data: ")).unwrap()["data"].clone()
    };
    let values = told();
    assert_eq!((values.as_array().unwrap().len(), &values[0]["machine"], &values[0]["value"]), (1, &json!("LASER-1"), &json!(3)));
    write(format!("m,machine=LASER-1 gas=5 {}\nm,machine=MILL-2 power=6 {}", at + 1, at + 1));
    let values = told();
    assert_eq!((values.as_array().unwrap().len(), &values[0]["value"]), (1, &json!(5)), "only what is new, and of this machine");
}
