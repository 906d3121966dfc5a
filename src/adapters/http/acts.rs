//! Commands over HTTP: a body becomes fields, fields become a command, the answer is the record it
//! was about. `reason` and `occurred_at` may stand in any body.

use std::sync::Arc;

use axum::http::header::HeaderName;
use serde_json::{Map, Value as Json};

use super::Service;
use super::call::Call;
use super::operations::ActRoute;
use super::reply::Reply;
use crate::accounts::{CHANGES_ACCOUNTS, random_token, token_verifier};
use crate::base::{Code, Refusal, Time, limits, text};
use crate::bodies::{self, read};
use crate::engine::{Envelope, Outcome};
use crate::model::command::{FieldValues, payload_columns};
use crate::model::{Command, FieldSpec, Noun, Subject};
use crate::views;

/// What travels beside a command.
struct Beside {
    reason: Option<String>,
    occurred_at: Option<Time>,
}

fn take_beside(body: &mut Map<String, Json>) -> Result<Beside, Refusal> {
    let mut take = |name: &str| match body.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(content)) => Ok(Some(content)),
        Some(_) => Err(Refusal::invalid(name, format!("{name} must be a text"))),
    };
    let (reason, occurred_at) = (take("reason")?, take("occurred_at")?);
    let reason = reason.map(|content| text::note(&content, limits::NOTE_MAX)).transpose().map_err(|fault| Refusal::invalid("reason", fault.to_string()))?;
    let occurred_at = occurred_at.map(|content| content.parse()).transpose().map_err(|fault: crate::base::time::TimeFault| Refusal::invalid("occurred_at", fault.to_string()))?;
    Ok(Beside { reason, occurred_at })
}

fn values(service: &Service, columns: &'static [FieldSpec], body: &Map<String, Json>) -> Result<FieldValues, Refusal> {
    // Only a reference needs a look at the plant, and most bodies have none or one.
    read::object(columns, body, &|noun, text| service.engine.read(|snapshot| views::resolve(snapshot, noun, text))?)
}

pub(super) async fn create(service: Arc<Service>, noun: Noun, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let beside = take_beside(&mut body)?;
    let values = values(&service, crate::model::columns(noun), &body)?;
    submit(&service, call, beside, Command::Create { noun, values }, None, None, 201).await
}

pub(super) async fn update(service: Arc<Service>, noun: Noun, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let subject = service.find(noun, call.param("id")?)?;
    let mut body = call.json().await?;
    let beside = take_beside(&mut body)?;
    let values = values(&service, crate::model::columns(noun), &body)?;
    submit(&service, call, beside, Command::Update { subject, values }, Some(subject), None, 200).await
}

/// The plant itself, which has no number.
pub(super) async fn update_plant(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let subject = Subject { noun: Noun::Plant, number: 1 };
    let mut body = call.json().await?;
    let beside = take_beside(&mut body)?;
    let values = values(&service, crate::model::columns(Noun::Plant), &body)?;
    submit(&service, call, beside, Command::Update { subject, values }, Some(subject), None, 200).await
}

pub(super) async fn act(service: Arc<Service>, route: &'static ActRoute, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let columns = payload_columns(route.command).unwrap_or_default();
    let subject = match route.target {
        Some((noun, _)) => Some(service.find(noun, call.param("id")?)?),
        None => None,
    };
    let mut body = call.json().await?;
    let beside = take_beside(&mut body)?;
    if let (Some((_, field)), Some(subject)) = (route.target, subject) {
        body.insert(field.to_owned(), Json::String(subject.to_string()));
    }
    if let Some(sequence) = call.params.get("sequence") {
        let sequence: i64 = sequence.parse().map_err(|_| Refusal::new(Code::NotFound, "the operation's sequence is a whole number"))?;
        body.insert("operation_sequence".to_owned(), Json::from(sequence));
    }
    let secret = secret(&service, route.command, &mut body).await?;
    let values = values(&service, columns, &body)?;
    let command = match Command::build(route.command, values) {
        Some(Ok(command)) => command,
        Some(Err((field, why))) => return Err(Refusal::invalid(&field, format!("{field} {why}"))),
        None => return Err(Refusal::new(Code::Internal, format!("{} is no command", route.command))),
    };
    let made =
        ["Create", "Record", "ClockIn", "Split", "ReportOperation", "StartDowntime", "StartChangeover", "OpenBatchRecord", "RegisterTerminal", "IssueBadge", "KeepRefusedAct"]
            .iter()
            .any(|word| route.command.starts_with(word));
    submit(&service, call, beside, command, subject, secret, if made { 201 } else { 200 }).await
}

