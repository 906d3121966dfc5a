//! Pieces that a machine counted become a report, under the rule of a person's report, and the counter
//! moves on with it: both or neither. An operation has one source of counts. Who reports good pieces
//! first is it, unless the machine's mapping says otherwise; what the other counts is kept beside.

use super::{Moment, need, operation, plant_of};
use crate::base::{Code, Refusal};
use crate::model::command::{CountPieces, ReportOperation};
use crate::model::machine_count::CountSource;
use crate::model::machine_signal::Counting;
use crate::model::machine_state::SignalRole;
use crate::model::plant::Status;
use crate::model::{Field as _, Id, Machine, MachineCounter, MachineSignal, OperationCount, Record, Subject, WorkCenter, WorkOrderOperation};
use crate::store::{Draft, Halt, View};

/// Pieces for each count at most, and mappings of one machine.
pub(super) const COUNTS_MAX: i64 = 1_000;

/// The mapping of a machine's role that holds.
pub(super) fn mapped(draft: &Draft<'_, '_>, machine: Id<Machine>, role: SignalRole) -> Result<Option<MachineSignal>, Halt> {
    let all: Vec<MachineSignal> = draft.related("machine_id", &machine.to_value(), COUNTS_MAX as usize)?;
    Ok(all.into_iter().find(|it| it.role == role && it.status == Status::Active))
}

pub(super) fn count(draft: &mut Draft<'_, '_>, moment: &Moment, it: &CountPieces) -> Result<Subject, Halt> {
    let machine: Machine = need(draft, it.machine_id)?;
    let known: Option<MachineCounter> = draft.related("machine_id", &it.machine_id.to_value(), 1)?.pop();
    let mut counter = known.unwrap_or_else(|| MachineCounter { machine_id: it.machine_id, ..MachineCounter::default() });
    let stands = (counter.metric == it.metric).then_some(counter.last_at);
    if stands != it.since {
        let stands = stands.map_or_else(|| "at no count yet".to_owned(), |at| format!("at {at}"));
        return Err(Refusal::new(Code::IllegalState, format!("this counter of {} stands {stands}: count on from there", machine.machine_name)).into());
    }
    counter.metric.clone_from(&it.metric);
    (counter.last_value, counter.last_at, counter.changed_at) = (it.value, it.counted_at, it.changed_at);
    counter.unassigned_pieces += it.unassigned_pieces;
    counter.reset_count += it.reset_count;
    counter.rollover_count += it.rollover_count;
    counter.jump_back_count += it.jump_back_count;
    let mut held = (it.held_pieces, it.why.clone());
    if let Some(id) = it.operation_id.filter(|_| it.pieces > 0) {
        let beyond = report(draft, moment, it, id)?;
        counter.operation_id = Some(id);
        counter.counted_pieces += it.pieces - beyond;
        if beyond > 0 {
            held = (held.0 + beyond, Some(format!("operation {id} cannot have made {beyond} of {} pieces", it.pieces)));
        }
    }
    counter.held_pieces += held.0;
    counter.why = held.1.or(counter.why);
    counter.updated_at = moment.recorded_at;
    let subject = save(draft, counter)?;
    draft.event("machine.counted", subject);
    Ok(subject)
}

/// Reports what fits on the operation, or keeps it beside; answers the pieces that do not fit.
fn report(draft: &mut Draft<'_, '_>, moment: &Moment, it: &CountPieces, id: Id<WorkOrderOperation>) -> Result<i64, Halt> {
    let operation: WorkOrderOperation = need(draft, id)?;
    let (source, mut beside) = source(draft, &operation, it.machine_id, CountSource::Machine)?;
    beside.source = source;
    if source == CountSource::Person {
        beside.machine_pieces += it.pieces;
        keep(draft, moment, beside)?;
        return Ok(0);
    }
    let fits = it.pieces.min(operation::room(draft, &operation)?.max(0) + beside.bad_pieces);
    let known_bad = fits.min(beside.bad_pieces);
    beside.bad_pieces -= known_bad;
    beside.machine_pieces += fits;
    keep(draft, moment, beside)?;
    if fits > known_bad {
        let good_quantity = fits - known_bad;
        let told = ReportOperation { work_order_id: operation.work_order_id, operation_sequence: operation.operation_sequence, good_quantity, ..ReportOperation::default() };
        operation::report_counted(draft, moment, &told)?;
    }
    Ok(it.pieces - fits)
}

