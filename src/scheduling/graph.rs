//! A plan as a graph: one sequence a work center, times by longest ways. Only for plain problems, where times
//! follow from sequences alone; there a step of a search costs one pass over the operations.
//! It evaluates and moves; which move is good is decided in [`super::tabu`] and [`super::anneal`].

use super::instance::{Instance, Link, Mode, NONE};
use super::plan::{Plan, Slot};
use super::problem::Minutes;

/// No operation.
pub(super) const NOBODY: u32 = u32::MAX;

/// Sequences and the times that follow from them.
#[derive(Clone, Debug)]
pub(super) struct Graph<'i> {
    pub(super) instance: &'i Instance,
    pub(super) rows: Vec<Vec<u32>>,
    pub(super) place: Vec<Place>,
    /// By operation: earliest start, the longest way after its end, and what of both its job alone asks for.
    pub(super) times: Vec<Times>,
    /// Operations so that whatever must end before comes first.
    pub(super) order: Vec<u32>,
    pub(super) length: Minutes,
    missing: Vec<u32>,
    /// Where each operation stands in the order, kept by whoever swaps.
    rank: Vec<u32>,
    pushed: Vec<u32>,
    /// Neighbours on the work center, for a walk that touches little memory.
    beside: Vec<Beside>,
    /// The only predecessor and successor in the job, for almost all operations; the others ask the instance.
    before: Vec<Only>,
    after: Vec<Only>,
    pub(super) has_setups: bool,
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) mode: Mode,
    pub(super) position: u32,
}

/// Neighbours on a work center.
#[derive(Clone, Copy, Debug)]
struct Beside {
    previous: u32,
    next: u32,
}

/// What an operation has of links on one side.
#[derive(Clone, Copy, Debug)]
enum Only {
    None,
    One(Link),
    Many,
}

fn only(row: &[Link]) -> Only {
    match row {
        [] => Only::None,
        [link] => Only::One(*link),
        _ => Only::Many,
    }
}

/// Longest ways to and from an operation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) head: Minutes,
    pub(super) tail: Minutes,
    pub(super) job_head: Minutes,
    pub(super) job_tail: Minutes,
}

/// An operation goes to a position of a work center's row, counted without itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) op: u32,
    pub(super) mode_center: u32,
    pub(super) position: u32,
}

impl<'i> Graph<'i> {
    /// The sequences of a plan, with their times.
    pub(super) fn of(instance: &'i Instance, plan: &Plan) -> Self {
        let rows = plan.rows(instance);
        let nowhere = Place { mode: Mode { center: 0, minutes: 0, state: NONE }, position: 0 };
        let mut it = Self {
            instance,
            place: vec![nowhere; instance.len()],
            times: vec![Times::default(); instance.len()],
            order: Vec::with_capacity(instance.len()),
            length: 0,
            missing: vec![0; instance.len()],
            rank: vec![0; instance.len()],
            pushed: Vec::new(),
            beside: vec![Beside { previous: NOBODY, next: NOBODY }; instance.len()],
            before: (0..instance.len() as u32).map(|op| only(instance.before.row(op))).collect(),
            after: (0..instance.len() as u32).map(|op| only(instance.after.row(op))).collect(),
            has_setups: (0..rows.len() as u32).any(|center| instance.has_setups(center)),
            rows,
        };
        it.load();
        it
    }

    /// Takes over the sequences of a plan.
    pub(super) fn take(&mut self, plan: &Plan) {
        self.rows = plan.rows(self.instance);
        self.load();
    }

    fn load(&mut self) {
        for center in 0..self.rows.len() {
            for &op in &self.rows[center] {
                if let Some(mode) = self.instance.mode_on(op, center as u32) {
                    self.place[op as usize].mode = mode;
                }
            }
            self.renumber(center as u32, 0, usize::MAX);
        }
        self.evaluate();
    }

    pub(super) fn plan(&self) -> Plan {
        let slot = |(place, times): (&Place, &Times)| Slot { center: place.mode.center, start: times.head, end: times.head + place.mode.minutes };
        Plan { slots: self.place.iter().zip(&self.times).map(slot).collect() }
    }

    pub(super) fn minutes(&self, op: u32) -> Minutes {
        self.place[op as usize].mode.minutes
    }

    pub(super) fn center(&self, op: u32) -> u32 {
        self.place[op as usize].mode.center
    }

