//! The floor: a free work center takes the next step of its plan, sets up, makes pieces, reports them
//! and finishes. Deliberately one step on one center at a time, and nobody works outside a shift.

use std::time::Duration;

use super::Simulator;
use super::agenda::Event;
use super::desk::Who;
use super::job::{Job, Stage, StepState};
use super::station::{Act, Changeover, Row, Run};
use crate::base::{Refusal, Time};
use crate::model::command::{FinishChangeover, FinishOperation, ReportOperation, ReverseReport, StartChangeover, StartOperation};
use crate::model::downtime::ChangeoverType;
use crate::model::field::Note;
use crate::model::people::ActivityType;
use crate::model::{Command, Id, Noun};

/// How long before its time in the plan a step may begin.
const EARLY: Duration = Duration::from_secs(6 * 3_600);
/// A step of the same family goes first if it is due so soon after the first in the plan.
const FAMILY_WINDOW: Duration = Duration::from_secs(10 * 3_600);
/// Pieces are reported at least so often.
const REPORT_MS: i64 = 170 * 60_000;
/// Steps in a thousand with bad pieces among theirs.
const BAD_STEPS: i64 = 330;
/// Reports in a thousand that somebody keys wrongly.
const WRONG_REPORTS: i64 = 5;
/// A center without work for so long is told as one without orders.
const IDLE_MINUTES: i64 = 120;

/// Pieces of one report.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    good: i64,
    rejected: i64,
    scrapped: i64,
    rework: i64,
    held: i64,
}

impl Simulator {
    /// Plans the next act of a work center; whatever was planned before is void.
    pub(super) fn wake(&mut self, id: u64, at: Time, act: Act) {
        if let Some(station) = self.stations.get_mut(&id) {
            station.token += 1;
            station.act = act;
            self.agenda.add(at, Event::Station(id, station.token));
        }
    }

    /// A work center's next act is due.
    pub(super) fn station_due(&mut self, id: u64, token: u64) -> Result<(), Refusal> {
        let Some(station) = self.stations.get_mut(&id).filter(|station| station.token == token) else { return Ok(()) };
        match std::mem::take(&mut station.act) {
            Act::Nothing => Ok(()),
            Act::Dispatch => self.go(id),
            Act::SetUp => self.end_setup(id),
            Act::Count => self.count(id),
            Act::GoOn => self.go_on(id),
            Act::Idle => self.without_orders(id),
        }
    }

    /// Gets on with what is there, if somebody is there to do it.
    pub(super) fn go(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(station) = self.stations.get(&id) else { return Ok(()) };
        if station.is_free() {
            return self.dispatch(id);
        }
        let stands = station.operator.is_none() || station.away || station.stop.is_some();
        if stands { Ok(()) } else { self.go_on(id) }
    }

    /// A step has arrived where it is made.
    pub(super) fn arrive(&mut self, order: u64, at: usize) -> Result<(), Refusal> {
        let Some(job) = self.jobs.get(&order).filter(|job| job.is_ready(at)) else { return Ok(()) };
        let (center, entry) = (job.steps[at].center, (job.priority > 1, job.steps[at].planned, order, at));
        let Some(station) = self.stations.get_mut(&center) else { return Ok(()) };
        station.ready.insert(entry);
        if station.stop.is_some_and(|stop| stop.category == crate::model::downtime::DowntimeCategory::NoOrders) {
            return self.end_stop(center);
        }
        if self.stations.get(&center).is_some_and(super::station::Station::is_free) { self.dispatch(center) } else { Ok(()) }
    }

