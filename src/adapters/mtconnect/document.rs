//! What an agent answers: devices, streams, errors, in any version from 1.2 to 2.7. Elements are
//! known by their local names and unknown ones are passed over. Deliberately without judgement:
//! which series an observation belongs to is decided in `items`, what it means in `observations`.

use super::moment;
use super::xml::{Element, Inside, Walk, append};
use crate::base::{Code, Refusal, Time};

/// A document of an agent.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// `MTConnectDevices`: what there is.
    Devices(Probe),
    /// `MTConnectStreams`: what was observed.
    Streams(Streams),
    /// `MTConnectError`: why there is no answer. Old agents send it with status 200.
    Errors(Vec<AgentError>),
}

/// The head of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Changes with each start of the agent; sequences are unique only within it.
    pub instance: u64,
    /// How many observations the agent holds.
    pub buffer_size: Option<u64>,
    /// The oldest it holds.
    pub first: u64,
    /// The newest it holds.
    pub last: u64,
    /// Where the next request goes on.
    pub next: u64,
    /// When the document was made.
    pub created: Option<Time>,
    /// When the devices were last described anew, as the agent writes it.
    pub model_changed: Option<String>,
}

/// What an agent offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probe {
    /// The head.
    pub header: Header,
    /// Its devices.
    pub devices: Vec<Device>,
}

/// A device of an agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    /// What it is called.
    pub name: String,
    /// Its identity in the world.
    pub uuid: String,
    /// It is the agent itself, which since 1.7 describes itself as a device.
    pub is_agent: bool,
    /// What it tells, of all its components.
    pub items: Vec<DataItem>,
}

/// What a device tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataItem {
    /// Unique in the document.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// `SAMPLE`, `EVENT` or `CONDITION`.
    pub category: String,
    /// Such as `PATH_FEEDRATE`.
    pub kind: String,
    /// Such as `ACTUAL`.
    pub sub_kind: Option<String>,
    /// Such as `MILLIMETER/SECOND`.
    pub units: Option<String>,
    /// Such as `DATA_SET`; a single value where not said.
    pub representation: Option<String>,
    /// Values a second of a time series.
    pub sample_rate: Option<f64>,
}

/// What was observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Streams {
    /// The head.
    pub header: Header,
    /// The observations, as they stand in the document: by device and component, not by sequence.
    pub observations: Vec<Observation>,
    /// Elements that should be observations and cannot be read.
    pub unread: Vec<String>,
}

/// One observation.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Of which data item.
    pub item: String,
    /// The data item's name, where told.
    pub name: Option<String>,
    /// Its number within the agent's instance.
    pub sequence: u64,
    /// When it was observed.
    pub at: Time,
    /// What was observed.
    pub value: Told,
}

/// What an observation tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// That there is no value.
    Unavailable,
    /// A value, as it is written; sets and tables as `key=value key={cell=value}`.
    Value(String),
    /// Numbers at a fixed rate, of which the last was measured at the observation's time.
    Series {
        /// Numbers, separated by spaces.
        values: String,
        /// Values a second, where the observation says so.
        rate: Option<f64>,
    },
    /// A condition's new level.
    Condition(Condition),
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing is wrong, or no longer.
    Normal,
    /// Something needs a look, and it goes on.
    Warning,
    /// Somebody must act.
    Fault,
}

impl Level {
    /// From the word that agents and adapters use, in any case.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Normal, Self::Warning, Self::Fault].into_iter().find(|level| level.word().eq_ignore_ascii_case(word))
    }

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Warning => "WARNING",
            Self::Fault => "FAULT",
        }
    }
}

/// A condition's new level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// How bad it is.
    pub level: Level,
    /// Which of several that may be active at once: `conditionId`, or the native code.
    pub key: String,
    /// The machine's own number of it.
    pub code: String,
    /// What the machine says about it.
    pub text: String,
}

/// Why an agent does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentError {
    /// Such as `OUT_OF_RANGE`.
    pub code: String,
    /// What the agent says about it.
    pub text: String,
}

