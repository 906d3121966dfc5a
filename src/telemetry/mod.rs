//! Floor 5: the second lane. What machines tell is checked, gathered, made durable in blocks and
//! acknowledged after the commit; full hours are sealed small, with rollups beside them.
//! Deliberately beside the journal: a sample is no command. Stops and faults that follow from
//! samples are submitted to the engine as everybody's commands are.

mod intake;
mod lane;
mod registry;
mod source;

pub use intake::{Batch, Identity, Intake, Receipt, Window};
pub use lane::{Bucket, Lane};
pub use source::{Seen, Source, Standing, State};
