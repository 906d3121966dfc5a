//! The command line: raw arguments, then checked ones. Flag over environment over TOML over default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use serde::Deserialize;

use crate::adapters::s3::Place as Bucket;
use crate::base::{Code, Refusal};
use crate::trust::Given;

/// A manufacturing execution system for a small plant, in one binary with one data folder.
#[derive(Parser)]
#[command(name = "millwright", version, arg_required_else_help = true, after_help = "Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 check failed, 5 conflict, 75 try again.")]
pub(super) struct Arguments {
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// A TOML file with `data`, `http`, `https`, `lake`, `mqtt`, `mqtts`, `sql`, `tls_cert`, `tls_key`, `tls_names`, `url` and `token`.
    #[arg(long, global = true, env = "MILLWRIGHT_CONFIG")]
    config: Option<PathBuf>,
    /// The plant's data directory.
    #[arg(long, global = true, env = "MILLWRIGHT_DATA")]
    data: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, global = true, env = "MILLWRIGHT_HTTP")]
    http: Option<SocketAddr>,
    /// Where a served plant keeps its tables as Parquet, minutes behind at most: a folder of its own, or `off`; without it `lake` in the data directory, which
    /// `s3://BUCKET/PREFIX` also sends there (AWS_* variables).
    #[arg(long, global = true, env = "MILLWRIGHT_LAKE", value_name = "DIR|s3://...")]
    lake: Option<PathBuf>,
    /// The address for clients of PostgreSQL; port 0 takes a free one [default: 127.0.0.1:5433].
    #[arg(long, global = true, env = "MILLWRIGHT_SQL")]
    sql: Option<SocketAddr>,
    /// Ask a running plant at http://HOST:PORT instead of opening the data directory.
    #[arg(long, global = true, env = "MILLWRIGHT_URL")]
    url: Option<String>,
    /// The token for --url; better given as MILLWRIGHT_TOKEN, which no process list shows.
    #[arg(long, global = true, env = "MILLWRIGHT_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(subcommand)]
    pub(super) action: Action,
}

