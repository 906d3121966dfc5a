//! Material movements. Stock is the sum of movements: `move_lot` is the one door through which a
//! lot's quantities change, and it writes the movement beside the change.

use super::{Moment, lot, need, overflow, work_order};
use crate::base::{Code, Decimal, Refusal, Unit};
use crate::model::command::{RecordMaterialTransaction, ReverseMaterialTransaction};
use crate::model::field::Note;
use crate::model::genealogy::Node;
use crate::model::material::{MaterialQuality, TransactionType as Type};
use crate::model::work_order::WorkOrderStatus;
use crate::model::{Id, Lot, LotEdge, Material, MaterialTransaction, Shipment, Subject, Supplier, WorkOrder, WorkOrderOperation};
use crate::store::{Draft, Halt, View};

/// A movement about to happen to a lot.
#[derive(Clone, Debug, Default)]
pub(super) struct Movement {
    pub(super) kind: Type,
    /// As told.
    pub(super) told: Decimal,
    pub(super) told_unit: Unit,
    /// What the lot's stock changes by, in its unit.
    pub(super) change: Decimal,
    pub(super) work_order_id: Option<Id<WorkOrder>>,
    pub(super) operation_id: Option<Id<WorkOrderOperation>>,
    pub(super) shipment_id: Option<Id<Shipment>>,
    pub(super) parent_lot_number: Option<String>,
    pub(super) consumed_by_lot_number: Option<String>,
    pub(super) from_location: Option<String>,
    pub(super) to_location: Option<String>,
    pub(super) serial_number: Option<String>,
    pub(super) batch_number: Option<String>,
    pub(super) quality_status: MaterialQuality,
    pub(super) requires_documentation: bool,
    pub(super) documentation_complete: bool,
    pub(super) reverses: Option<Id<MaterialTransaction>>,
}

impl Movement {
    pub(super) fn of(kind: Type) -> Self {
        Self { kind, ..Self::default() }
    }
}

/// A quantity in the stock unit of a material.
pub fn in_stock_unit(material: &Material, quantity: Decimal, unit: Unit) -> Result<Decimal, Refusal> {
    if unit == material.stock_unit {
        return Ok(quantity);
    }
    let Some(factor) = material.unit_factors.iter().find(|factor| factor.unit == unit) else {
        let known: Vec<&str> = std::iter::once(material.stock_unit).chain(material.unit_factors.iter().map(|it| it.unit)).map(Unit::word).collect();
        return Err(Refusal::field(
            Code::UnitMismatch,
            "unit_of_measure",
            format!("{} does not convert for {}; it counts in {}", unit.word(), material.material_code, known.join(", ")),
        ));
    };
    let converted = quantity.times(factor.factor).ok_or_else(overflow)?;
    if converted.is_zero() && !quantity.is_zero() {
        return Err(Refusal::field(Code::UnitMismatch, "quantity", format!("{quantity} {} is nothing in {}", unit.word(), material.stock_unit.word())));
    }
    Ok(converted)
}

