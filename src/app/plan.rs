//! `plan solve`: an instance from a file to a schedule in a file. It needs no plant, so that anyone can check and race
//! the engine on public instances.

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::arguments::{Plan as Arguments, PlanAction, Solve};
use super::output::Output;
use crate::base::{Code, Refusal, Value, limits};
use crate::scheduling::problem::{Fault, Problem};
use crate::scheduling::{Instance, Options, Slot, Solution, repair, shop_file, solve};

pub(super) fn run(it: &Arguments, output: &Output) -> Result<u8, Refusal> {
    let PlanAction::Solve(it) = &it.action;
    let begun = Instant::now();
    let path = it.instance.display().to_string();
    let mut problem = shop_file::read_instance(&text_of(&it.instance)?).map_err(|fault| refusal(&path, &fault))?;
    let before = before(it, &mut problem)?;
    let instance = Instance::new(problem).map_err(|fault| refusal(&path, &fault))?;
    let unwritable = |error: std::io::Error| Refusal::new(Code::Invalid, format!("{} cannot be written: {error}", it.out.display()));
    // The search may take a day, so whether its plan can be written is tried before.
    std::fs::OpenOptions::new().append(true).create(true).open(&it.out).map_err(unwritable)?;
    let options = Options { seed: it.seed, threads: usize::from(it.threads), steps: it.steps, ..Options::default() };
    let until = begun + Duration::from_secs_f64(it.seconds);
    let stop = || Instant::now() >= until;
    let bar = output.progress("planning");
    let progress = |_: &_| bar.at(begun.elapsed().as_millis() as u64, (it.seconds * 1_000.0) as u64);
    let solution = match &before {
        Some(before) => repair(&instance, before, &options, stop, progress),
        None => solve(&instance, &options, stop, progress),
    };
    bar.finish();
    std::fs::write(&it.out, shop_file::write_schedule(&instance, &solution.plan)).map_err(unwritable)?;
    answer(it, &instance, &solution, output);
    Ok(0)
}

/// The plan in force, if one was given; an event changes the problem first.
fn before(it: &Solve, problem: &mut Problem) -> Result<Option<Vec<Option<Slot>>>, Refusal> {
    let Some(path) = &it.before else { return Ok(None) };
    let name = path.display().to_string();
    let mut before = shop_file::read_schedule(&text_of(path)?, problem).map_err(|fault| refusal(&name, &fault))?;
    if let Some(path) = &it.event {
        let name = path.display().to_string();
        let event = shop_file::read_event(&text_of(path)?, problem).map_err(|fault| refusal(&name, &fault))?;
        event.apply(problem, &before).map_err(|fault| refusal(&name, &fault))?;
        before.resize(problem.jobs.iter().map(|job| job.operations.len()).sum(), None);
    }
    Ok(Some(before))
}

fn refusal(path: &str, fault: &Fault) -> Refusal {
    Refusal::invalid(&fault.place, format!("{path}: {fault}"))
}

/// A file's text, unpacked where it is gzipped.
fn text_of(path: &Path) -> Result<String, Refusal> {
    let unreadable = |error: std::io::Error| Refusal::new(Code::Invalid, format!("{} cannot be read: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| Refusal { code: Code::NotFound, ..unreadable(error) })?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let reader: Box<dyn std::io::Read> = if packed { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    let mut text = String::new();
    let read = reader.take(limits::INSTANCE_MAX as u64 + 1).read_to_string(&mut text).map_err(unreadable)?;
    if read > limits::INSTANCE_MAX {
        return Err(Refusal::new(Code::TooLarge, format!("{} is larger than {} bytes", path.display(), limits::INSTANCE_MAX)));
    }
    Ok(text)
}

fn answer(it: &Solve, instance: &Instance, solution: &Solution, output: &Output) {
    let figures = solution.plan.figures(instance);
    let number = |number: i64| Value::Int(number);
    let json = Value::Object(vec![
        ("instance", Value::Text(instance.problem().name.clone())),
        ("out", Value::Text(it.out.display().to_string())),
        ("objective", number(solution.objective)),
        ("lower_bound", number(solution.bound)),
        ("makespan", number(figures.makespan.into())),
        ("total_weighted_tardiness", number(figures.weighted_tardiness)),
        ("late_jobs", number(figures.late_jobs as i64)),
        ("setup_time", number(figures.setup_minutes)),
        ("steps", number(solution.steps as i64)),
    ]);
    output.answer(&json.to_json(), || {
        let late = if figures.due_jobs > 0 { format!(", {} of {} jobs late", figures.late_jobs, figures.due_jobs) } else { String::new() };
        format!(
            "{}: objective {} (at least {}), makespan {}{late}, setups {}; written to {}",
            instance.problem().name,
            solution.objective,
            solution.bound,
            figures.makespan,
            figures.setup_minutes,
            it.out.display()
        )
    });
}
