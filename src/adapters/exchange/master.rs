//! Master data and open orders: columns are called as the record's, a record that is there under
//! its number is changed where the file says otherwise, and made where it is not. An empty cell
//! says nothing, so it never clears a field. Bills of material and routings come one line or step a
//! row, and rows of the same product and revision are one record.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::mapping::{self, Mapping};
use super::pipeline::{OUTSTANDING_MAX, submit_all};
use super::report::{Problem, Report};
use super::table::{Row, Table, shown};
use super::{Request, read_problem};
use crate::base::{Decimal, Refusal, Value, limits};
use crate::bodies::read;
use crate::engine::{Engine, Envelope};
use crate::model::command::FieldValues;
use crate::model::field::Access;
use crate::model::journal::Origin;
use crate::model::{AnyRecord, Command, FieldSpec, Kind, Noun, Subject};
use crate::views;
use crate::views::list::{Compare, Filter, Query};

/// Stands for a record that an earlier row of the same file would make.
const TO_BE_MADE: u64 = u64::MAX;

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

/// The questions that an import asks of one moment of the plant.
#[derive(Clone, Copy)]
struct Look<'s> {
    resolve: read::Resolve<'s>,
    record: &'s dyn Fn(Subject) -> Result<Option<Found>, Refusal>,
    list: &'s dyn Fn(Noun, &Query) -> Result<Vec<Found>, Refusal>,
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
struct Sight {
    dry_run: bool,
    /// Keys of records, and the row that has each.
    seen: HashMap<String, u64>,
    /// Numbers of records that are being made (in a dry run: would be).
    made: HashSet<String>,
}

/// A column that the file, or the mapping's defaults, speak of.
struct Column {
    at: usize,
    spec: &'static FieldSpec,
    place: Option<usize>,
    default: Option<String>,
}

