//! SQL over a year of a plant, 50,000 orders and half a million material rows: ours over the Postgres
//! wire against PostgreSQL 15 with indexes on the same columns, the same text parsed and planned every
//! time, and against DuckDB on the exported Parquet. Every answer must be the peer's, or the bench fails.
//! Then the commands of a plant whose SQL is busy without a pause.
//!
//! The rows are laid into the store as an import would write them, with journal and history, and read out
//! of it into PostgreSQL. DuckDB is Python's (MILLWRIGHT_PYTHON, or `python3`).
#![allow(clippy::print_stdout)]

mod kit;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use kit::postgres::Cluster;
use kit::{Dice, median, quantile, three};
use millwright::accounts::{Accounts, verifier};
use millwright::adapters::sql::Server;
use millwright::base::{Decimal, Digest, Time, Unit};
use millwright::engine::{Engine, Envelope};
use millwright::followers::{figures::Figures, lake};
use millwright::model::command::{Command, CreateUser, FoundPlant};
use millwright::model::journal::Origin;
use millwright::model::material::TransactionType;
use millwright::model::permission::Role;
use millwright::model::work_order::WorkOrderStatus;
use millwright::model::{AnyRecord, Entry, Id, MaterialTransaction, Subject, WorkOrder};
use millwright::query::{Form, Sql};
use millwright::store::plant_file::QuickRepair;
use millwright::store::tables::Replacement;
use millwright::store::{Home, Store};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Material rows of one order.
const ROWS_EACH: u64 = 10;
const PRODUCTS: u64 = 40;
const MATERIALS: u64 = 120;
/// Records that one entry of an import brings.
const IMPORTED: usize = 1_000;
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
const USER: &str = "analyst";
const PASSWORD: &str = "correct horse battery";

/// Columns that PostgreSQL gets, with their types there.
const ORDER_COLUMNS: &str = "work_order_id text PRIMARY KEY, work_order_number text UNIQUE, product_id text, status text, priority int, planned_quantity int, produced_quantity int, \
     good_quantity int, yield_percentage numeric(15,4), batch_number text, lot_number text, actual_start_time timestamptz, created_at timestamptz";
const ROW_COLUMNS: &str = "transaction_id text PRIMARY KEY, transaction_type text, transaction_date timestamptz, work_order_id text, material_code text, quantity numeric(15,4), \
     lot_number text, consumed_by_lot_number text";
const INDEXES: &str = "CREATE INDEX ON work_orders (status); CREATE INDEX ON work_orders (product_id); CREATE INDEX ON work_orders (lot_number); CREATE INDEX ON work_orders (actual_start_time); \
     CREATE INDEX ON material_transactions (work_order_id); CREATE INDEX ON material_transactions (lot_number); CREATE INDEX ON material_transactions (transaction_date); \
     CREATE INDEX ON material_transactions (consumed_by_lot_number)";

/// What a statement has to reach.
#[derive(Clone, Copy, PartialEq)]
enum Goal {
    /// Within so many milliseconds of PostgreSQL.
    LookUp,
    /// Faster than PostgreSQL, and within three times DuckDB.
    Aggregate,
}

