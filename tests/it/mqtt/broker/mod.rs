//! The plant's own broker, spoken to by clients of other makers (mosquitto's, rumqttc, paho) and by
//! some that mean no good. Clients that are missing are said and skipped.

mod access;
mod clients;
mod hostile;
mod sessions;

use std::net::SocketAddr;

use millwright::accounts::{Accounts, token_verifier, verifier};
use millwright::adapters::mqtt::broker::{self, Broker, Hub};
use millwright::base::limits;
use millwright::engine::Envelope;
use millwright::model::command::{ChangeUser, CreateApiToken, CreateUser, RevokeApiToken, SetPassword};
use millwright::model::permission::Role;
use millwright::model::{Command, Id};
use rumqttc::LastWill;
use tokio::io::AsyncWriteExt as _;

use super::*;

const PASSWORD: &str = "grease-monkey-77";
const TOKEN: &str = "mw_a-token-of-the-press";

/// A plant whose broker runs: `press` may publish, `guest` may not.
struct House<'s> {
    site: &'s Site,
    accounts: Arc<Accounts>,
    hub: Arc<Hub>,
    address: SocketAddr,
    presets: Arc<Source>,
}

/// Tells a story in such a plant, and closes it.
fn story(tell: impl AsyncFnOnce(&House<'_>)) {
    let site = Site::new();
    let secretly = |secret: Vec<u8>, command: Command| site.plant.engine.submit_wait(Envelope { secret: Some(secret), ..by(Role::Admin, command) }).unwrap().subject.number;
    let user = |name: &str, role| secretly(verifier::make(PASSWORD).unwrap(), Command::CreateUser(CreateUser { user_name: name.to_owned(), role, employee_id: None }));
    user("guest", Role::Analyst);
    let press = user("press", Role::Operator);
    secretly(token_verifier(TOKEN), Command::CreateApiToken(CreateApiToken { user_id: Id::new(press), token_name: "press".to_owned(), expires_at: None }));
    let accounts = Arc::new(Accounts::open(&site.plant.engine).unwrap());
    runtime().block_on(async {
        let mut broker = Broker::new(Arc::clone(&accounts));
        let address = broker.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (hub, (stop, stopping)) = (broker.hub(), watch::channel(false));
        let presets = site.source("mqtt-broker");
        for preset in broker::Settings::presets() {
            tokio::spawn(broker::take(&preset, Some(Arc::clone(&hub)), Arc::clone(&presets), stopping.clone()));
        }
        hub.open();
        let running = tokio::spawn(broker.run(stopping));
        until(&presets, "a host that is there", |it| it.last_message_at.is_some()).await;
        tell(&House { site: &site, accounts, hub, address, presets }).await;
        stop.send_replace(true);
        tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    });
}

impl House<'_> {
    fn port(&self) -> u16 {
        self.address.port()
    }

    fn change(&self, user: u64, status: millwright::model::plant::Status) {
        let change = ChangeUser { user_id: Id::new(user), status: Some(status), ..ChangeUser::default() };
        tokio::task::block_in_place(|| self.site.plant.admin(Command::ChangeUser(change))).unwrap();
        self.accounts.refresh().unwrap();
    }

    /// A client that is connected.
    async fn client(&self, name: &str) -> Guest {
        Guest::of(self.options(name)).await
    }

    fn options(&self, name: &str) -> MqttOptions {
        let mut options = MqttOptions::new(name, "127.0.0.1", self.port());
        options.set_credentials("press", TOKEN).set_inflight(1_000).set_max_packet_size(2 << 20, 2 << 20);
        options
    }
}

/// A client of rumqttc.
struct Guest {
    client: AsyncClient,
    network: EventLoop,
    /// Whether the broker knew its session.
    known: bool,
}

impl Guest {
    async fn of(options: MqttOptions) -> Self {
        let (client, network) = AsyncClient::new(options, 1_000);
        let mut guest = Self { client, network, known: false };
        match guest.next().await {
            Packet::ConnAck(answer) => guest.known = answer.session_present,
            other => panic!("{other:?} came before the answer to CONNECT"),
        }
        guest
    }

    /// The next packet that comes.
    async fn next(&mut self) -> Packet {
        self.try_next().await.unwrap()
    }

    async fn try_next(&mut self) -> Result<Packet, rumqttc::ConnectionError> {
        loop {
            match tokio::time::timeout(PATIENCE, self.network.poll()).await.expect("nothing came")? {
                Event::Incoming(Packet::PingResp) | Event::Outgoing(_) => {}
                Event::Incoming(packet) => return Ok(packet),
            }
        }
    }

    async fn subscribe(&mut self, filter: &str, qos: QoS) -> rumqttc::SubscribeReasonCode {
        self.client.subscribe(filter, qos).await.unwrap();
        match self.next().await {
            Packet::SubAck(answer) => answer.return_codes[0],
            other => panic!("{other:?} came instead of SUBACK"),
        }
    }

    /// Publishes with quality 1 and waits for the acknowledgement.
    async fn publish(&mut self, topic: &str, content: &str) {
        self.say(topic, content, false).await;
    }

    async fn say(&mut self, topic: &str, content: &str, retained: bool) {
        self.client.publish(topic, QoS::AtLeastOnce, retained, content).await.unwrap();
        let answer = self.next().await;
        assert!(matches!(answer, Packet::PubAck(_)), "{answer:?} came instead of PUBACK");
    }

    /// The next message: topic, content, quality, whether retained, whether told again.
    async fn hears(&mut self) -> (String, String, u8, bool, bool) {
        match self.next().await {
            Packet::Publish(it) => (it.topic, String::from_utf8(it.payload.to_vec()).unwrap(), it.qos as u8, it.retain, it.dup),
            other => panic!("{other:?} came instead of a message"),
        }
    }

    async fn leave(mut self) {
        self.client.disconnect().await.unwrap();
        while self.network.poll().await.is_ok() {}
    }
}

fn heard(topic: &str, content: &str, qos: u8, retained: bool) -> (String, String, u8, bool, bool) {
    (topic.to_owned(), content.to_owned(), qos, retained, false)
}

/// Whether a client is refused, and how.
async fn refused(options: MqttOptions) -> rumqttc::ConnectReturnCode {
    let (_client, mut network) = AsyncClient::new(options, 10);
    match tokio::time::timeout(PATIENCE, network.poll()).await.unwrap() {
        Err(rumqttc::ConnectionError::ConnectionRefused(code)) => code,
        other => panic!("{other:?} instead of a refusal"),
    }
}

/// A raw CONNECT of `press`.
fn hello(name: &str, clean: bool) -> Vec<u8> {
    hello_of(name, if clean { 2 } else { 0 }, 60, &[])
}

/// The same with a will, silent at most for some seconds.
fn hello_with_will(name: &str, keep_alive: u16) -> Vec<u8> {
    hello_of(name, 6, keep_alive, &[text("w"), text("gone")].concat())
}

fn hello_of(name: &str, flags: u8, keep_alive: u16, will: &[u8]) -> Vec<u8> {
    let body = [text("MQTT"), vec![4, 0xc0 | flags], keep_alive.to_be_bytes().to_vec(), text(name), will.to_vec(), text("press"), text(TOKEN)].concat();
    [vec![0x10, u8::try_from(body.len()).unwrap()], body].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}
