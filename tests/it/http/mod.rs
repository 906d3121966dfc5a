//! The HTTP door, from outside: a served plant in this process, and every address as a client sees
//! it. The files follow the addresses.

mod attachments;
mod bad_input;
mod changes;
mod counts;
mod docs;
mod faults;
mod floor;
mod fuzz;
mod house;
mod imports;
mod kpi;
mod lists;
mod lots;
mod machines;
mod past;
mod permission;
mod reports;
mod search;
mod sessions;
mod stock;
mod telemetry;
mod terminals;
mod ui;
mod work_orders;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use millwright::accounts::{token_verifier, verifier};
use millwright::adapters::http::{Import, ImportCall, Server, Service};
use millwright::adapters::{exchange, sql};
use millwright::base::{Code, Refusal};
use millwright::engine::{Engine, Envelope};
use millwright::followers::figures::{self, Figures};
use millwright::followers::lake::Lake;
use millwright::followers::{indexing, machine_counts, machine_faults, machine_stops, replan};
use millwright::model::command::{CreateApiToken, CreateUser};
use millwright::model::{Command, Id, Role};
use millwright::planning::Desk;
use millwright::query::Sql;
use millwright::store::{Home, Store};
use millwright::telemetry::Lane;
use millwright::views::search::SearchIndex;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::client::Client;
use crate::plant::*;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A served plant with a log-in and a token for every role.
pub(crate) struct Site {
    pub(crate) plant: Plant,
    pub(crate) address: SocketAddr,
    /// Where clients of PostgreSQL find it.
    pub(crate) sql: SocketAddr,
    index: Arc<SearchIndex>,
    pub(crate) lane: Lane,
    stop: watch::Sender<bool>,
    _folder: Option<TempDir>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        let lane = self.lane.clone();
        // It ends by itself; the next test need not wait for it.
        std::thread::spawn(move || lane.stop());
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

fn import(engine: &Engine) -> Import {
    let engine = engine.clone();
    Arc::new(move |call: ImportCall, progress: &mut dyn FnMut(u64, u64)| {
        let kind = exchange::Kind::from_word(&call.kind).ok_or_else(|| Refusal::new(Code::NotFound, "nothing that can be brought in"))?;
        let request = exchange::Request { kind, file_name: &call.file_name, bytes: &call.bytes, map: call.map.as_deref(), dry_run: call.dry_run, actor: call.actor };
        exchange::import(&engine, &request, progress).map(|report| report.to_value().to_json())
    })
}

pub(crate) fn token(role: Role) -> String {
    format!("mw_test_{}", role.word())
}

impl Site {
    /// In memory, with the master data of the small plant.
    pub(crate) fn new() -> Self {
        Self::over(Store::in_memory().unwrap(), None)
    }

    /// In a data directory, for what needs files.
    pub(crate) fn on_disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::existing_or_new(&folder.path().join("data")).unwrap();
        Self::over(Store::open(home).unwrap(), Some(folder))
    }

    fn over(store: Store, folder: Option<TempDir>) -> Self {
        static VERIFIERS: OnceLock<Vec<u8>> = OnceLock::new();
        let verifiers = VERIFIERS.get_or_init(|| verifier::make(PASSWORD).unwrap());
        let plant = Plant::on(store);
        plant.admin(found(false)).unwrap();
        for command in master_data() {
            plant.admin(command).unwrap();
        }
        for role in Role::PEOPLE {
            let command = Command::CreateUser(CreateUser { user_name: role.word().to_owned(), role: *role, employee_id: None });
            let user = plant.engine.submit_wait(Envelope { secret: Some(verifiers.clone()), ..by(Role::Admin, command) }).unwrap();
            let command = Command::CreateApiToken(CreateApiToken { user_id: Id::new(user.subject.number), token_name: "test".to_owned(), expires_at: None });
            plant.engine.submit_wait(Envelope { secret: Some(token_verifier(&token(*role))), ..by(Role::Admin, command) }).unwrap();
        }
        let (stop, stopping) = watch::channel(false);
        let (figures, index) = (Figures::default(), Arc::new(SearchIndex::default()));
        let service = Service::new(plant.engine.clone(), figures.clone(), import(&plant.engine), Arc::new(|| "# nothing measured\n".to_owned()), stopping.clone()).unwrap();
        let lane = Lane::start(&plant.engine).unwrap();
        let desk = Desk::default();
        runtime().spawn(replan::run(plant.engine.clone(), figures.clone(), desk.clone(), stopping.clone()));
        let lake = plant.engine.root().map(|root| Arc::new(Lake::new(plant.engine.clone(), Some(lane.clone()), root.join("lake"))));
        let tables = Sql::new(&plant.engine, Some(&lane), &figures).unwrap();
        let wire = runtime().block_on(sql::Server::bind(([127, 0, 0, 1], 0).into(), tables.clone(), service.accounts())).unwrap();
        let sql = wire.address().unwrap();
        runtime().spawn(wire.run(stopping.clone()));
        let service = service.with_search(Arc::clone(&index)).with_telemetry(lane.clone()).with_sql(tables, Some(sql.port())).with_lake(lake).with_desk(desk.clone());
        let server = runtime().block_on(Server::bind(([127, 0, 0, 1], 0).into(), Arc::new(service))).unwrap();
        let address = server.address().unwrap();
        runtime().spawn(figures::run(plant.engine.clone(), figures, stopping.clone()));
        runtime().spawn(server.run(stopping));
        Self { plant, address, sql, index, lane, stop, _folder: folder }
    }

    /// Lets the index follow the plant, in a folder beside it.
    pub(crate) fn indexed(self) -> Self {
        let folder = self._folder.as_ref().unwrap().path().join("search");
        indexing::start(&self.plant.engine, folder, &self.index, self.stop.subscribe()).unwrap();
        self
    }

    /// Lets machines tell their stops.
    pub(crate) fn with_machine_stops(self) -> Self {
        let figures = Figures::default();
        runtime().spawn(figures::run(self.plant.engine.clone(), figures.clone(), self.stop.subscribe()));
        runtime().spawn(machine_stops::run(self.plant.engine.clone(), self.lane.clone(), figures, self.stop.subscribe()));
        self
    }

    /// Lets machines count pieces.
    pub(crate) fn with_machine_counts(self) -> Self {
        runtime().spawn(machine_counts::run(self.plant.engine.clone(), self.lane.clone(), self.stop.subscribe()));
        self
    }

    /// Lets sensors show faults.
    pub(crate) fn with_machine_faults(self) -> Self {
        runtime().spawn(machine_faults::run(self.plant.engine.clone(), self.lane.clone(), self.stop.subscribe()));
        self
    }

    pub(crate) fn client(&self, role: Role) -> Client {
        Client::new(self.address, Some(&token(role)))
    }

    pub(crate) fn stranger(&self) -> Client {
        Client::new(self.address, None)
    }
}
