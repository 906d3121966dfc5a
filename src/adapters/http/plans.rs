//! Planning over HTTP: drafts are made, judged and published; what they are and do is worked out below.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::Service;
use super::call::Call;
use super::reads::aside;
use super::reply::Reply;
use crate::base::{Code, Date, Refusal, limits};
use crate::bodies::plan as shapes;
use crate::engine::Envelope;
use crate::model::command::PublishPlan;
use crate::model::field::Note;
use crate::model::journal::Actor;
use crate::model::{Command, Id, Noun, WorkOrder};
use crate::planning::{self, Ask, Draft, Every, Extra, Holds, Kept, Shop};
use crate::views;

/// How long a plan gets better that does not say it.
const SECONDS: u64 = 10;
/// How long a what-if is worked on.
const WHAT_IF: Duration = Duration::from_millis(150);
/// How much of a work center's work is listed.
const DISPATCHED: usize = 50;
/// Days before the last that adherence is told for, where nothing else is asked.
const ADHERED: i32 = 6;
/// How far the plan in force is shown that does not say it.
const SHOWN: Duration = Duration::from_secs(7 * 86_400);
const SEED: u64 = 1;
/// The plan in force, where a draft is named.
pub(super) const IN_FORCE: &str = "in-force";

/// Whoever changed something a moment ago finds it in the plan.
pub(super) async fn reach(service: &Service) {
    let head = *service.engine.head().borrow();
    service.figures.reach(head).await;
}

fn look(service: &Service, extra: Option<&Extra>) -> Result<Shop, Refusal> {
    let now = service.engine.plant_now();
    service.figures.read(|facts| service.engine.read(|snapshot| planning::look(snapshot, facts, now, extra))?)
}

/// The plant, and what of its plan stays where it is.
pub(super) fn look_and_keep(service: &Service, extra: Option<&Extra>) -> Result<(Shop, Kept), Refusal> {
    let shop = look(service, extra)?;
    let now = service.engine.plant_now();
    let kept = service.engine.read(|snapshot| Holds::look(snapshot, &shop, now)?.keep(&shop))??;
    Ok((shop, kept))
}

fn whole(body: &mut Map<String, Json>, name: &'static str, default: u64, range: std::ops::RangeInclusive<u64>) -> Result<u64, Refusal> {
    match body.remove(name) {
        None | Some(Json::Null) => Ok(default),
        Some(told) => {
            let number = told.as_u64().filter(|number| range.contains(number));
            number.ok_or_else(|| Refusal::invalid(name, format!("{name} must be a whole number from {} to {}", range.start(), range.end())))
        }
    }
}

pub(super) fn nothing_else(body: &Map<String, Json>, known: &str) -> Result<(), Refusal> {
    match body.keys().next() {
        None => Ok(()),
        Some(name) => Err(Refusal::new(Code::Malformed, format!("`{name}` is not known here; this takes {known}"))),
    }
}

pub(super) async fn make(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let seconds = whole(&mut body, "seconds", SECONDS, 0..=limits::PLAN_TIME.as_secs())?;
    let seed = whole(&mut body, "seed", SEED, 0..=u64::from(u32::MAX))?;
    let keep = match body.remove("keep") {
        None | Some(Json::Null) => false,
        Some(keep) => keep.as_bool().ok_or_else(|| Refusal::invalid("keep", "keep must be true or false"))?,
    };
    nothing_else(&body, "seconds, keep and seed")?;
    let by = call.actor()?.name;
    reach(&service).await;
    let ask = Ask { time: Duration::from_secs(seconds), keep, seed, why: None };
    let json = aside(move || {
        let (shop, kept) = look_and_keep(&service, None)?;
        Ok(shapes::draft(&*service.desk.begin(shop, kept, ask, &by)?))
    })
    .await?;
    Ok(Reply::json(201, json))
}

pub(super) async fn list(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    Ok(Reply::json(200, aside(move || Ok(shapes::drafts(&service.desk.all()))).await?))
}

