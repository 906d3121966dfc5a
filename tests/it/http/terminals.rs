//! /api/v1/terminals, badges and scans: who signs on where, who is kept out, and what a terminal's
//! acts say in the journal. Deliberately without the page: that is the browser's story.

use std::time::Duration;

use millwright::accounts::Accounts;
use millwright::accounts::terminals::Doing;
use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::{Client, Reply};
use crate::plant::*;

const SESSION: &str = "/api/v1/session";
const PIN: &str = "2580";

/// A device on the floor: what it keeps as a cookie, and who acts there.
struct Device {
    client: Client,
    cookie: String,
    id: String,
}

impl Device {
    fn register(site: &Site, body: &Json) -> Self {
        let made = site.client(Role::Lead).make("/api/v1/terminals", body);
        let mut client = site.stranger();
        let kept = client.post("/api/v1/terminal", &json!({"token": made["token"]}));
        assert_eq!(kept.status, 200, "{}", kept.text());
        let set = kept.header("set-cookie").unwrap();
        for part in ["HttpOnly", "SameSite=Strict", "Max-Age=34560000"] {
            assert!(set.contains(part), "{set}");
        }
        Self { client, cookie: set.split(';').next().unwrap().to_owned(), id: made["terminal_id"].as_str().unwrap().to_owned() }
    }

    fn ask(&mut self, method: &str, path: &str, person: Option<&str>, body: &Json) -> Reply {
        let mut headers = vec![("Cookie", self.cookie.as_str())];
        headers.extend(person.map(|person| ("Millwright-Person", person)));
        self.client.ask(method, path, &headers, body)
    }

    fn show(&mut self, body: &Json) -> Reply {
        let path = format!("/api/v1/terminals/{}/badge", self.id);
        self.ask("POST", &path, None, body)
    }

    fn sign_on(&mut self, badge: &str) -> String {
        let on = self.show(&json!({"badge_number": badge, "pin": PIN}));
        assert_eq!(on.status, 201, "{}", on.text());
        on.json()["user_id"].as_str().unwrap().to_owned()
    }

    fn door(&mut self) -> Json {
        self.ask("GET", "/api/v1/door", None, &Json::Null).json()
    }
}

fn issue(site: &Site, employee: &str, badge: &str) -> Json {
    site.client(Role::Lead).make("/api/v1/badges", &json!({"employee_id": employee, "badge_number": badge, "pin": PIN}))
}

/// A terminal with two people who have badges, and an order at work.
fn floor() -> (Site, Device) {
    let site = Site::new();
    issue(&site, "E1", "B-77001");
    issue(&site, "E2", "B-77002");
    site.plant.all([order_for(1, 100), release(1), start_operation(1, 10)]);
    let device = Device::register(&site, &json!({"terminal_name": "Laser tablet", "work_center_ids": ["LASER"]}));
    (site, device)
}

fn report(good: i64, employee: &str) -> Json {
    json!({"good_quantity": good, "rejected_quantity": 0, "scrapped_quantity": 0, "rework_quantity": 0, "held_quantity": 0, "employee_id": employee})
}

const REPORT: &str = "/api/v1/work-orders/WO-000001/operations/10/report";

#[test]
fn a_badge_and_its_pin_sign_on_and_the_journal_names_the_person_and_the_terminal() {
    let (site, mut device) = floor();
    let listed = device.door();
    assert_eq!((listed["demo"].clone(), listed["terminal"]["terminal_name"].as_str()), (json!([]), Some("Laser tablet")));
    assert_eq!(listed["terminal"]["people"][0]["name"], "E1");
    assert!(!listed.to_string().contains("B-77001"), "a badge's number is told to nobody");
    let person = device.sign_on("B-77001");
    let who = device.ask("GET", SESSION, None, &Json::Null).json();
    assert_eq!((who["user_name"].as_str(), who["role"].as_str(), who["terminal"].as_str()), (Some("E1"), Some("operator"), Some("Laser tablet")));
    assert_eq!(device.ask("POST", REPORT, Some(&person), &report(3, "E1")).status, 201);
    let feed = site.client(Role::Admin).read("/api/v1/changes?limit=1000");
    let entry = feed["data"].as_array().unwrap().iter().rev().find(|entry| entry["command"] == "ReportOperation").unwrap();
    assert_eq!((entry["actor"].as_str(), entry["terminal"].as_str()), (Some("E1"), Some("Laser tablet")));
    // Digests are full of digits; what was told stands in the payloads.
    let payloads: Vec<String> = feed["data"].as_array().unwrap().iter().map(|entry| entry["payload"].to_string()).collect();
    assert!(payloads.iter().any(|payload| payload.contains("B-77001")) && !payloads.iter().any(|payload| payload.contains(PIN)), "a PIN is in the journal");
}

