//! Stock: what of each material is there, what open orders still need of it and bring, and which of
//! them is short first, and when. Need is the bill of material's, less what was issued; nothing is
//! set aside for an order before it is issued, so the earlier order comes first.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::floor::all;
use crate::base::{Code, Date, Decimal, Refusal, Time, Unit, limits};
use crate::model::field::Field as _;
use crate::model::lot::LotStatus;
use crate::model::material::TransactionType;
use crate::model::plant::Status;
use crate::model::product::BomLine;
use crate::model::work_order::WorkOrderStatus;
use crate::model::{BillOfMaterial, Id, Lot, Material, MaterialTransaction, Product, Record, WorkOrder};
use crate::rules::material::in_stock_unit;
use crate::store::{Snapshot, View as _};

/// Orders whose need counts; one that is only created is not promised yet.
const OPEN: [WorkOrderStatus; 4] = [WorkOrderStatus::Released, WorkOrderStatus::Scheduled, WorkOrderStatus::InProgress, WorkOrderStatus::OnHold];
/// Open orders that are looked at, and movements of one.
const OPEN_MAX: usize = 10_000;

/// What the lots of a material hold, in its stock unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// All of it.
    pub on_hand: Decimal,
    /// What may be used.
    pub available: Decimal,
    /// What is on hold.
    pub held: Decimal,
    /// What is past its expiry, and not on hold.
    pub expired: Decimal,
    /// Lots with something in them.
    pub lots: i64,
    /// Those that are what was left of another.
    pub remnants: i64,
    /// The next expiry of what may be used.
    pub next_expiry: Option<Date>,
}

/// What an order does to a material's stock.
#[derive(Clone, Debug)]
pub struct Use {
    /// The order.
    pub order: WorkOrder,
    /// What it makes.
    pub product: String,
    /// When: its start for what it needs, its end for what it brings; `None` where neither is planned.
    pub at: Option<Time>,
    /// Below nothing what it needs yet, above what it brings.
    pub quantity: Decimal,
    /// What is left of what may be used when all before it, and it, have had theirs.
    pub balance: Decimal,
}

/// A material with its stock.
#[derive(Clone, Debug)]
pub struct Stock {
    /// The material.
    pub material: Material,
    /// What is there.
    pub holding: Holding,
    /// What open orders need yet, and will bring, in the order of their times.
    pub uses: Vec<Use>,
}

impl Stock {
    /// What open orders need yet.
    pub fn needed(&self) -> Decimal {
        sum(self.uses.iter().map(|it| it.quantity).filter(|quantity| quantity.is_negative())).negated()
    }

    /// What open orders will bring.
    pub fn incoming(&self) -> Decimal {
        sum(self.uses.iter().map(|it| it.quantity).filter(|quantity| !quantity.is_negative()))
    }

    /// The first order that does not get what it needs.
    pub fn first_short(&self) -> Option<&Use> {
        self.uses.iter().find(|it| it.quantity.is_negative() && it.balance.is_negative())
    }

    /// How much is lacking at the worst moment.
    pub fn lacking(&self) -> Decimal {
        self.uses.iter().map(|it| it.balance).min().filter(|balance| balance.is_negative()).map_or(Decimal::ZERO, Decimal::negated)
    }

    /// Less may be used than the material's minimum.
    pub fn below_minimum(&self) -> bool {
        self.material.safety_stock.is_some_and(|minimum| self.holding.available < minimum)
    }
}

/// Products that a material goes into, each with the line of its bill.
pub type Products = Vec<(Product, BomLine)>;

/// All materials at a moment.
pub struct Look {
    /// The journal's head.
    pub seq: u64,
    /// The moment looked at.
    pub at: Time,
    /// The materials: what is short first, then what is below its minimum, then by code.
    pub stocks: Vec<Stock>,
    /// There are more lots than are looked at.
    pub cut: bool,
}

