//! /api/v1/session, users and api-tokens: who gets in, how long, and who is kept out.

use std::time::Duration;

use millwright::model::Role;
use serde_json::json;

use super::{PASSWORD, Site};
use crate::client::{Client, Reply};

const SESSION: &str = "/api/v1/session";

fn log_in(site: &Site, name: &str, password: &str) -> Reply {
    site.stranger().post(SESSION, &json!({"user_name": name, "password": password}))
}

fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn a_log_in_opens_a_session_that_works_as_cookie_and_as_token_until_it_is_ended() {
    let site = Site::new();
    let opened = log_in(&site, "planner", PASSWORD);
    assert_eq!(opened.status, 201, "{}", opened.text());
    let set = opened.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!opened.text().contains(PASSWORD));
    let (cookie, token) = (cookie_of(&opened), opened.json()["token"].as_str().unwrap().to_owned());
    let mut stranger = site.stranger();
    let by_cookie = stranger.send("GET", SESSION, &[("Cookie", &cookie)], b"").unwrap();
    assert_eq!((by_cookie.status, by_cookie.json()["role"].as_str()), (200, Some("planner")));
    let mut by_token = Client::new(site.address, Some(&token));
    let who = by_token.read(SESSION);
    assert_eq!(who["user_name"], "planner");
    let may: Vec<&str> = who["may"].as_array().unwrap().iter().map(|act| act.as_str().unwrap()).collect();
    assert!(may.contains(&"CreateWorkOrder") && !may.contains(&"CreateUser"));
    assert_eq!(by_token.send("DELETE", SESSION, &[], b"").unwrap().status, 204);
    assert_eq!(by_token.get(SESSION).status, 401);
    assert_eq!(stranger.send("GET", SESSION, &[("Cookie", &cookie)], b"").unwrap().status, 401);
}

#[test]
fn a_page_of_another_site_cannot_act_with_the_cookie() {
    let site = Site::new();
    let cookie = cookie_of(&log_in(&site, "planner", PASSWORD));
    let mut browser = site.stranger();
    let body = json!({"product_id": "BRACKET", "planned_quantity": 1});
    let before = site.plant.head();
    for origin in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
        let reply = browser.ask("POST", "/api/v1/work-orders", &[("Cookie", &cookie), ("Origin", origin)], &body);
        assert_eq!((reply.status, reply.code().as_str()), (403, "forbidden"), "{origin}");
    }
    assert_eq!(site.plant.head(), before);
    let own = format!("http://{}", site.address);
    assert_eq!(browser.ask("POST", "/api/v1/work-orders", &[("Cookie", &cookie), ("Origin", &own)], &body).status, 201);
    assert_eq!(browser.ask("POST", "/api/v1/work-orders", &[("Cookie", &cookie)], &body).status, 201);
}

#[test]
fn a_session_ends_by_itself() {
    let site = Site::new();
    let token = log_in(&site, "planner", PASSWORD).json()["token"].as_str().unwrap().to_owned();
    let mut client = Client::new(site.address, Some(&token));
    site.plant.clock.advance(Duration::from_secs(12 * 3_600 - 1));
    assert_eq!(client.get(SESSION).status, 200);
    site.plant.clock.advance(Duration::from_secs(2));
    assert_eq!(client.get(SESSION).status, 401);
}

#[test]
fn wrong_passwords_are_throttled_and_a_wait_opens_the_door_again() {
    let site = Site::new();
    for _ in 0..5 {
        let reply = log_in(&site, "planner", "wrong wrong wrong");
        assert_eq!((reply.status, reply.code().as_str()), (401, "unauthenticated"));
    }
    let closed = log_in(&site, "planner", PASSWORD);
    assert_eq!((closed.status, closed.code().as_str()), (429, "throttled"), "even the right password waits");
    assert!(closed.header("retry-after").is_some());
    assert_eq!(log_in(&site, "lead", PASSWORD).status, 201, "others are not locked out");
    site.plant.clock.advance(Duration::from_secs(10));
    assert_eq!(log_in(&site, "planner", PASSWORD).status, 201);
}

#[test]
fn an_unknown_name_is_answered_as_a_wrong_password_is() {
    let site = Site::new();
    let (unknown, wrong) = (log_in(&site, "nobody", PASSWORD), log_in(&site, "planner", "wrong wrong wrong"));
    assert_eq!((unknown.status, unknown.body), (wrong.status, wrong.body));
}

