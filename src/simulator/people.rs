//! People: who is there in a shift, who stands where, clocking in and out, breaks, work beside the
//! orders, the lead's approval. Deliberately nobody forgets to clock out: that is for people to try.

use std::collections::BTreeSet;

use super::Simulator;
use super::agenda::Event;
use super::desk::Who;
use super::station::{Act, Row};
use crate::base::{Refusal, Time};
use crate::model::command::{ApproveLabor, ClockIn, ClockOut};
use crate::model::field::Note;
use crate::model::people::ActivityType;
use crate::model::{Command, Id, Noun};

/// Of a thousand people so many are absent in a shift.
const ABSENT: i64 = 30;
/// Idle operators in a thousand who are told to do something else meanwhile.
const SIDE_WORK: i64 = 350;

/// The open shift.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OnShift {
    pub(super) shift: Option<u64>,
    pub(super) ends: Time,
    /// A break is taken between steps from then on, and in the middle of one at the latest then.
    pub(super) first_break: Time,
    pub(super) latest_break: Time,
    pub(super) break_minutes: i64,
}

impl Simulator {
    /// A shift begins or ends: its people clock out, the next ones take over where they stood.
    pub(super) fn change_shift(&mut self) -> Result<(), Refusal> {
        let now = self.desk.now();
        if let Some(next) = self.book.next_shift_change(now) {
            self.agenda.add(next, Event::Shift);
        }
        for id in self.station_ids() {
            self.leave(id)?;
        }
        self.on_shift = self.open_shift(now);
        self.present.clear();
        self.staff()?;
        self.staff_beside()?;
        for id in self.station_ids() {
            self.go(id)?;
        }
        Ok(())
    }

    pub(super) fn open_shift(&self, now: Time) -> OnShift {
        let Some((shift, ends)) = self.book.shift_at(now) else { return OnShift::default() };
        let minutes = ends.minutes_since(now);
        // Who comes for the last hour of a shift has no break in it.
        let break_minutes = self.book.shifts.get(&shift).map_or(0, |shift| shift.break_minutes).min(minutes / 8);
        OnShift { shift: Some(shift), ends, first_break: now.plus_minutes(minutes * 35 / 100), latest_break: now.plus_minutes(minutes * 65 / 100), break_minutes }
    }

    pub(super) fn station_ids(&self) -> Vec<u64> {
        self.stations.keys().copied().collect()
    }

    /// Everybody at a work center clocks out.
    pub(super) fn leave(&mut self, id: u64) -> Result<(), Refusal> {
        self.halt(id);
        self.report(id)?;
        self.crew_out(id)?;
        self.end_side_work(id)?;
        if let Some(station) = self.stations.get_mut(&id) {
            (station.operator, station.away, station.had_break) = (None, false, false);
        }
        Ok(())
    }

    /// Operators go to the work centers that are open; who knows one best goes there.
    pub(super) fn staff(&mut self) -> Result<(), Refusal> {
        let Some(shift) = self.on_shift.shift else { return Ok(()) };
        let mut free: Vec<u64> = self
            .book
            .employees
            .values()
            .filter(|it| it.shift_id.is_some_and(|id| id.number() == shift) && it.status == crate::model::plant::Status::Active)
            .map(|it| it.employee_id.number())
            .collect();
        let taken: BTreeSet<u64> = self.stations.values().filter_map(|station| station.operator).collect();
        free.retain(|person| !self.dice.chance(ABSENT) && !taken.contains(person));
        let open: Vec<u64> = self.station_ids().into_iter().filter(|id| self.is_open(*id, shift)).collect();
        for rank in [0, 1] {
            for id in &open {
                if self.stations.get(id).is_some_and(|station| station.operator.is_some()) {
                    continue;
                }
                let skill = self.book.skill(*id).to_owned();
                let place = free.iter().position(|person| self.book.rank(*person, &skill) == Some(rank));
                if let (Some(place), Some(station)) = (place, self.stations.get_mut(id)) {
                    station.operator = Some(free.remove(place));
                }
            }
        }
        self.present = free;
        for id in open {
            self.miss_operator(id)?;
        }
        Ok(())
    }

