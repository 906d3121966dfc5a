//! Floor 5: reports and documents. A report is one plain value, made from a snapshot, that becomes JSON,
//! CSV, a workbook or pages; labels become ZPL, SVG or pages. Deliberately without figures of its own: what is
//! counted comes from `kpi` and `views`, and nothing is sent or printed here.

pub mod badges;
pub mod barcode;
pub mod batch_record;
mod deliveries;
pub mod due;
mod json;
pub mod label;
pub mod lot;
mod names;
mod pdf;
pub mod recall;
pub mod report;
mod separated;
pub mod shift;
pub mod success;
pub mod traveller;
mod workbook;

pub use label::Label;
pub use report::{Form, Report};
