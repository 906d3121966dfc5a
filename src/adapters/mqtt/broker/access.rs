//! Who may publish and listen where. A user for whom there are rules, by name or else by role, does what these say and
//! nothing else. A user who is called by a machine's code is that machine: it speaks and listens where its code is
//! a level of the topic, and of no other machine is anything kept that it says. Everybody else goes wherever the role
//! lets them, as long as all rules can be read. Deliberately only allowances: what two rules forbid and allow each
//! other nobody can foresee.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::topics::{covers, fits, is_filter};
use crate::base::{Refusal, limits};
use crate::model::journal::Actor;
use crate::model::permission::Role;

/// Where hosts of Sparkplug B say whether they are there: every edge node has to hear it.
const HOSTS: &str = "spBv1.0/STATE/#";

/// What a user, or everybody of a role, may do at the plant's own broker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The user's name.
    pub user: Option<String>,
    /// A role; for its users without rules of their own.
    pub role: Option<String>,
    /// Topic filters under which may be published.
    #[serde(default)]
    pub publish: Vec<String>,
    /// Topic filters that may be asked for, and all that they mean.
    #[serde(default)]
    pub subscribe: Vec<String>,
}

impl Access {
    /// Refuses rules that mean nothing.
    pub fn check(rules: &[Self]) -> Result<(), Refusal> {
        if rules.len() > limits::BROKER_RULES_MAX {
            return Err(Refusal::invalid("access", format!("write at most {} rules of access", limits::BROKER_RULES_MAX)));
        }
        for rule in rules {
            match (&rule.user, &rule.role) {
                (Some(_), None) => {}
                (None, Some(role)) if Role::from_word(role).is_some() => {}
                (None, Some(role)) => return Err(Refusal::invalid("access", format!("{role} is no role; there are {}", Role::WORDS.join(", ")))),
                _ => return Err(Refusal::invalid("access", "a rule of access names a user or a role")),
            }
            let filters = || rule.publish.iter().chain(&rule.subscribe);
            if filters().count() > limits::BROKER_FILTERS_MAX {
                return Err(Refusal::invalid("access", format!("a rule of access has at most {} filters", limits::BROKER_FILTERS_MAX)));
            }
            if let Some(wrong) = filters().find(|filter| !is_filter(filter)) {
                return Err(Refusal::invalid("access", format!("`{wrong}` is no topic filter, such as plant/LASER-1/# or spBv1.0/press-shop/+/cell")));
            }
        }
        Ok(())
    }
}

/// The rules of all connectors to the plant's own broker, by the number of the connector. They stand here whether or
/// not what the connector reads can be read just now.
#[derive(Debug, Default)]
pub(super) struct Rulebook(BTreeMap<u64, Option<Vec<Access>>>);

impl Rulebook {
    /// What a connector says from now on; `None` where that cannot be read.
    pub(super) fn lay(&mut self, connector: u64, rules: Option<Vec<Access>>) {
        self.0.insert(connector, rules);
    }

    /// The rights of a user; `is_machine` tells whether the user is called as a machine is.
    pub(super) fn rights(&self, actor: &Actor, is_machine: bool) -> Rights {
        let rights = Rights::of(actor, is_machine, self.0.values().flatten().flatten());
        // What cannot be read may forbid whatever no other rule allows.
        if rights == Rights::All && self.0.values().any(Option::is_none) { Rights::Rules(Vec::new()) } else { rights }
    }
}

/// What one user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// Whatever the role may.
    All,
    /// Where this machine's code is a level.
    Machine(String),
    /// What rules say.
    Rules(Vec<Access>),
}

