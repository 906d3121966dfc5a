//! The one writer: takes what waits, runs each command on a draft, lays the accepted changes into
//! one transaction, commits once, then answers all. It never waits to fill a batch, but what came
//! while it worked rides along. After a storage error it acknowledges nothing more until the store
//! is reopened; a failed sync is never retried.

use std::sync::PoisonError;
use std::time::Instant;

use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use super::clock::PlantClock;
use super::receipts::{Key, Receipt, Receipts};
use super::{Envelope, Health, Message, Outcome, Prepared, Shared};
use crate::base::{Code, Digest, Refusal, Time, limits};
use crate::model::field::Mark;
use crate::model::journal::Origin;
use crate::model::permission::permit;
use crate::model::{Entry, Id, Noun, Plant};
use crate::rules::{self, Moment};
use crate::store::{Draft, Halt, Keep, StoreError, Stored, Tables, View};

type Answers = Vec<(usize, Result<Outcome, Refusal>)>;

/// A panic of the writer must not leave a process that looks well and takes nothing. Whoever is still
/// queued at its end was never looked at, and is told so.
pub(super) fn run_or_tell(shared: &Shared, mut messages: mpsc::Receiver<Message>) {
    let work = std::panic::AssertUnwindSafe(|| run(shared, &mut messages));
    if std::panic::catch_unwind(work).is_err() {
        fail(shared, "the writer ended with a panic; `millwright verify` tells whether the plant file is damaged");
    }
    messages.close();
    while let Ok(message) = messages.try_recv() {
        answer(message, &super::stopping());
    }
}

fn run(shared: &Shared, messages: &mut mpsc::Receiver<Message>) {
    let mut writer = match Writer::new(shared) {
        Ok(writer) => writer,
        Err(error) => return fail(shared, &error.to_string()),
    };
    let mut waiting = Vec::with_capacity(limits::BATCH_MAX);
    while messages.blocking_recv_many(&mut waiting, limits::BATCH_MAX) > 0 {
        // A stop closes the queue, so what is left in it is served and then the loop ends.
        let sound = writer.batch(&mut waiting, messages);
        if !sound && (writer.stopping || !writer.reopen(messages)) {
            return;
        }
    }
}

fn fail(shared: &Shared, why: &str) {
    tracing::error!(why, "the store cannot be used; ending so that the supervisor starts anew");
    shared.health.send_replace(Health::Failed(why.to_owned()));
}

struct Writer<'s> {
    shared: &'s Shared,
    receipts: Receipts,
    zone: TimeZone,
    space_checked: Option<Instant>,
    no_space: Option<Refusal>,
    pruned_at: Time,
    stopping: bool,
}

/// What a batch carries from one command to the next.
struct Batch {
    last_seq: u64,
    last_hash: Digest,
    last_recorded: Time,
    plant: PlantClock,
    zone: TimeZone,
    accepted: usize,
    desk: usize,
    new_receipts: Vec<(u64, Receipt)>,
}

impl<'s> Writer<'s> {
    fn new(shared: &'s Shared) -> Result<Self, StoreError> {
        let snapshot = shared.store.snapshot()?;
        let zone = zone_of(&snapshot)?;
        Ok(Self { shared, receipts: Receipts::load(&snapshot)?, zone, space_checked: None, no_space: None, pruned_at: Time::default(), stopping: false })
    }

