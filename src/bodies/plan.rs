//! Shapes of plans: drafts with their figures, what they do to each order, why an order ends when it does,
//! moves by hand, versions, slots for the Gantt, the next work of a work center, and load against capacity.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::base::Time;
use crate::model::{Id, Noun, Subject, WorkCenter, WorkOrder};
use crate::planning::{
    Act, Adherence, Bucket, Draft, Effect, Hindered, Hold, Holds, Moved, Outside, Overtime, Promise, Proposals, Reason, Seen, Shop, Tally, Waits, against, carried, compare,
    is_ready,
};
use crate::scheduling::{Plan, Slot};

fn order(id: Id<WorkOrder>) -> String {
    Subject::of(id).to_string()
}

fn time(at: Option<Time>) -> Json {
    at.map_or(Json::Null, |at| Json::from(at.to_string()))
}

fn share(part: usize, whole: usize) -> Json {
    // Counts of a plant are far below what a double holds.
    #[allow(clippy::cast_precision_loss)]
    if whole == 0 { Json::Null } else { Json::from((part as f64 / whole as f64 * 1_000.0).round() / 10.0) }
}

/// What a plan comes to.
fn figures(shop: &Shop, plan: &Plan) -> Json {
    let effects = compare(shop, plan);
    let count = |wanted: Promise| effects.iter().filter(|it| it.promise == wanted).count();
    let due = effects.iter().filter(|it| it.promise != Promise::None).count();
    let late = count(Promise::Late) + count(Promise::Broken);
    let figures = plan.figures(&shop.instance);
    json!({
        "orders": shop.orders.len(),
        "operations": shop.tasks.len(),
        "due_orders": due,
        "late_orders": late,
        "on_time_percentage": share(due - late, due),
        "late_minutes": effects.iter().map(|it| it.late_minutes).sum::<i64>(),
        "promises_saved": count(Promise::Saved),
        "promises_broken": count(Promise::Broken),
        "setup_minutes": figures.setup_minutes,
        "setups": figures.setups,
        "moved_operations": effects.iter().map(|it| it.moves.len()).sum::<usize>(),
        "ends_at": shop.moment(figures.makespan).to_string(),
        "weighted_late_minutes": figures.weighted_tardiness,
        "learned_durations_percentage": share(shop.learned, shop.tasks.len()),
    })
}

fn summary(draft: &Draft) -> Json {
    let (standing, progress) = draft.standing();
    json!({
        "plan_id": draft.id,
        "state": standing.word(),
        "name": draft.name,
        "branched_from": draft.parent,
        "made_by": draft.by,
        "why": draft.ask.why,
        "as_of_seq": draft.shop.seq,
        "as_of": draft.shop.epoch.to_string(),
        "keeps_the_plan_in_force": draft.ask.keep,
        "seconds": draft.ask.time.as_secs(),
        "version": draft.versions().1,
        "kept_operations": draft.kept.kept,
        "pins_let_go": draft.kept.let_go.iter().map(|(id, sequence)| json!({"work_order_id": order(*id), "operation_sequence": sequence})).collect::<Vec<_>>(),
        "best": progress.map(|it| it.objective),
        "cannot_be_below": progress.map(|it| it.bound),
        "best_late_orders": progress.map(|it| it.late_jobs),
        "steps": progress.map(|it| it.steps),
        "figures": figures(&draft.shop, &draft.plan()),
        "left_out": draft.shop.left_out.iter().map(|(id, why)| json!({"work_order_id": order(*id), "why": why})).collect::<Vec<_>>(),
    })
}

/// A draft.
pub fn draft(it: &Draft) -> String {
    summary(it).to_string()
}

/// All drafts, the newest first.
pub fn drafts(all: &[std::sync::Arc<Draft>]) -> String {
    json!({"data": all.iter().rev().map(|it| summary(it)).collect::<Vec<_>>()}).to_string()
}

fn placed(shop: &Shop, slot: Slot) -> Json {
    let center = &shop.centers[slot.center as usize];
    json!({
        "work_center_id": Subject::of(center.work_center_id).to_string(),
        "work_center_code": center.work_center_code,
        "planned_start_time": shop.moment(slot.start).to_string(),
        "planned_end_time": shop.moment(slot.end).to_string(),
    })
}

