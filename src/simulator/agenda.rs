//! What is to happen next, in the order of its time. Deliberately only the simulator's own plans: after
//! a restart they are made anew from the plant's records.

use std::collections::BTreeMap;

use super::quality::Finding;
use crate::base::Time;

/// Something that falls due.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// The office looks about, on the hour.
    Hour,
    /// A shift begins or ends.
    Shift,
    /// Somebody orders something.
    Arrival,
    /// The office's next act on an order.
    Office(u64),
    /// A step of an order has arrived at its work center.
    Ready(u64, usize),
    /// A work center's next act, unless its plans have changed since.
    Station(u64, u64),
    /// The operator of a work center is back from the break; the row of the break.
    BreakOver(u64, u64),
    /// Somebody is at a stop of a work center.
    Respond(u64, u64),
    /// A stop of a work center is over.
    StopOver(u64, u64),
    /// A hold is cleared.
    ReleaseOrder(u64),
    ReleaseLot(String),
    /// A decision on pieces of a step that were set aside.
    DecideHeld(u64, usize),
    /// A delivery is inspected.
    Incoming(String, u64),
    /// A decision on inspected goods.
    Dispose(u64, Finding),
    ApproveInspection(u64),
    /// A root cause is told, or told again with an action.
    Analyze(u64, usize),
    CloseDefect(u64),
    /// The next act on the batch record of an order.
    BatchRecord(u64, u64, usize),
    /// A shipment leaves.
    Leave(u64),
    /// A customer complains about pieces of an order.
    Complaint(u64, String, i64),
    /// Somebody beside the orders clocks out.
    ClockOut(u64, i64),
}

/// Everything to come.
#[derive(Default)]
pub(super) struct Agenda {
    events: BTreeMap<(Time, u64), Event>,
    added: u64,
}

impl Agenda {
    /// Plans something; what is planned for the same moment happens in the order of its planning.
    pub(super) fn add(&mut self, at: Time, event: Event) {
        self.added += 1;
        self.events.insert((at, self.added), event);
    }

    /// The next that falls due by a moment.
    pub(super) fn next_by(&mut self, limit: Time) -> Option<(Time, Event)> {
        let (at, _) = *self.events.first_key_value()?.0;
        if at > limit {
            return None;
        }
        self.events.pop_first().map(|((at, _), event)| (at, event))
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.events.clear();
    }
}
