//! What stands after the power is cut or the disk fails: every acknowledged command, once.

mod disk;
mod fault;
mod panic;
mod power;
mod random;

use millwright::base::Unit;
use millwright::engine::clock::Clock;
use millwright::engine::{Engine, Envelope};
use millwright::model::material::TransactionType as Type;
use millwright::model::{Command, Role};
use millwright::store::Store;

use crate::plant::*;
use disk::Disk;

/// A morning of about forty commands; the numbers say which are asked together.
fn script() -> Vec<Vec<Command>> {
    let mut batches: Vec<Vec<Command>> = std::iter::once(found(false)).chain(master_data()).map(|command| vec![command]).collect();
    batches.extend([
        vec![receive("S1", "100"), order_for(1, 10), order_for(1, 5)],
        vec![release(1)],
        vec![issue(1, "S1", "4"), issue(1, "S1", "1"), give_back(1, "S1", "1"), clock_in_on(1, 1, 10)],
        vec![start_operation(1, 10)],
        vec![report(1, 10, [8, 1, 0, 1, 0])],
        vec![split_lot(1, "20", "S2"), hold_lot(2)],
        vec![start_operation(1, 20), good(1, 20, 8), start_operation(1, 30), good(1, 30, 5)],
        vec![reverse_report(3), good(1, 30, 7)],
        vec![
            moves(produce(1, "SHEET", "R1", "0.5")),
            moves(millwright::model::command::RecordMaterialTransaction { unit_of_measure: Some(Unit::Kg), ..movement(Type::Scrap, "S1", "20") }),
        ],
        vec![clock_out(1), finish_operation(1, 10), finish_operation(1, 20), finish_operation(1, 30), complete(1)],
        vec![close(1)],
        vec![release(2), cancel(2)],
    ]);
    batches
}

fn envelope(at: usize, command: &Command) -> Envelope {
    Envelope { command_id: Some(format!("command-{at}")), reason: Some("as told".to_owned()), ..by(Role::Manager, command.clone()) }
}

/// As a manager may do everything in the script but found the plant.
fn asked(at: usize, command: &Command) -> Envelope {
    let role = if matches!(command, Command::FoundPlant(_)) { Role::Admin } else { Role::Manager };
    Envelope { actor: actor(role), ..envelope(at, command) }
}

fn open(disk: &Disk) -> Plant {
    let disk = disk.clone();
    let clock = Clock::manual(time(MONDAY));
    let store = Store::on_backend(move || disk.clone()).unwrap();
    Plant { engine: Engine::start(store, options(&clock)).unwrap(), clock }
}

/// The command ids of the journal, in order.
fn ids(plant: &Plant) -> Vec<String> {
    let entries = plant.read(|snapshot| snapshot.entries(0, usize::MAX)).unwrap();
    entries.into_iter().filter_map(|entry| entry.command_id).collect()
}

fn wanted_ids() -> Vec<String> {
    (0..script().concat().len()).map(|at| format!("command-{at}")).collect()
}
