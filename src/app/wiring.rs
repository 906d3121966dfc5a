//! Putting the rooms together: a store under an engine, and what serves it.

use std::path::Path;
use std::sync::Arc;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::adapters::exchange::{self, Kind, Request};
use crate::adapters::http::{Import, ImportCall};
use crate::base::{Code, Refusal};
use crate::engine::{Engine, Options};
use crate::store::{Home, Store};

/// Where the search index lies in the data directory.
pub(super) const SEARCH_FOLDER: &str = "search";

/// Opens the plant of an existing data directory.
pub(super) fn open(data: &Path, timers: bool) -> Result<Engine, Refusal> {
    start(Home::existing(data)?, timers)
}

/// Opens the plant of a data directory, or makes one.
pub(super) fn open_or_make(data: &Path, timers: bool) -> Result<Engine, Refusal> {
    start(Home::existing_or_new(data)?, timers)
}

fn start(home: Home, timers: bool) -> Result<Engine, Refusal> {
    Ok(Engine::start(Store::open(home)?, Options { timers, ..Options::default() })?)
}

/// The recorder behind `/metrics`.
pub(super) fn metrics() -> Result<Arc<dyn Fn() -> String + Send + Sync>, Refusal> {
    let recorder = PrometheusBuilder::new().set_buckets(&[0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0]);
    let recorder = recorder.and_then(PrometheusBuilder::install_recorder);
    let handle: PrometheusHandle = recorder.map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    Ok(Arc::new(move || {
        handle.run_upkeep();
        handle.render()
    }))
}

/// How HTTP brings files in.
pub(super) fn import(engine: &Engine) -> Import {
    let engine = engine.clone();
    Arc::new(move |call: ImportCall, progress: &mut dyn FnMut(u64, u64)| bring_in(&engine, call, progress).map(|report| report.0))
}

/// Brings a file in; answers the report and whether every row was taken.
pub(super) fn bring_in(engine: &Engine, call: ImportCall, progress: &mut dyn FnMut(u64, u64)) -> Result<(String, bool), Refusal> {
    let known: Vec<String> = Kind::all().map(|kind| kind.word()).collect();
    let kind = Kind::from_word(&call.kind)
        .ok_or_else(|| Refusal::field(Code::NotFound, "kind", format!("{} is nothing that can be brought in; there are {}", call.kind, known.join(", "))))?;
    let request = Request { kind, file_name: &call.file_name, bytes: &call.bytes, map: call.map.as_deref(), dry_run: call.dry_run, actor: call.actor };
    let report = exchange::import(engine, &request, progress)?;
    Ok((report.to_value().to_json(), report.refused == 0))
}
