//! The three public file shapes, `shop-instance/1`, `shop-event/1` and `shop-schedule/1`, as text in JSON.
//! The only place of this room that knows serde. It resolves names; whether the problem makes sense is [`super::Instance::new`]'s business.
//! What an instance or an event says beside the format is refused, since most fields have a default and a slip of the pen
//! would become one; fields that only inform are named here and not looked at. A schedule has no defaults, so whoever
//! wrote it may have added what they like.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::event::Event;
use super::instance::{Instance, REACH_MAX, TIME_MAX};
use super::plan::{Plan, Slot};
use super::problem::{Center, Fault, Hours, Job, Matrix, Minutes, Objective, Operation, Pool, PoolKind, Problem, WHOLE};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstanceFile {
    format: String,
    name: String,
    #[serde(default, rename = "family")]
    _family: IgnoredAny,
    #[serde(default, rename = "now")]
    _now: IgnoredAny,
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
#[serde(deny_unknown_fields)]
struct CalendarRow {
    id: String,
    period: Minutes,
    windows: Vec<(Minutes, Minutes)>,
    #[serde(default)]
    closed: Vec<(Minutes, Minutes)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MatrixRow {
    id: String,
    states: Option<Vec<String>>,
    times: Vec<Vec<Minutes>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolRow {
    id: String,
    capacity: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CenterRow {
    id: String,
    #[serde(default, rename = "department")]
    _department: IgnoredAny,
    #[serde(default, rename = "efficiency_percent")]
    _efficiency_percent: IgnoredAny,
    #[serde(default, rename = "skills")]
    _skills: IgnoredAny,
    calendar: Option<String>,
    #[serde(default)]
    downtime: Vec<(Minutes, Minutes)>,
    setup_matrix: Option<String>,
    initial_state: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobRow {
    #[serde(default)]
    id: String,
    #[serde(default, rename = "tier")]
    _tier: IgnoredAny,
    operations: Vec<OperationRow>,
    #[serde(default)]
    release: Minutes,
    due: Option<Minutes>,
    weight: Option<i32>,
    #[serde(default)]
    rush: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationRow {
    #[serde(default, rename = "department")]
    _department: IgnoredAny,
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
    instance: String,
    operations: Vec<(usize, usize, u32, Minutes, Minutes)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventFile {
    format: String,
    instance: String,
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
    numbers("work_centers", file.work_centers.iter().map(|row| &row.id))?;
    numbers("jobs", file.jobs.iter().map(|row| &row.id))?;
    for (number, row) in file.setup_matrices.iter().enumerate() {
        if let Some(states) = row.states.as_ref().filter(|states| states.len() != row.times.len()) {
            return Err(Fault::new(format!("setup_matrices[{number}] ({})", row.id), format!("names {} states and gives times for {}", states.len(), row.times.len())));
        }
    }
    let centers = file.work_centers.into_iter().enumerate().map(|(number, row)| center(&names, number, row));
    let centers = centers.collect::<Result<_, _>>()?;
    let jobs = file.jobs.into_iter().enumerate().map(|(number, row)| job(&names, &format!("jobs[{number}]"), row));
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

/// Reads a `shop-schedule/1` of an instance. It may be the plan from before jobs came in, so operations
/// may be missing: they are given as `None`.
///
/// # Errors
/// What cannot be read, and slots that do not belong to the instance.
pub fn read_schedule(text: &str, problem: &Problem) -> Result<Vec<Option<Slot>>, Fault> {
    let file: ScheduleFile = read(text, "schedule")?;
    check_format("schedule", &file.format, "shop-schedule/1")?;
    check_instance("schedule", &file.instance, problem)?;
    let mut first = vec![0];
    problem.jobs.iter().for_each(|job| first.push(first[first.len() - 1] + job.operations.len()));
    let mut slots = vec![None; first[first.len() - 1]];
    for (row, (job, place, center, start, end)) in file.operations.into_iter().enumerate() {
        let fault = |reason: &str| Err(Fault::new(format!("schedule.operations[{row}]"), format!("({job},{place}) on {center} from {start} to {end} {reason}")));
        let Some(operation) = problem.jobs.get(job).and_then(|it| it.operations.get(place)) else { return fault("is no operation of this instance") };
        if !operation.modes.iter().any(|mode| mode.0 == center as usize) {
            return fault("is on a work center that cannot do it in this instance");
        }
        if start < 0 || end < start || i64::from(end) >= REACH_MAX {
            return fault("is before time 0, ends before it starts or lies too far ahead");
        }
        if slots[first[job] + place].replace(Slot { center, start, end }).is_some() {
            return fault("is there a second time; an operation runs once");
        }
    }
    Ok(slots)
}

/// Reads a `shop-event/1` for a problem.
///
/// # Errors
/// What cannot be read, names that stand for nothing, and times that make no sense.
pub fn read_event(text: &str, problem: &Problem) -> Result<Event, Fault> {
    let file: EventFile = read(text, "event")?;
    check_format("event", &file.format, "shop-event/1")?;
    check_instance("event", &file.instance, problem)?;
    if !(0..=TIME_MAX).contains(&file.now) {
        return Err(Fault::new("event.now", format!("{} must lie between 0 and a century", file.now)));
    }
    match (file.r#type.as_str(), file.job, file.work_center, file.from, file.to) {
        ("rush_job", Some(row), None, None, None) => {
            if let Some(known) = problem.jobs.iter().position(|job| !job.id.is_empty() && job.id == row.id) {
                return Err(Fault::new(format!("event.job ({})", row.id), format!("has the id of jobs[{known}]; give it one of its own")));
            }
            let names = Names {
                hours: HashMap::new(),
                matrices: numbers("setup_matrices", problem.matrices.iter().map(|matrix| &matrix.id))?,
                pools: numbers("operator_pools", problem.pools.iter().map(|pool| &pool.id))?,
            };
            Ok(Event::RushJob { now: file.now, job: job(&names, "event.job", row)? })
        }
        ("work_center_down", None, Some(id), Some(from), Some(to)) => {
            let center =
                problem.centers.iter().position(|center| center.id == id).ok_or_else(|| Fault::new("event.work_center", format!("{id} is no work center of this instance")))?;
            if from < 0 || to <= from || to > TIME_MAX {
                return Err(Fault::new("event.from", format!("{from} to {to} is empty, backwards, before time 0 or beyond a century")));
            }
            Ok(Event::CenterDown { now: file.now, center, from, to })
        }
        (other, ..) => Err(Fault::new("event.type", format!("{other} is neither rush_job with a job and nothing else nor work_center_down with work_center, from and to"))),
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
    serde_json::from_str(text).map_err(|error| {
        let line_starts = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let path = path_to(&text.as_bytes()[..text.len().min(line_starts + error.column())]);
        // Nobody outside knows our types; every number of these files is a whole one.
        let reason = ["i32", "u32", "usize"].iter().fold(error.to_string(), |reason, number| reason.replace(&format!("expected {number}"), "expected a whole number in range"));
        Fault::new(if path.is_empty() { what.to_owned() } else { path }, reason)
    })
}

/// Where in a text of JSON its end stands, such as `jobs[3].operations[0].modes`. Only for messages: the text may be broken.
fn path_to(text: &[u8]) -> String {
    enum Level {
        List(usize),
        Record(String),
    }
    let (mut levels, mut is_name, mut at) = (Vec::new(), false, 0);
    while at < text.len() {
        match text[at] {
            b'[' => levels.push(Level::List(0)),
            b'{' => {
                levels.push(Level::Record(String::new()));
                is_name = true;
            }
            b']' | b'}' => drop(levels.pop()),
            b',' => match levels.last_mut() {
                Some(Level::List(number)) => *number += 1,
                _ => is_name = true,
            },
            b'"' => {
                let string = string_at(&text[at + 1..]);
                at += string.len() + 1;
                if let Some(Level::Record(name)) = levels.last_mut().filter(|_| std::mem::take(&mut is_name)) {
                    *name = String::from_utf8_lossy(string).into_owned();
                }
            }
            _ => {}
        }
        at += 1;
    }
    levels.iter().fold(String::new(), |path, level| match level {
        Level::List(number) => format!("{path}[{number}]"),
        Level::Record(name) if path.is_empty() || name.is_empty() => path + name,
        Level::Record(name) => format!("{path}.{name}"),
    })
}

/// A string of JSON from behind its first quotation mark to before its last.
fn string_at(text: &[u8]) -> &[u8] {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    &text[..end.unwrap_or(text.len())]
}

fn check_format(what: &str, found: &str, wanted: &str) -> Result<(), Fault> {
    if found == wanted { Ok(()) } else { Err(Fault::new(format!("{what}.format"), format!("{found:?} is not {wanted}"))) }
}

fn check_instance(what: &str, found: &str, problem: &Problem) -> Result<(), Fault> {
    let wanted = &problem.name;
    if found == wanted { Ok(()) } else { Err(Fault::new(format!("{what}.instance"), format!("it was made for {found:?}, and the instance is {wanted:?}"))) }
}

/// Positions of what is referred to by name.
struct Names {
    hours: HashMap<String, usize>,
    matrices: HashMap<String, usize>,
    pools: HashMap<String, usize>,
}

fn numbers<'n>(what: &str, ids: impl Iterator<Item = &'n String>) -> Result<HashMap<String, usize>, Fault> {
    let mut numbers = HashMap::new();
    for (number, id) in ids.enumerate().filter(|(_, id)| !id.is_empty()) {
        if let Some(first) = numbers.insert(id.clone(), number) {
            return Err(Fault::new(format!("{what}[{number}] ({id})"), format!("has the id of {what}[{first}]; give each one of its own")));
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

fn job(names: &Names, place: &str, row: JobRow) -> Result<Job, Fault> {
    let operations = row.operations.into_iter().enumerate().map(|(at, row)| operation(names, &|field: &str| format!("{place}.operations[{at}].{field}"), at, row));
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
