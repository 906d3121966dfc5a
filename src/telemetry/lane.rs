//! The lane's thread: takes what waits, judges its times, writes one block, commits once, then shows
//! it and answers all. After a storage error nothing is acknowledged until the file is open again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::block::{self, Block};
use super::board::{Board, HOUR, Sealing, hour_of};
use super::changes::{self, Changes};
use super::intake::{self, Batch, Intake, Message, Receipt, Sealed};
use super::registry::Registry;
use super::sealing::{self, hourly};
use crate::base::{Code, Refusal, Time, limits};
use crate::engine::Engine;
use crate::model::telemetry::{Gap, Measure, Quarantined, Reading, Sample, Series, SeriesId};
use crate::store::telemetry_file::{Commit, Opened, Shelf, Stretch};
use crate::store::{StoreError, TelemetryFile};

/// How often the sealer looks for a full hour.
const LOOK: Duration = Duration::from_millis(200);
/// How often the disk is asked for its room.
const ASK_ROOM: Duration = Duration::from_millis(500);
/// How often hours are looked for that are too old to be kept.
const RETIRE_EVERY: Duration = Duration::from_secs(600);
/// Waits between tries to open the file again after a fault; the last goes on for ever.
const REOPEN_MILLIS: &[u64] = &[50, 200, 1_000, 5_000];

pub(super) struct Shared {
    pub(super) file: Arc<TelemetryFile>,
    pub(super) registry: Arc<Registry>,
    board: RwLock<Board>,
    changes: Mutex<Changes>,
    room: Room,
    stopping: AtomicBool,
    next_block: AtomicU64,
}

/// Whether there is room for more on the disk.
pub(super) type Room = Box<dyn Fn() -> Result<(), Refusal> + Send + Sync>;

impl Shared {
    pub(super) fn look(&self) -> RwLockReadGuard<'_, Board> {
        self.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Board> {
        self.board.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running lane. Clones are the same lane.
#[derive(Clone)]
pub struct Lane {
    pub(super) shared: Arc<Shared>,
    intake: Intake,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Lane {
    /// Opens the telemetry file beside the plant file (in memory where the plant is) and starts the lane's thread.
    pub fn start(engine: &Engine) -> Result<Self, Refusal> {
        let (clock, disk) = (engine.clone(), engine.clone());
        // A simulated plant's clock stands while its history is made, and may run ahead later; real machines
        // at such a plant go by the wall's.
        Self::over(engine.open_telemetry()?, Box::new(move || clock.plant_now().max(clock.wall_now())), Box::new(move || disk.room()))
    }

    pub(super) fn over((file, opened): (Arc<TelemetryFile>, Opened), now: Box<dyn Fn() -> Time + Send + Sync>, room: Room) -> Result<Self, Refusal> {
        let changes = Mutex::new(Changes::open(opened.cursors.get(changes::CURSOR).map(Vec::as_slice)));
        let registry = Arc::new(Registry::new(opened.series, opened.cursors, now));
        let mut board = Board::default();
        for (number, bytes) in &opened.blocks {
            let samples = block::read(bytes)?;
            board.take(*number, &registry.measures(&samples).into_iter().flatten().collect::<Vec<_>>());
        }
        let next_block = AtomicU64::new(opened.blocks.last().map_or(1, |(number, _)| number + 1));
        remember(&file, &registry, &mut board)?;
        let shared = Arc::new(Shared { file, registry: Arc::clone(&registry), board: RwLock::new(board), changes, room, stopping: AtomicBool::new(false), next_block });
        let (queue, messages) = mpsc::channel(limits::LANE_QUEUE_MAX);
        let lane = Self { shared, intake: Intake { registry, queue }, threads: Arc::default() };
        lane.spawn("telemetry", |shared, _| run(shared, messages))?;
        lane.spawn("sealing", seal_by_and_by)?;
        Ok(lane)
    }

    fn spawn(&self, name: &str, work: impl FnOnce(&Shared, &mpsc::Sender<Message>) + Send + 'static) -> Result<(), Refusal> {
        let (shared, queue) = (Arc::clone(&self.shared), self.intake.queue.clone());
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared, &queue));
        let thread = thread.map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// The way in.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Writes what waits, and ends.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        _ = self.intake.queue.blocking_send(Message::Stop);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of telemetry ended with a panic");
            }
        }
    }

    /// All series.
    pub fn series(&self) -> Vec<Series> {
        self.shared.registry.all()
    }

    /// How many series there are.
    pub fn series_count(&self) -> usize {
        self.shared.registry.count()
    }

    /// The series of a machine, and what each told last.
    pub fn of_machine(&self, machine: &str) -> Vec<(Series, Option<(Time, Reading)>)> {
        let board = self.shared.look();
        self.shared
            .registry
            .of_machine(machine)
            .into_iter()
            .map(|series| {
                let last = board.last_of(series.id);
                (series, last)
            })
            .collect()
    }

    /// What a series told last, and when.
    pub fn last_of(&self, series: SeriesId) -> Option<(Time, Reading)> {
        self.shared.look().last_of(series)
    }

    /// The series of a machine's metric.
    pub fn find(&self, machine: &str, metric: &str) -> Option<Series> {
        self.shared.registry.find(machine, metric)
    }

    /// The newest sample of every series that has one, by series.
    pub fn last(&self) -> Vec<Sample> {
        self.shared.look().last().collect()
    }

    /// The beginning of the first hour in which anything was told; `None` where nothing ever was.
    pub fn first_at(&self) -> Result<Option<Time>, Refusal> {
        let board = self.shared.look();
        let snapshot = self.shared.file.read()?;
        let mut first = board.first_hour();
        for machine in self.shared.registry.machines().into_keys() {
            first = snapshot.first_slot(Shelf::Hours, machine)?.into_iter().chain(first).min();
        }
        Ok(first.map(|hour| Time::from_micros(i64::from(hour) * HOUR)))
    }

    /// Hours in which anything was written since [`Self::shown`] was told last; `None`: it never was, so all.
    pub fn changed_hours(&self) -> Option<BTreeSet<u32>> {
        self.shared.changes().take()
    }

    /// The lake shows the hours that were asked for, up to a moment. Untold, they are named again the next time.
    pub fn shown(&self, up_to: Time) -> Result<(), Refusal> {
        intake::ask(&self.intake.queue, |done| Message::Shown(up_to, done))
    }

    /// Rises with everything that is written.
    pub fn commits(&self) -> u64 {
        self.shared.next_block.load(Ordering::Relaxed)
    }

    /// Samples that are in memory and not sealed yet.
    pub fn unsealed(&self) -> usize {
        self.shared.look().samples()
    }

    /// What is known to be lost, newest first.
    pub fn gaps(&self, limit: usize) -> Result<Vec<Gap>, Refusal> {
        Ok(self.shared.file.read()?.gaps(limit)?)
    }

    /// What could not be taken, newest first.
    pub fn quarantined(&self, limit: usize) -> Result<Vec<Quarantined>, Refusal> {
        Ok(self.shared.file.read()?.quarantined(limit)?)
    }
}

