//! Where orders come from: customers ask by the hour, and sub-assemblies are made ahead of those who
//! need them. Deliberately nobody cheats: an order created here goes the way of every other.

use super::Simulator;
use super::agenda::Event;
use super::book::whole;
use super::desk::Who;
use super::job::{Job, Stage};
use crate::base::{Decimal, Refusal};
use crate::model::field::Note;
use crate::model::work_order::OrderType;
use crate::model::{Id, WorkOrder};

/// Customers' orders in a thousand that cannot wait.
const RUSH: i64 = 12;
/// Orders of the plant's own in one hour at most.
const AHEAD_MAX: usize = 3;
/// Orders in work at once; above it customers are told to wait.
const OPEN_MAX: usize = 500;

/// Why an order is a rush.
const RUSH_NOTE: &str = "Rush: the customer's site opens this week, goes before everything else";

/// What customers write on their orders.
const WISHES: &[&str] =
    &["grain lengthwise, film stays on", "deliver on Euro pallets", "label each piece with the room number", "edges broken 0.3 mm", "call the site manager a day ahead"];

impl Simulator {
    /// Customers' orders of the coming hour, by the time of day and week.
    pub(super) fn expect_orders(&mut self) {
        let (day, hour, _) = self.book.local(self.desk.now());
        let pace = &self.book.pace;
        let [least, most] = match hour {
            _ if day.weekday() > 5 || self.book.closed.contains(&day) => pace.weekend,
            6..14 => pace.early,
            14..22 => pace.late,
            _ => pace.night,
        };
        let share = pace.customer_share;
        for _ in 0..self.dice.between(least, most) {
            if self.dice.between(1, 100) <= share {
                let comes = self.later(0, 59);
                self.agenda.add(comes, Event::Arrival);
            }
        }
    }

    /// A customer orders something.
    pub(super) fn customer_order(&mut self) -> Result<u64, Refusal> {
        if self.jobs.len() > OPEN_MAX {
            return Ok(0);
        }
        let Some(wanted) = self.draw_demand() else { return Ok(0) };
        let pieces = self.dice.between(wanted.least, wanted.most);
        let customer = self.dice.pick(&wanted.customers).and_then(|code| self.book.customers.get(code).copied());
        let product = self.book.product(&wanted.product)?;
        let rush = self.dice.chance(RUSH);
        let priority = if rush { 1 } else { self.dice.between(3, 7) };
        let note = match rush {
            true => Some(RUSH_NOTE.to_owned()),
            false if self.dice.chance(150) => self.dice.pick(WISHES).map(|wish| (*wish).to_owned()),
            false => None,
        };
        self.create(Job { customer, priority, ..Job::new(0, product, pieces) }, None, note)
    }

    /// The story: a rush order comes for what is about to be begun for somebody else, once a working day
    /// until it moves them back.
    pub(super) fn plant_rush(&mut self) -> Result<(), Refusal> {
        let now = self.desk.now();
        let (day, hour, _) = self.book.local(now);
        if self.rush_due.is_none_or(|due| now < due) || day.weekday() > 5 || !(8..16).contains(&hour) {
            return Ok(());
        }
        let soon = |job: &&Job| {
            let begins = job.steps.first().map(|step| step.planned);
            job.stage == Stage::Scheduled && !job.held && job.priority > 1 && begins.is_some_and(|at| now.plus_minutes(30) < at && at < now.plus_minutes(240))
        };
        let waiting = self.jobs.values().filter(soon).max_by_key(|job| job.planned).map(|job| (job.product, job.planned));
        let Some((product, pieces)) = waiting else { return Ok(()) };
        let customers: Vec<u64> = self.book.customers.values().copied().collect();
        let customer = self.dice.pick(&customers).copied();
        self.rush_due = Some(now.plus_minutes(1_440));
        self.create(Job { customer, priority: 1, ..Job::new(0, product, pieces) }, None, Some(RUSH_NOTE.to_owned())).map(|_| ())
    }

