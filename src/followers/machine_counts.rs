//! Pieces that machines count. Once a minute each part counter is read on from where its record says it
//! stands, and what it counted is reported on the operation that ran, by a command that moves the record
//! on in the same transaction: after a restart nothing is counted twice and nothing is left out. Not on
//! a simulated plant, whose people tell everything themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use crate::base::{Decimal, Refusal, Time, limits};
use crate::engine::{Engine, Envelope};
use crate::model::command::CountPieces;
use crate::model::journal::{Actor, Origin};
use crate::model::machine_state::SignalRole;
use crate::model::permission::Role;
use crate::model::telemetry::Reading;
use crate::model::work_order::{OperationStatus, WorkOrderStatus};
use crate::model::{Command, Field as _, Id, Machine, MachineCounter, MachineSignal, Noun, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::store::{Snapshot, View as _};
use crate::telemetry::Lane;
use crate::telemetry::counter::{Step, count_of, step};
use crate::views;
use crate::views::machine_signal::{Heard, counted, heard};

/// Who reports them.
pub const REPORTER: &str = "machines";
/// How often the clock is asked; a simulated clock may run fast.
const LOOK: Duration = Duration::from_secs(1);
/// How often a counter becomes pieces.
const EVERY: Duration = Duration::from_secs(60);
/// A machine may work so many times as fast as its standard time says.
const FASTER: i64 = 2;

/// Counts until told to stop.
pub async fn run(engine: Engine, lane: Lane, mut stopping: watch::Receiver<bool>) {
    let (mut counts, mut due) = (Counts::default(), Time::from_micros(0));
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = engine.plant_now();
        if now < due {
            continue;
        }
        due = now.plus(EVERY);
        if let Err(refusal) = counts.look(&engine, &lane, now).await {
            tracing::warn!(%refusal, "machines' counters could not be read");
        }
    }
}

/// How far counters that stand still were read, so that hours of the same number are not read again and again.
#[derive(Default)]
struct Counts {
    read_to: BTreeMap<u64, Time>,
}

impl Counts {
    async fn look(&mut self, engine: &Engine, lane: &Lane, now: Time) -> Result<(), Refusal> {
        if engine.read(views::plant)??.simulated {
            return Ok(());
        }
        let floor = engine.read(Floor::of)??;
        for (machine, mapped) in &floor.machines {
            let commands = self.commands(engine, lane, &floor, (machine, mapped), now)?;
            for command in commands {
                let command_id = format!("machine-count:{}:{}:{}", machine.machine_id, command.value, command.counted_at.micros());
                let occurred_at = Some(if command.pieces > 0 { command.changed_at } else { command.counted_at });
                let actor = Actor { user: 0, name: REPORTER.to_owned(), role: Role::Engine };
                let envelope = Envelope { origin: Origin::Engine, command_id: Some(command_id), occurred_at, ..Envelope::of(actor, Command::CountPieces(command)) };
                // The record says where to go on: what was refused now is counted again in a minute.
                if let Err(refusal) = engine.submit(envelope).await {
                    tracing::warn!(%refusal, machine = machine.machine_name, "a machine's count could not be reported yet");
                    break;
                }
            }
        }
        Ok(())
    }

    fn commands(&mut self, engine: &Engine, lane: &Lane, floor: &Floor, (machine, mapped): (&Machine, &[MachineSignal]), now: Time) -> Result<Vec<CountPieces>, Refusal> {
        let (heard, _) = heard(lane, &views::machine::name_of(machine), mapped);
        let Some(signal) = heard.iter().find(|it| it.role == SignalRole::PartCount) else { return Ok(Vec::new()) };
        let known = engine.read(|snapshot| counted(snapshot, machine.machine_id))??.map(|it| it.counter).filter(|it| it.metric == signal.series.metric);
        let Some(known) = known else { return Ok(begin(machine, signal, now).into_iter().collect()) };
        let from = self.read_to.get(&machine.machine_id.number()).copied().unwrap_or(known.last_at).max(known.last_at);
        let after = Time::from_micros(from.micros() + 1);
        let (samples, _) = lane.raw(signal.series.id, after, now.max(after), limits::COUNTS_AT_ONCE)?;
        let Some((last_at, _)) = samples.last() else { return Ok(Vec::new()) };
        self.read_to.insert(machine.machine_id.number(), *last_at);
        let running = engine.read(|snapshot| floor.running(snapshot, machine, &known))??;
        let job = heard.iter().find(|it| it.role == SignalRole::Job).and_then(|it| it.word(&it.last.as_ref()?.1));
        let mut count = Count::from(&known, signal, running, job);
        for (at, reading) in &samples {
            if let Reading::Number(number) = reading
                && let Some(value) = count_of(*number)
            {
                count.take(*at, value);
            }
        }
        let commands = count.finish();
        // What is told is read again from its record, should it be refused.
        if !commands.is_empty() {
            self.read_to.remove(&machine.machine_id.number());
        }
        Ok(commands)
    }
}

