//! Machines that speak MTConnect, heard from end to end: documents as agents have sent them, an agent
//! and an adapter that play a day from a file, cut wires and restarts, and agents that mean harm.
//! What stands in the lane is compared with a naive count of what was played.

// A test that is skipped says so, and the long ones say what they counted.
#![allow(clippy::print_stdout)]

mod days;
mod documents;
mod hostile;
mod player;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use millwright::adapters::mtconnect::{agent, shdr};
use millwright::base::Time;
use millwright::model::telemetry::{Reading, Series};
use millwright::telemetry::{Batch, Lane, Source, Standing, State};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::plant::Plant;

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// A file of the folder that lies beside the repository, unzipped; a sentence where it is not there.
fn stored(name: &str) -> Option<Vec<u8>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let path = std::env::var_os("MILLWRIGHT_SHARED").map_or(beside, PathBuf::from).join("data").join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {name} is neither beside the repository nor at MILLWRIGHT_SHARED");
        return None;
    };
    if !name.ends_with(".gz") {
        return Some(bytes);
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
    Some(text)
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mtconnect").join(name)).unwrap()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A plant with its lane and one connection.
struct Hall {
    _plant: Plant,
    lane: Lane,
    source: Arc<Source>,
    stop: watch::Sender<bool>,
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.lane.stop();
    }
}

fn settings<S: DeserializeOwned>(value: Value) -> S {
    serde_json::from_value(value).unwrap()
}

impl Hall {
    fn new() -> Self {
        let plant = Plant::founded(false);
        let lane = Lane::start(&plant.engine).unwrap();
        let source = Arc::new(Source::kept("connection", lane.intake()));
        Self { _plant: plant, lane, source, stop: watch::Sender::new(false) }
    }

    /// Reads an agent from now on.
    fn reads_agent(&self, address: &str, more: Value) {
        let mut it = json!({ "url": format!("http://{address}"), "interval_ms": 10, "heartbeat_ms": 1_000 });
        it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        runtime().spawn(agent::run(settings(it), Arc::clone(&self.source), self.stop.subscribe()));
    }

    /// Reads an adapter from now on.
    fn reads_adapter(&self, address: &str, more: Value) {
        let mut it = json!({ "address": address });
        it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        runtime().spawn(shdr::run(settings(it), Arc::clone(&self.source), self.stop.subscribe()));
    }

    fn standing(&self) -> Standing {
        self.source.standing().borrow().clone()
    }

    fn is(&self, state: State) {
        wait_until(&format!("the connection is {}", state.word()), || self.standing().state == state);
    }

    /// Why the connection failed, in words that have these in them. Between two calls it says for a
    /// moment that it connects and no reason, so state and reason are read as one.
    fn fails(&self, said: &str) -> String {
        let mut last = None;
        wait_until(&format!("the connection fails, saying {said}"), || {
            let standing = self.standing();
            last = standing.why.filter(|why| standing.state == State::Failed && why.contains(said));
            last.is_some()
        });
        last.unwrap()
    }

    /// Instance and next sequence, as the cursor has them.
    fn place(&self) -> (u64, u64) {
        let Some(cursor) = self.source.cursor().unwrap() else { return (0, 0) };
        let cursor: Value = serde_json::from_slice(&cursor).unwrap();
        (cursor["instance"].as_u64().unwrap(), cursor["next"].as_u64().unwrap())
    }

    /// The lane knows a cursor a moment before it shows the samples that came with it.
    fn settles(&self) {
        self.lane.intake().put_wait(Batch::default()).unwrap();
    }

    fn find(&self, machine: &str, metric: &str) -> Series {
        self.lane.find(machine, metric).unwrap_or_else(|| panic!("there is no {metric} of {machine}"))
    }

    /// Everything kept of a metric, as `microseconds value`.
    fn all(&self, series: &Series) -> Vec<(i64, String)> {
        let (samples, more) = self.lane.raw(series.id, Time::from_micros(0), Time::from_micros(i64::MAX), 1_000_000).unwrap();
        assert!(!more);
        samples.into_iter().map(|(at, value)| (at.micros(), shown(&value))).collect()
    }

    fn values(&self, machine: &str, metric: &str) -> Vec<String> {
        self.all(&self.find(machine, metric)).into_iter().map(|(_, value)| value).collect()
    }
}

fn shown(value: &Reading) -> String {
    match value {
        Reading::Number(number) => number.to_string(),
        Reading::Text(text) => format!("`{text}`"),
        Reading::Unavailable => "unavailable".to_owned(),
    }
}
