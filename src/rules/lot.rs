//! Lots: opened, linked, held, split, merged. No edge may make a lot its own ancestor.

use std::collections::HashSet;

use super::{Moment, master, material, need, overflow};
use crate::base::limits::CYCLE_WALK_MAX;
use crate::base::{Code, Date, Decimal, Refusal, Unit};
use crate::model::command::{MergeLots, SplitLot};
use crate::model::field::Note;
use crate::model::genealogy::Node;
use crate::model::lot::LotStatus;
use crate::model::material::TransactionType;
use crate::model::{Id, Lot, LotEdge, Material, Noun, Subject, WorkOrder};
use crate::store::{Direction, Draft, Halt, View};

/// What a new lot is known by.
#[derive(Clone, Debug, Default)]
pub(super) struct Opening {
    pub(super) lot_number: Option<String>,
    pub(super) work_order_id: Option<Id<WorkOrder>>,
    pub(super) parent: Option<Lot>,
    pub(super) expiry_date: Option<Date>,
    pub(super) location: Option<String>,
    pub(super) is_remnant: bool,
}

/// Opens an empty lot; heat, supplier and certificate come down from the parent.
pub(super) fn open(draft: &mut Draft<'_, '_>, moment: &Moment, of: &Material, opening: Opening) -> Result<Lot, Halt> {
    let own = draft.last_number(Noun::Lot)? + 1;
    let lot_number = opening.lot_number.unwrap_or_else(|| Noun::Lot.id_text(own));
    master::check_number(draft, Noun::Lot, "lot_number", &lot_number, own)?;
    let parent = opening.parent.unwrap_or_default();
    let lot = Lot {
        lot_number,
        material_id: of.material_id,
        material_code: of.material_code.clone(),
        unit_of_measure: of.stock_unit,
        location: opening.location.or(parent.location),
        supplier_id: parent.supplier_id,
        supplier_lot_number: parent.supplier_lot_number,
        heat_number: parent.heat_number,
        certificate_number: parent.certificate_number,
        expiry_date: opening.expiry_date.or(parent.expiry_date),
        unit_cost: parent.unit_cost,
        work_order_id: opening.work_order_id,
        parent_lot_number: Some(parent.lot_number).filter(|number| !number.is_empty()),
        is_remnant: opening.is_remnant,
        created_at: moment.recorded_at,
        updated_at: moment.recorded_at,
        ..Lot::default()
    };
    let id = draft.add(lot)?;
    draft.event("lot.created", Subject::of(id));
    need(draft, id)
}

/// The lot of a number.
pub(super) fn by_number(draft: &Draft<'_, '_>, number: &str) -> Result<Lot, Halt> {
    let found = draft.resolve(Noun::Lot, number)?.map(Id::<Lot>::new);
    match found {
        Some(id) => need(draft, id),
        None => Err(Refusal::field(Code::NotFound, "lot_number", format!("there is no lot {number}")).into()),
    }
}

/// A held lot refuses whatever would carry it on.
pub(super) fn refuse_held(lot: &Lot) -> Result<(), Refusal> {
    if lot.status != LotStatus::OnHold {
        return Ok(());
    }
    let why = lot.hold_reason.as_ref().map_or(String::new(), |reason| format!(" ({})", reason.0));
    Err(Refusal::field(Code::OnHold, "lot_number", format!("lot {} is on hold{why}", lot.lot_number)))
}

/// An expired lot is neither used nor shipped.
pub(super) fn refuse_expired(lot: &Lot, moment: &Moment) -> Result<(), Refusal> {
    match lot.expiry_date {
        Some(day) if day < moment.occurred_at.date(&moment.zone) => Err(Refusal::field(Code::OnHold, "lot_number", format!("lot {} expired on {day}: scrap it", lot.lot_number))),
        _ => Ok(()),
    }
}

/// Pieces in the unit of a lot.
pub(super) fn pieces_in_stock_unit(draft: &Draft<'_, '_>, lot: &Lot, pieces: Decimal) -> Result<Decimal, Halt> {
    let material: Material = need(draft, lot.material_id)?;
    Ok(material::in_stock_unit(&material, pieces, Unit::Ea)?)
}

