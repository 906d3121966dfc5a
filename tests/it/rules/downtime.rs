//! Stops and changeovers: one cause at a time, and times that follow from what was told when.

use millwright::base::Code;
use millwright::model::command::{ChangeDowntimeCause, FinishChangeover, MarkDowntime, ResolveDowntime, RespondDowntime, StartChangeover, StartDowntime};
use millwright::model::downtime::{DowntimeCategory, DowntimeStatus};
use millwright::model::{ChangeoverEvent, Command, DowntimeEvent, Id, Noun};

use crate::plant::*;

fn stop(order: Option<u64>) -> Command {
    let work_order_id = order.map(Id::new);
    Command::StartDowntime(StartDowntime { work_center_id: Some(Id::new(1)), work_order_id, operation_sequence: order.map(|_| 10), ..StartDowntime::default() })
}

fn respond(id: u64) -> Command {
    Command::RespondDowntime(RespondDowntime { downtime_id: Id::new(id) })
}

fn resolve(id: u64) -> Command {
    Command::ResolveDowntime(ResolveDowntime { downtime_id: Id::new(id), ..ResolveDowntime::default() })
}

fn changeover(order: u64) -> Command {
    Command::StartChangeover(StartChangeover { work_center_id: Id::new(1), to_work_order_id: Id::new(order), operation_sequence: Some(10), ..StartChangeover::default() })
}

#[test]
fn a_stop_has_its_response_repair_and_down_times() {
    let plant = Plant::new();
    let order = plant.running(10);
    let id = plant.all([stop(Some(order))]);
    plant.wait(7);
    plant.all([respond(id)]);
    plant.wait(23);
    plant.all([resolve(id)]);
    let event: DowntimeEvent = plant.get(id);
    assert_eq!((event.response_time_minutes, event.repair_time_minutes, event.duration_minutes), (Some(7), Some(23), Some(30)));
    assert_eq!(event.line_id.map(Id::number), Some(1), "the line is the work center's");
    assert_eq!(event.production_loss_units, Some(30), "a piece takes a minute");
    assert_eq!(plant.work_order(order).downtime_minutes, 30);
    refused(plant.lead(resolve(id)), Code::IllegalState);
    plant.check();
}

#[test]
fn a_stop_nobody_responded_to_was_repair_all_along() {
    let plant = Plant::new();
    let id = plant.all([stop(None)]);
    plant.wait(12);
    plant.all([resolve(id)]);
    assert_eq!((plant.get::<DowntimeEvent>(id).response_time_minutes, plant.get::<DowntimeEvent>(id).repair_time_minutes), (None, Some(12)));
}

#[test]
fn one_place_stands_for_one_cause_at_a_time() {
    let plant = Plant::new();
    let id = plant.all([stop(None)]);
    let why = refused(plant.lead(stop(None)), Code::IllegalState).detail;
    assert!(why.contains(&Id::<DowntimeEvent>::new(id).to_string()), "{why}");
    let cause = ChangeDowntimeCause { downtime_id: Id::new(id), downtime_category: DowntimeCategory::ToolChange, ..ChangeDowntimeCause::default() };
    plant.all([Command::ChangeDowntimeCause(cause), respond(id)]);
    refused(plant.lead(respond(id)), Code::IllegalState);
    let mark = |status| Command::MarkDowntime(MarkDowntime { downtime_id: Id::new(id), status });
    plant.all([mark(DowntimeStatus::PendingParts)]);
    refused(plant.lead(stop(None)), Code::IllegalState);
    refused(plant.lead(mark(DowntimeStatus::Resolved)), Code::Invalid);
    plant.all([resolve(id), stop(None)]);
    refused(plant.lead(Command::StartDowntime(StartDowntime::default())), Code::Invalid);
}

#[test]
fn planned_maintenance_is_no_loss_of_the_order() {
    let plant = Plant::new();
    let order = plant.running(10);
    let planned =
        StartDowntime { downtime_category: DowntimeCategory::Maintenance, work_center_id: Some(Id::new(1)), work_order_id: Some(Id::new(order)), ..StartDowntime::default() };
    let id = plant.all([Command::StartDowntime(planned)]);
    plant.wait(60);
    plant.all([resolve(id)]);
    assert_eq!(plant.work_order(order).downtime_minutes, 0);
}

