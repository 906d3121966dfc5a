//! What an auditor types, and what is found: with the index, and without it.

use std::time::{Duration, Instant};

use millwright::model::material::TransactionType;
use millwright::model::{Noun, Role, command};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::Site;
use crate::client::Client;
use crate::plant::*;

/// A plant with a customer, an order with a note, and a coil with all its numbers.
fn furnished(site: &Site) -> u64 {
    site.plant.admin(create(Noun::Customer, &[("customer_code", text("ADLER")), ("customer_name", text("Hotel Ådler, Küchenbau"))])).unwrap();
    let fields = [("product_id", key(Noun::Product, 1)), ("planned_quantity", number(3)), ("notes", text("Deliver to the back gate; ask for the forklift. See NCR-1234."))];
    let order = site.plant.all([create(Noun::WorkOrder, &fields)]);
    let coil = command::RecordMaterialTransaction {
        heat_number: Some("H-4711-22222".to_owned()),
        supplier_lot_number: Some("TK 0042/7".to_owned()),
        certificate_of_analysis: Some("CERT-9.81".to_owned()),
        ..receipt_of("SHEET", "COIL-88412-A", "5")
    };
    site.plant.all([moves(coil)]);
    order
}

fn path(typed: &str, more: &str) -> String {
    let escaped: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/v1/search?q={escaped}{more}")
}

#[track_caller]
fn hits(client: &mut Client, typed: &str, more: &str) -> Vec<Json> {
    client.read(&path(typed, more))["data"].as_array().unwrap().clone()
}

/// The id of the best hit.
#[track_caller]
fn best(client: &mut Client, typed: &str) -> String {
    hits(client, typed, "").first().map(|hit| hit["id"].as_str().unwrap().to_owned()).unwrap_or_default()
}

/// Waits until the index has read the journal to its head; answers how long that took.
fn caught_up(site: &Site) -> Duration {
    let (started, head) = (Instant::now(), site.plant.head().0);
    while site.index.position() < head {
        assert!(started.elapsed() < Duration::from_secs(30), "the index stands at {} of {head}", site.index.position());
        std::thread::sleep(Duration::from_millis(2));
    }
    started.elapsed()
}

/// What is typed, and whose id comes first.
const STORIES: &[(&str, &str)] = &[
    ("Hotel Adler", "CUST-000002"),
    ("hotle", "CUST-000002"),
    ("adlr", "CUST-000002"),
    ("kuchnbau", "CUST-000002"),
    ("kuechenbau", "CUST-000002"),
    ("Küchen", "CUST-000002"),
    ("ADLER", "CUST-000002"),
    ("COIL-88412-A", "LOT-000001"),
    ("coil88412a", "LOT-000001"),
    ("88412", "LOT-000001"),
    ("8412", "LOT-000001"),
    ("412-A", "LOT-000001"),
    ("lot-1", "LOT-000001"),
    ("coil", "LOT-000001"),
    ("heat_number:H471122222 kind:lot", "LOT-000001"),
    ("kind:lot 22222", "LOT-000001"),
    ("kind:lots TK0042/7", "LOT-000001"),
    ("\"tk 0042\" kind:lot", "LOT-000001"),
    ("forklift", "WO-000001"),
    ("forkilft gate", "WO-000001"),
    ("ncr-1234", "WO-000001"),
    ("WO-1", "WO-000001"),
    ("status:created", "WO-000001"),
    ("customer_name:kuchenbau", "CUST-000002"),
    ("CERT-9.81", "MAT-000001"),
    ("COIL-88413-A", "LOT-000001"),
    ("forklift xylophone", "WO-000001"),
];

#[test]
fn what_an_auditor_types_is_found_with_the_index_and_before_it_has_read_anything() {
    for site in [Site::on_disk(), Site::on_disk().indexed()] {
        furnished(&site);
        // Without an index these are the journal's last entries; with one, whatever it has read.
        let mut client = site.client(Role::Auditor);
        for (typed, wanted) in STORIES {
            assert_eq!(best(&mut client, typed), *wanted, "{typed}: {:?}", hits(&mut client, typed, ""));
        }
    }
    let site = Site::on_disk().indexed();
    furnished(&site);
    caught_up(&site);
    let mut client = site.client(Role::Auditor);
    for (typed, wanted) in STORIES {
        assert_eq!(best(&mut client, typed), *wanted, "{typed} in the index: {:?}", hits(&mut client, typed, ""));
    }
    assert!(hits(&mut client, "xylophone", "").is_empty());
}

