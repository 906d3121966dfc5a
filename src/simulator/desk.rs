//! How the simulator speaks to the plant: the same commands as a person, each at its plant time,
//! pipelined where nobody waits for the answer. Deliberately no state of the plant here.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::oneshot::Receiver;

use super::Cast;
use crate::base::{Code, Refusal, Time};
use crate::engine::{Engine, Envelope, Outcome};
use crate::model::field::Access;
use crate::model::journal::{Actor, Origin};
use crate::model::{Command, Noun, Record, Role};

/// Commands on their way at once; a quarter of the writer's queue leaves room for people.
const PIPELINE_MAX: usize = 1_024;
/// The same while nobody else can act: the writer finds a full batch each time it looks.
const PIPELINE_ALONE: usize = 3_072;

/// Entries of others that are looked at one by one; more are taken for a stranger's.
const STRANGERS_MAX: usize = 500;

/// Who speaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    Planner,
    Lead,
    Operator,
    Inspector,
    Manager,
    /// What watches the machines' sensors.
    Machines,
}

struct Waiting {
    answer: Receiver<Result<Outcome, Refusal>>,
    what: String,
    /// The number that the new record must have got.
    foretold: Option<u64>,
}

/// The way to the engine, with the simulator's own clock.
pub(super) struct Desk {
    engine: Engine,
    cast: Cast,
    machines: Actor,
    now: Time,
    /// Last numbers by noun while nobody else can act: new ones follow from them, without waiting for
    /// the answer. `None` once others may come between.
    alone: Option<BTreeMap<Noun, u64>>,
    /// Sequence of the newest command of ours; anything newer is somebody else's.
    last_seq: u64,
    waiting: VecDeque<Waiting>,
    /// Somebody else's command came between ours.
    disturbed: bool,
}

impl Desk {
    pub(super) fn new(engine: &Engine, cast: &Cast, now: Time) -> Self {
        let machines = Actor { user: 0, name: "machines".to_owned(), role: Role::Engine };
        Self { engine: engine.clone(), cast: cast.clone(), machines, now, alone: None, last_seq: *engine.head().borrow(), waiting: VecDeque::new(), disturbed: false }
    }

    /// Moves the clock of what is told from here on.
    pub(super) fn begin(&mut self, at: Time) {
        self.now = self.now.max(at);
    }

    /// From now on nobody else acts, or may act again.
    pub(super) fn be_alone(&mut self, alone: bool) {
        self.alone = alone.then(BTreeMap::new);
    }

    pub(super) const fn now(&self) -> Time {
        self.now
    }

    /// The plant, to look at.
    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The name our orders carry.
    pub(super) fn planner(&self) -> &str {
        &self.cast.planner.name
    }

    /// The name our inspections and defects carry.
    pub(super) fn inspector(&self) -> &str {
        &self.cast.inspector.name
    }

    fn actor(&self, who: Who) -> Actor {
        match who {
            Who::Planner => &self.cast.planner,
            Who::Lead => &self.cast.lead,
            Who::Operator => &self.cast.operator,
            Who::Inspector => &self.cast.inspector,
            Who::Manager => &self.cast.manager,
            Who::Machines => &self.machines,
        }
        .clone()
    }

    fn send(&mut self, who: Who, command: Command, why: Option<&str>, foretold: Option<u64>) -> Result<(), Refusal> {
        self.make_room()?;
        let what = format!("{} at {}", command.name(), self.now);
        let told = Envelope { origin: Origin::Simulator, occurred_at: Some(self.now), reason: why.map(str::to_owned), ..Envelope::of(self.actor(who), command) };
        let answer = self.engine.enqueue(told)?;
        self.waiting.push_back(Waiting { answer, what, foretold });
        Ok(())
    }

    /// Hears out a third of what is on its way before more is sent: one by one would make small batches.
    fn make_room(&mut self) -> Result<(), Refusal> {
        let most = if self.alone.is_some() { PIPELINE_ALONE } else { PIPELINE_MAX };
        if self.waiting.len() < most {
            return Ok(());
        }
        while self.waiting.len() > most * 2 / 3 {
            self.hear()?;
        }
        Ok(())
    }

    fn hear(&mut self) -> Result<Option<Outcome>, Refusal> {
        let Some(Waiting { answer, what, foretold }) = self.waiting.pop_front() else { return Ok(None) };
        let gone = |_| Err(Refusal::new(Code::Unavailable, "the plant is stopping"));
        let outcome = answer.blocking_recv().unwrap_or_else(gone).map_err(|refusal| Refusal { detail: format!("{} (simulator: {what})", refusal.detail), ..refusal })?;
        self.disturbed |= outcome.seq > self.last_seq + 1 && self.strangers_between(outcome.seq)?;
        self.last_seq = outcome.seq;
        match foretold {
            Some(number) if number != outcome.subject.number => {
                Err(Refusal::new(Code::Internal, format!("the simulator foretold number {number} and the plant gave {} ({what})", outcome.subject)))
            }
            _ => Ok(Some(outcome)),
        }
    }

