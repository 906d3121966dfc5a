//! The brake at every door that checks a secret: by account and by address, both.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
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
    open_at: Time,
}

/// Wrong tries in a row, and when each door opens again.
#[derive(Debug, Default)]
pub struct Throttle {
    doors: Mutex<HashMap<Door, Tries>>,
}

/// Many people share an address (one tablet, one proxy), so it takes more wrong tries to close it.
const ADDRESS_FACTOR: u32 = 10;

impl Throttle {
    /// Refuses while a door is closed.
    pub fn admit(&self, account: &str, address: IpAddr, now: Time) -> Result<(), Refusal> {
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = keys(account, address).into_iter().filter_map(|(door, _)| doors.get(&door)).map(|tries| tries.open_at).max().unwrap_or_default();
        if closed <= now {
            return Ok(());
        }
        let seconds = (closed.micros() - now.micros()) / 1_000_000 + 1;
        Err(Refusal::new(Code::Throttled, format!("too many wrong tries; wait {seconds} seconds")))
    }

    /// Counts a wrong try.
    pub fn failed(&self, account: &str, address: IpAddr, now: Time) {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if doors.len() > limits::THROTTLE_ENTRIES_MAX {
            // Somebody sprays names: what is open anyway can be forgotten.
            doors.retain(|_, tries| tries.open_at > now);
        }
        for (door, factor) in keys(account, address) {
            let tries = doors.entry(door).or_default();
            tries.wrong += 1;
            let over = tries.wrong.saturating_sub(limits::LOGIN_TRIES * factor - 1);
            if over > 0 {
                let wait = Duration::from_secs(1_u64 << over.min(16)).min(limits::LOGIN_WAIT_MAX);
                tries.open_at = now.plus(wait);
            }
        }
    }

    /// Forgets the wrong tries of an account that has shown its password. Its address keeps its own:
    /// one right password must not open the door for trying a thousand others.
    pub fn succeeded(&self, account: &str, address: IpAddr) {
        let [(door, _), _] = keys(account, address);
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).remove(&door);
    }
}

fn keys(account: &str, address: IpAddr) -> [(Door, u32); 2] {
    let account: String = account.chars().take(limits::TEXT_MAX).collect();
    [(Door::Account(account), 1), (Door::Address(address), ADDRESS_FACTOR)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_wrong_try_waits_and_waits_longer() {
        let throttle = Throttle::default();
        let address: IpAddr = [127, 0, 0, 1].into();
        let now = Time::from_micros(1_000_000);
        for _ in 0..5 {
            throttle.admit("anna", address, now).unwrap();
            throttle.failed("anna", address, now);
        }
        assert_eq!(throttle.admit("anna", address, now).unwrap_err().code, Code::Throttled);
        throttle.admit("bert", address, now).unwrap();
        let later = now.plus(Duration::from_secs(3));
        throttle.admit("anna", address, later).unwrap();
        throttle.succeeded("anna", address);
        throttle.admit("anna", address, now).unwrap();
    }
}
