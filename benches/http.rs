//! Durable work-order updates over HTTP: a running Millwright against an equally thin service
//! (axum, tokio-postgres) over PostgreSQL that does the same work. One client of 32 keep-alive
//! connections drives both in turn. The service is this bench, run as a child, so that its CPU is
//! counted apart from the client's.
//!
//! The client shares the machine with what it drives, so it is as lean as it can be, one thread that
//! writes bytes and looks for the length of the answer: a client that costs more than the servers
//! measures itself. What it costs is printed.
//!
//! The plant is the demo of this build, or a running one by MILLWRIGHT_BENCH_URL,
//! MILLWRIGHT_BENCH_TOKEN and, for its CPU, MILLWRIGHT_BENCH_PID.
#![allow(clippy::print_stdout)]

mod kit;

use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use kit::peer_orders;
use kit::postgres::Cluster;
use kit::served::{Process, demo, listening};
use kit::{Dice, Point, Round, point_time, tree_cpu};
use millwright::base::Digest;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// In the child: where its PostgreSQL listens.
const CHILD: &str = "MILLWRIGHT_BENCH_PEER_DSN";
const TOKEN: &str = "bench-token-of-the-peer";

fn main() -> anyhow::Result<()> {
    if let Ok(dsn) = std::env::var(CHILD) {
        return tokio::runtime::Runtime::new()?.block_on(serve(&dsn));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let orders = kit::setting("MILLWRIGHT_BENCH_ORDERS", 100_000);
    let connections = usize::try_from(kit::setting("MILLWRIGHT_BENCH_CONNECTIONS", 32))?;
    println!("load {}\n", kit::load());
    let (ours, cluster) = (runtime.block_on(Plant::find(orders)), Cluster::start());
    let peer = match &cluster {
        Ok(cluster) => Some(Peer::start(cluster, orders)?),
        Err(_) => None,
    };
    let (mut our_point, mut peer_point) = (Point::default(), Point::default());
    let (before, mut asked) = (kit::own_cpu(), 0);
    for _ in 0..kit::rounds() {
        if let Ok(plant) = &ours {
            let round = runtime.block_on(drive(&plant.target, connections, || plant.pid.map_or(Duration::ZERO, tree_cpu)))?;
            asked += round.latencies.len();
            our_point.add(round);
        }
        if let (Some(peer), Ok(cluster)) = (&peer, &cluster) {
            let round = runtime.block_on(drive(&peer.target, connections, || tree_cpu(peer.process.0.id()) + cluster.cpu()))?;
            asked += round.latencies.len();
            peer_point.add(round);
        }
    }
    let client_us = (kit::own_cpu() - before).as_secs_f64() * 1e6 / asked.max(1) as f64;
    let what = format!("durable updates over HTTP, {connections} connections");
    println!("{}", kit::HEAD);
    match &ours {
        Ok(_) => println!("{}", our_point.row(&what, "Millwright")),
        Err(why) => println!("{}", kit::row(&[&what, &format!("Millwright: {why:#}"), &"", &"", &"", &""])),
    }
    match &cluster {
        Ok(_) => println!("{}", peer_point.row(&what, "axum and PostgreSQL")),
        Err(why) => println!("{}", kit::row(&[&what, why, &"", &"", &"", &""])),
    }
    if ours.is_ok() && peer.is_some() {
        let (ahead, saved) = (our_point.rate() / peer_point.rate(), peer_point.cpu_us() / our_point.cpu_us());
        println!("\n{}", kit::goal("updates a second over the peer's (at least 1.5)", ahead, ahead >= 1.5));
        println!("- CPU of the servers, the peer's over ours: {}x", kit::three(saved));
    }
    println!("- CPU of the client {client_us:.0} us an update; load at the end {}", kit::load());
    Ok(())
}

/// Where updates go.
struct Target {
    address: String,
    token: String,
    ids: Vec<String>,
}

/// The running Millwright.
struct Plant {
    target: Target,
    pid: Option<u32>,
    _process: Option<Process>,
    _folder: Option<tempfile::TempDir>,
}

impl Plant {
    async fn find(orders: u64) -> anyhow::Result<Self> {
        let (address, token, pid, process, folder) = match std::env::var("MILLWRIGHT_BENCH_URL") {
            Ok(url) => {
                let token = std::env::var("MILLWRIGHT_BENCH_TOKEN").context("MILLWRIGHT_BENCH_TOKEN is not set")?;
                let pid = u32::try_from(kit::setting("MILLWRIGHT_BENCH_PID", 0)).ok().filter(|pid| *pid > 0);
                (url.trim_start_matches("http://").trim_end_matches('/').to_owned(), token, pid, None, None)
            }
            Err(_) => {
                let folder = kit::scratch("demo")?;
                let (process, address, token) = demo(folder.path(), "planner").context("the demo of this build did not start")?;
                (address, token, Some(process.0.id()), Some(process), Some(folder))
            }
        };
        // Only a demo of our own gets as many orders as the peer has.
        let ids = if process.is_some() { made_orders(&address, &token, orders).await? } else { open_orders(&address, &token).await?.0 };
        Ok(Self { target: Target { address, token, ids }, pid, _process: process, _folder: folder })
    }
}

/// Ids of orders whose priority may still change, and a product they are of.
async fn open_orders(address: &str, token: &str) -> anyhow::Result<(Vec<String>, String)> {
    let mut sender = connect(address).await?;
    let (status, body) = ask(&mut sender, "GET", "/api/v1/work-orders?limit=1000", token, None).await?;
    let list: Value = serde_json::from_slice(&body).with_context(|| format!("status {status} of the list of orders"))?;
    let rows = list.as_object().and_then(|list| list.values().find_map(Value::as_array)).context("the list of orders has no rows")?;
    let open: Vec<&Value> = rows.iter().filter(|row| !matches!(row["status"].as_str(), Some("closed" | "cancelled"))).collect();
    let product = open.first().and_then(|row| row["product_id"].as_str()).context("the plant has no open order")?.to_owned();
    Ok((open.iter().filter_map(|row| row["work_order_id"].as_str().map(str::to_owned)).collect(), product))
}

/// Makes this many orders, from as many connections as the machine likes; answers their ids.
async fn made_orders(address: &str, token: &str, orders: u64) -> anyhow::Result<Vec<String>> {
    const MAKERS: u64 = 64;
    let (_, product) = open_orders(address, token).await?;
    let json = format!("{{\"product_id\": \"{product}\", \"planned_quantity\": 250}}");
    let makers = (0..MAKERS).map(|at| {
        let json = json.clone();
        async move {
            let (mut sender, mut ids) = (connect(address).await?, Vec::new());
            for number in (at..orders).step_by(MAKERS as usize) {
                let (status, body) = ask(&mut sender, "POST", "/api/v1/work-orders", token, Some((&format!("make-{number}"), json.clone()))).await?;
                let made: Value = serde_json::from_slice(&body).with_context(|| format!("status {status} of a new order"))?;
                ids.push(made["work_order_id"].as_str().with_context(|| format!("status {status}: {made}"))?.to_owned());
            }
            anyhow::Ok(ids)
        }
    });
    Ok(futures_util::future::try_join_all(makers).await?.concat())
}

/// The service over PostgreSQL, in a process of its own.
struct Peer {
    target: Target,
    process: Process,
}

impl Peer {
    fn start(cluster: &Cluster, orders: u64) -> anyhow::Result<Self> {
        peer_orders::populate(cluster, orders)?;
        let (process, address) = listening(Command::new(std::env::current_exe()?).env(CHILD, cluster.dsn()))?;
        let ids = (1..=orders).map(|id| format!("WO-{id:06}")).collect();
        Ok(Self { target: Target { address, token: TOKEN.to_owned(), ids }, process })
    }
}

/// A keep-alive connection that asks one thing at a time.
struct Connection {
    stream: TcpStream,
    request: String,
    answer: Vec<u8>,
}

async fn connect(address: &str) -> anyhow::Result<Connection> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(Connection { stream, request: String::new(), answer: Vec::with_capacity(16 << 10) })
}

