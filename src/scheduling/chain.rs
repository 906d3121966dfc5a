//! A chain of displacements: an operation takes the place of one that can wait, that one the place of another, until one
//! finds a gap. After an event gaps are far ahead, and this moves one operation of a job where taking jobs off the board
//! moves all of theirs. It judges by estimates; whether the outcome is worth it is for the search to decide.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::board::{Board, Fit};
use super::insertion::{Taste, insert};
use super::instance::Mode;
use super::plan::Slot;
use super::problem::Minutes;
use super::random::Random;

/// Operations that one chain may touch: in a full shop the nearest gap is many places away.
const TOUCHED_MAX: usize = 100;
/// Work centers that an operation looks at, and places on each.
const CENTERS_LOOKED_AT: usize = 20;
const PLACES_LOOKED_AT: usize = 40;
/// Places that are tried, the most promising first.
const TRIED_MAX: usize = 3;
/// In a hundred operations so many put up with the first gap, however late.
const CONTENT_PERCENT: usize = 1;
/// Those who go look for a place this long at least, and up to 2 to the power of so many times longer.
const WAIT_MIN: Minutes = 240;
const WAIT_DOUBLED_MAX: usize = 6;
/// How much too late a place may be and still be of interest.
const BEYOND: [Minutes; 4] = [0, 240, 1_440, 5_760];
/// Neighbours that make room for one operation together.
const ROOM_MAX: usize = 2;

/// A place that an operation could have if those who sit there went elsewhere.
#[derive(Clone, Copy)]
struct Place {
    worth: i64,
    mode: Mode,
    first: u32,
    seats: usize,
}

/// A chain under way.
pub(super) struct Chain<'c, 'i> {
    board: &'c mut Board<'i>,
    /// Where operations were before the event; what finds its old place free takes it.
    before: &'c [Option<Slot>],
    random: &'c mut Random,
    /// What was touched, and where it was.
    former: &'c mut Vec<(u32, Slot)>,
    /// How long those who go will look for a place: a guess that differs from chain to chain.
    wait: Minutes,
}

impl<'c, 'i> Chain<'c, 'i> {
    pub(super) fn new(board: &'c mut Board<'i>, before: &'c [Option<Slot>], random: &'c mut Random, former: &'c mut Vec<(u32, Slot)>) -> Self {
        former.clear();
        let wait = WAIT_MIN << random.below(WAIT_DOUBLED_MAX + 1);
        Self { board, before, random, former, wait }
    }

    /// Seats some operations anew, none of which is fixed; false where that leaves the board unsound or goes too far.
    pub(super) fn run(&mut self, seeds: &[u32]) -> bool {
        let mut waiting = BinaryHeap::new();
        if !seeds.iter().all(|op| self.free(*op, &mut waiting)) {
            return false;
        }
        let mut placed = 0;
        while let Some(Reverse((_, _, op))) = waiting.pop() {
            placed += 1;
            if placed > 2 * TOUCHED_MAX || self.former.len() > TOUCHED_MAX {
                return false;
            }
            self.place(op, &mut waiting);
            let early: Vec<u32> = self.board.early_followers(op).collect();
            if !early.into_iter().all(|follower| self.free(follower, &mut waiting)) {
                return false;
            }
        }
        true
    }

    /// Takes an operation off the board; false where a setup that was hidden would not fit.
    fn free(&mut self, op: u32, waiting: &mut Waiting) -> bool {
        let slot = self.board.slots[op as usize];
        if !self.is_touched(op) {
            self.former.push((op, slot));
        }
        waiting.push(Reverse((slot.start, slot.end, op)));
        self.board.unseat(op)
    }

    fn is_touched(&self, op: u32) -> bool {
        self.former.iter().any(|(touched, _)| *touched == op)
    }

    /// Where it was, else in a gap that harms nobody, else where somebody can wait, else wherever it ends first.
    fn place(&mut self, op: u32, waiting: &mut Waiting) {
        let old = self.before[op as usize].and_then(|slot| self.board.fits_at(op, slot));
        if let Some(fit) = old.or_else(|| self.gap(op)) {
            return self.board.seat(op, &fit);
        }
        if !self.random.percent(CONTENT_PERCENT) && self.displace(op, waiting) {
            return;
        }
        insert(self.board, op, Taste::default(), self.random);
    }

    /// The gap that ends first of those that end before anything waits for it.
    fn gap(&self, op: u32) -> Option<Fit> {
        let mut cut = self.latest(op);
        let mut best = None;
        for &mode in self.board.instance.modes.row(op) {
            if let Some(fit) = self.board.fit(op, mode, self.board.ready(op, mode), cut) {
                cut = fit.end - 1;
                best = Some(fit);
            }
        }
        best
    }

