//! When work stands: breakdowns with their repair, short stops, service, missing hands and material,
//! and the planted stop that comes back. Deliberately drawn for each machine from its running time, so
//! that they hit who works and delay what runs there.

use std::time::Duration;

use super::Simulator;
use super::agenda::Event;
use super::desk::Who;
use super::station::{Act, Stop};
use crate::base::{Decimal, Refusal};
use crate::model::command::{AcknowledgeFault, ChangeDowntimeCause, ClearFault, DetectFault, MarkDowntime, ResolveDowntime, RespondDowntime, StartDowntime};
use crate::model::downtime::{DowntimeCategory as Category, DowntimeStatus};
use crate::model::field::Note;
use crate::model::machine::Criticality;
use crate::model::machine_fault::{FaultKind, FaultSeverity};
use crate::model::people::ActivityType;
use crate::model::{Command, DowntimeEvent, Id, Noun};

/// Running hours between two breakdowns of an ordinary machine.
const HOURS_BETWEEN_FAILURES: i64 = 62;
/// Running hours between two short stops.
const HOURS_BETWEEN_STOPS: i64 = 19;
/// Service comes back after so many days.
const SERVICE_DAYS: u64 = 7;

/// A way to fail: skill of the work center, code, what is seen, why, what is done, what is used.
type Fault = (&'static str, &'static str, &'static str, &'static str, &'static str, Option<&'static str>);

const FAULTS: &[Fault] = &[
    ("", "TOOL-001", "tool worn before its time", "tool beyond its stroke count", "tool changed and offset set", Some("punch tool set")),
    ("", "ELEC-001", "drive trips on overcurrent", "loose terminal in the cabinet", "terminal tightened, drive reset", None),
    ("", "BEAR-001", "bearing loud, vibration above warning", "bearing without grease", "bearing changed, lubrication plan shortened", Some("bearing 6204-2RS")),
    ("laser", "COOL-001", "chiller over temperature", "filter clogged with dust", "filter cleaned and coolant topped up", Some("chiller filter")),
    ("laser", "OPT-014", "cutting head lens contaminated", "nozzle gas with moisture", "lens changed, gas line dried", Some("protective window 37 mm")),
    ("punch", "HYD-001", "hydraulic pressure drops at the ram", "seal leaking", "seal kit fitted and system bled", Some("ram seal kit")),
    ("bend", "HYD-001", "beam not parallel, hydraulic valve sticks", "dirt in the proportional valve", "valve flushed, oil filter changed", Some("oil filter")),
    ("bend", "GAUGE-003", "back gauge loses its reference", "encoder cable chafed", "cable replaced and axis referenced", Some("encoder cable")),
    ("weld", "WELD-001", "arc unstable, wire feed slips", "feed roller worn", "roller and liner changed", Some("feed roller 1.0")),
    ("weld", "ROBO-001", "robot lost its position at axis 4", "battery of the encoder empty", "battery changed, axis mastered", Some("encoder battery")),
    ("polish", "PNEU-001", "belt tension lost, air pressure low", "hose cracked at the fitting", "hose replaced", Some("air hose 10 mm")),
    ("assemble", "SENS-001", "torque tool does not report", "radio module drifts off channel", "module paired anew", None),
    ("pack", "THERM-001", "wrapper motor hot", "film carriage stiff", "carriage cleaned and greased", None),
];

/// The stop that comes back.
const RECURRING: Fault =
    ("laser", "LAS-E417", "height sensor at the cutting head loses contact", "sensor cable moves in its clip", "cable clipped again, run restarted", Some("height sensor cable"));

/// The code of a fault.
pub(super) fn fault_code(fault: usize) -> &'static str {
    FAULTS.get(fault).map_or("", |known| known.1)
}

