//! A machine's own OPC UA server, a real one in Python, is listened to: what it says is kept with its
//! time, and it is found again whatever happens to it.
#![allow(clippy::print_stdout)]

mod companions;
mod safety;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use millwright::adapters::opcua::{self, Settings};
use millwright::base::Time;
use millwright::engine::Engine;
use millwright::engine::clock::Clock;
use millwright::model::telemetry::Reading;
use millwright::store::Store;
use millwright::telemetry::{Lane, Source, Standing, State};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::binary::until;
use crate::plant::options;

fn python() -> Process {
    Process::new(std::env::var_os("MILLWRIGHT_PYTHON").unwrap_or_else(|| "python3".into()))
}

pub(crate) fn can_serve() -> bool {
    let can = python().args(["-c", "import asyncua"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !can {
        println!("skipped: MILLWRIGHT_PYTHON (or python3) has no asyncua");
    }
    can
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Now, to the millisecond: servers tell no finer times than 100 nanoseconds.
pub(crate) fn now() -> i64 {
    Clock::System.now().micros() / 1_000 * 1_000
}

/// The server; killed when the test is over.
pub(crate) struct Machine {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Machine {
    pub(crate) fn start(port: u16, more: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/opcua/server.py");
        let mut child = python().arg(script).arg(port.to_string()).args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut machine = Self { child, said };
        machine.hears("ready");
        machine
    }

    #[track_caller]
    fn hears(&mut self, word: &str) {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), word);
    }

    /// Gives a variable values a millisecond apart, beginning with a moment.
    #[track_caller]
    pub(crate) fn tells(&mut self, node: &str, values: &serde_json::Value, at: i64, status: u32) {
        let order = json!({"node": node, "values": values, "at": at, "status": status});
        writeln!(self.child.stdin.as_mut().unwrap(), "{order}").unwrap();
        self.hears("done");
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

/// A plant that listens.
struct Listener {
    lane: Lane,
    standing: watch::Receiver<Standing>,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
    folder: TempDir,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
        self.lane.stop();
    }
}

impl Listener {
    fn start(port: u16, settings: &str) -> Self {
        let settings: Settings = toml::from_str(&format!("endpoint = \"opc.tcp://127.0.0.1:{port}/press/\"\n{settings}")).unwrap();
        let engine = Engine::start(Store::in_memory().unwrap(), options(&Clock::System)).unwrap();
        let lane = Lane::start(&engine).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let source = Arc::new(Source::kept("press", lane.intake()));
        let (standing, pki) = (source.standing(), folder.path().join("pki"));
        let (stop, stopping) = watch::channel(false);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(opcua::run(settings, pki, source, stopping));
        });
        Self { lane, standing, stop, thread: Some(thread), folder }
    }

    fn pki(&self, folder: &str) -> PathBuf {
        self.folder.path().join("pki").join(folder)
    }

    fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    #[track_caller]
    fn until_state(&self, state: State) -> Standing {
        until(state.word(), || Some(self.standing()).filter(|it| it.state == state))
    }

    fn all(&self, machine: &str, metric: &str) -> Vec<(i64, Reading)> {
        let Some(series) = self.lane.find(machine, metric) else { return Vec::new() };
        let (samples, _) = self.lane.raw(series.id, Time::from_micros(0), Time::from_micros(i64::MAX), 10_000).unwrap();
        samples.into_iter().map(|(at, value)| (at.micros(), value)).collect()
    }

    #[track_caller]
    fn until_value(&self, metric: &str, value: &Reading) -> i64 {
        until(metric, || self.all("PRESS-7", metric).last().filter(|(_, last)| last == value).map(|(at, _)| *at))
    }

    #[track_caller]
    fn until_number(&self, metric: &str, value: f64) -> i64 {
        self.until_value(metric, &Reading::Number(value))
    }

    fn why_of_gaps(&self) -> Vec<String> {
        self.lane.gaps(100).unwrap().into_iter().map(|gap| gap.why).collect()
    }
}

const LAB: &str = "policy = \"None\"\nmachine = \"PRESS-7\"\npublishing_ms = 200\n";
const ALL: &str = "browse = { from = \"nsu=http://example.com/press/;s=Press\" }";
pub(crate) const POWER: &str = "nodes = [{ node = \"nsu=http://example.com/press/;s=Power\", metric = \"power\" }]";

fn word(text: &str) -> Reading {
    Reading::Text(text.into())
}

#[test]
fn what_a_machine_says_is_kept_with_its_own_time_under_the_names_of_its_variables() {
    if !can_serve() {
        return;
    }
    let port = free_port();
    let mut machine = Machine::start(port, &[]);
    let listener = Listener::start(port, &format!("{LAB}{ALL}"));
    listener.until_state(State::Live);
    let at = now();
    machine.tells("Power", &json!([3.25]), at, 0);
    machine.tells("Strokes", &json!([101]), at, 0);
    machine.tells("CurrentState", &json!(["Executing"]), at, 0);
    machine.tells("Mode", &json!([1]), at, 0);
    machine.tells("Temperatures", &json!([[80.5, 81.5]]), at, 0);
    assert_eq!(listener.until_number("Power", 3.25), at);
    assert_eq!(listener.until_number("Strokes", 101.0), at);
    assert_eq!(listener.until_value("MachineryItemState", &word("Executing")), at);
    assert_eq!(listener.until_value("OperationMode", &word("SetUp")), at);
    assert_eq!(listener.until_number("Temperatures[1]", 81.5), at);
    assert_eq!(listener.all("PRESS-7", "Program").len(), 1, "read and then told, and kept once");
    assert_eq!(listener.lane.find("PRESS-7", "Power").unwrap().unit.as_deref(), Some("kW"));
    assert!(millwright::model::machine_state::signal("MachineryItemState").is_some());

    // A picture is no reading: it is shown once, and the rest goes on.
    let shown: Vec<String> = listener.lane.quarantined(10).unwrap().into_iter().map(|it| it.why).collect();
    assert!(matches!(&shown[..], [why] if why.contains("Image") && why.contains("ByteString")), "{shown:?}");
    assert_eq!(listener.why_of_gaps(), [""; 0]);
}

#[test]
fn twenty_changes_between_two_messages_are_all_kept() {
    if !can_serve() {
        return;
    }
    let port = free_port();
    let mut machine = Machine::start(port, &[]);
    let listener = Listener::start(port, &format!("policy = \"None\"\nmachine = \"PRESS-7\"\npublishing_ms = 1000\n{POWER}"));
    listener.until_state(State::Live);
    let at = now();
    let values: Vec<f64> = (1..=20).map(|it| f64::from(it) * 10.0).collect();
    machine.tells("Power", &json!(values), at, 0);
    listener.until_number("power", 200.0);
    let kept = listener.all("PRESS-7", "power");
    let wanted: Vec<(i64, Reading)> = values.iter().zip(0..).map(|(value, step)| (at + step * 1_000, Reading::Number(*value))).collect();
    assert_eq!(kept[kept.len() - 20..], wanted);
}

#[test]
fn a_value_of_bad_quality_ends_what_held_and_a_full_queue_is_a_gap() {
    if !can_serve() {
        return;
    }
    let port = free_port();
    let mut machine = Machine::start(port, &[]);
    let listener = Listener::start(port, &format!("{LAB}{POWER}"));
    listener.until_state(State::Live);
    let at = now();
    machine.tells("Power", &json!([4.0]), at, 0);
    listener.until_number("power", 4.0);
    // Bad_SensorFailure.
    machine.tells("Power", &json!([4.0]), at + 1_000_000, 0x808C_0000);
    assert_eq!(listener.until_value("power", &Reading::Unavailable), at + 1_000_000);
    // Good, and the queue ran over before it.
    machine.tells("Power", &json!([5.0]), at + 2_000_000, 0x0480);
    assert_eq!(listener.until_number("power", 5.0), at + 2_000_000);
    let gaps = listener.lane.gaps(10).unwrap();
    assert_eq!((gaps.len(), gaps[0].why.as_str()), (1, "queue overflow"));
    assert_eq!((gaps[0].from.map(Time::micros), gaps[0].to.micros()), (Some(at + 1_000_000), at + 2_000_000));
}

#[test]
fn a_server_that_was_killed_and_started_again_is_listened_to_within_seconds() {
    if !can_serve() {
        return;
    }
    let port = free_port();
    let machine = Machine::start(port, &[]);
    let listener = Listener::start(port, &format!("{LAB}{POWER}"));
    listener.until_number("power", 1.0);
    listener.until_state(State::Live);
    drop(machine);
    let standing = listener.until_state(State::Failed);
    assert!(standing.why.as_deref().is_some_and(|why| why.contains("connection")), "{standing:?}");
    let mut machine = Machine::start(port, &[]);
    let begun = Instant::now();
    let at = now();
    machine.tells("Power", &json!([6.5]), at, 0);
    assert_eq!(listener.until_number("power", 6.5), at);
    assert!(begun.elapsed() < Duration::from_secs(12), "values came after {:?}", begun.elapsed());
    machine.tells("Power", &json!([7.5]), at + 1_000_000, 0);
    listener.until_number("power", 7.5);
    assert_eq!(listener.why_of_gaps(), ["connection lost"]);
    assert_eq!(listener.until_state(State::Live).why, None);
}

#[test]
fn a_server_that_falls_silent_without_closing_is_given_up_and_found_again() {
    if !can_serve() {
        return;
    }
    let port = free_port();
    let mut machine = Machine::start(port, &[]);
    let listener = Listener::start(port, &format!("{LAB}{POWER}"));
    listener.until_number("power", 1.0);
    listener.until_state(State::Live);
    machine.signal(Signal::STOP);
    let begun = Instant::now();
    let standing = listener.until_state(State::Silent);
    assert!(begun.elapsed() < Duration::from_secs(8), "noticed after {:?}", begun.elapsed());
    assert!(standing.why.is_some_and(|why| why.contains("says nothing")));
    machine.signal(Signal::CONT);
    let at = now();
    machine.tells("Power", &json!([8.5]), at, 0);
    assert_eq!(listener.until_number("power", 8.5), at);
    listener.until_state(State::Live);
}

#[test]
fn a_wrong_node_is_named_and_the_others_are_listened_to() {
    if !can_serve() {
        return;
    }
    let port = free_port();
    let _machine = Machine::start(port, &[]);
    let node = |name: &str| format!("{{ node = \"nsu=http://example.com/press/;s={name}\", metric = \"{name}\" }}");
    let listener = Listener::start(port, &format!("{LAB}nodes = [{}, {}, {{ node = \"nsu=http://nowhere/;i=1\", metric = \"n\" }}]", node("Power"), node("Pwoer")));
    let why = listener.until_state(State::Live).why.unwrap();
    assert!(why.contains("Pwoer") && why.contains("BadNodeIdUnknown") && why.contains("http://nowhere/"), "{why}");
    listener.until_number("Power", 1.0);
    drop(listener);

    let listener = Listener::start(port, &format!("{LAB}nodes = [{}]", node("Pwoer")));
    let why = until("the reason", || listener.standing().why);
    assert!(listener.standing().state == State::Failed && why.contains("Pwoer"), "{why}");
}
