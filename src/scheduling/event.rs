//! What happens on the floor and to the problem with it: started work becomes fixed, the rest is free from now on.
//! It changes the problem only; [`super::repair`] makes the plan.

use super::plan::Slot;
use super::problem::{Fault, Job, Minutes, Problem};

/// Something that the plan in force did not know.
#[derive(Clone, Debug)]
pub enum Event {
    /// A work center stands still for a while.
    CenterDown {
        /// When it is known.
        now: Minutes,
        /// Which one.
        center: usize,
        /// From here.
        from: Minutes,
        /// Until here.
        to: Minutes,
    },
    /// One more job, usually urgent.
    RushJob {
        /// When it is known.
        now: Minutes,
        /// The job, with positions of the problem's own lists.
        job: Job,
    },
}

impl Event {
    /// When it is known: what has started before stays.
    pub const fn now(&self) -> Minutes {
        match self {
            Self::CenterDown { now, .. } | Self::RushJob { now, .. } => *now,
        }
    }

    /// The problem as it stands after the event, with the plan in force until then.
    ///
    /// # Errors
    /// Where the plan in force does not hold every operation of the problem.
    pub fn apply(&self, problem: &mut Problem, before: &[Option<Slot>]) -> Result<(), Fault> {
        let now = self.now();
        let mut slots = before.iter();
        let down = match self {
            Self::CenterDown { center, from, to, .. } => {
                problem.centers[*center].downtime.push((*from, *to));
                Some(*center)
            }
            Self::RushJob { .. } => None,
        };
        for (number, job) in problem.jobs.iter_mut().enumerate() {
            for (place, op) in job.operations.iter_mut().enumerate() {
                let slot = slots.next().copied().flatten().ok_or_else(|| Fault::new(format!("schedule ({number},{place})"), "the plan in force does not hold this operation"))?;
                if slot.start < now {
                    op.fixed = Some((slot.center as usize, slot.start));
                    op.resumable |= down == Some(slot.center as usize) && slot.end > now;
                } else {
                    op.release = op.release.max(now);
                }
            }
        }
        if let Self::RushJob { job, .. } = self {
            let mut job = job.clone();
            job.operations.iter_mut().for_each(|op| op.release = op.release.max(now));
            problem.jobs.push(job);
        }
        Ok(())
    }
}
