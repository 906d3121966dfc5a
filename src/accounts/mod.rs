//! Floor 5: who is at the door. Password verifiers, sessions, tokens and the throttle, shared by
//! every adapter that lets people or programs in. Deliberately without permission: `rules` decides
//! what a role may do.

pub mod scram;
pub mod terminals;
pub mod throttle;
pub mod verifier;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::{Code, Digest, Refusal, Time, limits};
use crate::engine::Engine;
use crate::model::journal::Actor;
use crate::model::plant::Status;
use crate::model::{ApiToken, Badge, Id, Noun, Subject, Terminal, User};
use crate::store::{Snapshot, StoreError, View as _};
use scram::{Exchange, Kept};
use terminals::Place;
use throttle::Throttle;

/// Commands after which the accounts are read anew.
pub const CHANGES_ACCOUNTS: &[&str] =
    &["CreateUser", "ChangeUser", "SetPassword", "CreateApiToken", "RevokeApiToken", "RegisterTerminal", "RevokeTerminal", "IssueBadge", "RevokeBadge"];

/// A user that has shown its password, or is let in as though it had: what one password opened ends with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIn {
    /// Who it is.
    pub actor: Actor,
    /// Which of its passwords: another number after each change.
    password: u64,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    user: u64,
    expires_at: Time,
    /// `None` for a token, which is revoked for itself.
    password: Option<u64>,
}

#[derive(Default)]
struct Known {
    users: HashMap<u64, LogIn>,
    tokens: HashMap<Digest, Session>,
    terminals: HashMap<Digest, Arc<Terminal>>,
    /// Those that are not revoked.
    badges: HashSet<u64>,
}

/// The accounts of a plant, in memory; the plant's records and desk rows are the truth.
pub struct Accounts {
    engine: Engine,
    known: RwLock<Known>,
    /// Whoever reads them anew does it alone: what is older must not replace what is newer.
    reading: Mutex<()>,
    /// Opened here and written down by us alone, so they are never read anew.
    sessions: RwLock<HashMap<Digest, Session>>,
    /// Who is signed on at terminals.
    places: Arc<Mutex<HashMap<Digest, Place>>>,
    throttle: Throttle,
    hashing: Arc<Semaphore>,
    /// What stands behind names that nobody has.
    nobody: [u8; 32],
}

/// A log-in by SCRAM that waits for its proof.
pub struct Proving {
    name: String,
    address: IpAddr,
    login: Option<LogIn>,
    exchange: Exchange,
}

/// An opened session.
pub struct Opened {
    /// The token, told once.
    pub token: String,
    /// Whose.
    pub actor: Actor,
    /// When it ends.
    pub expires_at: Time,
}

impl Accounts {
    /// Reads the accounts of a plant.
    pub fn open(engine: &Engine) -> Result<Self, Refusal> {
        let mut nobody = [0; 32];
        getrandom::fill(&mut nobody).map_err(|error| Refusal::new(Code::Internal, format!("the system gives no random numbers: {error}")))?;
        let hashing = Arc::new(Semaphore::new(limits::HASHES_AT_ONCE));
        let now = engine.wall_now();
        let (sessions, places) = engine.read(|snapshot| Ok::<_, StoreError>((sessions(snapshot, now)?, places(snapshot)?)))??;
        let accounts = Self {
            engine: engine.clone(),
            known: RwLock::default(),
            reading: Mutex::default(),
            sessions: RwLock::new(sessions),
            places: Arc::new(Mutex::new(places)),
            throttle: Throttle::default(),
            hashing,
            nobody,
        };
        accounts.refresh()?;
        Ok(accounts)
    }

    /// Reads them anew, after a command that changed them.
    pub fn refresh(&self) -> Result<(), Refusal> {
        self.refresh_by(read)
    }

