//! When a sensor shows a fault: beyond its critical limit, beyond its warning limit for long, together
//! with another sensor, risen slowly over its own week or fast over a day, or far from it. Pure arithmetic over readings and rollups;
//! deliberately without a clock, and without samples: hours are judged by what they came to.

use std::time::Duration;

use super::query::Bucket;
use crate::base::{Decimal, Time};
use crate::model::Sensor;
use crate::model::machine_fault::FaultSeverity;
use crate::model::machine_state::plain;

/// How long a reading must be beyond its warning limit.
pub const WARNING_MINUTES: i64 = 15;
/// Hours of work that a week must have before an hour is compared with it.
const HOURS_MIN: usize = 12;
/// Above the week's mean, or above how the week began, by this share an hour is rising.
const RISING: f64 = 0.2;
/// How the week began: its hours that are so much older than the hour.
const WEEK_BEGAN: Duration = Duration::from_secs(5 * 86_400);
/// Above how the day before it began by this share an hour surges.
const SURGING: f64 = 0.5;
const DAY: Duration = Duration::from_secs(86_400);
/// How the day began: its first hours of work.
const DAY_BEGAN: usize = 3;
/// So many standard deviations from the week's mean an hour is an anomaly, if it is this share away as well:
/// a sensor that reads the same all week would be one at the least stir.
const SIGMAS: f64 = 3.0;
const APART: f64 = 0.1;
/// An hour with so many times fewer readings than the week's have was not followed well enough to be compared.
const SPARSER: u64 = 4;

/// What two sensors of a machine mean together: their kinds, the fault, what it is, how bad it is.
type Pair = (&'static str, &'static str, &'static str, &'static str, FaultSeverity);

const PAIRS: &[Pair] = &[
    ("vibration", "temperature", "BEAR-001", "a bearing runs hot", FaultSeverity::Critical),
    ("current", "voltage", "ELEC-001", "an electrical fault", FaultSeverity::Critical),
    ("current", "temperature", "THERM-001", "the motor overheats", FaultSeverity::Major),
    ("flow", "temperature", "COOL-001", "the coolant does not cool", FaultSeverity::Major),
    ("pressure", "temperature", "HYD-001", "the hydraulics run hot", FaultSeverity::Major),
    ("force", "pressure", "HYD-001", "the hydraulics do not hold their force", FaultSeverity::Major),
    ("flow", "pressure", "PNEU-001", "air is lost", FaultSeverity::Minor),
    ("speed", "vibration", "TOOL-001", "the tool is worn", FaultSeverity::Minor),
];

/// Which limits a reading is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// As it should be.
    Normal,
    /// Worth a look.
    Warning,
    /// Not to be borne.
    Critical,
}

/// Whether a machine is at work. One that rests has neither pressure nor flow, and that is no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It is, or does not say.
    Working,
    /// It is not.
    Resting,
}

/// A limit that a reading is beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beyond {
    /// The limit.
    pub limit: f64,
    /// Above it, else below.
    pub above: bool,
}

impl Beyond {
    /// The word for a code and a sentence.
    pub const fn word(self) -> &'static str {
        if self.above { "above" } else { "below" }
    }

    /// Whether everything in a stretch was beyond it.
    fn holds_in(self, bucket: &Bucket) -> bool {
        let (least, most) = (bucket.min.unwrap_or(self.limit), bucket.max.unwrap_or(self.limit));
        if self.above { least > self.limit } else { most < self.limit }
    }
}

fn float(number: Option<Decimal>) -> Option<f64> {
    // Fifteen digits are exact in a double.
    #[allow(clippy::cast_precision_loss)]
    number.map(|number| number.scaled() as f64 / Decimal::ONE.scaled() as f64)
}

/// A number for a record; `None` where it is larger than a record holds.
pub fn decimal(number: f64) -> Option<Decimal> {
    // Beyond the range the cast saturates, and the bound refuses it.
    #[allow(clippy::cast_possible_truncation)]
    Decimal::from_scaled((number * 10_000.0).round() as i64)
}

/// The limit of a range that a reading is beyond. At the upper critical limit itself a reading is critical:
/// it is often the end of what the sensor can measure.
pub fn beyond(sensor: &Sensor, range: Range, reading: f64, work: Work) -> Option<Beyond> {
    let (low, high) = match range {
        Range::Normal => (sensor.normal_range_min, sensor.normal_range_max),
        Range::Warning => (sensor.warning_range_min.or(sensor.normal_range_min), sensor.warning_range_max.or(sensor.normal_range_max)),
        Range::Critical => (sensor.critical_range_min, sensor.critical_range_max),
    };
    let above = float(high).filter(|high| reading > *high || (range == Range::Critical && reading >= *high));
    let below = float(low).filter(|low| reading < *low && work == Work::Working);
    above.map(|limit| Beyond { limit, above: true }).or(below.map(|limit| Beyond { limit, above: false }))
}

