//! Master data and open orders: columns are called as the record's, a record that is there under
//! its number is changed where the file says otherwise, and made where it is not. An empty cell
//! says nothing, so it never clears a field. Bills of material and routings come one line or step a
//! row, and rows of the same product and revision are one record.

use std::collections::{HashMap, HashSet};

use super::Request;
use super::mapping::{self, Mapping};
use super::pipeline::{OUTSTANDING_MAX, submit_all};
use super::reading::Reading;
use super::report::{Problem, Report};
use super::table::{Row, Table, shown};
use crate::base::{Refusal, Value, limits};
use crate::bodies::read;
use crate::engine::{Engine, Envelope};
use crate::model::command::FieldValues;
use crate::model::field::Access;
use crate::model::journal::Origin;
use crate::model::{AnyRecord, Command, FieldSpec, Kind, Noun, Subject};
use crate::views;
use crate::views::list::{Compare, Filter, Query};

pub(super) fn run(
    engine: &Engine,
    request: &Request<'_>,
    noun: Noun,
    mapping: &Mapping,
    table: &Table,
    report: &mut Report,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), Refusal> {
    let plan = Plan::new(noun, mapping, table)?;
    report.ignored_columns = plan.ignored(table);
    let units = plan.units(table);
    let mut sight = Sight { dry_run: request.dry_run, ..Sight::default() };
    let (mut next, mut rows_done) = (0, 0);
    while next < units.len() {
        let mut batch = Vec::new();
        engine.read(|snapshot| {
            let look = Look {
                resolve: &|noun, text| views::resolve(snapshot, noun, text),
                record: &|subject| Ok(views::record(snapshot, subject)?.map(|row| row.record)),
                list: &|noun, query| Ok(views::list::list(snapshot, noun, query)?.rows.into_iter().map(|row| row.record).collect()),
            };
            prepare_some(look, &plan, &units, &mut next, &mut sight, &mut batch)
        })??;
        let mut sent = Vec::new();
        for (at, prepared) in batch {
            rows_done += units[at].len() as u64;
            match prepared {
                Prepared::Refused(problems) => report.refuse(problems),
                Prepared::Unchanged => report.unchanged += 1,
                Prepared::Do(command) => sent.push((at, *command)),
                Prepared::Wait => {}
            }
        }
        submit(engine, request, &plan, &units, sent, report)?;
        // What waited in this batch is in the plant now, and the next snapshot finds it there.
        if !request.dry_run {
            sight.made.clear();
        }
        progress(rows_done, report.rows);
    }
    report.sort();
    Ok(())
}

/// Prepares units until a batch is full, or until one refers to a record that the batch makes.
fn prepare_some(look: Look<'_>, plan: &Plan<'_>, units: &[Vec<&Row>], next: &mut usize, sight: &mut Sight, batch: &mut Vec<(usize, Prepared)>) -> Result<(), Refusal> {
    while *next < units.len() && batch.len() < OUTSTANDING_MAX {
        let prepared = plan.prepare(look, &units[*next], sight)?;
        if matches!(prepared, Prepared::Wait) {
            return Ok(());
        }
        batch.push((*next, prepared));
        *next += 1;
    }
    Ok(())
}

fn submit(engine: &Engine, request: &Request<'_>, plan: &Plan<'_>, units: &[Vec<&Row>], sent: Vec<(usize, Command)>, report: &mut Report) -> Result<(), Refusal> {
    let makes: Vec<(usize, bool)> = sent.iter().map(|(at, command)| (*at, matches!(command, Command::Create { .. }))).collect();
    let envelopes = sent.into_iter().map(|(at, command)| Envelope {
        origin: Origin::Import,
        reason: Some(format!("imported from {}, row {}", shown(request.file_name), units[at][0].number)),
        ..Envelope::of(request.actor.clone(), command)
    });
    let answers =
        if request.dry_run { makes.iter().map(|_| Ok(())).collect() } else { submit_all(engine, envelopes)?.into_iter().map(|answer| answer.map(|_| ())).collect::<Vec<_>>() };
    for ((at, made), answer) in makes.into_iter().zip(answers) {
        match answer {
            Ok(()) if made => report.created += 1,
            Ok(()) => report.updated += 1,
            Err(refusal) => report.refuse(vec![plan.problem_of(units[at][0], refusal)]),
        }
    }
    Ok(())
}

