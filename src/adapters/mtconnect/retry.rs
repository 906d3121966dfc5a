//! How long to wait before a machine is called again. Deliberately without an end: machines are
//! switched off at night.

use std::time::Duration;

use crate::base::limits;

/// A pause that doubles with each failure.
pub(super) struct Patience {
    pause: Duration,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { pause: limits::RETRY_FIRST }
    }

    /// It went well: the next failure waits briefly again.
    pub(super) fn rested(&mut self) {
        self.pause = limits::RETRY_FIRST;
    }

    /// Waits, and the next time longer.
    pub(super) async fn wait(&mut self) {
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(limits::RETRY_MAX);
    }
}
