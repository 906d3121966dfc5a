//! All edge nodes by group and name: hands each its messages, and remembers whom to ask for a
//! rebirth. Bounded, since whoever may publish may make up names.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use super::super::gather::Gathered;
use super::edge::{Edge, Message, Rebirth, Verb};
use super::payload::Payload;
use crate::base::limits;

/// Group and edge node.
type Name = (String, String);

/// The edge nodes.
pub(in crate::adapters::mqtt) struct Host {
    edges: HashMap<Name, Edge>,
    reorder: Duration,
    pause: Duration,
    asked_at: HashMap<Name, Instant>,
    to_ask: BTreeSet<Name>,
}

impl Host {
    pub(in crate::adapters::mqtt) fn new(reorder: Duration, pause: Duration) -> Self {
        Self { edges: HashMap::new(), reorder, pause, asked_at: HashMap::new(), to_ask: BTreeSet::new() }
    }

    /// Which machine speaks under a topic, where a machine does.
    pub(in crate::adapters::mqtt) fn machine(topic: &str) -> Option<String> {
        addressed(topic).map(|((_, edge), _, device)| device.unwrap_or(edge))
    }

    /// Takes a message as it came.
    pub(in crate::adapters::mqtt) fn take(&mut self, topic: &str, content: &[u8], arrived_at: Instant, gathered: &mut Gathered<'_>) {
        let Some((name, verb, device)) = addressed(topic) else { return };
        if !self.edges.contains_key(&name) && self.edges.len() == limits::SPARKPLUG_EDGES_MAX {
            return gathered.unread(topic, content, &format!("there are {} edge nodes already, which is the most", limits::SPARKPLUG_EDGES_MAX));
        }
        let payload = match Payload::read(content) {
            Ok(payload) => payload,
            Err(broken) => {
                gathered.unread(topic, content, &broken.to_string());
                return self.wants(name, "a payload that cannot be read");
            }
        };
        let edge = self.edges.entry(name.clone()).or_default();
        // What waits for another message is held no longer than quarantine would hold it.
        let content = content[..content.len().min(limits::QUARANTINED_BYTES_MAX)].to_vec();
        if let Some(why) = edge.take(Message { verb, topic: topic.to_owned(), content, edge: name.1.clone(), device, payload, arrived_at }, gathered) {
            self.wants(name, why);
        }
    }

    /// When the first wait for a missing message is over.
    pub(in crate::adapters::mqtt) fn overdue_at(&self) -> Option<Instant> {
        self.edges.values().filter_map(Edge::missing_since).min().map(|since| since + self.reorder)
    }

    /// Waits no longer for what was missing too long.
    pub(in crate::adapters::mqtt) fn give_up_overdue(&mut self, now: Instant, gathered: &mut Gathered<'_>) {
        let overdue = self.edges.iter_mut().filter(|(_, edge)| edge.missing_since().is_some_and(|since| since + self.reorder <= now));
        let missed: Vec<_> = overdue.filter_map(|(name, edge)| Some((name.clone(), edge.give_up(gathered)?))).collect();
        missed.into_iter().for_each(|(name, why)| self.wants(name, why));
    }

    /// Topics on which to ask for a rebirth now.
    pub(in crate::adapters::mqtt) fn rebirths(&mut self, now: Instant) -> Vec<String> {
        let wanted = std::mem::take(&mut self.to_ask);
        let due: Vec<Name> = wanted.into_iter().filter(|name| self.asked_at.get(name).is_none_or(|asked| *asked + self.pause <= now)).collect();
        self.asked_at.retain(|_, asked| *asked + self.pause > now);
        self.asked_at.extend(due.iter().map(|name| (name.clone(), now)));
        due.into_iter().map(|(group, edge)| format!("spBv1.0/{group}/NCMD/{edge}")).collect()
    }

    /// The connection is lost, and whatever is said meanwhile is not heard.
    pub(in crate::adapters::mqtt) fn lost(&mut self, gathered: &mut Gathered<'_>) {
        self.edges.values_mut().for_each(|edge| edge.end(gathered));
    }

    fn wants(&mut self, name: Name, why: Rebirth) {
        tracing::debug!(group = name.0, edge = name.1, why, "a rebirth is needed");
        self.to_ask.insert(name);
    }
}

/// Whose message a topic carries, what it is, and of which device; `None` for what is not meant for hosts.
fn addressed(topic: &str) -> Option<(Name, Verb, Option<String>)> {
    let levels: Vec<&str> = topic.split('/').collect();
    let (group, verb, edge, device) = match levels[..] {
        ["spBv1.0", group, verb, edge] => (group, verb, edge, None),
        ["spBv1.0", group, verb, edge, device] => (group, verb, edge, Some(device)),
        _ => return None,
    };
    let verb = match (verb, device) {
        ("NBIRTH", None) => Verb::NodeBirth,
        ("NDATA", None) => Verb::NodeData,
        ("NDEATH", None) => Verb::NodeDeath,
        ("DBIRTH", Some(_)) => Verb::DeviceBirth,
        ("DDATA", Some(_)) => Verb::DeviceData,
        ("DDEATH", Some(_)) => Verb::DeviceDeath,
        _ => return None,
    };
    Some(((group.to_owned(), edge.to_owned()), verb, device.map(str::to_owned)))
}
