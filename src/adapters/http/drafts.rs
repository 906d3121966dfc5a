//! Drafts changed by people over HTTP: moves with their effects, versions to go back to, branches.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::Service;
use super::call::Call;
use super::plans::{IN_FORCE, Sender, draft, look_and_keep, nothing_else, put_in_force, reach};
use super::reads::aside;
use super::reply::Reply;
use crate::base::{Code, Refusal, Time, limits, text};
use crate::bodies::plan as shapes;
use crate::model::{Id, Noun, WorkCenter, WorkOrder};
use crate::planning::{Act, ByHand, Draft, Hindered, Holds, Moved, Target, by_hand};

/// A place in a body: an order and one of its operations.
type Step = (Id<WorkOrder>, i64);

/// What a body asks to be moved.
struct Asked {
    step: Step,
    center: Option<Id<WorkCenter>>,
    start: Option<Time>,
    before: Option<Step>,
    after: Option<Step>,
}

fn step(service: &Service, body: &mut Map<String, Json>) -> Result<Step, Refusal> {
    let order =
        body.remove("work_order_id").and_then(|id| id.as_str().map(str::to_owned)).ok_or_else(|| Refusal::invalid("work_order_id", "work_order_id must be given, as a text"))?;
    let sequence = body
        .remove("operation_sequence")
        .and_then(|it| it.as_i64())
        .ok_or_else(|| Refusal::invalid("operation_sequence", "operation_sequence must be given, as a whole number"))?;
    Ok((Id::new(service.find(Noun::WorkOrder, &order)?.number), sequence))
}

fn neighbour(service: &Service, body: &mut Map<String, Json>, name: &'static str) -> Result<Option<Step>, Refusal> {
    match body.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(mut it)) => {
            let step = step(service, &mut it)?;
            nothing_else(&it, "work_order_id and operation_sequence").map(|()| Some(step))
        }
        Some(_) => Err(Refusal::invalid(name, format!("{name} must be an object with work_order_id and operation_sequence"))),
    }
}

fn asked(service: &Service, body: &mut Map<String, Json>) -> Result<Asked, Refusal> {
    let step = step(service, body)?;
    let center = match body.remove("work_center_id") {
        None | Some(Json::Null) => None,
        Some(Json::String(id)) => Some(Id::new(service.find(Noun::WorkCenter, &id)?.number)),
        Some(_) => return Err(Refusal::invalid("work_center_id", "work_center_id must be a text")),
    };
    let start = match body.remove("planned_start_time") {
        None | Some(Json::Null) => None,
        Some(told) => {
            let time = told.as_str().and_then(|told| told.parse::<Time>().ok());
            Some(time.ok_or_else(|| Refusal::invalid("planned_start_time", "planned_start_time must be a moment such as 2026-03-31T06:00:00Z"))?)
        }
    };
    let (before, after) = (neighbour(service, body, "before")?, neighbour(service, body, "after")?);
    let told = usize::from(start.is_some()) + usize::from(before.is_some()) + usize::from(after.is_some());
    match told {
        0 if center.is_none() => Err(Refusal::invalid("work_center_id", "say where to: work_center_id, planned_start_time, before or after")),
        0 | 1 => Ok(Asked { step, center, start, before, after }),
        _ => Err(Refusal::invalid("planned_start_time", "say one of planned_start_time, before and after")),
    }
}

fn operation(draft: &Draft, (order, sequence): Step) -> Result<usize, Refusal> {
    let gone =
        || Refusal::new(Code::NotFound, format!("operation {sequence} of {} is not in plan {}: it was not released, or is done", crate::model::Subject::of(order), draft.id));
    draft.shop.operation(order, sequence).ok_or_else(gone)
}

/// What would become of a draft's present plan.
fn try_move(service: &Service, draft: &Draft, it: &Asked) -> Result<Result<Moved, Hindered>, Refusal> {
    let (shop, plan, now) = (&*draft.shop, draft.plan(), service.engine.plant_now());
    let holds = service.engine.read(|snapshot| Holds::look(snapshot, shop, now))??;
    let target = match (it.before, it.after) {
        (Some(other), _) => Target::Before(operation(draft, other)?),
        (_, Some(other)) => Target::After(operation(draft, other)?),
        _ => Target::At(it.start),
    };
    let unused = |id: Id<WorkCenter>| Refusal::field(Code::IllegalState, "work_center_id", format!("{} is not in use, or has no hours", crate::model::Subject::of(id)));
    let center = it.center.map(|id| shop.centers.iter().position(|center| center.work_center_id == id).ok_or_else(|| unused(id))).transpose()?;
    Ok(by_hand(shop, &plan, &holds, &ByHand { operation: operation(draft, it.step)?, center, target }, now))
}

