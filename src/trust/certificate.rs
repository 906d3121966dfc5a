//! Certificates and keys as files have them, read back. Deliberately no judgement on who may be
//! believed: clients do that.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::base::{Code, Refusal, Time, limits};

/// What is of use in a certificate.
pub(super) struct Read {
    pub(super) begins: Time,
    pub(super) ends: Time,
    pub(super) names: BTreeSet<String>,
    pub(super) public_key: Vec<u8>,
    /// Who signed it, as bytes to compare.
    pub(super) issuer: String,
    pub(super) subject: String,
}

impl Read {
    pub(super) fn of(der: &[u8]) -> Result<Self, String> {
        let told = Certificate::from_der(der).map_err(|error| error.to_string())?.tbs_certificate;
        let alternatives = told.get::<SubjectAltName>().map_err(|error| error.to_string())?;
        let names = alternatives.map(|(_, names)| names.0.iter().filter_map(name_of).collect()).unwrap_or_default();
        let time = |at: x509_cert::time::Time| Time::from_micros(i64::try_from(at.to_unix_duration().as_micros()).unwrap_or(i64::MAX));
        Ok(Self {
            begins: time(told.validity.not_before),
            ends: time(told.validity.not_after),
            names,
            public_key: told.subject_public_key_info.subject_public_key.raw_bytes().to_vec(),
            issuer: told.issuer.to_string(),
            subject: told.subject.to_string(),
        })
    }
}

fn name_of(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => match bytes.as_bytes() {
            v4 if v4.len() == 4 => <[u8; 4]>::try_from(v4).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            v6 => <[u8; 16]>::try_from(v6).ok().map(|bytes| IpAddr::from(bytes).to_string()),
        },
        _ => None,
    }
}

/// A file of certificates or a key: some kilobytes of text.
pub(super) fn text(path: &Path) -> Result<String, Refusal> {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(limits::TLS_FILE_MAX).read_to_string(&mut text));
    read.map(|_| text).map_err(|error| Refusal::new(Code::Unavailable, format!("{} cannot be read: {error}", path.display())))
}

/// The first certificate of a text in PEM.
pub(super) fn der(pem: &str) -> Result<CertificateDer<'static>, String> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| "it holds no certificate in PEM".to_owned())
}

/// A certificate with those behind it, and the key that belongs to it.
pub(super) fn pair(certificates: &str, key: &str) -> Result<Arc<CertifiedKey>, String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificates.as_bytes()).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    if chain.is_empty() {
        return Err("there is no certificate in PEM".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| "there is no private key in PEM, or it has a password".to_owned())?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map(Arc::new).map_err(|error| error.to_string())
}
