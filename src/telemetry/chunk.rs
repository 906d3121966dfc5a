//! An hour of a machine, sealed: per series a head that sums it up, then its times and values packed
//! small. Regular times cost nothing, numbers go through pco, texts as runs. Reading heads alone is
//! enough for figures by the hour.

use std::sync::Arc;

use pco::ChunkConfig;
use pco::standalone::{simple_compress, simple_decompress};

use super::bytes::{Reader, put, put_bytes, put_signed};
use super::column::{Column, Values};
use crate::model::telemetry::SeriesId;
use crate::store::StoreError;

const VERSION: u8 = 1;
/// Beyond this pco takes much longer for hardly less.
const LEVEL: usize = 8;
/// Fewer values than this are shorter as they are.
const PACKED_MIN: usize = 24;

const EVEN: u8 = 0;
const PACKED: u8 = 1;
const PLAIN: u8 = 2;
const CONSTANT: u8 = 3;
const RUNS: u8 = 4;

/// Where a series stands in a sealed hour.
#[derive(Clone, Copy, Debug)]
struct Place {
    series: SeriesId,
    count: usize,
    begin: usize,
    end: usize,
}

/// A sealed hour, its heads read.
pub(super) struct Chunk<'b> {
    base: i64,
    bodies: &'b [u8],
    places: Vec<Place>,
}

/// Seals columns, by series; `base` is the hour's beginning in microseconds.
pub(super) fn seal(base: i64, columns: &[(SeriesId, Column)]) -> Result<Vec<u8>, StoreError> {
    let (mut heads, mut bodies) = (vec![VERSION], Vec::new());
    put_signed(&mut heads, base);
    put(&mut heads, columns.len() as u64);
    let mut previous = 0;
    for (series, column) in columns {
        let begin = bodies.len();
        put_times(&mut bodies, base, &column.times)?;
        put_values(&mut bodies, &column.values)?;
        put(&mut heads, u64::from(series.0 - previous));
        put(&mut heads, column.len() as u64);
        put(&mut heads, (bodies.len() - begin) as u64);
        previous = series.0;
    }
    heads.append(&mut bodies);
    Ok(heads)
}

fn put_times(out: &mut Vec<u8>, base: i64, times: &[i64]) -> Result<(), StoreError> {
    let first = times.first().copied().unwrap_or(base);
    let step = times.get(1).map_or(0, |second| second - first);
    if times.windows(2).all(|pair| pair[1] - pair[0] == step) {
        out.push(EVEN);
        put_signed(out, first - base);
        put_signed(out, step);
        return Ok(());
    }
    if times.len() < PACKED_MIN {
        out.push(PLAIN);
        let mut before = base;
        for time in times {
            put_signed(out, time - before);
            before = *time;
        }
        return Ok(());
    }
    out.push(PACKED);
    let offsets: Vec<i64> = times.iter().map(|time| time - base).collect();
    put_bytes(out, &packed(&offsets)?);
    Ok(())
}

fn put_values(out: &mut Vec<u8>, values: &Values) -> Result<(), StoreError> {
    match values {
        Values::Numbers(numbers) => put_numbers(out, numbers),
        Values::Texts(texts) => {
            put_runs(out, texts);
            Ok(())
        }
    }
}

fn put_numbers(out: &mut Vec<u8>, numbers: &[f64]) -> Result<(), StoreError> {
    if let Some(first) = numbers.first().filter(|first| numbers.iter().all(|number| number.to_bits() == first.to_bits())) {
        out.push(CONSTANT);
        out.extend_from_slice(&first.to_le_bytes());
    } else if numbers.len() < PACKED_MIN {
        out.push(PLAIN);
        numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    } else {
        out.push(PACKED);
        put_bytes(out, &packed(numbers)?);
    }
    Ok(())
}

