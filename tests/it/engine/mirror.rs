//! Genealogy in memory answers as the pages of the store do.

use std::collections::BTreeSet;

use millwright::model::genealogy::Node;
use millwright::model::{Lot, Noun, Subject};
use millwright::store::{Direction, Store, View, mirror};

use crate::plant::*;

/// A small generator, so that a failure comes again.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // Knuth's MMIX constants; only the high bits are good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

pub(crate) fn same_as_pages(plant: &Plant) {
    plant.read(|snapshot| {
        for noun in [Noun::Lot, Noun::WorkOrder, Noun::Supplier] {
            for number in 1..=snapshot.last_number(noun).unwrap() {
                let root = Node::of(Subject { noun, number }).unwrap();
                for direction in [Direction::Forward, Direction::Backward] {
                    let mut pages = |node, next: &mut Vec<Node>| {
                        next.extend(snapshot.neighbours(node, direction)?);
                        Ok(())
                    };
                    let (walked, cut) = mirror::walk(root, 10_000, &mut pages).unwrap();
                    let (mirrored, mirror_cut) = snapshot.walk(root, direction, 10_000).unwrap();
                    let set = |reached: Vec<mirror::Reached>| reached.into_iter().map(|it| (it.node, it.depth)).collect::<BTreeSet<_>>();
                    assert_eq!((set(walked), cut), (set(mirrored), mirror_cut), "{root:?} {direction:?}");
                }
            }
        }
    });
}

#[test]
fn the_mirror_answers_as_the_pages_do_after_any_edges() {
    for seed in 1..=4 {
        let store = Store::in_memory().unwrap();
        store.build_mirror().unwrap();
        let plant = Plant::on(store);
        plant.admin(found(false)).unwrap();
        master_data().into_iter().for_each(|command| _ = plant.admin(command).unwrap());
        let mut dice = Dice(seed);
        let orders: Vec<u64> = (0..6).map(|_| plant.running(100)).collect();
        for turn in 0..150 {
            let lots: Vec<Lot> = plant.every::<Lot>().into_iter().filter(|lot| lot.material_code == "SHEET").collect();
            let order = orders[dice.below(orders.len())];
            let pick = |dice: &mut Dice| lots.get(dice.below(lots.len().max(1))).map_or("none".to_owned(), |lot| lot.lot_number.clone());
            let (one, other) = (pick(&mut dice), pick(&mut dice));
            let number = lots.iter().find(|lot| lot.lot_number == one).map_or(0, |lot| lot.lot_id.number());
            let fresh = format!("L{seed}-{turn}");
            let command = match dice.below(7) {
                0 => receive(&fresh, "20"),
                1 | 2 => issue(order, &one, "2"),
                3 => give_back(order, &one, "2"),
                4 => moves(produce(order, "SHEET", &fresh, "3")),
                5 => split_lot(number, "1", &fresh),
                _ => merge_lots(number, &[&other]),
            };
            _ = plant.lead(command);
        }
        assert!(plant.engine.mirror_ready());
        assert!(plant.every::<millwright::model::LotEdge>().len() > 40);
        same_as_pages(&plant);
        plant.check();
    }
}