    /// Tells the plant something; a refusal comes up at a later act.
    pub(super) fn tell(&mut self, who: Who, command: Command) -> Result<(), Refusal> {
        self.send(who, command, None, None)
    }

    /// Tells the plant something with a reason.
    pub(super) fn tell_why(&mut self, who: Who, command: Command, why: &str) -> Result<(), Refusal> {
        self.send(who, command, Some(why), None)
    }

    /// Tells the plant something and waits; answers the number of the record it was about.
    pub(super) fn ask(&mut self, who: Who, command: Command) -> Result<u64, Refusal> {
        self.send(who, command, None, None)?;
        Ok(self.last_answer()?.map_or(0, |outcome| outcome.subject.number))
    }

    /// Makes a record of a noun, with a reason or without; answers its number.
    pub(super) fn make(&mut self, who: Who, noun: Noun, command: Command, why: Option<&str>) -> Result<u64, Refusal> {
        let foretold = self.foretell(noun)?;
        self.send(who, command, why, foretold)?;
        match foretold {
            Some(number) => Ok(number),
            None => Ok(self.last_answer()?.map_or(0, |outcome| outcome.subject.number)),
        }
    }

    /// Makes a record as people do, of the columns that a client may give; answers its number.
    pub(super) fn create<R: Record>(&mut self, who: Who, record: &R) -> Result<u64, Refusal> {
        let open = R::FIELDS.iter().enumerate().filter(|(_, spec)| spec.access != Access::Made);
        let values = open.map(|(at, _)| (at, record.value(at))).filter(|(_, value)| !value.is_null()).collect();
        self.make(who, R::NOUN, Command::Create { noun: R::NOUN, values }, None)
    }

    /// Tells the plant something that makes a lot; answers the lot's own number, where the plant gives one.
    pub(super) fn make_lot(&mut self, who: Who, command: Command) -> Result<Option<String>, Refusal> {
        let foretold = self.foretell(Noun::Lot)?;
        self.send(who, command, None, None)?;
        if let Some(number) = foretold {
            return Ok(Some(Noun::Lot.id_text(number)));
        }
        let written = self.last_answer()?.and_then(|outcome| outcome.written);
        Ok(written.and_then(|record| record.into_any().downcast::<crate::model::WorkOrder>().ok()).and_then(|order| order.lot_number))
    }

    /// The next number of a noun, while nobody else can take it.
    fn foretell(&mut self, noun: Noun) -> Result<Option<u64>, Refusal> {
        let known = self.alone.as_ref().map(|numbers| numbers.get(&noun).copied());
        let last = match known {
            None => return Ok(None),
            Some(Some(last)) => last,
            Some(None) => {
                self.settle()?;
                self.engine.read(|snapshot| snapshot.count(noun))??
            }
        };
        self.alone.get_or_insert_default().insert(noun, last + 1);
        Ok(Some(last + 1))
    }

    fn last_answer(&mut self) -> Result<Option<Outcome>, Refusal> {
        let mut last = None;
        while let Some(outcome) = self.hear()? {
            last = Some(outcome);
        }
        Ok(last)
    }

    /// Waits until everything told is durable.
    pub(super) fn settle(&mut self) -> Result<(), Refusal> {
        while self.hear()?.is_some() {}
        Ok(())
    }

    /// Whether somebody else has acted since we last looked.
    pub(super) fn others_acted(&mut self) -> Result<bool, Refusal> {
        let head = *self.engine.head().borrow();
        if self.waiting.is_empty() && head > self.last_seq {
            self.disturbed |= self.strangers_between(head + 1)?;
            self.last_seq = head;
        }
        Ok(self.disturbed)
    }

    /// Whether any entry between our last and another is a stranger's; the engine's own seals and flags
    /// change nothing that we rely upon.
    fn strangers_between(&self, seq: u64) -> Result<bool, Refusal> {
        let between = usize::try_from(seq - self.last_seq - 1).unwrap_or(usize::MAX);
        if between > STRANGERS_MAX {
            return Ok(true);
        }
        let entries = self.engine.read(|snapshot| snapshot.entries(self.last_seq, between))??;
        Ok(entries.iter().any(|entry| !matches!(entry.origin, Origin::Engine | Origin::Simulator)))
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
        if let Some(numbers) = &mut self.alone {
            numbers.clear();
        }
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
}
