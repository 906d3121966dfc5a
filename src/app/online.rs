//! Commands that work on a data directory or, with `--url`, on a running plant: the same answer
//! either way.

use std::path::Path;
use std::sync::Arc;

use super::arguments::{Backup, History, Import, Kpi, Place, Search, Trace, User, UserAction};
use super::offline::{read_password, summary_json};
use super::output::Output;
use super::{founding, serve, wiring};
use crate::adapters::http::ImportCall;
use crate::adapters::http::client::{Method, Remote, escape};
use crate::base::{Code, Refusal, Value};
use crate::bodies;
use crate::engine::{Engine, Envelope};
use crate::followers;
use crate::followers::figures;
use crate::model::command::ChangeUser;
use crate::model::genealogy::Node;
use crate::model::noun::Class;
use crate::model::permission::Role;
use crate::model::plant::Status;
use crate::model::{Command, Id, Noun, Subject};
use crate::views;
use crate::views::kpi::Ask;
use crate::views::list::Query;
use crate::views::search::{SearchIndex, SearchQuery};
use crate::views::trace::Way;

/// Asks the running plant; answers the body.
pub(super) fn ask(place: &Place, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Result<String, Refusal> {
    Ok(String::from_utf8_lossy(&ask_bytes(place, method, path, content_type, body)?).into_owned())
}

/// Asks the running plant; answers the body's bytes.
pub(super) fn ask_bytes(place: &Place, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    ask_for(place, None, method, path, content_type, body)
}

/// Asks the running plant for a form; answers the body's bytes.
pub(super) fn ask_for(place: &Place, accept: Option<&'static str>, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    let remote = Remote { url: place.url.clone().unwrap_or_default(), token: place.token.clone(), accept };
    let answer = serve::runtime()?.block_on(remote.send(method, path, content_type, body));
    Ok(answer.map_err(|refusal| known(refusal, place))?.body)
}

/// Who is not known hears what to do about it here, where there are no sessions.
fn known(refusal: Refusal, place: &Place) -> Refusal {
    let detail = match (refusal.code, &place.token) {
        (Code::Unauthenticated, Some(_)) => "the token of --token (or MILLWRIGHT_TOKEN) is not valid here: it is misspelled, has ended, or was revoked",
        (Code::Unauthenticated, None) => "give a token with --token or MILLWRIGHT_TOKEN; `millwright user token NAME` makes one",
        _ => return refusal,
    };
    Refusal { detail: detail.to_owned(), ..refusal }
}

pub(super) fn with_engine<T>(place: &Place, work: impl FnOnce(&Engine) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let engine = wiring::open(&place.data()?, false)?;
    let answer = work(&engine);
    engine.stop();
    answer
}

fn read_file(path: &Path) -> Result<Vec<u8>, Refusal> {
    std::fs::read(path).map_err(|error| Refusal::new(Code::NotFound, format!("{} cannot be read: {error}", path.display())))
}

pub(super) fn backup(place: &Place, it: &Backup, output: &Output) -> Result<u8, Refusal> {
    if it.file.exists() {
        return Err(Refusal::new(Code::Duplicate, format!("{} exists already; name a new file", it.file.display())));
    }
    if let Some(folder) = it.file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Err(Refusal::new(Code::NotFound, format!("there is no folder {} for {}; make it first", folder.display(), it.file.display())));
    }
    let summary = if place.url.is_some() {
        let bytes = ask_bytes(place, Method::POST, "/api/v1/backup", "", Vec::new())?;
        crate::store::home::write_synced(&it.file, &bytes)?;
        crate::store::archive::inspect(&it.file)?
    } else {
        with_engine(place, |engine| engine.back_up(&it.file))?
    };
    output.answer(&summary_json(&summary), || format!("{} holds everything up to entry {} ({} bytes, SHA-256 {})", it.file.display(), summary.seq, summary.bytes, summary.digest));
    Ok(0)
}

