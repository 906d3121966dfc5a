//! Names and contacts of people are kept apart from the journal and can be erased for good.

use millwright::base::Code;
use millwright::engine::Envelope;
use millwright::model::command::ErasePerson;
use millwright::model::permission::Role;
use millwright::model::{Command, Employee, Id, Noun, Subject};
use millwright::views;

use crate::plant::{Plant, by, create, text, update};

fn named(plant: &Plant) -> u64 {
    let fields = [("employee_code", text("E-900")), ("first_name", text("Annegret")), ("email", text("annegret@example.org"))];
    plant.admin(create(Noun::Employee, &fields)).unwrap().subject.number
}

fn seen(plant: &Plant, number: u64, column: &str) -> String {
    let subject = Subject { noun: Noun::Employee, number };
    let row = plant.read(|snapshot| views::record(snapshot, subject)).unwrap().unwrap();
    row.record.by_name(column).unwrap().to_string()
}

fn journal(plant: &Plant) -> String {
    plant.read(|snapshot| snapshot.entries(0, 10_000).unwrap()).iter().map(|entry| format!("{entry:?}")).collect()
}

#[test]
fn a_name_is_shown_and_never_reaches_journal_or_history() {
    let plant = Plant::new();
    let number = named(&plant);
    plant.admin(update(Noun::Employee, number, &[("last_name", text("Quitzow"))])).unwrap();
    assert_eq!((seen(&plant, number, "first_name"), seen(&plant, number, "last_name")), ("Annegret".to_owned(), "Quitzow".to_owned()));
    let journal = journal(&plant);
    assert!(!journal.contains("Annegret") && !journal.contains("Quitzow") && !journal.contains("example.org"), "a name stands in the journal");
    let stored: Employee = plant.get(number);
    assert_eq!((stored.first_name, stored.email, stored.personal_digest.is_some()), (None, None, true));
}

#[test]
fn an_erased_person_keeps_the_number_and_loses_the_name() {
    let plant = Plant::new();
    let number = named(&plant);
    let erase = || Command::ErasePerson(ErasePerson { employee_id: Id::new(number) });
    assert_eq!(plant.ask(Role::Planner, erase()).unwrap_err().code, Code::Forbidden);
    plant.admin(erase()).unwrap();
    assert_eq!(seen(&plant, number, "first_name"), "");
    assert_eq!(seen(&plant, number, "employee_code"), "E-900");
    assert_eq!(plant.admin(erase()).unwrap_err().code, Code::IllegalState);
}

#[test]
fn one_key_for_two_names_is_refused() {
    let plant = Plant::new();
    let number = named(&plant);
    let rename = |name: &str| Envelope { command_id: Some("k".to_owned()), ..by(Role::Admin, update(Noun::Employee, number, &[("first_name", text(name))])) };
    plant.engine.submit_wait(rename("Berta")).unwrap();
    assert_eq!(plant.engine.submit_wait(rename("Carla")).unwrap_err().code, Code::KeyReused);
}
