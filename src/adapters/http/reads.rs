//! Reads over HTTP: lists, records, history, traces, the change feed, health.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::header;

use super::Service;
use super::call::Call;
use super::reply::Reply;
use crate::base::{Code, Refusal, Time, Value, limits};
use crate::bodies::{self, read};
use crate::engine::Health;
use crate::model::{FieldSpec, Fields as _, Kind, Noun, Subject};
use crate::telemetry::State;
use crate::views;
use crate::views::as_of::AsOf;
use crate::views::changes::Wanted;
use crate::views::list::{Compare, Filter, Query};
use crate::views::trace::Way;

/// Runs a read that may take long beside the server's own threads.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::new(Code::Internal, "a read ended early"))?
}

pub(super) async fn list(service: Arc<Service>, noun: Noun, call: Call) -> Result<Reply, Refusal> {
    let json = aside(move || {
        service.engine.read(|snapshot| {
            let mut query = query(noun, &call, &|noun, text| views::resolve(snapshot, noun, text))?;
            query.as_of = call.as_of()?.map(|as_of| as_of.entry(snapshot)).transpose()?;
            Ok(bodies::lists::json(&views::list::list(snapshot, noun, &query)?))
        })?
    });
    Ok(Reply::json(200, json.await?))
}

/// `limit`, `cursor`, `sort`, `as_of`, and any column as a filter: `status=released`, `priority.lte=3`.
fn query(noun: Noun, call: &Call, resolve: read::Resolve<'_>) -> Result<Query, Refusal> {
    let columns = crate::model::columns(noun);
    let limit = call.count("limit", limits::PAGE_DEFAULT, limits::PAGE_MAX)?;
    let mut query = Query { limit, ..Query::default() };
    if let Some(sort) = call.asked("sort") {
        let (name, falling) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
        let at = column(columns, "sort", name)?;
        query.falling = falling;
        // The id's order is the order on disk; only other columns need sorting.
        query.sort = (at != 0).then_some(at);
    }
    if let Some(cursor) = call.asked("cursor") {
        query.after = Some(bodies::lists::position(cursor, query.sort.map(|at| &columns[at]))?);
    }
    for (name, content) in call.query.iter().filter(|(name, _)| !matches!(name.as_str(), "limit" | "cursor" | "sort" | "as_of")) {
        query.filters.push(filter(columns, name, content, resolve)?);
    }
    Ok(query)
}

fn column(columns: &[FieldSpec], parameter: &str, name: &str) -> Result<usize, Refusal> {
    columns.iter().position(|spec| spec.name == name).ok_or_else(|| {
        let known: Vec<&str> = columns.iter().map(|spec| spec.name).collect();
        let shown: String = name.chars().take(60).collect();
        Refusal::field(Code::Malformed, parameter, format!("there is no column {shown:?} here; the columns are {}", known.join(", ")))
    })
}

fn filter(columns: &[FieldSpec], name: &str, content: &str, resolve: read::Resolve<'_>) -> Result<Filter, Refusal> {
    let (name, how) = name.split_once('.').unwrap_or((name, "is"));
    let compare = match how {
        "is" => Compare::Is,
        "ne" => Compare::IsNot,
        "gt" => Compare::Above,
        "gte" => Compare::AtLeast,
        "lt" => Compare::Below,
        "lte" => Compare::AtMost,
        "contains" => Compare::Contains,
        _ => return Err(Refusal::field(Code::Malformed, name, "a filter is column, column.ne, .gt, .gte, .lt, .lte or .contains")),
    };
    let at = column(columns, "filter", name)?;
    if compare == Compare::Contains {
        return Ok(Filter { column: at, compare, value: Value::Text(content.chars().take(limits::TEXT_MAX).collect()) });
    }
    if content.is_empty() {
        return Ok(Filter { column: at, compare, value: Value::Null });
    }
    let value = match read::cell(columns[at].kind, content, resolve) {
        Ok(value) => value,
        // Nothing refers to what does not exist: an empty list, not a refusal. Number 0 is never given.
        Err(refusal) if refusal.code == Code::NotFound => match columns[at].kind {
            Kind::Ref(noun) => Value::Key(noun.prefix(), 0),
            _ => return Err(refusal),
        },
        Err(refusal) => return Err(Refusal { detail: format!("{name} {}", refusal.detail), field: Some(name.to_owned()), ..refusal }),
    };
    Ok(Filter { column: at, compare, value })
}

