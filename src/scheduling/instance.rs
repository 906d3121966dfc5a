//! A problem checked and laid out in flat arrays: what every part of the engine works on.
//! After [`Instance::new`] nothing is refused any more; the search trusts what stands here.

use std::ops::Range;

use super::board::LATE;
use super::calendar::{Calendar, WINDOWS_MAX};
use super::problem::{Fault, Hours, Job, Minutes, Objective, Operation, PoolKind, Problem, WHOLE, part};

/// Operations one problem may have.
pub const OPERATIONS_MAX: usize = 200_000;
/// Work centers one problem may have.
pub const CENTERS_MAX: usize = 2_000;
/// Furthest time a problem may speak of: a century of minutes.
pub const TIME_MAX: Minutes = 52_596_000;
/// Where the worst plan may end, so that no sum of the search leaves its integers.
pub(super) const REACH_MAX: i64 = 1 << 30;
/// What weights times lateness may come to, half of what an integer holds when the search has it times [`LATE`].
const COST_MAX: i64 = i64::MAX / (2 * LATE);
/// Heaviest weight of a job.
const WEIGHT_MAX: i32 = 1_000_000;

/// No pool, no state.
pub(super) const NONE: u16 = u16::MAX;

/// One way to do an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub(super) center: u32,
    pub(super) minutes: Minutes,
    /// The state that the center's matrix asks for, or [`NONE`].
    pub(super) state: u16,
}

/// An operation before or after, the least time between, and the share of the one before that is the first transfer batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) op: u32,
    pub(super) lag: Minutes,
    pub(super) share: u16,
}

impl Link {
    /// By how much the later operation of so many minutes may begin before the end of the earlier one, for the last batch.
    pub(super) fn ahead(self, minutes: Minutes) -> Minutes {
        minutes - part(minutes, self.share)
    }
}

/// Rows of different length in one array.
#[derive(Clone, Debug)]
pub(super) struct Rows<T> {
    at: Vec<u32>,
    cells: Vec<T>,
}

impl<T> Rows<T> {
    fn new(rows: Vec<Vec<T>>) -> Self {
        let mut at = vec![0];
        let mut cells = Vec::new();
        for row in rows {
            cells.extend(row);
            at.push(cells.len() as u32);
        }
        Self { at, cells }
    }

    pub(super) fn row(&self, row: u32) -> &[T] {
        &self.cells[self.at[row as usize] as usize..self.at[row as usize + 1] as usize]
    }
}

/// Setup times of a matrix in one array.
#[derive(Clone, Debug)]
struct Setups {
    size: usize,
    times: Vec<Minutes>,
}

/// A checked problem.
#[derive(Clone, Debug)]
pub struct Instance {
    problem: Problem,
    first: Vec<u32>,
    pub(super) job_of: Vec<u32>,
    pub(super) release: Vec<Minutes>,
    pub(super) pools: Rows<u16>,
    pub(super) resumable: Vec<bool>,
    pub(super) fixed: Vec<Option<(u32, Minutes)>>,
    pub(super) modes: Rows<Mode>,
    pub(super) before: Rows<Link>,
    pub(super) after: Rows<Link>,
    /// Operations job by job, in each job so that predecessors come first.
    order: Vec<u32>,
    pub(super) calendars: Vec<Calendar>,
    matrix_of: Vec<Option<u32>>,
    setups: Vec<Setups>,
    pub(super) initial: Vec<u16>,
}

impl Instance {
    /// Checks a problem and compiles it.
    ///
    /// # Errors
    /// The first record that cannot be planned, and why.
    pub fn new(problem: Problem) -> Result<Self, Fault> {
        check_sizes(&problem)?;
        let calendars = check_places(&problem)?;
        for (number, job) in problem.jobs.iter().enumerate() {
            check_job(&problem, &calendars, number, job)?;
        }
        let it = Self::lay_out(problem, calendars)?;
        it.check_reach()?;
        it.check_fixed()?;
        Ok(it)
    }

