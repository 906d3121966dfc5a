//! HTTP: strangers' requests become envelopes and views, and nothing more happens here. One table
//! of operations gives the routes, the permissions and the API description.

mod acts;
mod backups;
mod call;
pub mod client;
mod connectors;
mod docs;
mod drafts;
mod events;
mod files;
mod health;
mod imports;
mod kpi;
mod lake;
mod leftover;
mod lines;
mod machines;
mod operations;
mod plans;
mod reads;
mod reply;
mod reports;
mod search;
mod server;
mod sessions;
mod sql;
mod stock;
mod telemetry;
mod terminals;
mod trust;
mod ui;
mod wizard;

use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use crate::accounts::Accounts;
use crate::base::{Code, Refusal, limits};
use crate::bodies::points::Points;
use crate::engine::Engine;
use crate::followers::figures::Figures;
use crate::followers::lake::Lake;
use crate::model::journal::Actor;
use crate::model::machine::ConnectorProtocol;
use crate::model::{Noun, Subject};
use crate::planning::Desk;
use crate::query::Sql;
use crate::telemetry::{Connections, Lane, Seen, Standing};
use crate::trust::Trust;
use crate::views;
use crate::views::search::SearchIndex;
use imports::Importing;

pub use operations::{Operation, Permit, operations};
pub use server::Server;
pub use wizard::{Begin, Beginning, Founding, Progress, Wizard};

/// A file to bring in, as it arrived.
pub struct ImportCall {
    /// What it holds: `operation-log`, or the plural of a noun.
    pub kind: String,
    /// Its name, which tells CSV from XLSX.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The mapping, as TOML.
    pub map: Option<String>,
    /// Only look.
    pub dry_run: bool,
    /// Who brings it.
    pub actor: Actor,
}

/// How files are brought in; given by `app`, since adapters do not know each other. It tells rows done and rows in all.
pub type Import = Arc<dyn Fn(ImportCall, &mut dyn FnMut(u64, u64)) -> Result<String, Refusal> + Send + Sync>;

/// A connection to try.
pub struct Trial {
    /// What it speaks.
    pub protocol: ConnectorProtocol,
    /// Its settings, as TOML.
    pub settings: String,
    /// Its password.
    pub secret: Option<String>,
    /// How long to listen.
    pub time: Duration,
}

/// What a trial showed: how it stood at its end, and the newest value of each series that came.
pub struct Tried {
    /// How it stood.
    pub standing: Standing,
    /// The newest values.
    pub seen: Vec<Seen>,
}

/// How connections are tried; given by `app`, since adapters do not know each other.
pub type Try = Arc<dyn Fn(Trial) -> Pin<Box<dyn Future<Output = Result<Tried, Refusal>> + Send>> + Send + Sync>;

/// Labels on their way to a printer.
pub struct PrintJob {
    /// The printer's code.
    pub code: String,
    /// Its settings, as TOML.
    pub settings: String,
    /// What it gets.
    pub bytes: Vec<u8>,
}

/// How labels are printed; given by `app`, since adapters do not know each other.
pub type Print = Arc<dyn Fn(PrintJob) -> Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send>> + Send + Sync>;

/// What serves requests.
pub struct Service {
    engine: Engine,
    accounts: Arc<Accounts>,
    figures: Figures,
    import: Import,
    importing: Importing,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
    description: String,
    streams: Arc<Semaphore>,
    lake: Option<Arc<Lake>>,
    search: Arc<SearchIndex>,
    lane: Option<Lane>,
    desk: Desk,
    connections: Connections,
    trial: Option<Try>,
    /// Connections tried at once.
    trials: Semaphore,
    print: Option<Print>,
    /// Labels sent at once.
    prints: Semaphore,
    sql: Option<Sql>,
    /// Where clients of PostgreSQL are answered.
    sql_port: Option<u16>,
    /// How far the proof that runs has come, and what there is to prove.
    proving: Arc<(AtomicU64, AtomicU64)>,
    trust: Option<Arc<Trust>>,
    /// What lines of line protocol stood for so far.
    points: Mutex<Points>,
    /// Log-ins of a demo, which open without a password.
    demo: Vec<String>,
    stopping: watch::Receiver<bool>,
}

