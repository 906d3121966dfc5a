//! A plan under construction: seats on work centers, people held, what it costs so far.
//! Operations come and go one at a time and the others stay where they are, so a change costs what it touches.
//! It finds the earliest gap; which operation goes next is decided elsewhere.

use super::instance::{Instance, Link, Mode, NONE};
use super::people::People;
use super::plan::{Plan, Slot};
use super::problem::{Minutes, Objective, WHOLE, part};

/// No slot yet.
const NOWHERE: Slot = Slot { center: u32::MAX, start: 0, end: 0 };

/// What a weighted minute late counts, against a minute of setup and a minute that a job is under way.
pub(super) const LATE: i64 = 1_000;
const SETUP: i64 = 20;

/// An operation on a work center.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub(super) start: Minutes,
    pub(super) end: Minutes,
    pub(super) op: u32,
    pub(super) state: u16,
}

/// Where an operation would fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) mode: Mode,
    pub(super) start: Minutes,
    pub(super) end: Minutes,
    position: usize,
    /// Setup minutes more (or fewer) on the center.
    pub(super) setup: Minutes,
}

/// A plan under construction.
#[derive(Clone, Debug)]
pub(super) struct Board<'i> {
    pub(super) instance: &'i Instance,
    pub(super) slots: Vec<Slot>,
    rows: Vec<Vec<Seat>>,
    people: Vec<People>,
    /// By job: when its last seated operation ends.
    completion: Vec<Minutes>,
    /// By job: after this it is late.
    due: Vec<Minutes>,
    setup_minutes: i64,
    /// By job: what it costs, and the sum of them.
    settled: Vec<i64>,
    cost_of_jobs: i64,
}

impl<'i> Board<'i> {
    /// Nothing seated but what is fixed.
    pub(super) fn new(instance: &'i Instance) -> Self {
        let people = instance.problem().pools.iter().map(People::new).collect();
        let heeded = instance.objective() == Objective::WeightedTardiness;
        let due = (0..instance.jobs() as u32).map(|job| instance.job(job).due.filter(|_| heeded).unwrap_or(Minutes::MAX)).collect();
        let mut it = Self {
            instance,
            slots: vec![NOWHERE; instance.len()],
            rows: vec![Vec::new(); instance.calendars.len()],
            people,
            completion: vec![0; instance.jobs()],
            due,
            setup_minutes: 0,
            settled: vec![0; instance.jobs()],
            cost_of_jobs: 0,
        };
        for op in 0..instance.len() as u32 {
            let Some((center, start)) = instance.fixed[op as usize] else { continue };
            if let Some(mode) = instance.mode_on(op, center) {
                let (start, end) = instance.calendars[center as usize].place(start, mode.minutes, instance.resumable[op as usize]);
                it.seat_at(op, mode, start, end);
            }
        }
        (0..instance.jobs() as u32).for_each(|job| it.settle(job));
        it
    }

    /// A board with the seats of a plan.
    pub(super) fn of(instance: &'i Instance, plan: &Plan) -> Self {
        let mut it = Self::new(instance);
        for row in plan.rows(instance) {
            for op in row.into_iter().filter(|op| instance.fixed[*op as usize].is_none()) {
                it.reseat(op, plan.slots[op as usize]);
            }
        }
        (0..instance.jobs() as u32).for_each(|job| it.settle(job));
        it
    }

    pub(super) fn plan(&self) -> Plan {
        Plan { slots: self.slots.clone() }
    }

    pub(super) fn is_seated(&self, op: u32) -> bool {
        self.slots[op as usize].center != u32::MAX
    }

    pub(super) fn row(&self, center: u32) -> &[Seat] {
        &self.rows[center as usize]
    }

    pub(super) fn completion(&self, job: u32) -> Minutes {
        self.completion[job as usize]
    }

    pub(super) fn due(&self, job: u32) -> Minutes {
        self.due[job as usize]
    }

    /// Weighted minutes late (or the end of everything), setups and time under way in one number, in this order of importance.
    pub(super) fn cost(&self) -> i64 {
        let makespan = if self.instance.objective() == Objective::Makespan { i64::from(self.makespan()) * LATE * LATE } else { 0 };
        makespan + self.cost_of_jobs + SETUP * self.setup_minutes
    }

    pub(super) fn makespan(&self) -> Minutes {
        self.completion.iter().copied().max().unwrap_or(0)
    }

    /// Weighted minutes late of a job as it stands.
    pub(super) fn lateness(&self, job: u32) -> i64 {
        self.lateness_at(job, self.completion[job as usize])
    }

    /// Weighted minutes late of a job that ends at an instant.
    pub(super) fn lateness_at(&self, job: u32, ends: Minutes) -> i64 {
        let late = i64::from(ends) - i64::from(self.due[job as usize]);
        i64::from(self.instance.job(job).weight) * late.max(0)
    }

