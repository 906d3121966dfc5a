//! One command to a plant: founds a simulated one with a few days behind it and a log-in a role,
//! then serves it and lets it live. The log-ins stand in `demo-logins.json` beside the data.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::arguments::{Demo, Place};
use super::founding::{self, Moment, console};
use super::output::Output;
use super::{serve, wiring};
use crate::accounts::{actor_named, random_token};
use crate::base::{Code, Refusal, Time};
use crate::engine::{Engine, Envelope};
use crate::model::command::SetPlantClock;
use crate::model::journal::{Actor, Origin};
use crate::model::permission::Role;
use crate::model::{Command, Id};
use crate::simulator::{Cast, Plan, Simulator, master_data};
use crate::store::home::write_private;
use crate::views;

const LOGINS: &str = "demo-logins.json";
const PLANT_NAME: &str = "Riverside Kitchen Works";

/// The log-ins of a demo plant.
#[derive(Serialize, Deserialize)]
struct Logins {
    url: String,
    users: Vec<Login>,
}

/// One of them.
#[derive(Serialize, Deserialize)]
struct Login {
    role: String,
    user: String,
    password: String,
    token: String,
}

pub(super) fn run(place: &Place, it: &Demo, output: &Output) -> Result<u8, Refusal> {
    let data = place.data_or("demo-data");
    let (engine, mut logins, simulator) = open_or_make(&data, it, output)?;
    set_clock(&engine, it.speed)?;
    let stop = Arc::new(AtomicBool::new(false));
    let living = if it.speed > 0 { Some(live(&engine, simulator, Arc::clone(&stop))?) } else { None };
    let answer = serve::serve(&engine, place.http(), output, |address| tell(&data, &mut logins, address, output));
    stop.store(true, Ordering::SeqCst);
    if living.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("the simulator ended with a panic");
    }
    engine.stop();
    answer
}

fn open_or_make(data: &Path, it: &Demo, output: &Output) -> Result<(Engine, Logins, Simulator), Refusal> {
    let engine = wiring::open_or_make(data, true)?;
    let plant = engine.read(views::overview::overview)??.plant;
    let Some(plant) = plant else { return make(&engine, it, output).map(|(logins, simulator)| (engine, logins, simulator)) };
    if !plant.simulated {
        return Err(Refusal::new(Code::IllegalState, format!("{} holds a real plant; serve it with `millwright serve`, or name another directory for the demo", data.display())));
    }
    match read_logins(data)? {
        Some(logins) => {
            let cast = cast(&engine)?;
            let simulator = Simulator::resume(&engine, &cast, it.seed, engine.plant_now())?;
            Ok((engine, logins, simulator))
        }
        None => {
            // Interrupted before its log-ins were told: nobody can have used it, so it begins anew.
            output.say("the demo plant was not finished; making it anew");
            engine.stop();
            std::fs::remove_file(data.join("plant.redb")).map_err(|error| Refusal::new(Code::Unavailable, error.to_string()))?;
            let engine = wiring::open_or_make(data, true)?;
            make(&engine, it, output).map(|(logins, simulator)| (engine, logins, simulator))
        }
    }
}

fn make(engine: &Engine, it: &Demo, output: &Output) -> Result<(Logins, Simulator), Refusal> {
    let end = engine.wall_now();
    let start = end.minus(Duration::from_secs(u64::from(it.days) * 86_400));
    let moment = Moment { origin: Origin::Simulator, at: Some(start) };
    founding::found(engine, moment, PLANT_NAME, &it.timezone, true)?;
    let users = output.progress("making log-ins");
    let mut logins = Logins { url: String::new(), users: Vec::new() };
    for (at, role) in Role::PEOPLE.iter().enumerate() {
        logins.users.push(add_login(engine, moment, *role)?);
        users.at(at as u64 + 1, Role::PEOPLE.len() as u64);
    }
    users.finish();
    let mut simulator = master_data(engine, &cast(engine)?, start)?;
    let bar = output.progress(&format!("making {} days of history", it.days));
    simulator.history(&Plan { seed: it.seed, start, end }, &mut |done, total| bar.at(done, total))?;
    bar.finish();
    Ok((logins, simulator))
}

fn add_login(engine: &Engine, moment: Moment, role: Role) -> Result<Login, Refusal> {
    let user = role.word().to_owned();
    let password: String = random_token()?.chars().filter(char::is_ascii_alphanumeric).skip(2).take(16).collect();
    let subject = founding::add_user(engine, moment, &user, role, &password)?;
    let token = founding::add_token(engine, moment, Id::new(subject.number), "demo")?;
    Ok(Login { role: user.clone(), user, password, token })
}

fn cast(engine: &Engine) -> Result<Cast, Refusal> {
    let actor = |role: Role| -> Result<Actor, Refusal> {
        actor_named(engine, role.word())?.ok_or_else(|| Refusal::new(Code::NotFound, format!("the demo's log-in {role} is gone; name a new directory")))
    };
    Ok(Cast { planner: actor(Role::Planner)?, lead: actor(Role::Lead)?, operator: actor(Role::Operator)?, inspector: actor(Role::Inspector)?, manager: actor(Role::Manager)? })
}

/// From where the plant's time stands it goes on at this rate; a new history stands at the wall's time.
fn set_clock(engine: &Engine, rate: i64) -> Result<(), Refusal> {
    let plant_time: Time = engine.plant_now().max(engine.wall_now());
    let command = Command::SetPlantClock(SetPlantClock { plant_time: Some(plant_time), rate });
    engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(plant_time), ..Envelope::of(console(), command) }).map(|_| ())
}

fn live(engine: &Engine, mut simulator: Simulator, stop: Arc<AtomicBool>) -> Result<JoinHandle<()>, Refusal> {
    let engine = engine.clone();
    let work = move || {
        while !stop.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(500));
            if let Err(refusal) = simulator.advance_to(engine.plant_now()) {
                tracing::warn!(%refusal, "the simulated plant could not go on; it tries again");
                std::thread::sleep(Duration::from_secs(2));
            }
        }
    };
    std::thread::Builder::new().name("simulator".to_owned()).spawn(work).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}

fn path(data: &Path) -> PathBuf {
    data.join(LOGINS)
}

fn read_logins(data: &Path) -> Result<Option<Logins>, Refusal> {
    match std::fs::read(path(data)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| Refusal::new(Code::BadData, format!("{}: {error}", path(data).display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Refusal::new(Code::Unavailable, format!("{}: {error}", path(data).display()))),
    }
}

/// Writes the log-ins and tells them to whoever started the demo.
fn tell(data: &Path, logins: &mut Logins, address: SocketAddr, output: &Output) -> Result<(), Refusal> {
    logins.url = format!("http://{address}");
    let json = serde_json::to_vec_pretty(logins).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    write_private(&path(data), &json)?;
    output.say(&format!("{PLANT_NAME} (simulated) is ready. Log in at http://{address} as:"));
    for login in &logins.users {
        output.say(&format!("  {:<10} {}", login.user, login.password));
    }
    output.say(&format!("Tokens for programs are in {}; the API is described at http://{address}/api/docs", path(data).display()));
    Ok(())
}
