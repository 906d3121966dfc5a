//! Shipments: planned, shipped, cancelled. Shipping is where genealogy reaches a customer. A plan counts on what
//! its lots hold today and moves nothing; whether they still may leave is judged again when they do.

use super::{Moment, lot, master, material, need, overflow};
use crate::base::limits::SCAN_MAX;
use crate::base::{Code, Date, Decimal, Refusal};
use crate::model::command::{CreateShipment, ShipShipment};
use crate::model::material::TransactionType;
use crate::model::shipment::{ShipmentLine, ShipmentStatus};
use crate::model::{Customer, Field, Id, Lot, Material, Noun, Shipment, Subject};
use crate::store::{Draft, Halt, View};

pub(super) fn create(draft: &mut Draft<'_, '_>, moment: &Moment, it: &CreateShipment) -> Result<Subject, Halt> {
    let _: Customer = need(draft, it.customer_id)?;
    if it.lines.is_empty() {
        return Err(Refusal::invalid("lines", "must have at least one line").into());
    }
    let lines = available(draft, moment, it)?;
    let own = draft.last_number(Noun::Shipment)? + 1;
    let shipment_number = it.shipment_number.clone().unwrap_or_else(|| Noun::Shipment.id_text(own));
    master::check_number(draft, Noun::Shipment, "shipment_number", &shipment_number, own)?;
    let id = draft.add(Shipment {
        shipment_number,
        customer_id: it.customer_id,
        lines,
        sales_order_number: it.sales_order_number.clone(),
        planned_date: it.planned_date,
        carrier: it.carrier.clone(),
        tracking_number: it.tracking_number.clone(),
        notes: it.notes.clone(),
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        updated_at: moment.recorded_at,
        ..Shipment::default()
    })?;
    draft.event("shipment.created", Subject::of(id));
    Ok(Subject::of(id))
}

/// The lines, each with its lot's own number: what is held, will have expired or is promised already cannot be planned.
/// A held lot is refused here and not marked: a plan is a promise to a customer, and a hold is lifted before it is given.
fn available(draft: &Draft<'_, '_>, moment: &Moment, it: &CreateShipment) -> Result<Vec<ShipmentLine>, Halt> {
    let planned: Vec<Shipment> = draft.related("status", &ShipmentStatus::Planned.to_value(), SCAN_MAX)?;
    let mut promised: Vec<ShipmentLine> = planned.into_iter().flat_map(|shipment| shipment.lines).collect();
    let others = promised.len();
    for line in &it.lines {
        if line.quantity.is_zero() || line.quantity.is_negative() {
            return Err(Refusal::invalid("lines", "quantity must be above 0").into());
        }
        let lot = lot::by_number(draft, &line.lot_number)?;
        lot::refuse_held(&lot)?;
        lot::refuse_expired(&lot, moment)?;
        refuse_expiring(&lot, it.planned_date)?;
        let material: Material = need(draft, lot.material_id)?;
        refuse_promised(&material, &lot, line, &promised)?;
        promised.push(ShipmentLine { lot_number: lot.lot_number, ..line.clone() });
    }
    Ok(promised.split_off(others))
}

/// On the day it is planned for, a lot must still be good.
fn refuse_expiring(lot: &Lot, leaves: Option<Date>) -> Result<(), Refusal> {
    match (lot.expiry_date, leaves) {
        (Some(last), Some(leaves)) if last < leaves => {
            Err(Refusal::field(Code::OnHold, "planned_date", format!("lot {} expires on {last}: plan the shipment for a day up to then", lot.lot_number)))
        }
        _ => Ok(()),
    }
}

/// What lines before this one will take of the lot is not free.
fn refuse_promised(material: &Material, lot: &Lot, line: &ShipmentLine, promised: &[ShipmentLine]) -> Result<(), Refusal> {
    let in_stock_unit = |line: &ShipmentLine| material::in_stock_unit(material, line.quantity, line.unit_of_measure);
    let asked = in_stock_unit(line)?;
    let of_lot = promised.iter().filter(|other| other.lot_number == lot.lot_number);
    // A line whose unit does not convert any more cannot be shipped: it takes nothing.
    let taken = of_lot.filter_map(|other| in_stock_unit(other).ok()).try_fold(Decimal::ZERO, Decimal::plus).ok_or_else(overflow)?;
    if taken.plus(asked).ok_or_else(overflow)? <= lot.quantity_on_hand {
        return Ok(());
    }
    let (unit, on_hand) = (lot.unit_of_measure.word(), lot.quantity_on_hand);
    let promised = if taken.is_zero() { String::new() } else { format!(", {taken} of them planned to be shipped") };
    Err(Refusal::field(Code::Insufficient, "quantity", format!("lot {} has {on_hand} {unit} on hand{promised}, and {asked} {unit} are asked for", lot.lot_number)))
}

fn planned(draft: &Draft<'_, '_>, id: Id<Shipment>) -> Result<Shipment, Halt> {
    let shipment: Shipment = need(draft, id)?;
    if shipment.status == ShipmentStatus::Planned {
        return Ok(shipment);
    }
    Err(Refusal::new(Code::IllegalState, format!("shipment {} is {}", shipment.shipment_number, shipment.status)).into())
}

pub(super) fn ship(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ShipShipment) -> Result<Subject, Halt> {
    let mut shipment = planned(draft, it.shipment_id)?;
    let subject = Subject::of(it.shipment_id);
    let mut total = Decimal::ZERO;
    for line in &shipment.lines {
        let lot = lot::by_number(draft, &line.lot_number)?;
        let material: Material = need(draft, lot.material_id)?;
        let quantity = material::in_stock_unit(&material, line.quantity, line.unit_of_measure)?;
        lot::refuse_held(&lot)?;
        lot::refuse_expired(&lot, moment)?;
        lot::link(draft, Subject::of(lot.lot_id), subject, quantity, lot.unit_of_measure)?;
        total = total.plus(line.quantity).ok_or_else(overflow)?;
        let movement = material::Movement {
            told: line.quantity,
            told_unit: line.unit_of_measure,
            change: quantity.negated(),
            shipment_id: Some(it.shipment_id),
            ..material::Movement::of(TransactionType::Shipment)
        };
        material::move_lot(draft, moment, lot, movement)?;
    }
    let unit = shipment.lines.first().map(|line| line.unit_of_measure).unwrap_or_default();
    lot::link(draft, subject, Subject::of(shipment.customer_id), total, unit)?;
    shipment.status = ShipmentStatus::Shipped;
    shipment.shipped_at = Some(moment.occurred_at);
    shipment.carrier = it.carrier.clone().or(shipment.carrier);
    shipment.tracking_number = it.tracking_number.clone().or(shipment.tracking_number);
    store(draft, moment, shipment, "shipment.shipped")
}

pub(super) fn cancel(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<Shipment>) -> Result<Subject, Halt> {
    let mut shipment = planned(draft, id)?;
    shipment.status = ShipmentStatus::Cancelled;
    store(draft, moment, shipment, "shipment.cancelled")
}

fn store(draft: &mut Draft<'_, '_>, moment: &Moment, mut shipment: Shipment, event: &str) -> Result<Subject, Halt> {
    shipment.updated_at = moment.recorded_at;
    let subject = Subject::of(shipment.shipment_id);
    draft.put(shipment)?;
    draft.event(event, subject);
    Ok(subject)
}
