//! Which connections run and how each stands, for whoever asks. Filled by whoever runs them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::source::Standing;

/// The running connections, by code. Clones are the same.
#[derive(Clone, Default)]
pub struct Connections {
    running: Arc<RwLock<BTreeMap<String, watch::Receiver<Standing>>>>,
}

impl Connections {
    /// A connection begins to run, or runs anew.
    pub fn begin(&self, code: &str, standing: watch::Receiver<Standing>) {
        self.running.write().unwrap_or_else(PoisonError::into_inner).insert(code.to_owned(), standing);
    }

    /// It runs no more.
    pub fn end(&self, code: &str) {
        self.running.write().unwrap_or_else(PoisonError::into_inner).remove(code);
    }

    /// All that run, and how each stands.
    pub fn all(&self) -> Vec<(String, Standing)> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).iter().map(|(code, standing)| (code.clone(), standing.borrow().clone())).collect()
    }
}
