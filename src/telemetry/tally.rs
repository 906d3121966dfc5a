//! What a stretch of a series comes to: count, sum, least, largest and last of numbers; how long each
//! text held. Tallies of neighbouring stretches add up to the tally of both.

use serde::{Deserialize, Serialize};

use super::column::Seen;
use crate::base::{Time, limits};
use crate::model::telemetry::Reading;

/// What texts beyond the bound are counted as.
const OTHER: &str = "(other)";

/// What readings come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Numbers.
    pub(super) count: u64,
    /// Their sum.
    pub(super) sum: f64,
    /// The least of them; zero where there is none.
    pub(super) min: f64,
    /// The largest of them; zero where there is none.
    pub(super) max: f64,
    /// How long each text held from its reading on, in microseconds.
    pub(super) held: Vec<(String, i64)>,
    /// The first reading, in microseconds since 1970.
    first: i64,
    /// The last one.
    last: Option<(i64, Last)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Last {
    Number(f64),
    Text(String),
    Unavailable,
}

impl Tally {
    /// The last reading, and when.
    pub(super) fn last(&self) -> Option<(Time, Reading)> {
        let (time, last) = self.last.as_ref()?;
        let reading = match last {
            Last::Number(number) => Reading::Number(*number),
            Last::Text(text) => Reading::Text(text.as_str().into()),
            Last::Unavailable => Reading::Unavailable,
        };
        Some((Time::from_micros(*time), reading))
    }

    /// Whether nothing was read.
    pub(super) const fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// The next reading in order of time.
    pub(super) fn take(&mut self, time: i64, seen: Seen<'_>) {
        self.hold_until(time);
        if self.last.is_none() {
            self.first = time;
        }
        if let Seen::Number(number) = seen {
            self.min = if self.count == 0 { number } else { self.min.min(number) };
            self.max = if self.count == 0 { number } else { self.max.max(number) };
            self.count += 1;
            self.sum += number;
        }
        let last = match (seen, self.last.take()) {
            (Seen::Number(number), _) => Last::Number(number),
            (Seen::Unavailable, _) => Last::Unavailable,
            // A state that is told again and again needs no new text.
            (Seen::Text(text), Some((_, Last::Text(known)))) if known == text => Last::Text(known),
            (Seen::Text(text), _) => Last::Text(text.to_owned()),
        };
        self.last = Some((time, last));
    }

    /// The text that was read last holds until then.
    pub(super) fn hold_until(&mut self, time: i64) {
        let Some((since, Last::Text(text))) = &self.last else { return };
        let span = time - since;
        if span > 0 {
            hold(&mut self.held, text, span);
        }
    }

    /// The stretch ends: what was read last holds until its end.
    pub(super) fn close(&mut self, end: i64) {
        self.hold_until(end);
    }

    /// A text that was read before holds from the stretch's beginning to its first reading.
    pub(super) fn carry(&mut self, text: &str, begin: i64, end: i64) {
        let span = if self.is_empty() { end - begin } else { self.first - begin };
        if span > 0 {
            hold(&mut self.held, text, span);
        }
    }

    /// Adds the stretch that follows; both are closed.
    pub(super) fn add(&mut self, next: Self) {
        if self.last.is_none() {
            self.first = next.first;
        }
        if next.count > 0 {
            self.min = if self.count == 0 { next.min } else { self.min.min(next.min) };
            self.max = if self.count == 0 { next.max } else { self.max.max(next.max) };
            self.count += next.count;
            self.sum += next.sum;
        }
        for (text, span) in &next.held {
            hold(&mut self.held, text, *span);
        }
        self.last = next.last.or_else(|| self.last.take());
    }

    /// A text held for so long without being told.
    pub(super) fn hold(&mut self, text: &str, micros: i64) {
        hold(&mut self.held, text, micros);
    }
}

fn hold(held: &mut Vec<(String, i64)>, text: &str, span: i64) {
    // A program's name or a message may be new every second: beyond the bound they are one.
    let text = if held.len() < limits::TALLY_TEXTS_MAX || held.iter().any(|(known, _)| known == text) { text } else { OTHER };
    match held.iter_mut().find(|(known, _)| known == text) {
        Some((_, sum)) => *sum += span,
        None => held.push((text.to_owned(), span)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_come_to_the_whole() {
        let readings = [(0, Seen::Number(2.0)), (10, Seen::Unavailable), (20, Seen::Number(-4.0)), (30, Seen::Number(3.5))];
        let of = |some: &[(i64, Seen<'_>)], end| {
            let mut tally = Tally::default();
            some.iter().for_each(|(time, seen)| tally.take(*time, *seen));
            tally.close(end);
            tally
        };
        let (whole, mut half) = (of(&readings, 40), of(&readings[..2], 20));
        half.add(of(&readings[2..], 40));
        assert_eq!(whole, half);
        assert_eq!((whole.count, whole.sum, whole.min, whole.max), (3, 1.5, -4.0, 3.5));
    }

    #[test]
    fn a_state_holds_until_the_next_and_absence_holds_nothing() {
        let mut tally = Tally::default();
        for (time, seen) in [(100, Seen::Text("ACTIVE")), (160, Seen::Text("ACTIVE")), (200, Seen::Unavailable), (250, Seen::Text("IDLE"))] {
            tally.take(time, seen);
        }
        tally.close(400);
        tally.carry("READY", 0, 400);
        assert_eq!(tally.held, [("ACTIVE".to_owned(), 100), ("IDLE".to_owned(), 150), ("READY".to_owned(), 100)]);
    }
}
