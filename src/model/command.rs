//! What may be asked of the plant. A command names what should happen in the shop; the changes it
//! brings stand beside it in the journal. Deliberately data only: `rules` decides.

use super::batch_record::{ElectronicBatchRecord, RecordStatus, ReleaseStatus};
use super::downtime::{ChangeoverEvent, ChangeoverType, DowntimeCategory, DowntimeEvent, DowntimeStatus};
use super::field::{FieldSpec, Fields, Mark, Note};
use super::ids::{Id, Subject};
use super::lot::Lot;
use super::machine::{Connector, Machine, Sensor, WorkCenter};
use super::machine_fault::{FaultKind, FaultSeverity, MachineFault};
use super::material::{MaterialQuality, MaterialTransaction, Supplier, TransactionType};
use super::noun::Noun;
use super::people::{ActivityType, ApiToken, Employee, LaborTransaction, User};
use super::permission::Role;
use super::plant::{Attachment, ProductionLine, Status, Timer};
use super::product::{Customer, Product};
use super::quality::{
    Defect, DefectCategory, DefectSeverity, DetectionMethod, Disposition, InspectionResult, InspectionType, Measurement, QualityInspection, RootCauseCategory, Specification,
};
use super::report::{DeliveryState, ReportSchedule};
use super::schedule::{OperationSlot, PlannedSlot};
use super::shipment::{Shipment, ShipmentLine};
use super::terminal::{Badge, RefusedAct, Terminal};
use super::work_order::{OperationReport, WorkOrder, WorkOrderOperation};
use crate::base::{Date, Decimal, Time, Unit, Value};
use crate::fields;

/// Fields of a record by their position in its columns.
pub type FieldValues = Vec<(usize, Value)>;

macro_rules! commands {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $fdoc:literal])* $field:ident: $ty:ty,)* })+) => {
        $(fields! { $(#[doc = $doc])+ $name { $($(#[doc = $fdoc])* given plain $field: $ty,)* } })+

        /// A command.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Command {
            /// Makes a master record or a work order.
            Create { /// Of this noun.
                noun: Noun, /// With these fields.
                values: FieldValues },
            /// Changes fields of a record.
            Update { /// The record.
                subject: Subject, /// To these.
                values: FieldValues },
            $($(#[doc = $doc])+ $name($name),)+
        }

        impl Command {
            /// Its name in the journal and in the table of permissions.
            pub fn name(&self) -> String {
                match self {
                    Self::Create { noun, .. } => create_name(*noun),
                    Self::Update { subject, .. } => update_name(subject.noun),
                    $(Self::$name(_) => stringify!($name).to_owned(),)+
                }
            }

            /// Its payload as JSON.
            pub fn payload(&self) -> String {
                match self {
                    Self::Create { noun, values } => fields_json(super::columns(*noun), values, Show::WithoutPersonal),
                    Self::Update { subject, values } => fields_json(super::columns(subject.noun), values, Show::WithoutPersonal),
                    $(Self::$name(payload) => given_json(payload),)+
                }
            }

            /// Makes a command from its name and fields; the missing and the wrong are named.
            pub fn build(name: &str, values: FieldValues) -> Option<Result<Self, (String, String)>> {
                match name {
                    $(stringify!($name) => Some(fill(values).map(Self::$name)),)+
                    _ => None,
                }
            }
        }

        /// The payload columns of a command that is not `Create` or `Update`.
        pub fn payload_columns(name: &str) -> Option<&'static [FieldSpec]> {
            match name { $(stringify!($name) => Some($name::FIELDS),)+ _ => None }
        }

        /// What a command does, for the documentation.
        pub fn payload_doc(name: &str) -> &'static str {
            match name { $(stringify!($name) => concat!($($doc,)+),)+ _ => "" }
        }
    };
}

/// `CreateWorkOrder` and its kin.
pub fn create_name(noun: Noun) -> String {
    format!("Create{noun:?}")
}

/// `UpdateWorkOrder` and its kin.
pub fn update_name(noun: Noun) -> String {
    format!("Update{noun:?}")
}

fn fill<P: Fields + Default>(values: FieldValues) -> Result<P, (String, String)> {
    let mut payload = P::default();
    let specs = payload.specs();
    let mut given = vec![false; specs.len()];
    for (at, value) in values {
        given[at] = true;
        payload.set(at, value).map_err(|fault| (specs[at].name.to_owned(), fault.0))?;
    }
    match specs.iter().zip(given).find(|(spec, given)| spec.required() && !given) {
        Some((spec, _)) => Err((spec.name.to_owned(), "must be given".to_owned())),
        None => Ok(payload),
    }
}

fn given_json(payload: &dyn Fields) -> String {
    let values: FieldValues = (0..payload.specs().len()).map(|at| (at, payload.value(at))).filter(|(_, value)| !value.is_null()).collect();
    fields_json(payload.specs(), &values, Show::All)
}

/// Whether a payload shows what names a person; the journal's never does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    All,
    WithoutPersonal,
}

