//! What machines tell, over the network on every side: samples made durable by line protocol against
//! PostgreSQL's COPY of the same rows, and against VictoriaMetrics (which does not wait for the
//! disk) by the same lines; then the newest value of all 720 series, a day of one series, and hourly
//! figures of all of them over a month. Every server is a process of its own whose CPU is counted;
//! figures that differ end the bench.
#![allow(clippy::print_stdout)]

#[path = "../tests/it/client.rs"]
#[allow(dead_code, clippy::unwrap_used)]
mod client;
mod kit;
#[path = "kit/lanes.rs"]
mod lanes;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_ipc::reader::StreamReader;
use kit::machines::{Floor, METRICS, SERIES};
use kit::{Point, Round, median, point_time, three, tree_cpu};
use lanes::{Body, Ours, Postgres, ROWS, TICKS, Victoria, settle, shown};
use serde_json::Value;

/// Seconds between two samples of the month.
const MONTH_STEP_S: i64 = 300;
const DAY_S: i64 = 86_400;
const MACHINE: &str = "LAS-07";

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("load {}\n", kit::load());
    let mut ours = Ours::start()?;
    let mut postgres = Postgres::start(&runtime);
    let mut victoria = Victoria::start();
    let days = i64::try_from(kit::setting("MILLWRIGHT_BENCH_DAYS", 30))?;
    let bodies = i64::try_from(kit::setting("MILLWRIGHT_BENCH_BODIES", 60))?;
    let live_s = i64::try_from(kit::rounds())? * bodies * TICKS;
    let mut floor = Floor::new(7);
    let end_s = ours.now_s()?;
    let live_from = end_s - live_s;
    let month = Span { from_s: live_from - days * DAY_S, to_s: live_from };
    let mut at_s = month.from_s;
    while at_s < month.to_s {
        let body = Body::of(&mut floor, at_s, MONTH_STEP_S, month.to_s);
        ours.send(&body.lines)?;
        postgres.iter_mut().try_for_each(|it| it.copy(&body))?;
        victoria.iter_mut().try_for_each(|it| it.send(&body.lines_without_job))?;
        at_s = body.next_s;
    }
    println!("- {} samples of {days} days loaded\n", days * DAY_S / MONTH_STEP_S * SERIES as i64);
    settle(|| ours.cpu());
    let stretches = ingest(&mut floor, live_from, bodies, &mut ours, &mut postgres, &mut victoria)?;
    if let Ok(it) = &mut postgres {
        it.know_series()?;
    }
    settle(|| ours.cpu() + postgres.as_ref().map_or(Duration::ZERO, |it| it.cluster.cpu()));
    read(&mut ours, &mut postgres, &mut victoria, month, end_s)?;
    println!("\n{stretches}- load at the end {}", kit::load());
    for why in [postgres.err(), victoria.err()].into_iter().flatten() {
        println!("- {why}: no such rows above");
    }
    Ok(())
}

/// A stretch of time.
#[derive(Clone, Copy)]
struct Span {
    from_s: i64,
    to_s: i64,
}

/// A number or a text from outside that must be there.
fn figure(json: &Value) -> anyhow::Result<f64> {
    json.as_f64().or_else(|| json.as_str()?.parse().ok()).with_context(|| format!("no number: {json}"))
}

fn same(what: &str, ours: (u64, f64), theirs: (u64, f64)) -> anyhow::Result<()> {
    let close = (ours.1 - theirs.1).abs() <= 1e-9 * theirs.1.abs().max(1.0);
    ensure!(ours.0 == theirs.0 && close, "{what}: {ours:?} against {theirs:?}");
    Ok(())
}

/// Rows a second, milliseconds of a body and rows a CPU second, over the rounds.
#[derive(Default)]
struct Taken {
    rates: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    per_cpu: Vec<f64>,
}

impl Taken {
    fn add(&mut self, bodies: &[Body], cpu: impl Fn() -> Duration, mut send: impl FnMut(usize, &Body) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let (started, before, mut latencies) = (Instant::now(), cpu(), Vec::new());
        for (at, body) in bodies.iter().enumerate() {
            let sent = Instant::now();
            send(at, body)?;
            latencies.push(sent.elapsed());
        }
        let (wall, cpu) = (started.elapsed(), cpu().saturating_sub(before));
        latencies.sort_unstable();
        let rows = (bodies.len() * ROWS) as f64;
        self.rates.push(rows / wall.as_secs_f64());
        self.p50_ms.push(kit::quantile(&latencies, 0.5));
        self.p99_ms.push(kit::quantile(&latencies, 0.99));
        self.per_cpu.push(rows / cpu.as_secs_f64().max(0.01));
        Ok(())
    }

    fn row(&self, what: &str, who: &str) -> String {
        kit::row(&[&what, &who, &format!("{:.0}", median(&self.rates)), &three(median(&self.p50_ms)), &three(median(&self.p99_ms)), &format!("{:.0}", median(&self.per_cpu))])
    }
}

