//! /api/v1/reports and the documents of records: one set of data in four forms, read by readers of others:
//! pages by pypdf, their codes by a scanner's library, workbooks by calamine. Where Python lacks them, the test
//! says so and looks at what it can.
#![allow(clippy::print_stdout)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use calamine::{Data, Reader as _, Xlsx};
use millwright::base::Digest;
use millwright::model::Role;
use serde_json::{Value as Json, json};

use super::Site;
use super::kpi::morning;
use super::lots::shipped;

/// Text, codes, page count and metadata of a PDF on standard input, as JSON.
const READER: &str = r#"
import io, json, sys
import pypdf, pypdfium2, zxingcpp
data = sys.stdin.buffer.read()
pdf = pypdf.PdfReader(io.BytesIO(data))
pages = pypdfium2.PdfDocument(data)
codes = [(str(code.format), code.text) for page in pages for code in zxingcpp.read_barcodes(page.render(scale=4).to_pil())]
print(json.dumps({"pages": len(pdf.pages), "text": "\n".join(page.extract_text() for page in pdf.pages), "codes": codes, "title": pdf.metadata.title, "xmp": str(pdf.xmp_metadata is not None)}))
"#;

/// What others read in a PDF; nothing where they are not installed.
fn read_by_others(bytes: &[u8]) -> Option<Json> {
    assert!(bytes.starts_with(b"%PDF-1.7"), "no PDF");
    let text = String::from_utf8_lossy(bytes);
    assert!(text.contains("pdfaid:part"), "the metadata names no PDF/A");
    let python = std::env::var("MILLWRIGHT_PYTHON").ok()?;
    let mut child = Command::new(python).args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    if talk.contains("ModuleNotFoundError") {
        println!("skipped: pypdf, pypdfium2 and zxing-cpp for Python are missing");
        return None;
    }
    assert!(output.status.success(), "{talk}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn metric<'m>(report: &'m Json, name: &str) -> &'m Json {
    report["data"]["tables"]["metrics"].as_array().unwrap().iter().find(|row| row["metric"] == name).unwrap()
}

#[test]
fn the_success_metrics_are_the_kpis_figures_with_their_sums_and_targets() {
    let site = Site::new();
    morning(&site);
    let mut manager = site.client(Role::Manager);
    let report = manager.read("/api/v1/reports/success");
    for (name, kpi, target) in [("schedule_accuracy", "schedule_accuracy", 90), ("material_utilization", "material_yield", 85), ("machine_utilization", "utilization", 75)] {
        let figure = manager.read(&format!("/api/v1/kpi/{kpi}"))["data"][0]["value"].clone();
        let row = metric(&report, name);
        assert_eq!((&row["figure"], &row["target"]), (&figure, &json!(target)), "{name}: {row}");
        assert!(row["basis"].as_str().unwrap().contains(" of "), "{row}");
    }
    // Nothing has left yet, and that is no nought.
    assert_eq!(metric(&report, "lead_time")["figure"], Json::Null);
    assert_eq!(metric(&report, "on_time_delivery")["target_met"], Json::Null);
    assert!(metric(&report, "scheduling_time")["numerator"].as_f64().unwrap() >= 1.0, "{report}");
    assert_eq!(metric(&report, "machine_utilization")["periods"].as_array().unwrap().len(), 6);
}

#[test]
fn a_report_is_the_same_data_in_every_form_and_its_hash_can_be_proved() {
    let site = Site::new();
    morning(&site);
    let mut manager = site.client(Role::Manager);
    let answer = manager.get("/api/v1/reports/success?from=2026-02-23&to=2026-03-03");
    let text = answer.text();
    let data = text.split_once("\"data\":").unwrap().1.rsplit_once(",\"sha256\"").unwrap().0;
    let digest = answer.json()["sha256"].as_str().unwrap().to_owned();
    assert_eq!(Digest::of(data.as_bytes()).to_string(), digest);
    assert_eq!(answer.header("millwright-sha256"), Some(digest.as_str()));

    let by_accept = manager.ask("GET", "/api/v1/reports/success?from=2026-02-23&to=2026-03-03", &[("accept", "text/csv")], &Json::Null);
    let csv = manager.get("/api/v1/reports/success?from=2026-02-23&to=2026-03-03&format=csv");
    assert_eq!((by_accept.header("content-type"), by_accept.text()), (Some("text/csv; charset=utf-8"), csv.text()));
    assert_eq!(csv.text().lines().count(), 7, "a heading and six metrics: {}", csv.text());

    let book = manager.get("/api/v1/reports/success?from=2026-02-23&to=2026-03-03&format=xlsx");
    let mut book = Xlsx::new(std::io::Cursor::new(book.body)).unwrap();
    let front = book.worksheet_range("Report").unwrap();
    assert!(front.used_cells().any(|(_, _, cell)| *cell == Data::String(digest.clone())), "the workbook names another hash");
    let sheet = book.worksheet_range("Metrics").unwrap();
    let utilization = sheet.rows().find(|row| row[0] == Data::String("machine_utilization".to_owned())).unwrap();
    let figure = metric(&answer.json(), "machine_utilization")["figure"].as_f64().unwrap();
    assert_eq!(utilization[2], Data::Float(figure), "a number is a number");

    let pdf = manager.get("/api/v1/reports/success?from=2026-02-23&to=2026-03-03&format=pdf");
    if let Some(read) = read_by_others(&pdf.body) {
        let text = read["text"].as_str().unwrap();
        assert_eq!((read["pages"].as_u64(), read["title"].as_str()), (Some(1), Some("Success metrics")));
        assert!(text.contains(&digest) && text.contains("page 1 of 1") && text.contains("Machine utilization"), "{text}");
    }
}

#[test]
fn the_hand_over_of_a_shift_tells_what_was_made_what_stood_and_who_was_there() {
    let site = Site::new();
    morning(&site);
    let mut lead = site.client(Role::Lead);
    let report = lead.read("/api/v1/reports/shift");
    let (facts, tables) = (&report["data"]["facts"], &report["data"]["tables"]);
    assert_eq!((facts["good_pieces"].as_i64(), facts["bad_pieces"].as_i64(), facts["stop_minutes"].as_i64()), (Some(80), Some(16), Some(30)), "{report}");
    let made = tables["made"].as_array().unwrap().iter().find(|row| row["operation"] == "Cut").unwrap();
    assert_eq!((made["good"].as_i64(), made["planned"].as_i64(), made["held"].as_i64()), (Some(80), Some(100), Some(4)), "{made}");
    let stop = &tables["stops"][0];
    assert_eq!((stop["minutes"].as_i64(), stop["category"].as_str()), (Some(30), Some("breakdown")), "{stop}");
    assert_eq!(tables["people"].as_array().unwrap().len(), 1, "one person, two jobs: {tables}");
    assert!(tables["people"][0]["person"].as_str().unwrap().starts_with("E1"), "{tables}");
    site.client(Role::Manager).make("/api/v1/production-lines", &json!({"factory_id": "FAC-000001", "line_name": "Weld shop", "line_type": "welding"}));
    for (department, minutes, people) in [("laser", 30, 1), ("welding", 0, 0)] {
        let told = lead.read(&format!("/api/v1/reports/shift?department={department}"))["data"].clone();
        assert_eq!((told["facts"]["stop_minutes"].as_i64(), told["tables"]["people"].as_array().map(Vec::len)), (Some(minutes), Some(people)), "{department}: {told}");
    }
    let pdf = lead.get("/api/v1/reports/shift?format=pdf");
    if let Some(read) = read_by_others(&pdf.body) {
        assert_eq!(read["pages"], json!(1), "a hand-over is one page");
    }
    for (wrong, status) in [("shift_id=NIGHTMARE", 404), ("day=monday", 422), ("department=Casting", 404), ("format=docx", 422), ("colour=red", 400), ("day=2026-03-01", 404)] {
        assert_eq!(lead.get(&format!("/api/v1/reports/shift?{wrong}")).status, status, "{wrong}");
    }
    assert_eq!(site.client(Role::Operator).get("/api/v1/reports/shift").status, 403, "it names people");
}

#[test]
fn a_traveller_and_a_label_are_scanned_back_to_their_order() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let (order, lot) = shipped(&mut lead);
    let number = lead.read(&format!("/api/v1/work-orders/{order}"))["work_order_number"].as_str().unwrap_or(&order).to_owned();
    let traveller = lead.get(&format!("/api/v1/work-orders/{order}/traveller"));
    assert_eq!(traveller.header("content-type"), Some("application/pdf"));
    if let Some(read) = read_by_others(&traveller.body) {
        let codes: Vec<&str> = read["codes"].as_array().unwrap().iter().map(|code| code[1].as_str().unwrap()).collect();
        for wanted in [number.clone(), format!("{number}/10"), format!("{number}/20"), format!("{number}/30")] {
            assert!(codes.contains(&wanted.as_str()), "{wanted} cannot be scanned: {codes:?}");
        }
    }
    let label = lead.get(&format!("/api/v1/lots/{lot}/label?copies=2"));
    if let Some(read) = read_by_others(&label.body) {
        assert_eq!(read["pages"], json!(2));
        assert_eq!(read["codes"][0][1].as_str(), Some(lot.as_str()), "{read}");
    }
    let zpl = lead.get(&format!("/api/v1/lots/{lot}/label?format=zpl&copies=3"));
    assert!(zpl.text().starts_with("^XA^CI28") && zpl.text().ends_with("^PQ3^XZ\n") && zpl.text().contains(&format!("^FD{lot}^FS")), "{}", zpl.text());
    assert!(lead.get(&format!("/api/v1/work-orders/{order}/label?format=svg")).text().starts_with("<svg "));
    for wrong in ["format=bmp", "copies=0x", "copies=100000"] {
        assert_eq!(lead.get(&format!("/api/v1/lots/{lot}/label?{wrong}")).status, 422, "{wrong}");
    }
}