type Found = Box<dyn AnyRecord>;
type List<'s> = &'s dyn Fn(Noun, &Query) -> Result<Vec<Found>, Refusal>;

/// The questions that an import asks of one moment of the plant.
#[derive(Clone, Copy)]
pub(super) struct Look<'s> {
    pub(super) resolve: read::Resolve<'s>,
    record: &'s dyn Fn(Subject) -> Result<Option<Found>, Refusal>,
    pub(super) list: List<'s>,
}

/// What a unit comes to.
enum Prepared {
    Refused(Vec<Problem>),
    Unchanged,
    Do(Box<Command>),
    /// It refers to a record that is on its way.
    Wait,
}

/// What earlier rows of the file have claimed.
#[derive(Default)]
pub(super) struct Sight {
    pub(super) dry_run: bool,
    /// Keys of records, and the row that has each.
    seen: HashMap<String, u64>,
    /// Numbers of records that are being made (in a dry run: would be).
    pub(super) made: HashSet<String>,
}

/// A column that the file, or the mapping's defaults, speak of.
pub(super) struct Column {
    pub(super) at: usize,
    pub(super) spec: &'static FieldSpec,
    pub(super) place: Option<usize>,
    pub(super) default: Option<String>,
}

/// How the rows of a file become records of a noun.
pub(super) struct Plan<'a> {
    pub(super) noun: Noun,
    pub(super) mapping: &'a Mapping,
    pub(super) columns: Vec<Column>,
    /// Columns that a record is found again by.
    pub(super) keys: Vec<usize>,
    /// The list that takes one item a row, and its columns.
    pub(super) lines: Option<(usize, Vec<Column>)>,
}

impl<'a> Plan<'a> {
    fn new(noun: Noun, mapping: &'a Mapping, table: &Table) -> Result<Self, Refusal> {
        let specs = crate::model::columns(noun);
        let list = match noun {
            Noun::BillOfMaterial => Some("lines"),
            Noun::Routing => Some("steps"),
            _ => None,
        };
        let list = list.and_then(|name| specs.iter().enumerate().find(|(_, spec)| spec.name == name));
        let items: &[FieldSpec] = match list {
            Some((_, FieldSpec { kind: Kind::List(Kind::Object(items)), .. })) => items,
            _ => &[],
        };
        let list = list.map(|(at, _)| at);
        let own = |(at, spec): (usize, &'static FieldSpec)| (spec.access != Access::Made && Some(at) != list).then_some((at, spec));
        let heads: Vec<_> = specs.iter().enumerate().filter_map(own).collect();
        mapping.check_names(&heads.iter().map(|(_, spec)| spec.name).chain(items.iter().map(|spec| spec.name)).collect::<Vec<_>>())?;
        let known = |(at, spec): (usize, &'static FieldSpec)| {
            let (place, default) = (mapping.place(table, spec.name), mapping.default_of(spec.name));
            (place.is_some() || default.is_some()).then_some(Column { at, spec, place, default })
        };
        let columns: Vec<Column> = heads.iter().copied().filter_map(known).collect();
        let item_columns: Vec<Column> = items.iter().enumerate().filter_map(known).collect();
        let keys: Vec<usize> = key_columns(noun).iter().filter_map(|name| specs.iter().position(|spec| spec.name == *name)).collect();
        let number = noun.number_column();
        let wanted = heads.iter().filter(|(_, spec)| spec.required() || spec.name == number).map(|(_, spec)| spec.name);
        let wanted = wanted.chain(items.iter().filter(|spec| spec.required()).map(|spec| spec.name));
        let there = |name: &str| columns.iter().chain(&item_columns).any(|column| column.spec.name == name);
        let mut missing = mapping.broken_promises(table);
        missing.extend(wanted.filter(|name| !there(name) && mapping.theirs(name) == *name).map(str::to_owned));
        if !missing.is_empty() {
            return Err(mapping::missing(&missing, table));
        }
        Ok(Self { noun, mapping, columns, keys, lines: list.map(|at| (at, item_columns)) })
    }

    fn all_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().chain(self.lines.iter().flat_map(|(_, columns)| columns))
    }

