//! The open tables of one write transaction: reading as of it, and laying an accepted draft in it.
//! A table may be open only once in a transaction, so this struct opens them all. Index rows and
//! adjacency pages follow records here, by themselves; nobody writes them by hand.

use redb::{ReadableTable, Table, WriteTransaction};

use super::codec::{self, Sealed};
use super::error::StoreError;
use super::mirror::{Direction, EdgeChange};
use super::schema::{self, HistoryKey, LinkKey, RecordKey};
use super::view::{Stored, View, column_at};
use crate::base::{Digest, Time, Value, limits};
use crate::model::field::Mark;
use crate::model::genealogy::Node;
use crate::model::people::PersonalData;
use crate::model::{AnyRecord, Change, Entry, Id, LotEdge, Noun, Record, Subject};

/// All tables, open for writing.
pub struct Tables<'t> {
    pub(super) journal: Table<'t, u64, &'static [u8]>,
    pub(super) history: Table<'t, &'static HistoryKey, &'static [u8]>,
    pub(super) records: Table<'t, &'static RecordKey, &'static [u8]>,
    unique: Table<'t, &'static [u8], u64>,
    index: Table<'t, &'static [u8], ()>,
    links: Table<'t, &'static LinkKey, &'static [u8]>,
    pub(super) receipts: Table<'t, u64, &'static [u8]>,
    pub(super) sessions: Table<'t, &'static [u8; 32], &'static [u8]>,
    cursors: Table<'t, &'static str, u64>,
    pub(super) secrets: Table<'t, &'static RecordKey, &'static [u8]>,
    pub(super) personal: Table<'t, &'static RecordKey, &'static [u8]>,
    pub(super) edges: Vec<EdgeChange>,
}

/// Something with a time, so that old ones can be forgotten.
pub trait HasTime {
    /// Its time.
    fn time(&self) -> Time;
}

