//! How the server fares, for the person who looks after it: disk, memory, and how far behind the
//! journal each follower is. What is not known is null; `/metrics` has the same for machines to watch.

use std::sync::Arc;

use super::Service;
use super::call::Call;
use super::reads::aside;
use super::reply::Reply;
use crate::base::{Refusal, Value};
use crate::engine::Health;
use crate::model::JournalDay;
use crate::views;

pub(super) async fn health(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let json = aside(move || Ok(Value::Object(fields(&service)?).to_json()));
    Ok(Reply::json(200, json.await?))
}

fn fields(service: &Service) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let engine = &service.engine;
    let (ready, why) = match &*engine.health().borrow() {
        Health::Ready => (true, Value::Null),
        Health::Refusing(refusal) => (false, Value::Text(refusal.detail.clone())),
        Health::Failed(why) => (false, Value::Text(why.clone())),
    };
    let head = *engine.head().borrow();
    let (free, floor) = engine.space()?.map_or((Value::Null, Value::Null), |(free, floor)| (count(free), count(floor)));
    let telemetry =
        service.lane.as_ref().map_or(Value::Null, |lane| Value::Object(vec![("series", count(lane.series_count() as u64)), ("unsealed_samples", count(lane.unsealed() as u64))]));
    Ok(vec![
        ("ready", Value::Bool(ready)),
        ("why", why),
        ("version", Value::Text(env!("CARGO_PKG_VERSION").to_owned())),
        ("data", engine.root().map_or(Value::Null, |root| Value::Text(root.display().to_string()))),
        ("head", count(head)),
        ("plant_time", Value::Time(engine.plant_now())),
        ("disk", Value::Object(vec![("free_bytes", free), ("floor_bytes", floor), ("used_bytes", engine.root().map_or(Value::Null, |root| count(bytes_under(root))))])),
        ("memory_bytes", resident().map_or(Value::Null, count)),
        ("sealed_seq", sealed(service)?.map_or(Value::Null, Value::Int)),
        ("followers", Value::List(followers(service, head)?)),
        ("telemetry", telemetry),
        ("open_readers", count(engine.readers() as u64)),
    ])
}

/// Who follows the journal, and up to where.
fn followers(service: &Service, head: u64) -> Result<Vec<Value>, Refusal> {
    let told = |name: &str, seq: Option<u64>| {
        let (seq, behind) = seq.map_or((Value::Null, Value::Null), |seq| (count(seq), count(head.saturating_sub(seq))));
        Value::Object(vec![("name", Value::Text(name.to_owned())), ("seq", seq), ("behind", behind)])
    };
    let lake = super::lake::written_seq(service);
    let figures = service.figures.read(|facts| Ok(facts.as_of_seq)).ok();
    Ok(vec![told("search", Some(service.search.position())), told("figures", figures), told("lake", lake)])
}

/// The newest entry under the root of a sealed day.
fn sealed(service: &Service) -> Result<Option<i64>, Refusal> {
    let mut last = None;
    service.engine.read(|snapshot| {
        views::floor::newest(snapshot, |day: JournalDay| {
            last = Some(day.last_seq);
            false
        })
    })??;
    Ok(last)
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Memory that this process holds, as Linux tells it.
fn resident() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Bytes of a folder's files; what vanishes meanwhile counts as nothing. Links are not followed.
fn bytes_under(folder: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => bytes_under(&entry.path()),
            _ => entry.metadata().map_or(0, |file| file.len()),
        })
        .sum()
}
