//! The first plans: every dispatch rule once, job-by-job insertion, then passes that listen to the squeaky wheel:
//! jobs that came late are put forward a little, and a bandit chooses the rule's parameters by what has worked.
//! It chooses among rules only, so that every decision can be told and repeated.

use super::board::Board;
use super::dispatch::{Outlook, Rule, dispatch};
use super::insertion::{Taste, insert_job};
use super::plan::Plan;
use super::problem::Objective;
use super::random::Random;

/// Passes of the squeaky wheel, over all threads.
const PASSES: usize = 400;
/// Passes between two exchanges of a thread.
const PASSES_ROUND: usize = 5;
/// A late job is put forward by up to this many in a hundred, in this many in a hundred of the passes.
const BOOST_PERCENT: usize = 20;
const BOOST_CHANCE: usize = 20;

/// Look-ahead and setup scales of the apparent tardiness cost that are tried.
const PATIENCE: [f64; 4] = [1.0, 2.0, 3.0, 5.0];
const SETUP_SCALE: [f64; 4] = [0.2, 0.6, 2.0, 1e9];

/// How often a rule was tried and how near to the best it came on average, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The rule.
    pub rule: Rule,
    /// Passes with it.
    pub tries: u32,
    /// Cost of the best over its cost, mean.
    pub mean: f64,
}

/// The best first plan and what was learned on the way.
pub(super) struct Start<'i> {
    pub(super) board: Board<'i>,
    pub(super) trials: Vec<Trial>,
}

/// Every rule, the likely one first.
fn rules() -> Vec<Rule> {
    let mut rules = vec![Rule::Apparent { patience: 2.0, setup_scale: 0.6 }];
    rules.extend(
        PATIENCE
            .iter()
            .flat_map(|patience| SETUP_SCALE.map(|setup_scale| Rule::Apparent { patience: *patience, setup_scale }))
            .filter(|rule| *rule != rules[0])
            .collect::<Vec<_>>(),
    );
    rules.extend([Rule::MostWork, Rule::EarliestDue, Rule::WeightedShortest, Rule::Shortest, Rule::FirstCome]);
    rules
}

/// One plan by the likely rule: the answer to "a feasible plan, now".
pub(super) fn first<'i>(outlook: &Outlook<'i>, known: &[Trial]) -> Board<'i> {
    let likely = known.iter().filter(|trial| trial.tries > 0).max_by(|a, b| a.mean.total_cmp(&b.mean)).map_or_else(|| rules()[0], |trial| trial.rule);
    dispatch(outlook, likely)
}

/// The better of two boards.
fn better<'i>(a: Board<'i>, b: Board<'i>) -> Board<'i> {
    if b.cost() < a.cost() { b } else { a }
}

/// Tries all rules and insertions, then listens to the squeaky wheel, as long as it may.
/// `news` hears of the best plan after each round.
pub(super) fn start<'i>(
    outlook: &Outlook<'i>,
    first: Board<'i>,
    seed: u64,
    threads: usize,
    known: &[Trial],
    stop: &(impl Fn() -> bool + Sync),
    news: &mut impl FnMut(&Plan),
) -> Start<'i> {
    let rules = rules();
    let tried = in_parallel(threads, rules.len(), stop, |at| dispatch(outlook, rules[at]));
    let inserted = in_parallel(threads, 2, stop, |at| by_insertion(outlook, at == 0));
    let least = tried.iter().map(|(_, board)| board.cost()).min().unwrap_or(1).max(1);
    let mut trials: Vec<Trial> = rules.iter().map(|rule| known.iter().find(|trial| trial.rule == *rule).copied().unwrap_or(Trial { rule: *rule, tries: 0, mean: 0.0 })).collect();
    for (at, board) in &tried {
        learn(&mut trials[*at], least, board.cost());
    }
    let leader = tried.iter().min_by_key(|(at, board)| (board.cost(), *at)).map(|(at, _)| *at);
    let board = tried.into_iter().chain(inserted).fold(first, |best, (_, board)| better(best, board));
    let mut start = Start { board, trials };
    news(&start.board.plan());
    if let Some(leader) = leader
        && outlook.instance.objective() == Objective::WeightedTardiness
    {
        let board = dispatch(outlook, rules[leader]);
        let wheel = Wheel { outlook: outlook.clone(), trial: leader, rule: rules[leader], cost: board.cost(), plan: board.plan() };
        squeak(wheel, &mut start, seed, threads, stop, news);
    }
    start
}

fn learn(trial: &mut Trial, least: i64, cost: i64) {
    let near = (least as f64 / cost.max(1) as f64).min(1.0);
    trial.tries += 1;
    trial.mean += (near - trial.mean) / f64::from(trial.tries);
}

