//! A plant in memory, files in, reports out.

use std::path::PathBuf;
use std::time::Instant;

use super::*;
use crate::base::limits;
use crate::engine::{Envelope, Options};
use crate::model::command::FoundPlant;
use crate::model::{Command, OperationReport, Record, Role, Subject, WorkOrder, WorkOrderOperation};
use crate::store::Store;
use crate::views;
use crate::views::list::Query;

fn actor(role: Role) -> Actor {
    Actor { user: 1, name: "it".to_owned(), role }
}

fn plant() -> Engine {
    let engine = Engine::start(Store::in_memory().unwrap(), Options { timers: false, ..Options::default() }).unwrap();
    let found = Command::FoundPlant(FoundPlant { plant_name: "Test".to_owned(), timezone: "Europe/Berlin".to_owned(), simulated: false });
    engine.submit_wait(Envelope::of(actor(Role::Admin), found)).unwrap();
    engine
}

#[derive(Clone, Copy, PartialEq)]
enum Run {
    Dry,
    Real,
}

fn bring(engine: &Engine, word: &str, bytes: &[u8], map: Option<&str>, run: Run) -> Result<Report, Refusal> {
    let kind = Kind::from_word(word).unwrap();
    let request = Request { kind, file_name: &format!("{word}.csv"), bytes, map, dry_run: run == Run::Dry, actor: actor(Role::Admin) };
    import(engine, &request, &mut |done, total| assert!(done <= total))
}

fn real(engine: &Engine, word: &str, text: &str) -> Report {
    bring(engine, word, text.as_bytes(), None, Run::Real).unwrap()
}

/// created, updated, unchanged, refused
fn counts(report: &Report) -> (u64, u64, u64, u64) {
    (report.created, report.updated, report.unchanged, report.refused)
}

fn said(report: &Report) -> Vec<String> {
    report.problems.iter().map(|it| format!("{} {} {:?}: {}", it.row, it.column.as_deref().unwrap_or("-"), it.value, it.problem)).collect()
}

fn all<R: Record>(engine: &Engine) -> Vec<R> {
    let page = engine.read(|snapshot| views::list::list(snapshot, R::NOUN, &Query { limit: usize::MAX, ..Query::default() })).unwrap().unwrap();
    page.rows.into_iter().map(|row| *row.record.into_any().downcast::<R>().unwrap()).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}

fn head(engine: &Engine) -> u64 {
    *engine.head().borrow()
}

#[test]
fn every_example_file_comes_in_and_a_second_run_changes_nothing() {
    let engine = plant();
    for kind in &Kind::all().filter(|kind| *kind != Kind::OperationLog).collect::<Vec<_>>() {
        let (word, bytes) = (kind.word(), fixture(&format!("imports/{}.csv", kind.word())));
        let before = head(&engine);
        let preview = bring(&engine, &word, &bytes, None, Run::Dry).unwrap();
        assert_eq!(head(&engine), before, "{word}: a dry run writes nothing");
        let first = bring(&engine, &word, &bytes, None, Run::Real).unwrap();
        assert_eq!((said(&first), first.ignored_columns.clone()), (vec![], vec![]), "{word}");
        assert_eq!(counts(&preview), counts(&first), "{word}: the preview told what came");
        assert!(first.created > 0 && first.updated + first.unchanged + first.refused == 0, "{word}: {:?}", counts(&first));
        let after = head(&engine);
        let second = bring(&engine, &word, &bytes, None, Run::Real).unwrap();
        assert_eq!((said(&second), counts(&second)), (vec![], (0, 0, first.created, 0)), "{word}");
        assert_eq!(head(&engine), after, "{word}: a second run leaves the journal alone");
    }
    let orders: Vec<WorkOrder> = all(&engine);
    assert_eq!(orders[3].parent_work_order_id, Some(orders[1].work_order_id), "an earlier row of the same file may be named");
    let routing: Vec<crate::model::Routing> = all(&engine);
    assert_eq!((routing.len(), routing[0].steps.len(), &routing[0].steps[3].depends_on), (3, 6, &vec![20, 30]));
    let employees: Vec<crate::model::Employee> = all(&engine);
    assert_eq!(employees[0].certifications.len(), 2);
    assert_eq!(employees[3].last_name.as_deref(), Some("Çelik"));
    let materials: Vec<crate::model::Material> = all(&engine);
    assert_eq!(materials[0].unit_factors[0].factor.to_string(), "0.0185");
}

