//! The subscription of a session: what is listened to, and what comes of it. A connection that says
//! nothing when it should is given up here. Deliberately one subscription a session: what belongs
//! together in time comes in one message.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_opcua::client::{MonitoredItemMap, OnSubscriptionNotificationCore};
use async_opcua::types::{
    AttributeId, DataChangeNotification, DataValue, ExtensionObject, MonitoredItemCreateRequest, MonitoringMode, MonitoringParameters, NodeId, NotificationMessage, ReadValueId,
    StatusChangeNotification, StatusCode, TimestampsToReturn, VariableId, Variant,
};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::fault::{Fault, status_text};
use super::gather::Gathering;
use super::nodes::{self, AT_ONCE};
use super::session::Opened;
use super::settings::Settings;
use crate::base::limits;
use crate::engine::clock::Clock;
use crate::telemetry::{Source, State};

/// Intervals after which a server without news says that it is there.
const KEEP_ALIVE: u32 = 1;
/// Intervals after which it forgets a subscription that nobody asks for.
const LIFETIME: u32 = 100;
/// So many signs of life may be missed, and so much longer.
const MISSED: u32 = 3;
const MARGIN: Duration = Duration::from_secs(3);
/// Wrong nodes that are told by name.
const WRONG_TOLD: usize = 5;
/// Messages that are made durable together.
const TOGETHER: usize = 64;
/// Numbers under which the server tells of itself.
const STARTED: u32 = u32::MAX;
const SERVER_STATE: u32 = u32::MAX - 1;

/// What a server tells.
enum Told {
    Values(Vec<(u32, DataValue)>),
    Ended(StatusCode),
}

/// Takes what comes off the session's hands at once: it must not wait for a disk.
struct Listener {
    told: mpsc::Sender<Told>,
    lost: Arc<AtomicU64>,
}

impl OnSubscriptionNotificationCore for Listener {
    fn on_subscription_notification(&mut self, message: NotificationMessage, _items: MonitoredItemMap<'_>) {
        self.hear(message.notification_data.unwrap_or_default());
    }
}

impl Listener {
    fn hear(&self, parts: Vec<ExtensionObject>) {
        let mut values = Vec::new();
        for part in parts {
            if let Some(changed) = part.inner_as::<StatusChangeNotification>() {
                // Where it does not fit, the silence that follows tells the same.
                _ = self.told.try_send(Told::Ended(changed.status));
            } else if let Some(changed) = part.into_inner_as::<DataChangeNotification>() {
                values.extend(changed.monitored_items.into_iter().flatten().map(|it| (it.client_handle, it.value)));
            }
        }
        let count = values.len() as u64;
        if count > 0 && self.told.try_send(Told::Values(values)).is_err() {
            self.lost.fetch_add(count, Ordering::Relaxed);
        }
    }
}

/// What a session is listened to by.
pub(super) struct Listening {
    told: mpsc::Receiver<Told>,
    lost: Arc<AtomicU64>,
    /// How long the server may say nothing.
    patience: Duration,
    started: Option<Variant>,
    state: Option<Variant>,
}

/// Reads all values once, and listens to them from then on.
pub(super) async fn begin(opened: &Opened, settings: &Settings, gathering: &mut Gathering<'_>, mut wrong: Vec<String>) -> Result<Listening, Fault> {
    let all: Vec<NodeId> = gathering.items().iter().map(|it| it.node.clone()).collect();
    let values = nodes::read(&opened.session, &all, AttributeId::Value).await?;
    gathering.resume().await;
    gathering.keep(&values.into_iter().enumerate().collect::<Vec<_>>(), 0).await;

    let (tell, told) = mpsc::channel(limits::OPCUA_WAITING_MAX);
    let lost = Arc::new(AtomicU64::new(0));
    let listener = Listener { told: tell, lost: Arc::clone(&lost) };
    let session = &opened.session;
    let made = session.create_subscription(settings.publishing(), LIFETIME, KEEP_ALIVE, limits::OPCUA_VALUES_MAX, 0, true, listener).await;
    let subscription = made.map_err(Fault::asked("the server makes no subscription"))?;
    let listened = listen(opened, settings, subscription, &all, gathering, &mut wrong).await?;
    if listened == 0 {
        return Err(Fault::Nothing(told_wrong(&wrong)));
    }
    gathering.why = (!wrong.is_empty()).then(|| format!("{listened} variables are listened to; not these: {}", told_wrong(&wrong)));
    let revised = session.subscription_state().lock().get(subscription).map(|it| it.publishing_interval() * it.max_keep_alive_count().max(1));
    let patience = revised.unwrap_or_default().max(settings.publishing()) * MISSED + MARGIN;
    Ok(Listening { told, lost, patience, started: None, state: None })
}

