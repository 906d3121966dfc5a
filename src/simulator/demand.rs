//! Where orders come from: customers ask, and sub-assemblies are made ahead of those who need them.
//! Deliberately nobody cheats: an order created here goes the way of every other.

use super::Simulator;
use super::book::whole;
use super::desk::Who;
use super::job::{Job, Stage};
use crate::base::{Decimal, Refusal, Time, Value};
use crate::model::command::CancelWorkOrder;
use crate::model::field::{Access, Fields as _};
use crate::model::work_order::OrderType;
use crate::model::{Command, Id, Noun, WorkOrder};

impl Simulator {
    /// A customer orders something.
    pub(super) fn customer_order(&mut self) -> Result<u64, Refusal> {
        let mut share = self.dice.between(1, self.book.demand.iter().map(|it| it.share).sum());
        let wanted = self.book.demand.iter().find(|it| {
            share -= it.share;
            share <= 0
        });
        let Some(wanted) = wanted.cloned() else { return Ok(0) };
        let pieces = self.dice.between(wanted.least, wanted.most);
        let customer = self.dice.pick(&wanted.customers).and_then(|code| self.book.customers.get(code).copied());
        let product = self.book.product(&wanted.product)?;
        let priority = if self.dice.chance(80) { 2 } else { self.dice.between(4, 7) };
        let next_at = self.later(120, 900);
        self.create(Job { customer, priority, ..Job::new(0, product, pieces, next_at) }, None)
    }

    /// Creates an order; answers its number.
    pub(super) fn create(&mut self, mut job: Job, parent: Option<u64>) -> Result<u64, Refusal> {
        let today = self.book.local(self.desk.now()).0;
        let days = i32::try_from(self.dice.between(2, 6)).unwrap_or(3);
        let sales_order = job.customer.map(|_| format!("SO-{:05}", self.dice.between(10_000, 99_999)));
        let order = WorkOrder {
            product_id: Id::new(job.product),
            customer_id: job.customer.map(Id::new),
            sales_order_number: sales_order,
            planned_quantity: job.planned,
            order_type: job.kind,
            priority: job.priority,
            planned_start_date: Some(today.plus_days(1)),
            planned_end_date: Some(today.plus_days(days)),
            parent_work_order_id: parent.map(Id::new),
            ..WorkOrder::default()
        };
        job.id = self.desk.ask(Who::Planner, Command::Create { noun: Noun::WorkOrder, values: given(&order) })?;
        let id = job.id;
        self.jobs.insert(id, job);
        Ok(id)
    }

    /// Orders the sub-assemblies that open orders will need and nobody makes yet.
    pub(super) fn make_ahead(&mut self) -> Result<(), Refusal> {
        let day = self.book.local(self.desk.now()).0;
        for (product, least) in self.book.batches.clone() {
            let Some(material) = self.book.products.get(&product).and_then(|it| it.material_id) else { continue };
            let open: Vec<&Job> = self.jobs.values().filter(|job| job.stage != Stage::Completed).collect();
            let coming: i64 = open.iter().filter(|job| job.product == product && job.customer.is_none()).map(|job| job.planned).sum();
            let needs = open.iter().filter(|job| !job.kitted && job.kind != OrderType::Rework).flat_map(|job| self.book.needs(job.product, job.planned));
            let wanted = needs.filter(|(needed, _)| *needed == material.number()).fold(Decimal::ZERO, |sum, (_, need)| sum.plus(need).unwrap_or(sum));
            let there = self.stock.usable(material.number(), day).plus(whole(coming)).unwrap_or_default();
            let short = wanted.minus(there).and_then(Decimal::as_whole).unwrap_or(0);
            if short > 0 {
                let next_at = self.later(20, 60);
                self.create(Job { priority: 3, ..Job::new(0, product, least.max(short + 1), next_at) }, None)?;
            }
        }
        Ok(())
    }

    /// Creates an order that its customer withdraws at once.
    pub(super) fn withdraw_one(&mut self) -> Result<(), Refusal> {
        let id = self.customer_order()?;
        self.jobs.remove(&id);
        self.desk.tell_why(Who::Planner, Command::CancelWorkOrder(CancelWorkOrder { work_order_id: Id::new(id) }), Some("entered twice"))
    }

    /// At the end of a history: every state of an order is there to be seen.
    pub(super) fn last_touches(&mut self, end: Time) -> Result<(), Refusal> {
        self.desk.begin(self.done_until, end.max(self.done_until));
        if self.jobs.values().all(|job| job.held_until.is_none()) {
            self.hold_order()?;
        }
        self.withdraw_one()?;
        for stage in [Stage::Created, Stage::Released, Stage::Scheduled] {
            if self.jobs.values().all(|job| job.stage != stage || job.held_until.is_some()) {
                let id = self.customer_order()?;
                self.bring_to(id, stage)?;
            }
        }
        Ok(())
    }

    fn bring_to(&mut self, id: u64, stage: Stage) -> Result<(), Refusal> {
        let Some(mut job) = self.jobs.remove(&id) else { return Ok(()) };
        if stage >= Stage::Released {
            self.release(&mut job)?;
        }
        if stage >= Stage::Scheduled {
            self.schedule(&mut job)?;
        }
        self.jobs.insert(id, job);
        Ok(())
    }
}

/// The columns of a record that a client may give and that are there.
fn given(order: &WorkOrder) -> Vec<(usize, Value)> {
    let open = WorkOrder::FIELDS.iter().enumerate().filter(|(_, spec)| spec.access != Access::Made);
    open.map(|(at, _)| (at, order.value(at))).filter(|(_, value)| !value.is_null()).collect()
}
