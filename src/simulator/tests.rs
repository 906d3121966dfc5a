//! The days of the demo plant: every state comes out, quantities add up, the same seed tells the same story.

mod figures;

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Cast, Plan, Simulator, master_data};
use crate::base::{Digest, Time};
use crate::engine::clock::Clock;
use crate::engine::{Engine, Envelope, Options};
use crate::model::command::FoundPlant;
use crate::model::genealogy::Node;
use crate::model::journal::{Actor, Origin};
use crate::model::lot::LotStatus;
use crate::model::material::TransactionType;
use crate::model::shipment::ShipmentStatus;
use crate::model::work_order::{OrderType, WorkOrderStatus};
use crate::model::{Command, LaborTransaction, Lot, MaterialTransaction, Noun, OperationReport, Record, Role, Shipment, Subject, WorkOrder};
use crate::store::{Direction, Store};

fn actor(role: Role) -> Actor {
    Actor { user: 0, name: role.word().to_owned(), role }
}

fn cast() -> Cast {
    Cast { planner: actor(Role::Planner), lead: actor(Role::Lead), operator: actor(Role::Operator), inspector: actor(Role::Inspector), manager: actor(Role::Manager) }
}

/// A Monday, before the early shift.
fn start() -> Time {
    "2026-11-02T04:00:00Z".parse().unwrap()
}

fn founded() -> Engine {
    let options = Options { timers: false, clock: Clock::manual(start()), ..Options::default() };
    let engine = Engine::start(Store::in_memory().unwrap(), options).unwrap();
    let found = Command::FoundPlant(FoundPlant { plant_name: "Kuechenwerk Nord".to_owned(), timezone: "Europe/Berlin".to_owned(), simulated: true });
    engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(start()), ..Envelope::of(actor(Role::Admin), found) }).unwrap();
    engine
}

fn lived(days: u32, seed: u64) -> (Engine, Simulator, Time) {
    let engine = founded();
    let mut simulator = master_data(&engine, &cast(), start()).unwrap();
    let end = start().plus(Duration::from_secs(u64::from(days) * 86_400));
    let mut seen = (0, 0);
    simulator.history(&Plan { seed, start: start(), end }, &mut |done, total| seen = (done, total)).unwrap();
    assert_eq!(seen, (u64::from(days) * 24, u64::from(days) * 24));
    (engine, simulator, end)
}

fn all<R: Record>(engine: &Engine) -> Vec<R> {
    let mut found = Vec::new();
    engine
        .read(|snapshot| {
            snapshot.scan(R::NOUN, None, false, |sealed| {
                found.extend(sealed.value.and_then(|value| value.into_any().downcast::<R>().ok()).map(|it| *it));
                Ok(true)
            })
        })
        .unwrap()
        .unwrap();
    found
}

fn head(engine: &Engine) -> (u64, Digest) {
    engine.read(|snapshot| snapshot.head_hash()).unwrap().unwrap()
}

fn assert_sums_hold(engine: &Engine) {
    for lot in all::<Lot>(engine) {
        assert_eq!(lot.expected_on_hand(), Some(lot.quantity_on_hand), "{}", lot.lot_number);
        assert!(!lot.quantity_on_hand.is_negative(), "{}", lot.lot_number);
    }
}

#[test]
fn three_days_show_every_state_and_every_quantity_adds_up() {
    let (engine, _, _) = lived(3, 7);
    let orders = all::<WorkOrder>(&engine);
    let states: BTreeSet<WorkOrderStatus> = orders.iter().map(|order| order.status).collect();
    assert_eq!(states.len(), WorkOrderStatus::ALL.len(), "{states:?}");
    assert!((45..=90).contains(&orders.len()), "{} orders", orders.len());
    assert!(all::<Lot>(&engine).len() >= 60);
    assert!(all::<Shipment>(&engine).iter().filter(|it| it.status == ShipmentStatus::Shipped).count() >= 5);
    assert!(all::<LaborTransaction>(&engine).iter().filter(|row| row.clock_out_time.is_some()).count() >= 100);
    for kind in OrderType::ALL {
        assert!(orders.iter().any(|order| order.order_type == *kind), "no {kind} order");
    }
    assert!(all::<OperationReport>(&engine).iter().any(|report| report.reverses.is_some()));
    assert!(all::<Lot>(&engine).iter().any(|lot| lot.is_remnant && !lot.quantity_consumed.is_zero()));
    let moved: BTreeSet<TransactionType> = all::<MaterialTransaction>(&engine).iter().map(|it| it.transaction_type).collect();
    assert!(TransactionType::ALL.iter().all(|kind| *kind == TransactionType::Merge || moved.contains(kind)), "{moved:?}");
    assert_sums_hold(&engine);
}

