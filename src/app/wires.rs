//! How the demo's machines speak while it lives: those of welding as a Sparkplug B cell and those of
//! polishing as JSON through the plant's own broker, the lasers through an MTConnect agent, punches and
//! presses as an OPC UA server; each through a connector that people can see.
//! Deliberately only here: on a real plant machines connect by themselves.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use super::connections::PKI_FOLDER;
use super::founding::console;
use crate::adapters::mqtt::machines::{Access, Machines};
use crate::adapters::mqtt::sparkplug::Cell;
use crate::adapters::mtconnect;
use crate::adapters::opcua;
use crate::base::{Code, Refusal, Value};
use crate::engine::{Engine, Envelope};
use crate::model::journal::Origin;
use crate::model::machine::ConnectorProtocol;
use crate::model::{Command, Connector, Noun, Subject};
use crate::simulator::{Simulator, Speak};
use crate::telemetry::{Lane, Seen};
use crate::views;

/// A connector of the demo.
struct Plug<'p> {
    code: &'p str,
    name: &'p str,
    protocol: ConnectorProtocol,
    settings: &'p str,
}

const WELDING: Plug<'_> = Plug { code: "welding", name: "Welding cell, Sparkplug B", protocol: ConnectorProtocol::Broker, settings: "[sparkplug]\ngroups = [\"welding\"]\n" };
const POLISHING: Plug<'_> =
    Plug { code: "polishing", name: "Polishing machines, JSON", protocol: ConnectorProtocol::Broker, settings: "[mapping.json_object]\nprefix = \"polishing\"\n" };

/// Where the certificate of punches and presses stands in the demo's folder, as it stands on a real machine.
const MACHINES_FOLDER: &str = "simulated-machines";

/// Wires that are laid; they carry when the broker listens.
pub(super) struct Wires {
    broker: Arc<OnceLock<SocketAddr>>,
}

impl Wires {
    /// Makes the connectors where they are not there yet, and gives the machines their wires.
    pub(super) fn lay(engine: &Engine, lane: &Lane, simulator: &mut Simulator, (user, password): (String, String)) -> Result<Self, Refusal> {
        let broker = Arc::<OnceLock<SocketAddr>>::default();
        let publisher = |plug: &Plug<'_>| Publisher { broker: Arc::clone(&broker), client_id: format!("demo-{}", plug.code), user: user.clone(), password: password.clone() };
        plug_in(engine, &WELDING)?;
        simulator.speak_over(lane, "Welding", publisher(&WELDING).cell());
        plug_in(engine, &POLISHING)?;
        simulator.speak_over(lane, "Polishing", publisher(&POLISHING).machines(POLISHING.code));
        let agent = mtconnect::staged::Staged::start(lane.series().into_iter().filter(|it| it.department.as_deref() == Some("Laser")).collect())?;
        // Each start has a port of its own.
        let settings = format!("url = \"http://{}\"\n", agent.address());
        plug_in(engine, &Plug { code: "lasers", name: "Lasers, MTConnect agent", protocol: ConnectorProtocol::MtConnect, settings: &settings })?;
        let agent: Speak = Box::new(move |said: &[Seen]| {
            agent.tell(said);
            Ok(())
        });
        simulator.speak_over(lane, "Laser", agent);
        simulator.speak_over(lane, "Punching", punches(engine, lane)?);
        Ok(Self { broker })
    }

    /// From now on they carry; never, where there is no broker.
    pub(super) fn connect(&self, broker: Option<SocketAddr>) {
        broker.into_iter().for_each(|address| _ = self.broker.set(address));
    }
}

/// Punches and presses behind their own server. Whoever connected them went to them first, and approved their certificate.
fn punches(engine: &Engine, lane: &Lane) -> Result<Speak, Refusal> {
    let root = engine.root().ok_or_else(|| Refusal::new(Code::Internal, "a demo has a folder"))?;
    let known: Vec<_> =
        lane.series().into_iter().filter(|it| it.department.as_deref() == Some("Punching")).map(|it| (lane.last_of(it.id), it)).map(|(last, it)| (it, last)).collect();
    let server = opcua::staged::Staged::start(&known, &root.join(MACHINES_FOLDER))?;
    server.approve(&root.join(PKI_FOLDER))?;
    let settings = format!("endpoint = \"opc.tcp://{}/\"\nsampling_ms = 0\nqueue = 1000\nbrowse = {{ from = \"{}\" }}\n", server.address(), opcua::MACHINES);
    plug_in(engine, &Plug { code: "punching", name: "Punches and presses, OPC UA", protocol: ConnectorProtocol::OpcUa, settings: &settings })?;
    Ok(Box::new(move |said: &[Seen]| server.tell(said)))
}

/// Makes a connector where there is none; where there is, only an address is told anew, and what people
/// have changed is left alone.
fn plug_in(engine: &Engine, plug: &Plug<'_>) -> Result<(), Refusal> {
    let known = engine.read(views::floor::all::<Connector>)??.into_iter().find(|it| it.connector_code == plug.code);
    let columns = crate::model::columns(Noun::Connector);
    let value = |(field, text): (&str, &str)| Some((columns.iter().position(|column| column.name == field)?, Value::Text(text.to_owned())));
    let command = match known {
        None => {
            let told = [("connector_code", plug.code), ("connector_name", plug.name), ("protocol", plug.protocol.word()), ("settings", plug.settings)];
            Command::Create { noun: Noun::Connector, values: told.into_iter().filter_map(value).collect() }
        }
        Some(known) if plug.settings != known.settings.0 && moves(plug.protocol) && known.protocol == plug.protocol => {
            Command::Update { subject: Subject::of(known.connector_id), values: value(("settings", plug.settings)).into_iter().collect() }
        }
        Some(_) => return Ok(()),
    };
    let now = engine.plant_now();
    engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(now), ..Envelope::of(console(), command) }).map(|_| ())
}

/// Whether machines of a protocol have an address of their own, another at each start.
const fn moves(protocol: ConnectorProtocol) -> bool {
    matches!(protocol, ConnectorProtocol::MtConnect | ConnectorProtocol::OpcUa)
}

/// Who publishes, and where as soon as that is known.
struct Publisher {
    broker: Arc<OnceLock<SocketAddr>>,
    client_id: String,
    user: String,
    password: String,
}

impl Publisher {
    fn access(&self) -> Option<Access> {
        let address = *self.broker.get()?;
        Some(Access { address, client_id: self.client_id.clone(), user: self.user.clone(), password: self.password.clone() })
    }

    fn cell(self) -> Speak {
        let mut cell = None;
        Box::new(move |said: &[Seen]| {
            if cell.is_none() {
                cell = self.access().map(|access| Cell::new(access, "welding".to_owned(), "cell".to_owned()));
            }
            cell.as_mut().ok_or_else(not_yet)?.tell(said)
        })
    }

    fn machines(self, prefix: &'static str) -> Speak {
        let mut machines = None;
        Box::new(move |said: &[Seen]| {
            if machines.is_none() {
                machines = self.access().map(|access| Machines::new(access, prefix.to_owned()));
            }
            machines.as_mut().ok_or_else(not_yet)?.tell(said)
        })
    }
}

fn not_yet() -> Refusal {
    Refusal::new(Code::Unavailable, "the broker does not listen yet")
}
