//! A plan beside the plan in force: which operations move, which orders end earlier or later, and which
//! promises it keeps or breaks.

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
    /// When it would end by the plan in force, if all of it is in it.
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

/// What a plan does to every order.
pub fn compare(shop: &Shop, plan: &Plan) -> Vec<Effect> {
    (0..shop.orders.len()).map(|job| effect(shop, plan, job)).collect()
}

fn effect(shop: &Shop, plan: &Plan, job: usize) -> Effect {
    let order = &shop.orders[job];
    let operations = shop.instance.operations_of(job);
    let end = operations.clone().map(|at| plan.slots[at].end).max().unwrap_or(0);
    let before: Option<Vec<Slot>> = operations.clone().map(|at| shop.in_force[at]).collect();
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
        let (from, to) = (shop.in_force[operation], plan.slots[operation]);
        let still = from.is_some_and(|from| from.center == to.center && (from.start - to.start).abs() <= STILL_MINUTES && (from.end - to.end).abs() <= STILL_MINUTES);
        (!still && !shop.tasks[operation].running).then_some(Move { operation, from, to })
    });
    let late_minutes = order.due.map_or(0, |due| ends.minutes_since(due).max(0));
    Effect { order: order.id, ends_before, ends, late_minutes, promise, moves: moves.collect() }
}
