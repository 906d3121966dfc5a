//! The command line: exit codes, one JSON document each, completions, imports.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;

fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("MILLWRIGHT_SHARED").map_or(beside, PathBuf::from);
    let log = named.join("data/job-shop-log/production_log.csv");
    log.exists().then_some(log)
}

#[test]
fn exit_codes_tell_scripts_what_happened() {
    let data = Data::new();
    let path = data.text();
    let missing = data.folder.path().join("nothing");
    let missing = missing.to_str().unwrap();
    let (nowhere, kept) = (format!("{missing}/b.mwb"), data.folder.path().join("kept.mwb").display().to_string());
    let foreign = data.folder.path().to_str().unwrap();
    assert!(run(&["backup", &kept, "--data", &path]).status.success());
    let cases: &[(&[&str], i32)] = &[
        (&[], 2),
        (&["fly"], 2),
        (&["verify"], 2),
        (&["verify", "--data", &path, "--head", "x"], 2),
        (&["verify", "--data", &path, "--head", "1:00"], 2),
        (&["verify", "--data", missing], 3),
        (&["serve", "--data", missing, "--http", "127.0.0.1:0"], 3),
        (&["verify", "--data", foreign], 4),
        (&["backup", &nowhere, "--data", &path], 3),
        (&["restore", &kept, "--data", &path], 5),
        (&["replay", "shdr", missing, "--data", &path], 3),
        (&["plan", "solve", missing, "--out", &kept], 3),
        (&["plan", "solve", &kept, "--out", &nowhere], 2),
        (&["trace", "LOT-000001", "--max-nodes", "0", "--data", &path], 2),
        (&["trace", "LOT-000001", "--data", &path], 3),
        (&["trace", "LOT-000001", "--direction", "up", "--data", &path], 2),
        (&["history", "nothing", "--data", &path], 3),
        (&["kpi", "oee", "--by", "day", "--data", &path], 0),
        (&["kpi", "oe", "--data", &path], 3),
        (&["kpi", "oee", "--by", "moon", "--data", &path], 2),
        (&["kpi", "oee", "--from", "yesterday", "--data", &path], 2),
        (&["user", "add", "admin", "--role", "lead", "--data", &path], 5),
        (&["user", "add", "eva", "--role", "king", "--data", &path], 2),
        (&["user", "disable", "nobody", "--data", &path], 3),
        (&["init", "--data", &path, "--name", "x", "--timezone", "Mars/Base"], 2),
        (&["init", "--data", &path, "--name", "x", "--timezone", "Europe/Berlin"], 5),
        (&["import", "customers", missing, "--data", &path], 3),
        (&["restore", missing, "--data", missing], 3),
        (&["openapi"], 0),
        (&["user", "list", "--data", &path], 0),
    ];
    for (arguments, code) in cases {
        let output = run_with(arguments, &format!("{PASSWORD}\n"));
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(*code == 0 || !output.stderr.is_empty(), "{arguments:?} refused without a word");
        if *code > 2 {
            let (again, problem) = run_json(arguments, &format!("{PASSWORD}\n"));
            assert_eq!(again, *code);
            assert!(problem["code"].is_string() && problem["detail"].is_string(), "{arguments:?}: {problem}");
        }
    }
    assert!(!Path::new(missing).exists(), "a refused command made a directory");
    data.verified();
}

#[test]
fn a_refusal_names_the_field_and_the_file() {
    let data = Data::new();
    let path = data.text();
    let cases: &[(&[&str], &str, &str)] = &[
        (&["user", "add", "eva", "--role", "lead"], "short\n", "error: password must have at least 10 characters"),
        (&["trace", "LOT-000001", "--direction", "x"], "", "error: direction must be forward, backward or both"),
        (&["backup", "/nonexistent-folder/x.mwb"], "", "there is no folder /nonexistent-folder for /nonexistent-folder/x.mwb"),
        (&["restore", "/nonexistent.mwb"], "", "/nonexistent.mwb: No such file"),
    ];
    for (arguments, input, wanted) in cases {
        let output = run_with(&[arguments, &["--data", &path][..]].concat(), input);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && talk.contains(wanted), "{arguments:?}: {talk}");
    }
}