/// Runs numbered pieces of work on threads; results in order of their numbers, so that threads change nothing.
fn in_parallel<T: Send>(threads: usize, count: usize, stop: &(impl Fn() -> bool + Sync), work: impl Fn(usize) -> T + Sync) -> Vec<(usize, T)> {
    let run = |thread: usize| (thread..count).step_by(threads).take_while(|_| !stop()).map(|at| (at, work(at))).collect::<Vec<_>>();
    let mut results: Vec<(usize, T)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(count)).map(|thread| scope.spawn(move || run(thread))).collect();
        let own = run(0);
        own.into_iter().chain(others.into_iter().flat_map(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))).collect()
    });
    results.sort_by_key(|(at, _)| *at);
    results
}

/// Job by job, by slack or by due date.
fn by_insertion<'i>(outlook: &Outlook<'i>, by_slack: bool) -> Board<'i> {
    let instance = outlook.instance;
    let mut board = Board::new(instance);
    let mut jobs: Vec<u32> = (0..instance.jobs() as u32).collect();
    if by_slack {
        jobs.sort_by(|a, b| outlook.urgency(*a).total_cmp(&outlook.urgency(*b)).then(a.cmp(b)));
    } else {
        jobs.sort_by_key(|job| (!instance.job(*job).rush, instance.job(*job).due, *job));
    }
    let mut random = Random::new(0);
    jobs.into_iter().for_each(|job| insert_job(&mut board, job, Taste::default(), &mut random));
    board
}

/// A line of passes: what it believes about jobs, and the plan that came of it.
#[derive(Clone)]
struct Wheel<'i> {
    outlook: Outlook<'i>,
    /// The trial that its rule came from.
    trial: usize,
    rule: Rule,
    cost: i64,
    plan: Plan,
}

/// Passes that put late jobs forward. A line goes on from its best; at each exchange all lines go on from the best of all.
fn squeak<'i>(mut best: Wheel<'i>, start: &mut Start<'i>, seed: u64, threads: usize, stop: &(impl Fn() -> bool + Sync), news: &mut impl FnMut(&Plan)) {
    let instance = best.outlook.instance;
    let mut told = start.board.cost();
    for round in 0..PASSES / (PASSES_ROUND * LINES) {
        if stop() || best.plan.figures(instance).weighted_tardiness == 0 {
            break;
        }
        let trials = start.trials.clone();
        let lines = in_parallel(threads, LINES, stop, |line| {
            let mut random = Random::branch(seed, (round * LINES + line) as u64 + 1);
            let mut wheel = best.clone();
            let tried: Vec<(usize, i64)> = (0..PASSES_ROUND).take_while(|_| !stop()).map(|_| pass(&mut wheel, &trials, &mut random)).collect();
            (wheel, tried)
        });
        for (_, (wheel, tried)) in lines {
            tried.iter().for_each(|(at, cost)| learn(&mut start.trials[*at], best.cost, *cost));
            if wheel.cost < best.cost {
                best = wheel;
            }
        }
        if best.cost < told {
            told = best.cost;
            news(&best.plan);
        }
    }
    start.board = better(start.board.clone(), Board::of(instance, &best.plan));
}

/// Lines of passes between two exchanges, whatever the number of threads: so that it changes nothing but time.
const LINES: usize = 4;

/// One pass; which trial it belongs to and what it came to.
fn pass(wheel: &mut Wheel<'_>, trials: &[Trial], random: &mut Random) -> (usize, i64) {
    let instance = wheel.outlook.instance;
    let mut outlook = wheel.outlook.clone();
    for job in 0..instance.jobs() as u32 {
        let late = instance.job(job).due.is_some_and(|due| wheel.plan.completion(instance, job) > due);
        let boost = &mut outlook.boost[job as usize];
        if late && random.percent(BOOST_CHANCE) {
            *boost *= 1.0 + random.below(BOOST_PERCENT) as f64 / 100.0;
        } else if !late && random.percent(10) {
            *boost = 1.0 + (*boost - 1.0) * 0.9;
        }
    }
    let trial = if random.percent(20) { likely(trials) } else { wheel.trial };
    let rule = if trial == wheel.trial { wheel.rule } else { trials[trial].rule };
    let rule = if random.percent(30) { shaken(rule, random) } else { rule };
    let board = dispatch(&outlook, rule);
    let cost = board.cost();
    if cost < wheel.cost {
        *wheel = Wheel { outlook, trial, rule, cost, plan: board.plan() };
    }
    (trial, cost)
}

/// The trial with the best mean, those tried seldom ahead.
fn likely(trials: &[Trial]) -> usize {
    let all: u32 = trials.iter().map(|trial| trial.tries).sum();
    let index = |trial: &Trial| trial.mean + 0.2 * f64::from(all).sqrt() / f64::from(1 + trial.tries);
    (0..trials.len()).filter(|at| matches!(trials[*at].rule, Rule::Apparent { .. })).max_by(|a, b| index(&trials[*a]).total_cmp(&index(&trials[*b]))).unwrap_or(0)
}

/// A rule with its parameters moved a little.
fn shaken(rule: Rule, random: &mut Random) -> Rule {
    let mut factor = || 0.7 + random.below(700) as f64 / 1_000.0;
    match rule {
        Rule::Apparent { patience, setup_scale } => Rule::Apparent { patience: patience * factor(), setup_scale: setup_scale * factor() },
        other => other,
    }
}