fn put_runs(out: &mut Vec<u8>, texts: &[Option<Arc<str>>]) {
    let mut words: Vec<&str> = Vec::new();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for text in texts {
        // Word 0 is no value.
        let word = text.as_deref().map_or(0, |text| {
            let known = words.iter().position(|word| *word == text);
            known.unwrap_or_else(|| {
                words.push(text);
                words.len() - 1
            }) + 1
        });
        match runs.last_mut() {
            Some((last, count)) if *last == word as u64 => *count += 1,
            _ => runs.push((word as u64, 1)),
        }
    }
    out.push(RUNS);
    put(out, words.len() as u64);
    words.iter().for_each(|word| put_bytes(out, word.as_bytes()));
    put(out, runs.len() as u64);
    for (word, count) in runs {
        put(out, word);
        put(out, count);
    }
}

fn packed<T: pco::data_types::Number>(numbers: &[T]) -> Result<Vec<u8>, StoreError> {
    simple_compress(numbers, &ChunkConfig::default().with_compression_level(LEVEL)).map_err(|error| StoreError::Undecodable("samples to be sealed".to_owned(), error.to_string()))
}

impl<'b> Chunk<'b> {
    /// Reads the heads.
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, StoreError> {
        Self::heads(bytes).ok_or_else(damaged)
    }

    fn heads(bytes: &'b [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if *reader.take(1)?.first()? != VERSION {
            return None;
        }
        let base = reader.signed()?;
        let (count, mut series, mut end) = (reader.size()?, 0_u64, 0_usize);
        // A head is three bytes at least: a damaged count must not ask for memory.
        let mut places = Vec::with_capacity(count.min(bytes.len() / 3));
        for _ in 0..count {
            series = series.checked_add(reader.number()?)?;
            let (count, length) = (reader.size()?, reader.size()?);
            places.push(Place { series: SeriesId(u32::try_from(series).ok()?), count, begin: end, end: end.checked_add(length)? });
            end = end.checked_add(length)?;
        }
        (reader.0.len() == end).then_some(Self { base, bodies: reader.0, places })
    }

    /// Its series, in order.
    pub(super) fn series(&self) -> impl Iterator<Item = SeriesId> + '_ {
        self.places.iter().map(|place| place.series)
    }

    /// Readings of a series; `None` where it has none here.
    pub(super) fn column(&self, series: SeriesId) -> Result<Option<Column>, StoreError> {
        let Ok(at) = self.places.binary_search_by_key(&series, |place| place.series) else { return Ok(None) };
        let place = self.places[at];
        let body = &self.bodies[place.begin..place.end];
        let column = read_column(self.base, body, place.count).ok_or_else(damaged)?;
        Ok(Some(column))
    }
}

fn damaged() -> StoreError {
    StoreError::Undecodable("a sealed hour of telemetry".to_owned(), "its bytes make no sense".to_owned())
}

fn read_column(base: i64, body: &[u8], count: usize) -> Option<Column> {
    let mut reader = Reader(body);
    let times = match *reader.take(1)?.first()? {
        EVEN => {
            let (first, step) = (base.checked_add(reader.signed()?)?, reader.signed()?);
            (0..count).map(|at| first.checked_add(step.checked_mul(i64::try_from(at).ok()?)?)).collect::<Option<Vec<i64>>>()?
        }
        PLAIN => {
            let mut before = base;
            (0..count)
                .map(|_| {
                    before = before.checked_add(reader.signed()?)?;
                    Some(before)
                })
                .collect::<Option<Vec<i64>>>()?
        }
        PACKED => simple_decompress::<i64>(reader.bytes()?).ok()?.into_iter().map(|offset| base.wrapping_add(offset)).collect(),
        _ => return None,
    };
    let values = match *reader.take(1)?.first()? {
        CONSTANT => Values::Numbers(vec![reader.float()?; count]),
        PLAIN => Values::Numbers((0..count).map(|_| reader.float()).collect::<Option<Vec<f64>>>()?),
        PACKED => Values::Numbers(simple_decompress::<f64>(reader.bytes()?).ok()?),
        RUNS => Values::Texts(read_runs(&mut reader, count)?),
        _ => return None,
    };
    let held = match &values {
        Values::Numbers(numbers) => numbers.len(),
        Values::Texts(texts) => texts.len(),
    };
    (reader.0.is_empty() && times.len() == count && held == count).then_some(Column { times, values })
}

