//! Numbers beside a real PostgreSQL 15: an expression answers the same there and here, or is an error here.
//! Skipped, and it says so, where there is no PostgreSQL.
#![allow(clippy::print_stdout)]

use super::*;

/// Expressions, one a line.
const EXPRESSIONS: &str = include_str!("numbers.txt");

/// A PostgreSQL of our own on a socket, stopped when the test is over.
struct Postgres {
    folder: tempfile::TempDir,
    child: std::process::Child,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A program of PostgreSQL, as a user who is not root, since it refuses root.
fn as_service(program: &std::path::Path) -> Process {
    if rustix::process::getuid().is_root() {
        let mut process = Process::new("setpriv");
        process.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        return process;
    }
    Process::new(program)
}

impl Postgres {
    fn start() -> Option<Self> {
        let binaries = std::path::Path::new("/usr/lib/postgresql/15/bin");
        let folder = tempfile::tempdir().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let data = folder.path().join("data");
        let made = as_service(&binaries.join("initdb")).args(["-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8", "-D"]).arg(&data).output();
        if !made.is_ok_and(|made| made.status.success()) {
            println!("skipped: there is no PostgreSQL 15 here (Debian: apt-get install postgresql-15)");
            return None;
        }
        let mut process = as_service(&binaries.join("postgres"));
        process.arg("-D").arg(&data).args(["-c", "listen_addresses=", "-k"]).arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let it = Self { child: process.spawn().unwrap(), folder };
        crate::binary::until("PostgreSQL answers", || it.ask("SELECT 1").map(|_| ()));
        Some(it)
    }

    fn ask(&self, sql: &str) -> Option<String> {
        let place = format!("host={} user=postgres dbname=postgres", self.folder.path().display());
        let output = Process::new("psql").args(["-X", "-At", "-d", &place, "-c", sql]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Whether two texts of numbers mean the same, to the digits that floats have.
fn same(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => (one - other).abs() <= other.abs() * 1e-14,
        _ => one == other,
    }
}

#[test]
fn an_expression_means_what_it_means_in_postgresql_or_is_an_error() {
    let site = Site::new();
    let Some(postgres) = Postgres::start() else { return };
    let (mut wrong, mut answered) = (Vec::new(), 0);
    for expression in EXPRESSIONS.lines().filter(|line| !line.is_empty()) {
        let sql = format!("SELECT {expression};");
        let ours = psql(site.sql, "analyst", PASSWORD, &[&sql]).unwrap();
        if !ours.status.success() {
            continue;
        }
        answered += 1;
        let ours = String::from_utf8_lossy(&ours.stdout).trim().to_owned();
        let theirs = postgres.ask(&sql).unwrap_or_else(|| "an error".to_owned());
        if !same(&ours, &theirs) {
            wrong.push(format!("{expression}: {ours} here, {theirs} there"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(answered > 80, "only {answered} were answered");
}

#[test]
fn a_column_of_mixed_numbers_is_of_the_wider_kind() {
    let site = Site::new();
    site.plant.order(10);
    let mixed = "SELECT CASE WHEN planned_quantity > 10 THEN 5::int ELSE planned_quantity END, coalesce(NULL::int, planned_quantity), \
                 CASE planned_quantity WHEN 10 THEN 1 ELSE 2.5::float END FROM work_orders UNION ALL SELECT 1::int, 2, 3;";
    let Some(rows) = told(&site, Role::Analyst, &[mixed]) else { return };
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_unstable();
    assert_eq!(rows, ["10|10|1", "1|2|3"]);
}
