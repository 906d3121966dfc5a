//! Who is signed on at which terminal: a badge and its PIN, checked behind the throttle, and a place
//! that is given up when nothing is done for a while. Deliberately without a token for people: the
//! terminal's own proves the request, and the request says which of those signed on does it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Accounts, hashed, verifier};
use crate::base::{Code, Digest, Refusal, Time};
use crate::model::journal::Actor;
use crate::model::permission::Role;
use crate::model::plant::Status;
use crate::model::{Badge, Employee, Id, Subject, Terminal};
use crate::store::{Snapshot, StoreError, View as _};

/// Bytes of a place's row: terminal, user, badge, employee, end.
const ROW_BYTES: usize = 40;

/// Somebody signed on at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// At which terminal.
    pub terminal: u64,
    /// As which user.
    pub user: u64,
    /// With which badge.
    pub badge: u64,
    /// The employee whose badge it is.
    pub employee: u64,
    /// When it ends, unless something is done before.
    pub expires_at: Time,
}

/// What somebody shows to a terminal.
pub enum Shown {
    /// A number, scanned.
    Number(String),
    /// A badge chosen from the list.
    Chosen(u64),
}

/// What a request does at a terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Looks: the place is not prolonged, for a screen looks by itself.
    Looks,
    /// Acts: the person is there.
    Acts,
}

impl Place {
    fn key(&self) -> Digest {
        Digest::of(format!("terminal {} user {}", self.terminal, self.user).as_bytes())
    }

    fn to_bytes(self) -> Vec<u8> {
        let end = u64::from_be_bytes(self.expires_at.micros().to_be_bytes());
        [self.terminal, self.user, self.badge, self.employee, end].iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// Reads a row; `None` where it is another's.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != ROW_BYTES {
            return None;
        }
        let words: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_be_bytes(*word)).collect();
        let [terminal, user, badge, employee, end] = words.try_into().ok()?;
        Some(Self { terminal, user, badge, employee, expires_at: Time::from_micros(i64::from_be_bytes(end.to_be_bytes())) })
    }
}

/// Refuses PINs that are no digits, too short, too long or one repeated digit.
pub fn check_pin_strength(pin: &str) -> Result<(), Refusal> {
    let digits = crate::base::limits::PIN_DIGITS;
    if !digits.contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::invalid("pin", format!("must have {} to {} digits", digits.start(), digits.end())));
    }
    let first = pin.bytes().next();
    if pin.bytes().all(|byte| Some(byte) == first) {
        return Err(Refusal::invalid("pin", "must not be one digit repeated"));
    }
    Ok(())
}

fn wrong() -> Refusal {
    Refusal::new(Code::Unauthenticated, "badge or PIN is wrong")
}

fn idle_of(terminal: &Terminal) -> Duration {
    Duration::from_secs(60 * u64::try_from(terminal.idle_minutes).unwrap_or(1))
}

