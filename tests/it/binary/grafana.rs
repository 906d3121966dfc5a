//! The dashboard that we ship, statement by statement over the wire against a demo plant; and a thousand
//! connections at once.
#![allow(clippy::print_stdout)]

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::Value as Json;

use super::*;

const DASHBOARD: &str = include_str!("../../../assets/grafana/millwright.json");

/// Every statement of the dashboard, and where it stands.
fn statements(dashboard: &Json) -> Vec<(String, String)> {
    let of = |title: &Json, sql: &Json| (title.as_str().unwrap().to_owned(), sql.as_str().unwrap().to_owned());
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let mut all: Vec<_> = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten().map(|target| of(&panel["title"], &target["rawSql"]))).collect();
    all.extend(dashboard["templating"]["list"].as_array().unwrap().iter().filter(|it| it["type"] == "query").map(|it| of(&it["name"], &it["query"])));
    all.extend(dashboard["annotations"]["list"].as_array().unwrap().iter().map(|it| of(&it["name"], &it["target"]["rawSql"])));
    all
}

/// As Grafana writes its macros and variables out.
fn expanded(sql: &str, machine: &str, metric: &str) -> String {
    let mut text = sql.replace("$__interval", "'5m'").replace("''", "'").replace("$machine", &format!("'{machine}'")).replace("$metric", metric);
    while let Some((before, rest)) = text.split_once("$__") {
        let (name, rest) = rest.split_once('(').unwrap();
        let (inside, after) = rest.split_once(')').unwrap();
        let made = match (name, inside.split_once(',')) {
            ("timeFilter", None) => format!("{inside} BETWEEN '2020-01-01T00:00:00Z' AND '2099-12-31T23:59:59.999Z'"),
            ("timeGroupAlias", Some((column, step))) => {
                let seconds = match step.trim().trim_matches('\'') {
                    "5m" => 300,
                    "1h" => 3_600,
                    other => panic!("{other:?} is no step that this test knows"),
                };
                format!("floor(extract(epoch from {column})/{seconds})*{seconds} AS \"time\"")
            }
            other => panic!("{other:?} is no macro that this test knows"),
        };
        text = format!("{before}{made}{after}");
    }
    text
}

fn ask(place: &str, password: &str, sql: &str) -> Option<String> {
    let output = std::process::Command::new("psql").args(["-X", "-At", "-d", place, "-c", sql]).env("PGPASSWORD", password).output().ok()?;
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn every_panel_of_the_dashboard_shows_something_of_a_demo_plant() {
    let dashboard: Json = serde_json::from_str(DASHBOARD).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let mut demo =
        Running::start(&["demo", "--data", data.to_str().unwrap(), "--http", "127.0.0.1:0", "--sql", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--days", "2", "--speed", "0"], None);
    demo.mqtt();
    let mut line = String::new();
    demo.out.read_line(&mut line).unwrap();
    let sql: SocketAddr = line.trim().strip_prefix("sql listening on postgres://").unwrap().parse().unwrap();
    let logins: Json = serde_json::from_slice(&std::fs::read(data.join("demo-logins.json")).unwrap()).unwrap();
    let analyst = logins["users"].as_array().unwrap().iter().find(|user| user["role"] == "analyst").unwrap()["password"].as_str().unwrap().to_owned();
    let place = format!("host=127.0.0.1 port={} user=analyst dbname=plant sslmode=require", sql.port());
    if std::process::Command::new("psql").arg("--version").output().is_err() {
        println!("skipped: there is no psql here");
        return;
    }
    let first = until("machines have told something", || {
        let told = ask(&place, &analyst, "SELECT machine_id, metric_name FROM machine_metrics_1m WHERE sum_value IS NOT NULL ORDER BY 1, 2 LIMIT 1").unwrap();
        told.split_once('|').map(|(machine, metric)| (machine.to_owned(), metric.to_owned()))
    });
    until("the figures of the plant are gathered", || {
        (ask(&place, &analyst, "SELECT count(*) > 0 FROM oee_hourly WHERE oee_percentage IS NOT NULL").unwrap() == "t").then_some(())
    });
    let all = statements(&dashboard);
    assert!(all.len() >= 12, "{all:?}");
    for (title, sql) in all {
        // A demo that stands still is in the past of now() by a moment only.
        let told = ask(&place, &analyst, &expanded(&sql, &first.0, &first.1)).unwrap();
        assert!(!told.is_empty(), "{title} shows nothing: {}", expanded(&sql, &first.0, &first.1));
    }
    assert_eq!(demo.stop(), 0);
}

/// Memory that a process holds, in bytes.
fn memory(running: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

#[test]
fn a_thousand_silent_connections_cost_little_and_those_beyond_the_bound_are_told_so() {
    let data = Data::new();
    let mut running = Running::start(&["serve", "--data", &data.text(), "--http", "127.0.0.1:0", "--sql", "127.0.0.1:0"], Some(&data.token));
    let mut line = String::new();
    running.out.read_line(&mut line).unwrap();
    let sql: SocketAddr = line.trim().strip_prefix("sql listening on postgres://").unwrap().parse().unwrap();
    let before = memory(&running);
    let mut open: Vec<TcpStream> = (0..1_000).map(|_| TcpStream::connect(sql).unwrap()).collect();
    let mut refused = 0;
    for stream in &mut open {
        stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    }
    until("those beyond the bound are told", || {
        refused = 0;
        for stream in &open {
            let mut told = [0; 64];
            refused += usize::from(stream.peek(&mut told).is_ok_and(|count| told[..count].windows(5).any(|part| part == b"53300")));
        }
        (refused >= 500).then_some(())
    });
    assert_eq!(refused, 500);
    let grown = memory(&running).saturating_sub(before);
    assert!(grown < 64 << 20, "a thousand connections took {grown} bytes");
    println!("a thousand connections took {} KiB", grown >> 10);
    // Half of a first message, and then nothing.
    for stream in open.iter_mut().take(500) {
        _ = stream.write_all(&[0, 0, 0, 40, 0]);
    }
    assert_eq!(running.client().get("/healthz").status, 200);
    until("the silent ones are given up", || {
        let mut stream = TcpStream::connect(sql).unwrap();
        stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
        let mut told = [0];
        (stream.read_exact(&mut told).is_ok() && told == *b"S").then_some(())
    });
    drop(open);
    assert_eq!(running.stop(), 0);
}