async fn ask(connection: &mut Connection, method: &str, path: &str, token: &str, change: Option<(&str, String)>) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let Connection { stream, request, answer } = connection;
    request.clear();
    write!(request, "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n")?;
    match change {
        Some((key, json)) => write!(request, "content-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{json}", json.len())?,
        None => request.push_str("\r\n"),
    }
    stream.write_all(request.as_bytes()).await?;
    answer.clear();
    loop {
        anyhow::ensure!(stream.read_buf(answer).await? > 0, "the server closed the connection");
        let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let (status, length) = read_head(std::str::from_utf8(&answer[..head])?)?;
        if answer.len() >= head + 4 + length {
            return Ok((status, answer.split_off(head + 4)));
        }
    }
}

/// Status and length of the body; both servers give the length in their own case.
fn read_head(head: &str) -> anyhow::Result<(StatusCode, usize)> {
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("an answer without a status")?.parse()?;
    let length = lines.find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("content-length")));
    Ok((status, length.context("an answer without a length")?.1.parse()?))
}

/// Updates from many connections for a time; an answer that is no success ends the bench.
async fn drive(target: &Target, connections: usize, cpu: impl Fn() -> Duration) -> anyhow::Result<Round> {
    let mut senders = Vec::new();
    for _ in 0..connections {
        senders.push(connect(&target.address).await?);
    }
    let (started, before) = (Instant::now(), cpu());
    let clients = senders.into_iter().enumerate().map(|(at, sender)| client(target, sender, at, started));
    let latencies = futures_util::future::try_join_all(clients).await?;
    Ok(Round { wall: started.elapsed(), cpu: cpu().saturating_sub(before), latencies: latencies.concat() })
}

