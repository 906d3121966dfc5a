//! The plant at one moment as a problem: orders that are released and not done, their operations that are
//! not finished, the hours, people and stops of work centers. Minutes are counted from the moment. What
//! cannot be planned is left out with its reason, never in silence.

use std::collections::BTreeMap;

use super::pace::Pace;
use crate::base::{ClockTime, Code, Date, Decimal, Refusal, Time};
use crate::kpi::Facts;
use crate::kpi::calendar::Calendar;
use crate::model::field::Field as _;
use crate::model::plant::Status;
use crate::model::schedule::ScheduleStatus;
use crate::model::work_order::{OperationStatus, WorkOrderStatus};
use crate::model::{Employee, Id, Product, ProductionSchedule, Record as _, Routing, Shift, Subject, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::scheduling::problem::{Center, Hours, Job, Matrix, Minutes, Operation, Pool};
use crate::scheduling::{Instance, Objective, Problem, Slot};
use crate::store::{Snapshot, View as _};
use crate::views::floor;

/// Orders of one state that are planned at once.
const ORDERS_MAX: usize = 20_000;
/// Operations of an order.
const STEPS_MAX: usize = 1_000;
/// Days of calendar that are looked at; beyond them the hours repeat.
const DAYS: i64 = 56;
const DAY_MINUTES: i64 = 1_440;
/// From the end of an operation in one department to the start of the next in another.
const TRANSFER: Minutes = 30;
/// A work center that stands is taken to stand for so long yet: nobody knows better.
const STANDS: Minutes = 60;
/// Share of planned time that becomes standard time where a work center does not say it, in percent.
const EFFICIENCY: i64 = 85;

/// An order that is planned.
#[derive(Clone, Debug)]
pub struct Order {
    /// Which one.
    pub id: Id<WorkOrder>,
    /// What is made.
    pub product: String,
    /// 1 highest to 10 lowest.
    pub priority: i64,
    /// The end of the day it is promised for.
    pub due: Option<Time>,
}

/// An operation that is planned.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its sequence in its order.
    pub sequence: i64,
    /// What is done.
    pub name: String,
    /// It has begun, so it stays where it is.
    pub running: bool,
}

/// The plant as a problem.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The newest entry that it knows.
    pub seq: u64,
    /// The moment from which minutes are counted.
    pub epoch: Time,
    /// The problem.
    pub instance: Instance,
    /// By job.
    pub orders: Vec<Order>,
    /// By operation of the problem.
    pub tasks: Vec<Task>,
    /// By work center of the problem.
    pub centers: Vec<WorkCenter>,
    /// The plan in force, by operation.
    pub in_force: Vec<Option<Slot>>,
    /// What is not planned, and why.
    pub left_out: Vec<(Id<WorkOrder>, String)>,
    /// What was learned of how long work takes.
    pub pace: Pace,
    /// Operations whose time is learned.
    pub learned: usize,
}

impl Shop {
    /// The moment of a minute.
    pub const fn moment(&self, minute: Minutes) -> Time {
        self.epoch.plus_minutes(minute as i64)
    }

    /// The minute of a moment, rounded down.
    pub fn minute(&self, moment: Time) -> Minutes {
        Minutes::try_from(moment.minutes_since(self.epoch)).unwrap_or(if moment < self.epoch { Minutes::MIN } else { Minutes::MAX })
    }

    /// The order's place among the jobs.
    pub fn job_of(&self, order: Id<WorkOrder>) -> Option<usize> {
        self.orders.iter().position(|known| known.id == order)
    }
}

/// An order that is only asked about.
#[derive(Clone, Debug)]
pub struct Extra {
    /// What would be made.
    pub product: Id<Product>,
    /// How many.
    pub quantity: i64,
    /// By when.
    pub due: Option<Date>,
    /// 1 highest to 10 lowest.
    pub priority: i64,
}

