//! An indicator over a period, group by group: facts and a snapshot go in, sums with their names come
//! out. A group without a denominator stays in the answer and is told as having no data.

use jiff::tz::TimeZone;

use super::resolve;
use crate::base::{ClockTime, Code, Date, Decimal, Refusal, Time, Value, limits};
use crate::kpi::calendar;
use crate::kpi::facts::ms;
use crate::kpi::tally::{Groups, tally};
use crate::kpi::{Facts, Question};
use crate::model::plant::{LineType, Status};
use crate::model::{Employee, Id, Noun, Product, ProductionLine, Shift, WorkCenter, WorkOrder};
use crate::store::{Snapshot, StoreError, View as _};

pub use crate::kpi::indicators::ALL;
pub use crate::kpi::{By, Elements, Indicator};

/// Days of a period where none is told.
const DAYS_DEFAULT: i32 = 7;

/// Parameters that narrow a figure to records of a noun.
pub const FILTERS: &[(&str, By, Noun)] = &[
    ("work_center_id", By::WorkCenter, Noun::WorkCenter),
    ("line_id", By::Line, Noun::ProductionLine),
    ("work_order_id", By::WorkOrder, Noun::WorkOrder),
    ("product_id", By::Product, Noun::Product),
    ("shift_id", By::Shift, Noun::Shift),
    ("employee_id", By::Employee, Noun::Employee),
];

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The indicator's name.
    pub name: String,
    /// Told apart by.
    pub by: By,
    /// From.
    pub from: Option<Time>,
    /// To.
    pub to: Option<Time>,
    /// Parameters of [`FILTERS`] with what they name.
    pub filters: Vec<(&'static str, String)>,
    /// A type, number or name of lines.
    pub department: Option<String>,
    /// The plant's time.
    pub now: Time,
}

/// A group with its sums.
pub struct Group {
    /// Which one, as its ids and names.
    pub label: Vec<(&'static str, Value)>,
    /// The sums.
    pub sums: Elements,
    /// The figure; absent where there is no data.
    pub value: Option<Decimal>,
}

/// An answer.
pub struct Answer {
    /// What was asked for.
    pub indicator: &'static Indicator,
    /// How it is told apart.
    pub by: By,
    /// From.
    pub from: Time,
    /// To; what lies after now is not known yet.
    pub to: Time,
    /// From when facts are known.
    pub facts_from: Option<Time>,
    /// The entry of the journal it goes up to.
    pub as_of_seq: u64,
    /// The groups.
    pub groups: Vec<Group>,
}

/// Answers a question.
pub fn answer(snapshot: &Snapshot, facts: &Facts, ask: &Ask) -> Result<Answer, Refusal> {
    let indicator = indicator(&ask.name)?;
    let (from, to) = period(facts, ask)?;
    may_group(indicator, ask.by, "by")?;
    let only = filters(snapshot, facts, indicator, ask)?;
    let question = Question { from: ms(from), to: ms(to), now: ms(ask.now), by: ask.by, only, family: indicator.family };
    let mut groups = tally(facts, &question);
    add_known(facts, &question, &mut groups);
    if groups.len() > limits::KPI_GROUPS_MAX {
        let told = groups.len();
        return Err(Refusal::invalid(
            "by",
            format!("{told} groups are more than the {} of one answer; narrow the period or name a work center, line or order", limits::KPI_GROUPS_MAX),
        ));
    }
    // What belongs to no group stands last, and only if it is anything.
    let none = groups.remove(&None).filter(|sums| *sums != Elements::default()).map(|sums| (None, sums));
    let groups = groups.into_iter().chain(none).map(|(number, sums)| Ok(Group { label: label(snapshot, facts, ask.by, number)?, value: indicator.value(&sums), sums }));
    let groups = groups.collect::<Result<Vec<Group>, StoreError>>()?;
    Ok(Answer { indicator, by: ask.by, from, to, facts_from: facts.from(), as_of_seq: facts.as_of_seq, groups })
}

/// What a figure is told apart by, from its word; the total where nothing is told.
pub fn by(word: Option<&str>) -> Result<By, Refusal> {
    let Some(word) = word else { return Ok(By::Total) };
    By::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = By::ALL.iter().map(|by| by.word()).collect();
        Refusal::invalid("by", format!("must be one of {}", words.join(", ")))
    })
}

