//! What is wrong, too much or hostile: a PostgreSQL-style error with its SQLSTATE, and no effect.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

#[test]
fn every_kind_of_wrong_statement_has_its_sqlstate() {
    let site = site();
    let head = *site.plant.engine.head().borrow();
    let cases = [
        ("SELECT * FROM no_such_table", "42P01"),
        ("SELECT no_such_column FROM work_orders", "42703"),
        ("SELECT no_such_function(1)", "42883"),
        ("SELECT age(now())", "42883"),
        ("SELEC 1", "42601"),
        ("SELECT 1 FRM work_orders WHERE", "42601"),
        ("SELECT 1 / 0", "22012"),
        ("SELECT 'abc'::int", "22P02"),
        ("SELECT status FROM work_orders GROUP BY priority", "42803"),
        ("SELECT generate_series(1, 3)", "0A000"),
        ("SELECT pg_sleep(10)", "0A000"),
        ("SELECT to_char(now(), 'YYYYth')", "22023"),
        ("SELECT to_timestamp('2026', 'YYYY')", "0A000"),
        ("SELECT 'a' COLLATE \"de-x-icu\"", "0A000"),
        ("SET TIME ZONE 'Europe/Berlin'", "0A000"),
        ("SET datafusion.execution.batch_size = 1", "42704"),
        ("INSERT INTO lots (lot_number) VALUES ('x')", "25006"),
        ("UPDATE work_orders SET priority = 1", "25006"),
        ("DELETE FROM work_orders", "25006"),
        ("DROP TABLE work_orders", "25006"),
        ("CREATE TABLE t (a int)", "25006"),
        ("COPY work_orders TO STDOUT", "25006"),
        ("WITH gone AS (DELETE FROM lots RETURNING *) SELECT * FROM gone", "25006"),
        ("SELECT * FROM work_orders FOR UPDATE", "25006"),
        ("SELECT repeat('x', 1000000000)", "22023"),
        ("SET statement_timeout = '50ms'; SELECT count(*) FROM generate_series(1, 100000000000)", "57014"),
        ("SELECT a FROM generate_series(1, 2000000) a", "54000"),
        ("SELECT 2147483647::int + 1::int", "22003"),
        ("SELECT 'abc' SIMILAR TO 'a%'", "0A000"),
        ("SELECT age(now())", "42883"),
    ];
    for (statement, state) in cases {
        let Some(complaint) = complained(&site, Role::Analyst, &format!("{statement};")) else { return };
        assert!(complaint.contains(state), "{statement} was to be refused as {state}: {complaint}");
    }
    assert_eq!(*site.plant.engine.head().borrow(), head, "the plant is as it was");
}

#[test]
fn a_long_a_deep_and_an_endless_statement_are_refused_in_time() {
    let site = Site::new();
    let long = format!("SELECT '{}';", "x".repeat(10 << 20));
    let Some(complaint) = complained(&site, Role::Analyst, &long) else { return };
    assert!(complaint.contains("54000"), "{}", &complaint[..complaint.len().min(400)]);
    let deep = format!("SELECT {}1{};", "(".repeat(20_000), ")".repeat(20_000));
    assert!(complained(&site, Role::Analyst, &deep).unwrap().contains("54001"));
    let sum = format!("SELECT {};", vec!["1"; 20_000].join("+"));
    let output = psql(site.sql, "analyst", PASSWORD, &[&sum]).unwrap();
    assert!(output.status.success() || String::from_utf8_lossy(&output.stderr).contains("5400"), "{}", String::from_utf8_lossy(&output.stderr));
    let started = Instant::now();
    let cross = "SET statement_timeout = '2s'; SELECT count(*) FROM journal a, journal b, journal c, journal d, journal e, journal f;";
    let complaint = complained(&site, Role::Auditor, cross).unwrap();
    assert!(complaint.contains("57014") || complaint.contains("53200"), "{complaint}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_wrong_password_is_told_from_nothing_and_slows_down() {
    let site = Site::new();
    let Some(first) = psql(site.sql, "analyst", "wrong", &["SELECT 1;"]) else { return };
    assert!(String::from_utf8_lossy(&first.stderr).contains("password authentication failed for user \"analyst\""));
    let ghost = psql(site.sql, "ghost", "wrong", &["SELECT 1;"]).unwrap();
    assert!(String::from_utf8_lossy(&ghost.stderr).contains("password authentication failed for user \"ghost\""));
    let mut last = String::new();
    for _ in 0..5 {
        last = String::from_utf8_lossy(&psql(site.sql, "analyst", "wrong", &["SELECT 1;"]).unwrap().stderr).into_owned();
    }
    assert!(last.contains("too many wrong tries"), "{last}");
    assert!(String::from_utf8_lossy(&psql(site.sql, "analyst", PASSWORD, &["SELECT 1;"]).unwrap().stderr).contains("too many wrong tries"));
    assert_eq!(told(&site, Role::Manager, &["SELECT 1;"]).unwrap(), "1");
}

#[test]
fn a_connection_ends_with_the_password_that_opened_it() {
    let site = Site::new();
    let Some(mut open) = connected(site.sql, "analyst", PASSWORD) else { return };
    let (mut asks, mut answers) = (open.stdin.take().unwrap(), BufReader::new(open.stdout.take().unwrap()).lines());
    writeln!(asks, "SELECT 'open';").unwrap();
    assert_eq!(answers.next().unwrap().unwrap(), "open");
    site.client(Role::Admin).make("/api/v1/users/analyst/password", &json!({"password": "another password"}));
    writeln!(asks, "SELECT 'still open';").unwrap();
    drop(asks);
    let ended = open.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && complaint.contains("28000") && complaint.contains("connect again"), "{complaint}");
    assert_eq!(String::from_utf8_lossy(&psql(site.sql, "analyst", "another password", &["SELECT 'in';"]).unwrap().stdout).trim(), "in");
}

#[test]
fn strangers_who_send_noise_or_nothing_cost_nobody_else_their_place() {
    let site = Site::new();
    let silent: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(site.sql).unwrap()).collect();
    for noise in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0, 0, 0, 8, 4, 210, 22, 47], &[0xff; 64], &[0, 0, 0, 9, 0, 3, 0, 0, 0]] {
        let mut stream = TcpStream::connect(site.sql).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(noise).unwrap();
        let mut answer = [0; 1];
        if stream.read(&mut answer).is_ok() && noise.len() == 8 {
            assert_eq!(answer, *b"N", "TLS is not given, and that is said");
        }
    }
    let Some(answer) = told(&site, Role::Analyst, &["SELECT 1;"]) else { return };
    assert_eq!(answer, "1");
    drop(silent);
}

#[test]
fn a_heavy_statement_does_not_stop_commands() {
    let site = site();
    if told(&site, Role::Analyst, &["SELECT 1;"]).is_none() {
        return;
    }
    let address = site.sql;
    let heavy = std::thread::spawn(move || psql(address, "analyst", PASSWORD, &["SET statement_timeout = '4s'; SELECT count(*) FROM generate_series(1, 100000000000) a;"]));
    let started = Instant::now();
    for planned in 0..200 {
        site.plant.order(planned + 1);
    }
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert!(String::from_utf8_lossy(&heavy.join().unwrap().unwrap().stderr).contains("57014"));
}