    /// Takes the next step; of those that are due about now, one that needs no changeover.
    fn dispatch(&mut self, id: u64) -> Result<(), Refusal> {
        if self.service_is_due(id) {
            return self.service(id);
        }
        let now = self.desk.now();
        let mut short = false;
        for (order, at) in self.candidates(id) {
            if self.closes_too_soon(id, order) {
                continue;
            }
            if !self.kit(order)? {
                short = true;
                let again = self.later(50, 90);
                self.forget_ready(id, order, at);
                self.agenda.add(again, Event::Ready(order, at));
                continue;
            }
            return self.begin(id, order, at);
        }
        if short {
            return self.short_of_material(id);
        }
        let next = self.stations.get(&id).and_then(|station| station.ready.first()).map(|(_, planned, _, _)| planned.minus(EARLY));
        let idle = now.plus_minutes(IDLE_MINUTES);
        match next.filter(|next| *next < idle) {
            Some(next) => self.wake(id, next.max(now.plus_minutes(15)), Act::Dispatch),
            None => self.wake(id, idle, Act::Idle),
        }
        self.keep_busy(id)
    }

    fn forget_ready(&mut self, id: u64, order: u64, at: usize) {
        if let Some(station) = self.stations.get_mut(&id) {
            station.ready.retain(|entry| (entry.2, entry.3) != (order, at));
        }
    }

