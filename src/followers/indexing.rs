//! Keeps the search index up with the journal: entries name the records that changed, and the
//! records are indexed as they are now, each once however often it changed. Gathers for half a
//! second at most; without news it does nothing. Deliberately on a thread of its own, since the
//! index works in its caller's time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::base::{Code, Digest, Refusal, limits};
use crate::engine::Engine;
use crate::engine::follow::Follower;
use crate::model::{Entry, Noun, Subject};
use crate::search::{self, Fault, Index, Mark, Opened, Writer, nouns};
use crate::store::codec::Sealed;
use crate::store::{Snapshot, StoreError, View as _};

/// How long the first news after a silence waits for more.
const GATHER: Duration = Duration::from_millis(50);
/// How long to wait before trying again what failed.
const AGAIN: Duration = Duration::from_secs(5);

/// Versions of a record that are looked through; who changes faster is written without looking.
const LOOK_BACK: usize = 8;

/// Tells how many of how many records are indexed; false stops.
type Progress<'p> = &'p mut dyn FnMut(u64, u64) -> bool;

/// Follows the journal until told to stop. Blocks its thread.
pub fn run(engine: &Engine, folder: &Path, index: &Arc<Index>, mut stopping: watch::Receiver<bool>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::error!(%error, "the search index has no thread to run on; search finds numbers only"),
    };
    while !*stopping.borrow() {
        match follow(&runtime, engine, folder, index, &mut stopping) {
            Ok(()) => return,
            Err(refusal) => tracing::warn!(%refusal, "the search index waits and tries again"),
        }
        runtime.block_on(async {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
        });
    }
}

/// Brings the index up to the head and closes it: for a plant that is not served.
pub fn catch_up(engine: &Engine, folder: &Path, index: &Arc<Index>, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
    let Some(mut writer) = open(engine, folder, index, &mut |done, total| {
        progress(done, total);
        true
    })?
    else {
        return Ok(());
    };
    loop {
        let after = index.position();
        let entries = engine.read(|snapshot| snapshot.entries(after, limits::PAGE_MAX))??;
        let Some(last) = entries.last() else { break };
        take_in(engine, &mut writer, &changed(&entries).collect(), last.seq)?;
    }
    writer.close().map_err(refused)
}

/// A thread that follows.
pub fn start(engine: &Engine, folder: PathBuf, index: &Arc<Index>, stopping: watch::Receiver<bool>) -> Result<std::thread::JoinHandle<()>, Refusal> {
    let (engine, index) = (engine.clone(), Arc::clone(index));
    let work = move || run(&engine, &folder, &index, stopping);
    std::thread::Builder::new().name("indexing".to_owned()).spawn(work).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}

fn refused(fault: Fault) -> Refusal {
    Refusal::new(Code::Unavailable, fault.to_string())
}

fn hash_of(snapshot: &Snapshot, seq: u64) -> Result<Option<Digest>, StoreError> {
    // Before the first entry there is nothing to be told apart by.
    if seq == 0 { Ok(Some(Digest::NONE)) } else { Ok(snapshot.entry_hashes(seq, seq)?.pop()) }
}

/// An index that holds the plant as it was at some entry; `None` if told to stop before.
fn open(engine: &Engine, folder: &Path, index: &Arc<Index>, progress: Progress<'_>) -> Result<Option<Writer>, Refusal> {
    let holds = |mark: Mark| matches!(engine.read(|snapshot| hash_of(snapshot, mark.seq)), Ok(Ok(Some(hash))) if hash == mark.hash);
    match Writer::open(folder, index, holds).map_err(refused)? {
        Opened::Ready(writer) => Ok(Some(writer)),
        Opened::Empty(mut writer, why) => {
            tracing::info!(why, "the search index is made anew");
            Ok(fill(engine, &mut writer, progress)?.then_some(writer))
        }
    }
}

/// Indexes all records, page by page, as of the head before the first page or later; false if told to stop.
fn fill(engine: &Engine, writer: &mut Writer, progress: Progress<'_>) -> Result<bool, Refusal> {
    let (seq, hash) = engine.read(Snapshot::head_hash)??;
    let mut total = 0;
    for noun in nouns() {
        total += engine.read(|snapshot| snapshot.last_number(noun))??;
    }
    let mut done = 0;
    for noun in nouns() {
        let mut after = None;
        loop {
            let page = engine.read(|snapshot| page(snapshot, noun, after))??;
            for sealed in &page {
                add(writer, sealed)?;
                after = sealed.value.as_ref().map(|record| record.number());
            }
            done += page.len() as u64;
            if !progress(done, total) {
                return Ok(false);
            }
            if page.len() < limits::INDEX_PAGE {
                break;
            }
        }
    }
    // What changed meanwhile stands behind the mark and is indexed again.
    writer.commit(Mark { seq, hash }).map_err(refused)?;
    writer.pack().map_err(refused)?;
    tracing::info!(records = done, seq, "the search index is made");
    Ok(true)
}

type Record = Sealed<Box<dyn crate::model::AnyRecord>>;

