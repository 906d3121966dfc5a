//! Which shift is open at a moment, in the plant's zone.

use crate::base::{Refusal, Time};
use crate::rules::shift::{OpenShift, shift_at};
use crate::store::Snapshot;

/// The shift that was open at a moment, and the plant's zone.
pub fn open_at(snapshot: &Snapshot, time: Time) -> Result<(Option<OpenShift>, String), Refusal> {
    let plant = super::plant(snapshot)?;
    let zone = crate::base::time::zone(&plant.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    Ok((shift_at(snapshot, time, &zone)?, plant.timezone))
}
