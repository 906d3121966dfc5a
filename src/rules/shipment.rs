//! Shipments: planned, shipped, cancelled. Shipping is where genealogy reaches a customer.

use super::{Moment, lot, master, material, need, overflow};
use crate::base::{Code, Decimal, Refusal};
use crate::model::command::{CreateShipment, ShipShipment};
use crate::model::material::TransactionType;
use crate::model::shipment::{ShipmentLine, ShipmentStatus};
use crate::model::{Customer, Id, Material, Noun, Shipment, Subject};
use crate::store::{Draft, Halt, View};

pub(super) fn create(draft: &mut Draft<'_, '_>, moment: &Moment, it: &CreateShipment) -> Result<Subject, Halt> {
    let _: Customer = need(draft, it.customer_id)?;
    if it.lines.is_empty() {
        return Err(Refusal::invalid("lines", "must have at least one line").into());
    }
    for line in &it.lines {
        stock_quantity(draft, line)?;
    }
    let own = draft.last_number(Noun::Shipment)? + 1;
    let shipment_number = it.shipment_number.clone().unwrap_or_else(|| Noun::Shipment.id_text(own));
    master::check_number(draft, Noun::Shipment, "shipment_number", &shipment_number, own)?;
    let id = draft.add(Shipment {
        shipment_number,
        customer_id: it.customer_id,
        lines: it.lines.clone(),
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

/// What a line takes, in its lot's unit.
fn stock_quantity(draft: &Draft<'_, '_>, line: &ShipmentLine) -> Result<Decimal, Halt> {
    if line.quantity.is_zero() || line.quantity.is_negative() {
        return Err(Refusal::invalid("lines", "quantity must be above 0").into());
    }
    let lot = lot::by_number(draft, &line.lot_number)?;
    let material: Material = need(draft, lot.material_id)?;
    Ok(material::in_stock_unit(&material, line.quantity, line.unit_of_measure)?)
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
        let quantity = stock_quantity(draft, line)?;
        let lot = lot::by_number(draft, &line.lot_number)?;
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
