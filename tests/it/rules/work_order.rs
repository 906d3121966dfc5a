//! The life of a work order.

use millwright::base::Code;
use millwright::model::command;
use millwright::model::work_order::{OperationStatus, OrderType, WorkOrderStatus as State};
use millwright::model::{Command, Id, Noun};

use crate::plant::*;

/// An order of ten in a state, its material issued and nothing made, unless the state asks for it.
fn in_state(plant: &Plant, state: State) -> u64 {
    let order = plant.order(10);
    let through = |commands: &[Command]| plant.all(commands.iter().cloned());
    let make = || {
        for sequence in [10, 20, 30] {
            through(&[start_operation(order, sequence), good(order, sequence, 10), finish_operation(order, sequence)]);
        }
        through(&[complete(order)]);
    };
    match state {
        State::Created => 0,
        State::Released => through(&[release(order)]),
        State::Scheduled => through(&[release(order), schedule(order)]),
        State::InProgress => through(&[release(order), start(order)]),
        State::OnHold => through(&[release(order), hold(order)]),
        State::Completed => {
            through(&[release(order)]);
            make();
            0
        }
        State::Closed => {
            through(&[release(order)]);
            make();
            through(&[close(order)])
        }
        State::Cancelled => through(&[cancel(order)]),
    };
    assert_eq!(plant.work_order(order).status, state);
    order
}

#[test]
fn every_act_in_every_state_is_legal_or_refused_as_the_table_says() {
    use State::{Cancelled, Closed, Completed, Created, InProgress, OnHold, Released, Scheduled};
    type Act = fn(u64) -> Command;
    type Legal = &'static [(State, State)];
    let split: Act = |order| split_order(order, 3);
    let acts: &[(&str, Act, Legal)] = &[
        ("release", release, &[(Created, Released)]),
        ("schedule", schedule, &[(Released, Scheduled), (Scheduled, Scheduled)]),
        ("start", start, &[(Released, InProgress), (Scheduled, InProgress)]),
        ("hold", hold, &[(Created, OnHold), (Released, OnHold), (Scheduled, OnHold), (InProgress, OnHold)]),
        ("resume", resume, &[(OnHold, Released)]),
        // Completing an order in progress wants its operations finished: see below.
        ("complete", complete, &[]),
        ("close", close, &[(Completed, Closed)]),
        ("cancel", cancel, &[(Created, Cancelled), (Released, Cancelled), (Scheduled, Cancelled), (InProgress, Cancelled), (OnHold, Cancelled)]),
        ("reopen", reopen, &[(Completed, InProgress), (Closed, InProgress), (Cancelled, Created)]),
        ("split", split, &[(Created, Created), (Released, Released), (Scheduled, Scheduled), (InProgress, InProgress)]),
    ];
    let plant = Plant::new();
    for (name, act, legal) in acts {
        for state in State::ALL {
            let order = in_state(&plant, *state);
            let before = plant.head();
            let answer = plant.because("to see", act(order));
            match (legal.iter().find(|(from, _)| from == state), answer) {
                (Some((_, to)), Ok(_)) => assert_eq!(plant.work_order(order).status, *to, "{name} in {state}"),
                (Some(_), Err(refusal)) => panic!("{name} in {state} should be legal: {refusal}"),
                (None, Ok(_)) => panic!("{name} in {state} should be refused"),
                (None, Err(refusal)) => {
                    let on_hold = *state == OnHold && refusal.code == Code::OnHold;
                    let open = *name == "complete" && *state == InProgress && refusal.code == Code::StillOpen;
                    assert!(on_hold || open || refusal.code == Code::IllegalState, "{name} in {state}: {refusal}");
                    assert_eq!(plant.head(), before, "a refused {name} left a trace");
                }
            }
        }
    }
    plant.check();
}

#[test]
fn an_order_goes_from_sheet_to_closed_and_the_plant_reads_so() {
    let plant = Plant::new();
    plant.all([receive("S1", "100")]);
    let order = plant.order(10);
    plant.all([release(order), schedule(order), issue(order, "S1", "4"), clock_in_on(1, order, 10)]);
    for sequence in [10, 20, 30] {
        plant.all([start_operation(order, sequence)]);
        plant.wait(30);
        plant.all([good(order, sequence, 10), finish_operation(order, sequence)]);
    }
    plant.all([clock_out(1), complete(order), close(order)]);
    insta::assert_snapshot!(plant.dump());
    plant.check();
}

#[test]
fn hold_keeps_its_reason_and_resume_goes_back_to_where_it_was() {
    let plant = Plant::new();
    for state in [State::Created, State::Released, State::Scheduled, State::InProgress] {
        let order = in_state(&plant, state);
        plant.because("no steel", hold(order)).unwrap();
        assert_eq!(plant.work_order(order).hold_reason.unwrap().0, "no steel");
        plant.all([resume(order)]);
        let order = plant.work_order(order);
        assert_eq!((order.status, order.hold_reason, order.status_before_hold), (state, None, None));
    }
}

