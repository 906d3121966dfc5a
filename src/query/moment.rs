//! What a statement sees: the plant as of one entry of the journal, whichever tables it names and
//! however long it runs. Deliberately no snapshot: pages of a scan take fresh short ones.

use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::error::{DataFusionError, Result};

use crate::base::{Code, Refusal, Time};

/// The moment of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The entry it shows.
    pub(super) seq: u64,
    /// It was asked for; else it is the newest entry there was.
    pub(super) is_past: bool,
    /// The plant's time.
    pub(super) now: Time,
}

impl Moment {
    /// The moment of the statement that is being planned.
    pub(super) fn of(state: &dyn Session) -> Result<Self> {
        let moment: Option<Arc<Self>> = state.config().get_extension();
        moment.map(|moment| *moment).ok_or_else(|| DataFusionError::Internal("a statement was planned without its moment".to_owned()))
    }

    /// Refuses where the past is asked for and there is none.
    pub(super) fn newest_only(self, what: &str) -> Result<()> {
        if !self.is_past {
            return Ok(());
        }
        Err(external(Refusal::new(Code::Invalid, format!("{what} has no history to show it as of another moment; RESET millwright.as_of first"))))
    }
}

/// A refusal on its way through DataFusion.
pub(super) fn external(refusal: Refusal) -> DataFusionError {
    DataFusionError::External(Box::new(refusal))
}