    fn cost_of(&self, job: u32) -> i64 {
        LATE * self.lateness(job) + i64::from(self.completion[job as usize])
    }

    /// Takes the seats of a job into its completion and the cost. To be called after its seats have changed.
    pub(super) fn settle(&mut self, job: u32) {
        let instance = self.instance;
        self.completion[job as usize] = instance.ops_of(job).map(|op| self.slots[op as usize].end).max().unwrap_or(0);
        let cost = self.cost_of(job);
        self.cost_of_jobs += cost - std::mem::replace(&mut self.settled[job as usize], cost);
    }

    /// The earliest start on a mode that predecessors and releases allow.
    pub(super) fn ready(&self, op: u32, mode: Mode) -> Minutes {
        let opens = self.instance.before.row(op).iter().map(|link| self.opens(*link, mode));
        opens.fold(self.instance.release[op as usize], Minutes::max)
    }

    /// The earliest start on any mode.
    pub(super) fn ready_anywhere(&self, op: u32) -> Minutes {
        self.instance.modes.row(op).iter().map(|mode| self.ready(op, *mode)).min().unwrap_or(0)
    }

    /// When a predecessor lets an operation on a mode begin: at its end, or with its first transfer batch, and then so late
    /// that the last batch finds its time.
    fn opens(&self, link: Link, mode: Mode) -> Minutes {
        let slot = self.slots[link.op as usize];
        if link.share == WHOLE || slot.center == NOWHERE.center {
            return slot.end + link.lag;
        }
        first_batch(self.instance, link, slot).max(slot.end - link.ahead(mode.minutes)) + link.lag
    }

    /// The state that a center is in before a position.
    fn state_before(&self, center: u32, position: usize) -> u16 {
        let states = self.rows[center as usize][..position].iter().rev().map(|seat| seat.state);
        states.into_iter().find(|state| *state != NONE).unwrap_or(self.instance.initial[center as usize])
    }

    /// The earliest gap for an operation on a mode, at or after an instant and ending before `cut`.
    pub(super) fn fit(&self, op: u32, mode: Mode, from: Minutes, cut: Minutes) -> Option<Fit> {
        let instance = self.instance;
        let row = &self.rows[mode.center as usize];
        let calendar = &instance.calendars[mode.center as usize];
        let (resumable, pools) = (instance.resumable[op as usize], instance.pools.row(op));
        let mut position = row.partition_point(|seat| seat.end <= from);
        loop {
            let free = if position == 0 { 0 } else { row[position - 1].end };
            let closes = row.get(position).map_or(Minutes::MAX, |seat| seat.start);
            let mut start = from.max(free);
            if start.saturating_add(mode.minutes) > cut {
                return None;
            }
            if closes - start >= mode.minutes {
                let before = if instance.has_setups(mode.center) { self.state_before(mode.center, position) } else { NONE };
                let setup = instance.setup(mode.center, before, mode.state);
                if setup > 0 {
                    start = start.max(calendar.advance(free, setup));
                }
                let (mut start, mut end) = calendar.place(start, mode.minutes, resumable);
                while end <= closes
                    && end <= cut
                    && let Some(later) = pools.iter().find_map(|pool| self.people[usize::from(*pool)].busy_until(start, end))
                {
                    (start, end) = calendar.place(later, mode.minutes, resumable);
                }
                if end > cut {
                    return None;
                }
                if end <= closes {
                    let more = if instance.has_setups(mode.center) { self.next_setup(mode, position, before, end) } else { Some(0) };
                    if let Some(more) = more {
                        return Some(Fit { mode, start, end, position, setup: setup + more });
                    }
                }
            }
            position += 1;
        }
    }

    /// Setup minutes more after a seat that ends here in front of a position; `None` where they do not fit.
    fn next_setup(&self, mode: Mode, position: usize, before: u16, end: Minutes) -> Option<Minutes> {
        let row = &self.rows[mode.center as usize];
        let state = if mode.state == NONE { before } else { mode.state };
        let Some(next) = (position..row.len()).find(|at| row[*at].state != NONE) else { return Some(0) };
        let needed = self.instance.setup(mode.center, state, row[next].state);
        // Seats without a state between us and the next one leave our end behind them.
        let free = if next == position { end } else { row[next - 1].end };
        let calendar = &self.instance.calendars[mode.center as usize];
        (needed == 0 || calendar.has_between(free, row[next].start, needed)).then(|| needed - self.instance.setup(mode.center, before, row[next].state))
    }

    /// Seats an operation where it fits.
    pub(super) fn seat(&mut self, op: u32, fit: &Fit) {
        let seat = Seat { start: fit.start, end: fit.end, op, state: fit.mode.state };
        self.rows[fit.mode.center as usize].insert(fit.position, seat);
        self.setup_minutes += i64::from(fit.setup);
        self.enter(op, fit.mode.center, fit.start, fit.end);
    }

