//! Two times of an entry, and two clocks of a plant.

use std::sync::atomic::Ordering;
use std::time::Duration;

use millwright::base::{Code, Time};
use millwright::engine::Envelope;
use millwright::engine::clock::Clock;
use millwright::model::field::Note;
use millwright::model::journal::Origin;
use millwright::model::{Command, Entry, RefusedAct, Role, command};

use crate::plant::*;

fn entry(plant: &Plant, seq: u64) -> Entry {
    plant.read(|snapshot| snapshot.entry(seq)).unwrap().unwrap()
}

fn set_clock(plant_time: &str, rate: i64) -> Command {
    Command::SetPlantClock(command::SetPlantClock { plant_time: Some(time(plant_time)), rate: Some(rate) })
}

#[test]
fn recorded_at_never_runs_backwards() {
    let plant = Plant::new();
    plant.wait(60);
    let first = plant.lead(order_for(1, 5)).unwrap().seq;
    let Clock::Manual(micros) = &plant.clock else { unreachable!() };
    micros.store(time("2026-03-01T00:00:00Z").micros(), Ordering::SeqCst);
    let second = plant.lead(order_for(1, 5)).unwrap().seq;
    assert_eq!(entry(&plant, second).recorded_at, entry(&plant, first).recorded_at);
    plant.check();
}

#[test]
fn what_happened_may_be_told_seven_days_late_and_five_minutes_early() {
    let plant = Plant::new();
    let now = time(MONDAY);
    let at = |occurred_at: Time, origin| plant.engine.submit_wait(Envelope { occurred_at: Some(occurred_at), origin, ..by(Role::Lead, order_for(1, 5)) });
    let week = Duration::from_secs(7 * 86_400);
    let second = Duration::from_secs(1);
    let told = at(now.minus(week), Origin::Person).unwrap();
    assert_eq!((entry(&plant, told.seq).occurred_at, entry(&plant, told.seq).recorded_at), (now.minus(week), now));
    refused(at(now.minus(week).minus(second), Origin::Person), Code::OutsideWindow);
    at(now.plus(Duration::from_secs(300)), Origin::Person).unwrap();
    refused(at(now.plus(Duration::from_secs(301)), Origin::Person), Code::OutsideWindow);
    at(time("2012-01-02T06:00:00Z"), Origin::Import).unwrap();
    refused(at(now.plus(Duration::from_secs(301)), Origin::Import), Code::OutsideWindow);
    refused(at(Time::from_micros(i64::MAX), Origin::Import), Code::OutsideWindow);
    refused(at(Time::from_micros(i64::MIN), Origin::Import), Code::OutsideWindow);
    refused(at(time("1990-01-01T00:00:00Z").minus(second), Origin::Import), Code::OutsideWindow);
}

#[test]
fn a_refused_act_is_kept_however_late_it_comes_and_whatever_the_devices_clock_says() {
    let plant = Plant::new();
    let now = time(MONDAY);
    let note = |text: &str| Note(text.to_owned());
    let keep = || command::KeepRefusedAct { act: "ReportOperation".to_owned(), content: note("{}"), refusal: note("it is too late"), work_center_id: None, employee_id: None };
    let kept = |told: Time| {
        let done = plant.engine.submit_wait(Envelope { occurred_at: Some(told), ..by(Role::Operator, Command::KeepRefusedAct(keep())) }).unwrap();
        (entry(&plant, done.seq).occurred_at, plant.get::<RefusedAct>(done.subject.number).done_at)
    };
    let before_the_holidays = now.minus(Duration::from_secs(15 * 86_400));
    assert_eq!(kept(before_the_holidays), (before_the_holidays, before_the_holidays));
    assert_eq!(kept(now.plus(Duration::from_secs(3_600))), (now, now));
    assert_eq!(kept(Time::from_micros(0)), (now, now));
    plant.check();
}

