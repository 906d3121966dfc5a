//! /api/v1/kpi: a small plant lives through a morning with known minutes, and every figure is the one
//! that was worked out by hand; corrections recompute; what is not known is no data.

use millwright::base::Time;
use millwright::bodies;
use millwright::followers::figures;
use millwright::model::Role;
use millwright::views;
use millwright::views::kpi::{Ask, By};
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::Client;
use crate::plant::time;

const KPI: &str = "/api/v1/kpi";
/// One of each family.
const KPIS: [&str; 4] = ["oee", "defect_rate", "ppm", "worker_efficiency"];
const OP: &str = "/api/v1/work-orders/WO-000001/operations/10";

fn asked(client: &mut Client, question: &str) -> Json {
    client.read(&format!("{KPI}/{question}"))
}

/// The one group of a total.
fn total(client: &mut Client, question: &str) -> Json {
    let answer = asked(client, question);
    assert_eq!(answer["data"].as_array().unwrap().len(), 1, "{answer}");
    answer["data"][0].clone()
}

#[track_caller]
fn assert_figures(client: &mut Client, figures: &[(&str, Option<f64>)]) {
    for (name, figure) in figures {
        let group = total(client, name);
        assert_eq!((group["value"].as_f64(), group["class"].as_str()), (*figure, Some(if figure.is_some() { "ok" } else { "no_data" })), "{name}: {group}");
    }
}

fn minutes<const N: usize>(group: &Json, what: &str, names: [&str; N]) -> [f64; N] {
    names.map(|name| group[what][name].as_f64().unwrap_or_else(|| panic!("{what} has no {name}: {group}")))
}

/// From 08:00 to 12:00 on Monday: 20 minutes of setup, two hours of work with a breakdown of half an
/// hour in the middle, half an hour in which nobody came, and 40 minutes without an order.
pub(super) fn morning(site: &Site) {
    let mut lead = site.client(Role::Lead);
    let wait = |minutes| site.plant.wait(minutes);
    lead.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 100}));
    lead.make("/api/v1/work-orders/WO-000001/release", &json!({}));
    let slot = |sequence, start, end| json!({"operation_sequence": sequence, "planned_start_time": start, "planned_end_time": end});
    let plan = json!({"line_id": "LINE-000001", "scheduled_start_time": "2026-03-02T06:00:00Z", "scheduled_end_time": "2026-03-02T12:00:00Z",
        "operations": [slot(10, "2026-03-02T07:00:00Z", "2026-03-02T10:30:00Z"), slot(20, "2026-03-02T10:00:00Z", "2026-03-02T10:45:00Z")]});
    lead.make("/api/v1/work-orders/WO-000001/schedule", &plan);
    lead.make(&format!("{OP}/start"), &json!({"employee_id": "E1"}));
    let clock_in = |activity| json!({"employee_id": "E1", "work_order_id": "WO-000001", "operation_sequence": 10, "activity_type": activity});
    lead.make("/api/v1/labor-transactions/clock-in", &clock_in("setup"));
    wait(20);
    lead.make("/api/v1/labor-transactions/LAB-000001/clock-out", &json!({}));
    lead.make("/api/v1/labor-transactions/clock-in", &clock_in("direct_labor"));
    wait(60);
    lead.make("/api/v1/downtime-events", &json!({"work_center_id": "LASER", "downtime_category": "breakdown"}));
    wait(10);
    lead.make("/api/v1/downtime-events/DT-000001/respond", &json!({}));
    wait(20);
    lead.make("/api/v1/downtime-events/DT-000001/resolve", &json!({}));
    wait(60);
    lead.make(&format!("{OP}/report"), &json!({"good_quantity": 80, "rejected_quantity": 4, "scrapped_quantity": 6, "rework_quantity": 6, "held_quantity": 4}));
    lead.make("/api/v1/labor-transactions/LAB-000002/clock-out", &json!({"quantity_produced": 80, "quantity_rejected": 20}));
    wait(30);
    lead.make(&format!("{OP}/finish"), &json!({}));
    wait(40);
}