#[test]
fn several_people_are_on_at_once_each_acts_as_themselves_and_one_signs_off_alone() {
    let (site, mut device) = floor();
    let (first, second) = (device.sign_on("B-77001"), device.sign_on("B-77002"));
    let clock_in = |employee: &str| json!({"employee_id": employee, "work_order_id": "WO-000001", "operation_sequence": 10, "activity_type": "direct_labor"});
    assert_eq!(device.ask("POST", "/api/v1/labor-transactions/clock-in", Some(&first), &clock_in("E1")).status, 201);
    assert_eq!(device.ask("POST", "/api/v1/labor-transactions/clock-in", Some(&second), &clock_in("E2")).status, 201);
    let rows = site.client(Role::Lead).read("/api/v1/labor-transactions?is_open=true");
    assert_eq!(rows["data"].as_array().unwrap().len(), 2, "labor is booked for each");
    assert_eq!(device.door()["terminal"]["signed_on"].as_array().unwrap().len(), 2);
    assert_eq!(device.ask("DELETE", SESSION, Some(&first), &Json::Null).status, 204);
    assert_eq!(device.ask("POST", REPORT, Some(&first), &report(1, "E1")).status, 401);
    assert_eq!(device.ask("POST", REPORT, Some(&second), &report(1, "E2")).status, 201);
}

#[test]
fn a_badge_opens_nothing_without_a_terminal_and_nothing_at_a_revoked_one() {
    let (site, mut device) = floor();
    let elsewhere = site.stranger().post(&format!("/api/v1/terminals/{}/badge", device.id), &json!({"badge_number": "B-77001", "pin": PIN}));
    assert_eq!((elsewhere.status, elsewhere.code().as_str()), (404, "not_found"));
    assert_eq!(site.stranger().post(SESSION, &json!({"user_name": "E1", "password": PIN})).status, 401, "the log-in of a badge has no password");
    device.sign_on("B-77001");
    site.client(Role::Lead).make(&format!("/api/v1/terminals/{}/revoke", device.id), &json!({}));
    assert_eq!(device.ask("GET", SESSION, None, &Json::Null).status, 401);
    assert_eq!(device.show(&json!({"badge_number": "B-77001", "pin": PIN})).status, 404);
}

#[test]
fn wrong_pins_are_throttled_and_an_unknown_badge_is_answered_as_a_wrong_pin_is() {
    let (site, mut device) = floor();
    let wrong = device.show(&json!({"badge_number": "B-77001", "pin": "1357"}));
    let unknown = device.show(&json!({"badge_number": "B-00000", "pin": "1357"}));
    assert_eq!((wrong.status, &wrong.body), (401, &unknown.body));
    let no_pin = device.show(&json!({"badge_number": "B-77001"}));
    assert_eq!((no_pin.status, no_pin.body), (422, device.show(&json!({"badge_number": "B-00000"})).body), "the terminal asks for a PIN before it looks");
    for _ in 0..4 {
        assert_eq!(device.show(&json!({"badge_number": "B-77001", "pin": "1357"})).status, 401);
    }
    assert_eq!(device.show(&json!({"badge_number": "B-77001", "pin": PIN})).status, 429, "even the right one waits");
    device.sign_on("B-77002");
    site.plant.clock.advance(Duration::from_secs(10));
    device.sign_on("B-77001");
}

#[test]
fn where_a_terminal_asks_for_none_a_scanned_badge_is_enough_and_one_from_the_list_is_not() {
    let (site, _) = floor();
    let mut device = Device::register(&site, &json!({"terminal_name": "Punch tablet", "asks_pin": false}));
    let listed = device.door()["terminal"]["people"][0]["badge_id"].clone();
    assert_eq!(device.show(&json!({"badge_id": listed})).status, 422);
    assert_eq!(device.show(&json!({"badge_id": listed, "pin": PIN})).status, 201);
    assert_eq!(device.show(&json!({"badge_number": "B-77002"})).status, 201);
    assert_eq!(device.show(&json!({"badge_number": "B-00000"})).status, 401);
}

