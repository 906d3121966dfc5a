//! The store room: deliveries come, kits go out to orders, cut-offs and spare sheets come back.
//! Deliberately whole sheets only go out: what a nest leaves over is a remnant with a number.

use super::Simulator;
use super::book::{Purchase, ceiling, whole};
use super::desk::Who;
use super::job::{Cut, Job};
use super::stock::{Stocked, Taken};
use crate::base::{Decimal, Refusal, Time, Unit};
use crate::model::command::RecordMaterialTransaction;
use crate::model::material::{MaterialType, TransactionType};
use crate::model::work_order::OrderType;
use crate::model::{Command, Id};

/// The delivery that the planted story is about.
pub(super) const BAD_HEAT: &str = "K7-66613";
/// Its certificate.
pub(super) const BAD_CERTIFICATE: &str = "3.1-226613";

/// Remnants that a nest is spread over.
const REMNANTS_MAX: usize = 2;

/// A movement of a kind, with everything else absent.
pub(super) fn movement(transaction_type: TransactionType, lot_number: &str, quantity: Decimal) -> RecordMaterialTransaction {
    RecordMaterialTransaction { transaction_type, quantity, lot_number: Some(lot_number.to_owned()), ..RecordMaterialTransaction::default() }
}

impl Simulator {
    /// The first stock of everything; the bad heat is the oldest of its sheet, so it is used first.
    pub(super) fn first_deliveries(&mut self) -> Result<(), Refusal> {
        for (at, purchase) in self.book.purchases.clone().iter().enumerate() {
            self.receive(purchase, at == 0)?;
        }
        Ok(())
    }

