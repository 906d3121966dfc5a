//! Every table of the plant file, with its class and the parts of its key. What is not here does
//! not exist. Only flat built-in key and value types reach redb, since their names are stored.

use redb::TableDefinition;

use crate::base::Value;
use crate::model::{Noun, Subject};

/// The format of the data directory. A newer one is refused before a byte is touched.
pub const FORMAT: u32 = 1;

/// How `verify`, `rebuild` and `backup` treat a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The chain of entries.
    Journal,
    /// Every value a record ever had.
    History,
    /// The newest value of each record.
    Record,
    /// Follows records; made anew at any time.
    Index,
    /// Not journaled: receipts, sessions, cursors.
    Desk,
    /// Never exported, in the journal only as a digest.
    Secret,
    /// Names and contacts of people: in the journal only as a salted digest, and can be erased.
    Personal,
}

/// One table of the plant file.
pub struct TableInfo {
    /// Its name in redb.
    pub name: &'static str,
    /// Its class.
    pub class: Class,
    /// The parts of its key and its value.
    pub parts: &'static str,
}

/// Key of a record: noun byte, number big-endian.
pub type RecordKey = [u8; 9];
/// Key of a value in history: sequence, noun byte, number, all big-endian.
pub type HistoryKey = [u8; 17];
/// Key of an adjacency page: direction byte, node, page, big-endian.
pub type LinkKey = [u8; 9];

pub(super) const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
pub(super) const HISTORY: TableDefinition<&HistoryKey, &[u8]> = TableDefinition::new("history");
pub(super) const RECORDS: TableDefinition<&RecordKey, &[u8]> = TableDefinition::new("records");
pub(super) const UNIQUE: TableDefinition<&[u8], u64> = TableDefinition::new("unique_index");
pub(super) const INDEX: TableDefinition<&[u8], ()> = TableDefinition::new("index");
pub(super) const LINKS: TableDefinition<&LinkKey, &[u8]> = TableDefinition::new("links");
pub(super) const RECEIPTS: TableDefinition<u64, &[u8]> = TableDefinition::new("receipts");
pub(super) const SESSIONS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("sessions");
pub(super) const CURSORS: TableDefinition<&str, u64> = TableDefinition::new("cursors");
pub(super) const SECRETS: TableDefinition<&RecordKey, &[u8]> = TableDefinition::new("secrets");
pub(super) const PERSONAL: TableDefinition<&RecordKey, &[u8]> = TableDefinition::new("personal");

/// All tables.
pub const TABLES: &[TableInfo] = &[
    TableInfo { name: "journal", class: Class::Journal, parts: "seq -> entry" },
    TableInfo { name: "history", class: Class::History, parts: "seq, noun, number -> version, seq, previous seq, record" },
    TableInfo { name: "records", class: Class::Record, parts: "noun, number -> the newest value of history" },
    TableInfo { name: "unique_index", class: Class::Index, parts: "noun, column, text -> number" },
    TableInfo { name: "index", class: Class::Index, parts: "noun, column, value, number -> nothing" },
    TableInfo { name: "links", class: Class::Index, parts: "direction, node, page -> nodes as deltas" },
    TableInfo { name: "receipts", class: Class::Desk, parts: "seq -> hash of the command id, hash of the command, subject, time" },
    TableInfo { name: "sessions", class: Class::Desk, parts: "SHA-256 of the token -> user, expiry" },
    TableInfo { name: "cursors", class: Class::Desk, parts: "follower -> seq" },
    TableInfo { name: "secrets", class: Class::Secret, parts: "noun, number -> verifiers" },
    TableInfo { name: "personal", class: Class::Personal, parts: "noun, number -> salt, columns and contents" },
];

/// The version byte that a noun's records are written with. A change of a stored type is a new
/// version with a hop in `codec`; a version is never reused.
pub const fn version(noun: Noun) -> u8 {
    match noun {
        Noun::Plant | Noun::Factory => 2,
        _ => 1,
    }
}

/// How many columns came after a version, all of them optional and behind those that it had; `None` where it is not known.
pub const fn columns_since(noun: Noun, stored: u8) -> Option<usize> {
    match (noun, stored) {
        // The silent minutes after which a stop is opened; the overhead that orders of a site bear.
        (Noun::Plant | Noun::Factory, 1) => Some(1),
        _ if stored == version(noun) => Some(0),
        _ => None,
    }
}

/// Key of a record.
pub fn record_key(subject: Subject) -> RecordKey {
    let mut key = [subject.noun.code(); 9];
    key[1..].copy_from_slice(&subject.number.to_be_bytes());
    key
}

/// The record of a key.
pub fn subject_of(key: &RecordKey) -> Option<Subject> {
    let number = u64::from_be_bytes(key[1..].try_into().ok()?);
    Some(Subject { noun: Noun::from_code(key[0])?, number })
}

/// Key of a value in history.
pub fn history_key(seq: u64, subject: Subject) -> HistoryKey {
    let mut key = [0; 17];
    key[..8].copy_from_slice(&seq.to_be_bytes());
    key[8..].copy_from_slice(&record_key(subject));
    key
}

/// The first key of history that an entry may have.
pub fn history_from(seq: u64) -> HistoryKey {
    let mut key = [0; 17];
    key[..8].copy_from_slice(&seq.to_be_bytes());
    key
}

/// Sequence and record of a key in history.
pub fn history_parts(key: &HistoryKey) -> Option<(u64, Subject)> {
    let seq = u64::from_be_bytes(key[..8].try_into().ok()?);
    Some((seq, subject_of(key[8..].try_into().ok()?)?))
}

/// Key in the unique index.
pub fn unique_key(noun: Noun, column: usize, text: &str) -> Vec<u8> {
    let mut key = index_prefix(noun, column);
    key.extend_from_slice(text.as_bytes());
    key
}

/// Everything of one value in the index begins with this; the number follows.
pub fn index_value_prefix(noun: Noun, column: usize, value: &Value) -> Vec<u8> {
    let mut key = index_prefix(noun, column);
    match value {
        Value::Int(number) => key.extend_from_slice(&sortable(*number)),
        Value::Dec(number) => key.extend_from_slice(&sortable(number.scaled())),
        Value::Time(time) => key.extend_from_slice(&sortable(time.micros())),
        Value::Date(date) => key.extend_from_slice(&sortable(i64::from(date.days()))),
        Value::Key(_, number) => key.extend_from_slice(&number.to_be_bytes()),
        other => {
            key.extend_from_slice(other.to_string().as_bytes());
            // No text holds a zero byte (base/text refuses it), so no value is a prefix of another.
            key.push(0);
        }
    }
    key
}

fn index_prefix(noun: Noun, column: usize) -> Vec<u8> {
    let mut key = Vec::with_capacity(32);
    key.push(noun.code());
    key.push(u8::try_from(column).unwrap_or(u8::MAX));
    key
}

/// Big-endian bytes that sort as the signed numbers do.
fn sortable(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_there_and_back() {
        let subject = Subject { noun: Noun::Lot, number: 77 };
        assert_eq!(subject_of(&record_key(subject)), Some(subject));
        assert_eq!(history_parts(&history_key(5, subject)), Some((5, subject)));
        assert!(sortable(-1) < sortable(0) && sortable(0) < sortable(i64::MAX));
    }

    #[test]
    fn every_noun_has_a_code_of_its_own_and_columns_fit_a_byte() {
        for noun in Noun::ALL {
            assert_eq!(Noun::from_code(noun.code()), Some(*noun));
            assert!(crate::model::columns(*noun).len() < 255);
        }
    }
}
