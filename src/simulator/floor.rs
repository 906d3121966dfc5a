//! The floor: free work centers take the next ready step, crews work it down, report by the hour
//! and finish it. Deliberately one step on one center at a time, and nobody works outside a shift.

use std::collections::BTreeSet;

use super::desk::Who;
use super::job::{Job, Stage, StepState};
use super::{STEP_MINUTES, Simulator};
use crate::base::Refusal;
use crate::model::command::{FinishOperation, ReportOperation, ReverseReport, StartOperation, StartWorkOrder};
use crate::model::people::ActivityType;
use crate::model::{Command, Id};

/// Bad pieces in a thousand, a step.
const BAD: i64 = 14;
/// Reports in a thousand that somebody keys wrongly.
const WRONG_REPORTS: i64 = 12;

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
    /// Crews on running steps get on with it.
    pub(super) fn work(&mut self) -> Result<(), Refusal> {
        let running: Vec<u64> = self.jobs.values().filter(|job| job.stage == Stage::Running && job.held_until.is_none()).map(|job| job.id).collect();
        for id in running {
            let Some(mut job) = self.jobs.remove(&id) else { continue };
            for at in 0..job.steps.len() {
                if job.steps[at].state == StepState::Running {
                    self.work_step(&mut job, at)?;
                }
            }
            if job.finished() {
                self.complete(&mut job)?;
            }
            self.jobs.insert(id, job);
        }
        Ok(())
    }

    fn work_step(&mut self, job: &mut Job, at: usize) -> Result<(), Refusal> {
        if job.steps[at].crew.is_empty() && !self.man(job, at)? {
            return Ok(());
        }
        let hands = i64::try_from(job.steps[at].crew.len()).unwrap_or(1);
        // Two get on with it faster than one, but not twice as fast.
        let pace = self.dice.between(92, 118) * (3 * hands + 1) / 4;
        let step = &mut job.steps[at];
        let setting_up = step.worked_seconds < step.setup_seconds;
        step.worked_seconds += STEP_MINUTES * 60 * pace / 100;
        if setting_up && step.worked_seconds >= step.setup_seconds {
            self.crew_out(job, at)?;
            self.man(job, at)?;
        }
        let reached = job.reached(at);
        let step = &job.steps[at];
        let made = ((step.worked_seconds - step.setup_seconds).max(0) / step.piece_seconds).min(reached);
        let on_the_hour = self.book.local(self.desk.now()).2 >= 60 - STEP_MINUTES;
        if made > step.produced && (on_the_hour || made == reached) {
            self.report(job, at, made - job.steps[at].produced)?;
        }
        if job.steps[at].produced >= reached { self.finish(job, at) } else { Ok(()) }
    }

    fn finish(&mut self, job: &mut Job, at: usize) -> Result<(), Refusal> {
        self.crew_out(job, at)?;
        let it = FinishOperation { work_order_id: Id::new(job.id), operation_sequence: job.steps[at].sequence };
        self.desk.tell(Who::Operator, Command::FinishOperation(it))?;
        job.steps[at].state = StepState::Done;
        if at == 0 { self.clear_away(job) } else { Ok(()) }
    }

    fn report(&mut self, job: &mut Job, at: usize, pieces: i64) -> Result<(), Refusal> {
        let count = self.judge(job, at, pieces);
        let employee_id = job.steps[at].crew.first().map(|crew| Id::new(crew.employee));
        let it = ReportOperation {
            work_order_id: Id::new(job.id),
            operation_sequence: job.steps[at].sequence,
            good_quantity: count.good,
            rejected_quantity: count.rejected,
            scrapped_quantity: count.scrapped,
            rework_quantity: count.rework,
            held_quantity: count.held,
            employee_id,
            ..ReportOperation::default()
        };
        if count.good == pieces && self.dice.chance(WRONG_REPORTS) {
            let wrong = ReportOperation { good_quantity: 0, scrapped_quantity: pieces, ..it.clone() };
            let report_id = Id::new(self.desk.ask(Who::Operator, Command::ReportOperation(wrong))?);
            self.desk.tell_why(Who::Lead, Command::ReverseReport(ReverseReport { report_id }), Some("good pieces keyed as scrap"))?;
        }
        self.desk.tell(Who::Operator, Command::ReportOperation(it))?;
        let step = &mut job.steps[at];
        step.produced += pieces;
        step.good += count.good;
        if let Some(crew) = step.crew.first_mut() {
            crew.good += count.good;
            crew.bad += pieces - count.good;
        }
        job.rework += count.rework;
        Ok(())
    }

    /// How many of the pieces are good; two of an order always come through, so that none starves.
    fn judge(&mut self, job: &Job, at: usize, pieces: i64) -> Count {
        let mut count = Count { good: pieces, ..Count::default() };
        for _ in 0..pieces {
            if job.steps[at].good + count.good > 2 && self.dice.chance(BAD) {
                count.good -= 1;
                match self.dice.between(1, 10) {
                    1..=4 => count.scrapped += 1,
                    5..=6 => count.rejected += 1,
                    7..=9 => count.rework += 1,
                    _ => count.held += 1,
                }
            }
        }
        count
    }

    /// Free work centers with somebody to man them take the most urgent step that is ready there.
    pub(super) fn dispatch(&mut self) -> Result<(), Refusal> {
        let open = self.jobs.values().flat_map(|job| &job.steps).filter(|step| step.state == StepState::Running);
        let busy: BTreeSet<u64> = open.filter_map(|step| step.center).collect();
        let free: Vec<u64> = self.book.centers.keys().copied().filter(|center| !busy.contains(center)).collect();
        for center in free {
            if self.free_person(center).is_none() {
                continue;
            }
            for id in self.candidates(center) {
                let Some(mut job) = self.jobs.remove(&id) else { continue };
                let begun = self.begin_step(&mut job)?;
                self.jobs.insert(id, job);
                if begun {
                    break;
                }
            }
        }
        Ok(())
    }

    fn candidates(&self, center: u64) -> Vec<u64> {
        let open = self.jobs.values().filter(|job| matches!(job.stage, Stage::Scheduled | Stage::Running) && job.held_until.is_none());
        let mut fit: Vec<&Job> = open.filter(|job| job.ready_step().is_some_and(|at| job.steps[at].center == Some(center))).collect();
        fit.sort_by_key(|job| (job.priority, job.id));
        fit.into_iter().map(|job| job.id).collect()
    }

    /// Starts the ready step, and the order with its kit before the first; answers whether it could.
    fn begin_step(&mut self, job: &mut Job) -> Result<bool, Refusal> {
        let Some(at) = job.ready_step() else { return Ok(false) };
        if !job.kitted && !self.kit(job)? {
            return Ok(false);
        }
        let work_order_id = Id::new(job.id);
        if job.stage == Stage::Scheduled {
            self.desk.tell(Who::Lead, Command::StartWorkOrder(StartWorkOrder { work_order_id }))?;
            job.stage = Stage::Running;
        }
        let center = job.steps[at].center;
        let employee_id = center.and_then(|center| self.free_person(center)).map(Id::new);
        let machine_id = center.and_then(|center| self.book.centers.get(&center)).and_then(|center| center.machine_id);
        let it = StartOperation { work_order_id, operation_sequence: job.steps[at].sequence, employee_id, machine_id };
        self.desk.tell(Who::Operator, Command::StartOperation(it))?;
        job.steps[at].state = StepState::Running;
        self.man(job, at)
    }

    /// What the crew does on a step just now.
    pub(super) fn activity(job: &Job, at: usize) -> ActivityType {
        let step = &job.steps[at];
        if step.worked_seconds < step.setup_seconds { ActivityType::Setup } else { ActivityType::DirectLabor }
    }
}