pub(super) fn hold(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<Lot>) -> Result<Subject, Halt> {
    let mut lot: Lot = need(draft, id)?;
    if lot.status == LotStatus::OnHold {
        return Err(Refusal::new(Code::IllegalState, format!("lot {} is on hold already", lot.lot_number)).into());
    }
    lot.status = LotStatus::OnHold;
    lot.hold_reason = moment.reason.clone().map(Note);
    store(draft, moment, lot, "lot.held")
}

/// Holds all; a reason is wanted, since many people will ask for it. Answers the first of them.
pub(super) fn hold_all(draft: &mut Draft<'_, '_>, moment: &Moment, ids: &[Id<Lot>]) -> Result<Subject, Halt> {
    moment.require_reason()?;
    let Some(first) = ids.first() else { return Err(Refusal::invalid("lot_ids", "must name a lot").into()) };
    for id in ids {
        let lot: Lot = need(draft, *id)?;
        if lot.status != LotStatus::OnHold {
            hold(draft, moment, *id)?;
        }
    }
    Ok(Subject::of(*first))
}

pub(super) fn release(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<Lot>) -> Result<Subject, Halt> {
    let mut lot: Lot = need(draft, id)?;
    if lot.status != LotStatus::OnHold {
        return Err(Refusal::new(Code::IllegalState, format!("lot {} is not on hold", lot.lot_number)).into());
    }
    lot.status = LotStatus::Available;
    lot.hold_reason = None;
    settle_status(&mut lot);
    store(draft, moment, lot, "lot.released")
}

pub(super) fn store(draft: &mut Draft<'_, '_>, moment: &Moment, mut lot: Lot, event: &str) -> Result<Subject, Halt> {
    lot.updated_at = moment.recorded_at;
    let subject = Subject::of(lot.lot_id);
    draft.put(lot)?;
    draft.event(event, subject);
    Ok(subject)
}

/// An empty lot that once held something is exhausted; a held one stays held.
pub(super) fn settle_status(lot: &mut Lot) {
    if lot.status == LotStatus::OnHold {
        return;
    }
    let ever = !lot.quantity_received.is_zero() || !lot.quantity_produced.is_zero();
    lot.status = if lot.quantity_on_hand.is_zero() && ever { LotStatus::Exhausted } else { LotStatus::Available };
}

pub(super) fn split(draft: &mut Draft<'_, '_>, moment: &Moment, it: &SplitLot) -> Result<Subject, Halt> {
    let source: Lot = need(draft, it.lot_id)?;
    let opening = Opening { lot_number: it.new_lot_number.clone(), location: it.to_location.clone(), ..Opening::default() };
    let part = split_off(draft, moment, source, it.quantity, opening)?;
    draft.event("lot.split", Subject::of(it.lot_id));
    Ok(part)
}

/// Moves part of a lot into a new one.
pub(super) fn split_off(draft: &mut Draft<'_, '_>, moment: &Moment, source: Lot, quantity: Decimal, mut opening: Opening) -> Result<Subject, Halt> {
    refuse_held(&source)?;
    if quantity.is_negative() || quantity.is_zero() || quantity >= source.quantity_on_hand {
        return Err(Refusal::field(
            Code::Insufficient,
            "quantity",
            format!("must lie above 0 and below the {} {} on hand", source.quantity_on_hand, source.unit_of_measure.word()),
        )
        .into());
    }
    let of: Material = need(draft, source.material_id)?;
    opening.work_order_id = source.work_order_id;
    opening.is_remnant = source.is_remnant;
    opening.parent = Some(source.clone());
    let part = open(draft, moment, &of, opening)?;
    carry(draft, moment, source, part, quantity, TransactionType::Split)
}