/// A moment, or a day as its beginning in the plant's zone.
pub fn moment(name: &str, text: &str, zone: &TimeZone) -> Result<Time, Refusal> {
    match text.parse::<Date>() {
        Ok(date) => Ok(date.at(ClockTime::default(), zone)),
        Err(_) => text.parse().map_err(|_| Refusal::invalid(name, "must be a time such as 2026-03-31T06:00:00Z or a day such as 2026-03-31")),
    }
}

/// The indicator of a name.
pub fn indicator(name: &str) -> Result<&'static Indicator, Refusal> {
    Indicator::named(name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        let near = Indicator::near(&shown.to_lowercase());
        let hint = if near.is_empty() { "GET /api/v1/kpi lists them".to_owned() } else { format!("there is {}; GET /api/v1/kpi lists all", near.join(", ")) };
        Refusal::new(Code::NotFound, format!("there is no indicator {shown:?}; {hint}"))
    })
}

fn period(facts: &Facts, ask: &Ask) -> Result<(Time, Time), Refusal> {
    let to = ask.to.unwrap_or(ask.now);
    let from = ask.from.unwrap_or_else(|| to.date(&facts.zone).plus_days(-DAYS_DEFAULT).at(ClockTime::default(), &facts.zone));
    if from >= to {
        return Err(Refusal::invalid("from", format!("must lie before the end of the period, {to}")));
    }
    if from.date(&facts.zone).plus_days(limits::KPI_DAYS) < to.date(&facts.zone) {
        return Err(Refusal::invalid("from", format!("the period must not be longer than {} days", limits::KPI_DAYS)));
    }
    Ok((from, to))
}

fn may_group(indicator: &Indicator, by: By, field: &str) -> Result<(), Refusal> {
    let known = indicator.family.groups();
    if known.contains(&by) {
        return Ok(());
    }
    let words: Vec<&str> = known.iter().map(|by| by.word()).collect();
    Err(Refusal::invalid(field, format!("{} cannot be told by {}; it can by {}", indicator.name, by.word(), words.join(", "))))
}

fn filters(snapshot: &Snapshot, facts: &Facts, indicator: &Indicator, ask: &Ask) -> Result<Vec<(By, Vec<u32>)>, Refusal> {
    let mut only = Vec::new();
    for (name, text) in &ask.filters {
        let Some((_, by, noun)) = FILTERS.iter().find(|(known, ..)| known == name) else { continue };
        may_group(indicator, *by, name)?;
        let shown: String = text.chars().take(60).collect();
        let number = resolve(snapshot, *noun, text)?.ok_or_else(|| Refusal::field(Code::NotFound, name, format!("there is no {shown} among the {}", noun.plural())))?;
        only.push((*by, vec![u32::try_from(number).unwrap_or(u32::MAX)]));
    }
    if let Some(department) = &ask.department {
        may_group(indicator, By::Line, "department")?;
        only.push((By::Line, lines_of(snapshot, facts, department)?));
    }
    Ok(only)
}

/// The lines of a department, by their type, number or name.
fn lines_of(snapshot: &Snapshot, facts: &Facts, department: &str) -> Result<Vec<u32>, Refusal> {
    let mut lines = Vec::new();
    let mut known = Vec::new();
    for number in facts.lines.keys() {
        let Some(line) = snapshot.get(Id::<ProductionLine>::new(u64::from(*number)))? else { continue };
        let names = [line.line_type.word(), line.line_number.as_deref().unwrap_or_default(), &line.line_name];
        if names.iter().any(|name| name.eq_ignore_ascii_case(department)) {
            lines.push(*number);
        }
        known.push(line.line_type.word());
    }
    if lines.is_empty() {
        known.sort_unstable();
        known.dedup();
        let shown: String = department.chars().take(60).collect();
        return Err(Refusal::field(Code::NotFound, "department", format!("there is no department {shown}; there is {}", known.join(", "))));
    }
    Ok(lines)
}

