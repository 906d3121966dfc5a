//! The client of an agent: probe, current, then samples in chunks until nothing is left, then the
//! stream. Its place goes into the lane with what it read, so that nothing is kept twice and what is
//! lost is noted as a gap. Deliberately without `asset`: tools and files are no telemetry.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::timeout;

use super::asking::{Address, Answer};
use super::document::{self, AgentError, Document, Header, Observation, Probe, Streams, Told};
use super::items::{Items, Known};
use super::multipart::Parts;
use super::observations::Gathered;
use super::place::Place;
use super::retry::Patience;
use super::{until, wall};
use crate::base::{Code, Refusal, Time, limits};
use crate::model::telemetry::{Gap, Sample};
use crate::telemetry::{Batch, Source, State, Window};

/// How an agent is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its address, `http://HOST:PORT`, with a path where it has one.
    pub url: String,
    /// One of its devices, by name or uuid; all of them where not said.
    #[serde(default)]
    pub device: Option<String>,
    /// The machine's code in the plant; the devices' own names where not said.
    #[serde(default)]
    pub machine: Option<String>,
    /// How often the agent looks for something new, in milliseconds.
    #[serde(default = "interval_ms")]
    pub interval_ms: u64,
    /// After how long without anything new the agent says that it is there, in milliseconds.
    #[serde(default = "heartbeat_ms")]
    pub heartbeat_ms: u64,
    /// Observations in one answer; the agent's buffer bounds it too.
    #[serde(default = "count")]
    pub count: u64,
    /// The agent plays back what happened long ago: its times are believed as they are.
    #[serde(default)]
    pub replay: bool,
}

const fn interval_ms() -> u64 {
    500
}

const fn heartbeat_ms() -> u64 {
    10_000
}

const fn count() -> u64 {
    2_000
}

impl Settings {
    /// Refuses what cannot be served.
    pub fn check(&self) -> Result<(), Refusal> {
        Address::of(&self.url, self.device.as_deref())?;
        for (name, value, most) in [("interval_ms", self.interval_ms, 60_000), ("heartbeat_ms", self.heartbeat_ms, 600_000), ("count", self.count, 100_000)] {
            if !(1..=most).contains(&value) {
                return Err(Refusal::invalid(name, format!("must be between 1 and {most}")));
            }
        }
        Ok(())
    }
}

/// Reads an agent until it is told to stop.
pub async fn run(settings: Settings, source: Arc<Source>, stopping: watch::Receiver<bool>) {
    until(stopping, serve(&settings, &source)).await;
}

async fn serve(settings: &Settings, source: &Source) {
    let address = match settings.check().and_then(|()| Address::of(&settings.url, settings.device.as_deref())) {
        Ok(address) => address,
        Err(refusal) => return source.stands(State::Failed, Some(&refusal.detail), wall()),
    };
    let mut client = Client { settings, source, address, patience: Patience::new(), overruns: 0, described: None };
    loop {
        let Err(fault) = client.session().await;
        let (state, why) = fault.standing();
        if matches!(fault, Fault::OutOfRange(_)) {
            client.overruns += 1;
        }
        source.stands(state, Some(&why), wall());
        client.patience.wait().await;
    }
}

const OVERRUN: &str = "buffer overrun";
const RESTARTED: &str = "agent restarted";

/// After so many overruns in a row the client gives up what the agent still holds.
const OVERRUNS_MAX: u32 = 4;

