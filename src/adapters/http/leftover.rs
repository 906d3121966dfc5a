//! What is left of a body that was refused unread. On a kept connection it would be cut off in the
//! middle of the client's sending, and the client would never read the refusal: so the rest is read
//! and dropped, within bounds, and beyond them the answer says that the connection ends.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Frame, SizeHint};

use crate::base::limits;

/// How long the rest of a refused body is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request's body that two hold: the handler that reads it, and whoever clears up behind it.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Body>>);

impl Shared {
    pub(super) fn of(body: Body) -> Self {
        Self(Arc::new(Mutex::new(body)))
    }

    fn with<T>(&self, work: impl FnOnce(Pin<&mut Body>) -> T) -> T {
        work(Pin::new(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl hyper::body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| body.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

/// Whether the client waits to be told before it sends its body.
pub(super) fn waits(headers: &HeaderMap) -> bool {
    headers.contains_key(header::EXPECT)
}

/// Clears up behind an answer: reads what is left of the request's body, or says that the connection ends.
pub(super) async fn clear(rest: Shared, waits: bool, mut response: Response<Body>) -> Response<Body> {
    if rest.is_end_stream() {
        return response;
    }
    let whole = !waits && tokio::time::timeout(PATIENCE, read(rest)).await == Ok(true);
    if !whole {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads to the end and keeps nothing; false where it is too long or breaks off.
async fn read(mut rest: Shared) -> bool {
    let mut left = limits::FILE_MAX;
    while let Some(frame) = rest.frame().await {
        let length = frame.as_ref().ok().and_then(Frame::data_ref).map(Bytes::len);
        match length.and_then(|length| left.checked_sub(length)) {
            Some(less) => left = less,
            None => return false,
        }
    }
    true
}
