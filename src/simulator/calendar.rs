//! Days on which the plant is closed, and upkeep on Saturdays at work centers where nobody works then.
//! Deliberately the holidays of every year alike: those that move with Easter are left to people.

use serde::Deserialize;

use super::Simulator;
use super::desk::Who;
use crate::base::{ClockTime, Date, Refusal, Time};
use crate::model::shift::ExceptionKind;
use crate::model::{CalendarException, Id};

/// Holidays are known so many days ahead.
const KNOWN_AHEAD_DAYS: i32 = 365;
const SATURDAY: u8 = 6;

/// A public holiday.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Holiday {
    month: i8,
    day: i8,
    name: String,
}

/// Upkeep of a work center on a Saturday.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Upkeep {
    center: String,
    description: String,
    /// Minutes of the day.
    from: u16,
    to: u16,
    /// After the end of a history, else after its beginning.
    ahead: bool,
}

impl Simulator {
    /// Writes down on which days and hours of a history, and of the year after it, the shifts do not hold.
    pub(super) fn write_calendar(&mut self, start: Time, end: Time) -> Result<(), Refusal> {
        let (first, last) = (start.date(&self.book.zone), end.date(&self.book.zone));
        for exception in self.holidays(first, last.plus_days(KNOWN_AHEAD_DAYS)) {
            self.desk.create(Who::Planner, &exception)?;
            self.book.closed.insert(exception.exception_date);
        }
        for upkeep in self.book.upkeep.clone() {
            let center = self.book.centers.values().find(|it| it.work_center_code == upkeep.center).map(|it| it.work_center_id);
            let exception = CalendarException {
                exception_date: saturday_after(if upkeep.ahead { last } else { first }),
                kind: ExceptionKind::Maintenance,
                factory_id: Some(Id::new(1)),
                work_center_id: center,
                start_time: ClockTime::from_minutes(upkeep.from),
                end_time: ClockTime::from_minutes(upkeep.to),
                description: Some(upkeep.description),
                ..CalendarException::default()
            };
            self.desk.create(Who::Planner, &exception)?;
        }
        Ok(())
    }

    fn holidays(&self, first: Date, last: Date) -> Vec<CalendarException> {
        let years = first.civil().year()..=last.civil().year();
        let days = years.flat_map(|year| self.book.holidays.iter().filter_map(move |it| Some((jiff::civil::Date::new(year, it.month, it.day).ok()?, it))));
        let days = days.map(|(day, it)| (Date::from_civil(day), it)).filter(|(day, _)| (first..=last).contains(day));
        let closed = days.map(|(exception_date, it)| CalendarException {
            exception_date,
            kind: ExceptionKind::Holiday,
            factory_id: Some(Id::new(1)),
            description: Some(it.name.clone()),
            ..CalendarException::default()
        });
        closed.collect()
    }
}

fn saturday_after(day: Date) -> Date {
    day.plus_days(1 + i32::from((SATURDAY + 6 - day.weekday()) % 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_saturday_after_a_day_lies_within_the_week_after_it() {
        let after = |day: &str| saturday_after(day.parse().unwrap()).to_string();
        assert_eq!([after("2026-11-02"), after("2026-11-06"), after("2026-11-07"), after("2026-11-08")], ["2026-11-07", "2026-11-07", "2026-11-14", "2026-11-14"]);
    }
}
