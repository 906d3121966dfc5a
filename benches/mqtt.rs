//! Messages with quality 1, published by one client and by ten: the plant's own broker, which
//! acknowledges when they are samples on disk, beside mosquitto with a subscriber that stores nothing.
//! Publishers are raw sockets with the same bytes for both, 1,000 messages on their way at most. Every
//! broker is a process of its own whose CPU is counted, mosquitto's subscriber with it.
#![allow(clippy::print_stdout)]

#[path = "../tests/it/client.rs"]
#[allow(dead_code, clippy::unwrap_used)]
mod client;
mod kit;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use client::Client;
use kit::served::{Process, empty_with_broker};
use kit::{HEAD, Point, Round, goal, point_time, rounds, tree_cpu};

/// Messages on their way from one publisher.
const INFLIGHT: usize = 1_000;
const PUBLISHERS: [usize; 2] = [1, 10];

fn main() -> anyhow::Result<()> {
    println!("load {}\n\n{HEAD}", kit::load());
    let ours = Ours::start()?;
    let mosquitto = Mosquitto::start();
    let mut goals = String::new();
    for publishers in PUBLISHERS {
        let (mut own, mut peer) = (Point::default(), Point::default());
        for _ in 0..rounds() {
            own.add(ours.round(publishers)?);
            if let Ok(mosquitto) = &mosquitto {
                peer.add(mosquitto.round(publishers)?);
            }
        }
        let what = format!("QoS 1, {publishers} publishers");
        println!("{}", own.row(&what, "Millwright, PUBACK = on disk"));
        if mosquitto.is_ok() {
            println!("{}", peer.row(&what, "mosquitto, a subscriber that stores nothing"));
            let ratio = own.rate() / peer.rate();
            goals.push_str(&goal(&format!("{what}, messages a second beside mosquitto"), ratio, ratio >= 1.0));
            goals.push('\n');
        }
    }
    println!("\n{goals}- load at the end {}", kit::load());
    if let Err(why) = mosquitto {
        println!("- {why}: no such rows above");
    }
    ours.check()
}

/// A broker to publish to.
struct Door {
    port: u16,
    token: String,
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let (mut bytes, mut length) = (vec![head], body.len());
    loop {
        let low = (length & 0x7f) as u8;
        length >>= 7;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

impl Door {
    fn connect(&self, name: &str) -> anyhow::Result<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let hello = [text("MQTT"), vec![4, 0xc2, 0, 0], text(name), text("admin"), text(&self.token)].concat();
        stream.write_all(&packet(0x10, &hello))?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer)?;
        ensure!(answer[3] == 0, "the broker refuses: {answer:?}");
        Ok(stream)
    }

    /// Publishes for a time from so many clients; answers how long each message waited for its PUBACK.
    fn publish(&self, publishers: usize) -> anyhow::Result<(Duration, Vec<Duration>)> {
        let began = Instant::now();
        let publishing: Vec<_> = (0..publishers)
            .map(|number| {
                let stream = self.connect(&format!("bench-{number}"))?;
                Ok(std::thread::spawn(move || publish(stream, number)))
            })
            .collect::<anyhow::Result<_>>()?;
        let mut latencies = Vec::new();
        for thread in publishing {
            latencies.extend(thread.join().map_err(|_| anyhow::anyhow!("a publisher panicked"))??);
        }
        Ok((began.elapsed(), latencies))
    }
}

/// One client: fills its window, and says one more for each that is acknowledged.
fn publish(mut stream: TcpStream, number: usize) -> anyhow::Result<Vec<Duration>> {
    let ends = Instant::now() + point_time();
    let base = now_ms()?;
    let (mut said, mut heard, mut sent_at) = (0_usize, 0_usize, vec![Instant::now(); INFLIGHT]);
    let (mut latencies, mut incoming, mut bytes) = (Vec::new(), vec![0; 64 << 10], Vec::new());
    let mut rest = Vec::new();
    loop {
        bytes.clear();
        let open = Instant::now() < ends;
        while open && said - heard < INFLIGHT {
            let id = (said % INFLIGHT + 1) as u16;
            let content = format!("{{\"value\": {said}.5, \"timestamp\": {}}}", base + said as u64 / 1_000);
            let body = [text(&format!("plant/M-{number}/metric-{}", said % 1_000)), id.to_be_bytes().to_vec(), content.into_bytes()].concat();
            bytes.extend(packet(0x32, &body));
            sent_at[said % INFLIGHT] = Instant::now();
            said += 1;
        }
        stream.write_all(&bytes)?;
        if said == heard {
            return Ok(latencies);
        }
        let read = stream.read(&mut incoming)?;
        ensure!(read > 0, "the broker closed the connection");
        rest.extend_from_slice(&incoming[..read]);
        let whole = rest.len() / 4 * 4;
        for answer in rest[..whole].chunks(4) {
            ensure!(answer[..2] == [0x40, 2], "{answer:?} is no PUBACK");
            let id = usize::from(u16::from_be_bytes([answer[2], answer[3]]));
            latencies.push(sent_at[id - 1].elapsed());
            heard += 1;
        }
        rest.drain(..whole);
    }
}

