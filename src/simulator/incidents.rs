//! What goes otherwise than planned: orders and lots on hold, damage, counts put right, material
//! moved and divided, and the planted story of the bad heat. Deliberately everything has a reason.

use super::Simulator;
use super::book::whole;
use super::desk::Who;
use super::job::Stage;
use super::store_room::{BAD_CERTIFICATE, BAD_HEAT, movement};
use crate::base::{Decimal, Refusal, Unit};
use crate::model::command::{HoldLot, HoldWorkOrder, ReleaseLot, ResumeWorkOrder, SplitLot};
use crate::model::material::TransactionType;
use crate::model::{Command, Id, Lot};

/// Why our people put orders on hold.
pub(super) const ORDER_HOLDS: &[&str] =
    &["drawing revision in question", "customer asks for a change", "machine waits for a spare part", "first piece out of tolerance", "weld procedure not approved for this joint"];
/// Why our people put lots on hold.
pub(super) const LOT_HOLDS: &[&str] = &["scratches on the coil side", "certificate not received yet", "thickness out of tolerance", "packaging damaged by water"];
/// Shipments the bad heat must have reached before somebody finds out.
const STORY_LOADS: u64 = 2;

impl Simulator {
    /// What happens in a step.
    pub(super) fn incidents(&mut self) -> Result<(), Refusal> {
        self.resume_held()?;
        if self.tainted_loads >= STORY_LOADS {
            self.find_bad_heat()?;
        }
        if self.dice.chance(14) {
            self.hold_order()?;
        }
        let (_, hour, _) = self.book.local(self.desk.now());
        if !(6..20).contains(&hour) || !self.dice.chance(60) {
            return Ok(());
        }
        // In turn and not by chance, so that a few days show each.
        self.mishaps += 1;
        match self.mishaps % 5 {
            1 => self.hold_lot(),
            2 => self.damage(),
            3 => self.recount(),
            4 => self.carry(),
            _ => self.divide(),
        }
    }

    fn resume_held(&mut self) -> Result<(), Refusal> {
        let now = self.desk.now();
        for job in self.jobs.values_mut().filter(|job| job.held_until.is_some_and(|until| until <= now)) {
            job.held_until = None;
            self.desk.tell_why(Who::Lead, Command::ResumeWorkOrder(ResumeWorkOrder { work_order_id: Id::new(job.id) }), Some("cleared with engineering"))?;
        }
        let (due, later) = std::mem::take(&mut self.held_lots).into_iter().partition(|(until, _)| *until <= now);
        self.held_lots = later;
        let due: Vec<(crate::base::Time, String)> = due;
        for (_, number) in due {
            self.tell_lot(&number, |lot_id| Command::ReleaseLot(ReleaseLot { lot_id }), "inspected and found good")?;
            if let Some(lot) = self.stock.lot(&number) {
                lot.held = false;
            }
        }
        Ok(())
    }

    /// Puts an order on hold that may be put on hold; answers it.
    pub(super) fn hold_order(&mut self) -> Result<(), Refusal> {
        let open: Vec<u64> = self.jobs.values().filter(|job| job.stage != Stage::Completed && job.held_until.is_none()).map(|job| job.id).collect();
        let Some(id) = self.dice.pick(&open).copied() else { return Ok(()) };
        self.stop_work(id)?;
        let why = self.dice.pick(ORDER_HOLDS).copied();
        self.desk.tell_why(Who::Operator, Command::HoldWorkOrder(HoldWorkOrder { work_order_id: Id::new(id) }), why)?;
        let until = self.later(120, 1_400);
        if let Some(job) = self.jobs.get_mut(&id) {
            job.held_until = Some(until);
        }
        Ok(())
    }

    /// The lot's id from its number: lots are rarely named by id, so they are looked up then.
    fn tell_lot(&mut self, number: &str, command: impl Fn(Id<Lot>) -> Command, why: &str) -> Result<(), Refusal> {
        self.desk.settle()?;
        let lot = self.desk.records::<Lot>(0, usize::MAX)?.into_iter().find(|lot| lot.lot_number == number);
        lot.map_or(Ok(()), |lot| self.desk.tell_why(Who::Inspector, command(lot.lot_id), Some(why)))
    }

