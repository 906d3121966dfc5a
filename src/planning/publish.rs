//! What of a draft becomes the plan in force: the slots that differ from it, order by order, without what
//! has begun meanwhile.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::compare::{Move, compare};
use super::desk::Draft;
use super::hold::Kept;
use super::shop::Shop;
use crate::base::{Refusal, limits};
use crate::model::field::Field as _;
use crate::model::schedule::PlannedSlot;
use crate::model::work_order::OperationStatus;
use crate::model::{Id, WorkOrder, WorkOrderOperation};
use crate::scheduling::{Options, Plan, repair};
use crate::store::{Snapshot, View as _};

/// What of a draft is published.
pub struct Chosen {
    /// New slots, order by order.
    pub orders: Vec<Vec<PlannedSlot>>,
    /// Operations that have begun since the draft was made, or are planned no more.
    pub begun: Vec<(Id<WorkOrder>, i64)>,
}

/// What of a draft can still be published; only these orders where some are named.
pub fn chosen(snapshot: &Snapshot, draft: &Draft, wanted: Option<&BTreeSet<u64>>) -> Result<Chosen, Refusal> {
    let (shop, plan) = (&draft.shop, draft.plan());
    let mut chosen = Chosen { orders: Vec::new(), begun: Vec::new() };
    let effects = compare(shop, &plan).into_iter().filter(|effect| !effect.moves.is_empty() && wanted.is_none_or(|wanted| wanted.contains(&effect.order.number())));
    for effect in effects {
        let steps: Vec<WorkOrderOperation> = snapshot.related("work_order_id", &effect.order.to_value(), limits::PAGE_MAX)?;
        let waits = |sequence: i64| steps.iter().any(|step| step.operation_sequence == sequence && matches!(step.status, OperationStatus::Pending | OperationStatus::Ready));
        let (waiting, begun): (Vec<&Move>, Vec<&Move>) = effect.moves.iter().partition(|moved| waits(shop.tasks[moved.operation].sequence));
        chosen.begun.extend(begun.iter().map(|moved| (effect.order, shop.tasks[moved.operation].sequence)));
        let slots = waiting.iter().map(|moved| PlannedSlot {
            work_order_id: effect.order,
            operation_sequence: shop.tasks[moved.operation].sequence,
            work_center_id: Some(shop.centers[moved.to.center as usize].work_center_id),
            planned_start_time: shop.moment(moved.to.start),
            planned_end_time: shop.moment(moved.to.end),
        });
        let slots: Vec<PlannedSlot> = slots.collect();
        if !slots.is_empty() {
            chosen.orders.push(slots);
        }
    }
    Ok(chosen)
}

impl Chosen {
    /// Whole orders, as many as one command holds.
    pub fn pieces(self) -> Vec<Vec<PlannedSlot>> {
        let mut pieces: Vec<Vec<PlannedSlot>> = Vec::new();
        for order in self.orders {
            match pieces.last_mut() {
                Some(last) if last.len() + order.len() <= limits::PLAN_SLOTS_MAX => last.extend(order),
                _ => pieces.push(order),
            }
        }
        pieces
    }
}

/// The plan in force with what is new put into it, disturbed as little as may be.
pub fn fitted(shop: &Shop, kept: &Kept, time: Duration, seed: u64) -> Plan {
    let end = Instant::now() + time;
    repair(kept.instance(shop), &shop.in_force, &Options { seed, ..Options::default() }, || Instant::now() >= end, |_| {}).plan
}
