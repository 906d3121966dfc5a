//! Moves by a person: one operation goes elsewhere in a draft, what it meets moves on, and both are told
//! before and after. Where it cannot be, the answer says why, and where it could.

use super::compare::{Effect, effects};
use super::hold::{Hold, Holds};
use super::shop::Shop;
use crate::base::{Code, Refusal, Time};
use crate::model::{Id, WorkOrder};
use crate::scheduling::{Obstacle, Plan, PoolKind, Slot, Wish, relocate};

/// Where a person wants an operation.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// At this moment, or as soon as may be where none is told.
    At(Option<Time>),
    /// In front of this operation.
    Before(usize),
    /// Behind this operation.
    After(usize),
}

/// What a person asks.
#[derive(Clone, Copy, Debug)]
pub struct ByHand {
    /// Which operation.
    pub operation: usize,
    /// On which work center; where it is, or where its neighbour is, where absent.
    pub center: Option<usize>,
    /// Where there.
    pub target: Target,
}

/// What a move does.
pub struct Moved {
    /// The plan after it.
    pub plan: Plan,
    /// Operations that are elsewhere then, the moved one first.
    pub changed: Vec<(usize, Slot, Slot)>,
    /// What becomes of the orders that are touched.
    pub effects: Vec<(usize, Effect)>,
}

/// Why a move cannot be.
pub struct Hindered {
    /// The word for it.
    pub word: &'static str,
    /// In a sentence.
    pub why: String,
    /// Where it could be.
    pub nearest: Option<Slot>,
}

impl Hindered {
    fn new(word: &'static str, why: String) -> Self {
        Self { word, why, nearest: None }
    }

    /// As a refusal, with the place that would do.
    pub fn refusal(&self, shop: &Shop) -> Refusal {
        let near = self.nearest.map(|slot| format!("; the nearest place is {} on {}", shop.moment(slot.start), shop.centers[slot.center as usize].work_center_code));
        Refusal::new(Code::IllegalState, format!("{}{}", self.why, near.unwrap_or_default()))
    }
}

fn title(shop: &Shop, operation: usize) -> String {
    let (job, task) = (shop.instance.place_of(operation).0, &shop.tasks[operation]);
    format!("operation {} ({}) of {}", task.sequence, task.name, shop.instance.problem().jobs[job].id)
}

/// Moves an operation of a plan. Nothing is moved to what has passed.
pub fn by_hand(shop: &Shop, plan: &Plan, holds: &Holds, ask: &ByHand, now: Time) -> Result<Moved, Hindered> {
    let own = plan.slots[ask.operation];
    if shop.tasks[ask.operation].running {
        return Err(Hindered::new("running", format!("{} runs and stays where it is", title(shop, ask.operation))));
    }
    if holds.of(ask.operation, own) == Some(Hold::Pinned) {
        return Err(Hindered::new("pinned", format!("{} is pinned; unpin it first", title(shop, ask.operation))));
    }
    let mut held = holds.flags(plan);
    // What waits for it goes with it, frozen or not: a person moves it. A pin says more than the zone.
    let waits = |at: &usize| plan.slots[*at].start >= own.end && holds.of(*at, plan.slots[*at]) == Some(Hold::Frozen);
    shop.instance.operations_of(shop.instance.place_of(ask.operation).0).filter(waits).for_each(|at| held[at] = false);
    let neighbour = match ask.target {
        Target::Before(other) | Target::After(other) if other == ask.operation => return Err(Hindered::new("itself", "an operation cannot stand beside itself".to_owned())),
        Target::Before(other) | Target::After(other) => plan.slots[other],
        Target::At(_) => own,
    };
    let from = match ask.target {
        Target::At(start) => start.map_or(own.start, |start| shop.minute(start)),
        Target::Before(_) => neighbour.start,
        Target::After(other) => {
            // What it is to follow must not give way to it.
            held[other] = true;
            neighbour.end
        }
    };
    let today = shop.minute(now).max(0);
    let exact = matches!(ask.target, Target::At(Some(_)));
    let wish = Wish { operation: ask.operation, center: ask.center.unwrap_or(neighbour.center as usize), from: from.max(today), exact };
    if exact && from < today {
        let nearest = relocate(&shop.instance, plan, &held, &Wish { exact: false, ..wish }).ok().map(|plan| plan.slots[ask.operation]);
        return Err(Hindered { nearest, ..Hindered::new("past", format!("it is {} already", shop.moment(today))) });
    }
    let after = relocate(&shop.instance, plan, &held, &wish).map_err(|refused| {
        let (word, why) = told(shop, plan, holds, &wish, refused.obstacle);
        Hindered { word, why, nearest: refused.nearest }
    })?;
    if let Target::Before(other) = ask.target
        && after.slots[other].center == neighbour.center
        && after.slots[other].start < after.slots[ask.operation].start
    {
        let why = format!("{} stays where it is, and there is no room in front of it", title(shop, other));
        return Err(Hindered { nearest: Some(after.slots[ask.operation]), ..Hindered::new("behind", why) });
    }
    Ok(moved(shop, plan, after, ask.operation))
}

