//! What SQL, Parquet and BI see, declared once: every public noun under its plural with the columns
//! of its declaration, the plant itself, the edges of genealogy and the journal. A new noun is
//! published without a line here. Deliberately not published: timers and other inner nouns, names and
//! contacts of people ([`Mark::Personal`]: what was copied out cannot be erased any more), verifiers,
//! and the digests that stand for either.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};

use super::columns;
use super::partition::Month;
use crate::base::{Code, Decimal, Digest, Refusal, Time, Unit, Value};
use crate::model::field::{Fields, Mark};
use crate::model::genealogy::Node;
use crate::model::noun::Class;
use crate::model::permission::read_act;
use crate::model::{self, Entry, FieldSpec, LotEdge, Noun};
use crate::{fields, line};

/// The moment that a row of these belongs to; it is never changed, so a row never moves to another month.
const TIMES: &[(Noun, &str)] =
    &[(Noun::WorkOrder, "created_at"), (Noun::MaterialTransaction, "transaction_date"), (Noun::OperationReport, "reported_at"), (Noun::LaborTransaction, "transaction_date")];
/// What every other noun has, if it has one.
const TIME_DEFAULT: &str = "created_at";
/// Few and seldom changed like the master data that people make: one file serves a query better than one a month.
const WITHOUT_TIME: &[Noun] = &[Noun::Plant, Noun::User, Noun::ApiToken, Noun::Terminal, Noun::Badge];
/// Digests of verifiers and of names: of no use to a query, and something to guess at.
const HIDDEN: &[&str] = &["secret_digest", "personal_digest"];

line! {
    /// What an entry brought about, and the record it is about.
    EventRow {
        name: String,
        id: String,
    }
}

fields! {
    /// An entry of the journal as a row.
    JournalRow {
        made id seq: i64,
        made plain recorded_at: Time,
        made plain occurred_at: Time,
        made plain actor: String,
        made plain role: String,
        made plain origin: String,
        made plain terminal: Option<String>,
        made plain command_id: Option<String>,
        made plain command: String,
        made plain subject: String,
        /// As JSON; what names a person is left out of it.
        made plain payload: String,
        made plain reason: Option<String>,
        made plain events: Vec<EventRow>,
        /// SHA-256 of the entry before, hexadecimal.
        made plain previous_hash: String,
        /// SHA-256 of this entry, hexadecimal.
        made plain hash: String,
    }
}

impl JournalRow {
    /// The row of an entry and its hash.
    pub fn of(entry: Entry, hash: Digest) -> Self {
        Self {
            seq: i64::try_from(entry.seq).unwrap_or(i64::MAX),
            recorded_at: entry.recorded_at,
            occurred_at: entry.occurred_at,
            actor: entry.actor.name,
            role: entry.actor.role.word().to_owned(),
            origin: entry.origin.word().to_owned(),
            terminal: entry.terminal,
            command_id: entry.command_id,
            command: entry.command,
            subject: entry.subject.to_string(),
            payload: entry.payload,
            reason: entry.reason,
            events: entry.events.into_iter().map(|event| EventRow { name: event.name, id: event.subject.to_string() }).collect(),
            previous_hash: entry.previous.to_string(),
            hash: hash.to_string(),
        }
    }
}

fields! {
    /// An edge of genealogy as a row: its nodes by their ids and nouns, not packed into a number.
    EdgeRow {
        made plain from_id: String,
        made plain from_kind: String,
        made plain to_id: String,
        made plain to_kind: String,
        made plain quantity: Decimal,
        made plain unit_of_measure: Unit,
    }
}

impl EdgeRow {
    /// The row of an edge; `None` for one that was taken back altogether, which no trace shows either.
    pub fn of(edge: &LotEdge) -> Option<Self> {
        let (from, to) = LotEdge::nodes_of(edge.edge_id.number()).filter(|_| !edge.quantity.is_zero())?;
        let (id, kind) = (|node: Node| node.subject().to_string(), |node: Node| node.subject().noun.singular().to_owned());
        Some(Self { from_id: id(from), from_kind: kind(from), to_id: id(to), to_kind: kind(to), quantity: edge.quantity, unit_of_measure: edge.unit_of_measure })
    }
}

