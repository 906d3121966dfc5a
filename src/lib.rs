//! Millwright keeps a small plant's orders, lots and journal in one file and proves it.
//!
//! The house has floors; imports only go down, and `tests/it/architecture.rs` keeps it so.
//!
//! | floor | room | what for |
//! | --- | --- | --- |
//! | 0 | [`base`] | exact numbers, times, checked text, digests, refusal codes, bounds |
//! | 1 | [`model`] | the plant's nouns, commands, journal entries; the table of permissions |
//! | 2 | [`store`] | redb, and only here: tables, drafts, snapshots, genealogy, verify, archive |
//! | 3 | [`rules`] | what each command does to a draft; permission is decided here |
//! | 4 | [`engine`] | submit, read, head: the one writer, timers, followers |
//! | 7 | [`adapters`] | strangers, translated: CSV and XLSX come in through [`adapters::exchange`] |
//!
//! Start reading at [`model::command`] (what may be asked), then [`rules`] (what it does), then
//! [`engine`] (how it becomes durable).
//!
//! Invariants:
//! - one writer; an answer is sent only after the durable commit;
//! - a refused command leaves no trace;
//! - current records are the newest values of history, and the journal names every one of them;
//! - stock is the sum of movements, and every movement goes through one door (`rules/material.rs`);
//! - rules know no clock, no disk and no random number.

pub mod adapters;
pub mod base;
pub mod bodies;
pub mod engine;
pub mod model;
pub mod rules;
pub mod store;
pub mod views;
