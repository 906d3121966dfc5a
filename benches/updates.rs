//! Durable work-order updates in process: one, 32 and 256 submitters against PostgreSQL by pgbench
//! with as many clients and SQLite in process, in turn, on the same disk. An update is answered
//! after its commit on either side. Clients share the machine with the engine and with PostgreSQL.
#![allow(clippy::print_stdout)]

mod kit;

use std::time::Instant;

use kit::peer_orders::{self, Lite};
use kit::plant::{self, Updates};
use kit::postgres::Cluster;
use kit::{HEAD, Point, Round, point_time, three};
use millwright::engine::Engine;
use millwright::store::plant_file::QuickRepair;

const SUBMITTERS: [usize; 3] = [1, 32, 256];

fn main() -> anyhow::Result<()> {
    let orders = kit::setting("MILLWRIGHT_BENCH_ORDERS", 100_000);
    let ours = scratch_plant(orders)?;
    let (lite_folder, postgres) = (kit::scratch("sqlite")?, Cluster::start());
    let mut lite = Lite::populated(lite_folder.path(), orders)?;
    if let Ok(cluster) = &postgres {
        peer_orders::populate(cluster, orders)?;
    }
    let mut points = Points::default();
    for _ in 0..kit::rounds() {
        for (at, submitters) in SUBMITTERS.into_iter().enumerate() {
            points.ours[at].add(submit(&ours.engine, orders, submitters)?);
            if let Ok(cluster) = &postgres {
                points.postgres[at].add(cluster.pgbench(&peer_orders::pgbench_script(orders), submitters, point_time())?);
            }
        }
        points.lite.add(kit::repeat(point_time(), || lite.update())?);
    }
    points.print(&postgres);
    ours.engine.stop();
    Ok(())
}

struct Ours {
    engine: Engine,
    _folder: tempfile::TempDir,
}

fn scratch_plant(orders: u64) -> anyhow::Result<Ours> {
    let folder = kit::scratch("plant")?;
    let engine = plant::open(&folder.path().join("data"), QuickRepair::On)?;
    let started = Instant::now();
    plant::populate(&engine, orders)?;
    println!("{orders} orders of 13 columns in the peers, of 50 here, made in {} s; load {}\n", three(started.elapsed().as_secs_f64()), kit::load());
    Ok(Ours { engine, _folder: folder })
}

/// One round of ours: a plain thread for one submitter, as many tasks otherwise.
fn submit(engine: &Engine, orders: u64, submitters: usize) -> anyhow::Result<Round> {
    if submitters == 1 {
        let mut updates = Updates::new(1, orders)?;
        return kit::repeat(point_time(), || updates.next().map_or(Ok(()), |envelope| engine.submit_wait(envelope).map(drop).map_err(plant::refused)));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    let (started, cpu) = (Instant::now(), kit::own_cpu());
    let latencies = runtime.block_on(async {
        let tasks: Vec<_> = (0..submitters as u64).map(|seed| tokio::spawn(submit_in_turn(engine.clone(), seed, orders))).collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await??);
        }
        anyhow::Ok(all)
    })?;
    Ok(Round { wall: started.elapsed(), cpu: kit::own_cpu() - cpu, latencies })
}

async fn submit_in_turn(engine: Engine, seed: u64, orders: u64) -> anyhow::Result<Vec<std::time::Duration>> {
    let (started, mut latencies) = (Instant::now(), Vec::new());
    for envelope in Updates::new(seed, orders)? {
        if started.elapsed() >= point_time() {
            break;
        }
        let at = Instant::now();
        engine.submit(envelope).await.map_err(plant::refused)?;
        latencies.push(at.elapsed());
    }
    Ok(latencies)
}

#[derive(Default)]
struct Points {
    ours: [Point; 3],
    postgres: [Point; 3],
    lite: Point,
}

impl Points {
    fn print(&self, postgres: &Result<Cluster, String>) {
        println!("{HEAD}");
        for (at, submitters) in SUBMITTERS.into_iter().enumerate() {
            println!("{}", self.ours[at].row(&format!("durable updates, {submitters} at once"), "Millwright, in process"));
            if postgres.is_ok() {
                println!("{}", self.postgres[at].row(&format!("durable updates, {submitters} at once"), "PostgreSQL, pgbench"));
            }
        }
        println!("{}\n", self.lite.row("durable updates, 1 at once", "SQLite WAL FULL, in process"));
        let behind = self.ours[0].p50_ms() / self.lite.p50_ms();
        println!("{}", kit::goal("one submitter, p50 over SQLite's (at most 6)", behind, behind <= 6.0));
        match postgres {
            Ok(_) => self.print_postgres_goals(),
            Err(why) => println!("- {why}: ours alone above"),
        }
        println!("- load at the end {}", kit::load());
    }

    fn print_postgres_goals(&self) {
        let best = self.postgres.iter().map(Point::rate).fold(0.0, f64::max);
        let even = self.ours[1].rate() / self.postgres[1].rate();
        let ahead = self.ours[2].rate() / best;
        println!("{}", kit::goal("32 submitters over PostgreSQL with 32 clients (at least 1)", even, even >= 1.0));
        println!("{}", kit::goal("256 submitters over PostgreSQL's best (at least 2)", ahead, ahead >= 2.0));
    }
}
