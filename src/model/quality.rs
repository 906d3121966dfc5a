//! What was inspected and what was found wrong.

use super::field::Note;
use super::ids::Id;
use super::people::Employee;
use super::product::Product;
use super::shift::Shift;
use super::work_order::{WorkOrder, WorkOrderOperation};
use crate::base::{Date, Decimal, Time};
use crate::{line, record, words};

words! {
    /// When in the life of the goods an inspection is made.
    InspectionType { InProcess = "in_process", Incoming = "incoming", Final = "final", Patrol = "patrol", Audit = "audit", }
}

words! {
    /// What an inspection found.
    InspectionResult { Pass = "pass", Fail = "fail", ConditionalPass = "conditional_pass", Hold = "hold", ReworkRequired = "rework_required", }
}

words! {
    /// What is done with the goods.
    Disposition { Accept = "accept", Reject = "reject", Rework = "rework", UseAsIs = "use_as_is", Scrap = "scrap", ReturnToVendor = "return_to_vendor", }
}

line! {
    /// A measured value.
    Measurement {
        /// What was measured, such as length or roughness.
        characteristic: String,
        value: Decimal,
        unit: Option<String>,
    }
}

line! {
    /// What a measured value is held against.
    Specification {
        characteristic: String,
        target: Option<Decimal>,
        lower_limit: Option<Decimal>,
        upper_limit: Option<Decimal>,
        unit: Option<String>,
    }
}

record! {
    /// A quality inspection; what it found is never edited, only decided on.
    QualityInspection { inspection_id,
        made by inspection_type: InspectionType,
        made plain inspection_date: Time,
        made by work_order_id: Option<Id<WorkOrder>>,
        made by operation_id: Option<Id<WorkOrderOperation>>,
        made by product_id: Option<Id<Product>>,
        /// Pieces looked at.
        made plain sample_size: i64,
        made by lot_number: Option<String>,
        made plain batch_number: Option<String>,
        made plain serial_number: Option<String>,
        made by inspector_id: Id<Employee>,
        made plain shift_id: Option<Id<Shift>>,
        made by inspection_result: InspectionResult,
        /// Critical, major and minor together.
        made plain defects_found: i64,
        made plain critical_defects: i64,
        made plain major_defects: i64,
        made plain minor_defects: i64,
        made plain measured_values: Vec<Measurement>,
        made plain specification_values: Vec<Specification>,
        made plain disposition: Option<Disposition>,
        made plain disposition_reason: Option<Note>,
        made plain disposition_by: Option<String>,
        /// Number of the non-conformance report, given when the inspection fails.
        made unique ncr_number: Option<String>,
        made plain corrective_action_required: bool,
        made plain inspection_plan_id: Option<String>,
        made plain inspection_checklist_id: Option<String>,
        made plain photos_attached: bool,
        made plain approved_by: Option<String>,
        made plain approved_at: Option<Time>,
        made plain notes: Option<Note>,
        made plain created_by: String,
        made plain created_at: Time,
    }
}

words! {
    /// Kind of defect.
    DefectCategory { Dimensional = "dimensional", Visual = "visual", Functional = "functional", Material = "material", Assembly = "assembly", }
}

words! {
    /// How bad a defect is.
    DefectSeverity { Minor = "minor", Major = "major", Critical = "critical", }
}

words! {
    /// How a defect was found.
    DetectionMethod { Visual = "visual", Measurement = "measurement", Testing = "testing", CustomerComplaint = "customer_complaint", }
}

words! {
    /// The six M of a root cause.
    RootCauseCategory { Material = "material", Machine = "machine", Method = "method", Man = "man", Measurement = "measurement", Environment = "environment", }
}

words! {
    /// State of a defect.
    DefectStatus { Open = "open", Investigating = "investigating", ActionPending = "action_pending", Closed = "closed", }
}

record! {
    /// A defect, from its detection over its root cause to the action that ends it.
    Defect { defect_id,
        made plain defect_code: Option<String>,
        made by defect_category: DefectCategory,
        made plain defect_description: String,
        made by defect_severity: DefectSeverity,
        made plain detected_date: Time,
        made by work_order_id: Option<Id<WorkOrder>>,
        made plain operation_id: Option<Id<WorkOrderOperation>>,
        made by inspection_id: Option<Id<QualityInspection>>,
        made plain product_id: Option<Id<Product>>,
        made by lot_number: Option<String>,
        /// Pieces that have it.
        made plain quantity_affected: i64,
        made plain detected_by: Option<Id<Employee>>,
        made plain detection_method: DetectionMethod,
        made plain root_cause_category: Option<RootCauseCategory>,
        made plain root_cause_description: Option<Note>,
        made plain root_cause_analysis_complete: bool,
        made plain corrective_action: Option<Note>,
        made plain preventive_action: Option<Note>,
        made plain action_owner: Option<String>,
        made plain action_due_date: Option<Date>,
        made plain action_completed: bool,
        made plain scrap_cost: Decimal,
        made plain rework_cost: Decimal,
        /// Scrap and rework together.
        made plain total_cost: Decimal,
        made by status: DefectStatus,
        made plain closed_date: Option<Time>,
        made plain created_by: String,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}
