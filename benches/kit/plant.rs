//! A founded plant with work orders, and commands that change them.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use millwright::base::{Refusal, Value};
use millwright::engine::{Engine, Envelope, Options};
use millwright::model::command::{Command, FoundPlant};
use millwright::model::journal::Actor;
use millwright::model::permission::Role;
use millwright::model::{Noun, Subject};
use millwright::store::plant_file::QuickRepair;
use millwright::store::{Home, Store};

use super::Dice;

/// Commands on their way at once while a plant is filled.
const WINDOW: usize = 2_048;

/// Opens the plant of a directory and starts its engine.
pub(crate) fn open(root: &Path, quick_repair: QuickRepair) -> anyhow::Result<Engine> {
    Ok(Engine::start(Store::open_with(Home::existing_or_new(root)?, quick_repair)?, Options::default())?)
}

/// A person of a role.
pub(crate) fn person(role: Role) -> Actor {
    Actor { user: 1, name: "bench".to_owned(), role }
}

/// Founds a plant and makes this many work orders of one product.
pub(crate) fn populate(engine: &Engine, orders: u64) -> anyhow::Result<()> {
    let founding = FoundPlant { plant_name: "Bench".to_owned(), timezone: "Europe/Berlin".to_owned(), simulated: false };
    say(engine, Role::Admin, Command::FoundPlant(founding))?;
    let product = values(Noun::Product, &[("product_name", text("Bracket 40")), ("product_code", text("BR-40"))])?;
    say(engine, Role::Planner, Command::Create { noun: Noun::Product, values: product })?;
    let order = values(Noun::WorkOrder, &[("product_id", Value::Key(Noun::Product.prefix(), 1)), ("planned_quantity", Value::Int(250))])?;
    let create = |_| Envelope::of(person(Role::Planner), Command::Create { noun: Noun::WorkOrder, values: order.clone() });
    pipeline(engine, (0..orders).map(create))
}

/// Submits many commands with a window of them on their way; the first refusal ends it.
pub(crate) fn pipeline(engine: &Engine, envelopes: impl Iterator<Item = Envelope>) -> anyhow::Result<()> {
    let mut waiting = std::collections::VecDeque::with_capacity(WINDOW);
    for envelope in envelopes {
        if waiting.len() == WINDOW {
            settle(waiting.pop_front())?;
        }
        waiting.push_back(engine.enqueue(envelope).map_err(refused)?);
    }
    while !waiting.is_empty() {
        settle(waiting.pop_front())?;
    }
    Ok(())
}

fn settle(answer: Option<tokio::sync::oneshot::Receiver<Result<millwright::engine::Outcome, Refusal>>>) -> anyhow::Result<()> {
    let Some(answer) = answer else { return Ok(()) };
    answer.blocking_recv().context("the engine ended")?.map_err(refused)?;
    Ok(())
}

fn say(engine: &Engine, role: Role, command: Command) -> anyhow::Result<()> {
    engine.submit_wait(Envelope::of(person(role), command)).map_err(refused)?;
    Ok(())
}

/// A refusal as an error of the bench.
pub(crate) fn refused(refusal: Refusal) -> anyhow::Error {
    anyhow!("refused: {refusal}")
}

fn text(words: &str) -> Value {
    Value::Text(words.to_owned())
}

fn values(noun: Noun, named: &[(&str, Value)]) -> anyhow::Result<Vec<(usize, Value)>> {
    let columns = millwright::model::columns(noun);
    let place = |name: &str| columns.iter().position(|spec| spec.name == name).with_context(|| format!("no column {name}"));
    named.iter().map(|(name, value)| Ok((place(name)?, value.clone()))).collect()
}

/// Makes commands that set the priority of a random order, each under a fresh idempotency key.
pub(crate) struct Updates {
    dice: Dice,
    orders: u64,
    column: usize,
}

impl Updates {
    pub(crate) fn new(seed: u64, orders: u64) -> anyhow::Result<Self> {
        let column = millwright::model::columns(Noun::WorkOrder).iter().position(|spec| spec.name == "priority").context("no column priority")?;
        // The clock goes into the seed, so that no round reuses the keys of the one before.
        let nanos = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).tv_nsec;
        Ok(Self { dice: Dice(seed ^ (nanos.cast_unsigned() << 32)), orders, column })
    }
}

impl Iterator for Updates {
    type Item = Envelope;

    fn next(&mut self) -> Option<Envelope> {
        let subject = Subject { noun: Noun::WorkOrder, number: self.dice.within(1, self.orders) };
        let priority = i64::try_from(self.dice.within(1, 10)).unwrap_or(5);
        let command = Command::Update { subject, values: vec![(self.column, Value::Int(priority))] };
        let key = format!("{:016x}{:016x}", self.dice.roll(), self.dice.roll());
        Some(Envelope { command_id: Some(key), ..Envelope::of(person(Role::Planner), command) })
    }
}
