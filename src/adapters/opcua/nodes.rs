//! Which variables are listened to: those that the settings name, and those found below a node, with
//! the units and the names of states that the server tells of them. Deliberately looked up anew at
//! each connection: servers number nodes and namespaces as they please.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use async_opcua::client::Session;
use async_opcua::types::{
    AttributeId, BrowseDescription, BrowseDescriptionResultMask, BrowseDirection, BrowsePath, BrowseResult, DataValue, NamespaceMap, NodeClass, NodeClassMask, NodeId,
    QualifiedName, ReadValueId, ReferenceDescription, ReferenceTypeId, RelativePath, RelativePathElement, TimestampsToReturn, Variant,
};

use super::certificates::text;
use super::fault::Fault;
use super::settings::{Browse, Measured, Named, Settings};
use super::values::{self, Names};
use crate::base::{Refusal, limits};

/// What is asked for at once: servers with small memories take no more.
pub(super) const AT_ONCE: usize = 100;
/// The folder of machines of OPC 40001-1, below which each machine stands with its name.
pub(super) const MACHINERY: &str = "http://opcfoundation.org/UA/Machinery/";
pub(super) const MACHINES_NODE: u32 = 1_001;
/// A state machine tells its state here; the state machine's own name says what it is.
const CURRENT_STATE: &str = "CurrentState";
/// Data types up to this number of the base namespace are plain.
const PLAIN_TYPES: u32 = 29;

/// A variable that is listened to.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) node: NodeId,
    pub(super) machine: String,
    pub(super) metric: String,
    pub(super) unit: Option<String>,
    pub(super) measure: Option<Measured>,
    /// What the numbers of an enumeration are called.
    pub(super) names: Option<Arc<Names>>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    /// What the settings name and the server does not have.
    pub(super) wrong: Vec<String>,
    metrics: BTreeSet<(String, String)>,
}

impl Found {
    fn add(&mut self, item: Item) {
        if self.metrics.insert((item.machine.clone(), item.metric.clone())) {
            self.items.push(item);
        } else {
            self.wrong.push(format!("{} would be called {} of {}, as another is", item.node, item.metric, item.machine));
        }
    }
}

/// Finds the variables, and what the server says of them.
pub(super) async fn find(session: &Session, settings: &Settings) -> Result<Found, Fault> {
    let namespaces = session.read_namespace_array().await.map_err(Fault::asked("the server does not tell its namespaces"))?;
    let mut found = Found::default();
    for it in &settings.nodes {
        match resolve(&it.node, &namespaces) {
            Some(node) => {
                found.add(Item { node, machine: settings.machine.clone().unwrap_or_default(), metric: it.metric.clone(), unit: it.unit.clone(), measure: it.measure, names: None })
            }
            None => found.wrong.push(format!("{} is in a namespace that the server does not have", it.node)),
        }
    }
    if let Some(browse) = &settings.browse {
        below(session, settings, browse, &namespaces, &mut found).await?;
    }
    describe(session, &mut found.items).await;
    Ok(found)
}

fn resolve(text: &str, namespaces: &NamespaceMap) -> Option<NodeId> {
    let Named { namespace, mut node } = Named::parse(text)?;
    if let Some(namespace) = namespace {
        node.namespace = namespaces.get_index(namespace)?;
    }
    Some(node)
}

/// A node on the way down.
struct Place {
    node: NodeId,
    path: Vec<String>,
    class: NodeClass,
}

async fn below(session: &Session, settings: &Settings, browse: &Browse, namespaces: &NamespaceMap, found: &mut Found) -> Result<(), Fault> {
    let Some(from) = resolve(&browse.from, namespaces) else {
        found.wrong.push(format!("{} is in a namespace that the server does not have", browse.from));
        return Ok(());
    };
    let machines = namespaces.get_index(MACHINERY).is_some_and(|it| from == NodeId::new(it, MACHINES_NODE));
    if !machines && settings.machine.is_none() {
        return Err(Fault::Settings(Refusal::invalid("machine", "machine must be given, unless browse begins at the folder of machines")));
    }
    let mut seen = HashSet::from([from.clone()]);
    let mut level = vec![Place { node: from, path: Vec::new(), class: NodeClass::Object }];
    for step in 0..browse.depth {
        let mut next = Vec::new();
        for places in level.chunks(AT_ONCE) {
            for (place, children) in places.iter().zip(children(session, places).await?) {
                if children.status_code.is_bad() && step == 0 {
                    found.wrong.push(format!("{}: {}", browse.from, children.status_code));
                }
                next.extend(children.references.into_iter().flatten().filter_map(|it| descend(place, it, &mut seen)));
            }
            if seen.len() > limits::OPCUA_NODES_MAX {
                return Err(Fault::Settings(Refusal::invalid(
                    "browse",
                    format!("more than {} nodes stand below {}; begin nearer to what matters", limits::OPCUA_NODES_MAX, browse.from),
                )));
            }
        }
        for place in next.iter().filter(|it| it.class == NodeClass::Variable) {
            if let Some((machine, metric)) = name(&place.path, settings.machine.as_deref(), machines) {
                found.add(Item { node: place.node.clone(), machine, metric, unit: None, measure: None, names: None });
            }
        }
        level = next;
    }
    Ok(())
}

