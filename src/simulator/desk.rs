//! How the simulator speaks to the plant: the same commands as a person, each at its plant time,
//! pipelined where nobody waits for the answer. Deliberately no state of the plant here.

use std::collections::VecDeque;

use tokio::sync::oneshot::Receiver;

use super::Cast;
use crate::base::{Code, Refusal, Time};
use crate::engine::{Engine, Envelope, Outcome};
use crate::model::journal::{Actor, Origin};
use crate::model::{Command, Record};

/// Commands on their way at once; a quarter of the writer's queue leaves room for people.
const PIPELINE_MAX: usize = 1_024;
/// Seconds between two acts in one step.
const BETWEEN_ACTS: i64 = 2_000_000;

/// Who speaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    Planner,
    Lead,
    Operator,
    Inspector,
    Manager,
}

struct Waiting {
    answer: Receiver<Result<Outcome, Refusal>>,
    what: String,
}

/// The way to the engine, with the simulator's own clock.
pub(super) struct Desk {
    engine: Engine,
    cast: Cast,
    now: Time,
    until: Time,
    /// Sequence of the newest command of ours; anything newer is somebody else's.
    last_seq: u64,
    waiting: VecDeque<Waiting>,
    /// Somebody else's command came between ours.
    disturbed: bool,
}

impl Desk {
    pub(super) fn new(engine: &Engine, cast: &Cast, now: Time) -> Self {
        Self { engine: engine.clone(), cast: cast.clone(), now, until: now, last_seq: *engine.head().borrow(), waiting: VecDeque::new(), disturbed: false }
    }

    /// Opens a step: its acts spread over the time from here to `until`.
    pub(super) fn begin(&mut self, at: Time, until: Time) {
        self.now = self.now.max(at);
        self.until = self.now.max(until);
    }

    pub(super) const fn now(&self) -> Time {
        self.now
    }

    /// The name our orders carry.
    pub(super) fn planner(&self) -> &str {
        &self.cast.planner.name
    }

    fn actor(&self, who: Who) -> Actor {
        match who {
            Who::Planner => &self.cast.planner,
            Who::Lead => &self.cast.lead,
            Who::Operator => &self.cast.operator,
            Who::Inspector => &self.cast.inspector,
            Who::Manager => &self.cast.manager,
        }
        .clone()
    }

    fn send(&mut self, who: Who, command: Command, why: Option<&str>) -> Result<(), Refusal> {
        let step = Time::from_micros(self.now.micros() + BETWEEN_ACTS);
        self.now = if step < self.until { step } else { self.now };
        let what = format!("{} at {} with {}", command.name(), self.now, command.payload());
        let told = Envelope { origin: Origin::Simulator, occurred_at: Some(self.now), reason: why.map(str::to_owned), ..Envelope::of(self.actor(who), command) };
        let answer = self.engine.enqueue(told)?;
        self.waiting.push_back(Waiting { answer, what });
        Ok(())
    }

    fn hear(&mut self) -> Result<Option<Outcome>, Refusal> {
        let Some(Waiting { answer, what }) = self.waiting.pop_front() else { return Ok(None) };
        let gone = |_| Err(Refusal::new(Code::Unavailable, "the plant is stopping"));
        let outcome = answer.blocking_recv().unwrap_or_else(gone).map_err(|refusal| Refusal { detail: format!("{} (simulator: {what})", refusal.detail), ..refusal })?;
        self.disturbed |= outcome.seq > self.last_seq + 1;
        self.last_seq = outcome.seq;
        Ok(Some(outcome))
    }

    /// Tells the plant something; a refusal comes up at a later act.
    pub(super) fn tell(&mut self, who: Who, command: Command) -> Result<(), Refusal> {
        self.tell_why(who, command, None)
    }

    /// Tells the plant something with a reason.
    pub(super) fn tell_why(&mut self, who: Who, command: Command, why: Option<&str>) -> Result<(), Refusal> {
        if self.waiting.len() >= PIPELINE_MAX {
            self.hear()?;
        }
        self.send(who, command, why)
    }

    /// Tells the plant something and waits; answers the number of the record it was about.
    pub(super) fn ask(&mut self, who: Who, command: Command) -> Result<u64, Refusal> {
        self.send(who, command, None)?;
        let mut subject = 0;
        while let Some(outcome) = self.hear()? {
            subject = outcome.subject.number;
        }
        Ok(subject)
    }

    /// Waits until everything told is durable.
    pub(super) fn settle(&mut self) -> Result<(), Refusal> {
        while self.hear()?.is_some() {}
        Ok(())
    }

    /// Whether somebody else has acted since we last looked.
    pub(super) fn others_acted(&self) -> bool {
        self.disturbed || (self.waiting.is_empty() && *self.engine.head().borrow() > self.last_seq)
    }

    /// What we know is not to be relied upon any more.
    pub(super) const fn disturb(&mut self) {
        self.disturbed = true;
    }

    /// Before looking anew: hears out what is on its way, whatever came of it, and takes the newest
    /// entry for the present, so that no act of ours lies before what people have told since.
    pub(super) fn catch_up(&mut self) -> Result<(), Refusal> {
        while !self.waiting.is_empty() {
            // A refusal here is of a plan made on an older look; the new look makes it void.
            _ = self.hear();
        }
        self.last_seq = *self.engine.head().borrow();
        self.disturbed = false;
        let newest = self.engine.read(|snapshot| snapshot.entry(self.last_seq))??;
        self.now = self.now.max(newest.map_or(self.now, |entry| entry.recorded_at));
        self.until = self.until.max(self.now);
        Ok(())
    }

    /// All records of a noun above a number, at most `limit`, in the order of their numbers.
    pub(super) fn records<R: Record>(&self, after: u64, limit: usize) -> Result<Vec<R>, Refusal> {
        let mut found = Vec::new();
        self.engine.read(|snapshot| {
            snapshot.scan(R::NOUN, Some(after), false, |sealed| {
                found.extend(sealed.value.and_then(|value| value.into_any().downcast::<R>().ok()).map(|record| *record));
                Ok(found.len() < limit)
            })
        })??;
        Ok(found)
    }

    /// One record, as of everything told so far.
    pub(super) fn record<R: Record>(&mut self, number: u64) -> Result<R, Refusal> {
        self.settle()?;
        let found = self.records::<R>(number.saturating_sub(1), 1)?.pop().filter(|record| record.number() == number);
        found.ok_or_else(|| Refusal::new(Code::NotFound, format!("the simulator misses {}", R::NOUN.id_text(number))))
    }
}