#[test]
fn a_lot_of_an_article_number_has_a_gs1_code() {
    let site = Site::new();
    let mut lead = site.client(Role::Manager);
    lead.make("/api/v1/materials", &json!({"material_code": "4006381333931", "material_name": "Purchased bearing", "stock_unit": "EA"}));
    lead.make(
        "/api/v1/material-transactions",
        &json!({"transaction_type": "receipt", "material_code": "4006381333931", "lot_number": "B-77", "quantity": 10, "supplier_id": "STEEL", "expiry_date": "2027-03-31"}),
    );
    let label = lead.get("/api/v1/lots/B-77/label");
    if let Some(read) = read_by_others(&label.body) {
        assert_eq!(read["codes"][0][1], json!("(01)04006381333931(17)270331(10)B-77"), "{read}");
    }
    assert!(lead.get("/api/v1/lots/B-77/label?format=zpl").text().contains("(01)04006381333931(17)270331(10)B-77"));
}

#[test]
fn a_recall_names_what_left_to_whom_and_what_is_still_here() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let (_, lot) = shipped(&mut lead);
    let mut auditor = site.client(Role::Auditor);
    let report = auditor.read("/api/v1/lots/S1/recall?format=json");
    let (facts, tables) = (&report["data"]["facts"], &report["data"]["tables"]);
    assert_eq!((facts["affected_customers"].as_i64(), facts["affected_shipments"].as_i64(), facts["lots_with_a_gap"].as_i64()), (Some(1), Some(1), Some(0)), "{facts}");
    assert_eq!((tables["shipments"][0]["lot_number"].as_str(), tables["shipments"][0]["quantity"].as_i64()), (Some(lot.as_str()), Some(2)), "{tables}");
    assert_eq!((tables["on_site"][0]["lot_number"].as_str(), tables["on_site"][0]["on_hand"].as_i64()), (Some("S1"), Some(8)), "{tables}");
    let again = auditor.read("/api/v1/lots/S1/recall?format=json");
    assert_eq!(again["sha256"], report["sha256"], "the same data has the same hash");
    if let Some(read) = read_by_others(&auditor.get("/api/v1/lots/S1/recall").body) {
        let text = read["text"].as_str().unwrap();
        assert!(text.contains(report["sha256"].as_str().unwrap()) && text.contains("Recall report of lot S1"), "{text}");
    }
    assert_eq!(auditor.get("/api/v1/lots/NOTHING/recall").status, 404);
}

