//! Machines that speak through an MQTT broker. A message is acknowledged only after its samples are
//! on disk, so that what was not kept is delivered again: nothing is lost while we are away, as long
//! as the broker keeps it (mosquitto: `persistence true`, `max_queued_messages 0`, a low
//! `autosave_interval`; a high `max_inflight_messages` makes larger commits). What comes twice is
//! known by its time; a message that tells none is counted when it arrives, and so counts twice.
//! Nothing is published but what Sparkplug B asks of its host. A plant without a broker has one in `broker`.

pub mod broker;
mod connection;
mod gather;
mod keeping;
mod link;
pub mod machines;
mod mapping;
mod settings;
pub mod sparkplug;
mod tls;

use std::sync::Arc;

use rumqttc::mqttbytes::v4::{Packet, Publish};
use tokio::sync::watch;

use crate::engine::clock::Clock;
use crate::telemetry::{Source, State};

use connection::{Connection, Fault};
use gather::Gathered;
use keeping::Keeping;
use mapping::Rules;
pub use settings::{Broker, Content, Mapping, Moment, Password, Retained, Rule, Settings, TimeUnit};

impl Settings {
    /// The same for a trial: under a name of its own, so that what it sees is not taken from the connection that it tries.
    #[must_use]
    pub fn on_trial(mut self) -> Self {
        self.broker = self.broker.on_trial();
        self
    }
}

/// Takes what machines publish until it is told to stop.
pub async fn run(settings: Settings, source: Arc<Source>, mut stopping: watch::Receiver<bool>) {
    let rules = match settings.broker.check().and_then(|()| Rules::of(&settings.mapping)) {
        Ok(rules) => rules,
        Err(refusal) => return source.stands(State::Failed, Some(&refusal.detail), Clock::System.now()),
    };
    let mut keeping = Keeping::new(&settings.broker);
    while let Err(fault) = connected(&settings, &rules, &source, keeping.begins(), &mut stopping).await {
        keeping.ended(&fault, &source, &mut stopping).await;
    }
}

/// One connection, to its end.
async fn connected(settings: &Settings, rules: &Rules, source: &Source, packet_max: usize, stopping: &mut watch::Receiver<bool>) -> Result<(), Fault> {
    let mut connection = tokio::select! {
        biased;
        _ = stopping.wait_for(|stop| *stop) => return Ok(()),
        opened = Connection::open(&settings.broker, settings.broker.session, None, packet_max) => opened?,
    };
    let ended = listen(&mut connection, settings, rules, source, stopping).await;
    connection.close().await;
    ended
}

async fn listen(connection: &mut Connection, settings: &Settings, rules: &Rules, source: &Source, stopping: &mut watch::Receiver<bool>) -> Result<(), Fault> {
    connection.subscribe(rules.filters())?;
    loop {
        let packets = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            packets = connection.receive() => packets?,
        };
        let mut gathered = Gathered::new(source);
        let mut messages = Vec::with_capacity(packets.len());
        for packet in packets {
            match packet {
                Packet::Publish(message) => {
                    take(settings, rules, &message, &mut gathered);
                    messages.push(message);
                }
                Packet::SubAck(answer) => {
                    connection.granted(&answer)?;
                    source.stands(State::Live, None, Clock::System.now());
                }
                _ => return Err(Fault::Unasked("an acknowledgement of nothing")),
            }
        }
        gathered.put().await?;
        for message in &messages {
            connection.acknowledge(message)?;
        }
    }
}

fn take(settings: &Settings, rules: &Rules, message: &Publish, gathered: &mut Gathered<'_>) {
    if message.retain && settings.retained == Retained::Ignored {
        return;
    }
    let most = settings.broker.message_bytes_max;
    if message.payload.len() > most {
        return gathered.unread(&message.topic, &message.payload, &format!("a message of {} bytes; at most {most} are read", message.payload.len()));
    }
    let mut told = rules.read(&message.topic, &message.payload);
    if message.retain
        && settings.retained == Retained::Timed
        && let Ok(told) = &mut told
    {
        told.retain(|it| it.at.is_some());
    }
    gathered.read(told, message);
}
