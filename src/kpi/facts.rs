//! What figures are made from: compact facts of the plant's records, kept in memory by record number.
//! Putting a record again replaces its fact, so a correction recomputes whatever it touches. Moments
//! are taken to the millisecond. Deliberately no sums: those are made anew for every question.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::shelf::{Shelf, Spanned};
use crate::base::limits::{FORGOTTEN_CLOCK_IN, KPI_DAYS};
use crate::base::{ClockTime, Decimal, Time, Unit};
use crate::model::downtime::DowntimeCategory;
use crate::model::material::{MaterialType, TransactionType};
use crate::model::people::ActivityType;
use crate::model::plant::{LineType, Status};
use crate::model::quality::{DetectionMethod, InspectionResult};
use crate::model::schedule::ScheduleStatus;
use crate::model::shipment::ShipmentStatus;
use crate::model::work_order::{OperationStatus, OrderType, WorkOrderStatus};
use crate::model::{
    AnyRecord, CalendarException, ChangeoverEvent, Defect, DowntimeEvent, Id, LaborTransaction, Material, MaterialTransaction, Noun, OperationReport, Plant, ProductionLine,
    ProductionSchedule, QualityInspection, Shift, Shipment, Subject, WorkCenter, WorkOrder, WorkOrderOperation,
};

/// An end that is not there yet.
pub const OPEN: i64 = i64::MAX;

/// The nouns facts come from, in the order in which they are read: who is referred to before who refers.
pub const NOUNS: &[Noun] = &[
    Noun::Plant,
    Noun::ProductionLine,
    Noun::WorkCenter,
    Noun::Shift,
    Noun::CalendarException,
    Noun::Material,
    Noun::WorkOrder,
    Noun::WorkOrderOperation,
    Noun::OperationReport,
    Noun::LaborTransaction,
    Noun::DowntimeEvent,
    Noun::ChangeoverEvent,
    Noun::ProductionSchedule,
    Noun::QualityInspection,
    Noun::Defect,
    Noun::MaterialTransaction,
    Noun::Shipment,
];

/// A work center; numbers are those of records, 0 for none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Center {
    /// Its line.
    pub line: u32,
    /// Its machine.
    pub machine: u32,
    /// Shifts in which it is open; all active ones where empty.
    pub shifts: Vec<u32>,
    /// In use.
    pub is_active: bool,
    /// It has open time from here on.
    pub since: i64,
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its factory.
    pub factory: u32,
    /// What it does: the department.
    pub line_type: LineType,
}

/// An order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Its line.
    pub line: u32,
    /// Its product.
    pub product: u32,
    /// It repairs what another made.
    pub is_rework: bool,
    /// It counts as neither due nor late.
    pub is_cancelled: bool,
    /// When it was made.
    pub created: i64,
    /// When it was finished.
    pub finished: i64,
    /// When nothing could happen on it any more: finished or cancelled.
    pub ended: i64,
    /// The last moment of its planned end date.
    pub due: i64,
}

impl Order {
    /// Whether it was finished by its planned end date: what schedule accuracy counts, wherever it is told.
    pub const fn is_on_time(&self) -> bool {
        self.finished <= self.due
    }
}

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its order.
    pub order: u32,
    /// Where it runs.
    pub center: u32,
    /// It was started; else `start` is when it was made.
    pub is_started: bool,
    /// From.
    pub start: i64,
    /// To.
    pub end: i64,
    /// Standard time of a piece; 0 where there is none.
    pub piece_ms: i64,
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// When.
    pub at: i64,
    /// On what.
    pub operation: u32,
    /// Of which order.
    pub order: u32,
    /// Good, rejected, scrapped, to rework, held.
    pub pieces: [i32; 5],
}

