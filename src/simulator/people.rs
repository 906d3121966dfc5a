//! People: who is free in the open shift, clocking in and out, the lead's approval. Deliberately
//! nobody is late or forgets: forgotten clock-ins are for people to try out.

use std::collections::BTreeSet;

use super::Simulator;
use super::desk::Who;
use super::job::{Crew, Job};
use crate::base::Refusal;
use crate::model::command::{ApproveLabor, ClockIn, ClockOut};
use crate::model::people::ActivityType;
use crate::model::{Command, Id};

/// A break is taken in work of this many minutes.
const BREAK_AFTER: i64 = 240;

impl Simulator {
    fn busy_people(&self) -> BTreeSet<u64> {
        self.jobs.values().flat_map(|job| &job.steps).flat_map(|step| &step.crew).map(|crew| crew.employee).collect()
    }

    fn free_people(&self, center: u64) -> Vec<u64> {
        let skill = self.book.centers.get(&center).and_then(|center| center.required_skill.clone()).unwrap_or_default();
        let Some((shift, _)) = self.book.shift_at(self.desk.now()) else { return Vec::new() };
        let busy = self.busy_people();
        self.book.people(shift, &skill).into_iter().filter(|person| !busy.contains(person)).collect()
    }

    /// Somebody of the open shift who has the skill and nothing to do.
    pub(super) fn free_person(&self, center: u64) -> Option<u64> {
        self.free_people(center).first().copied()
    }

    /// Clocks somebody in on a step, now and then with a helper; answers whether there was somebody.
    pub(super) fn man(&mut self, job: &mut Job, at: usize) -> Result<bool, Refusal> {
        let Some(center) = job.steps[at].center else { return Ok(false) };
        // The job is out of the list while it is worked on, so its own crew is looked at here.
        let people: Vec<u64> = self.free_people(center).into_iter().filter(|person| job.steps.iter().all(|step| step.crew.iter().all(|crew| crew.employee != *person))).collect();
        let wanted = if people.len() > 1 && self.dice.chance(120) { 2 } else { 1 };
        let activity_type = Self::activity(job, at);
        for employee in people.iter().take(wanted) {
            let it = ClockIn {
                employee_id: Id::new(*employee),
                work_order_id: Some(Id::new(job.id)),
                operation_sequence: Some(job.steps[at].sequence),
                activity_type,
                activity_code: Some(if activity_type == ActivityType::Setup { "SETUP" } else { "RUN" }.to_owned()),
                machine_id: None,
            };
            let row = self.desk.ask(Who::Operator, Command::ClockIn(it))?;
            job.steps[at].crew.push(Crew { employee: *employee, row, since: self.desk.now(), activity: activity_type, good: 0, bad: 0 });
        }
        Ok(!people.is_empty())
    }

    /// Clocks the crew of a step out.
    pub(super) fn crew_out(&mut self, job: &mut Job, at: usize) -> Result<(), Refusal> {
        for crew in std::mem::take(&mut job.steps[at].crew) {
            let minutes = self.desk.now().minutes_since(crew.since);
            let direct = crew.activity == ActivityType::DirectLabor;
            let it = ClockOut {
                labor_transaction_id: Id::new(crew.row),
                break_time_minutes: if minutes >= BREAK_AFTER { 30 } else { 0 },
                quantity_produced: if direct { crew.good } else { 0 },
                quantity_rejected: if direct { crew.bad } else { 0 },
                notes: None,
            };
            self.desk.tell(Who::Operator, Command::ClockOut(it))?;
            self.to_approve.push(crew.row);
        }
        Ok(())
    }

    /// When a shift ends its people clock out; the next one takes over where they stood.
    pub(super) fn change_shift(&mut self) -> Result<(), Refusal> {
        let open = self.book.shift_at(self.desk.now()).map(|(shift, _)| shift);
        if open == self.shift {
            return Ok(());
        }
        self.shift = open;
        for id in self.jobs.keys().copied().collect::<Vec<u64>>() {
            self.stop_work(id)?;
        }
        Ok(())
    }

    /// Everybody on an order clocks out.
    pub(super) fn stop_work(&mut self, id: u64) -> Result<(), Refusal> {
        let Some(mut job) = self.jobs.remove(&id) else { return Ok(()) };
        for at in 0..job.steps.len() {
            self.crew_out(&mut job, at)?;
        }
        self.jobs.insert(id, job);
        Ok(())
    }

    /// In the afternoon the lead approves the time told so far.
    pub(super) fn approve(&mut self) -> Result<(), Refusal> {
        let (_, hour, minute) = self.book.local(self.desk.now());
        if hour != 13 || minute >= 10 {
            return Ok(());
        }
        for row in std::mem::take(&mut self.to_approve) {
            self.desk.tell(Who::Lead, Command::ApproveLabor(ApproveLabor { labor_transaction_id: Id::new(row) }))?;
        }
        Ok(())
    }
}