pub(super) fn import(place: &Place, it: &Import, output: &Output) -> Result<u8, Refusal> {
    let bytes = read_file(&it.file)?;
    let map = it.map.as_deref().map(read_file).transpose()?;
    let map = map.map(String::from_utf8).transpose().map_err(|_| Refusal::invalid("map", "the mapping is not UTF-8"))?;
    let file_name = it.file.file_name().map_or_else(|| "file.csv".to_owned(), |name| name.to_string_lossy().into_owned());
    let (report, complete) = if place.url.is_some() {
        let map = map.map_or(String::new(), |map| format!("&map={}", escape(&map)));
        let path = format!("/api/v1/imports/{}?dry_run={}&file_name={}{map}", escape(&it.kind), it.dry_run, escape(&file_name));
        let body = ask(place, Method::POST, &path, "application/octet-stream", bytes)?;
        let complete = body.contains("\"refused\":0");
        (body, complete)
    } else {
        with_engine(place, |engine| {
            let actor = crate::accounts::actor_named(engine, &it.user)?;
            let actor = actor.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no log-in {}; name one with --user", it.user)))?;
            let bar = output.progress("importing");
            let call = ImportCall { kind: it.kind.clone(), file_name, bytes, map, dry_run: it.dry_run, actor };
            let report = wiring::bring_in(engine, call, &mut |done, total| bar.at(done, total));
            bar.finish();
            report
        })?
    };
    output.answer(&report, || report_text(&report));
    Ok(if complete { 0 } else { 1 })
}

/// An import's report for a terminal.
fn report_text(json: &str) -> String {
    let report: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let counts: Vec<String> = ["rows", "created", "updated", "unchanged", "refused", "flagged"].iter().map(|name| format!("{} {name}", report[*name])).collect();
    let preview = if report["dry_run"].as_bool() == Some(true) { " (only looked, nothing is changed)" } else { "" };
    let mut lines = vec![format!("{}: {}{preview}", text(&report["file_name"]), counts.join(", "))];
    for (rows, more, called) in [("problems", "more_problems", "problems"), ("flagged_rows", "more_flagged_rows", "flagged rows")] {
        for problem in report[rows].as_array().into_iter().flatten() {
            let column = problem["column"].as_str().map_or(String::new(), |column| format!(", {column}"));
            lines.push(format!("  row {}{column}: {} ({:?})", problem["row"], text(&problem["problem"]), text(&problem["value"])));
        }
        if report[more].as_u64().unwrap_or(0) > 0 {
            lines.push(format!("  and {} {called} more", report[more]));
        }
    }
    for name in report["ignored_columns"].as_array().into_iter().flatten() {
        lines.push(format!("  column {} is not ours and was ignored", text(name)));
    }
    if let Some(figures) = report["figures"].as_object() {
        let single = figures.iter().filter(|(_, figure)| figure.is_number());
        lines.extend(single.map(|(name, figure)| format!("  {:>10} {}", figure.to_string(), name.replace('_', " "))));
        for (list, label) in [("hours_by_activity", "activity"), ("hours_by_work_center", "work_center"), ("hours_by_worker", "worker")] {
            let rows = figures.get(list).and_then(serde_json::Value::as_array).into_iter().flatten();
            lines.extend(rows.map(|row| format!("  {:>10} h  {label} {}", row["hours"].to_string(), text(&row[label]))));
        }
    }
    lines.join("\n")
}

/// Finds a record by an id of any noun, or by a lot's number.
fn find(engine: &Engine, what: &str) -> Result<Subject, Refusal> {
    let found = engine.read(|snapshot| {
        let nouns = Noun::ALL.iter().copied().filter(|noun| noun.class() == Class::Public);
        for noun in std::iter::once(Noun::Lot).chain(nouns) {
            if let Some(number) = views::resolve(snapshot, noun, what)? {
                return Ok(Some(Subject { noun, number }));
            }
        }
        Ok::<_, Refusal>(None)
    })??;
    found.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is nothing called {what}")))
}

