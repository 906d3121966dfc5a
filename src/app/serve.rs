//! Serving: open the store, check, writer, followers, adapters last; stop in the other order.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::arguments::{Place, Serve, SqlPlace, Taken};
use super::output::Output;
use super::{connections, sql, wiring};
use crate::adapters::http::{Server, Service};
use crate::base::{Code, Refusal};
use crate::engine::{Engine, Health};
use crate::followers;
use crate::followers::figures::{self, Figures};
use crate::query::Sql;
use crate::telemetry::{Connections, Lane};
use crate::views::search::SearchIndex;

pub(super) fn run(place: &Place, _: &Serve, output: &Output) -> Result<u8, Refusal> {
    let data = place.data()?;
    let engine = wiring::open(&data, true)?;
    let lane = Lane::start(&engine)?;
    let answer = serve(&engine, &lane, Places { http: place.http(), sql: place.sql(Taken::GoWithout) }, output, |_| Ok(()));
    // The adapters are down; now the writers drain and end.
    lane.stop();
    engine.stop();
    answer
}

/// Where the plant is served.
pub(super) struct Places {
    /// For HTTP.
    pub(super) http: SocketAddr,
    /// For clients of PostgreSQL.
    pub(super) sql: SqlPlace,
}

/// Serves an engine until a signal; `ready` runs with the address before it is printed.
pub(super) fn serve(engine: &Engine, lane: &Lane, places: Places, output: &Output, ready: impl FnOnce(SocketAddr) -> Result<(), Refusal>) -> Result<u8, Refusal> {
    let runtime = runtime()?;
    let answer = runtime.block_on(serving(engine, lane, places, output, ready));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    answer
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Refusal> {
    // The writer is a thread of its own beside these: on two cores a second worker was seen to answer
    // a tenth more than one, since answers need not queue behind each other while the writer waits for the disk.
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread().worker_threads(cores.max(2)).enable_all().build().map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}

async fn serving(engine: &Engine, lane: &Lane, places: Places, output: &Output, ready: impl FnOnce(SocketAddr) -> Result<(), Refusal>) -> Result<u8, Refusal> {
    // Before anybody is told that we are there: from then on a signal must mean a graceful stop.
    let ends = Ends::listen()?;
    let (stop, stopping) = watch::channel(false);
    let figures = Figures::default();
    let index = Arc::new(SearchIndex::default());
    let running = Connections::default();
    let service = Service::new(engine.clone(), figures.clone(), wiring::import(engine), wiring::metrics()?, stopping.clone())?;
    let tables = Sql::new(engine, Some(lane), &figures)?;
    let accounts = service.accounts();
    let service = service.with_sql(tables.clone());
    let service = Arc::new(service.with_search(Arc::clone(&index)).with_telemetry(lane.clone()).with_connections(running.clone(), connections::trying(engine)));
    let server = Server::bind(places.http, service).await?;
    let address = server.address()?;
    let wire = sql::bind(places.sql, &tables, &accounts, output).await?;
    ready(address)?;
    output.data(&told(address, wire.as_ref().map(sql::Server::address).transpose()?, output));
    if let Some(wire) = wire {
        tokio::spawn(wire.run(stopping.clone()));
    }
    tokio::spawn(followers::machine_stops::run(engine.clone(), lane.clone(), figures.clone(), stopping.clone()));
    tokio::spawn(figures::run(engine.clone(), figures, stopping.clone()));
    let mut indexing = None;
    if let Some(root) = engine.root() {
        indexing = Some(followers::indexing::start(engine, root.join(wiring::SEARCH_FOLDER), &index, stopping.clone())?);
        tokio::spawn(followers::roots::run(engine.clone(), root.join("roots"), stopping.clone()));
    }
    let connected = connections::start(engine, lane.intake(), running, stopping.clone())?;
    let served = tokio::spawn(server.run(stopping));
    let failed = wait_for_end(engine, ends).await;
    stop.send_replace(true);
    output.say("stopping: open requests finish, then the writer");
    if served.await.is_err() {
        tracing::error!("the server ended with a panic");
    }
    if connected.join().is_err() {
        tracing::error!("the connections to machines ended with a panic");
    }
    if indexing.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("the search index ended with a panic");
    }
    match failed {
        None => Ok(0),
        Some(why) => Err(Refusal::new(Code::Unavailable, why)),
    }
}

/// Where the plant is, for whoever waits to hear it.
fn told(http: SocketAddr, sql: Option<SocketAddr>, output: &Output) -> String {
    match (output.json(), sql) {
        (true, Some(sql)) => format!("{{\"listening\":\"http://{http}\",\"sql\":\"postgres://{sql}\"}}"),
        (true, None) => format!("{{\"listening\":\"http://{http}\"}}"),
        (false, Some(sql)) => format!("listening on http://{http}\nsql listening on postgres://{sql}"),
        (false, None) => format!("listening on http://{http}"),
    }
}

/// The signals that end us.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
}

impl Ends {
    fn listen() -> Result<Self, Refusal> {
        let fault = |error: std::io::Error| Refusal::new(Code::Internal, error.to_string());
        Ok(Self { interrupt: signal(SignalKind::interrupt()).map_err(fault)?, terminate: signal(SignalKind::terminate()).map_err(fault)? })
    }
}

/// Waits for a signal, or for a store that cannot be opened again: then the supervisor must start anew.
async fn wait_for_end(engine: &Engine, mut ends: Ends) -> Option<String> {
    let mut health = engine.health();
    tokio::select! {
        _ = ends.interrupt.recv() => None,
        _ = ends.terminate.recv() => None,
        failed = health.wait_for(|health| matches!(health, Health::Failed(_))) => match failed.as_deref() {
            Ok(Health::Failed(why)) => Some(why.clone()),
            _ => None,
        },
    }
}
