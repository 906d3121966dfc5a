//! The shift of a moment is the one that was open then: over midnight it belongs to the day it
//! opened, and Saturday 02:00 is the tail of Friday's night shift.

use jiff::tz::TimeZone;

use crate::base::{Date, Time, Value};
use crate::model::plant::Status;
use crate::model::shift::ExceptionKind;
use crate::model::{CalendarException, Id, Noun, Shift};
use crate::store::{StoreError, View};

/// An open shift: which, and the day it opened.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenShift {
    /// The pattern.
    pub shift: Shift,
    /// The day it belongs to.
    pub day: Date,
    /// When it opened.
    pub opened_at: Time,
    /// When it ends.
    pub ends_at: Time,
}

/// The shift that is open at a moment; regular before overtime, the later start before the earlier.
pub fn shift_at<V: View>(view: &V, time: Time, zone: &TimeZone) -> Result<Option<OpenShift>, StoreError> {
    let today = time.date(zone);
    let mut best: Option<OpenShift> = None;
    for number in 1..=view.last_number(Noun::Shift)? {
        let Some(shift) = view.get(Id::<Shift>::new(number))? else { continue };
        if shift.status != Status::Active {
            continue;
        }
        for day in [today.plus_days(-1), today] {
            let Some((opened_at, ends_at)) = shift.span(day, zone) else { continue };
            if time < opened_at || time >= ends_at || closed(view, day)? {
                continue;
            }
            let better = best.as_ref().is_none_or(|known| (shift.shift_type, std::cmp::Reverse(opened_at)) < (known.shift.shift_type, std::cmp::Reverse(known.opened_at)));
            if better {
                best = Some(OpenShift { shift: shift.clone(), day, opened_at, ends_at });
            }
        }
    }
    Ok(best)
}

/// Whether the whole site is closed on a day.
pub fn closed<V: View>(view: &V, day: Date) -> Result<bool, StoreError> {
    let exceptions: Vec<CalendarException> = view.related("exception_date", &Value::Date(day), 100)?;
    Ok(exceptions.iter().any(|it| matches!(it.kind, ExceptionKind::Holiday | ExceptionKind::Shutdown) && it.work_center_id.is_none() && it.start_time.is_none()))
}
