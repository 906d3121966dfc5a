//! A planner plans: a draft is feasible, judged against the plan in force, told why, and published; what
//! runs stays where it is, and a plant of a thousand operations is planned like one of three.

use std::time::Duration;

use millwright::base::limits;
use millwright::engine::Envelope;
use millwright::followers::figures;
use millwright::model::command::FoundPlant;
use millwright::model::journal::Origin;
use millwright::model::{Command, Role};
use millwright::planning::{self, Promise, Shop};
use millwright::scheduling::{Options, check, solve};
use millwright::simulator::{Cast, Plan as History, Simulator, master_data};
use serde_json::{Value as Json, json};

use crate::client::Client;
use crate::http::Site;
use crate::plant::*;

pub(crate) fn order(planner: &mut Client, quantity: i64, due: &str) -> String {
    let made = planner.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": quantity, "planned_end_date": due}));
    let id = made["work_order_id"].as_str().unwrap().to_owned();
    planner.make(&format!("/api/v1/work-orders/{id}/release"), &json!({}));
    id
}

pub(crate) fn ready(planner: &mut Client, ask: &Json) -> Json {
    let made = planner.make("/api/v1/plans", ask);
    let path = format!("/api/v1/plans/{}", made["plan_id"]);
    crate::binary::until("the plan is ready", || Some(planner.read(&path)).filter(|plan| plan["state"] == "ready"))
}

pub(crate) fn by_order<'j>(rows: &'j Json, order: &str) -> Vec<&'j Json> {
    rows["data"].as_array().unwrap().iter().filter(|row| row["work_order_id"] == order).collect()
}

#[test]
fn a_planner_plans_judges_and_publishes() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let (first, second) = (order(&mut planner, 40, "2026-03-05"), order(&mut planner, 10, "2026-03-03"));
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    assert_eq!((plan["figures"]["orders"].as_u64(), plan["left_out"].as_array().unwrap().len()), (Some(2), 0), "{plan}");
    assert!(plan["figures"]["late_orders"].as_u64() == Some(0) && plan["figures"]["operations"].as_u64() > Some(2), "{plan}");
    let difference = planner.read("/api/v1/plans/1/diff");
    assert_eq!(difference["data"].as_array().unwrap().len(), 2, "nothing was planned before: {difference}");
    assert!(by_order(&difference, &first)[0]["moves"][0]["from"].is_null());

    let before = *site.plant.engine.head().borrow();
    let published = planner.make("/api/v1/plans/1/publish", &json!({"work_orders": [second.clone()], "notes": "first things first"}));
    assert_eq!((published["work_orders"].as_u64(), published["left_out"].as_array().unwrap().len()), (Some(1), 0), "{published}");
    for (orders, why) in [(json!([second.clone()]), "nothing differs: the plan in force has all of this plan already"), (json!([]), "leave it out")] {
        let refused = planner.post("/api/v1/plans/1/publish", &json!({"work_orders": orders}));
        assert!(matches!(refused.status, 409 | 422) && refused.text().contains(why), "{}", refused.text());
    }
    let schedule = planner.read("/api/v1/schedule?from=2026-03-01&to=2026-03-10");
    let then = |entry: u64| format!("/api/v1/schedule?from=2026-03-01&to=2026-03-10&as_of={entry}");
    assert_eq!(planner.read(&then(before)), json!({"data": [], "frozen_hours": 0}), "nothing was in force then");
    assert_eq!(planner.read(&then(*site.plant.engine.head().borrow())), schedule);
    let slots = planner.read("/api/v1/plans/1/slots");
    let own = by_order(&schedule, &second);
    assert!(!own.is_empty() && by_order(&schedule, &first).is_empty(), "only what was accepted is in force: {schedule}");
    assert_eq!(own.len(), by_order(&slots, &second).len());
    for (shown, draft) in own.iter().zip(by_order(&slots, &second)) {
        assert_eq!((&shown["planned_start_time"], &shown["planned_end_time"]), (&draft["planned_start_time"], &draft["planned_end_time"]));
    }
    assert_eq!(planner.read(&format!("/api/v1/work-orders/{second}"))["status"], "scheduled");

    // The dispatch list begins with what is ready; a plan that keeps to the one in force moves nothing of it.
    let dispatch = planner.read("/api/v1/work-centers/LASER/dispatch");
    assert_eq!((&dispatch["data"][0]["work_order_id"], &dispatch["data"][0]["is_ready"]), (&json!(second), &json!(true)), "{dispatch}");
    // The queue that a station shows is the same list, as far as it may begin.
    let queue = planner.read("/api/v1/work-order-operations?work_center_id=LASER&status=ready&sort=planned_start_time");
    let names = |rows: Vec<&Json>| rows.into_iter().map(|row| (row["work_order_id"].clone(), row["operation_sequence"].clone())).collect::<Vec<_>>();
    let waiting: Vec<&Json> = dispatch["data"].as_array().unwrap().iter().filter(|row| row["is_ready"] == true).collect();
    let queued: Vec<&Json> = queue["data"].as_array().unwrap().iter().filter(|row| !row["planned_start_time"].is_null()).collect();
    assert_eq!(names(waiting), names(queued), "{queue}");
    let kept = ready(&mut planner, &json!({"seconds": 0, "keep": true}));
    let moved = planner.read(&format!("/api/v1/plans/{}/diff", kept["plan_id"]));
    assert!(by_order(&moved, &second).is_empty() && by_order(&moved, &first).len() == 1, "{moved}");

    // Why it ends when it does, stretch by stretch up to its end.
    let story = planner.read(&format!("/api/v1/plans/{}/explain/{first}", kept["plan_id"]));
    let stretches = story["stretches"].as_array().unwrap();
    assert!(stretches.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]) && stretches.last().unwrap()["to"] == story["ends"], "{story}");
    assert!(stretches.iter().any(|it| it["reason"] == "work") && stretches.iter().all(|it| it["sentence"].as_str().unwrap().ends_with('.')));
}

