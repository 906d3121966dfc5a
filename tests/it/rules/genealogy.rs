//! Where things come from: edges with their quantity, and never a circle.

use millwright::base::Code;
use millwright::model::command::RecordMaterialTransaction;
use millwright::model::genealogy::Node;
use millwright::model::{LotEdge, Noun, Subject};

use crate::plant::*;

/// Edges as `LOT-000001 -> WO-000001 4 SHEET`.
fn edges(plant: &Plant) -> Vec<String> {
    let shown = |edge: &LotEdge| {
        let (from, to) = LotEdge::nodes_of(edge.edge_id.number()).unwrap();
        format!("{} -> {} {} {}", from.subject(), to.subject(), edge.quantity, edge.unit_of_measure.word())
    };
    plant.every::<LotEdge>().iter().map(shown).collect()
}

fn node(noun: Noun, number: u64) -> Node {
    Node::of(Subject { noun, number }).unwrap()
}

/// An order of one piece whose finished lot is stocked as sheets, so that it can be issued again.
fn sheets_again(plant: &Plant) -> u64 {
    let sheet = [("product_name", text("Cut sheet")), ("material_id", key(Noun::Material, 1)), ("unit_of_measure", text("SHEET"))];
    plant.admin(create(Noun::Product, &sheet)).unwrap().subject.number
}

#[test]
fn edges_carry_what_went_along_them() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let order = plant.made(3);
    plant.all([issue(order, "S1", "4"), issue(order, "S1", "2"), give_back(order, "S1", "1")]);
    let lot = plant.work_order(order).lot_number.unwrap();
    let shipment = plant.all([plan_shipment(&[(&lot, "2")])]);
    plant.all([ship(shipment)]);
    assert_eq!(
        edges(&plant),
        ["LOT-000001 -> WO-000001 5 SHEET", "LOT-000002 -> SHP-000001 2 EA", "WO-000001 -> LOT-000002 3 EA", "SUP-000001 -> LOT-000001 10 SHEET", "SHP-000001 -> CUST-000001 2 EA"]
    );
}

#[test]
fn what_was_given_back_whole_is_no_ancestor_any_more() {
    let plant = Plant::new();
    plant.all([receive("S1", "10")]);
    let order = plant.running(3);
    plant.all([issue(order, "S1", "4"), give_back(order, "S1", "4")]);
    let (walked, _) = plant.read(|snapshot| snapshot.walk(node(Noun::Lot, 1), millwright::store::Direction::Forward, 100)).unwrap();
    assert!(walked.is_empty(), "{walked:?}");
}

#[test]
fn an_order_does_not_take_its_own_finished_lot() {
    let plant = Plant::new();
    let product = sheets_again(&plant);
    let factor = millwright::base::Value::List(vec![millwright::base::Value::Object(vec![("unit", text("EA")), ("factor", exact("1"))])]);
    plant.admin(update(Noun::Material, 1, &[("unit_factors", factor)])).unwrap();
    let order = plant.all([order_for(product, 5)]);
    plant.all([release(order), start_operation(order, 10), good(order, 10, 3)]);
    let own = plant.work_order(order).lot_number.unwrap();
    let before = plant.head();
    refused(plant.lead(issue(order, &own, "1")), Code::Cycle);
    assert_eq!(plant.head(), before);
    plant.check();
}

#[test]
fn a_circle_through_several_levels_is_refused() {
    let plant = Plant::new();
    plant.all([receive("S0", "10")]);
    let orders: Vec<u64> = (0..4).map(|_| plant.running(5)).collect();
    plant.all([issue(orders[0], "S0", "1")]);
    for (at, order) in orders.iter().enumerate() {
        let lot = format!("L{at}");
        plant.all([moves(produce(*order, "SHEET", &lot, "5"))]);
        if let Some(next) = orders.get(at + 1) {
            plant.all([issue(*next, &lot, "1")]);
        }
    }
    for order in &orders[..4] {
        refused(plant.lead(issue(*order, "L3", "1")), Code::Cycle);
    }
    refused(plant.lead(moves(produce(orders[0], "SHEET", "S0", "1"))), Code::Duplicate);
    plant.check();
}

