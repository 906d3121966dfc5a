//! Proof that the plant is what its journal says: the chain of entries, every value of history, the
//! records as its newest page, indexes, genealogy, stock, sealed days, secrets and files.
//! Deliberately without repair: it names what is wrong; `rebuild` and `restore` mend.
//!
//! The journal and history only grow, so they are walked in pages, each with a fresh snapshot; only
//! the records are compared within one.

use std::collections::HashMap;
use std::path::Path;

use redb::{ReadableTable as _, ReadableTableMetadata as _};

use super::blobs;
use super::codec;
use super::error::StoreError;
use super::guard::guarded;
use super::mirror::Direction;
use super::plant_file::Store;
use super::schema;
use super::snapshot::Snapshot;
use super::tables::{index_row, read_links};
use super::view::View as _;
use crate::base::{Decimal, Digest, Time, Value};
use crate::model::field::Mark;
use crate::model::genealogy::Node;
use crate::model::material::TransactionType as Type;
use crate::model::{AnyRecord, Attachment, Entry, JournalDay, Lot, LotEdge, MaterialTransaction, Noun, Subject};

/// Problems listed; beyond it they are counted.
const PROBLEMS_MAX: usize = 100;
/// Entries of one page.
const PAGE: usize = 20_000;
/// Missing entries in a row beyond which what follows is taken for a forgery, not for the journal.
const GAP_MAX: u64 = 10_000_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Sequence and hash of the last entry.
    pub head: (u64, Digest),
    /// What was looked at, and how much of it.
    pub checked: Vec<(&'static str, u64)>,
    /// What is wrong; the first is the first place in the journal's order.
    pub problems: Vec<String>,
    /// Problems beyond the list.
    pub more_problems: u64,
}

impl Report {
    /// Nothing is wrong.
    pub fn ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// Notes what is wrong.
    pub fn problem(&mut self, text: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX { self.problems.push(text.into()) } else { self.more_problems += 1 }
    }

    /// The report as a value: `{"ok", "head", "checked", "problems"}`.
    pub fn to_value(&self) -> Value {
        let count = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        Value::Object(vec![
            ("ok", Value::Bool(self.ok())),
            ("head", Value::Object(vec![("seq", count(self.head.0)), ("hash", Value::Text(self.head.1.to_string()))])),
            ("checked", Value::Object(self.checked.iter().map(|(what, number)| (*what, count(*number))).collect())),
            ("problems", Value::List(self.problems.iter().cloned().map(Value::Text).collect())),
            ("more_problems", count(self.more_problems)),
        ])
    }
}

/// What the walk of the journal leaves for the comparison with the records.
#[derive(Default)]
struct Folded {
    latest: HashMap<Subject, u64>,
    hashes: Vec<Digest>,
    last_hash: Digest,
    last_recorded: Time,
    values: u64,
}

/// Proves the plant; with `head` also that the journal contains that entry.
pub fn verify(store: &Store, head: Option<(u64, Digest)>, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut folded = Folded::default();
    let result = guarded(|| check_all(store, &mut report, &mut folded, progress));
    if let Err(error) = result {
        // Damage that redb itself meets is a finding, not a reason to say nothing.
        report.problem(format!("the store cannot be read further: {error}"));
    }
    if let Some((seq, hash)) = head {
        check_head(&mut report, &folded, seq, hash);
    }
    Ok(report)
}

