//! Faults that sensors show: found once, seen to by a person, cleared when the sensor reads as it should
//! again. A critical one is a stop of its machine, which does not end with the fault: a machine that was
//! switched off reads well.

use super::downtime::{self, open_stops};
use super::{Moment, need, plant_of};
use crate::base::{Code, Refusal};
use crate::model::command::{DetectFault, StartDowntime};
use crate::model::downtime::DowntimeCategory;
use crate::model::machine_fault::{FaultSeverity, FaultStatus as State};
use crate::model::{DowntimeEvent, Field as _, Id, Machine, MachineFault, Sensor, Subject, WorkCenter};
use crate::store::{Draft, Halt, View};

/// Faults that may be open at once.
const OPEN_MAX: usize = 10_000;

pub(super) fn detect(draft: &mut Draft<'_, '_>, moment: &Moment, it: &DetectFault) -> Result<Subject, Halt> {
    let machine: Machine = need(draft, it.machine_id)?;
    for sensor in [Some(it.sensor_id), it.other_sensor_id].into_iter().flatten() {
        need::<Sensor>(draft, sensor)?;
    }
    for state in [State::Open, State::Acknowledged] {
        let open: Vec<MachineFault> = draft.related("status", &state.to_value(), OPEN_MAX)?;
        if let Some(open) = open.iter().find(|other| (other.sensor_id, other.fault_kind) == (it.sensor_id, it.fault_kind)) {
            return Err(Refusal::new(Code::IllegalState, format!("{} is this fault already, since {}", open.fault_id, open.detected_at)).into());
        }
    }
    let stop = if it.severity == FaultSeverity::Critical { stop_of(draft, moment, &machine, it)? } else { None };
    let id = draft.add(MachineFault {
        machine_id: it.machine_id,
        line_id: machine.line_id,
        sensor_id: it.sensor_id,
        other_sensor_id: it.other_sensor_id,
        fault_code: it.fault_code.clone(),
        fault_kind: it.fault_kind,
        severity: it.severity,
        measured_value: it.measured_value,
        limit_value: it.limit_value,
        reason: it.why.clone(),
        detected_at: moment.occurred_at,
        downtime_id: stop,
        created_at: moment.recorded_at,
        ..MachineFault::default()
    })?;
    draft.event("machine_fault.detected", Subject::of(id));
    Ok(Subject::of(id))
}

/// The stop that a critical fault belongs to: the machine's open one, else a new one. The people of a
/// simulated plant tell their stops themselves.
fn stop_of(draft: &mut Draft<'_, '_>, moment: &Moment, machine: &Machine, it: &DetectFault) -> Result<Option<Id<DowntimeEvent>>, Halt> {
    for stop in open_stops(draft)? {
        let center: Option<WorkCenter> = stop.work_center_id.map(|id| need(draft, id)).transpose()?;
        let of = stop.machine_id.or_else(|| center?.machine_id);
        if of == Some(machine.machine_id) {
            return Ok(Some(stop.downtime_id));
        }
    }
    if plant_of(draft)?.simulated {
        return Ok(None);
    }
    let start = StartDowntime {
        downtime_category: DowntimeCategory::Breakdown,
        machine_id: Some(machine.machine_id),
        downtime_reason_code: Some(it.fault_code.clone()),
        downtime_reason_description: Some(it.why.0.chars().take(crate::base::limits::TEXT_MAX).collect()),
        ..StartDowntime::default()
    };
    Ok(Some(Id::new(downtime::start(draft, moment, &start)?.number)))
}

pub(super) fn acknowledge(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<MachineFault>) -> Result<Subject, Halt> {
    let mut fault: MachineFault = need(draft, id)?;
    if let Some(who) = &fault.acknowledged_by {
        return Err(Refusal::new(Code::IllegalState, format!("{who} has acknowledged {id} already")).into());
    }
    fault.acknowledge_minutes = Some(downtime::not_before(moment, fault.detected_at, "the fault")?);
    fault.acknowledged_at = Some(moment.occurred_at);
    fault.acknowledged_by = Some(moment.actor.name.clone());
    if fault.status == State::Open {
        fault.status = State::Acknowledged;
    }
    let stop: Option<DowntimeEvent> = fault.downtime_id.map(|id| need(draft, id)).transpose()?;
    if let Some(stop) = stop.filter(|stop| stop.downtime_end.is_none() && stop.responded_at.is_none()) {
        downtime::respond(draft, moment, stop.downtime_id)?;
    }
    store(draft, fault, "machine_fault.acknowledged")
}

pub(super) fn clear(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<MachineFault>) -> Result<Subject, Halt> {
    let mut fault: MachineFault = need(draft, id)?;
    if fault.cleared_at.is_some() {
        return Err(Refusal::new(Code::IllegalState, format!("{id} is cleared already")).into());
    }
    fault.duration_minutes = Some(downtime::not_before(moment, fault.detected_at, "the fault")?);
    fault.cleared_at = Some(moment.occurred_at);
    fault.status = State::Resolved;
    store(draft, fault, "machine_fault.cleared")
}

fn store(draft: &mut Draft<'_, '_>, fault: MachineFault, event: &str) -> Result<Subject, Halt> {
    let subject = Subject::of(fault.fault_id);
    draft.put(fault)?;
    draft.event(event, subject);
    Ok(subject)
}