#[test]
fn a_circle_by_merging_is_refused() {
    let plant = Plant::new();
    plant.all([receive("S1", "10"), split_lot(1, "4", "S2"), split_lot(2, "1", "S3")]);
    refused(plant.lead(merge_lots(1, &["S2"])), Code::Cycle);
    refused(plant.lead(merge_lots(1, &["S3"])), Code::Cycle);
    let order = plant.running(5);
    plant.all([issue(order, "S2", "1"), moves(produce(order, "SHEET", "R1", "1"))]);
    refused(plant.lead(merge_lots(plant.lot("S2").lot_id.number(), &["R1"])), Code::Cycle);
    plant.all([merge_lots(plant.lot("R1").lot_id.number(), &["S3"])]);
    plant.check();
}

#[test]
fn a_circle_within_one_merge_is_refused_as_a_whole() {
    let plant = Plant::new();
    plant.all([receive("S1", "10"), receive("S2", "5"), split_lot(1, "4", "S3")]);
    let before = plant.head();
    refused(plant.lead(merge_lots(1, &["S2", "S3"])), Code::Cycle);
    assert_eq!((plant.head(), plant.lot("S2").quantity_on_hand), (before, dec("5")), "half a merge stayed");
    refused(plant.lead(merge_lots(1, &["S2", "S2"])), Code::Insufficient);
    refused(plant.lead(merge_lots(1, &["S1"])), Code::Invalid);
    refused(plant.lead(merge_lots(1, &[])), Code::Invalid);
}

#[test]
fn a_split_and_a_merge_conserve_quantity_and_keep_their_parents() {
    let plant = Plant::new();
    plant.all([receive("S1", "10"), split_lot(1, "4", "S2"), receive("S3", "1"), merge_lots(3, &["S2"])]);
    assert_eq!(plant.lot("S1").quantity_on_hand.plus(plant.lot("S2").quantity_on_hand).unwrap().plus(plant.lot("S3").quantity_on_hand), Some(dec("11")));
    let part = plant.lot("S2");
    assert_eq!((part.heat_number.as_deref(), part.supplier_id.map(|id| id.number()), part.parent_lot_number.as_deref()), (Some("H1"), Some(1), Some("S1")));
    assert!(edges(&plant).contains(&"LOT-000001 -> LOT-000002 4 SHEET".to_owned()));
    assert!(edges(&plant).contains(&"LOT-000002 -> LOT-000003 4 SHEET".to_owned()));
    plant.check();
}

#[test]
fn lots_of_different_materials_do_not_merge() {
    let plant = Plant::new();
    plant.admin(create(Noun::Material, &[("material_code", text("PART")), ("material_name", text("Part"))])).unwrap();
    plant.all([receive("S1", "10"), moves(receipt_of("PART", "P1", "5"))]);
    refused(plant.lead(merge_lots(1, &["P1"])), Code::Invalid);
}

#[test]
fn a_remnant_inherits_heat_supplier_and_certificate_of_the_sheet_it_was_cut_from() {
    let plant = Plant::new();
    let certified = RecordMaterialTransaction {
        heat_number: Some("H7".to_owned()),
        certificate_of_analysis: Some("3.1-4711".to_owned()),
        supplier_id: Some(millwright::model::Id::new(1)),
        ..receipt_of("SHEET", "S1", "10")
    };
    plant.all([moves(certified), receive("S2", "5")]);
    let order = plant.running(5);
    let remnant = |parent: &str| moves(RecordMaterialTransaction { parent_lot_number: Some(parent.to_owned()), is_remnant: true, ..produce(order, "SHEET", "R1", "0.4") });
    refused(plant.lead(remnant("S1")), Code::Insufficient);
    plant.all([issue(order, "S1", "2")]);
    refused(plant.lead(remnant("S2")), Code::Insufficient);
    plant.all([remnant("S1")]);
    let lot = plant.lot("R1");
    assert_eq!((lot.heat_number.as_deref(), lot.certificate_number.as_deref(), lot.is_remnant), (Some("H7"), Some("3.1-4711"), true));
    assert_eq!((lot.parent_lot_number.as_deref(), lot.supplier_id.map(|id| id.number())), (Some("S1"), Some(1)));
}