#[test]
fn a_shipment_of_two_affected_lots_is_one_shipment_of_a_recall() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    lead.make("/api/v1/material-transactions", &json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": "S1", "quantity": 10}));
    let order = lead.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 4}))["work_order_id"].as_str().unwrap().to_owned();
    lead.make(&format!("/api/v1/work-orders/{order}/release"), &json!({}));
    lead.make("/api/v1/material-transactions", &json!({"transaction_type": "issue", "work_order_id": order, "lot_number": "S1", "quantity": 4}));
    for sequence in [10, 20, 30] {
        lead.make(&format!("/api/v1/work-orders/{order}/operations/{sequence}/start"), &json!({}));
        lead.make(&format!("/api/v1/work-orders/{order}/operations/{sequence}/report"), &json!({"good_quantity": 4}));
    }
    let lot = lead.read(&format!("/api/v1/work-orders/{order}"))["lot_number"].as_str().unwrap().to_owned();
    lead.make(&format!("/api/v1/lots/{lot}/split"), &json!({"quantity": 1, "new_lot_number": "APART"}));
    let lines = json!([{"lot_number": lot, "quantity": 3, "unit_of_measure": "EA"}, {"lot_number": "APART", "quantity": 1, "unit_of_measure": "EA"}]);
    let shipment = lead.make("/api/v1/shipments", &json!({"customer_id": "ACME", "lines": lines}));
    lead.make(&format!("/api/v1/shipments/{}/ship", shipment["shipment_id"].as_str().unwrap()), &json!({}));
    let report = site.client(Role::Auditor).read("/api/v1/lots/S1/recall?format=json");
    let customers = &report["data"]["tables"]["customers"];
    assert_eq!((customers[0]["shipments"].as_i64(), customers[0]["quantity"].as_i64()), (Some(1), Some(4)), "{report}");
}