/// The noun that an id's text names; a lot otherwise.
fn noun_of(what: &str) -> Noun {
    Noun::ALL.iter().copied().find(|noun| noun.number_of(what).is_some()).unwrap_or(Noun::Lot)
}

pub(super) fn trace(place: &Place, it: &Trace, output: &Output) -> Result<u8, Refusal> {
    let way = Way::from_word(&it.direction).ok_or_else(|| Refusal::invalid("direction", "must be forward, backward or both"))?;
    let json = if place.url.is_some() {
        let path = format!("/api/v1/{}/{}/trace?direction={}&max_nodes={}", noun_of(&it.what).kebab(), escape(&it.what), it.direction, it.max_nodes);
        ask(place, Method::GET, &path, "", Vec::new())?
    } else {
        with_engine(place, |engine| {
            let root = find(engine, &it.what)?;
            if Node::of(root).is_none() {
                return Err(Refusal::new(Code::Invalid, format!("{} have no genealogy; trace lots, work orders, suppliers, shipments or customers", root.noun.plural())));
            }
            Ok(bodies::trace::json(&engine.read(|snapshot| views::trace::trace(snapshot, root, way, it.max_nodes as usize))??))
        })?
    };
    output.answer(&json, || trace_text(&json));
    Ok(0)
}

/// A trace for a terminal: a line a node, indented by its distance.
fn trace_text(json: &str) -> String {
    let trace: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned).replace("null", "");
    let mut lines: Vec<String> = Vec::new();
    for node in trace["nodes"].as_array().into_iter().flatten() {
        let depth = usize::try_from(node["depth"].as_u64().unwrap_or(0)).unwrap_or(0);
        lines.push(format!(
            "{:indent$}{} {}  {}  {} {}  {}",
            "",
            text(&node["kind"]),
            text(&node["number"]),
            text(&node["name"]),
            text(&node["quantity"]),
            text(&node["unit"]),
            text(&node["status"]),
            indent = depth * 2
        ));
    }
    if let Some(balance) = trace["balance"].as_object() {
        lines.push(format!("balance: {}", balance.iter().map(|(what, figure)| format!("{what} {}", text(figure))).collect::<Vec<_>>().join(", ")));
    }
    if trace["truncated"].as_bool() == Some(true) {
        lines.push(format!("cut short; in all: {}", trace["counts"]));
    }
    lines.join("\n")
}

pub(super) fn kpi(place: &Place, it: &Kpi, output: &Output) -> Result<u8, Refusal> {
    let json = if place.url.is_some() {
        let period = [("from", &it.from), ("to", &it.to)].into_iter().filter_map(|(name, told)| Some(format!("&{name}={}", escape(told.as_deref()?))));
        let path = format!("/api/v1/kpi/{}?by={}{}", escape(&it.name), escape(&it.by), period.collect::<String>());
        ask(place, Method::GET, &path, "", Vec::new())?
    } else {
        with_engine(place, |engine| {
            let facts = figures::gather(engine)?;
            let moment = |name, told: &Option<String>| told.as_deref().map(|text| views::kpi::moment(name, text, &facts.zone)).transpose();
            let (from, to) = (moment("from", &it.from)?, moment("to", &it.to)?);
            let ask = Ask { name: it.name.clone(), by: views::kpi::by(Some(&it.by))?, from, to, filters: Vec::new(), department: None, now: engine.plant_now() };
            Ok(bodies::kpi::json(&engine.read(|snapshot| views::kpi::answer(snapshot, &facts, &ask))??))
        })?
    };
    output.answer(&json, || kpi_text(&json));
    Ok(0)
}

/// A figure for a terminal: what it is, then a line a group.
fn kpi_text(json: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut lines = vec![format!("{} in {}, {} to {}: {}", text(&answer["title"]), text(&answer["unit"]), text(&answer["from"]), text(&answer["to"]), text(&answer["formula"]))];
    for group in answer["data"].as_array().into_iter().flatten() {
        let names: Vec<String> = group["group"].as_object().into_iter().flatten().map(|(_, name)| text(name).replace("null", "-")).collect();
        let value = if group["value"].is_null() { "no data".to_owned() } else { text(&group["value"]) };
        lines.push(format!("{value:>12}  {}", names.join("  ")));
    }
    lines.join("\n")
}

