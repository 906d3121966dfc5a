//! The open time of one work center, compiled: windows up to the last closure, then one period for ever.
//! It answers in clock time only; it knows neither dates nor zones.

use super::problem::{Hours, Minutes};

/// Windows one calendar may come to; three shifts a day for ten years are fewer.
pub const WINDOWS_MAX: usize = 12_000;

/// Buckets of the window index are at least so many bits of a minute wide, which is two or three windows of a shop, and
/// there are at most so many of them.
const BUCKET_BITS: u32 = 9;
const BUCKETS_MAX: Minutes = 4_096;

/// A period for centers without hours of their own, whose downtime is all they have.
const PERIOD_OF_NONE: Minutes = 1 << 16;

/// Open windows; the last `period` of them repeats.
#[derive(Clone, Debug)]
pub struct Calendar {
    always: bool,
    starts: Vec<Minutes>,
    ends: Vec<Minutes>,
    bucket_bits: u32,
    /// By bucket: the first window that ends after the bucket's beginning.
    index: Vec<u32>,
    /// Where the part that repeats begins, and its first window.
    tail_from: Minutes,
    tail_window: u32,
    period: Minutes,
}

/// A window: its number and by how much it is shifted.
#[derive(Clone, Copy)]
struct Window {
    number: usize,
    shift: Minutes,
}

impl Calendar {
    /// Always open.
    pub const fn always() -> Self {
        Self { always: true, starts: Vec::new(), ends: Vec::new(), bucket_bits: 0, index: Vec::new(), tail_from: 0, tail_window: 0, period: 1 }
    }

    /// From hours (none: always open) and downtime; `None` where it never opens or has too many windows.
    pub fn compile(hours: Option<&Hours>, downtime: &[(Minutes, Minutes)]) -> Option<Self> {
        if hours.is_none() && downtime.is_empty() {
            return Some(Self::always());
        }
        let all_day = [(0, PERIOD_OF_NONE)];
        let (period, windows) = hours.map_or((PERIOD_OF_NONE, &all_day[..]), |hours| (hours.period, &hours.windows[..]));
        let mut blocks: Vec<_> = hours.iter().flat_map(|hours| &hours.closed).chain(downtime).copied().filter(|(from, to)| from < to).collect();
        blocks.sort_unstable();
        let last = blocks.iter().map(|block| block.1).max().unwrap_or(0);
        let tail_from = (last + period - 1) / period * period;
        if windows.is_empty() || (tail_from / period) as usize * windows.len() > WINDOWS_MAX {
            return None;
        }
        let mut it = Self { always: false, starts: Vec::new(), ends: Vec::new(), bucket_bits: BUCKET_BITS, index: Vec::new(), tail_from, tail_window: 0, period };
        for base in (0..=tail_from).step_by(period as usize) {
            if base == tail_from {
                it.tail_window = it.starts.len() as u32;
            }
            windows.iter().for_each(|(from, to)| it.open(base + from, base + to, &blocks));
        }
        it.build_index();
        Some(it)
    }

    /// Adds a window less the blocks in it.
    fn open(&mut self, mut from: Minutes, to: Minutes, blocks: &[(Minutes, Minutes)]) {
        for &(closed, opened) in blocks.iter().filter(|block| block.0 < to) {
            if closed > from {
                self.starts.push(from);
                self.ends.push(closed);
            }
            from = from.max(opened.min(to));
        }
        if from < to {
            self.starts.push(from);
            self.ends.push(to);
        }
    }

    fn build_index(&mut self) {
        let span = self.tail_from + self.period;
        while span >> self.bucket_bits > BUCKETS_MAX {
            self.bucket_bits += 1;
        }
        let buckets = (span >> self.bucket_bits) + 1;
        let mut window = 0;
        for bucket in 0..buckets {
            while window < self.ends.len() && self.ends[window] <= bucket << self.bucket_bits {
                window += 1;
            }
            self.index.push(window as u32);
        }
    }

    fn start(&self, window: Window) -> Minutes {
        self.starts[window.number] + window.shift
    }

    fn end(&self, window: Window) -> Minutes {
        self.ends[window.number] + window.shift
    }

    fn next(&self, window: Window) -> Window {
        if window.number + 1 < self.starts.len() {
            Window { number: window.number + 1, ..window }
        } else {
            Window { number: self.tail_window as usize, shift: window.shift + self.period }
        }
    }

