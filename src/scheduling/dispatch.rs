//! A plan in one pass, as a shop would make it: whenever a work center is free, the waiting operation with the
//! highest index goes next. Rules after the literature (EDD, SPT, most work remaining, ATC, ATCS).
//! It never looks back and leaves gaps; insertion and improvement come after it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::board::Board;
use super::instance::{Instance, Mode, NONE};
use super::problem::Minutes;

/// Elapsed minutes that a minute of work takes on its way through a shop with shifts and queues.
const FLOW: f64 = 2.5;

/// Which waiting operation goes next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// First come, first served.
    FirstCome,
    /// Earliest due date.
    EarliestDue,
    /// Shortest processing time.
    Shortest,
    /// Weight over processing time.
    WeightedShortest,
    /// Most work remaining on the job's longest way.
    MostWork,
    /// Apparent tardiness cost with setups: how far ahead it looks, and how dear a setup is; no care for setups is ATC.
    Apparent {
        /// Look-ahead in mean processing times.
        patience: f64,
        /// Setup scale in mean setups; infinite ignores them.
        setup_scale: f64,
    },
}

/// What the rules ask about a problem. Waits and urgency are guesses that a plan may correct.
#[derive(Clone, Debug)]
pub(super) struct Outlook<'i> {
    pub(super) instance: &'i Instance,
    /// Work from here to the job's end, itself included.
    tail: Vec<f64>,
    /// Elapsed time from the start of an operation to its job's end.
    pub(super) lead: Vec<f64>,
    /// By job: what its index is multiplied by.
    pub(super) boost: Vec<f64>,
    due: Vec<f64>,
    mean_minutes: f64,
    mean_setup: f64,
    flow: f64,
}

impl<'i> Outlook<'i> {
    pub(super) fn new(instance: &'i Instance) -> Self {
        let mean = |op: u32| {
            let modes = instance.modes.row(op);
            modes.iter().map(|mode| f64::from(mode.minutes)).sum::<f64>() / modes.len() as f64
        };
        let minutes: Vec<f64> = (0..instance.len() as u32).map(mean).collect();
        let mut tail = minutes.clone();
        for job in 0..instance.jobs() as u32 {
            for &op in instance.sequence_of(job).iter().rev() {
                let rest = instance.after.row(op).iter().map(|link| f64::from(link.lag) + tail[link.op as usize]);
                tail[op as usize] += rest.fold(0.0, f64::max);
            }
        }
        let all: f64 = minutes.iter().sum();
        let due = instance.job_of.iter().map(|job| instance.job(*job).due.map_or(all, f64::from)).collect();
        let setups: Vec<f64> = instance.problem().matrices.iter().flat_map(|matrix| matrix.times.iter().flatten()).filter(|time| **time > 0).map(|time| f64::from(*time)).collect();
        let flow = if instance.problem().hours.is_empty() { 1.0 } else { FLOW };
        Self {
            instance,
            lead: tail.iter().map(|work| flow * work).collect(),
            boost: vec![1.0; instance.jobs()],
            tail,
            due,
            mean_minutes: (all / minutes.len().max(1) as f64).max(1.0),
            mean_setup: if setups.is_empty() { 1.0 } else { setups.iter().sum::<f64>() / setups.len() as f64 },
            flow,
        }
    }

    /// Slack of an operation at an instant, in elapsed time.
    fn slack(&self, op: u32, at: Minutes) -> f64 {
        self.due[op as usize] - f64::from(at) - self.lead[op as usize]
    }

    /// Higher goes first.
    fn index(&self, rule: Rule, op: u32, mode: Mode, at: Minutes, ready: Minutes, setup: Minutes) -> f64 {
        let weight = f64::from(self.instance.job(self.instance.job_of[op as usize]).weight);
        let minutes = f64::from(mode.minutes.max(1));
        match rule {
            Rule::FirstCome => -f64::from(ready),
            Rule::EarliestDue => -self.due[op as usize],
            Rule::Shortest => -minutes,
            Rule::WeightedShortest => weight / minutes,
            Rule::MostWork => self.tail[op as usize],
            Rule::Apparent { patience, setup_scale } => {
                let waits = self.slack(op, at).max(0.0) / (patience * self.flow * self.mean_minutes);
                let dear = f64::from(setup) / (setup_scale * self.mean_setup);
                self.boost[self.instance.job_of[op as usize] as usize] * weight / minutes * decay(waits + dear)
            }
        }
    }

