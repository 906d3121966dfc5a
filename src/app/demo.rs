//! One command to a plant: founds a simulated one with a month behind it and a log-in a role, then
//! serves it and lets it live; a plant that was stopped first lives what it has missed. The log-ins
//! stand in `demo-logins.json` beside the data.

use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::arguments::{Demo, Place, Taken};
use super::founding::{self, Moment, console};
use super::output::Output;
use super::serve::{self, Doors, Mqtt};
use super::wires::Wires;
use super::wiring;
use crate::accounts::{actor_named, random_token};
use crate::base::{Code, Refusal, Time};
use crate::bodies::qr;
use crate::engine::{Engine, Envelope};
use crate::model::command::SetPlantClock;
use crate::model::journal::{Actor, Origin};
use crate::model::permission::Role;
use crate::model::{Command, Id};
use crate::planning::Desk;
use crate::simulator::{Cast, PLANT_NAME, Plan, Simulator, master_data};
use crate::store::home::write_private;
use crate::store::telemetry_file;
use crate::telemetry::Lane;
use crate::views;

const LOGINS: &str = "demo-logins.json";
/// How often the simulator looks at the clock.
const LOOK: Duration = Duration::from_millis(250);
/// Seconds of the wall that a simulator may be behind its clock.
const BEHIND_SECONDS: i64 = 8;
/// Where brokers are looked for.
const MQTT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1_883);
/// Everybody's on the floor of a demo.
const FLOOR_PIN: &str = "2580";

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
    let Open { engine, lane, mut logins, mut simulator } = match open_or_make(&data, it, output)? {
        Opened::Lives(open) => *open,
        Opened::Made => return Err(begin_again()),
    };
    set_clock(&engine, simulator.lived_until().max(engine.wall_now()), it.speed)?;
    let stop = Arc::new(AtomicBool::new(false));
    let demo = logins.users.iter().map(|login| login.user.clone()).collect();
    let desk = Desk::of(&engine)?;
    simulator.plan_on(desk.clone());
    let doors = Doors {
        http: place.http(),
        lake: place.lake(&data)?,
        sql: place.sql(Taken::TakeNext),
        mqtt: Some(place.mqtt().map_or(Mqtt::Near(MQTT), Mqtt::At)),
        secrecy: place.secrecy(),
        demo,
        desk,
    };
    let wires = Wires::lay(&engine, &lane, &mut simulator, logins.machines()?)?;
    let living = live(&engine, simulator, Arc::clone(&stop))?;
    let answer = serve::serve(&engine, &lane, doors, output, |addresses| {
        wires.connect(addresses.mqtt);
        tell(&data, &mut logins, addresses.http, output)
    });
    stop.store(true, Ordering::SeqCst);
    if living.join().is_err() {
        tracing::error!("the simulator ended with a panic");
    }
    lane.stop();
    engine.stop();
    answer
}

impl Logins {
    /// As whom machines publish: as those who may do least.
    fn machines(&self) -> Result<(String, String), Refusal> {
        let login = self.users.iter().find(|login| login.role == Role::Operator.word());
        let login = login.ok_or_else(|| Refusal::new(Code::BadData, format!("{LOGINS} names no operator")))?;
        Ok((login.user.clone(), login.token.clone()))
    }
}

/// A demo plant, open.
struct Open {
    engine: Engine,
    lane: Lane,
    logins: Logins,
    simulator: Simulator,
}

/// What stands behind a data directory now.
enum Opened {
    /// A plant that goes on.
    Lives(Box<Open>),
    /// A plant that was made just now, and is closed.
    Made,
}

fn open_or_make(data: &Path, it: &Demo, output: &Output) -> Result<Opened, Refusal> {
    let engine = wiring::open_or_make(data, true)?;
    let plant = engine.read(views::overview::overview)??.plant;
    let Some(plant) = plant else { return make(engine, data, it, output) };
    if !plant.simulated {
        return Err(Refusal::new(Code::IllegalState, format!("{} holds a real plant; serve it with `millwright serve`, or name another directory for the demo", data.display())));
    }
    match read_logins(data)? {
        Some(logins) => {
            let lane = Lane::start(&engine)?;
            let simulator = wake(&engine, &lane, it, output)?;
            Ok(Opened::Lives(Box::new(Open { engine, lane, logins, simulator })))
        }
        None => {
            // Interrupted before its log-ins were told: nobody can have used it, so it begins anew.
            output.say("the demo plant was not finished; making it anew");
            engine.stop();
            for file in ["plant.redb", telemetry_file::FILE] {
                match std::fs::remove_file(data.join(file)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Refusal::new(Code::Unavailable, format!("{file}: {error}"))),
                    _ => {}
                }
            }
            make(wiring::open_or_make(data, true)?, data, it, output)
        }
    }
}

