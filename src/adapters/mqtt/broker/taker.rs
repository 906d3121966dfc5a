//! Who makes samples of what is published: a mapping, or a host of Sparkplug B. The first that fits a
//! topic takes its messages; a trial only looks on. Deliberately the same rules and the same host as
//! at an outside broker.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rumqttc::mqttbytes::v4::Publish;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::super::gather::Gathered;
use super::super::mapping::Rules;
use super::super::settings::Mapping;
use super::super::sparkplug::{Groups, Host, Presence};
use super::{Access, Hub};
use crate::base::Refusal;
use crate::engine::clock::Clock;
use crate::telemetry::{Batch, Source, State};

/// How often a host looks for messages that are missing too long, and whether samples are taken again.
const LOOK: Duration = Duration::from_millis(500);

/// What of that which is published to the plant's own broker becomes samples, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Reads")]
pub struct Settings {
    reads: Reads,
    rank: Rank,
    access: Vec<Access>,
}

/// How messages become samples.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Reads {
    Mapping(Mapping),
    Sparkplug(Groups),
}

impl From<Reads> for Settings {
    fn from(reads: Reads) -> Self {
        Self { reads, rank: Rank::Connector, access: Vec::new() }
    }
}

/// Who is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Looks on and takes nothing away.
    Trial,
    Connector,
    Preset,
}

impl Settings {
    /// The same for a trial: what it sees is still taken by whom it belongs to, and no edge node takes it for its host.
    #[must_use]
    pub fn on_trial(mut self) -> Self {
        self.rank = Rank::Trial;
        self.access.clear();
        if let Reads::Sparkplug(groups) = &mut self.reads {
            groups.host_id = None;
        }
        self
    }

    /// The same, and who may publish and listen where as long as the connector is active.
    #[must_use]
    pub fn with_access(self, access: Vec<Access>) -> Self {
        Self { access, ..self }
    }

    /// Who may publish and listen where.
    pub fn access(&self) -> &[Access] {
        &self.access
    }

    /// What everybody may publish without a connector: `plant/{machine}/{metric}`, `plant/{machine}`, the
    /// unified namespace of UMH, and Sparkplug B.
    pub fn presets() -> Vec<Self> {
        let plant = || "plant".to_owned();
        let reads = [
            Reads::Mapping(Mapping::Plain { prefix: plant() }),
            Reads::Mapping(Mapping::JsonObject { prefix: plant() }),
            Reads::Mapping(Mapping::Umh { prefix: "umh/v1".to_owned() }),
            Reads::Sparkplug(Groups { host_id: Some("millwright".to_owned()), ..Groups::default() }),
        ];
        reads.into_iter().map(|reads| Self { reads, rank: Rank::Preset, access: Vec::new() }).collect()
    }
}

enum Reader {
    Rules(Rules),
    Sparkplug { host: Mutex<Host>, groups: Groups, online: AtomicBool },
}

/// Somebody who makes samples.
pub(super) struct Taker {
    pub(super) source: Arc<Source>,
    reader: Reader,
    rank: Rank,
}

impl Taker {
    fn of(settings: &Settings, source: Arc<Source>) -> Result<Self, Refusal> {
        let reader = match &settings.reads {
            Reads::Mapping(mapping) => Reader::Rules(Rules::of(mapping)?),
            Reads::Sparkplug(groups) => {
                groups.check()?;
                Reader::Sparkplug { host: Mutex::new(Groups::host()), groups: groups.clone(), online: AtomicBool::new(false) }
            }
        };
        Ok(Self { source, reader, rank: settings.rank })
    }

    pub(super) const fn rank(&self) -> Rank {
        self.rank
    }

    pub(super) fn only_looks_on(&self) -> bool {
        self.rank == Rank::Trial
    }

    pub(super) fn fits(&self, topic: &str) -> bool {
        match &self.reader {
            Reader::Rules(rules) => rules.fits(topic),
            Reader::Sparkplug { groups, .. } => groups.have(topic),
        }
    }

