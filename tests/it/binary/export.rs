//! `millwright export parquet`: what it prints, and what a full disk or a running plant makes of it.
#![allow(clippy::print_stdout)]

use serde_json::json;

use super::disk::{Disk, fill};
use super::*;
use crate::lake::tree;

/// A plant at rest with a few records.
fn furnished(data: Data) -> Data {
    let running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    for at in 0..30 {
        client.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 1 + at}));
    }
    assert_eq!(running.stop(), 0);
    data
}

fn one_order_more(data: &Data) {
    let running = data.serve();
    running.client().make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 99}));
    assert_eq!(running.stop(), 0);
}

#[test]
fn an_export_lists_its_tables_and_names_its_manifest() {
    let data = furnished(Data::new());
    let (path, out) = (data.text(), data.folder.path().join("out"));
    let arguments = ["export", "parquet", "--data", &path, "--out", out.to_str().unwrap()];
    let printed = run(&arguments);
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let orders: Vec<&str> = text.lines().find(|line| line.starts_with("work_orders ")).unwrap().split_whitespace().collect();
    assert_eq!(orders[1..3], ["30", "1"]);
    let (code, answer) = run_json(&arguments, "");
    assert_eq!((code, answer["plant"].as_str()), (0, Some("Test Works")), "{answer}");
    assert_eq!(Path::new(answer["manifest"].as_str().unwrap()), out.join("manifest-Test Works.json"));
    let journal = answer["tables"].as_array().unwrap().iter().find(|table| table["table"] == "journal").unwrap();
    assert_eq!(journal["rows"], answer["head"]["seq"]);
    let report = data.verified();
    assert_eq!(report["head"], answer["head"], "an export wrote to the plant");
}

#[test]
fn a_running_plant_writes_its_lake_and_hands_it_over() {
    let data = furnished(Data::new());
    let running = data.serve();
    let (here, out) = (data.folder.path().join("here"), data.folder.path().join("out"));
    let (here, out) = (here.to_str().unwrap(), out.to_str().unwrap());
    let (code, problem) = run_json(&["export", "parquet", "--out", out, "--data", &data.text()], "");
    assert!(code != 0 && problem["detail"].as_str().unwrap().contains("--url"), "{code}: {problem}");
    let arguments = ["export", "parquet", "--out", out, "--url", &running.url, "--token", &data.token];
    let (code, manifest) = run_json(&arguments, "");
    assert_eq!((code, manifest["plant"].as_str()), (0, Some("Test Works")), "{manifest}");
    let (code, problem) = run_json(&arguments, "");
    assert!(code != 0 && problem["detail"].as_str().unwrap().contains("not empty"), "{code}: {problem}");
    let mut client = running.client();
    assert_eq!(client.read("/api/v1/lake"), manifest);
    for wrong in ["plant.redb", "..%2Fplant.redb", "lots/plant=Other/part-0.parquet", "%2Fetc%2Fpasswd"] {
        assert_eq!(client.get(&format!("/api/v1/lake/files/{wrong}")).status, 404, "{wrong}");
    }
    assert_eq!(running.stop(), 0);
    assert_eq!(run_json(&["export", "parquet", "--out", here, "--data", &data.text()], "").0, 0);
    assert_eq!(tree(Path::new(here)), tree(Path::new(out)), "the same plant at the same entry is the same files, whoever wrote them");
}

#[test]
fn a_full_disk_leaves_the_older_export_as_it_was_and_nothing_half() {
    let Some(disk) = Disk::mount() else {
        println!("skipped: no small disk can be mounted here");
        return;
    };
    let data = furnished(Data::new());
    let (path, out) = (data.text(), disk.0.path().join("out"));
    let arguments = ["export", "parquet", "--data", &path, "--out", out.to_str().unwrap()];
    fill(disk.0.path(), 40 << 10);
    let (code, problem) = run_json(&arguments, "");
    assert_eq!((code, problem["code"].as_str()), (75, Some("unavailable")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("No space left"), "{problem}");
    assert!(!out.exists(), "{:?}", tree(&out));
    std::fs::remove_file(disk.0.path().join("filler")).unwrap();
    assert_eq!(run_json(&arguments, "").0, 0);
    let before = tree(&out);
    one_order_more(&data);
    fill(disk.0.path(), 40 << 10);
    assert_eq!(run_json(&arguments, "").0, 75);
    assert_eq!(tree(&out), before);
    std::fs::remove_file(disk.0.path().join("filler")).unwrap();
    assert_eq!(run_json(&arguments, "").0, 0);
    assert_ne!(tree(&out), before);
}
