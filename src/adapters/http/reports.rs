//! Reports, documents and labels over HTTP: the question is read, the form is agreed on, and what `reports`
//! makes goes out; a label goes to its printer by whoever `app` gave us for it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{self, HeaderName};
use serde_json::Value as Json;

use super::call::Call;
use super::reads::aside;
use super::reply::Reply;
use super::{PrintJob, Service};
use crate::base::{Code, Refusal, Time, Value, limits};
use crate::engine::Engine;
use crate::followers::figures::Figures;
use crate::model::machine::ConnectorProtocol;
use crate::model::plant::Status;
use crate::model::{Connector, Id, Noun, Subject};
use crate::reports::label::LabelForm;
use crate::reports::{self, Form, Label, Report};
use crate::views;

const SEQ: HeaderName = HeaderName::from_static("millwright-seq");
const DIGEST: HeaderName = HeaderName::from_static("millwright-sha256");

/// The form asked for by name, else the first accepted one that is known, else the usual one.
fn form(call: &Call, usual: Form) -> Result<Form, Refusal> {
    if let Some(word) = call.asked("format") {
        return Form::from_word(word).ok_or_else(|| Refusal::invalid("format", format!("must be one of {}", Form::WORDS.join(", "))));
    }
    let accepted = call.header(header::ACCEPT.as_str()).unwrap_or_default();
    let kinds = accepted.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let plain = |form: &&Form| form.content_type().split(';').next().unwrap_or_default();
    Ok(kinds.filter_map(|kind| Form::ALL.iter().find(|form| plain(form) == kind).copied()).next().unwrap_or(usual))
}

/// Makes a report beside the server's own threads and answers it in its form.
async fn told(form: Form, make: impl FnOnce() -> Result<Report, Refusal> + Send + 'static) -> Result<Reply, Refusal> {
    let (bytes, report) = aside(move || {
        let report = make()?;
        Ok((report.bytes(form)?, report))
    })
    .await?;
    let reply =
        Reply::of(200, form.content_type(), Body::from(bytes)).with(header::VARY, "accept").with(SEQ, report.origin.seq.to_string()).with(DIGEST, report.digest().to_string());
    Ok(if form == Form::Json { reply } else { reply.with(header::CONTENT_DISPOSITION, format!("inline; filename=\"{}\"", report.file_name(form))) })
}

/// Whoever changed something a moment ago finds it in the figures.
async fn reached(service: &Service) -> (Engine, Figures, Time) {
    let head = *service.engine.head().borrow();
    service.figures.reach(head).await;
    (service.engine.clone(), service.figures.clone(), service.engine.plant_now())
}

pub(super) async fn success(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["from", "to", "format"])?;
    let form = form(&call, Form::Json)?;
    let (engine, figures, now) = reached(&service).await;
    let asked = period(&figures, &call)?;
    told(form, move || figures.read(|facts| engine.read(|snapshot| reports::success::report(snapshot, facts, &asked, now))?)).await
}

fn period(figures: &Figures, call: &Call) -> Result<reports::success::Asked, Refusal> {
    let zone = figures.read(|facts| Ok(facts.zone.clone()))?;
    let moment = |name: &'static str| call.asked(name).map(|text| views::kpi::moment(name, text, &zone)).transpose();
    Ok(reports::success::Asked { from: moment("from")?, to: moment("to")? })
}

pub(super) async fn shift(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["shift_id", "day", "department", "format"])?;
    let (form, asked) = (form(&call, Form::Json)?, which_shift(&call)?);
    let (engine, figures, now) = reached(&service).await;
    told(form, move || figures.read(|facts| engine.read(|snapshot| reports::shift::report(snapshot, facts, &asked, now))?)).await
}

