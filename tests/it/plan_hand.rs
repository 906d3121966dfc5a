//! A person has the last word on a plan: operations are moved, undone, pinned and frozen, plans are branched
//! and laid beside each other, and what came of them is told. Whatever is moved, the floor can do it.

use std::time::{Duration, Instant};

use millwright::model::Role;
use millwright::planning::{ByHand, Holds, Target, by_hand};
use millwright::scheduling::{Options, check, solve};
use serde_json::{Value as Json, json};

use crate::client::{Client, read_chunk};
use crate::http::Site;
use crate::planning::{by_order, lived, order, ready};
use crate::plant::*;

/// Two orders, planned: the client, the orders, and the plan's address.
fn planned(site: &Site) -> (Client, String, String, String) {
    let mut planner = site.client(Role::Planner);
    let (first, second) = (order(&mut planner, 40, "2026-03-05"), order(&mut planner, 10, "2026-03-03"));
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    (planner, first, second, format!("/api/v1/plans/{}", plan["plan_id"]))
}

fn slot(planner: &mut Client, plan: &str, order: &str, sequence: i64) -> Json {
    let slots = planner.read(&format!("{plan}/slots"));
    by_order(&slots, order).into_iter().find(|row| row["operation_sequence"] == sequence).unwrap().clone()
}

fn start_of(planner: &mut Client, plan: &str, order: &str, sequence: i64) -> String {
    slot(planner, plan, order, sequence)["planned_start_time"].as_str().unwrap().to_owned()
}

#[test]
fn a_planner_moves_by_hand_undoes_redoes_and_publishes() {
    let site = Site::new();
    let (mut planner, first, second, plan) = planned(&site);
    let (early, late) = if start_of(&mut planner, &plan, &first, 10) < start_of(&mut planner, &plan, &second, 10) { (first, second) } else { (second, first) };
    let before = planner.read(&format!("{plan}/slots"))["data"].clone();
    let forward = json!({"work_order_id": late, "operation_sequence": 10, "before": {"work_order_id": early, "operation_sequence": 10}});
    let tried = planner.ask("POST", &format!("{plan}/moves?dry_run=true"), &[], &forward).json();
    assert_eq!((&tried["does"], &tried["version"]), (&json!(true), &json!(1)), "{tried}");
    assert_eq!((&tried["moves"][0]["work_order_id"], &tried["moves"][0]["to"]["planned_start_time"]), (&json!(late), &json!(MONDAY)));
    assert!(tried["moves"].as_array().unwrap().iter().any(|it| it["work_order_id"] == early), "what it meets moves on: {tried}");
    assert_eq!(planner.read(&format!("{plan}/slots"))["data"], before, "trying changes nothing");

    let moved = planner.make(&format!("{plan}/moves"), &forward);
    assert_eq!((&moved["version"], &moved["moves"]), (&json!(2), &tried["moves"]), "what was tried is what is done");
    assert_eq!(start_of(&mut planner, &plan, &late, 10), MONDAY);
    let after = planner.read(&format!("{plan}/slots"))["data"].clone();
    let back = planner.make(&format!("{plan}/versions/1"), &json!({}));
    assert_eq!((&back["version"], planner.read(&format!("{plan}/slots"))["data"] == before), (&json!(1), true), "undone");
    planner.make(&format!("{plan}/versions/2"), &json!({}));
    assert_eq!(planner.read(&format!("{plan}/slots"))["data"], after, "done again");
    let versions = planner.read(&format!("{plan}/versions"));
    let told: Vec<_> =
        versions["data"].as_array().unwrap().iter().map(|it| (it["act"].as_str().unwrap(), it["by"].as_str().unwrap(), it["is_present"].as_bool().unwrap())).collect();
    assert_eq!(told, [("solved", "planner", false), ("moved", "planner", true)], "{versions}");

    // Something else after an undo takes the place of what was undone.
    planner.make(&format!("{plan}/versions/1"), &json!({}));
    let other = planner.make(&format!("{plan}/moves"), &json!({"work_order_id": late, "operation_sequence": 30, "planned_start_time": "2026-03-03T09:00:00Z"}));
    assert_eq!(other["version"], 3);
    assert_eq!(planner.post(&format!("{plan}/versions/2"), &json!({})).status, 404);
    planner.make(&format!("{plan}/publish"), &json!({}));
    let schedule = planner.read("/api/v1/schedule?from=2026-03-01&to=2026-03-10");
    let own = by_order(&schedule, &late).into_iter().find(|row| row["operation_sequence"] == 30).unwrap();
    assert_eq!(own["planned_start_time"], "2026-03-03T09:00:00Z");
    let refused = planner.post(&format!("{plan}/moves"), &forward);
    assert!(refused.status == 409 && refused.text().contains("branch the plan in force"), "{}", refused.text());
}

