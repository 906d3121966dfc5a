//! Which hours were written since the lake was brought up to them: named on disk in the commit that
//! first writes to an hour, so that no crash forgets one. Deliberately hours and no samples: whoever
//! follows reads the hours anew.

use std::collections::BTreeSet;

use super::board::hour_of;
use crate::base::Time;

/// Its name among the cursors of sources; no source can be called so.
pub(super) const CURSOR: &str = "\u{1}lake";

/// Hours that were written to.
#[derive(Default)]
pub(super) struct Changes {
    /// What the file says; `None` where nobody follows yet.
    named: Option<BTreeSet<u32>>,
    /// It may say less than that: a commit failed.
    doubted: bool,
    /// Written since the last look, and to be seen by readers.
    since: BTreeSet<u32>,
    /// Being read by whoever follows.
    taken: BTreeSet<u32>,
}

impl Changes {
    /// As the file names them.
    pub(super) fn open(cursor: Option<&[u8]>) -> Self {
        let named: Option<BTreeSet<u32>> = cursor.map(|bytes| bytes.as_chunks().0.iter().map(|hour| u32::from_be_bytes(*hour)).collect());
        Self { since: named.clone().unwrap_or_default(), named, ..Self::default() }
    }

    /// Before samples of some hours are committed: what the commit must name, where it is news.
    pub(super) fn name(&mut self, hours: &BTreeSet<u32>) -> Option<Vec<u8>> {
        let named = self.named.as_mut()?;
        let before = named.len();
        named.extend(hours);
        (named.len() > before || std::mem::take(&mut self.doubted)).then(|| bytes(named))
    }

    /// Whether the last commit is on disk is unknown.
    pub(super) const fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Samples of these hours are there to be read.
    pub(super) fn written(&mut self, hours: BTreeSet<u32>) {
        self.since.extend(hours);
    }

    /// What was written since the last time, for whoever brings the lake up to it; `None`: everything.
    pub(super) fn take(&mut self) -> Option<BTreeSet<u32>> {
        self.taken.append(&mut self.since);
        self.named.is_some().then(|| self.taken.clone())
    }

    /// The lake shows what was taken, up to a moment: what the file shall name from now on.
    pub(super) fn settle(&mut self, up_to: Time) -> Vec<u8> {
        // The hour itself goes on, and clocks of machines may be a little ahead.
        self.since.extend(self.taken.range(hour_of(up_to.micros())..));
        self.taken.clear();
        bytes(self.named.insert(self.since.clone()))
    }
}

fn bytes(hours: &BTreeSet<u32>) -> Vec<u8> {
    hours.iter().flat_map(|hour| hour.to_be_bytes()).collect()
}
