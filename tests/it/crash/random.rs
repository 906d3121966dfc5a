//! Whatever is asked, in whatever order: records are the fold of history, figures add up.

use millwright::model::material::TransactionType as Type;
use millwright::model::{Command, command};
use proptest::prelude::*;

use crate::engine::same_as_pages;
use crate::plant::*;

const SEQUENCES: [i64; 10] = [10, 10, 10, 20, 20, 20, 30, 30, 30, 99];

fn lot_name(number: u64) -> String {
    if number < 6 { format!("S{number}") } else { format!("LOT-{:06}", number - 5) }
}

/// Mostly sensible things about a few orders and lots, and some that are not.
fn any_command() -> impl Strategy<Value = Command> {
    let order = prop_oneof![8 => 1..3_u64, 1 => 3..5_u64];
    let sequence = (0..SEQUENCES.len()).prop_map(|at| SEQUENCES[at]);
    let lot = 0..12_u64;
    let quantity = prop_oneof![4 => 1..40_i64, 1 => -3..1_i64].prop_map(|quarters| format!("{}", f64::from(i32::try_from(quarters).unwrap()) / 4.0));
    let pieces = (0..5_i64, 1..5_usize, prop_oneof![20 => Just(0), 8 => 1..3_i64, 1 => -1..9_i64]).prop_map(|(good, kind, bad)| {
        let mut pieces = [good, 0, 0, 0, 0];
        pieces[kind] = bad;
        pieces
    });
    let kind = prop::sample::select(&[Type::Issue, Type::Return, Type::Scrap, Type::Adjustment, Type::Transfer, Type::Production, Type::Receipt][..]);
    prop_oneof![
        2 => (0..12_i64).prop_map(|planned| order_for(1, planned)),
        2 => order.clone().prop_map(release),
        1 => (2..4_u64).prop_map(hold),
        3 => order.clone().prop_map(resume),
        1 => order.clone().prop_map(complete),
        1 => order.clone().prop_map(close),
        1 => (3..5_u64).prop_map(cancel),
        1 => order.clone().prop_map(reopen),
        1 => (order.clone(), -1..6_i64).prop_map(|(order, pieces)| split_order(order, pieces)),
        1 => (order.clone(), 1..4_i64).prop_map(|(order, pieces)| rework_of(order, pieces)),
        6 => (order.clone(), sequence.clone()).prop_map(|(order, at)| start_operation(order, at)),
        9 => (order.clone(), sequence.clone(), pieces).prop_map(|(order, at, pieces)| report(order, at, pieces)),
        2 => (order.clone(), sequence.clone()).prop_map(|(order, at)| finish_operation(order, at)),
        4 => (1..12_u64).prop_map(reverse_report),
        3 => (1..25_u64).prop_map(reverse_movement),
        5 => (lot.clone(), quantity.clone()).prop_map(|(lot, quantity)| receive(&lot_name(lot), &quantity)),
        9 => (kind, order.clone(), lot.clone(), lot.clone(), quantity.clone(), any::<bool>()).prop_map(|(kind, order, lot, parent, quantity, kilograms)| {
            let parent_lot_number = (kind == Type::Production).then(|| lot_name(parent));
            let unit_of_measure = kilograms.then_some(millwright::base::Unit::Kg);
            let to_location = (kind == Type::Transfer).then(|| "B-02".to_owned());
            moves(command::RecordMaterialTransaction { parent_lot_number, unit_of_measure, to_location, ..produce_or(kind, order, &lot_name(lot), &quantity) })
        }),
        1 => (1..8_u64).prop_map(hold_lot),
        2 => (1..8_u64).prop_map(release_lot),
        2 => (1..8_u64, quantity, lot.clone()).prop_map(|(from, quantity, into)| split_lot(from, &quantity, &lot_name(into))),
        2 => (1..8_u64, lot.clone()).prop_map(|(into, from)| merge_lots(into, &[&lot_name(from)])),
        2 => (lot, 0..4_i64, any::<bool>()).prop_map(|(lot, pieces, sheets)| shipment_of(&lot_name(lot), pieces, sheets)),
        2 => (1..4_u64).prop_map(ship),
        2 => (1..4_u64, order, sequence).prop_map(|(employee, order, at)| clock_in_on(employee, order, at)),
        1 => (1..6_u64).prop_map(clock_out),
    ]
}

fn shipment_of(lot: &str, pieces: i64, sheets: bool) -> Command {
    let mut planned = plan_shipment(&[(lot, &pieces.to_string())]);
    if let Command::CreateShipment(shipment) = &mut planned
        && sheets
    {
        shipment.lines[0].unit_of_measure = millwright::base::Unit::Sheet;
    }
    planned
}

fn produce_or(kind: Type, order: u64, lot: &str, quantity: &str) -> command::RecordMaterialTransaction {
    let material_code = matches!(kind, Type::Production | Type::Receipt).then(|| "SHEET".to_owned());
    command::RecordMaterialTransaction { material_code, ..for_order(kind, order, lot, quantity) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_records_are_the_fold_of_history_and_figures_add_up(commands in prop::collection::vec(any_command(), 30..120)) {
        let store = millwright::store::Store::in_memory().unwrap();
        store.build_mirror().unwrap();
        let plant = Plant::on(store);
        plant.admin(found(false)).unwrap();
        master_data().into_iter().for_each(|command| _ = plant.admin(command).unwrap());
        plant.all([receive("S0", "50"), receive("S1", "30"), order_for(1, 40), order_for(1, 20), release(1), release(2), start_operation(1, 10), start_operation(2, 10), good(1, 10, 20), start_operation(1, 20), good(1, 20, 10), start_operation(1, 30)]);
        for command in commands {
            plant.wait(1);
            let before = plant.head();
            if plant.because("at random", command).is_err() {
                prop_assert_eq!(plant.head(), before);
            }
        }
        plant.check();
        same_as_pages(&plant);
    }
}
