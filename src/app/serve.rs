//! Serving: open the store, check, writer, followers, adapters last; stop in the other order.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::arguments::{LakePlace, Place, Secrecy, SqlPlace, Taken};
use super::connections::Around;
use super::output::Output;
use super::{connections, office, sql, trust, wiring, wizard};
use crate::adapters::http::{Server, Service};
use crate::adapters::mqtt::broker::{self, Broker};
use crate::adapters::s3::Mirror;
use crate::adapters::sql::ALPN;
use crate::base::{Code, Refusal, Value};
use crate::engine::{Engine, Health};
use crate::followers;
use crate::followers::figures::{self, Figures};
use crate::followers::lake::Lake;
use crate::planning::Desk;
use crate::query::Sql;
use crate::store::Home;
use crate::telemetry::{Connections, Lane, Source};
use crate::trust::Trust;
use crate::views::search::SearchIndex;

/// Where the plant's own broker listens.
#[derive(Clone, Copy)]
pub(super) enum Mqtt {
    /// Here and nowhere else.
    At(SocketAddr),
    /// Here, or on a free port where it is taken.
    Near(SocketAddr),
}

/// The addresses to listen on, and the folder that stands open to readers of Parquet.
pub(super) struct Doors {
    pub(super) http: SocketAddr,
    /// `None` where the plant keeps no lake.
    pub(super) lake: Option<LakePlace>,
    pub(super) sql: SqlPlace,
    /// `None` where the plant has no broker of its own.
    pub(super) mqtt: Option<Mqtt>,
    pub(super) secrecy: Secrecy,
    /// Log-ins that open without a password: none, but those of a demo.
    pub(super) demo: Vec<String>,
    /// Where drafts of plans lie.
    pub(super) desk: Desk,
}

/// Where the plant listens.
#[derive(Clone, Copy)]
pub(super) struct Addresses {
    pub(super) http: SocketAddr,
    pub(super) https: Option<SocketAddr>,
    pub(super) mqtt: Option<SocketAddr>,
    pub(super) mqtts: Option<SocketAddr>,
    pub(super) sql: Option<SocketAddr>,
}

impl Addresses {
    /// Every address by its name in JSON, and the sentence of it.
    fn all(self) -> [(&'static str, &'static str, Option<String>); 5] {
        [
            ("listening", "listening on ", Some(format!("http://{}", self.http))),
            ("https", "listening on ", self.https.map(|address| format!("https://{address}"))),
            ("mqtt", "mqtt listening on ", self.mqtt.map(|address| address.to_string())),
            ("mqtts", "mqtts listening on ", self.mqtts.map(|address| address.to_string())),
            ("sql", "sql listening on ", self.sql.map(|address| format!("postgres://{address}"))),
        ]
    }

    fn tell(self, output: &Output) {
        let known = self.all().into_iter().filter_map(|(name, sentence, address)| Some((name, sentence, address?)));
        if output.json() {
            let fields = known.map(|(name, _, address)| (name, Value::Text(address)));
            return output.data(&Value::Object(fields.collect()).to_json());
        }
        known.for_each(|(_, sentence, address)| output.data(&format!("{sentence}{address}")));
    }
}

pub(super) fn run(place: &Place, output: &Output) -> Result<u8, Refusal> {
    let data = place.data()?;
    let mut http = place.http();
    if Home::is_vacant(&data)? {
        let Some(founded_at) = wizard::run(&data, http, output)? else { return Ok(0) };
        http = founded_at;
    }
    let engine = wiring::open(&data, true)?;
    let lane = Lane::start(&engine)?;
    let doors = Doors {
        http,
        lake: place.lake(&data)?,
        sql: place.sql(Taken::GoWithout),
        mqtt: place.mqtt().map(Mqtt::At),
        secrecy: place.secrecy(),
        demo: Vec::new(),
        desk: Desk::of(&engine)?,
    };
    let answer = serve(&engine, &lane, doors, output, |_| Ok(()));
    // The adapters are down; now the writers drain and end.
    lane.stop();
    engine.stop();
    answer
}

