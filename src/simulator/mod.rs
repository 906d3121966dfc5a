//! Floor 7: a believable plant without a plant: master data of a small kitchen equipment maker, its
//! history, and its life hour by hour, all through the same commands as a person's, seeded and
//! repeatable. Deliberately nothing is written past the rules: a refusal here is a fault of ours.
//! It waits for answers, so it runs on a plain thread and not on an async one.

mod agenda;
mod book;
mod calendar;
mod demand;
mod desk;
mod drawing;
mod fixture;
mod floor;
mod hours;
mod incidents;
mod job;
mod layout;
mod people;
mod planner;
mod planning;
mod purchasing;
mod quality;
mod random;
mod records;
mod resume;
mod shipping;
mod signals;
mod station;
mod stock;
mod stops;
mod store_room;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Refusal, Time};
use crate::engine::Engine;
use crate::model::Sensor;
use crate::model::journal::Actor;
use crate::model::quality::InspectionType;
use agenda::{Agenda, Event};
use book::Book;
use desk::Desk;
use fixture::Fixture;
use hours::Hours;
use job::Job;
use people::OnShift;
use planner::Drafts;
use random::Dice;
use shipping::Load;
pub use signals::Speak;
use signals::{Signals, TELLING};
use station::Station;
use stock::Stock;

/// How the simulated plant is called, as a plant and as its one site.
pub const PLANT_NAME: &str = "Riverside Kitchen Works";
/// Orders on the books when a history begins.
const FIRST_ORDERS: usize = 70;
/// Days of a history after which the planted rush order comes.
const RUSH_AFTER_DAYS: i64 = 2;
/// A plant that was stopped for longer than this stood still, and does not catch up.
const CATCH_UP_DAYS: i64 = 31;

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
    agenda: Agenda,
    /// Everything up to here is done.
    done_until: Time,
    on_shift: OnShift,
    stations: BTreeMap<u64, Station>,
    /// People of the open shift without a work center of their own.
    present: Vec<u64>,
    /// Technicians at a repair, and by the row of their time.
    repairing: BTreeSet<u64>,
    repairers: BTreeMap<u64, u64>,
    jobs: BTreeMap<u64, Job>,
    stock: Stock,
    loads: Vec<Load>,
    /// Lots that an inspection holds, and orders.
    held_by: BTreeMap<u64, String>,
    quality_held: BTreeMap<u64, u64>,
    to_approve: Vec<u64>,
    /// Demand that is still to come before it begins anew.
    bag: Vec<usize>,
    received: u64,
    /// By material, what is on its way.
    on_order: BTreeMap<u64, u64>,
    mishaps: u64,
    drift_from: Option<Time>,
    drift_fails: u64,
    tainted_loads: u64,
    story_told: bool,
    /// When the planted rush order comes; `None` once one has moved others back.
    rush_due: Option<Time>,
    /// What the machines tell, where somebody listens.
    signals: Option<Signals>,
    /// While a history is made: by machine, the sensor that shows a breakdown.
    telling: BTreeMap<u64, Sensor>,
    /// Where drafts of plans lie, while people are there to see them.
    drafts: Option<Drafts>,
}

/// Makes the master data on a founded, empty plant.
pub fn master_data(engine: &Engine, cast: &Cast, at: Time) -> Result<Simulator, Refusal> {
    let fixture = Fixture::kitchen()?;
    let mut desk = Desk::new(engine, cast, at);
    desk.be_alone(true);
    fixture.make(&mut desk)?;
    let book = Book::read(&desk, &fixture)?;
    Ok(Simulator::new(desk, book, 0, at))
}

impl Simulator {
    fn new(desk: Desk, book: Book, seed: u64, now: Time) -> Self {
        let first = now.date(&book.zone).plus_days(-2);
        let stations = book.centers.keys().map(|id| (*id, Station::new(Hours::from(first)))).collect();
        Self {
            desk,
            book,
            dice: Dice::new(seed),
            agenda: Agenda::default(),
            done_until: now,
            on_shift: OnShift::default(),
            stations,
            present: Vec::new(),
            repairing: BTreeSet::new(),
            repairers: BTreeMap::new(),
            jobs: BTreeMap::new(),
            stock: Stock::default(),
            loads: Vec::new(),
            held_by: BTreeMap::new(),
            quality_held: BTreeMap::new(),
            to_approve: Vec::new(),
            bag: Vec::new(),
            received: 0,
            on_order: BTreeMap::new(),
            mishaps: 0,
            drift_from: None,
            drift_fails: 0,
            tainted_loads: 0,
            story_told: false,
            rush_due: None,
            signals: None,
            telling: BTreeMap::new(),
            drafts: None,
        }
    }

    /// Lives from the start of a plan to its end, and sees to it that every state of an order is there.
    /// Nobody else may act meanwhile.
    pub fn history(&mut self, plan: &Plan, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
        self.dice = Dice::new(plan.seed);
        self.done_until = plan.start;
        self.desk.begin(plan.start);
        self.speak_of_history(plan.start, plan.end);
        self.begin_drift(plan.start);
        self.rush_due = Some(plan.start.plus_minutes(RUSH_AFTER_DAYS * 1_440));
        let telling = self.desk.records::<Sensor>(0, usize::MAX)?.into_iter().filter(|it| it.critical_range_max.is_some() && TELLING.contains(&it.sensor_type.as_str()));
        self.telling = telling.map(|sensor| (sensor.machine_id.number(), sensor)).collect();
        self.write_calendar(plan.start, plan.end)?;
        self.file_drawings()?;
        self.first_deliveries()?;
        self.plan_service();
        for _ in 0..FIRST_ORDERS {
            self.customer_order()?;
        }
        self.make_ahead()?;
        self.begin_agenda(plan.start)?;
        self.live_by_hours(plan.start, plan.end, progress)?;
        self.last_touches()?;
        self.tell_states();
        self.hand_in_samples()?;
        self.desk.settle()?;
        self.desk.be_alone(false);
        self.telling.clear();
        Ok(())
    }