impl Simulator {
    /// How long a machine runs until it next breaks down: less when it is old or matters less.
    fn until_failure(&mut self, id: u64) -> i64 {
        let machine = self.book.centers.get(&id).and_then(|center| center.machine_id).and_then(|machine| self.book.machines.get(&machine.number()));
        let care = match machine.map(|machine| machine.criticality) {
            Some(Criticality::Critical) => 130,
            Some(Criticality::High) => 112,
            Some(Criticality::Low) => 86,
            _ => 100,
        };
        let age = machine.and_then(|machine| machine.age_years).map_or(7, |age| age.scaled() / Decimal::ONE.scaled());
        HOURS_BETWEEN_FAILURES * 36_000 * care / 100 * (120 - 3 * age) * self.dice.between(20, 180) / 100
    }

    /// A machine's dice are rolled anew.
    pub(super) fn roll_failures(&mut self, id: u64) {
        let sound = self.until_failure(id);
        let smooth = HOURS_BETWEEN_STOPS * 36_000 * self.dice.between(15, 185);
        if let Some(station) = self.stations.get_mut(&id) {
            station.sound_ms = sound;
            station.smooth_ms = smooth;
        }
    }

    /// The first service of each machine, spread over the week, and the first of the planted stops.
    pub(super) fn plan_service(&mut self) {
        let now = self.desk.now();
        let recurring = self.book.recurring;
        for (place, id) in self.station_ids().into_iter().enumerate() {
            self.roll_failures(id);
            let place = u64::try_from(place).unwrap_or(0);
            if let Some(station) = self.stations.get_mut(&id) {
                station.service_at = now.plus(Duration::from_secs((20 + place * 4) % (SERVICE_DAYS * 24) * 3_600));
                station.recurs_at = (recurring == Some(id)).then(|| now.plus_minutes(20 * 60));
            }
        }
    }

    fn start_stop(&mut self, id: u64, category: Category, code: &str, what: &str, fault: usize) -> Result<u64, Refusal> {
        let job = self.stations.get(&id).and_then(|station| station.run.as_ref()).map(|run| (run.order, run.at));
        let sequence = job.and_then(|(order, at)| self.jobs.get(&order).map(|job| job.steps[at].sequence));
        let it = StartDowntime {
            downtime_category: category,
            work_center_id: Some(Id::new(id)),
            machine_id: None,
            line_id: None,
            downtime_reason_code: Some(code.to_owned()),
            downtime_reason_description: Some(what.to_owned()),
            work_order_id: job.map(|(order, _)| Id::new(order)),
            operation_sequence: sequence,
        };
        let number = self.desk.make(Who::Operator, Noun::DowntimeEvent, Command::StartDowntime(it), None)?;
        if let Some(station) = self.stations.get_mut(&id) {
            station.stop = Some(Stop { number, category, fault, shown: None, repair: None });
        }
        Ok(number)
    }

    /// The machine breaks down: what is made is reported, the crew leaves the job, a technician comes.
    pub(super) fn break_down(&mut self, id: u64) -> Result<(), Refusal> {
        self.halt(id);
        self.report(id)?;
        self.crew_out(id)?;
        let skill = self.book.skill(id).to_owned();
        let known: Vec<usize> = (0..FAULTS.len()).filter(|at| FAULTS[*at].0.is_empty() || FAULTS[*at].0 == skill).collect();
        let fault = self.dice.pick(&known).copied().unwrap_or_default();
        let number = self.start_stop(id, Category::Breakdown, FAULTS[fault].1, FAULTS[fault].2, fault)?;
        let shown = self.sense(id)?;
        if let Some(stop) = self.stations.get_mut(&id).and_then(|station| station.stop.as_mut()) {
            stop.shown = shown;
        }
        self.roll_failures(id);
        let answered = self.later(4, 28);
        self.agenda.add(answered, Event::Respond(id, number));
        Ok(())
    }

