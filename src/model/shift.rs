//! Shifts and the days on which they do not hold.

use jiff::tz::TimeZone;

use super::ids::Id;
use super::machine::WorkCenter;
use super::plant::{Factory, Status};
use crate::base::{ClockTime, Date, Decimal, Time};
use crate::{record, words};

words! {
    /// Ordinary time or overtime.
    ShiftType { Regular = "regular", Overtime = "overtime", }
}

record! {
    /// A shift pattern. A shift that crosses midnight belongs to the day it opened.
    Shift { shift_id,
        given by factory_id: Id<Factory>,
        given plain shift_name: String,
        given unique shift_code: String,
        given plain start_time: ClockTime,
        /// At or before the start: the shift ends on the next day.
        given plain end_time: ClockTime,
        made plain hours: Decimal,
        given plain shift_type: ShiftType,
        given plain break_minutes: i64,
        /// Days on which it opens, 1 Monday to 7 Sunday.
        given plain days_of_week: Vec<i64>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

impl Shift {
    /// From when to when the pattern is open on the day it opens; `None` if it does not open then.
    pub fn span(&self, day: Date, zone: &TimeZone) -> Option<(Time, Time)> {
        self.days_of_week.contains(&i64::from(day.weekday())).then(|| self.hours_of(day, zone))
    }

    /// Its hours on a day, whatever the weekday.
    pub fn hours_of(&self, day: Date, zone: &TimeZone) -> (Time, Time) {
        let ends_on = if self.end_time > self.start_time { day } else { day.plus_days(1) };
        (day.at(self.start_time, zone), ends_on.at(self.end_time, zone))
    }
}

words! {
    /// Why the pattern does not hold.
    ExceptionKind { Holiday = "holiday", Maintenance = "maintenance", Shutdown = "shutdown", Overtime = "overtime", }
}

record! {
    /// A day, or hours of one, on which the shift pattern does not hold.
    CalendarException { calendar_exception_id,
        given by exception_date: Date,
        given plain kind: ExceptionKind,
        given plain factory_id: Option<Id<Factory>>,
        /// Only this work center; the whole site where absent.
        given by work_center_id: Option<Id<WorkCenter>>,
        /// The whole day where absent.
        given plain start_time: Option<ClockTime>,
        given plain end_time: Option<ClockTime>,
        given plain description: Option<String>,
        made plain created_at: Time,
    }
}
