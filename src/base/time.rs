//! Moments, days and times of day, and the zone of a plant. The clock itself is handed in from
//! above: no room below `engine` may ask what time it is.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::limits;

/// Microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

/// A day, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(i32);

/// A time of day in minutes; 24:00 is allowed as an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClockTime(u16);

/// Why a text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// Not in the form asked for.
    #[error("is not a time such as 2026-03-31T06:00:00Z")]
    NotATime,
    /// Not in the form asked for.
    #[error("is not a date such as 2026-03-31")]
    NotADate,
    /// Not in the form asked for.
    #[error("is not a time of day such as 06:00")]
    NotAClock,
    /// Outside the years a plant can mean.
    #[error("lies outside the years 1990 to 2100")]
    FarOutside,
}

impl Time {
    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Later by a duration.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Earlier by a duration.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Later by minutes, which may be negative.
    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes.saturating_mul(60_000_000)))
    }

    /// Whole minutes since an earlier moment, rounded to the nearest.
    pub const fn minutes_since(self, earlier: Self) -> i64 {
        let micros = self.0.saturating_sub(earlier.0);
        (micros + 30_000_000).div_euclid(60_000_000)
    }

    /// The date and time of day in a zone.
    pub fn civil(self, zone: &TimeZone) -> civil::DateTime {
        zone.to_datetime(self.timestamp())
    }

    /// The day in a zone.
    pub fn date(self, zone: &TimeZone) -> Date {
        Date::from_civil(self.civil(zone).date())
    }

    /// The first moment of a civil date and time in a zone; a time that daylight saving skips moves ahead.
    pub fn from_civil(at: civil::DateTime, zone: &TimeZone) -> Option<Self> {
        let time = zone.to_ambiguous_timestamp(at).compatible().ok()?;
        Some(Self(time.as_microsecond()))
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Within the years a plant can mean.
    pub fn checked(self) -> Result<Self, TimeFault> {
        let year = self.civil(&TimeZone::UTC).year();
        ((limits::YEAR_MIN..=limits::YEAR_MAX).contains(&year) && Timestamp::from_microsecond(self.0).is_ok()).then_some(self).ok_or(TimeFault::FarOutside)
    }

    /// Reads a local time without an offset (`2012-01-02T07:00:00`) as of a zone.
    pub fn parse_local(text: &str, zone: &TimeZone) -> Result<Self, TimeFault> {
        if let Ok(time) = text.parse() {
            return Ok(time);
        }
        let at: civil::DateTime = text.parse().map_err(|_| TimeFault::NotATime)?;
        Self::from_civil(at, zone).ok_or(TimeFault::NotATime)?.checked()
    }
}

impl fmt::Display for Time {
    /// RFC 3339 with `Z`, without a fraction where there is none. By hand, since answers are full of times.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000));
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil_of(days);
        if !(0..=9_999).contains(&year) {
            return write!(f, "{}", self.timestamp());
        }
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        for (at, width, number) in [(0, 4, year), (5, 2, month), (8, 2, day), (11, 2, second / 3_600), (14, 2, second / 60 % 60), (17, 2, second % 60), (20, 6, micros)] {
            put_digits(&mut text[at..at + width], number);
        }
        let end = if micros == 0 { 19 } else { text.iter().rposition(|byte| (b'1'..=b'9').contains(byte)).map_or(19, |last| last + 1) };
        text[end] = b'Z';
        f.write_str(str::from_utf8(&text[..=end]).map_err(|_| fmt::Error)?)
    }
}

/// A number's last digits, as many as there is room for.
fn put_digits(room: &mut [u8], number: i64) {
    let mut rest = number;
    for digit in room.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
}

/// Year, month and day of a day counted from 1970, in the calendar that ISO 8601 counts back for ever: by
/// years that begin in March, so that a leap day is a year's last.
const fn civil_of(days: i64) -> (i64, i64, i64) {
    let from_march = days + 719_468;
    let (era, day_of_era) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
}

impl FromStr for Time {
    type Err = TimeFault;

    fn from_str(text: &str) -> Result<Self, TimeFault> {
        if text.len() > 64 {
            return Err(TimeFault::NotATime);
        }
        let time: Timestamp = text.parse().map_err(|_| TimeFault::NotATime)?;
        Self(time.as_microsecond()).checked()
    }
}

