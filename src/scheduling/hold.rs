//! Which places of a plan in force can be kept on the problem as it is now: those of a frozen zone, and pins.
//! What it keeps is feasible in itself; what it lets go is for the search to place.

use super::board::Board;
use super::instance::Instance;
use super::plan::Slot;
use super::problem::{Fault, Minutes};

/// Of the places that are wanted, those that can be kept together; an operation is kept only if all before it are.
/// Earlier ones come first. What is fixed is not named again.
pub fn keepable(instance: &Instance, wanted: &[Option<Slot>]) -> Vec<Option<Slot>> {
    let mut board = Board::new(instance);
    let by_rank = (0..instance.jobs() as u32).flat_map(|job| instance.sequence_of(job).iter().copied());
    let mut waiting: Vec<(Minutes, usize, u32, Slot)> = by_rank
        .enumerate()
        .filter(|(_, op)| !board.is_seated(*op))
        .filter_map(|(rank, op)| wanted.get(op as usize).copied().flatten().map(|slot| (slot.start, rank, op, slot)))
        .collect();
    waiting.sort_unstable_by_key(|(start, rank, ..)| (*start, *rank));
    let mut kept = vec![None; instance.len()];
    for (.., op, slot) in waiting {
        let is_next = instance.before.row(op).iter().all(|link| board.is_seated(link.op));
        let Some(mode) = instance.mode_on(op, slot.center).filter(|mode| is_next && slot.start >= board.ready(op, *mode)) else { continue };
        let (start, end) = instance.calendars[slot.center as usize].place(slot.start, mode.minutes, instance.resumable[op as usize]);
        let place = Slot { center: slot.center, start, end };
        if let Some(fit) = board.fits_at(op, place).filter(|_| start == slot.start) {
            board.seat(op, &fit);
            kept[op as usize] = Some(place);
        }
    }
    kept
}

impl Instance {
    /// The same problem with these places fixed; they come from [`keepable`].
    ///
    /// # Errors
    /// Where a place cannot be fixed.
    pub fn keeping(&self, places: &[Option<Slot>]) -> Result<Self, Fault> {
        let mut problem = self.problem().clone();
        let operations = problem.jobs.iter_mut().flat_map(|job| &mut job.operations);
        for (operation, place) in operations.zip(places) {
            if let Some(place) = place {
                operation.fixed = Some((place.center as usize, place.start));
            }
        }
        Self::new(problem)
    }
}