fn effect(shop: &Shop, it: &Effect, job: usize) -> Json {
    let known = &shop.orders[job];
    let moved = it.moves.iter().map(|moved| {
        let task = &shop.tasks[moved.operation];
        json!({
            "operation_sequence": task.sequence,
            "operation_name": task.name,
            "from": moved.from.map(|slot| placed(shop, slot)),
            "to": placed(shop, moved.to),
        })
    });
    json!({
        "work_order_id": order(it.order),
        "product": known.product,
        "priority": known.priority,
        "due": time(known.due),
        "ends_before": time(it.ends_before),
        "ends": it.ends.to_string(),
        "late_minutes": it.late_minutes,
        "promise": it.promise.word(),
        "moves": moved.collect::<Vec<_>>(),
    })
}

/// What a draft does to each order that it moves, beside the plan in force or beside another draft.
pub fn difference(it: &Draft, other: Option<&Draft>) -> String {
    let plan = it.plan();
    let effects = other.map_or_else(|| compare(&it.shop, &plan), |other| against(&it.shop, &carried(&it.shop, &other.shop, &other.plan()), &plan));
    let changed = effects.iter().enumerate().filter(|(_, effect)| !effect.moves.is_empty()).map(|(job, known)| effect(&it.shop, known, job));
    json!({
        "plan_id": it.id,
        "against": other.map(|other| other.id),
        "figures": figures(&it.shop, &plan),
        "figures_against": other.map(|other| figures(&other.shop, &other.plan())),
        "data": changed.collect::<Vec<_>>(),
    })
    .to_string()
}

/// The slots of a draft.
pub fn slots(it: &Draft, holds: &Holds) -> String {
    let plan = it.plan();
    let all = plan.slots.iter().enumerate().map(|(operation, slot)| {
        let (job, _) = it.shop.instance.place_of(operation);
        let (known, task) = (&it.shop.orders[job], &it.shop.tasks[operation]);
        let mut row = placed(&it.shop, *slot);
        row["work_order_id"] = order(known.id).into();
        row["operation_sequence"] = task.sequence.into();
        row["operation_name"] = task.name.clone().into();
        row["product"] = known.product.clone().into();
        row["priority"] = known.priority.into();
        row["due"] = time(known.due);
        row["is_late"] = known.due.is_some_and(|due| it.shop.moment(slot.end) > due).into();
        row["is_running"] = task.running.into();
        let hold = holds.of(operation, *slot).filter(|_| !task.running);
        row["is_pinned"] = (hold == Some(Hold::Pinned)).into();
        row["is_frozen"] = (hold == Some(Hold::Frozen)).into();
        row["duration_basis"] = task.basis.word().into();
        row
    });
    json!({"plan_id": it.id, "version": it.versions().1, "frozen_hours": holds.frozen_hours, "data": all.collect::<Vec<_>>()}).to_string()
}

/// A move by hand: what it does, or what hinders it.
pub fn hand(it: &Draft, version: u64, seq: Option<u64>, moved: &Result<Moved, Hindered>) -> String {
    let shop = &*it.shop;
    let row = |operation: usize, from: Slot, to: Slot| {
        let (job, task) = (shop.instance.place_of(operation).0, &shop.tasks[operation]);
        json!({
            "work_order_id": order(shop.orders[job].id),
            "operation_sequence": task.sequence,
            "operation_name": task.name,
            "is_late": shop.orders[job].due.is_some_and(|due| shop.moment(to.end) > due),
            "from": placed(shop, from),
            "to": placed(shop, to),
        })
    };
    let mut told = json!({"plan_id": it.id, "version": version, "seq": seq, "does": moved.is_ok()});
    match moved {
        Ok(moved) => {
            let count = |wanted: Promise| moved.effects.iter().filter(|(_, it)| it.promise == wanted).count();
            told["promises_broken"] = count(Promise::Broken).into();
            told["promises_saved"] = count(Promise::Saved).into();
            told["late_minutes"] = moved.effects.iter().map(|(_, it)| it.late_minutes).sum::<i64>().into();
            told["moves"] = moved.changed.iter().map(|(operation, from, to)| row(*operation, *from, *to)).collect();
            told["orders"] = moved.effects.iter().map(|(job, it)| effect(shop, it, *job)).collect();
        }
        Err(hindered) => {
            told["obstacle"] = hindered.word.into();
            told["why"] = hindered.why.clone().into();
            told["nearest"] = hindered.nearest.map_or(Json::Null, |slot| placed(shop, slot));
        }
    }
    told.to_string()
}

