//! The rules of a plan, checked from their definition: an oracle that shares no code with the search.
//! It asks the problem, not the compiled instance, and walks open time minute by minute; it does not say how to do better.

use std::collections::HashMap;

use super::plan::Plan;
use super::problem::{Center, Minutes, Operation, Problem, part};

/// Problems one check lists.
const LISTED_MAX: usize = 20;

/// What is wrong with a plan; empty where nothing is.
pub fn check(problem: &Problem, plan: &Plan) -> Vec<String> {
    let operations: Vec<(usize, usize, &Operation)> =
        problem.jobs.iter().enumerate().flat_map(|(job, it)| it.operations.iter().enumerate().map(move |(place, op)| (job, place, op))).collect();
    if operations.len() != plan.slots.len() {
        return vec![format!("{} operations have {} slots", operations.len(), plan.slots.len())];
    }
    let mut checker = Checker { problem, plan, operations, faults: Vec::new() };
    checker.check_slots();
    if checker.faults.is_empty() {
        checker.check_centers();
        checker.check_pools();
    }
    checker.faults
}

struct Checker<'a> {
    problem: &'a Problem,
    plan: &'a Plan,
    operations: Vec<(usize, usize, &'a Operation)>,
    faults: Vec<String>,
}

impl Checker<'_> {
    fn fault(&mut self, operation: usize, reason: &str) {
        if self.faults.len() < LISTED_MAX {
            let (job, place, _) = self.operations[operation];
            self.faults.push(format!("({job},{place}) {reason}"));
        }
    }

    /// Each operation by itself and against its predecessors.
    fn check_slots(&mut self) {
        let mut first = 0;
        for at in 0..self.operations.len() {
            let ((job, place, op), slot) = (self.operations[at], self.plan.slots[at]);
            if place == 0 {
                first = at;
            }
            let Some(&(center, minutes)) = op.modes.iter().find(|mode| mode.0 == slot.center as usize) else {
                self.fault(at, "is not eligible on its work center");
                continue;
            };
            if op.fixed.is_some_and(|fixed| fixed != (center, slot.start)) {
                self.fault(at, "is fixed elsewhere");
            }
            if op.fixed.is_none() && slot.start < op.release.max(self.problem.jobs[job].release) {
                self.fault(at, "starts before its release");
            }
            let hours = self.hours(center);
            if slot.start < 0 || !hours.is_open(slot.start) {
                self.fault(at, "starts while its work center is closed");
            } else if hours.end_of(slot.start, minutes, op.resumable) != Some(slot.end) {
                self.fault(at, "does not end where its time and the calendar say");
            }
            for &(before, lag) in op.predecessors.iter().filter(|_| op.fixed.is_none()) {
                let batch = self.operations[first + before].2.batch;
                if self.batch_done(first + before).is_none_or(|done| slot.start < done + lag) {
                    self.fault(at, "starts before a predecessor has passed anything on");
                }
                if slot.end < self.plan.slots[first + before].end + lag + part(minutes, batch) {
                    self.fault(at, "ends too soon after a predecessor's last batch");
                }
            }
        }
    }

    /// When the first transfer batch of an operation is done.
    fn batch_done(&self, at: usize) -> Option<Minutes> {
        let (op, slot) = (self.operations[at].2, self.plan.slots[at]);
        let minutes = op.modes.iter().find(|mode| mode.0 == slot.center as usize)?.1;
        self.hours(slot.center as usize).end_of(slot.start, part(minutes, op.batch), op.resumable)
    }

    fn hours(&self, center: usize) -> OpenTime<'_> {
        OpenTime { problem: self.problem, center: &self.problem.centers[center] }
    }

    /// One operation at a time, with setups between.
    fn check_centers(&mut self) {
        let mut rows: HashMap<u32, Vec<usize>> = HashMap::new();
        self.plan.slots.iter().enumerate().for_each(|(at, slot)| rows.entry(slot.center).or_default().push(at));
        for (center, mut row) in rows {
            row.sort_by_key(|at| (self.plan.slots[*at].start, self.plan.slots[*at].end, *at));
            let it = &self.problem.centers[center as usize];
            let (mut state, mut free) = (it.initial_state, 0);
            for at in row {
                let (slot, op) = (self.plan.slots[at], self.operations[at].2);
                let needed = it.matrix.and_then(|matrix| op.states.iter().find(|(of, _)| *of == matrix)).map(|(_, state)| *state);
                let setup = match (it.matrix, state, needed) {
                    (Some(matrix), Some(from), Some(to)) => self.problem.matrices[matrix].times[from][to],
                    _ => 0,
                };
                let at_hand = op.fixed.is_some() && slot.start == 0;
                if slot.start < free {
                    self.fault(at, "overlaps on its work center");
                } else if !at_hand && !self.hours(center as usize).has_open(free, slot.start, setup) {
                    self.fault(at, "leaves too little time for its setup");
                }
                state = needed.or(state);
                free = slot.end;
            }
        }
    }

    fn check_pools(&mut self) {
        for (number, pool) in self.problem.pools.iter().enumerate() {
            let held: Vec<usize> =
                (0..self.operations.len()).filter(|at| self.operations[*at].2.pools.contains(&number) && self.plan.slots[*at].start < self.plan.slots[*at].end).collect();
            let slots = held.iter().map(|at| (self.plan.slots[*at].start, self.plan.slots[*at].end, 1));
            let missing = pool.missing.iter().filter(|span| span.0 < span.1).map(|span| (span.0, span.1, i64::from(span.2)));
            let mut steps: Vec<(Minutes, i64)> = slots.chain(missing).flat_map(|(from, to, count)| [(from, count), (to, -count)]).collect();
            steps.sort_unstable();
            let mut taken = 0;
            let over = steps.iter().find(|step| {
                taken += step.1;
                taken > i64::from(pool.capacity)
            });
            let at_once = over.and_then(|(when, _)| held.iter().rev().find(|at| (self.plan.slots[**at].start..self.plan.slots[**at].end).contains(when)));
            if let Some(&at) = at_once {
                self.fault(at, "holds one more than its pool has");
            }
        }
    }
}

/// Open time by definition: inside a window of the period, outside closures and downtime.
struct OpenTime<'a> {
    problem: &'a Problem,
    center: &'a Center,
}

impl OpenTime<'_> {
    fn is_open(&self, at: Minutes) -> bool {
        let within = |spans: &[(Minutes, Minutes)], at: Minutes| spans.iter().any(|(from, to)| (*from..*to).contains(&at));
        let hours = self.center.hours.map(|hours| &self.problem.hours[hours]);
        !within(&self.center.downtime, at) && hours.is_none_or(|hours| within(&hours.windows, at % hours.period) && !within(&hours.closed, at))
    }

    fn always(&self) -> bool {
        self.center.hours.is_none() && self.center.downtime.is_empty()
    }

    /// When the work is done that begins at an open instant; `None` where it must not pause and would.
    fn end_of(&self, start: Minutes, minutes: Minutes, resumable: bool) -> Option<Minutes> {
        if self.always() {
            return Some(start + minutes);
        }
        let (mut at, mut left) = (start, minutes);
        while left > 0 {
            if self.is_open(at) {
                left -= 1;
            } else if !resumable {
                return None;
            }
            at += 1;
        }
        Some(at)
    }

    fn has_open(&self, from: Minutes, to: Minutes, minutes: Minutes) -> bool {
        if minutes <= 0 || self.always() {
            return to - from >= minutes;
        }
        (from..to).filter(|at| self.is_open(*at)).take(minutes as usize).count() == minutes as usize
    }
}
