//! Data directories that are foreign, newer, damaged or tampered with: refused or named, never
//! guessed at, and never a panic.

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use serde_json::json;

use super::*;

const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
const HISTORY: TableDefinition<&[u8; 17], &[u8]> = TableDefinition::new("history");
const RECORDS: TableDefinition<&[u8; 9], &[u8]> = TableDefinition::new("records");
const UNIQUE: TableDefinition<&[u8], u64> = TableDefinition::new("unique_index");
const INDEX: TableDefinition<&[u8], ()> = TableDefinition::new("index");
const LINKS: TableDefinition<&[u8; 9], &[u8]> = TableDefinition::new("links");
const SECRETS: TableDefinition<&[u8; 9], &[u8]> = TableDefinition::new("secrets");

/// A stopped plant with a little of everything behind it.
fn plant() -> Data {
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    for at in 0..6 {
        let order = client.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 3}));
        let path = format!("/api/v1/work-orders/{}", order["work_order_id"].as_str().unwrap());
        client.make(&format!("{path}/release"), &json!({}));
        client.make(&format!("{path}/start"), &json!({}));
        client.make("/api/v1/material-transactions", &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": format!("S{at}"), "quantity": 2}));
        client.make("/api/v1/material-transactions", &json!({"transaction_type": "issue", "work_order_id": order["work_order_id"], "lot_number": format!("S{at}"), "quantity": 1}));
    }
    assert_eq!(running.stop(), 0);
    data
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1;
    bytes
}

/// Changes the plant file behind the back of the program.
fn tamper(data: &Data, work: impl FnOnce(&redb::WriteTransaction)) {
    let database = Database::open(data.plant()).unwrap();
    let txn = database.begin_write().unwrap();
    work(&txn);
    txn.commit().unwrap();
}

/// A copy of the data that may be spoiled.
fn copy_of(data: &Data) -> Data {
    let folder = tempfile::tempdir().unwrap();
    copy(&data.path(), &folder.path().join("data"));
    Data { folder, token: data.token.clone() }
}

fn last_seq(data: &Data) -> u64 {
    let database = Database::open(data.plant()).unwrap();
    let journal = database.begin_read().unwrap().open_table(JOURNAL).unwrap();
    journal.last().unwrap().unwrap().0.value()
}

type Tamper = fn(&redb::WriteTransaction);
type Spoil = fn(&Path);

#[test]
fn verify_names_every_place_that_was_tampered_with() {
    let data = plant();
    data.verified();
    let cases: &[(&str, Tamper, &str)] = &[
        ("a byte of a record", |txn| flip_last(txn, RECORDS), "newest value"),
        ("a byte of history", |txn| flip_last(txn, HISTORY), "another digest"),
        ("a record taken away", |txn| drop(txn.open_table(RECORDS).unwrap().pop_last().unwrap()), "missing among the records"),
        ("a value of history taken away", |txn| drop(txn.open_table(HISTORY).unwrap().pop_last().unwrap()), "missing in history"),
        ("a value of history put in", |txn| drop(txn.open_table(HISTORY).unwrap().insert(&[9; 17], &b"x"[..]).unwrap()), "history"),
        ("a byte of a journal entry", |txn| flip_entry(txn, 5), "chain is broken"),
        ("a journal entry in the middle taken away", |txn| drop(txn.open_table(JOURNAL).unwrap().remove(5).unwrap()), "entry 5 is missing"),
        ("the last journal entry taken away", |txn| drop(txn.open_table(JOURNAL).unwrap().pop_last().unwrap()), "newest value"),
        ("a journal entry far ahead put in", |txn| drop(txn.open_table(JOURNAL).unwrap().insert(u64::MAX / 2, &b"x"[..]).unwrap()), "is missing"),
        ("a journal entry before the first put in", |txn| drop(txn.open_table(JOURNAL).unwrap().insert(0, &b"x"[..]).unwrap()), "journal"),
        ("an index row taken away", |txn| drop(txn.open_table(INDEX).unwrap().pop_last().unwrap()), "cannot be found by"),
        ("an index row put in", |txn| drop(txn.open_table(INDEX).unwrap().insert(&b"\x03\x01zz"[..], ()).unwrap()), "index_rows"),
        ("a unique row that points elsewhere", point_elsewhere, "cannot be found by"),
        ("a genealogy page", |txn| drop(txn.open_table(LINKS).unwrap().pop_last().unwrap()), "adjacency"),
        ("a verifier", |txn| flip_last(txn, SECRETS), "verifiers"),
    ];
    for (what, work, wanted) in cases {
        let copy = copy_of(&data);
        tamper(&copy, work);
        let (code, report) = copy.verify(&[]);
        assert_eq!((code, report["ok"].as_bool()), (4, Some(false)), "{what}: {report}");
        let problems = report["problems"].to_string();
        assert!(problems.contains(wanted), "{what}: {problems}");
    }
}

fn flip_last<const N: usize>(txn: &redb::WriteTransaction, table: TableDefinition<&'static [u8; N], &'static [u8]>) {
    let mut table = txn.open_table(table).unwrap();
    let (key, value) = {
        let (key, value) = table.last().unwrap().unwrap();
        (*key.value(), flipped(value.value(), value.value().len() - 2))
    };
    table.insert(&key, value.as_slice()).unwrap();
}

