//! The middle of the broker: which sessions there are, who listens, who makes samples. What is
//! published is first made durable and then handed on, so that whoever listens hears nothing that
//! the plant might forget. Deliberately without sockets.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use metrics::{Counter, Gauge, counter, gauge};
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::{Publish, SubscribeFilter, SubscribeReasonCode};
use tokio::sync::watch;

use super::super::gather::Gathered;
use super::super::sparkplug::rebirth;
use super::access::{Access, Rights, Rulebook};
use super::retained::Retained;
use super::session::{Line, Message, Name, Session};
use super::taker::Taker;
use crate::accounts::{Accounts, LogIn};
use crate::base::{Code, Digest, Refusal, limits};
use crate::engine::clock::Clock;
use crate::model::journal::Actor;

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
    rules: RwLock<Rulebook>,
    gate: watch::Sender<Gate>,
    waiting_bytes: Arc<AtomicUsize>,
    pub(super) counts: Counts,
}

/// What a guest was let in by.
#[derive(Clone)]
pub(super) enum Shown {
    Token(Digest),
    Password(LogIn),
}

/// Whoever was let in, as it was then. What comes of it later is looked at anew whenever it counts, and every few seconds.
#[derive(Clone)]
pub(super) struct Guest {
    pub(super) actor: Actor,
    pub(super) shown: Shown,
    /// It is called as a machine is, and speaks for that alone.
    pub(super) is_machine: bool,
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
            rules: RwLock::default(),
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

    fn rules(&self) -> RwLockReadGuard<'_, Rulebook> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a guest may do now.
    pub(super) fn rights(&self, guest: &Guest) -> Rights {
        self.rights_by(&self.rules(), guest)
    }

    fn rights_by(&self, rules: &Rulebook, guest: &Guest) -> Rights {
        if self.is_as_it_came(guest) { rules.rights(&guest.actor, guest.is_machine) } else { Rights::Rules(Vec::new()) }
    }

    /// Whether what a guest showed still opens the door, and to the same role.
    fn is_as_it_came(&self, guest: &Guest) -> bool {
        match &guest.shown {
            Shown::Token(token) => self.accounts.holder_by_digest(*token).as_ref() == Some(&guest.actor),
            Shown::Password(login) => self.accounts.still(login),
        }
    }

    /// Who may publish and listen where by a connector from now on: nothing of it where it is not active, and `None` where
    /// its rules cannot be read. Whoever listens where it may not any more hears nothing more there.
    pub fn lay_rules(&self, connector: u64, rules: Option<Vec<Access>>) {
        self.rules.write().unwrap_or_else(PoisonError::into_inner).lay(connector, rules);
        let sessions: Vec<Arc<Session>> = self.sessions().values().cloned().collect();
        for session in sessions {
            let actor = self.accounts.active(session.name.0);
            let rights = actor.map(|actor| self.rules().rights(&actor, self.accounts.is_machine(&actor.name)));
            session.keep_filters(|filter| rights.as_ref().is_some_and(|rights| rights.may_subscribe(filter)));
        }
    }

    /// Waits until all who make samples are there, and all rules with them.
    async fn opened(&self) -> Result<(), Refusal> {
        if self.gate.subscribe().wait_for(|gate| *gate != Gate::Held).await.is_ok_and(|gate| *gate == Gate::Closed) {
            return Err(Refusal::new(Code::Unavailable, "the plant is stopping"));
        }
        Ok(())
    }

    /// Waits for that, and answers what a guest may do.
    pub(super) async fn rights_of(&self, guest: &Guest) -> Result<Rights, Refusal> {
        self.opened().await?;
        Ok(self.rights(guest))
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
    pub(super) fn enter(&self, client_id: String, clean: bool, line: &Arc<Line>) -> (Arc<Session>, bool) {
        let name: Name = (line.guest.actor.user, client_id);
        let mut sessions = self.sessions();
        if let Some(known) = sessions.get(&name).cloned() {
            // The old connection ends in either case.
            if known.go_on(line) && !clean {
                let rights = self.rights(&line.guest);
                known.keep_filters(|filter| rights.may_subscribe(filter));
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

    /// Ends the connections of those who are not what they were let in as: barred, without their token, of another role,
    /// called as a machine is since. Whoever still may comes again, and is judged by what it is then.
    pub(super) fn expel_changed(&self) {
        let lines: Vec<Arc<Line>> = self.sessions().values().filter_map(|session| session.line()).collect();
        for line in lines {
            let guest = &line.guest;
            let is_another = self.accounts.is_named_as_machine(&guest.actor.name).is_ok_and(|is_machine| is_machine != guest.is_machine);
            if is_another || !self.is_as_it_came(guest) {
                line.ending.send_replace(Some("its log-in has ended or changed: whoever still may connects again"));
            }
        }
    }

    fn listen_no_more(&self, session: &Arc<Session>) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).retain(|it| !Arc::ptr_eq(it, session));
    }

    /// Subscribes to topics; what is retained under them is told at once.
    pub(super) fn subscribe(&self, session: &Arc<Session>, filters: &[SubscribeFilter], guest: &Guest) -> Vec<SubscribeReasonCode> {
        // Held to the end: rules that are laid meanwhile find what was granted here.
        let rules = self.rules();
        let rights = self.rights_by(&rules, guest);
        let codes: Vec<_> = filters.iter().map(|filter| if rights.may_subscribe(&filter.path) { self.grant(session, filter) } else { SubscribeReasonCode::Failure }).collect();
        if session.listens() {
            let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
            if !listeners.iter().any(|it| Arc::ptr_eq(it, session)) {
                listeners.push(Arc::clone(session));
            }
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
    /// handed to nobody, and is published again by whoever still holds it. Answers how many were taken: those before
    /// the first that the guest may not say.
    pub(super) async fn publish(&self, messages: &[Publish], guest: &Guest) -> Result<usize, Refusal> {
        let rights = self.rights_of(guest).await?;
        let takers = self.takers();
        let allowed = messages.iter().position(|message| !may_say(&rights, &takers, message)).unwrap_or(messages.len());
        let messages = &messages[..allowed];
        self.counts.received.increment(messages.len() as u64);
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
        Ok(allowed)
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

/// Whether the topic is allowed, and a machine speaks of no other: what counts is what would be kept of it.
fn may_say(rights: &Rights, takers: &[Arc<Taker>], message: &Publish) -> bool {
    let foreign = |code: &str| takers.iter().find(|taker| !taker.only_looks_on() && taker.fits(&message.topic)).is_some_and(|taker| taker.hears_of_another(message, code));
    rights.may_publish(&message.topic) && !matches!(rights, Rights::Machine(code) if foreign(code))
}