#[test]
fn a_record_is_changed_where_the_file_differs_and_an_empty_cell_clears_nothing() {
    let engine = plant();
    real(&engine, "customers", "customer_code,customer_name,country\nC1,One,DE\nC2,Two,NL\n");
    let report = real(&engine, "customers", "customer_code;customer_name;country\r\nC1;One and a half;\r\nC2;Two;NL\r\nC3;Three;\r\n");
    assert_eq!(counts(&report), (1, 1, 1, 0), "{:?}", said(&report));
    let customers: Vec<crate::model::Customer> = all(&engine);
    assert_eq!((customers[0].customer_name.as_str(), customers[0].country.as_deref()), ("One and a half", Some("DE")));
    assert_eq!(customers[2].country, None);
}

#[test]
fn what_is_fixed_once_made_is_refused_by_the_row() {
    let engine = plant();
    real(&engine, "products", "product_code,product_name\nP1,Plate\n");
    real(&engine, "work-orders", "work_order_number,product_id,planned_quantity,priority\nJ1,P1,10,3\n");
    let report = real(&engine, "work-orders", "work_order_number,product_id,planned_quantity,priority\nJ1,P1,12,3\nJ2,P1,5,\n");
    assert_eq!(counts(&report), (1, 0, 0, 1));
    assert_eq!(said(&report), ["2 planned_quantity \"12\": cannot be changed once the record is made; it is 10 there"]);
    let report = real(&engine, "work-orders", "work_order_number,product_id,planned_quantity,priority\nJ1,P1,10,1\n");
    assert_eq!(counts(&report), (0, 1, 0, 0));
}

#[test]
fn bad_rows_are_named_and_good_rows_go_in() {
    let engine = plant();
    let file = "employee_code,first_name,hourly_rate,hire_date,skill_level,factory_id\n\
        E1,Ann,20.5,2020-01-02,expert,\n\
        E2,Bob,NaN,2020-01-02,expert,\n\
        E3,Cid,-4,2020-01-02,expert,\n\
        E4,Dee,1e300,3020-01-02,wizard,\n\
        E5,Eve,20,2020-01-02,expert,FAC-000009\n\
        E1,Ann,21,2020-01-02,expert,\n\
        ,Nameless,20,2020-01-02,expert,\n\
        E6,Fa\u{7}n,20,2020-01-02,expert,\n\
        E7,Gus,20\n\
        E8,Hal,20,2020-01-02,expert,,too much\n\
        EMP-000044,Ida,20,,,\n\
        E9,Ivo,20,31.12.2020,,\n";
    let dry = bring(&engine, "employees", file.as_bytes(), None, Run::Dry).unwrap();
    let report = real(&engine, "employees", file);
    assert_eq!(counts(&report), (1, 0, 0, 11));
    assert_eq!(said(&dry), said(&report), "a dry run names what a real one refuses");
    assert_eq!(
        said(&report),
        [
            "3 hourly_rate \"NaN\": is not a number",
            "4 hourly_rate \"-4\": must not be negative",
            "5 skill_level \"wizard\": must be one of skilled, trainee, senior, expert",
            "5 hire_date \"3020-01-02\": lies outside the years 1990 to 2100",
            "5 hourly_rate \"1e300\": is larger than 99999999999.9999",
            "6 factory_id \"FAC-000009\": names no record: there is no FAC-000009 among the factories",
            "7 employee_code \"E1\": stands in row 2 already",
            "8 employee_code \"\": must be given, so that the record is found again",
            "9 first_name \"Fa\u{fffd}n\": contains the control character U+0007",
            "10 - \"\": has 3 cells where the column names are 6",
            "11 - \"\": has 7 cells where the column names are 6",
            "12 employee_code \"EMP-000044\": has the form of an id that the plant gives; choose another number",
            "13 hire_date \"31.12.2020\": is not a date such as 2026-03-31",
        ]
    );
    let employees: Vec<crate::model::Employee> = all(&engine);
    assert_eq!(employees.len(), 1);
}

