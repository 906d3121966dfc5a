//! DuckDB and pandas read the export of a simulated plant and find what the plant itself says.
//! Skipped, and it says so, where no Python with both is at hand; `make test` makes one if it may.
#![allow(clippy::print_stdout)]

use std::io::Write as _;
use std::process::{Command as Process, Stdio};
use std::sync::OnceLock;

use millwright::lake::{Source, published};
use millwright::model::{self, Kind, Noun};
use millwright::store::Snapshot;
use millwright::telemetry::Lane;
use millwright::views;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::*;

/// Every table as a view; answers each query's rows, all contents as texts.
const SCRIPT: &str = r#"
import json, sys
import duckdb, pandas, pyarrow
work = json.load(sys.stdin)
database = duckdb.connect()
database.execute("SET TimeZone = 'UTC'")
for table in work["tables"]:
    database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{work['out']}/{table}/**/*.parquet', hive_partitioning=true)")
def rows(query):
    if query.startswith("pandas "):
        frame = pandas.read_parquet(f"{work['out']}/{query[7:]}")
        return [[name, str(kind), str(len(frame))] for name, kind in frame.dtypes.items()]
    return [[None if cell is None else str(cell) for cell in row] for row in database.execute(query).fetchall()]
print(json.dumps([rows(query) for query in work["queries"]]))
"#;

/// An exported plant.
pub(super) struct Site {
    pub(super) plant: Plant,
    folder: TempDir,
    manifest: Manifest,
}

fn python() -> Process {
    Process::new(std::env::var_os("MILLWRIGHT_PYTHON").unwrap_or_else(|| "python3".into()))
}

/// The exported plant, made once; `None` where nobody can read it.
fn site() -> Option<&'static Site> {
    static SITE: OnceLock<Option<Site>> = OnceLock::new();
    SITE.get_or_init(|| Site::of(|| lived("Küchenwerk 50% / Nord", 7))).as_ref()
}

impl Site {
    /// Exports a plant; it is not even made where nobody can read it.
    pub(super) fn of(make: impl FnOnce() -> Plant) -> Option<Self> {
        Self::told(|| (make(), None)).map(|(site, _)| site)
    }

    /// The same with what its machines told.
    pub(super) fn told(make: impl FnOnce() -> (Plant, Option<Lane>)) -> Option<(Self, Option<Lane>)> {
        let found = python().args(["-c", "import duckdb, pandas, pyarrow"]).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            println!("skipped: MILLWRIGHT_PYTHON (or python3) has no duckdb, pandas and pyarrow");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (plant, lane) = make();
        let (manifest, _) = lake::export(&plant.engine, lane.as_ref(), folder.path(), &mut |_, _| {}).unwrap();
        Some((Self { plant, folder, manifest }, lane))
    }

