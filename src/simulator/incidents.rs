//! What goes otherwise than planned: orders and lots on hold, damage, counts put right, material
//! moved and divided, and the planted story of the bad heat. Deliberately everything has a reason.

use super::Simulator;
use super::agenda::Event;
use super::book::whole;
use super::desk::Who;
use super::job::{Stage, StepState};
use super::stock::Stocked;
use super::store_room::{BAD_CERTIFICATE, BAD_HEAT, movement};
use crate::base::{Decimal, Refusal, Unit};
use crate::model::command::{HoldLot, HoldWorkOrder, MergeLots, ReleaseLot, ResumeWorkOrder, SplitLot};
use crate::model::material::{MaterialQuality, TransactionType};
use crate::model::{Command, Id, Lot, Noun};

/// Why our people put orders on hold.
pub(super) const ORDER_HOLDS: &[&str] =
    &["drawing revision in question", "customer asks for a change", "machine waits for a spare part", "first piece out of tolerance", "weld procedure not approved for this joint"];
/// Why our people put lots on hold.
pub(super) const LOT_HOLDS: &[&str] = &["scratches on the coil side", "certificate not received yet", "thickness out of tolerance", "packaging damaged by water"];
/// Shipments the bad heat must have reached before somebody finds out.
const STORY_LOADS: u64 = 2;

impl Simulator {
    /// What happens in an hour.
    pub(super) fn incidents(&mut self) -> Result<(), Refusal> {
        if self.tainted_loads >= STORY_LOADS {
            self.find_bad_heat()?;
        }
        if self.dice.chance(60) {
            self.hold_order()?;
        }
        let (_, hour, _) = self.book.local(self.desk.now());
        if !(6..20).contains(&hour) || !self.dice.chance(450) {
            return Ok(());
        }
        // In turn and not by chance, so that a few days show each.
        self.mishaps += 1;
        match self.mishaps % 6 {
            1 => self.hold_lot(),
            2 => self.damage(),
            3 => self.recount(),
            4 => self.carry(),
            5 => self.divide(),
            _ => self.unite(),
        }
    }

    pub(super) fn resume_order(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(job) = self.jobs.get_mut(&id).filter(|job| job.held) else { return Ok(()) };
        job.held = false;
        let ready: Vec<usize> = (0..job.steps.len()).filter(|at| job.is_ready(*at)).collect();
        self.desk.tell_why(Who::Lead, Command::ResumeWorkOrder(ResumeWorkOrder { work_order_id: Id::new(id) }), "cleared with engineering")?;
        let now = self.desk.now();
        ready.into_iter().for_each(|at| self.agenda.add(now, Event::Ready(id, at)));
        Ok(())
    }

    pub(super) fn release_lot(&mut self, number: &str) -> Result<(), Refusal> {
        if self.stock.lot(number).is_none_or(|lot| !lot.held) {
            return Ok(());
        }
        self.set_held(number, false);
        self.tell_lot(number, |lot_id| Command::ReleaseLot(ReleaseLot { lot_id }), "inspected and found good")
    }

    pub(super) fn set_held(&mut self, number: &str, held: bool) {
        if let Some(lot) = self.stock.lot(number) {
            lot.held = held;
        }
    }

    /// An inspection's goods may be used.
    pub(super) fn set_free(&mut self, inspection: u64) {
        if let Some(number) = self.held_by.remove(&inspection) {
            self.set_held(&number, false);
        }
    }

    /// An inspection's goods cannot be used: what lies in the racks is scrapped, the rest stays on hold.
    pub(super) fn scrap_held(&mut self, inspection: u64) -> Result<(), Refusal> {
        let Some(number) = self.held_by.get(&inspection).cloned() else { return Ok(()) };
        let Some(on_hand) = self.stock.lot(&number).map(|lot| lot.on_hand).filter(|on_hand| !on_hand.is_zero()) else { return Ok(()) };
        let it = crate::model::command::RecordMaterialTransaction { quality_status: Some(MaterialQuality::Rejected), ..movement(TransactionType::Scrap, &number, on_hand) };
        self.desk.tell_why(Who::Inspector, Command::RecordMaterialTransaction(it), "rejected after inspection")?;
        self.stock.change(&number, on_hand.negated());
        Ok(())
    }

    /// Puts an order on hold that stands just now.
    pub(super) fn hold_order(&mut self) -> Result<(), Refusal> {
        let stands = |job: &&super::job::Job| {
            job.stage != Stage::Completed && !job.held && job.priority > 1 && !job.finished() && job.steps.iter().all(|step| step.state != StepState::Running)
        };
        let open: Vec<u64> = self.jobs.values().filter(stands).map(|job| job.id).collect();
        let Some(id) = self.dice.pick(&open).copied() else { return Ok(()) };
        let why = self.dice.pick(ORDER_HOLDS).copied().unwrap_or_default();
        self.desk.tell_why(Who::Operator, Command::HoldWorkOrder(HoldWorkOrder { work_order_id: Id::new(id) }), why)?;
        let until = self.later(120, 900);
        self.agenda.add(until, Event::ReleaseOrder(id));
        if let Some(job) = self.jobs.get_mut(&id) {
            job.held = true;
        }
        Ok(())
    }

