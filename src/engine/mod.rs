//! Floor 4: the one way in and the one way to look. `submit` queues a command for the single
//! writer and answers after the durable commit; `read` looks at one moment; `head` tells how far
//! the journal is. Deliberately without knowledge of who asks: adapters translate strangers.

mod backups;
pub mod clock;
pub mod follow;
mod receipts;
mod timers;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::base::{Code, Digest, Refusal, Time, limits};
use crate::model::journal::{Actor, Origin};
use crate::model::{AnyRecord, Command, Subject};
use crate::store::{Snapshot, Store, StoreError, Tables};
pub use backups::Kept;
use clock::{Clock, PlantClock};

/// A command with everything around it.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// At which terminal.
    pub terminal: Option<String>,
    /// The caller's idempotency key.
    pub command_id: Option<String>,
    /// The record must still be at this sequence.
    pub expected: Option<(Subject, u64)>,
    /// Why.
    pub reason: Option<String>,
    /// When it happened, if not now.
    pub occurred_at: Option<Time>,
    /// Verifiers beside the command, already hashed.
    pub secret: Option<Vec<u8>>,
    /// What.
    pub command: Command,
}

impl Envelope {
    /// A command by an actor, with nothing else said.
    pub fn of(actor: Actor, command: Command) -> Self {
        Self { actor, origin: Origin::Person, terminal: None, command_id: None, expected: None, reason: None, occurred_at: None, secret: None, command }
    }
}

/// An accepted command.
pub struct Outcome {
    /// Its place in the journal.
    pub seq: u64,
    /// The record it was mainly about.
    pub subject: Subject,
    /// It had been accepted before, under the same command id.
    pub repeated: bool,
    /// That record as this command left it, so that an answer need not look for it; `None` where it
    /// did not change, is a repetition, or keeps a person's names apart.
    pub written: Option<Box<dyn AnyRecord>>,
}

impl Clone for Outcome {
    fn clone(&self) -> Self {
        Self { written: self.written.as_ref().map(|record| record.copied()), ..*self }
    }
}

/// Sequence and subject say which change it was, and so what was written.
impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        (self.seq, self.subject, self.repeated) == (other.seq, other.subject, other.repeated)
    }
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outcome({} {}{})", self.seq, self.subject, if self.repeated { ", repeated" } else { "" })
    }
}

/// A command with what can be worked out before it reaches the writer, whose time is everybody's.
struct Prepared {
    envelope: Envelope,
    name: String,
    payload: String,
    /// Hashes of the idempotency key and of what it stands for.
    key: Option<receipts::Key>,
}

impl Prepared {
    fn of(envelope: Envelope) -> Self {
        let (name, payload) = (envelope.command.name(), envelope.command.payload());
        let key = envelope.command_id.as_deref().map(|id| {
            // Reason and time are part of what was asked; its version (If-Match) only guards it.
            let told = envelope.occurred_at.map(Time::micros);
            receipts::Key::of(id, &format!("{}\n{told:?}\n{:?}", envelope.command.fingerprint(), envelope.reason))
        });
        Self { envelope, name, payload, key }
    }
}

type Reply = oneshot::Sender<Result<Outcome, Refusal>>;
type DeskWork = Box<dyn FnOnce(&mut Tables<'_>) -> Result<(), StoreError> + Send>;

enum Message {
    Command(Box<Prepared>, Reply),
    Desk(DeskWork, oneshot::Sender<Result<(), Refusal>>),
    /// Nothing after this is taken, whoever still holds the engine.
    Stop,
}

/// How the engine runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The wall clock.
    pub clock: Clock,
    /// Free bytes under which ordinary writes are refused.
    pub space_floor: u64,
    /// Whether timers become commands.
    pub timers: bool,
    /// Waits between tries to reopen the store after a fault; after the last the engine gives up.
    pub reopen_waits: Vec<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        let seconds = [0.05, 0.2, 1.0, 2.0, 5.0, 10.0];
        Self { clock: Clock::System, space_floor: limits::SPACE_FLOOR, timers: true, reopen_waits: seconds.into_iter().map(Duration::from_secs_f64).collect() }
    }
}

