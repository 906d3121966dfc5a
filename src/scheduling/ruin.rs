//! Ruin and recreate: take a handful of jobs that stand in each other's way off the board and insert them again in
//! another order. Scales to any size, since a step costs what it touches; the way of improving shops with
//! calendars, people and setups. Steps that make it a little worse are taken by late acceptance.

use super::board::{Board, LATE};
use super::chain::Chain;
use super::insertion::{Taste, insert_job};
use super::plan::{Plan, Slot};
use super::problem::{Minutes, Objective};
use super::random::Random;
use super::repair::{MOVED_PERCENT, SHIFT_MINUTES};
use super::team::{Search, leader};

/// Jobs taken off at once, at most.
const RUINED_MAX: usize = 14;
/// A step is compared with the cost this many steps ago; in shops of more than so many jobs fewer, since there
/// is more to gain by going straight down.
const MEMORY: usize = 1_000;
const MEMORY_JOBS: usize = 100;
/// From so many jobs on, searches side by side find improvements that do not touch each other: they are merged.
/// In smaller shops the best plan is taken over, and seldom, so that searches differ.
const MERGED_JOBS: usize = 200;
const ADOPTED_ROUNDS: usize = 20;
/// After so many steps the list of late jobs is made anew.
const LATE_LIST_STEPS: usize = 400;

/// What one more disturbed operation counts at least.
const DISTURBED: i64 = 5 * LATE;
/// Steps in a hundred that bring back a job that was hurt.
const CHAINS_PERCENT: usize = 70;
/// Jobs taken off at once while few may move.
const REPAIRED_MAX: usize = 6;

/// How far a search may move away from a plan in force.
#[derive(Clone, Debug)]
pub(super) struct Disturbance {
    /// By operation: where it was, if it was planned.
    before: Vec<Option<Slot>>,
    moved: usize,
    moved_max: usize,
    /// What one more counts: what the event cost, spread over the moves that are allowed, or those would go on trifles.
    price: i64,
    /// By job: weighted minutes late before the event.
    was_late: Vec<i64>,
    /// Jobs that are late or later since then.
    hurt: Vec<u32>,
}

impl Disturbance {
    /// Counted from a mended plan; what the event itself has moved is not held against it.
    pub(super) fn from(board: &Board<'_>, before: &[Option<Slot>]) -> Self {
        let free = board.instance.fixed.iter().filter(|fixed| fixed.is_none()).count();
        let mut it = Self { before: before.to_vec(), moved: 0, moved_max: free * MOVED_PERCENT / 100, price: DISTURBED, was_late: Vec::new(), hurt: Vec::new() };
        it.before.resize(board.slots.len(), None);
        for job in 0..board.instance.jobs() as u32 {
            let ended = board.instance.ops_of(job).map(|op| it.before[op as usize].map(|slot| slot.end)).collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max());
            it.was_late.push(ended.map_or(0, |ended| board.lateness_at(job, ended)));
        }
        it.list_hurt(board);
        let lost: i64 = it.hurt.iter().map(|job| board.lateness(*job) - it.was_late[*job as usize]).sum();
        it.price = DISTURBED.max(lost * LATE / (4 * it.moved_max.max(1) as i64));
        it.moved = (0..board.slots.len() as u32).filter(|op| it.is_moved(*op, board.slots[*op as usize])).count();
        it
    }

    fn list_hurt(&mut self, board: &Board<'_>) {
        self.hurt = (0..board.instance.jobs() as u32).filter(|job| board.lateness(*job) > self.was_late[*job as usize]).collect();
    }

    fn is_moved(&self, op: u32, slot: Slot) -> bool {
        self.before[op as usize].is_some_and(|before| before.center != slot.center || (before.start - slot.start).abs() > SHIFT_MINUTES)
    }
}

/// A step that was taken: where operations went.
type Taken = Vec<(u32, Slot)>;

/// A search on one board.
pub(super) struct Ruin<'i> {
    pub(super) board: Board<'i>,
    random: Random,
    best: Plan,
    best_cost: i64,
    memory: Vec<i64>,
    steps: usize,
    /// Jobs that stand elsewhere than in the best plan.
    stale: Vec<u32>,
    /// Steps taken since the last exchange.
    taken: Vec<Taken>,
    rounds: usize,
    late: Vec<u32>,
    /// The jobs of this step, and where their operations were.
    jobs: Vec<u32>,
    former: Vec<(u32, Slot)>,
    disturbance: Option<Disturbance>,
    keys: Vec<(i64, u32)>,
    /// Operations of the seed and their ends, were it alone.
    ideal: Vec<(u32, Minutes)>,
}

