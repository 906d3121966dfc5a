//! Whether plans came true: of what was due, how much was done in time; how well planned times met real ones;
//! how many orders kept their day. Told by day and by published plan, from the slots' own records; which orders
//! were due and on time is `kpi`'s to say.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{ClockTime, Code, Date, Refusal, Time};
use crate::kpi::Facts;
use crate::kpi::facts::{Order, ms};
use crate::model::ProductionSchedule;
use crate::model::field::Field as _;
use crate::model::schedule::ScheduleStatus;
use crate::store::{Snapshot, View as _};

/// Days that one answer covers.
const DAYS_MAX: i64 = 62;
/// Slots of one day.
const SLOTS_MAX: usize = 20_000;
/// Plans that one answer tells, the newest first.
const PLANS_MAX: usize = 100;

/// What slots come to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Slots whose end has passed.
    pub due: i64,
    /// Finished by it, within the tolerance of the slot's own record.
    pub on_time: i64,
    /// Finished.
    pub finished: i64,
    /// Planned minutes of what is finished.
    pub planned_minutes: i64,
    /// How far real times were from planned ones, in minutes, either way.
    pub off_minutes: i64,
    /// Replaced by a later plan or cancelled: they count for nothing else.
    pub replaced: i64,
    /// Orders whose day has passed, and those done by it.
    pub orders_due: i64,
    /// Done by it.
    pub orders_on_time: i64,
}

impl Tally {
    fn share(part: i64, whole: i64) -> Option<i64> {
        (whole > 0).then(|| (part * 1_000 + whole / 2) / whole)
    }

    /// Of what was due, done in time; in thousandths.
    pub fn adherence(&self) -> Option<i64> {
        Self::share(self.on_time, self.due)
    }

    /// 1000 less the distance of real times from planned ones as a share of these, not below 0.
    pub fn duration_accuracy(&self) -> Option<i64> {
        Self::share((self.planned_minutes - self.off_minutes).max(0), self.planned_minutes)
    }

    /// Of the orders whose day has passed, done by it: the indicator `schedule_accuracy`; in thousandths.
    pub fn accuracy(&self) -> Option<i64> {
        Self::share(self.orders_on_time, self.orders_due)
    }

    fn add(&mut self, slot: &ProductionSchedule, now: Time) {
        if slot.schedule_status == ScheduleStatus::Cancelled {
            self.replaced += 1;
            return;
        }
        let planned = slot.planned_end_time.minutes_since(slot.planned_start_time).max(1);
        if slot.planned_end_time <= now {
            self.due += 1;
            self.on_time += i64::from(slot.on_time_completion == Some(true));
        }
        if let (Some(start), Some(end)) = (slot.actual_start_time, slot.actual_end_time) {
            self.finished += 1;
            self.planned_minutes += planned;
            self.off_minutes += (end.minutes_since(start) - planned).abs();
        }
    }
}

/// A plan that was in force.
#[derive(Clone, Debug)]
pub struct Published {
    /// From when.
    pub at: Time,
    /// By whom.
    pub by: Option<String>,
    /// Its notes.
    pub notes: Option<String>,
    /// Until the next one was published, if one was.
    pub until: Option<Time>,
    /// Its slots.
    pub slots: i64,
    /// What they come to.
    pub tally: Tally,
}

/// Whether plans came true in some days.
#[derive(Clone, Debug)]
pub struct Adherence {
    /// By the day of the planned start; orders by the day they were promised for.
    pub days: Vec<(Date, Tally)>,
    /// All days together.
    pub total: Tally,
    /// The plans whose slots lie in these days, the newest first.
    pub plans: Vec<Published>,
}

/// Looks at the slots and orders of some days, both included.
pub fn adherence(snapshot: &Snapshot, facts: &Facts, from: Date, to: Date, now: Time) -> Result<Adherence, Refusal> {
    if from > to || i64::from(to.days() - from.days()) >= DAYS_MAX {
        return Err(Refusal::field(Code::Invalid, "from", format!("from a day to the same or a later one, {DAYS_MAX} days at most")));
    }
    let (mut days, mut total) = (Vec::new(), Tally::default());
    // Everything that one act published carries its moment.
    let mut plans: BTreeMap<(Time, Option<String>), (Published, BTreeSet<u32>)> = BTreeMap::new();
    let promised = promised(facts, from, to);
    let slots = (from.days()..=to.days()).map(|day| Ok((day, snapshot.related::<ProductionSchedule>("schedule_date", &Date::from_days(day).to_value(), SLOTS_MAX)?)));
    let slots = slots.collect::<Result<Vec<(i32, Vec<ProductionSchedule>)>, Refusal>>()?;
    let mut by_day: BTreeMap<i32, Tally> = BTreeMap::new();
    for (day, slots) in slots {
        let tally = by_day.entry(day).or_default();
        for slot in slots {
            tally.add(&slot, now);
            total.add(&slot, now);
            let (plan, named) = plans.entry((slot.created_at, slot.planner_id.clone())).or_insert_with(|| {
                let notes = slot.planning_notes.as_ref().map(|note| note.0.clone());
                (Published { at: slot.created_at, by: slot.planner_id.clone(), notes, until: None, slots: 0, tally: Tally::default() }, BTreeSet::new())
            });
            plan.slots += 1;
            plan.tally.add(&slot, now);
            if slot.schedule_status != ScheduleStatus::Cancelled {
                named.extend(u32::try_from(slot.work_order_id.number()));
            }
        }
    }
    let now = ms(now);
    let judge = |tally: &mut Tally, order: &Order| {
        if order.due <= now && !order.is_cancelled {
            tally.orders_due += 1;
            tally.orders_on_time += i64::from(order.is_on_time());
        }
    };
    for (day, mut tally) in by_day {
        for order in promised.get(&day).into_iter().flatten() {
            judge(&mut tally, order);
            judge(&mut total, order);
        }
        days.push((Date::from_days(day), tally));
    }
    let mut told: Vec<Published> = Vec::new();
    for (mut plan, named) in plans.into_values().rev() {
        plan.until = told.last().map(|next| next.at).filter(|next| *next > plan.at);
        named.iter().filter_map(|number| facts.orders.get(*number)).for_each(|order| judge(&mut plan.tally, order));
        told.push(plan);
    }
    told.truncate(PLANS_MAX);
    Ok(Adherence { days, total, plans: told })
}

/// Orders by the day they were promised for, wherever their slots lie.
fn promised(facts: &Facts, from: Date, to: Date) -> BTreeMap<i32, Vec<&Order>> {
    let midnight = |day: Date| ms(day.at(ClockTime::default(), &facts.zone));
    let (begin, end) = (midnight(from), midnight(to.plus_days(1)));
    let mut promised: BTreeMap<i32, Vec<&Order>> = BTreeMap::new();
    for (_, order) in facts.orders.within(begin, end).filter(|(_, order)| (begin..end).contains(&order.due)) {
        promised.entry(Time::from_micros(order.due.saturating_mul(1_000)).date(&facts.zone).days()).or_default().push(order);
    }
    promised
}
