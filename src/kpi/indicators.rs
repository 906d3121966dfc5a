//! The indicators: each a numerator and a denominator over elements, so that any group's figure is a
//! ratio of sums. A denominator of nothing means "no data", never 0 or 100, and nothing is clipped.

use super::elements::Elements;
use super::tally::By;
use crate::base::Decimal;

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Hundredths.
    Percent,
    /// Millionths.
    PartsPerMillion,
    /// Minutes, from milliseconds.
    Minutes,
    /// Hours, from milliseconds.
    Hours,
    /// Pieces an hour, from pieces a millisecond.
    PiecesPerHour,
}

impl Measure {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::PartsPerMillion => "ppm",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::PiecesPerHour => "pieces_per_hour",
        }
    }

    /// What numerator and denominator are multiplied by.
    const fn factors(self) -> (i128, i128) {
        match self {
            Self::Percent => (100, 1),
            Self::PartsPerMillion => (1_000_000, 1),
            Self::Minutes => (1, 60_000),
            Self::Hours => (1, 3_600_000),
            Self::PiecesPerHour => (3_600_000, 1),
        }
    }
}

/// Which facts a figure needs, and so by what it can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Time and pieces of work centers.
    WorkCenter,
    /// Orders, their inspections, defects and material.
    Order,
    /// The plant as a whole.
    Plant,
    /// People.
    People,
}

impl Family {
    /// What its figures can be grouped and narrowed by.
    pub const fn groups(self) -> &'static [By] {
        match self {
            Self::WorkCenter => &[By::Total, By::WorkCenter, By::Line, By::Department, By::WorkOrder, By::Product, By::Shift, By::Day, By::Hour],
            Self::Order => &[By::Total, By::Line, By::Department, By::WorkOrder, By::Product, By::Shift, By::Day, By::Hour],
            Self::Plant => &[By::Total, By::Shift, By::Day, By::Hour],
            Self::People => &[By::Total, By::WorkCenter, By::Line, By::Department, By::WorkOrder, By::Product, By::Shift, By::Day, By::Hour, By::Employee],
        }
    }
}

/// An indicator.
pub struct Indicator {
    /// Its name in addresses and tables.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The formula over the elements.
    pub formula: &'static str,
    /// What it is counted in.
    pub measure: Measure,
    /// The band a good plant is in: at least, at most.
    pub target: (Option<i64>, Option<i64>),
    /// Which facts it needs.
    pub family: Family,
    numerator: fn(&Elements) -> i128,
    denominator: fn(&Elements) -> i128,
}

impl Indicator {
    /// The indicator of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|it| it.name == name)
    }

    /// Its value over sums; `None` where its denominator is nothing.
    pub fn value(&self, sums: &Elements) -> Option<Decimal> {
        let (up, down) = self.measure.factors();
        Decimal::ratio((self.numerator)(sums).saturating_mul(up), (self.denominator)(sums).saturating_mul(down))
    }

    /// Names alike to one that is not known.
    pub fn near(name: &str) -> Vec<&'static str> {
        let words: Vec<&str> = name.split(['_', '-', ' ']).filter(|word| word.len() > 2).collect();
        let alike = |it: &&Self| {
            it.name.starts_with(&name.chars().take(3).collect::<String>()) || words.iter().any(|word| it.name.contains(word) || it.title.to_lowercase().contains(word))
        };
        ALL.iter().filter(alike).map(|it| it.name).collect()
    }
}

/// No bound.
const ANY: Option<i64> = None;

macro_rules! indicators {
    ($($name:literal $title:literal $formula:literal $measure:ident $family:ident ($low:expr, $high:expr) $e:ident: $numerator:expr, $denominator:expr;)+) => {
        /// All of them.
        pub static ALL: &[Indicator] = &[$(Indicator {
            name: $name,
            title: $title,
            formula: $formula,
            measure: Measure::$measure,
            target: ($low, $high),
            family: Family::$family,
            numerator: |$e| i128::from($numerator),
            denominator: |$e| i128::from($denominator),
        },)+];
    };
}

