//! What is made durable together: samples, and what could not be read, as they came. Deliberately
//! without a way back: what was refused is delivered again by whoever still holds it.

use rumqttc::mqttbytes::v4::Publish;

use super::connection::Fault;
use super::mapping::Told;
use crate::base::{Refusal, Time, limits};
use crate::engine::clock::Clock;
use crate::model::telemetry::{Gap, Measure, Quarantined, Reading, Sample, SeriesId};
use crate::telemetry::{Batch, Identity, Source, Window};

/// What has come since the last commit.
pub(super) struct Gathered<'s> {
    source: &'s Source,
    now: Time,
    live: Batch,
    history: Batch,
}

impl<'s> Gathered<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self { source, now: source.now(), live: Batch::default(), history: Batch { window: Window::History, ..Batch::default() } }
    }

    /// Takes a reading.
    fn told(&mut self, told: Told) -> Result<(), Refusal> {
        let measure = match told.value {
            Reading::Number(_) => Measure::Number,
            Reading::Text(_) => Measure::Text,
            // It ends what was there before; where nothing was, nothing says what it would have been.
            Reading::Unavailable => match self.source.known(&told.machine, &told.metric) {
                Some(series) => series.measure,
                None => return Ok(()),
            },
        };
        let (unit, department) = (told.unit.as_deref(), told.department.as_deref());
        let series = self.source.series(Identity { machine: &told.machine, metric: &told.metric, measure, unit, department })?;
        self.sample(series, told.at, told.value, Window::Live);
        Ok(())
    }

    /// The number of a series.
    pub(super) fn series(&self, identity: Identity<'_>) -> Result<SeriesId, Refusal> {
        self.source.series(identity)
    }

    /// Takes a sample.
    pub(super) fn sample(&mut self, series: SeriesId, at: Option<Time>, value: Reading, window: Window) {
        let batch = if window == Window::History { &mut self.history } else { &mut self.live };
        batch.samples.push(Sample { series, at: at.unwrap_or(self.now), value });
    }

    /// Notes what is lost.
    pub(super) fn gap(&mut self, from: Option<Time>, lost: Option<u64>, why: &str) {
        self.live.gaps.push(Gap { source: self.source.code().to_owned(), from, to: self.now, lost, why: why.to_owned() });
    }

    /// Keeps what could not be read, with the topic before it.
    pub(super) fn unread(&mut self, topic: &str, content: &[u8], why: &str) {
        let mut original = format!("{topic}\n").into_bytes();
        original.extend_from_slice(&content[..content.len().min(limits::QUARANTINED_BYTES_MAX)]);
        original.truncate(limits::QUARANTINED_BYTES_MAX);
        self.live.quarantined.push(Quarantined { source: self.source.code().to_owned(), received_at: self.now, why: why.to_owned(), original });
    }

    /// Takes what a message told, or keeps the message with the reason why it could not be read.
    pub(super) fn read(&mut self, told: Result<Vec<Told>, String>, message: &Publish) {
        let refused = match told {
            Ok(told) => told.into_iter().filter_map(|it| self.told(it).err()).last().map(|refusal| refusal.detail),
            Err(why) => Some(why),
        };
        if let Some(why) = refused {
            self.unread(&message.topic, &message.payload, &why);
        }
    }

    /// Makes all of it durable, or ends a connection.
    pub(super) async fn put(self) -> Result<(), Fault> {
        self.keep().await.map_err(Fault::Lane)
    }

    /// Makes all of it durable.
    pub(super) async fn keep(self) -> Result<(), Refusal> {
        let wall = Clock::System.now();
        let mut empty = true;
        for mut batch in [self.live, self.history] {
            while batch.samples.len() > limits::SAMPLES_MAX {
                let rest = batch.samples.split_off(limits::SAMPLES_MAX);
                let first = Batch { window: batch.window, samples: std::mem::replace(&mut batch.samples, rest), ..Batch::default() };
                self.source.put(first, wall).await?;
            }
            if !(batch.samples.is_empty() && batch.gaps.is_empty() && batch.quarantined.is_empty()) {
                empty = false;
                self.source.put(batch, wall).await?;
            }
        }
        if empty {
            self.source.heard(wall);
        }
        Ok(())
    }
}
