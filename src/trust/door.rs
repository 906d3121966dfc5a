//! A door that speaks TLS 1.2 and 1.3: a stream comes in, and a secret one goes on or none. Deliberately no
//! way on in clear after a handshake that failed.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::ResolvesServerCert;
use tokio_rustls::server::TlsStream;

use crate::base::{Code, Refusal, limits};

/// The first byte of every TLS connection: a record of the handshake.
pub const HELLO: u8 = 0x16;

/// A door.
#[derive(Clone)]
pub struct Door(TlsAcceptor);

impl Door {
    pub(super) fn new(shown: Arc<dyn ResolvesServerCert>, protocols: &[&str]) -> Result<Self, Refusal> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
        let config = config.map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
        let mut config = config.with_no_client_auth().with_cert_resolver(shown);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Shakes hands, within a bound of time.
    pub async fn shake<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        timeout(limits::TLS_HANDSHAKE_TIME, self.0.accept(stream)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}
