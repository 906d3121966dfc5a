//! Founding the plant, its clock, and the seals of its days.

use std::time::Duration;

use super::{Moment, need, plant_of};
use crate::base::{Code, Digest, Refusal};
use crate::model::command::{FoundPlant, SealDay, SetPlantClock};
use crate::model::plant::TimerAct;
use crate::model::{Id, JournalDay, Plant, Subject, Timer};
use crate::store::{Draft, Halt, View};

pub(super) fn found(draft: &mut Draft<'_, '_>, moment: &Moment, it: &FoundPlant) -> Result<Subject, Halt> {
    if draft.get(Id::<Plant>::new(1))?.is_some() {
        return Err(Refusal::new(Code::IllegalState, "the plant is founded already").into());
    }
    let Some(zone) = crate::base::time::zone(&it.timezone) else {
        return Err(Refusal::invalid("timezone", format!("{} is no IANA zone such as Europe/Berlin", it.timezone)).into());
    };
    let id = draft.add(Plant {
        plant_name: it.plant_name.clone(),
        timezone: it.timezone.clone(),
        simulated: it.simulated,
        clock_plant_micros: moment.recorded_at.micros(),
        clock_wall_micros: moment.wall.micros(),
        // A simulated plant stands still until its simulator has made its history.
        clock_rate: i64::from(!it.simulated),
        created_at: moment.recorded_at,
        ..Plant::default()
    })?;
    let tomorrow = moment.recorded_at.date(&zone).plus_days(1).at(crate::base::ClockTime::default(), &zone);
    draft.add(Timer { due_at: tomorrow, act: TimerAct::SealDay, ..Timer::default() })?;
    draft.event("plant.founded", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn set_clock(draft: &mut Draft<'_, '_>, moment: &Moment, it: &SetPlantClock) -> Result<Subject, Halt> {
    let mut plant = plant_of(draft)?;
    if !plant.simulated {
        return Err(Refusal::new(Code::IllegalState, "a real plant's clock is the wall clock").into());
    }
    let wanted = "must be 0 to 3600 plant seconds a second";
    let rate = it.rate.ok_or_else(|| Refusal::invalid("rate", format!("must be given; it {wanted}")))?;
    if !(0..=3_600).contains(&rate) {
        return Err(Refusal::invalid("rate", wanted).into());
    }
    let plant_time = it.plant_time.unwrap_or(moment.recorded_at);
    if plant_time < moment.recorded_at.minus(Duration::from_secs(1)) {
        return Err(Refusal::invalid("plant_time", "the plant's clock never runs backwards").into());
    }
    plant.clock_plant_micros = plant_time.micros();
    plant.clock_wall_micros = moment.wall.micros();
    plant.clock_rate = rate;
    let subject = Subject::of(plant.plant_id);
    draft.put(plant)?;
    draft.event("plant.clock_set", subject);
    Ok(subject)
}

pub(super) fn seal_day(draft: &mut Draft<'_, '_>, moment: &Moment, it: &SealDay) -> Result<Subject, Halt> {
    let last = draft.last_number(crate::model::Noun::JournalDay)?;
    let before = if last == 0 { None } else { draft.get(Id::<JournalDay>::new(last))? };
    let expected = before.as_ref().map_or(1, |day| day.last_seq + 1);
    let falls_short = it.first_seq != expected || it.last_seq < it.first_seq - 1;
    if falls_short || before.is_some_and(|day| it.day <= day.day) || Digest::from_hex(&it.root).is_none() {
        return Err(Refusal::new(Code::IllegalState, format!("the next seal begins with entry {expected}")).into());
    }
    let timer: Timer = need(draft, it.timer_id)?;
    draft.remove(Subject::of(it.timer_id))?;
    let next = timer.due_at.date(&moment.zone).plus_days(1).at(crate::base::ClockTime::default(), &moment.zone);
    let next = draft.add(Timer { due_at: next, act: TimerAct::SealDay, ..Timer::default() })?;
    if it.last_seq < it.first_seq {
        return Ok(Subject::of(next));
    }
    let id =
        draft.add(JournalDay { day: it.day, first_seq: it.first_seq, last_seq: it.last_seq, root: it.root.clone(), sealed_at: moment.recorded_at, ..JournalDay::default() })?;
    draft.event("journal.day_sealed", Subject::of(id));
    Ok(Subject::of(id))
}
