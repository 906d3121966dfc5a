//! The published plan: which operation runs where and when, and how it went; what of it stays whatever is planned anew.

use super::field::Note;
use super::ids::Id;
use super::machine::WorkCenter;
use super::plant::{Factory, ProductionLine, Status};
use super::shift::Shift;
use super::work_order::{WorkOrder, WorkOrderOperation};
use crate::base::{Date, Decimal, Time};
use crate::{line, record, words};

words! {
    /// State of a slot.
    ScheduleStatus {
        Planned = "planned", Confirmed = "confirmed", InProgress = "in_progress", Completed = "completed", Delayed = "delayed", Cancelled = "cancelled",
    }
}

line! {
    /// Where and when an operation of an order is to run.
    OperationSlot {
        operation_sequence: i64,
        /// The operation's own work center where absent.
        work_center_id: Option<Id<WorkCenter>>,
        planned_start_time: Time,
        planned_end_time: Time,
    }
}

line! {
    /// Where and when an operation of some order is to run, in a plan of many.
    PlannedSlot {
        work_order_id: Id<WorkOrder>,
        operation_sequence: i64,
        /// The operation's own work center where absent.
        work_center_id: Option<Id<WorkCenter>>,
        planned_start_time: Time,
        planned_end_time: Time,
    }
}

record! {
    /// A slot of the published plan; a new plan of its order cancels it and makes another.
    ProductionSchedule { schedule_id,
        /// The plant's day of the planned start.
        made by schedule_date: Date,
        /// ISO week of that day.
        made plain schedule_week: i64,
        made plain shift_id: Option<Id<Shift>>,
        made by line_id: Option<Id<ProductionLine>>,
        made by work_center_id: Option<Id<WorkCenter>>,
        made plain factory_id: Option<Id<Factory>>,
        made by work_order_id: Id<WorkOrder>,
        /// The whole order where absent.
        made by operation_id: Option<Id<WorkOrderOperation>>,
        /// Place among the slots of its order.
        made plain sequence_number: i64,
        made plain planned_start_time: Time,
        made plain planned_end_time: Time,
        made plain planned_quantity: i64,
        made plain priority: i64,
        made plain customer_due_date: Option<Date>,
        made plain material_available: bool,
        made plain operator_available: bool,
        made plain equipment_available: bool,
        made by schedule_status: ScheduleStatus,
        made plain actual_start_time: Option<Time>,
        made plain actual_end_time: Option<Time>,
        made plain actual_quantity: Option<i64>,
        /// Started by the planned start and a tolerance.
        made plain on_time_start: Option<bool>,
        /// Finished by the planned end and a tolerance.
        made plain on_time_completion: Option<bool>,
        /// 100 less the lateness of the end as a share of the planned duration, not below 0.
        made plain schedule_adherence_percentage: Option<Decimal>,
        made plain planner_id: Option<String>,
        made plain planning_notes: Option<Note>,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}

record! {
    /// A pin: an operation that stays where it is planned, whatever is planned anew. It ends when the operation starts, or when somebody takes it away.
    PlanPin { pin_id,
        made by work_order_id: Id<WorkOrder>,
        made by operation_id: Id<WorkOrderOperation>,
        made plain operation_sequence: i64,
        made plain work_center_id: Id<WorkCenter>,
        made plain planned_start_time: Time,
        made plain pinned_by: String,
        /// Inactive: it holds no more.
        made by status: Status,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}

record! {
    /// The frozen zone from when it was set: the newest one holds.
    FrozenZone { zone_id,
        /// What is planned to begin within so many hours is moved by people only.
        made plain hours: i64,
        made plain set_by: String,
        made plain created_at: Time,
    }
}
