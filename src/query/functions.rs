//! Functions that DataFusion does not have as PostgreSQL has them: `to_char` with PostgreSQL's
//! patterns of moments, what clients ask about the server, and texts that would grow without a bound. What a
//! pattern means and is not known here is an error, never a text that looks right.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, Int64Array, PrimitiveArray, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, Field, FieldRef, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, create_udf};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::called::current_database;
use super::settings::{SERVER_VERSION, fixed};
use super::{numbers, patterns, texts};
use crate::base::limits;

/// The function that a cast to `char(n)` goes through.
pub(super) const FIXED_LENGTH: &str = "millwright_char";
/// What `EXTRACT(part FROM moment)` stands for.
pub(super) const EXTRACT: &str = "extract";

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

/// Functions that tell whether something is found without its schema.
const SEEN: &[&str] = &[
    "pg_collation_is_visible",
    "pg_conversion_is_visible",
    "pg_function_is_visible",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_statistics_obj_is_visible",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_ts_parser_is_visible",
    "pg_ts_template_is_visible",
    "pg_type_is_visible",
];

/// All of them.
pub(super) fn all() -> Vec<ScalarUDF> {
    let mut all = vec![ToChar::new().into(), Timezone::new().into()];
    all.extend(numbers::all());
    all.extend(texts::all());
    all.extend(["upper", "lower"].into_iter().filter_map(inner).map(|inner| Cased { inner }.into()));
    all.push(FixedLength { signature: Signature::any(2, Volatility::Immutable) }.into());
    all.push(current_database());
    all.extend(["repeat", "lpad", "rpad"].into_iter().filter_map(inner).map(|inner| Bounded { inner }.into()));
    all.extend(inner("date_trunc").map(|inner| DateTrunc { inner, signature: Signature::any(2, Volatility::Immutable) }.into()));
    all.extend(inner("date_part").into_iter().flat_map(|inner| ["date_part", EXTRACT].map(|name| DatePart { name, inner: Arc::clone(&inner) }.into())));
    all.extend(SEEN.iter().map(|name| seen(name)));
    all.extend(["pg_get_function_result", "pg_get_function_arguments", "pg_get_function_identity_arguments", "pg_tablespace_location"].map(|name| nothing(name, 1)));
    all.push(text("version", 0, format!("PostgreSQL {SERVER_VERSION}")));
    all.push(no_type());
    all.push(CurrentSetting { signature: Signature::uniform(1, vec![DataType::Utf8], Volatility::Stable) }.into());
    all.push(nothing("obj_description", 2));
    all.push(nothing("col_description", 2));
    all.push(nothing("shobj_description", 2));
    all.push(nothing("pg_get_function_sqlbody", 1));
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

/// `date_trunc`, to which a day is the moment at which it begins.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DateTrunc {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for DateTrunc {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.get(1) {
            Some(DataType::Timestamp(_, zone)) => Ok(DataType::Timestamp(TimeUnit::Microsecond, zone.clone())),
            Some(DataType::Date32 | DataType::Null) => Ok(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            _ => plan_err!("date_trunc does not support this type; cast it to a timestamp"),
        }
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [unit, moments] = &args.args[..] else { return exec_err!("date_trunc takes a unit and a moment") };
        let moments = moments.cast_to(args.return_field.data_type(), None)?;
        let of_moments = Arc::new(Field::new("moment", args.return_field.data_type().clone(), true));
        let arg_fields = vec![Arc::clone(&args.arg_fields[0]), of_moments];
        self.inner.invoke_with_args(ScalarFunctionArgs { args: vec![unit.clone(), moments], arg_fields, ..args })
    }
}

/// `date_part`, which answers a float, and `extract`, which answers an exact number; both with the fractions of seconds,
/// which DataFusion cuts off.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DatePart {
    name: &'static str,
    inner: Arc<ScalarUDF>,
}

/// What of a moment, a day or an interval is counted in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    /// Since the last whole minute, in units of so many places less than a second has in microseconds.
    OfMinute(i8),
    /// Since 1970.
    Epoch,
}

impl Counted {
    fn of(part: &str) -> Option<Self> {
        match part.to_lowercase().as_str() {
            "second" | "seconds" | "sec" | "secs" | "s" => Some(Self::OfMinute(6)),
            "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" => Some(Self::OfMinute(3)),
            "microsecond" | "microseconds" | "us" | "usec" | "usecs" => Some(Self::OfMinute(0)),
            "epoch" => Some(Self::Epoch),
            _ => None,
        }
    }

    /// The places that its microseconds become.
    const fn places(self) -> i8 {
        match self {
            Self::OfMinute(places) => places,
            Self::Epoch => 6,
        }
    }

    const fn of_moment(self, micros: i64) -> i64 {
        match self {
            Self::OfMinute(_) => micros.rem_euclid(MINUTE_MICROS),
            Self::Epoch => micros,
        }
    }