impl<'i> Ruin<'i> {
    pub(super) fn new(board: Board<'i>, random: Random) -> Self {
        let cost = board.cost();
        let memory = (MEMORY * MEMORY_JOBS / board.instance.jobs().max(1)).clamp(1, MEMORY);
        Self {
            best: board.plan(),
            best_cost: cost,
            memory: vec![cost; memory],
            board,
            random,
            steps: 0,
            stale: Vec::new(),
            taken: Vec::new(),
            rounds: 0,
            late: Vec::new(),
            jobs: Vec::new(),
            former: Vec::new(),
            disturbance: None,
            keys: Vec::new(),
            ideal: Vec::new(),
        }
    }

    /// Counts every move away from a plan in force.
    pub(super) fn keeping_to(mut self, disturbance: Disturbance) -> Self {
        self.disturbance = Some(disturbance);
        let cost = self.cost();
        self.best_cost = cost;
        self.memory.fill(cost);
        self
    }

    /// Cost of the board, disturbance included.
    fn cost(&self) -> i64 {
        self.board.cost() + self.disturbance.as_ref().map_or(0, |it| it.moved as i64 * it.price)
    }

    /// Counts this step's moves; false where they are more than allowed and more than before.
    fn count_disturbance(&mut self) -> bool {
        let Some(it) = &mut self.disturbance else { return true };
        let before = it.moved;
        let was = self.former.iter().filter(|(op, slot)| it.is_moved(*op, *slot)).count();
        let is = self.former.iter().filter(|(op, _)| it.is_moved(*op, self.board.slots[*op as usize])).count();
        it.moved = before + is - was;
        it.moved <= it.moved_max.max(before)
    }

    /// Keeps what stands on the board, if it is sound and costs no more than this; otherwise puts back what was.
    fn decide(&mut self, sound: bool, limit: i64) -> bool {
        let moved = self.disturbance.as_ref().map_or(0, |it| it.moved);
        let kept = self.count_disturbance() && sound && self.cost() <= limit;
        if kept {
            self.stale.extend_from_slice(&self.jobs);
            if self.cost() < self.best_cost {
                self.keep_best();
            }
        } else {
            self.restore();
            if let Some(it) = &mut self.disturbance {
                it.moved = moved;
            }
        }
        kept
    }

    fn merges(&self) -> bool {
        self.board.instance.jobs() >= MERGED_JOBS
    }

    /// Takes a step of another search, where it still fits and helps.
    fn repeat(&mut self, taken: Taken) {
        let before = self.cost();
        self.jobs.clear();
        self.former.clear();
        let mut sound = true;
        for (op, _) in &taken {
            self.former.push((*op, self.board.slots[*op as usize]));
            sound &= self.board.unseat(*op);
            self.add(self.board.instance.job_of[*op as usize]);
        }
        let mut seats = taken;
        seats.sort_unstable_by_key(|(op, slot)| (slot.start, slot.end, *op));
        for (op, slot) in &seats {
            let fit = if sound { self.board.fits_at(*op, *slot) } else { None };
            sound &= fit.is_some();
            if let Some(fit) = fit {
                self.board.seat(*op, &fit);
            }
        }
        sound = sound && seats.iter().all(|(op, _)| self.board.early_followers(*op).next().is_none());
        (0..self.jobs.len()).for_each(|at| self.board.settle(self.jobs[at]));
        self.decide(sound, before - 1);
    }

    /// Goes on where another search stands.
    fn follow(&mut self, leader: &Self) {
        self.board.clone_from(&leader.board);
        self.best.clone_from(&leader.best);
        self.best_cost = leader.best_cost;
        self.memory.clone_from(&leader.memory);
        self.stale.clone_from(&leader.stale);
        self.disturbance.clone_from(&leader.disturbance);
    }

    /// The board as it stands becomes the best plan.
    fn keep_best(&mut self) {
        self.best_cost = self.cost();
        for job in self.stale.drain(..) {
            for op in self.board.instance.ops_of(job) {
                self.best.slots[op as usize] = self.board.slots[op as usize];
            }
        }
    }

