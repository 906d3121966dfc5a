//! When work stood still: stops with their causes, and changeovers with their phases.

use super::field::Note;
use super::ids::Id;
use super::machine::{Machine, WorkCenter};
use super::people::Employee;
use super::plant::{Factory, ProductionLine};
use super::product::Product;
use super::work_order::{WorkOrder, WorkOrderOperation};
use crate::base::{Decimal, Time};
use crate::{record, words};

words! {
    /// Why work stands still.
    DowntimeCategory {
        Breakdown = "breakdown", Changeover = "changeover", MaterialShortage = "material_shortage", QualityHold = "quality_hold",
        Maintenance = "maintenance", NoOperator = "no_operator", NoOrders = "no_orders", WaitingForApproval = "waiting_for_approval",
        PowerFailure = "power_failure", ToolChange = "tool_change",
    }
}

impl DowntimeCategory {
    /// Planned stops are no loss of availability; corrective repair is a breakdown, not maintenance.
    pub const fn is_planned(self) -> bool {
        matches!(self, Self::Maintenance | Self::NoOrders)
    }
}

words! {
    /// State of a stop.
    DowntimeStatus { Active = "active", Resolved = "resolved", PendingParts = "pending_parts", Escalated = "escalated", }
}

record! {
    /// A stop: one cause, from its start over the response to its end.
    DowntimeEvent { downtime_id,
        made by machine_id: Option<Id<Machine>>,
        made by work_center_id: Option<Id<WorkCenter>>,
        made by line_id: Option<Id<ProductionLine>>,
        made plain factory_id: Option<Id<Factory>>,
        made plain downtime_start: Time,
        /// Empty while it lasts.
        made plain downtime_end: Option<Time>,
        /// From start to end.
        made plain duration_minutes: Option<i64>,
        made by downtime_category: DowntimeCategory,
        made plain downtime_reason_code: Option<String>,
        made plain downtime_reason_description: Option<String>,
        made by work_order_id: Option<Id<WorkOrder>>,
        made plain operation_id: Option<Id<WorkOrderOperation>>,
        /// Pieces the operation would have made meanwhile, at its standard time.
        made plain production_loss_units: Option<i64>,
        made plain estimated_cost: Option<Decimal>,
        made plain reported_by: String,
        made plain responded_by: Option<String>,
        made plain responded_at: Option<Time>,
        /// From start to response.
        made plain response_time_minutes: Option<i64>,
        /// From response to end; the whole stop where nobody told a response.
        made plain repair_time_minutes: Option<i64>,
        made plain resolution_action: Option<Note>,
        made plain root_cause: Option<Note>,
        made plain preventive_action: Option<Note>,
        made plain maintenance_work_order: Option<String>,
        made plain spare_parts_used: Option<String>,
        made by status: DowntimeStatus,
        made plain created_at: Time,
        made plain resolved_at: Option<Time>,
    }
}

words! {
    /// What is changed over.
    ChangeoverType { ProductChange = "product_change", ToolChange = "tool_change", MaterialChange = "material_change", FormatChange = "format_change", }
}

record! {
    /// A changeover from one order to the next, with its phases.
    ChangeoverEvent { changeover_id,
        made by line_id: Option<Id<ProductionLine>>,
        made by work_center_id: Id<WorkCenter>,
        made plain machine_id: Option<Id<Machine>>,
        made plain changeover_type: ChangeoverType,
        made plain from_product_id: Option<Id<Product>>,
        made by to_product_id: Id<Product>,
        made plain from_work_order_id: Option<Id<WorkOrder>>,
        made by to_work_order_id: Id<WorkOrder>,
        made plain to_operation_id: Option<Id<WorkOrderOperation>>,
        made plain changeover_start: Time,
        /// Empty while it lasts.
        made plain changeover_end: Option<Time>,
        made by is_open: bool,
        made plain planned_duration_minutes: Option<i64>,
        /// The phases together.
        made plain actual_duration_minutes: Option<i64>,
        made plain teardown_time_minutes: i64,
        made plain setup_time_minutes: i64,
        made plain adjustment_time_minutes: i64,
        made plain trial_run_time_minutes: i64,
        made plain first_good_part_time: Option<Time>,
        made plain parts_produced_during_setup: i64,
        made plain parts_scrapped_during_setup: i64,
        made plain supervisor_id: Option<Id<Employee>>,
        made plain operator_ids: Vec<Id<Employee>>,
        made plain first_piece_inspection_passed: Option<bool>,
        made plain quality_approval_by: Option<Id<Employee>>,
        made plain target_changeover_time_minutes: Option<i64>,
        made plain improvement_opportunity: Option<Note>,
        made plain created_by: String,
        made plain created_at: Time,
    }
}
