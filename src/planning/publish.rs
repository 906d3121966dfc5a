//! What of a draft becomes the plan in force: the slots that differ from it as it is now, order by order, without what
//! has begun meanwhile. So whoever publishes a draft again, since it was interrupted or its answer was lost, sends what is missing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::compare::{Move, compare};
use super::desk::Draft;
use super::hold::Kept;
use super::shop::Shop;
use crate::base::{Refusal, limits};
use crate::model::field::Field as _;
use crate::model::schedule::{PlannedSlot, ScheduleStatus};
use crate::model::work_order::{OperationStatus, WorkOrderStatus};
use crate::model::{Id, ProductionSchedule, WorkOrder, WorkOrderOperation};
use crate::scheduling::{Options, Plan, repair};
use crate::store::{Snapshot, View as _};

/// Slots that an order may have had.
const SLOTS_MAX: usize = 10_000;

/// What of a draft is published.
#[derive(Default)]
pub struct Chosen {
    /// New slots, order by order.
    pub orders: Vec<Vec<PlannedSlot>>,
    /// Orders that have all of the draft in the plan in force already, and slots that are in it.
    pub in_force: (usize, usize),
    /// Operations that have begun since the draft was made, or are planned no more.
    pub begun: Vec<(Id<WorkOrder>, i64)>,
}

/// What of an order can still be planned, as it is now.
struct Open {
    steps: Vec<WorkOrderOperation>,
    slots: Vec<ProductionSchedule>,
}

impl Open {
    fn look(snapshot: &Snapshot, order: Id<WorkOrder>) -> Result<Self, Refusal> {
        let it: Option<WorkOrder> = snapshot.get(order)?;
        let is_planned = it.is_some_and(|it| matches!(it.status, WorkOrderStatus::Released | WorkOrderStatus::Scheduled | WorkOrderStatus::InProgress));
        let mut steps: Vec<WorkOrderOperation> = snapshot.related("work_order_id", &order.to_value(), limits::PAGE_MAX)?;
        steps.retain(|step| is_planned && matches!(step.status, OperationStatus::Pending | OperationStatus::Ready));
        let mut slots: Vec<ProductionSchedule> = snapshot.related("work_order_id", &order.to_value(), SLOTS_MAX)?;
        slots.retain(|slot| matches!(slot.schedule_status, ScheduleStatus::Planned | ScheduleStatus::Confirmed));
        Ok(Self { steps, slots })
    }

    fn step(&self, sequence: i64) -> Option<&WorkOrderOperation> {
        self.steps.iter().find(|step| step.operation_sequence == sequence)
    }

    /// Whether the plan in force has it already.
    fn has(&self, wanted: &PlannedSlot) -> bool {
        let operation_id = self.step(wanted.operation_sequence).map(|step| step.operation_id);
        self.slots.iter().any(|slot| {
            (slot.operation_id, slot.work_center_id, slot.planned_start_time, slot.planned_end_time)
                == (operation_id, wanted.work_center_id, wanted.planned_start_time, wanted.planned_end_time)
        })
    }
}

/// What of a draft can still be published; only these orders where some are named.
pub fn chosen(snapshot: &Snapshot, draft: &Draft, wanted: Option<&BTreeSet<u64>>) -> Result<Chosen, Refusal> {
    let (shop, plan) = (&draft.shop, draft.plan());
    let mut chosen = Chosen::default();
    let effects = compare(shop, &plan).into_iter().filter(|effect| !effect.moves.is_empty() && wanted.is_none_or(|wanted| wanted.contains(&effect.order.number())));
    for effect in effects {
        let open = Open::look(snapshot, effect.order)?;
        let (waiting, begun): (Vec<&Move>, Vec<&Move>) = effect.moves.iter().partition(|moved| open.step(shop.tasks[moved.operation].sequence).is_some());
        chosen.begun.extend(begun.iter().map(|moved| (effect.order, shop.tasks[moved.operation].sequence)));
        let slots = waiting.iter().map(|moved| PlannedSlot {
            work_order_id: effect.order,
            operation_sequence: shop.tasks[moved.operation].sequence,
            work_center_id: Some(shop.centers[moved.to.center as usize].work_center_id),
            planned_start_time: shop.moment(moved.to.start),
            planned_end_time: shop.moment(moved.to.end),
        });
        let (in_force, new): (Vec<PlannedSlot>, Vec<PlannedSlot>) = slots.partition(|slot| open.has(slot));
        chosen.in_force.1 += in_force.len();
        if !new.is_empty() {
            chosen.orders.push(new);
        } else if !in_force.is_empty() {
            chosen.in_force.0 += 1;
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