    /// What the machine's sensors showed of a breakdown in the past: who watches them watches only what is read now.
    fn sense(&mut self, id: u64) -> Result<Option<u64>, Refusal> {
        let machine = self.book.centers.get(&id).and_then(|center| center.machine_id).map(Id::number);
        let Some(sensor) = machine.and_then(|machine| self.telling.get(&machine)) else { return Ok(None) };
        let unit = sensor.unit_of_measure.as_deref().unwrap_or_default();
        let limit = sensor.critical_range_max;
        let it = DetectFault {
            machine_id: sensor.machine_id,
            sensor_id: sensor.sensor_id,
            other_sensor_id: None,
            fault_code: format!("{}-HIGH", sensor.sensor_type.to_uppercase()),
            fault_kind: FaultKind::CriticalLimit,
            severity: FaultSeverity::Critical,
            measured_value: limit,
            limit_value: limit,
            why: Note(format!("{} reads {} {unit}, which is its critical limit", sensor.sensor_type, limit.unwrap_or_default())),
        };
        self.desk.make(Who::Machines, Noun::MachineFault, Command::DetectFault(it), None).map(Some)
    }

    /// A technician is at it; some repairs wait for parts, some are escalated.
    pub(super) fn respond(&mut self, id: u64, number: u64) -> Result<(), Refusal> {
        self.desk.tell(Who::Lead, Command::RespondDowntime(RespondDowntime { downtime_id: Id::new(number) }))?;
        if let Some(fault) = self.stations.get(&id).and_then(|station| station.stop).and_then(|stop| stop.shown) {
            self.desk.tell(Who::Lead, Command::AcknowledgeFault(AcknowledgeFault { fault_id: Id::new(fault) }))?;
        }
        let mut repaired = self.later(35, 210);
        let worse = match self.dice.between(1, 100) {
            1..=7 => Some((DowntimeStatus::PendingParts, 240, 900)),
            8..=13 => Some((DowntimeStatus::Escalated, 120, 400)),
            _ => None,
        };
        if let Some((status, least, most)) = worse {
            self.desk.tell(Who::Lead, Command::MarkDowntime(MarkDowntime { downtime_id: Id::new(number), status }))?;
            repaired = self.later(least, most);
        }
        let machine = self.book.centers.get(&id).and_then(|center| center.machine_id).map(Id::number);
        if let Some(technician) = self.somebody("maintain") {
            let row = self.clock_in_once(technician, machine)?;
            let now = self.desk.now();
            if let Some(stop) = self.stations.get_mut(&id).and_then(|station| station.stop.as_mut()) {
                stop.repair = row.map(|row| (row, now));
            }
        }
        self.agenda.add(repaired, Event::StopOver(id, number));
        Ok(())
    }

    /// At the end of a history: of the machines that are down one waits for parts, one is escalated.
    pub(super) fn mark_open_stops(&mut self) -> Result<(), Refusal> {
        self.desk.settle()?;
        let mut open = self.desk.records::<DowntimeEvent>(0, usize::MAX)?;
        open.retain(|stop| stop.downtime_end.is_none());
        for status in [DowntimeStatus::PendingParts, DowntimeStatus::Escalated] {
            if open.iter().any(|stop| stop.status == status) {
                continue;
            }
            let waiting = open.iter().position(|stop| stop.status == DowntimeStatus::Active && stop.downtime_category == Category::Breakdown);
            let number = match waiting {
                Some(at) => Some(open.swap_remove(at).downtime_id.number()),
                None => self.break_one_down()?,
            };
            let Some(downtime_id) = number.map(Id::new) else { continue };
            self.desk.tell(Who::Lead, Command::MarkDowntime(MarkDowntime { downtime_id, status }))?;
        }
        Ok(())
    }

    /// A machine at work breaks down; answers its stop.
    fn break_one_down(&mut self) -> Result<Option<u64>, Refusal> {
        let at_work = self.stations.iter().find(|(_, station)| station.run.is_some() && station.stop.is_none() && station.operator.is_some());
        let Some(id) = at_work.map(|(id, _)| *id) else { return Ok(None) };
        self.break_down(id)?;
        Ok(self.stations.get(&id).and_then(|station| station.stop.as_ref()).map(|stop| stop.number))
    }