fn check_all(store: &Store, report: &mut Report, folded: &mut Folded, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
    loop {
        let snapshot = store.snapshot()?;
        let head = snapshot.head()?;
        let seen = folded.hashes.len() as u64;
        if head - seen.min(head) > PAGE as u64 {
            check_page(&snapshot, report, folded, PAGE)?;
            progress(folded.hashes.len() as u64, head);
            if folded.hashes.len() as u64 == seen {
                report.problem(format!("the journal cannot be read beyond entry {seen}"));
                return Ok(());
            }
            continue;
        }
        // What is left fits into the snapshot that the records are compared in.
        check_page(&snapshot, report, folded, PAGE)?;
        report.head = (folded.hashes.len() as u64, folded.last_hash);
        report.checked.push(("entries", folded.hashes.len() as u64));
        report.checked.push(("history_values", folded.values));
        check_strays(&snapshot, report, folded)?;
        check_records(&snapshot, report, folded)?;
        check_days(&snapshot, report, folded)?;
        check_secrets(&snapshot, report)?;
        if let Some(root) = store.root() {
            check_files(&snapshot, report, root)?;
        }
        return Ok(());
    }
}

fn check_head(report: &mut Report, folded: &Folded, seq: u64, hash: Digest) {
    let known = usize::try_from(seq).ok().and_then(|at| folded.hashes.get(at.wrapping_sub(1)));
    match known {
        Some(known) if *known == hash => {}
        Some(_) => report.problem(format!("entry {seq} has another hash than the head that was kept outside: history was rewritten")),
        None => report.problem(format!("the journal ends at {} and the head that was kept outside is {seq}: entries were cut off", folded.hashes.len())),
    }
}

fn check_page(snapshot: &Snapshot, report: &mut Report, folded: &mut Folded, limit: usize) -> Result<(), StoreError> {
    let first = folded.hashes.len() as u64 + 1;
    let mut last = first - 1;
    let mut changes = 0;
    for row in snapshot.journal_table()?.range(first..)?.take(limit) {
        let (seq, bytes) = row?;
        let (seq, bytes) = (seq.value(), bytes.value());
        if seq != last + 1 {
            report.problem(format!("entry {} is missing", last + 1));
            if seq - last > GAP_MAX {
                report.problem(format!("an entry stands at {seq}, far behind all others"));
                break;
            }
            // The places in `hashes` are sequences, so a gap is filled.
            folded.hashes.resize(usize::try_from(seq - 1).unwrap_or(usize::MAX), Digest::NONE);
        }
        last = seq;
        let hash = Digest::of(bytes);
        match codec::open_entry(bytes) {
            Ok(entry) => {
                changes += entry.changes.len() as u64;
                check_entry(snapshot, report, folded, seq, &entry)?;
            }
            Err(error) => report.problem(format!("entry {seq}: {error}")),
        }
        folded.last_hash = hash;
        folded.hashes.push(hash);
    }
    if last >= first {
        let (low, high) = (schema::history_key(first, Subject { noun: Noun::Plant, number: 0 }), last_history_key(last));
        let there = snapshot.history_table()?.range::<&schema::HistoryKey>(&low..=&high)?.count() as u64;
        if there != changes {
            report.problem(format!("entries {first} to {last} name {changes} values and history holds {there}"));
        }
        folded.values += there;
    }
    Ok(())
}

/// What stands before the first entry or behind the last is in no page.
fn check_strays(snapshot: &Snapshot, report: &mut Report, folded: &Folded) -> Result<(), StoreError> {
    let (known, there) = (folded.hashes.iter().filter(|hash| **hash != Digest::NONE).count() as u64, snapshot.journal_table()?.len()?);
    if known != there {
        report.problem(format!("the journal holds {there} rows and its chain {known}"));
    }
    let there = snapshot.history_table()?.len()?;
    if folded.values != there {
        report.problem(format!("history holds {there} values and the journal's entries {}", folded.values));
    }
    Ok(())
}

fn last_history_key(seq: u64) -> schema::HistoryKey {
    let mut key = [0xff; 17];
    key[..8].copy_from_slice(&seq.to_be_bytes());
    key
}

