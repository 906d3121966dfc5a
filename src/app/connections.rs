//! The connections to machines: each enabled connector of the plant runs as a task of its own, begins
//! anew when its record or its password changes, and ends with the plant. A trial is the same
//! connection with nothing behind it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::arguments::{Connect, ConnectAction, Place};
use super::output::Output;
use crate::adapters::http::{Trial, Tried, Try};
use crate::adapters::mqtt::broker::{self, Access, Hub};
use crate::adapters::mqtt::{self, sparkplug};
use crate::adapters::mtconnect::{agent, shdr};
use crate::adapters::{mail, opcua, printing};
use crate::base::{Code, Refusal, limits};
use crate::engine::Engine;
use crate::engine::clock::Clock;
use crate::engine::follow::Follower;
use crate::model::machine::ConnectorProtocol as Protocol;
use crate::model::plant::Status;
use crate::model::telemetry::{Reading, SeriesId};
use crate::model::{Connector, Id, Noun, Subject};
use crate::store::View as _;
use crate::telemetry::thinning::{self, Precision};
use crate::telemetry::{Connections, Intake, Seen, Source, State};
use crate::views;

/// Bytes of salt before a password, as the rule puts them.
const SALT: usize = 16;
/// How a certificate with its key begins; a password stands before it, where both are told.
const PEM: &str = "-----BEGIN ";
/// How often a printer or a mail server is looked at.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// Certificates in the data directory.
pub(super) const PKI_FOLDER: &str = "pki";
/// Changes of records that come together are taken together.
const PAUSE: Duration = Duration::from_millis(200);

/// Settings that were read.
pub(super) enum Settings {
    Mqtt(mqtt::Settings),
    Sparkplug(sparkplug::Settings),
    Agent(agent::Settings),
    Shdr(shdr::Settings),
    OpcUa(opcua::Settings),
    Broker(broker::Settings),
    Printer(printing::Settings),
    Mail(mail::Settings),
}

/// What connections find in the plant: the place of certificates, and its own broker where it runs one.
#[derive(Clone)]
pub(super) struct Around {
    pki: PathBuf,
    hub: Option<Arc<Hub>>,
}

impl Around {
    /// Certificates stand beside the plant, for one in memory is never served.
    pub(super) fn of(engine: &Engine, hub: Option<Arc<Hub>>) -> Self {
        Self { pki: engine.root().unwrap_or_else(|| Path::new(".")).join(PKI_FOLDER), hub }
    }

    fn open(&self) {
        self.hub.iter().for_each(|hub| hub.open());
    }

    fn close(&self) {
        self.hub.iter().for_each(|hub| hub.close());
    }

    fn lay_rules(&self, connector: u64, rules: Option<Vec<Access>>) {
        self.hub.iter().for_each(|hub| hub.lay_rules(connector, rules.clone()));
    }

    fn hold(&self) {
        self.hub.iter().for_each(|hub| hub.hold());
    }
}

impl Settings {
    /// Reads settings, and how exactly metrics are kept; a password goes where the protocol has it.
    pub(super) fn read(protocol: Protocol, text: &str, secret: Option<String>) -> Result<(Self, Vec<Precision>), Refusal> {
        let wrong = |error: toml::de::Error| Refusal::invalid("settings", format!("settings do not fit {}: {}", protocol.word(), error.message()));
        let mut table: toml::Table = toml::from_str(text).map_err(wrong)?;
        let exactly: Vec<Precision> = table.remove("precision").map_or(Ok(Vec::new()), toml::Value::try_into).map_err(wrong)?;
        thinning::check(&exactly)?;
        let whose = if matches!(protocol, Protocol::OpcUa | Protocol::Smtp) { Some(&mut table) } else { table.get_mut("broker").and_then(toml::Value::as_table_mut) };
        if let (Some(secret), Some(whose)) = (secret, whose) {
            let (password, identity) = secret.split_at(secret.find(PEM).unwrap_or(secret.len()));
            let password = if identity.is_empty() { password } else { password.trim_end() };
            let parts = [("password", password), ("identity", identity)];
            whose.extend(parts.into_iter().filter(|(_, part)| !part.is_empty()).map(|(name, part)| (name.to_owned(), toml::Value::String(part.to_owned()))));
        }
        let settings = match protocol {
            Protocol::Mqtt => Self::Mqtt(table.try_into().map_err(wrong)?),
            Protocol::Sparkplug => Self::Sparkplug(table.try_into().map_err(wrong)?),
            Protocol::MtConnect => Self::Agent(table.try_into().map_err(wrong)?),
            Protocol::Shdr => Self::Shdr(table.try_into().map_err(wrong)?),
            Protocol::OpcUa => Self::OpcUa(table.try_into().map_err(wrong)?),
            Protocol::Broker => {
                let access: Vec<Access> = table.remove("access").map_or(Ok(Vec::new()), toml::Value::try_into).map_err(wrong)?;
                Access::check(&access)?;
                Self::Broker(table.try_into::<broker::Settings>().map_err(wrong)?.with_access(access))
            }
            Protocol::Zpl => Self::Printer(table.try_into().map_err(wrong)?),
            Protocol::Smtp => Self::Mail(table.try_into().map_err(wrong)?),
        };
        Ok((settings, exactly))
    }