/// Newest readings of series that have none in memory: from the newest day in which their machine told anything.
fn remember(file: &TelemetryFile, registry: &Registry, board: &mut Board) -> Result<(), StoreError> {
    let snapshot = file.read()?;
    let known: BTreeSet<SeriesId> = board.last().map(|sample| sample.series).collect();
    for (machine, series) in registry.machines() {
        let mut missing: Vec<SeriesId> = series.into_iter().filter(|id| !known.contains(id)).collect();
        let mut day = u32::MAX;
        for _ in 0..limits::STATE_BACK_DAYS {
            let Some(slot) = snapshot.slot_before(Shelf::HourRollups, Stretch { machine, slot: day })?.filter(|_| !missing.is_empty()) else { break };
            day = slot;
            let bytes = snapshot.one(Shelf::HourRollups, Stretch { machine, slot })?.unwrap_or_default();
            let mut still = Vec::new();
            for id in missing {
                match hourly(&bytes, id)?.iter().rev().find_map(|(_, tally)| tally.last()) {
                    Some((at, reading)) => board.remember(id, at, reading),
                    None => still.push(id),
                }
            }
            missing = still;
        }
    }
    Ok(())
}

/// A batch whose samples were judged.
struct Judged {
    source: String,
    samples: Vec<Sample>,
    receipt: Receipt,
    reply: oneshot::Sender<Result<Receipt, Refusal>>,
}

fn run(shared: &Shared, mut messages: mpsc::Receiver<Message>) {
    let (mut waiting, mut asked_at, mut room) = (Vec::new(), Instant::now(), (shared.room)());
    while messages.blocking_recv_many(&mut waiting, limits::LANE_BATCHES_MAX) > 0 {
        let mut stop = false;
        let mut batches = Vec::new();
        for message in waiting.drain(..) {
            match message {
                Message::Batch(batch, reply) => batches.push((batch, reply)),
                Message::Sealed(sealed, done) => _ = done.send(keep_sealed(shared, sealed)),
                Message::Shown(up_to, done) => _ = done.send(keep_shown(shared, up_to)),
                Message::Retired(retired) => retire(shared, retired),
                Message::Stop => stop = true,
            }
        }
        if !batches.is_empty() && asked_at.elapsed() > ASK_ROOM {
            (asked_at, room) = (Instant::now(), (shared.room)());
        }
        match &room {
            Ok(()) => write(shared, batches),
            Err(refusal) => batches.into_iter().for_each(|(_, reply)| _ = reply.send(Err(refusal.clone()))),
        }
        if stop {
            // What comes from now on is told that it was never looked at.
            messages.close();
        }
    }
}

