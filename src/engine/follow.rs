//! The follower loop: whoever wants to know what happened reads the journal from a cursor of its
//! own. After a commit only a number travels; the news is fetched.

use std::time::Duration;

use tokio::time::Instant;

use super::Engine;
use crate::base::{Refusal, limits};
use crate::model::Entry;

/// Reads the journal from a cursor, waiting for more at its end.
pub struct Follower {
    engine: Engine,
    head: tokio::sync::watch::Receiver<u64>,
    after: u64,
    pause: Duration,
    /// Not before then, unless there is more than a page.
    not_before: Option<Instant>,
}

impl Follower {
    /// A follower that has seen everything up to `after`.
    pub fn new(engine: &Engine, after: u64) -> Self {
        Self { engine: engine.clone(), head: engine.head(), after, pause: Duration::ZERO, not_before: None }
    }

    /// Reads at most once in a while: for whoever looks at records as they are now, and would look at
    /// the same ones again and again while much is written.
    #[must_use]
    pub const fn pausing(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// The next entries, at least one; `None` when the engine has stopped.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, Refusal> {
        let mut ended = false;
        loop {
            // Marked as seen before reading, so that a commit in between wakes the next wait.
            self.head.borrow_and_update();
            let after = self.after;
            if let Some(due) = self.not_before.take_if(|_| !ended) {
                tokio::select! {
                    () = tokio::time::sleep_until(due) => {}
                    () = self.engine.queue.closed() => {}
                }
            }
            let page = if self.pause.is_zero() { limits::PAGE_DEFAULT } else { limits::PAGE_MAX };
            let entries = self.engine.read(|snapshot| snapshot.entries(after, page))??;
            if let Some(last) = entries.last() {
                self.after = last.seq;
                self.not_before = (!self.pause.is_zero() && entries.len() < page).then(|| Instant::now() + self.pause);
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
