//! Backup, restore and rebuild. The journal and history only grow, so a backup of the running plant
//! is their rows up to a sequence, copied page by page without holding a snapshot; restore and
//! rebuild fold history into records again and make the indexes anew. A damaged archive is refused
//! before anything is made.
//!
//! Layout: a magic line; frames of kind (1 byte), length (4 bytes, little-endian) and rows of
//! key length, key, value length, value; at the end a frame with the sequence, the head's hash and
//! the SHA-256 of everything before it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use redb::ReadableTable as _;
use sha2::{Digest as _, Sha256};

use super::blobs;
use super::codec;
use super::error::StoreError;
use super::home::{Home, create_private};
use super::keys;
use super::plant_file::{Store, open_file};
use super::schema;
use super::snapshot::Snapshot;
use super::tables::Tables;
use super::telemetry_file::{self, TelemetryFile};
use crate::base::{Digest, limits};
use crate::model::Subject;

const MAGIC: &[u8] = b"millwright backup 1\n";
/// Rows of one frame, and of one transaction when reading it back.
const ROWS: usize = 20_000;
/// Largest frame that restore takes from a stranger's file.
const FRAME_MAX: usize = 512 << 20;

const JOURNAL: u8 = 1;
const HISTORY: u8 = 2;
const SECRETS: u8 = 3;
const BLOB: u8 = 4;
const PERSONAL: u8 = 5;
const TELEMETRY: u8 = 6;
const KEYS: u8 = 7;
const END: u8 = 9;

/// What an archive holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The newest entry in it.
    pub seq: u64,
    /// That entry's hash.
    pub hash: Digest,
    /// SHA-256 of the archive's rows.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// Values of history in it.
    pub values: u64,
    /// Files in it.
    pub files: u64,
    /// Rows of telemetry in it.
    pub telemetry: u64,
}

struct Writer {
    out: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

impl Writer {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(self.out.write_all(bytes)?)
    }

    fn frame(&mut self, kind: u8, rows: &Rows) -> Result<(), StoreError> {
        let mut body = Vec::new();
        for (key, value) in rows {
            for part in [key, value] {
                let length = u32::try_from(part.len()).map_err(|_| StoreError::Exhausted("bytes of a row"))?;
                body.extend_from_slice(&length.to_le_bytes());
                body.extend_from_slice(part);
            }
        }
        let length = u32::try_from(body.len()).map_err(|_| StoreError::Exhausted("bytes of a frame"))?;
        self.raw(&[kind])?;
        self.raw(&length.to_le_bytes())?;
        self.raw(&body)
    }
}

/// Writes a backup of a plant, running or not, as of its head at this moment.
pub fn back_up(store: &Store, target: &Path) -> Result<Summary, StoreError> {
    let unfinished = beside(target, "part");
    let summary = write_archive(store, &unfinished);
    let summary = match summary {
        Ok(summary) => summary,
        Err(error) => {
            // What cannot be finished is no backup; leaving it would only fill the disk further.
            _ = fs::remove_file(&unfinished);
            return Err(error);
        }
    };
    fs::rename(&unfinished, target)?;
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(summary)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn write_archive(store: &Store, path: &Path) -> Result<Summary, StoreError> {
    let mut writer = Writer { out: BufWriter::new(create_private(path).map_err(|error| StoreError::of_file(path, &error))?), hasher: Sha256::new(), bytes: 0 };
    writer.raw(MAGIC)?;
    // Secrets are not in history, so they are taken in the same moment as the head.
    let (seq, hash, secrets) = {
        let snapshot = store.snapshot()?;
        let (seq, hash) = snapshot.head_hash()?;
        (seq, hash, (table_rows(snapshot.secrets_table()?)?, table_rows(snapshot.personal_table()?)?))
    };
    writer.frame(SECRETS, &secrets.0)?;
    writer.frame(PERSONAL, &secrets.1)?;
    let mut values = 0;
    let mut after = 0;
    while after < seq {
        let snapshot = store.snapshot()?;
        let (journal, last) = journal_rows(&snapshot, after, seq)?;
        let history = history_rows(&snapshot, after + 1, last)?;
        values += history.len() as u64;
        writer.frame(JOURNAL, &journal)?;
        for part in history.chunks(ROWS) {
            writer.frame(HISTORY, &part.to_vec())?;
        }
        after = last;
    }
    let files = match store.root() {
        Some(root) => {
            writer.frame(KEYS, &keys::all(root)?)?;
            write_files(&mut writer, root)?
        }
        None => 0,
    };
    // After the plant: what a machine told may name an order, and never the other way round.
    let telemetry = match store.telemetry()? {
        Some(file) => file.dump(|rows| writer.frame(TELEMETRY, &rows))?,
        None => 0,
    };
    let digest = Digest(writer.hasher.clone().finalize().into());
    let end = vec![(seq.to_le_bytes().to_vec(), hash.0.to_vec()), (values.to_le_bytes().to_vec(), digest.0.to_vec())];
    writer.frame(END, &end)?;
    let file = writer.out.into_inner().map_err(|error| StoreError::Storage(error.to_string()))?;
    file.sync_all()?;
    Ok(Summary { seq, hash, digest, bytes: writer.bytes, values, files, telemetry })
}

fn table_rows(table: &redb::ReadOnlyTable<&'static schema::RecordKey, &'static [u8]>) -> Result<Rows, StoreError> {
    table.iter()?.map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).map_err(StoreError::from)).collect()
}

