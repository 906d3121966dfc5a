//! The plant at one moment as a problem: orders that are released and not done, their operations that are
//! not finished, the hours, people and stops of work centers. Minutes are counted from the moment. What
//! cannot be planned is left out with its reason, never in silence.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::family::{Families, Family};
use super::means::Means;
use super::pace::{Basis, Pace, done};
use super::supply::{Supply, Wait};
use crate::base::{ClockTime, Code, Date, Decimal, Refusal, Time};
use crate::kpi::Facts;
use crate::kpi::calendar::Calendar;
use crate::model::field::Field as _;
use crate::model::plant::Status;
use crate::model::product::CustomerType;
use crate::model::schedule::ScheduleStatus;
use crate::model::work_order::{OperationStatus, WorkOrderStatus};
use crate::model::{Customer, Id, Product, ProductionSchedule, Record as _, Routing, Subject, WorkCenter, WorkOrder, WorkOrderOperation};
use crate::scheduling::problem::{Center, Hours, Job, Matrix, Minutes, Operation};
use crate::scheduling::{Instance, Objective, Problem, Slot};
use crate::store::{Snapshot, StoreError, View as _};
use crate::views::floor;

/// Orders of one state that are planned at once.
const ORDERS_MAX: usize = 20_000;
/// Operations of an order.
const STEPS_MAX: usize = 1_000;
/// Days of calendar that are looked at; beyond them the hours repeat.
const DAYS: i64 = 56;
const DAY_MINUTES: i64 = 1_440;
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
    /// What its time is learned from.
    pub basis: Basis,
    /// The material that it waits for, where its release is that.
    pub material: Option<String>,
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
    let orders = open_orders(snapshot)?;
    let waits = waits(snapshot, &floor, &orders)?;
    let mut making = Making {
        floor: &floor,
        jobs: Vec::new(),
        orders: Vec::new(),
        tasks: Vec::new(),
        in_force: Vec::new(),
        left_out: Vec::new(),
        learned: 0,
        busy: vec![false; floor.centers.len()],
        families: Families::new(snapshot),
    };
    for order in orders {
        let mut steps: Vec<WorkOrderOperation> = snapshot.related("work_order_id", &order.work_order_id.to_value(), STEPS_MAX)?;
        steps.retain(|step| !matches!(step.status, OperationStatus::Completed | OperationStatus::Skipped));
        steps.sort_by_key(|step| step.operation_sequence);
        let id = order.work_order_id;
        let made = match waits.get(&id.number()) {
            Some(Err(why)) => Err(why.clone()),
            Some(Ok(wait)) => making.order(snapshot, order, &steps, &slots, wait)?,
            None => making.order(snapshot, order, &steps, &slots, &None)?,
        };
        making.left_out.extend(made.err().map(|why| (id, why)));
    }
    if let Some(extra) = extra {
        let (order, steps) = extra.order(snapshot)?;
        making.order(snapshot, order, &steps, &BTreeMap::new(), &None)?.map_err(|why| Refusal::field(Code::IllegalState, "product_id", why))?;
    }
    let Making { jobs, orders, tasks, in_force, left_out, learned, .. } = making;
    let problem = floor.problem(jobs);
    let instance = Instance::new(problem).map_err(|fault| Refusal::invalid("plan", fault.to_string()))?;
    Ok(Shop { seq: snapshot.head()?, epoch: now, instance, orders, tasks, centers: floor.centers, in_force, left_out, pace: floor.pace, learned })
}

/// Orders that are released and not done; what runs goes first.
fn open_orders(snapshot: &Snapshot) -> Result<Vec<WorkOrder>, Refusal> {
    let mut orders = Vec::new();
    for state in [WorkOrderStatus::InProgress, WorkOrderStatus::Scheduled, WorkOrderStatus::Released] {
        orders.extend(snapshot.related::<WorkOrder>("status", &state.to_value(), ORDERS_MAX)?);
    }
    Ok(orders)
}