impl Extra {
    /// As if it had been released.
    fn order(&self, snapshot: &Snapshot) -> Result<(WorkOrder, Vec<WorkOrderOperation>), Refusal> {
        let routings: Vec<Routing> = snapshot.related("product_id", &self.product.to_value(), STEPS_MAX)?;
        let routing = routings.into_iter().rev().find(|routing| routing.status == Status::Active);
        let routing = routing
            .ok_or_else(|| Refusal::field(Code::IllegalState, "product_id", format!("{} has no routing in use, so nobody knows how it is made", Subject::of(self.product))))?;
        let order = WorkOrder {
            product_id: self.product,
            planned_quantity: self.quantity,
            planned_end_date: self.due,
            priority: self.priority,
            status: WorkOrderStatus::Released,
            ..WorkOrder::default()
        };
        let mut steps: Vec<WorkOrderOperation> = Vec::new();
        for step in routing.steps {
            let center: Option<WorkCenter> = step.work_center_id.map(|id| snapshot.get(id)).transpose()?.flatten();
            steps.push(WorkOrderOperation {
                operation_sequence: step.operation_sequence,
                operation_name: step.operation_name,
                // As at the release: a step waits for the one before it unless it says otherwise.
                depends_on: if step.depends_on.is_empty() { steps.last().map(|before| before.operation_sequence).into_iter().collect() } else { step.depends_on },
                work_center_id: step.work_center_id,
                line_id: center.and_then(|center| center.line_id),
                planned_quantity: self.quantity,
                planned_setup_time_minutes: step.setup_minutes.rounded(0).as_whole(),
                standard_time_per_unit_seconds: Some(step.standard_time_per_unit_seconds),
                status: OperationStatus::Pending,
                ..WorkOrderOperation::default()
            });
        }
        Ok((order, steps))
    }
}

/// Looks at the plant, with an order more where one is asked about: it is the last one then.
pub fn look(snapshot: &Snapshot, facts: &Facts, now: Time, extra: Option<&Extra>) -> Result<Shop, Refusal> {
    // Plans speak in whole minutes.
    let now = Time::from_micros(now.micros().div_euclid(60_000_000) * 60_000_000);
    let floor = Floor::look(snapshot, facts, now)?;
    let slots = slots_in_force(snapshot)?;
    let mut making = Making {
        floor: &floor,
        jobs: Vec::new(),
        orders: Vec::new(),
        tasks: Vec::new(),
        in_force: Vec::new(),
        left_out: Vec::new(),
        learned: 0,
        busy: vec![false; floor.centers.len()],
    };
    for state in [WorkOrderStatus::InProgress, WorkOrderStatus::Scheduled, WorkOrderStatus::Released] {
        for order in snapshot.related::<WorkOrder>("status", &state.to_value(), ORDERS_MAX)? {
            let mut steps: Vec<WorkOrderOperation> = snapshot.related("work_order_id", &order.work_order_id.to_value(), STEPS_MAX)?;
            steps.retain(|step| !matches!(step.status, OperationStatus::Completed | OperationStatus::Skipped));
            steps.sort_by_key(|step| step.operation_sequence);
            let product: Option<Product> = snapshot.get(order.product_id)?;
            let id = order.work_order_id;
            if let Err(why) = making.order(order, product, &steps, &slots) {
                making.left_out.push((id, why));
            }
        }
    }
    if let Some(extra) = extra {
        let (order, steps) = extra.order(snapshot)?;
        let product: Option<Product> = snapshot.get(extra.product)?;
        making.order(order, product, &steps, &BTreeMap::new()).map_err(|why| Refusal::field(Code::IllegalState, "product_id", why))?;
    }
    let Making { jobs, orders, tasks, in_force, left_out, learned, .. } = making;
    let problem = floor.problem(jobs);
    let instance = Instance::new(problem).map_err(|fault| Refusal::invalid("plan", fault.to_string()))?;
    Ok(Shop { seq: snapshot.head()?, epoch: now, instance, orders, tasks, centers: floor.centers, in_force, left_out, pace: floor.pace, learned })
}

