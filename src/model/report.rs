//! Reports that the plant makes by itself: which, how often, in which form, for whom.

use super::field::Note;
use super::ids::Id;
use super::machine::Connector;
use super::plant::Status;
use super::shift::Shift;
use crate::base::{ClockTime, Time};
use crate::{record, words};

words! {
    /// A report that can be made by itself.
    ReportKind { Success = "success", Shift = "shift", }
}

words! {
    /// How often.
    Cadence { Daily = "daily", Shift = "shift", Weekly = "weekly", }
}

words! {
    /// In which form.
    ReportForm { Pdf = "pdf", Xlsx = "xlsx", Csv = "csv", Json = "json", }
}

words! {
    /// How the last delivery ended.
    DeliveryState { Delivered = "delivered", Failed = "failed", Unknown = "unknown", }
}

record! {
    /// A report that is made by itself: every day, every week, or at the end of every shift.
    ReportSchedule { report_schedule_id,
        given unique schedule_code: String,
        given plain report: ReportKind,
        given plain cadence: Cadence,
        /// The plant's time of day; not for every shift.
        given plain local_time: Option<ClockTime>,
        /// 1 Monday to 7 Sunday; for every week.
        given plain weekday: Option<i64>,
        /// Only this shift; every active one where absent.
        given plain shift_id: Option<Id<Shift>>,
        /// Only this department; for the hand-over of a shift.
        given plain department: Option<String>,
        given plain form: ReportForm,
        /// The mail server; a file in the outbox where absent.
        given plain connector_id: Option<Id<Connector>>,
        /// Addresses with commas between.
        given plain recipients: Option<String>,
        given plain status: Status,
        /// Everything that was due up to here is done with.
        made plain done_until: Option<Time>,
        made plain delivery_state: Option<DeliveryState>,
        made plain delivered_at: Option<Time>,
        /// The newest file in the outbox.
        made plain delivered_file: Option<String>,
        /// Why the last delivery failed.
        made plain delivery_fault: Option<Note>,
        made plain created_at: Time,
        made plain updated_at: Option<Time>,
    }
}
