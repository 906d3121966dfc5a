//! Floor 5: answers. A snapshot goes in, a plain struct comes out; the bodies and the adapters
//! decide how it looks. Deliberately without JSON and without writing.

pub mod as_of;
pub mod changes;
pub mod floor;
pub mod history;
pub mod kpi;
pub mod list;
pub mod machine;
pub mod machine_signal;
pub mod overview;
pub mod scan;
pub mod search;
pub mod shift;
pub mod stock;
pub mod telemetry;
pub mod terminal;
pub mod trace;

use crate::base::{Refusal, Value};
use crate::model::field::Mark;
use crate::model::{AnyRecord, Id, Noun, Plant, Subject};
use crate::store::codec::Sealed;
use crate::store::{Snapshot, StoreError, View as _};

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
    match snapshot.any(subject)? {
        Some(sealed) => Ok(dress(snapshot, sealed)?),
        None => Ok(None),
    }
}

/// A record with the names and contacts that are kept apart.
fn dress(snapshot: &Snapshot, sealed: Sealed<Box<dyn AnyRecord>>) -> Result<Option<Row>, StoreError> {
    let Some(mut record) = sealed.value else { return Ok(None) };
    let subject = Subject { noun: record.noun(), number: record.number() };
    if record.specs().iter().any(|spec| spec.mark == Mark::Personal)
        && let Some(data) = snapshot.personal(subject)?
    {
        for (column, content) in data.fields {
            if let Some(at) = record.specs().iter().position(|spec| spec.name == column) {
                // The column took this content when it was kept, so it takes it now.
                _ = record.set(at, Value::Text(content));
            }
        }
    }
    Ok(Some(Row { seq: sealed.seq, record }))
}

/// The plant's own record; an empty one before it is founded.
pub fn plant(snapshot: &Snapshot) -> Result<Plant, Refusal> {
    Ok(snapshot.get(Id::<Plant>::new(1))?.unwrap_or_default())
}

/// Whether rows of a unique column hold a text.
pub fn holds(snapshot: &Snapshot, noun: Noun, column: &str, text: &str) -> Result<bool, Refusal> {
    Ok(snapshot.unique(noun, column, text)?.is_some())
}
