//! Floor 5: what the plant shows of itself where it speaks TLS: a certificate under an authority of its
//! own, made at the first start and renewed by itself, or files that somebody gave it. Every door that
//! speaks TLS is opened here. Deliberately without certificates of clients: who comes in says so with a
//! name and a password.

mod authority;
mod certificate;
mod door;
mod names;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

pub use authority::Authority;
pub use door::{Door, HELLO};
pub use tokio_rustls::server::TlsStream;

use crate::base::{Code, Digest, Refusal, Time};
use crate::engine::clock::Clock;
use authority::Issuing;

/// Where the authority lies in the data directory.
pub const FOLDER: &str = "tls";
/// How often it is looked whether a certificate nears its end, an address has come or a file has changed.
const LOOK: Duration = Duration::from_secs(60);

/// A certificate and its key, in PEM, that somebody else looks after.
#[derive(Clone, Debug)]
pub struct Given {
    /// The certificate, with those between it and its authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// What the plant shows, and where it comes from.
pub struct Trust {
    source: Source,
    shown: Arc<Shown>,
}

enum Source {
    Own { issuing: Box<Mutex<Issuing>>, names: BTreeSet<String> },
    Given { files: Given, seen: Mutex<Digest> },
}

/// The certificate that is shown from now on; connections that stand keep theirs.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Trust {
    /// With an authority of the plant's own in a folder, made where there is none; the certificate names
    /// this computer as it finds it, and by what else it is called.
    pub fn own(folder: &Path, names: &[String], now: Time) -> Result<Self, Refusal> {
        let names = names.iter().map(|name| names::checked(name)).collect::<Result<BTreeSet<_>, _>>()?;
        let mut issuing = Issuing::open(folder, now)?;
        let shown = issuing.current(&all_names(&names), now)?;
        Ok(Self { source: Source::Own { issuing: Box::new(Mutex::new(issuing)), names }, shown: Arc::new(Shown(RwLock::new(shown))) })
    }

    /// With files that somebody gave.
    pub fn given(files: Given, now: Time) -> Result<Self, Refusal> {
        let (shown, seen) = read_given(&files, now)?;
        Ok(Self { source: Source::Given { files, seen: Mutex::new(seen) }, shown: Arc::new(Shown(RwLock::new(shown))) })
    }

    /// The plant's own authority; `None` where somebody gave a certificate.
    pub fn authority(&self) -> Option<Authority> {
        match &self.source {
            Source::Own { issuing, .. } => Some(issuing.lock().unwrap_or_else(PoisonError::into_inner).authority().clone()),
            Source::Given { .. } => None,
        }
    }

    /// A door that speaks one of these protocols (ALPN).
    pub fn door(&self, protocols: &[&str]) -> Result<Door, Refusal> {
        Door::new(Arc::clone(&self.shown) as Arc<dyn ResolvesServerCert>, protocols)
    }

    /// Renews what nears its end or lacks a name, reads anew what has changed. After a refusal the old is shown on.
    pub fn look(&self, now: Time) -> Result<(), Refusal> {
        let fresh = match &self.source {
            Source::Own { issuing, names } => issuing.lock().unwrap_or_else(PoisonError::into_inner).current(&all_names(names), now)?,
            Source::Given { files, seen } => {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if digest_of(files)? == *seen {
                    return Ok(());
                }
                let (fresh, digest) = read_given(files, now)?;
                *seen = digest;
                fresh
            }
        };
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Looks each minute and at every SIGHUP, until told to stop.
    pub async fn keep(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        let Ok(mut told) = signal(SignalKind::hangup()) else { return };
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return,
                _ = told.recv() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            let it = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || it.look(Clock::System.now())).await;
            if let Ok(Err(refusal)) = looked {
                tracing::warn!(%refusal, "the certificate of the plant could not be renewed; the old one is shown on");
            }
        }
    }
}

fn all_names(more: &BTreeSet<String>) -> BTreeSet<String> {
    names::of_this_computer().into_iter().chain(more.iter().cloned()).collect()
}

fn read_given(files: &Given, now: Time) -> Result<(Arc<CertifiedKey>, Digest), Refusal> {
    let digest = digest_of(files)?;
    let (certificate, key) = (certificate::text(&files.certificate)?, certificate::text(&files.key)?);
    let fault = |why: String| Refusal::new(Code::Invalid, format!("{} and {} are no certificate with its key: {why}", files.certificate.display(), files.key.display()));
    let pair = certificate::pair(&certificate, &key).map_err(fault)?;
    let ends = certificate::Read::of(&pair.cert[0]).map_err(fault)?.ends;
    if ends <= now {
        tracing::warn!(file = %files.certificate.display(), %ends, "the certificate that was given has ended: clients will refuse it; put a new one in its place");
    }
    Ok((pair, digest))
}

fn digest_of(files: &Given) -> Result<Digest, Refusal> {
    let both = [certificate::text(&files.certificate)?, certificate::text(&files.key)?];
    Ok(Digest::of(both.join("\n").as_bytes()))
}

#[cfg(test)]
mod tests;
