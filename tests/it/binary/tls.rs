//! TLS of the plant's own at every door, with the programs that people have: curl, psql, mosquitto_sub,
//! openssl. What is missing here is said and skipped.
#![allow(clippy::print_stdout)]

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A served plant whose doors all speak TLS.
struct Secret {
    data: Data,
    running: Running,
    https: SocketAddr,
    mqtts: SocketAddr,
    sql: SocketAddr,
}

fn serve(data: Data, more: &[&str]) -> Secret {
    let text = data.text();
    let doors = ["serve", "--data", &text, "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--mqtts", "127.0.0.1:0", "--sql", "127.0.0.1:0"];
    let mut running = Running::start(&[&doors, more].concat(), Some(&data.token));
    let mut told = |start: &str| -> SocketAddr {
        let mut line = String::new();
        running.out.read_line(&mut line).unwrap();
        line.trim().strip_prefix(start).unwrap_or_else(|| panic!("{line:?} does not begin with {start:?}")).parse().unwrap()
    };
    let (https, mqtts, sql) = (told("listening on https://"), told("mqtts listening on "), told("sql listening on postgres://"));
    Secret { data, running, https, mqtts, sql }
}

impl Secret {
    fn ca(&self) -> String {
        self.data.path().join("tls/ca.pem").to_str().unwrap().to_owned()
    }
}

/// What a program says, and whether it is content; `None`, said aloud, where it is missing.
fn ask(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Option<(bool, String)> {
    match std::process::Command::new(program).args(arguments).envs(environment.iter().copied()).stdin(Stdio::null()).output() {
        Ok(output) => Some((output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))),
        Err(_) => {
            println!("skipped: there is no {program} here");
            None
        }
    }
}

fn curl(it: &Secret, more: &[&str]) -> Option<(bool, String)> {
    ask("curl", &[&["-sS", "-m", "20", "--noproxy", "*"], more].concat(), &[]).inspect(|_| assert_ne!(it.https.port(), 0))
}

