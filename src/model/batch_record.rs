//! The electronic batch record: what happened to a batch, and who judged it.

use super::field::Note;
use super::ids::Id;
use super::plant::Factory;
use super::product::Product;
use super::work_order::WorkOrder;
use crate::base::{Date, Decimal, Time};
use crate::{line, record, words};

words! {
    /// State of the record.
    RecordStatus { InProgress = "in_progress", UnderReview = "under_review", Approved = "approved", Rejected = "rejected", }
}

words! {
    /// State of the batch.
    ReleaseStatus { Pending = "pending", Released = "released", Rejected = "rejected", OnHold = "on_hold", }
}

line! {
    /// Something that happened to the batch.
    BatchEvent {
        at: Time,
        /// What, such as operation.finished or inspection.fail.
        event: String,
        /// The record it is about, as its id text.
        subject: String,
        detail: Option<String>,
        /// It departs from what was planned.
        is_deviation: bool,
    }
}

record! {
    /// An electronic batch record. Signatures are not applied yet, and the column says so.
    ElectronicBatchRecord { ebr_id,
        made unique batch_number: String,
        made by product_id: Id<Product>,
        made by work_order_id: Id<WorkOrder>,
        made plain batch_size: i64,
        made plain formula_id: Option<String>,
        made plain formula_version: Option<String>,
        made plain manufacturing_date: Date,
        made plain expiration_date: Option<Date>,
        made plain retest_date: Option<Date>,
        made plain factory_id: Option<Id<Factory>>,
        made plain manufacturing_area: Option<String>,
        made by record_status: RecordStatus,
        made plain prepared_by: String,
        made plain prepared_at: Time,
        made plain reviewed_by: Option<String>,
        made plain reviewed_at: Option<Time>,
        made plain approved_by: Option<String>,
        made plain approved_at: Option<Time>,
        made by release_status: ReleaseStatus,
        made plain released_by: Option<String>,
        made plain released_at: Option<Time>,
        made plain has_deviations: bool,
        made plain deviation_count: i64,
        made plain temperature_min_c: Option<Decimal>,
        made plain temperature_max_c: Option<Decimal>,
        made plain humidity_min_percentage: Option<Decimal>,
        made plain humidity_max_percentage: Option<Decimal>,
        made plain regulatory_requirement: Option<String>,
        /// What happened to the batch, collected when the record is handed in for review.
        made plain audit_trail: Vec<BatchEvent>,
        made plain electronic_signature_applied: bool,
        made plain signature_metadata: Option<Note>,
        made plain notes: Option<Note>,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}
