//! TLS to an object storage: vouched for by the file that AWS_CA_BUNDLE names, or by the certificates that
//! the machine trusts. Deliberately no list of authorities of our own, which would grow old in the binary.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A machine trusts some hundred authorities, of a kilobyte or two each.
const BUNDLE_BYTES_MAX: u64 = 8 << 20;
/// Where systems keep what they trust: Debian, Red Hat, others.
const SYSTEM: [&str; 3] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Makes a connection secret; the sentence says why it cannot be.
pub(super) async fn secured(host: &str, bundle: Option<&str>, tcp: TcpStream) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name that a certificate can have"))?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(trusted(bundle)?)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| error.to_string())
}

fn trusted(bundle: Option<&str>) -> Result<RootCertStore, String> {
    let system = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    let path = bundle.map(PathBuf::from).or_else(system).ok_or("this machine has no file of trusted certificates; name one by AWS_CA_BUNDLE")?;
    let fault = |why: &dyn std::fmt::Display| format!("the certificates of {} cannot be used: {why}", path.display());
    let pem = read(&path).map_err(|error| fault(&error))?;
    let mut trusted = RootCertStore::empty();
    // A system's file may hold one that is no longer understood; the others count.
    trusted.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    if trusted.is_empty() { Err(fault(&"there are none in PEM")) } else { Ok(trusted) }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut pem = Vec::new();
    std::fs::File::open(path)?.take(BUNDLE_BYTES_MAX).read_to_end(&mut pem)?;
    Ok(pem)
}