impl Command {
    /// All that makes it this command, for the comparison of idempotency keys; never stored as it is.
    pub fn fingerprint(&self) -> String {
        let name = self.name();
        match self {
            Self::Create { noun, values } => format!("{name}\n{}", fields_json(super::columns(*noun), values, Show::All)),
            Self::Update { subject, values } => format!("{name}\n{subject}\n{}", fields_json(super::columns(subject.noun), values, Show::All)),
            _ => format!("{name}\n{}", self.payload()),
        }
    }

    /// Whether it carries names or contacts of a person.
    pub fn is_personal(&self) -> bool {
        let (noun, values) = match self {
            Self::Create { noun, values } => (*noun, values),
            Self::Update { subject, values } => (subject.noun, values),
            _ => return false,
        };
        values.iter().any(|(at, _)| super::columns(noun)[*at].mark == Mark::Personal)
    }
}

fn fields_json(specs: &'static [FieldSpec], values: &FieldValues, show: Show) -> String {
    let hidden = Value::Text("(personal)".to_owned());
    let shown = |at: usize, value| if show == Show::WithoutPersonal && specs[at].mark == Mark::Personal { &hidden } else { value };
    let mut out = String::with_capacity(128);
    crate::base::value::write_json_object(values.iter().map(|(at, value)| (specs[*at].name, shown(*at, value))), &mut out);
    out
}

