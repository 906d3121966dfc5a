//! One pass over the facts of a period: every piece of time, every report, stop, slot and order is
//! added to the group it belongs to. Spans are split at the limits of days, hours and shifts, so the
//! groups add up to the whole; what belongs to no group is kept under none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::calendar::{self, Calendar, Hours};
use super::elements::Elements;
use super::facts::{Center, Facts, Flow, Labor, Operation, Report, Stop};
use super::indicators::Family;
use super::timeline::{self, Interval};
use crate::base::Decimal;
use crate::model::downtime::DowntimeCategory;
use crate::model::people::ActivityType;

/// What figures are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Nothing: one group.
    Total,
    /// Work center.
    WorkCenter,
    /// Production line.
    Line,
    /// What lines do: laser, welding and so on.
    Department,
    /// Work order.
    WorkOrder,
    /// Product.
    Product,
    /// Shift pattern.
    Shift,
    /// Calendar day of the plant.
    Day,
    /// Hour of the plant.
    Hour,
    /// Employee.
    Employee,
}

impl By {
    /// All.
    pub const ALL: &'static [Self] =
        &[Self::Total, Self::WorkCenter, Self::Line, Self::Department, Self::WorkOrder, Self::Product, Self::Shift, Self::Day, Self::Hour, Self::Employee];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::WorkCenter => "work_center",
            Self::Line => "line",
            Self::Department => "department",
            Self::WorkOrder => "work_order",
            Self::Product => "product",
            Self::Shift => "shift",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Employee => "employee",
        }
    }

    /// Reads its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|by| by.word() == word)
    }
}

/// What is asked. Moments are milliseconds; the period is half-open and ends now at the latest.
#[derive(Clone, Debug)]
pub struct Question {
    /// From.
    pub from: i64,
    /// To.
    pub to: i64,
    /// The plant's time.
    pub now: i64,
    /// Told apart by.
    pub by: By,
    /// Only these: of each kind the numbers that are wanted; lines may be several, for a department.
    pub only: Vec<(By, Vec<u32>)>,
    /// Which facts are needed.
    pub family: Family,
}

/// Where something happened, as far as its fact tells; 0 for what it does not.
#[derive(Clone, Copy, Default)]
struct Place {
    center: u32,
    line: u32,
    order: u32,
    product: u32,
    employee: u32,
}

/// The sums of every group; under `None` what belongs to none.
pub type Groups = BTreeMap<Option<i64>, Elements>;

/// Adds up what is asked for.
pub fn tally(facts: &Facts, question: &Question) -> Groups {
    let question = Question { to: question.to.min(question.now), ..question.clone() };
    if question.from >= question.to {
        return Groups::new();
    }
    let calendar = Calendar::around(facts, question.from, question.to);
    let limits = match question.by {
        By::Day => calendar::days(question.from, question.to, &facts.zone),
        By::Hour => calendar::hours(question.from, question.to, &facts.zone),
        _ => Vec::new(),
    };
    let plant = calendar.plant_hours(question.now);
    let centers = facts.centers.iter().map(|(number, center)| (*number, calendar.hours_of(*number, center, question.now))).collect();
    let mut pass = Pass { facts, question: &question, limits, plant, centers: &centers, groups: Groups::new() };
    match question.family {
        Family::WorkCenter => {
            pass.work_centers(&calendar);
            pass.operations();
            pass.reports();
            pass.stops();
            pass.changeovers();
            pass.slots();
        }
        Family::Order => {
            pass.orders();
            pass.inspections();
            pass.movements();
        }
        Family::Plant => pass.deliveries(),
        Family::People => {
            pass.people(&calendar);
            pass.labor();
        }
    }
    pass.groups
}

struct Pass<'p> {
    facts: &'p Facts,
    question: &'p Question,
    limits: Vec<i64>,
    plant: Hours,
    centers: &'p HashMap<u32, Hours>,
    groups: Groups,
}

