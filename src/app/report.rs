//! Reports on the command line: from a data directory or from a running plant, into a file or standard output.

use super::arguments::{Place, Report as Asked};
use super::online::{ask_bytes, with_engine};
use super::output::Output;
use crate::adapters::http::client::{Method, escape};
use crate::base::{Code, Digest, Refusal, Value};
use crate::engine::Engine;
use crate::followers::figures;
use crate::reports::{Form, shift, success};
use crate::views;

pub(super) fn run(place: &Place, it: &Asked, output: &Output) -> Result<u8, Refusal> {
    let form = Form::from_word(&it.format).ok_or_else(|| Refusal::invalid("format", format!("must be one of {}", Form::WORDS.join(", "))))?;
    if it.out.is_none() && matches!(form, Form::Pdf | Form::Xlsx) {
        return Err(Refusal::invalid("out", format!("a {form} goes into a file: name it with --out")));
    }
    let bytes = if place.url.is_some() { ask_bytes(place, Method::GET, &address(it), "", Vec::new())? } else { with_engine(place, |engine| made(engine, it, form))? };
    let Some(out) = &it.out else {
        output.data(String::from_utf8_lossy(&bytes).trim_end());
        return Ok(0);
    };
    std::fs::write(out, &bytes).map_err(|error| Refusal::new(Code::Unavailable, format!("{} cannot be written: {error}", out.display())))?;
    let digest = Digest::of(&bytes).to_string();
    let json = Value::Object(vec![
        ("file", Value::Text(out.display().to_string())),
        ("bytes", Value::Int(i64::try_from(bytes.len()).unwrap_or(i64::MAX))),
        ("sha256", Value::Text(digest)),
    ]);
    output.answer(&json.to_json(), || format!("{} ({} bytes)", out.display(), bytes.len()));
    Ok(0)
}

fn address(it: &Asked) -> String {
    let told = [("from", &it.from), ("to", &it.to), ("shift_id", &it.shift), ("day", &it.day), ("department", &it.department)];
    let told = told.into_iter().filter_map(|(name, told)| Some(format!("&{name}={}", escape(told.as_deref()?))));
    format!("/api/v1/reports/{}?format={}{}", escape(&it.name), escape(&it.format), told.collect::<String>())
}

fn made(engine: &Engine, it: &Asked, form: Form) -> Result<Vec<u8>, Refusal> {
    let (facts, now) = (figures::gather(engine)?, engine.plant_now());
    let report = if it.name == "success" {
        let moment = |name, told: &Option<String>| told.as_deref().map(|text| views::kpi::moment(name, text, &facts.zone)).transpose();
        let asked = success::Asked { from: moment("from", &it.from)?, to: moment("to", &it.to)? };
        engine.read(|snapshot| success::report(snapshot, &facts, &asked, now))??
    } else {
        let day = it.day.as_deref().map(|text| text.parse().map_err(|_| Refusal::invalid("day", "must be a day such as 2026-03-31"))).transpose()?;
        let asked = shift::Asked { shift: it.shift.clone(), day, department: it.department.clone() };
        engine.read(|snapshot| shift::report(snapshot, &facts, &asked, now))??
    };
    report.bytes(form)
}
