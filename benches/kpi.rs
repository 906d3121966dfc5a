//! How long a manager waits for a figure: a month of 40 work centers, 12 000 operations and 30 000
//! clock-ins, asked for in every way. Facts only, as they lie in memory; HTTP and names come on top.
#![allow(clippy::print_stdout)]

mod kit;

use std::time::{Duration, Instant};

use kit::{setting, three};
use millwright::base::Time;
use millwright::kpi::facts::{Center, Labor, Line, OPEN, Operation, Order, Report, Slot, Stop, ms};
use millwright::kpi::indicators::Family;
use millwright::kpi::{By, Facts, Indicator, Question, tally};
use millwright::model::downtime::DowntimeCategory;
use millwright::model::people::ActivityType;
use millwright::model::plant::LineType;
use millwright::model::{Id, Plant, Shift};

const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;
/// What an answer may take.
const GOAL: Duration = Duration::from_millis(50);

fn main() -> anyhow::Result<()> {
    let days = i64::try_from(setting("MILLWRIGHT_BENCH_DAYS", 30))?;
    let start = ms("2026-02-28T23:00:00Z".parse::<Time>()?);
    let begun = Instant::now();
    let facts = facts(start, days)?;
    println!("{} days of facts laid in {} s; load {}\n", days, three(begun.elapsed().as_secs_f64()), kit::load());
    println!("| figure | by | groups | ms, median | ms, worst |\n| --- | --- | ---: | ---: | ---: |");
    let to = start + days * DAY;
    let mut worst = Duration::ZERO;
    for (name, by) in [
        ("oee", By::Total),
        ("oee", By::WorkCenter),
        ("oee", By::Day),
        ("oee", By::Hour),
        ("oee", By::Shift),
        ("oee", By::WorkOrder),
        ("schedule_accuracy", By::Line),
        ("worker_efficiency", By::Employee),
    ] {
        let family = Indicator::named(name).map_or(Family::WorkCenter, |it| it.family);
        let question = Question { from: start, to, now: to, by, only: Vec::new(), family };
        let (mut times, mut groups) = (Vec::new(), 0);
        for _ in 0..21 {
            let begun = Instant::now();
            groups = std::hint::black_box(tally(&facts, &question)).len();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
        worst = worst.max(median);
        println!("| {name} | {} | {groups} | {} | {} |", by.word(), three(median.as_secs_f64() * 1e3), three(slowest.as_secs_f64() * 1e3));
    }
    println!("\n- slowest median {} ms (goal 50): {}", three(worst.as_secs_f64() * 1e3), if worst < GOAL { "holds" } else { "does NOT hold" });
    println!("- load at the end {}", kit::load());
    Ok(())
}

/// Centers that take operation after operation, each with a setup, two people and reports.
fn facts(start: i64, days: i64) -> anyhow::Result<Facts> {
    let mut facts = Facts::default();
    facts.put(&Plant { plant_id: Id::new(1), timezone: "Europe/Berlin".to_owned(), ..Plant::default() });
    for (number, (from, to)) in (1..).zip([("06:00", "14:00"), ("14:00", "22:00"), ("22:00", "06:00")]) {
        let shift = Shift { start_time: from.parse()?, end_time: to.parse()?, break_minutes: 30, days_of_week: (1..=7).collect(), ..Shift::default() };
        facts.shifts.insert(number, shift);
    }
    (1..=6).for_each(|number| _ = facts.lines.insert(number, Line { factory: 1, line_type: LineType::Laser }));
    (1..=40).for_each(|number| _ = facts.centers.insert(number, Center { line: number % 6 + 1, is_active: true, ..Center::default() }));
    let each = days * 10;
    let (mut number, mut labor) = (0_u32, 0);
    for at in 0..each {
        let from = start + at * days * DAY / each;
        for center in 1..=40 {
            number += 1;
            let (from, to) = (from + i64::from(center) * MINUTE, from + 130 * MINUTE);
            let order = number.div_ceil(4);
            facts
                .orders
                .put(order, Some(Order { line: center % 6 + 1, product: order % 50 + 1, is_rework: false, is_cancelled: false, created: from, finished: to, ended: to, due: to }));
            facts.operations.put(number, Some(Operation { order, center, is_started: true, start: from, end: to, piece_ms: MINUTE }));
            facts.slots.put(number, Some(Slot { start: from, end: to, is_start_kept: true, is_end_kept: at % 5 > 0, center, line: center % 6 + 1, order }));
            let row = |employee, start, end, activity| Labor { start, end, is_open: false, activity, employee, center, order, operation: number, break_ms: 0, pieces: 20 };
            let rows = [row(center, from, from + 15 * MINUTE, ActivityType::Setup), row(center, from + 15 * MINUTE, to - 5 * MINUTE, ActivityType::DirectLabor)];
            let second = (at % 2 == 0).then(|| row(center + 40, from + 20 * MINUTE, to - 20 * MINUTE, ActivityType::DirectLabor));
            for row in rows.into_iter().chain(second) {
                labor += 1;
                facts.labor.put(labor, Some(row));
            }
            for half in 0..2 {
                facts.reports.put(number * 2 + half, Some(Report { at: from + i64::from(half + 1) * 50 * MINUTE, operation: number, order, pieces: [40, 1, 0, 0, 0] }));
            }
            if at % 7 == 0 {
                let stop =
                    Stop { start: from + 30 * MINUTE, end: from + 40 * MINUTE, responded: None, category: DowntimeCategory::Breakdown, center, machine: 0, line: 0, order: 0 };
                facts.stops.put(number, Some(stop));
            }
        }
    }
    anyhow::ensure!(facts.stops.all().all(|(_, stop)| stop.end != OPEN), "stops end");
    println!("{number} operations, {labor} clock-ins, {} reports", number * 2);
    Ok(facts)
}
