//! A broker that speaks TLS is believed only where the plant's own file vouches for it. Skipped, and
//! it says so, where openssl is missing, which makes the certificates.

use super::*;

/// An authority, a broker's certificate and a client's from it; another authority that knows nobody.
const CERTIFICATES: &str = "
set -e
ca() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -days 2 -subj /CN=$1; }
ca plant
ca stranger
openssl req -newkey rsa:2048 -nodes -keyout broker.key -out broker.csr -subj /CN=broker
printf 'subjectAltName=IP:127.0.0.1' > broker.ext
openssl x509 -req -in broker.csr -CA plant.pem -CAkey plant.key -CAcreateserial -out broker.pem -days 2 -extfile broker.ext
openssl req -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj /CN=millwright
openssl x509 -req -in client.csr -CA plant.pem -CAkey plant.key -CAcreateserial -out client.pem -days 2 -extfile broker.ext
cat client.pem client.key > client.both
";

/// Makes them in a folder; false, and said, where that cannot be.
fn made(folder: &Path) -> bool {
    let made = Process::new("sh").args(["-c", CERTIFICATES]).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let made = made.is_ok_and(|status| status.success());
    if !made {
        println!("skipped: there is no openssl here");
    }
    made
}

#[test]
fn a_broker_that_asks_who_we_are_is_shown_our_certificate() {
    let folder = tempfile::tempdir().unwrap();
    if !made(folder.path()) {
        return;
    }
    let file = |name: &str| folder.path().join(name).display().to_string();
    let manner = format!("allow_anonymous true\ncertfile {}\nkeyfile {}\ncafile {}\nrequire_certificate true\n", file("broker.pem"), file("broker.key"), file("plant.pem"));
    let Some(broker) = Mosquitto::start_with(&manner) else { return };
    let site = Site::new();
    let with = |identity: Option<String>| {
        let mut settings = settings(broker.port, &json!({"plain": {"prefix": "plant"}}));
        settings["broker"]["ca_file"] = json!(file("plant.pem"));
        settings["broker"]["identity"] = json!(identity);
        settings
    };
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    runtime().block_on(async {
        let source = site.source("known");
        let running = Running::start(with(Some(read("client.both"))), &source);
        live(&source).await;
        running.stop().await;
        for (what, identity, why) in
            [("nobody", None, ""), ("half", Some(read("client.pem")), "our certificate cannot be used"), ("other", Some(read("client.pem") + &read("broker.key")), "")]
        {
            let source = site.source(what);
            let running = Running::start(with(identity), &source);
            until(&source, why, |it| it.state == State::Failed && it.why.as_ref().is_some_and(|told| told.contains(why))).await;
            running.stop().await;
        }
    });
}

#[test]
fn a_broker_is_believed_where_the_file_vouches_for_it() {
    let folder = tempfile::tempdir().unwrap();
    if !made(folder.path()) {
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
