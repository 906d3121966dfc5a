//! Cancelling: a client asks over a second connection, with the number and the secret it was given.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pgwire::api::cancel::CancelHandler;
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::startup::SecretKey;
use tokio::sync::watch;

use crate::base::{Code, Refusal};

type Known = HashMap<i32, (SecretKey, Arc<watch::Sender<bool>>)>;

/// Connections that can be asked to cancel.
#[derive(Clone, Default)]
pub(super) struct Registry {
    known: Arc<Mutex<Known>>,
}

/// A connection's place in the registry; it leaves when dropped.
pub(super) struct Place {
    registry: Registry,
    pub(super) number: i32,
    pub(super) secret: SecretKey,
    /// True since the statement at work was cancelled.
    pub(super) cancelled: Arc<watch::Sender<bool>>,
}

impl Registry {
    /// Takes a connection in, under a number that no other has.
    pub(super) fn enter(&self) -> Result<Place, Refusal> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let cancelled = Arc::new(watch::Sender::new(false));
        let mut number = random()?.saturating_abs().max(1);
        while known.contains_key(&number) {
            number = number % i32::MAX + 1;
        }
        let secret = SecretKey::I32(random()?);
        known.insert(number, (secret.clone(), Arc::clone(&cancelled)));
        Ok(Place { registry: self.clone(), number, secret, cancelled })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

fn random() -> Result<i32, Refusal> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::new(Code::Internal, format!("the system gives no random numbers: {error}")))?;
    Ok(i32::from_be_bytes(bytes))
}

#[async_trait]
impl CancelHandler for Registry {
    async fn on_cancel_request(&self, request: CancelRequest) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((secret, cancelled)) = known.get(&request.pid)
            && secret.eq_value(&request.secret_key)
        {
            cancelled.send_replace(true);
        }
    }
}