fn read_runs(reader: &mut Reader<'_>, count: usize) -> Option<Vec<Option<Arc<str>>>> {
    let words = (0..reader.size()?).map(|_| reader.text().map(Arc::from)).collect::<Option<Vec<Arc<str>>>>()?;
    let mut texts: Vec<Option<Arc<str>>> = Vec::new();
    for _ in 0..reader.size()? {
        let (word, length) = (reader.size()?, reader.size()?);
        let text = if word == 0 { None } else { Some(Arc::clone(words.get(word - 1)?)) };
        if length > count - texts.len() {
            return None;
        }
        texts.extend(std::iter::repeat_n(text, length));
    }
    Some(texts)
}

/// Whether two columns hold the same, absence included.
#[cfg(test)]
pub(super) fn alike(one: &Column, other: &Column) -> bool {
    let told = |column: &Column| column.iter().map(|(time, seen)| format!("{time} {seen:?}")).collect::<Vec<_>>();
    told(one) == told(other)
}

#[cfg(test)]
mod tests {
    use super::super::column::Seen;
    use super::*;
    use crate::model::telemetry::Measure;

    const HOUR: i64 = 1_700_000_000_000_000;

    fn column(measure: Measure, readings: impl Iterator<Item = (i64, Seen<'static>)>) -> Column {
        let mut column = Column::new(measure);
        readings.for_each(|(time, seen)| assert!(column.add(HOUR + time, seen)));
        column
    }

    #[test]
    fn what_is_sealed_reads_back_exactly_and_small() {
        let even = column(Measure::Number, (0..3_600).map(|at| (at * 1_000_000, Seen::Number(f64::from(u32::try_from(at % 60).unwrap()) / 10.0))));
        let constant = column(Measure::Number, (0..3_600).map(|at| (at * 1_000_000, Seen::Number(7.25))));
        let ragged = column(
            Measure::Number,
            (0..500).map(|at| (at * at * 1_000, if at % 7 == 0 { Seen::Unavailable } else { Seen::Number(1.0 / (1.0 + f64::from(u32::try_from(at).unwrap()))) })),
        );
        let few = column(Measure::Number, [(5, Seen::Number(1.0)), (5, Seen::Number(2.0)), (90, Seen::Unavailable)].into_iter());
        let states = column(
            Measure::Text,
            (0..900).map(|at| {
                (
                    at * 4_000_000,
                    if at < 300 {
                        Seen::Text("ACTIVE")
                    } else if at < 310 {
                        Seen::Unavailable
                    } else {
                        Seen::Text("IDLE")
                    },
                )
            }),
        );
        let columns = [(SeriesId(2), even), (SeriesId(3), constant), (SeriesId(40), ragged), (SeriesId(41), few), (SeriesId(9_000), states)];
        let bytes = seal(HOUR, &columns).unwrap();
        let chunk = Chunk::open(&bytes).unwrap();
        assert_eq!(chunk.series().collect::<Vec<_>>(), columns.iter().map(|(series, _)| *series).collect::<Vec<_>>());
        for (series, column) in &columns {
            assert!(alike(&chunk.column(*series).unwrap().unwrap(), column), "{series:?}");
        }
        assert!(chunk.column(SeriesId(5)).unwrap().is_none());
        let small = seal(HOUR, &columns[..2]).unwrap();
        assert!(small.len() < 7_200 / 2, "{} bytes for 7,200 samples", small.len());
    }

    #[test]
    fn damage_is_told_and_never_a_panic() {
        let column = column(Measure::Text, (0..50).map(|at| (at * 1_000, Seen::Text(if at % 3 == 0 { "A" } else { "B" }))));
        let bytes = seal(HOUR, &[(SeriesId(1), column)]).unwrap();
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Ok(chunk) = Chunk::open(&damaged) {
                    _ = chunk.column(SeriesId(1));
                }
            }
            assert!(Chunk::open(&bytes[..at]).is_err() || at == bytes.len());
        }
    }
}
