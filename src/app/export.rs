//! Exports for other tools, from a data directory or from a running plant.

use std::path::Path;

use super::arguments::{Export, ExportAction, Place};
use super::online::ask_bytes;
use super::output::Output;
use super::wiring;
use crate::adapters::http::client::{Method, escape};
use crate::base::{Code, Digest, Refusal, Value};
use crate::followers::lake;
use crate::lake::{Manifest, files_named, manifest_name};
use crate::telemetry::Lane;

pub(super) fn run(place: &Place, it: &Export, output: &Output) -> Result<u8, Refusal> {
    let ExportAction::Parquet { out } = &it.action;
    if place.url.is_some() {
        return fetch(place, out, output);
    }
    let locked = |refusal: Refusal| match refusal.code {
        Code::Locked => Refusal::new(Code::Locked, "this plant is running: export it with --url and --token"),
        _ => refusal,
    };
    let engine = wiring::open(&place.data()?, false).map_err(locked)?;
    let lane = Lane::start(&engine)?;
    let bar = output.progress("exporting");
    let exported = lake::export(&engine, Some(&lane), out, &mut |done, total| bar.at(done, total));
    bar.finish();
    lane.stop();
    engine.stop();
    let (manifest, path) = exported?;
    let path = path.display().to_string();
    output.answer(&json(&manifest, &path), || text(&manifest, &path));
    Ok(0)
}

/// Lets a running plant write its lake, then brings the files here, each proved by its hash.
fn fetch(place: &Place, out: &Path, output: &Output) -> Result<u8, Refusal> {
    if std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Refusal::invalid("out", format!("{} is not empty; name a new or empty folder", out.display())));
    }
    let body = ask_bytes(place, Method::POST, "/api/v1/lake", "", Vec::new())?;
    let manifest: serde_json::Value = serde_json::from_slice(&body).map_err(|error| Refusal::new(Code::BadData, format!("the manifest does not read: {error}")))?;
    let plant = manifest["plant"].as_str().unwrap_or_default();
    let tables = manifest["tables"].as_array().cloned().unwrap_or_default();
    let hashes: Vec<&str> = tables.iter().flat_map(|table| table["files"].as_array().into_iter().flatten()).filter_map(|file| file["sha256"].as_str()).collect();
    let paths = files_named(&body, plant)?;
    let bar = output.progress("fetching");
    for (at, (path, hash)) in paths.iter().zip(&hashes).enumerate() {
        let bytes = ask_bytes(place, Method::GET, &format!("/api/v1/lake/files/{}", address(path)), "", Vec::new())?;
        if Digest::of(&bytes).to_string() != **hash {
            return Err(Refusal::new(Code::BadData, format!("{} did not arrive as its manifest says; the lake may have been made anew meanwhile, ask again", path.display())));
        }
        let target = out.join(path);
        let made =
            target.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|error| Refusal::new(Code::Unavailable, format!("{} cannot be made: {error}", target.display())));
        made?;
        crate::store::home::write_synced(&target, &bytes)?;
        bar.at(at as u64 + 1, paths.len() as u64);
    }
    bar.finish();
    let named = out.join(manifest_name(plant));
    crate::store::home::write_synced(&named, &body)?;
    let rows = tables.iter().map(|table| format!("{:<24} {:>12}", table["table"].as_str().unwrap_or_default(), table["rows"]));
    let left_out: Vec<&str> = manifest["left_out"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    let left_out = (!left_out.is_empty()).then(|| format!("left out, since the token's role may not read them: {}", left_out.join(", ")));
    let last = format!("{plant} as of entry {}; {} names every file", manifest["head"]["seq"], named.display());
    let lines = [format!("{:<24} {:>12}", "table", "rows")].into_iter().chain(rows).chain(left_out).chain([last]);
    output.answer(&String::from_utf8_lossy(&body), || lines.collect::<Vec<_>>().join("\n"));
    Ok(0)
}

/// A path below the lake, written for an address.
fn address(path: &Path) -> String {
    path.iter().map(|part| escape(&part.to_string_lossy())).collect::<Vec<_>>().join("/")
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn json(manifest: &Manifest, path: &str) -> String {
    let tables = manifest.tables.iter().map(|table| {
        let fields =
            vec![("table", Value::Text(table.table.to_owned())), ("rows", count(table.rows())), ("files", count(table.files.len() as u64)), ("bytes", count(table.bytes()))];
        Value::Object(fields)
    });
    let head = Value::Object(vec![("seq", count(manifest.seq)), ("hash", Value::Text(manifest.hash.to_string()))]);
    let fields = vec![("plant", Value::Text(manifest.plant.clone())), ("head", head), ("manifest", Value::Text(path.to_owned())), ("tables", Value::List(tables.collect()))];
    Value::Object(fields).to_json()
}

fn text(manifest: &Manifest, path: &str) -> String {
    let mut lines = vec![format!("{:<24} {:>12} {:>7} {:>14}", "table", "rows", "files", "bytes")];
    lines.extend(manifest.tables.iter().map(|table| format!("{:<24} {:>12} {:>7} {:>14}", table.table, table.rows(), table.files.len(), table.bytes())));
    lines.push(format!("{} as of entry {}; {path} names every file", manifest.plant, manifest.seq));
    lines.join("\n")
}
