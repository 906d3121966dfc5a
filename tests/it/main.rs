//! One integration binary. A test is one sentence of behaviour: build a plant, give a command,
//! read the dump. Nothing here sleeps; the clock is moved by hand.

// The whole crate is tests, which clippy does not see from `cfg(test)` alone.
#![allow(clippy::unwrap_used, clippy::wildcard_imports)]

mod architecture;
mod binary;
mod client;
mod compat;
mod crash;
mod engine;
mod figures;
mod http;
mod lake;
mod mqtt;
mod mtconnect;
mod opcua;
mod plan_hand;
mod planning;
mod plant;
mod rules;
mod sql;