fn descend(place: &Place, child: ReferenceDescription, seen: &mut HashSet<NodeId>) -> Option<Place> {
    let node = child.node_id.node_id;
    let name = text(&child.browse_name.name);
    (child.node_id.server_index == 0 && !name.is_empty() && seen.insert(node.clone())).then(|| {
        let mut path = place.path.clone();
        path.push(name.to_owned());
        Place { node, path, class: child.node_class }
    })
}

/// Machine and metric of a variable by the path to it.
fn name(path: &[String], machine: Option<&str>, machines: bool) -> Option<(String, String)> {
    let path = if path.len() > 1 && path.last().is_some_and(|last| last == CURRENT_STATE) { &path[..path.len() - 1] } else { path };
    let (first, below) = if machines { path.split_first()? } else { (path.first()?, path) };
    (!below.is_empty()).then(|| (machine.unwrap_or(first).to_owned(), below.join("/")))
}

/// What stands directly below some nodes. Of objects the properties count too, where counters of
/// operation hours stand; of variables they are only what describes the value.
async fn children(session: &Session, places: &[Place]) -> Result<Vec<BrowseResult>, Fault> {
    let asked: Vec<BrowseDescription> = places.iter().map(browse_of).collect();
    let fault = Fault::asked("the server does not let us look for variables");
    let mut results = session.browse(&asked, 0, None).await.map_err(&fault)?;
    for result in &mut results {
        while !result.continuation_point.is_null() {
            let more = session.browse_next(false, std::slice::from_ref(&result.continuation_point)).await.map_err(&fault)?;
            let more = more.into_iter().next().unwrap_or_default();
            result.continuation_point = more.continuation_point;
            let references = result.references.get_or_insert_default();
            references.extend(more.references.into_iter().flatten());
            if references.len() > limits::OPCUA_NODES_MAX {
                break;
            }
        }
    }
    Ok(results)
}

fn browse_of(place: &Place) -> BrowseDescription {
    let kind = if place.class == NodeClass::Variable { ReferenceTypeId::HasComponent } else { ReferenceTypeId::HierarchicalReferences };
    BrowseDescription {
        node_id: place.node.clone(),
        browse_direction: BrowseDirection::Forward,
        reference_type_id: kind.into(),
        include_subtypes: true,
        node_class_mask: (NodeClassMask::OBJECT | NodeClassMask::VARIABLE).bits(),
        result_mask: (BrowseDescriptionResultMask::RESULT_MASK_NODE_CLASS | BrowseDescriptionResultMask::RESULT_MASK_BROWSE_NAME).bits(),
    }
}

/// Adds units and the names of states, where the server tells them. That it does not is no fault.
async fn describe(session: &Session, items: &mut [Item]) {
    let types: Vec<NodeId> = items.iter().map(|it| it.node.clone()).collect();
    let types = read(session, &types, AttributeId::DataType).await.unwrap_or_default();
    let types: Vec<Option<NodeId>> = types.into_iter().map(|it| named_type(it.value?)).collect();
    let enumerations: HashSet<&NodeId> = types.iter().flatten().collect();
    let mut asked: Vec<(NodeId, &str)> = items.iter().map(|it| (it.node.clone(), "EngineeringUnits")).collect();
    for name in ["EnumStrings", "EnumValues"] {
        asked.extend(enumerations.iter().map(|it| ((*it).clone(), name)));
        asked.extend(items.iter().map(|it| (it.node.clone(), name)));
    }
    let told = properties(session, &asked).await.unwrap_or_default();
    let mut units: HashMap<&NodeId, String> = HashMap::new();
    let mut names: HashMap<&NodeId, Arc<Names>> = HashMap::new();
    for ((node, name), value) in asked.iter().zip(&told) {
        let Some(value) = value else { continue };
        match *name {
            "EngineeringUnits" => units.extend(values::unit(value).map(|unit| (node, unit))),
            _ => names.extend(values::names(value).map(|names| (node, Arc::new(names)))),
        }
    }
    for (at, item) in items.iter_mut().enumerate() {
        item.unit = item.unit.take().or_else(|| units.get(&item.node).cloned());
        let of_type = types.get(at).and_then(Option::as_ref).and_then(|it| names.get(it));
        item.names = names.get(&item.node).or(of_type).cloned();
    }
}

