//! What machines told: the samples of series, or what they come to by steps. The question is bounded
//! here before anything is read. Deliberately without a shape: whoever asks gets series after series.

use std::time::Duration;

use crate::base::{Code, Refusal, Time, limits};
use crate::model::telemetry::{Reading, Series};
use crate::telemetry::{Bucket, Lane};

/// A question for samples.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Only this machine.
    pub machine: Option<String>,
    /// Only these metrics; all where empty.
    pub metrics: Vec<String>,
    /// From this moment.
    pub from: Time,
    /// Until before this one.
    pub to: Time,
    /// By steps of this length; the samples themselves where absent.
    pub step: Option<Duration>,
    /// Samples at most.
    pub limit: usize,
}

/// What a series answers.
pub enum Rows {
    /// Its samples.
    Samples(Vec<(Time, Reading)>),
    /// What they come to, by steps.
    Buckets(Vec<Bucket>),
}

/// A figure of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The mean of its numbers.
    Avg,
    /// The least.
    Min,
    /// The largest.
    Max,
    /// How many numbers.
    Count,
    /// Their sum.
    Sum,
    /// The last reading.
    Last,
    /// How long each text held.
    States,
}

impl Figure {
    /// All, with their words.
    pub const ALL: [(&'static str, Self); 7] =
        [("avg", Self::Avg), ("min", Self::Min), ("max", Self::Max), ("count", Self::Count), ("sum", Self::Sum), ("last", Self::Last), ("states", Self::States)];
    /// What is told where nothing is asked for.
    pub const DEFAULT: [Self; 6] = [Self::Avg, Self::Min, Self::Max, Self::Count, Self::Last, Self::States];

    /// The stable word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, it)| *it == self).map_or("", |(word, _)| word)
    }
}

/// The figures of a list such as `avg,max`.
pub fn figures(text: &str) -> Result<Vec<Figure>, Refusal> {
    let mut found = Vec::new();
    for word in text.split(',') {
        let known = Figure::ALL.iter().find(|(known, _)| *known == word);
        let (_, figure) = known.ok_or_else(|| Refusal::invalid("agg", "agg must be some of avg, min, max, count, sum, last, states, with commas between"))?;
        if !found.contains(figure) {
            found.push(*figure);
        }
    }
    Ok(found)
}

/// A step such as `1m`, `15m`, `1h` or `1d`.
pub fn step(text: &str) -> Result<Duration, Refusal> {
    let wrong = || Refusal::invalid("step", "step must be whole minutes, hours or days, from 1m to 366d, such as 15m, 1h or 1d");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 1_440,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let minutes = count.checked_mul(minutes).filter(|minutes| (1..=366 * 1_440).contains(minutes)).ok_or_else(wrong)?;
    Ok(Duration::from_secs(minutes * 60))
}

/// The metrics of a list with commas between; a comma within braces belongs to a name.
pub fn metrics(text: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let pieces = text.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    pieces.map(str::trim).filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}

/// The series of a machine and a metric, of all where none is given, by their names.
pub fn series(lane: &Lane, machine: Option<&str>, metrics: &[String]) -> Vec<Series> {
    let fits = |it: &Series| machine.is_none_or(|machine| it.machine == machine) && (metrics.is_empty() || metrics.contains(&it.metric));
    let mut found: Vec<Series> = lane.series().into_iter().filter(fits).collect();
    found.sort_by(|one, other| (&one.machine, &one.metric).cmp(&(&other.machine, &other.metric)));
    found
}

/// The series that a question means; a metric that nobody tells is refused.
fn asked_for(lane: &Lane, ask: &Ask) -> Result<Vec<Series>, Refusal> {
    let found = match (&ask.machine, ask.metrics.as_slice()) {
        (Some(machine), [_, ..]) => ask.metrics.iter().filter_map(|metric| lane.find(machine, metric)).collect(),
        (machine, metrics) => series(lane, machine.as_deref(), metrics),
    };
    match ask.metrics.iter().find(|metric| !found.iter().any(|it| it.metric == **metric)) {
        Some(metric) => {
            let shown: String = metric.chars().take(60).collect();
            Err(Refusal::field(Code::NotFound, "metric", format!("no such machine tells {shown}; GET /api/v1/telemetry/series lists what is told")))
        }
        None => Ok(found),
    }
}

/// Answers series after series; answers whether there is more than the limit.
pub fn each(lane: &Lane, ask: &Ask, visit: &mut dyn FnMut(&Series, Rows)) -> Result<bool, Refusal> {
    if ask.to <= ask.from {
        return Err(Refusal::invalid("to", "to must be later than from"));
    }
    let found = asked_for(lane, ask)?;
    match ask.step {
        Some(step) => rolled(lane, ask, step, &found, visit).map(|()| false),
        None => raw(lane, ask, &found, visit),
    }
}

fn raw(lane: &Lane, ask: &Ask, found: &[Series], visit: &mut dyn FnMut(&Series, Rows)) -> Result<bool, Refusal> {
    let mut left = ask.limit;
    for it in found {
        let (samples, is_cut) = lane.raw(it.id, ask.from, ask.to, left)?;
        left = left.saturating_sub(samples.len());
        visit(it, Rows::Samples(samples));
        if is_cut {
            return Ok(true);
        }
    }
    Ok(false)
}

fn rolled(lane: &Lane, ask: &Ask, step: Duration, found: &[Series], visit: &mut dyn FnMut(&Series, Rows)) -> Result<(), Refusal> {
    let span = u128::try_from(ask.to.micros() - ask.from.micros()).unwrap_or_default();
    let rows = span.div_ceil(step.as_micros()).saturating_mul(found.len() as u128);
    if rows > limits::QUERY_SAMPLES_MAX as u128 {
        return Err(Refusal::invalid(
            "step",
            format!("this comes to {rows} rows of {} series, and at most {} are answered; take a longer step or name fewer series", found.len(), limits::QUERY_SAMPLES_MAX),
        ));
    }
    for it in found {
        visit(it, Rows::Buckets(lane.rolled(it.id, ask.from, ask.to, step)?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_whole_minutes_within_a_year() {
        let minutes = |text: &str| step(text).map(|step| step.as_secs() / 60).ok();
        assert_eq!(["1m", "15m", "1h", "2d", "366d"].map(minutes), [1, 15, 60, 2_880, 527_040].map(Some));
        for wrong in ["", "m", "0m", "1s", "1.5h", "-1m", "367d", "99999999999999999999d", "1\u{e4}"] {
            assert!(step(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_comma_within_braces_belongs_to_a_metric() {
        assert_eq!(metrics("power, cpu.usage{arch=arm,cpu=0},,load"), ["power", "cpu.usage{arch=arm,cpu=0}", "load"]);
        assert_eq!(metrics("a},b"), ["a}", "b"]);
        assert!(metrics("").is_empty());
    }

    #[test]
    fn figures_are_told_once_and_unknown_ones_refused() {
        assert_eq!(figures("max,avg,max").unwrap(), [Figure::Max, Figure::Avg]);
        assert!(figures("").is_err() && figures("median").is_err());
        assert!(Figure::ALL.iter().all(|(word, figure)| figure.word() == *word));
    }
}