/// What it counted before anybody looked belongs to nobody: the first reading is where it begins.
fn begin(machine: &Machine, signal: &Heard, now: Time) -> Option<CountPieces> {
    let (at, Reading::Number(number)) = signal.last.as_ref().filter(|(at, _)| *at <= now)? else { return None };
    let (machine_id, metric) = (machine.machine_id, signal.series.metric.clone());
    Some(CountPieces { machine_id, metric, value: count_of(*number)?, counted_at: *at, changed_at: *at, ..CountPieces::default() })
}

/// The machines, where they stand, and what is at work.
struct Floor {
    machines: Vec<(Machine, Vec<MachineSignal>)>,
    centers: Vec<WorkCenter>,
    at_work: Vec<WorkOrderOperation>,
}

/// An operation that a machine may be counting.
struct Running {
    id: Id<WorkOrderOperation>,
    /// Id and number of its order.
    names: [Option<String>; 2],
    start: Time,
    end: Option<Time>,
    piece_micros: Option<i64>,
}

impl Floor {
    fn of(snapshot: &Snapshot) -> Result<Self, Refusal> {
        Ok(Self {
            machines: views::machine::active_mapped(snapshot)?,
            centers: views::machine::work_centers(snapshot)?,
            at_work: snapshot.related("status", &OperationStatus::InProgress.to_value(), limits::SCAN_MAX)?,
        })
    }

    /// Operations in progress at a machine, and the one that it counted last, where it has just been finished.
    fn running(&self, snapshot: &Snapshot, machine: &Machine, counter: &MachineCounter) -> Result<Vec<Running>, Refusal> {
        let here = |center: Id<WorkCenter>| self.centers.iter().any(|it| it.work_center_id == center && it.machine_id == Some(machine.machine_id));
        let mut operations: Vec<WorkOrderOperation> =
            self.at_work.iter().filter(|it| it.machine_id.map_or_else(|| it.work_center_id.is_some_and(here), |own| own == machine.machine_id)).cloned().collect();
        if let Some(last) = counter.operation_id {
            operations.extend(snapshot.get(last)?.filter(|it| it.status == OperationStatus::Completed));
        }
        let mut running = Vec::new();
        for it in operations {
            let order: Option<WorkOrder> = snapshot.get(it.work_order_id)?;
            let over = it.status == OperationStatus::Completed && order.as_ref().is_some_and(|order| order.status != WorkOrderStatus::InProgress);
            if let (Some(order), Some(start), false) = (order, it.actual_start_time, over) {
                let names = [Some(Noun::WorkOrder.id_text(order.work_order_id.number())), order.work_order_number];
                running.push(Running { id: it.operation_id, names, start, end: it.actual_end_time, piece_micros: it.standard_time_per_unit_seconds.and_then(micros) });
            }
        }
        Ok(running)
    }
}

fn micros(seconds: Decimal) -> Option<i64> {
    seconds.scaled().checked_mul(1_000_000 / Decimal::ONE.scaled()).filter(|micros| *micros > 0)
}

/// A counter on its way through its readings.
struct Count {
    running: Vec<Running>,
    job: Option<String>,
    pieces_per_count: i64,
    rollover_at: Option<i64>,
    now: CountPieces,
    done: Vec<CountPieces>,
}