    /// The problem as it was handed in.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.job_of.len()
    }

    /// Whether there is nothing to plan.
    pub fn is_empty(&self) -> bool {
        self.job_of.is_empty()
    }

    /// The operations of a job, by their number in plans.
    pub fn operations_of(&self, job: usize) -> Range<usize> {
        self.first[job] as usize..self.first[job + 1] as usize
    }

    /// Job and place in it of an operation.
    pub fn place_of(&self, operation: usize) -> (usize, usize) {
        let job = self.job_of[operation] as usize;
        (job, operation - self.first[job] as usize)
    }

    /// The calendar of a work center.
    pub fn calendar(&self, center: usize) -> &Calendar {
        &self.calendars[center]
    }

    pub(super) fn jobs(&self) -> usize {
        self.problem.jobs.len()
    }

    pub(super) fn job(&self, job: u32) -> &Job {
        &self.problem.jobs[job as usize]
    }

    pub(super) fn objective(&self) -> Objective {
        self.problem.objective
    }

    pub(super) fn ops_of(&self, job: u32) -> Range<u32> {
        self.first[job as usize]..self.first[job as usize + 1]
    }

    /// The operations of a job, predecessors first.
    pub(super) fn sequence_of(&self, job: u32) -> &[u32] {
        &self.order[self.first[job as usize] as usize..self.first[job as usize + 1] as usize]
    }

    pub(super) fn has_setups(&self, center: u32) -> bool {
        self.matrix_of[center as usize].is_some()
    }

    /// Setup minutes of a center between two states.
    pub(super) fn setup(&self, center: u32, from: u16, to: u16) -> Minutes {
        match self.matrix_of[center as usize] {
            Some(matrix) if from != NONE && to != NONE => {
                let setups = &self.setups[matrix as usize];
                setups.times[usize::from(from) * setups.size + usize::from(to)]
            }
            _ => 0,
        }
    }

    /// All operations, job by job, predecessors first.
    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// Where each operation stands in an order in which predecessors come first.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut rank = vec![0_u32; self.len()];
        self.order.iter().enumerate().for_each(|(at, op)| rank[*op as usize] = at as u32);
        rank
    }

    /// The same with a work center open for a while more in each period of its hours; `None` where that is no part of them.
    pub(super) fn opened(&self, center: usize, from: Minutes, to: Minutes) -> Option<Self> {
        let it = &self.problem.centers[center];
        let hours = &self.problem.hours[it.hours?];
        let mut all: Vec<(Minutes, Minutes)> = hours.windows.iter().copied().chain((0 <= from && from < to && to <= hours.period).then_some((from, to))).collect();
        all.sort_unstable();
        let mut windows: Vec<(Minutes, Minutes)> = Vec::with_capacity(all.len());
        for (from, to) in all {
            match windows.last_mut().filter(|last| last.1 >= from) {
                Some(last) => last.1 = last.1.max(to),
                None => windows.push((from, to)),
            }
        }
        let calendar = Calendar::compile(Some(&Hours { windows, ..hours.clone() }), &it.downtime)?;
        let mut opened = self.clone();
        opened.calendars[center] = calendar;
        Some(opened)
    }

    /// The mode of an operation on a center that it may use.
    pub(super) fn mode_on(&self, op: u32, center: u32) -> Option<Mode> {
        self.modes.row(op).iter().copied().find(|mode| mode.center == center)
    }

    /// Whether times follow from sequences alone: always open, no people, nothing fixed, a state wherever one matters.
    /// Then a plan is a graph.
    pub(super) fn is_plain(&self) -> bool {
        let stated = |op| self.modes.row(op).iter().all(|mode| mode.state != NONE || !self.has_setups(mode.center));
        self.problem.centers.iter().all(|center| center.hours.is_none() && center.downtime.is_empty())
            && self.pools.cells.is_empty()
            && self.before.cells.iter().all(|link| link.share == WHOLE)
            && self.fixed.iter().all(Option::is_none)
            && (0..self.len() as u32).all(stated)
    }

    fn lay_out(problem: Problem, calendars: Vec<Calendar>) -> Result<Self, Fault> {
        let matrix_of: Vec<Option<u32>> = problem.centers.iter().map(|center| center.matrix.map(|matrix| matrix as u32)).collect();
        let mut first = vec![0_u32];
        problem.jobs.iter().for_each(|job| first.push(first[first.len() - 1] + job.operations.len() as u32));
        let ops = || problem.jobs.iter().enumerate().flat_map(|(number, job)| job.operations.iter().map(move |op| (number, op)));
        let state = |op: &Operation, center: usize| {
            let needed = problem.centers[center].matrix.and_then(|matrix| op.states.iter().find(|(of, _)| *of == matrix));
            needed.map_or(NONE, |(_, state)| *state as u16)
        };
        let modes = ops().map(|(_, op)| op.modes.iter().map(|&(center, minutes)| Mode { center: center as u32, minutes, state: state(op, center) }).collect());
        let before: Vec<Vec<Link>> = ops()
            .map(|(job, op)| {
                let link = |&(of, lag): &(usize, Minutes)| Link { op: first[job] + of as u32, lag, share: problem.jobs[job].operations[of].batch };
                op.predecessors.iter().map(link).collect()
            })
            .collect();
        let mut after = vec![Vec::new(); before.len()];
        for (op, links) in before.iter().enumerate() {
            links.iter().for_each(|link| after[link.op as usize].push(Link { op: op as u32, ..*link }));
        }
        let order = topological(&problem, &first, &before, &after)?;
        Ok(Self {
            job_of: ops().map(|(job, _)| job as u32).collect(),
            release: ops().map(|(job, op)| op.release.max(problem.jobs[job].release)).collect(),
            pools: Rows::new(ops().map(|(_, op)| op.pools.iter().map(|pool| *pool as u16).collect()).collect()),
            resumable: ops().map(|(_, op)| op.resumable).collect(),
            fixed: ops().map(|(_, op)| op.fixed.map(|(center, start)| (center as u32, start))).collect(),
            modes: Rows::new(modes.collect()),
            before: Rows::new(before),
            after: Rows::new(after),
            order,
            calendars,
            setups: problem.matrices.iter().map(|matrix| Setups { size: matrix.times.len(), times: matrix.times.concat() }).collect(),
            initial: problem.centers.iter().map(|center| center.initial_state.map_or(NONE, |state| state as u16)).collect(),
            matrix_of,
            first,
            problem,
        })
    }

    /// The worst plan, one operation after the other, must stay within the integers of the search.
    fn check_reach(&self) -> Result<(), Fault> {
        let setup: i64 = self.setups.iter().flat_map(|setups| &setups.times).copied().max().unwrap_or(0).into();
        let settled = self.calendars.iter().map(Calendar::settled_from).max().unwrap_or(0);
        let mut reach = i64::from(self.release.iter().copied().max().unwrap_or(0).max(settled));
        for op in 0..self.len() as u32 {
            let longest = self.modes.row(op).iter().map(|mode| self.calendars[mode.center as usize].longest_elapsed(mode.minutes.saturating_add(setup as Minutes))).max();
            let lag = self.before.row(op).iter().map(|link| i64::from(link.lag)).max();
            reach += longest.unwrap_or(0) + lag.unwrap_or(0);
        }
        if reach >= REACH_MAX {
            return Err(Fault::new("jobs", "done one after the other they would take centuries; plan a nearer horizon or correct the times"));
        }
        let weights: i64 = self.problem.jobs.iter().map(|job| i64::from(job.weight)).sum();
        if weights > COST_MAX / reach.max(1) {
            return Err(Fault::new(
                "jobs",
                format!("their weights come to {weights}, too much for times up to {reach}; weights compare jobs with each other, so give smaller ones"),
            ));
        }
        Ok(())
    }

    /// What is fixed must be possible in itself: open, unbroken, alone on its center.
    fn check_fixed(&self) -> Result<(), Fault> {
        let mut seats: Vec<(u32, Minutes, Minutes, usize)> = Vec::new();
        for (op, fixed) in self.fixed.iter().enumerate() {
            let Some((center, start)) = *fixed else { continue };
            let minutes = self.mode_on(op as u32, center).map_or(0, |mode| mode.minutes);
            let (begins, ends) = self.calendars[center as usize].place(start, minutes, self.resumable[op]);
            if begins != start {
                let id = &self.problem.centers[center as usize].id;
                return Err(Fault::new(self.name_of(op), format!("is fixed at {start}, where {id} is closed or closes before it is done; free it or let it pause")));
            }
            seats.push((center, start, ends, op));
        }
        seats.sort_unstable();
        let overlap = seats.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[1].1 < pair[0].2);
        overlap.map_or(Ok(()), |pair| {
            Err(Fault::new(self.name_of(pair[1].3), format!("is fixed at {} while {} is fixed on the same work center", pair[1].1, self.name_of(pair[0].3))))
        })
    }

    /// How messages call an operation.
    pub(super) fn name_of(&self, op: usize) -> String {
        let (job, place) = self.place_of(op);
        format!("jobs[{job}].operations[{place}] ({})", self.problem.jobs[job].id)
    }
}

