//! Why a job ends when it ends: its decisive chain of operations, and for each stretch of time on it what it waited
//! for. It tells what holds in the plan as it stands, not what another plan would do.

use super::board::first_batch;
use super::calendar::Calendar;
use super::instance::{Instance, Link, NONE};
use super::people::People;
use super::plan::Plan;
use super::problem::{Minutes, WHOLE};

/// What a stretch of time goes to. Operations are numbered as in plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The operation runs.
    Work,
    /// The operation runs, and what comes after it waits for enough of its pieces.
    Batch,
    /// It has begun, and its work center is closed.
    Paused,
    /// Transfer, cooling: the least time after a predecessor.
    Transfer,
    /// Not released: material has not arrived, or the job may not start yet.
    Release,
    /// The work center is busy with another operation.
    Behind {
        /// With this one.
        operation: usize,
    },
    /// The work center is set up for it.
    Setup,
    /// The work center is closed, or closes too soon for what cannot pause.
    Closed,
    /// All people or tools of a pool of its are held, or missing.
    Pool {
        /// This pool.
        pool: usize,
    },
    /// Nothing holds it: it could start earlier.
    Free,
}

/// A stretch of time of an operation, and what it went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The operation.
    pub operation: usize,
    /// What for.
    pub cause: Cause,
    /// From here.
    pub from: Minutes,
    /// Until here.
    pub until: Minutes,
}

/// The chain of a job that decides its end, in the order of time. Each stretch begins where the one before it ended.
pub fn explain(instance: &Instance, plan: &Plan, job: usize) -> Vec<Stretch> {
    let rows = plan.rows(instance);
    let mut chain = Vec::new();
    let mut next = instance.operations_of(job).max_by_key(|op| plan.slots[*op].end).map(|op| (op, plan.slots[op].end));
    while let Some((op, until)) = next {
        let decisive = instance.before.row(op as u32).iter().map(|link| (passes_on(instance, plan, op, *link), *link)).max_by_key(|(at, link)| at + link.lag);
        // What was fixed before its predecessors ended did not wait for them.
        let decisive = decisive.filter(|(at, link)| at + link.lag <= plan.slots[op].start);
        let mut stretches = Stretches { operation: op, at: decisive.map_or(0, |(at, _)| at), until, list: Vec::new() };
        if let Some((at, link)) = decisive {
            stretches.until(at + link.lag, Cause::Transfer);
        }
        stretches.tell(instance, plan, &rows[plan.slots[op].center as usize]);
        chain.push(stretches.list);
        next = decisive.map(|(at, link)| (link.op as usize, at));
    }
    chain.into_iter().rev().flatten().collect()
}

/// When a predecessor has passed on what an operation needs to begin.
fn passes_on(instance: &Instance, plan: &Plan, op: usize, link: Link) -> Minutes {
    let before = plan.slots[link.op as usize];
    if link.share == WHOLE {
        return before.end;
    }
    let minutes = instance.mode_on(op as u32, plan.slots[op].center).map_or(0, |mode| mode.minutes);
    first_batch(instance, link, before).max(before.end - link.ahead(minutes))
}

struct Stretches {
    operation: usize,
    at: Minutes,
    /// What the job's end waits for is there now; before the operation's end where it goes on in transfer batches.
    until: Minutes,
    list: Vec<Stretch>,
}

impl Stretches {
    /// Up to an instant this was the cause; nothing where the instant has passed.
    fn until(&mut self, until: Minutes, cause: Cause) {
        if until > self.at {
            self.list.push(Stretch { operation: self.operation, cause, from: self.at, until });
            self.at = until;
        }
    }

    /// Up to an instant this was the cause where the center was open, and the other one where it was closed.
    fn open_until(&mut self, calendar: &Calendar, until: Minutes, cause: Cause, closed: Cause) {
        while self.at < until {
            self.until(calendar.next_open(self.at).min(until), closed);
            self.until(calendar.closing(self.at).min(until), cause);
        }
    }

    /// From when its job is ready to the operation's end.
    fn tell(&mut self, instance: &Instance, plan: &Plan, row: &[u32]) {
        let op = self.operation as u32;
        let slot = plan.slots[self.operation];
        let Some(mode) = instance.mode_on(op, slot.center) else { return };
        let calendar = &instance.calendars[slot.center as usize];
        self.until(instance.release[self.operation].min(slot.start), Cause::Release);
        let position = row.iter().position(|other| *other == op).unwrap_or(0);
        // Whoever sat on the center since, the last one first in the row.
        let first = row[..position].partition_point(|other| plan.slots[*other as usize].end <= self.at);
        for other in &row[first..position] {
            self.open_until(calendar, plan.slots[*other as usize].end.min(slot.start), Cause::Behind { operation: *other as usize }, Cause::Closed);
        }
        let free = position.checked_sub(1).map_or(0, |before| plan.slots[row[before] as usize].end);
        let states = row[..position].iter().rev().filter_map(|other| instance.mode_on(*other, slot.center)).map(|mode| mode.state);
        let state = states.into_iter().find(|state| *state != NONE).unwrap_or(instance.initial[slot.center as usize]);
        let setup = instance.setup(slot.center, state, mode.state);
        if setup > 0 {
            self.open_until(calendar, calendar.advance(free, setup).min(slot.start), Cause::Setup, Cause::Closed);
        }
        let held = others_of_pools(instance, plan, op);
        while self.at < slot.start {
            let (start, end) = calendar.place(self.at, mode.minutes, instance.resumable[self.operation]);
            self.until(start.min(slot.start), Cause::Closed);
            let busy = held.iter().find_map(|(pool, people)| Some((*pool, people.busy_until(start, end)?)));
            match busy {
                Some((pool, later)) if self.at < slot.start => self.until(later.min(slot.start), Cause::Pool { pool }),
                _ => self.until(slot.start, Cause::Free),
            }
        }
        self.at = slot.start;
        let work = if self.until < slot.end { Cause::Batch } else { Cause::Work };
        self.open_until(calendar, self.until, work, Cause::Paused);
    }
}

/// The pools of an operation as the others hold them.
fn others_of_pools(instance: &Instance, plan: &Plan, op: u32) -> Vec<(usize, People)> {
    let others = |pool: u16| {
        let mut people = People::new(&instance.problem().pools[usize::from(pool)]);
        for other in (0..instance.len() as u32).filter(|other| *other != op && instance.pools.row(*other).contains(&pool)) {
            people.hold(plan.slots[other as usize].start, plan.slots[other as usize].end, 1);
        }
        (usize::from(pool), people)
    };
    instance.pools.row(op).iter().map(|pool| others(*pool)).collect()
}