#[test]
fn a_publish_that_was_interrupted_is_sent_again_and_puts_in_force_what_is_missing() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    // More slots than one command holds: three an order.
    let count = limits::PLAN_SLOTS_MAX / 3 + 14;
    for _ in 0..count {
        order(&mut planner, 1, "2026-03-05");
    }
    let held = order(&mut planner, 1, "2026-03-05");
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    let path = format!("/api/v1/plans/{}", plan["plan_id"]);
    let slots = planner.read(&format!("{path}/slots"))["data"].as_array().unwrap().clone();
    assert!(slots.len() == 3 * (count + 1), "{} slots", slots.len());
    planner.make(&format!("/api/v1/work-orders/{held}/hold"), &json!({"reason": "the customer thinks again"}));
    // The first part went through, and then the line was cut.
    let wanted = |slot: &&Json| slot["work_order_id"] != held.as_str();
    let part: Vec<Json> = slots
        .iter()
        .filter(wanted)
        .take(1_998)
        .map(|slot| {
            let column = |name: &str| slot[name].clone();
            json!({"work_order_id": column("work_order_id"), "operation_sequence": column("operation_sequence"), "work_center_id": column("work_center_id"),
                "planned_start_time": column("planned_start_time"), "planned_end_time": column("planned_end_time")})
        })
        .collect();
    for slots in part.chunks(limits::LIST_MAX / 3 * 3) {
        planner.make("/api/v1/production-schedule/publish", &json!({"slots": slots}));
    }
    let before = *site.plant.engine.head().borrow();
    let published = planner.make(&format!("{path}/publish"), &json!({}));
    let told = |name: &str| published[name].as_u64().unwrap();
    assert_eq!((told("slots"), told("slots_in_force_before"), told("work_orders")), (3 * count as u64, 1_998, count as u64), "{published}");
    assert_eq!(told("seq"), before + 1, "one command put the rest in force");
    let left_out = &published["left_out"];
    assert!(left_out.as_array().unwrap().len() == 3 && left_out[0]["work_order_id"] == held.as_str() && left_out[0]["why"].as_str().unwrap().contains("on hold"), "{left_out}");

    // Sent a third time it is refused as done; under a key its answer is told again.
    let refused = planner.post(&format!("{path}/publish"), &json!({}));
    assert!(refused.status == 409 && refused.text().contains("nothing differs"), "{}", refused.text());
    for _ in 0..2 {
        let again = planner.ask("POST", &format!("{path}/publish"), &[("Idempotency-Key", "once")], &json!({}));
        assert_eq!((again.status, again.json()["slots"].as_u64()), (200, Some(told("slots"))), "{}", again.text());
    }
    assert_eq!(*site.plant.engine.head().borrow(), before + 1, "and nothing was written");
}