#[test]
fn what_cannot_be_moved_is_told_with_the_nearest_place() {
    let site = Site::new();
    let (mut planner, first, second, plan) = planned(&site);
    planner.ask("POST", "/api/v1/work-centers", &[], &json!({"work_center_code": "PRESS", "work_center_name": "Press", "line_id": "LINE-000001"}));
    planner.make(&format!("/api/v1/work-orders/{first}/operations/10/start"), &json!({}));
    let plan = {
        let again = ready(&mut planner, &json!({"seconds": 0}));
        assert_ne!(plan, format!("/api/v1/plans/{}", again["plan_id"]));
        format!("/api/v1/plans/{}", again["plan_id"])
    };
    let mut ask = |sequence: i64, order: &str, more: Json| {
        let mut body = json!({"work_order_id": order, "operation_sequence": sequence});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let tried = planner.ask("POST", &format!("{plan}/moves?dry_run=true"), &[], &body).json();
        let refused = planner.post(&format!("{plan}/moves"), &body);
        assert_eq!((&tried["does"], refused.status), (&json!(false), 409), "{tried} {}", refused.text());
        assert!(tried["nearest"].is_null() || refused.text().contains("the nearest place is"), "{}", refused.text());
        (tried["obstacle"].as_str().unwrap().to_owned(), tried["why"].as_str().unwrap().to_owned(), tried["nearest"]["planned_start_time"].as_str().map(str::to_owned))
    };
    let (word, why, nearest) = ask(10, &first, json!({"planned_start_time": "2026-03-03T09:00:00Z"}));
    assert_eq!((word.as_str(), why.contains("runs"), nearest), ("running", true, None));
    let (word, _, nearest) = ask(30, &second, json!({"planned_start_time": "2026-03-03T23:00:00Z"}));
    assert_eq!((word.as_str(), nearest.as_deref()), ("closed", Some("2026-03-04T05:00:00Z")));
    let (word, why, nearest) = ask(20, &second, json!({"planned_start_time": MONDAY}));
    assert!(word == "after" && why.contains("operation 10 (Cut)") && nearest.unwrap().as_str() > MONDAY, "{why}");
    assert_eq!(ask(20, &second, json!({"planned_start_time": "2026-03-02T06:00:00Z"})).0, "past");
    let (word, why, nearest) = ask(30, &second, json!({"work_center_id": "PRESS"}));
    assert!(word == "cannot" && why.contains("PRESS cannot do") && nearest.is_some(), "{why}");
    let (word, why, _) = ask(10, &second, json!({"planned_start_time": MONDAY}));
    assert!(word == "behind" && why.ends_with("which runs"), "{why}");
    planner.make(&format!("/api/v1/work-orders/{second}/operations/30/pin"), &json!({"work_center_id": "LASER", "planned_start_time": "2026-03-04T09:00:00Z"}));
    let mut planner = site.client(Role::Planner);
    for (body, status, why) in [
        (json!({"work_order_id": second, "operation_sequence": 30, "planned_start_time": "2026-03-05T09:00:00Z"}), 409, "is pinned; unpin it first"),
        (json!({"work_order_id": second, "operation_sequence": 30}), 422, "say where to"),
        (json!({"work_order_id": second, "operation_sequence": 77, "work_center_id": "LASER"}), 404, "is not in plan"),
        (json!({"work_order_id": second, "operation_sequence": 10, "before": {"work_order_id": second, "operation_sequence": 10}}), 409, "beside itself"),
        (json!({"work_order_id": second, "operation_sequence": 10, "planned_start_time": "soon"}), 422, "planned_start_time must be a moment"),
        (json!({"work_order_id": second, "operation_sequence": 10, "work_center_id": "LASER", "gently": true}), 400, "`gently` is not known here"),
        (json!({"operation_sequence": 10}), 422, "work_order_id must be given"),
    ] {
        let refused = planner.post(&format!("{plan}/moves"), &body);
        assert!(refused.status == status && refused.text().contains(why), "{why}: {}", refused.text());
    }
    assert_eq!(site.client(Role::Operator).post(&format!("{plan}/moves"), &json!({})).status, 403);
    let solving = planner.make("/api/v1/plans", &json!({"seconds": 60}));
    let refused = planner.post(&format!("/api/v1/plans/{}/moves", solving["plan_id"]), &json!({"work_order_id": second, "operation_sequence": 10, "work_center_id": "LASER"}));
    assert!(refused.status == 409 && refused.text().contains("still being made"), "{}", refused.text());
    planner.make(&format!("/api/v1/plans/{}/stop", solving["plan_id"]), &json!({}));
}

