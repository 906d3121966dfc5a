//! A server of simulated machines: below the folder of machines of OPC 40001-1 each stands with its
//! variables, as a forming machine's own server shows them, and only signed and encrypted. Deliberately the least that a
//! client needs to find its way: a handful of nodes of the base namespace, no methods, no events, no history.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_opcua::crypto::{CertificateStore, SecurityPolicy, X509};
use async_opcua::types::{
    AttributeId, DataTypeId, DataValue, DateTime, EUInformation, ExtensionObject, LocalizedText, MessageSecurityMode, NodeClass, NodeId, ObjectId, QualifiedName, ReferenceTypeId,
    ServerState, StatusCode, VariableId, Variant,
};
use async_opcua_server::address_space::{NodeType, ObjectBuilder, VariableBuilder};
use async_opcua_server::diagnostics::NamespaceMetadata;
use async_opcua_server::node_manager::memory::{SimpleNodeManager, simple_node_manager};
use async_opcua_server::{ANONYMOUS_USER_TOKEN_ID, Server, ServerBuilder, ServerHandle};
use tokio::runtime::Runtime;

use super::nodes::{MACHINERY, MACHINES_NODE};
use crate::base::{Code, Refusal, Time, limits};
use crate::model::telemetry::{Measure, Reading, Series, SeriesId};
use crate::telemetry::Seen;

const BASE: &str = "http://opcfoundation.org/UA/";
const NAME: &str = "Simulated machines";
const URI: &str = "urn:millwright:simulated-machines";
const CERTIFICATE: &str = "own/cert.der";
/// Microseconds from 1601, where OPC UA begins to count, to 1970.
const SINCE_1601: i64 = 11_644_473_600_000_000;
/// What a machine reads, where anything is known of it.
pub type Known = (Series, Option<(Time, Reading)>);

/// A server that listens on this machine until it is dropped.
pub struct Staged {
    address: SocketAddr,
    certificate: PathBuf,
    server: ServerHandle,
    machines: Arc<SimpleNodeManager>,
    variables: BTreeMap<SeriesId, NodeId>,
}

impl Drop for Staged {
    fn drop(&mut self) {
        self.server.cancel();
    }
}