/// Where the rows of a published table come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The records of a noun.
    Records(Noun),
    /// The edges of genealogy, as [`EdgeRow`].
    Edges,
    /// The journal, as [`JournalRow`].
    Journal,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    /// Its place among the fields of the source.
    at: usize,
    spec: &'static FieldSpec,
}

/// A published table.
#[derive(Debug)]
pub struct Table {
    /// Its name in SQL and in paths.
    pub name: &'static str,
    /// Where its rows come from.
    pub source: Source,
    columns: Vec<Column>,
    time: Option<Column>,
}

/// All published tables.
pub fn published() -> Vec<Table> {
    let nouns = Noun::ALL.iter().copied().filter_map(|noun| match noun {
        Noun::LotEdge => Some(Table::new(noun.plural(), Source::Edges, EdgeRow::FIELDS, None)),
        Noun::Plant => Some(Table::of_noun(noun)),
        _ => (noun.class() == Class::Public).then(|| Table::of_noun(noun)),
    });
    nouns.chain([Table::new("journal", Source::Journal, JournalRow::FIELDS, Some("recorded_at"))]).collect()
}

fn time_of(noun: Noun) -> Option<&'static str> {
    let known = TIMES.iter().find(|(known, _)| *known == noun).map(|(_, column)| *column);
    let few = WITHOUT_TIME.contains(&noun) || Noun::MADE_BY_PEOPLE.contains(&noun);
    known.or((!few).then_some(TIME_DEFAULT))
}

impl Table {
    fn of_noun(noun: Noun) -> Self {
        Self::new(noun.plural(), Source::Records(noun), model::columns(noun), time_of(noun))
    }

    fn new(name: &'static str, source: Source, specs: &'static [FieldSpec], time: Option<&str>) -> Self {
        let all = || specs.iter().enumerate().map(|(at, spec)| Column { at, spec });
        let columns = all().filter(|it| it.spec.mark != Mark::Personal && !HIDDEN.contains(&it.spec.name)).collect();
        let time = all().find(|it| Some(it.spec.name) == time && !it.spec.nullable);
        Self { name, source, columns, time }
    }