#[test]
fn a_morning_of_known_minutes_has_the_figures_worked_out_by_hand() {
    let site = Site::new();
    morning(&site);
    let mut manager = site.client(Role::Manager);
    let oee = total(&mut manager, "oee");
    assert_eq!(
        minutes(&oee, "minutes", ["open", "planned_stop", "no_order", "planned_busy", "down", "setup", "delay", "production", "planned_run"]),
        [240.0, 0.0, 40.0, 200.0, 30.0, 20.0, 30.0, 120.0, 100.0]
    );
    assert_eq!(minutes(&oee, "parts", ["produced", "good", "rejected", "scrapped", "rework", "held"]), [100.0, 80.0, 4.0, 6.0, 6.0, 4.0]);
    assert_eq!(minutes(&oee, "losses_minutes", ["down", "setup", "delay", "speed", "quality", "fully_productive"]), [30.0, 20.0, 30.0, 20.0, 20.0, 80.0]);
    assert_eq!(["availability", "effectiveness", "quality_ratio", "value"].map(|name| oee[name].as_f64().unwrap()), [60.0, 83.3333, 80.0, 40.0]);
    assert_figures(
        &mut manager,
        &[
            ("utilization", Some(70.8333)),
            ("nee", Some(46.6667)),
            ("setup_ratio", Some(14.2857)),
            ("first_pass_yield", Some(80.0)),
            ("scrap_ratio", Some(6.0)),
            ("rework_ratio", Some(6.0)),
            ("mttr", Some(20.0)),
            ("mtbf", Some(2.0)),
            ("mtta", Some(10.0)),
            ("throughput_rate", Some(30.0)),
            ("labor_efficiency", Some(66.6667)),
            ("worker_efficiency", Some(100.0)),
            ("schedule_adherence", Some(50.0)),
            ("on_time_start", Some(50.0)),
            ("ppm", None),
            ("material_yield", None),
            ("schedule_accuracy", None),
            ("inspection_pass_rate", None),
            ("mean_changeover_minutes", None),
        ],
    );
    // What a work order says of itself is the same figure.
    assert_eq!(manager.read("/api/v1/work-orders/WO-000001")["first_pass_yield_percentage"].as_f64(), Some(80.0));
    site.plant.check();
}

#[test]
fn the_same_figures_are_told_apart_by_center_line_order_shift_day_and_hour() {
    let site = Site::new();
    morning(&site);
    let mut manager = site.client(Role::Manager);
    for (by, key, name) in [
        ("work_center", "work_center_code", json!("LASER")),
        ("line", "line_id", json!("LINE-000001")),
        ("department", "department", json!("laser")),
        ("shift", "shift_code", json!("DAY")),
        ("work_order", "work_order_id", json!("WO-000001")),
        ("product", "product_code", json!("BRACKET")),
    ] {
        let answer = asked(&mut manager, &format!("oee?by={by}"));
        let groups = answer["data"].as_array().unwrap();
        assert_eq!((&groups[0]["group"][key], groups[0]["value"].as_f64()), (&name, Some(40.0)), "{by}: {answer}");
        let open: f64 = groups.iter().map(|group| group["minutes"]["open"].as_f64().unwrap()).sum();
        assert_eq!(open, 240.0, "{by}: what belongs to no order is told under none");
    }
    let days = asked(&mut manager, "oee?by=day&from=2026-03-01&to=2026-03-04");
    let told: Vec<(&str, &str)> = days["data"].as_array().unwrap().iter().map(|it| (it["group"]["day"].as_str().unwrap(), it["class"].as_str().unwrap())).collect();
    assert_eq!(told, [("2026-03-01", "no_data"), ("2026-03-02", "ok")], "days to come are not listed");
    let hours = asked(&mut manager, "availability?by=hour&from=2026-03-02T07:00:00Z");
    let told: Vec<Option<f64>> = hours["data"].as_array().unwrap().iter().map(|it| it["value"].as_f64()).collect();
    assert_eq!(told, [Some(66.6667), Some(50.0), Some(83.3333), Some(0.0)]);
    assert_eq!(hours["data"][0]["group"]["hour"], "2026-03-02T07:00:00Z");
    let people = asked(&mut manager, "labor_efficiency?by=employee&employee_id=E1");
    assert_eq!((people["data"][0]["group"]["employee_code"].as_str(), people["data"][0]["value"].as_f64()), (Some("E1"), Some(66.6667)));
    for narrowed in ["work_center_id=LASER", "department=laser", "line_id=LINE-000001", "department=Laser%20line", "work_order_id=WO-000001", "product_id=BRACKET", "shift_id=DAY"]
    {
        assert_eq!(total(&mut manager, &format!("oee?{narrowed}"))["value"].as_f64(), Some(40.0), "{narrowed}");
    }
}

