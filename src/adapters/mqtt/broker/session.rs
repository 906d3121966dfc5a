//! What the broker remembers of a client: its filters, what waits for it, what it has not
//! acknowledged. Lives in memory: after a restart of the plant clients subscribe anew, and what
//! waited for them is gone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::Publish;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::hub::Guest;
use super::topics::fits;
use crate::base::limits;

/// Whose session: clients of two users never meet, whatever they call themselves.
pub(super) type Name = (u64, String);

/// A message on its way to those who listen; they share it.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: QoS,
}

impl Message {
    /// Copied out of the buffer it came in, which would otherwise live as long as it does.
    pub(super) fn of(message: &Publish) -> Arc<Self> {
        Arc::new(Self { topic: message.topic.clone(), payload: Bytes::copy_from_slice(&message.payload), qos: message.qos })
    }

    /// What it takes to hold it, give or take.
    pub(super) fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len() + 64
    }
}

/// A message for one client.
#[derive(Clone)]
struct Delivery {
    message: Arc<Message>,
    qos: QoS,
    retained: bool,
}

/// A connection as its session and its two directions know it.
pub(super) struct Line {
    /// Who was let in.
    pub(super) guest: Guest,
    /// Answers that are to be sent, before any message.
    answers: Mutex<BytesMut>,
    /// There is something to send.
    pub(super) wake: Notify,
    /// Everything was sent.
    pub(super) sent: Notify,
    /// Why it has to end.
    pub(super) ending: watch::Sender<Option<&'static str>>,
}

impl Line {
    pub(super) fn new(guest: Guest) -> Arc<Self> {
        Arc::new(Self { guest, answers: Mutex::default(), wake: Notify::new(), sent: Notify::new(), ending: watch::Sender::new(None) })
    }

