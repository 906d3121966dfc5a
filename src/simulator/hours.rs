//! The open time of a work center as one line without gaps: positions are seconds of open time since
//! the simulator's first day. Deliberately without breaks: a plan allows for them in its margin.

use super::book::Book;
use crate::base::{Date, Time};
use crate::model::WorkCenter;

const SECOND: i64 = 1_000_000;

/// Open spans, each with the open seconds before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours {
    spans: Vec<(Time, Time, i64)>,
    total: i64,
    next_day: Option<Date>,
}

impl Hours {
    /// Open time from a day on.
    pub(super) fn from(first: Date) -> Self {
        Self { next_day: Some(first), ..Self::default() }
    }

    /// Reaches at least to a day.
    pub(super) fn reach(&mut self, book: &Book, center: &WorkCenter, last: Date) {
        while let Some(day) = self.next_day.filter(|day| *day <= last) {
            for (opens, ends) in book.open_on(center, day) {
                self.spans.push((opens, ends, self.total));
                self.total += (ends.micros() - opens.micros()) / SECOND;
            }
            self.next_day = Some(day.plus_days(1));
        }
    }

    /// Open seconds before a moment.
    pub(super) fn position(&self, at: Time) -> i64 {
        let after = self.spans.partition_point(|(opens, _, _)| *opens <= at);
        let Some((opens, ends, before)) = after.checked_sub(1).and_then(|at| self.spans.get(at)) else { return 0 };
        before + (at.min(*ends).micros() - opens.micros()) / SECOND
    }

    /// The moment work can begin at a position: never the end of a span.
    pub(super) fn begin(&self, position: i64) -> Time {
        self.moment(self.spans.partition_point(|(_, _, before)| *before <= position), position)
    }

    /// The moment work ends at a position: never the beginning of a span.
    pub(super) fn end(&self, position: i64) -> Time {
        self.moment(self.spans.partition_point(|(_, _, before)| *before < position), position)
    }

    fn moment(&self, after: usize, position: i64) -> Time {
        let Some((opens, _, before)) = after.checked_sub(1).and_then(|at| self.spans.get(at)) else { return Time::default() };
        Time::from_micros(opens.micros() + (position - before) * SECOND)
    }
}
