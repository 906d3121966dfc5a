//! The three public file shapes, `shop-instance/1`, `shop-event/1` and `shop-schedule/1`, as text in JSON.
//! The only place of this room that knows serde. It resolves names; whether the problem makes sense is [`super::Instance::new`]'s business.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::event::Event;
use super::instance::Instance;
use super::plan::{Plan, Slot};
use super::problem::{Center, Fault, Hours, Job, Matrix, Minutes, Objective, Operation, Pool, PoolKind, Problem, WHOLE};

#[derive(Deserialize)]
struct InstanceFile {
    format: String,
    name: String,
    #[serde(default)]
    time_unit: String,
    objective: String,
    #[serde(default)]
    calendars: Vec<CalendarRow>,
    #[serde(default)]
    setup_matrices: Vec<MatrixRow>,
    #[serde(default)]
    operator_pools: Vec<PoolRow>,
    work_centers: Vec<CenterRow>,
    jobs: Vec<JobRow>,
}

#[derive(Deserialize)]
struct CalendarRow {
    id: String,
    period: Minutes,
    windows: Vec<(Minutes, Minutes)>,
    #[serde(default)]
    closed: Vec<(Minutes, Minutes)>,
}

#[derive(Deserialize)]
struct MatrixRow {
    id: String,
    times: Vec<Vec<Minutes>>,
}

#[derive(Deserialize)]
struct PoolRow {
    id: String,
    capacity: u32,
}

#[derive(Deserialize)]
struct CenterRow {
    id: String,
    calendar: Option<String>,
    #[serde(default)]
    downtime: Vec<(Minutes, Minutes)>,
    setup_matrix: Option<String>,
    initial_state: Option<usize>,
}

#[derive(Deserialize)]
struct JobRow {
    #[serde(default)]
    id: String,
    operations: Vec<OperationRow>,
    #[serde(default)]
    release: Minutes,
    due: Option<Minutes>,
    weight: Option<i32>,
    #[serde(default)]
    rush: bool,
}

#[derive(Deserialize)]
struct OperationRow {
    modes: Vec<(usize, Minutes)>,
    predecessors: Option<Vec<(usize, Minutes)>>,
    #[serde(default)]
    release: Minutes,
    #[serde(default)]
    setup_state: BTreeMap<String, usize>,
    pool: Option<String>,
    resumable: Option<bool>,
    fixed: Option<(usize, Minutes)>,
}

#[derive(Deserialize)]
struct ScheduleFile {
    format: String,
    operations: Vec<(usize, usize, u32, Minutes, Minutes)>,
}

#[derive(Deserialize)]
struct EventFile {
    format: String,
    now: Minutes,
    r#type: String,
    work_center: Option<String>,
    from: Option<Minutes>,
    to: Option<Minutes>,
    job: Option<JobRow>,
}

/// Reads a `shop-instance/1`.
///
/// # Errors
/// What cannot be read, with its line, or a name that stands for nothing.
pub fn read_instance(text: &str) -> Result<Problem, Fault> {
    let file: InstanceFile = read(text, "instance")?;
    check_format("instance", &file.format, "shop-instance/1")?;
    let objective = match file.objective.as_str() {
        "makespan" => Objective::Makespan,
        "total_weighted_tardiness" => Objective::WeightedTardiness,
        other => return Err(Fault::new("objective", format!("{other} is neither makespan nor total_weighted_tardiness"))),
    };
    let names = Names {
        hours: numbers("calendars", file.calendars.iter().map(|row| &row.id))?,
        matrices: numbers("setup_matrices", file.setup_matrices.iter().map(|row| &row.id))?,
        pools: numbers("operator_pools", file.operator_pools.iter().map(|row| &row.id))?,
    };
    let centers = file.work_centers.into_iter().enumerate().map(|(number, row)| center(&names, number, row));
    let centers = centers.collect::<Result<_, _>>()?;
    let jobs = file.jobs.into_iter().enumerate().map(|(number, row)| job(&names, number, row));
    Ok(Problem {
        name: file.name,
        objective,
        milestones: file.time_unit != "minute",
        hours: file.calendars.into_iter().map(|row| Hours { id: row.id, period: row.period, windows: row.windows, closed: row.closed }).collect(),
        matrices: file.setup_matrices.into_iter().map(|row| Matrix { id: row.id, times: row.times }).collect(),
        pools: file.operator_pools.into_iter().map(|row| Pool { id: row.id, kind: PoolKind::People, capacity: row.capacity, missing: Vec::new() }).collect(),
        centers,
        jobs: jobs.collect::<Result<_, _>>()?,
    })
}

/// Reads a `shop-schedule/1` of an instance. It may be the plan of an earlier instance, so operations
/// may be missing: they are given as `None`.
///
/// # Errors
/// What cannot be read, and slots of operations that the instance does not have.
pub fn read_schedule(text: &str, problem: &Problem) -> Result<Vec<Option<Slot>>, Fault> {
    let file: ScheduleFile = read(text, "schedule")?;
    check_format("schedule", &file.format, "shop-schedule/1")?;
    let mut first = vec![0];
    problem.jobs.iter().for_each(|job| first.push(first[first.len() - 1] + job.operations.len()));
    let mut slots = vec![None; first[first.len() - 1]];
    for (row, (job, place, center, start, end)) in file.operations.into_iter().enumerate() {
        let known = problem.jobs.get(job).is_some_and(|it| place < it.operations.len()) && (center as usize) < problem.centers.len();
        if !known || start < 0 || end < start {
            return Err(Fault::new(
                format!("schedule.operations[{row}]"),
                format!("({job},{place}) on {center} from {start} to {end} is no operation, no work center or no time of this instance"),
            ));
        }
        slots[first[job] + place] = Some(Slot { center, start, end });
    }
    Ok(slots)
}