#[derive(Subcommand)]
pub(super) enum Action {
    /// Make a small living plant with a month behind it, and serve it.
    Demo(Demo),
    /// Serve an existing plant.
    Serve(Serve),
    /// Found a plant in a new data directory, with its first admin.
    Init(Init),
    /// Log-ins and tokens.
    User(User),
    /// Bring in a CSV or XLSX file: operation-log, or customers, products, work-orders and so on.
    Import(Import),
    /// Where a lot (or order, supplier, shipment, customer) came from and what it became.
    Trace(Trace),
    /// The history of a record: who, when, what before, what after, why.
    History(History),
    /// Find records by anything in them: a name, a heat, a note, the last digits of a number.
    Search(Search),
    /// A figure of the plant, such as oee or first_pass_yield.
    Kpi(Kpi),
    /// The success metrics, or the hand-over of a shift, as text, JSON, CSV, a workbook or PDF.
    Report(Report),
    /// Ask by SQL: `millwright sql "SELECT status, count(*) FROM work_orders GROUP BY status"`.
    Sql(Sql),
    /// The certificate that devices install to believe the plant: where it lies, and its fingerprint.
    Trust,
    /// Try a connection to machines, and see what would be kept.
    Connect(Connect),
    /// Play machines' stored logs into the plant, in their own times.
    Replay(Replay),
    /// Finite-capacity plans.
    Plan(Plan),
    /// Prove chain, history, records, indexes and genealogy; exit 4 if anything is wrong.
    Verify(Verify),
    /// Make records and indexes anew from history, beside the old, then swap.
    Rebuild,
    /// Write a backup; of a running plant with --url.
    Backup(Backup),
    /// Restore a backup into a new data directory.
    Restore(Restore),
    /// Write every table as files for other tools.
    Export(Export),
    /// Print the API description (OpenAPI 3.1).
    Openapi,
    /// Print a completion script for a shell.
    Completions {
        /// bash, zsh, fish, elvish or powershell.
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
pub(super) struct Demo {
    /// Days of history behind it.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=90))]
    pub(super) days: u32,
    /// The same seed makes the same plant.
    #[arg(long, default_value_t = 7)]
    pub(super) seed: u64,
    /// Plant seconds a second; 0 stands still.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i64).range(0..=3600))]
    pub(super) speed: i64,
    /// The plant's IANA zone.
    #[arg(long, default_value = "Europe/Berlin")]
    pub(super) timezone: String,
    /// Where the plant's own MQTT broker listens; 127.0.0.1:1883, or a free port where that is taken.
    #[arg(long, env = "MILLWRIGHT_MQTT")]
    mqtt: Option<SocketAddr>,
    #[command(flatten)]
    secrecy: Secrecy,
}

#[derive(Args)]
pub(super) struct Serve {
    /// Run an MQTT broker of the plant's own on this address, such as 0.0.0.0:1883; port 0 takes a free one.
    #[arg(long, env = "MILLWRIGHT_MQTT")]
    mqtt: Option<SocketAddr>,
    #[command(flatten)]
    secrecy: Secrecy,
}

/// Where TLS is spoken, and as whom.
#[derive(Args, Clone, Default)]
pub(super) struct Secrecy {
    /// Serve HTTPS on this address too, such as 0.0.0.0:8443; port 0 takes a free one. The page /trust says how devices come to believe it.
    #[arg(long, env = "MILLWRIGHT_HTTPS")]
    pub(super) https: Option<SocketAddr>,
    /// Let the plant's own MQTT broker speak TLS on this address, such as 0.0.0.0:8883; port 0 takes a free one.
    #[arg(long, env = "MILLWRIGHT_MQTTS")]
    pub(super) mqtts: Option<SocketAddr>,
    /// A certificate in PEM, with those behind it, to show instead of one of the plant's own authority; read again when it changes, and at SIGHUP.
    #[arg(long, env = "MILLWRIGHT_TLS_CERT", value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// Its key, in PEM.
    #[arg(long, env = "MILLWRIGHT_TLS_KEY", value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// A name or address more under which this computer is called, for the certificate of the plant's own authority; may be given several times.
    #[arg(long = "tls-name", env = "MILLWRIGHT_TLS_NAMES", value_delimiter = ',', value_name = "NAME")]
    pub(super) tls_names: Vec<String>,
}

impl Secrecy {
    fn or(&self, file: &File) -> Self {
        Self {
            https: self.https.or(file.https),
            mqtts: self.mqtts.or(file.mqtts),
            tls_cert: self.tls_cert.clone().or_else(|| file.tls_cert.clone()),
            tls_key: self.tls_key.clone().or_else(|| file.tls_key.clone()),
            tls_names: if self.tls_names.is_empty() { file.tls_names.clone() } else { self.tls_names.clone() },
        }
    }

    /// The files that somebody gave, if any.
    pub(super) fn given(&self) -> Result<Option<Given>, Refusal> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Given { certificate: certificate.clone(), key: key.clone() })),
            _ => Err(Refusal::new(Code::Invalid, "give --tls-cert and --tls-key together")),
        }
    }
}

#[derive(Args)]
pub(super) struct Replay {
    #[command(subcommand)]
    pub(super) action: ReplayAction,
}

#[derive(Subcommand)]
pub(super) enum ReplayAction {
    /// Lines of SHDR adapters, plain or gzipped; what is there already is not kept again.
    #[command(visible_alias = "nist")]
    Shdr(ReplayShdr),
}

#[derive(Args)]
pub(super) struct ReplayShdr {
    /// The logs, such as Mazak01-20171115-20171116.txt.gz.
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,
    /// The machine's code; what stands before the first dash of each file's name where not said.
    #[arg(long)]
    pub(super) machine: Option<String>,
}

#[derive(Args)]
pub(super) struct Init {
    /// The plant's name.
    #[arg(long)]
    pub(super) name: String,
    /// Its IANA zone, such as Europe/Berlin: shifts, days and weeks are this zone's.
    #[arg(long)]
    pub(super) timezone: String,
    /// Name of the first admin; the password is read from standard input.
    #[arg(long, default_value = "admin")]
    pub(super) admin: String,
}