#[test]
fn a_clock_without_a_rate_is_not_stopped() {
    let plant = Plant::founded(true);
    refused(plant.admin(Command::SetPlantClock(command::SetPlantClock { plant_time: None, rate: None })), Code::Invalid);
}

#[test]
fn a_clock_whose_rate_alone_is_set_goes_on_from_where_it_is() {
    let plant = Plant::founded(true);
    plant.admin(set_clock("2026-06-01T06:00:00Z", 60)).unwrap();
    plant.wait(1);
    plant.admin(Command::SetPlantClock(command::SetPlantClock { plant_time: None, rate: Some(0) })).unwrap();
    plant.wait(5);
    assert_eq!(plant.engine.plant_now(), time("2026-06-01T07:00:00Z"));
}

#[test]
fn a_simulated_clock_runs_at_its_rate_from_where_it_was_set() {
    let plant = Plant::founded(true);
    assert_eq!(plant.engine.plant_now(), time(MONDAY));
    plant.wait(60);
    assert_eq!(plant.engine.plant_now(), time(MONDAY), "it stands until it is set");
    plant.admin(set_clock("2026-06-01T06:00:00Z", 60)).unwrap();
    plant.wait(1);
    assert_eq!(plant.engine.plant_now(), time("2026-06-01T07:00:00Z"));
    assert_eq!(plant.engine.wall_now(), time("2026-03-02T08:01:00Z"));
    let seq = plant.admin(create(millwright::model::Noun::Factory, &[("factory_name", text("Works"))])).unwrap().seq;
    assert_eq!(entry(&plant, seq).recorded_at, time("2026-06-01T07:00:00Z"));
    let set = plant.admin(set_clock("2026-06-01T08:00:00Z", 0)).unwrap().seq;
    assert_eq!(entry(&plant, set).occurred_at, entry(&plant, set).recorded_at, "the wall's time is no time of the plant");
    plant.wait(600);
    assert_eq!(plant.engine.plant_now(), time("2026-06-01T08:00:00Z"));
}

#[test]
fn a_plants_clock_is_not_set_back_nor_raced_nor_set_on_a_real_plant() {
    let plant = Plant::founded(true);
    refused(plant.admin(set_clock("2026-03-01T00:00:00Z", 1)), Code::Invalid);
    refused(plant.admin(set_clock("2026-06-01T00:00:00Z", 3_601)), Code::Invalid);
    refused(plant.admin(set_clock("2026-06-01T00:00:00Z", -1)), Code::Invalid);
    refused(Plant::founded(false).admin(set_clock("2026-06-01T00:00:00Z", 1)), Code::IllegalState);
}

#[test]
fn a_simulators_history_is_recorded_when_it_happened() {
    let plant = Plant::on(millwright::store::Store::in_memory().unwrap());
    let founded = plant.simulator("2025-11-03T05:00:00Z", found(true)).unwrap().seq;
    assert_eq!((entry(&plant, founded).recorded_at, entry(&plant, founded).occurred_at), (time("2025-11-03T05:00:00Z"), time("2025-11-03T05:00:00Z")));
    let seq = plant.simulator("2025-11-03T06:00:00Z", create(millwright::model::Noun::Factory, &[("factory_name", text("Works"))])).unwrap().seq;
    assert_eq!(entry(&plant, seq).recorded_at, time("2025-11-03T06:00:00Z"));
    plant.check();
}

#[test]
fn a_plant_is_founded_once_in_a_zone_that_exists() {
    let plant = Plant::on(millwright::store::Store::in_memory().unwrap());
    let nowhere = command::FoundPlant { plant_name: "X".to_owned(), timezone: "Mars/Olympus".to_owned(), simulated: false };
    refused(plant.admin(Command::FoundPlant(nowhere)), Code::Invalid);
    plant.admin(found(false)).unwrap();
    refused(plant.admin(found(false)), Code::IllegalState);
}