/// Looks at all materials in use, and at whatever else is there.
pub fn stock(snapshot: &Snapshot, at: Time) -> Result<Look, Refusal> {
    let mut lots = Vec::new();
    for status in [LotStatus::Available, LotStatus::OnHold] {
        lots.extend(snapshot.related::<Lot>("status", &status.to_value(), limits::SCAN_MAX)?);
    }
    let cut = lots.len() >= limits::SCAN_MAX;
    let today = today(snapshot, at)?;
    let mut holdings: BTreeMap<u64, Holding> = BTreeMap::new();
    for lot in &lots {
        holdings.entry(lot.material_id.number()).or_default().add(lot, today)?;
    }
    let mut uses = uses(snapshot, None)?;
    let mut stocks = Vec::new();
    for material in all::<Material>(snapshot)? {
        let holding = holdings.remove(&material.number()).unwrap_or_default();
        let uses = uses.remove(&material.number()).unwrap_or_default();
        if material.status == Status::Active || holding.lots > 0 || !uses.is_empty() {
            stocks.push(weigh(material, holding, uses)?);
        }
    }
    stocks.sort_by_cached_key(|it| {
        let short = it.first_short().map(|first| first.at.unwrap_or(Time::from_micros(i64::MAX)));
        (short.is_none(), short, !it.below_minimum(), it.material.material_code.clone())
    });
    Ok(Look { seq: snapshot.head()?, at, stocks, cut })
}

/// Looks at one material, and at the products that it goes into.
pub fn of_material(snapshot: &Snapshot, id: Id<Material>, at: Time) -> Result<Option<(Stock, Products)>, Refusal> {
    let Some(material) = snapshot.get(id)? else { return Ok(None) };
    let today = today(snapshot, at)?;
    let mut holding = Holding::default();
    for lot in snapshot.related::<Lot>("material_id", &material.material_id.to_value(), limits::SCAN_MAX)? {
        holding.add(&lot, today)?;
    }
    let uses = uses(snapshot, Some(material.number()))?.remove(&material.number()).unwrap_or_default();
    let products = products(snapshot, &material)?;
    Ok(Some((weigh(material, holding, uses)?, products)))
}

fn products(snapshot: &Snapshot, material: &Material) -> Result<Products, Refusal> {
    let mut found = Vec::new();
    for bom in all::<BillOfMaterial>(snapshot)?.into_iter().filter(|bom| bom.status == Status::Active) {
        for line in bom.lines.iter().filter(|line| line.material_id == material.material_id) {
            found.extend(snapshot.get(bom.product_id)?.map(|product| (product, line.clone())));
        }
    }
    Ok(found)
}

fn today(snapshot: &Snapshot, at: Time) -> Result<Date, Refusal> {
    Ok(at.date(&crate::base::time::zone(&super::plant(snapshot)?.timezone).unwrap_or(TimeZone::UTC)))
}

impl Holding {
    fn add(&mut self, lot: &Lot, today: Date) -> Result<(), Refusal> {
        let quantity = lot.quantity_on_hand;
        if quantity.is_zero() {
            return Ok(());
        }
        self.lots += 1;
        self.remnants += i64::from(lot.is_remnant);
        self.on_hand = plus(self.on_hand, quantity)?;
        let expired = lot.expiry_date.is_some_and(|date| date < today);
        let place = match (lot.status, expired) {
            (LotStatus::OnHold, _) => &mut self.held,
            (_, true) => &mut self.expired,
            (_, false) => &mut self.available,
        };
        *place = plus(*place, quantity)?;
        if lot.status == LotStatus::Available && !expired {
            self.next_expiry = [self.next_expiry, lot.expiry_date].into_iter().flatten().min();
        }
        Ok(())
    }
}

/// What open orders need and bring, by material; balances are not known yet.
fn uses(snapshot: &Snapshot, only: Option<u64>) -> Result<BTreeMap<u64, Vec<Use>>, Refusal> {
    let boms: BTreeMap<u64, BillOfMaterial> =
        all::<BillOfMaterial>(snapshot)?.into_iter().filter(|bom| bom.status == Status::Active).map(|bom| (bom.product_id.number(), bom)).collect();
    let wanted = |material: u64| only.is_none_or(|only| only == material);
    let mut found: BTreeMap<u64, Vec<Use>> = BTreeMap::new();
    for status in OPEN {
        for order in snapshot.related::<WorkOrder>("status", &status.to_value(), OPEN_MAX)? {
            let Some(product) = snapshot.get(order.product_id)? else { continue };
            let mut tell = |material: u64, at: Option<Time>, quantity: Decimal| {
                let it = Use { order: order.clone(), product: product.product_name.clone(), at, quantity, balance: Decimal::ZERO };
                found.entry(material).or_default().push(it);
            };
            if let Some(material) = product.material_id.filter(|id| wanted(id.number()))
                && let Some(quantity) = brought(snapshot, &order, material)?
            {
                tell(material.number(), order.scheduled_end_time, quantity);
            }
            let lines = boms.get(&product.number()).map(|bom| bom.lines.as_slice()).unwrap_or_default();
            if lines.iter().any(|line| wanted(line.material_id.number())) {
                let issued = issued(snapshot, &order)?;
                for line in lines.iter().filter(|line| wanted(line.material_id.number())) {
                    if let Some(quantity) = lacks(snapshot, &order, line, &issued)? {
                        tell(line.material_id.number(), order.actual_start_time.or(order.scheduled_start_time), quantity.negated());
                    }
                }
            }
        }
    }
    Ok(found)
}