fn told_wrong(wrong: &[String]) -> String {
    let more = if wrong.len() > WRONG_TOLD { format!(", and {} more", wrong.len() - WRONG_TOLD) } else { String::new() };
    format!("{}{more}", wrong[..wrong.len().min(WRONG_TOLD)].join("; "))
}

/// Has all variables observed; answers how many are.
async fn listen(opened: &Opened, settings: &Settings, subscription: u32, all: &[NodeId], gathering: &Gathering<'_>, wrong: &mut Vec<String>) -> Result<usize, Fault> {
    let item = |node: NodeId, number, queue_size| MonitoredItemCreateRequest {
        item_to_monitor: ReadValueId::new_value(node),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            client_handle: number,
            sampling_interval: settings.sampling_ms as f64,
            queue_size,
            discard_oldest: true,
            ..MonitoringParameters::default()
        },
    };
    // Handles begin with 1: 0 would be replaced by one of the library's own.
    let observed = all.iter().zip(1..).map(|(node, number)| item(node.clone(), number, settings.queue));
    let own = [item(VariableId::Server_ServerStatus_StartTime.into(), STARTED, 1), item(VariableId::Server_ServerStatus_State.into(), SERVER_STATE, 1)];
    let items: Vec<MonitoredItemCreateRequest> = own.into_iter().chain(observed).collect();
    let mut listened = 0;
    for some in items.chunks(AT_ONCE) {
        let made = opened.session.create_monitored_items(subscription, TimestampsToReturn::Both, some.to_vec()).await;
        for it in made.map_err(Fault::asked("the server lets nothing be observed"))? {
            let item = (it.requested_parameters.client_handle as usize).checked_sub(1).and_then(|at| gathering.items().get(at));
            match item {
                Some(item) if it.result.status_code.is_bad() => wrong.push(format!("{} ({}): {}", item.node, item.metric, status_text(it.result.status_code))),
                Some(_) => listened += 1,
                None => {}
            }
        }
    }
    Ok(listened)
}

impl Listening {
    /// Keeps what comes until the session ends or says nothing.
    pub(super) async fn follow(mut self, opened: &mut Opened, gathering: &mut Gathering<'_>, source: &Source) -> Result<Infallible, Fault> {
        let mut heard = opened.heard.clone();
        source.stands(State::Live, gathering.why.as_deref(), Clock::System.now());
        gathering.memory.heard_at = Some(source.now());
        loop {
            let silent_at = *heard.borrow_and_update() + self.patience;
            tokio::select! {
                biased;
                Some(told) = self.told.recv() => self.take(told, gathering).await?,
                fault = opened.ended() => return Err(fault),
                _ = heard.changed() => source.heard(Clock::System.now()),
                () = sleep_until(silent_at) => return Err(Fault::Silent),
            }
            gathering.memory.heard_at = Some(source.now());
            if source.standing().borrow().state != State::Live {
                source.stands(State::Live, gathering.why.as_deref(), Clock::System.now());
            }
        }
    }

    /// Keeps a message, with those that wait behind it; then says whether the server still is there.
    async fn take(&mut self, told: Told, gathering: &mut Gathering<'_>) -> Result<(), Fault> {
        let (values, still) = self.together(told);
        gathering.keep(&values, self.lost.swap(0, Ordering::Relaxed)).await;
        still
    }

    fn together(&mut self, told: Told) -> (Vec<(usize, DataValue)>, Result<(), Fault>) {
        let mut values = Vec::new();
        let mut still = self.read(told, &mut values);
        let mut taken = 1;
        while still.is_ok()
            && taken < TOGETHER
            && let Ok(told) = self.told.try_recv()
        {
            still = self.read(told, &mut values);
            taken += 1;
        }
        (values, still)
    }

