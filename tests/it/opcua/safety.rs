//! A server is believed after a person approved its certificate, and lets in whom it knows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn safe(password: &str) -> String {
    format!("machine = \"PRESS-7\"\npublishing_ms = 200\nuser = \"shift\"\npassword = \"{password}\"\n{POWER}")
}

#[test]
fn a_machine_is_listened_to_safely_once_its_certificate_is_approved() {
    if !can_serve() {
        return;
    }
    let (port, keys) = (free_port(), tempfile::tempdir().unwrap());
    let mut machine = Machine::start(port, &["--safe", keys.path().to_str().unwrap()]);
    let listener = Listener::start(port, &safe("grease-monkey-77"));
    let why = until("the reason", || listener.standing().why);
    let waiting = only_file(&listener.pki("rejected"));
    assert!(why.contains("not approved") && why.contains(waiting.to_str().unwrap()) && why.contains("/trusted/"), "{why}");
    assert!(listener.all("PRESS-7", "power").is_empty());

    fs::rename(&waiting, listener.pki("trusted").join(waiting.file_name().unwrap())).unwrap();
    let at = now();
    listener.until_number("power", 1.0);
    machine.tells("Power", &json!([3.25]), at, 0);
    assert_eq!(listener.until_number("power", 3.25), at);
    assert_eq!(listener.until_state(State::Live).why, None);
    let rights = fs::metadata(listener.pki("private")).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights, 0o700, "nobody else reads our key");
}

#[test]
fn a_wrong_password_and_a_way_that_is_not_offered_say_so() {
    if !can_serve() {
        return;
    }
    let (port, keys) = (free_port(), tempfile::tempdir().unwrap());
    let _machine = Machine::start(port, &["--safe", keys.path().to_str().unwrap()]);
    let reason = |settings: &str| {
        let listener = Listener::start(port, settings);
        let why = until("the reason", || listener.standing().why);
        assert_eq!(listener.standing().state, State::Failed);
        why
    };
    let why = reason(&format!("trust = \"always\"\n{}", safe("wrong-password-1")));
    assert!(why.contains("user or password is wrong"), "{why}");
    let why = reason(&format!("policy = \"Aes128-Sha256-RsaOaep\"\n{}", safe("grease-monkey-77")));
    assert!(why.contains("does not offer Aes128-Sha256-RsaOaep") && why.contains("Basic256Sha256 SignAndEncrypt"), "{why}");
    let why = reason(&format!("{LAB}{POWER}"));
    assert!(why.contains("does not offer None"), "{why}");
}

#[test]
fn a_user_is_known_by_a_certificate_too() {
    if !can_serve() {
        return;
    }
    let (port, keys) = (free_port(), tempfile::tempdir().unwrap());
    let file = |name: &str| keys.path().join(name).display().to_string();
    let make = |name: &str| {
        let subject =
            ["-subj", "/CN=shift", "-days", "2", "-nodes", "-newkey", "rsa:2048", "-x509", "-keyout", &file(&format!("{name}.key")), "-out", &file(&format!("{name}.pem"))];
        let made = Process::new("openssl").arg("req").args(subject).stderr(Stdio::null()).status();
        made.is_ok_and(|status| status.success())
            && Process::new("openssl").args(["x509", "-outform", "DER", "-in", &file(&format!("{name}.pem")), "-out", &file(&format!("{name}.der"))]).status().unwrap().success()
    };
    if !make("user") || !make("stranger") {
        println!("skipped: there is no openssl here");
        return;
    }
    let _machine = Machine::start(port, &["--safe", keys.path().to_str().unwrap()]);
    let with = |name: &str| {
        let pem = fs::read_to_string(file(&format!("{name}.pem"))).unwrap() + &fs::read_to_string(file(&format!("{name}.key"))).unwrap();
        format!("machine = \"PRESS-7\"\npublishing_ms = 200\ntrust = \"always\"\nidentity = {}\n{POWER}", toml::Value::String(pem))
    };
    let listener = Listener::start(port, &with("user"));
    listener.until_number("power", 1.0);
    drop(listener);
    let listener = Listener::start(port, &with("stranger"));
    let why = until("the reason", || listener.standing().why);
    assert!(why.contains("user or password is wrong"), "{why}");
}

#[test]
fn messages_may_be_signed_only_or_encrypted_by_the_strongest_policy() {
    if !can_serve() {
        return;
    }
    let (port, keys) = (free_port(), tempfile::tempdir().unwrap());
    let _machine = Machine::start(port, &["--safe", keys.path().to_str().unwrap()]);
    for how in ["mode = \"sign\"", "policy = \"Aes256-Sha256-RsaPss\""] {
        let listener = Listener::start(port, &format!("{how}\ntrust = \"always\"\n{}", safe("grease-monkey-77")));
        listener.until_state(State::Live);
        listener.until_number("power", 1.0);
        assert_eq!(fs::read_dir(listener.pki("trusted")).unwrap().count(), 0, "what the lab believes, connections that ask do not");
    }
}

#[test]
fn an_address_where_nobody_is_says_so() {
    let listener = Listener::start(free_port(), &format!("{LAB}{POWER}"));
    let why = until("the reason", || listener.standing().why);
    assert!(why.contains("cannot be reached"), "{why}");
}
