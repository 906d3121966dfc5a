//! The same statements over HTTP, in the form that is accepted; and the lists of the API say the same.

use serde_json::{Value as Json, json};

use super::*;

fn ask(site: &Site, role: Role, accept: &str, body: &Json) -> crate::client::Reply {
    let headers = [("Content-Type", "application/json"), ("Accept", accept)];
    site.client(role).send("POST", "/api/v1/sql", &headers, body.to_string().as_bytes()).unwrap()
}

fn rows(site: &Site, sql: &str) -> Vec<Json> {
    let reply = ask(site, Role::Manager, "application/json", &json!({ "sql": sql }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["data"].as_array().unwrap().clone()
}

#[test]
fn sql_and_the_lists_of_the_api_say_the_same() {
    let site = site();
    for (table, path, id) in [("work_orders", "work-orders", "work_order_id"), ("lots", "lots", "lot_id"), ("material_transactions", "material-transactions", "transaction_id")] {
        let listed = site.client(Role::Manager).send("GET", &format!("/api/v1/{path}?limit=1000"), &[], b"").unwrap().json();
        let by_sql = rows(&site, &format!("SELECT * FROM {table} ORDER BY {id}"));
        let listed = listed["data"].as_array().unwrap();
        assert_eq!(by_sql.len(), listed.len(), "{table}");
        for (row, record) in by_sql.iter().zip(listed) {
            for (column, value) in row.as_object().unwrap() {
                let (own, other) = (value.to_string(), record[column].to_string());
                let number = |text: &str| text.trim_matches('"').parse::<f64>().ok();
                let is_same = own == other || number(&own).is_some() && number(&own) == number(&other) || moment(value).is_some() && moment(value) == moment(&record[column]);
                assert!(is_same, "{table}.{column}: {own} by SQL and {other} by the API");
            }
        }
    }
}

#[test]
fn the_plant_tells_where_clients_of_postgresql_are_answered() {
    let site = Site::new();
    assert_eq!(site.client(Role::Operator).read("/api/v1/plant")["sql_port"], site.sql.port());
}

fn moment(value: &Json) -> Option<millwright::base::Time> {
    value.as_str()?.parse().ok()
}

#[test]
fn filters_on_ids_numbers_and_indexes_find_what_a_scan_finds() {
    let site = site();
    let all = rows(&site, "SELECT work_order_id, work_order_number, status, product_id FROM work_orders");
    for order in &all {
        for column in ["work_order_id", "work_order_number", "status", "product_id"] {
            let wanted = all.iter().filter(|other| other[column] == order[column]).count();
            let content = order[column].as_str().unwrap();
            for filter in [format!("{column} = '{content}'"), format!("{column} IN ('{content}', 'nonsense')"), format!("'{content}' = {column} AND {column} IS NOT NULL")] {
                assert_eq!(rows(&site, &format!("SELECT {column} FROM work_orders WHERE {filter}")).len(), wanted, "{filter}");
            }
        }
    }
    let head = rows(&site, "SELECT max(seq) AS seq, max(recorded_at) AS at FROM journal").remove(0);
    let by_seq = format!("SELECT seq FROM journal WHERE seq > {} - 3 AND seq <= {}", head["seq"], head["seq"]);
    assert_eq!(rows(&site, &by_seq).len(), 3);
    let at = head["at"].as_str().unwrap();
    let late = rows(&site, &format!("SELECT seq FROM journal WHERE recorded_at >= '{at}'"));
    let early = rows(&site, &format!("SELECT seq FROM journal WHERE recorded_at < '{at}'"));
    assert_eq!(late.len() + early.len(), rows(&site, "SELECT seq FROM journal").len());
    assert!(!late.is_empty());
}

#[test]
fn rows_come_as_csv_arrow_and_parquet_for_whoever_accepts_them() {
    let site = site();
    let sql = json!({"sql": "SELECT work_order_number, planned_quantity FROM work_orders ORDER BY planned_quantity"});
    let csv = ask(&site, Role::Analyst, "text/csv", &sql);
    assert_eq!(csv.header("content-type"), Some("text/csv"));
    assert_eq!(csv.text().lines().next(), Some("work_order_number,planned_quantity"));
    assert_eq!(csv.text().lines().count(), 6);
    assert_eq!(ask(&site, Role::Analyst, "application/vnd.apache.parquet", &sql).body[..4], *b"PAR1");
    assert!(ask(&site, Role::Analyst, "application/vnd.apache.arrow.stream", &sql).body.len() > 100);
    let empty = json!({"sql": "SELECT work_order_number FROM work_orders WHERE false"});
    assert_eq!(ask(&site, Role::Analyst, "text/csv", &empty).text(), "work_order_number\n");
    assert_eq!(ask(&site, Role::Analyst, "*/*", &empty).json()["data"], json!([]));
}

#[test]
fn a_fault_is_a_problem_with_its_sqlstate_and_its_place() {
    let site = Site::new();
    let cases = [
        (json!({"sql": "SELECT *\nFRM lots"}), 422, "42601"),
        (json!({"sql": "SELECT nothing FROM lots"}), 422, "42703"),
        (json!({"sql": "SELECT * FROM nowhere"}), 422, "42P01"),
        (json!({"sql": "DELETE FROM lots"}), 422, "25006"),
        (json!({"sql": "SELECT * FROM labor_transactions"}), 403, "42501"),
        (json!({"sql": "SELECT 1; SELECT 2"}), 422, "42601"),
        (json!({"sql": "BEGIN"}), 422, "42601"),
    ];
    for (body, status, state) in cases {
        let reply = ask(&site, Role::Analyst, "*/*", &body);
        assert_eq!((reply.status, reply.json()["sqlstate"].as_str()), (status, Some(state)), "{body}: {}", reply.text());
    }
    let placed = ask(&site, Role::Analyst, "*/*", &json!({"sql": "SELECT *\nFRM lots"})).json();
    assert_eq!(placed["position"], json!(14), "{placed}");
    assert_eq!(ask(&site, Role::Operator, "*/*", &json!({"sql": "SELECT 1"})).status, 403);
    for body in [json!({}), json!({"sql": 1}), json!({"sql": "SELECT 1", "more": 1}), json!({"sql": "SELECT 1", "as_of": "yesterday"})] {
        assert!((400..=422).contains(&ask(&site, Role::Analyst, "*/*", &body).status), "{body}");
    }
}

#[test]
fn the_lake_hands_a_role_the_tables_that_it_may_read() {
    let site = Site::on_disk();
    site.plant.order(10);
    let made = |role: Role| {
        let reply = site.client(role).send("POST", "/api/v1/lake", &[], b"").unwrap();
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    };
    let tables = |manifest: &Json| -> Vec<String> { manifest["tables"].as_array().unwrap().iter().map(|table| table["table"].as_str().unwrap().to_owned()).collect() };
    let (all, few) = (made(Role::Admin), made(Role::Analyst));
    assert_eq!(all["left_out"], Json::Null);
    let hidden = ["employees", "labor_transactions", "users", "api_tokens", "journal"];
    for table in hidden {
        assert!(tables(&all).contains(&table.to_owned()) && !tables(&few).contains(&table.to_owned()), "{table}");
        assert!(few["left_out"].as_array().unwrap().contains(&json!(table)), "{few}");
    }
    assert!(tables(&few).contains(&"work_orders".to_owned()), "{few}");
    for table in all["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        for file in table["files"].as_array().unwrap() {
            let path = format!("/api/v1/lake/files/{}", file["path"].as_str().unwrap().replace(' ', "%20"));
            let wanted = if tables(&few).contains(&name.to_owned()) { 200 } else { 403 };
            assert_eq!(site.client(Role::Analyst).send("GET", &path, &[], b"").unwrap().status, wanted, "{path}");
            assert_eq!(site.client(Role::Admin).send("GET", &path, &[], b"").unwrap().status, 200, "{path}");
        }
    }
    let shown = site.client(Role::Analyst).send("GET", "/api/v1/lake", &[], b"").unwrap().json();
    assert_eq!(shown, few);
}
