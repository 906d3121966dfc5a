//! A plant in memory with people at its doors: what two of them do at the same time must end as if
//! one had come after the other.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::terminals::{Doing, Shown};
use super::*;
use crate::engine::clock::Clock;
use crate::engine::{Envelope, Options};
use crate::model::command::{CreateApiToken, CreateUser, FoundPlant, IssueBadge, RegisterTerminal, RevokeApiToken, SetPassword};
use crate::model::{Command, Employee, Role};
use crate::store::Store;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const PIN: &str = "2580";

struct House {
    engine: Engine,
    clock: Clock,
}

impl House {
    fn new() -> Self {
        let clock = Clock::manual("2026-03-02T07:00:00Z".parse().unwrap());
        let options = Options { clock: clock.clone(), space_floor: 0, timers: false, ..Options::default() };
        let house = Self { engine: Engine::start(Store::in_memory().unwrap(), options).unwrap(), clock };
        house.does(Command::FoundPlant(FoundPlant { plant_name: "Test".to_owned(), timezone: "Europe/Berlin".to_owned(), simulated: false }), None);
        house
    }

    fn does(&self, command: Command, secret: Option<Vec<u8>>) -> u64 {
        self.engine.submit_wait(Envelope { secret, ..Self::by_admin(command) }).unwrap().subject.number
    }

    fn by_admin(command: Command) -> Envelope {
        Envelope::of(Actor { user: 1, name: "admin".to_owned(), role: Role::Admin }, command)
    }

    fn user(&self, name: &str) -> LogIn {
        let number = self.does(Command::CreateUser(CreateUser { user_name: name.to_owned(), role: Role::Operator, employee_id: None }), Some(b"nothing fits".to_vec()));
        self.engine.read(|snapshot| login(&snapshot.get(Id::<User>::new(number)).unwrap().unwrap())).unwrap()
    }

    fn accounts(&self) -> Accounts {
        Accounts::open(&self.engine).unwrap()
    }

    /// Somebody with a badge, and a terminal to show it to.
    fn terminal(&self) -> (Accounts, Arc<Terminal>, Id<Employee>) {
        let columns = crate::model::columns(Noun::Employee);
        let code = columns.iter().position(|spec| spec.name == "employee_code").unwrap();
        let employee = Id::new(self.does(Command::Create { noun: Noun::Employee, values: vec![(code, crate::base::Value::Text("E1".to_owned()))] }, None));
        let badge = IssueBadge { employee_id: employee, badge_number: "B-77001".to_owned() };
        self.does(Command::IssueBadge(badge), Some(verifier::hash(PIN).unwrap()));
        let terminal = RegisterTerminal { terminal_name: "Laser tablet".to_owned(), ..RegisterTerminal::default() };
        self.does(Command::RegisterTerminal(terminal), Some(token_verifier("tablet")));
        let accounts = self.accounts();
        let terminal = accounts.terminal("tablet").unwrap();
        (accounts, terminal, employee)
    }
}

fn badge() -> Shown {
    Shown::Number("B-77001".to_owned())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_revoked_token_does_not_come_back_with_accounts_that_were_read_before() {
    let house = House::new();
    let anna = house.user("anna").actor.user;
    let made = CreateApiToken { user_id: Id::new(anna), token_name: "press".to_owned(), expires_at: None };
    let token_id = Id::new(house.does(Command::CreateApiToken(made), Some(token_verifier("token"))));
    let accounts = house.accounts();
    let (began, begun) = std::sync::mpsc::channel();
    let slow = |snapshot: &Snapshot| {
        let known = read(snapshot);
        began.send(()).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        known
    };
    std::thread::scope(|scope| {
        scope.spawn(|| accounts.refresh_by(slow).unwrap());
        begun.recv().unwrap();
        assert!(accounts.holder("token").is_some());
        house.does(Command::RevokeApiToken(RevokeApiToken { token_id }), None);
        accounts.refresh().unwrap();
    });
    assert!(accounts.holder("token").is_none(), "it lives on");
}

#[test]
fn sessions_outlive_accounts_that_are_read_anew_beside_them() {
    let house = House::new();
    let anna = house.user("anna");
    (0..50).for_each(|number| _ = house.user(&format!("user-{number}")));
    let accounts = house.accounts();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(std::sync::atomic::Ordering::SeqCst) {
                    accounts.refresh().unwrap();
                }
            });
        }
        let told = runtime().block_on(async {
            for _ in 0..300 {
                let opened = accounts.open_session(anna.clone()).await.unwrap();
                if accounts.holder(&opened.token).is_none() {
                    return "a session vanished";
                }
                accounts.end_session(&opened.token).await.unwrap();
                if accounts.holder(&opened.token).is_some() {
                    return "a session came back";
                }
            }
            "all is well"
        });
        over.store(true, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(told, "all is well");
    });
    let opened = runtime().block_on(accounts.open_session(anna.clone())).unwrap();
    assert!(house.accounts().holder(&opened.token).is_some(), "a session outlives the program");
    house.does(Command::SetPassword(SetPassword { user_id: Id::new(anna.actor.user) }), Some(b"another one".to_vec()));
    accounts.refresh().unwrap();
    assert!(accounts.holder(&opened.token).is_none() && house.accounts().holder(&opened.token).is_none(), "but not the password that opened it");
    let late = runtime().block_on(accounts.open_session(anna)).unwrap();
    assert!(accounts.holder(&late.token).is_none(), "nor does one that was shown before and opens now");
}

