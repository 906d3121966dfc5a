//! The plant at a glance, for the start page and `millwright serve`'s first lines.

use crate::base::{Refusal, Value};
use crate::model::field::Field as _;
use crate::model::lot::LotStatus;
use crate::model::noun::Class;
use crate::model::work_order::WorkOrderStatus;
use crate::model::{Id, Noun, Plant};
use crate::store::{Snapshot, View as _};

/// Orders of one status are counted up to here; more is shown as "at least".
const COUNT_MAX: usize = 10_000;

/// The plant at a glance.
pub struct Overview {
    /// The plant's own record, if it is founded.
    pub plant: Option<Plant>,
    /// The newest sequence.
    pub head: u64,
    /// Records of each noun.
    pub counts: Vec<(Noun, u64)>,
    /// Orders by status.
    pub orders: Vec<(WorkOrderStatus, usize)>,
    /// Lots on hold.
    pub lots_on_hold: usize,
}

/// Counts what there is.
pub fn overview(snapshot: &Snapshot) -> Result<Overview, Refusal> {
    let mut counts = Vec::new();
    for noun in Noun::ALL.iter().copied().filter(|noun| noun.class() == Class::Public) {
        counts.push((noun, snapshot.count(noun)?));
    }
    let count = |noun: Noun, value: &Value| snapshot.indexed(noun, "status", value, 0, COUNT_MAX).map(|numbers| numbers.len());
    let mut orders = Vec::new();
    for status in WorkOrderStatus::ALL {
        orders.push((*status, count(Noun::WorkOrder, &status.to_value())?));
    }
    let lots_on_hold = count(Noun::Lot, &LotStatus::OnHold.to_value())?;
    Ok(Overview { plant: snapshot.get(Id::<Plant>::new(1))?, head: snapshot.head()?, counts, orders, lots_on_hold })
}
