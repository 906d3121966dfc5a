//! Machines that speak OPC UA. Values come with the machine's own time through a subscription whose
//! queues hold fast changes; all are read once when a connection begins, so that counters go on. A
//! connection that falls silent is given up and made anew from nothing. Deliberately a reader only:
//! nothing is written, no method is called, and no events are asked for.

mod certificates;
mod fault;
mod gather;
mod listening;
mod nodes;
mod session;
mod settings;
pub mod staged;
mod values;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::engine::clock::Clock;
use crate::telemetry::{Source, State};

use fault::Fault;
use gather::{Gathering, Memory};
use session::Opened;
pub use settings::{Browse, Measured, Mode, Node, Password, Policy, Settings, Trust};

/// The folder of machines of OPC 40001-1, from which to browse.
pub const MACHINES: &str = "nsu=http://opcfoundation.org/UA/Machinery/;i=1001";

/// The first pause after a fault; each that follows is as long again, until the longest.
const PAUSE: Duration = Duration::from_millis(250);
/// Somebody may be approving a certificate meanwhile, and waits to see the first value.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// A connection that held so long was a good one: the next is made soon.
const HELD: Duration = Duration::from_secs(30);

/// Takes what a server tells until told to stop. Certificates are kept in a folder: ours, and those of servers.
pub async fn run(settings: Settings, pki: PathBuf, source: Arc<Source>, mut stopping: watch::Receiver<bool>) {
    if let Err(refusal) = settings.check() {
        return source.stands(State::Failed, Some(&refusal.detail), Clock::System.now());
    }
    let mut memory = Memory::default();
    let mut pause = PAUSE;
    while !*stopping.borrow() {
        let began = Instant::now();
        let Err(fault) = connected(&settings, &pki, &source, &mut memory, &mut stopping).await else { return };
        if began.elapsed() >= HELD {
            pause = PAUSE;
        }
        tracing::warn!(source = source.code(), %fault, "the connection to the server ended");
        source.stands(fault.state(), Some(&fault.to_string()), Clock::System.now());
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = sleep(pause) => {}
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// One connection, to its end. That it was told to stop is no fault.
async fn connected(settings: &Settings, pki: &std::path::Path, source: &Source, memory: &mut Memory, stopping: &mut watch::Receiver<bool>) -> Result<(), Fault> {
    let mut opened = tokio::select! {
        opened = Opened::open(settings, pki) => opened?,
        _ = stopping.wait_for(|stop| *stop) => return Ok(()),
    };
    let ended = tokio::select! {
        Err(fault) = listened(settings, source, memory, &mut opened) => Err(fault),
        _ = stopping.wait_for(|stop| *stop) => Ok(()),
    };
    opened.close().await;
    ended
}

async fn listened(settings: &Settings, source: &Source, memory: &mut Memory, opened: &mut Opened) -> Result<std::convert::Infallible, Fault> {
    let found = nodes::find(&opened.session, settings).await?;
    let mut gathering = Gathering::new(source, memory, found.items);
    let listening = listening::begin(opened, settings, &mut gathering, found.wrong).await?;
    listening.follow(opened, &mut gathering, source).await
}