    /// Who may publish and listen where at the plant's own broker.
    fn access(&self) -> Vec<Access> {
        if let Self::Broker(it) = self { it.access().to_vec() } else { Vec::new() }
    }

    fn on_trial(self) -> Self {
        match self {
            Self::Mqtt(it) => Self::Mqtt(it.on_trial()),
            Self::Sparkplug(it) => Self::Sparkplug(it.on_trial()),
            Self::Broker(it) => Self::Broker(it.on_trial()),
            other => other,
        }
    }

    /// Begins to run: what is published to the plant's own broker is taken from the moment of this call.
    fn run(self, around: Around, source: Arc<Source>, stopping: watch::Receiver<bool>) -> Pin<Box<dyn Future<Output = ()>>> {
        match self {
            Self::Mqtt(it) => Box::pin(mqtt::run(it, source, stopping)),
            Self::Sparkplug(it) => Box::pin(sparkplug::run(it, source, stopping)),
            Self::Agent(it) => Box::pin(agent::run(it, source, stopping)),
            Self::Shdr(it) => Box::pin(shdr::run(it, source, stopping)),
            Self::OpcUa(it) => Box::pin(opcua::run(it, around.pki, source, stopping)),
            Self::Broker(it) => Box::pin(broker::take(&it, around.hub, source, stopping)),
            Self::Printer(it) => Box::pin(answering(it.address, source, stopping)),
            Self::Mail(it) => Box::pin(answering(it.address(), source, stopping)),
        }
    }
}

/// Sees now and then whether a printer or a mail server answers; nothing is sent.
async fn answering(address: String, source: Arc<Source>, mut stopping: watch::Receiver<bool>) {
    loop {
        let tried = tokio::time::timeout(limits::PRINT_TIME, tokio::net::TcpStream::connect(&address)).await;
        match tried {
            Ok(Ok(_)) => source.stands(State::Live, None, Clock::System.now()),
            Ok(Err(error)) => source.stands(State::Failed, Some(&format!("{address} does not answer: {error}")), Clock::System.now()),
            Err(_) => source.stands(State::Failed, Some(&format!("{address} does not answer in time")), Clock::System.now()),
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(SEEN_EVERY) => {}
        }
    }
}

/// The password in what is kept of it.
pub(super) fn secret_of(salted: Option<Vec<u8>>) -> Option<String> {
    salted.and_then(|salted| String::from_utf8(salted.get(SALT..)?.to_vec()).ok())
}

/// How a connection is tried.
pub(super) fn trying(engine: &Engine, around: Around) -> Try {
    let engine = engine.clone();
    Arc::new(move |trial: Trial| {
        let (now, around) = (engine.plant_now(), around.clone());
        Box::pin(async move {
            let ended = |_| Err(Refusal::new(Code::Internal, "the trial ended early"));
            tokio::task::spawn_blocking(move || alone(try_out(trial, around, now))).await.unwrap_or_else(ended)
        })
    })
}