/// Everybody takes the same bodies in turn; answers the goals.
fn ingest(
    floor: &mut Floor,
    from_s: i64,
    bodies: i64,
    ours: &mut Ours,
    postgres: &mut Result<Postgres<'_>, String>,
    victoria: &mut Result<Victoria, String>,
) -> anyhow::Result<String> {
    let [mut our, mut our_wide, mut copied, mut theirs] = <[Taken; 4]>::default();
    let mut from_s = from_s;
    for _ in 0..kit::rounds() {
        let until_s = from_s + bodies * TICKS;
        let batch: Vec<Body> = (0..bodies).map(|at| Body::of(floor, from_s + at * TICKS, 1, until_s)).collect();
        from_s = until_s;
        // Half of them a field a line, half a machine a line: together each sample once.
        let (narrow, wide) = batch.split_at(batch.len() / 2);
        let pid = ours.process.0.id();
        our.add(narrow, || tree_cpu(pid), |_, body| ours.send(&body.lines))?;
        our_wide.add(wide, || tree_cpu(pid), |_, body| ours.send(&body.wide))?;
        if let Ok(it) = postgres {
            let server = it.cluster.pid();
            copied.add(&batch, || tree_cpu(server), |_, body| it.copy(body))?;
        }
        if let Ok(it) = victoria {
            let server = it.process.0.id();
            theirs.add(&batch, || tree_cpu(server), |_, body| it.send(&body.lines_without_job))?;
        }
    }
    println!("| what | who | rows a second | p50 ms | p99 ms | rows a CPU second |\n| --- | --- | ---: | ---: | ---: | ---: |");
    let what = format!("{ROWS} rows in each body or transaction");
    println!("{}", our.row(&what, "Millwright, a field a line, on disk"));
    println!("{}", our_wide.row(&what, "Millwright, twelve fields a line, on disk"));
    let mut goals = String::new();
    let per_cpu = median(&our.per_cpu);
    if postgres.is_ok() {
        println!("{}", copied.row(&what, "PostgreSQL COPY, on disk"));
        let ahead = per_cpu / median(&copied.per_cpu);
        _ = writeln!(goals, "{}", kit::goal("rows a CPU second over PostgreSQL's (at least 5)", ahead, ahead >= 5.0));
    }
    if victoria.is_ok() {
        println!("{}", theirs.row(&what, "VictoriaMetrics, a field a line, not waiting for the disk"));
        let ahead = per_cpu / median(&theirs.per_cpu);
        _ = writeln!(goals, "{}", kit::goal("rows a CPU second over VictoriaMetrics' (at least 1)", ahead, ahead >= 1.0));
    }
    Ok(goals)
}

/// Asks again and again for a time.
fn asked(point: &mut Point, cpu: impl Fn() -> Duration, mut ask: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (started, before, mut latencies) = (Instant::now(), cpu(), Vec::new());
    while latencies.is_empty() || started.elapsed() < point_time() {
        let at = Instant::now();
        ask()?;
        latencies.push(at.elapsed());
    }
    point.add(Round { wall: started.elapsed(), cpu: cpu().saturating_sub(before), latencies });
    Ok(())
}

/// One question in the words of each: what, ours, PostgreSQL's, VictoriaMetrics'.
struct Question {
    what: &'static str,
    path: String,
    accept: &'static str,
    sql: String,
    victoria: Vec<String>,
    count: fn(&[u8]) -> anyhow::Result<(u64, f64)>,
    /// At least so much less CPU than PostgreSQL.
    gate: f64,
}

fn read(ours: &mut Ours, postgres: &mut Result<Postgres<'_>, String>, victoria: &mut Result<Victoria, String>, month: Span, end_s: i64) -> anyhow::Result<()> {
    println!("\n{}", kit::HEAD);
    let mut goals = String::new();
    for question in questions(month, end_s) {
        let found = (question.count)(&ours.get(&question.path, question.accept)?)?;
        if let Ok(it) = postgres {
            same(question.what, found, it.ask(&question.sql)?)?;
        }
        let [mut our, mut sql, mut theirs] = <[Point; 3]>::default();
        for _ in 0..kit::rounds() {
            let pid = ours.process.0.id();
            asked(&mut our, || tree_cpu(pid), || ours.get(&question.path, question.accept).map(drop))?;
            if let Ok(it) = postgres {
                asked(&mut sql, || it.cluster.cpu(), || it.ask(&question.sql).map(drop))?;
            }
            if let Ok(it) = victoria {
                let pid = it.process.0.id();
                asked(&mut theirs, || tree_cpu(pid), || question.victoria.iter().try_for_each(|path| it.get(path).map(drop)))?;
            }
        }
        println!("{}", our.row(question.what, "Millwright"));
        if postgres.is_ok() {
            println!("{}", sql.row(question.what, "PostgreSQL"));
            let saved = sql.cpu_us() / our.cpu_us();
            _ = writeln!(goals, "{}", kit::goal(&format!("{}: CPU of PostgreSQL over ours (at least {})", question.what, question.gate), saved, saved >= question.gate));
        }
        if victoria.is_ok() {
            println!("{}", theirs.row(question.what, "VictoriaMetrics"));
            _ = writeln!(goals, "- {}: CPU of VictoriaMetrics over ours: {}x", question.what, three(theirs.cpu_us() / our.cpu_us()));
        }
    }
    println!("\n{goals}");
    Ok(())
}

