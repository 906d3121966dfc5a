//! What the benches share: sizes from the environment, clocks, medians and rows of a table.
//! Deliberately no harness: a bench is a program that prints Markdown.
#![allow(dead_code, clippy::print_stdout)] // every bench uses the part it needs

pub(crate) mod machines;
#[cfg(feature = "peers")]
pub(crate) mod peer_orders;
pub(crate) mod plant;
pub(crate) mod postgres;
pub(crate) mod served;

use std::fmt::Display;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A size that may be set from outside.
pub(crate) fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// How long one point is measured in one round.
pub(crate) fn point_time() -> Duration {
    Duration::from_secs(setting("MILLWRIGHT_BENCH_SECONDS", 3))
}

/// How often each point is measured, every peer in turn: what is printed are medians of these.
pub(crate) fn rounds() -> u64 {
    setting("MILLWRIGHT_BENCH_ROUNDS", 3).max(1)
}

/// A directory on the disk the build is on, since /tmp may be memory; gone when dropped.
pub(crate) fn scratch(name: &str) -> anyhow::Result<tempfile::TempDir> {
    let parent = std::env::var("MILLWRIGHT_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    std::fs::create_dir_all(&parent)?;
    Ok(tempfile::Builder::new().prefix(name).tempdir_in(parent)?)
}

/// CPU time of this process so far.
pub(crate) fn own_cpu() -> Duration {
    spent(ClockId::ProcessCPUTime)
}

/// CPU time of this thread so far.
pub(crate) fn thread_cpu() -> Duration {
    spent(ClockId::ThreadCPUTime)
}

fn spent(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// CPU time of a process and its children, ended ones included; in ticks of 10 ms.
pub(crate) fn tree_cpu(pid: u32) -> Duration {
    let mut ticks = 0;
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(other) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let fields: Vec<u64> = stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|word| word.parse().unwrap_or(0)).collect();
        // After the name: state, parent, ... and as numbers 11 to 14 user, system and the same of ended children.
        if (other == pid || fields.get(1) == Some(&u64::from(pid)))
            && let Some(times) = fields.get(11..15)
        {
            ticks += times.iter().sum::<u64>();
        }
    }
    Duration::from_millis(ticks * 10)
}

/// The load of the machine, to be read beside every figure.
pub(crate) fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().split_whitespace().next().unwrap_or("?").to_owned()
}

/// Small random numbers that are the same in every run (splitmix64).
pub(crate) struct Dice(pub u64);

impl Dice {
    /// The next 64 bits.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number of a range, both ends included.
    pub(crate) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }
}

/// What one contestant did in one round.
pub(crate) struct Round {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) latencies: Vec<Duration>,
}

/// Runs a call again and again for a time, on this thread.
pub(crate) fn repeat(time: Duration, mut call: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Round> {
    let (started, cpu) = (Instant::now(), own_cpu());
    let mut latencies = Vec::new();
    while started.elapsed() < time {
        let at = Instant::now();
        call()?;
        latencies.push(at.elapsed());
    }
    Ok(Round { wall: started.elapsed(), cpu: own_cpu() - cpu, latencies })
}

/// Medians over the rounds of one contestant.
#[derive(Default)]
pub(crate) struct Point {
    rates: Vec<f64>,
    medians_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    cpu_us: Vec<f64>,
}

impl Point {
    pub(crate) fn add(&mut self, mut round: Round) {
        round.latencies.sort_unstable();
        let count = round.latencies.len().max(1) as f64;
        self.rates.push(count / round.wall.as_secs_f64());
        self.medians_ms.push(quantile(&round.latencies, 0.5));
        self.p99_ms.push(quantile(&round.latencies, 0.99));
        self.cpu_us.push(round.cpu.as_secs_f64() * 1e6 / count);
    }

    pub(crate) fn rate(&self) -> f64 {
        median(&self.rates)
    }
    pub(crate) fn p50_ms(&self) -> f64 {
        median(&self.medians_ms)
    }
    pub(crate) fn p99_ms(&self) -> f64 {
        median(&self.p99_ms)
    }
    pub(crate) fn cpu_us(&self) -> f64 {
        median(&self.cpu_us)
    }

    /// A row under [`HEAD`].
    pub(crate) fn row(&self, what: &str, who: &str) -> String {
        row(&[&what, &who, &format!("{:.0}", self.rate()), &three(self.p50_ms()), &three(self.p99_ms()), &format!("{:.0}", self.cpu_us())])
    }
}

/// Head of the table whose rows [`Point::row`] makes.
pub(crate) const HEAD: &str = "| what | who | a second | p50 ms | p99 ms | CPU us each |\n| --- | --- | ---: | ---: | ---: | ---: |";

/// One row of a Markdown table.
pub(crate) fn row(cells: &[&dyn Display]) -> String {
    cells.iter().fold("|".to_owned(), |row, cell| format!("{row} {cell} |"))
}

/// A sentence that says whether a goal held in this run.
pub(crate) fn goal(what: &str, seen: f64, holds: bool) -> String {
    format!("- {what}: {}x, {}", three(seen), if holds { "holds" } else { "does NOT hold" })
}

/// Three figures, since more would not repeat.
pub(crate) fn three(number: f64) -> String {
    if number >= 100.0 {
        format!("{number:.0}")
    } else if number >= 10.0 {
        format!("{number:.1}")
    } else if number >= 1.0 {
        format!("{number:.2}")
    } else {
        format!("{number:.3}")
    }
}

/// Milliseconds at a share of sorted times.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// The middle of some numbers.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