    /// One transaction. Answers whether the store is still sound.
    fn batch(&mut self, waiting: &mut Vec<Message>, queue: &mut mpsc::Receiver<Message>) -> bool {
        let started = Instant::now();
        self.check_space();
        // A fault in the middle must still answer everybody, so the work runs on what is kept aside.
        let mut messages: Vec<Option<Message>> = waiting.drain(..).map(Some).collect();
        let mut desk_replies = Vec::new();
        let result = self.shared.store.write_or_drop(|tables| {
            let mut batch = Batch::begin(tables, self.zone.clone())?;
            let mut answers: Answers = Vec::with_capacity(messages.len());
            let mut at = 0;
            while at < messages.len() || ride_along(queue, &mut messages) {
                if let Some(Message::Command(prepared, _)) = &mut messages[at] {
                    answers.push((at, self.command(tables, &mut batch, prepared)?));
                } else {
                    match messages[at].take() {
                        Some(Message::Desk(work, reply)) => {
                            desk_replies.push(reply);
                            work(tables)?;
                            batch.desk += 1;
                        }
                        Some(Message::Stop) => {
                            // Who asks from now on is told so; who is queued is still served.
                            queue.close();
                            self.stopping = true;
                        }
                        _ => {}
                    }
                }
                at += 1;
            }
            self.prune(tables, &mut batch)?;
            let keep = if batch.accepted + batch.desk > 0 { Keep::Commit } else { Keep::Drop };
            Ok((keep, (batch, answers)))
        });
        match result {
            Ok((batch, answers)) => {
                self.settle(batch, started);
                for (at, answer) in answers {
                    if let Some(Some(Message::Command(_, reply))) = messages.get_mut(at).map(Option::take) {
                        // The caller may have gone; its command stands all the same.
                        _ = reply.send(answer);
                    }
                }
                desk_replies.into_iter().for_each(|reply| _ = reply.send(Ok(())));
                true
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed; its outcome is unknown");
                let unknown = Refusal::new(Code::OutcomeUnknown, "the commit failed and may or may not have reached the disk: ask again with the same Idempotency-Key");
                self.shared.health.send_replace(Health::Refusing(Refusal::new(Code::Unavailable, format!("storage failed ({error}); reopening"))));
                // A stop that the fault came before must not be lost, or whoever asked for it waits for ever.
                self.stopping |= messages.iter().flatten().any(|message| matches!(message, Message::Stop));
                for message in messages.into_iter().flatten() {
                    answer(message, &unknown);
                }
                desk_replies.into_iter().for_each(|reply| _ = reply.send(Err(unknown.clone())));
                false
            }
        }
    }