    /// Goes on from a better plan of another search.
    fn adopt(&mut self, plan: &Plan, cost: i64) {
        self.board = Board::of(self.board.instance, plan);
        (self.best, self.best_cost) = (plan.clone(), cost);
        if let Some(it) = &mut self.disturbance {
            *it = Disturbance::from(&self.board, &it.before);
        }
        self.stale.clear();
        self.memory.fill(cost);
    }

    fn add(&mut self, job: u32) {
        if !self.jobs.contains(&job) {
            self.jobs.push(job);
        }
    }

    fn any_job(&mut self) -> u32 {
        self.random.below(self.board.instance.jobs()) as u32
    }

    /// Who is late; in makespan problems, who ends last.
    fn list_late(&mut self) {
        let last = self.board.makespan();
        let makespan = self.board.instance.objective() == Objective::Makespan;
        let is_late = |job: &u32| if makespan { self.board.completion(*job) >= last - last / 20 } else { self.board.lateness(*job) > 0 };
        self.late = (0..self.board.instance.jobs() as u32).filter(is_late).collect();
        if let Some(it) = &mut self.disturbance {
            it.list_hurt(&self.board);
        }
    }

    /// One that is worst off after an event: its operations that came later go back where they were, or where somebody
    /// can wait. `None` where there is none, or it is not its turn.
    fn bring_back(&mut self) -> Option<bool> {
        let Self { board, random, disturbance, former, jobs, .. } = self;
        let it = disturbance.as_ref().filter(|it| !it.hurt.is_empty() && random.percent(CHAINS_PERCENT))?;
        let rivals = 1 << random.below(4);
        let drawn = (0..rivals).map(|_| it.hurt[random.below(it.hurt.len())]);
        let job = drawn.max_by_key(|job| board.lateness(*job) - it.was_late[*job as usize])?;
        let instance = board.instance;
        let is_later = |op: &u32| instance.fixed[*op as usize].is_none() && it.before[*op as usize].is_none_or(|slot| board.slots[*op as usize].start > slot.start);
        let seeds: Vec<u32> = instance.sequence_of(job).iter().copied().filter(is_later).collect();
        let sound = Chain::new(board, &it.before, random, former).run(&seeds);
        jobs.clear();
        for job in former.iter().map(|(op, _)| instance.job_of[*op as usize]) {
            if !jobs.contains(&job) {
                jobs.push(job);
            }
        }
        (0..jobs.len()).for_each(|at| board.settle(jobs[at]));
        (!seeds.is_empty()).then_some(sound)
    }

    /// Which jobs: a late one with those that it waits behind, or neighbours on a work center.
    fn choose(&mut self) {
        self.jobs.clear();
        let hurt = self.disturbance.as_ref().map_or(&[][..], |it| &it.hurt);
        let most = if self.disturbance.is_some() { REPAIRED_MAX } else { RUINED_MAX };
        let count = 2 + self.random.below(most - 1);
        let helps = !hurt.is_empty() && self.random.percent(60);
        let seed = if helps {
            // The one that is worst off now: some are helped already.
            let rivals = 1 << self.random.below(4);
            let drawn = (0..rivals).map(|_| hurt[self.random.below(hurt.len())]);
            drawn.max_by_key(|job| self.board.lateness(*job)).unwrap_or(0)
        } else if self.late.is_empty() || self.random.percent(25) {
            self.any_job()
        } else {
            // Now any late job, now one of the latest: some cannot be helped, and some come of an event.
            let rivals = 1 << self.random.below(6);
            let drawn = (0..rivals).map(|_| self.late[self.random.below(self.late.len())]);
            drawn.max_by_key(|job| self.board.lateness(*job)).unwrap_or(0)
        };
        self.add(seed);
        if helps && self.random.percent(60) {
            self.add_exchange(seed);
        } else if self.random.percent(70) {
            self.add_blockers(seed, count);
        } else {
            self.add_neighbours(seed, count);
        }
    }

