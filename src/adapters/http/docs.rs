//! The API description (OpenAPI 3.1), made from the table of operations and the tables of columns,
//! and the documentation pages that show it without any outside request.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use serde_json::{Map, Value as Json, json};

use super::Service;
use super::call::Call;
use super::operations::{BodyField, Does, Fixed, FixedBody, Operation, Permit, THEN};
use super::reply::Reply;
use crate::base::{Code, Refusal, limits};
use crate::bodies::schema;
use crate::model::command::payload_columns;
use crate::model::field::Mark;
use crate::model::noun::Class;
use crate::model::permission::{Role, may};
use crate::model::{Kind, Noun};

/// The whole description.
pub(super) fn description(operations: &[Operation]) -> Json {
    let mut paths = Map::new();
    for operation in operations {
        let item = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        item[operation.method.as_str().to_ascii_lowercase()] = describe(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Millwright",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": include_str!("../../../assets/api.md"),
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {"schemas": schemas(), "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": super::call::COOKIE},
        }},
    })
}

fn schemas() -> Map<String, Json> {
    let mut all = Map::new();
    for noun in Noun::ALL.iter().copied().filter(|noun| noun.class() == Class::Public) {
        all.insert(format!("{noun:?}"), schema::output(noun));
    }
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    all.insert(
        "Problem".to_owned(),
        json!({"type": "object", "required": ["code", "title", "detail", "status"], "properties": {
            "type": {"type": "string"}, "code": {"type": "string", "enum": codes}, "title": {"type": "string"},
            "detail": {"type": "string", "description": "What is wrong and what to do."}, "status": {"type": "integer"}, "field": {"type": "string"},
        }}),
    );
    all
}

fn describe(operation: &Operation) -> Json {
    let mut item = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters(operation),
        "responses": responses(operation),
    });
    match &operation.permit {
        Permit::Open | Permit::Loopback => item["security"] = json!([]),
        Permit::Act(act) => {
            let roles: Vec<&str> = Role::PEOPLE.iter().filter(|role| may(**role, act)).map(|role| role.word()).collect();
            item["description"] = json!(format!("Roles: {}.", if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }));
        }
    }
    if let Some(body) = request_body(operation) {
        item["requestBody"] = body;
    }
    item
}

fn query(name: &str, schema: Json, what: &str) -> Json {
    json!({"name": name, "in": "query", "required": false, "schema": schema, "description": what})
}