#[test]
fn what_is_in_force_already_is_left_as_it_is() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let (first, second) = (order(&mut planner, 40, "2026-03-05"), order(&mut planner, 10, "2026-03-03"));
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    let path = format!("/api/v1/plans/{}/publish", plan["plan_id"]);
    planner.make(&path, &json!({"work_orders": [second.clone()]}));
    let slots = |planner: &mut Client, order: &str| planner.read(&format!("/api/v1/production-schedule?work_order_id={order}"))["data"].clone();
    let before = slots(&mut planner, &second);
    let sent = |planner: &mut Client| planner.ask("POST", &path, &[("Idempotency-Key", "the-rest")], &json!({"notes": "the rest"}));
    let published = sent(&mut planner).json();
    assert_eq!((published["work_orders"].as_u64(), published["slots_in_force_before"].as_u64()), (Some(2), Some(3)), "{published}");
    assert_eq!(slots(&mut planner, &second), before, "its slots are the ones they were");
    assert_eq!(slots(&mut planner, &first)[0]["planning_notes"], "the rest");
    let again = sent(&mut planner).json();
    assert_eq!((&again["work_orders"], &again["slots"]), (&published["work_orders"], &published["slots"]), "{again}");
}

#[test]
fn a_breakdown_is_planned_around_before_anybody_asks() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let waiting = order(&mut planner, 40, "2026-03-05");
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    planner.make(&format!("/api/v1/plans/{}/publish", plan["plan_id"]), &json!({}));
    planner.make("/api/v1/downtime-events", &json!({"work_center_id": "LASER", "downtime_reason_description": "lens cracked"}));
    let all = crate::binary::until("a draft for the breakdown", || Some(planner.read("/api/v1/plans")).filter(|all| all["data"][0]["made_by"] == "replan"));
    let draft = &all["data"][0];
    assert!(draft["why"].as_str().unwrap().contains("lens cracked") && draft["keeps_the_plan_in_force"] == true, "{draft}");
    let moved = planner.read(&format!("/api/v1/plans/{}/diff", draft["plan_id"]));
    let first = &by_order(&moved, &waiting)[0]["moves"][0];
    assert!(first["to"]["planned_start_time"].as_str() > first["from"]["planned_start_time"].as_str(), "the laser stands, and its work waits: {moved}");
    // What happens while it rests is planned around when it has rested, though nothing happens any more.
    let rush = planner.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 5, "planned_end_date": "2026-03-03", "priority": 1}));
    planner.make(&format!("/api/v1/work-orders/{}/release", rush["work_order_id"].as_str().unwrap()), &json!({}));
    crate::binary::until("a draft for the rush order", || {
        let all = planner.read("/api/v1/plans");
        all["data"].as_array().unwrap().iter().any(|draft| draft["why"].as_str().is_some_and(|why| why.contains("rush order"))).then_some(())
    });
}

