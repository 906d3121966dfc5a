//! The Sparkplug B payload (protobuf, package org.eclipse.tahu.protobuf): of it what a host needs.
//! Read by hand, since the schema is fixed and small; deliberately without templates, data sets,
//! lists and files, of which only their kind is told.

use crate::base::{Time, limits};
use crate::model::telemetry::{Measure, Reading};

/// The metric by which an edge node is asked to tell everything again.
pub(super) const REBIRTH: &str = "Node Control/Rebirth";

/// A payload.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Payload {
    pub(super) at: Option<Time>,
    pub(super) seq: Option<u64>,
    pub(super) metrics: Vec<Metric>,
}

/// A metric as one payload tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Metric {
    pub(super) name: Option<String>,
    pub(super) alias: Option<u64>,
    pub(super) at: Option<Time>,
    pub(super) kind: Option<Kind>,
    pub(super) historical: bool,
    pub(super) null: bool,
    pub(super) unit: Option<String>,
    pub(super) value: Option<Value>,
}

/// A value as it is carried; what it means follows from the kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Float(f64),
    Truth(bool),
    Text(String),
    /// Bytes, a data set, a template.
    Other,
}

/// A data type, by its number in the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) u32);

/// Why bytes are no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error("the payload ends in the middle")]
    Short,
    #[error("the payload is no protobuf")]
    Malformed,
    #[error("a name or a text in the payload is no UTF-8")]
    NotText,
    #[error("the payload has more than {max} metrics", max = limits::MQTT_MEMBERS_MAX)]
    TooMany,
}

/// A field's content on the wire.
enum Wire<'w> {
    Varint(u64),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
    Bytes(&'w [u8]),
}

struct Reader<'w>(&'w [u8]);

impl<'w> Reader<'w> {
    /// The next field, by its number.
    fn field(&mut self) -> Result<Option<(u64, Wire<'w>)>, Broken> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let wire = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.fixed()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Broken::Short)?;
                Wire::Bytes(self.bytes(length)?)
            }
            5 => Wire::Fixed32(self.fixed()?),
            _ => return Err(Broken::Malformed),
        };
        Ok(Some((key >> 3, wire)))
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first().ok_or(Broken::Short)?;
            self.0 = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Broken::Malformed)
    }

    fn bytes(&mut self, length: usize) -> Result<&'w [u8], Broken> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Broken::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Broken::Short)?;
        self.0 = rest;
        Ok(*bytes)
    }
}

impl Wire<'_> {
    const fn whole(&self) -> Option<u64> {
        if let Self::Varint(value) = self { Some(*value) } else { None }
    }

    fn truth(&self) -> bool {
        self.whole().is_some_and(|value| value != 0)
    }

    fn text(&self) -> Result<String, Broken> {
        let Self::Bytes(bytes) = self else { return Err(Broken::Malformed) };
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Broken::NotText)
    }

    fn message(&self) -> Result<Reader<'_>, Broken> {
        if let Self::Bytes(bytes) = self { Ok(Reader(bytes)) } else { Err(Broken::Malformed) }
    }
}

impl Payload {
    /// Reads a payload.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let (mut reader, mut payload) = (Reader(bytes), Self::default());
        while let Some((number, wire)) = reader.field()? {
            match number {
                1 => payload.at = moment(wire.whole()),
                2 if payload.metrics.len() == limits::MQTT_MEMBERS_MAX => return Err(Broken::TooMany),
                2 => payload.metrics.push(Metric::read(wire.message()?)?),
                3 => payload.seq = wire.whole(),
                _ => {}
            }
        }
        Ok(payload)
    }

    /// The number that pairs a birth with its death.
    pub(super) fn bd_seq(&self) -> Option<u64> {
        let metric = self.metrics.iter().find(|metric| metric.name.as_deref() == Some("bdSeq"))?;
        if let Some(Value::Whole(number)) = metric.value { Some(number) } else { None }
    }

    /// The command that makes an edge node tell everything again.
    pub(super) fn rebirth(wall: Time) -> Vec<u8> {
        let metric = Metric { name: Some(REBIRTH.to_owned()), at: Some(wall), kind: Some(Kind::BOOLEAN), value: Some(Value::Truth(true)), ..Metric::default() };
        Self { at: Some(wall), seq: None, metrics: vec![metric] }.write()
    }
}

