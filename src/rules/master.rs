//! Making and changing records that people maintain: one path for all nouns, with a check of its
//! own for each that needs one.

use super::{Moment, need, work_order};
use crate::base::{Code, Decimal, Refusal, Value, limits};
use crate::model::command::FieldValues;
use crate::model::field::{Access, Field as _, Mark};
use crate::model::people::PersonalData;
use crate::model::{
    AnyRecord, BillOfMaterial, Connector, CustomerProductMapping, Employee, ExpectedReceipt, Id, LineProductMapping, MachineSignal, Material, Noun, PlanningRule, Product, Routing,
    Sensor, Shift, Subject, Tool, WorkCenter,
};
use crate::store::{Draft, Halt, View};

pub(super) fn create(draft: &mut Draft<'_, '_>, moment: &Moment, noun: Noun, values: &FieldValues) -> Result<Subject, Halt> {
    if !Noun::MADE_BY_PEOPLE.contains(&noun) {
        return Err(Refusal::new(Code::Invalid, format!("{} are not made directly: they follow from acts", noun.plural())).into());
    }
    let mut record = crate::model::blank(noun);
    fill(record.as_mut(), values, true)?;
    let specs = record.specs();
    for (at, spec) in specs.iter().enumerate() {
        if spec.required() && !values.iter().any(|(given, _)| *given == at) {
            return Err(Refusal::invalid(spec.name, "must be given").into());
        }
    }
    let number = draft.last_number(noun)? + 1;
    record.set_number(number);
    stamp(record.as_mut(), "created_at", Value::Time(moment.recorded_at));
    check_unique(draft, record.as_ref(), 0..specs.len())?;
    check_references(draft, values)?;
    let mut record = check(draft, moment, record)?;
    let subject = Subject { noun, number };
    keep_personal(draft, moment, record.as_mut(), values)?;
    draft.put_any(record)?;
    draft.event(&format!("{}.created", noun.singular()), subject);
    Ok(subject)
}

pub(super) fn update(draft: &mut Draft<'_, '_>, moment: &Moment, subject: Subject, values: &FieldValues) -> Result<Subject, Halt> {
    let mut record = draft.copy(subject)?.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no {subject}")))?;
    fill(record.as_mut(), values, false)?;
    stamp(record.as_mut(), "updated_at", Value::Time(moment.recorded_at));
    check_unique(draft, record.as_ref(), values.iter().map(|(at, _)| *at))?;
    check_references(draft, values)?;
    let mut record = check(draft, moment, record)?;
    keep_personal(draft, moment, record.as_mut(), values)?;
    draft.put_any(record)?;
    draft.event(&format!("{}.changed", subject.noun.singular()), subject);
    Ok(subject)
}

/// Takes names and contacts out of a record: they are kept apart, and only their digest stays.
fn keep_personal(draft: &mut Draft<'_, '_>, moment: &Moment, record: &mut dyn AnyRecord, values: &FieldValues) -> Result<(), Halt> {
    let subject = Subject { noun: record.noun(), number: record.number() };
    let specs = record.specs();
    let mut given = values.iter().filter(|(at, _)| specs[*at].mark == Mark::Personal).peekable();
    if given.peek().is_none() {
        return Ok(());
    }
    let mut data = draft.personal(subject)?.unwrap_or_else(|| PersonalData { salt: moment.salt, fields: Vec::new() });
    for (at, value) in given {
        data.fields.retain(|(column, _)| column != specs[*at].name);
        if !value.is_null() {
            data.fields.push((specs[*at].name.to_owned(), value.to_string()));
        }
        stamp(record, specs[*at].name, Value::Null);
    }
    data.fields.sort_unstable();
    let digest = draft.put_personal(subject, Some(data).filter(|data| !data.fields.is_empty()))?;
    stamp(record, "personal_digest", digest.map_or(Value::Null, Value::Text));
    Ok(())
}

/// Erases names and contacts for good; the journal keeps that it was done, by whom and when.
pub(super) fn erase_person(draft: &mut Draft<'_, '_>, id: Id<Employee>) -> Result<Subject, Halt> {
    let mut employee: Employee = need(draft, id)?;
    let subject = Subject::of(id);
    if employee.personal_digest.is_none() {
        return Err(Refusal::new(Code::IllegalState, format!("{id} has no names or contacts to erase")).into());
    }
    employee.personal_digest = draft.put_personal(subject, None)?;
    employee.status = crate::model::plant::Status::Inactive;
    draft.put(employee)?;
    draft.event("employee.erased", subject);
    Ok(subject)
}