    /// Steps that may begin now, the best first.
    fn candidates(&mut self, id: u64) -> Vec<(u64, usize)> {
        let now = self.desk.now();
        let Some(station) = self.stations.get_mut(&id) else { return Vec::new() };
        let jobs = &self.jobs;
        station.ready.retain(|(_, _, order, at)| jobs.get(order).is_some_and(|job| job.is_ready(*at)));
        let due: Vec<_> = station.ready.iter().filter(|(waits, planned, ..)| !waits || planned.minus(EARLY) <= now).copied().collect();
        let Some((_, first, ..)) = due.first().copied() else { return Vec::new() };
        let set_up_for = station.last.map(|(_, product)| self.book.family(product));
        let alike = |order: &u64| self.jobs.get(order).map(|job| self.book.family(job.product)) == set_up_for;
        let mut ranked: Vec<_> =
            due.iter().map(|(waits, planned, order, at)| ((*waits, !(alike(order) && *planned <= first.plus(FAMILY_WINDOW)), *planned), *order, *at)).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, order, at)| (order, at)).collect()
    }

    /// A changeover is not begun where it could not be finished before the doors close.
    fn closes_too_soon(&self, id: u64, order: u64) -> bool {
        let (Some(station), Some(job)) = (self.stations.get(&id), self.jobs.get(&order)) else { return true };
        let minutes = match station.last {
            Some((_, product)) if self.book.family(product) != self.book.family(job.product) => self.book.changeover_minutes(id, job.product) * 3 / 2,
            _ => 20,
        };
        let now = self.desk.now();
        let through = station.hours.begin(station.hours.position(now) + minutes * 60);
        through > now.plus_minutes(minutes + 1)
    }

    fn begin(&mut self, id: u64, order: u64, at: usize) -> Result<(), Refusal> {
        self.end_side_work(id)?;
        self.forget_ready(id, order, at);
        let (Some(station), Some(job)) = (self.stations.get(&id), self.jobs.get_mut(&order)) else { return Ok(()) };
        job.stage = Stage::Running;
        job.steps[at].state = StepState::Running;
        let it = StartOperation {
            work_order_id: Id::new(order),
            operation_sequence: job.steps[at].sequence,
            employee_id: station.operator.map(Id::new),
            machine_id: self.book.centers.get(&id).and_then(|center| center.machine_id),
        };
        self.desk.tell(Who::Operator, Command::StartOperation(it))?;
        let (setup_ms, changeover) = self.set_up_for(id, order, at)?;
        let now = self.desk.now();
        let product = self.jobs.get(&order).map_or(0, |job| job.product);
        if let Some(station) = self.stations.get_mut(&id) {
            station.last = Some((order, product));
            station.run = Some(Run { order, at, active: None, setup_ms, changeover, piece_ms: 60_000, carry_ms: 0, made: 0, reported_at: now, row: None, helper: None });
        }
        self.go_on(id)
    }

    /// How long the setup takes, and the changeover it is, if it is one: the same goods need none, goods
    /// of the same metal or kind a short setup.
    fn set_up_for(&mut self, id: u64, order: u64, at: usize) -> Result<(i64, Option<Changeover>), Refusal> {
        let Some(job) = self.jobs.get(&order) else { return Ok((0, None)) };
        let (product, like_ms, sequence) = (job.product, job.steps[at].setup_seconds * 1_000, job.steps[at].sequence);
        let last = self.stations.get(&id).and_then(|station| station.last);
        let Some((from, before)) = last else { return Ok((like_ms, None)) };
        if before == product {
            return Ok((0, None));
        }
        if self.book.family(before) == self.book.family(product) {
            return Ok((like_ms * self.dice.between(60, 130) / 100, None));
        }
        let planned = self.book.changeover_minutes(id, product);
        let minutes = planned * self.dice.between(75, 130) / 100;
        let metal = self.book.family(product).starts_with("SH-") || self.book.family(product).starts_with("TB-");
        let changeover_type = match (metal, self.book.skill(id)) {
            (_, "punch" | "bend") => ChangeoverType::ToolChange,
            (true, "laser") => ChangeoverType::MaterialChange,
            (_, "pack") => ChangeoverType::FormatChange,
            _ => ChangeoverType::ProductChange,
        };
        let operator = self.stations.get(&id).and_then(|station| station.operator);
        let it = StartChangeover {
            work_center_id: Id::new(id),
            to_work_order_id: Id::new(order),
            operation_sequence: Some(sequence),
            changeover_type,
            from_work_order_id: Some(Id::new(from)),
            machine_id: None,
            planned_duration_minutes: Some(planned),
            target_changeover_time_minutes: Some(planned * 4 / 5),
            supervisor_id: self.somebody("lead").map(Id::new),
            operator_ids: operator.map(Id::new).into_iter().collect(),
        };
        let number = self.desk.make(Who::Operator, Noun::ChangeoverEvent, Command::StartChangeover(it), None)?;
        Ok((minutes * 60_000, Some(Changeover { number, since: self.desk.now() })))
    }

    fn end_setup(&mut self, id: u64) -> Result<(), Refusal> {
        let now = self.desk.now();
        let Some(run) = self.stations.get_mut(&id).and_then(|station| station.run.as_mut()) else { return Ok(()) };
        run.count(now, 0);
        run.setup_ms = 0;
        let changeover = run.changeover.take();
        if let Some(changeover) = changeover {
            self.finish_changeover(changeover)?;
        }
        self.crew_out(id)?;
        self.go_on(id)
    }

    pub(super) fn finish_changeover(&mut self, changeover: Changeover) -> Result<(), Refusal> {
        let now = self.desk.now();
        let minutes = now.minutes_since(changeover.since);
        let (teardown, adjustment, trial) = (minutes / 5, minutes / 6, minutes / 8);
        let slow = minutes > 55;
        let wishes = [
            "stage the next tools on the cart before the run ends",
            "keep the nozzle set at the machine",
            "print the setup sheet with the nest",
            "second lifting aid for the dies",
        ];
        let it = FinishChangeover {
            changeover_id: Id::new(changeover.number),
            teardown_time_minutes: teardown,
            setup_time_minutes: minutes - teardown - adjustment - trial,
            adjustment_time_minutes: adjustment,
            trial_run_time_minutes: trial,
            first_good_part_time: Some(now),
            parts_produced_during_setup: 1,
            parts_scrapped_during_setup: i64::from(self.dice.chance(120)),
            first_piece_inspection_passed: Some(!self.dice.chance(60)),
            quality_approval_by: self.somebody("inspect").map(Id::new),
            improvement_opportunity: self.dice.pick(&wishes).filter(|_| slow).map(|wish| Note((*wish).to_owned())),
        };
        self.desk.tell(Who::Operator, Command::FinishChangeover(it))
    }

    /// The run gets on: somebody is clocked in on it, and its next act is planned.
    fn go_on(&mut self, id: u64) -> Result<(), Refusal> {
        let now = self.desk.now();
        self.settle_run(id);
        self.man(id)?;
        let Some(station) = self.stations.get_mut(&id) else { return Ok(()) };
        let (sound, smooth, had_break) = (station.sound_ms, station.smooth_ms, station.had_break);
        let Some(run) = station.run.as_mut() else { return Ok(()) };
        run.active = Some(now);
        // A setup may end in the very moment in which its people change.
        if run.setup_ms == 0 && (run.changeover.is_some() || run.row.is_some_and(|row| row.setup)) {
            return self.end_setup(id);
        }
        if run.setup_ms > 0 {
            let ends = Time::from_micros(now.micros() + run.setup_ms * 1_000);
            self.wake(id, ends, Act::SetUp);
            return Ok(());
        }
        let open = open_pieces(&self.jobs, run.order, run.at);
        let left = (open - run.made) * run.piece_ms - run.carry_ms;
        let until_break = if had_break { i64::MAX } else { (self.on_shift.latest_break.micros() - now.micros()) / 1_000 };
        let until_report = REPORT_MS - (now.micros() - run.reported_at.micros()) / 1_000;
        // At least a moment ahead, or a rest below a millisecond would never pass.
        let next = left.min(sound).min(smooth).min(until_break).min(until_report.max(60_000)).max(1);
        self.wake(id, Time::from_micros(now.micros() + next * 1_000), Act::Count);
        Ok(())
    }

    /// Counts what was made, and sees what happens next.
    fn count(&mut self, id: u64) -> Result<(), Refusal> {
        let now = self.desk.now();
        let latest_break = self.on_shift.latest_break;
        self.settle_run(id);
        let Some(station) = self.stations.get_mut(&id) else { return Ok(()) };
        let Some(run) = station.run.as_mut() else { return Ok(()) };
        if run.made >= open_pieces(&self.jobs, run.order, run.at) {
            return self.finish(id);
        }
        if station.sound_ms <= 0 {
            return self.break_down(id);
        }
        if station.smooth_ms <= 0 {
            return self.stop_shortly(id);
        }
        if !station.had_break && now >= latest_break {
            return self.break_at_work(id);
        }
        self.report(id)?;
        self.go_on(id)
    }

    /// Brings the account of a run up to now.
    pub(super) fn settle_run(&mut self, id: u64) {
        let now = self.desk.now();
        let Some(station) = self.stations.get_mut(&id) else { return };
        let Some(run) = station.run.as_mut() else { return };
        let passed = run.count(now, open_pieces(&self.jobs, run.order, run.at));
        station.sound_ms = station.sound_ms.saturating_sub(passed);
        station.smooth_ms = station.smooth_ms.saturating_sub(passed);
    }

    /// The run stands from now on.
    pub(super) fn halt(&mut self, id: u64) {
        self.settle_run(id);
        if let Some(station) = self.stations.get_mut(&id) {
            station.token += 1;
            station.act = Act::Nothing;
            if let Some(run) = station.run.as_mut() {
                run.active = None;
            }
        }
    }

    fn finish(&mut self, id: u64) -> Result<(), Refusal> {
        self.report(id)?;
        self.halt(id);
        self.crew_out(id)?;
        let Some(station) = self.stations.get_mut(&id) else { return Ok(()) };
        let Some(run) = station.run.take() else { return Ok(()) };
        station.give(run.order, Some(run.at));
        self.finish_step(run.order, run.at)?;
        self.pause_or_go(id)
    }

    fn finish_step(&mut self, order: u64, at: usize) -> Result<(), Refusal> {
        let Some(job) = self.jobs.get_mut(&order) else { return Ok(()) };
        let sequence = job.steps[at].sequence;
        job.steps[at].state = StepState::Done;
        let it = FinishOperation { work_order_id: Id::new(order), operation_sequence: sequence };
        self.inspect_step(order, at)?;
        self.desk.tell(Who::Operator, Command::FinishOperation(it))?;
        if at == 0 {
            self.clear_away(order)?;
        }
        let Some(job) = self.jobs.get(&order) else { return Ok(()) };
        let next: Vec<usize> = (0..job.steps.len()).filter(|next| job.is_ready(*next)).collect();
        let done = job.finished();
        for next in next {
            let arrives = self.later(10, 30);
            self.agenda.add(arrives, Event::Ready(order, next));
        }
        if done {
            let looked_at = self.later(15, 60);
            self.agenda.add(looked_at, Event::Office(order));
        }
        Ok(())
    }

    /// Reports what was made since the last report.
    pub(super) fn report(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(station) = self.stations.get_mut(&id) else { return Ok(()) };
        let (operator, now) = (station.operator, self.desk.now());
        let Some(run) = station.run.as_mut() else { return Ok(()) };
        run.reported_at = now;
        let (order, at, pieces) = (run.order, run.at, std::mem::take(&mut run.made));
        let Some(job) = self.jobs.get(&order).filter(|_| pieces > 0) else { return Ok(()) };
        let (sequence, goods, planned) = (job.steps[at].sequence, job.steps[at].good, job.planned);
        let count = self.judge(pieces, planned, goods);
        let it = ReportOperation {
            work_order_id: Id::new(order),
            operation_sequence: sequence,
            good_quantity: count.good,
            rejected_quantity: count.rejected,
            scrapped_quantity: count.scrapped,
            rework_quantity: count.rework,
            held_quantity: count.held,
            employee_id: operator.map(Id::new),
            notes: None,
        };
        if count.good == pieces && self.dice.chance(WRONG_REPORTS) {
            let wrong = ReportOperation { good_quantity: 0, scrapped_quantity: pieces, ..it.clone() };
            let report_id = Id::new(self.desk.ask(Who::Operator, Command::ReportOperation(wrong))?);
            self.desk.tell_why(Who::Lead, Command::ReverseReport(ReverseReport { report_id }), "good pieces keyed as scrap")?;
        }
        self.desk.tell(Who::Operator, Command::ReportOperation(it))?;
        self.book_report(id, order, at, count, pieces);
        Ok(())
    }

    fn book_report(&mut self, id: u64, order: u64, at: usize, count: Count, pieces: i64) {
        if let Some(row) = self.stations.get_mut(&id).and_then(|station| station.run.as_mut()?.row.as_mut()) {
            row.good += count.good;
            row.bad += pieces - count.good;
        }
        let Some(job) = self.jobs.get_mut(&order) else { return };
        job.steps[at].produced += pieces;
        job.steps[at].good += count.good;
        job.steps[at].held += count.held;
        job.rework += count.rework;
        if count.held > 0 {
            let decided = self.later(60, 420);
            self.agenda.add(decided, Event::DecideHeld(order, at));
        }
    }

    /// How many of the pieces are good. Bad ones come together, from one cause; two of an order always
    /// come through, so that none starves.
    fn judge(&mut self, pieces: i64, planned: i64, good_before: i64) -> Count {
        let mut count = Count { good: pieces, ..Count::default() };
        if !self.dice.chance(BAD_STEPS * pieces / planned.max(1)) {
            return count;
        }
        let bad = self.dice.between(1, (pieces / 8).clamp(1, 3)).min(pieces + good_before - 2).max(0).min(pieces);
        count.good -= bad;
        match self.dice.between(1, 100) {
            1..=48 => count.scrapped = bad,
            49..=76 => count.rejected = bad,
            77..=86 => count.rework = bad,
            _ => count.held = bad,
        }
        count
    }

    /// What the operator does on a run just now.
    pub(super) const fn activity(run: &Run) -> ActivityType {
        if run.setup_ms > 0 { ActivityType::Setup } else { ActivityType::DirectLabor }
    }

    /// A clock-in that has just been told.
    pub(super) const fn row(number: u64, since: Time, setup: bool) -> Row {
        Row { number, since, good: 0, bad: 0, break_minutes: 0, setup }
    }
}

/// Pieces that a step can still make.
pub(super) fn open_pieces(jobs: &std::collections::BTreeMap<u64, Job>, order: u64, at: usize) -> i64 {
    jobs.get(&order).map_or(0, |job| (job.reached(at) - job.steps[at].produced).max(0))
}
