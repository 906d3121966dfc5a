//! The store room: deliveries come, kits go out to orders, cut-offs and spare sheets come back.
//! Deliberately whole sheets only go out: what a nest leaves over is a remnant with a number.

use super::Simulator;
use super::agenda::Event;
use super::book::{Purchase, ceiling, whole};
use super::desk::Who;
use super::job::{Cut, Job};
use super::stock::{Stocked, Taken};
use crate::base::{Decimal, Refusal, Time, Unit};
use crate::model::command::{RecordMaterialTransaction, ReverseMaterialTransaction};
use crate::model::material::{MaterialQuality, MaterialType, TransactionType};
use crate::model::work_order::OrderType;
use crate::model::{Command, Id, Material};

/// The delivery that the planted story is about.
pub(super) const BAD_HEAT: &str = "K7-66613";
/// Its certificate.
pub(super) const BAD_CERTIFICATE: &str = "3.1-226613";

/// Issues in a thousand that are keyed twice.
const TWICE: i64 = 6;
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
            for delivery in 0..3 {
                self.receive(purchase, at == 0 && delivery == 0)?;
            }
        }
        for ahead in self.book.ahead.clone() {
            self.take_over(ahead.material, ahead.reorder * 5 / 4)?;
        }
        Ok(())
    }

    /// Sub-assemblies that lay in the racks before anybody counted.
    fn take_over(&mut self, material: u64, pieces: i64) -> Result<(), Refusal> {
        let Some(known) = self.book.materials.get(&material).cloned() else { return Ok(()) };
        let number = format!("{}-OPENING", known.material_code);
        let it = RecordMaterialTransaction {
            material_code: Some(known.material_code),
            to_location: Some("Supermarket".to_owned()),
            unit_cost: known.unit_cost,
            ..movement(TransactionType::Receipt, &number, whole(pieces))
        };
        self.desk.make_lot(Who::Operator, Command::RecordMaterialTransaction(it))?;
        self.stock.lots.push(Stocked::new(number, material, whole(pieces)));
        Ok(())
    }

    /// What is below its reorder point is delivered.
    pub(super) fn deliveries(&mut self) -> Result<(), Refusal> {
        let day = self.book.local(self.desk.now()).0;
        self.stock.tidy();
        for purchase in self.book.purchases.clone() {
            let there = self.stock.usable(purchase.material, day);
            if there < purchase.reorder {
                self.receive(&purchase, false)?;
            } else {
                self.order_goods(&purchase, there)?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, purchase: &Purchase, bad: bool) -> Result<(), Refusal> {
        let Some(material) = self.book.materials.get(&purchase.material).cloned() else { return Ok(()) };
        let now = self.desk.now();
        self.received += 1;
        let number = format!("{}-{}-{:04}", material.material_code, now.civil(&self.book.zone).strftime("%y%m%d"), self.received);
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
            quality_status: material.inspection_required.then_some(MaterialQuality::Quarantine),
            requires_documentation: purchase.heat.is_some(),
            documentation_complete: purchase.heat.is_some(),
            ..movement(TransactionType::Receipt, &number, purchase.delivery)
        };
        self.desk.make_lot(Who::Operator, Command::RecordMaterialTransaction(it))?;
        self.goods_came(purchase.material)?;
        if !bad {
            let looked_at = self.later(20, 200);
            self.agenda.add(looked_at, Event::Incoming(number.clone(), purchase.material));
        }
        self.stock.lots.push(Stocked { expiry: expiry_date, tainted: bad, bought: true, ..Stocked::new(number, purchase.material, purchase.delivery) });
        Ok(())
    }

    /// Issues everything an order needs before its first step, or nothing: answers whether it is there.
    pub(super) fn kit(&mut self, id: u64) -> Result<bool, Refusal> {
        let Some(job) = self.jobs.get(&id).filter(|job| !job.kitted) else { return Ok(true) };
        let (product, needs, sequence) = (job.product, job.needs.clone(), job.steps.first().map(|step| step.sequence));
        let mut picked: Vec<(Vec<Taken>, Option<Cut>)> = Vec::new();
        for (material, need) in needs {
            match self.pick(product, material, need) {
                Some(taken) => picked.push(taken),
                None => return Ok(false),
            }
        }
        let mut tainted = false;
        let mut cuts = Vec::new();
        for (taken, cut) in picked {
            for (lot, quantity) in taken {
                tainted |= self.stock.lot(&lot).is_some_and(|it| it.tainted);
                self.issue(id, sequence, &lot, quantity)?;
                self.stock.change(&lot, quantity.negated());
            }
            cuts.extend(cut);
        }
        if let Some(job) = self.jobs.get_mut(&id) {
            job.kitted = true;
            job.tainted |= tainted;
            job.cuts = cuts;
        }
        Ok(true)
    }

    /// Issues to an order; now and then somebody keys it twice, and takes that back.
    fn issue(&mut self, order: u64, sequence: Option<i64>, lot: &str, quantity: Decimal) -> Result<(), Refusal> {
        let it = RecordMaterialTransaction { work_order_id: Some(Id::new(order)), operation_sequence: sequence, ..movement(TransactionType::Issue, lot, quantity) };
        let twice = quantity.plus(quantity).is_some_and(|both| self.stock.lot(lot).is_some_and(|known| known.on_hand >= both));
        if twice && self.dice.chance(TWICE) {
            let transaction_id = Id::new(self.desk.ask(Who::Operator, Command::RecordMaterialTransaction(it.clone()))?);
            self.desk.tell_why(Who::Lead, Command::ReverseMaterialTransaction(ReverseMaterialTransaction { transaction_id }), "issue keyed twice")?;
        }
        self.desk.tell(Who::Operator, Command::RecordMaterialTransaction(it))
    }

    /// What an order needs; rework takes consumables only, its pieces exist already.
    pub(super) fn needs_of(&self, job: &Job) -> Vec<(u64, Decimal)> {
        let consumable = |material: &u64| self.book.materials.get(material).is_some_and(|it| it.material_type == MaterialType::Consumable);
        let needs = self.book.needs(job.product, job.planned).into_iter();
        needs.filter(|(material, need)| !need.is_zero() && (job.kind != OrderType::Rework || consumable(material))).collect()
    }

    fn pick(&mut self, product: u64, material: u64, need: Decimal) -> Option<(Vec<Taken>, Option<Cut>)> {
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
        // The cut-off and the skeleton are of the lot that gave most: one that only gave the spare sheet gives it back.
        let (most, last) = (whole_sheets.iter().rev().max_by_key(|(_, part)| *part)?.0.clone(), whole_sheets.last()?.0.clone());
        let tainted = self.stock.lot(&most).is_some_and(|lot| lot.tainted);
        let skeleton = self.book.skeleton(product, material, need);
        let cut = Cut { material, lot: most, left: sheets.minus(need)?, skeleton, spare: spare.then_some(last), tainted };
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

    /// After cutting: the spare sheet goes back to its rack, the cut-off gets a number of its own, the
    /// skeleton goes into the scrap bin.
    pub(super) fn clear_away(&mut self, id: u64) -> Result<(), Refusal> {
        let cuts = self.jobs.get_mut(&id).map(|job| std::mem::take(&mut job.cuts)).unwrap_or_default();
        for cut in cuts {
            if let Some(lot) = &cut.spare {
                self.give_back(id, lot, Decimal::ONE, "sheet not needed by the nest")?;
                self.stock.change(lot, Decimal::ONE);
            }
            // Under a quarter of a sheet it is scrap of the nest, and the yield says so.
            let keeps = cut.left.times(whole(4)).is_some_and(|four| four >= Decimal::ONE);
            let remnant = self.book.remnant_of(cut.material).cloned().filter(|_| keeps).zip(self.book.area(cut.material, cut.left));
            let waste = if remnant.is_some() { cut.skeleton } else { cut.skeleton.plus(cut.left).unwrap_or(cut.skeleton) };
            if !waste.is_zero() {
                self.give_back(id, &cut.lot, waste, "skeleton and drops of the nest, to be weighed")?;
                let it = RecordMaterialTransaction {
                    work_order_id: Some(Id::new(id)),
                    quality_status: Some(MaterialQuality::Rejected),
                    ..movement(TransactionType::Scrap, &cut.lot, waste)
                };
                self.desk.tell_why(Who::Operator, Command::RecordMaterialTransaction(it), "skeleton and drops of the nest")?;
            }
            if let Some((remnant, area)) = remnant {
                self.keep_remnant(id, &cut, &remnant, area)?;
            }
        }
        Ok(())
    }

    fn give_back(&mut self, order: u64, lot: &str, quantity: Decimal, why: &str) -> Result<(), Refusal> {
        let it = RecordMaterialTransaction { work_order_id: Some(Id::new(order)), ..movement(TransactionType::Return, lot, quantity) };
        self.desk.tell_why(Who::Operator, Command::RecordMaterialTransaction(it), why)
    }

    fn keep_remnant(&mut self, order: u64, cut: &Cut, remnant: &Material, area: Decimal) -> Result<(), Refusal> {
        let number = format!("RM-{order:06}-{:02}", cut.material);
        let it = RecordMaterialTransaction {
            work_order_id: Some(Id::new(order)),
            material_code: Some(remnant.material_code.clone()),
            parent_lot_number: Some(cut.lot.clone()),
            is_remnant: true,
            to_location: Some("Remnant rack".to_owned()),
            ..movement(TransactionType::Production, &number, area)
        };
        self.desk.make_lot(Who::Operator, Command::RecordMaterialTransaction(it))?;
        self.stock.lots.push(Stocked { tainted: cut.tainted, ..Stocked::new(number, remnant.material_id.number(), area) });
        Ok(())
    }

    /// Minutes from now.
    pub(super) fn later(&mut self, least: i64, most: i64) -> Time {
        let minutes = self.dice.between(least, most);
        self.desk.now().plus_minutes(minutes)
    }
}