impl Payload {
    /// Writes a payload, as edge nodes do.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.at.iter().for_each(|at| put_varint(&mut bytes, 1, millis(*at)));
        self.metrics.iter().for_each(|metric| put_bytes(&mut bytes, 2, &metric.write()));
        self.seq.iter().for_each(|seq| put_varint(&mut bytes, 3, *seq));
        bytes
    }
}

impl Metric {
    fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.name.iter().for_each(|name| put_bytes(&mut bytes, 1, name.as_bytes()));
        self.alias.iter().for_each(|alias| put_varint(&mut bytes, 2, *alias));
        self.at.iter().for_each(|at| put_varint(&mut bytes, 3, millis(*at)));
        self.kind.iter().for_each(|kind| put_varint(&mut bytes, 4, u64::from(kind.0)));
        if self.null {
            put_varint(&mut bytes, 7, 1);
        }
        self.unit.iter().for_each(|unit| put_bytes(&mut bytes, 9, &with_unit(unit)));
        match &self.value {
            Some(Value::Whole(whole)) => put_varint(&mut bytes, 11, *whole),
            Some(Value::Float(number)) => put_double(&mut bytes, 13, *number),
            Some(Value::Truth(truth)) => put_varint(&mut bytes, 14, u64::from(*truth)),
            Some(Value::Text(text)) => put_bytes(&mut bytes, 15, text.as_bytes()),
            Some(Value::Other) | None => {}
        }
        bytes
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, Broken> {
        let mut metric = Self::default();
        while let Some((number, wire)) = reader.field()? {
            match number {
                1 => metric.name = Some(wire.text()?),
                2 => metric.alias = wire.whole(),
                3 => metric.at = moment(wire.whole()),
                4 => metric.kind = wire.whole().and_then(|kind| u32::try_from(kind).ok()).map(Kind),
                5 => metric.historical = wire.truth(),
                7 => metric.null = wire.truth(),
                9 => metric.unit = unit(wire.message()?)?,
                10..=19 => metric.value = Some(Value::read(number, &wire)?),
                _ => {}
            }
        }
        Ok(metric)
    }

    /// The reading, by the kind that its birth named; `None` where such values are not kept.
    pub(super) fn reading(&self, kind: Kind) -> Option<Reading> {
        let Some(value) = self.value.as_ref().filter(|_| !self.null) else { return kind.measure().map(|_| Reading::Unavailable) };
        Some(match (kind.measure()?, value) {
            (Measure::Number, Value::Whole(whole)) => Reading::Number(kind.number(*whole)),
            (Measure::Number, Value::Float(float)) if float.is_finite() => Reading::Number(*float),
            // Not a number: the machine has none.
            (Measure::Number, Value::Float(_)) => Reading::Unavailable,
            (Measure::Number, Value::Truth(truth)) => Reading::Number(f64::from(u8::from(*truth))),
            (Measure::Text, Value::Text(text)) if text.len() <= limits::READING_TEXT_MAX => Reading::Text(text.as_str().into()),
            (Measure::Text, Value::Whole(millis)) if kind == Kind::DATE_TIME => Reading::Text(moment(Some(*millis))?.to_string().into()),
            _ => return None,
        })
    }
}

impl Value {
    fn read(number: u64, wire: &Wire<'_>) -> Result<Self, Broken> {
        Ok(match (number, wire) {
            (10 | 11, Wire::Varint(whole)) => Self::Whole(*whole),
            (12, Wire::Fixed32(bytes)) => Self::Float(f64::from(f32::from_le_bytes(*bytes))),
            (13, Wire::Fixed64(bytes)) => Self::Float(f64::from_le_bytes(*bytes)),
            (14, Wire::Varint(truth)) => Self::Truth(*truth != 0),
            (15, wire) => Self::Text(wire.text()?),
            (16..=19, Wire::Bytes(_)) => Self::Other,
            _ => return Err(Broken::Malformed),
        })
    }
}

impl Kind {
    pub(super) const INT64: Self = Self(4);
    pub(super) const DOUBLE: Self = Self(10);
    pub(super) const BOOLEAN: Self = Self(11);
    pub(super) const TEXT: Self = Self(12);
    const DATE_TIME: Self = Self(13);