/// Goes on where the plant's journal ends; before anybody is let in, it lives what it has missed.
fn wake(engine: &Engine, lane: &Lane, it: &Demo, output: &Output) -> Result<Simulator, Refusal> {
    // The old clock may have run on at its rate: it stands until the plant has caught up with the wall's.
    let newest = engine.read(|snapshot| snapshot.entry(snapshot.head()?))??;
    set_clock(engine, newest.map_or_else(|| engine.wall_now(), |entry| entry.recorded_at), 0)?;
    let now = engine.wall_now();
    let mut simulator = Simulator::resume(engine, &cast(engine)?, it.seed, now)?;
    simulator.speak(lane)?;
    if it.speed > 0 && simulator.lived_until() < now {
        let bar = output.progress("living what the plant has missed");
        simulator.catch_up(now, &mut |done, total| bar.at(done, total))?;
        bar.finish();
    }
    Ok(simulator)
}

/// The same command in a fresh process, which goes on with the plant that was made: no allocator gives
/// back all that a month's making took, and a demo should weigh what a plant weighs. Answers only if
/// that fails.
fn begin_again() -> Refusal {
    let error = match std::env::current_exe() {
        Ok(program) => std::process::Command::new(program).args(std::env::args_os().skip(1)).exec(),
        Err(error) => error,
    };
    Refusal::new(Code::Internal, format!("the plant is made; start the same command again to serve it ({error})"))
}

fn make(engine: Engine, data: &Path, it: &Demo, output: &Output) -> Result<Opened, Refusal> {
    let lane = Lane::start(&engine)?;
    let end = engine.wall_now();
    let start = end.minus(Duration::from_secs(u64::from(it.days) * 86_400));
    let start = Time::from_micros(start.micros() - start.micros() % 60_000_000);
    let moment = Moment { origin: Origin::Simulator, at: Some(start) };
    founding::found(&engine, moment, PLANT_NAME, &it.timezone, true)?;
    let users = output.progress("making log-ins");
    let mut logins = Logins { url: String::new(), users: Vec::new() };
    for (at, role) in Role::PEOPLE.iter().enumerate() {
        logins.users.push(add_login(&engine, moment, *role)?);
        users.at(at as u64 + 1, Role::PEOPLE.len() as u64);
    }
    users.finish();
    let mut simulator = master_data(&engine, &cast(&engine)?, start)?;
    simulator.speak(&lane)?;
    founding::add_badges(&engine, moment, FLOOR_PIN)?;
    let bar = output.progress(&format!("making {} days of history", it.days));
    simulator.history(&Plan { seed: it.seed, start, end }, &mut |done, total| bar.at(done, total))?;
    bar.finish();
    drop(simulator);
    lane.stop();
    engine.stop();
    write_logins(data, &logins)?;
    Ok(Opened::Made)
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

/// From a plant time on the clock runs at this rate.
fn set_clock(engine: &Engine, plant_time: Time, rate: i64) -> Result<(), Refusal> {
    let command = Command::SetPlantClock(SetPlantClock { plant_time: Some(plant_time), rate: Some(rate) });
    engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(plant_time), ..Envelope::of(console(), command) }).map(|_| ())
}

fn live(engine: &Engine, mut simulator: Simulator, stop: Arc<AtomicBool>) -> Result<JoinHandle<()>, Refusal> {
    let engine = engine.clone();
    let work = move || {
        let mut behind = 0;
        while !stop.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK);
            // An hour at a time, so that a stop is heard.
            let until = engine.plant_now().min(simulator.lived_until().plus_minutes(60));
            if until <= simulator.lived_until() {
                // The clock stands still.
                continue;
            }
            match simulator.advance_to(until).and_then(|()| keep_up(&engine, simulator.lived_until(), behind)) {
                Ok(now) => behind = now,
                Err(refusal) => {
                    tracing::warn!(%refusal, "the simulated plant could not go on; it tries again");
                    std::thread::sleep(Duration::from_secs(2));
                }
            }
        }
        if let Err(refusal) = simulator.hang_up() {
            tracing::warn!(%refusal, "the last words of machines are lost");
        }
    };
    std::thread::Builder::new().name("simulator".to_owned()).spawn(work).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
}

