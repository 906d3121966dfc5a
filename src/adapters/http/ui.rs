//! The interface: the page and its parts as they were built into the binary. Where none were, a plain
//! page says how to get them. Nothing here is made at run time, and nothing is asked of another server.

use std::io::Read as _;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use flate2::read::GzDecoder;

use super::Service;
use super::call::Call;
use super::reply::Reply;
use crate::base::{Code, Refusal};

/// What a page of ours may load.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A part's name changes with its content, so a browser never asks for it again.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Names and bytes; texts are packed and end in `.gz`.
static BUILT: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/ui.rs"));

/// For pages that the server makes itself.
const PLAIN_STYLE: &str = include_str!("../../../assets/start/start.css");

pub(super) async fn start(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    page(&call)
}

pub(super) async fn asset(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    part(&call)
}

/// The page.
pub(super) fn page(call: &Call) -> Result<Reply, Refusal> {
    let page = built("index.html", call)?;
    let page = page.unwrap_or_else(|| Reply::of(200, "text/html; charset=utf-8", Body::from(include_str!("../../../assets/start/start.html"))));
    Ok(page.with(header::CONTENT_SECURITY_POLICY, POLICY))
}

/// Checked anew each time: whoever keeps the interface must learn of another one.
pub(super) async fn worker(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    let worker = built("sw.js", &call)?.ok_or_else(|| Refusal::new(Code::NotFound, "the interface is not built into this binary"))?;
    let policy = "default-src 'none'; connect-src 'self'; script-src 'self'";
    Ok(worker.with(header::CONTENT_SECURITY_POLICY, policy).with(header::CACHE_CONTROL, "no-cache"))
}

/// A part of it.
pub(super) fn part(call: &Call) -> Result<Reply, Refusal> {
    let wanted = call.param("file")?;
    if wanted == "start.css" {
        return Ok(Reply::of(200, "text/css; charset=utf-8", Body::from(PLAIN_STYLE)));
    }
    let part = built(wanted, call)?.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such part; after an upgrade, load the page anew"))?;
    Ok(part.with(header::CACHE_CONTROL, FOR_EVER))
}

/// A built file, packed where the client takes it so.
fn built(name: &str, call: &Call) -> Result<Option<Reply>, Refusal> {
    let of = |wanted: &str| BUILT.iter().find(|(known, _)| *known == wanted).map(|(_, bytes)| *bytes);
    if let Some(bytes) = of(name) {
        return Ok(Some(Reply::of(200, type_of(name), Body::from(bytes))));
    }
    let Some(packed) = of(&format!("{name}.gz")) else { return Ok(None) };
    let takes_packed = call.header("accept-encoding").is_some_and(|all| all.contains("gzip"));
    let reply = if takes_packed { Reply::of(200, type_of(name), Body::from(packed)).with(header::CONTENT_ENCODING, "gzip") } else { unpacked(name, packed)? };
    Ok(Some(reply.with(header::VARY, "accept-encoding")))
}

fn unpacked(name: &str, packed: &[u8]) -> Result<Reply, Refusal> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    Ok(Reply::of(200, type_of(name), Body::from(bytes)))
}

fn type_of(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
