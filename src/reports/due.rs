//! When a schedule's reports are due, in the plant's zone, and what each of them tells. Pure: it knows the
//! schedule, the shifts and the moment, and nothing of deliveries.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::report::Report;
use super::{shift, success};
use crate::base::{ClockTime, Date, Refusal, Time, limits};
use crate::kpi::Facts;
use crate::model::report::{Cadence, ReportKind};
use crate::model::{ReportSchedule, Shift, Subject};
use crate::store::Snapshot;

/// Days looked over for what is due; a report older than that helps nobody.
const DAYS_MAX: i32 = 62;
/// A report whose hour is not told is there when the day begins.
const MORNING: u16 = 6 * 60;

/// A report that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// At this moment.
    pub at: Time,
    /// From when to when it tells.
    pub period: (Time, Time),
    /// The shift that ended, and the day it opened.
    pub shift: Option<(String, Date)>,
}

/// What has become due since the schedule was made or last done, oldest first; of many only the newest.
pub fn due(schedule: &ReportSchedule, shifts: &[Shift], zone: &TimeZone, now: Time) -> Vec<Due> {
    let since = schedule.done_until.unwrap_or(schedule.created_at);
    let first = since.date(zone).plus_days(-2).max(now.date(zone).plus_days(-DAYS_MAX));
    let days = (0..=(now.date(zone).days() - first.days())).map(|count| first.plus_days(count));
    let mut all: Vec<Due> = days.flat_map(|day| on(schedule, shifts, zone, day)).collect();
    apart(&mut all);
    all.retain(|due| due.at > since && due.at <= now);
    all.split_off(all.len().saturating_sub(limits::REPORTS_LATE_MAX))
}

/// Puts them in order. Shifts may end together, and what is done with is known by its moment alone: the second's
/// is a microsecond later, and so on in the order of the shifts' numbers.
fn apart(all: &mut [Due]) {
    all.sort_by_key(|due| due.at);
    let mut last = None;
    for due in all {
        due.at = last.filter(|last| *last >= due.at).map_or(due.at, |last: Time| last.plus(Duration::from_micros(1)));
        last = Some(due.at);
    }
}

fn on(schedule: &ReportSchedule, shifts: &[Shift], zone: &TimeZone, day: Date) -> Vec<Due> {
    let at = day.at(schedule.local_time.or(ClockTime::from_minutes(MORNING)).unwrap_or_default(), zone);
    let midnight = |back: i32| day.plus_days(-back).at(ClockTime::default(), zone);
    match schedule.cadence {
        Cadence::Daily => vec![Due { at, period: (midnight(1), midnight(0)), shift: None }],
        Cadence::Weekly if i64::from(day.weekday()) != schedule.weekday.unwrap_or(1) => Vec::new(),
        Cadence::Weekly => vec![Due { at, period: (midnight(7), midnight(0)), shift: None }],
        Cadence::Shift => {
            let wanted = shifts.iter().filter(|shift| schedule.shift_id.is_none_or(|id| id == shift.shift_id));
            let ended = wanted.filter_map(|shift| Some((shift.span(day, zone)?, shift)));
            ended.map(|((from, to), shift)| Due { at: to, period: (from, to), shift: Some((shift.shift_code.clone(), day)) }).collect()
        }
    }
}

/// The report that is due.
pub fn report(snapshot: &Snapshot, facts: &Facts, schedule: &ReportSchedule, due: &Due, now: Time) -> Result<Report, Refusal> {
    match schedule.report {
        ReportKind::Success => success::report(snapshot, facts, &success::Asked { from: Some(due.period.0), to: Some(due.period.1) }, now),
        ReportKind::Shift => {
            let (shift, day) = match (&due.shift, schedule.shift_id) {
                (Some((code, day)), _) => (Some(code.clone()), Some(*day)),
                (None, Some(id)) => (Some(Subject::of(id).to_string()), Some(due.period.0.date(&facts.zone))),
                (None, None) => (None, Some(due.period.0.date(&facts.zone))),
            };
            shift::report(snapshot, facts, &shift::Asked { shift, day, department: schedule.department.clone() }, now)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn schedule(cadence: Cadence) -> ReportSchedule {
        ReportSchedule { cadence, created_at: at("2026-03-27T12:00:00Z"), local_time: "06:30".parse().ok(), ..ReportSchedule::default() }
    }

    fn shown(schedule: &ReportSchedule, now: &str) -> Vec<String> {
        let zone = crate::base::time::zone("Europe/Berlin").unwrap();
        let night = Shift {
            shift_id: Id::new(3),
            shift_code: "N".to_owned(),
            start_time: "22:00".parse().unwrap(),
            end_time: "06:00".parse().unwrap(),
            days_of_week: vec![1, 2, 3, 4, 5],
            ..Shift::default()
        };
        due(schedule, &[night], &zone, at(now)).iter().map(|due| due.at.to_string()).collect()
    }

    #[test]
    fn a_daily_report_keeps_its_hour_over_the_change_of_the_clocks() {
        assert_eq!(shown(&schedule(Cadence::Daily), "2026-03-30T05:00:00Z"), ["2026-03-28T05:30:00Z", "2026-03-29T04:30:00Z", "2026-03-30T04:30:00Z"]);
    }

    #[test]
    fn what_is_done_is_not_due_again() {
        let done = ReportSchedule { done_until: Some(at("2026-03-29T04:30:00Z")), ..schedule(Cadence::Daily) };
        assert_eq!(shown(&done, "2026-03-30T05:00:00Z"), ["2026-03-30T04:30:00Z"]);
    }

    #[test]
    fn a_weekly_report_comes_on_its_day_and_a_shift_s_at_its_end() {
        let weekly = ReportSchedule { weekday: Some(1), ..schedule(Cadence::Weekly) };
        assert_eq!(shown(&weekly, "2026-04-07T12:00:00Z"), ["2026-03-30T04:30:00Z", "2026-04-06T04:30:00Z"]);
        // Friday's night ends on Saturday; Saturday and Sunday have none.
        assert_eq!(shown(&schedule(Cadence::Shift), "2026-03-31T05:00:00Z"), ["2026-03-28T05:00:00Z", "2026-03-31T04:00:00Z"]);
    }

    #[test]
    fn shifts_that_end_together_have_a_report_each_whenever_the_first_was_done() {
        let zone = TimeZone::UTC;
        let shift = |number, code: &str, start: &str| Shift {
            shift_id: Id::new(number),
            shift_code: code.to_owned(),
            start_time: start.parse().unwrap(),
            end_time: "14:00".parse().unwrap(),
            days_of_week: vec![1],
            ..Shift::default()
        };
        let shifts = [shift(1, "EARLY", "06:00"), shift(2, "OFFICE", "08:00")];
        let told = |schedule: &ReportSchedule| -> Vec<(Time, String)> {
            due(schedule, &shifts, &zone, at("2026-03-30T14:00:01Z")).into_iter().filter_map(|due| Some((due.at, due.shift?.0))).collect()
        };
        let both = told(&schedule(Cadence::Shift));
        assert_eq!(both.iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>(), ["EARLY", "OFFICE"]);
        let done = ReportSchedule { done_until: Some(both[0].0), ..schedule(Cadence::Shift) };
        assert_eq!(told(&done), both[1..]);
    }

    #[test]
    fn after_a_long_pause_only_the_newest_are_made() {
        assert_eq!(shown(&schedule(Cadence::Daily), "2026-04-30T12:00:00Z").len(), limits::REPORTS_LATE_MAX);
    }
}