#[test]
fn a_browser_that_has_the_certificate_from_the_trust_page_is_let_in_over_https_and_keeps_a_secret_cookie() {
    let it = serve(Data::new(), &[]);
    let mut client = it.running.client();
    // Over plain HTTP, before anything is believed, without a log-in.
    let page = Client::of_url(&it.running.url, None).send("GET", "/trust", &[("Accept-Language", "de-DE,en;q=0.5")], b"").unwrap();
    assert!(page.status == 200 && page.text().contains("Dieser Anlage vertrauen"), "{}", page.text());
    let (code, told) = run_json(&["trust", "--data", &it.data.text()], "");
    let fingerprint = told["sha256"].as_str().unwrap();
    assert!(code == 0 && page.text().contains(fingerprint), "{told}");
    assert_eq!(told["certificate"].as_str(), Some(it.ca().as_str()));
    let given = Client::of_url(&it.running.url, None).get("/trust/ca.pem");
    assert_eq!(given.body, std::fs::read(it.ca()).unwrap());
    assert_eq!(client.get("/trust/ca-key.pem").status, 404);
    if let Some((_, text)) = ask("openssl", &["x509", "-in", &it.ca(), "-noout", "-fingerprint", "-sha256", "-text"], &[]) {
        assert!(text.contains(fingerprint) && text.contains("CA:TRUE, pathlen:0") && text.contains("prime256v1"), "{text}");
    }
    let url = format!("https://localhost:{}", it.https.port());
    let login = format!("{{\"user_name\":\"admin\",\"password\":\"{PASSWORD}\"}}");
    let session = format!("{url}/api/v1/session");
    let Some((fine, told)) = curl(&it, &["-i", "--cacert", &it.ca(), "-H", "Content-Type: application/json", "-d", &login, &session]) else { return };
    assert!(fine && told.starts_with("HTTP/1.1 201"), "{told}");
    let cookie = told.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.starts_with("__Host-millwright_session=") && cookie.contains("; Secure") && cookie.contains("HttpOnly"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let (_, told) = curl(&it, &["--cacert", &it.ca(), "-b", pair, &session]).unwrap();
    assert!(told.contains("\"role\":\"admin\""), "{told}");
    // The same over plain HTTP has a cookie of its own, and takes no other.
    let plain = client.post("/api/v1/session", &serde_json::from_str(&login).unwrap());
    let cookie = plain.header("set-cookie").unwrap();
    assert!(cookie.starts_with("millwright_session=") && !cookie.contains("Secure"), "{cookie}");
    let stranger = Client::of_url(&it.running.url, None).send("GET", "/api/v1/session", &[("Cookie", pair)], b"").unwrap();
    assert_eq!(stranger.status, 401);
    let (fine, told) = curl(&it, &["--tlsv1.2", "--tls-max", "1.2", "--cacert", &it.ca(), &format!("{url}/healthz")]).unwrap();
    assert!(fine, "{told}");
    let (fine, told) = curl(&it, &[&format!("{url}/healthz")]).unwrap();
    assert!(!fine && told.contains("certificate"), "believed without the authority: {told}");
    let other = serve(Data::new(), &[]);
    let (fine, told) = curl(&it, &["--cacert", &other.ca(), &format!("{url}/healthz")]).unwrap();
    assert!(!fine && told.contains("certificate"), "believed by another plant's authority: {told}");
    assert_eq!((it.running.stop(), other.running.stop()), (0, 0));
}

#[test]
fn whoever_speaks_in_clear_where_tls_is_spoken_is_told_so_and_whoever_stops_midway_is_given_up() {
    let it = serve(Data::new(), &[]);
    let mut half = Vec::new();
    for (name, address) in [("https", it.https), ("mqtts", it.mqtts), ("sql", it.sql)] {
        let mut stream = TcpStream::connect(address).unwrap();
        if name == "sql" {
            stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
            let mut answer = [0];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"S");
        }
        // The head of a record of 512 bytes that never comes.
        stream.write_all(&[0x16, 3, 1, 2, 0]).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        half.push((name, stream));
    }
    let mut plain = TcpStream::connect(it.https).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut told = String::new();
    plain.read_to_string(&mut told).unwrap();
    assert!(told.starts_with("HTTP/1.1 400 ") && told.ends_with("write https:// before the address.\n"), "{told}");
    // Words in clear behind the wish for TLS are no part of the talk that follows.
    let mut injected = TcpStream::connect(it.sql).unwrap();
    injected.write_all(&[0, 0, 0, 8, 4, 210, 22, 47, 0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 1]).unwrap();
    let mut answer = Vec::new();
    injected.read_to_end(&mut answer).unwrap_or_default();
    assert_eq!(answer.first(), Some(&b'S'));
    let mut connect = TcpStream::connect(it.mqtts).unwrap();
    connect.write_all(&[0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 0]).unwrap();
    let mut answer = Vec::new();
    connect.read_to_end(&mut answer).unwrap_or_default();
    assert_ne!(answer.first(), Some(&0x20), "an answer in clear: {answer:?}");
    for (name, mut stream) in half {
        let began = Instant::now();
        let mut rest = Vec::new();
        _ = stream.read_to_end(&mut rest);
        assert!(began.elapsed() < Duration::from_secs(25), "{name} waited {:?} for a handshake", began.elapsed());
    }
    let mut client = it.running.client();
    assert_eq!(client.get("/healthz").status, 200);
    assert_eq!(it.running.stop(), 0);
}

#[test]
fn psql_is_served_over_tls_and_proves_the_plant_by_its_authority() {
    let it = serve(Data::new(), &[]);
    let other = Data::new();
    let place = |more: &str| format!("host=localhost hostaddr=127.0.0.1 port={} user=admin dbname=genims_db connect_timeout=20 {more}", it.sql.port());
    let psql = |more: &str, statement: &str| ask("psql", &["-X", "-At", "-d", &place(more), "-c", statement], &[("PGPASSWORD", PASSWORD)]);
    let Some((fine, told)) = psql(&format!("sslmode=verify-full sslrootcert={}", it.ca()), "\\conninfo") else { return };
    assert!(fine && told.contains("SSL connection (protocol: TLSv1.3"), "{told}");
    let (fine, told) = psql("sslmode=require", "SELECT count(*) FROM users").unwrap();
    assert!(fine && told.trim() == "1", "{told}");
    let (fine, told) = psql("sslmode=disable", "SELECT 1").unwrap();
    assert!(fine && told.trim() == "1", "{told}");
    let (fine, told) = psql("sslmode=require channel_binding=require", "SELECT 1").unwrap();
    assert!(!fine && told.contains("channel binding"), "{told}");
    let wrong = serve(other, &[]);
    let (fine, told) = psql(&format!("sslmode=verify-full sslrootcert={}", wrong.ca()), "SELECT 1").unwrap();
    assert!(!fine && told.contains("certificate verify failed"), "{told}");
    let elsewhere = place(&format!("sslmode=verify-full sslrootcert={}", it.ca())).replace("host=localhost", "host=elsewhere.example");
    let (fine, told) = ask("psql", &["-X", "-d", &elsewhere, "-c", "SELECT 1"], &[("PGPASSWORD", PASSWORD)]).unwrap();
    assert!(!fine && told.contains("elsewhere.example"), "{told}");
    assert_eq!((it.running.stop(), wrong.running.stop()), (0, 0));
}

