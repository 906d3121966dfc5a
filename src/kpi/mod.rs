//! Floor 2: figures after ISO 22400. Facts of the plant go in, elements come out, and every indicator
//! is a ratio of their sums. Pure arithmetic: it knows no disk, no clock and no percentages of its own.
//!
//! Start reading at [`timeline`] (what a minute of a work center counts as), then [`elements`] (what is
//! summed), [`indicators`] (what is made of the sums) and [`tally()`] (which facts go into which group).

pub mod calendar;
pub mod elements;
pub mod facts;
pub mod indicators;
pub mod shelf;
pub mod tally;
pub mod timeline;

#[cfg(test)]
mod tests;

pub use elements::Elements;
pub use facts::Facts;
pub use indicators::Indicator;
pub use tally::{By, Question, tally};