/// A change ready to be laid in: what was there and what comes.
pub struct Replacement {
    /// The record.
    pub subject: Subject,
    /// What was there, with its sequence.
    pub old: Option<(u64, Box<dyn AnyRecord>)>,
    /// What comes; `None` removes.
    pub new: Option<Box<dyn AnyRecord>>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(txn: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            journal: txn.open_table(schema::JOURNAL)?,
            history: txn.open_table(schema::HISTORY)?,
            records: txn.open_table(schema::RECORDS)?,
            unique: txn.open_table(schema::UNIQUE)?,
            index: txn.open_table(schema::INDEX)?,
            links: txn.open_table(schema::LINKS)?,
            receipts: txn.open_table(schema::RECEIPTS)?,
            sessions: txn.open_table(schema::SESSIONS)?,
            cursors: txn.open_table(schema::CURSORS)?,
            secrets: txn.open_table(schema::SECRETS)?,
            personal: txn.open_table(schema::PERSONAL)?,
            edges: Vec::new(),
        })
    }

    /// The last entry's bytes.
    pub fn last_entry(&self) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        Ok(self.journal.last()?.map(|(seq, bytes)| (seq.value(), bytes.value().to_vec())))
    }

    /// Lays one changed record in: history, record, index rows, adjacency. Answers its line for the journal.
    pub fn lay(&mut self, replacement: &Replacement, seq: u64) -> Result<Change, StoreError> {
        let Replacement { subject, old, new } = replacement;
        let previous = old.as_ref().map_or(0, |(seq, _)| *seq);
        let bytes = codec::seal(subject.noun, new.as_deref(), seq, previous)?;
        let digest = Digest::of(&bytes);
        self.history.insert(&schema::history_key(seq, *subject), bytes.as_slice())?;
        let key = schema::record_key(*subject);
        if new.is_some() {
            self.records.insert(&key, bytes.as_slice())?;
        } else {
            self.records.remove(&key)?;
        }
        self.follow(*subject, old.as_ref().map(|(_, record)| record.as_ref()), new.as_deref())?;
        Ok(Change { subject: *subject, digest })
    }

    /// Makes index rows and adjacency follow a record.
    pub(super) fn follow(&mut self, subject: Subject, old: Option<&dyn AnyRecord>, new: Option<&dyn AnyRecord>) -> Result<(), StoreError> {
        if subject.noun == Noun::LotEdge {
            return self.follow_edge(subject.number, is_live_edge(old), is_live_edge(new));
        }
        for (at, spec) in crate::model::columns(subject.noun).iter().enumerate() {
            if !matches!(spec.mark, Mark::By | Mark::Unique) {
                continue;
            }
            let (before, after) = (old.map_or(Value::Null, |record| record.value(at)), new.map_or(Value::Null, |record| record.value(at)));
            if before == after {
                continue;
            }
            if spec.mark == Mark::Unique {
                if !before.is_null() {
                    self.unique.remove(schema::unique_key(subject.noun, at, &before.to_string()).as_slice())?;
                }
                if !after.is_null() {
                    self.unique.insert(schema::unique_key(subject.noun, at, &after.to_string()).as_slice(), subject.number)?;
                }
            } else {
                if !before.is_null() {
                    self.index.remove(index_row(subject, at, &before).as_slice())?;
                }
                if !after.is_null() {
                    self.index.insert(index_row(subject, at, &after).as_slice(), ())?;
                }
            }
        }
        Ok(())
    }

    fn follow_edge(&mut self, number: u64, before: bool, after: bool) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        let (from, to) = LotEdge::nodes_of(number).ok_or(StoreError::Exhausted("a genealogy node"))?;
        for (node, other, direction) in [(from, to, Direction::Forward), (to, from, Direction::Backward)] {
            if after { self.append_link(node, other, direction)? } else { self.remove_link(node, other, direction)? }
        }
        self.edges.push(EdgeChange { from, to, there: after });
        Ok(())
    }

    fn append_link(&mut self, node: Node, other: Node, direction: Direction) -> Result<(), StoreError> {
        let range = link_range(node, direction);
        let last = self.links.range::<&LinkKey>(&range.0..=&range.1)?.next_back().transpose()?;
        let last = last.map(|(key, bytes)| (*key.value(), bytes.value().to_vec()));
        let (mut key, mut nodes) = match last {
            Some((key, bytes)) => (key, read_links(&bytes)?),
            None => (range.0, Vec::new()),
        };
        if nodes.len() >= limits::LINK_PAGE_MAX {
            let page = u32::from_be_bytes([key[5], key[6], key[7], key[8]]);
            key[5..].copy_from_slice(&(page + 1).to_be_bytes());
            nodes.clear();
        }
        nodes.push(other);
        self.links.insert(&key, write_links(&nodes).as_slice())?;
        Ok(())
    }

    fn remove_link(&mut self, node: Node, other: Node, direction: Direction) -> Result<(), StoreError> {
        let range = link_range(node, direction);
        let mut found = None;
        for page in self.links.range::<&LinkKey>(&range.0..=&range.1)? {
            let (key, bytes) = page?;
            let mut nodes = read_links(bytes.value())?;
            if let Some(at) = nodes.iter().position(|known| *known == other) {
                nodes.remove(at);
                found = Some((*key.value(), nodes));
                break;
            }
        }
        if let Some((key, nodes)) = found {
            if nodes.is_empty() {
                self.links.remove(&key)?;
            } else {
                self.links.insert(&key, write_links(&nodes).as_slice())?;
            }
        }
        Ok(())
    }

    /// Appends an entry; answers its hash, which the next one carries.
    pub fn append(&mut self, entry: &Entry) -> Result<Digest, StoreError> {
        let bytes = codec::seal_entry(entry)?;
        self.journal.insert(entry.seq, bytes.as_slice())?;
        Ok(Digest::of(&bytes))
    }

    /// Remembers a command id's answer.
    pub fn put_receipt(&mut self, seq: u64, receipt: &[u8]) -> Result<(), StoreError> {
        self.receipts.insert(seq, receipt)?;
        Ok(())
    }

    /// One receipt.
    pub fn receipt(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.receipts.get(seq)?.map(|bytes| bytes.value().to_vec()))
    }

    /// The last receipt older than a time, or a quarter of all when memory is full; zero if none.
    pub fn receipts_older_than<R>(&self, limit: Time, read: impl Fn(&[u8]) -> Option<R>, full: bool) -> Result<u64, StoreError>
    where
        R: HasTime,
    {
        let (mut up_to, mut seen) = (0, 0);
        for row in self.receipts.iter()? {
            let (seq, bytes) = row?;
            seen += 1;
            let old = read(bytes.value()).is_none_or(|receipt| receipt.time() < limit);
            let crowded = full && seen < limits::RECEIPTS_MAX / 4;
            if !(old || crowded) {
                break;
            }
            up_to = seq.value();
        }
        Ok(up_to)
    }

    /// Forgets receipts up to a sequence.
    pub fn drop_receipts(&mut self, up_to: u64) -> Result<(), StoreError> {
        self.receipts.retain_in(..=up_to, |_, _| false)?;
        Ok(())
    }

    /// Keeps verifiers.
    pub fn put_secret(&mut self, subject: Subject, secret: &[u8]) -> Result<(), StoreError> {
        self.secrets.insert(&schema::record_key(subject), secret)?;
        Ok(())
    }

    /// Keeps a person's names and contacts, or (with `None`) erases them.
    pub fn put_personal(&mut self, subject: Subject, data: Option<&[u8]>) -> Result<(), StoreError> {
        let key = schema::record_key(subject);
        match data {
            Some(bytes) => _ = self.personal.insert(&key, bytes)?,
            None => _ = self.personal.remove(&key)?,
        }
        Ok(())
    }

    /// Opens, prolongs or (with `None`) ends a session.
    pub fn put_session(&mut self, token: &Digest, session: Option<&[u8]>) -> Result<(), StoreError> {
        match session {
            Some(bytes) => _ = self.sessions.insert(&token.0, bytes)?,
            None => _ = self.sessions.remove(&token.0)?,
        }
        Ok(())
    }

    /// Moves a follower's cursor.
    pub fn put_cursor(&mut self, follower: &str, seq: u64) -> Result<(), StoreError> {
        self.cursors.insert(follower, seq)?;
        Ok(())
    }

    /// The newest sequence of a record.
    pub fn newest(&self, subject: Subject) -> Result<Option<u64>, StoreError> {
        self.records.get(&schema::record_key(subject))?.map(|bytes| codec::sequences(bytes.value()).map(|(seq, _)| seq)).transpose()
    }
}

