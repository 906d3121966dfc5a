//! Who we are to OPC UA servers, and which of them are believed. Our certificate is made once and
//! kept beside the plant; a server's is believed when a person has moved it from `rejected` to
//! `trusted`, and then byte for byte. Deliberately without authorities and revocation: machines in a
//! hall sign for themselves.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_opcua::client::{Client, ClientBuilder};
use async_opcua::crypto::{CertificateStore, SecurityPolicy, X509, X509Data};
use async_opcua::types::{ByteString, UAString};

use super::fault::Fault;
use super::settings::{Settings, Trust};
use crate::base::limits;

const NAME: &str = "Millwright";
/// Bits of our key: what every policy takes.
const KEY_BITS: u32 = 2_048;
/// How long our certificate holds. Each new one has to be approved at every machine again.
const DAYS: u32 = 3_650;

/// Who we are.
#[derive(Clone, Debug)]
pub(super) struct Own {
    folder: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    uri: String,
}

impl Own {
    /// Reads our certificate, or makes it where there is none. Takes a moment: not for a thread that others wait for.
    pub(super) fn of(folder: &Path) -> Result<Self, Fault> {
        // Two connections that start at once must not both make it.
        static MAKING: Mutex<()> = Mutex::new(());
        let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        let unusable = |error: std::io::Error| Fault::Certificate(format!("the folder {} for certificates cannot be used: {error}", folder.display()));
        let folder = std::path::absolute(folder).map_err(unusable)?;
        for (part, rights) in [("own", 0o755), ("trusted", 0o755), ("rejected", 0o755), ("lab/trusted", 0o755), ("lab/rejected", 0o755), ("private", 0o700)] {
            DirBuilder::new().recursive(true).mode(rights).create(folder.join(part)).map_err(unusable)?;
        }
        // One that was there already may be open.
        fs::set_permissions(folder.join("private"), fs::Permissions::from_mode(0o700)).map_err(unusable)?;
        // The name stands in the certificate, so it outlives a change of the computer's name.
        let name = folder.join("own/uri.txt");
        if !name.exists() {
            fs::write(&name, uri_of_this_computer()).map_err(unusable)?;
        }
        let uri = fs::read_to_string(&name).map_err(unusable)?.trim().to_owned();
        let own = Self { certificate: folder.join("own/cert.der"), key: folder.join("private/private.pem"), folder, uri };
        if !own.certificate.exists() || !own.key.exists() {
            own.make().map_err(Fault::Certificate)?;
        }
        Ok(own)
    }

    fn make(&self) -> Result<(), String> {
        let data = X509Data {
            key_size: KEY_BITS,
            common_name: NAME.to_owned(),
            organization: NAME.to_owned(),
            organizational_unit: String::new(),
            country: String::new(),
            state: String::new(),
            alt_host_names: X509Data::alt_host_names(&self.uri, None, false, true, false),
            certificate_duration_days: DAYS,
        };
        CertificateStore::create_certificate_and_key(&data, true, &self.certificate, &self.key).map(|_| ())
    }

    /// Where certificates of servers wait and are approved. The lab has a place of its own, so that what
    /// is believed there is not believed by connections that ask.
    fn store(&self, trust: Trust) -> PathBuf {
        if trust == Trust::Always { self.folder.join("lab") } else { self.folder.clone() }
    }

    /// A client under our name.
    pub(super) fn client(&self, settings: &Settings) -> Result<Client, Fault> {
        ClientBuilder::new()
            .application_name(NAME)
            .application_uri(&self.uri)
            .product_uri("urn:millwright")
            .session_name(NAME)
            .pki_dir(self.store(settings.trust))
            .certificate_path(&self.certificate)
            .private_key_path(&self.key)
            .trust_server_certs(settings.trust == Trust::Always)
            // An approved certificate is compared as a whole; the name and the date in it are what
            // controls get wrong most often.
            .verify_server_certs(false)
            .recreate_subscriptions(false)
            .session_retry_limit(0)
            .request_timeout(limits::ANSWER_TIME)
            .publish_timeout(limits::ANSWER_TIME.max(settings.publishing() * 10))
            .min_publish_interval(settings.publishing())
            .max_message_size(limits::OPCUA_MESSAGE_MAX)
            .max_chunk_count(limits::OPCUA_PARTS_MAX)
            .max_array_length(limits::OPCUA_MESSAGE_MAX / 16)
            .max_string_length(limits::OPCUA_MESSAGE_MAX)
            .max_byte_string_length(limits::OPCUA_MESSAGE_MAX)
            .client()
            .map_err(|faults| Fault::Certificate(faults.join("; ")))
    }

    /// Whether a server's certificate is believed; one that nobody knows is put where it can be approved.
    pub(super) fn believes(&self, trust: Trust, policy: SecurityPolicy, certificate: &ByteString) -> Result<(), Fault> {
        let certificate = X509::from_byte_string(certificate).map_err(|_| Fault::Certificate("the server's certificate cannot be read".to_owned()))?;
        let (name, folder) = (CertificateStore::cert_file_name(&certificate), self.store(trust));
        let (waiting, approved) = (folder.join("rejected").join(&name), folder.join("trusted").join(&name));
        let mut store = CertificateStore::new(&folder);
        store.set_skip_verify_certs(true);
        store.set_trust_unknown_certs(trust == Trust::Always);
        if !waiting.exists() && !approved.exists() && fs::read_dir(folder.join("rejected")).is_ok_and(|all| all.count() >= limits::OPCUA_REJECTED_MAX) {
            return Err(Fault::Certificate(format!(
                "more than {} certificates wait in {}; remove those that nobody knows",
                limits::OPCUA_REJECTED_MAX,
                folder.join("rejected").display()
            )));
        }
        match store.validate_or_reject_application_instance_cert(&certificate, policy, None, None) {
            Ok(()) => Ok(()),
            Err(_) if waiting.exists() => Err(Fault::NotApproved { thumbprint: certificate.thumbprint().as_hex_string(), waiting, approved }),
            Err(error) => Err(Fault::Certificate(format!("the server's certificate cannot be used: {error}"))),
        }
    }
}

fn uri_of_this_computer() -> String {
    let host: String = X509Data::computer_hostnames().into_iter().next().unwrap_or_default();
    let plain: String = host.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.')).take(limits::TEXT_MAX).collect();
    format!("urn:{}:millwright", if plain.is_empty() { "plant" } else { &plain })
}

/// Texts that may be absent.
pub(super) fn text(of: &UAString) -> &str {
    of.value().as_deref().unwrap_or_default()
}