/// A clock that the simulator cannot follow goes at half its rate from now on; nothing is left out.
/// Answers how many seconds it is behind.
fn keep_up(engine: &Engine, lived_until: Time, behind_before: i64) -> Result<i64, Refusal> {
    let now = engine.plant_now();
    let rate = engine.read(views::overview::overview)??.plant.map_or(1, |plant| plant.clock_rate);
    let behind = (now.micros() - lived_until.micros()) / 1_000_000;
    if let Some(slower) = slower(rate, behind_before, behind) {
        tracing::warn!(behind, rate, slower, "the simulated plant cannot keep up with its clock: it goes slower from now on, and nothing is left out");
        set_clock(engine, now, slower)?;
    }
    Ok(behind)
}

/// The rate to go on at, where this one cannot be kept. Who only slept (a suspended laptop) is behind
/// too, but wins ground.
fn slower(rate: i64, behind_before: i64, behind: i64) -> Option<i64> {
    (rate > 1 && behind > rate * BEHIND_SECONDS && behind > behind_before).then(|| (rate / 2).max(1))
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

fn write_logins(data: &Path, logins: &Logins) -> Result<(), Refusal> {
    let json = serde_json::to_vec_pretty(logins).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    write_private(&path(data), &json).map_err(Refusal::from)
}

/// Writes the log-ins and tells them to whoever started the demo.
fn tell(data: &Path, logins: &mut Logins, address: SocketAddr, output: &Output) -> Result<(), Refusal> {
    logins.url = format!("http://{address}");
    write_logins(data, logins)?;
    output.say(&format!("{PLANT_NAME} (simulated) is ready. Log in at http://{address} as:"));
    for login in &logins.users {
        output.say(&format!("  {:<10} {}", login.user, login.password));
    }
    output.say(&format!("People on the floor sign on at a terminal with the PIN {FLOOR_PIN}."));
    tell_tablets(address, output);
    output.say(&format!("Tokens for programs are in {}; the API is described at http://{address}/api/docs", path(data).display()));
    Ok(())
}

/// The way in for a tablet: as a code where somebody looks and the plant can be reached from elsewhere.
fn tell_tablets(address: SocketAddr, output: &Output) {
    let reached = if address.ip().is_unspecified() { own_address(address.port()) } else { Some(address) };
    match reached.filter(|address| !address.ip().is_loopback()) {
        Some(address) => {
            let url = format!("http://{address}/");
            let code = std::io::stderr().is_terminal().then(|| qr::blocks(&url)).flatten();
            output.say(&format!("For a tablet: {url}{}", code.map_or_else(String::new, |code| format!("\n{code}"))));
        }
        None => output.say(&format!("For a tablet in the same network: start it with --http 0.0.0.0:{}", address.port())),
    }
}

/// The address from which this machine would speak to others; nothing is sent to find it.
fn own_address(port: u16) -> Option<SocketAddr> {
    // TEST-NET-1 of RFC 5737: no machine has it, and any network but this machine's own leads there.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(SocketAddr::new(socket.local_addr().ok()?.ip(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_halved_where_ground_is_lost_and_only_there() {
        // At 600 plant seconds a second: eight seconds of the wall are 4,800 of the plant.
        assert_eq!(slower(600, 4_000, 5_000), Some(300));
        assert_eq!(slower(600, 4_000, 4_800), None, "not yet far behind");
        assert_eq!(slower(600, 90_000, 50_000), None, "it catches up after a sleep");
        assert_eq!(slower(3, 0, 100), Some(1));
        assert_eq!(slower(1, 0, 1_000_000), None, "a day's own pace is never left");
        assert_eq!(slower(0, 0, 1_000_000), None, "a clock that stands is no clock that is too fast");
    }
}
