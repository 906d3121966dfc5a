//! Floor 5: answers. A snapshot goes in, a plain struct comes out; the bodies and the adapters
//! decide how it looks. Deliberately without JSON and without writing.

pub mod changes;
pub mod history;
pub mod list;
pub mod overview;
pub mod shift;
pub mod trace;

use crate::base::Refusal;
use crate::model::{AnyRecord, Noun, Subject};
use crate::store::{Snapshot, View as _};

/// A record with its version.
pub struct Row {
    /// The sequence that last touched it.
    pub seq: u64,
    /// The record.
    pub record: Box<dyn AnyRecord>,
}

/// The number that a text names: an id or the number people use.
pub fn resolve(snapshot: &Snapshot, noun: Noun, text: &str) -> Result<Option<u64>, Refusal> {
    Ok(snapshot.resolve(noun, text)?)
}

/// One record.
pub fn record(snapshot: &Snapshot, subject: Subject) -> Result<Option<Row>, Refusal> {
    let sealed = snapshot.any(subject)?;
    Ok(sealed.and_then(|sealed| sealed.value.map(|record| Row { seq: sealed.seq, record })))
}

/// Whether rows of a unique column hold a text.
pub fn holds(snapshot: &Snapshot, noun: Noun, column: &str, text: &str) -> Result<bool, Refusal> {
    Ok(snapshot.unique(noun, column, text)?.is_some())
}
