//! One client of the broker, from its first byte to its last. Whatever breaks the protocol or a bound
//! ends the connection: MQTT 3.1.1 has no other way to say no, and whoever was not acknowledged
//! publishes again. Deliberately no MQTT 5, which is answered with its own refusal.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt as _;
use rumqttc::mqttbytes::v4::{ConnAck, Connect, ConnectReturnCode, LastWill, Login, Packet, PubAck, PubComp, PubRec, Publish, SubAck, UnsubAck};
use rumqttc::mqttbytes::{self, QoS};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::hub::{ACT, Guest, Hub, Shown};
use super::session::{Line, Session};
use super::topics::{is_filter, is_topic};
use crate::accounts::{LogIn, random_token};
use crate::base::{Code, Digest, Refusal, limits};
use crate::model::permission::may;
use crate::trust::Door;

/// Bytes of one read; there may be thousands of connections.
const READ_BYTES: usize = 16 << 10;
/// Bytes that are written together.
const WRITE_BYTES: usize = 64 << 10;
/// Nothing more is read while so many bytes of answers wait to be sent.
const ANSWERS_MAX: usize = 1 << 20;
/// How long the last answers may take to leave.
const CLOSE_TIME: Duration = Duration::from_secs(1);
/// CONNACK of MQTT 5 with reason 0x84, unsupported protocol version.
const REFUSED_5: &[u8] = &[0x20, 3, 0, 0x84, 0];
/// CONNACK with return code 1, unacceptable protocol version.
const REFUSED_VERSION: &[u8] = &[0x20, 2, 0, 1];

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the client took leave")]
    Left,
    #[error("the client closed the connection")]
    Closed,
    #[error("no TLS came about: {0}")]
    NotSecret(io::Error),
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the client was silent for longer than its keep-alive allows")]
    Silent,
    #[error("the client did not take what was sent to it for {} seconds", limits::BROKER_SEND_TIME.as_secs())]
    Slow,
    #[error("the client did not say who it is within {} seconds", limits::BROKER_CONNECT_TIME.as_secs())]
    Mute,
    #[error("what came is no MQTT: {0}")]
    Malformed(#[from] mqttbytes::Error),
    #[error("the client broke the protocol: {0}")]
    Forbidden(&'static str),
    #[error("the client was turned away: {0}")]
    TurnedAway(&'static str),
    #[error("{user} may not publish under {topic}")]
    NotAllowed { user: String, topic: String },
    #[error("{0}")]
    Told(&'static str),
    #[error("telemetry took nothing, so nothing was acknowledged: {}", .0.detail)]
    Lane(Refusal),
    #[error("the plant is stopping")]
    Stopping,
}

/// Serves one client to its end.
pub(super) async fn serve(hub: Arc<Hub>, stream: TcpStream, door: Option<Door>, address: IpAddr, stopping: watch::Receiver<bool>) {
    let ended = came(&hub, stream, door, address, stopping).await;
    if matches!(ended, Ended::TurnedAway(_) | Ended::Mute | Ended::Malformed(_) | Ended::NotAllowed { .. } | Ended::NotSecret(_)) {
        hub.counts.turned_away.increment(1);
    }
    match ended {
        Ended::Left | Ended::Closed | Ended::Stopping => {}
        why => tracing::info!(%address, %why, "a connection to the broker ended"),
    }
}

async fn came(hub: &Arc<Hub>, stream: TcpStream, door: Option<Door>, address: IpAddr, stopping: watch::Receiver<bool>) -> Ended {
    if let Err(error) = stream.set_nodelay(true) {
        return Ended::Broken(error);
    }
    let Some(door) = door else {
        let (from, to) = stream.into_split();
        return served(hub, from, to, address, stopping).await;
    };
    match door.shake(stream).await {
        Ok(stream) => {
            let (from, to) = tokio::io::split(stream);
            served(hub, from, to, address, stopping).await
        }
        Err(error) => Ended::NotSecret(error),
    }
}

async fn served<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(hub: &Arc<Hub>, from: R, mut to: W, address: IpAddr, stopping: watch::Receiver<bool>) -> Ended {
    let mut reading = Reading { from, bytes: BytesMut::new(), packet_max: limits::BROKER_CONNECT_BYTES_MAX };
    let connect = match timeout(limits::BROKER_CONNECT_TIME, reading.connect()).await {
        Ok(Ok(connect)) => connect,
        Ok(Err(NotConnected(answer, ended))) => {
            _ = timeout(CLOSE_TIME, to.write_all(answer)).await;
            return ended;
        }
        Err(_) => return Ended::Mute,
    };
    let guest = match let_in(hub, &connect, address).await {
        Ok(guest) => guest,
        Err((code, why)) => {
            let mut answer = BytesMut::new();
            if ConnAck::new(code, false).write(&mut answer).is_ok() {
                _ = timeout(CLOSE_TIME, to.write_all(&answer)).await;
            }
            return Ended::TurnedAway(why);
        }
    };
    hub.counts.connections.increment(1);
    let ended = attended(hub, reading, to, connect, guest, stopping).await;
    hub.counts.connections.decrement(1);
    ended
}

/// Who it is, and whether it may publish.
async fn let_in(hub: &Hub, connect: &Connect, address: IpAddr) -> Result<Guest, (ConnectReturnCode, &'static str)> {
    if connect.client_id.len() > limits::TEXT_MAX || (connect.client_id.is_empty() && !connect.clean_session) {
        return Err((ConnectReturnCode::BadClientId, "its client id is too long, or empty though its session is to be kept"));
    }
    if connect.last_will.as_ref().is_some_and(|will| !is_topic(&will.topic)) {
        return Err((ConnectReturnCode::NotAuthorized, "its will has a topic that nobody may publish under"));
    }
    let Some(login) = &connect.login else { return Err((ConnectReturnCode::NotAuthorized, "it has no user name and password")) };
    if login.username.len() > limits::TEXT_MAX || login.password.len() > limits::PASSWORD_MAX {
        return Err((ConnectReturnCode::BadUserNamePassword, "its user name or password is longer than any can be"));
    }
    // A token is made for programs and costs no hash; a password is good as well.
    let token = Digest::of(login.password.as_bytes());
    let (actor, shown) = match hub.accounts.holder_by_digest(token).filter(|actor| actor.name == login.username) {
        Some(actor) => (actor, Shown::Token(token)),
        None => {
            let login = by_password(hub, login, address).await?;
            (login.actor.clone(), Shown::Password(login))
        }
    };
    if !may(actor.role, ACT) {
        return Err((ConnectReturnCode::NotAuthorized, "the role of its user may not write telemetry"));
    }
    let guest = Guest { is_machine: hub.accounts.is_machine(&actor.name), actor, shown };
    let rights = hub.rights_of(&guest).await.map_err(|_| (ConnectReturnCode::ServiceUnavailable, "the plant is stopping"))?;
    if connect.last_will.as_ref().is_some_and(|will| !rights.may_publish(&will.topic)) {
        return Err((ConnectReturnCode::NotAuthorized, "its will has a topic that its user may not publish under"));
    }
    Ok(guest)
}

async fn by_password(hub: &Hub, login: &Login, address: IpAddr) -> Result<LogIn, (ConnectReturnCode, &'static str)> {
    hub.accounts.check_password(&login.username, &login.password, address).await.map_err(|refusal| match refusal.code {
        Code::Unauthenticated => (ConnectReturnCode::BadUserNamePassword, "user name or password is wrong"),
        Code::Throttled => (ConnectReturnCode::ServiceUnavailable, "there were too many wrong tries; it has to wait"),
        _ => (ConnectReturnCode::ServiceUnavailable, "log-ins cannot be checked now"),
    })
}

/// A client that was let in.
async fn attended<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    hub: &Arc<Hub>,
    reading: Reading<R>,
    to: W,
    connect: Connect,
    guest: Guest,
    stopping: watch::Receiver<bool>,
) -> Ended {
    let client_id = match random_token() {
        Ok(made) if connect.client_id.is_empty() => made,
        _ => connect.client_id,
    };
    let line = Line::new(guest);
    let (session, goes_on) = hub.enter(client_id, connect.clean_session, &line);
    let mut attendance = Attendance { hub, session, line, reading, silence: silence(connect.keep_alive), stopping };
    attendance.reading.packet_max = limits::BROKER_PACKET_MAX;
    let answered = ConnAck::new(ConnectReturnCode::Success, goes_on).write(&mut attendance.line.answers());
    let mut writing = Writing { session: Arc::clone(&attendance.session), line: Arc::clone(&attendance.line), to, bytes: BytesMut::new() };
    let ended = match answered {
        Err(error) => Ended::Malformed(error),
        Ok(_) => tokio::select! {
            ended = attendance.listen() => ended,
            ended = writing.send() => ended,
        },
    };
    writing.send_last_answers().await;
    hub.leave(&attendance.session, &attendance.line);
    if let Some(will) = connect.last_will.filter(|_| !matches!(ended, Ended::Left | Ended::Stopping)) {
        match hub.publish(&[will_of(will)], &attendance.line.guest).await {
            Ok(0) => tracing::warn!(user = attendance.line.guest.actor.name, "a last will is not allowed any more"),
            Ok(_) => {}
            Err(refusal) => tracing::warn!(%refusal, "a last will could not be kept"),
        }
    }
    ended
}

/// How long a client may say nothing.
fn silence(keep_alive_seconds: u16) -> Duration {
    if keep_alive_seconds == 0 { limits::BROKER_IDLE_TIME } else { Duration::from_secs(u64::from(keep_alive_seconds)).mul_f32(1.5) }
}

fn will_of(will: LastWill) -> Publish {
    Publish { retain: will.retain, ..Publish::from_bytes(will.topic, will.qos, will.message) }
}

/// What comes from a client.
struct Reading<R> {
    from: R,
    bytes: BytesMut,
    packet_max: usize,
}

/// No connection came about: what is answered, and why.
struct NotConnected(&'static [u8], Ended);

impl From<Ended> for NotConnected {
    fn from(ended: Ended) -> Self {
        Self(&[], ended)
    }
}

impl<R: AsyncRead + Unpin> Reading<R> {
    async fn more(&mut self) -> Result<(), Ended> {
        self.bytes.reserve(READ_BYTES);
        if self.from.read_buf(&mut self.bytes).await? == 0 { Err(Ended::Closed) } else { Ok(()) }
    }

    /// The first packet.
    async fn connect(&mut self) -> Result<Connect, NotConnected> {
        loop {
            if self.bytes.first().is_some_and(|first| *first != 0x10) {
                return Err(Ended::Forbidden("its first packet is no CONNECT").into());
            }
            if version(&self.bytes) == Some(5) {
                return Err(NotConnected(REFUSED_5, Ended::TurnedAway("it speaks MQTT 5, and only 3.1.1 is spoken here")));
            }
            match Packet::read(&mut self.bytes, self.packet_max) {
                Ok(Packet::Connect(connect)) => return Ok(connect),
                Ok(_) => return Err(Ended::Forbidden("its first packet is no CONNECT").into()),
                Err(mqttbytes::Error::InsufficientBytes(_)) => self.more().await?,
                Err(error @ (mqttbytes::Error::InvalidProtocol | mqttbytes::Error::InvalidProtocolLevel(_))) => return Err(NotConnected(REFUSED_VERSION, error.into())),
                Err(error) => return Err(Ended::Malformed(error).into()),
            }
        }
    }

    /// What has come, at least one packet, without waiting for more; a fault after it is told with it.
    async fn packets(&mut self) -> (Vec<Packet>, Option<Ended>) {
        let (mut packets, mut taken) = (Vec::new(), 0);
        loop {
            let before = self.bytes.len();
            let fault = self.take_whole(&mut packets).err();
            taken += before - self.bytes.len();
            if fault.is_some() || taken >= limits::MQTT_GATHERED_BYTES_MAX || packets.len() >= limits::MQTT_GATHERED_MAX {
                return (packets, fault);
            }
            let more = if packets.is_empty() { Some(self.more().await) } else { self.more().now_or_never() };
            match more {
                Some(Ok(())) => {}
                Some(Err(ended)) => return (packets, Some(ended)),
                None => return (packets, None),
            }
        }
    }

    fn take_whole(&mut self, packets: &mut Vec<Packet>) -> Result<(), Ended> {
        loop {
            match Packet::read(&mut self.bytes, self.packet_max) {
                Ok(packet) => packets.push(packet),
                Err(mqttbytes::Error::InsufficientBytes(_)) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The version that a CONNECT names, as soon as it has come so far.
fn version(bytes: &[u8]) -> Option<u8> {
    let length = bytes.iter().skip(1).position(|byte| byte & 0x80 == 0)?;
    bytes.get(length + 2..)?.strip_prefix(b"\0\x04MQTT")?.first().copied()
}

/// The way from a client to the hub.
struct Attendance<'h, R> {
    hub: &'h Arc<Hub>,
    session: Arc<Session>,
    line: Arc<Line>,
    reading: Reading<R>,
    silence: Duration,
    stopping: watch::Receiver<bool>,
}

impl<R: AsyncRead + Unpin> Attendance<'_, R> {
    async fn listen(&mut self) -> Ended {
        let mut ending = self.line.ending.subscribe();
        loop {
            // What was begun is ended first: an acknowledgement that is never sent makes its message come twice.
            let (packets, fault) = tokio::select! {
                biased;
                _ = self.stopping.wait_for(|stop| *stop) => return Ended::Stopping,
                told = ending.wait_for(Option::is_some) => return told.map_or(Ended::Closed, |why| Ended::Told(why.unwrap_or_default())),
                came = timeout(self.silence, self.reading.packets()) => match came {
                    Ok(came) => came,
                    Err(_) => return Ended::Silent,
                },
            };
            let taken = self.take(packets).await;
            self.line.wake.notify_one();
            match (taken, fault) {
                (Err(ended), _) | (Ok(()), Some(ended)) => return ended,
                (Ok(()), None) => {}
            }
            while self.line.answers().len() > ANSWERS_MAX {
                self.line.sent.notified().await;
            }
        }
    }

    /// Takes packets in their order; what was published side by side becomes durable together.
    async fn take(&mut self, packets: Vec<Packet>) -> Result<(), Ended> {
        let mut published = Vec::new();
        for packet in packets {
            match packet {
                Packet::Publish(message) if message.qos == QoS::ExactlyOnce && self.session.has_taken(message.pkid) => {
                    self.publish(std::mem::take(&mut published)).await?;
                    self.acknowledge(&message)?;
                }
                Packet::Publish(message) if is_topic(&message.topic) => published.push(message),
                Packet::Publish(_) => {
                    self.publish(std::mem::take(&mut published)).await?;
                    return Err(Ended::Forbidden("a topic is empty, too long, has wildcards, or begins with $"));
                }
                Packet::PubAck(answer) => self.session.acknowledged(answer.pkid),
                other => {
                    self.publish(std::mem::take(&mut published)).await?;
                    self.answer(other)?;
                }
            }
        }
        self.publish(published).await
    }

    async fn publish(&self, mut messages: Vec<Publish>) -> Result<(), Ended> {
        if messages.is_empty() {
            return Ok(());
        }
        let taken = self.hub.publish(&messages, &self.line.guest).await.map_err(Ended::Lane)?;
        messages[..taken].iter().try_for_each(|message| self.acknowledge(message))?;
        if taken == messages.len() {
            return Ok(());
        }
        // There is no other way to say no: an acknowledgement would tell that it is kept.
        Err(Ended::NotAllowed { user: self.line.guest.actor.name.clone(), topic: messages.swap_remove(taken).topic })
    }

    fn acknowledge(&self, message: &Publish) -> Result<(), Ended> {
        let (id, mut answers) = (message.pkid, self.line.answers());
        match message.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => _ = PubAck::new(id).write(&mut answers)?,
            QoS::ExactlyOnce => {
                self.session.take(id);
                PubRec { pkid: id }.write(&mut answers)?;
            }
        }
        Ok(())
    }

    fn answer(&self, packet: Packet) -> Result<(), Ended> {
        let answer = match packet {
            Packet::Subscribe(asked) => {
                if !asked.filters.iter().all(|filter| is_filter(&filter.path)) {
                    return Err(Ended::Forbidden("a topic filter is none"));
                }
                Packet::SubAck(SubAck::new(asked.pkid, self.hub.subscribe(&self.session, &asked.filters, &self.line.guest)))
            }
            Packet::Unsubscribe(asked) => {
                self.hub.unsubscribe(&self.session, &asked.topics);
                Packet::UnsubAck(UnsubAck::new(asked.pkid))
            }
            Packet::PubRel(release) => {
                self.session.release_taken(release.pkid);
                Packet::PubComp(PubComp { pkid: release.pkid })
            }
            Packet::PingReq => Packet::PingResp,
            Packet::Disconnect => return Err(Ended::Left),
            _ => return Err(Ended::Forbidden("a packet that only brokers send, or a second CONNECT")),
        };
        answer.write(&mut self.line.answers(), limits::BROKER_PACKET_MAX)?;
        Ok(())
    }
}

/// The way from the hub to a client.
struct Writing<W> {
    session: Arc<Session>,
    line: Arc<Line>,
    to: W,
    bytes: BytesMut,
}

impl<W: AsyncWrite + Unpin> Writing<W> {
    async fn send(&mut self) -> Ended {
        loop {
            self.bytes.extend_from_slice(&self.line.answers().split());
            self.session.write_due(&self.line, &mut self.bytes, WRITE_BYTES);
            if self.bytes.is_empty() {
                self.line.wake.notified().await;
            } else if let Err(ended) = self.send_waiting().await {
                return ended;
            }
        }
    }

    async fn send_waiting(&mut self) -> Result<(), Ended> {
        while !self.bytes.is_empty() {
            timeout(limits::BROKER_SEND_TIME, self.to.write_buf(&mut self.bytes)).await.map_err(|_| Ended::Slow)??;
        }
        self.line.sent.notify_one();
        Ok(())
    }

    /// What was taken is acknowledged even where the connection ends with it.
    async fn send_last_answers(&mut self) {
        self.bytes.extend_from_slice(&self.line.answers().split());
        _ = timeout(CLOSE_TIME, async {
            self.to.write_all_buf(&mut self.bytes).await?;
            self.to.shutdown().await
        })
        .await;
    }
}
