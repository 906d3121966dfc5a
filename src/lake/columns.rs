//! Columns as Arrow: a field's kind is an Arrow type and a word of SQL, and contents of one column are
//! one array. Lists and objects stay lists and structs, which DuckDB unnests and pandas shows as
//! they are; as JSON text every query would have to parse them and their decimals would be lost.
//! Ids are their texts, which is what people, URLs and the journal say. A time of day is a text, since
//! a shift may end at 24:00 and no Arrow time can.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, TimeUnit};

use crate::base::Value;
use crate::base::decimal::{DIGITS, PLACES};
use crate::model::{FieldSpec, Kind};

const SCALE: i8 = PLACES as i8;
/// The name that Parquet gives an item of a list.
const ITEM: &str = "element";

/// The Arrow field of a column.
pub(super) fn field(spec: &FieldSpec) -> Field {
    Field::new(spec.name, data_type(&spec.kind), spec.nullable)
}

fn fields(specs: &[FieldSpec]) -> Fields {
    specs.iter().map(field).collect()
}

fn item(kind: &Kind) -> Arc<Field> {
    Arc::new(Field::new(ITEM, data_type(kind), false))
}

fn data_type(kind: &Kind) -> DataType {
    match kind {
        Kind::Bool => DataType::Boolean,
        Kind::Int => DataType::Int64,
        Kind::Dec => DataType::Decimal128(DIGITS, SCALE),
        Kind::Line(_) | Kind::Note(_) | Kind::Word(_) | Kind::Ref(_) | Kind::Clock => DataType::Utf8,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Date => DataType::Date32,
        Kind::List(kind) => DataType::List(item(kind)),
        Kind::Object(specs) => DataType::Struct(fields(specs)),
    }
}

/// The type as SQL spells it; what DuckDB's DESCRIBE says of the files.
pub(super) fn sql_type(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "BOOLEAN".to_owned(),
        Kind::Int => "BIGINT".to_owned(),
        Kind::Dec => format!("DECIMAL({DIGITS},{PLACES})"),
        Kind::Line(_) | Kind::Note(_) | Kind::Word(_) | Kind::Ref(_) | Kind::Clock => "VARCHAR".to_owned(),
        Kind::Time => "TIMESTAMP WITH TIME ZONE".to_owned(),
        Kind::Date => "DATE".to_owned(),
        Kind::List(kind) => format!("{}[]", sql_type(kind)),
        Kind::Object(specs) => {
            let fields: Vec<String> = specs.iter().map(|spec| format!("{} {}", spec.name, sql_type(&spec.kind))).collect();
            format!("STRUCT({})", fields.join(", "))
        }
    }
}

/// Contents of one column as an array; a content of another kind is a fault of the caller.
pub(super) fn array(kind: &Kind, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        Kind::Bool => Arc::new(BooleanArray::from(pick(values, |value| if let Value::Bool(it) = value { Some(*it) } else { None })?)),
        Kind::Int => Arc::new(Int64Array::from(pick(values, |value| if let Value::Int(it) = value { Some(*it) } else { None })?)),
        Kind::Dec => {
            let numbers = pick(values, |value| if let Value::Dec(it) = value { Some(i128::from(it.scaled())) } else { None })?;
            Arc::new(Decimal128Array::from(numbers).with_precision_and_scale(DIGITS, SCALE)?)
        }
        Kind::Line(_) | Kind::Note(_) | Kind::Word(_) | Kind::Ref(_) | Kind::Clock => Arc::new(StringArray::from_iter(pick(values, text)?)),
        Kind::Time => {
            let times = pick(values, |value| if let Value::Time(it) = value { Some(it.micros()) } else { None })?;
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
        }
        Kind::Date => Arc::new(Date32Array::from(pick(values, |value| if let Value::Date(it) = value { Some(it.days()) } else { None })?)),
        Kind::List(kind) => list(kind, values)?,
        Kind::Object(specs) => object(specs, values)?,
    })
}

fn pick<'v, T>(values: &[&'v Value], take: impl Fn(&'v Value) -> Option<T>) -> Result<Vec<Option<T>>, ArrowError> {
    let other = |value: &Value| ArrowError::InvalidArgumentError(format!("{value:?} is of another kind than its column"));
    values.iter().map(|value| if value.is_null() { Ok(None) } else { take(value).map(Some).ok_or_else(|| other(value)) }).collect()
}

fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Key(..) | Value::Clock(_) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}

fn list(kind: &Kind, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    let lists = pick(values, |value| if let Value::List(items) = value { Some(items.as_slice()) } else { None })?;
    let offsets = OffsetBuffer::from_lengths(lists.iter().map(|items| items.map_or(0, <[Value]>::len)));
    let items: Vec<&Value> = lists.iter().flatten().copied().flatten().collect();
    Ok(Arc::new(ListArray::try_new(item(kind), offsets, array(kind, &items)?, present(values))?))
}

fn object(specs: &[FieldSpec], values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    let objects = pick(values, |value| if let Value::Object(fields) = value { Some(fields.as_slice()) } else { None })?;
    let column = |(at, spec): (usize, &FieldSpec)| {
        let own: Vec<&Value> = objects.iter().map(|fields| fields.and_then(|fields| fields.get(at)).map_or(&Value::Null, |(_, value)| value)).collect();
        array(&spec.kind, &own)
    };
    let columns = specs.iter().enumerate().map(column).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(StructArray::try_new(fields(specs), columns, present(values))?))
}

