//! What machines' samples cost beside the rest: bytes of a sample on disk against PostgreSQL and VictoriaMetrics, by hours
//! of 720 series at one a second; a core's share while they come at that pace; and how long a command takes while
//! a hundred thousand samples come each second.
#![allow(clippy::print_stdout)]

#[path = "../tests/it/client.rs"]
#[allow(dead_code, clippy::unwrap_used)]
mod client;
mod kit;
#[path = "kit/lanes.rs"]
mod lanes;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use client::Client;
use kit::machines::{Floor, SERIES};
use kit::{quantile, three};
use lanes::{Body, Ours, Postgres, ROWS, TICKS, Victoria, settle};
use millwright::store::telemetry_file::{Shelf, TelemetryFile};
use serde_json::json;

const HOUR_S: i64 = 3_600;
const POSTGRES_HOURS: i64 = 2;
/// Hours that may wait to be sealed.
const WAITING_HOURS: i64 = 2;
const UNSEALED: &str = "millwright_telemetry_unsealed_samples";
/// Samples a second that a command has beside it.
const MANY: u64 = 100_000;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("load {}\n", kit::load());
    sizes(&runtime)?;
    let mut ours = Ours::start()?;
    share_of_a_core(&mut ours)?;
    beside_commands(&mut ours)?;
    println!("- load at the end {}", kit::load());
    Ok(())
}

