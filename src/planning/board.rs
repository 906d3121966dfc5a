//! The plan in force as people look at it: slots of a time for the Gantt, the next work of a work center,
//! and load against capacity by week or day.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::shop::Shop;
use crate::base::{ClockTime, Code, Date, Refusal, Time, limits};
use crate::model::field::Field as _;
use crate::model::schedule::ScheduleStatus;
use crate::model::work_order::OperationStatus;
use crate::model::{Id, Noun, Product, ProductionSchedule, Record, Subject, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::scheduling::{Plan, Slot};
use crate::store::{Snapshot, View as _};
use crate::views::as_of;

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
    /// The entry as whose plant they are looked up; the newest where absent.
    as_of: Option<u64>,
    orders: BTreeMap<u64, WorkOrder>,
    products: BTreeMap<u64, String>,
}

impl<'s> Names<'s> {
    const fn of(snapshot: &'s Snapshot, as_of: Option<u64>) -> Self {
        Self { snapshot, as_of, orders: BTreeMap::new(), products: BTreeMap::new() }
    }

    fn get<R: Record>(&self, id: Id<R>) -> Result<Option<R>, Refusal> {
        match self.as_of {
            None => Ok(self.snapshot.get(id)?),
            Some(seq) => as_of::get(self.snapshot, id, seq),
        }
    }

    fn seen(&mut self, slot: ProductionSchedule) -> Result<Option<Seen>, Refusal> {
        let number = slot.work_order_id.number();
        if !self.orders.contains_key(&number) {
            let Some(order) = self.get(slot.work_order_id)? else { return Ok(None) };
            self.orders.insert(number, order);
        }
        let Some(order) = self.orders.get(&number).cloned() else { return Ok(None) };
        let product = order.product_id;
        if !self.products.contains_key(&product.number()) {
            let found: Option<Product> = self.get(product)?;
            self.products.insert(product.number(), found.map_or_else(|| Subject::of(product).to_string(), |product| product.product_name));
        }
        let operation = slot.operation_id.map(|id| self.get(id)).transpose()?.flatten();
        Ok(Some(Seen { slot, order, operation, product: self.products.get(&product.number()).cloned().unwrap_or_default() }))
    }
}

/// The slots that lie in a time, cancelled ones left out, by work center and start; as of an entry, or as they are.
pub fn schedule(snapshot: &Snapshot, from: Time, to: Time, as_of: Option<u64>) -> Result<Vec<Seen>, Refusal> {
    if from >= to || to.minutes_since(from) > DAYS_MAX * 1_440 {
        return Err(Refusal::field(Code::Invalid, "from", format!("the plan is shown for up to {DAYS_MAX} days, from a moment to a later one")));
    }
    let stretch = Stretch { from, to };
    let slots = match as_of {
        None => slots_in(snapshot, stretch)?,
        Some(seq) => slots_then(snapshot, stretch, seq)?,
    };
    let mut names = Names::of(snapshot, as_of);
    let seen = slots.into_iter().map(|slot| names.seen(slot)).collect::<Result<Vec<_>, _>>()?;
    let mut all: Vec<Seen> = seen.into_iter().flatten().collect();
    all.sort_by_key(|it| (it.slot.work_center_id, it.slot.planned_start_time, it.slot.schedule_id));
    Ok(all)
}

/// A time, up to before its end.
#[derive(Clone, Copy)]
struct Stretch {
    from: Time,
    to: Time,
}

impl Stretch {
    fn holds(self, slot: &ProductionSchedule) -> bool {
        let (start, end) = (slot.actual_start_time.unwrap_or(slot.planned_start_time), slot.actual_end_time.unwrap_or(slot.planned_end_time));
        slot.schedule_status != ScheduleStatus::Cancelled && start < self.to && end.max(slot.planned_end_time) > self.from
    }
}

