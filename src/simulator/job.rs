//! An order as the simulator follows it, and its steps. Deliberately no more than deciding the next
//! act needs: the plant keeps the figures.

use crate::base::{Decimal, Time};
use crate::model::people::ActivityType;
use crate::model::work_order::OrderType;

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Created,
    Released,
    Scheduled,
    Running,
    Completed,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepState {
    Waiting,
    Running,
    Done,
}

/// Somebody at work on a step.
#[derive(Clone, Debug)]
pub(super) struct Crew {
    pub(super) employee: u64,
    /// The open labor transaction.
    pub(super) row: u64,
    pub(super) since: Time,
    pub(super) activity: ActivityType,
    pub(super) good: i64,
    pub(super) bad: i64,
}

/// A step of an order.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) sequence: i64,
    pub(super) center: Option<u64>,
    pub(super) depends_on: Vec<i64>,
    pub(super) setup_seconds: i64,
    pub(super) piece_seconds: i64,
    pub(super) state: StepState,
    /// Good and bad together.
    pub(super) produced: i64,
    pub(super) good: i64,
    pub(super) worked_seconds: i64,
    pub(super) crew: Vec<Crew>,
}

/// A sheet material issued to an order, and what will be left of it.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub(super) material: u64,
    /// The lot the cut-off comes from.
    pub(super) lot: String,
    /// Part of a sheet that the pieces do not need.
    pub(super) left: Decimal,
    /// A whole sheet was taken too many, from this lot.
    pub(super) spare: Option<String>,
    pub(super) tainted: bool,
}

/// An order.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) product: u64,
    pub(super) customer: Option<u64>,
    pub(super) kind: OrderType,
    pub(super) planned: i64,
    pub(super) priority: i64,
    pub(super) stage: Stage,
    /// When somebody looks at it next.
    pub(super) next_at: Time,
    /// On hold until then.
    pub(super) held_until: Option<Time>,
    pub(super) steps: Vec<Step>,
    /// Material is issued.
    pub(super) kitted: bool,
    pub(super) cuts: Vec<Cut>,
    pub(super) rework: i64,
    /// Metal of the bad heat is in it.
    pub(super) tainted: bool,
}

impl Job {
    /// A new order.
    pub(super) fn new(id: u64, product: u64, planned: i64, next_at: Time) -> Self {
        let (kind, stage) = (OrderType::Production, Stage::Created);
        Self {
            id,
            product,
            customer: None,
            kind,
            planned,
            priority: 5,
            stage,
            next_at,
            held_until: None,
            steps: Vec::new(),
            kitted: false,
            cuts: Vec::new(),
            rework: 0,
            tainted: false,
        }
    }

    /// Pieces that have reached a step: what all steps before it passed on.
    pub(super) fn reached(&self, at: usize) -> i64 {
        let Some(step) = self.steps.get(at) else { return 0 };
        let before = self.steps.iter().filter(|it| step.depends_on.contains(&it.sequence)).map(|it| it.good).min();
        before.unwrap_or(self.planned)
    }

    /// The first step that waits and whose predecessors are done.
    pub(super) fn ready_step(&self) -> Option<usize> {
        let done = |sequence: &i64| self.steps.iter().any(|it| it.sequence == *sequence && it.state == StepState::Done);
        self.steps.iter().position(|step| step.state == StepState::Waiting && step.depends_on.iter().all(done))
    }

    /// Good pieces of the last step.
    pub(super) fn good(&self) -> i64 {
        self.steps.last().map_or(0, |step| step.good)
    }

    /// All steps are done.
    pub(super) fn finished(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.state == StepState::Done)
    }
}
