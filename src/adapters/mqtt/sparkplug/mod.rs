//! A Sparkplug B 3.0 host: births give names, data follow by alias and number, deaths end what held.
//! As primary host it tells the edge nodes whether anybody keeps what they say, so that they hold
//! their data while nobody does. The session is clean, as the specification demands: what was said
//! while nobody listened comes from the edge nodes, as history. Deliberately no commands to machines
//! but the one that asks for a rebirth.

mod cell;
mod edge;
mod host;
mod payload;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use rumqttc::mqttbytes::v4::{Packet, Publish};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::connection::{Connection, Fault, Will};
use super::gather::Gathered;
use super::keeping::Keeping;
use super::settings::{Broker, Session};
use crate::base::{Refusal, Time, limits};
use crate::engine::clock::Clock;
use crate::telemetry::{Batch, Source, State};
pub use cell::Cell;
pub(in crate::adapters::mqtt) use host::Host;

/// A connection to a broker at which edge nodes speak Sparkplug B.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The broker.
    pub broker: Broker,
    /// The groups to listen to; all where none is named.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The name under which edge nodes that wait for their primary host know us.
    pub host_id: Option<String>,
    /// How long a missing message is waited for before a rebirth is asked for, in milliseconds.
    #[serde(default = "reorder_ms")]
    pub reorder_ms: u64,
    /// An edge node is asked for a rebirth no more often than this, in seconds.
    #[serde(default = "rebirth_seconds")]
    pub rebirth_seconds: u64,
}

impl Settings {
    /// Refuses settings that cannot work.
    pub fn check(&self) -> Result<(), Refusal> {
        self.broker.check()?;
        check_names(&self.groups, self.host_id.as_deref())?;
        if !(10..=60_000).contains(&self.reorder_ms) || !(1..=3_600).contains(&self.rebirth_seconds) {
            return Err(Refusal::invalid("reorder_ms", "reorder_ms lies from 10 to 60000, rebirth_seconds from 1 to 3600"));
        }
        Ok(())
    }

    /// The same for a trial: under a name of its own, and no edge node takes it for its host.
    #[must_use]
    pub fn on_trial(mut self) -> Self {
        self.broker = self.broker.on_trial();
        self.host_id = None;
        self
    }

    fn filters(&self) -> Vec<String> {
        let groups = self.groups.iter().map(|group| format!("spBv1.0/{group}/#"));
        let all = self.groups.is_empty().then(|| "spBv1.0/#".to_owned());
        groups.chain(all).chain(self.host_id.iter().map(|host| state_topic(host))).collect()
    }
}

/// Edge nodes that speak at the plant's own broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Groups {
    /// The groups to listen to; all where none is named.
    #[serde(default)]
    pub(super) groups: Vec<String>,
    /// The name under which edge nodes that wait for their primary host know us.
    pub(super) host_id: Option<String>,
}

impl Groups {
    /// Refuses names that cannot be.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        check_names(&self.groups, self.host_id.as_deref())
    }

    /// A host with the ordinary patience.
    pub(super) fn host() -> Host {
        Host::new(Duration::from_millis(reorder_ms()), Duration::from_secs(rebirth_seconds()))
    }

    /// Whether an edge node of these groups speaks under this topic.
    pub(super) fn have(&self, topic: &str) -> bool {
        let group = topic.strip_prefix("spBv1.0/").and_then(|rest| rest.split('/').next()).filter(|group| *group != "STATE");
        group.is_some_and(|group| self.groups.is_empty() || self.groups.iter().any(|it| it == group))
    }
}

fn check_names(groups: &[String], host_id: Option<&str>) -> Result<(), Refusal> {
    for (field, name) in groups.iter().map(|group| ("groups", group.as_str())).chain(host_id.map(|host| ("host_id", host))) {
        if name.is_empty() || name.len() > limits::TEXT_MAX || name.contains(['/', '+', '#']) || name.chars().any(char::is_control) {
            return Err(Refusal::invalid(field, format!("a name in {field} has 1 to {} bytes and none of / + #", limits::TEXT_MAX)));
        }
    }
    if groups.len() > limits::MQTT_RULES_MAX {
        return Err(Refusal::invalid("groups", format!("name at most {} groups", limits::MQTT_RULES_MAX)));
    }
    Ok(())
}

/// The command by which an edge node is asked for a rebirth.
pub(super) fn rebirth(wall: Time) -> Vec<u8> {
    payload::Payload::rebirth(wall)
}

/// What edge nodes read to know whether their primary host is there.
pub(super) struct Presence<'s> {
    pub(super) host_id: &'s str,
    /// One moment for both, so that the will of an earlier connection never outweighs a later one's word.
    pub(super) since: Time,
}

