//! Shipping: finished lots of a customer go together, planned in the morning and the afternoon and
//! shipped some hours later. Deliberately a lot on hold stops its whole shipment, as in the yard.

use std::collections::BTreeMap;

use super::Simulator;
use super::agenda::Event;
use super::desk::Who;
use crate::base::{Decimal, Refusal, Unit};
use crate::model::command::{CancelShipment, CreateShipment, ShipShipment};
use crate::model::shipment::ShipmentLine;
use crate::model::{Command, Id, Noun};

/// Lines of one shipment: what a truck's tail lift takes at once.
const LINES_MAX: usize = 8;

/// Shipments in a thousand that nobody fetches.
const NO_TRUCK: i64 = 40;

/// A planned shipment.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) id: u64,
    pub(super) lots: Vec<(String, Decimal)>,
}

impl Simulator {
    /// Every few hours: what is finished for a customer is put together.
    pub(super) fn plan_loads(&mut self) -> Result<(), Refusal> {
        let mut by_customer: BTreeMap<u64, Vec<(String, Decimal)>> = BTreeMap::new();
        for lot in self.stock.lots.iter_mut().filter(|lot| !lot.held && !lot.planned && !lot.on_hand.is_zero()) {
            let lots = lot.customer.map(|customer| by_customer.entry(customer).or_default());
            if let Some(lots) = lots.filter(|lots| lots.len() < LINES_MAX) {
                lots.push((lot.number.clone(), lot.on_hand));
                lot.planned = true;
            }
        }
        by_customer.into_iter().try_for_each(|(customer, lots)| self.plan_load(customer, lots))
    }

    fn plan_load(&mut self, customer: u64, lots: Vec<(String, Decimal)>) -> Result<(), Refusal> {
        let line = |(number, quantity): &(String, Decimal)| ShipmentLine { lot_number: number.clone(), quantity: *quantity, unit_of_measure: Unit::Ea };
        let leaves_at = self.later(90, 400);
        let it = CreateShipment {
            customer_id: Id::new(customer),
            lines: lots.iter().map(line).collect(),
            planned_date: Some(self.book.local(leaves_at).0),
            carrier: self.dice.pick(&["DB Schenker", "Dachser", "own truck"]).map(|it| (*it).to_owned()),
            ..CreateShipment::default()
        };
        let id = self.desk.make(Who::Planner, Noun::Shipment, Command::CreateShipment(it), None)?;
        self.loads.push(Load { id, lots });
        self.agenda.add(leaves_at, Event::Leave(id));
        Ok(())
    }

    /// A shipment leaves, unless one of its lots may not.
    pub(super) fn ship(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(place) = self.loads.iter().position(|load| load.id == id) else { return Ok(()) };
        let load = self.loads.remove(place);
        let shipment_id = Id::new(load.id);
        let held = load.lots.iter().any(|(number, _)| self.stock.lot(number).is_none_or(|lot| lot.held));
        if held || self.dice.chance(NO_TRUCK) {
            for (number, _) in &load.lots {
                if let Some(lot) = self.stock.lot(number) {
                    lot.planned = false;
                }
            }
            let why = if held { "a lot of it is on hold" } else { "the carrier's truck did not come" };
            return self.desk.tell_why(Who::Planner, Command::CancelShipment(CancelShipment { shipment_id }), why);
        }
        let tracking = format!("TR{:08}", self.dice.between(1, 99_999_999));
        self.desk.tell(Who::Operator, Command::ShipShipment(ShipShipment { shipment_id, carrier: None, tracking_number: Some(tracking) }))?;
        self.tainted_loads += u64::from(load.lots.iter().any(|(number, _)| self.stock.lot(number).is_some_and(|lot| lot.tainted)));
        for (number, quantity) in load.lots {
            let order = self.stock.lot(&number).and_then(|lot| lot.order);
            self.stock.change(&number, quantity.negated());
            if let Some(order) = order {
                self.may_be_complained_of(order, &number, self.desk.now());
            }
        }
        Ok(())
    }
}