fn journal_rows(snapshot: &Snapshot, after: u64, up_to: u64) -> Result<(Rows, u64), StoreError> {
    let mut rows = Rows::new();
    let mut last = up_to;
    for row in snapshot.journal_table()?.range(after + 1..=up_to)?.take(ROWS) {
        let (seq, bytes) = row?;
        last = seq.value();
        rows.push((last.to_be_bytes().to_vec(), bytes.value().to_vec()));
    }
    Ok((rows, last))
}

fn history_rows(snapshot: &Snapshot, first: u64, last: u64) -> Result<Rows, StoreError> {
    let (mut low, mut high) = ([0; 17], [0xff; 17]);
    low[..8].copy_from_slice(&first.to_be_bytes());
    high[..8].copy_from_slice(&last.to_be_bytes());
    let range = snapshot.history_table()?.range::<&schema::HistoryKey>(&low..=&high)?;
    range.map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).map_err(StoreError::from)).collect()
}

fn write_files(writer: &mut Writer, root: &Path) -> Result<u64, StoreError> {
    let mut count = 0;
    let folder = root.join("blobs");
    if !folder.exists() {
        return Ok(0);
    }
    for shelf in fs::read_dir(folder)? {
        for file in fs::read_dir(shelf?.path())? {
            let name = file?.file_name();
            // What has no digest for a name is an unfinished upload.
            if let Some(digest) = name.to_str().and_then(Digest::from_hex) {
                writer.frame(BLOB, &vec![(digest.0.to_vec(), blobs::read(root, &digest)?)])?;
                count += 1;
            }
        }
    }
    Ok(count)
}

struct Frames {
    input: BufReader<File>,
    hasher: Sha256,
    bytes: u64,
}

fn damaged(what: &str) -> StoreError {
    StoreError::Unusable(format!("the archive is damaged or no Millwright backup: {what}; nothing was restored"))
}

impl Frames {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| StoreError::of_file(path, &error))?;
        let mut frames = Self { input: BufReader::new(file), hasher: Sha256::new(), bytes: 0 };
        let mut magic = vec![0; MAGIC.len()];
        frames.take(&mut magic)?;
        if magic == MAGIC { Ok(frames) } else { Err(damaged("it begins with something else")) }
    }

    fn take(&mut self, into: &mut [u8]) -> Result<(), StoreError> {
        self.input.read_exact(into).map_err(|_| damaged("it ends too early"))?;
        self.hasher.update(&*into);
        self.bytes += into.len() as u64;
        Ok(())
    }

    /// Whether nothing follows.
    fn ended(&mut self) -> Result<bool, StoreError> {
        Ok(self.input.read(&mut [0])? == 0)
    }

    /// The next frame, and the digest of everything before it.
    fn next(&mut self) -> Result<(u8, Rows, Digest), StoreError> {
        let before = Digest(self.hasher.clone().finalize().into());
        let mut head = [0; 5];
        self.take(&mut head)?;
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > FRAME_MAX {
            return Err(damaged("a frame is too long"));
        }
        let mut body = vec![0; length];
        self.take(&mut body)?;
        Ok((head[0], rows(&body)?, before))
    }
}

