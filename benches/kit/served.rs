//! A program that listens, run as a child so that its CPU is counted apart: a plant of this build,
//! or a peer. It ends with the bench.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// A child that ends with the bench.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to tidy then.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Starts a program and answers the address it says it listens on.
pub(crate) fn listening(command: &mut Command) -> anyhow::Result<(Process, String)> {
    let mut child = Process(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let mut output = BufReader::new(child.0.stdout.take().context("the child's output")?).lines();
    while let Some(line) = output.next().transpose()? {
        if let Some((_, address)) = line.split_once("listening on http://") {
            let address = address.trim().trim_end_matches('/').to_owned();
            // Read on, or the child would fail when it prints more.
            std::thread::spawn(move || output.for_each(drop));
            return Ok((child, address));
        }
    }
    bail!("it ended without listening")
}

/// Starts a demo in a folder; answers its address and the token of a role.
#[allow(dead_code)]
pub(crate) fn demo(folder: &Path, role: &str) -> anyhow::Result<(Process, String, String)> {
    let data = folder.join("data");
    let (process, address) = listening(Command::new(env!("CARGO_BIN_EXE_millwright")).args(["demo", "--http", "127.0.0.1:0", "--speed", "0", "--days", "2", "--data"]).arg(&data))?;
    let logins: Value = serde_json::from_slice(&std::fs::read(data.join("demo-logins.json"))?)?;
    let user = logins["users"].as_array().into_iter().flatten().find(|user| user["role"] == role);
    let token = user.and_then(|user| user["token"].as_str()).with_context(|| format!("demo-logins.json names no token of the role {role}"))?;
    Ok((process, address, token.to_owned()))
}

/// Founds an empty plant in a folder and serves it with a broker on a port; answers its address and a token of its
/// admin.
#[allow(dead_code)]
pub(crate) fn empty_with_broker(folder: &Path, port: u16) -> anyhow::Result<(Process, String, String)> {
    founded(folder, &["--mqtt", &format!("127.0.0.1:{port}")])
}

/// Founds an empty plant in a folder and serves it; answers its address and a token of its admin. Unlike a
/// demo's, its machines tell nothing of their own.
#[allow(dead_code)]
pub(crate) fn empty(folder: &Path) -> anyhow::Result<(Process, String, String)> {
    founded(folder, &[])
}

fn founded(folder: &Path, more: &[&str]) -> anyhow::Result<(Process, String, String)> {
    let program = env!("CARGO_BIN_EXE_millwright");
    let data = folder.join("data");
    let mut init = Command::new(program).args(["init", "--name", "Bench", "--timezone", "UTC", "--data"]).arg(&data).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    init.stdin.take().context("the input of init")?.write_all(b"correct horse battery\n")?;
    anyhow::ensure!(init.wait()?.success(), "init failed");
    let made = Command::new(program).args(["user", "token", "admin", "--json", "--data"]).arg(&data).output()?;
    let made: Value = serde_json::from_slice(&made.stdout)?;
    let token = made["token"].as_str().context("no token was made")?.to_owned();
    let (process, address) = listening(Command::new(program).args(["serve", "--http", "127.0.0.1:0", "--data"]).arg(&data).args(more))?;
    Ok((process, address, token))
}
