//! The elements of ISO 22400 under spelled-out names: sums of times, pieces and money. They add up
//! over any split of a period, so percentages are never stored and never averaged.

use std::ops::AddAssign;

use super::timeline::Class;
use crate::base::{Decimal, Value};

macro_rules! elements {
    ($($(#[doc = $doc:literal])+ $unit:ident $field:ident;)+) => {
        /// Sums over the facts of one group. Times are whole milliseconds, pieces whole numbers.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Elements { $($(#[doc = $doc])+ pub $field: i64,)+ }

        impl Elements {
            /// Name and meaning of each.
            pub const NAMES: &'static [(&'static str, &'static str)] = &[$((stringify!($field), concat!($($doc,)+)),)+];

            /// Those that are not nothing, by name.
            pub fn shown(&self) -> Vec<(&'static str, Value)> {
                let all = [$((stringify!($field), self.$field, value::$unit as fn(i64) -> Value),)+];
                all.into_iter().filter(|(_, sum, _)| *sum != 0).map(|(name, sum, shape)| (name, shape(sum))).collect()
            }
        }

        impl AddAssign<&Self> for Elements {
            fn add_assign(&mut self, other: &Self) { $(self.$field += other.$field;)+ }
        }
    };
}

/// How a sum is shown.
mod value {
    use super::{Decimal, Value};

    pub(super) fn ms(sum: i64) -> Value {
        Value::Int(sum)
    }
    pub(super) fn count(sum: i64) -> Value {
        Value::Int(sum)
    }
    pub(super) fn money(sum: i64) -> Value {
        Decimal::from_scaled(sum).map_or(Value::Null, Value::Dec)
    }
}

elements! {
    /// Open time: shifts less what the calendar closes, and overtime, planned or worked.
    ms open_time_ms;
    /// Planned stops and breaks within open time.
    ms planned_stop_time_ms;
    /// Open, and no order there.
    ms no_order_time_ms;
    /// PBT: production, setup, delay and down time.
    ms planned_busy_time_ms;
    /// AUBT: production, setup and delay.
    ms actual_unit_busy_time_ms;
    /// AUPT: production and setup.
    ms actual_unit_processing_time_ms;
    /// APT: somebody works on pieces.
    ms actual_production_time_ms;
    /// ASUT: setup labor or a changeover.
    ms actual_unit_setup_time_ms;
    /// ADET: an operation is in progress and nobody is clocked in on it.
    ms actual_unit_delay_time_ms;
    /// ADOT: unplanned stops.
    ms actual_unit_down_time_ms;
    /// AOET: operations from their start to their end.
    ms actual_order_execution_time_ms;
    /// PRI x PQ: standard time of every piece produced.
    ms planned_run_time_ms;
    /// PQ: good, rejected, scrapped, to rework and held.
    count produced_quantity;
    /// GQ.
    count good_quantity;
    /// Rejected pieces.
    count rejected_quantity;
    /// SQ.
    count scrap_quantity;
    /// RQ.
    count rework_quantity;
    /// Held for a decision.
    count held_quantity;
    /// Produced pieces whose operation has a standard time.
    count rated_quantity;
    /// IP: produced pieces of orders that are no rework.
    count first_pass_produced_quantity;
    /// GP: good ones of them.
    count first_pass_good_quantity;
    /// FE: breakdowns that began.
    count failure_event_count;
    /// Breakdowns that ended.
    count repaired_event_count;
    /// TTR: of the breakdowns that ended, from the response (or the start) to the end.
    ms time_to_repair_ms;
    /// Unplanned stops that somebody responded to.
    count response_count;
    /// From their start to the response.
    ms time_to_response_ms;
    /// PMT: stops for maintenance that ended.
    ms preventive_maintenance_time_ms;
    /// Changeovers that ended.
    count changeover_count;
    /// How long they took.
    ms changeover_time_ms;
    /// Slots of the plan whose planned start lies in the period.
    count starts_due_count;
    /// Those started in time.
    count starts_on_time_count;
    /// Slots of the plan whose planned end lies in the period.
    count slots_due_count;
    /// Those finished in time.
    count slots_on_time_count;
    /// Orders whose planned end date lies in the period.
    count orders_due_count;
    /// Those finished by that date.
    count orders_on_time_count;
    /// Orders that were finished.
    count orders_finished_count;
    /// Those with a defect, whenever it was found.
    count defective_orders_count;
    /// Inspections.
    count inspection_count;
    /// Those passed without condition.
    count inspection_pass_count;
    /// Pieces that customers complained about.
    count complaint_quantity;
    /// Pieces shipped.
    count shipped_quantity;
    /// APWT: people at work on jobs, each counted for themselves.
    ms actual_personnel_work_time_ms;
    /// APAT: people clocked in on anything but a break.
    ms actual_personnel_attendance_time_ms;
    /// Standard time of the pieces told at clock-outs of direct labor.
    ms standard_labor_time_ms;
    /// Time of these clock-ins, less their breaks.
    ms rated_labor_time_ms;
    /// Cost of the bought material that orders used: issued less returned less remnants made.
    money material_used_value;
    /// Cost of the bought material that orders scrapped: out of stock, so what of it was issued had been returned.
    money material_scrapped_value;
}

impl Elements {
    /// Counts time of a work center as what it was.
    pub fn count_time(&mut self, class: Class, length_ms: i64) {
        self.open_time_ms += length_ms;
        let own = match class {
            Class::NoOrder => &mut self.no_order_time_ms,
            Class::PlannedStop | Class::Break => &mut self.planned_stop_time_ms,
            Class::Production => &mut self.actual_production_time_ms,
            Class::Setup => &mut self.actual_unit_setup_time_ms,
            Class::Delay => &mut self.actual_unit_delay_time_ms,
            Class::Down => &mut self.actual_unit_down_time_ms,
        };
        *own += length_ms;
        if matches!(class, Class::Production | Class::Setup) {
            self.actual_unit_processing_time_ms += length_ms;
        }
        if matches!(class, Class::Production | Class::Setup | Class::Delay) {
            self.actual_unit_busy_time_ms += length_ms;
        }
        if matches!(class, Class::Production | Class::Setup | Class::Delay | Class::Down) {
            self.planned_busy_time_ms += length_ms;
        }
    }
}

/// Where the planned busy time went, from the whole down to what became good pieces at standard speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Losses {
    /// Unplanned stops.
    pub down_ms: i64,
    /// Setup and changeovers.
    pub setup_ms: i64,
    /// Waiting in the middle of an order.
    pub delay_ms: i64,
    /// Production longer than standard; negative where it was faster.
    pub speed_ms: i64,
    /// Standard time of pieces that were not good.
    pub quality_ms: i64,
    /// What is left: OEE is its share of the planned busy time.
    pub fully_productive_ms: i64,
}

impl Elements {
    /// The losses; with the fully productive time they add up to the planned busy time.
    pub fn losses(&self) -> Losses {
        let (good, produced) = (i128::from(self.good_quantity), i128::from(self.produced_quantity));
        let earned = if produced == 0 { 0 } else { i128::from(self.planned_run_time_ms) * good / produced };
        let fully_productive_ms = i64::try_from(earned).unwrap_or(i64::MAX);
        Losses {
            down_ms: self.actual_unit_down_time_ms,
            setup_ms: self.actual_unit_setup_time_ms,
            delay_ms: self.actual_unit_delay_time_ms,
            speed_ms: self.actual_production_time_ms - self.planned_run_time_ms,
            quality_ms: self.planned_run_time_ms - fully_productive_ms,
            fully_productive_ms,
        }
    }
}