#[test]
fn what_only_a_rule_knows_is_refused_with_its_row() {
    let engine = plant();
    real(&engine, "products", "product_code,product_name\nP1,Plate\n");
    let report = real(&engine, "work-orders", "work_order_number,product_id,planned_quantity,priority\nJ1,P1,0,3\nJ2,P1,99999999999,3\nJ3,P1,5,11\nJ4,P1,5,5\nJ5,P1,5,0\n");
    assert_eq!(counts(&report), (1, 0, 0, 4));
    assert_eq!(
        said(&report),
        [
            "2 planned_quantity \"0\": must be 1 to 10000000",
            "3 planned_quantity \"99999999999\": must be 1 to 10000000",
            "4 priority \"11\": must be 1 (highest) to 10 (lowest)",
            "6 priority \"0\": must be 1 (highest) to 10 (lowest)"
        ]
    );
}

#[test]
fn a_bill_of_material_goes_in_whole_or_not_at_all() {
    let engine = plant();
    real(&engine, "products", "product_code,product_name\nP1,Plate\nP2,Post\n");
    real(&engine, "materials", "material_code,material_name,stock_unit\nM1,Sheet,SHEET\nM2,Stud,EA\n");
    let file = "product_id,revision,material_id,quantity_per_unit,unit_of_measure\nP1,A,M1,0.5,SHEET\nP2,A,M2,1,EA\nP1,A,M9,2,EA\nP2,A,M1,1,SHEET\n";
    let report = real(&engine, "bills-of-material", file);
    assert_eq!((report.rows, counts(&report)), (4, (1, 0, 0, 1)));
    assert_eq!(said(&report), ["4 material_id \"M9\": names no record: there is no M9 among the materials"]);
    let boms: Vec<crate::model::BillOfMaterial> = all(&engine);
    assert_eq!((boms.len(), boms[0].lines.len()), (1, 2));
    let changed = file.replace("M9", "M2").replace("P2,A,M2,1,EA", "P2,A,M2,3,EA");
    assert_eq!(counts(&real(&engine, "bills-of-material", &changed)), (1, 1, 0, 0));
    assert_eq!(counts(&real(&engine, "bills-of-material", &changed)), (0, 0, 2, 0));
}

#[test]
fn a_file_that_cannot_be_read_is_refused_as_a_whole() {
    let engine = plant();
    let refuse = |bytes: &[u8]| bring(&engine, "customers", bytes, None, Run::Real).unwrap_err().detail;
    assert_eq!(refuse(b""), "the file is empty: its first row must hold the column names");
    assert_eq!(refuse(b"\n\n  \n"), "the file is empty: its first row must hold the column names");
    assert_eq!(refuse(b"customer_code,customer_name\nC1,M\xfcller\n"), "line 2 is not UTF-8; save the file as CSV UTF-8");
    assert_eq!(refuse(b"\xff\xfec\x00"), "the file is written in UTF-16; save it as CSV UTF-8");
    assert_eq!(refuse(b"customer_code|customer_name\nC1|One\n"), "the file has no column customer_code, customer_name; its columns are customer_code|customer_name");
    assert_eq!(refuse(b"customer_code,country\nC1,DE\n"), "the file has no column customer_name; its columns are customer_code, country");
    assert_eq!(refuse(b"customer_code,customer_name,Customer_Code\n"), "two columns are called \"Customer_Code\"; which one is meant?");
    assert!(refuse(b"\xd0\xcf\x11\xe0\xa1").contains(".xls"));
    assert!(refuse(b"PK\x03\x04 but no archive").contains("cannot be read"));
    assert!(refuse(&vec![b'x'; limits::FILE_MAX + 1]).contains("split it"));
    let wide = (0..300).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    assert!(refuse(wide.as_bytes()).contains("300 columns"));
    let many = format!("customer_code,customer_name\n{}", "C,D\n".repeat(limits::IMPORT_ROWS_MAX + 1));
    assert!(refuse(many.as_bytes()).contains("more than 200000 rows"));
    assert_eq!(all::<crate::model::Customer>(&engine).len(), 0);
}

#[test]
fn a_header_alone_is_an_empty_import() {
    let report = real(&plant(), "customers", "\u{feff}Customer_Code , CUSTOMER_NAME\n");
    assert_eq!((report.rows, counts(&report)), (0, (0, 0, 0, 0)));
}

