//! What the rules accept and refuse, noun by noun.

mod batch_record;
mod downtime;
mod genealogy;
mod import;
mod labor;
mod machine;
mod master;
mod material;
mod operation;
mod permission;
mod personal;
mod quality;
mod schedule;
mod shipment;
mod user;
mod work_order;
