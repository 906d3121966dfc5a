//! Server-sent events: one message an entry of the journal, its id the sequence, so that a browser
//! that lost its connection goes on where it was. The stream pulls: a slow client holds one page.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::Service;
use super::call::Call;
use super::reply::Reply;
use crate::base::{Code, Refusal};
use crate::bodies;
use crate::engine::follow::Follower;
use crate::model::permission::Role;
use crate::views::changes::visible;

/// A comment that keeps proxies from closing a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

struct Stream {
    follower: Follower,
    role: Role,
    wanted: Vec<String>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn stream(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["after", "events"])?;
    let place = Arc::clone(&service.streams).try_acquire_owned().map_err(|_| Refusal::new(Code::Busy, "too many event streams are open"))?;
    let resumed = call.header("last-event-id").and_then(|id| id.trim().parse().ok());
    let after = match (resumed, call.asked("after")) {
        (Some(seq), _) => seq,
        (None, Some(_)) => call.number("after", 0, u64::MAX)?,
        (None, None) => *service.engine.head().borrow(),
    };
    let wanted = call.asked("events").unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let state = Stream { follower: Follower::new(&service.engine, after), role: call.role(), wanted, stopping: service.stopping.clone(), _place: place };
    let hello = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"retry: 2000\n\n")) });
    let news = stream::unfold(state, next);
    Ok(Reply::of(200, "text/event-stream", Body::from_stream(futures_util::StreamExt::chain(hello, news))))
}

async fn next(mut state: Stream) -> Option<(Result<Bytes, Infallible>, Stream)> {
    let entries = tokio::select! {
        biased;
        _ = state.stopping.wait_for(|stopping| *stopping) => return None,
        entries = tokio::time::timeout(HEARTBEAT, state.follower.next()) => entries,
    };
    let text = match entries {
        Err(_) => ": still here\n\n".to_owned(),
        Ok(Ok(Some(entries))) => {
            let up_to = state.follower.position();
            let mut text: String =
                entries.into_iter().filter_map(|entry| visible(entry, state.role)).filter(|entry| wanted(&state.wanted, entry)).map(|entry| message(&entry)).collect();
            if text.is_empty() {
                // Nothing for this role; the id moves on all the same, so that a resume does not read it again.
                text = format!("id: {up_to}\n: passed\n\n");
            }
            text
        }
        Ok(Ok(None) | Err(_)) => return None,
    };
    Some((Ok(Bytes::from(text)), state))
}

fn wanted(prefixes: &[String], entry: &crate::model::Entry) -> bool {
    prefixes.is_empty() || entry.events.iter().any(|event| prefixes.iter().any(|prefix| event.name.starts_with(prefix.as_str())))
}

fn message(entry: &crate::model::Entry) -> String {
    format!("id: {}\nevent: entry\ndata: {}\n\n", entry.seq, bodies::entry::json(entry))
}
