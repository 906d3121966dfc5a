//! Simulated machines that publish JSON: what a machine measures at one moment is one object, as the
//! mapping `json_object` reads it. Acknowledged when it is kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::link::Link;
use crate::base::{Refusal, Time};
use crate::model::telemetry::Reading;
use crate::telemetry::Seen;

pub use super::link::Access;

/// Machines below one prefix.
pub struct Machines {
    access: Access,
    prefix: String,
    link: Option<Link>,
}

impl Machines {
    /// Machines that will publish; the connection is made when the first has something to say.
    pub const fn new(access: Access, prefix: String) -> Self {
        Self { access, prefix, link: None }
    }

    /// Publishes; answers when all is acknowledged.
    pub fn tell(&mut self, said: &[Seen]) -> Result<(), Refusal> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::open(&self.access, None)?,
        };
        link.publish(&self.messages(said))?;
        self.link = Some(link);
        Ok(())
    }

    fn messages(&self, said: &[Seen]) -> Vec<(String, Vec<u8>)> {
        let mut objects: BTreeMap<(Time, &str), Map<String, Json>> = BTreeMap::new();
        for (series, sample) in said {
            let value = match &sample.value {
                Reading::Number(number) => json!(number),
                Reading::Text(text) => json!(text),
                Reading::Unavailable => Json::Null,
            };
            objects.entry((sample.at, &series.machine)).or_default().insert(series.metric.clone(), value);
        }
        let message = |((at, machine), mut object): ((Time, &str), Map<String, Json>)| {
            object.insert("timestamp".to_owned(), json!(at.micros() / 1_000));
            (format!("{}/{machine}", self.prefix), Json::Object(object).to_string().into_bytes())
        };
        objects.into_iter().map(message).collect()
    }
}