fn parameters(operation: &Operation) -> Vec<Json> {
    let names = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Json> = names
        .map(|name| {
            let schema = if name == "sequence" { json!({"type": "integer", "minimum": 1, "maximum": 9999}) } else { json!({"type": "string", "minLength": 1}) };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect();
    match operation.does {
        Does::List(noun) => {
            all.push(page_limit());
            all.push(query("cursor", json!({"type": "string"}), "next_cursor of the page before."));
            all.push(query("sort", json!({"type": "string"}), "A column; with a minus before it, largest first."));
            all.extend(then());
            all.extend(filters(noun));
        }
        Does::History(_) => {
            all.push(page_limit());
            all.push(query("cursor", json!({"type": "string"}), "next_cursor of the page before."));
        }
        Does::Trace(_) => {
            all.push(direction());
            all.push(query("max_nodes", json!({"type": "integer", "minimum": 1, "maximum": limits::TRACE_NODES_MAX}), "Nodes of the list; counts are always whole."));
        }
        Does::TraceNodes(_) => {
            all.push(direction());
            all.push(query("kind", json!({"type": "string", "enum": ["lot", "work_order", "supplier", "shipment", "customer"]}), "Only this kind."));
            all.push(page_limit());
            all.push(query("cursor", json!({"type": "string"}), "next_cursor of the page before."));
        }
        Does::Fixed(fixed) => all.extend(fixed.query.iter().map(|(name, what)| query(name, json!({"type": "string"}), what))),
        Does::Create(_) | Does::Update(_) | Does::Act(_) => {
            all.push(json!({"name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string", "maxLength": limits::COMMAND_ID_MAX}, "description": "The same key with the same body gets the same answer for 30 days."}));
            if !matches!(operation.does, Does::Create(_)) {
                all.push(json!({"name": "If-Match", "in": "header", "required": false, "schema": {"type": "string"}, "description": "The ETag of the record; refused as stale if it has changed since."}));
            }
        }
        Does::Get(_) => all.extend(then()),
    }
    all
}

fn then() -> impl Iterator<Item = Json> {
    THEN.iter().map(|(name, what)| query(name, json!({"type": "string"}), what))
}

fn page_limit() -> Json {
    query("limit", json!({"type": "integer", "minimum": 1, "maximum": limits::PAGE_MAX, "default": limits::PAGE_DEFAULT}), "Rows of the page.")
}

fn direction() -> Json {
    query("direction", json!({"type": "string", "enum": ["forward", "backward", "both"], "default": "both"}), "Forward to customers, backward to suppliers.")
}

/// The filters worth showing; every other column filters too.
fn filters(noun: Noun) -> Vec<Json> {
    let columns = crate::model::columns(noun).iter().filter(|spec| spec.mark != Mark::Plain || matches!(spec.kind, Kind::Word(_) | Kind::Bool));
    columns.map(|spec| query(spec.name, schema::kind(spec.kind), "Only rows with this content; .ne .gt .gte .lt .lte .contains may follow any column's name.")).collect()
}

fn beside(mut input: Json) -> Json {
    if let Some(properties) = input.get_mut("properties").and_then(Json::as_object_mut) {
        properties.insert("reason".to_owned(), json!({"type": "string", "maxLength": limits::NOTE_MAX, "description": "Why, for the record's history."}));
        properties.insert("occurred_at".to_owned(), json!({"type": "string", "format": "date-time", "description": "When it happened, if not now; at most 7 days ago."}));
    }
    input
}

fn request_body(operation: &Operation) -> Option<Json> {
    let input = match operation.does {
        Does::Create(noun) => beside(schema::input(crate::model::columns(noun), true)),
        Does::Update(noun) => beside(schema::input(crate::model::columns(noun), false)),
        Does::Act(act) => act_body(act.command, act.target.map(|(_, field)| field)),
        Does::Fixed(Fixed { body: FixedBody::Json(fields), .. }) => fixed_body(fields),
        Does::Fixed(Fixed { body: FixedBody::Schema(schema), .. }) => schema(),
        Does::Fixed(Fixed { body: FixedBody::Text, .. }) => return Some(json!({"required": true, "content": {"text/plain": {"schema": {"type": "string"}}}})),
        Does::Fixed(Fixed { body: FixedBody::File, .. }) => return Some(json!({"required": true, "content": {"application/octet-stream": {"schema": {}}}})),
        _ => return None,
    };
    let required = input.get("required").is_some();
    Some(json!({"required": required, "content": {"application/json": {"schema": input}}}))
}

/// What travels beside a command and is never told again: its name and its bounds.
fn written_only(command: &str) -> Option<(&'static str, usize, usize)> {
    match command {
        "CreateUser" | "SetPassword" => Some(("password", limits::PASSWORD_MIN, limits::PASSWORD_MAX)),
        "SetConnectorSecret" => Some(("secret", 1, limits::SECRET_MAX)),
        "SetPin" | "IssueBadge" => Some(("pin", *limits::PIN_DIGITS.start(), *limits::PIN_DIGITS.end())),
        _ => None,
    }
}

fn act_body(command: &str, target: Option<&str>) -> Json {
    let mut input = beside(schema::input(payload_columns(command).unwrap_or_default(), true));
    let from_address = |name: &str| Some(name) == target || (name == "operation_sequence" && matches!(command, "StartOperation" | "ReportOperation" | "FinishOperation"));
    if let Some(properties) = input["properties"].as_object_mut() {
        properties.retain(|name, _| !from_address(name));
        if let Some((name, least, most)) = written_only(command) {
            properties.insert(name.to_owned(), json!({"type": "string", "minLength": least, "maxLength": most, "writeOnly": true}));
        }
    }
    if let Some(required) = input.get_mut("required").and_then(Json::as_array_mut) {
        required.retain(|name| !name.as_str().is_some_and(from_address));
    }
    // A badge may be given out before its owner has chosen a PIN.
    if let Some((name, ..)) = written_only(command).filter(|_| command != "IssueBadge") {
        match input.get_mut("required").and_then(Json::as_array_mut) {
            Some(required) => required.push(json!(name)),
            None => input["required"] = json!([name]),
        }
    }
    if input["required"].as_array().is_some_and(Vec::is_empty)
        && let Some(object) = input.as_object_mut()
    {
        object.remove("required");
    }
    input
}

fn fixed_body(fields: &[BodyField]) -> Json {
    let kind = |kind: &str| if kind == "array" { json!({"type": "array", "items": {"type": "string"}}) } else { json!({"type": kind}) };
    let property = |(name, told, _, what): &BodyField| {
        let mut schema = kind(told);
        schema["description"] = json!(what);
        ((*name).to_owned(), schema)
    };
    let properties: Map<String, Json> = fields.iter().map(property).collect();
    let required: Vec<&str> = fields.iter().filter(|(.., required, _)| *required).map(|(name, ..)| *name).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn responses(operation: &Operation) -> Json {
    let record = |noun: Noun| json!({"description": "The record.", "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{noun:?}")}}}});
    let page = |items: Json| {
        let schema =
            json!({"type": "object", "required": ["data", "next_cursor"], "properties": {"data": {"type": "array", "items": items}, "next_cursor": {"type": ["string", "null"]}}});
        json!({"description": "A page.", "content": {"application/json": {"schema": schema}}})
    };
    let plain = || json!({"description": "Done."});
    let problem = json!({"description": "Refused; nothing has happened.", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    let mut all = match operation.does {
        Does::List(noun) => json!({"200": page(json!({"$ref": format!("#/components/schemas/{noun:?}")}))}),
        Does::Get(noun) | Does::Update(noun) => json!({"200": record(noun)}),
        Does::Create(noun) => json!({"201": record(noun)}),
        Does::History(_) | Does::TraceNodes(_) => json!({"200": page(json!({"type": "object"}))}),
        Does::Act(_) => json!({"200": plain(), "201": plain()}),
        Does::Trace(_) | Does::Fixed(_) => json!({"200": plain(), "201": plain(), "204": plain()}),
    };
    all["default"] = problem;
    all
}

fn swagger(path: &str) -> Result<Reply, Refusal> {
    let config = Arc::new(utoipa_swagger_ui::Config::from("/api/openapi.json"));
    let file = utoipa_swagger_ui::serve(path, config).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    let file = file.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such part"))?;
    Ok(Reply::of(200, &file.content_type, Body::from(file.bytes.into_owned())))
}

pub(super) async fn page(_service: Arc<Service>, _call: Call) -> Result<Reply, Refusal> {
    let config = Arc::new(utoipa_swagger_ui::Config::from("/api/openapi.json"));
    let file = utoipa_swagger_ui::serve("index.html", config).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    let html = file.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default();
    // The page names its parts beside itself, two ways; this address has no slash at its end.
    let html = html.replace("\"./", "\"/api/docs/").replace("\"index.css", "\"/api/docs/index.css").replace("<title>Swagger UI", "<title>Millwright API");
    Ok(Reply::of(200, "text/html; charset=utf-8", Body::from(html))
        .with(header::CONTENT_SECURITY_POLICY, "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"))
}

pub(super) async fn part(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    swagger(call.param("file")?)
}

pub(super) async fn problems(_service: Arc<Service>, _call: Call) -> Result<Reply, Refusal> {
    let rows: String = Code::ALL
        .iter()
        .map(|code| format!("<tr id=\"{0}\"><td><code>{0}</code></td><td>{1}</td><td>{2}</td><td>{3}</td></tr>", code.word(), code.status(), code.title(), code.meaning().trim()))
        .collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Refusal codes</title><link rel=\"stylesheet\" href=\"/assets/start.css\"><main><h1>Refusal codes</h1><table><thead><tr><th>code</th><th>status</th><th>title</th><th>meaning</th></tr></thead><tbody>{rows}</tbody></table></main></html>"
    );
    Ok(Reply::of(200, "text/html; charset=utf-8", Body::from(html)).with(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'"))
}