/// Whole hours that everybody gets alike, then what they come to on disk. They come as fast as they are sealed and no
/// faster, as an hour takes an hour in a plant: what waits to be sealed would else be most of the file. PostgreSQL, whose
/// bytes a row do not change, gets the first few alone.
fn sizes(runtime: &tokio::runtime::Runtime) -> anyhow::Result<()> {
    let hours = i64::try_from(kit::setting("MILLWRIGHT_BENCH_HOURS", 24))?;
    let (mut ours, mut postgres, mut victoria) = (Ours::start()?, Postgres::start(runtime), Victoria::start());
    // Behind the hours that may still get late samples, so that all are sealed.
    let from_s = (ours.now_s()? / HOUR_S - hours - 24) * HOUR_S;
    let (mut floor, mut at_s) = (Floor::new(11), from_s);
    while at_s < from_s + hours * HOUR_S {
        let body = Body::of(&mut floor, at_s, 1, from_s + hours * HOUR_S);
        ours.send(&body.lines)?;
        if at_s < from_s + POSTGRES_HOURS * HOUR_S {
            postgres.iter_mut().try_for_each(|it| it.copy(&body))?;
        }
        victoria.iter_mut().try_for_each(|it| it.send(&body.lines_without_job))?;
        at_s = body.next_s;
        while at_s % HOUR_S < TICKS && metric(&mut ours, UNSEALED)? > (WAITING_HOURS * HOUR_S * SERIES as i64) as f64 {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let samples = hours * HOUR_S * SERIES as i64;
    sealed_all(&mut ours)?;
    let each = |bytes: u64| bytes as f64 / samples as f64;
    let data = ours.data();
    // Its folder outlives it until the figures are read.
    drop(std::mem::replace(&mut ours.process, kit::served::Process(std::process::Command::new("true").spawn()?)));
    let (sealed, whole) = (each(sealed_bytes(&data.join("telemetry.redb"))?), each(std::fs::metadata(data.join("telemetry.redb"))?.len()));
    println!("| {hours} hours of {SERIES} series at one a second | bytes a sample, samples alone | bytes a sample, whole files |\n| --- | ---: | ---: |");
    println!("{}", kit::row(&[&"Millwright", &three(sealed), &three(whole)]));
    let mut goals = Vec::new();
    if let Ok(it) = &mut victoria {
        for path in ["/internal/force_flush", "/internal/force_merge"] {
            it.get(path)?;
        }
        settle(|| kit::tree_cpu(it.process.0.id()));
        let (data, whole_of) = (each(size(&it.data().join("data"))?), each(size(it.data())?));
        println!("{}", kit::row(&[&"VictoriaMetrics", &three(data), &three(whole_of)]));
        goals.push(kit::goal("samples alone over VictoriaMetrics' (at most 1)", sealed / data, sealed <= data));
        goals.push(kit::goal("whole files over VictoriaMetrics' (at most 1.3)", whole / whole_of, whole <= whole_of * 1.3));
    }
    if let Ok(it) = &mut postgres {
        it.know_series()?;
        let rows: u64 = it.cluster.psql("SELECT pg_total_relation_size('machine_metrics')")?.parse()?;
        let each = rows as f64 / (hours.min(POSTGRES_HOURS) * HOUR_S * SERIES as i64) as f64;
        println!("{}", kit::row(&[&"PostgreSQL, the seed's table", &three(each), &""]));
        goals.push(kit::goal("PostgreSQL's bytes over ours (at least 150)", each / sealed, each / sealed >= 150.0));
    }
    println!("\n{}", goals.join("\n"));
    for why in [postgres.err(), victoria.err()].into_iter().flatten() {
        println!("- {why}: no such row above");
    }
    Ok(())
}

/// Waits for the last hour, which is kept open for a while in case more of it comes.
fn sealed_all(ours: &mut Ours) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(300);
    loop {
        let unsealed = metric(ours, UNSEALED)?;
        if unsealed == 0.0 {
            return Ok(());
        }
        ensure!(Instant::now() < end, "{unsealed} samples are not sealed after five minutes");
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// A figure that the plant tells its monitoring.
fn metric(ours: &mut Ours, name: &str) -> anyhow::Result<f64> {
    let told = String::from_utf8(ours.get("/metrics", "text/plain")?)?;
    let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).with_context(|| format!("no {name} is told"))?;
    Ok(line.parse()?)
}

fn sealed_bytes(file: &Path) -> anyhow::Result<u64> {
    let (file, _) = TelemetryFile::open(file)?;
    let (snapshot, mut bytes) = (file.read()?, 0);
    for machine in 0..=u32::try_from(SERIES)? {
        snapshot.shelved(Shelf::Hours, machine, 0, u32::MAX, |_, hour| {
            bytes += hour.len() as u64;
            Ok(())
        })?;
    }
    Ok(bytes)
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

/// A body of what all series tell in a second, each second.
fn share_of_a_core(ours: &mut Ours) -> anyhow::Result<()> {
    let seconds = kit::setting("MILLWRIGHT_BENCH_PACED_SECONDS", 30);
    let (mut floor, mut at_s) = (Floor::new(13), ours.now_s()?);
    let (before, started) = (ours.cpu(), Instant::now());
    for second in 1..=seconds {
        let mut lines = String::new();
        floor.tick(at_s, 1.0);
        floor.write_lines(at_s, true, &mut lines);
        ours.send(&lines)?;
        at_s += 1;
        std::thread::sleep(Duration::from_secs(second).saturating_sub(started.elapsed()));
    }
    let share = (ours.cpu() - before).as_secs_f64() / started.elapsed().as_secs_f64();
    println!("- {SERIES} samples a second took {} % of a core (at most 5), {}", three(share * 100.0), if share <= 0.05 { "holds" } else { "does NOT hold" });
    Ok(())
}

/// Commands one after the other while samples come.
fn beside_commands(ours: &mut Ours) -> anyhow::Result<()> {
    let made = ours.client.make("/api/v1/customers", &json!({"customer_code": "BENCH", "customer_name": "Bench"}));
    let path = format!("/api/v1/customers/{}", made["customer_id"].as_str().context("a customer has an id")?);
    let (sender, from_s) = (ours.another()?, ours.now_s()? - 7_200);
    let (ending, sent, late) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let bodies = bodies(from_s);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let sending = scope.spawn(|| send_paced(sender, &bodies, &ending, &sent, &late));
        let (started, mut taken) = (Instant::now(), Vec::new());
        while started.elapsed() < kit::point_time() * 5 {
            let at = Instant::now();
            let reply = ours.client.ask("PATCH", &path, &[], &json!({"customer_name": format!("Bench {}", taken.len())}));
            ensure!(reply.status == 200, "{}", reply.text());
            taken.push(at.elapsed());
        }
        ending.store(true, Ordering::Relaxed);
        let wall = started.elapsed().as_secs_f64();
        sending.join().map_err(|_| anyhow::anyhow!("the sender ended early"))??;
        taken.sort_unstable();
        let (p50, p99) = (quantile(&taken, 0.5), quantile(&taken, 0.99));
        let holds = if p50 <= 50.0 && p99 <= 250.0 { "holds" } else { "does NOT hold" };
        println!(
            "- a command beside {:.0} samples a second ({} bodies later than due): p50 {} ms, p99 {} ms (at most 50 and 250), {holds}",
            sent.load(Ordering::Relaxed) as f64 / wall,
            late.load(Ordering::Relaxed),
            three(p50),
            three(p99)
        );
        Ok(())
    })
}

/// More than are sent, made beforehand: making them costs more than storing them.
fn bodies(from_s: i64) -> Vec<String> {
    let mut floor = Floor::new(17);
    let count = i64::try_from(MANY * kit::point_time().as_secs() * 6 / ROWS as u64).unwrap_or(0);
    (0..count).map(|at| Body::of(&mut floor, from_s + at * TICKS, 1, i64::MAX).lines).collect()
}

fn send_paced(mut client: Client, bodies: &[String], ending: &AtomicBool, sent: &AtomicU64, late: &AtomicU64) -> anyhow::Result<()> {
    let (started, pause) = (Instant::now(), Duration::from_secs_f64(ROWS as f64 / MANY as f64));
    for (number, body) in (0_u32..).zip(bodies) {
        if ending.load(Ordering::Relaxed) {
            break;
        }
        let wait = (pause * number).saturating_sub(started.elapsed());
        late.fetch_add(u64::from(wait.is_zero() && number > 0), Ordering::Relaxed);
        std::thread::sleep(wait);
        let reply = client.send("POST", "/api/v2/write?precision=ns", &[], body.as_bytes())?;
        ensure!(reply.status == 204, "{}: {}", reply.status, reply.text());
        sent.fetch_add(ROWS as u64, Ordering::Relaxed);
    }
    Ok(())
}