pub(super) fn history(place: &Place, it: &History, output: &Output) -> Result<u8, Refusal> {
    let json = if place.url.is_some() {
        let path = format!("/api/v1/{}/{}/history?limit={}", noun_of(&it.what).kebab(), escape(&it.what), it.limit);
        ask(place, Method::GET, &path, "", Vec::new())?
    } else {
        with_engine(place, |engine| {
            let subject = find(engine, &it.what)?;
            let history = engine.read(|snapshot| views::history::history(snapshot, subject, None, it.limit as usize))??;
            let history = history.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no {subject}")))?;
            Ok(bodies::entry::history(&history))
        })?
    };
    output.answer(&json, || history_text(&json));
    Ok(0)
}

fn history_text(json: &str) -> String {
    let page: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let mut lines = Vec::new();
    for step in page["data"].as_array().into_iter().flatten() {
        let text = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
        let why = step["reason"].as_str().map_or(String::new(), |reason| format!(" because: {reason}"));
        lines.push(format!("{} {} by {} ({}){why}", text("occurred_at"), text("command"), text("actor"), text("role")));
        for change in step["changes"].as_array().into_iter().flatten() {
            lines.push(format!("    {}: {} -> {}", change["field"].as_str().unwrap_or_default(), change["before"], change["after"]));
        }
    }
    lines.join("\n")
}

pub(super) fn search(place: &Place, it: &Search, output: &Output) -> Result<u8, Refusal> {
    let typed = it.what.join(" ");
    let json = if place.url.is_some() {
        let kind = it.kind.as_deref().map_or(String::new(), |kind| format!("&kind={}", escape(kind)));
        ask(place, Method::GET, &format!("/api/v1/search?q={}{kind}&limit={}", escape(&typed), it.limit), "", Vec::new())?
    } else {
        let mut query = SearchQuery::parse(&typed)?;
        if let Some(kind) = &it.kind {
            query = query.of_kind(kind)?;
        }
        let limit = usize::try_from(it.limit).unwrap_or(1);
        let index = Arc::new(SearchIndex::default());
        with_engine(place, |engine| {
            let bar = output.progress("indexing");
            let folder = place.data()?.join(wiring::SEARCH_FOLDER);
            followers::indexing::catch_up(engine, &folder, &index, &mut |done, total| bar.at(done, total))?;
            bar.finish();
            let hits = engine.read(|snapshot| views::search::search(snapshot, &index, Role::Admin, &query, limit))??;
            Ok(bodies::search::json(&hits))
        })?
    };
    output.answer(&json, || search_text(&json));
    Ok(0)
}

fn search_text(json: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let hits = answer["data"].as_array().into_iter().flatten();
    let text = |hit: &serde_json::Value, name: &str| hit[name].as_str().unwrap_or_default().to_owned();
    let lines: Vec<String> = hits.map(|hit| format!("{} {}  {}  ({})", text(hit, "kind"), text(hit, "id"), text(hit, "title"), text(hit, "snippet"))).collect();
    if lines.is_empty() { "nothing was found".to_owned() } else { lines.join("\n") }
}

fn user_id(engine: &Engine, name: &str) -> Result<u64, Refusal> {
    let number = engine.read(|snapshot| views::resolve(snapshot, Noun::User, name))??;
    number.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no log-in {name}")))
}

fn role_of(word: &str) -> Result<Role, Refusal> {
    let known: Vec<&str> = Role::PEOPLE.iter().map(|role| role.word()).collect();
    Role::PEOPLE.iter().copied().find(|role| role.word() == word).ok_or_else(|| Refusal::invalid("role", format!("must be one of {}", known.join(", "))))
}