/// Since when a series has been beyond a limit without a break, by its minutes until now: from the end of the first such minute.
pub fn beyond_since(minutes: &[Bucket], it: Beyond) -> Option<Time> {
    let first = minutes.iter().rev().filter(|bucket| bucket.count > 0).take_while(|bucket| it.holds_in(bucket)).last();
    first.map(|bucket| bucket.at.plus_minutes(1))
}

/// What two sensors that are both beyond their warning limits mean; the first of the pair first.
pub fn pair<'s>(one: &'s Sensor, other: &'s Sensor) -> Option<(&'s Sensor, &'s Sensor, &'static str, &'static str, FaultSeverity)> {
    let kinds = (plain(&one.sensor_type), plain(&other.sensor_type));
    PAIRS.iter().find_map(|(first, second, code, what, severity)| match (kinds.0.as_str(), kinds.1.as_str()) {
        (a, b) if (a, b) == (*first, *second) => Some((one, other, *code, *what, *severity)),
        (a, b) if (b, a) == (*first, *second) => Some((other, one, *code, *what, *severity)),
        _ => None,
    })
}

/// What an hour comes to beside the week before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hour {
    /// There is too little to compare it with.
    Unknown,
    /// Like the week.
    Usual,
    /// Above the week's mean, or above that of its beginning, by a fifth or more: the hour's mean, and the lower of the two.
    Rising(f64, f64),
    /// Above how the 24 hours before began by half or more: the hour's mean, and the mean of those first hours.
    Surging(f64, f64),
    /// Beyond three standard deviations: the hour's mean, and the limit.
    Anomaly(f64, f64),
}

/// Compares an hour with the hours of work of the week before it.
pub fn compare(hour: &Bucket, week: &[Bucket]) -> Hour {
    // Counts of an hour are far below what a double holds exactly.
    #[allow(clippy::cast_precision_loss)]
    let mean_of = |bucket: &Bucket| bucket.sum / bucket.count as f64;
    let told = || week.iter().filter(|bucket| bucket.count > 0);
    let means: Vec<f64> = told().map(mean_of).collect();
    let readings: u64 = week.iter().map(|bucket| bucket.count).sum();
    if means.len() < HOURS_MIN || hour.count == 0 || hour.count * SPARSER * (means.len() as u64) < readings {
        return Hour::Unknown;
    }
    let (now, mean) = (mean_of(hour), mean(&means));
    #[allow(clippy::cast_precision_loss)]
    let sigma = (means.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (means.len() as f64 - 1.0)).sqrt();
    let apart = (SIGMAS * sigma).max(APART * mean.abs());
    let above = |base: f64, share: f64| now > base && now - base >= (share * base.abs()).max(sigma);
    let of_day: Vec<f64> = told().filter(|bucket| bucket.at >= hour.at.minus(DAY)).take(DAY_BEGAN).map(mean_of).collect();
    let of_week: Vec<f64> = told().filter(|bucket| bucket.at <= hour.at.minus(WEEK_BEGAN)).map(mean_of).collect();
    // A beginning of few hours is chance.
    let began = if of_week.len() < HOURS_MIN { mean } else { self::mean(&of_week).min(mean) };
    if of_day.len() == DAY_BEGAN && above(self::mean(&of_day), SURGING) {
        Hour::Surging(now, self::mean(&of_day))
    } else if above(began, RISING) {
        Hour::Rising(now, began)
    } else if (now - mean).abs() > apart {
        Hour::Anomaly(now, if now > mean { mean + apart } else { mean - apart })
    } else {
        Hour::Usual
    }
}

