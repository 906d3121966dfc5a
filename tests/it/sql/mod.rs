//! SQL as an analyst has it: the real psql, Python's drivers, HTTP; over a plant that is served. A test
//! that needs a tool which is not here says so and is skipped; `make test` gets the drivers if it may.

mod bad_input;
mod clients;
mod drivers;
mod http;
mod moment;
mod numbers;
mod psql;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Child, Command as Process, Output, Stdio};

use millwright::model::Role;

use crate::http::{PASSWORD, Site};
use crate::plant::*;

/// A served plant with orders in several states and material behind them.
fn site() -> Site {
    let site = Site::new();
    let plant = &site.plant;
    plant.admin(receive("SHEET-1", "40")).unwrap();
    for planned in [10, 20, 30] {
        plant.order(planned);
    }
    let running = plant.running(8);
    plant.admin(issue(running, "SHEET-1", "5")).unwrap();
    plant.made(4);
    site
}

/// psql as a role; `None`, said aloud, where there is none.
fn psql(address: SocketAddr, user: &str, password: &str, statements: &[&str]) -> Option<Output> {
    let mut child = connected(address, user, password)?;
    let mut input = child.stdin.take().unwrap();
    for statement in statements {
        // A statement that ends the session closes the pipe; the answer counts.
        _ = writeln!(input, "{statement}");
    }
    drop(input);
    Some(child.wait_with_output().unwrap())
}

/// psql that waits for statements.
fn connected(address: SocketAddr, user: &str, password: &str) -> Option<Child> {
    let mut process = Process::new("psql");
    let place = format!("host={} port={} user={user} dbname=genims_db connect_timeout=20", address.ip(), address.port());
    process.env("PGPASSWORD", password).args([&place, "-X", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-At", "-F", "|"]);
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = process.spawn().ok();
    #[allow(clippy::print_stdout)]
    if child.is_none() {
        println!("skipped: there is no psql here (Debian: apt-get install postgresql-client)");
    }
    child
}

/// What psql prints; it must have nothing to complain about.
#[track_caller]
fn told(site: &Site, role: Role, statements: &[&str]) -> Option<String> {
    let output = psql(site.sql, role.word(), PASSWORD, statements)?;
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && talk.is_empty(), "{statements:?}: {talk}");
    Some(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// What psql complains about: with `VERBOSITY=verbose` it names the SQLSTATE.
#[track_caller]
fn complained(site: &Site, role: Role, statement: &str) -> Option<String> {
    let output = psql(site.sql, role.word(), PASSWORD, &[statement])?;
    assert!(!output.status.success(), "{statement} was answered: {}", String::from_utf8_lossy(&output.stdout));
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}
