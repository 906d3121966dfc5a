//! A work center as the simulator follows it: who stands there, what runs, what is planned, what waits.
//! Deliberately it decides nothing: the floor does.

use std::collections::BTreeSet;

use super::hours::Hours;
use crate::base::Time;
use crate::model::downtime::DowntimeCategory;

/// What comes next at a work center.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing is planned.
    #[default]
    Nothing,
    /// Looks for work.
    Dispatch,
    /// The setup ends.
    SetUp,
    /// Pieces are counted, or something happens to the run.
    Count,
    /// The run goes on after a break.
    GoOn,
    /// It has been without work for long.
    Idle,
}

/// Somebody's open time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) since: Time,
    pub(super) good: i64,
    pub(super) bad: i64,
    pub(super) break_minutes: i64,
    pub(super) setup: bool,
}

/// An open changeover, and how long it was meant to take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changeover {
    pub(super) number: u64,
    pub(super) since: Time,
}

/// A step at work.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) order: u64,
    pub(super) at: usize,
    /// Since when it has been getting on; `None` while it stands.
    pub(super) active: Option<Time>,
    /// Setup still to do, in milliseconds.
    pub(super) setup_ms: i64,
    pub(super) changeover: Option<Changeover>,
    /// What a piece takes with this operator.
    pub(super) piece_ms: i64,
    /// Time already spent on the piece in work.
    pub(super) carry_ms: i64,
    /// Pieces made and not reported yet.
    pub(super) made: i64,
    pub(super) reported_at: Time,
    pub(super) row: Option<Row>,
    /// A second person, as an open row.
    pub(super) helper: Option<(u64, Row)>,
}

/// An open stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) number: u64,
    pub(super) category: DowntimeCategory,
    /// How it is put right: which of the catalogue's faults it was.
    pub(super) fault: usize,
    /// What its sensors showed, where that is told here.
    pub(super) shown: Option<u64>,
    /// A technician's open row and since when.
    pub(super) repair: Option<(u64, Time)>,
}

/// A place in the plan, in seconds of open time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) order: u64,
    pub(super) at: usize,
}

/// A work center.
#[derive(Clone, Debug)]
pub(super) struct Station {
    pub(super) hours: Hours,
    pub(super) act: Act,
    /// An act planned under an older token is void.
    pub(super) token: u64,
    pub(super) operator: Option<u64>,
    /// The operator is on a break.
    pub(super) away: bool,
    pub(super) had_break: bool,
    /// What the operator does beside orders.
    pub(super) side: Option<(u64, Time)>,
    pub(super) run: Option<Run>,
    pub(super) stop: Option<Stop>,
    /// Order and product it was last set up for.
    pub(super) last: Option<(u64, u64)>,
    /// Steps that are here: rush first, then in the order of the plan.
    pub(super) ready: BTreeSet<(bool, Time, u64, usize)>,
    pub(super) plan: Vec<Place>,
    /// Running time until it next breaks down, and until it next stops for a short while.
    pub(super) sound_ms: i64,
    pub(super) smooth_ms: i64,
    /// When it is next serviced.
    pub(super) service_at: Time,
    /// When the planted stop comes back.
    pub(super) recurs_at: Option<Time>,
}

impl Station {
    pub(super) fn new(hours: Hours) -> Self {
        Self {
            hours,
            act: Act::Nothing,
            token: 0,
            operator: None,
            away: false,
            had_break: false,
            side: None,
            run: None,
            stop: None,
            last: None,
            ready: BTreeSet::new(),
            plan: Vec::new(),
            sound_ms: i64::MAX,
            smooth_ms: i64::MAX,
            service_at: Time::from_micros(i64::MAX),
            recurs_at: None,
        }
    }

    /// Whether somebody could begin something here now.
    pub(super) const fn is_free(&self) -> bool {
        self.operator.is_some() && !self.away && self.stop.is_none() && self.run.is_none()
    }

    /// The first gap in the plan at or after a position that so many seconds fit into.
    pub(super) fn gap(&self, earliest: i64, seconds: i64) -> i64 {
        let mut from = earliest;
        for place in self.plan.iter().filter(|place| place.to > earliest) {
            if place.from >= from + seconds {
                break;
            }
            from = from.max(place.to);
        }
        from
    }

    /// Seconds of work that should have been done by a position and are not.
    pub(super) fn backlog(&self, now: i64) -> i64 {
        self.plan.iter().filter(|place| place.to <= now).map(|place| place.to - place.from).sum()
    }

    /// Takes a place in the plan.
    pub(super) fn take(&mut self, place: Place) {
        let at = self.plan.partition_point(|known| known.from <= place.from);
        self.plan.insert(at, place);
    }

    /// Gives the places of a step, or of a whole order, free again.
    pub(super) fn give(&mut self, order: u64, at: Option<usize>) {
        self.plan.retain(|place| place.order != order || at.is_some_and(|at| at != place.at));
    }
}

impl Run {
    /// Brings the account up to a moment; pieces never exceed what can be made. Answers the
    /// milliseconds that passed.
    pub(super) fn count(&mut self, now: Time, open: i64) -> i64 {
        let Some(since) = self.active.replace(now) else {
            self.active = None;
            return 0;
        };
        let passed = (now.micros() - since.micros()) / 1_000;
        if self.setup_ms > 0 {
            self.setup_ms = (self.setup_ms - passed).max(0);
            return 0;
        }
        let spent = self.carry_ms + passed;
        self.made = (self.made + spent / self.piece_ms).min(open);
        self.carry_ms = spent % self.piece_ms;
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_filled_from_its_first_gap() {
        let mut station = Station::new(Hours::default());
        for (from, to, order) in [(100, 200, 1), (250, 400, 2)] {
            station.take(Place { from, to, order, at: 0 });
        }
        assert_eq!([station.gap(0, 100), station.gap(0, 120), station.gap(0, 50), station.gap(150, 50), station.gap(500, 10)], [0, 400, 0, 200, 500]);
        station.give(1, None);
        assert_eq!(station.gap(0, 120), 0);
    }

    #[test]
    fn a_run_counts_whole_pieces_and_keeps_the_rest_of_its_time() {
        let start = Time::from_micros(0);
        let row = None;
        let mut run = Run { order: 1, at: 0, active: Some(start), setup_ms: 0, changeover: None, piece_ms: 60_000, carry_ms: 0, made: 0, reported_at: start, row, helper: None };
        run.count(start.plus_minutes(2), 10);
        run.count(Time::from_micros(150_000_000), 10);
        assert_eq!((run.made, run.carry_ms), (2, 30_000));
        run.count(start.plus_minutes(30), 10);
        assert_eq!(run.made, 10);
    }
}
