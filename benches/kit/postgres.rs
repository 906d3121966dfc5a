//! A PostgreSQL cluster of our own on loopback: made in a temporary directory, run as the user
//! postgres when we are root, stopped by its process id. Durability stays at its defaults.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::{Round, scratch, tree_cpu};

/// A running cluster; stopped when dropped.
pub(crate) struct Cluster {
    server: Child,
    port: u16,
    binaries: PathBuf,
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts a cluster, or says in one line why there is none.
    pub(crate) fn start() -> Result<Self, String> {
        let binaries = binaries().ok_or("PostgreSQL is missing (install the packages postgresql and postgresql-contrib, or set MILLWRIGHT_BENCH_PG_BIN)")?;
        Self::start_with(binaries).map_err(|error| format!("PostgreSQL did not start: {error:#}"))
    }

    fn start_with(binaries: PathBuf) -> anyhow::Result<Self> {
        let folder = scratch("postgres")?;
        let data = folder.path().join("data");
        std::fs::create_dir(&data)?;
        if let Some((user, group)) = service_user() {
            chown(folder.path(), Some(user), Some(group))?;
            chown(&data, Some(user), Some(group))?;
        }
        let made = as_service(&binaries.join("initdb")).args(["-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8", "-D"]).arg(&data).output()?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let settings = configuration(port, folder.path());
        std::fs::write(data.join("postgresql.auto.conf"), settings)?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let server = as_service(&binaries.join("postgres")).arg("-D").arg(&data).stderr(log).stdout(Stdio::null()).spawn()?;
        let mut cluster = Self { server, port, binaries, folder };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + Duration::from_secs(30);
        while self.psql("SELECT 1").is_err() {
            if self.server.try_wait()?.is_some() || Instant::now() > until {
                bail!("{}", std::fs::read_to_string(self.folder.path().join("log"))?);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// For `tokio_postgres`.
    pub(crate) fn dsn(&self) -> String {
        format!("host=127.0.0.1 port={} user=postgres dbname=postgres", self.port)
    }

    /// CPU time of the server with all its backends.
    pub(crate) fn cpu(&self) -> Duration {
        tree_cpu(self.pid())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server.id()
    }

    /// Runs SQL; answers its output without decoration.
    pub(crate) fn psql(&self, sql: &str) -> anyhow::Result<String> {
        let ran = self.client("psql").args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql]).output()?;
        if !ran.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&ran.stderr));
        }
        Ok(String::from_utf8_lossy(&ran.stdout).trim().to_owned())
    }

    /// Fills a table from tab-separated rows.
    pub(crate) fn copy_in(&self, table: &str, rows: &[u8]) -> anyhow::Result<()> {
        let copy = format!("COPY {table} FROM STDIN");
        let mut client = self.client("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", &copy]).stdin(Stdio::piped()).spawn()?;
        client.stdin.take().context("psql takes input")?.write_all(rows)?;
        anyhow::ensure!(client.wait()?.success(), "psql could not copy into {table}");
        Ok(())
    }

    /// Runs one prepared statement from many clients for a time.
    pub(crate) fn pgbench(&self, script: &str, clients: usize, time: Duration) -> anyhow::Result<Round> {
        let logs = scratch("pgbench")?;
        let file = logs.path().join("script.sql");
        std::fs::write(&file, script)?;
        let (count, threads, seconds) = (clients.to_string(), clients.min(2).to_string(), time.as_secs().max(1).to_string());
        let cpu = self.cpu();
        let ran = self
            .client("pgbench")
            .args(["-n", "-M", "prepared", "-c", &count, "-j", &threads, "-T", &seconds, "-l"])
            .arg("--log-prefix")
            .arg(logs.path().join("log"))
            .arg("-f")
            .arg(&file)
            .output()?;
        if !ran.status.success() {
            bail!("pgbench: {}", String::from_utf8_lossy(&ran.stderr));
        }
        let cpu = self.cpu().saturating_sub(cpu);
        let latencies = latencies(logs.path())?;
        // Its own rate leaves out the time that connecting took.
        let rate = rate_of(&String::from_utf8_lossy(&ran.stdout)).context("pgbench printed no rate")?;
        Ok(Round { wall: Duration::from_secs_f64(latencies.len() as f64 / rate), cpu, latencies })
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string()).env("PGUSER", "postgres").env("PGDATABASE", "postgres");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.server.id()).ok().and_then(rustix::process::Pid::from_raw) {
            // An interrupt is PostgreSQL's fast shutdown.
            _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        _ = self.server.wait();
    }
}

fn binaries() -> Option<PathBuf> {
    if let Ok(given) = std::env::var("MILLWRIGHT_BENCH_PG_BIN") {
        return Some(PathBuf::from(given));
    }
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    versions.retain(|bin| bin.join("postgres").exists() && bin.join("pgbench").exists());
    versions.sort();
    versions.pop()
}

/// Sized for a small box; fsync, synchronous_commit and full_page_writes stay on.
fn configuration(port: u16, sockets: &Path) -> String {
    let mut text = String::new();
    _ = writeln!(text, "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'", sockets.display());
    _ = writeln!(text, "max_connections = 400\nshared_buffers = '1GB'\nwork_mem = '128MB'\nmaintenance_work_mem = '512MB'");
    _ = writeln!(text, "max_wal_size = '8GB'\ncheckpoint_timeout = '15min'\njit = off\nrandom_page_cost = 1.1");
    text
}

/// PostgreSQL refuses to run as root, so root hands it to the user the package made.
fn service_user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut parts = line.split(':').skip(2);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn as_service(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some((user, group)) = service_user() {
        command.uid(user).gid(group);
    }
    command
}

/// Third word of each line of pgbench's logs: microseconds of one transaction.
fn latencies(logs: &Path) -> anyhow::Result<Vec<Duration>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(logs)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            continue;
        }
        let text = std::fs::read_to_string(path)?;
        all.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse().ok()).map(Duration::from_micros));
    }
    Ok(all)
}

fn rate_of(output: &str) -> Option<f64> {
    output.lines().find_map(|line| line.strip_prefix("tps = "))?.split_whitespace().next()?.parse().ok()
}
