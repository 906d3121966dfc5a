//! Materials, suppliers, and the movements that every stock figure is the sum of.

use super::field::Note;
use super::ids::Id;
use super::plant::Status;
use super::shipment::Shipment;
use super::work_order::{WorkOrder, WorkOrderOperation};
use crate::base::{Date, Decimal, Time, Unit};
use crate::{line, record, words};

words! {
    /// Kind of material.
    MaterialType {
        RawMaterial = "raw_material", Component = "component", SubAssembly = "sub_assembly", Consumable = "consumable", FinishedGood = "finished_good",
    }
}

line! {
    /// How another unit counts in the stock unit of a material.
    UnitFactor {
        unit: Unit,
        /// Stock units in one of the unit.
        factor: Decimal,
    }
}

record! {
    /// A material: anything that lots are lots of.
    Material { material_id,
        given unique material_code: String,
        given plain material_name: String,
        given plain material_type: MaterialType,
        /// The unit its stock is counted in; every movement converts to it.
        once plain stock_unit: Unit,
        given plain unit_factors: Vec<UnitFactor>,
        given plain grade: Option<String>,
        given plain thickness_mm: Option<Decimal>,
        given plain width_mm: Option<Decimal>,
        given plain length_mm: Option<Decimal>,
        given plain unit_cost: Option<Decimal>,
        given plain safety_stock: Option<Decimal>,
        given plain inspection_required: bool,
        given plain shelf_life_days: Option<i64>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

record! {
    /// A supplier.
    Supplier { supplier_id,
        given unique supplier_code: Option<String>,
        given plain supplier_name: String,
        given plain country: Option<String>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

words! {
    /// What a movement does.
    TransactionType {
        Issue = "issue", Return = "return", Scrap = "scrap", Adjustment = "adjustment", Transfer = "transfer",
        Receipt = "receipt", Production = "production", Shipment = "shipment", Split = "split", Merge = "merge",
    }
}

words! {
    /// Whether the material may be used.
    MaterialQuality { Approved = "approved", Quarantine = "quarantine", Rejected = "rejected", }
}

record! {
    /// A material movement; never edited, only reversed.
    MaterialTransaction { transaction_id,
        made by transaction_type: TransactionType,
        made plain transaction_date: Time,
        made by work_order_id: Option<Id<WorkOrder>>,
        made plain operation_id: Option<Id<WorkOrderOperation>>,
        made by material_id: Id<Material>,
        made plain material_code: String,
        made plain material_name: Option<String>,
        made plain material_type: MaterialType,
        /// As told, in the unit told. Only an adjustment may be negative.
        made plain quantity: Decimal,
        made plain unit_of_measure: Unit,
        /// What the lot's stock changed by, signed, in its stock unit.
        made plain stock_change: Decimal,
        made plain stock_unit: Unit,
        made by lot_number: Option<String>,
        made plain batch_number: Option<String>,
        made plain serial_number: Option<String>,
        made plain expiry_date: Option<Date>,
        made plain supplier_lot_number: Option<String>,
        made plain supplier_id: Option<Id<Supplier>>,
        made plain heat_number: Option<String>,
        made plain from_location: Option<String>,
        made plain to_location: Option<String>,
        made plain warehouse_location: Option<String>,
        made plain unit_cost: Option<Decimal>,
        made plain total_cost: Option<Decimal>,
        made plain quality_status: MaterialQuality,
        made plain inspection_required: bool,
        /// The certificate's number.
        made plain certificate_of_analysis: Option<String>,
        /// The lot this one came from.
        made plain parent_lot_number: Option<String>,
        /// The finished lot that used it.
        made by consumed_by_lot_number: Option<String>,
        made plain shipment_id: Option<Id<Shipment>>,
        made plain performed_by: String,
        made plain requires_documentation: bool,
        made plain documentation_complete: bool,
        made plain reason: Option<Note>,
        /// The movement this one undoes.
        made plain reverses: Option<Id<MaterialTransaction>>,
        made plain reversed_by: Option<Id<MaterialTransaction>>,
        made plain created_at: Time,
    }
}