fn check_sizes(problem: &Problem) -> Result<(), Fault> {
    let operations: usize = problem.jobs.iter().map(|job| job.operations.len()).sum();
    let too_many = |place: &str, count: usize, most: usize| Fault::new(place, format!("{count} are more than the {most} that one plan takes"));
    if operations > OPERATIONS_MAX {
        return Err(too_many("jobs", operations, OPERATIONS_MAX));
    }
    if problem.centers.len() > CENTERS_MAX {
        return Err(too_many("work_centers", problem.centers.len(), CENTERS_MAX));
    }
    if problem.pools.len() >= usize::from(NONE) || problem.matrices.iter().any(|matrix| matrix.times.len() > 2_000) {
        return Err(Fault::new("setup_matrices", "one has more than 2000 states, or there are more pools than that"));
    }
    Ok(())
}

/// Hours, matrices and centers; gives the compiled calendars.
fn check_places(problem: &Problem) -> Result<Vec<Calendar>, Fault> {
    for (number, hours) in problem.hours.iter().enumerate() {
        let place = format!("calendars[{number}] ({})", hours.id);
        let (mut at, period) = (0, hours.period);
        if !(1..=TIME_MAX).contains(&period) {
            return Err(Fault::new(place, format!("a period of {period} does not repeat; give the length of a week or a day")));
        }
        if hours.windows.is_empty() {
            return Err(Fault::new(place, "is never open; give it windows"));
        }
        for &(from, to) in &hours.windows {
            if from < at || to <= from || to > period {
                return Err(Fault::new(place, format!("window [{from},{to}] is empty, out of order or outside its period of {period}")));
            }
            at = to;
        }
        check_spans(&place, &hours.closed)?;
    }
    for (number, matrix) in problem.matrices.iter().enumerate() {
        let size = matrix.times.len();
        if matrix.times.iter().any(|row| row.len() != size || row.iter().any(|time| !(0..=TIME_MAX).contains(time))) {
            return Err(Fault::new(format!("setup_matrices[{number}] ({})", matrix.id), "must be square, its times from 0 to a century"));
        }
    }
    for (number, pool) in problem.pools.iter().enumerate() {
        let spans: Vec<(Minutes, Minutes)> = pool.missing.iter().map(|(from, to, _)| (*from, *to)).collect();
        check_spans(&format!("operator_pools[{number}] ({})", pool.id), &spans)?;
    }
    problem.centers.iter().enumerate().map(|(number, _)| check_center(problem, number)).collect()
}