    /// The job that an operation of another may best change places with: it sits where that could run before, is as long,
    /// and would be late by little where that is now. After an event gaps are far ahead, so that places are what there is.
    fn add_exchange(&mut self, seed: u32) {
        let instance = self.board.instance;
        let ops = instance.ops_of(seed);
        let op = ops.start + self.random.below(ops.len()) as u32;
        let (now, weight) = (self.board.slots[op as usize].start, i64::from(instance.job(seed).weight));
        let mut best: Option<(i64, u32)> = None;
        for mode in instance.modes.row(op) {
            let ready = self.board.ready(op, *mode);
            let row = self.board.row(mode.center);
            let from = row.partition_point(|seat| seat.start < ready);
            let places = row[from..].iter().take_while(|seat| seat.start < now);
            for seat in places.filter(|seat| seat.end - seat.start >= mode.minutes && instance.fixed[seat.op as usize].is_none()) {
                let job = instance.job_of[seat.op as usize];
                let later = self.board.lateness_at(job, self.board.completion(job) + now - seat.start) - self.board.lateness(job);
                let price = (later + weight * i64::from(seat.start - ready)) * (75 + self.random.below(50) as i64);
                if job != seed && best.is_none_or(|(least, _)| price < least) {
                    best = Some((price, job));
                }
            }
        }
        match best {
            Some((_, job)) => self.add(job),
            None => self.add_neighbours(seed, REPAIRED_MAX),
        }
    }

    /// Jobs that sit where a job would run if it were alone from one of its operations on.
    fn add_blockers(&mut self, seed: u32, count: usize) {
        let instance = self.board.instance;
        let sequence = instance.sequence_of(seed);
        let from = if self.random.percent(50) { 0 } else { self.random.below(sequence.len()) };
        self.ideal.clear();
        for (at, &op) in sequence.iter().enumerate() {
            let slot = self.board.slots[op as usize];
            if at < from || instance.fixed[op as usize].is_some() {
                self.ideal.push((op, slot.end));
                continue;
            }
            let ends = instance.before.row(op).iter().map(|link| link.lag + self.ideal.iter().find(|(of, _)| *of == link.op).map_or(0, |(_, end)| *end));
            let ready = ends.fold(instance.release[op as usize], Minutes::max);
            let end = self.clear_way(op, ready);
            self.ideal.push((op, end));
            if self.jobs.len() > count {
                break;
            }
        }
        if self.jobs.len() < 3 {
            self.add_neighbours(seed, count);
        }
    }

    /// Adds the jobs in the way of an operation that would like to start now, on the one of a few work centers where
    /// they have the most slack; gives the end it would then have.
    fn clear_way(&mut self, op: u32, ready: Minutes) -> Minutes {
        let instance = self.board.instance;
        let modes = instance.modes.row(op);
        let mut best: Option<(i64, Minutes, u32, usize, usize)> = None;
        for _ in 0..modes.len().min(3) {
            let mode = modes[self.random.below(modes.len())];
            let (start, end) = instance.calendars[mode.center as usize].place(ready, mode.minutes, instance.resumable[op as usize]);
            let row = self.board.row(mode.center);
            let from = row.partition_point(|seat| seat.end <= start);
            let to = from + row[from..].partition_point(|seat| seat.start < end);
            let price: i64 = row[from..to].iter().map(|seat| self.price(instance.job_of[seat.op as usize])).sum();
            let price = price + i64::from(end - ready);
            if best.is_none_or(|best| price < best.0) {
                best = Some((price, end, mode.center, from, to));
            }
        }
        let Some((_, end, center, from, to)) = best else { return ready };
        for at in from..to {
            let job = instance.job_of[self.board.row(center)[at].op as usize];
            self.add(job);
        }
        end
    }

    /// What displacing a job is likely to cost.
    fn price(&self, job: u32) -> i64 {
        let slack = i64::from(self.board.due(job)) - i64::from(self.board.completion(job));
        100 + (500 - slack).clamp(0, 2_000) * i64::from(self.board.instance.job(job).weight)
    }

    /// Jobs around one operation of a job on one work center that may do it.
    fn add_neighbours(&mut self, seed: u32, count: usize) {
        let instance = self.board.instance;
        let ops = instance.ops_of(seed);
        let op = ops.start + self.random.below(ops.len()) as u32;
        let modes = instance.modes.row(op);
        let center = modes[self.random.below(modes.len())].center;
        let row = self.board.row(center);
        let at = row.partition_point(|seat| seat.start < self.board.slots[op as usize].start);
        let from = at.saturating_sub(self.random.below(count + 1));
        let jobs: Vec<u32> = row[from.min(row.len())..].iter().take(count).map(|seat| instance.job_of[seat.op as usize]).collect();
        jobs.into_iter().for_each(|job| self.add(job));
    }

