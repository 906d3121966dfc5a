//! Connections to machines over HTTP: how each stands, and trials of new ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use super::call::Call;
use super::reply::Reply;
use super::{Service, Trial};
use crate::base::{Code, Refusal, limits};
use crate::bodies::connector as shapes;
use crate::model::Connector;
use crate::model::machine::ConnectorProtocol;
use crate::views;

/// How long a trial listens that does not say it.
const LISTENED: u64 = 5;

pub(super) async fn states(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let connectors: Vec<Connector> = service.engine.read(views::floor::all)??;
    let mut running: BTreeMap<_, _> = service.connections.all().into_iter().collect();
    let all: Vec<_> = connectors
        .into_iter()
        .map(|connector| {
            let standing = running.remove(&connector.connector_code);
            (connector, standing)
        })
        .collect();
    Ok(Reply::json(200, shapes::states(&all, &running)))
}

pub(super) async fn trial(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let mut told = |name: &str| match body.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::invalid(name, format!("{name} must be a text"))),
    };
    let (protocol, settings, secret) = (told("protocol")?, told("settings")?, told("secret")?);
    let seconds = match body.remove("seconds") {
        None => LISTENED,
        Some(seconds) => {
            seconds.as_u64().filter(|seconds| (1..=limits::TRIAL_TIME.as_secs()).contains(seconds)).ok_or_else(|| Refusal::invalid("seconds", "seconds must be 1 to 20"))?
        }
    };
    if let Some(name) = body.keys().next() {
        return Err(Refusal::new(Code::Malformed, format!("`{name}` is not known here; a trial takes protocol, settings, secret and seconds")));
    }
    let protocol = protocol.as_deref().and_then(ConnectorProtocol::from_word);
    let protocol = protocol.ok_or_else(|| Refusal::invalid("protocol", format!("protocol must be one of {}", ConnectorProtocol::WORDS.join(", "))))?;
    let settings = settings.ok_or_else(|| Refusal::invalid("settings", "settings must be given, as TOML"))?;
    let _place = service.trials.try_acquire().map_err(|_| Refusal::new(Code::Busy, "other connections are being tried; try again in some seconds"))?;
    let trial = service.trial.as_ref().ok_or_else(|| Refusal::new(Code::Unavailable, "this server connects to no machines"))?;
    let tried = trial(Trial { protocol, settings, secret, time: Duration::from_secs(seconds) }).await?;
    Ok(Reply::json(200, shapes::tried(&tried.standing, &tried.seen)))
}
