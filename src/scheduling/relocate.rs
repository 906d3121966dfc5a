//! One operation put elsewhere by a person: what it meets there moves on, everything else stays where it is; and a plan
//! in force carried on from where the floor is.
//! It obeys and does not search: what would be a better place is for [`super::solve()`] to find.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::board::{Board, Fit};
use super::insertion::{Taste, insert};
use super::instance::Instance;
use super::plan::{Plan, Slot};
use super::problem::Minutes;
use super::random::Random;

/// Where an operation is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Which one.
    pub operation: usize,
    /// Its work center.
    pub center: usize,
    /// When it begins.
    pub from: Minutes,
    /// Exactly then; otherwise as soon after it as may be.
    pub exact: bool,
}

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is fixed: it runs.
    Fixed,
    /// The work center cannot do it.
    NotEligible,
    /// It may not begin so soon.
    Release,
    /// What it waits for ends later.
    After {
        /// This operation.
        operation: usize,
    },
    /// What waits for it may not move and begins sooner.
    Before {
        /// This operation.
        operation: usize,
    },
    /// The work center is closed then, or closes too soon.
    Closed,
    /// The work center is busy with what may not move.
    Behind {
        /// With this operation.
        operation: usize,
    },
    /// The work center must be set up first, or for what comes next.
    Setup,
    /// All people of its pool are held.
    Pool {
        /// This pool.
        pool: usize,
    },
}

/// A wish that cannot be, and the nearest that can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub obstacle: Obstacle,
    /// Where it could be instead.
    pub nearest: Option<Slot>,
}

/// A plan with an operation put elsewhere. What is held, and what goes before something held, does not move for it;
/// the rest moves later where it must, on the work center where it is, and never earlier.
///
/// # Errors
/// What stands in the way, and the nearest place that would do.
pub fn relocate(instance: &Instance, plan: &Plan, held: &[bool], wish: &Wish) -> Result<Plan, Refused> {
    let op = wish.operation as u32;
    if instance.fixed[wish.operation].is_some() {
        return Err(Refused { obstacle: Obstacle::Fixed, nearest: None });
    }
    let mut board = Board::new(instance);
    for other in staying(instance, held, op) {
        board.reseat(other, plan.slots[other as usize]);
    }
    let fit = Look { instance, board: &board, op }.find(wish)?;
    board.seat(op, &fit);
    let places: Vec<Option<Slot>> = plan.slots.iter().copied().map(Some).collect();
    follow(&mut board, &places);
    Ok(board.plan())
}

/// A plan in force as the floor would go on with it: everything on its work center and in its turn, later where it must
/// be and never earlier. What has no place yet is put where it ends first.
pub fn carry_on(instance: &Instance, before: &[Option<Slot>]) -> Plan {
    let mut board = Board::new(instance);
    follow(&mut board, before);
    board.plan()
}

/// Seats what is not seated, in the order of its old start, on its old work center, no earlier than it was.
fn follow(board: &mut Board<'_>, places: &[Option<Slot>]) {
    let instance = board.instance;
    let mut rank = vec![0_u32; instance.len()];
    (0..instance.jobs() as u32).flat_map(|job| instance.sequence_of(job)).zip(0..).for_each(|(op, at)| rank[*op as usize] = at);
    let place_of = |op: u32| places.get(op as usize).copied().flatten();
    let turn = |op: u32| Reverse((place_of(op).map_or(Minutes::MAX, |slot| slot.start), rank[op as usize], op));
    let mut missing: Vec<usize> = (0..instance.len() as u32).map(|op| instance.before.row(op).iter().filter(|link| !board.is_seated(link.op)).count()).collect();
    let mut open: BinaryHeap<_> = (0..instance.len() as u32).filter(|op| !board.is_seated(*op) && missing[*op as usize] == 0).map(turn).collect();
    let mut random = Random::new(0);
    while let Some(Reverse((_, _, op))) = open.pop() {
        let old = place_of(op).and_then(|slot| Some((instance.mode_on(op, slot.center)?, slot.start)));
        let fit = old.and_then(|(mode, start)| board.fit(op, mode, board.ready(op, mode).max(start), Minutes::MAX));
        match fit {
            Some(fit) => board.seat(op, &fit),
            None => insert(board, op, Taste::default(), &mut random),
        }
        for link in instance.after.row(op).iter().filter(|link| !board.is_seated(link.op)) {
            missing[link.op as usize] -= 1;
            if missing[link.op as usize] == 0 {
                open.push(turn(link.op));
            }
        }
    }
}