impl Staged {
    /// A server of the machines that have these series, on a free port. Who it is stands in a folder, so that it is the same after a restart.
    pub fn start(known: &[Known], folder: &Path) -> Result<Self, Refusal> {
        let fault = |why: String| Refusal::new(Code::Unavailable, format!("no OPC UA server can be staged: {why}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.set_nonblocking(true).map(|()| it)).map_err(|error| fault(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| fault(error.to_string()))?;
        let folder = std::path::absolute(folder).map_err(|error| fault(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| fault(error.to_string()))?;
        let (server, handle) = {
            // The library starts its clocks while it is put together.
            let _within = runtime.enter();
            builder(&folder).build().map_err(fault)?
        };
        let of = |name: &str| handle.node_managers().get_by_name::<SimpleNodeManager>(name).ok_or_else(|| fault(format!("it has no {name}")));
        let (base, machines) = (of(BASE)?, of(MACHINERY)?);
        know_references(&handle);
        furnish_base(&base, &handle);
        let variables = furnish(&machines, &handle, known);
        std::thread::Builder::new().name("opcua-machines".to_owned()).spawn(move || serve(&runtime, server, listener)).map_err(|error| fault(error.to_string()))?;
        Ok(Self { address, certificate: folder.join(CERTIFICATE), server: handle, machines, variables })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says what machines say, if all that is said is listened to: such a server keeps nothing for those who come later.
    pub fn tell(&self, said: &[Seen]) -> Result<(), Refusal> {
        let subscriptions = self.server.subscriptions();
        let heard = |node: &NodeId| subscriptions.data_notifier().notify_for(node, AttributeId::Value).is_some();
        if !said.iter().filter_map(|(series, _)| self.variables.get(&series.id)).all(heard) {
            return Err(Refusal::new(Code::Unavailable, "nobody listens to the machines yet"));
        }
        for (series, sample) in said {
            if let Some(node) = self.variables.get(&series.id) {
                let told = self.machines.set_value(subscriptions, node, None, value(&sample.value, sample.at));
                told.map_err(|status| Refusal::new(Code::Internal, format!("{} of {} cannot be told: {status}", series.metric, series.machine)))?;
            }
        }
        Ok(())
    }

    /// Approves this server's certificate in a folder of certificates, as a person does who went to the machine first;
    /// where it waits already, it waits no more. Others stay where they are.
    pub fn approve(&self, pki: &Path) -> Result<(), Refusal> {
        let fault = |why: String| Refusal::new(Code::Unavailable, format!("the machines' certificate cannot be approved: {why}"));
        let own = fs::read(&self.certificate).map_err(|error| fault(error.to_string()))?;
        let name = CertificateStore::cert_file_name(&X509::from_der(&own).map_err(|error| fault(error.to_string()))?);
        let (waiting, trusted) = (pki.join("rejected").join(&name), pki.join("trusted"));
        fs::create_dir_all(&trusted).and_then(|()| fs::write(trusted.join(&name), &own)).map_err(|error| fault(error.to_string()))?;
        if fs::read(&waiting).is_ok_and(|waits| waits == own) {
            fs::remove_file(&waiting).map_err(|error| fault(error.to_string()))?;
        }
        Ok(())
    }
}

fn builder(folder: &Path) -> ServerBuilder {
    let namespace = |uri: &str| simple_node_manager(NamespaceMetadata { namespace_uri: uri.to_owned(), ..NamespaceMetadata::default() }, uri);
    let mut builder = ServerBuilder::new()
        .application_name(NAME)
        .application_uri(URI)
        .product_uri(URI)
        .host(Ipv4Addr::LOCALHOST.to_string())
        .pki_dir(folder)
        .certificate_path(CERTIFICATE)
        .private_key_path("private/private.pem")
        .create_sample_keypair(true)
        // Whoever asks is on this computer; a real machine asks its own people.
        .trust_client_certs(true)
        .add_endpoint("safe", ("/", SecurityPolicy::Basic256Sha256, MessageSecurityMode::SignAndEncrypt, &[ANONYMOUS_USER_TOKEN_ID] as &[&str]))
        .discovery_urls(vec!["/".to_owned()])
        .with_node_manager(namespace(BASE))
        .with_node_manager(namespace(MACHINERY));
    let subscriptions = &mut builder.limits_mut().subscriptions;
    // Values are told as they come and never looked for.
    subscriptions.min_sampling_interval_ms = 0.0;
    subscriptions.max_monitored_item_queue_size = limits::OPCUA_QUEUE_MAX as usize;
    builder
}

fn serve(runtime: &Runtime, server: Server, listener: TcpListener) {
    let served = runtime.block_on(async { server.run_with(tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?).await });
    if let Err(error) = served {
        tracing::error!(error, "the staged OPC UA server ended");
    }
}

/// What a client that follows references from above must find known.
fn know_references(server: &ServerHandle) {
    let mut types = server.type_tree().write();
    for (kind, above) in [
        (ReferenceTypeId::HierarchicalReferences, ReferenceTypeId::References),
        (ReferenceTypeId::Organizes, ReferenceTypeId::HierarchicalReferences),
        (ReferenceTypeId::HasComponent, ReferenceTypeId::HierarchicalReferences),
        (ReferenceTypeId::HasProperty, ReferenceTypeId::HierarchicalReferences),
    ] {
        types.add_type_node(&kind.into(), &above.into(), NodeClass::ReferenceType);
    }
}

/// What is read of every server: its namespaces, since when it runs, and that it does.
fn furnish_base(base: &SimpleNodeManager, server: &ServerHandle) {
    let mut space = base.address_space().write();
    let root = |id: ObjectId, name: &str| ObjectBuilder::new(&id.into(), name, name);
    root(ObjectId::ObjectsFolder, "Objects").is_folder().insert(&mut *space);
    root(ObjectId::Server, "Server").organized_by(ObjectId::ObjectsFolder).insert(&mut *space);
    let known = server.type_tree().read().namespaces().known_namespaces().clone();
    let mut namespaces: Vec<(u16, String)> = known.into_iter().map(|(uri, index)| (index, uri)).collect();
    namespaces.sort();
    let namespaces: Vec<String> = namespaces.into_iter().map(|(_, uri)| uri).collect();
    let mut variable = |id: VariableId, name: &str, kind: DataTypeId, value: Variant| {
        VariableBuilder::new(&id.into(), name, name).data_type(kind).value(value).component_of(ObjectId::Server).insert(&mut *space);
    };
    variable(VariableId::Server_NamespaceArray, "NamespaceArray", DataTypeId::String, Variant::from(namespaces));
    variable(VariableId::Server_ServerStatus_StartTime, "StartTime", DataTypeId::UtcTime, Variant::from(DateTime::now()));
    variable(VariableId::Server_ServerStatus_State, "State", DataTypeId::ServerState, Variant::from(ServerState::Running as i32));
}

/// The folder of machines, the machines in it, and their variables with what they read last.
fn furnish(machines: &SimpleNodeManager, server: &ServerHandle, known: &[Known]) -> BTreeMap<SeriesId, NodeId> {
    let index = server.get_namespace_index(MACHINERY).unwrap_or_default();
    let folder = NodeId::new(index, MACHINES_NODE);
    let mut space = machines.address_space().write();
    space.add_folder(&folder, QualifiedName::new(index, "Machines"), "Machines", &ObjectId::ObjectsFolder.into());
    let mut variables = BTreeMap::new();
    for (series, last) in known {
        let machine = NodeId::new(index, series.machine.clone());
        if space.find_node(&machine).is_none() {
            ObjectBuilder::new(&machine, QualifiedName::new(index, series.machine.as_str()), series.machine.as_str()).organized_by(folder.clone()).insert(&mut *space);
        }
        let node = NodeId::new(index, format!("{}/{}", series.machine, series.metric));
        let kind = if series.measure == Measure::Text { DataTypeId::String } else { DataTypeId::Double };
        let name = QualifiedName::new(index, series.metric.as_str());
        VariableBuilder::new(&node, name, series.metric.as_str()).data_type(kind).value(Variant::Empty).component_of(machine).insert(&mut *space);
        if let Some(unit) = &series.unit {
            let property = NodeId::new(index, format!("{}/{}/EngineeringUnits", series.machine, series.metric));
            let unit = EUInformation { display_name: LocalizedText::from(unit.as_str()), ..EUInformation::default() };
            let unit = Variant::from(ExtensionObject::from_message(unit));
            VariableBuilder::new(&property, QualifiedName::new(0, "EngineeringUnits"), "EngineeringUnits")
                .data_type(DataTypeId::EUInformation)
                .value(unit)
                .property_of(node.clone())
                .insert(&mut *space);
        }
        if let (Some(NodeType::Variable(variable)), Some((at, reading))) = (space.find_mut(&node), last) {
            variable.set_data_value(value(reading, *at));
        }
        variables.insert(series.id, node);
    }
    variables
}

fn value(reading: &Reading, at: Time) -> DataValue {
    let moment = DateTime::from((at.micros() + SINCE_1601) * 10);
    let value = match reading {
        Reading::Number(number) => Some(Variant::Double(*number)),
        Reading::Text(text) => Some(Variant::from(&**text)),
        Reading::Unavailable => None,
    };
    let status = if value.is_some() { StatusCode::Good } else { StatusCode::BadNotConnected };
    DataValue { value, status: Some(status), source_timestamp: Some(moment), server_timestamp: Some(moment), ..DataValue::default() }
}
