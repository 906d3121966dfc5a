//! Which of a machine's signals says what. A machine without a mapping is understood by the names of
//! its signals; deliberately nothing here reads a sample.

use super::ids::Id;
use super::machine::Machine;
use super::machine_state::{SignalRole, plain};
use super::plant::Status;
use crate::base::Time;
use crate::{record, words};

/// Words of one mapping.
const WORDS_MAX: usize = 64;

words! {
    /// Whose counts are an operation's pieces.
    Counting { First = "first", Always = "always", Never = "never", }
}

record! {
    /// A signal of a machine: what it says, and what its words mean.
    MachineSignal { signal_id,
        given by machine_id: Id<Machine>,
        given plain role: SignalRole,
        /// Its name in telemetry.
        given plain metric: String,
        /// What the machine's words mean, such as `RUN=ACTIVE, STOP=STOPPED`; a word that is not here keeps its own meaning.
        given plain value_map: Option<String>,
        /// Of a counter: whoever reports an operation's pieces first, always the machine, or never.
        given plain counts: Counting,
        /// Of a counter: pieces for each of its counts, 1 where absent.
        given plain pieces_per_count: Option<i64>,
        /// Of a counter: how many counts it has before it begins again at 0.
        given plain rollover_at: Option<i64>,
        given plain status: Status,
        made plain created_at: Time,
    }
}

/// What a machine's words mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueMap(Vec<(String, String)>);

impl ValueMap {
    /// Reads pairs with commas between; the sentence says what is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in text.split(',') {
            let pair = pair.trim();
            let sides = pair.split_once('=').map(|(from, to)| (from.trim(), to.trim())).filter(|(from, to)| !from.is_empty() && !to.is_empty());
            let Some((from, to)) = sides else { return Err(format!("`{pair}` is no pair: write RUN=ACTIVE, STOP=STOPPED")) };
            if pairs.iter().any(|(known, _)| plain(known) == plain(from)) {
                return Err(format!("{from} stands there twice"));
            }
            pairs.push((from.to_owned(), to.to_owned()));
        }
        if pairs.len() > WORDS_MAX { Err(format!("more than {WORDS_MAX} words")) } else { Ok(Self(pairs)) }
    }

    /// The words they come to.
    pub fn meanings(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, to)| to.as_str())
    }

    /// What a word means; capitals and underscores aside.
    pub fn meaning<'w>(&'w self, word: &'w str) -> &'w str {
        self.0.iter().find(|(from, _)| plain(from) == plain(word)).map_or(word, |(_, to)| to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_what_the_map_says_else_itself() {
        let map = ValueMap::read("RUN = ACTIVE, 0=STOPPED").unwrap();
        assert_eq!([map.meaning("run"), map.meaning("0"), map.meaning("WAIT")], ["ACTIVE", "STOPPED", "WAIT"]);
        assert_eq!(ValueMap::read("RUN").unwrap_err(), "`RUN` is no pair: write RUN=ACTIVE, STOP=STOPPED");
        assert!(ValueMap::read("RUN=ACTIVE, run=STOPPED").unwrap_err().contains("twice"));
    }
}
