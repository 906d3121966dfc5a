//! An edge node as its messages tell it: what its births named, what the next number is, what came
//! out of order. Deliberately without a connection: messages in, samples and the wish for a rebirth out.

use std::collections::{BTreeMap, HashMap};

use tokio::time::Instant;

use super::super::gather::Gathered;
use super::payload::{Kind, Metric, Payload};
use crate::base::{Time, limits};
use crate::model::telemetry::{Reading, SeriesId};
use crate::telemetry::{Identity, Window};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    NodeBirth,
    NodeData,
    NodeDeath,
    DeviceBirth,
    DeviceData,
    DeviceDeath,
}

/// A message of an edge node.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) verb: Verb,
    /// As it came, for quarantine.
    pub(super) topic: String,
    pub(super) content: Vec<u8>,
    pub(super) edge: String,
    /// The device; `None` where the node speaks of itself.
    pub(super) device: Option<String>,
    pub(super) payload: Payload,
    pub(super) arrived_at: Instant,
}

impl Message {
    fn machine(&self) -> &str {
        self.device.as_deref().unwrap_or(&self.edge)
    }
}

/// Messages that wait for one that is missing.
const EARLY_MAX: usize = 64;

/// Why an edge node has to tell everything again.
pub(super) type Rebirth = &'static str;

#[derive(Clone, Copy)]
struct Known {
    series: SeriesId,
    kind: Kind,
}

/// A device, or the node itself: what its birth named.
#[derive(Default)]
struct Device {
    by_name: HashMap<String, Option<Known>>,
    names: HashMap<u64, String>,
}

/// An edge node.
#[derive(Default)]
pub(super) struct Edge {
    born: bool,
    bd_seq: Option<u64>,
    next_seq: u8,
    devices: HashMap<Option<String>, Device>,
    /// What came before a message that is missing, by how far it is ahead.
    early: BTreeMap<u8, Message>,
    /// Since when one is missing.
    missing_since: Option<Instant>,
    last_at: Option<Time>,
}

impl Edge {
    /// Since when a message is missing that later ones wait for.
    pub(super) const fn missing_since(&self) -> Option<Instant> {
        self.missing_since
    }

    /// Takes a message; answers why a rebirth is needed, where it is.
    pub(super) fn take(&mut self, message: Message, gathered: &mut Gathered<'_>) -> Option<Rebirth> {
        let seq = message.payload.seq.and_then(|seq| u8::try_from(seq).ok());
        match (message.verb, seq) {
            (Verb::NodeDeath, _) => {
                self.die(&message, gathered);
                None
            }
            (Verb::NodeBirth, Some(seq)) => self.be_born(seq, message, gathered),
            (_, None) => {
                gathered.unread(&message.topic, &message.content, "the message has no sequence number from 0 to 255");
                Some("a message without a number")
            }
            _ if !self.born => Some("a message before the birth"),
            (_, Some(seq)) => self.in_order(seq, message, gathered),
        }
    }

    /// A node that tells everything again starts a new count; what waited for a missing message is taken first.
    fn be_born(&mut self, seq: u8, message: Message, gathered: &mut Gathered<'_>) -> Option<Rebirth> {
        self.give_up(gathered);
        *self = Self { born: true, bd_seq: message.payload.bd_seq(), next_seq: seq.wrapping_add(1), last_at: self.last_at, ..Self::default() };
        self.apply(message, gathered)
    }

    /// A death that belongs to an earlier birth is stale.
    fn die(&mut self, message: &Message, gathered: &mut Gathered<'_>) {
        if self.bd_seq == message.payload.bd_seq() {
            self.end(gathered);
        }
    }

    /// Nothing is known of it any more until it is born again.
    pub(super) fn end(&mut self, gathered: &mut Gathered<'_>) {
        if std::mem::take(&mut self.born) {
            self.give_up(gathered);
            self.devices.values().for_each(|device| device.end(gathered));
        }
    }

    fn in_order(&mut self, seq: u8, message: Message, gathered: &mut Gathered<'_>) -> Option<Rebirth> {
        let ahead = seq.wrapping_sub(self.next_seq);
        if ahead > u8::MAX / 2 {
            // Behind rather than far ahead: the count began anew, and with it perhaps what an alias means.
            gathered.unread(&message.topic, &message.content, "the message's number lies behind; its edge node has begun anew without a birth");
            return Some("a number that lies behind");
        }
        if ahead > 0 {
            self.missing_since.get_or_insert(message.arrived_at);
            self.early.insert(ahead, message);
            return if self.early.len() > EARLY_MAX { self.give_up(gathered) } else { None };
        }
        let mut rebirth = self.apply(message, gathered);
        self.pass(1);
        while let Some(message) = self.early.remove(&0) {
            rebirth = self.apply(message, gathered).or(rebirth);
            self.pass(1);
        }
        if self.early.is_empty() {
            self.missing_since = None;
        }
        rebirth
    }