/// A data type that may be an enumeration.
fn named_type(value: Variant) -> Option<NodeId> {
    let Variant::NodeId(node) = value else { return None };
    let plain = node.namespace == 0 && node.as_u32().is_some_and(|it| it <= PLAIN_TYPES);
    (!plain).then_some(*node)
}

/// The values of properties, where they are.
async fn properties(session: &Session, asked: &[(NodeId, &str)]) -> Result<Vec<Option<Variant>>, Fault> {
    let fault = Fault::asked("the server does not tell what its variables are");
    let mut nodes = Vec::with_capacity(asked.len());
    for some in asked.chunks(AT_ONCE) {
        let paths: Vec<BrowsePath> = some.iter().map(|(node, name)| property_of(node, name)).collect();
        let found = session.translate_browse_paths_to_node_ids(&paths).await.map_err(&fault)?;
        nodes.extend(found.into_iter().map(|it| it.targets.into_iter().flatten().next().map(|target| target.target_id.node_id)));
    }
    let there: Vec<NodeId> = nodes.iter().flatten().cloned().collect();
    let mut values = read(session, &there, AttributeId::Value).await?.into_iter();
    Ok(nodes.into_iter().map(|node| node.and_then(|_| values.next()?.value)).collect())
}

fn property_of(node: &NodeId, name: &str) -> BrowsePath {
    let step = RelativePathElement { reference_type_id: ReferenceTypeId::HasProperty.into(), is_inverse: false, include_subtypes: true, target_name: QualifiedName::new(0, name) };
    BrowsePath { starting_node: node.clone(), relative_path: RelativePath { elements: Some(vec![step]) } }
}

/// Reads an attribute of some nodes; the answers are as many as the nodes.
pub(super) async fn read(session: &Session, nodes: &[NodeId], attribute: AttributeId) -> Result<Vec<DataValue>, Fault> {
    let mut values = Vec::with_capacity(nodes.len());
    for some in nodes.chunks(AT_ONCE) {
        let asked: Vec<ReadValueId> = some.iter().map(|node| ReadValueId::new(node.clone(), attribute)).collect();
        let mut told = session.read(&asked, TimestampsToReturn::Both, 0.0).await.map_err(Fault::asked("the server does not tell its values"))?;
        told.resize(some.len(), DataValue::null());
        values.append(&mut told);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str, machine: Option<&str>, machines: bool) -> Option<String> {
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        name(&path, machine, machines).map(|(machine, metric)| format!("{machine} {metric}"))
    }

    #[test]
    fn a_metric_is_the_path_below_the_machine() {
        assert_eq!(named("Monitoring/Power", Some("LASER-1"), false).unwrap(), "LASER-1 Monitoring/Power");
        assert_eq!(named("Laser 4711/Monitoring/Power", None, true).unwrap(), "Laser 4711 Monitoring/Power");
        assert_eq!(named("Laser 4711/Monitoring/Power", Some("LASER-1"), true).unwrap(), "LASER-1 Monitoring/Power");
        assert_eq!(named("Version", None, true), None);
    }

    #[test]
    fn a_state_machine_is_called_as_it_is_and_not_current_state() {
        let path = "Laser/MachineryBuildingBlocks/MachineryItemState/CurrentState";
        let told = named(path, None, true).unwrap();
        assert_eq!(told, "Laser MachineryBuildingBlocks/MachineryItemState");
        assert!(crate::model::machine_state::signal(&told).is_some());
        assert_eq!(named("CurrentState", Some("LASER-1"), false).unwrap(), "LASER-1 CurrentState");
    }
}
