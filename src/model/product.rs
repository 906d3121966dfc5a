//! What is made, where and for whom: customers, products, bills of material, routings, and which
//! lines and customers go with which product.

use super::field::Note;
use super::ids::Id;
use super::machine::WorkCenter;
use super::material::Material;
use super::plant::{Factory, ProductionLine, Status};
use crate::base::{Date, Decimal, Time, Unit};
use crate::{line, record, words};

words! {
    /// Kind of customer.
    CustomerType { Oem = "oem", Tier1 = "tier1", Tier2 = "tier2", Aftermarket = "aftermarket", }
}

record! {
    /// A customer.
    Customer { customer_id,
        given unique customer_code: Option<String>,
        given plain customer_name: String,
        given plain customer_type: CustomerType,
        given plain country: Option<String>,
        given plain region: Option<String>,
        given plain segment: Option<String>,
        given plain annual_volume: Option<i64>,
        given plain quality_rating: Option<String>,
        given plain payment_terms_days: Option<i64>,
        given plain sla_on_time_percentage: Option<Decimal>,
        given plain sla_max_ppm: Option<i64>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

words! {
    /// How deep the bill of material is.
    BomComplexity { Simple = "simple", Moderate = "moderate", Complex = "complex", }
}

record! {
    /// A product.
    Product { product_id,
        given unique product_code: Option<String>,
        given plain product_name: String,
        given plain product_category: Option<String>,
        given plain product_type: Option<String>,
        given plain description: Option<Note>,
        given plain bom_complexity: BomComplexity,
        given plain component_count: Option<i64>,
        given plain standard_cycle_time_seconds: Option<Decimal>,
        given plain target_ppm: Option<i64>,
        given plain weight_kg: Option<Decimal>,
        /// The material it is stocked as, also when it goes into other products; made at the first release where absent.
        given plain material_id: Option<Id<Material>>,
        given plain unit_of_measure: Unit,
        given plain standard_cost_per_unit: Option<Decimal>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

line! {
    /// A line of a bill of material.
    BomLine {
        material_id: Id<Material>,
        /// For one piece of the product, in the unit beside it.
        quantity_per_unit: Decimal,
        unit_of_measure: Unit,
        /// Extra for scrap, in percent.
        scrap_percentage: Decimal,
    }
}

record! {
    /// What one piece of a product is made of.
    BillOfMaterial { bom_id,
        once by product_id: Id<Product>,
        given plain revision: Option<String>,
        given plain lines: Vec<BomLine>,
        given plain effective_from: Option<Date>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

line! {
    /// A step of a routing.
    RoutingStep {
        operation_sequence: i64,
        operation_code: Option<String>,
        operation_name: String,
        work_center_id: Option<Id<WorkCenter>>,
        setup_minutes: Decimal,
        /// Standard time of one piece.
        standard_time_per_unit_seconds: Decimal,
        requires_inspection: bool,
        /// Sequences it waits for; the step before it where empty.
        depends_on: Vec<i64>,
        work_instructions: Option<Note>,
        safety_notes: Option<Note>,
    }
}

record! {
    /// The operations of a product; copied into the order at its release.
    Routing { routing_id,
        once by product_id: Id<Product>,
        given plain revision: Option<String>,
        given plain steps: Vec<RoutingStep>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

record! {
    /// Which line makes which product, and how.
    LineProductMapping { line_product_mapping_id,
        once by line_id: Id<ProductionLine>,
        once by product_id: Id<Product>,
        given plain factory_id: Option<Id<Factory>>,
        /// The line it is usually made on.
        given plain is_primary: bool,
        given plain cycle_time_seconds: Option<Decimal>,
        given plain setup_minutes: Option<Decimal>,
        given plain changeover_minutes: Option<Decimal>,
        given plain yield_percentage: Option<Decimal>,
        made plain created_at: Time,
    }
}

record! {
    /// Which customer takes which product, and on what terms.
    CustomerProductMapping { customer_product_mapping_id,
        once by customer_id: Id<Customer>,
        once by product_id: Id<Product>,
        given plain status: Status,
        given plain annual_volume: Option<i64>,
        given plain unit_price: Option<Decimal>,
        given plain lead_time_days: Option<i64>,
        given plain ppm_requirement: Option<i64>,
        made plain created_at: Time,
    }
}
