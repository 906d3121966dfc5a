//! The recall report of a lot: everything it became, what of that is still on site and what has left, to whom,
//! with whom it balances. Traced forward in full; the counts go beyond the rows where there are too many.

use std::collections::{BTreeMap, BTreeSet};

use super::lot::{NODES, facts, node_row};
use super::names::{count, customer, text};
use super::report::{Column, Origin, Report, column};
use crate::base::{Code, Decimal, Refusal, Time, Value, limits};
use crate::model::field::Field as _;
use crate::model::{Id, Lot, Noun, Shipment, Subject};
use crate::store::{Snapshot, View as _};
use crate::views::trace::{Trace, Way, trace};

const SITE: &[Column] = &[
    column("lot_number", "Lot"),
    column("material_code", "Material"),
    column("on_hand", "On hand"),
    column("unit", "Unit"),
    column("location", "Where"),
    column("status", "State"),
    column("balance_gap", "Missing in the books"),
];
const SHIPMENTS: &[Column] = &[
    column("shipment_number", "Shipment"),
    column("customer", "Customer"),
    column("status", "State"),
    column("shipped_at", "Left"),
    column("lot_number", "Lot"),
    column("quantity", "Quantity"),
    column("unit", "Unit"),
    column("tracking_number", "Tracking"),
];
const CUSTOMERS: &[Column] = &[column("customer", "Customer"), column("shipments", "Shipments"), column("quantity", "Quantity"), column("unit", "Unit")];

/// The report.
pub fn report(snapshot: &Snapshot, lot: Id<Lot>, now: Time) -> Result<Report, Refusal> {
    let it: Lot = snapshot.get(lot)?.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such lot"))?;
    let traced = trace(snapshot, Subject::of(lot), Way::Forward, limits::RECALL_ROWS_MAX)?;
    let mut report = Report::new("recall", format!("Recall report of lot {}", it.lot_number), Origin::of(snapshot, now)?);
    report.scanned = Some(it.lot_number.clone());
    facts(snapshot, &it, &mut report)?;
    let affected = affected(snapshot, &it, &traced)?;
    let shipped = shipped(snapshot, &affected, &traced)?;
    let reached = |noun: Noun| count(traced.counts.get(noun.singular()).copied().unwrap_or(0));
    report.fact("affected_lots", "Affected lots besides", reached(Noun::Lot));
    report.fact("affected_orders", "Affected orders", reached(Noun::WorkOrder));
    report.fact("affected_shipments", "Affected shipments", reached(Noun::Shipment));
    report.fact("affected_customers", "Affected customers", reached(Noun::Customer));
    report.fact("lots_with_a_gap", "Lots whose books have a gap", count(affected.iter().filter(|lot| !gap(lot).is_zero()).count()));
    report.table("shipments", "Has left", SHIPMENTS, shipped.rows, "Nothing of it has left.");
    report.table("customers", "To whom", CUSTOMERS, shipped.customers, "No customer has any of it.");
    let on_site = affected.iter().filter(|lot| !lot.quantity_on_hand.is_zero() || !gap(lot).is_zero());
    report.table("on_site", "Still on site", SITE, on_site.map(site_row).collect(), "Nothing of it is on site.");
    report.table("affected", "Everything it became", NODES, traced.nodes.iter().skip(1).map(node_row).collect(), "It went into nothing.");
    if traced.truncated {
        report.notes.push(format!("The rows end after {} records; the counts above are of all. Ask SQL's trace() for the rest.", limits::RECALL_ROWS_MAX));
    }
    Ok(report)
}

fn gap(lot: &Lot) -> Decimal {
    lot.expected_on_hand().and_then(|expected| expected.minus(lot.quantity_on_hand)).unwrap_or_default()
}

/// The lot and all lots that it went into.
fn affected(snapshot: &Snapshot, root: &Lot, traced: &Trace) -> Result<Vec<Lot>, Refusal> {
    let mut lots = vec![root.clone()];
    for node in traced.nodes.iter().skip(1).filter(|node| node.subject.noun == Noun::Lot) {
        lots.extend(snapshot.get(Id::<Lot>::new(node.subject.number))?);
    }
    Ok(lots)
}

fn site_row(lot: &Lot) -> Vec<Value> {
    vec![
        text(&lot.lot_number),
        text(&lot.material_code),
        Value::Dec(lot.quantity_on_hand),
        text(lot.unit_of_measure.word()),
        lot.location.to_value(),
        text(lot.status.word()),
        Value::Dec(gap(lot)),
    ]
}

struct Shipped {
    rows: Vec<Vec<Value>>,
    customers: Vec<Vec<Value>>,
}

/// What left of the affected lots, by shipment and by customer.
fn shipped(snapshot: &Snapshot, affected: &[Lot], traced: &Trace) -> Result<Shipped, Refusal> {
    let mut numbers: Vec<&str> = affected.iter().map(|lot| lot.lot_number.as_str()).collect();
    numbers.sort_unstable();
    let mut rows = Vec::new();
    let mut customers: BTreeMap<(u64, &'static str), (BTreeSet<u64>, Decimal)> = BTreeMap::new();
    for node in traced.nodes.iter().filter(|node| node.subject.noun == Noun::Shipment) {
        let Some(shipment) = snapshot.get(Id::<Shipment>::new(node.subject.number))? else { continue };
        let name = customer(snapshot, Some(shipment.customer_id))?;
        for line in shipment.lines.iter().filter(|line| numbers.binary_search(&line.lot_number.as_str()).is_ok()) {
            let sum = customers.entry((shipment.customer_id.number(), line.unit_of_measure.word())).or_default();
            sum.0.insert(node.subject.number);
            sum.1 = sum.1.plus(line.quantity).unwrap_or(sum.1);
            rows.push(vec![
                text(&shipment.shipment_number),
                name.clone(),
                text(shipment.status.word()),
                shipment.shipped_at.to_value(),
                text(&line.lot_number),
                Value::Dec(line.quantity),
                text(line.unit_of_measure.word()),
                shipment.tracking_number.to_value(),
            ]);
        }
    }
    let customers = customers
        .into_iter()
        .map(|((number, unit), (shipments, quantity))| Ok(vec![customer(snapshot, Some(Id::new(number)))?, count(shipments.len()), Value::Dec(quantity), text(unit)]));
    Ok(Shipped { rows, customers: customers.collect::<Result<_, Refusal>>()? })
}