    /// Takes the place of others; false where there is no place to take.
    fn displace(&mut self, op: u32, waiting: &mut Waiting) -> bool {
        let mut places = self.places(op);
        places.sort_unstable_by_key(|place| place.worth);
        let mut tried = 0;
        for place in places {
            let row = self.board.row(place.mode.center);
            // Nobody goes twice in a chain, or it would not end.
            if row[place.first as usize..place.first as usize + place.seats].iter().any(|seat| self.is_touched(seat.op)) {
                continue;
            }
            if self.take(op, place, waiting) {
                return true;
            }
            tried += 1;
            if tried == TRIED_MAX {
                return false;
            }
        }
        false
    }

    /// Places that may be worth taking, with an estimate of what each would cost.
    fn places(&mut self, op: u32) -> Vec<Place> {
        let instance = self.board.instance;
        let modes = instance.modes.row(op);
        let latest = self.latest(op);
        let beyond = BEYOND[self.random.below(BEYOND.len())];
        let from_mode = self.random.below(modes.len());
        let mut places = Vec::with_capacity(CENTERS_LOOKED_AT * PLACES_LOOKED_AT);
        for at in 0..modes.len().min(CENTERS_LOOKED_AT) {
            let mode = modes[(from_mode + at) % modes.len()];
            let ready = self.board.ready(op, mode);
            let row = self.board.row(mode.center);
            let low = row.partition_point(|seat| seat.end <= ready);
            let high = row.partition_point(|seat| seat.start < latest.saturating_add(beyond)).max(low);
            for _ in 0..PLACES_LOOKED_AT.min(high - low) {
                let first = low + self.random.below(high - low);
                let seats = 1 + self.random.below(ROOM_MAX).min(row.len() - first - 1);
                if let Some(worth) = self.worth(op, mode, ready, first, seats) {
                    places.push(Place { worth: worth * (75 + self.random.below(50) as i64), mode, first: first as u32, seats });
                }
            }
        }
        places
    }

    /// What it would cost that an operation takes the place of some seats, if it has room there and they may go.
    fn worth(&self, op: u32, mode: Mode, ready: Minutes, first: usize, seats: usize) -> Option<i64> {
        let instance = self.board.instance;
        let row = self.board.row(mode.center);
        let from = if first == 0 { ready } else { ready.max(row[first - 1].end) };
        let until = row.get(first + seats).map_or(Minutes::MAX, |seat| seat.start);
        let may_go = |other: u32| instance.fixed[other as usize].is_none() && instance.job_of[other as usize] != instance.job_of[op as usize];
        if until - from < mode.minutes || !row[first..first + seats].iter().all(|seat| may_go(seat.op)) {
            return None;
        }
        let theirs = row[first..first + seats].iter().map(|seat| self.harm(seat.op, seat.end + self.wait) + i64::from(seat.end - seat.start));
        Some(self.harm(op, from + mode.minutes) + theirs.sum::<i64>())
    }

    /// Takes a place if it fits there in truth: closing times, setups and people included.
    fn take(&mut self, op: u32, place: Place, waiting: &mut Waiting) -> bool {
        let (first, last) = (place.first as usize, place.first as usize + place.seats);
        let row = self.board.row(place.mode.center);
        let from = if first == 0 { 0 } else { row[first - 1].end };
        let until = row.get(last).map_or(Minutes::MAX, |seat| seat.start);
        let out: Vec<(u32, Slot)> = row[first..last].iter().map(|seat| (seat.op, self.board.slots[seat.op as usize])).collect();
        out.iter().for_each(|(other, _)| _ = self.board.unseat(*other));
        let ready = self.board.ready(op, place.mode).max(from);
        let Some(fit) = self.board.fit(op, place.mode, ready, until) else {
            out.iter().for_each(|(other, slot)| self.board.reseat(*other, *slot));
            return false;
        };
        self.board.seat(op, &fit);
        for (other, slot) in out {
            self.former.push((other, slot));
            waiting.push(Reverse((slot.start, slot.end, other)));
        }
        true
    }

    /// When an operation ends at the latest without moving what waits for it, or without making its job later.
    fn latest(&self, op: u32) -> Minutes {
        let instance = self.board.instance;
        let starts = instance.after.row(op).iter().filter_map(|link| {
            let slot = if self.board.is_seated(link.op) { Some(self.board.slots[link.op as usize]) } else { self.before[link.op as usize] };
            slot.map(|slot| slot.start - link.lag)
        });
        let job = instance.job_of[op as usize];
        starts.min().unwrap_or_else(|| self.board.due(job).max(self.before[op as usize].map_or(0, |slot| slot.end)))
    }

    /// Weighted minutes late more if an operation ends at an instant, as far as can be told from here.
    fn harm(&self, op: u32, end: Minutes) -> i64 {
        let excess = end.saturating_sub(self.latest(op));
        if excess <= 0 {
            return 0;
        }
        let job = self.board.instance.job_of[op as usize];
        let done = self.board.completion(job);
        self.board.lateness_at(job, done.saturating_add(excess)) - self.board.lateness(job)
    }
}

/// What waits for a seat: in the order of the plan, so that predecessors come first.
type Waiting = BinaryHeap<Reverse<(Minutes, Minutes, u32)>>;
