//! The floor at this moment: what runs, what is set up, what stands and why, who waits, and what the
//! day has brought so far. A state is what people told; machines' own signals are not looked at here.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::base::{ClockTime, Refusal, Time};
use crate::model::downtime::{DowntimeCategory, DowntimeStatus};
use crate::model::field::Field;
use crate::model::plant::Status;
use crate::model::work_order::OperationStatus;
use crate::model::{
    ChangeoverEvent, DowntimeEvent, Id, LaborTransaction, OperationReport, Product, ProductionLine, Record, Shift, Shipment, WorkCenter, WorkOrder, WorkOrderOperation,
};
use crate::rules::shift::closed;
use crate::store::{Snapshot, StoreError, View as _};

/// Records of one kind that a look takes in; a small plant has far fewer open at once.
const LOOK_MAX: usize = 10_000;
/// Orders and shipments that the day's figures look at, from the newest back: weeks of a small plant.
const RECENT_MAX: usize = 3_000;

/// What a work center does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CenterState {
    /// It stands, and that was not planned.
    Down,
    /// It stands by plan.
    PlannedStop,
    /// It is being set up.
    Setup,
    /// Somebody works on an operation.
    Running,
    /// An operation is begun and nobody is at it.
    Waiting,
    /// It is open and has nothing begun.
    Idle,
    /// No shift of it is open.
    Closed,
}

impl CenterState {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::PlannedStop => "planned_stop",
            Self::Setup => "setup",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Idle => "idle",
            Self::Closed => "closed",
        }
    }
}

/// An operation at a work center.
pub struct Job {
    /// Its order.
    pub order: WorkOrder,
    /// The operation.
    pub operation: WorkOrderOperation,
    /// What is made.
    pub product: String,
}

/// A work center at this moment.
pub struct Center {
    /// The work center.
    pub center: WorkCenter,
    /// What it does.
    pub state: CenterState,
    /// Since when, where somebody told.
    pub since: Option<Time>,
    /// What it works on; the one begun last.
    pub job: Option<Job>,
    /// Who is clocked in on it, as rows of their time: whoever stands there can end them without reading about people.
    pub labor: Vec<Id<LaborTransaction>>,
    /// The stop, if it stands.
    pub stop: Option<DowntimeEvent>,
}

/// A department with its work centers.
pub struct Department {
    /// The line; `None` for work centers without one.
    pub line: Option<ProductionLine>,
    /// Its work centers.
    pub centers: Vec<Center>,
}

/// What the day has brought so far.
#[derive(Default)]
pub struct Today {
    /// Orders made.
    pub orders_created: u64,
    /// Orders begun.
    pub orders_started: u64,
    /// Orders completed.
    pub orders_completed: u64,
    /// Good pieces of last operations.
    pub good_pieces: i64,
    /// Rejected and scrapped pieces of all operations.
    pub bad_pieces: i64,
    /// Shipments that left.
    pub shipments: u64,
}

/// The floor.
pub struct Floor {
    /// The journal's head.
    pub seq: u64,
    /// The moment looked at.
    pub at: Time,
    /// When the plant's day began.
    pub day_began: Time,
    /// The departments, in the order of their numbers.
    pub departments: Vec<Department>,
    /// The day so far.
    pub today: Today,
}

/// Looks at the floor.
pub fn floor(snapshot: &Snapshot, at: Time) -> Result<Floor, Refusal> {
    let zone = crate::base::time::zone(&super::plant(snapshot)?.timezone).unwrap_or(TimeZone::UTC);
    let day_began = at.date(&zone).at(ClockTime::default(), &zone);
    let mut departments: BTreeMap<u64, Department> = BTreeMap::new();
    for line in all::<ProductionLine>(snapshot)? {
        departments.insert(line.number(), Department { line: Some(line), centers: Vec::new() });
    }
    let now = Now::look(snapshot, at, &zone)?;
    for center in all::<WorkCenter>(snapshot)?.into_iter().filter(|center| center.status == Status::Active) {
        let line = center.line_id.map_or(u64::MAX, Id::number);
        let seen = now.center(snapshot, center)?;
        departments.entry(line).or_insert_with(|| Department { line: None, centers: Vec::new() }).centers.push(seen);
    }
    let departments = departments.into_values().filter(|department| !department.centers.is_empty()).collect();
    Ok(Floor { seq: snapshot.head()?, at, day_began, departments, today: today(snapshot, day_began)? })
}

/// All records of a noun, up to the bound of a look at the floor, in the order of their numbers.
pub fn all<R: Record>(snapshot: &Snapshot) -> Result<Vec<R>, StoreError> {
    let mut found = Vec::new();
    newest(snapshot, |record: R| {
        found.push(record);
        found.len() < LOOK_MAX
    })?;
    found.reverse();
    Ok(found)
}

/// Records from the newest back, until `visit` has seen enough.
pub fn newest<R: Record>(snapshot: &Snapshot, mut visit: impl FnMut(R) -> bool) -> Result<(), StoreError> {
    snapshot.scan(R::NOUN, None, true, |sealed| {
        let record = sealed.value.and_then(|record| record.into_any().downcast::<R>().ok());
        Ok(record.is_none_or(|record| visit(*record)))
    })
}

/// Stops that are not over.
pub fn open_stops(snapshot: &Snapshot) -> Result<Vec<DowntimeEvent>, StoreError> {
    let mut stops = Vec::new();
    for status in DowntimeStatus::ALL.iter().filter(|status| **status != DowntimeStatus::Resolved) {
        stops.extend(snapshot.related::<DowntimeEvent>("status", &status.to_value(), LOOK_MAX)?);
    }
    Ok(stops)
}

