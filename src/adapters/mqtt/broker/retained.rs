//! The last message of each topic, for whoever comes later. In memory: after a restart of the plant
//! there is none until it is told anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::session::Message;
use super::topics::fits;
use crate::base::limits;

/// Retained messages by topic.
#[derive(Default)]
pub(super) struct Retained {
    messages: BTreeMap<String, Arc<Message>>,
    bytes: usize,
}

impl Retained {
    /// Keeps a message instead of the one before; an empty one only takes that away. Answers whether it had room.
    pub(super) fn keep(&mut self, message: &Arc<Message>) -> bool {
        if let Some(old) = self.messages.remove(&message.topic) {
            self.bytes -= old.bytes();
        }
        if message.payload.is_empty() {
            return true;
        }
        let fits = self.messages.len() < limits::BROKER_RETAINED_MAX && self.bytes + message.bytes() <= limits::BROKER_RETAINED_BYTES_MAX;
        if fits {
            self.bytes += message.bytes();
            self.messages.insert(message.topic.clone(), Arc::clone(message));
        }
        fits
    }

    /// Those that a filter means.
    pub(super) fn of(&self, filter: &str) -> Vec<Arc<Message>> {
        self.messages.values().filter(|message| fits(filter, &message.topic)).cloned().collect()
    }
}