/// Slots of operations that are neither done nor cancelled, by operation.
fn slots_in_force(snapshot: &Snapshot) -> Result<BTreeMap<u64, ProductionSchedule>, Refusal> {
    let mut slots = BTreeMap::new();
    for state in [ScheduleStatus::Planned, ScheduleStatus::Confirmed, ScheduleStatus::InProgress, ScheduleStatus::Delayed] {
        for slot in snapshot.related::<ProductionSchedule>("schedule_status", &state.to_value(), ORDERS_MAX)? {
            if let Some(operation) = slot.operation_id {
                slots.insert(operation.number(), slot);
            }
        }
    }
    Ok(slots)
}

/// What the floor offers.
struct Floor {
    now: Time,
    zone: jiff::tz::TimeZone,
    centers: Vec<WorkCenter>,
    place: BTreeMap<u64, usize>,
    hours: Vec<Hours>,
    stands: Vec<bool>,
    pools: Vec<Pool>,
    pace: Pace,
}

impl Floor {
    fn look(snapshot: &Snapshot, facts: &Facts, now: Time) -> Result<Self, Refusal> {
        let from = now.micros().div_euclid(1_000);
        let until = from + DAYS * DAY_MINUTES * 60_000;
        let calendar = Calendar::around(facts, from, until);
        let (mut centers, mut hours) = (Vec::new(), Vec::new());
        for center in floor::all::<WorkCenter>(snapshot)?.into_iter().filter(|center| center.status == Status::Active) {
            let number = u32::try_from(center.number()).unwrap_or(u32::MAX);
            let Some(fact) = facts.centers.get(&number) else { continue };
            let told = calendar.hours_of(number, fact, until);
            // Whole minutes inside the openings, in order; neighbours are one.
            let mut windows: Vec<(Minutes, Minutes)> = Vec::new();
            for opening in &told.openings {
                let (start, end) = ((opening.start - from).max(0), opening.end - from);
                let window = (minute(start + 59_999), minute(end));
                match windows.last_mut() {
                    _ if window.0 >= window.1 => {}
                    Some(last) if last.1 + 1 >= window.0 => last.1 = window.1,
                    _ => windows.push(window),
                }
            }
            let closed = told.stops.iter().map(|(start, end)| (minute((start - from).max(0)), minute(end - from))).filter(|(start, end)| start < end).collect();
            hours.push(Hours { id: center.work_center_code.clone(), period: minute(until - from), windows, closed });
            centers.push(center);
        }
        let place: BTreeMap<u64, usize> = centers.iter().enumerate().map(|(at, center)| (center.number(), at)).collect();
        let mut stands = vec![false; centers.len()];
        for stop in floor::open_stops(snapshot)? {
            if let Some(at) = stop.work_center_id.and_then(|id| place.get(&id.number())) {
                stands[*at] = true;
            }
        }
        let zone = facts.zone.clone();
        let pools = pools(snapshot, &centers, now, &zone)?;
        Ok(Self { now, zone, centers, place, hours, stands, pools, pace: Pace::learn(snapshot)? })
    }

    /// Work centers that do the same work: the operation's own and its like in the same department.
    fn alternatives(&self, own: usize) -> Vec<usize> {
        let center = &self.centers[own];
        let alike = |other: &WorkCenter| {
            center.machine_type.is_some() && other.machine_type == center.machine_type && other.line_id == center.line_id && other.setup_category == center.setup_category
        };
        (0..self.centers.len()).filter(|at| *at == own || (alike(&self.centers[*at]) && self.is_open(*at))).collect()
    }

    fn is_open(&self, center: usize) -> bool {
        !self.hours[center].windows.is_empty()
    }

    /// Minutes that a part of an operation takes at a work center, and whether that is learned.
    fn minutes(&self, center: usize, planned: i64) -> (Minutes, bool) {
        let learned = self.pace.of(self.centers[center].number());
        let taken = learned.map_or_else(|| planned * 100 / self.efficiency(center), |thousandths| planned * thousandths / 1_000);
        (Minutes::try_from(taken.max(1)).unwrap_or(Minutes::MAX), learned.is_some())
    }

