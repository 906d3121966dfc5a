//! Tools, material on its way, and rules of planning: each says something a plan can heed. Whether a plan can be
//! made of it, the planner's engine says.

use crate::base::{Code, Refusal};
use crate::model::field::Field as _;
use crate::model::{ExpectedReceipt, PlanningRule, Tool};
use crate::store::{Draft, Halt, View as _};

/// Minutes that a transfer may take: a week.
const TRANSFER_MINUTES_MAX: i64 = 10_080;
/// Copies of one tool.
const TOOLS_MAX: i64 = 10_000;

pub(super) fn check_tool(it: &Tool) -> Result<(), Halt> {
    if !(1..=TOOLS_MAX).contains(&it.quantity) {
        return Err(Refusal::invalid("quantity", format!("must be 1 to {TOOLS_MAX}; a tool that is gone is inactive")).into());
    }
    if it.work_center_ids.is_empty() {
        return Err(Refusal::invalid("work_center_ids", "must name the work centers whose operations want it").into());
    }
    Ok(())
}

pub(super) fn check_receipt(it: &ExpectedReceipt) -> Result<(), Halt> {
    if it.quantity.is_zero() { Err(Refusal::invalid("quantity", "must be above 0; what does not come is cancelled").into()) } else { Ok(()) }
}

pub(super) fn check_rule(draft: &Draft<'_, '_>, it: &PlanningRule) -> Result<(), Halt> {
    if it.transfer_batch_quantity == Some(0) {
        return Err(Refusal::invalid("transfer_batch_quantity", "must be 1 or more; leave it out where an operation goes on whole").into());
    }
    if it.transfer_minutes.is_some_and(|minutes| minutes > TRANSFER_MINUTES_MAX) {
        return Err(Refusal::invalid("transfer_minutes", format!("must be at most {TRANSFER_MINUTES_MAX}, a week")).into());
    }
    let known: Vec<PlanningRule> = draft.related("work_center_id", &it.work_center_id.to_value(), 2)?;
    match known.iter().find(|other| other.planning_rule_id != it.planning_rule_id) {
        Some(other) => Err(Refusal::field(Code::Duplicate, "work_center_id", format!("{} is the rule of this work center: change that one", other.planning_rule_id)).into()),
        None => Ok(()),
    }
}
