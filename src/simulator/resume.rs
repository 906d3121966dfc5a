//! Looks a living plant up from its records, after a restart or when people have acted too.
//! Deliberately only orders of our own planner are taken up: what a person orders, people make.

use std::collections::{BTreeMap, BTreeSet};

use super::Simulator;
use super::agenda::Event;
use super::incidents::{LOT_HOLDS, ORDER_HOLDS};
use super::job::{Job, Stage, Step, StepState};
use super::quality::Finding;
use super::records;
use super::shipping::Load;
use super::station::{Changeover, Place, Row, Run, Station, Stop};
use super::stock::Stocked;
use crate::base::{Decimal, Refusal, Time};
use crate::model::batch_record::{RecordStatus, ReleaseStatus};
use crate::model::downtime::{DowntimeCategory, DowntimeStatus};
use crate::model::lot::LotStatus;
use crate::model::material::TransactionType;
use crate::model::people::ActivityType;
use crate::model::quality::{DefectStatus, DetectionMethod, Disposition, InspectionResult};
use crate::model::shipment::ShipmentStatus;
use crate::model::work_order::{OperationStatus, OrderType, WorkOrderStatus};
use crate::model::{
    ChangeoverEvent, Defect, DowntimeEvent, ElectronicBatchRecord, Id, LaborTransaction, Lot, MaterialTransaction, Noun, OperationReport, Plant, QualityInspection, Shipment,
    WorkOrder, WorkOrderOperation,
};

/// What our people book beside orders; other open time is a person's own.
const SIDE_CODES: &[&str] = &["BREAK", "5S", "MATERIAL", "CLEANING", "SORTING", "STORE", "INSPECTION", "ROUND", "REPAIR", "WPS-REFRESH", "SHIFT-MEETING"];

type Orders = BTreeMap<u64, WorkOrder>;

impl Simulator {
    /// Takes the plant as it is now.
    pub(super) fn look(&mut self) -> Result<(), Refusal> {
        self.desk.catch_up()?;
        self.done_until = self.done_until.max(self.desk.now());
        self.agenda.clear();
        (self.repairing, self.repairers) = Default::default();
        let orders: Orders = self.desk.records::<WorkOrder>(0, usize::MAX)?.into_iter().map(|order| (order.work_order_id.number(), order)).collect();
        self.book.closed = super::book::closed_days(&self.desk)?;
        self.look_at_orders_of_goods()?;
        let drifting = self.look_at_jobs(&orders)?;
        self.look_at_kits()?;
        self.look_at_lots(&orders)?;
        self.look_at_loads()?;
        self.look_at_quality(&orders, &drifting)?;
        self.look_at_complaints(&orders)?;
        self.look_at_records(&orders)?;
        self.look_at_stations()?;
        self.look_at_plan();
        // The story belongs to the history; a heat that is held by then stays held.
        self.story_told = true;
        self.take_up()
    }

    /// The clockwork runs again; everybody who is there gets on with it.
    fn take_up(&mut self) -> Result<(), Refusal> {
        let now = self.desk.now();
        let past = self.book.local(now).2;
        self.agenda.add(now.plus_minutes(60 - past), Event::Hour);
        self.agenda.add(self.book.next_shift_change(now).unwrap_or(now.plus_minutes(480)), Event::Shift);
        self.on_shift = self.open_shift(now);
        self.staff()?;
        for id in self.station_ids() {
            self.go(id)?;
        }
        Ok(())
    }

