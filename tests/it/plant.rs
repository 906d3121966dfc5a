//! A small plant to give commands to: one factory, one line, one work center, one shift pattern,
//! one supplier, one customer, sheet metal that also counts in kilograms, and a product of three
//! operations. The clock stands at Monday 2026-03-02 08:00 in Berlin until a test moves it.

use std::fmt::Write as _;
use std::time::Duration;

use millwright::base::{Code, Date, Decimal, Digest, Refusal, Time, Unit, Value};
use millwright::engine::clock::Clock;
use millwright::engine::{Engine, Envelope, Options, Outcome};
use millwright::model::command::{self, FieldValues};
use millwright::model::journal::{Actor, Origin};
use millwright::model::material::TransactionType;
use millwright::model::{self, AnyRecord, Command, Id, Kind, Lot, LotEdge, Noun, Record, Role, Subject, WorkOrder, WorkOrderOperation};
use millwright::store::{Snapshot, Store, View, codec};

pub(crate) type Answer = Result<Outcome, Refusal>;

pub(crate) const ZONE: &str = "Europe/Berlin";
/// Monday 2026-03-02, 08:00 in Berlin.
pub(crate) const MONDAY: &str = "2026-03-02T07:00:00Z";

pub(crate) struct Plant {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
}

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn time(text: &str) -> Time {
    text.parse().unwrap()
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn number(number: i64) -> Value {
    Value::Int(number)
}

pub(crate) fn exact(text: &str) -> Value {
    Value::Dec(dec(text))
}

pub(crate) fn key(noun: Noun, number: u64) -> Value {
    Value::Key(noun.prefix(), number)
}

fn values(noun: Noun, fields: &[(&'static str, Value)]) -> FieldValues {
    let columns = model::columns(noun);
    let at = |name: &str| columns.iter().position(|spec| spec.name == name).unwrap_or_else(|| panic!("{noun:?} has no column {name}"));
    fields.iter().map(|(name, value)| (at(name), value.clone())).collect()
}

pub(crate) fn create(noun: Noun, fields: &[(&'static str, Value)]) -> Command {
    Command::Create { noun, values: values(noun, fields) }
}

pub(crate) fn update(noun: Noun, number: u64, fields: &[(&'static str, Value)]) -> Command {
    Command::Update { subject: Subject { noun, number }, values: values(noun, fields) }
}

macro_rules! order_acts {
    ($($act:ident $name:ident;)+) => { $(pub(crate) fn $act(order: u64) -> Command {
        Command::$name(command::$name { work_order_id: Id::new(order) })
    })+ };
}
order_acts! {
    release ReleaseWorkOrder;
    start StartWorkOrder;
    hold HoldWorkOrder;
    resume ResumeWorkOrder;
    complete CompleteWorkOrder;
    close CloseWorkOrder;
    cancel CancelWorkOrder;
    reopen ReopenWorkOrder;
}

pub(crate) fn schedule(order: u64) -> Command {
    let (scheduled_start_time, scheduled_end_time) = (time("2026-03-03T07:00:00Z"), time("2026-03-03T12:00:00Z"));
    Command::ScheduleWorkOrder(command::ScheduleWorkOrder {
        work_order_id: Id::new(order),
        line_id: Id::new(1),
        scheduled_start_time,
        scheduled_end_time,
        ..command::ScheduleWorkOrder::default()
    })
}

pub(crate) fn split_order(order: u64, quantity: i64) -> Command {
    Command::SplitWorkOrder(command::SplitWorkOrder { work_order_id: Id::new(order), quantity })
}

pub(crate) fn start_operation(order: u64, operation_sequence: i64) -> Command {
    Command::StartOperation(command::StartOperation { work_order_id: Id::new(order), operation_sequence, ..Default::default() })
}

pub(crate) fn finish_operation(order: u64, operation_sequence: i64) -> Command {
    Command::FinishOperation(command::FinishOperation { work_order_id: Id::new(order), operation_sequence })
}

/// Good, rejected, scrapped, to rework, held.
pub(crate) fn report(order: u64, operation_sequence: i64, pieces: [i64; 5]) -> Command {
    let [good_quantity, rejected_quantity, scrapped_quantity, rework_quantity, held_quantity] = pieces;
    Command::ReportOperation(command::ReportOperation {
        work_order_id: Id::new(order),
        operation_sequence,
        good_quantity,
        rejected_quantity,
        scrapped_quantity,
        rework_quantity,
        held_quantity,
        ..Default::default()
    })
}

pub(crate) fn good(order: u64, operation_sequence: i64, pieces: i64) -> Command {
    report(order, operation_sequence, [pieces, 0, 0, 0, 0])
}

pub(crate) fn reverse_report(report: u64) -> Command {
    Command::ReverseReport(command::ReverseReport { report_id: Id::new(report) })
}

pub(crate) fn reverse_movement(movement: u64) -> Command {
    Command::ReverseMaterialTransaction(command::ReverseMaterialTransaction { transaction_id: Id::new(movement) })
}

pub(crate) fn movement(transaction_type: TransactionType, lot: &str, quantity: &str) -> command::RecordMaterialTransaction {
    command::RecordMaterialTransaction { transaction_type, quantity: dec(quantity), lot_number: Some(lot.to_owned()), ..Default::default() }
}

pub(crate) fn moves(movement: command::RecordMaterialTransaction) -> Command {
    Command::RecordMaterialTransaction(movement)
}

pub(crate) fn receipt_of(material: &str, lot: &str, quantity: &str) -> command::RecordMaterialTransaction {
    command::RecordMaterialTransaction { material_code: Some(material.to_owned()), ..movement(TransactionType::Receipt, lot, quantity) }
}

/// Sheets of heat H1 from the one supplier.
pub(crate) fn receive(lot: &str, quantity: &str) -> Command {
    let receipt = receipt_of("SHEET", lot, quantity);
    moves(command::RecordMaterialTransaction { heat_number: Some("H1".to_owned()), supplier_id: Some(Id::new(1)), unit_cost: Some(dec("12.5")), ..receipt })
}

pub(crate) fn for_order(kind: TransactionType, order: u64, lot: &str, quantity: &str) -> command::RecordMaterialTransaction {
    command::RecordMaterialTransaction { work_order_id: Some(Id::new(order)), ..movement(kind, lot, quantity) }
}

pub(crate) fn issue(order: u64, lot: &str, quantity: &str) -> Command {
    moves(for_order(TransactionType::Issue, order, lot, quantity))
}

pub(crate) fn give_back(order: u64, lot: &str, quantity: &str) -> Command {
    moves(for_order(TransactionType::Return, order, lot, quantity))
}

pub(crate) fn produce(order: u64, material: &str, lot: &str, quantity: &str) -> command::RecordMaterialTransaction {
    command::RecordMaterialTransaction { material_code: Some(material.to_owned()), ..for_order(TransactionType::Production, order, lot, quantity) }
}

pub(crate) fn hold_lot(lot: u64) -> Command {
    Command::HoldLot(command::HoldLot { lot_id: Id::new(lot) })
}

pub(crate) fn release_lot(lot: u64) -> Command {
    Command::ReleaseLot(command::ReleaseLot { lot_id: Id::new(lot) })
}

pub(crate) fn split_lot(lot: u64, quantity: &str, into: &str) -> Command {
    Command::SplitLot(command::SplitLot { lot_id: Id::new(lot), quantity: dec(quantity), new_lot_number: Some(into.to_owned()), to_location: None })
}

pub(crate) fn merge_lots(lot: u64, from: &[&str]) -> Command {
    Command::MergeLots(command::MergeLots { lot_id: Id::new(lot), from_lot_numbers: from.iter().map(|lot| (*lot).to_owned()).collect() })
}

pub(crate) fn plan_shipment(lines: &[(&str, &str)]) -> Command {
    let line = |(lot, quantity): &(&str, &str)| model::shipment::ShipmentLine { lot_number: (*lot).to_owned(), quantity: dec(quantity), unit_of_measure: Unit::Ea };
    Command::CreateShipment(command::CreateShipment { customer_id: Id::new(1), lines: lines.iter().map(line).collect(), ..Default::default() })
}

pub(crate) fn ship(shipment: u64) -> Command {
    Command::ShipShipment(command::ShipShipment { shipment_id: Id::new(shipment), ..Default::default() })
}

pub(crate) fn clock_in(employee: u64) -> Command {
    Command::ClockIn(command::ClockIn { employee_id: Id::new(employee), ..Default::default() })
}

pub(crate) fn clock_in_on(employee: u64, order: u64, operation: i64) -> Command {
    Command::ClockIn(command::ClockIn { employee_id: Id::new(employee), work_order_id: Some(Id::new(order)), operation_sequence: Some(operation), ..Default::default() })
}

pub(crate) fn clock_out(row: u64) -> Command {
    Command::ClockOut(command::ClockOut { labor_transaction_id: Id::new(row), ..Default::default() })
}

pub(crate) fn order_for(product: u64, planned: i64) -> Command {
    create(Noun::WorkOrder, &[("product_id", key(Noun::Product, product)), ("planned_quantity", number(planned))])
}

pub(crate) fn rework_of(parent: u64, planned: i64) -> Command {
    let fields =
        [("product_id", key(Noun::Product, 1)), ("planned_quantity", number(planned)), ("order_type", text("rework")), ("parent_work_order_id", key(Noun::WorkOrder, parent))];
    create(Noun::WorkOrder, &fields)
}

pub(crate) fn found(simulated: bool) -> Command {
    Command::FoundPlant(command::FoundPlant { plant_name: "Test Works".to_owned(), timezone: ZONE.to_owned(), simulated })
}

fn step(sequence: i64, name: &str) -> Value {
    Value::Object(vec![
        ("operation_sequence", number(sequence)),
        ("operation_name", text(name)),
        ("work_center_id", key(Noun::WorkCenter, 1)),
        ("setup_minutes", exact("10")),
        ("standard_time_per_unit_seconds", exact("60")),
    ])
}

pub(crate) fn shift(code: &str, start: &str, end: &str, days: &[i64]) -> Command {
    let clock = |text: &str| Value::Clock(text.parse().unwrap());
    let days = Value::List(days.iter().map(|day| number(*day)).collect());
    let names = [("shift_name", text(code)), ("shift_code", text(code)), ("start_time", clock(start)), ("end_time", clock(end)), ("days_of_week", days)];
    let fields: Vec<_> = std::iter::once(("factory_id", key(Noun::Factory, 1))).chain(names).collect();
    create(Noun::Shift, &fields)
}

/// The master data of the small plant, in the order in which it is made.
pub(crate) fn master_data() -> Vec<Command> {
    let factor = Value::List(vec![Value::Object(vec![("unit", text("KG")), ("factor", exact("0.05"))])]);
    let steps = Value::List(vec![step(10, "Cut"), step(20, "Bend"), step(30, "Weld")]);
    vec![
        create(Noun::Factory, &[("factory_name", text("Works"))]),
        create(Noun::ProductionLine, &[("factory_id", key(Noun::Factory, 1)), ("line_name", text("Laser line"))]),
        create(Noun::WorkCenter, &[("work_center_code", text("LASER")), ("work_center_name", text("Laser")), ("line_id", key(Noun::ProductionLine, 1))]),
        shift("DAY", "06:00", "22:00", &[1, 2, 3, 4, 5]),
        create(Noun::Supplier, &[("supplier_code", text("STEEL")), ("supplier_name", text("Steel & Sons"))]),
        create(Noun::Customer, &[("customer_code", text("ACME")), ("customer_name", text("Acme"))]),
        create(Noun::Material, &[("material_code", text("SHEET")), ("material_name", text("Sheet S235")), ("stock_unit", text("SHEET")), ("unit_factors", factor)]),
        create(Noun::Product, &[("product_code", text("BRACKET")), ("product_name", text("Bracket"))]),
        create(Noun::Routing, &[("product_id", key(Noun::Product, 1)), ("steps", steps)]),
        create(Noun::Employee, &[("employee_code", text("E1")), ("hourly_rate", exact("30"))]),
        create(Noun::Employee, &[("employee_code", text("E2"))]),
    ]
}

pub(crate) fn actor(role: Role) -> Actor {
    Actor { user: 1, name: role.word().to_owned(), role }
}

pub(crate) fn by(role: Role, command: Command) -> Envelope {
    Envelope::of(actor(role), command)
}

pub(crate) fn options(clock: &Clock) -> Options {
    Options { clock: clock.clone(), space_floor: 0, timers: false, reopen_waits: vec![Duration::ZERO; 2] }
}

impl Plant {
    /// A founded plant with its master data.
    pub(crate) fn new() -> Self {
        let plant = Self::founded(false);
        for command in master_data() {
            plant.admin(command).unwrap();
        }
        plant
    }

    /// A founded plant without anything in it.
    pub(crate) fn founded(simulated: bool) -> Self {
        let plant = Self::on(Store::in_memory().unwrap());
        plant.admin(found(simulated)).unwrap();
        plant
    }

    pub(crate) fn on(store: Store) -> Self {
        let clock = Clock::manual(time(MONDAY));
        Self { engine: Engine::start(store, options(&clock)).unwrap(), clock }
    }

    pub(crate) fn ask(&self, role: Role, command: Command) -> Answer {
        self.engine.submit_wait(by(role, command))
    }

    pub(crate) fn admin(&self, command: Command) -> Answer {
        self.ask(Role::Admin, command)
    }

    pub(crate) fn lead(&self, command: Command) -> Answer {
        self.ask(Role::Lead, command)
    }

    /// A lead's command with its reason.
    pub(crate) fn because(&self, reason: &str, command: Command) -> Answer {
        self.engine.submit_wait(Envelope { reason: Some(reason.to_owned()), ..by(Role::Lead, command) })
    }

    /// A lead's command about another time.
    pub(crate) fn at(&self, occurred_at: &str, command: Command) -> Answer {
        self.engine.submit_wait(Envelope { occurred_at: Some(time(occurred_at)), ..by(Role::Lead, command) })
    }

    pub(crate) fn with_id(&self, command_id: &str, command: Command) -> Answer {
        self.engine.submit_wait(Envelope { command_id: Some(command_id.to_owned()), ..by(Role::Lead, command) })
    }

    pub(crate) fn simulator(&self, occurred_at: &str, command: Command) -> Answer {
        self.engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(time(occurred_at)), ..by(Role::Admin, command) })
    }

    /// All these, each of which must be accepted; answers the last record.
    pub(crate) fn all(&self, commands: impl IntoIterator<Item = Command>) -> u64 {
        let mut last = 0;
        for command in commands {
            let shown = format!("{command:?}");
            last = self.because("as told", command).unwrap_or_else(|refusal| panic!("{shown}: {refusal}")).subject.number;
        }
        last
    }

    /// An order for brackets.
    pub(crate) fn order(&self, planned: i64) -> u64 {
        self.all([order_for(1, planned)])
    }

    /// An order for brackets whose first operation runs.
    pub(crate) fn running(&self, planned: i64) -> u64 {
        let order = self.order(planned);
        self.all([release(order), start_operation(order, 10)]);
        order
    }

    /// An order for brackets through all three operations: all good, nothing finished.
    pub(crate) fn made(&self, pieces: i64) -> u64 {
        let order = self.running(pieces);
        self.all([good(order, 10, pieces), start_operation(order, 20), good(order, 20, pieces), start_operation(order, 30), good(order, 30, pieces)]);
        order
    }

    pub(crate) fn wait(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> T {
        self.engine.read(look).unwrap()
    }

    pub(crate) fn get<R: Record>(&self, number: u64) -> R {
        self.read(|snapshot| snapshot.get(Id::<R>::new(number))).unwrap().unwrap_or_else(|| panic!("there is no {:?} {number}", R::NOUN))
    }

    pub(crate) fn work_order(&self, number: u64) -> WorkOrder {
        self.get(number)
    }

    pub(crate) fn operation(&self, order: u64, sequence: i64) -> WorkOrderOperation {
        let operations: Vec<WorkOrderOperation> = self.every();
        operations.into_iter().find(|it| it.work_order_id.number() == order && it.operation_sequence == sequence).unwrap()
    }

    pub(crate) fn lot(&self, number: &str) -> Lot {
        self.read(|snapshot| snapshot.find("lot_number", number)).unwrap().unwrap_or_else(|| panic!("there is no lot {number}"))
    }

    /// All records of a noun.
    pub(crate) fn every<R: Record>(&self) -> Vec<R> {
        self.read(|snapshot| every(snapshot))
    }

    pub(crate) fn head(&self) -> (u64, Digest) {
        self.read(Snapshot::head_hash).unwrap()
    }

    pub(crate) fn events(&self, seq: u64) -> Vec<String> {
        self.read(|snapshot| snapshot.entry(seq)).unwrap().unwrap().events.into_iter().map(|event| event.name).collect()
    }

    pub(crate) fn dump(&self) -> String {
        self.read(dump)
    }

    /// What holds after any command whatever.
    pub(crate) fn check(&self) {
        self.read(check_history);
        self.read(check_figures);
    }
}

pub(crate) fn every<R: Record>(snapshot: &Snapshot) -> Vec<R> {
    let mut all = Vec::new();
    let mut visit = |sealed: codec::Sealed<Box<dyn AnyRecord>>| {
        all.extend(sealed.value.and_then(|record| record.into_any().downcast::<R>().ok()).map(|record| *record));
        Ok(true)
    };
    snapshot.scan(R::NOUN, None, false, &mut visit).unwrap();
    all
}

/// A refusal with this code, told about this field.
#[track_caller]
pub(crate) fn refused(answer: Answer, code: Code) -> Refusal {
    match answer {
        Ok(outcome) => panic!("{} was accepted as entry {} and should have been refused with {}", outcome.subject, outcome.seq, code.word()),
        Err(refusal) if refusal.code == code => refusal,
        Err(refusal) => panic!("refused with {refusal}; wanted {}", code.word()),
    }
}

/// Every record by its fields; what is absent, false or zero is left out, so that a difference is short.
pub(crate) fn dump(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    for noun in Noun::ALL {
        let mut visit = |sealed: codec::Sealed<Box<dyn AnyRecord>>| {
            let Some(record) = sealed.value else { return Ok(true) };
            let name = match (noun, LotEdge::nodes_of(record.number())) {
                (Noun::LotEdge, Some((from, to))) => format!("{} -> {}", from.subject(), to.subject()),
                _ => noun.id_text(record.number()),
            };
            write!(out, "{name} @{}", sealed.seq).unwrap();
            for (at, spec) in record.specs().iter().enumerate().skip(1) {
                let value = record.value(at);
                let empty = match &value {
                    Value::Null | Value::Bool(false) | Value::Int(0) => true,
                    Value::Dec(number) => number.is_zero(),
                    Value::Text(text) => text.is_empty(),
                    Value::List(items) => items.is_empty(),
                    _ => spec.name == "created_at" || spec.name == "updated_at",
                };
                if !empty {
                    write!(out, " {}={value}", spec.name).unwrap();
                }
            }
            out.push('\n');
            Ok(true)
        };
        snapshot.scan(*noun, None, false, &mut visit).unwrap();
    }
    out
}

/// The chain holds, the journal names every value, and the newest values of history are the records.
pub(crate) fn check_history(snapshot: &Snapshot) {
    let (head, head_hash) = snapshot.head_hash().unwrap();
    let hashes = snapshot.entry_hashes(1, head).unwrap();
    let entries = snapshot.entries(0, usize::MAX).unwrap();
    assert_eq!((entries.len() as u64, hashes.len() as u64), (head, head), "the journal has a gap");
    let (mut previous, mut recorded) = (Digest::NONE, Time::default());
    let mut newest = std::collections::BTreeMap::new();
    for (entry, hash) in entries.iter().zip(&hashes) {
        assert_eq!(entry.previous, previous, "entry {} does not follow the one before it", entry.seq);
        assert!(entry.recorded_at >= recorded, "entry {} was recorded before the one before it", entry.seq);
        for change in &entry.changes {
            let past = snapshot.past(change.subject, entry.seq).unwrap().unwrap_or_else(|| panic!("{} of entry {} has no history", change.subject, entry.seq));
            assert_eq!(past.seq, entry.seq);
            let bytes = codec::seal(change.subject.noun, past.value.as_deref(), past.seq, past.previous).unwrap();
            assert_eq!(Digest::of(&bytes), change.digest, "{} of entry {} is not what the journal says", change.subject, entry.seq);
            newest.insert(change.subject, (past.seq, bytes, past.value.is_some()));
        }
        (previous, recorded) = (*hash, entry.recorded_at);
    }
    assert_eq!(previous, head_hash);
    let mut records = 0;
    for noun in Noun::ALL {
        let mut visit = |sealed: codec::Sealed<Box<dyn AnyRecord>>| {
            let record = sealed.value.unwrap();
            let subject = Subject { noun: *noun, number: record.number() };
            let bytes = codec::seal(*noun, Some(record.as_ref()), sealed.seq, sealed.previous).unwrap();
            let (seq, wanted, _) = newest.get(&subject).unwrap_or_else(|| panic!("{subject} is in no entry of the journal"));
            assert!(*seq == sealed.seq && *wanted == bytes, "{subject} is not the newest value of its history");
            records += 1;
            Ok(true)
        };
        snapshot.scan(*noun, None, false, &mut visit).unwrap();
    }
    let live = newest.values().filter(|(_, _, there)| *there).count();
    assert_eq!(records, live, "history and records differ in number");
}

/// Stock is the sum of movements, orders add up their operations, nothing is below zero.
pub(crate) fn check_figures(snapshot: &Snapshot) {
    let movements: Vec<model::MaterialTransaction> = every(snapshot);
    for lot in every::<Lot>(snapshot) {
        let own = movements.iter().filter(|it| it.lot_number.as_deref() == Some(&lot.lot_number));
        let sum = own.map(|it| it.stock_change).fold(Decimal::ZERO, |sum, change| sum.plus(change).unwrap());
        assert_eq!(sum, lot.quantity_on_hand, "lot {} is not the sum of its movements", lot.lot_number);
        assert_eq!(lot.expected_on_hand(), Some(lot.quantity_on_hand), "lot {} does not add up", lot.lot_number);
        let totals = [lot.quantity_on_hand, lot.quantity_received, lot.quantity_produced, lot.quantity_consumed, lot.quantity_shipped, lot.quantity_scrapped];
        assert!(totals.iter().all(|total| !total.is_negative()), "lot {} is below zero: {totals:?}", lot.lot_number);
    }
    assert!(every::<LotEdge>(snapshot).iter().all(|edge| !edge.quantity.is_negative()), "an edge is below zero");
    let operations: Vec<WorkOrderOperation> = every(snapshot);
    let reports: Vec<model::OperationReport> = every(snapshot);
    for operation in &operations {
        let told = |pick: fn(&model::OperationReport) -> i64| reports.iter().filter(|it| it.operation_id == operation.operation_id).map(pick).sum::<i64>();
        let sums = [
            (operation.completed_quantity, told(|it| it.good_quantity)),
            (operation.rejected_quantity, told(|it| it.rejected_quantity)),
            (operation.scrapped_quantity, told(|it| it.scrapped_quantity)),
            (operation.rework_quantity, told(|it| it.rework_quantity)),
            (operation.held_quantity, told(|it| it.held_quantity)),
        ];
        assert!(sums.iter().all(|(own, told)| own == told && *own >= 0), "{} is not the sum of its reports: {sums:?}", operation.operation_id);
    }
    for order in every::<WorkOrder>(snapshot) {
        let own: Vec<_> = operations.iter().filter(|it| it.work_order_id == order.work_order_id).collect();
        let last = own.iter().max_by_key(|it| it.operation_sequence).map_or(0, |it| it.completed_quantity);
        let bad: i64 = own.iter().map(|it| it.bad()).sum();
        assert_eq!((order.good_quantity, order.produced_quantity), (last, last + bad), "{} does not add up its operations", order.work_order_id);
        let kinds = order.good_quantity + order.rejected_quantity + order.scrapped_quantity + order.rework_quantity + order.held_quantity;
        assert_eq!(order.produced_quantity, kinds, "{} does not add up", order.work_order_id);
        for operation in &own {
            let before = own.iter().filter(|it| operation.depends_on.contains(&it.operation_sequence)).map(|it| it.completed_quantity).min();
            assert!(before.is_none_or(|before| operation.produced() <= before), "{} made more than it was given", operation.operation_id);
        }
    }
}

/// Some value of a kind, the same each time; different for different places.
pub(crate) fn sample(kind: &Kind, place: u64) -> Value {
    let small = i64::try_from(place).unwrap();
    match kind {
        Kind::Bool => Value::Bool(true),
        Kind::Int => Value::Int(small + 1),
        Kind::Dec => Value::Dec(Decimal::from_scaled(small * 10_000 + 1_234).unwrap()),
        Kind::Line(_) => Value::Text(format!("text {place} äß")),
        Kind::Note(_) => Value::Text(format!("note {place}\nsecond line")),
        Kind::Time => Value::Time(Time::from_micros(1_772_434_800_000_000 + small)),
        Kind::Date => Value::Date(Date::from_days(20_500 + i32::try_from(place).unwrap())),
        Kind::Clock => Value::Clock(millwright::base::ClockTime::from_minutes(u16::try_from(place).unwrap() + 360).unwrap()),
        Kind::Ref(noun) => Value::Key(noun.prefix(), place + 1),
        Kind::Word(words) => Value::Text(words[words.len() - 1].to_owned()),
        Kind::List(item) => Value::List(vec![sample(item, place), sample(item, place + 1)]),
        Kind::Object(specs) => Value::Object(specs.iter().enumerate().map(|(at, spec)| (spec.name, sample(&spec.kind, place + at as u64))).collect()),
    }
}
