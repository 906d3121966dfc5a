//! The follower loop: whoever wants to know what happened reads the journal from a cursor of its
//! own. After a commit only a number travels; the news is fetched.

use super::Engine;
use crate::base::{Refusal, limits};
use crate::model::Entry;

/// Reads the journal from a cursor, waiting for more at its end.
pub struct Follower {
    engine: Engine,
    head: tokio::sync::watch::Receiver<u64>,
    after: u64,
}

impl Follower {
    /// A follower that has seen everything up to `after`.
    pub fn new(engine: &Engine, after: u64) -> Self {
        Self { engine: engine.clone(), head: engine.head(), after }
    }

    /// The next entries, at least one; `None` when the engine has stopped.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, Refusal> {
        let mut ended = false;
        loop {
            // Marked as seen before reading, so that a commit in between wakes the next wait.
            self.head.borrow_and_update();
            let after = self.after;
            let entries = self.engine.read(|snapshot| snapshot.entries(after, limits::PAGE_DEFAULT))??;
            if let Some(last) = entries.last() {
                self.after = last.seq;
                return Ok(Some(entries));
            }
            if ended {
                return Ok(None);
            }
            // The follower holds the engine itself, so the end of the writer is what tells the stop;
            // what was committed until then is still read.
            tokio::select! {
                changed = self.head.changed() => ended = changed.is_err(),
                () = self.engine.queue.closed() => ended = true,
            }
        }
    }

    /// What it has seen.
    pub const fn position(&self) -> u64 {
        self.after
    }
}