    pub(super) fn end(&self, op: u32) -> Minutes {
        self.times[op as usize].head + self.minutes(op)
    }

    /// The operation before on the same work center.
    pub(super) fn previous(&self, op: u32) -> u32 {
        self.beside[op as usize].previous
    }

    /// The operation after on the same work center.
    pub(super) fn next(&self, op: u32) -> u32 {
        self.beside[op as usize].next
    }

    /// Setup between two operations, or from the beginning, on a center.
    pub(super) fn setup(&self, center: u32, from: u32, to: Mode) -> Minutes {
        if !self.has_setups {
            return 0;
        }
        let state = if from == NOBODY { self.instance.initial[center as usize] } else { self.place[from as usize].mode.state };
        self.instance.setup(center, state, to.state)
    }

    /// Works out all times; false where the sequences contradict each other, and then the times mean nothing.
    pub(super) fn evaluate(&mut self) -> bool {
        self.forward() && self.backward()
    }

    /// Heads and the order.
    pub(super) fn forward(&mut self) -> bool {
        let instance = self.instance;
        self.order.clear();
        for op in 0..self.missing.len() {
            let links = match self.before[op] {
                Only::None => 0,
                Only::One(_) => 1,
                Only::Many => instance.before.row(op as u32).len() as u32,
            };
            let missing = links + u32::from(self.beside[op].previous != NOBODY);
            self.missing[op] = missing;
            if missing == 0 {
                self.order.push(op as u32);
            }
        }
        let (mut at, mut length) = (0, 0);
        while at < self.order.len() {
            let op = self.order[at];
            at += 1;
            length = length.max(self.begin(op));
            let next = self.beside[op as usize].next;
            match self.after[op as usize] {
                Only::None => {}
                Only::One(link) => self.release(link.op),
                Only::Many => instance.after.row(op).iter().for_each(|link| self.release(link.op)),
            }
            if next != NOBODY {
                self.release(next);
            }
        }
        self.length = length;
        self.order.len() == self.missing.len()
    }

    /// Works out the head of an operation from those before it; answers its end.
    // Always: a call of its own takes a tenth of the steps of a search for the makespan.
    #[inline(always)]
    fn begin(&mut self, op: u32) -> Minutes {
        let place = self.place[op as usize];
        let previous = self.beside[op as usize].previous;
        let release = self.instance.release[op as usize];
        let job_head = match self.before[op as usize] {
            Only::None => release,
            Only::One(link) => release.max(self.end(link.op) + link.lag),
            Only::Many => self.instance.before.row(op).iter().map(|link| self.end(link.op) + link.lag).fold(release, Minutes::max),
        };
        let free = if previous == NOBODY { 0 } else { self.end(previous) };
        let head = job_head.max(free + self.setup(place.mode.center, previous, place.mode));
        let times = &mut self.times[op as usize];
        (times.head, times.job_head) = (head, job_head);
        head + place.mode.minutes
    }

    /// Ranks of a part of the order, for [`Graph::forward_after_swap`].
    pub(super) fn rank(&mut self, from: usize, to: usize) {
        for at in from..to.min(self.order.len()) {
            self.rank[self.order[at] as usize] = at as u32;
        }
    }

    /// Heads and order after an operation went before its neighbour on the work center: half the work of all of them. The
    /// length and the tails are left as they were. Answers the part of the order that changed; `None`, with nothing
    /// changed, where the two contradict each other.
    pub(super) fn forward_after_swap(&mut self, op: u32) -> Option<(usize, usize)> {
        let instance = self.instance;
        let behind = self.beside[op as usize].next;
        let (from, to) = (self.rank[behind as usize] as usize, self.rank[op as usize] as usize);
        // Whatever follows the one that was before, up to the other, goes behind that.
        self.pushed.clear();
        self.pushed.push(behind);
        for at in from + 1..=to {
            let other = self.order[at];
            let follows = |before: u32| self.pushed.contains(&before);
            let is_pushed = match self.before[other as usize] {
                Only::None => false,
                Only::One(link) => follows(link.op),
                Only::Many => instance.before.row(other).iter().any(|link| follows(link.op)),
            } || follows(self.beside[other as usize].previous);
            if is_pushed && other == op {
                return None;
            }
            if is_pushed {
                self.pushed.push(other);
            }
        }
        let mut at = from;
        for old in from..=to {
            let other = self.order[old];
            if !self.pushed.contains(&other) {
                self.order[at] = other;
                at += 1;
            }
        }
        self.order[at..=to].copy_from_slice(&self.pushed);
        self.rank(from, to + 1);
        for at in from..self.order.len() {
            self.begin(self.order[at]);
        }
        Some((from, to + 1))
    }