/// Changes a lot's quantities and writes the movement.
pub(super) fn move_lot(draft: &mut Draft<'_, '_>, moment: &Moment, mut lot: Lot, movement: Movement) -> Result<Id<MaterialTransaction>, Halt> {
    let change = movement.change;
    let on_hand = lot.quantity_on_hand.plus(change).ok_or_else(overflow)?;
    if on_hand.is_negative() {
        let unit = lot.unit_of_measure.word();
        return Err(Refusal::field(
            Code::Insufficient,
            "quantity",
            format!("lot {} has {} {unit} on hand, and {} {unit} are asked for", lot.lot_number, lot.quantity_on_hand, change.negated()),
        )
        .into());
    }
    lot.quantity_on_hand = on_hand;
    let (total, by) = match movement.kind {
        Type::Receipt => (&mut lot.quantity_received, change),
        Type::Production => (&mut lot.quantity_produced, change),
        Type::Adjustment => (&mut lot.quantity_adjusted, change),
        Type::Issue | Type::Return => (&mut lot.quantity_consumed, change.negated()),
        Type::Scrap => (&mut lot.quantity_scrapped, change.negated()),
        Type::Shipment => (&mut lot.quantity_shipped, change.negated()),
        Type::Split | Type::Merge if change.is_negative() => (&mut lot.quantity_consumed, change.negated()),
        Type::Split | Type::Merge => (&mut lot.quantity_received, change),
        Type::Transfer => (&mut lot.quantity_adjusted, Decimal::ZERO),
    };
    *total = total.plus(by).ok_or_else(overflow)?;
    lot::settle_status(&mut lot);
    let from_location = movement.from_location.or_else(|| lot.location.clone());
    if let Some(place) = &movement.to_location {
        lot.location = Some(place.clone());
    }
    lot.updated_at = moment.recorded_at;
    let material: Material = need(draft, lot.material_id)?;
    let transaction = MaterialTransaction {
        transaction_type: movement.kind,
        transaction_date: moment.occurred_at,
        work_order_id: movement.work_order_id,
        operation_id: movement.operation_id,
        material_id: lot.material_id,
        material_code: material.material_code,
        material_name: Some(material.material_name),
        material_type: material.material_type,
        quantity: movement.told,
        unit_of_measure: movement.told_unit,
        stock_change: change,
        stock_unit: lot.unit_of_measure,
        lot_number: Some(lot.lot_number.clone()),
        batch_number: movement.batch_number,
        serial_number: movement.serial_number,
        expiry_date: lot.expiry_date,
        supplier_lot_number: lot.supplier_lot_number.clone(),
        supplier_id: lot.supplier_id,
        heat_number: lot.heat_number.clone(),
        from_location,
        to_location: movement.to_location,
        warehouse_location: lot.location.clone(),
        unit_cost: lot.unit_cost,
        total_cost: lot.unit_cost.and_then(|cost| cost.times(magnitude(change))).map(|cost| cost.rounded(2)),
        quality_status: movement.quality_status,
        inspection_required: material.inspection_required,
        certificate_of_analysis: lot.certificate_number.clone(),
        parent_lot_number: movement.parent_lot_number,
        consumed_by_lot_number: movement.consumed_by_lot_number,
        shipment_id: movement.shipment_id,
        performed_by: moment.actor.name.clone(),
        requires_documentation: movement.requires_documentation,
        documentation_complete: movement.documentation_complete,
        reason: moment.reason.clone().map(Note),
        reverses: movement.reverses,
        created_at: moment.recorded_at,
        ..MaterialTransaction::default()
    };
    let id = draft.add(transaction)?;
    draft.put(lot)?;
    draft.event(&format!("material.{}", past_tense(movement.kind)), Subject::of(id));
    Ok(id)
}

fn magnitude(number: Decimal) -> Decimal {
    if number.is_negative() { number.negated() } else { number }
}

const fn past_tense(kind: Type) -> &'static str {
    match kind {
        Type::Issue => "issued",
        Type::Return => "returned",
        Type::Scrap => "scrapped",
        Type::Adjustment => "adjusted",
        Type::Transfer => "transferred",
        Type::Receipt => "received",
        Type::Production => "produced",
        Type::Shipment => "shipped",
        Type::Split => "split",
        Type::Merge => "merged",
    }
}

pub(super) fn record(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordMaterialTransaction) -> Result<Subject, Halt> {
    if it.quantity.is_zero() || (it.quantity.is_negative() && it.transaction_type != Type::Adjustment) {
        return Err(Refusal::invalid("quantity", "must be above 0").into());
    }
    if it.unit_cost.is_some_and(Decimal::is_negative) {
        return Err(Refusal::invalid("unit_cost", "must not be negative").into());
    }
    match it.transaction_type {
        Type::Receipt => receive(draft, moment, it),
        Type::Issue => issue(draft, moment, it),
        Type::Return => give_back(draft, moment, it),
        Type::Scrap => {
            let lot = named_lot(draft, it)?;
            let change = in_lot_unit(draft, &lot, it)?.negated();
            simple(draft, moment, lot, it, change)
        }
        Type::Adjustment => {
            moment.require_reason()?;
            let lot = named_lot(draft, it)?;
            let change = in_lot_unit(draft, &lot, it)?;
            simple(draft, moment, lot, it, change)
        }
        Type::Transfer => transfer(draft, moment, it),
        Type::Production => produce(draft, moment, it),
        Type::Shipment => Err(Refusal::invalid("transaction_type", "a shipment is made with POST /shipments and shipped there").into()),
        Type::Split | Type::Merge => Err(Refusal::invalid("transaction_type", "split or merge the lot itself").into()),
    }
}