/// The versions of a draft.
pub fn versions(it: &Draft) -> String {
    let (all, present) = it.versions();
    let rows = all.iter().map(|version| {
        let (act, of) = match version.act {
            Act::Solved => ("solved", Json::Null),
            Act::Branched(from) => ("branched", json!({"plan_id": from})),
            Act::Moved { operation, to, others } => {
                let (job, task) = (it.shop.instance.place_of(operation).0, &it.shop.tasks[operation]);
                let (id, sequence) = (order(it.shop.orders[job].id), task.sequence);
                ("moved", json!({"work_order_id": id, "operation_sequence": sequence, "operation_name": task.name, "to": placed(&it.shop, to), "others": others}))
            }
        };
        json!({"version": version.number, "is_present": version.number == present, "act": act, "of": of, "by": version.by, "at": version.at.to_string()})
    });
    json!({"plan_id": it.id, "version": present, "data": rows.collect::<Vec<_>>()}).to_string()
}

/// Thousandths as percent.
fn percent(thousandths: Option<i64>) -> Json {
    // Thousandths fit into a double.
    #[allow(clippy::cast_precision_loss)]
    thousandths.map_or(Json::Null, |it| Json::from(it as f64 / 10.0))
}

fn tally(it: &Tally) -> Json {
    json!({
        "slots_due": it.due,
        "slots_on_time": it.on_time,
        "slots_finished": it.finished,
        "slots_replaced": it.replaced,
        "orders_due": it.orders_due,
        "orders_on_time": it.orders_on_time,
        "schedule_adherence_percentage": percent(it.adherence()),
        "schedule_accuracy_percentage": percent(it.accuracy()),
        "duration_accuracy_percentage": percent(it.duration_accuracy()),
    })
}

/// Whether plans came true.
pub fn adherence(it: &Adherence) -> String {
    let days = it.days.iter().map(|(day, of)| {
        let mut row = tally(of);
        row["day"] = day.to_string().into();
        row
    });
    let plans = it.plans.iter().map(|plan| {
        let mut row = tally(&plan.tally);
        row["in_force_from"] = plan.at.to_string().into();
        row["in_force_until"] = time(plan.until);
        row["published_by"] = plan.by.clone().into();
        row["notes"] = plan.notes.clone().into();
        row["slots"] = plan.slots.into();
        row
    });
    json!({"total": tally(&it.total), "data": days.collect::<Vec<_>>(), "plans": plans.collect::<Vec<_>>()}).to_string()
}

/// How the making of a draft goes on, for those who watch.
pub fn progress(it: &Draft) -> String {
    let (standing, progress) = it.standing();
    json!({"plan_id": it.id, "state": standing.word(), "version": it.versions().1, "best": progress.map(|it| it.objective), "late_orders": progress.map(|it| it.late_jobs), "steps": progress.map(|it| it.steps)}).to_string()
}

/// Why an order ends when it does. The chain begins when the plan was made; what was late by then is told apart.
pub fn story(shop: &Shop, job: usize, effect: &Effect, chain: &[Waits]) -> String {
    let stretches = chain.iter().map(|it| {
        let mut row = json!({
            "operation_sequence": it.operation.0,
            "operation_name": it.operation.1,
            "work_center_code": it.center,
            "from": it.from.to_string(),
            "to": it.to.to_string(),
            "minutes": it.to.minutes_since(it.from),
            "reason": it.reason.word(),
            "sentence": it.sentence(),
        });
        match &it.reason {
            Reason::Behind { order, operation } => {
                row["behind_work_order_id"] = order.clone().into();
                row["behind_operation"] = operation.clone().into();
            }
            Reason::People { skill, at_once } => (row["skill"], row["at_once"]) = (skill.clone().into(), (*at_once).into()),
            Reason::Material { material } => row["material"] = material.clone().into(),
            Reason::Tool { tool, at_once } => (row["tool"], row["at_once"]) = (tool.clone().into(), (*at_once).into()),
            _ => {}
        }
        row
    });
    json!({
        "work_order_id": order(effect.order),
        "ends": effect.ends.to_string(),
        "late_minutes": effect.late_minutes,
        "late_already_minutes": shop.orders[job].due.map_or(0, |due| shop.epoch.minutes_since(due).max(0)),
        "promise": effect.promise.word(),
        "stretches": stretches.collect::<Vec<_>>(),
    })
    .to_string()
}