/// By order: until when it waits for its material, or why that never comes. What has begun has its material.
fn waits(snapshot: &Snapshot, floor: &Floor, orders: &[WorkOrder]) -> Result<BTreeMap<u64, Result<Wait, String>>, Refusal> {
    let mut supply = Supply::look(snapshot, floor.now, floor.now.date(&floor.zone))?;
    let mut waits = BTreeMap::new();
    if supply.is_empty() {
        return Ok(waits);
    }
    let mut waiting: Vec<&WorkOrder> = orders.iter().filter(|order| order.status != WorkOrderStatus::InProgress).collect();
    waiting.sort_by_key(|order| (order.priority, order.planned_end_date.is_none(), order.planned_end_date, order.work_order_id));
    for order in waiting {
        waits.insert(order.work_order_id.number(), supply.take(order.product_id, order.planned_quantity)?);
    }
    Ok(waits)
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
    means: Means,
    pace: Pace,
    /// By work center: what was made there last.
    last: Vec<Option<Setup>>,
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
        let means = Means::look(snapshot, &centers, now, &zone)?;
        let (mut families, mut products) = (Families::new(snapshot), BTreeMap::new());
        let mut product_of = |operation: &WorkOrderOperation| {
            let order = operation.work_order_id;
            if let Entry::Vacant(unknown) = products.entry(order.number()) {
                unknown.insert(snapshot.get(order)?.map(|order: WorkOrder| order.product_id));
            }
            Ok::<_, StoreError>(products[&order.number()])
        };
        let done = done(snapshot)?;
        let pace = Pace::learn(&done, |operation| product_of(operation)?.map_or(Ok(String::new()), |product| Ok(families.of(product)?.name.clone())))?;
        let mut newest: Vec<Option<&WorkOrderOperation>> = vec![None; centers.len()];
        for operation in &done {
            let Some(at) = operation.work_center_id.and_then(|id| place.get(&id.number())) else { continue };
            if newest[*at].is_none_or(|known| known.actual_end_time < operation.actual_end_time) {
                newest[*at] = Some(operation);
            }
        }
        let mut last = Vec::with_capacity(centers.len());
        for operation in newest {
            let product = operation.map(&mut product_of).transpose()?.flatten();
            last.push(product.map(|product| Ok::<_, StoreError>(Setup { product: code_of(snapshot, product)?, family: families.of(product)?.clone(), like: 0 })).transpose()?);
        }
        Ok(Self { now, zone, centers, place, hours, stands, means, pace, last })
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

    /// Minutes of the longest stretch without a closing; what closes within it is not looked at.
    fn longest_opening(&self, center: usize) -> Minutes {
        self.hours[center].windows.iter().map(|(from, to)| to - from).max().unwrap_or(0)
    }

    /// Minutes that planned minutes of an operation come to at a work center, and what that is learned from.
    fn minutes(&self, center: usize, planned: i64, operation: &str, family: &str) -> (Minutes, Basis) {
        let (learned, basis) = self.pace.of(self.centers[center].number(), operation, family);
        let taken = learned.map_or_else(|| planned * 100 / self.efficiency(center), |thousandths| planned * thousandths / 1_000);
        (Minutes::try_from(taken.max(1)).unwrap_or(Minutes::MAX), basis)
    }

    fn efficiency(&self, center: usize) -> i64 {
        let told = self.centers[center].efficiency_factor.map(|factor| factor.scaled() / (Decimal::ONE.scaled() / 100));
        // A share of a few percent is a slip of the pen.
        told.filter(|share| (20..=150).contains(share)).unwrap_or(EFFICIENCY)
    }

    fn problem(&self, jobs: Vec<(Job, Vec<Setup>)>) -> Problem {
        let setups = Setups::of(&self.centers, &jobs, &self.last);
        let mut initial: Vec<Option<usize>> =
            self.last.iter().enumerate().map(|(center, last)| last.as_ref().and_then(|last| setups.state(center, last)).map(|(_, state)| state)).collect();
        let mut planned = Vec::with_capacity(jobs.len());
        for (mut job, wanted) in jobs {
            for (operation, setup) in job.operations.iter_mut().zip(&wanted) {
                operation.states = operation.modes.iter().filter_map(|(center, _)| setups.state(*center, setup)).collect();
                if let Some((center, _)) = operation.fixed {
                    initial[center] = setups.state(center, setup).map(|(_, state)| state);
                }
            }
            planned.push(job);
        }
        let center = |at: usize| Center {
            id: self.centers[at].work_center_code.clone(),
            hours: Some(at),
            downtime: if self.stands[at] { vec![(0, STANDS)] } else { Vec::new() },
            matrix: setups.matrix_of[at],
            initial_state: initial[at],
        };
        let pools = self.means.pools(planned.iter().flat_map(|job| &job.operations));
        // A center that is never open must not break the problem: nothing is planned on it.
        let hours = self.hours.iter().map(|hours| if hours.windows.is_empty() { Hours { windows: vec![(0, hours.period)], ..hours.clone() } } else { hours.clone() });
        Problem {
            name: "plant".to_owned(),
            objective: Objective::WeightedTardiness,
            milestones: false,
            hours: hours.collect(),
            matrices: setups.matrices,
            pools,
            centers: (0..self.centers.len()).map(center).collect(),
            jobs: planned,
        }
    }
}

