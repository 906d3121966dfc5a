//! Which series a data item is: machine, metric, measure and unit from the agent's own description.
//! Deliberately without the agent's own device: it tells of the agent and not of a machine.

use std::collections::HashMap;

use super::document::{DataItem, Device, Probe};
use crate::base::Refusal;
use crate::model::telemetry::{Measure, SeriesId};
use crate::telemetry::{Identity, Source};

/// Events whose values are numbers; every other event is a word. Numbers of tools and programs are names.
const NUMERIC_EVENTS: &[&str] = &[
    "ACTIVATION_COUNT",
    "AXIS_FEEDRATE_OVERRIDE",
    "BLOCK_COUNT",
    "CYCLE_COUNT",
    "DEACTIVATION_COUNT",
    "HARDNESS",
    "LINE",
    "LINE_NUMBER",
    "LOAD_COUNT",
    "MATERIAL_LAYER",
    "PART_COUNT",
    "PATH_FEEDRATE_OVERRIDE",
    "ROTARY_VELOCITY_OVERRIDE",
    "TRANSFER_COUNT",
    "UNCERTAINTY",
    "UNLOAD_COUNT",
];

/// A data item as the plant keeps it.
pub(super) struct Item {
    /// Its series, or why it has none.
    pub(super) series: Result<SeriesId, String>,
    pub(super) measure: Measure,
    /// It tells what came to its count and not the count: its series is the sum.
    pub(super) adds_up: bool,
    /// Values a second, of a time series.
    pub(super) sample_rate: Option<f64>,
}

/// What is known of a data item.
pub(super) enum Known<'i> {
    Kept(&'i Item),
    /// Of the agent itself.
    Ignored,
    /// The agent did not describe it.
    Unknown,
}

/// The data items of an agent, by id.
pub(super) struct Items {
    by_id: HashMap<String, Option<Item>>,
}

impl Items {
    /// Names every data item of a probe; `machine` stands for the device's own name where it is set.
    pub(super) fn named(probe: &Probe, machine: Option<&str>, source: &Source) -> Result<Self, Refusal> {
        let (agents, machines): (Vec<&Device>, Vec<&Device>) = probe.devices.iter().partition(|device| device.is_agent);
        if machine.is_some() && machines.len() > 1 {
            let names: Vec<&str> = machines.iter().take(20).map(|device| device.name.as_str()).collect();
            return Err(Refusal::invalid("machine", format!("this agent has the devices {}; set `device` to one of them, or leave `machine` out", names.join(", "))));
        }
        let mut by_id: HashMap<String, Option<Item>> = agents.iter().flat_map(|device| &device.items).map(|item| (item.id.clone(), None)).collect();
        for device in machines {
            let metrics = metrics_of(device);
            for (item, metric) in device.items.iter().zip(metrics) {
                let identity = Identity { machine: machine.unwrap_or(&device.name), metric: &metric, measure: measure_of(item), unit: item.units.as_deref(), department: None };
                let series = source.series(identity).map_err(|refusal| refusal.detail);
                by_id.insert(item.id.clone(), Some(Item { series, measure: identity.measure, adds_up: adds_up(item), sample_rate: item.sample_rate }));
            }
        }
        Ok(Self { by_id })
    }

    pub(super) fn find(&self, id: &str) -> Known<'_> {
        match self.by_id.get(id) {
            Some(Some(item)) => Known::Kept(item),
            Some(None) => Known::Ignored,
            None => Known::Unknown,
        }
    }
}

/// The name, or the id where there is none; a name that several carry is told apart by the id.
fn metrics_of(device: &Device) -> Vec<String> {
    let label = |item: &DataItem| item.name.clone().unwrap_or_else(|| item.id.clone());
    let mut times: HashMap<String, u32> = HashMap::new();
    for item in &device.items {
        *times.entry(label(item)).or_default() += 1;
    }
    let metric = |item: &DataItem| match &item.name {
        Some(name) if times.get(name).is_some_and(|times| *times > 1) => format!("{name}.{}", item.id),
        _ => label(item),
    };
    device.items.iter().map(metric).collect()
}

/// Samples are numbers but for places in space, clocks and sets; events are words but for a few.
fn measure_of(item: &DataItem) -> Measure {
    let single = matches!(item.representation.as_deref(), None | Some("VALUE" | "DISCRETE" | "TIME_SERIES"));
    let in_space = item.units.as_deref().is_some_and(|units| units.ends_with("_3D"));
    let number = match item.category.as_str() {
        "SAMPLE" => !in_space && item.kind != "CLOCK_TIME",
        "EVENT" => NUMERIC_EVENTS.contains(&item.kind.as_str()),
        _ => false,
    };
    if number && single { Measure::Number } else { Measure::Text }
}

/// PartCountDiscrete: parts since the observation before.
fn adds_up(item: &DataItem) -> bool {
    item.kind == "PART_COUNT" && item.representation.as_deref() == Some("DISCRETE")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, name: Option<&str>, category: &str, kind: &str) -> DataItem {
        DataItem { id: id.to_owned(), name: name.map(str::to_owned), category: category.to_owned(), kind: kind.to_owned(), ..DataItem::default() }
    }

    #[test]
    fn a_name_that_two_items_carry_is_told_apart_by_their_ids() {
        let items = vec![
            item("x1", Some("load"), "SAMPLE", "LOAD"),
            item("x2", Some("load"), "SAMPLE", "LOAD"),
            item("x3", None, "EVENT", "EXECUTION"),
            item("x4", Some("x3"), "EVENT", "PROGRAM"),
        ];
        let device = Device { items, ..Device::default() };
        assert_eq!(metrics_of(&device), ["load.x1", "load.x2", "x3", "x3.x4"]);
    }

    #[test]
    fn numbers_are_what_can_be_added() {
        let measure = |category, kind| measure_of(&item("a", None, category, kind));
        assert_eq!(measure("SAMPLE", "WATTAGE"), Measure::Number);
        assert_eq!(measure("EVENT", "PART_COUNT"), Measure::Number);
        assert_eq!(measure("EVENT", "TOOL_NUMBER"), Measure::Text);
        assert_eq!(measure("CONDITION", "LOAD"), Measure::Text);
        let place = DataItem { units: Some("MILLIMETER_3D".to_owned()), ..item("a", None, "SAMPLE", "PATH_POSITION") };
        assert_eq!(measure_of(&place), Measure::Text);
        let set = DataItem { representation: Some("DATA_SET".to_owned()), ..item("a", None, "SAMPLE", "TEMPERATURE") };
        assert_eq!(measure_of(&set), Measure::Text);
    }
}