#[test]
fn a_cell_of_a_megabyte_is_one_bad_row() {
    let engine = plant();
    let huge = "x".repeat(1 << 20);
    let report = real(&engine, "customers", &format!("customer_code,customer_name\nC1,{huge}\n{huge},Two\nC3,\"Three\nlines\"\nC4,Four\n"));
    assert_eq!(counts(&report), (1, 0, 0, 3));
    assert_eq!(report.problems.iter().map(|it| it.row).collect::<Vec<_>>(), [2, 3, 4]);
    assert!(report.problems.iter().all(|it| it.value.chars().count() <= 61 && it.problem.len() < 200));
}

#[test]
fn a_file_of_nothing_but_faults_lists_the_first_and_counts_the_rest() {
    let rows: String = (0..1_000).map(|n| format!("C{n},Name,x\n")).collect();
    let report = real(&plant(), "customers", &format!("customer_code,customer_name,annual_volume\n{rows}"));
    assert_eq!((report.refused, report.problems.len(), report.more_problems), (1_000, limits::IMPORT_PROBLEMS_MAX, 800));
    let json: serde_json::Value = serde_json::from_str(&report.to_value().to_json()).unwrap();
    assert_eq!((json["more_problems"].as_i64(), json["problems"][0]["row"].as_i64(), json["problems"][0]["column"].as_str()), (Some(800), Some(2), Some("annual_volume")));
}

#[test]
fn a_mapping_names_their_columns_and_defaults() {
    let engine = plant();
    let map = "separator = \"tab\"\ndecimal = \",\"\n[columns]\ncustomer_code = \"Kunden-Nr.\"\ncustomer_name = \"NAME\"\nsla_on_time_percentage = \"Termintreue\"\n[defaults]\ncountry = \"DE\"\npayment_terms_days = 30\n";
    let file = "Kunden-Nr.\tName\tTermintreue\tOrt\nC1\tEins\t97,5\tBonn\n";
    let report = bring(&engine, "customers", file.as_bytes(), Some(map), Run::Real).unwrap();
    assert_eq!((counts(&report), report.ignored_columns.as_slice()), ((1, 0, 0, 0), ["Ort".to_owned()].as_slice()), "{:?}", said(&report));
    let customers: Vec<crate::model::Customer> = all(&engine);
    assert_eq!((customers[0].country.as_deref(), customers[0].payment_terms_days), (Some("DE"), Some(30)));
    assert_eq!(customers[0].sla_on_time_percentage.map(|it| it.to_string()).as_deref(), Some("97.5"));
    let refuse = |map: &str| bring(&engine, "customers", file.as_bytes(), Some(map), Run::Real).unwrap_err().detail;
    assert!(refuse("[columns]\nnonsense = \"X\"\n").starts_with("the mapping names \"nonsense\", which is not one of customer_code"));
    assert!(refuse("nonsense = 1\n").starts_with("the mapping cannot be read"));
    assert_eq!(
        refuse("[columns]\ncustomer_code = \"Nummer\"\ncustomer_name = \"Name\"\n"),
        "the file has no column Nummer (for customer_code); its columns are Kunden-Nr., Name, Termintreue, Ort"
    );
}

#[test]
fn who_may_not_is_told_before_a_row_is_read() {
    let engine = plant();
    let request = |role| Request { kind: Kind::Master(crate::model::Noun::Customer), file_name: "x.csv", bytes: b"", map: None, dry_run: true, actor: actor(role) };
    for role in [Role::Operator, Role::Lead, Role::Inspector, Role::Auditor, Role::Analyst] {
        assert_eq!(import(&engine, &request(role), &mut |_, _| ()).unwrap_err().code, Code::Forbidden, "{role}");
    }
    assert_eq!(import(&engine, &request(Role::Planner), &mut |_, _| ()).unwrap_err().code, Code::Invalid);
}

#[test]
fn words_of_kinds_there_and_back() {
    assert!(Kind::all().all(|kind| Kind::from_word(&kind.word()) == Some(kind)));
    assert_eq!((Kind::from_word("lots"), Kind::from_word("users"), Kind::from_word("x")), (None, None, None));
}

