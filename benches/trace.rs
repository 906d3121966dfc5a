//! Traces through a million lots: ours against a recursive query in SQLite and in PostgreSQL over
//! the same edges, with both indexes. The plant has eleven making levels from heat to shipment,
//! parents near in time, and a few hub lots (wire, powder, fasteners) with ten thousand children
//! and more. Every trace must reach as many lots as the peer's does, or the bench fails.
#![allow(clippy::print_stdout)]

mod kit;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use kit::postgres::Cluster;
use kit::{Dice, Point, Round, three};
use millwright::base::{Decimal, limits};
use millwright::model::genealogy::Node;
use millwright::model::{Id, LotEdge, Noun, Subject};
use millwright::store::tables::Replacement;
use millwright::store::{Direction, Home, Store};

/// A making level: share of all lots in thousandths, and how many lots of the level before go into one.
struct Level {
    share: u64,
    parents: (u64, u64),
}

const fn level(share: u64, low: u64, high: u64) -> Level {
    Level { share, parents: (low, high) }
}

/// Heat, coil, sheet, nest, cut part, bent part, welded, painted, unit, pallet, shipment.
const LEVELS: [Level; 11] = [
    level(4, 0, 0),
    level(12, 1, 1),
    level(100, 1, 1),
    level(90, 1, 2),
    level(320, 1, 1),
    level(220, 1, 2),
    level(100, 2, 6),
    level(80, 1, 2),
    level(50, 2, 4),
    level(16, 2, 5),
    level(8, 1, 4),
];
/// Hub kinds: lots per hub, and the levels whose lots take one, with the share that does in percent.
const HUBS: [(u64, &[(usize, u64)]); 3] = [(140_000, &[(6, 100)]), (160_000, &[(7, 100)]), (60_000, &[(5, 20), (6, 100), (8, 100)])];
/// Edges in one transaction of the load.
const BATCH: usize = 50_000;

/// Edges between lot numbers, and what to trace.
struct Genealogy {
    edges: Vec<(u64, u64)>,
    forward: Vec<u64>,
    backward: Vec<u64>,
    hubs: Vec<u64>,
}

fn main() -> anyhow::Result<()> {
    let lots = kit::setting("MILLWRIGHT_BENCH_LOTS", 1_000_000);
    let genealogy = generate(lots);
    println!("{lots} lots, {} edges; load {}\n", genealogy.edges.len(), kit::load());
    let folder = kit::scratch("trace")?;
    let store = load_ours(&genealogy, &folder)?;
    let lite = load_lite(&genealogy, &folder)?;
    let postgres = Cluster::start();
    let client = match &postgres {
        Ok(cluster) => Some(load_postgres(&genealogy, cluster)?),
        Err(_) => None,
    };
    println!("\n{}", kit::HEAD);
    let mut goals = String::new();
    for query in queries(&genealogy) {
        measure(&query, &store, &lite, postgres.as_ref().ok().zip(client.as_ref()), &mut goals)?;
    }
    println!("\n{goals}- load at the end {}", kit::load());
    if let Err(why) = postgres {
        println!("- {why}: no such rows above");
    }
    Ok(())
}

fn generate(lots: u64) -> Genealogy {
    let mut dice = Dice(11);
    let mut next = 1;
    let mut take = |count: u64| {
        let first = next;
        next += count;
        (first, count)
    };
    let hubs: Vec<(u64, u64)> = HUBS.iter().map(|(lots_each, _)| take((lots / lots_each).max(1))).collect();
    let levels: Vec<(u64, u64)> = LEVELS.iter().map(|level| take((lots * level.share / 1_000).max(1))).collect();
    let mut edges = Vec::new();
    for (at, two) in levels.windows(2).enumerate() {
        link_level(two[0], two[1], LEVELS[at + 1].parents, if at == 0 { 8 } else { 60 }, &mut dice, &mut edges);
    }
    for ((_, takers), hub) in HUBS.iter().zip(&hubs) {
        for (level, percent) in *takers {
            link_hubs(*hub, levels[*level], *percent, &mut dice, &mut edges);
        }
    }
    edges.sort_unstable();
    edges.dedup();
    let mut pick = |level: usize, count: u64| -> Vec<u64> { (0..count).map(|_| levels[level].0 + dice.roll() % levels[level].1).collect() };
    let forward = [pick(0, 40), pick(2, 60)].concat();
    let backward = [pick(10, 50), pick(8, 50)].concat();
    Genealogy { edges, forward, backward, hubs: hubs.iter().flat_map(|(first, count)| *first..first + count).take(12).collect() }
}

/// Each child takes lots of the level before that were open shortly before it.
fn link_level(above: (u64, u64), below: (u64, u64), fan: (u64, u64), window: u64, dice: &mut Dice, edges: &mut Vec<(u64, u64)>) {
    let window = window.min(above.1).max(4);
    let wanted: Vec<u64> = (0..below.1).map(|_| dice.within(fan.0, fan.1)).collect();
    let total = wanted.iter().sum::<u64>();
    let mut at = 0;
    for (child, count) in wanted.iter().enumerate() {
        for _ in 0..*count {
            let near = (child as u64 * above.1 / below.1).saturating_sub(dice.roll() % window);
            // Every other edge goes round in order where the counts allow, so that no lot is left over.
            let in_turn = at * above.1 / total;
            let parent = if above.1 <= total && dice.roll().is_multiple_of(2) { in_turn } else { near };
            edges.push((above.0 + parent.min(above.1 - 1), below.0 + child as u64));
            at += 1;
        }
    }
}