    fn is_open(&self, id: u64, shift: u64) -> bool {
        self.book.centers.get(&id).is_some_and(|center| center.shift_ids.is_empty() || center.shift_ids.contains(&Id::new(shift)))
    }

    /// Somebody of the open shift with a skill and no work center of their own.
    pub(super) fn somebody(&mut self, skill: &str) -> Option<u64> {
        let fit: Vec<u64> = self.present.iter().copied().filter(|person| self.book.rank(*person, skill).is_some()).collect();
        let anybody = || self.book.employees.keys().copied().find(|person| self.book.rank(*person, skill).is_some());
        if fit.is_empty() { anybody() } else { self.dice.pick(&fit).copied() }
    }

    /// An operator who was called in from a free shift.
    pub(super) fn call_in(&mut self, id: u64) {
        let skill = self.book.skill(id).to_owned();
        let busy: BTreeSet<u64> = self.stations.values().filter_map(|station| station.operator).collect();
        let shift = self.on_shift.shift;
        let fits = |person: &&crate::model::Employee| person.shift_id.map(Id::number) != shift && person.role.as_deref() == Some("operator");
        let able: Vec<u64> =
            self.book.employees.values().filter(fits).map(|it| it.employee_id.number()).filter(|it| !busy.contains(it) && self.book.rank(*it, &skill) == Some(0)).collect();
        let person = self.dice.pick(&able).copied();
        if let Some(station) = self.stations.get_mut(&id) {
            station.operator = person;
        }
    }

    /// Clocks the operator in on the run, and now and then somebody else as well.
    pub(super) fn man(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(station) = self.stations.get(&id) else { return Ok(()) };
        let (Some(run), Some(operator)) = (&station.run, station.operator) else { return Ok(()) };
        if run.row.is_some() {
            return Ok(());
        }
        let (order, at, activity, large) = (run.order, run.at, Self::activity(run), super::floor::open_pieces(&self.jobs, run.order, run.at) >= 30);
        let row = self.clock_in_on(operator, order, at, activity)?;
        let helper = if large && activity == ActivityType::DirectLabor && self.dice.chance(80) { self.helper(id) } else { None };
        let helper = match helper {
            Some(person) => Some((person, self.clock_in_on(person, order, at, activity)?)),
            None => None,
        };
        let piece_ms = self.piece_ms(order, at, operator, helper.is_some());
        if let Some(run) = self.stations.get_mut(&id).and_then(|station| station.run.as_mut()) {
            run.row = Some(row);
            run.helper = helper;
            run.carry_ms = run.carry_ms * piece_ms / run.piece_ms.max(1);
            run.piece_ms = piece_ms;
        }
        Ok(())
    }

    /// What a piece takes: the standard, by skill and by the day; two are faster than one, but not twice.
    pub(super) fn piece_ms(&mut self, order: u64, at: usize, operator: u64, helped: bool) -> i64 {
        use crate::model::people::SkillLevel::{Expert, Senior, Skilled, Trainee};
        let standard = self.jobs.get(&order).map_or(60, |job| job.steps[at].piece_seconds);
        let level = match self.book.employees.get(&operator).map(|it| it.skill_level) {
            Some(Trainee) => 107,
            None | Some(Skilled) => 99,
            Some(Senior) => 96,
            Some(Expert) => 94,
        };
        let percent = level * self.dice.between(101, 117) / 100;
        let alone = (standard * 10 * percent).max(1_000);
        if helped { alone * 54 / 100 } else { alone }
    }