/// The draft of an address; for the plan in force a new one.
fn draft_of(service: &Service, call: &Call, name: Option<String>) -> Result<Arc<Draft>, Refusal> {
    if call.param("id")? != IN_FORCE {
        return draft(service, call);
    }
    let (shop, kept) = look_and_keep(service, None)?;
    service.desk.of_force(shop, kept, name, &call.actor()?.name)
}

fn flag(body: &mut Map<String, Json>, name: &'static str) -> Result<bool, Refusal> {
    match body.remove(name) {
        None | Some(Json::Null) => Ok(false),
        Some(told) => told.as_bool().ok_or_else(|| Refusal::invalid(name, format!("{name} must be true or false"))),
    }
}

pub(super) async fn move_one(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&["dry_run"])?;
    let mut body = call.json().await?;
    let is_dry = match call.asked("dry_run") {
        None | Some("false") => flag(&mut body, "dry_run")?,
        Some("true") => true,
        Some(_) => return Err(Refusal::invalid("dry_run", "dry_run must be true or false")),
    };
    let it = asked(&service, &mut body)?;
    let publish = flag(&mut body, "publish")?;
    nothing_else(&body, "work_order_id, operation_sequence, work_center_id, planned_start_time, before, after, publish and dry_run")?;
    if call.param("id")? == IN_FORCE {
        if is_dry {
            return Err(Refusal::invalid("dry_run", "branch the plan in force first, and try the move on the draft"));
        }
        reach(&service).await;
    }
    if is_dry {
        let draft = draft(&service, &call)?;
        let json = aside(move || {
            let version = draft.versions().1;
            Ok(shapes::hand(&draft, version, None, &try_move(&service, &draft, &it)?))
        });
        return Ok(Reply::json(200, json.await?));
    }
    let by = call.actor()?.name;
    let on = Arc::clone(&service);
    let (call, draft, version, moved) = aside(move || {
        let draft = draft_of(&on, &call, None)?;
        draft.may_change()?;
        let plan = draft.plan();
        let moved = try_move(&on, &draft, &it)?.map_err(|hindered| hindered.refusal(&draft.shop))?;
        let (operation, _, to) = moved.changed[0];
        let act = Act::Moved { operation, to, others: moved.changed.len() - 1 };
        let version = draft.change(&plan, moved.plan.clone(), act, &by, on.engine.plant_now())?;
        Ok((call, draft, version, moved))
    })
    .await?;
    let touched: BTreeSet<u64> = moved.effects.iter().map(|(_, effect)| effect.order.number()).collect();
    let seq = if publish { Some(put_in_force(&service, Sender::of(&call)?, &draft, Some(&touched), None).await?.seq) } else { None };
    Ok(Reply::json(201, shapes::hand(&draft, version, seq, &Ok(moved))))
}

pub(super) async fn versions(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    Ok(Reply::json(200, shapes::versions(&*draft(&service, &call)?)))
}

pub(super) async fn go_to(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    nothing_else(&call.json().await?, "nothing")?;
    let number = call.param("version")?.parse().map_err(|_| Refusal::new(Code::NotFound, "a version is named by its number"))?;
    let draft = draft(&service, &call)?;
    draft.go_to(number)?;
    Ok(Reply::json(200, aside(move || Ok(shapes::draft(&draft))).await?))
}

pub(super) async fn branch(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let mut body = call.json().await?;
    let name = match body.remove("name") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) => Some(text::line(&name, limits::PLAN_NAME_MAX).map_err(|fault| Refusal::invalid("name", fault.to_string()))?),
        Some(_) => return Err(Refusal::invalid("name", "name must be a text")),
    };
    nothing_else(&body, "name")?;
    let by = call.actor()?.name;
    reach(&service).await;
    let json = aside(move || {
        let draft =
            if call.param("id")? == IN_FORCE { draft_of(&service, &call, name)? } else { service.desk.branch(&*draft(&service, &call)?, name, &by, service.engine.plant_now())? };
        Ok(shapes::draft(&draft))
    });
    Ok(Reply::json(201, json.await?))
}
