//! Exports for other tools, from the data directory. Deliberately not over `--url`: the files would
//! land on the server's disk, not where they were asked for.

use super::arguments::{Export, ExportAction, Place};
use super::output::Output;
use super::wiring;
use crate::base::{Code, Refusal, Value};
use crate::followers::lake;
use crate::lake::Manifest;

const OF_A_RUNNING_PLANT: &str = "an export reads the data directory itself; of a running plant take a `millwright backup`, `millwright restore` it and export that";

pub(super) fn run(place: &Place, it: &Export, output: &Output) -> Result<u8, Refusal> {
    let ExportAction::Parquet { out } = &it.action;
    if place.url.is_some() {
        return Err(Refusal::invalid("url", OF_A_RUNNING_PLANT));
    }
    let engine = wiring::open(&place.data()?, false).map_err(|refusal| if refusal.code == Code::Locked { Refusal::new(Code::Locked, OF_A_RUNNING_PLANT) } else { refusal })?;
    let bar = output.progress("exporting");
    let exported = lake::export(&engine, out, &mut |done, total| bar.at(done, total));
    bar.finish();
    engine.stop();
    let (manifest, path) = exported?;
    let path = path.display().to_string();
    output.answer(&json(&manifest, &path), || text(&manifest, &path));
    Ok(0)
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
