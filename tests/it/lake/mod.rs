//! The plant as Parquet: one moment, whole or not at all, and readable by the tools that shops use.

mod duckdb;
mod folder;
mod kpi;
mod living;
mod moment;
mod telemetry;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use millwright::base::{Digest, Refusal, Time};
use millwright::engine::clock::Clock;
use millwright::engine::{Engine, Envelope};
use millwright::followers::lake;
use millwright::lake::Manifest;
use millwright::model::command::FoundPlant;
use millwright::model::journal::Origin;
use millwright::model::{Command, Role};
use millwright::simulator::{Cast, Plan, Simulator, master_data};
use millwright::store::Store;
use millwright::telemetry::Lane;

use crate::plant::*;

/// Monday, before the early shift, so that three days are of two months.
const START: &str = "2026-03-30T04:00:00Z";

/// A plant of this name in which nothing has happened.
fn named(name: &str) -> Plant {
    founded(name, time(START))
}

fn founded(name: &str, start: Time) -> Plant {
    let clock = Clock::manual(start);
    let plant = Plant { engine: Engine::start(Store::in_memory().unwrap(), options(&clock)).unwrap(), clock };
    let found = Command::FoundPlant(FoundPlant { plant_name: name.to_owned(), timezone: ZONE.to_owned(), simulated: true });
    plant.engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(start), ..by(Role::Admin, found) }).unwrap();
    plant
}

/// A simulated plant with three days behind it.
fn lived(name: &str, seed: u64) -> Plant {
    let start = time(START);
    lived_through(name, &Plan { seed, start, end: start.plus(Duration::from_secs(3 * 86_400)) })
}

/// A simulated plant with a plan behind it.
fn lived_through(name: &str, plan: &Plan) -> Plant {
    lived_telling(name, plan, false).0
}

/// A simulated plant with a plan behind it, whose machines tell where somebody listens.
fn lived_telling(name: &str, plan: &Plan, listen: bool) -> (Plant, Option<Lane>) {
    let plant = founded(name, plan.start);
    let lane = listen.then(|| Lane::start(&plant.engine).unwrap());
    let cast = Cast { planner: actor(Role::Planner), lead: actor(Role::Lead), operator: actor(Role::Operator), inspector: actor(Role::Inspector), manager: actor(Role::Manager) };
    let mut simulator: Simulator = master_data(&plant.engine, &cast, plan.start).unwrap();
    if let Some(lane) = &lane {
        // A history ends now, and nothing is measured in the future.
        plant.clock.advance(Duration::from_micros((plan.end.micros() - plan.start.micros()).unsigned_abs()));
        simulator.speak(lane).unwrap();
    }
    simulator.history(plan, &mut |_, _| {}).unwrap();
    (plant, lane)
}

fn export(plant: &Plant, out: &Path) -> Result<Manifest, Refusal> {
    lake::export(&plant.engine, None, out, &mut |_, _| {}).map(|(manifest, _)| manifest)
}

/// Every file below a folder, with what is in it.
pub(crate) fn tree(folder: &Path) -> BTreeMap<PathBuf, Digest> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), Digest::of(&std::fs::read(&path).unwrap()));
            }
        }
    }
    found
}
