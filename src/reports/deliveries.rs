//! When orders left the plant in full: shipments followed back over their lots to the orders that made them.
//! A split lot counts for the order of the lot it was split from.

use std::collections::{BTreeMap, HashMap};

use crate::base::{ClockTime, Decimal, Refusal, Time, limits};
use crate::kpi::Facts;
use crate::kpi::facts::ms;
use crate::model::shipment::ShipmentStatus;
use crate::model::work_order::WorkOrderStatus;
use crate::model::{Id, Lot, Shipment, WorkOrder};
use crate::store::{Snapshot, StoreError, View as _};
use crate::views::floor::newest;

/// How often a lot is followed to the one it was split from.
const SPLITS_MAX: usize = 8;

/// An order for a customer that left, or that should have.
pub(super) struct Delivery {
    /// When it was made.
    pub(super) ordered: Time,
    /// The last moment of the day promised.
    pub(super) due: Option<Time>,
    /// When all of it had left.
    pub(super) left: Option<Time>,
}

/// Orders for customers with what left of them.
pub(super) struct Deliveries {
    /// The orders.
    pub(super) all: Vec<Delivery>,
    /// More was there than is looked at.
    pub(super) is_cut: bool,
}

/// Looks at all that left since a moment, and at all that was due since.
pub(super) fn since(snapshot: &Snapshot, facts: &Facts, from: Time, now: Time) -> Result<Deliveries, Refusal> {
    let (departures, is_cut) = departures(snapshot)?;
    let due = facts.orders.within(ms(from), ms(now)).filter(|(_, it)| !it.is_cancelled && (ms(from)..=ms(now)).contains(&it.due)).map(|(number, _)| u64::from(number));
    let left = departures.iter().filter(|(_, left)| left.iter().any(|(at, _)| *at >= from)).map(|(number, _)| *number);
    let mut numbers: Vec<u64> = due.chain(left).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut all = Vec::new();
    for number in numbers {
        let Some(order) = snapshot.get(Id::<WorkOrder>::new(number))? else { continue };
        if order.customer_id.is_none() || order.status == WorkOrderStatus::Cancelled {
            continue;
        }
        let due = order.planned_end_date.map(|day| day.plus_days(1).at(ClockTime::default(), &facts.zone).minus(std::time::Duration::from_millis(1)));
        all.push(Delivery { ordered: order.created_at, due, left: left_in_full(&order, departures.get(&number)) });
    }
    Ok(Deliveries { all, is_cut })
}

/// When the last piece that the customer gets was gone: all good ones of a finished order, else all planned.
fn left_in_full(order: &WorkOrder, departures: Option<&Vec<(Time, Decimal)>>) -> Option<Time> {
    let is_finished = matches!(order.status, WorkOrderStatus::Completed | WorkOrderStatus::Closed);
    let wanted = Decimal::whole(if is_finished { order.good_quantity } else { order.planned_quantity })?;
    let mut sum = Decimal::ZERO;
    for (at, quantity) in departures? {
        sum = sum.plus(*quantity)?;
        if sum >= wanted {
            return Some(*at);
        }
    }
    None
}

type Departures = BTreeMap<u64, Vec<(Time, Decimal)>>;

/// What left of each order, in the order of time.
fn departures(snapshot: &Snapshot) -> Result<(Departures, bool), StoreError> {
    let mut shipments = Vec::new();
    let mut looked = 0;
    newest(snapshot, |shipment: Shipment| {
        looked += 1;
        if shipment.status == ShipmentStatus::Shipped {
            shipments.push(shipment);
        }
        looked < limits::REPORT_LOOK_MAX
    })?;
    let mut orders = HashMap::new();
    let mut departures = Departures::new();
    for shipment in shipments {
        let Some(at) = shipment.shipped_at else { continue };
        for line in shipment.lines {
            if let Some(order) = order_of(snapshot, &line.lot_number, &mut orders)? {
                departures.entry(order).or_default().push((at, line.quantity));
            }
        }
    }
    departures.values_mut().for_each(|left| left.sort_by_key(|(at, _)| *at));
    Ok((departures, looked >= limits::REPORT_LOOK_MAX))
}

/// The order that made a lot.
fn order_of(snapshot: &Snapshot, lot_number: &str, known: &mut HashMap<String, Option<u64>>) -> Result<Option<u64>, StoreError> {
    if let Some(order) = known.get(lot_number) {
        return Ok(*order);
    }
    let (mut number, mut order) = (Some(lot_number.to_owned()), None);
    for _ in 0..SPLITS_MAX {
        let Some(lot) = number.as_deref().map(|number| snapshot.find::<Lot>("lot_number", number)).transpose()?.flatten() else { break };
        order = lot.work_order_id.map(Id::number);
        if order.is_some() {
            break;
        }
        number = lot.parent_lot_number;
    }
    known.insert(lot_number.to_owned(), order);
    Ok(order)
}