/// A person's time.
#[derive(Clone, Debug, PartialEq)]
pub struct Labor {
    /// From.
    pub start: i64,
    /// To; of an open row the moment from which it counts as forgotten.
    pub end: i64,
    /// Not clocked out.
    pub is_open: bool,
    /// What for.
    pub activity: ActivityType,
    /// Who.
    pub employee: u32,
    /// Where.
    pub center: u32,
    /// On which order.
    pub order: u32,
    /// On which operation.
    pub operation: u32,
    /// Break told at the clock-out.
    pub break_ms: i64,
    /// Pieces told at the clock-out.
    pub pieces: i64,
}

impl Labor {
    /// Where a told break lies: nobody says when it was, so it is put in the middle.
    pub const fn break_span(&self) -> (i64, i64) {
        let start = self.start + (self.end - self.start - self.break_ms) / 2;
        (start, start + self.break_ms)
    }

    /// Work on a job, rather than beside one.
    pub const fn is_on_job(&self) -> bool {
        matches!(self.activity, ActivityType::DirectLabor | ActivityType::Setup)
    }
}

/// A stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// From.
    pub start: i64,
    /// To.
    pub end: i64,
    /// When somebody came.
    pub responded: Option<i64>,
    /// Why.
    pub category: DowntimeCategory,
    /// Where.
    pub center: u32,
    /// Which machine.
    pub machine: u32,
    /// Which line.
    pub line: u32,
    /// During which order.
    pub order: u32,
}

/// A changeover.
#[derive(Clone, Debug, PartialEq)]
pub struct Changeover {
    /// From.
    pub start: i64,
    /// To.
    pub end: i64,
    /// Where.
    pub center: u32,
    /// For which order.
    pub order: u32,
}

/// A slot of the plan that was not cancelled.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Planned from.
    pub start: i64,
    /// Planned to.
    pub end: i64,
    /// Started in time.
    pub is_start_kept: bool,
    /// Finished in time.
    pub is_end_kept: bool,
    /// Where.
    pub center: u32,
    /// Of which line.
    pub line: u32,
    /// Of which order.
    pub order: u32,
}

/// An inspection.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// When.
    pub at: i64,
    /// Of which order.
    pub order: u32,
    /// Of which product.
    pub product: u32,
    /// Passed without condition.
    pub is_passed: bool,
}

/// A defect.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    /// When it was found.
    pub at: i64,
    /// Of which order.
    pub order: u32,
    /// A customer found it.
    pub is_complaint: bool,
    /// Pieces.
    pub pieces: i64,
}

/// What a movement means to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Taken.
    Issued,
    /// Brought back, or kept as a remnant.
    Returned,
    /// Lost.
    Scrapped,
}

/// A movement of material for an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    /// When.
    pub at: i64,
    /// For which order.
    pub order: u32,
    /// Of what.
    pub material: u32,
    /// What it means.
    pub flow: Flow,
    /// How much, in stock units.
    pub quantity: Decimal,
    /// Its cost, if the lot had one of its own.
    pub unit_cost: Option<Decimal>,
}

/// A shipment that left.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure {
    /// When.
    pub at: i64,
    /// Pieces.
    pub pieces: i64,
}

macro_rules! spans {
    ($($fact:ident $start:ident $end:ident;)+) => { $(impl Spanned for $fact {
        fn span(&self) -> (i64, i64) { (self.$start, self.$end) }
    })+ };
}
spans! {
    Operation start end;
    Report at at;
    Stop start end;
    Changeover start end;
    Slot start end;
    Inspection at at;
    Flaw at at;
    Movement at at;
    Departure at at;
    Labor start end;
}

impl Spanned for Order {
    fn span(&self) -> (i64, i64) {
        let known = [self.finished, self.due].into_iter().filter(|moment| *moment != OPEN);
        let start = known.clone().fold(self.created, i64::min);
        // An order that is open is looked up by facts of today, however old it is.
        (start, if self.ended == OPEN { OPEN } else { known.fold(self.ended, i64::max) })
    }
}

