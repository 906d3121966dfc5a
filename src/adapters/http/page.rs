//! The start page: one file of ours, without outside requests, that works before any log-in and
//! shows the plant after one.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header;

use super::Service;
use super::call::Call;
use super::reply::Reply;
use crate::base::{Code, Refusal};

const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The parts of the page: name, type, content.
const PARTS: &[(&str, &str, &str)] = &[
    ("start.css", "text/css; charset=utf-8", include_str!("../../../assets/start/start.css")),
    ("start.js", "text/javascript; charset=utf-8", include_str!("../../../assets/start/start.js")),
];

pub(super) async fn start(_service: Arc<Service>, _call: Call) -> Result<Reply, Refusal> {
    let page = include_str!("../../../assets/start/start.html");
    Ok(Reply::of(200, "text/html; charset=utf-8", Body::from(page)).with(header::CONTENT_SECURITY_POLICY, POLICY))
}

pub(super) async fn asset(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    let wanted = call.param("file")?;
    let part = PARTS.iter().find(|(name, ..)| *name == wanted).ok_or_else(|| Refusal::new(Code::NotFound, "there is no such part"))?;
    Ok(Reply::of(200, part.1, Body::from(part.2)))
}
