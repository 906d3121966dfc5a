//! Reads a plant from its TOML: tables named like nouns, keys named like columns, references by
//! code. Deliberately generic: a new column of a noun may be used in a fixture without code here.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::calendar::{Holiday, Upkeep};
use super::desk::{Desk, Who};
use super::drawing::Outline;
use super::layout;
use crate::base::{Code, Refusal, Value};
use crate::model::command::FieldValues;
use crate::model::{Command, FieldSpec, Kind, Noun};

/// The kitchen plant; part of the binary so that `demo` needs no file.
const KITCHEN: &str = include_str!("../../fixtures/plants/kitchen.toml");

/// Nouns of a fixture, each after those it refers to.
const NOUNS: &[Noun] = &[
    Noun::Factory,
    Noun::ProductionLine,
    Noun::Machine,
    Noun::Shift,
    Noun::WorkCenter,
    Noun::Sensor,
    Noun::Employee,
    Noun::Customer,
    Noun::Supplier,
    Noun::Material,
    Noun::Product,
    Noun::BillOfMaterial,
    Noun::Routing,
    Noun::LineProductMapping,
    Noun::CustomerProductMapping,
    Noun::Tool,
    Noun::PlanningRule,
];

/// Orders an hour, least and most, by the time of day and week.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Pace {
    pub(super) early: [i64; 2],
    pub(super) late: [i64; 2],
    pub(super) night: [i64; 2],
    pub(super) weekend: [i64; 2],
    /// Of a hundred orders so many are customers'; the plant orders the others itself.
    pub(super) customer_share: i64,
}

/// Which work centers the planted stories happen at.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Story {
    pub(super) drift: String,
    pub(super) recurring: String,
}

/// What is bought, and when.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Supply {
    pub(super) material: String,
    pub(super) supplier: String,
    pub(super) delivery: i64,
    pub(super) reorder: i64,
    pub(super) place: String,
    /// How the heat numbers of this metal begin.
    pub(super) heat: Option<String>,
}

/// What customers ask for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Demand {
    pub(super) product: String,
    /// Of a hundred orders so many.
    pub(super) share: i64,
    pub(super) least: i64,
    pub(super) most: i64,
    pub(super) customers: Vec<String>,
}

/// What is made ahead for other products.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ahead {
    pub(super) product: String,
    pub(super) batch: i64,
    pub(super) reorder: i64,
}

/// A plant on paper.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fixture {
    pub(super) pace: Pace,
    pub(super) story: Story,
    pub(super) supply: Vec<Supply>,
    pub(super) demand: Vec<Demand>,
    pub(super) ahead: Vec<Ahead>,
    pub(super) holiday: Vec<Holiday>,
    pub(super) upkeep: Vec<Upkeep>,
    pub(super) drawing: Vec<Outline>,
    #[serde(flatten)]
    rules: layout::Rules,
    #[serde(flatten)]
    records: BTreeMap<String, toml::Value>,
}

impl Fixture {
    /// The kitchen plant.
    pub(super) fn kitchen() -> Result<Self, Refusal> {
        toml::from_str(KITCHEN).map_err(|error| fault(format!("kitchen.toml cannot be read: {error}")))
    }

    /// Makes every record of the fixture.
    pub(super) fn make(&self, desk: &mut Desk) -> Result<(), Refusal> {
        let laid_out = self.rules.records(&self.demand);
        let mut known = BTreeMap::new();
        for noun in NOUNS {
            let written = self.records.get(noun.singular()).and_then(toml::Value::as_array).into_iter().flatten();
            let written = written.filter_map(toml::Value::as_table);
            for row in written.chain(laid_out.iter().filter(|(of, _)| of == noun).map(|(_, row)| row)) {
                let values = values(row, crate::model::columns(*noun), &known)?;
                let number = desk.make(Who::Manager, *noun, Command::Create { noun: *noun, values }, None)?;
                known.extend(code_of(*noun, row).map(|code| ((noun.prefix(), code), number)));
            }
        }
        desk.settle()
    }
}

/// Codes of the records made so far.
type Known = BTreeMap<(&'static str, String), u64>;

fn fault(detail: String) -> Refusal {
    Refusal::new(Code::Internal, detail)
}

fn code_of(noun: Noun, row: &toml::Table) -> Option<String> {
    // A factory has no code of its own: its name stands in.
    let column = if noun.number_column().is_empty() { "factory_name" } else { noun.number_column() };
    row.get(column).and_then(toml::Value::as_str).map(str::to_owned)
}

fn values(row: &toml::Table, specs: &'static [FieldSpec], known: &Known) -> Result<FieldValues, Refusal> {
    let place = |name: &String| specs.iter().position(|spec| spec.name == name).ok_or_else(|| fault(format!("a fixture names the unknown column {name}")));
    let mut values = row.iter().map(|(name, content)| place(name).and_then(|at| Ok((at, value(content, specs[at].kind, known)?)))).collect::<Result<FieldValues, Refusal>>()?;
    values.sort_by_key(|(at, _)| *at);
    Ok(values)
}

fn value(content: &toml::Value, kind: Kind, known: &Known) -> Result<Value, Refusal> {
    let text = content.as_str().map_or_else(|| content.to_string(), str::to_owned);
    let wrong = || fault(format!("a fixture holds {text}, which is no {kind:?}"));
    Ok(match kind {
        Kind::Bool => Value::Bool(content.as_bool().ok_or_else(wrong)?),
        Kind::Int => Value::Int(content.as_integer().ok_or_else(wrong)?),
        Kind::Dec => Value::Dec(text.parse().map_err(|_| wrong())?),
        Kind::Line(_) | Kind::Note(_) | Kind::Word(_) => Value::Text(text),
        Kind::Time => Value::Time(text.parse().map_err(|_| wrong())?),
        Kind::Date => Value::Date(text.parse().map_err(|_| wrong())?),
        Kind::Clock => Value::Clock(text.parse().map_err(|_| wrong())?),
        Kind::Ref(noun) => Value::Key(noun.prefix(), *known.get(&(noun.prefix(), text.clone())).ok_or_else(wrong)?),
        Kind::List(inner) => Value::List(content.as_array().ok_or_else(wrong)?.iter().map(|item| value(item, *inner, known)).collect::<Result<_, _>>()?),
        Kind::Object(specs) => {
            let fields = values(content.as_table().ok_or_else(wrong)?, specs, known)?;
            Value::Object(fields.into_iter().map(|(at, value)| (specs[at].name, value)).collect())
        }
    })
}