#[derive(Args)]
pub(super) struct User {
    #[command(subcommand)]
    pub(super) action: UserAction,
}

#[derive(Subcommand)]
pub(super) enum UserAction {
    /// List the log-ins.
    List,
    /// Make a log-in; the password is read from standard input.
    Add {
        /// Its name.
        name: String,
        /// operator, lead, planner, inspector, auditor, manager, analyst or admin.
        #[arg(long)]
        role: String,
    },
    /// Set a new password, read from standard input.
    Password {
        /// The log-in's name.
        name: String,
    },
    /// Bar a log-in.
    Disable {
        /// The log-in's name.
        name: String,
    },
    /// Make a token for a program; it is printed once.
    Token {
        /// The log-in it acts for.
        name: String,
        /// What the token is for.
        #[arg(long, default_value = "command line")]
        label: String,
    },
}

#[derive(Args)]
pub(super) struct Import {
    /// operation-log, or the plural of a noun: customers, materials, routings, work-orders ...
    pub(super) kind: String,
    /// A CSV or XLSX file.
    pub(super) file: PathBuf,
    /// A mapping (TOML) from the file's columns to ours.
    #[arg(long)]
    pub(super) map: Option<PathBuf>,
    /// Only look: list what would happen and what is wrong, change nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The log-in that brings it in.
    #[arg(long, default_value = "admin")]
    pub(super) user: String,
}

#[derive(Args)]
pub(super) struct Trace {
    /// A lot's number, or an id such as WO-000012, SHP-000003.
    pub(super) what: String,
    /// forward, backward or both.
    #[arg(long, default_value = "both")]
    pub(super) direction: String,
    /// Nodes to list.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) max_nodes: u32,
}

#[derive(Args)]
pub(super) struct Kpi {
    /// Its name, such as oee, first_pass_yield, schedule_adherence.
    pub(super) name: String,
    /// total, work_center, line, department, work_order, product, shift, day, hour or employee.
    #[arg(long, default_value = "total")]
    pub(super) by: String,
    /// From this moment or day; the last 7 full days where absent.
    #[arg(long)]
    pub(super) from: Option<String>,
    /// Up to this moment or the beginning of this day; now where absent.
    #[arg(long)]
    pub(super) to: Option<String>,
}

#[derive(Args)]
pub(super) struct Report {
    /// success or shift.
    #[arg(value_parser = ["success", "shift"])]
    pub(super) name: String,
    /// pdf, xlsx, csv or json.
    #[arg(long, default_value = "csv")]
    pub(super) format: String,
    /// The file to write; standard output where absent.
    #[arg(long)]
    pub(super) out: Option<PathBuf>,
    /// From this moment or day; for success.
    #[arg(long)]
    pub(super) from: Option<String>,
    /// Up to this moment or the beginning of this day; for success.
    #[arg(long)]
    pub(super) to: Option<String>,
    /// Its code; the open shift, else the last, where absent.
    #[arg(long)]
    pub(super) shift: Option<String>,
    /// The day it opened.
    #[arg(long)]
    pub(super) day: Option<String>,
    /// Only this department; for a shift.
    #[arg(long)]
    pub(super) department: Option<String>,
}

#[derive(Args)]
pub(super) struct Plan {
    #[command(subcommand)]
    pub(super) action: PlanAction,
}

#[derive(Subcommand)]
pub(super) enum PlanAction {
    /// Plan an instance (shop-instance/1, also .json.gz) and write the schedule (shop-schedule/1).
    Solve(Solve),
}

#[derive(Args)]
pub(super) struct Solve {
    /// The instance.
    pub(super) instance: PathBuf,
    /// The file to write.
    #[arg(long)]
    pub(super) out: PathBuf,
    /// How long it may take.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub(super) seconds: f64,
    /// Searches side by side.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(super) threads: u8,
    /// The same seed and the same --steps give the same plan.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Stop after so many steps of each search, if the time allows.
    #[arg(long)]
    pub(super) steps: Option<u64>,
    /// The schedule in force: repair it instead of planning anew. The instance is the one that holds now.
    #[arg(long)]
    pub(super) before: Option<PathBuf>,
    /// What happened (shop-event/1); the instance is then the one from before it.
    #[arg(long, requires = "before")]
    pub(super) event: Option<PathBuf>,
}

