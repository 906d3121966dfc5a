//! A shop's past: each row of another system's operation log is one report, with the order,
//! product, work center and worker it names. Kept as it was recorded: more than ordered is flagged,
//! reports that overlap on a machine stay so. A row is known again by the hash of its cells and its
//! occurrence among equal rows, so the same log, or a longer one, may be brought in again.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::mapping::{self, Mapping};
use super::pipeline::{OUTSTANDING_MAX, submit_all};
use super::report::{Figures, Problem, Report};
use super::table::{Row, Table, shown};
use super::{Request, read_problem};
use crate::base::limits::PIECES_MAX;
use crate::base::{Code, Decimal, Digest, Refusal, Time, Value, time};
use crate::bodies::read;
use crate::engine::{Engine, Envelope};
use crate::model::command::ImportOperationReport;
use crate::model::journal::Origin;
use crate::model::people::ActivityType;
use crate::model::{Command, Kind, Noun};
use crate::views;

/// Our columns, and whether a log can do without.
const COLUMNS: &[(&str, bool)] = &[
    ("work_order_number", true),
    ("product_name", true),
    ("planned_quantity", true),
    ("operation_name", true),
    ("work_center_name", true),
    ("employee_code", true),
    ("activity_type", false),
    ("started_at", true),
    ("ended_at", true),
    ("good_quantity", true),
    ("rejected_quantity", false),
    ("held_quantity", false),
    ("rework", false),
];

/// A row that can be read.
struct Line<'t> {
    row: &'t Row,
    report: ImportOperationReport,
    /// It stood in the file before, cell for cell.
    repeated: bool,
}

pub(super) fn run(engine: &Engine, request: &Request<'_>, mapping: &Mapping, table: &Table, report: &mut Report, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
    let reader = Reader::new(mapping, table)?;
    report.ignored_columns = reader.ignored(table);
    let lines = reader.lines(table, report)?;
    let over_plan = over_plan(&lines);
    let mut in_plant = Vec::with_capacity(lines.len());
    let mut done = report.refused;
    for batch in lines.chunks(OUTSTANDING_MAX) {
        let known = known(engine, batch)?;
        report.unchanged += known.iter().filter(|known| **known).count() as u64;
        let fresh: Vec<&Line<'_>> = batch.iter().zip(&known).filter(|(_, known)| !**known).map(|(line, _)| line).collect();
        in_plant.extend(batch.iter().zip(&known).filter(|(_, known)| **known).map(|(line, _)| line));
        if request.dry_run {
            report.created += fresh.len() as u64;
            fresh.iter().filter(|line| over_plan.contains(&line.report.source_key)).for_each(|line| report.flag(line.flag()));
            in_plant.extend(fresh);
        } else {
            submit(engine, request, fresh, report, &mut in_plant)?;
        }
        done += batch.len() as u64;
        progress(done, report.rows);
    }
    report.figures = Some(figures(&in_plant));
    report.sort();
    Ok(())
}

fn known(engine: &Engine, batch: &[Line<'_>]) -> Result<Vec<bool>, Refusal> {
    engine.read(|snapshot| batch.iter().map(|line| views::holds(snapshot, Noun::LaborTransaction, "source_key", &line.report.source_key)).collect())?
}

fn submit<'l, 't>(engine: &Engine, request: &Request<'_>, fresh: Vec<&'l Line<'t>>, report: &mut Report, in_plant: &mut Vec<&'l Line<'t>>) -> Result<(), Refusal> {
    let envelopes = fresh.iter().map(|line| Envelope {
        origin: Origin::Import,
        occurred_at: Some(line.report.ended_at),
        reason: Some(format!("imported from {}, row {}", shown(request.file_name), line.row.number)),
        ..Envelope::of(request.actor.clone(), Command::ImportOperationReport(line.report.clone()))
    });
    let mut accepted = Vec::new();
    for (line, answer) in fresh.iter().zip(submit_all(engine, envelopes)?) {
        match answer {
            Ok(outcome) => {
                report.created += 1;
                accepted.push((outcome.seq, *line));
                in_plant.push(line);
            }
            // Somebody else has brought the row in since we looked.
            Err(refusal) if refusal.code == Code::Duplicate && refusal.field.is_none() => {
                report.unchanged += 1;
                in_plant.push(line);
            }
            Err(refusal) => report.refuse(vec![Problem { column: refusal.field, ..Problem::row(line.row, refusal.detail) }]),
        }
    }
    flag(engine, request, &accepted, report)
}

/// Notes which of these commands told that more was made than ordered.
fn flag(engine: &Engine, request: &Request<'_>, accepted: &[(u64, &Line<'_>)], report: &mut Report) -> Result<(), Refusal> {
    let ours: BTreeMap<u64, &Line<'_>> = accepted.iter().copied().collect();
    let (Some((first, _)), Some((last, _))) = (ours.first_key_value(), ours.last_key_value()) else { return Ok(()) };
    let (mut after, last) = (first - 1, *last);
    while after < last {
        let page = engine.read(|snapshot| views::changes::changes(snapshot, request.actor.role, after, OUTSTANDING_MAX))??;
        let over = page.entries.iter().filter(|entry| entry.events.iter().any(|event| event.name == "operation.over_plan"));
        over.filter_map(|entry| ours.get(&entry.seq)).for_each(|line| report.flag(line.flag()));
        if page.read_up_to == after {
            break;
        }
        after = page.read_up_to;
    }
    Ok(())
}

