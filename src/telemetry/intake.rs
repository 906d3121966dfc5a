//! The door of the lane: adapters name their series, hand batches in and hear when they are on disk.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::registry::Registry;
use crate::base::{Code, Refusal, Time, limits};
use crate::model::telemetry::{Gap, Measure, Quarantined, Reading, Sample, SeriesId};
use crate::store::telemetry_file::{Shelf, Stretch};

/// What tells a series from every other, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The machine's code.
    pub machine: &'a str,
    /// What is measured.
    pub metric: &'a str,
    /// Numbers or words.
    pub measure: Measure,
    /// In which unit, where told.
    pub unit: Option<&'a str>,
    /// The machine's department, where told.
    pub department: Option<&'a str>,
}

/// Which moments are believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// Near the plant's now: others are quarantined.
    #[default]
    Live,
    /// Any moment up to now: replays, imports, what a machine stored while nobody listened. Does not
    /// move the last value backwards.
    History,
}

impl Window {
    /// Why a sample is not taken, if it is not. The lane asks of every sample; an adapter that wants to show what came asks first.
    pub fn fault(self, sample: &Sample, now: Time) -> Option<&'static str> {
        let earliest = if self == Self::Live { now.minus(limits::SAMPLE_BACK) } else { Time::from_micros(0) };
        match &sample.value {
            Reading::Number(number) if !number.is_finite() => Some("not a finite number"),
            Reading::Text(text) if text.len() > limits::READING_TEXT_MAX => Some("a longer text than can be kept as one value"),
            _ if sample.at > now.plus(limits::SAMPLE_AHEAD) => Some("measured in the future: is the machine's clock right?"),
            _ if sample.at < earliest => Some("measured too long ago: send it as history if it is meant"),
            _ => None,
        }
    }
}

/// What is made durable together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Who hands it in, for gaps, quarantine and counts: `http`, or a connector's code.
    pub source: String,
    /// Which moments are believed.
    pub window: Window,
    /// The samples, in the order in which they came.
    pub samples: Vec<Sample>,
    /// What is known to be lost.
    pub gaps: Vec<Gap>,
    /// What came and could not be read.
    pub quarantined: Vec<Quarantined>,
    /// Where the source goes on after this batch, kept in the same commit.
    pub cursor: Option<Vec<u8>>,
}

/// What became of a batch, once it is on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Samples that are new.
    pub stored: u64,
    /// Samples that were there already.
    pub repeated: u64,
    /// Samples that were put into quarantine.
    pub quarantined: u64,
}

/// A sealed hour, to be kept.
pub(super) struct Sealed {
    pub(super) hour: u32,
    pub(super) shelved: Vec<(Shelf, Stretch, Vec<u8>)>,
    pub(super) blocks: Vec<u64>,
}

pub(super) enum Message {
    Batch(Batch, oneshot::Sender<Result<Receipt, Refusal>>),
    Sealed(Sealed, oneshot::Sender<Result<(), Refusal>>),
    /// The lake shows what was written, up to a moment.
    Shown(Time, oneshot::Sender<Result<(), Refusal>>),
    /// Sealed hours that are older than samples are kept.
    Retired(Vec<(Shelf, Stretch)>),
    /// Nothing after this is taken.
    Stop,
}

/// The lane, to be handed batches from anywhere. Clones are the same lane.
#[derive(Clone)]
pub struct Intake {
    pub(super) registry: Arc<Registry>,
    pub(super) queue: mpsc::Sender<Message>,
}

impl Intake {
    /// The number of a series; a new one is given where it was never seen. It becomes durable with its
    /// first sample.
    pub fn series(&self, identity: Identity<'_>) -> Result<SeriesId, Refusal> {
        self.registry.number(identity)
    }

    /// Hands a batch in; answers when it is on disk.
    pub async fn put(&self, batch: Batch) -> Result<Receipt, Refusal> {
        let answer = self.enqueue(batch)?;
        answer.await.unwrap_or_else(|_| Err(unanswered()))
    }

    /// Hands a batch in from a plain thread.
    pub fn put_wait(&self, batch: Batch) -> Result<Receipt, Refusal> {
        self.enqueue(batch)?.blocking_recv().unwrap_or_else(|_| Err(unanswered()))
    }

    fn enqueue(&self, batch: Batch) -> Result<oneshot::Receiver<Result<Receipt, Refusal>>, Refusal> {
        if batch.samples.len() > limits::SAMPLES_MAX {
            return Err(Refusal::new(Code::TooLarge, format!("{} samples in one batch; send at most {}", batch.samples.len(), limits::SAMPLES_MAX)));
        }
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Message::Batch(batch, reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refusal::new(Code::Busy, "more samples are waiting than can be written; try again in a second"),
            mpsc::error::TrySendError::Closed(_) => unanswered(),
        })?;
        Ok(answer)
    }

    /// Where a source goes on; `None` where it never was.
    pub fn cursor(&self, source: &str) -> Result<Option<Vec<u8>>, Refusal> {
        self.registry.cursor(source)
    }

    /// The plant's now, by which windows are judged.
    pub fn now(&self) -> Time {
        self.registry.now()
    }
}

/// Hands the lane's thread an errand from another plain thread, and waits for it.
pub(super) fn ask(queue: &mpsc::Sender<Message>, errand: impl FnOnce(oneshot::Sender<Result<(), Refusal>>) -> Message) -> Result<(), Refusal> {
    let gone = || Refusal::new(Code::Unavailable, "telemetry is stopping");
    let (done, answer) = oneshot::channel();
    queue.blocking_send(errand(done)).map_err(|_| gone())?;
    answer.blocking_recv().unwrap_or_else(|_| Err(gone()))
}

fn unanswered() -> Refusal {
    Refusal::new(Code::Unavailable, "telemetry is stopping; whether the samples are kept is unknown, so send them again")
}
