//! The plant's figures from its records alone: what the key figures of a history are held against
//! while the simulator is tuned. Deliberately simple and slow, and independent of the product's own.

use std::collections::{BTreeMap, BTreeSet};

use super::all;
use crate::base::{Decimal, Time};
use crate::engine::Engine;
use crate::model::downtime::DowntimeCategory;
use crate::model::material::TransactionType;
use crate::model::people::ActivityType;
use crate::model::quality::{DetectionMethod, InspectionResult};
use crate::model::schedule::ScheduleStatus;
use crate::model::work_order::{OrderType, WorkOrderStatus};
use crate::model::{
    ChangeoverEvent, Defect, DowntimeEvent, LaborTransaction, MaterialTransaction, OperationReport, ProductionSchedule, QualityInspection, Shift, Shipment, WorkCenter, WorkOrder,
    WorkOrderOperation,
};

/// Key figures in percent, unless their names say otherwise.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) orders: f64,
    pub(super) oee: f64,
    pub(super) availability: f64,
    pub(super) effectiveness: f64,
    pub(super) quality: f64,
    pub(super) utilization: f64,
    pub(super) setup: f64,
    pub(super) down: f64,
    pub(super) delay: f64,
    pub(super) first_pass: f64,
    pub(super) adherence: f64,
    pub(super) inspection_pass: f64,
    pub(super) defect_rate: f64,
    pub(super) ppm: f64,
    pub(super) labor_efficiency: f64,
    pub(super) material_yield: f64,
    pub(super) changeover_minutes: f64,
    pub(super) on_time_delivery: f64,
}

fn float(number: Decimal) -> f64 {
    number.scaled() as f64 / 10_000.0
}

fn percent(part: f64, of: f64) -> f64 {
    if of == 0.0 { 0.0 } else { 100.0 * part / of }
}

/// Marks the minutes of a span, one class over what stands there.
fn mark(minutes: &mut [u8], start: Time, span: (Time, Time), class: u8) {
    let at = |time: Time| ((time.micros() - start.micros()) / 60_000_000).clamp(0, minutes.len() as i64) as usize;
    let (from, to) = (at(span.0), at(span.1));
    minutes[from..to.max(from)].iter_mut().filter(|known| **known < class).for_each(|known| *known = class);
}

const DELAY: u8 = 1;
const PRODUCTION: u8 = 2;
const SETUP: u8 = 3;
const PLANNED_STOP: u8 = 4;
const DOWN: u8 = 5;

pub(super) fn figures(engine: &Engine, start: Time, end: Time) -> Figures {
    let mut it = Figures::default();
    let (orders, operations, reports) = (all::<WorkOrder>(engine), all::<WorkOrderOperation>(engine), all::<OperationReport>(engine));
    times(engine, start, end, &operations, &mut it);
    let standard: BTreeMap<u64, f64> = operations.iter().map(|op| (op.operation_id.number(), op.standard_time_per_unit_seconds.map_or(0.0, float))).collect();
    let rework: BTreeSet<u64> = orders.iter().filter(|order| order.order_type == OrderType::Rework).map(|order| order.work_order_id.number()).collect();
    let pieces = |report: &OperationReport| (report.good_quantity + report.rejected_quantity + report.scrapped_quantity + report.rework_quantity + report.held_quantity) as f64;
    let (mut run, mut made, mut good, mut first_made, mut first_good) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for report in &reports {
        run += standard[&report.operation_id.number()] * pieces(report) / 60.0;
        made += pieces(report);
        good += report.good_quantity as f64;
        if !rework.contains(&report.work_order_id.number()) {
            first_made += pieces(report);
            first_good += report.good_quantity as f64;
        }
    }
    it.effectiveness = percent(run, it.effectiveness);
    it.quality = percent(good, made);
    it.oee = it.availability * it.effectiveness * it.quality / 10_000.0;
    it.first_pass = percent(first_good, first_made);
    it.orders = orders.len() as f64;
    let due: Vec<ProductionSchedule> =
        all(engine).into_iter().filter(|slot: &ProductionSchedule| slot.schedule_status != ScheduleStatus::Cancelled && slot.planned_end_time <= end).collect();
    it.adherence = percent(due.iter().filter(|slot| slot.on_time_completion == Some(true)).count() as f64, due.len() as f64);
    let inspections: Vec<QualityInspection> = all(engine);
    it.inspection_pass = percent(inspections.iter().filter(|it| it.inspection_result == InspectionResult::Pass).count() as f64, inspections.len() as f64);
    let defects: Vec<Defect> = all(engine);
    let finished: Vec<&WorkOrder> = orders.iter().filter(|order| matches!(order.status, WorkOrderStatus::Completed | WorkOrderStatus::Closed)).collect();
    let with_defect: BTreeSet<u64> = defects.iter().filter_map(|defect| defect.work_order_id).map(|id| id.number()).collect();
    it.defect_rate = percent(with_defect.len() as f64, finished.len() as f64);
    let in_time = |order: &&&WorkOrder| order.actual_end_time.zip(order.planned_end_date).is_some_and(|(end, due)| end.date(&jiff::tz::TimeZone::UTC) <= due);
    it.on_time_delivery = percent(finished.iter().filter(in_time).count() as f64, finished.len() as f64);
    let shipped: f64 = all::<Shipment>(engine).iter().filter(|it| it.shipped_at.is_some()).flat_map(|it| it.lines.iter().map(|line| float(line.quantity))).sum();
    let complained: i64 = defects.iter().filter(|defect| defect.detection_method == DetectionMethod::CustomerComplaint).map(|defect| defect.quantity_affected).sum();
    it.ppm = percent(complained as f64, shipped) * 10_000.0;
    it.material_yield = material_yield(engine);
    let changeovers: Vec<f64> = all::<ChangeoverEvent>(engine).iter().filter_map(|it| it.actual_duration_minutes).map(|minutes| minutes as f64).collect();
    it.changeover_minutes = changeovers.iter().sum::<f64>() / changeovers.len().max(1) as f64;
    it
}