    /// What reading it is, in the table of permissions.
    pub const fn act(&self) -> &'static str {
        match self.source {
            Source::Records(noun) => read_act(noun),
            Source::Edges => "ReadTrace",
            Source::Journal => "ReadChanges",
        }
    }

    /// Column, type as SQL spells it, and whether it may be absent.
    pub fn described(&self) -> impl Iterator<Item = (&'static str, String, bool)> + '_ {
        self.columns.iter().map(|it| (it.spec.name, columns::sql_type(&it.spec.kind), it.spec.nullable))
    }

    /// The column whose month a row is filed under; `None` where the table is not partitioned by time.
    pub fn time(&self) -> Option<&'static str> {
        self.time.map(|column| column.spec.name)
    }

    /// Its Arrow schema.
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(|it| columns::field(it.spec)).collect::<Vec<_>>()))
    }

    /// What the column at a place of its schema holds, and how it is found.
    pub fn column(&self, at: usize) -> Option<&'static FieldSpec> {
        self.columns.get(at).map(|column| column.spec)
    }

    /// Rows of its source as one batch of its schema.
    pub fn batch(&self, schema: &SchemaRef, rows: &[&dyn Fields]) -> Result<RecordBatch, Refusal> {
        self.narrow_batch(schema, &(0..self.columns.len()).collect::<Vec<_>>(), rows)
    }

    /// Rows of its source as one batch of some columns, given by their places in its schema; `schema` is that of these alone.
    pub fn narrow_batch(&self, schema: &SchemaRef, places: &[usize], rows: &[&dyn Fields]) -> Result<RecordBatch, Refusal> {
        let made = places.iter().filter_map(|place| self.columns.get(*place)).map(|column| {
            let values: Vec<Value> = rows.iter().map(|row| row.value(column.at)).collect();
            columns::array(&column.spec.kind, &values.iter().collect::<Vec<_>>())
        });
        // A batch without columns still has rows, which a count asks for.
        let counted = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = made.collect::<Result<Vec<_>, _>>().and_then(|arrays| RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &counted));
        batch.map_err(|error| Refusal::new(Code::Internal, format!("the table {} has a row that is not as declared: {error}", self.name)))
    }

    pub(super) fn month(&self, row: &dyn Fields) -> Option<Month> {
        match row.value(self.time?.at) {
            Value::Time(time) => Some(Month::of(time)),
            Value::Date(date) => Some(Month::of_date(date)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::Kind;

    #[test]
    fn every_public_noun_is_published_and_no_inner_one_but_plant_and_edges() {
        let names: BTreeSet<&str> = published().iter().map(|table| table.name).collect();
        assert_eq!(names.len(), published().len(), "two tables have one name");
        for noun in Noun::ALL {
            let wanted = noun.class() == Class::Public || matches!(noun, Noun::Plant | Noun::LotEdge);
            assert_eq!(names.contains(noun.plural()), wanted, "{noun:?}");
        }
        assert!(names.contains("journal") && !names.contains("timers"));
    }

    #[test]
    fn nothing_that_names_a_person_or_stands_for_a_secret_is_a_column() {
        for table in published() {
            let columns: Vec<&str> = table.described().map(|(name, ..)| name).collect();
            assert!(!columns.iter().any(|name| HIDDEN.contains(name)), "{}: {columns:?}", table.name);
            let Source::Records(noun) = table.source else { continue };
            let personal = model::columns(noun).iter().filter(|spec| spec.mark == Mark::Personal);
            personal.for_each(|spec| assert!(!columns.contains(&spec.name), "{}.{}", table.name, spec.name));
        }
    }

    #[test]
    fn a_table_is_filed_under_a_moment_that_is_always_there_or_under_none() {
        for table in published() {
            let Source::Records(noun) = table.source else { continue };
            let told = TIMES.iter().find(|(known, _)| *known == noun).map(|(_, column)| *column);
            assert!(told.is_none() || table.time() == told, "{} has no {told:?} that is always there", table.name);
            assert!(table.time.is_none_or(|column| matches!(column.spec.kind, Kind::Time | Kind::Date)), "{}", table.name);
        }
        let time = |name: &str| published().into_iter().find(|table| table.name == name).and_then(|table| table.time());
        assert_eq!([time("lots"), time("journal"), time("products"), time("users")], [Some("created_at"), Some("recorded_at"), None, None]);
    }

    #[test]
    fn the_keys_of_the_folders_are_no_columns() {
        for table in published() {
            for key in ["plant", "year", "month"] {
                assert!(table.described().all(|(name, ..)| name != key), "{}.{key} would hide the folder's", table.name);
            }
        }
    }

    #[test]
    fn an_edge_that_was_taken_back_is_no_row() {
        let node = |noun, number| Node::of(model::Subject { noun, number }).unwrap();
        let (from, to) = (node(Noun::Lot, 3), node(Noun::WorkOrder, 8));
        let mut edge = LotEdge { edge_id: model::Id::new(LotEdge::number_of(from, to)), quantity: Decimal::ONE, unit_of_measure: Unit::Kg };
        let row = EdgeRow::of(&edge).unwrap();
        assert_eq!([row.from_id, row.from_kind, row.to_id, row.to_kind], ["LOT-000003", "lot", "WO-000008", "work_order"]);
        edge.quantity = Decimal::ZERO;
        assert_eq!(EdgeRow::of(&edge), None);
    }
}
