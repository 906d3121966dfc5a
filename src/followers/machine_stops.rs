//! Stops that machines tell themselves. A machine whose control says that it is down has a stop at once;
//! one that stands for long in a shift, in the middle of a job, has a stop that wants its reason. It ends
//! when the machine works again. They are commands like anybody's; the command id is made of the machine and the
//! moment it stood, so that a restart opens none twice. Not on a simulated plant, whose people tell
//! everything themselves, and never from silence: no data is no stop.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use super::figures::Figures;
use crate::base::{Code, Refusal, Time, limits};
use crate::engine::{Engine, Envelope};
use crate::model::command::{ResolveDowntime, StartDowntime};
use crate::model::downtime::{DowntimeCategory, DowntimeStatus};
use crate::model::field::{Field as _, Note};
use crate::model::journal::{Actor, Origin};
use crate::model::permission::Role;
use crate::model::{Command, DowntimeEvent, Id, Machine, Record as _, Subject};
use crate::store::View as _;
use crate::telemetry::Lane;
use crate::telemetry::states::MachineState;
use crate::views;
use crate::views::machine::{Interval, timeline};

/// Who reports them.
pub const REPORTER: &str = "machines";
/// The code of a stop whose reason nobody has told yet.
pub const NO_REASON: &str = "NO-REASON";
/// How often machines are looked at: the wall has a stop within two seconds.
const LOOK: Duration = Duration::from_secs(1);
/// How far back the beginning of a stand is looked for.
const BACK: Duration = Duration::from_secs(12 * 3_600);

/// Looks until told to stop.
pub async fn run(engine: Engine, lane: Lane, figures: Figures, mut stopping: watch::Receiver<bool>) {
    let mut open = BTreeMap::new();
    let mut begun = false;
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let looked = if begun { look(&engine, &lane, &figures, &mut open).await } else { remember(&engine).map(|known| (open, begun) = (known, true)) };
        match looked {
            Ok(()) => {}
            // The facts of figures are gathered in the first seconds.
            Err(refusal) if refusal.code == Code::Unavailable => tracing::debug!(%refusal, "machines are looked at again in a second"),
            Err(refusal) => tracing::warn!(%refusal, "a machine's stop could not be told"),
        }
    }
}

/// Own stops that are not over, by machine.
type Open = BTreeMap<u64, Id<DowntimeEvent>>;

fn remember(engine: &Engine) -> Result<Open, Refusal> {
    let mut open = Open::new();
    for status in [DowntimeStatus::Active, DowntimeStatus::PendingParts, DowntimeStatus::Escalated] {
        let stops: Vec<DowntimeEvent> = engine.read(|snapshot| snapshot.related("status", &status.to_value(), limits::SCAN_MAX))??;
        open.extend(stops.into_iter().filter(|stop| stop.reported_by == REPORTER).filter_map(|stop| Some((stop.machine_id?.number(), stop.downtime_id))));
    }
    Ok(open)
}

async fn look(engine: &Engine, lane: &Lane, figures: &Figures, open: &mut Open) -> Result<(), Refusal> {
    if engine.read(views::plant)??.simulated {
        return Ok(());
    }
    let now = engine.plant_now();
    for machine in engine.read(views::machine::active)?? {
        let Some(interval) = standing(lane, figures, &machine, now)? else { continue };
        match (wanted(&interval, now), open.get(&machine.number()).copied()) {
            (Some(wanted), None) => {
                if let Some(stop) = start(engine, &machine, &interval, wanted).await? {
                    open.insert(machine.number(), stop);
                }
            }
            (None, Some(stop)) if matches!(interval.state, MachineState::Producing | MachineState::Setup) => {
                resolve(engine, stop, interval.from).await?;
                open.remove(&machine.number());
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a machine does now and since when; `None` where it never said anything.
fn standing(lane: &Lane, figures: &Figures, machine: &Machine, now: Time) -> Result<Option<Interval>, Refusal> {
    if lane.of_machine(&views::machine::name_of(machine)).is_empty() {
        return Ok(None);
    }
    let told = figures.read(|facts| timeline(lane, facts, machine, now.minus(BACK), now))?;
    let mut intervals = told.intervals.into_iter().rev();
    let Some(mut last) = intervals.next() else { return Ok(None) };
    // Its words may have changed since, and what it does not.
    for before in intervals.take_while(|before| before.state == last.state) {
        last.from = before.from;
    }
    Ok(Some(last))
}

/// A stop that a machine's standing calls for.
struct Wanted {
    code: String,
    description: String,
}

fn wanted(it: &Interval, now: Time) -> Option<Wanted> {
    let stands = now.micros() - it.from.micros();
    match it.state {
        MachineState::Down => {
            let code = it.words.alarm.clone().unwrap_or_else(|| it.words.execution.clone().unwrap_or_default());
            Some(Wanted { description: format!("the machine's control says {code}"), code: code.chars().take(limits::TEXT_MAX).collect() })
        }
        MachineState::Idle | MachineState::Interrupted if it.words.job.is_some() && stands >= i64::try_from(limits::SILENT_STOP.as_micros()).unwrap_or(i64::MAX) => {
            Some(Wanted { code: NO_REASON.to_owned(), description: "the machine stands and nobody has told why".to_owned() })
        }
        _ => None,
    }
}

fn envelope(command: Command, id: String, at: Time) -> Envelope {
    let actor = Actor { user: 0, name: REPORTER.to_owned(), role: Role::Operator };
    Envelope { origin: Origin::Engine, command_id: Some(id), occurred_at: Some(at), ..Envelope::of(actor, command) }
}

async fn start(engine: &Engine, machine: &Machine, it: &Interval, wanted: Wanted) -> Result<Option<Id<DowntimeEvent>>, Refusal> {
    let machine_id = machine.machine_id;
    let command = Command::StartDowntime(StartDowntime {
        downtime_category: DowntimeCategory::Breakdown,
        machine_id: Some(machine_id),
        downtime_reason_code: Some(wanted.code),
        downtime_reason_description: Some(wanted.description),
        ..StartDowntime::default()
    });
    match engine.submit(envelope(command, format!("machine-stop:{machine_id}:{}", it.from.micros()), it.from)).await {
        Ok(outcome) => Ok(still_open(engine, outcome.subject)?),
        // Somebody has told it already, or it was told and ended.
        Err(refusal) if refusal.code == Code::IllegalState || refusal.code == Code::KeyReused => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// The same stop may have been opened before a restart, and ended by a person since.
fn still_open(engine: &Engine, subject: Subject) -> Result<Option<Id<DowntimeEvent>>, Refusal> {
    let id = Id::<DowntimeEvent>::new(subject.number);
    let stop = engine.read(|snapshot| snapshot.get(id))??;
    Ok(stop.filter(|stop| stop.downtime_end.is_none()).map(|stop| stop.downtime_id))
}

async fn resolve(engine: &Engine, stop: Id<DowntimeEvent>, at: Time) -> Result<(), Refusal> {
    let it = ResolveDowntime { downtime_id: stop, resolution_action: Some(Note("the machine works again".to_owned())), ..ResolveDowntime::default() };
    match engine.submit(envelope(Command::ResolveDowntime(it), format!("machine-works:{stop}"), at)).await {
        // A person was faster.
        Err(refusal) if refusal.code == Code::IllegalState => Ok(()),
        done => done.map(|_| ()),
    }
}
