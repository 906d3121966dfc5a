//! Plans anew when the floor changes: a work center breaks down, or a rush order is released. The draft
//! keeps to the plan in force as far as it can and says why it was made; a planner judges and publishes
//! it. Deliberately nothing is published here.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::figures::Figures;
use crate::base::Refusal;
use crate::engine::Engine;
use crate::engine::follow::Follower;
use crate::model::{DowntimeEvent, Entry, Id, Noun, Subject, WorkCenter, WorkOrder};
use crate::planning::{Ask, Desk, Holds, Standing, look};
use crate::store::View as _;

/// Who makes these drafts.
pub const PLANNER: &str = "replan";
/// How long a draft gets better: it is there before the alert is read.
const TIME: Duration = Duration::from_secs(2);
/// At most so often, however much happens; a plant at 600 times its pace breaks down every few seconds.
const EVERY: Duration = Duration::from_secs(30);
/// After a journal that could not be read.
const AGAIN: Duration = Duration::from_secs(5);
/// The priority of a rush order.
const RUSH: i64 = 1;
const SEED: u64 = 1;

/// Follows the journal until told to stop.
pub async fn run(engine: Engine, figures: Figures, desk: Desk, mut stopping: watch::Receiver<bool>) {
    let from = *engine.head().borrow();
    let mut follower = Follower::new(&engine, from).pausing(Duration::from_millis(500));
    let mut rests_until = Instant::now();
    // Why the plan in force is in doubt: the last reason, until a draft was made for it.
    let mut doubt = None;
    loop {
        let news = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep_until(rests_until), if doubt.is_some() => None,
            news = follower.next() => Some(news),
        };
        match news {
            None => {}
            Some(Ok(Some(entries))) => {
                let last = entries.iter().rev().find_map(|entry| reason(&engine, entry).transpose()).transpose().unwrap_or_default();
                doubt = last.or(doubt);
                continue;
            }
            Some(Ok(None)) => return,
            Some(Err(refusal)) => {
                tracing::warn!(%refusal, "planning anew waits for the store");
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        }
        let Some(why) = doubt.take() else { continue };
        rests_until = Instant::now() + EVERY;
        figures.reach(follower.position()).await;
        let (engine, figures, desk) = (engine.clone(), figures.clone(), desk.clone());
        let made = tokio::task::spawn_blocking(move || replan(&engine, &figures, &desk, why)).await;
        if let Ok(Err(refusal)) = made {
            tracing::info!(%refusal, "the floor changed and no plan could be made");
        }
    }
}

fn replan(engine: &Engine, figures: &Figures, desk: &Desk, why: String) -> Result<(), Refusal> {
    let now = engine.plant_now();
    let (shop, kept) = figures.read(|facts| {
        engine.read(|snapshot| {
            let shop = look(snapshot, facts, now, None)?;
            let kept = Holds::look(snapshot, &shop, now)?.keep(&shop)?;
            Ok((shop, kept))
        })?
    })?;
    // Without a plan in force there is nothing to repair.
    if shop.in_force.iter().all(Option::is_none) {
        return Ok(());
    }
    // What was made for the last event and nobody took up is out of date.
    desk.all().iter().filter(|draft| draft.by == PLANNER && draft.standing().0 == Standing::Solving).for_each(|draft| draft.stop());
    desk.begin(shop, kept, Ask { time: TIME, keep: true, seed: SEED, why: Some(why) }, PLANNER).map(drop)
}

/// What of an entry makes the plan in force doubtful, in words.
fn reason(engine: &Engine, entry: &Entry) -> Result<Option<String>, Refusal> {
    let named = |name: &str| entry.events.iter().any(|event| event.name == name);
    match entry.subject.noun {
        Noun::DowntimeEvent if named("downtime.started") => engine.read(|snapshot| {
            let stop: Option<DowntimeEvent> = snapshot.get(Id::new(entry.subject.number))?;
            let Some(stop) = stop.filter(|stop| !stop.downtime_category.is_planned()) else { return Ok(None) };
            let center: Option<WorkCenter> = stop.work_center_id.map(|id| snapshot.get(id)).transpose()?.flatten();
            let told = stop.downtime_reason_description.unwrap_or_else(|| stop.downtime_category.word().to_owned());
            Ok(center.map(|center| format!("{} stands: {told}", center.work_center_name)))
        })?,
        Noun::WorkOrder if named("work_order.released") => engine.read(|snapshot| {
            let order: Option<WorkOrder> = snapshot.get(Id::new(entry.subject.number))?;
            Ok(order.filter(|order| order.priority == RUSH).map(|order| format!("{} is a rush order", Subject::of(order.work_order_id))))
        })?,
        _ => Ok(None),
    }
}
