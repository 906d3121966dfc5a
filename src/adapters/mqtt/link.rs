//! The machine's end of a connection to a broker: what a simulated machine says, until it is
//! acknowledged. Blocking, since such machines live on a plain thread. Deliberately without a queue:
//! what was refused is said again by whoever still holds it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::mqttbytes::v4::{Connect, ConnectReturnCode, LastWill, Login, Packet, Publish, Subscribe};
use rumqttc::mqttbytes::{self, QoS};

use crate::base::{Code, Refusal, limits};

/// How long a broker may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Messages on their way at once.
const INFLIGHT: usize = 100;
const READ_BYTES: usize = 16 << 10;

/// Where a machine publishes, and as whom.
#[derive(Clone, Debug)]
pub struct Access {
    /// The broker.
    pub address: SocketAddr,
    /// Its name there.
    pub client_id: String,
    /// The user.
    pub user: String,
    /// The user's password or token.
    pub password: String,
}

/// A connection that stands.
pub(super) struct Link {
    stream: TcpStream,
    incoming: BytesMut,
    /// Messages that came while an answer was waited for.
    heard: usize,
}

fn broken(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::Unavailable, format!("the broker does not take what a machine says: {why}"))
}

impl Link {
    pub(super) fn open(access: &Access, will: Option<LastWill>) -> Result<Self, Refusal> {
        let stream = TcpStream::connect_timeout(&access.address, ANSWER_TIME).map_err(broken)?;
        stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(ANSWER_TIME))).and_then(|()| stream.set_write_timeout(Some(ANSWER_TIME))).map_err(broken)?;
        let mut link = Self { stream, incoming: BytesMut::new(), heard: 0 };
        // A plant that stands still says nothing for as long as it likes.
        let connect = Connect { keep_alive: 0, last_will: will, login: Some(Login::new(&access.user, &access.password)), ..Connect::new(&access.client_id) };
        link.send(&[Packet::Connect(connect)])?;
        match link.next()? {
            Packet::ConnAck(answer) if answer.code == ConnectReturnCode::Success => Ok(link),
            answer => Err(broken(format!("it answers {answer:?}"))),
        }
    }

    fn send(&mut self, packets: &[Packet]) -> Result<(), Refusal> {
        let mut bytes = BytesMut::new();
        for packet in packets {
            packet.write(&mut bytes, limits::BROKER_PACKET_MAX).map_err(broken)?;
        }
        self.stream.write_all(&bytes).map_err(broken)
    }

    fn next(&mut self) -> Result<Packet, Refusal> {
        loop {
            match Packet::read(&mut self.incoming, limits::BROKER_PACKET_MAX) {
                Ok(packet) => return Ok(packet),
                Err(mqttbytes::Error::InsufficientBytes(_)) => {}
                Err(error) => return Err(broken(error)),
            }
            let mut bytes = [0; READ_BYTES];
            match self.stream.read(&mut bytes).map_err(broken)? {
                0 => return Err(broken("it closed the connection")),
                read => self.incoming.extend_from_slice(&bytes[..read]),
            }
        }
    }

    fn answer(&mut self, wanted: impl Fn(&Packet) -> bool) -> Result<(), Refusal> {
        loop {
            match self.next()? {
                Packet::Publish(_) => self.heard += 1,
                packet if wanted(&packet) => return Ok(()),
                _ => {}
            }
        }
    }

    /// Asks for a topic.
    pub(super) fn subscribe(&mut self, topic: String) -> Result<(), Refusal> {
        let mut packet = Subscribe::new(topic, QoS::AtMostOnce);
        packet.pkid = 1;
        self.send(&[Packet::Subscribe(packet)])?;
        self.answer(|packet| matches!(packet, Packet::SubAck(_)))
    }

    /// Publishes with quality 1 until all is acknowledged.
    pub(super) fn publish(&mut self, messages: &[(String, Vec<u8>)]) -> Result<(), Refusal> {
        for some in messages.chunks(INFLIGHT) {
            let packet = |(id, (topic, content)): (u16, &(String, Vec<u8>))| Packet::Publish(Publish { pkid: id, ..Publish::new(topic, QoS::AtLeastOnce, content.as_slice()) });
            self.send(&(1..).zip(some).map(packet).collect::<Vec<_>>())?;
            for _ in some {
                self.answer(|packet| matches!(packet, Packet::PubAck(_)))?;
            }
        }
        Ok(())
    }

    /// Publishes with quality 0, as Sparkplug B has it, until the broker has dealt with all of it: it
    /// answers in order, and two answers let through what it had to say in between. Answers how many
    /// messages have come.
    pub(super) fn say(&mut self, messages: Vec<(String, Vec<u8>)>) -> Result<usize, Refusal> {
        let messages = messages.into_iter().map(|(topic, content)| Packet::Publish(Publish::new(topic, QoS::AtMostOnce, content)));
        self.send(&messages.chain([Packet::PingReq]).collect::<Vec<_>>())?;
        self.answer(|packet| *packet == Packet::PingResp)?;
        self.send(&[Packet::PingReq])?;
        self.answer(|packet| *packet == Packet::PingResp)?;
        Ok(std::mem::take(&mut self.heard))
    }
}
