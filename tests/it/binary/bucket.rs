//! The lake in a bucket, on a storage that speaks S3 (moto's server): killed while it is sent, resumed,
//! then sent again where something changed; and read there by pyarrow. Skipped, and it says so, where
//! Python has no moto; `make test` gets it if it may.
#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;
use std::net::TcpListener;

use millwright::base::Digest;
use millwright::lake::{FileLine, lines_named, manifest_name};
use serde_json::json;

use super::*;

const PLANT: &str = "Test Works";
const PREFIX: &str = "mes/north";
/// The storage, which takes a tenth of a second for a file: a kill among fifty of them comes in the middle.
const SERVER: &str = r#"
import sys, time
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
storage = DomainDispatcherApplication(create_backend_app)
def slowly(asked, answer):
    if asked["REQUEST_METHOD"] == "PUT" and ".parquet" in asked["PATH_INFO"]:
        time.sleep(0.1)
    return storage(asked, answer)
run_simple("127.0.0.1", int(sys.argv[1]), slowly, threaded=True)
"#;

/// A running storage; its log tells every request.
struct Storage {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Drop for Storage {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn python() -> Command {
    Command::new(std::env::var_os("MILLWRIGHT_PYTHON").unwrap_or_else(|| "python3".into()))
}

fn encoded(path: &str) -> String {
    path.bytes().map(|byte| if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Storage {
    /// With an empty bucket; `None`, said aloud, where there is none.
    fn start(folder: &Path) -> Option<Self> {
        let found = python().args(["-c", "import moto.server, pyarrow"]).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            println!("skipped: MILLWRIGHT_PYTHON (or python3) has no moto[server] and pyarrow");
            return None;
        }
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = folder.join("storage.log");
        let mut server = python();
        server.args(["-c", SERVER, &address.port().to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
        let child = server.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
        let storage = Self { child, address, log };
        until("the storage takes a bucket", || {
            let made = Client::new(storage.address, None).send("PUT", "/lake", &[], b"");
            made.ok().filter(|reply| reply.status == 200)
        });
        Some(storage)
    }

    fn object(&self, key: &str) -> Option<Vec<u8>> {
        // Objects are shown to those with keys; whose they are, this storage does not ask.
        let reply = Client::new(self.address, Some("key")).send("GET", &encoded(&format!("/lake/{PREFIX}/{key}")), &[], b"").unwrap();
        (reply.status == 200).then_some(reply.body)
    }

    /// Keys below the prefix.
    fn keys(&self) -> BTreeSet<String> {
        let reply = Client::new(self.address, None).get("/lake?list-type=2&max-keys=1000");
        let text = reply.text();
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        keys.map(|(key, _)| key.strip_prefix(&format!("{PREFIX}/")).unwrap().to_owned()).collect()
    }

    /// How many files were put so far.
    fn puts(&self) -> usize {
        std::fs::read_to_string(&self.log).unwrap().lines().filter(|line| line.contains("PUT /lake/") && line.contains(".parquet")).count()
    }

    /// The files of the manifest there, which is the one in the folder and stands alone with them.
    fn whole(&self, data: &Data) -> Vec<FileLine> {
        let name = manifest_name(PLANT);
        let manifest = until("the bucket is as the folder", || {
            let here = std::fs::read(data.path().join("lake").join(&name)).ok()?;
            let is_done = self.object(&format!(".unfinished-{name}")).is_none();
            self.object(&name).filter(|there| is_done && *there == here)
        });
        let lines = lines_named(&manifest, PLANT).unwrap();
        let mut wanted: BTreeSet<String> = lines.iter().map(|line| line.path.to_str().unwrap().to_owned()).collect();
        for line in &lines {
            let bytes = self.object(line.path.to_str().unwrap()).unwrap_or_else(|| panic!("{:?} is not there", line.path));
            assert_eq!((bytes.len() as u64, Digest::of(&bytes)), (line.bytes, line.digest), "{:?}", line.path);
        }
        wanted.insert(name);
        assert_eq!(self.keys(), wanted, "nothing else is left there");
        lines
    }

    fn serve(&self, data: &Data) -> Running {
        let mut serve = command(&["serve", "--data", &data.text(), "--http", "127.0.0.1:0", "--lake", &format!("s3://lake/{PREFIX}")]);
        for name in ["AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE"] {
            serve.env_remove(name);
        }
        serve.envs([("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_ALLOW_HTTP", "true")]);
        Running::of(serve.env("AWS_ENDPOINT_URL", format!("http://{}", self.address)), Some(&data.token))
    }
}

/// Brings the folder up to date; it may be made by itself just then.
fn make_lake(client: &mut Client) {
    until("the lake is made", || (client.post("/api/v1/lake", &json!({})).status == 201).then_some(()));
}

#[test]
fn a_lake_in_a_bucket_survives_a_kill_and_sends_only_what_is_new() {
    let data = Data::new();
    let Some(storage) = Storage::start(data.folder.path()) else { return };
    let mut running = storage.serve(&data);
    let mut client = running.client();
    furnish(&mut client);
    make_lake(&mut client);
    until("some files are sent", || (storage.puts() >= 3).then_some(()));
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    assert!(storage.object(&manifest_name(PLANT)).is_none(), "a manifest names files that are not all there");
    let begun = storage.puts();

    // What was sent is there; the rest follows, and the manifest last.
    let running = storage.serve(&data);
    let files = storage.whole(&data);
    assert!(begun < files.len() && storage.puts() <= files.len() + 1, "{begun} files before the kill, {} in all, of {}", storage.puts(), files.len());

    let mut client = running.client();
    for quantity in [5, 6] {
        client.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": quantity}));
    }
    let before = storage.puts();
    make_lake(&mut client);
    let again = storage.whole(&data);
    let new = again.iter().filter(|line| !files.contains(line)).count();
    assert_eq!(storage.puts() - before, new, "only what is new is sent");
    assert!(new < files.len() / 2, "{new} of {} files", files.len());
    assert_eq!(running.stop(), 0);
    assert_eq!(rows(&storage, "work_orders"), 2);
}

#[test]
fn a_bucket_without_keys_is_refused_before_the_plant_is_opened() {
    let data = Data::new();
    let mut serve = command(&["serve", "--data", &data.text(), "--http", "127.0.0.1:0", "--lake", "s3://lake/mes"]);
    let output = serve.env_remove("AWS_ACCESS_KEY_ID").env("AWS_ENDPOINT_URL", "https://127.0.0.1:1").output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && talk.contains("AWS_ACCESS_KEY_ID is not set"), "{talk}");
}

/// Rows of a table as pyarrow reads it in the bucket.
fn rows(storage: &Storage, table: &str) -> u64 {
    let script = format!(
        "import pyarrow.dataset, pyarrow.fs\n\
         there = pyarrow.fs.S3FileSystem(endpoint_override='{}', scheme='http', access_key='key', secret_key='secret', region='us-east-1')\n\
         print(pyarrow.dataset.dataset('lake/{PREFIX}/{table}', filesystem=there, partitioning='hive').count_rows())\n",
        storage.address
    );
    let ran = python().args(["-c", &script]).output().unwrap();
    String::from_utf8_lossy(&ran.stdout).trim().parse().unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)))
}
