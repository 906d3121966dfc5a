//! The plant's master data as the simulator looks at them: records by number, and the fixture's
//! rates beside them. Read once from the plant itself, so a restart needs nothing else.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::desk::Desk;
use super::fixture::{Demand, Fixture};
use crate::base::{ClockTime, Code, Date, Decimal, Refusal, Time, Unit};
use crate::model::plant::Status;
use crate::model::{BillOfMaterial, Customer, Employee, Factory, Material, Product, Record, Routing, Shift, Supplier, WorkCenter};

/// A material that is bought.
#[derive(Clone, Debug)]
pub(super) struct Purchase {
    pub(super) material: u64,
    pub(super) supplier: u64,
    pub(super) delivery: Decimal,
    pub(super) reorder: Decimal,
    pub(super) place: String,
    pub(super) heat: Option<String>,
}

/// What the simulator knows by heart.
pub(super) struct Book {
    pub(super) zone: TimeZone,
    pub(super) materials: BTreeMap<u64, Material>,
    pub(super) products: BTreeMap<u64, Product>,
    pub(super) boms: BTreeMap<u64, BillOfMaterial>,
    pub(super) routings: BTreeMap<u64, Routing>,
    pub(super) centers: BTreeMap<u64, WorkCenter>,
    pub(super) shifts: BTreeMap<u64, Shift>,
    pub(super) employees: BTreeMap<u64, Employee>,
    pub(super) customers: BTreeMap<String, u64>,
    pub(super) purchases: Vec<Purchase>,
    pub(super) demand: Vec<Demand>,
    /// Products made ahead, upper ones first, with their least batch.
    pub(super) batches: Vec<(u64, i64)>,
}

fn by_number<R: Record>(desk: &Desk) -> Result<BTreeMap<u64, R>, Refusal> {
    Ok(desk.records::<R>(0, usize::MAX)?.into_iter().map(|record| (record.number(), record)).collect())
}

fn missing(what: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("this plant has no {what}: the simulator runs on the plant of its own fixture"))
}

/// A whole number that is known to be small.
pub(super) fn whole(number: i64) -> Decimal {
    Decimal::whole(number).unwrap_or_default()
}

impl Book {
    /// Reads the plant.
    pub(super) fn read(desk: &Desk, fixture: &Fixture) -> Result<Self, Refusal> {
        let materials: BTreeMap<u64, Material> = by_number(desk)?;
        let products: BTreeMap<u64, Product> = by_number(desk)?;
        let zone = desk.records::<Factory>(0, 1)?.pop().and_then(|factory| crate::base::time::zone(&factory.timezone?)).unwrap_or(TimeZone::UTC);
        let customers = desk.records::<Customer>(0, usize::MAX)?;
        Ok(Self {
            zone,
            boms: newest(desk.records::<BillOfMaterial>(0, usize::MAX)?, |bom| (bom.product_id.number(), bom.status)),
            routings: newest(desk.records::<Routing>(0, usize::MAX)?, |routing| (routing.product_id.number(), routing.status)),
            centers: by_number(desk)?,
            shifts: by_number(desk)?,
            employees: by_number(desk)?,
            customers: customers.into_iter().filter_map(|it| Some((it.customer_code?, it.customer_id.number()))).collect(),
            purchases: purchases(desk, fixture, &materials)?,
            demand: fixture.demand.clone(),
            batches: fixture.batch.iter().map(|batch| Ok((product_of(&products, &batch.product)?, batch.least))).collect::<Result<_, Refusal>>()?,
            materials,
            products,
        })
    }

    /// A product by its code.
    pub(super) fn product(&self, code: &str) -> Result<u64, Refusal> {
        product_of(&self.products, code)
    }

    /// The shift that is open at a moment: its number and its end; regular before overtime.
    pub(super) fn shift_at(&self, at: Time) -> Option<(u64, Time)> {
        let today = at.date(&self.zone);
        let spans = [today.plus_days(-1), today].into_iter().flat_map(|day| self.shifts.values().filter_map(move |shift| Some((shift, span(shift, day, &self.zone)?))));
        spans.filter(|(_, (opens, ends))| *opens <= at && at < *ends).min_by_key(|(shift, _)| shift.shift_type).map(|(shift, (_, ends))| (shift.number(), ends))
    }

    /// People of a shift who have a skill.
    pub(super) fn people(&self, shift: u64, skill: &str) -> Vec<u64> {
        let fits = |person: &&Employee| {
            person.status == Status::Active && person.shift_id.is_some_and(|id| id.number() == shift) && person.certifications.iter().any(|it| it.skill == skill)
        };
        self.employees.values().filter(fits).map(Record::number).collect()
    }

