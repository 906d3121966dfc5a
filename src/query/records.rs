//! The published tables of the plant's own pages: records of a noun, edges of genealogy, the journal;
//! as of the statement's moment, with only the columns that are wanted, and only the records that a
//! filter on an id, a number or an index leaves.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;

use super::kept::Kept;
use super::moment::external;
use super::pages::{Asked, Opening, Paged, Pages};
use super::seek::{Choice, Seek, Span};
use crate::base::{Refusal, Time, limits};
use crate::engine::Engine;
use crate::lake::{EdgeRow, JournalRow, Source, Table};
use crate::model::field::Mark;
use crate::model::permission::Role;
use crate::model::{Fields, LotEdge, Noun};
use crate::store::Snapshot;
use crate::views::changes::visible;
use crate::views::{Row, as_of};

/// The column of the journal that is its key.
const SEQ: &str = "seq";
const RECORDED_AT: &str = "recorded_at";

/// A published table over the engine.
pub(super) struct Records {
    engine: Engine,
    kept: Kept,
    table: Arc<Table>,
    schema: SchemaRef,
    /// Who reads: of the journal not every role sees everything.
    role: Role,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}", self.table.name)
    }
}

impl Records {
    pub(super) fn new(engine: &Engine, kept: &Kept, table: Table, role: Role) -> Self {
        Self { engine: engine.clone(), kept: kept.clone(), schema: table.schema(), table: Arc::new(table), role }
    }
}

impl Paged for Records {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn uses(&self, filter: &Expr) -> bool {
        match self.table.source {
            Source::Records(_) => Choice::of(filter).is_some_and(|choice| {
                let spec = (0..).map_while(|at| self.table.column(at)).find(|spec| spec.name == choice.column);
                spec.is_some_and(|spec| matches!(spec.mark, Mark::Id | Mark::By | Mark::Unique))
            }),
            Source::Journal => [SEQ, RECORDED_AT].iter().any(|column| Span::of(std::slice::from_ref(filter), column) != Span::ALL),
            Source::Edges => false,
        }
    }

    fn rows(&self, filters: &[Expr]) -> Result<Option<usize>> {
        let Source::Records(noun) = self.table.source else { return Ok(None) };
        match Seek::of(&self.table, noun, filters).rows() {
            Some(rows) => Ok(Some(rows)),
            None => self.kept.rows(noun).map(Some).map_err(external),
        }
    }

    fn open(&self, asked: Asked<'_>) -> Result<Opening> {
        let shape = Shape { table: Arc::clone(&self.table), columns: asked.columns, schema: asked.schema };
        let (engine, seq, page) = (self.engine.clone(), asked.moment.seq, asked.page);
        Ok(match self.table.source {
            Source::Records(noun) => {
                let seek = Seek::of(&self.table, noun, asked.filters);
                // A few rows of many are not worth reading a whole piece for.
                let kept = (page == limits::SQL_PAGE).then(|| self.kept.clone());
                Arc::new(move || records(&engine, kept.clone(), noun, seek.clone(), seq, page, shape.clone()))
            }
            Source::Edges => Arc::new(move || edges(&engine, seq, page, shape.clone())),
            Source::Journal => {
                let spans = [Span::of(asked.filters, SEQ), Span::of(asked.filters, RECORDED_AT)];
                let role = self.role;
                Arc::new(move || journal(&engine, role, (spans, seq), page, shape.clone()))
            }
        })
    }
}

/// What rows become.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) table: Arc<Table>,
    /// Places of the wanted columns.
    pub(super) columns: Vec<usize>,
    /// The schema of these.
    pub(super) schema: SchemaRef,
}

impl Shape {
    pub(super) fn batch(&self, rows: &[&dyn Fields]) -> Result<RecordBatch, Refusal> {
        self.table.narrow_batch(&self.schema, &self.columns, rows)
    }

    fn batch_of<R: Fields>(&self, rows: &[R]) -> Result<RecordBatch, Refusal> {
        self.batch(&rows.iter().map(|row| row as &dyn Fields).collect::<Vec<_>>())
    }
}

/// Where a scan of records stands.
enum Place {
    /// Nothing is read yet.
    Start(Seek),
    /// In order, after this number.
    After(u64),
    /// By pieces that are kept: this one is next, up to the last.
    Piece(Kept, u64, u64),
    /// These numbers are left.
    Left(std::vec::IntoIter<u64>),
    End,
}

