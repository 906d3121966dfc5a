//! An export is the plant as of one entry, whatever is written meanwhile, and the same bytes each time.

use millwright::followers::lake;
use millwright::model::Noun;

use super::*;

#[test]
fn the_same_seed_exports_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two, other) = (folder.path().join("one"), folder.path().join("two"), folder.path().join("other"));
    let manifest = export(&lived("Werk Nord", 7), &one).unwrap();
    assert_eq!(export(&lived("Werk Nord", 7), &two).unwrap(), manifest);
    assert_eq!(tree(&one), tree(&two));
    export(&lived("Werk Nord", 8), &other).unwrap();
    assert_ne!(tree(&one), tree(&other));
}

/// Orders change, steel is issued and comes in, a customer is new: something of each after the head.
fn busy(plant: &Plant, order: u64, round: u64) {
    plant.admin(update(Noun::Customer, 1, &[("customer_name", text(&format!("Acme {round}")))])).unwrap();
    plant.all([hold(order), resume(order)]);
    plant.all([receive(&format!("late-{round}"), "3"), issue(order, "S1", "1"), issue(order, "S2", "1"), order_for(1, 5)]);
}

#[test]
fn what_is_written_during_an_export_does_not_show_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (calm, storm) = (folder.path().join("calm"), folder.path().join("storm"));
    let plant = Plant::new();
    plant.all([receive("S1", "500"), receive("S2", "500")]);
    let order = plant.running(50);
    plant.all([issue(order, "S1", "2")]);
    for _ in 0..1_100 {
        plant.order(1);
    }
    let manifest = export(&plant, &calm).unwrap();
    let mut rounds = 0;
    let stormy = lake::export(&plant.engine, None, &storm, &mut |_, _| {
        rounds += 1;
        busy(&plant, order, rounds);
    });
    assert!(rounds > 20 && plant.head().0 > manifest.seq + 100, "{rounds} rounds up to entry {}", plant.head().0);
    assert_eq!(stormy.unwrap().0, manifest);
    assert_eq!(tree(&calm), tree(&storm));
    let rows = |manifest: &Manifest, name: &str| manifest.tables.iter().find(|table| table.table == name).unwrap().rows();
    assert_eq!([rows(&manifest, "work_orders"), rows(&manifest, "lots"), rows(&manifest, "journal")], [1_101, 3, manifest.seq]);
    let later = export(&plant, &folder.path().join("later")).unwrap();
    assert_eq!((later.seq, rows(&later, "lots")), (plant.head().0, 3 + rounds));
    assert_eq!(rows(&later, "lot_edges"), rows(&manifest, "lot_edges") + rounds + 1, "S2's edge and a supplier's for each late lot");
}

/// Reading as of an entry rests on it: nothing that is published is ever taken away.
#[test]
fn only_timers_are_ever_removed() {
    let plant = lived("Werk Nord", 7);
    let removed = plant.read(|snapshot| {
        let changes = snapshot.entries(0, usize::MAX).unwrap().into_iter().flat_map(|entry| entry.changes.into_iter().map(move |change| (change.subject, entry.seq)));
        changes.filter(|(subject, seq)| snapshot.past(*subject, *seq).unwrap().unwrap().value.is_none()).map(|(subject, _)| subject.noun).collect::<Vec<_>>()
    });
    assert!(!removed.is_empty() && removed.iter().all(|noun| *noun == Noun::Timer), "{removed:?}");
}

#[test]
fn an_export_says_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let plant = lived("Werk Nord", 7);
    let mut seen = Vec::new();
    lake::export(&plant.engine, None, &folder.path().join("out"), &mut |done, total| seen.push((done, total))).unwrap();
    assert!(seen.windows(2).all(|two| two[0].0 <= two[1].0) && seen.len() > 10);
    assert_eq!(seen.last().map(|(done, total)| done == total), Some(true), "{:?}", seen.last());
}
