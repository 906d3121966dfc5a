//! A plan beside the plan in force, or beside another draft: which operations move, which orders end earlier or later, and which
//! promises it keeps or breaks.

use std::collections::BTreeMap;

use super::shop::Shop;
use crate::base::Time;
use crate::model::{Id, WorkOrder};
use crate::scheduling::{Plan, Slot};

/// Moves up to so many minutes are none: nobody on the floor minds.
const STILL_MINUTES: i32 = 15;

/// What becomes of an order's promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It has none.
    None,
    /// In time before and after.
    Kept,
    /// Late before, in time now.
    Saved,
    /// In time before, late now.
    Broken,
    /// Late before and after.
    Late,
}

impl Promise {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Kept => "kept",
            Self::Saved => "saved",
            Self::Broken => "broken",
            Self::Late => "late",
        }
    }
}

/// An operation that moves.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// Its number in the problem.
    pub operation: usize,
    /// Where it was.
    pub from: Option<Slot>,
    /// Where it goes.
    pub to: Slot,
}

/// What a plan does to an order.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The order.
    pub order: Id<WorkOrder>,
    /// When it would end by the other plan, if all of it is in it.
    pub ends_before: Option<Time>,
    /// When it ends by this one.
    pub ends: Time,
    /// Minutes after its due date.
    pub late_minutes: i64,
    /// Its promise.
    pub promise: Promise,
    /// Its operations that move.
    pub moves: Vec<Move>,
}

/// What a plan does to every order, beside the plan in force.
pub fn compare(shop: &Shop, plan: &Plan) -> Vec<Effect> {
    against(shop, &shop.in_force, plan)
}

/// What a plan does to every order, beside another one.
pub fn against(shop: &Shop, other: &[Option<Slot>], plan: &Plan) -> Vec<Effect> {
    (0..shop.orders.len()).map(|job| effect(shop, other, plan, job)).collect()
}

/// What a plan does to some orders, beside another one; each with its place among the jobs.
pub(super) fn effects(shop: &Shop, other: &[Option<Slot>], plan: &Plan, jobs: Vec<usize>) -> Vec<(usize, Effect)> {
    jobs.into_iter().map(|job| (job, effect(shop, other, plan, job))).collect()
}

/// A plan of another moment, as it lies on the operations and minutes of this one.
pub fn carried(shop: &Shop, other: &Shop, plan: &Plan) -> Vec<Option<Slot>> {
    let known: BTreeMap<(u64, i64), usize> = (0..other.tasks.len()).map(|at| ((other.orders[other.instance.place_of(at).0].id.number(), other.tasks[at].sequence), at)).collect();
    let places: BTreeMap<u64, u32> = (0_u32..).zip(&shop.centers).map(|(at, center)| (center.work_center_id.number(), at)).collect();
    let carry = |at: usize| {
        let slot = plan.slots[*known.get(&(shop.orders[shop.instance.place_of(at).0].id.number(), shop.tasks[at].sequence))?];
        let center = *places.get(&other.centers[slot.center as usize].work_center_id.number())?;
        let minute = |at| shop.minute(other.moment(at));
        Some(Slot { center, start: minute(slot.start), end: minute(slot.end) })
    };
    (0..shop.tasks.len()).map(carry).collect()
}

fn effect(shop: &Shop, other: &[Option<Slot>], plan: &Plan, job: usize) -> Effect {
    let order = &shop.orders[job];
    let operations = shop.instance.operations_of(job);
    let end = operations.clone().map(|at| plan.slots[at].end).max().unwrap_or(0);
    let before: Option<Vec<Slot>> = operations.clone().map(|at| other[at]).collect();
    let ends_before = before.and_then(|slots| slots.iter().map(|slot| slot.end).max()).map(|end| shop.moment(end));
    let ends = shop.moment(end);
    let late = |ends: Time| order.due.is_some_and(|due| ends > due);
    let promise = match (order.due, ends_before.map(late), late(ends)) {
        (None, ..) => Promise::None,
        (_, Some(true), false) => Promise::Saved,
        (_, Some(false), true) => Promise::Broken,
        (.., true) => Promise::Late,
        (.., false) => Promise::Kept,
    };
    let moves = operations.filter_map(|operation| {
        let (from, to) = (other[operation], plan.slots[operation]);
        let still = from.is_some_and(|from| from.center == to.center && (from.start - to.start).abs() <= STILL_MINUTES && (from.end - to.end).abs() <= STILL_MINUTES);
        (!still && !shop.tasks[operation].running).then_some(Move { operation, from, to })
    });
    let late_minutes = order.due.map_or(0, |due| ends.minutes_since(due).max(0));
    Effect { order: order.id, ends_before, ends, late_minutes, promise, moves: moves.collect() }
}