impl Accounts {
    /// The terminal that a token proves, as long as it is not revoked.
    pub fn terminal(&self, token: &str) -> Option<Arc<Terminal>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.terminals.get(&Digest::of(token.as_bytes())).cloned()
    }

    /// Who acts at a terminal: the person named, or whoever was there last. An act prolongs their place.
    pub fn at_terminal(&self, terminal: &Terminal, user: Option<u64>, doing: Doing) -> Option<Actor> {
        let here = self.people_at(terminal);
        let place = match user {
            Some(user) => here.into_iter().find(|place| place.user == user),
            None => here.into_iter().max_by_key(|place| place.expires_at),
        }?;
        let actor = self.active(place.user)?;
        if doing == Doing::Acts {
            self.prolong(terminal, &place);
        }
        Some(actor)
    }

    /// Who is signed on at a terminal.
    pub fn people_at(&self, terminal: &Terminal) -> Vec<Place> {
        let now = self.engine.wall_now();
        let number = terminal.terminal_id.number();
        let mut places: Vec<Place> = self.places().values().filter(|place| place.terminal == number && place.expires_at > now).copied().collect();
        // Who left acts no more; nor does anybody where that cannot be read.
        let kept = self.engine.read(|snapshot| places.retain(|place| works_here(snapshot, Id::new(place.employee)).unwrap_or(false)));
        if kept.is_err() {
            return Vec::new();
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        places.into_iter().filter(|place| known.badges.contains(&place.badge) && known.users.contains_key(&place.user)).collect()
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Digest, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down who is signed on under a key when it is written: whichever write is the last one tells what is so.
    fn keep(&self, key: Digest) -> impl Future<Output = Result<(), Refusal>> + use<> {
        let (engine, places) = (self.engine.clone(), Arc::clone(&self.places));
        async move {
            let row = move || places.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(|place| place.to_bytes());
            engine.desk(move |tables| tables.put_session(&key, row().as_deref())).await
        }
    }

    pub(super) fn prolong(&self, terminal: &Terminal, place: &Place) {
        let (now, idle) = (self.engine.wall_now(), idle_of(terminal));
        // Whoever has signed off meanwhile stays off.
        let Some(before) = self.places().get_mut(&place.key()).map(|kept| std::mem::replace(&mut kept.expires_at, now.plus(idle))) else { return };
        // The row on disk may lie behind by half the time, so that an act does not write twice.
        if before.minus(idle / 2) < now {
            let keeping = self.keep(place.key());
            tokio::spawn(async move {
                if let Err(refusal) = keeping.await {
                    tracing::debug!(%refusal, "a place at a terminal was not prolonged");
                }
            });
        }
    }

    /// Signs on by badge. A number alone is enough only where the terminal says so; from the list a PIN is always asked for.
    pub async fn sign_on(&self, terminal: &Terminal, shown: &Shown, pin: Option<&str>, address: IpAddr) -> Result<Place, Refusal> {
        let asks = terminal.asks_pin || matches!(shown, Shown::Chosen(_));
        if asks && pin.is_none() {
            return Err(Refusal::invalid("pin", "type the PIN of the badge"));
        }
        let (badge, secret) = self.engine.read(|snapshot| shown_to(snapshot, shown))??;
        let account = match (&badge, shown) {
            (Some(badge), _) => account_of(badge.badge_id),
            (None, Shown::Number(number)) => format!("badge {number}"),
            (None, Shown::Chosen(number)) => account_of(Id::new(*number)),
        };
        let actor = badge.as_ref().and_then(|badge| self.active(badge.user_id.number())).filter(|actor| Role::BY_BADGE.contains(&actor.role));
        let somebody = badge.zip(actor);
        let fits = match pin {
            Some(pin) if asks => self.fits(&account, address, pin, secret.filter(|_| somebody.is_some())).await?,
            _ => self.is_enough(&account, address, somebody.is_some())?,
        };
        let (badge, actor) = somebody.filter(|_| fits).ok_or_else(wrong)?;
        let place = Place {
            terminal: terminal.terminal_id.number(),
            user: actor.user,
            badge: badge.badge_id.number(),
            employee: badge.employee_id.number(),
            expires_at: self.engine.wall_now().plus(idle_of(terminal)),
        };
        self.places().insert(place.key(), place);
        if let Err(refusal) = self.keep(place.key()).await {
            self.places().remove(&place.key());
            return Err(refusal);
        }
        Ok(place)
    }

    /// A badge without its PIN, behind the throttle as well: numbers could be guessed.
    fn is_enough(&self, account: &str, address: IpAddr, right: bool) -> Result<bool, Refusal> {
        let trying = self.throttle.admit(account, address, self.engine.wall_now())?;
        if right {
            self.throttle.take_back(trying);
        }
        Ok(right)
    }

    /// Signs off.
    pub async fn sign_off(&self, terminal: &Terminal, user: u64) -> Result<(), Refusal> {
        let here = self.people_at(terminal).into_iter().find(|place| place.user == user);
        let Some(place) = here else { return Ok(()) };
        self.places().remove(&place.key());
        self.keep(place.key()).await
    }

    /// The badge of a user, whose PIN has been checked.
    pub async fn check_own_pin(&self, user: u64, pin: &str, address: IpAddr) -> Result<Id<Badge>, Refusal> {
        let (badge, secret) = self.engine.read(|snapshot| -> Result<_, StoreError> {
            for number in 1..=snapshot.last_number(crate::model::Noun::Badge)? {
                let badge = snapshot.get(Id::<Badge>::new(number))?.filter(|badge| !badge.revoked && badge.user_id.number() == user);
                if let Some(badge) = badge {
                    return Ok((Some(badge.badge_id), snapshot.secret(Subject::of(badge.badge_id))?));
                }
            }
            Ok((None, None))
        })??;
        let account = badge.map_or_else(|| format!("pin of user {user}"), account_of);
        let fits = self.fits(&account, address, pin, secret).await?;
        badge.filter(|_| fits).ok_or_else(|| Refusal::invalid("old_pin", "is not the PIN of your badge"))
    }

    /// The verifier of a new PIN.
    pub async fn make_pin(&self, pin: &str) -> Result<Vec<u8>, Refusal> {
        check_pin_strength(pin)?;
        let pin = pin.to_owned();
        hashed(self.turn().await?, move || verifier::hash(&pin)).await?
    }
}

/// Whose PIN is tried: one budget of tries a badge, however it is shown.
fn account_of(badge: Id<Badge>) -> String {
    format!("badge {badge}")
}

/// The badge that was shown, with its PIN's verifier; none that was revoked or whose owner has left.
fn shown_to(snapshot: &Snapshot, shown: &Shown) -> Result<(Option<Badge>, Option<Vec<u8>>), StoreError> {
    let badge = match shown {
        Shown::Number(number) => snapshot.find::<Badge>("badge_number", number)?,
        Shown::Chosen(number) => snapshot.get(Id::<Badge>::new(*number))?,
    };
    let Some(badge) = badge.filter(|badge| !badge.revoked) else { return Ok((None, None)) };
    if !works_here(snapshot, badge.employee_id)? {
        return Ok((None, None));
    }
    let secret = snapshot.secret(Subject::of(badge.badge_id))?;
    Ok((Some(badge), secret))
}

fn works_here(snapshot: &Snapshot, employee: Id<Employee>) -> Result<bool, StoreError> {
    Ok(snapshot.get(employee)?.is_some_and(|employee| employee.status == Status::Active))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_a_sessions_row_is_none() {
        let place = Place { terminal: 1, user: 2, badge: 3, employee: 4, expires_at: Time::from_micros(1_772_434_800_000_000) };
        assert_eq!(Place::from_bytes(&place.to_bytes()), Some(place));
        assert_eq!(Place::from_bytes(&[0; 16]), None);
    }

    #[test]
    fn weak_pins_are_refused() {
        for weak in ["123", "0000", "12a4", "123456789", ""] {
            assert!(check_pin_strength(weak).is_err(), "{weak:?}");
        }
        assert!(check_pin_strength("2580").is_ok());
    }
}
