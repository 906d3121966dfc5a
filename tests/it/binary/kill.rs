//! The process is killed at any instant, again and again, with commands in flight: what was
//! acknowledged is there exactly once, and what was not can be asked again with the same key.
#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};

use super::*;

const THREADS: usize = 6;

/// A command with its key, as it was sent.
#[derive(Clone, Debug)]
struct Asked {
    key: String,
    path: String,
    body: Json,
}

/// The order that reports and issues go to.
struct Target {
    order: String,
}

fn command_of(target: &Target, key: String, kind: usize) -> Asked {
    let moves = "/api/v1/material-transactions";
    let (path, body) = match kind % 4 {
        0 => ("/api/v1/work-orders".to_owned(), json!({"product_id": "BRACKET", "planned_quantity": 1, "batch_number": key})),
        1 => (moves.to_owned(), json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": format!("L{key}"), "batch_number": key, "quantity": 1.25})),
        2 => (moves.to_owned(), json!({"transaction_type": "issue", "work_order_id": target.order, "lot_number": "STOCK", "serial_number": key, "quantity": 0.5})),
        _ => (format!("/api/v1/work-orders/{}/operations/10/report", target.order), json!({"good_quantity": 1, "notes": key})),
    };
    Asked { key, path, body }
}

fn send(client: &mut Client, asked: &Asked) -> std::io::Result<crate::client::Reply> {
    client.send("POST", &asked.path, &[("Content-Type", "application/json"), ("Idempotency-Key", &asked.key)], asked.body.to_string().as_bytes())
}

#[derive(Default)]
struct Told {
    /// Key to the sequence it was acknowledged with.
    acknowledged: Mutex<HashMap<String, u64>>,
    open: Mutex<Vec<Asked>>,
    count: AtomicUsize,
}

/// Sends one command after the other until the server is gone.
fn write(address: SocketAddr, token: &str, target: &Target, name: &str, told: &Told) {
    let mut client = Client::new(address, Some(token));
    for at in 0.. {
        let asked = command_of(target, format!("{name}-{at}"), at + name.len());
        match send(&mut client, &asked) {
            Ok(reply) if reply.status == 201 => {
                let seq = reply.header("millwright-seq").unwrap().parse().unwrap();
                told.acknowledged.lock().unwrap().insert(asked.key, seq);
                told.count.fetch_add(1, Ordering::SeqCst);
            }
            Ok(reply) => panic!("{asked:?} was answered {} {}", reply.status, reply.text()),
            Err(_) => return told.open.lock().unwrap().push(asked),
        }
    }
}

/// How often each key stands in the journal.
fn keys_of_journal(client: &mut Client) -> HashMap<String, Vec<u64>> {
    let (mut after, mut keys) = (0, HashMap::<String, Vec<u64>>::new());
    loop {
        let page = client.read(&format!("/api/v1/changes?after={after}&limit=1000"));
        for entry in page["data"].as_array().unwrap() {
            if let Some((_, key)) = entry["command_id"].as_str().and_then(|id| id.split_once('/')) {
                keys.entry(key.to_owned()).or_default().push(entry["seq"].as_u64().unwrap());
            }
        }
        after = page["read_up_to"].as_u64().unwrap();
        if page["next_cursor"].is_null() {
            return keys;
        }
    }
}

/// How often each key stands in the records.
fn keys_of_records(client: &mut Client) -> HashMap<String, usize> {
    let mut keys = HashMap::new();
    for (path, columns) in [("work-orders", &["batch_number"][..]), ("material-transactions", &["batch_number", "serial_number"]), ("operation-reports", &["notes"])] {
        for row in client.all_rows(&format!("/api/v1/{path}"), 1_000) {
            let own: std::collections::BTreeSet<&str> = columns.iter().filter_map(|column| row[*column].as_str()).collect();
            own.into_iter().for_each(|key| *keys.entry(key.to_owned()).or_default() += 1);
        }
    }
    keys
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_doubled_however_often_the_process_is_killed() {
    let cycles: u64 = std::env::var("MILLWRIGHT_KILL_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let data = Data::new();
    let mut running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    client.make("/api/v1/material-transactions", &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "STOCK", "quantity": 10_000_000}));
    let order = client.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 10_000_000}))["work_order_id"].as_str().unwrap().to_owned();
    client.make(&format!("/api/v1/work-orders/{order}/release"), &json!({}));
    client.make(&format!("/api/v1/work-orders/{order}/operations/10/start"), &json!({}));
    let target = Target { order };
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let (mut all, mut worst, mut reborn, mut repeated) = (HashMap::<String, u64>::new(), Duration::ZERO, 0, 0);
    for cycle in 0..cycles {
        let told = Told::default();
        let wanted = usize::try_from(random() % 120).unwrap();
        let spin = random() % 3_000;
        std::thread::scope(|scope| {
            let (address, token, told, target) = (running.address(), &data.token, &told, &target);
            for thread in 0..THREADS {
                scope.spawn(move || write(address, token, target, &format!("{cycle}-{}", "t".repeat(thread + 1)), told));
            }
            until("enough commands are acknowledged", || (told.count.load(Ordering::SeqCst) >= wanted).then_some(()));
            // Not always right after an answer: somewhere within the next commit.
            let end = Instant::now() + Duration::from_micros(spin);
            while Instant::now() < end {
                std::hint::spin_loop();
            }
            running.signal(rustix::process::Signal::KILL);
        });
        drop(running);
        running = data.serve();
        let mut client = running.client();
        until("the plant is ready", || client.get("/readyz").status.eq(&200).then_some(()));
        worst = worst.max(running.started.elapsed());
        let mut acknowledged = told.acknowledged.into_inner().unwrap();
        for asked in told.open.into_inner().unwrap() {
            let reply = send(&mut client, &asked).unwrap();
            assert_eq!(reply.status, 201, "{asked:?} asked again: {}", reply.text());
            if reply.header("idempotency-replayed").is_some() {
                repeated += 1
            } else {
                reborn += 1
            }
            acknowledged.insert(asked.key, reply.header("millwright-seq").unwrap().parse().unwrap());
        }
        all.extend(acknowledged);
    }
    let mut client = running.client();
    let (journal, records) = (keys_of_journal(&mut client), keys_of_records(&mut client));
    let lost: Vec<_> = all.iter().filter(|(key, seq)| journal.get(*key).is_none_or(|seqs| !seqs.contains(seq)) || !records.contains_key(*key)).collect();
    let doubled: Vec<_> =
        journal.iter().filter(|(_, seqs)| seqs.len() > 1).map(|(key, _)| key).chain(records.iter().filter(|(_, count)| **count > 1).map(|(key, _)| key)).collect();
    let invented: Vec<_> = journal.keys().filter(|key| !all.contains_key(*key)).collect();
    println!(
        "kill -9: {cycles} cycles, {} commands acknowledged ({repeated} that had reached the disk unanswered, {reborn} asked anew), {} lost, {} doubled, worst restart to ready {} ms",
        all.len(),
        lost.len(),
        doubled.len(),
        worst.as_millis()
    );
    assert!(lost.is_empty() && doubled.is_empty() && invented.is_empty(), "lost {lost:?}, doubled {doubled:?}, never asked {invented:?}");
    let (issued, made) = (all.keys().filter(|key| records.contains_key(*key)).count(), client.read(&format!("/api/v1/work-orders/{}", target.order)));
    assert_eq!(issued, all.len());
    let reports = client.all_rows("/api/v1/operation-reports", 1_000).len();
    assert_eq!(made["good_quantity"].as_u64(), Some(reports as u64), "the order is not the sum of its reports");
    assert_eq!(client.read("/api/v1/lots/STOCK/trace?max_nodes=1")["balance"]["gap"].to_string(), "0");
    assert_eq!(running.stop(), 0);
    data.verified();
}