#[test]
fn whoever_does_nothing_is_signed_off_looking_does_not_count_and_acting_does() {
    let (site, mut device) = floor();
    let person = device.sign_on("B-77001");
    site.plant.clock.advance(Duration::from_secs(14 * 60));
    assert_eq!(device.ask("GET", SESSION, None, &Json::Null).status, 200);
    assert_eq!(device.ask("POST", REPORT, Some(&person), &report(1, "E1")).status, 201);
    site.plant.clock.advance(Duration::from_secs(14 * 60));
    assert_eq!(device.ask("GET", SESSION, None, &Json::Null).status, 200);
    site.plant.clock.advance(Duration::from_secs(2 * 60));
    assert_eq!(device.ask("GET", SESSION, None, &Json::Null).status, 401);
}

#[test]
fn what_was_done_before_the_session_ended_is_sent_by_whoever_signs_on_next_and_counts_once() {
    let (site, mut device) = floor();
    let first = device.sign_on("B-77001");
    let send = |device: &mut Device, person: &str| {
        let cookie = device.cookie.clone();
        device.client.ask("POST", REPORT, &[("Cookie", &cookie), ("Millwright-Person", person), ("Idempotency-Key", "count-1")], &report(4, "E1"))
    };
    assert_eq!(send(&mut device, &first).status, 201);
    site.plant.clock.advance(Duration::from_secs(20 * 60));
    assert_eq!(send(&mut device, &first).status, 401, "the answer was lost and the place is given up");
    let second = device.sign_on("B-77002");
    let again = send(&mut device, &second);
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")), "{}", again.text());
    assert_eq!(site.client(Role::Lead).read("/api/v1/work-orders/WO-000001/operations")["data"][0]["completed_quantity"], 4);
}

#[test]
fn a_start_anew_signs_nobody_off_and_does_not_let_them_stay_longer() {
    let (site, mut device) = floor();
    device.sign_on("B-77001");
    let token = device.cookie.split_once('=').unwrap().1.to_owned();
    let anew = |site: &Site| {
        let accounts = Accounts::open(&site.plant.engine).unwrap();
        let terminal = accounts.terminal(&token).unwrap();
        accounts.at_terminal(&terminal, None, Doing::Looks).map(|actor| actor.name)
    };
    assert_eq!(anew(&site).as_deref(), Some("E1"));
    assert_eq!(Accounts::open(&site.plant.engine).unwrap().holder("terminal 1 user 9"), None, "a place is no token");
    site.plant.clock.advance(Duration::from_secs(16 * 60));
    assert_eq!(anew(&site), None);
}

#[test]
fn a_page_of_another_site_signs_nobody_on_and_does_nothing_at_a_terminal() {
    let (_site, mut device) = floor();
    let person = device.sign_on("B-77001");
    let cookie = device.cookie.clone();
    let evil = [("Cookie", cookie.as_str()), ("Origin", "http://evil.example"), ("Millwright-Person", person.as_str())];
    assert_eq!(device.client.ask("POST", REPORT, &evil, &report(1, "E1")).status, 403);
    let path = format!("/api/v1/terminals/{}/badge", device.id);
    assert_eq!(device.client.ask("POST", &path, &evil[..2], &json!({"badge_number": "B-77002", "pin": PIN})).status, 403);
}

#[test]
fn a_lead_hands_out_operators_badges_and_no_others() {
    let (site, mut device) = floor();
    let mut admin = site.client(Role::Admin);
    admin.make("/api/v1/users/inspector/change", &json!({"employee_id": "E1"}));
    // E1's badge opens the operator's log-in that was made with it; a second one finds the same.
    assert_eq!(issue(&site, "E1", "B-77003")["user_id"], issue(&site, "E1", "B-77004")["user_id"]);
    let user = admin.read("/api/v1/badges/B-77001")["user_id"].as_str().unwrap().to_owned();
    admin.make(&format!("/api/v1/users/{user}/change"), &json!({"role": "lead"}));
    site.client(Role::Lead).refused("/api/v1/badges/B-77001/pin", &json!({"pin": "7410"}), "forbidden");
    site.client(Role::Manager).make("/api/v1/badges/B-77001/pin", &json!({"pin": "7410"}));
    assert_eq!(device.show(&json!({"badge_number": "B-77001", "pin": "7410"})).status, 201);
    admin.make(&format!("/api/v1/users/{user}/change"), &json!({"role": "admin"}));
    let refused = device.show(&json!({"badge_number": "B-77001", "pin": "7410"}));
    assert_eq!(refused.status, 401, "four digits do not open an admin's door");
    site.client(Role::Lead).refused("/api/v1/badges", &json!({"employee_id": "E2", "badge_number": "B-9", "pin": "1111"}), "invalid");
    site.client(Role::Operator).refused("/api/v1/badges", &json!({"employee_id": "E2", "badge_number": "B-9"}), "forbidden");
}