#[test]
fn corrections_recompute_what_they_touch() {
    let site = Site::new();
    morning(&site);
    let (mut lead, mut manager) = (site.client(Role::Lead), site.client(Role::Manager));
    lead.make("/api/v1/downtime-events/DT-000001/cause", &json!({"downtime_category": "maintenance", "reason": "it was the service"}));
    let oee = total(&mut manager, "oee");
    assert_eq!(minutes(&oee, "minutes", ["planned_stop", "down", "planned_busy"]), [30.0, 0.0, 170.0]);
    assert_eq!(oee["value"].as_f64(), Some(47.0588));
    assert_figures(&mut manager, &[("mttr", None), ("mtbf", None)]);
    lead.make("/api/v1/operation-reports/REP-000001/reverse", &json!({"reason": "counted twice"}));
    let oee = total(&mut manager, "oee");
    assert_eq!((oee["parts"]["produced"].as_i64(), oee["value"].as_f64(), oee["minutes"]["delay"].as_f64()), (Some(0), Some(0.0), Some(70.0)), "the operation is open again");
    let head = site.plant.head().0;
    assert_eq!(asked(&mut manager, "oee")["as_of_seq"].as_u64(), Some(head));
}

#[test]
fn following_the_journal_tells_the_same_as_gathering_anew() {
    let site = Site::new();
    morning(&site);
    let mut manager = site.client(Role::Manager);
    site.client(Role::Lead).make("/api/v1/downtime-events/DT-000001/cause", &json!({"downtime_category": "power_failure", "reason": "the fuse"}));
    let followed = KPIS.map(|name| manager.get(&format!("{KPI}/{name}?by=hour&from=2026-03-02")).text());
    let gathered = figures::gather(&site.plant.engine).unwrap();
    for (name, followed) in KPIS.iter().zip(followed) {
        let ask = Ask {
            name: (*name).to_owned(),
            by: By::Hour,
            from: Some(time("2026-03-01T23:00:00Z")),
            to: None,
            filters: Vec::new(),
            department: None,
            now: site.plant.engine.plant_now(),
        };
        let anew = site.plant.read(|snapshot| views::kpi::answer(snapshot, &gathered, &ask)).unwrap();
        assert_eq!(bodies::kpi::json(&anew), followed);
    }
}

#[test]
fn orders_material_inspections_and_complaints_have_their_figures() {
    let site = Site::new();
    let mut admin = site.client(Role::Admin);
    let order = json!({"product_id": "BRACKET", "planned_quantity": 10, "planned_end_date": "2026-03-02"});
    admin.make("/api/v1/work-orders", &order);
    admin.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 10, "planned_end_date": "2026-03-01"}));
    admin.make("/api/v1/work-orders/WO-000001/release", &json!({}));
    let movement = |kind: &str, quantity: f64| json!({"transaction_type": kind, "work_order_id": "WO-000001", "lot_number": "S1", "quantity": quantity});
    let receipt =
        json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 100, "supplier_id": "STEEL", "heat_number": "H1", "unit_cost": 12.5});
    admin.make("/api/v1/material-transactions", &receipt);
    admin.make("/api/v1/material-transactions", &movement("issue", 10.0));
    admin.make("/api/v1/material-transactions", &movement("return", 2.0));
    admin.make("/api/v1/material-transactions", &movement("scrap", 1.0));
    for sequence in [10, 20, 30] {
        let operation = format!("/api/v1/work-orders/WO-000001/operations/{sequence}");
        admin.make(&format!("{operation}/start"), &json!({}));
        admin.make(&format!("{operation}/report"), &json!({"good_quantity": 10}));
        admin.make(&format!("{operation}/finish"), &json!({}));
    }
    let inspect = |result: &str| json!({"inspection_type": "final", "inspector_id": "E2", "inspection_result": result, "sample_size": 2, "work_order_id": "WO-000001"});
    for result in ["pass", "pass", "conditional_pass", "pass"] {
        admin.make("/api/v1/quality-inspections", &inspect(result));
    }
    admin.make("/api/v1/work-orders/WO-000001/complete", &json!({}));
    let lot = admin.read("/api/v1/work-orders/WO-000001")["lot_number"].as_str().unwrap().to_owned();
    admin.make("/api/v1/shipments", &json!({"customer_id": "ACME", "lines": [{"lot_number": lot, "quantity": 8, "unit_of_measure": "EA"}]}));
    admin.make("/api/v1/shipments/SHP-000001/ship", &json!({}));
    let defect = json!({"defect_category": "visual", "defect_severity": "minor", "defect_description": "scratch", "quantity_affected": 2, "detection_method": "customer_complaint",
        "work_order_id": "WO-000001"});
    admin.make("/api/v1/defects", &defect);
    site.plant.wait(24 * 60);
    assert_figures(
        &mut admin,
        &[
            ("material_yield", Some(88.8889)),
            ("inspection_pass_rate", Some(75.0)),
            ("schedule_accuracy", Some(50.0)),
            ("defect_rate", Some(100.0)),
            ("ppm", Some(250_000.0)),
            ("first_pass_yield", Some(100.0)),
        ],
    );
    assert_figures(&mut admin, &[("defect_rate?from=2026-03-03", None), ("ppm?to=2026-03-02", None)]);
    admin.make("/api/v1/work-orders/WO-000001/reopen", &json!({"reason": "one more"}));
    assert_figures(&mut admin, &[("schedule_accuracy", Some(0.0)), ("defect_rate", None)]);
}