    fn enter(&mut self, op: u32, center: u32, start: Minutes, end: Minutes) {
        self.slots[op as usize] = Slot { center, start, end };
        for pool in self.instance.pools.row(op) {
            self.people[usize::from(*pool)].hold(start, end, 1);
        }
    }

    /// Seats an operation at given times, whatever stands around it.
    fn seat_at(&mut self, op: u32, mode: Mode, start: Minutes, end: Minutes) {
        let row = &self.rows[mode.center as usize];
        let position = row.partition_point(|seat| (seat.start, seat.end) <= (start, end));
        let setup = self.setup_change(mode.center, position, mode.state);
        self.rows[mode.center as usize].insert(position, Seat { start, end, op, state: mode.state });
        self.setup_minutes += i64::from(setup);
        self.enter(op, mode.center, start, end);
    }

    /// Puts an operation back where it once stood.
    pub(super) fn reseat(&mut self, op: u32, slot: Slot) {
        if let Some(mode) = self.instance.mode_on(op, slot.center) {
            self.seat_at(op, mode, slot.start, slot.end);
        }
    }

    /// Setup minutes more when a state comes in front of a position.
    fn setup_change(&self, center: u32, position: usize, state: u16) -> Minutes {
        if state == NONE || !self.instance.has_setups(center) {
            return 0;
        }
        let before = self.state_before(center, position);
        let next = self.rows[center as usize][position..].iter().map(|seat| seat.state).find(|state| *state != NONE).unwrap_or(NONE);
        let setup = |from, to| self.instance.setup(center, from, to);
        setup(before, state) + setup(state, next) - setup(before, next)
    }

    /// Takes an operation off the board; false where the seat after it then lacks time for its setup.
    pub(super) fn unseat(&mut self, op: u32) -> bool {
        let Slot { center, start, end } = std::mem::replace(&mut self.slots[op as usize], NOWHERE);
        let row = &self.rows[center as usize];
        let mut position = row.partition_point(|seat| (seat.start, seat.end) < (start, end));
        while row[position].op != op {
            position += 1;
        }
        let seat = self.rows[center as usize].remove(position);
        self.setup_minutes -= i64::from(self.setup_change(center, position, seat.state));
        for pool in self.instance.pools.row(op) {
            self.people[usize::from(*pool)].hold(start, end, -1);
        }
        self.setup_holds(center, position)
    }

    /// Whether the next seat with a state from a position on has time for its setup.
    fn setup_holds(&self, center: u32, position: usize) -> bool {
        let row = &self.rows[center as usize];
        let Some(next) = self.instance.has_setups(center).then(|| (position..row.len()).find(|at| row[*at].state != NONE)).flatten() else { return true };
        let needed = self.instance.setup(center, self.state_before(center, next), row[next].state);
        let free = if next == 0 { 0 } else { row[next - 1].end };
        let at_hand = row[next].start == 0 && self.instance.fixed[row[next].op as usize].is_some();
        at_hand || self.instance.calendars[center as usize].has_between(free, row[next].start, needed)
    }

    /// Whether all people of a pool are held at some instant of a time.
    pub(super) fn is_short_of(&self, pool: usize, start: Minutes, end: Minutes) -> bool {
        self.people[pool].busy_until(start, end).is_some()
    }

    /// Whether a seated operation begins before its predecessors let it.
    pub(super) fn is_early(&self, op: u32) -> bool {
        let slot = self.slots[op as usize];
        self.instance.mode_on(op, slot.center).is_some_and(|mode| slot.start < self.ready(op, mode))
    }

    /// What waits for an operation and begins before that lets it; what is fixed is excused.
    pub(super) fn early_followers(&self, op: u32) -> impl Iterator<Item = u32> {
        let followers = self.instance.after.row(op).iter().map(|link| link.op);
        followers.filter(|op| self.is_seated(*op) && self.instance.fixed[*op as usize].is_none() && self.is_early(*op))
    }

    /// Whether an operation still fits exactly here: for plans that are repaired.
    pub(super) fn fits_at(&self, op: u32, slot: Slot) -> Option<Fit> {
        let mode = self.instance.mode_on(op, slot.center).filter(|mode| slot.start >= self.ready(op, *mode))?;
        let fit = self.fit(op, mode, slot.start, slot.end)?;
        (fit.start == slot.start && fit.end == slot.end).then_some(fit)
    }
}

/// When the first transfer batch of a seated predecessor is done.
pub(super) fn first_batch(instance: &Instance, link: Link, slot: Slot) -> Minutes {
    let minutes = instance.mode_on(link.op, slot.center).map_or(0, |mode| mode.minutes);
    instance.calendars[slot.center as usize].place(slot.start, part(minutes, link.share), instance.resumable[link.op as usize]).1
}
