//! Exact decimal numbers with four places: quantities, money, percentages.
//! Deliberately not floating point, and deliberately one scale: sums of movements must be exact.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Places behind the point; the widest column of the plant model is decimal(15,4).
pub const PLACES: u32 = 4;
/// Digits in all.
pub const DIGITS: u8 = 15;
const SCALE: i64 = 10_000;
/// Largest magnitude, 99 999 999 999.9999, that is decimal(15,4).
const LARGEST: i64 = 999_999_999_999_999;

/// A number of ten-thousandths. Arithmetic that leaves decimal(15,4) answers `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decimal(i64);

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(SCALE);

    /// A whole number; `None` when it is too large.
    pub fn whole(number: i64) -> Option<Self> {
        number.checked_mul(SCALE).and_then(Self::bounded)
    }

    /// A number of ten-thousandths.
    pub fn from_scaled(scaled: i64) -> Option<Self> {
        Self::bounded(scaled)
    }

    /// The number of ten-thousandths.
    pub const fn scaled(self) -> i64 {
        self.0
    }

    /// The whole number it is, if it has no fraction.
    pub fn as_whole(self) -> Option<i64> {
        (self.0 % SCALE == 0).then_some(self.0 / SCALE)
    }

    /// Below nothing.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Sum.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::bounded)
    }

    /// Difference.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::bounded)
    }

    /// The same amount the other way.
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Product, rounded half to even at four places.
    pub fn times(self, other: Self) -> Option<Self> {
        Self::from_wide(divide_even(i128::from(self.0) * i128::from(other.0), i128::from(SCALE)))
    }

    /// Quotient, rounded half to even at four places; `None` when the divisor is zero.
    pub fn over(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        Self::from_wide(divide_even(i128::from(self.0) * i128::from(SCALE), i128::from(other.0)))
    }

    /// Quotient of two whole numbers, rounded half to even at four places; `None` when the divisor is zero.
    pub fn ratio(mut numerator: i128, mut denominator: i128) -> Option<Self> {
        // Products of sums may outgrow 38 digits; halving both then is far below the fourth place.
        while numerator.checked_mul(i128::from(SCALE)).is_none() {
            (numerator, denominator) = (numerator / 2, denominator / 2);
        }
        if denominator == 0 {
            return None;
        }
        Self::from_wide(divide_even(numerator * i128::from(SCALE), denominator))
    }

    /// Rounded half to even at fewer places.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        let step = i128::from(10_i64.pow(PLACES.saturating_sub(places)));
        Self::from_wide(divide_even(i128::from(self.0), step) * step).unwrap_or(self)
    }

    fn from_wide(wide: i128) -> Option<Self> {
        i64::try_from(wide).ok().and_then(Self::bounded)
    }

    fn bounded(scaled: i64) -> Option<Self> {
        (-LARGEST..=LARGEST).contains(&scaled).then_some(Self(scaled))
    }
}

fn divide_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let twice = rest.unsigned_abs() * 2;
    let size = denominator.unsigned_abs();
    if twice > size || (twice == size && quotient % 2 != 0) { quotient + if (numerator < 0) == (denominator < 0) { 1 } else { -1 } } else { quotient }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / SCALE.unsigned_abs(), self.0.unsigned_abs() % SCALE.unsigned_abs());
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{rest:04}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// Why a text is no decimal(15,4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalFault {
    /// Not digits.
    #[error("is not a number")]
    NotANumber,
    /// More than four places.
    #[error("has more than four places behind the point")]
    TooFine,
    /// More than eleven digits before the point.
    #[error("is larger than 99999999999.9999")]
    TooLarge,
}

impl FromStr for Decimal {
    type Err = DecimalFault;

    /// Reads `12`, `-0.5`, `1.25e2`; never rounds: what does not fit is a fault.
    fn from_str(text: &str) -> Result<Self, DecimalFault> {
        let (body, exponent) = match text.split_once(['e', 'E']) {
            Some((body, exponent)) => (body, exponent.parse::<i32>().map_err(|_| DecimalFault::NotANumber)?),
            None => (text, 0),
        };
        let (negative, body) = match body.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, body.strip_prefix('+').unwrap_or(body)),
        };
        let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
        if whole.is_empty() && fraction.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(DecimalFault::NotANumber);
        }
        let digits: String = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches('0');
        let trimmed = significant.trim_end_matches('0');
        if trimmed.is_empty() {
            return Ok(Self::ZERO);
        }
        // value = trimmed * 10^power; scaled = trimmed * 10^(power + PLACES)
        let fraction_digits = i32::try_from(fraction.len()).map_err(|_| DecimalFault::TooFine)?;
        let dropped = i32::try_from(significant.len() - trimmed.len()).map_err(|_| DecimalFault::TooLarge)?;
        let shift = exponent.saturating_sub(fraction_digits).saturating_add(dropped).saturating_add(4);
        if shift < 0 {
            return Err(DecimalFault::TooFine);
        }
        if trimmed.len() > 15 || shift > 15 {
            return Err(DecimalFault::TooLarge);
        }
        let mantissa: i128 = trimmed.parse().map_err(|_| DecimalFault::NotANumber)?;
        let scaled = mantissa * 10_i128.pow(shift.unsigned_abs());
        Self::from_wide(if negative { -scaled } else { scaled }).ok_or(DecimalFault::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_writes_exactly() {
        for text in ["0", "1", "-1", "0.5", "-0.0001", "99999999999.9999", "12.34"] {
            assert_eq!(d(text).to_string(), text);
        }
        assert_eq!(d("1.50e1").to_string(), "15");
        assert_eq!(d("0.00010000").to_string(), "0.0001");
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!("0.00001".parse::<Decimal>(), Err(DecimalFault::TooFine));
        assert_eq!("1e300".parse::<Decimal>(), Err(DecimalFault::TooLarge));
        assert_eq!("100000000000".parse::<Decimal>(), Err(DecimalFault::TooLarge));
        for text in ["", "NaN", "inf", "1.2.3", "--1", "0x1", "."] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalFault::NotANumber), "{text}");
        }
    }

    #[test]
    fn rounds_half_to_even() {
        assert_eq!(d("1").over(d("3")), Some(d("0.3333")));
        assert_eq!(d("0.0001").times(d("0.5")), Some(d("0")));
        assert_eq!(d("0.0003").times(d("0.5")), Some(d("0.0002")));
        assert_eq!(d("-1").over(d("3")), Some(d("-0.3333")));
        assert_eq!(d("2.345").rounded(2), d("2.34"));
    }
}
