//! demo and serve: what they print, write, refuse, and how they stop.

use std::fs;

use serde_json::{Value as Json, json};

use super::*;

fn logins(folder: &std::path::Path) -> Json {
    serde_json::from_slice(&fs::read(folder.join("demo-logins.json")).unwrap()).unwrap()
}

#[test]
fn a_demo_tells_its_address_and_log_ins_stops_when_asked_and_is_served_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("new/demo");
    let text = data.to_str().unwrap();
    // Held by us, or by somebody before us: the port is taken.
    let _taken = std::net::TcpListener::bind("127.0.0.1:1883");
    let mut demo = Running::start(&["demo", "--data", text, "--http", "127.0.0.1:0", "--days", "1", "--speed", "0", "--seed", "3"], None);
    assert_ne!(demo.mqtt().port(), 1_883);
    let told = logins(&data);
    assert_eq!(told["url"], json!(demo.url));
    let users = told["users"].as_array().unwrap().clone();
    let roles: Vec<&str> = users.iter().map(|user| user["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["operator", "lead", "planner", "inspector", "auditor", "manager", "analyst", "admin"]);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(data.join("demo-logins.json")).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "others may read the log-ins");
    for user in &users {
        let mut client = Client::of_url(&demo.url, None);
        let opened = client.post("/api/v1/session", &json!({"user_name": user["user"], "password": user["password"]}));
        assert_eq!((opened.status, &opened.json()["role"]), (201, &user["role"]));
        let mut client = Client::of_url(&demo.url, user["token"].as_str());
        assert_eq!(client.read("/api/v1/session")["role"], user["role"]);
    }
    let admin = users[7]["token"].as_str().unwrap();
    let mut client = Client::of_url(&demo.url, Some(admin));
    assert!(client.read("/api/v1/plant")["records"]["work_orders"].as_u64().unwrap() > 3);
    assert!(client.get("/metrics").text().contains("millwright_"));
    let verified = client.read("/api/v1/verify");
    assert_eq!(verified["ok"], true, "{verified}");
    let head = client.read("/readyz")["head"].clone();
    assert_eq!(demo.stop(), 0);

    let (code, report) = run_json(&["verify", "--data", text, "--head", &format!("{}:{}", head["seq"], head["hash"].as_str().unwrap())], "");
    // The day may have been sealed meanwhile, behind what was read.
    assert!(code == 0 && report["head"]["seq"].as_u64() >= head["seq"].as_u64(), "{report}");
    let served = Running::start(&["serve", "--data", text, "--http", "127.0.0.1:0"], Some(admin));
    let after = served.client().read("/readyz")["head"].clone();
    assert!(after["seq"].as_u64() >= head["seq"].as_u64());
    assert_eq!(served.client().read("/api/v1/session")["role"], "admin");
    assert_eq!(served.stop(), 0);
}

#[test]
fn a_stop_lets_the_last_writes_finish_and_loses_nothing() {
    let data = Data::new();
    let running = data.serve();
    furnish(&mut running.client());
    let address = running.address();
    let token = data.token.clone();
    let writer = std::thread::spawn(move || {
        let mut client = Client::new(address, Some(&token));
        let mut made = Vec::new();
        loop {
            let body = json!({"product_id": "BRACKET", "planned_quantity": 1}).to_string();
            match client.send("POST", "/api/v1/work-orders", &[("Content-Type", "application/json")], body.as_bytes()) {
                Ok(reply) if reply.status == 201 => made.push(reply.json()["work_order_id"].as_str().unwrap().to_owned()),
                _ => return made,
            }
        }
    });
    let mut client = running.client();
    until("a few orders", || (client.read("/api/v1/plant")["records"]["work_orders"].as_u64() > Some(20)).then_some(()));
    assert_eq!(running.stop(), 0);
    let made = writer.join().unwrap();
    let running = data.serve();
    let mut client = running.client();
    for id in &made {
        assert_eq!(client.get(&format!("/api/v1/work-orders/{id}")).status, 200, "{id} was acknowledged and is lost");
    }
    assert_eq!(running.stop(), 0);
    data.verified();
}

#[test]
fn a_second_process_is_turned_away_and_told_to_ask_the_first() {
    let data = Data::new();
    let running = data.serve();
    let (path, place) = (data.text(), ["--data"]);
    for arguments in [&["verify"][..], &["serve", "--http", "127.0.0.1:0"], &["user", "list"], &["rebuild"], &["trace", "LOT-000001"], &["history", "USR-000001"], &["demo"]] {
        let output = run(&[arguments, &place, &[&path]].concat());
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(75), "{arguments:?}: {talk}");
        // What no running plant can do is not promised of one.
        assert_eq!(talk.contains("--url"), arguments != ["rebuild"], "{arguments:?}: {talk}");
        let (code, problem) = run_json(&[arguments, &place, &[&path]].concat(), "");
        assert_eq!((code, problem["code"].as_str()), (75, Some("locked")), "{arguments:?}");
    }
    let asked = |arguments: &[&str]| run_json(&[arguments, &["--url", &running.url, "--token", &data.token]].concat(), "");
    let (code, report) = asked(&["verify"]);
    assert_eq!((code, report["ok"].as_bool()), (0, Some(true)));
    let (code, users) = asked(&["user", "list"]);
    assert_eq!((code, users["data"][0]["user_name"].as_str()), (0, Some("admin")));
    let (code, history) = asked(&["history", "USR-000001"]);
    assert_eq!((code, history["data"][0]["command"].as_str()), (0, Some("CreateUser")), "{history}");
    let (code, problem) = asked(&["trace", "LOT-000001"]);
    assert_eq!((code, problem["code"].as_str()), (3, Some("not_found")));
    let (code, problem) = asked(&["verify", "--head", &format!("1:{}", "0".repeat(64))]);
    assert_eq!((code, problem["ok"].as_bool()), (4, Some(false)));
    assert_eq!(running.stop(), 0);
    let (code, problem) = run_json(&["verify", "--url", "http://127.0.0.1:9", "--token", "x"], "");
    assert_eq!((code, problem["code"].as_str()), (75, Some("unavailable")));
}

