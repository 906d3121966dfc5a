//! Functions that DataFusion does not have as PostgreSQL has them: `to_char` with PostgreSQL's
//! patterns, what clients ask about the server, and texts that would grow without a bound. What a
//! pattern means and is not known here is an error, never a text that looks right.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, Float64Array, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, create_udf};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::called::current_database;
use super::numbers;
use super::settings::{SERVER_VERSION, fixed};
use crate::base::limits;

/// The function that a cast to `char(n)` goes through.
pub(super) const FIXED_LENGTH: &str = "millwright_char";

/// Functions of DataFusion that mean something else in PostgreSQL, or have no bound.
pub(super) const REMOVED: &[&str] = &[
    "now",
    "current_timestamp",
    "current_date",
    "today",
    "current_time",
    "to_date",
    "to_local_time",
    "to_timestamp_seconds",
    "to_timestamp_millis",
    "to_timestamp_micros",
    "to_timestamp_nanos",
    "to_unixtime",
    "from_unixtime",
    "date_format",
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
    "range",
    "generate_series",
    "gen_series",
];

/// All of them.
pub(super) fn all() -> Vec<ScalarUDF> {
    let mut all = vec![ToChar::new().into(), Timezone::new().into()];
    all.extend(numbers::all());
    all.extend(["upper", "lower"].into_iter().filter_map(inner).map(|inner| Cased { inner }.into()));
    all.push(FixedLength { signature: Signature::any(2, Volatility::Immutable) }.into());
    all.push(current_database());
    all.extend(["repeat", "lpad", "rpad"].into_iter().filter_map(inner).map(|inner| Bounded { inner }.into()));
    all.extend(inner("date_part").map(|inner| DatePart { inner }.into()));
    all.extend(["pg_function_is_visible", "pg_type_is_visible", "pg_collation_is_visible"].map(seen));
    all.extend(["pg_get_function_result", "pg_get_function_arguments", "pg_get_function_identity_arguments", "pg_tablespace_location"].map(|name| nothing(name, 1)));
    all.push(text("version", 0, format!("PostgreSQL {SERVER_VERSION}")));
    all.push(no_type());
    all.push(CurrentSetting { signature: Signature::uniform(1, vec![DataType::Utf8], Volatility::Stable) }.into());
    all.extend(inner("signum").map(|inner| inner.as_ref().clone().with_aliases(["sign"])));
    all.push(nothing("obj_description", 2));
    all.push(nothing("col_description", 2));
    all.push(nothing("shobj_description", 2));
    all.push(nothing("pg_get_viewdef", 1));
    all.push(nothing("pg_get_indexdef", 1));
    all.push(nothing("pg_advisory_unlock_all", 0));
    all
}

fn utf8(count: usize) -> Vec<DataType> {
    vec![DataType::Utf8; count]
}

/// A function that always answers one text.
fn text(name: &str, arguments: usize, answer: String) -> ScalarUDF {
    let answer = ColumnarValue::Scalar(ScalarValue::Utf8(Some(answer)));
    create_udf(name, utf8(arguments), DataType::Utf8, Volatility::Immutable, Arc::new(move |_: &[ColumnarValue]| Ok(answer.clone())))
}

/// A function about something that no table here has.
fn nothing(name: &'static str, arguments: usize) -> ScalarUDF {
    Nothing { name, kind: DataType::Utf8, signature: if arguments == 0 { Signature::nullary(Volatility::Stable) } else { Signature::variadic_any(Volatility::Stable) } }.into()
}

/// `to_regtype(name)`: the types that clients look for by name are extensions, and there are none.
fn no_type() -> ScalarUDF {
    Nothing { name: "to_regtype", kind: DataType::Int32, signature: Signature::any(1, Volatility::Stable) }.into()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Nothing {
    name: &'static str,
    kind: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for Nothing {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.kind.clone())
    }
    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(ScalarValue::try_from(&self.kind)?))
    }
}

/// `current_setting(name)` where the name is a parameter: only what no connection can change is told so.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CurrentSetting {
    signature: Signature,
}

