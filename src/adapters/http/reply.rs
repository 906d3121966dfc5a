//! Answers: JSON, problems, files. Every answer carries the headers that keep browsers honest.

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};

use crate::base::{Code, Refusal};
use crate::bodies;

/// An answer before it becomes HTTP.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Body,
}

impl Reply {
    pub(super) fn json(status: u16, json: String) -> Self {
        Self::of(status, "application/json", Body::from(json))
    }

    pub(super) fn of(status: u16, content_type: &str, body: Body) -> Self {
        Self { status, headers: vec![(header::CONTENT_TYPE, content_type.to_owned())], body }
    }

    pub(super) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The record's version, for `If-Match`.
    pub(super) fn etag(self, seq: u64) -> Self {
        self.with(header::ETAG, format!("\"{seq}\""))
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        for (name, value) in self.headers {
            // A file name from a person may not fit a header; the answer goes out without it.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// A refusal as an answer.
pub(super) fn problem(refusal: &Refusal) -> Reply {
    let reply = Reply::of(refusal.code.status(), "application/problem+json", Body::from(bodies::problem::json(refusal)));
    match refusal.code {
        Code::Unauthenticated => reply.with(header::WWW_AUTHENTICATE, "Bearer"),
        Code::Throttled => reply.with(header::RETRY_AFTER, "5"),
        Code::Busy | Code::Unavailable | Code::OutcomeUnknown | Code::NoSpace => reply.with(header::RETRY_AFTER, "1"),
        // The rest of a body that was refused unread would be taken for the next request.
        Code::TooLarge | Code::TimedOut => reply.with(header::CONNECTION, "close"),
        _ => reply,
    }
}
