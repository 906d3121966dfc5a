//! Followers read the journal from a cursor of their own.

use millwright::engine::follow::Follower;

use crate::plant::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Everything up to the head, as the follower meets it.
fn catch_up(plant: &Plant, follower: &mut Follower) -> Vec<u64> {
    let mut seen = Vec::new();
    while follower.position() < plant.head().0 {
        let entries = runtime().block_on(follower.next()).unwrap().unwrap();
        seen.extend(entries.iter().map(|entry| entry.seq));
    }
    seen
}

#[test]
fn a_follower_sees_each_entry_once_and_in_order() {
    let plant = Plant::new();
    let mut follower = Follower::new(&plant.engine, 0);
    for _ in 0..230 {
        plant.order(1);
    }
    let head = plant.head().0;
    assert_eq!(catch_up(&plant, &mut follower), (1..=head).collect::<Vec<_>>());
    plant.order(1);
    assert_eq!(catch_up(&plant, &mut follower), [head + 1]);
}

#[test]
fn a_follower_goes_on_from_its_cursor() {
    let plant = Plant::new();
    let head = plant.head().0;
    let mut follower = Follower::new(&plant.engine, head - 2);
    assert_eq!(catch_up(&plant, &mut follower), [head - 1, head]);
}

#[test]
fn a_waiting_follower_is_woken_by_the_next_commit() {
    let plant = Plant::new();
    let head = plant.head().0;
    let mut follower = Follower::new(&plant.engine, head);
    let waiting = std::thread::spawn(move || runtime().block_on(follower.next()).unwrap().unwrap()[0].seq);
    plant.order(1);
    assert_eq!(waiting.join().unwrap(), head + 1);
}

#[test]
fn a_waiting_follower_ends_when_the_engine_stops() {
    let plant = Plant::new();
    let head = plant.head().0;
    let mut follower = Follower::new(&plant.engine, head);
    let waiting = std::thread::spawn(move || runtime().block_on(follower.next()).unwrap().is_none());
    plant.engine.stop();
    assert!(waiting.join().unwrap());
}