    fn refresh_by(&self, read: impl FnOnce(&Snapshot) -> Result<Known, StoreError>) -> Result<(), Refusal> {
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.engine.read(read)??;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    /// Whoever holds this token, an API token or a session's.
    pub fn holder(&self, token: &str) -> Option<Actor> {
        self.holder_by_digest(Digest::of(token.as_bytes()))
    }

    /// The same for whoever asks again and again and should not keep the token itself.
    pub fn holder_by_digest(&self, digest: Digest) -> Option<Actor> {
        let session = self.sessions.read().unwrap_or_else(PoisonError::into_inner).get(&digest).copied();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let session = session.or_else(|| known.tokens.get(&digest).copied())?;
        if session.expires_at <= self.engine.wall_now() {
            return None;
        }
        let login = known.users.get(&session.user)?;
        session.password.is_none_or(|password| password == login.password).then(|| login.actor.clone())
    }

    /// A user as it is now; `None` where it is barred.
    pub fn active(&self, user: u64) -> Option<Actor> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).users.get(&user).map(|login| login.actor.clone())
    }

    /// Whether a user is called as a machine is, and so is its log-in. Where that cannot be read, it is: the less is allowed.
    pub fn is_machine(&self, name: &str) -> bool {
        self.is_named_as_machine(name).unwrap_or(true)
    }

    /// The same, or why it cannot be read.
    pub fn is_named_as_machine(&self, name: &str) -> Result<bool, Refusal> {
        Ok(self.engine.read(|snapshot| snapshot.resolve(Noun::Machine, name))??.is_some())
    }

    /// Checks name and password behind the throttle.
    pub async fn check_password(&self, name: &str, password: &str, address: IpAddr) -> Result<LogIn, Refusal> {
        let (login, secret) = self.engine.read(|snapshot| verifier_of(snapshot, name))??;
        // A name that does not exist costs the same time as one that does.
        let right = self.fits(name, address, password, secret).await?;
        login.filter(|_| right).ok_or_else(|| Refusal::new(Code::Unauthenticated, "name or password is wrong"))
    }

    /// Whether a secret is an account's, behind the throttle. A try counts from where it has its turn: those that wait
    /// behind it are not wrong ones.
    async fn fits(&self, account: &str, address: IpAddr, told: &str, secret: Option<Vec<u8>>) -> Result<bool, Refusal> {
        self.throttle.check(account, address, self.engine.wall_now())?;
        let turn = self.turn().await?;
        let trying = self.throttle.admit(account, address, self.engine.wall_now())?;
        let told = told.to_owned();
        let right = hashed(turn, move || verifier::matches(&told, secret.as_deref())).await?;
        if right {
            self.throttle.take_back(trying);
        }
        Ok(right)
    }

    /// Begins a log-in by SCRAM behind the throttle; answers what the client must prove. A name that
    /// nobody has is not told from one whose password is not known.
    pub fn begin_proof(&self, name: &str, first: &str, address: IpAddr) -> Result<(Proving, String), Refusal> {
        self.throttle.check(name, address, self.engine.wall_now())?;
        let (login, secret) = self.engine.read(|snapshot| verifier_of(snapshot, name))??;
        let line = secret.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.lines().nth(1));
        let kept = line.and_then(Kept::of).unwrap_or_else(|| Kept::of_nobody(name, &self.nobody));
        let (exchange, answer) = Exchange::begin(first, kept)?;
        Ok((Proving { name: name.to_owned(), address, login, exchange }, answer))
    }

    /// Ends a log-in by SCRAM: who it is, and our own proof.
    pub fn finish_proof(&self, proving: &Proving, last: &str) -> Result<(LogIn, String), Refusal> {
        let trying = self.throttle.admit(&proving.name, proving.address, self.engine.wall_now())?;
        let proof = proving.exchange.finish(last);
        if let (Ok(Some(proof)), Some(login)) = (&proof, &proving.login) {
            self.throttle.take_back(trying);
            return Ok((login.clone(), proof.clone()));
        }
        proof?;
        Err(Refusal::new(Code::Unauthenticated, "name or password is wrong"))
    }

    /// Whether it would be let in as the same today: not barred since, of the same role, with the same password.
    pub fn still(&self, login: &LogIn) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).users.get(&login.actor.user) == Some(login)
    }

    /// A user by name, as it is now; `None` where it is barred.
    pub fn named(&self, name: &str) -> Option<LogIn> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).users.values().find(|login| login.actor.name == name).cloned()
    }

    /// Opens a session.
    pub async fn open_session(&self, login: LogIn) -> Result<Opened, Refusal> {
        let token = random_token()?;
        let digest = Digest::of(token.as_bytes());
        let now = self.engine.wall_now();
        let expires_at = now.plus(limits::SESSION_TIME);
        let session = Session { user: login.actor.user, expires_at, password: Some(login.password) };
        self.write_down(digest, session).await?;
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.expires_at > now);
        sessions.insert(digest, session);
        Ok(Opened { token, actor: login.actor, expires_at })
    }

    /// After its owner has changed the password: this session goes on, their others have ended.
    pub async fn keep_session(&self, token: &str) -> Result<(), Refusal> {
        let digest = Digest::of(token.as_bytes());
        let Some(mut session) = self.sessions.read().unwrap_or_else(PoisonError::into_inner).get(&digest).copied() else { return Ok(()) };
        session.password = self.known.read().unwrap_or_else(PoisonError::into_inner).users.get(&session.user).map(|login| login.password);
        self.write_down(digest, session).await?;
        // Whoever has logged out meanwhile stays out.
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).entry(digest).and_modify(|kept| *kept = session);
        Ok(())
    }

    async fn write_down(&self, digest: Digest, session: Session) -> Result<(), Refusal> {
        let row = [session.user.to_be_bytes(), session.expires_at.micros().to_be_bytes(), session.password.unwrap_or_default().to_be_bytes()].concat();
        self.engine.desk(move |tables| tables.put_session(&digest, Some(&row))).await
    }

    /// Ends a session.
    pub async fn end_session(&self, token: &str) -> Result<(), Refusal> {
        let digest = Digest::of(token.as_bytes());
        self.engine.desk(move |tables| tables.put_session(&digest, None)).await?;
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).remove(&digest);
        Ok(())
    }

    /// A place among the few hashes that are made at once.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.hashing).acquire_owned().await.map_err(|_| Refusal::new(Code::Unavailable, "the plant is stopping"))
    }

    /// Makes the verifiers of a new password.
    pub async fn make_verifiers(&self, password: &str) -> Result<Vec<u8>, Refusal> {
        verifier::check_strength(password)?;
        let password = password.to_owned();
        hashed(self.turn().await?, move || verifier::make(&password)).await?
    }
}

