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
use crate::model::machine_state::{MachineState, Words};
use crate::model::permission::Role;
use crate::model::{Command, DowntimeEvent, Id, Machine, MachineSignal, Record as _};
use crate::store::{Snapshot, View as _};
use crate::telemetry::Lane;
use crate::views;
use crate::views::machine::{Interval, timeline};
use crate::views::machine_signal::{Heard, heard, words};

/// Who reports them.
pub const REPORTER: &str = "machines";
/// The code of a stop whose reason nobody has told yet.
pub const NO_REASON: &str = "NO-REASON";
/// How often machines are looked at: the wall has a stop within two seconds.
const LOOK: Duration = Duration::from_secs(1);
/// How far back the beginning of a stand is looked for.
const BACK: Duration = Duration::from_secs(12 * 3_600);

/// When a stand that may come to a stop by the shifts alone is looked at again.
const AGAIN: Duration = Duration::from_secs(60);

/// Looks until told to stop.
pub async fn run(engine: Engine, lane: Lane, figures: Figures, mut stopping: watch::Receiver<bool>) {
    let mut seen = BTreeMap::new();
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        match look(&engine, &lane, &figures, &mut seen).await {
            Ok(()) => {}
            // The facts of figures are gathered in the first seconds.
            Err(refusal) if refusal.code == Code::Unavailable => tracing::debug!(%refusal, "machines are looked at again in a second"),
            Err(refusal) => tracing::warn!(%refusal, "a machine's stop could not be told"),
        }
    }
}

/// What a machine said when it was looked at, and when the same words are worth another look.
struct Seen {
    words: Words,
    again_at: Time,
}

/// Own stops that are not over, by machine.
fn own_stops(snapshot: &Snapshot) -> Result<BTreeMap<u64, DowntimeEvent>, Refusal> {
    let mut open = BTreeMap::new();
    for status in [DowntimeStatus::Active, DowntimeStatus::PendingParts, DowntimeStatus::Escalated] {
        let stops: Vec<DowntimeEvent> = snapshot.related("status", &status.to_value(), limits::SCAN_MAX)?;
        open.extend(stops.into_iter().filter(|stop| stop.reported_by == REPORTER).filter_map(|stop| Some((stop.machine_id?.number(), stop))));
    }
    Ok(open)
}

async fn look(engine: &Engine, lane: &Lane, figures: &Figures, seen: &mut BTreeMap<u64, Seen>) -> Result<(), Refusal> {
    let plant = engine.read(views::plant)??;
    if plant.simulated {
        return Ok(());
    }
    let patience = plant.silent_stop_minutes.and_then(|minutes| u64::try_from(minutes).ok()).map_or(limits::SILENT_STOP, |minutes| Duration::from_secs(60 * minutes));
    let (machines, open) = engine.read(|snapshot| Ok::<_, Refusal>((views::machine::active_mapped(snapshot)?, own_stops(snapshot)?)))??;
    let now = engine.plant_now();
    for (machine, mapped) in machines {
        let (heard, _) = heard(lane, &views::machine::name_of(&machine), &mapped);
        let words = words(&heard);
        // A timeline reads samples: only what may have begun or ended a stop is worth one.
        if heard.is_empty() || seen.get(&machine.number()).is_some_and(|seen| seen.words == words && now < seen.again_at) {
            continue;
        }
        let Some(interval) = standing(lane, figures, (&machine, &mapped), now)? else { continue };
        match (wanted(&interval, patience, now), open.get(&machine.number())) {
            (Some(wanted), None) => start(engine, &machine, &interval, wanted).await?,
            (None, Some(stop)) if matches!(interval.state, MachineState::Producing | MachineState::Setup) && interval.from > stop.downtime_start => {
                resolve(engine, stop.downtime_id, interval.from).await?;
            }
            _ => {}
        }
        let again_at = again_at(&interval, patience, &heard, now);
        seen.insert(machine.number(), Seen { words, again_at });
    }
    Ok(())
}

/// When the same words may come to something else: a stand that grows long, a shift that opens, a clock that is ahead of ours.
fn again_at(it: &Interval, patience: Duration, heard: &[Heard], now: Time) -> Time {
    let ahead = heard.iter().filter_map(|it| it.last.as_ref().map(|(at, _)| *at)).filter(|at| *at > now).min();
    let by_state = match it.state {
        MachineState::Idle | MachineState::Interrupted if it.from.plus(patience) > now => it.from.plus(patience),
        MachineState::NotPlanned => now.plus(AGAIN),
        _ => Time::from_micros(i64::MAX),
    };
    ahead.map_or(by_state, |ahead| ahead.min(by_state))
}

/// What a machine does now and since when.
fn standing(lane: &Lane, figures: &Figures, of: (&Machine, &[MachineSignal]), now: Time) -> Result<Option<Interval>, Refusal> {
    let told = figures.read(|facts| timeline(lane, facts, of, now.minus(BACK), now))?;
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

fn wanted(it: &Interval, patience: Duration, now: Time) -> Option<Wanted> {
    let stands = now.micros() - it.from.micros();
    match it.state {
        MachineState::Down => {
            let code = it.words.alarm.clone().unwrap_or_else(|| it.words.execution.clone().unwrap_or_default());
            Some(Wanted { description: format!("the machine's control says {code}"), code: code.chars().take(limits::TEXT_MAX).collect() })
        }
        MachineState::Idle | MachineState::Interrupted if it.words.job.is_some() && stands >= i64::try_from(patience.as_micros()).unwrap_or(i64::MAX) => {
            Some(Wanted { code: NO_REASON.to_owned(), description: "the machine stands and nobody has told why".to_owned() })
        }
        _ => None,
    }
}

fn envelope(command: Command, id: String, at: Time) -> Envelope {
    let actor = Actor { user: 0, name: REPORTER.to_owned(), role: Role::Operator };
    Envelope { origin: Origin::Engine, command_id: Some(id), occurred_at: Some(at), ..Envelope::of(actor, command) }
}

async fn start(engine: &Engine, machine: &Machine, it: &Interval, wanted: Wanted) -> Result<(), Refusal> {
    let machine_id = machine.machine_id;
    let command = Command::StartDowntime(StartDowntime {
        downtime_category: DowntimeCategory::Breakdown,
        machine_id: Some(machine_id),
        downtime_reason_code: Some(wanted.code),
        downtime_reason_description: Some(wanted.description),
        ..StartDowntime::default()
    });
    match engine.submit(envelope(command, format!("machine-stop:{machine_id}:{}", it.from.micros()), it.from)).await {
        // Somebody has told it already, or it was told and ended.
        Err(refusal) if refusal.code == Code::IllegalState || refusal.code == Code::KeyReused => Ok(()),
        done => done.map(|_| ()),
    }
}

async fn resolve(engine: &Engine, stop: Id<DowntimeEvent>, at: Time) -> Result<(), Refusal> {
    let it = ResolveDowntime { downtime_id: stop, resolution_action: Some(Note("the machine works again".to_owned())), ..ResolveDowntime::default() };
    match engine.submit(envelope(Command::ResolveDowntime(it), format!("machine-works:{stop}"), at)).await {
        // A person was faster.
        Err(refusal) if refusal.code == Code::IllegalState => Ok(()),
        done => done.map(|_| ()),
    }
}