impl Rights {
    /// The rights of a user by these rules.
    fn of<'a>(actor: &Actor, is_machine: bool, rules: impl Iterator<Item = &'a Access>) -> Self {
        let rules: Vec<&Access> = rules.collect();
        let named = |by: &dyn Fn(&Access) -> bool| rules.iter().filter(|rule| by(rule)).map(|rule| (*rule).clone()).collect::<Vec<_>>();
        let own = named(&|rule| rule.user.as_deref() == Some(actor.name.as_str()));
        if !own.is_empty() {
            return Self::Rules(own);
        }
        if is_machine {
            return Self::Machine(actor.name.clone());
        }
        let of_role = named(&|rule| rule.role.as_deref() == Some(actor.role.word()));
        if of_role.is_empty() { Self::All } else { Self::Rules(of_role) }
    }

    pub(super) fn may_publish(&self, topic: &str) -> bool {
        match self {
            Self::All => true,
            Self::Machine(code) => topic.split('/').any(|level| level == code),
            Self::Rules(rules) => rules.iter().flat_map(|rule| &rule.publish).any(|filter| fits(filter, topic)),
        }
    }

    pub(super) fn may_subscribe(&self, wanted: &str) -> bool {
        match self {
            Self::All => true,
            Self::Machine(code) => wanted.split('/').any(|level| level == code) || covers(HOSTS, wanted),
            Self::Rules(rules) => rules.iter().flat_map(|rule| &rule.subscribe).any(|filter| covers(filter, wanted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(name: &str, role: Role) -> Actor {
        Actor { user: 7, name: name.to_owned(), role }
    }

    fn rule(toml: &str) -> Access {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn a_machine_speaks_for_itself_alone() {
        let laser = Rights::of(&actor("LASER-1", Role::Operator), true, std::iter::empty());
        assert!(["plant/LASER-1/power", "plant/LASER-1", "spBv1.0/hall/DDATA/cell/LASER-1"].iter().all(|topic| laser.may_publish(topic)));
        assert!(["plant/LASER-2/power", "plant/LASER-10", "LASER", "plant"].iter().all(|topic| !laser.may_publish(topic)));
        assert!(["plant/LASER-1/#", "spBv1.0/hall/DCMD/+/LASER-1", "spBv1.0/STATE/millwright"].iter().all(|filter| laser.may_subscribe(filter)));
        assert!(["#", "plant/+/power", "spBv1.0/#"].iter().all(|filter| !laser.may_subscribe(filter)));
        assert!(Rights::of(&actor("operator", Role::Operator), false, std::iter::empty()).may_publish("anything/at/all"));
    }

    #[test]
    fn whoever_has_a_rule_does_what_it_says_and_one_by_name_goes_before_one_by_role() {
        let rules = [rule("user = \"cell-3\"\npublish = [\"cell/3/#\"]"), rule("role = \"operator\"\npublish = [\"hall/+\"]\nsubscribe = [\"hall/#\"]")];
        let cell = Rights::of(&actor("cell-3", Role::Operator), false, rules.iter());
        assert!(cell.may_publish("cell/3/x") && !cell.may_publish("hall/x") && !cell.may_subscribe("hall/#"));
        let other = Rights::of(&actor("anna", Role::Operator), false, rules.iter());
        assert!(other.may_publish("hall/x") && !other.may_publish("cell/3/x"));
        assert!(other.may_subscribe("hall/+/y") && other.may_subscribe("hall/#") && !other.may_subscribe("#") && !other.may_subscribe("+/x"));
        assert_eq!(Rights::of(&actor("otto", Role::Lead), false, rules.iter()), Rights::All);
    }

    #[test]
    fn rules_that_cannot_be_read_leave_nothing_to_whom_no_other_rule_names() {
        let mut book = Rulebook::default();
        let operator = actor("anna", Role::Operator);
        assert_eq!(book.rights(&operator, false), Rights::All);
        book.lay(1, None);
        let nothing = book.rights(&operator, false);
        assert!(!nothing.may_publish("hall/x") && !nothing.may_subscribe("hall/x"));
        assert!(book.rights(&actor("LASER-1", Role::Operator), true).may_publish("plant/LASER-1/power"), "a machine speaks for itself in any case");
        book.lay(2, Some(vec![rule("role = \"operator\"\npublish = [\"hall/+\"]")]));
        assert!(book.rights(&operator, false).may_publish("hall/x") && !book.rights(&actor("otto", Role::Lead), false).may_publish("hall/x"));
        book.lay(1, Some(Vec::new()));
        assert_eq!(book.rights(&actor("otto", Role::Lead), false), Rights::All);
    }

    #[test]
    fn rules_that_mean_nothing_say_why() {
        let refused = |toml: &str| Access::check(&[rule(toml)]).unwrap_err().detail;
        assert!(refused("publish = [\"a\"]").contains("names a user or a role"));
        assert!(refused("role = \"boss\"").contains("no role"));
        assert!(refused("user = \"a\"\npublish = [\"a/#/b\"]").contains("a/#/b"));
    }
}
