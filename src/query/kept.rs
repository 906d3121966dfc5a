//! Columns of the plant's records kept in memory between statements, since decoding every record is what
//! a scan costs. A piece is the columns that were asked for of so many numbers of a noun, as one entry of
//! the journal left them. The journal says which pieces changed since; such a piece is read anew when it
//! is next asked for. Deliberately no second truth: a piece that cannot be proved to show the statement's
//! moment is not used, what was not asked for is not kept, and what nobody reads is let go.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use datafusion::arrow::array::{Array as _, ArrayRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::records::Shape;
use crate::base::{Code, Refusal, limits};
use crate::engine::Engine;
use crate::model::{Fields, Noun};
use crate::store::Snapshot;
use crate::views::as_of;

/// A piece of a noun: the first one, the second, and so on.
type Place = (Noun, u64);

/// The kept columns of a plant. Clones are the same.
#[derive(Clone)]
pub(super) struct Kept {
    engine: Engine,
    /// Numbers of a piece.
    numbers: u64,
    /// What may be kept at most, in bytes.
    most: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The entries whose changes are known: after the first, up to the last.
    followed: Option<(u64, u64)>,
    /// The newest of them that changed a place.
    changed: HashMap<Place, u64>,
    pieces: HashMap<Place, Piece>,
    bytes: usize,
}

struct Piece {
    /// It shows the plant as this entry left it.
    seq: u64,
    rows: usize,
    columns: HashMap<usize, ArrayRef>,
    bytes: usize,
    read: Instant,
}

/// Columns of a place as one entry left them: rows, then a column for each that was asked for.
type Columns = (usize, Vec<(usize, ArrayRef)>);

impl Kept {
    pub(super) fn new(engine: &Engine, numbers: u64, most: usize) -> Self {
        Self { engine: engine.clone(), numbers, most, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns what changed up to an entry. Whether pieces may show it: the far past is not for them.
    pub(super) fn follow(&self, seq: u64) -> Result<bool, Refusal> {
        let known = self.state().followed.filter(|(_, last)| seq.saturating_sub(*last) <= limits::SQL_KEPT_BEHIND_MAX);
        let Some((first, last)) = known else {
            self.state().begin(seq);
            return Ok(true);
        };
        if seq > last {
            let mut changes = HashMap::new();
            self.engine.read(|snapshot| {
                snapshot.each_change(last, seq, |seq, subject| {
                    // An edge's number is made of its two nodes, so that almost each would have a piece of its own; edges are not kept.
                    if subject.noun != Noun::LotEdge {
                        changes.insert((subject.noun, subject.number / self.numbers), seq);
                    }
                })
            })??;
            self.state().learn((last, seq), changes);
        }
        Ok(seq >= first)
    }

    /// The rows of a place as an entry left them, in the shape asked for. What is missing is read, and kept.
    pub(super) fn batch(&self, noun: Noun, piece: u64, seq: u64, shape: &Shape) -> Result<RecordBatch, Refusal> {
        let place = (noun, piece);
        let known = self.state().known(place, seq, &shape.columns);
        let (rows, columns) = match known {
            Some(known) => known,
            None => {
                let first = piece * self.numbers;
                let read = self.engine.read(|snapshot| read(snapshot, noun, first..first + self.numbers, seq, shape))??;
                self.state().keep(place, seq, &read, self.most);
                read
            }
        };
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let counted = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&shape.schema), arrays, &counted).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
    }

    /// The last place of a noun.
    pub(super) fn last_piece(&self, noun: Noun) -> Result<u64, Refusal> {
        Ok(self.engine.read(|snapshot| snapshot.count(noun))?? / self.numbers)
    }

    /// About how many records of a noun there are.
    pub(super) fn rows(&self, noun: Noun) -> Result<usize, Refusal> {
        Ok(usize::try_from(self.engine.read(|snapshot| snapshot.count(noun))??).unwrap_or(usize::MAX))
    }

    /// Lets go what nobody has read for a time.
    pub(super) fn let_go(&self, unread: Duration) {
        let mut state = self.state();
        let idle: Vec<Place> = state.pieces.iter().filter(|(_, piece)| piece.read.elapsed() >= unread).map(|(place, _)| *place).collect();
        idle.into_iter().for_each(|place| state.drop_piece(place));
        if state.pieces.is_empty() {
            *state = State::default();
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.state().bytes
    }
}

impl State {
    fn begin(&mut self, seq: u64) {
        *self = Self { followed: Some((seq, seq)), ..Self::default() };
    }

    /// Adds the changes of a stretch of entries. Another statement may have been quicker, or begun anew.
    fn learn(&mut self, (after, last): (u64, u64), changes: HashMap<Place, u64>) {
        let Some((first, known)) = self.followed.filter(|(_, known)| *known >= after) else { return };
        for (place, seq) in changes {
            let newest = self.changed.entry(place).or_insert(seq);
            *newest = seq.max(*newest);
        }
        self.followed = Some((first, known.max(last)));
    }

