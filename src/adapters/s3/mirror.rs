//! The mirror of a lake: what changed in the folder is sent, files first and the manifest last, and only
//! then goes what an older manifest named. Before the first file, `.unfinished-NAME.json` says what may
//! come to stand there, so that after a crash what was sent is not sent again and nothing is left behind.
//! A file that the manifest there has with the same hash is not sent at all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::asking::{Content, Storage};
use super::place::Place;
use crate::base::{Code, Refusal, limits};
use crate::engine::Engine;
use crate::followers::lake::Lake;
use crate::lake::{FileLine, lines_named, listed, manifest_in, manifest_name};
use crate::views;

/// How often it looks whether the folder has something new.
const LOOK: Duration = Duration::from_millis(250);
/// What begins the name of the list of what is being sent.
const UNFINISHED: &str = ".unfinished-";

/// Files by their paths.
type Files = BTreeMap<PathBuf, FileLine>;

/// A bucket that is kept as a plant's lake is.
pub struct Mirror {
    engine: Engine,
    lake: Arc<Lake>,
    place: Place,
}

/// What became of one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sent {
    files: usize,
    removed: usize,
}

impl Mirror {
    /// The mirror of a lake.
    pub fn new(engine: Engine, lake: Arc<Lake>, place: Place) -> Self {
        Self { engine, lake, place }
    }

    /// A thread that keeps it up until told to stop.
    pub fn start(self, stopping: watch::Receiver<bool>) -> Result<JoinHandle<()>, Refusal> {
        let fault = |error: std::io::Error| Refusal::new(Code::Internal, format!("the lake cannot be sent: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
        let work = move || runtime.block_on(self.follow(stopping));
        std::thread::Builder::new().name("lake-s3".to_owned()).spawn(work).map_err(fault)
    }

    async fn follow(self, mut stopping: watch::Receiver<bool>) {
        // What is half sent is found by the next start.
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = self.keep_up() => {}
        }
    }

    async fn keep_up(&self) {
        let engine = self.engine.clone();
        let mut storage = Storage::new(self.place.clone(), Box::new(move || engine.wall_now()));
        let (mut shown, mut pause, mut due) = (None, limits::S3_REST, Instant::now());
        loop {
            tokio::time::sleep(LOOK).await;
            let Some((plant, manifest)) = self.news(shown.as_ref()).filter(|_| Instant::now() >= due) else { continue };
            match self.send(&mut storage, &plant, &manifest).await {
                Ok(sent) => {
                    tracing::info!(files = sent.files, removed = sent.removed, "the lake was sent");
                    (shown, pause) = (Some(manifest), limits::S3_REST);
                }
                Err(refusal) => {
                    tracing::warn!(%refusal, "the lake is not sent; it is tried again");
                    due = Instant::now() + pause;
                    pause = (pause * 2).min(limits::S3_REST_MAX);
                }
            }
        }
    }

    /// The plant's name and the manifest in the folder, where it is not the one that was sent last.
    fn news(&self, shown: Option<&Vec<u8>>) -> Option<(String, Vec<u8>)> {
        let plant = self.engine.read(views::plant).ok()?.ok()?.plant_name;
        let manifest = manifest_in(self.lake.folder(), &plant).ok()??;
        (shown != Some(&manifest)).then_some((plant, manifest))
    }

    async fn send(&self, storage: &mut Storage, plant: &str, manifest: &[u8]) -> Result<Sent, Refusal> {
        let name = manifest_name(plant);
        let unfinished = format!("{UNFINISHED}{name}");
        let new = files(manifest, plant)?;
        let there = storage.get(&name).await?.map(|found| found.body);
        let begun = storage.get(&unfinished).await?.map(|found| files(&found.body, plant)).transpose()?;
        if begun.is_none() && there.as_deref() == Some(manifest) {
            return Ok(Sent::default());
        }
        let old = there.map(|bytes| files(&bytes, plant)).transpose()?.unwrap_or_default();
        let begun = begun.unwrap_or_default();
        let mut all = begun.clone();
        all.extend(old.clone());
        all.extend(new.clone());
        storage.put(&unfinished, Content::Bytes(listed(all.values()).as_bytes())).await?;
        let mut sent = Sent::default();
        for (path, line) in &new {
            let key = path.to_string_lossy();
            let is_there = match (old.get(path), begun.get(path)) {
                // Nobody has written there since the manifest did.
                (Some(known), None) => known == line,
                (Some(known), Some(begun)) if known == line && begun == line => true,
                (_, Some(_)) => storage.hash(&key).await? == Some(line.digest),
                (None, None) => false,
            };
            if !is_there {
                storage.put(&key, Content::File(&self.lake.folder().join(path), line.bytes, line.digest)).await?;
                sent.files += 1;
            }
        }
        self.still(plant, manifest)?;
        storage.put(&name, Content::Bytes(manifest)).await?;
        for path in all.keys().filter(|path| !new.contains_key(*path)) {
            storage.delete(&path.to_string_lossy()).await?;
            sent.removed += 1;
        }
        storage.delete(&unfinished).await?;
        Ok(sent)
    }

    /// Refuses where the folder went on meanwhile: a file may then be another than the manifest says.
    fn still(&self, plant: &str, manifest: &[u8]) -> Result<(), Refusal> {
        if manifest_in(self.lake.folder(), plant)?.as_deref() == Some(manifest) {
            return Ok(());
        }
        Err(Refusal::new(Code::Busy, "the lake was made anew while it was sent"))
    }
}

fn files(manifest: &[u8], plant: &str) -> Result<Files, Refusal> {
    Ok(lines_named(manifest, plant)?.into_iter().map(|line| (line.path.clone(), line)).collect())
}