    fn helper(&mut self, id: u64) -> Option<u64> {
        let skill = self.book.skill(id).to_owned();
        let busy: BTreeSet<u64> = self.stations.values().filter_map(|station| Some(station.run.as_ref()?.helper.as_ref()?.0)).collect();
        let able: Vec<u64> = self.present.iter().copied().filter(|person| !busy.contains(person) && self.book.rank(*person, &skill).is_some()).collect();
        self.dice.pick(&able).copied()
    }

    fn clock_in_on(&mut self, employee: u64, order: u64, at: usize, activity_type: ActivityType) -> Result<Row, Refusal> {
        let sequence = self.jobs.get(&order).map(|job| job.steps[at].sequence);
        let setup = activity_type == ActivityType::Setup;
        let it = ClockIn {
            employee_id: Id::new(employee),
            work_order_id: Some(Id::new(order)),
            operation_sequence: sequence,
            activity_type,
            activity_code: Some(if setup { "SETUP" } else { "RUN" }.to_owned()),
            machine_id: None,
        };
        let number = self.desk.make(Who::Operator, Noun::LaborTransaction, Command::ClockIn(it), None)?;
        Ok(Self::row(number, self.desk.now(), setup))
    }

    /// Clocks somebody in beside the orders.
    pub(super) fn clock_in(&mut self, employee: u64, activity_type: ActivityType, code: &str, machine: Option<u64>) -> Result<u64, Refusal> {
        let it = ClockIn {
            employee_id: Id::new(employee),
            work_order_id: None,
            operation_sequence: None,
            activity_type,
            activity_code: Some(code.to_owned()),
            machine_id: machine.map(Id::new),
        };
        self.desk.make(Who::Operator, Noun::LaborTransaction, Command::ClockIn(it), None)
    }

    /// Clocks a row out that is beside the orders.
    pub(super) fn clock_out(&mut self, row: u64, break_minutes: i64) -> Result<(), Refusal> {
        let it = ClockOut { labor_transaction_id: Id::new(row), break_time_minutes: break_minutes, quantity_produced: 0, quantity_rejected: 0, notes: None };
        self.desk.tell(Who::Operator, Command::ClockOut(it))?;
        self.to_approve.push(row);
        Ok(())
    }

    /// Clocks the crew of a run out; two share what they made.
    pub(super) fn crew_out(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(run) = self.stations.get_mut(&id).and_then(|station| station.run.as_mut()) else { return Ok(()) };
        let (row, helper) = (run.row.take(), run.helper.take());
        let Some(mut row) = row else { return Ok(()) };
        if let Some((_, mut second)) = helper {
            (second.good, second.bad, second.break_minutes) = (row.good / 2, row.bad / 2, row.break_minutes);
            (row.good, row.bad) = (row.good - second.good, row.bad - second.bad);
            self.row_out(&second, Some("helped out"))?;
        }
        self.row_out(&row, None)
    }

    fn row_out(&mut self, row: &Row, note: Option<&str>) -> Result<(), Refusal> {
        let it = ClockOut {
            labor_transaction_id: Id::new(row.number),
            break_time_minutes: row.break_minutes.min(self.desk.now().minutes_since(row.since)),
            quantity_produced: if row.setup { 0 } else { row.good },
            quantity_rejected: if row.setup { 0 } else { row.bad },
            notes: note.map(|note| Note(note.to_owned())),
        };
        self.desk.tell(Who::Operator, Command::ClockOut(it))?;
        self.to_approve.push(row.number);
        Ok(())
    }

    /// Between two steps: a break if it is time for it, else the next step.
    pub(super) fn pause_or_go(&mut self, id: u64) -> Result<(), Refusal> {
        let now = self.desk.now();
        let minutes = self.on_shift.break_minutes;
        let due = now >= self.on_shift.first_break;
        let Some(station) = self.stations.get_mut(&id).filter(|station| due && !station.had_break && minutes > 0) else { return self.go(id) };
        let Some(operator) = station.operator else { return Ok(()) };
        (station.away, station.had_break) = (true, true);
        let row = self.clock_in(operator, ActivityType::Break, "BREAK", None)?;
        self.agenda.add(now.plus_minutes(minutes), Event::BreakOver(id, row));
        Ok(())
    }