#[test]
fn what_runs_stays_and_what_began_meanwhile_is_not_moved() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let (running, waiting) = (order(&mut planner, 40, "2026-03-05"), order(&mut planner, 10, "2026-03-03"));
    planner.make(&format!("/api/v1/work-orders/{running}/operations/10/start"), &json!({}));
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    let slots = planner.read(&format!("/api/v1/plans/{}/slots", plan["plan_id"]));
    let first = by_order(&slots, &running)[0].clone();
    assert_eq!((&first["is_running"], &first["planned_start_time"]), (&json!(true), &json!(MONDAY)));
    // While the planner thinks, the other begins too.
    planner.make(&format!("/api/v1/work-orders/{waiting}/operations/10/start"), &json!({}));
    let published = planner.make(&format!("/api/v1/plans/{}/publish", plan["plan_id"]), &json!({}));
    assert_eq!(published["left_out"].as_array().unwrap().iter().map(|it| it["work_order_id"].as_str().unwrap()).collect::<Vec<_>>(), [waiting.as_str()]);
    let direct = json!({"slots": [{"work_order_id": running, "operation_sequence": 10, "planned_start_time": "2026-03-03T07:00:00Z", "planned_end_time": "2026-03-03T08:00:00Z"}]});
    let refused = planner.post("/api/v1/production-schedule/publish", &direct);
    assert_eq!((refused.status, refused.text().contains("no longer planned")), (409, true), "{}", refused.text());
}

#[test]
fn sales_asks_by_when_and_bad_questions_are_answered_plainly() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    order(&mut planner, 40, "2026-03-05");
    let asked = planner.make("/api/v1/plans/what-if", &json!({"product_id": "BRACKET", "quantity": 25, "due": "2026-03-04"}));
    assert_eq!((asked["in_time"].as_bool(), asked["promises_broken"].as_u64()), (Some(true), Some(0)), "{asked}");
    assert!(asked["operations"].as_array().unwrap().last().unwrap()["planned_end_time"] == asked["ends"]);
    let orders = planner.read("/api/v1/work-orders?limit=10");
    assert_eq!(orders["data"].as_array().unwrap().len(), 1, "asking makes no order");
    for (body, why) in [
        (json!({"quantity": 5}), "product_id must be given"),
        (json!({"product_id": "BRACKET", "quantity": 5, "due": "1999-12-31"}), "due must not lie before today, 2026-03-02"),
        (json!({"product_id": "BRACKET", "quantity": 0}), "quantity must be"),
        (json!({"product_id": "BRACKET", "quantity": 5, "due": "soon"}), "due must be a day"),
        (json!({"product_id": "BRACKET", "quantity": 5, "hurry": true}), "`hurry` is not known here"),
    ] {
        let refused = planner.post("/api/v1/plans/what-if", &body);
        assert!((400..=422).contains(&refused.status) && refused.text().contains(why), "{}", refused.text());
    }
    let unknown = planner.get("/api/v1/plans/99");
    assert!(unknown.status == 404 && unknown.text().contains("no draft has had this number"), "{}", unknown.text());
    assert_eq!(site.client(Role::Operator).post("/api/v1/plans", &json!({})).status, 403);
    let capacity = planner.read("/api/v1/capacity?bucket=day");
    let bucket = &capacity["data"][0]["buckets"][0];
    assert!(bucket["open_minutes"].as_i64() > Some(0) && capacity["data"][0]["unplanned_minutes"].as_i64() > Some(0), "{capacity}");
    // One work center is its department, and a day ends at midnight in the plant.
    assert_eq!((&capacity["departments"][0]["buckets"], &capacity["departments"][0]["line_id"]), (&capacity["data"][0]["buckets"], &json!("LINE-000001")));
    assert_eq!(bucket["to"], "2026-03-02T23:00:00Z");
    let weeks = planner.read("/api/v1/capacity");
    assert_eq!(weeks["data"][0]["buckets"][0]["to"], "2026-03-08T23:00:00Z", "a week ends on Sunday");
}