impl ScalarUDFImpl for CurrentSetting {
    fn name(&self) -> &'static str {
        "current_setting"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let names = cast(&args.args[0].to_array(args.number_rows)?, &DataType::Utf8)?;
        let told = names.as_string::<i32>().iter().map(|name| match name.map(|name| (name, fixed(&name.to_lowercase()))) {
            None => Ok(None),
            Some((_, Some(content))) => Ok(Some(content)),
            Some((name, None)) => exec_err!("current_setting of {name:?} wants the name as a text in the statement"),
        });
        Ok(ColumnarValue::Array(Arc::new(told.collect::<Result<StringArray>>()?)))
    }
}

/// Whether the search path leads to something: there is one schema, so it does.
fn seen(name: &str) -> ScalarUDF {
    let yes = ColumnarValue::Scalar(ScalarValue::Boolean(Some(true)));
    create_udf(name, vec![DataType::Int32], DataType::Boolean, Volatility::Immutable, Arc::new(move |_: &[ColumnarValue]| Ok(yes.clone())))
}

/// A function of DataFusion.
pub(super) fn inner(name: &str) -> Option<Arc<ScalarUDF>> {
    datafusion::functions::all_default_functions().into_iter().find(|function| function.name() == name)
}

/// A function of DataFusion whose second argument, a length, is bounded.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let Some(count) = args.args.get(1) {
            let counts = cast(&count.to_array(args.number_rows)?, &DataType::Int64)?;
            let counts = counts.as_primitive::<datafusion::arrow::datatypes::Int64Type>();
            if counts.iter().flatten().any(|count| count > limits::SQL_REPEATED_MAX) {
                return exec_err!("{} to more than {} characters is not done here", self.name(), limits::SQL_REPEATED_MAX);
            }
        }
        self.inner.invoke_with_args(args)
    }
}

/// `upper` and `lower`, which change characters one by one: what would become two stays as it is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Cased {
    inner: Arc<ScalarUDF>,
}

impl Cased {
    fn cased(&self, c: char) -> char {
        let sole = |mut all: Box<dyn Iterator<Item = char>>| all.next().filter(|_| all.next().is_none());
        sole(if self.name() == "upper" { Box::new(c.to_uppercase()) } else { Box::new(c.to_lowercase()) }).unwrap_or(c)
    }
}

impl ScalarUDFImpl for Cased {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts] = &args.args[..] else { return exec_err!("{} takes one text", self.name()) };
        let texts = cast(&texts.to_array(args.number_rows)?, &DataType::Utf8)?;
        let made: StringArray = texts.as_string::<i32>().iter().map(|text| text.map(|text| text.chars().map(|c| self.cased(c)).collect::<String>())).collect();
        Ok(ColumnarValue::Array(cast(&made, args.return_field.data_type())?))
    }
}

/// A cast to `char(n)`, which cuts. PostgreSQL would fill up a shorter text with blanks that it then
/// overlooks here and there: that is an error.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FixedLength {
    signature: Signature,
}

impl ScalarUDFImpl for FixedLength {
    fn name(&self) -> &'static str {
        FIXED_LENGTH
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, ColumnarValue::Scalar(ScalarValue::Int64(Some(length)))] = &args.args[..] else { return exec_err!("char takes a length that is written out") };
        let length = usize::try_from(*length).unwrap_or(0);
        let texts = cast(&texts.to_array(args.number_rows)?, &DataType::Utf8)?;
        let cut = texts.as_string::<i32>().iter().map(|text| {
            let Some(text) = text else { return Ok(None) };
            let cut: String = text.chars().take(length).collect();
            if cut.ends_with(' ') || cut.chars().count() < length {
                return exec_err!("char({length}) fills {cut:?} up with blanks, which is not done here: write varchar({length})");
            }
            Ok(Some(cut))
        });
        Ok(ColumnarValue::Array(Arc::new(cut.collect::<Result<StringArray>>()?)))
    }
}

