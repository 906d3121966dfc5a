//! The log-in: SCRAM-SHA-256 against the appliance's own users, whatever database is named. What
//! fails is told as one sentence, so that nobody learns which names there are.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{Sink, SinkExt as _};
use pgwire::api::auth::{DefaultServerParameterProvider, StartupHandler, finish_authentication, protocol_negotiation, save_startup_parameters_to_metadata};
use pgwire::api::{ClientInfo, METADATA_DATABASE, METADATA_USER, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::startup::{Authentication, PasswordMessageFamily};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use tokio::sync::Mutex;

use super::talk::Talk;
use super::{Shared, user_error};
use crate::accounts::{Proving, scram};
use crate::base::{Code, Refusal};
use crate::query::{Fault, SERVER_VERSION};

/// The log-in of one connection.
pub(super) struct Login {
    shared: Arc<Shared>,
    peer: SocketAddr,
    talk: Arc<Talk>,
    proving: Mutex<Option<Proving>>,
}

impl Login {
    pub(super) fn new(shared: Arc<Shared>, peer: SocketAddr, talk: Arc<Talk>) -> Self {
        Self { shared, peer, talk, proving: Mutex::new(None) }
    }

    /// Answers a message of the exchange; the last one says who it is.
    async fn exchange(&self, (user, database): (&str, &str), message: PasswordMessageFamily) -> PgWireResult<(Authentication, bool)> {
        let mut proving = self.proving.lock().await;
        let Some(begun) = proving.take() else {
            let first = message.into_sasl_initial_response()?;
            if first.auth_method != scram::MECHANISM {
                return Err(fatal("28000", format!("log in by {}", scram::MECHANISM)));
            }
            let text = first.data.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            let (begun, answer) = self.shared.accounts.begin_proof(user, &text, self.peer.ip()).map_err(|refusal| refused(user, &refusal))?;
            *proving = Some(begun);
            return Ok((Authentication::SASLContinue(answer.into_bytes().into()), false));
        };
        let last = message.into_sasl_response()?;
        let (login, proof) = self.shared.accounts.finish_proof(&begun, &String::from_utf8_lossy(&last.data)).map_err(|refusal| refused(user, &refusal))?;
        let session = self.shared.sql.session(login.actor.clone()).map_err(|refusal| refused(user, &refusal))?;
        self.talk.open(login, session.called(database));
        Ok((Authentication::SASLFinal(proof.into_bytes().into()), true))
    }
}

fn fatal(state: &'static str, message: String) -> PgWireError {
    user_error(&Fault { state, message, hint: None, position: None }, "FATAL")
}

fn refused(user: &str, refusal: &Refusal) -> PgWireError {
    match refusal.code {
        Code::Unauthenticated => fatal("28P01", format!("password authentication failed for user \"{user}\"")),
        Code::Throttled => fatal("53300", refusal.detail.clone()),
        Code::Forbidden => fatal("42501", refusal.detail.clone()),
        Code::Malformed => fatal("28000", refusal.detail.clone()),
        _ => fatal("XX000", refusal.detail.clone()),
    }
}

fn parameters() -> DefaultServerParameterProvider {
    let mut parameters = DefaultServerParameterProvider::default();
    parameters.server_version = SERVER_VERSION.to_owned();
    parameters.is_superuser = false;
    parameters.default_transaction_read_only = true;
    parameters.time_zone = "UTC".to_owned();
    parameters.date_style = "ISO, MDY".to_owned();
    parameters
}

#[async_trait]
impl StartupHandler for Login {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(startup) => {
                protocol_negotiation(client, &startup).await?;
                save_startup_parameters_to_metadata(client, &startup);
                if !client.metadata().contains_key(METADATA_USER) {
                    return Err(fatal("28000", "no user name is told".to_owned()));
                }
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                client.send(PgWireBackendMessage::Authentication(Authentication::SASL(vec![scram::MECHANISM.to_owned()]))).await?;
            }
            PgWireFrontendMessage::PasswordMessageFamily(message) => {
                let user = client.metadata().get(METADATA_USER).cloned().unwrap_or_default();
                let database = client.metadata().get(METADATA_DATABASE).cloned().unwrap_or_else(|| user.clone());
                let (answer, is_in) = self.exchange((&user, &database), message).await?;
                client.send(PgWireBackendMessage::Authentication(answer)).await?;
                if is_in {
                    let (number, secret) = self.talk.key().map_err(|refusal| refused(&user, &refusal))?;
                    client.set_pid_and_secret_key(number, secret);
                    finish_authentication(client, &parameters()).await?;
                }
            }
            _ => return Err(fatal("08P01", "log in first".to_owned())),
        }
        Ok(())
    }
}
