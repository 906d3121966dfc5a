//! A plan: where and when each operation runs, and what it is worth. Feasible only if [`super::check`] says so.

use super::instance::{Instance, NONE};
use super::problem::{Minutes, Objective};

/// Where and when an operation runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Position of its work center.
    pub center: u32,
    /// First minute.
    pub start: Minutes,
    /// The minute after its last.
    pub end: Minutes,
}

/// A slot for every operation, in the order of [`Instance::operations_of`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// By operation.
    pub slots: Vec<Slot>,
}

/// What a plan is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// End of the last operation.
    pub makespan: Minutes,
    /// Weight times minutes late, over all jobs.
    pub weighted_tardiness: i64,
    /// Jobs that end after their due date.
    pub late_jobs: usize,
    /// Jobs with a due date.
    pub due_jobs: usize,
    /// Minutes of setup.
    pub setup_minutes: i64,
    /// Setups that take time.
    pub setups: usize,
}

impl Figures {
    /// The number that an objective compares.
    pub fn objective(&self, objective: Objective) -> i64 {
        match objective {
            Objective::Makespan => self.makespan.into(),
            Objective::WeightedTardiness => self.weighted_tardiness,
        }
    }
}

impl Plan {
    /// The figures of a plan.
    pub fn figures(&self, instance: &Instance) -> Figures {
        let mut figures = Figures { makespan: self.slots.iter().map(|slot| slot.end).max().unwrap_or(0), ..Figures::default() };
        for job in 0..instance.jobs() as u32 {
            let Some(due) = instance.job(job).due else { continue };
            let late = self.completion(instance, job) - due;
            figures.due_jobs += 1;
            if late > 0 {
                figures.late_jobs += 1;
                figures.weighted_tardiness += i64::from(late) * i64::from(instance.job(job).weight);
            }
        }
        for (center, row) in self.rows(instance).iter().enumerate() {
            let mut state = instance.initial[center];
            for &op in row {
                let needed = instance.mode_on(op, center as u32).map_or(NONE, |mode| mode.state);
                let minutes = instance.setup(center as u32, state, needed);
                figures.setup_minutes += i64::from(minutes);
                figures.setups += usize::from(minutes > 0);
                state = if needed == NONE { state } else { needed };
            }
        }
        figures
    }

    /// When a job is done.
    pub(super) fn completion(&self, instance: &Instance, job: u32) -> Minutes {
        instance.ops_of(job).map(|op| self.slots[op as usize].end).max().unwrap_or(0)
    }

    /// The sequence of each work center.
    pub(super) fn rows(&self, instance: &Instance) -> Vec<Vec<u32>> {
        let mut rows = vec![Vec::new(); instance.calendars.len()];
        for (op, slot) in self.slots.iter().enumerate() {
            rows[slot.center as usize].push(op as u32);
        }
        for row in &mut rows {
            row.sort_unstable_by_key(|op| (self.slots[*op as usize].start, self.slots[*op as usize].end, *op));
        }
        rows
    }
}