#[test]
fn what_is_pinned_or_frozen_stays_whatever_is_planned_anew() {
    let site = Site::new();
    let (mut planner, first, second, plan) = planned(&site);
    let pin = format!("/api/v1/work-orders/{second}/operations/10/pin");
    let refused = planner.post(&pin, &json!({}));
    assert!(refused.status == 422 && refused.text().contains("has no slot yet"), "{}", refused.text());
    let place = "2026-03-03T09:00:00Z";
    let pinned = planner.make(&pin, &json!({"work_center_id": "LASER", "planned_start_time": place}));
    assert_eq!((&pinned["pinned_by"], &pinned["status"]), (&json!("planner"), &json!("active")), "{pinned}");
    let again = ready(&mut planner, &json!({"seconds": 0}));
    let path = format!("/api/v1/plans/{}", again["plan_id"]);
    let row = slot(&mut planner, &path, &second, 10);
    assert_eq!((&row["planned_start_time"], &row["is_pinned"], &again["kept_operations"]), (&json!(place), &json!(true), &json!(1)), "{again}");
    assert_ne!(start_of(&mut planner, &plan, &second, 10), place, "nobody would plan it there");
    // A pin where nothing can run is let go, and told.
    planner.make(&pin, &json!({"work_center_id": "LASER", "planned_start_time": "2026-03-03T23:00:00Z"}));
    let again = ready(&mut planner, &json!({"seconds": 0}));
    assert_eq!(again["pins_let_go"], json!([{"work_order_id": second, "operation_sequence": 10}]), "{again}");
    planner.make(&format!("/api/v1/work-orders/{second}/operations/10/unpin"), &json!({}));
    planner.refused(&format!("/api/v1/work-orders/{second}/operations/10/unpin"), &json!({}), "illegal_state");
    assert_eq!(site.client(Role::Operator).post(&pin, &json!({})).status, 403);

    // Within the frozen zone only a person moves: here to Tuesday morning.
    let place = "2026-03-03T06:00:00Z";
    let again = ready(&mut planner, &json!({"seconds": 0}));
    let path = format!("/api/v1/plans/{}", again["plan_id"]);
    planner.make(&format!("{path}/moves"), &json!({"work_order_id": second, "operation_sequence": 10, "planned_start_time": place}));
    planner.make(&format!("{path}/publish"), &json!({}));
    planner.make("/api/v1/frozen-zones", &json!({"hours": 24}));
    let frozen = ready(&mut planner, &json!({"seconds": 0}));
    let path = format!("/api/v1/plans/{}", frozen["plan_id"]);
    let row = slot(&mut planner, &path, &second, 10);
    assert_eq!((&row["planned_start_time"], &row["is_frozen"]), (&json!(place), &json!(true)), "{row}");
    let first_in_force = by_order(&planner.read("/api/v1/schedule?from=2026-03-01&to=2026-03-10"), &first)[0]["planned_start_time"].clone();
    assert_eq!(slot(&mut planner, &path, &first, 10)["planned_start_time"], first_in_force);
    // A person moves what is frozen, but not by pushing what else is.
    let moved = planner.ask("POST", &format!("{path}/moves"), &[], &json!({"work_order_id": second, "operation_sequence": 10, "planned_start_time": first_in_force}));
    assert!(moved.status == 409 && moved.text().contains("which is in the frozen zone"), "{}", moved.text());
    planner.make(&format!("{path}/moves"), &json!({"work_order_id": second, "operation_sequence": 10, "planned_start_time": "2026-03-03T09:00:00Z"}));
    planner.refused("/api/v1/frozen-zones", &json!({"hours": 1000}), "invalid");
    planner.make("/api/v1/frozen-zones", &json!({"hours": 0}));
    let thawed = ready(&mut planner, &json!({"seconds": 0}));
    assert!(start_of(&mut planner, &format!("/api/v1/plans/{}", thawed["plan_id"]), &second, 10).as_str() < place);
}

