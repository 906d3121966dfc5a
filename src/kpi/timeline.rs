//! What a minute of a work center counts as. Every instant of its open time is in exactly one class;
//! where several things go on at once the first of this order decides: down, planned stop, setup,
//! production, break, delay, no order. Intervals are half-open, so nothing is counted twice at a limit.
//!
//! Several people at once are one production interval. What somebody is clocked in for outside open
//! time is unplanned overtime: it counts in its class and as open time. A break told at a clock-out lies in the middle of that
//! row. A shift's `break_minutes` have no time of day: what clock-outs did not tell of them is taken
//! from the shift's first minutes without an order, then from its first minutes of delay, never from
//! minutes somebody is clocked in.

use std::cmp::Reverse;

use super::calendar::{Hours, Opening, Span};
use super::facts::{Changeover, Labor, Operation, Stop};
use crate::model::downtime::DowntimeCategory;
use crate::model::people::ActivityType;

/// What time is counted as, in the order in which it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// An unplanned stop.
    Down,
    /// A planned one.
    PlannedStop,
    /// Setup labor or a changeover.
    Setup,
    /// Direct labor.
    Production,
    /// A break.
    Break,
    /// An operation in progress and nobody at it.
    Delay,
    /// Open, and nothing there.
    NoOrder,
}

/// Something that goes on at a work center.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// From.
    pub start: i64,
    /// To.
    pub end: i64,
    /// As what it counts.
    pub class: Class,
    /// For which order; 0 for none.
    pub order: u32,
    /// Somebody is clocked in: it counts outside open time as well.
    pub is_manned: bool,
}

/// A piece of open time, in one class, of one order and one shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// From.
    pub start: i64,
    /// To.
    pub end: i64,
    /// What it counts as.
    pub class: Class,
    /// For which order; 0 for none.
    pub order: u32,
    /// The place of its span; `None` outside the calendar.
    pub span: Option<usize>,
}

impl Piece {
    const fn length(&self) -> i64 {
        self.end - self.start
    }
}

/// The intervals of a clocked row: the work around its told break, and the break.
pub fn of_labor(it: &Labor, into: &mut Vec<Interval>) {
    let class = match it.activity {
        ActivityType::DirectLabor => Class::Production,
        ActivityType::Setup => Class::Setup,
        _ => return,
    };
    let (pause, resume) = it.break_span();
    let part = |start, end, class, is_manned| Interval { start, end, class, order: it.order, is_manned };
    into.extend([part(it.start, pause, class, true), part(pause, resume, Class::Break, false), part(resume, it.end, class, true)]);
}

/// The interval of a stop. A stop for a changeover is setup.
pub fn of_stop(it: &Stop) -> Interval {
    let class = match it.category {
        DowntimeCategory::Changeover => Class::Setup,
        category if category.is_planned() => Class::PlannedStop,
        _ => Class::Down,
    };
    Interval { start: it.start, end: it.end, class, order: it.order, is_manned: false }
}

/// The interval of a changeover.
pub const fn of_changeover(it: &Changeover) -> Interval {
    Interval { start: it.start, end: it.end, class: Class::Setup, order: it.order, is_manned: false }
}

/// The interval of an operation in progress, which is delay where nothing else goes on; `end` is its own or its order's.
pub const fn of_operation(it: &Operation, end: i64) -> Interval {
    Interval { start: it.start, end, class: Class::Delay, order: it.order, is_manned: false }
}

/// The pieces of a center's time. They cover its open time exactly once, and unplanned overtime beside it.
pub fn pieces(mut intervals: Vec<Interval>, hours: &Hours, now: i64) -> Vec<Piece> {
    intervals.extend(hours.stops.iter().map(|(start, end)| Interval { start: *start, end: *end, class: Class::PlannedStop, order: 0, is_manned: false }));
    intervals.iter_mut().for_each(|it| it.end = it.end.min(now));
    let layers = layers(&intervals);
    let mut pieces = Vec::with_capacity(layers.len() + hours.openings.len());
    let mut first = 0;
    for opening in &hours.openings {
        first += layers[first..].iter().take_while(|layer| layer.end <= opening.start).count();
        inside(&layers[first..], opening, &mut pieces);
    }
    outside(&layers, &hours.openings, &mut pieces);
    take_breaks(pieces, &hours.spans)
}

