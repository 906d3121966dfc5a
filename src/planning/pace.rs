//! How long work really takes: the middle of what operations took against what was planned, work center by
//! work center. Few or wild figures are not believed.

use std::collections::BTreeMap;

use crate::model::WorkOrderOperation;
use crate::model::work_order::OperationStatus;
use crate::store::{Snapshot, StoreError};
use crate::views::floor::newest;

/// Operations that are looked back at: some weeks of a small plant.
const LOOKED_BACK: usize = 4_000;
/// Fewer say nothing about a work center.
const ENOUGH: usize = 8;
/// Beyond these something else was wrong than the estimate.
const BELIEVED: std::ops::RangeInclusive<i64> = 500..=2_000;

/// What a planned minute of a work center comes to, in thousandths of a minute.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    learned: BTreeMap<u64, i64>,
}

impl Pace {
    /// Learns from what was done last.
    pub(super) fn learn(snapshot: &Snapshot) -> Result<Self, StoreError> {
        let mut ratios: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
        let mut looked = 0;
        newest(snapshot, |operation: WorkOrderOperation| {
            looked += 1;
            let done = operation.status == OperationStatus::Completed;
            if let (true, Some(center), Some(planned), Some(actual)) = (done, operation.work_center_id, operation.planned_duration_minutes, operation.actual_duration_minutes)
                && planned > 0
                && actual > 0
            {
                ratios.entry(center.number()).or_default().push(actual * 1_000 / planned);
            }
            looked < LOOKED_BACK
        })?;
        let learned = ratios.into_iter().filter(|(_, all)| all.len() >= ENOUGH).map(|(center, all)| (center, middle(all).clamp(*BELIEVED.start(), *BELIEVED.end())));
        Ok(Self { learned: learned.collect() })
    }

    /// Thousandths at a work center, where they are known.
    pub fn of(&self, center: u64) -> Option<i64> {
        self.learned.get(&center).copied()
    }
}

fn middle(mut all: Vec<i64>) -> i64 {
    all.sort_unstable();
    all[all.len() / 2]
}
