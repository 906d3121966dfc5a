//! The first start: an empty folder serves the page that founds or restores a plant, to whoever has
//! the console's code, and then the plant itself at the same address.

use super::*;

/// A server of an empty folder, and what its console said.
struct Waiting {
    running: Running,
    code: String,
}

impl Waiting {
    fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let arguments = ["serve", "--data", folder.to_str().unwrap(), "--http", "127.0.0.1:0"];
        let mut child = command(&arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let told = line.trim().strip_prefix("there is no plant here yet: start one at ").unwrap_or_else(|| panic!("{line:?}"));
        let (url, code) = told.split_once("/#/start?code=").unwrap();
        Self { running: Running { url: url.to_owned(), token: None, child, out, started: Instant::now() }, code: code.to_owned() }
    }

    fn post(&self, path: &str, code: &str, body: &[u8]) -> crate::client::Reply {
        let headers = [("Millwright-Code", code), ("Content-Type", "application/json")];
        self.running.client().send("POST", path, &headers, body).unwrap()
    }

    /// The plant's own address, told when it is served.
    fn served(mut self) -> Running {
        let mut line = String::new();
        self.running.out.read_line(&mut line).unwrap();
        assert_eq!(line.trim().strip_prefix("listening on "), Some(self.running.url.as_str()), "the browser waits where it was");
        self.running
    }
}

fn plant(password: &str) -> Vec<u8> {
    serde_json::json!({"plant_name": "New works", "timezone": "Europe/Madrid", "admin": "ada", "password": password}).to_string().into_bytes()
}

fn log_in(running: &Running, user: &str, password: &str) -> u16 {
    running.client().post("/api/v1/session", &serde_json::json!({"user_name": user, "password": password})).status
}

#[test]
fn whoever_has_the_code_founds_a_plant_and_is_its_admin_and_nobody_else_gets_in() {
    let folder = tempfile::tempdir().unwrap();
    let waiting = Waiting::start(&folder.path().join("data"));
    let mut client = waiting.running.client();
    assert!(client.get("/").text().contains("<html"));
    assert_eq!(client.get("/api/v1/founding").json()["founded"], false);
    assert_eq!((client.get("/api/v1/session").status, client.get("/healthz").status, client.get("/readyz").status), (503, 200, 503));
    assert_eq!(waiting.post("/api/v1/founding", "wrong", &plant("a good pass phrase")).status, 403);
    let short = waiting.post("/api/v1/founding", &waiting.code, &plant("short"));
    assert_eq!((short.status, waiting.running.client().get("/api/v1/founding").json()["founded"].clone()), (422, false.into()), "{}", short.text());
    let founded = waiting.post("/api/v1/founding", &waiting.code, &plant("a good pass phrase"));
    assert_eq!(founded.status, 201, "{}", founded.text());
    let running = waiting.served();
    assert_eq!(log_in(&running, "ada", "a good pass phrase"), 201);
    assert_ne!(running.client().get("/api/v1/founding").status, 200);
    assert_eq!(running.stop(), 0);
    // The second start is an ordinary one.
    let again = Running::start(&["serve", "--data", folder.path().join("data").to_str().unwrap(), "--http", "127.0.0.1:0"], None);
    assert_eq!(log_in(&again, "ada", "a good pass phrase"), 201);
    assert_eq!(again.stop(), 0);
}

#[test]
fn a_slip_is_put_right_and_what_an_interrupted_try_left_is_no_plant() {
    let folder = tempfile::tempdir().unwrap();
    let waiting = Waiting::start(folder.path());
    let named =
        |admin: &str, zone: &str| serde_json::json!({"plant_name": "New works", "timezone": zone, "admin": admin, "password": "a good pass phrase"}).to_string().into_bytes();
    let slip = waiting.post("/api/v1/founding", &waiting.code, &named("Ada Maier", "Europe/Berlin"));
    assert_eq!(slip.status, 422, "{}", slip.text());
    assert_eq!(waiting.running.stop(), 0);
    // As a crash in the middle of a restore leaves it.
    for left in ["restore.mwb", "plant.redb.new", "telemetry.redb"] {
        std::fs::write(folder.path().join(left), b"half").unwrap();
    }
    std::fs::create_dir(folder.path().join("tls")).unwrap();
    std::fs::write(folder.path().join("tls/ca-key.pem"), b"another plant's").unwrap();
    let waiting = Waiting::start(folder.path());
    let founded = waiting.post("/api/v1/founding", &waiting.code, &named("ada", "Europe/Madrid"));
    assert_eq!(founded.status, 201, "{}", founded.text());
    let running = waiting.served();
    let session = running.client().post("/api/v1/session", &serde_json::json!({"user_name": "ada", "password": "a good pass phrase"}));
    let cookie = session.header("set-cookie").unwrap().split(';').next().unwrap();
    let plant = running.client().send("GET", "/api/v1/plant", &[("Cookie", cookie)], b"").unwrap();
    assert_eq!(plant.json()["plant"]["timezone"], "Europe/Madrid", "the second try counts as it is");
    assert_eq!(running.stop(), 0);
    assert!(!folder.path().join("restore.mwb").exists() && !folder.path().join("FOUNDING").exists());
}

#[test]
fn a_backup_brings_a_plant_back_and_a_broken_one_leaves_the_folder_as_it_was() {
    let data = Data::new();
    let running = data.serve();
    furnish(&mut running.client());
    let backup = running.client().post("/api/v1/backup", &serde_json::json!({})).body;
    let head = running.client().read("/readyz")["head"].clone();
    assert_eq!(running.stop(), 0);

    let folder = tempfile::tempdir().unwrap();
    let waiting = Waiting::start(folder.path());
    assert_eq!(waiting.post("/api/v1/founding/restore", "wrong", &backup).status, 403);
    let broken = waiting.post("/api/v1/founding/restore", &waiting.code, &backup[..backup.len() / 2]);
    assert!(broken.status >= 400, "{}", broken.text());
    let restored = waiting.post("/api/v1/founding/restore", &waiting.code, &backup);
    assert_eq!(restored.status, 201, "{}", restored.text());
    let running = waiting.served();
    assert_eq!(running.client().get("/readyz").json()["head"], head);
    assert_eq!(running.stop(), 0);
    assert!(!folder.path().join("restore.mwb").exists());
}

#[test]
fn a_folder_with_something_foreign_in_it_and_one_that_is_missing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("holiday.jpg"), b"a beach").unwrap();
    let foreign = run(&["serve", "--data", folder.path().to_str().unwrap(), "--http", "127.0.0.1:0"]);
    assert!(!foreign.status.success());
    let missing = run(&["serve", "--data", folder.path().join("no-such").to_str().unwrap(), "--http", "127.0.0.1:0"]);
    assert!(!missing.status.success());
}
