//! What lies in the racks, and which lot is taken first. Deliberately a shadow: the plant's own sum
//! of movements is the truth, and a difference would come back as a refusal.

use crate::base::{Date, Decimal};

/// A lot with something on hand.
#[derive(Clone, Debug)]
pub(super) struct Stocked {
    pub(super) number: String,
    pub(super) material: u64,
    pub(super) on_hand: Decimal,
    pub(super) expiry: Option<Date>,
    pub(super) held: bool,
    /// Finished for this customer.
    pub(super) customer: Option<u64>,
    /// The order that made it.
    pub(super) order: Option<u64>,
    /// It came from a supplier.
    pub(super) bought: bool,
    /// On a shipment that is planned.
    pub(super) planned: bool,
    /// Of the bad heat, or made of it.
    pub(super) tainted: bool,
}

impl Stocked {
    /// A lot for anybody.
    pub(super) const fn new(number: String, material: u64, on_hand: Decimal) -> Self {
        Self { number, material, on_hand, expiry: None, held: false, customer: None, order: None, bought: false, planned: false, tainted: false }
    }

    fn usable(&self, material: u64, day: Date) -> bool {
        self.material == material && !self.held && self.customer.is_none() && !self.on_hand.is_zero() && self.expiry.is_none_or(|last| last >= day)
    }
}

/// The racks, in the order in which lots came.
#[derive(Clone, Debug, Default)]
pub(super) struct Stock {
    pub(super) lots: Vec<Stocked>,
}

/// So much of a lot.
pub(super) type Taken = (String, Decimal);

impl Stock {
    /// What can be issued of a material.
    pub(super) fn usable(&self, material: u64, day: Date) -> Decimal {
        let lots = self.lots.iter().filter(|lot| lot.usable(material, day));
        lots.fold(Decimal::ZERO, |sum, lot| sum.plus(lot.on_hand).unwrap_or(sum))
    }

    /// The lots a quantity is taken from: first expiry first, then the oldest; `None` if they do not reach.
    pub(super) fn choose(&self, material: u64, need: Decimal, day: Date) -> Option<Vec<Taken>> {
        let mut lots: Vec<&Stocked> = self.lots.iter().filter(|lot| lot.usable(material, day)).collect();
        lots.sort_by_key(|lot| (lot.expiry.is_none(), lot.expiry));
        let mut open = need;
        let mut taken = Vec::new();
        for lot in lots {
            let part = open.min(lot.on_hand);
            if !part.is_zero() {
                taken.push((lot.number.clone(), part));
                open = open.minus(part)?;
            }
        }
        open.is_zero().then_some(taken)
    }

    /// Up to so many of the oldest lots, and of them no more than is needed.
    pub(super) fn oldest(&self, material: u64, need: Decimal, day: Date, lots_max: usize) -> Vec<Taken> {
        let mut open = need;
        let mut taken = Vec::new();
        for lot in self.lots.iter().filter(|lot| lot.usable(material, day)).take(lots_max) {
            let part = open.min(lot.on_hand);
            open = open.minus(part).unwrap_or_default();
            taken.extend((!part.is_zero()).then(|| (lot.number.clone(), part)));
        }
        taken
    }

    /// The lot of a number.
    pub(super) fn lot(&mut self, number: &str) -> Option<&mut Stocked> {
        self.lots.iter_mut().find(|lot| lot.number == number)
    }

    /// Adds to a lot, or takes from it with a negative change.
    pub(super) fn change(&mut self, number: &str, by: Decimal) {
        if let Some(lot) = self.lot(number) {
            lot.on_hand = lot.on_hand.plus(by).unwrap_or(lot.on_hand);
        }
    }

    /// Forgets lots that are used up.
    pub(super) fn tidy(&mut self) {
        self.lots.retain(|lot| !lot.on_hand.is_zero() || lot.tainted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::book::whole;

    #[test]
    fn the_first_to_expire_goes_first_and_then_the_oldest() {
        let lot = |number: &str, expiry: Option<&str>| Stocked { expiry: expiry.map(|day| day.parse().unwrap()), ..Stocked::new(number.to_owned(), 1, whole(5)) };
        let stock = Stock { lots: vec![lot("old", None), lot("late", Some("2027-05-01")), lot("soon", Some("2027-01-01")), lot("gone", Some("2026-01-01"))] };
        let day = "2026-12-01".parse().unwrap();
        let taken = stock.choose(1, whole(12), day).unwrap();
        assert_eq!(taken, vec![("soon".to_owned(), whole(5)), ("late".to_owned(), whole(5)), ("old".to_owned(), whole(2))]);
        assert_eq!(stock.choose(1, whole(16), day), None);
    }
}