fn check_entry(snapshot: &Snapshot, report: &mut Report, folded: &mut Folded, seq: u64, entry: &Entry) -> Result<(), StoreError> {
    if entry.seq != seq {
        report.problem(format!("entry {seq} says that it is {}", entry.seq));
    }
    if entry.previous != folded.last_hash {
        report.problem(format!("entry {seq} does not continue entry {}: the chain is broken", seq - 1));
    }
    if entry.recorded_at < folded.last_recorded {
        report.problem(format!("entry {seq} was recorded before the one before it"));
    }
    folded.last_recorded = folded.last_recorded.max(entry.recorded_at);
    for change in &entry.changes {
        let subject = change.subject;
        let Some(bytes) = snapshot.history_table()?.get(&schema::history_key(seq, subject))? else {
            report.problem(format!("entry {seq}: the value of {subject} is missing in history"));
            continue;
        };
        let bytes = bytes.value();
        if Digest::of(bytes) != change.digest {
            report.problem(format!("entry {seq}: the value of {subject} has another digest"));
        }
        let before = folded.latest.get(&subject).copied().unwrap_or(0);
        match codec::sequences(bytes) {
            // A removed record that is made again begins a new chain.
            Ok((own, previous)) if own == seq && (previous == before || previous == 0) => {}
            _ => report.problem(format!("entry {seq}: the value of {subject} does not follow its value of entry {before}")),
        }
        folded.latest.insert(subject, seq);
    }
    Ok(())
}

fn check_records(snapshot: &Snapshot, report: &mut Report, folded: &Folded) -> Result<(), StoreError> {
    let mut tally = Tally::default();
    for row in snapshot.records_table()?.iter()? {
        let (key, bytes) = row?;
        let Some(subject) = schema::subject_of(key.value()) else {
            report.problem("a record has a key of no noun");
            continue;
        };
        let bytes = bytes.value();
        tally.records += 1;
        let newest = folded.latest.get(&subject).copied().unwrap_or(0);
        let history = snapshot.history_table()?.get(&schema::history_key(newest, subject))?;
        if history.is_none_or(|history| history.value() != bytes) {
            report.problem(format!("{subject} is not its newest value of history (entry {newest})"));
            continue;
        }
        match codec::open_any(subject.noun, bytes) {
            Ok(sealed) => {
                if let Some(record) = sealed.value {
                    check_index(snapshot, report, &mut tally, subject, record.as_ref())?;
                    tally.add(subject, record.as_ref());
                }
            }
            Err(error) => report.problem(format!("{subject}: {error}")),
        }
    }
    for (subject, seq) in &folded.latest {
        let bytes = snapshot.history_table()?.get(&schema::history_key(*seq, *subject))?;
        let removed = bytes.is_some_and(|bytes| codec::is_removal(bytes.value()));
        if !removed && snapshot.records_table()?.get(&schema::record_key(*subject))?.is_none() {
            report.problem(format!("{subject} is missing among the records; history has it since entry {seq}"));
        }
    }
    report.checked.push(("records", tally.records));
    check_index_counts(snapshot, report, &tally)?;
    check_edges(snapshot, report, &mut tally)?;
    check_stock(report, &tally);
    Ok(())
}

/// What the records add up to.
#[derive(Default)]
struct Tally {
    records: u64,
    unique: u64,
    index: u64,
    edges: Vec<(Node, Node)>,
    lots: Vec<Lot>,
    moved: HashMap<String, Moved>,
}

/// Sums of a lot's movements.
#[derive(Clone, Copy, Default)]
struct Moved {
    on_hand: i64,
    received: i64,
    produced: i64,
    consumed: i64,
    shipped: i64,
    scrapped: i64,
    adjusted: i64,
}

