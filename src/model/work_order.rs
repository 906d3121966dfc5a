//! Work orders, their operations, and the reports of what was made.

use super::field::Note;
use super::ids::Id;
use super::machine::{Machine, WorkCenter};
use super::material::MaterialTransaction;
use super::people::Employee;
use super::plant::{Factory, ProductionLine};
use super::product::{Customer, Product};
use super::shift::Shift;
use crate::base::{Date, Decimal, Time, Unit};
use crate::{record, words};

words! {
    /// State of a work order.
    WorkOrderStatus {
        Created = "created", Released = "released", Scheduled = "scheduled", InProgress = "in_progress",
        OnHold = "on_hold", Completed = "completed", Closed = "closed", Cancelled = "cancelled",
    }
}

words! {
    /// Judgement of the order's product.
    QualityStatus { Pending = "pending", Approved = "approved", Rejected = "rejected", Conditional = "conditional", }
}

words! {
    /// Why the order exists.
    OrderType { Production = "production", Split = "split", Rework = "rework", }
}

record! {
    /// A work order.
    WorkOrder { work_order_id,
        once unique work_order_number: Option<String>,
        once by product_id: Id<Product>,
        /// Empty: make to stock.
        given by customer_id: Option<Id<Customer>>,
        given plain sales_order_number: Option<String>,
        once plain factory_id: Option<Id<Factory>>,
        made by line_id: Option<Id<ProductionLine>>,
        once plain planned_quantity: i64,
        once plain unit_of_measure: Unit,
        once plain order_type: OrderType,
        /// 1 highest to 10 lowest; 5 where not given.
        given plain priority: i64,
        given plain planned_start_date: Option<Date>,
        given plain planned_end_date: Option<Date>,
        made plain scheduled_start_time: Option<Time>,
        made plain scheduled_end_time: Option<Time>,
        made plain actual_start_time: Option<Time>,
        made plain actual_end_time: Option<Time>,
        made plain produced_quantity: i64,
        made plain good_quantity: i64,
        made plain rejected_quantity: i64,
        made plain scrapped_quantity: i64,
        made plain rework_quantity: i64,
        /// Set aside for a decision (material review board).
        made plain held_quantity: i64,
        made by status: WorkOrderStatus,
        /// What resume goes back to.
        made plain status_before_hold: Option<WorkOrderStatus>,
        made plain hold_reason: Option<Note>,
        made plain quality_status: QualityStatus,
        made plain quality_hold: bool,
        made plain planned_cycle_time_seconds: Option<i64>,
        made plain actual_cycle_time_seconds: Option<i64>,
        made plain setup_time_minutes: i64,
        made plain run_time_minutes: i64,
        made plain downtime_minutes: i64,
        made plain yield_percentage: Option<Decimal>,
        made plain first_pass_yield_percentage: Option<Decimal>,
        made plain standard_cost_per_unit: Option<Decimal>,
        made plain actual_cost_per_unit: Option<Decimal>,
        made plain total_material_cost: Decimal,
        made plain total_labor_cost: Decimal,
        made plain total_overhead_cost: Decimal,
        once by batch_number: Option<String>,
        /// The finished lot, made at release.
        made by lot_number: Option<String>,
        given plain expiry_date: Option<Date>,
        made plain electronic_batch_record_id: Option<String>,
        given plain requires_validation: bool,
        made plain validation_status: Option<String>,
        once by parent_work_order_id: Option<Id<WorkOrder>>,
        given plain erp_order_id: Option<String>,
        given plain notes: Option<Note>,
        made plain created_by: String,
        made plain created_at: Time,
        made plain updated_at: Time,
        made plain completed_by: Option<String>,
        made plain closed_at: Option<Time>,
    }
}

words! {
    /// State of an operation.
    OperationStatus {
        Pending = "pending", Ready = "ready", InProgress = "in_progress", Completed = "completed", Skipped = "skipped", OnHold = "on_hold",
    }
}

words! {
    /// Result of the inspection an operation asks for.
    InspectionStatus { Pending = "pending", Passed = "passed", Failed = "failed", }
}

record! {
    /// An operation of a work order.
    WorkOrderOperation { operation_id,
        made by work_order_id: Id<WorkOrder>,
        made plain operation_sequence: i64,
        made plain operation_code: Option<String>,
        made plain operation_name: String,
        /// Sequences it waits for.
        made plain depends_on: Vec<i64>,
        made plain line_id: Option<Id<ProductionLine>>,
        made plain machine_id: Option<Id<Machine>>,
        made by work_center_id: Option<Id<WorkCenter>>,
        made plain work_center_code: Option<String>,
        made plain planned_quantity: i64,
        made plain planned_duration_minutes: Option<i64>,
        made plain planned_setup_time_minutes: Option<i64>,
        made plain standard_time_per_unit_seconds: Option<Decimal>,
        made plain planned_start_time: Option<Time>,
        made plain planned_end_time: Option<Time>,
        made plain actual_start_time: Option<Time>,
        made plain actual_end_time: Option<Time>,
        /// Good pieces.
        made plain completed_quantity: i64,
        made plain rejected_quantity: i64,
        made plain scrapped_quantity: i64,
        made plain rework_quantity: i64,
        made plain held_quantity: i64,
        made plain actual_duration_minutes: Option<i64>,
        made plain actual_setup_time_minutes: Option<i64>,
        made by status: OperationStatus,
        made plain operator_id: Option<Id<Employee>>,
        made plain shift_id: Option<Id<Shift>>,
        made plain labor_hours: Decimal,
        made plain requires_inspection: bool,
        made plain inspection_status: Option<InspectionStatus>,
        made plain inspection_timestamp: Option<Time>,
        made plain inspector_id: Option<Id<Employee>>,
        made plain efficiency_percentage: Option<Decimal>,
        made plain scrap_rate_percentage: Option<Decimal>,
        made plain work_instructions: Option<Note>,
        made plain safety_notes: Option<Note>,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}

impl WorkOrderOperation {
    /// Good, rejected, scrapped, to rework and held together.
    pub const fn produced(&self) -> i64 {
        self.completed_quantity + self.bad()
    }

    /// All but the good.
    pub const fn bad(&self) -> i64 {
        self.rejected_quantity + self.scrapped_quantity + self.rework_quantity + self.held_quantity
    }
}

record! {
    /// A report of what an operation made; never edited, only reversed.
    OperationReport { report_id,
        made by work_order_id: Id<WorkOrder>,
        made by operation_id: Id<WorkOrderOperation>,
        made plain operation_sequence: i64,
        made plain good_quantity: i64,
        made plain rejected_quantity: i64,
        made plain scrapped_quantity: i64,
        made plain rework_quantity: i64,
        made plain held_quantity: i64,
        made plain employee_id: Option<Id<Employee>>,
        made plain machine_id: Option<Id<Machine>>,
        made plain shift_id: Option<Id<Shift>>,
        made plain reported_at: Time,
        /// The movement into the finished lot, for the last operation.
        made plain transaction_id: Option<Id<MaterialTransaction>>,
        made plain notes: Option<Note>,
        /// More was made than the order asked for.
        made plain over_plan: bool,
        /// The row of another system it was brought in from.
        made unique source_key: Option<String>,
        made plain reverses: Option<Id<OperationReport>>,
        made plain reversed_by: Option<Id<OperationReport>>,
        made plain created_by: String,
        made plain created_at: Time,
    }
}