/// Adds the groups that are there whether or not anything happened in them.
fn add_known(facts: &Facts, question: &Question, groups: &mut Groups) {
    let wanted = |by: By, number: u32| question.only.iter().all(|(other, numbers)| *other != by || numbers.contains(&number));
    let end = question.to.min(question.now);
    let known: Vec<i64> = match question.by {
        By::Total => vec![0],
        By::WorkCenter => {
            let active = facts.centers.iter().filter(|(number, center)| center.is_active && wanted(By::WorkCenter, **number) && wanted(By::Line, center.line));
            active.map(|(number, _)| i64::from(*number)).collect()
        }
        By::Line => facts.lines.keys().filter(|number| wanted(By::Line, **number)).map(|number| i64::from(*number)).collect(),
        By::Department => facts.lines.iter().filter(|(number, _)| wanted(By::Line, **number)).map(|(_, line)| line.line_type as i64 + 1).collect(),
        By::Shift => {
            let active = facts.shifts.iter().filter(|(number, shift)| shift.status == Status::Active && wanted(By::Shift, **number));
            active.map(|(number, _)| i64::from(*number)).collect()
        }
        By::Day if question.from < end => calendar::days(question.from, end, &facts.zone),
        By::Hour if question.from < end => calendar::hours(question.from, end, &facts.zone),
        _ => Vec::new(),
    };
    for number in known {
        groups.entry(Some(number)).or_default();
    }
}

fn name(text: Option<String>) -> Value {
    text.map_or(Value::Null, Value::Text)
}

/// A group's ids and names; nulls for what belongs to none.
fn label(snapshot: &Snapshot, facts: &Facts, by: By, number: Option<i64>) -> Result<Vec<(&'static str, Value)>, StoreError> {
    let own = number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
    let key = |noun: Noun| if own == 0 { Value::Null } else { Value::Key(noun.prefix(), own) };
    Ok(match by {
        By::Total => Vec::new(),
        By::WorkCenter => {
            let it: Option<WorkCenter> = snapshot.get(Id::new(own))?;
            let (code, called) = it.map(|it| (it.work_center_code, it.work_center_name)).unzip();
            vec![("work_center_id", key(Noun::WorkCenter)), ("work_center_code", name(code)), ("work_center_name", name(called))]
        }
        By::Line => {
            let it: Option<ProductionLine> = snapshot.get(Id::new(own))?;
            let (code, called) = it.map(|it| (it.line_number, it.line_name)).unzip();
            vec![("line_id", key(Noun::ProductionLine)), ("line_number", name(code.flatten())), ("line_name", name(called))]
        }
        By::Department => {
            let kind = usize::try_from(own).ok().and_then(|own| LineType::ALL.get(own.checked_sub(1)?));
            vec![("department", kind.map_or(Value::Null, |kind| Value::Text(kind.to_string())))]
        }
        By::WorkOrder => {
            let it: Option<WorkOrder> = snapshot.get(Id::new(own))?;
            vec![("work_order_id", key(Noun::WorkOrder)), ("work_order_number", name(it.and_then(|it| it.work_order_number)))]
        }
        By::Product => {
            let it: Option<Product> = snapshot.get(Id::new(own))?;
            let (code, called) = it.map(|it| (it.product_code, it.product_name)).unzip();
            vec![("product_id", key(Noun::Product)), ("product_code", name(code.flatten())), ("product_name", name(called))]
        }
        By::Shift => {
            let it: Option<Shift> = snapshot.get(Id::new(own))?;
            let (code, called) = it.map(|it| (it.shift_code, it.shift_name)).unzip();
            vec![("shift_id", key(Noun::Shift)), ("shift_code", name(code)), ("shift_name", name(called))]
        }
        By::Employee => {
            let it: Option<Employee> = snapshot.get(Id::new(own))?;
            vec![("employee_id", key(Noun::Employee)), ("employee_code", name(it.and_then(|it| it.employee_code)))]
        }
        By::Day => vec![("day", number.map_or(Value::Null, |ms| Value::Date(calendar::date_of(ms, &facts.zone))))],
        By::Hour => vec![("hour", number.map_or(Value::Null, |ms| Value::Time(Time::from_micros(ms * 1_000))))],
    })
}