impl Tally {
    fn add(&mut self, subject: Subject, record: &dyn AnyRecord) {
        if let Some(edge) = record.as_any().downcast_ref::<LotEdge>() {
            if !edge.quantity.is_zero() {
                self.edges.extend(LotEdge::nodes_of(subject.number));
            }
        } else if let Some(lot) = record.as_any().downcast_ref::<Lot>() {
            self.lots.push(lot.clone());
        } else if let Some(movement) = record.as_any().downcast_ref::<MaterialTransaction>() {
            let change = movement.stock_change.scaled();
            let moved = self.moved.entry(movement.lot_number.clone().unwrap_or_default()).or_default();
            moved.on_hand += change;
            match movement.transaction_type {
                Type::Receipt => moved.received += change,
                Type::Production => moved.produced += change,
                Type::Adjustment => moved.adjusted += change,
                Type::Issue | Type::Return => moved.consumed -= change,
                Type::Scrap => moved.scrapped -= change,
                Type::Shipment => moved.shipped -= change,
                Type::Split | Type::Merge if change < 0 => moved.consumed -= change,
                Type::Split | Type::Merge => moved.received += change,
                Type::Transfer => {}
            }
        }
    }
}

fn check_index(snapshot: &Snapshot, report: &mut Report, tally: &mut Tally, subject: Subject, record: &dyn AnyRecord) -> Result<(), StoreError> {
    for (at, spec) in record.specs().iter().enumerate() {
        let value = match spec.mark {
            Mark::By | Mark::Unique => record.value(at),
            Mark::Plain | Mark::Id | Mark::Personal => continue,
        };
        if value.is_null() {
            continue;
        }
        let there = if spec.mark == Mark::Unique {
            tally.unique += 1;
            snapshot.unique_table()?.get(schema::unique_key(subject.noun, at, &value.to_string()).as_slice())?.is_some_and(|number| number.value() == subject.number)
        } else {
            tally.index += 1;
            snapshot.index_table()?.get(index_row(subject, at, &value).as_slice())?.is_some()
        };
        if !there {
            report.problem(format!("{subject} cannot be found by its {}", spec.name));
        }
    }
    Ok(())
}

fn check_index_counts(snapshot: &Snapshot, report: &mut Report, tally: &Tally) -> Result<(), StoreError> {
    for (what, expected, there) in [("unique_index_rows", tally.unique, snapshot.unique_table()?.len()?), ("index_rows", tally.index, snapshot.index_table()?.len()?)] {
        if expected != there {
            report.problem(format!("{what}: the records ask for {expected} and there are {there}"));
        }
        report.checked.push((what, there));
    }
    Ok(())
}

fn check_edges(snapshot: &Snapshot, report: &mut Report, tally: &mut Tally) -> Result<(), StoreError> {
    tally.edges.sort_unstable();
    for direction in [Direction::Forward, Direction::Backward] {
        let mut pairs = Vec::new();
        for page in snapshot.links_table()?.iter()? {
            let (key, bytes) = page?;
            let key = key.value();
            if key[0] != direction.code() {
                continue;
            }
            let node = Node::from_bits(u32::from_be_bytes([key[1], key[2], key[3], key[4]]));
            let Some(node) = node else {
                report.problem("an adjacency page has a key of no node");
                continue;
            };
            let others = read_links(bytes.value())?;
            pairs.extend(others.into_iter().map(|other| if direction == Direction::Forward { (node, other) } else { (other, node) }));
        }
        pairs.sort_unstable();
        if pairs != tally.edges {
            report.problem(format!("the adjacency pages ({direction:?}) hold {} edges and the records {}; they are not the same", pairs.len(), tally.edges.len()));
        }
    }
    report.checked.push(("edges", tally.edges.len() as u64));
    Ok(())
}

fn check_stock(report: &mut Report, tally: &Tally) {
    for lot in &tally.lots {
        let moved = tally.moved.get(&lot.lot_number).copied().unwrap_or_default();
        let totals: [(&str, Decimal, i64); 7] = [
            ("on_hand", lot.quantity_on_hand, moved.on_hand),
            ("received", lot.quantity_received, moved.received),
            ("produced", lot.quantity_produced, moved.produced),
            ("consumed", lot.quantity_consumed, moved.consumed),
            ("shipped", lot.quantity_shipped, moved.shipped),
            ("scrapped", lot.quantity_scrapped, moved.scrapped),
            ("adjusted", lot.quantity_adjusted, moved.adjusted),
        ];
        for (what, told, summed) in totals {
            if told.scaled() != summed {
                let summed = Decimal::from_scaled(summed).map_or_else(|| "more than fits".to_owned(), |sum| sum.to_string());
                report.problem(format!("lot {}: {what} is {told} and its movements add up to {summed}", lot.lot_number));
            }
        }
    }
    report.checked.push(("lots", tally.lots.len() as u64));
}