fn named_lot(draft: &Draft<'_, '_>, it: &RecordMaterialTransaction) -> Result<Lot, Halt> {
    let number = it.lot_number.as_deref().ok_or_else(|| Refusal::invalid("lot_number", "must be given"))?;
    let lot = lot::by_number(draft, number)?;
    match &it.material_code {
        Some(code) if *code != lot.material_code => Err(Refusal::invalid("material_code", format!("lot {} is {}", lot.lot_number, lot.material_code)).into()),
        _ => Ok(lot),
    }
}

fn named_material(draft: &Draft<'_, '_>, it: &RecordMaterialTransaction) -> Result<Material, Halt> {
    let code = it.material_code.as_deref().ok_or_else(|| Refusal::invalid("material_code", "must be given"))?;
    let found = draft.resolve(crate::model::Noun::Material, code)?;
    match found {
        Some(number) => need(draft, Id::new(number)),
        None => Err(Refusal::field(Code::NotFound, "material_code", format!("there is no material {code}")).into()),
    }
}

fn in_lot_unit(draft: &Draft<'_, '_>, lot: &Lot, it: &RecordMaterialTransaction) -> Result<Decimal, Halt> {
    let material: Material = need(draft, lot.material_id)?;
    Ok(in_stock_unit(&material, it.quantity, it.unit_of_measure.unwrap_or(lot.unit_of_measure))?)
}

fn movement(it: &RecordMaterialTransaction, lot: &Lot, change: Decimal) -> Movement {
    Movement {
        kind: it.transaction_type,
        told: it.quantity,
        told_unit: it.unit_of_measure.unwrap_or(lot.unit_of_measure),
        change,
        work_order_id: it.work_order_id,
        to_location: it.to_location.clone(),
        serial_number: it.serial_number.clone(),
        batch_number: it.batch_number.clone(),
        quality_status: it.quality_status.unwrap_or_default(),
        requires_documentation: it.requires_documentation,
        documentation_complete: it.documentation_complete,
        ..Movement::default()
    }
}

fn simple(draft: &mut Draft<'_, '_>, moment: &Moment, lot: Lot, it: &RecordMaterialTransaction, change: Decimal) -> Result<Subject, Halt> {
    let movement = movement(it, &lot, change);
    Ok(Subject::of(move_lot(draft, moment, lot, movement)?))
}

fn receive(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordMaterialTransaction) -> Result<Subject, Halt> {
    let material = named_material(draft, it)?;
    let known = match &it.lot_number {
        Some(number) => draft.find::<Lot>("lot_number", number)?,
        None => None,
    };
    let lot = match known {
        // A second delivery of the same lot is welcome; the same number for another heat is a mistake.
        Some(lot) => {
            let same = lot.material_id == material.material_id
                && lot.work_order_id.is_none()
                && lot.heat_number == it.heat_number
                && lot.supplier_lot_number == it.supplier_lot_number
                && lot.supplier_id == it.supplier_id;
            if !same {
                return Err(Refusal::field(Code::Duplicate, "lot_number", format!("lot {} exists with another material, supplier lot or heat", lot.lot_number)).into());
            }
            lot
        }
        None => {
            if let Some(supplier) = it.supplier_id {
                let _: Supplier = need(draft, supplier)?;
            }
            let shelf_life = material.shelf_life_days.and_then(|days| i32::try_from(days).ok());
            let expiry_date = it.expiry_date.or_else(|| shelf_life.map(|days| moment.occurred_at.date(&moment.zone).plus_days(days)));
            let opening = lot::Opening { lot_number: it.lot_number.clone(), expiry_date, location: it.to_location.clone(), ..lot::Opening::default() };
            let mut lot = lot::open(draft, moment, &material, opening)?;
            lot.supplier_id = it.supplier_id;
            lot.supplier_lot_number.clone_from(&it.supplier_lot_number);
            lot.heat_number.clone_from(&it.heat_number);
            lot.certificate_number.clone_from(&it.certificate_of_analysis);
            lot.unit_cost = it.unit_cost.or(material.unit_cost);
            lot
        }
    };
    let change = in_lot_unit_of(&material, it)?;
    if let Some(supplier) = lot.supplier_id {
        lot::link(draft, Subject::of(supplier), Subject::of(lot.lot_id), change, lot.unit_of_measure)?;
    }
    simple(draft, moment, lot, it, change)
}

fn in_lot_unit_of(material: &Material, it: &RecordMaterialTransaction) -> Result<Decimal, Refusal> {
    in_stock_unit(material, it.quantity, it.unit_of_measure.unwrap_or(material.stock_unit))
}