const LOG_MAP: &str = include_str!("../../../fixtures/job-shop-log.toml");
const LOG_HEAD: &str = "order_no,part_description,order_qty,operation,machine,worker_id,report_type,started_at,ended_at,qty_completed,qty_rejected,qty_mrb,rework\n";

fn log(rows: &str) -> String {
    format!("{LOG_HEAD}{rows}")
}

#[test]
fn an_operation_log_becomes_orders_operations_time_and_pieces() {
    let engine = plant();
    let rows = "A1,Plate,10,Turn,M1,W1,S,2012-01-02T07:00:00,2012-01-02T08:00:00,0,0,0,\n\
        A1,Plate,10,Turn,M1,W1,D,2012-01-02T08:00:00,2012-01-02T10:30:00,8,1,1,\n\
        A1,Plate,10,Turn,M1,W2,D,2012-01-02T10:00:00,2012-01-02T11:00:00,2,0,0,Y\n\
        A1,Plate,10,Turn,M1,W2,D,2012-01-02T10:00:00,2012-01-02T11:00:00,2,0,0,Y\n\
        A2,Post,5,Saw,M2,W1,B,2012-01-02T12:00:00,2012-01-02T12:15:00,0,0,0,\n";
    let dry = bring(&engine, "operation-log", log(rows).as_bytes(), Some(LOG_MAP), Run::Dry).unwrap();
    let report = bring(&engine, "operation-log", log(rows).as_bytes(), Some(LOG_MAP), Run::Real).unwrap();
    assert_eq!((counts(&report), report.flagged, said(&report)), ((5, 0, 0, 0), 2, vec![]));
    let flagged: Vec<(u64, &str, &str)> = report.flagged_rows.iter().map(|row| (row.row, row.value.as_str(), row.problem.as_str())).collect();
    assert_eq!(flagged, [(4, "A1", "more was made at Turn than was ordered"), (5, "A1", "more was made at Turn than was ordered")]);
    assert_eq!(Report { dry_run: false, ..dry }, report, "the preview told what came");
    let figures = report.figures.unwrap();
    assert_eq!((figures.orders, figures.operations, figures.reports, figures.repeated), (2, 2, 5, 1));
    assert_eq!((figures.good, figures.rejected, figures.held, figures.over_plan_operations, figures.overlapping_reports), (12, 1, 1, 1, 2));
    assert_eq!(
        (figures.hours.to_string(), figures.hours_by_work_center["M2"].to_string(), figures.hours_by_worker["W1"].to_string()),
        ("5.75".to_owned(), "0.25".to_owned(), "3.75".to_owned())
    );
    assert_eq!(figures.hours_by_activity["setup"].to_string(), "1");
    let operations: Vec<WorkOrderOperation> = all(&engine);
    assert_eq!((operations[0].completed_quantity, operations[0].rejected_quantity, operations[0].held_quantity), (12, 1, 1));
    let reports: Vec<OperationReport> = all(&engine);
    assert_eq!((reports.len(), reports.iter().filter(|it| it.over_plan).count()), (3, 2));
    // Seven in the morning in Jerusalem is five in UTC, in winter.
    let time: Vec<crate::model::LaborTransaction> = all(&engine);
    assert_eq!(time[0].clock_in_time.to_string(), "2012-01-02T05:00:00Z");
    assert_eq!(time[2].activity_code.as_deref(), Some("REWORK"));
    let longer = log(&format!("{rows}A2,Post,5,Saw,M2,W1,D,2012-01-03T07:00:00,2012-01-03T08:00:00,5,0,0,\n"));
    let second = bring(&engine, "operation-log", longer.as_bytes(), Some(LOG_MAP), Run::Real).unwrap();
    assert_eq!((counts(&second), second.flagged), ((1, 0, 5, 0), 0));
}