    /// Answers the operations at the work center whose angle drifts.
    fn look_at_jobs(&mut self, orders: &Orders) -> Result<BTreeSet<u64>, Refusal> {
        let mut drifting = BTreeSet::new();
        let mut operations: BTreeMap<u64, Vec<WorkOrderOperation>> = BTreeMap::new();
        let mut latest: BTreeMap<u64, (Time, u64)> = BTreeMap::new();
        for operation in self.desk.records::<WorkOrderOperation>(0, usize::MAX)? {
            let order = operation.work_order_id.number();
            if let (Some(center), Some(started)) = (operation.work_center_id, operation.actual_start_time) {
                let newest = latest.entry(center.number()).or_insert((started, order));
                *newest = (*newest).max((started, order));
            }
            if operation.work_center_id.is_some_and(|id| self.book.drifting == Some(id.number())) {
                drifting.insert(operation.operation_id.number());
            }
            operations.entry(order).or_default().push(operation);
        }
        let mut known = std::mem::take(&mut self.jobs);
        let planner = self.desk.planner().to_owned();
        for (id, order) in orders.iter().filter(|(_, order)| order.created_by == planner) {
            let Some(stage) = stage_of(order) else { continue };
            let steps: Vec<Step> = operations.remove(id).unwrap_or_default().iter().map(step_of).collect();
            self.take_job(order, stage, steps, known.remove(id));
        }
        for (id, station) in &mut self.stations {
            let product = |order: &u64| orders.get(order).map(|it| it.product_id.number());
            station.last = latest.get(id).and_then(|(_, order)| Some((*order, product(order)?)));
        }
        Ok(drifting)
    }

    fn take_job(&mut self, order: &WorkOrder, stage: Stage, steps: Vec<Step>, known: Option<Job>) {
        let id = order.work_order_id.number();
        let held = order.status == WorkOrderStatus::OnHold;
        let job = Job {
            customer: order.customer_id.map(Id::number),
            kind: order.order_type,
            priority: order.priority,
            stage,
            held,
            kitted: stage >= Stage::Running,
            rework: if order.order_type == OrderType::Rework { 0 } else { order.rework_quantity },
            lot: order.lot_number.clone(),
            tainted: known.as_ref().is_some_and(|job| job.tainted),
            cuts: known.map(|job| job.cuts).unwrap_or_default(),
            steps,
            ..Job::new(id, order.product_id.number(), order.planned_quantity)
        };
        let (office, now) = (matches!(stage, Stage::Created | Stage::Released | Stage::Completed) || job.finished(), self.desk.now());
        for (at, step) in job.steps.iter().enumerate().filter(|(_, step)| step.held > 0 && stage == Stage::Running) {
            let decided = now.plus_minutes(60 + step.held);
            self.agenda.add(decided, Event::DecideHeld(id, at));
        }
        (0..job.steps.len()).filter(|at| job.is_ready(*at)).for_each(|at| self.agenda.add(now, Event::Ready(id, at)));
        self.jobs.insert(id, job);
        self.take_stock_of(id);
        if office {
            let due = self.later(10, 200);
            self.agenda.add(due, Event::Office(id));
        }
        if held && order.hold_reason.as_ref().is_some_and(|why| ORDER_HOLDS.contains(&why.0.as_str())) {
            let cleared = self.later(120, 900);
            self.agenda.add(cleared, Event::ReleaseOrder(id));
        }
    }

    /// A kit that was cut short when the plant stopped is completed, not issued again.
    fn look_at_kits(&mut self) -> Result<(), Refusal> {
        for movement in self.desk.records::<MaterialTransaction>(0, usize::MAX)? {
            let issued = matches!(movement.transaction_type, TransactionType::Issue | TransactionType::Return);
            let job = movement.work_order_id.and_then(|id| self.jobs.get_mut(&id.number()));
            let Some(job) = job.filter(|job| issued && !job.kitted) else { continue };
            let (material, quantity) = self.book.in_sheets(movement.material_id.number(), movement.stock_change.negated());
            for (_, need) in job.needs.iter_mut().filter(|(needed, _)| *needed == material) {
                *need = need.minus(quantity).unwrap_or_default().max(Decimal::ZERO);
            }
            job.needs.retain(|(_, need)| !need.is_zero());
        }
        Ok(())
    }