fn rows(mut body: &[u8]) -> Result<Rows, StoreError> {
    let mut part = || -> Result<Option<Vec<u8>>, StoreError> {
        let Some((head, rest)) = body.split_first_chunk::<4>() else { return if body.is_empty() { Ok(None) } else { Err(damaged("a row is cut")) } };
        let length = u32::from_le_bytes(*head) as usize;
        let (own, rest) = rest.split_at_checked(length).ok_or_else(|| damaged("a row is cut"))?;
        body = rest;
        Ok(Some(own.to_vec()))
    };
    let mut rows = Rows::new();
    while let Some(key) = part()? {
        rows.push((key, part()?.ok_or_else(|| damaged("a row has no value"))?));
    }
    Ok(rows)
}

/// Reads an archive through and proves its digest.
pub fn inspect(path: &Path) -> Result<Summary, StoreError> {
    let mut frames = Frames::open(path)?;
    let (mut values, mut files, mut telemetry) = (0, 0, 0);
    let mut newest = (0_u64.to_be_bytes().to_vec(), Digest::NONE);
    loop {
        let (kind, rows, before) = frames.next()?;
        match kind {
            JOURNAL => {
                if let Some((seq, entry)) = rows.last() {
                    newest = (seq.clone(), Digest::of(entry));
                }
            }
            SECRETS | PERSONAL | KEYS => {}
            HISTORY => values += rows.len() as u64,
            BLOB => files += rows.len() as u64,
            TELEMETRY => telemetry += rows.len() as u64,
            END => {
                let summary = Summary { telemetry, ..end_of(&frames, &rows, before, values, files)? };
                // The end is behind the SHA-256, so what it says is held against the entries themselves.
                if (summary.seq.to_be_bytes().to_vec(), summary.hash) != newest {
                    return Err(damaged("its end names another entry than its last"));
                }
                return if frames.ended()? { Ok(summary) } else { Err(damaged("something stands behind its end")) };
            }
            _ => return Err(damaged("it has a frame of a kind this millwright does not know")),
        }
    }
}

fn end_of(frames: &Frames, rows: &Rows, before: Digest, values: u64, files: u64) -> Result<Summary, StoreError> {
    let [(seq, hash), (told, digest)] = rows.as_slice() else { return Err(damaged("its last frame is no end")) };
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).map_err(|_| damaged("its last frame is no end"));
    let own = |bytes: &[u8]| bytes.try_into().map(Digest).map_err(|_| damaged("its last frame is no end"));
    let (seq, hash, told, digest) = (number(seq)?, own(hash)?, number(told)?, own(digest)?);
    if digest != before || told != values {
        return Err(damaged("its rows have another SHA-256 than it says"));
    }
    Ok(Summary { seq, hash, digest, bytes: frames.bytes, values, files, telemetry: 0 })
}