    pub(super) fn end_break(&mut self, id: u64, row: u64) -> Result<(), Refusal> {
        self.clock_out(row, 0)?;
        if let Some(station) = self.stations.get_mut(&id) {
            station.away = false;
        }
        self.go(id)
    }

    /// A break in the middle of a step: the row goes on and tells it.
    pub(super) fn break_at_work(&mut self, id: u64) -> Result<(), Refusal> {
        self.halt(id);
        let (now, minutes) = (self.desk.now(), self.on_shift.break_minutes);
        let Some(station) = self.stations.get_mut(&id) else { return Ok(()) };
        station.had_break = true;
        if let Some(row) = station.run.as_mut().and_then(|run| run.row.as_mut()) {
            row.break_minutes += minutes;
        }
        self.wake(id, now.plus_minutes(minutes), Act::GoOn);
        Ok(())
    }

    /// Who has no order now and then tidies up.
    pub(super) fn keep_busy(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(operator) = self.stations.get(&id).filter(|station| station.side.is_none()).and_then(|station| station.operator) else { return Ok(()) };
        if !self.dice.chance(SIDE_WORK) {
            return Ok(());
        }
        let code = self.dice.pick(&["5S", "MATERIAL", "CLEANING", "SORTING"]).copied().unwrap_or("5S");
        let row = self.clock_in(operator, ActivityType::IndirectLabor, code, None)?;
        let now = self.desk.now();
        if let Some(station) = self.stations.get_mut(&id) {
            station.side = Some((row, now));
        }
        Ok(())
    }

    pub(super) fn end_side_work(&mut self, id: u64) -> Result<(), Refusal> {
        let side = self.stations.get_mut(&id).and_then(|station| station.side.take());
        side.map_or(Ok(()), |(row, _)| self.clock_out(row, 0))
    }

    /// Store keepers, technicians and inspectors are there from the beginning of a shift to its end; now
    /// and then one of the others is trained.
    fn staff_beside(&mut self) -> Result<(), Refusal> {
        let shift = self.on_shift;
        let (weekday, hour) = (self.book.local(self.desk.now()).0.weekday(), self.book.local(self.desk.now()).1);
        for person in self.present.clone() {
            let role = self.book.employees.get(&person).and_then(|it| it.role.clone()).unwrap_or_default();
            let (activity, code, minutes) = match role.as_str() {
                "logistics_coordinator" => (ActivityType::IndirectLabor, "STORE", 0),
                "quality_inspector" => (ActivityType::IndirectLabor, "INSPECTION", 0),
                "technician" => (ActivityType::IndirectLabor, "ROUND", 90),
                "operator" if weekday == 3 && self.dice.chance(400) => (ActivityType::Training, "WPS-REFRESH", 120),
                "supervisor" | "planning_coordinator" | "production_engineer" if hour == 6 && weekday < 6 => (ActivityType::Meeting, "SHIFT-MEETING", 20),
                _ => continue,
            };
            let row = self.clock_in(person, activity, code, None)?;
            let (ends, rest) = if minutes == 0 { (shift.ends, shift.break_minutes) } else { (self.desk.now().plus_minutes(minutes), 0) };
            self.agenda.add(ends, Event::ClockOut(row, rest));
        }
        Ok(())
    }

    /// In the afternoon the lead approves the time told so far.
    pub(super) fn approve(&mut self) -> Result<(), Refusal> {
        for row in std::mem::take(&mut self.to_approve) {
            self.desk.tell(Who::Lead, Command::ApproveLabor(ApproveLabor { labor_transaction_id: Id::new(row) }))?;
        }
        Ok(())
    }
}
