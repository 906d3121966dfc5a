//! Machines that speak MTConnect: an agent over HTTP (`agent`), or an adapter's lines without one
//! (`shdr`). Both hand what they hear to the telemetry lane and go on where the last commit ended.
//! Nothing is ever sent to a machine but the question; `staged` is the other side, for simulated machines.

pub mod agent;
mod asking;
mod conditions;
pub mod document;
mod items;
mod line;
pub mod multipart;
mod observations;
mod place;
mod retry;
pub mod shdr;
pub mod staged;
mod xml;

use std::future::Future;

use jiff::tz::TimeZone;
use tokio::sync::watch;

use crate::base::Time;
use crate::engine::clock::Clock;

/// A moment as machines write it: with a zone, or without one for UTC.
fn moment(text: &str) -> Option<Time> {
    Time::parse_local(text.trim(), &TimeZone::UTC).ok()
}

/// The wall's time, by which a connection's standing is told.
fn wall() -> Time {
    Clock::System.now()
}

/// Serves a connection until it is to stop. What was handed in by then is kept or will be asked for again.
async fn until(mut stopping: watch::Receiver<bool>, served: impl Future<Output = ()>) {
    tokio::select! {
        () = served => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}
