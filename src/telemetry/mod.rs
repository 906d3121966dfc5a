//! Floor 5: the second lane. What machines tell is checked, gathered, made durable in blocks and
//! acknowledged after the commit; full hours are sealed small, with rollups beside them.
//! Deliberately beside the journal: a sample is no command. Stops and faults that follow from
//! samples are submitted to the engine as everybody's commands are.

mod block;
mod board;
mod bytes;
mod changes;
mod chunk;
mod column;
mod connections;
pub mod counter;
mod intake;
mod lane;
mod proof;
mod query;
mod registry;
mod sealing;
pub mod sensor_rules;
mod source;
mod speaker;
mod tally;
#[cfg(test)]
mod tests;
pub mod thinning;

pub use connections::Connections;
pub use intake::{Batch, Identity, Intake, Receipt, Window};
pub use lane::Lane;
pub use proof::prove;
pub use query::Bucket;
pub use source::{Seen, Source, Standing, State};
pub use speaker::Speaker;