/// What is open at this moment, by work center.
struct Now {
    open_shifts: Vec<Id<Shift>>,
    stops: Vec<DowntimeEvent>,
    setups: BTreeMap<u64, Time>,
    labor: BTreeMap<u64, Vec<Id<LaborTransaction>>>,
    jobs: BTreeMap<u64, WorkOrderOperation>,
}

impl Now {
    fn look(snapshot: &Snapshot, at: Time, zone: &TimeZone) -> Result<Self, StoreError> {
        let (mut setups, mut labor) = (BTreeMap::new(), BTreeMap::<u64, Vec<_>>::new());
        for changeover in snapshot.related::<ChangeoverEvent>("is_open", &true.to_value(), LOOK_MAX)? {
            setups.insert(changeover.work_center_id.number(), changeover.changeover_start);
        }
        for row in snapshot.related::<LaborTransaction>("is_open", &true.to_value(), LOOK_MAX)? {
            if let Some(center) = row.work_center_id {
                labor.entry(center.number()).or_default().push(row.labor_transaction_id);
            }
        }
        let stops = open_stops(snapshot)?;
        let mut jobs: BTreeMap<u64, WorkOrderOperation> = BTreeMap::new();
        for operation in snapshot.related::<WorkOrderOperation>("status", &OperationStatus::InProgress.to_value(), LOOK_MAX)? {
            let Some(center) = operation.work_center_id else { continue };
            let later = jobs.get(&center.number()).is_none_or(|known| known.actual_start_time < operation.actual_start_time);
            if later {
                jobs.insert(center.number(), operation);
            }
        }
        Ok(Self { open_shifts: open_shifts(snapshot, at, zone)?, stops, setups, labor, jobs })
    }

    fn center(&self, snapshot: &Snapshot, center: WorkCenter) -> Result<Center, StoreError> {
        let number = center.number();
        let stop = self.stops.iter().find(|stop| stands(stop, &center)).cloned();
        let labor = self.labor.get(&number).cloned().unwrap_or_default();
        let job = self.jobs.get(&number).map(|operation| job(snapshot, operation)).transpose()?.flatten();
        let (state, since) = match (&stop, self.setups.get(&number), &job) {
            (Some(stop), ..) if stop.downtime_category.is_planned() => (CenterState::PlannedStop, Some(stop.downtime_start)),
            (Some(stop), ..) if stop.downtime_category != DowntimeCategory::Changeover => (CenterState::Down, Some(stop.downtime_start)),
            (Some(stop), ..) => (CenterState::Setup, Some(stop.downtime_start)),
            (None, Some(since), _) => (CenterState::Setup, Some(*since)),
            (None, None, Some(job)) if !labor.is_empty() => (CenterState::Running, job.operation.actual_start_time),
            (None, None, _) if !self.is_open(&center) => (CenterState::Closed, None),
            (None, None, Some(job)) => (CenterState::Waiting, job.operation.actual_start_time),
            (None, None, None) => (CenterState::Idle, None),
        };
        Ok(Center { center, state, since, job, labor, stop })
    }

    /// A center without shifts of its own is open in every shift of the plant.
    fn is_open(&self, center: &WorkCenter) -> bool {
        if center.shift_ids.is_empty() { !self.open_shifts.is_empty() } else { center.shift_ids.iter().any(|shift| self.open_shifts.contains(shift)) }
    }
}

/// A stop of a machine or of a whole line stops the centers that hang on it.
fn stands(stop: &DowntimeEvent, center: &WorkCenter) -> bool {
    match (stop.work_center_id, stop.machine_id) {
        (Some(at), _) => at == center.work_center_id,
        (None, Some(machine)) => center.machine_id == Some(machine),
        (None, None) => stop.line_id.is_some() && stop.line_id == center.line_id,
    }
}

fn job(snapshot: &Snapshot, operation: &WorkOrderOperation) -> Result<Option<Job>, StoreError> {
    let Some(order) = snapshot.get(operation.work_order_id)? else { return Ok(None) };
    let product: Option<Product> = snapshot.get(order.product_id)?;
    Ok(Some(Job { product: product.map_or_else(String::new, |product| product.product_name), order, operation: operation.clone() }))
}

fn open_shifts(snapshot: &Snapshot, at: Time, zone: &TimeZone) -> Result<Vec<Id<Shift>>, StoreError> {
    let today = at.date(zone);
    let mut open = Vec::new();
    for shift in all::<Shift>(snapshot)?.into_iter().filter(|shift| shift.status == Status::Active) {
        for day in [today.plus_days(-1), today] {
            let within = shift.span(day, zone).is_some_and(|(opened, ends)| opened <= at && at < ends);
            if within && !closed(snapshot, day)? {
                open.push(shift.shift_id);
            }
        }
    }
    Ok(open)
}

fn today(snapshot: &Snapshot, began: Time) -> Result<Today, StoreError> {
    let mut today = Today::default();
    let since = |time: Option<Time>| u64::from(time.is_some_and(|time| time >= began));
    let mut looked = 0;
    newest(snapshot, |order: WorkOrder| {
        today.orders_created += since(Some(order.created_at));
        today.orders_started += since(order.actual_start_time);
        today.orders_completed += since(order.actual_end_time);
        looked += 1;
        looked < RECENT_MAX
    })?;
    newest(snapshot, |report: OperationReport| {
        today.good_pieces += if report.transaction_id.is_some() && report.reported_at >= began { report.good_quantity } else { 0 };
        today.bad_pieces += if report.reported_at >= began { report.rejected_quantity + report.scrapped_quantity } else { 0 };
        report.created_at >= began
    })?;
    let mut looked = 0;
    newest(snapshot, |shipment: Shipment| {
        today.shipments += since(shipment.shipped_at);
        looked += 1;
        looked < RECENT_MAX
    })?;
    Ok(today)
}
