//! What would help a plan that breaks promises: overtime at the work centers that late orders wait for, and work that
//! could be given outside. Each is tried on the plan before it is proposed; a person decides.

use std::collections::BTreeMap;

use super::shop::Shop;
use crate::base::Time;
use crate::scheduling::problem::Minutes;
use crate::scheduling::{Cause, Plan, Worth, bound, explain, mend};

/// Late orders that are looked at, the worst first.
const LATE_MAX: usize = 200;
/// Work centers whose overtime is tried, openings of each, and how long an overtime is.
const CENTERS_MAX: usize = 4;
const OPENINGS_MAX: usize = 10;
const OVERTIME: Minutes = 120;
/// Operations that are timed anew at most over all trials: a second of work.
const TIMED_MAX: usize = 500_000;
/// How many proposals of a kind are told.
const TOLD_MAX: usize = 10;

/// Hours more at a work center.
#[derive(Clone, Debug)]
pub struct Overtime {
    /// The work center's place in the shop.
    pub center: usize,
    /// From.
    pub from: Time,
    /// To.
    pub to: Time,
    /// Weighted minutes late that it saves.
    pub saved: i64,
    /// Orders, by their place, that are in time with it.
    pub orders: Vec<usize>,
}

/// An operation that could be done outside.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The order's place.
    pub order: usize,
    /// The operation.
    pub operation: usize,
    /// Minutes that it waits for its work center.
    pub waits: i64,
    /// Outside for no more than so many minutes, and the order is in time.
    pub away_max: i64,
}

/// What would help, and how far from the best the plan can be.
#[derive(Clone, Debug)]
pub struct Proposals {
    /// Weighted minutes late of the plan.
    pub late: i64,
    /// No plan has fewer.
    pub least: i64,
    /// The best first.
    pub overtime: Vec<Overtime>,
    /// The most urgent first.
    pub outside: Vec<Outside>,
}

/// The plan in force with what it lacks put into its gaps.
pub fn whole(shop: &Shop) -> Plan {
    mend(&shop.instance, &shop.in_force)
}

/// What would help a plan.
pub fn proposals(shop: &Shop, plan: &Plan) -> Proposals {
    let late = late_jobs(shop, plan);
    let mut waited: BTreeMap<usize, i64> = BTreeMap::new();
    let mut outside = Vec::new();
    for &(late_minutes, job) in &late {
        let mut longest: Option<(i64, usize)> = None;
        for (operation, minutes) in waits(shop, plan, job) {
            *waited.entry(plan.slots[operation].center as usize).or_default() += minutes;
            longest = longest.max(Some((minutes, operation)));
        }
        // What it waits for its center is free time outside, less what it is late.
        let fits = longest.map(|(minutes, operation)| (minutes, operation, minutes + i64::from(plan.slots[operation].end - plan.slots[operation].start) - late_minutes));
        if let Some((waits, operation, away_max)) = fits.filter(|(.., away_max)| *away_max > 0).filter(|(_, operation, _)| !shop.tasks[*operation].running) {
            outside.push(Outside { order: job, operation, waits, away_max });
        }
    }
    outside.truncate(TOLD_MAX);
    let worth = Worth::of(&shop.instance, plan);
    Proposals { late: plan.figures(&shop.instance).weighted_tardiness, least: bound(&shop.instance), overtime: overtime(shop, &worth, waited), outside }
}

/// Late orders with a due date, by minutes late, the worst first.
fn late_jobs(shop: &Shop, plan: &Plan) -> Vec<(i64, usize)> {
    let late = |job: usize| {
        let ends = shop.instance.operations_of(job).map(|at| plan.slots[at].end).max()?;
        let minutes = i64::from(ends) - i64::from(shop.instance.problem().jobs[job].due?);
        (minutes > 0).then_some((minutes, job))
    };
    let mut all: Vec<(i64, usize)> = (0..shop.orders.len()).filter_map(late).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    all.truncate(LATE_MAX);
    all
}

/// Minutes that the operations of an order's chain wait for their work centers, those included in which one that
/// has begun stands because its work center is closed.
fn waits(shop: &Shop, plan: &Plan, job: usize) -> BTreeMap<usize, i64> {
    let mut waits = BTreeMap::new();
    for stretch in explain(&shop.instance, plan, job) {
        if matches!(stretch.cause, Cause::Behind { .. } | Cause::Setup | Cause::Closed | Cause::Paused) {
            *waits.entry(stretch.operation).or_default() += i64::from(stretch.until - stretch.from);
        }
    }
    waits
}

/// Overtime after closing time at the work centers that are waited for most.
fn overtime(shop: &Shop, worth: &Worth<'_>, waited: BTreeMap<usize, i64>) -> Vec<Overtime> {
    let mut centers: Vec<(i64, usize)> = waited.into_iter().map(|(center, minutes)| (minutes, center)).collect();
    centers.sort_unstable_by(|a, b| b.cmp(a));
    let trials = (TIMED_MAX / shop.tasks.len().max(1)).clamp(CENTERS_MAX, CENTERS_MAX * OPENINGS_MAX);
    let each = (trials / CENTERS_MAX).max(1);
    let mut all = Vec::new();
    for (_, center) in centers.into_iter().take(CENTERS_MAX) {
        for from in closings(shop, center).into_iter().take(each) {
            let relief = worth.relief(center, from, from + OVERTIME);
            if relief.saved > 0 {
                all.push(Overtime { center, from: shop.moment(from), to: shop.moment(from + OVERTIME), saved: relief.saved, orders: relief.jobs });
            }
        }
    }
    all.sort_by_key(|it| (std::cmp::Reverse(it.saved), it.from, it.center));
    all.truncate(TOLD_MAX);
    all
}

/// When a work center closes for long enough.
fn closings(shop: &Shop, center: usize) -> Vec<Minutes> {
    let problem = shop.instance.problem();
    let Some(hours) = problem.centers[center].hours.map(|at| &problem.hours[at]) else { return Vec::new() };
    hours.windows.windows(2).filter(|pair| pair[1].0 - pair[0].1 >= OVERTIME).map(|pair| pair[0].1).collect()
}