#[test]
fn machines_publish_and_listen_over_tls() {
    let it = serve(Data::new(), &[]);
    let (port, token) = (it.mqtts.port().to_string(), it.data.token.clone());
    let access = ["-h", "localhost", "-p", &port, "-u", "admin", "-P", &token, "-t", "hall/press", "-q", "1"];
    let published = |ca: &str| ask("mosquitto_pub", &[&access[..], &["-r", "-m", "42", "--cafile", ca]].concat(), &[]);
    let Some((fine, told)) = published(&it.ca()) else { return };
    assert!(fine, "{told}");
    let (fine, told) = ask("mosquitto_sub", &[&access[..], &["-C", "1", "-W", "20", "--cafile", &it.ca()]].concat(), &[]).unwrap();
    assert!(fine && told.trim() == "42", "{told}");
    let other = serve(Data::new(), &[]);
    let (fine, told) = published(&other.ca()).unwrap();
    assert!(!fine, "believed by another plant's authority: {told}");
    assert_eq!((it.running.stop(), other.running.stop()), (0, 0));
}

#[test]
fn a_given_certificate_is_shown_and_read_again_at_a_signal() {
    let (one, two) = (serve(Data::new(), &[]), serve(Data::new(), &["--tls-name", "mes.works.example"]));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let put = |from: &Secret| {
        std::fs::copy(from.data.path().join("tls/server.pem"), file("cert.pem")).unwrap();
        std::fs::copy(from.data.path().join("tls/server-key.pem"), file("key.pem")).unwrap();
    };
    put(&one);
    let given = serve(Data::new(), &["--tls-cert", &file("cert.pem"), "--tls-key", &file("key.pem")]);
    assert_eq!(given.running.client().get("/trust").status, 404);
    let url = format!("https://localhost:{}/healthz", given.https.port());
    let Some((fine, told)) = curl(&given, &["--cacert", &one.ca(), &url]) else { return };
    assert!(fine, "{told}");
    put(&two);
    given.running.signal(rustix::process::Signal::HUP);
    until("the new certificate is shown", || curl(&given, &["--cacert", &two.ca(), &url]).unwrap().0.then_some(()));
    let by_name = format!("mes.works.example:{}:127.0.0.1", given.https.port());
    let (fine, told) = curl(&given, &["--cacert", &two.ca(), "--resolve", &by_name, &url.replace("localhost", "mes.works.example")]).unwrap();
    assert!(fine, "{told}");
    assert_eq!(given.running.stop(), 0);
    let fresh = Data::new();
    let alone = run(&["serve", "--data", &fresh.text(), "--http", "127.0.0.1:0", "--tls-cert", &file("cert.pem")]);
    assert!(!alone.status.success() && String::from_utf8_lossy(&alone.stderr).contains("--tls-key"));
    assert_eq!((one.running.stop(), two.running.stop()), (0, 0));
}

#[test]
fn a_restored_plant_is_believed_by_everybody_who_believed_the_old_one() {
    let it = serve(Data::new(), &[]);
    let pki = it.data.path().join("pki/private");
    std::fs::create_dir_all(&pki).unwrap();
    std::fs::write(pki.join("private.pem"), "for machines").unwrap();
    std::fs::set_permissions(pki.join("private.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let file = it.data.folder.path().join("b.mwb");
    let (code, told) = run_json(&["backup", file.to_str().unwrap(), "--url", &it.running.url, "--token", &it.data.token], "");
    assert_eq!(code, 0, "{told}");
    let (old, token) = (it.ca(), it.data.token.clone());
    let restored = it.data.folder.path().join("restored");
    assert_eq!(run_json(&["restore", file.to_str().unwrap(), "--data", restored.to_str().unwrap()], "").0, 0);
    for secret in ["tls/ca-key.pem", "tls/server-key.pem", "pki/private/private.pem"] {
        let mode = std::fs::metadata(restored.join(secret)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{secret}");
    }
    assert_eq!(std::fs::read(restored.join("pki/private/private.pem")).unwrap(), b"for machines");
    assert_eq!(std::fs::read(restored.join("tls/ca.pem")).unwrap(), std::fs::read(&old).unwrap());
    let mut again = Running::start(&["serve", "--data", restored.to_str().unwrap(), "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"], Some(&token));
    let mut line = String::new();
    again.out.read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap().replace("127.0.0.1", "localhost");
    if let Some((fine, told)) = curl(&it, &["--cacert", &old, &format!("{url}/healthz")]) {
        assert!(fine, "{told}");
    }
    assert_eq!((again.stop(), it.running.stop()), (0, 0));
}
