//! Looks a living plant up from its records, after a restart or when people have acted too.
//! Deliberately only orders of our own planner are taken up: what a person orders, people make.

use std::collections::BTreeMap;

use super::Simulator;
use super::incidents::{LOT_HOLDS, ORDER_HOLDS};
use super::job::{Crew, Job, Stage, Step, StepState};
use super::shipping::Load;
use super::stock::Stocked;
use crate::base::{Decimal, Refusal};
use crate::model::lot::LotStatus;
use crate::model::shipment::ShipmentStatus;
use crate::model::work_order::{OperationStatus, OrderType, WorkOrderStatus};
use crate::model::{Id, LaborTransaction, Lot, Shipment, WorkOrder, WorkOrderOperation};

/// Minutes after which somebody looks at a hold that is not ours; longer than any plant runs.
const NEVER: i64 = 60 * 24 * 3_650;

impl Simulator {
    /// Takes the plant as it is now.
    pub(super) fn look(&mut self) -> Result<(), Refusal> {
        self.desk.catch_up()?;
        let orders: BTreeMap<u64, WorkOrder> = self.desk.records::<WorkOrder>(0, usize::MAX)?.into_iter().map(|order| (order.work_order_id.number(), order)).collect();
        self.look_at_jobs(&orders)?;
        self.look_at_lots(&orders)?;
        self.look_at_loads()?;
        self.look_at_people()?;
        self.shift = self.book.shift_at(self.done_until).map(|(shift, _)| shift);
        // The story belongs to the history; a heat that is held by then stays held.
        self.story_told = true;
        Ok(())
    }

    fn look_at_jobs(&mut self, orders: &BTreeMap<u64, WorkOrder>) -> Result<(), Refusal> {
        let mut operations: BTreeMap<u64, Vec<WorkOrderOperation>> = BTreeMap::new();
        for operation in self.desk.records::<WorkOrderOperation>(0, usize::MAX)? {
            operations.entry(operation.work_order_id.number()).or_default().push(operation);
        }
        let mut known = std::mem::take(&mut self.jobs);
        let planner = self.desk.planner().to_owned();
        for (id, order) in orders.iter().filter(|(_, order)| order.created_by == planner) {
            let Some(stage) = stage_of(order) else { continue };
            let steps: Vec<Step> = operations.remove(id).unwrap_or_default().iter().map(step_of).collect();
            let job = self.job_from(order, stage, steps, known.remove(id));
            self.jobs.insert(*id, job);
        }
        Ok(())
    }

    fn job_from(&mut self, order: &WorkOrder, stage: Stage, mut steps: Vec<Step>, known: Option<Job>) -> Job {
        for step in &mut steps {
            let before = known.as_ref().and_then(|job| job.steps.iter().find(|it| it.sequence == step.sequence));
            step.worked_seconds = step.worked_seconds.max(before.map_or(0, |it| it.worked_seconds));
        }
        let ours = order.hold_reason.as_ref().is_some_and(|why| ORDER_HOLDS.contains(&why.0.as_str()));
        let cleared = if ours { self.later(120, 900) } else { self.desk.now().plus_minutes(NEVER) };
        let next_at = self.later(30, 240);
        Job {
            customer: order.customer_id.map(Id::number),
            kind: order.order_type,
            priority: order.priority,
            stage,
            held_until: (order.status == WorkOrderStatus::OnHold).then(|| known.as_ref().and_then(|job| job.held_until).unwrap_or(cleared)),
            kitted: stage >= Stage::Running,
            rework: if order.order_type == OrderType::Rework { 0 } else { order.rework_quantity },
            tainted: known.as_ref().is_some_and(|job| job.tainted),
            cuts: known.as_ref().map(|job| job.cuts.clone()).unwrap_or_default(),
            steps,
            ..Job::new(order.work_order_id.number(), order.product_id.number(), order.planned_quantity, known.map_or(next_at, |job| job.next_at))
        }
    }

