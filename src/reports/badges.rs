//! Badges of people: a sheet to print, cut and laminate, each with the code that terminals read. Deliberately
//! nothing that lets anybody in: a badge says who somebody is, and the PIN is not on it.

use super::names::{person, text};
use super::report::{Column, Origin, Report, code, column};
use crate::base::{Code, Refusal, Time, Value, limits};
use crate::model::field::Field as _;
use crate::model::plant::Status;
use crate::model::{Employee, Subject};
use crate::store::Snapshot;
use crate::views;

const COLUMNS: &[Column] = &[column("name", "Who"), column("role", "Role"), column("department", "Department"), code("badge", "Badge")];

/// The report: all who are active, or those named with commas between.
pub fn report(snapshot: &Snapshot, only: Option<&str>, now: Time) -> Result<Report, Refusal> {
    let wanted: Option<Vec<&str>> = only.map(|text| text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect());
    let mut rows = Vec::new();
    for it in views::floor::all::<Employee>(snapshot)?.into_iter().filter(|it| it.status == Status::Active) {
        let badge = it.employee_code.clone().unwrap_or_else(|| Subject::of(it.employee_id).to_string());
        let id = Subject::of(it.employee_id).to_string();
        if wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|word| *word == badge || *word == id)) {
            rows.push(vec![person(snapshot, Some(it.employee_id))?, it.role.to_value(), it.department.to_value(), text(badge)]);
        }
    }
    if rows.len() > limits::BADGES_MAX {
        return Err(Refusal::field(Code::Invalid, "employees", format!("{} badges are more than the {} of one sheet; name some", rows.len(), limits::BADGES_MAX)));
    }
    let mut report = Report::new("badges", "Badges", Origin::of(snapshot, now)?);
    report.fact("count", "Badges", Value::Int(i64::try_from(rows.len()).unwrap_or(i64::MAX)));
    report.table("badges", "Badges", COLUMNS, rows, "Nobody active is named so.");
    Ok(report)
}
