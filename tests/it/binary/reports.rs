//! Reports of the real binary: from the command line, to a printer, by a schedule into the outbox and to a mail
//! server; each of those is a listener on this machine.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::*;

/// A printer: it takes what comes and keeps it.
fn printer() -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, kept) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<u8>>>::default());
    let paper = Arc::clone(&kept);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut bytes = Vec::new();
            _ = stream.read_to_end(&mut bytes);
            paper.lock().unwrap().extend(bytes);
        }
    });
    (address, kept)
}

/// A mail server without a log-in; it keeps every letter. It knows nobody called gone, and of a letter to silent it
/// never says that it took it.
fn mail_server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, kept) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
    let letters = Arc::clone(&kept);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let letters = Arc::clone(&letters);
            std::thread::spawn(move || talk(stream, &letters));
        }
    });
    (address, kept)
}

fn talk(stream: TcpStream, letters: &Mutex<Vec<String>>) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream).lines();
    out.write_all(b"220 plant.example\r\n").ok()?;
    let mut is_silent = false;
    while let Some(Ok(line)) = lines.next() {
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "DATA" => {
                out.write_all(b"354 go on\r\n").ok()?;
                let letter: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                letters.lock().unwrap().push(letter.join("\n"));
                if is_silent {
                    return None;
                }
                "250 kept"
            }
            "RCPT" if line.contains("gone@") => "550 5.1.1 there is no such person",
            "RCPT" => {
                is_silent |= line.contains("silent@");
                "250 ok"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        out.write_all(format!("{answer}\r\n").as_bytes()).ok()?;
    }
    Some(())
}

#[test]
fn the_command_line_writes_a_report_at_rest_and_of_a_running_plant() {
    let data = Data::new();
    let running = data.serve();
    furnish(&mut running.client());
    let file = data.folder.path().join("success.pdf");
    let out = file.to_str().unwrap();
    let (code, told) = run_json(&["report", "success", "--format", "pdf", "--out", out, "--url", &running.url, "--token", &data.token], "");
    let bytes = std::fs::read(&file).unwrap();
    assert!(code == 0 && bytes.starts_with(b"%PDF-") && told["bytes"].as_u64() == Some(bytes.len() as u64), "{told}");
    assert_eq!(running.stop(), 0);
    let (code, _) = run_json(&["report", "success", "--format", "xlsx", "--out", out, "--data", &data.text()], "");
    assert_eq!((code, &std::fs::read(&file).unwrap()[..2]), (0, &b"PK"[..]));
    let csv = run(&["report", "success", "--data", &data.text()]);
    assert!(String::from_utf8_lossy(&csv.stdout).starts_with("metric,title,figure,"), "{}", String::from_utf8_lossy(&csv.stderr));
    let (code, problem) = run_json(&["report", "success", "--format", "pdf", "--data", &data.text()], "");
    assert!(code == 2 && problem["detail"].as_str().unwrap().contains("--out"), "{problem}");
}

#[test]
fn a_label_reaches_its_printer_and_one_that_is_off_is_named() {
    let (address, paper) = printer();
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    client.make("/api/v1/material-transactions", &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 3}));
    client.refused("/api/v1/labels/print", &json!({"subject": "S1"}), "not_found");
    client.make("/api/v1/connectors", &json!({"connector_code": "dock", "protocol": "zpl", "settings": format!("address = \"{address}\"")}));
    assert_eq!(client.make("/api/v1/labels/print", &json!({"subject": "S1", "copies": 2}))["state"], json!("sent"));
    until("the label is on paper", || String::from_utf8_lossy(&paper.lock().unwrap()).contains("^FDS1^FS").then_some(()));
    assert!(String::from_utf8_lossy(&paper.lock().unwrap()).ends_with("^PQ2^XZ\n"));
    client.refused("/api/v1/labels/print", &json!({"subject": "S1", "copies": 100_000}), "invalid");
    client.refused("/api/v1/labels/print", &json!({"subject": "NOTHING"}), "not_found");
    // Port 1 has no printer.
    client.make("/api/v1/connectors", &json!({"connector_code": "office", "protocol": "zpl", "settings": "address = \"127.0.0.1:1\""}));
    assert!(client.refused("/api/v1/labels/print", &json!({"subject": "S1"}), "not_found").text().contains("dock, office"));
    let off = client.refused("/api/v1/labels/print", &json!({"subject": "S1", "printer": "office"}), "unavailable");
    assert!(off.text().contains("127.0.0.1:1"), "{}", off.text());
    until("both printers are told as they stand", || {
        let all = client.read("/api/v1/connector-states");
        let state = |code: &str| all["data"].as_array().unwrap().iter().find(|it| it["connector_code"] == code).map(|it| it["state"].clone());
        ((state("dock")?, state("office")?) == (json!("live"), json!("failed"))).then_some(())
    });
}

/// What an address tells of a schedule.
fn schedule(client: &mut Client, code: &str) -> Json {
    client.read(&format!("/api/v1/report-schedules/{code}"))
}