    /// The order in which jobs are inserted one by one: rush and weight first where slack is equal.
    pub(super) fn urgency(&self, job: u32) -> f64 {
        let it = self.instance.job(job);
        let first = self.instance.sequence_of(job).iter().map(|op| self.slack(*op, 0)).fold(f64::MAX, f64::min);
        if it.rush { first - 1e9 } else { first }
    }
}

/// Falls like an exponential, from arithmetic that is the same on every machine.
pub(super) fn decay(x: f64) -> f64 {
    let mut it = 1.0 + x / 64.0;
    for _ in 0..6 {
        it *= it;
    }
    1.0 / it
}

/// Dispatches everything by a rule.
pub(super) fn dispatch<'i>(outlook: &Outlook<'i>, rule: Rule) -> Board<'i> {
    let mut shop = Shop::new(outlook, rule);
    while let Some(Reverse((at, ..))) = shop.events.peek().copied() {
        shop.take_events(at);
        shop.serve(at);
    }
    (0..outlook.instance.jobs() as u32).for_each(|job| shop.board.settle(job));
    shop.board
}

/// What happens next: an operation becomes ready (its number) or a center is looked at again.
const READY: u8 = 0;
const FREE: u8 = 1;

struct Shop<'o, 'i> {
    outlook: &'o Outlook<'i>,
    rule: Rule,
    board: Board<'i>,
    events: BinaryHeap<Reverse<(Minutes, u8, u32)>>,
    missing: Vec<u16>,
    ready: Vec<Minutes>,
    /// By center: who waits; operations that another center took are dropped when met.
    queues: Vec<Vec<u32>>,
    busy_until: Vec<Minutes>,
    state: Vec<u16>,
    touched: Vec<u32>,
}

impl<'o, 'i> Shop<'o, 'i> {
    fn new(outlook: &'o Outlook<'i>, rule: Rule) -> Self {
        let instance = outlook.instance;
        let board = Board::new(instance);
        let missing: Vec<u16> = (0..instance.len() as u32).map(|op| instance.before.row(op).iter().filter(|link| !board.is_seated(link.op)).count() as u16).collect();
        let mut shop = Self {
            outlook,
            rule,
            events: BinaryHeap::new(),
            ready: instance.release.clone(),
            queues: vec![Vec::new(); instance.calendars.len()],
            busy_until: vec![0; instance.calendars.len()],
            state: instance.initial.clone(),
            touched: Vec::new(),
            missing,
            board,
        };
        for op in 0..instance.len() as u32 {
            if shop.missing[op as usize] == 0 && !shop.board.is_seated(op) {
                let ready = shop.board.ready_anywhere(op);
                shop.ready[op as usize] = ready;
                shop.events.push(Reverse((ready, READY, op)));
            }
        }
        // What runs keeps its center; what is frozen further ahead leaves the time before it to others.
        for center in 0..instance.calendars.len() as u32 {
            let row = shop.board.row(center);
            let opens = instance.calendars[center as usize].next_open(0);
            let running = row.iter().enumerate().take_while(|(at, seat)| seat.start <= if *at == 0 { opens } else { row[at - 1].end }).last();
            if let Some((_, seat)) = running {
                (shop.busy_until[center as usize], shop.state[center as usize]) = (seat.end, seat.state);
                // Whoever waits for it is served then, whether anything else happens there or not.
                shop.events.push(Reverse((seat.end, FREE, center)));
            }
        }
        shop
    }

    /// Everything that happens at an instant.
    fn take_events(&mut self, at: Minutes) {
        self.touched.clear();
        while let Some(Reverse((when, kind, number))) = self.events.peek().copied()
            && when == at
        {
            self.events.pop();
            if kind == FREE {
                self.touched.push(number);
                continue;
            }
            for mode in self.outlook.instance.modes.row(number) {
                self.queues[mode.center as usize].push(number);
                self.touched.push(mode.center);
            }
        }
        self.touched.sort_unstable();
        self.touched.dedup();
    }