/// Visits every stretch between two neighbouring bounds with the intervals that cover it, where any does.
pub(super) fn sweep(bounds: &[(i64, i64)], mut visit: impl FnMut(i64, i64, &[usize])) {
    let real = || bounds.iter().enumerate().filter(|(_, (start, end))| start < end);
    let mut edges: Vec<(i64, bool, usize)> = real().flat_map(|(at, (start, end))| [(*start, true, at), (*end, false, at)]).collect();
    edges.sort_unstable();
    let (mut active, mut since): (Vec<usize>, i64) = (Vec::new(), i64::MIN);
    for (moment, begins, at) in edges {
        if moment > since && !active.is_empty() {
            visit(since, moment, &active);
        }
        since = moment;
        if begins {
            active.push(at);
        } else {
            active.retain(|other| *other != at);
        }
    }
}

/// Intervals laid over each other: what decides, for which order, whether somebody is clocked in.
fn layers(intervals: &[Interval]) -> Vec<Interval> {
    let bounds: Vec<(i64, i64)> = intervals.iter().map(|it| (it.start, it.end)).collect();
    let mut layers: Vec<Interval> = Vec::with_capacity(intervals.len());
    sweep(&bounds, |start, end, active| {
        let all = || active.iter().map(|at| &intervals[*at]);
        let class = all().map(|it| it.class).min().unwrap_or(Class::NoOrder);
        // A stop that names no order stands in the way of the one that is there; of several, the last begun.
        let order = all().filter(|it| it.order != 0).min_by_key(|it| (it.class, Reverse(it.start), it.order)).map_or(0, |it| it.order);
        let layer = Interval { start, end, class, order, is_manned: all().any(|it| it.is_manned) };
        match layers.last_mut() {
            Some(last) if last.end == start && (last.class, last.order, last.is_manned) == (class, order, layer.is_manned) => last.end = end,
            _ => layers.push(layer),
        }
    });
    layers
}

fn inside(layers: &[Interval], opening: &Opening, into: &mut Vec<Piece>) {
    let span = Some(opening.span);
    let mut at = opening.start;
    for layer in layers.iter().take_while(|layer| layer.start < opening.end) {
        let (start, end) = (layer.start.max(opening.start), layer.end.min(opening.end));
        if start > at {
            into.push(Piece { start: at, end: start, class: Class::NoOrder, order: 0, span });
        }
        into.push(Piece { start, end, class: layer.class, order: layer.order, span });
        at = end;
    }
    if at < opening.end {
        into.push(Piece { start: at, end: opening.end, class: Class::NoOrder, order: 0, span });
    }
}

fn outside(layers: &[Interval], openings: &[Opening], into: &mut Vec<Piece>) {
    let mut first = 0;
    for layer in layers.iter().filter(|layer| layer.is_manned) {
        first += openings[first..].iter().take_while(|opening| opening.end <= layer.start).count();
        let piece = |start, end| Piece { start, end, class: layer.class, order: layer.order, span: None };
        let mut at = layer.start;
        for opening in openings[first..].iter().take_while(|opening| opening.start < layer.end) {
            if opening.start > at {
                into.push(piece(at, opening.start));
            }
            at = opening.end;
        }
        if at < layer.end {
            into.push(piece(at, layer.end));
        }
    }
}

/// Takes from every span what its break still owes.
fn take_breaks(pieces: Vec<Piece>, spans: &[Span]) -> Vec<Piece> {
    let mut owed: Vec<i64> = spans.iter().map(|span| span.break_ms).collect();
    for (span, piece) in pieces.iter().filter(|piece| piece.class == Class::Break).filter_map(|piece| Some((piece.span?, piece))) {
        owed[span] = (owed[span] - piece.length()).max(0);
    }
    [Class::NoOrder, Class::Delay].into_iter().fold(pieces, |pieces, class| shorten(pieces, class, &mut owed))
}

fn shorten(pieces: Vec<Piece>, class: Class, owed: &mut [i64]) -> Vec<Piece> {
    let mut kept = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let taken = match piece.span {
            Some(span) if piece.class == class => {
                let taken = owed[span].min(piece.length());
                owed[span] -= taken;
                taken
            }
            _ => 0,
        };
        let cut = piece.start + taken;
        if taken > 0 {
            kept.push(Piece { end: cut, class: Class::Break, ..piece });
        }
        if cut < piece.end {
            kept.push(Piece { start: cut, ..piece });
        }
    }
    kept
}