fn which_shift(call: &Call) -> Result<reports::shift::Asked, Refusal> {
    let day = call.asked("day").map(|text| text.parse().map_err(|_| Refusal::invalid("day", "must be a day such as 2026-03-31"))).transpose()?;
    let text = |name: &str| call.asked(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(reports::shift::Asked { shift: text("shift_id"), day, department: text("department") })
}

/// A document about one record.
macro_rules! documents {
    ($($(#[doc = $doc:literal])+ $handler:ident $noun:ident $make:path;)+) => { $(
        $(#[doc = $doc])+
        pub(super) async fn $handler(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
            call.only(&["format"])?;
            let (form, subject) = (form(&call, Form::Pdf)?, service.find(Noun::$noun, call.param("id")?)?);
            let (engine, now) = (service.engine.clone(), service.engine.plant_now());
            told(form, move || engine.read(|snapshot| $make(snapshot, Id::new(subject.number), now))?).await
        }
    )+ };
}

documents! {
    /// What goes round the shop with an order.
    traveller WorkOrder reports::traveller::report;
    /// What a lot is.
    lot Lot reports::lot::report;
    /// What a lot became, and who has it.
    recall Lot reports::recall::report;
    /// What happened to a batch.
    batch_record ElectronicBatchRecord reports::batch_record::report;
}

pub(super) async fn badges(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["employees", "format"])?;
    let only = call.asked("employees").map(str::to_owned);
    let (engine, now) = (service.engine.clone(), service.engine.plant_now());
    told(form(&call, Form::Pdf)?, move || engine.read(|snapshot| reports::badges::report(snapshot, only.as_deref(), now))?).await
}

fn label_of(engine: &Engine, subject: Subject, now: Time) -> Result<Label, Refusal> {
    engine.read(|snapshot| match subject.noun {
        Noun::Lot => Label::of_lot(snapshot, Id::new(subject.number), now),
        Noun::WorkOrder => Label::of_order(snapshot, Id::new(subject.number), now),
        Noun::Shipment => Label::of_shipment(snapshot, Id::new(subject.number), now),
        other => Err(Refusal::new(Code::Invalid, format!("{} have no labels; lots, work_orders and shipments have", other.plural()))),
    })?
}

async fn label(service: Arc<Service>, noun: Noun, call: Call) -> Result<Reply, Refusal> {
    call.only(&["format", "copies"])?;
    let form = LabelForm::from_word(call.asked("format").unwrap_or("pdf")).ok_or_else(|| Refusal::invalid("format", "must be zpl, pdf or svg"))?;
    let copies = call.number("copies", 1, limits::LABEL_COPIES_MAX)?;
    let subject = service.find(noun, call.param("id")?)?;
    let (engine, now) = (service.engine.clone(), service.engine.plant_now());
    let bytes = aside(move || label_of(&engine, subject, now)?.bytes(form, copies.max(1))).await?;
    Ok(Reply::of(200, form.content_type(), Body::from(bytes)))
}

pub(super) async fn lot_label(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    label(service, Noun::Lot, call).await
}

pub(super) async fn order_label(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    label(service, Noun::WorkOrder, call).await
}

pub(super) async fn shipment_label(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    label(service, Noun::Shipment, call).await
}

/// Sends a label to a printer; what was answered is that the printer took it, not that it printed.
pub(super) async fn print(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let mut text = |name: &str| match body.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::invalid(name, format!("{name} must be a text"))),
    };
    let (printer, subject) = (text("printer")?, text("subject")?);
    let copies = match body.remove("copies") {
        None | Some(Json::Null) => 1,
        Some(told) => {
            let number = told.as_u64().filter(|number| (1..=limits::LABEL_COPIES_MAX).contains(number));
            number.ok_or_else(|| Refusal::invalid("copies", format!("copies must be 1 to {}", limits::LABEL_COPIES_MAX)))?
        }
    };
    if let Some(name) = body.keys().next() {
        return Err(Refusal::new(Code::Malformed, format!("`{name}` is not known here; this takes printer, subject and copies")));
    }
    let subject = subject.ok_or_else(|| Refusal::invalid("subject", "subject must be given: the number or id of a lot, an order or a shipment"))?;
    let subject = labelled(&service, &subject)?;
    let printer = printer_of(&service, printer.as_deref())?;
    let (engine, now) = (service.engine.clone(), service.engine.plant_now());
    let bytes = aside(move || label_of(&engine, subject, now)?.bytes(LabelForm::Zpl, copies)).await?;
    let _place = service.prints.try_acquire().map_err(|_| Refusal::new(Code::Busy, "other labels are on their way to printers; try again in some seconds"))?;
    let print = service.print.as_ref().ok_or_else(|| Refusal::new(Code::Unavailable, "this server prints nothing"))?;
    print(PrintJob { code: printer.connector_code.clone(), settings: printer.settings.0, bytes }).await?;
    let answer = Value::Object(vec![
        ("printer", Value::Text(printer.connector_code)),
        ("subject", Value::Text(subject.to_string())),
        ("copies", Value::Int(i64::try_from(copies).unwrap_or(i64::MAX))),
        ("state", Value::Text("sent".to_owned())),
    ]);
    Ok(Reply::json(200, answer.to_json()))
}

fn labelled(service: &Service, text: &str) -> Result<Subject, Refusal> {
    let found = [Noun::Lot, Noun::WorkOrder, Noun::Shipment].into_iter().find_map(|noun| service.find(noun, text).ok());
    let shown: String = text.chars().take(60).collect();
    found.ok_or_else(|| Refusal::field(Code::NotFound, "subject", format!("there is no lot, order or shipment {shown}")))
}

/// The printer of a code; the only one where none is told.
fn printer_of(service: &Service, code: Option<&str>) -> Result<Connector, Refusal> {
    let all: Vec<Connector> = service.engine.read(views::floor::all)??;
    let mut printers: Vec<Connector> = all.into_iter().filter(|it| it.protocol == ConnectorProtocol::Zpl && it.status == Status::Active).collect();
    let codes = printers.iter().map(|it| it.connector_code.as_str()).collect::<Vec<_>>().join(", ");
    let refused = |why: String| Err(Refusal::field(Code::NotFound, "printer", why));
    match code {
        _ if printers.is_empty() => refused("there is no printer yet: make a connector with the protocol zpl and its address as settings".to_owned()),
        None if printers.len() > 1 => refused(format!("name one of the printers: {codes}")),
        None => Ok(printers.remove(0)),
        Some(code) => match printers.iter().position(|it| it.connector_code == code || Subject::of(it.connector_id).to_string() == code) {
            Some(at) => Ok(printers.remove(at)),
            None => refused(format!("there is no printer of that code; there is {codes}")),
        },
    }
}
