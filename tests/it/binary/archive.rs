//! Backup of the running plant and restore of it; an archive that is damaged makes nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::*;

#[test]
fn a_backup_under_load_restores_to_the_plant_as_it_was_at_that_entry() {
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    let attached = client.send("POST", "/api/v1/attachments?subject=PROD-000001&file_name=a.txt", &[("Content-Type", "text/plain")], b"a drawing").unwrap();
    assert_eq!(attached.status, 201, "{}", attached.text());
    let stop = AtomicBool::new(false);
    let file = data.folder.path().join("b.mwb");
    let file = file.to_str().unwrap();
    let summary = std::thread::scope(|scope| {
        for thread in 0..3 {
            let (mut client, stop) = (running.client(), &stop);
            scope.spawn(move || {
                for at in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let receipt = json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": format!("S{thread}-{at}"), "quantity": 1});
                    client.make("/api/v1/material-transactions", &receipt);
                }
            });
        }
        let mut watcher = running.client();
        until("load", || (watcher.read("/api/v1/plant")["records"]["lots"].as_u64() > Some(50)).then_some(()));
        let answer = run_json(&["backup", file, "--url", &running.url, "--token", &data.token], "");
        let lots = watcher.read("/api/v1/plant")["records"]["lots"].as_u64();
        until("the plant goes on", || (watcher.read("/api/v1/plant")["records"]["lots"].as_u64() > lots).then_some(()));
        stop.store(true, Ordering::SeqCst);
        let (code, summary) = answer;
        assert_eq!(code, 0, "{summary}");
        summary
    });
    assert_eq!(running.stop(), 0);
    let head = format!("{}:{}", summary["head"]["seq"], summary["head"]["hash"].as_str().unwrap());
    let (code, report) = data.verify(&["--head", &head]);
    assert_eq!(code, 0, "the archive's head is not in the journal it was taken of: {report}");
    let restored = data.folder.path().join("restored");
    let restored = restored.to_str().unwrap();
    let (code, answer) = run_json(&["restore", file, "--data", restored], "");
    assert_eq!((code, &answer["head"]), (0, &summary["head"]), "{answer}");
    let (code, report) = run_json(&["verify", "--data", restored], "");
    assert_eq!((code, &report["head"]), (0, &summary["head"]), "{report}");
    assert_eq!(report["checked"]["files"], 1);
    // What the restored plant says of any lot is what the first one says.
    let again = Running::start(&["serve", "--data", restored, "--http", "127.0.0.1:0"], Some(&data.token));
    let first = data.serve();
    let (mut one, mut two) = (first.client(), again.client());
    let lots = two.all_rows("/api/v1/lots", 1_000);
    assert!(lots.len() > 50);
    let all = one.all_rows("/api/v1/lots", 1_000);
    assert_eq!(lots[..], all[..lots.len()]);
    assert_eq!(two.get("/api/v1/attachments/ATT-000001/content").body, b"a drawing");
    assert_eq!(one.read("/api/v1/products")["data"], two.read("/api/v1/products")["data"]);
    assert_eq!((again.stop(), first.stop()), (0, 0));
    let (code, problem) = run_json(&["restore", file, "--data", restored], "");
    assert_eq!((code, problem["code"].as_str()), (5, Some("duplicate")), "restored over a plant");
    let (code, problem) = run_json(&["backup", file, "--data", restored], "");
    assert_eq!((code, problem["code"].as_str()), (5, Some("duplicate")), "wrote over a backup");
}

#[test]
fn an_archive_with_any_byte_changed_or_its_end_missing_is_refused_and_makes_nothing() {
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    for at in 0..40 {
        client.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 1 + at}));
    }
    assert_eq!(running.stop(), 0);
    let (file, bad, target) = (data.folder.path().join("b.mwb"), data.folder.path().join("bad.mwb"), data.folder.path().join("new"));
    assert_eq!(run_json(&["backup", file.to_str().unwrap(), "--data", &data.text()], "").0, 0);
    let whole = std::fs::read(&file).unwrap();
    let refuse = |bytes: &[u8], what: &str| {
        std::fs::write(&bad, bytes).unwrap();
        // In this process for most of them, since a process for each byte would take minutes.
        let answer = millwright::store::archive::restore(&bad, &target, &mut |_, _| {});
        assert!(answer.is_err(), "{what} was taken: {answer:?}");
        assert!(!target.exists(), "{what} was refused and made something");
    };
    let last = whole.len() - 130;
    let step = 997 * (last / 997 / 20).max(1);
    let places: Vec<usize> = (0..last).step_by(step).chain([0, 7, 20, 21, 24]).chain(last..whole.len()).collect();
    for place in &places {
        let mut bytes = whole.clone();
        bytes[*place] ^= 0x20;
        refuse(&bytes, &format!("byte {place} of {}", whole.len()));
    }
    for length in [0, 5, 20, 25, whole.len() / 2, whole.len() - 100, whole.len() - 1] {
        refuse(&whole[..length], &format!("the first {length} bytes"));
    }
    refuse(&[&whole[..], b"x"].concat(), "something behind the end");
    let (code, problem) = run_json(&["restore", bad.to_str().unwrap(), "--data", target.to_str().unwrap()], "");
    assert_eq!((code, problem["code"].as_str()), (4, Some("bad_data")), "{problem}");
    assert!(!target.exists());
}

#[test]
fn what_machines_told_is_in_the_backup_sealed_or_not_and_comes_back_equal() {
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();
    let now = millwright::engine::clock::Clock::System.now().micros() / 1_000_000;
    // Three hours that are over and so become sealed, and this one.
    let lines: String = (0..800).map(|at| format!("machine_metrics,machine_id=MILL-1,department=Milling load={}.5,state=\"S{}\" {}\n", at % 37, at % 3, now - at * 15)).collect();
    let sent = client.send("POST", "/api/v2/write?org=a&bucket=b&precision=s", &[("Content-Type", "text/plain")], lines.as_bytes()).unwrap();
    assert_eq!(sent.status, 204, "{}", sent.text());
    let path = "/api/v1/telemetry/query?machine=MILL-1&metric=load,state&from=2020-01-01&limit=10000";
    let told = client.read(path)["data"].clone();
    assert_eq!(told[0]["samples"].as_array().map(Vec::len), Some(800), "{told}");
    // The sealer takes hours that are over one after the other.
    std::thread::sleep(Duration::from_secs(6));
    let file = data.folder.path().join("m.mwb");
    let file = file.to_str().unwrap();
    let (code, summary) = run_json(&["backup", file, "--url", &running.url, "--token", &data.token], "");
    assert!(code == 0 && summary["telemetry_rows"].as_u64() > Some(4), "{summary}");
    assert_eq!(running.stop(), 0);
    let restored = data.folder.path().join("restored");
    let restored = restored.to_str().unwrap();
    assert_eq!(run_json(&["restore", file, "--data", restored], "").0, 0);
    let (code, report) = run_json(&["verify", "--data", restored], "");
    let checked = |what: &str| report["checked"][what].as_u64().unwrap();
    assert!(code == 0 && checked("sealed_samples") > 0 && checked("sealed_samples") + checked("samples_in_blocks") >= 1_600, "{report}");
    let again = Running::start(&["serve", "--data", restored, "--http", "127.0.0.1:0"], Some(&data.token));
    assert_eq!(again.client().read(path)["data"], told);
    assert_eq!(again.stop(), 0);
}
