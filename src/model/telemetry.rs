//! What machines tell, beside the journal: series, samples, gaps, and what could not be taken.
//! Deliberately no records: nothing here is a command, and a sample has no history of its own.

use serde::{Deserialize, Serialize};

use crate::base::Time;

/// The number of a series, given in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesId(pub u32);

/// What the values of a series are; fixed when it is first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// Numbers: a temperature, a counter.
    #[default]
    Number,
    /// Words: a state, a program's name, an alarm.
    Text,
}

impl Measure {
    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
        }
    }
}

/// A metric of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its number.
    pub id: SeriesId,
    /// The machine's code, as its master data have it, or as it calls itself.
    pub machine: String,
    /// What is measured.
    pub metric: String,
    /// Numbers or words.
    pub measure: Measure,
    /// In which unit, where told.
    pub unit: Option<String>,
    /// The machine's department, where told.
    pub department: Option<String>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// A finite number.
    Number(f64),
    /// A word or a text.
    Text(Box<str>),
    /// The machine says that it has no value: never zero, and ends what held before.
    Unavailable,
}

/// A value at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Of which series.
    pub series: SeriesId,
    /// When it was measured, by the machine's clock.
    pub at: Time,
    /// What was measured.
    pub value: Reading,
}

/// Observations known to be lost: what a source could not hold until it was asked again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The source that lost them.
    pub source: String,
    /// The last moment known before.
    pub from: Option<Time>,
    /// The first moment known after.
    pub to: Time,
    /// How many, where the protocol counts them.
    pub lost: Option<u64>,
    /// Why: `agent restarted`, `buffer overrun`, `queue overflow`.
    pub why: String,
}

/// Something that came and could not be taken, kept as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// From which source.
    pub source: String,
    /// When it came.
    pub received_at: Time,
    /// Why it was not taken.
    pub why: String,
    /// What came, cut at [`crate::base::limits::QUARANTINED_BYTES_MAX`].
    pub original: Vec<u8>,
}