/// Serves an engine until a signal; `ready` runs with the address before it is printed.
pub(super) fn serve(engine: &Engine, lane: &Lane, doors: Doors, output: &Output, ready: impl FnOnce(Addresses) -> Result<(), Refusal>) -> Result<u8, Refusal> {
    let runtime = runtime()?;
    let answer = runtime.block_on(serving(engine, lane, doors, output, ready));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    answer
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Refusal> {
    // The writer is a thread of its own beside these: on two cores a second worker was seen to answer
    // a tenth more than one, since answers need not queue behind each other while the writer waits for the disk.
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread().worker_threads(cores.max(2)).enable_all().build().map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}

async fn serving(engine: &Engine, lane: &Lane, doors: Doors, output: &Output, ready: impl FnOnce(Addresses) -> Result<(), Refusal>) -> Result<u8, Refusal> {
    // Before anybody is told that we are there: from then on a signal must mean a graceful stop.
    let ends = Ends::listen()?;
    let (stop, stopping) = watch::channel(false);
    let figures = Figures::default();
    let index = Arc::new(SearchIndex::default());
    let running = Connections::default();
    let service = Service::new(engine.clone(), figures.clone(), wiring::import(engine), wiring::metrics()?, stopping.clone())?;
    let trust = trust::open(engine, &doors.secrecy)?;
    let Brokering { broker, mqtt, mqtts } = bind_broker(&doors, &service, &trust, output).await?;
    let around = Around::of(engine, broker.as_ref().map(Broker::hub));
    let trying = connections::trying(engine, around.clone());
    let (lake, bucket) = match doors.lake {
        Some(place) => (Some(Arc::new(Lake::new(engine.clone(), Some(lane.clone()), place.folder))), place.bucket),
        None => (None, None),
    };
    let desk = doors.desk;
    let tables = Sql::new(engine, Some(lane), &figures)?;
    let wire = sql::bind(doors.sql, &tables, &service.accounts(), output).await?;
    let sql = wire.as_ref().map(sql::Server::address).transpose()?;
    let service = service.with_search(Arc::clone(&index)).with_telemetry(lane.clone()).with_lake(lake.clone()).with_sql(tables, sql.map(|address| address.port()));
    let service = service.with_desk(desk.clone()).with_demo(doors.demo);
    let service = Arc::new(service.with_connections(running.clone(), trying).with_printing(office::printing()).with_trust(Arc::clone(&trust)));
    let server = Server::bind(doors.http, Arc::clone(&service)).await?;
    let secret = match doors.secrecy.https {
        Some(address) => Some(Server::bind(address, service).await?.over_tls(trust.door(&["http/1.1"])?)),
        None => None,
    };
    let addresses = Addresses { http: server.address()?, https: secret.as_ref().map(Server::address).transpose()?, mqtt, mqtts, sql };
    ready(addresses)?;
    addresses.tell(output);
    if let Some(wire) = wire {
        tokio::spawn(wire.with_tls(trust.door(&[ALPN])?).run(stopping.clone()));
    }
    tokio::spawn(trust.keep(stopping.clone()));
    tokio::spawn(followers::machine_stops::run(engine.clone(), lane.clone(), figures.clone(), stopping.clone()));
    tokio::spawn(followers::machine_counts::run(engine.clone(), lane.clone(), stopping.clone()));
    tokio::spawn(followers::machine_faults::run(engine.clone(), lane.clone(), stopping.clone()));
    tokio::spawn(followers::replan::run(engine.clone(), figures.clone(), desk, stopping.clone()));
    let delivering =
        engine.root().map(|root| tokio::spawn(followers::reports::run(engine.clone(), figures.clone(), root.join("outbox"), office::mailing(engine), stopping.clone())));
    tokio::spawn(figures::run(engine.clone(), figures, stopping.clone()));
    let mut threads = Vec::new();
    if let Some(root) = engine.root() {
        threads.push(followers::indexing::start(engine, root.join(wiring::SEARCH_FOLDER), &index, stopping.clone())?);
        tokio::spawn(followers::roots::run(engine.clone(), root.join("roots"), stopping.clone()));
    }
    if let Some(lake) = lake {
        if let Some(bucket) = bucket {
            threads.push(Mirror::new(engine.clone(), Arc::clone(&lake), bucket).start(stopping.clone())?);
        }
        threads.push(followers::lake::start(lake, stopping.clone())?);
    }
    let published = broker.map(|broker| take_published(broker, lane, &running, &stopping));
    let connected = connections::start(engine, around, lane.intake(), running, stopping.clone())?;
    let mut served = JoinSet::new();
    for server in [Some(server), secret].into_iter().flatten() {
        served.spawn(server.run(stopping.clone()));
    }
    let failed = wait_for_end(engine, ends).await;
    stop.send_replace(true);
    output.say("stopping: open requests finish, then the writer");
    while let Some(ended) = served.join_next().await {
        if ended.is_err() {
            tracing::error!("the server ended with a panic");
        }
    }
    // A letter that is on its way gets there, and it is noted that it did.
    if let Some(delivering) = delivering
        && delivering.await.is_err()
    {
        tracing::error!("the delivery of reports ended with a panic");
    }
    if let Some(published) = published
        && published.await.is_err()
    {
        tracing::error!("the broker ended with a panic");
    }
    if connected.join().is_err() {
        tracing::error!("the connections to machines ended with a panic");
    }
    for follower in threads {
        let name = follower.thread().name().unwrap_or_default().to_owned();
        if follower.join().is_err() {
            tracing::error!(name, "a follower ended with a panic");
        }
    }
    match failed {
        None => Ok(0),
        Some(why) => Err(Refusal::new(Code::Unavailable, why)),
    }
}

/// The plant's own broker, if it has one, and where it listens.
#[derive(Default)]
struct Brokering {
    broker: Option<Broker>,
    mqtt: Option<SocketAddr>,
    mqtts: Option<SocketAddr>,
}

async fn bind_broker(doors: &Doors, service: &Service, trust: &Trust, output: &Output) -> Result<Brokering, Refusal> {
    if doors.mqtt.is_none() && doors.secrecy.mqtts.is_none() {
        return Ok(Brokering::default());
    }
    let mut broker = Broker::new(service.accounts());
    let mqtt = match doors.mqtt {
        Some(mqtt) => Some(listen(&mut broker, mqtt, output).await?),
        None => None,
    };
    let mqtts = match doors.secrecy.mqtts {
        Some(address) => Some(broker.listen_over_tls(address, trust.door(&["mqtt"])?).await?),
        None => None,
    };
    Ok(Brokering { broker: Some(broker), mqtt, mqtts })
}

async fn listen(broker: &mut Broker, mqtt: Mqtt, output: &Output) -> Result<SocketAddr, Refusal> {
    let (Mqtt::At(address) | Mqtt::Near(address)) = mqtt;
    match (mqtt, broker.listen(address).await) {
        (Mqtt::Near(_), Err(_)) => {
            output.say(&format!("{address} is taken; the broker listens on a free port instead"));
            broker.listen(SocketAddr::new(address.ip(), 0)).await
        }
        (_, bound) => bound,
    }
}

/// Runs the broker, and what makes samples of everybody's messages where no connector does.
fn take_published(broker: Broker, lane: &Lane, running: &Connections, stopping: &watch::Receiver<bool>) -> JoinHandle<()> {
    let (hub, source) = (broker.hub(), Arc::new(Source::kept(broker::CODE, lane.intake())));
    running.begin(broker::CODE, source.standing());
    for preset in broker::Settings::presets() {
        tokio::spawn(broker::take(&preset, Some(Arc::clone(&hub)), Arc::clone(&source), stopping.clone()));
    }
    tokio::spawn(broker.run(stopping.clone()))
}

/// The signals that end us.
pub(super) struct Ends {
    interrupt: Signal,
    terminate: Signal,
}

impl Ends {
    pub(super) fn listen() -> Result<Self, Refusal> {
        let fault = |error: std::io::Error| Refusal::new(Code::Internal, error.to_string());
        Ok(Self { interrupt: signal(SignalKind::interrupt()).map_err(fault)?, terminate: signal(SignalKind::terminate()).map_err(fault)? })
    }

    /// Waits for one of them.
    pub(super) async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Waits for a signal, or for a store that cannot be opened again: then the supervisor must start anew.
async fn wait_for_end(engine: &Engine, mut ends: Ends) -> Option<String> {
    let mut health = engine.health();
    tokio::select! {
        () = ends.any() => None,
        failed = health.wait_for(|health| matches!(health, Health::Failed(_))) => match failed.as_deref() {
            Ok(Health::Failed(why)) => Some(why.clone()),
            _ => None,
        },
    }
}
