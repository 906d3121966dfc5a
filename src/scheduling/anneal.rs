//! Simulated annealing on sequences, for the weighted tardiness of plain problems. A step reverses two operations on the
//! critical way of a late job or takes one to another work center, and works out all times anew. Cooling runs in cycles,
//! each twice as long as the one before, so that it needs no deadline to plan for. It knows no calendars and no people.

use super::dispatch::decay;
use super::graph::{Graph, Move, NOBODY, Times};
use super::instance::Instance;
use super::plan::Plan;
use super::random::Random;
use super::team::Search;

/// Steps of the first cooling, and of the longest.
const CYCLE_MIN: u64 = 100_000;
const CYCLE_MAX: u64 = 3_200_000;
/// Temperature at the beginning and at the end of a cycle as parts of the best cost, in turn: which finds more differs
/// from problem to problem.
const HEATS: [(f64, f64); 2] = [(0.5, 0.002), (2.0, 0.02)];
/// Steps between two changes of temperature.
const PLATEAU: u64 = 100;

/// A search with its temperature.
pub(super) struct Anneal<'i> {
    graph: Graph<'i>,
    random: Random,
    cost: i64,
    best: Plan,
    best_cost: i64,
    step: u64,
    cycle: u64,
    /// Of which heat it is; searches side by side begin with another.
    turn: usize,
    temperature: f64,
    cooling: f64,
    /// Times and order before a step, for taking it back.
    times: Vec<Times>,
    order: Vec<u32>,
    late: Vec<u32>,
    late_before: Vec<u32>,
    path: Vec<u32>,
}

impl<'i> Anneal<'i> {
    pub(super) fn new(instance: &'i Instance, start: &Plan, random: Random, turn: usize) -> Self {
        let graph = Graph::of(instance, start);
        let mut it = Self {
            cost: 0,
            best: graph.plan(),
            best_cost: i64::MAX,
            step: 0,
            cycle: CYCLE_MIN / 2,
            turn,
            temperature: 0.0,
            cooling: 1.0,
            times: graph.times.clone(),
            order: graph.order.clone(),
            late: Vec::new(),
            late_before: Vec::new(),
            path: Vec::new(),
            graph,
            random,
        };
        it.graph.rank(0, usize::MAX);
        it.cost = it.weigh();
        it.best_cost = it.cost;
        it.begin_cycle();
        it
    }

    fn begin_cycle(&mut self) {
        self.step = 0;
        self.cycle = (self.cycle * 2).min(CYCLE_MAX);
        let (hot, cold) = HEATS[self.turn % HEATS.len()];
        self.turn += 1;
        self.temperature = (self.best_cost as f64 * hot).max(1.0);
        self.cooling = root(cold / hot, self.cycle / PLATEAU);
    }

    /// Weighted tardiness of the graph as it stands; notes who is late.
    fn weigh(&mut self) -> i64 {
        let instance = self.graph.instance;
        let mut cost = 0;
        self.late.clear();
        for job in 0..instance.jobs() as u32 {
            let it = instance.job(job);
            let done = instance.ops_of(job).map(|op| self.graph.end(op)).max().unwrap_or(0);
            let late = it.due.map_or(0, |due| done - due);
            if late > 0 {
                cost += i64::from(late) * i64::from(it.weight);
                self.late.push(job);
            }
        }
        cost
    }

    /// The critical way to the end of a late job.
    fn trace(&mut self) {
        let instance = self.graph.instance;
        let job = self.late[self.random.below(self.late.len())];
        self.path.clear();
        let mut op = instance.ops_of(job).max_by_key(|op| self.graph.end(*op)).unwrap_or(NOBODY);
        while op != NOBODY {
            self.path.push(op);
            op = self.graph.critical_before(op);
        }
    }

    /// A random move on the critical way, if there is one.
    fn draw(&mut self) -> Option<Move> {
        self.trace();
        for _ in 0..8 {
            let at = self.random.below(self.path.len());
            let op = self.path[at];
            let modes = self.graph.instance.modes.row(op);
            if modes.len() > 1 && self.random.percent(50) {
                let mode = modes[self.random.below(modes.len())];
                let (low, high) = self.graph.positions(op, mode.center);
                if mode.center != self.graph.center(op) && low <= high {
                    return Some(Move { op, mode_center: mode.center, position: (low + self.random.below(high - low + 1)) as u32 });
                }
                continue;
            }
            let place = self.graph.place[op as usize];
            let by_center = self.path.get(at + 1).is_some_and(|before| *before == self.graph.previous(op));
            if by_center {
                return Some(Move { op, mode_center: place.mode.center, position: place.position - 1 });
            }
        }
        None
    }

    fn take_back(&mut self, back: Move, (from, to): (usize, usize)) {
        self.graph.apply(back);
        std::mem::swap(&mut self.graph.times, &mut self.times);
        std::mem::swap(&mut self.graph.order, &mut self.order);
        self.graph.rank(from, to);
    }
}

/// The number that gives `value` when multiplied with itself `times` times, by halving the interval.
fn root(value: f64, times: u64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        let (mut power, mut base, mut left) = (1.0, middle, times);
        while left > 0 {
            if left % 2 == 1 {
                power *= base;
            }
            base *= base;
            left /= 2;
        }
        if power < value { low = middle } else { high = middle }
    }
    high
}

impl Search for Anneal<'_> {
    fn step(&mut self) {
        self.step += 1;
        if self.step > self.cycle {
            self.begin_cycle();
        } else if self.step.is_multiple_of(PLATEAU) {
            self.temperature *= self.cooling;
        }
        if self.late.is_empty() {
            return;
        }
        let Some(it) = self.draw() else { return };
        let is_swap = it.mode_center == self.graph.center(it.op);
        self.times.clone_from(&self.graph.times);
        self.order.clone_from(&self.graph.order);
        let back = self.graph.apply(it);
        let changed = if is_swap {
            self.graph.forward_after_swap(it.op)
        } else {
            let ends = self.graph.forward();
            self.graph.rank(0, usize::MAX);
            ends.then_some((0, usize::MAX))
        };
        let Some(changed) = changed else {
            self.take_back(back, (0, if is_swap { 0 } else { usize::MAX }));
            return;
        };
        std::mem::swap(&mut self.late, &mut self.late_before);
        let cost = self.weigh();
        let worse = (cost - self.cost) as f64 / self.temperature;
        if worse > 0.0 && decay(worse) * 1_000_000.0 < self.random.below(1_000_000) as f64 {
            self.take_back(back, changed);
            std::mem::swap(&mut self.late, &mut self.late_before);
            return;
        }
        self.cost = cost;
        if cost < self.best_cost {
            self.best_cost = cost;
            self.best = self.graph.plan();
        }
    }

    fn best(&self) -> (&Plan, i64) {
        (&self.best, self.best_cost)
    }

    /// Each cools for itself: chains that follow each other find the same.
    fn exchange(_: &mut [Self]) {}
}