fn material_yield(engine: &Engine) -> f64 {
    let (mut used, mut scrapped) = (0.0, 0.0);
    for it in all::<MaterialTransaction>(engine) {
        let cost = it.unit_cost.map_or(0.0, float) * float(it.stock_change);
        match it.transaction_type {
            TransactionType::Issue | TransactionType::Return => used -= cost,
            TransactionType::Production if it.parent_lot_number.is_some() => used -= cost,
            TransactionType::Scrap => scrapped -= cost,
            _ => {}
        }
    }
    percent(used, used + scrapped)
}

/// Each open minute of each work center is of one class.
fn times(engine: &Engine, start: Time, end: Time, operations: &[WorkOrderOperation], it: &mut Figures) {
    let zone = crate::base::time::zone("Europe/Berlin").unwrap();
    let shifts: Vec<Shift> = all(engine);
    let (labor, stops, changeovers) = (all::<LaborTransaction>(engine), all::<DowntimeEvent>(engine), all::<ChangeoverEvent>(engine));
    let (mut open, mut breaks, mut sums) = (0_i64, 0_i64, [0_i64; 6]);
    let length = ((end.micros() - start.micros()) / 60_000_000) as usize;
    for center in all::<WorkCenter>(engine) {
        let id = center.work_center_id;
        let mut minutes = vec![0_u8; length];
        for op in operations.iter().filter(|op| op.work_center_id == Some(id)) {
            if let Some(from) = op.actual_start_time {
                mark(&mut minutes, start, (from, op.actual_end_time.unwrap_or(end)), DELAY);
            }
        }
        for row in labor.iter().filter(|row| row.work_center_id == Some(id)) {
            let class = match row.activity_type {
                ActivityType::DirectLabor => PRODUCTION,
                ActivityType::Setup => SETUP,
                _ => continue,
            };
            mark(&mut minutes, start, (row.clock_in_time, row.clock_out_time.unwrap_or(end)), class);
        }
        for event in changeovers.iter().filter(|event| event.work_center_id == id) {
            mark(&mut minutes, start, (event.changeover_start, event.changeover_end.unwrap_or(end)), SETUP);
        }
        for stop in stops.iter().filter(|stop| stop.work_center_id == Some(id)) {
            let planned = matches!(stop.downtime_category, DowntimeCategory::Maintenance | DowntimeCategory::NoOrders);
            mark(&mut minutes, start, (stop.downtime_start, stop.downtime_end.unwrap_or(end)), if planned { PLANNED_STOP } else { DOWN });
        }
        let first = start.date(&zone);
        for (shift, ahead) in shifts.iter().filter(|shift| center.shift_ids.contains(&shift.shift_id)).flat_map(|shift| (-1..=40).map(move |ahead| (shift, ahead))) {
            let day = first.plus_days(ahead);
            if !shift.days_of_week.contains(&i64::from(day.weekday())) {
                continue;
            }
            let ends_on = if shift.end_time > shift.start_time { day } else { day.plus_days(1) };
            let (from, to) = (day.at(shift.start_time, &zone), ends_on.at(shift.end_time, &zone));
            if from < start || to > end {
                continue;
            }
            let span = ((from.micros() - start.micros()) / 60_000_000) as usize..((to.micros() - start.micros()) / 60_000_000) as usize;
            open += span.len() as i64;
            breaks += shift.break_minutes;
            for class in &minutes[span] {
                sums[usize::from(*class)] += 1;
            }
        }
    }
    let sum = |class: u8| sums[usize::from(class)] as f64;
    let open = (open - breaks) as f64;
    let busy = sum(PRODUCTION) + sum(SETUP) + sum(DELAY);
    it.utilization = percent(busy, open);
    it.availability = percent(sum(PRODUCTION), busy + sum(DOWN));
    (it.setup, it.down, it.delay) = (percent(sum(SETUP), open), percent(sum(DOWN), open), percent(sum(DELAY), open));
    it.effectiveness = sum(PRODUCTION);
    let direct = labor.iter().filter(|row| row.activity_type == ActivityType::DirectLabor);
    let (standard, actual) = direct.fold((0.0, 0.0), |(standard, actual), row| (standard + row.standard_hours.map_or(0.0, float), actual + row.actual_hours.map_or(0.0, float)));
    it.labor_efficiency = percent(standard, actual);
}
