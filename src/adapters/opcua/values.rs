//! Values as servers send them, as readings. Deliberately without structures, pictures and dates:
//! what is no number and no word is no reading, and says so.

use std::collections::BTreeMap;

use async_opcua::types::{Array, DataValue, DateTime, EUInformation, EnumValueType, UAString, Variant};

use super::settings::Measured;
use crate::base::{Time, limits};
use crate::model::telemetry::Reading;

/// The names of an enumeration's numbers.
pub(super) type Names = BTreeMap<i64, Box<str>>;

/// What a value is.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    One(Reading),
    /// Numbers, each a metric of its own.
    List(Vec<Reading>),
}

/// Reads a value.
pub(super) fn read(value: &Variant, names: Option<&Names>, measured: Option<Measured>) -> Result<Told, String> {
    if let Variant::Array(list) = value {
        return self::list(list).map(Told::List);
    }
    let reading = match (scalar(value)?, names.filter(|_| measured != Some(Measured::Number))) {
        (Reading::Number(number), Some(names)) => names.get(&(number as i64)).map_or_else(|| Reading::Text(number.to_string().into()), |name| Reading::Text(name.clone())),
        (reading, _) => reading,
    };
    as_wanted(reading, measured).map(Told::One)
}

fn scalar(value: &Variant) -> Result<Reading, String> {
    if let Some(number) = number(value) {
        // A control says so that it has no number just now.
        return Ok(if number.is_finite() { Reading::Number(number) } else { Reading::Unavailable });
    }
    match value {
        Variant::Empty => Ok(Reading::Unavailable),
        Variant::String(text) => words(text),
        Variant::LocalizedText(text) => words(&text.text),
        Variant::NodeId(node) => Ok(Reading::Text(node.to_string().into())),
        Variant::ExpandedNodeId(node) => Ok(Reading::Text(node.node_id.to_string().into())),
        Variant::Variant(inner) if !matches!(**inner, Variant::Variant(_)) => scalar(inner),
        other => Err(format!("a value of type {} is no number and no text", other.scalar_type_id().map_or_else(|| "nothing".to_owned(), |kind| kind.to_string()))),
    }
}

fn number(value: &Variant) -> Option<f64> {
    Some(match value {
        Variant::Boolean(truth) => f64::from(u8::from(*truth)),
        Variant::SByte(it) => f64::from(*it),
        Variant::Byte(it) => f64::from(*it),
        Variant::Int16(it) => f64::from(*it),
        Variant::UInt16(it) => f64::from(*it),
        Variant::Int32(it) => f64::from(*it),
        Variant::UInt32(it) => f64::from(*it),
        Variant::Int64(it) => *it as f64,
        Variant::UInt64(it) => *it as f64,
        Variant::Float(it) => f64::from(*it),
        Variant::Double(it) => *it,
        _ => return None,
    })
}

fn words(text: &UAString) -> Result<Reading, String> {
    match text.value() {
        None => Ok(Reading::Unavailable),
        Some(text) if text.len() > limits::READING_TEXT_MAX => Err(format!("a text of {} bytes; at most {} are kept", text.len(), limits::READING_TEXT_MAX)),
        Some(text) => Ok(Reading::Text(text.as_str().into())),
    }
}

fn list(list: &Array) -> Result<Vec<Reading>, String> {
    if list.values.len() > limits::OPCUA_LIST_MAX || list.dimensions.as_ref().is_some_and(|all| all.len() > 1) {
        return Err(format!("a list of {} values; at most {} numbers in a row are kept", list.values.len(), limits::OPCUA_LIST_MAX));
    }
    let one = |value| number(value).map(|it| if it.is_finite() { Reading::Number(it) } else { Reading::Unavailable });
    list.values.iter().map(|value| one(value).ok_or_else(|| "a list of something else than numbers".to_owned())).collect()
}

fn as_wanted(reading: Reading, measured: Option<Measured>) -> Result<Reading, String> {
    match (reading, measured) {
        (Reading::Text(text), Some(Measured::Number)) => {
            let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
            number.map(Reading::Number).ok_or_else(|| format!("`{}` is no number, as which the settings want it", text.chars().take(40).collect::<String>()))
        }
        (Reading::Number(number), Some(Measured::Text)) => Ok(Reading::Text(number.to_string().into())),
        (reading, _) => Ok(reading),
    }
}

/// When a value was measured, by the machine's clock or else by the server's.
pub(super) fn moment(value: &DataValue) -> Option<Time> {
    [&value.source_timestamp, &value.server_timestamp].into_iter().flatten().find_map(time)
}

/// Servers write the year 1601 where they know no time.
pub(super) fn time(at: &DateTime) -> Option<Time> {
    Time::from_micros(at.as_chrono().timestamp_micros()).checked().ok()
}

/// Whether the server's queue for a variable ran over before this value.
pub(super) fn overflowed(value: &DataValue) -> bool {
    // The bit counts only where the other bits say that they belong to a value (Part 4, 7.39).
    value.status().bits() & 0x0480 == 0x0480
}

/// The names of an enumeration, from the property `EnumStrings` or `EnumValues` of its type.
pub(super) fn names(property: &Variant) -> Option<Names> {
    let Variant::Array(list) = property else { return None };
    let name = |(at, value): (usize, &Variant)| match value {
        Variant::LocalizedText(text) => Some((i64::try_from(at).ok()?, text.text.value().as_deref()?.into())),
        Variant::ExtensionObject(object) => {
            let it = object.inner_as::<EnumValueType>()?;
            Some((it.value, it.display_name.text.value().as_deref()?.into()))
        }
        _ => None,
    };
    let names: Names = list.values.iter().enumerate().filter_map(name).collect();
    (!names.is_empty()).then_some(names)
}