impl Pass<'_> {
    /// The sums a moment counts into; `None` if it is not asked for.
    fn at(&mut self, place: &Place, moment: i64) -> Option<&mut Elements> {
        let asked = (self.question.from..self.question.to).contains(&moment) && self.question.only.iter().all(|(by, wanted)| wanted.contains(&self.number_of(*by, place, moment)));
        if !asked {
            return None;
        }
        let group = self.group_of(place, moment);
        Some(self.groups.entry(group).or_default())
    }

    /// Counts a span, split at the limits of days and hours.
    fn over(&mut self, place: &Place, start: i64, end: i64, mut count: impl FnMut(&mut Elements, i64)) {
        let (mut at, end) = (start.max(self.question.from), end.min(self.question.to));
        while at < end {
            let next = self.limits.partition_point(|limit| *limit <= at);
            let until = self.limits.get(next).map_or(end, |limit| end.min(*limit));
            if let Some(sums) = self.at(place, at) {
                count(sums, until - at);
            }
            at = until;
        }
    }

    fn group_of(&self, place: &Place, moment: i64) -> Option<i64> {
        match self.question.by {
            By::Total => Some(0),
            By::Day | By::Hour => self.limits[..self.limits.partition_point(|limit| *limit <= moment)].last().copied(),
            by => Some(i64::from(self.number_of(by, place, moment))).filter(|number| *number != 0),
        }
    }

    fn number_of(&self, by: By, place: &Place, moment: i64) -> u32 {
        match by {
            By::WorkCenter => place.center,
            By::Line => self.line_of(place),
            // Numbers of departments begin at 1, since 0 is none.
            By::Department => self.facts.lines.get(&self.line_of(place)).map_or(0, |line| line.line_type as u32 + 1),
            By::WorkOrder => place.order,
            By::Product if place.product != 0 => place.product,
            By::Product => self.facts.orders.get(place.order).map_or(0, |order| order.product),
            By::Shift => self.shift_at(place.center, moment),
            By::Employee => place.employee,
            By::Total | By::Day | By::Hour => 0,
        }
    }

    /// The shift that is open at the center, else the plant's: time and pieces of one moment are of one shift.
    fn shift_at(&self, center: u32, moment: i64) -> u32 {
        let own = self.centers.get(&center).and_then(|hours| hours.shift_at(moment));
        own.or_else(|| self.plant.shift_at(moment)).unwrap_or(0)
    }

    fn line_of(&self, place: &Place) -> u32 {
        let of_center = self.facts.centers.get(&place.center).map_or(place.line, |center| center.line);
        if of_center != 0 { of_center } else { self.facts.orders.get(place.order).map_or(0, |order| order.line) }
    }

    fn of_operation(&self, operation: u32, order: u32) -> Place {
        Place { center: self.facts.operations.get(operation).map_or(0, |it| it.center), order, ..Place::default() }
    }

    /// When an operation ended, or its order without it; of an order so old that it was forgotten nothing goes on.
    fn end_of(&self, operation: &Operation) -> i64 {
        operation.end.min(self.facts.orders.get(operation.order).map_or(operation.start, |order| order.ended))
    }

    fn work_centers(&mut self, calendar: &Calendar<'_>) {
        let mut going_on = self.going_on(calendar.window());
        for (number, hours) in self.centers {
            for piece in timeline::pieces(going_on.remove(number).unwrap_or_default(), hours, self.question.now) {
                let place = Place { center: *number, order: piece.order, ..Place::default() };
                let count = |sums: &mut Elements, length| sums.count_time(piece.class, length);
                match piece.span {
                    Some(_) => self.over(&place, piece.start, piece.end, count),
                    None => self.over_shifts(&place, piece.start, piece.end, count),
                }
            }
        }
    }

    /// What went on at each work center.
    fn going_on(&self, (from, to): (i64, i64)) -> HashMap<u32, Vec<Interval>> {
        let facts = self.facts;
        let mut all: HashMap<u32, Vec<Interval>> = HashMap::new();
        for (_, it) in facts.labor.within(from, to).filter(|(_, it)| it.center != 0) {
            timeline::of_labor(it, all.entry(it.center).or_default());
        }
        for (_, it) in facts.operations.within(from, to).filter(|(_, it)| it.is_started) {
            all.entry(it.center).or_default().push(timeline::of_operation(it, self.end_of(it)));
        }
        for (_, it) in facts.changeovers.within(from, to) {
            all.entry(it.center).or_default().push(timeline::of_changeover(it));
        }
        for (_, it) in facts.stops.within(from, to) {
            for center in self.centers_of(it) {
                all.entry(center).or_default().push(timeline::of_stop(it));
            }
        }
        all
    }

    /// The centers a stop stands in the way of: its own, that of its machine, or all of its line.
    fn centers_of(&self, stop: &Stop) -> Vec<u32> {
        if stop.center != 0 {
            return vec![stop.center];
        }
        let hit = |it: &Center| if stop.machine != 0 { it.machine == stop.machine } else { stop.line != 0 && it.line == stop.line };
        self.facts.centers.iter().filter(|(_, it)| hit(it)).map(|(number, _)| *number).collect()
    }

    fn operations(&mut self) {
        let (facts, now) = (self.facts, self.question.now);
        for (_, it) in facts.operations.within(self.question.from, self.question.to).filter(|(_, it)| it.is_started) {
            let place = Place { center: it.center, order: it.order, ..Place::default() };
            let end = self.end_of(it).min(now);
            self.over_shifts(&place, it.start, end, |sums, length| sums.actual_order_execution_time_ms += length);
        }
    }

    /// Counts a span that may reach over several shifts: split at those of its center and of the plant where they are asked for.
    fn over_shifts(&mut self, place: &Place, start: i64, end: i64, mut count: impl FnMut(&mut Elements, i64)) {
        if self.question.by != By::Shift && self.question.only.iter().all(|(by, _)| *by != By::Shift) {
            return self.over(place, start, end, count);
        }
        let openings = self.centers.get(&place.center).into_iter().chain([&self.plant]).flat_map(|hours| &hours.openings);
        let mut bounds: Vec<i64> = openings.flat_map(|opening| [opening.start, opening.end]).filter(|bound| (start + 1..end).contains(bound)).collect();
        bounds.sort_unstable();
        let mut at = start;
        for bound in bounds.into_iter().chain(std::iter::once(end)) {
            self.over(place, at, bound, &mut count);
            at = at.max(bound);
        }
    }

    fn reports(&mut self) {
        let facts = self.facts;
        for (_, it) in facts.reports.within(self.question.from, self.question.to) {
            let place = self.of_operation(it.operation, it.order);
            let piece_ms = facts.operations.get(it.operation).map_or(0, |operation| operation.piece_ms);
            let is_rework = facts.orders.get(it.order).is_some_and(|order| order.is_rework);
            if let Some(sums) = self.at(&place, it.at) {
                count_report(sums, it, piece_ms, is_rework);
            }
        }
    }

    fn stops(&mut self) {
        let facts = self.facts;
        for (_, it) in facts.stops.within(self.question.from, self.question.to) {
            let center = if it.center != 0 || it.machine != 0 { self.centers_of(it).first().copied().unwrap_or(0) } else { 0 };
            let place = Place { center, line: it.line, order: it.order, ..Place::default() };
            let is_failure = it.category == DowntimeCategory::Breakdown;
            if is_failure && let Some(sums) = self.at(&place, it.start) {
                sums.failure_event_count += 1;
            }
            if is_failure && let Some(sums) = self.at(&place, it.end) {
                sums.repaired_event_count += 1;
                sums.time_to_repair_ms += it.end - it.responded.unwrap_or(it.start);
            }
            if it.category == DowntimeCategory::Maintenance
                && let Some(sums) = self.at(&place, it.end)
            {
                sums.preventive_maintenance_time_ms += it.end - it.start;
            }
            if let Some(responded) = it.responded.filter(|_| !it.category.is_planned())
                && let Some(sums) = self.at(&place, responded)
            {
                sums.response_count += 1;
                sums.time_to_response_ms += responded - it.start;
            }
        }
    }

    fn changeovers(&mut self) {
        let facts = self.facts;
        for (_, it) in facts.changeovers.within(self.question.from, self.question.to) {
            if let Some(sums) = self.at(&Place { center: it.center, order: it.order, ..Place::default() }, it.end) {
                sums.changeover_count += 1;
                sums.changeover_time_ms += it.end - it.start;
            }
        }
    }

    fn slots(&mut self) {
        let facts = self.facts;
        for (_, it) in facts.slots.within(self.question.from, self.question.to) {
            let place = Place { center: it.center, line: it.line, order: it.order, ..Place::default() };
            if let Some(sums) = self.at(&place, it.start) {
                sums.starts_due_count += 1;
                sums.starts_on_time_count += i64::from(it.is_start_kept);
            }
            if let Some(sums) = self.at(&place, it.end) {
                sums.slots_due_count += 1;
                sums.slots_on_time_count += i64::from(it.is_end_kept);
            }
        }
    }

    fn orders(&mut self) {
        let facts = self.facts;
        let defective: BTreeSet<u32> = facts.flaws.all().map(|(_, it)| it.order).collect();
        for (number, it) in facts.orders.within(self.question.from, self.question.to).filter(|(_, it)| !it.is_cancelled) {
            let place = Place { order: number, ..Place::default() };
            if let Some(sums) = self.at(&place, it.due) {
                sums.orders_due_count += 1;
                sums.orders_on_time_count += i64::from(it.is_on_time());
            }
            if let Some(sums) = self.at(&place, it.finished) {
                sums.orders_finished_count += 1;
                sums.defective_orders_count += i64::from(defective.contains(&number));
            }
        }
    }

    fn inspections(&mut self) {
        let facts = self.facts;
        for (_, it) in facts.inspections.within(self.question.from, self.question.to) {
            if let Some(sums) = self.at(&Place { order: it.order, product: it.product, ..Place::default() }, it.at) {
                sums.inspection_count += 1;
                sums.inspection_pass_count += i64::from(it.is_passed);
            }
        }
    }

    fn movements(&mut self) {
        let facts = self.facts;
        for (_, it) in facts.movements.within(self.question.from, self.question.to) {
            // In money, since a sheet taken and a remnant's square metres brought back have no unit in common.
            let cost = it.unit_cost.or_else(|| facts.costs.get(&it.material).copied()).and_then(|cost| cost.times(it.quantity)).map_or(0, Decimal::scaled);
            if let Some(sums) = self.at(&Place { order: it.order, ..Place::default() }, it.at) {
                match it.flow {
                    Flow::Issued => sums.material_used_value = sums.material_used_value.saturating_add(cost),
                    Flow::Returned => sums.material_used_value = sums.material_used_value.saturating_sub(cost),
                    Flow::Scrapped => sums.material_scrapped_value = sums.material_scrapped_value.saturating_add(cost),
                }
            }
        }
    }

    fn deliveries(&mut self) {
        let facts = self.facts;
        for (_, it) in facts.flaws.within(self.question.from, self.question.to).filter(|(_, it)| it.is_complaint) {
            if let Some(sums) = self.at(&Place::default(), it.at) {
                sums.complaint_quantity += it.pieces;
            }
        }
        for (_, it) in facts.departures.within(self.question.from, self.question.to) {
            if let Some(sums) = self.at(&Place::default(), it.at) {
                sums.shipped_quantity += it.pieces;
            }
        }
    }

    /// People at work and in attendance: an hour of a person is an hour, however many jobs it went to.
    fn people(&mut self, calendar: &Calendar<'_>) {
        let (facts, now) = (self.facts, self.question.now);
        let (from, to) = calendar.window();
        let mut rows: BTreeMap<u32, Vec<&Labor>> = BTreeMap::new();
        for (_, it) in facts.labor.within(from, to).filter(|(_, it)| it.activity != ActivityType::Break) {
            rows.entry(it.employee).or_default().push(it);
        }
        for (employee, rows) in rows {
            let around = |it: &&Labor| {
                let (pause, resume) = it.break_span();
                [(it.start, pause.min(now)), (resume, it.end.min(now))]
            };
            let bounds: Vec<(i64, i64)> = rows.iter().flat_map(around).collect();
            let mut stretches: Vec<(i64, i64, usize)> = Vec::new();
            timeline::sweep(&bounds, |start, end, active| {
                // Of several things at once the job counts, and of several jobs the last begun.
                let row = active.iter().map(|bound| bound / 2).max_by_key(|row| (rows[*row].is_on_job(), rows[*row].start, *row));
                stretches.extend(row.map(|row| (start, end, row)));
            });
            for (start, end, row) in stretches {
                let row = rows[row];
                let place = Place { center: row.center, order: row.order, employee, ..Place::default() };
                self.over_shifts(&place, start, end, |sums, length| {
                    sums.actual_personnel_attendance_time_ms += length;
                    sums.actual_personnel_work_time_ms += if row.is_on_job() { length } else { 0 };
                });
            }
        }
    }

    fn labor(&mut self) {
        let facts = self.facts;
        for (_, it) in facts.labor.within(self.question.from, self.question.to).filter(|(_, it)| it.activity == ActivityType::DirectLabor && !it.is_open) {
            let piece_ms = facts.operations.get(it.operation).map_or(0, |operation| operation.piece_ms);
            let place = Place { center: it.center, order: it.order, employee: it.employee, ..Place::default() };
            // Pieces are told once, at the end; the whole row belongs to where it began.
            if piece_ms > 0
                && let Some(sums) = self.at(&place, it.start)
            {
                sums.standard_labor_time_ms = sums.standard_labor_time_ms.saturating_add(it.pieces.saturating_mul(piece_ms));
                sums.rated_labor_time_ms += it.end - it.start - it.break_ms;
            }
        }
    }
}

fn count_report(sums: &mut Elements, it: &Report, piece_ms: i64, is_rework: bool) {
    let [good, rejected, scrapped, rework, held] = it.pieces.map(i64::from);
    let produced = good + rejected + scrapped + rework + held;
    sums.produced_quantity += produced;
    sums.good_quantity += good;
    sums.rejected_quantity += rejected;
    sums.scrap_quantity += scrapped;
    sums.rework_quantity += rework;
    sums.held_quantity += held;
    // A standard time keyed in absurdly long must not bring down the rest.
    sums.planned_run_time_ms = sums.planned_run_time_ms.saturating_add(produced.saturating_mul(piece_ms));
    if piece_ms > 0 {
        sums.rated_quantity += produced;
    }
    if !is_rework {
        sums.first_pass_produced_quantity += produced;
        sums.first_pass_good_quantity += good;
    }
}
