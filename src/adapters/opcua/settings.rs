//! What a person sets: the server, how safe the way to it is, and which of its variables become
//! series. Deliberately as it is written; what follows from it is found at the server.

use std::fmt;
use std::time::Duration;

use async_opcua::crypto::SecurityPolicy;
use async_opcua::types::{MessageSecurityMode, NodeId};
use serde::Deserialize;

use crate::base::{Refusal, limits};

/// A connection to an OPC UA server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its address, `opc.tcp://HOST:PORT/PATH`.
    pub endpoint: String,
    /// How messages are signed and encrypted.
    #[serde(default)]
    pub policy: Policy,
    /// Whether they are signed only; signed and encrypted where nothing is said.
    pub mode: Option<Mode>,
    /// The user, where the server asks.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Password>,
    /// The user's certificate and its key in PEM, where the server knows users by them; told apart, as the password is.
    pub identity: Option<Password>,
    /// Whose certificates are believed.
    #[serde(default)]
    pub trust: Trust,
    /// The machine's code in the plant; left out where `browse` begins at the folder of machines, each of which then names itself.
    pub machine: Option<String>,
    /// Variables, one by one.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// Variables below a node.
    pub browse: Option<Browse>,
    /// How often the server looks at a variable, in milliseconds; 0 is as often as it can.
    #[serde(default = "sampling_ms")]
    pub sampling_ms: u64,
    /// How often it tells what has changed, in milliseconds.
    #[serde(default = "publishing_ms")]
    pub publishing_ms: u64,
    /// How many changes of one variable it holds in between. With 1 all but the last would be lost.
    #[serde(default = "queue")]
    pub queue: u32,
}

/// A variable, and what it is called here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// `ns=2;s=Power`, or `nsu=http://example.com/laser/;s=Power` for servers that number their namespaces anew.
    pub node: String,
    /// What is measured.
    pub metric: String,
    /// In which unit; as the server says where nothing is said.
    pub unit: Option<String>,
    /// What its values are to become; what they are where nothing is said.
    pub measure: Option<Measured>,
}

/// Variables below a node; a metric is the path from there, `Monitoring/Laser/Power`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browse {
    /// Where to begin, as in [`Node::node`]. From `nsu=http://opcfoundation.org/UA/Machinery/;i=1001`, the
    /// folder of machines, metrics are the path below the machine.
    pub from: String,
    /// How many steps down.
    #[serde(default = "depth")]
    pub depth: usize,
}

/// What values are to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Numbers.
    Number,
    /// Texts.
    Text,
}

/// How messages are signed and encrypted. The older policies are broken and deliberately not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Policy {
    /// Not at all: anybody on the wire can read and change what comes. For the lab.
    None,
    /// The one that every server has.
    #[default]
    Basic256Sha256,
    /// A newer one.
    #[serde(rename = "Aes128-Sha256-RsaOaep")]
    Aes128Sha256RsaOaep,
    /// The strongest.
    #[serde(rename = "Aes256-Sha256-RsaPss")]
    Aes256Sha256RsaPss,
}

/// What is done to messages under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nobody can change them.
    Sign,
    /// Nobody can read or change them.
    SignAndEncrypt,
}

/// Whose certificates are believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Those that a person approved.
    #[default]
    OnApproval,
    /// Anybody's, the first time. For the lab: whoever answers at the address is believed.
    Always,
}

/// A password that shows itself to nobody.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(pub(super) String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Policy {
    pub(super) const fn of_library(self) -> SecurityPolicy {
        match self {
            Self::None => SecurityPolicy::None,
            Self::Basic256Sha256 => SecurityPolicy::Basic256Sha256,
            Self::Aes128Sha256RsaOaep => SecurityPolicy::Aes128Sha256RsaOaep,
            Self::Aes256Sha256RsaPss => SecurityPolicy::Aes256Sha256RsaPss,
        }
    }
}

impl Settings {
    /// Refuses what no server would take, or would take badly.
    pub fn check(&self) -> Result<(), Refusal> {
        let tcp = self.endpoint.strip_prefix("opc.tcp://").is_some_and(|rest| !rest.is_empty());
        if !tcp || self.endpoint.len() > limits::TEXT_MAX || self.endpoint.chars().any(char::is_control) {
            return Err(Refusal::invalid("endpoint", "endpoint must be opc.tcp://HOST:PORT, with the server's path where it has one"));
        }
        if self.policy == Policy::None && self.mode.is_some() {
            return Err(Refusal::invalid("mode", "the policy None neither signs nor encrypts: leave mode out"));
        }
        if self.password.is_some() && self.user.is_none() {
            return Err(Refusal::invalid("user", "a password needs its user"));
        }
        if self.identity.is_some() && (self.user.is_some() || self.policy == Policy::None) {
            return Err(Refusal::invalid("user", "a user who is known by a certificate has no name here, and shows it over a safe policy only"));
        }
        self.check_nodes()?;
        for (name, value, least, most) in [
            ("sampling_ms", self.sampling_ms, 0, 600_000),
            ("publishing_ms", self.publishing_ms, 50, 60_000),
            ("queue", u64::from(self.queue), 2, u64::from(limits::OPCUA_QUEUE_MAX)),
        ] {
            if !(least..=most).contains(&value) {
                return Err(Refusal::invalid(name, format!("{name} must be between {least} and {most}")));
            }
        }
        Ok(())
    }