impl Date {
    /// From days since 1970-01-01.
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.0
    }

    /// Later by days, which may be negative.
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// From a civil date.
    pub fn from_civil(date: civil::Date) -> Self {
        let span = date - civil::date(1970, 1, 1);
        Self(span.get_days())
    }

    /// As a civil date.
    pub fn civil(self) -> civil::Date {
        civil::date(1970, 1, 1).checked_add(self.0.days()).unwrap_or(civil::Date::MAX)
    }

    /// 1 Monday to 7 Sunday (ISO 8601).
    pub fn weekday(self) -> u8 {
        u8::try_from(self.civil().weekday().to_monday_one_offset()).unwrap_or(1)
    }

    /// Week of the year (ISO 8601).
    pub fn iso_week(self) -> u8 {
        u8::try_from(self.civil().iso_week_date().week()).unwrap_or(1)
    }

    /// The moment a time of day falls on this day in a zone.
    pub fn at(self, clock: ClockTime, zone: &TimeZone) -> Time {
        let day = self.plus_days(i32::from(clock.0 / 1_440)).civil();
        let minute = clock.0 % 1_440;
        let time = civil::time(i8::try_from(minute / 60).unwrap_or(0), i8::try_from(minute % 60).unwrap_or(0), 0, 0);
        Time::from_civil(day.to_datetime(time), zone).unwrap_or_default()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil())
    }
}

impl FromStr for Date {
    type Err = TimeFault;

    fn from_str(text: &str) -> Result<Self, TimeFault> {
        // jiff would also take a full time here and drop its hour: a date column wants a date.
        if text.len() != 10 {
            return Err(TimeFault::NotADate);
        }
        let date: civil::Date = text.parse().map_err(|_| TimeFault::NotADate)?;
        (limits::YEAR_MIN..=limits::YEAR_MAX).contains(&date.year()).then(|| Self::from_civil(date)).ok_or(TimeFault::FarOutside)
    }
}

impl ClockTime {
    /// From minutes after midnight, 0 to 1440.
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= 1_440 { Some(Self(minutes)) } else { None }
    }

    /// Minutes after midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for ClockTime {
    type Err = TimeFault;

    fn from_str(text: &str) -> Result<Self, TimeFault> {
        let mut parts = text.split(':');
        let two = |part: Option<&str>| part.filter(|p| (1..=2).contains(&p.len())).and_then(|p| p.parse::<u16>().ok()).ok_or(TimeFault::NotAClock);
        let (hour, minute) = (two(parts.next())?, two(parts.next())?);
        if minute > 59 || parts.next().is_some_and(|seconds| seconds != "00") {
            return Err(TimeFault::NotAClock);
        }
        Self::from_minutes(hour.checked_mul(60).and_then(|m| m.checked_add(minute)).ok_or(TimeFault::NotAClock)?).ok_or(TimeFault::NotAClock)
    }
}

/// Finds a zone by its IANA name.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_the_library_writes_it() {
        let mut dice = 1_u64;
        for at in 0..200_000_i64 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // From the year 1 to 9999, whole seconds and fractions of every length.
            let seconds = i64::try_from(dice >> 11).unwrap() % 315_537_811_200 - 62_135_596_800;
            let time = Time::from_micros(seconds * 1_000_000 + [0, 1, 120_000, 999_999, at % 1_000_000][usize::try_from(at % 5).unwrap()]);
            assert_eq!(time.to_string(), time.timestamp().to_string());
        }
        for text in ["2024-02-29T23:59:59.999999Z", "2000-02-29T00:00:00Z", "1900-03-01T00:00:00.1Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.5Z"] {
            assert_eq!(
                text.parse::<Time>().map(|time| time.to_string()).unwrap_or_else(|_| Time::from_micros(text.parse::<Timestamp>().unwrap().as_microsecond()).to_string()),
                text
            );
        }
    }

    #[test]
    fn times_there_and_back() {
        let time: Time = "2026-03-31T06:00:00Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-03-31T06:00:00Z");
        assert_eq!("2026-03-31T08:00:00+02:00".parse::<Time>().unwrap(), time);
        assert_eq!("1812-03-31T06:00:00Z".parse::<Time>(), Err(TimeFault::FarOutside));
        assert_eq!("yesterday".parse::<Time>(), Err(TimeFault::NotATime));
        assert!("9999-12-31T23:59:59.999999999Z".parse::<Time>().is_err());
    }

    #[test]
    fn dates_know_their_weekday() {
        let date: Date = "2026-11-21".parse().unwrap();
        assert_eq!((date.weekday(), date.to_string()), (6, "2026-11-21".to_owned()));
        assert_eq!(["2026-11-21", "2027-01-01", "2024-12-30"].map(|day| day.parse::<Date>().unwrap().iso_week()), [47, 53, 1]);
        assert_eq!("2026-11-21T10".parse::<Date>(), Err(TimeFault::NotADate));
    }

    #[test]
    fn daylight_saving_keeps_the_wall_clock() {
        let berlin = zone("Europe/Berlin").unwrap();
        let winter: Date = "2026-10-26".parse().unwrap();
        let six: ClockTime = "06:00".parse().unwrap();
        assert_eq!(winter.at(six, &berlin).to_string(), "2026-10-26T05:00:00Z");
        assert_eq!(winter.plus_days(-2).at(six, &berlin).to_string(), "2026-10-24T04:00:00Z");
        assert_eq!(Time::parse_local("2026-10-26T06:00:00", &berlin).unwrap().to_string(), "2026-10-26T05:00:00Z");
    }
}
