//! Writes the root of each sealed day to a file of its own, `roots/2026-11-21.json`, so that it can
//! leave the box (a file share, a print-out): only a root outside can show that history was rewritten
//! by somebody who owns the disk. Deliberately unsigned yet, and it says so.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;

use crate::base::{Refusal, Value};
use crate::engine::Engine;
use crate::engine::follow::Follower;
use crate::model::{Entry, Id, JournalDay, Noun};
use crate::store::View as _;
use crate::store::home::write_synced;

const NAME: &str = "roots";
/// A day is sealed once a day: nobody waits for its file.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows the journal until told to stop.
pub async fn run(engine: Engine, folder: PathBuf, mut stopping: watch::Receiver<bool>) {
    loop {
        let followed = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            followed = follow(&engine, &folder) => followed,
        };
        match followed {
            Ok(()) => return,
            Err(refusal) => tracing::warn!(%refusal, "the roots of days wait for the store"),
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

async fn follow(engine: &Engine, folder: &Path) -> Result<(), Refusal> {
    let cursor = engine.read(|snapshot| snapshot.cursor(NAME))??;
    let mut follower = Follower::new(engine, cursor).pausing(PAUSE);
    while let Some(entries) = follower.next().await? {
        let mut written = false;
        for entry in entries.iter().filter(|entry| entry.subject.noun == Noun::JournalDay) {
            write(engine, folder, entry)?;
            written = true;
        }
        // The cursor moves with what was written; days without a seal are read again after a start.
        if written {
            let seq = follower.position();
            engine.desk(move |tables| tables.put_cursor(NAME, seq)).await?;
        }
    }
    Ok(())
}

fn write(engine: &Engine, folder: &Path, entry: &Entry) -> Result<(), Refusal> {
    let id = Id::<JournalDay>::new(entry.subject.number);
    let Some(day) = engine.read(|snapshot| snapshot.get(id))?? else { return Ok(()) };
    let json = Value::Object(vec![
        ("day", Value::Date(day.day)),
        ("first_seq", Value::Int(day.first_seq)),
        ("last_seq", Value::Int(day.last_seq)),
        ("root", Value::Text(day.root)),
        ("sealed_at", Value::Time(day.sealed_at)),
        ("signature", Value::Null),
    ]);
    std::fs::create_dir_all(folder).map_err(crate::store::StoreError::from)?;
    Ok(write_synced(&folder.join(format!("{}.json", day.day)), json.to_json().as_bytes())?)
}
