//! Connections to machines: settings that can be read and hold no password. Whether they fit the
//! protocol, the one who connects says: a rule knows no network.

use super::{Moment, need};
use crate::base::{Code, Digest, Refusal};
use crate::model::{Connector, Id, Subject};
use crate::store::{Draft, Halt};

/// What passwords are called.
const SECRETS: &[&str] = &["password", "passwd", "secret", "token", "identity", "private_key"];

pub(super) fn check(it: &Connector) -> Result<(), Halt> {
    let settings: toml::Table = toml::from_str(&it.settings.0).map_err(|error| Refusal::invalid("settings", format!("settings are no TOML: {}", error.message())))?;
    match secret_in(&settings) {
        Some(name) => Err(Refusal::invalid("settings", format!("settings are read by everybody: take `{name}` out and tell it with POST /api/v1/connectors/{{id}}/secret")).into()),
        None => Ok(()),
    }
}

fn secret_in(table: &toml::Table) -> Option<&str> {
    table.iter().find_map(|(name, value)| match value {
        toml::Value::Table(inner) => secret_in(inner),
        _ => SECRETS.contains(&name.to_lowercase().as_str()).then_some(name.as_str()),
    })
}

pub(super) fn set_secret(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<Connector>) -> Result<Subject, Halt> {
    let mut connector: Connector = need(draft, id)?;
    let secret = moment.secret.clone().ok_or_else(|| Refusal::new(Code::Invalid, "a secret must travel beside the command"))?;
    // With a salt before it: a short password could be guessed from its digest alone.
    let salted = [moment.salt.as_slice(), &secret].concat();
    connector.secret_digest = Some(Digest::of(&salted).to_string());
    connector.updated_at = Some(moment.recorded_at);
    draft.put(connector)?;
    draft.put_secret(Subject::of(id), salted);
    draft.event("connector.secret_set", Subject::of(id));
    Ok(Subject::of(id))
}
