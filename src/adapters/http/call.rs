//! A request, read within its bounds: who calls, with which parameters and which body.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::Service;
use super::operations::Permit;
use super::server::Carrier;
use crate::accounts::terminals::Doing;
use crate::base::{Code, Refusal, limits, text};
use crate::model::journal::Actor;
use crate::model::permission::{self, Role};
use crate::model::{Noun, Terminal};
use crate::views::as_of::AsOf;

/// The name of the session's cookie. Over TLS it is one that no page of plain HTTP can set or read, so
/// that both can be used side by side.
pub(super) const COOKIE: &str = "millwright_session";
const TLS_COOKIE: &str = "__Host-millwright_session";
/// What makes a device a terminal.
pub(super) const DEVICE: &str = "millwright_terminal";
pub(super) const WRITE_TELEMETRY: &str = "WriteTelemetry";

/// A request.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) params: HashMap<String, String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) address: IpAddr,
    carrier: Carrier,
    pub(super) actor: Option<Actor>,
    /// The token it came with, if any.
    pub(super) token: Option<String>,
    /// The terminal that it comes from, if it is one.
    pub(super) device: Option<Arc<Terminal>>,
}

impl Call {
    pub(super) fn of(request: Request<Body>, params: HashMap<String, String>) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let address = parts.extensions.get::<SocketAddr>().map_or(IpAddr::from([0, 0, 0, 0]), SocketAddr::ip);
        let carrier = parts.extensions.get().copied().unwrap_or_default();
        let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let query = query.map_err(|error| Refusal::new(Code::Malformed, format!("the query cannot be read: {error}")))?.0;
        Ok(Self { method: parts.method, headers: parts.headers, params, query, body, address, carrier, actor: None, token: None, device: None })
    }

    /// Finds out who calls and whether they may.
    pub(super) fn admit(&mut self, service: &Service, permit: &Permit) -> Result<(), Refusal> {
        self.authenticate(service, permit)?;
        match (permit, &self.actor) {
            (Permit::Open, _) => Ok(()),
            (Permit::Loopback, _) if self.is_from_here() => Ok(()),
            (Permit::Loopback, Some(actor)) => permission::permit(actor.role, "ReadHealth"),
            (Permit::Act(act), Some(actor)) => permission::permit(actor.role, act),
            (_, None) => Err(Refusal::new(Code::Unauthenticated, "log in with POST /api/v1/session, or send a token as Authorization: Bearer")),
        }
    }

    fn authenticate(&mut self, service: &Service, permit: &Permit) -> Result<(), Refusal> {
        // Clients of InfluxDB 1 may put their secret into the address; nobody else should.
        let asked = if *permit == Permit::Act(WRITE_TELEMETRY.to_owned()) { self.asked("p") } else { None };
        let bearer = self.header(header::AUTHORIZATION.as_str()).and_then(token_of).or_else(|| asked.map(str::to_owned));
        if let Some(token) = bearer {
            self.actor = service.accounts.holder(&token);
            self.token = Some(token);
            return Ok(());
        }
        self.device = self.cookie(DEVICE).and_then(|token| service.accounts.terminal(&token));
        let person = self.person()?;
        self.token = self.cookie(self.cookie_name()).filter(|_| person.is_none());
        self.actor = self.token.as_deref().and_then(|token| service.accounts.holder(token));
        let looks = matches!(self.method, Method::GET | Method::HEAD);
        if let (None, Some(device)) = (&self.actor, &self.device) {
            // A session that has ended is nobody's; whoever is signed on at the terminal is somebody.
            self.token = None;
            self.actor = service.accounts.at_terminal(device, person, if looks { Doing::Looks } else { Doing::Acts });
        }
        if self.actor.is_some() && !looks { self.refuse_foreign_origin() } else { Ok(()) }
    }

    /// Which of those signed on at a terminal does it.
    fn person(&self) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.header("millwright-person") else { return Ok(None) };
        let number = Noun::User.number_of(text);
        number.map(Some).ok_or_else(|| Refusal::invalid("Millwright-Person", "must be the user_id of somebody signed on at this terminal"))
    }

    /// A page of another site must not act with this browser's cookie.
    pub(super) fn refuse_foreign_origin(&self) -> Result<(), Refusal> {
        let Some(origin) = self.header("origin") else { return Ok(()) };
        let host = self.header("host").unwrap_or_default();
        if origin.split_once("://").is_some_and(|(_, from)| from == host) {
            return Ok(());
        }
        Err(Refusal::new(Code::Forbidden, "a request from another site's page is not taken"))
    }

    /// Whether it was sent on this machine and to this machine. A stranger's page can have its own name point here and then
    /// acts as if it were ours, so the name must be one that cannot be pointed anywhere.
    pub(super) fn is_from_here(&self) -> bool {
        self.address.is_loopback() && self.header("host").is_some_and(is_nobodys_name)
    }

    fn cookie(&self, wanted: &str) -> Option<String> {
        let all = self.header(header::COOKIE.as_str())?;
        let found = all.split(';').filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == wanted);
        found.map(|(_, token)| token.to_owned())
    }

    const fn is_secret(&self) -> bool {
        matches!(self.carrier, Carrier::Tls)
    }

    const fn cookie_name(&self) -> &'static str {
        if self.is_secret() { TLS_COOKIE } else { COOKIE }
    }

    /// The cookie that makes a browser keep a session's token, or forget it at once.
    pub(super) fn set_cookie(&self, token: &str, kept: Duration) -> String {
        self.set_cookie_of(self.cookie_name(), token, kept)
    }

    /// The same for a cookie of another name.
    pub(super) fn set_cookie_of(&self, name: &str, token: &str, kept: Duration) -> String {
        let secure = if self.is_secret() { "; Secure" } else { "" };
        format!("{name}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}", kept.as_secs())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn param(&self, name: &str) -> Result<&str, Refusal> {
        self.params.get(name).map(String::as_str).ok_or_else(|| Refusal::new(Code::NotFound, format!("the address has no {name}")))
    }

    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A question that is yes or no; no where it is not asked.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.asked(name) {
            None | Some("false") => Ok(false),
            Some("true" | "") => Ok(true),
            Some(_) => Err(Refusal::invalid(name, "must be true or false")),
        }
    }

    /// A whole number from the query, within bounds.
    pub(super) fn number(&self, name: &str, default: u64, max: u64) -> Result<u64, Refusal> {
        self.whole(name, default, 0..=max)
    }

    /// How many of something are asked for: at least one.
    pub(super) fn count(&self, name: &str, default: usize, max: usize) -> Result<usize, Refusal> {
        Ok(usize::try_from(self.whole(name, default as u64, 1..=max as u64)?).unwrap_or(default))
    }

    fn whole(&self, name: &str, default: u64, bounds: RangeInclusive<u64>) -> Result<u64, Refusal> {
        let Some(text) = self.asked(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| match (bounds.start(), bounds.end()) {
            (0, &u64::MAX) => Refusal::invalid(name, "must be a whole number, 0 or more"),
            (least, most) => Refusal::invalid(name, format!("must be a whole number from {least} to {most}")),
        })
    }

    /// Refuses query parameters that the operation does not know.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) if name == "as_of" => {
                Err(Refusal::field(Code::Malformed, name, "this shows the newest only; records, their lists and the plan in force have a past, and SQL asks about it too"))
            }
            Some((name, _)) => {
                let shown: String = name.chars().take(60).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(Refusal::field(Code::Malformed, &shown, format!("there is no parameter {shown:?} here; there are: {known}")))
            }
            None => Ok(()),
        }
    }

    /// The moment that is asked about; as it is now where none is told.
    pub(super) fn as_of(&self) -> Result<Option<AsOf>, Refusal> {
        let wrong = || Refusal::invalid("as_of", "must be an entry of the journal, such as 1234, or a time, such as 2026-03-31T06:00:00Z");
        let Some(text) = self.asked("as_of") else { return Ok(None) };
        // Every moment asked about one after the other is the history.
        permission::permit(self.actor()?.role, "ReadHistory")?;
        AsOf::from_text(text).map(Some).ok_or_else(wrong)
    }

    pub(super) fn actor(&self) -> Result<Actor, Refusal> {
        self.actor.clone().ok_or_else(|| Refusal::new(Code::Unauthenticated, "log in first"))
    }

    pub(super) fn role(&self) -> Role {
        self.actor.as_ref().map_or(Role::Operator, |actor| actor.role)
    }

    pub(super) fn command_id(&self) -> Result<Option<String>, Refusal> {
        let Some(key) = self.headers.get("idempotency-key") else { return Ok(None) };
        let key = key.to_str().map_err(|_| Refusal::invalid("Idempotency-Key", "must be plain ASCII"))?;
        let key = text::line(key, limits::COMMAND_ID_MAX).map_err(|fault| Refusal::invalid("Idempotency-Key", fault.to_string()))?;
        // What a terminal could not send while the network was gone may be sent by whoever signs on next: it is the terminal's key.
        if let Some(device) = &self.device {
            return Ok(Some(format!("{}/{key}", device.terminal_id)));
        }
        // Two callers may choose the same key: it is theirs, so it counts within their account.
        Ok(Some(format!("{}/{key}", self.actor.as_ref().map_or(0, |actor| actor.user))))
    }

    pub(super) fn if_match(&self) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.header("if-match") else { return Ok(None) };
        let plain = value.trim().trim_start_matches("W/").trim_matches('"');
        if plain == "*" {
            return Ok(None);
        }
        plain.parse().map(Some).map_err(|_| Refusal::invalid("If-Match", "must be the ETag of the record"))
    }

    pub(super) fn terminal(&self) -> Result<Option<String>, Refusal> {
        if let Some(device) = &self.device {
            return Ok(Some(device.terminal_name.clone()));
        }
        let Some(value) = self.header("millwright-terminal") else { return Ok(None) };
        text::line(value, limits::TEXT_MAX).map(Some).map_err(|fault| Refusal::invalid("Millwright-Terminal", fault.to_string()))
    }

    /// The body as a JSON object.
    pub(super) async fn json(&mut self) -> Result<serde_json::Map<String, serde_json::Value>, Refusal> {
        let content_type = self.header(header::CONTENT_TYPE.as_str()).map(|value| value.split(';').next().unwrap_or("").trim().to_ascii_lowercase());
        let bytes = self.bytes(limits::BODY_MAX).await?;
        let is_json = content_type.as_deref().is_some_and(|value| value == "application/json" || value.ends_with("+json"));
        if !bytes.is_empty() && !is_json {
            return Err(Refusal::new(Code::UnsupportedType, "send the body as Content-Type: application/json"));
        }
        crate::bodies::read::body(&bytes)
    }

    /// The body's bytes, bounded in size and time.
    pub(super) async fn bytes(&mut self, max: usize) -> Result<Vec<u8>, Refusal> {
        let body = std::mem::replace(&mut self.body, Body::empty());
        let read = tokio::time::timeout(limits::REQUEST_TIME, Limited::new(body, max).collect()).await;
        match read {
            Err(_) => Err(Refusal::new(Code::TimedOut, format!("the body did not arrive within {} seconds", limits::REQUEST_TIME.as_secs()))),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::new(Code::TooLarge, format!("the body is larger than {max} bytes"))),
            Ok(Err(error)) => Err(Refusal::new(Code::Malformed, format!("the body broke off: {error}"))),
            Ok(Ok(collected)) => Ok(collected.to_bytes().to_vec()),
        }
    }
}

