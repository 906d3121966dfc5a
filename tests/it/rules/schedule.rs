//! The published plan: slots made with the order's schedule, and what was kept of them.

use millwright::base::Code;
use millwright::model::command::ScheduleWorkOrder;
use millwright::model::schedule::{OperationSlot, ScheduleStatus as State};
use millwright::model::{Command, Id, ProductionSchedule};

use crate::plant::*;

fn slot(sequence: i64, start: &str, end: &str) -> OperationSlot {
    let at = |clock: &str| time(&format!("2026-03-02T{clock}:00Z"));
    OperationSlot { operation_sequence: sequence, work_center_id: None, planned_start_time: at(start), planned_end_time: at(end) }
}

/// The order from 08:00 to 12:00 UTC, with these slots.
fn plan(order: u64, operations: Vec<OperationSlot>) -> Command {
    Command::ScheduleWorkOrder(ScheduleWorkOrder {
        work_order_id: Id::new(order),
        line_id: Id::new(1),
        scheduled_start_time: time("2026-03-02T08:00:00Z"),
        scheduled_end_time: time("2026-03-02T12:00:00Z"),
        operations,
        ..ScheduleWorkOrder::default()
    })
}

fn states(plant: &Plant) -> Vec<State> {
    plant.every::<ProductionSchedule>().iter().map(|slot| slot.schedule_status).collect()
}

#[test]
fn an_order_without_slots_of_its_operations_has_one_for_all() {
    let plant = Plant::new();
    let order = plant.order(10);
    plant.all([release(order), plan(order, Vec::new())]);
    let slot: ProductionSchedule = plant.get(1);
    assert_eq!((slot.operation_id, slot.schedule_week, slot.schedule_date, slot.planned_quantity), (None, 10, date("2026-03-02"), 10));
    assert!(slot.equipment_available && slot.material_available && slot.shift_id.is_some());
    plant.wait(90);
    plant.all([start_operation(order, 10)]);
    assert_eq!((plant.get::<ProductionSchedule>(1).on_time_start, states(&plant)), (Some(false), vec![State::InProgress]));
    plant.all([good(order, 10, 10), start_operation(order, 20), good(order, 20, 10), start_operation(order, 30), good(order, 30, 10)]);
    plant.all([finish_operation(order, 10), finish_operation(order, 20), finish_operation(order, 30), complete(order)]);
    let slot: ProductionSchedule = plant.get(1);
    assert_eq!((slot.on_time_completion, slot.schedule_adherence_percentage, slot.actual_quantity), (Some(true), Some(dec("100")), Some(10)));
    plant.check();
}

#[test]
fn slots_of_operations_learn_whether_they_were_kept() {
    let plant = Plant::new();
    let order = plant.order(10);
    plant.all([release(order), plan(order, vec![slot(10, "08:00", "09:00"), slot(20, "09:00", "10:00")])]);
    assert_eq!(plant.operation(order, 20).planned_start_time, Some(time("2026-03-02T09:00:00Z")));
    plant.wait(75);
    plant.all([start_operation(order, 10), good(order, 10, 10)]);
    plant.wait(75);
    plant.all([finish_operation(order, 10)]);
    let first: ProductionSchedule = plant.get(1);
    assert_eq!((first.on_time_start, first.on_time_completion), (Some(true), Some(false)), "a quarter of an hour is on time, half an hour is not");
    assert_eq!(first.schedule_adherence_percentage, Some(dec("50")));
    assert_eq!(states(&plant), [State::Completed, State::Confirmed]);
    plant.all([start_operation(order, 20)]);
    assert_eq!(plant.get::<ProductionSchedule>(2).on_time_start, Some(false));
    plant.because("customer called", hold(order)).unwrap();
    assert_eq!(states(&plant), [State::Completed, State::Delayed]);
    plant.all([resume(order)]);
    assert_eq!(states(&plant), [State::Completed, State::InProgress]);
}

#[test]
fn a_new_plan_of_an_order_cancels_the_old_one() {
    let plant = Plant::new();
    let order = plant.order(10);
    plant.all([release(order), plan(order, vec![slot(10, "08:00", "09:00")]), plan(order, vec![slot(10, "10:00", "11:00")])]);
    assert_eq!(states(&plant), [State::Cancelled, State::Planned]);
    plant.all([cancel(order)]);
    assert_eq!(states(&plant), [State::Cancelled, State::Cancelled]);
}

#[test]
fn slots_lie_within_the_order_and_name_its_operations_once() {
    let plant = Plant::new();
    let order = plant.order(10);
    plant.all([release(order)]);
    let before = plant.head();
    for (slots, code) in [
        (vec![slot(10, "07:00", "09:00")], Code::Invalid),
        (vec![slot(10, "11:00", "13:00")], Code::Invalid),
        (vec![slot(10, "10:00", "10:00")], Code::Invalid),
        (vec![slot(11, "08:00", "09:00")], Code::NotFound),
        (vec![slot(10, "08:00", "09:00"), slot(10, "09:00", "10:00")], Code::Invalid),
        (vec![OperationSlot { work_center_id: Some(Id::new(9)), ..slot(10, "08:00", "09:00") }], Code::NotFound),
    ] {
        refused(plant.lead(plan(order, slots)), code);
    }
    assert_eq!(plant.head(), before);
}

#[test]
fn a_plan_says_that_its_work_center_stands() {
    let plant = Plant::new();
    let order = plant.order(10);
    let stop = millwright::model::command::StartDowntime { work_center_id: Some(Id::new(1)), ..Default::default() };
    plant.all([release(order), Command::StartDowntime(stop), plan(order, vec![slot(10, "08:00", "09:00")])]);
    assert!(!plant.get::<ProductionSchedule>(1).equipment_available);
}