fn check_days(snapshot: &Snapshot, report: &mut Report, folded: &Folded) -> Result<(), StoreError> {
    let mut days = 0;
    snapshot.scan(Noun::JournalDay, None, false, |sealed| {
        let Some(day) = sealed.value.as_ref().and_then(|record| record.as_any().downcast_ref::<JournalDay>()) else { return Ok(true) };
        days += 1;
        let bound = |seq: i64| usize::try_from(seq).unwrap_or(usize::MAX);
        let leaves = folded.hashes.get(bound(day.first_seq).wrapping_sub(1)..bound(day.last_seq));
        if leaves.is_none_or(|leaves| Digest::merkle_root(leaves.to_vec()).to_string() != day.root) {
            report.problem(format!("the seal of {} does not fit entries {} to {}", day.day, day.first_seq, day.last_seq));
        }
        Ok(true)
    })?;
    report.checked.push(("sealed_days", days));
    Ok(())
}

fn check_secrets(snapshot: &Snapshot, report: &mut Report) -> Result<(), StoreError> {
    let mut count = 0;
    for noun in [Noun::User, Noun::ApiToken, Noun::Terminal, Noun::Badge] {
        let secrets: HashMap<u64, Vec<u8>> = snapshot.secrets(noun)?.into_iter().collect();
        count += secrets.len() as u64;
        snapshot.scan(noun, None, false, |sealed| {
            let Some(record) = sealed.value else { return Ok(true) };
            let told = record.by_name("secret_digest").unwrap_or(Value::Null).to_string();
            let fits = secrets.get(&record.number()).is_some_and(|secret| Digest::of(secret).to_string() == told);
            if !told.is_empty() && !fits {
                report.problem(format!("the verifiers of {} are not those that the journal knows", noun.id_text(record.number())));
            }
            Ok(true)
        })?;
    }
    report.checked.push(("secrets", count));
    check_personal(snapshot, report)
}

fn check_personal(snapshot: &Snapshot, report: &mut Report) -> Result<(), StoreError> {
    let mut count = 0;
    for row in snapshot.personal_table()?.iter()? {
        let (key, bytes) = row?;
        count += 1;
        let subject = schema::subject_of(key.value());
        let record = subject.map(|subject| snapshot.any(subject)).transpose()?.flatten().and_then(|sealed| sealed.value);
        let told = record.and_then(|record| record.by_name("personal_digest")).unwrap_or(Value::Null).to_string();
        if Digest::of(bytes.value()).to_string() != told {
            report.problem(format!("the names of {} are not those that the journal knows", subject.map_or_else(|| "nobody".to_owned(), |subject| subject.to_string())));
        }
    }
    report.checked.push(("personal", count));
    Ok(())
}

fn check_files(snapshot: &Snapshot, report: &mut Report, root: &Path) -> Result<(), StoreError> {
    let mut files = 0;
    snapshot.scan(Noun::Attachment, None, false, |sealed| {
        if let Some(attachment) = sealed.value.as_ref().and_then(|record| record.as_any().downcast_ref::<Attachment>()) {
            files += 1;
            let digest = Digest::from_hex(&attachment.sha256).unwrap_or_default();
            if let Err(error) = blobs::read(root, &digest) {
                report.problem(format!("the file of {} ({}): {error}", attachment.attachment_id, attachment.file_name));
            }
        }
        Ok(true)
    })?;
    report.checked.push(("files", files));
    Ok(())
}
