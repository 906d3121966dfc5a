//! Which command ids were answered, and how. Rows in redb have growing keys (the journal's
//! sequence); this map from the id's hash to the row lives in memory and is read in at the start.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use crate::base::{Digest, Time, limits};
use crate::model::{Noun, Subject};
use crate::store::{Snapshot, StoreError};

/// What is kept of an answered command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) id_hash: [u8; 16],
    pub(super) body_hash: [u8; 16],
    pub(super) subject: Subject,
    pub(super) at: Time,
}

impl crate::store::tables::HasTime for Receipt {
    fn time(&self) -> Time {
        self.at
    }
}

impl Receipt {
    pub(super) fn new(command_id: &str, body: &str, subject: Subject, at: Time) -> Self {
        Self { id_hash: half(command_id), body_hash: half(body), subject, at }
    }

    pub(super) fn to_bytes(self) -> [u8; 49] {
        let mut bytes = [0; 49];
        bytes[..16].copy_from_slice(&self.id_hash);
        bytes[16..32].copy_from_slice(&self.body_hash);
        bytes[32] = self.subject.noun.code();
        bytes[33..41].copy_from_slice(&self.subject.number.to_be_bytes());
        bytes[41..].copy_from_slice(&self.at.micros().to_be_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 49] = bytes.try_into().ok()?;
        let number = u64::from_be_bytes(bytes[33..41].try_into().ok()?);
        let micros = i64::from_be_bytes(bytes[41..].try_into().ok()?);
        Some(Self {
            id_hash: bytes[..16].try_into().ok()?,
            body_hash: bytes[16..32].try_into().ok()?,
            subject: Subject { noun: Noun::from_code(bytes[32])?, number },
            at: Time::from_micros(micros),
        })
    }
}

pub(super) fn half(text: &str) -> [u8; 16] {
    let digest = Digest::of(text.as_bytes()).0;
    let mut out = [0; 16];
    out.copy_from_slice(&digest[..16]);
    out
}

/// Receipts by id; the newest wins when two share 64 bits, and the row's 128 decide.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    by_id: HashMap<u64, u64>,
}

fn short(id_hash: &[u8; 16]) -> u64 {
    let mut hasher = DefaultHasher::new();
    id_hash.hash(&mut hasher);
    hasher.finish()
}

impl Receipts {
    pub(super) fn load(snapshot: &Snapshot) -> Result<Self, StoreError> {
        let mut receipts = Self::default();
        for (seq, bytes) in snapshot.receipts()? {
            if let Some(receipt) = Receipt::from_bytes(&bytes) {
                receipts.add(&receipt.id_hash, seq);
            }
        }
        Ok(receipts)
    }

    pub(super) fn add(&mut self, id_hash: &[u8; 16], seq: u64) {
        self.by_id.insert(short(id_hash), seq);
    }

    pub(super) fn find(&self, id_hash: &[u8; 16]) -> Option<u64> {
        self.by_id.get(&short(id_hash)).copied()
    }

    /// Forgets up to a sequence.
    pub(super) fn forget(&mut self, up_to: u64) {
        self.by_id.retain(|_, seq| *seq > up_to);
    }

    pub(super) fn is_full(&self) -> bool {
        self.by_id.len() >= limits::RECEIPTS_MAX
    }
}
