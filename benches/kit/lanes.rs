//! Three that keep machines' samples, each a process of its own: a plant of this build, PostgreSQL with the seed's
//! table, VictoriaMetrics; and bodies of the same samples in the words of each.
#![allow(dead_code)] // every bench uses the part it needs

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::SinkExt as _;
use hyper::body::Bytes;
use millwright::base::Time;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::client::Client;
use crate::kit;
use crate::kit::machines::{Floor, SERIES};
use crate::kit::postgres::Cluster;
use crate::kit::served::{Process, empty};
use crate::kit::tree_cpu;

/// Samples in one body, and rows in one transaction of the peer.
pub(crate) const ROWS: usize = 7_200;
/// Moments in one body.
pub(crate) const TICKS: i64 = (ROWS / SERIES) as i64;

const TABLE: &str = "CREATE TABLE machine_metrics (time timestamptz NOT NULL, machine_id text NOT NULL, department text, metric_name text NOT NULL, value double precision, unit text, job_id text, part_id text);
    CREATE INDEX ON machine_metrics (machine_id, metric_name, time DESC);
    CREATE INDEX ON machine_metrics (time DESC);
    CREATE TABLE series (machine_id text, metric_name text, PRIMARY KEY (machine_id, metric_name));";

/// The same samples for everybody.
pub(crate) struct Body {
    pub(crate) lines: String,
    pub(crate) wide: String,
    pub(crate) lines_without_job: String,
    pub(crate) rows: String,
    pub(crate) next_s: i64,
}

impl Body {
    pub(crate) fn of(floor: &mut Floor, from_s: i64, step_s: i64, until_s: i64) -> Self {
        let mut body = Self { lines: String::new(), wide: String::new(), lines_without_job: String::new(), rows: String::new(), next_s: from_s };
        while body.next_s < until_s && body.next_s < from_s + TICKS * step_s {
            let at_s = body.next_s;
            floor.tick(at_s, step_s as f64);
            floor.write_lines(at_s, true, &mut body.lines);
            floor.write_lines(at_s, false, &mut body.lines_without_job);
            floor.write_wide_lines(at_s, &mut body.wide);
            floor.write_rows(&shown(at_s), &mut body.rows);
            body.next_s += step_s;
        }
        body
    }
}

/// As everybody writes a moment.
pub(crate) fn shown(seconds: i64) -> String {
    Time::from_micros(seconds * 1_000_000).to_string()
}

/// Waits until a server has nothing to do any more.
pub(crate) fn settle(cpu: impl Fn() -> Duration) {
    for _ in 0..120 {
        let before = cpu();
        std::thread::sleep(Duration::from_secs(1));
        if cpu().saturating_sub(before) < Duration::from_millis(30) {
            return;
        }
    }
}

/// An empty plant of this build.
pub(crate) struct Ours {
    pub(crate) client: Client,
    pub(crate) process: Process,
    address: String,
    token: String,
    folder: tempfile::TempDir,
}

impl Ours {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = kit::scratch("telemetry")?;
        let (process, address, token) = empty(folder.path()).context("the plant of this build did not start")?;
        Ok(Self { client: Client::new(address.parse()?, Some(&token)), process, address, token, folder })
    }

    pub(crate) fn cpu(&self) -> Duration {
        tree_cpu(self.process.0.id())
    }

    /// Another connection to it.
    pub(crate) fn another(&self) -> anyhow::Result<Client> {
        Ok(Client::new(self.address.parse()?, Some(&self.token)))
    }

    /// Where its data lies.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// The plant's clock, to the second.
    pub(crate) fn now_s(&mut self) -> anyhow::Result<i64> {
        let plant: Value = serde_json::from_slice(&self.get("/api/v1/plant", "application/json")?)?;
        let now: Time = plant["plant_time"].as_str().context("no plant_time")?.parse()?;
        Ok(now.micros() / 1_000_000)
    }

    pub(crate) fn send(&mut self, lines: &str) -> anyhow::Result<()> {
        loop {
            let reply = self.client.send("POST", "/api/v2/write?precision=ns&history=true", &[], lines.as_bytes())?;
            match reply.status {
                204 => return Ok(()),
                503 => std::thread::sleep(Duration::from_millis(200)),
                status => bail!("{status}: {}", reply.text()),
            }
        }
    }

    pub(crate) fn get(&mut self, path: &str, accept: &str) -> anyhow::Result<Vec<u8>> {
        let reply = self.client.send("GET", path, &[("Accept", accept)], b"")?;
        ensure!(reply.status == 200, "{path}: {} {}", reply.status, reply.text());
        Ok(reply.body)
    }
}

