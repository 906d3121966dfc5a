//! Lots: what movements move and traces follow.

use super::field::Note;
use super::ids::Id;
use super::material::{Material, Supplier};
use super::work_order::WorkOrder;
use crate::base::{Date, Decimal, Time, Unit};
use crate::{record, words};

words! {
    /// Whether a lot may be used.
    LotStatus { Available = "available", OnHold = "on_hold", Exhausted = "exhausted", }
}

record! {
    /// A lot. Its totals are sums of its movements; `verify` proves it.
    Lot { lot_id,
        made unique lot_number: String,
        made by material_id: Id<Material>,
        made plain material_code: String,
        made by status: LotStatus,
        made plain hold_reason: Option<Note>,
        /// The unit of all quantities of the lot.
        made plain unit_of_measure: Unit,
        made plain quantity_received: Decimal,
        made plain quantity_produced: Decimal,
        /// Issued to orders and split or merged into other lots, less what came back.
        made plain quantity_consumed: Decimal,
        made plain quantity_shipped: Decimal,
        made plain quantity_scrapped: Decimal,
        /// Counts put right, signed.
        made plain quantity_adjusted: Decimal,
        made plain quantity_on_hand: Decimal,
        made plain location: Option<String>,
        made by supplier_id: Option<Id<Supplier>>,
        made by supplier_lot_number: Option<String>,
        made by heat_number: Option<String>,
        made plain certificate_number: Option<String>,
        made plain expiry_date: Option<Date>,
        made plain unit_cost: Option<Decimal>,
        /// The order that makes it.
        made by work_order_id: Option<Id<WorkOrder>>,
        /// The lot it was split from or cut from.
        made by parent_lot_number: Option<String>,
        made plain is_remnant: bool,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}

impl Lot {
    /// What should be on hand by the totals.
    pub fn expected_on_hand(&self) -> Option<Decimal> {
        let came = self.quantity_received.plus(self.quantity_produced)?.plus(self.quantity_adjusted)?;
        came.minus(self.quantity_consumed)?.minus(self.quantity_shipped)?.minus(self.quantity_scrapped)
    }
}