/// The token of an Authorization header; where a client knows only name and password, the password is the token.
fn token_of(header: &str) -> Option<String> {
    let (scheme, content) = header.split_once(' ')?;
    let content = content.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => Some(content.to_owned()),
        "basic" => String::from_utf8(STANDARD.decode(content).ok()?).ok()?.split_once(':').map(|(_, password)| password.to_owned()),
        _ => None,
    }
}

/// Whether a host is an address, or `localhost`.
fn is_nobodys_name(host: &str) -> bool {
    let port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = port.map_or(host, |(name, _)| name);
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_from_here(address: &str, host: Option<&str>) -> bool {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(SocketAddr::new(address.parse().unwrap(), 50_000));
        if let Some(host) = host {
            request.headers_mut().insert(header::HOST, host.parse().unwrap());
        }
        Call::of(request, HashMap::new()).unwrap().is_from_here()
    }

    #[test]
    fn a_name_that_was_pointed_at_this_machine_opens_none_of_its_own_doors() {
        for host in ["localhost", "LocalHost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "192.168.0.7"] {
            assert!(is_from_here("127.0.0.1", Some(host)) && is_from_here("::1", Some(host)), "{host}");
        }
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example:80", ""] {
            assert!(!is_from_here("127.0.0.1", Some(host)), "{host}");
        }
        assert!(!is_from_here("127.0.0.1", None));
        assert!(!is_from_here("192.168.0.9", Some("localhost")));
    }
}