fn is_live_edge(record: Option<&dyn AnyRecord>) -> bool {
    record.and_then(|record| record.as_any().downcast_ref::<LotEdge>()).is_some_and(|edge| !edge.quantity.is_zero())
}

pub(super) fn index_row(subject: Subject, at: usize, value: &Value) -> Vec<u8> {
    let mut row = schema::index_value_prefix(subject.noun, at, value);
    row.extend_from_slice(&subject.number.to_be_bytes());
    row
}

pub(super) fn link_range(node: Node, direction: Direction) -> (LinkKey, LinkKey) {
    let mut first = [0; 9];
    first[0] = direction.code();
    first[1..5].copy_from_slice(&node.bits().to_be_bytes());
    let mut last = first;
    last[5..].fill(0xff);
    (first, last)
}

/// Nodes of a page: zigzag deltas as LEB128, in the order they came.
pub(super) fn read_links(bytes: &[u8]) -> Result<Vec<Node>, StoreError> {
    let damaged = || StoreError::Undecodable("an adjacency page".to_owned(), "broken delta".to_owned());
    let mut nodes = Vec::with_capacity(bytes.len() / 2);
    let (mut value, mut shift, mut last) = (0_u64, 0_u32, 0_i64);
    for byte in bytes {
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            let delta = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
            last += delta;
            nodes.push(u32::try_from(last).ok().and_then(Node::from_bits).ok_or_else(damaged)?);
            (value, shift) = (0, 0);
        } else if shift > 56 {
            return Err(damaged());
        }
    }
    Ok(nodes)
}