#[test]
fn every_answer_with_json_is_one_document() {
    let data = Data::new();
    let path = data.text();
    let customers = data.folder.path().join("c.csv");
    std::fs::write(&customers, "customer_code,customer_name\nC-1,Kitchens\n").unwrap();
    let backup = data.folder.path().join("b.mwb");
    let other = data.folder.path().join("other");
    let (customers, backup, other) = (customers.to_str().unwrap(), backup.to_str().unwrap(), other.to_str().unwrap());
    let cases: &[&[&str]] = &[
        &["user", "add", "eva", "--role", "lead", "--data", &path],
        &["user", "password", "eva", "--data", &path],
        &["user", "token", "eva", "--data", &path],
        &["user", "disable", "eva", "--data", &path],
        &["user", "list", "--data", &path],
        &["import", "customers", customers, "--dry-run", "--data", &path],
        &["import", "customers", customers, "--data", &path],
        &["trace", "CUST-000001", "--data", &path],
        &["history", "CUST-000001", "--data", &path],
        &["verify", "--data", &path],
        &["rebuild", "--data", &path],
        &["verify", "--data", &path],
        &["backup", backup, "--data", &path],
        &["restore", backup, "--data", other],
        &["verify", "--data", other],
        &["openapi"],
    ];
    for arguments in cases {
        let (code, document) = run_json(arguments, "a password of some length\n");
        assert_eq!(code, 0, "{arguments:?}: {document}");
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("rebuild"), "{shell}");
    }
}

#[test]
fn a_flag_goes_over_the_environment_and_that_over_the_file() {
    let data = Data::new();
    let config = data.folder.path().join("millwright.toml");
    std::fs::write(&config, format!("data = \"{}\"\n", data.text())).unwrap();
    let config = config.to_str().unwrap();
    assert!(run(&["verify", "--config", config]).status.success());
    let wrong = command(&["verify", "--config", config]).env("MILLWRIGHT_DATA", "/nowhere").output().unwrap();
    assert_eq!(wrong.status.code(), Some(3));
    let right = command(&["verify", "--config", config, "--data", &data.text()]).env("MILLWRIGHT_DATA", "/nowhere").output().unwrap();
    assert!(right.status.success());
    std::fs::write(data.folder.path().join("bad.toml"), "colour = 1\n").unwrap();
    assert_eq!(run(&["verify", "--config", data.folder.path().join("bad.toml").to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn rebuilding_changes_nothing_that_verify_sees() {
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    for at in 0..20 {
        let order = client.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 3}));
        let path = format!("/api/v1/work-orders/{}", order["work_order_id"].as_str().unwrap());
        client.make(&format!("{path}/release"), &json!({}));
        let receipt = json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": format!("S{at}"), "quantity": 2});
        client.make("/api/v1/material-transactions", &receipt);
        client.make(&format!("{path}/start"), &json!({}));
        client.make("/api/v1/material-transactions", &json!({"transaction_type": "issue", "work_order_id": order["work_order_id"], "lot_number": format!("S{at}"), "quantity": 1}));
    }
    let trace = client.read("/api/v1/lots/S3/trace");
    let key = [("Idempotency-Key", "kept")];
    let body = json!({"product_id": "BRACKET", "planned_quantity": 9});
    let made = client.ask("POST", "/api/v1/work-orders", &key, &body).json();
    assert_eq!(running.stop(), 0);
    let before = data.verified();
    let (code, rebuilt) = run_json(&["rebuild", "--data", &data.text()], "");
    assert_eq!((code, &rebuilt["records"]), (0, &before["checked"]["records"]));
    assert_eq!(data.verified(), before);
    let running = data.serve();
    let mut client = running.client();
    let again = client.read("/api/v1/lots/S3/trace");
    assert_eq!((&again["nodes"], &again["edges"], &again["balance"]), (&trace["nodes"], &trace["edges"], &trace["balance"]));
    let repeated = client.ask("POST", "/api/v1/work-orders", &key, &body);
    assert_eq!((repeated.header("idempotency-replayed"), repeated.json()), (Some("true"), made), "receipts are lost");
}

#[test]
#[allow(clippy::print_stdout)]
fn a_real_shops_log_is_previewed_brought_in_and_not_doubled() {
    let Some(log) = shared() else {
        println!("skipped: there is no job-shop-log beside the repository (or at MILLWRIGHT_SHARED)");
        return;
    };
    let data = Data::new();
    let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/job-shop-log.toml");
    let (path, log, map) = (data.text(), log.to_str().unwrap().to_owned(), map.to_str().unwrap().to_owned());
    let import = |more: &[&str]| run_json(&[&["import", "operation-log", &log, "--map", &map, "--data", &path], more].concat(), "");
    let before = data.verified();
    let (code, preview) = import(&["--dry-run"]);
    assert_eq!(code, 0, "{preview}");
    assert_eq!(data.verified()["head"], before["head"], "a preview left a trace");
    let (code, real) = import(&[]);
    assert_eq!(code, 0, "{real}");
    let after = data.verified();
    println!("operation log: {real}\nverify: {after}");
    let (code, again) = import(&[]);
    assert_eq!(code, 0, "{again}");
    assert_eq!(data.verified()["checked"]["records"], after["checked"]["records"], "a second run doubled something");
}
