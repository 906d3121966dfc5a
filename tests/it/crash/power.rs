//! The power is cut before and after every sync of a morning, with and without torn writes.

use super::disk::{Call, Disk, apply};
use super::*;
use crate::engine::Dice;

/// The morning, once, with what it did to the disk and when each command was acknowledged.
struct Morning {
    calls: Vec<Call>,
    /// Calls made before the first command: a file is made beside its place (see `engine/folder.rs`),
    /// so a cut in its making is another story.
    opened: usize,
    /// Calls made before each command was acknowledged.
    acknowledged: Vec<usize>,
    dump: String,
}

fn morning() -> Morning {
    let disk = Disk::default();
    let plant = open(&disk);
    let opened = disk.position();
    let (mut acknowledged, mut at) = (Vec::new(), 0);
    for batch in script() {
        let answers: Vec<_> = batch.iter().map(|command| (at += 1, plant.engine.enqueue(asked(at - 1, command)).unwrap()).1).collect();
        let count = answers.len();
        for answer in answers {
            answer.blocking_recv().unwrap().unwrap();
        }
        acknowledged.extend(std::iter::repeat_n(disk.position(), count));
    }
    plant.check();
    Morning { calls: disk.calls(), opened, acknowledged, dump: plant.dump() }
}

/// What the disk holds when some of the unsynced calls reached it, whole or in part.
fn torn(durable: &[u8], unsynced: &[Call], dice: &mut Dice) -> Vec<u8> {
    let mut image = durable.to_vec();
    for call in unsynced {
        match (call, dice.below(4)) {
            (Call::Length(_), _) | (_, 0) => apply(&mut image, call),
            (Call::Write(offset, bytes), 1) => {
                // Disks write sectors whole, so a torn write ends between two.
                let sectors = bytes.len().div_ceil(512);
                let part = (dice.below(sectors + 1) * 512).min(bytes.len());
                apply(&mut image, &Call::Write(*offset, bytes[..part].to_vec()));
            }
            _ => {}
        }
    }
    image
}

/// Opens what the cut left: all that was acknowledged is there once; the rest, asked again, comes once.
fn check_after_cut(morning: &Morning, image: Vec<u8>, done: usize, what: &str) {
    let plant = open(&Disk::of(image));
    let there = ids(&plant);
    let commands = script().concat();
    assert!(there.len() >= done, "{what}: {done} commands were acknowledged and {} are there", there.len());
    assert_eq!(there, wanted_ids()[..there.len()], "{what}: commands are doubled, lost or out of order");
    plant.check();
    for (at, command) in commands.iter().enumerate() {
        let outcome = plant.engine.submit_wait(asked(at, command)).unwrap_or_else(|refusal| panic!("{what}: command {at} asked again: {refusal}"));
        assert_eq!(outcome.repeated, at < there.len(), "{what}: command {at}");
    }
    assert_eq!(ids(&plant), wanted_ids(), "{what}");
    assert_eq!(plant.dump(), morning.dump, "{what}");
    plant.check();
    plant.engine.stop();
}

#[test]
fn a_power_cut_at_any_sync_loses_nothing_acknowledged_and_doubles_nothing() {
    let morning = morning();
    let mut durable = Vec::new();
    let (mut unsynced, mut syncs) = (Vec::new(), 0);
    let mut dice = Dice(20_260_302);
    for (at, call) in morning.calls.iter().enumerate() {
        if !matches!(call, Call::Sync) {
            unsynced.push(call.clone());
            continue;
        }
        if at < morning.opened {
            unsynced.drain(..).for_each(|call| apply(&mut durable, &call));
            continue;
        }
        let done = morning.acknowledged.iter().filter(|acknowledged| **acknowledged <= at).count();
        check_after_cut(&morning, durable.clone(), done, &format!("cut before sync {syncs}"));
        for seed in 0..2 {
            check_after_cut(&morning, torn(&durable, &unsynced, &mut dice), done, &format!("cut in sync {syncs}, torn {seed}"));
        }
        unsynced.drain(..).for_each(|call| apply(&mut durable, &call));
        syncs += 1;
    }
    check_after_cut(&morning, durable, morning.acknowledged.len(), "cut after the last sync");
    assert!(syncs >= 25, "only {syncs} syncs were cut");
}