/// Reads a `shop-event/1` for a problem.
///
/// # Errors
/// What cannot be read, and names that stand for nothing.
pub fn read_event(text: &str, problem: &Problem) -> Result<Event, Fault> {
    let file: EventFile = read(text, "event")?;
    check_format("event", &file.format, "shop-event/1")?;
    match (file.r#type.as_str(), file.job, file.work_center, file.from.zip(file.to)) {
        ("rush_job", Some(row), ..) => {
            let names = Names {
                hours: HashMap::new(),
                matrices: numbers("setup_matrices", problem.matrices.iter().map(|matrix| &matrix.id))?,
                pools: numbers("operator_pools", problem.pools.iter().map(|pool| &pool.id))?,
            };
            Ok(Event::RushJob { now: file.now, job: job(&names, problem.jobs.len(), row)? })
        }
        ("work_center_down", _, Some(id), Some((from, to))) => {
            let center =
                problem.centers.iter().position(|center| center.id == id).ok_or_else(|| Fault::new("event.work_center", format!("{id} is no work center of this instance")))?;
            Ok(Event::CenterDown { now: file.now, center, from, to })
        }
        (other, ..) => Err(Fault::new("event.type", format!("{other} is neither rush_job with a job nor work_center_down with work_center, from and to"))),
    }
}

/// Writes a `shop-schedule/1`.
pub fn write_schedule(instance: &Instance, plan: &Plan) -> String {
    let row = |(op, slot): (usize, &Slot)| {
        let (job, place) = instance.place_of(op);
        format!("[{job},{place},{},{},{}]", slot.center, slot.start, slot.end)
    };
    let rows: Vec<String> = plan.slots.iter().enumerate().map(row).collect();
    let name = serde_json::Value::from(instance.problem().name.as_str());
    format!("{{\"format\":\"shop-schedule/1\",\"instance\":{name},\"solver\":\"millwright\",\"operations\":[{}]}}\n", rows.join(","))
}

fn read<'t, T: Deserialize<'t>>(text: &'t str, what: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::new(format!("{what}, line {} column {}", error.line(), error.column()), error.to_string()))
}

fn check_format(what: &str, found: &str, wanted: &str) -> Result<(), Fault> {
    if found == wanted { Ok(()) } else { Err(Fault::new(format!("{what}.format"), format!("{found:?} is not {wanted}"))) }
}

/// Positions of what is referred to by name.
struct Names {
    hours: HashMap<String, usize>,
    matrices: HashMap<String, usize>,
    pools: HashMap<String, usize>,
}

fn numbers<'n>(what: &str, ids: impl Iterator<Item = &'n String>) -> Result<HashMap<String, usize>, Fault> {
    let mut numbers = HashMap::new();
    for (number, id) in ids.enumerate() {
        if numbers.insert(id.clone(), number).is_some() {
            return Err(Fault::new(format!("{what}[{number}]"), format!("{id} stands there twice")));
        }
    }
    Ok(numbers)
}

fn resolve(numbers: &HashMap<String, usize>, id: Option<String>, place: impl FnOnce() -> String) -> Result<Option<usize>, Fault> {
    match id {
        None => Ok(None),
        Some(id) => numbers.get(&id).copied().map(Some).ok_or_else(|| Fault::new(place(), format!("{id} does not exist"))),
    }
}

fn center(names: &Names, number: usize, row: CenterRow) -> Result<Center, Fault> {
    let place = |field: &str| format!("work_centers[{number}].{field}");
    let matrix = resolve(&names.matrices, row.setup_matrix, || place("setup_matrix"))?;
    Ok(Center {
        hours: resolve(&names.hours, row.calendar, || place("calendar"))?,
        downtime: row.downtime,
        matrix,
        // Without a matrix a state says nothing.
        initial_state: row.initial_state.filter(|_| matrix.is_some()),
        id: row.id,
    })
}

fn job(names: &Names, number: usize, row: JobRow) -> Result<Job, Fault> {
    let operations = row.operations.into_iter().enumerate().map(|(at, row)| operation(names, &|field: &str| format!("jobs[{number}].operations[{at}].{field}"), at, row));
    Ok(Job { operations: operations.collect::<Result<_, _>>()?, id: row.id, release: row.release, due: row.due, weight: row.weight.unwrap_or(1), rush: row.rush })
}

fn operation(names: &Names, place: &dyn Fn(&str) -> String, at: usize, row: OperationRow) -> Result<Operation, Fault> {
    let mut states = Vec::new();
    for (id, state) in row.setup_state {
        let matrix = names.matrices.get(&id).ok_or_else(|| Fault::new(place("setup_state"), format!("setup matrix {id} does not exist")))?;
        states.push((*matrix, state));
    }
    Ok(Operation {
        modes: row.modes,
        predecessors: row.predecessors.unwrap_or_else(|| if at == 0 { Vec::new() } else { vec![(at - 1, 0)] }),
        release: row.release,
        states,
        pools: resolve(&names.pools, row.pool, || place("pool"))?.into_iter().collect(),
        batch: WHOLE,
        resumable: row.resumable.unwrap_or(true),
        fixed: row.fixed,
    })
}
