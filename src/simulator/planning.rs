//! The office: orders are released, planned on the work centers' open time, split, cancelled,
//! completed and closed. Deliberately no optimiser: each order takes the first gaps that fit when
//! its turn comes, so that a better plan has something to show.

use std::collections::BTreeSet;

use super::Simulator;
use super::agenda::Event;
use super::book::whole;
use super::desk::Who;
use super::job::{Job, Stage, Step, StepState};
use super::station::Place;
use super::stock::Stocked;
use crate::base::{Decimal, Refusal, Time};
use crate::model::command::{CancelWorkOrder, CloseWorkOrder, CompleteWorkOrder, ReleaseWorkOrder, ScheduleWorkOrder, SplitWorkOrder};
use crate::model::field::Note;
use crate::model::schedule::OperationSlot;
use crate::model::work_order::OrderType;
use crate::model::{Command, Id, Noun};

/// Planned time is this much of a hundred of standard time: breaks, stops and changeovers take the rest.
const PLAN_PERCENT: i64 = 116;
/// Planned minutes beside the pieces of a step.
const STEP_MINUTES: i64 = 20;
/// Minutes between the steps of an order in a plan.
const TRANSFER_MINUTES: i64 = 90;
/// Orders that a rush order moves back at most.
const DISPLACED_MAX: usize = 3;

/// Planned places of an order's steps: station, place, begin and end.
type Slots = Vec<(u64, Place, Time, Time)>;

impl Simulator {
    /// The office's next act on an order.
    pub(super) fn office(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(job) = self.jobs.get(&id) else { return Ok(()) };
        if job.held {
            let again = self.later(120, 300);
            self.agenda.add(again, Event::Office(id));
            return Ok(());
        }
        let (stage, withdrawn) = (job.stage, job.kind == OrderType::Production && job.customer.is_some() && job.priority > 1);
        match stage {
            Stage::Created if withdrawn && self.dice.chance(22) => {
                self.jobs.remove(&id);
                self.desk.tell_why(Who::Planner, Command::CancelWorkOrder(CancelWorkOrder { work_order_id: Id::new(id) }), "customer withdrew the order")
            }
            Stage::Created => self.release(id),
            Stage::Released => self.schedule(id),
            Stage::Running if self.jobs.get(&id).is_some_and(Job::finished) => self.complete(id),
            Stage::Completed => self.close(id),
            Stage::Scheduled | Stage::Running => Ok(()),
        }
    }

    fn next_office(&mut self, id: u64, least: i64, most: i64) {
        let due = self.later(least, most);
        self.agenda.add(due, Event::Office(id));
    }

    pub(super) fn release(&mut self, id: u64) -> Result<(), Refusal> {
        let lot = self.desk.make_lot(Who::Planner, Command::ReleaseWorkOrder(ReleaseWorkOrder { work_order_id: Id::new(id) }))?;
        let Some(job) = self.jobs.get_mut(&id) else { return Ok(()) };
        let routing = self.book.routings.get(&job.product);
        job.steps = routing.map(|routing| routing.steps.iter().map(step_of).collect()).unwrap_or_default();
        job.stage = Stage::Released;
        job.lot = lot;
        let (rush, splits) = (job.priority == 1, job.kind == OrderType::Production && job.customer.is_some() && job.planned >= 16);
        if splits && !rush && self.dice.chance(35) {
            self.split(id)?;
        }
        if rush {
            return self.schedule(id);
        }
        self.next_office(id, 20, 120);
        Ok(())
    }

    fn split(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(job) = self.jobs.get_mut(&id) else { return Ok(()) };
        let quantity = job.planned / 3;
        job.planned -= quantity;
        let part = Job { customer: job.customer, priority: job.priority, kind: OrderType::Split, ..Job::new(0, job.product, quantity) };
        let it = SplitWorkOrder { work_order_id: Id::new(id), quantity };
        let child = self.desk.make(Who::Planner, Noun::WorkOrder, Command::SplitWorkOrder(it), Some("first part is needed earlier"))?;
        self.jobs.insert(child, Job { id: child, ..part });
        self.take_stock_of(id);
        self.take_stock_of(child);
        self.next_office(child, 40, 200);
        Ok(())
    }

