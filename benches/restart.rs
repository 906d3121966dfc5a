//! A writing plant is killed with no warning: how long until it answers a read and accepts a write
//! again, and does it still hold everything it acknowledged? The bench runs itself as the child
//! that writes. Measured with the file in memory and with its pages dropped, with quick repair as
//! the product runs, and without it to show what it costs and saves.
#![allow(clippy::print_stdout)]

mod kit;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kit::plant::{self, Updates};
use kit::{Point, three};
use millwright::engine::Engine;
use millwright::model::{Id, WorkOrder};
use millwright::store::View as _;
use millwright::store::plant_file::QuickRepair;
use rustix::fs::Advice;

/// In the child: the directory to write to.
const CHILD: &str = "MILLWRIGHT_BENCH_CHILD";
/// In the child: whether quick repair is off.
const SLOW: &str = "MILLWRIGHT_BENCH_NO_QUICK_REPAIR";
/// How long the child writes before it is killed, once the plant has its size.
const WRITING: Duration = Duration::from_millis(700);

fn main() -> anyhow::Result<()> {
    if let Ok(root) = std::env::var(CHILD) {
        return write_until_killed(Path::new(&root));
    }
    let megabytes = kit::setting("MILLWRIGHT_BENCH_PLANT_MB", 1_000);
    println!("load {}\n", kit::load());
    println!("| plant | kill -9 | times | open and answer a read, s | accept a write, s | worst write, s |\n| --- | --- | ---: | ---: | ---: | ---: |");
    let folder = kit::scratch("restart")?;
    grow(&folder.path().join("data"), megabytes)?;
    let mut worst: f64 = 0.0;
    for cache in [Cache::Warm, Cache::Cold] {
        worst = worst.max(restart(folder.path(), QuickRepair::On, cache, kit::rounds())?);
    }
    restart(folder.path(), QuickRepair::Off, Cache::Warm, 1)?;
    drop(folder);
    commits()?;
    println!("\n- worst time to the first accepted write {} s (under 1): {}", three(worst), if worst < 1.0 { "holds" } else { "does NOT hold" });
    println!("- load at the end {}", kit::load());
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Cache {
    Warm,
    Cold,
}

fn quick_repair_of_child() -> QuickRepair {
    if std::env::var_os(SLOW).is_some() { QuickRepair::Off } else { QuickRepair::On }
}

/// The child: updates without end, the newest acknowledged sequence told after each window.
fn write_until_killed(root: &Path) -> anyhow::Result<()> {
    let engine = plant::open(root, quick_repair_of_child())?;
    let mut updates = Updates::new(3, orders_of(&engine)?)?;
    loop {
        plant::pipeline(&engine, updates.by_ref().take(500))?;
        // Everything up to the head was committed before the pipeline's last answer came.
        writeln!(std::io::stdout(), "{}", *engine.head().borrow())?;
        std::io::stdout().flush()?;
    }
}

fn orders_of(engine: &Engine) -> anyhow::Result<u64> {
    Ok(engine.read(|snapshot| snapshot.count(millwright::model::Noun::WorkOrder)).map_err(plant::refused)??)
}

/// Fills a plant until its file has this size.
fn grow(root: &Path, megabytes: u64) -> anyhow::Result<()> {
    let engine = plant::open(root, QuickRepair::On)?;
    plant::populate(&engine, 50_000)?;
    let mut updates = Updates::new(5, 50_000)?;
    while size(root)? < megabytes << 20 {
        plant::pipeline(&engine, updates.by_ref().take(10_000))?;
    }
    engine.stop();
    Ok(())
}

fn size(root: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(root.join("plant.redb"))?.len())
}

struct Writing {
    child: Child,
    lines: BufReader<ChildStdout>,
}

/// Starts the child and answers once it has acknowledged something.
fn start_writing(root: &Path, quick_repair: QuickRepair) -> anyhow::Result<Writing> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(CHILD, root).stdout(Stdio::piped());
    if quick_repair == QuickRepair::Off {
        command.env(SLOW, "1");
    }
    let mut child = command.spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("the child's output")?);
    lines.read_line(&mut String::new())?;
    Ok(Writing { child, lines })
}

/// Kills the child in the middle of its writing; answers the last sequence it said was durable.
fn kill(mut writing: Writing) -> anyhow::Result<u64> {
    std::thread::sleep(WRITING);
    // On Unix this is kill -9: nothing of the child runs after it.
    writing.child.kill()?;
    writing.child.wait()?;
    let told: Vec<String> = writing.lines.lines().collect::<Result<_, _>>()?;
    let last = told.iter().rev().find_map(|line| line.parse().ok());
    Ok(last.unwrap_or(0))
}