    fn check_nodes(&self) -> Result<(), Refusal> {
        if self.nodes.is_empty() && self.browse.is_none() {
            return Err(Refusal::invalid("nodes", "name the variables in nodes, or where to look for them in browse"));
        }
        if self.nodes.len() > limits::OPCUA_NODES_MAX {
            return Err(Refusal::invalid("nodes", format!("name at most {} nodes", limits::OPCUA_NODES_MAX)));
        }
        if !self.nodes.is_empty() && self.machine.is_none() {
            return Err(Refusal::invalid("machine", "machine must be given where nodes are named"));
        }
        if let Some(browse) = &self.browse
            && !(1..=limits::OPCUA_DEPTH_MAX).contains(&browse.depth)
        {
            return Err(Refusal::invalid("browse", format!("depth must be between 1 and {}", limits::OPCUA_DEPTH_MAX)));
        }
        let named = self.nodes.iter().map(|it| &it.node).chain(self.browse.iter().map(|it| &it.from));
        match named.into_iter().find(|text| Named::parse(text).is_none()) {
            Some(text) => Err(Refusal::invalid("nodes", format!("`{text}` names no node; write ns=2;s=Power, ns=2;i=1001 or nsu=http://example.com/;s=Power"))),
            None => Ok(()),
        }
    }

    pub(super) const fn mode_of_library(&self) -> MessageSecurityMode {
        match (self.policy, self.mode) {
            (Policy::None, _) => MessageSecurityMode::None,
            (_, Some(Mode::Sign)) => MessageSecurityMode::Sign,
            (_, Some(Mode::SignAndEncrypt) | None) => MessageSecurityMode::SignAndEncrypt,
        }
    }

    pub(super) const fn publishing(&self) -> Duration {
        Duration::from_millis(self.publishing_ms)
    }
}

/// A node as a person names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named<'t> {
    /// The namespace's own name; the node's number of it counts where there is none.
    pub(super) namespace: Option<&'t str>,
    pub(super) node: NodeId,
}

impl<'t> Named<'t> {
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let Some(rest) = text.strip_prefix("nsu=") else {
            return Some(Self { namespace: None, node: text.parse().ok()? });
        };
        let (namespace, id) = rest.split_once(';')?;
        let fits = !namespace.is_empty() && !id.starts_with("ns");
        Some(Self { namespace: fits.then_some(namespace)?.into(), node: id.parse().ok()? })
    }
}

const fn sampling_ms() -> u64 {
    100
}

const fn publishing_ms() -> u64 {
    500
}

const fn queue() -> u32 {
    100
}

const fn depth() -> usize {
    8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: &str) -> String {
        match toml::from_str::<Settings>(settings) {
            Ok(settings) => settings.check().unwrap_err().detail,
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn what_cannot_work_is_refused_before_anybody_is_called() {
        let with = |rest: &str| refused(&format!("endpoint = \"opc.tcp://laser:4840\"\nmachine = \"LASER-1\"\n{rest}"));
        assert!(refused("endpoint = \"http://laser\"").contains("opc.tcp"));
        assert!(with("").contains("nodes"));
        assert!(with("nodes = [{ node = \"Power\", metric = \"power\" }]").contains("ns=2;s=Power"));
        assert!(with("browse = { from = \"nsu=;i=1\" }").contains("names no node"));
        assert!(with("browse = { from = \"i=85\", depth = 99 }").contains("depth"));
        assert!(with("browse = { from = \"i=85\" }\nqueue = 1").contains("queue"));
        assert!(with("browse = { from = \"i=85\" }\npolicy = \"None\"\nmode = \"sign\"").contains("leave mode out"));
        assert!(with("browse = { from = \"i=85\" }\npolicy = \"Basic128Rsa15\"").contains("unknown variant"));
        assert!(with("browse = { from = \"i=85\" }\ncolour = \"red\"").contains("unknown field"));
        assert!(with("browse = { from = \"i=85\" }\npassword = \"x\"").contains("user"));
        assert!(refused("endpoint = \"opc.tcp://laser\"\nnodes = [{ node = \"i=2258\", metric = \"time\" }]").contains("machine"));
    }

    #[test]
    fn a_node_is_named_by_number_or_by_its_namespace() {
        assert_eq!(Named::parse("ns=2;s=Power"), Some(Named { namespace: None, node: NodeId::new(2, "Power") }));
        assert_eq!(Named::parse("i=2258"), Some(Named { namespace: None, node: NodeId::new(0, 2258_u32) }));
        let machines = Named { namespace: Some("http://opcfoundation.org/UA/Machinery/"), node: NodeId::new(0, 1001_u32) };
        assert_eq!(Named::parse("nsu=http://opcfoundation.org/UA/Machinery/;i=1001"), Some(machines));
        assert_eq!(Named::parse("nsu=http://x/;ns=3;i=1"), None);
    }
}