#[test]
fn a_stop_does_not_end_before_it_began() {
    let plant = Plant::new();
    let id = plant.all([stop(None)]);
    refused(plant.at("2026-03-02T06:59:00Z", resolve(id)), Code::OutsideWindow);
    plant.wait(10);
    plant.all([respond(id)]);
    refused(plant.at("2026-03-02T07:05:00Z", resolve(id)), Code::OutsideWindow);
}

#[test]
fn the_phases_of_a_changeover_add_up_to_its_duration() {
    let plant = Plant::new();
    let order = plant.running(10);
    let id = plant.all([changeover(order)]);
    refused(plant.lead(changeover(order)), Code::IllegalState);
    plant.wait(40);
    let told = FinishChangeover { changeover_id: Id::new(id), teardown_time_minutes: 10, setup_time_minutes: 20, adjustment_time_minutes: 5, ..FinishChangeover::default() };
    refused(plant.lead(Command::FinishChangeover(told.clone())), Code::Invalid);
    refused(plant.lead(Command::FinishChangeover(FinishChangeover { trial_run_time_minutes: 5, parts_scrapped_during_setup: 1, ..told.clone() })), Code::Invalid);
    refused(
        plant.lead(Command::FinishChangeover(FinishChangeover { trial_run_time_minutes: 5, first_good_part_time: Some(time("2026-03-02T08:00:00Z")), ..told.clone() })),
        Code::OutsideWindow,
    );
    plant.all([Command::FinishChangeover(FinishChangeover { trial_run_time_minutes: 5, parts_produced_during_setup: 3, parts_scrapped_during_setup: 1, ..told.clone() })]);
    let event: ChangeoverEvent = plant.get(id);
    assert_eq!((event.actual_duration_minutes, event.is_open, event.to_product_id.number()), (Some(40), false, 1));
    refused(plant.lead(Command::FinishChangeover(told)), Code::IllegalState);
}

#[test]
fn a_changeover_without_phases_was_setup() {
    let plant = Plant::new();
    let order = plant.running(10);
    let id = plant.all([changeover(order)]);
    plant.wait(25);
    plant.all([Command::FinishChangeover(FinishChangeover { changeover_id: Id::new(id), ..FinishChangeover::default() })]);
    assert_eq!(plant.get::<ChangeoverEvent>(id).setup_time_minutes, 25);
}

#[test]
fn ranges_of_a_sensor_lie_within_what_it_measures() {
    let plant = Plant::new();
    plant.admin(create(Noun::Machine, &[("machine_name", text("Laser 1")), ("line_id", key(Noun::ProductionLine, 1))])).unwrap();
    let sensor = |low: &'static str, high: &'static str| {
        let fields = [
            ("machine_id", key(Noun::Machine, 1)),
            ("sensor_name", text("Temperature")),
            ("sensor_type", text("temperature")),
            ("measuring_range_min", exact("-20")),
            ("measuring_range_max", exact("120")),
            ("normal_range_min", exact(low)),
            ("normal_range_max", exact(high)),
        ];
        create(Noun::Sensor, &fields)
    };
    refused(plant.admin(sensor("60", "20")), Code::Invalid);
    refused(plant.admin(sensor("-21", "20")), Code::Invalid);
    let id = plant.admin(sensor("-5", "60")).unwrap().subject.number;
    assert_eq!(plant.get::<millwright::model::Sensor>(id).line_id.map(Id::number), Some(1));
}

#[test]
fn a_line_and_a_customer_are_mapped_to_a_product_once() {
    let plant = Plant::new();
    let line = || create(Noun::LineProductMapping, &[("line_id", key(Noun::ProductionLine, 1)), ("product_id", key(Noun::Product, 1))]);
    let customer = || create(Noun::CustomerProductMapping, &[("customer_id", key(Noun::Customer, 1)), ("product_id", key(Noun::Product, 1))]);
    plant.admin(line()).unwrap();
    plant.admin(customer()).unwrap();
    refused(plant.admin(line()), Code::Duplicate);
    refused(plant.admin(customer()), Code::Duplicate);
    plant.admin(update(Noun::LineProductMapping, 1, &[("cycle_time_seconds", exact("30"))])).unwrap();
}
