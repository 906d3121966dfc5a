//! Mappings of machines' signals: one for each role of a machine, onto words that are known. Whether
//! the machine ever tells such a metric, its state shows: a rule knows no samples.

use super::machine_count::{COUNTS_MAX, mapped};
use crate::base::{Code, Refusal, limits};
use crate::model::MachineSignal;
use crate::model::machine_signal::{Counting, ValueMap};
use crate::model::machine_state::{SignalRole, is_known};
use crate::model::plant::Status;
use crate::store::{Draft, Halt};

pub(super) fn check(draft: &Draft<'_, '_>, it: &MachineSignal) -> Result<(), Halt> {
    if it.metric.len() > limits::SERIES_NAME_MAX {
        return Err(Refusal::invalid("metric", format!("must be at most {} bytes", limits::SERIES_NAME_MAX)).into());
    }
    if it.role == SignalRole::PartCount {
        check_counter(it)?
    } else {
        check_words(it)?
    }
    if it.status == Status::Active
        && let Some(other) = mapped(draft, it.machine_id, it.role)?.filter(|other| other.signal_id != it.signal_id)
    {
        let (role, id) = (it.role, other.signal_id);
        return Err(Refusal::field(Code::Duplicate, "role", format!("{id} says already which signal is its {role}: change that one")).into());
    }
    Ok(())
}

fn check_counter(it: &MachineSignal) -> Result<(), Refusal> {
    if it.value_map.is_some() {
        return Err(Refusal::invalid("value_map", "a part_count tells numbers: leave the map out"));
    }
    if it.pieces_per_count.is_some_and(|pieces| !(1..=COUNTS_MAX).contains(&pieces)) {
        return Err(Refusal::invalid("pieces_per_count", format!("must be 1 to {COUNTS_MAX}")));
    }
    match it.rollover_at {
        Some(counts) if counts < 2 => Err(Refusal::invalid("rollover_at", "must be 2 or more: how many counts there are, 10000 where 9999 is followed by 0")),
        _ => Ok(()),
    }
}

fn check_words(it: &MachineSignal) -> Result<(), Refusal> {
    let of_counters = [("counts", it.counts != Counting::First), ("pieces_per_count", it.pieces_per_count.is_some()), ("rollover_at", it.rollover_at.is_some())];
    if let Some((column, _)) = of_counters.iter().find(|(_, given)| *given) {
        return Err(Refusal::invalid(column, format!("only a part_count counts, and this is a machine's {}", it.role)));
    }
    let Some(text) = &it.value_map else { return Ok(()) };
    let map = ValueMap::read(text).map_err(|why| Refusal::invalid("value_map", why))?;
    match map.meanings().find(|word| !is_known(it.role, word)) {
        Some(word) => Err(Refusal::invalid("value_map", format!("{word} is no word of {}; known are {}", it.role, examples(it.role)))),
        None => Ok(()),
    }
}

const fn examples(role: SignalRole) -> &'static str {
    match role {
        SignalRole::Execution => "ACTIVE, READY, INTERRUPTED, FEED_HOLD, STOPPED, PROGRAM_COMPLETED, SETUP, MAINTENANCE, ERROR and their kin of MTConnect and OPC 40001-1",
        SignalRole::Mode => "PRODUCTION, SETUP, TEARDOWN and MAINTENANCE",
        SignalRole::EmergencyStop => "ARMED and TRIGGERED",
        SignalRole::Alarm | SignalRole::Job | SignalRole::PartCount => "any",
    }
}