/// Why a session ended.
enum Fault {
    /// Refused, or not to be reached.
    Refused(Refusal),
    /// Nothing came for two heartbeats.
    Silent,
    /// The agent no longer holds what was asked for, or not yet.
    OutOfRange(String),
    /// The agent was started anew.
    Restarted,
    /// The agent describes its devices anew.
    Described,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Fault {
    fn standing(&self) -> (State, String) {
        match self {
            Self::Refused(refusal) => (State::Failed, refusal.detail.clone()),
            Self::Silent => (State::Silent, "the agent sent nothing for two heartbeats; it is called again".to_owned()),
            Self::OutOfRange(text) => (State::Connecting, format!("the agent no longer holds what comes next: {text}")),
            Self::Restarted => (State::Connecting, "the agent was restarted".to_owned()),
            Self::Described => (State::Connecting, "the agent describes its devices anew".to_owned()),
        }
    }

    fn of(errors: &[AgentError]) -> Self {
        let text = errors.iter().map(|error| format!("{} {}", error.code, error.text)).collect::<Vec<_>>().join("; ");
        if errors.iter().any(|error| error.code == "OUT_OF_RANGE") {
            return Self::OutOfRange(text);
        }
        Self::Refused(Refusal::new(Code::Unavailable, format!("the agent refuses: {text}")))
    }
}

struct Client<'c> {
    settings: &'c Settings,
    source: &'c Source,
    address: Address,
    patience: Patience,
    /// Times in a row that the agent's buffer ran over what was asked for.
    overruns: u32,
    /// For which description of the devices the probe was read again.
    described: Option<String>,
}

/// What a session knows.
struct Session {
    items: Items,
    /// The description the probe was made by.
    described: Option<String>,
    count: u64,
    place: Place,
}

