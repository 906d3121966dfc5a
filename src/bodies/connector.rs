//! How connections to machines stand, as JSON.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::base::{Time, Value};
use crate::model::Connector;
use crate::model::field::Field as _;
use crate::model::machine::ConnectorProtocol;
use crate::model::telemetry::Reading;
use crate::telemetry::{Seen, Standing};

fn text(content: &str) -> Value {
    Value::Text(content.to_owned())
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn standing(it: &Standing) -> Vec<(&'static str, Value)> {
    let never = it.since == Time::default();
    vec![
        ("state", text(it.state.word())),
        ("since", if never { Value::Null } else { Value::Time(it.since) }),
        ("why", it.why.as_deref().map_or(Value::Null, text)),
        ("last_message_at", it.last_message_at.map_or(Value::Null, Value::Time)),
        ("received", count(it.received)),
        ("stored", count(it.stored)),
        ("repeated", count(it.repeated)),
        ("left_out", count(it.left_out)),
        ("quarantined", count(it.quarantined)),
        ("gaps", count(it.gaps)),
    ]
}

/// Every connection; one that does not run is `off`. Those without a record are doors of the plant's own.
pub fn states(all: &[(Connector, Option<Standing>)], own: &BTreeMap<String, Standing>) -> String {
    let door = |(code, how): (&String, &Standing)| {
        let mut fields = vec![("connector_id", Value::Null), ("connector_code", text(code)), ("connector_name", Value::Null), ("protocol", ConnectorProtocol::Broker.to_value())];
        fields.extend(standing(how));
        Value::Object(fields)
    };
    let one = |(connector, how): &(Connector, Option<Standing>)| {
        let mut fields = vec![
            ("connector_id", connector.connector_id.to_value()),
            ("connector_code", text(&connector.connector_code)),
            ("connector_name", connector.connector_name.to_value()),
            ("protocol", connector.protocol.to_value()),
        ];
        match how {
            Some(how) => fields.extend(standing(how)),
            None => fields.push(("state", text("off"))),
        }
        Value::Object(fields)
    };
    Value::Object(vec![("data", Value::List(all.iter().map(one).chain(own.iter().map(door)).collect()))]).to_json()
}

/// What a trial showed.
pub fn tried(how: &Standing, seen: &[Seen]) -> String {
    let values = seen.iter().map(|(series, sample)| {
        let value = match &sample.value {
            Reading::Number(number) => json!(number),
            Reading::Text(text) => json!(text),
            Reading::Unavailable => Json::Null,
        };
        json!({"machine": series.machine, "metric": series.metric, "measure": series.measure.word(), "unit": series.unit, "time": sample.at.to_string(), "value": value})
    });
    let mut told: serde_json::Map<String, Json> = serde_json::from_str(&Value::Object(standing(how)).to_json()).unwrap_or_default();
    told.insert("data".to_owned(), values.collect());
    Json::Object(told).to_string()
}