    /// A year has 365.25 days here, a month thirty.
    fn of_interval(self, interval: IntervalMonthDayNano) -> i64 {
        let micros = interval.nanoseconds / 1_000;
        let days = i64::from(interval.months / 12) * 1_461 * 6 + i64::from(interval.months % 12) * 720 + i64::from(interval.days) * 24;
        match self {
            Self::OfMinute(_) => micros % MINUTE_MICROS,
            Self::Epoch => days * 60 * MINUTE_MICROS + micros,
        }
    }
}

const MINUTE_MICROS: i64 = 60_000_000;

impl DatePart {
    fn told(&self, places: i8) -> DataType {
        if self.name == EXTRACT { DataType::Decimal128(20, places) } else { DataType::Float64 }
    }

    /// Parts as whole numbers in units of the last of some places.
    fn parts(&self, part: Option<Counted>, args: ScalarFunctionArgs) -> Result<(Int64Array, i8)> {
        let rows = args.number_rows;
        let Some(counted) = part else {
            let args = ScalarFunctionArgs { return_field: Arc::new(Field::new(self.name, DataType::Int32, true)), ..args };
            let whole = self.inner.invoke_with_args(args)?.to_array(rows)?;
            return Ok((cast(&whole, &DataType::Int64)?.as_primitive().clone(), 0));
        };
        let of = args.args[1].to_array(rows)?;
        let micros = if let DataType::Interval(_) | DataType::Duration(_) = of.data_type() {
            let intervals = cast(&of, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            intervals.as_primitive::<IntervalMonthDayNanoType>().iter().map(|interval| interval.map(|interval| counted.of_interval(interval))).collect()
        } else {
            let moments = cast(&of, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
            moments.as_primitive::<TimestampMicrosecondType>().iter().map(|micros| micros.map(|micros| counted.of_moment(micros))).collect()
        };
        Ok((micros, counted.places()))
    }
}

impl ScalarUDFImpl for DatePart {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }
    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let part = args.scalar_arguments.first().and_then(|part| part.and_then(|part| part.try_as_str().flatten()));
        let Some(part) = part else { return plan_err!("{} wants its part written out and does not support another", self.name) };
        Ok(Arc::new(Field::new(self.name, self.told(Counted::of(part).map_or(0, Counted::places)), true)))
    }
    // A double has fifteen digits, and a moment's microseconds no more before the year 5000.
    #[allow(clippy::cast_precision_loss)]
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let part = match args.args.first() {
            Some(ColumnarValue::Scalar(part)) => part.try_as_str().flatten().and_then(Counted::of),
            _ => None,
        };
        let (parts, places) = self.parts(part, args)?;
        if self.name == EXTRACT {
            let exact = parts.unary::<_, Decimal128Type>(i128::from).with_precision_and_scale(20, places)?;
            return Ok(ColumnarValue::Array(Arc::new(exact)));
        }
        let one = 10_f64.powi(i32::from(places));
        Ok(ColumnarValue::Array(Arc::new(parts.unary::<_, Float64Type>(|part| part as f64 / one))))
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

/// `to_char(value, pattern)`, PostgreSQL 15 section 9.8: of moments, numbers and intervals.
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
            Some(DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Interval(_) | DataType::Null) => Ok(DataType::Utf8),
            Some(kind) if kind.is_integer() || kind.is_floating() || matches!(kind, DataType::Decimal128(_, 0..)) => Ok(DataType::Utf8),
            _ => plan_err!("function to_char does not support this type; cast it to a timestamp or to numeric"),
        }
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [values, patterns] = &args.args[..] else { return exec_err!("to_char takes a value and a pattern") };
        let (values, patterns) = (values.to_array(args.number_rows)?, cast(&patterns.to_array(args.number_rows)?, &DataType::Utf8)?);
        let patterns = patterns.as_string::<i32>();
        let texts: StringArray = match values.data_type() {
            DataType::Interval(_) => {
                let values = cast(&values, &DataType::Interval(IntervalUnit::MonthDayNano))?;
                each(values.as_primitive::<IntervalMonthDayNanoType>(), patterns, patterns::interval)?
            }
            kind if kind.is_floating() => {
                let floats = cast(&values, &DataType::Float64)?;
                each(floats.as_primitive::<Float64Type>(), patterns, |value, pattern| patterns::number(numbers::float_to_places(value, patterns::places(pattern)?)?, pattern))?
            }
            kind if kind.is_numeric() => {
                let (exact, from) = numbers::exact(&values)?;
                each(exact.as_primitive::<Decimal128Type>(), patterns, |value, pattern| patterns::number(numbers::to_places(value, from, patterns::places(pattern)?)?, pattern))?
            }
            _ => {
                let moments = cast(&values, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                each(moments.as_primitive::<TimestampMicrosecondType>(), patterns, formatted)?
            }
        };
        Ok(ColumnarValue::Array(Arc::new(texts)))
    }
}

/// Values written each by its pattern.
fn each<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>, patterns: &StringArray, written: impl Fn(T::Native, &str) -> Result<String>) -> Result<StringArray> {
    let rows = values.iter().zip(patterns.iter()).map(|row| match row {
        (Some(value), Some(pattern)) => written(value, pattern).map(Some),
        _ => Ok(None),
    });
    rows.collect()
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