/// Runs what takes memory and time on a thread of its own.
async fn hashed<T: Send + 'static>(turn: OwnedSemaphorePermit, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    done.await.map_err(|_| Refusal::new(Code::Internal, "a hash ended early"))
}

/// A random token of 256 bits.
pub fn random_token() -> Result<String, Refusal> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::new(Code::Internal, format!("the system gives no random numbers: {error}")))?;
    Ok(format!("mw_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is stored of a token.
pub fn token_verifier(token: &str) -> Vec<u8> {
    Digest::of(token.as_bytes()).0.to_vec()
}

fn read(snapshot: &Snapshot) -> Result<Known, StoreError> {
    let mut known = Known::default();
    for number in 1..=snapshot.last_number(Noun::User)? {
        if let Some(user) = snapshot.get(Id::<User>::new(number))?.filter(|user| user.status == Status::Active) {
            known.users.insert(number, login(&user));
        }
    }
    for (number, secret) in snapshot.secrets(Noun::ApiToken)? {
        let token = snapshot.get(Id::<ApiToken>::new(number))?.filter(|token| !token.revoked);
        if let (Some(token), Ok(digest)) = (token, <[u8; 32]>::try_from(secret.as_slice())) {
            // A token without an end ends with the calendar.
            let expires_at = token.expires_at.unwrap_or(Time::from_micros(i64::MAX));
            known.tokens.insert(Digest(digest), Session { user: token.user_id.number(), expires_at, password: None });
        }
    }
    for (number, secret) in snapshot.secrets(Noun::Terminal)? {
        let terminal = snapshot.get(Id::<Terminal>::new(number))?.filter(|terminal| !terminal.revoked);
        if let (Some(terminal), Ok(digest)) = (terminal, <[u8; 32]>::try_from(secret.as_slice())) {
            known.terminals.insert(Digest(digest), Arc::new(terminal));
        }
    }
    for number in 1..=snapshot.last_number(Noun::Badge)? {
        if snapshot.get(Id::<Badge>::new(number))?.is_some_and(|badge| !badge.revoked) {
            known.badges.insert(number);
        }
    }
    Ok(known)
}

fn sessions(snapshot: &Snapshot, now: Time) -> Result<HashMap<Digest, Session>, StoreError> {
    let mut sessions = HashMap::new();
    for (digest, row) in snapshot.sessions()? {
        // A place at a terminal has a longer row; it opens nothing by itself.
        if let Ok([user, expires, password]) = <[[u8; 8]; 3]>::try_from(row.as_chunks::<8>().0) {
            let expires_at = Time::from_micros(i64::from_be_bytes(expires));
            if expires_at > now {
                sessions.insert(digest, Session { user: u64::from_be_bytes(user), expires_at, password: Some(u64::from_be_bytes(password)) });
            }
        }
    }
    Ok(sessions)
}

fn places(snapshot: &Snapshot) -> Result<HashMap<Digest, Place>, StoreError> {
    Ok(snapshot.sessions()?.into_iter().filter_map(|(digest, row)| Some((digest, Place::from_bytes(&row)?))).collect())
}

fn login(user: &User) -> LogIn {
    let actor = Actor { user: user.user_id.number(), name: user.user_name.clone(), role: user.role };
    let digest = Digest::of(user.secret_digest.as_deref().unwrap_or_default().as_bytes());
    LogIn { actor, password: digest.0.first_chunk().map_or(0, |start| u64::from_be_bytes(*start)) }
}

fn verifier_of(snapshot: &Snapshot, name: &str) -> Result<(Option<LogIn>, Option<Vec<u8>>), StoreError> {
    let user = snapshot.find::<User>("user_name", name)?.filter(|user| user.status == Status::Active);
    let Some(user) = user else { return Ok((None, None)) };
    let secret = snapshot.secret(Subject::of(user.user_id))?;
    Ok((Some(login(&user)), secret))
}

/// The actor of a user's name, for the command line on a stopped plant.
pub fn actor_named(engine: &Engine, name: &str) -> Result<Option<Actor>, Refusal> {
    Ok(engine.read(|snapshot| verifier_of(snapshot, name))??.0.map(|login| login.actor))
}
