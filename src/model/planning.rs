//! What a plan heeds beside orders, people and hours: tools, material on its way, and how operations of a
//! work center pause and pass pieces on. Nothing here says when anything runs; the plan does.

use super::ids::Id;
use super::machine::WorkCenter;
use super::material::{Material, Supplier};
use super::plant::Status;
use super::product::Product;
use crate::base::{Decimal, Time};
use crate::{record, words};

record! {
    /// A tool that operations hold while they run: punch turrets, dies, weld fixtures.
    Tool { tool_id,
        given unique tool_code: String,
        given plain tool_name: String,
        /// Where operations want it.
        given plain work_center_ids: Vec<Id<WorkCenter>>,
        /// For which products; for all where empty.
        given plain product_ids: Vec<Id<Product>>,
        /// How many there are.
        given plain quantity: i64,
        /// Not there before: it is being made, or in the workshop.
        given plain available_from: Option<Time>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

words! {
    /// What became of material that was ordered.
    ReceiptStatus { Expected = "expected", Received = "received", Cancelled = "cancelled", }
}

record! {
    /// Material that is on its way: plans wait for it where stock does not reach.
    ExpectedReceipt { expected_receipt_id,
        given by material_id: Id<Material>,
        /// In the material's stock unit.
        given plain quantity: Decimal,
        given plain expected_at: Time,
        given plain supplier_id: Option<Id<Supplier>>,
        given plain purchase_order_number: Option<String>,
        given by status: ReceiptStatus,
        made plain created_at: Time,
    }
}

record! {
    /// How plans treat operations of a work center; without one they pause at closing time and go on whole.
    PlanningRule { planning_rule_id,
        once by work_center_id: Id<WorkCenter>,
        /// An operation must not pause at closing time: it fits into one opening.
        given plain runs_through: bool,
        /// After so many pieces the next operation may begin; after the last where absent.
        given plain transfer_batch_quantity: Option<i64>,
        /// From here to the next department; 30 where absent.
        given plain transfer_minutes: Option<i64>,
        made plain created_at: Time,
    }
}