    fn look_at_lots(&mut self, orders: &Orders) -> Result<(), Refusal> {
        self.stock.lots.clear();
        self.held_by.clear();
        let lots = self.desk.records::<Lot>(0, usize::MAX)?;
        self.received = lots.len() as u64;
        for lot in lots {
            let order = lot.work_order_id.and_then(|id| orders.get(&id.number()));
            let made = order.is_none_or(|order| lot.is_remnant || matches!(order.status, WorkOrderStatus::Completed | WorkOrderStatus::Closed));
            let held = lot.status == LotStatus::OnHold;
            let why = lot.hold_reason.as_ref().filter(|_| held).map_or("", |why| why.0.as_str());
            if let Some(inspection) = why.strip_prefix("inspection ").and_then(|rest| Noun::QualityInspection.number_of(rest.split(':').next()?)) {
                self.held_by.insert(inspection, lot.lot_number.clone());
            }
            if !made || lot.quantity_on_hand.is_zero() {
                continue;
            }
            if LOT_HOLDS.contains(&why) {
                let until = self.later(120, 900);
                self.agenda.add(until, Event::ReleaseLot(lot.lot_number.clone()));
            }
            let customer = if lot.is_remnant { None } else { order.and_then(|order| order.customer_id) };
            let stocked = Stocked::new(lot.lot_number, lot.material_id.number(), lot.quantity_on_hand);
            self.stock.lots.push(Stocked {
                expiry: lot.expiry_date,
                held,
                customer: customer.map(Id::number),
                order: lot.work_order_id.map(Id::number),
                bought: lot.supplier_id.is_some(),
                ..stocked
            });
        }
        Ok(())
    }

    fn look_at_loads(&mut self) -> Result<(), Refusal> {
        self.loads.clear();
        for shipment in self.desk.records::<Shipment>(0, usize::MAX)? {
            if shipment.status != ShipmentStatus::Planned {
                continue;
            }
            let lots: Vec<(String, Decimal)> = shipment.lines.iter().map(|line| (line.lot_number.clone(), line.quantity)).collect();
            for (number, _) in &lots {
                if let Some(lot) = self.stock.lot(number) {
                    lot.planned = true;
                }
            }
            // What a person has planned takes its lots, and leaves when the person says so.
            if shipment.created_by != self.desk.planner() {
                continue;
            }
            let leaves = self.later(30, 300);
            self.loads.push(Load { id: shipment.shipment_id.number(), lots });
            self.agenda.add(leaves, Event::Leave(shipment.shipment_id.number()));
        }
        Ok(())
    }

    fn look_at_quality(&mut self, orders: &Orders, drifting: &BTreeSet<u64>) -> Result<(), Refusal> {
        // The drift began with the history, which began with the plant.
        self.begin_drift(self.desk.records::<Plant>(0, 1)?.pop().map_or(self.desk.now(), |plant| plant.created_at));
        self.quality_held = orders.iter().filter(|(_, order)| order.quality_hold).map(|(id, _)| (*id, 0)).collect();
        for it in self.desk.records::<QualityInspection>(0, usize::MAX)? {
            let number = it.inspection_id.number();
            let again = it.disposition == Some(Disposition::Rework);
            let bad = !matches!(it.inspection_result, InspectionResult::Pass | InspectionResult::ConditionalPass);
            let ours = it.created_by == self.desk.inspector();
            if ours && it.inspection_result == InspectionResult::Fail && it.operation_id.is_some_and(|id| drifting.contains(&id.number())) {
                self.failed_at_the_drift(it.inspection_date);
            }
            if bad && it.approved_by.is_none() && ours && (again || it.disposition.is_none()) {
                let decided = self.later(40, 500);
                self.agenda.add(decided, Event::Dispose(number, Finding { found: it.inspection_result, again }));
            }
            if let Some(order) = it.work_order_id.filter(|_| it.inspection_result == InspectionResult::Hold) {
                self.quality_held.entry(order.number()).and_modify(|held_by| *held_by = number);
            }
        }
        for defect in self.desk.records::<Defect>(0, usize::MAX)? {
            let number = defect.defect_id.number();
            let due = self.later(200, 2_000);
            match defect.status {
                _ if defect.created_by != self.desk.inspector() => {}
                DefectStatus::Open | DefectStatus::Investigating => self.agenda.add(due, Event::Analyze(number, super::quality::story_of(&defect.defect_description))),
                DefectStatus::ActionPending => self.agenda.add(due, Event::CloseDefect(number)),
                DefectStatus::Closed => {}
            }
        }
        Ok(())
    }