fn records(engine: &Engine, kept: Option<Kept>, noun: Noun, seek: Seek, seq: u64, page: usize, shape: Shape) -> Pages {
    let engine = engine.clone();
    let mut place = Place::Start(seek);
    Box::new(move || {
        if let Place::Start(seek) = &place {
            place = match engine.read(|snapshot| seek.numbers(snapshot, noun, seq))?? {
                Some(numbers) => Place::Left(numbers.into_iter()),
                None => in_order(kept.as_ref(), noun, seq)?,
            };
        }
        if let Place::Piece(kept, piece, last) = &mut place {
            let batch = (*piece <= *last).then(|| kept.batch(noun, *piece, seq, &shape)).transpose()?;
            *piece += 1;
            return Ok(batch);
        }
        let rows = engine.read(|snapshot| next_records(snapshot, noun, seq, page, &mut place))??;
        rows.map(|rows| shape.batch(&rows.iter().map(|row| row.record.as_ref() as &dyn Fields).collect::<Vec<_>>())).transpose()
    })
}

fn in_order(kept: Option<&Kept>, noun: Noun, seq: u64) -> Result<Place, Refusal> {
    match kept {
        Some(kept) if kept.follow(seq)? => Ok(Place::Piece(kept.clone(), 0, kept.last_piece(noun)?)),
        _ => Ok(Place::After(0)),
    }
}

fn next_records(snapshot: &Snapshot, noun: Noun, seq: u64, page: usize, place: &mut Place) -> Result<Option<Vec<Row>>, Refusal> {
    match place {
        Place::Start(_) | Place::Piece(..) | Place::End => Ok(None),
        Place::After(after) => {
            let found = as_of::page(snapshot, noun, seq, *after, page)?;
            *place = found.next.map_or(Place::End, Place::After);
            Ok(Some(found.rows))
        }
        Place::Left(numbers) => {
            let numbers: Vec<u64> = numbers.take(page).collect();
            if numbers.is_empty() { Ok(None) } else { as_of::records(snapshot, noun, seq, &numbers).map(Some) }
        }
    }
}

fn edges(engine: &Engine, seq: u64, page: usize, shape: Shape) -> Pages {
    let engine = engine.clone();
    let mut after = Some(0);
    Box::new(move || {
        let Some(number) = after else { return Ok(None) };
        let found = engine.read(|snapshot| as_of::page(snapshot, Noun::LotEdge, seq, number, page))??;
        after = found.next;
        let edges: Vec<EdgeRow> = found.rows.iter().filter_map(|row| row.record.as_any().downcast_ref::<LotEdge>().and_then(EdgeRow::of)).collect();
        shape.batch_of(&edges).map(Some)
    })
}

fn journal(engine: &Engine, role: Role, (spans, seq): ([Span; 2], u64), page: usize, shape: Shape) -> Pages {
    let engine = engine.clone();
    let mut range = None;
    Box::new(move || {
        let rows = engine.read(|snapshot| {
            let (after, last) = match range {
                Some(range) => range,
                None => stretch(snapshot, spans, seq)?,
            };
            let upto = last.min(after.saturating_add(page as u64));
            range = Some((upto, last));
            if after >= last {
                return Ok(None);
            }
            let entries = snapshot.entries(after, usize::try_from(upto - after).unwrap_or(page))?;
            let hashes = snapshot.entry_hashes(after + 1, upto)?;
            let seen = entries.into_iter().zip(hashes).filter_map(|(entry, hash)| Some(JournalRow::of(visible(entry, role)?, hash)));
            Ok::<_, Refusal>(Some(seen.collect::<Vec<_>>()))
        })??;
        rows.map(|rows| shape.batch_of(&rows)).transpose()
    })
}

/// The entries that bounds on sequence and time leave: after the first, up to the last.
fn stretch(snapshot: &Snapshot, [by_seq, by_time]: [Span; 2], seq: u64) -> Result<(u64, u64), Refusal> {
    let after = u64::try_from(by_seq.from.saturating_sub(1)).unwrap_or(0);
    let last = u64::try_from(by_seq.to.saturating_sub(1)).unwrap_or(0).min(seq);
    let after = after.max(entries_before(snapshot, by_time.from, seq)?);
    Ok((after, last.min(entries_before(snapshot, by_time.to, seq)?)))
}

/// How many entries were recorded before a moment: recorded times never go back, so halving finds it.
fn entries_before(snapshot: &Snapshot, micros: i64, seq: u64) -> Result<u64, Refusal> {
    let moment = Time::from_micros(micros);
    let (mut low, mut high) = (0, seq);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let is_before = snapshot.entry(middle)?.is_some_and(|entry| entry.recorded_at < moment);
        (low, high) = if is_before { (middle, high) } else { (low, middle - 1) };
    }
    Ok(low)
}
