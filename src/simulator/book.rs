//! The plant's master data as the simulator looks at them: records by number, and the fixture's
//! rates beside them. Read once from the plant itself, so a restart needs nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::calendar::{Holiday, Upkeep};
use super::desk::Desk;
use super::drawing::Outline;
use super::fixture::{Demand, Fixture, Pace};
use crate::base::{Code, Date, Decimal, Refusal, Time, Unit};
use crate::model::plant::Status;
use crate::model::shift::ExceptionKind;
use crate::model::{
    BillOfMaterial, CalendarException, Customer, Employee, Factory, Id, LineProductMapping, Machine, Material, Product, Record, Routing, Shift, Supplier, WorkCenter,
};

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

/// A product that is made ahead for others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    pub(super) product: u64,
    /// What it is kept as.
    pub(super) material: u64,
    pub(super) batch: i64,
    pub(super) reorder: i64,
}

/// What the simulator knows by heart.
pub(super) struct Book {
    pub(super) zone: TimeZone,
    pub(super) materials: BTreeMap<u64, Material>,
    pub(super) products: BTreeMap<u64, Product>,
    pub(super) boms: BTreeMap<u64, BillOfMaterial>,
    pub(super) routings: BTreeMap<u64, Routing>,
    pub(super) centers: BTreeMap<u64, WorkCenter>,
    pub(super) machines: BTreeMap<u64, Machine>,
    pub(super) shifts: BTreeMap<u64, Shift>,
    pub(super) employees: BTreeMap<u64, Employee>,
    pub(super) customers: BTreeMap<String, u64>,
    pub(super) purchases: Vec<Purchase>,
    pub(super) demand: Vec<Demand>,
    /// Upper ones first.
    pub(super) ahead: Vec<Ahead>,
    pub(super) pace: Pace,
    /// The work centers of the stories: where an angle drifts, and where the same stop comes back.
    pub(super) drifting: Option<u64>,
    pub(super) recurring: Option<u64>,
    pub(super) holidays: Vec<Holiday>,
    pub(super) upkeep: Vec<Upkeep>,
    pub(super) outlines: Vec<Outline>,
    /// Days on which nobody works.
    pub(super) closed: BTreeSet<Date>,
    /// Planned minutes of a changeover to a product on a line.
    changeovers: BTreeMap<(u64, u64), i64>,
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
        let centers: BTreeMap<u64, WorkCenter> = by_number(desk)?;
        let center = |code: &String| centers.values().find(|it| it.work_center_code == *code).map(Record::number);
        let mappings = desk.records::<LineProductMapping>(0, usize::MAX)?;
        let ahead = |it: &super::fixture::Ahead| {
            let product = product_of(&products, &it.product)?;
            let material = products.get(&product).and_then(|known| known.material_id).map_or(0, Id::number);
            Ok(Ahead { product, material, batch: it.batch, reorder: it.reorder })
        };
        Ok(Self {
            zone,
            boms: newest(desk.records::<BillOfMaterial>(0, usize::MAX)?, |bom| (bom.product_id.number(), bom.status)),
            routings: newest(desk.records::<Routing>(0, usize::MAX)?, |routing| (routing.product_id.number(), routing.status)),
            drifting: center(&fixture.story.drift),
            recurring: center(&fixture.story.recurring),
            changeovers: mappings.into_iter().filter_map(|it| Some(((it.line_id.number(), it.product_id.number()), it.changeover_minutes?.rounded(0).as_whole()?))).collect(),
            machines: by_number(desk)?,
            shifts: by_number(desk)?,
            employees: by_number(desk)?,
            customers: customers.into_iter().filter_map(|it| Some((it.customer_code?, it.customer_id.number()))).collect(),
            purchases: purchases(desk, fixture, &materials)?,
            demand: fixture.demand.clone(),
            ahead: fixture.ahead.iter().map(ahead).collect::<Result<_, Refusal>>()?,
            pace: fixture.pace.clone(),
            holidays: fixture.holiday.clone(),
            upkeep: fixture.upkeep.clone(),
            outlines: fixture.drawing.clone(),
            closed: closed_days(desk)?,
            centers,
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
        let spans = [today.plus_days(-1), today].into_iter().flat_map(|day| self.shifts.values().filter_map(move |shift| Some((shift, self.span(shift, day)?))));
        spans.filter(|(_, (opens, ends))| *opens <= at && at < *ends).min_by_key(|(shift, _)| shift.shift_type).map(|(shift, (_, ends))| (shift.number(), ends))
    }

    /// Every moment after one at which a shift begins or ends, within a week.
    pub(super) fn next_shift_change(&self, after: Time) -> Option<Time> {
        let today = after.date(&self.zone);
        let days = (-1..=7).map(|ahead| today.plus_days(ahead));
        let spans = days.flat_map(|day| self.shifts.values().filter_map(move |shift| self.span(shift, day)));
        spans.flat_map(|(opens, ends)| [opens, ends]).filter(|moment| *moment > after).min()
    }

    /// When each shift of a day opens and ends, for a work center.
    pub(super) fn open_on(&self, center: &WorkCenter, day: Date) -> Vec<(Time, Time)> {
        let holds = |shift: &&Shift| center.shift_ids.is_empty() || center.shift_ids.contains(&shift.shift_id);
        let mut spans: Vec<(Time, Time)> = self.shifts.values().filter(holds).filter_map(|shift| self.span(shift, day)).collect();
        spans.sort_unstable();
        spans
    }

    /// From when to when a shift is open that opens on a day; none does on a day when the plant is closed.
    fn span(&self, shift: &Shift, day: Date) -> Option<(Time, Time)> {
        let opens = shift.status == Status::Active && !self.closed.contains(&day);
        if opens { shift.span(day, &self.zone) } else { None }
    }

    /// What a work center asks of its operator.
    pub(super) fn skill(&self, center: u64) -> &str {
        self.centers.get(&center).and_then(|it| it.required_skill.as_deref()).unwrap_or_default()
    }

    /// Whether somebody has a skill, and how far down their list.
    pub(super) fn rank(&self, employee: u64, skill: &str) -> Option<usize> {
        self.employees.get(&employee)?.certifications.iter().position(|it| it.skill == skill)
    }

    /// Products of a family are set up alike: the same sheet, or where there is none the same kind of goods.
    pub(super) fn family(&self, product: u64) -> String {
        let lines = self.boms.get(&product).map(|bom| bom.lines.as_slice()).unwrap_or_default();
        let metal = lines.iter().filter_map(|line| self.materials.get(&line.material_id.number())).find(|it| it.grade.is_some() && it.inspection_required);
        let goods = || self.products.get(&product).and_then(|it| it.product_category.clone()).unwrap_or_default();
        metal.map_or_else(goods, |it| it.material_code.clone())
    }

    /// Planned minutes of a changeover of a work center to a product.
    pub(super) fn changeover_minutes(&self, center: u64, product: u64) -> i64 {
        let line = self.centers.get(&center).and_then(|it| it.line_id).map_or(0, Id::number);
        self.changeovers.get(&(line, product)).copied().unwrap_or(40)
    }

    /// The material a product is kept as.
    pub(super) fn kept_as(&self, product: u64) -> u64 {
        self.products.get(&product).and_then(|it| it.material_id).map_or(0, Id::number)
    }

    /// What one piece of a product takes of each material, in the stock unit, with extra for scrap.
    pub(super) fn needs(&self, product: u64, pieces: i64) -> Vec<(u64, Decimal)> {
        let lines = self.boms.get(&product).map(|bom| bom.lines.as_slice()).unwrap_or_default();
        lines.iter().filter_map(|line| self.need(line, pieces)).collect()
    }

    /// Of what an order needs of a material, the part that becomes the skeleton of its nests.
    pub(super) fn skeleton(&self, product: u64, material: u64, need: Decimal) -> Decimal {
        let lines = self.boms.get(&product).map(|bom| bom.lines.as_slice()).unwrap_or_default();
        let extra = lines.iter().find(|line| line.material_id.number() == material).map_or(Decimal::ZERO, |line| line.scrap_percentage);
        let share = extra.plus(whole(100)).and_then(|all| extra.over(all)).unwrap_or_default();
        need.times(share).unwrap_or_default()
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

    /// A quantity of a remnant as its sheet; anything else as it is.
    pub(super) fn in_sheets(&self, material: u64, quantity: Decimal) -> (u64, Decimal) {
        let sheet = self.materials.keys().copied().find(|sheet| self.remnant_of(*sheet).is_some_and(|remnant| remnant.material_id.number() == material));
        sheet.and_then(|sheet| Some((sheet, self.sheets(sheet, quantity)?))).unwrap_or((material, quantity))
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

/// Days on which the whole plant is closed, whoever wrote them down.
pub(super) fn closed_days(desk: &Desk) -> Result<BTreeSet<Date>, Refusal> {
    let closes = |it: &CalendarException| matches!(it.kind, ExceptionKind::Holiday | ExceptionKind::Shutdown) && it.work_center_id.is_none() && it.start_time.is_none();
    Ok(desk.records::<CalendarException>(0, usize::MAX)?.into_iter().filter(closes).map(|it| it.exception_date).collect())
}