/// Why writes are refused just now, if they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Everything is accepted.
    #[default]
    Ready,
    /// Writes are refused for this reason; reads go on.
    Refusing(Refusal),
    /// The store could not be reopened: the process must end, for its supervisor to start it anew.
    Failed(String),
}

struct Shared {
    store: Store,
    options: Options,
    head: watch::Sender<u64>,
    health: watch::Sender<Health>,
    plant_clock: Mutex<PlantClock>,
    /// Kept backups are made one at a time.
    backing_up: Mutex<()>,
}

/// The engine. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Message>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Engine {
    /// Starts the writer on an open store; serves at once, the genealogy mirror is built beside.
    pub fn start(store: Store, options: Options) -> Result<Self, StoreError> {
        let head = store.snapshot()?.head()?;
        let plant_clock = PlantClock::of(&store.snapshot()?)?;
        let shared = Arc::new(Shared {
            store,
            options,
            head: watch::Sender::new(head),
            health: watch::Sender::new(Health::Ready),
            plant_clock: Mutex::new(plant_clock),
            backing_up: Mutex::default(),
        });
        let (queue, messages) = mpsc::channel(limits::QUEUE_MAX);
        let thread = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name("writer".to_owned()).spawn(move || writer::run_or_tell(&shared, messages))
        };
        let engine = Self { shared, queue, writer: Arc::new(Mutex::new(Some(thread.map_err(StoreError::from)?))) };
        engine.build_mirror()?;
        if engine.shared.options.timers {
            timers::start(&engine)?;
        }
        Ok(engine)
    }

    fn build_mirror(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let build = move || {
            if let Err(error) = shared.store.build_mirror() {
                tracing::error!(%error, "the genealogy mirror could not be built; walks read pages");
            }
        };
        std::thread::Builder::new().name("mirror".to_owned()).spawn(build).map_err(StoreError::from)?;
        Ok(())
    }

    /// Submits a command; answers after the durable commit.
    pub async fn submit(&self, envelope: Envelope) -> Result<Outcome, Refusal> {
        self.enqueue(envelope)?.await.unwrap_or_else(|_| Err(unanswered()))
    }

    /// Submits a command from a plain thread.
    pub fn submit_wait(&self, envelope: Envelope) -> Result<Outcome, Refusal> {
        self.enqueue(envelope)?.blocking_recv().unwrap_or_else(|_| Err(unanswered()))
    }

    /// Queues a command without waiting for its answer: many may be on their way at once.
    pub fn enqueue(&self, envelope: Envelope) -> Result<oneshot::Receiver<Result<Outcome, Refusal>>, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Message::Command(Box::new(Prepared::of(envelope)), reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refusal::new(Code::Busy, "more commands are waiting than the writer can queue; try again in a second"),
            mpsc::error::TrySendError::Closed(_) => stopping(),
        })?;
        Ok(answer)
    }

    /// Writes desk rows (sessions, cursors): durable, not journaled, the head does not move.
    pub async fn desk(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<(), StoreError> + Send + 'static) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Message::Desk(Box::new(work), reply)).await.map_err(|_| stopping())?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// Writes desk rows from a plain thread.
    pub fn desk_wait(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<(), StoreError> + Send + 'static) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        self.queue.blocking_send(Message::Desk(Box::new(work), reply)).map_err(|_| stopping())?;
        answer.blocking_recv().unwrap_or_else(|_| Err(stopping()))
    }

    /// Looks at one moment.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> Result<T, Refusal> {
        self.shared.store.read(look).map_err(Refusal::from)
    }

    /// The newest sequence, as it moves.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.shared.head.subscribe()
    }

    /// Whether writes are accepted, as it changes.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    /// The plant's time.
    pub fn plant_now(&self) -> Time {
        self.shared.plant_now()
    }

    /// The wall's time, which rules sessions and throttles.
    pub fn wall_now(&self) -> Time {
        self.shared.options.clock.now()
    }

    /// Readers at this moment.
    pub fn readers(&self) -> usize {
        self.shared.store.readers()
    }

    /// Whether traces go through memory yet.
    pub fn mirror_ready(&self) -> bool {
        self.shared.store.mirror_ready()
    }

    /// The data directory, unless the plant is in memory.
    pub fn root(&self) -> Option<&std::path::Path> {
        self.shared.store.root()
    }

    /// Keeps a file's bytes durably; answers their digest.
    pub fn keep_blob(&self, bytes: &[u8]) -> Result<Digest, Refusal> {
        let root = self.shared.store.root().ok_or_else(|| Refusal::new(Code::Unavailable, "a plant in memory keeps no files"))?;
        Ok(crate::store::blobs::keep(root, bytes)?)
    }

    /// A file's bytes.
    pub fn read_blob(&self, digest: &Digest) -> Result<Vec<u8>, Refusal> {
        let root = self.shared.store.root().ok_or_else(|| Refusal::new(Code::Unavailable, "a plant in memory keeps no files"))?;
        Ok(crate::store::blobs::read(root, digest)?)
    }

    /// Proves chain, history, records, indexes and genealogy; on the running plant.
    pub fn verify(&self, head: Option<(u64, Digest)>, progress: &mut dyn FnMut(u64, u64)) -> Result<crate::store::verify::Report, Refusal> {
        Ok(crate::store::verify::verify(&self.shared.store, head, progress)?)
    }

    /// Refuses where the disk has less room than ordinary writes leave free.
    pub fn room(&self) -> Result<(), Refusal> {
        match self.space()? {
            Some((free, floor)) if free < floor => Err(no_space(free, floor)),
            _ => Ok(()),
        }
    }

    /// Free bytes on the plant's disk, and how many ordinary writes leave free; `None` for a plant in memory.
    pub fn space(&self) -> Result<Option<(u64, u64)>, Refusal> {
        let Some(home) = self.shared.store.home() else { return Ok(None) };
        Ok(Some((home.free_space()?, self.shared.options.space_floor)))
    }

    /// Opens the file of what machines tell, beside the plant's.
    pub fn open_telemetry(&self) -> Result<(Arc<crate::store::TelemetryFile>, crate::store::telemetry_file::Opened), Refusal> {
        Ok(self.shared.store.open_telemetry()?)
    }

    /// Writes a backup of the running plant, as of its head.
    pub fn back_up(&self, target: &std::path::Path) -> Result<crate::store::archive::Summary, Refusal> {
        Ok(crate::store::archive::back_up(&self.shared.store, target)?)
    }

    /// Writes a backup into a new file in the data directory, for a download.
    pub fn back_up_beside(&self) -> Result<(std::path::PathBuf, crate::store::archive::Summary), Refusal> {
        let root = self.shared.store.root().ok_or_else(|| Refusal::new(Code::Unavailable, "a plant in memory has no directory for a backup"))?;
        let path = root.join(format!("download-{}.mwb", self.wall_now().micros()));
        let summary = self.back_up(&path)?;
        Ok((path, summary))
    }

    /// Lets the writer finish what is queued and ends it; whoever asks later is told so,
    /// though others may still hold the engine to read. Blocks.
    pub fn stop(self) {
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Full means that the writer is at work, so a place comes free; closed means that it has ended.
        while let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(Message::Stop) {
            std::thread::yield_now();
        }
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the writer ended with a panic");
        }
    }
}

fn no_space(free: u64, floor: u64) -> Refusal {
    Refusal::new(Code::NoSpace, format!("{free} bytes are free and {floor} are the floor: make room on the disk of the data directory; holds, log-ins and reads go on"))
}

/// The writer took the command and ended without a word about it.
fn unanswered() -> Refusal {
    Refusal::new(Code::OutcomeUnknown, "the writer ended before it answered; the command may or may not be in: ask again with the same idempotency key")
}

fn stopping() -> Refusal {
    Refusal::new(Code::Unavailable, "the plant is stopping; ask again with the same idempotency key when it is back")
}

impl Shared {
    fn plant_now(&self) -> Time {
        self.plant_clock.lock().unwrap_or_else(PoisonError::into_inner).at(self.options.clock.now())
    }
}
