//! Less of what says nothing new: by rules that people set for a connection, numbers are rounded, and those that stay
//! within a band around the last one kept are left out. The first number is kept, the last before one that leaves
//! the band, and one at least every so many minutes; what came out of order is rounded and kept. Deliberately
//! nothing of this without a rule, and never for words: what a machine told is kept as it came.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;

use crate::base::{Refusal, Time, limits};
use crate::model::telemetry::{Reading, Sample, Series, SeriesId};

/// How exactly a metric is kept.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precision {
    /// The metric.
    pub metric: String,
    /// The machine; the metric of every machine where nothing is said.
    pub machine: Option<String>,
    /// Numbers become whole multiples of this.
    pub round_to: Option<f64>,
    /// Numbers that are not further than this from the last one kept are left out.
    pub dead_band: Option<f64>,
    /// After so many minutes one is kept nevertheless.
    #[serde(default = "keep_minutes")]
    pub keep_minutes: u32,
}

const fn keep_minutes() -> u32 {
    10
}

impl Precision {
    fn is_of(&self, series: &Series) -> bool {
        self.metric == series.metric && self.machine.as_ref().is_none_or(|machine| *machine == series.machine)
    }

    fn rounded(&self, number: f64) -> f64 {
        let Some(step) = self.round_to else { return number };
        let inverse = (1.0 / step).round();
        // A tenth is no double, and ten is: so 0.3 comes out as 0.3.
        let rounded = if (inverse * step - 1.0).abs() < 1e-9 { (number * inverse).round() / inverse } else { (number / step).round() * step };
        if rounded.is_finite() { rounded } else { number }
    }
}

/// Refuses rules that mean nothing.
pub fn check(rules: &[Precision]) -> Result<(), Refusal> {
    if rules.len() > limits::PRECISION_RULES_MAX {
        return Err(Refusal::invalid("precision", format!("write at most {} rules of precision", limits::PRECISION_RULES_MAX)));
    }
    for it in rules {
        let wrong = |column: &'static str, told: &str| Err(Refusal::invalid(column, format!("{column} of {} must be {told}", it.metric)));
        if it.round_to.is_none() && it.dead_band.is_none() {
            return Err(Refusal::invalid("precision", format!("{} has neither round_to nor dead_band", it.metric)));
        }
        if it.round_to.is_some_and(|step| !(step.is_finite() && step > 0.0)) {
            return wrong("round_to", "a number above 0, such as 0.01");
        }
        if it.dead_band.is_some_and(|band| !(band.is_finite() && band >= 0.0)) {
            return wrong("dead_band", "a number, 0 or more");
        }
        if !(1..=limits::KEEP_MINUTES_MAX).contains(&it.keep_minutes) {
            return wrong("keep_minutes", &format!("between 1 and {}", limits::KEEP_MINUTES_MAX));
        }
    }
    Ok(())
}

/// What a series has come to.
#[derive(Clone, Debug, Default)]
struct Held {
    /// Its rule; the first that names it.
    rule: Option<usize>,
    /// The last number kept.
    kept: Option<(Time, f64)>,
    /// The last number since, which is kept if one follows that leaves the band.
    left_out: Option<Sample>,
}

/// The rules of a connection, and what its series have come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Thinning {
    rules: Vec<Precision>,
    held: HashMap<SeriesId, Held>,
}

impl Thinning {
    pub(super) fn new(rules: Vec<Precision>) -> Self {
        Self { rules, held: HashMap::new() }
    }

    pub(super) const fn is_idle(&self) -> bool {
        self.rules.is_empty()
    }

    /// What is left of samples and how many are left out for good, with what the series have come to: for [`Self::settle`], once what is left is on disk.
    pub(super) fn thin(&self, samples: Vec<Sample>, series: &dyn Fn(SeriesId) -> Option<Series>) -> (Vec<Sample>, u64, Thinned) {
        let (mut thinned, mut left, mut left_out) = (HashMap::new(), Vec::with_capacity(samples.len()), 0);
        for sample in samples {
            let held = thinned.entry(sample.series).or_insert_with(|| self.held.get(&sample.series).cloned().unwrap_or_else(|| self.begin(sample.series, series)));
            match held.rule.and_then(|at| self.rules.get(at)) {
                Some(rule) => left_out += held.take(rule, sample, &mut left),
                None => left.push(sample),
            }
        }
        (left, left_out, Thinned(thinned))
    }

    pub(super) fn settle(&mut self, thinned: Thinned) {
        self.held.extend(thinned.0);
    }

    fn begin(&self, id: SeriesId, series: &dyn Fn(SeriesId) -> Option<Series>) -> Held {
        let rule = series(id).and_then(|series| self.rules.iter().position(|rule| rule.is_of(&series)));
        Held { rule, ..Held::default() }
    }
}

/// What series come to when samples are taken.
pub(super) struct Thinned(HashMap<SeriesId, Held>);

