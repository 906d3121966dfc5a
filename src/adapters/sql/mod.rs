//! The Postgres wire: clients of PostgreSQL log in with the appliance's own names and passwords
//! (SCRAM-SHA-256, throttled) and ask `query`. A connection is a task with a bound on its messages,
//! its silence and its number; what it asks runs elsewhere, and ends with it. Deliberately without
//! channel binding: a client that insists on it is told so.

mod cancel;
mod greeting;
mod login;
mod rows;
mod talk;

pub use greeting::ALPN;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::{SinkExt as _, Stream};
use pgwire::api::{ClientInfo as _, NoopHandler, PgWireConnectionState};
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use pgwire::tokio::server::{process_error, process_message};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::accounts::Accounts;
use crate::base::{Code, Refusal, limits};
use crate::query::{Fault, Sql};
use crate::trust::Door;
use cancel::Registry;
use greeting::{Greeted, Socket};
use login::Login;
use talk::Talk;

/// Serves clients of PostgreSQL.
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
    door: Option<Door>,
}

/// What all connections share.
struct Shared {
    sql: Sql,
    accounts: Arc<Accounts>,
    running: Registry,
}

impl Server {
    /// Binds an address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, sql: Sql, accounts: Arc<Accounts>) -> Result<Self, Refusal> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| Refusal::new(Code::Unavailable, format!("{address} cannot be listened on: {error}; choose another address with --sql")))?;
        Ok(Self { listener, shared: Arc::new(Shared { sql, accounts, running: Registry::default() }), door: None })
    }

    /// Speaking TLS with those who ask for it; without, they are told no.
    #[must_use]
    pub fn with_tls(mut self, door: Door) -> Self {
        self.door = Some(door);
        self
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr, Refusal> {
        self.listener.local_addr().map_err(|error| Refusal::new(Code::Internal, error.to_string()))
    }

    /// Serves until told to stop; connections end at once, since none has anything to lose.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(limits::SQL_CONNECTIONS_MAX));
        let mut open = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return,
                Some(_) = open.join_next(), if !open.is_empty() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        let (shared, door) = (Arc::clone(&self.shared), self.door.clone());
                        open.spawn(async move {
                            if let Err(error) = connection(stream, peer, shared, door).await {
                                tracing::debug!(%error, %peer, "a SQL connection ended early");
                            }
                            drop(place);
                        });
                    }
                    Err(_) => {
                        open.spawn(turn_away(stream));
                    }
                },
                Err(error) => {
                    tracing::warn!(%error, "a SQL connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            }
        }
    }
}

/// Tells a client that there is no place, in the words that it reads before it has said anything.
async fn turn_away(mut stream: TcpStream) {
    let fields = b"SFATAL\0C53300\0Mtoo many clients already\0Hclose connections that are not needed\0\0";
    let length = u32::try_from(fields.len() + 4).unwrap_or(u32::MAX).to_be_bytes();
    let told = async {
        stream.write_all(&[b"E".as_slice(), &length, fields].concat()).await?;
        stream.shutdown().await
    };
    _ = tokio::time::timeout(limits::SQL_LOGIN_TIME, told).await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>, door: Option<Door>) -> std::io::Result<()> {
    let logging_in = Instant::now() + limits::SQL_LOGIN_TIME;
    let Ok(greeted) = timeout_at(logging_in, greeting::greet(stream, peer, door.as_ref())).await else { return Ok(()) };
    match greeted? {
        Greeted::Clear(socket) => conversation(*socket, peer, shared, logging_in).await,
        Greeted::Tls(socket) => conversation(*socket, peer, shared, logging_in).await,
    }
}

async fn conversation<S: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static>(
    mut socket: Socket<S>,
    peer: SocketAddr,
    shared: Arc<Shared>,
    logging_in: Instant,
) -> std::io::Result<()> {
    let talk = Arc::new(Talk::new(Arc::clone(&shared)));
    let login = Arc::new(Login::new(Arc::clone(&shared), peer, Arc::clone(&talk)));
    let (nothing, cancel) = (Arc::new(NoopHandler), Arc::new(shared.running.clone()));
    loop {
        let is_in = !matches!(socket.state(), PgWireConnectionState::AwaitingStartup | PgWireConnectionState::AuthenticationInProgress);
        let until = if is_in { Instant::now() + limits::SQL_IDLE_TIME } else { logging_in };
        let next = std::future::poll_fn(|context| {
            let polled = Pin::new(&mut socket).poll_next(context);
            let is_too_large = polled.is_pending() && announced(socket.read_buffer()) > limits::SQL_MESSAGE_MAX;
            if is_too_large { Poll::Ready(Some(Err(too_large()))) } else { polled }
        });
        match timeout_at(until, next).await {
            Err(_) if is_in => {
                let silent = ErrorInfo::new("FATAL".to_owned(), "57P05".to_owned(), "terminating connection due to idle-session timeout".to_owned());
                return socket.send(PgWireBackendMessage::ErrorResponse(silent.into())).await;
            }
            Err(_) | Ok(None | Some(Ok(PgWireFrontendMessage::Terminate(_)))) => return Ok(()),
            Ok(Some(Err(error))) => return process_error(&mut socket, fatal(error), false).await,
            Ok(Some(Ok(message))) => {
                let waits_for_sync = message.is_extended_query();
                let done = process_message(message, &mut socket, Arc::clone(&login), Arc::clone(&talk), Arc::clone(&talk), Arc::clone(&nothing), Arc::clone(&cancel)).await;
                if let Err(error) = done {
                    process_error(&mut socket, error, waits_for_sync).await?;
                }
            }
        }
    }
}

/// The length that the message at the beginning of a buffer tells of itself.
fn announced(buffer: &[u8]) -> usize {
    buffer.get(1..5).and_then(|length| length.try_into().ok()).map_or(0, |length| u32::from_be_bytes(length) as usize)
}

fn too_large() -> PgWireError {
    user_error(
        &Fault { state: "54000", message: format!("a message may have {} bytes", limits::SQL_MESSAGE_MAX), hint: Some("ask for less at once".to_owned()), position: None },
        "FATAL",
    )
}

fn fatal(error: PgWireError) -> PgWireError {
    match error {
        PgWireError::UserError(_) => error,
        other => user_error(&Fault { state: "08P01", message: other.to_string(), hint: None, position: None }, "FATAL"),
    }
}

/// A fault as the wire tells it.
fn user_error(fault: &Fault, severity: &str) -> PgWireError {
    let mut info = ErrorInfo::new(severity.to_owned(), fault.state.to_owned(), fault.message.clone());
    info.severity_nonlocalized = Some(severity.to_owned());
    info.hint.clone_from(&fault.hint);
    info.position = fault.position.map(|position| position.to_string());
    PgWireError::UserError(Box::new(info))
}

fn error(fault: &Fault) -> PgWireError {
    user_error(fault, "ERROR")
}