pub(super) fn merge(draft: &mut Draft<'_, '_>, moment: &Moment, it: &MergeLots) -> Result<Subject, Halt> {
    if it.from_lot_numbers.is_empty() {
        return Err(Refusal::invalid("from_lot_numbers", "must name at least one lot").into());
    }
    for number in &it.from_lot_numbers {
        let target: Lot = need(draft, it.lot_id)?;
        let source = by_number(draft, number)?;
        refuse_held(&target)?;
        refuse_held(&source)?;
        if source.lot_id == target.lot_id {
            return Err(Refusal::invalid("from_lot_numbers", "a lot cannot be merged into itself").into());
        }
        if source.material_id != target.material_id {
            return Err(Refusal::invalid("from_lot_numbers", format!("lot {} is {} and not {}", source.lot_number, source.material_code, target.material_code)).into());
        }
        if source.quantity_on_hand.is_zero() {
            return Err(Refusal::field(Code::Insufficient, "from_lot_numbers", format!("lot {} has nothing on hand", source.lot_number)).into());
        }
        let quantity = source.quantity_on_hand;
        carry(draft, moment, source, target, quantity, TransactionType::Merge)?;
    }
    draft.event("lot.merged", Subject::of(it.lot_id));
    Ok(Subject::of(it.lot_id))
}

fn carry(draft: &mut Draft<'_, '_>, moment: &Moment, source: Lot, target: Lot, quantity: Decimal, how: TransactionType) -> Result<Subject, Halt> {
    let (from, to, unit) = (Subject::of(source.lot_id), Subject::of(target.lot_id), source.unit_of_measure);
    link(draft, from, to, quantity, unit)?;
    let (from_number, to_number) = (source.lot_number.clone(), target.lot_number.clone());
    let told = material::Movement { told: quantity, told_unit: unit, ..material::Movement::of(how) };
    material::move_lot(draft, moment, source, material::Movement { change: quantity.negated(), consumed_by_lot_number: Some(to_number), ..told.clone() })?;
    material::move_lot(draft, moment, target, material::Movement { change: quantity, parent_lot_number: Some(from_number), ..told })?;
    Ok(to)
}

/// Adds a quantity to an edge (or takes it back with a negative one), refusing circles.
pub(super) fn link(draft: &mut Draft<'_, '_>, from: Subject, to: Subject, quantity: Decimal, unit: Unit) -> Result<(), Halt> {
    let nodes = (Node::of(from), Node::of(to));
    let (Some(source), Some(product)) = nodes else { return Err(Refusal::new(Code::Internal, format!("{from} to {to} is no edge of genealogy")).into()) };
    let id: Id<LotEdge> = Id::new(LotEdge::number_of(source, product));
    let known = draft.get(id)?;
    if known.as_ref().is_none_or(|edge| edge.quantity.is_zero()) {
        refuse_circle(draft, source, product)?;
    }
    let before = known.map_or(Decimal::ZERO, |edge| edge.quantity);
    let quantity = before.plus(quantity).ok_or_else(overflow)?;
    if quantity.is_negative() {
        return Err(Refusal::field(Code::Insufficient, "quantity", format!("only {before} {} went from {from} to {to}", unit.word())).into());
    }
    draft.put(LotEdge { edge_id: id, quantity, unit_of_measure: unit })?;
    Ok(())
}

/// Looks for the source among what the product has become; the product is usually young, so this is short.
fn refuse_circle(draft: &Draft<'_, '_>, source: Node, product: Node) -> Result<(), Halt> {
    let circle = || Refusal::new(Code::Cycle, format!("{} is already made from {}: the edge would close a circle", source.subject(), product.subject()));
    if source == product {
        return Err(circle().into());
    }
    let mut seen: HashSet<Node> = HashSet::from([product]);
    let mut open = vec![product];
    while let Some(node) = open.pop() {
        let mut next = draft.neighbours(node, Direction::Forward)?;
        next.extend(draft.own_edges(node));
        for to in next {
            if to == source {
                return Err(circle().into());
            }
            if seen.insert(to) {
                open.push(to);
            }
        }
        if seen.len() > CYCLE_WALK_MAX {
            return Err(Refusal::new(
                Code::Cycle,
                format!("{} has become more than {CYCLE_WALK_MAX} things; it cannot be proved that the edge closes no circle", product.subject()),
            )
            .into());
        }
    }
    Ok(())
}
