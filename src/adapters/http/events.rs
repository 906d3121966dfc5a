//! Server-sent events: one message an entry of the journal, its id the sequence, so that a browser
//! that lost its connection goes on where it was. The stream pulls: a slow client holds one page.
//! Machines' newest values and the making of plans come along where they are asked for, without an id:
//! who comes back gets the newest again.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use super::Service;
use super::call::Call;
use super::reply::Reply;
use crate::base::{Code, Refusal};
use crate::bodies;
use crate::engine::follow::Follower;
use crate::model::permission::Role;
use crate::model::telemetry::{Sample, SeriesId};
use crate::planning::Desk;
use crate::telemetry::Lane;
use crate::views::changes::{visible, within};

/// A comment that keeps proxies from closing a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often changed values are told.
const VALUES_EVERY: Duration = Duration::from_secs(1);

/// How often the making of plans is told.
const PLANS_EVERY: Duration = Duration::from_millis(250);

/// The drafts whose making comes along.
struct Plans {
    desk: Desk,
    changed: watch::Receiver<u64>,
    told: BTreeMap<u64, String>,
    /// When a change that was seen is told. Kept here, since a wait is given up whenever the journal goes on.
    due: Option<Instant>,
}

impl Plans {
    fn of(desk: &Desk) -> Self {
        Self { desk: desk.clone(), changed: desk.news(), told: BTreeMap::new(), due: None }
    }

    /// Waits until there may be something new.
    async fn wait(&mut self) {
        let due = match self.due {
            Some(due) => due,
            None if self.changed.changed().await.is_err() => return std::future::pending().await,
            None => *self.due.insert(Instant::now() + PLANS_EVERY),
        };
        tokio::time::sleep_until(due).await;
    }

    /// What is new since the last time, a message a draft; nothing before it is due.
    fn news(&mut self) -> String {
        if self.due.take_if(|due| *due <= Instant::now()).is_none() {
            return String::new();
        }
        let all: Vec<(u64, String)> = self.desk.all().iter().map(|draft| (draft.id, bodies::plan::progress(draft))).collect();
        let new: Vec<(u64, String)> = all.into_iter().filter(|(id, told)| self.told.get(id) != Some(told)).collect();
        let text = new.iter().map(|(_, told)| format!("event: plan\ndata: {told}\n\n")).collect();
        self.told.extend(new);
        text
    }
}

/// The machines whose values come along.
struct Values {
    lane: Lane,
    /// `None`: all.
    machines: Option<Vec<String>>,
    told: BTreeMap<SeriesId, Sample>,
    /// Not again before then, however much happens.
    due: Instant,
}

impl Values {
    fn of(lane: &Lane, asked: &str) -> Self {
        let machines = asked.split(',').map(|name| name.trim().to_owned()).collect();
        Self { lane: lane.clone(), machines: (asked != "*").then_some(machines), told: BTreeMap::new(), due: Instant::now() }
    }

    /// What is new since the last time, as a message; nothing where nothing is.
    fn news(&mut self) -> String {
        if Instant::now() < self.due {
            return String::new();
        }
        self.due = Instant::now() + VALUES_EVERY;
        let series = self.lane.series();
        let wanted = |id: SeriesId| self.machines.as_ref().is_none_or(|wanted| series.get(id.0 as usize).is_some_and(|it| wanted.contains(&it.machine)));
        let new: Vec<Sample> = self.lane.last().into_iter().filter(|sample| wanted(sample.series) && self.told.get(&sample.series) != Some(sample)).collect();
        if new.is_empty() {
            return String::new();
        }
        let message = format!("event: values\ndata: {}\n\n", bodies::telemetry::last(&series, &new, None));
        self.told.extend(new.into_iter().map(|sample| (sample.series, sample)));
        message
    }
}

