//! What a scanned code stands for. A code is taken whole: nothing is guessed from a part of it, for
//! a wrong lot issued by a guess is worse than a second scan.

use crate::base::Refusal;
use crate::model::field::Field as _;
use crate::model::permission::{Role, may, read_act};
use crate::model::{Badge, Id, Noun, Subject, WorkOrder, WorkOrderOperation};
use crate::store::{Snapshot, StoreError, View as _};

/// What labels carry, in the order in which it is looked for.
const LABELLED: &[Noun] = &[Noun::WorkOrder, Noun::Lot, Noun::WorkCenter, Noun::Machine, Noun::Shipment, Noun::Material, Noun::Product, Noun::ElectronicBatchRecord];
/// Operations of one order.
const OPERATIONS_MAX: usize = 1_000;

/// A code, or the elements of a GS1 code.
#[derive(Debug, Default)]
pub struct Scanned {
    /// As it was read.
    pub code: Option<String>,
    /// The lot, of AI 10.
    pub lot: Option<String>,
    /// The serial number, of AI 21.
    pub serial: Option<String>,
    /// The serial number of a shipping container, of AI 00.
    pub sscc: Option<String>,
}

impl Scanned {
    /// For the sentence that says that it is unknown.
    pub fn shown(&self) -> String {
        let parts = [&self.code, &self.lot, &self.serial, &self.sscc];
        let shown: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        shown.join(", ").chars().take(60).collect()
    }
}

/// What was found.
pub enum Found {
    /// Somebody's badge; whose is not told, for a number that was tried must tell nothing.
    Badge,
    /// A record with the number people call it by.
    Record {
        /// Which.
        subject: Subject,
        /// Its number.
        number: String,
        /// Where an operation belongs.
        operation: Option<Box<WorkOrderOperation>>,
    },
}

/// Resolves a code for a role; what the role may not read is not found.
pub fn resolve(snapshot: &Snapshot, role: Role, scanned: &Scanned) -> Result<Option<Found>, Refusal> {
    let labelled = |noun: Noun, text: &Option<String>| -> Result<Option<Found>, StoreError> {
        let Some(text) = text else { return Ok(None) };
        record(snapshot, role, noun, text)
    };
    for (noun, text) in [(Noun::Lot, &scanned.lot), (Noun::Shipment, &scanned.sscc), (Noun::Lot, &scanned.serial)] {
        if let Some(found) = labelled(noun, text)? {
            return Ok(Some(found));
        }
    }
    let Some(code) = &scanned.code else { return Ok(None) };
    if let Some(operation) = operation(snapshot, code)? {
        return Ok(Some(operation));
    }
    if snapshot.find::<Badge>("badge_number", code)?.is_some_and(|badge| !badge.revoked) {
        return Ok(Some(Found::Badge));
    }
    let of_prefix = Noun::ALL.iter().copied().find(|noun| noun.class() == crate::model::noun::Class::Public && noun.number_of(code).is_some());
    for noun in LABELLED.iter().copied().chain(of_prefix) {
        if let Some(found) = record(snapshot, role, noun, code)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn record(snapshot: &Snapshot, role: Role, noun: Noun, text: &str) -> Result<Option<Found>, StoreError> {
    if !may(role, read_act(noun)) {
        return Ok(None);
    }
    let Some(number) = snapshot.resolve(noun, text)? else { return Ok(None) };
    Ok(Some(Found::Record { subject: Subject { noun, number }, number: text.to_owned(), operation: None }))
}

/// An operation by its id, or as travellers print it: the order's number, a slash, the sequence.
fn operation(snapshot: &Snapshot, code: &str) -> Result<Option<Found>, StoreError> {
    let found = match Noun::WorkOrderOperation.number_of(code) {
        Some(number) => snapshot.get(Id::<WorkOrderOperation>::new(number))?,
        None => {
            let Some((order, sequence)) = code.rsplit_once('/') else { return Ok(None) };
            let (Some(order), Ok(sequence)) = (snapshot.resolve(Noun::WorkOrder, order)?, sequence.parse::<i64>()) else { return Ok(None) };
            let all: Vec<WorkOrderOperation> = snapshot.related("work_order_id", &Id::<WorkOrder>::new(order).to_value(), OPERATIONS_MAX)?;
            all.into_iter().find(|operation| operation.operation_sequence == sequence)
        }
    };
    Ok(found.map(|operation| Found::Record { subject: Subject::of(operation.operation_id), number: code.to_owned(), operation: Some(Box::new(operation)) }))
}
