//! Reports that are made by themselves: a schedule that can be kept, and what became of each delivery. A
//! delivery that is done is never done again, whoever asks.

use super::{Moment, need};
use crate::base::{Code, Refusal, limits};
use crate::model::command::RecordReportDelivery;
use crate::model::machine::ConnectorProtocol;
use crate::model::report::{Cadence, DeliveryState, ReportKind};
use crate::model::{Connector, ReportSchedule, Subject};
use crate::store::{Draft, Halt};

pub(super) fn check(draft: &Draft<'_, '_>, it: &ReportSchedule) -> Result<(), Halt> {
    if it.cadence == Cadence::Shift && it.local_time.is_some() {
        return Err(Refusal::invalid("local_time", "a report of every shift comes at its end: leave the time out, or choose daily or weekly").into());
    }
    match (it.cadence, it.weekday) {
        (Cadence::Weekly, Some(1..=7) | None) | (_, None) => {}
        (Cadence::Weekly, Some(_)) => return Err(Refusal::invalid("weekday", "must be 1 (Monday) to 7 (Sunday)").into()),
        (_, Some(_)) => return Err(Refusal::invalid("weekday", "only a weekly report has a weekday").into()),
    }
    if it.department.is_some() && it.report != ReportKind::Shift {
        return Err(Refusal::invalid("department", "only the hand-over of a shift is told by department").into());
    }
    match (it.connector_id, &it.recipients) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Refusal::invalid("connector_id", "must be given: the mail server that the recipients are reached by").into()),
        (Some(_), None) => Err(Refusal::invalid("recipients", "must be given: addresses with commas between").into()),
        (Some(id), Some(recipients)) => {
            let server: Connector = need(draft, id)?;
            if server.protocol != ConnectorProtocol::Smtp {
                return Err(Refusal::invalid("connector_id", format!("{} speaks {}; a mail server speaks smtp", server.connector_code, server.protocol)).into());
            }
            check_recipients(recipients)
        }
    }
}

fn check_recipients(recipients: &str) -> Result<(), Halt> {
    let all: Vec<&str> = recipients.split(',').map(str::trim).collect();
    if all.len() > limits::RECIPIENTS_MAX {
        return Err(Refusal::invalid("recipients", format!("must be at most {} addresses", limits::RECIPIENTS_MAX)).into());
    }
    let is_address =
        |text: &&&str| text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@')) && !text.contains(char::is_whitespace);
    match all.iter().find(|text| !is_address(text)) {
        Some(wrong) => Err(Refusal::invalid("recipients", format!("{wrong:?} is no address such as lead@plant.example")).into()),
        None => Ok(()),
    }
}

pub(super) fn record(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RecordReportDelivery) -> Result<Subject, Halt> {
    let mut schedule: ReportSchedule = need(draft, it.report_schedule_id)?;
    if schedule.done_until.is_some_and(|done| done >= it.due_at) {
        return Err(Refusal::new(Code::IllegalState, format!("the report due at {} was done with already", it.due_at)).into());
    }
    schedule.delivery_state = Some(it.delivery_state);
    schedule.delivery_fault.clone_from(&it.why);
    schedule.updated_at = Some(moment.recorded_at);
    // One that failed is tried again.
    if it.delivery_state != DeliveryState::Failed {
        schedule.done_until = Some(it.due_at);
        schedule.delivered_file.clone_from(&it.file_name);
    }
    if it.delivery_state == DeliveryState::Delivered {
        schedule.delivered_at = Some(moment.recorded_at);
    }
    draft.put(schedule)?;
    draft.event(&format!("report.{}", it.delivery_state), Subject::of(it.report_schedule_id));
    Ok(Subject::of(it.report_schedule_id))
}