#[test]
fn bad_rows_of_an_operation_log_are_named() {
    let engine = plant();
    let rows = "A1,Plate,10,Turn,M1,W1,X,2012-01-02T07:00:00,2012-01-02T08:00:00,0,0,0,maybe\n\
        A1,Plate,0,Turn,M1,W1,D,2012-01-02T08:00:00,2012-01-02T07:30:00,-1,NaN,1.5,\n\
        ,Plate,10,Turn,M1,W1,D,yesterday,2012-01-02T07:30:00,99999999,0,0,\n\
        A1,Plate,10,Turn,M1,W1,D,1012-01-02T08:00:00,2312-01-02T09:30:00,1,0,0,\n\
        A1,Plate\n\
        A1,Plate,10,Turn,M1,W1,D,2012-01-02T08:00:00,2012-01-02T09:30:00,1,0,0,\n\
        A1,Plate,10,Turn,M1,W1,D,2089-01-02T08:00:00,2089-01-02T09:30:00,1,0,0,\n";
    let report = bring(&engine, "operation-log", log(rows).as_bytes(), Some(LOG_MAP), Run::Real).unwrap();
    assert_eq!(counts(&report), (1, 0, 0, 6));
    assert_eq!(
        said(&report)[..13],
        [
            "2 activity_type \"X\": must be one of b, d, s",
            "2 rework \"maybe\": must be true or false",
            "3 planned_quantity \"0\": must be 1 to 10000000",
            "3 good_quantity \"-1\": must be 0 to 10000000",
            "3 rejected_quantity \"NaN\": is not a number",
            "3 held_quantity \"1.5\": must be a whole number",
            "3 ended_at \"2012-01-02T07:30:00\": must not lie before the start",
            "4 work_order_number \"\": must not be empty",
            "4 good_quantity \"99999999\": must be 0 to 10000000",
            "4 started_at \"yesterday\": is not a time such as 2026-03-31T06:00:00Z",
            "5 started_at \"1012-01-02T08:00:00\": lies outside the years 1990 to 2100",
            "5 ended_at \"2312-01-02T09:30:00\": lies outside the years 1990 to 2100",
            "6 - \"\": has 2 cells where the column names are 13",
        ]
    );
    assert!(said(&report)[13].starts_with("8 occurred_at"), "{:?}", said(&report)[13]);
    assert_eq!(report.figures.unwrap().reports, 1);
    let refuse = |file: &str, map: Option<&str>| bring(&engine, "operation-log", file.as_bytes(), map, Run::Real).unwrap_err().detail;
    assert!(refuse(&log(""), None).starts_with("an operation log needs a mapping"));
    assert!(refuse(&log(""), Some("")).starts_with("the mapping must name the zone"));
    assert!(refuse(&log(""), Some("zone = \"Mars/Base\"")).contains("no IANA zone"));
    assert_eq!(
        refuse("order,qty\n", Some("zone = \"UTC\"\n[columns]\nwork_order_number = \"order\"\ngood_quantity = \"pieces\"\n")),
        "the file has no column pieces (for good_quantity), product_name, planned_quantity, operation_name, work_center_name, employee_code, started_at, ended_at; its columns are order, qty"
    );
}

#[test]
fn names_that_look_like_ids_of_ours_are_refused() {
    let engine = plant();
    let rows = "A1,PROD-000077,10,Turn,M1,W1,D,2012-01-02T07:00:00,2012-01-02T08:00:00,1,0,0,\n\
        A1,Plate,10,Turn,WC-000077,W1,D,2012-01-02T07:00:00,2012-01-02T08:00:00,1,0,0,\n\
        A1,Plate,10,Turn,M1,EMP-000077,D,2012-01-02T07:00:00,2012-01-02T08:00:00,1,0,0,\n";
    let report = bring(&engine, "operation-log", log(rows).as_bytes(), Some(LOG_MAP), Run::Real).unwrap();
    assert_eq!(counts(&report), (0, 0, 0, 3), "{:?}", said(&report));
    assert_eq!(all::<WorkOrder>(&engine).len(), 0, "a refused row leaves no order behind");
}

/// The data that stands beside the repository, where it does.
fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MILLWRIGHT_SHARED").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    Some(root.join(path)).filter(|file| file.is_file())
}