#[test]
fn a_hit_says_what_it_is_and_where_it_was_found() {
    let site = Site::on_disk().indexed();
    furnished(&site);
    caught_up(&site);
    let mut client = site.client(Role::Operator);
    let answer = client.read(&path("h4711", "&kind=lot&limit=1"));
    assert_eq!(answer["indexed_seq"], site.plant.head().0);
    let hit = &answer["data"][0];
    assert_eq!((hit["kind"].as_str(), hit["id"].as_str()), (Some("lot"), Some("LOT-000001")));
    assert_eq!((hit["title"].as_str(), hit["snippet"].as_str(), hit["score"].as_u64()), (Some("COIL-88412-A SHEET"), Some("heat_number: H-4711-22222"), Some(50)));
}

#[test]
fn its_own_number_comes_first_then_those_who_mention_it_then_parts_the_newest_first() {
    let site = Site::on_disk().indexed();
    site.plant.all([receive("S1", "5"), receive("S10", "5"), receive("S11", "5")]);
    let order = site.plant.running(1);
    site.plant.all([issue(order, "S1", "1")]);
    caught_up(&site);
    let mut client = site.client(Role::Lead);
    let ids: Vec<(String, u64)> = hits(&mut client, "s1", "").iter().map(|hit| (hit["id"].as_str().unwrap().to_owned(), hit["score"].as_u64().unwrap())).collect();
    let wanted = [("LOT-000001", 100), ("MAT-000004", 90), ("MAT-000001", 90), ("LOT-000003", 60), ("LOT-000002", 60)];
    assert_eq!(ids[..5].iter().map(|(id, score)| (id.as_str(), *score)).collect::<Vec<_>>(), wanted, "{ids:?}");
    assert!(ids[5..].iter().all(|(_, score)| *score < 60), "{ids:?}");
}

#[test]
fn a_change_is_in_the_index_within_a_second_and_found_at_once() {
    let site = Site::on_disk().indexed();
    caught_up(&site);
    let mut client = site.client(Role::Lead);
    let mut worst = Duration::ZERO;
    for at in 0..6 {
        site.plant.all([receive(&format!("FRESH-77{at}"), "1")]);
        assert_eq!(best(&mut client, &format!("fresh-77{at}")), Noun::Lot.id_text(at + 1));
        worst = worst.max(caught_up(&site));
        assert_eq!(best(&mut client, &format!("fresh-77{at}")), Noun::Lot.id_text(at + 1));
    }
    assert!(worst < Duration::from_secs(1), "a commit took {worst:?} to the index");
}

#[test]
fn a_record_that_changed_is_found_by_what_it_says_now_only() {
    let site = Site::on_disk().indexed();
    furnished(&site);
    caught_up(&site);
    let mut client = site.client(Role::Lead);
    assert_eq!(best(&mut client, "kuchenbau"), "CUST-000002");
    site.plant.admin(update(Noun::Customer, 2, &[("customer_name", text("Gasthof Krone"))])).unwrap();
    for _ in 0..2 {
        assert_eq!((best(&mut client, "kuchenbau"), best(&mut client, "krone")), (String::new(), "CUST-000002".to_owned()));
        caught_up(&site);
    }
    // There and back between two looks of the index, and a change that nobody searches for.
    for name in ["Adler", "Gasthof Krone"] {
        site.plant.admin(update(Noun::Customer, 2, &[("customer_name", text(name))])).unwrap();
    }
    site.plant.admin(update(Noun::Customer, 2, &[("annual_volume", millwright::base::Value::Int(7))])).unwrap();
    caught_up(&site);
    assert_eq!(best(&mut client, "krone"), "CUST-000002");
}

#[test]
fn an_id_without_its_zeros_comes_first_however_many_begin_so() {
    let site = Site::on_disk().indexed();
    site.plant.all((0..130).map(|_| order_for(1, 1)));
    for at in 0..130 {
        site.plant.admin(create(Noun::Material, &[("material_code", text(&format!("M-{at}"))), ("material_name", text("sheet"))])).unwrap();
    }
    caught_up(&site);
    let mut client = site.client(Role::Lead);
    for (typed, wanted) in [("WO-7", "WO-000007"), ("WO-12", "WO-000012"), ("wo1", "WO-000001"), ("MATL-7", "MATL-000007"), ("work_order_id:WO-13", "WO-000013")] {
        assert_eq!(hits(&mut client, typed, "&limit=20")[0]["id"], wanted, "{typed}");
    }
}

#[test]
fn where_the_index_is_far_behind_numbers_are_still_found() {
    let site = Site::on_disk();
    furnished(&site);
    site.plant.all((0..1_050).map(|_| order_for(1, 1)));
    site.plant.all([moves(command::RecordMaterialTransaction { heat_number: Some("H-99".to_owned()), ..receipt_of("SHEET", "LATE-5", "1") })]);
    let mut client = site.client(Role::Lead);
    for (typed, wanted) in
        [("COIL-88", "LOT-000001"), ("coil-88412-a", "LOT-000001"), ("WO-7", "WO-000007"), ("wo-000123", "WO-000123"), ("heat_number:h-99", "LOT-000002"), ("late", "LOT-000002")]
    {
        assert_eq!(best(&mut client, typed), wanted, "{typed}: {:?}", hits(&mut client, typed, ""));
    }
    let last: Vec<String> = hits(&mut client, "work_order_id:040", "").iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(last, ["WO-001040", "WO-000040"]);
    assert_eq!(client.read(&path("late", ""))["indexed_seq"], 0);
}

