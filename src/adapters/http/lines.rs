//! Line protocol over HTTP, for clients of InfluxDB and for Telegraf: bodies are unpacked within
//! bounds and read in turns; an answer is sent when every good line is on disk. Deliberately no
//! query language of InfluxDB: reading is `telemetry`.

use std::io::Read as _;
use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::http::header::{self, HeaderName};
use flate2::read::MultiGzDecoder;

use super::Service;
use super::call::Call;
use super::reads::aside;
use super::reply::Reply;
use super::telemetry::{SOURCE, quarantined, speaker, window};
use crate::base::{Code, Refusal, Time, limits};
use crate::bodies::line_protocol::{Lines, Place, Precision};
use crate::bodies::telemetry::{Faults, bad_lines};
use crate::model::telemetry::Quarantined;
use crate::telemetry::{Batch, Intake, Speaker, Window};

const VERSION: HeaderName = HeaderName::from_static("x-influxdb-version");

pub(super) async fn ping(_service: Arc<Service>, _call: Call) -> Result<Reply, Refusal> {
    // Clients ask with parameters of their own, such as `verbose`.
    Ok(done().with(VERSION, concat!("millwright-", env!("CARGO_PKG_VERSION"))))
}

fn done() -> Reply {
    Reply { status: 204, headers: Vec::new(), body: Body::empty() }
}

pub(super) async fn write(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&["precision", "history", "bucket", "org", "orgID", "db", "rp", "consistency", "u", "p"])?;
    let (precision, window) = (call.asked("precision").map(Precision::from_word).transpose()?.unwrap_or_default(), window(&call)?);
    let (intake, speaker) = (service.lane()?.intake(), speaker(&service, &call)?);
    let mut body = Reading { bytes: unpacked(&mut call).await?, precision, window, speaker, place: Place::START, faults: Faults::default(), taken: 0, is_read: false };
    let mut in_quarantine = 0;
    while !body.is_read {
        let batch;
        (body, batch) = body.turn(&service, &intake).await?;
        if batch.samples.is_empty() && batch.quarantined.is_empty() {
            continue;
        }
        match intake.put(batch).await {
            Ok(receipt) => in_quarantine += receipt.quarantined,
            Err(refusal) => {
                service.points.lock().unwrap_or_else(PoisonError::into_inner).forget_contexts();
                return Err(refusal);
            }
        }
    }
    let reply = if body.faults.is_empty() { done() } else { Reply::json(400, bad_lines(&body.faults, body.taken)) };
    Ok(quarantined(reply, in_quarantine))
}

/// A body, read up to a place.
struct Reading {
    bytes: Vec<u8>,
    precision: Precision,
    window: Window,
    speaker: Speaker,
    place: Place,
    faults: Faults,
    /// Lines that were good.
    taken: usize,
    is_read: bool,
}

impl Reading {
    /// Reads on until a batch is full; beside the requests of others where the body is large.
    async fn turn(self, service: &Arc<Service>, intake: &Intake) -> Result<(Self, Batch), Refusal> {
        if self.bytes.len() <= limits::SAMPLES_BODY_SMALL {
            return Ok(self.gather(service, intake));
        }
        let (service, intake) = (Arc::clone(service), intake.clone());
        aside(move || Ok(self.gather(&service, &intake))).await
    }

    fn gather(mut self, service: &Service, intake: &Intake) -> (Self, Batch) {
        let mut batch = Batch { source: SOURCE.to_owned(), window: self.window, ..Batch::default() };
        while !self.is_read && batch.samples.len() + batch.quarantined.len() < limits::SAMPLES_TURN {
            self.gather_some(service, intake, &mut batch);
        }
        (self, batch)
    }

    fn gather_some(&mut self, service: &Service, intake: &Intake, batch: &mut Batch) {
        let now = intake.now();
        let mut points = service.points.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Lines::starting(&self.bytes, self.precision, self.place);
        for _ in 0..limits::LINES_TURN {
            let (begin, before) = (lines.place(), batch.samples.len());
            let Some((line, point)) = lines.read() else {
                self.is_read = true;
                break;
            };
            let taken = point.map_err(Into::into).and_then(|point| points.take(&point, now, &self.speaker, &|identity| intake.series(identity), &mut batch.samples));
            match taken {
                Ok(()) => {
                    self.taken += 1;
                    put_aside(batch, before, now, || lines.since(begin));
                }
                Err(why) => self.faults.note(line, why),
            }
            if batch.samples.len() >= limits::SAMPLES_TURN {
                break;
            }
        }
        self.place = lines.place();
    }
}

/// Samples of a line that the lane would not take go into quarantine as the line that came.
fn put_aside<'l>(batch: &mut Batch, before: usize, now: Time, line: impl Fn() -> &'l [u8]) {
    let window = batch.window;
    for sample in batch.samples.extract_if(before.., |sample| window.fault(sample, now).is_some()) {
        let (why, line) = (window.fault(&sample, now).unwrap_or_default(), line());
        let original = line[..line.len().min(limits::QUARANTINED_BYTES_MAX)].to_vec();
        batch.quarantined.push(Quarantined { source: SOURCE.to_owned(), received_at: now, why: why.to_owned(), original });
    }
}

/// The bytes of a body, as they were before they were packed.
async fn unpacked(call: &mut Call) -> Result<Vec<u8>, Refusal> {
    let packing = call.header(header::CONTENT_ENCODING.as_str()).unwrap_or("identity").to_ascii_lowercase();
    let bytes = call.bytes(limits::SAMPLES_BODY_MAX).await?;
    match packing.as_str() {
        "identity" => Ok(bytes),
        "gzip" | "x-gzip" => aside(move || unzipped(&bytes)).await,
        _ => Err(Refusal::new(Code::UnsupportedType, "the body may be packed as Content-Encoding: gzip, or not at all")),
    }
}

fn unzipped(packed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a body that is too large; a bomb is never unpacked further.
    let read = MultiGzDecoder::new(packed).take(limits::SAMPLES_BODY_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|_| Refusal::new(Code::Malformed, "the body is not gzip, as its Content-Encoding says, or it broke off"))?;
    if bytes.len() > limits::SAMPLES_BODY_MAX {
        return Err(Refusal::new(Code::TooLarge, format!("the body is larger than {} bytes when unpacked", limits::SAMPLES_BODY_MAX)));
    }
    Ok(bytes)
}