#[allow(clippy::disallowed_methods)] // A bench may ask the machine.
fn now_ms() -> anyhow::Result<u64> {
    Ok(u64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())?)
}

/// A plant of ours.
struct Ours {
    _folder: tempfile::TempDir,
    process: Process,
    address: String,
    door: Door,
}

impl Ours {
    fn start() -> anyhow::Result<Self> {
        let (folder, port) = (kit::scratch("mqtt")?, free_port()?);
        let (process, address, token) = empty_with_broker(folder.path(), port)?;
        Ok(Self { _folder: folder, process, address, door: Door { port, token } })
    }

    fn round(&self, publishers: usize) -> anyhow::Result<Round> {
        let cpu = tree_cpu(self.process.0.id());
        let (wall, latencies) = self.door.publish(publishers)?;
        Ok(Round { wall, cpu: tree_cpu(self.process.0.id()) - cpu, latencies })
    }

    /// All that was acknowledged became samples, and nothing was put into quarantine.
    fn check(&self) -> anyhow::Result<()> {
        let metrics = Client::new(self.address.parse()?, Some(&self.door.token)).get("/metrics").text();
        let count = |became: &str| metrics.lines().find_map(|line| line.strip_prefix(&format!("millwright_broker_messages_total{{became=\"{became}\"}} "))?.parse::<u64>().ok());
        let (received, stored) = (count("received").context("no count of messages")?, count("stored").context("no count of samples")?);
        println!("- {received} messages came, {stored} became samples");
        ensure!(received == stored, "{} messages became no samples", received - stored);
        ensure!(!metrics.contains("became=\"quarantined\""), "something was put into quarantine");
        Ok(())
    }
}

/// mosquitto without persistence, and a subscriber of its own that throws away what it hears.
struct Mosquitto {
    _folder: tempfile::TempDir,
    broker: Process,
    listener: Process,
    door: Door,
}

impl Mosquitto {
    fn start() -> anyhow::Result<Self> {
        let (folder, port) = (kit::scratch("mosquitto")?, free_port()?);
        let file = folder.path().join("mosquitto.conf");
        let lines = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence false\nmax_inflight_messages {INFLIGHT}\nmax_queued_messages 0\nset_tcp_nodelay true\n"
        );
        std::fs::write(&file, lines)?;
        let silent = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(Process);
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].into_iter().find(|path| std::path::Path::new(path).exists());
        let broker = silent(Command::new(program.unwrap_or("mosquitto")).arg("-c").arg(&file)).context("mosquitto is missing (Debian: mosquitto)")?;
        let door = Door { port, token: String::new() };
        let began = Instant::now();
        while door.connect("probe").is_err() {
            ensure!(began.elapsed() < Duration::from_secs(10), "mosquitto does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let port = port.to_string();
        let listener = silent(Command::new("mosquitto_sub").args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", "plant/#", "-F", ""]));
        let listener = listener.context("mosquitto_sub is missing (Debian: mosquitto-clients)")?;
        std::thread::sleep(Duration::from_secs(1));
        Ok(Self { _folder: folder, broker, listener, door })
    }

    fn cpu(&self) -> Duration {
        tree_cpu(self.broker.0.id()) + tree_cpu(self.listener.0.id())
    }

    fn round(&self, publishers: usize) -> anyhow::Result<Round> {
        let cpu = self.cpu();
        let (wall, latencies) = self.door.publish(publishers)?;
        // What its subscriber has not read yet costs as well.
        std::thread::sleep(Duration::from_secs(1));
        Ok(Round { wall, cpu: self.cpu() - cpu, latencies })
    }
}