pub(super) fn draft(service: &Service, call: &Call) -> Result<Arc<Draft>, Refusal> {
    let number = call.param("id")?.parse().map_err(|_| Refusal::new(Code::NotFound, "a plan is named by its number"))?;
    service.desk.find(number)
}

async fn shown(service: Arc<Service>, call: Call, shape: fn(&Draft) -> String) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let draft = draft(&service, &call)?;
    Ok(Reply::json(200, aside(move || Ok(shape(&draft))).await?))
}

pub(super) async fn get(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    shown(service, call, shapes::draft).await
}

pub(super) async fn difference(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["against"])?;
    let of = draft(&service, &call)?;
    let number = call.asked("against").filter(|word| *word != IN_FORCE);
    let other = number
        .map(|id| id.parse().map_err(|_| Refusal::invalid("against", "against must be the number of a plan, or in-force")).and_then(|id| service.desk.find(id)))
        .transpose()?;
    Ok(Reply::json(200, aside(move || Ok(shapes::difference(&of, other.as_deref()))).await?))
}

pub(super) async fn slots(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let draft = draft(&service, &call)?;
    let now = service.engine.plant_now();
    let json = aside(move || {
        let holds = service.engine.read(|snapshot| Holds::look(snapshot, &draft.shop, now))??;
        Ok(shapes::slots(&draft, &holds))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn stop(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    nothing_else(&call.json().await?, "nothing")?;
    draft(&service, &call)?.stop();
    shown(service, call, shapes::draft).await
}

pub(super) async fn explain(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let draft = draft(&service, &call)?;
    let order: Id<WorkOrder> = Id::new(service.find(Noun::WorkOrder, call.param("order")?)?.number);
    let job = draft.shop.job_of(order).ok_or_else(|| {
        let why = draft.shop.left_out.iter().find(|(id, _)| *id == order).map_or("it was not released, or is done", |(_, why)| why.as_str());
        Refusal::new(Code::NotFound, format!("this order is not in the plan: {why}"))
    })?;
    let json = aside(move || {
        let plan = draft.plan();
        let effect = planning::compare(&draft.shop, &plan).swap_remove(job);
        Ok(shapes::story(&draft.shop, job, &effect, &planning::story(&draft.shop, &plan, job)))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn what_if(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let product = body.remove("product_id").and_then(|id| id.as_str().map(str::to_owned)).ok_or_else(|| Refusal::invalid("product_id", "product_id must be given, as a text"))?;
    let quantity = whole(&mut body, "quantity", 0, 1..=1_000_000)?;
    if quantity == 0 {
        return Err(Refusal::invalid("quantity", "quantity must be given"));
    }
    let priority = whole(&mut body, "priority", 5, 1..=10)?;
    let due: Option<Date> = match body.remove("due") {
        None | Some(Json::Null) => None,
        Some(due) => Some(due.as_str().and_then(|due| due.parse().ok()).ok_or_else(|| Refusal::invalid("due", "due must be a day such as 2026-03-31"))?),
    };
    nothing_else(&body, "product_id, quantity, due and priority")?;
    let zone = service.figures.read(|facts| Ok(facts.zone.clone()))?;
    let today = service.engine.plant_now().date(&zone);
    if due.is_some_and(|due| due < today) {
        return Err(Refusal::invalid("due", format!("due must not lie before today, {today}")));
    }
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let extra = Extra { product: Id::new(service.find(Noun::Product, &product)?.number), quantity: number(quantity), due, priority: number(priority) };
    reach(&service).await;
    let json = aside(move || {
        let (shop, kept) = look_and_keep(&service, Some(&extra))?;
        let plan = planning::fitted(&shop, &kept, WHAT_IF, SEED);
        Ok(shapes::promise(&shop, &plan))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn publish(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let draft = draft(&service, &call)?;
    let wanted = match body.remove("work_orders") {
        None | Some(Json::Null) => None,
        Some(Json::Array(orders)) if orders.is_empty() => return Err(Refusal::invalid("work_orders", "work_orders must name an order; leave it out to publish the whole plan")),
        Some(Json::Array(orders)) => {
            let named = orders.iter().map(|order| {
                let text = order.as_str().ok_or_else(|| Refusal::invalid("work_orders", "work_orders must be a list of orders"))?;
                Ok(service.find(Noun::WorkOrder, text)?.number)
            });
            Some(named.collect::<Result<BTreeSet<u64>, Refusal>>()?)
        }
        Some(_) => return Err(Refusal::invalid("work_orders", "work_orders must be a list of orders")),
    };
    let notes = match body.remove("notes") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(Note(crate::base::text::note(&text, limits::NOTE_MAX).map_err(|fault| Refusal::invalid("notes", fault.to_string()))?)),
        Some(_) => return Err(Refusal::invalid("notes", "notes must be a text")),
    };
    nothing_else(&body, "work_orders and notes")?;
    Ok(Reply::json(200, put_in_force(&service, Sender::of(&call)?, &draft, wanted.as_ref(), notes).await?.shown(draft.id)))
}

/// What was put in force.
pub(super) struct InForce {
    slots: usize,
    orders: usize,
    /// Slots among them that were in force already.
    before: usize,
    begun: Vec<(Id<WorkOrder>, i64)>,
    pub(super) seq: u64,
}

impl InForce {
    fn shown(&self, id: u64) -> String {
        shapes::published(id, self.slots, self.orders, self.before, &self.begun, self.seq)
    }

    /// A refusal of a part of a plan, when parts before it are in force.
    fn interrupted(&self, refusal: Refusal, part: usize, parts: usize) -> Refusal {
        if part == 0 {
            return refusal;
        }
        let detail = format!(
            "{part} of {parts} parts of the plan are in force ({} slots of {} orders), and the next was refused: {}; publish it again, and what is in force already is left as it is",
            self.slots,
            self.orders,
            refusal.sentence()
        );
        Refusal { detail, ..refusal }
    }
}

/// Who puts it in force, from where, and under which key.
pub(super) struct Sender {
    actor: Actor,
    terminal: Option<String>,
    key: Option<String>,
}

impl Sender {
    pub(super) fn of(call: &Call) -> Result<Self, Refusal> {
        Ok(Self { actor: call.actor()?, terminal: call.terminal()?, key: call.command_id()? })
    }
}

/// Makes a draft, or some orders of it, the plan in force. A plan of many slots goes in parts, whole orders each.
pub(super) async fn put_in_force(service: &Service, sender: Sender, draft: &Draft, wanted: Option<&BTreeSet<u64>>, notes: Option<Note>) -> Result<InForce, Refusal> {
    let (chosen, head) = service.engine.read(|snapshot| Ok::<_, Refusal>((planning::chosen(snapshot, draft, wanted)?, snapshot.head()?)))??;
    let Sender { actor, terminal, key } = sender;
    // Under a key it is the repeat of a call whose answer was lost, and done.
    if chosen.orders.is_empty() && (chosen.in_force.1 == 0 || key.is_none()) {
        return Err(Refusal::new(Code::IllegalState, "nothing differs: the plan in force has all of this plan already, or it has begun meanwhile; make it again"));
    }
    let (orders, before) = chosen.in_force;
    let mut done = InForce { slots: before, orders, before, begun: chosen.begun.clone(), seq: head };
    let parts = chosen.pieces();
    let count = parts.len();
    for (part, slots) in parts.into_iter().enumerate() {
        let orders: BTreeSet<u64> = slots.iter().map(|slot| slot.work_order_id.number()).collect();
        let more = slots.len();
        // A part is known by its first order: the parts before it may be in force when it is sent again.
        let command_id = key.as_ref().zip(orders.first()).map(|(key, first)| format!("{key}.{first}"));
        let command = Command::PublishPlan(PublishPlan { slots, notes: notes.clone() });
        let envelope = Envelope { terminal: terminal.clone(), command_id, ..Envelope::of(actor.clone(), command) };
        done.seq = service.engine.submit(envelope).await.map_err(|refusal| done.interrupted(refusal, part, count))?.seq;
        (done.slots, done.orders) = (done.slots + more, done.orders + orders.len());
    }
    draft.published();
    Ok(done)
}

pub(super) async fn schedule(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["from", "to", "as_of"])?;
    let as_of = call.as_of()?;
    let json = aside(move || {
        let zone = service.figures.read(|facts| Ok(facts.zone.clone()))?;
        let moment = |name: &'static str| call.asked(name).map(|text| views::kpi::moment(name, text, &zone)).transpose();
        let from = moment("from")?.unwrap_or_else(|| service.engine.plant_now().minus(Duration::from_secs(86_400)));
        let to = moment("to")?.unwrap_or_else(|| from.plus(SHOWN));
        let (all, frozen_hours) = service.engine.read(|snapshot| {
            let seq = as_of.map(|as_of| as_of.entry(snapshot)).transpose()?;
            Ok::<_, Refusal>((planning::schedule(snapshot, from, to, seq)?, planning::frozen_hours(snapshot)?))
        })??;
        Ok(shapes::schedule(&all, frozen_hours))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn dispatch(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["limit"])?;
    let center = Id::new(service.find(Noun::WorkCenter, call.param("id")?)?.number);
    let limit = call.count("limit", DISPATCHED, limits::PAGE_MAX)?;
    let json = aside(move || Ok(shapes::dispatch(center, &service.engine.read(|snapshot| planning::dispatch(snapshot, center, limit))??)));
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn capacity(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["bucket", "plan"])?;
    let every = match call.asked("bucket") {
        None | Some("week") => Every::Week,
        Some("day") => Every::Day,
        Some(_) => return Err(Refusal::invalid("bucket", "bucket must be week or day")),
    };
    let plan = call.asked("plan").map(|id| id.parse().map_err(|_| Refusal::new(Code::NotFound, "a plan is named by its number"))).transpose()?;
    reach(&service).await;
    let json = aside(move || {
        let draft = plan.map(|plan| service.desk.find(plan)).transpose()?;
        let in_force = if draft.is_none() { Some(look(&service, None)?) } else { None };
        let (shop, plan) = (draft.as_ref().map(|draft| &*draft.shop).or(in_force.as_ref()), draft.as_ref().map(|draft| draft.plan()));
        let shop = shop.ok_or_else(|| Refusal::new(Code::Internal, "there is neither a draft nor a plan in force"))?;
        let (buckets, unplanned) = planning::capacity(shop, plan.as_deref(), every, &service.figures.read(|facts| Ok(facts.zone.clone()))?);
        // What is not planned yet is put behind what is, so that its promises count.
        let whole = plan.unwrap_or_else(|| Arc::new(planning::whole(shop)));
        Ok(shapes::capacity(shop, &buckets, &unplanned, &planning::proposals(shop, &whole)))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn adherence(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["from", "to"])?;
    reach(&service).await;
    let json = aside(move || {
        let zone = service.figures.read(|facts| Ok(facts.zone.clone()))?;
        let now = service.engine.plant_now();
        let day = |name: &'static str, default: Date| {
            call.asked(name).map_or(Ok(default), |text| text.parse().map_err(|_| Refusal::invalid(name, format!("{name} must be a day such as 2026-03-31"))))
        };
        let to = day("to", now.date(&zone))?;
        let from = day("from", to.plus_days(-ADHERED))?;
        service.figures.read(|facts| service.engine.read(|snapshot| planning::adherence(snapshot, facts, from, to, now).map(|it| shapes::adherence(&it)))?)
    });
    Ok(Reply::json(200, json.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_in_the_middle_says_what_is_in_force_and_what_to_do() {
        let done = InForce { slots: 3_996, orders: 1_332, before: 0, begun: Vec::new(), seq: 7 };
        let refused = || Refusal::new(Code::Busy, "more commands are waiting than the writer can queue; try again in a second");
        assert_eq!(done.interrupted(refused(), 0, 5), refused(), "nothing has happened yet");
        let told = done.interrupted(refused(), 2, 5);
        assert_eq!(told.code, Code::Busy);
        for words in ["2 of 5 parts of the plan are in force", "3996 slots of 1332 orders", "more commands are waiting", "publish it again"] {
            assert!(told.detail.contains(words), "{words:?} is not in {told}");
        }
    }
}