fn flip_entry(txn: &redb::WriteTransaction, seq: u64) {
    let mut table = txn.open_table(JOURNAL).unwrap();
    let bytes = table.get(seq).unwrap().unwrap().value().to_vec();
    let middle = bytes.len() / 2;
    table.insert(seq, flipped(&bytes, middle).as_slice()).unwrap();
}

fn point_elsewhere(txn: &redb::WriteTransaction) {
    let mut table = txn.open_table(UNIQUE).unwrap();
    let key = table.last().unwrap().unwrap().0.value().to_vec();
    table.insert(key.as_slice(), 77_777).unwrap();
}

#[test]
fn an_end_that_was_cut_off_cleanly_is_seen_only_with_a_head_kept_outside() {
    let data = plant();
    let report = data.verified();
    let head = format!("{}:{}", report["head"]["seq"], report["head"]["hash"].as_str().unwrap());
    let last = last_seq(&data);
    tamper(&data, |txn| {
        txn.open_table(JOURNAL).unwrap().remove(last).unwrap();
        txn.open_table(HISTORY).unwrap().retain(|key, _| u64::from_be_bytes(key[..8].try_into().unwrap()) != last).unwrap();
    });
    assert_eq!(run(&["rebuild", "--data", &data.text()]).status.code(), Some(0));
    data.verified();
    let (code, report) = data.verify(&["--head", &head]);
    assert_eq!(code, 4);
    assert!(report["problems"].to_string().contains("cut off"), "{report}");
    let (code, report) = data.verify(&["--head", &format!("1:{}", "0".repeat(64))]);
    assert_eq!(code, 4);
    assert!(report["problems"].to_string().contains("rewritten"), "{report}");
}

#[test]
fn a_file_with_spoiled_bytes_is_refused_or_named_and_never_a_panic() {
    let data = plant();
    let whole = std::fs::read(data.plant()).unwrap();
    let copy = copy_of(&data);
    let (mut named, mut silent) = (0, Vec::new());
    // The whole length, in runs as a bad sector would take them.
    for at in 0..48 {
        let place = whole.len() / 48 * at;
        let mut bytes = whole.clone();
        for byte in bytes.iter_mut().skip(place).take(512) {
            *byte ^= 0xa5;
        }
        std::fs::write(copy.plant(), &bytes).unwrap();
        let output = run(&["verify", "--data", &copy.text()]);
        match output.status.code() {
            Some(4) => named += 1,
            // Free space, or a page of the allocator that is made anew.
            Some(0) => silent.push(place),
            other => panic!("bytes from {place}: exit {other:?}: {} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
        }
    }
    assert!(named > 3, "only {named} places were noticed; not {silent:?}");
    for length in [0, 100, 4_096, whole.len() / 2] {
        std::fs::write(copy.plant(), &whole[..length]).unwrap();
        for arguments in [&["verify"][..], &["serve", "--http", "127.0.0.1:0"], &["rebuild"], &["user", "list"]] {
            let (code, problem) = run_json(&[arguments, &["--data", &copy.text()]].concat(), "");
            assert_eq!(code, 4, "{arguments:?} on the first {length} bytes: {problem}");
        }
        assert_eq!(std::fs::metadata(copy.plant()).unwrap().len(), length as u64, "a damaged file was written to");
    }
}

#[test]
fn a_directory_that_is_not_ours_is_refused_and_left_as_it_is() {
    let data = Data::new();
    let inside = |folder: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    };
    let format = std::fs::read_to_string(data.path().join("FORMAT")).unwrap();
    let cases: &[(&str, &str, Spoil)] = &[
        ("foreign", "not a Millwright data directory", |path| {
            std::fs::create_dir_all(path).unwrap();
            std::fs::write(path.join("notes.txt"), "mine").unwrap();
        }),
        ("newer", "newer", |path| std::fs::write(path.join("FORMAT"), "millwright 999\n").unwrap()),
        ("other", "something else", |path| std::fs::write(path.join("FORMAT"), "postgres 15\n").unwrap()),
        ("empty format", "something else", |path| std::fs::write(path.join("FORMAT"), "").unwrap()),
        ("without plant", "has lost its plant.redb", |path| std::fs::remove_file(path.join("plant.redb")).unwrap()),
    ];
    for (name, wanted, spoil) in cases {
        let path = data.folder.path().join(name);
        if *name != "foreign" {
            copy(&data.path(), &path);
            assert_eq!(std::fs::read_to_string(path.join("FORMAT")).unwrap(), format);
        }
        spoil(&path);
        let before = inside(&path);
        let text = path.to_str().unwrap();
        for arguments in [&["verify"][..], &["serve", "--http", "127.0.0.1:0"], &["rebuild"], &["user", "list"]] {
            let (code, problem) = run_json(&[arguments, &["--data", text]].concat(), "");
            assert_eq!((code, problem["code"].as_str()), (4, Some("bad_data")), "{name} {arguments:?}: {problem}");
            assert!(problem["detail"].as_str().unwrap().contains(wanted), "{name}: {problem}");
        }
        assert_eq!(inside(&path), before, "{name} was touched");
    }
    let foreign = data.folder.path().join("foreign");
    for arguments in [&["demo", "--http", "127.0.0.1:0"][..], &["init", "--name", "x", "--timezone", "Europe/Berlin"]] {
        let output = run_with(&[arguments, &["--data", foreign.to_str().unwrap()]].concat(), &format!("{PASSWORD}\n"));
        assert_eq!(output.status.code(), Some(4), "{arguments:?}");
    }
    assert_eq!(inside(&foreign), ["notes.txt"]);
}