#[test]
fn people_change_their_own_pin_and_a_lost_badge_is_out_at_once() {
    let (site, mut device) = floor();
    let person = device.sign_on("B-77001");
    let path = "/api/v1/session/pin";
    assert_eq!(device.ask("POST", path, Some(&person), &json!({"old_pin": "1357", "new_pin": "7410"})).status, 422);
    let changed = device.ask("POST", path, Some(&person), &json!({"old_pin": PIN, "new_pin": "7410"}));
    assert_eq!(changed.status, 204, "{}", changed.text());
    assert_eq!(device.show(&json!({"badge_number": "B-77001", "pin": PIN})).status, 401);
    assert_eq!(device.show(&json!({"badge_number": "B-77001", "pin": "7410"})).status, 201);
    site.client(Role::Lead).make("/api/v1/badges/B-77001/revoke", &json!({}));
    assert_eq!(device.ask("POST", REPORT, Some(&person), &report(1, "E1")).status, 401);
    assert_eq!(device.show(&json!({"badge_number": "B-77001", "pin": "7410"})).status, 401);
    site.plant.check();
}

#[test]
fn an_act_that_came_too_late_is_kept_until_a_lead_has_seen_to_it() {
    let site = Site::new();
    let kept = json!({"act": "ReportOperation", "content": "{\"good_quantity\":3}", "refusal": "the order is closed", "work_center_id": "LASER", "employee_id": "E1"});
    let kept = site.client(Role::Operator).make("/api/v1/refused-acts", &kept);
    let mut lead = site.client(Role::Lead);
    assert_eq!(lead.read("/api/v1/refused-acts?status=open")["data"][0]["refusal"], "the order is closed");
    let settle = format!("/api/v1/refused-acts/{}/settle", kept["refused_act_id"].as_str().unwrap());
    site.client(Role::Operator).refused(&settle, &json!({"settlement": "let it be"}), "forbidden");
    lead.refused(&settle, &json!({}), "invalid");
    assert_eq!(lead.make(&settle, &json!({"settlement": "counted by hand"}))["settled_by"], "lead");
    lead.refused(&settle, &json!({"settlement": "again"}), "illegal_state");
}

#[test]
fn a_scan_finds_what_labels_carry_and_says_plainly_what_is_nothing() {
    let (site, _) = floor();
    let mut operator = site.client(Role::Operator);
    let order = operator.read("/api/v1/work-orders/WO-000001");
    let number = order["work_order_number"].as_str().unwrap().to_owned();
    let mut kind = |query: &str| {
        let found = operator.read(&format!("/api/v1/scan?{query}"));
        (found["kind"].as_str().unwrap().to_owned(), found["id"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(kind(&format!("code={number}")), ("work_order".to_owned(), "WO-000001".to_owned()));
    assert_eq!(kind(&format!("code={number}/10")).0, "work_order_operation");
    assert_eq!(kind("code=LASER").0, "work_center");
    assert_eq!(kind("code=B-77001"), ("badge".to_owned(), String::new()), "whose badge it is, is not told");
    let lot = site.client(Role::Lead).read("/api/v1/lots?limit=1")["data"][0]["lot_number"].as_str().unwrap().to_owned();
    assert_eq!(kind(&format!("lot={lot}&serial=unknown")).0, "lot");
    for garbage in ["code=%00", "code=nothing-like-it", "serial=4711", "code=USR-000001", "code=WO-000001/99"] {
        let reply = operator.get(&format!("/api/v1/scan?{garbage}"));
        assert!(matches!(reply.status, 404 | 422), "{garbage}: {}", reply.text());
    }
    assert_eq!(operator.get(&format!("/api/v1/scan?code={}", "9".repeat(501))).status, 422);
}

#[test]
fn a_real_plant_has_no_people_who_log_in_without_a_password() {
    let site = Site::new();
    let reply = site.stranger().post("/api/v1/session/demo", &json!({"user_name": "operator"}));
    assert_eq!((reply.status, reply.code().as_str()), (404, "not_found"));
    let code = site.stranger().send("GET", "/api/v1/address.svg", &[("Host", "millwright.plant:8080")], b"").unwrap();
    assert_eq!((code.status, code.header("content-type")), (200, Some("image/svg+xml")));
    assert_eq!(site.stranger().get("/api/v1/address.svg").status, 404, "this machine's own name is no address for a tablet");
}