/// Runs something on this thread alone: connections wait most of the time, and need no more than one
/// thread beside those that answer people.
pub(super) fn alone<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// Connects for a while; keeps nothing.
async fn try_out(trial: Trial, around: Around, now: crate::base::Time) -> Result<Tried, Refusal> {
    let (settings, exactly) = Settings::read(trial.protocol, &trial.settings, trial.secret)?;
    let settings = settings.on_trial();
    let (shown, mut values) = mpsc::channel(limits::PAGE_MAX);
    let source = Arc::new(Source::preview("trial", now, shown).as_exactly_as(exactly));
    let (stop, stopping) = watch::channel(false);
    let running = tokio::task::spawn_local(settings.run(around, Arc::clone(&source), stopping));
    let mut seen: BTreeMap<SeriesId, Seen> = BTreeMap::new();
    let ends = tokio::time::Instant::now() + trial.time;
    while let Ok(Some(value)) = tokio::time::timeout_at(ends, values.recv()).await {
        if seen.len() < limits::TRIAL_SERIES_MAX || seen.contains_key(&value.0.id) {
            seen.insert(value.0.id, value);
        }
    }
    let standing = source.standing().borrow().clone();
    stop.send_replace(true);
    if tokio::time::timeout(limits::STOP_TIME, running).await.is_err() {
        tracing::warn!("a connection on trial did not end in time");
    }
    Ok(Tried { standing, seen: seen.into_values().collect() })
}