impl Count {
    fn from(known: &MachineCounter, signal: &Heard, running: Vec<Running>, job: Option<String>) -> Self {
        let mapping = signal.mapping.as_ref();
        let now = CountPieces {
            machine_id: known.machine_id,
            metric: known.metric.clone(),
            since: Some(known.last_at),
            value: known.last_value,
            counted_at: known.last_at,
            changed_at: known.changed_at,
            ..CountPieces::default()
        };
        let pieces_per_count = mapping.and_then(|it| it.pieces_per_count).unwrap_or(1);
        Self { running, job, pieces_per_count, rollover_at: mapping.and_then(|it| it.rollover_at), now, done: Vec::new() }
    }

    /// The operation at a moment, or why there is none.
    fn at_work(&self, at: Time) -> Result<&Running, String> {
        let mut here = self.running.iter().filter(|it| it.start <= at && it.end.is_none_or(|end| at <= end));
        match (here.next(), here.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err("no operation ran there".to_owned()),
            (Some(first), Some(second)) => {
                let named = |it: &&Running| self.job.as_ref().is_some_and(|job| it.names.iter().flatten().any(|name| name == job));
                let mut named = [first, second].into_iter().chain(here).filter(named);
                named.next().ok_or_else(|| "several operations ran there, and the machine's job names none of them".to_owned())
            }
        }
    }

    /// Pieces that can have been made since the counter moved last.
    fn believable(&self, at: Time, work: Option<&Running>) -> i64 {
        let Some((work, piece)) = work.and_then(|work| Some((work, work.piece_micros?))) else { return limits::COUNT_JUMP_MAX };
        let time = at.micros() - self.now.changed_at.max(work.start).micros();
        time.max(0).saturating_mul(FASTER) / piece + self.pieces_per_count
    }

    fn take(&mut self, at: Time, value: i64) {
        let work = self.at_work(at);
        let believable = self.believable(at, work.as_ref().ok().copied());
        let (id, why) = match work {
            Ok(work) => (Some(work.id), None),
            Err(why) => (None, Some(why)),
        };
        let counts = match step(self.now.value, value, self.rollover_at, believable / self.pieces_per_count) {
            Step::Still => 0,
            Step::On(counts) => counts,
            Step::Rollover(counts) => {
                self.now.rollover_count += 1;
                counts
            }
            Step::Reset(counts) => {
                self.now.reset_count += 1;
                counts
            }
            Step::Back => {
                self.now.jump_back_count += 1;
                self.now.why = Some(format!("it jumped back from {} to {value}", self.now.value));
                0
            }
        };
        let pieces = counts.saturating_mul(self.pieces_per_count);
        if pieces > believable {
            self.now.held_pieces += pieces;
            self.now.why = Some(format!("from {} to {value} are {pieces} pieces, and the time since it moved allows {believable}", self.now.value));
        } else if pieces > 0 {
            self.go_over_to(id);
            match id {
                Some(_) => self.now.pieces += pieces,
                None => (self.now.unassigned_pieces, self.now.why) = (self.now.unassigned_pieces + pieces, why),
            }
        }
        if value != self.now.value {
            self.now.changed_at = at;
        }
        (self.now.value, self.now.counted_at) = (value, at);
    }

    /// Pieces of another operation, or of none, are another command.
    fn go_over_to(&mut self, id: Option<Id<WorkOrderOperation>>) {
        if self.now.pieces > 0 && self.now.operation_id != id {
            let before = self.now.clone();
            self.now = CountPieces {
                machine_id: before.machine_id,
                metric: before.metric.clone(),
                since: Some(before.counted_at),
                value: before.value,
                counted_at: before.counted_at,
                changed_at: before.changed_at,
                ..CountPieces::default()
            };
            self.done.push(before);
        }
        self.now.operation_id = id;
    }

    /// What is worth telling.
    fn finish(mut self) -> Vec<CountPieces> {
        let it = &self.now;
        if it.pieces + it.unassigned_pieces + it.held_pieces + it.reset_count + it.rollover_count + it.jump_back_count > 0 {
            self.done.push(self.now);
        }
        self.done
    }
}
