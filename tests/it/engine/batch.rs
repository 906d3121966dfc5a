//! Many commands in one commit are as many commands one after another.

use std::sync::mpsc;

use millwright::base::{Code, limits};
use millwright::engine::Health;
use millwright::model::{Command, Noun, Role, Subject};

use super::{in_folder, open};
use crate::plant::*;

/// Holds the writer inside a batch until the sender is dropped; what is asked meanwhile gathers.
fn hold_writer(plant: &Plant) -> (mpsc::Sender<()>, std::thread::JoinHandle<()>) {
    let (let_go, held) = mpsc::channel::<()>();
    let (tell, inside) = mpsc::channel();
    let engine = plant.engine.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let work = move |_: &mut millwright::store::Tables<'_>| {
            tell.send(()).unwrap();
            _ = held.recv();
            Ok(())
        };
        runtime.block_on(engine.desk(work)).unwrap();
    });
    inside.recv().unwrap();
    (let_go, thread)
}

#[test]
fn commands_of_a_batch_are_accepted_in_the_order_they_came() {
    let plant = Plant::new();
    let before = plant.head().0;
    let (let_go, thread) = hold_writer(&plant);
    let order = 1;
    let life = [order_for(1, 5), release(order), start_operation(order, 10), good(order, 10, 5), hold(order), resume(order), finish_operation(order, 10)];
    let asked: Vec<_> = life.into_iter().map(|command| plant.engine.enqueue(by(Role::Lead, command)).unwrap()).collect();
    drop(let_go);
    thread.join().unwrap();
    let seqs: Vec<u64> = asked.into_iter().map(|answer| answer.blocking_recv().unwrap().unwrap().seq).collect();
    assert_eq!(seqs, (before + 1..=before + 7).collect::<Vec<_>>());
    plant.check();
}

#[test]
fn a_refusal_in_the_middle_of_a_batch_leaves_its_neighbours_standing() {
    let plant = Plant::new();
    let (let_go, thread) = hold_writer(&plant);
    let batch = [order_for(1, 5), release(99), release(1), release(1), hold(1)];
    let asked: Vec<_> = batch.into_iter().map(|command| plant.engine.enqueue(by(Role::Lead, command)).unwrap()).collect();
    drop(let_go);
    thread.join().unwrap();
    let answers: Vec<Answer> = asked.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect();
    let codes: Vec<Option<Code>> = answers.iter().map(|answer| answer.as_ref().err().map(|refusal| refusal.code)).collect();
    assert_eq!(codes, [None, Some(Code::NotFound), None, Some(Code::IllegalState), None]);
    plant.check();
}

#[test]
fn a_refused_command_leaves_no_trace() {
    let plant = Plant::new();
    plant.all([receive("S1", "10"), split_lot(1, "2", "S2")]);
    let order = plant.running(5);
    let (head, dump) = (plant.head(), plant.dump());
    let bad: Vec<Command> = vec![
        order_for(1, 0),
        release(order),
        good(order, 10, 100),
        issue(order, "S1", "11"),
        merge_lots(2, &["S1", "S2"]),
        clock_in_on(9, order, 10),
        create(Noun::Supplier, &[("supplier_name", text("X")), ("supplier_code", text("STEEL"))]),
        receive("LOT-000099", "1"),
    ];
    for command in bad {
        let shown = format!("{command:?}");
        assert!(plant.ask(Role::Manager, command).is_err(), "{shown}");
        assert_eq!(plant.head(), head, "{shown}");
    }
    assert_eq!(plant.dump(), dump);
}

#[test]
fn a_full_queue_says_busy_and_loses_nothing_that_it_took() {
    let plant = Plant::new();
    let (let_go, thread) = hold_writer(&plant);
    let asked: Vec<_> = (0..limits::QUEUE_MAX).map(|_| plant.engine.enqueue(by(Role::Lead, release(1))).unwrap()).collect();
    refused(plant.engine.enqueue(by(Role::Lead, release(1))).map(|_| unreachable!()), Code::Busy);
    drop(let_go);
    thread.join().unwrap();
    for answer in asked {
        refused(answer.blocking_recv().unwrap(), Code::NotFound);
    }
    plant.order(5);
}

#[test]
fn desk_rows_are_kept_and_do_not_move_the_head() {
    let plant = Plant::new();
    let head = plant.head();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(plant.engine.desk(|tables| tables.put_cursor("index", 7))).unwrap();
    assert_eq!((plant.read(|snapshot| snapshot.cursor("index")).unwrap(), plant.head()), (7, head));
    assert_eq!(*plant.engine.head().borrow(), head.0);
}

#[test]
fn a_plant_stopped_and_started_is_the_same_plant() {
    let (folder, clock, plant) = in_folder();
    for command in master_data() {
        plant.admin(command).unwrap();
    }
    plant.all([receive("S1", "10"), order_for(1, 5), release(1), issue(1, "S1", "2")]);
    let (head, dump) = (plant.head(), plant.dump());
    plant.engine.stop();
    let plant = open(&folder.path().join("data"), &clock);
    assert_eq!((plant.head(), plant.dump()), (head, dump));
    assert_eq!(*plant.engine.health().borrow(), Health::Ready);
    plant.all([start_operation(1, 10)]);
    plant.check();
}

#[test]
fn stopping_does_not_wait_for_those_who_only_look_on() {
    let plant = Plant::new();
    let looker = plant.engine.clone();
    let asked = plant.engine.enqueue(by(Role::Lead, order_for(1, 5))).unwrap();
    plant.engine.stop();
    asked.blocking_recv().unwrap().unwrap();
    refused(looker.submit_wait(by(Role::Lead, order_for(1, 5))), Code::Unavailable);
    let there = looker.read(|snapshot| snapshot.newest(Subject { noun: Noun::WorkOrder, number: 1 })).unwrap();
    assert!(there.unwrap().is_some(), "reads go on");
}