#[test]
fn a_plan_waits_for_material_and_tools_and_says_so() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let line = json!({"material_id": "SHEET", "quantity_per_unit": 0.5, "unit_of_measure": "SHEET", "scrap_percentage": 0});
    planner.make("/api/v1/bills-of-material", &json!({"product_id": "BRACKET", "lines": [line]}));
    let (urgent, short) = (order(&mut planner, 40, "2026-03-05"), order(&mut planner, 10, "2026-03-06"));
    // Nobody keeps account of the sheets: they hold nothing up.
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    assert_eq!(plan["left_out"].as_array().unwrap().len(), 0, "{plan}");
    planner.make("/api/v1/expected-receipts", &json!({"material_id": "SHEET", "quantity": 20, "expected_at": "2026-03-03T09:00:00Z"}));
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    let left_out = &plan["left_out"][0];
    assert!(left_out["work_order_id"] == json!(short) && left_out["why"].as_str().unwrap().contains("5 SHEET of SHEET"), "{plan}");
    let story = planner.read(&format!("/api/v1/plans/{}/explain/{urgent}", plan["plan_id"]));
    let first = &story["stretches"][0];
    assert_eq!((&first["reason"], &first["material"], &first["to"]), (&json!("material"), &json!("SHEET"), &json!("2026-03-03T09:00:00Z")), "{story}");
    // A tool that comes back a day later holds it longer.
    planner.make("/api/v1/tools", &json!({"tool_code": "DIE-7", "tool_name": "Die", "work_center_ids": ["LASER"], "quantity": 1, "available_from": "2026-03-04T09:00:00Z"}));
    let plan = ready(&mut planner, &json!({"seconds": 0}));
    let story = planner.read(&format!("/api/v1/plans/{}/explain/{urgent}", plan["plan_id"]));
    let waits = story["stretches"].as_array().unwrap().iter().find(|it| it["reason"] == "tool").unwrap_or_else(|| panic!("{story}"));
    assert_eq!((&waits["tool"], &waits["to"]), (&json!("DIE-7"), &json!("2026-03-04T09:00:00Z")));
    for (path, body, why) in [
        ("/api/v1/tools", json!({"tool_code": "DIE-8", "tool_name": "Die", "work_center_ids": ["LASER"], "quantity": 0}), "quantity"),
        ("/api/v1/expected-receipts", json!({"material_id": "SHEET", "quantity": 0, "expected_at": "2026-03-03T09:00:00Z"}), "above 0"),
        ("/api/v1/planning-rules", json!({"work_center_id": "LASER", "transfer_batch_quantity": 0}), "1 or more"),
    ] {
        let refused = planner.post(path, &body);
        assert!(refused.status == 422 && refused.text().contains(why), "{}", refused.text());
    }
    planner.make("/api/v1/planning-rules", &json!({"work_center_id": "LASER", "runs_through": true}));
    assert_eq!(planner.post("/api/v1/planning-rules", &json!({"work_center_id": "LASER"})).status, 409);
}

#[test]
fn overtime_is_proposed_where_it_saves_promises() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    order(&mut planner, 500, "2026-03-02");
    let capacity = planner.read("/api/v1/capacity?bucket=week");
    let best = &capacity["overtime"][0];
    assert!(best["work_center_code"] == "LASER" && best["saved_an_hour"].as_i64() > Some(0), "{capacity}");
    assert!(capacity["cannot_be_below"].as_i64() <= capacity["weighted_late_minutes"].as_i64() && capacity["weighted_late_minutes"].as_i64() > Some(0));
    assert!(best["sentence"].as_str().unwrap().starts_with("120 min more of LASER would save"));
}

