//! Hits as JSON: `{"data": [{"kind", "id", "title", "snippet", "score"}], "indexed_seq"}`.

use crate::base::Value;
use crate::views::search::{Hit, Hits};

/// The hits.
pub fn json(hits: &Hits) -> String {
    let indexed_seq = i64::try_from(hits.indexed_seq).unwrap_or(i64::MAX);
    Value::Object(vec![("data", Value::List(hits.hits.iter().map(hit).collect())), ("indexed_seq", Value::Int(indexed_seq))]).to_json()
}

fn hit(hit: &Hit) -> Value {
    Value::Object(vec![
        ("kind", Value::Text(hit.subject.noun.singular().to_owned())),
        ("id", Value::Key(hit.subject.noun.prefix(), hit.subject.number)),
        ("title", Value::Text(hit.title.clone())),
        ("snippet", Value::Text(hit.snippet.clone())),
        ("score", Value::Int(i64::from(hit.score))),
    ])
}
