//! After an event: feasible again in milliseconds, with everything left where it still fits, then better within a
//! budget of disturbance. Running and frozen work is fixed in the problem and never moves.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::board::{Board, Fit};
use super::bounds;
use super::insertion::{Taste, insert};
use super::instance::Instance;
use super::plan::{Plan, Slot};
use super::problem::Minutes;
use super::random::Random;
use super::ruin::{Disturbance, Ruin};
use super::solve::{Options, Progress, Solution, THREADS_MAX};
use super::team::{Rounds, improve};

/// Operations that an improvement may move further than [`SHIFT_MINUTES`], in percent of those that are free.
pub const MOVED_PERCENT: usize = 5;
/// A shift that nobody on the floor minds.
pub const SHIFT_MINUTES: Minutes = 15;

/// Makes a plan in force fit the problem as it is now. Operations without a slot are new.
pub fn mend(instance: &Instance, before: &[Option<Slot>]) -> Plan {
    mended(instance, before).plan()
}

/// The cheaper of two ways: what fits nowhere goes into gaps, or pushes what comes after it, as long as that does not
/// disturb too much. In a full shop the gaps are too short for most, and the first that is not lies weeks ahead.
fn mended<'i>(instance: &'i Instance, before: &[Option<Slot>]) -> Board<'i> {
    let filled = filled(instance, before);
    if Disturbance::from(&filled, before).is_still() {
        return filled;
    }
    let pushed = pushed(instance, before);
    let calm = Disturbance::from(&pushed, before).is_calm();
    if calm && pushed.cost() < filled.cost() { pushed } else { filled }
}

/// Mends a plan, then improves it until it is stopped or its budget of steps is spent.
pub fn repair(instance: &Instance, before: &[Option<Slot>], options: &Options, stop: impl Fn() -> bool + Sync, mut progress: impl FnMut(&Progress)) -> Solution {
    let board = mended(instance, before);
    let bound = bounds::bound(instance);
    let objective = |plan: &Plan| plan.figures(instance).objective(instance.objective());
    let mut news = |plan: &Plan, steps: u64| {
        let figures = plan.figures(instance);
        progress(&Progress { objective: figures.objective(instance.objective()), bound, late_jobs: figures.late_jobs, steps });
    };
    news(&board.plan(), 0);
    let mut team: Vec<Ruin<'_>> = (0..options.threads.clamp(1, THREADS_MAX))
        .map(|thread| Ruin::new(board.clone(), Random::branch(options.seed, thread as u64)).keeping_to(Disturbance::from(&board, before)))
        .collect();
    let rounds = Rounds { steps: 200, budget: options.steps.unwrap_or(u64::MAX), bound: i64::MIN };
    let (plan, steps) = improve(&mut team, &rounds, &stop, |plan, _, steps| news(plan, steps));
    Solution { objective: objective(&plan), bound, steps, trials: options.trials.clone(), plan }
}

/// What waits for a new seat: by its old start, then by its place in the job, so that predecessors come first.
type Waiting = BinaryHeap<Reverse<(Minutes, u32)>>;

/// Everything left where it still fits; what does not goes into the gaps that are left.
fn filled<'i>(instance: &'i Instance, before: &[Option<Slot>]) -> Board<'i> {
    let mut board = Board::new(instance);
    let rank = instance.ranks();
    let mut sorted: Vec<(Minutes, u32)> = (0..instance.len() as u32).filter(|op| !board.is_seated(*op)).map(|op| (start_of(before, op), rank[op as usize])).collect();
    sorted.sort_unstable();
    let by_rank = instance.order();
    let mut waiting = Waiting::new();
    for (start, rank) in sorted {
        let op = by_rank[rank as usize];
        let slot = before.get(op as usize).copied().flatten();
        let fit = slot.and_then(|slot| board.fits_at(op, slot));
        match fit {
            Some(fit) => board.seat(op, &fit),
            None => waiting.push(Reverse((start, rank))),
        }
    }
    let mut random = Random::new(0);
    while let Some(Reverse((_, rank_of_op))) = waiting.pop() {
        let op = by_rank[rank_of_op as usize];
        insert(&mut board, op, Taste::default(), &mut random);
        for link in instance.after.row(op) {
            if board.is_seated(link.op) && instance.fixed[link.op as usize].is_none() && board.is_early(link.op) {
                free(&mut board, link.op, before, &rank, &mut waiting);
            }
        }
    }
    (0..instance.jobs() as u32).for_each(|job| board.settle(job));
    board
}

/// Everything in the order of its old starts, each as near to its old slot as what went before it allows.
fn pushed<'i>(instance: &'i Instance, before: &[Option<Slot>]) -> Board<'i> {
    let mut board = Board::new(instance);
    let order = instance.order();
    let rank = instance.ranks();
    let key = |op: u32| match before.get(op as usize).copied().flatten() {
        Some(slot) => slot.start.max(instance.release[op as usize]),
        // What is new comes when it may.
        None => instance.release[op as usize],
    };
    let mut waiting: Waiting = order.iter().filter(|op| !board.is_seated(**op)).map(|op| Reverse((key(*op), rank[*op as usize]))).collect();
    while let Some(Reverse((at, place))) = waiting.pop() {
        let op = order[place as usize];
        // Behind those it waits for, whatever their slots were.
        if instance.before.row(op).iter().any(|link| !board.is_seated(link.op)) {
            let later = instance.before.row(op).iter().filter(|link| !board.is_seated(link.op)).map(|link| key(link.op)).fold(at, Minutes::max);
            waiting.push(Reverse((later + 1, place)));
            continue;
        }
        let slot = before.get(op as usize).copied().flatten();
        let own = slot.and_then(|slot| {
            let mode = instance.mode_on(op, slot.center)?;
            board.fit(op, mode, slot.start.max(board.ready(op, mode)), Minutes::MAX).filter(|fit| fit.end - slot.end <= SHIFT_MINUTES)
        });
        match own.or_else(|| nearest(&board, op, slot)) {
            Some(fit) => board.seat(op, &fit),
            None => insert(&mut board, op, Taste::default(), &mut Random::new(0)),
        }
    }
    (0..instance.jobs() as u32).for_each(|job| board.settle(job));
    board
}

/// Where an operation ends first that begins no sooner than it did.
fn nearest(board: &Board<'_>, op: u32, slot: Option<Slot>) -> Option<Fit> {
    let from = slot.map_or(0, |slot| slot.start);
    let fits = board.instance.modes.row(op).iter().filter_map(|mode| board.fit(op, *mode, from.max(board.ready(op, *mode)), Minutes::MAX));
    fits.min_by_key(|fit| (fit.end, slot.is_none_or(|slot| slot.center != fit.mode.center)))
}

fn start_of(before: &[Option<Slot>], op: u32) -> Minutes {
    before.get(op as usize).copied().flatten().map_or(Minutes::MAX, |slot| slot.start)
}

/// Takes an operation from its seat, and with it those behind it that then lack time for their setup.
fn free(board: &mut Board<'_>, op: u32, before: &[Option<Slot>], rank: &[u32], waiting: &mut Waiting) {
    let mut next = Some(op);
    while let Some(op) = next {
        let slot = board.slots[op as usize];
        let sound = board.unseat(op);
        waiting.push(Reverse((start_of(before, op), rank[op as usize])));
        let row = board.row(slot.center);
        let behind = row.get(row.partition_point(|seat| seat.start < slot.start)).map(|seat| seat.op);
        next = behind.filter(|behind| !sound && board.instance.fixed[*behind as usize].is_none());
    }
}