    /// A technician at two machines has one row: the second repair tells no time of its own.
    fn clock_in_once(&mut self, technician: u64, machine: Option<u64>) -> Result<Option<u64>, Refusal> {
        if !self.repairing.insert(technician) {
            return Ok(None);
        }
        let row = self.clock_in(technician, ActivityType::Maintenance, "REPAIR", machine)?;
        self.repairers.insert(row, technician);
        Ok(Some(row))
    }

    fn end_repair(&mut self, row: u64) -> Result<(), Refusal> {
        if let Some(technician) = self.repairers.remove(&row) {
            self.repairing.remove(&technician);
        }
        self.clock_out(row, 0)
    }

    /// A few minutes that nobody planned. The crew stays.
    pub(super) fn stop_shortly(&mut self, id: u64) -> Result<(), Refusal> {
        self.halt(id);
        let (category, code, what) = match self.dice.between(1, 100) {
            1..=46 => (Category::ToolChange, "TOOL", "tool changed in the run"),
            47..=62 => (Category::MaterialShortage, "MAT", "next pallet not at the machine"),
            63..=76 => (Category::WaitingForApproval, "APPR", "waits for the first piece to be approved"),
            77..=86 => (Category::QualityHold, "QHOLD", "edge burr in question, inspector called"),
            87..=95 => (Category::Changeover, "SETTER", "setter busy at another machine"),
            96..=98 => (Category::NoOperator, "OPER", "operator called to the neighbour cell"),
            _ => (Category::PowerFailure, "POWER", "voltage dip, controls restarted"),
        };
        let number = self.start_stop(id, category, code, what, usize::MAX)?;
        let smooth = HOURS_BETWEEN_STOPS * 36_000 * self.dice.between(15, 185);
        if let Some(station) = self.stations.get_mut(&id) {
            station.smooth_ms = smooth;
        }
        let over = self.later(7, 30);
        self.agenda.add(over, Event::StopOver(id, number));
        Ok(())
    }

    /// The planted stop: the same code at the same machine every few days, first told as something else.
    pub(super) fn recur(&mut self) -> Result<(), Refusal> {
        let now = self.desk.now();
        let Some(id) = self.book.recurring else { return Ok(()) };
        let Some(station) = self.stations.get(&id) else { return Ok(()) };
        let runs = station.run.as_ref().is_some_and(|run| run.active.is_some() && run.setup_ms == 0);
        if !runs || station.stop.is_some() || station.recurs_at.is_none_or(|at| at > now) {
            return Ok(());
        }
        self.halt(id);
        let number = self.start_stop(id, Category::ToolChange, "TOOL", "cutting head stopped by itself", FAULTS.len())?;
        let cause = ChangeDowntimeCause {
            downtime_id: Id::new(number),
            downtime_category: Category::Breakdown,
            downtime_reason_code: Some(RECURRING.1.to_owned()),
            downtime_reason_description: Some(RECURRING.2.to_owned()),
        };
        self.desk.tell(Who::Lead, Command::ChangeDowntimeCause(cause))?;
        self.desk.tell(Who::Lead, Command::RespondDowntime(RespondDowntime { downtime_id: Id::new(number) }))?;
        let (over, again) = (self.later(22, 45), self.later(40 * 60, 80 * 60));
        self.agenda.add(over, Event::StopOver(id, number));
        if let Some(station) = self.stations.get_mut(&id) {
            station.recurs_at = Some(again);
        }
        Ok(())
    }

    /// A step's material is not there.
    pub(super) fn short_of_material(&mut self, id: u64) -> Result<(), Refusal> {
        let number = self.start_stop(id, Category::MaterialShortage, "MAT", "kit incomplete, lot on hold or not delivered", usize::MAX)?;
        let over = self.later(15, 45);
        self.agenda.add(over, Event::StopOver(id, number));
        Ok(())
    }

    /// An open work center with work and nobody to do it stands until somebody was called in.
    pub(super) fn miss_operator(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(station) = self.stations.get(&id) else { return Ok(()) };
        let has_work = station.run.is_some() || !station.ready.is_empty();
        if station.operator.is_some() || station.stop.is_some() || !has_work {
            return Ok(());
        }
        let number = self.start_stop(id, Category::NoOperator, "ABSENT", "operator absent, replacement called in", usize::MAX)?;
        let over = self.later(40, 110);
        self.agenda.add(over, Event::StopOver(id, number));
        Ok(())
    }