fn minute(ms: i64) -> Minutes {
    Minutes::try_from(ms.div_euclid(60_000)).unwrap_or(Minutes::MAX)
}

/// What an operation wants its work center set up for.
#[derive(Clone, Debug)]
struct Setup {
    product: String,
    family: Family,
    /// After something of its family.
    like: Minutes,
}

/// Setup matrices: a work center is set up for a product.
struct Setups {
    matrices: Vec<Matrix>,
    matrix_of: Vec<Option<usize>>,
    states: BTreeMap<(usize, String), usize>,
}

impl Setups {
    fn of(centers: &[WorkCenter], jobs: &[(Job, Vec<Setup>)], last: &[Option<Setup>]) -> Self {
        // By work center and state: the family, the setup after its like and after anything else.
        let mut rows: Vec<Vec<(&str, Minutes, Minutes)>> = vec![Vec::new(); centers.len()];
        let mut states: BTreeMap<(usize, String), usize> = BTreeMap::new();
        for (job, setups) in jobs {
            for (operation, setup) in job.operations.iter().zip(setups) {
                for &(center, _) in &operation.modes {
                    let line = centers[center].line_id.map_or(0, Id::number);
                    let state = *states.entry((center, setup.product.clone())).or_insert_with(|| {
                        rows[center].push((&setup.family.name, 0, 0));
                        rows[center].len() - 1
                    });
                    let (_, like, other) = &mut rows[center][state];
                    *like = setup.like.max(*like);
                    *other = setup.family.changeover(line).unwrap_or(0).max(*like).max(*other);
                }
            }
        }
        // What stands ready is left for others, whether or not more of it is wanted.
        for (center, setup) in last.iter().enumerate().filter_map(|(center, last)| Some((center, last.as_ref()?))) {
            states.entry((center, setup.product.clone())).or_insert_with(|| {
                rows[center].push((&setup.family.name, 0, 0));
                rows[center].len() - 1
            });
        }
        let mut it = Self { matrices: Vec::new(), matrix_of: vec![None; centers.len()], states };
        for (center, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
            let time = |from: usize, to: usize| match (&row[from], &row[to]) {
                _ if from == to => 0,
                (before, after) if before.0 == after.0 => after.1,
                (_, after) => after.2,
            };
            let times = (0..row.len()).map(|from| (0..row.len()).map(|to| time(from, to)).collect()).collect();
            it.matrix_of[center] = Some(it.matrices.len());
            it.matrices.push(Matrix { id: centers[center].work_center_code.clone(), times });
        }
        it
    }

    /// Matrix and state of a work center that is set up so.
    fn state(&self, center: usize, setup: &Setup) -> Option<(usize, usize)> {
        Some((self.matrix_of[center]?, *self.states.get(&(center, setup.product.clone()))?))
    }
}

/// What people call a product.
fn code_of(snapshot: &Snapshot, id: Id<Product>) -> Result<String, StoreError> {
    let product: Option<Product> = snapshot.get(id)?;
    Ok(product.map_or_else(|| Subject::of(id).to_string(), |product| product.product_code.unwrap_or(product.product_name)))
}

/// What the operations of an order have in common.
struct Terms<'t> {
    product: String,
    family: Family,
    weight: i32,
    wait: &'t Wait,
}

/// The problem in the making.
struct Making<'f> {
    floor: &'f Floor,
    /// Jobs, and what each of their operations wants set up.
    jobs: Vec<(Job, Vec<Setup>)>,
    orders: Vec<Order>,
    tasks: Vec<Task>,
    in_force: Vec<Option<Slot>>,
    left_out: Vec<(Id<WorkOrder>, String)>,
    learned: usize,
    /// Work centers on which something runs.
    busy: Vec<bool>,
    families: Families<'f>,
}