fn present(values: &[&Value]) -> Option<NullBuffer> {
    values.iter().any(|value| value.is_null()).then(|| NullBuffer::from_iter(values.iter().map(|value| !value.is_null())))
}

#[cfg(test)]
mod tests {
    use arrow_array::Array as _;
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};

    use super::*;
    use crate::base::{ClockTime, Date, Decimal, Time};
    use crate::model::Noun;
    use crate::model::field::{Access, Mark};

    const STEP: &[FieldSpec] = &[spec("name", Kind::Line(10), false), spec("hours", Kind::Dec, true)];

    const fn spec(name: &'static str, kind: Kind, nullable: bool) -> FieldSpec {
        FieldSpec { name, doc: "", kind, nullable, has_default: false, access: Access::Made, mark: Mark::Plain }
    }

    fn made(kind: Kind, values: &[Value]) -> ArrayRef {
        let made = array(&kind, &values.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(*made.data_type(), data_type(&kind), "{kind:?}");
        assert_eq!(made.len(), values.len());
        made
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn texts(array: &ArrayRef) -> Vec<Option<&str>> {
        array.as_string::<i32>().iter().collect()
    }

    #[test]
    fn yes_and_no_and_whole_numbers_keep_their_gaps() {
        let flags = made(Kind::Bool, &[Value::Bool(true), Value::Null, Value::Bool(false)]);
        assert_eq!(flags.as_boolean().iter().collect::<Vec<_>>(), [Some(true), None, Some(false)]);
        let numbers = made(Kind::Int, &[Value::Int(i64::MIN), Value::Null, Value::Int(7)]);
        assert_eq!(numbers.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(i64::MIN), None, Some(7)]);
    }

    #[test]
    fn a_decimal_keeps_its_four_places_up_to_the_largest() {
        let largest: Decimal = "99999999999.9999".parse().unwrap();
        let numbers = made(Kind::Dec, &[Value::Dec(largest), Value::Dec(largest.negated()), Value::Null]);
        let numbers = numbers.as_primitive::<Decimal128Type>();
        numbers.validate_decimal_precision(DIGITS).unwrap();
        assert_eq!((numbers.value_as_string(0), numbers.value_as_string(1)), (largest.to_string(), largest.negated().to_string()));
        assert!(numbers.is_null(2));
    }

    #[test]
    fn lines_notes_words_ids_and_times_of_day_are_texts() {
        assert_eq!(texts(&made(Kind::Line(9), &[text("äß"), Value::Null])), [Some("äß"), None]);
        assert_eq!(texts(&made(Kind::Note(9), &[text("one\ntwo")])), [Some("one\ntwo")]);
        assert_eq!(texts(&made(Kind::Word(&["a", "b"]), &[text("b")])), [Some("b")]);
        assert_eq!(texts(&made(Kind::Ref(Noun::Lot), &[Value::Key("LOT", 42), Value::Null])), [Some("LOT-000042"), None]);
        let end = ClockTime::from_minutes(1_440).unwrap();
        assert_eq!(texts(&made(Kind::Clock, &[Value::Clock(end)])), [Some("24:00")]);
    }

    #[test]
    fn moments_are_utc_microseconds_and_days_are_days() {
        let times = made(Kind::Time, &[Value::Time(Time::from_micros(-1)), Value::Null]);
        assert_eq!(times.as_primitive::<TimestampMicrosecondType>().iter().collect::<Vec<_>>(), [Some(-1), None]);
        let days = made(Kind::Date, &[Value::Date(Date::from_days(20_500)), Value::Null]);
        assert_eq!(days.as_primitive::<Date32Type>().iter().collect::<Vec<_>>(), [Some(20_500), None]);
    }

    #[test]
    fn a_list_tells_empty_from_absent() {
        let lists = made(Kind::List(&Kind::Int), &[Value::List(vec![Value::Int(1), Value::Int(2)]), Value::Null, Value::List(Vec::new())]);
        let lists = lists.as_list::<i32>();
        assert_eq!((lists.value_length(0), lists.is_null(1), lists.value_length(2), lists.is_null(2)), (2, true, 0, false));
        assert_eq!(lists.value(0).as_primitive::<Int64Type>().values()[..], [1, 2]);
    }

    #[test]
    fn an_object_is_a_struct_also_within_a_list() {
        let step = |name: &str, hours: Value| Value::Object(vec![("name", text(name)), ("hours", hours)]);
        let objects = made(Kind::Object(STEP), &[step("cut", Value::Dec(Decimal::ONE)), Value::Null, step("weld", Value::Null)]);
        let objects = objects.as_struct();
        assert_eq!((objects.column(0).as_string::<i32>().value(2), objects.is_null(1), objects.column(1).is_null(2)), ("weld", true, true));
        let lists = made(Kind::List(&Kind::Object(STEP)), &[Value::List(Vec::new()), Value::List(vec![step("cut", Value::Null)])]);
        assert_eq!(lists.as_list::<i32>().value(1).as_struct().column(0).as_string::<i32>().value(0), "cut");
        assert_eq!(sql_type(&Kind::List(&Kind::Object(STEP))), "STRUCT(name VARCHAR, hours DECIMAL(15,4))[]");
    }

    #[test]
    fn a_content_of_another_kind_is_refused() {
        for kind in [Kind::Bool, Kind::Int, Kind::Dec, Kind::Line(9), Kind::Time, Kind::Date, Kind::Clock, Kind::List(&Kind::Int), Kind::Object(STEP)] {
            assert!(array(&kind, &[&Value::Key("LOT", 1), &Value::Bool(true), &Value::Int(1)]).is_err(), "{kind:?}");
        }
    }
}
