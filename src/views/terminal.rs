//! What a terminal shows before anybody has signed on: the people whose badges fit it, by name.

use std::collections::BTreeSet;

use crate::base::{Refusal, limits};
use crate::model::plant::Status;
use crate::model::{Badge, Employee, Id, Noun, ProductionLine, Subject, Terminal, WorkCenter};
use crate::store::{Snapshot, StoreError, View as _};

/// Somebody who may sign on.
pub struct Person {
    /// Their badge.
    pub badge: u64,
    /// Who it is.
    pub employee: u64,
    /// As they are called.
    pub name: String,
}

/// Those with a badge that has a PIN, by name: of the terminal's departments, or all where it stands everywhere.
pub fn people(snapshot: &Snapshot, terminal: &Terminal) -> Result<Vec<Person>, Refusal> {
    let lines = lines_of(snapshot, terminal)?;
    let mut people = Vec::new();
    for number in 1..=snapshot.last_number(Noun::Badge)? {
        let badge = snapshot.get(Id::<Badge>::new(number))?.filter(|badge| !badge.revoked && badge.secret_digest.is_some());
        let Some(badge) = badge else { continue };
        let employee = snapshot.get(badge.employee_id)?.filter(|employee| employee.status == Status::Active);
        let Some(employee) = employee.filter(|it| lines.is_empty() || it.line_id.is_none_or(|line| lines.contains(&line))) else { continue };
        people.push(Person { badge: number, employee: badge.employee_id.number(), name: name(snapshot, &employee)? });
        if people.len() == limits::TERMINAL_PEOPLE_MAX {
            break;
        }
    }
    people.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(people)
}

fn lines_of(snapshot: &Snapshot, terminal: &Terminal) -> Result<BTreeSet<Id<ProductionLine>>, StoreError> {
    let mut lines = BTreeSet::new();
    for center in &terminal.work_center_ids {
        lines.extend(snapshot.get(*center)?.and_then(|center| center.line_id));
    }
    Ok(lines)
}

/// The codes of the work centers at which a terminal stands.
pub fn center_codes(snapshot: &Snapshot, terminal: &Terminal) -> Result<Vec<String>, Refusal> {
    let mut codes = Vec::new();
    for center in &terminal.work_center_ids {
        codes.extend(snapshot.get::<WorkCenter>(*center)?.map(|center| center.work_center_code));
    }
    Ok(codes)
}

/// How an employee is called; by their code where no name is kept.
pub fn name_of(snapshot: &Snapshot, id: Id<Employee>) -> Result<String, Refusal> {
    let employee = snapshot.get(id)?;
    Ok(employee.map(|employee| name(snapshot, &employee)).transpose()?.unwrap_or_else(|| id.to_string()))
}

fn name(snapshot: &Snapshot, employee: &Employee) -> Result<String, StoreError> {
    let personal = snapshot.personal(Subject::of(employee.employee_id))?.map(|data| data.fields).unwrap_or_default();
    let of = |column: &str| personal.iter().find(|(name, _)| name == column).map(|(_, content)| content.as_str());
    let full: Vec<&str> = [of("first_name"), of("last_name")].into_iter().flatten().collect();
    if !full.is_empty() {
        return Ok(full.join(" "));
    }
    Ok(employee.employee_code.clone().unwrap_or_else(|| employee.employee_id.to_string()))
}