    /// The count goes on, and so what waits is nearer.
    fn pass(&mut self, by: u8) {
        self.next_seq = self.next_seq.wrapping_add(by);
        self.early = std::mem::take(&mut self.early).into_iter().map(|(ahead, message)| (ahead.wrapping_sub(by), message)).collect();
    }

    /// What is missing will not come: takes what waited for it, and notes the gap.
    pub(super) fn give_up(&mut self, gathered: &mut Gathered<'_>) -> Option<Rebirth> {
        self.missing_since = None;
        let (first, last) = (*self.early.first_key_value()?.0, *self.early.last_key_value()?.0);
        let lost = u64::from(last) + 1 - self.early.len() as u64;
        gathered.gap(self.last_at, Some(lost), "messages of the edge node are missing");
        let waited = std::mem::take(&mut self.early);
        self.next_seq = self.next_seq.wrapping_add(last).wrapping_add(1);
        tracing::debug!(first, last, lost, "the edge node's messages have a gap");
        waited.into_values().for_each(|message| _ = self.apply(message, gathered));
        Some("a message is missing")
    }

    fn apply(&mut self, message: Message, gathered: &mut Gathered<'_>) -> Option<Rebirth> {
        self.last_at = message.payload.at.or(self.last_at);
        match message.verb {
            Verb::NodeBirth | Verb::DeviceBirth => {
                let device = Device::born(&message, gathered);
                device.tell(&message, gathered);
                self.devices.insert(message.device, device);
                None
            }
            Verb::NodeData | Verb::DeviceData => match self.devices.get(&message.device) {
                Some(device) => device.tell(&message, gathered),
                None => Some("data of a device before its birth"),
            },
            Verb::DeviceDeath => {
                if let Some(device) = self.devices.remove(&message.device) {
                    device.end(gathered);
                }
                None
            }
            Verb::NodeDeath => None,
        }
    }
}

impl Device {
    /// What the birth names becomes series; what is not kept, or is refused, is put into quarantine once.
    fn born(message: &Message, gathered: &mut Gathered<'_>) -> Self {
        let (mut device, mut refused) = (Self::default(), Vec::new());
        for metric in &message.payload.metrics {
            let Some(name) = metric.name.as_deref().filter(|name| *name != "bdSeq" && !name.starts_with("Node Control/")) else { continue };
            let known = known(message.machine(), name, metric, gathered);
            if let Err(why) = &known {
                refused.push(why.clone());
            }
            if let Some(alias) = metric.alias {
                device.names.insert(alias, name.to_owned());
            }
            device.by_name.insert(name.to_owned(), known.ok());
        }
        if let Some(first) = refused.first() {
            gathered.unread(&message.topic, &message.content, &format!("{} of {} metrics cannot be kept: {first}", refused.len(), message.payload.metrics.len()));
        }
        device
    }

    /// Takes the values of a message; answers that one of them has no name here.
    fn tell(&self, message: &Message, gathered: &mut Gathered<'_>) -> Option<Rebirth> {
        let mut rebirth = None;
        let mut unreadable = None;
        for metric in &message.payload.metrics {
            let name = metric.name.as_ref().or_else(|| self.names.get(metric.alias.as_ref()?));
            match name.map(|name| (name, self.by_name.get(name))) {
                Some((_, Some(Some(known)))) => match metric.reading(known.kind) {
                    Some(value) => {
                        let window = if metric.historical { Window::History } else { Window::Live };
                        gathered.sample(known.series, metric.at.or(message.payload.at), value, window);
                    }
                    None => unreadable = name,
                },
                // Said at its birth not to be kept.
                Some((_, Some(None))) => {}
                Some((name, None)) if name == "bdSeq" || name.starts_with("Node Control/") => {}
                _ => rebirth = Some("a metric that no birth named"),
            }
        }
        if let Some(name) = unreadable {
            gathered.unread(
                &message.topic,
                &message.content,
                &format!("the value of {name} is not of the kind that its birth named, or longer than {} bytes", limits::READING_TEXT_MAX),
            );
        }
        rebirth
    }

    /// It is gone, and with it all that held: from now on, for nobody knows since when.
    fn end(&self, gathered: &mut Gathered<'_>) {
        for known in self.by_name.values().flatten() {
            gathered.sample(known.series, None, Reading::Unavailable, Window::Live);
        }
    }
}

fn known(machine: &str, name: &str, metric: &Metric, gathered: &Gathered<'_>) -> Result<Known, String> {
    let kind = metric.kind.ok_or_else(|| format!("{name} has no data type"))?;
    let measure = kind.measure().ok_or_else(|| format!("{name} has the data type {}, which is no number and no text", kind.0))?;
    let identity = Identity { machine, metric: name, measure, unit: metric.unit.as_deref(), department: None };
    gathered.series(identity).map(|series| Known { series, kind }).map_err(|refusal| refusal.detail)
}
