//! The plant's own broker, for plants without one: MQTT 3.1.1 with the plant's log-ins. A message
//! that a mapping makes samples of is acknowledged when these are on disk; every other is only handed
//! on, in clear or over TLS. A machine's own log-in speaks for that machine alone, and rules say more
//! (`access`). Sessions and retained messages live in memory. Deliberately no MQTT 5 and no bridges:
//! a plant that needs them has a broker, and `mqtt` connects to it.

mod access;
mod hub;
mod retained;
mod serving;
mod session;
mod taker;
mod topics;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::accounts::Accounts;
use crate::base::{Code, Refusal, limits};
use crate::trust::Door;

pub use access::Access;
pub use hub::Hub;
pub use taker::{Settings, take};

/// Under which code the presets hand in what they take.
pub const CODE: &str = "mqtt-broker";
/// How often it is looked whether those who are connected still are who they were.
const LOOK: Duration = Duration::from_secs(2);

/// A bound broker.
pub struct Broker {
    listeners: Vec<Listener>,
    hub: Arc<Hub>,
}

/// One address, and the door of TLS behind it if there is one.
struct Listener {
    listener: TcpListener,
    door: Option<Door>,
}

impl Listener {
    async fn bind(address: SocketAddr, door: Option<Door>, flag: &str) -> Result<Self, Refusal> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| Refusal::new(Code::Unavailable, format!("{address} cannot be listened on: {error}; choose another address with {flag}")))?;
        Ok(Self { listener, door })
    }

    fn address(&self) -> Result<SocketAddr, Refusal> {
        self.listener.local_addr().map_err(|error| Refusal::new(Code::Internal, error.to_string()))
    }
}

impl Broker {
    /// With nobody to listen to yet.
    pub fn new(accounts: Arc<Accounts>) -> Self {
        Self { listeners: Vec::new(), hub: Arc::new(Hub::new(accounts)) }
    }

    /// Binds an address; port 0 takes a free one. Answers where it listens.
    pub async fn listen(&mut self, address: SocketAddr) -> Result<SocketAddr, Refusal> {
        self.add(Listener::bind(address, None, "--mqtt").await?)
    }

    /// Binds an address where TLS is spoken, and nothing else.
    pub async fn listen_over_tls(&mut self, address: SocketAddr, door: Door) -> Result<SocketAddr, Refusal> {
        self.add(Listener::bind(address, Some(door), "--mqtts").await?)
    }

    fn add(&mut self, listener: Listener) -> Result<SocketAddr, Refusal> {
        let address = listener.address()?;
        self.listeners.push(listener);
        Ok(address)
    }

    /// Its middle, to which those connect who make samples.
    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }

    /// Serves until told to stop; what was taken by then is acknowledged.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(limits::BROKER_CONNECTIONS_MAX));
        let mut accepting = JoinSet::new();
        for listener in self.listeners {
            accepting.spawn(accept(listener, Arc::clone(&self.hub), Arc::clone(&places), stopping.clone()));
        }
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => break,
                _ = looks.tick() => self.hub.expel_changed(),
            }
        }
        accepting.shutdown().await;
        let all = u32::try_from(limits::BROKER_CONNECTIONS_MAX).unwrap_or(u32::MAX);
        if timeout(limits::STOP_TIME, places.acquire_many(all)).await.is_err() {
            tracing::warn!("connections to the broker did not end in time and are cut");
        }
    }
}

/// Takes who comes to one address, until it is dropped.
async fn accept(from: Listener, hub: Arc<Hub>, places: Arc<Semaphore>, stopping: watch::Receiver<bool>) {
    loop {
        match from.listener.accept().await {
            Ok((stream, peer)) => {
                // Over the bound the connection is closed at once: a queue would only hide the load.
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    let serving = serving::serve(Arc::clone(&hub), stream, from.door.clone(), peer.ip(), stopping.clone());
                    tokio::spawn(async move {
                        serving.await;
                        drop(place);
                    });
                } else {
                    hub.counts.turned_away.increment(1);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the broker could not be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