#[test]
fn the_log_of_a_real_shop_comes_in_once() {
    let Some(file) = shared("data/job-shop-log/production_log.csv") else {
        eprintln!("skipped: the job shop's log is not beside the repository");
        return;
    };
    let (engine, bytes) = (plant(), std::fs::read(file).unwrap());
    let dry = bring(&engine, "operation-log", &bytes, Some(LOG_MAP), Run::Dry).unwrap();
    let started = Instant::now();
    let report = bring(&engine, "operation-log", &bytes, Some(LOG_MAP), Run::Real).unwrap();
    eprintln!("the real log came in within {:?}: {}", started.elapsed(), report.to_value().to_json());
    assert_eq!(Report { dry_run: false, ..dry }, report, "the preview told what came");
    assert_eq!((report.rows, counts(&report), said(&report)), (2_792, (2_792, 0, 0, 0), vec![]));
    let after = head(&engine);
    let second = bring(&engine, "operation-log", &bytes, Some(LOG_MAP), Run::Real).unwrap();
    assert_eq!((counts(&second), head(&engine)), ((0, 0, 2_792, 0), after));
    assert_eq!(second.figures, report.figures);
    let figures = report.figures.unwrap();
    // Counted apart from this program, with Python's csv module, on the same file.
    assert_eq!((figures.orders, figures.operations, figures.repeated, figures.over_plan_operations), (150, 902, 15, 43));
    assert_eq!((figures.good, figures.rejected, figures.held, report.flagged, figures.overlapping_reports), (56_197, 363, 16, 112, 861));
    assert_eq!((figures.hours.to_string(), figures.hours_by_work_center.len(), figures.hours_by_worker.len()), ("8234.67".to_owned(), 27, 42));
    assert_eq!(figures.hours_by_work_center["Machine 10 - Grinding"].to_string(), "929.38");
    assert_eq!(figures.hours_by_worker["ID4794"].to_string(), "601.73");
    let operations: Vec<WorkOrderOperation> = all(&engine);
    assert_eq!(operations.len() as u64, figures.operations);
    assert_eq!(operations.iter().map(|it| it.completed_quantity).sum::<i64>(), figures.good);
    assert_eq!(operations.iter().map(|it| it.rejected_quantity).sum::<i64>(), figures.rejected);
    assert_eq!(operations.iter().map(|it| it.held_quantity).sum::<i64>(), figures.held);
    assert_eq!(operations.iter().filter(|it| it.produced() > it.planned_quantity).count() as u64, figures.over_plan_operations);
    assert_eq!(all::<WorkOrder>(&engine).len() as u64, figures.orders);
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))))
}

/// An archive of stored parts (APPNOTE 4.3): what a workbook needs and no more.
fn archive(parts: &[(&str, String)], told_size: Option<u32>) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let (at, size) = (u32::try_from(out.len()).unwrap(), u32::try_from(content.len()).unwrap());
        let mut shared = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5b];
        shared.extend(crc32(content.as_bytes()).to_le_bytes());
        shared.extend(size.to_le_bytes());
        shared.extend(told_size.unwrap_or(size).to_le_bytes());
        shared.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&shared);
        out.extend([0, 0]);
        out.extend(name.as_bytes());
        out.extend(content.as_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&shared);
        directory.extend([0; 12]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, size, count) = (u32::try_from(out.len()).unwrap(), u32::try_from(directory.len()).unwrap(), u16::try_from(parts.len()).unwrap());
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn workbook(rows: &str, told_size: Option<u32>) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const LINK: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACK: &str = "http://schemas.openxmlformats.org/package/2006";
    let parts = [
        ("[Content_Types].xml", format!("<Types xmlns=\"{PACK}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>")),
        (
            "_rels/.rels",
            format!("<Relationships xmlns=\"{PACK}/relationships\"><Relationship Id=\"r1\" Type=\"{LINK}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{PACK}/relationships\"><Relationship Id=\"s1\" Type=\"{LINK}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                 <Relationship Id=\"s2\" Type=\"{LINK}/worksheet\" Target=\"worksheets/sheet2.xml\"/><Relationship Id=\"t\" Type=\"{LINK}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{LINK}\"><sheets><sheet name=\"Notes\" sheetId=\"1\" r:id=\"s2\"/><sheet name=\"Crew\" sheetId=\"2\" r:id=\"s1\"/></sheets></workbook>"
            ),
        ),
        ("xl/styles.xml", format!("<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"20\"/></cellXfs></styleSheet>")),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>")),
        ("xl/worksheets/sheet2.xml", format!("<worksheet xmlns=\"{MAIN}\"><sheetData/></worksheet>")),
    ];
    archive(&parts, told_size)
}

