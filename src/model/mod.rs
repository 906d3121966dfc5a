//! Floor 1: the plant's nouns as data, the commands and events that change them, and who may do
//! what. Deliberately without rules: whether a command is right is decided in `rules`.

pub mod batch_record;
pub mod command;
pub mod downtime;
pub mod field;
pub mod genealogy;
pub mod ids;
pub mod journal;
pub mod lot;
pub mod machine;
pub mod machine_count;
pub mod machine_fault;
pub mod machine_signal;
pub mod machine_state;
pub mod material;
pub mod noun;
pub mod people;
pub mod permission;
pub mod planning;
pub mod plant;
pub mod product;
pub mod quality;
pub mod report;
pub mod schedule;
pub mod shift;
pub mod shipment;
pub mod telemetry;
pub mod terminal;
pub mod work_order;

pub use batch_record::ElectronicBatchRecord;
pub use command::Command;
pub use downtime::{ChangeoverEvent, DowntimeEvent};
pub use field::{AnyRecord, Field, FieldSpec, Fields, Kind, Record};
pub use genealogy::LotEdge;
pub use ids::{Id, Subject};
pub use journal::{Change, Entry, Event};
pub use lot::Lot;
pub use machine::{Connector, Machine, Sensor, WorkCenter};
pub use machine_count::{MachineCounter, OperationCount};
pub use machine_fault::MachineFault;
pub use machine_signal::MachineSignal;
pub use material::{Material, MaterialTransaction, Supplier};
pub use noun::Noun;
pub use people::{ApiToken, Employee, LaborTransaction, User};
pub use permission::Role;
pub use planning::{ExpectedReceipt, PlanningRule, Tool};
pub use plant::{Attachment, Factory, JournalDay, Plant, ProductionLine, Timer};
pub use product::{BillOfMaterial, Customer, CustomerProductMapping, LineProductMapping, Product, Routing};
pub use quality::{Defect, QualityInspection};
pub use report::ReportSchedule;
pub use schedule::{FrozenZone, PlanPin, ProductionSchedule};
pub use shift::{CalendarException, Shift};
pub use shipment::Shipment;
pub use terminal::{Badge, RefusedAct, Terminal};
pub use work_order::{OperationReport, WorkOrder, WorkOrderOperation};

/// An empty record of a noun known at run time.
pub fn blank(noun: Noun) -> Box<dyn AnyRecord> {
    noun::for_noun!(noun, R => Box::new(R::default()))
}

/// The columns of a noun known at run time.
pub fn columns(noun: Noun) -> &'static [FieldSpec] {
    noun::for_noun!(noun, R => <R as Record>::FIELDS)
}
