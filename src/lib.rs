//! Millwright keeps a small plant's orders, lots and journal in one file, what its machines tell in another, and proves both.
//!
//! The house has floors; imports only go down, and `tests/it/architecture.rs` keeps it so.
//!
//! | floor | room | what for |
//! | --- | --- | --- |
//! | 0 | [`base`] | exact numbers, times, checked text, digests, refusal codes, bounds |
//! | 1 | [`model`] | the plant's nouns, commands, journal entries; the table of permissions |
//! | 2 | [`store`] | redb, and only here: tables, drafts, snapshots, genealogy, verify, archive |
//! | 2 | [`lake`] | arrow and Parquet, and only here: the published tables, files of them, manifests |
//! | 2 | [`search`] | tantivy, and only here: records in, ids out; made anew from the plant at any time |
//! | 2 | [`kpi`] | ISO 22400 elements and indicators from facts in memory; pure arithmetic |
//! | 2 | [`scheduling`] | finite-capacity engine: problem in, plan out; pure, seeded, bounded |
//! | 3 | [`rules`] | what each command does to a draft; permission is decided here |
//! | 4 | [`engine`] | submit, read, head: the one writer, timers, followers |
//! | 5 | [`telemetry`] | the second lane: samples of machines checked, made durable in blocks, sealed by the hour, rolled up |
//! | 5 | [`views`] | answers: lists, history, change feed, trace, the plant at a glance |
//! | 5 | [`planning`] | the plant as a problem for the engine; drafts of plans, their difference and their story |
//! | 5 | [`bodies`] | shapes: JSON of records, views, entries, problems; cells and JSON to values; line protocol to samples; schemas |
//! | 5 | [`reports`] | success metrics, hand-over of a shift, traveller, recall and labels: one shape, as JSON, CSV, workbook, pages |
//! | 5 | [`accounts`] | who is at the door: verifiers, sessions, tokens, throttle |
//! | 5 | [`trust`] | TLS of our own: the plant's authority and its certificate, or given files; every door that speaks TLS is made here |
//! | 5 | [`followers`] | whoever reads the journal from a cursor of its own: roots of days, the search index, facts of figures, Parquet; stops, counts and faults from what machines tell; a repaired plan when the floor changes |
//! | 6 | [`query`] | SQL over the published tables: DataFusion, and only here; reading only, bounded, on threads of its own |
//! | 7 | [`adapters`] | strangers are translated: `http`, `sql` (PostgreSQL's wire), `exchange` (CSV, XLSX, other systems' logs), `mail` (SMTP), `mtconnect` (agents, SHDR), `mqtt` (brokers, Sparkplug B, the plant's own broker), `opcua` (machines' own servers), `printing` (label printers), `s3` (the lake's copy in a bucket) |
//! | 7 | [`simulator`] | the plant that behaves: history and live, through the same commands as a person |
//! | 8 | [`app`] | the command line, configuration, start and stop order, the connections to machines |
//!
//! Start reading at [`model::command`] (what may be asked), then [`rules`] (what it does), then
//! [`engine`] (how it becomes durable). One request's way through the house: `adapters/http/acts`
//! reads a body with `bodies/read` into a [`model::Command`]; `engine/writer` runs it on a
//! `store/draft` through [`rules::apply`], lays what was accepted into one transaction and answers
//! after the commit; `views` and `bodies/record` show the record.
//!
//! Invariants:
//! - one writer; an answer is sent only after the durable commit;
//! - a refused command leaves no trace;
//! - current records are the newest values of history, and the journal names every one of them;
//! - stock is the sum of movements, and every movement goes through one door (`rules/material.rs`);
//! - rules know no clock, no disk and no random number;
//! - a noun is declared once (`model`): columns, indexes, JSON, schema, import and filters follow.

pub mod accounts;
pub mod adapters;
pub mod app;
pub mod base;
pub mod bodies;
pub mod engine;
pub mod followers;
pub mod kpi;
pub mod lake;
pub mod model;
pub mod planning;
pub mod query;
pub mod reports;
pub mod rules;
pub mod scheduling;
pub mod search;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod trust;
pub mod views;
