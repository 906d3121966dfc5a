//! The client of an adapter without an agent: lines over TCP, port 7878 by custom. The lines carry
//! no types, so a key is what its first value is; of a stored log, what all its values are. Deliberately
//! without assets, and without a memory on the other side: what is said while nobody listens is a gap.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::conditions::Active;
use super::document::Told;
use super::line::{self, Line, Lines};
use super::observations::{Gathered, number, reading};
use super::retry::Patience;
use super::{until, wall};
use crate::base::{Refusal, Time, limits};
use crate::model::telemetry::{Gap, Measure, Reading, Sample, SeriesId};
use crate::telemetry::{Batch, Identity, Source, State, Window};

/// Bytes of a stored log that are read at once.
const PLAYED_AT_ONCE: usize = 16 << 10;
/// What of it is made durable together.
const PLAYED_TOGETHER: usize = 20_000;

/// How an adapter is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its address, `HOST:PORT`.
    pub address: String,
    /// The machine's code in the plant; the connection's code where not said.
    #[serde(default)]
    pub machine: Option<String>,
    /// Keys whose values are words, even where they look like numbers or conditions.
    #[serde(default)]
    pub text_keys: Vec<String>,
    /// Keys whose values are numbers, even where the first is none.
    #[serde(default)]
    pub number_keys: Vec<String>,
    /// The adapter plays back what happened long ago: its times are believed as they are.
    #[serde(default)]
    pub replay: bool,
}

impl Settings {
    /// Refuses what cannot be served.
    pub fn check(&self) -> Result<(), Refusal> {
        let port = self.address.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            return Err(Refusal::invalid("address", "must be HOST:PORT, such as 10.0.0.17:7878"));
        }
        if let Some(key) = self.text_keys.iter().find(|key| self.number_keys.contains(key)) {
            return Err(Refusal::invalid("text_keys", format!("`{key}` cannot be a word and a number")));
        }
        Ok(())
    }
}

/// Reads an adapter until it is told to stop.
pub async fn run(settings: Settings, source: Arc<Source>, stopping: watch::Receiver<bool>) {
    until(stopping, serve(&settings, &source)).await;
}

async fn serve(settings: &Settings, source: &Source) {
    let kept = settings.check().and_then(|()| source.cursor());
    let memory = match kept {
        Ok(cursor) => cursor.and_then(|cursor| serde_json::from_slice(&cursor).ok()).unwrap_or_default(),
        Err(refusal) => return source.stands(State::Failed, Some(&refusal.detail), wall()),
    };
    let mut client = Client { settings, source, memory, series: BTreeMap::new(), unavailable: BTreeMap::new(), patience: Patience::new() };
    loop {
        let Err(fault) = client.session().await;
        source.stands(fault.state, Some(&fault.why), wall());
        client.patience.wait().await;
    }
}

/// Why a session ended.
struct Fault {
    state: State,
    why: String,
}

impl Fault {
    fn lost(why: impl std::fmt::Display) -> Self {
        Self { state: State::Failed, why: format!("the adapter does not answer: {why}") }
    }
}

/// What is kept in the same commit as the samples.
#[derive(Default, Serialize, Deserialize)]
struct Memory {
    /// The newest moment that was kept.
    at: Option<Time>,
    /// What each key was found to be.
    keys: BTreeMap<String, Measure>,
}

struct Client<'c> {
    settings: &'c Settings,
    source: &'c Source,
    memory: Memory,
    series: BTreeMap<String, Result<SeriesId, String>>,
    /// Keys that have said so far only that there is no value, and since when.
    unavailable: BTreeMap<String, Time>,
    patience: Patience,
}

/// What one connection knows.
struct Session {
    stream: TcpStream,
    said: Said,
    heard_at: Instant,
    asked_at: Instant,
}

/// What was said so far.
#[derive(Default)]
struct Said {
    lines: Lines,
    /// The adapter tells all that is active when it is called, so nothing is known before.
    active: Active,
    /// How often the adapter wants to be asked; `None` for one that does not answer.
    heartbeat: Option<Duration>,
    /// When the connection before ended, until the first moment after is known.
    lost_since: Option<Time>,
}

