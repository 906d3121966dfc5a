//! Log-ins and tokens.

use millwright::base::Code;
use millwright::engine::Envelope;
use millwright::model::command::{ChangeUser, CreateApiToken, CreateUser, SetPassword};
use millwright::model::plant::Status;
use millwright::model::{Command, Id, Noun, Role, Subject, User};

use crate::plant::*;

fn with_secret(plant: &Plant, command: Command) -> Answer {
    plant.engine.submit_wait(Envelope { secret: Some(b"verifier-bytes".to_vec()), ..by(Role::Admin, command) })
}

fn user(name: &str, role: Role) -> Command {
    Command::CreateUser(CreateUser { user_name: name.to_owned(), role, employee_id: None })
}

fn change(user: u64, role: Option<Role>, status: Option<Status>) -> Command {
    Command::ChangeUser(ChangeUser { user_id: Id::new(user), role, employee_id: None, status })
}

#[test]
fn the_last_active_admin_stays() {
    let plant = Plant::new();
    with_secret(&plant, user("anna", Role::Admin)).unwrap();
    with_secret(&plant, user("otto", Role::Operator)).unwrap();
    refused(plant.admin(change(1, Some(Role::Lead), None)), Code::StillOpen);
    refused(plant.admin(change(1, None, Some(Status::Inactive))), Code::StillOpen);
    plant.admin(change(2, Some(Role::Admin), Some(Status::Inactive))).unwrap();
    refused(plant.admin(change(1, Some(Role::Lead), None)), Code::StillOpen);
    plant.admin(change(2, None, Some(Status::Active))).unwrap();
    plant.admin(change(1, Some(Role::Lead), None)).unwrap();
    refused(plant.admin(change(2, Some(Role::Lead), None)), Code::StillOpen);
}

#[test]
fn nobody_gets_the_engines_role() {
    let plant = Plant::new();
    refused(with_secret(&plant, user("robot", Role::Engine)), Code::Invalid);
    with_secret(&plant, user("anna", Role::Admin)).unwrap();
    refused(plant.admin(change(1, Some(Role::Engine), None)), Code::Invalid);
}

#[test]
fn a_name_is_used_once_and_has_no_blanks() {
    let plant = Plant::new();
    with_secret(&plant, user("anna", Role::Admin)).unwrap();
    refused(with_secret(&plant, user("anna", Role::Lead)), Code::Duplicate);
    refused(with_secret(&plant, user("an na", Role::Lead)), Code::Invalid);
    refused(plant.admin(user("otto", Role::Lead)), Code::Invalid);
}

#[test]
fn verifiers_reach_neither_the_journal_nor_a_record() {
    let plant = Plant::new();
    with_secret(&plant, user("anna", Role::Admin)).unwrap();
    with_secret(&plant, Command::SetPassword(SetPassword { user_id: Id::new(1) })).unwrap();
    let token = Command::CreateApiToken(CreateApiToken { user_id: Id::new(1), token_name: "erp".to_owned(), expires_at: None });
    with_secret(&plant, token).unwrap();
    let journal = plant.read(|snapshot| format!("{:?}", snapshot.entries(0, 1_000).unwrap()));
    assert!(!journal.contains("verifier-bytes") && !plant.dump().contains("verifier-bytes"));
    assert_eq!(plant.read(|snapshot| snapshot.secret(Subject { noun: Noun::User, number: 1 })).unwrap().unwrap(), b"verifier-bytes");
    assert!(plant.get::<User>(1).secret_digest.is_some());
}

#[test]
fn a_token_is_made_for_an_active_user_and_a_time_ahead() {
    let plant = Plant::new();
    with_secret(&plant, user("anna", Role::Admin)).unwrap();
    with_secret(&plant, user("otto", Role::Operator)).unwrap();
    let token = |user, expires_at| Command::CreateApiToken(CreateApiToken { user_id: Id::new(user), token_name: "erp".to_owned(), expires_at });
    refused(with_secret(&plant, token(2, Some(time(MONDAY)))), Code::Invalid);
    plant.admin(change(2, None, Some(Status::Inactive))).unwrap();
    refused(with_secret(&plant, token(2, None)), Code::IllegalState);
    refused(with_secret(&plant, token(9, None)), Code::NotFound);
}