    fn efficiency(&self, center: usize) -> i64 {
        let told = self.centers[center].efficiency_factor.map(|factor| factor.scaled() / (Decimal::ONE.scaled() / 100));
        // A share of a few percent is a slip of the pen.
        told.filter(|share| (20..=150).contains(share)).unwrap_or(EFFICIENCY)
    }

    fn problem(&self, jobs: Vec<(Job, Vec<String>)>) -> Problem {
        // A work center is set up for a product; the same one again needs no setup.
        let mut matrices: Vec<Matrix> = Vec::new();
        let mut matrix_of: Vec<Option<usize>> = vec![None; self.centers.len()];
        let mut states: BTreeMap<(usize, String), (usize, Minutes)> = BTreeMap::new();
        let mut sizes = vec![0_usize; self.centers.len()];
        for (job, products) in &jobs {
            for (operation, product) in job.operations.iter().zip(products) {
                let setup = operation.states.first().map_or(0, |(_, setup)| Minutes::try_from(*setup).unwrap_or(0));
                for (center, _) in &operation.modes {
                    let size = &mut sizes[*center];
                    let state = states.entry((*center, product.clone())).or_insert_with(|| {
                        *size += 1;
                        (*size - 1, 0)
                    });
                    state.1 = state.1.max(setup);
                }
            }
        }
        for (center, size) in sizes.iter().enumerate().filter(|(_, size)| **size > 0) {
            matrix_of[center] = Some(matrices.len());
            let mut to = vec![0; *size];
            states.iter().filter(|((of, _), _)| *of == center).for_each(|(_, (state, setup))| to[*state] = *setup);
            let times = (0..*size).map(|from| to.iter().enumerate().map(|(state, setup)| if state == from { 0 } else { *setup }).collect()).collect();
            matrices.push(Matrix { id: self.centers[center].work_center_code.clone(), times });
        }
        let mut initial: Vec<Option<usize>> = vec![None; self.centers.len()];
        let mut planned = Vec::with_capacity(jobs.len());
        for (mut job, products) in jobs {
            for (operation, product) in job.operations.iter_mut().zip(products) {
                let state = |center: usize| Some((matrix_of[center]?, states.get(&(center, product.clone()))?.0));
                operation.states = operation.modes.iter().filter_map(|(center, _)| state(*center)).collect();
                if let Some((center, _)) = operation.fixed {
                    initial[center] = state(center).map(|(_, state)| state);
                }
            }
            planned.push(job);
        }
        let center = |at: usize| Center {
            id: self.centers[at].work_center_code.clone(),
            hours: Some(at),
            downtime: if self.stands[at] { vec![(0, STANDS)] } else { Vec::new() },
            matrix: matrix_of[at],
            initial_state: initial[at],
        };
        // Who is at work is there, whatever the shifts say.
        let mut pools = self.pools.clone();
        for (at, pool) in pools.iter_mut().enumerate() {
            let at_work = planned.iter().flat_map(|job| &job.operations).filter(|operation| operation.fixed.is_some() && operation.pool == Some(at)).count();
            pool.capacity = pool.capacity.max(u32::try_from(at_work).unwrap_or(u32::MAX));
        }
        // A center that is never open must not break the problem: nothing is planned on it.
        let hours = self.hours.iter().map(|hours| if hours.windows.is_empty() { Hours { windows: vec![(0, hours.period)], ..hours.clone() } } else { hours.clone() });
        Problem {
            name: "plant".to_owned(),
            objective: Objective::WeightedTardiness,
            milestones: false,
            hours: hours.collect(),
            matrices,
            pools,
            centers: (0..self.centers.len()).map(center).collect(),
            jobs: planned,
        }
    }
}

fn minute(ms: i64) -> Minutes {
    Minutes::try_from(ms.div_euclid(60_000)).unwrap_or(Minutes::MAX)
}