fn write(shared: &Shared, batches: Vec<(Batch, oneshot::Sender<Result<Receipt, Refusal>>)>) {
    if batches.is_empty() {
        return;
    }
    let now = shared.registry.now();
    let mut commit = Commit::default();
    let mut judged = Vec::with_capacity(batches.len());
    let full = shared.look().samples() > limits::UNSEALED_MAX;
    for (batch, reply) in batches {
        if full {
            _ = reply.send(Err(Refusal::new(Code::Busy, "more samples are in memory than may be; try again in a second")));
        } else {
            judged.push(judge(&shared.registry, batch, reply, now, &mut commit));
        }
    }
    commit.series = shared.registry.take_unsaved();
    let samples: usize = judged.iter().map(|it| it.samples.len()).sum();
    let hours: BTreeSet<u32> = judged.iter().flat_map(|it| &it.samples).map(|sample| hour_of(sample.at.micros())).collect();
    let number = shared.next_block.fetch_add(1, Ordering::Relaxed);
    if samples > 0 {
        let mut block = Block::new(samples);
        judged.iter().flat_map(|it| &it.samples).for_each(|sample| block.add(sample));
        commit.blocks.push((number, block.finish()));
    }
    commit.cursors.extend(shared.changes().name(&hours).map(|named| (changes::CURSOR.to_owned(), named)));
    if let Err(error) = shared.file.commit(&commit) {
        return fail(shared, &commit, judged, &error);
    }
    for (source, cursor) in commit.cursors {
        shared.registry.keep_cursor(&source, cursor);
    }
    show(shared, number, &mut judged);
    // Only now can they be read; and whoever has the answer finds their hours named.
    shared.changes().written(hours);
    for it in judged {
        count(&it.source, it.receipt);
        _ = it.reply.send(Ok(it.receipt));
    }
}

fn judge(registry: &Registry, batch: Batch, reply: oneshot::Sender<Result<Receipt, Refusal>>, now: Time, commit: &mut Commit) -> Judged {
    let Batch { source, window, samples, gaps, quarantined, cursor } = batch;
    let mut receipt = Receipt { quarantined: quarantined.len() as u64, ..Receipt::default() };
    commit.gaps.extend(gaps);
    commit.quarantined.extend(quarantined);
    commit.cursors.extend(cursor.map(|cursor| (source.clone(), cursor)));
    let mut taken = Vec::with_capacity(samples.len());
    for sample in samples {
        match window.fault(&sample, now) {
            None => taken.push(sample),
            Some(why) => {
                receipt.quarantined += 1;
                commit.quarantined.push(quarantine(registry, &source, now, why, &sample));
            }
        }
    }
    Judged { source, samples: taken, receipt, reply }
}

/// A sample that no adapter has shown as it came, in words.
fn quarantine(registry: &Registry, source: &str, now: Time, why: &str, sample: &Sample) -> Quarantined {
    let (machine, metric) = registry.series(sample.series).map_or_else(Default::default, |series| (series.machine, series.metric));
    let value = match &sample.value {
        Reading::Number(number) => number.to_string(),
        Reading::Text(text) => format!("\"{text}\""),
        Reading::Unavailable => "unavailable".to_owned(),
    };
    let mut original = format!("{machine} {metric}={value} {}", sample.at).into_bytes();
    original.truncate(limits::QUARANTINED_BYTES_MAX);
    Quarantined { source: source.to_owned(), received_at: now, why: why.to_owned(), original }
}

/// Shows what is on disk, and answers.
fn show(shared: &Shared, number: u64, judged: &mut [Judged]) {
    let measured: Vec<Vec<Option<(&Sample, Measure)>>> = judged.iter().map(|it| shared.registry.measures(&it.samples)).collect();
    let all: Vec<(&Sample, Measure)> = measured.into_iter().flatten().flatten().collect();
    let new = if all.is_empty() { Vec::new() } else { shared.change().take(number, &all) };
    let mut new = new.into_iter();
    for it in judged {
        let stored = new.by_ref().take(it.samples.len()).filter(|new| *new).count() as u64;
        it.receipt.stored = stored;
        it.receipt.repeated = it.samples.len() as u64 - stored;
    }
}

