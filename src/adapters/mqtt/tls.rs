//! TLS to a broker whose certificate a file of the plant's own vouches for, with a certificate of our own where the
//! broker asks for one. Deliberately without the
//! machine's list of public authorities: a broker on the shop floor has a certificate of its own.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::settings::Password;

/// A file of certificates is some kilobytes.
const CA_BYTES_MAX: u64 = 1 << 20;

/// Makes a connection secret; the sentence says why it cannot be.
pub(super) async fn secured(host: &str, ca_file: &Path, identity: Option<&Password>, tcp: TcpStream) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name that a certificate can have"))?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(trusted(ca_file)?);
    let config = match identity {
        Some(identity) => {
            let (chain, key) = shown(identity.0.as_bytes())?;
            config.with_client_auth_cert(chain, key).map_err(|error| format!("our certificate and its key do not fit: {error}"))?
        }
        None => config.with_no_client_auth(),
    };
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| error.to_string())
}

/// Our certificate, with those that vouch for it, and its key.
fn shown(pem: &[u8]) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let fault = |error: &dyn std::fmt::Display| format!("our certificate cannot be used: {error}; tell it and its key in PEM as the connector's secret");
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| fault(&error))?;
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|error| fault(&error))?;
    if chain.is_empty() { Err(fault(&"there is none before the key")) } else { Ok((chain, key)) }
}

/// Read anew for each connection, so that a renewed file needs no restart.
fn trusted(ca_file: &Path) -> Result<RootCertStore, String> {
    let fault = |why: &dyn std::fmt::Display| format!("the ca_file {} cannot be used: {why}", ca_file.display());
    let mut pem = Vec::new();
    std::fs::File::open(ca_file).and_then(|file| file.take(CA_BYTES_MAX).read_to_end(&mut pem)).map_err(|error| fault(&error))?;
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| fault(&error))?;
        trusted.add(certificate).map_err(|error| fault(&error))?;
    }
    if trusted.is_empty() { Err(fault(&"it holds no certificate in PEM")) } else { Ok(trusted) }
}
