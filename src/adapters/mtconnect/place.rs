//! Where an agent's client goes on, kept in the same commit as what it read. Deliberately text,
//! so that whoever inspects the file can read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::conditions::Active;
use crate::base::Time;

/// A place in an agent's stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The agent's instance; sequences mean nothing in another.
    pub(super) instance: u64,
    /// The sequence of the first observation not yet kept.
    pub(super) next: u64,
    /// The newest moment that was kept.
    pub(super) at: Option<Time>,
    /// The warnings and faults that were active there.
    pub(super) active: Active,
    /// What data items that tell only what came to them add up to, so that each is counted once.
    #[serde(default)]
    pub(super) counts: BTreeMap<String, f64>,
}

impl Place {
    /// From a cursor. One that cannot be read is as none: the client begins anew.
    pub(super) fn read(cursor: &[u8]) -> Option<Self> {
        serde_json::from_slice(cursor).ok()
    }

    /// As a cursor.
    pub(super) fn cursor(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    /// Adds what came to a data item; answers its sum.
    pub(super) fn count(&mut self, item: &str, more: f64) -> f64 {
        let sum = self.counts.entry(item.to_owned()).or_default();
        *sum += more;
        *sum
    }

    /// A moment was kept.
    pub(super) fn seen(&mut self, at: Time) {
        self.at = self.at.max(Some(at));
    }
}
