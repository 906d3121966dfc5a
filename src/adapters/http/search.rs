//! The search over HTTP: what was typed becomes a query of `search`, and nothing is decided here.

use std::sync::Arc;

use super::Service;
use super::call::Call;
use super::reads::aside;
use super::reply::Reply;
use crate::base::{Refusal, limits};
use crate::bodies;
use crate::views::search::{SearchQuery, search as look};

pub(super) async fn search(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["q", "kind", "limit"])?;
    let mut query = SearchQuery::parse(call.asked("q").unwrap_or_default())?;
    if let Some(kind) = call.asked("kind").filter(|kind| !kind.is_empty()) {
        query = query.of_kind(kind)?;
    }
    let limit = call.count("limit", limits::SEARCH_HITS_DEFAULT, limits::SEARCH_HITS_MAX)?;
    let json = aside(move || {
        let hits = service.engine.read(|snapshot| look(snapshot, &service.search, call.role(), &query, limit))??;
        Ok(bodies::search::json(&hits))
    });
    Ok(Reply::json(200, json.await?))
}
