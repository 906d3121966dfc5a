//! Tabu search for the makespan of plain problems. Moves are those that literature found to matter: an operation
//! of a critical block goes before its first or behind its last one, the ends go inside (N6 of Balas and Vazacopoulos,
//! N7 of Zhang), and a critical operation goes to another work center where it lengthens the least (after Mastrolilli and
//! Gambardella). Moves are judged by heads and tails, the best one that undoes nothing recent is made, and the search goes
//! back to one of a few best plans when it finds nothing for long. It knows no calendars and no people.

use super::graph::{Graph, Move, NOBODY};
use super::instance::Instance;
use super::plan::Plan;
use super::problem::Minutes;
use super::random::Random;
use super::team::{Search, leader};

/// Plans worth returning to.
const ELITE: usize = 8;
/// Steps without progress before it returns to one of them.
const IDLE_STEPS: u64 = 12_000;

/// A search with its memory.
pub(super) struct Tabu<'i> {
    graph: Graph<'i>,
    random: Random,
    step: u64,
    /// By pair of operations: the first may not come before the second until this step.
    pairs: Vec<u32>,
    /// By operation and work center: it may not go there until this step.
    places: Vec<u32>,
    elite: Vec<(Minutes, Plan)>,
    /// Best length since the last return.
    local: Minutes,
    idle: u64,
    idle_max: u64,
    tenure: usize,
    /// Operations in the order that a move would give them, and their heads then.
    segment: Vec<u32>,
    heads: Vec<Minutes>,
    path: Vec<u32>,
    moves: Vec<(Minutes, Move)>,
}

impl<'i> Tabu<'i> {
    pub(super) fn new(instance: &'i Instance, start: &Plan, random: Random) -> Self {
        let graph = Graph::of(instance, start);
        let (ops, centers) = (instance.len(), instance.calendars.len());
        Self {
            random,
            step: 0,
            pairs: vec![0; ops * ops],
            places: vec![0; ops * centers],
            elite: vec![(graph.length, graph.plan())],
            local: graph.length,
            idle: 0,
            idle_max: IDLE_STEPS,
            tenure: 10 + instance.jobs() / centers.max(1),
            segment: Vec::new(),
            heads: Vec::new(),
            path: Vec::new(),
            moves: Vec::new(),
            graph,
        }
    }

    /// Takes a plan of another search into its own best ones.
    fn learn(&mut self, plan: &Plan, length: Minutes) {
        if self.elite.iter().any(|(known, it)| *known == length && it == plan) {
            return;
        }
        let at = self.elite.partition_point(|(known, _)| *known <= length);
        self.elite.insert(at, (length, plan.clone()));
        self.elite.truncate(ELITE);
    }

    /// One critical way, chosen at random where it forks.
    fn trace(&mut self) {
        let graph = &self.graph;
        self.path.clear();
        let count = graph.order.len();
        let from = self.random.below(count);
        let last = (0..count).map(|at| graph.order[(from + at) % count]).find(|op| graph.end(*op) == graph.length);
        let mut op = last.unwrap_or(NOBODY);
        while op != NOBODY {
            self.path.push(op);
            let by_job = graph.critical_job_before(op);
            op = if by_job != NOBODY && self.random.percent(50) { by_job } else { graph.critical_before(op) };
        }
        self.path.reverse();
    }

    /// Moves along the way, with what they would lead to.
    fn gather(&mut self) {
        self.moves.clear();
        let path = std::mem::take(&mut self.path);
        let mut first = 0;
        while first < path.len() {
            let center = self.graph.center(path[first]);
            let mut last = first;
            while last + 1 < path.len() && self.graph.next(path[last]) == path[last + 1] {
                last += 1;
            }
            if last > first {
                self.gather_block(center, self.graph.place[path[first] as usize].position as usize, self.graph.place[path[last] as usize].position as usize);
            }
            first = last + 1;
        }
        for &op in &path {
            self.gather_centers(op);
        }
        self.path = path;
    }

    /// Moves inside a block: to its ends, and the ends inside.
    fn gather_block(&mut self, center: u32, first: usize, last: usize) {
        for at in first..last {
            self.forward(center, at, last);
            if at > first {
                self.forward(center, first, at);
            }
        }
        for at in first + 1..=last {
            self.backward(center, at, first);
            if at < last && at > first + 1 {
                self.backward(center, last, at);
            }
        }
        if last > first + 1 {
            self.backward(center, last, first + 1);
        }
    }