const STATEMENTS: [(&str, Goal, &str); 7] = [
    (
        "order status (seed)",
        Goal::LookUp,
        "SELECT work_order_number, status, produced_quantity || '/' || planned_quantity AS progress, ROUND((produced_quantity::DECIMAL / planned_quantity) * 100, 1) AS pct_complete, \
         yield_percentage FROM work_orders WHERE status IN ('in_progress', 'scheduled') ORDER BY priority, work_order_number",
    ),
    (
        "hourly production (seed)",
        Goal::LookUp,
        "SELECT DATE_TRUNC('hour', actual_start_time) AS hour, COUNT(*) AS orders_started, SUM(produced_quantity) AS units FROM work_orders \
         WHERE actual_start_time > NOW() - INTERVAL '24 hours' GROUP BY hour ORDER BY hour DESC",
    ),
    (
        "material genealogy (seed)",
        Goal::LookUp,
        "SELECT mt.lot_number, mt.material_code, mt.consumed_by_lot_number, wo.batch_number AS finished_goods_batch FROM material_transactions mt \
         LEFT JOIN work_orders wo ON mt.consumed_by_lot_number = wo.lot_number WHERE mt.lot_number = 'LOT-IN-000007' ORDER BY 3, 2",
    ),
    ("one order by its key", Goal::LookUp, "SELECT work_order_number, status, good_quantity FROM work_orders WHERE work_order_id = 'WO-000777'"),
    (
        "sum and count by status",
        Goal::Aggregate,
        "SELECT status, count(*) AS n, sum(planned_quantity) AS planned, sum(good_quantity) AS good FROM work_orders GROUP BY status ORDER BY status",
    ),
    (
        "by material and month",
        Goal::Aggregate,
        "SELECT material_code, date_trunc('month', transaction_date) AS month, sum(quantity) AS total, count(*) AS n FROM material_transactions GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    (
        "orders joined with their material",
        Goal::Aggregate,
        "SELECT o.product_id, sum(m.quantity) AS used, count(*) AS n FROM material_transactions m JOIN work_orders o ON o.work_order_id = m.work_order_id GROUP BY o.product_id ORDER BY o.product_id",
    ),
];
/// What keeps SQL busy while commands are measured.
const HEAVY: usize = 6;

