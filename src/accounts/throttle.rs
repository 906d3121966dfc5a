//! The brake at every door that checks a secret: by account and by address, both.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::{Code, Refusal, Time, limits};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Door {
    Account(String),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    wrong: u32,
    last_at: Time,
    open_at: Time,
}

type Doors = HashMap<Door, Tries>;

/// Wrong tries in a row, and when each door opens again.
#[derive(Debug, Default)]
pub struct Throttle {
    doors: Mutex<Doors>,
}

/// A try that was let through. It counts as a wrong one unless it is taken back.
#[derive(Debug)]
pub struct Try {
    account: Door,
    address: Door,
    at: Time,
    /// When the one before came from the address.
    before: Time,
}

/// Many people share an address (one tablet, one proxy), so it takes more wrong tries to close it.
const ADDRESS_FACTOR: u32 = 10;

impl Throttle {
    /// Refuses while a door is closed.
    pub fn check(&self, account: &str, address: IpAddr, now: Time) -> Result<(), Refusal> {
        refuse_closed(&self.doors(), &keys(account, address), now)
    }

    /// Lets a try through, or refuses it while a door is closed. It is counted before its answer is known: of many
    /// that come side by side no more are let through than of those that come one after the other.
    pub fn admit(&self, account: &str, address: IpAddr, now: Time) -> Result<Try, Refusal> {
        let [account, address] = keys(account, address);
        let mut doors = self.doors();
        refuse_closed(&doors, &[account.clone(), address.clone()], now)?;
        if doors.len() > limits::THROTTLE_ENTRIES_MAX {
            // Somebody sprays names: what is open anyway can be forgotten.
            doors.retain(|_, tries| tries.open_at > now);
        }
        doors.entry(account.clone()).or_default().count(1, now);
        let before = doors.entry(address.clone()).or_default().count(ADDRESS_FACTOR, now);
        Ok(Try { account, address, at: now, before })
    }

    /// Takes back a try that was right, and forgets the wrong ones of its account. Its address keeps its own:
    /// one right password must not open the door for trying a thousand others.
    pub fn take_back(&self, right: Try) {
        let mut doors = self.doors();
        doors.remove(&right.account);
        if let Some(tries) = doors.get_mut(&right.address) {
            tries.wrong = tries.wrong.saturating_sub(1);
            tries.open_at = Time::default();
            if tries.last_at == right.at {
                tries.last_at = right.before;
            }
        }
    }

    fn doors(&self) -> MutexGuard<'_, Doors> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tries {
    /// Counts a try, as the first one where it was quiet for long; answers when the one before came.
    fn count(&mut self, factor: u32, now: Time) -> Time {
        if self.last_at.plus(limits::LOGIN_QUIET) < now {
            self.wrong = 0;
        }
        self.wrong += 1;
        let over = self.wrong.saturating_sub(limits::LOGIN_TRIES * factor - 1);
        if over > 0 {
            self.open_at = now.plus(Duration::from_secs(1_u64 << over.min(16)).min(limits::LOGIN_WAIT_MAX));
        }
        std::mem::replace(&mut self.last_at, now)
    }
}

fn refuse_closed(doors: &Doors, keys: &[Door; 2], now: Time) -> Result<(), Refusal> {
    let closed = keys.iter().filter_map(|door| doors.get(door)).map(|tries| tries.open_at).max().unwrap_or_default();
    if closed <= now {
        return Ok(());
    }
    let seconds = (closed.micros() - now.micros()) / 1_000_000 + 1;
    Err(Refusal::new(Code::Throttled, format!("too many wrong tries; wait {seconds} seconds")))
}

fn keys(account: &str, address: IpAddr) -> [Door; 2] {
    [Door::Account(account.chars().take(limits::TEXT_MAX).collect()), Door::Address(address)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn the_sixth_wrong_try_waits_and_waits_longer() {
        let throttle = Throttle::default();
        let now = Time::from_micros(1_000_000);
        (0..5).for_each(|_| _ = throttle.admit("anna", ADDRESS, now).unwrap());
        assert_eq!(throttle.admit("anna", ADDRESS, now).unwrap_err().code, Code::Throttled);
        assert_eq!(throttle.check("anna", ADDRESS, now).unwrap_err().code, Code::Throttled);
        throttle.check("bert", ADDRESS, now).unwrap();
        let later = now.plus(Duration::from_secs(3));
        let right = throttle.admit("anna", ADDRESS, later).unwrap();
        assert!(throttle.check("anna", ADDRESS, later).is_err(), "a second one beside it");
        throttle.take_back(right);
        throttle.check("anna", ADDRESS, now).unwrap();
    }

    #[test]
    fn a_tablet_of_many_is_not_closed_by_the_typing_errors_of_a_month() {
        let throttle = Throttle::default();
        let mut now = Time::from_micros(1_000_000);
        for slip in 0..500 {
            let who = format!("badge {}", slip % 30);
            throttle.admit(&who, ADDRESS, now).unwrap();
            now = now.plus(Duration::from_secs(8));
            let right = throttle.admit(&who, ADDRESS, now).unwrap();
            throttle.take_back(right);
            now = now.plus(Duration::from_secs(1_200));
        }
        throttle.check("badge 1", ADDRESS, now).unwrap();
    }

    #[test]
    fn right_tries_neither_close_an_address_nor_open_it_for_others() {
        let throttle = Throttle::default();
        let now = Time::from_micros(1_000_000);
        for right in 0..1_000 {
            let right = throttle.admit(&format!("user {right}"), ADDRESS, now).unwrap();
            throttle.take_back(right);
        }
        for wrong in 0..50 {
            throttle.admit(&format!("name {wrong}"), ADDRESS, now).unwrap();
        }
        assert_eq!(throttle.check("bert", ADDRESS, now).unwrap_err().code, Code::Throttled);
    }
}
