//! Which command ids were answered, and how. Rows in redb have growing keys (the journal's
//! sequence); this map from the id's hash to the row lives in memory and is read in at the start.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::base::{Digest, Time, limits};
use crate::model::{Noun, Subject};
use crate::store::{Snapshot, StoreError};

/// Length of a stored receipt.
const RECEIPT_BYTES: usize = 49;

/// Hashes of an idempotency key and of the command it was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) id_hash: [u8; 16],
    body_hash: [u8; 16],
}

impl Key {
    pub(super) fn of(command_id: &str, body: &str) -> Self {
        Self { id_hash: half(command_id), body_hash: half(body) }
    }
}

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
    pub(super) fn new(key: Key, subject: Subject, at: Time) -> Self {
        Self { id_hash: key.id_hash, body_hash: key.body_hash, subject, at }
    }

    /// Whether it was given for this very command.
    pub(super) fn is_for(&self, key: Key) -> bool {
        self.body_hash == key.body_hash
    }

    pub(super) fn to_bytes(self) -> [u8; RECEIPT_BYTES] {
        let mut bytes = [0; RECEIPT_BYTES];
        bytes[..16].copy_from_slice(&self.id_hash);
        bytes[16..32].copy_from_slice(&self.body_hash);
        bytes[32] = self.subject.noun.code();
        bytes[33..41].copy_from_slice(&self.subject.number.to_be_bytes());
        bytes[41..].copy_from_slice(&self.at.micros().to_be_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; RECEIPT_BYTES] = bytes.try_into().ok()?;
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
    by_id: HashMap<u64, u64, BuildHasherDefault<AsItIs>>,
}

/// Hashes a key that is part of a SHA-256 already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        // Only `u64` keys come here; other bytes would still give a hash, if a poor one.
        bytes.iter().for_each(|byte| self.0 = (self.0 << 8) ^ u64::from(*byte));
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

fn short(id_hash: &[u8]) -> u64 {
    id_hash.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// Threads that read receipts in at a start: pages of a cold file are waited for side by side.
const READERS: u64 = 4;

impl Receipts {
    /// Reads all receipts in, since no write with a key can be judged before.
    pub(super) fn load(snapshot: &Snapshot) -> Result<Self, StoreError> {
        let mut receipts = Self::default();
        let Some(first) = snapshot.first_receipt()? else { return Ok(receipts) };
        let (after, head) = (first - 1, snapshot.head()?);
        let part = (head - after).div_ceil(READERS);
        let parts = std::thread::scope(|scope| {
            let read = |at: u64| scope.spawn(move || load_part(snapshot, after + at * part, (after + (at + 1) * part).min(head)));
            let readers: Vec<_> = (0..READERS).map(read).collect();
            // In order, so that the newest of two that share 64 bits is added last.
            readers
                .into_iter()
                .map(|reader| reader.join().unwrap_or_else(|_| Err(StoreError::Unusable("a reader of receipts ended with a panic".to_owned()))))
                .collect::<Result<Vec<_>, _>>()
        })?;
        receipts.by_id.reserve(usize::try_from(snapshot.receipt_count()?).unwrap_or(0));
        receipts.by_id.extend(parts.into_iter().flatten());
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

fn load_part(snapshot: &Snapshot, after: u64, up_to: u64) -> Result<Vec<(u64, u64)>, StoreError> {
    let mut part = Vec::new();
    snapshot.each_receipt(after, up_to, |seq, bytes| {
        // Only whole rows count, as `Receipt::from_bytes` judges them.
        if bytes.len() == RECEIPT_BYTES {
            part.push((short(bytes), seq));
        }
    })?;
    Ok(part)
}
