//! Floor 0: the words every other room speaks: exact numbers, times, checked text, digests,
//! refusals and bounds. Knows nothing of plants, disks or networks.

pub mod decimal;
pub mod digest;
pub mod limits;
pub mod refusal;
pub mod text;
pub mod time;
pub mod unit;
pub mod value;

pub use decimal::Decimal;
pub use digest::Digest;
pub use refusal::{Code, Refusal};
pub use time::{ClockTime, Date, Time};
pub use unit::Unit;
pub use value::Value;