pub(super) async fn get(service: Arc<Service>, noun: Noun, call: Call) -> Result<Reply, Refusal> {
    call.only(&["as_of"])?;
    let subject = service.find(noun, call.param("id")?)?;
    if let Some(as_of) = call.as_of()? {
        return then(&service, subject, as_of);
    }
    let row = service.engine.read(|snapshot| views::record(snapshot, subject))??;
    let row = row.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no {subject}")))?;
    let etag = format!("\"{}\"", row.seq);
    if call.header("if-none-match").is_some_and(|known| known == etag) {
        return Ok(Reply::of(304, "application/json", Body::empty()).etag(row.seq));
    }
    Ok(Reply::json(200, bodies::record::json(&row)).etag(row.seq))
}

/// A record as the plant knew it. Without an ETag: what is past cannot be changed on the condition that it is still so.
fn then(service: &Service, subject: Subject, as_of: AsOf) -> Result<Reply, Refusal> {
    let row = service.engine.read(|snapshot| views::as_of::row(snapshot, subject, as_of.entry(snapshot)?))??;
    let row = row.ok_or_else(|| Refusal::new(Code::NotFound, format!("there was no {subject} then; its history says when it was made")))?;
    Ok(Reply::json(200, bodies::record::json(&row)))
}

pub(super) async fn operations_of_order(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["as_of"])?;
    let order = service.find(Noun::WorkOrder, call.param("id")?)?;
    let as_of = call.as_of()?;
    let json = aside(move || {
        service.engine.read(|snapshot| {
            let columns = crate::model::columns(Noun::WorkOrderOperation);
            let value = Value::Key(Noun::WorkOrder.prefix(), order.number);
            let filter = Filter { column: column(columns, "filter", "work_order_id")?, compare: Compare::Is, value };
            let sort = Some(column(columns, "sort", "operation_sequence")?);
            let as_of = as_of.map(|as_of| as_of.entry(snapshot)).transpose()?;
            let query = Query { filters: vec![filter], sort, limit: limits::LIST_MAX, as_of, ..Query::default() };
            Ok(bodies::lists::json(&views::list::list(snapshot, Noun::WorkOrderOperation, &query)?))
        })?
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn history(service: Arc<Service>, noun: Noun, call: Call) -> Result<Reply, Refusal> {
    call.only(&["limit", "cursor"])?;
    let subject = service.find(noun, call.param("id")?)?;
    let limit = call.count("limit", limits::PAGE_DEFAULT, limits::PAGE_MAX)?;
    let from = call.asked("cursor").map(str::parse).transpose().map_err(|_| Refusal::invalid("cursor", "is not a cursor of this list"))?;
    let json = aside(move || {
        let page = service.engine.read(|snapshot| views::history::history(snapshot, subject, from, limit))??;
        let page = page.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no {subject}")))?;
        Ok(bodies::entry::history(&page))
    });
    Ok(Reply::json(200, json.await?))
}

fn way(call: &Call) -> Result<Way, Refusal> {
    let word = call.asked("direction").unwrap_or("both");
    Way::from_word(word).ok_or_else(|| Refusal::invalid("direction", "must be forward, backward or both"))
}

pub(super) async fn trace(service: Arc<Service>, noun: Noun, call: Call) -> Result<Reply, Refusal> {
    call.only(&["direction", "max_nodes"])?;
    let (root, way) = (service.find(noun, call.param("id")?)?, way(&call)?);
    let max = call.count("max_nodes", limits::TRACE_NODES_DEFAULT, limits::TRACE_NODES_MAX)?;
    let json = aside(move || {
        let trace = service.engine.read(|snapshot| views::trace::trace(snapshot, root, way, max))??;
        Ok(bodies::trace::json(&trace))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn trace_nodes(service: Arc<Service>, noun: Noun, call: Call) -> Result<Reply, Refusal> {
    call.only(&["direction", "kind", "limit", "cursor"])?;
    let (root, way) = (service.find(noun, call.param("id")?)?, way(&call)?);
    let kind = match call.asked("kind") {
        None => None,
        Some(word) => Some(
            Noun::ALL.iter().copied().find(|noun| noun.singular() == word).ok_or_else(|| Refusal::invalid("kind", "must be lot, work_order, supplier, shipment or customer"))?,
        ),
    };
    let limit = call.count("limit", limits::PAGE_DEFAULT, limits::PAGE_MAX)?;
    let skip = usize::try_from(call.number("cursor", 0, limits::WALK_MAX as u64)?).unwrap_or(0);
    let json = aside(move || {
        let (nodes, more) = service.engine.read(|snapshot| views::trace::nodes(snapshot, root, way, kind, skip, limit))??;
        let next = more.then(|| (skip + limit).to_string());
        Ok(bodies::lists::wrap(nodes.iter().map(|node| bodies::trace::node(node).to_json()), next))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn changes(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["after", "limit"])?;
    let after = call.number("after", 0, u64::MAX)?;
    let limit = call.count("limit", limits::PAGE_DEFAULT, limits::PAGE_MAX)?;
    let role = call.role();
    let json = aside(move || {
        let page = service.engine.read(|snapshot| views::changes::changes(snapshot, role, after, limit))??;
        Ok(bodies::entry::changes(&page))
    });
    Ok(Reply::json(200, json.await?))
}

fn subject(text: &str) -> Result<Subject, Refusal> {
    let found = Noun::ALL.iter().find_map(|noun| Some(Subject { noun: *noun, number: noun.number_of(text)? }));
    found.ok_or_else(|| Refusal::invalid("subject", "must be the id of a record, such as LOT-000001"))
}

fn wanted(service: &Service, call: &Call) -> Result<Wanted, Refusal> {
    let part = |name: &str| call.asked(name).map(|text| text.chars().take(limits::TEXT_MAX).collect::<String>());
    let zone = service.figures.read(|facts| Ok(facts.zone.clone()))?;
    let moment = |name: &'static str| call.asked(name).map(|text| views::kpi::moment(name, text, &zone)).transpose();
    let subject = call.asked("subject").map(subject).transpose()?;
    Ok(Wanted { actor: part("actor"), command: part("command"), subject, text: part("text"), from: moment("from")?, to: moment("to")? })
}

/// The journal from the newest back, by who, what, which record, when, or a text.
pub(super) async fn journal(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["actor", "command", "subject", "text", "from", "to", "before", "limit"])?;
    let wanted = wanted(&service, &call)?;
    let before = call.asked("before").map(str::parse).transpose().map_err(|_| Refusal::invalid("before", "must be a sequence of the journal"))?;
    let limit = call.count("limit", limits::PAGE_DEFAULT, limits::PAGE_MAX)?;
    let role = call.role();
    let json = aside(move || {
        let found = service.engine.read(|snapshot| views::changes::look_back(snapshot, role, &wanted, before, limit))??;
        Ok(bodies::entry::found(&found))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn plant(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let overview = service.engine.read(views::overview::overview)??;
    let count = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let counts = overview.counts.iter().map(|(noun, number)| (noun.plural(), count(*number)));
    let orders = overview.orders.iter().map(|(status, number)| (status.word(), count(*number as u64)));
    let json = Value::Object(vec![
        ("plant", overview.plant.as_ref().map_or(Value::Null, |plant| plant.to_object())),
        ("plant_time", Value::Time(service.engine.plant_now())),
        ("head", count(overview.head)),
        ("records", Value::Object(counts.collect())),
        ("work_orders_by_status", Value::Object(orders.collect())),
        ("lots_on_hold", count(overview.lots_on_hold as u64)),
        ("trace_in_memory", Value::Bool(service.engine.mirror_ready())),
        ("sql_port", service.sql_port.map_or(Value::Null, |port| Value::Int(port.into()))),
    ]);
    Ok(Reply::json(200, json.to_json()))
}

pub(super) async fn floor(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let now = service.engine.plant_now();
    let floor = service.engine.read(|snapshot| views::floor::floor(snapshot, now))??;
    Ok(Reply::json(200, bodies::floor::json(&floor)))
}

pub(super) async fn shift_at(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["time"])?;
    let time = match call.asked("time") {
        Some(text) => text.parse::<Time>().map_err(|fault| Refusal::invalid("time", fault.to_string()))?,
        None => service.engine.plant_now(),
    };
    let (open, zone) = service.engine.read(|snapshot| views::shift::open_at(snapshot, time))??;
    let mut fields = vec![("time", Value::Time(time)), ("timezone", Value::Text(zone))];
    fields.push(("open", Value::Bool(open.is_some())));
    if let Some(open) = open {
        fields.push(("day", Value::Date(open.day)));
        fields.push(("opened_at", Value::Time(open.opened_at)));
        fields.push(("ends_at", Value::Time(open.ends_at)));
        fields.push(("shift", open.shift.to_object()));
    }
    Ok(Reply::json(200, Value::Object(fields).to_json()))
}

pub(super) async fn healthz(_service: Arc<Service>, _call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::json(200, "{\"status\":\"ok\"}".to_owned()))
}

pub(super) async fn readyz(service: Arc<Service>, _call: Call) -> Result<Reply, Refusal> {
    let health = service.engine.health().borrow().clone();
    match health {
        Health::Ready => {
            let (seq, hash) = service.engine.read(|snapshot| snapshot.head_hash())?.map_err(Refusal::from)?;
            Ok(Reply::json(200, format!("{{\"status\":\"ready\",\"head\":{{\"seq\":{seq},\"hash\":\"{hash}\"}}}}")))
        }
        Health::Refusing(refusal) => Err(refusal),
        Health::Failed(why) => Err(Refusal::new(Code::Unavailable, why)),
    }
}

pub(super) async fn metrics(service: Arc<Service>, _call: Call) -> Result<Reply, Refusal> {
    metrics::gauge!("millwright_search_indexed_seq").set(service.search.position() as f64);
    if let Some(lane) = &service.lane {
        metrics::gauge!("millwright_telemetry_unsealed_samples").set(lane.unsealed() as f64);
        metrics::gauge!("millwright_telemetry_series").set(lane.series_count() as f64);
    }
    service.connections.all().iter().for_each(|(code, standing)| {
        let of = |name: &'static str, number: u64| metrics::gauge!(name, "connector" => code.clone()).set(number as f64);
        of("millwright_connector_live", u64::from(standing.state == State::Live));
        of("millwright_connector_received", standing.received);
        of("millwright_connector_quarantined", standing.quarantined);
        of("millwright_connector_gaps", standing.gaps);
    });
    metrics::gauge!("millwright_open_readers").set(service.engine.readers() as f64);
    Ok(Reply::of(200, "text/plain; version=0.0.4", Body::from((service.metrics)())))
}

pub(super) async fn verify_progress(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let (done, all) = (service.proving.0.load(Ordering::Relaxed), service.proving.1.load(Ordering::Relaxed));
    Ok(Reply::json(200, format!("{{\"done\":{done},\"total\":{all}}}")))
}

pub(super) async fn verify(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["head"])?;
    let head = call.asked("head").map(read::head).transpose()?;
    let json = aside(move || {
        let (done, all) = &*service.proving;
        let mut report = service.engine.verify(head, &mut |at, total| {
            done.store(at, Ordering::Relaxed);
            all.store(total, Ordering::Relaxed);
        })?;
        service.lane.as_ref().map_or(Ok(()), |lane| lane.prove(&mut report))?;
        Ok(report.to_value().to_json())
    });
    Ok(Reply::json(200, json.await?).with(header::CONTENT_DISPOSITION, "inline"))
}