/// All facts.
pub struct Facts {
    /// The plant's zone.
    pub zone: TimeZone,
    /// The entry of the journal up to which they hold.
    pub as_of_seq: u64,
    /// Before this nothing is known.
    pub known_from: i64,
    /// Lines.
    pub lines: BTreeMap<u32, Line>,
    /// Work centers.
    pub centers: BTreeMap<u32, Center>,
    /// Shift patterns.
    pub shifts: BTreeMap<u32, Shift>,
    /// Days on which they do not hold.
    pub exceptions: BTreeMap<u32, CalendarException>,
    /// Costs of materials.
    pub costs: BTreeMap<u32, Decimal>,
    /// Orders.
    pub orders: Shelf<Order>,
    /// Operations.
    pub operations: Shelf<Operation>,
    /// Reports that nobody took back.
    pub reports: Shelf<Report>,
    /// People's time.
    pub labor: Shelf<Labor>,
    /// Stops.
    pub stops: Shelf<Stop>,
    /// Changeovers.
    pub changeovers: Shelf<Changeover>,
    /// Slots of the plan.
    pub slots: Shelf<Slot>,
    /// Inspections.
    pub inspections: Shelf<Inspection>,
    /// Defects.
    pub flaws: Shelf<Flaw>,
    /// Movements for orders.
    pub movements: Shelf<Movement>,
    /// Shipments that left.
    pub departures: Shelf<Departure>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            as_of_seq: 0,
            known_from: i64::MIN,
            lines: BTreeMap::new(),
            centers: BTreeMap::new(),
            shifts: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            costs: BTreeMap::new(),
            orders: Shelf::default(),
            operations: Shelf::default(),
            reports: Shelf::default(),
            labor: Shelf::default(),
            stops: Shelf::default(),
            changeovers: Shelf::default(),
            slots: Shelf::default(),
            inspections: Shelf::default(),
            flaws: Shelf::default(),
            movements: Shelf::default(),
            departures: Shelf::default(),
        }
    }
}

/// A moment in whole milliseconds.
pub fn ms(time: Time) -> i64 {
    time.micros().div_euclid(1_000)
}

fn number<R>(id: Option<Id<R>>) -> u32 {
    // Record numbers are dense; a plant with four thousand million of anything has other worries.
    id.map_or(0, |id| u32::try_from(id.number()).unwrap_or(u32::MAX))
}

fn end(time: Option<Time>) -> i64 {
    time.map_or(OPEN, ms)
}

impl Facts {
    /// Takes a record as it is now; whatever was known of it before is replaced.
    pub fn put(&mut self, record: &dyn AnyRecord) {
        let (any, own) = (record.as_any(), u32::try_from(record.number()).unwrap_or(u32::MAX));
        macro_rules! keep {
            ($($noun:ident => $shelf:ident $fact:expr;)+) => {
                $(if let Some(it) = any.downcast_ref::<$noun>() {
                    let fact = $fact(&*self, it);
                    self.$shelf.put(own, fact);
                })+
            };
        }
        keep! {
            WorkOrder => orders order;
            WorkOrderOperation => operations operation;
            OperationReport => reports report;
            LaborTransaction => labor labor;
            DowntimeEvent => stops stop;
            ChangeoverEvent => changeovers changeover;
            ProductionSchedule => slots slot;
            QualityInspection => inspections inspection;
            Defect => flaws flaw;
            MaterialTransaction => movements movement;
            Shipment => departures departure;
        }
        self.put_master(any, own);
    }

    fn put_master(&mut self, any: &dyn std::any::Any, own: u32) {
        if let Some(it) = any.downcast_ref::<Plant>() {
            self.zone = crate::base::time::zone(&it.timezone).unwrap_or(TimeZone::UTC);
        } else if let Some(it) = any.downcast_ref::<ProductionLine>() {
            self.lines.insert(own, Line { factory: number(Some(it.factory_id)), line_type: it.line_type });
        } else if let Some(it) = any.downcast_ref::<WorkCenter>() {
            let shifts = it.shift_ids.iter().map(|id| number(Some(*id))).collect();
            let center = Center { line: number(it.line_id), machine: number(it.machine_id), shifts, is_active: it.status == Status::Active, since: ms(it.created_at) };
            self.centers.insert(own, center);
        } else if let Some(it) = any.downcast_ref::<Shift>() {
            self.shifts.insert(own, it.clone());
        } else if let Some(it) = any.downcast_ref::<CalendarException>() {
            self.exceptions.insert(own, it.clone());
        } else if let Some(it) = any.downcast_ref::<Material>() {
            match it.unit_cost {
                Some(cost) => _ = self.costs.insert(own, cost),
                None => _ = self.costs.remove(&own),
            }
        }
    }