/// The unit that a property `EngineeringUnits` tells.
pub(super) fn unit(property: &Variant) -> Option<String> {
    let Variant::ExtensionObject(object) = property else { return None };
    object.inner_as::<EUInformation>()?.display_name.text.value().clone().filter(|unit| !unit.is_empty())
}

#[cfg(test)]
mod tests {
    use async_opcua::types::{ExtensionObject, LocalizedText, NodeId, StatusCode, VariantScalarTypeId};

    use super::*;

    fn one(value: impl Into<Variant>) -> Result<Told, String> {
        read(&value.into(), None, None)
    }

    fn number(value: f64) -> Result<Told, String> {
        Ok(Told::One(Reading::Number(value)))
    }

    fn word(text: &str) -> Result<Told, String> {
        Ok(Told::One(Reading::Text(text.into())))
    }

    #[test]
    fn values_of_every_plain_type_are_read() {
        assert_eq!(one(true), number(1.0));
        assert_eq!(one(-7_i16), number(-7.0));
        assert_eq!(one(u64::from(u32::MAX)), number(4_294_967_295.0));
        assert_eq!(one(2.5_f32), number(2.5));
        assert_eq!(one("RUN"), word("RUN"));
        assert_eq!(one(LocalizedText::new("en", "LaserOn")), word("LaserOn"));
        assert_eq!(one(NodeId::new(2, "Off")), word("ns=2;s=Off"));
        assert_eq!(one(f64::NAN), Ok(Told::One(Reading::Unavailable)));
        assert_eq!(one(UAString::null()), Ok(Told::One(Reading::Unavailable)));
        assert_eq!(read(&Variant::Empty, None, None), Ok(Told::One(Reading::Unavailable)));
    }

    #[test]
    fn short_lists_of_numbers_are_read_and_nothing_else_is() {
        let list = |kind, values: Vec<Variant>| Variant::Array(Box::new(Array::new(kind, values).unwrap()));
        let doubles = |count: usize| list(VariantScalarTypeId::Double, vec![Variant::Double(1.5); count]);
        assert_eq!(read(&doubles(2), None, None), Ok(Told::List(vec![Reading::Number(1.5), Reading::Number(1.5)])));
        assert!(read(&doubles(limits::OPCUA_LIST_MAX + 1), None, None).unwrap_err().contains("at most 16"));
        assert!(read(&list(VariantScalarTypeId::String, vec![Variant::from("a")]), None, None).is_err());
        assert!(one(DateTime::now()).unwrap_err().contains("DateTime"));
        assert!(one(StatusCode::Good).is_err());
        assert!(one("x".repeat(limits::READING_TEXT_MAX + 1)).unwrap_err().contains("at most"));
    }

    #[test]
    fn a_number_of_an_enumeration_becomes_its_name() {
        let strings: Vec<Variant> = ["Undefined", "Ready", "Active"].map(|it| LocalizedText::new("", it).into()).into();
        let strings = names(&Variant::Array(Box::new(Array::new(VariantScalarTypeId::LocalizedText, strings).unwrap()))).unwrap();
        assert_eq!(read(&Variant::Int32(2), Some(&strings), None), word("Active"));
        assert_eq!(read(&Variant::Int32(9), Some(&strings), None), word("9"));
        assert_eq!(read(&Variant::Int32(2), Some(&strings), Some(Measured::Number)), number(2.0));
        let value = EnumValueType { value: 7, display_name: LocalizedText::new("", "Error"), ..EnumValueType::default() };
        let values = Variant::Array(Box::new(Array::new(VariantScalarTypeId::ExtensionObject, vec![ExtensionObject::new(value).into()]).unwrap()));
        assert_eq!(read(&Variant::Int32(7), names(&values).as_ref(), None), word("Error"));
    }

    #[test]
    fn settings_may_want_a_number_for_a_text_and_the_other_way_round() {
        assert_eq!(read(&Variant::from(" 4.5 "), None, Some(Measured::Number)), number(4.5));
        assert_eq!(read(&Variant::from(4), None, Some(Measured::Text)), word("4"));
        assert!(read(&Variant::from("open"), None, Some(Measured::Number)).is_err());
    }

    #[test]
    fn a_time_that_is_none_is_not_believed() {
        let at = DateTime::ymd_hms_nano(2026, 3, 30, 6, 0, 0, 123_456_000);
        assert_eq!(time(&at).map(Time::micros), Some(1_774_850_400_123_456));
        let value = DataValue { source_timestamp: Some(DateTime::null()), server_timestamp: Some(at), ..DataValue::null() };
        assert_eq!(moment(&value).map(Time::micros), Some(1_774_850_400_123_456));
        assert_eq!(moment(&DataValue::null()), None);
    }

    #[test]
    fn a_full_queue_is_seen_only_where_the_bits_are_of_a_value() {
        let with = |bits| DataValue { status: Some(StatusCode::from(bits)), ..DataValue::null() };
        assert!(overflowed(&with(0x0480)));
        assert!(!overflowed(&with(0x0080)));
        assert!(!overflowed(&with(0x0400)));
    }
}