impl Making<'_> {
    /// Takes an order in; the inner answer is why it cannot be planned.
    fn order(
        &mut self,
        snapshot: &Snapshot,
        order: WorkOrder,
        steps: &[WorkOrderOperation],
        slots: &BTreeMap<u64, ProductionSchedule>,
        wait: &Wait,
    ) -> Result<Result<(), String>, Refusal> {
        let customer: Option<Customer> = order.customer_id.map(|id| snapshot.get(id)).transpose()?.flatten();
        let terms = Terms { product: code_of(snapshot, order.product_id)?, family: self.families.of(order.product_id)?.clone(), weight: weight(&order, customer.as_ref()), wait };
        Ok(self.take(&order, &terms, steps, slots))
    }

    fn take(&mut self, order: &WorkOrder, terms: &Terms<'_>, steps: &[WorkOrderOperation], slots: &BTreeMap<u64, ProductionSchedule>) -> Result<(), String> {
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
            operations.push(self.operation(step, steps, order.product_id.number(), &terms.family.name)?);
        }
        let mut setups = Vec::with_capacity(steps.len());
        for (step, (operation, basis)) in steps.iter().zip(&mut operations) {
            self.learned += usize::from(*basis != Basis::Planned);
            if let Some((center, _)) = operation.fixed {
                self.busy[center] = true;
            }
            // What waits for nothing else of its order takes the material.
            let material = terms.wait.as_ref().filter(|(at, _)| operation.predecessors.is_empty() && *at > release);
            operation.release = material.map_or(0, |(at, _)| *at);
            self.tasks.push(Task {
                sequence: step.operation_sequence,
                name: step.operation_name.clone(),
                running: step.status == OperationStatus::InProgress,
                basis: *basis,
                material: material.map(|(_, code)| code.clone()),
            });
            self.in_force.push(slots.get(&step.operation_id.number()).and_then(|slot| self.slot(step, slot)));
            let like = if step.status == OperationStatus::InProgress { 0 } else { step.planned_setup_time_minutes.unwrap_or(0).max(0) };
            setups.push(Setup { product: terms.product.clone(), family: terms.family.clone(), like: Minutes::try_from(like).unwrap_or(Minutes::MAX) });
        }
        let due_minute = due.map(|due| minute((due.micros() - self.floor.now.micros()) / 1_000));
        self.jobs.push((
            Job {
                id: Subject::of(order.work_order_id).to_string(),
                release,
                // What is late already is as late as it can be told: every minute still counts.
                due: due_minute.map(|due| due.max(release)),
                weight: terms.weight,
                rush: order.priority == 1,
                operations: operations.into_iter().map(|(operation, _)| operation).collect(),
            },
            setups,
        ));
        self.orders.push(Order { id: order.work_order_id, product: terms.product.clone(), priority: order.priority, due });
        Ok(())
    }

    fn operation(&self, step: &WorkOrderOperation, steps: &[WorkOrderOperation], product: u64, family: &str) -> Result<(Operation, Basis), String> {
        let title = || format!("operation {} ({})", step.operation_sequence, step.operation_name);
        let own = step.work_center_id.and_then(|id| self.floor.place.get(&id.number())).copied();
        let own = own.ok_or_else(|| format!("{} has no work center in use; give its routing one", title()))?;
        let center = &self.floor.centers[own];
        if !self.floor.is_open(own) {
            return Err(format!("{} runs on {}, which has no shift in the next {DAYS} days", title(), center.work_center_code));
        }
        let pools = self.floor.means.held(center, product).map_err(|why| format!("{} {why}", title()))?;
        let running = step.status == OperationStatus::InProgress;
        let run = run_minutes(step);
        let centers = if running { vec![own] } else { self.floor.alternatives(own) };
        let before = |sequence: &i64| steps.iter().position(|it| it.operation_sequence == *sequence);
        // What runs has begun, whatever it should have waited for.
        let predecessors = if running { Vec::new() } else { step.depends_on.iter().filter_map(before).map(|at| (at, self.floor.means.transfer(&steps[at], step))).collect() };
        let fixed = (running && !self.busy[own]).then(|| (own, self.first_open(own)));
        let modes: Vec<(usize, Minutes)> = centers.into_iter().map(|center| (center, self.floor.minutes(center, run, &step.operation_name, family).0)).collect();
        // What is longer than the longest opening must pause, whatever the rule says.
        let fits = |(center, minutes): &(usize, Minutes)| self.floor.longest_opening(*center) >= *minutes;
        let resumable = fixed.is_some() || self.floor.means.may_pause(center.number()) || !modes.iter().all(fits);
        let batch = self.floor.means.batch(center.number(), step.planned_quantity - step.produced());
        let basis = self.floor.minutes(own, run, &step.operation_name, family).1;
        Ok((Operation { modes, predecessors, release: 0, states: Vec::new(), pools, batch, resumable, fixed }, basis))
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

/// What a minute late costs: by priority, and by what kind of customer waits; a rush order counts three times.
fn weight(order: &WorkOrder, customer: Option<&Customer>) -> i32 {
    let tier = match customer.map(|customer| customer.customer_type) {
        Some(CustomerType::Oem) => 4,
        Some(CustomerType::Tier1) => 3,
        Some(CustomerType::Tier2) => 2,
        Some(CustomerType::Aftermarket) | None => 1,
    };
    let rush = if order.priority == 1 { 3 } else { 1 };
    i32::try_from(11 - order.priority.clamp(1, 10)).unwrap_or(1) * tier * rush
}