impl Held {
    /// Takes a sample in; answers how many are left out for good with it.
    fn take(&mut self, rule: &Precision, mut sample: Sample, left: &mut Vec<Sample>) -> u64 {
        let Reading::Number(number) = sample.value else {
            left.extend(self.left_out.take());
            *self = Self { rule: self.rule, ..Self::default() };
            left.push(sample);
            return 0;
        };
        let number = rule.rounded(number);
        sample.value = Reading::Number(number);
        let Some((at, kept)) = self.kept else {
            self.keep(sample, number, left);
            return 0;
        };
        if sample.at < self.left_out.as_ref().map_or(at, |last| last.at) {
            left.push(sample);
            return 0;
        }
        if rule.dead_band.is_none_or(|band| (number - kept).abs() > band) {
            left.extend(self.left_out.take());
            self.keep(sample, number, left);
            return 0;
        }
        // The one before it was the last before a change, had there been one.
        let before = u64::from(self.left_out.is_some());
        if sample.at >= at.plus(Duration::from_secs(u64::from(rule.keep_minutes) * 60)) {
            self.keep(sample, number, left);
        } else {
            self.left_out = Some(sample);
        }
        before
    }

    fn keep(&mut self, sample: Sample, number: f64, left: &mut Vec<Sample>) {
        (self.kept, self.left_out) = (Some((sample.at, number)), None);
        left.push(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::telemetry::Measure;

    const POWER: SeriesId = SeriesId(1);

    fn rule(round_to: Option<f64>, dead_band: Option<f64>) -> Precision {
        Precision { metric: "power".to_owned(), machine: None, round_to, dead_band, keep_minutes: 10 }
    }

    fn at(seconds: i64, value: f64) -> Sample {
        Sample { series: POWER, at: Time::from_micros(seconds * 1_000_000), value: Reading::Number(value) }
    }

    fn series(id: SeriesId) -> Option<Series> {
        Some(Series { id, machine: "LASER-1".to_owned(), metric: "power".to_owned(), measure: Measure::Number, unit: None, department: None })
    }

    /// Seconds and values that are left, and how many are not.
    fn thin(thinning: &mut Thinning, samples: Vec<Sample>) -> (Vec<(i64, String)>, u64) {
        let (left, left_out, thinned) = thinning.thin(samples, &series);
        thinning.settle(thinned);
        let shown = |value: Reading| if let Reading::Number(number) = value { number.to_string() } else { "-".to_owned() };
        (left.into_iter().map(|it| (it.at.micros() / 1_000_000, shown(it.value))).collect(), left_out)
    }

    fn told(all: &[(i64, &str)]) -> Vec<(i64, String)> {
        all.iter().map(|(at, value)| (*at, (*value).to_owned())).collect()
    }

    #[test]
    fn numbers_become_multiples_and_look_like_them() {
        let rounded = |step, number| rule(Some(step), None).rounded(number).to_string();
        assert_eq!([rounded(0.1, 0.3333), rounded(0.05, 1.0249), rounded(5.0, 12.6), rounded(0.1, -0.04)], ["0.3", "1", "15", "-0"]);
        assert_eq!(rounded(1e-300, 1e300), "1".to_owned() + &"0".repeat(300), "what cannot be rounded stays");
    }

    #[test]
    fn the_first_the_last_before_a_change_and_one_every_ten_minutes_are_kept() {
        let mut thinning = Thinning::new(vec![rule(Some(0.1), Some(0.5))]);
        let steady = vec![at(0, 10.0), at(10, 10.31), at(20, 9.64), at(30, 10.2)];
        assert_eq!(thin(&mut thinning, steady), (told(&[(0, "10")]), 2));
        // The one of second 30 is kept after all: the line between then and now was flat.
        assert_eq!(thin(&mut thinning, vec![at(40, 14.0), at(50, 14.2)]), (told(&[(30, "10.2"), (40, "14")]), 0));
        assert_eq!(thin(&mut thinning, vec![at(639, 14.1), at(640, 14.3)]), (told(&[(640, "14.3")]), 2));
        let unavailable = Sample { value: Reading::Unavailable, ..at(660, 0.0) };
        assert_eq!(thin(&mut thinning, vec![at(650, 14.4), unavailable, at(670, 14.4)]), (told(&[(650, "14.4"), (660, "-"), (670, "14.4")]), 0));
        assert_eq!(thin(&mut thinning, vec![at(5, 10.01)]), (told(&[(5, "10")]), 0), "what comes late is kept");
    }

    #[test]
    fn what_the_lane_refused_is_offered_again_whole() {
        let mut thinning = Thinning::new(vec![rule(None, Some(1.0))]);
        let (first, ..) = thinning.thin(vec![at(0, 5.0), at(1, 9.0)], &series);
        let again = thin(&mut thinning, vec![at(0, 5.0), at(1, 9.0)]);
        assert_eq!((first.len(), again), (2, (told(&[(0, "5"), (1, "9")]), 0)));
    }

    #[test]
    fn only_what_a_rule_names_is_touched() {
        let mut thinning = Thinning::new(vec![Precision { machine: Some("LASER-2".to_owned()), ..rule(Some(1.0), Some(9.0)) }]);
        assert_eq!(thin(&mut thinning, vec![at(0, 5.25), at(1, 5.25)]), (told(&[(0, "5.25"), (1, "5.25")]), 0));
    }

    #[test]
    fn rules_that_mean_nothing_say_why() {
        let refused = |rule: Precision| check(&[rule]).unwrap_err().detail;
        assert!(refused(rule(None, None)).contains("neither"));
        assert!(refused(rule(Some(0.0), None)).contains("round_to"));
        assert!(refused(rule(None, Some(f64::NAN))).contains("dead_band"));
        assert!(refused(Precision { keep_minutes: 0, ..rule(None, Some(1.0)) }).contains("keep_minutes"));
    }
}
