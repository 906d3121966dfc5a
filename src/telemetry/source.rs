//! A connection to machines as the lane sees it: what it hands in, how it stands. A test of a
//! connection uses the same source with nothing behind it, so that what is seen is what would be kept.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, watch};

use super::intake::{Batch, Identity, Intake, Receipt};
use super::registry::Registry;
use super::thinning::{Precision, Thinning};
use crate::base::{Refusal, Time};
use crate::model::telemetry::{Sample, Series, SeriesId};

/// How a connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Not connected yet, or again.
    #[default]
    Connecting,
    /// Connected, and values come.
    Live,
    /// Connected, and nothing comes though something should.
    Silent,
    /// Refused, or not to be reached; it is tried again.
    Failed,
}

impl State {
    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Silent => "silent",
            Self::Failed => "failed",
        }
    }
}

/// How a connection stands, with its counts since the start of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Since when, by the wall's clock.
    pub since: Time,
    /// Why it failed, or what was refused last.
    pub why: Option<String>,
    /// When the last message came, by the wall's clock.
    pub last_message_at: Option<Time>,
    /// Samples that came.
    pub received: u64,
    /// Samples that are new.
    pub stored: u64,
    /// Samples that were there already.
    pub repeated: u64,
    /// Samples that a rule of precision left out.
    pub left_out: u64,
    /// Samples and messages put into quarantine.
    pub quarantined: u64,
    /// Gaps that were noted.
    pub gaps: u64,
}

/// A sample of a preview, with its series.
pub type Seen = (Series, Sample);

enum Behind {
    Lane(Intake),
    Preview(Arc<Registry>, mpsc::Sender<Seen>),
}

/// A connection's way into the lane.
pub struct Source {
    code: String,
    behind: Behind,
    /// Held while a batch is on its way: what comes after it is compared with what was kept.
    thinning: Mutex<Thinning>,
    standing: watch::Sender<Standing>,
}

impl Source {
    /// A source whose batches are kept.
    pub fn kept(code: &str, intake: Intake) -> Self {
        Self { code: code.to_owned(), behind: Behind::Lane(intake), thinning: Mutex::default(), standing: watch::Sender::new(Standing::default()) }
    }

    /// A source whose batches are only shown; what does not fit the channel is dropped.
    pub fn preview(code: &str, now: Time, shown: mpsc::Sender<Seen>) -> Self {
        let behind = Behind::Preview(Arc::new(Registry::scratch(now)), shown);
        Self { code: code.to_owned(), behind, thinning: Mutex::default(), standing: watch::Sender::new(Standing::default()) }
    }

    /// The same source, whose numbers are kept as exactly as rules say.
    pub fn as_exactly_as(self, rules: Vec<Precision>) -> Self {
        Self { thinning: Mutex::new(Thinning::new(rules)), ..self }
    }

    /// The connection's code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// How it stands, as it changes.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// The number of a series.
    pub fn series(&self, identity: Identity<'_>) -> Result<SeriesId, Refusal> {
        match &self.behind {
            Behind::Lane(intake) => intake.series(identity),
            Behind::Preview(registry, _) => registry.number(identity),
        }
    }

    /// The series of a machine's metric, where it was seen before.
    pub fn known(&self, machine: &str, metric: &str) -> Option<Series> {
        match &self.behind {
            Behind::Lane(intake) => intake.registry.find(machine, metric),
            Behind::Preview(registry, _) => registry.find(machine, metric),
        }
    }

    /// Where it goes on; `None` where it never was, and in a preview.
    pub fn cursor(&self) -> Result<Option<Vec<u8>>, Refusal> {
        match &self.behind {
            Behind::Lane(intake) => intake.cursor(&self.code),
            Behind::Preview(..) => Ok(None),
        }
    }

    /// The plant's now.
    pub fn now(&self) -> Time {
        match &self.behind {
            Behind::Lane(intake) => intake.now(),
            Behind::Preview(registry, _) => registry.now(),
        }
    }

    /// Hands a batch in and counts it; answers when it is on disk. Whoever got it acknowledges then.
    pub async fn put(&self, mut batch: Batch, wall: Time) -> Result<Receipt, Refusal> {
        batch.source.clone_from(&self.code);
        let (received, gaps) = (batch.samples.len() as u64, batch.gaps.len() as u64);
        let why = batch.quarantined.last().map(|it| it.why.clone()).or_else(|| batch.gaps.last().map(|it| it.why.clone()));
        let (receipt, left_out) = self.put_thinned(batch).await?;
        self.standing.send_modify(|it| {
            it.received += received;
            it.left_out += left_out;
            it.stored += receipt.stored;
            it.repeated += receipt.repeated;
            it.quarantined += receipt.quarantined;
            it.gaps += gaps;
            it.last_message_at = Some(wall);
            it.why = why.or(it.why.take());
        });
        Ok(receipt)
    }

    async fn put_thinned(&self, mut batch: Batch) -> Result<(Receipt, u64), Refusal> {
        let mut thinning = self.thinning.lock().await;
        if thinning.is_idle() {
            drop(thinning);
            return Ok((self.hand_in(batch).await?, 0));
        }
        let (left, left_out, thinned) = thinning.thin(batch.samples, &|id| self.registry().series(id));
        batch.samples = left;
        let receipt = self.hand_in(batch).await?;
        thinning.settle(thinned);
        drop(thinning);
        if left_out > 0 {
            metrics::counter!("millwright_telemetry_samples_total", "source" => self.code.clone(), "became" => "left_out").increment(left_out);
        }
        Ok((receipt, left_out))
    }

    async fn hand_in(&self, batch: Batch) -> Result<Receipt, Refusal> {
        match &self.behind {
            Behind::Lane(intake) => intake.put(batch).await,
            Behind::Preview(registry, shown) => {
                let receipt = Receipt { stored: batch.samples.len() as u64, quarantined: batch.quarantined.len() as u64, ..Receipt::default() };
                for sample in batch.samples {
                    if let Some(series) = registry.series(sample.series) {
                        _ = shown.try_send((series, sample));
                    }
                }
                Ok(receipt)
            }
        }
    }

    fn registry(&self) -> &Registry {
        match &self.behind {
            Behind::Lane(intake) => &intake.registry,
            Behind::Preview(registry, _) => registry,
        }
    }

    /// Says how it stands now.
    pub fn stands(&self, state: State, why: Option<&str>, wall: Time) {
        self.standing.send_if_modified(|it| {
            let changed = it.state != state || it.why.as_deref() != why;
            if it.state != state {
                it.since = wall;
            }
            it.state = state;
            it.why = why.map(str::to_owned);
            changed
        });
    }

    /// Says that a message came, though it held no sample: a heartbeat.
    pub fn heard(&self, wall: Time) {
        self.standing.send_modify(|it| it.last_message_at = Some(wall));
    }
}
