//! Whatever comes in: each its own clear refusal, no fault of ours, nothing written, and a
//! connection that either goes on or is closed properly.

use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use crate::client::Client;

const ORDERS: &str = "/api/v1/work-orders";
const MOVES: &str = "/api/v1/material-transactions";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A refusal is a whole problem document, and the connection can be used again.
#[track_caller]
fn refused(client: &mut Client, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], wanted: (u16, &str)) {
    let shown: String = format!("{method} {path} {}", String::from_utf8_lossy(body).chars().take(120).collect::<String>());
    let reply = client.send(method, path, headers, body).unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!((reply.status, reply.code().as_str()), wanted, "{shown}: {}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{shown}");
    let problem = reply.json();
    assert_eq!(problem["status"].as_u64(), Some(u64::from(reply.status)));
    assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()) && problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
    assert!(reply.body.len() < 4_096, "{shown}: a refusal of {} bytes", reply.body.len());
    // On the same connection, unless the answer said that it ends.
    assert_eq!(client.get("/healthz").status, 200, "{shown}: the connection is not usable any more");
}

fn site() -> (Site, Client) {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    lead.make(MOVES, &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 10}));
    lead.make(ORDERS, &json!({"product_id": "BRACKET", "planned_quantity": 5, "work_order_number": "J1"}));
    (site, lead)
}

