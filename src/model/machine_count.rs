//! Pieces that machines count: where each counter stands, and who counts an operation. Both are
//! written with the report that a count becomes, in one transaction, so that no count is taken twice.

use super::ids::Id;
use super::machine::Machine;
use super::work_order::{WorkOrder, WorkOrderOperation};
use crate::base::Time;
use crate::{record, words};

record! {
    /// A machine's part counter: how far it was read, and what its counts became.
    MachineCounter { counter_id,
        made by machine_id: Id<Machine>,
        /// Its name in telemetry; another one begins anew.
        made plain metric: String,
        /// What it read last.
        made plain last_value: i64,
        /// Everything up to here is counted.
        made plain last_at: Time,
        /// When it moved last.
        made plain changed_at: Time,
        /// What it counted last.
        made plain operation_id: Option<Id<WorkOrderOperation>>,
        /// Pieces that it counted for operations.
        made plain counted_pieces: i64,
        /// Pieces that it counted while no operation ran.
        made plain unassigned_pieces: i64,
        /// Pieces that are not believed: more than the time allows, or than the operation can have made.
        made plain held_pieces: i64,
        /// Why pieces were held back last, or counted for no operation.
        made plain why: Option<String>,
        made plain reset_count: i64,
        made plain rollover_count: i64,
        /// How often it jumped back to something that is neither: nothing was counted then.
        made plain jump_back_count: i64,
        made plain updated_at: Time,
    }
}

words! {
    /// Who counts an operation's pieces.
    CountSource { Machine = "machine", Person = "person", }
}

record! {
    /// What a machine and people counted of one operation. Only the source's pieces are reported.
    OperationCount { operation_count_id,
        made by operation_id: Id<WorkOrderOperation>,
        made by work_order_id: Id<WorkOrder>,
        made plain operation_sequence: i64,
        made plain machine_id: Id<Machine>,
        made plain source: CountSource,
        /// Pieces that the machine counted.
        made plain machine_pieces: i64,
        /// Good pieces that people told while the machine counted: not added.
        made plain person_pieces: i64,
        /// Bad pieces that people told and the machine had counted as well: its next counts are so many less.
        made plain bad_pieces: i64,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}
