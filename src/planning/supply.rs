//! When material is there: stock goes to the most urgent orders first, then what is on its way. A material of which
//! nothing is told to be on its way does not hold a plan up: nobody keeps account of when it comes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::base::{Date, Decimal, Refusal, Time};
use crate::model::field::Field as _;
use crate::model::lot::LotStatus;
use crate::model::planning::ReceiptStatus;
use crate::model::plant::Status;
use crate::model::{BillOfMaterial, ExpectedReceipt, Id, Lot, Material, Product};
use crate::scheduling::problem::Minutes;
use crate::store::{Snapshot, View as _};

/// Receipts and lots that are looked at.
const LOOKED_AT_MAX: usize = 10_000;
/// A receipt that is overdue is taken to come so much later than now: nobody knows better.
const OVERDUE: Minutes = 1_440;

/// What an order's material means for its start.
pub(super) type Wait = Option<(Minutes, String)>;

struct Kept {
    material: Material,
    /// Free, from when on; the stock first.
    free: Vec<(Minutes, Decimal)>,
}

/// Stock and what is on its way, less what was given to orders.
pub(super) struct Supply<'s> {
    snapshot: &'s Snapshot,
    kept: BTreeMap<u64, Kept>,
    boms: BTreeMap<u64, Vec<(u64, Decimal)>>,
}

impl<'s> Supply<'s> {
    pub(super) fn look(snapshot: &'s Snapshot, now: Time, today: Date) -> Result<Self, Refusal> {
        let mut it = Self { snapshot, kept: BTreeMap::new(), boms: BTreeMap::new() };
        for receipt in snapshot.related::<ExpectedReceipt>("status", &ReceiptStatus::Expected.to_value(), LOOKED_AT_MAX)? {
            let number = receipt.material_id.number();
            if let Entry::Vacant(unknown) = it.kept.entry(number) {
                let Some(material) = snapshot.get(receipt.material_id)? else { continue };
                unknown.insert(Kept { material, free: vec![(0, stock(snapshot, receipt.material_id, today)?)] });
            }
            let comes = Minutes::try_from(receipt.expected_at.minutes_since(now)).unwrap_or(Minutes::MAX);
            if let Some(kept) = it.kept.get_mut(&number) {
                kept.free.push((if comes <= 0 { OVERDUE } else { comes }, receipt.quantity));
            }
        }
        it.kept.values_mut().for_each(|kept| kept.free.sort_unstable());
        Ok(it)
    }

    /// Whether nothing is kept account of.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Gives an order its material: when the last of it is there, and which that is; refused where it never comes.
    pub(super) fn take(&mut self, product: Id<Product>, pieces: i64) -> Result<Result<Wait, String>, Refusal> {
        if !self.boms.contains_key(&product.number()) {
            let lines = self.lines(product)?;
            self.boms.insert(product.number(), lines);
        }
        let pieces = Decimal::whole(pieces).unwrap_or_default();
        let needs: Vec<(u64, Decimal)> = self.boms[&product.number()].iter().filter_map(|(material, each)| Some((*material, each.times(pieces)?))).collect();
        for (material, need) in &needs {
            let Some(kept) = self.kept.get(material) else { continue };
            let there = kept.free.iter().fold(Decimal::ZERO, |sum, (_, free)| sum.plus(*free).unwrap_or(sum));
            if there < *need {
                let (code, unit) = (&kept.material.material_code, kept.material.stock_unit.word());
                return Ok(Err(format!("it wants {need} {unit} of {code}, and stock and what is on its way have {there} left; tell when more comes")));
            }
        }
        let mut wait: Wait = None;
        for (material, need) in needs {
            let Some(kept) = self.kept.get_mut(&material) else { continue };
            let last = draw(&mut kept.free, need);
            if last > wait.as_ref().map_or(0, |(at, _)| *at) {
                wait = Some((last, kept.material.material_code.clone()));
            }
        }
        Ok(Ok(wait))
    }

    /// What one piece takes of the materials that are kept account of, in their stock units.
    fn lines(&self, product: Id<Product>) -> Result<Vec<(u64, Decimal)>, Refusal> {
        let boms: Vec<BillOfMaterial> = self.snapshot.related("product_id", &product.to_value(), LOOKED_AT_MAX)?;
        let lines = boms.into_iter().rev().find(|bom| bom.status == Status::Active).map(|bom| bom.lines).unwrap_or_default();
        let hundred = Decimal::whole(100).unwrap_or_default();
        let each = |line: crate::model::product::BomLine| {
            let material = &self.kept.get(&line.material_id.number())?.material;
            let factor = match line.unit_of_measure {
                unit if unit == material.stock_unit => Decimal::ONE,
                unit => material.unit_factors.iter().find(|it| it.unit == unit)?.factor,
            };
            let extra = line.scrap_percentage.plus(hundred)?.over(hundred)?;
            Some((line.material_id.number(), line.quantity_per_unit.times(extra)?.times(factor)?))
        };
        Ok(lines.into_iter().filter_map(each).collect())
    }
}

/// Takes a quantity from what is free, the earliest first; when the last of it is there.
fn draw(free: &mut [(Minutes, Decimal)], mut need: Decimal) -> Minutes {
    let mut last = 0;
    for (at, there) in free.iter_mut().filter(|(_, there)| !there.is_zero()) {
        if need.is_zero() {
            break;
        }
        let part = need.min(*there);
        (*there, need) = (there.minus(part).unwrap_or_default(), need.minus(part).unwrap_or_default());
        last = *at;
    }
    last
}

/// What may be issued of a material today.
fn stock(snapshot: &Snapshot, material: Id<Material>, today: Date) -> Result<Decimal, Refusal> {
    let lots: Vec<Lot> = snapshot.related("material_id", &material.to_value(), LOOKED_AT_MAX)?;
    let usable = lots.into_iter().filter(|lot| lot.status == LotStatus::Available && lot.expiry_date.is_none_or(|last| last >= today));
    Ok(usable.fold(Decimal::ZERO, |sum, lot| sum.plus(lot.quantity_on_hand).unwrap_or(sum)))
}
