//! A simulated cell of machines behind one edge node: births name and value everything, data follow by
//! alias and number, a will tells its death, and a rebirth is answered. Made to speak as an edge node
//! of another maker does; nothing of the host is used but the payload.

use std::collections::BTreeMap;

use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::LastWill;

use super::super::link::Link;
use super::super::machines::Access;
use super::payload::{Kind, Metric, Payload, REBIRTH, Value};
use crate::base::Refusal;
use crate::engine::clock::Clock;
use crate::model::telemetry::{Measure, Reading};
use crate::telemetry::Seen;

/// Metrics in one message.
const METRICS: usize = 1_000;

/// An edge node and the machines behind it.
pub struct Cell {
    access: Access,
    group: String,
    node: String,
    link: Option<Link>,
    machines: BTreeMap<String, Machine>,
    last_alias: u64,
    born: bool,
    /// Pairs a birth with its death.
    connections: u8,
    seq: u8,
}

/// The newest of each metric.
type Machine = BTreeMap<String, Metric>;

impl Cell {
    /// An edge node that will be born when its first machine has something to say.
    pub const fn new(access: Access, group: String, node: String) -> Self {
        Self { access, group, node, link: None, machines: BTreeMap::new(), last_alias: 0, born: false, connections: 0, seq: 0 }
    }

    /// Publishes; answers when the broker has dealt with all of it. What a host did not understand is said
    /// again after the rebirth that it asks for.
    pub fn tell(&mut self, said: &[Seen]) -> Result<(), Refusal> {
        let is_new = self.learn(said);
        let mut link = match self.link.take() {
            Some(link) => link,
            None => self.connect()?,
        };
        let mut messages = if is_new || !self.born { self.birth() } else { Vec::new() };
        messages.extend(self.data(said));
        if link.say(messages)? > 0 {
            let mut messages = self.birth();
            messages.extend(self.data(said));
            link.say(messages)?;
        }
        self.link = Some(link);
        Ok(())
    }

    fn connect(&mut self) -> Result<Link, Refusal> {
        (self.born, self.connections) = (false, self.connections.wrapping_add(1));
        let death = Payload { at: Some(Clock::System.now()), seq: None, metrics: vec![self.bd_seq()] };
        let mut link = Link::open(&self.access, Some(LastWill::new(self.topic("NDEATH", None), death.write(), QoS::AtLeastOnce, false)))?;
        link.subscribe(self.topic("NCMD", None))?;
        Ok(link)
    }

    /// Keeps the newest of each metric; answers whether one of them is new, so that a birth has to name it.
    fn learn(&mut self, said: &[Seen]) -> bool {
        let before = self.last_alias;
        for (series, sample) in said {
            let machine = self.machines.entry(series.machine.clone()).or_default();
            let kind = if series.measure == Measure::Number { Kind::DOUBLE } else { Kind::TEXT };
            let metric = machine.entry(series.metric.clone()).or_insert_with(|| {
                self.last_alias += 1;
                Metric { name: Some(series.metric.clone()), alias: Some(self.last_alias), kind: Some(kind), unit: series.unit.clone(), ..Metric::default() }
            });
            (metric.at, metric.value, metric.null) = (Some(sample.at), value(&sample.value), sample.value == Reading::Unavailable);
        }
        before != self.last_alias
    }

    fn birth(&mut self) -> Vec<(String, Vec<u8>)> {
        (self.born, self.seq) = (true, 0);
        let rebirth = Metric { name: Some(REBIRTH.to_owned()), kind: Some(Kind::BOOLEAN), value: Some(Value::Truth(false)), ..Metric::default() };
        let mut messages = vec![self.message("NBIRTH", None, vec![self.bd_seq(), rebirth])];
        for (name, machine) in self.machines.clone() {
            messages.push(self.message("DBIRTH", Some(&name), machine.into_values().collect()));
        }
        messages
    }

    fn data(&mut self, said: &[Seen]) -> Vec<(String, Vec<u8>)> {
        let mut by_machine: BTreeMap<&str, Vec<Metric>> = BTreeMap::new();
        for (series, sample) in said {
            let alias = self.machines.get(&series.machine).and_then(|machine| machine.get(&series.metric)).and_then(|metric| metric.alias);
            let metric = Metric { alias, at: Some(sample.at), value: value(&sample.value), null: sample.value == Reading::Unavailable, ..Metric::default() };
            by_machine.entry(&series.machine).or_default().push(metric);
        }
        let mut messages = Vec::new();
        for (name, metrics) in by_machine {
            messages.extend(metrics.chunks(METRICS).map(|some| self.message("DDATA", Some(name), some.to_vec())));
        }
        messages
    }

    fn message(&mut self, verb: &str, device: Option<&str>, metrics: Vec<Metric>) -> (String, Vec<u8>) {
        let at = metrics.iter().filter_map(|metric| metric.at).max().unwrap_or_else(|| Clock::System.now());
        let payload = Payload { at: Some(at), seq: Some(self.seq.into()), metrics };
        self.seq = self.seq.wrapping_add(1);
        (self.topic(verb, device), payload.write())
    }

    fn bd_seq(&self) -> Metric {
        Metric { name: Some("bdSeq".to_owned()), kind: Some(Kind::INT64), value: Some(Value::Whole(self.connections.into())), ..Metric::default() }
    }

    fn topic(&self, verb: &str, device: Option<&str>) -> String {
        let node = format!("spBv1.0/{}/{verb}/{}", self.group, self.node);
        device.map_or_else(|| node.clone(), |device| format!("{node}/{device}"))
    }
}

fn value(reading: &Reading) -> Option<Value> {
    match reading {
        Reading::Number(number) => Some(Value::Float(*number)),
        Reading::Text(text) => Some(Value::Text(text.to_string())),
        Reading::Unavailable => None,
    }
}