fn write_links(nodes: &[Node]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(nodes.len() * 2);
    let mut last = 0_i64;
    for node in nodes {
        let now = i64::from(node.bits());
        let delta = now - last;
        let mut value = ((delta << 1) ^ (delta >> 63)).cast_unsigned();
        while value >= 0x80 {
            bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        last = now;
    }
    bytes
}

/// Reads through any redb tables: the body of both views.
macro_rules! read_tables {
    () => {
        fn any(&self, subject: Subject) -> Result<Option<Sealed<Box<dyn AnyRecord>>>, StoreError> {
            self.records_table()?.get(&schema::record_key(subject))?.map(|bytes| codec::open_any(subject.noun, bytes.value())).transpose()
        }

        fn stored<R: Record>(&self, id: Id<R>) -> Result<Option<Stored<R>>, StoreError> {
            let Some(bytes) = self.records_table()?.get(&schema::record_key(Subject::of(id)))? else { return Ok(None) };
            let sealed = codec::open::<R>(bytes.value())?;
            Ok(sealed.value.map(|record| Stored { seq: sealed.seq, record }))
        }

        fn personal(&self, subject: Subject) -> Result<Option<PersonalData>, StoreError> {
            self.personal_table()?.get(&schema::record_key(subject))?.map(|bytes| codec::from_plain("personal data", bytes.value())).transpose()
        }

        fn unique(&self, noun: Noun, column: &str, text: &str) -> Result<Option<u64>, StoreError> {
            let key = schema::unique_key(noun, column_at(noun, column)?, text);
            Ok(self.unique_table()?.get(key.as_slice())?.map(|number| number.value()))
        }

        fn indexed(&self, noun: Noun, column: &str, value: &Value, after: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
            let prefix = schema::index_value_prefix(noun, column_at(noun, column)?, value);
            let Some(from) = after.checked_add(1) else { return Ok(Vec::new()) };
            let first = [prefix.as_slice(), &from.to_be_bytes()].concat();
            let last = [prefix.as_slice(), &[0xff; 8]].concat();
            let mut numbers = Vec::new();
            for row in self.index_table()?.range::<&[u8]>(first.as_slice()..=last.as_slice())?.take(limit) {
                let (key, ()) = {
                    let (key, unit) = row?;
                    (key, unit.value())
                };
                let tail: [u8; 8] = key.value()[prefix.len()..].try_into().map_err(|_| StoreError::Undecodable("an index row".to_owned(), "its length".to_owned()))?;
                numbers.push(u64::from_be_bytes(tail));
            }
            Ok(numbers)
        }

        fn last_number(&self, noun: Noun) -> Result<u64, StoreError> {
            let first = schema::record_key(Subject { noun, number: 0 });
            let last = schema::record_key(Subject { noun, number: u64::MAX });
            let row = self.records_table()?.range::<&RecordKey>(&first..=&last)?.next_back().transpose()?;
            Ok(row.and_then(|(key, _)| schema::subject_of(key.value())).map_or(0, |subject| subject.number))
        }

        fn neighbours(&self, node: Node, direction: Direction) -> Result<Vec<Node>, StoreError> {
            let range = link_range(node, direction);
            let mut nodes = Vec::new();
            for page in self.links_table()?.range::<&LinkKey>(&range.0..=&range.1)? {
                nodes.extend(read_links(page?.1.value())?);
            }
            Ok(nodes)
        }
    };
}
pub(super) use read_tables;

/// By the names under which a snapshot opens its tables, for what both read alike.
impl<'t> Tables<'t> {
    fn records_table(&self) -> Result<&Table<'t, &'static RecordKey, &'static [u8]>, StoreError> {
        Ok(&self.records)
    }
    fn unique_table(&self) -> Result<&Table<'t, &'static [u8], u64>, StoreError> {
        Ok(&self.unique)
    }
    fn index_table(&self) -> Result<&Table<'t, &'static [u8], ()>, StoreError> {
        Ok(&self.index)
    }
    fn personal_table(&self) -> Result<&Table<'t, &'static RecordKey, &'static [u8]>, StoreError> {
        Ok(&self.personal)
    }
    fn links_table(&self) -> Result<&Table<'t, &'static LinkKey, &'static [u8]>, StoreError> {
        Ok(&self.links)
    }
}

impl View for Tables<'_> {
    read_tables!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacency_pages_keep_order_and_refuse_damage() {
        let nodes: Vec<Node> = [5_u32, 1, 1 << 29, (1 << 29) + 7, 3].iter().filter_map(|bits| Node::from_bits(*bits)).collect();
        assert_eq!(read_links(&write_links(&nodes)).unwrap(), nodes);
        assert!(read_links(&[0xff; 12]).is_err());
    }
}