#[test]
fn nothing_is_reported_or_issued_while_an_order_is_on_hold() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let order = plant.running(10);
    plant.all([hold(order)]);
    refused(plant.lead(good(order, 10, 1)), Code::OnHold);
    refused(plant.lead(issue(order, "S1", "1")), Code::OnHold);
    refused(plant.lead(finish_operation(order, 10)), Code::OnHold);
    refused(plant.lead(start_operation(order, 20)), Code::OnHold);
    refused(plant.lead(complete(order)), Code::OnHold);
}

#[test]
fn completing_wants_every_operation_finished() {
    let plant = Plant::new();
    let order = plant.made(5);
    refused(plant.lead(complete(order)), Code::StillOpen);
    plant.all([finish_operation(order, 10), finish_operation(order, 20)]);
    refused(plant.lead(complete(order)), Code::StillOpen);
    plant.all([finish_operation(order, 30), complete(order)]);
    refused(plant.lead(complete(order)), Code::IllegalState);
}

#[test]
fn closing_is_refused_while_somebody_is_clocked_in_on_the_order() {
    let plant = Plant::new();
    let order = plant.made(5);
    let row = plant.all([clock_in_on(1, order, 30)]);
    plant.all([finish_operation(order, 10), finish_operation(order, 20), finish_operation(order, 30), complete(order)]);
    refused(plant.lead(close(order)), Code::StillOpen);
    plant.all([clock_out(row), close(order)]);
}

#[test]
fn cancelling_is_refused_while_material_is_issued_or_pieces_are_made() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let order = plant.running(10);
    plant.all([issue(order, "S1", "3")]);
    let refusal = refused(plant.lead(cancel(order)), Code::StillOpen);
    assert!(refusal.detail.contains("S1"), "{refusal}");
    plant.all([give_back(order, "S1", "1")]);
    refused(plant.lead(cancel(order)), Code::StillOpen);
    plant.all([give_back(order, "S1", "2")]);
    let report = plant.all([good(order, 10, 1)]);
    refused(plant.lead(cancel(order)), Code::StillOpen);
    plant.all([reverse_report(report), cancel(order)]);
}

#[test]
fn reopening_wants_a_reason_and_opens_the_last_operation() {
    let plant = Plant::new();
    let order = in_state(&plant, State::Closed);
    refused(plant.lead(reopen(order)), Code::Invalid);
    plant.because("one piece was forgotten", reopen(order)).unwrap();
    assert_eq!(plant.operation(order, 30).status, OperationStatus::InProgress);
    let order = plant.work_order(order);
    assert_eq!((order.status, order.closed_at, order.completed_by), (State::InProgress, None, None));
}

#[test]
fn a_cancelled_order_that_was_released_opens_as_released() {
    let plant = Plant::new();
    let order = plant.order(5);
    plant.all([release(order), cancel(order), reopen(order)]);
    assert_eq!(plant.work_order(order).status, State::Released);
    plant.all([start_operation(order, 10), good(order, 10, 5)]);
}

#[test]
fn a_split_moves_open_pieces_to_a_new_order() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([good(order, 10, 6)]);
    refused(plant.lead(split_order(order, 5)), Code::Insufficient);
    refused(plant.lead(split_order(order, 0)), Code::Insufficient);
    refused(plant.lead(split_order(order, -1)), Code::Insufficient);
    refused(plant.lead(split_order(order, 10)), Code::Insufficient);
    let child = plant.all([split_order(order, 4)]);
    assert_eq!((plant.work_order(order).planned_quantity, plant.operation(order, 20).planned_quantity), (6, 6));
    let child = plant.work_order(child);
    assert_eq!((child.planned_quantity, child.status, child.order_type, child.parent_work_order_id), (4, State::Created, OrderType::Split, Some(Id::new(order))));
}

#[test]
fn rework_orders_take_no_more_than_their_parent_set_aside() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([report(order, 10, [5, 0, 0, 4, 0])]);
    refused(plant.lead(rework_of(order, 5)), Code::Insufficient);
    let first = plant.all([rework_of(order, 3)]);
    refused(plant.lead(rework_of(order, 2)), Code::Insufficient);
    plant.all([cancel(first), rework_of(order, 4)]);
    let orphan = create(Noun::WorkOrder, &[("product_id", key(Noun::Product, 1)), ("planned_quantity", number(1)), ("order_type", text("rework"))]);
    refused(plant.lead(orphan), Code::Invalid);
}

