//! Observations become samples, in the order of their sequence: numbers are read, conditions
//! gathered, time series spread over the time they took. What cannot be taken is quarantined with
//! what came. Deliberately without a word about connections.

use std::collections::BTreeMap;
use std::time::Duration;

use super::document::{Observation, Told};
use super::items::{Item, Items, Known};
use super::place::Place;
use crate::base::{Time, limits};
use crate::model::telemetry::{Measure, Quarantined, Reading, Sample};
use crate::telemetry::Source;

/// What a document or some lines come to.
pub(super) struct Gathered {
    source: String,
    pub(super) received_at: Time,
    pub(super) samples: Vec<Sample>,
    pub(super) quarantined: Vec<Quarantined>,
}

impl Gathered {
    /// Nothing yet, for what a source says now.
    pub(super) fn of(source: &Source) -> Self {
        Self { source: source.code().to_owned(), received_at: source.now(), samples: Vec::new(), quarantined: Vec::new() }
    }

    /// Keeps what could not be taken, cut to its bound.
    pub(super) fn quarantine(&mut self, why: &str, original: &[u8]) {
        let original = original[..original.len().min(limits::QUARANTINED_BYTES_MAX)].to_vec();
        self.quarantined.push(Quarantined { source: self.source.clone(), received_at: self.received_at, why: why.to_owned(), original });
    }

    /// Takes one observation in.
    pub(super) fn take(&mut self, it: &Observation, items: &Items, place: &mut Place) {
        let taken = match items.find(&it.item) {
            Known::Kept(item) => self.keep(it, item, place),
            Known::Ignored => Ok(()),
            Known::Unknown => Err("the agent does not describe this data item".to_owned()),
        };
        if let Err(why) = taken {
            self.quarantine(&why, shown(it).as_bytes());
        }
    }

    /// Keeps what is no observation at all.
    pub(super) fn take_unread(&mut self, unread: &[String]) {
        for original in unread {
            self.quarantine("an observation without a data item, a sequence or a time that can be read", original.as_bytes());
        }
    }

    /// Takes a state in, as of the place: what was observed since `kept`, and the conditions that
    /// are active. A state does not say which others came and went, so where something was known
    /// before, a condition that is another now is so since `changed_at`.
    pub(super) fn take_state(&mut self, observations: &[Observation], items: &Items, kept: &Place, place: &mut Place, changed_at: Time) {
        let mut newest: BTreeMap<&str, &Observation> = BTreeMap::new();
        for it in observations {
            place.seen(it.at);
            // What came to a count was added when it was told.
            let known = it.sequence < kept.next || kept.at.is_some_and(|at| it.at <= at);
            if known && matches!(items.find(&it.item), Known::Kept(Item { adds_up: true, .. })) {
                continue;
            }
            let (samples, quarantined) = (self.samples.len(), self.quarantined.len());
            self.take(it, items, place);
            let condition = matches!(it.value, Told::Condition(_));
            if condition {
                newest.insert(&it.item, it);
            }
            if condition || it.sequence < kept.next {
                self.samples.truncate(samples);
            }
            if it.sequence < kept.next {
                self.quarantined.truncate(quarantined);
            }
        }
        for (id, it) in newest {
            let now = place.active.word(id);
            let at = if kept.next == 0 { it.at } else { changed_at };
            if let Known::Kept(Item { series: Ok(series), .. }) = items.find(id)
                && (kept.next == 0 || now != kept.active.word(id))
            {
                self.samples.push(Sample { series: *series, at, value: Reading::Text(now.into()) });
            }
        }
    }

    fn keep(&mut self, it: &Observation, item: &Item, place: &mut Place) -> Result<(), String> {
        let series = item.series.clone()?;
        let value = match &it.value {
            Told::Unavailable => {
                place.active.forget(&it.item);
                Reading::Unavailable
            }
            Told::Condition(condition) => {
                let word = place.active.change(&it.item, condition).ok_or_else(|| format!("more than {} warnings and faults are active at once", limits::CONDITIONS_MAX))?;
                Reading::Text(word.into())
            }
            Told::Series { values, rate } => {
                let spread = spread(it.at, values, rate.or(item.sample_rate))?;
                self.samples.extend(spread.into_iter().map(|(at, number)| Sample { series, at, value: Reading::Number(number) }));
                return Ok(());
            }
            Told::Value(text) => match reading(text, item.measure)? {
                Reading::Number(more) if item.adds_up => Reading::Number(place.count(&it.item, more)),
                reading => reading,
            },
        };
        self.samples.push(Sample { series, at: it.at, value });
        Ok(())
    }
}

/// A value of a series; a text that should be a number is none.
pub(super) fn reading(text: &str, measure: Measure) -> Result<Reading, String> {
    match measure {
        Measure::Text => Ok(Reading::Text(text.into())),
        Measure::Number => number(text).map(Reading::Number).ok_or_else(|| "the value is no finite number, as this series holds".to_owned()),
    }
}

/// A finite number.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Numbers at a fixed rate, the last of them at the time told.
fn spread(at: Time, values: &str, rate: Option<f64>) -> Result<Vec<(Time, f64)>, String> {
    let step = rate.filter(|rate| rate.is_finite() && *rate > 0.0).map(|rate| 1.0 / rate).filter(|step| *step < 86_400.0);
    let step = step.ok_or("a time series without a rate of values a second")?;
    let numbers: Option<Vec<f64>> = values.split_ascii_whitespace().map(number).collect();
    let numbers = numbers.ok_or("a time series in which not every value is a finite number")?;
    let before = |index: usize| Duration::from_secs_f64(step * (numbers.len() - 1 - index) as f64);
    Ok(numbers.iter().enumerate().map(|(index, number)| (at.minus(before(index)), *number)).collect())
}

fn shown(it: &Observation) -> String {
    let value = match &it.value {
        Told::Unavailable => "UNAVAILABLE",
        Told::Value(text) | Told::Series { values: text, .. } => text,
        Told::Condition(condition) => &format!("{} {} {}", condition.level.word(), condition.code, condition.text),
    };
    format!("{}|{}|{}|{value}", it.at, it.item, it.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_series_ends_at_the_time_it_is_told_for() {
        let at: Time = "2026-03-31T06:00:00Z".parse().unwrap();
        let spread = spread(at, "1 2 3.5", Some(10.0)).unwrap();
        let tenth = Duration::from_millis(100);
        assert_eq!(spread, [(at.minus(2 * tenth), 1.0), (at.minus(tenth), 2.0), (at, 3.5)]);
    }

    #[test]
    fn a_time_series_that_means_nothing_is_refused_whole() {
        let at = Time::default();
        for (values, rate) in [("1 2", None), ("1 2", Some(0.0)), ("1 2", Some(f64::NAN)), ("1 2", Some(1e-300)), ("1 x", Some(1.0)), ("1 inf", Some(1.0))] {
            assert!(spread(at, values, rate).is_err(), "{values} at {rate:?}");
        }
        assert_eq!(spread(at, "", Some(1.0)).unwrap(), []);
    }
}