    /// The answers that wait.
    pub(super) fn answers(&self) -> MutexGuard<'_, BytesMut> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's session.
pub(super) struct Session {
    pub(super) name: Name,
    held: Mutex<Held>,
    /// Bytes that wait for all sessions together.
    all_bytes: Arc<AtomicUsize>,
}

struct Held {
    line: Option<Arc<Line>>,
    /// Ends with its connection.
    clean: bool,
    absent_since: Instant,
    filters: BTreeMap<String, QoS>,
    waiting: VecDeque<Delivery>,
    bytes: usize,
    /// Sent and not acknowledged, in order.
    unacknowledged: VecDeque<(u16, Delivery)>,
    /// How many of these have to be sent again on this connection.
    again: usize,
    last_id: u16,
    /// Messages with quality 2 that were taken and not released.
    taken: BTreeSet<u16>,
}

impl Session {
    pub(super) fn new(name: Name, clean: bool, line: Arc<Line>, all_bytes: Arc<AtomicUsize>) -> Self {
        let held = Held {
            line: Some(line),
            clean,
            absent_since: Instant::now(),
            filters: BTreeMap::new(),
            waiting: VecDeque::new(),
            bytes: 0,
            unacknowledged: VecDeque::new(),
            again: 0,
            last_id: 0,
            taken: BTreeSet::new(),
        };
        Self { name, held: Mutex::new(held), all_bytes }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another connection goes on with it; the old one ends. Answers whether there was anything to go on with.
    pub(super) fn go_on(&self, line: &Arc<Line>) -> bool {
        let mut held = self.held();
        if let Some(old) = held.line.replace(Arc::clone(line)) {
            old.ending.send_replace(Some("another client with the same client id and user has connected"));
        }
        held.again = held.unacknowledged.len();
        !held.clean
    }

    /// A connection has ended; answers whether the session ends with it.
    pub(super) fn leave(&self, line: &Arc<Line>) -> bool {
        let mut held = self.held();
        if !held.line.as_ref().is_some_and(|it| Arc::ptr_eq(it, line)) {
            return false;
        }
        (held.line, held.absent_since) = (None, Instant::now());
        held.clean
    }

    /// Since when nobody is connected with it; `None` while somebody is.
    pub(super) fn absent_since(&self) -> Option<Instant> {
        let held = self.held();
        held.line.is_none().then_some(held.absent_since)
    }

    /// The connection that it has now.
    pub(super) fn line(&self) -> Option<Arc<Line>> {
        self.held().line.clone()
    }

    /// Asks for topics; `None` where it asks for too many.
    pub(super) fn subscribe(&self, filter: &str, qos: QoS) -> Option<QoS> {
        let mut held = self.held();
        if held.filters.len() == limits::BROKER_FILTERS_MAX && !held.filters.contains_key(filter) {
            return None;
        }
        // Nothing is sent with quality 2: whoever asks for it is told so.
        let granted = if qos == QoS::AtMostOnce { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        held.filters.insert(filter.to_owned(), granted);
        Some(granted)
    }

    /// Asks no more for topics that it may not.
    pub(super) fn keep_filters(&self, may: impl Fn(&str) -> bool) {
        self.held().filters.retain(|filter, _| may(filter));
    }

    /// Asks for topics no more; answers whether it asks for none now.
    pub(super) fn unsubscribe(&self, filter: &str) -> bool {
        let mut held = self.held();
        held.filters.remove(filter);
        held.filters.is_empty()
    }

    pub(super) fn listens(&self) -> bool {
        !self.held().filters.is_empty()
    }

    /// With which quality it asks for a topic.
    pub(super) fn wants(&self, topic: &str) -> Option<QoS> {
        let held = self.held();
        let fitting = held.filters.iter().filter(|(filter, _)| fits(filter, topic)).map(|(_, qos)| *qos);
        fitting.reduce(|one, other| if one == QoS::AtMostOnce { other } else { one })
    }

    /// Takes a message for its client; answers how many made room for it, itself perhaps among them.
    pub(super) fn offer(&self, message: &Arc<Message>, wanted: QoS, retained: bool) -> u64 {
        let mut held = self.held();
        let qos = if message.qos == QoS::AtMostOnce { QoS::AtMostOnce } else { wanted };
        if held.line.is_none() && qos == QoS::AtMostOnce {
            // Quality 0 is for whoever is there.
            return 0;
        }
        held.bytes += message.bytes();
        self.all_bytes.fetch_add(message.bytes(), Ordering::Relaxed);
        held.waiting.push_back(Delivery { message: Arc::clone(message), qos, retained });
        let mut dropped = 0;
        while held.is_overfull(self.all_bytes.load(Ordering::Relaxed))
            && let Some(oldest) = held.waiting.pop_front()
        {
            self.release(&mut held, &oldest);
            dropped += 1;
        }
        if let Some(line) = &held.line {
            line.wake.notify_one();
        }
        dropped
    }

    fn release(&self, held: &mut Held, delivery: &Delivery) {
        held.bytes -= delivery.message.bytes();
        self.all_bytes.fetch_sub(delivery.message.bytes(), Ordering::Relaxed);
    }

    /// Writes messages that are due, up to about so many bytes.
    pub(super) fn write_due(&self, line: &Arc<Line>, into: &mut BytesMut, bytes_max: usize) {
        let mut held = self.held();
        if !held.line.as_ref().is_some_and(|it| Arc::ptr_eq(it, line)) {
            return;
        }
        while held.again > 0 && into.len() < bytes_max {
            let (id, delivery) = &held.unacknowledged[held.unacknowledged.len() - held.again];
            write(into, delivery, *id, true);
            held.again -= 1;
        }
        while into.len() < bytes_max
            && let Some(next) = held.waiting.front()
            && (next.qos == QoS::AtMostOnce || held.unacknowledged.len() < limits::BROKER_INFLIGHT_MAX)
            && let Some(delivery) = held.waiting.pop_front()
        {
            if delivery.qos == QoS::AtMostOnce {
                write(into, &delivery, 0, false);
                self.release(&mut held, &delivery);
            } else {
                let id = held.next_id();
                write(into, &delivery, id, false);
                held.unacknowledged.push_back((id, delivery));
            }
        }
    }

    /// The client has a message.
    pub(super) fn acknowledged(&self, id: u16) {
        let mut held = self.held();
        let Some(at) = held.unacknowledged.iter().position(|(known, _)| *known == id) else { return };
        let to_come_again = held.unacknowledged.len() - held.again;
        if at >= to_come_again {
            held.again -= 1;
        }
        if let Some((_, delivery)) = held.unacknowledged.remove(at) {
            self.release(&mut held, &delivery);
        }
        if let Some(line) = &held.line {
            line.wake.notify_one();
        }
    }

    /// Whether a message with quality 2 was taken before under this id.
    pub(super) fn has_taken(&self, id: u16) -> bool {
        self.held().taken.contains(&id)
    }

    pub(super) fn take(&self, id: u16) {
        self.held().taken.insert(id);
    }

    pub(super) fn release_taken(&self, id: u16) {
        self.held().taken.remove(&id);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.all_bytes.fetch_sub(self.held().bytes, Ordering::Relaxed);
    }
}

impl Held {
    fn is_overfull(&self, all_bytes: usize) -> bool {
        self.waiting.len() > limits::BROKER_WAITING_MAX || self.bytes > limits::BROKER_WAITING_BYTES_MAX || all_bytes > limits::BROKER_ALL_WAITING_BYTES_MAX
    }

    /// An id that no message on its way has.
    fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.unacknowledged.iter().any(|(id, _)| *id == self.last_id) {
                return self.last_id;
            }
        }
    }
}

fn write(into: &mut BytesMut, delivery: &Delivery, id: u16, again: bool) {
    let packet = Publish { dup: again, qos: delivery.qos, retain: delivery.retained, topic: delivery.message.topic.clone(), pkid: id, payload: delivery.message.payload.clone() };
    if let Err(error) = packet.write(into) {
        // It was read as a packet before, so it can be written as one.
        tracing::error!(%error, topic = packet.topic, "a message could not be written");
    }
}

#[cfg(test)]
mod tests {
    use super::super::hub::Shown;
    use super::*;
    use crate::base::Digest;
    use crate::model::journal::Actor;
    use crate::model::permission::Role;