/// What is held and everything before it, and what goes before the operation itself; the operation is not among them.
fn staying(instance: &Instance, held: &[bool], op: u32) -> Vec<u32> {
    let mut stays: Vec<bool> = (0..instance.len()).map(|other| held.get(other).copied().unwrap_or(false) || other as u32 == op).collect();
    for job in 0..instance.jobs() as u32 {
        for &other in instance.sequence_of(job).iter().rev() {
            if stays[other as usize] {
                instance.before.row(other).iter().for_each(|link| stays[link.op as usize] = true);
            }
        }
    }
    (0..instance.len() as u32).filter(|other| stays[*other as usize] && *other != op && instance.fixed[*other as usize].is_none()).collect()
}

/// Looks for the place of an operation among what stays.
struct Look<'b, 'i> {
    instance: &'i Instance,
    board: &'b Board<'i>,
    op: u32,
}

impl Look<'_, '_> {
    fn find(&self, wish: &Wish) -> Result<Fit, Refused> {
        let refused = |obstacle| Refused { obstacle, nearest: self.nearest(wish) };
        let Some(mode) = self.instance.mode_on(self.op, wish.center as u32) else { return Err(refused(Obstacle::NotEligible)) };
        let ready = self.board.ready(self.op, mode);
        if wish.exact && wish.from < ready {
            return Err(refused(self.too_early(wish.from)));
        }
        let (cut, next) = self.cut();
        let fit = self.board.fit(self.op, mode, wish.from.max(ready), Minutes::MAX);
        let fit = fit.ok_or_else(|| refused(Obstacle::Closed))?;
        if wish.exact && fit.start != wish.from {
            return Err(refused(self.in_the_way(wish, mode.minutes)));
        }
        match next {
            Some(operation) if fit.end > cut => Err(refused(Obstacle::Before { operation })),
            _ => Ok(fit),
        }
    }

    /// The earliest place from the wish on; where there is none before what waits for it, the earliest of all.
    fn nearest(&self, wish: &Wish) -> Option<Slot> {
        let (cut, _) = self.cut();
        let modes = self.instance.modes.row(self.op);
        let own = modes.iter().filter(|mode| mode.center as usize == wish.center);
        let from = |from: Minutes| {
            let fits = own.clone().chain(modes).filter_map(|mode| self.board.fit(self.op, *mode, from.max(self.board.ready(self.op, *mode)), cut));
            fits.min_by_key(|fit| (fit.mode.center as usize != wish.center, fit.start))
        };
        let fit = from(wish.from).or_else(|| from(0))?;
        Some(Slot { center: fit.mode.center, start: fit.start, end: fit.end })
    }

    /// Before when it must end, for the sake of what waits for it and stays; what goes on with a first batch counts
    /// like what waits for all of it.
    fn cut(&self) -> (Minutes, Option<usize>) {
        let waits = self.instance.after.row(self.op).iter().filter(|link| self.board.is_seated(link.op) && self.instance.fixed[link.op as usize].is_none());
        let first = waits.map(|link| (self.board.slots[link.op as usize].start - link.lag, link.op as usize)).min();
        first.map_or((Minutes::MAX, None), |(cut, operation)| (cut, Some(operation)))
    }

    fn too_early(&self, from: Minutes) -> Obstacle {
        let waits = self.instance.before.row(self.op).iter().map(|link| (self.board.slots[link.op as usize].end + link.lag, link.op as usize));
        waits.max().filter(|(until, _)| *until > from).map_or(Obstacle::Release, |(_, operation)| Obstacle::After { operation })
    }

    fn in_the_way(&self, wish: &Wish, minutes: Minutes) -> Obstacle {
        let (start, end) = self.instance.calendars[wish.center].place(wish.from, minutes, self.instance.resumable[wish.operation]);
        if start != wish.from {
            return Obstacle::Closed;
        }
        if let Some(seat) = self.board.row(wish.center as u32).iter().find(|seat| seat.start < end && seat.end > start) {
            return Obstacle::Behind { operation: seat.op as usize };
        }
        let short = self.instance.pools.row(self.op).iter().map(|pool| usize::from(*pool)).find(|pool| self.board.is_short_of(*pool, start, end));
        short.map_or(Obstacle::Setup, |pool| Obstacle::Pool { pool })
    }
}
