//! Faults that the sensors of machines show: what was read, against which limit, and who saw to it.
//! Deliberately beside the stops: a warning stops nothing, and one stop may have several faults.

use super::downtime::DowntimeEvent;
use super::field::Note;
use super::ids::Id;
use super::machine::{Machine, Sensor};
use super::plant::ProductionLine;
use crate::base::{Decimal, Time};
use crate::{record, words};

words! {
    /// By which rule a fault was found.
    FaultKind { CriticalLimit = "critical_limit", WarningLimit = "warning_limit", Correlated = "correlated", Rising = "rising", Anomaly = "anomaly", Surging = "surging", }
}

words! {
    /// How bad a fault is.
    FaultSeverity { Critical = "critical", Major = "major", Minor = "minor", Warning = "warning", }
}

words! {
    /// State of a fault.
    FaultStatus { Open = "open", Acknowledged = "acknowledged", Resolved = "resolved", }
}

record! {
    /// A fault of a machine, as its sensors show it.
    MachineFault { fault_id,
        made by machine_id: Id<Machine>,
        made by line_id: Option<Id<ProductionLine>>,
        /// The sensor that shows it; of correlated ones the first.
        made by sensor_id: Id<Sensor>,
        /// The other sensor of two.
        made plain other_sensor_id: Option<Id<Sensor>>,
        /// Such as BEAR-001.
        made plain fault_code: String,
        made by fault_kind: FaultKind,
        made by severity: FaultSeverity,
        /// What was read.
        made plain measured_value: Option<Decimal>,
        /// What it should have kept.
        made plain limit_value: Option<Decimal>,
        /// Why it is a fault, in words.
        made plain reason: Note,
        made plain detected_at: Time,
        made plain acknowledged_at: Option<Time>,
        made plain acknowledged_by: Option<String>,
        /// From its detection to its acknowledgement.
        made plain acknowledge_minutes: Option<i64>,
        /// When the sensor read in its normal range again.
        made plain cleared_at: Option<Time>,
        /// From its detection until it was cleared.
        made plain duration_minutes: Option<i64>,
        /// The stop it opened or joined.
        made by downtime_id: Option<Id<DowntimeEvent>>,
        made by status: FaultStatus,
        made plain created_at: Time,
    }
}