    /// Whether what a piece shows is what another entry left: nothing changed the place between the two.
    fn shows(&self, place: Place, piece_seq: u64, seq: u64) -> bool {
        let Some((first, last)) = self.followed else { return false };
        let changed = self.changed.get(&place).copied().unwrap_or(0);
        let (earlier, later) = (piece_seq.min(seq), piece_seq.max(seq));
        (first <= earlier && later <= last) && changed <= earlier
    }

    fn known(&mut self, place: Place, seq: u64, wanted: &[usize]) -> Option<Columns> {
        let shows = self.shows(place, self.pieces.get(&place)?.seq, seq);
        let piece = self.pieces.get_mut(&place).filter(|_| shows)?;
        let columns = wanted.iter().map(|at| piece.columns.get(at).map(|array| (*at, Arc::clone(array)))).collect::<Option<Vec<_>>>()?;
        piece.read = Instant::now();
        Some((piece.rows, columns))
    }

    /// Keeps what was read as an entry left it: beside the columns of the same state, in place of older ones.
    fn keep(&mut self, place: Place, seq: u64, (rows, columns): &Columns, most: usize) {
        if self.followed.is_none_or(|(first, last)| seq < first || seq > last) {
            return;
        }
        match self.pieces.get(&place).map(|piece| piece.seq) {
            Some(known) if self.shows(place, known, seq) => {}
            Some(known) if known > seq => return,
            _ => self.drop_piece(place),
        }
        let bytes: usize = columns.iter().map(|(_, array)| array.get_array_memory_size()).sum();
        if !self.make_room(place.0, bytes, most) {
            return;
        }
        let piece = self.pieces.entry(place).or_insert_with(|| Piece { seq, rows: *rows, columns: HashMap::new(), bytes: 0, read: Instant::now() });
        for (at, array) in columns {
            if piece.columns.insert(*at, Arc::clone(array)).is_none() {
                piece.bytes += array.get_array_memory_size();
                self.bytes += array.get_array_memory_size();
            }
        }
    }

    /// Lets go what was read longest ago, but nothing of the same noun: a scan that is larger than the room
    /// would let go what the next one begins with.
    fn make_room(&mut self, noun: Noun, bytes: usize, most: usize) -> bool {
        while self.bytes + bytes > most {
            let others = self.pieces.iter().filter(|((other, _), _)| *other != noun);
            let Some(oldest) = others.min_by_key(|(_, piece)| piece.read).map(|(place, _)| *place) else { return false };
            self.drop_piece(oldest);
        }
        true
    }

