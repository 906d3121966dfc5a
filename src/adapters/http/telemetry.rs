//! Telemetry over HTTP: samples in as JSON, and every answer about them in the form that was asked
//! for. What a question may cost is bounded in `views`; nothing is decided here.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{self, HeaderName};

use super::Service;
use super::call::Call;
use super::reads::aside;
use super::reply::Reply;
use crate::base::{Refusal, limits};
use crate::bodies::telemetry as shapes;
use crate::lake::Form;
use crate::model::Machine;
use crate::telemetry::{Batch, Identity, Speaker, Window};
use crate::views;
use crate::views::telemetry::{Ask, Figure};

/// Whom counts and quarantine name.
pub(super) const SOURCE: &str = "http";
const QUARANTINED: HeaderName = HeaderName::from_static("millwright-quarantined");
const CUT: HeaderName = HeaderName::from_static("millwright-cut");
/// How far back a question goes that does not say it.
const ASKED_BACK: std::time::Duration = std::time::Duration::from_secs(86_400);

pub(super) fn window(call: &Call) -> Result<Window, Refusal> {
    match call.asked("history") {
        None | Some("false") => Ok(Window::Live),
        Some("true") => Ok(Window::History),
        Some(_) => Err(Refusal::invalid("history", "history must be true or false")),
    }
}

/// For whom the caller speaks: a log-in that is called as a machine is, is that machine, as at the plant's own broker.
pub(super) fn speaker(service: &Service, call: &Call) -> Result<Speaker, Refusal> {
    let actor = call.actor()?;
    Ok(if service.accounts.is_machine(&actor.name) { Speaker::ForItself(actor.name) } else { Speaker::ForAll })
}

/// Says how many samples were put into quarantine, where any were.
pub(super) fn quarantined(reply: Reply, count: u64) -> Reply {
    if count > 0 { reply.with(QUARANTINED, count.to_string()) } else { reply }
}

pub(super) async fn write(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&["history"])?;
    let window = window(&call)?;
    let body = call.json().await?;
    let (intake, speaker) = (service.lane()?.intake(), speaker(&service, &call)?);
    let mut faults = shapes::Faults::default();
    let naming = |identity: Identity<'_>| speaker.may_tell_of(identity.machine).and_then(|()| intake.series(identity));
    let samples = shapes::samples(&body, intake.now(), &naming, &mut faults)?;
    let receipt = intake.put(Batch { source: SOURCE.to_owned(), window, samples, ..Batch::default() }).await?;
    let reply =
        if faults.is_empty() { Reply::json(200, shapes::receipt(receipt)) } else { Reply::of(422, "application/problem+json", Body::from(shapes::bad_samples(&faults, receipt))) };
    Ok(quarantined(reply, receipt.quarantined))
}

pub(super) async fn series(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["machine", "metric"])?;
    let json = aside(move || {
        let metrics = views::telemetry::metrics(call.asked("metric").unwrap_or_default());
        let machines: BTreeSet<String> = service.engine.read(views::floor::all::<Machine>)??.iter().map(views::machine::name_of).collect();
        Ok(shapes::series(&views::telemetry::series(service.lane()?, call.asked("machine"), &metrics), |machine| machines.contains(machine)))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn last(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["machine"])?;
    let lane = service.lane()?;
    // From memory: cheaper here than to hand it on.
    Ok(Reply::json(200, shapes::last(&lane.series(), &lane.last(), call.asked("machine"))))
}

pub(super) async fn query(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["machine", "metric", "from", "to", "step", "agg", "limit"])?;
    let (ask, form) = (ask(&service, &call)?, form(&call));
    let figures = call.asked("agg").map_or(Ok(Figure::DEFAULT.to_vec()), views::telemetry::figures)?;
    let (bytes, is_cut) = aside(move || written(service.lane()?, &ask, &figures, form)).await?;
    let reply = Reply::of(200, form.content_type(), Body::from(bytes)).with(header::VARY, "accept");
    Ok(if is_cut { reply.with(CUT, "true") } else { reply })
}

fn ask(service: &Service, call: &Call) -> Result<Ask, Refusal> {
    let plant = service.engine.read(views::plant)??;
    let zone = crate::base::time::zone(&plant.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let moment = |name: &'static str| call.asked(name).map(|text| views::kpi::moment(name, text, &zone)).transpose();
    let to = moment("to")?.unwrap_or_else(|| service.engine.plant_now());
    Ok(Ask {
        machine: call.asked("machine").map(str::to_owned),
        metrics: views::telemetry::metrics(call.asked("metric").unwrap_or_default()),
        from: moment("from")?.unwrap_or_else(|| to.minus(ASKED_BACK)),
        to,
        step: call.asked("step").map(views::telemetry::step).transpose()?,
        limit: call.count("limit", limits::QUERY_SAMPLES_DEFAULT, limits::QUERY_SAMPLES_MAX)?,
    })
}

/// In which form an answer goes out.
#[derive(Clone, Copy)]
enum Shape {
    Json,
    Csv,
    Columns(Form),
}

const SHAPES: [(&str, Shape); 4] = [
    ("application/json", Shape::Json),
    ("text/csv", Shape::Csv),
    ("application/vnd.apache.arrow.stream", Shape::Columns(Form::ArrowStream)),
    ("application/vnd.apache.parquet", Shape::Columns(Form::Parquet)),
];

impl Shape {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Columns(Form::ArrowStream) => "application/vnd.apache.arrow.stream",
            Self::Columns(Form::Parquet) => "application/vnd.apache.parquet",
        }
    }
}

/// The first form that is asked for and known; JSON where there is none.
fn form(call: &Call) -> Shape {
    let asked = call.header(header::ACCEPT.as_str()).unwrap_or_default();
    let mut kinds = asked.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.find_map(|kind| SHAPES.iter().find(|(known, _)| kind.eq_ignore_ascii_case(known))).map_or(Shape::Json, |(_, shape)| *shape)
}

fn written(lane: &crate::telemetry::Lane, ask: &Ask, figures: &[Figure], shape: Shape) -> Result<(Vec<u8>, bool), Refusal> {
    match shape {
        Shape::Json => shapes::json(lane, ask, figures).map(|(json, is_cut)| (json.into_bytes(), is_cut)),
        Shape::Csv => shapes::columns(lane, ask, figures).map(|(columns, is_cut)| (shapes::csv(&columns).into_bytes(), is_cut)),
        Shape::Columns(form) => {
            let (columns, is_cut) = shapes::columns(lane, ask, figures)?;
            Ok((form.bytes(columns)?, is_cut))
        }
    }
}

fn newest(call: &Call) -> Result<usize, Refusal> {
    call.only(&["limit"])?;
    call.count("limit", limits::PAGE_DEFAULT, limits::PAGE_MAX)
}

pub(super) async fn gaps(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    let limit = newest(&call)?;
    Ok(Reply::json(200, aside(move || Ok(shapes::gaps(&service.lane()?.gaps(limit)?))).await?))
}

pub(super) async fn quarantine(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    let limit = newest(&call)?;
    Ok(Reply::json(200, aside(move || Ok(shapes::quarantine(&service.lane()?.quarantined(limit)?))).await?))
}
