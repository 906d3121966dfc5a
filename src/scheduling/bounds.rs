//! How good a plan can be at most: no plan ends before its longest job alone, nor before its busiest work center.
//! The bounds are quick and safe, not tight.

use super::instance::{Instance, Link};
use super::problem::{Minutes, Objective, WHOLE, part};

/// A lower bound of the objective.
pub fn bound(instance: &Instance) -> i64 {
    let (heads, tails) = ways(instance);
    match instance.objective() {
        Objective::WeightedTardiness => (0..instance.jobs() as u32).map(|job| alone_late(instance, job, &heads)).sum(),
        Objective::Makespan => i64::from(longest_job(instance, &heads).max(busiest(instance, &heads, &tails))),
    }
}

/// By operation: the earliest start, were its job alone, and the least time after its end.
fn ways(instance: &Instance) -> (Vec<Minutes>, Vec<Minutes>) {
    let (mut heads, mut tails) = (vec![0; instance.len()], vec![0; instance.len()]);
    for job in 0..instance.jobs() as u32 {
        let sequence = instance.sequence_of(job);
        for &op in sequence {
            let ends = instance.before.row(op).iter().map(|link| earliest_batch(instance, *link, heads[link.op as usize]) + link.lag);
            // What is fixed is exempt from releases and predecessors.
            heads[op as usize] = instance.fixed[op as usize].map_or_else(|| ends.fold(instance.release[op as usize], Minutes::max), |(_, start)| start);
        }
        for &op in sequence.iter().rev() {
            let rest = instance
                .after
                .row(op)
                .iter()
                .filter(|link| instance.fixed[link.op as usize].is_none())
                .map(|link| link.lag + part(least_minutes(instance, link.op), link.share) + tails[link.op as usize]);
            tails[op as usize] = rest.fold(0, Minutes::max);
        }
    }
    (heads, tails)
}

fn least_minutes(instance: &Instance, op: u32) -> Minutes {
    instance.modes.row(op).iter().map(|mode| mode.minutes).min().unwrap_or(0)
}

/// When an operation can end at the earliest, on the best of its work centers' calendars.
fn earliest_end(instance: &Instance, op: u32, from: Minutes) -> Minutes {
    earliest_batch(instance, Link { op, lag: 0, share: WHOLE }, from)
}

/// When the first transfer batch of an operation can be done at the earliest.
fn earliest_batch(instance: &Instance, link: Link, from: Minutes) -> Minutes {
    let fixed = instance.fixed[link.op as usize];
    let modes = instance.modes.row(link.op).iter().filter(|mode| fixed.is_none_or(|(center, _)| center == mode.center));
    let end = |center: u32, minutes| instance.calendars[center as usize].place(from, part(minutes, link.share), instance.resumable[link.op as usize]).1;
    modes.map(|mode| end(mode.center, mode.minutes)).min().unwrap_or(from)
}

fn job_end(instance: &Instance, job: u32, heads: &[Minutes]) -> Minutes {
    instance.ops_of(job).map(|op| earliest_end(instance, op, heads[op as usize])).max().unwrap_or(0)
}

/// Weighted minutes late of a job that has the shop for itself.
fn alone_late(instance: &Instance, job: u32, heads: &[Minutes]) -> i64 {
    let it = instance.job(job);
    let late = it.due.map_or(0, |due| job_end(instance, job, heads) - due);
    i64::from(late.max(0)) * i64::from(it.weight)
}

fn longest_job(instance: &Instance, heads: &[Minutes]) -> Minutes {
    (0..instance.jobs() as u32).map(|job| job_end(instance, job, heads)).max().unwrap_or(0)
}

/// Work that only one center can do cannot end before its open time holds it: Jackson's preemptive schedule of each
/// center in clock time, which no calendar makes shorter.
fn busiest(instance: &Instance, heads: &[Minutes], tails: &[Minutes]) -> Minutes {
    let mut bound = 0;
    let mut bound_to: Vec<Vec<(Minutes, Minutes, Minutes)>> = vec![Vec::new(); instance.calendars.len()];
    let mut work = 0_i64;
    for op in 0..instance.len() as u32 {
        let modes = instance.modes.row(op);
        work += i64::from(least_minutes(instance, op));
        if let [mode] = modes {
            bound_to[mode.center as usize].push((heads[op as usize], mode.minutes, tails[op as usize]));
        }
    }
    for operations in &mut bound_to {
        bound = bound.max(preemptive(operations));
    }
    let earliest = heads.iter().copied().min().unwrap_or(0);
    bound.max(earliest + (work as u64).div_ceil(instance.calendars.len().max(1) as u64) as Minutes)
}

/// Jackson's preemptive schedule: of what is ready, the longest tail runs.
fn preemptive(operations: &mut [(Minutes, Minutes, Minutes)]) -> Minutes {
    operations.sort_unstable();
    let (mut at, mut now, mut longest) = (0, 0, 0);
    let mut ready = std::collections::BinaryHeap::new();
    while at < operations.len() || !ready.is_empty() {
        if ready.is_empty() {
            now = now.max(operations[at].0);
        }
        while at < operations.len() && operations[at].0 <= now {
            ready.push((operations[at].2, operations[at].1));
            at += 1;
        }
        let Some((tail, left)) = ready.pop() else { continue };
        let until = operations.get(at).map_or(Minutes::MAX, |next| next.0);
        let run = left.min(until - now);
        now += run;
        if run < left {
            ready.push((tail, left - run));
        } else {
            longest = longest.max(now + tail);
        }
    }
    longest
}