/// Seconds from a thousandth to a day.
fn seconds(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|seconds| (0.001..=86_400.0).contains(seconds)).ok_or_else(|| "give seconds from 0.001 to 86400".to_owned())
}

#[derive(Args)]
pub(super) struct Sql {
    /// One statement that gives rows.
    pub(super) statement: String,
    /// table, csv, json or parquet.
    #[arg(long, default_value = "table")]
    pub(super) format: String,
    /// An entry of the journal or a time: what the plant knew then.
    #[arg(long)]
    pub(super) as_of: Option<String>,
}

#[derive(Args)]
pub(super) struct Connect {
    #[command(subcommand)]
    pub(super) action: ConnectAction,
}

#[derive(Subcommand)]
pub(super) enum ConnectAction {
    /// Connect for some seconds and print the newest value of everything that comes; nothing is kept.
    Test {
        /// TOML: `protocol = "mqtt"` (sparkplug, mtconnect, shdr, opcua), then its settings.
        file: PathBuf,
        /// How long to listen.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=20))]
        seconds: u64,
    },
}

#[derive(Args)]
pub(super) struct History {
    /// An id such as WO-000012, or a lot's number.
    pub(super) what: String,
    /// Steps to list, newest first.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) limit: u32,
}

#[derive(Args)]
pub(super) struct Search {
    /// Words, numbers, the last digits of one, or field:value such as heat_number:H4711.
    #[arg(required = true)]
    pub(super) what: Vec<String>,
    /// Only this kind of record, such as lot or work-orders.
    #[arg(long)]
    pub(super) kind: Option<String>,
    /// Hits to list.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) limit: u32,
}

#[derive(Args)]
pub(super) struct Verify {
    /// SEQ:HASH that was kept outside the box; the journal must contain it.
    #[arg(long)]
    pub(super) head: Option<String>,
}

#[derive(Args)]
pub(super) struct Backup {
    /// The file to write.
    pub(super) file: PathBuf,
}

#[derive(Args)]
pub(super) struct Restore {
    /// The backup.
    pub(super) file: PathBuf,
}

#[derive(Args)]
pub(super) struct Export {
    #[command(subcommand)]
    pub(super) action: ExportAction,
}

#[derive(Subcommand)]
pub(super) enum ExportAction {
    /// Parquet, for DuckDB, pandas and other BI tools.
    Parquet {
        /// The folder to write to: new, empty, or one of earlier exports, which are replaced.
        #[arg(long)]
        out: PathBuf,
    },
}

/// What a configuration file may say.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    http: Option<SocketAddr>,
    https: Option<SocketAddr>,
    lake: Option<PathBuf>,
    mqtt: Option<SocketAddr>,
    mqtts: Option<SocketAddr>,
    sql: Option<SocketAddr>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    #[serde(default)]
    tls_names: Vec<String>,
    url: Option<String>,
    token: Option<String>,
}

/// Where the plant is, checked.
pub(super) struct Place {
    data: Option<PathBuf>,
    http: Option<SocketAddr>,
    lake: Option<PathBuf>,
    mqtt: Option<SocketAddr>,
    sql: Option<SocketAddr>,
    secrecy: Secrecy,
    /// A running plant.
    pub(super) url: Option<String>,
    /// Its token.
    pub(super) token: Option<String>,
}