impl Line<'_> {
    /// What somebody should look at.
    fn flag(&self) -> Problem {
        Problem::cell(self.row, "work_order_number", &self.report.work_order_number, format!("more was made at {} than was ordered", shown(&self.report.operation_name)))
    }
}

/// The mapping, checked against the file.
struct Reader<'m> {
    mapping: &'m Mapping,
    zone: TimeZone,
    activities: BTreeMap<String, ActivityType>,
    places: Vec<(&'static str, Option<usize>, Option<String>)>,
}

impl<'m> Reader<'m> {
    fn new(mapping: &'m Mapping, table: &Table) -> Result<Self, Refusal> {
        mapping.check_names(&COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<_>>())?;
        let invalid = |detail: String| Refusal::field(Code::Invalid, "map", detail);
        let name = mapping.zone.as_deref().ok_or_else(|| invalid("the mapping must name the zone of the log's local times, such as zone = \"Europe/Berlin\"".to_owned()))?;
        let zone = time::zone(name).ok_or_else(|| invalid(format!("{} is no IANA zone such as Europe/Berlin", shown(name))))?;
        let known = |word: &str| ActivityType::from_word(word).ok_or_else(|| invalid(format!("{:?} is no activity; they are {}", shown(word), ActivityType::WORDS.join(", "))));
        let mut activities: BTreeMap<String, ActivityType> =
            mapping.activity.iter().map(|(theirs, ours)| Ok((theirs.to_lowercase(), known(ours)?))).collect::<Result<_, Refusal>>()?;
        if activities.is_empty() {
            activities = ActivityType::ALL.iter().map(|activity| (activity.word().to_owned(), *activity)).collect();
        }
        let places: Vec<_> = COLUMNS.iter().map(|(name, _)| (*name, mapping.place(table, name), mapping.default_of(name))).collect();
        let mut missing = mapping.broken_promises(table);
        let absent = places.iter().zip(COLUMNS).filter(|((name, place, default), (_, needed))| *needed && place.is_none() && default.is_none() && mapping.theirs(name) == *name);
        missing.extend(absent.map(|((name, ..), _)| (*name).to_owned()));
        if missing.is_empty() { Ok(Self { mapping, zone, activities, places }) } else { Err(mapping::missing(&missing, table)) }
    }

    fn ignored(&self, table: &Table) -> Vec<String> {
        let used: HashSet<usize> = self.places.iter().filter_map(|(_, place, _)| *place).collect();
        table.header.iter().enumerate().filter(|(at, name)| !used.contains(at) && !name.is_empty()).map(|(_, name)| shown(name)).collect()
    }

