//! What one more opening of a work center is worth: the plan's sequences timed anew with its calendar opened, against
//! the same timed anew without. A shadow price by trial; it does not search for another plan.

use super::board::Board;
use super::insertion::{Taste, insert};
use super::instance::Instance;
use super::plan::Plan;
use super::problem::Minutes;
use super::random::Random;

/// What an opening saves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relief {
    /// Weighted minutes late fewer.
    pub saved: i64,
    /// Jobs that are in time with it and late without.
    pub jobs: Vec<usize>,
}

/// A plan whose openings are tried.
pub struct Worth<'i> {
    instance: &'i Instance,
    /// Operations in the order of their starts.
    order: Vec<u32>,
    base: Plan,
}

impl<'i> Worth<'i> {
    /// Of a plan.
    pub fn of(instance: &'i Instance, plan: &Plan) -> Self {
        let mut order: Vec<u32> = (0..instance.len() as u32).filter(|op| instance.fixed[*op as usize].is_none()).collect();
        let rank = instance.ranks();
        order.sort_unstable_by_key(|op| (plan.slots[*op as usize].start, rank[*op as usize]));
        let base = timed(instance, &order, plan);
        Self { instance, order, base }
    }

    /// Weighted minutes late of the plan, timed anew.
    pub fn late(&self) -> i64 {
        self.base.figures(self.instance).weighted_tardiness
    }

    /// What an opening of a work center would save; nothing where it is open then, or the opening is none of its calendar.
    pub fn relief(&self, center: usize, from: Minutes, to: Minutes) -> Relief {
        let Some(opened) = self.instance.opened(center, from, to) else { return Relief { saved: 0, jobs: Vec::new() } };
        let plan = timed(&opened, &self.order, &self.base);
        let late = |plan: &Plan, job: u32| self.instance.job(job).due.is_some_and(|due| plan.completion(self.instance, job) > due);
        let jobs = (0..self.instance.jobs() as u32).filter(|job| late(&self.base, *job) && !late(&plan, *job)).map(|job| job as usize).collect();
        Relief { saved: self.late() - plan.figures(self.instance).weighted_tardiness, jobs }
    }
}

/// Everything as early as it fits where it is, in the order of its starts.
fn timed(instance: &Instance, order: &[u32], plan: &Plan) -> Plan {
    let mut board = Board::new(instance);
    let mut random = Random::new(0);
    for &op in order {
        let center = plan.slots[op as usize].center;
        let fit = instance.mode_on(op, center).and_then(|mode| board.fit(op, mode, board.ready(op, mode), Minutes::MAX));
        match fit {
            Some(fit) => board.seat(op, &fit),
            None => insert(&mut board, op, Taste::default(), &mut random),
        }
    }
    board.plan()
}