#[test]
fn a_branch_is_another_draft_and_two_are_laid_beside_each_other() {
    let site = Site::new();
    let (mut planner, first, _, plan) = planned(&site);
    let branch = planner.make(&format!("{plan}/branch"), &json!({"name": "What if late"}));
    let path = format!("/api/v1/plans/{}", branch["plan_id"]);
    assert_eq!((&branch["name"], &branch["branched_from"], &branch["state"]), (&json!("What if late"), &json!(1), &json!("ready")), "{branch}");
    assert_eq!(planner.read(&format!("{path}/diff?against=1"))["data"], json!([]), "a branch begins as what it was branched from");
    planner.make(&format!("{path}/moves"), &json!({"work_order_id": first, "operation_sequence": 30, "planned_start_time": "2026-03-06T09:00:00Z"}));
    let apart = planner.read(&format!("{path}/diff?against=1"));
    assert_eq!((&apart["data"][0]["work_order_id"], &apart["data"][0]["promise"], apart["data"].as_array().unwrap().len()), (&json!(first), &json!("broken"), 1), "{apart}");
    assert!(apart["figures"]["late_orders"].as_i64() > apart["figures_against"]["late_orders"].as_i64());
    assert_eq!(planner.read(&format!("{plan}/versions"))["data"].as_array().unwrap().len(), 1, "the other is as it was");
    assert_eq!(planner.get(&format!("{path}/diff?against=77")).status, 404);
    assert_eq!(planner.get(&format!("{path}/diff?against=x")).status, 422);

    // A lead moves one job of the plan in force, and it is the plan at once.
    planner.make(&format!("{plan}/publish"), &json!({}));
    let mut lead = site.client(Role::Lead);
    let moved =
        lead.make("/api/v1/plans/in-force/moves", &json!({"work_order_id": first, "operation_sequence": 30, "planned_start_time": "2026-03-04T09:00:00Z", "publish": true}));
    assert!(moved["seq"].as_u64() > Some(0), "{moved}");
    let schedule = lead.read("/api/v1/schedule?from=2026-03-01&to=2026-03-10");
    assert_eq!(by_order(&schedule, &first).last().unwrap()["planned_start_time"], "2026-03-04T09:00:00Z");
    let drafts = lead.read("/api/v1/plans");
    assert_eq!((&drafts["data"][0]["state"], &drafts["data"][0]["made_by"]), (&json!("published"), &json!("lead")), "{drafts}");
    let own = lead.make("/api/v1/plans/in-force/branch", &json!({}));
    assert_eq!(own["figures"]["moved_operations"], 0, "the plan in force as it is: {own}");
}

#[test]
fn who_watches_hears_how_a_plan_is_made() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    order(&mut planner, 40, "2026-03-05");
    let (status, mut stream) = site.client(Role::Planner).open_stream("/api/v1/events?plans=true", &[]);
    assert_eq!(status, 200);
    let made = planner.make("/api/v1/plans", &json!({"seconds": 1}));
    let (mut heard, until) = (String::new(), Instant::now() + Duration::from_secs(20));
    while !heard.contains("\"state\":\"ready\"") {
        assert!(Instant::now() < until, "{heard}");
        heard.push_str(&String::from_utf8(read_chunk(&mut stream).unwrap().unwrap()).unwrap());
    }
    assert!(heard.contains("event: plan") && heard.contains(&format!("\"plan_id\":{}", made["plan_id"])) && heard.contains("\"late_orders\":0"), "{heard}");
    assert_eq!(planner.get("/api/v1/events?plans=perhaps").status, 422);
}

