//! The real binary, as a shop runs it: started, asked, stopped, killed, its files damaged.

mod archive;
mod broker;
mod bucket;
mod command_line;
mod connectors;
mod damage;
mod disk;
mod export;
mod grafana;
mod kill;
mod machines;
mod plan;
mod reports;
mod search;
mod serve;
mod sql;
mod tls;
mod wizard;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::client::Client;

pub(crate) const PASSWORD: &str = "correct horse battery";
const PATIENCE: Duration = Duration::from_secs(120);

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millwright"));
    // Whatever this machine has set is no part of a test.
    for name in ["CONFIG", "DATA", "HTTP", "LAKE", "MQTT", "SQL", "URL", "TOKEN", "LOG"] {
        command.env_remove(format!("MILLWRIGHT_{name}"));
    }
    command.args(arguments);
    command
}

/// Runs to the end with this on standard input.
fn run_with(arguments: &[&str], input: &str) -> Output {
    let mut child = command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses before it reads has closed its end; its answer counts.
    _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(!talk.contains("panicked at"), "{arguments:?} panicked: {talk}");
    output
}

fn run(arguments: &[&str]) -> Output {
    run_with(arguments, "")
}

/// Runs with `--json`: the exit code and the one document on standard output.
#[track_caller]
fn run_json(arguments: &[&str], input: &str) -> (i32, Json) {
    let output = run_with(&[arguments, &["--json"]].concat(), input);
    let text = String::from_utf8_lossy(&output.stdout);
    let document =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?} printed no single JSON document ({error}): {text:?} {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap_or(-1), document)
}

/// A data directory with its founded plant, an admin and a token for them.
struct Data {
    folder: TempDir,
    token: String,
}

impl Data {
    fn new() -> Self {
        Self::under(tempfile::tempdir().unwrap())
    }

    fn under(folder: TempDir) -> Self {
        let path = folder.path().join("data");
        let data = path.to_str().unwrap();
        let founded = run_with(&["init", "--data", data, "--name", "Test Works", "--timezone", "Europe/Berlin"], &format!("{PASSWORD}\n"));
        assert!(founded.status.success(), "{}", String::from_utf8_lossy(&founded.stderr));
        let (code, made) = run_json(&["user", "token", "admin", "--data", data], "");
        assert_eq!(code, 0);
        Self { folder, token: made["token"].as_str().unwrap().to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn text(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    fn plant(&self) -> PathBuf {
        self.path().join("plant.redb")
    }

    fn serve(&self) -> Running {
        Running::start(&["serve", "--data", &self.text(), "--http", "127.0.0.1:0"], Some(&self.token))
    }

    fn verify(&self, more: &[&str]) -> (i32, Json) {
        run_json(&[&["verify", "--data", &self.text()], more].concat(), "")
    }

    #[track_caller]
    fn verified(&self) -> Json {
        let (code, report) = self.verify(&[]);
        assert_eq!((code, report["ok"].as_bool()), (0, Some(true)), "{report}");
        report
    }
}

/// A running server; killed when the test is over.
struct Running {
    child: Child,
    url: String,
    token: Option<String>,
    out: BufReader<ChildStdout>,
    started: Instant,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Running {
    /// Starts and waits for the line that says where it listens.
    fn start(arguments: &[&str], token: Option<&str>) -> Self {
        Self::of(&mut command(arguments), token)
    }

    fn of(command: &mut Command, token: Option<&str>) -> Self {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let Some(url) = line.trim().strip_prefix("listening on ") else {
            _ = child.kill();
            let mut talk = String::new();
            child.stderr.take().unwrap().read_to_string(&mut talk).unwrap();
            panic!("{command:?} said {line:?} and: {talk}");
        };
        Self { url: url.to_owned(), token: token.map(str::to_owned), child, out, started }
    }

    fn client(&self) -> Client {
        Client::of_url(&self.url, self.token.as_deref())
    }

    /// Where its broker listens, which it says next.
    fn mqtt(&mut self) -> SocketAddr {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim().strip_prefix("mqtt listening on ").unwrap_or_else(|| panic!("{line:?} tells no broker")).parse().unwrap()
    }

    fn address(&self) -> SocketAddr {
        self.client().address
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Stops it as a supervisor does; answers its exit code.
    fn stop(mut self) -> i32 {
        self.signal(rustix::process::Signal::TERM);
        let code = until("the server stops", || self.child.try_wait().unwrap()).code().unwrap_or(-1);
        let mut talk = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut talk).unwrap();
        assert!(!talk.contains("panicked at"), "{talk}");
        code
    }
}

/// Asks again until there is an answer, within a bound.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        // Less often the longer it takes: what is asked five hundred times a second gets to nothing else on a busy machine.
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// The least master data for orders and steel.
fn furnish(client: &mut Client) {
    client.make("/api/v1/factories", &serde_json::json!({"factory_name": "Works"}));
    client.make("/api/v1/materials", &serde_json::json!({"material_code": "SHEET", "material_name": "Sheet", "stock_unit": "SHEET"}));
    client.make("/api/v1/products", &serde_json::json!({"product_code": "BRACKET", "product_name": "Bracket"}));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_name() != "reserve" {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
