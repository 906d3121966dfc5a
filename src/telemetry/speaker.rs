//! For whom somebody may speak who hands samples in. Deliberately without log-ins: who a caller is, the doors know.

use crate::base::{Code, Refusal};

/// Whose samples somebody may hand in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Speaker {
    /// Every machine's, as people and gateways do.
    #[default]
    ForAll,
    /// Those of the machine that has this code, which it is itself.
    ForItself(String),
}

impl Speaker {
    /// Refuses what is said of a machine for which it may not speak.
    pub fn may_tell_of(&self, machine: &str) -> Result<(), Refusal> {
        match self {
            Self::ForItself(code) if code != machine => {
                let detail = format!("{code} speaks for itself alone, and not for {machine}: send it with {machine}'s own log-in, or with one that is no machine's");
                Err(Refusal::field(Code::Forbidden, "machine", detail))
            }
            _ => Ok(()),
        }
    }
}
