//! Jobs seated one after the other, each operation in the earliest gap that keeps setups and people:
//! the first plan of the job-by-job rule, and the second half of every ruin and recreate.

use super::board::{Board, Fit};
use super::problem::Minutes;
use super::random::Random;

/// How an operation weighs its places.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taste {
    /// Minutes of delay that a minute of setup is worth.
    pub(super) setup: i64,
    /// Chance in percent that a mode is not looked at.
    pub(super) blink: usize,
}

/// Seats what is not seated of a job, predecessors first.
pub(super) fn insert_job(board: &mut Board<'_>, job: u32, taste: Taste, random: &mut Random) {
    let instance = board.instance;
    for &op in instance.sequence_of(job) {
        if !board.is_seated(op) {
            insert(board, op, taste, random);
        }
    }
    board.settle(job);
}

/// Seats an operation where it ends first, setups weighed in.
pub(super) fn insert(board: &mut Board<'_>, op: u32, taste: Taste, random: &mut Random) {
    let mut best: Option<(i64, Fit)> = None;
    // When no mode was looked at, look again: that ends, since each has its chance.
    while best.is_none() {
        for &mode in board.instance.modes.row(op) {
            if taste.blink > 0 && random.percent(taste.blink) {
                continue;
            }
            // A place without setup may end later than the best so far and still be worth it.
            let cut = best.map_or(Minutes::MAX, |(worth, _)| (worth + taste.setup * LONGEST_SETUP).min(i64::from(Minutes::MAX)) as Minutes);
            let Some(fit) = board.fit(op, mode, board.ready(op, mode), cut) else { continue };
            let worth = i64::from(fit.end) + taste.setup * i64::from(fit.setup);
            if best.is_none_or(|(least, _)| worth < least) {
                best = Some((worth, fit));
            }
        }
    }
    if let Some((_, fit)) = best {
        board.seat(op, &fit);
    }
}

/// Setup minutes that a place may save, for cutting the look for places short.
const LONGEST_SETUP: i64 = 60;