    /// What one piece of a product takes of each material, in the stock unit, with extra for scrap.
    pub(super) fn needs(&self, product: u64, pieces: i64) -> Vec<(u64, Decimal)> {
        let lines = self.boms.get(&product).map(|bom| bom.lines.as_slice()).unwrap_or_default();
        lines.iter().filter_map(|line| self.need(line, pieces)).collect()
    }

    fn need(&self, line: &crate::model::product::BomLine, pieces: i64) -> Option<(u64, Decimal)> {
        let material = self.materials.get(&line.material_id.number())?;
        let factor = match line.unit_of_measure {
            unit if unit == material.stock_unit => Decimal::ONE,
            unit => material.unit_factors.iter().find(|it| it.unit == unit)?.factor,
        };
        let extra = line.scrap_percentage.plus(whole(100))?.over(whole(100))?;
        let exact = line.quantity_per_unit.times(whole(pieces))?.times(extra)?.times(factor)?;
        let exact = if material.stock_unit == Unit::Ea { ceiling(exact) } else { exact };
        Some((material.number(), exact))
    }

    /// The material a cut-off of this one is stocked as.
    pub(super) fn remnant_of(&self, material: u64) -> Option<&Material> {
        let sheet = self.materials.get(&material).filter(|it| it.stock_unit == Unit::Sheet)?;
        self.materials.values().find(|it| it.stock_unit == Unit::M2 && it.grade == sheet.grade && it.thickness_mm == sheet.thickness_mm)
    }

    fn sheets_per_m2(&self, material: u64) -> Option<Decimal> {
        self.materials.get(&material)?.unit_factors.iter().find(|it| it.unit == Unit::M2).map(|it| it.factor)
    }

    /// Square metres of so many sheets.
    pub(super) fn area(&self, material: u64, sheets: Decimal) -> Option<Decimal> {
        sheets.over(self.sheets_per_m2(material)?).map(|area| area.rounded(2))
    }

    /// Sheets of so many square metres.
    pub(super) fn sheets(&self, material: u64, area: Decimal) -> Option<Decimal> {
        area.times(self.sheets_per_m2(material)?)
    }

    /// Hour and minute on the plant's wall, and the day.
    pub(super) fn local(&self, at: Time) -> (Date, i64, i64) {
        let civil = at.civil(&self.zone);
        (at.date(&self.zone), i64::from(civil.hour()), i64::from(civil.minute()))
    }
}

/// The next whole number.
pub(super) fn ceiling(number: Decimal) -> Decimal {
    let scale = Decimal::ONE.scaled();
    Decimal::from_scaled(number.scaled().saturating_add(scale - 1).div_euclid(scale) * scale).unwrap_or(number)
}

fn newest<R: Record>(all: Vec<R>, of: impl Fn(&R) -> (u64, Status)) -> BTreeMap<u64, R> {
    all.into_iter().filter(|it| of(it).1 == Status::Active).map(|it| (of(&it).0, it)).collect()
}

fn product_of(products: &BTreeMap<u64, Product>, code: &str) -> Result<u64, Refusal> {
    products.values().find(|it| it.product_code.as_deref() == Some(code)).map(Record::number).ok_or_else(|| missing(&format!("product {code}")))
}

fn purchases(desk: &Desk, fixture: &Fixture, materials: &BTreeMap<u64, Material>) -> Result<Vec<Purchase>, Refusal> {
    let suppliers: BTreeMap<String, u64> = desk.records::<Supplier>(0, usize::MAX)?.into_iter().filter_map(|it| Some((it.supplier_code?, it.supplier_id.number()))).collect();
    let one = |supply: &super::fixture::Supply| {
        let material = materials.values().find(|it| it.material_code == supply.material).ok_or_else(|| missing(&format!("material {}", supply.material)))?;
        let supplier = *suppliers.get(&supply.supplier).ok_or_else(|| missing(&format!("supplier {}", supply.supplier)))?;
        let (delivery, reorder) = (whole(supply.delivery), whole(supply.reorder));
        Ok(Purchase { material: material.number(), supplier, delivery, reorder, place: supply.place.clone(), heat: supply.heat.clone() })
    };
    fixture.supply.iter().map(one).collect()
}

fn span(shift: &Shift, day: Date, zone: &TimeZone) -> Option<(Time, Time)> {
    if shift.status != Status::Active || !shift.days_of_week.contains(&i64::from(day.weekday())) {
        return None;
    }
    let at = |day: Date, clock: ClockTime| day.at(clock, zone);
    let ends_on = if shift.end_time > shift.start_time { day } else { day.plus_days(1) };
    Some((at(day, shift.start_time), at(ends_on, shift.end_time)))
}