fn check_spans(place: &str, spans: &[(Minutes, Minutes)]) -> Result<(), Fault> {
    match spans.iter().find(|(from, to)| *from < 0 || to < from || *to > TIME_MAX) {
        Some((from, to)) => Err(Fault::new(place, format!("closure [{from},{to}] is backwards, before time 0 or beyond a century"))),
        None => Ok(()),
    }
}

fn check_center(problem: &Problem, number: usize) -> Result<Calendar, Fault> {
    let center = &problem.centers[number];
    let place = format!("work_centers[{number}] ({})", center.id);
    check_spans(&place, &center.downtime)?;
    let hours = match center.hours {
        Some(of) => Some(problem.hours.get(of).ok_or_else(|| Fault::new(&place, "names hours that do not exist"))?),
        None => None,
    };
    let states = match center.matrix {
        Some(of) => problem.matrices.get(of).ok_or_else(|| Fault::new(&place, "names a setup matrix that does not exist"))?.times.len(),
        None => usize::MAX,
    };
    if center.initial_state.is_some_and(|state| state >= states) {
        return Err(Fault::new(place, "its initial state is not one of its setup matrix"));
    }
    Calendar::compile(hours, &center.downtime)
        .ok_or_else(|| Fault::new(place, format!("its open time comes to more than {WINDOWS_MAX} windows; closures are too far ahead for so short a period")))
}

