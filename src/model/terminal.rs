//! Terminals on the floor, the badges that people show there, and the acts of a terminal that the
//! plant would not take. Deliberately without who is signed on now: that is the door's, and not journaled.

use super::field::Note;
use super::ids::Id;
use super::machine::WorkCenter;
use super::people::{Employee, User};
use crate::base::Time;
use crate::{record, words};

record! {
    /// A tablet or a panel on the floor where people sign on by badge.
    Terminal { terminal_id,
        made unique terminal_name: String,
        /// Where it stands; everywhere where empty.
        made plain work_center_ids: Vec<Id<WorkCenter>>,
        /// Whoever does nothing there for so long is signed off.
        made plain idle_minutes: i64,
        /// A scanned badge alone does not sign on.
        made plain asks_pin: bool,
        made plain revoked: bool,
        /// SHA-256 of what proves that a request comes from it.
        made plain secret_digest: Option<String>,
        made plain created_at: Time,
    }
}

record! {
    /// A badge: which employee shows it, and as whom they act.
    Badge { badge_id,
        made unique badge_number: String,
        made by employee_id: Id<Employee>,
        made plain user_id: Id<User>,
        made plain revoked: bool,
        /// SHA-256 of the PIN's verifier; absent as long as there is no PIN.
        made plain secret_digest: Option<String>,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}

words! {
    /// Whether somebody has seen to it.
    RefusedActStatus { Open = "open", Settled = "settled", }
}

record! {
    /// An act that was done at a terminal and refused when it arrived: a lead sees to it, and it is never dropped.
    RefusedAct { refused_act_id,
        made by status: RefusedActStatus,
        /// The command, such as ReportOperation.
        made plain act: String,
        /// What was sent with it, as JSON.
        made plain content: Note,
        /// Why the plant would not take it.
        made plain refusal: Note,
        made by work_center_id: Option<Id<WorkCenter>>,
        /// Who did it.
        made plain employee_id: Option<Id<Employee>>,
        /// When it was done.
        made plain done_at: Time,
        made plain settled_by: Option<String>,
        made plain settled_at: Option<Time>,
        /// What was done about it.
        made plain settlement: Option<Note>,
        made plain created_at: Time,
    }
}
