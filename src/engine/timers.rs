//! Due rows become commands: the seal of a day, a forgotten clock-in. A timer's row is removed by
//! the command it became, so it fires exactly once.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Engine, Envelope};
use crate::base::{Digest, Refusal, Time};
use crate::model::command::{FlagForgottenClockIn, SealDay};
use crate::model::journal::{Actor, Origin};
use crate::model::permission::Role;
use crate::model::plant::TimerAct;
use crate::model::{Command, Id, JournalDay, Noun, Plant, Timer};
use crate::store::{Snapshot, StoreError, View};

/// Timers that may fire in one look; the rest fires a second later.
const FIRE_MAX: usize = 400;

pub(super) fn start(engine: &Engine) -> Result<(), StoreError> {
    let (shared, queue) = (Arc::downgrade(&engine.shared), engine.queue.downgrade());
    let look = move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            // Weak, so that a stopping engine is not held open by its own timers.
            let (Some(strong), Some(queue)) = (Weak::upgrade(&shared), queue.upgrade()) else { return };
            let engine = Engine { shared: strong, queue, writer: Arc::default() };
            if let Err(refusal) = fire_due(&engine) {
                tracing::warn!(%refusal, "a timer could not fire; it will be tried again");
            }
        }
    };
    std::thread::Builder::new().name("timers".to_owned()).spawn(look).map_err(StoreError::from)?;
    Ok(())
}

/// Fires what is due by the plant's clock; answers how many did.
pub(super) fn fire_due(engine: &Engine) -> Result<usize, Refusal> {
    let mut fired = 0;
    while fired < FIRE_MAX {
        let now = engine.plant_now();
        let Some(command) = engine.read(|snapshot| next_due(snapshot, now))?? else { break };
        let actor = Actor { user: 0, name: "engine".to_owned(), role: Role::Engine };
        engine.submit_wait(Envelope { origin: Origin::Engine, ..Envelope::of(actor, command) })?;
        fired += 1;
    }
    Ok(fired)
}

impl Engine {
    /// Fires due timers now rather than within a second; for tests that move the clock.
    pub fn fire_timers(&self) -> Result<usize, Refusal> {
        fire_due(self)
    }
}

fn next_due(snapshot: &Snapshot, now: Time) -> Result<Option<Command>, StoreError> {
    let mut due: Option<Timer> = None;
    snapshot.scan(Noun::Timer, None, false, |sealed| {
        if let Some(timer) = sealed.value.and_then(|record| record.into_any().downcast::<Timer>().ok())
            && timer.due_at <= now
            && due.as_ref().is_none_or(|known| timer.due_at < known.due_at)
        {
            due = Some(*timer);
        }
        Ok(true)
    })?;
    let Some(timer) = due else { return Ok(None) };
    Ok(Some(match timer.act {
        TimerAct::SealDay => Command::SealDay(seal(snapshot, &timer)?),
        TimerAct::FlagForgottenClockIn => {
            let number = u64::try_from(timer.about).unwrap_or(0);
            Command::FlagForgottenClockIn(FlagForgottenClockIn { labor_transaction_id: Id::new(number), timer_id: timer.timer_id })
        }
    }))
}

fn seal(snapshot: &Snapshot, timer: &Timer) -> Result<SealDay, StoreError> {
    let plant = snapshot.get(Id::<Plant>::new(1))?.unwrap_or_default();
    let zone = crate::base::time::zone(&plant.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let day = timer.due_at.minus(Duration::from_secs(1)).date(&zone);
    let last_day = snapshot.last_number(Noun::JournalDay)?;
    let first = snapshot.get(Id::<JournalDay>::new(last_day))?.map_or(1, |day| u64::try_from(day.last_seq).unwrap_or(0) + 1);
    let last = last_before(snapshot, first, timer.due_at)?;
    let root = Digest::merkle_root(if last >= first { snapshot.entry_hashes(first, last)? } else { Vec::new() });
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(SealDay { day, first_seq: signed(first), last_seq: signed(last), root: root.to_string(), timer_id: timer.timer_id })
}

/// The last entry recorded before a moment, at least `first - 1`; `recorded_at` never falls, so halving finds it.
fn last_before(snapshot: &Snapshot, first: u64, moment: Time) -> Result<u64, StoreError> {
    let (mut low, mut high) = (first - 1, snapshot.head()?);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if snapshot.entry(middle)?.is_some_and(|entry| entry.recorded_at < moment) { low = middle } else { high = middle - 1 }
    }
    Ok(low)
}
