//! The plant's own authority: it vouches for one certificate, the plant's, and is believed by whoever has
//! installed it. Its name is made of its key, so that two plants are never taken for one another.
//! Deliberately without requests from others, revocation and levels between: it is no company's PKI.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, date_time_ymd};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::certificate::{self, Read};
use crate::base::{Code, Digest, Refusal, Time};
use crate::store::home::{write_private, write_synced};

const DAY: Duration = Duration::from_secs(86_400);
/// How long the authority holds: replacing it means a walk to every tablet.
const AUTHORITY_DAYS: u32 = 3_652;
/// An authority with less than this is replaced.
const AUTHORITY_LEFT: u32 = 30;
/// How long the plant's certificate holds; more than 825 days is refused by Apple's devices.
const SERVER_DAYS: u32 = 397;
/// A certificate with less than this is renewed.
const SERVER_LEFT: u32 = 120;
/// Clocks of tablets may be behind.
const BACKDATED: u32 = 1;
const CERTIFICATE: &str = "ca.pem";

/// What people and devices need to believe the plant.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The file that clients are given.
    pub path: PathBuf,
    /// The certificate, in PEM.
    pub pem: String,
    /// The certificate, in DER.
    pub der: Vec<u8>,
    /// SHA-256 of the certificate, as devices show it: pairs of digits with colons.
    pub fingerprint: String,
    /// When it ends.
    pub ends: Time,
}

impl Authority {
    /// Reads an authority that a served plant has made.
    pub fn of(folder: &Path) -> Result<Self, Refusal> {
        let path = folder.join(CERTIFICATE);
        if !path.exists() {
            return Err(Refusal::new(Code::NotFound, format!("there is no {} yet: `millwright serve` makes it at its first start", path.display())));
        }
        let pem = certificate::text(&path)?;
        Self::from_pem(path, pem)
    }

    /// Reads an authority from its certificate, which is found at that place.
    pub fn from_pem(path: PathBuf, pem: String) -> Result<Self, Refusal> {
        let der = certificate::der(&pem).map_err(|why| damaged(&path, &why))?.to_vec();
        let ends = Read::of(&der).map_err(|why| damaged(&path, &why))?.ends;
        let pairs: Vec<String> = Digest::of(&der).0.iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(Self { path, pem, der, fingerprint: pairs.join(":"), ends })
    }
}

fn damaged(path: &Path, why: &str) -> Refusal {
    let folder = path.parent().unwrap_or(path).display();
    Refusal::new(Code::BadData, format!("{} is damaged ({why}): put {folder} back from a backup, or move it away and install the new authority on every device", path.display()))
}

fn fault(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::Internal, format!("no certificate could be made: {error}"))
}

/// An authority with its key.
pub(super) struct Issuing {
    folder: PathBuf,
    key: KeyPair,
    authority: Authority,
}

impl Issuing {
    /// Opens the authority of a folder, or makes it where there is none or its end is near.
    pub(super) fn open(folder: &Path, now: Time) -> Result<Self, Refusal> {
        fs::create_dir_all(folder).map_err(|error| Refusal::new(Code::Unavailable, format!("{} cannot be made: {error}", folder.display())))?;
        let made = if folder.join(CERTIFICATE).exists() { Self::read(folder)? } else { Self::make(folder, now)? };
        made.renewed(now)
    }

    fn read(folder: &Path) -> Result<Self, Refusal> {
        let authority = Authority::of(folder)?;
        let path = folder.join("ca-key.pem");
        let key = KeyPair::from_pem(&certificate::text(&path)?).map_err(|error| damaged(&path, &error.to_string()))?;
        let told = Read::of(&authority.der).map_err(|why| damaged(&authority.path, &why))?;
        if told.public_key != key.der_bytes() {
            return Err(damaged(&path, "it is the key of another certificate"));
        }
        Ok(Self { folder: folder.to_path_buf(), key, authority })
    }