    /// A complaint that is still to come is nobody's knowledge yet: it is drawn anew among the lots that left in the last days.
    fn look_at_complaints(&mut self, orders: &Orders) -> Result<(), Refusal> {
        let order_of: BTreeMap<&str, u64> = orders.iter().filter_map(|(id, order)| Some((order.lot_number.as_deref()?, *id))).collect();
        let complaints = self.desk.records::<Defect>(0, usize::MAX)?.into_iter().filter(|it| it.detection_method == DetectionMethod::CustomerComplaint);
        let complained: BTreeSet<String> = complaints.filter_map(|it| it.lot_number).collect();
        for shipment in self.desk.records::<Shipment>(0, usize::MAX)? {
            let Some(left) = shipment.shipped_at.filter(|_| shipment.created_by == self.desk.planner()) else { continue };
            for line in shipment.lines.iter().filter(|line| !complained.contains(&line.lot_number)) {
                if let Some(order) = order_of.get(line.lot_number.as_str()) {
                    self.may_be_complained_of(*order, &line.lot_number, left);
                }
            }
        }
        Ok(())
    }

    fn look_at_records(&mut self, orders: &Orders) -> Result<(), Refusal> {
        for record in self.desk.records::<ElectronicBatchRecord>(0, usize::MAX)? {
            let order = record.work_order_id.number();
            let done = orders.get(&order).is_some_and(|order| matches!(order.status, WorkOrderStatus::Completed | WorkOrderStatus::Closed));
            let act = match (record.record_status, record.release_status) {
                (RecordStatus::InProgress, _) if done => records::SUBMIT,
                (RecordStatus::UnderReview, _) if record.reviewed_by.is_none() => records::REVIEW,
                (RecordStatus::UnderReview, _) => records::DECIDE,
                (RecordStatus::Approved, ReleaseStatus::Pending) => records::RELEASE,
                (RecordStatus::Approved, ReleaseStatus::OnHold) => records::RELEASE_LATE,
                _ => continue,
            };
            let due = self.later(30, 600);
            self.agenda.add(due, Event::BatchRecord(record.ebr_id.number(), order, act));
        }
        Ok(())
    }

    /// What runs and stands at the work centers.
    fn look_at_stations(&mut self) -> Result<(), Refusal> {
        self.renew_stations();
        let running: Vec<(u64, usize, u64)> = self.jobs.values().filter(|job| job.stage == Stage::Running && !job.held).flat_map(running_steps).collect();
        for (order, at, center) in running {
            let run = Run { order, at, active: None, setup_ms: 0, changeover: None, piece_ms: 60_000, carry_ms: 0, made: 0, reported_at: self.desk.now(), row: None, helper: None };
            if let Some(station) = self.stations.get_mut(&center).filter(|station| station.run.is_none()) {
                station.run = Some(run);
            }
        }
        for event in self.desk.records::<ChangeoverEvent>(0, usize::MAX)?.into_iter().filter(|event| event.is_open) {
            let run = self.stations.get_mut(&event.work_center_id.number()).and_then(|station| station.run.as_mut());
            if let Some(run) = run.filter(|run| run.order == event.to_work_order_id.number()) {
                run.setup_ms = event.planned_duration_minutes.unwrap_or(30) * 60_000;
                run.changeover = Some(Changeover { number: event.changeover_id.number(), since: event.changeover_start });
            }
        }
        self.look_at_stops()?;
        self.look_at_people()
    }