fn fill(record: &mut dyn AnyRecord, values: &FieldValues, creating: bool) -> Result<(), Refusal> {
    let specs = record.specs();
    for (at, value) in values {
        let spec = &specs[*at];
        let allowed = match spec.access {
            Access::Given => true,
            Access::Once => creating,
            Access::Made => false,
        };
        if !allowed {
            let why = if spec.access == Access::Made { "is set by the plant" } else { "cannot be changed once the record is made" };
            return Err(Refusal::invalid(spec.name, why));
        }
        record.set(*at, value.clone()).map_err(|fault| Refusal::invalid(spec.name, fault.0))?;
    }
    Ok(())
}

pub(super) fn stamp(record: &mut dyn AnyRecord, column: &str, value: Value) {
    if let Some(at) = record.specs().iter().position(|spec| spec.name == column) {
        // The column exists and is a time in every noun that has it, so there is nothing to refuse.
        _ = record.set(at, value);
    }
}

/// Only of the columns that were set: what a record keeps was checked when it came.
fn check_unique(draft: &Draft<'_, '_>, record: &dyn AnyRecord, set: impl Iterator<Item = usize>) -> Result<(), Halt> {
    let (noun, specs) = (record.noun(), record.specs());
    for (at, spec) in set.map(|at| (at, &specs[at])).filter(|(_, spec)| spec.mark == Mark::Unique) {
        let Value::Text(text) = record.value(at) else { continue };
        check_number(draft, noun, spec.name, &text, record.number())?;
    }
    Ok(())
}

/// Refuses a number that is in use, or that looks like an id the plant will give to another record.
pub(super) fn check_number(draft: &Draft<'_, '_>, noun: Noun, column: &str, text: &str, own: u64) -> Result<(), Halt> {
    if noun.number_of(text).is_some_and(|number| number != own) {
        return Err(Refusal::invalid(column, format!("{text} has the form of an id that the plant gives; choose another number")).into());
    }
    match draft.unique(noun, column, text)? {
        Some(number) if number != own => Err(Refusal::field(Code::Duplicate, column, format!("{text} is in use by {}", noun.id_text(number))).into()),
        _ => Ok(()),
    }
}

