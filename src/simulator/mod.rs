//! Floor 7: a believable plant without a plant: master data of a small kitchen equipment maker, its
//! history, and its life hour by hour, all through the same commands as a person's, seeded and
//! repeatable. Deliberately nothing is written past the rules: a refusal here is a fault of ours.
//! It waits for answers, so it runs on a plain thread and not on an async one.

mod book;
mod demand;
mod desk;
mod fixture;
mod floor;
mod incidents;
mod job;
mod people;
mod planning;
mod random;
mod resume;
mod shipping;
mod stock;
mod store_room;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::base::{Refusal, Time};
use crate::engine::Engine;
use crate::model::journal::Actor;
use book::Book;
use desk::Desk;
use fixture::Fixture;
use job::Job;
use random::Dice;
use shipping::Load;
use stock::Stock;

/// Plant minutes of one step.
const STEP_MINUTES: i64 = 10;
/// Orders on the books when a history begins.
const FIRST_ORDERS: usize = 8;

/// Who acts: one actor a role, made by the caller (users are created elsewhere).
#[derive(Clone, Debug)]
pub struct Cast {
    /// Creates, releases and schedules orders, plans shipments.
    pub planner: Actor,
    /// Resumes, reverses, approves.
    pub lead: Actor,
    /// Works.
    pub operator: Actor,
    /// Holds and releases lots.
    pub inspector: Actor,
    /// Makes the master data.
    pub manager: Actor,
}

/// How long a history is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The same seed and the same start give the same commands.
    pub seed: u64,
    /// The first moment.
    pub start: Time,
    /// Now.
    pub end: Time,
}

/// A plant that lives.
pub struct Simulator {
    desk: Desk,
    book: Book,
    dice: Dice,
    /// Steps up to here are done.
    done_until: Time,
    shift: Option<u64>,
    jobs: BTreeMap<u64, Job>,
    stock: Stock,
    loads: Vec<Load>,
    held_lots: Vec<(Time, String)>,
    to_approve: Vec<u64>,
    mishaps: u64,
    tainted_loads: u64,
    story_told: bool,
}

/// Makes the master data on a founded, empty plant.
pub fn master_data(engine: &Engine, cast: &Cast, at: Time) -> Result<Simulator, Refusal> {
    let fixture = Fixture::kitchen()?;
    let mut desk = Desk::new(engine, cast, at);
    fixture.make(&mut desk)?;
    let book = Book::read(&desk, &fixture)?;
    Ok(Simulator::new(desk, book, 0, at))
}

impl Simulator {
    fn new(desk: Desk, book: Book, seed: u64, now: Time) -> Self {
        Self {
            desk,
            book,
            dice: Dice::new(seed),
            done_until: now,
            shift: None,
            jobs: BTreeMap::new(),
            stock: Stock::default(),
            loads: Vec::new(),
            held_lots: Vec::new(),
            to_approve: Vec::new(),
            mishaps: 0,
            tainted_loads: 0,
            story_told: false,
        }
    }

    /// Lives from the start of a plan to its end, and sees to it that every state of an order is there.
    pub fn history(&mut self, plan: &Plan, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
        self.dice = Dice::new(plan.seed);
        self.done_until = plan.start;
        self.desk.begin(plan.start, plan.start.plus_minutes(STEP_MINUTES));
        self.first_deliveries()?;
        for _ in 0..FIRST_ORDERS {
            self.customer_order()?;
        }
        let steps = |to: Time| u64::try_from((to.minutes_since(plan.start) / STEP_MINUTES).max(0)).unwrap_or(0);
        while self.step_before(plan.end)? {
            progress(steps(self.done_until), steps(plan.end));
        }
        self.last_touches(plan.end)?;
        self.desk.settle()
    }

    /// Steps the living plant up to a plant time; called again and again. If others have acted in
    /// the meantime, it looks at the plant anew first.
    pub fn advance_to(&mut self, now: Time) -> Result<(), Refusal> {
        if self.done_until.plus_minutes(STEP_MINUTES) <= now && self.desk.others_acted() {
            self.look()?;
        }
        let done = match self.live_to(now) {
            // Somebody was faster than our look at the plant: look again and go on from there.
            Err(refusal) if self.desk.others_acted() => {
                tracing::debug!(%refusal, "the simulator looks at the plant anew");
                self.look()?;
                self.live_to(now)
            }
            done => done,
        };
        // What was in hand when an act was refused is not in the picture any more: look again next time.
        done.inspect_err(|_| self.desk.disturb())
    }

    fn live_to(&mut self, now: Time) -> Result<(), Refusal> {
        while self.step_before(now)? {}
        self.desk.settle()
    }

    /// Rebuilds a simulator on a plant whose master data exist already.
    pub fn resume(engine: &Engine, cast: &Cast, seed: u64, now: Time) -> Result<Self, Refusal> {
        let desk = Desk::new(engine, cast, now);
        let book = Book::read(&desk, &Fixture::kitchen()?)?;
        // Another seed than the history's, or the days after a restart would repeat its first ones.
        let mut simulator = Self::new(desk, book, seed ^ now.micros().unsigned_abs(), now);
        simulator.look()?;
        // Whoever was left clocked in when the plant stopped goes home now, and the open shift takes over.
        simulator.shift = None;
        Ok(simulator)
    }

    /// One step, if it ends by `limit`; answers whether it was made.
    fn step_before(&mut self, limit: Time) -> Result<bool, Refusal> {
        let end = self.done_until.plus_minutes(STEP_MINUTES);
        if end > limit {
            return Ok(false);
        }
        self.desk.begin(self.done_until, end);
        self.change_shift()?;
        self.deliveries()?;
        self.plan()?;
        self.work()?;
        self.dispatch()?;
        self.ship()?;
        self.approve()?;
        self.incidents()?;
        self.done_until = end;
        Ok(true)
    }
}
