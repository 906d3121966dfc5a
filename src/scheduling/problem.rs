//! What a planner hands in: centers, people, jobs, in whole minutes from an epoch of the caller's choice.
//! Plain data with names for messages; nothing here is checked, [`super::Instance::new`] does that.

use std::fmt;

/// A point in time or a length, in whole units (minutes in a shop) from the problem's epoch.
pub type Minutes = i32;

/// What a plan is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The end of the last operation.
    Makespan,
    /// Over all jobs: weight times minutes after the due date.
    WeightedTardiness,
}

/// A whole scheduling problem. References are positions in its own lists.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Its name, written into plans.
    pub name: String,
    /// What a plan is judged by.
    pub objective: Objective,
    /// Whether operations without length are milestones; in a shop a time of zero is a mistake.
    pub milestones: bool,
    /// Working hours.
    pub hours: Vec<Hours>,
    /// Changeover times.
    pub matrices: Vec<Matrix>,
    /// People by certificate, tools by kind.
    pub pools: Vec<Pool>,
    /// Work centers.
    pub centers: Vec<Center>,
    /// Jobs.
    pub jobs: Vec<Job>,
}

/// Working hours that repeat, with closures.
#[derive(Clone, Debug)]
pub struct Hours {
    /// Its name.
    pub id: String,
    /// Length of the repetition, such as a week.
    pub period: Minutes,
    /// Open from and to inside one period, sorted, disjoint.
    pub windows: Vec<(Minutes, Minutes)>,
    /// Closed from and to, absolute: holidays.
    pub closed: Vec<(Minutes, Minutes)>,
}

/// Setup times between states of a work center: `times[from][to]`.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// Its name.
    pub id: String,
    /// Square.
    pub times: Vec<Vec<Minutes>>,
}

/// What an operation holds one of from start to end, and which one does not matter: holders of one certificate,
/// copies of one tool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The certificate, or the tool.
    pub id: String,
    /// What is held.
    pub kind: PoolKind,
    /// How many are there at once.
    pub capacity: u32,
    /// From and to, absolute, and how many are missing then: leave, a tool in the workshop.
    pub missing: Vec<(Minutes, Minutes, u32)>,
}

/// What a pool is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// People by certificate.
    People,
    /// Copies of a tool: punch turrets, weld fixtures.
    Tools,
}

/// A work center does one operation at a time.
#[derive(Clone, Debug)]
pub struct Center {
    /// Its name.
    pub id: String,
    /// Its working hours; always open where absent.
    pub hours: Option<usize>,
    /// Closed from and to, absolute: maintenance, breakdowns.
    pub downtime: Vec<(Minutes, Minutes)>,
    /// What its changeovers take; nothing where absent.
    pub matrix: Option<usize>,
    /// What it is set up for at time 0.
    pub initial_state: Option<usize>,
}

/// A job: operations with an order among them.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name.
    pub id: String,
    /// Nothing of it starts earlier.
    pub release: Minutes,
    /// When it should be done; never late where absent.
    pub due: Option<Minutes>,
    /// What a minute late costs.
    pub weight: i32,
    /// A rush order.
    pub rush: bool,
    /// Its operations; an operation is named by its place here.
    pub operations: Vec<Operation>,
}

/// One step of a job, done once, on one of its modes.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Work center and minutes of open time there.
    pub modes: Vec<(usize, Minutes)>,
    /// Operations of the same job that end before, with the least time between (transfer, cooling).
    pub predecessors: Vec<(usize, Minutes)>,
    /// Earliest start: material arrival.
    pub release: Minutes,
    /// By matrix: the state that its work center must be set up for.
    pub states: Vec<(usize, usize)>,
    /// One of each of these pools is held from start to end.
    pub pools: Vec<usize>,
    /// After this share of its work, in thousandths, the first transfer batch goes on to the operations after it: they may
    /// begin then, and end no sooner than the same share of their own work after it has ended. [`WHOLE`]: no overlap.
    pub batch: u16,
    /// Whether it pauses at closing time; otherwise it must fit into one open window.
    pub resumable: bool,
    /// Runs or is frozen: exactly this work center and start.
    pub fixed: Option<(usize, Minutes)>,
}

/// All of an operation's work is one transfer batch: what comes after waits for its end.
pub const WHOLE: u16 = 1_000;

/// The part of some work that a share in thousandths comes to, rounded up.
pub(super) fn part(work: Minutes, share: u16) -> Minutes {
    ((i64::from(work) * i64::from(share) + 999) / 1_000) as Minutes
}

/// Why a problem, a plan or an event cannot be taken: the record and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The record, such as `jobs[3].operations[1].modes`.
    pub place: String,
    /// What is wrong with it and what to do.
    pub reason: String,
}

impl Fault {
    /// A fault of a record.
    pub fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for Fault {}