    /// The key first: a certificate that is there has its key.
    fn make(folder: &Path, now: Time) -> Result<Self, Refusal> {
        let key = KeyPair::generate().map_err(fault)?;
        let mut asked = held(called(&name_of(&key)), now, now.plus(DAY * AUTHORITY_DAYS));
        asked.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        asked.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = asked.self_signed(&key).map_err(fault)?.pem();
        write_private(&folder.join("ca-key.pem"), key.serialize_pem().as_bytes())?;
        write_synced(&folder.join(CERTIFICATE), pem.as_bytes())?;
        Ok(Self { folder: folder.to_path_buf(), key, authority: Authority::of(folder)? })
    }

    /// Itself, or the authority after it.
    fn renewed(self, now: Time) -> Result<Self, Refusal> {
        if now.plus(DAY * AUTHORITY_LEFT) < self.authority.ends {
            return Ok(self);
        }
        tracing::warn!(ends = %self.authority.ends, "the plant's authority ends and is made anew: install the new one on every device, from the page /trust");
        Self::make(&self.folder, now)
    }

    pub(super) const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The plant's certificate: the one that is kept, or a new one where that nears its end, lacks a name or is damaged.
    pub(super) fn current(&mut self, names: &BTreeSet<String>, now: Time) -> Result<Arc<CertifiedKey>, Refusal> {
        if now.plus(DAY * AUTHORITY_LEFT) >= self.authority.ends {
            *self = Self::open(&self.folder, now)?;
        }
        match self.kept(names, now) {
            Some(kept) => Ok(kept),
            None => self.issue(names, now),
        }
    }

    fn kept(&self, names: &BTreeSet<String>, now: Time) -> Option<Arc<CertifiedKey>> {
        let text = |name: &str| certificate::text(&self.folder.join(name)).ok();
        let pair = certificate::pair(&text("server.pem")?, &text("server-key.pem")?).ok()?;
        let told = Read::of(&pair.cert[0]).ok()?;
        let is_ours = Read::of(&self.authority.der).ok()?.subject == told.issuer;
        // One that ends with its authority cannot be had for longer.
        let holds = told.begins <= now && (now.plus(DAY * SERVER_LEFT) < told.ends || told.ends >= self.authority.ends);
        (is_ours && holds && names.is_subset(&told.names)).then_some(pair)
    }

    fn issue(&self, names: &BTreeSet<String>, now: Time) -> Result<Arc<CertifiedKey>, Refusal> {
        let key = KeyPair::generate().map_err(fault)?;
        let mut asked = held(called("Millwright plant"), now, now.plus(DAY * SERVER_DAYS).min(self.authority.ends));
        asked.subject_alt_names = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>()).map_err(fault)?.subject_alt_names;
        asked.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        asked.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        asked.use_authority_key_identifier_extension = true;
        let issuer = Issuer::new(called(&name_of(&self.key)), &self.key);
        let pem = asked.signed_by(&key, &issuer).map_err(fault)?.pem();
        write_private(&self.folder.join("server-key.pem"), key.serialize_pem().as_bytes())?;
        write_synced(&self.folder.join("server.pem"), pem.as_bytes())?;
        certificate::pair(&pem, &key.serialize_pem()).map_err(fault)
    }
}

/// An authority's name follows from its key, so that nothing need be read back to sign in its name.
fn name_of(key: &KeyPair) -> String {
    let digest = Digest::of(key.der_bytes()).to_string().to_ascii_uppercase();
    format!("Millwright plant authority {}", &digest[..8])
}

fn called(name: &str) -> CertificateParams {
    let mut asked = CertificateParams::default();
    asked.distinguished_name = DistinguishedName::new();
    asked.distinguished_name.push(DnType::OrganizationName, "Millwright");
    asked.distinguished_name.push(DnType::CommonName, name);
    asked
}

fn held(mut asked: CertificateParams, now: Time, ends: Time) -> CertificateParams {
    let moment = |time: Time| date_time_ymd(1970, 1, 1) + Duration::from_micros(u64::try_from(time.micros()).unwrap_or(0));
    (asked.not_before, asked.not_after) = (moment(now.minus(DAY * BACKDATED)), moment(ends));
    asked
}