fn count(source: &str, receipt: Receipt) {
    for (what, number) in [("stored", receipt.stored), ("repeated", receipt.repeated), ("quarantined", receipt.quarantined)] {
        if number > 0 {
            metrics::counter!("millwright_telemetry_samples_total", "source" => source.to_owned(), "became" => what).increment(number);
        }
    }
}

/// The outcome is unknown: whoever sent it sends it again, and what is there already is known again.
fn fail(shared: &Shared, commit: &Commit, judged: Vec<Judged>, error: &StoreError) {
    tracing::error!(%error, "telemetry could not be written; opening its file again");
    shared.registry.still_unsaved(&commit.series);
    shared.changes().doubt();
    for it in judged {
        _ = it.reply.send(Err(Refusal::new(Code::Unavailable, format!("telemetry could not be written ({error}); send the samples again"))));
    }
    reopen(shared);
}

fn reopen(shared: &Shared) {
    let mut waits = REOPEN_MILLIS.iter();
    let mut wait = Duration::ZERO;
    while !shared.stopping.load(Ordering::SeqCst) {
        wait = waits.next().map_or(wait, |millis| Duration::from_millis(*millis));
        std::thread::sleep(wait);
        match shared.file.reopen() {
            Ok(()) => return tracing::info!("telemetry is written again"),
            Err(error) => tracing::error!(%error, "the telemetry file cannot be opened yet"),
        }
    }
}

fn keep_sealed(shared: &Shared, sealed: Sealed) -> Result<(), Refusal> {
    let drained = shared.look().drained_by(sealed.hour, &sealed.blocks);
    let commit = Commit { shelved: sealed.shelved, drained, ..Commit::default() };
    if let Err(error) = shared.file.commit(&commit) {
        shared.change().give_back(sealed.hour);
        reopen(shared);
        return Err(error.into());
    }
    shared.change().end_sealing(sealed.hour, &sealed.blocks);
    Ok(())
}

fn keep_shown(shared: &Shared, up_to: Time) -> Result<(), Refusal> {
    let named = shared.changes().settle(up_to);
    let committed = shared.file.commit(&Commit { cursors: [(changes::CURSOR.to_owned(), named)].into(), ..Commit::default() });
    // What the file still names beyond that is read once more after a restart, and no harm done.
    if committed.is_err() {
        reopen(shared);
    }
    Ok(committed?)
}

/// What cannot be retired now is found again the next time.
fn retire(shared: &Shared, retired: Vec<(Shelf, Stretch)>) {
    if let Err(error) = shared.file.commit(&Commit { retired, ..Commit::default() }) {
        tracing::error!(%error, "old hours of telemetry could not be retired");
        reopen(shared);
    }
}

/// Sealed hours that are older than samples are kept, some at a time.
fn too_old(shared: &Shared) -> Result<Vec<(Shelf, Stretch)>, StoreError> {
    let before = hour_of(shared.registry.now().minus(limits::SAMPLES_KEPT).micros());
    let snapshot = shared.file.read()?;
    let mut old = Vec::new();
    for machine in shared.registry.machines().into_keys() {
        if snapshot.first_slot(Shelf::Hours, machine)?.is_none_or(|first| first >= before) {
            continue;
        }
        old.extend(snapshot.slots(Shelf::Hours, machine, 0, before.saturating_sub(1))?.into_iter().map(|slot| (Shelf::Hours, Stretch { machine, slot })));
    }
    old.truncate(limits::RETIRED_AT_ONCE);
    Ok(old)
}

fn seal_by_and_by(shared: &Shared, queue: &mpsc::Sender<Message>) {
    let mut retires_at = Instant::now();
    while !shared.stopping.load(Ordering::SeqCst) {
        let due = shared.change().begin_sealing(shared.registry.now());
        let Some(due) = due else {
            if Instant::now() >= retires_at {
                match too_old(shared) {
                    Ok(old) if old.is_empty() => retires_at = Instant::now() + RETIRE_EVERY,
                    Ok(old) => _ = queue.blocking_send(Message::Retired(old)),
                    Err(error) => tracing::warn!(%error, "old hours of telemetry could not be looked for"),
                }
            }
            std::thread::sleep(LOOK);
            continue;
        };
        if let Err(refusal) = seal_one(shared, queue, &due) {
            tracing::warn!(%refusal, hour = due.hour, "an hour of telemetry could not be sealed; it is tried again");
            shared.change().give_back(due.hour);
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

fn seal_one(shared: &Shared, queue: &mpsc::Sender<Message>, due: &Sealing) -> Result<(), Refusal> {
    let shelved = sealing::seal(&shared.registry, &shared.file.read()?, due)?;
    intake::ask(queue, |done| Message::Sealed(Sealed { hour: due.hour, shelved, blocks: due.blocks.clone() }, done))
}
