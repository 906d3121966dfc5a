//! What comes together is made durable together. A server keeps nothing for us, so what the lane
//! refuses is offered again until it is taken; meanwhile a bounded number of messages waits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_opcua::types::DataValue;
use tokio::time::sleep;

use super::nodes::Item;
use super::values::{self, Told};
use crate::base::{Refusal, Time, limits};
use crate::engine::clock::Clock;
use crate::model::telemetry::{Gap, Measure, Quarantined, Reading, Sample, SeriesId};
use crate::telemetry::{Batch, Identity, Source, State, Window};

/// Values of one batch: even where each is a list, the lane takes so many.
const VALUES_AT_ONCE: usize = limits::SAMPLES_MAX / limits::OPCUA_LIST_MAX;
/// How long after a refusal the lane is asked again.
const AGAIN: Duration = Duration::from_millis(250);
/// Why values are missing.
const LOST: &str = "connection lost";
const OVERFLOW: &str = "queue overflow";
const WAITED: &str = "more came than could be kept";

/// What outlives a connection.
#[derive(Default)]
pub(super) struct Memory {
    /// When the server was last heard, until it is listened to again.
    pub(super) heard_at: Option<Time>,
    /// Metrics whose values cannot be read, and were shown in quarantine.
    shown: BTreeSet<String>,
}

/// The values of one connection, on their way into the lane.
pub(super) struct Gathering<'s> {
    source: &'s Source,
    items: Vec<Item>,
    pub(super) memory: &'s mut Memory,
    /// The series of an item, and of the numbers of a list behind it, each with its newest moment.
    series: BTreeMap<(usize, usize), Known>,
    /// What is said of a connection that stands.
    pub(super) why: Option<String>,
}

#[derive(Clone, Copy)]
struct Known {
    id: SeriesId,
    measure: Measure,
    at: Time,
}

impl<'s> Gathering<'s> {
    pub(super) fn new(source: &'s Source, memory: &'s mut Memory, items: Vec<Item>) -> Self {
        Self { source, items, memory, series: BTreeMap::new(), why: None }
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Takes values of items by their number, and answers when they are kept.
    pub(super) async fn keep(&mut self, values: &[(usize, DataValue)], lost: u64) {
        let now = self.source.now();
        if lost > 0 {
            let gap = self.gap(self.memory.heard_at, now, Some(lost), WAITED);
            self.put(Batch { gaps: vec![gap], ..Batch::default() }).await;
        }
        for some in values.chunks(VALUES_AT_ONCE) {
            let mut batches = [Batch::default(), Batch { window: Window::History, ..Batch::default() }];
            for (at, value) in some {
                self.take(&mut batches, *at, value, now);
            }
            for batch in batches {
                self.put(batch).await;
            }
        }
    }

    /// Notes that nobody listened since the connection before.
    pub(super) async fn resume(&mut self) {
        if let Some(from) = self.memory.heard_at {
            let now = self.source.now();
            // Should this connection break before it stands, the next gap begins here.
            self.memory.heard_at = Some(now);
            let gap = self.gap(Some(from), now, None, LOST);
            self.put(Batch { gaps: vec![gap], ..Batch::default() }).await;
        }
    }

    async fn put(&self, batch: Batch) {
        if batch.samples.is_empty() && batch.gaps.is_empty() && batch.quarantined.is_empty() {
            return;
        }
        while let Err(refusal) = self.source.put(batch.clone(), Clock::System.now()).await {
            self.source.stands(State::Failed, Some(&refusal.detail), Clock::System.now());
            sleep(AGAIN).await;
        }
    }

    fn gap(&self, from: Option<Time>, to: Time, lost: Option<u64>, why: &str) -> Gap {
        Gap { source: self.source.code().to_owned(), from, to, lost, why: why.to_owned() }
    }

    fn take(&mut self, batches: &mut [Batch; 2], at: usize, value: &DataValue, now: Time) {
        let Some(item) = self.items.get(at) else { return };
        let moment = values::moment(value).unwrap_or(now);
        if values::overflowed(value) {
            let from = self.series.get(&(at, 0)).map(|known| known.at);
            batches[0].gaps.push(self.gap(from, moment, None, OVERFLOW));
        }
        // A value that has not changed for months is no mistake of a clock.
        let batch = &mut batches[usize::from(moment < now.minus(limits::SAMPLE_BACK))];
        let told = match &value.value {
            Some(value_told) if !value.status().is_bad() => values::read(value_told, item.names.as_deref(), item.measure),
            _ => Ok(Told::One(Reading::Unavailable)),
        };
        let taken = told.and_then(|told| match told {
            Told::One(Reading::Unavailable) => {
                self.unavailable(&mut batch.samples, at, moment);
                Ok(())
            }
            Told::One(reading) => self.sample(&mut batch.samples, (at, 0), moment, reading),
            Told::List(readings) => readings.into_iter().enumerate().try_for_each(|(index, it)| self.sample(&mut batch.samples, (at, index + 1), moment, it)),
        });
        if let Err(why) = taken {
            batch.quarantined.extend(self.unread(at, value, why, now));
        }
    }

    fn sample(&mut self, samples: &mut Vec<Sample>, place: (usize, usize), at: Time, value: Reading) -> Result<(), String> {
        let measure = match value {
            Reading::Text(_) => Measure::Text,
            _ => Measure::Number,
        };
        let series = match self.series.get_mut(&place) {
            Some(known) if known.measure == measure => {
                known.at = at;
                known.id
            }
            _ => {
                let id = self.series_of(place, measure).map_err(|refusal| refusal.detail)?;
                self.series.insert(place, Known { id, measure, at });
                id
            }
        };
        samples.push(Sample { series, at, value });
        Ok(())
    }

    fn series_of(&self, (at, index): (usize, usize), measure: Measure) -> Result<SeriesId, Refusal> {
        let item = &self.items[at];
        let listed;
        let metric = if index == 0 {
            &item.metric
        } else {
            listed = format!("{}[{}]", item.metric, index - 1);
            &listed
        };
        self.source.series(Identity { machine: &item.machine, metric, measure, unit: item.unit.as_deref(), department: None })
    }

    /// Ends what was there before; where nothing was, nothing says what it would have been.
    fn unavailable(&mut self, samples: &mut Vec<Sample>, at: usize, moment: Time) {
        let item = &self.items[at];
        if let Some(series) = self.source.known(&item.machine, &item.metric) {
            self.series.entry((at, 0)).or_insert(Known { id: series.id, measure: series.measure, at: moment });
        }
        for known in self.series.range_mut((at, 0)..=(at, limits::OPCUA_LIST_MAX)).map(|(_, known)| known) {
            known.at = moment;
            samples.push(Sample { series: known.id, at: moment, value: Reading::Unavailable });
        }
    }

    /// A value that cannot be read is shown once: a thousand more of its kind tell nothing new.
    fn unread(&mut self, at: usize, value: &DataValue, why: String, now: Time) -> Option<Quarantined> {
        let item = &self.items[at];
        self.memory.shown.insert(format!("{}\n{}", item.machine, item.metric)).then(|| {
            let mut original = format!("{} {}\n{:?}", item.node, item.metric, value.value).into_bytes();
            original.truncate(limits::QUARANTINED_BYTES_MAX);
            Quarantined { source: self.source.code().to_owned(), received_at: now, why: format!("{}: {why}", item.metric), original }
        })
    }
}

#[cfg(test)]
mod tests {
    use async_opcua::types::{Array, ByteString, DateTime, NodeId, Variant, VariantScalarTypeId};