indicators! {
    "oee" "Overall equipment effectiveness" "availability x effectiveness x quality_ratio; 0 where nothing was produced in planned busy time" Percent WorkCenter (Some(75), Some(85))
        e: oee_parts(e).0, oee_parts(e).1;
    "availability" "Availability" "actual_production_time_ms / planned_busy_time_ms" Percent WorkCenter (Some(85), ANY)
        e: e.actual_production_time_ms, e.planned_busy_time_ms;
    "effectiveness" "Effectiveness (performance)" "planned_run_time_ms / actual_production_time_ms; above 100 the standard times are too long" Percent WorkCenter (Some(90), Some(100))
        e: e.planned_run_time_ms, rated(e, e.actual_production_time_ms);
    "quality_ratio" "Quality ratio" "good_quantity / produced_quantity" Percent WorkCenter (Some(97), ANY)
        e: e.good_quantity, e.produced_quantity;
    "nee" "Net equipment effectiveness" "actual_unit_processing_time_ms / planned_busy_time_ms x effectiveness x quality_ratio: setup is no loss" Percent WorkCenter (ANY, ANY)
        e: product([e.actual_unit_processing_time_ms, e.planned_run_time_ms, e.good_quantity]),
           product([e.planned_busy_time_ms, rated(e, e.actual_production_time_ms), e.produced_quantity]);
    "utilization" "Utilization" "actual_unit_busy_time_ms / open_time_ms" Percent WorkCenter (Some(70), Some(85))
        e: e.actual_unit_busy_time_ms, e.open_time_ms;
    "utilization_efficiency" "Utilization efficiency" "actual_production_time_ms / actual_unit_busy_time_ms" Percent WorkCenter (ANY, ANY)
        e: e.actual_production_time_ms, e.actual_unit_busy_time_ms;
    "allocation_efficiency" "Allocation efficiency" "actual_unit_busy_time_ms / planned_busy_time_ms" Percent WorkCenter (ANY, ANY)
        e: e.actual_unit_busy_time_ms, e.planned_busy_time_ms;
    "setup_ratio" "Setup ratio" "actual_unit_setup_time_ms / actual_unit_processing_time_ms" Percent WorkCenter (ANY, Some(15))
        e: e.actual_unit_setup_time_ms, e.actual_unit_processing_time_ms;
    "technical_efficiency" "Technical efficiency" "actual_production_time_ms / (actual_production_time_ms + actual_unit_delay_time_ms)" Percent WorkCenter (ANY, ANY)
        e: e.actual_production_time_ms, e.actual_production_time_ms + e.actual_unit_delay_time_ms;
    "first_pass_yield" "First-pass yield" "first_pass_good_quantity / first_pass_produced_quantity" Percent WorkCenter (Some(92), ANY)
        e: e.first_pass_good_quantity, e.first_pass_produced_quantity;
    "scrap_ratio" "Scrap ratio" "scrap_quantity / produced_quantity" Percent WorkCenter (ANY, Some(3))
        e: e.scrap_quantity, e.produced_quantity;
    "rework_ratio" "Rework ratio" "rework_quantity / produced_quantity" Percent WorkCenter (ANY, Some(3))
        e: e.rework_quantity, e.produced_quantity;
    "throughput_rate" "Throughput rate" "produced_quantity / actual_order_execution_time_ms" PiecesPerHour WorkCenter (ANY, ANY)
        e: e.produced_quantity, e.actual_order_execution_time_ms;
    "cycle_time_variance" "Cycle time variance" "(actual_production_time_ms - planned_run_time_ms) / planned_run_time_ms" Percent WorkCenter (Some(-15), Some(15))
        e: e.actual_production_time_ms - e.planned_run_time_ms, e.planned_run_time_ms;
    "mttr" "Mean time to repair, by number of repairs" "time_to_repair_ms / repaired_event_count" Minutes WorkCenter (ANY, ANY)
        e: e.time_to_repair_ms, e.repaired_event_count;
    "mtbf" "Mean time between failures, by number of failures" "actual_production_time_ms / failure_event_count" Hours WorkCenter (ANY, ANY)
        e: e.actual_production_time_ms, e.failure_event_count;
    "mtta" "Mean time to respond" "time_to_response_ms / response_count" Minutes WorkCenter (ANY, ANY)
        e: e.time_to_response_ms, e.response_count;
    "corrective_maintenance_ratio" "Corrective maintenance ratio" "time_to_repair_ms / (time_to_repair_ms + preventive_maintenance_time_ms)" Percent WorkCenter (ANY, ANY)
        e: e.time_to_repair_ms, e.time_to_repair_ms + e.preventive_maintenance_time_ms;
    "mean_changeover_minutes" "Mean changeover time" "changeover_time_ms / changeover_count" Minutes WorkCenter (Some(30), Some(90))
        e: e.changeover_time_ms, e.changeover_count;
    "schedule_adherence" "Schedule adherence" "slots_on_time_count / slots_due_count" Percent WorkCenter (Some(75), ANY)
        e: e.slots_on_time_count, e.slots_due_count;
    "on_time_start" "On-time start" "starts_on_time_count / starts_due_count" Percent WorkCenter (Some(85), ANY)
        e: e.starts_on_time_count, e.starts_due_count;
    "schedule_accuracy" "Schedule accuracy: orders finished by their planned date" "orders_on_time_count / orders_due_count" Percent Order (Some(80), ANY)
        e: e.orders_on_time_count, e.orders_due_count;
    "defect_rate" "Defect rate" "defective_orders_count / orders_finished_count" Percent Order (ANY, Some(3))
        e: e.defective_orders_count, e.orders_finished_count;
    "inspection_pass_rate" "Inspection pass rate" "inspection_pass_count / inspection_count" Percent Order (Some(95), ANY)
        e: e.inspection_pass_count, e.inspection_count;
    "material_yield" "Material yield" "material_used_value / (material_used_value + material_scrapped_value)" Percent Order (Some(95), ANY)
        e: e.material_used_value, e.material_used_value + e.material_scrapped_value;
    "ppm" "Parts per million complained about" "complaint_quantity / shipped_quantity" PartsPerMillion Plant (ANY, Some(3_000))
        e: e.complaint_quantity, e.shipped_quantity;
    "labor_efficiency" "Labor efficiency" "standard_labor_time_ms / rated_labor_time_ms" Percent People (Some(85), Some(110))
        e: e.standard_labor_time_ms, e.rated_labor_time_ms;
    "worker_efficiency" "Worker efficiency" "actual_personnel_work_time_ms / actual_personnel_attendance_time_ms" Percent People (ANY, ANY)
        e: e.actual_personnel_work_time_ms, e.actual_personnel_attendance_time_ms;
}

fn product<const N: usize>(sums: [i64; N]) -> i128 {
    sums.into_iter().fold(1, |product: i128, sum| product.saturating_mul(i128::from(sum)))
}

/// Nothing where pieces were made but none of them has a standard time: there is nothing to compare with.
fn rated(sums: &Elements, time_ms: i64) -> i64 {
    if sums.produced_quantity != 0 && sums.rated_quantity == 0 { 0 } else { time_ms }
}

/// Availability x effectiveness x quality ratio as one fraction: the production time cancels out.
fn oee_parts(sums: &Elements) -> (i128, i128) {
    if sums.produced_quantity == 0 {
        return (0, i128::from(sums.planned_busy_time_ms));
    }
    (product([sums.planned_run_time_ms, sums.good_quantity]), product([rated(sums, sums.planned_busy_time_ms), sums.produced_quantity]))
}
