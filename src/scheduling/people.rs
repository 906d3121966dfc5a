//! How many people or tools of a pool are held at each instant: a step function. It counts; it does not know who.

use super::problem::{Minutes, Pool};

/// From an instant on, so many are held.
#[derive(Clone, Copy, Debug)]
struct Step {
    from: Minutes,
    held: i32,
}

/// The people of one pool over time.
#[derive(Clone, Debug)]
pub(super) struct People {
    capacity: i32,
    steps: Vec<Step>,
}

impl People {
    /// Nobody is held but those who are missing.
    pub(super) fn new(pool: &Pool) -> Self {
        let whole = |count: u32| count.min(i32::MAX as u32) as i32;
        let mut it = Self { capacity: whole(pool.capacity), steps: vec![Step { from: Minutes::MIN, held: 0 }] };
        pool.missing.iter().for_each(|(from, to, count)| it.hold(*from, *to, whole(*count)));
        it
    }

    /// The step that holds at an instant.
    fn step_at(&self, at: Minutes) -> usize {
        self.steps.partition_point(|step| step.from <= at) - 1
    }

    /// `None` where one person more is free throughout; otherwise the next instant worth trying.
    pub(super) fn busy_until(&self, start: Minutes, end: Minutes) -> Option<Minutes> {
        if start >= end {
            return None;
        }
        let mut at = self.step_at(start);
        while self.steps[at].held < self.capacity {
            at += 1;
            if at == self.steps.len() || self.steps[at].from >= end {
                return None;
            }
        }
        while self.steps[at].held >= self.capacity {
            at += 1;
        }
        Some(self.steps[at].from)
    }

    /// Holds so many more (or, below 0, fewer) for a while.
    pub(super) fn hold(&mut self, start: Minutes, end: Minutes, change: i32) {
        if start >= end {
            return;
        }
        let first = self.cut(start);
        let last = self.cut(end);
        self.steps[first..last].iter_mut().for_each(|step| step.held += change);
        self.join(last);
        self.join(first);
    }

    /// Begins a step at an instant, if none does.
    fn cut(&mut self, at: Minutes) -> usize {
        let step = self.step_at(at);
        if self.steps[step].from == at {
            return step;
        }
        self.steps.insert(step + 1, Step { from: at, held: self.steps[step].held });
        step + 1
    }

    /// Forgets a step that changes nothing.
    fn join(&mut self, step: usize) {
        if step > 0 && self.steps[step].held == self.steps[step - 1].held {
            self.steps.remove(step);
        }
    }
}
