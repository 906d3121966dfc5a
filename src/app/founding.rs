//! Founding a plant and making its log-ins, from the command line: passwords are hashed here, before
//! any command reaches the writer.

use crate::accounts::{random_token, token_verifier, verifier};
use crate::base::{Refusal, Time};
use crate::engine::{Engine, Envelope};
use crate::model::command::{CreateApiToken, CreateUser, FoundPlant, IssueBadge, SetPassword};
use crate::model::journal::{Actor, Origin};
use crate::model::permission::Role;
use crate::model::{Command, Employee, Id, Noun, Subject, User};
use crate::store::{StoreError, View as _};

/// Whoever sits at the machine itself.
pub(super) fn console() -> Actor {
    Actor { user: 0, name: "console".to_owned(), role: Role::Admin }
}

/// When and how the founding happens: now, or at the start of a simulated history.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) origin: Origin,
    pub(super) at: Option<Time>,
}

impl Moment {
    pub(super) const NOW: Self = Self { origin: Origin::Person, at: None };

    fn envelope(self, command: Command, secret: Option<Vec<u8>>) -> Envelope {
        Envelope { origin: self.origin, occurred_at: self.at, secret, ..Envelope::of(console(), command) }
    }
}

pub(super) fn found(engine: &Engine, moment: Moment, name: &str, timezone: &str, simulated: bool) -> Result<(), Refusal> {
    let command = FoundPlant { plant_name: name.to_owned(), timezone: timezone.to_owned(), simulated };
    engine.submit_wait(moment.envelope(Command::FoundPlant(command), None)).map(|_| ())
}

pub(super) fn add_user(engine: &Engine, moment: Moment, name: &str, role: Role, password: &str) -> Result<Subject, Refusal> {
    verifier::check_strength(password)?;
    let secret = Some(verifier::make(password)?);
    let command = CreateUser { user_name: name.to_owned(), role, employee_id: None };
    Ok(engine.submit_wait(moment.envelope(Command::CreateUser(command), secret))?.subject)
}

pub(super) fn set_password(engine: &Engine, user: Id<User>, password: &str) -> Result<(), Refusal> {
    verifier::check_strength(password)?;
    let secret = Some(verifier::make(password)?);
    engine.submit_wait(Moment::NOW.envelope(Command::SetPassword(SetPassword { user_id: user }), secret)).map(|_| ())
}

pub(super) fn add_token(engine: &Engine, moment: Moment, user: Id<User>, label: &str) -> Result<String, Refusal> {
    let token = random_token()?;
    let command = CreateApiToken { user_id: user, token_name: label.to_owned(), expires_at: None };
    engine.submit_wait(moment.envelope(Command::CreateApiToken(command), Some(token_verifier(&token))))?;
    Ok(token)
}

/// Gives every operator a badge of their employee's code and one PIN for all: fit for a demo alone.
pub(super) fn add_badges(engine: &Engine, moment: Moment, pin: &str) -> Result<(), Refusal> {
    let secret = verifier::hash(pin)?;
    let employees: Vec<Employee> = engine.read(|snapshot| -> Result<_, StoreError> {
        let all = (1..=snapshot.last_number(Noun::Employee)?).map(|number| snapshot.get(Id::<Employee>::new(number)));
        Ok(all.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    })??;
    for employee in employees.into_iter().filter(|it| it.role.as_deref() == Some("operator")) {
        let badge_number = format!("B-{}", employee.employee_code.unwrap_or_else(|| employee.employee_id.to_string()));
        let command = Command::IssueBadge(IssueBadge { employee_id: employee.employee_id, badge_number });
        engine.submit_wait(moment.envelope(command, Some(secret.clone())))?;
    }
    Ok(())
}
