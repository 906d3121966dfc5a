//! The disk answers with an error: nothing more is acknowledged until the store is open again.

use std::time::Duration;

use millwright::base::Code;
use millwright::engine::{Health, Options};

use super::disk::{Disk, Fault, Kind};
use super::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Waits until the store is open again.
fn healthy(plant: &Plant) {
    runtime().block_on(plant.engine.health().wait_for(|health| *health == Health::Ready)).unwrap();
}

/// The morning on a disk that fails once; what is unknown is asked again until it is known.
fn morning_with(fault: Fault, wanted: &str) -> bool {
    let disk = Disk::default();
    let plant = open(&disk);
    disk.fail(fault);
    // One after another: of two asked together, the second may overtake a first that must be asked again.
    for (at, command) in script().concat().iter().enumerate() {
        let mut tries = 0;
        while let Err(refusal) = plant.engine.submit_wait(asked(at, command)) {
            assert!(matches!(refusal.code, Code::OutcomeUnknown | Code::Unavailable), "{fault:?}: {refusal}");
            tries += 1;
            assert!(tries < 5, "{fault:?}: it never heals: {refusal}");
            healthy(&plant);
        }
    }
    assert_eq!(*plant.engine.health().borrow(), Health::Ready, "{fault:?}");
    assert_eq!(ids(&plant), wanted_ids(), "{fault:?}");
    assert_eq!(plant.dump(), wanted, "{fault:?}");
    plant.check();
    disk.fired() > 0
}

fn undisturbed() -> String {
    let plant = open(&Disk::default());
    for (at, command) in script().concat().iter().enumerate() {
        plant.engine.submit_wait(asked(at, command)).unwrap();
    }
    plant.dump()
}

#[test]
fn a_sync_that_fails_once_leaves_its_outcome_unknown_and_asking_again_makes_it_known() {
    let wanted = undisturbed();
    let mut at = 0;
    while morning_with(Fault { kind: Kind::Sync, at, times: 1, error: 5 }, &wanted) {
        at += 1;
    }
    assert!(at >= 20, "only {at} syncs failed");
}

#[test]
fn a_write_that_finds_no_space_once_is_survived() {
    let wanted = undisturbed();
    let mut at = 0;
    while morning_with(Fault { kind: Kind::Write, at, times: 1, error: 28 }, &wanted) {
        at += 13;
    }
    assert!(at > 130, "only {at} writes were tried");
}

#[test]
fn a_file_that_cannot_grow_once_is_survived() {
    let wanted = undisturbed();
    let mut at = 0;
    while morning_with(Fault { kind: Kind::Length, at, times: 1, error: 28 }, &wanted) {
        at += 1;
    }
}

#[test]
fn after_an_error_reads_go_on_and_health_says_why() {
    let disk = Disk::default();
    let clock = Clock::manual(time(MONDAY));
    let backend = disk.clone();
    let store = Store::on_backend(move || backend.clone()).unwrap();
    // The store is left as it is for a while, so that what holds meanwhile can be seen.
    let plant = Plant { engine: Engine::start(store, Options { reopen_waits: vec![Duration::from_millis(400)], ..options(&clock) }).unwrap(), clock };
    plant.admin(found(false)).unwrap();
    let dump = plant.dump();
    disk.fail(Fault { kind: Kind::Sync, at: 0, times: 1, error: 5 });
    let answer = plant.engine.submit_wait(asked(1, &master_data()[0]));
    refused(answer, Code::OutcomeUnknown);
    let health = plant.engine.health().borrow().clone();
    assert!(matches!(&health, Health::Refusing(refusal) if refusal.code == Code::Unavailable && refusal.detail.contains("storage failed")), "{health:?}");
    assert_eq!(plant.dump(), dump);
    healthy(&plant);
    plant.engine.submit_wait(asked(1, &master_data()[0])).unwrap();
    assert_eq!(ids(&plant), ["command-1"]);
    plant.check();
}

#[test]
fn a_disk_that_stays_broken_fails_the_engine_for_its_supervisor() {
    let disk = Disk::default();
    let plant = open(&disk);
    plant.admin(found(false)).unwrap();
    disk.fail(Fault { kind: Kind::Sync, at: 0, times: usize::MAX, error: 5 });
    refused(plant.admin(master_data().remove(0)), Code::OutcomeUnknown);
    let mut health = plant.engine.health();
    runtime().block_on(health.wait_for(|health| matches!(health, Health::Failed(_)))).unwrap();
    refused(plant.admin(master_data().remove(0)), Code::Unavailable);
    plant.engine.stop();
}
