//! One moment of the plant to read from. Short-lived by law: an old reader pins pages and the file
//! grows, so nothing holds a snapshot for longer than one answer or one page of a long scan.

use std::sync::OnceLock;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable as _, ReadableTableMetadata as _};

use super::codec::{self, Sealed};
use super::error::StoreError;
use super::mirror::{Direction, Reached, walk};
use super::plant_file::SharedMirror;
use super::schema::{self, HistoryKey, LinkKey, RecordKey};
use super::tables::{link_range, read_links, read_tables};
use super::view::{Stored, View, column_at};
use crate::base::{Digest, Value};
use crate::model::field::Mark;
use crate::model::genealogy::Node;
use crate::model::people::PersonalData;
use crate::model::{AnyRecord, Entry, Id, Noun, Record, Subject};

macro_rules! tables {
    ($($field:ident $table:ident $definition:ident: $key:ty => $value:ty;)+) => {
        /// All tables, to be read as of one commit. A table is opened when it is first asked for: an
        /// answer reads two or three of them, and opening all cost more than reading.
        pub struct Snapshot {
            txn: ReadTransaction,
            mirror: SharedMirror,
            $($field: OnceLock<ReadOnlyTable<$key, $value>>,)+
        }

        impl Snapshot {
            pub(super) fn open(txn: ReadTransaction, mirror: SharedMirror) -> Self {
                Self { txn, mirror, $($field: OnceLock::new(),)+ }
            }

            $(pub(super) fn $table(&self) -> Result<&ReadOnlyTable<$key, $value>, StoreError> {
                if let Some(open) = self.$field.get() {
                    return Ok(open);
                }
                // Two threads may both open it; it is the same moment of the same table.
                let open = self.txn.open_table(schema::$definition)?;
                Ok(self.$field.get_or_init(|| open))
            })+
        }
    };
}

tables! {
    journal journal_table JOURNAL: u64 => &'static [u8];
    history history_table HISTORY: &'static HistoryKey => &'static [u8];
    records records_table RECORDS: &'static RecordKey => &'static [u8];
    unique unique_table UNIQUE: &'static [u8] => u64;
    index index_table INDEX: &'static [u8] => ();
    links links_table LINKS: &'static LinkKey => &'static [u8];
    receipts receipts_table RECEIPTS: u64 => &'static [u8];
    sessions sessions_table SESSIONS: &'static [u8; 32] => &'static [u8];
    cursors cursors_table CURSORS: &'static str => u64;
    secrets secrets_table SECRETS: &'static RecordKey => &'static [u8];
    personal personal_table PERSONAL: &'static RecordKey => &'static [u8];
}

impl Snapshot {
    /// Sequence of the newest entry; zero in an empty plant.
    pub fn head(&self) -> Result<u64, StoreError> {
        Ok(self.journal_table()?.last()?.map_or(0, |(seq, _)| seq.value()))
    }

    /// Sequence and hash of the newest entry.
    pub fn head_hash(&self) -> Result<(u64, Digest), StoreError> {
        Ok(self.journal_table()?.last()?.map_or((0, Digest::NONE), |(seq, bytes)| (seq.value(), Digest::of(bytes.value()))))
    }

    /// One entry.
    pub fn entry(&self, seq: u64) -> Result<Option<Entry>, StoreError> {
        self.journal_table()?.get(seq)?.map(|bytes| codec::open_entry(bytes.value())).transpose()
    }