#[test]
fn a_new_order_is_checked_before_it_exists() {
    let plant = Plant::new();
    let product = ("product_id", key(Noun::Product, 1));
    for planned in [0, -5, 10_000_001, i64::MAX] {
        refused(plant.lead(order_for(1, planned)), Code::Invalid);
    }
    refused(plant.lead(order_for(99, 5)), Code::NotFound);
    refused(plant.lead(create(Noun::WorkOrder, std::slice::from_ref(&product))), Code::Invalid);
    refused(plant.lead(create(Noun::WorkOrder, &[product.clone(), ("planned_quantity", number(5)), ("priority", number(11))])), Code::Invalid);
    refused(plant.lead(create(Noun::WorkOrder, &[product.clone(), ("planned_quantity", number(5)), ("status", text("closed"))])), Code::Invalid);
    refused(plant.lead(create(Noun::WorkOrder, &[product.clone(), ("planned_quantity", number(5)), ("order_type", text("split"))])), Code::Invalid);
    let named = |name: &str| create(Noun::WorkOrder, &[product.clone(), ("planned_quantity", number(5)), ("work_order_number", text(name))]);
    refused(plant.lead(named("WO-000077")), Code::Invalid);
    plant.all([named("A-1")]);
    refused(plant.lead(named("A-1")), Code::Duplicate);
    plant.admin(update(Noun::Product, 1, &[("status", text("inactive"))])).unwrap();
    refused(plant.lead(order_for(1, 5)), Code::IllegalState);
}

#[test]
fn a_closed_or_cancelled_order_is_changed_no_more() {
    let plant = Plant::new();
    let order = plant.order(5);
    plant.all([update(Noun::WorkOrder, order, &[("priority", number(2))])]);
    refused(plant.lead(update(Noun::WorkOrder, order, &[("planned_quantity", number(7))])), Code::Invalid);
    plant.all([cancel(order)]);
    refused(plant.lead(update(Noun::WorkOrder, order, &[("priority", number(1))])), Code::IllegalState);
}

#[test]
fn an_order_runs_with_nothing_but_a_product_and_a_quantity() {
    let plant = Plant::founded(false);
    plant.admin(create(Noun::Product, &[("product_name", text("Thing"))])).unwrap();
    let order = plant.order(3);
    plant.all([release(order), start_operation(order, 10), good(order, 10, 3), finish_operation(order, 10), complete(order), close(order)]);
    assert_eq!(plant.lot("LOT-000001").quantity_on_hand, dec("3"));
    plant.check();
}

#[test]
fn a_schedule_ends_after_it_begins_on_a_line_that_runs() {
    let plant = Plant::new();
    let order = plant.order(5);
    plant.all([release(order)]);
    let at = |start: &str, end: &str| {
        let window = command::ScheduleWorkOrder {
            work_order_id: Id::new(order),
            line_id: Id::new(1),
            scheduled_start_time: time(start),
            scheduled_end_time: time(end),
            ..command::ScheduleWorkOrder::default()
        };
        Command::ScheduleWorkOrder(window)
    };
    refused(plant.lead(at("2026-03-03T08:00:00Z", "2026-03-03T08:00:00Z")), Code::Invalid);
    plant.admin(update(Noun::ProductionLine, 1, &[("status", text("inactive"))])).unwrap();
    refused(plant.lead(at("2026-03-03T08:00:00Z", "2026-03-03T09:00:00Z")), Code::IllegalState);
}

#[test]
fn splitting_a_rework_order_frees_no_pieces_for_more_rework() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([report(order, 10, [5, 0, 0, 4, 0])]);
    let rework = plant.all([rework_of(order, 4)]);
    plant.all([split_order(rework, 2)]);
    refused(plant.lead(rework_of(order, 1)), Code::Insufficient);
}

#[test]
fn a_cancelled_rework_order_is_not_reopened_when_its_pieces_have_gone_to_another() {
    let plant = Plant::new();
    let order = plant.running(10);
    plant.all([report(order, 10, [5, 0, 0, 4, 0])]);
    let first = plant.all([rework_of(order, 3)]);
    plant.all([cancel(first)]);
    let second = plant.all([rework_of(order, 4)]);
    refused(plant.because("after all", reopen(first)), Code::Insufficient);
    plant.all([cancel(second), reopen(first)]);
}

#[test]
fn an_order_bears_the_overhead_of_its_site_on_top_of_material_and_labor() {
    let plant = Plant::new();
    plant.admin(update(Noun::Factory, 1, &[("overhead_percentage", exact("20"))])).unwrap();
    let order = plant.order(10);
    plant.all([receive("S1", "10"), release(order), issue(order, "S1", "4")]);
    for sequence in [10, 20, 30] {
        plant.all([start_operation(order, sequence), good(order, sequence, 10), finish_operation(order, sequence)]);
    }
    plant.all([complete(order)]);
    let costs = |order| {
        let it = plant.work_order(order);
        (it.total_material_cost, it.total_overhead_cost, it.actual_cost_per_unit)
    };
    assert_eq!(costs(order), (dec("50"), dec("10"), Some(dec("6"))));
    refused(plant.admin(update(Noun::Factory, 1, &[("overhead_percentage", exact("101"))])), Code::Invalid);
}
