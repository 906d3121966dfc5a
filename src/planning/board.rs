//! The plan in force as people look at it: slots of a time for the Gantt, the next work of a work center,
//! and load against capacity by week or day.

use std::collections::BTreeMap;

use super::shop::Shop;
use crate::base::{Code, Refusal, Time, limits};
use crate::model::field::Field as _;
use crate::model::schedule::ScheduleStatus;
use crate::model::work_order::OperationStatus;
use crate::model::{Id, Product, ProductionSchedule, Subject, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::scheduling::{Plan, Slot};
use crate::store::{Snapshot, View as _};

/// Longest time that one look at the plan covers.
const DAYS_MAX: i64 = 62;
/// Slots of one day or work center.
const SLOTS_MAX: usize = 20_000;

/// A slot with what people call it.
pub struct Seen {
    /// The slot.
    pub slot: ProductionSchedule,
    /// Its order.
    pub order: WorkOrder,
    /// Its operation, unless it is for the whole order.
    pub operation: Option<WorkOrderOperation>,
    /// What is made.
    pub product: String,
}

/// Names that were looked up.
struct Names<'s> {
    snapshot: &'s Snapshot,
    orders: BTreeMap<u64, WorkOrder>,
    products: BTreeMap<u64, String>,
}

impl<'s> Names<'s> {
    const fn of(snapshot: &'s Snapshot) -> Self {
        Self { snapshot, orders: BTreeMap::new(), products: BTreeMap::new() }
    }

    fn seen(&mut self, slot: ProductionSchedule) -> Result<Option<Seen>, Refusal> {
        let number = slot.work_order_id.number();
        if !self.orders.contains_key(&number) {
            let Some(order) = self.snapshot.get(slot.work_order_id)? else { return Ok(None) };
            self.orders.insert(number, order);
        }
        let Some(order) = self.orders.get(&number).cloned() else { return Ok(None) };
        let product = order.product_id;
        if !self.products.contains_key(&product.number()) {
            let found: Option<Product> = self.snapshot.get(product)?;
            self.products.insert(product.number(), found.map_or_else(|| Subject::of(product).to_string(), |product| product.product_name));
        }
        let operation = slot.operation_id.map(|id| self.snapshot.get(id)).transpose()?.flatten();
        Ok(Some(Seen { slot, order, operation, product: self.products.get(&product.number()).cloned().unwrap_or_default() }))
    }
}

/// The slots that lie in a time, cancelled ones left out, by work center and start.
pub fn schedule(snapshot: &Snapshot, from: Time, to: Time) -> Result<Vec<Seen>, Refusal> {
    if from >= to || to.minutes_since(from) > DAYS_MAX * 1_440 {
        return Err(Refusal::field(Code::Invalid, "from", format!("the plan is shown for up to {DAYS_MAX} days, from a moment to a later one")));
    }
    let zone = jiff::tz::TimeZone::UTC;
    let (first, last) = (from.date(&zone).plus_days(-7), to.date(&zone).plus_days(1));
    let (mut names, mut all) = (Names::of(snapshot), Vec::new());
    for day in first.days()..=last.days() {
        for slot in snapshot.related::<ProductionSchedule>("schedule_date", &crate::base::Date::from_days(day).to_value(), SLOTS_MAX)? {
            let (start, end) = (slot.actual_start_time.unwrap_or(slot.planned_start_time), slot.actual_end_time.unwrap_or(slot.planned_end_time));
            if slot.schedule_status != ScheduleStatus::Cancelled && start < to && end.max(slot.planned_end_time) > from {
                all.extend(names.seen(slot)?);
            }
        }
        if all.len() > limits::SCHEDULE_SLOTS_MAX {
            return Err(Refusal::field(Code::TooLarge, "to", format!("more than {} slots lie in this time; ask for a shorter one", limits::SCHEDULE_SLOTS_MAX)));
        }
    }
    all.sort_by_key(|it| (it.slot.work_center_id, it.slot.planned_start_time, it.slot.schedule_id));
    Ok(all)
}

/// The work of a work center, what runs first and then as it is planned.
pub fn dispatch(snapshot: &Snapshot, center: Id<WorkCenter>, limit: usize) -> Result<Vec<Seen>, Refusal> {
    let mut slots: Vec<ProductionSchedule> = Vec::new();
    for state in [ScheduleStatus::InProgress, ScheduleStatus::Confirmed, ScheduleStatus::Planned, ScheduleStatus::Delayed] {
        let all = snapshot.related::<ProductionSchedule>("schedule_status", &state.to_value(), SLOTS_MAX)?;
        slots.extend(all.into_iter().filter(|slot| slot.work_center_id == Some(center)));
    }
    slots.sort_by_key(|slot| (slot.schedule_status != ScheduleStatus::InProgress, slot.planned_start_time, slot.schedule_id));
    let mut names = Names::of(snapshot);
    let seen = slots.into_iter().take(limit).map(|slot| names.seen(slot)).collect::<Result<Vec<_>, _>>()?;
    Ok(seen.into_iter().flatten().collect())
}

/// Whether an operation may begin now.
pub fn is_ready(seen: &Seen) -> bool {
    seen.operation.as_ref().is_some_and(|it| matches!(it.status, OperationStatus::Ready | OperationStatus::InProgress))
}

/// Load and capacity of a work center in a stretch of time.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// The work center's place in the shop.
    pub center: usize,
    /// From.
    pub from: Time,
    /// To.
    pub to: Time,
    /// Open minutes.
    pub open_minutes: i64,
    /// Minutes of work planned in it.
    pub planned_minutes: i64,
}

/// Load of every work center by stretches of so many days, by a plan or by the one in force; beside it the
/// minutes of work that it has no slot for, by work center.
pub fn capacity(shop: &Shop, plan: Option<&Plan>, days: i32, stretches: i32) -> (Vec<Bucket>, Vec<i64>) {
    let slots: Vec<Option<Slot>> = plan.map_or_else(|| shop.in_force.clone(), |plan| plan.slots.iter().copied().map(Some).collect());
    let length = days * 1_440;
    let mut buckets = Vec::new();
    let mut unplanned = vec![0_i64; shop.centers.len()];
    for center in 0..shop.centers.len() {
        let calendar = shop.instance.calendar(center);
        let own = || slots.iter().flatten().filter(|slot| slot.center as usize == center);
        for at in 0..stretches {
            let (from, to) = (at * length, (at + 1) * length);
            let within = |slot: &Slot| i64::from(calendar.open_between(slot.start.clamp(from, to), slot.end.clamp(from, to)));
            let planned_minutes = own().map(within).sum();
            buckets.push(Bucket { center, from: shop.moment(from), to: shop.moment(to), open_minutes: i64::from(calendar.open_between(from, to)), planned_minutes });
        }
    }
    let operations = shop.instance.problem().jobs.iter().flat_map(|job| &job.operations);
    for (operation, slot) in operations.zip(&slots) {
        if let (None, Some((center, minutes))) = (slot, operation.modes.first()) {
            unplanned[*center] += i64::from(*minutes);
        }
    }
    (buckets, unplanned)
}
