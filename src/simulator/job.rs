//! An order as the simulator follows it, and its steps. Deliberately no more than deciding the next
//! act needs: the plant keeps the figures.

use crate::base::{Decimal, Time};
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

/// A step of an order.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) sequence: i64,
    pub(super) center: u64,
    pub(super) depends_on: Vec<i64>,
    pub(super) setup_seconds: i64,
    pub(super) piece_seconds: i64,
    pub(super) inspected: bool,
    pub(super) state: StepState,
    /// Good and bad together.
    pub(super) produced: i64,
    pub(super) good: i64,
    /// Set aside for a decision.
    pub(super) held: i64,
    /// When the plan wants it to begin.
    pub(super) planned: Time,
}

/// A sheet material issued to an order, and what will be left of it.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub(super) material: u64,
    /// The lot the cut-off comes from.
    pub(super) lot: String,
    /// Part of a sheet that the pieces do not need.
    pub(super) left: Decimal,
    /// What the nests leave of the sheets around the pieces.
    pub(super) skeleton: Decimal,
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
    pub(super) held: bool,
    pub(super) steps: Vec<Step>,
    /// What its kit takes of each material.
    pub(super) needs: Vec<(u64, Decimal)>,
    /// Material is issued.
    pub(super) kitted: bool,
    pub(super) cuts: Vec<Cut>,
    pub(super) rework: i64,
    /// Its finished lot.
    pub(super) lot: Option<String>,
    /// Metal of the bad heat is in it.
    pub(super) tainted: bool,
}

impl Job {
    /// A new order.
    pub(super) const fn new(id: u64, product: u64, planned: i64) -> Self {
        Self {
            id,
            product,
            customer: None,
            kind: OrderType::Production,
            planned,
            priority: 5,
            stage: Stage::Created,
            held: false,
            steps: Vec::new(),
            needs: Vec::new(),
            kitted: false,
            cuts: Vec::new(),
            rework: 0,
            lot: None,
            tainted: false,
        }
    }

    /// Pieces that have reached a step: what all steps before it passed on.
    pub(super) fn reached(&self, at: usize) -> i64 {
        let Some(step) = self.steps.get(at) else { return 0 };
        let before = self.steps.iter().filter(|it| step.depends_on.contains(&it.sequence)).map(|it| it.good).min();
        before.unwrap_or(self.planned)
    }

    /// Whether a step waits and its predecessors are done.
    pub(super) fn is_ready(&self, at: usize) -> bool {
        let done = |sequence: &i64| self.steps.iter().any(|it| it.sequence == *sequence && it.state == StepState::Done);
        let open = matches!(self.stage, Stage::Scheduled | Stage::Running) && !self.held;
        open && self.steps.get(at).is_some_and(|step| step.state == StepState::Waiting && step.depends_on.iter().all(done))
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