    fn renew_stations(&mut self) {
        let fresh = self.stations.values().any(|station| station.sound_ms == i64::MAX);
        for station in self.stations.values_mut() {
            let known = std::mem::replace(station, Station::new(Default::default()));
            *station = Station {
                hours: known.hours,
                token: known.token + 1,
                last: known.last,
                had_break: known.had_break,
                sound_ms: known.sound_ms,
                smooth_ms: known.smooth_ms,
                service_at: known.service_at,
                recurs_at: known.recurs_at,
                ..Station::new(Default::default())
            };
        }
        if fresh {
            self.plan_service();
        }
    }

    fn look_at_stops(&mut self) -> Result<(), Refusal> {
        for stop in self.desk.records::<DowntimeEvent>(0, usize::MAX)?.into_iter().filter(|stop| stop.status != DowntimeStatus::Resolved) {
            let number = stop.downtime_id.number();
            let Some((id, station)) = stop.work_center_id.and_then(|id| self.stations.get_mut(&id.number()).map(|station| (id.number(), station))) else { continue };
            let fault = super::stops::fault_of(stop.downtime_reason_code.as_deref());
            station.stop = Some(Stop { number, category: stop.downtime_category, fault, shown: None, repair: None });
            let awaited = stop.downtime_category == DowntimeCategory::Breakdown && stop.responded_by.is_none();
            let due = if awaited { self.later(3, 20) } else { self.later(15, 120) };
            self.agenda.add(due, if awaited { Event::Respond(id, number) } else { Event::StopOver(id, number) });
        }
        Ok(())
    }

    /// Whoever is clocked in on a step stays there; who does something else comes back soon.
    fn look_at_people(&mut self) -> Result<(), Refusal> {
        self.to_approve.clear();
        let mut reports: BTreeMap<(u64, i64), Vec<OperationReport>> = BTreeMap::new();
        for report in self.desk.records::<OperationReport>(0, usize::MAX)? {
            if self.jobs.get(&report.work_order_id.number()).is_some_and(|job| job.stage == Stage::Running) {
                reports.entry((report.work_order_id.number(), report.operation_sequence)).or_default().push(report);
            }
        }
        for row in self.desk.records::<LaborTransaction>(0, usize::MAX)? {
            if row.clock_out_time.is_some() {
                self.to_approve.extend((!row.approved).then_some(row.labor_transaction_id.number()));
            } else if row.work_order_id.is_none() {
                self.take_side_row(&row)?;
            } else {
                self.take_row(&row, &reports)?;
            }
        }
        Ok(())
    }

    /// Store keepers and inspectors stay until their shift ends.
    fn take_side_row(&mut self, row: &LaborTransaction) -> Result<(), Refusal> {
        let (number, code) = (row.labor_transaction_id.number(), row.activity_code.as_deref().unwrap_or_default());
        let ends = self.book.shift_at(row.clock_in_time).map(|(_, ends)| ends).filter(|ends| *ends > self.desk.now());
        match ends {
            Some(ends) if matches!(code, "STORE" | "INSPECTION") => self.agenda.add(ends, Event::ClockOut(number, ends.minutes_since(row.clock_in_time).min(480) / 16)),
            _ if SIDE_CODES.contains(&code) => self.clock_out(number, 0)?,
            _ => {}
        }
        Ok(())
    }