    fn connected() -> Arc<Line> {
        Line::new(Guest { actor: Actor { user: 1, name: "press".to_owned(), role: Role::Operator }, shown: Shown::Token(Digest::NONE), is_machine: false })
    }

    fn message(number: usize) -> Arc<Message> {
        Arc::new(Message { topic: "a".to_owned(), payload: Bytes::from(number.to_string()), qos: QoS::AtLeastOnce })
    }

    fn sent(session: &Session, line: &Arc<Line>) -> Vec<(u16, bool, String)> {
        let mut bytes = BytesMut::new();
        session.write_due(line, &mut bytes, 1 << 20);
        let mut told = Vec::new();
        while let Ok(rumqttc::mqttbytes::v4::Packet::Publish(it)) = rumqttc::mqttbytes::v4::Packet::read(&mut bytes, 1 << 20) {
            told.push((it.pkid, it.dup, String::from_utf8(it.payload.to_vec()).unwrap()));
        }
        told
    }

    #[test]
    fn what_was_not_acknowledged_comes_again_on_the_next_connection_in_order() {
        let (all_bytes, line) = (Arc::<AtomicUsize>::default(), connected());
        let session = Session::new((1, "m".to_owned()), false, Arc::clone(&line), Arc::clone(&all_bytes));
        (1..=3).for_each(|number| _ = session.offer(&message(number), QoS::AtLeastOnce, false));
        assert_eq!(sent(&session, &line).len(), 3);
        session.acknowledged(2);
        session.leave(&line);
        session.offer(&message(4), QoS::AtLeastOnce, false);
        let next = connected();
        assert!(session.go_on(&next));
        assert_eq!(sent(&session, &line), [], "the old connection gets nothing more");
        assert_eq!(sent(&session, &next), [(1, true, "1".to_owned()), (3, true, "3".to_owned()), (4, false, "4".to_owned())]);
        [1, 3, 4, 77].into_iter().for_each(|id| session.acknowledged(id));
        assert_eq!(all_bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_oldest_make_room_and_no_more_is_on_its_way_than_may_be() {
        let line = connected();
        let session = Session::new((1, "m".to_owned()), false, Arc::clone(&line), Arc::default());
        let dropped: u64 = (0..limits::BROKER_WAITING_MAX + 5).map(|number| session.offer(&message(number), QoS::AtLeastOnce, false)).sum();
        assert_eq!(dropped, 5);
        let first = sent(&session, &line);
        assert_eq!((first.len(), first[0].2.as_str()), (limits::BROKER_INFLIGHT_MAX, "5"));
        assert_eq!(sent(&session, &line), []);
        session.acknowledged(first[0].0);
        assert_eq!(sent(&session, &line).len(), 1);
    }
}
