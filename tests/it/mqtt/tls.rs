//! A broker that speaks TLS is believed only where the plant's own file vouches for it. Skipped, and
//! it says so, where openssl is missing, which makes the certificates.

use super::*;

/// An authority, and a broker's certificate from it; another authority that knows nobody.
const CERTIFICATES: &str = "
set -e
ca() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -days 2 -subj /CN=$1; }
ca plant
ca stranger
openssl req -newkey rsa:2048 -nodes -keyout broker.key -out broker.csr -subj /CN=broker
printf 'subjectAltName=IP:127.0.0.1' > broker.ext
openssl x509 -req -in broker.csr -CA plant.pem -CAkey plant.key -CAcreateserial -out broker.pem -days 2 -extfile broker.ext
";

#[test]
fn a_broker_is_believed_where_the_file_vouches_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let made = Process::new("sh").args(["-c", CERTIFICATES]).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: there is no openssl here");
        return;
    }
    let file = |name: &str| folder.path().join(name).display().to_string();
    let manner = format!("allow_anonymous true\ncertfile {}\nkeyfile {}\n", file("broker.pem"), file("broker.key"));
    let Some(broker) = Mosquitto::start_with(&manner) else { return };
    let site = Site::new();
    let with = |ca_file: &str| {
        let mut settings = settings(broker.port, &json!({"plain": {"prefix": "plant"}}));
        settings["broker"]["ca_file"] = json!(file(ca_file));
        settings
    };
    runtime().block_on(async {
        let source = site.source("trusted");
        let running = Running::start(with("plant.pem"), &source);
        live(&source).await;
        running.stop().await;
        for (ca_file, why) in [("stranger.pem", "UnknownIssuer"), ("broker.csr", "no certificate in PEM"), ("nowhere.pem", "cannot be used")] {
            let source = site.source(ca_file);
            let running = Running::start(with(ca_file), &source);
            until(&source, why, |it| it.state == State::Failed && it.why.as_ref().is_some_and(|told| told.contains(why))).await;
            running.stop().await;
        }
    });
}
