//! `plan solve` on files: a schedule that holds, a repair after an event, and refusals with exit code 2 and the place.

use std::io::Write as _;

use millwright::scheduling::{Event, Instance, Plan, check, shop_file};

use super::*;

/// Two lasers with sheets to change, one welder with one certified person, a day shift.
const SHOP: &str = r#"{"format":"shop-instance/1","name":"two-lasers","time_unit":"minute","objective":"total_weighted_tardiness",
 "calendars":[{"id":"day","period":1440,"windows":[[480,720],[750,960]],"closed":[[2880,4320]]}],
 "setup_matrices":[{"id":"sheet","states":["steel","brass"],"times":[[0,15],[20,0]]}],
 "operator_pools":[{"id":"TIG","capacity":1}],
 "work_centers":[{"id":"LAS-1","calendar":"day","setup_matrix":"sheet","initial_state":0},{"id":"LAS-2","calendar":"day","setup_matrix":"sheet"},{"id":"WEL-1","calendar":"day"}],
 "jobs":[
  {"id":"J1","due":700,"weight":4,"operations":[{"modes":[[0,60],[1,70]],"setup_state":{"sheet":1}},{"modes":[[2,90]],"pool":"TIG","predecessors":[[0,30]]}]},
  {"id":"J2","due":900,"operations":[{"modes":[[0,120],[1,100]],"setup_state":{"sheet":0},"resumable":false},{"modes":[[2,45]],"pool":"TIG"}]},
  {"id":"J3","due":2000,"weight":2,"operations":[{"modes":[[1,200]],"setup_state":{"sheet":1}},{"modes":[[2,200]]}]}]}"#;

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

fn plan_of(schedule: &str, instance: &Instance) -> Plan {
    Plan { slots: shop_file::read_schedule(schedule, instance.problem()).unwrap().into_iter().map(Option::unwrap).collect() }
}

#[test]
fn an_instance_is_planned_packed_or_not_and_the_same_steps_give_the_same_schedule() {
    let files = Files::new();
    let plain = files.write("shop.json", SHOP);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(SHOP.as_bytes()).unwrap();
    std::fs::write(files.path("shop.json.gz"), packed.finish().unwrap()).unwrap();
    let solve =
        |instance: &str, out: &str| run_json(&["plan", "solve", instance, "--out", &files.path(out), "--seconds", "60", "--threads", "2", "--seed", "3", "--steps", "500"], "");
    let (code, answer) = solve(&plain, "one.json");
    assert_eq!(code, 0, "{answer}");
    assert_eq!(solve(&files.path("shop.json.gz"), "two.json").0, 0);
    assert_eq!(files.read("one.json"), files.read("two.json"));
    let instance = Instance::new(shop_file::read_instance(SHOP).unwrap()).unwrap();
    let plan = plan_of(&files.read("one.json"), &instance);
    assert_eq!(check(instance.problem(), &plan), Vec::<String>::new());
    assert_eq!(answer["total_weighted_tardiness"], plan.figures(&instance).weighted_tardiness);
    assert!(answer["lower_bound"].as_i64() <= answer["objective"].as_i64());
}

#[test]
fn a_breakdown_is_repaired_from_the_event_or_from_the_derived_instance() {
    let files = Files::new();
    let shop = files.write("shop.json", SHOP);
    let before = files.path("before.json");
    assert!(run(&["plan", "solve", &shop, "--out", &before, "--seconds", "0.2"]).status.success());
    let text = r#"{"format":"shop-event/1","instance":"two-lasers","now":500,"type":"work_center_down","work_center":"LAS-1","from":500,"to":900}"#;
    let event = files.write("event.json", text);
    let repaired = files.path("after.json");
    let (code, answer) = run_json(&["plan", "solve", &shop, "--out", &repaired, "--seconds", "0.2", "--before", &before, "--event", &event], "");
    assert_eq!(code, 0, "{answer}");
    let mut problem = shop_file::read_instance(SHOP).unwrap();
    let slots = shop_file::read_schedule(&files.read("before.json"), &problem).unwrap();
    let event = shop_file::read_event(text, &problem).unwrap();
    assert!(matches!(event, Event::CenterDown { center: 0, .. }));
    event.apply(&mut problem, &slots).unwrap();
    let instance = Instance::new(problem).unwrap();
    let plan = plan_of(&files.read("after.json"), &instance);
    assert_eq!(check(instance.problem(), &plan), Vec::<String>::new());
    for (before, now) in slots.iter().flatten().zip(&plan.slots).filter(|(before, _)| before.start < 500) {
        assert_eq!((before.center, before.start), (now.center, now.start), "what runs stays");
    }
}

#[test]
fn what_is_no_instance_is_refused_with_exit_code_2_and_the_place() {
    let files = Files::new();
    let cases = [
        ("no json".to_owned(), "line 1"),
        (SHOP.replace("shop-instance/1", "shop-instance/2"), "instance.format"),
        (SHOP.replace(r#""pool":"TIG""#, r#""pool":"MIG""#), "jobs[0].operations[1].pool"),
        (SHOP.replace(r#""capacity":1"#, r#""capacity":0"#), "jobs[0].operations[1] (J1): nobody is qualified"),
        (SHOP.replace("[[0,30]]", "[[1,30]]"), "jobs[0].operations[1] (J1): waits for itself"),
        (SHOP.replace("[[2,90]]", "[[2,-90]]"), "jobs[0].operations[1] (J1): takes -90"),
        (SHOP.replace("[[2,90]]", "[[2,0]]"), "jobs[0].operations[1] (J1): takes 0"),
        (SHOP.replace("[[480,720],[750,960]]", "[]"), "calendars[0] (day): is never open"),
        (SHOP.replace(r#""due":700"#, r#""due":700,"release":800"#), "jobs[0] (J1): is due at 700"),
        (SHOP.replace(r#""due":700"#, r#""due":99000000"#), "jobs[0] (J1): release and due"),
    ];
    for (text, place) in cases {
        let shop = files.write("bad.json", &text);
        let output = run(&["plan", "solve", &shop, "--out", &files.path("out.json")]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{place}: {told}");
        assert!(told.contains(place), "{place:?} is not in {told}");
    }
    assert_eq!(run(&["plan", "solve", &files.path("none.json"), "--out", &files.path("out.json")]).status.code(), Some(3));
    let shop = files.write("shop.json", SHOP);
    assert_eq!(run(&["plan", "solve", &shop, "--out", &files.path("out.json"), "--event", &shop]).status.code(), Some(2), "an event alone has no plan to repair");
    assert!(!std::path::Path::new(&files.path("out.json")).exists());
}