    /// Once an hour by day: what is below its reorder point is delivered.
    pub(super) fn deliveries(&mut self) -> Result<(), Refusal> {
        let (day, hour, minute) = self.book.local(self.desk.now());
        if minute >= 10 || !(7..18).contains(&hour) {
            return Ok(());
        }
        self.stock.tidy();
        for purchase in self.book.purchases.clone() {
            if self.stock.usable(purchase.material, day) < purchase.reorder {
                self.receive(&purchase, false)?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, purchase: &Purchase, bad: bool) -> Result<(), Refusal> {
        let Some(material) = self.book.materials.get(&purchase.material).cloned() else { return Ok(()) };
        let now = self.desk.now();
        let civil = now.civil(&self.book.zone);
        let number = format!("{}-{}", material.material_code, civil.strftime("%y%m%d-%H%M"));
        let expiry_date = material.shelf_life_days.and_then(|days| i32::try_from(days).ok()).map(|days| now.date(&self.book.zone).plus_days(days));
        let heat = purchase.heat.as_ref().map(|heat| format!("{heat}-{:05}", self.dice.between(10_000, 60_000)));
        let certificate = format!("3.1-{:06}", self.dice.between(100_000, 220_000));
        let it = RecordMaterialTransaction {
            material_code: Some(material.material_code),
            supplier_id: Some(Id::new(purchase.supplier)),
            supplier_lot_number: Some(format!("SL-{:06}", self.dice.between(1, 999_999))),
            certificate_of_analysis: purchase.heat.is_some().then_some(if bad { BAD_CERTIFICATE.to_owned() } else { certificate }),
            heat_number: if bad { Some(BAD_HEAT.to_owned()) } else { heat },
            expiry_date,
            to_location: Some(purchase.place.clone()),
            unit_cost: material.unit_cost,
            requires_documentation: purchase.heat.is_some(),
            documentation_complete: purchase.heat.is_some(),
            ..movement(TransactionType::Receipt, &number, purchase.delivery)
        };
        self.desk.tell(Who::Operator, Command::RecordMaterialTransaction(it))?;
        self.stock.lots.push(Stocked { expiry: expiry_date, tainted: bad, ..Stocked::new(number, purchase.material, purchase.delivery) });
        Ok(())
    }

    /// Issues everything an order needs, or nothing: answers whether it could.
    pub(super) fn kit(&mut self, job: &mut Job) -> Result<bool, Refusal> {
        let mut picked: Vec<(u64, Vec<Taken>, Option<Cut>)> = Vec::new();
        for (material, need) in self.needs_of(job) {
            match self.pick(material, need) {
                Some((taken, cut)) => picked.push((material, taken, cut)),
                None => return Ok(false),
            }
        }
        let sequence = job.steps.first().map(|step| step.sequence);
        for (_, taken, cut) in picked {
            for (lot, quantity) in taken {
                job.tainted |= self.stock.lot(&lot).is_some_and(|it| it.tainted);
                let it = RecordMaterialTransaction { work_order_id: Some(Id::new(job.id)), operation_sequence: sequence, ..movement(TransactionType::Issue, &lot, quantity) };
                self.desk.tell(Who::Operator, Command::RecordMaterialTransaction(it))?;
                self.stock.change(&lot, quantity.negated());
            }
            job.cuts.extend(cut);
        }
        job.kitted = true;
        Ok(true)
    }

    /// What an order needs; rework takes consumables only, its pieces exist already.
    fn needs_of(&self, job: &Job) -> Vec<(u64, Decimal)> {
        let consumable = |material: &u64| self.book.materials.get(material).is_some_and(|it| it.material_type == MaterialType::Consumable);
        let needs = self.book.needs(job.product, job.planned).into_iter();
        needs.filter(|(material, need)| !need.is_zero() && (job.kind != OrderType::Rework || consumable(material))).collect()
    }

    fn pick(&mut self, material: u64, need: Decimal) -> Option<(Vec<Taken>, Option<Cut>)> {
        let day = self.book.local(self.desk.now()).0;
        let is_sheet = self.book.materials.get(&material).is_some_and(|it| it.stock_unit == Unit::Sheet);
        if !is_sheet {
            return Some((self.stock.choose(material, need, day)?, None));
        }
        let (mut taken, need) = self.pick_remnants(material, need);
        if need.is_zero() {
            return Some((taken, None));
        }
        let sheets = ceiling(need);
        let spare = if self.dice.chance(90) { Decimal::ONE } else { Decimal::ZERO };
        let spared = sheets.plus(spare).and_then(|more| self.stock.choose(material, more, day));
        let (whole_sheets, spare) = match spared {
            Some(taken) => (taken, !spare.is_zero()),
            None => (self.stock.choose(material, sheets, day)?, false),
        };
        let (first, last) = (whole_sheets.first()?.0.clone(), whole_sheets.last()?.0.clone());
        let tainted = self.stock.lot(&first).is_some_and(|lot| lot.tainted);
        // A lot that only gave the spare sheet gives all of it back, so the cut-off is the first lot's.
        let cut = Cut { material, lot: first, left: sheets.minus(need)?, spare: spare.then_some(last), tainted };
        taken.extend(whole_sheets);
        Some((taken, Some(cut)))
    }

    /// What remnants give towards sheets that are needed, and the sheets that are needed still.
    fn pick_remnants(&mut self, material: u64, need: Decimal) -> (Vec<Taken>, Decimal) {
        let day = self.book.local(self.desk.now()).0;
        let remnant = self.book.remnant_of(material).map(|it| it.material_id.number()).zip(self.book.area(material, need));
        let Some((remnant, area)) = remnant.filter(|_| self.dice.chance(600)) else { return (Vec::new(), need) };
        let taken = self.stock.oldest(remnant, area, day, REMNANTS_MAX);
        let given = taken.iter().fold(Decimal::ZERO, |sum, (_, part)| sum.plus(*part).unwrap_or(sum));
        // An area is rounded to two places, so the last remnant may give a hair more than is needed.
        let left = self.book.sheets(material, given).and_then(|given| need.minus(given)).unwrap_or(need);
        (taken, left.max(Decimal::ZERO))
    }

    /// After cutting: the spare sheet goes back to its rack, the cut-off gets a number of its own.
    pub(super) fn clear_away(&mut self, job: &mut Job) -> Result<(), Refusal> {
        for cut in std::mem::take(&mut job.cuts) {
            let order = Some(Id::new(job.id));
            if let Some(lot) = &cut.spare {
                let it = RecordMaterialTransaction { work_order_id: order, ..movement(TransactionType::Return, lot, Decimal::ONE) };
                self.desk.tell_why(Who::Operator, Command::RecordMaterialTransaction(it), Some("sheet not needed by the nest"))?;
                self.stock.change(lot, Decimal::ONE);
            }
            // Under a quarter of a sheet it is scrap of the nest, and the yield of the order says so.
            let keeps = cut.left.times(whole(4)).is_some_and(|four| four >= Decimal::ONE);
            if let (true, Some(remnant), Some(area)) = (keeps, self.book.remnant_of(cut.material).cloned(), self.book.area(cut.material, cut.left)) {
                let number = format!("RM-{:06}-{:02}", job.id, cut.material);
                let it = RecordMaterialTransaction {
                    work_order_id: order,
                    material_code: Some(remnant.material_code.clone()),
                    parent_lot_number: Some(cut.lot.clone()),
                    is_remnant: true,
                    to_location: Some("Remnant rack".to_owned()),
                    ..movement(TransactionType::Production, &number, area)
                };
                self.desk.tell(Who::Operator, Command::RecordMaterialTransaction(it))?;
                self.stock.lots.push(Stocked { tainted: cut.tainted, ..Stocked::new(number, remnant.material_id.number(), area) });
            }
        }
        Ok(())
    }

    /// Minutes from now.
    pub(super) fn later(&mut self, least: i64, most: i64) -> Time {
        let minutes = self.dice.between(least, most);
        self.desk.now().plus_minutes(minutes)
    }
}