    use super::*;
    use crate::engine::{Engine, Options};
    use crate::store::Store;
    use crate::telemetry::Lane;

    fn item(metric: &str) -> Item {
        Item { node: NodeId::new(1, metric), machine: "PRESS-7".to_owned(), metric: metric.to_owned(), unit: None, measure: None, names: None }
    }

    fn at(seconds: i64, value: impl Into<Variant>) -> DataValue {
        let micros = Clock::System.now().micros() + seconds * 1_000_000;
        // Ticks of 100 nanoseconds since 1601.
        DataValue::new_at(value, DateTime::from((micros + 11_644_473_600_000_000) * 10))
    }

    fn newest(lane: &Lane, metric: &str) -> Vec<Reading> {
        let Some(series) = lane.find("PRESS-7", metric) else { return Vec::new() };
        let (samples, _) = lane.raw(series.id, Time::from_micros(0), Time::from_micros(i64::MAX), 100).unwrap();
        samples.into_iter().map(|(_, value)| value).collect()
    }

    #[tokio::test]
    async fn old_values_lists_and_losses_are_kept_and_what_cannot_be_read_is_shown_once() {
        let engine = Engine::start(Store::in_memory().unwrap(), Options::default()).unwrap();
        let lane = Lane::start(&engine).unwrap();
        let (source, mut memory) = (Source::kept("press", lane.intake()), Memory::default());
        let mut gathering = Gathering::new(&source, &mut memory, vec![item("serial"), item("forces"), item("picture")]);
        let list = Array::new(VariantScalarTypeId::Double, vec![Variant::Double(1.0), Variant::Double(f64::NAN)]).unwrap();
        let months_ago = at(-90 * 86_400, "4711");
        let picture = at(-1, ByteString::from(b"\x89PNG".to_vec()));
        let bad = DataValue { status: Some(async_opcua::types::StatusCode::BadNoCommunication), ..at(0, 0) };
        gathering.keep(&[(0, months_ago), (1, at(-1, Variant::Array(Box::new(list)))), (2, picture.clone()), (2, picture), (1, bad), (9, at(0, 1))], 7).await;

        assert_eq!(newest(&lane, "serial"), [Reading::Text("4711".into())]);
        assert_eq!(newest(&lane, "forces[0]"), [Reading::Number(1.0), Reading::Unavailable]);
        assert_eq!(newest(&lane, "forces[1]"), [Reading::Unavailable, Reading::Unavailable]);
        let gaps = lane.gaps(10).unwrap();
        assert_eq!(gaps.iter().map(|it| (it.lost, it.why.as_str())).collect::<Vec<_>>(), [(Some(7), WAITED)]);
        let shown = lane.quarantined(10).unwrap();
        assert!(shown.len() == 1 && shown[0].why.contains("ByteString"), "{shown:?}");
    }
}
