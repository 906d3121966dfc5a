//! What the rules accept and refuse, noun by noun.

mod genealogy;
mod labor;
mod material;
mod operation;
mod permission;
mod shipment;
mod user;
mod work_order;