impl Client<'_> {
    async fn session(&mut self) -> Result<Infallible, Fault> {
        let connected = timeout(limits::ANSWER_TIME, TcpStream::connect(&self.settings.address)).await;
        let stream = connected.map_err(|_| Fault::lost("it took too long"))?.map_err(Fault::lost)?;
        let now = Instant::now();
        let mut session = Session { stream, said: Said { lost_since: self.memory.at, ..Said::default() }, heard_at: now, asked_at: now };
        session.ping().await?;
        let mut bytes = Vec::with_capacity(limits::SHDR_LINE_MAX);
        session.hear(&mut bytes).await?;
        self.source.stands(State::Live, None, wall());
        loop {
            self.source.heard(wall());
            let mut gathered = Gathered::of(self.source);
            let gap = self.gather(&mut session.said, &bytes, &mut gathered);
            self.keep(self.batch(gathered, gap)).await;
            self.patience.rested();
            bytes.clear();
            session.hear(&mut bytes).await?;
        }
    }

    /// Gathers everything that the bytes complete; answers the gap before it.
    fn gather(&mut self, said: &mut Said, bytes: &[u8], gathered: &mut Gathered) -> Option<Gap> {
        let mut earliest: Option<Time> = None;
        said.lines.push(bytes);
        while let Some(line) = said.lines.next() {
            match line::read(&line.text, &self.settings.text_keys) {
                Ok(_) if line.cut => gathered.quarantine("the line is too long", line.text.as_bytes()),
                Ok(Line::Pong(heartbeat)) => said.heartbeat = Some(heartbeat),
                Ok(Line::Asset { until }) => said.lines.skip_to(until),
                Ok(Line::Nothing) => {}
                Ok(Line::Facts { at, facts }) => {
                    let at = at.unwrap_or(gathered.received_at);
                    earliest = earliest.or(Some(at));
                    self.memory.at = self.memory.at.max(Some(at));
                    for (key, told) in facts {
                        if let Err(why) = self.take(&mut gathered.samples, &mut said.active, &key, at, &told) {
                            gathered.quarantine(&why, line.text.as_bytes());
                        }
                    }
                }
                Err(why) => gathered.quarantine(why, line.text.as_bytes()),
            }
        }
        earliest.and_then(|to| said.lost_since.take().map(|from| self.gap(from, to)))
    }

    fn batch(&self, gathered: Gathered, gap: Option<Gap>) -> Batch {
        let window = if self.settings.replay { Window::History } else { Window::Live };
        let cursor = if gathered.samples.is_empty() { None } else { serde_json::to_vec(&self.memory).ok() };
        Batch { window, samples: gathered.samples, quarantined: gathered.quarantined, gaps: gap.into_iter().collect(), cursor, ..Batch::default() }
    }

    fn gap(&self, from: Time, to: Time) -> Gap {
        Gap { source: self.source.code().to_owned(), from: Some(from), to, lost: None, why: "connection lost".to_owned() }
    }

    fn take(&mut self, samples: &mut Vec<Sample>, active: &mut Active, key: &str, at: Time, told: &Told) -> Result<(), String> {
        let Some(measure) = self.measure(key, told)? else {
            self.unavailable.entry(key.to_owned()).or_insert(at);
            return Ok(());
        };
        let series = self.series_of(key, measure)?;
        if let Some(since) = self.unavailable.remove(key) {
            samples.push(Sample { series, at: since, value: Reading::Unavailable });
        }
        let value = match told {
            Told::Unavailable => {
                active.forget(key);
                Reading::Unavailable
            }
            Told::Condition(condition) => {
                let word = active.change(key, condition).ok_or_else(|| format!("more than {} warnings and faults are active at once", limits::CONDITIONS_MAX))?;
                Reading::Text(word.into())
            }
            Told::Value(text) | Told::Series { values: text, .. } => reading(text, measure)?,
        };
        samples.push(Sample { series, at, value });
        Ok(())
    }

    /// What a key is: as told by the settings, as found before, or as its first value is.
    fn measure(&mut self, key: &str, told: &Told) -> Result<Option<Measure>, String> {
        let listed = |keys: &[String]| keys.iter().any(|listed| listed == key);
        if listed(&self.settings.text_keys) {
            return Ok(Some(Measure::Text));
        }
        if listed(&self.settings.number_keys) {
            return Ok(Some(Measure::Number));
        }
        if let Some(measure) = self.memory.keys.get(key) {
            return Ok(Some(*measure));
        }
        if self.memory.keys.len() + self.unavailable.len() >= limits::SHDR_KEYS_MAX && !self.unavailable.contains_key(key) {
            return Err(format!("this adapter has more than {} keys", limits::SHDR_KEYS_MAX));
        }
        let measure = match told {
            Told::Unavailable => return Ok(None),
            Told::Value(text) if number(text).is_some() => Measure::Number,
            _ => Measure::Text,
        };
        self.memory.keys.insert(key.to_owned(), measure);
        Ok(Some(measure))
    }

    fn series_of(&mut self, key: &str, measure: Measure) -> Result<SeriesId, String> {
        if let Some(series) = self.series.get(key) {
            return series.clone();
        }
        let machine = self.settings.machine.as_deref().unwrap_or(self.source.code());
        let series = self.source.series(Identity { machine, metric: key, measure, unit: None, department: None }).map_err(|refusal| refusal.detail);
        self.series.insert(key.to_owned(), series.clone());
        series
    }

    /// An adapter cannot be asked again, so what the lane refuses is offered until it is taken;
    /// meanwhile nothing is read and the adapter has to wait.
    async fn keep(&mut self, batch: Batch) {
        if batch.samples.is_empty() && batch.quarantined.is_empty() && batch.gaps.is_empty() {
            return;
        }
        while let Err(refusal) = self.source.put(batch.clone(), wall()).await {
            self.source.stands(State::Failed, Some(&refusal.detail), wall());
            self.patience.wait().await;
        }
        if self.source.standing().borrow().state != State::Live {
            self.source.stands(State::Live, None, wall());
        }
    }
}