    /// Judges moving the operation at `from` behind the one at `to`.
    fn forward(&mut self, center: u32, from: usize, to: usize) {
        let graph = &self.graph;
        let row = &graph.rows[center as usize];
        let (op, behind) = (row[from], row[to]);
        let times = graph.times[behind as usize];
        let safe = graph
            .instance
            .after
            .row(op)
            .iter()
            .all(|link| link.op != behind && (graph.end(link.op) > times.head || times.tail + graph.minutes(behind) > graph.times[link.op as usize].tail));
        // Between neighbours on a critical way there is no other way round.
        if safe || to == from + 1 {
            self.segment.clear();
            self.segment.extend_from_slice(&row[from + 1..=to]);
            self.segment.push(op);
            self.judge(center, from, to, Move { op, mode_center: center, position: to as u32 });
        }
    }

    /// Judges moving the operation at `from` before the one at `to`.
    fn backward(&mut self, center: u32, from: usize, to: usize) {
        let graph = &self.graph;
        let row = &graph.rows[center as usize];
        let (op, ahead) = (row[from], row[to]);
        let times = graph.times[ahead as usize];
        let safe = graph.instance.before.row(op).iter().all(|link| {
            let other = graph.times[link.op as usize];
            link.op != ahead && (graph.end(ahead) > other.head || other.tail + graph.minutes(link.op) > times.tail)
        });
        if safe || from == to + 1 {
            self.segment.clear();
            self.segment.push(op);
            self.segment.extend_from_slice(&row[to..from]);
            self.judge(center, to, from, Move { op, mode_center: center, position: to as u32 });
        }
    }

    /// Notes a move with the longest way over the operations from `first` to `last`, were they in the segment's order.
    fn judge(&mut self, center: u32, first: usize, last: usize, it: Move) {
        let graph = &self.graph;
        let row = &graph.rows[center as usize];
        self.heads.clear();
        let mut previous = if first == 0 { NOBODY } else { row[first - 1] };
        let mut free = if first == 0 { 0 } else { graph.end(previous) };
        for &op in &self.segment {
            let mode = graph.place[op as usize].mode;
            let head = graph.times[op as usize].job_head.max(free + graph.setup(center, previous, mode));
            self.heads.push(head);
            (free, previous) = (head + mode.minutes, op);
        }
        let mut next = row.get(last + 1).copied().unwrap_or(NOBODY);
        let mut rest = if next == NOBODY { 0 } else { graph.minutes(next) + graph.times[next as usize].tail };
        let mut longest = 0;
        for (head, &op) in self.heads.iter().zip(&self.segment).rev() {
            let between = if next == NOBODY { 0 } else { graph.setup(center, op, graph.place[next as usize].mode) };
            let tail = graph.times[op as usize].job_tail.max(rest + between);
            longest = longest.max(head + graph.minutes(op) + tail);
            (rest, next) = (tail + graph.minutes(op), op);
        }
        self.moves.push((longest, it));
    }

    /// Judges every safe place of an operation on its other work centers.
    fn gather_centers(&mut self, op: u32) {
        let graph = &self.graph;
        let own = graph.center(op);
        let modes = graph.instance.modes.row(op);
        if modes.len() == 1 {
            return;
        }
        let times = graph.times[op as usize];
        let left = self.length_without(op);
        for mode in modes.iter().filter(|mode| mode.center != own) {
            let row = &graph.rows[mode.center as usize];
            let (low, high) = graph.positions(op, mode.center);
            let mut best: Option<(Minutes, usize)> = None;
            for position in low..=high {
                let previous = if position == 0 { NOBODY } else { row[position - 1] };
                let free = if position == 0 { 0 } else { graph.end(previous) };
                let head = times.job_head.max(free + graph.setup(mode.center, previous, *mode));
                let rest = match row.get(position) {
                    None => 0,
                    Some(&next) => {
                        let to = graph.place[next as usize].mode;
                        let between = if graph.has_setups { graph.instance.setup(mode.center, mode.state, to.state) } else { 0 };
                        between + to.minutes + graph.times[next as usize].tail
                    }
                };
                let length = head + mode.minutes + times.job_tail.max(rest);
                if best.is_none_or(|(least, _)| length < least) {
                    best = Some((length, position));
                }
            }
            if let Some((length, position)) = best {
                self.moves.push((length.max(left), Move { op, mode_center: mode.center, position: position as u32 }));
            }
        }
    }