#[test]
fn names_and_notes_of_any_script_and_length_are_printed_and_nothing_is_dropped() {
    let site = Site::new();
    let mut lead = site.client(Role::Lead);
    let note = format!("=1+1 Łódź, Größe, año, 漢字 <b>{}", "very long word ".repeat(250));
    let order = lead.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 2, "notes": note}));
    let id = order["work_order_id"].as_str().unwrap();
    if let Some(read) = read_by_others(&lead.get(&format!("/api/v1/work-orders/{id}/traveller")).body) {
        let text = read["text"].as_str().unwrap();
        assert!(text.contains("Łódź, Größe, año") && text.matches("very long").count() > 200, "{text}");
    }
    let csv = lead.get(&format!("/api/v1/work-orders/{id}/traveller?format=csv")).text();
    assert!(csv.contains("'=1+1"), "a note became a formula: {csv}");
}

#[test]
fn badges_are_scanned_and_name_only_whom_one_asks_for() {
    let site = Site::new();
    let mut manager = site.client(Role::Manager);
    let sheet = manager.get("/api/v1/reports/badges?employees=E1");
    if let Some(read) = read_by_others(&sheet.body) {
        assert_eq!(read["codes"].as_array().unwrap().iter().map(|code| code[1].as_str().unwrap()).collect::<Vec<_>>(), ["E1"]);
    }
    assert_eq!(manager.read("/api/v1/reports/badges?employees=NOBODY&format=json")["data"]["facts"]["count"], json!(0));
}

#[test]
fn a_schedule_that_cannot_be_kept_is_refused_and_says_why() {
    let site = Site::new();
    let mut planner = site.client(Role::Planner);
    let daily = planner.make("/api/v1/report-schedules", &json!({"schedule_code": "daily", "report": "success", "cadence": "daily", "local_time": "06:30", "form": "pdf"}));
    assert_eq!((daily["delivery_state"].clone(), daily["done_until"].clone()), (Json::Null, Json::Null));
    for (wrong, field) in [
        (json!({"cadence": "shift", "local_time": "06:00"}), "local_time"),
        (json!({"cadence": "daily", "weekday": 3}), "weekday"),
        (json!({"cadence": "weekly", "weekday": 9}), "weekday"),
        (json!({"cadence": "daily", "recipients": "lead@plant.example"}), "connector_id"),
        (json!({"cadence": "daily", "department": "Laser"}), "department"),
    ] {
        let mut body = json!({"schedule_code": "wrong", "report": "success", "form": "csv"});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused = planner.refused("/api/v1/report-schedules", &body, "invalid");
        assert_eq!(refused.json()["field"], json!(field), "{body}");
    }
}