    /// Plans an order whose sub-assemblies are there; others wait in the office.
    pub(super) fn schedule(&mut self, id: u64) -> Result<(), Refusal> {
        if !self.parts_are_there(id) {
            self.next_office(id, 90, 180);
            return Ok(());
        }
        let rush = self.jobs.get(&id).is_some_and(|job| job.priority == 1);
        let slots = self.slots(id, rush);
        let notes = rush.then(|| format!("rush: {} goes before everything else on its machines", Noun::WorkOrder.id_text(id)));
        self.publish(id, &slots, notes)?;
        if rush {
            self.displace(id, &slots)?;
        }
        let now = self.desk.now();
        let Some(job) = self.jobs.get_mut(&id) else { return Ok(()) };
        job.stage = Stage::Scheduled;
        let ready: Vec<usize> = (0..job.steps.len()).filter(|at| job.is_ready(*at)).collect();
        ready.into_iter().for_each(|at| self.agenda.add(now, Event::Ready(id, at)));
        Ok(())
    }

    /// What is made ahead for an order is in stock and not promised to another.
    fn parts_are_there(&self, id: u64) -> bool {
        let day = self.book.local(self.desk.now()).0;
        let Some(job) = self.jobs.get(&id) else { return false };
        let made: BTreeSet<u64> = self.book.ahead.iter().map(|it| it.material).collect();
        job.needs.iter().filter(|(material, _)| made.contains(material)).all(|(material, need)| {
            let promised = self.promised(*material);
            self.stock.usable(*material, day).minus(promised).is_some_and(|free| free >= *need)
        })
    }

    /// What planned orders will take of a material.
    pub(super) fn promised(&self, material: u64) -> Decimal {
        let planned = self.jobs.values().filter(|job| matches!(job.stage, Stage::Scheduled | Stage::Running) && !job.kitted);
        planned.flat_map(|job| &job.needs).filter(|(needed, _)| *needed == material).fold(Decimal::ZERO, |sum, (_, need)| sum.plus(*need).unwrap_or(sum))
    }

    /// The first gaps that fit, one step after the other.
    fn slots(&mut self, id: u64, rush: bool) -> Slots {
        let now = self.desk.now();
        let day = self.book.local(now).0;
        let Some(job) = self.jobs.get(&id) else { return Vec::new() };
        let mut ends: Vec<(i64, Time)> = Vec::new();
        let mut slots = Slots::new();
        for (at, step) in job.steps.iter().enumerate() {
            let Some(station) = self.stations.get_mut(&step.center) else { continue };
            if let Some(center) = self.book.centers.get(&step.center) {
                station.hours.reach(&self.book, center, day.plus_days(40));
            }
            let before = ends.iter().filter(|(sequence, _)| step.depends_on.contains(sequence)).map(|(_, end)| end.plus_minutes(TRANSFER_MINUTES)).max();
            let earliest = before.unwrap_or_else(|| now.plus_minutes(if rush { 20 } else { 240 }));
            let seconds = planned_seconds(step, job.planned);
            let open = station.hours.position(now);
            let wanted = station.hours.position(earliest);
            let from = if rush { wanted } else { station.gap(wanted.max(open + station.backlog(open)), seconds) };
            let place = Place { from, to: from + seconds, order: id, at };
            let (begins, finishes) = (station.hours.begin(place.from), station.hours.end(place.to));
            station.take(place);
            ends.push((step.sequence, finishes));
            slots.push((step.center, place, begins, finishes));
        }
        slots
    }

    fn publish(&mut self, id: u64, slots: &Slots, notes: Option<String>) -> Result<(), Refusal> {
        let Some(job) = self.jobs.get_mut(&id) else { return Ok(()) };
        for (_, place, begins, _) in slots {
            job.steps[place.at].planned = *begins;
        }
        let steps = &job.steps;
        let operations: Vec<OperationSlot> = slots
            .iter()
            .map(|(_, place, begins, finishes)| OperationSlot {
                operation_sequence: steps[place.at].sequence,
                work_center_id: None,
                planned_start_time: *begins,
                planned_end_time: *finishes,
            })
            .collect();
        let (Some(start), Some(end)) = (operations.iter().map(|it| it.planned_start_time).min(), operations.iter().map(|it| it.planned_end_time).max()) else { return Ok(()) };
        let Some(line_id) = slots.first().and_then(|(center, ..)| self.book.centers.get(center)).and_then(|center| center.line_id) else { return Ok(()) };
        let it = ScheduleWorkOrder {
            work_order_id: Id::new(id),
            line_id,
            scheduled_start_time: start,
            scheduled_end_time: end,
            operations,
            notes: notes.map(Note),
            ..ScheduleWorkOrder::default()
        };
        self.desk.tell(Who::Planner, Command::ScheduleWorkOrder(it))
    }