/// `date_part` with the fractions of seconds, which PostgreSQL has and DataFusion cuts off.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DatePart {
    inner: Arc<ScalarUDF>,
}

/// How many microseconds a part of seconds counts.
fn unit_of(part: &str) -> Option<f64> {
    match part.to_lowercase().as_str() {
        "second" | "seconds" | "sec" | "secs" | "s" => Some(1e6),
        "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" => Some(1e3),
        "microsecond" | "microseconds" | "us" | "usec" | "usecs" => Some(1.0),
        _ => None,
    }
}

impl ScalarUDFImpl for DatePart {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }
    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let part = args.scalar_arguments.first().and_then(|part| part.and_then(|part| part.try_as_str().flatten()));
        let is_moment = matches!(args.arg_fields.get(1).map(|field| field.data_type()), Some(DataType::Timestamp(..)));
        if is_moment && part.and_then(unit_of).is_some() {
            return Ok(Arc::new(Field::new(self.name(), DataType::Float64, true)));
        }
        self.inner.return_field_from_args(args)
    }
    // A minute has fewer microseconds than a double has digits for.
    #[allow(clippy::cast_precision_loss)]
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let unit = match args.args.first() {
            Some(ColumnarValue::Scalar(part)) => part.try_as_str().flatten().and_then(unit_of),
            _ => None,
        };
        let is_moment = matches!(args.args.get(1).map(ColumnarValue::data_type), Some(DataType::Timestamp(..)));
        let (Some(unit), Some(moments), true) = (unit, args.args.get(1), is_moment) else { return self.inner.invoke_with_args(args) };
        let moments = cast(&moments.to_array(args.number_rows)?, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
        let parts = moments.as_primitive::<TimestampMicrosecondType>().iter().map(|micros| micros.map(|micros| micros.rem_euclid(60_000_000) as f64 / unit));
        Ok(ColumnarValue::Array(Arc::new(parts.collect::<Float64Array>())))
    }
}

/// `timezone(zone, moment)`, which AT TIME ZONE stands for: a moment becomes the clock of a zone, and
/// a clock of a zone becomes a moment.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Timezone {
    signature: Signature,
}