/// How the rows of a file become records of a noun.
struct Plan<'a> {
    noun: Noun,
    mapping: &'a Mapping,
    columns: Vec<Column>,
    /// Columns that a record is found again by.
    keys: Vec<usize>,
    /// The list that takes one item a row, and its columns.
    lines: Option<(usize, Vec<Column>)>,
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
        let mut reader = Reading { plan: self, look, sight, waits: Cell::new(false), blank: crate::model::blank(self.noun) };
        let given = reader.heads(rows, &mut problems)?;
        let lines = reader.lines(rows, &mut problems)?;
        if reader.waits.get() {
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
        let mut reader = Reading { plan: self, look, sight, waits: Cell::new(false), blank: crate::model::blank(self.noun) };
        for column in &self.columns {
            if let Some(default) = column.default.as_ref().filter(|_| !values.iter().any(|(at, _)| *at == column.at)) {
                match reader.value(column.spec, Some(column.at), default)? {
                    Ok(value) => values.push((column.at, value)),
                    Err(problem) => problems.push(Problem::cell(row, column.spec.name, default, problem)),
                }
            }
        }
        if reader.waits.get() {
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

/// Reading the cells of one record.
struct Reading<'r> {
    plan: &'r Plan<'r>,
    look: Look<'r>,
    sight: &'r Sight,
    waits: Cell<bool>,
    blank: Box<dyn AnyRecord>,
}

impl Reading<'_> {
    /// The record's own columns: what its rows say, which must not differ between them.
    fn heads(&mut self, rows: &[&Row], problems: &mut Vec<Problem>) -> Result<FieldValues, Refusal> {
        let mut values = FieldValues::new();
        let plan = self.plan;
        for column in &plan.columns {
            let mut told = rows.iter().map(|row| (*row, mapping::cell(row, column.place))).filter(|(_, cell)| !cell.is_empty());
            let key = plan.keys.contains(&column.at);
            let (row, cell) = match told.next() {
                Some(first) => first,
                None if key => (rows[0], column.default.as_deref().unwrap_or_default()),
                None => continue,
            };
            if let Some((other, cell)) = told.find(|(_, other)| *other != cell) {
                problems.push(Problem::cell(other, column.spec.name, cell, format!("differs from row {} of the same record", row.number)));
                continue;
            }
            if cell.is_empty() {
                if column.spec.name == plan.noun.number_column() {
                    problems.push(Problem::cell(row, column.spec.name, "", "must be given, so that the record is found again"));
                }
                continue;
            }
            match self.value(column.spec, Some(column.at), cell)? {
                Ok(value) => values.push((column.at, value)),
                Err(problem) => problems.push(Problem::cell(row, column.spec.name, cell, problem)),
            }
        }
        Ok(values)
    }

    /// The list that takes one item a row.
    fn lines(&mut self, rows: &[&Row], problems: &mut Vec<Problem>) -> Result<Option<(usize, Value)>, Refusal> {
        let plan = self.plan;
        let Some((at, columns)) = &plan.lines else { return Ok(None) };
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let mut fields = Vec::new();
            for column in columns {
                let told = mapping::cell(row, column.place);
                let cell = if told.is_empty() { column.default.as_deref().unwrap_or_default() } else { told };
                if cell.is_empty() {
                    if column.spec.required() {
                        problems.push(Problem::cell(row, column.spec.name, "", "must be given"));
                    }
                    continue;
                }
                match self.value(column.spec, None, cell)? {
                    Ok(value) => fields.push((column.spec.name, value)),
                    Err(problem) => problems.push(Problem::cell(row, column.spec.name, cell, problem)),
                }
            }
            items.push(Value::Object(fields));
        }
        if items.len() > limits::LIST_MAX {
            problems.push(Problem::row(rows[0], format!("has {} lines; at most {} are taken", items.len(), limits::LIST_MAX)));
        }
        if !problems.is_empty() {
            return Ok(None);
        }
        Ok(match self.whole(*at, Value::List(items)) {
            Ok(Value::List(mut items)) => {
                // The plant keeps the steps of a routing in their sequence.
                items.sort_by_key(|item| match item {
                    Value::Object(fields) => {
                        fields.iter().find_map(|(name, value)| if let ("operation_sequence", Value::Int(number)) = (*name, value) { Some(*number) } else { None })
                    }
                    _ => None,
                });
                Some((*at, Value::List(items)))
            }
            Ok(value) => Some((*at, value)),
            Err(problem) => {
                problems.push(Problem::row(rows[0], problem));
                None
            }
        })
    }

    /// A cell's content; the inner `Err` is the sentence for the person who wrote the file.
    fn value(&mut self, spec: &FieldSpec, at: Option<usize>, cell: &str) -> Result<Result<Value, String>, Refusal> {
        let value = match (spec.kind, at) {
            (Kind::List(Kind::Object(items)), Some(_)) => self.packed(items, cell)?,
            (kind, _) => self.plain(kind, cell)?,
        };
        Ok(value.and_then(|value| at.map_or(Ok(value.clone()), |at| self.whole(at, value))).and_then(|value| match range_fault(spec.name, &value) {
            Some(fault) => Err(fault.to_owned()),
            None => Ok(value),
        }))
    }

    fn plain(&self, kind: Kind, cell: &str) -> Result<Result<Value, String>, Refusal> {
        let cell = if matches!(kind, Kind::Int | Kind::Dec) { self.plan.mapping.number(cell) } else { cell.into() };
        read_problem(read::cell(kind, &cell, &|noun, text| self.resolve(noun, text)))
    }

    /// Small lists that stand in one cell: `laser=2027-06-30; forklift`.
    fn packed(&self, items: &'static [FieldSpec], cell: &str) -> Result<Result<Value, String>, Refusal> {
        let mut list = Vec::new();
        for part in cell.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let mut fields = Vec::new();
            let texts: Vec<&str> = part.split('=').map(str::trim).collect();
            if texts.len() > items.len() {
                return Ok(Err(format!("must be written as {}; ...", items.iter().map(|spec| spec.name).collect::<Vec<_>>().join("="))));
            }
            for (spec, text) in items.iter().zip(texts) {
                match self.plain(spec.kind, text)? {
                    Ok(value) => fields.push((spec.name, value)),
                    Err(problem) => return Ok(Err(format!("{} {problem}", spec.name))),
                }
            }
            list.push(Value::Object(fields));
        }
        Ok(Ok(Value::List(list)))
    }

    /// The value as the record gives it back, so that it compares with what is stored.
    fn whole(&mut self, at: usize, value: Value) -> Result<Value, String> {
        self.blank.set(at, value).map_err(|fault| fault.0)?;
        Ok(self.blank.value(at))
    }

    fn resolve(&self, noun: Noun, text: &str) -> Result<Option<u64>, Refusal> {
        if let Some(number) = (self.look.resolve)(noun, text)? {
            return Ok(Some(number));
        }
        if noun == self.plan.noun && self.sight.made.contains(text) {
            self.waits.set(!self.sight.dry_run);
            return Ok(Some(TO_BE_MADE));
        }
        if noun == Noun::Factory { factory_called(self.look, text) } else { Ok(None) }
    }
}

/// A site has no number of its own: files call it by its name.
fn factory_called(look: Look<'_>, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(column) = crate::model::columns(Noun::Factory).iter().position(|spec| spec.name == "factory_name") else { return Ok(None) };
    let filters = vec![Filter { column, compare: Compare::Is, value: Value::Text(name.to_owned()) }];
    let found = (look.list)(Noun::Factory, &Query { filters, limit: 1, ..Query::default() })?;
    Ok(found.first().map(|record| record.number()))
}

/// What a record is found again by, where its noun has no number of its own.
const fn key_columns(noun: Noun) -> &'static [&'static str] {
    match noun {
        Noun::Factory => &["factory_name"],
        Noun::CalendarException => &["exception_date", "factory_id", "work_center_id", "start_time"],
        Noun::BillOfMaterial | Noun::Routing => &["product_id", "revision"],
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

/// What no rule takes in any figure that people give, so that a dry run says it too.
fn range_fault(name: &str, value: &Value) -> Option<&'static str> {
    match value {
        // The rule takes 0 for "not given" and keeps 5, so the file would differ for ever.
        Value::Int(number) if name == "priority" && !(1..=10).contains(number) => Some("must be 1 (highest) to 10 (lowest)"),
        Value::Int(number) if *number < 0 => Some("must not be negative"),
        Value::Dec(number) if number.is_negative() => Some("must not be negative"),
        Value::Dec(number) if name.ends_with("_percentage") && Decimal::whole(100).is_some_and(|most| *number > most) => Some("must be at most 100"),
        _ => None,
    }
}
