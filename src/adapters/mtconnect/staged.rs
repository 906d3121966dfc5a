//! An agent of simulated machines: it answers probe, current, sample and the stream as an agent in
//! front of real ones does. A thread a caller, since such machines live on plain threads. Deliberately
//! no conditions, no assets and nothing on disk: what its buffer has let go is lost, as with any agent.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::wall;
use crate::base::{Code, Refusal};
use crate::model::telemetry::{Measure, Reading, Series, SeriesId};
use crate::telemetry::Seen;

/// Observations that are held.
const BUFFER: u64 = 50_000;
/// Callers at once.
const CALLERS: usize = 8;
/// Bytes of a question.
const QUESTION_MAX: u64 = 8 << 10;
/// How long a caller may take for a question, and for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked for callers.
const LOOK: Duration = Duration::from_millis(50);

/// An agent that listens on this machine until it is dropped.
pub struct Staged {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

/// What the agent knows.
struct Book {
    instance: u64,
    machines: BTreeMap<String, Vec<Series>>,
    held: VecDeque<Observation>,
    /// The sequence of the next observation.
    next: u64,
    /// The newest of each data item. What was never told is left out, since UNAVAILABLE would end what
    /// held before the agent was started.
    newest: BTreeMap<SeriesId, Observation>,
}

#[derive(Clone)]
struct Observation {
    sequence: u64,
    seen: Seen,
}

impl Staged {
    /// An agent of the machines that have these series, on a free port.
    pub fn start(series: Vec<Series>) -> Result<Self, Refusal> {
        let fault = |error: std::io::Error| Refusal::new(Code::Unavailable, format!("no agent can be staged: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(fault)?;
        listener.set_nonblocking(true).map_err(fault)?;
        let mut machines: BTreeMap<String, Vec<Series>> = BTreeMap::new();
        for it in series {
            machines.entry(it.machine.clone()).or_default().push(it);
        }
        let instance = wall().micros().unsigned_abs() / 1_000_000;
        let book = Arc::new(Mutex::new(Book { instance, machines, held: VecDeque::new(), next: 1, newest: BTreeMap::new() }));
        let (address, weak) = (listener.local_addr().map_err(fault)?, Arc::downgrade(&book));
        std::thread::Builder::new().name("agent".to_owned()).spawn(move || listen(&listener, &weak)).map_err(fault)?;
        Ok(Self { address, book })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes in what machines say.
    pub fn tell(&self, said: &[Seen]) {
        let mut book = locked(&self.book);
        for seen in said {
            let observation = Observation { sequence: book.next, seen: seen.clone() };
            book.next += 1;
            book.newest.insert(seen.0.id, observation.clone());
            book.held.push_back(observation);
        }
        let surplus = book.held.len().saturating_sub(usize::try_from(BUFFER).unwrap_or(usize::MAX));
        book.held.drain(..surplus);
    }
}

fn locked(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(listener: &TcpListener, book: &Weak<Mutex<Book>>) {
    let callers = Arc::new(());
    while book.strong_count() > 0 {
        let Ok((wire, _)) = listener.accept() else {
            std::thread::sleep(LOOK);
            continue;
        };
        if Arc::strong_count(&callers) > CALLERS {
            continue;
        }
        let (book, place) = (Weak::clone(book), Arc::clone(&callers));
        let serving = std::thread::Builder::new().name("agent-caller".to_owned()).spawn(move || {
            if let Err(error) = serve(wire, &book) {
                tracing::debug!(%error, "a caller of the staged agent has gone");
            }
            drop(place);
        });
        if let Err(error) = serving {
            tracing::warn!(%error, "a caller of the staged agent has no thread");
        }
    }
}

fn serve(mut wire: TcpStream, book: &Weak<Mutex<Book>>) -> std::io::Result<()> {
    wire.set_nonblocking(false)?;
    wire.set_read_timeout(Some(PATIENCE))?;
    wire.set_write_timeout(Some(PATIENCE))?;
    let (mut reader, mut question, mut line) = (BufReader::new(wire.try_clone()?.take(QUESTION_MAX)), String::new(), String::new());
    reader.read_line(&mut question)?;
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let asked = question.split(' ').nth(1).unwrap_or_default();
    let number = |name: &str| asked.split(['?', '&']).find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).and_then(|text| text.parse::<u64>().ok());
    let path = asked.split('?').next().unwrap_or_default();
    let (from, count) = (number("from").unwrap_or(1), number("count").unwrap_or(100).min(BUFFER));
    if let (Some(interval), Some(heartbeat)) = (number("interval"), number("heartbeat")) {
        let times = (Duration::from_millis(interval.clamp(10, 60_000)), Duration::from_millis(heartbeat.clamp(10, 60_000)));
        return stream(wire, book, from, count, times);
    }
    let Some(book) = book.upgrade() else { return Ok(()) };
    let body = match path.rsplit('/').next() {
        Some("probe") => locked(&book).devices(),
        Some("current") => locked(&book).current(),
        _ => locked(&book).chunk(from, count).0,
    };
    write!(wire, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Tells what is new, and that it is there where nothing is.
fn stream(mut wire: TcpStream, book: &Weak<Mutex<Book>>, mut from: u64, count: u64, (interval, heartbeat): (Duration, Duration)) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: multipart/x-mixed-replace;boundary=part\r\nTransfer-Encoding: chunked\r\n\r\n";
    wire.write_all(head.as_bytes())?;
    let mut said_at: Option<Instant> = None;
    while let Some(book) = book.upgrade() {
        if locked(&book).next > from || said_at.is_none_or(|said| said.elapsed() >= heartbeat) {
            let (body, next) = locked(&book).chunk(from, count);
            let part = format!("--part\r\nContent-type: text/xml\r\nContent-length: {}\r\n\r\n{body}\r\n", body.len());
            write!(wire, "{:x}\r\n{part}\r\n", part.len())?;
            // Whoever asked for what is gone is told so, and that was all.
            let Some(next) = next else { return Ok(()) };
            (from, said_at) = (next, Some(Instant::now()));
        }
        drop(book);
        std::thread::sleep(interval);
    }
    Ok(())
}

impl Book {
    fn first(&self) -> u64 {
        self.held.front().map_or(self.next, |oldest| oldest.sequence)
    }

    fn header(&self, next: u64) -> String {
        let (first, last) = (self.first(), self.next - 1);
        format!(
            "<Header creationTime=\"{}\" sender=\"staged\" instanceId=\"{}\" version=\"1.7\" bufferSize=\"{BUFFER}\" firstSequence=\"{first}\" lastSequence=\"{last}\" nextSequence=\"{next}\"/>",
            wall(),
            self.instance
        )
    }

    fn devices(&self) -> String {
        let mut devices = String::new();
        for (machine, series) in &self.machines {
            let machine = escaped(machine);
            _ = write!(devices, "<Device id=\"d-{machine}\" name=\"{machine}\" uuid=\"{machine}\"><DataItems>");
            for it in series {
                let (category, units) = (category(it), it.unit.as_deref().map(|unit| format!(" units=\"{}\"", escaped(unit))).unwrap_or_default());
                _ = write!(devices, "<DataItem id=\"i{}\" name=\"{}\" category=\"{category}\" type=\"{}\"{units}/>", it.id.0, escaped(&it.metric), it.metric.to_uppercase());
            }
            devices.push_str("</DataItems></Device>");
        }
        let header = self.header(self.next);
        format!("<?xml version=\"1.0\"?><MTConnectDevices xmlns=\"urn:mtconnect.org:MTConnectDevices:1.7\">{header}<Devices>{devices}</Devices></MTConnectDevices>")
    }

    fn current(&self) -> String {
        self.streams(self.newest.values(), self.next)
    }

    /// A part of what is held and where it ends; no end where it begins with what is not held.
    fn chunk(&self, from: u64, count: u64) -> (String, Option<u64>) {
        if from < self.first() || from > self.next {
            let text = format!("from must lie from {} to {}", self.first(), self.next);
            let header = self.header(self.next);
            let error = format!("<Errors><Error errorCode=\"OUT_OF_RANGE\">{text}</Error></Errors>");
            return (format!("<?xml version=\"1.0\"?><MTConnectError xmlns=\"urn:mtconnect.org:MTConnectError:1.7\">{header}{error}</MTConnectError>"), None);
        }
        let next = (from + count).min(self.next);
        let before = usize::try_from(from - self.first()).unwrap_or(usize::MAX);
        let some = self.held.iter().skip(before).take_while(|it| it.sequence < next);
        (self.streams(some, next), Some(next))
    }

    fn streams<'o>(&self, observations: impl Iterator<Item = &'o Observation>, next: u64) -> String {
        let mut by_machine: BTreeMap<&str, [String; 2]> = BTreeMap::new();
        for it in observations {
            let groups = by_machine.entry(&it.seen.0.machine).or_default();
            groups[usize::from(category(&it.seen.0) == "EVENT")].push_str(&it.element());
        }
        let mut streams = String::new();
        for (machine, [samples, events]) in by_machine {
            let machine = escaped(machine);
            _ = write!(streams, "<DeviceStream name=\"{machine}\" uuid=\"{machine}\"><ComponentStream component=\"Device\" componentId=\"d-{machine}\">");
            _ = write!(streams, "<Samples>{samples}</Samples><Events>{events}</Events></ComponentStream></DeviceStream>");
        }
        let header = self.header(next);
        format!("<?xml version=\"1.0\"?><MTConnectStreams xmlns=\"urn:mtconnect.org:MTConnectStreams:1.7\">{header}<Streams>{streams}</Streams></MTConnectStreams>")
    }
}

impl Observation {
    fn element(&self) -> String {
        let (series, sample) = &self.seen;
        let (kind, at) = (element_of(&series.metric), sample.at);
        let value = match &sample.value {
            Reading::Number(number) => number.to_string(),
            Reading::Text(text) => escaped(text),
            Reading::Unavailable => "UNAVAILABLE".to_owned(),
        };
        format!("<{kind} dataItemId=\"i{}\" name=\"{}\" sequence=\"{}\" timestamp=\"{at}\">{value}</{kind}>", series.id.0, escaped(&series.metric), self.sequence)
    }
}

/// `part_count` is told as a PartCount.
fn element_of(metric: &str) -> String {
    let words = metric.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(|word| {
        let mut letters = word.chars();
        Some(letters.next()?.to_ascii_uppercase().to_string() + letters.as_str())
    });
    words.collect()
}

/// Words are events, and so is a count of parts.
fn category(series: &Series) -> &'static str {
    if series.measure == Measure::Text || series.metric == "part_count" { "EVENT" } else { "SAMPLE" }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