#[test]
fn bad_content_has_its_own_refusal_and_changes_nothing() {
    let (site, mut lead) = site();
    let before = site.plant.head();
    let order = |fields: Json| {
        let mut all = json!({"product_id": "BRACKET", "planned_quantity": 5});
        fields.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
        all.to_string()
    };
    let scrap = |quantity: &str| format!("{{\"transaction_type\":\"scrap\",\"lot_number\":\"S1\",\"quantity\":{quantity}}}");
    let megabytes = "x".repeat(900_000);
    let cases: Vec<(&str, String, (u16, &str))> = vec![
        (ORDERS, String::new(), (422, "invalid")),
        (ORDERS, "{}".into(), (422, "invalid")),
        (ORDERS, "null".into(), (400, "malformed")),
        (ORDERS, "[]".into(), (400, "malformed")),
        (ORDERS, "\"text\"".into(), (400, "malformed")),
        (ORDERS, "{\"product_id\":".into(), (400, "malformed")),
        (ORDERS, "{} {}".into(), (400, "malformed")),
        (ORDERS, "[".repeat(100_000), (400, "malformed")),
        (ORDERS, format!("{{\"product_id\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000)), (400, "malformed")),
        (ORDERS, order(json!({"colour": "red"})), (400, "malformed")),
        (ORDERS, order(json!({"status": "closed"})), (422, "invalid")),
        (ORDERS, order(json!({"product_id": "NO-SUCH"})), (404, "not_found")),
        (ORDERS, order(json!({"product_id": 1})), (422, "invalid")),
        (ORDERS, order(json!({"product_id": null})), (422, "invalid")),
        (ORDERS, order(json!({"planned_quantity": "5"})), (422, "invalid")),
        (ORDERS, order(json!({"planned_quantity": 0})), (422, "invalid")),
        (ORDERS, order(json!({"planned_quantity": -5})), (422, "invalid")),
        (ORDERS, order(json!({"planned_quantity": 1.5})), (422, "invalid")),
        (ORDERS, order(json!({"planned_quantity": 10_000_001})), (422, "invalid")),
        (ORDERS, "{\"product_id\":\"BRACKET\",\"planned_quantity\":99999999999999999999999999}".into(), (422, "invalid")),
        (ORDERS, "{\"product_id\":\"BRACKET\",\"planned_quantity\":1e400}".into(), (422, "invalid")),
        (ORDERS, "{\"product_id\":\"BRACKET\",\"planned_quantity\":NaN}".into(), (400, "malformed")),
        (ORDERS, "{\"product_id\":\"BRACKET\",\"planned_quantity\":Infinity}".into(), (400, "malformed")),
        (ORDERS, order(json!({"priority": 11})), (422, "invalid")),
        (ORDERS, order(json!({"priority": -1})), (422, "invalid")),
        (ORDERS, order(json!({"work_order_number": "J1"})), (409, "duplicate")),
        (ORDERS, order(json!({"work_order_number": ""})), (422, "invalid")),
        (ORDERS, order(json!({"work_order_number": "a\u{0}b"})), (422, "invalid")),
        (ORDERS, order(json!({"work_order_number": "a\nb"})), (422, "invalid")),
        (ORDERS, order(json!({"work_order_number": "a\u{2028}b"})), (422, "invalid")),
        (ORDERS, order(json!({"work_order_number": "x".repeat(201)})), (422, "invalid")),
        (ORDERS, order(json!({"notes": megabytes})), (422, "invalid")),
        (ORDERS, order(json!({"reason": megabytes})), (422, "invalid")),
        (ORDERS, order(json!({"reason": 5})), (422, "invalid")),
        (ORDERS, "{\"product_id\":\"BRACKET\",\"planned_quantity\":5,\"notes\":\"\\ud800\"}".into(), (400, "malformed")),
        (ORDERS, "{\"product_id\":\"BRACKET\",\"planned_quantity\":5,\"\\ud800\":1}".into(), (400, "malformed")),
        (ORDERS, order(json!({"planned_start_date": "0001-01-01"})), (422, "invalid")),
        (ORDERS, order(json!({"planned_start_date": "9999-12-31"})), (422, "invalid")),
        (ORDERS, order(json!({"planned_start_date": "2026-02-30"})), (422, "invalid")),
        (ORDERS, order(json!({"planned_start_date": "2026-05-02", "planned_end_date": "2026-05-01"})), (422, "invalid")),
        (ORDERS, order(json!({"occurred_at": "0001-01-01T00:00:00Z"})), (422, "invalid")),
        (ORDERS, order(json!({"occurred_at": "+275760-09-13T00:00:00Z"})), (422, "invalid")),
        (ORDERS, order(json!({"occurred_at": "2026-03-02T07:00:00"})), (422, "invalid")),
        (ORDERS, order(json!({"occurred_at": "2027-03-02T07:00:00Z"})), (422, "outside_window")),
        (ORDERS, order(json!({"occurred_at": "2025-03-02T07:00:00Z"})), (422, "outside_window")),
        ("/api/v1/work-orders/WO-999999/release", "{}".into(), (404, "not_found")),
        ("/api/v1/work-orders/LOT-000001/release", "{}".into(), (404, "not_found")),
        ("/api/v1/work-orders/WO-99999999999999999999999999/release", "{}".into(), (404, "not_found")),
        ("/api/v1/work-orders/J1/start", "{}".into(), (409, "illegal_state")),
        ("/api/v1/work-orders/J1/close", "{}".into(), (409, "illegal_state")),
        ("/api/v1/work-orders/J1/operations/10/start", "{}".into(), (409, "illegal_state")),
        ("/api/v1/work-orders/J1/operations/x/start", "{}".into(), (404, "not_found")),
        ("/api/v1/work-orders/J1/operations/99999999999999999999/start", "{}".into(), (404, "not_found")),
        ("/api/v1/work-orders/J1/split", "{\"quantity\":0}".into(), (409, "insufficient")),
        ("/api/v1/work-orders/J1/release", "{\"work_order_id\":\"WO-000002\",\"colour\":1}".into(), (400, "malformed")),
        ("/api/v1/lots/NO-SUCH/hold", "{\"reason\":\"x\"}".into(), (404, "not_found")),
        (MOVES, scrap("-1"), (422, "invalid")),
        (MOVES, scrap("0"), (422, "invalid")),
        (MOVES, scrap("0.00001"), (422, "invalid")),
        (MOVES, scrap("1e400"), (422, "invalid")),
        (MOVES, scrap("1e-400"), (422, "invalid")),
        (MOVES, scrap("100000000000"), (422, "invalid")),
        (MOVES, scrap("11"), (409, "insufficient")),
        (MOVES, scrap("\"1\""), (422, "invalid")),
        (MOVES, scrap("NaN"), (400, "malformed")),
        (MOVES, "{\"transaction_type\":\"scrap\",\"lot_number\":\"S1\",\"quantity\":1,\"unit_of_measure\":\"L\"}".into(), (422, "unit_mismatch")),
        (MOVES, "{\"transaction_type\":\"theft\",\"lot_number\":\"S1\",\"quantity\":1}".into(), (422, "invalid")),
        (MOVES, "{\"transaction_type\":\"receipt\",\"material_code\":\"NONE\",\"quantity\":1}".into(), (404, "not_found")),
    ];
    for (path, body, wanted) in cases {
        refused(&mut lead, "POST", path, &[JSON], body.as_bytes(), wanted);
    }
    assert_eq!(site.plant.head(), before, "something refused left a trace");
    site.plant.check();
}

#[test]
fn a_request_that_is_no_proper_request_is_refused_as_what_it_is() {
    let (site, mut lead) = site();
    let before = site.plant.head();
    let good = json!({"product_id": "BRACKET", "planned_quantity": 5}).to_string().into_bytes();
    for wrong in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        refused(&mut lead, "POST", ORDERS, &[("Content-Type", wrong)], &good, (415, "unsupported_type"));
    }
    refused(&mut lead, "POST", ORDERS, &[], &good, (415, "unsupported_type"));
    refused(&mut lead, "POST", ORDERS, &[JSON], b"{\"product_id\":\"\xff\xfe\"}", (400, "malformed"));
    refused(&mut lead, "POST", ORDERS, &[JSON], &vec![b' '; (1 << 20) + 1], (413, "too_large"));
    refused(&mut lead, "POST", ORDERS, &[JSON], &vec![b'x'; 8 << 20], (413, "too_large"));
    refused(&mut lead, "POST", "/api/v1/work-orders?colour=red", &[JSON], &good, (400, "malformed"));
    refused(&mut lead, "POST", ORDERS, &[JSON, ("Idempotency-Key", &"k".repeat(201))], &good, (422, "invalid"));
    refused(&mut lead, "POST", ORDERS, &[JSON, ("Idempotency-Key", "")], &good, (422, "invalid"));
    refused(&mut lead, "POST", ORDERS, &[JSON, ("Idempotency-Key", "schlüssel")], &good, (422, "invalid"));
    refused(&mut lead, "PATCH", "/api/v1/work-orders/J1", &[JSON, ("If-Match", "latest")], b"{\"priority\":1}", (422, "invalid"));
    refused(&mut lead, "DELETE", ORDERS, &[], b"", (405, "method_not_allowed"));
    refused(&mut lead, "PUT", "/api/v1/work-orders/J1", &[JSON], &good, (405, "method_not_allowed"));
    refused(&mut lead, "GET", "/api/v1/rockets", &[], b"", (404, "not_found"));
    refused(&mut lead, "GET", "/api/v1/work-orders/", &[], b"", (404, "not_found"));
    refused(&mut lead, "GET", "/api/v1/work-orders/%ff%fe", &[], b"", (400, "malformed"));
    refused(&mut lead, "GET", "/api/v1/work-orders/%00", &[], b"", (404, "not_found"));
    refused(&mut lead, "GET", "/api/v1/work-orders/..%2F..%2Fetc%2Fpasswd", &[], b"", (404, "not_found"));
    refused(&mut lead, "GET", "/api/v1/work-orders/J1?x=1", &[], b"", (400, "malformed"));
    refused(&mut lead, "GET", "/api/v1/changes?after=-1", &[], b"", (422, "invalid"));
    refused(&mut lead, "GET", "/api/v1/changes?after=99999999999999999999", &[], b"", (422, "invalid"));
    refused(&mut lead, "GET", "/api/v1/shifts/at?time=now", &[], b"", (422, "invalid"));
    refused(&mut lead, "GET", &format!("/api/v1/work-orders/{}", "x".repeat(5_000)), &[], b"", (404, "not_found"));
    refused(&mut lead, "GET", "/api/v1/changes?after=18446744073709551615", &[], b"", (409, "illegal_state"));
    assert_eq!(site.plant.head(), before);
}

#[test]
fn a_broken_stream_of_bytes_is_answered_or_closed_and_the_server_goes_on() {
    let (site, mut lead) = site();
    let before = site.plant.head();
    let wild: Vec<Vec<u8>> = vec![
        b"\x00\x01\x02\x03\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /api/v1/work-orders/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"POST /api/v1/work-orders HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n".to_vec(),
        b"POST /api/v1/work-orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef".to_vec(),
        b"POST /api/v1/work-orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(200_000)).into_bytes(),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(200_000)).into_bytes(),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(5_000)).into_bytes(),
    ];
    for bytes in wild {
        let shown = String::from_utf8_lossy(&bytes).chars().take(80).collect::<String>();
        match site.stranger().raw(&bytes) {
            Ok(reply) => assert!((400..500).contains(&reply.status), "{shown:?} was answered {}", reply.status),
            Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{shown:?} was left hanging"),
        }
        assert_eq!(lead.get("/healthz").status, 200);
    }
    assert_eq!(site.plant.head(), before);
}

#[test]
fn a_connection_goes_on_after_a_body_that_was_refused_unread() {
    let (site, mut lead) = site();
    let good = json!({"product_id": "BRACKET", "planned_quantity": 5}).to_string().into_bytes();
    let mut stranger = site.stranger();
    for body in [good.clone(), vec![b'x'; 300_000], vec![b'x'; 5_000_000]] {
        for (open, path) in [(false, ORDERS), (true, "/api/v1/users"), (true, "/api/v1/work-orders/WO-999999/release"), (true, "/api/v1/rockets")] {
            let client = if open { &mut lead } else { &mut stranger };
            let reply = client.send("POST", path, &[JSON], &body).unwrap_or_else(|error| panic!("{path} with {} bytes: {error}", body.len()));
            assert!(matches!(reply.status, 401 | 403 | 404), "{path}: {}", reply.status);
            // What is left of the body must not be taken for a request.
            let next = client.send("GET", "/healthz", &[], b"").unwrap_or_else(|error| panic!("{path} with {} bytes: the next request: {error}", body.len()));
            assert_eq!(next.json()["status"], "ok");
        }
    }
}