/// The table of the seed in PostgreSQL.
pub(crate) struct Postgres<'r> {
    runtime: &'r Runtime,
    client: tokio_postgres::Client,
    pub(crate) cluster: Cluster,
}

impl<'r> Postgres<'r> {
    pub(crate) fn start(runtime: &'r Runtime) -> Result<Self, String> {
        let cluster = Cluster::start()?;
        let connected = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&cluster.dsn(), tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute(TABLE).await?;
            anyhow::Ok(client)
        });
        Ok(Self { runtime, client: connected.map_err(|error| format!("PostgreSQL took no connection: {error:#}"))?, cluster })
    }

    /// One durable transaction.
    pub(crate) fn copy(&mut self, body: &Body) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            let mut sink = Box::pin(self.client.copy_in("COPY machine_metrics FROM STDIN").await?);
            sink.send(Bytes::copy_from_slice(body.rows.as_bytes())).await?;
            sink.as_mut().finish().await?;
            Ok(())
        })
    }

    pub(crate) fn know_series(&mut self) -> anyhow::Result<()> {
        // One by one: sent together they would be one transaction, in which nothing can be vacuumed.
        for sql in ["INSERT INTO series SELECT DISTINCT machine_id, metric_name FROM machine_metrics", "VACUUM ANALYZE machine_metrics", "ANALYZE series", "CHECKPOINT"] {
            self.runtime.block_on(self.client.batch_execute(sql))?;
        }
        Ok(())
    }

    /// Rows of a query, and the sum of its first column.
    pub(crate) fn ask(&self, sql: &str) -> anyhow::Result<(u64, f64)> {
        let rows = self.runtime.block_on(self.client.query(sql, &[]))?;
        Ok((rows.len() as u64, rows.iter().map(|row| row.get::<_, f64>(0)).sum()))
    }
}

/// VictoriaMetrics, where the package is installed.
pub(crate) struct Victoria {
    pub(crate) client: Client,
    pub(crate) process: Process,
    folder: tempfile::TempDir,
}

impl Victoria {
    pub(crate) fn start() -> Result<Self, String> {
        Self::run().map_err(|error| format!("VictoriaMetrics is missing or did not start (Debian: victoria-metrics): {error:#}"))
    }

    /// Where its data lies.
    pub(crate) fn data(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn run() -> anyhow::Result<Self> {
        let folder = kit::scratch("victoria")?;
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new("victoria-metrics");
        command.arg(format!("-storageDataPath={}", folder.path().display())).arg(format!("-httpListenAddr={address}"));
        command.args(["-retentionPeriod=5y", "-search.latencyOffset=0s", "-search.disableCache", "-search.maxUniqueTimeseries=1000000", "-search.maxSamplesPerQuery=4000000000"]);
        let process = Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        let mut client = Client::new(address, None);
        for _ in 0..100 {
            if client.send("GET", "/health", &[], b"").is_ok_and(|reply| reply.status == 200) {
                return Ok(Self { client, process, folder });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("it answers nothing")
    }

    pub(crate) fn send(&mut self, lines: &str) -> anyhow::Result<()> {
        let reply = self.client.send("POST", "/write", &[], lines.as_bytes())?;
        ensure!(reply.status == 204, "{}: {}", reply.status, reply.text());
        Ok(())
    }

    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Vec<u8>> {
        let reply = self.client.send("GET", path, &[], b"")?;
        ensure!(reply.status == 200, "{path}: {} {}", reply.status, reply.text());
        Ok(reply.body)
    }
}
