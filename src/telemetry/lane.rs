//! The lane itself.

use std::time::Duration;

use super::intake::Intake;
use crate::base::{Refusal, Time};
use crate::engine::Engine;
use crate::model::telemetry::{Reading, Sample, Series, SeriesId};

/// What a stretch of time comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Its beginning.
    pub at: Time,
    /// Numbers in it.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least, where there is one.
    pub min: Option<f64>,
    /// The largest, where there is one.
    pub max: Option<f64>,
    /// The last reading in it.
    pub last: Option<Reading>,
    /// Of a series of texts: how long each held, in milliseconds.
    pub held_ms: Vec<(Box<str>, i64)>,
}

/// The running lane. Clones are the same lane.
#[derive(Clone)]
pub struct Lane {
    intake: Intake,
}

impl Lane {
    /// Opens `telemetry.redb` beside the plant file (in memory where the plant is) and starts the lane's thread.
    pub fn start(_engine: &Engine) -> Result<Self, Refusal> {
        Err(Refusal::new(crate::base::Code::Internal, "not built yet"))
    }

    /// The way in.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Writes what waits, and ends.
    pub fn stop(&self) {}

    /// All series.
    pub fn series(&self) -> Vec<Series> {
        Vec::new()
    }

    /// The series of a machine's metric.
    pub fn find(&self, _machine: &str, _metric: &str) -> Option<Series> {
        None
    }

    /// The newest sample of every series that has one, by series.
    pub fn last(&self) -> Vec<Sample> {
        Vec::new()
    }

    /// Samples of a series from a moment until before another, in order, and whether there are more than the limit.
    pub fn raw(&self, _series: SeriesId, _from: Time, _to: Time, _limit: usize) -> Result<(Vec<(Time, Reading)>, bool), Refusal> {
        Ok((Vec::new(), false))
    }

    /// What a series comes to by steps of whole minutes, aligned to 1970; steps without a sample are left out.
    pub fn rolled(&self, _series: SeriesId, _from: Time, _to: Time, _step: Duration) -> Result<Vec<Bucket>, Refusal> {
        Ok(Vec::new())
    }
}