#[test]
fn the_bad_heat_reaches_two_shipments_and_is_held_for_its_certificate() {
    let (engine, simulator, _) = lived(3, 7);
    assert!(simulator.tainted_loads >= 2);
    let held = all::<Lot>(&engine).into_iter().filter(|lot| lot.status == LotStatus::OnHold && lot.heat_number.as_deref() == Some(super::store_room::BAD_HEAT));
    let reasons: Vec<String> = held.filter_map(|lot| lot.hold_reason).map(|why| why.0).collect();
    assert!(reasons.iter().any(|why| why.contains(super::store_room::BAD_CERTIFICATE)), "{reasons:?}");
}

#[test]
fn the_same_seed_lives_the_same_days() {
    let one = head(&lived(2, 11).0);
    assert_eq!(one, head(&lived(2, 11).0));
    assert_ne!(one, head(&lived(2, 12).0));
}

#[test]
fn a_restarted_simulator_goes_on_where_the_plant_stands() {
    let (engine, simulator, end) = lived(2, 5);
    drop(simulator);
    let before = head(&engine).0;
    let mut simulator = Simulator::resume(&engine, &cast(), 5, end).unwrap();
    let day_later = end.plus(Duration::from_secs(86_400));
    simulator.advance_to(end.plus(Duration::from_secs(3_600))).unwrap();
    simulator.advance_to(day_later).unwrap();
    assert!(head(&engine).0 > before + 200);
    assert_sums_hold(&engine);
}

#[test]
fn people_may_act_beside_the_living_plant() {
    let (engine, mut simulator, end) = lived(1, 3);
    for hour in 1..=12_u64 {
        let now = end.plus(Duration::from_secs(hour * 3_600));
        simulator.advance_to(now).unwrap();
        let order = all::<WorkOrder>(&engine).into_iter().find(|order| order.status == WorkOrderStatus::InProgress);
        if let Some(order) = order.filter(|_| hour % 4 == 0) {
            let hold = Command::HoldWorkOrder(crate::model::command::HoldWorkOrder { work_order_id: order.work_order_id });
            let told = Envelope { reason: Some("customer called".to_owned()), ..Envelope::of(actor(Role::Lead), hold) };
            engine.submit_wait(told).unwrap();
        }
    }
    assert_sums_hold(&engine);
}

#[test]
fn a_shipment_goes_back_through_sub_assemblies_to_its_suppliers() {
    let (engine, _, _) = lived(3, 7);
    let shipped: Vec<Shipment> = all::<Shipment>(&engine).into_iter().filter(|it| it.status == ShipmentStatus::Shipped).collect();
    let trace = |it: &Shipment| {
        let node = Node::of(Subject::of(it.shipment_id)).unwrap();
        engine.read(|snapshot| snapshot.walk(node, Direction::Backward, 1_000)).unwrap().unwrap().0
    };
    // Shipment, unit, order, weld assembly, order, part, order, sheet, supplier.
    let deepest = shipped.iter().flat_map(trace).filter(|it| it.node.subject().noun == Noun::Supplier).map(|it| it.depth).max();
    assert!(deepest >= Some(6), "{deepest:?}");
}

/// Tunes the plant: `MILLWRIGHT_DAYS=30 MILLWRIGHT_SEEDS=1,2,3,4,5 cargo test --release figures_of -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes; prints the figures of whole histories"]
fn figures_of_histories() {
    let given = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let days: u32 = given("MILLWRIGHT_DAYS", "30").parse().unwrap();
    for seed in given("MILLWRIGHT_SEEDS", "1").split(',').map(|seed| seed.parse().unwrap()) {
        let (engine, simulator, end) = lived(days, seed);
        println!("seed {seed}: {} entries, {:#?}", head(&engine).0, figures::figures(&engine, start(), end));
        println!("{:?}", figures::stop_hours(&engine));
        drop(simulator);
    }
}