fn main() -> anyhow::Result<()> {
    let orders = kit::setting("MILLWRIGHT_BENCH_ORDERS", 50_000);
    println!("{orders} orders, {} material rows; load {}\n", orders * ROWS_EACH, kit::load());
    let folder = kit::scratch("sql")?;
    let started = Instant::now();
    let engine = year(&folder.path().join("data"), orders)?;
    println!("- Millwright: {} entries in {} s", *engine.head().borrow(), three(started.elapsed().as_secs_f64()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let ours = Ours::start(&runtime, &engine)?;
    let cluster = Cluster::start();
    let peer = match &cluster {
        Ok(cluster) => Some(runtime.block_on(copied(&ours.sql, cluster))?),
        Err(why) => {
            println!("- {why}: no rows of its below");
            None
        }
    };
    let duck = duck_times(&engine, folder.path())?;
    compare(&runtime, &ours, peer.as_ref(), duck.as_deref())?;
    first_rows(&runtime, &ours)?;
    beside_commands(&runtime, &ours, &engine, orders)?;
    println!("- load at the end {}", kit::load());
    engine.stop();
    Ok(())
}

/// A plant of a year up to now.
fn year(root: &Path, orders: u64) -> anyhow::Result<Engine> {
    let engine = kit::plant::open(root, QuickRepair::On)?;
    let say = |command, secret| engine.submit_wait(Envelope { secret, ..Envelope::of(kit::plant::person(Role::Admin), command) }).map_err(kit::plant::refused);
    say(Command::FoundPlant(FoundPlant { plant_name: "Bench".to_owned(), timezone: "UTC".to_owned(), simulated: false }), None)?;
    let secret = verifier::make(PASSWORD).map_err(kit::plant::refused)?;
    say(Command::CreateUser(CreateUser { user_name: USER.to_owned(), role: Role::Auditor, employee_id: None }), Some(secret))?;
    let now = engine.plant_now();
    engine.stop();
    let store = Store::open(Home::existing(root)?)?;
    let (mut seq, mut previous) = store.read(|snapshot| snapshot.head_hash())??;
    let all = (1..=orders).map(|number| order(number, orders, now)).chain((1..=orders * ROWS_EACH).map(|number| movement(number, orders, now)));
    let mut waiting: Vec<Box<dyn AnyRecord>> = Vec::with_capacity(IMPORTED);
    for record in all.map(Some).chain([None]) {
        let is_last = record.is_none();
        waiting.extend(record);
        if waiting.len() == IMPORTED || (is_last && !waiting.is_empty()) {
            seq += 1;
            previous = import(&store, seq, previous, now, std::mem::take(&mut waiting))?;
        }
    }
    drop(store);
    kit::plant::open(root, QuickRepair::On)
}

/// One entry of an import; answers its hash.
fn import(store: &Store, seq: u64, previous: Digest, now: Time, records: Vec<Box<dyn AnyRecord>>) -> anyhow::Result<Digest> {
    let subject = records.first().map(|record| Subject { noun: record.noun(), number: record.number() }).context("an import of something")?;
    Ok(store.write(|tables| {
        let mut changes = Vec::with_capacity(records.len());
        for record in records {
            let subject = Subject { noun: record.noun(), number: record.number() };
            changes.push(tables.lay(&Replacement { subject, old: None, new: Some(record) }, seq)?);
        }
        let actor = kit::plant::person(Role::Admin);
        let (command, payload) = ("ImportRecords".to_owned(), "{}".to_owned());
        let entry = Entry {
            seq,
            recorded_at: now,
            occurred_at: now,
            actor,
            origin: Origin::Import,
            terminal: None,
            command_id: None,
            command,
            payload,
            reason: None,
            events: Vec::new(),
            changes,
            subject,
            previous,
        };
        tables.append(&entry)
    })?)
}

/// When an order was made: they come evenly over the year, in order.
fn made_at(order: u64, orders: u64, now: Time) -> i64 {
    now.micros() - 365 * DAY + i64::try_from(u128::from(order) * 365 * DAY.unsigned_abs() as u128 / u128::from(orders)).unwrap_or(0)
}

fn finished_lot(order: u64) -> String {
    format!("LOT-OUT-{order:06}")
}

/// An order. What was made in the last days is not finished yet.
fn order(number: u64, orders: u64, now: Time) -> Box<dyn AnyRecord> {
    let mut dice = Dice(number);
    let made = made_at(number, orders, now);
    let age = now.micros() - made;
    let status = match age / DAY {
        0 => WorkOrderStatus::Scheduled,
        1 | 2 => WorkOrderStatus::InProgress,
        3 => WorkOrderStatus::Completed,
        _ if dice.within(1, 50) == 1 => WorkOrderStatus::Cancelled,
        _ => WorkOrderStatus::Closed,
    };
    let planned = i64::try_from(dice.within(10, 500)).unwrap_or(10);
    let produced = if status == WorkOrderStatus::Scheduled { 0 } else { planned - i64::try_from(dice.within(0, 9)).unwrap_or(0) };
    let started = (status != WorkOrderStatus::Scheduled).then(|| Time::from_micros(made + DAY + i64::try_from(dice.within(0, 20)).unwrap_or(0) * HOUR).min(now));
    Box::new(WorkOrder {
        work_order_id: Id::new(number),
        work_order_number: Some(format!("WO-{number:06}")),
        product_id: Id::new(dice.within(1, PRODUCTS)),
        planned_quantity: planned,
        priority: i64::try_from(dice.within(1, 10)).unwrap_or(5),
        produced_quantity: produced,
        good_quantity: produced,
        yield_percentage: Some(Decimal::whole(97).unwrap_or_default()),
        status,
        batch_number: Some(format!("B-{number:06}")),
        lot_number: Some(finished_lot(number)),
        actual_start_time: started,
        created_by: "import".to_owned(),
        created_at: Time::from_micros(made),
        updated_at: Time::from_micros(made),
        ..WorkOrder::default()
    })
}

/// A material row of an order.
fn movement(number: u64, orders: u64, now: Time) -> Box<dyn AnyRecord> {
    let mut dice = Dice(number ^ 0x5eed);
    let order = (number - 1) / ROWS_EACH + 1;
    let material = dice.within(1, MATERIALS);
    let quantity = Decimal::whole(i64::try_from(dice.within(1, 90)).unwrap_or(1)).unwrap_or_default();
    let at = Time::from_micros(made_at(order, orders, now) + i64::try_from(dice.within(0, 30)).unwrap_or(0) * HOUR);
    Box::new(MaterialTransaction {
        transaction_id: Id::new(number),
        transaction_type: TransactionType::Issue,
        transaction_date: at,
        work_order_id: Some(Id::new(order)),
        material_id: Id::new(material),
        material_code: format!("STEEL-{material:03}"),
        quantity,
        unit_of_measure: Unit::Kg,
        lot_number: Some(format!("LOT-IN-{:06}", dice.within(1, orders / 10))),
        consumed_by_lot_number: Some(finished_lot(order)),
        performed_by: "import".to_owned(),
        ..MaterialTransaction::default()
    })
}

/// The plant as clients of PostgreSQL see it, in this process.
struct Ours {
    sql: Sql,
    dsn: String,
    client: Client,
}

impl Ours {
    fn start(runtime: &Runtime, engine: &Engine) -> anyhow::Result<Self> {
        let sql = Sql::new(engine, None, &Figures::default()).map_err(kit::plant::refused)?;
        let accounts = Arc::new(Accounts::open(engine).map_err(kit::plant::refused)?);
        let server = runtime.block_on(Server::bind(([127, 0, 0, 1], 0).into(), sql.clone(), accounts)).map_err(kit::plant::refused)?;
        let port = server.address().map_err(kit::plant::refused)?.port();
        let (ending, stopping) = tokio::sync::watch::channel(false);
        // It ends with the bench.
        std::mem::forget(ending);
        runtime.spawn(server.run(stopping));
        let dsn = format!("host=127.0.0.1 port={port} user={USER} password='{PASSWORD}' dbname=genims_db");
        let client = runtime.block_on(connected(&dsn))?;
        Ok(Self { sql, dsn, client })
    }
}

async fn connected(dsn: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(dsn, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn names(columns: &str) -> String {
    columns.split(", ").filter_map(|column| column.split_whitespace().next()).collect::<Vec<_>>().join(", ")
}

/// The rows of ours in PostgreSQL, with indexes, analysed.
async fn copied(sql: &Sql, cluster: &Cluster) -> anyhow::Result<Client> {
    let session = sql.session(kit::plant::person(Role::Auditor)).map_err(kit::plant::refused)?;
    for (table, columns) in [("work_orders", ORDER_COLUMNS), ("material_transactions", ROW_COLUMNS)] {
        cluster.psql(&format!("CREATE TABLE {table} ({columns})"))?;
        let answer = session.answer(&format!("SELECT {} FROM {table}", names(columns)), 1_000_000).await.map_err(|fault| kit::plant::refused(fault.refusal()))?;
        let csv = answer.bytes(Form::Csv).map_err(|fault| kit::plant::refused(fault.refusal()))?;
        let rows = csv.iter().position(|byte| *byte == b'\n').map_or(&csv[..], |end| &csv[end + 1..]);
        cluster.copy_in(&format!("{table} ({})", names(columns)), &[b"".as_slice(), &tabbed(rows)].concat())?;
    }
    cluster.psql(INDEXES)?;
    cluster.psql("VACUUM ANALYZE")?;
    let client = connected(&cluster.dsn()).await?;
    client.batch_execute("SET TimeZone = 'UTC'").await?;
    Ok(client)
}

/// Plain CSV as COPY's text: no content here holds a comma or a quote.
fn tabbed(csv: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(csv);
    let mut rows = String::with_capacity(text.len());
    for line in text.lines() {
        let cells: Vec<&str> = line.split(',').map(|cell| if cell.is_empty() { "\\N" } else { cell }).collect();
        _ = writeln!(rows, "{}", cells.join("\t"));
    }
    rows.into_bytes()
}

/// The rows of an answer as texts: the simple protocol parses and plans the text each time.
async fn asked(client: &Client, sql: &str) -> anyhow::Result<Vec<Vec<Option<String>>>> {
    let messages = client.simple_query(sql).await?;
    Ok(messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        })
        .collect())
}

/// How long a statement takes again and again, in milliseconds.
async fn timed(client: &Client, sql: &str, times: u64) -> anyhow::Result<Vec<f64>> {
    let mut all = Vec::new();
    for _ in 0..times {
        let at = Instant::now();
        client.simple_query(sql).await?;
        all.push(at.elapsed().as_secs_f64() * 1e3);
    }
    Ok(all)
}

/// DuckDB's medians over the exported files; `None`, said aloud, where there is none.
fn duck_times(engine: &Engine, folder: &Path) -> anyhow::Result<Option<Vec<f64>>> {
    let out = folder.join("export");
    lake::export(engine, None, &out, &mut |_, _| {}).map_err(kit::plant::refused)?;
    let queries: Vec<&str> = STATEMENTS.iter().map(|(_, _, sql)| *sql).collect();
    let script = format!(
        "import duckdb, json, statistics, sys, time\nc = duckdb.connect()\nc.execute(\"SET TimeZone='UTC'\")\n\
         for t in ('work_orders', 'material_transactions'):\n    c.execute(f\"CREATE VIEW {{t}} AS SELECT * FROM read_parquet('{out}/{{t}}/**/*.parquet', hive_partitioning=true)\")\n\
         out = []\nfor sql in json.loads(sys.argv[1]):\n    times = []\n    for _ in range(11):\n        at = time.perf_counter()\n        c.execute(sql).fetchall()\n        times.append((time.perf_counter() - at) * 1e3)\n\
         \x20   out.append(statistics.median(times))\nprint(json.dumps(out))\n",
        out = out.display()
    );
    let python = std::env::var("MILLWRIGHT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ran = Process::new(&python).args(["-c", &script, &serde_json::to_string(&queries)?]).output()?;
    if !ran.status.success() {
        println!("- no DuckDB: {}", String::from_utf8_lossy(&ran.stderr).lines().last().unwrap_or_default());
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&ran.stdout)?))
}

fn compare(runtime: &Runtime, ours: &Ours, peer: Option<&Client>, duck: Option<&[f64]>) -> anyhow::Result<()> {
    println!("\n| statement | first ms | Millwright ms | PostgreSQL ms | DuckDB on the Parquet ms |\n| --- | ---: | ---: | ---: | ---: |");
    let mut goals = String::new();
    for (at, (what, goal, sql)) in STATEMENTS.iter().enumerate() {
        let started = Instant::now();
        let answer = runtime.block_on(asked(&ours.client, sql))?;
        let first = started.elapsed().as_secs_f64() * 1e3;
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..kit::rounds() {
            mine.extend(runtime.block_on(timed(&ours.client, sql, 10))?);
            if let Some(peer) = peer {
                let known = runtime.block_on(asked(peer, sql))?;
                ensure!(
                    same(&answer, &known),
                    "{what}: {} rows of ours are not the {} rows of PostgreSQL: {:?} and {:?}",
                    answer.len(),
                    known.len(),
                    answer.first(),
                    known.first()
                );
                theirs.extend(runtime.block_on(timed(peer, sql, 10))?);
            }
        }
        let (mine, theirs, duck) = (median(&mine), median(&theirs), duck.map_or(f64::NAN, |times| times[at]));
        println!("{}", kit::row(&[&format!("{what}, {} rows", answer.len()), &three(first), &three(mine), &three(theirs), &three(duck)]));
        match goal {
            Goal::LookUp if peer.is_some() => _ = writeln!(goals, "- {what}: {} ms beyond PostgreSQL's (at most 5), {}", three(mine - theirs), holds(mine - theirs <= 5.0)),
            Goal::Aggregate if peer.is_some() => _ = writeln!(goals, "{}", kit::goal(&format!("{what}, PostgreSQL's time over ours (above 1)"), theirs / mine, theirs > mine)),
            _ => {}
        }
        if *goal == Goal::Aggregate && !duck.is_nan() {
            _ = writeln!(goals, "{}", kit::goal(&format!("{what}, our time over DuckDB's (at most 3)"), mine / duck, mine / duck <= 3.0));
        }
    }
    println!("\n{goals}");
    Ok(())
}

const fn holds(holds: bool) -> &'static str {
    if holds { "holds" } else { "does NOT hold" }
}

