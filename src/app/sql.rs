//! SQL from the command line and for clients of PostgreSQL: on a data directory or a running plant.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use super::arguments::{Place, Sql as Asked, SqlPlace, Taken};
use super::online::ask_for;
use super::output::Output;
use super::{serve, wiring};
use crate::accounts::Accounts;
use crate::adapters::http::client::Method;
use crate::base::{Code, Refusal, Value, limits};
use crate::followers::figures::Figures;
use crate::query::{Form, Sql, table_of};
use crate::telemetry::Lane;

pub(super) use crate::adapters::sql::Server;

/// Ports tried after one that is taken.
const NEXT_PORTS: u16 = 20;

/// Binds the address for clients of PostgreSQL, or says why there is none.
pub(super) async fn bind(place: SqlPlace, sql: &Sql, accounts: &Arc<Accounts>, output: &Output) -> Result<Option<Server>, Refusal> {
    let refused = match Server::bind(place.address, sql.clone(), Arc::clone(accounts)).await {
        Ok(server) => return Ok(Some(server)),
        Err(refusal) => refusal,
    };
    match place.taken {
        Taken::Refuse => Err(refused),
        Taken::GoWithout => {
            output.say(&format!("no SQL: {}", refused.detail));
            Ok(None)
        }
        Taken::TakeNext => {
            output.say(&format!("{} is taken; the next free port serves SQL", place.address));
            for port in place.address.port() + 1..=place.address.port() + NEXT_PORTS {
                if let Ok(server) = Server::bind(SocketAddr::new(place.address.ip(), port), sql.clone(), Arc::clone(accounts)).await {
                    return Ok(Some(server));
                }
            }
            Err(refused)
        }
    }
}

/// Answers one statement.
pub(super) fn run(place: &Place, it: &Asked, output: &Output) -> Result<u8, Refusal> {
    let word = if output.json() { "json" } else { it.format.as_str() };
    let form = Form::from_word(word).filter(|form| *form != Form::Arrow).ok_or_else(|| Refusal::invalid("format", "must be table, csv, json or parquet"))?;
    let bytes = if place.url.is_some() { remote(place, it, form)? } else { local(place, it, form)? };
    // A reader that has gone away is no failure of the command.
    let mut out = std::io::stdout().lock();
    _ = out.write_all(&bytes);
    if form != Form::Parquet && !bytes.ends_with(b"\n") {
        _ = out.write_all(b"\n");
    }
    _ = out.flush();
    Ok(0)
}

fn local(place: &Place, it: &Asked, form: Form) -> Result<Vec<u8>, Refusal> {
    let engine = wiring::open(&place.data()?, false).map_err(|refusal| match refusal.code {
        Code::Locked => Refusal::new(Code::Locked, "this plant is running: ask it with --url and --token"),
        _ => refusal,
    })?;
    let lane = Lane::start(&engine)?;
    let answer = serve::runtime()?.block_on(async {
        let sql = Sql::new(&engine, Some(&lane), &Figures::default())?;
        let session = sql.session(super::founding::console())?;
        if let Some(as_of) = &it.as_of {
            session.set("millwright.as_of", Some(as_of)).map_err(|fault| fault.refusal())?;
        }
        let answer = session.answer(&it.statement, limits::SQL_ROWS_MAX).await.map_err(|fault| fault.refusal())?;
        answer.bytes(form).map_err(|fault| fault.refusal())
    });
    lane.stop();
    engine.stop();
    answer
}

fn remote(place: &Place, it: &Asked, form: Form) -> Result<Vec<u8>, Refusal> {
    let accept = match form {
        Form::Json => "application/json",
        Form::Parquet => "application/vnd.apache.parquet",
        Form::Csv => "text/csv",
        // A table for a terminal is no form of the API; it is drawn here, of the same rows.
        Form::Table | Form::Arrow => "application/vnd.apache.arrow.stream",
    };
    let mut body = vec![("sql", Value::Text(it.statement.clone()))];
    body.extend(it.as_of.clone().map(|as_of| ("as_of", Value::Text(as_of))));
    let bytes = ask_for(place, Some(accept), Method::POST, "/api/v1/sql", "application/json", Value::Object(body).to_json().into_bytes())?;
    if form == Form::Table { table_of(&bytes).map_err(|fault| fault.refusal()) } else { Ok(bytes) }
}