    fn ignored(&self, table: &Table) -> Vec<String> {
        let used: HashSet<usize> = self.all_columns().filter_map(|column| column.place).collect();
        table.header.iter().enumerate().filter(|(at, name)| !used.contains(at) && !name.is_empty()).map(|(_, name)| shown(name)).collect()
    }

    /// The rows of each record, in the order of their first.
    fn units<'t>(&self, table: &'t Table) -> Vec<Vec<&'t Row>> {
        if self.lines.is_none() {
            return table.rows.iter().map(|row| vec![row]).collect();
        }
        let mut places: HashMap<Vec<&str>, usize> = HashMap::new();
        let mut units: Vec<Vec<&Row>> = Vec::new();
        for row in &table.rows {
            let key = self.columns.iter().filter(|column| self.keys.contains(&column.at)).map(|column| mapping::cell(row, column.place)).collect();
            let at = *places.entry(key).or_insert(units.len());
            match units.get_mut(at) {
                Some(rows) => rows.push(row),
                None => units.push(vec![row]),
            }
        }
        units
    }

    fn prepare(&self, look: Look<'_>, rows: &[&Row], sight: &mut Sight) -> Result<Prepared, Refusal> {
        let mut problems: Vec<Problem> = rows.iter().filter_map(|row| row.fault.as_ref().map(|fault| Problem::row(row, fault))).collect();
        if !problems.is_empty() {
            return Ok(Prepared::Refused(problems));
        }
        let mut reader = Reading::new(self, look, sight);
        let given = reader.heads(rows, &mut problems)?;
        let lines = reader.lines(rows, &mut problems)?;
        if reader.waits() {
            return Ok(Prepared::Wait);
        }
        if !problems.is_empty() {
            return Ok(Prepared::Refused(problems));
        }
        let values: FieldValues = given.into_iter().chain(lines).collect();
        let key: String = self.keys.iter().map(|at| format!("{}\u{1f}", value_at(&values, *at))).collect();
        if let Some(earlier) = sight.seen.get(&key) {
            let column = key_columns(self.noun)[0];
            return Ok(Prepared::Refused(vec![Problem { problem: format!("stands in row {earlier} already"), ..self.about(rows[0], column) }]));
        }
        let number = value_at(&values, self.keys[0]).to_string();
        let prepared = match self.existing(look, &values)? {
            Some(record) => self.change(rows[0], record.as_ref(), values),
            None => self.make(look, rows[0], values, sight)?,
        };
        if !matches!(prepared, Prepared::Refused(_)) {
            sight.seen.insert(key, rows[0].number);
            if matches!(&prepared, Prepared::Do(command) if matches!(**command, Command::Create { .. })) && !self.noun.number_column().is_empty() {
                sight.made.insert(number);
            }
        }
        Ok(prepared)
    }

    /// The record that has the key, if there is one.
    fn existing(&self, look: Look<'_>, values: &FieldValues) -> Result<Option<Box<dyn AnyRecord>>, Refusal> {
        if !self.noun.number_column().is_empty() {
            let number = (look.resolve)(self.noun, &value_at(values, self.keys[0]).to_string())?;
            return Ok(number.map(|number| (look.record)(Subject { noun: self.noun, number })).transpose()?.flatten());
        }
        let filters = self.keys.iter().map(|at| Filter { column: *at, compare: Compare::Is, value: value_at(values, *at).clone() }).collect();
        // Of several alike, the newest is the one that the plant works with.
        Ok((look.list)(self.noun, &Query { filters, limit: limits::PAGE_MAX, ..Query::default() })?.pop())
    }

    fn change(&self, row: &Row, record: &dyn AnyRecord, values: FieldValues) -> Prepared {
        let specs = record.specs();
        let changed: FieldValues = values.into_iter().filter(|(at, value)| record.value(*at) != *value).collect();
        let fixed: Vec<Problem> = changed
            .iter()
            .filter(|(at, _)| specs[*at].access == Access::Once)
            .map(|(at, _)| Problem {
                problem: format!("cannot be changed once the record is made; it is {} there", shown(&record.value(*at).to_string())),
                ..self.about(row, specs[*at].name)
            })
            .collect();
        if !fixed.is_empty() {
            return Prepared::Refused(fixed);
        }
        if changed.is_empty() {
            return Prepared::Unchanged;
        }
        Prepared::Do(Box::new(Command::Update { subject: Subject { noun: self.noun, number: record.number() }, values: changed }))
    }

    fn make(&self, look: Look<'_>, row: &Row, mut values: FieldValues, sight: &Sight) -> Result<Prepared, Refusal> {
        let mut problems = Vec::new();
        let mut reader = Reading::new(self, look, sight);
        for column in &self.columns {
            if let Some(default) = column.default.as_ref().filter(|_| !values.iter().any(|(at, _)| *at == column.at)) {
                match reader.value(column.spec, Some(column.at), default)? {
                    Ok(value) => values.push((column.at, value)),
                    Err(problem) => problems.push(Problem::cell(row, column.spec.name, default, problem)),
                }
            }
        }
        if reader.waits() {
            return Ok(Prepared::Wait);
        }
        for (at, spec) in crate::model::columns(self.noun).iter().enumerate() {
            if spec.required() && !values.iter().any(|(given, _)| *given == at) {
                problems.push(Problem { problem: "must be given".to_owned(), ..self.about(row, spec.name) });
            }
        }
        let number = self.noun.number_column();
        if !number.is_empty() && self.noun.number_of(&value_at(&values, self.keys[0]).to_string()).is_some() {
            problems.push(Problem { problem: "has the form of an id that the plant gives; choose another number".to_owned(), ..self.about(row, number) });
        }
        Ok(if problems.is_empty() { Prepared::Do(Box::new(Command::Create { noun: self.noun, values })) } else { Prepared::Refused(problems) })
    }

    /// A problem about a column of ours, with what the row has there; its sentence is still to come.
    fn about(&self, row: &Row, column: &str) -> Problem {
        let place = self.all_columns().find(|known| known.spec.name == column).and_then(|known| known.place);
        Problem::cell(row, column, mapping::cell(row, place), "")
    }

    fn problem_of(&self, row: &Row, refusal: Refusal) -> Problem {
        match &refusal.field {
            Some(field) => Problem { problem: refusal.detail.clone(), ..self.about(row, field) },
            None => Problem::row(row, refusal.detail),
        }
    }
}