#[test]
fn people_change_their_own_password_and_need_the_old_one() {
    let site = Site::new();
    let mut operator = site.client(Role::Operator);
    let path = "/api/v1/session/password";
    operator.refused(path, &json!({"old_password": "not the one at all", "new_password": "a new long password"}), "unauthenticated");
    operator.refused(path, &json!({"old_password": PASSWORD, "new_password": "short"}), "invalid");
    operator.refused(path, &json!({"old_password": PASSWORD}), "invalid");
    let session = || Client::new(site.address, Some(log_in(&site, "operator", PASSWORD).json()["token"].as_str().unwrap()));
    let (mut here, mut elsewhere) = (session(), session());
    let reply = here.post(path, &json!({"old_password": PASSWORD, "new_password": "a new long password"}));
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!((here.get(SESSION).status, elsewhere.get(SESSION).status), (200, 401), "what the old password opened ends, but for whoever changed it");
    assert_eq!(operator.get(SESSION).status, 200, "a token is revoked for itself");
    assert_eq!(log_in(&site, "operator", PASSWORD).status, 401);
    assert_eq!(log_in(&site, "operator", "a new long password").status, 201);
    let feed = site.client(Role::Admin).get("/api/v1/changes?limit=1000").text();
    assert!(!feed.contains("a new long password"));
}

#[test]
fn a_token_is_shown_once_acts_in_its_users_role_and_a_revocation_works_at_once() {
    let site = Site::new();
    let mut admin = site.client(Role::Admin);
    let made = admin.ask("POST", "/api/v1/api-tokens", &[("Idempotency-Key", "t1")], &json!({"user_id": "planner", "token_name": "scheduler"}));
    assert_eq!(made.status, 201, "{}", made.text());
    let (id, token) = (made.json()["token_id"].as_str().unwrap().to_owned(), made.json()["token"].as_str().unwrap().to_owned());
    let again = admin.ask("POST", "/api/v1/api-tokens", &[("Idempotency-Key", "t1")], &json!({"user_id": "planner", "token_name": "scheduler"}));
    assert_eq!((again.header("idempotency-replayed"), again.json()["token"].as_str()), (Some("true"), None));
    for path in [format!("/api/v1/api-tokens/{id}"), format!("/api/v1/api-tokens/{id}/history"), "/api/v1/changes?limit=1000".to_owned()] {
        assert!(!admin.get(&path).text().contains(&token), "{path} tells the token");
    }
    let mut program = Client::new(site.address, Some(&token));
    assert_eq!(program.read(SESSION)["role"], "planner");
    admin.make(&format!("/api/v1/api-tokens/{id}/revoke"), &json!({}));
    assert_eq!(program.get(SESSION).status, 401);
}

#[test]
fn a_barred_log_in_is_out_at_once_with_all_it_holds() {
    let site = Site::new();
    let session = log_in(&site, "planner", PASSWORD).json()["token"].as_str().unwrap().to_owned();
    let (mut by_session, mut by_token) = (Client::new(site.address, Some(&session)), site.client(Role::Planner));
    assert_eq!((by_session.get(SESSION).status, by_token.get(SESSION).status), (200, 200));
    site.client(Role::Admin).make("/api/v1/users/planner/change", &json!({"status": "inactive"}));
    assert_eq!((by_session.get(SESSION).status, by_token.get(SESSION).status), (401, 401));
    assert_eq!(log_in(&site, "planner", PASSWORD).status, 401);
}

#[test]
fn an_admin_makes_a_log_in_that_works_and_never_answers_its_password() {
    let site = Site::new();
    let mut admin = site.client(Role::Admin);
    let made = admin.post("/api/v1/users", &json!({"user_name": "eva", "role": "lead", "password": "eva eva eva eva"}));
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(!made.text().contains("eva eva"));
    let opened = log_in(&site, "eva", "eva eva eva eva").json();
    assert_eq!(opened["role"], "lead");
    let mut eva = Client::new(site.address, opened["token"].as_str());
    admin.refused("/api/v1/users", &json!({"user_name": "eva", "role": "lead", "password": "eva eva eva eva"}), "duplicate");
    admin.refused("/api/v1/users", &json!({"user_name": "bob", "role": "engine", "password": "bob bob bob bob"}), "invalid");
    admin.refused("/api/v1/users", &json!({"user_name": "bob", "role": "lead"}), "invalid");
    admin.make("/api/v1/users/eva/password", &json!({"password": "another password"}));
    assert_eq!(eva.get(SESSION).status, 401, "whoever may know the old password is out");
    assert_eq!(log_in(&site, "eva", "another password").status, 201);
    admin.make("/api/v1/users/eva/change", &json!({"role": "auditor"}));
    assert_eq!(log_in(&site, "eva", "another password").json()["role"], "auditor");
}
