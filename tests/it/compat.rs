//! What was once written can still be read: for every noun and version, the bytes of a filled
//! record stand in `fixtures/golden`. `MILLWRIGHT_BLESS=1` writes them anew, which is right only
//! for a version that no plant has stored yet.

use std::fs;
use std::path::PathBuf;

use millwright::base::{Digest, Time, Value};
use millwright::model::journal::{Actor, Change, Entry, Event, Origin};
use millwright::model::{self, AnyRecord, Noun, Role, Subject};
use millwright::store::{codec, schema};

use crate::plant::sample;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden").join(format!("{name}.hex"))
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    lines.map(|line| line + "\n").collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|two| u8::try_from(two[0] * 16 + two[1]).unwrap()).collect()
}

/// The committed bytes, after comparing (or blessing) those of today.
fn compare(name: &str, what: &str, today: &[u8]) -> Result<Vec<u8>, String> {
    let path = golden(name);
    if std::env::var_os("MILLWRIGHT_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, hex(today)).unwrap();
    }
    let kept = fs::read_to_string(&path).map_err(|_| format!("{what} has no golden bytes ({name}.hex): make them with MILLWRIGHT_BLESS=1"))?;
    let kept = unhex(&kept);
    if kept == today {
        return Ok(kept);
    }
    Err(format!("the stored form of {what} changed: give it a new version and a hop (fixtures/golden/{name}.hex; bless it only if no plant has stored this version)"))
}

fn filled(noun: Noun) -> Box<dyn AnyRecord> {
    let mut record = model::blank(noun);
    for (at, spec) in record.specs().iter().enumerate() {
        record.set(at, sample(&spec.kind, at as u64)).unwrap();
    }
    record.set_number(7);
    record
}

#[test]
fn every_noun_is_stored_as_it_always_was() {
    let mut faults = Vec::new();
    for noun in Noun::ALL {
        let record = filled(*noun);
        let bytes = codec::seal(*noun, Some(record.as_ref()), 300, 299).unwrap();
        match compare(&format!("{}.v{}", noun.singular(), schema::version(*noun)), noun.plural(), &bytes) {
            Err(fault) => faults.push(fault),
            Ok(kept) => {
                let opened = codec::open_any(*noun, &kept).unwrap();
                assert_eq!((opened.seq, opened.previous), (300, 299));
                let opened = opened.value.unwrap();
                for (at, spec) in record.specs().iter().enumerate() {
                    assert_eq!(opened.value(at), record.value(at), "{}.{}", noun.plural(), spec.name);
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn a_record_from_before_its_last_column_is_read_without_it() {
    for (noun, column) in [(Noun::Plant, "silent_stop_minutes"), (Noun::Factory, "overhead_percentage")] {
        let kept = unhex(&fs::read_to_string(golden(&format!("{}.v1", noun.singular()))).unwrap());
        let mut blank = filled(noun);
        let last = blank.specs().len() - 1;
        assert_eq!(blank.specs()[last].name, column);
        blank.set(last, Value::Null).unwrap();
        let opened = codec::open_any(noun, &kept).unwrap();
        assert_eq!((opened.seq, opened.previous), (300, 299));
        let opened = opened.value.unwrap();
        for (at, spec) in blank.specs().iter().enumerate() {
            assert_eq!(opened.value(at), blank.value(at), "{}", spec.name);
        }
    }
}

#[test]
fn an_entry_of_the_journal_is_stored_as_it_always_was() {
    let subject = Subject { noun: Noun::WorkOrder, number: 7 };
    let entry = Entry {
        seq: 300,
        recorded_at: Time::from_micros(1_772_434_800_000_000),
        occurred_at: Time::from_micros(1_772_434_799_000_000),
        actor: Actor { user: 3, name: "lead".to_owned(), role: Role::Lead },
        origin: Origin::Engine,
        terminal: Some("T1".to_owned()),
        command_id: Some("id".to_owned()),
        command: "StartWorkOrder".to_owned(),
        payload: "{\"work_order_id\":\"WO-000007\"}".to_owned(),
        reason: Some("because".to_owned()),
        events: vec![Event { name: "work_order.started".to_owned(), subject }],
        changes: vec![Change { subject, digest: Digest::of(b"value") }],
        subject,
        previous: Digest::of(b"entry before"),
    };
    let kept = compare("entry.v1", "the journal's entry", &codec::seal_entry(&entry).unwrap()).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(codec::open_entry(&kept).unwrap(), entry);
}

#[test]
fn unknown_versions_and_broken_bytes_are_refused_and_not_guessed() {
    let record = filled(Noun::Lot);
    let mut bytes = codec::seal(Noun::Lot, Some(record.as_ref()), 1, 0).unwrap();
    assert!(codec::open_any(Noun::Lot, &bytes[..10]).is_err());
    assert!(codec::open_any(Noun::Lot, &bytes[..bytes.len() - 1]).is_err());
    bytes.push(0);
    assert!(codec::open_any(Noun::Lot, &bytes).is_err());
    bytes[0] = 200;
    assert!(codec::open_any(Noun::Lot, &bytes).is_err());
    assert!(codec::open_any(Noun::Lot, &[]).is_err());
    assert!(codec::open_entry(&[9, 1, 2]).is_err());
}