fn query(span: Span, more: &str) -> String {
    format!("/api/v1/telemetry/query?from={}&to={}{more}", shown(span.from_s), shown(span.to_s))
}

fn questions(month: Span, end_s: i64) -> [Question; 3] {
    let day = Span { from_s: month.to_s - DAY_S, to_s: month.to_s };
    // Whole hours, so that every side has the same ones.
    let hours = Span { from_s: (month.from_s / 3_600 + 1) * 3_600, to_s: month.to_s / 3_600 * 3_600 };
    let metrics: Vec<&str> = METRICS.iter().map(|(metric, _)| *metric).collect();
    let between = |span: Span| format!("time >= '{}' AND time < '{}'", shown(span.from_s), shown(span.to_s));
    let every = "%7B__name__%3D~%22machine_metrics_.%2B%22%7D";
    let hourly = |what: &str| format!("/api/v1/query_range?query={what}_over_time({every}%5B1h%5D)%20keep_metric_names&start={}&end={}&step=1h", hours.from_s + 3_600, hours.to_s);
    [
        Question {
            what: "newest value of all 720 series",
            path: "/api/v1/telemetry/last".to_owned(),
            accept: "application/json",
            sql: "SELECT newest.value, newest.time, series.* FROM series, LATERAL (SELECT time, value FROM machine_metrics m WHERE m.machine_id = series.machine_id AND m.metric_name = series.metric_name ORDER BY time DESC LIMIT 1) newest".to_owned(),
            victoria: vec![format!("/api/v1/query?query=last_over_time({every}%5B5m%5D)&time={end_s}")],
            count: newest,
            gate: 5.0,
        },
        Question {
            what: "a day of one series",
            path: query(day, &format!("&machine={MACHINE}&metric=power")),
            accept: "application/json",
            sql: format!("SELECT value, time FROM machine_metrics WHERE machine_id = '{MACHINE}' AND metric_name = 'power' AND {} ORDER BY time", between(day)),
            victoria: vec![format!("/api/v1/export?match[]=machine_metrics_power%7Bmachine_id%3D%22{MACHINE}%22%7D&start={}&end={}", day.from_s, day.to_s - 1)],
            count: samples,
            gate: 3.0,
        },
        Question {
            what: "hourly avg, max and count of all series over the month",
            path: query(hours, &format!("&step=1h&agg=avg,max,count&metric={}", metrics.join(","))),
            accept: "application/vnd.apache.arrow.stream",
            sql: format!("SELECT avg(value), machine_id, metric_name, date_trunc('hour', time), max(value), count(*) FROM machine_metrics WHERE {} GROUP BY 2, 3, 4", between(hours)),
            victoria: ["avg", "max", "count"].map(hourly).to_vec(),
            count: buckets,
            gate: 10.0,
        },
    ]
}

/// Series with a number, and the sum of these.
fn newest(body: &[u8]) -> anyhow::Result<(u64, f64)> {
    let answer: Value = serde_json::from_slice(body)?;
    let numbers = answer["data"].as_array().context("no data")?.iter().filter(|it| it["measure"] == "number");
    numbers.map(|it| figure(&it["value"])).try_fold((0, 0.0), |(count, sum), value| Ok((count + 1, sum + value?)))
}

/// Samples of one series, and their sum.
fn samples(body: &[u8]) -> anyhow::Result<(u64, f64)> {
    let answer: Value = serde_json::from_slice(body)?;
    ensure!(answer["cut"] == false, "the answer is cut");
    answer["data"][0]["samples"].as_array().context("no samples")?.iter().try_fold((0, 0.0), |(count, sum), sample| Ok((count + 1, sum + figure(&sample[1])?)))
}

/// Rows of an Arrow stream, and the sum of all averages.
fn buckets(body: &[u8]) -> anyhow::Result<(u64, f64)> {
    let (mut rows, mut sum) = (0, 0.0);
    for batch in StreamReader::try_new(body, None)? {
        let batch = batch?;
        let counts = batch.column_by_name("count").context("no counts")?.as_primitive::<Int64Type>();
        rows += counts.values().iter().filter(|count| **count > 0).count() as u64;
        sum += batch.column_by_name("avg").context("no averages")?.as_primitive::<Float64Type>().iter().flatten().sum::<f64>();
    }
    Ok((rows, sum))
}
