//! What operations hold and how they behave: people by certificate, tools, and the rules of their work centers.
//! Deliberately no hours and no stops: those are the floor's.

use std::collections::BTreeMap;

use crate::base::{Refusal, Time};
use crate::model::plant::Status;
use crate::model::{Employee, PlanningRule, Record as _, Shift, Tool, WorkCenter, WorkOrderOperation};
use crate::scheduling::PoolKind;
use crate::scheduling::problem::{Minutes, Operation, Pool, WHOLE};
use crate::store::Snapshot;
use crate::views::floor;

/// From the end of an operation in one department to the start of the next in another.
const TRANSFER: i64 = 30;

/// People, tools and rules.
pub(super) struct Means {
    /// People first, tools after them.
    pools: Vec<Pool>,
    people: usize,
    /// Of each tool: where and for which products it is wanted.
    wanted: Vec<(Vec<u64>, Vec<u64>)>,
    rules: BTreeMap<u64, PlanningRule>,
}

impl Means {
    pub(super) fn look(snapshot: &Snapshot, centers: &[WorkCenter], now: Time, zone: &jiff::tz::TimeZone) -> Result<Self, Refusal> {
        let mut pools = people(snapshot, centers, now, zone)?;
        let (people, mut wanted) = (pools.len(), Vec::new());
        for tool in floor::all::<Tool>(snapshot)?.into_iter().filter(|tool| tool.status == Status::Active) {
            let capacity = u32::try_from(tool.quantity).unwrap_or(0);
            let away = tool.available_from.map(|from| from.minutes_since(now)).filter(|minutes| *minutes > 0);
            let missing = away.map(|minutes| (0, Minutes::try_from(minutes).unwrap_or(Minutes::MAX), capacity)).into_iter().collect();
            pools.push(Pool { id: tool.tool_code, kind: PoolKind::Tools, capacity, missing });
            wanted.push((tool.work_center_ids.iter().map(|id| id.number()).collect(), tool.product_ids.iter().map(|id| id.number()).collect()));
        }
        let rules = floor::all::<PlanningRule>(snapshot)?.into_iter().map(|rule| (rule.work_center_id.number(), rule)).collect();
        Ok(Self { pools, people, wanted, rules })
    }

    /// The pools that an operation of a product at a work center holds one of each; refused where nobody is certified.
    pub(super) fn held(&self, center: &WorkCenter, product: u64) -> Result<Vec<usize>, String> {
        let skill = center.required_skill.as_deref();
        let people = skill.and_then(|skill| self.pools[..self.people].iter().position(|pool| pool.id == skill));
        if let Some(pool) = people.map(|at| &self.pools[at]).filter(|pool| pool.capacity == 0) {
            return Err(format!("wants somebody certified for {}, and nobody is", pool.id));
        }
        let wants = |(centers, products): &(Vec<u64>, Vec<u64>)| centers.contains(&center.number()) && (products.is_empty() || products.contains(&product));
        let tools = self.wanted.iter().enumerate().filter(|(_, wanted)| wants(wanted)).map(|(at, _)| self.people + at);
        Ok(people.into_iter().chain(tools).collect())
    }

    /// The pools, with what is at work: whoever is there is there, whatever the shifts say.
    pub(super) fn pools<'o>(&self, operations: impl Iterator<Item = &'o Operation>) -> Vec<Pool> {
        let mut at_work = vec![0_u32; self.pools.len()];
        operations.filter(|operation| operation.fixed.is_some()).flat_map(|operation| &operation.pools).for_each(|pool| at_work[*pool] += 1);
        let grown = |(pool, at_work): (&Pool, u32)| {
            let capacity = pool.capacity.max(at_work);
            let missing = pool.missing.iter().map(|(from, to, count)| (*from, *to, (*count).min(capacity - at_work))).collect();
            Pool { capacity, missing, ..pool.clone() }
        };
        self.pools.iter().zip(at_work).map(grown).collect()
    }

    /// Whether an operation at a work center may pause at closing time.
    pub(super) fn may_pause(&self, center: u64) -> bool {
        !self.rules.get(&center).is_some_and(|rule| rule.runs_through)
    }

    /// The share of what is left of an operation, in thousandths, after which the next one may begin.
    pub(super) fn batch(&self, center: u64, left: i64) -> u16 {
        let pieces = self.rules.get(&center).and_then(|rule| rule.transfer_batch_quantity).filter(|pieces| *pieces < left);
        pieces.and_then(|pieces| u16::try_from(pieces.saturating_mul(1_000).div_euclid(left.max(1)) + 1).ok()).map_or(WHOLE, |share| share.clamp(1, WHOLE))
    }

    /// From one operation to the next: nothing within a department.
    pub(super) fn transfer(&self, from: &WorkOrderOperation, to: &WorkOrderOperation) -> Minutes {
        if from.line_id == to.line_id {
            return 0;
        }
        let told = from.work_center_id.and_then(|id| self.rules.get(&id.number())?.transfer_minutes);
        Minutes::try_from(told.unwrap_or(TRANSFER)).unwrap_or(Minutes::MAX)
    }
}

/// People by the skill that work centers ask for: as many as the thinnest shift of the week has.
fn people(snapshot: &Snapshot, centers: &[WorkCenter], now: Time, zone: &jiff::tz::TimeZone) -> Result<Vec<Pool>, Refusal> {
    let today = now.date(zone);
    let shifts: Vec<Shift> = floor::all::<Shift>(snapshot)?.into_iter().filter(|shift| shift.status == Status::Active).collect();
    let employees: Vec<Employee> = floor::all::<Employee>(snapshot)?.into_iter().filter(|it| it.status == Status::Active).collect();
    let mut skills: Vec<&str> = centers.iter().filter_map(|center| center.required_skill.as_deref()).collect();
    skills.sort_unstable();
    skills.dedup();
    let certified = |it: &Employee, skill: &str| it.certifications.iter().any(|held| held.skill == skill && held.valid_until.is_none_or(|until| until >= today));
    let pool = |skill: &str| {
        let holders: Vec<&Employee> = employees.iter().filter(|it| certified(it, skill)).collect();
        let in_shift = |shift: &Shift| holders.iter().filter(|it| it.shift_id == Some(shift.shift_id)).count();
        let thinnest = shifts.iter().map(in_shift).filter(|count| *count > 0).min();
        let capacity = thinnest.unwrap_or(holders.len());
        Pool { id: skill.to_owned(), kind: PoolKind::People, capacity: u32::try_from(capacity).unwrap_or(u32::MAX), missing: Vec::new() }
    };
    Ok(skills.into_iter().map(pool).collect())
}