    /// Takes the jobs off the board; false where a setup that was hidden would not fit.
    fn ruin(&mut self) -> bool {
        let instance = self.board.instance;
        self.former.clear();
        let mut sound = true;
        for &job in &self.jobs {
            for op in instance.ops_of(job).filter(|op| instance.fixed[*op as usize].is_none()) {
                self.former.push((op, self.board.slots[op as usize]));
                sound &= self.board.unseat(op);
            }
        }
        sound
    }

    fn recreate(&mut self) {
        // After an event the one that was hurt goes first more often than not.
        let way = if self.disturbance.is_some() && self.random.percent(50) { 5 } else { self.random.below(6) };
        self.keys.clear();
        for at in 0..self.jobs.len() {
            let job = self.jobs[at];
            let it = self.board.instance.job(job);
            let due = i64::from(self.board.due(job));
            let done = i64::from(self.board.completion(job));
            let noise = self.random.below(2_000) as i64;
            let key = match way {
                0 => due + noise - 1_000,
                1 => done + noise - 1_000,
                2 => noise,
                3 if at == 0 => i64::MIN,
                5 if at == 0 => i64::MIN,
                5 => done + noise - 1_000,
                3 => -i64::from(it.weight) * 1_000 + noise,
                _ => done - (done - due).max(0) * i64::from(it.weight) + noise - 1_000,
            };
            self.keys.push((key, job));
        }
        self.keys.sort_unstable();
        // Not looking at some work centers makes steps different from each other and, where there are many, quicker.
        let taste = Taste { setup: self.random.below(4) as i64, blink: [0, 0, 10, 50, 70][self.random.below(5)] };
        for at in 0..self.keys.len() {
            insert_job(&mut self.board, self.keys[at].1, taste, &mut self.random);
        }
    }

    fn restore(&mut self) {
        for at in 0..self.former.len() {
            if self.board.is_seated(self.former[at].0) {
                self.board.unseat(self.former[at].0);
            }
        }
        for at in 0..self.former.len() {
            let (op, slot) = self.former[at];
            self.board.reseat(op, slot);
        }
        for at in 0..self.jobs.len() {
            self.board.settle(self.jobs[at]);
        }
    }
}

impl Search for Ruin<'_> {
    fn best(&self) -> (&Plan, i64) {
        (&self.best, self.best_cost)
    }

    fn step(&mut self) {
        if self.steps.is_multiple_of(LATE_LIST_STEPS) {
            self.list_late();
        }
        let before = self.cost();
        let sound = match self.bring_back() {
            Some(sound) => sound,
            None => {
                self.choose();
                let sound = self.ruin();
                self.recreate();
                sound
            }
        };
        let slot = self.steps % self.memory.len();
        self.steps += 1;
        let limit = before.max(self.memory[slot] - 1);
        if self.decide(sound, limit) && self.merges() {
            self.taken.push(self.former.iter().map(|(op, _)| (*op, self.board.slots[*op as usize])).collect());
        }
        self.memory[slot] = self.cost();
    }

    fn exchange(team: &mut [Self]) {
        team.iter_mut().for_each(|search| search.rounds += 1);
        if !team[0].merges() {
            let leader = leader(team);
            let (plan, cost) = (leader.best.clone(), leader.best_cost);
            let due = leader.rounds.is_multiple_of(ADOPTED_ROUNDS);
            team.iter_mut().filter(|search| due && search.best_cost > cost).for_each(|search| search.adopt(&plan, cost));
            return;
        }
        let mut lists: Vec<Vec<Taken>> = team.iter_mut().map(|search| std::mem::take(&mut search.taken)).collect();
        let Some(first) = (0..team.len()).min_by_key(|at| team[*at].best_cost) else { return };
        lists.swap(0, first);
        team.swap(0, first);
        let [leader, others @ ..] = team else { return };
        lists.into_iter().skip(1).flatten().for_each(|taken| leader.repeat(taken));
        others.iter_mut().for_each(|search| search.follow(leader));
    }
}