    /// Gives up what ended before the days that are kept.
    pub fn forget(&mut self, now: Time) {
        let moment = ms(now.date(&self.zone).plus_days(-KPI_DAYS).at(ClockTime::default(), &self.zone));
        self.known_from = self.known_from.max(moment);
        self.orders.forget_before(moment);
        self.operations.forget_before(moment);
        self.reports.forget_before(moment);
        self.labor.forget_before(moment);
        self.stops.forget_before(moment);
        self.changeovers.forget_before(moment);
        self.slots.forget_before(moment);
        self.inspections.forget_before(moment);
        self.flaws.forget_before(moment);
        self.movements.forget_before(moment);
        self.departures.forget_before(moment);
    }

    /// From when the facts tell anything: the first of them, unless it was forgotten.
    pub fn from(&self) -> Option<Time> {
        let first = [self.orders.earliest(), self.operations.earliest(), self.labor.earliest(), self.stops.earliest(), self.centers.values().map(|center| center.since).min()];
        let first = first.into_iter().flatten().min()?;
        Some(Time::from_micros(first.max(self.known_from).saturating_mul(1_000)))
    }

    /// Whether a change of this record concerns figures.
    pub fn concern(subject: Subject) -> bool {
        NOUNS.contains(&subject.noun)
    }
}

fn order(facts: &Facts, it: &WorkOrder) -> Option<Order> {
    let due = it.planned_end_date.map_or(OPEN, |date| ms(date.plus_days(1).at(ClockTime::default(), &facts.zone)) - 1);
    let is_cancelled = it.status == WorkOrderStatus::Cancelled;
    let finished = if matches!(it.status, WorkOrderStatus::Completed | WorkOrderStatus::Closed) { end(it.actual_end_time) } else { OPEN };
    Some(Order {
        line: number(it.line_id),
        product: number(Some(it.product_id)),
        is_rework: it.order_type == OrderType::Rework,
        is_cancelled,
        created: ms(it.created_at),
        finished,
        ended: if is_cancelled { ms(it.updated_at) } else { finished },
        due,
    })
}

fn operation(_: &Facts, it: &WorkOrderOperation) -> Option<Operation> {
    let start = ms(it.actual_start_time.unwrap_or(it.created_at));
    let is_started = it.actual_start_time.is_some();
    let open_end = match it.status {
        OperationStatus::Skipped => ms(it.updated_at),
        // What never began must not be kept for ever as something that goes on.
        _ if !is_started => start,
        _ => OPEN,
    };
    Some(Operation {
        order: number(Some(it.work_order_id)),
        center: number(it.work_center_id),
        is_started,
        start,
        end: it.actual_end_time.map_or(open_end, ms),
        // Ten-thousandths of a second are tenths of a millisecond.
        piece_ms: it.standard_time_per_unit_seconds.map_or(0, |seconds| seconds.scaled() / 10),
    })
}

fn report(_: &Facts, it: &OperationReport) -> Option<Report> {
    // A report and its reversal cancel each other out; taking both away puts the period right that was wrong.
    if it.reverses.is_some() || it.reversed_by.is_some() {
        return None;
    }
    let pieces = [it.good_quantity, it.rejected_quantity, it.scrapped_quantity, it.rework_quantity, it.held_quantity];
    Some(Report {
        at: ms(it.reported_at),
        operation: number(Some(it.operation_id)),
        order: number(Some(it.work_order_id)),
        pieces: pieces.map(|count| i32::try_from(count).unwrap_or(i32::MAX)),
    })
}

