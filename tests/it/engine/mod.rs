//! What the engine promises around the rules: each command once, in order, with times that make
//! sense, and news for whoever follows.

mod batch;
mod folder;
mod follow;
mod identity;
mod letters;
mod mirror;
mod time;
mod timer;

pub(crate) use mirror::{Dice, same_as_pages};

use std::path::Path;

use millwright::engine::Engine;
use millwright::engine::clock::Clock;
use millwright::store::{Home, Store};

use crate::plant::{MONDAY, Plant, found, options, time};

/// A plant in a folder, with the clock a test brings along over a restart.
fn open(folder: &Path, clock: &Clock) -> Plant {
    let store = Store::open(Home::existing_or_new(folder).unwrap()).unwrap();
    Plant { engine: Engine::start(store, options(clock)).unwrap(), clock: clock.clone() }
}

fn in_folder() -> (tempfile::TempDir, Clock, Plant) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(time(MONDAY));
    let plant = open(&folder.path().join("data"), &clock);
    plant.admin(found(false)).unwrap();
    (folder, clock, plant)
}