/// A secret beside the command: hashed here, told (a new token) once.
struct Secret {
    verifier: Vec<u8>,
    token: Option<String>,
}

async fn secret(service: &Service, command: &str, body: &mut Map<String, Json>) -> Result<Option<Secret>, Refusal> {
    match command {
        "CreateUser" | "SetPassword" => {
            let Some(Json::String(password)) = body.remove("password") else { return Err(Refusal::invalid("password", "password must be given, as a text")) };
            Ok(Some(Secret { verifier: service.accounts.make_verifiers(&password).await?, token: None }))
        }
        "SetPin" => Ok(Some(Secret { verifier: pin(service, body).await?.ok_or_else(|| Refusal::invalid("pin", "pin must be given, as a text"))?, token: None })),
        "IssueBadge" => Ok(pin(service, body).await?.map(|verifier| Secret { verifier, token: None })),
        "SetConnectorSecret" => {
            let told = body.remove("secret").and_then(|secret| secret.as_str().map(str::to_owned)).filter(|secret| (1..=limits::SECRET_MAX).contains(&secret.len()));
            let secret = told.ok_or_else(|| Refusal::invalid("secret", format!("secret must be given, as a text of 1 to {} bytes", limits::SECRET_MAX)))?;
            Ok(Some(Secret { verifier: secret.into_bytes(), token: None }))
        }
        "CreateApiToken" | "RegisterTerminal" => {
            let token = random_token()?;
            Ok(Some(Secret { verifier: token_verifier(&token), token: Some(token) }))
        }
        _ => Ok(None),
    }
}

async fn pin(service: &Service, body: &mut Map<String, Json>) -> Result<Option<Vec<u8>>, Refusal> {
    match body.remove("pin") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(pin)) => service.accounts.make_pin(&pin).await.map(Some),
        Some(_) => Err(Refusal::invalid("pin", "pin must be a text of digits")),
    }
}

async fn submit(service: &Service, call: Call, beside: Beside, command: Command, target: Option<Subject>, secret: Option<Secret>, status: u16) -> Result<Reply, Refusal> {
    let name = command.name();
    let expected = call.if_match()?.and_then(|seq| target.map(|subject| (subject, seq)));
    let (verifier, token) = secret.map_or((None, None), |secret| (Some(secret.verifier), secret.token));
    let envelope = Envelope {
        terminal: call.terminal()?,
        command_id: call.command_id()?,
        expected,
        reason: beside.reason,
        occurred_at: beside.occurred_at,
        secret: verifier,
        ..Envelope::of(call.actor()?, command)
    };
    let outcome = service.engine.submit(envelope).await?;
    if CHANGES_ACCOUNTS.contains(&name.as_str()) {
        service.accounts.refresh()?;
    }
    answer(service, outcome, token, status)
}

fn answer(service: &Service, outcome: Outcome, token: Option<String>, status: u16) -> Result<Reply, Refusal> {
    let row = match outcome.written {
        Some(record) => views::Row { seq: outcome.seq, record },
        None => {
            let row = service.engine.read(|snapshot| views::record(snapshot, outcome.subject))??;
            row.ok_or_else(|| Refusal::new(Code::Internal, format!("{} was written and cannot be found", outcome.subject)))?
        }
    };
    let mut json = bodies::record::json(&row);
    if let Some(token) = token.filter(|_| !outcome.repeated) {
        json.pop();
        json.push_str(&format!(",\"token\":\"{token}\"}}"));
    }
    let reply = Reply::json(status, json).etag(row.seq).with(HeaderName::from_static("millwright-seq"), outcome.seq.to_string());
    Ok(if outcome.repeated { reply.with(HeaderName::from_static("idempotency-replayed"), "true") } else { reply })
}
