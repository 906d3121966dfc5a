//! Writing the index: documents made of records, and in each commit how far the journal was read.
//! A directory that is damaged, older, or of another plant is thrown away and made anew, since
//! nothing stands in it that the plant does not hold.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use super::Fault;
use super::documents::{self, Text};
use super::index::{Fields, Index, Open, PIECE, key_of, reversed, scoped};
use super::query::shelf_of;
use super::words::{Form, Token};
use crate::base::{Digest, limits};
use crate::model::{AnyRecord, Subject};

/// The form of the documents. A change of it makes every index anew.
const FORMAT: u32 = 1;
/// A segment with more deleted documents than this share is written anew.
const DELETED_SHARE: f32 = 0.3;

/// How far the journal was read: the entry and its hash, so that another plant's index is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The entry.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

impl Mark {
    fn payload(self) -> String {
        format!("{FORMAT} {} {} {}", documents::fingerprint(), self.seq, self.hash)
    }

    fn of(payload: &str) -> Option<Self> {
        let mut parts = payload.split(' ');
        let known = parts.next()? == FORMAT.to_string() && parts.next()? == documents::fingerprint();
        let mark = Self { seq: parts.next()?.parse().ok()?, hash: Digest::from_hex(parts.next()?)? };
        known.then_some(mark)
    }
}

/// What was found in the directory.
pub enum Opened {
    /// An index to go on with.
    Ready(Writer),
    /// An empty one, to be filled with all records; and why.
    Empty(Writer, String),
}

/// The one writer of an index.
pub struct Writer {
    shown: Arc<Index>,
    writer: IndexWriter,
    reader: IndexReader,
    fields: Fields,
}

impl Writer {
    /// Opens the index of a directory, or makes an empty one where it cannot be used; `holds` says
    /// whether the journal has that entry with that hash.
    pub fn open(folder: &Path, shown: &Arc<Index>, holds: impl FnOnce(Mark) -> bool) -> Result<Opened, Fault> {
        let why = match existing(folder) {
            Ok(Some((index, mark))) if holds(mark) => {
                let writer = Self::over(index, shown)?;
                writer.merge_by_and_by();
                writer.show(mark.seq)?;
                return Ok(Opened::Ready(writer));
            }
            Ok(Some(_)) => "it is of another journal".to_owned(),
            Ok(None) => "there is none, or not a whole one of this format".to_owned(),
            Err(fault) => fault.to_string(),
        };
        Ok(Opened::Empty(Self::anew(folder, shown)?, why))
    }

    fn anew(folder: &Path, shown: &Arc<Index>) -> Result<Self, Fault> {
        shown.show(None);
        shown.moved(0);
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        Self::over(tantivy::Index::create_in_dir(folder, Fields::make().0)?, shown)
    }

    fn over(index: tantivy::Index, shown: &Arc<Index>) -> Result<Self, Fault> {
        let options = IndexWriterOptions::builder().num_worker_threads(1).num_merge_threads(1).memory_budget_per_thread(limits::INDEX_MEMORY).build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        // By hand, after each commit: watching the directory would be work without news.
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { shown: Arc::clone(shown), writer, reader, fields: Fields::make().1 })
    }

    fn merge_by_and_by(&self) {
        let mut merges = LogMergePolicy::default();
        merges.set_del_docs_ratio_before_merge(DELETED_SHARE);
        self.writer.set_merge_policy(Box::new(merges));
    }

    /// The entry up to which the index is made.
    pub fn position(&self) -> u64 {
        self.shown.position()
    }

    fn show(&self, seq: u64) -> Result<(), Fault> {
        self.shown.show(Some(Open::of(self.reader.searcher(), &self.fields)?));
        self.shown.moved(seq);
        Ok(())
    }

    /// Adds a record that is not in the index.
    pub fn add(&self, record: &dyn AnyRecord, seq: u64) -> Result<(), Fault> {
        let subject = Subject { noun: record.noun(), number: record.number() };
        let mut document = TantivyDocument::new();
        document.add_u64(self.fields.key, key_of(subject));
        document.add_u64(self.fields.seq, seq);
        for (field, term) in terms(record, &self.fields) {
            document.add_text(field, term);
        }
        self.writer.add_document(document)?;
        Ok(())
    }

    /// Takes a record out.
    pub fn remove(&self, subject: Subject) {
        self.writer.delete_term(Term::from_field_u64(self.fields.key, key_of(subject)));
    }

    /// Commits what was added and removed, and shows it.
    pub fn commit(&mut self, mark: Mark) -> Result<(), Fault> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&mark.payload());
        commit.commit()?;
        self.reader.reload()?;
        self.show(mark.seq)
    }

    /// Makes one segment of all that is committed, once a new index is filled: a question then asks one.
    pub fn pack(&mut self) -> Result<(), Fault> {
        let segments = self.writer.index().searchable_segment_ids()?;
        if segments.len() > 1 {
            self.writer.merge(&segments).wait()?;
            self.reader.reload()?;
            self.show(self.shown.position())?;
        }
        self.merge_by_and_by();
        Ok(())
    }

    /// Says that the journal was read on without anything to index; the next commit keeps it.
    pub fn pass(&self, seq: u64) {
        self.shown.moved(seq);
    }

    /// Waits for merges and ends.
    pub fn close(self) -> Result<(), Fault> {
        Ok(self.writer.wait_merging_threads()?)
    }
}

/// The index of a directory with its mark; `None` where it has no mark of ours. Reads all of it once,
/// since a damaged file would otherwise be found by whoever searches.
fn existing(folder: &Path) -> Result<Option<(tantivy::Index, Mark)>, Fault> {
    if !folder.join("meta.json").exists() {
        return Ok(None);
    }
    let directory = MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?;
    let index = tantivy::Index::open(directory)?;
    if index.schema() != Fields::make().0 {
        return Ok(None);
    }
    let damaged = index.validate_checksum()?;
    if let Some(file) = damaged.iter().next() {
        return Err(std::io::Error::other(format!("{} is damaged", file.display())).into());
    }
    let mark = index.load_metas()?.payload.as_deref().and_then(Mark::of);
    Ok(mark.map(|mark| (index, mark)))
}

/// Every term of a record, once.
fn terms(record: &dyn AnyRecord, fields: &Fields) -> Vec<(tantivy::schema::Field, String)> {
    let mut terms = Vec::new();
    for text in documents::texts(record, &|_, _| true) {
        for token in text.tokens() {
            let field = fields.of(shelf_of(&text, &token));
            push_terms(&text, &token, &mut |term| terms.push((field, term)));
        }
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn push_terms(text: &Text, token: &Token, push: &mut dyn FnMut(String)) {
    let mut term = String::with_capacity(token.text.len() + 1);
    if token.form == Form::Piece {
        term.push(PIECE);
    }
    _ = write!(term, "{}", token.text);
    push(scoped(text.column, &term));
    if !text.only_named {
        push(term);
        if token.tail {
            push(reversed(&token.text));
        }
    }
}