    /// Nothing has come for hours.
    pub(super) fn without_orders(&mut self, id: u64) -> Result<(), Refusal> {
        if self.stations.get(&id).is_none_or(|station| !station.is_free()) {
            return Ok(());
        }
        let number = self.start_stop(id, Category::NoOrders, "NOORD", "no order waits for this work center", usize::MAX)?;
        let next = self.stations.get(&id).and_then(|station| station.ready.first()).map(|(_, planned, ..)| planned.minus(Duration::from_secs(6 * 3_600)));
        let over = self.later(90, 150);
        self.agenda.add(next.map_or(over, |next| next.max(self.desk.now()).min(over)), Event::StopOver(id, number));
        Ok(())
    }

    pub(super) fn service_is_due(&self, id: u64) -> bool {
        self.stations.get(&id).is_some_and(|station| station.service_at <= self.desk.now())
    }

    /// Weekly service between two steps.
    pub(super) fn service(&mut self, id: u64) -> Result<(), Refusal> {
        let number = self.start_stop(id, Category::Maintenance, "PM-WEEK", "weekly service: clean, lubricate, check safety devices", usize::MAX)?;
        let over = self.later(45, 100);
        if let Some(station) = self.stations.get_mut(&id) {
            station.service_at = station.service_at.plus(Duration::from_secs(SERVICE_DAYS * 86_400));
        }
        self.agenda.add(over, Event::StopOver(id, number));
        Ok(())
    }

    /// A stop was planned to end now; another may have taken its place.
    pub(super) fn stop_over(&mut self, id: u64, number: u64) -> Result<(), Refusal> {
        let open = self.stations.get(&id).and_then(|station| station.stop).is_some_and(|stop| stop.number == number);
        if open { self.end_stop(id) } else { Ok(()) }
    }

    pub(super) fn end_stop(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(stop) = self.stations.get_mut(&id).and_then(|station| station.stop.take()) else { return Ok(()) };
        if let Some((row, _)) = stop.repair {
            self.end_repair(row)?;
        }
        let fault = if stop.fault == FAULTS.len() { Some(&RECURRING) } else { FAULTS.get(stop.fault) };
        let note = |text: &str| Note(text.to_owned());
        let it = ResolveDowntime {
            downtime_id: Id::new(stop.number),
            resolution_action: fault.map(|fault| note(fault.4)),
            root_cause: fault.map(|fault| note(fault.3)),
            preventive_action: fault.filter(|_| self.dice.chance(400)).map(|_| note("added to the weekly service list")),
            maintenance_work_order: (fault.is_some() || stop.category == Category::Maintenance).then(|| format!("MO-{:05}", stop.number)),
            spare_parts_used: fault.and_then(|fault| fault.5).map(str::to_owned),
            estimated_cost: fault.and_then(|_| Decimal::whole(self.dice.between(60, 900))),
        };
        self.desk.tell(Who::Lead, Command::ResolveDowntime(it))?;
        if let Some(fault) = stop.shown {
            self.desk.tell(Who::Machines, Command::ClearFault(ClearFault { fault_id: Id::new(fault) }))?;
        }
        let unmanned = self.stations.get(&id).is_some_and(|station| station.operator.is_none());
        if stop.category == Category::NoOperator && unmanned && self.on_shift.shift.is_some() {
            self.call_in(id);
        }
        if let Some(station) = self.stations.get_mut(&id) {
            station.act = Act::Nothing;
        }
        self.go(id)
    }
}

/// Which fault a reason code names; past the catalogue's end none.
pub(super) fn fault_of(code: Option<&str>) -> usize {
    let known = FAULTS.iter().chain([&RECURRING]).position(|fault| Some(fault.1) == code);
    known.unwrap_or(usize::MAX)
}