/// A share of a level's lots takes the hub that was open at their time.
fn link_hubs(hubs: (u64, u64), takers: (u64, u64), percent: u64, dice: &mut Dice, edges: &mut Vec<(u64, u64)>) {
    for taker in 0..takers.1 {
        if dice.roll() % 100 < percent {
            edges.push((hubs.0 + taker * hubs.1 / takers.1, takers.0 + taker));
        }
    }
}

fn lot(number: u64) -> anyhow::Result<Node> {
    Node::of(Subject { noun: Noun::Lot, number }).context("a lot's number fits a node")
}

fn load_ours(genealogy: &Genealogy, folder: &tempfile::TempDir) -> anyhow::Result<Store> {
    let (data, started) = (folder.path().join("data"), Instant::now());
    let store = Store::open(Home::existing_or_new(&data)?)?;
    let mut seq = 0;
    for batch in genealogy.edges.chunks(BATCH) {
        let nodes: Vec<(Node, Node)> = batch.iter().map(|(from, to)| Ok((lot(*from)?, lot(*to)?))).collect::<anyhow::Result<_>>()?;
        store.write(|tables| {
            for (from, to) in nodes {
                seq += 1;
                let number = LotEdge::number_of(from, to);
                let edge = LotEdge { edge_id: Id::new(number), quantity: Decimal::whole(1).unwrap_or_default(), ..LotEdge::default() };
                tables.lay(&Replacement { subject: Subject { noun: Noun::LotEdge, number }, old: None, new: Some(Box::new(edge)) }, seq)?;
            }
            Ok(())
        })?;
    }
    let loaded = started.elapsed();
    drop(store);
    // Opened anew, since a plant builds its mirror when it starts.
    let store = Store::open(Home::existing(&data)?)?;
    let building = Instant::now();
    let edges = store.build_mirror()?;
    let each = std::fs::metadata(data.join("plant.redb"))?.len() as f64 / edges as f64;
    println!("- Millwright: loaded in {} s ({} B an edge, history and record included), mirror built in {} s", secs(loaded), three(each), secs(building.elapsed()));
    Ok(store)
}

fn secs(time: Duration) -> String {
    three(time.as_secs_f64())
}