    /// One predecessor of an operation has its times.
    fn release(&mut self, op: u32) {
        let missing = &mut self.missing[op as usize];
        *missing -= 1;
        if *missing == 0 {
            self.order.push(op);
        }
    }

    fn backward(&mut self) -> bool {
        let instance = self.instance;
        for at in (0..self.order.len()).rev() {
            let op = self.order[at];
            let way = |link: &Link| link.lag + self.minutes(link.op) + self.times[link.op as usize].tail;
            let job_tail = match &self.after[op as usize] {
                Only::None => 0,
                Only::One(link) => way(link),
                Only::Many => instance.after.row(op).iter().map(way).fold(0, Minutes::max),
            };
            let next = self.next(op);
            let tail = if next == NOBODY {
                job_tail
            } else {
                let mode = self.place[next as usize].mode;
                job_tail.max(self.setup(mode.center, op, mode) + mode.minutes + self.times[next as usize].tail)
            };
            let times = &mut self.times[op as usize];
            (times.tail, times.job_tail) = (tail, job_tail);
        }
        true
    }

    /// Moves an operation; what undoes it comes back. Times are stale until they are worked out again.
    pub(super) fn apply(&mut self, it: Move) -> Move {
        let from = self.place[it.op as usize];
        self.rows[from.mode.center as usize].remove(from.position as usize);
        self.rows[it.mode_center as usize].insert(it.position as usize, it.op);
        if from.mode.center == it.mode_center {
            let (low, high) = (from.position.min(it.position), from.position.max(it.position));
            self.renumber(it.mode_center, low as usize, high as usize + 1);
        } else {
            if let Some(mode) = self.instance.mode_on(it.op, it.mode_center) {
                self.place[it.op as usize].mode = mode;
            }
            self.renumber(from.mode.center, from.position as usize, usize::MAX);
            self.renumber(it.mode_center, it.position as usize, usize::MAX);
        }
        Move { op: it.op, mode_center: from.mode.center, position: from.position }
    }

    /// Positions and neighbours of a part of a row, and of those next to it.
    fn renumber(&mut self, center: u32, low: usize, high: usize) {
        let row = &self.rows[center as usize];
        for at in low.saturating_sub(1)..high.saturating_add(1).min(row.len()) {
            let op = row[at] as usize;
            self.place[op].position = at as u32;
            self.beside[op] = Beside { previous: if at == 0 { NOBODY } else { row[at - 1] }, next: row.get(at + 1).copied().unwrap_or(NOBODY) };
        }
    }

    /// Where a critical way through an operation comes from: the work center's previous operation or one of its job.
    pub(super) fn critical_before(&self, op: u32) -> u32 {
        let head = self.times[op as usize].head;
        let place = self.place[op as usize];
        let previous = self.previous(op);
        if previous != NOBODY && self.end(previous) + self.setup(place.mode.center, previous, place.mode) == head {
            return previous;
        }
        self.critical_job_before(op)
    }

    /// The same through the job alone.
    pub(super) fn critical_job_before(&self, op: u32) -> u32 {
        let head = self.times[op as usize].head;
        self.instance.before.row(op).iter().find(|link| self.end(link.op) + link.lag == head).map_or(NOBODY, |link| link.op)
    }

    /// Positions of a center's row, counted without the operation, at which it contradicts nothing for certain.
    pub(super) fn positions(&self, op: u32, center: u32) -> (usize, usize) {
        let instance = self.instance;
        let row = &self.rows[center as usize];
        let (mut low, mut high) = (0, row.len());
        let (mut latest, mut earliest) = (Minutes::MIN, Minutes::MAX);
        for link in instance.before.row(op) {
            latest = latest.max(self.times[link.op as usize].head);
            if self.center(link.op) == center {
                low = low.max(self.place[link.op as usize].position as usize + 1);
            }
        }
        for link in instance.after.row(op) {
            earliest = earliest.min(self.end(link.op));
            if self.center(link.op) == center {
                high = high.min(self.place[link.op as usize].position as usize);
            }
        }
        low = low.max(row.partition_point(|other| self.end(*other) <= latest));
        high = high.min(row.partition_point(|other| self.times[*other as usize].head < earliest));
        (low, high)
    }
}
