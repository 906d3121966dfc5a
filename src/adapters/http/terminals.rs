//! The door of the floor: what a device may know before anybody is logged in, how it becomes a
//! terminal, and how people sign on there. A badge opens nothing anywhere else.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use serde_json::{Map, Value as Json};

use super::Service;
use super::call::{Call, DEVICE};
use super::reply::Reply;
use super::sessions::{acts_of, text, who};
use crate::accounts::terminals::{Place, Shown};
use crate::base::{Code, Refusal, Value, limits};
use crate::engine::Envelope;
use crate::model::command::SetPin;
use crate::model::journal::Actor;
use crate::model::permission::Role;
use crate::model::{Command, Employee, Id, Noun, Terminal};
use crate::views;

/// An optional text of a body.
fn given(body: &mut Map<String, Json>, name: &str) -> Result<Option<String>, Refusal> {
    if body.get(name).is_none_or(Json::is_null) {
        return Ok(None);
    }
    text(body, name).map(Some)
}

fn device(call: &Call) -> Result<Arc<Terminal>, Refusal> {
    call.device.clone().ok_or_else(|| Refusal::new(Code::NotFound, "this device is no terminal, or is one no longer: a lead registers it with POST /api/v1/terminals"))
}

/// Makes this device the terminal whose token it shows.
pub(super) async fn become_terminal(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    call.refuse_foreign_origin()?;
    let token = text(&mut call.json().await?, "token")?;
    let Some(terminal) = service.accounts.terminal(&token) else {
        return Err(Refusal::invalid("token", "is that of no terminal, or of one that was revoked"));
    };
    let cookie = call.set_cookie_of(DEVICE, &token, limits::TERMINAL_COOKIE_TIME);
    let fields = vec![("terminal_id", Value::Key("TERM", terminal.terminal_id.number())), ("terminal_name", Value::Text(terminal.terminal_name.clone()))];
    Ok(Reply::json(200, Value::Object(fields).to_json()).with(header::SET_COOKIE, cookie))
}

/// Makes this device an ordinary one again.
pub(super) async fn forget_terminal(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let gone = call.set_cookie_of(DEVICE, "", Duration::ZERO);
    Ok(Reply::of(204, "application/json", Body::empty()).with(header::SET_COOKIE, gone))
}

/// What the log-in page shows: the people of a demo, and at a terminal those who have a badge.
pub(super) async fn door(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let demo = service.demo.iter().filter_map(|name| service.accounts.named(name)).map(|login| Value::Object(who(&login.actor))).collect();
    let terminal = call.device.as_ref().map(|terminal| terminal_of(&service, terminal)).transpose()?;
    Ok(Reply::json(200, Value::Object(vec![("demo", Value::List(demo)), ("terminal", terminal.unwrap_or(Value::Null))]).to_json()))
}

fn terminal_of(service: &Service, terminal: &Terminal) -> Result<Value, Refusal> {
    let people = service.engine.read(|snapshot| views::terminal::people(snapshot, terminal))??;
    let codes = service.engine.read(|snapshot| views::terminal::center_codes(snapshot, terminal))??;
    let here = service.accounts.people_at(terminal);
    let listed = people
        .iter()
        .map(|it| Value::Object(vec![("badge_id", Value::Key("BDG", it.badge)), ("employee_id", Value::Key("EMP", it.employee)), ("name", Value::Text(it.name.clone()))]));
    let signed_on: Result<Vec<Value>, Refusal> = here.iter().map(|place| signed_on(service, place)).collect();
    Ok(Value::Object(vec![
        ("terminal_id", Value::Key("TERM", terminal.terminal_id.number())),
        ("terminal_name", Value::Text(terminal.terminal_name.clone())),
        ("asks_pin", Value::Bool(terminal.asks_pin)),
        ("idle_minutes", Value::Int(terminal.idle_minutes)),
        ("work_center_codes", Value::List(codes.into_iter().map(Value::Text).collect())),
        ("people", Value::List(listed.collect())),
        ("signed_on", Value::List(signed_on?)),
    ]))
}

fn signed_on(service: &Service, place: &Place) -> Result<Value, Refusal> {
    let employee = Id::<Employee>::new(place.employee);
    let name = service.engine.read(|snapshot| views::terminal::name_of(snapshot, employee))??;
    let actor = service.accounts.active(place.user).ok_or_else(|| Refusal::new(Code::Unauthenticated, "the log-in of this badge is barred"))?;
    let mut fields = who(&actor);
    fields.extend([
        ("employee_id", Value::Key("EMP", place.employee)),
        ("name", Value::Text(name)),
        ("expires_at", Value::Time(place.expires_at)),
        ("may", Value::List(acts_of(actor.role))),
    ]);
    Ok(Value::Object(fields))
}