fn labor(_: &Facts, it: &LaborTransaction) -> Option<Labor> {
    let start = ms(it.clock_in_time);
    let forgotten = ms(it.clock_in_time.plus(FORGOTTEN_CLOCK_IN));
    let end = it.clock_out_time.map_or(forgotten, ms);
    Some(Labor {
        start,
        end,
        is_open: it.clock_out_time.is_none(),
        activity: it.activity_type,
        employee: number(Some(it.employee_id)),
        center: number(it.work_center_id),
        order: number(it.work_order_id),
        operation: number(it.operation_id),
        break_ms: it.break_time_minutes.saturating_mul(60_000).clamp(0, (end - start).max(0)),
        pieces: it.quantity_produced + it.quantity_rejected,
    })
}

fn stop(_: &Facts, it: &DowntimeEvent) -> Option<Stop> {
    Some(Stop {
        start: ms(it.downtime_start),
        end: end(it.downtime_end),
        responded: it.responded_at.map(ms),
        category: it.downtime_category,
        center: number(it.work_center_id),
        machine: number(it.machine_id),
        line: number(it.line_id),
        order: number(it.work_order_id),
    })
}

fn changeover(_: &Facts, it: &ChangeoverEvent) -> Option<Changeover> {
    Some(Changeover { start: ms(it.changeover_start), end: end(it.changeover_end), center: number(Some(it.work_center_id)), order: number(Some(it.to_work_order_id)) })
}

fn slot(_: &Facts, it: &ProductionSchedule) -> Option<Slot> {
    (it.schedule_status != ScheduleStatus::Cancelled).then(|| Slot {
        start: ms(it.planned_start_time),
        end: ms(it.planned_end_time),
        is_start_kept: it.on_time_start == Some(true),
        is_end_kept: it.on_time_completion == Some(true),
        center: number(it.work_center_id),
        line: number(it.line_id),
        order: number(Some(it.work_order_id)),
    })
}

fn inspection(_: &Facts, it: &QualityInspection) -> Option<Inspection> {
    let is_passed = it.inspection_result == InspectionResult::Pass;
    Some(Inspection { at: ms(it.inspection_date), order: number(it.work_order_id), product: number(it.product_id), is_passed })
}

fn flaw(_: &Facts, it: &Defect) -> Option<Flaw> {
    let is_complaint = it.detection_method == DetectionMethod::CustomerComplaint;
    Some(Flaw { at: ms(it.detected_date), order: number(it.work_order_id), is_complaint, pieces: it.quantity_affected })
}

fn movement(_: &Facts, it: &MaterialTransaction) -> Option<Movement> {
    // What was made here had its material counted when it was made.
    let made_here = matches!(it.material_type, MaterialType::SubAssembly | MaterialType::FinishedGood);
    if made_here || it.work_order_id.is_none() || it.reverses.is_some() || it.reversed_by.is_some() {
        return None;
    }
    let flow = match it.transaction_type {
        TransactionType::Issue => Flow::Issued,
        TransactionType::Return => Flow::Returned,
        // Production out of a lot, rather than into the order's finished lot, is a remnant cut from it.
        TransactionType::Production if it.parent_lot_number.is_some() => Flow::Returned,
        TransactionType::Scrap => Flow::Scrapped,
        _ => return None,
    };
    let quantity = if it.stock_change.is_negative() { it.stock_change.negated() } else { it.stock_change };
    Some(Movement { at: ms(it.transaction_date), order: number(it.work_order_id), material: number(Some(it.material_id)), flow, quantity, unit_cost: it.unit_cost })
}

fn departure(_: &Facts, it: &Shipment) -> Option<Departure> {
    let at = it.shipped_at.filter(|_| it.status == ShipmentStatus::Shipped)?;
    let pieces = it.lines.iter().filter(|line| line.unit_of_measure == Unit::Ea).try_fold(Decimal::ZERO, |sum, line| sum.plus(line.quantity));
    Some(Departure { at: ms(at), pieces: pieces.unwrap_or_default().scaled() / Decimal::ONE.scaled() })
}