#[test]
fn people_read_the_same_of_a_running_plant_as_of_its_folder() {
    let data = Data::new();
    let said = |place: &[&str], arguments: &[&str], input: &str| {
        let output = run_with(&[arguments, place].concat(), input);
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let folder = data.text();
    let here: Vec<_> = [&["user", "list"][..], &["verify"], &["sql", "SELECT 1 AS one, 'b' AS two", "--format", "table"]].map(|it| said(&["--data", &folder], it, "")).into();
    let running = data.serve();
    let place = ["--url", &running.url, "--token", &data.token];
    let there = |arguments: &[&str], input: &str| said(&place, arguments, input);
    assert!(here[0].1.starts_with("id           name") && here[0].1.contains("USR-000001   admin"), "{}", here[0].1);
    assert_eq!(there(&["user", "list"], "").1, here[0].1);
    assert!(here[1].1.ends_with("everything is as the journal says\n") && there(&["verify"], "").1.ends_with("everything is as the journal says\n"));
    assert_eq!(there(&["sql", "SELECT 1 AS one, 'b' AS two", "--format", "table"], "").1, here[2].1);
    assert_eq!(there(&["user", "add", "carl", "--role", "lead"], &format!("{PASSWORD}\n")).1, "carl can log in\n");
    let token = there(&["user", "token", "carl"], "").1;
    assert!(token.starts_with("mw_") && token.lines().count() == 1, "{token}");
    assert_eq!(there(&["user", "disable", "carl"], "").1, "carl is barred\n");
    let (code, trusted, talk) = there(&["trust"], "");
    assert!(code == Some(0) && trusted.contains("/trust/ca.pem\nSHA-256 "), "{trusted}{talk}");
    for arguments in [&["rebuild"][..], &["replay", "shdr", "x"], &["restore", "x"]] {
        let (code, _, talk) = there(arguments, "");
        assert!(code == Some(2) && talk.contains("works on the data directory only"), "{talk}");
    }
    let (code, _, talk) = said(&["--url", &running.url, "--token", "mw_wrong"], &["user", "list"], "");
    assert!(code == Some(1) && talk.contains("the token of --token (or MILLWRIGHT_TOKEN) is not valid"), "{talk}");
    assert_eq!(running.stop(), 0);
}

#[test]
fn an_address_that_is_taken_is_said_and_the_plant_is_left_alone() {
    let (one, two) = (Data::new(), Data::new());
    let running = one.serve();
    let output = run(&["serve", "--data", &two.text(), "--http", &running.address().to_string()]);
    assert_eq!(output.status.code(), Some(75));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--http"));
    two.verified();
}

#[test]
fn a_stop_right_after_the_address_is_told_is_a_graceful_one() {
    let data = Data::new();
    for _ in 0..10 {
        assert_eq!(data.serve().stop(), 0);
    }
    data.verified();
}
