//! Work centers, machines and their sensors.

use super::field::Note;
use super::ids::Id;
use super::plant::{Factory, ProductionLine, Status};
use super::shift::Shift;
use crate::base::{Date, Decimal, Time};
use crate::{record, words};

record! {
    /// Where an operation runs: a machine or a manual station.
    WorkCenter { work_center_id,
        given unique work_center_code: String,
        given plain work_center_name: String,
        given by line_id: Option<Id<ProductionLine>>,
        given plain machine_id: Option<Id<Machine>>,
        given plain machine_type: Option<String>,
        /// Minutes of one shift that can be planned.
        given plain capacity_minutes_per_shift: Option<i64>,
        /// Shifts in which it is open; every active shift of the plant where empty.
        given plain shift_ids: Vec<Id<Shift>>,
        /// Share of planned time that becomes standard time, 0.85 typical.
        given plain efficiency_factor: Option<Decimal>,
        /// Group of like setups.
        given plain setup_category: Option<String>,
        given plain is_bottleneck: bool,
        /// Skill an operator needs here.
        given plain required_skill: Option<String>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

words! {
    /// How much the plant suffers when it stands.
    Criticality { Medium = "medium", Critical = "critical", High = "high", Low = "low", }
}

record! {
    /// A machine.
    Machine { machine_id,
        given by line_id: Option<Id<ProductionLine>>,
        given plain factory_id: Option<Id<Factory>>,
        given plain machine_name: String,
        given unique machine_code: Option<String>,
        given plain machine_type: Option<String>,
        given plain manufacturer: Option<String>,
        given plain model: Option<String>,
        given plain serial_number: Option<String>,
        given plain installation_date: Option<Date>,
        given plain last_overhaul_date: Option<Date>,
        given plain capacity_per_hour: Option<Decimal>,
        given plain power_kw: Option<Decimal>,
        given plain maintenance_schedule: Option<String>,
        given plain criticality: Criticality,
        given plain asset_value: Option<Decimal>,
        given plain expected_life_years: Option<i64>,
        given plain age_years: Option<Decimal>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

words! {
    /// What a connection speaks.
    ConnectorProtocol { Mqtt = "mqtt", Sparkplug = "sparkplug", MtConnect = "mtconnect", Shdr = "shdr", OpcUa = "opcua", Broker = "broker", Zpl = "zpl", Smtp = "smtp", }
}

record! {
    /// A connection to machines, to a label printer or to a mail server: what it speaks, and its settings as TOML. Passwords never stand in the
    /// settings: they are told apart and cannot be read again.
    Connector { connector_id,
        given unique connector_code: String,
        given plain connector_name: Option<String>,
        given plain protocol: ConnectorProtocol,
        /// As TOML; which there are, the protocol says.
        given plain settings: Note,
        given plain status: Status,
        /// SHA-256 of the password with a salt before it.
        made plain secret_digest: Option<String>,
        made plain created_at: Time,
        made plain updated_at: Option<Time>,
    }
}

words! {
    /// How a sensor speaks.
    SensorProtocol { OpcUa = "opcua", Mqtt = "mqtt", MtConnect = "mtconnect", Modbus = "modbus", Analog = "analog", Manual = "manual", }
}

record! {
    /// A sensor of a machine: what it measures and within which ranges.
    Sensor { sensor_id,
        given by machine_id: Id<Machine>,
        given plain line_id: Option<Id<ProductionLine>>,
        given plain factory_id: Option<Id<Factory>>,
        given plain sensor_name: String,
        given unique sensor_code: Option<String>,
        given plain sensor_type: String,
        given plain unit_of_measure: Option<String>,
        given plain measuring_range_min: Option<Decimal>,
        given plain measuring_range_max: Option<Decimal>,
        given plain normal_range_min: Option<Decimal>,
        given plain normal_range_max: Option<Decimal>,
        given plain warning_range_min: Option<Decimal>,
        given plain warning_range_max: Option<Decimal>,
        given plain critical_range_min: Option<Decimal>,
        given plain critical_range_max: Option<Decimal>,
        given plain sampling_frequency_hz: Option<Decimal>,
        given plain protocol: SensorProtocol,
        given plain manufacturer: Option<String>,
        given plain model: Option<String>,
        given plain calibration_date: Option<Date>,
        given plain calibration_interval_days: Option<i64>,
        given plain accuracy_percentage: Option<Decimal>,
        given plain status: Status,
        made plain created_at: Time,
    }
}