    /// The longest way over the work center that an operation leaves.
    fn length_without(&self, op: u32) -> Minutes {
        let graph = &self.graph;
        let (previous, next) = (graph.previous(op), graph.next(op));
        if next == NOBODY {
            return 0;
        }
        let mode = graph.place[next as usize].mode;
        let free = if previous == NOBODY { 0 } else { graph.end(previous) };
        graph.times[next as usize].job_head.max(free + graph.setup(mode.center, previous, mode)) + mode.minutes + graph.times[next as usize].tail
    }

    fn is_tabu(&self, it: Move) -> bool {
        let graph = &self.graph;
        let now = self.step as u32;
        let place = graph.place[it.op as usize];
        if place.mode.center != it.mode_center {
            return self.places[it.op as usize * graph.rows.len() + it.mode_center as usize] > now;
        }
        let row = &graph.rows[it.mode_center as usize];
        let (from, to) = (place.position as usize, it.position as usize);
        let ops = graph.place.len();
        if from < to {
            row[from + 1..=to].iter().any(|other| self.pairs[*other as usize * ops + it.op as usize] > now)
        } else {
            row[to..from].iter().any(|other| self.pairs[it.op as usize * ops + *other as usize] > now)
        }
    }

    /// The best move that is allowed, or any where none is.
    fn choose(&mut self) -> Option<Move> {
        let best_known = self.elite[0].0;
        let mut best: Option<(Minutes, Move)> = None;
        let mut ties = 0;
        for at in 0..self.moves.len() {
            let (length, it) = self.moves[at];
            if best.is_some_and(|(least, _)| length > least) || (length >= best_known && self.is_tabu(it)) {
                continue;
            }
            if best.is_none_or(|(least, _)| length < least) {
                (best, ties) = (Some((length, it)), 1);
            } else {
                ties += 1;
                if self.random.below(ties) == 0 {
                    best = Some((length, it));
                }
            }
        }
        match best {
            Some((_, it)) => Some(it),
            None if self.moves.is_empty() => None,
            None => Some(self.moves[self.random.below(self.moves.len())].1),
        }
    }

    /// Makes a move and forbids its undoing for a while; a move that contradicts the rest is taken back.
    fn make(&mut self, it: Move) {
        let place = self.graph.place[it.op as usize];
        let until = self.step as u32 + (self.tenure + self.random.below(self.tenure / 2 + 2)) as u32;
        let ops = self.graph.place.len();
        if place.mode.center == it.mode_center {
            let (from, to) = (place.position as usize, it.position as usize);
            let row = &self.graph.rows[it.mode_center as usize];
            if from < to {
                row[from + 1..=to].iter().for_each(|other| self.pairs[it.op as usize * ops + *other as usize] = until);
            } else {
                row[to..from].iter().for_each(|other| self.pairs[*other as usize * ops + it.op as usize] = until);
            }
        } else {
            self.places[it.op as usize * self.graph.rows.len() + place.mode.center as usize] = until;
        }
        let back = self.graph.apply(it);
        if !self.graph.evaluate() {
            self.graph.apply(back);
            self.graph.evaluate();
            self.idle += 10;
        }
    }

    /// Back to one of the best plans, shaken.
    fn go_back(&mut self) {
        let plan = self.random.below(self.elite.len());
        self.graph.take(&self.elite[plan].1);
        self.pairs.fill(0);
        self.places.fill(0);
        for _ in 0..6 + self.random.below(12) {
            self.trace();
            self.gather();
            if self.moves.is_empty() {
                break;
            }
            let it = self.moves[self.random.below(self.moves.len())].1;
            self.make(it);
        }
        (self.local, self.idle) = (self.graph.length, 0);
    }
}

impl Search for Tabu<'_> {
    fn best(&self) -> (&Plan, i64) {
        (&self.elite[0].1, self.elite[0].0.into())
    }

    fn step(&mut self) {
        self.step += 1;
        self.trace();
        self.gather();
        let Some(chosen) = self.choose() else { return self.go_back() };
        self.make(chosen);
        if self.graph.length < self.local {
            (self.local, self.idle) = (self.graph.length, 0);
            if self.graph.length < self.elite[self.elite.len() - 1].0 || self.elite.len() < ELITE {
                let plan = self.graph.plan();
                self.learn(&plan, self.graph.length);
            }
        } else {
            self.idle += 1;
        }
        if self.idle > self.idle_max {
            self.go_back();
        }
    }

    fn exchange(team: &mut [Self]) {
        let leader = leader(team);
        let (length, plan) = leader.elite[0].clone();
        team.iter_mut().for_each(|search| search.learn(&plan, length));
    }
}
