//! One problem from the first plan to the best that time allows. Any stop leaves a feasible plan.

use super::anneal::Anneal;
use super::board::Board;
use super::bounds;
use super::dispatch::Outlook;
use super::instance::Instance;
use super::plan::Plan;
use super::portfolio::{self, Trial};
use super::problem::Objective;
use super::random::Random;
use super::ruin::Ruin;
use super::tabu::Tabu;
use super::team::{Rounds, improve};

/// Threads one solve may ask for.
pub const THREADS_MAX: usize = 64;
/// Operations up to which a search keeps a memory of pairs: 25 MB each.
const PAIRS_MAX: usize = 2_500;
/// Operations up to which working out all times anew at each step pays.
const SEQUENCES_MAX: usize = 1_000;

/// How to solve.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same seed and the same budget of steps give the same plan.
    pub seed: u64,
    /// Searches side by side.
    pub threads: usize,
    /// Steps of each search; without, only the stop ends it.
    pub steps: Option<u64>,
    /// What rules were worth on problems like this one.
    pub trials: Vec<Trial>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, threads: 1, steps: None, trials: Vec::new() }
    }
}

/// News of a solve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Objective of the best plan so far.
    pub objective: i64,
    /// No plan has a lower one.
    pub bound: i64,
    /// Jobs that the best plan so far has late.
    pub late_jobs: usize,
    /// Steps that each search has made.
    pub steps: u64,
}

/// The outcome of a solve.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The best plan found.
    pub plan: Plan,
    /// Its objective.
    pub objective: i64,
    /// No plan has a lower one.
    pub bound: i64,
    /// Steps that each search made.
    pub steps: u64,
    /// What the rules were worth, for the next time.
    pub trials: Vec<Trial>,
}

/// Solves a problem. The first plan is made even where `stop` is true from the beginning.
pub fn solve(instance: &Instance, options: &Options, stop: impl Fn() -> bool + Sync, mut progress: impl FnMut(&Progress)) -> Solution {
    let bound = bounds::bound(instance);
    let mut news = |plan: &Plan, steps: u64| {
        let figures = plan.figures(instance);
        progress(&Progress { objective: figures.objective(instance.objective()), bound, late_jobs: figures.late_jobs, steps });
    };
    let outlook = Outlook::new(instance);
    let first = portfolio::first(&outlook, &options.trials);
    news(&first.plan(), 0);
    let threads = options.threads.clamp(1, THREADS_MAX);
    let start = portfolio::start(&outlook, first, options.seed, threads, &options.trials, &stop, &mut |plan: &Plan| news(plan, 0));
    let (plan, steps) = search(instance, start.board, options, threads, bound, &stop, &mut news);
    Solution { objective: plan.figures(instance).objective(instance.objective()), bound, steps, trials: start.trials, plan }
}

/// Improves a plan by the search that suits the problem.
fn search(
    instance: &Instance,
    start: Board<'_>,
    options: &Options,
    threads: usize,
    bound: i64,
    stop: &(impl Fn() -> bool + Sync),
    news: &mut impl FnMut(&Plan, u64),
) -> (Plan, u64) {
    let size = instance.len().max(1) as u64;
    let budget = options.steps.unwrap_or(u64::MAX);
    let random = |thread: usize| Random::branch(options.seed, thread as u64);
    let plan = start.plan();
    if instance.is_plain() && instance.objective() == Objective::Makespan && instance.len() <= PAIRS_MAX {
        let mut team: Vec<Tabu<'_>> = (0..threads).map(|thread| Tabu::new(instance, &plan, random(thread))).collect();
        return improve(&mut team, &Rounds { steps: 1 + 2_000_000 / size, budget, bound }, stop, |plan, _, steps| news(plan, steps));
    }
    if instance.is_plain() && instance.len() <= SEQUENCES_MAX {
        let mut team: Vec<Anneal<'_>> = (0..threads).map(|thread| Anneal::new(instance, &plan, random(thread), thread)).collect();
        return improve(&mut team, &Rounds { steps: 1 + 5_000_000 / size, budget, bound }, stop, |plan, _, steps| news(plan, steps));
    }
    let mut team: Vec<Ruin<'_>> = (0..threads).map(|thread| Ruin::new(start.clone(), random(thread))).collect();
    improve(&mut team, &Rounds { steps: 500, budget, bound: i64::MIN }, stop, |plan, _, steps| news(plan, steps))
}
