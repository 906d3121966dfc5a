//! Shipments: where genealogy leaves the plant.

use super::field::Note;
use super::ids::Id;
use super::product::Customer;
use crate::base::{Date, Decimal, Time, Unit};
use crate::{line, record, words};

words! {
    /// State of a shipment.
    ShipmentStatus { Planned = "planned", Shipped = "shipped", Cancelled = "cancelled", }
}

line! {
    /// A line of a shipment.
    ShipmentLine {
        lot_number: String,
        quantity: Decimal,
        unit_of_measure: Unit,
    }
}

record! {
    /// A shipment to a customer.
    Shipment { shipment_id,
        made unique shipment_number: String,
        made by customer_id: Id<Customer>,
        made by status: ShipmentStatus,
        made plain lines: Vec<ShipmentLine>,
        made plain sales_order_number: Option<String>,
        made plain planned_date: Option<Date>,
        made plain shipped_at: Option<Time>,
        made plain carrier: Option<String>,
        made plain tracking_number: Option<String>,
        made plain notes: Option<Note>,
        made plain created_by: String,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}
