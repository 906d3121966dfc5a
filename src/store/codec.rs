//! Stored bytes, and only here: a version byte, the sequence that wrote the value, the sequence of
//! the value before it, then bincode 2 (standard configuration, with a limit).
//!
//! bincode is no longer maintained (RUSTSEC-2025-0141); everything that depends on its format
//! stands in this file, so that it can be exchanged in one place. A bare binary body cannot defend
//! itself against an added field, so a changed type gets a new version and a hop; golden bytes in
//! `fixtures/golden` prove that old values still read.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::schema;
use crate::base::limits;
use crate::model::noun::for_noun;
use crate::model::{AnyRecord, Entry, Noun, Record};

const HEADER: usize = 17;

fn configuration() -> Configuration<LittleEndian, Varint, Limit<{ limits::RECORD_MAX }>> {
    bincode::config::standard().with_limit()
}

/// A value with the sequences around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed<T> {
    /// The sequence that wrote it.
    pub seq: u64,
    /// The sequence that wrote the value before it; zero for the first.
    pub previous: u64,
    /// The value; `None` when the record was removed.
    pub value: Option<T>,
}

/// Bytes of any serialisable value.
pub fn plain<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    bincode::serde::encode_to_vec(value, configuration()).map_err(|error| undecodable("a value", &error))
}

/// A value from its bytes; trailing bytes are damage.
pub fn from_plain<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let (value, read) = bincode::serde::decode_from_slice(bytes, configuration()).map_err(|error| undecodable(what, &error))?;
    if read == bytes.len() { Ok(value) } else { Err(StoreError::Undecodable(what.to_owned(), "trailing bytes".to_owned())) }
}

/// Stored bytes of a record, or of its removal.
pub fn seal(noun: Noun, record: Option<&dyn AnyRecord>, seq: u64, previous: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(256);
    bytes.push(if record.is_some() { schema::version(noun) } else { 0 });
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&previous.to_be_bytes());
    if let Some(record) = record {
        for_noun!(noun, R => {
            let known = record.as_any().downcast_ref::<R>().ok_or_else(|| StoreError::Undecodable(noun.plural().to_owned(), "another noun".to_owned()))?;
            bincode::serde::encode_into_std_write(known, &mut bytes, configuration()).map_err(|error| undecodable(noun.plural(), &error))?;
        });
    }
    Ok(bytes)
}

/// The sequences of stored bytes, without decoding the record.
pub fn sequences(bytes: &[u8]) -> Result<(u64, u64), StoreError> {
    let header = bytes.get(..HEADER).ok_or_else(|| StoreError::Undecodable("a record".to_owned(), "too short".to_owned()))?;
    let number = |from: usize| header[from..from + 8].iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    Ok((number(1), number(9)))
}

/// Whether stored bytes say that the record was removed.
pub fn is_removal(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0)
}

/// A record from its stored bytes.
pub fn open<R: Record>(bytes: &[u8]) -> Result<Sealed<R>, StoreError> {
    let (seq, previous) = sequences(bytes)?;
    let value = match (bytes[0], schema::columns_since(R::NOUN, bytes[0])) {
        (0, _) => None,
        (_, Some(0)) => Some(from_plain(R::NOUN.plural(), &bytes[HEADER..])?),
        // An optional column without a value is one zero byte.
        (_, Some(since)) => Some(from_plain(R::NOUN.plural(), &[&bytes[HEADER..], &vec![0; since]].concat())?),
        (other, None) => return Err(StoreError::Undecodable(R::NOUN.plural().to_owned(), format!("version {other} is not known"))),
    };
    Ok(Sealed { seq, previous, value })
}

/// A record of a noun known at run time.
pub fn open_any(noun: Noun, bytes: &[u8]) -> Result<Sealed<Box<dyn AnyRecord>>, StoreError> {
    for_noun!(noun, R => {
        let sealed = open::<R>(bytes)?;
        Ok(Sealed { seq: sealed.seq, previous: sealed.previous, value: sealed.value.map(|record| Box::new(record) as Box<dyn AnyRecord>) })
    })
}

/// Bytes of a journal entry: a version byte and the entry.
pub fn seal_entry(entry: &Entry) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![1];
    bincode::serde::encode_into_std_write(entry, &mut bytes, configuration()).map_err(|error| undecodable("an entry", &error))?;
    Ok(bytes)
}

/// A journal entry from its bytes.
pub fn open_entry(bytes: &[u8]) -> Result<Entry, StoreError> {
    match bytes.split_first() {
        Some((1, body)) => from_plain("an entry", body),
        _ => Err(StoreError::Undecodable("an entry".to_owned(), "its version is not known".to_owned())),
    }
}

fn undecodable(what: &str, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Undecodable(what.to_owned(), error.to_string())
}