impl Client<'_> {
    async fn session(&mut self) -> Result<Infallible, Fault> {
        let probe = self.probe().await?;
        let items = Items::named(&probe, self.settings.machine.as_deref(), self.source)?;
        // Agents refuse a count that their buffer cannot hold.
        let count = self.settings.count.min(probe.header.buffer_size.unwrap_or(u64::MAX).saturating_sub(1)).max(1);
        let mut session = Session { items, described: probe.header.model_changed, count, place: Place::default() };
        self.locate(&mut session).await?;
        self.catch_up(&mut session).await?;
        self.follow(&mut session).await
    }

    async fn probe(&self) -> Result<Probe, Fault> {
        match self.document("probe").await? {
            Document::Devices(probe) => Ok(probe),
            Document::Streams(_) => Err(unexpected("devices")),
            Document::Errors(errors) => Err(Fault::of(&errors)),
        }
    }

    async fn streams(&self, question: &str) -> Result<Streams, Fault> {
        streams_of(self.document(question).await?)
    }

    async fn document(&self, question: &str) -> Result<Document, Fault> {
        let bytes = self.address.ask(question).await?.whole().await?;
        self.read(&bytes).await
    }

    /// A document that cannot be read is put into quarantine, where somebody sees it.
    async fn read(&self, bytes: &[u8]) -> Result<Document, Fault> {
        match document::read(bytes) {
            Ok(document) => Ok(document),
            Err(refusal) => {
                let mut gathered = Gathered::of(self.source);
                gathered.quarantine(&refusal.detail, bytes);
                self.put(Batch { quarantined: gathered.quarantined, ..Batch::default() }).await?;
                Err(refusal.into())
            }
        }
    }

    async fn put(&self, batch: Batch) -> Result<(), Refusal> {
        self.source.put(batch, wall()).await.map(|_| ())
    }

    /// Finds where to go on: at the cursor where the agent still holds it, or at a new beginning.
    async fn locate(&mut self, session: &mut Session) -> Result<(), Fault> {
        let kept = self.source.cursor()?.as_deref().and_then(Place::read);
        let current = self.streams("current").await?;
        let header = current.header.clone();
        let Some(kept) = kept else { return self.begin(session, current, None, Place::default()).await };
        if kept.instance != header.instance || kept.next > header.next {
            return self.new_epoch(session, &kept, current).await;
        }
        if kept.next < header.first {
            let current = self.state_at(self.later_than_first(&header), current).await?;
            let gap = self.overrun(&kept, &current);
            return self.begin(session, current, Some(gap), kept).await;
        }
        session.place = kept;
        Ok(())
    }

    /// A little behind the oldest observation, since that one moves while it is asked for; further
    /// behind each time it was too little.
    fn later_than_first(&self, header: &Header) -> u64 {
        let margin = (header.next.saturating_sub(header.first) / 16).clamp(1, 64) << (2 * self.overruns.min(8));
        header.first.saturating_add(margin).min(header.next.saturating_sub(1))
    }

    /// The state as of a sequence; as of now where the agent's buffer is too quick to be caught.
    async fn state_at(&self, at: u64, current: Streams) -> Result<Streams, Fault> {
        match self.streams(&format!("current?at={at}")).await {
            Ok(mut then) if then.header.instance == current.header.instance => {
                then.header.next = at + 1;
                Ok(then)
            }
            Ok(_) => Err(Fault::Restarted),
            Err(Fault::OutOfRange(_)) if self.overruns >= OVERRUNS_MAX => Ok(current),
            Err(fault) => Err(fault),
        }
    }

    /// A gap of known size: what lies between the cursor and the state that is taken instead.
    fn overrun(&self, kept: &Place, state: &Streams) -> Gap {
        let recovered = state.observations.iter().filter(|it| it.sequence >= kept.next && !matches!(it.value, Told::Condition(_))).count() as u64;
        let lost = state.header.next.saturating_sub(kept.next).saturating_sub(recovered);
        self.gap(kept, newest(&state.observations), Some(lost), OVERRUN)
    }

    fn gap(&self, kept: &Place, to: Option<Time>, lost: Option<u64>, why: &str) -> Gap {
        Gap { source: self.source.code().to_owned(), from: kept.at, to: to.unwrap_or_else(|| self.source.now()), lost, why: why.to_owned() }
    }

    /// Another instance: what the old one held is gone. The new one is read from its first
    /// observation where it still holds that, so that nothing since its start is missed.
    async fn new_epoch(&mut self, session: &mut Session, kept: &Place, current: Streams) -> Result<(), Fault> {
        if current.header.first <= 1 {
            let since = current.observations.iter().map(|it| it.at).filter(|at| Some(*at) > kept.at).min();
            session.place = Place { instance: current.header.instance, next: current.header.first.max(1), at: kept.at, counts: kept.counts.clone(), ..Place::default() };
            let gap = self.gap(kept, since.or(current.header.created), None, RESTARTED);
            return Ok(self.put(Batch { gaps: vec![gap], cursor: session.place.cursor(), ..Batch::default() }).await?);
        }
        let state = self.state_at(self.later_than_first(&current.header), current).await?;
        let gap = self.gap(kept, newest(&state.observations), None, RESTARTED);
        self.begin(session, state, Some(gap), Place { at: kept.at, counts: kept.counts.clone(), ..Place::default() }).await
    }

    /// Takes a state as the new beginning; of it only what was not kept before.
    async fn begin(&mut self, session: &mut Session, state: Streams, gap: Option<Gap>, kept: Place) -> Result<(), Fault> {
        let Streams { header, mut observations, unread } = state;
        observations.sort_by_key(|it| it.sequence);
        session.place = Place { instance: header.instance, next: header.next, at: kept.at, counts: kept.counts.clone(), ..Place::default() };
        let mut gathered = Gathered::of(self.source);
        let changed_at = gap.as_ref().map_or_else(|| self.source.now(), |gap| gap.to);
        gathered.take_state(&observations, &session.items, &kept, &mut session.place, changed_at);
        gathered.take_unread(&unread);
        self.hand_in(gathered, gap, Window::History, session.place.cursor()).await?;
        Ok(())
    }

    /// Reads what the agent holds, chunk by chunk.
    async fn catch_up(&mut self, session: &mut Session) -> Result<(), Fault> {
        loop {
            let from = session.place.next;
            let chunk = self.streams(&format!("sample?from={from}&count={}", session.count)).await?;
            let last = chunk.header.last;
            self.take(session, chunk, Window::History).await?;
            self.overruns = 0;
            if session.place.next > last || session.place.next == from {
                return Ok(());
            }
        }
    }

    /// Follows the agent's stream until it breaks.
    async fn follow(&mut self, session: &mut Session) -> Result<Infallible, Fault> {
        let Settings { interval_ms, heartbeat_ms, .. } = self.settings;
        let question = format!("sample?from={}&count={}&interval={interval_ms}&heartbeat={heartbeat_ms}", session.place.next, session.count);
        let mut answer = self.address.ask(&question).await?;
        let Some(mut parts) = Parts::of(&answer.content_type) else {
            let bytes = answer.whole().await?;
            streams_of(self.read(&bytes).await?)?;
            return Err(Refusal::new(Code::Unavailable, "the agent answers once where it should go on; does it know `interval`?").into());
        };
        self.source.stands(State::Live, None, wall());
        let watchdog = Duration::from_millis(heartbeat_ms.saturating_mul(2)).max(Duration::from_secs(1));
        let window = if self.settings.replay { Window::History } else { Window::Live };
        loop {
            let part = timeout(watchdog, self.part(&mut answer, &mut parts)).await.map_err(|_| Fault::Silent)??;
            let streams = streams_of(self.read(&part).await?)?;
            self.take(session, streams, window).await?;
            self.patience.rested();
        }
    }

    async fn part(&self, answer: &mut Answer, parts: &mut Parts) -> Result<Vec<u8>, Fault> {
        loop {
            if let Some(part) = parts.part()? {
                return Ok(part);
            }
            let bytes = if parts.ended() { None } else { answer.bytes().await? };
            let bytes = bytes.ok_or_else(|| Refusal::new(Code::Unavailable, "the agent ended the stream"))?;
            parts.push(&bytes)?;
        }
    }

    /// Hands a document in, with the place behind it. What came before is not taken again.
    async fn take(&mut self, session: &mut Session, streams: Streams, window: Window) -> Result<(), Fault> {
        let Streams { header, mut observations, unread } = streams;
        let from = session.place.next;
        if header.instance != session.place.instance {
            return Err(Fault::Restarted);
        }
        if header.next < from {
            return Err(Fault::OutOfRange(format!("it goes on at {} after {from}", header.next)));
        }
        self.source.heard(wall());
        self.check_described(session, &header, &observations)?;
        observations.retain(|it| it.sequence >= from);
        observations.sort_by_key(|it| it.sequence);
        let gap = self.skipped(&session.place, &header, &observations);
        let mut gathered = Gathered::of(self.source);
        for it in &observations {
            gathered.take(it, &session.items, &mut session.place);
            session.place.seen(it.at);
        }
        gathered.take_unread(&unread);
        session.place.next = header.next;
        if header.next > from {
            self.hand_in(gathered, gap, window, session.place.cursor()).await?;
        }
        Ok(())
    }

    /// An agent that goes on at its first observation where it should have refused.
    fn skipped(&self, place: &Place, header: &Header, observations: &[Observation]) -> Option<Gap> {
        let skipped = header.first > place.next && observations.first().is_none_or(|it| it.sequence >= header.first);
        skipped.then(|| self.gap(place, observations.first().map(|it| it.at), Some(header.first - place.next), OVERRUN))
    }

    /// A data item that the probe did not name, while the agent says that its devices changed: read
    /// the probe again, once for each such change.
    fn check_described(&mut self, session: &Session, header: &Header, observations: &[Observation]) -> Result<(), Fault> {
        let changed = header.model_changed.is_some() && header.model_changed != session.described && header.model_changed != self.described;
        if changed && observations.iter().any(|it| matches!(session.items.find(&it.item), Known::Unknown)) {
            self.described.clone_from(&header.model_changed);
            return Err(Fault::Described);
        }
        Ok(())
    }

    /// In batches that the lane takes; the cursor goes with the last, so that a repetition may
    /// double nothing but work.
    async fn hand_in(&self, mut gathered: Gathered, gap: Option<Gap>, window: Window, cursor: Option<Vec<u8>>) -> Result<(), Refusal> {
        while gathered.samples.len() > limits::SAMPLES_MAX {
            let samples: Vec<Sample> = gathered.samples.drain(..limits::SAMPLES_MAX).collect();
            self.put(Batch { window, samples, ..Batch::default() }).await?;
        }
        let Gathered { samples, quarantined, .. } = gathered;
        self.put(Batch { window, samples, quarantined, gaps: gap.into_iter().collect(), cursor, ..Batch::default() }).await
    }
}

fn newest(observations: &[Observation]) -> Option<Time> {
    observations.iter().map(|it| it.at).max()
}

fn unexpected(wanted: &str) -> Fault {
    Refusal::new(Code::Malformed, format!("the agent answers something else than {wanted}; is the address right?")).into()
}

fn streams_of(document: Document) -> Result<Streams, Fault> {
    match document {
        Document::Streams(streams) => Ok(streams),
        Document::Devices(_) => Err(unexpected("observations")),
        Document::Errors(errors) => Err(Fault::of(&errors)),
    }
}