    fn read(&mut self, told: Told, values: &mut Vec<(usize, DataValue)>) -> Result<(), Fault> {
        let some = match told {
            Told::Values(some) => some,
            Told::Ended(status) => return Err(Fault::Ended(status)),
        };
        let mut still = Ok(());
        for (number, value) in some {
            match number {
                STARTED => still = still.and(same(&mut self.started, value)),
                SERVER_STATE => still = still.and(same(&mut self.state, value)),
                number => values.extend((number as usize).checked_sub(1).map(|at| (at, value))),
            }
        }
        still
    }
}

/// Whether the server still is the one that was called.
fn same(before: &mut Option<Variant>, now: DataValue) -> Result<(), Fault> {
    match (&before, now.value) {
        (Some(before), Some(now)) if *before != now => Err(Fault::Restarted),
        (_, now) => {
            *before = now.or(before.take());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use async_opcua::types::{DateTime, MonitoredItemNotification};

    use super::*;

    fn changes(count: usize) -> Vec<ExtensionObject> {
        let one = MonitoredItemNotification { client_handle: 1, value: DataValue::new_now(1.5) };
        vec![ExtensionObject::from_message(DataChangeNotification { monitored_items: Some(vec![one; count]), diagnostic_infos: None })]
    }

    #[test]
    fn what_does_not_fit_while_nothing_is_taken_is_counted() {
        let (told, mut taken) = mpsc::channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let listener = Listener { told, lost: Arc::clone(&lost) };
        listener.hear(changes(2));
        assert_eq!(lost.load(Ordering::Relaxed), 0);
        listener.hear(changes(3));
        listener.hear(changes(4));
        assert_eq!(lost.load(Ordering::Relaxed), 7);
        assert!(matches!(taken.try_recv(), Ok(Told::Values(values)) if values.len() == 2));
        listener.hear(vec![ExtensionObject::from_message(StatusChangeNotification { status: StatusCode::BadTimeout, ..StatusChangeNotification::default() })]);
        assert!(matches!(taken.try_recv(), Ok(Told::Ended(StatusCode::BadTimeout))));
    }

    #[test]
    fn messages_that_wait_are_taken_in_turns_and_none_is_dropped() {
        let (tell, told) = mpsc::channel(limits::OPCUA_WAITING_MAX);
        let mut listening = Listening { told, lost: Arc::default(), patience: Duration::ZERO, started: None, state: None };
        let message = |number| Told::Values(vec![(number, DataValue::new_now(1.5)), (0, DataValue::null())]);
        (1..=200).for_each(|number| assert!(tell.try_send(message(number)).is_ok()));
        let started = |seconds| (STARTED, DataValue::new_now(DateTime::ymd_hms(2026, 3, 30, 6, 0, seconds)));
        assert!(tell.try_send(Told::Values(vec![started(1), started(2), (201, DataValue::null())])).is_ok());
        let mut all = Vec::new();
        let ended = loop {
            let first = listening.told.try_recv().unwrap();
            let (values, still) = listening.together(first);
            all.extend(values.into_iter().map(|(at, _)| at));
            if let Err(fault) = still {
                break fault;
            }
        };
        assert_eq!(all, (0..=200).collect::<Vec<_>>(), "those that came with the news of a restart too");
        assert!(matches!(ended, Fault::Restarted));
    }

    #[test]
    fn a_server_that_was_started_anew_is_noticed() {
        let at = |seconds| DataValue::new_now(DateTime::ymd_hms(2026, 3, 30, 6, 0, seconds));
        let mut started = None;
        assert!(same(&mut started, at(1)).is_ok());
        assert!(same(&mut started, DataValue::null()).is_ok());
        assert!(same(&mut started, at(1)).is_ok());
        assert!(matches!(same(&mut started, at(2)), Err(Fault::Restarted)));
    }

    #[test]
    fn wrong_nodes_are_named_and_many_are_counted() {
        let wrong: Vec<String> = (1..=7).map(|number| format!("n{number}")).collect();
        assert_eq!(told_wrong(&wrong[..2]), "n1; n2");
        assert_eq!(told_wrong(&wrong), "n1; n2; n3; n4; n5, and 2 more");
    }
}
