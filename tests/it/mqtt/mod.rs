//! Machines that speak through a broker: a real one on loopback, started and stopped by the test,
//! and one that lies. Skipped, and it says so, where mosquitto is missing (Debian: mosquitto).
#![allow(clippy::print_stdout)]

mod broker;
mod delivery;
mod lies;
mod poison;
mod sparkplug;
mod tls;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use millwright::adapters::mqtt::{self, Settings};
use millwright::base::Time;
use millwright::model::telemetry::Reading;
use millwright::telemetry::{Lane, Source, Standing, State};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::plant::*;

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A plant with its lane, and no time that passes.
struct Site {
    plant: Plant,
    lane: Lane,
}

impl Site {
    fn new() -> Self {
        let plant = Plant::founded(false);
        let lane = Lane::start(&plant.engine).unwrap();
        Self { plant, lane }
    }

    fn source(&self, code: &str) -> Arc<Source> {
        Arc::new(Source::kept(code, self.lane.intake()))
    }

    /// All that is kept of a metric, in order.
    fn kept(&self, machine: &str, metric: &str) -> Vec<(Time, Reading)> {
        let series = self.lane.find(machine, metric).unwrap_or_else(|| panic!("{metric} of {machine} was never seen"));
        self.lane.raw(series.id, Time::from_micros(0), self.plant.engine.plant_now().plus(Duration::from_secs(3_600)), usize::MAX).unwrap().0
    }

    fn numbers(&self, machine: &str, metric: &str) -> Vec<f64> {
        let number = |(_, reading)| if let Reading::Number(number) = reading { number } else { panic!("{reading:?} is no number") };
        self.kept(machine, metric).into_iter().map(number).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.lane.stop();
    }
}

/// Our side, running.
struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(settings: Json, source: &Arc<Source>) -> Self {
        Self::with(serde_json::from_value(settings).unwrap(), source)
    }

    fn with(settings: Settings, source: &Arc<Source>) -> Self {
        settings.check().unwrap();
        let (stop, stopping) = watch::channel(false);
        Self { stop, task: tokio::spawn(mqtt::run(settings, Arc::clone(source), stopping)) }
    }

    async fn stop(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }

    /// As if the program had died.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

async fn until(source: &Source, what: &str, reached: impl FnMut(&Standing) -> bool) {
    let mut standing = source.standing();
    if tokio::time::timeout(PATIENCE, standing.wait_for(reached)).await.is_err() {
        panic!("waited in vain for {what}: {:?}", source.standing().borrow());
    }
}

async fn live(source: &Source) {
    until(source, "a connection", |it| it.state == State::Live).await;
}

/// Settings of a connection to a port, with a mapping.
fn settings(port: u16, mapping: &Json) -> Json {
    json!({"broker": {"host": "127.0.0.1", "port": port, "client_id": "millwright", "keep_alive_seconds": 10}, "mapping": mapping})
}

/// A broker of its own folder, which keeps what it has over a restart.
struct Mosquitto {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
}

impl Mosquitto {
    fn start() -> Option<Self> {
        Self::start_with("allow_anonymous true\n")
    }

    /// `None`, with a sentence, where there is none.
    fn start_with(manner: &str) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display();
        // As root it would give its rights away, and with them its folder.
        let lines = format!(
            "listener {port} 127.0.0.1\n{manner}user root\nlog_dest stderr\npersistence true\npersistence_location {place}/\n\
             max_inflight_messages 10000\nmax_queued_messages 0\nmax_queued_bytes 0\n"
        );
        std::fs::write(folder.path().join("mosquitto.conf"), lines).unwrap();
        let mut broker = Self { child: None, folder, port };
        if !broker.go() {
            println!("skipped: there is no mosquitto here (Debian: apt-get install mosquitto)");
            return None;
        }
        Some(broker)
    }

    fn go(&mut self) -> bool {
        let path = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"].into_iter().find(|path| std::path::Path::new(path).exists());
        let started = Process::new(path.unwrap_or("mosquitto")).arg("-c").arg(self.folder.path().join("mosquitto.conf")).stderr(Stdio::piped()).stdout(Stdio::null()).spawn();
        let Ok(mut child) = started else { return false };
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let running = lines.by_ref().map_while(Result::ok).any(|line| line.ends_with("running"));
        assert!(running, "mosquitto ended at once: {:?}", child.wait());
        // Whoever does not read its log lets it wait.
        std::thread::spawn(move || lines.for_each(drop));
        self.child = Some(child);
        true
    }

    fn end(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // Said to have begun, mosquitto forgets a signal that came before its loop, so it is told until it ends.
        while child.try_wait().unwrap().is_none() {
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn restart(&mut self) {
        self.end();
        assert!(self.go());
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.end();
    }
}

/// A way to the broker that can be cut.
struct Wire {
    port: u16,
    scissors: Arc<Notify>,
}

impl Wire {
    async fn to(broker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, scissors) = (listener.local_addr().unwrap().port(), Arc::new(Notify::new()));
        let blade = Arc::clone(&scissors);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let blade = Arc::clone(&blade);
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", broker)).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = blade.notified() => {}
                    }
                });
            }
        });
        Self { port, scissors }
    }

    fn cut(&self) {
        self.scissors.notify_waiters();
    }
}

/// A machine that publishes.
fn machine(port: u16, name: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(name, "127.0.0.1", port);
    options.set_inflight(1_000).set_max_packet_size(8 << 20, 8 << 20);
    AsyncClient::new(options, 1_000)
}

/// Publishes messages with quality 1 until the broker has taken all of them.
async fn publish(port: u16, messages: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let mut options = MqttOptions::new("machine", "127.0.0.1", port);
    options.set_inflight(1_000).set_max_packet_size(8 << 20, 8 << 20);
    publish_as(options, messages).await;
}

async fn publish_as(options: MqttOptions, messages: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let (client, mut network) = AsyncClient::new(options, 1_000);
    let messages: Vec<_> = messages.into_iter().collect();
    let mut open = messages.len();
    let said = tokio::spawn(async move {
        for (topic, content) in messages {
            client.publish(topic, QoS::AtLeastOnce, false, content).await.unwrap();
        }
        client
    });
    while open > 0 {
        let event = tokio::time::timeout(PATIENCE, network.poll()).await.unwrap().unwrap();
        open -= usize::from(matches!(event, Event::Incoming(Packet::PubAck(_))));
    }
    said.await.unwrap().disconnect().await.unwrap();
    while network.poll().await.is_ok() {}
}

/// A short packet, as it comes.
async fn packet(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.unwrap();
    assert!(head[1] < 0x80, "a packet of ours is longer than this reads");
    let mut rest = vec![0; usize::from(head[1])];
    stream.read_exact(&mut rest).await.unwrap();
    [head.to_vec(), rest].concat()
}