fn texts(row: u32, cells: &[&str]) -> String {
    let cells: String = cells.iter().zip('A'..).map(|(text, column)| format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")).collect();
    format!("<row r=\"{row}\">{cells}</row>")
}

#[test]
fn a_spreadsheet_gives_dates_and_numbers_exactly() {
    let engine = plant();
    let rows = texts(3, &["employee_code", "hire_date", "hourly_rate", "first_name"])
        + "<row r=\"5\"><c r=\"A5\"><v>1017</v></c><c r=\"B5\" s=\"1\"><v>43831</v></c><c r=\"C5\"><v>23.300000000000001</v></c><c r=\"D5\" t=\"str\"><f>A1</f><v> Ann </v></c></row>"
        + "<row r=\"6\"><c r=\"A6\" t=\"inlineStr\"><is><t>E2</t></is></c><c r=\"C6\" t=\"e\"><v>#N/A</v></c></row>"
        + "<row r=\"9\"><c r=\"A9\" t=\"inlineStr\"><is><t>E3</t></is></c></row>";
    let book = workbook(&rows, None);
    let report = bring(&engine, "employees", &book, Some("sheet = \"Crew\"\n"), Run::Real).unwrap();
    assert_eq!((counts(&report), said(&report)), ((2, 0, 0, 1), vec!["6 - \"\": has the spreadsheet's error #N/A in column 3".to_owned()]));
    let employees: Vec<crate::model::Employee> = all(&engine);
    let ann = &employees[0];
    assert_eq!((ann.employee_code.as_deref(), ann.first_name.as_deref()), (Some("1017"), Some("Ann")));
    assert_eq!((ann.hire_date.unwrap().to_string(), ann.hourly_rate.unwrap().to_string()), ("2020-01-01".to_owned(), "23.3".to_owned()));
    let second = bring(&engine, "employees", &book, Some("sheet = \"Crew\"\n"), Run::Real).unwrap();
    assert_eq!(counts(&second), (0, 0, 2, 1));
    let refuse = |bytes: &[u8], map| bring(&engine, "employees", bytes, map, Run::Real).unwrap_err().detail;
    assert!(refuse(&book, Some("sheet = \"Staff\"\n")).ends_with("the sheets are Notes, Crew"));
    assert!(refuse(&book, None).starts_with("the file is empty"), "the first sheet is taken unless one is named");
    assert!(refuse(&book[..book.len() / 2], None).contains("cannot be read"));
}

#[test]
fn times_of_a_spreadsheet_are_times_of_day_or_local_times() {
    let rows = texts(1, &["a", "b", "c", "d"])
        + "<row r=\"2\"><c r=\"A2\" s=\"2\"><v>0.25</v></c><c r=\"B2\" s=\"1\"><v>40910.291666666664</v></c><c r=\"C2\" t=\"b\"><v>1</v></c><c r=\"D2\"><v>1E-3</v></c></row>";
    let table = table::read(&workbook(&rows, None), &table::Form { sheet: Some("Crew"), ..table::Form::default() }).unwrap();
    assert_eq!(table.rows[0].cells.iter().collect::<Vec<_>>(), ["06:00:00", "2012-01-02T07:00:00", "true", "0.001"]);
}

#[test]
fn a_sheet_that_unpacks_to_gigabytes_or_has_a_far_cell_is_refused() {
    let bomb = workbook("", Some(u32::MAX - 1));
    assert!(table::read(&bomb, &table::Form::default()).unwrap_err().detail.contains("unpacks to"));
    let far = workbook("<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>", None);
    let form = table::Form { sheet: Some("Crew"), ..table::Form::default() };
    assert!(table::read(&far, &form).unwrap_err().detail.contains("more than 200 columns"));
    let low = workbook(&(texts(1, &["a"]) + "<row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row>"), None);
    assert_eq!(table::read(&low, &form).unwrap().rows[0].number, 1_048_576);
}

#[test]
fn subjects_name_their_file_and_row_in_the_history() {
    let engine = plant();
    real(&engine, "customers", "customer_code,customer_name\n\nC1,One\n");
    let page = engine.read(|snapshot| views::changes::changes(snapshot, Role::Admin, 1, 10)).unwrap().unwrap();
    assert_eq!(page.entries[0].reason.as_deref(), Some("imported from customers.csv, row 3"));
    assert_eq!(page.entries[0].subject, Subject { noun: crate::model::Noun::Customer, number: 1 });
}