    /// Entries above `after`, at most `limit`.
    pub fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let rows = self.journal_table()?.range(after.saturating_add(1)..)?.take(limit);
        rows.map(|row| codec::open_entry(row?.1.value())).collect()
    }

    /// Hashes of the entries of a range, for a Merkle root.
    pub fn entry_hashes(&self, first: u64, last: u64) -> Result<Vec<Digest>, StoreError> {
        self.journal_table()?.range(first..=last)?.map(|row| Ok(Digest::of(row?.1.value()))).collect()
    }

    /// Shows what the entries above a sequence and up to another changed, oldest first: by history's keys
    /// alone, which is far quicker than reading the entries.
    pub fn each_change(&self, after: u64, up_to: u64, mut visit: impl FnMut(u64, Subject)) -> Result<(), StoreError> {
        if after >= up_to {
            return Ok(());
        }
        let (first, end) = (schema::history_from(after + 1), schema::history_from(up_to.saturating_add(1)));
        for row in self.history_table()?.range::<&HistoryKey>(&first..&end)? {
            let (seq, subject) = schema::history_parts(row?.0.value()).ok_or_else(|| StoreError::Undecodable("a key of history".to_owned(), "its noun".to_owned()))?;
            visit(seq, subject);
        }
        Ok(())
    }

    /// The value a record had when `seq` wrote it.
    pub fn past(&self, subject: Subject, seq: u64) -> Result<Option<Sealed<Box<dyn AnyRecord>>>, StoreError> {
        let bytes = self.history_table()?.get(&schema::history_key(seq, subject))?;
        bytes.map(|bytes| codec::open_any(subject.noun, bytes.value())).transpose()
    }

    /// The newest sequence of a record.
    pub fn newest(&self, subject: Subject) -> Result<Option<u64>, StoreError> {
        self.records_table()?.get(&schema::record_key(subject))?.map(|bytes| codec::sequences(bytes.value()).map(|(seq, _)| seq)).transpose()
    }

    /// Records of a noun above a number, rising or falling, until `visit` says stop.
    pub fn scan(&self, noun: Noun, after: Option<u64>, falling: bool, mut visit: impl FnMut(Sealed<Box<dyn AnyRecord>>) -> Result<bool, StoreError>) -> Result<(), StoreError> {
        let (low, high) = match (after, falling) {
            (Some(u64::MAX), false) | (Some(0), true) => return Ok(()),
            (Some(number), false) => (number + 1, u64::MAX),
            (Some(number), true) => (0, number - 1),
            (None, _) => (0, u64::MAX),
        };
        let first = schema::record_key(Subject { noun, number: low });
        let last = schema::record_key(Subject { noun, number: high });
        let mut range = self.records_table()?.range::<&RecordKey>(&first..=&last)?;
        loop {
            let row = if falling { range.next_back() } else { range.next() };
            let Some(row) = row else { return Ok(()) };
            if !visit(codec::open_any(noun, row?.1.value())?)? {
                return Ok(());
            }
        }
    }

    /// Numbers of records whose text in a column with an index begins so, the greatest text first, at most `limit`.
    pub fn beginning(&self, noun: Noun, column: &str, beginning: &str, limit: usize) -> Result<Vec<u64>, StoreError> {
        let at = column_at(noun, column)?;
        let first = schema::unique_key(noun, at, beginning);
        // No text holds this byte, so it stands behind all that begin so.
        let last = [first.as_slice(), &[0xff]].concat();
        if crate::model::columns(noun)[at].mark == Mark::Unique {
            let rows = self.unique_table()?.range::<&[u8]>(first.as_slice()..last.as_slice())?.rev().take(limit);
            return rows.map(|row| Ok(row?.1.value())).collect();
        }
        let rows = self.index_table()?.range::<&[u8]>(first.as_slice()..last.as_slice())?.rev().take(limit);
        rows.map(|row| number_at_end(row?.0.value())).collect()
    }

    /// Count of records of a noun; numbers are dense, but a removed timer leaves a gap.
    pub fn count(&self, noun: Noun) -> Result<u64, StoreError> {
        if noun != Noun::LotEdge && noun != Noun::Timer {
            return self.last_number(noun);
        }
        let first = schema::record_key(Subject { noun, number: 0 });
        let last = schema::record_key(Subject { noun, number: u64::MAX });
        Ok(self.records_table()?.range::<&RecordKey>(&first..=&last)?.count() as u64)
    }

    /// Walks genealogy breadth-first from a node, the root not included: in memory, or through the
    /// pages before the mirror is built. The answer says whether it was cut short at `max` nodes.
    pub fn walk(&self, root: Node, direction: Direction, max: usize) -> Result<(Vec<Reached>, bool), StoreError> {
        if let Some(walked) = self.mirror.walk(root, direction, max) {
            return Ok(walked);
        }
        walk(root, max, |node, next| {
            next.extend(self.neighbours(node, direction)?);
            Ok(())
        })
    }

    /// All pairs of live edges, for the mirror.
    pub fn edge_pairs(&self) -> Result<Vec<(Node, Node)>, StoreError> {
        let forward = [Direction::Forward.code(); 1];
        let mut pairs = Vec::new();
        let first: LinkKey = [forward[0], 0, 0, 0, 0, 0, 0, 0, 0];
        let last: LinkKey = [forward[0], 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        for page in self.links_table()?.range::<&LinkKey>(&first..=&last)? {
            let (key, bytes) = page?;
            let key = key.value();
            let from = Node::from_bits(u32::from_be_bytes([key[1], key[2], key[3], key[4]]));
            let from = from.ok_or_else(|| StoreError::Undecodable("an adjacency page".to_owned(), "its node".to_owned()))?;
            pairs.extend(read_links(bytes.value())?.into_iter().map(|to| (from, to)));
        }
        Ok(pairs)
    }

    /// Shows every receipt above a sequence and up to another, oldest first.
    pub fn each_receipt(&self, after: u64, up_to: u64, mut visit: impl FnMut(u64, &[u8])) -> Result<(), StoreError> {
        if after >= up_to {
            return Ok(());
        }
        for row in self.receipts_table()?.range(after + 1..=up_to)? {
            let (seq, bytes) = row?;
            visit(seq.value(), bytes.value());
        }
        Ok(())
    }

    /// How many receipts there are.
    pub fn receipt_count(&self) -> Result<u64, StoreError> {
        Ok(self.receipts_table()?.len()?)
    }

    /// Sequence of the oldest receipt; `None` when there is none.
    pub fn first_receipt(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.receipts_table()?.first()?.map(|(seq, _)| seq.value()))
    }

    /// One receipt.
    pub fn receipt(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.receipts_table()?.get(seq)?.map(|bytes| bytes.value().to_vec()))
    }

    /// All sessions.
    pub fn sessions(&self) -> Result<Vec<(Digest, Vec<u8>)>, StoreError> {
        self.sessions_table()?.iter()?.map(|row| row.map(|(token, bytes)| (Digest(*token.value()), bytes.value().to_vec())).map_err(StoreError::from)).collect()
    }

    /// A record's verifiers.
    pub fn secret(&self, subject: Subject) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.secrets_table()?.get(&schema::record_key(subject))?.map(|bytes| bytes.value().to_vec()))
    }

    /// All verifiers of a noun.
    pub fn secrets(&self, noun: Noun) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let first = schema::record_key(Subject { noun, number: 0 });
        let last = schema::record_key(Subject { noun, number: u64::MAX });
        let mut all = Vec::new();
        for row in self.secrets_table()?.range::<&RecordKey>(&first..=&last)? {
            let (key, bytes) = row?;
            all.extend(schema::subject_of(key.value()).map(|subject| (subject.number, bytes.value().to_vec())));
        }
        Ok(all)
    }

    /// Where a follower stands.
    pub fn cursor(&self, follower: &str) -> Result<u64, StoreError> {
        Ok(self.cursors_table()?.get(follower)?.map_or(0, |seq| seq.value()))
    }
}

/// The number that ends a row of the index.
fn number_at_end(row: &[u8]) -> Result<u64, StoreError> {
    row.last_chunk().map(|tail| u64::from_be_bytes(*tail)).ok_or_else(|| StoreError::Undecodable("an index row".to_owned(), "its length".to_owned()))
}

impl View for Snapshot {
    read_tables!();
}
