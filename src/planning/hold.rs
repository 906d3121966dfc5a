//! What stays where it is whatever is planned anew: what people pinned, and what begins within the frozen
//! zone. Deliberately no more than its reading: people's acts change it, through commands.

use super::shop::Shop;
use crate::base::{Refusal, Time};
use crate::model::field::Field as _;
use crate::model::plant::Status;
use crate::model::{FrozenZone, Id, Noun, PlanPin, WorkOrder};
use crate::scheduling::{Instance, Plan, Slot, keepable};
use crate::store::{Snapshot, View as _};

/// Pins that are looked at.
const PINS_MAX: usize = 20_000;

/// Why an operation stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Somebody pinned it.
    Pinned,
    /// It begins within the frozen zone.
    Frozen,
}

/// What is held at a moment: pins by job and sequence, and until when the zone reaches.
#[derive(Clone, Debug)]
pub struct Holds {
    /// By operation: where a pin wants it.
    pins: Vec<Option<Slot>>,
    /// What begins before this minute is frozen.
    frozen_until: i32,
    /// Hours of the frozen zone.
    pub frozen_hours: i64,
}

/// The hours of the frozen zone: what was set last.
pub fn frozen_hours(snapshot: &Snapshot) -> Result<i64, Refusal> {
    let last = snapshot.last_number(Noun::FrozenZone)?;
    let zone: Option<FrozenZone> = if last == 0 { None } else { snapshot.get(Id::new(last))? };
    Ok(zone.map_or(0, |zone| zone.hours))
}

impl Holds {
    /// What is held now, for the operations of a shop.
    pub fn look(snapshot: &Snapshot, shop: &Shop, now: Time) -> Result<Self, Refusal> {
        let mut pins = vec![None; shop.tasks.len()];
        for pin in snapshot.related::<PlanPin>("status", &Status::Active.to_value(), PINS_MAX)? {
            let center = shop.centers.iter().position(|center| center.work_center_id == pin.work_center_id).and_then(|at| u32::try_from(at).ok());
            let operation = shop.operation(pin.work_order_id, pin.operation_sequence).filter(|at| !shop.tasks[*at].running);
            if let (Some(at), Some(center)) = (operation, center) {
                let start = shop.minute(pin.planned_start_time);
                pins[at] = Some(Slot { center, start, end: start });
            }
        }
        let frozen_hours = frozen_hours(snapshot)?;
        // Without a zone nothing is frozen, late or not.
        let frozen_until = if frozen_hours == 0 { i32::MIN } else { shop.minute(now.plus_minutes(frozen_hours * 60)) };
        Ok(Self { pins, frozen_until, frozen_hours })
    }

    /// Why an operation stays where a plan has it, if it does.
    pub fn of(&self, operation: usize, slot: Slot) -> Option<Hold> {
        if self.pins[operation].is_some() {
            return Some(Hold::Pinned);
        }
        (slot.start < self.frozen_until).then_some(Hold::Frozen)
    }

    /// By operation, whether it stays where a plan has it.
    pub fn flags(&self, plan: &Plan) -> Vec<bool> {
        plan.slots.iter().enumerate().map(|(at, slot)| self.of(at, *slot).is_some()).collect()
    }

    /// The problem with all that is held fixed, as far as it still can be.
    pub fn keep(&self, shop: &Shop) -> Result<Kept, Refusal> {
        let frozen = |at: usize| shop.in_force[at].filter(|slot| slot.start < self.frozen_until);
        let mut wanted: Vec<Option<Slot>> = (0..shop.tasks.len()).map(|at| self.pins[at].or_else(|| frozen(at))).collect();
        // What a pinned operation waits for stays too, or the pin could not be kept.
        for pinned in (0..wanted.len()).filter(|at| self.pins[*at].is_some()) {
            let (job, place) = shop.instance.place_of(pinned);
            let first = pinned - place;
            let mut open = vec![place];
            while let Some(place) = open.pop() {
                for (before, _) in &shop.instance.problem().jobs[job].operations[place].predecessors {
                    let at = first + before;
                    wanted[at] = wanted[at].or(shop.in_force[at]);
                    open.push(*before);
                }
            }
        }
        if wanted.iter().all(Option::is_none) {
            return Ok(Kept::default());
        }
        let places = keepable(&shop.instance, &wanted);
        let lost = (0..wanted.len()).filter(|at| self.pins[*at].is_some() && places[*at].is_none());
        let let_go = lost.map(|at| (shop.orders[shop.instance.place_of(at).0].id, shop.tasks[at].sequence)).collect();
        let instance = shop.instance.keeping(&places).map_err(|fault| Refusal::invalid("plan", fault.to_string()))?;
        Ok(Kept { instance: Some(instance), kept: places.iter().flatten().count(), let_go })
    }
}

/// The problem with what stays fixed.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    instance: Option<Instance>,
    /// Operations that stay.
    pub kept: usize,
    /// Pins that cannot be kept any more: what goes before ends later, or the place is closed or taken.
    pub let_go: Vec<(Id<WorkOrder>, i64)>,
}

impl Kept {
    /// The problem to solve.
    pub fn instance<'s>(&'s self, shop: &'s Shop) -> &'s Instance {
        self.instance.as_ref().unwrap_or(&shop.instance)
    }
}
