//! The office: orders are released, scheduled, split, cancelled, completed and closed.
//! Deliberately no optimiser: planners here
//! work by feel, so that a better plan has something to show.

use super::Simulator;
use super::book::whole;
use super::desk::Who;
use super::job::{Job, Stage, Step, StepState};
use super::stock::Stocked;
use crate::base::{Decimal, Refusal};
use crate::model::command::{CancelWorkOrder, CloseWorkOrder, CompleteWorkOrder, ReleaseWorkOrder, ScheduleWorkOrder, SplitWorkOrder};
use crate::model::work_order::OrderType;
use crate::model::{Command, Id, WorkOrder};

/// Orders in a thousand steps of ten minutes, by day and at the weekend.
const ORDERS: (i64, i64) = (150, 75);
/// Orders in work at once; above it customers are told to wait.
const OPEN_MAX: usize = 120;

impl Simulator {
    /// What the office does in a step.
    pub(super) fn plan(&mut self) -> Result<(), Refusal> {
        let (day, hour, minute) = self.book.local(self.desk.now());
        let rate = if day.weekday() < 6 { ORDERS.0 } else { ORDERS.1 };
        if (6..18).contains(&hour) && self.jobs.len() < OPEN_MAX && self.dice.chance(rate) {
            self.customer_order()?;
        }
        if minute < 10 {
            self.make_ahead()?;
        }
        let due: Vec<u64> = self.jobs.values().filter(|job| job.held_until.is_none() && job.next_at <= self.desk.now()).map(|job| job.id).collect();
        for id in due {
            if let Some(job) = self.jobs.remove(&id) {
                self.move_on(job)?;
            }
        }
        Ok(())
    }

    /// The office's next act on an order.
    fn move_on(&mut self, mut job: Job) -> Result<(), Refusal> {
        let id = Id::new(job.id);
        match job.stage {
            Stage::Created if job.kind == OrderType::Production && job.customer.is_some() && self.dice.chance(45) => {
                return self.desk.tell_why(Who::Planner, Command::CancelWorkOrder(CancelWorkOrder { work_order_id: id }), Some("customer withdrew the order"));
            }
            Stage::Created => self.release(&mut job)?,
            Stage::Released => self.schedule(&mut job)?,
            Stage::Completed => return self.desk.tell(Who::Planner, Command::CloseWorkOrder(CloseWorkOrder { work_order_id: id })),
            Stage::Scheduled | Stage::Running => {}
        }
        self.jobs.insert(job.id, job);
        Ok(())
    }

    pub(super) fn release(&mut self, job: &mut Job) -> Result<(), Refusal> {
        self.desk.tell(Who::Planner, Command::ReleaseWorkOrder(ReleaseWorkOrder { work_order_id: Id::new(job.id) }))?;
        let routing = self.book.routings.get(&job.product);
        job.steps = routing.map(|routing| routing.steps.iter().map(step_of).collect()).unwrap_or_default();
        job.stage = Stage::Released;
        job.next_at = self.later(60, 360);
        if job.kind == OrderType::Production && job.planned >= 8 && self.dice.chance(80) {
            self.split(job)?;
        }
        Ok(())
    }

    fn split(&mut self, job: &mut Job) -> Result<(), Refusal> {
        let quantity = job.planned / 3;
        let it = SplitWorkOrder { work_order_id: Id::new(job.id), quantity };
        let child = self.desk.ask(Who::Planner, Command::SplitWorkOrder(it))?;
        job.planned -= quantity;
        let next_at = self.later(60, 240);
        self.jobs.insert(child, Job { customer: job.customer, priority: job.priority, kind: OrderType::Split, ..Job::new(child, job.product, quantity, next_at) });
        Ok(())
    }

    pub(super) fn schedule(&mut self, job: &mut Job) -> Result<(), Refusal> {
        let center = job.steps.first().and_then(|step| step.center).and_then(|center| self.book.centers.get(&center));
        let Some(line_id) = center.and_then(|center| center.line_id) else { return Ok(()) };
        let start = self.later(30, 600);
        let minutes: i64 = job.steps.iter().map(|step| (step.setup_seconds + step.piece_seconds * job.planned) / 60).sum();
        let it = ScheduleWorkOrder {
            work_order_id: Id::new(job.id),
            line_id,
            scheduled_start_time: start,
            scheduled_end_time: start.plus_minutes(minutes * 2),
            ..ScheduleWorkOrder::default()
        };
        self.desk.tell(Who::Planner, Command::ScheduleWorkOrder(it))?;
        job.stage = Stage::Scheduled;
        Ok(())
    }

    /// Completes an order whose steps are done; its good pieces go to stock, its bad ones to rework.
    pub(super) fn complete(&mut self, job: &mut Job) -> Result<(), Refusal> {
        self.clear_away(job)?;
        self.desk.tell(Who::Lead, Command::CompleteWorkOrder(CompleteWorkOrder { work_order_id: Id::new(job.id) }))?;
        let order: WorkOrder = self.desk.record(job.id)?;
        let material = self.book.products.get(&job.product).and_then(|product| product.material_id);
        if let (Some(number), true) = (order.lot_number, job.good() > 0) {
            // Once the story is out, what was still at work with the bad heat is held as it comes.
            let held = job.tainted && self.story_told;
            if held {
                self.hold_bad(&number)?;
            }
            let lot = Stocked::new(number, material.map_or(0, Id::number), whole(job.good()));
            self.stock.lots.push(Stocked { customer: job.customer, tainted: job.tainted, held, ..lot });
        }
        if job.rework > 0 && job.kind != OrderType::Rework {
            let next_at = self.later(60, 300);
            let again = Job { customer: job.customer, kind: OrderType::Rework, priority: 3, tainted: job.tainted, ..Job::new(0, job.product, job.rework, next_at) };
            self.create(again, Some(job.id))?;
        }
        job.stage = Stage::Completed;
        job.next_at = self.later(180, 900);
        Ok(())
    }
}

fn step_of(step: &crate::model::product::RoutingStep) -> Step {
    Step {
        sequence: step.operation_sequence,
        center: step.work_center_id.map(Id::number),
        depends_on: step.depends_on.clone(),
        setup_seconds: step.setup_minutes.scaled() * 60 / Decimal::ONE.scaled(),
        piece_seconds: (step.standard_time_per_unit_seconds.scaled() / Decimal::ONE.scaled()).max(1),
        state: StepState::Waiting,
        produced: 0,
        good: 0,
        worked_seconds: 0,
        crew: Vec::new(),
    }
}