#[test]
fn a_schedule_fills_the_outbox_and_the_mail_once_each_also_after_a_pause() {
    let (address, letters) = mail_server();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let text = path.to_str().unwrap().to_owned();
    // A simulated plant, whose clock can be put on the next morning.
    let made = Running::start(&["demo", "--days", "1", "--speed", "0", "--data", &text, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--sql", "127.0.0.1:0"], None);
    assert_eq!(made.stop(), 0);
    // Served without its simulator, which would want to live through the days first.
    let start = || Running::start(&["serve", "--data", &text, "--http", "127.0.0.1:0", "--sql", "127.0.0.1:0"], None);
    let running = start();
    let admin = |running: &Running| {
        let logins: Json = serde_json::from_slice(&std::fs::read(path.join("demo-logins.json")).unwrap()).unwrap();
        let login = logins["users"].as_array().unwrap().iter().find(|it| it["role"] == "admin").unwrap();
        Client::of_url(&running.url, login["token"].as_str())
    };
    let mut client = admin(&running);
    let settings = format!("host = \"{}\"\nport = {}\ntls = \"none\"\nfrom = \"plant@plant.example\"\n", address.ip(), address.port());
    client.make("/api/v1/connectors", &json!({"connector_code": "post", "protocol": "smtp", "settings": settings}));
    client.make("/api/v1/report-schedules", &json!({"schedule_code": "morning", "report": "success", "cadence": "daily", "local_time": "06:30", "form": "csv"}));
    let mailed = json!({"schedule_code": "mailed", "report": "success", "cadence": "daily", "local_time": "06:30", "form": "pdf", "connector_id": "post", "recipients": "lead@plant.example, boss@plant.example"});
    client.make("/api/v1/report-schedules", &mailed);
    for (code, recipients) in [("moved-on", "gone@plant.example, lead@plant.example"), ("doubtful", "silent@plant.example"), ("nobody", "gone@plant.example")] {
        let mailed =
            json!({"schedule_code": code, "report": "success", "cadence": "daily", "local_time": "06:30", "form": "csv", "connector_id": "post", "recipients": recipients});
        client.make("/api/v1/report-schedules", &mailed);
    }
    let count = |to: &str| letters.lock().unwrap().iter().filter(|letter| letter.contains(&format!("To: {to}@"))).count();
    let now: millwright::base::Time = client.read("/api/v1/plant")["plant_time"].as_str().unwrap().parse().unwrap();
    let later = |days: i64| json!({"plant_time": now.plus_minutes(days * 1_440).to_string(), "rate": 0});
    client.make("/api/v1/plant/clock", &later(1));
    until("both reports", || (schedule(&mut client, "morning")["delivery_state"] == "delivered" && schedule(&mut client, "mailed")["delivery_state"] == "delivered").then_some(()));
    assert_eq!(count("lead"), 1);
    let letter = letters.lock().unwrap().iter().find(|letter| letter.contains("To: lead@plant.example, boss@plant.example")).unwrap().clone();
    assert!(letter.contains("filename=\"success-"), "{letter}");
    let file = path.join("outbox/morning").join(schedule(&mut client, "morning")["delivered_file"].as_str().unwrap());
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("metric,title"), "{}", file.display());

    // Who has left keeps the letter from nobody else, and is named.
    let told = until("all but one get it", || Some(schedule(&mut client, "moved-on")).filter(|it| it["delivery_state"] == "delivered"));
    assert!(told["delivery_fault"].as_str().unwrap().contains("gone@plant.example") && count("gone") == 1, "{told}");
    let told = until("no one got it", || Some(schedule(&mut client, "nobody")).filter(|it| it["delivery_state"] == "failed"));
    assert!(told["delivery_fault"].as_str().unwrap().contains("no such person") && told["done_until"].is_null(), "{told}");
    // A letter that the server had in full may have gone out.
    let told = until("nobody knows", || Some(schedule(&mut client, "doubtful")).filter(|it| it["delivery_state"] == "unknown"));
    assert!(!told["done_until"].is_null() && count("silent") == 1, "{told}");

    // Down over a morning: the missed report is made when the plant is back, and no other is made again.
    client.make("/api/v1/plant/clock", &later(2));
    assert_eq!(running.stop(), 0);
    let running = start();
    let mut client = admin(&running);
    until("the missed reports", || ((count("lead"), count("gone"), count("silent")) == (2, 2, 2)).then_some(()));
    until("it is noted", || (schedule(&mut client, "mailed")["delivery_state"] == "delivered").then_some(()));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!((count("lead"), count("gone"), count("silent")), (2, 2, 2), "a report was sent twice");
    let ids: Vec<String> = letters
        .lock()
        .unwrap()
        .iter()
        .filter(|letter| letter.contains("boss@"))
        .map(|letter| letter.lines().find(|line| line.starts_with("Message-ID:")).unwrap().to_owned())
        .collect();
    assert_ne!(ids[0], ids[1]);
}
