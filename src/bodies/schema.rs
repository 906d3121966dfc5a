//! JSON Schema (2020-12, as OpenAPI 3.1 uses it) of columns: from the same table that reads and writes them.

use serde_json::{Value as Json, json};

use crate::base::limits;
use crate::model::field::Access;
use crate::model::{FieldSpec, Kind, Noun};

/// The schema of a kind.
pub fn kind(of: Kind) -> Json {
    match of {
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Int => json!({"type": "integer", "minimum": -99_999_999_999_i64, "maximum": 99_999_999_999_i64}),
        Kind::Dec => json!({"type": "number", "description": "Exact, at most four places and eleven digits before the point."}),
        Kind::Line(max) => json!({"type": "string", "minLength": 1, "maxLength": max}),
        Kind::Note(max) => json!({"type": "string", "minLength": 1, "maxLength": max}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Date => json!({"type": "string", "format": "date"}),
        Kind::Clock => json!({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}),
        Kind::Ref(noun) => json!({"type": "string", "minLength": 1, "maxLength": limits::TEXT_MAX, "description": reference(noun)}),
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::List(inner) => json!({"type": "array", "items": kind(*inner), "maxItems": limits::LIST_MAX}),
        Kind::Object(columns) => input(columns, true),
    }
}

fn reference(noun: Noun) -> String {
    let by_number = if noun.number_column().is_empty() { String::new() } else { format!(", or its {}", noun.number_column()) };
    format!("Id of one of the {}, such as {}{by_number}.", noun.plural(), noun.id_text(1))
}

fn column(spec: &FieldSpec) -> Json {
    let mut schema = kind(spec.kind);
    if spec.nullable {
        if let Some(words) = schema.get_mut("enum").and_then(Json::as_array_mut) {
            words.push(Json::Null);
        }
        let plain = schema["type"].take();
        schema["type"] = json!([plain, "null"]);
    }
    if !spec.doc.trim().is_empty() {
        schema["description"] = Json::String(spec.doc.trim().to_owned());
    }
    schema
}

/// What a client may send; `creating` or changing.
pub fn input(columns: &[FieldSpec], creating: bool) -> Json {
    let allowed = columns.iter().filter(|spec| spec.access == Access::Given || (creating && spec.access == Access::Once));
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for spec in allowed {
        properties.insert(spec.name.to_owned(), column(spec));
        if creating && spec.required() {
            required.push(spec.name);
        }
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// What the plant answers.
pub fn output(noun: Noun) -> Json {
    let columns = crate::model::columns(noun);
    let mut properties: serde_json::Map<String, Json> = columns.iter().map(|spec| (spec.name.to_owned(), column(spec))).collect();
    properties.insert("seq".to_owned(), json!({"type": "integer", "description": "The journal entry that last touched the record: its version."}));
    json!({"type": "object", "description": noun.doc().trim(), "properties": properties})
}