    /// The first window that ends after an instant.
    fn window_at(&self, at: Minutes) -> Window {
        let beyond = at - self.tail_from;
        let shift = if beyond >= self.period { beyond / self.period * self.period } else { 0 };
        let local = at - shift;
        let mut number = self.index[(local >> self.bucket_bits) as usize] as usize;
        while number < self.ends.len() && self.ends[number] <= local {
            number += 1;
        }
        if number < self.ends.len() { Window { number, shift } } else { Window { number: self.tail_window as usize, shift: shift + self.period } }
    }

    /// Whether work may go on at an instant.
    pub fn is_open(&self, at: Minutes) -> bool {
        self.next_open(at) == at
    }

    /// The first open instant from here on.
    pub fn next_open(&self, at: Minutes) -> Minutes {
        if self.always { at } else { at.max(self.start(self.window_at(at))) }
    }

    /// When the window that holds an open instant ends.
    pub fn closing(&self, at: Minutes) -> Minutes {
        if self.always { Minutes::MAX } else { self.end(self.window_at(at)) }
    }

    /// The first open instant that has this much open time between `from` and itself: where an operation may start after a setup.
    pub fn advance(&self, from: Minutes, mut work: Minutes) -> Minutes {
        if self.always {
            return from + work;
        }
        let mut window = self.window_at(from);
        let mut at = from.max(self.start(window));
        while work >= self.end(window) - at {
            work -= self.end(window) - at;
            window = self.next(window);
            at = self.start(window);
        }
        at + work
    }

    /// Whether this much open time lies between two instants.
    pub fn has_between(&self, from: Minutes, to: Minutes, mut work: Minutes) -> bool {
        if work <= 0 {
            return true;
        }
        if to - from < work {
            return false;
        }
        if self.always {
            return true;
        }
        let mut window = self.window_at(from);
        let mut at = from.max(self.start(window));
        while at < to {
            work -= self.end(window).min(to) - at;
            if work <= 0 {
                return true;
            }
            window = self.next(window);
            at = self.start(window);
        }
        false
    }

    /// Start and end of the earliest placement at or after an instant. What cannot pause goes to the first
    /// stretch that holds it; [`Self::holds`] has been asked before, so there is one.
    pub fn place(&self, from: Minutes, minutes: Minutes, resumable: bool) -> (Minutes, Minutes) {
        if self.always {
            return (from, from + minutes);
        }
        let mut window = self.window_at(from);
        let mut start = from.max(self.start(window));
        let (mut at, mut left) = (start, minutes);
        loop {
            let end = self.end(window);
            if left <= end - at {
                return (start, at + left);
            }
            left -= end - at;
            window = self.next(window);
            at = self.start(window);
            if !resumable && at > end {
                (start, left) = (at, minutes);
            }
        }
    }

    /// Whether an operation that cannot pause fits into a stretch of the part that repeats.
    pub fn holds(&self, minutes: Minutes) -> bool {
        if self.always {
            return true;
        }
        let mut window = Window { number: self.tail_window as usize, shift: 0 };
        let (mut from, mut longest) = (self.start(window), 0);
        // Two rounds, since a stretch may cross the end of the period; a round without a gap never closes.
        for _ in 0..2 * (self.starts.len() - self.tail_window as usize) {
            longest = longest.max(self.end(window) - from);
            let next = self.next(window);
            if self.start(next) > self.end(window) {
                from = self.start(next);
            }
            window = next;
        }
        longest >= minutes || longest >= self.period
    }

    /// Elapsed time that this much work takes at most, wherever it starts.
    pub fn longest_elapsed(&self, work: Minutes) -> i64 {
        if self.always {
            return i64::from(work);
        }
        let tail = self.tail_window as usize;
        let open: Minutes = (tail..self.starts.len()).map(|window| self.ends[window] - self.starts[window]).sum();
        (i64::from(work) / i64::from(open) + 2) * i64::from(self.period)
    }

    /// When the part that repeats begins.
    pub const fn settled_from(&self) -> Minutes {
        self.tail_from
    }

    /// Open minutes between two instants.
    pub fn open_between(&self, from: Minutes, to: Minutes) -> Minutes {
        if self.always {
            return (to - from).max(0);
        }
        let mut window = self.window_at(from);
        let (mut at, mut open) = (from.max(self.start(window)), 0);
        while at < to {
            open += self.end(window).min(to) - at;
            window = self.next(window);
            at = self.start(window);
        }
        open
    }
}
