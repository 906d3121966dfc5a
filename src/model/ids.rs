//! Ids: a dense number given by the writer, typed by its noun, shown as `WO-000123`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::{Field, FieldFault, Kind, Record};
use super::noun::Noun;
use crate::base::Value;

/// The id of a record of noun `R`. Zero stands for "not given yet" and is never stored.
pub struct Id<R> {
    number: u64,
    noun: PhantomData<fn() -> R>,
}

impl<R> Id<R> {
    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self { number, noun: PhantomData }
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.number
    }
}

impl<R> Clone for Id<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Id<R> {}
impl<R> Default for Id<R> {
    fn default() -> Self {
        Self::new(0)
    }
}
impl<R> PartialEq for Id<R> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl<R> Eq for Id<R> {}
impl<R> PartialOrd for Id<R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<R> Ord for Id<R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}
impl<R> Hash for Id<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}
impl<R: Record> fmt::Display for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&R::NOUN.id_text(self.number))
    }
}
impl<R> fmt::Debug for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.number)
    }
}
impl<R> Serialize for Id<R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.number.serialize(to)
    }
}
impl<'de, R> Deserialize<'de> for Id<R> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u64::deserialize(from).map(Self::new)
    }
}

impl<R: Record> Field for Id<R> {
    const KIND: Kind = Kind::Ref(R::NOUN);
    const HAS_DEFAULT: bool = false;
    fn to_value(&self) -> Value {
        Value::Key(R::NOUN.prefix(), self.number)
    }
    fn from_value(value: Value) -> Result<Self, FieldFault> {
        match value {
            Value::Key(prefix, number) if prefix == R::NOUN.prefix() => Ok(Self::new(number)),
            _ => Err(FieldFault(format!("must be the id of one of the {}", R::NOUN.plural()))),
        }
    }
}

/// A record of any noun, named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Its noun.
    pub noun: Noun,
    /// Its number.
    pub number: u64,
}

impl Subject {
    /// The record `id`.
    pub fn of<R: Record>(id: Id<R>) -> Self {
        Self { noun: R::NOUN, number: id.number() }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.noun.id_text(self.number))
    }
}