    fn take_row(&mut self, row: &LaborTransaction, reports: &BTreeMap<(u64, i64), Vec<OperationReport>>) -> Result<(), Refusal> {
        let order = row.work_order_id.map_or(0, Id::number);
        let (Some(center), Some(job)) = (row.work_center_id.map(Id::number), self.jobs.get(&order)) else { return Ok(()) };
        let Some((at, sequence)) =
            self.stations.get(&center).and_then(|station| station.run.as_ref()).filter(|run| run.order == order).map(|run| (run.at, job.steps[run.at].sequence))
        else {
            return self.clock_out(row.labor_transaction_id.number(), 0);
        };
        let told = reports.get(&(order, sequence)).map(Vec::as_slice).unwrap_or_default();
        let since: Vec<&OperationReport> =
            told.iter().filter(|report| report.reported_at >= row.clock_in_time && report.reverses.is_none() && report.reversed_by.is_none()).collect();
        let setup = row.activity_type == ActivityType::Setup;
        let taken = Row {
            number: row.labor_transaction_id.number(),
            since: row.clock_in_time,
            good: since.iter().map(|report| report.good_quantity).sum(),
            bad: since.iter().map(|report| report.rejected_quantity + report.scrapped_quantity + report.rework_quantity + report.held_quantity.max(0)).sum(),
            break_minutes: 0,
            setup,
        };
        let began = since.iter().map(|report| report.reported_at).max().unwrap_or(row.clock_in_time);
        let employee = row.employee_id.number();
        let piece_ms = self.piece_ms(order, at, employee, false);
        let Some(station) = self.stations.get_mut(&center) else { return Ok(()) };
        let stands = station.stop.is_some();
        let Some(run) = station.run.as_mut() else { return Ok(()) };
        if run.row.is_some() {
            run.helper = Some((employee, taken));
            return Ok(());
        }
        if setup && run.setup_ms == 0 {
            run.setup_ms = 600_000;
        }
        (run.row, run.piece_ms, run.reported_at, run.active) = (Some(taken), piece_ms, began, (!stands).then_some(began));
        station.operator = Some(employee);
        Ok(())
    }

    /// The places of open steps in the plan.
    fn look_at_plan(&mut self) {
        let day = self.book.local(self.desk.now()).0.plus_days(40);
        for (id, station) in &mut self.stations {
            if let Some(center) = self.book.centers.get(id) {
                station.hours.reach(&self.book, center, day);
            }
        }
        let open = self.jobs.values().filter(|job| matches!(job.stage, Stage::Scheduled | Stage::Running));
        for (job, at) in open.flat_map(|job| (0..job.steps.len()).map(move |at| (job, at))) {
            let step = &job.steps[at];
            if let Some(station) = self.stations.get_mut(&step.center).filter(|_| step.state != StepState::Done && step.planned > Time::default()) {
                let from = station.hours.position(step.planned);
                station.take(Place { from, to: from + super::planning::planned_seconds(step, job.planned), order: job.id, at });
            }
        }
    }
}

fn running_steps(job: &Job) -> Vec<(u64, usize, u64)> {
    let running = job.steps.iter().enumerate().filter(|(_, step)| step.state == StepState::Running);
    running.map(|(at, step)| (job.id, at, step.center)).collect()
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
    Step {
        sequence: operation.operation_sequence,
        center: operation.work_center_id.map_or(0, Id::number),
        depends_on: operation.depends_on.clone(),
        setup_seconds: operation.planned_setup_time_minutes.unwrap_or(0) * 60,
        piece_seconds: operation.standard_time_per_unit_seconds.map_or(60, |seconds| seconds.scaled() / Decimal::ONE.scaled()).max(1),
        inspected: operation.requires_inspection,
        state: match operation.status {
            OperationStatus::InProgress => StepState::Running,
            OperationStatus::Completed | OperationStatus::Skipped => StepState::Done,
            OperationStatus::Pending | OperationStatus::Ready | OperationStatus::OnHold => StepState::Waiting,
        },
        produced: operation.produced(),
        good: operation.completed_quantity,
        held: operation.held_quantity,
        planned: operation.planned_start_time.unwrap_or_default(),
    }
}