    /// All rows that can be read; the others go into the report.
    fn lines<'t>(&self, table: &'t Table, report: &mut Report) -> Result<Vec<Line<'t>>, Refusal> {
        let mut occurrences: HashMap<Digest, u64> = HashMap::new();
        let mut lines = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            if let Some(fault) = &row.fault {
                report.refuse(vec![Problem::row(row, fault)]);
                continue;
            }
            let cells: Vec<&str> = self.places.iter().map(|(_, place, _)| mapping::cell(row, *place)).collect();
            let digest = Digest::of(cells.join("\u{1f}").as_bytes());
            let occurrence = occurrences.entry(digest).or_default();
            *occurrence += 1;
            let (key, repeated) = (format!("{digest}-{occurrence}"), *occurrence > 1);
            let mut cells = Cells { reader: self, row, problems: Vec::new(), broken: None };
            let read = cells.report(key);
            if let Some(refusal) = cells.broken {
                return Err(refusal);
            }
            match read.filter(|_| cells.problems.is_empty()) {
                Some(read) => lines.push(Line { row, report: read, repeated }),
                None => report.refuse(cells.problems),
            }
        }
        Ok(lines)
    }
}

/// The cells of one row, and what is wrong with them.
struct Cells<'r> {
    reader: &'r Reader<'r>,
    row: &'r Row,
    problems: Vec<Problem>,
    broken: Option<Refusal>,
}

impl Cells<'_> {
    fn report(&mut self, source_key: String) -> Option<ImportOperationReport> {
        // Every cell is looked at before the first fault ends it, so that one run names them all.
        let texts = ["work_order_number", "product_name", "operation_name", "work_center_name", "employee_code"].map(|name| self.line(name));
        let [planned, good, rejected, held] =
            [("planned_quantity", 1), ("good_quantity", 0), ("rejected_quantity", 0), ("held_quantity", 0)].map(|(name, least)| self.pieces(name, least));
        let (started_at, ended_at) = (self.time("started_at"), self.time("ended_at"));
        let (activity, rework) = (self.activity(), self.rework());
        let [order, product, operation, center, worker] = texts;
        if let (Some(started), Some(ended)) = (started_at, ended_at)
            && ended < started
        {
            self.fault::<Time>("ended_at", "must not lie before the start");
        }
        Some(ImportOperationReport {
            source_key,
            work_order_number: order?,
            product_name: product?,
            planned_quantity: planned?,
            operation_name: operation?,
            work_center_name: center?,
            employee_code: worker?,
            activity_type: activity?,
            started_at: started_at?,
            ended_at: ended_at?,
            good_quantity: good?,
            rejected_quantity: rejected?,
            held_quantity: held?,
            rework: rework?,
        })
    }

    fn text(&self, name: &str) -> String {
        let known = self.reader.places.iter().find(|(known, ..)| *known == name);
        let told = mapping::cell(self.row, known.and_then(|(_, place, _)| *place));
        if told.is_empty() { known.and_then(|(_, _, default)| default.clone()).unwrap_or_default() } else { told.to_owned() }
    }

    fn fault<T>(&mut self, name: &str, problem: impl Into<String>) -> Option<T> {
        let cell = self.text(name);
        self.problems.push(Problem::cell(self.row, name, &cell, problem));
        None
    }

    fn value(&mut self, name: &str, kind: Kind, cell: &str) -> Option<Value> {
        match read_problem(read::cell(kind, cell, &|_, _| Ok(None))) {
            Ok(Ok(value)) => Some(value),
            Ok(Err(problem)) => self.fault(name, problem),
            Err(refusal) => {
                self.broken = Some(refusal);
                None
            }
        }
    }

    fn line(&mut self, name: &str) -> Option<String> {
        let cell = self.text(name);
        match self.value(name, Kind::Line(crate::base::limits::TEXT_MAX), &cell)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn pieces(&mut self, name: &str, least: i64) -> Option<i64> {
        let cell = self.text(name);
        if cell.is_empty() {
            return if least == 0 { Some(0) } else { self.fault(name, "must be given") };
        }
        let number = self.reader.mapping.number(&cell).into_owned();
        match self.value(name, Kind::Int, &number)? {
            Value::Int(pieces) if (least..=PIECES_MAX).contains(&pieces) => Some(pieces),
            _ => self.fault(name, format!("must be {least} to {PIECES_MAX}")),
        }
    }

    fn time(&mut self, name: &str) -> Option<Time> {
        let cell = self.text(name);
        let zone = &self.reader.zone;
        let read = match &self.reader.mapping.time_format {
            None => Time::parse_local(&cell, zone).map_err(|fault| fault.to_string()),
            Some(format) => DateTime::strptime(format, &cell)
                .ok()
                .and_then(|at| Time::from_civil(at, zone))
                .ok_or_else(|| format!("is not a time written as {}", shown(format)))
                .and_then(|time| time.checked().map_err(|fault| fault.to_string())),
        };
        read.map_or_else(|problem| self.fault(name, problem), Some)
    }

    fn activity(&mut self) -> Option<ActivityType> {
        let cell = self.text("activity_type");
        if cell.is_empty() {
            return Some(ActivityType::DirectLabor);
        }
        match self.reader.activities.get(&cell.to_lowercase()) {
            Some(activity) => Some(*activity),
            None => self.fault("activity_type", format!("must be one of {}", self.reader.activities.keys().cloned().collect::<Vec<_>>().join(", "))),
        }
    }

    fn rework(&mut self) -> Option<bool> {
        let cell = self.text("rework");
        if cell.is_empty() {
            return Some(false);
        }
        if self.reader.mapping.rework_yes.iter().any(|word| word.eq_ignore_ascii_case(&cell)) {
            return Some(true);
        }
        match self.value("rework", Kind::Bool, &cell)? {
            Value::Bool(yes) => Some(yes),
            _ => None,
        }
    }
}