/// What an order will bring into stock yet; `None` where its pieces do not count in the material's unit.
fn brought(snapshot: &Snapshot, order: &WorkOrder, id: Id<Material>) -> Result<Option<Decimal>, Refusal> {
    let Some(material) = snapshot.get(id)? else { return Ok(None) };
    let pieces = Decimal::whole((order.planned_quantity - order.good_quantity).max(0)).ok_or_else(too_large)?;
    Ok(in_stock_unit(&material, pieces, order.unit_of_measure).ok().filter(|quantity| !quantity.is_zero()))
}

/// What was issued to an order less what came back, by material, in stock units.
fn issued(snapshot: &Snapshot, order: &WorkOrder) -> Result<BTreeMap<u64, Decimal>, Refusal> {
    let mut issued: BTreeMap<u64, Decimal> = BTreeMap::new();
    for movement in snapshot.related::<MaterialTransaction>("work_order_id", &order.work_order_id.to_value(), OPEN_MAX)? {
        if !matches!(movement.transaction_type, TransactionType::Issue | TransactionType::Return) {
            continue;
        }
        let sum = issued.entry(movement.material_id.number()).or_default();
        *sum = plus(*sum, movement.stock_change.negated())?;
    }
    Ok(issued)
}

/// What an order needs yet of a line of its bill; `None` where it has all.
fn lacks(snapshot: &Snapshot, order: &WorkOrder, line: &BomLine, issued: &BTreeMap<u64, Decimal>) -> Result<Option<Decimal>, Refusal> {
    let Some(material) = snapshot.get(line.material_id)? else { return Ok(None) };
    let hundred = Decimal::whole(100).ok_or_else(too_large)?;
    let with_scrap = plus(hundred, line.scrap_percentage)?;
    let pieces = Decimal::whole(order.planned_quantity).ok_or_else(too_large)?;
    let told = line.quantity_per_unit.times(pieces).and_then(|all| all.times(with_scrap)).and_then(|all| all.over(hundred)).ok_or_else(too_large)?;
    // A bill in a unit that the material does not count in cannot be compared with its stock.
    let Ok(all) = in_stock_unit(&material, told, line.unit_of_measure) else { return Ok(None) };
    let lacking = all.minus(issued.get(&line.material_id.number()).copied().unwrap_or_default()).ok_or_else(too_large)?;
    let lacking = if material.stock_unit == Unit::Ea { whole_up(lacking) } else { lacking };
    Ok(Some(lacking).filter(|lacking| *lacking > Decimal::ZERO))
}

/// Nobody issues a part of a piece.
fn whole_up(quantity: Decimal) -> Decimal {
    let down = Decimal::whole(quantity.scaled() / Decimal::ONE.scaled()).unwrap_or(quantity);
    if down < quantity { down.plus(Decimal::ONE).unwrap_or(quantity) } else { down }
}

/// Puts the uses in the order of their times and counts down what may be used.
fn weigh(material: Material, holding: Holding, mut uses: Vec<Use>) -> Result<Stock, Refusal> {
    uses.sort_by_key(|it| (it.at.unwrap_or(Time::from_micros(i64::MAX)), it.quantity.is_negative(), it.order.work_order_id.number()));
    let mut balance = holding.available;
    for it in &mut uses {
        balance = plus(balance, it.quantity)?;
        it.balance = balance;
    }
    Ok(Stock { material, holding, uses })
}

fn sum(quantities: impl Iterator<Item = Decimal>) -> Decimal {
    // Each balance was within range, and so is a part of them.
    quantities.fold(Decimal::ZERO, |sum, quantity| sum.plus(quantity).unwrap_or(sum))
}

fn plus(sum: Decimal, more: Decimal) -> Result<Decimal, Refusal> {
    sum.plus(more).ok_or_else(too_large)
}

fn too_large() -> Refusal {
    Refusal::new(Code::Internal, "the quantities of a material add up to more than a number holds")
}