impl Session {
    /// Waits for bytes, and asks whether the adapter is there as often as it wants to be asked.
    async fn hear(&mut self, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        loop {
            let silent_at = self.heard_at + self.said.heartbeat.map_or(limits::SHDR_SILENCE, |heartbeat| heartbeat * 2);
            let ask_at = self.asked_at + self.said.heartbeat.unwrap_or(limits::SHDR_SILENCE);
            tokio::select! {
                read = timeout_at(silent_at, self.stream.read_buf(bytes)) => {
                    let silent = || Fault { state: State::Silent, why: "the adapter answers no more; it is called again".to_owned() };
                    if read.map_err(|_| silent())?.map_err(Fault::lost)? == 0 {
                        return Err(Fault::lost("it closed the connection"));
                    }
                    self.heard_at = Instant::now();
                    return Ok(());
                }
                () = sleep_until(ask_at) => self.ping().await?,
            }
        }
    }

    async fn ping(&mut self) -> Result<(), Fault> {
        self.asked_at = Instant::now();
        timeout(limits::ANSWER_TIME, self.stream.write_all(b"* PING\n")).await.map_err(|_| Fault::lost("it reads nothing"))?.map_err(Fault::lost)
    }
}

/// Plays a stored log as its adapter said it, in the log's own times, and tells how many bytes it has read. Played again it changes nothing.
pub async fn play(source: &Source, machine: &str, text_keys: Vec<String>, log: &mut dyn Read, done: &mut dyn FnMut(u64)) -> Result<(), Refusal> {
    let settings = Settings { address: String::new(), machine: Some(machine.to_owned()), text_keys, number_keys: Vec::new(), replay: true };
    let (series, unavailable) = (BTreeMap::new(), BTreeMap::new());
    let mut client = Client { settings: &settings, source, memory: Memory::default(), series, unavailable, patience: Patience::new() };
    let (mut said, mut bytes, mut read) = (Said::default(), vec![0; PLAYED_AT_ONCE], 0);
    let mut gathered = Gathered::of(source);
    loop {
        let length = log.read(&mut bytes).map_err(unreadable)?;
        read += length as u64;
        let end: &[u8] = if length == 0 { b"\n" } else { &bytes[..length] };
        client.gather(&mut said, end, &mut gathered);
        if length == 0 || gathered.samples.len() + gathered.quarantined.len() > PLAYED_TOGETHER {
            let whole = std::mem::replace(&mut gathered, Gathered::of(source));
            client.keep(client.batch(whole, None)).await;
            done(read);
        }
        if length == 0 {
            return Ok(());
        }
    }
}

/// The keys of a stored log that hold words: those that ever hold something else than a number. Refuses what is no log.
pub fn words_of(log: &mut dyn Read) -> Result<Vec<String>, Refusal> {
    let (mut lines, mut bytes, mut words) = (Lines::default(), vec![0; PLAYED_AT_ONCE], BTreeSet::new());
    let mut tells = false;
    loop {
        let length = log.read(&mut bytes).map_err(unreadable)?;
        lines.push(if length == 0 { b"\n" } else { &bytes[..length] });
        while let Some(line) = lines.next() {
            let Ok(Line::Facts { facts, .. }) = line::read(&line.text, &[]) else { continue };
            tells |= !facts.is_empty();
            words.extend(facts.into_iter().filter(|(_, told)| matches!(told, Told::Value(text) if number(text).is_none())).map(|(key, _)| key));
        }
        if words.len() > limits::SHDR_KEYS_MAX {
            return Err(Refusal::invalid("file", format!("the log has more than {} keys; is it a log of SHDR lines?", limits::SHDR_KEYS_MAX)));
        }
        if length == 0 && !tells {
            return Err(Refusal::invalid("file", "nothing in it is a line of SHDR, such as 2017-11-15T08:00:00Z|execution|ACTIVE"));
        }
        if length == 0 {
            return Ok(words.into_iter().collect());
        }
    }
}

fn unreadable(error: std::io::Error) -> Refusal {
    Refusal::invalid("file", format!("the log cannot be read: {error}"))
}
