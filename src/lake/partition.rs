//! Where a file lies: `TABLE/plant=NAME/year=YYYY/month=MM/part-0.parquet`, the folders that DuckDB,
//! pandas and Spark read back as the columns plant, year and month. Months are UTC's.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::base::{Date, Digest, Time};

/// What these characters mean in a path or in a key of Hive; Hive writes them with a percent sign, and readers take it back.
const ESCAPED: &str = "\"#%'*/:=?\\{[]^\u{7f}";
/// Longest name of a plant in a folder's name, in bytes; a file system takes 255.
const NAME_MAX: usize = 180;

/// A month, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// Where the one file of a table without rows lies, so that all its files have the same keys.
    pub(super) const NONE: Self = Self { year: 1970, month: 1 };

    /// The month of a moment.
    pub(super) fn of(time: Time) -> Self {
        let at = time.civil(&TimeZone::UTC);
        Self { year: at.year(), month: at.month() }
    }

    /// The month of a day.
    pub(super) fn of_date(date: Date) -> Self {
        let day = date.civil();
        Self { year: day.year(), month: day.month() }
    }
}

/// The name of a plant as its files say it: `plant=NAME`.
pub fn plant_folder(name: &str) -> String {
    let whole: String = std::iter::once("plant=".to_owned()).chain(name.chars().map(escaped)).collect();
    if whole.len() <= NAME_MAX {
        return whole;
    }
    // Two long names may begin alike, so what is cut off is named by its digest.
    let digest = format!("~{:.16}", Digest::of(name.as_bytes()).to_string());
    let mut folder = "plant=".to_owned();
    for part in name.chars().map(escaped) {
        if folder.len() + part.len() + digest.len() > NAME_MAX {
            break;
        }
        folder.push_str(&part);
    }
    folder + &digest
}

fn escaped(c: char) -> String {
    if c.is_ascii_control() || ESCAPED.contains(c) { format!("%{:02X}", u32::from(c)) } else { c.to_string() }
}

/// The folder of a month's files below the export's folder.
pub(super) fn folder(table: &str, plant_folder: &str, month: Option<Month>) -> PathBuf {
    let mut path: PathBuf = [table, plant_folder].iter().collect();
    if let Some(Month { year, month }) = month {
        path.extend([format!("year={year:04}"), format!("month={month:02}")]);
    }
    path
}

/// The path of a file below the export's folder.
pub(super) fn path(table: &str, plant_folder: &str, month: Option<Month>, part: u32) -> PathBuf {
    folder(table, plant_folder, month).join(format!("part-{part}.parquet"))
}

/// The path of a day's file below the export's folder, or of an hour's while the day goes on.
pub(super) fn day_path(table: &str, plant_folder: &str, day: Date, hour: Option<u8>) -> PathBuf {
    let folder = folder(table, plant_folder, Some(Month::of_date(day))).join(format!("day={:02}", day.civil().day()));
    folder.join(hour.map_or_else(|| "part-0.parquet".to_owned(), |hour| format!("hour-{hour:02}.parquet")))
}

/// The day, and the hour where it is one's, of such a path.
pub(super) fn day_of(path: &Path) -> Option<(Date, Option<u8>)> {
    let key = |key: &str| path.iter().find_map(|part| part.to_str()?.strip_prefix(key));
    let day = jiff::civil::Date::new(key("year=")?.parse().ok()?, key("month=")?.parse().ok()?, key("day=")?.parse().ok()?).ok()?;
    let hour = path.file_stem()?.to_str()?.strip_prefix("hour-").map(str::parse).transpose().ok()?;
    Some((Date::from_civil(day), hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plants_name_is_safe_in_a_path_whatever_it_is() {
        assert_eq!(plant_folder("Küchenwerk Nord"), "plant=Küchenwerk Nord");
        assert_eq!(plant_folder("../a=b%\\c"), "plant=..%2Fa%3Db%25%5Cc");
        let (long, other) = (plant_folder(&"ü".repeat(200)), plant_folder(&format!("{}x", "ü".repeat(199))));
        assert!(long.len() <= NAME_MAX && other.len() <= NAME_MAX && long != other, "{long}");
        let cut = plant_folder(&"?".repeat(200));
        assert!(cut.starts_with("plant=%3F%3F") && cut.contains("%3F~"), "an escape is cut: {cut}");
    }

    #[test]
    fn a_days_path_says_its_day_and_hour() {
        let day = Date::from_days(20_000);
        for hour in [None, Some(0), Some(23)] {
            assert_eq!(day_of(&day_path("machine_metrics", "plant=A", day, hour)), Some((day, hour)));
        }
        assert_eq!(day_of(&super::path("lots", "plant=A", Some(Month::of_date(day)), 0)), None);
    }

    #[test]
    fn a_month_is_utcs() {
        let late: Time = "2026-12-31T23:30:00Z".parse().unwrap();
        let path = path("lots", "plant=A", Some(Month::of(late)), 2);
        assert_eq!(path, PathBuf::from("lots/plant=A/year=2026/month=12/part-2.parquet"));
        assert_eq!(Month::of("2027-01-01T00:30:00+01:00".parse().unwrap()), Month::of(late));
        assert_eq!(super::path("plants", "plant=A", None, 0), PathBuf::from("plants/plant=A/part-0.parquet"));
    }
}
