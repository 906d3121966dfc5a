//! A connection is kept: when one has ended the next is made, after a pause that grows. Deliberately
//! without a last try: brokers are restarted by people who expect the others to wait.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::connection::Fault;
use super::settings::Broker;
use crate::base::limits;
use crate::engine::clock::Clock;
use crate::telemetry::{Source, State};

/// The first pause, and one that is as long again follows each until the longest.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// A connection that held so long was a good one: the next is made soon.
const HELD: Duration = Duration::from_secs(30);
/// What a packet has beside its message: the header, the topic, its number.
const HEADER_BYTES: usize = 5 + 2 + 65_535 + 2;

/// What the next connection has to know of those before it.
pub(super) struct Keeping {
    ordinary: usize,
    packet_max: usize,
    pause: Duration,
    began: Instant,
}

impl Keeping {
    pub(super) fn new(broker: &Broker) -> Self {
        let ordinary = broker.message_bytes_max + HEADER_BYTES;
        Self { ordinary, packet_max: ordinary, pause: PAUSE, began: Instant::now() }
    }

    /// A connection begins; answers the largest packet that it has to take.
    pub(super) fn begins(&mut self) -> usize {
        self.began = Instant::now();
        self.packet_max
    }

    /// A connection has ended: tells why, and waits before the next.
    pub(super) async fn ended(&mut self, fault: &Fault, source: &Source, stopping: &mut watch::Receiver<bool>) {
        // A kept session delivers it again and again: the next connection takes it, to put it away.
        self.packet_max = if let Fault::TooLarge(bytes) = fault { (*bytes).clamp(self.ordinary, limits::MQTT_PACKET_MAX) } else { self.ordinary };
        if self.began.elapsed() >= HELD {
            self.pause = PAUSE;
        }
        tracing::warn!(source = source.code(), %fault, "the connection to the broker ended");
        source.stands(State::Failed, Some(&fault.to_string()), Clock::System.now());
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = sleep(self.pause) => {}
        }
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        source.stands(State::Connecting, Some(&fault.to_string()), Clock::System.now());
    }
}
