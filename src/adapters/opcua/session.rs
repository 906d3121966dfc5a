//! A session with a server, from its first question to its end. It is never revived after a fault:
//! the library was seen to bring back a subscription that stays silent after a server's restart, so
//! the next session starts from nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_opcua::client::transport::TcpConnector;
use async_opcua::client::{Client, IdentityToken, Session, SessionEventLoop, SessionPollResult, SubscriptionActivity};
use async_opcua::crypto::{PrivateKey, SecurityPolicy, X509};
use async_opcua::types::{EndpointDescription, Error, StatusCode};
use futures_util::StreamExt as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::certificates::{Own, text};
use super::fault::Fault;
use super::settings::Settings;
use crate::base::limits;

/// How long a server may take to let us go.
const CLOSE_TIME: Duration = Duration::from_secs(2);

/// A session that stands. What drives it ends with it.
pub(super) struct Opened {
    pub(super) session: Arc<Session>,
    /// When the server last answered a question for news, be it with none.
    pub(super) heard: watch::Receiver<Instant>,
    driven: JoinHandle<StatusCode>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.driven.abort();
    }
}

impl Opened {
    /// Finds the server's endpoint, believes its certificate or not, and is let in.
    pub(super) async fn open(settings: &Settings, pki: &Path) -> Result<Self, Fault> {
        let folder: PathBuf = pki.to_owned();
        let own = tokio::task::spawn_blocking(move || Own::of(&folder)).await.map_err(|error| Fault::Certificate(error.to_string()))??;
        let mut client = own.client(settings)?;
        let endpoint = endpoint(&client, settings).await?;
        let policy = settings.policy.of_library();
        if policy != SecurityPolicy::None {
            own.believes(settings.trust, policy, &endpoint.server_certificate)?;
        }
        let (session, driving) = client.connect_to_endpoint_directly(endpoint, token(settings)?).map_err(|error: Error| Fault::of_session(error.status()))?;
        session.disable_reconnects();
        let (hear, heard) = watch::channel(Instant::now());
        let mut opened = Self { session, heard, driven: tokio::spawn(drive(driving, hear)) };
        opened.let_in().await?;
        Ok(opened)
    }

    async fn let_in(&mut self) -> Result<(), Fault> {
        let session = Arc::clone(&self.session);
        tokio::select! {
            connected = timeout(limits::ANSWER_TIME, session.wait_for_connection()) => connected.map(|_| ()).map_err(|_| Fault::Unanswered),
            ended = &mut self.driven => Err(Fault::of_session(ended.unwrap_or(StatusCode::BadUnexpectedError))),
        }
    }

    /// Waits until the session has ended by itself.
    pub(super) async fn ended(&mut self) -> Fault {
        Fault::Broken((&mut self.driven).await.unwrap_or(StatusCode::BadUnexpectedError))
    }

    /// Takes leave, so that the server need not hold session and subscription until they run out.
    pub(super) async fn close(self) {
        if !self.driven.is_finished() {
            // A server that does not answer keeps what it has until it forgets us.
            _ = timeout(CLOSE_TIME, self.session.disconnect()).await;
        }
    }
}

/// Who logs in.
fn token(settings: &Settings) -> Result<IdentityToken, Fault> {
    if let Some(identity) = &settings.identity {
        let fault = |why: String| Fault::Certificate(format!("the user's certificate cannot be used: {why}; tell it and its RSA key in PEM as the connector's secret"));
        let certificate = X509::from_pem(pem_of(&identity.0, "CERTIFICATE").as_bytes()).map_err(|error| fault(error.to_string()))?;
        let key = PrivateKey::from_pem(pem_of(&identity.0, "PRIVATE KEY").as_bytes()).map_err(|error| fault(error.to_string()))?;
        return Ok(IdentityToken::new_x509(certificate, key));
    }
    let password = settings.password.as_ref().map_or("", |password| &password.0);
    Ok(settings.user.as_ref().map_or(IdentityToken::Anonymous, |user| IdentityToken::new_user_name(user, password)))
}

/// The first part of a PEM text whose title ends so; nothing where there is none.
fn pem_of<'p>(pem: &'p str, title: &str) -> &'p str {
    let begins = pem.match_indices("-----BEGIN ").find(|(at, _)| pem[*at..].lines().next().is_some_and(|line| line.trim_end().ends_with(&format!("{title}-----"))));
    let Some((begin, _)) = begins else { return "" };
    let rest = &pem[begin..];
    rest.find("-----END ").map_or("", |end| &rest[..end + rest[end..].find('\n').unwrap_or(rest.len() - end)])
}

/// Drives a session until it ends, and tells when the server was heard.
async fn drive(driving: SessionEventLoop<TcpConnector>, hear: watch::Sender<Instant>) -> StatusCode {
    let events = driving.enter();
    tokio::pin!(events);
    loop {
        match events.next().await {
            Some(Ok(SessionPollResult::Subscription(SubscriptionActivity::Publish))) => _ = hear.send_replace(Instant::now()),
            Some(Ok(_)) => {}
            Some(Err(status)) => return status,
            None => return StatusCode::BadConnectionClosed,
        }
    }
}

/// The endpoint that is as safe as the settings want it. Where the server says that it is elsewhere,
/// it is still called where the settings say: controls often do not know their own address.
async fn endpoint(client: &Client, settings: &Settings) -> Result<EndpointDescription, Fault> {
    let asked = timeout(limits::ANSWER_TIME, client.get_server_endpoints_from_url(settings.endpoint.as_str())).await.map_err(|_| Fault::Unanswered)?;
    let offered = asked.map_err(|error| Fault::Unreachable(error.to_string()))?;
    let (policy, mode) = (settings.policy.of_library(), settings.mode_of_library());
    let fits = |it: &&EndpointDescription| it.security_mode == mode && SecurityPolicy::from_uri(text(&it.security_policy_uri)) == policy;
    let Some(found) = offered.iter().find(fits) else {
        let mut all: Vec<String> = offered.iter().map(|it| format!("{} {:?}", SecurityPolicy::from_uri(text(&it.security_policy_uri)), it.security_mode)).collect();
        all.sort();
        all.dedup();
        return Err(Fault::NotOffered { wanted: format!("{policy} {mode:?}"), offered: all.join(", ") });
    };
    Ok(EndpointDescription { endpoint_url: settings.endpoint.as_str().into(), ..found.clone() })
}
