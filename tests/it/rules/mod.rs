//! What the rules accept and refuse, noun by noun.

mod genealogy;
mod import;
mod labor;
mod master;
mod material;
mod operation;
mod permission;
mod personal;
mod shipment;
mod user;
mod work_order;
