//! The list of the plant's nouns: code on disk, words in URLs and SQL, prefix of ids, class.

use serde::{Deserialize, Serialize};

/// How the store treats a noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Readable over HTTP, with history.
    Public,
    /// With history, but seen through other answers only (edges of genealogy, timers).
    Inner,
}

macro_rules! nouns {
    ($($(#[doc = $doc:literal])+ $code:literal $name:ident $class:ident $prefix:literal $singular:literal $plural:literal $number:literal;)+) => {
        /// A noun of the plant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Noun { $($(#[doc = $doc])+ $name,)+ }

        impl Noun {
            /// All nouns.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
            /// The byte that stands for it in keys. Never reused.
            pub const fn code(self) -> u8 { match self { $(Self::$name => $code,)+ } }
            /// How the store treats it.
            pub const fn class(self) -> Class { match self { $(Self::$name => Class::$class,)+ } }
            /// The prefix of its ids.
            pub const fn prefix(self) -> &'static str { match self { $(Self::$name => $prefix,)+ } }
            /// One of them, as in event names.
            pub const fn singular(self) -> &'static str { match self { $(Self::$name => $singular,)+ } }
            /// Many of them: the table's name in SQL; with dashes the URL.
            pub const fn plural(self) -> &'static str { match self { $(Self::$name => $plural,)+ } }
            /// The unique column that people call it by; empty if only the id.
            pub const fn number_column(self) -> &'static str { match self { $(Self::$name => $number,)+ } }
            /// What it is.
            pub const fn doc(self) -> &'static str { match self { $(Self::$name => concat!($($doc,)+),)+ } }
        }

        /// Runs `$body` with `$T` standing for the record type of a noun known at run time.
        macro_rules! for_noun {
            ($noun:expr, $T:ident => $body:expr) => {
                match $noun { $($crate::model::noun::Noun::$name => { type $T = $crate::model::$name; $body })+ }
            };
        }
        pub(crate) use for_noun;
    };
}

nouns! {
    /// The plant itself: its name, zone and clock.
    1 Plant Inner "PLANT" "plant" "plants" "";
    /// A factory: the site.
    2 Factory Public "FAC" "factory" "factories" "";
    /// A production line: a department of the shop (laser, punching, welding, polishing, assembly, shipping).
    3 ProductionLine Public "LINE" "production_line" "production_lines" "line_number";
    /// A work center: where an operation runs; a machine or a manual station.
    4 WorkCenter Public "WC" "work_center" "work_centers" "work_center_code";
    /// A machine.
    5 Machine Public "MACH" "machine" "machines" "machine_code";
    /// An employee.
    6 Employee Public "EMP" "employee" "employees" "employee_code";
    /// A shift pattern.
    7 Shift Public "SHIFT" "shift" "shifts" "shift_code";
    /// A day on which the shift patterns do not hold: holiday, maintenance, shutdown, overtime.
    8 CalendarException Public "CAL" "calendar_exception" "calendar_exceptions" "";
    /// A customer.
    9 Customer Public "CUST" "customer" "customers" "customer_code";
    /// A supplier.
    10 Supplier Public "SUP" "supplier" "suppliers" "supplier_code";
    /// A product.
    11 Product Public "PROD" "product" "products" "product_code";
    /// A material.
    12 Material Public "MATL" "material" "materials" "material_code";
    /// A bill of material: what one product is made of.
    13 BillOfMaterial Public "BOM" "bill_of_material" "bills_of_material" "";
    /// A routing: the operations of a product and what each waits for.
    14 Routing Public "RTG" "routing" "routings" "";
    /// A work order.
    15 WorkOrder Public "WO" "work_order" "work_orders" "work_order_number";
    /// An operation of a work order.
    16 WorkOrderOperation Public "OP" "work_order_operation" "work_order_operations" "";
    /// A report of what an operation made; never edited, only reversed.
    17 OperationReport Public "REP" "operation_report" "operation_reports" "";
    /// A material movement; never edited, only reversed.
    18 MaterialTransaction Public "MAT" "material_transaction" "material_transactions" "";
    /// A lot: what movements move and traces follow.
    19 Lot Public "LOT" "lot" "lots" "lot_number";
    /// A shipment to a customer.
    20 Shipment Public "SHP" "shipment" "shipments" "shipment_number";
    /// Time of a person, on a job or beside one.
    21 LaborTransaction Public "LAB" "labor_transaction" "labor_transactions" "";
    /// A file that belongs to a record: drawing, photo, certificate.
    22 Attachment Public "ATT" "attachment" "attachments" "";
    /// A person or program that logs in.
    23 User Public "USR" "user" "users" "user_name";
    /// A token for programs.
    24 ApiToken Public "TOK" "api_token" "api_tokens" "";
    /// A sealed day of the journal: its range and Merkle root.
    25 JournalDay Public "DAY" "journal_day" "journal_days" "";
    /// An edge of genealogy, from source to product, with its quantity.
    26 LotEdge Inner "EDGE" "lot_edge" "lot_edges" "";
    /// Something that becomes due and then becomes a command.
    27 Timer Inner "TIMER" "timer" "timers" "";
    /// A quality inspection: what was measured, found and decided.
    28 QualityInspection Public "INSP" "quality_inspection" "quality_inspections" "ncr_number";
    /// A defect, from its detection over its root cause to the action that ends it.
    29 Defect Public "DEF" "defect" "defects" "";
    /// A stop: one cause, from its start over the response to its end.
    30 DowntimeEvent Public "DT" "downtime_event" "downtime_events" "";
    /// A changeover from one order to the next, with its phases.
    31 ChangeoverEvent Public "CHG" "changeover_event" "changeover_events" "";
    /// An electronic batch record: what happened to a batch, and who judged it.
    32 ElectronicBatchRecord Public "EBR" "electronic_batch_record" "electronic_batch_records" "batch_number";
    /// A slot of the published plan, and how it went.
    33 ProductionSchedule Public "SCH" "production_schedule" "production_schedule" "";
    /// A sensor of a machine.
    34 Sensor Public "SENS" "sensor" "sensors" "sensor_code";
    /// Which line makes which product, and how.
    35 LineProductMapping Public "LPM" "line_product_mapping" "line_product_mapping" "";
    /// Which customer takes which product, and on what terms.
    36 CustomerProductMapping Public "CPM" "customer_product_mapping" "customer_product_mapping" "";
    /// A connection to machines: where they are and what they speak.
    37 Connector Public "CONN" "connector" "connectors" "connector_code";
    /// Which of a machine's signals says what, and what its words mean.
    38 MachineSignal Public "SIG" "machine_signal" "machine_signals" "";
    /// Where a machine's part counter stands, and what became of its counts.
    39 MachineCounter Public "CNT" "machine_counter" "machine_counters" "";
    /// Who counts an operation's pieces, and what the other counted.
    40 OperationCount Public "OCT" "operation_count" "operation_counts" "";
    /// A fault that a machine's sensors show.
    41 MachineFault Public "FLT" "machine_fault" "machine_faults" "";
    /// A tool that operations hold while they run.
    50 Tool Public "TOOL" "tool" "tools" "tool_code";
    /// Material that is on its way.
    51 ExpectedReceipt Public "XRC" "expected_receipt" "expected_receipts" "";
    /// A pin: an operation that stays where it is planned.
    52 PlanPin Public "PIN" "plan_pin" "plan_pins" "";
    /// A frozen zone: how far ahead only people move what is planned.
    53 FrozenZone Public "FRZ" "frozen_zone" "frozen_zones" "";
    /// How plans treat the operations of a work center.
    54 PlanningRule Public "PLR" "planning_rule" "planning_rules" "";
    /// A tablet or a panel on the floor where people sign on by badge.
    60 Terminal Public "TERM" "terminal" "terminals" "terminal_name";
    /// A badge: which employee shows it, and as whom they act.
    61 Badge Public "BDG" "badge" "badges" "badge_number";
    /// An act that was done at a terminal and refused when it arrived.
    62 RefusedAct Public "REF" "refused_act" "refused_acts" "";
    /// A report that the plant makes by itself: which, how often, in which form, for whom.
    63 ReportSchedule Public "RPS" "report_schedule" "report_schedules" "schedule_code";
}

impl Noun {
    /// Nouns that people make directly, in the order in which they refer to each other; all others follow from acts.
    pub const MADE_BY_PEOPLE: &'static [Self] = &[
        Self::Factory,
        Self::ProductionLine,
        Self::Machine,
        Self::Shift,
        Self::WorkCenter,
        Self::Sensor,
        Self::Employee,
        Self::CalendarException,
        Self::Customer,
        Self::Supplier,
        Self::Material,
        Self::Product,
        Self::BillOfMaterial,
        Self::Routing,
        Self::LineProductMapping,
        Self::CustomerProductMapping,
        Self::Connector,
        Self::MachineSignal,
        Self::Tool,
        Self::ExpectedReceipt,
        Self::PlanningRule,
        Self::ReportSchedule,
        Self::WorkOrder,
    ];

    /// The noun of a code byte.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|noun| noun.code() == code)
    }

    /// The noun of a plural, with dashes or underscores; `departments` and `sites` are known as well.
    pub fn from_plural(plural: &str) -> Option<Self> {
        let plural = plural.replace('-', "_");
        match plural.as_str() {
            "departments" => Some(Self::ProductionLine),
            "sites" => Some(Self::Factory),
            other => Self::ALL.iter().copied().find(|noun| noun.plural() == other),
        }
    }

    /// The plural as URLs spell it.
    pub fn kebab(self) -> String {
        self.plural().replace('_', "-")
    }

    /// The text of an id.
    pub fn id_text(self, number: u64) -> String {
        format!("{}-{number:06}", self.prefix())
    }

    /// The number in an id's text, if it is one of this noun.
    pub fn number_of(self, text: &str) -> Option<u64> {
        let digits = text.strip_prefix(self.prefix())?.strip_prefix('-')?;
        (digits.len() >= 6 && digits.len() <= 19 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
    }
}
