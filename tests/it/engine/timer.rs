//! What becomes due becomes a command, exactly once.

use millwright::base::{Code, Digest};
use millwright::model::command::SealDay;
use millwright::model::{Command, Id, JournalDay, LaborTransaction, Role, Timer};

use super::{in_folder, open};
use crate::plant::*;

const DAY: u64 = 24 * 60;

#[test]
fn a_sealed_day_is_the_merkle_root_of_its_entries() {
    let plant = Plant::new();
    let last = plant.head().0;
    assert_eq!(plant.engine.fire_timers(), Ok(0));
    plant.wait(DAY);
    assert_eq!(plant.engine.fire_timers(), Ok(1));
    let day: JournalDay = plant.get(1);
    assert_eq!((day.day, day.first_seq, day.last_seq), (date("2026-03-02"), 1, i64::try_from(last).unwrap()));
    let hashes = plant.read(|snapshot| snapshot.entry_hashes(1, last)).unwrap();
    assert_eq!(day.root, Digest::merkle_root(hashes).to_string());
    assert_eq!(plant.engine.fire_timers(), Ok(0));
    plant.check();
}

#[test]
fn days_that_were_missed_are_sealed_one_after_another_and_empty_ones_left_out() {
    let plant = Plant::new();
    plant.wait(DAY);
    let tuesday = plant.lead(order_for(1, 5)).unwrap().seq;
    plant.wait(3 * DAY);
    let friday = plant.lead(order_for(1, 5)).unwrap().seq;
    plant.wait(DAY);
    assert_eq!(plant.engine.fire_timers(), Ok(5));
    let days: Vec<JournalDay> = plant.every();
    let shown: Vec<(String, u64, u64)> = days.iter().map(|day| (day.day.to_string(), day.first_seq.cast_unsigned(), day.last_seq.cast_unsigned())).collect();
    let wanted = [("2026-03-02", 1, tuesday - 1), ("2026-03-03", tuesday, tuesday), ("2026-03-06", friday, friday)];
    assert_eq!(shown, wanted.map(|(day, first, last)| (day.to_owned(), first, last)));
    assert_eq!(plant.every::<Timer>().len(), 1, "one seal is due at any time");
    plant.check();
}

#[test]
fn a_seal_that_does_not_follow_the_last_one_is_refused() {
    let plant = Plant::new();
    let seal = |first_seq, last_seq| SealDay { day: date("2026-03-02"), first_seq, last_seq, root: Digest::NONE.to_string(), timer_id: Id::new(1) };
    refused(plant.ask(Role::Engine, Command::SealDay(seal(2, 5))), Code::IllegalState);
    refused(plant.ask(Role::Engine, Command::SealDay(seal(1, -1))), Code::IllegalState);
    refused(plant.ask(Role::Engine, Command::SealDay(SealDay { root: "x".to_owned(), ..seal(1, 5) })), Code::IllegalState);
    refused(plant.ask(Role::Engine, Command::SealDay(SealDay { timer_id: Id::new(9), ..seal(1, 5) })), Code::NotFound);
}

#[test]
fn a_forgotten_clock_in_is_flagged_once() {
    let plant = Plant::new();
    let (forgotten, closed) = (plant.all([clock_in(1)]), plant.all([clock_in(2)]));
    plant.wait(60);
    plant.all([clock_out(closed)]);
    plant.wait(12 * 60);
    // Clocking out took its timer away.
    assert_eq!(plant.engine.fire_timers(), Ok(1));
    let flagged = |row| plant.get::<LaborTransaction>(row).forgotten;
    assert!(flagged(forgotten) && !flagged(closed));
    let events: Vec<String> = (1..=plant.head().0).flat_map(|seq| plant.events(seq)).filter(|name| name == "labor.forgotten").collect();
    assert_eq!(events.len(), 1);
    assert_eq!(plant.engine.fire_timers(), Ok(0));
    plant.all([clock_out(forgotten)]);
    plant.check();
}

#[test]
fn a_timer_that_came_due_while_the_plant_was_down_fires_after_the_start() {
    let (folder, clock, plant) = in_folder();
    plant.engine.stop();
    clock.advance(std::time::Duration::from_secs(30 * 3_600));
    let plant = open(&folder.path().join("data"), &clock);
    assert_eq!(plant.engine.fire_timers(), Ok(1));
    assert_eq!(plant.get::<JournalDay>(1).last_seq, 1);
}