/// People by the skill that work centers ask for: as many as the thinnest shift of the week has.
fn pools(snapshot: &Snapshot, centers: &[WorkCenter], now: Time, zone: &jiff::tz::TimeZone) -> Result<Vec<Pool>, Refusal> {
    let today = now.date(zone);
    let shifts: Vec<Shift> = floor::all::<Shift>(snapshot)?.into_iter().filter(|shift| shift.status == Status::Active).collect();
    let employees: Vec<Employee> = floor::all::<Employee>(snapshot)?.into_iter().filter(|it| it.status == Status::Active).collect();
    let mut skills: Vec<&str> = centers.iter().filter_map(|center| center.required_skill.as_deref()).collect();
    skills.sort_unstable();
    skills.dedup();
    let certified = |it: &Employee, skill: &str| it.certifications.iter().any(|held| held.skill == skill && held.valid_until.is_none_or(|until| until >= today));
    let pool = |skill: &str| {
        let holders: Vec<&Employee> = employees.iter().filter(|it| certified(it, skill)).collect();
        let in_shift = |shift: &Shift| holders.iter().filter(|it| it.shift_id == Some(shift.shift_id)).count();
        let thinnest = shifts.iter().map(in_shift).filter(|count| *count > 0).min();
        let capacity = thinnest.unwrap_or(holders.len());
        Pool { id: skill.to_owned(), capacity: u32::try_from(capacity).unwrap_or(u32::MAX) }
    };
    Ok(skills.into_iter().map(pool).collect())
}

/// The problem in the making.
struct Making<'f> {
    floor: &'f Floor,
    /// Jobs, and what the work center must be set up for, by operation. Until the matrices are made, an operation's one state holds its setup minutes.
    jobs: Vec<(Job, Vec<String>)>,
    orders: Vec<Order>,
    tasks: Vec<Task>,
    in_force: Vec<Option<Slot>>,
    left_out: Vec<(Id<WorkOrder>, String)>,
    learned: usize,
    /// Work centers on which something runs.
    busy: Vec<bool>,
}