    /// Whether a message tells of another machine than the one that has this code.
    pub(super) fn hears_of_another(&self, message: &Publish, code: &str) -> bool {
        match &self.reader {
            Reader::Rules(rules) => rules.read(&message.topic, &message.payload).is_ok_and(|told| told.iter().any(|it| it.machine != code)),
            Reader::Sparkplug { .. } => Host::machine(&message.topic).is_some_and(|machine| machine != code),
        }
    }

    /// Makes samples of a message.
    pub(super) fn take(&self, message: &Publish, gathered: &mut Gathered<'_>) {
        match &self.reader {
            Reader::Rules(rules) => gathered.read(rules.read(&message.topic, &message.payload), message),
            Reader::Sparkplug { host, .. } => locked(host).take(&message.topic, &message.payload, Instant::now(), gathered),
        }
    }

    /// Topics on which edge nodes are to be asked for a rebirth.
    pub(super) fn rebirths(&self) -> Vec<String> {
        match &self.reader {
            Reader::Sparkplug { host, .. } if self.rank != Rank::Trial => locked(host).rebirths(Instant::now()),
            _ => Vec::new(),
        }
    }

    /// Edge nodes are told whether what they say is kept.
    pub(super) fn says(&self, here: bool, hub: &Hub) {
        if let Reader::Sparkplug { groups, online, .. } = &self.reader
            && online.swap(here, Ordering::SeqCst) != here
            && let Some(host_id) = &groups.host_id
        {
            let (topic, message) = Presence { host_id, since: Clock::System.now() }.message(here);
            hub.tell_retained(topic, message);
        }
    }

    /// What is due beside the messages that come.
    async fn look(&self, hub: &Hub) -> Result<(), Refusal> {
        let Reader::Sparkplug { host, online, .. } = &self.reader else { return Ok(()) };
        if !online.load(Ordering::SeqCst) {
            // Nobody is told to speak before something could be kept.
            self.source.put(Batch::default(), Clock::System.now()).await?;
            self.says(true, hub);
        }
        let now = Instant::now();
        let overdue = locked(host).overdue_at().is_some_and(|at| at <= now);
        if overdue {
            let mut gathered = Gathered::new(&self.source);
            locked(host).give_up_overdue(now, &mut gathered);
            gathered.keep().await?;
            hub.ask_for_rebirths(self);
        }
        Ok(())
    }
}

fn locked(host: &Mutex<Host>) -> MutexGuard<'_, Host> {
    host.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes what is published to the plant's own broker from the moment of the call until told to stop.
pub fn take(settings: &Settings, hub: Option<Arc<Hub>>, source: Arc<Source>, stopping: watch::Receiver<bool>) -> impl Future<Output = ()> + use<> {
    let taking = admitted(settings, hub, &source);
    match &taking {
        Ok(_) => source.stands(State::Live, None, Clock::System.now()),
        Err(refusal) => source.stands(State::Failed, Some(&refusal.detail), Clock::System.now()),
    }
    async move {
        match taking {
            Ok((hub, taker)) => attend(&hub, &taker, stopping).await,
            // Its standing is kept for whoever asks why.
            Err(_) => end_of(stopping).await,
        }
        drop(source);
    }
}

fn admitted(settings: &Settings, hub: Option<Arc<Hub>>, source: &Arc<Source>) -> Result<(Arc<Hub>, Arc<Taker>), Refusal> {
    let hub = hub.ok_or_else(|| Refusal::invalid("mqtt", "this plant runs no broker of its own: start it with --mqtt ADDRESS"))?;
    let taker = Arc::new(Taker::of(settings, Arc::clone(source))?);
    hub.admit_taker(&taker);
    Ok((hub, taker))
}

async fn end_of(mut stopping: watch::Receiver<bool>) {
    _ = stopping.wait_for(|stop| *stop).await;
}

async fn attend(hub: &Hub, taker: &Arc<Taker>, mut stopping: watch::Receiver<bool>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => break,
            _ = ticks.tick() => {}
        }
        if let Err(refusal) = taker.look(hub).await {
            taker.says(false, hub);
            tracing::debug!(%refusal, source = taker.source.code(), "telemetry takes nothing");
        }
    }
    // Presets stay to the end of the plant: whoever is still served then must not find nobody.
    if taker.rank != Rank::Preset {
        hub.dismiss_taker(taker);
    }
    taker.says(false, hub);
}
