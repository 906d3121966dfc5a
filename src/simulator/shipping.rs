//! Shipping: finished lots of a customer go together, planned in the morning and the afternoon and
//! shipped some hours later. Deliberately a lot on hold stops its whole shipment, as in the yard.

use std::collections::BTreeMap;

use super::Simulator;
use super::desk::Who;
use crate::base::{Decimal, Refusal, Time, Unit};
use crate::model::command::{CancelShipment, CreateShipment, ShipShipment};
use crate::model::shipment::ShipmentLine;
use crate::model::{Command, Id};

/// Lines of one shipment: what a truck's tail lift takes at once.
const LINES_MAX: usize = 8;

/// A planned shipment.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) id: u64,
    pub(super) lots: Vec<(String, Decimal)>,
    pub(super) leaves_at: Time,
}

impl Simulator {
    /// What shipping does in a step.
    pub(super) fn ship(&mut self) -> Result<(), Refusal> {
        let (_, hour, minute) = self.book.local(self.desk.now());
        if minute < 10 && matches!(hour, 7 | 10 | 13 | 16 | 19) {
            self.plan_loads()?;
        }
        let now = self.desk.now();
        let (due, later): (Vec<Load>, Vec<Load>) = std::mem::take(&mut self.loads).into_iter().partition(|load| load.leaves_at <= now);
        self.loads = later;
        due.into_iter().try_for_each(|load| self.leave(load))
    }

    fn plan_loads(&mut self) -> Result<(), Refusal> {
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
        let id = self.desk.ask(Who::Planner, Command::CreateShipment(it))?;
        self.loads.push(Load { id, lots, leaves_at });
        Ok(())
    }

    fn leave(&mut self, load: Load) -> Result<(), Refusal> {
        let shipment_id = Id::new(load.id);
        let stopped = load.lots.iter().any(|(number, _)| self.stock.lot(number).is_none_or(|lot| lot.held));
        if stopped {
            load.lots.iter().for_each(|(number, _)| {
                if let Some(lot) = self.stock.lot(number) {
                    lot.planned = false;
                }
            });
            return self.desk.tell_why(Who::Lead, Command::CancelShipment(CancelShipment { shipment_id }), Some("a lot of it is on hold"));
        }
        let tracking = format!("TR{:08}", self.dice.between(1, 99_999_999));
        self.desk.tell(Who::Operator, Command::ShipShipment(ShipShipment { shipment_id, carrier: None, tracking_number: Some(tracking) }))?;
        let tainted = load.lots.iter().any(|(number, _)| self.stock.lot(number).is_some_and(|lot| lot.tainted));
        self.tainted_loads += u64::from(tainted);
        load.lots.iter().for_each(|(number, quantity)| self.stock.change(number, quantity.negated()));
        Ok(())
    }
}
