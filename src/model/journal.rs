//! An entry of the journal: the spine that audit trail, events, change feed, history and rebuild share.

use serde::{Deserialize, Serialize};

use super::ids::Subject;
use super::permission::Role;
use crate::base::{Digest, Time};

/// Where a command came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A person, or a program on a person's behalf.
    Person,
    /// Brought in from another system.
    Import,
    /// The simulator; only on a simulated plant.
    Simulator,
    /// The engine's own timers.
    Engine,
}

impl Origin {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Import => "import",
            Self::Simulator => "simulator",
            Self::Engine => "engine",
        }
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The user's number; zero for the engine.
    pub user: u64,
    /// The user's name at that time.
    pub name: String,
    /// The role it was done in.
    pub role: Role,
}

/// What happened, in the past tense, to which record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Such as `operation.started`.
    pub name: String,
    /// The record it is about.
    pub subject: Subject,
}

/// A record that changed, with the SHA-256 of its new stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The record.
    pub subject: Subject,
    /// SHA-256 of the bytes in history; of nothing, when the record was removed.
    pub digest: Digest,
}

/// One accepted command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place; the first is 1, and none is left out.
    pub seq: u64,
    /// The engine's time, never backwards.
    pub recorded_at: Time,
    /// When it happened on the floor.
    pub occurred_at: Time,
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// At which terminal.
    pub terminal: Option<String>,
    /// The caller's idempotency key.
    pub command_id: Option<String>,
    /// The command's name.
    pub command: String,
    /// Its payload as JSON; never a secret.
    pub payload: String,
    /// Why.
    pub reason: Option<String>,
    /// What it brought about.
    pub events: Vec<Event>,
    /// What it changed.
    pub changes: Vec<Change>,
    /// The record it was mainly about.
    pub subject: Subject,
    /// SHA-256 of the entry before.
    pub previous: Digest,
}