impl Service {
    /// A service over an engine.
    pub fn new(engine: Engine, figures: Figures, import: Import, metrics: Arc<dyn Fn() -> String + Send + Sync>, stopping: watch::Receiver<bool>) -> Result<Self, Refusal> {
        let accounts = Arc::new(Accounts::open(&engine)?);
        let description = docs::description(&operations()).to_string();
        Ok(Self {
            engine,
            accounts,
            figures,
            import,
            importing: Importing::default(),
            metrics,
            description,
            streams: Arc::new(Semaphore::new(limits::STREAMS_MAX)),
            lake: None,
            search: Arc::default(),
            lane: None,
            desk: Desk::default(),
            connections: Connections::default(),
            trial: None,
            sql: None,
            sql_port: None,
            trust: None,
            trials: Semaphore::new(limits::TRIALS_MAX),
            proving: Arc::default(),
            print: None,
            prints: Semaphore::new(limits::PRINTS_AT_ONCE),
            points: Mutex::default(),
            demo: Vec::new(),
            stopping,
        })
    }

    /// With an index to search; without one only numbers and the newest records are found.
    #[must_use]
    pub fn with_search(mut self, index: Arc<SearchIndex>) -> Self {
        self.search = index;
        self
    }

    /// With a lake that is kept up with the plant.
    #[must_use]
    pub fn with_lake(mut self, lake: Option<Arc<Lake>>) -> Self {
        self.lake = lake;
        self
    }

    /// With a desk that others put drafts on too.
    #[must_use]
    pub fn with_desk(mut self, desk: Desk) -> Self {
        self.desk = desk;
        self
    }

    /// With a lane for what machines tell.
    #[must_use]
    pub fn with_telemetry(mut self, lane: Lane) -> Self {
        self.lane = Some(lane);
        self
    }
}

impl Service {
    /// With connections to machines that run, and a way to try others.
    #[must_use]
    pub fn with_connections(mut self, connections: Connections, trial: Try) -> Self {
        (self.connections, self.trial) = (connections, Some(trial));
        self
    }

    /// With log-ins that open without a password: those of a demo.
    #[must_use]
    pub fn with_demo(mut self, names: Vec<String>) -> Self {
        self.demo = names;
        self
    }

    /// With a way to printers.
    #[must_use]
    pub fn with_printing(mut self, print: Print) -> Self {
        self.print = Some(print);
        self
    }

    /// With SQL over its tables; and the port of clients of PostgreSQL, if they have one.
    #[must_use]
    pub fn with_sql(mut self, sql: Sql, port: Option<u16>) -> Self {
        (self.sql, self.sql_port) = (Some(sql), port);
        self
    }

    /// With what the plant shows of itself over TLS.
    #[must_use]
    pub fn with_trust(mut self, trust: Arc<Trust>) -> Self {
        self.trust = Some(trust);
        self
    }

    /// Who is at the door, for the other doors of the plant.
    pub fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.accounts)
    }

    fn lane(&self) -> Result<&Lane, Refusal> {
        self.lane.as_ref().ok_or_else(|| Refusal::new(Code::Unavailable, "this server takes no telemetry"))
    }

    /// The record that an address names, by its id or by the number people use.
    fn find(&self, noun: Noun, text: &str) -> Result<Subject, Refusal> {
        let number = self.engine.read(|snapshot| views::resolve(snapshot, noun, text))??;
        let shown: String = text.chars().take(60).collect();
        let number = number.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no {shown} among the {}", noun.plural())))?;
        Ok(Subject { noun, number })
    }
}

/// The API description as JSON, for the documentation test and the command line.
pub fn description() -> String {
    docs::description(&operations()).to_string()
}
