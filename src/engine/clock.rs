//! Two clocks. Wall time rules sessions, throttles and receipts. Plant time stamps records; on a
//! simulated plant it is an offset and a rate, changed by a journaled command. This is the only
//! room that asks the machine what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::base::Time;
use crate::model::{Id, Plant};
use crate::store::{StoreError, View};

/// The wall clock, or one that a test moves.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// A test's.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at a time until it is moved.
    pub fn manual(start: Time) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.micros())))
    }

    /// Moves a manual clock.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(0), Ordering::SeqCst);
        }
    }

    /// Now.
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> Time {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Manual(micros) => Time::from_micros(micros.load(Ordering::SeqCst)),
        }
    }
}

/// Plant time from wall time.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlantClock {
    simulated: bool,
    plant_micros: i64,
    wall_micros: i64,
    rate: i64,
}

impl PlantClock {
    /// The clock of a plant as it is stored; the wall's before the plant is founded.
    pub fn of<V: View>(view: &V) -> Result<Self, StoreError> {
        let plant = view.get(Id::<Plant>::new(1))?.unwrap_or_default();
        Ok(Self { simulated: plant.simulated, plant_micros: plant.clock_plant_micros, wall_micros: plant.clock_wall_micros, rate: plant.clock_rate })
    }

    /// Whether the plant is simulated.
    pub const fn simulated(&self) -> bool {
        self.simulated
    }

    /// The plant's time at a wall time.
    pub const fn at(&self, wall: Time) -> Time {
        if !self.simulated {
            return wall;
        }
        let passed = wall.micros().saturating_sub(self.wall_micros);
        Time::from_micros(self.plant_micros.saturating_add(passed.saturating_mul(self.rate)))
    }
}