#[test]
fn it_is_told_whether_a_plan_came_true() {
    let site = Site::new();
    let (mut planner, first, second, plan) = planned(&site);
    planner.make(&format!("{plan}/publish"), &json!({"notes": "as solved"}));
    let own = slot(&mut planner, &plan, &second, 10);
    let minutes = |from: &Json, to: &Json| time(to.as_str().unwrap()).minutes_since(time(from.as_str().unwrap()));
    let planned = minutes(&own["planned_start_time"], &own["planned_end_time"]);
    let begin = time(own["planned_start_time"].as_str().unwrap());
    let go_on = |until: millwright::base::Time| site.plant.clock.advance(Duration::from_micros(u64::try_from(until.micros() - site.plant.clock.now().micros()).unwrap()));
    go_on(begin);
    planner.make(&format!("/api/v1/work-orders/{second}/operations/10/start"), &json!({}));
    // It takes half as long again as planned, less than the quarter of an hour that nobody minds.
    let taken = planned + (planned / 2).min(10);
    go_on(begin.plus_minutes(taken));
    planner.make(&format!("/api/v1/work-orders/{second}/operations/10/report"), &json!({"good_quantity": 10}));
    planner.make(&format!("/api/v1/work-orders/{second}/operations/10/finish"), &json!({}));
    go_on(time("2026-03-06T07:00:00Z"));
    let told = planner.read("/api/v1/plans/adherence?from=2026-03-02&to=2026-03-06");
    let (total, plan) = (&told["total"], &told["plans"][0]);
    assert_eq!((&total["slots_due"], &total["slots_on_time"], &total["slots_finished"]), (&json!(6), &json!(1), &json!(1)), "{told}");
    assert_eq!((&total["orders_due"], &total["orders_on_time"], &total["schedule_accuracy_percentage"]), (&json!(2), &json!(0), &json!(0.0)), "{told}");
    assert_eq!(total["schedule_adherence_percentage"], 16.7);
    // An order counts on the day it was promised for, though all its slots lay before.
    let day = planner.read("/api/v1/plans/adherence?from=2026-03-05&to=2026-03-05")["total"].clone();
    assert_eq!((&day["slots_due"], &day["orders_due"], &day["orders_on_time"]), (&json!(0), &json!(1), &json!(0)), "{day}");
    let kpi = planner.read("/api/v1/kpi/schedule_accuracy?from=2026-03-02")["data"][0].clone();
    assert_eq!(kpi["value"].as_f64(), total["schedule_accuracy_percentage"].as_f64(), "{kpi}");
    let off = 1.0 - (taken - planned) as f64 / planned as f64;
    assert!((total["duration_accuracy_percentage"].as_f64().unwrap() - 100.0 * off).abs() < 0.11, "{told}");
    assert_eq!((&plan["published_by"], &plan["notes"], &plan["slots"], plan["in_force_until"].is_null()), (&json!("planner"), &json!("as solved"), &json!(6), true), "{told}");
    let again = ready(&mut planner, &json!({"seconds": 0}));
    planner.make(&format!("/api/v1/plans/{}/publish", again["plan_id"]), &json!({"work_orders": [first]}));
    let told = planner.read("/api/v1/plans/adherence?from=2026-03-02&to=2026-03-10");
    assert_eq!(told["plans"][1]["in_force_until"], told["plans"][0]["in_force_from"], "{told}");
    assert!(told["plans"][1]["slots_replaced"].as_i64() > Some(0), "{told}");
    for (query, why) in [("from=2026-03-06&to=2026-03-01", "62 days"), ("from=2026-01-01&to=2026-12-01", "62 days"), ("from=monday", "from must be a day")] {
        let refused = planner.get(&format!("/api/v1/plans/adherence?{query}"));
        assert!(refused.status == 422 && refused.text().contains(why), "{}", refused.text());
    }
}

#[test]
fn whatever_is_moved_in_a_lived_in_plant_the_floor_can_do_it() {
    let (shop, holds, now) = {
        let (engine, shop, now) = lived(4);
        let holds = engine.read(|snapshot| Holds::look(snapshot, &shop, now)).unwrap().unwrap();
        (shop, holds, now)
    };
    let mut plan = solve(&shop.instance, &Options { steps: Some(100), ..Options::default() }, || false, |_| {}).plan;
    let (mut dice, mut moved, mut hindered) = (7_u64, 0, 0);
    let mut roll = |below: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap() % below
    };
    for _ in 0..150 {
        let (operation, other) = (roll(shop.tasks.len()), roll(shop.tasks.len()));
        let at = shop.moment(plan.slots[other].start);
        let target = [Target::At(Some(at)), Target::At(None), Target::Before(other), Target::After(other)][roll(4)];
        let center = (roll(2) == 0).then(|| plan.slots[operation].center as usize);
        let done = by_hand(&shop, &plan, &holds, &ByHand { operation, center, target }, now);
        match done {
            Ok(done) => {
                plan = done.plan;
                moved += 1;
                assert_eq!(check(shop.instance.problem(), &plan), Vec::<String>::new());
            }
            Err(why) => {
                assert!(!why.why.is_empty());
                hindered += 1;
            }
        }
    }
    assert!(moved > 20 && hindered > 20, "{moved} moved, {hindered} hindered");
}
