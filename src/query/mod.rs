//! Floor 6: SQL over the published tables. DataFusion, and only here: statements in, rows out, for
//! whichever adapter asks. Reading only; on threads of its own below everybody else's priority, with
//! bounds on time, memory, rows and how many at once, so that no statement can hold up the floor.
//!
//! Start reading at [`session`] (what one connection may ask), then `statement` (the allow-list),
//! `rewrite` (PostgreSQL's meaning), `catalog` (tables and who sees them), `pages` (how a scan reads) and
//! `kept` (what it need not read again).
//! Deliberately no wire and no HTTP: adapters translate.

mod answer;
mod called;
mod catalog;
mod checked;
mod counted;
mod fault;
mod functions;
mod kept;
mod literals;
mod metrics;
mod moment;
mod numbers;
mod oee;
mod operators;
mod pages;
mod patterns;
mod percentile;
mod records;
mod rewrite;
mod seek;
mod session;
mod settings;
mod sides;
mod statement;
mod sums;
mod texts;
mod trace;
mod types;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::SessionState;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OnceCell, Semaphore};

use crate::base::{Code, Refusal, limits};
use crate::engine::Engine;
use crate::followers::figures::Figures;
use crate::model::journal::Actor;
use crate::model::permission::{Role, may, who_may};
use crate::telemetry::Lane;
use catalog::Sources;
use kept::Kept;

pub use answer::{Answer, Form, exact_number, float_text, moment_text, table_of};
pub use catalog::act_of;
pub use datafusion::arrow::datatypes::{DataType, SchemaRef};
pub use datafusion::arrow::record_batch::RecordBatch;
pub use datafusion::common::ParamValues;
pub use fault::Fault;
pub use session::{Described, Rows, Session};
pub use settings::SERVER_VERSION;
pub use statement::{Act, Statement};
pub use texts::interval_text;

/// The act that reading by SQL is.
pub const ACT: &str = "QuerySql";
/// Where statements put what does not fit in memory, in the data directory.
const SPILL: &str = "sql-spill";
/// Below everybody else's: the writer and HTTP run first.
const NICE: i32 = 10;
/// How often it is looked whether kept columns are still read.
const KEPT_LOOK: Duration = Duration::from_secs(60);
/// For statements of many operators, each of which stands within the next. Taken only as it is used.
const STACK: usize = 64 << 20;

/// What all sessions share.
struct Shared {
    sources: Sources,
    states: Vec<OnceCell<SessionState>>,
    memory: Arc<RuntimeEnv>,
    parser: PostgresCompatibilityParser,
    turns: Arc<Semaphore>,
    workers: usize,
    handle: Handle,
}

/// SQL over a plant. Clones are the same.
#[derive(Clone)]
pub struct Sql {
    shared: Arc<Shared>,
    /// Ends with the last clone, without waiting for what still runs.
    _threads: Arc<Threads>,
}

struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Sql {
    /// SQL over an engine, what machines told it, and the facts of figures.
    pub fn new(engine: &Engine, lane: Option<&Lane>, figures: &Figures) -> Result<Self, Refusal> {
        let fault = |error: &dyn std::fmt::Display| Refusal::new(Code::Internal, format!("SQL cannot start: {error}"));
        let workers = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        let runtime = Builder::new_multi_thread().worker_threads(workers).thread_name("sql").thread_stack_size(STACK).on_thread_start(step_back).enable_time().build();
        let runtime = runtime.map_err(|error| fault(&error))?;
        let memory = memory(engine.root().map(|root| root.join(SPILL))).map_err(|error| fault(&error))?;
        let kept = Kept::new(engine, limits::SQL_PIECE, limits::SQL_KEPT);
        runtime.spawn(let_go(kept.clone()));
        let shared = Shared {
            sources: Sources { engine: engine.clone(), lane: lane.cloned(), figures: figures.clone(), kept },
            states: Role::ALL.iter().map(|_| OnceCell::new()).collect(),
            memory,
            parser: PostgresCompatibilityParser::new(),
            turns: Arc::new(Semaphore::new(limits::SQL_AT_ONCE)),
            workers,
            handle: runtime.handle().clone(),
        };
        Ok(Self { shared: Arc::new(shared), _threads: Arc::new(Threads(Some(runtime))) })
    }

    /// A connection's own session, for whoever may ask by SQL at all.
    pub fn session(&self, actor: Actor) -> Result<Session, Refusal> {
        if !may(actor.role, ACT) {
            return Err(Refusal::new(Code::Forbidden, format!("the role {} may not ask by SQL ({ACT}); {}", actor.role, who_may(ACT))));
        }
        Ok(Session::new(self.clone(), actor))
    }
}

impl Shared {
    /// Tables and functions of a role, made when first asked for.
    async fn state(&self, role: Role) -> Result<SessionState, Fault> {
        let place = Role::ALL.iter().position(|known| *known == role).unwrap_or(0);
        let made = self.states[place].get_or_try_init(|| catalog::of_role(&self.sources, role, &self.memory, self.workers));
        Ok(made.await?.clone())
    }
}

fn memory(spill: Option<PathBuf>) -> datafusion::error::Result<Arc<RuntimeEnv>> {
    let mode = spill.map_or(DiskManagerMode::Disabled, |folder| {
        // A process that was killed left its files; nobody reads them again.
        _ = std::fs::remove_dir_all(&folder);
        DiskManagerMode::Directories(vec![folder])
    });
    let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(limits::SQL_SPILL_MAX);
    let builder = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(limits::SQL_MEMORY))).with_disk_manager_builder(disk);
    builder.build_arc()
}

/// Gives back, as long as the threads live, what statements left in memory.
async fn let_go(kept: Kept) {
    let mut minutes = tokio::time::interval(KEPT_LOOK);
    loop {
        minutes.tick().await;
        kept.let_go(limits::SQL_KEPT_TIME);
    }
}

/// Lets a thread of ours run only when nobody else wants to. Where the system refuses, it runs as all do.
fn step_back() {
    _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
}
