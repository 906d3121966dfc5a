//! Which warnings and faults are active: agents and adapters tell changes, the plant keeps what is
//! so after each. Deliberately without a meaning of the codes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::document::{Condition, Level};
use crate::base::limits;

/// What is active, by data item and by the condition's key: `FAULT:417`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Active(BTreeMap<String, BTreeMap<String, String>>);

impl Active {
    /// Nothing is known of a data item any more.
    pub(super) fn forget(&mut self, item: &str) {
        self.0.remove(item);
    }

    /// Takes a change in and says what is active now; `None` where more is active than is kept.
    pub(super) fn change(&mut self, item: &str, condition: &Condition) -> Option<String> {
        if condition.level == Level::Normal {
            self.clear(item, &condition.key);
        } else {
            let active = self.0.entry(item.to_owned()).or_default();
            if active.len() >= limits::CONDITIONS_MAX && !active.contains_key(&condition.key) {
                return None;
            }
            active.insert(condition.key.clone(), label(condition));
        }
        Some(self.word(item))
    }

    /// `Normal` without a code clears all, with a code clears that one.
    fn clear(&mut self, item: &str, key: &str) {
        let emptied = self.0.get_mut(item).is_some_and(|active| {
            active.remove(key);
            key.is_empty() || active.is_empty()
        });
        if emptied {
            self.0.remove(item);
        }
    }

    /// What is active: `NORMAL`, or `FAULT:417+WARNING:12`.
    pub(super) fn word(&self, item: &str) -> String {
        let Some(active) = self.0.get(item) else { return Level::Normal.word().to_owned() };
        let mut labels: Vec<&str> = active.values().map(String::as_str).collect();
        labels.sort_unstable();
        labels.join("+")
    }
}

fn label(condition: &Condition) -> String {
    let code = if condition.code.is_empty() { &condition.key } else { &condition.code };
    if code.is_empty() { condition.level.word().to_owned() } else { format!("{}:{code}", condition.level.word()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(level: Level, code: &str) -> Condition {
        Condition { level, key: code.to_owned(), code: code.to_owned(), text: String::new() }
    }

    #[test]
    fn faults_gather_and_are_cleared_one_by_one_or_all_at_once() {
        let mut active = Active::default();
        let mut change = |level, code| active.change("sys", &told(level, code)).unwrap();
        assert_eq!(change(Level::Warning, "12"), "WARNING:12");
        assert_eq!(change(Level::Fault, "417"), "FAULT:417+WARNING:12");
        assert_eq!(change(Level::Fault, "12"), "FAULT:12+FAULT:417");
        assert_eq!(change(Level::Normal, "417"), "FAULT:12");
        assert_eq!(change(Level::Normal, "99"), "FAULT:12");
        assert_eq!(change(Level::Fault, ""), "FAULT+FAULT:12");
        assert_eq!(change(Level::Normal, ""), "NORMAL");
        assert_eq!(active, Active::default());
    }

    #[test]
    fn a_machine_that_makes_up_faults_fills_no_memory() {
        let mut active = Active::default();
        for at in 0..limits::CONDITIONS_MAX {
            assert!(active.change("sys", &told(Level::Fault, &at.to_string())).is_some());
        }
        assert_eq!(active.change("sys", &told(Level::Fault, "one more")), None);
        assert_eq!(active.change("sys", &told(Level::Normal, "")).as_deref(), Some("NORMAL"));
    }
}