    fn settle(&mut self, batch: Batch, started: Instant) {
        for (seq, receipt) in &batch.new_receipts {
            self.receipts.add(&receipt.id_hash, *seq);
        }
        self.zone = batch.zone;
        *self.shared.plant_clock.lock().unwrap_or_else(PoisonError::into_inner) = batch.plant;
        metrics::histogram!("millwright_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::counter!("millwright_commands_total").increment(batch.accepted as u64);
        metrics::gauge!("millwright_head").set(batch.last_seq as f64);
        if batch.accepted > 0 {
            self.shared.head.send_replace(batch.last_seq);
        }
    }

    fn command(&self, tables: &mut Tables<'_>, batch: &mut Batch, prepared: &mut Prepared) -> Result<Result<Outcome, Refusal>, StoreError> {
        match self.try_command(tables, batch, prepared) {
            Ok(outcome) => Ok(Ok(outcome)),
            Err(Halt::Refused(refusal)) => {
                metrics::counter!("millwright_refusals_total", "code" => refusal.code.word()).increment(1);
                Ok(Err(refusal))
            }
            Err(Halt::Broken(error)) => Err(error),
        }
    }

    fn try_command(&self, tables: &mut Tables<'_>, batch: &mut Batch, prepared: &mut Prepared) -> Result<Outcome, Halt> {
        let Prepared { envelope, name, payload, key } = prepared;
        // Before the receipts: the answer to a command tells as much as the command.
        permit(envelope.actor.role, name)?;
        if let Some(key) = key
            && let Some(outcome) = self.repeated(tables, batch, *key)?
        {
            return Ok(outcome);
        }
        if let Some(refusal) = &self.no_space
            && !fits_in_reserve(name)
        {
            return Err(refusal.clone().into());
        }
        if let Some((subject, seq)) = envelope.expected {
            let stored = tables.newest(subject)?.map(|seq| Stored { seq, record: () });
            rules::check_expected(stored, seq)?;
        }
        let moment = self.moment(batch, envelope)?;
        let mut draft = Draft::over(tables);
        let subject = rules::apply(&mut draft, &envelope.command, &moment)?;
        let accepted = draft.accept();
        let seq = batch.last_seq + 1;
        let mut changes = Vec::with_capacity(accepted.replacements.len());
        let mut plant_changed = false;
        let mut written = None;
        for replacement in accepted.replacements {
            plant_changed |= replacement.subject.noun == Noun::Plant;
            changes.push(tables.lay(&replacement, seq)?);
            if replacement.subject == subject {
                written = replacement.new.filter(|record| record.specs().iter().all(|spec| spec.mark != Mark::Personal));
            }
        }
        for (owner, data) in &accepted.personal {
            let bytes = data.as_ref().map(crate::store::codec::plain).transpose()?;
            tables.put_personal(*owner, bytes.as_deref())?;
        }
        for (owner, secret) in &accepted.secrets {
            tables.put_secret(*owner, secret)?;
        }
        let entry = Entry {
            seq,
            recorded_at: moment.recorded_at,
            occurred_at: moment.occurred_at,
            actor: moment.actor,
            origin: moment.origin,
            terminal: envelope.terminal.take(),
            command_id: envelope.command_id.take(),
            command: std::mem::take(name),
            payload: std::mem::take(payload),
            reason: moment.reason,
            events: accepted.events,
            changes,
            subject,
            previous: batch.last_hash,
        };
        batch.last_hash = tables.append(&entry)?;
        batch.last_seq = seq;
        batch.last_recorded = entry.recorded_at;
        batch.accepted += 1;
        if let Some(key) = key {
            let receipt = Receipt::new(*key, subject, self.shared.options.clock.now());
            tables.put_receipt(seq, &receipt.to_bytes())?;
            batch.new_receipts.push((seq, receipt));
        }
        if plant_changed {
            batch.plant = PlantClock::of(tables)?;
            batch.zone = zone_of(tables)?;
        }
        Ok(Outcome { seq, subject, repeated: false, written })
    }

    fn repeated(&self, tables: &Tables<'_>, batch: &Batch, asked: Key) -> Result<Option<Outcome>, Halt> {
        let own = batch.new_receipts.iter().rev().find(|(_, receipt)| receipt.id_hash == asked.id_hash).copied();
        let known = match own {
            Some(known) => Some(known),
            None => match self.receipts.find(&asked.id_hash) {
                Some(seq) => tables.receipt(seq)?.and_then(|bytes| Receipt::from_bytes(&bytes)).map(|receipt| (seq, receipt)),
                None => None,
            },
        };
        match known {
            Some((seq, receipt)) if receipt.id_hash == asked.id_hash => {
                if receipt.is_for(asked) {
                    Ok(Some(Outcome { seq, subject: receipt.subject, repeated: true, written: None }))
                } else {
                    Err(Refusal::new(Code::KeyReused, "this idempotency key was used for another command; use a new key for a new command").into())
                }
            }
            _ => Ok(None),
        }
    }

    fn moment(&self, batch: &Batch, envelope: &mut Envelope) -> Result<Moment, Refusal> {
        let wall = self.shared.options.clock.now();
        let simulator = envelope.origin == Origin::Simulator;
        // What was refused once has to be kept, however late it comes and whatever a device's clock says.
        let keeps = matches!(envelope.command, crate::model::Command::KeepRefusedAct(_));
        let now = if simulator { envelope.occurred_at.unwrap_or(batch.last_recorded) } else { batch.plant.at(wall) };
        let recorded_at = now.max(batch.last_recorded);
        let latest = recorded_at.plus(limits::OCCURRED_AHEAD);
        let told = envelope.occurred_at.filter(|told| !keeps || (*told <= latest && told.checked().is_ok()));
        let occurred_at = told.unwrap_or(recorded_at).checked().map_err(|fault| Refusal::field(Code::OutsideWindow, "occurred_at", fault.to_string()))?;
        let person = envelope.origin == Origin::Person;
        if occurred_at > latest {
            return Err(Refusal::field(Code::OutsideWindow, "occurred_at", format!("{occurred_at} lies ahead of the plant's clock at {recorded_at}")));
        }
        if person && !keeps && occurred_at < recorded_at.minus(limits::OCCURRED_BACK) {
            return Err(Refusal::field(Code::OutsideWindow, "occurred_at", format!("{occurred_at} is more than 7 days before the plant's clock at {recorded_at}")));
        }
        Ok(Moment {
            recorded_at,
            occurred_at,
            wall,
            zone: batch.zone.clone(),
            actor: envelope.actor.clone(),
            origin: envelope.origin,
            reason: envelope.reason.take(),
            secret: envelope.secret.take(),
            // Simulated people have no names to guess, and the same seed must tell the same story.
            salt: if envelope.command.is_personal() && !simulator { salt()? } else { [0; 16] },
        })
    }

    /// Once an hour, forgets receipts that are older than thirty days.
    fn prune(&mut self, tables: &mut Tables<'_>, batch: &mut Batch) -> Result<(), StoreError> {
        let now = self.shared.options.clock.now();
        if batch.accepted == 0 || (now.minutes_since(self.pruned_at) < 60 && !self.receipts.is_full()) {
            return Ok(());
        }
        self.pruned_at = now;
        let limit = Time::from_micros(now.micros() - limits::RECEIPT_DAYS * 86_400_000_000);
        let up_to = tables.receipts_older_than(limit, Receipt::from_bytes, self.receipts.is_full())?;
        if up_to > 0 {
            tables.drop_receipts(up_to)?;
            self.receipts.forget(up_to);
        }
        Ok(())
    }

    fn check_space(&mut self) {
        let Some(home) = self.shared.store.home() else { return };
        if self.space_checked.is_some_and(|at| at.elapsed().as_millis() < 500) {
            return;
        }
        self.space_checked = Some(Instant::now());
        match home.free_space() {
            Ok(free) if free < self.shared.options.space_floor => {
                home.release_reserve();
                let refusal = super::no_space(free, self.shared.options.space_floor);
                self.shared.health.send_replace(Health::Refusing(refusal.clone()));
                self.no_space = Some(refusal);
            }
            Ok(_) if self.no_space.is_some() => {
                self.no_space = None;
                if let Err(error) = home.hold_reserve() {
                    tracing::warn!(%error, "the space reserve could not be made again");
                }
                self.shared.health.send_replace(Health::Ready);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "free space could not be read"),
        }
    }

    /// Reopens the store with growing waits; meanwhile everybody who asks is told so.
    fn reopen(&mut self, messages: &mut mpsc::Receiver<Message>) -> bool {
        let mut last = String::new();
        for wait in self.shared.options.reopen_waits.clone() {
            std::thread::sleep(wait);
            let refusal = Refusal::new(Code::Unavailable, "the store is being reopened after a storage error; try again in a second");
            while let Ok(message) = messages.try_recv() {
                answer(message, &refusal);
            }
            match self.shared.store.reopen().and_then(|()| Self::new(self.shared)) {
                Ok(writer) => {
                    *self = writer;
                    match self.shared.store.snapshot().and_then(|snapshot| snapshot.head()) {
                        Ok(head) => _ = self.shared.head.send_replace(head),
                        Err(error) => tracing::error!(%error, "the head could not be read after reopening"),
                    }
                    self.shared.health.send_replace(Health::Ready);
                    tracing::warn!("the store is open again");
                    return true;
                }
                Err(error) => {
                    last = error.to_string();
                    tracing::error!(%error, "reopening failed");
                }
            }
        }
        fail(self.shared, &last);
        false
    }
}

impl Batch {
    fn begin(tables: &Tables<'_>, zone: TimeZone) -> Result<Self, StoreError> {
        let (last_seq, last_hash, last_recorded) = match tables.last_entry()? {
            Some((seq, bytes)) => (seq, Digest::of(&bytes), crate::store::codec::open_entry(&bytes)?.recorded_at),
            None => (0, Digest::NONE, Time::default()),
        };
        Ok(Self { last_seq, last_hash, last_recorded, plant: PlantClock::of(tables)?, zone, accepted: 0, desk: 0, new_receipts: Vec::new() })
    }
}

/// Takes what was queued while the batch was worked on; false when nothing was, or no more fits.
/// Without it callers fall into two groups that answer each other's commits, and each commit
/// carries half of them.
fn ride_along(queue: &mut mpsc::Receiver<Message>, messages: &mut Vec<Option<Message>>) -> bool {
    let before = messages.len();
    while messages.len() < limits::BATCH_MAX
        && let Ok(message) = queue.try_recv()
    {
        messages.push(Some(message));
    }
    messages.len() > before
}

fn salt() -> Result<[u8; 16], Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::new(Code::Internal, format!("the system gives no random numbers: {error}")))?;
    Ok(bytes)
}

fn zone_of<V: View>(view: &V) -> Result<TimeZone, StoreError> {
    let plant = view.get(Id::<Plant>::new(1))?;
    Ok(plant.and_then(|plant| crate::base::time::zone(&plant.timezone)).unwrap_or(TimeZone::UTC))
}

/// What must go on when the disk is nearly full: holds, and keeping people in or out.
fn fits_in_reserve(command: &str) -> bool {
    matches!(command, "HoldLot" | "HoldLots" | "HoldWorkOrder" | "ChangeUser" | "SetPassword" | "RevokeApiToken" | "RevokeTerminal" | "RevokeBadge")
}

fn answer(message: Message, refusal: &Refusal) {
    match message {
        Message::Command(_, reply) => _ = reply.send(Err(refusal.clone())),
        Message::Desk(_, reply) => _ = reply.send(Err(refusal.clone())),
        Message::Stop => {}
    }
}