/// Whether two answers say the same: numbers as numbers, since each writes its own zeros.
fn same(one: &[Vec<Option<String>>], other: &[Vec<Option<String>>]) -> bool {
    let cell = |pair: (&Option<String>, &Option<String>)| match pair {
        (Some(one), Some(other)) => one == other || one.parse::<f64>().ok().zip(other.parse::<f64>().ok()).is_some_and(|(one, other)| (one - other).abs() <= one.abs() * 1e-9),
        (one, other) => one == other,
    };
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.len() == other.len() && one.iter().zip(other).all(cell))
}

/// From nothing to the first row of a table, with the log-in; and on a connection that stands.
fn first_rows(runtime: &Runtime, ours: &Ours) -> anyhow::Result<()> {
    let sql = "SELECT * FROM material_transactions";
    let mut all = Vec::new();
    for _ in 0..10 {
        let at = Instant::now();
        let leaving = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&ours.dsn, NoTls).await?;
            let connection = tokio::spawn(connection);
            let mut rows = Box::pin(client.query_raw(sql, Vec::<i32>::new()).await?);
            rows.next().await.context("a row")??;
            anyhow::Ok(connection)
        })?;
        all.push(at.elapsed().as_secs_f64() * 1e3);
        // A client takes what was asked for to its end, beside the next one: it has to go at once, and to be missed.
        leaving.abort();
        std::thread::sleep(Duration::from_millis(300));
    }
    println!("- connection, log-in and first of 500,000 rows: {} ms (at most 50), {}", three(median(&all)), holds(median(&all) <= 50.0));
    Ok(())
}