/// A connection that runs.
struct Running {
    protocol: Protocol,
    code: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// A thread that runs the plant's connectors until told to stop.
pub(super) fn start(engine: &Engine, around: Around, intake: Intake, connections: Connections, stopping: watch::Receiver<bool>) -> Result<std::thread::JoinHandle<()>, Refusal> {
    let engine = engine.clone();
    let work = move || {
        let running = async {
            run(engine, around, intake, connections, stopping).await;
            Ok(())
        };
        if let Err(refusal) = alone(running) {
            tracing::error!(%refusal, "connections to machines have no thread to run on");
        }
    };
    std::thread::Builder::new().name("connections".to_owned()).spawn(work).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}

async fn run(engine: Engine, around: Around, intake: Intake, connections: Connections, mut stopping: watch::Receiver<bool>) {
    let mut keeper = Keeper { engine: engine.clone(), around, intake, connections, running: BTreeMap::new() };
    let head = *engine.head().borrow();
    match keeper.begin_all().await {
        Ok(()) => keeper.around.open(),
        Err(refusal) => tracing::error!(%refusal, "connections to machines could not be read"),
    }
    let mut follower = Follower::new(&engine, head).pausing(PAUSE);
    loop {
        let news = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => break,
            news = follower.next() => news,
        };
        match news {
            Ok(Some(entries)) => {
                let mut changed: Vec<u64> =
                    entries.iter().flat_map(|entry| &entry.changes).filter(|change| change.subject.noun == Noun::Connector).map(|change| change.subject.number).collect();
                changed.sort_unstable();
                changed.dedup();
                for number in changed {
                    keeper.begin_anew(number).await;
                }
            }
            Ok(None) => break,
            Err(refusal) => {
                tracing::warn!(%refusal, "connections to machines wait for the store");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
    keeper.around.close();
    keeper.end_all().await;
}

/// A connector that is active, and its password.
type Found = (Connector, Option<String>);

/// Who may publish and listen where by a connector; `None` where nobody can tell.
fn rules_of(found: &Result<Option<Found>, Refusal>) -> Option<Vec<Access>> {
    match found {
        Ok(Some((connector, secret))) if connector.protocol == Protocol::Broker => Some(Settings::read(Protocol::Broker, &connector.settings.0, secret.clone()).ok()?.0.access()),
        Ok(_) => Some(Vec::new()),
        Err(_) => None,
    }
}

struct Keeper {
    engine: Engine,
    around: Around,
    intake: Intake,
    connections: Connections,
    running: BTreeMap<u64, Running>,
}

impl Keeper {
    async fn begin_all(&mut self) -> Result<(), Refusal> {
        for connector in self.engine.read(views::floor::all::<Connector>)?? {
            self.begin_anew(connector.connector_id.number()).await;
        }
        Ok(())
    }

    async fn begin_anew(&mut self, number: u64) {
        let found = self.find(number);
        // Before anything else: what is forbidden from now on must not be done meanwhile.
        self.around.lay_rules(number, rules_of(&found));
        let old = self.running.remove(&number);
        let holds = old.as_ref().is_some_and(|old| old.protocol == Protocol::Broker);
        if holds {
            self.around.hold();
        }
        if let Some(old) = old {
            self.end(old).await;
        }
        match found {
            Ok(Some((connector, secret))) => _ = self.running.insert(number, self.begin(connector, secret)),
            Ok(None) => {}
            Err(refusal) => tracing::warn!(%refusal, connector = number, "a connection to machines could not begin"),
        }
        if holds {
            self.around.open();
        }
    }

    fn find(&self, number: u64) -> Result<Option<Found>, Refusal> {
        let id = Id::<Connector>::new(number);
        let (connector, secret) = self.engine.read(|snapshot| Ok::<_, Refusal>((snapshot.get(id)?, snapshot.secret(Subject::of(id))?)))??;
        Ok(connector.filter(|it| it.status == Status::Active).map(|it| (it, secret_of(secret))))
    }

    fn begin(&self, connector: Connector, secret: Option<String>) -> Running {
        let code = connector.connector_code;
        let source = Source::kept(&code, self.intake.clone());
        self.connections.begin(&code, source.standing());
        let (stop, stopping) = watch::channel(false);
        let task = match Settings::read(connector.protocol, &connector.settings.0, secret) {
            Ok((settings, exactly)) => tokio::task::spawn_local(settings.run(self.around.clone(), Arc::new(source.as_exactly_as(exactly)), stopping)),
            Err(refusal) => {
                source.stands(State::Failed, Some(&refusal.detail), self.engine.wall_now());
                // The standing is kept for whoever asks why.
                tokio::task::spawn_local(async move {
                    let mut stopping = stopping;
                    _ = stopping.wait_for(|stopping| *stopping).await;
                    drop(source);
                })
            }
        };
        Running { protocol: connector.protocol, code, stop, task }
    }

    async fn end(&self, running: Running) {
        running.stop.send_replace(true);
        match tokio::time::timeout(limits::STOP_TIME, running.task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, connector = running.code, "a connection to machines ended with a panic"),
            Err(_) => tracing::warn!(connector = running.code, "a connection to machines did not end in time"),
        }
        self.connections.end(&running.code);
    }

    async fn end_all(&mut self) {
        for (_, running) in std::mem::take(&mut self.running) {
            self.end(running).await;
        }
    }
}

/// What is said of the password of a connection that is tried.
const SECRET: &str = "MILLWRIGHT_CONNECTOR_SECRET";

/// `connect test`.
pub(super) fn command(place: &Place, it: &Connect, output: &Output) -> Result<u8, Refusal> {
    let ConnectAction::Test { file, seconds } = &it.action;
    let text = std::fs::read_to_string(file).map_err(|error| Refusal::new(Code::NotFound, format!("{}: {error}", file.display())))?;
    let trial = trial_of(&text, std::env::var(SECRET).ok(), Duration::from_secs(*seconds))?;
    output.say(&format!("listening for {seconds} seconds; a password is taken from {SECRET}"));
    let pki = place.data().map_or_else(|_| file.with_file_name(PKI_FOLDER), |data| data.join(PKI_FOLDER));
    let tried = alone(try_out(trial, Around { pki, hub: None }, Clock::System.now()))?;
    let fine = tried.standing.state == State::Live || !tried.seen.is_empty();
    if output.json() {
        output.data(&crate::bodies::connector::tried(&tried.standing, &tried.seen));
        return Ok(u8::from(!fine));
    }
    for (series, sample) in &tried.seen {
        output.data(&format!("{}\t{}\t{}\t{}", sample.at, series.machine, series.metric, told(&sample.value)));
    }
    let why = tried.standing.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    output.say(&format!("{}{why}; {} samples of {} series came", tried.standing.state.word(), tried.standing.received, tried.seen.len()));
    Ok(u8::from(!fine))
}

fn told(value: &Reading) -> String {
    match value {
        Reading::Number(number) => number.to_string(),
        Reading::Text(text) => text.to_string(),
        Reading::Unavailable => "unavailable".to_owned(),
    }
}

/// A file for `connect test`: the protocol, and the settings below it.
pub(super) fn trial_of(file: &str, secret: Option<String>, time: Duration) -> Result<Trial, Refusal> {
    let wrong = |why: String| Refusal::new(Code::Invalid, why);
    let mut table: toml::Table = toml::from_str(file).map_err(|error| wrong(format!("the file is no TOML: {}", error.message())))?;
    let protocol = table.remove("protocol").and_then(|it| Protocol::from_word(it.as_str()?));
    let protocol = protocol.ok_or_else(|| wrong(format!("the file must begin with protocol = \"...\", one of {}", Protocol::WORDS.join(", "))))?;
    let settings = toml::to_string(&table).map_err(|error| wrong(error.to_string()))?;
    Ok(Trial { protocol, settings, secret, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_that_the_api_description_shows_can_be_used() {
        let shown: Vec<&str> = include_str!("../../assets/api.md").split("```toml\n# ").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        let mut protocols = Vec::new();
        for settings in shown {
            let (title, settings) = settings.split_once('\n').unwrap();
            let protocol = Protocol::from_word(title.split(':').next().unwrap()).unwrap();
            if let Err(refusal) = Settings::read(protocol, settings, Some("secret".to_owned())) {
                panic!("{title}: {refusal}");
            }
            protocols.push(protocol);
        }
        protocols.sort_unstable();
        assert_eq!(protocols, Protocol::ALL);
    }

    #[test]
    fn rules_of_the_broker_are_known_or_said_not_to_be() {
        let rules = |protocol, settings: &str| {
            let settings = crate::model::field::Note(format!("{settings}\nmapping.plain.prefix = \"p\""));
            rules_of(&Ok(Some((Connector { protocol, settings, ..Connector::default() }, None)))).map(|rules| rules.len())
        };
        assert_eq!(rules(Protocol::Broker, "access = [{ user = \"press\" }]"), Some(1));
        assert_eq!(rules(Protocol::Broker, ""), Some(0));
        assert_eq!(rules(Protocol::Broker, "access = [{ user = \"press\", role = \"operator\" }]"), None);
        assert_eq!(rules(Protocol::Shdr, "speed = 9600"), Some(0), "a machine's connection says nothing of the broker");
        assert_eq!(rules_of(&Ok(None)), Some(Vec::new()), "one that is not active rules nothing");
        assert_eq!(rules_of(&Err(Refusal::new(Code::Internal, "the store is broken"))), None);
    }

    #[test]
    fn settings_that_do_not_fit_say_which_and_a_trial_names_its_protocol() {
        let refused = |protocol, text: &str| Settings::read(protocol, text, None).err().unwrap().to_string();
        assert!(refused(Protocol::Shdr, "speed = 9600").contains("speed"));
        assert!(refused(Protocol::Mqtt, "[broker]").contains("host"));
        let wrong = |text: &str| trial_of(text, None, Duration::from_secs(1)).err().unwrap().to_string();
        assert!(wrong("address = \"a:1\"").contains("mtconnect") && wrong("protocol = ").contains("no TOML"));
        assert!(refused(Protocol::Shdr, "address = \"a:1\"\nprecision = [{ metric = \"power\" }]").contains("neither round_to nor dead_band"));
        let (_, exactly) = Settings::read(Protocol::Shdr, "address = \"a:1\"\n[[precision]]\nmetric = \"power\"\nround_to = 0.1\n", None).unwrap();
        assert_eq!((exactly.len(), exactly[0].keep_minutes), (1, 10));
        // A certificate is a broker's and an OPC UA server's to see, behind the password where there are both.
        let secret = Some("secret\n-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n".to_owned());
        let settings = "[broker]\nhost = \"a\"\nclient_id = \"m\"\nuser = \"plant\"\nca_file = \"ca.pem\"\n[mapping.plain]\nprefix = \"p\"";
        let Ok((Settings::Mqtt(mqtt), _)) = Settings::read(Protocol::Mqtt, settings, secret) else { panic!("it was not read") };
        assert!(mqtt.broker.password.is_some() && mqtt.broker.identity.is_some());
        let trial = trial_of("protocol = \"shdr\"\naddress = \"a:1\"\n", None, Duration::from_secs(1)).unwrap();
        assert!(Settings::read(trial.protocol, &trial.settings, None).is_ok());
    }
}
