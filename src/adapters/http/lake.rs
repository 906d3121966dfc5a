//! The lake over HTTP: brought up to date when asked, then read file by file, as its manifest names them.
//! A role has the tables that it may read by SQL; the journal, of which SQL shows a role its part, only
//! whoever may read all of it.

use std::path::Path;
use std::sync::Arc;

use axum::http::header;

use super::Service;
use super::call::Call;
use super::files::streamed;
use super::reply::Reply;
use crate::base::{Code, Refusal};
use crate::followers::lake::Lake;
use crate::lake::{files_named, manifest_in};
use crate::model::permission::{Role, may};
use crate::query::act_of;
use crate::views;

const JOURNAL: &str = "journal";

fn lake(service: &Service) -> Result<&Arc<Lake>, Refusal> {
    service.lake.as_ref().ok_or_else(|| Refusal::new(Code::Unavailable, "this server keeps no lake: start it without `--lake off`, or write one with `millwright export`"))
}

pub(super) async fn make(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let lake = Arc::clone(lake(&service)?);
    let (manifest, _) = tokio::task::spawn_blocking(move || lake.refresh()).await.map_err(|_| Refusal::new(Code::Internal, "the export ended early"))??;
    Ok(Reply::json(201, seen(manifest.to_json().as_bytes(), call.role())?))
}

/// Whether a role may have a table with all its rows.
fn may_have(role: Role, table: &str) -> bool {
    act_of(table).is_some_and(|act| may(role, act)) && (table != JOURNAL || views::changes::sees_all(role))
}

/// A manifest with the tables that a role may have, and the names of those that were left out.
fn seen(manifest: &[u8], role: Role) -> Result<String, Refusal> {
    let unread = |error: serde_json::Error| Refusal::new(Code::Internal, format!("the lake's manifest cannot be read: {error}"));
    let mut told: serde_json::Value = serde_json::from_slice(manifest).map_err(unread)?;
    let mut left_out = Vec::new();
    if let Some(tables) = told["tables"].as_array_mut() {
        tables.retain(|table| {
            let is_seen = table["table"].as_str().is_some_and(|name| may_have(role, name));
            if !is_seen {
                left_out.push(table["table"].clone());
            }
            is_seen
        });
    }
    if left_out.is_empty() {
        return Ok(String::from_utf8_lossy(manifest).into_owned());
    }
    told["left_out"] = left_out.into();
    Ok(told.to_string())
}

/// The plant's name and its manifest.
fn manifest(service: &Service) -> Result<(String, Vec<u8>), Refusal> {
    let plant = service.engine.read(views::plant)??.plant_name;
    let bytes = manifest_in(lake(service)?.folder(), &plant)?;
    let bytes = bytes.ok_or_else(|| Refusal::new(Code::NotFound, "there is no lake yet; make it with POST /api/v1/lake"))?;
    Ok((plant, bytes))
}

/// The entry up to which it was last written; `None` where it is not, or not readable.
pub(super) fn written_seq(service: &Service) -> Option<u64> {
    let (_, bytes) = manifest(service).ok()?;
    serde_json::from_slice::<serde_json::Value>(&bytes).ok()?["head"]["seq"].as_u64()
}

pub(super) async fn get(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let (_, bytes) = manifest(&service)?;
    Ok(Reply::json(200, seen(&bytes, call.role())?))
}

pub(super) async fn file(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let (plant, bytes) = manifest(&service)?;
    let asked = call.param("path")?;
    // Only what the manifest names: no path leads elsewhere.
    let named = files_named(&bytes, &plant)?.into_iter().find(|path| path == Path::new(asked));
    let table = asked.split('/').next().unwrap_or_default();
    if named.is_some() && !may_have(call.role(), table) {
        return Err(Refusal::new(Code::Forbidden, format!("the role {} may not read all of {table}; ask somebody whose role may", call.role())));
    }
    let path = lake(&service)?.folder().join(named.ok_or_else(|| Refusal::new(Code::NotFound, "the lake's manifest names no such file; GET /api/v1/lake lists them"))?);
    let opened = tokio::task::spawn_blocking(move || std::fs::File::open(path).and_then(|file| Ok((file.metadata()?.len(), file))));
    let opened = opened.await.map_err(|_| Refusal::new(Code::Internal, "the file could not be opened"))?;
    let (length, file) = opened.map_err(|error| Refusal::new(Code::Unavailable, format!("the file cannot be read: {error}; the lake may just be made anew, ask again")))?;
    Ok(Reply::of(200, "application/vnd.apache.parquet", streamed(file)).with(header::CONTENT_LENGTH, length.to_string()))
}