impl Making<'_> {
    fn order(&mut self, order: WorkOrder, product: Option<Product>, steps: &[WorkOrderOperation], slots: &BTreeMap<u64, ProductionSchedule>) -> Result<(), String> {
        if steps.is_empty() {
            return Err("it has no operation left to plan".to_owned());
        }
        if order.quality_hold {
            return Err("quality holds it".to_owned());
        }
        let zone = &self.floor.zone;
        let due = order.planned_end_date.map(|day| day.plus_days(1).at(ClockTime::default(), zone));
        let release = order
            .planned_start_date
            .filter(|_| order.status == WorkOrderStatus::Released)
            .map_or(0, |day| minute((day.at(ClockTime::default(), zone).micros() - self.floor.now.micros()) / 1_000).max(0));
        let mut operations = Vec::with_capacity(steps.len());
        for step in steps {
            operations.push(self.operation(step, steps)?);
        }
        let product_name = product.map_or_else(|| Subject::of(order.product_id).to_string(), |product| product.product_code.unwrap_or(product.product_name));
        let setups = vec![product_name.clone(); operations.len()];
        for (step, operation) in steps.iter().zip(&operations) {
            self.learned += usize::from(operation.modes.iter().any(|(center, _)| self.floor.pace.of(self.floor.centers[*center].number()).is_some()));
            if let Some((center, _)) = operation.fixed {
                self.busy[center] = true;
            }
            self.tasks.push(Task { sequence: step.operation_sequence, name: step.operation_name.clone(), running: step.status == OperationStatus::InProgress });
            self.in_force.push(slots.get(&step.operation_id.number()).and_then(|slot| self.slot(step, slot)));
        }
        let due_minute = due.map(|due| minute((due.micros() - self.floor.now.micros()) / 1_000));
        self.jobs.push((
            Job {
                id: Subject::of(order.work_order_id).to_string(),
                release,
                // What is late already is as late as it can be told: every minute still counts.
                due: due_minute.map(|due| due.max(release)),
                weight: i32::try_from(11 - order.priority.clamp(1, 10)).unwrap_or(1),
                rush: order.priority == 1,
                operations,
            },
            setups,
        ));
        self.orders.push(Order { id: order.work_order_id, product: product_name, priority: order.priority, due });
        Ok(())
    }

    fn operation(&self, step: &WorkOrderOperation, steps: &[WorkOrderOperation]) -> Result<Operation, String> {
        let title = || format!("operation {} ({})", step.operation_sequence, step.operation_name);
        let own = step.work_center_id.and_then(|id| self.floor.place.get(&id.number())).copied();
        let own = own.ok_or_else(|| format!("{} has no work center in use; give its routing one", title()))?;
        let code = &self.floor.centers[own].work_center_code;
        if !self.floor.is_open(own) {
            return Err(format!("{} runs on {code}, which has no shift in the next {DAYS} days", title()));
        }
        let pool = self.floor.centers[own].required_skill.as_deref().and_then(|skill| self.floor.pools.iter().position(|pool| pool.id == skill));
        if pool.is_some_and(|pool| self.floor.pools[pool].capacity == 0) {
            return Err(format!("{} wants somebody certified for {}, and nobody is", title(), self.floor.pools[pool.unwrap_or(0)].id));
        }
        let running = step.status == OperationStatus::InProgress;
        let setup = if running { 0 } else { step.planned_setup_time_minutes.unwrap_or(0).max(0) };
        let run = run_minutes(step);
        let centers = if running { vec![own] } else { self.floor.alternatives(own) };
        let before = |sequence: &i64| steps.iter().position(|it| it.operation_sequence == *sequence);
        // What runs has begun, whatever it should have waited for.
        let predecessors = if running { Vec::new() } else { step.depends_on.iter().filter_map(before).map(|at| (at, transfer(&steps[at], step))).collect() };
        let fixed = (running && !self.busy[own]).then(|| (own, self.first_open(own)));
        Ok(Operation {
            modes: centers.into_iter().map(|center| (center, self.floor.minutes(center, run).0)).collect(),
            predecessors,
            release: 0,
            states: vec![(0, usize::try_from(setup).unwrap_or(0))],
            pool,
            resumable: true,
            fixed,
        })
    }

    /// The first minute at which a work center works.
    fn first_open(&self, center: usize) -> Minutes {
        let from = if self.floor.stands[center] { STANDS } else { 0 };
        let hours = &self.floor.hours[center];
        let mut at = from;
        loop {
            let Some(window) = hours.windows.iter().find(|window| window.1 > at) else { return hours.period + hours.windows.first().map_or(0, |window| window.0) };
            at = at.max(window.0);
            match hours.closed.iter().find(|(start, end)| *start <= at && at < *end) {
                Some((_, end)) => at = *end,
                None => return at,
            }
        }
    }

    fn slot(&self, step: &WorkOrderOperation, slot: &ProductionSchedule) -> Option<Slot> {
        let center = slot.work_center_id.or(step.work_center_id).and_then(|id| self.floor.place.get(&id.number()))?;
        let at = |moment: Time| minute((moment.micros() - self.floor.now.micros()) / 1_000);
        Some(Slot { center: u32::try_from(*center).ok()?, start: at(slot.planned_start_time), end: at(slot.planned_end_time) })
    }
}

/// Planned minutes of what is still to be made.
fn run_minutes(step: &WorkOrderOperation) -> i64 {
    let (quantity, left) = (step.planned_quantity.max(1), (step.planned_quantity - step.produced()).max(1));
    let by_piece = step.standard_time_per_unit_seconds.map(|seconds| seconds.scaled().saturating_mul(left) / (Decimal::ONE.scaled() * 60));
    let planned = step.planned_duration_minutes.map(|minutes| minutes - step.planned_setup_time_minutes.unwrap_or(0));
    match (planned, by_piece) {
        (Some(planned), _) if planned > 0 => (planned * left).div_euclid(quantity).max(1),
        (_, Some(minutes)) => minutes + 1,
        _ => 1,
    }
}

fn transfer(from: &WorkOrderOperation, to: &WorkOrderOperation) -> Minutes {
    if from.line_id == to.line_id { 0 } else { TRANSFER }
}
