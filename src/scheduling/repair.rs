//! After an event: feasible again in milliseconds, with everything left where it still fits, then better within a
//! budget of disturbance. Running and frozen work is fixed in the problem and never moves.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::board::Board;
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
    let rounds = Rounds { steps: 400, budget: options.steps.unwrap_or(u64::MAX), bound: i64::MIN };
    let (plan, steps) = improve(&mut team, &rounds, &stop, |plan, _, steps| news(plan, steps));
    Solution { objective: objective(&plan), bound, steps, trials: options.trials.clone(), plan }
}

/// What waits for a new seat: by its old start, then by its place in the job, so that predecessors come first.
type Waiting = BinaryHeap<Reverse<(Minutes, u32)>>;

/// Everything left where it still fits; what does not goes into the gaps that are left.
fn mended<'i>(instance: &'i Instance, before: &[Option<Slot>]) -> Board<'i> {
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
        let early: Vec<u32> = board.early_followers(op).collect();
        early.into_iter().for_each(|follower| free(&mut board, follower, before, &rank, &mut waiting));
    }
    (0..instance.jobs() as u32).for_each(|job| board.settle(job));
    board
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