    /// Lives what a plant has missed while it was stopped. Nobody else may act meanwhile.
    pub fn catch_up(&mut self, now: Time, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
        self.desk.be_alone(true);
        let from = self.done_until;
        self.speak_of_history(from, now);
        self.live_by_hours(from, now, progress)?;
        self.hand_in_samples()?;
        self.desk.settle()?;
        self.desk.be_alone(false);
        Ok(())
    }

    fn live_by_hours(&mut self, from: Time, to: Time, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
        let hours = |to: Time| u64::try_from((to.minutes_since(from) / 60).max(0)).unwrap_or(0);
        while self.done_until < to {
            let next = self.done_until.plus_minutes(60).min(to);
            self.happen_until(next)?;
            progress(hours(next), hours(to));
        }
        Ok(())
    }

    /// The clockwork: the office's hours and the shifts.
    fn begin_agenda(&mut self, now: Time) -> Result<(), Refusal> {
        let minute = self.book.local(now).2;
        self.agenda.add(now.plus_minutes((60 - minute) % 60), Event::Hour);
        self.change_shift()
    }

    /// Lives up to a plant time; called again and again. If others have acted in the meantime, it looks
    /// at the plant anew first.
    pub fn advance_to(&mut self, now: Time) -> Result<(), Refusal> {
        if self.desk.others_acted()? {
            self.look()?;
        }
        let done = match self.live_to(now) {
            // Somebody was faster than our look at the plant: look again and go on from there.
            Err(refusal) if self.desk.others_acted()? => {
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
        self.speak_live(now);
        self.publish_repairs()?;
        self.happen_until(now)?;
        self.hand_in_samples()?;
        self.desk.settle()
    }

    /// Up to when it has lived.
    pub const fn lived_until(&self) -> Time {
        self.done_until
    }

    /// Rebuilds a simulator on a plant whose master data exist already, as of its newest entry; what the
    /// plant has missed since is for `catch_up`.
    pub fn resume(engine: &Engine, cast: &Cast, seed: u64, now: Time) -> Result<Self, Refusal> {
        let mut desk = Desk::new(engine, cast, Time::default());
        desk.catch_up()?;
        let stopped = desk.now().max(now.plus_minutes(-CATCH_UP_DAYS * 1_440));
        desk.begin(stopped);
        let book = Book::read(&desk, &Fixture::kitchen()?)?;
        // Another seed than the history's, or the days after a restart would repeat its first ones.
        let mut simulator = Self::new(desk, book, seed ^ stopped.micros().unsigned_abs(), stopped);
        simulator.look()?;
        Ok(simulator)
    }

    fn happen_until(&mut self, limit: Time) -> Result<(), Refusal> {
        while let Some((at, event)) = self.agenda.next_by(limit) {
            self.measure_until(at)?;
            self.desk.begin(at);
            self.done_until = self.done_until.max(at);
            self.happen(event)?;
            self.tell_states();
        }
        self.measure_until(limit)?;
        self.done_until = self.done_until.max(limit);
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), Refusal> {
        match event {
            Event::Hour => self.hour(),
            Event::Shift => self.change_shift(),
            Event::Arrival => self.customer_order().map(|_| ()),
            Event::Office(order) => self.office(order),
            Event::Ready(order, at) => self.arrive(order, at),
            Event::Station(id, token) => self.station_due(id, token),
            Event::BreakOver(id, row) => self.end_break(id, row),
            Event::Respond(id, stop) => self.respond(id, stop),
            Event::StopOver(id, stop) => self.stop_over(id, stop),
            Event::ReleaseOrder(order) => self.resume_order(order),
            Event::ReleaseLot(lot) => self.release_lot(&lot),
            Event::DecideHeld(order, at) => self.decide_held(order, at),
            Event::Incoming(lot, material) => self.inspect_delivery(lot, material),
            Event::Dispose(inspection, finding) => self.dispose(inspection, finding),
            Event::ApproveInspection(inspection) => self.approve_inspection(inspection),
            Event::Analyze(defect, story) => self.analyze(defect, story),
            Event::CloseDefect(defect) => self.close_defect(defect),
            Event::BatchRecord(record, order, act) => self.go_on_with_record(record, order, act),
            Event::Leave(load) => self.ship(load),
            Event::Complaint(order, lot, pieces) => self.complain(order, lot, pieces),
            Event::ClockOut(row, rest) => self.clock_out(row, rest),
        }
    }

    /// What the office does on the hour.
    fn hour(&mut self) -> Result<(), Refusal> {
        let now = self.desk.now();
        let (day, hour, _) = self.book.local(now);
        self.agenda.add(now.plus_minutes(60), Event::Hour);
        self.expect_orders();
        self.make_ahead()?;
        self.deliveries()?;
        if matches!(hour, 7 | 10 | 13 | 16 | 19) {
            self.plan_loads()?;
        }
        match hour {
            3 | 10 | 17 => self.patrol(InspectionType::Patrol)?,
            14 => self.approve()?,
            planner::MORNING => self.plan_the_day()?,
            9 if day.weekday() == 4 => self.patrol(InspectionType::Audit)?,
            _ => {}
        }
        self.recur()?;
        self.plant_rush()?;
        self.incidents()
    }
}