pub(super) fn user(place: &Place, it: &User, output: &Output) -> Result<u8, Refusal> {
    if place.url.is_some() {
        return remote_user(place, it, output);
    }
    with_engine(place, |engine| {
        match &it.action {
            UserAction::List => {
                let query = Query { limit: crate::base::limits::PAGE_MAX, ..Query::default() };
                let page = engine.read(|snapshot| views::list::list(snapshot, Noun::User, &query))??;
                let json = bodies::lists::json(&page);
                output.answer(&json, || users_text(&json));
            }
            UserAction::Add { name, role } => {
                let subject = founding::add_user(engine, founding::Moment::NOW, name, role_of(role)?, &read_password()?)?;
                done(output, &subject.to_string(), &format!("{name} can log in"));
            }
            UserAction::Password { name } => {
                let id = user_id(engine, name)?;
                founding::set_password(engine, Id::new(id), &read_password()?)?;
                done(output, &Noun::User.id_text(id), &format!("the password of {name} is set"));
            }
            UserAction::Disable { name } => {
                let id = user_id(engine, name)?;
                let command = Command::ChangeUser(ChangeUser { user_id: Id::new(id), status: Some(Status::Inactive), ..ChangeUser::default() });
                engine.submit_wait(Envelope::of(founding::console(), command))?;
                done(output, &Noun::User.id_text(id), &format!("{name} is barred"));
            }
            UserAction::Token { name, label } => {
                let id = user_id(engine, name)?;
                let token = founding::add_token(engine, founding::Moment::NOW, Id::new(id), label)?;
                show_token(output, &token);
            }
        }
        Ok(0)
    })
}

fn done(output: &Output, id: &str, text: &str) {
    output.answer(&Value::Object(vec![("id", Value::Text(id.to_owned()))]).to_json(), || text.to_owned());
}

fn show_token(output: &Output, token: &str) {
    output.answer(&Value::Object(vec![("token", Value::Text(token.to_owned()))]).to_json(), || token.to_owned());
}

/// A field of a record that the plant answered.
fn field(json: &str, name: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    record[name].as_str().unwrap_or_default().to_owned()
}

/// The log-ins for a terminal, a line each.
fn users_text(json: &str) -> String {
    let page: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let line = |cells: [&str; 4]| format!("{:<12} {:<24} {:<10} {}", cells[0], cells[1], cells[2], cells[3]);
    let rows = page["data"].as_array().into_iter().flatten().map(|user| line(["user_id", "user_name", "role", "status"].map(|name| user[name].as_str().unwrap_or_default())));
    std::iter::once(line(["id", "name", "role", "status"])).chain(rows).collect::<Vec<_>>().join("\n")
}

fn remote_user(place: &Place, it: &User, output: &Output) -> Result<u8, Refusal> {
    let post = |path: &str, fields: Vec<(&'static str, Value)>| ask(place, Method::POST, path, "application/json", Value::Object(fields).to_json().into_bytes());
    let text = |text: &str| Value::Text(text.to_owned());
    let id = |json: &str| field(json, "user_id");
    match &it.action {
        UserAction::List => {
            let json = ask(place, Method::GET, "/api/v1/users?limit=1000", "", Vec::new())?;
            output.answer(&json, || users_text(&json));
        }
        UserAction::Add { name, role } => {
            let made = post("/api/v1/users", vec![("user_name", text(name)), ("role", text(role)), ("password", text(&read_password()?))])?;
            done(output, &id(&made), &format!("{name} can log in"));
        }
        UserAction::Password { name } => {
            let changed = post(&format!("/api/v1/users/{}/password", escape(name)), vec![("password", text(&read_password()?))])?;
            done(output, &id(&changed), &format!("the password of {name} is set"));
        }
        UserAction::Disable { name } => {
            let changed = post(&format!("/api/v1/users/{}/change", escape(name)), vec![("status", text("inactive"))])?;
            done(output, &id(&changed), &format!("{name} is barred"));
        }
        UserAction::Token { name, label } => {
            let made = post("/api/v1/api-tokens", vec![("user_id", text(name)), ("token_name", text(label))])?;
            show_token(output, &field(&made, "token"));
        }
    }
    Ok(0)
}