#[test]
fn a_kind_narrows_the_hits_and_an_unknown_one_is_refused() {
    let site = Site::on_disk().indexed();
    furnished(&site);
    caught_up(&site);
    let mut client = site.client(Role::Lead);
    for kind in ["lot", "lots", "material-transactions", "material_transaction"] {
        let found = hits(&mut client, "coil", &format!("&kind={kind}"));
        assert!(!found.is_empty() && found.iter().all(|hit| kind.replace('-', "_").starts_with(hit["kind"].as_str().unwrap())), "{kind}: {found:?}");
    }
    for (typed, more, field) in
        [("coil", "&kind=cars", "kind"), ("kind:cars coil", "", "kind"), ("coil", "&kind=users", "kind"), ("coil", "&limit=0", "limit"), ("coil", "&limit=101", "limit")]
    {
        let reply = client.get(&path(typed, more));
        assert_eq!((reply.status, reply.json()["field"].as_str()), (422, Some(field)), "{typed}{more}: {}", reply.text());
    }
    for typed in ["", " ", "***", "heat:H1", &"x".repeat(201), &"a ".repeat(17)] {
        let reply = client.get(&path(typed, ""));
        assert_eq!((reply.status, reply.code().as_str()), (422, "invalid"), "{typed}: {}", reply.text());
    }
    let reply = client.get(&path("heatnumber:H1", ""));
    assert!(reply.json()["detail"].as_str().unwrap().contains("heat_number"), "{}", reply.text());
    assert_eq!(client.get("/api/v1/search").status, 422);
}

#[test]
fn a_role_gets_no_hit_that_it_may_not_read_and_nobody_finds_a_person_by_name() {
    let site = Site::on_disk().indexed();
    let fields = [
        ("employee_code", text("WELD-9")),
        ("first_name", text("Zacharias")),
        ("last_name", text("Quandt")),
        ("email", text("zq@example.org")),
        ("department", text("Oberflaeche")),
    ];
    site.plant.admin(create(Noun::Employee, &fields)).unwrap();
    for _ in 0..2 {
        for typed in ["WELD-9", "oberflaeche"] {
            assert_eq!(best(&mut site.client(Role::Lead), typed), "EMP-000003", "{typed}");
            assert!(hits(&mut site.client(Role::Operator), typed, "").iter().all(|hit| hit["kind"] != "employee"), "{typed}");
        }
        for typed in ["Zacharias", "Quandt", "zq@example.org", "first_name"] {
            assert!(hits(&mut site.client(Role::Admin), typed, "").iter().all(|hit| hit["kind"] != "employee"), "{typed}");
        }
        assert!(hits(&mut site.client(Role::Admin), "admin", "").iter().all(|hit| hit["kind"] != "user"));
        caught_up(&site);
    }
    let refused = site.client(Role::Operator).get(&path("WELD-9", "&kind=employees"));
    assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden"));
    let folder = site._folder.as_ref().unwrap().path().join("search");
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap().to_ascii_lowercase();
        assert!(!bytes.windows(9).any(|part| part == b"zacharias") && !bytes.windows(6).any(|part| part == b"quandt"), "a person's name is in the index");
    }
}

#[test]
fn a_movement_that_was_issued_leads_from_its_heat_to_its_order() {
    let site = Site::on_disk().indexed();
    furnished(&site);
    let order = site.plant.running(1);
    site.plant.all([moves(for_order(TransactionType::Issue, order, "COIL-88412-A", "1"))]);
    caught_up(&site);
    let mut client = site.client(Role::Auditor);
    let kinds: Vec<String> = hits(&mut client, "COIL-88412-A", "").iter().map(|hit| hit["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["lot", "material_transaction", "material_transaction"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_is_never_a_fault_of_ours(typed in prop_oneof![".{0,220}", "[a-z_]{1,12}:[^a]{0,20}", "([A-Z0-9]{1,9}[-./ :\"]){0,20}", "[äöüßéÅ漢字 a-z\"*()~^-]{0,60}"]) {
        thread_local! {
            static SITE: Site = {
                let site = Site::on_disk().indexed();
                furnished(&site);
                caught_up(&site);
                site
            };
        }
        SITE.with(|site| {
            let reply = site.client(Role::Lead).get(&path(&typed, ""));
            assert!(matches!(reply.status, 200 | 422), "{typed:?}: {} {}", reply.status, reply.text());
        });
    }
}
