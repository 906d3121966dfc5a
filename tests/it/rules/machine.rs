//! Counters and faults as commands: the record says where a counter stands, so nothing is counted twice
//! whatever was asked again; a fault is open once; only the plant itself tells either.

use millwright::base::Code;
use millwright::engine::Envelope;
use millwright::model::command::{AcknowledgeFault, ClearFault, CountPieces, DetectFault, StartDowntime};
use millwright::model::downtime::DowntimeCategory;
use millwright::model::field::Note;
use millwright::model::journal::Origin;
use millwright::model::machine_fault::{FaultKind, FaultSeverity, FaultStatus};
use millwright::model::{Command, DowntimeEvent, Id, MachineCounter, MachineFault, Noun, Role};

use crate::plant::*;

/// A laser with a sensor at the one work center.
fn laser_in(plant: Plant) -> Plant {
    let commands = [
        create(Noun::Machine, &[("machine_name", text("Laser")), ("machine_code", text("LASER-1"))]),
        update(Noun::WorkCenter, 1, &[("machine_id", key(Noun::Machine, 1))]),
        create(Noun::Sensor, &[("machine_id", key(Noun::Machine, 1)), ("sensor_name", text("Vibration")), ("sensor_type", text("vibration"))]),
    ];
    for command in commands {
        plant.admin(command).unwrap();
    }
    plant
}

fn laser() -> Plant {
    laser_in(Plant::new())
}

fn engine(plant: &Plant, command: Command) -> Answer {
    plant.engine.submit_wait(Envelope { origin: Origin::Engine, ..by(Role::Engine, command) })
}

fn count(since: Option<&str>, at: &str, value: i64, pieces: i64) -> Command {
    Command::CountPieces(CountPieces {
        machine_id: Id::new(1),
        metric: "part_count".to_owned(),
        since: since.map(time),
        value,
        counted_at: time(at),
        changed_at: time(at),
        operation_id: (pieces > 0).then(|| Id::new(1)),
        pieces,
        ..CountPieces::default()
    })
}

fn fault(severity: FaultSeverity) -> Command {
    Command::DetectFault(DetectFault {
        machine_id: Id::new(1),
        sensor_id: Id::new(1),
        fault_code: "VIBRATION-HIGH".to_owned(),
        fault_kind: FaultKind::CriticalLimit,
        severity,
        why: Note("it shakes".to_owned()),
        ..DetectFault::default()
    })
}

#[test]
fn a_count_goes_on_from_where_the_record_stands_or_not_at_all() {
    let plant = laser();
    plant.all([order_for(1, 10), release(1), start_operation(1, 10)]);
    let (first, second, third) = ("2026-03-02T07:00:00Z", "2026-03-02T07:01:00Z", "2026-03-02T07:02:00Z");
    engine(&plant, count(None, first, 100, 0)).unwrap();
    engine(&plant, count(Some(first), second, 102, 2)).unwrap();
    // Told again after a restart, by somebody who did not hear the answer.
    let why = refused(engine(&plant, count(Some(first), third, 103, 3)), Code::IllegalState).detail;
    assert!(why.contains("stands at 2026-03-02T07:01:00Z"), "{why}");
    refused(engine(&plant, count(None, third, 103, 3)), Code::IllegalState);
    engine(&plant, count(Some(second), third, 103, 1)).unwrap();
    let counter: MachineCounter = plant.get(1);
    assert_eq!((counter.last_value, counter.counted_pieces), (103, 3));
    assert_eq!(plant.operation(1, 10).completed_quantity, 3);
    refused(plant.lead(count(Some(third), third, 104, 1)), Code::Forbidden);
    plant.check();
}

#[test]
fn a_report_that_cannot_be_made_leaves_the_counter_where_it_was() {
    let plant = laser();
    plant.all([order_for(1, 10), release(1), start_operation(1, 10)]);
    let (first, second) = ("2026-03-02T07:00:00Z", "2026-03-02T07:01:00Z");
    engine(&plant, count(None, first, 100, 0)).unwrap();
    plant.all([hold(1)]);
    refused(engine(&plant, count(Some(first), second, 102, 2)), Code::OnHold);
    assert_eq!(plant.get::<MachineCounter>(1).last_value, 100);
    plant.all([resume(1)]);
    engine(&plant, count(Some(first), second, 102, 2)).unwrap();
    assert_eq!(plant.operation(1, 10).completed_quantity, 2);
    plant.check();
}

#[test]
fn a_fault_is_open_once_and_is_seen_to_and_cleared() {
    let plant = laser();
    engine(&plant, fault(FaultSeverity::Critical)).unwrap();
    let why = refused(engine(&plant, fault(FaultSeverity::Critical)), Code::IllegalState).detail;
    assert!(why.starts_with("FLT-000001 is this fault already"), "{why}");
    refused(plant.lead(fault(FaultSeverity::Critical)), Code::Forbidden);
    plant.wait(12);
    plant.all([Command::AcknowledgeFault(AcknowledgeFault { fault_id: Id::new(1) })]);
    plant.wait(8);
    engine(&plant, Command::ClearFault(ClearFault { fault_id: Id::new(1) })).unwrap();
    refused(engine(&plant, Command::ClearFault(ClearFault { fault_id: Id::new(1) })), Code::IllegalState);
    let known: MachineFault = plant.get(1);
    assert_eq!((known.status, known.acknowledge_minutes, known.duration_minutes), (FaultStatus::Resolved, Some(12), Some(20)));
    let stop: DowntimeEvent = plant.get(1);
    assert_eq!((stop.downtime_category, stop.response_time_minutes, stop.downtime_end), (DowntimeCategory::Breakdown, Some(12), None));
    // It comes back, and joins the stop that is still open.
    engine(&plant, fault(FaultSeverity::Critical)).unwrap();
    assert_eq!(plant.get::<MachineFault>(2).downtime_id, Some(Id::new(1)));
    plant.check();
}

#[test]
fn people_of_a_simulated_plant_tell_their_stops_themselves() {
    let plant = Plant::founded(true);
    for command in master_data() {
        plant.admin(command).unwrap();
    }
    let plant = laser_in(plant);
    engine(&plant, fault(FaultSeverity::Critical)).unwrap();
    assert_eq!(plant.get::<MachineFault>(1).downtime_id, None);
    engine(&plant, Command::ClearFault(ClearFault { fault_id: Id::new(1) })).unwrap();
    plant.all([Command::StartDowntime(StartDowntime { work_center_id: Some(Id::new(1)), ..StartDowntime::default() })]);
    engine(&plant, fault(FaultSeverity::Critical)).unwrap();
    assert_eq!(plant.get::<MachineFault>(2).downtime_id, Some(Id::new(1)), "the one that is open is joined");
}