#[test]
fn whoever_signs_off_stays_off_though_an_act_of_theirs_is_still_under_way() {
    let house = House::new();
    let (accounts, terminal, _) = house.terminal();
    runtime().block_on(async {
        let place = accounts.sign_on(&terminal, &badge(), Some(PIN), HERE).await.unwrap();
        assert_eq!(house.accounts().people_at(&terminal), [place]);
        house.clock.advance(Duration::from_secs(600));
        // The place is prolonged in memory, and on disk some time later.
        accounts.at_terminal(&terminal, Some(place.user), Doing::Acts).unwrap();
        assert!(accounts.people_at(&terminal)[0].expires_at > place.expires_at);
        accounts.sign_off(&terminal, place.user).await.unwrap();
        accounts.prolong(&terminal, &place);
        assert_eq!(accounts.people_at(&terminal), []);
        tokio::time::sleep(Duration::from_millis(50)).await;
        house.engine.desk(|_| Ok(())).await.unwrap();
        assert_eq!(house.accounts().people_at(&terminal), [], "it came back on disk");
    });
}

#[test]
fn wrong_pins_at_the_same_time_are_as_few_as_one_after_the_other_however_the_badge_is_shown() {
    let house = House::new();
    let (accounts, terminal, _) = house.terminal();
    runtime().block_on(async {
        let user = accounts.sign_on(&terminal, &badge(), Some(PIN), HERE).await.unwrap().user;
        let (number, chosen) = (badge(), Shown::Chosen(1));
        let shown = (0..20).map(|turn| accounts.sign_on(&terminal, if turn % 2 == 0 { &number } else { &chosen }, Some("1357"), HERE));
        let tried: Vec<Code> = futures_util::future::join_all(shown).await.into_iter().map(|it| it.unwrap_err().code).collect();
        assert_eq!(tried.iter().filter(|code| **code == Code::Unauthenticated).count(), 5, "{tried:?}");
        assert_eq!(accounts.check_own_pin(user, PIN, HERE).await.unwrap_err().code, Code::Throttled);
        house.clock.advance(Duration::from_secs(3));
        accounts.check_own_pin(user, PIN, HERE).await.unwrap();
    });
}

#[test]
fn an_employee_who_has_left_is_signed_off_and_signs_on_no_more() {
    let house = House::new();
    let (accounts, terminal, employee_id) = house.terminal();
    runtime().block_on(async {
        let place = accounts.sign_on(&terminal, &badge(), Some(PIN), HERE).await.unwrap();
        let columns = crate::model::columns(Noun::Employee);
        let status = columns.iter().position(|spec| spec.name == "status").unwrap();
        let gone = Command::Update { subject: Subject::of(employee_id), values: vec![(status, crate::base::Value::Text("inactive".to_owned()))] };
        house.engine.submit(House::by_admin(gone)).await.unwrap();
        assert_eq!(accounts.people_at(&terminal), []);
        assert!(accounts.at_terminal(&terminal, Some(place.user), Doing::Looks).is_none());
        assert_eq!(accounts.sign_on(&terminal, &badge(), Some(PIN), HERE).await.unwrap_err().code, Code::Unauthenticated);
    });
}