/// Reads a document; what it is, is decided by its root and not by the status it came with. Bytes
/// that are no UTF-8 are replaced, since one foreign letter in a program's name must not stop a machine.
pub fn read(bytes: &[u8]) -> Result<Document, Refusal> {
    let text = String::from_utf8_lossy(bytes);
    let (mut walk, root) = Walk::open(text.trim_start_matches('\u{feff}'))?;
    match root.name.as_str() {
        "MTConnectDevices" => read_devices(&mut walk).map(Document::Devices),
        "MTConnectStreams" => read_streams(&mut walk).map(Document::Streams),
        "MTConnectError" => read_errors(&mut walk).map(Document::Errors),
        other => Err(Refusal::new(Code::Malformed, format!("`{other}` is no document of an MTConnect agent; is this the agent's address?"))),
    }
}

fn header_of(element: &Element) -> Result<Header, Refusal> {
    let instance = element.number("instanceId").ok_or_else(|| Refusal::new(Code::Malformed, "the document's header has no number as its instanceId"))?;
    let number = |name: &str| element.number(name).unwrap_or_default();
    Ok(Header {
        instance,
        buffer_size: element.number("bufferSize"),
        first: number("firstSequence"),
        last: number("lastSequence"),
        next: number("nextSequence"),
        created: element.get("creationTime").and_then(moment),
        model_changed: element.get("deviceModelChangeTime").map(str::to_owned),
    })
}

/// The head matters little here: files that configure an agent have none, or one without an instance.
fn read_devices(walk: &mut Walk<'_>) -> Result<Probe, Refusal> {
    let mut probe = Probe::default();
    walk.children(|walk, child| match child.name.as_str() {
        "Header" => {
            probe.header = header_of(&child).unwrap_or_default();
            Ok(())
        }
        "Devices" => walk.children(|walk, device| {
            probe.devices.push(read_device(walk, &device)?);
            Ok(())
        }),
        _ => Ok(()),
    })?;
    Ok(probe)
}

fn read_device(walk: &mut Walk<'_>, element: &Element) -> Result<Device, Refusal> {
    let uuid = element.get("uuid").unwrap_or_default().to_owned();
    let name = element.get("name").map_or_else(|| uuid.clone(), str::to_owned);
    let mut device = Device { name, uuid, is_agent: element.name == "Agent", items: Vec::new() };
    read_component(walk, &mut device.items)?;
    Ok(device)
}

/// A component's data items and those of the components in it. The depth is bounded by the walk.
fn read_component(walk: &mut Walk<'_>, items: &mut Vec<DataItem>) -> Result<(), Refusal> {
    walk.children(|walk, child| match child.name.as_str() {
        "DataItems" => walk.children(|_, item| {
            if item.name == "DataItem" && item.get("id").is_some() {
                items.push(read_item(&item));
            }
            Ok(())
        }),
        "Components" => walk.children(|walk, _| read_component(walk, items)),
        _ => Ok(()),
    })
}

fn read_item(element: &Element) -> DataItem {
    let text = |name: &str| element.get(name).map(str::to_owned);
    DataItem {
        id: text("id").unwrap_or_default(),
        name: text("name"),
        category: text("category").unwrap_or_default(),
        kind: text("type").unwrap_or_default(),
        sub_kind: text("subType"),
        units: text("units"),
        representation: text("representation"),
        sample_rate: element.get("sampleRate").and_then(|rate| rate.parse().ok()),
    }
}

fn read_streams(walk: &mut Walk<'_>) -> Result<Streams, Refusal> {
    let (mut header, mut streams) = (None, Streams::default());
    walk.children(|walk, child| match child.name.as_str() {
        "Header" => {
            header = Some(header_of(&child)?);
            Ok(())
        }
        "Streams" => walk.children(|walk, _device| walk.children(|walk, _component| walk.children(|walk, group| read_group(walk, &group, &mut streams)))),
        _ => Ok(()),
    })?;
    Ok(Streams { header: header.ok_or_else(|| Refusal::new(Code::Malformed, "the document has no header"))?, ..streams })
}