/// Signs somebody on by badge.
pub(super) async fn sign_on(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let terminal = device(&call)?;
    if ![terminal.terminal_id.to_string(), terminal.terminal_name.clone()].contains(&call.param("id")?.to_owned()) {
        return Err(Refusal::new(Code::NotFound, format!("this device is the terminal {} and no other", terminal.terminal_id)));
    }
    call.refuse_foreign_origin()?;
    let mut body = call.json().await?;
    let (number, chosen, pin) = (given(&mut body, "badge_number")?, given(&mut body, "badge_id")?, given(&mut body, "pin")?);
    let shown = match (number, chosen) {
        (Some(number), None) => Shown::Number(number),
        (None, Some(id)) => Shown::Chosen(Noun::Badge.number_of(&id).ok_or_else(|| Refusal::invalid("badge_id", "is the id of no badge"))?),
        _ => return Err(Refusal::invalid("badge_number", "give the number of a badge, or the badge_id of one from the list")),
    };
    let place = service.accounts.sign_on(&terminal, &shown, pin.as_deref(), call.address).await?;
    Ok(Reply::json(201, signed_on(&service, &place)?.to_json()))
}

/// Changes one's own PIN.
pub(super) async fn change_pin(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let (old, new) = (text(&mut body, "old_pin")?, text(&mut body, "new_pin")?);
    let actor = call.actor()?;
    let badge_id = service.accounts.check_own_pin(actor.user, &old, call.address).await?;
    let secret = Some(service.accounts.make_pin(&new).await?);
    // Everybody may change their own PIN; the command itself is a lead's.
    let acting = Actor { role: Role::Admin, ..actor };
    let reason = Some("changed by its owner".to_owned());
    service.engine.submit(Envelope { secret, reason, terminal: call.terminal()?, ..Envelope::of(acting, Command::SetPin(SetPin { badge_id })) }).await?;
    Ok(Reply::of(204, "application/json", Body::empty()))
}

/// Logs in as one of a demo's people. The admin's door opens from this machine only: a demo may stand in a plant's network.
pub(super) async fn demo_session(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    call.refuse_foreign_origin()?;
    let name = text(&mut call.json().await?, "user_name")?;
    let login = service.demo.contains(&name).then(|| service.accounts.named(&name)).flatten();
    let login = login.ok_or_else(|| Refusal::new(Code::NotFound, "this plant has no such log-in for a demo; log in with a password"))?;
    if login.actor.role == Role::Admin && !call.is_from_here() {
        return Err(Refusal::invalid("user_name", "the demo's admin logs in without a password only on the machine it runs on, at localhost or its address"));
    }
    super::sessions::opened(&service, call, login).await
}

/// The address of this plant as a QR code, for a tablet's camera.
pub(super) async fn address_code(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["scheme"])?;
    let scheme = if call.asked("scheme") == Some("https") { "https" } else { "http" };
    let host = call.header("host").unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.is_empty() || matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return Err(Refusal::new(Code::NotFound, "from another device this machine has another name: open this page by the machine's address in the network"));
    }
    let code = crate::bodies::qr::svg(&format!("{scheme}://{host}/")).ok_or_else(|| Refusal::new(Code::Malformed, "the address is too long for a QR code"))?;
    Ok(Reply::of(200, "image/svg+xml", Body::from(code)))
}

/// What a scanned code stands for.
pub(super) async fn scan(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["code", "lot", "serial", "sscc"])?;
    let read = |name: &str| -> Result<Option<String>, Refusal> {
        let code = call.asked(name).filter(|code| !code.is_empty());
        code.map(|code| crate::base::text::line(code, limits::SCAN_CODE_MAX)).transpose().map_err(|fault| Refusal::invalid(name, fault.to_string()))
    };
    let asked = views::scan::Scanned { code: read("code")?, lot: read("lot")?, serial: read("serial")?, sscc: read("sscc")? };
    let found = service.engine.read(|snapshot| views::scan::resolve(snapshot, call.role(), &asked))??;
    let found = found.ok_or_else(|| Refusal::new(Code::NotFound, format!("nothing here is called {}", asked.shown())))?;
    Ok(Reply::json(200, crate::bodies::scan::json(&found)))
}