    /// Orders that stand where a rush order goes are planned anew behind it.
    fn displace(&mut self, rush: u64, slots: &Slots) -> Result<(), Refusal> {
        let mut moved: Vec<u64> = Vec::new();
        for (center, place, ..) in slots {
            let plan = self.stations.get(center).map(|station| station.plan.as_slice()).unwrap_or_default();
            moved.extend(plan.iter().filter(|other| other.order != rush && other.from < place.to && place.from < other.to).map(|other| other.order));
        }
        moved.sort_unstable();
        moved.dedup();
        moved.retain(|id| self.jobs.get(id).is_some_and(|job| job.stage == Stage::Scheduled && !job.held && job.priority > 1));
        moved.truncate(DISPLACED_MAX);
        if !moved.is_empty() {
            self.rush_due = None;
        }
        for id in moved {
            self.stations.values_mut().for_each(|station| station.give(id, None));
            let slots = self.slots(id, false);
            self.publish(id, &slots, Some(format!("moved back for rush order {}", Noun::WorkOrder.id_text(rush))))?;
            let now = self.desk.now();
            self.stations.values_mut().for_each(|station| station.ready.retain(|entry| entry.2 != id));
            self.agenda.add(now, Event::Ready(id, 0));
        }
        Ok(())
    }

    /// Completes an order whose steps are done; its good pieces go to stock, its bad ones to rework.
    fn complete(&mut self, id: u64) -> Result<(), Refusal> {
        for at in 0..self.jobs.get(&id).map_or(0, |job| job.steps.len()) {
            self.decide_held(id, at)?;
        }
        self.desk.tell(Who::Lead, Command::CompleteWorkOrder(CompleteWorkOrder { work_order_id: Id::new(id) }))?;
        let Some(job) = self.jobs.get_mut(&id) else { return Ok(()) };
        job.stage = Stage::Completed;
        let (job, kept_as) = (job.clone(), self.book.kept_as(job.product));
        if let (Some(number), true) = (job.lot.clone(), job.good() > 0) {
            let inspected = self.held_by.values().any(|held| *held == number);
            // Once the story is out, what was still at work with the bad heat is held as it comes.
            let tainted = job.tainted && self.story_told;
            if tainted && !inspected {
                self.hold_bad(&number)?;
            }
            let lot = Stocked::new(number, kept_as, whole(job.good()));
            self.stock.lots.push(Stocked { customer: job.customer, order: Some(id), tainted: job.tainted, held: tainted || inspected, ..lot });
        }
        self.open_record(id, job.customer.is_some())?;
        if job.rework > 0 && job.kind != OrderType::Rework {
            let again = Job { customer: job.customer, kind: OrderType::Rework, priority: 3, tainted: job.tainted, ..Job::new(0, job.product, job.rework) };
            self.create(again, Some(id), Some("rework after inspection".to_owned()))?;
        }
        self.next_office(id, 180, 900);
        Ok(())
    }

    fn close(&mut self, id: u64) -> Result<(), Refusal> {
        if self.quality_held.contains_key(&id) {
            self.next_office(id, 120, 400);
            return Ok(());
        }
        self.jobs.remove(&id);
        self.desk.tell(Who::Planner, Command::CloseWorkOrder(CloseWorkOrder { work_order_id: Id::new(id) }))
    }

    /// Writes down what an order's kit takes.
    pub(super) fn take_stock_of(&mut self, id: u64) {
        let needs = self.jobs.get(&id).map(|job| self.needs_of(job)).unwrap_or_default();
        if let Some(job) = self.jobs.get_mut(&id) {
            job.needs = needs;
        }
    }
}

/// How long the plan gives a step.
pub(super) const fn planned_seconds(step: &Step, pieces: i64) -> i64 {
    STEP_MINUTES * 60 + step.piece_seconds * pieces * PLAN_PERCENT / 100
}

fn step_of(step: &crate::model::product::RoutingStep) -> Step {
    Step {
        sequence: step.operation_sequence,
        center: step.work_center_id.map_or(0, Id::number),
        depends_on: step.depends_on.clone(),
        setup_seconds: step.setup_minutes.scaled() * 60 / Decimal::ONE.scaled(),
        piece_seconds: (step.standard_time_per_unit_seconds.scaled() / Decimal::ONE.scaled()).max(1),
        inspected: step.requires_inspection,
        state: StepState::Waiting,
        produced: 0,
        good: 0,
        held: 0,
        planned: Time::default(),
    }
}