type Operation<'l> = (&'l str, &'l str);

fn operation<'l>(line: &'l Line<'_>) -> Operation<'l> {
    (&line.report.work_order_number, &line.report.operation_name)
}

fn made(line: &Line<'_>) -> i64 {
    line.report.good_quantity + line.report.rejected_quantity + line.report.held_quantity
}

/// Keys of the rows that bring an operation above what was ordered, or find it there.
fn over_plan(lines: &[Line<'_>]) -> HashSet<String> {
    let mut sums: HashMap<Operation<'_>, i64> = HashMap::new();
    let mut keys = HashSet::new();
    for line in lines.iter().filter(|line| made(line) > 0) {
        let sum = sums.entry(operation(line)).or_default();
        *sum += made(line);
        if *sum > line.report.planned_quantity {
            keys.insert(line.report.source_key.clone());
        }
    }
    keys
}

fn figures(lines: &[&Line<'_>]) -> Figures {
    let mut made_by: HashMap<Operation<'_>, (i64, i64)> = HashMap::new();
    let mut sums = Figures { reports: lines.len() as u64, ..Figures::default() };
    let mut times = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    let mut total = 0;
    for line in lines {
        let it = &line.report;
        sums.repeated += u64::from(line.repeated);
        sums.good += it.good_quantity;
        sums.rejected += it.rejected_quantity;
        sums.held += it.held_quantity;
        let operation = made_by.entry(operation(line)).or_insert((0, it.planned_quantity));
        operation.0 += made(line);
        let micros = it.ended_at.micros() - it.started_at.micros();
        total += micros;
        for (map, key) in times.iter_mut().zip([it.activity_type.word(), &it.work_center_name, &it.employee_code]) {
            *map.entry(key.to_owned()).or_insert(0) += micros;
        }
    }
    let [by_activity, by_work_center, by_worker] = times.map(|map| map.into_iter().map(|(key, micros)| (key, hours(micros))).collect());
    Figures {
        orders: made_by.keys().map(|(order, _)| order).collect::<HashSet<_>>().len() as u64,
        operations: made_by.len() as u64,
        over_plan_operations: made_by.values().filter(|(made, planned)| made > planned).count() as u64,
        overlapping_reports: overlapping(lines),
        hours: hours(total),
        hours_by_activity: by_activity,
        hours_by_work_center: by_work_center,
        hours_by_worker: by_worker,
        ..sums
    }
}

/// Reports that begin before an earlier report of the same work center has ended.
fn overlapping(lines: &[&Line<'_>]) -> u64 {
    let mut spans: Vec<(&str, Time, Time)> = lines.iter().map(|line| (line.report.work_center_name.as_str(), line.report.started_at, line.report.ended_at)).collect();
    spans.sort_unstable();
    let mut count = 0;
    let mut busy: Option<(&str, Time)> = None;
    for (center, started, ended) in spans {
        busy = match busy {
            Some((same, until)) if same == center => {
                count += u64::from(started < until);
                Some((center, until.max(ended)))
            }
            _ => Some((center, ended)),
        };
    }
    count
}

/// Hours with two places.
fn hours(micros: i64) -> Decimal {
    Decimal::from_scaled((micros + 180_000).div_euclid(360_000)).unwrap_or_default().rounded(2)
}