struct Stream {
    values: Option<Values>,
    plans: Option<Plans>,
    follower: Follower,
    role: Role,
    wanted: Vec<String>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn stream(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["after", "events", "values", "plans"])?;
    let place = Arc::clone(&service.streams).try_acquire_owned().map_err(|_| Refusal::new(Code::Busy, "too many event streams are open"))?;
    let resumed = call.header("last-event-id").and_then(|id| id.trim().parse().ok());
    let head = *service.engine.head().borrow();
    let after = match (resumed, call.asked("after")) {
        (Some(seq), _) => seq,
        (None, Some(_)) => call.number("after", 0, u64::MAX)?,
        (None, None) => head,
    };
    within(after, head)?;
    let wanted = call.asked("events").unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let values = call.asked("values").map(|asked| Ok::<_, Refusal>(Values::of(service.lane()?, asked))).transpose()?;
    let plans = match call.asked("plans") {
        None | Some("false") => None,
        Some("true") => Some(Plans::of(&service.desk)),
        Some(_) => return Err(Refusal::invalid("plans", "plans must be true or false")),
    };
    let state = Stream { values, plans, follower: Follower::new(&service.engine, after), role: call.role(), wanted, stopping: service.stopping.clone(), _place: place };
    let hello = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"retry: 2000\n\n")) });
    let news = stream::unfold(state, next);
    Ok(Reply::of(200, "text/event-stream", Body::from_stream(futures_util::StreamExt::chain(hello, news))))
}

async fn next(mut state: Stream) -> Option<(Result<Bytes, Infallible>, Stream)> {
    let quiet = if state.values.is_some() { VALUES_EVERY } else { HEARTBEAT };
    let planned = async {
        match &mut state.plans {
            Some(plans) => plans.wait().await,
            None => std::future::pending().await,
        }
    };
    let woken = tokio::select! {
        biased;
        _ = state.stopping.wait_for(|stopping| *stopping) => None,
        () = planned => Some(None),
        entries = tokio::time::timeout(quiet, state.follower.next()) => Some(Some(entries)),
    };
    let woken = woken?;
    // Whatever woke it: what only waited for a quiet moment would never be told in a busy plant.
    let mut aside = state.values.as_mut().map(Values::news).unwrap_or_default();
    aside.push_str(&state.plans.as_mut().map(Plans::news).unwrap_or_default());
    let text = match woken {
        None | Some(Err(_)) if aside.is_empty() => ": still here\n\n".to_owned(),
        None | Some(Err(_)) => aside,
        Some(Ok(Ok(Some(entries)))) => {
            let up_to = state.follower.position();
            let mut text: String =
                entries.into_iter().filter_map(|entry| visible(entry, state.role)).filter(|entry| wanted(&state.wanted, entry)).map(|entry| message(&entry)).collect();
            if text.is_empty() {
                // Nothing for this role; the id moves on all the same, so that a resume does not read it again.
                text = format!("id: {up_to}\n: passed\n\n");
            }
            text + &aside
        }
        Some(Ok(Ok(None) | Err(_))) => return None,
    };
    Some((Ok(Bytes::from(text)), state))
}

fn wanted(prefixes: &[String], entry: &crate::model::Entry) -> bool {
    prefixes.is_empty() || entry.events.iter().any(|event| prefixes.iter().any(|prefix| event.name.starts_with(prefix.as_str())))
}

fn message(entry: &crate::model::Entry) -> String {
    format!("id: {}\nevent: entry\ndata: {}\n\n", entry.seq, bodies::entry::json(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_of_a_plan_is_told_however_often_the_journal_goes_on() {
        let (change, changed) = watch::channel(0);
        let mut plans = Plans { desk: Desk::default(), changed, told: BTreeMap::new(), due: None };
        change.send_replace(1);
        // An entry every 100 ms ends each wait early.
        let mut is_told = false;
        for _ in 0..10 {
            is_told |= tokio::time::timeout(Duration::from_millis(100), plans.wait()).await.is_ok();
        }
        assert!(is_told, "the change is forgotten");
        _ = plans.news();
        assert!(tokio::time::timeout(PLANS_EVERY * 2, plans.wait()).await.is_err(), "nothing changed since");
    }
}
