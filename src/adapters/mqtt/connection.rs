//! One connection to a broker, from CONNECT to its end. It is never used again after a fault: the
//! next starts with nothing but what the broker kept. Packets are read and written by rumqttc; its
//! event loop is deliberately not used, since it keeps packet ids over a lost session and may spin
//! on them for ever, sends every acknowledgement alone, and cannot tell that a message was too
//! large, which a kept session delivers again and again.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt as _;
use rumqttc::mqttbytes::v4::{ConnAck, Connect, ConnectReturnCode, LastWill, Login, Packet, PubAck, Publish, SubAck, Subscribe, SubscribeFilter, SubscribeReasonCode};
use rumqttc::mqttbytes::{self, QoS};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

use super::settings::{Broker, Session};
use super::tls::secured;
use crate::base::{Refusal, limits};

/// How long the broker has to answer until the connection stands.
const OPEN_TIME: Duration = Duration::from_secs(10);
/// How long what waits may take to leave at the end.
const CLOSE_TIME: Duration = Duration::from_secs(2);
/// Bytes of one read.
const READ_BYTES: usize = 64 << 10;
/// Nothing more is read while so much waits to be sent: a broker that takes no acknowledgements gets none to give.
const OUTGOING_MAX: usize = 1 << 20;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why a connection ended, or did not come about.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the broker cannot be reached: {0}")]
    Unreachable(#[source] io::Error),
    #[error("TLS with the broker does not come about: {0}")]
    Insecure(String),
    #[error("the broker did not answer within 10 seconds")]
    Unanswered,
    #[error("the broker refuses the connection: {0}")]
    Refused(&'static str),
    #[error("the broker does not allow to subscribe to {0}")]
    NotAllowed(String),
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the broker closed the connection; if it does so again and again, does another client use the same client_id?")]
    Closed,
    #[error("nothing came from the broker, not even an answer to a ping")]
    Silent,
    #[error("the broker sent a packet that is none: {0}")]
    Malformed(mqttbytes::Error),
    #[error("the broker sent what was not asked for: {0}")]
    Unasked(&'static str),
    #[error("a message of {0} bytes waits at the broker; more than {max} cannot be read, so remove it there or lower the broker's message_size_limit", max = limits::MQTT_PACKET_MAX)]
    TooLarge(usize),
    #[error("telemetry took nothing: {}", .0.detail)]
    Lane(Refusal),
}

/// What the broker says for us when we vanish.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub(super) topic: String,
    pub(super) message: Vec<u8>,
}

/// A connection that stands.
pub(super) struct Connection {
    from: ReadHalf<Box<dyn Stream>>,
    to: WriteHalf<Box<dyn Stream>>,
    incoming: BytesMut,
    outgoing: BytesMut,
    flushed: bool,
    /// What ended it, told once all that came before is taken.
    broken: Option<Fault>,
    packet_max: usize,
    filters: Vec<String>,
    keep_alive: Duration,
    heard_at: Instant,
    ping_at: Instant,
}

impl Connection {
    /// Connects and is let in.
    pub(super) async fn open(broker: &Broker, session: Session, will: Option<Will>, packet_max: usize) -> Result<Self, Fault> {
        timeout(OPEN_TIME, Self::open_in_time(broker, session, will, packet_max)).await.map_err(|_| Fault::Unanswered)?
    }

    async fn open_in_time(broker: &Broker, session: Session, will: Option<Will>, packet_max: usize) -> Result<Self, Fault> {
        let tcp = TcpStream::connect((broker.host.as_str(), broker.port())).await.map_err(Fault::Unreachable)?;
        tcp.set_nodelay(true).map_err(Fault::Unreachable)?;
        let stream: Box<dyn Stream> = match &broker.ca_file {
            Some(ca_file) => Box::new(secured(&broker.host, ca_file, broker.identity.as_ref(), tcp).await.map_err(Fault::Insecure)?),
            None => Box::new(tcp),
        };
        let (from, to) = tokio::io::split(stream);
        let now = Instant::now();
        let keep_alive = broker.keep_alive();
        let mut connection = Self {
            from,
            to,
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
            flushed: true,
            broken: None,
            packet_max,
            filters: Vec::new(),
            keep_alive,
            heard_at: now,
            ping_at: now + keep_alive / 2,
        };
        connection.send(&Packet::Connect(Connect {
            protocol: mqttbytes::Protocol::V4,
            keep_alive: broker.keep_alive_seconds,
            client_id: broker.client_id.clone(),
            clean_session: session == Session::Clean,
            last_will: will.map(|will| LastWill::new(will.topic, will.message, QoS::AtLeastOnce, true)),
            login: broker.user.as_ref().map(|user| Login::new(user.clone(), broker.password.as_ref().map_or("", |password| &password.0))),
        }))?;
        connection.let_in().await?;
        Ok(connection)
    }

    /// Only one packet is read here: of a kept session messages follow at once.
    async fn let_in(&mut self) -> Result<(), Fault> {
        loop {
            match Packet::read(&mut self.incoming, self.packet_max) {
                Ok(Packet::ConnAck(ConnAck { code: ConnectReturnCode::Success, .. })) => return Ok(()),
                Ok(Packet::ConnAck(answer)) => return Err(Fault::Refused(refused(answer.code))),
                Ok(_) => return Err(Fault::Unasked("a packet before its answer to ours")),
                Err(mqttbytes::Error::InsufficientBytes(_)) => self.exchange().await?,
                Err(error) => return Err(Fault::Malformed(error)),
            }
        }
    }

    /// Asks for topics, to be delivered at least once.
    pub(super) fn subscribe(&mut self, filters: Vec<String>) -> Result<(), Fault> {
        let mut packet = Subscribe::new_many(filters.iter().map(|filter| SubscribeFilter::new(filter.clone(), QoS::AtLeastOnce)));
        packet.pkid = 1;
        self.filters = filters;
        self.send(&Packet::Subscribe(packet))
    }

    /// Whether all was granted that was asked for.
    pub(super) fn granted(&self, answer: &SubAck) -> Result<(), Fault> {
        if answer.return_codes.len() != self.filters.len() {
            return Err(Fault::Unasked("an answer to another subscription"));
        }
        let refused = answer.return_codes.iter().zip(&self.filters).find(|(code, _)| **code == SubscribeReasonCode::Failure);
        refused.map_or(Ok(()), |(_, filter)| Err(Fault::NotAllowed(filter.clone())))
    }

    /// Says that a message is kept. Messages that need no answer get none.
    pub(super) fn acknowledge(&mut self, message: &Publish) -> Result<(), Fault> {
        if message.qos == QoS::AtMostOnce { Ok(()) } else { self.send(&Packet::PubAck(PubAck::new(message.pkid))) }
    }

    /// Publishes a message for whoever listens now.
    pub(super) fn publish(&mut self, topic: String, message: Vec<u8>) -> Result<(), Fault> {
        self.send(&Packet::Publish(Publish::new(topic, QoS::AtMostOnce, message)))
    }

    /// Publishes a message that the broker keeps for whoever comes.
    pub(super) fn publish_retained(&mut self, topic: String, message: Vec<u8>) -> Result<(), Fault> {
        let mut packet = Publish::new(topic, QoS::AtLeastOnce, message);
        packet.retain = true;
        packet.pkid = 2;
        self.send(&Packet::Publish(packet))
    }

    fn send(&mut self, packet: &Packet) -> Result<(), Fault> {
        packet.write(&mut self.outgoing, limits::MQTT_PACKET_MAX).map_err(Fault::Malformed)?;
        Ok(())
    }

    /// What has come, at least one packet, without waiting for more; meanwhile what waits is sent, and
    /// the broker asked whether it lives. May be dropped while it waits: nothing is lost by it.
    pub(super) async fn receive(&mut self) -> Result<Vec<Packet>, Fault> {
        self.send_waiting()?;
        let (mut packets, mut bytes) = (Vec::new(), 0);
        while packets.is_empty() {
            bytes += self.take_whole(&mut packets);
            if packets.is_empty() {
                if let Some(fault) = self.broken.take() {
                    return Err(fault);
                }
                self.exchange().await?;
            }
        }
        while self.broken.is_none() && bytes < limits::MQTT_GATHERED_BYTES_MAX && packets.len() < limits::MQTT_GATHERED_MAX {
            match self.exchange().now_or_never() {
                Some(Ok(())) => bytes += self.take_whole(&mut packets),
                Some(Err(fault)) => self.broken = Some(fault),
                None => break,
            }
        }
        Ok(packets)
    }

    /// Sends what can be sent at once: an acknowledgement that is still here when the connection breaks
    /// lets its message come twice.
    fn send_waiting(&mut self) -> Result<(), Fault> {
        while (!self.outgoing.is_empty() || !self.flushed)
            && let Some(sent) = send_some(&mut self.to, &mut self.outgoing, &mut self.flushed).now_or_never()
        {
            sent?;
        }
        Ok(())
    }

    /// Takes the packets that are whole; answers their bytes.
    fn take_whole(&mut self, packets: &mut Vec<Packet>) -> usize {
        let before = self.incoming.len();
        while self.broken.is_none() {
            match Packet::read(&mut self.incoming, self.packet_max) {
                Ok(Packet::PingResp) => {}
                Ok(packet @ (Packet::Publish(_) | Packet::SubAck(_) | Packet::PubAck(_))) => {
                    let twice = matches!(&packet, Packet::Publish(message) if message.qos == QoS::ExactlyOnce);
                    self.broken = twice.then_some(Fault::Unasked("a message with quality 2"));
                    packets.push(packet);
                }
                Ok(_) => self.broken = Some(Fault::Unasked("a packet that only clients send, or a second answer")),
                Err(mqttbytes::Error::InsufficientBytes(_)) => break,
                Err(mqttbytes::Error::PayloadSizeLimitExceeded(bytes)) => self.broken = Some(Fault::TooLarge(bytes)),
                Err(error) => self.broken = Some(Fault::Malformed(error)),
            }
        }
        before - self.incoming.len()
    }

    /// Moves bytes once in either direction, or lets a moment pass at which something is due.
    async fn exchange(&mut self) -> Result<(), Fault> {
        self.incoming.reserve(READ_BYTES);
        let silent_at = self.heard_at + self.keep_alive.mul_f32(1.5);
        tokio::select! {
            read = self.from.read_buf(&mut self.incoming), if self.outgoing.len() < OUTGOING_MAX => {
                if read? == 0 {
                    return Err(Fault::Closed);
                }
                self.heard_at = Instant::now();
            }
            sent = send_some(&mut self.to, &mut self.outgoing, &mut self.flushed), if !self.outgoing.is_empty() || !self.flushed => sent?,
            () = sleep_until(self.ping_at) => {
                self.send(&Packet::PingReq)?;
                self.ping_at = Instant::now() + self.keep_alive / 2;
            }
            () = sleep_until(silent_at) => return Err(Fault::Silent),
        }
        Ok(())
    }

    /// Sends what waits, and takes leave. What still comes is read and dropped: were it left unread, the
    /// broker's side would be torn down with our last acknowledgements in it.
    pub(super) async fn close(mut self) {
        if self.send(&Packet::Disconnect).is_ok() {
            // Whoever does not let us go in time is left without a word.
            _ = timeout(CLOSE_TIME, self.take_leave()).await;
        }
    }

    async fn take_leave(&mut self) -> io::Result<()> {
        self.to.write_all_buf(&mut self.outgoing).await?;
        self.to.shutdown().await?;
        self.incoming.clear();
        while self.from.read_buf(&mut self.incoming).await? > 0 {
            self.incoming.clear();
        }
        Ok(())
    }
}

/// Writes once, or pushes out what was written.
async fn send_some(to: &mut WriteHalf<Box<dyn Stream>>, outgoing: &mut BytesMut, flushed: &mut bool) -> io::Result<()> {
    if outgoing.is_empty() {
        to.flush().await?;
        *flushed = true;
    } else {
        to.write_buf(outgoing).await?;
        *flushed = false;
    }
    Ok(())
}

const fn refused(code: ConnectReturnCode) -> &'static str {
    match code {
        ConnectReturnCode::Success => "no reason",
        ConnectReturnCode::RefusedProtocolVersion => "it does not speak MQTT 3.1.1",
        ConnectReturnCode::BadClientId => "it does not like the client_id",
        ConnectReturnCode::ServiceUnavailable => {
            "it takes no log-ins now: it starts or stops, or makes those wait who came with wrong passwords too often; try again in some minutes"
        }
        ConnectReturnCode::BadUserNamePassword => "user or password is wrong",
        ConnectReturnCode::NotAuthorized => "the user is not allowed",
    }
}
