//! Floor 5: shapes. How records, views, journal entries and refusals look as JSON, and how JSON and
//! CSV cells become field values; one place for HTTP, the command line, events and imports.

pub mod backup;
pub mod connector;
pub mod entry;
pub mod floor;
pub mod kpi;
pub mod line_protocol;
pub mod lists;
pub mod machine;
pub mod plan;
pub mod points;
pub mod problem;
pub mod qr;
pub mod read;
pub mod record;
pub mod scan;
pub mod schema;
pub mod search;
pub mod stock;
pub mod telemetry;
pub mod trace;