    fn look_at_lots(&mut self, orders: &BTreeMap<u64, WorkOrder>) -> Result<(), Refusal> {
        self.stock.lots.clear();
        self.held_lots.clear();
        for lot in self.desk.records::<Lot>(0, usize::MAX)?.into_iter().filter(|lot| !lot.quantity_on_hand.is_zero()) {
            let order = lot.work_order_id.and_then(|id| orders.get(&id.number()));
            let made = order.is_none_or(|order| lot.is_remnant || matches!(order.status, WorkOrderStatus::Completed | WorkOrderStatus::Closed));
            if !made {
                continue;
            }
            let held = lot.status == LotStatus::OnHold;
            if held && lot.hold_reason.as_ref().is_some_and(|why| LOT_HOLDS.contains(&why.0.as_str())) {
                let until = self.later(120, 900);
                self.held_lots.push((until, lot.lot_number.clone()));
            }
            let customer = if lot.is_remnant { None } else { order.and_then(|order| order.customer_id) };
            let stocked = Stocked::new(lot.lot_number, lot.material_id.number(), lot.quantity_on_hand);
            self.stock.lots.push(Stocked { expiry: lot.expiry_date, held, customer: customer.map(Id::number), ..stocked });
        }
        Ok(())
    }

    fn look_at_loads(&mut self) -> Result<(), Refusal> {
        self.loads.clear();
        for shipment in self.desk.records::<Shipment>(0, usize::MAX)? {
            if shipment.status != ShipmentStatus::Planned || shipment.created_by != self.desk.planner() {
                continue;
            }
            let lots: Vec<(String, Decimal)> = shipment.lines.iter().map(|line| (line.lot_number.clone(), line.quantity)).collect();
            for (number, _) in &lots {
                if let Some(lot) = self.stock.lot(number) {
                    lot.planned = true;
                }
            }
            let leaves_at = self.later(30, 300);
            self.loads.push(Load { id: shipment.shipment_id.number(), lots, leaves_at });
        }
        Ok(())
    }

    fn look_at_people(&mut self) -> Result<(), Refusal> {
        self.to_approve.clear();
        let operations: BTreeMap<u64, i64> = self.desk.records::<WorkOrderOperation>(0, usize::MAX)?.iter().map(|it| (it.operation_id.number(), it.operation_sequence)).collect();
        for row in self.desk.records::<LaborTransaction>(0, usize::MAX)? {
            if row.clock_out_time.is_some() {
                self.to_approve.extend((!row.approved).then_some(row.labor_transaction_id.number()));
                continue;
            }
            let sequence = row.operation_id.and_then(|id| operations.get(&id.number()));
            let job = row.work_order_id.and_then(|id| self.jobs.get_mut(&id.number()));
            let Some(step) = job.and_then(|job| job.steps.iter_mut().find(|step| Some(&step.sequence) == sequence)) else { continue };
            let crew = Crew { employee: row.employee_id.number(), row: row.labor_transaction_id.number(), since: row.clock_in_time, activity: row.activity_type, good: 0, bad: 0 };
            step.crew.push(crew);
        }
        Ok(())
    }
}

fn stage_of(order: &WorkOrder) -> Option<Stage> {
    let status = if order.status == WorkOrderStatus::OnHold { order.status_before_hold? } else { order.status };
    match status {
        WorkOrderStatus::Created => Some(Stage::Created),
        WorkOrderStatus::Released => Some(Stage::Released),
        WorkOrderStatus::Scheduled => Some(Stage::Scheduled),
        WorkOrderStatus::InProgress => Some(Stage::Running),
        WorkOrderStatus::Completed => Some(Stage::Completed),
        WorkOrderStatus::Closed | WorkOrderStatus::Cancelled | WorkOrderStatus::OnHold => None,
    }
}

fn step_of(operation: &WorkOrderOperation) -> Step {
    let setup_seconds = operation.planned_setup_time_minutes.unwrap_or(0) * 60;
    let piece_seconds = operation.standard_time_per_unit_seconds.map_or(60, |seconds| seconds.scaled() / Decimal::ONE.scaled()).max(1);
    let begun = operation.produced() > 0;
    Step {
        sequence: operation.operation_sequence,
        center: operation.work_center_id.map(Id::number),
        depends_on: operation.depends_on.clone(),
        setup_seconds,
        piece_seconds,
        state: match operation.status {
            OperationStatus::InProgress => StepState::Running,
            OperationStatus::Completed | OperationStatus::Skipped => StepState::Done,
            OperationStatus::Pending | OperationStatus::Ready | OperationStatus::OnHold => StepState::Waiting,
        },
        produced: operation.produced(),
        good: operation.completed_quantity,
        worked_seconds: if begun { setup_seconds + operation.produced() * piece_seconds } else { 0 },
        crew: Vec::new(),
    }
}
