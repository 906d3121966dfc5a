//! The planner of the living demo: every morning the plan in force is repaired by the plant's own engine, and what helps
//! an order that would be late is published; so is every draft that repairs a breakdown, all of it. Deliberately not in
//! a history: its days are tuned to their bands with the office's first gaps.

use std::time::{Duration, Instant};

use super::Simulator;
use super::agenda::Event;
use super::desk::Who;
use super::job::{Job, Stage, StepState};
use super::station::Place;
use crate::base::{Code, Refusal, limits};
use crate::followers::{figures, replan};
use crate::model::command::PublishPlan;
use crate::model::field::Note;
use crate::model::schedule::PlannedSlot;
use crate::model::{Command, Noun};
use crate::planning::{Ask, Desk, Draft, Holds, Promise, Standing, compare, look};

/// The hour at which a day is planned: before the early shift.
pub(super) const MORNING: i64 = 5;
/// How long a morning's draft gets better, and how long it is waited for.
const TIME: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const SEED: u64 = 1;

/// What planning asks of figures: hours and stops.
const FACTS: &[Noun] = &[Noun::Plant, Noun::ProductionLine, Noun::WorkCenter, Noun::Shift, Noun::CalendarException, Noun::DowntimeEvent];

/// What the planner writes on the slots of a morning.
const OF_THE_DAY: &str = "demo planner: plan of the day";

/// Drafts of a plant that lives, and the last repaired one that was published.
pub(super) struct Drafts {
    desk: Desk,
    repaired: u64,
}

/// How much of a plan is published.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    /// Everything that moves.
    All,
    /// Orders that would be late by the plan in force.
    Late,
}

impl Simulator {
    /// From now on drafts are made on a desk that people see too.
    pub fn plan_on(&mut self, desk: Desk) {
        self.drafts = Some(Drafts { desk, repaired: 0 });
    }

    /// Repairs the plan in force for the day, and publishes what helps.
    pub(super) fn plan_the_day(&mut self) -> Result<(), Refusal> {
        let Some(desk) = self.drafts.as_ref().map(|drafts| drafts.desk.clone()) else { return Ok(()) };
        self.desk.settle()?;
        let facts = figures::gather_of(self.desk.engine(), FACTS)?;
        let now = self.desk.now();
        let (shop, kept) = self.desk.engine().read(|snapshot| {
            let shop = look(snapshot, &facts, now, None)?;
            let kept = Holds::look(snapshot, &shop, now)?.keep(&shop)?;
            Ok::<_, Refusal>((shop, kept))
        })??;
        let ask = Ask { time: TIME, keep: true, seed: SEED, why: Some(OF_THE_DAY.to_owned()) };
        let draft = match desk.begin(shop, kept, ask, self.desk.planner()) {
            // People are planning just now: theirs counts.
            Err(refusal) if refusal.code == Code::Busy => return Ok(()),
            draft => draft?,
        };
        let until = Instant::now() + PATIENCE;
        while draft.standing().0 == Standing::Solving && Instant::now() < until {
            std::thread::sleep(LOOK_AGAIN);
        }
        self.publish_draft(&draft, Share::Late, OF_THE_DAY)
    }

    /// Publishes the newest draft that was repaired after something broke, once.
    pub(super) fn publish_repairs(&mut self) -> Result<(), Refusal> {
        let Some(drafts) = &mut self.drafts else { return Ok(()) };
        let newest = drafts.desk.all().into_iter().rev().find(|draft| draft.by == replan::PLANNER);
        let Some(draft) = newest.filter(|draft| draft.id > drafts.repaired && draft.standing().0 == Standing::Ready) else { return Ok(()) };
        drafts.repaired = draft.id;
        let why = draft.ask.why.clone().unwrap_or_default();
        self.desk.settle()?;
        self.publish_draft(&draft, Share::All, &format!("demo planner: {why}"))
    }

    /// Publishes what a draft moves of our own orders, as far as it has not begun.
    fn publish_draft(&mut self, draft: &Draft, share: Share, why: &str) -> Result<(), Refusal> {
        let (shop, mut pieces) = (&draft.shop, Vec::<Vec<PlannedSlot>>::new());
        for effect in compare(shop, &draft.plan()).into_iter().filter(|effect| share == Share::All || matches!(effect.promise, Promise::Saved | Promise::Late)) {
            let Some(job) = self.jobs.get(&effect.order.number()).filter(|job| is_planned(job)) else { continue };
            let waits = |sequence: i64| job.steps.iter().any(|step| step.sequence == sequence && step.state == StepState::Waiting);
            let moves = effect.moves.iter().filter(|moved| waits(shop.tasks[moved.operation].sequence));
            let slots: Vec<PlannedSlot> = moves
                .map(|moved| PlannedSlot {
                    work_order_id: effect.order,
                    operation_sequence: shop.tasks[moved.operation].sequence,
                    work_center_id: Some(shop.centers[moved.to.center as usize].work_center_id),
                    planned_start_time: shop.moment(moved.to.start),
                    planned_end_time: shop.moment(moved.to.end),
                })
                .collect();
            match pieces.last_mut() {
                Some(last) if last.len() + slots.len() <= limits::PLAN_SLOTS_MAX => last.extend(slots),
                _ => pieces.push(slots),
            }
        }
        for slots in pieces.into_iter().filter(|slots| !slots.is_empty()) {
            slots.iter().for_each(|slot| self.take_slot(slot));
            self.desk.tell(Who::Planner, Command::PublishPlan(PublishPlan { slots, notes: Some(Note(why.to_owned())) }))?;
        }
        draft.published();
        Ok(())
    }

    /// A step goes where and when the plan says; one that has arrived already is carried over.
    fn take_slot(&mut self, slot: &PlannedSlot) {
        let (order, now) = (slot.work_order_id.number(), self.desk.now());
        let Some(job) = self.jobs.get_mut(&order) else { return };
        let Some(at) = job.steps.iter().position(|step| step.sequence == slot.operation_sequence) else { return };
        let step = &mut job.steps[at];
        let (from, to) = (step.center, slot.work_center_id.map_or(step.center, crate::model::Id::number));
        (step.center, step.planned) = (to, slot.planned_start_time);
        if let Some(station) = self.stations.get_mut(&from) {
            station.give(order, Some(at));
            station.ready.retain(|entry| (entry.2, entry.3) != (order, at));
        }
        if let Some(station) = self.stations.get_mut(&to) {
            if let Some(center) = self.book.centers.get(&to) {
                station.hours.reach(&self.book, center, self.book.local(slot.planned_end_time).0.plus_days(1));
            }
            let begins = station.hours.position(slot.planned_start_time);
            station.take(Place { from: begins, to: station.hours.position(slot.planned_end_time).max(begins + 1), order, at });
        }
        if self.jobs.get(&order).is_some_and(|job| job.is_ready(at)) {
            self.agenda.add(now, Event::Ready(order, at));
        }
    }
}

fn is_planned(job: &Job) -> bool {
    matches!(job.stage, Stage::Scheduled | Stage::Running) && !job.held
}