fn moved(shop: &Shop, plan: &Plan, after: Plan, operation: usize) -> Moved {
    let mut changed: Vec<(usize, Slot, Slot)> =
        plan.slots.iter().zip(&after.slots).enumerate().filter(|(at, (was, is))| was != is || *at == operation).map(|(at, (was, is))| (at, *was, *is)).collect();
    changed.sort_by_key(|(at, was, _)| (*at != operation, was.start, *at));
    let mut jobs: Vec<usize> = changed.iter().map(|(at, ..)| shop.instance.place_of(*at).0).collect();
    jobs.sort_unstable();
    jobs.dedup();
    let before: Vec<Option<Slot>> = plan.slots.iter().copied().map(Some).collect();
    let effects = effects(shop, &before, &after, jobs);
    Moved { plan: after, changed, effects }
}

/// The obstacle in words.
fn told(shop: &Shop, plan: &Plan, holds: &Holds, wish: &Wish, obstacle: Obstacle) -> (&'static str, String) {
    let code = &shop.centers[wish.center].work_center_code;
    let name = || title(shop, wish.operation);
    match obstacle {
        Obstacle::Fixed => ("running", format!("{} runs and stays where it is", name())),
        Obstacle::NotEligible => ("cannot", format!("{code} cannot do {}", name())),
        Obstacle::Release => ("release", format!("{} may not begin before its release", name())),
        Obstacle::After { operation } => ("after", format!("{} waits for {}, which ends at {}", name(), title(shop, operation), shop.moment(plan.slots[operation].end))),
        Obstacle::Before { operation } => ("before", format!("{} waits for it and may not move{}", title(shop, operation), because(shop, plan, holds, operation))),
        Obstacle::Closed => ("closed", format!("{code} is closed at {}", shop.moment(wish.from))),
        Obstacle::Behind { operation } => ("behind", format!("{code} is taken by {}{}", title(shop, operation), because(shop, plan, holds, operation))),
        Obstacle::Setup => ("setup", format!("{code} must be set up first, and there is no time for it")),
        Obstacle::Pool { pool } => match &shop.instance.problem().pools[pool] {
            pool if pool.kind == PoolKind::People => ("people", format!("everybody certified for {} is busy then", pool.id)),
            pool => ("tool", format!("{} is in use then", pool.id)),
        },
    }
}

/// Why another operation does not give way.
fn because(shop: &Shop, plan: &Plan, holds: &Holds, operation: usize) -> &'static str {
    match holds.of(operation, plan.slots[operation]) {
        _ if shop.tasks[operation].running => ", which runs",
        Some(Hold::Pinned) => ", which is pinned",
        Some(Hold::Frozen) => ", which is in the frozen zone",
        None => "",
    }
}

impl Shop {
    /// The place of an order's operation among all.
    pub fn operation(&self, order: Id<WorkOrder>, sequence: i64) -> Option<usize> {
        self.instance.operations_of(self.job_of(order)?).find(|at| self.tasks[*at].sequence == sequence)
    }
}