/// What a record is found again by, where its noun has no number of its own.
const fn key_columns(noun: Noun) -> &'static [&'static str] {
    match noun {
        Noun::Factory => &["factory_name"],
        Noun::CalendarException => &["exception_date", "factory_id", "work_center_id", "start_time"],
        Noun::BillOfMaterial | Noun::Routing => &["product_id", "revision"],
        Noun::LineProductMapping => &["line_id", "product_id"],
        Noun::CustomerProductMapping => &["customer_id", "product_id"],
        Noun::Connector => &["connector_code"],
        Noun::MachineSignal => &["machine_id", "role"],
        Noun::ReportSchedule => &["schedule_code"],
        Noun::Tool => &["tool_code"],
        Noun::ExpectedReceipt => &["purchase_order_number", "material_id"],
        Noun::PlanningRule => &["work_center_id"],
        Noun::Sensor => &["sensor_code"],
        Noun::ProductionLine => &["line_number"],
        Noun::WorkCenter => &["work_center_code"],
        Noun::Machine => &["machine_code"],
        Noun::Employee => &["employee_code"],
        Noun::Shift => &["shift_code"],
        Noun::Customer => &["customer_code"],
        Noun::Supplier => &["supplier_code"],
        Noun::Product => &["product_code"],
        Noun::Material => &["material_code"],
        Noun::WorkOrder => &["work_order_number"],
        _ => &[],
    }
}

fn value_at(values: &FieldValues, at: usize) -> &Value {
    values.iter().find(|(given, _)| *given == at).map_or(&Value::Null, |(_, value)| value)
}