impl Arguments {
    pub(super) fn place(&self) -> Result<Place, Refusal> {
        let file = match &self.config {
            None => File::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| Refusal::new(Code::Invalid, format!("{} cannot be read: {error}", path.display())))?;
                toml::from_str(&text).map_err(|error| Refusal::new(Code::Invalid, format!("{}: {error}", path.display())))?
            }
        };
        let (mqtt, secrecy) = match &self.action {
            Action::Serve(Serve { mqtt, secrecy }) | Action::Demo(Demo { mqtt, secrecy, .. }) => (mqtt.or(file.mqtt), secrecy.or(&file)),
            _ => (None, Secrecy::default()),
        };
        Ok(Place {
            data: self.data.clone().or(file.data),
            http: self.http.or(file.http),
            lake: self.lake.clone().or(file.lake),
            mqtt,
            secrecy,
            sql: self.sql.or(file.sql),
            url: self.url.clone().or(file.url),
            token: self.token.clone().or(file.token),
        })
    }
}

impl Place {
    /// The data directory, which most commands need.
    pub(super) fn data(&self) -> Result<PathBuf, Refusal> {
        self.data.clone().ok_or_else(|| Refusal::new(Code::Invalid, "name the plant's data directory with --data DIR (or MILLWRIGHT_DATA)"))
    }

    /// The data directory, for a command that no running plant can do.
    pub(super) fn data_alone(&self, command: &str) -> Result<PathBuf, Refusal> {
        match self.url {
            Some(_) => {
                Err(Refusal::new(Code::Invalid, format!("{command} works on the data directory only: leave --url (MILLWRIGHT_URL) out, and name the directory with --data")))
            }
            None => self.data(),
        }
    }

    /// The data directory of the demo.
    pub(super) fn data_or(&self, default: &str) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from(default))
    }

    /// The address of the plant's own broker, where it is to have one.
    pub(super) const fn mqtt(&self) -> Option<SocketAddr> {
        self.mqtt
    }

    /// Where TLS is spoken, and as whom.
    pub(super) fn secrecy(&self) -> Secrecy {
        self.secrecy.clone()
    }

    /// The address to listen on: this machine only, unless told otherwise.
    pub(super) fn http(&self) -> SocketAddr {
        self.http.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8_080)))
    }

    /// The folder that is kept up with the plant, if any, and the bucket that is kept as the folder is.
    pub(super) fn lake(&self, root: &Path) -> Result<Option<LakePlace>, Refusal> {
        let own = || root.join("lake");
        Ok(match &self.lake {
            None => Some(LakePlace { folder: own(), bucket: None }),
            Some(place) if place == Path::new("off") => None,
            Some(place) => match place.to_str().filter(|text| Bucket::is_meant(text)) {
                Some(text) => Some(LakePlace { folder: own(), bucket: Some(Bucket::of(text)?) }),
                None => Some(LakePlace { folder: place.clone(), bucket: None }),
            },
        })
    }
}

/// What such a command is told of a plant that runs: there is no other way to ask it.
pub(super) fn alone(refusal: Refusal) -> Refusal {
    match refusal.code {
        Code::Locked => Refusal::new(Code::Locked, "the data directory is in use by a running millwright: stop that one first"),
        _ => refusal,
    }
}

/// Where a plant's tables stand as Parquet.
pub(super) struct LakePlace {
    /// The folder.
    pub(super) folder: PathBuf,
    /// Where its files are sent to.
    pub(super) bucket: Option<Bucket>,
}

/// Where clients of PostgreSQL find the plant.
#[derive(Clone, Copy)]
pub(super) struct SqlPlace {
    /// The address.
    pub(super) address: SocketAddr,
    /// What becomes of it when another program has it.
    pub(super) taken: Taken,
}

/// What is done about an address that is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Somebody asked for it, so nothing starts without it.
    Refuse,
    /// The plant is served without SQL.
    GoWithout,
    /// The next free one is as good.
    TakeNext,
}

impl Place {
    /// The address for SQL: this machine only, unless told otherwise.
    pub(super) fn sql(&self, when_taken: Taken) -> SqlPlace {
        let default = SqlPlace { address: SocketAddr::from(([127, 0, 0, 1], 5_433)), taken: when_taken };
        self.sql.map_or(default, |address| SqlPlace { address, taken: Taken::Refuse })
    }
}

/// Prints a completion script.
pub(super) fn completions(shell: clap_complete::Shell) {
    clap_complete::generate(shell, &mut Arguments::command(), "millwright", &mut std::io::stdout());
}
