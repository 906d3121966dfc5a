//! Logging in and out. The password goes to the accounts and no further.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use serde_json::{Map, Value as Json};

use super::Service;
use super::call::Call;
use super::reply::Reply;
use crate::accounts::LogIn;
use crate::base::{Refusal, Value, limits};
use crate::engine::Envelope;
use crate::model::command::SetPassword;
use crate::model::journal::Actor;
use crate::model::permission::{Role, TABLE};
use crate::model::{Command, Id};

pub(super) fn text(body: &mut Map<String, Json>, name: &str) -> Result<String, Refusal> {
    match body.remove(name) {
        Some(Json::String(content)) if content.len() <= limits::PASSWORD_MAX * 4 => Ok(content),
        _ => Err(Refusal::invalid(name, format!("{name} must be given, as a text"))),
    }
}

pub(super) fn who(actor: &Actor) -> Vec<(&'static str, Value)> {
    vec![("user_id", Value::Key("USR", actor.user)), ("user_name", Value::Text(actor.name.clone())), ("role", Value::Text(actor.role.word().to_owned()))]
}

pub(super) async fn open(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let (name, password) = (text(&mut body, "user_name")?, text(&mut body, "password")?);
    let login = service.accounts.check_password(&name, &password, call.address).await?;
    opened(&service, call, login).await
}

/// Opens a session for somebody who has shown who they are.
pub(super) async fn opened(service: &Service, call: Call, login: LogIn) -> Result<Reply, Refusal> {
    let opened = service.accounts.open_session(login).await?;
    let mut fields = who(&opened.actor);
    fields.push(("token", Value::Text(opened.token.clone())));
    fields.push(("expires_at", Value::Time(opened.expires_at)));
    let cookie = call.set_cookie(&opened.token, limits::SESSION_TIME);
    Ok(Reply::json(201, Value::Object(fields).to_json()).with(header::SET_COOKIE, cookie))
}

pub(super) async fn get(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let actor = call.actor()?;
    let mut fields = who(&actor);
    fields.push(("may", Value::List(acts_of(actor.role))));
    let terminal = call.device.as_ref().filter(|_| call.token.is_none());
    fields.push(("terminal", terminal.map_or(Value::Null, |terminal| Value::Text(terminal.terminal_name.clone()))));
    Ok(Reply::json(200, Value::Object(fields).to_json()))
}

pub(super) fn acts_of(role: Role) -> Vec<Value> {
    TABLE.iter().filter(|(_, roles)| roles.contains(&role)).map(|(act, _)| Value::Text((*act).to_owned())).collect()
}

pub(super) async fn end(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    if let Some(token) = &call.token {
        service.accounts.end_session(token).await?;
    } else if let Some(device) = &call.device {
        service.accounts.sign_off(device, call.actor()?.user).await?;
    }
    let gone = call.set_cookie("", Duration::ZERO);
    Ok(Reply::of(204, "application/json", Body::empty()).with(header::SET_COOKIE, gone))
}

pub(super) async fn change_password(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let (old, new) = (text(&mut body, "old_password")?, text(&mut body, "new_password")?);
    let actor = call.actor()?;
    service.accounts.check_password(&actor.name, &old, call.address).await?;
    let secret = Some(service.accounts.make_verifiers(&new).await?);
    // Everybody may change their own password; the command itself is an admin's.
    let acting = Actor { role: Role::Admin, ..actor.clone() };
    let command = Command::SetPassword(SetPassword { user_id: Id::new(actor.user) });
    let reason = Some("changed by its owner".to_owned());
    service.engine.submit(Envelope { secret, reason, ..Envelope::of(acting, command) }).await?;
    service.accounts.refresh()?;
    if let Some(token) = &call.token {
        service.accounts.keep_session(token).await?;
    }
    Ok(Reply::of(204, "application/json", Body::empty()))
}
