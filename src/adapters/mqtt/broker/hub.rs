//! The middle of the broker: which sessions there are, who listens, who makes samples. What is
//! published is first made durable and then handed on, so that whoever listens hears nothing that
//! the plant might forget. Deliberately without sockets.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use metrics::{Counter, Gauge, counter, gauge};
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::{Publish, SubscribeFilter, SubscribeReasonCode};
use tokio::sync::watch;

use super::super::gather::Gathered;
use super::super::sparkplug::rebirth;
use super::access::Rights;
use super::retained::Retained;
use super::session::{Line, Message, Name, Session};
use super::taker::Taker;
use crate::accounts::Accounts;
use crate::base::{Code, Refusal, limits};
use crate::engine::clock::Clock;
use crate::model::journal::Actor;
use crate::model::permission::may;

/// Machines send as whoever may write telemetry over HTTP does.
pub(super) const ACT: &str = "WriteTelemetry";

/// The middle of the broker, which its connections and those who make samples share.
pub struct Hub {
    pub(super) accounts: Arc<Accounts>,
    sessions: Mutex<HashMap<Name, Arc<Session>>>,
    /// Sessions that ask for topics.
    listeners: RwLock<Vec<Arc<Session>>>,
    retained: Mutex<Retained>,
    takers: RwLock<Vec<Arc<Taker>>>,
    gate: watch::Sender<Gate>,
    waiting_bytes: Arc<AtomicUsize>,
    pub(super) counts: Counts,
}

/// Whether all who make samples are there: what came while one of them is missing would be acknowledged
/// and lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// Not all of them: it waits.
    Held,
    Open,
    /// None of them will come any more.
    Closed,
}

/// What is counted since the start of the program.
pub(super) struct Counts {
    pub(super) connections: Gauge,
    pub(super) received: Counter,
    pub(super) stored: Counter,
    pub(super) refused: Counter,
    pub(super) dropped: Counter,
    pub(super) turned_away: Counter,
}

impl Counts {
    fn new() -> Self {
        let messages = |became: &'static str| counter!("millwright_broker_messages_total", "became" => became);
        Self {
            connections: gauge!("millwright_broker_connections"),
            received: messages("received"),
            stored: messages("stored"),
            refused: messages("refused"),
            dropped: messages("dropped"),
            turned_away: counter!("millwright_broker_turned_away_total"),
        }
    }
}

impl Hub {
    pub(super) fn new(accounts: Arc<Accounts>) -> Self {
        Self {
            accounts,
            sessions: Mutex::default(),
            listeners: RwLock::default(),
            retained: Mutex::default(),
            takers: RwLock::default(),
            gate: watch::Sender::new(Gate::Held),
            waiting_bytes: Arc::default(),
            counts: Counts::new(),
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<Name, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn takers(&self) -> Vec<Arc<Taker>> {
        self.takers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a user may do now.
    pub(super) fn rights(&self, actor: &Actor, is_machine: bool) -> Rights {
        let takers = self.takers.read().unwrap_or_else(PoisonError::into_inner);
        Rights::of(actor, is_machine, takers.iter().flat_map(|taker| taker.access()))
    }

    /// All who make samples are there.
    pub fn open(&self) {
        self.gate.send_replace(Gate::Open);
    }

    /// One of those who make samples changes: what is published waits until all are there again.
    pub fn hold(&self) {
        self.gate.send_replace(Gate::Held);
    }

    /// The plant is stopping: nothing more is taken.
    pub fn close(&self) {
        self.gate.send_replace(Gate::Closed);
    }

    /// Somebody begins to make samples.
    pub(super) fn admit_taker(&self, taker: &Arc<Taker>) {
        let mut takers = self.takers.write().unwrap_or_else(PoisonError::into_inner);
        takers.push(Arc::clone(taker));
        takers.sort_by_key(|taker| taker.rank());
    }

    /// Somebody makes samples no more.
    pub(super) fn dismiss_taker(&self, taker: &Arc<Taker>) {
        self.takers.write().unwrap_or_else(PoisonError::into_inner).retain(|it| !Arc::ptr_eq(it, taker));
    }

    /// A client has come; answers its session, and whether it goes on with an earlier one.
    pub(super) fn enter(&self, name: Name, clean: bool, line: &Arc<Line>) -> (Arc<Session>, bool) {
        let mut sessions = self.sessions();
        if let Some(known) = sessions.get(&name).cloned() {
            // The old connection ends in either case.
            if known.go_on(line) && !clean {
                return (known, true);
            }
            self.listen_no_more(&known);
        } else if sessions.len() >= limits::BROKER_SESSIONS_MAX {
            let longest = sessions.values().filter_map(|it| Some((it.absent_since()?, it.name.clone()))).min();
            if let Some(forgotten) = longest.and_then(|(_, name)| sessions.remove(&name)) {
                self.listen_no_more(&forgotten);
            }
        }
        let session = Arc::new(Session::new(name.clone(), clean, Arc::clone(line), Arc::clone(&self.waiting_bytes)));
        sessions.insert(name, Arc::clone(&session));
        (session, false)
    }

    /// A connection has ended, and with it perhaps the session.
    pub(super) fn leave(&self, session: &Arc<Session>, line: &Arc<Line>) {
        let mut sessions = self.sessions();
        if session.leave(line) {
            if sessions.get(&session.name).is_some_and(|it| Arc::ptr_eq(it, session)) {
                sessions.remove(&session.name);
            }
            self.listen_no_more(session);
        }
    }

    /// Ends the connections of those who may not publish any more.
    pub(super) fn expel_barred(&self) {
        for session in self.sessions().values() {
            let allowed = self.accounts.active(session.name.0).is_some_and(|actor| may(actor.role, ACT));
            if let Some(line) = session.line().filter(|_| !allowed) {
                line.ending.send_replace(Some("its user may not publish any more"));
            }
        }
    }

    fn listen_no_more(&self, session: &Arc<Session>) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).retain(|it| !Arc::ptr_eq(it, session));
    }

    /// Subscribes to topics; what is retained under them is told at once.
    pub(super) fn subscribe(&self, session: &Arc<Session>, filters: &[SubscribeFilter], rights: &Rights) -> Vec<SubscribeReasonCode> {
        let listened = session.listens();
        let codes: Vec<_> = filters.iter().map(|filter| if rights.may_subscribe(&filter.path) { self.grant(session, filter) } else { SubscribeReasonCode::Failure }).collect();
        if !listened && session.listens() {
            self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(session));
        }
        codes
    }