async fn client(target: &Target, mut sender: Connection, at: usize, started: Instant) -> anyhow::Result<Vec<Duration>> {
    let nanos = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).tv_nsec;
    let mut dice = Dice(at as u64 ^ (nanos.cast_unsigned() << 16));
    let mut latencies = Vec::new();
    while started.elapsed() < point_time() {
        let id = &target.ids[usize::try_from(dice.roll() % target.ids.len() as u64)?];
        let (key, body) = (format!("{:016x}{:016x}", dice.roll(), dice.roll()), format!("{{\"priority\": {}}}", dice.within(1, 10)));
        let asked = Instant::now();
        let (status, body) = ask(&mut sender, "PATCH", &format!("/api/v1/work-orders/{id}"), &target.token, Some((&key, body))).await?;
        anyhow::ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
        latencies.push(asked.elapsed());
    }
    Ok(latencies)
}

/// What the peer service holds: connections taken in turn, each with its prepared statement, and
/// the digest of the token it knows.
struct Service {
    connections: Vec<(tokio_postgres::Client, tokio_postgres::Statement)>,
    next: AtomicUsize,
    token: Digest,
}

/// The child: the peer service until it is killed.
async fn serve(dsn: &str) -> anyhow::Result<()> {
    let mut connections = Vec::new();
    for _ in 0..kit::setting("MILLWRIGHT_BENCH_PEER_POOL", 16) {
        let (client, connection) = tokio_postgres::connect(dsn, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        let statement = client.prepare(&peer_orders::statement()).await?;
        connections.push((client, statement));
    }
    let service = Arc::new(Service { connections, next: AtomicUsize::new(0), token: Digest::of(TOKEN.as_bytes()) });
    let router = axum::Router::new().route("/api/v1/work-orders/{id}", axum::routing::patch(change)).with_state(service);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    serve_connections(listener, router).await
}

/// Accepts for ever, without Nagle's delay.
async fn serve_connections(listener: TcpListener, router: axum::Router) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn change(State(service): State<Arc<Service>>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    if Digest::of(header("authorization").trim_start_matches("Bearer ").as_bytes()) != service.token {
        return (StatusCode::UNAUTHORIZED, "{}".to_owned());
    }
    let asked: Option<i32> = serde_json::from_slice::<Value>(&body).ok().and_then(|body| i32::try_from(body["priority"].as_i64()?).ok());
    let number = id.strip_prefix("WO-").and_then(|number| number.parse::<i64>().ok());
    let key = Some(header("idempotency-key")).filter(|key| !key.is_empty());
    let (Some(priority), Some(number), Some(key)) = (asked, number, key) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "{}".to_owned());
    };
    let (client, statement) = &service.connections[service.next.fetch_add(1, Ordering::Relaxed) % service.connections.len()];
    match client.execute(statement, &[&priority, &number, &key]).await {
        Ok(1) => (StatusCode::OK, format!("{{\"work_order_id\":\"{id}\",\"priority\":{priority}}}")),
        Ok(_) => (StatusCode::NOT_FOUND, "{}".to_owned()),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