    /// Gives work to the free centers among those touched, the most urgent first.
    fn serve(&mut self, at: Minutes) {
        let mut bids: Vec<(f64, Reverse<Minutes>, Reverse<u32>, u32)> = Vec::new();
        for number in 0..self.touched.len() {
            let center = self.touched[number];
            if self.busy_until[center as usize] > at || self.queues[center as usize].is_empty() {
                continue;
            }
            // A closed center decides when it opens: until then something more urgent may come.
            let opens = self.outlook.instance.calendars[center as usize].next_open(at);
            if opens > at {
                self.events.push(Reverse((opens, FREE, center)));
                self.busy_until[center as usize] = opens;
                continue;
            }
            bids.extend(self.bid(center, at));
        }
        while let Some(best) = (0..bids.len()).max_by(|a, b| bids[*a].0.total_cmp(&bids[*b].0).then_with(|| (bids[*a].1, bids[*a].2).cmp(&(bids[*b].1, bids[*b].2)))) {
            let (_, _, Reverse(center), op) = bids.swap_remove(best);
            if self.board.is_seated(op) {
                bids.extend(self.bid(center, at));
                continue;
            }
            if self.busy_until[center as usize] > at {
                continue;
            }
            let taken = self.route(op, at);
            if taken != center {
                bids.extend(self.bid(center, at));
            }
        }
    }

    fn setup(&self, center: u32, mode: Mode) -> Minutes {
        self.outlook.instance.setup(center, self.state[center as usize], mode.state)
    }

    /// The best waiting operation of a center.
    fn bid(&mut self, center: u32, at: Minutes) -> Option<(f64, Reverse<Minutes>, Reverse<u32>, u32)> {
        let mut queue = std::mem::take(&mut self.queues[center as usize]);
        queue.retain(|op| !self.board.is_seated(*op));
        let mut best: Option<(f64, Reverse<Minutes>, Reverse<u32>, u32)> = None;
        for &op in &queue {
            let Some(mode) = self.outlook.instance.mode_on(op, center) else { continue };
            let setup = self.setup(center, mode);
            let index = self.outlook.index(self.rule, op, mode, at, self.ready[op as usize], setup);
            if best.is_none_or(|best| index > best.0 || (index == best.0 && op < best.3)) {
                best = Some((index, Reverse(mode.minutes + setup), Reverse(center), op));
            }
        }
        self.queues[center as usize] = queue;
        best
    }

    /// Seats an operation on the free center that ends it first, and tells its successors.
    fn route(&mut self, op: u32, at: Minutes) -> u32 {
        let instance = self.outlook.instance;
        let mut best: Option<super::board::Fit> = None;
        for &mode in instance.modes.row(op) {
            let busy = self.busy_until[mode.center as usize];
            if busy <= at {
                let cut = best.map_or(Minutes::MAX, |best| best.end);
                let fit = self.board.fit(op, mode, at.max(self.board.ready(op, mode)), cut);
                best = match (fit, best) {
                    (Some(fit), Some(best)) if (fit.end, fit.start) >= (best.end, best.start) => Some(best),
                    (None, best) => best,
                    (fit, _) => fit,
                };
            }
        }
        let Some(fit) = best else { unreachable!("the center that bid is free") };
        self.board.seat(op, &fit);
        let center = fit.mode.center;
        self.busy_until[center as usize] = fit.end;
        if fit.mode.state != NONE {
            self.state[center as usize] = fit.mode.state;
        }
        self.events.push(Reverse((fit.end, FREE, center)));
        for link in instance.after.row(op) {
            self.missing[link.op as usize] -= 1;
            if self.missing[link.op as usize] == 0 && !self.board.is_seated(link.op) {
                let ready = self.board.ready_anywhere(link.op);
                self.ready[link.op as usize] = ready;
                self.events.push(Reverse((ready, READY, link.op)));
            }
        }
        center
    }
}