/// Who counts an operation, where somebody is about to report good pieces; and what was kept of it until now.
fn source(draft: &Draft<'_, '_>, operation: &WorkOrderOperation, machine_id: Id<Machine>, first: CountSource) -> Result<(CountSource, OperationCount), Halt> {
    let known = known(draft, operation)?;
    let source = match mapped(draft, machine_id, SignalRole::PartCount)?.map(|it| it.counts) {
        Some(Counting::Always) => CountSource::Machine,
        Some(Counting::Never) => CountSource::Person,
        _ => match &known {
            Some(known) => known.source,
            None if operation.completed_quantity > 0 => CountSource::Person,
            None => first,
        },
    };
    let fresh = OperationCount {
        operation_id: operation.operation_id,
        work_order_id: operation.work_order_id,
        operation_sequence: operation.operation_sequence,
        machine_id,
        ..OperationCount::default()
    };
    Ok((source, known.unwrap_or(fresh)))
}

fn known(draft: &Draft<'_, '_>, operation: &WorkOrderOperation) -> Result<Option<OperationCount>, Halt> {
    Ok(draft.related("operation_id", &operation.operation_id.to_value(), 1)?.pop())
}

fn keep(draft: &mut Draft<'_, '_>, moment: &Moment, mut count: OperationCount) -> Result<Subject, Halt> {
    count.updated_at = moment.recorded_at;
    if count.number() == 0 {
        count.created_at = moment.recorded_at;
    }
    save(draft, count)
}

fn save<R: Record>(draft: &mut Draft<'_, '_>, record: R) -> Result<Subject, Halt> {
    if record.number() == 0 {
        return Ok(Subject::of(draft.add(record)?));
    }
    let subject = Subject { noun: R::NOUN, number: record.number() };
    draft.put(record)?;
    Ok(subject)
}

/// What is left of a person's report where a machine counts the pieces: its good pieces are kept beside,
/// its bad ones count, and the machine's next counts are so many less. Answers the record that keeps them.
pub(super) fn beside_machine(draft: &mut Draft<'_, '_>, moment: &Moment, operation: &WorkOrderOperation, it: &mut ReportOperation) -> Result<Option<Subject>, Halt> {
    let Some(machine) = machine_of(draft, operation)? else { return Ok(None) };
    let (source, mut count) = source(draft, operation, machine, CountSource::Person)?;
    // The people of a simulated plant tell everything themselves.
    if source == CountSource::Person || plant_of(draft)?.simulated {
        return Ok(None);
    }
    count.source = CountSource::Machine;
    count.person_pieces += it.good_quantity;
    count.bad_pieces += it.rejected_quantity + it.scrapped_quantity + it.rework_quantity + it.held_quantity;
    it.good_quantity = 0;
    let kept = keep(draft, moment, count)?;
    draft.event("operation.counted_beside", kept);
    Ok(Some(kept))
}

/// The machine that an operation runs on: its own, else that of its work center.
fn machine_of(draft: &Draft<'_, '_>, operation: &WorkOrderOperation) -> Result<Option<Id<Machine>>, Halt> {
    if operation.machine_id.is_some() {
        return Ok(operation.machine_id);
    }
    let center: Option<WorkCenter> = operation.work_center_id.map(|id| need(draft, id)).transpose()?;
    Ok(center.and_then(|center| center.machine_id))
}