impl Presence<'_> {
    pub(super) fn message(&self, online: bool) -> (String, Vec<u8>) {
        (state_topic(self.host_id), format!("{{\"online\":{online},\"timestamp\":{}}}", self.since.micros() / 1_000).into_bytes())
    }

    fn will(&self) -> Will {
        let (topic, message) = self.message(false);
        Will { topic, message }
    }
}

fn state_topic(host_id: &str) -> String {
    format!("spBv1.0/STATE/{host_id}")
}

/// Listens to edge nodes until it is told to stop.
pub async fn run(settings: Settings, source: Arc<Source>, mut stopping: watch::Receiver<bool>) {
    if let Err(refusal) = settings.check() {
        return source.stands(State::Failed, Some(&refusal.detail), Clock::System.now());
    }
    let mut host = Host::new(Duration::from_millis(settings.reorder_ms), Duration::from_secs(settings.rebirth_seconds));
    let mut keeping = Keeping::new(&settings.broker);
    while let Err(fault) = connected(&settings, &mut host, &source, keeping.begins(), &mut stopping).await {
        keeping.ended(&fault, &source, &mut stopping).await;
    }
}

/// One connection, to its end; whatever ends it, edge nodes hear that nobody keeps what they say.
async fn connected(settings: &Settings, host: &mut Host, source: &Source, packet_max: usize, stopping: &mut watch::Receiver<bool>) -> Result<(), Fault> {
    let presence = settings.host_id.as_deref().map(|host_id| Presence { host_id, since: Clock::System.now() });
    let mut connection = tokio::select! {
        biased;
        _ = stopping.wait_for(|stop| *stop) => return Ok(()),
        opened = Connection::open(&settings.broker, Session::Clean, presence.as_ref().map(Presence::will), packet_max) => opened?,
    };
    connection.subscribe(settings.filters())?;
    let ended = listen(&mut connection, host, source, presence.as_ref(), stopping).await;
    if matches!(ended, Ok(()) | Err(Fault::Lane(_))) {
        // Whoever takes leave has no will, so it is said here.
        if let Some((topic, message)) = presence.map(|presence| presence.message(false)) {
            connection.publish_retained(topic, message)?;
        }
        connection.close().await;
    }
    if ended.is_err() {
        let mut gathered = Gathered::new(source);
        host.lost(&mut gathered);
        gathered.put().await?;
    }
    ended
}

async fn listen(connection: &mut Connection, host: &mut Host, source: &Source, presence: Option<&Presence<'_>>, stopping: &mut watch::Receiver<bool>) -> Result<(), Fault> {
    let here = presence.map(|presence| presence.message(true));
    loop {
        let overdue_at = host.overdue_at();
        let packets = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            packets = connection.receive() => packets?,
            () = sleep_until(overdue_at.unwrap_or_else(Instant::now)), if overdue_at.is_some() => Vec::new(),
        };
        let (now, mut gathered) = (Instant::now(), Gathered::new(source));
        let mut messages = Vec::with_capacity(packets.len());
        for packet in packets {
            match packet {
                Packet::Publish(message) => {
                    match &here {
                        Some((topic, here)) if message.topic == *topic => {
                            if says_offline(&message) {
                                connection.publish_retained(topic.clone(), here.clone())?;
                            }
                        }
                        _ => host.take(&message.topic, &message.payload, now, &mut gathered),
                    }
                    messages.push(message);
                }
                Packet::SubAck(answer) => {
                    connection.granted(&answer)?;
                    // Nobody is told to speak before something was kept.
                    source.put(Batch::default(), Clock::System.now()).await.map_err(Fault::Lane)?;
                    if let Some((topic, here)) = here.clone() {
                        connection.publish_retained(topic, here)?;
                    }
                    source.stands(State::Live, None, Clock::System.now());
                }
                _ => {}
            }
        }
        host.give_up_overdue(now, &mut gathered);
        gathered.put().await?;
        for message in &messages {
            connection.acknowledge(message)?;
        }
        for topic in host.rebirths(now) {
            connection.publish(topic, rebirth(Clock::System.now()))?;
        }
    }
}

/// Whether somebody says just now that we are gone: the will of our own last connection, told late.
fn says_offline(message: &Publish) -> bool {
    let online = serde_json::from_slice::<serde_json::Value>(&message.payload).ok().and_then(|told| told["online"].as_bool());
    !message.retain && online == Some(false)
}

const fn reorder_ms() -> u64 {
    2_000
}

const fn rebirth_seconds() -> u64 {
    10
}
