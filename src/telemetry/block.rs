//! Samples of one commit as bytes, as they came: what is durable before it is sealed. A block is
//! written once and read only at a start.

use super::bytes::{Reader, put_bytes, put_signed};
use crate::base::Time;
use crate::model::telemetry::{Reading, Sample, SeriesId};
use crate::store::StoreError;

const VERSION: u8 = 1;
const NUMBER: u8 = 0;
const TEXT: u8 = 1;
const UNAVAILABLE: u8 = 2;

/// A block being filled.
pub(super) struct Block {
    bytes: Vec<u8>,
    series: i64,
    time: i64,
}

impl Block {
    pub(super) fn new(samples: usize) -> Self {
        let mut bytes = Vec::with_capacity(1 + samples * 14);
        bytes.push(VERSION);
        Self { bytes, series: 0, time: 0 }
    }

    pub(super) fn add(&mut self, sample: &Sample) {
        let (series, time) = (i64::from(sample.series.0), sample.at.micros());
        put_signed(&mut self.bytes, series - self.series);
        put_signed(&mut self.bytes, time.wrapping_sub(self.time));
        (self.series, self.time) = (series, time);
        match &sample.value {
            Reading::Number(number) => {
                self.bytes.push(NUMBER);
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
            Reading::Text(text) => {
                self.bytes.push(TEXT);
                put_bytes(&mut self.bytes, text.as_bytes());
            }
            Reading::Unavailable => self.bytes.push(UNAVAILABLE),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The samples of a block.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sample>, StoreError> {
    let damaged = || StoreError::Undecodable("a block of telemetry".to_owned(), "its bytes make no sense".to_owned());
    let (version, rest) = bytes.split_first().ok_or_else(damaged)?;
    if *version != VERSION {
        return Err(StoreError::Undecodable("a block of telemetry".to_owned(), format!("version {version} is not known")));
    }
    let (mut reader, mut series, mut time, mut samples) = (Reader(rest), 0_i64, 0_i64, Vec::new());
    while !reader.0.is_empty() {
        let sample = next(&mut reader, &mut series, &mut time).ok_or_else(damaged)?;
        samples.push(sample);
    }
    Ok(samples)
}

fn next(reader: &mut Reader<'_>, series: &mut i64, time: &mut i64) -> Option<Sample> {
    *series = series.checked_add(reader.signed()?)?;
    *time = time.wrapping_add(reader.signed()?);
    let value = match *reader.take(1)?.first()? {
        NUMBER => Reading::Number(reader.float()?),
        TEXT => Reading::Text(reader.text()?.into()),
        UNAVAILABLE => Reading::Unavailable,
        _ => return None,
    };
    Some(Sample { series: SeriesId(u32::try_from(*series).ok()?), at: Time::from_micros(*time), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_there_and_back_and_damage_is_told() {
        let sample = |series, at, value| Sample { series: SeriesId(series), at: Time::from_micros(at), value };
        let samples = [
            sample(7, 1_000, Reading::Number(1.5)),
            sample(3, -5, Reading::Text("ACTIVE".into())),
            sample(3, i64::MAX, Reading::Unavailable),
            sample(u32::MAX, i64::MIN, Reading::Number(-0.0)),
        ];
        let mut block = Block::new(samples.len());
        samples.iter().for_each(|sample| block.add(sample));
        let bytes = block.finish();
        assert_eq!(read(&bytes).unwrap(), samples);
        assert!(read(&bytes[..bytes.len() - 1]).is_err() && read(&[9]).is_err() && read(&[]).is_err());
    }
}