fn order_for(draft: &Draft<'_, '_>, it: &RecordMaterialTransaction) -> Result<(WorkOrder, Option<Id<WorkOrderOperation>>), Halt> {
    let id = it.work_order_id.ok_or_else(|| Refusal::invalid("work_order_id", "must be given"))?;
    let order: WorkOrder = need(draft, id)?;
    let operation = match it.operation_sequence {
        None => None,
        Some(sequence) => {
            let found = work_order::operations(draft, id)?.into_iter().find(|operation| operation.operation_sequence == sequence);
            let found = found.ok_or_else(|| Refusal::field(Code::NotFound, "operation_sequence", format!("order {} has no operation {sequence}", work_order::number(&order))))?;
            Some(found.operation_id)
        }
    };
    match order.status {
        WorkOrderStatus::Released | WorkOrderStatus::Scheduled | WorkOrderStatus::InProgress => Ok((order, operation)),
        WorkOrderStatus::OnHold => Err(Refusal::new(Code::OnHold, format!("order {} is on hold: resume it first", work_order::number(&order))).into()),
        other => Err(Refusal::new(Code::IllegalState, format!("order {} is {other}: material moves on released and running orders", work_order::number(&order))).into()),
    }
}

fn issue(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordMaterialTransaction) -> Result<Subject, Halt> {
    let (order, operation_id) = order_for(draft, it)?;
    let lot = named_lot(draft, it)?;
    lot::refuse_held(&lot)?;
    lot::refuse_expired(&lot, moment)?;
    let quantity = in_lot_unit(draft, &lot, it)?;
    lot::link(draft, Subject::of(lot.lot_id), Subject::of(order.work_order_id), quantity, lot.unit_of_measure)?;
    let movement = Movement { operation_id, consumed_by_lot_number: order.lot_number, ..movement(it, &lot, quantity.negated()) };
    Ok(Subject::of(move_lot(draft, moment, lot, movement)?))
}

fn give_back(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordMaterialTransaction) -> Result<Subject, Halt> {
    let (order, operation_id) = order_for(draft, it)?;
    let lot = named_lot(draft, it)?;
    let quantity = in_lot_unit(draft, &lot, it)?;
    lot::link(draft, Subject::of(lot.lot_id), Subject::of(order.work_order_id), quantity.negated(), lot.unit_of_measure)?;
    let movement = Movement { operation_id, ..movement(it, &lot, quantity) };
    Ok(Subject::of(move_lot(draft, moment, lot, movement)?))
}

fn transfer(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordMaterialTransaction) -> Result<Subject, Halt> {
    let lot = named_lot(draft, it)?;
    lot::refuse_held(&lot)?;
    let place = it.to_location.clone().ok_or_else(|| Refusal::invalid("to_location", "must be given"))?;
    let quantity = in_lot_unit(draft, &lot, it)?;
    if quantity > lot.quantity_on_hand {
        return Err(Refusal::field(Code::Insufficient, "quantity", format!("lot {} has {} {} on hand", lot.lot_number, lot.quantity_on_hand, lot.unit_of_measure.word())).into());
    }
    if quantity < lot.quantity_on_hand {
        // Part of a lot elsewhere is another lot: one lot, one place.
        let part = lot::split_off(draft, moment, lot, quantity, lot::Opening { location: Some(place), ..lot::Opening::default() })?;
        return Ok(part);
    }
    simple(draft, moment, lot, it, Decimal::ZERO)
}

