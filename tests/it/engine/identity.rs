//! The same command id is the same command, today and after a restart.

use millwright::base::Code;
use millwright::engine::{Envelope, Outcome};
use millwright::model::{Command, Noun, Role, Subject, WorkOrder};

use super::{in_folder, open};
use crate::plant::*;

fn thing(name: &str) -> Command {
    create(Noun::Product, &[("product_name", text(name))])
}

fn with_id(plant: &Plant, id: &str, command: Command) -> Answer {
    plant.engine.submit_wait(Envelope { command_id: Some(id.to_owned()), ..by(Role::Admin, command) })
}

#[test]
fn the_same_id_with_the_same_body_gets_the_same_answer_and_no_second_entry() {
    let plant = Plant::new();
    let first = with_id(&plant, "a", thing("One")).unwrap();
    let head = plant.head();
    assert_eq!(with_id(&plant, "a", thing("One")), Ok(Outcome { repeated: true, ..first }));
    assert_eq!(plant.head(), head);
    with_id(&plant, "b", thing("One")).unwrap();
    assert_eq!(plant.head().0, head.0 + 1);
}

#[test]
fn the_same_id_with_another_body_is_refused() {
    let plant = Plant::new();
    with_id(&plant, "a", thing("One")).unwrap();
    let head = plant.head();
    refused(with_id(&plant, "a", thing("Two")), Code::KeyReused);
    refused(with_id(&plant, "a", order_for(1, 5)), Code::KeyReused);
    with_id(&plant, "u", update(Noun::Product, 1, &[("target_ppm", number(5))])).unwrap();
    refused(with_id(&plant, "u", update(Noun::Product, 2, &[("target_ppm", number(5))])), Code::KeyReused);
    assert_eq!(plant.head().0, head.0 + 1);
}

#[test]
fn an_id_is_remembered_over_a_restart() {
    let (folder, clock, plant) = in_folder();
    let first = with_id(&plant, "a", thing("One")).unwrap();
    plant.engine.stop();
    let plant = open(&folder.path().join("data"), &clock);
    assert_eq!(with_id(&plant, "a", thing("One")), Ok(Outcome { repeated: true, ..first }));
    refused(with_id(&plant, "a", thing("Two")), Code::KeyReused);
    assert_eq!(plant.head().0, first.seq);
    plant.check();
}

#[test]
fn an_id_is_remembered_within_one_batch() {
    let plant = Plant::new();
    let ask = |id: &str, command| plant.engine.enqueue(Envelope { command_id: Some(id.to_owned()), ..by(Role::Admin, command) }).unwrap();
    let mut asked: Vec<_> = (0..40).map(|_| ask("a", thing("One"))).collect();
    asked.push(ask("a", thing("Two")));
    let answers: Vec<Answer> = asked.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect();
    let fresh = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|outcome| !outcome.repeated)).count();
    assert_eq!(fresh, 1);
    refused(answers[40].clone(), Code::KeyReused);
}

#[test]
fn a_refusal_is_not_remembered() {
    let plant = Plant::new();
    refused(plant.with_id("a", release(1)), Code::NotFound);
    plant.order(5);
    assert!(!plant.with_id("a", release(1)).unwrap().repeated);
}

#[test]
fn an_id_is_forgotten_after_thirty_days() {
    let plant = Plant::new();
    with_id(&plant, "a", thing("One")).unwrap();
    plant.wait(29 * 24 * 60);
    assert!(with_id(&plant, "a", thing("One")).unwrap().repeated);
    plant.wait(2 * 24 * 60);
    with_id(&plant, "b", thing("Two")).unwrap();
    assert!(!with_id(&plant, "a", thing("One")).unwrap().repeated);
}

#[test]
fn a_change_of_a_record_that_moved_on_is_stale() {
    let plant = Plant::new();
    let order = plant.order(5);
    let subject = Subject { noun: Noun::WorkOrder, number: order };
    let expecting = |seq| plant.engine.submit_wait(Envelope { expected: Some((subject, seq)), ..by(Role::Lead, update(Noun::WorkOrder, order, &[("priority", number(1))])) });
    let seq = plant.read(|snapshot| snapshot.newest(subject)).unwrap().unwrap();
    plant.all([release(order)]);
    let refusal = refused(expecting(seq), Code::Stale);
    assert!(refusal.detail.contains(&format!("not {seq}")), "{refusal}");
    assert_ne!(plant.get::<WorkOrder>(order).priority, 1);
    expecting(seq + 1).unwrap();
}

#[test]
fn a_repeat_is_answered_even_when_its_record_has_moved_on() {
    let plant = Plant::new();
    let order = plant.order(5);
    let subject = Subject { noun: Noun::WorkOrder, number: order };
    let seq = plant.head().0;
    let ask = || plant.engine.submit_wait(Envelope { expected: Some((subject, seq)), command_id: Some("a".to_owned()), ..by(Role::Lead, release(order)) });
    let first = ask().unwrap();
    assert_eq!(ask(), Ok(Outcome { repeated: true, ..first }));
}

#[test]
fn another_role_does_not_learn_the_answer_of_a_command_it_may_not_give() {
    let plant = Plant::new();
    with_id(&plant, "a", thing("One")).unwrap();
    let operator = Envelope { command_id: Some("a".to_owned()), ..by(Role::Operator, thing("One")) };
    refused(plant.engine.submit_wait(operator), Code::Forbidden);
}
