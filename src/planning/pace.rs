//! How long work really takes, so that a plan holds: what two of three operations took no longer than, against what was
//! planned, by work center, operation and product family, the more roughly the less is known. Few or wild figures are
//! not believed.

use std::collections::BTreeMap;

use crate::model::WorkOrderOperation;
use crate::model::work_order::OperationStatus;
use crate::store::{Snapshot, StoreError};
use crate::views::floor::newest;

/// Operations that are looked back at: some weeks of a small plant.
const LOOKED_BACK: usize = 4_000;
/// Fewer say nothing.
const ENOUGH: usize = 8;
/// Beyond these something else was wrong than the estimate.
const BELIEVED: std::ops::RangeInclusive<i64> = 500..=2_000;

/// What a guess of a time is learned from, the finest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// This operation of this family at this work center.
    Family,
    /// This operation at this work center.
    Operation,
    /// This work center.
    WorkCenter,
    /// Nothing: it is as planned.
    Planned,
}

impl Basis {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Family => "product_family",
            Self::Operation => "operation",
            Self::WorkCenter => "work_center",
            Self::Planned => "planned",
        }
    }
}

/// What is looked up: work center, operation and family, the finer ones empty where all count.
type Key = (u64, String, String);

/// What a planned minute comes to, in thousandths of a minute.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    learned: BTreeMap<Key, i64>,
}

fn keys(center: u64, operation: &str, family: &str) -> [(Basis, Key); 3] {
    [
        (Basis::Family, (center, operation.to_owned(), family.to_owned())),
        (Basis::Operation, (center, operation.to_owned(), String::new())),
        (Basis::WorkCenter, (center, String::new(), String::new())),
    ]
}

/// What was done last.
pub(super) fn done(snapshot: &Snapshot) -> Result<Vec<WorkOrderOperation>, StoreError> {
    let (mut done, mut looked) = (Vec::new(), 0);
    newest(snapshot, |operation: WorkOrderOperation| {
        looked += 1;
        done.extend(Some(operation).filter(|operation| operation.status == OperationStatus::Completed));
        looked < LOOKED_BACK
    })?;
    Ok(done)
}

impl Pace {
    /// Learns from what was done last; the family of its order's product is looked up.
    pub(super) fn learn(done: &[WorkOrderOperation], mut family: impl FnMut(&WorkOrderOperation) -> Result<String, StoreError>) -> Result<Self, StoreError> {
        let mut ratios: BTreeMap<Key, Vec<i64>> = BTreeMap::new();
        for (operation, ratio) in done.iter().filter_map(|operation| Some((operation, ratio(operation)?))) {
            let Some(center) = operation.work_center_id else { continue };
            for (_, key) in keys(center.number(), &operation.operation_name, &family(operation)?) {
                ratios.entry(key).or_default().push(ratio);
            }
        }
        let learned = ratios.into_iter().filter(|(_, all)| all.len() >= ENOUGH).map(|(key, all)| (key, upper_third(all).clamp(*BELIEVED.start(), *BELIEVED.end())));
        Ok(Self { learned: learned.collect() })
    }

    /// Thousandths of an operation, and what they are learned from.
    pub fn of(&self, center: u64, operation: &str, family: &str) -> (Option<i64>, Basis) {
        let found = keys(center, operation, family).into_iter().find_map(|(basis, key)| Some((self.learned.get(&key)?, basis)));
        found.map_or((None, Basis::Planned), |(thousandths, basis)| (Some(*thousandths), basis))
    }
}

/// Thousandths that a finished operation took of its plan, setups aside: those depend on what ran before.
fn ratio(operation: &WorkOrderOperation) -> Option<i64> {
    let setup = operation.actual_setup_time_minutes.map_or((0, 0), |actual| (actual, operation.planned_setup_time_minutes.unwrap_or(0)));
    let actual = operation.actual_duration_minutes? - setup.0;
    let planned = operation.planned_duration_minutes? - setup.1;
    (actual > 0 && planned > 0).then(|| actual * 1_000 / planned)
}

fn upper_third(mut all: Vec<i64>) -> i64 {
    all.sort_unstable();
    all[all.len() * 2 / 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finest_figure_that_is_known_counts() {
        let known = |key: (u64, &str, &str), ratio| ((key.0, key.1.to_owned(), key.2.to_owned()), ratio);
        let pace = Pace { learned: [known((1, "", ""), 1_200), known((1, "Cut", ""), 1_100), known((1, "Cut", "1.4301"), 900)].into_iter().collect() };
        assert_eq!(pace.of(1, "Cut", "1.4301"), (Some(900), Basis::Family));
        assert_eq!(pace.of(1, "Cut", "brass"), (Some(1_100), Basis::Operation));
        assert_eq!(pace.of(1, "Drill", "brass"), (Some(1_200), Basis::WorkCenter));
        assert_eq!(pace.of(2, "Cut", "1.4301"), (None, Basis::Planned));
    }

    #[test]
    fn a_setup_does_not_count_as_slow_work() {
        let operation = WorkOrderOperation {
            planned_duration_minutes: Some(70),
            planned_setup_time_minutes: Some(20),
            actual_duration_minutes: Some(115),
            actual_setup_time_minutes: Some(60),
            ..WorkOrderOperation::default()
        };
        assert_eq!(ratio(&operation), Some(1_100));
        assert_eq!(ratio(&WorkOrderOperation { actual_duration_minutes: Some(60), ..operation }), None, "all of it was setup");
    }
}