/// Restores an archive into an empty or new directory; `verify` afterwards proves it.
pub fn restore(archive: &Path, root: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Summary, StoreError> {
    let summary = inspect(archive)?;
    let home = Home::existing_or_new(root)?;
    if home.plant().exists() {
        return Err(StoreError::Taken(format!("{} already holds a plant; name an empty or new directory", root.display())));
    }
    let plant = beside(&home.plant(), "new");
    _ = fs::remove_file(&plant);
    let mut builder = Builder::new(&plant)?;
    let mut machines = None;
    let mut frames = Frames::open(archive)?;
    loop {
        let (kind, rows, _) = frames.next()?;
        progress(frames.bytes, summary.bytes);
        match kind {
            END => break,
            BLOB => rows.iter().try_for_each(|(_, bytes)| blobs::keep(root, bytes).map(|_| ()))?,
            KEYS => {
                for (path, bytes) in &rows {
                    if !keys::put(root, path, bytes)? {
                        return Err(damaged("a file of keys has no place"));
                    }
                }
            }
            TELEMETRY => {
                let file = match machines.take() {
                    Some(file) => file,
                    None => fresh_telemetry(root)?,
                };
                if !file.load(&rows)? {
                    return Err(damaged("a row of telemetry is of no table"));
                }
                machines = Some(file);
            }
            _ => builder.copy(kind, &rows)?,
        }
    }
    builder.finish()?;
    drop(machines);
    fs::rename(&plant, home.plant())?;
    File::open(root)?.sync_all()?;
    Ok(summary)
}

/// An empty telemetry file: what an earlier try left is thrown away.
fn fresh_telemetry(root: &Path) -> Result<TelemetryFile, StoreError> {
    let path = root.join(telemetry_file::FILE);
    _ = fs::remove_file(&path);
    Ok(TelemetryFile::open(&path)?.0)
}

/// Makes records, indexes and genealogy anew from history beside the old file, then swaps.
pub fn rebuild(root: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<u64, StoreError> {
    let home = Home::existing(root)?;
    let (path, fresh) = (home.plant(), beside(&home.plant(), "new"));
    _ = fs::remove_file(&fresh);
    let old = Store::open(home)?;
    let snapshot = old.snapshot()?;
    let head = snapshot.head()?;
    let mut builder = Builder::new(&fresh)?;
    let mut after = 0;
    while after < head {
        let (journal, last) = journal_rows(&snapshot, after, head)?;
        builder.copy(JOURNAL, &journal)?;
        builder.copy(HISTORY, &history_rows(&snapshot, after + 1, last)?)?;
        after = last;
        progress(after, head);
    }
    builder.copy(SECRETS, &table_rows(snapshot.secrets_table()?)?)?;
    builder.copy(PERSONAL, &table_rows(snapshot.personal_table()?)?)?;
    builder.copy_desk(&snapshot)?;
    let records = builder.finish()?;
    drop(snapshot);
    drop(old);
    fs::rename(&fresh, &path)?;
    File::open(root)?.sync_all()?;
    Ok(records)
}

/// A plant file in the making.
struct Builder {
    database: redb::Database,
    latest: HashMap<Subject, u64>,
}

impl Builder {
    fn new(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { database: open_file(path)?, latest: HashMap::new() })
    }

    fn write<T>(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut txn = self.database.begin_write()?;
        txn.set_quick_repair(true);
        let mut tables = Tables::open(&txn)?;
        let answer = work(&mut tables)?;
        drop(tables);
        txn.commit()?;
        Ok(answer)
    }

    fn copy(&mut self, kind: u8, rows: &Rows) -> Result<(), StoreError> {
        let mut latest = std::mem::take(&mut self.latest);
        self.write(|tables| {
            for (key, value) in rows {
                match kind {
                    JOURNAL => {
                        let seq = key.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| damaged("an entry has no sequence"))?;
                        tables.journal.insert(seq, value.as_slice())?;
                    }
                    HISTORY => {
                        let key: &schema::HistoryKey = key.as_slice().try_into().map_err(|_| damaged("a value has no key"))?;
                        let (seq, subject) = schema::history_parts(key).ok_or_else(|| damaged("a value is of no noun"))?;
                        tables.history.insert(key, value.as_slice())?;
                        latest.insert(subject, seq);
                    }
                    SECRETS | PERSONAL => {
                        let key: &schema::RecordKey = key.as_slice().try_into().map_err(|_| damaged("a secret has no key"))?;
                        let table = if kind == SECRETS { &mut tables.secrets } else { &mut tables.personal };
                        table.insert(key, value.as_slice())?;
                    }
                    _ => return Err(damaged("it has a frame of a kind this millwright does not know")),
                }
            }
            Ok(())
        })?;
        self.latest = latest;
        Ok(())
    }

    fn copy_desk(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.write(|tables| {
            for row in snapshot.receipts_table()?.iter()? {
                let (seq, bytes) = row?;
                tables.receipts.insert(seq.value(), bytes.value())?;
            }
            for row in snapshot.sessions_table()?.iter()? {
                let (token, bytes) = row?;
                tables.sessions.insert(token.value(), bytes.value())?;
            }
            Ok(())
        })
    }

    /// Folds history into records and everything that follows them.
    fn finish(self) -> Result<u64, StoreError> {
        let mut newest: Vec<(Subject, u64)> = self.latest.iter().map(|(subject, seq)| (*subject, *seq)).collect();
        // In key order, so that pages are filled one after the other.
        newest.sort_unstable();
        let mut records = 0;
        for part in newest.chunks(ROWS) {
            self.write(|tables| {
                for (subject, seq) in part {
                    let bytes = tables.history.get(&schema::history_key(*seq, *subject))?.map(|bytes| bytes.value().to_vec());
                    let bytes = bytes.ok_or_else(|| damaged("a value is missing"))?;
                    if let Some(record) = codec::open_any(subject.noun, &bytes)?.value {
                        tables.records.insert(&schema::record_key(*subject), bytes.as_slice())?;
                        tables.follow(*subject, None, Some(record.as_ref()))?;
                        records += 1;
                    }
                }
                Ok(())
            })?;
        }
        Ok(records)
    }
}

const _: () = assert!(FRAME_MAX > ROWS * 1_024 && limits::RECORD_MAX < FRAME_MAX);
