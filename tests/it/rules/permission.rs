//! Who may do what: every role times every act of the one table.

use millwright::base::Code;
use millwright::model::command::payload_columns;
use millwright::model::permission::{TABLE, may};
use millwright::model::{Command, Noun, Role, Subject};

use crate::plant::*;

/// The least command of a name; what it says need make no sense, since permission is asked first.
fn least(name: &str) -> Option<Command> {
    if let Some(columns) = payload_columns(name) {
        let values = columns.iter().enumerate().map(|(at, spec)| (at, sample(&spec.kind, 700 + at as u64))).collect();
        return Some(Command::build(name, values).unwrap().unwrap());
    }
    Noun::ALL.iter().find_map(|noun| {
        let creates = Command::Create { noun: *noun, values: vec![] };
        let updates = Command::Update { subject: Subject { noun: *noun, number: 700 }, values: vec![] };
        [creates, updates].into_iter().find(|command| command.name() == name)
    })
}

#[test]
fn every_role_may_do_exactly_what_the_table_says() {
    let plant = Plant::new();
    let mut asked = 0;
    for (name, roles) in TABLE {
        let Some(command) = least(name) else {
            let about_reading =
                ["Read", "EndSession", "VerifyPlant", "BackUpPlant", "ExportLake", "WriteTelemetry", "ImportMaster", "ChangeOwn", "MakePlan", "PrintLabel", "QuerySql"];
            assert!(about_reading.iter().any(|known| name.starts_with(known)), "{name} is in the table and is no command");
            continue;
        };
        for role in Role::ALL {
            assert_eq!(may(*role, name), roles.contains(role));
            let refused = matches!(plant.ask(*role, command.clone()), Err(refusal) if refusal.code == Code::Forbidden);
            assert_eq!(refused, !roles.contains(role), "{role} and {name}");
            asked += 1;
        }
    }
    assert!(asked > 500, "only {asked} pairs were asked");
}

#[test]
fn what_is_not_in_the_table_is_refused_to_everybody() {
    let plant = Plant::new();
    for noun in Noun::ALL {
        for command in [Command::Create { noun: *noun, values: vec![] }, Command::Update { subject: Subject { noun: *noun, number: 1 }, values: vec![] }] {
            if TABLE.iter().any(|(name, _)| *name == command.name()) {
                continue;
            }
            for role in Role::ALL {
                refused(plant.ask(*role, command.clone()), Code::Forbidden);
            }
        }
    }
}

#[test]
fn no_simulator_runs_on_a_real_plant() {
    let plant = Plant::new();
    refused(plant.simulator(MONDAY, order_for(1, 5)), Code::Forbidden);
    let plant = Plant::founded(true);
    plant.simulator(MONDAY, create(Noun::Product, &[("product_name", text("Thing"))])).unwrap();
}