    /// What a series of this kind holds; `None` where values are not kept. Moments are kept as texts.
    pub(super) const fn measure(self) -> Option<Measure> {
        match self.0 {
            1..=11 => Some(Measure::Number),
            12..=15 => Some(Measure::Text),
            _ => None,
        }
    }

    /// Negative numbers are carried in unsigned fields, some with more bits set than they have.
    fn number(self, whole: u64) -> f64 {
        let bytes = whole.to_le_bytes();
        match self.0 {
            1 => f64::from(i8::from_le_bytes([bytes[0]])),
            2 => f64::from(i16::from_le_bytes([bytes[0], bytes[1]])),
            3 => f64::from(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
            4 => i64::from_le_bytes(bytes) as f64,
            11 => f64::from(u8::from(whole != 0)),
            _ => whole as f64,
        }
    }
}

/// Of a metric's properties the one that several makers call `engUnit`.
fn unit(mut reader: Reader<'_>) -> Result<Option<String>, Broken> {
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    while let Some((number, wire)) = reader.field()? {
        match number {
            1 => keys.push(wire.text()?),
            2 => values.push(property_text(wire.message()?)?),
            _ => {}
        }
    }
    let unit = keys.iter().position(|key| key.eq_ignore_ascii_case("engUnit")).and_then(|at| values.into_iter().nth(at));
    Ok(unit.flatten().filter(|unit| !unit.trim().is_empty()))
}

fn property_text(mut reader: Reader<'_>) -> Result<Option<String>, Broken> {
    let mut text = None;
    while let Some((number, wire)) = reader.field()? {
        if number == 8 {
            text = Some(wire.text()?);
        }
    }
    Ok(text)
}

/// Milliseconds since 1970; a time that no plant can mean is none.
fn moment(millis: Option<u64>) -> Option<Time> {
    let micros = i64::try_from(millis?).ok()?.checked_mul(1_000)?;
    Time::from_micros(micros).checked().ok()
}

fn millis(at: Time) -> u64 {
    u64::try_from(at.micros() / 1_000).unwrap_or_default()
}

/// Properties that say nothing but the unit.
fn with_unit(unit: &str) -> Vec<u8> {
    let (mut value, mut set) = (Vec::new(), Vec::new());
    put_varint(&mut value, 1, u64::from(Kind::TEXT.0));
    put_bytes(&mut value, 8, unit.as_bytes());
    put_bytes(&mut set, 1, b"engUnit");
    put_bytes(&mut set, 2, &value);
    set
}

fn put_double(into: &mut Vec<u8>, number: u64, value: f64) {
    varint(into, number << 3 | 1);
    into.extend_from_slice(&value.to_le_bytes());
}

fn put_varint(into: &mut Vec<u8>, number: u64, value: u64) {
    varint(into, number << 3);
    varint(into, value);
}

fn put_bytes(into: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    varint(into, number << 3 | 2);
    varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

fn varint(into: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        into.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Payloads for tests.
#[cfg(test)]
pub(super) mod written {
    use super::*;

    /// A payload of metrics that are written already.
    pub(crate) fn payload(millis: u64, seq: Option<u64>, metrics: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, 1, millis);
        metrics.iter().for_each(|metric| put_bytes(&mut bytes, 2, metric));
        if let Some(seq) = seq {
            put_varint(&mut bytes, 3, seq);
        }
        bytes
    }

    /// A metric: what it is called, what it is, and its whole number.
    pub(crate) fn whole(name: Option<&str>, alias: Option<u64>, kind: Option<u32>, millis: Option<u64>, value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        name.into_iter().for_each(|name| put_bytes(&mut bytes, 1, name.as_bytes()));
        alias.into_iter().for_each(|alias| put_varint(&mut bytes, 2, alias));
        millis.into_iter().for_each(|millis| put_varint(&mut bytes, 3, millis));
        kind.into_iter().for_each(|kind| put_varint(&mut bytes, 4, u64::from(kind)));
        put_varint(&mut bytes, 11, value);
        bytes
    }

    /// The mark of what was stored while nobody listened.
    pub(crate) fn historical(mut metric: Vec<u8>) -> Vec<u8> {
        put_varint(&mut metric, 5, 1);
        metric
    }

    /// The mark of a value that is not there.
    pub(crate) fn null(mut metric: Vec<u8>) -> Vec<u8> {
        put_varint(&mut metric, 7, 1);
        metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reading(kind: u32, whole: u64) -> Option<Reading> {
        Metric { value: Some(Value::Whole(whole)), ..Metric::default() }.reading(Kind(kind))
    }

    #[test]
    fn negative_numbers_come_out_of_unsigned_fields() {
        assert_eq!(reading(1, 0xff), Some(Reading::Number(-1.0)));
        assert_eq!(reading(1, 0xffff_ffff), Some(Reading::Number(-1.0)));
        assert_eq!(reading(2, 0xfffe), Some(Reading::Number(-2.0)));
        assert_eq!(reading(3, 0xffff_fffd), Some(Reading::Number(-3.0)));
        assert_eq!(reading(4, u64::MAX), Some(Reading::Number(-1.0)));
        assert_eq!(reading(7, 0xffff_ffff), Some(Reading::Number(4_294_967_295.0)));
        assert_eq!(reading(13, 1_774_850_400_000), Some(Reading::Text("2026-03-30T06:00:00Z".into())));
        assert_eq!(reading(16, 1), None, "a data set is no reading");
        assert_eq!(Metric { value: Some(Value::Float(f64::NAN)), ..Metric::default() }.reading(Kind(10)), Some(Reading::Unavailable));
    }

    #[test]
    fn a_payload_is_read_as_it_was_written() {
        let metric = written::null(written::whole(Some("temperature"), Some(7), Some(3), Some(1_774_850_400_123), 5));
        let payload = Payload::read(&written::payload(1_774_850_400_000, Some(255), &[metric])).unwrap();
        assert_eq!((payload.seq, payload.at.unwrap().to_string().as_str()), (Some(255), "2026-03-30T06:00:00Z"));
        let read = &payload.metrics[0];
        assert_eq!((read.name.as_deref(), read.alias, read.kind, read.null, read.historical), (Some("temperature"), Some(7), Some(Kind(3)), true, false));
        assert_eq!(read.reading(Kind(3)), Some(Reading::Unavailable));
        let rebirth = Payload::read(&Payload::rebirth(payload.at.unwrap())).unwrap();
        assert_eq!((rebirth.metrics[0].name.as_deref(), &rebirth.metrics[0].value), (Some("Node Control/Rebirth"), &Some(Value::Truth(true))));
    }

    #[test]
    fn a_unit_is_found_among_the_properties() {
        let mut metric = Vec::new();
        put_bytes(&mut metric, 9, &with_unit("Cel"));
        let payload = Payload::read(&written::payload(0, None, &[metric])).unwrap();
        assert_eq!((payload.metrics[0].unit.as_deref(), payload.at), (Some("Cel"), None));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let at = Some("2026-03-30T06:00:00.123Z".parse().unwrap());
        let metric = |name: &str, kind, value| Metric { name: Some(name.to_owned()), alias: Some(300), at, kind: Some(kind), value: Some(value), ..Metric::default() };
        let metrics = vec![
            Metric { unit: Some("kW".to_owned()), ..metric("power", Kind::DOUBLE, Value::Float(-3.25)) },
            metric("state", Kind::TEXT, Value::Text("ACTIVE".to_owned())),
            metric("bdSeq", Kind::INT64, Value::Whole(7)),
            Metric { null: true, value: None, ..metric("alarm", Kind::TEXT, Value::Other) },
        ];
        let payload = Payload { at, seq: Some(200), metrics };
        assert_eq!(Payload::read(&payload.write()), Ok(payload));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        assert_eq!(Payload::read(&[0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(Broken::Short));
        assert_eq!(Payload::read(&[0x80; 20]), Err(Broken::Malformed));
        assert_eq!(Payload::read(&[0x0b]), Err(Broken::Malformed), "a group");
        assert_eq!(Payload::read(&[0x12, 0x03, 0x0a, 0x01, 0xff]), Err(Broken::NotText));
        assert_eq!(Payload::read(&[0x12, 0x00].repeat(limits::MQTT_MEMBERS_MAX + 1)), Err(Broken::TooMany));
    }

    proptest! {
        #[test]
        fn no_bytes_harm_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(payload) = Payload::read(&bytes) {
                for metric in &payload.metrics {
                    for kind in 0..40 {
                        _ = metric.reading(Kind(kind));
                    }
                }
            }
        }
    }
}
