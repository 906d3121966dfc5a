//! SQL over HTTP: one statement, its rows in the form that the caller accepts. A fault keeps the
//! SQLSTATE and the place that a client of PostgreSQL would see.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header;

use super::Service;
use super::call::Call;
use super::reply::Reply;
use crate::base::{Code, Refusal, Value, limits};
use crate::bodies;
use crate::query::{Fault, Form};

const FORMS: &[(&str, Form)] =
    &[("application/json", Form::Json), ("text/csv", Form::Csv), ("application/vnd.apache.arrow.stream", Form::Arrow), ("application/vnd.apache.parquet", Form::Parquet)];

pub(super) async fn ask(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let sql = service.sql.as_ref().ok_or_else(|| Refusal::new(Code::Unavailable, "this server answers no SQL"))?;
    let (content_type, form) = form(&call);
    let body = call.json().await?;
    if let Some(name) = body.keys().find(|name| !["sql", "as_of"].contains(&name.as_str())) {
        return Err(Refusal::field(Code::Malformed, name, "there are sql and as_of"));
    }
    let text = body.get("sql").and_then(serde_json::Value::as_str).ok_or_else(|| Refusal::invalid("sql", "must be the statement, as a text"))?;
    let as_of = body.get("as_of").filter(|value| !value.is_null()).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let session = sql.session(call.actor()?)?;
    if let Some(as_of) = as_of
        && let Err(fault) = session.set("millwright.as_of", Some(&as_of))
    {
        return Err(Refusal::invalid("as_of", fault.message));
    }
    let answered = match session.answer(text, limits::SQL_HTTP_ROWS_MAX).await {
        Ok(answer) => answer.bytes(form).map(|bytes| (answer.seq(), bytes)),
        Err(fault) => Err(fault),
    };
    Ok(match answered {
        Ok((seq, bytes)) => Reply::of(200, content_type, Body::from(bytes)).with(header::VARY, "accept").with(header::HeaderName::from_static("millwright-seq"), seq.to_string()),
        Err(fault) => problem(&fault),
    })
}

fn form(call: &Call) -> (&'static str, Form) {
    let asked = call.header(header::ACCEPT.as_str()).unwrap_or_default();
    let wanted = asked.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    let known = wanted.filter_map(|wanted| FORMS.iter().find(|(content_type, _)| *content_type == wanted)).next();
    *known.unwrap_or(&FORMS[0])
}

fn problem(fault: &Fault) -> Reply {
    let refusal = fault.refusal();
    let mut more = vec![("sqlstate", Value::Text(fault.state.to_owned()))];
    more.extend(fault.position.and_then(|position| i64::try_from(position).ok()).map(|position| ("position", Value::Int(position))));
    let body = bodies::problem::json_with(&refusal, more);
    Reply::of(refusal.code.status(), "application/problem+json", Body::from(body))
}