    /// A bought lot that something may be done with.
    fn some_lot(&mut self, unit: Unit, least: i64) -> Option<(String, Decimal)> {
        let fits = |material: &u64| self.book.materials.get(material).is_some_and(|it| it.stock_unit == unit) && self.book.purchases.iter().any(|it| it.material == *material);
        let lots = self.stock.lots.iter().filter(|lot| !lot.held && !lot.tainted && lot.on_hand >= whole(least) && fits(&lot.material));
        let lots: Vec<(String, Decimal)> = lots.map(|lot| (lot.number.clone(), lot.on_hand)).collect();
        self.dice.pick(&lots).cloned()
    }

    fn hold_lot(&mut self) -> Result<(), Refusal> {
        let Some((number, _)) = self.some_lot(Unit::Sheet, 5) else { return Ok(()) };
        let why = self.dice.pick(LOT_HOLDS).copied().unwrap_or_default();
        self.tell_lot(&number, |lot_id| Command::HoldLot(HoldLot { lot_id }), why)?;
        let until = self.later(300, 1_200);
        self.held_lots.push((until, number.clone()));
        if let Some(lot) = self.stock.lot(&number) {
            lot.held = true;
        }
        Ok(())
    }

    fn damage(&mut self) -> Result<(), Refusal> {
        let Some((number, _)) = self.some_lot(Unit::Sheet, 4) else { return Ok(()) };
        let it = movement(TransactionType::Scrap, &number, Decimal::ONE);
        self.desk.tell_why(Who::Operator, Command::RecordMaterialTransaction(it), Some("corner bent by the forklift"))?;
        self.stock.change(&number, Decimal::ONE.negated());
        Ok(())
    }

    fn recount(&mut self) -> Result<(), Refusal> {
        let Some((number, _)) = self.some_lot(Unit::Ea, 50) else { return Ok(()) };
        let by = whole(self.dice.between(1, 9)).negated();
        self.desk.tell_why(Who::Lead, Command::RecordMaterialTransaction(movement(TransactionType::Adjustment, &number, by)), Some("cycle count"))?;
        self.stock.change(&number, by);
        Ok(())
    }

    fn carry(&mut self) -> Result<(), Refusal> {
        let Some((number, on_hand)) = self.some_lot(Unit::Sheet, 3) else { return Ok(()) };
        let place = format!("Rack {}{}", self.dice.pick(&["A", "B", "D"]).copied().unwrap_or("A"), self.dice.between(5, 9));
        let it = crate::model::command::RecordMaterialTransaction { to_location: Some(place), ..movement(TransactionType::Transfer, &number, on_hand) };
        self.desk.tell_why(Who::Operator, Command::RecordMaterialTransaction(it), Some("rack cleared for a delivery"))
    }

    fn divide(&mut self) -> Result<(), Refusal> {
        let Some((number, _)) = self.some_lot(Unit::Sheet, 12) else { return Ok(()) };
        let new_number = format!("{number}-{}", self.desk.now().civil(&self.book.zone).strftime("%d%H%M"));
        let (quantity, place) = (whole(5), Some("Laser infeed".to_owned()));
        let split = |lot_id| Command::SplitLot(SplitLot { lot_id, quantity, new_lot_number: Some(new_number.clone()), to_location: place.clone() });
        self.tell_lot(&number, split, "staged at the machine")?;
        let Some(lot) = self.stock.lot(&number) else { return Ok(()) };
        let part = super::stock::Stocked { on_hand: quantity, number: new_number.clone(), ..lot.clone() };
        self.stock.change(&number, quantity.negated());
        self.stock.lots.push(part);
        Ok(())
    }

    /// The story: the mill withdraws a certificate, and everything of its heat still here is held.
    pub(super) fn find_bad_heat(&mut self) -> Result<(), Refusal> {
        if self.story_told {
            return Ok(());
        }
        self.story_told = true;
        let metal = |lot: &&mut super::stock::Stocked| lot.tainted && !lot.held;
        let sheets: Vec<u64> = self.book.purchases.iter().map(|it| it.material).collect();
        let bad = self.stock.lots.iter_mut().filter(metal).filter(|lot| sheets.contains(&lot.material) || !lot.on_hand.is_zero());
        let bad: Vec<String> = bad
            .map(|lot| {
                lot.held = true;
                lot.number.clone()
            })
            .collect();
        bad.iter().try_for_each(|number| self.hold_bad(number))
    }

    /// Holds a lot of the bad heat.
    pub(super) fn hold_bad(&mut self, number: &str) -> Result<(), Refusal> {
        let why = format!("certificate {BAD_CERTIFICATE} of heat {BAD_HEAT} withdrawn by the mill: nickel below the standard");
        self.tell_lot(number, |lot_id| Command::HoldLot(HoldLot { lot_id }), &why)
    }
}
