//! Where an agent's client goes on, kept in the same commit as what it read. Deliberately text,
//! so that whoever inspects the file can read it.

use serde::{Deserialize, Serialize};

use super::conditions::Active;
use crate::base::Time;

/// A place in an agent's stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The agent's instance; sequences mean nothing in another.
    pub(super) instance: u64,
    /// The sequence of the first observation not yet kept.
    pub(super) next: u64,
    /// The newest moment that was kept.
    pub(super) at: Option<Time>,
    /// The warnings and faults that were active there.
    pub(super) active: Active,
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

    /// A moment was kept.
    pub(super) fn seen(&mut self, at: Time) {
        self.at = self.at.max(Some(at));
    }
}