    fn drop_piece(&mut self, place: Place) {
        if let Some(piece) = self.pieces.remove(&place) {
            self.bytes -= piece.bytes;
        }
    }
}

/// The columns of the records with these numbers as an entry left them.
fn read(snapshot: &Snapshot, noun: Noun, numbers: Range<u64>, seq: u64, shape: &Shape) -> Result<Columns, Refusal> {
    let most = usize::try_from(numbers.end - numbers.start).unwrap_or(usize::MAX);
    let page = as_of::page(snapshot, noun, seq, numbers.start.saturating_sub(1), most)?;
    let records = page.rows.iter().map(|row| row.record.as_ref()).take_while(|record| record.number() < numbers.end);
    let own: Vec<&dyn Fields> = records.map(|record| record as &dyn Fields).collect();
    let batch = shape.batch(&own)?;
    let shrunk = batch.columns().iter().map(|array| {
        let mut array = Arc::clone(array);
        array.shrink_to_fit();
        array
    });
    Ok((batch.num_rows(), shape.columns.iter().copied().zip(shrunk).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Envelope, Options};
    use crate::lake::{Source, Table, published};
    use crate::model::command::{Command, FoundPlant};
    use crate::model::journal::Actor;
    use crate::model::{Id, Role, Subject, WorkOrder};
    use crate::store::Store;
    use crate::store::tables::Replacement;

    const NUMBERS: u64 = 64;
    /// Three pieces of them.
    const ORDERS: u64 = 2 * NUMBERS + 10;

    fn engine() -> Engine {
        let store = Store::in_memory().unwrap();
        store
            .write(|tables| {
                for number in 1..=ORDERS {
                    let order = WorkOrder { work_order_id: Id::new(number), planned_quantity: 5, ..WorkOrder::default() };
                    tables.lay(&Replacement { subject: Subject { noun: Noun::WorkOrder, number }, old: None, new: Some(Box::new(order)) }, 0)?;
                }
                Ok(())
            })
            .unwrap();
        let engine = Engine::start(store, Options::default()).unwrap();
        act(&engine, Command::FoundPlant(FoundPlant { plant_name: "Kept".to_owned(), timezone: "UTC".to_owned(), simulated: false }));
        engine
    }

    fn act(engine: &Engine, command: Command) -> u64 {
        engine.submit_wait(Envelope::of(Actor { user: 1, name: "kept".to_owned(), role: Role::Admin }, command)).unwrap();
        *engine.head().borrow()
    }

    fn shape(names: &[&str]) -> Shape {
        let table: Table = published().into_iter().find(|table| table.source == Source::Records(Noun::WorkOrder)).unwrap();
        let schema = table.schema();
        let columns: Vec<usize> = names.iter().map(|name| schema.index_of(name).unwrap()).collect();
        Shape { schema: Arc::new(schema.project(&columns).unwrap()), columns, table: Arc::new(table) }
    }

    /// Every piece of a noun, as statements read it.
    fn kept_rows(kept: &Kept, seq: u64, shape: &Shape) -> Vec<String> {
        assert!(kept.follow(seq).unwrap());
        let batches = (0..=kept.last_piece(Noun::WorkOrder).unwrap()).map(|piece| kept.batch(Noun::WorkOrder, piece, seq, shape).unwrap());
        told(&batches.collect::<Vec<_>>())
    }

    /// The same, record by record through history.
    fn slow_rows(engine: &Engine, seq: u64, shape: &Shape) -> Vec<String> {
        let page = engine.read(|snapshot| as_of::page(snapshot, Noun::WorkOrder, seq, 0, usize::MAX)).unwrap().unwrap();
        told(&[shape.batch(&page.rows.iter().map(|row| row.record.as_ref() as &dyn Fields).collect::<Vec<_>>()).unwrap()])
    }

    fn told(batches: &[RecordBatch]) -> Vec<String> {
        datafusion::arrow::util::pretty::pretty_format_batches(batches).unwrap().to_string().lines().map(str::to_owned).collect()
    }

    fn prioritise(engine: &Engine, number: u64, priority: i64) -> u64 {
        let at = crate::model::columns(Noun::WorkOrder).iter().position(|spec| spec.name == "priority").unwrap();
        act(engine, Command::Update { subject: Subject { noun: Noun::WorkOrder, number }, values: vec![(at, crate::base::Value::Int(priority))] })
    }

    #[test]
    fn whatever_changes_meanwhile_kept_columns_are_those_of_a_snapshot() {
        let engine = engine();
        let kept = Kept::new(&engine, NUMBERS, limits::SQL_KEPT);
        let shapes = [shape(&["work_order_id", "priority"]), shape(&["priority", "planned_quantity"]), shape(&[])];
        let mut dice = 7_u64;
        let mut moments = vec![*engine.head().borrow()];
        assert!(kept.follow(moments[0]).unwrap());
        for turn in 0..24_usize {
            for _ in 0..turn % 3 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                moments.push(prioritise(&engine, 1 + (dice >> 33) % ORDERS, 1 + i64::try_from(dice >> 40).unwrap() % 10));
            }
            // A statement that began earlier reads between those that began later.
            let seq = moments[if turn % 2 == 0 { moments.len() - 1 } else { (dice >> 33) as usize % moments.len() }];
            let shape = &shapes[turn % shapes.len()];
            assert!(kept_rows(&kept, seq, shape) == slow_rows(&engine, seq, shape), "turn {turn}, entry {seq} of {moments:?}");
        }
        assert!(!kept.follow(moments[0] - 1).unwrap(), "what was before the first statement is not for pieces");
    }

    #[test]
    fn a_change_costs_its_own_piece_and_no_other() {
        let engine = engine();
        let kept = Kept::new(&engine, NUMBERS, limits::SQL_KEPT);
        let shape = shape(&["priority"]);
        let head = *engine.head().borrow();
        kept_rows(&kept, head, &shape);
        let head = prioritise(&engine, NUMBERS + 5, 3);
        kept.follow(head).unwrap();
        let known = |piece: u64| kept.state().known((Noun::WorkOrder, piece), head, &shape.columns).is_some();
        assert_eq!([known(0), known(1), known(2)], [true, false, true]);
    }

    #[test]
    fn memory_is_bounded_and_given_back_when_nobody_reads() {
        let engine = engine();
        let head = *engine.head().borrow();
        let shape = shape(&["work_order_id"]);
        let kept = Kept::new(&engine, NUMBERS, 3_000);
        kept_rows(&kept, head, &shape);
        assert!((1..=3_000).contains(&kept.bytes()), "{}", kept.bytes());
        let first = kept.state().known((Noun::WorkOrder, 0), head, &shape.columns).is_some();
        assert!(first, "what did not fit does not push out what the next scan begins with");
        kept.let_go(Duration::from_secs(60));
        assert!(kept.bytes() > 0);
        kept.let_go(Duration::ZERO);
        assert_eq!(kept.bytes(), 0);
        assert_eq!(kept_rows(&kept, head, &shape), slow_rows(&engine, head, &shape));
    }
}