fn check_references(draft: &Draft<'_, '_>, values: &FieldValues) -> Result<(), Halt> {
    let mut open: Vec<&Value> = values.iter().map(|(_, value)| value).collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Key(prefix, number) => {
                let noun = Noun::ALL.iter().copied().find(|noun| noun.prefix() == *prefix);
                let subject = noun.map(|noun| Subject { noun, number: *number });
                let there = match subject {
                    Some(subject) => draft.any(subject)?.is_some(),
                    None => false,
                };
                if !there {
                    return Err(Refusal::new(Code::NotFound, format!("there is no {prefix}-{number:06}")).into());
                }
            }
            Value::List(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    Ok(())
}

fn check(draft: &Draft<'_, '_>, moment: &Moment, record: Box<dyn AnyRecord>) -> Result<Box<dyn AnyRecord>, Halt> {
    check_ranges(record.as_ref())?;
    macro_rules! checked {
        ($ty:ty, $check:expr) => {{
            let mut known = *record.into_any().downcast::<$ty>().map_err(|_| Refusal::new(Code::Internal, "a record of another noun"))?;
            $check(&mut known)?;
            Box::new(known) as Box<dyn AnyRecord>
        }};
    }
    Ok(match record.noun() {
        Noun::Plant => checked!(crate::model::Plant, |plant: &mut crate::model::Plant| match plant.silent_stop_minutes {
            Some(minutes) if !(1..=limits::SILENT_STOP_MINUTES_MAX).contains(&minutes) => {
                Err(Halt::from(Refusal::invalid("silent_stop_minutes", format!("must be 1 to {}", limits::SILENT_STOP_MINUTES_MAX))))
            }
            _ => Ok(()),
        }),
        Noun::WorkOrder => checked!(crate::model::WorkOrder, |order| work_order::check(draft, moment, order)),
        Noun::Shift => checked!(Shift, check_shift),
        Noun::Material => checked!(Material, check_material),
        Noun::BillOfMaterial => checked!(BillOfMaterial, |bom: &mut BillOfMaterial| check_bom(draft, bom)),
        Noun::Routing => checked!(Routing, check_routing),
        Noun::Factory => checked!(crate::model::Factory, check_factory),
        Noun::Employee => checked!(Employee, |employee: &mut Employee| match &employee.hourly_rate {
            Some(rate) if rate.is_negative() => Err(Halt::from(Refusal::invalid("hourly_rate", "must not be negative"))),
            _ => Ok(()),
        }),
        Noun::WorkCenter => checked!(WorkCenter, |center: &mut WorkCenter| match (&center.efficiency_factor, center.capacity_minutes_per_shift) {
            (Some(factor), _) if factor.is_zero() || *factor > Decimal::whole(2).unwrap_or_default() => {
                Err(Halt::from(Refusal::invalid("efficiency_factor", "must lie above 0 and be at most 2")))
            }
            (_, Some(minutes)) if !(1..=1_440).contains(&minutes) => Err(Refusal::invalid("capacity_minutes_per_shift", "must be 1 to 1440").into()),
            _ => Ok(()),
        }),
        Noun::Sensor => checked!(Sensor, |sensor: &mut Sensor| check_sensor(draft, sensor)),
        Noun::LineProductMapping => checked!(LineProductMapping, |it: &mut LineProductMapping| {
            let known: Vec<LineProductMapping> = draft.related("product_id", &it.product_id.to_value(), MAPPINGS_MAX)?;
            let other = known.iter().find(|other| other.line_id == it.line_id && other.line_product_mapping_id != it.line_product_mapping_id);
            refuse_second(other.map(|other| other.line_product_mapping_id.to_string()), "line_id")
        }),
        Noun::Connector => checked!(Connector, |it: &mut Connector| super::connector::check(it)),
        Noun::Tool => checked!(Tool, |it: &mut Tool| super::planning::check_tool(it)),
        Noun::ExpectedReceipt => checked!(ExpectedReceipt, |it: &mut ExpectedReceipt| super::planning::check_receipt(it)),
        Noun::PlanningRule => checked!(PlanningRule, |it: &mut PlanningRule| super::planning::check_rule(draft, it)),
        Noun::ReportSchedule => checked!(crate::model::ReportSchedule, |it: &mut crate::model::ReportSchedule| super::report_schedule::check(draft, it)),
        Noun::MachineSignal => checked!(MachineSignal, |it: &mut MachineSignal| super::machine_signal::check(draft, it)),
        Noun::CustomerProductMapping => checked!(CustomerProductMapping, |it: &mut CustomerProductMapping| {
            let known: Vec<CustomerProductMapping> = draft.related("product_id", &it.product_id.to_value(), MAPPINGS_MAX)?;
            let other = known.iter().find(|other| other.customer_id == it.customer_id && other.customer_product_mapping_id != it.customer_product_mapping_id);
            refuse_second(other.map(|other| other.customer_product_mapping_id.to_string()), "customer_id")
        }),
        _ => record,
    })
}

/// Mappings of one product.
const MAPPINGS_MAX: usize = 10_000;

fn refuse_second(known: Option<String>, column: &str) -> Result<(), Halt> {
    match known {
        Some(known) => Err(Refusal::field(Code::Duplicate, column, format!("{known} maps it to this product already: change that one")).into()),
        None => Ok(()),
    }
}

/// A range begins before it ends, and lies within the measuring range.
fn check_sensor(draft: &Draft<'_, '_>, sensor: &mut Sensor) -> Result<(), Halt> {
    let machine: crate::model::Machine = need(draft, sensor.machine_id)?;
    sensor.line_id = sensor.line_id.or(machine.line_id);
    sensor.factory_id = sensor.factory_id.or(machine.factory_id);
    let measuring = (sensor.measuring_range_min, sensor.measuring_range_max);
    let ranges = [
        ("measuring_range_min", measuring),
        ("normal_range_min", (sensor.normal_range_min, sensor.normal_range_max)),
        ("warning_range_min", (sensor.warning_range_min, sensor.warning_range_max)),
        ("critical_range_min", (sensor.critical_range_min, sensor.critical_range_max)),
    ];
    for (column, (low, high)) in ranges {
        if matches!((low, high), (Some(low), Some(high)) if low >= high) {
            return Err(Refusal::invalid(column, "must lie below its maximum").into());
        }
        let outside = matches!((low, measuring.0), (Some(low), Some(least)) if low < least) || matches!((high, measuring.1), (Some(high), Some(most)) if high > most);
        if outside {
            return Err(Refusal::invalid(column, "this range must lie within the measuring range").into());
        }
    }
    Ok(())
}

fn check_ranges(record: &dyn AnyRecord) -> Result<(), Refusal> {
    for (at, spec) in record.specs().iter().enumerate().filter(|(_, spec)| spec.access != Access::Made) {
        if let Some(fault) = spec.range_fault(&record.value(at)) {
            return Err(Refusal::invalid(spec.name, fault));
        }
    }
    Ok(())
}

fn check_factory(factory: &mut crate::model::Factory) -> Result<(), Halt> {
    match &factory.timezone {
        Some(name) if crate::base::time::zone(name).is_none() => Err(Refusal::invalid("timezone", format!("{name} is no IANA zone such as Europe/Berlin")).into()),
        _ => Ok(()),
    }
}

fn check_shift(shift: &mut Shift) -> Result<(), Halt> {
    if shift.days_of_week.is_empty() || shift.days_of_week.iter().any(|day| !(1..=7).contains(day)) {
        return Err(Refusal::invalid("days_of_week", "must list days from 1 Monday to 7 Sunday").into());
    }
    let (start, end) = (i64::from(shift.start_time.minutes()), i64::from(shift.end_time.minutes()));
    let minutes = if end > start { end - start } else { end + 1_440 - start };
    if shift.break_minutes >= minutes {
        return Err(Refusal::invalid("break_minutes", format!("must be shorter than the shift of {minutes} minutes")).into());
    }
    shift.hours = super::whole(minutes).over(super::whole(60)).unwrap_or_default().rounded(2);
    Ok(())
}

fn check_material(material: &mut Material) -> Result<(), Halt> {
    for factor in &material.unit_factors {
        if factor.factor.is_zero() || factor.factor.is_negative() {
            return Err(Refusal::invalid("unit_factors", "a factor must be above 0").into());
        }
        if factor.unit == material.stock_unit {
            return Err(Refusal::invalid("unit_factors", format!("{} is the stock unit itself", factor.unit.word())).into());
        }
    }
    Ok(())
}

fn check_bom(draft: &Draft<'_, '_>, bom: &mut BillOfMaterial) -> Result<(), Halt> {
    if bom.lines.is_empty() {
        return Err(Refusal::invalid("lines", "must have at least one line").into());
    }
    let product: Product = need(draft, bom.product_id)?;
    for line in &bom.lines {
        if line.quantity_per_unit.is_negative() || line.quantity_per_unit.is_zero() {
            return Err(Refusal::invalid("lines", "quantity_per_unit must be above 0").into());
        }
        if Some(line.material_id) == product.material_id {
            return Err(Refusal::field(Code::Cycle, "lines", "a product cannot be made of itself").into());
        }
        let material: Material = need(draft, line.material_id)?;
        super::material::in_stock_unit(&material, line.quantity_per_unit, line.unit_of_measure)?;
    }
    Ok(())
}

fn check_routing(routing: &mut Routing) -> Result<(), Halt> {
    if routing.steps.is_empty() {
        return Err(Refusal::invalid("steps", "must have at least one step").into());
    }
    routing.steps.sort_by_key(|step| step.operation_sequence);
    let sequences: Vec<i64> = routing.steps.iter().map(|step| step.operation_sequence).collect();
    if sequences.windows(2).any(|two| two[0] == two[1]) || sequences[0] < 1 || sequences[sequences.len() - 1] > 9_999 {
        return Err(Refusal::invalid("steps", "operation_sequence must be different for each step and lie within 1 to 9999").into());
    }
    for step in &routing.steps {
        if step.setup_minutes.is_negative() || step.standard_time_per_unit_seconds.is_negative() {
            return Err(Refusal::invalid("steps", "times must not be negative").into());
        }
        // Waiting only for earlier steps keeps the graph free of cycles.
        if let Some(bad) = step.depends_on.iter().find(|wanted| **wanted >= step.operation_sequence || !sequences.contains(wanted)) {
            return Err(Refusal::field(Code::Cycle, "steps", format!("step {} cannot wait for {bad}: name an earlier step", step.operation_sequence)).into());
        }
    }
    Ok(())
}