impl Timezone {
    fn new() -> Self {
        Self { signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Timezone {
    fn name(&self) -> &'static str {
        "timezone"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.get(1) {
            Some(DataType::Timestamp(_, Some(_))) => Ok(DataType::Timestamp(TimeUnit::Microsecond, None)),
            Some(DataType::Timestamp(_, None) | DataType::Date32) => Ok(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            _ => plan_err!("AT TIME ZONE does not support this type; cast it to a timestamp"),
        }
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [zones, moments] = &args.args[..] else { return exec_err!("timezone takes a zone and a moment") };
        let zones = cast(&zones.to_array(args.number_rows)?, &DataType::Utf8)?;
        let has_zone = matches!(moments.data_type(), DataType::Timestamp(_, Some(_)));
        let moments = moments.to_array(args.number_rows)?;
        // Without its zone an array keeps its numbers, which are UTC's.
        let moments = if has_zone {
            cast(&moments, &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))?
        } else {
            cast(&moments, &DataType::Timestamp(TimeUnit::Microsecond, None))?
        };
        let mut last: Option<(String, TimeZone)> = None;
        let moved = moments.as_primitive::<TimestampMicrosecondType>().iter().zip(zones.as_string::<i32>().iter()).map(|(micros, name)| {
            let (Some(micros), Some(name)) = (micros, name) else { return Ok(None) };
            if last.as_ref().is_none_or(|(known, _)| known != name) {
                let Ok(zone) = TimeZone::get(name) else { return exec_err!("time zone \"{name}\" not recognized") };
                last = Some((name.to_owned(), zone));
            }
            Ok(last.as_ref().and_then(|(_, zone)| moved(micros, zone, has_zone)))
        });
        let moved = moved.collect::<Result<TimestampMicrosecondArray>>()?;
        Ok(ColumnarValue::Array(if has_zone { Arc::new(moved) } else { Arc::new(moved.with_timezone("UTC")) }))
    }
}

/// A moment as the clock of a zone, or a clock of a zone as a moment; `None` outside the calendar.
fn moved(micros: i64, zone: &TimeZone, to_clock: bool) -> Option<i64> {
    let moment = Timestamp::from_microsecond(micros).ok()?;
    if to_clock {
        let clock = moment.to_zoned(zone.clone()).datetime();
        return Some(clock.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond());
    }
    let clock = moment.to_zoned(TimeZone::UTC).datetime();
    Some(clock.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}

/// `to_char(moment, pattern)`, PostgreSQL 15 section 9.8.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ToChar {
    signature: Signature,
}

impl ToChar {
    fn new() -> Self {
        Self { signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ToChar {
    fn name(&self) -> &'static str {
        "to_char"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.first() {
            Some(DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Null) => Ok(DataType::Utf8),
            _ => plan_err!("function to_char of numbers and intervals does not exist here: it does not support them; round() and cast them"),
        }
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [moments, patterns] = &args.args[..] else { return exec_err!("to_char takes a moment and a pattern") };
        let moments = cast(&moments.to_array(args.number_rows)?, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
        let patterns = cast(&patterns.to_array(args.number_rows)?, &DataType::Utf8)?;
        let (moments, patterns) = (moments.as_primitive::<TimestampMicrosecondType>(), patterns.as_string::<i32>());
        let rows = moments.iter().zip(patterns.iter()).map(|(moment, pattern)| match moment.zip(pattern) {
            Some((micros, pattern)) => formatted(micros, pattern).map(Some),
            None => Ok(None),
        });
        let texts: ArrayRef = Arc::new(rows.collect::<Result<StringArray>>()?);
        debug_assert_eq!(texts.len(), args.number_rows);
        Ok(ColumnarValue::Array(texts))
    }
}

const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Parts of a pattern, the longer before what begins it.
const PARTS: &[&str] = &[
    "YYYY", "IYYY", "Y,YYY", "HH24", "HH12", "Month", "MONTH", "month", "Day", "DAY", "day", "YYY", "DDD", "Mon", "MON", "mon", "SSSS", "YY", "MM", "DD", "HH", "MI", "SS", "MS",
    "US", "Dy", "DY", "dy", "IW", "WW", "AM", "PM", "am", "pm", "TZ", "OF", "ID", "D", "Q", "W", "Y",
];

fn formatted(micros: i64, pattern: &str) -> Result<String> {
    let Ok(moment) = Timestamp::from_microsecond(micros) else { return exec_err!("the moment is outside the calendar") };
    let at = moment.to_zoned(TimeZone::UTC).datetime();
    let (mut out, mut rest) = (String::new(), pattern);
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (text, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            out.push_str(text);
            rest = after;
            continue;
        }
        let (bare, filled) = rest.strip_prefix("FM").map_or((rest, true), |bare| (bare, false));
        if let Some(part) = PARTS.iter().find(|part| bare.starts_with(**part)) {
            out.push_str(&written(&at, part, filled));
            rest = &bare[part.len()..];
            continue;
        }
        let Some(c) = bare.chars().next() else { break };
        if c.is_ascii_alphabetic() {
            return exec_err!("to_char does not know {:?} in a pattern", bare.chars().take(8).collect::<String>());
        }
        out.push(c);
        rest = &bare[c.len_utf8()..];
    }
    Ok(out)
}

fn written(at: &jiff::civil::DateTime, part: &str, filled: bool) -> String {
    let number = |value: i64, width: usize| if filled { format!("{value:0width$}") } else { value.to_string() };
    let cased = |name: &str, width: usize| {
        let name = match part.chars().nth(1) {
            Some(second) if second.is_uppercase() => name.to_uppercase(),
            _ if part.starts_with(char::is_lowercase) => name.to_lowercase(),
            _ => name.to_owned(),
        };
        if filled { format!("{name:width$}") } else { name }
    };
    let (year, day_of_year) = (i64::from(at.year()), i64::from(at.day_of_year()));
    let month = MONTHS[usize::from(at.month().unsigned_abs()).saturating_sub(1).min(11)];
    let day = DAYS[usize::from(at.weekday().to_monday_zero_offset().unsigned_abs()).min(6)];
    let hour12 = i64::from((at.hour() + 11) % 12 + 1);
    let week = at.date().iso_week_date();
    match part {
        "YYYY" => number(year, 4),
        "Y,YYY" => format!("{},{:03}", year / 1_000, year % 1_000),
        "IYYY" => number(i64::from(week.year()), 4),
        "YYY" => number(year % 1_000, 3),
        "YY" => number(year % 100, 2),
        "Y" => number(year % 10, 1),
        "Q" => number(i64::from((at.month() - 1) / 3 + 1), 1),
        "MM" => number(i64::from(at.month()), 2),
        "Month" | "MONTH" | "month" => cased(month, 9),
        "Mon" | "MON" | "mon" => cased(&month[..3], 3),
        "Day" | "DAY" | "day" => cased(day, 9),
        "Dy" | "DY" | "dy" => cased(&day[..3], 3),
        "DDD" => number(day_of_year, 3),
        "DD" => number(i64::from(at.day()), 2),
        "D" => number(i64::from(at.weekday().to_sunday_one_offset()), 1),
        "ID" => number(i64::from(at.weekday().to_monday_one_offset()), 1),
        "IW" => number(i64::from(week.week()), 2),
        "WW" => number((day_of_year - 1) / 7 + 1, 2),
        "W" => number(i64::from((at.day() - 1) / 7 + 1), 1),
        "HH24" => number(i64::from(at.hour()), 2),
        "HH" | "HH12" => number(hour12, 2),
        "MI" => number(i64::from(at.minute()), 2),
        "SS" => number(i64::from(at.second()), 2),
        "SSSS" => number(i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second()), 1),
        "MS" => number(i64::from(at.subsec_nanosecond()) / 1_000_000, 3),
        "US" => number(i64::from(at.subsec_nanosecond()) / 1_000, 6),
        "AM" | "PM" => if at.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        "am" | "pm" => if at.hour() < 12 { "am" } else { "pm" }.to_owned(),
        "TZ" => "UTC".to_owned(),
        _ => "+00".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-05 14:07:09.012345, a Thursday in week 10.
    const MOMENT: i64 = 1_772_719_629_012_345;

    #[test]
    fn patterns_are_written_as_postgresql_15_writes_them() {
        let cases = [
            ("YYYY-MM-DD HH24:MI:SS", "2026-03-05 14:07:09"),
            ("HH12:MI AM", "02:07 PM"),
            ("FMDD.FMMM.YY", "5.3.26"),
            ("Mon DD, YYYY", "Mar 05, 2026"),
            ("MONTH|FMMonth|Day|dy", "MARCH    |March|Thursday |thu"),
            ("IYYY-\"W\"IW-ID Q DDD D WW W", "2026-W10-4 1 064 5 10 1"),
            ("MS US SSSS TZ OF", "012 012345 50829 UTC +00"),
        ];
        for (pattern, wanted) in cases {
            assert_eq!(formatted(MOMENT, pattern).unwrap(), wanted, "{pattern}");
        }
    }

    #[test]
    fn a_zone_gives_the_clock_and_takes_it_back_also_around_the_change_of_summer_time() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        // 2026-03-29 00:59 and 01:01 UTC: the clock jumps from 01:59 to 03:01.
        for (utc, clock) in [(1_774_745_940_000_000, 1_774_749_540_000_000), (1_774_746_060_000_000, 1_774_753_260_000_000)] {
            assert_eq!(moved(utc, &berlin, true), Some(clock));
            assert_eq!(moved(clock, &berlin, false), Some(utc));
        }
    }

    #[test]
    fn what_a_pattern_means_and_is_not_known_is_an_error() {
        for pattern in ["RM", "J", "BC", "YYYYth", "CC", "FF3", "TMMonth"] {
            assert!(formatted(MOMENT, pattern).is_err(), "{pattern}");
        }
    }
}