fn load_lite(genealogy: &Genealogy, folder: &tempfile::TempDir) -> anyhow::Result<rusqlite::Connection> {
    let started = Instant::now();
    let mut connection = rusqlite::Connection::open(folder.path().join("peer.sqlite"))?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA cache_size = -262144; CREATE TABLE edge (parent INT, child INT, PRIMARY KEY (parent, child)) WITHOUT ROWID;")?;
    let txn = connection.transaction()?;
    for (from, to) in &genealogy.edges {
        txn.prepare_cached("INSERT INTO edge VALUES (?1, ?2)")?.execute((i64::try_from(*from)?, i64::try_from(*to)?))?;
    }
    txn.commit()?;
    connection.execute_batch("CREATE UNIQUE INDEX backward ON edge (child, parent); ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    println!("- SQLite: loaded in {} s", secs(started.elapsed()));
    Ok(connection)
}

struct Client {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

fn load_postgres(genealogy: &Genealogy, cluster: &Cluster) -> anyhow::Result<Client> {
    let started = Instant::now();
    cluster.psql("CREATE TABLE edge (parent int NOT NULL, child int NOT NULL)")?;
    let mut rows = String::with_capacity(genealogy.edges.len() * 16);
    genealogy.edges.iter().for_each(|(from, to)| _ = writeln!(rows, "{from}\t{to}"));
    cluster.copy_in("edge", rows.as_bytes())?;
    cluster.psql("CREATE UNIQUE INDEX ON edge (parent, child)")?;
    cluster.psql("CREATE UNIQUE INDEX ON edge (child, parent)")?;
    cluster.psql("VACUUM ANALYZE edge")?;
    println!("- PostgreSQL: loaded in {} s", secs(started.elapsed()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (client, connection) = runtime.block_on(tokio_postgres::connect(&cluster.dsn(), tokio_postgres::NoTls))?;
    runtime.spawn(connection);
    Ok(Client { runtime, client })
}

/// A set of traces of one kind.
struct Query<'g> {
    what: &'static str,
    roots: &'g [u64],
    direction: Direction,
    /// How often the whole set is run by us; a peer runs it a tenth as often.
    times: usize,
}

fn queries(genealogy: &Genealogy) -> [Query<'_>; 3] {
    [
        Query { what: "trace forward", roots: &genealogy.forward, direction: Direction::Forward, times: 100 },
        Query { what: "trace backward", roots: &genealogy.backward, direction: Direction::Backward, times: 100 },
        Query { what: "trace forward from a hub", roots: &genealogy.hubs, direction: Direction::Forward, times: 50 },
    ]
}

impl Query<'_> {
    fn sql(&self, parameter: &str) -> String {
        let (from, to) = if self.direction == Direction::Forward { ("parent", "child") } else { ("child", "parent") };
        format!("WITH RECURSIVE t(id) AS (SELECT {to} FROM edge WHERE {from} = {parameter} UNION SELECT e.{to} FROM edge e JOIN t ON e.{from} = t.id) SELECT count(*) FROM t")
    }

    /// Runs the set; every answer is kept or, if it is known already, compared.
    fn run(&self, times: usize, reached: &mut HashMap<u64, u64>, mut clock: impl FnMut() -> Duration, mut trace: impl FnMut(u64) -> anyhow::Result<u64>) -> anyhow::Result<Round> {
        let (started, cpu) = (Instant::now(), clock());
        let mut latencies = Vec::new();
        for root in self.roots.iter().cycle().take(self.roots.len() * times.max(1)) {
            let at = Instant::now();
            let count = trace(*root)?;
            latencies.push(at.elapsed());
            let known = *reached.entry(*root).or_insert(count);
            if known != count {
                bail!("{} of lot {root}: {known} lots by one, {count} by another", self.what);
            }
        }
        Ok(Round { wall: started.elapsed(), cpu: clock().saturating_sub(cpu), latencies })
    }
}

fn measure(query: &Query<'_>, store: &Store, lite: &rusqlite::Connection, postgres: Option<(&Cluster, &Client)>, goals: &mut String) -> anyhow::Result<()> {
    let (mut ours, mut theirs, mut servers) = (Point::default(), Point::default(), Point::default());
    let mut reached = HashMap::new();
    let mut statement = lite.prepare(&query.sql("?1"))?;
    for _ in 0..kit::rounds() {
        ours.add(query.run(query.times, &mut reached, kit::thread_cpu, |root| walk(store, root, query.direction))?);
        let lite_trace = |root| Ok(u64::try_from(statement.query_row([i64::try_from(root)?], |row| row.get::<_, i64>(0))?)?);
        theirs.add(query.run(query.times / 50, &mut reached, kit::thread_cpu, lite_trace)?);
        if let Some((cluster, client)) = postgres {
            servers.add(measure_postgres(query, cluster, client, &mut reached)?);
        }
    }
    let mean = reached.values().sum::<u64>() / reached.len().max(1) as u64;
    let what = format!("{}, {mean} lots in the mean, {} at most", query.what, reached.values().max().copied().unwrap_or(0));
    println!("{}", ours.row(&what, "Millwright, snapshot and walk"));
    println!("{}", theirs.row(&what, "SQLite, in process"));
    if postgres.is_some() {
        println!("{}", servers.row(&what, "PostgreSQL, one connection"));
    }
    judge(query, &ours, &theirs, postgres.map(|_| &servers), goals);
    Ok(())
}

/// As the trace view asks: a snapshot of its own for every question.
fn walk(store: &Store, root: u64, direction: Direction) -> anyhow::Result<u64> {
    let root = lot(root)?;
    let (reached, cut) = store.read(|snapshot| snapshot.walk(root, direction, limits::WALK_MAX))??;
    anyhow::ensure!(!cut, "a walk was cut short");
    Ok(reached.len() as u64)
}

fn measure_postgres(query: &Query<'_>, cluster: &Cluster, to: &Client, reached: &mut HashMap<u64, u64>) -> anyhow::Result<Round> {
    let statement = to.runtime.block_on(to.client.prepare(&query.sql("$1::int")))?;
    // A hub takes most of a second, so a few of them say enough; the clock has ticks of 10 ms.
    let few = Query { roots: &query.roots[..query.roots.len().min(100)], ..*query };
    few.run(
        1,
        reached,
        || cluster.cpu(),
        |root| {
            let row = to.runtime.block_on(to.client.query_one(&statement, &[&i32::try_from(root)?]))?;
            Ok(u64::try_from(row.get::<_, i64>(0))?)
        },
    )
}

fn judge(query: &Query<'_>, ours: &Point, lite: &Point, postgres: Option<&Point>, goals: &mut String) {
    let hub = query.what.ends_with("hub");
    let (ahead, wanted) = (lite.cpu_us() / ours.cpu_us(), if hub { 10.0 } else { 5.0 });
    _ = writeln!(goals, "{}", kit::goal(&format!("{}: CPU less than SQLite's (at least {wanted})", query.what), ahead, ahead >= wanted));
    if let (Some(postgres), true) = (postgres, hub) {
        let ahead = postgres.cpu_us() / ours.cpu_us();
        _ = writeln!(goals, "{}", kit::goal(&format!("{}: CPU less than PostgreSQL's (at least 150)", query.what), ahead, ahead >= 150.0));
    }
    if hub {
        _ = writeln!(goals, "- {}: p99 {} ms (under 5), {}", query.what, three(ours.p99_ms()), if ours.p99_ms() < 5.0 { "holds" } else { "does NOT hold" });
    }
}
