use std::os::unix::fs::PermissionsExt as _;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

fn now() -> Time {
    Clock::System.now()
}

/// The names of the certificate that a client sees who believes an authority; why not, otherwise.
fn seen(trust: &Trust, name: &str, believed: &Authority) -> Result<BTreeSet<String>, String> {
    let door = trust.door(&["http/1.1"]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(believed.der.clone())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let (served, connected) = tokio::join!(door.shake(ours), connector.connect(name, theirs));
        let connected = connected.map_err(|error| error.to_string())?;
        served.map_err(|error| error.to_string())?;
        let shown = &connected.get_ref().1.peer_certificates().unwrap()[0];
        Ok(certificate::Read::of(shown).unwrap().names)
    })
}

#[test]
fn a_plant_is_believed_by_whoever_believes_its_authority_and_by_nobody_else() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let trust = Trust::own(folder.path(), &["mes.works.example".to_owned(), "10.1.2.3".to_owned()], now()).unwrap();
    let (authority, stranger) = (trust.authority().unwrap(), Trust::own(other.path(), &[], now()).unwrap().authority().unwrap());
    assert_ne!(authority.fingerprint, stranger.fingerprint);
    assert_eq!(authority.fingerprint.len(), 32 * 3 - 1);
    for name in ["localhost", "127.0.0.1", "::1", "mes.works.example", "10.1.2.3"] {
        assert!(seen(&trust, name, &authority).unwrap().contains(name), "{name}");
        assert!(seen(&trust, name, &stranger).unwrap_err().contains("UnknownIssuer"));
    }
    assert!(seen(&trust, "elsewhere.example", &authority).unwrap_err().contains("not valid for name"));
    for secret in ["ca-key.pem", "server-key.pem"] {
        assert_eq!(std::fs::metadata(folder.path().join(secret)).unwrap().permissions().mode() & 0o777, 0o600, "{secret}");
    }
}

#[test]
fn after_a_start_the_same_authority_and_the_same_certificate_are_shown_unless_a_name_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let first = Trust::own(folder.path(), &[], now()).unwrap().authority().unwrap();
    let shown = || std::fs::read(folder.path().join("server.pem")).unwrap();
    let before = shown();
    let again = Trust::own(folder.path(), &[], now()).unwrap();
    assert_eq!((again.authority().unwrap().fingerprint, shown()), (first.fingerprint.clone(), before.clone()));
    let named = Trust::own(folder.path(), &["mes.works.example".to_owned()], now()).unwrap();
    assert_ne!(shown(), before);
    assert!(seen(&named, "mes.works.example", &first).is_ok());
    let kept = shown();
    Trust::own(folder.path(), &[], now()).unwrap();
    assert_eq!(shown(), kept, "a name less is no reason for a new certificate");
}

#[test]
fn a_certificate_that_nears_its_end_or_has_ended_is_renewed_under_the_same_authority() {
    let folder = tempfile::tempdir().unwrap();
    let began = now().minus(DAY * 2_000);
    let trust = Trust::own(folder.path(), &[], began).unwrap();
    let authority = trust.authority().unwrap();
    assert!(seen(&trust, "localhost", &authority).unwrap_err().contains("xpired"));
    trust.look(now()).unwrap();
    assert_eq!(trust.authority().unwrap().fingerprint, authority.fingerprint);
    assert!(seen(&trust, "localhost", &authority).is_ok(), "the open door shows the new one");
    let shown = || std::fs::read(folder.path().join("server.pem")).unwrap();
    let before = shown();
    trust.look(now().plus(DAY * 200)).unwrap();
    assert_eq!(shown(), before);
    trust.look(now().plus(DAY * 300)).unwrap();
    assert_ne!(shown(), before);
}

#[test]
fn an_authority_that_has_ended_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let trust = Trust::own(folder.path(), &[], now().minus(DAY * 3_640)).unwrap();
    let old = trust.authority().unwrap();
    trust.look(now()).unwrap();
    let new = trust.authority().unwrap();
    assert_ne!(new.fingerprint, old.fingerprint);
    assert!(seen(&trust, "localhost", &new).is_ok());
}

#[test]
fn a_damaged_authority_is_refused_and_not_replaced_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    Trust::own(folder.path(), &[], now()).unwrap();
    let path = folder.path().join("ca-key.pem");
    let key = std::fs::read(&path).unwrap();
    for bad in [b"".as_slice(), b"no key", &std::fs::read(folder.path().join("server-key.pem")).unwrap()] {
        std::fs::write(&path, bad).unwrap();
        let refusal = Trust::own(folder.path(), &[], now()).err().unwrap();
        assert_eq!(refusal.code, Code::BadData);
        assert!(refusal.detail.contains("backup"), "{refusal}");
    }
    std::fs::write(&path, key).unwrap();
    // What is only made of it is made again.
    std::fs::write(folder.path().join("server.pem"), "damaged").unwrap();
    let trust = Trust::own(folder.path(), &[], now()).unwrap();
    assert!(seen(&trust, "localhost", &trust.authority().unwrap()).is_ok());
}

#[test]
fn given_files_are_shown_and_read_anew_when_they_change() {
    let (one, two, given) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authorities = [&one, &two].map(|folder| Trust::own(folder.path(), &[], now()).unwrap().authority().unwrap());
    let put = |from: &Path| {
        std::fs::copy(from.join("server.pem"), given.path().join("cert.pem")).unwrap();
        std::fs::copy(from.join("server-key.pem"), given.path().join("key.pem")).unwrap();
    };
    put(one.path());
    let files = Given { certificate: given.path().join("cert.pem"), key: given.path().join("key.pem") };
    let trust = Trust::given(files.clone(), now()).unwrap();
    assert!(trust.authority().is_none());
    assert!(seen(&trust, "localhost", &authorities[0]).is_ok());
    // Half of a change, or nonsense, is not shown.
    std::fs::copy(two.path().join("server.pem"), &files.certificate).unwrap();
    assert_eq!(trust.look(now()).unwrap_err().code, Code::Invalid);
    assert!(seen(&trust, "localhost", &authorities[0]).is_ok());
    put(two.path());
    trust.look(now()).unwrap();
    assert!(seen(&trust, "localhost", &authorities[1]).is_ok());
    assert!(seen(&trust, "localhost", &authorities[0]).is_err());
    for bad in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&files.certificate, bad).unwrap();
        assert!(Trust::given(files.clone(), now()).is_err(), "{bad:?}");
    }
    let nowhere = Given { certificate: given.path().join("nowhere.pem"), ..files };
    assert_eq!(Trust::given(nowhere, now()).err().unwrap().code, Code::Unavailable);
}