    /// Demand comes evenly over time: a bag of a hundred orders is emptied before it is filled again.
    fn draw_demand(&mut self) -> Option<super::fixture::Demand> {
        if self.bag.is_empty() {
            for (at, demand) in self.book.demand.iter().enumerate() {
                self.bag.extend((0..demand.share).map(|_| at));
            }
        }
        let last = i64::try_from(self.bag.len()).ok()? - 1;
        let drawn = self.bag.swap_remove(usize::try_from(self.dice.between(0, last)).ok()?);
        self.book.demand.get(drawn).cloned()
    }

    /// Creates an order; answers its number.
    pub(super) fn create(&mut self, mut job: Job, parent: Option<u64>, note: Option<String>) -> Result<u64, Refusal> {
        let today = self.book.local(self.desk.now()).0;
        let days = if job.priority == 1 { 2 } else { i32::try_from(self.dice.between(3, 6)).unwrap_or(7) };
        let sale = job.customer.map(|_| self.dice.between(10_000, 99_999));
        let order = WorkOrder {
            product_id: Id::new(job.product),
            customer_id: job.customer.map(Id::new),
            sales_order_number: sale.map(|sale| format!("SO-{sale:05}")),
            erp_order_id: sale.map(|sale| format!("45000{sale:05}")),
            planned_quantity: job.planned,
            order_type: job.kind,
            priority: job.priority,
            planned_start_date: Some(today.plus_days(1)),
            planned_end_date: Some(today.plus_days(days)),
            parent_work_order_id: parent.map(Id::new),
            notes: note.map(Note),
            ..WorkOrder::default()
        };
        let rush = job.priority == 1;
        job.id = self.desk.create(Who::Planner, &order)?;
        let id = job.id;
        self.jobs.insert(id, job);
        self.take_stock_of(id);
        let looked_at = if rush { self.later(5, 15) } else { self.later(30, 150) };
        self.agenda.add(looked_at, Event::Office(id));
        Ok(id)
    }

    /// Orders the sub-assemblies that are short: what is free is less than the reorder point.
    pub(super) fn make_ahead(&mut self) -> Result<(), Refusal> {
        let day = self.book.local(self.desk.now()).0;
        let mut ordered = 0;
        for ahead in self.book.ahead.clone() {
            let own = |job: &&Job| job.product == ahead.product && job.customer.is_none() && job.stage != Stage::Completed;
            let coming: i64 = self.jobs.values().filter(own).map(|job| job.planned).sum();
            let open = self.jobs.values().filter(|job| !job.kitted && job.stage != Stage::Completed);
            let wanted = open.flat_map(|job| &job.needs).filter(|(needed, _)| *needed == ahead.material);
            let wanted = wanted.fold(Decimal::ZERO, |sum, (_, need)| sum.plus(*need).unwrap_or(sum));
            let there = self.stock.usable(ahead.material, day).plus(whole(coming)).unwrap_or_default();
            let free = there.minus(wanted).unwrap_or_default();
            if free < whole(ahead.reorder) && ordered < AHEAD_MAX {
                ordered += 1;
                self.create(Job { priority: 3, ..Job::new(0, ahead.product, ahead.batch) }, None, None)?;
            }
        }
        Ok(())
    }

    /// At the end of a history: every state of an order and of a stop is there to be seen.
    pub(super) fn last_touches(&mut self) -> Result<(), Refusal> {
        if self.jobs.values().all(|job| !job.held) {
            self.hold_order()?;
        }
        for stage in [Stage::Created, Stage::Released] {
            if self.jobs.values().all(|job| job.stage != stage || job.held || job.kind != OrderType::Production) {
                let id = self.customer_order()?;
                if stage == Stage::Released {
                    self.release(id)?;
                }
            }
        }
        self.mark_open_stops()
    }
}