fn produce(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordMaterialTransaction) -> Result<Subject, Halt> {
    let (order, operation_id) = order_for(draft, it)?;
    let material = named_material(draft, it)?;
    let parent = it.parent_lot_number.as_deref().map(|number| lot::by_number(draft, number)).transpose()?;
    if let Some(parent) = &parent {
        let edge = Node::of(Subject::of(parent.lot_id)).zip(Node::of(Subject::of(order.work_order_id))).map(|(from, to)| Id::<LotEdge>::new(LotEdge::number_of(from, to)));
        let issued = match edge {
            Some(id) => draft.get(id)?.is_some_and(|edge| !edge.quantity.is_zero()),
            None => false,
        };
        if !issued {
            return Err(Refusal::field(Code::Insufficient, "parent_lot_number", format!("lot {} was not issued to order {}", parent.lot_number, work_order::number(&order))).into());
        }
    }
    let known = match &it.lot_number {
        Some(number) => draft.find::<Lot>("lot_number", number)?,
        None => None,
    };
    let lot = match known {
        Some(lot) if lot.work_order_id == Some(order.work_order_id) && lot.material_id == material.material_id => lot,
        Some(lot) => return Err(Refusal::field(Code::Duplicate, "lot_number", format!("lot {} was made elsewhere", lot.lot_number)).into()),
        None => {
            let parent_number = it.lot_number.clone();
            let opening = lot::Opening {
                lot_number: parent_number,
                work_order_id: Some(order.work_order_id),
                parent,
                location: it.to_location.clone(),
                is_remnant: it.is_remnant,
                expiry_date: it.expiry_date,
            };
            lot::open(draft, moment, &material, opening)?
        }
    };
    let change = in_lot_unit_of(&material, it)?;
    lot::link(draft, Subject::of(order.work_order_id), Subject::of(lot.lot_id), change, lot.unit_of_measure)?;
    let movement = Movement { operation_id, parent_lot_number: it.parent_lot_number.clone(), ..movement(it, &lot, change) };
    Ok(Subject::of(move_lot(draft, moment, lot, movement)?))
}

pub(super) fn reverse(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ReverseMaterialTransaction) -> Result<Subject, Halt> {
    let wrong: MaterialTransaction = need(draft, it.transaction_id)?;
    if let Some(id) = wrong.work_order_id {
        let order: WorkOrder = need(draft, id)?;
        // Its costs are settled, and a cancelled order must hold no material.
        if matches!(order.status, WorkOrderStatus::Closed | WorkOrderStatus::Cancelled) {
            return Err(Refusal::new(Code::IllegalState, format!("order {} is {}: reopen it first", work_order::number(&order), order.status)).into());
        }
    }
    if wrong.transaction_type == Type::Return {
        // Undoing a return issues again.
        lot::refuse_held(&lot::by_number(draft, wrong.lot_number.as_deref().unwrap_or_default())?)?;
    }
    match wrong.transaction_type {
        Type::Split | Type::Merge | Type::Transfer | Type::Shipment => {
            Err(Refusal::new(Code::IllegalState, format!("a {} is put right by the opposite act, not by a reversal", wrong.transaction_type)).into())
        }
        Type::Production
            if draft
                .related::<crate::model::OperationReport>("work_order_id", &crate::model::Field::to_value(&wrong.work_order_id), crate::base::limits::SCAN_MAX)?
                .iter()
                .any(|report| report.transaction_id == Some(wrong.transaction_id)) =>
        {
            Err(Refusal::new(Code::IllegalState, "these pieces were reported by an operation: reverse that report").into())
        }
        _ => Ok(Subject::of(undo(draft, moment, it.transaction_id)?)),
    }
}

/// Writes the opposite movement.
pub(super) fn undo(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<MaterialTransaction>) -> Result<Id<MaterialTransaction>, Halt> {
    let wrong: MaterialTransaction = need(draft, id)?;
    if wrong.reversed_by.is_some() || wrong.reverses.is_some() {
        return Err(Refusal::new(Code::IllegalState, format!("{id} is reversed already, or is a reversal itself")).into());
    }
    let lot = lot::by_number(draft, wrong.lot_number.as_deref().unwrap_or_default())?;
    let back = wrong.stock_change.negated();
    let (lot_subject, unit) = (Subject::of(lot.lot_id), lot.unit_of_measure);
    match (wrong.transaction_type, wrong.work_order_id, wrong.supplier_id) {
        (Type::Issue | Type::Return, Some(order), _) => lot::link(draft, lot_subject, Subject::of(order), wrong.stock_change, unit)?,
        (Type::Production, Some(order), _) => lot::link(draft, Subject::of(order), lot_subject, back, unit)?,
        (Type::Receipt, _, Some(supplier)) => lot::link(draft, Subject::of(supplier), lot_subject, back, unit)?,
        _ => {}
    }
    let movement = Movement {
        told: wrong.quantity.negated(),
        told_unit: wrong.unit_of_measure,
        change: back,
        work_order_id: wrong.work_order_id,
        operation_id: wrong.operation_id,
        reverses: Some(id),
        ..Movement::of(wrong.transaction_type)
    };
    let reversal = move_lot(draft, moment, lot, movement)?;
    let mut wrong: MaterialTransaction = need(draft, id)?;
    wrong.reversed_by = Some(reversal);
    draft.put(wrong)?;
    draft.event("material.reversed", Subject::of(id));
    Ok(reversal)
}
