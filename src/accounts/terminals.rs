//! Who is signed on at which terminal: a badge and its PIN, checked behind the throttle, and a place
//! that is given up when nothing is done for a while. Deliberately without a token for people: the
//! terminal's own proves the request, and the request says which of those signed on does it.

use std::net::IpAddr;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Accounts, verifier};
use crate::base::{Code, Digest, Refusal, Time};
use crate::model::journal::Actor;
use crate::model::permission::Role;
use crate::model::{Badge, Id, Subject, Terminal};
use crate::store::{StoreError, View as _};

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
            self.prolong(terminal, place);
        }
        Some(actor)
    }

    /// Who is signed on at a terminal.
    pub fn people_at(&self, terminal: &Terminal) -> Vec<Place> {
        let now = self.engine.wall_now();
        let number = terminal.terminal_id.number();
        let places: Vec<Place> = self.places().values().filter(|place| place.terminal == number && place.expires_at > now).copied().collect();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        places.into_iter().filter(|place| known.badges.contains(&place.badge) && known.users.contains_key(&place.user)).collect()
    }

    fn places(&self) -> MutexGuard<'_, std::collections::HashMap<Digest, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prolong(&self, terminal: &Terminal, place: Place) {
        let (now, idle) = (self.engine.wall_now(), idle_of(terminal));
        let longer = Place { expires_at: now.plus(idle), ..place };
        self.places().insert(place.key(), longer);
        // The row on disk may lie behind by half the time, so that an act does not write twice.
        if place.expires_at.minus(idle / 2) < now {
            let engine = self.engine.clone();
            tokio::spawn(async move {
                if let Err(refusal) = engine.desk(move |tables| tables.put_session(&longer.key(), Some(&longer.to_bytes()))).await {
                    tracing::debug!(%refusal, "a place at a terminal was not prolonged");
                }
            });
        }
    }

    /// Signs on by badge. A number alone is enough only where the terminal says so; from the list a PIN is always asked for.
    pub async fn sign_on(&self, terminal: &Terminal, shown: &Shown, pin: Option<&str>, address: IpAddr) -> Result<Place, Refusal> {
        let account = match shown {
            Shown::Number(number) => format!("badge {number}"),
            Shown::Chosen(number) => format!("badge {}", Id::<Badge>::new(*number)),
        };
        let now = self.engine.wall_now();
        self.throttle.admit(&account, address, now)?;
        let asks = terminal.asks_pin || matches!(shown, Shown::Chosen(_));
        if asks && pin.is_none() {
            return Err(Refusal::invalid("pin", "type the PIN of the badge"));
        }
        let (badge, secret) = self.engine.read(|snapshot| -> Result<_, StoreError> {
            let badge = match shown {
                Shown::Number(number) => snapshot.find::<Badge>("badge_number", number)?,
                Shown::Chosen(number) => snapshot.get(Id::<Badge>::new(*number))?,
            };
            let badge = badge.filter(|badge| !badge.revoked);
            let secret = badge.as_ref().map(|badge| snapshot.secret(Subject::of(badge.badge_id))).transpose()?.flatten();
            Ok((badge, secret))
        })??;
        let fits = match pin {
            Some(pin) if asks => self.fits(pin, secret).await?,
            _ => !asks && badge.is_some(),
        };
        let badge = badge.filter(|_| fits);
        let actor = badge.as_ref().and_then(|badge| self.active(badge.user_id.number())).filter(|actor| Role::BY_BADGE.contains(&actor.role));
        let (Some(badge), Some(actor)) = (badge, actor) else {
            self.throttle.failed(&account, address, now);
            return Err(wrong());
        };
        self.throttle.succeeded(&account, address);
        let place = Place {
            terminal: terminal.terminal_id.number(),
            user: actor.user,
            badge: badge.badge_id.number(),
            employee: badge.employee_id.number(),
            expires_at: now.plus(idle_of(terminal)),
        };
        self.engine.desk(move |tables| tables.put_session(&place.key(), Some(&place.to_bytes()))).await?;
        self.places().insert(place.key(), place);
        Ok(place)
    }

    /// Signs off.
    pub async fn sign_off(&self, terminal: &Terminal, user: u64) -> Result<(), Refusal> {
        let here = self.people_at(terminal).into_iter().find(|place| place.user == user);
        let Some(place) = here else { return Ok(()) };
        self.engine.desk(move |tables| tables.put_session(&place.key(), None)).await?;
        self.places().remove(&place.key());
        Ok(())
    }

    /// The badge of a user, whose PIN has been checked.
    pub async fn check_own_pin(&self, user: u64, pin: &str, address: IpAddr) -> Result<Id<Badge>, Refusal> {
        let now = self.engine.wall_now();
        let account = format!("pin of user {user}");
        self.throttle.admit(&account, address, now)?;
        let (badge, secret) = self.engine.read(|snapshot| -> Result<_, StoreError> {
            for number in 1..=snapshot.last_number(crate::model::Noun::Badge)? {
                let badge = snapshot.get(Id::<Badge>::new(number))?.filter(|badge| !badge.revoked && badge.user_id.number() == user);
                if let Some(badge) = badge {
                    return Ok((Some(badge.badge_id), snapshot.secret(Subject::of(badge.badge_id))?));
                }
            }
            Ok((None, None))
        })??;
        match badge {
            Some(badge) if self.fits(pin, secret).await? => {
                self.throttle.succeeded(&account, address);
                Ok(badge)
            }
            _ => {
                self.throttle.failed(&account, address, now);
                Err(Refusal::invalid("old_pin", "is not the PIN of your badge"))
            }
        }
    }

    /// The verifier of a new PIN.
    pub async fn make_pin(&self, pin: &str) -> Result<Vec<u8>, Refusal> {
        check_pin_strength(pin)?;
        let pin = pin.to_owned();
        self.hashed(move || verifier::hash(&pin)).await?
    }

    async fn fits(&self, pin: &str, secret: Option<Vec<u8>>) -> Result<bool, Refusal> {
        let pin = pin.to_owned();
        self.hashed(move || verifier::matches(&pin, secret.as_deref())).await
    }
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