/// Commands one after the other, without and with a heavy statement beside them, in turn.
fn beside_commands(runtime: &Runtime, ours: &Ours, engine: &Engine, orders: u64) -> anyhow::Result<()> {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let answered = Arc::new(AtomicUsize::new(0));
    for _ in 0..5 {
        alone.push(commands(engine, orders)?);
        let ending = Arc::new(AtomicBool::new(false));
        let (until, counted, dsn) = (Arc::clone(&ending), Arc::clone(&answered), ours.dsn.clone());
        let busy = runtime.spawn(async move {
            let client = connected(&dsn).await?;
            while !until.load(Ordering::Relaxed) {
                client.simple_query(STATEMENTS[HEAVY].2).await?;
                counted.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
        beside.push(commands(engine, orders)?);
        ending.store(true, Ordering::Relaxed);
        runtime.block_on(busy)??;
    }
    let middle = |all: &[(f64, f64)], pick: fn(&(f64, f64)) -> f64| median(&all.iter().map(pick).collect::<Vec<_>>());
    let (p50, p99) = (middle(&beside, |it| it.0) / middle(&alone, |it| it.0), middle(&beside, |it| it.1) / middle(&alone, |it| it.1));
    println!(
        "- a command alone: p50 {} ms, p99 {} ms; beside {} heavy statements: p50 {} ms, p99 {} ms",
        three(middle(&alone, |it| it.0)),
        three(middle(&alone, |it| it.1)),
        answered.load(Ordering::Relaxed),
        three(middle(&beside, |it| it.0)),
        three(middle(&beside, |it| it.1))
    );
    println!("{}", kit::goal("median of a command beside heavy SQL (at most 1.2)", p50, p50 <= 1.2));
    println!("{}", kit::goal("p99 of a command beside heavy SQL (at most 2)", p99, p99 <= 2.0));
    Ok(())
}

/// Median and p99 of commands one after the other, in milliseconds.
fn commands(engine: &Engine, orders: u64) -> anyhow::Result<(f64, f64)> {
    let (started, mut all) = (Instant::now(), Vec::<Duration>::new());
    // The last days' orders alone may still be changed.
    let open = (orders / 200).max(1);
    for mut envelope in kit::plant::Updates::new(5, open)? {
        if let Command::Update { subject, .. } = &mut envelope.command {
            subject.number += orders - open;
        }
        let at = Instant::now();
        engine.submit_wait(envelope).map_err(kit::plant::refused)?;
        all.push(at.elapsed());
        if started.elapsed() > kit::point_time() {
            break;
        }
    }
    all.sort_unstable();
    Ok((quantile(&all, 0.5), quantile(&all, 0.99)))
}