/// What was published.
pub fn published(id: u64, slots: usize, orders: usize, before: usize, begun: &[(Id<WorkOrder>, i64)], seq: u64) -> String {
    let why = "it has begun meanwhile, is on hold, or is planned no more";
    let left_out = begun.iter().map(|(id, sequence)| json!({"work_order_id": order(*id), "operation_sequence": sequence, "why": why}));
    json!({"plan_id": id, "slots": slots, "slots_in_force_before": before, "work_orders": orders, "left_out": left_out.collect::<Vec<_>>(), "seq": seq}).to_string()
}

/// The answer to "can you do it, by when".
pub fn promise(shop: &Shop, plan: &Plan) -> String {
    let effects = compare(shop, plan);
    let asked = shop.orders.len() - 1;
    // What had no slot yet is not displaced.
    let displaced = effects.iter().enumerate().take(asked).filter(|(_, it)| it.moves.iter().any(|moved| moved.from.is_some()));
    let broken = effects.iter().take(asked).filter(|it| it.promise == Promise::Broken).count();
    let own = &effects[asked];
    let steps = shop.instance.operations_of(asked).map(|at| {
        let mut row = placed(shop, plan.slots[at]);
        row["operation_sequence"] = shop.tasks[at].sequence.into();
        row["operation_name"] = shop.tasks[at].name.clone().into();
        row
    });
    json!({
        "ends": own.ends.to_string(),
        "due": time(shop.orders[asked].due),
        "in_time": shop.orders[asked].due.map(|due| own.ends <= due),
        "late_minutes": own.late_minutes,
        "promises_broken": broken,
        "operations": steps.collect::<Vec<_>>(),
        "moved": displaced.map(|(job, it)| effect(shop, it, job)).collect::<Vec<_>>(),
    })
    .to_string()
}

fn seen(it: &Seen) -> Json {
    let slot = &it.slot;
    json!({
        "schedule_id": Subject::of(slot.schedule_id).to_string(),
        "work_center_id": slot.work_center_id.map(|id| Subject::of(id).to_string()),
        "work_order_id": order(slot.work_order_id),
        "work_order_number": it.order.work_order_number,
        "product": it.product,
        "operation_sequence": it.operation.as_ref().map(|operation| operation.operation_sequence),
        "operation_name": it.operation.as_ref().map(|operation| operation.operation_name.clone()),
        "operation_status": it.operation.as_ref().map(|operation| operation.status.word()),
        "planned_start_time": slot.planned_start_time.to_string(),
        "planned_end_time": slot.planned_end_time.to_string(),
        "actual_start_time": time(slot.actual_start_time),
        "actual_end_time": time(slot.actual_end_time),
        "schedule_status": slot.schedule_status.word(),
        "priority": it.order.priority,
        "customer_due_date": slot.customer_due_date.map(|day| day.to_string()),
        "planned_quantity": slot.planned_quantity,
        "good_quantity": it.operation.as_ref().map(|operation| operation.completed_quantity),
    })
}

/// The plan in force in a time.
pub fn schedule(all: &[Seen], frozen_hours: i64) -> String {
    json!({"frozen_hours": frozen_hours, "data": all.iter().map(seen).collect::<Vec<_>>()}).to_string()
}

/// The work of a work center.
pub fn dispatch(center: Id<WorkCenter>, all: &[Seen]) -> String {
    let rows = all.iter().map(|it| {
        let mut row = seen(it);
        row["is_ready"] = is_ready(it).into();
        row
    });
    json!({"work_center_id": Subject::of(center).to_string(), "data": rows.collect::<Vec<_>>()}).to_string()
}