fn check_job(problem: &Problem, calendars: &[Calendar], number: usize, job: &Job) -> Result<(), Fault> {
    let place = format!("jobs[{number}] ({})", job.id);
    let fault = |reason: String| Err(Fault::new(&place, reason));
    if job.operations.is_empty() {
        return fault("has no operations; give it a routing".into());
    }
    if !(0..=TIME_MAX).contains(&job.release) || job.due.is_some_and(|due| !(0..=TIME_MAX).contains(&due)) {
        return fault("release and due must lie between 0 and a century".into());
    }
    if let Some(due) = job.due.filter(|due| *due < job.release) {
        return fault(format!("is due at {due}, before its release at {}; correct one of them", job.release));
    }
    if !(0..=WEIGHT_MAX).contains(&job.weight) {
        return fault(format!("its weight must lie between 0 and {WEIGHT_MAX}"));
    }
    job.operations
        .iter()
        .enumerate()
        .try_for_each(|(at, op)| check_operation(problem, calendars, job, op).map_err(|reason| Fault::new(format!("jobs[{number}].operations[{at}] ({})", job.id), reason)))
}

fn check_operation(problem: &Problem, calendars: &[Calendar], job: &Job, op: &Operation) -> Result<(), String> {
    if op.modes.is_empty() {
        return Err("no work center is qualified for it; give it at least one mode".into());
    }
    for (at, &(center, minutes)) in op.modes.iter().enumerate() {
        let Some(named) = problem.centers.get(center) else { return Err(format!("mode {at} names work center {center}, which does not exist")) };
        let least = Minutes::from(!problem.milestones);
        if !(least..=TIME_MAX).contains(&minutes) {
            return Err(format!("takes {minutes} on {}; a time must be at least {least} and at most a century", named.id));
        }
        if op.modes[..at].iter().any(|mode| mode.0 == center) {
            return Err(format!("names {} twice; keep one mode a work center", named.id));
        }
        if !op.resumable && op.fixed.is_none() && !calendars[center].holds(minutes) {
            return Err(format!("needs {minutes} without a pause, and {} is never open that long; let it pause or split it", named.id));
        }
    }
    if let Some((of, lag)) = op.predecessors.iter().find(|(of, lag)| *of >= job.operations.len() || !(0..=TIME_MAX).contains(lag)) {
        return Err(format!("predecessor {of} with lag {lag}: no such operation in this job, or a lag outside 0 to a century"));
    }
    if let Some((of, state)) = op.states.iter().find(|(of, state)| problem.matrices.get(*of).is_none_or(|matrix| *state >= matrix.times.len())) {
        return Err(format!("setup state {state} is not one of setup matrix {of}"));
    }
    for (at, &pool) in op.pools.iter().enumerate() {
        let it = problem.pools.get(pool).ok_or("names a pool that does not exist")?;
        match it.kind {
            _ if op.pools[..at].contains(&pool) => return Err(format!("names pool {} twice", it.id)),
            PoolKind::People if it.capacity == 0 => return Err(format!("nobody is qualified: pool {} is empty", it.id)),
            PoolKind::Tools if it.capacity == 0 => return Err(format!("there is no tool {}", it.id)),
            _ => {}
        }
    }
    if !(1..=WHOLE).contains(&op.batch) {
        return Err(format!("its first transfer batch is {} thousandths of it; give 1 to {WHOLE}", op.batch));
    }
    if !(0..=TIME_MAX).contains(&op.release) {
        return Err(format!("its release at {} must lie between 0 and a century", op.release));
    }
    match op.fixed {
        Some((center, start)) if !op.modes.iter().any(|mode| mode.0 == center) || !(0..=TIME_MAX).contains(&start) => {
            Err(format!("is fixed on work center {center} at {start}, which is none of its modes or no time"))
        }
        _ => Ok(()),
    }
}

/// Job by job, predecessors first.
fn topological(problem: &Problem, first: &[u32], before: &[Vec<Link>], after: &[Vec<Link>]) -> Result<Vec<u32>, Fault> {
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut order: Vec<u32> = (0..before.len() as u32).filter(|op| missing[*op as usize] == 0).collect();
    let mut at = 0;
    while at < order.len() {
        for link in &after[order[at] as usize] {
            missing[link.op as usize] -= 1;
            if missing[link.op as usize] == 0 {
                order.push(link.op);
            }
        }
        at += 1;
    }
    let job_of = |op: &u32| first.partition_point(|begin| begin <= op);
    order.sort_by_key(job_of);
    match missing.iter().position(|left| *left > 0) {
        None => Ok(order),
        Some(op) => {
            let job = first.partition_point(|begin| *begin as usize <= op) - 1;
            let place = format!("jobs[{job}].operations[{}] ({})", op - first[job] as usize, problem.jobs[job].id);
            Err(Fault::new(place, "waits for itself: its predecessors run in a circle"))
        }
    }
}