    /// The lot's id from its number: lots are rarely named by id, so they are looked up then.
    fn lot_id(&mut self, number: &str) -> Result<Option<Id<Lot>>, Refusal> {
        if let Some(own) = Noun::Lot.number_of(number) {
            return Ok(Some(Id::new(own)));
        }
        self.desk.settle()?;
        Ok(self.desk.records::<Lot>(0, usize::MAX)?.into_iter().find(|lot| lot.lot_number == number).map(|lot| lot.lot_id))
    }

    fn tell_lot(&mut self, number: &str, command: impl Fn(Id<Lot>) -> Command, why: &str) -> Result<(), Refusal> {
        match self.lot_id(number)? {
            Some(lot_id) => self.desk.tell_why(Who::Inspector, command(lot_id), why),
            None => Ok(()),
        }
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
        self.agenda.add(until, Event::ReleaseLot(number.clone()));
        self.set_held(&number, true);
        Ok(())
    }

    fn damage(&mut self) -> Result<(), Refusal> {
        let Some((number, _)) = self.some_lot(Unit::Sheet, 4) else { return Ok(()) };
        let it = movement(TransactionType::Scrap, &number, Decimal::ONE);
        self.desk.tell_why(Who::Operator, Command::RecordMaterialTransaction(it), "corner bent by the forklift")?;
        self.stock.change(&number, Decimal::ONE.negated());
        Ok(())
    }

    fn recount(&mut self) -> Result<(), Refusal> {
        let Some((number, _)) = self.some_lot(Unit::Ea, 50) else { return Ok(()) };
        let by = whole(self.dice.between(1, 9)).negated();
        self.desk.tell_why(Who::Lead, Command::RecordMaterialTransaction(movement(TransactionType::Adjustment, &number, by)), "cycle count")?;
        self.stock.change(&number, by);
        Ok(())
    }

    fn carry(&mut self) -> Result<(), Refusal> {
        let Some((number, on_hand)) = self.some_lot(Unit::Sheet, 3) else { return Ok(()) };
        let place = format!("Rack {}{}", self.dice.pick(&["A", "B", "D"]).copied().unwrap_or("A"), self.dice.between(5, 9));
        let it = crate::model::command::RecordMaterialTransaction { to_location: Some(place), ..movement(TransactionType::Transfer, &number, on_hand) };
        self.desk.tell_why(Who::Operator, Command::RecordMaterialTransaction(it), "rack cleared for a delivery")
    }

    fn divide(&mut self) -> Result<(), Refusal> {
        let Some((number, _)) = self.some_lot(Unit::Sheet, 12) else { return Ok(()) };
        let new_number = format!("{number}-{}", self.desk.now().civil(&self.book.zone).strftime("%d%H%M"));
        let (quantity, place) = (whole(5), Some("Laser infeed".to_owned()));
        let split = |lot_id| Command::SplitLot(SplitLot { lot_id, quantity, new_lot_number: Some(new_number.clone()), to_location: place.clone() });
        let Some(lot_id) = self.lot_id(&number)? else { return Ok(()) };
        self.desk.make_lot(Who::Operator, split(lot_id))?;
        let Some(lot) = self.stock.lot(&number) else { return Ok(()) };
        let part = Stocked { on_hand: quantity, number: new_number.clone(), ..lot.clone() };
        self.stock.change(&number, quantity.negated());
        self.stock.lots.push(part);
        Ok(())
    }

    /// Two open boxes of the same part become one.
    fn unite(&mut self) -> Result<(), Refusal> {
        let parts = |lot: &&Stocked| lot.bought && !lot.held && !lot.tainted && !lot.on_hand.is_zero() && lot.expiry.is_none();
        let known = |material: u64| self.book.materials.get(&material).is_some_and(|it| it.stock_unit == Unit::Ea);
        let lots: Vec<(u64, String, Decimal)> =
            self.stock.lots.iter().filter(parts).filter(|lot| known(lot.material)).map(|lot| (lot.material, lot.number.clone(), lot.on_hand)).collect();
        let pairs: Vec<_> = lots
            .iter()
            .zip(lots.iter().skip(1))
            .flat_map(|(one, _)| lots.iter().filter(move |other| other.0 == one.0 && other.1 != one.1).map(move |other| (one, other)))
            .collect();
        let Some((into, from)) = self.dice.pick(&pairs).map(|(into, from)| ((*into).clone(), (*from).clone())) else { return Ok(()) };
        let merge = |lot_id| Command::MergeLots(MergeLots { lot_id, from_lot_numbers: vec![from.1.clone()] });
        self.tell_lot(&into.1, merge, "two open boxes in one bin")?;
        self.stock.change(&into.1, from.2);
        self.stock.change(&from.1, from.2.negated());
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