fn restart(folder: &Path, quick_repair: QuickRepair, cache: Cache, times: u64) -> anyhow::Result<f64> {
    let root = folder.join("data");
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let acknowledged = kill(start_writing(&root, quick_repair)?)?;
        if cache == Cache::Cold {
            drop_pages(&root)?;
        }
        let (read, write) = come_back(&root, quick_repair, acknowledged)?;
        reads.push(read);
        writes.push(write);
    }
    let plant = format!("{} MB, quick repair {}", size(&root)? >> 20, if quick_repair == QuickRepair::On { "on" } else { "off" });
    let how = if cache == Cache::Warm { "pages in memory" } else { "pages dropped" };
    let worst = writes.iter().copied().fold(0.0, f64::max);
    println!("{}", kit::row(&[&plant, &how, &times, &three(kit::median(&reads)), &three(kit::median(&writes)), &three(worst)]));
    Ok(worst)
}

/// Seconds until a read is answered and until a write is durable.
fn come_back(root: &Path, quick_repair: QuickRepair, acknowledged: u64) -> anyhow::Result<(f64, f64)> {
    let started = Instant::now();
    let engine = plant::open(root, quick_repair)?;
    let order = engine.read(|snapshot| snapshot.get(Id::<WorkOrder>::new(7))).map_err(plant::refused)??;
    let read = started.elapsed();
    order.context("order 7 is gone")?;
    let update = Updates::new(9, 1_000)?.next().context("an update")?;
    let outcome = engine.submit_wait(update).map_err(plant::refused)?;
    let write = started.elapsed();
    anyhow::ensure!(outcome.seq > acknowledged, "entry {acknowledged} was acknowledged before the kill, but the journal went on at {}", outcome.seq);
    engine.stop();
    Ok((read.as_secs_f64(), write.as_secs_f64()))
}

/// Asks the system to forget the file's pages, so that the start reads them from the disk.
fn drop_pages(root: &Path) -> anyhow::Result<()> {
    let file = File::open(root.join("plant.redb"))?;
    file.sync_all()?;
    rustix::fs::fadvise(&file, 0, None, Advice::DontNeed)?;
    Ok(())
}

/// Commit latency with and without quick repair, in turn; then how the file grows by many updates.
fn commits() -> anyhow::Result<()> {
    let plants = [Plant::fresh(QuickRepair::On)?, Plant::fresh(QuickRepair::Off)?];
    let mut points: [[Point; 2]; 2] = Default::default();
    for _ in 0..kit::rounds() {
        for (plant, points) in plants.iter().zip(&mut points) {
            for (at, together) in [1, 32].into_iter().enumerate() {
                let mut updates = Updates::new(4, Plant::ORDERS)?;
                points[at].add(kit::repeat(kit::point_time() / 2, || plant::pipeline(&plant.engine, updates.by_ref().take(together)))?);
            }
        }
    }
    println!("\n{}", kit::HEAD);
    for (at, together) in [1, 32].into_iter().enumerate() {
        for (plant, points) in plants.iter().zip(&points) {
            println!("{}", points[at].row(&format!("commits of {together}"), &plant.name()));
        }
    }
    println!();
    plants.into_iter().try_for_each(Plant::grow)
}

struct Plant {
    engine: Engine,
    folder: tempfile::TempDir,
    quick_repair: QuickRepair,
}

impl Plant {
    const ORDERS: u64 = 50_000;

    fn fresh(quick_repair: QuickRepair) -> anyhow::Result<Self> {
        let folder = kit::scratch("commits")?;
        let engine = plant::open(&folder.path().join("data"), quick_repair)?;
        plant::populate(&engine, Self::ORDERS)?;
        Ok(Self { engine, folder, quick_repair })
    }

    fn name(&self) -> String {
        format!("Millwright, quick repair {}", if self.quick_repair == QuickRepair::On { "on" } else { "off" })
    }

    /// The file grows in large steps, so it takes many updates to see the slope.
    fn grow(self) -> anyhow::Result<()> {
        let root = self.folder.path().join("data");
        let many = kit::setting("MILLWRIGHT_BENCH_GROWTH", 200_000);
        let before = size(&root)?;
        plant::pipeline(&self.engine, Updates::new(6, Self::ORDERS)?.take(usize::try_from(many)?))?;
        let grown = size(&root)? - before;
        println!("- {}: the file grew by {} MB over {many} more updates, {} B each", self.name(), grown >> 20, grown / many);
        self.engine.stop();
        Ok(())
    }
}