fn page(snapshot: &Snapshot, noun: Noun, after: Option<u64>) -> Result<Vec<Record>, StoreError> {
    let mut page = Vec::with_capacity(limits::INDEX_PAGE);
    snapshot.scan(noun, after, false, |sealed| {
        page.push(sealed);
        Ok(page.len() < limits::INDEX_PAGE)
    })?;
    Ok(page)
}

fn add(writer: &Writer, sealed: &Record) -> Result<(), Refusal> {
    match &sealed.value {
        Some(record) => writer.add(record.as_ref(), sealed.seq).map_err(refused),
        None => Ok(()),
    }
}

/// The records that entries changed and that are searched.
fn changed(entries: &[Entry]) -> impl Iterator<Item = Subject> + '_ {
    let searched: BTreeSet<Noun> = nouns().collect();
    entries.iter().flat_map(|entry| &entry.changes).map(|change| change.subject).filter(move |subject| searched.contains(&subject.noun))
}

fn follow(runtime: &tokio::runtime::Runtime, engine: &Engine, folder: &Path, index: &Arc<Index>, stopping: &mut watch::Receiver<bool>) -> Result<(), Refusal> {
    let mut told = Instant::now();
    let stop = stopping.clone();
    let opened = open(engine, folder, index, &mut |done, total| {
        if told.elapsed() > AGAIN {
            told = Instant::now();
            tracing::info!(done, total, "the search index is being made");
        }
        !*stop.borrow()
    });
    let Some(mut writer) = opened? else { return Ok(()) };
    let mut follower = Follower::new(engine, index.position()).pausing(GATHER / 2);
    let mut waiting = BTreeSet::new();
    let (mut due, mut earliest) = (None, Instant::now());
    loop {
        let news = runtime.block_on(async {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => Ok(None),
                () = tokio::time::sleep_until(due.unwrap_or(earliest)), if due.is_some() => Ok(Some(Vec::new())),
                entries = follower.next(), if waiting.len() < limits::INDEX_WAITING_MAX => entries,
            }
        })?;
        match news {
            Some(entries) if !entries.is_empty() => {
                waiting.extend(changed(&entries));
                due.get_or_insert((Instant::now() + GATHER).max(earliest));
            }
            end => {
                take_in(engine, &mut writer, &std::mem::take(&mut waiting), follower.position())?;
                if end.is_none() {
                    // A merge under way is left: the files it would have replaced are whole.
                    return Ok(());
                }
                (due, earliest) = (None, Instant::now() + limits::INDEX_PAUSE);
            }
        }
    }
}

/// What of some records has to be written: most changes of an order or a lot move quantities and times,
/// which nobody searches for, and writing a document again costs more than reading the old record.
fn to_index(snapshot: &Snapshot, subjects: &[Subject], indexed: u64) -> Result<Vec<(Subject, Option<Record>)>, StoreError> {
    let mut changed = Vec::new();
    for subject in subjects {
        match snapshot.any(*subject)? {
            Some(sealed) if reads_as_indexed(snapshot, *subject, &sealed, indexed)? => {}
            sealed => changed.push((*subject, sealed)),
        }
    }
    Ok(changed)
}

/// Whether a record has had the same words and numbers ever since the entry up to which the index is
/// made. All versions since then are looked at, as any of them may be the one that was indexed.
fn reads_as_indexed(snapshot: &Snapshot, subject: Subject, now: &Record, indexed: u64) -> Result<bool, StoreError> {
    let Some(value) = &now.value else { return Ok(false) };
    let (mut seq, mut previous) = (now.seq, now.previous);
    for _ in 0..LOOK_BACK {
        if seq <= indexed {
            return Ok(true);
        }
        let Some(old) = snapshot.past(subject, previous)? else { return Ok(false) };
        if !old.value.is_some_and(|old| search::read_alike(old.as_ref(), value.as_ref())) {
            return Ok(false);
        }
        (seq, previous) = (old.seq, old.previous);
    }
    Ok(false)
}

/// Indexes records as they are now, and says that the journal was read so far.
fn take_in(engine: &Engine, writer: &mut Writer, subjects: &BTreeSet<Subject>, seq: u64) -> Result<(), Refusal> {
    let (subjects, indexed): (Vec<Subject>, u64) = (subjects.iter().copied().collect(), writer.position());
    let mut written = false;
    for page in subjects.chunks(limits::INDEX_PAGE) {
        for (subject, sealed) in engine.read(|snapshot| to_index(snapshot, page, indexed))?? {
            written = true;
            writer.remove(subject);
            if let Some(sealed) = sealed {
                add(writer, &sealed)?;
            }
        }
    }
    if !written {
        writer.pass(seq);
        return Ok(());
    }
    let hash = engine.read(|snapshot| hash_of(snapshot, seq))??;
    let hash = hash.ok_or_else(|| Refusal::new(Code::Internal, format!("the journal has no entry {seq}, which was read before")))?;
    writer.commit(Mark { seq, hash }).map_err(refused)
}