commands! {
    /// Founds the plant in an empty data directory.
    FoundPlant {
        plant_name: String,
        /// IANA zone, such as Europe/Berlin.
        timezone: String,
        simulated: bool,
    }
    /// Sets the clock of a simulated plant: from now on plant time runs from here at this rate.
    SetPlantClock {
        /// What it shows now where absent.
        plant_time: Option<Time>,
        /// Plant seconds a second; 0 stands still. Must be given, since nobody stops a plant by leaving it out.
        rate: Option<i64>,
    }

    /// Releases an order to the floor: its routing becomes its operations, its finished lot is made.
    ReleaseWorkOrder { work_order_id: Id<WorkOrder>, }
    /// Puts a released order on a line at a time.
    ScheduleWorkOrder {
        work_order_id: Id<WorkOrder>,
        line_id: Id<ProductionLine>,
        scheduled_start_time: Time,
        scheduled_end_time: Time,
        /// Where and when each operation runs; one slot for the whole order where empty.
        operations: Vec<OperationSlot>,
        /// True where absent.
        material_available: Option<bool>,
        /// True where absent.
        operator_available: Option<bool>,
        notes: Option<Note>,
    }
    /// Publishes a plan: operations that have not begun get new slots, of one order or of many, all or none.
    PublishPlan {
        slots: Vec<PlannedSlot>,
        notes: Option<Note>,
    }
    /// Pins an operation that has not begun: planning leaves it where it is.
    PinOperation {
        work_order_id: Id<WorkOrder>,
        operation_sequence: i64,
        /// Where its slot is, where absent.
        work_center_id: Option<Id<WorkCenter>>,
        /// When its slot begins, where absent.
        planned_start_time: Option<Time>,
    }
    /// Takes an operation's pin away.
    UnpinOperation {
        work_order_id: Id<WorkOrder>,
        operation_sequence: i64,
    }
    /// Sets the frozen zone: what is planned to begin within so many hours is moved by people only. 0 ends it.
    SetFrozenZone { hours: i64, }
    /// Starts a released or scheduled order.
    StartWorkOrder { work_order_id: Id<WorkOrder>, }
    /// Puts an order on hold; nothing may be reported or issued until it is resumed.
    HoldWorkOrder { work_order_id: Id<WorkOrder>, }
    /// Takes an order off hold, back to where it was.
    ResumeWorkOrder { work_order_id: Id<WorkOrder>, }
    /// Completes an order whose operations are finished.
    CompleteWorkOrder { work_order_id: Id<WorkOrder>, }
    /// Closes a completed order: its books are shut.
    CloseWorkOrder { work_order_id: Id<WorkOrder>, }
    /// Cancels an order that has made nothing.
    CancelWorkOrder { work_order_id: Id<WorkOrder>, }
    /// Opens a completed or closed order again; a cancelled one goes back to created. Wants a reason.
    ReopenWorkOrder { work_order_id: Id<WorkOrder>, }
    /// Moves part of an order's open quantity to a new order.
    SplitWorkOrder {
        work_order_id: Id<WorkOrder>,
        /// Pieces of the new order.
        quantity: i64,
    }

    /// Starts an operation.
    StartOperation {
        work_order_id: Id<WorkOrder>,
        operation_sequence: i64,
        employee_id: Option<Id<Employee>>,
        machine_id: Option<Id<Machine>>,
    }
    /// Reports what an operation made since the last report.
    ReportOperation {
        work_order_id: Id<WorkOrder>,
        operation_sequence: i64,
        good_quantity: i64,
        rejected_quantity: i64,
        scrapped_quantity: i64,
        rework_quantity: i64,
        /// Set aside for a decision.
        held_quantity: i64,
        employee_id: Option<Id<Employee>>,
        notes: Option<Note>,
    }
    /// Finishes an operation: nothing more will be reported.
    FinishOperation {
        work_order_id: Id<WorkOrder>,
        operation_sequence: i64,
    }
    /// Goes on with a machine's part counter, and reports what it counted for an operation.
    CountPieces {
        machine_id: Id<Machine>,
        /// The counter's name in telemetry.
        metric: String,
        /// Where it stood until now; absent where it begins.
        since: Option<Time>,
        /// What it reads now.
        value: i64,
        /// Everything up to here is counted with this.
        counted_at: Time,
        /// When it moved last.
        changed_at: Time,
        /// The operation that ran.
        operation_id: Option<Id<WorkOrderOperation>>,
        /// Pieces counted for it.
        pieces: i64,
        /// Pieces counted while none ran.
        unassigned_pieces: i64,
        /// Pieces that are not believed.
        held_pieces: i64,
        /// Why pieces are held back, or counted for no operation.
        why: Option<String>,
        reset_count: i64,
        rollover_count: i64,
        jump_back_count: i64,
    }
    /// Decides on pieces that were set aside: what they are from now on.
    DisposeHeldPieces {
        work_order_id: Id<WorkOrder>,
        operation_sequence: i64,
        good_quantity: i64,
        rejected_quantity: i64,
        scrapped_quantity: i64,
        rework_quantity: i64,
        notes: Option<Note>,
    }
    /// Undoes a wrong report.
    ReverseReport { report_id: Id<OperationReport>, }

    /// Moves material: receipt, issue, return, scrap, adjustment, transfer, production.
    RecordMaterialTransaction {
        transaction_type: TransactionType,
        /// Only an adjustment may be negative.
        quantity: Decimal,
        /// The lot's or the material's stock unit where absent.
        unit_of_measure: Option<Unit>,
        work_order_id: Option<Id<WorkOrder>>,
        operation_sequence: Option<i64>,
        /// The lot's material where absent.
        material_code: Option<String>,
        /// Made by the plant for a receipt or production without one.
        lot_number: Option<String>,
        serial_number: Option<String>,
        batch_number: Option<String>,
        supplier_id: Option<Id<Supplier>>,
        supplier_lot_number: Option<String>,
        heat_number: Option<String>,
        /// The certificate's number.
        certificate_of_analysis: Option<String>,
        expiry_date: Option<Date>,
        to_location: Option<String>,
        unit_cost: Option<Decimal>,
        quality_status: Option<MaterialQuality>,
        /// For production of a remnant or a by-product: the lot it was cut from.
        parent_lot_number: Option<String>,
        is_remnant: bool,
        requires_documentation: bool,
        documentation_complete: bool,
    }
    /// Undoes a wrong movement.
    ReverseMaterialTransaction { transaction_id: Id<MaterialTransaction>, }
    /// Puts a lot on hold: it cannot be issued, moved, split, merged or shipped.
    HoldLot { lot_id: Id<Lot>, }
    /// Puts lots on hold together, all or none; one that is on hold already stays as it is.
    HoldLots { lot_ids: Vec<Id<Lot>>, }
    /// Takes a lot off hold.
    ReleaseLot { lot_id: Id<Lot>, }
    /// Splits part of a lot into a new lot with the same heat, supplier and certificate.
    SplitLot {
        lot_id: Id<Lot>,
        quantity: Decimal,
        /// Made by the plant where absent.
        new_lot_number: Option<String>,
        to_location: Option<String>,
    }
    /// Merges lots of the same material into this one; each keeps its place in the genealogy.
    MergeLots {
        lot_id: Id<Lot>,
        /// Numbers of the lots that go into it, whole.
        from_lot_numbers: Vec<String>,
    }

    /// Records an inspection. A value outside its limits, a major or a critical defect cannot pass; a
    /// failure gets the number of its non-conformance report; a hold holds the lot and the order.
    RecordInspection {
        inspection_type: InspectionType,
        inspector_id: Id<Employee>,
        inspection_result: InspectionResult,
        sample_size: i64,
        work_order_id: Option<Id<WorkOrder>>,
        operation_sequence: Option<i64>,
        /// The order's where absent.
        product_id: Option<Id<Product>>,
        /// The order's finished lot where absent, for a final inspection.
        lot_number: Option<String>,
        batch_number: Option<String>,
        serial_number: Option<String>,
        critical_defects: i64,
        major_defects: i64,
        minor_defects: i64,
        measured_values: Vec<Measurement>,
        specification_values: Vec<Specification>,
        disposition: Option<Disposition>,
        disposition_reason: Option<Note>,
        corrective_action_required: bool,
        inspection_plan_id: Option<String>,
        inspection_checklist_id: Option<String>,
        photos_attached: bool,
        notes: Option<Note>,
    }
    /// Decides what is done with inspected goods; accepting them takes the quality hold off.
    DisposeInspection {
        inspection_id: Id<QualityInspection>,
        disposition: Disposition,
        disposition_reason: Option<Note>,
    }
    /// Approves an inspection.
    ApproveInspection { inspection_id: Id<QualityInspection>, }
    /// Records a defect.
    RecordDefect {
        defect_category: DefectCategory,
        defect_severity: DefectSeverity,
        defect_description: String,
        quantity_affected: i64,
        detection_method: DetectionMethod,
        defect_code: Option<String>,
        work_order_id: Option<Id<WorkOrder>>,
        operation_sequence: Option<i64>,
        inspection_id: Option<Id<QualityInspection>>,
        /// The order's where absent.
        product_id: Option<Id<Product>>,
        lot_number: Option<String>,
        detected_by: Option<Id<Employee>>,
        scrap_cost: Decimal,
        rework_cost: Decimal,
    }
    /// Tells the root cause of a defect; with a corrective action it waits for that action.
    AnalyzeDefect {
        defect_id: Id<Defect>,
        root_cause_category: RootCauseCategory,
        root_cause_description: Note,
        corrective_action: Option<Note>,
        preventive_action: Option<Note>,
        action_owner: Option<String>,
        action_due_date: Option<Date>,
    }
    /// Closes a defect whose action is done; without a root cause only with a reason.
    CloseDefect { defect_id: Id<Defect>, }

    /// Starts a stop of a machine, a work center or a line. Each has one open stop at most.
    StartDowntime {
        downtime_category: DowntimeCategory,
        work_center_id: Option<Id<WorkCenter>>,
        machine_id: Option<Id<Machine>>,
        line_id: Option<Id<ProductionLine>>,
        downtime_reason_code: Option<String>,
        downtime_reason_description: Option<String>,
        work_order_id: Option<Id<WorkOrder>>,
        operation_sequence: Option<i64>,
    }
    /// Says that somebody is at it: the response time ends.
    RespondDowntime { downtime_id: Id<DowntimeEvent>, }
    /// Puts the cause of a stop right.
    ChangeDowntimeCause {
        downtime_id: Id<DowntimeEvent>,
        downtime_category: DowntimeCategory,
        downtime_reason_code: Option<String>,
        downtime_reason_description: Option<String>,
    }
    /// Says that a stop waits for parts, was escalated, or is worked on again.
    MarkDowntime {
        downtime_id: Id<DowntimeEvent>,
        status: DowntimeStatus,
    }
    /// Ends a stop.
    ResolveDowntime {
        downtime_id: Id<DowntimeEvent>,
        resolution_action: Option<Note>,
        root_cause: Option<Note>,
        preventive_action: Option<Note>,
        maintenance_work_order: Option<String>,
        spare_parts_used: Option<String>,
        estimated_cost: Option<Decimal>,
    }
    /// Starts a changeover of a work center to an order. A work center has one open at most.
    StartChangeover {
        work_center_id: Id<WorkCenter>,
        to_work_order_id: Id<WorkOrder>,
        operation_sequence: Option<i64>,
        changeover_type: ChangeoverType,
        from_work_order_id: Option<Id<WorkOrder>>,
        machine_id: Option<Id<Machine>>,
        planned_duration_minutes: Option<i64>,
        target_changeover_time_minutes: Option<i64>,
        supervisor_id: Option<Id<Employee>>,
        operator_ids: Vec<Id<Employee>>,
    }
    /// Finishes a changeover; its phases add up to its duration, and where none is told all of it is setup.
    FinishChangeover {
        changeover_id: Id<ChangeoverEvent>,
        teardown_time_minutes: i64,
        setup_time_minutes: i64,
        adjustment_time_minutes: i64,
        trial_run_time_minutes: i64,
        first_good_part_time: Option<Time>,
        parts_produced_during_setup: i64,
        parts_scrapped_during_setup: i64,
        first_piece_inspection_passed: Option<bool>,
        quality_approval_by: Option<Id<Employee>>,
        improvement_opportunity: Option<Note>,
    }

    /// Records a fault that sensors show. A critical one opens a stop of its machine, or joins the open one.
    DetectFault {
        machine_id: Id<Machine>,
        sensor_id: Id<Sensor>,
        /// The other sensor of two.
        other_sensor_id: Option<Id<Sensor>>,
        fault_code: String,
        fault_kind: FaultKind,
        severity: FaultSeverity,
        measured_value: Option<Decimal>,
        limit_value: Option<Decimal>,
        /// Why it is a fault, in words.
        why: Note,
    }
    /// Says that somebody sees to a fault; to its stop as well, if nobody is at it yet.
    AcknowledgeFault { fault_id: Id<MachineFault>, }
    /// Says that the sensors of a fault read in their normal range again.
    ClearFault { fault_id: Id<MachineFault>, }

    /// Says what became of a report that was due.
    RecordReportDelivery {
        report_schedule_id: Id<ReportSchedule>,
        due_at: Time,
        delivery_state: DeliveryState,
        /// In the outbox.
        file_name: Option<String>,
        /// Why it failed.
        why: Option<Note>,
    }

    /// Opens the batch record of an order.
    OpenBatchRecord {
        work_order_id: Id<WorkOrder>,
        /// The order's batch number where absent, else its lot number.
        batch_number: Option<String>,
        formula_id: Option<String>,
        formula_version: Option<String>,
        manufacturing_area: Option<String>,
        expiration_date: Option<Date>,
        retest_date: Option<Date>,
        regulatory_requirement: Option<String>,
    }
    /// Hands a batch record in for review: what happened to the batch is collected into it.
    SubmitBatchRecord {
        ebr_id: Id<ElectronicBatchRecord>,
        temperature_min_c: Option<Decimal>,
        temperature_max_c: Option<Decimal>,
        humidity_min_percentage: Option<Decimal>,
        humidity_max_percentage: Option<Decimal>,
        notes: Option<Note>,
    }
    /// Says that a batch record was reviewed, by somebody who did not prepare it.
    ReviewBatchRecord { ebr_id: Id<ElectronicBatchRecord>, }
    /// Approves or rejects a reviewed batch record, by somebody who did not prepare it.
    DecideBatchRecord {
        ebr_id: Id<ElectronicBatchRecord>,
        record_status: RecordStatus,
    }
    /// Releases the batch of an approved record, rejects it, or puts it on hold.
    ReleaseBatch {
        ebr_id: Id<ElectronicBatchRecord>,
        release_status: ReleaseStatus,
    }

    /// Plans a shipment to a customer.
    CreateShipment {
        customer_id: Id<Customer>,
        lines: Vec<ShipmentLine>,
        shipment_number: Option<String>,
        sales_order_number: Option<String>,
        planned_date: Option<Date>,
        carrier: Option<String>,
        tracking_number: Option<String>,
        notes: Option<Note>,
    }
    /// Ships it: the lots leave the plant.
    ShipShipment {
        shipment_id: Id<Shipment>,
        carrier: Option<String>,
        tracking_number: Option<String>,
    }
    /// Cancels a planned shipment.
    CancelShipment { shipment_id: Id<Shipment>, }

    /// Clocks a person in.
    ClockIn {
        employee_id: Id<Employee>,
        work_order_id: Option<Id<WorkOrder>>,
        operation_sequence: Option<i64>,
        activity_type: ActivityType,
        activity_code: Option<String>,
        machine_id: Option<Id<Machine>>,
    }
    /// Clocks a person out.
    ClockOut {
        labor_transaction_id: Id<LaborTransaction>,
        break_time_minutes: i64,
        quantity_produced: i64,
        quantity_rejected: i64,
        notes: Option<Note>,
    }
    /// Erases a person's names and contacts for good; their figures stay under their number.
    ErasePerson { employee_id: Id<Employee>, }
    /// Approves time.
    ApproveLabor { labor_transaction_id: Id<LaborTransaction>, }

    /// Adds a file to a record; its bytes are already kept by their SHA-256.
    AddAttachment {
        /// The record's id text.
        subject: String,
        file_name: String,
        content_type: String,
        size_bytes: i64,
        sha256: String,
        note: Option<Note>,
    }
    /// Takes a file off a record; its bytes stay for the history.
    RemoveAttachment { attachment_id: Id<Attachment>, }

    /// Makes a log-in; the password travels beside the command and never reaches the journal.
    CreateUser {
        user_name: String,
        role: Role,
        employee_id: Option<Id<Employee>>,
    }
    /// Changes role, employee or status of a log-in.
    ChangeUser {
        user_id: Id<User>,
        role: Option<Role>,
        employee_id: Option<Id<Employee>>,
        status: Option<Status>,
    }
    /// Sets the password of a connection to machines; it travels beside the command and cannot be read again.
    SetConnectorSecret { connector_id: Id<Connector>, }
    /// Sets a new password; it travels beside the command.
    SetPassword { user_id: Id<User>, }
    /// Registers a terminal; what proves it is answered once.
    RegisterTerminal {
        terminal_name: String,
        /// Where it stands; everywhere where empty.
        work_center_ids: Vec<Id<WorkCenter>>,
        /// Whoever does nothing there for so long is signed off; 15 where absent, at most 480.
        idle_minutes: Option<i64>,
        /// Whether a scanned badge needs its PIN as well; true where absent.
        asks_pin: Option<bool>,
    }
    /// Ends a terminal: nobody signs on there any more.
    RevokeTerminal { terminal_id: Id<Terminal>, }
    /// Gives an employee a badge, and a log-in to act as where they have none; the PIN travels beside the command.
    IssueBadge {
        employee_id: Id<Employee>,
        /// What a scanner reads from it; not to be guessed, where a badge alone signs on.
        badge_number: String,
    }
    /// Sets the PIN of a badge; it travels beside the command.
    SetPin { badge_id: Id<Badge>, }
    /// Ends a badge, lost or given back.
    RevokeBadge { badge_id: Id<Badge>, }
    /// Keeps an act of a terminal that was refused, until a lead has seen to it.
    KeepRefusedAct {
        act: String,
        /// What was sent with it, as JSON.
        content: Note,
        /// Why it was refused.
        refusal: Note,
        work_center_id: Option<Id<WorkCenter>>,
        /// Who did it.
        employee_id: Option<Id<Employee>>,
    }
    /// Says what was done about a refused act.
    SettleRefusedAct {
        refused_act_id: Id<RefusedAct>,
        settlement: Note,
    }
    /// Makes a token for a program; it acts in its user's role.
    CreateApiToken {
        user_id: Id<User>,
        token_name: String,
        expires_at: Option<Time>,
    }
    /// Ends a token.
    RevokeApiToken { token_id: Id<ApiToken>, }

    /// Seals the journal of a day with its Merkle root; a day without entries only moves the timer on.
    SealDay {
        day: Date,
        first_seq: i64,
        last_seq: i64,
        /// Merkle root over the hashes of the entries, hexadecimal.
        root: String,
        timer_id: Id<Timer>,
    }
    /// Flags a clock-in that was never closed.
    FlagForgottenClockIn {
        labor_transaction_id: Id<LaborTransaction>,
        timer_id: Id<Timer>,
    }

    /// Brings in one operation report of another system, with the order, product, work center and
    /// employee it names.
    ImportOperationReport {
        /// Hash and occurrence of the row: the same row is brought in once.
        source_key: String,
        work_order_number: String,
        product_name: String,
        planned_quantity: i64,
        operation_name: String,
        work_center_name: String,
        employee_code: String,
        activity_type: ActivityType,
        started_at: Time,
        ended_at: Time,
        good_quantity: i64,
        rejected_quantity: i64,
        held_quantity: i64,
        rework: bool,
    }
}