#[test]
fn what_lies_outside_the_plants_life_is_no_data_and_no_error() {
    let site = Site::new();
    let mut analyst = site.client(Role::Analyst);
    let before = asked(&mut analyst, "oee?from=2001-01-01&to=2001-02-01");
    assert_eq!((before["data"][0]["class"].as_str(), before["data"][0]["value"].is_null()), (Some("no_data"), true));
    assert_eq!(before["facts_from"], "2026-03-02T07:00:00Z");
    assert_eq!(total(&mut analyst, "oee?from=2027-01-01&to=2027-01-02")["class"], "no_data");
    let empty = asked(&mut analyst, "oee?by=work_center");
    assert_eq!((empty["data"].as_array().unwrap().len(), empty["data"][0]["class"].as_str()), (1, Some("no_data")));
    let listed = analyst.read(KPI);
    for it in listed["data"].as_array().unwrap() {
        let group = total(&mut analyst, it["kpi"].as_str().unwrap());
        assert_eq!(group["class"], "no_data", "{it}");
    }
}

#[test]
fn the_default_period_is_the_last_seven_full_days_and_today() {
    let site = Site::new();
    let answer = asked(&mut site.client(Role::Manager), "oee");
    assert_eq!((answer["from"].as_str(), answer["to"].as_str()), (Some("2026-02-22T23:00:00Z"), Some("2026-03-02T07:00:00Z")));
    let told: Time = answer["to"].as_str().unwrap().parse().unwrap();
    assert_eq!(told, site.plant.engine.plant_now());
}

#[test]
fn questions_that_make_no_sense_are_refused_with_what_would() {
    let site = Site::new();
    let mut manager = site.client(Role::Manager);
    for (question, status, says) in [
        ("labour_efficiency", 404, "labor_efficiency"),
        ("xyz", 404, "GET /api/v1/kpi"),
        ("oee?by=moon", 422, "work_center"),
        ("oee?from=2026-03-02&to=2026-03-01", 422, "must lie before"),
        ("oee?from=2026-03-02&to=2026-03-02", 422, "must lie before"),
        ("oee?from=2020-01-01&to=2026-01-01", 422, "400 days"),
        ("oee?from=yesterday", 422, "2026-03-31"),
        ("oee?work_center_id=NOWHERE", 404, "work_centers"),
        ("oee?department=kitchen", 404, "laser"),
        ("oee?employee_id=E1", 422, "cannot be told by employee"),
        ("ppm?by=work_center", 422, "cannot be told by work_center"),
        ("ppm?line_id=LINE-000001", 422, "cannot be told by line"),
        ("oee?limit=3", 400, "there is no parameter"),
    ] {
        let reply = manager.get(&format!("{KPI}/{question}"));
        assert_eq!(reply.status, status, "{question}: {}", reply.text());
        assert!(reply.text().contains(says), "{question}: {}", reply.text());
    }
    for question in ["labor_efficiency?by=employee", "worker_efficiency?employee_id=E1"] {
        assert_eq!(site.client(Role::Operator).get(&format!("{KPI}/{question}")).status, 403, "{question}");
    }
    assert_eq!(site.client(Role::Operator).get(&format!("{KPI}/worker_efficiency")).status, 200);
    assert_eq!(site.stranger().get(&format!("{KPI}/oee")).status, 401);
}
