//! One integration binary. A test is one sentence of behaviour: build a plant, give a command,
//! read the dump. Nothing here sleeps; the clock is moved by hand.

mod architecture;
mod compat;
mod crash;
mod engine;
mod plant;
mod rules;