    pub(super) fn ask(&self, queries: &[String]) -> Vec<Vec<Vec<Option<String>>>> {
        let tables: Vec<&str> = self.manifest.tables.iter().map(|table| table.table).collect();
        let work = json!({"out": self.folder.path().to_str().unwrap(), "tables": tables, "queries": queries});
        let mut child = python().args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(work.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answers = serde_json::from_slice(&output.stdout).unwrap();
        let Json::Array(_) = &answers else { panic!("{answers}") };
        serde_json::from_value(answers).unwrap()
    }

    /// Queries that answer one number each.
    fn numbers(&self, queries: &[String]) -> Vec<u64> {
        self.ask(queries).iter().map(|rows| rows[0][0].as_deref().unwrap().parse().unwrap()).collect()
    }
}

#[test]
fn duckdb_counts_what_the_plant_counts() {
    let Some(site) = site() else { return };
    let overview = site.plant.read(views::overview::overview).unwrap();
    let edges = site.plant.read(Snapshot::edge_pairs).unwrap().len() as u64;
    let mut wanted: Vec<(&str, u64)> = overview.counts.iter().map(|(noun, count)| (noun.plural(), *count)).collect();
    wanted.extend([("plants", 1), ("lot_edges", edges), ("journal", overview.head)]);
    let queries: Vec<String> = wanted.iter().map(|(table, _)| format!("SELECT count(*) FROM {table}")).collect();
    let counted: Vec<(&str, u64)> = wanted.iter().map(|(table, _)| *table).zip(site.numbers(&queries)).collect();
    assert_eq!(counted, wanted);
    assert_eq!(wanted.len(), site.manifest.tables.len(), "a table is published that nobody counted");
    assert!(wanted.iter().filter(|(_, count)| *count > 0).count() > 20);
}

#[test]
fn every_reference_leads_to_a_row() {
    let Some(site) = site() else { return };
    let id = |noun: Noun| model::columns(noun)[0].name;
    let mut queries = Vec::new();
    for table in published() {
        let Source::Records(noun) = table.source else { continue };
        for spec in model::columns(noun) {
            if let Kind::Ref(target) = spec.kind {
                let (own, name) = (noun.plural(), spec.name);
                queries.push(format!("SELECT count(*) FROM {own} WHERE {name} IS NOT NULL AND {name} NOT IN (SELECT {} FROM {})", id(target), target.plural()));
            }
        }
    }
    assert!(queries.len() > 40, "{} references", queries.len());
    for end in ["from", "to"] {
        let known = model::genealogy::Node::KINDS.iter().map(|noun| format!("SELECT '{}' kind, {} id FROM {}", noun.singular(), id(*noun), noun.plural()));
        let known: Vec<String> = known.collect();
        queries.push(format!("SELECT count(*) FROM lot_edges WHERE ({end}_kind, {end}_id) NOT IN ({})", known.join(" UNION ALL ")));
    }
    for (query, lost) in queries.iter().zip(site.numbers(&queries)) {
        assert_eq!(lost, 0, "{query}");
    }
}

#[test]
fn every_lot_balances_in_sql_to_the_last_decimal() {
    let Some(site) = site() else { return };
    let gap = "quantity_received + quantity_produced + quantity_adjusted - quantity_consumed - quantity_shipped - quantity_scrapped - quantity_on_hand";
    let moved = "SELECT lot_number, sum(stock_change) change FROM material_transactions WHERE lot_number IS NOT NULL GROUP BY lot_number";
    let numbers = site.numbers(&[
        format!("SELECT count(*) FROM lots WHERE {gap} <> 0"),
        format!("SELECT count(*) FROM lots LEFT JOIN ({moved}) USING (lot_number) WHERE coalesce(change, 0) <> quantity_on_hand"),
        "SELECT count(*) FROM lots WHERE quantity_on_hand > 0 AND quantity_consumed > 0".to_owned(),
    ]);
    assert_eq!(numbers[..2], [0, 0]);
    assert!(numbers[2] > 5, "{} lots were in use, so this proved little", numbers[2]);
}

#[test]
fn the_journal_is_a_chain_of_hashes_in_sql() {
    let Some(site) = site() else { return };
    let (head, hash) = site.plant.head();
    let broken = "SELECT count(*) FROM journal AS one JOIN journal AS next ON next.seq = one.seq + 1 WHERE next.previous_hash <> one.hash";
    let newest = format!("SELECT hash FROM journal WHERE seq = {head}");
    let events = "SELECT count(*) FROM (SELECT unnest(events) AS event FROM journal) WHERE event.name = 'work_order.released'";
    let releases = "SELECT count(*) FROM journal WHERE command = 'ReleaseWorkOrder' AND json_valid(payload)";
    let answers = site.ask(&[broken.to_owned(), newest, events.to_owned(), releases.to_owned()]);
    assert_eq!((answers[0][0][0].as_deref(), answers[1][0][0].as_deref()), (Some("0"), Some(hash.to_string().as_str())));
    assert!(answers[2] == answers[3] && answers[2][0][0].as_deref() != Some("0"), "{answers:?}");
}

#[test]
fn duckdb_describes_what_the_manifest_says() {
    let Some(site) = site() else { return };
    let queries: Vec<String> = published().iter().map(|table| format!("DESCRIBE {}", table.name)).collect();
    for (table, rows) in published().iter().zip(site.ask(&queries)) {
        // DuckDB puts a word of its own in quotes.
        let described = rows.iter().map(|row| (row[0].clone().unwrap_or_default(), row[1].clone().unwrap_or_default().replace('"', "")));
        let mut described: Vec<(String, String)> = described.collect();
        let keys = described.split_off(table.described().count());
        let wanted: Vec<(String, String)> = table.described().map(|(name, kind, _)| (name.to_owned(), kind)).collect();
        assert_eq!(described, wanted, "{}", table.name);
        let mut keys: Vec<&str> = keys.iter().map(|(name, _)| name.as_str()).collect();
        keys.sort_unstable();
        let wanted: &[&str] = if table.time().is_some() { &["month", "plant", "year"] } else { &["plant"] };
        assert_eq!(keys, wanted, "{}", table.name);
    }
}

#[test]
fn a_row_lies_in_the_month_of_its_time_and_under_its_plant() {
    let Some(site) = site() else { return };
    let timed: Vec<_> = published().into_iter().filter_map(|table| table.time().map(|column| (table.name, column))).collect();
    let wrong = |(table, column): &(&str, &str)| format!("SELECT count(*) FROM {table} WHERE year::INT <> year({column}) OR month::INT <> month({column})");
    let queries: Vec<String> = timed.iter().map(wrong).collect();
    assert!(site.numbers(&queries).iter().all(|rows| *rows == 0) && timed.len() >= 8, "{timed:?}");
    let answers = site.ask(&["SELECT DISTINCT month::INT FROM lots ORDER BY 1".to_owned(), "SELECT DISTINCT plant FROM lots".to_owned()]);
    assert_eq!(answers[0], [[Some("3".to_owned())], [Some("4".to_owned())]]);
    assert_eq!(answers[1], [[Some("Küchenwerk 50% / Nord".to_owned())]]);
}

#[test]
fn pandas_reads_times_as_times_and_nothing_about_people() {
    let Some(site) = site() else { return };
    let answers = site.ask(&["pandas work_orders".to_owned(), "pandas employees".to_owned(), "pandas users".to_owned(), "pandas attachments".to_owned()]);
    let kind = |name: &str| answers[0].iter().find(|row| row[0].as_deref() == Some(name)).map(|row| row[1].clone().unwrap());
    assert_eq!(kind("created_at").as_deref(), Some("datetime64[us, UTC]"));
    assert_eq!(kind("good_quantity").as_deref(), Some("int64"));
    let columns = |at: usize| answers[at].iter().map(|row| row[0].as_deref().unwrap()).collect::<Vec<_>>();
    assert!(["first_name", "last_name", "email", "phone", "personal_digest"].iter().all(|name| !columns(1).contains(name)), "{:?}", columns(1));
    assert!(columns(1).contains(&"employee_code") && columns(2).contains(&"user_name") && !columns(2).contains(&"secret_digest"));
    assert_eq!(answers[3][0][2].as_deref(), Some("0"), "a table without rows can be asked");
}