/// Of some numbers, far fewer than a double counts exactly.
#[allow(clippy::cast_precision_loss)]
fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensor(kind: &str) -> Sensor {
        let number = |number: i64| Decimal::whole(number);
        Sensor {
            sensor_type: kind.to_owned(),
            normal_range_min: number(20),
            normal_range_max: number(85),
            warning_range_min: number(15),
            warning_range_max: number(92),
            critical_range_min: number(0),
            critical_range_max: number(150),
            ..Sensor::default()
        }
    }

    fn bucket(minute: i64, least: f64, most: f64) -> Bucket {
        let sum = least + most;
        Bucket { at: Time::from_micros(minute * 60_000_000), count: 2, sum, min: Some(least), max: Some(most), last: None, held_ms: Vec::new() }
    }

    #[test]
    fn a_reading_is_beyond_a_limit_or_not() {
        let it = sensor("temperature");
        let limit = |range, reading, work| beyond(&it, range, reading, work).map(|it| it.limit);
        assert_eq!(limit(Range::Warning, 92.0, Work::Working), None);
        assert_eq!(limit(Range::Warning, 92.1, Work::Working), Some(92.0));
        assert_eq!(limit(Range::Critical, 150.0, Work::Resting), Some(150.0));
        assert_eq!(limit(Range::Warning, 3.0, Work::Working), Some(15.0));
        assert_eq!(limit(Range::Warning, 3.0, Work::Resting), None, "a machine that rests is cold");
        assert_eq!(limit(Range::Critical, 0.0, Work::Working), None);
    }

    #[test]
    fn a_break_begins_the_time_anew() {
        let it = Beyond { limit: 92.0, above: true };
        let minutes = [bucket(0, 93.0, 95.0), bucket(4, 90.0, 99.0), bucket(5, 93.0, 94.0), bucket(9, 95.0, 96.0)];
        assert_eq!(beyond_since(&minutes, it), Some(Time::from_micros(6 * 60_000_000)));
        assert_eq!(beyond_since(&minutes[..2], it), None);
    }

    #[test]
    fn two_kinds_of_sensors_name_a_fault_in_either_order() {
        let (hot, shaking, speed) = (sensor("temperature"), sensor("Vibration"), sensor("speed"));
        let (first, _, code, ..) = pair(&hot, &shaking).unwrap();
        assert_eq!((first.sensor_type.as_str(), code), ("Vibration", "BEAR-001"));
        assert_eq!(pair(&speed, &shaking).unwrap().2, "TOOL-001");
        assert!(pair(&hot, &speed).is_none());
    }

    #[test]
    fn a_slow_rise_is_seen_over_the_week_and_a_fast_one_over_the_day() {
        let hour = |at: i64, mean: f64| bucket(at * 60, mean, mean);
        // An eighth of a percent each hour of the week: above its first two days by a fifth, above its mean by an eighth.
        let slow: Vec<Bucket> = (0..168).map(|at| hour(at, 50.0 * (1.0 + 0.2 * at as f64 / 160.0))).collect();
        assert!(matches!(compare(&hour(168, 62.0), &slow), Hour::Rising(_, began) if (50.0..52.0).contains(&began)));
        assert_eq!(compare(&hour(60, 53.7), &slow[..60]), Hour::Usual, "the week has no beginning yet");
        // Half as much again within a day, and level before.
        let fast: Vec<Bucket> = (0..168).map(|at| hour(at, if at < 146 { 50.0 } else { 50.0 + (at - 146) as f64 })).collect();
        assert!(matches!(compare(&hour(168, 75.5), &fast), Hour::Surging(now, began) if now == 75.5 && (50.0..50.5).contains(&began)));
        assert!(matches!(compare(&hour(168, 72.0), &fast), Hour::Rising(..)));
    }

    #[test]
    fn an_hour_is_compared_with_its_week() {
        let week: Vec<Bucket> = (0..24).map(|hour| bucket(hour * 60, 49.0 + f64::from(u8::try_from(hour % 3).unwrap()), 51.0)).collect();
        assert_eq!(compare(&bucket(9_999, 50.0, 51.0), &week), Hour::Usual);
        assert!(matches!(compare(&bucket(9_999, 61.0, 61.0), &week), Hour::Rising(now, mean) if now == 61.0 && (50.4..50.6).contains(&mean)));
        assert!(matches!(compare(&bucket(9_999, 44.0, 44.0), &week), Hour::Anomaly(..)));
        assert!(matches!(compare(&bucket(9_999, 57.0, 57.0), &week), Hour::Anomaly(..)));
        assert_eq!(compare(&bucket(9_999, 99.0, 99.0), &week[..11]), Hour::Unknown);
        let followed: Vec<Bucket> = week.iter().map(|it| Bucket { count: 60, sum: it.sum * 30.0, ..it.clone() }).collect();
        assert_eq!(compare(&bucket(9_999, 99.0, 99.0), &followed), Hour::Unknown, "two readings are no hour where others have sixty");
    }
}