/// The slots of a time, found by their days.
fn slots_in(snapshot: &Snapshot, stretch: Stretch) -> Result<Vec<ProductionSchedule>, Refusal> {
    let zone = TimeZone::UTC;
    let (first, last) = (stretch.from.date(&zone).plus_days(-7), stretch.to.date(&zone).plus_days(1));
    let mut all = Vec::new();
    for day in first.days()..=last.days() {
        let slots = snapshot.related::<ProductionSchedule>("schedule_date", &Date::from_days(day).to_value(), SLOTS_MAX)?;
        all.extend(slots.into_iter().filter(|slot| stretch.holds(slot)));
        few_enough(&all)?;
    }
    Ok(all)
}

/// The slots of a time as an entry left them: indexes show the newest, so all are looked at.
fn slots_then(snapshot: &Snapshot, stretch: Stretch, seq: u64) -> Result<Vec<ProductionSchedule>, Refusal> {
    let (mut all, mut after) = (Vec::new(), Some(0));
    while let Some(number) = after {
        let page = as_of::page(snapshot, Noun::ProductionSchedule, seq, number, limits::PAGE_MAX)?;
        let slots = page.rows.iter().filter_map(|row| row.record.as_any().downcast_ref::<ProductionSchedule>());
        all.extend(slots.filter(|slot| stretch.holds(slot)).cloned());
        few_enough(&all)?;
        after = page.next;
    }
    Ok(all)
}

fn few_enough(slots: &[ProductionSchedule]) -> Result<(), Refusal> {
    if slots.len() <= limits::SCHEDULE_SLOTS_MAX {
        return Ok(());
    }
    Err(Refusal::field(Code::TooLarge, "to", format!("more than {} slots lie in this time; ask for a shorter one", limits::SCHEDULE_SLOTS_MAX)))
}

/// The work of a work center, what runs first and then as it is planned.
pub fn dispatch(snapshot: &Snapshot, center: Id<WorkCenter>, limit: usize) -> Result<Vec<Seen>, Refusal> {
    let mut slots: Vec<ProductionSchedule> = Vec::new();
    for state in [ScheduleStatus::InProgress, ScheduleStatus::Confirmed, ScheduleStatus::Planned, ScheduleStatus::Delayed] {
        let all = snapshot.related::<ProductionSchedule>("schedule_status", &state.to_value(), SLOTS_MAX)?;
        slots.extend(all.into_iter().filter(|slot| slot.work_center_id == Some(center)));
    }
    slots.sort_by_key(|slot| (slot.schedule_status != ScheduleStatus::InProgress, slot.planned_start_time, slot.schedule_id));
    let mut names = Names::of(snapshot, None);
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

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// From midnight to midnight; a fortnight of them.
    Day,
    /// From Monday to Sunday; six of them.
    Week,
}

/// Where buckets begin and end, in minutes of the plan: the first one begins now, the others with their day or week.
fn edges(shop: &Shop, every: Every, zone: &TimeZone) -> Vec<i32> {
    let today = shop.epoch.date(zone);
    let (first, days, count) = match every {
        Every::Day => (1, 1, 14),
        Every::Week => (8 - i32::from(today.weekday()), 7, 6),
    };
    let begins = |at: i32| shop.minute(today.plus_days(first + days * at).at(ClockTime::default(), zone));
    std::iter::once(0).chain((0..count).map(begins)).collect()
}

/// Load of every work center by day or week, by a plan or by the one in force; beside it the minutes of work that it has
/// no slot for, by work center.
pub fn capacity(shop: &Shop, plan: Option<&Plan>, every: Every, zone: &TimeZone) -> (Vec<Bucket>, Vec<i64>) {
    let slots: Vec<Option<Slot>> = plan.map_or_else(|| shop.in_force.clone(), |plan| plan.slots.iter().copied().map(Some).collect());
    let edges = edges(shop, every, zone);
    let mut buckets = Vec::new();
    let mut unplanned = vec![0_i64; shop.centers.len()];
    for center in 0..shop.centers.len() {
        let calendar = shop.instance.calendar(center);
        let own = || slots.iter().flatten().filter(|slot| slot.center as usize == center);
        for pair in edges.windows(2) {
            let (from, to) = (pair[0], pair[1]);
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