    fn grant(&self, session: &Session, filter: &SubscribeFilter) -> SubscribeReasonCode {
        // Nothing is ever published under $, so whoever asks for it would wait in vain.
        let granted = if filter.path.starts_with('$') { None } else { session.subscribe(&filter.path, filter.qos) };
        let Some(granted) = granted else { return SubscribeReasonCode::Failure };
        let retained = self.retained.lock().unwrap_or_else(PoisonError::into_inner).of(&filter.path);
        let dropped = retained.iter().map(|message| session.offer(message, granted, true)).sum();
        self.counts.dropped.increment(dropped);
        SubscribeReasonCode::Success(granted)
    }

    pub(super) fn unsubscribe(&self, session: &Arc<Session>, filters: &[String]) {
        let nothing_left = filters.iter().fold(!session.listens(), |_, filter| session.unsubscribe(filter));
        if nothing_left {
            self.listen_no_more(session);
        }
    }

    /// Makes samples of messages, and hands the messages on once these are on disk. What a refusal ends was
    /// handed to nobody, and is published again by whoever still holds it.
    pub(super) async fn publish(&self, messages: &[Publish]) -> Result<(), Refusal> {
        self.counts.received.increment(messages.len() as u64);
        if self.gate.subscribe().wait_for(|gate| *gate != Gate::Held).await.is_ok_and(|gate| *gate == Gate::Closed) {
            return Err(Refusal::new(Code::Unavailable, "the plant is stopping"));
        }
        let takers = self.takers();
        match self.keep(&takers, messages).await {
            Ok(taken) => self.counts.stored.increment(taken),
            Err(refusal) => {
                self.counts.refused.increment(messages.len() as u64);
                // Edge nodes are to hold what they have, whose message it was that found out.
                takers.iter().for_each(|taker| taker.says(false, self));
                return Err(refusal);
            }
        }
        messages.iter().for_each(|message| self.route(message));
        takers.iter().for_each(|taker| self.ask_for_rebirths(taker));
        Ok(())
    }

    /// Answers how many messages became samples.
    async fn keep(&self, takers: &[Arc<Taker>], messages: &[Publish]) -> Result<u64, Refusal> {
        let mut gathered: Vec<Option<Gathered<'_>>> = takers.iter().map(|_| None).collect();
        let mut taken = 0;
        for message in messages {
            for (taker, gathered) in takers.iter().zip(&mut gathered).filter(|(taker, _)| taker.fits(&message.topic)) {
                taker.take(message, gathered.get_or_insert_with(|| Gathered::new(&taker.source)));
                if !taker.only_looks_on() {
                    taken += 1;
                    break;
                }
            }
        }
        for gathered in gathered.into_iter().flatten() {
            gathered.keep().await?;
        }
        Ok(taken)
    }

    /// Asks edge nodes that are not understood to tell everything again.
    pub(super) fn ask_for_rebirths(&self, taker: &Taker) {
        for topic in taker.rebirths() {
            self.route(&Publish::new(topic, QoS::AtMostOnce, rebirth(Clock::System.now())));
        }
    }

    /// Publishes a message of our own that is kept for whoever comes.
    pub(super) fn tell_retained(&self, topic: String, message: Vec<u8>) {
        self.route(&Publish { retain: true, ..Publish::from_bytes(topic, QoS::AtLeastOnce, Bytes::from(message)) });
    }

    fn route(&self, message: &Publish) {
        let mut shared = None;
        if message.retain {
            let message = shared.get_or_insert_with(|| Message::of(message));
            let kept = self.retained.lock().unwrap_or_else(PoisonError::into_inner).keep(message);
            self.counts.dropped.increment(u64::from(!kept));
        }
        for session in self.listeners.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(wanted) = session.wants(&message.topic) {
                let dropped = session.offer(shared.get_or_insert_with(|| Message::of(message)), wanted, false);
                self.counts.dropped.increment(dropped);
            }
        }
    }
}
