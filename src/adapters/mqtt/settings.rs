//! What a person sets: the broker, and how its topics and contents become series. Deliberately as
//! it is written; what follows from it is checked and made in `mapping.rs`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::base::{Refusal, limits};

/// Where the broker is, and who calls.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// Its name or address.
    pub host: String,
    /// Its port; 1883, or 8883 with TLS.
    pub port: Option<u16>,
    /// Our name at the broker. The broker keeps what comes while we are away under it, so two must not share one.
    pub client_id: String,
    /// The user, where the broker asks.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Password>,
    /// Speak TLS, and trust only what this file of PEM certificates vouches for.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate and its key in PEM, where the broker asks for one; told apart, as the password is.
    pub identity: Option<Password>,
    /// How long either side may be silent, in seconds.
    #[serde(default = "keep_alive")]
    pub keep_alive_seconds: u16,
    /// Largest message that is read for samples, in bytes; a larger one is put into quarantine.
    #[serde(default = "message_bytes")]
    pub message_bytes_max: usize,
    /// Whether the broker keeps what comes while we are away; not for a trial, which nobody would come back for.
    #[serde(skip)]
    pub(super) session: Session,
}

/// Whether the broker keeps for us what comes while we are away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Session {
    #[default]
    Kept,
    Clean,
}

/// A password that shows itself to nobody.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(pub(super) String);

/// A connection to a broker whose messages are plain or JSON.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The broker.
    pub broker: Broker,
    /// How messages become samples.
    pub mapping: Mapping,
    /// What a message is worth that the broker had kept for whoever comes.
    #[serde(default)]
    pub retained: Retained,
}

/// What a retained message is worth: it is the last state, told again at each connect, and no event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retained {
    /// Taken where it tells its own time, so that a second telling is a repeat.
    #[default]
    Timed,
    /// Always taken; without a time it counts as measured when it arrives.
    Taken,
    /// Never taken.
    Ignored,
}

/// How messages become samples.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mapping {
    /// `{prefix}/{machine}/{metric}` with a bare value or `{"value": .., "timestamp": ..}`.
    Plain {
        /// What stands before the machine.
        prefix: String,
    },
    /// `{prefix}/{machine}` with an object of metrics, and their time as `timestamp`.
    JsonObject {
        /// What stands before the machine.
        prefix: String,
    },
    /// The unified namespace of UMH: `umh/v1/{enterprise}/../_historian/{virtual path}/{tag}`; the machine is the last level before the contract.
    Umh {
        /// What stands before the enterprise.
        #[serde(default = "umh_prefix")]
        prefix: String,
    },
    /// Rules; the first whose topic fits decides.
    Rules(Vec<Rule>),
}

/// How the messages of some topics become samples. A name is taken from a level of the topic
/// (`+machine`), from the content (`/asset/name`, a JSON pointer), or is the same for all (`LASER-1`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A topic whose wildcards may have names: `plant/+machine/state/+metric`, `cell/+machine/#metric`.
    pub topic: String,
    /// What a message holds.
    #[serde(default)]
    pub content: Content,
    /// Where a value stands, as a JSON pointer; `/value` where nothing is said.
    pub value: Option<String>,
    /// Where its time stands; a message without one was measured when it arrived.
    pub time: Option<Moment>,
    /// The machine.
    #[serde(default = "machine")]
    pub machine: String,
    /// What is measured; in an object every member names itself.
    pub metric: Option<String>,
    /// The unit.
    pub unit: Option<String>,
    /// The machine's department.
    pub department: Option<String>,
}

/// What a message holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// JSON with one value.
    #[default]
    Json,
    /// The value itself: a number, `true`, `false`, or a text.
    Bare,
    /// JSON with one value where it is an object, else the value itself.
    Either,
    /// A JSON object, every member of which that is a number, a text or a truth is a value; members of
    /// objects in it are named `object.member`, lists are passed over.
    Object,
}

/// Where the time of a message stands. A text there is read as RFC 3339, whatever the unit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// As a JSON pointer.
    pub at: String,
    /// What a number there counts since 1970.
    #[serde(default)]
    pub unit: TimeUnit,
}

/// What a number that is a time counts since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Seconds.
    S,
    /// Milliseconds.
    #[default]
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
    /// Nothing: only texts are times.
    Rfc3339,
}

impl Broker {
    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.ca_file.is_some() { 8883 } else { 1883 })
    }

    pub(super) fn keep_alive(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_alive_seconds))
    }

    /// Refuses what no broker would take, or would take badly.
    pub fn check(&self) -> Result<(), Refusal> {
        let short = |field: &str, text: &str| {
            let fits = (1..=limits::TEXT_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
            fits.then_some(()).ok_or_else(|| Refusal::invalid(field, format!("{field} has 1 to {} bytes and no control characters", limits::TEXT_MAX)))
        };
        short("host", &self.host)?;
        short("client_id", &self.client_id)?;
        if self.password.is_some() && self.user.is_none() {
            return Err(Refusal::invalid("user", "a password needs its user"));
        }
        if self.identity.is_some() && self.ca_file.is_none() {
            return Err(Refusal::invalid("ca_file", "a certificate of our own is shown over TLS only: name a ca_file"));
        }
        if !(2..=3_600).contains(&self.keep_alive_seconds) {
            return Err(Refusal::invalid("keep_alive_seconds", "keep_alive_seconds lies from 2 to 3600"));
        }
        if !(1..=limits::MQTT_PACKET_MAX / 2).contains(&self.message_bytes_max) {
            return Err(Refusal::invalid("message_bytes_max", format!("message_bytes_max lies from 1 to {}", limits::MQTT_PACKET_MAX / 2)));
        }
        Ok(())
    }

    /// The same broker under another name, so that a trial does not push the connection out that it tries.
    pub(super) fn on_trial(mut self) -> Self {
        self.client_id.push_str("-trial");
        self.session = Session::Clean;
        self
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

const fn keep_alive() -> u16 {
    20
}

const fn message_bytes() -> usize {
    1 << 20
}

fn umh_prefix() -> String {
    "umh/v1".to_owned()
}

fn machine() -> String {
    "+machine".to_owned()
}
