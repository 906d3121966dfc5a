//! Figures as JSON: the value with the elements it is made of; for OEE also its minutes, its parts,
//! its three factors and its losses, which add up from the planned busy time to the good pieces.

use crate::base::{Decimal, Value};
use crate::views::kpi::{ALL, Answer, Elements, Group, Indicator};

/// Milliseconds as minutes.
fn minutes(ms: i64) -> Value {
    Decimal::ratio(i128::from(ms), 60_000).map_or(Value::Null, Value::Dec)
}

fn figure(value: Option<Decimal>) -> Value {
    value.map_or(Value::Null, Value::Dec)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn target(indicator: &Indicator) -> Value {
    let bound = |bound: Option<i64>| bound.map_or(Value::Null, Value::Int);
    Value::Object(vec![("at_least", bound(indicator.target.0)), ("at_most", bound(indicator.target.1))])
}

/// All indicators.
pub fn list() -> String {
    let shown = |it: &Indicator| {
        Value::Object(vec![
            ("kpi", text(it.name)),
            ("title", text(it.title)),
            ("formula", text(it.formula)),
            ("unit", text(it.measure.word())),
            ("target", target(it)),
            ("by", Value::List(it.family.groups().iter().map(|by| text(by.word())).collect())),
        ])
    };
    let elements = Elements::NAMES.iter().map(|(name, what)| Value::Object(vec![("element", text(name)), ("meaning", text(what.trim()))]));
    Value::Object(vec![("data", Value::List(ALL.iter().map(shown).collect())), ("elements", Value::List(elements.collect()))]).to_json()
}

/// An answer.
pub fn json(answer: &Answer) -> String {
    let indicator = answer.indicator;
    Value::Object(vec![
        ("kpi", text(indicator.name)),
        ("title", text(indicator.title)),
        ("unit", text(indicator.measure.word())),
        ("formula", text(indicator.formula)),
        ("target", target(indicator)),
        ("by", text(answer.by.word())),
        ("from", Value::Time(answer.from)),
        ("to", Value::Time(answer.to)),
        ("facts_from", answer.facts_from.map_or(Value::Null, Value::Time)),
        ("as_of_seq", Value::Int(i64::try_from(answer.as_of_seq).unwrap_or(i64::MAX))),
        ("data", Value::List(answer.groups.iter().map(|it| group(indicator, it)).collect())),
    ])
    .to_json()
}

fn group(indicator: &Indicator, group: &Group) -> Value {
    let class = if group.value.is_some() { "ok" } else { "no_data" };
    let mut fields = vec![("group", Value::Object(group.label.clone())), ("value", figure(group.value)), ("class", text(class)), ("elements", Value::Object(group.sums.shown()))];
    if indicator.name == "oee" {
        fields.extend(oee(&group.sums));
    }
    Value::Object(fields)
}

fn oee(sums: &Elements) -> Vec<(&'static str, Value)> {
    let factor = |name: &str| figure(Indicator::named(name).and_then(|it| it.value(sums)));
    let losses = sums.losses();
    let time = vec![
        ("open", minutes(sums.open_time_ms)),
        ("no_order", minutes(sums.no_order_time_ms)),
        ("planned_stop", minutes(sums.planned_stop_time_ms)),
        ("planned_busy", minutes(sums.planned_busy_time_ms)),
        ("down", minutes(sums.actual_unit_down_time_ms)),
        ("setup", minutes(sums.actual_unit_setup_time_ms)),
        ("delay", minutes(sums.actual_unit_delay_time_ms)),
        ("production", minutes(sums.actual_production_time_ms)),
        ("planned_run", minutes(sums.planned_run_time_ms)),
    ];
    let parts = vec![
        ("produced", Value::Int(sums.produced_quantity)),
        ("good", Value::Int(sums.good_quantity)),
        ("rejected", Value::Int(sums.rejected_quantity)),
        ("scrapped", Value::Int(sums.scrap_quantity)),
        ("rework", Value::Int(sums.rework_quantity)),
        ("held", Value::Int(sums.held_quantity)),
    ];
    let lost = vec![
        ("down", minutes(losses.down_ms)),
        ("setup", minutes(losses.setup_ms)),
        ("delay", minutes(losses.delay_ms)),
        ("speed", minutes(losses.speed_ms)),
        ("quality", minutes(losses.quality_ms)),
        ("fully_productive", minutes(losses.fully_productive_ms)),
    ];
    vec![
        ("availability", factor("availability")),
        ("effectiveness", factor("effectiveness")),
        ("quality_ratio", factor("quality_ratio")),
        ("minutes", Value::Object(time)),
        ("parts", Value::Object(parts)),
        ("losses_minutes", Value::Object(lost)),
    ]
}