fn overtime(shop: &Shop, it: &Overtime) -> Json {
    let code = &shop.centers[it.center].work_center_code;
    let orders: Vec<String> = it.orders.iter().map(|at| order(shop.orders[*at].id)).collect();
    let minutes = it.to.minutes_since(it.from);
    let sentence = match orders.len() {
        0 => format!("{minutes} min more of {code} would save {} weighted minutes late.", it.saved),
        saved => format!("{minutes} min more of {code} would save {} weighted minutes late and {saved} promises.", it.saved),
    };
    json!({
        "work_center_id": Subject::of(shop.centers[it.center].work_center_id).to_string(),
        "work_center_code": code,
        "from": it.from.to_string(),
        "to": it.to.to_string(),
        "weighted_late_minutes_saved": it.saved,
        "saved_an_hour": it.saved * 60 / minutes.max(1),
        "saves": orders,
        "sentence": sentence,
    })
}

fn outside(shop: &Shop, it: &Outside) -> Json {
    let task = &shop.tasks[it.operation];
    json!({
        "work_order_id": order(shop.orders[it.order].id),
        "operation_sequence": task.sequence,
        "operation_name": task.name,
        "waits_minutes": it.waits,
        "away_max_minutes": it.away_max,
        "sentence": format!("Operation {} ({}) given outside for no more than {} h, and the order is in time.", task.sequence, task.name, it.away_max / 60),
    })
}

fn load(bucket: &Bucket) -> Json {
    json!({
        "from": bucket.from.to_string(),
        "to": bucket.to.to_string(),
        "open_minutes": bucket.open_minutes,
        "planned_minutes": bucket.planned_minutes,
        "load_percentage": share(usize::try_from(bucket.planned_minutes).unwrap_or(0), usize::try_from(bucket.open_minutes).unwrap_or(0)),
    })
}

/// What the work centers of each department come to together.
fn departments(shop: &Shop, buckets: &[Bucket], unplanned: &[i64]) -> Vec<Json> {
    let mut lines: BTreeMap<Option<u64>, (BTreeMap<Time, Bucket>, i64)> = BTreeMap::new();
    let line = |center: usize| shop.centers[center].line_id.map(Id::number);
    for bucket in buckets {
        let sum = lines.entry(line(bucket.center)).or_default().0.entry(bucket.from).or_insert(Bucket { open_minutes: 0, planned_minutes: 0, ..*bucket });
        sum.open_minutes += bucket.open_minutes;
        sum.planned_minutes += bucket.planned_minutes;
    }
    for (center, minutes) in unplanned.iter().enumerate() {
        lines.entry(line(center)).or_default().1 += minutes;
    }
    let row = |(line, (sums, unplanned)): (Option<u64>, (BTreeMap<Time, Bucket>, i64))| {
        let id = line.map(|number| Subject { noun: Noun::ProductionLine, number }.to_string());
        json!({"line_id": id, "unplanned_minutes": unplanned, "buckets": sums.values().map(load).collect::<Vec<_>>()})
    };
    lines.into_iter().map(row).collect()
}

/// Load against capacity, by work center and by department.
pub fn capacity(shop: &Shop, buckets: &[Bucket], unplanned: &[i64], helps: &Proposals) -> String {
    let rows = shop.centers.iter().enumerate().map(|(at, center)| {
        let own = buckets.iter().filter(|bucket| bucket.center == at).map(load);
        json!({
            "work_center_id": Subject::of(center.work_center_id).to_string(),
            "work_center_code": center.work_center_code,
            "line_id": center.line_id.map(|id| Subject::of(id).to_string()),
            "unplanned_minutes": unplanned[at],
            "buckets": own.collect::<Vec<_>>(),
        })
    });
    json!({
        "as_of": shop.epoch.to_string(),
        "weighted_late_minutes": helps.late,
        "cannot_be_below": helps.least,
        "overtime": helps.overtime.iter().map(|it| overtime(shop, it)).collect::<Vec<_>>(),
        "outside": helps.outside.iter().map(|it| outside(shop, it)).collect::<Vec<_>>(),
        "departments": departments(shop, buckets, unplanned),
        "data": rows.collect::<Vec<_>>(),
    })
    .to_string()
}