#[test]
fn a_plan_knows_what_an_idle_work_center_is_set_up_for() {
    let site = Site::new();
    let (mut planner, mut lead) = (site.client(Role::Planner), site.client(Role::Lead));
    let done = order(&mut planner, 2, "2026-03-05");
    for sequence in [10, 20, 30] {
        let operation = format!("/api/v1/work-orders/{done}/operations/{sequence}");
        lead.make(&format!("{operation}/start"), &json!({}));
        lead.make(&format!("{operation}/report"), &json!({"good_quantity": 2}));
        lead.make(&format!("{operation}/finish"), &json!({}));
    }
    planner.make("/api/v1/products", &json!({"product_code": "FRAME", "product_name": "Frame"}));
    let step = json!({"operation_sequence": 10, "operation_name": "Cut", "work_center_id": "LASER", "setup_minutes": 10, "standard_time_per_unit_seconds": 60});
    planner.make("/api/v1/routings", &json!({"product_id": "FRAME", "steps": [step]}));
    planner.make("/api/v1/line-product-mapping", &json!({"line_id": "LINE-000001", "product_id": "FRAME", "changeover_minutes": 45}));
    let same = order(&mut planner, 2, "2026-03-02");
    let first_of = |planner: &mut Client, of: &str| {
        let plan = ready(planner, &json!({"seconds": 0}));
        let story = planner.read(&format!("/api/v1/plans/{}/explain/{of}", plan["plan_id"]));
        let stretch = story["stretches"][0].clone();
        (stretch["reason"].as_str().unwrap().to_owned(), stretch["minutes"].as_i64().unwrap())
    };
    assert_eq!(first_of(&mut planner, &same).0, "work", "the same goods again need no setup");
    lead.make(&format!("/api/v1/work-orders/{same}/cancel"), &json!({"reason": "not wanted"}));
    let made = planner.make("/api/v1/work-orders", &json!({"product_id": "FRAME", "planned_quantity": 2, "planned_end_date": "2026-03-02"}));
    let other = made["work_order_id"].as_str().unwrap().to_owned();
    planner.make(&format!("/api/v1/work-orders/{other}/release"), &json!({}));
    assert_eq!(first_of(&mut planner, &other), ("setup".to_owned(), 45), "the brackets' setup stands there");
}

/// A simulated plant with some days behind it, as a problem.
pub(crate) fn lived(days: u64) -> (millwright::engine::Engine, Shop, millwright::base::Time) {
    let start = time("2026-03-02T05:00:00Z");
    let clock = millwright::engine::clock::Clock::manual(start);
    let plant = Plant { engine: millwright::engine::Engine::start(millwright::store::Store::in_memory().unwrap(), options(&clock)).unwrap(), clock };
    let found = Command::FoundPlant(FoundPlant { plant_name: "Werk".to_owned(), timezone: ZONE.to_owned(), simulated: true });
    plant.engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(start), ..by(Role::Admin, found) }).unwrap();
    let cast = Cast { planner: actor(Role::Planner), lead: actor(Role::Lead), operator: actor(Role::Operator), inspector: actor(Role::Inspector), manager: actor(Role::Manager) };
    let mut simulator: Simulator = master_data(&plant.engine, &cast, start).unwrap();
    let end = start.plus(Duration::from_secs(days * 86_400));
    simulator.history(&History { seed: 3, start, end }, &mut |_, _| {}).unwrap();
    let facts = figures::gather(&plant.engine).unwrap();
    let shop = plant.engine.read(|snapshot| planning::look(snapshot, &facts, end, None)).unwrap().unwrap();
    (plant.engine.clone(), shop, end)
}

#[test]
fn a_lived_in_plant_is_planned_feasibly_and_no_worse_than_by_hand() {
    let (_, shop, _) = lived(4);
    assert!(
        shop.tasks.len() > 200 && shop.left_out.len() < shop.orders.len() / 10,
        "{} operations, {} orders left out: {:?}",
        shop.tasks.len(),
        shop.left_out.len(),
        shop.left_out.first()
    );
    let options = Options { steps: Some(500), ..Options::default() };
    let found = solve(&shop.instance, &options, || false, |_| {});
    assert_eq!(check(shop.instance.problem(), &found.plan), Vec::<String>::new());
    let effects = planning::compare(&shop, &found.plan);
    let count = |wanted: Promise| effects.iter().filter(|it| it.promise == wanted).count();
    assert!(count(Promise::Broken) <= count(Promise::Saved), "{} promises broken and {} saved", count(Promise::Broken), count(Promise::Saved));
    assert!(shop.learned * 2 > shop.tasks.len(), "{} of {} times are learned", shop.learned, shop.tasks.len());
    // What runs is where it is, from the first open minute.
    let running = shop.tasks.iter().filter(|task| task.running).count();
    assert!(running > 5, "{running} operations run");
    for job in 0..shop.orders.len() {
        let told = planning::story(&shop, &found.plan, job);
        assert!(told.windows(2).all(|pair| pair[0].to == pair[1].from), "the story of {:?} has a hole", shop.orders[job].id);
    }
}
