//! Commands that need the data directory for themselves: init, verify, rebuild, restore.

use std::io::BufRead as _;

use super::arguments::{Init, Place, Restore, Verify, alone};
use super::output::Output;
use super::{founding, wiring};
use crate::adapters::http::client::{Method, escape};
use crate::base::{Code, Refusal, Value};
use crate::bodies::read;
use crate::model::permission::Role;
use crate::store::{Home, Store, archive, verify as proof};
use crate::telemetry;

/// A secret from standard input: never from the command line, which every process list shows.
pub(super) fn read_password() -> Result<String, Refusal> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| Refusal::new(Code::Invalid, format!("the password cannot be read: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() { Err(Refusal::new(Code::Invalid, "give the password on standard input, one line")) } else { Ok(password) }
}

pub(super) fn init(place: &Place, it: &Init, output: &Output) -> Result<u8, Refusal> {
    let data = place.data()?;
    if crate::base::time::zone(&it.timezone).is_none() {
        return Err(Refusal::invalid("timezone", format!("{} is no IANA zone such as Europe/Berlin", it.timezone)));
    }
    let password = read_password()?;
    crate::accounts::verifier::check_strength(&password)?;
    let engine = wiring::open_or_make(&data, false)?;
    let founded = founding::found(&engine, founding::Moment::NOW, &it.name, &it.timezone, false)
        .and_then(|()| founding::add_user(&engine, founding::Moment::NOW, &it.admin, Role::Admin, &password));
    engine.stop();
    founded?;
    let json = Value::Object(vec![("data", Value::Text(data.display().to_string())), ("plant_name", Value::Text(it.name.clone())), ("admin", Value::Text(it.admin.clone()))]);
    output.answer(&json.to_json(), || format!("{} is founded in {}; serve it with `millwright serve --data {}`", it.name, data.display(), data.display()));
    Ok(0)
}

pub(super) fn verify(place: &Place, it: &Verify, output: &Output) -> Result<u8, Refusal> {
    let head = it.head.as_deref().map(read::head).transpose()?;
    if place.url.is_some() {
        let query = it.head.as_deref().map_or(String::new(), |head| format!("?head={}", escape(head)));
        let json = super::online::ask(place, Method::GET, &format!("/api/v1/verify{query}"), "", Vec::new())?;
        return Ok(verified(&json, output));
    }
    let store = Store::open(Home::existing(&place.data()?)?)?;
    let bar = output.progress("verifying");
    let mut report = proof::verify(&store, head, &mut |done, total| bar.at(done, total))?;
    telemetry::prove(&store, &mut report)?;
    bar.finish();
    Ok(verified(&report.to_value().to_json(), output))
}

/// Shows what was proved; the same for a data directory and for a running plant.
fn verified(json: &str, output: &Output) -> u8 {
    let report: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let ok = report["ok"].as_bool() == Some(true);
    output.answer(json, || report_text(&report, ok));
    if ok { 0 } else { Code::BadData.exit() }
}

fn report_text(report: &serde_json::Value, ok: bool) -> String {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let checked = report["checked"].as_object().into_iter().flatten();
    let mut lines: Vec<String> = checked.map(|(what, number)| format!("{:>12} {}", number.to_string(), what.replace('_', " "))).collect();
    lines.push(format!("head {}:{}", report["head"]["seq"], text(&report["head"]["hash"])));
    lines.extend(report["problems"].as_array().into_iter().flatten().map(|problem| format!("WRONG: {}", text(problem))));
    if report["more_problems"].as_u64().is_some_and(|more| more > 0) {
        lines.push(format!("and {} problems more", report["more_problems"]));
    }
    lines.push(if ok { "everything is as the journal says".to_owned() } else { "the plant is not what its journal says".to_owned() });
    lines.join("\n")
}

pub(super) fn rebuild(place: &Place, output: &Output) -> Result<u8, Refusal> {
    let bar = output.progress("rebuilding");
    let records = archive::rebuild(&place.data_alone("rebuild")?, &mut |done, total| bar.at(done, total)).map_err(|error| alone(error.into()))?;
    bar.finish();
    output.answer(&format!("{{\"records\":{records}}}"), || format!("{records} records were made anew from history; `millwright verify` proves them"));
    Ok(0)
}

pub(super) fn restore(place: &Place, it: &Restore, output: &Output) -> Result<u8, Refusal> {
    let data = place.data_alone("restore")?;
    let bar = output.progress("restoring");
    let summary = archive::restore(&it.file, &data, &mut |done, total| bar.at(done, total)).map_err(|error| alone(error.into()))?;
    bar.finish();
    output.answer(&summary_json(&summary), || format!("restored up to entry {} into {}; `millwright verify` proves it", summary.seq, data.display()));
    Ok(0)
}

/// An archive's summary as JSON.
pub(super) fn summary_json(summary: &archive::Summary) -> String {
    let count = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let head = Value::Object(vec![("seq", count(summary.seq)), ("hash", Value::Text(summary.hash.to_string()))]);
    Value::Object(vec![
        ("head", head),
        ("sha256", Value::Text(summary.digest.to_string())),
        ("bytes", count(summary.bytes)),
        ("values", count(summary.values)),
        ("files", count(summary.files)),
        ("telemetry_rows", count(summary.telemetry)),
    ])
    .to_json()
}
