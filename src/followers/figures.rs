//! Keeps the facts of figures in memory: gathers them at the start, page by page with short snapshots,
//! then follows the journal and takes every changed record again. Nothing is written; after a restart
//! they are gathered anew. Deliberately no figures of its own: `kpi` makes them when somebody asks.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;

use crate::base::{Code, Refusal, limits};
use crate::engine::Engine;
use crate::engine::follow::Follower;
use crate::kpi::Facts;
use crate::kpi::facts::NOUNS;
use crate::model::{AnyRecord, Entry, Noun, Subject};
use crate::store::View as _;

/// How long a question waits for what was just committed.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long records may change unseen, so that many changes of one are read once.
const PAUSE: Duration = Duration::from_millis(20);
/// Microseconds of the plant after which old facts are looked through.
const DAY: i64 = 86_400_000_000;

struct Shared {
    /// `None` until they are gathered.
    facts: RwLock<Option<Facts>>,
    position: watch::Sender<u64>,
}

/// The facts, to be asked from anywhere. Clones are the same facts.
#[derive(Clone)]
pub struct Figures {
    shared: Arc<Shared>,
}

impl Default for Figures {
    fn default() -> Self {
        Self { shared: Arc::new(Shared { facts: RwLock::new(None), position: watch::Sender::new(0) }) }
    }
}

impl Figures {
    /// Looks at the facts; refused until they are gathered.
    pub fn read<T>(&self, look: impl FnOnce(&Facts) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let facts = self.shared.facts.read().unwrap_or_else(PoisonError::into_inner);
        let facts = facts.as_ref().ok_or_else(|| Refusal::new(Code::Unavailable, "the facts of figures are still being gathered; ask again in a second"))?;
        look(facts)
    }

    /// Looks at the facts, and gathers them first where nobody has: where no plant is served, nobody follows.
    pub fn read_or_gather<T>(&self, engine: &Engine, look: impl FnOnce(&Facts) -> Result<T, Refusal>) -> Result<T, Refusal> {
        if self.shared.facts.read().unwrap_or_else(PoisonError::into_inner).is_none() {
            self.set(gather(engine)?);
        }
        self.read(look)
    }

    /// Waits until an entry is in, so that whoever changed something finds it in the figures; not for
    /// ever: the answer says how far it goes.
    pub async fn reach(&self, seq: u64) {
        let mut position = self.shared.position.subscribe();
        _ = tokio::time::timeout(PATIENCE, position.wait_for(|position| *position >= seq)).await;
    }

    fn set(&self, facts: Facts) {
        let seq = facts.as_of_seq;
        *self.shared.facts.write().unwrap_or_else(PoisonError::into_inner) = Some(facts);
        self.shared.position.send_replace(seq);
    }

    fn take(&self, records: &[Box<dyn AnyRecord>], seq: u64) {
        if let Some(facts) = self.shared.facts.write().unwrap_or_else(PoisonError::into_inner).as_mut() {
            records.iter().for_each(|record| facts.put(record.as_ref()));
            facts.as_of_seq = seq;
        }
        self.shared.position.send_replace(seq);
    }

    fn forget(&self, engine: &Engine) {
        if let Some(facts) = self.shared.facts.write().unwrap_or_else(PoisonError::into_inner).as_mut() {
            facts.forget(engine.plant_now());
        }
    }
}

/// Gathers and follows until told to stop.
pub async fn run(engine: Engine, figures: Figures, mut stopping: watch::Receiver<bool>) {
    loop {
        let followed = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            followed = follow(&engine, &figures) => followed,
        };
        match followed {
            Ok(()) => return,
            Err(refusal) => tracing::warn!(%refusal, "the facts of figures wait for the store"),
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

async fn follow(engine: &Engine, figures: &Figures) -> Result<(), Refusal> {
    let gathering = engine.clone();
    let facts = tokio::task::spawn_blocking(move || gather(&gathering)).await.map_err(|_| Refusal::new(Code::Internal, "gathering the facts of figures ended early"))??;
    let mut follower = Follower::new(engine, facts.as_of_seq).pausing(PAUSE);
    figures.set(facts);
    let mut day = engine.plant_now().micros() / DAY;
    while let Some(entries) = follower.next().await? {
        figures.take(&changed(engine, &entries)?, follower.position());
        let today = engine.plant_now().micros() / DAY;
        if today != day {
            day = today;
            figures.forget(engine);
        }
    }
    Ok(())
}

/// All facts as of the head, or a little later where records changed meanwhile: following on from the
/// head takes those once more, which does no harm.
pub fn gather(engine: &Engine) -> Result<Facts, Refusal> {
    gather_of(engine, NOUNS)
}

/// Facts of some nouns only, for whoever asks for no more.
pub fn gather_of(engine: &Engine, nouns: &[Noun]) -> Result<Facts, Refusal> {
    let mut facts = Facts { as_of_seq: engine.read(|snapshot| snapshot.head())??, ..Facts::default() };
    for noun in nouns {
        let mut after = None;
        while let Some(last) = page(engine, *noun, after, &mut facts)? {
            after = Some(last);
            facts.forget(engine.plant_now());
        }
    }
    Ok(facts)
}

/// Takes a page of records; answers the last number, or `None` at the end.
fn page(engine: &Engine, noun: Noun, after: Option<u64>, facts: &mut Facts) -> Result<Option<u64>, Refusal> {
    let mut last = None;
    let mut left = limits::PAGE_MAX;
    engine.read(|snapshot| {
        snapshot.scan(noun, after, false, |sealed| {
            if let Some(record) = sealed.value {
                last = Some(record.number());
                facts.put(record.as_ref());
            }
            left -= 1;
            Ok(left > 0)
        })
    })??;
    Ok(last)
}

/// The records that entries changed, as they are now.
fn changed(engine: &Engine, entries: &[Entry]) -> Result<Vec<Box<dyn AnyRecord>>, Refusal> {
    let subjects: BTreeSet<Subject> = entries.iter().flat_map(|entry| &entry.changes).map(|change| change.subject).filter(|subject| Facts::concern(*subject)).collect();
    let records = engine.read(|snapshot| subjects.into_iter().map(|subject| Ok(snapshot.any(subject)?.and_then(|sealed| sealed.value))).collect::<Result<Vec<_>, Refusal>>())??;
    Ok(records.into_iter().flatten().collect())
}
