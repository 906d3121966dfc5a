//! The plant as a whole: its zone and clock, its sites and departments, sealed days, timers, files.

use super::field::Note;
use super::ids::Id;
use crate::base::{Date, Decimal, Time};
use crate::{record, words};

words! {
    /// Whether a master record is in use.
    Status { Active = "active", Inactive = "inactive", }
}

record! {
    /// The plant itself, record 1.
    Plant { plant_id,
        given plain plant_name: String,
        /// IANA zone of shifts, days and weeks.
        once plain timezone: String,
        /// Simulated data: marked for ever, never mixed with a real plant.
        once plain simulated: bool,
        /// Plant time at the anchor, microseconds; a simulated plant's clock runs from here.
        made plain clock_plant_micros: i64,
        /// Wall time at the anchor, microseconds.
        made plain clock_wall_micros: i64,
        /// Plant seconds per wall second; a real plant has 1, and 0 stands still.
        made plain clock_rate: i64,
        made plain created_at: Time,
        /// Minutes that a machine may stand in the middle of a job before a stop is opened that wants its reason; 5 where absent.
        given plain silent_stop_minutes: Option<i64>,
    }
}

record! {
    /// A factory: the site.
    Factory { factory_id,
        given plain factory_name: String,
        given plain country: Option<String>,
        given plain city: Option<String>,
        given plain region: Option<String>,
        /// IANA zone; the plant's where absent.
        given plain timezone: Option<String>,
        given plain area_m2: Option<Decimal>,
        given plain operational_since: Option<Date>,
        given plain factory_type: Option<String>,
        given plain certification: Option<String>,
        given plain status: Status,
        made plain created_at: Time,
        /// What an order of the site bears on top of its material and labor, in percent of them; nothing where absent.
        given plain overhead_percentage: Option<Decimal>,
    }
}

words! {
    /// What a line does; P's departments are the first six.
    LineType {
        Laser = "laser", Punching = "punching", Welding = "welding", Polishing = "polishing", Assembly = "assembly",
        Shipping = "shipping", Machining = "machining", Testing = "testing", Painting = "painting", Other = "other",
    }
}

words! {
    /// How much runs by itself.
    AutomationLevel { Manual = "manual", SemiAutomated = "semi-automated", FullyAutomated = "fully-automated", }
}

record! {
    /// A production line: a department of the shop.
    ProductionLine { line_id,
        given by factory_id: Id<Factory>,
        given plain line_name: String,
        given unique line_number: Option<String>,
        given plain product_category: Option<String>,
        given plain line_type: LineType,
        given plain design_capacity_per_hour: Option<Decimal>,
        given plain installed_capacity_per_hour: Option<Decimal>,
        given plain length_m: Option<Decimal>,
        given plain number_of_stations: Option<i64>,
        given plain automation_level: AutomationLevel,
        given plain commissioning_date: Option<Date>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

record! {
    /// A file that belongs to a record; its bytes are kept by their SHA-256.
    Attachment { attachment_id,
        /// The record it belongs to, as its id text.
        made by subject: String,
        made plain file_name: String,
        made plain content_type: String,
        made plain size_bytes: i64,
        made plain sha256: String,
        made plain note: Option<Note>,
        made plain removed: bool,
        made plain created_by: String,
        made plain created_at: Time,
    }
}

record! {
    /// A sealed day of the journal.
    JournalDay { day_id,
        /// The plant's day.
        made by day: Date,
        made plain first_seq: i64,
        made plain last_seq: i64,
        /// Merkle root over the hashes of the entries first_seq to last_seq, hexadecimal.
        made plain root: String,
        made plain sealed_at: Time,
    }
}

words! {
    /// What a timer does when it is due.
    TimerAct { SealDay = "seal_day", FlagForgottenClockIn = "flag_forgotten_clock_in", }
}

record! {
    /// Something that becomes due and then becomes a command.
    Timer { timer_id,
        made plain due_at: Time,
        made plain act: TimerAct,
        /// The record it is about, by number.
        made by about: i64,
    }
}