fn read_group(walk: &mut Walk<'_>, group: &Element, streams: &mut Streams) -> Result<(), Refusal> {
    let condition = group.name == "Condition";
    if !condition && group.name != "Samples" && group.name != "Events" {
        return Ok(());
    }
    walk.children(|walk, element| {
        let text = content(walk)?;
        match observed(&element, &text, condition) {
            Some(observation) => streams.observations.push(observation),
            None => streams.unread.push(format!("{}{text}", element.shown())),
        }
        Ok(())
    })
}

fn observed(element: &Element, text: &str, condition: bool) -> Option<Observation> {
    Some(Observation {
        item: element.get("dataItemId")?.to_owned(),
        name: element.get("name").map(str::to_owned),
        sequence: element.number("sequence")?,
        at: element.get("timestamp").and_then(moment)?,
        value: told(element, text.trim(), condition)?,
    })
}

fn told(element: &Element, text: &str, condition: bool) -> Option<Told> {
    if condition {
        if element.name == "Unavailable" {
            return Some(Told::Unavailable);
        }
        let code = element.get("nativeCode").unwrap_or_default();
        let key = element.get("conditionId").unwrap_or(code);
        return Some(Told::Condition(Condition { level: Level::read(&element.name)?, key: key.to_owned(), code: code.to_owned(), text: text.to_owned() }));
    }
    if text == "UNAVAILABLE" {
        return Some(Told::Unavailable);
    }
    if element.name.ends_with("TimeSeries") {
        return Some(Told::Series { values: text.to_owned(), rate: element.get("sampleRate").and_then(|rate| rate.parse().ok()) });
    }
    Some(Told::Value(text.to_owned()))
}

/// An observation's text; the entries of a set and the cells of a table as adapters write them.
fn content(walk: &mut Walk<'_>) -> Result<String, Refusal> {
    let mut whole = String::new();
    walk.each(|walk, it| match it {
        Inside::Text(text) => append(&mut whole, &text),
        Inside::Child(entry) if entry.name == "Entry" || entry.name == "Cell" => {
            let (key, value) = (entry.get("key").unwrap_or_default().to_owned(), content(walk)?);
            let value = value.trim();
            let apart = if whole.trim().is_empty() { "" } else { " " };
            append(&mut whole, &format!("{apart}{key}"))?;
            match entry.get("removed") {
                Some("true") => Ok(()),
                _ if value.contains(['=', ' ']) => append(&mut whole, &format!("={{{value}}}")),
                _ => append(&mut whole, &format!("={value}")),
            }
        }
        Inside::Child(_) => Ok(()),
    })?;
    Ok(whole)
}

/// Both styles: `Error` with its code, and since 2.6 an element of the error's own name.
fn read_errors(walk: &mut Walk<'_>) -> Result<Vec<AgentError>, Refusal> {
    let mut errors = Vec::new();
    walk.children(|walk, child| match child.name.as_str() {
        "Errors" => walk.children(|walk, error| {
            errors.push(read_error(walk, &error)?);
            Ok(())
        }),
        // Agents before 1.1 had one error and no list.
        "Error" => {
            errors.push(read_error(walk, &child)?);
            Ok(())
        }
        _ => Ok(()),
    })?;
    Ok(errors)
}

fn read_error(walk: &mut Walk<'_>, element: &Element) -> Result<AgentError, Refusal> {
    let (mut own, mut message) = (String::new(), None);
    walk.each(|walk, it| match it {
        Inside::Text(text) => append(&mut own, &text),
        Inside::Child(child) if child.name == "ErrorMessage" => {
            message = Some(walk.text()?);
            Ok(())
        }
        Inside::Child(_) => Ok(()),
    })?;
    let code = element.get("errorCode").map_or_else(|| screaming(&element.name), str::to_owned);
    Ok(AgentError { code, text: message.unwrap_or(own).trim().to_owned() })
}

/// `OutOfRange` is `OUT_OF_RANGE`.
fn screaming(name: &str) -> String {
    let mut word = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(c.to_ascii_uppercase());
    }
    word
}
