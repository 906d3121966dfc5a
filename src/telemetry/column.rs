//! Readings of a series in order of time: what an hour is made of, in memory. The same reading at the
//! same moment is kept once; another reading at the same moment is kept beside it, in order of arrival.

use std::sync::Arc;

use crate::base::Time;
use crate::model::telemetry::{Measure, Reading};

/// How a machine without a value stands among numbers: readings are finite, so no reading looks so.
pub(super) const UNAVAILABLE: f64 = f64::NAN;

/// Readings without their times.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// [`UNAVAILABLE`] where the machine had none.
    Numbers(Vec<f64>),
    /// `None` where the machine had none.
    Texts(Vec<Option<Arc<str>>>),
}

/// Readings in order of time.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Microseconds since 1970.
    pub(super) times: Vec<i64>,
    pub(super) values: Values,
}

/// A reading without the cost of a box: what runs through a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    Number(f64),
    Text(&'a str),
    Unavailable,
}

impl<'a> Seen<'a> {
    pub(super) fn of(reading: &'a Reading) -> Self {
        match reading {
            Reading::Number(number) => Self::Number(*number),
            Reading::Text(text) => Self::Text(text),
            Reading::Unavailable => Self::Unavailable,
        }
    }

    pub(super) fn owned(self) -> Reading {
        match self {
            Self::Number(number) => Reading::Number(number),
            Self::Text(text) => Reading::Text(text.into()),
            Self::Unavailable => Reading::Unavailable,
        }
    }

    const fn bits(number: f64) -> u64 {
        // Minus zero is zero, and one absence is like another.
        if number.is_nan() { u64::MAX } else { (number + 0.0).to_bits() }
    }

    fn same(self, other: Seen<'_>) -> bool {
        match (self, other) {
            (Self::Number(one), Seen::Number(two)) => Self::bits(one) == Self::bits(two),
            (Self::Text(one), Seen::Text(two)) => one == two,
            (Self::Unavailable, Seen::Unavailable) => true,
            _ => false,
        }
    }
}

impl Column {
    pub(super) const fn new(measure: Measure) -> Self {
        let values = match measure {
            Measure::Number => Values::Numbers(Vec::new()),
            Measure::Text => Values::Texts(Vec::new()),
        };
        Self { times: Vec::new(), values }
    }

    pub(super) const fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn value(&self, at: usize) -> Seen<'_> {
        match &self.values {
            Values::Numbers(numbers) if numbers[at].is_nan() => Seen::Unavailable,
            Values::Numbers(numbers) => Seen::Number(numbers[at]),
            Values::Texts(texts) => texts[at].as_deref().map_or(Seen::Unavailable, Seen::Text),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, Seen<'_>)> {
        self.times.iter().enumerate().map(|(at, time)| (*time, self.value(at)))
    }

    /// Adds a reading where it belongs; false if it was there. A reading of another measure is not for
    /// this column and counts as there: the registry lets none through.
    pub(super) fn add(&mut self, time: i64, seen: Seen<'_>) -> bool {
        let newest = self.times.last().copied();
        if newest.is_none_or(|newest| newest < time) {
            return self.insert(self.len(), time, seen);
        }
        let end = self.times.partition_point(|other| *other <= time);
        let begin = self.times[..end].partition_point(|other| *other < time);
        if (begin..end).any(|at| self.value(at).same(seen)) {
            return false;
        }
        self.insert(end, time, seen)
    }

    fn insert(&mut self, at: usize, time: i64, seen: Seen<'_>) -> bool {
        match (&mut self.values, seen) {
            (Values::Numbers(numbers), Seen::Number(number)) => insert(numbers, at, number),
            (Values::Numbers(numbers), Seen::Unavailable) => insert(numbers, at, UNAVAILABLE),
            (Values::Texts(texts), Seen::Text(text)) => {
                // A state that holds is told again and again: one text stands for all of them.
                let known = at.checked_sub(1).and_then(|before| texts[before].clone()).filter(|before| &**before == text);
                insert(texts, at, Some(known.unwrap_or_else(|| text.into())));
            }
            (Values::Texts(texts), Seen::Unavailable) => insert(texts, at, None),
            _ => return false,
        }
        insert(&mut self.times, at, time);
        true
    }

    /// Takes in another column of the same series.
    pub(super) fn merge(&mut self, other: &Self) {
        for (time, seen) in other.iter() {
            self.add(time, seen);
        }
    }

    /// Some of its readings.
    pub(super) fn slice(&self, range: std::ops::Range<usize>) -> Self {
        let values = match &self.values {
            Values::Numbers(numbers) => Values::Numbers(numbers[range.clone()].to_vec()),
            Values::Texts(texts) => Values::Texts(texts[range.clone()].to_vec()),
        };
        Self { times: self.times[range].to_vec(), values }
    }

    /// Where readings from a moment on begin.
    pub(super) fn position(&self, from: Time) -> usize {
        self.times.partition_point(|time| *time < from.micros())
    }
}

fn insert<T>(list: &mut Vec<T>, at: usize, item: T) {
    if at == list.len() { list.push(item) } else { list.insert(at, item) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_kept_once_and_another_value_at_the_same_moment_beside_it() {
        let mut column = Column::new(Measure::Number);
        assert!(column.add(20, Seen::Number(1.0)) && column.add(10, Seen::Number(1.0)) && column.add(20, Seen::Number(2.0)));
        assert!(column.add(20, Seen::Unavailable) && !column.add(20, Seen::Unavailable) && !column.add(10, Seen::Number(1.0)));
        assert!(!column.add(20, Seen::Number(2.0)) && !column.add(30, Seen::Text("x")));
        assert_eq!(column.times, [10, 20, 20, 20]);
        assert!(matches!(column.value(2), Seen::Number(2.0)) && matches!(column.value(3), Seen::Unavailable));
        assert!(column.add(40, Seen::Number(0.0)) && !column.add(40, Seen::Number(-0.0)));
    }
}
