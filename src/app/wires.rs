//! How the demo's machines speak while it lives: those of welding as a Sparkplug B cell, those of
//! polishing as JSON, both through the plant's own broker and two connectors that people can see.
//! Deliberately only here: on a real plant machines connect by themselves.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use super::founding::console;
use crate::adapters::mqtt::machines::{Access, Machines};
use crate::adapters::mqtt::sparkplug::Cell;
use crate::base::{Code, Refusal, Value};
use crate::engine::{Engine, Envelope};
use crate::model::journal::Origin;
use crate::model::{Command, Connector, Noun};
use crate::simulator::{Simulator, Speak};
use crate::telemetry::{Lane, Seen};
use crate::views;

/// A connector of the demo: its code, the department as its line is called, its name and its settings.
const CONNECTORS: &[(&str, &str, &str, &str)] = &[
    ("welding", "Welding", "Welding cell, Sparkplug B", "[sparkplug]\ngroups = [\"welding\"]\n"),
    ("polishing", "Polishing", "Polishing machines, JSON", "[mapping.json_object]\nprefix = \"polishing\"\n"),
];

/// Wires that are laid; they carry when the broker listens.
pub(super) struct Wires {
    broker: Arc<OnceLock<SocketAddr>>,
}

impl Wires {
    /// Makes the connectors where they are not there yet, and gives the machines their wires.
    pub(super) fn lay(engine: &Engine, lane: &Lane, simulator: &mut Simulator, (user, password): (String, String)) -> Result<Self, Refusal> {
        let known: Vec<Connector> = engine.read(views::machine::connectors)??;
        let broker = Arc::<OnceLock<SocketAddr>>::default();
        for (code, department, name, settings) in CONNECTORS {
            if !known.iter().any(|it| it.connector_code == *code) {
                make(engine, code, name, settings)?;
            }
            let access = Publisher { broker: Arc::clone(&broker), client_id: format!("demo-{code}"), user: user.clone(), password: password.clone() };
            simulator.speak_over(lane, department, if *code == "welding" { access.cell() } else { access.machines(code) });
        }
        Ok(Self { broker })
    }

    /// From now on they carry; never, where there is no broker.
    pub(super) fn connect(&self, broker: Option<SocketAddr>) {
        broker.into_iter().for_each(|address| _ = self.broker.set(address));
    }
}

fn make(engine: &Engine, code: &str, name: &str, settings: &str) -> Result<(), Refusal> {
    let columns = crate::model::columns(Noun::Connector);
    let values = [("connector_code", code), ("connector_name", name), ("protocol", "broker"), ("settings", settings)];
    let at = |wanted: &str| columns.iter().position(|column| column.name == wanted);
    let values = values.into_iter().filter_map(|(field, text)| Some((at(field)?, Value::Text(text.to_owned())))).collect();
    let now = engine.plant_now();
    let command = Command::Create { noun: Noun::Connector, values };
    engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(now), ..Envelope::of(console(), command) }).map(|_| ())
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
