//! `plan solve` on files: a schedule that holds, a repair after an event, and refusals with exit code 2 and the place. And
//! drafts of a served plant, which end with the server: what is said of them afterwards.

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

/// Runs `plan solve` on files that are no good, and checks that the exit code is 2, the words are there, and nothing was written.
fn assert_refused(files: &Files, arguments: &[&str], words: &[&str]) {
    let out = files.path("out.json");
    let output = run(&[&["plan", "solve"], arguments, &["--out", &out, "--seconds", "0.1"]].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{words:?}: {told}");
    words.iter().for_each(|word| assert!(told.contains(word), "{word:?} is not in {told}"));
    assert!(!std::path::Path::new(&out).exists(), "{words:?}");
}

#[test]
fn what_is_no_instance_is_refused_with_exit_code_2_and_the_place() {
    let files = Files::new();
    let last = r#"{"modes":[[2,200]]}"#;
    let cases = [
        // What cannot be read, with the path to it.
        ("no json".to_owned(), ["instance: ", "line 1"]),
        (SHOP.replace("shop-instance/1", "shop-instance/2"), ["instance.format", "is not shop-instance/1"]),
        (SHOP.replace("[[2,90]]", "[[2,NaN]]"), ["jobs[0].operations[1].modes[0][1]: ", "expected value"]),
        (SHOP.replace("[[2,90]]", "[[2,Infinity]]"), ["jobs[0].operations[1].modes[0][1]: ", "expected value"]),
        (SHOP.replace("[[2,90]]", "[[2,1e999]]"), ["jobs[0].operations[1].modes[0][1]: ", "out of range"]),
        (SHOP.replace("[[2,90]]", "[[2,99999999999]]"), ["jobs[0].operations[1].modes[0][1]: ", "expected a whole number in range"]),
        (SHOP.replace("[[2,90]]", "[[2,1.5]]"), ["jobs[0].operations[1].modes[0][1]: ", "expected a whole number in range"]),
        (SHOP.replace("[[2,90]]", "[[-2,90]]"), ["jobs[0].operations[1].modes[0][0]: ", "expected a whole number in range"]),
        (SHOP.replace("[[2,90]]", "[[2]]"), ["jobs[0].operations[1].modes[0]: ", "a tuple of size 2"]),
        (SHOP.replace(r#""capacity":1"#, r#""capacity":"one""#), ["operator_pools[0].capacity: ", "a whole number"]),
        (SHOP.replace(r#","operations":[{"modes":[[1,200]]"#, r#","steps":[{"modes":[[1,200]]"#), ["jobs[2].steps: ", "unknown field `steps`"]),
        (SHOP.replace(r#""id":"J3","#, r#""id":"J3","operations":[],"#), ["jobs[2].operations: ", "duplicate field"]),
        // A slip of the pen does not become a default.
        (SHOP.replace(r#""due":700"#, r#""dueDate":700"#), ["jobs[0].dueDate: ", "unknown field `dueDate`"]),
        (SHOP.replace(r#""resumable":false"#, r#""resumeable":false"#), ["jobs[1].operations[0].resumeable: ", "unknown field"]),
        (SHOP.replace(r#""closed":"#, r#""close":"#), ["calendars[0].close: ", "unknown field"]),
        (SHOP.replace(r#""initial_state":0"#, r#""inital_state":0"#), ["work_centers[0].inital_state: ", "unknown field"]),
        (SHOP.replace(r#""setup_matrices""#, r#""setup_matrixes""#), ["setup_matrixes: ", "unknown field"]),
        // Nothing is there twice, nothing is named that is not there.
        (SHOP.replace(r#""id":"J3""#, r#""id":"J1""#), ["jobs[2] (J1): ", "has the id of jobs[0]"]),
        (SHOP.replace(r#""id":"LAS-2""#, r#""id":"LAS-1""#), ["work_centers[1] (LAS-1): ", "has the id of work_centers[0]"]),
        (SHOP.replace("[0,60],[1,70]", "[0,60],[0,70]"), ["jobs[0].operations[0] (J1): ", "names LAS-1 twice"]),
        (SHOP.replace("[[2,90]]", "[[3,90]]"), ["jobs[0].operations[1] (J1): ", "work center 3, which does not exist"]),
        (SHOP.replace(r#""pool":"TIG""#, r#""pool":"MIG""#), ["jobs[0].operations[1].pool: ", "MIG does not exist"]),
        (SHOP.replace(r#""calendar":"day","setup_matrix""#, r#""calendar":"night","setup_matrix""#), ["work_centers[0].calendar: ", "night does not exist"]),
        (SHOP.replace(r#"{"sheet":1}"#, r#"{"sheet":2}"#), ["jobs[0].operations[0] (J1): ", "setup state 2 is not one of setup matrix 0"]),
        (SHOP.replace(r#"{"sheet":1}"#, r#"{"turret":1}"#), ["jobs[0].operations[0].setup_state: ", "turret does not exist"]),
        (SHOP.replace(r#""initial_state":0"#, r#""initial_state":9"#), ["work_centers[0] (LAS-1): ", "initial state is not one of its setup matrix"]),
        (SHOP.replace("[[0,30]]", "[[5,30]]"), ["jobs[0].operations[1] (J1): ", "predecessor 5"]),
        // No plan could keep to it.
        (SHOP.replace("[[0,30]]", "[[1,30]]"), ["jobs[0].operations[1] (J1): ", "waits for itself"]),
        (SHOP.replace("[[0,30]]", "[[0,-30]]"), ["jobs[0].operations[1] (J1): ", "lag -30"]),
        (SHOP.replace(r#""capacity":1"#, r#""capacity":0"#), ["jobs[0].operations[1] (J1): ", "nobody is qualified"]),
        (SHOP.replace("[[2,90]]", "[]"), ["jobs[0].operations[1] (J1): ", "no work center is qualified"]),
        (SHOP.replace(last, r#"{"modes":[[2,200]],"release":-1}"#), ["jobs[2].operations[1] (J3): ", "release at -1"]),
        (SHOP.replace(last, r#"{"modes":[[2,400]],"resumable":false}"#), ["jobs[2].operations[1] (J3): ", "never open that long"]),
        (SHOP.replace(last, r#"{"modes":[[2,200]],"fixed":[0,500]}"#), ["jobs[2].operations[1] (J3): ", "none of its modes"]),
        (SHOP.replace(last, r#"{"modes":[[2,200]],"fixed":[2,470]}"#), ["jobs[2].operations[1] (J3): ", "WEL-1 is closed"]),
        // Times that make no sense.
        (SHOP.replace("[[2,90]]", "[[2,-90]]"), ["jobs[0].operations[1] (J1): ", "takes -90"]),
        (SHOP.replace("[[2,90]]", "[[2,0]]"), ["jobs[0].operations[1] (J1): ", "takes 0"]),
        (SHOP.replace("[[2,90]]", "[[2,60000000]]"), ["jobs[0].operations[1] (J1): ", "at most a century"]),
        (SHOP.replace("[[480,720],[750,960]]", "[[480,481]]").replace(r#","resumable":false"#, "").replace("[[2,90]]", "[[2,1000000]]"), ["jobs: ", "take centuries"]),
        (SHOP.replace("[[480,720],[750,960]]", "[]"), ["calendars[0] (day): ", "is never open"]),
        (SHOP.replace("[[480,720],[750,960]]", "[[480,480]]"), ["calendars[0] (day): ", "window [480,480] is empty"]),
        (SHOP.replace("[[480,720],[750,960]]", "[[480,760],[750,960]]"), ["calendars[0] (day): ", "out of order"]),
        (SHOP.replace(r#""period":1440"#, r#""period":0"#), ["calendars[0] (day): ", "does not repeat"]),
        (SHOP.replace("[[2880,4320]]", "[[4320,2880]]"), ["calendars[0] (day): ", "closure [4320,2880] is backwards"]),
        (SHOP.replace("[[0,15],[20,0]]", "[[0,15],[20]]"), ["setup_matrices[0] (sheet): ", "must be square"]),
        (SHOP.replace("[[0,15],[20,0]]", "[[0,-15],[20,0]]"), ["setup_matrices[0] (sheet): ", "times from 0"]),
        (SHOP.replace(r#"["steel","brass"]"#, r#"["steel"]"#), ["setup_matrices[0] (sheet): ", "names 1 states and gives times for 2"]),
        (SHOP.replace(r#""due":700"#, r#""due":700,"release":800"#), ["jobs[0] (J1): ", "is due at 700, before its release at 800"]),
        (SHOP.replace(r#""due":700"#, r#""due":99000000"#), ["jobs[0] (J1): ", "release and due"]),
        (SHOP.replace(r#""weight":4"#, r#""weight":-4"#), ["jobs[0] (J1): ", "its weight must lie between"]),
    ];
    for (text, words) in cases {
        assert_ne!(text, SHOP, "{words:?}");
        let shop = files.write("bad.json", &text);
        assert_refused(&files, &[&shop], &words);
    }
    assert_eq!(run(&["plan", "solve", &files.path("none.json"), "--out", &files.path("out.json")]).status.code(), Some(3));
    let shop = files.write("shop.json", SHOP);
    assert_refused(&files, &[&shop, "--event", &shop], &["--before"]);
    let nowhere = run(&["plan", "solve", &shop, "--out", &files.path("no/such/folder.json"), "--seconds", "3600"]);
    assert!(nowhere.status.code() == Some(2) && String::from_utf8_lossy(&nowhere.stderr).contains("cannot be written"), "before the hour is spent");
    std::fs::write(files.path("bytes.json"), [0xff, 0xfe, 0x00]).unwrap();
    assert_refused(&files, &[&files.path("bytes.json")], &["bytes.json cannot be read"]);
}

#[test]
fn what_only_informs_is_no_fault_and_is_not_looked_at() {
    let files = Files::new();
    let text = SHOP
        .replace(r#""name":"#, r#""family":"sheet-metal","now":360,"name":"#)
        .replace(r#"{"id":"LAS-1","#, r#"{"id":"LAS-1","department":"Laser","efficiency_percent":87,"skills":["thin"],"#)
        .replace(r#"{"id":"J1","#, r#"{"id":"J1","tier":"A","rush":true,"#)
        .replace(r#"{"modes":[[2,45]],"#, r#"{"department":"Welding","modes":[[2,45]],"#);
    let shop = files.write("shop.json", &text);
    let (code, answer) = run_json(&["plan", "solve", &shop, "--out", &files.path("out.json"), "--seconds", "0.1"], "");
    assert_eq!(code, 0, "{answer}");
    // The format knows neither as a fault: no job at all, and a state of a work center that has no setups.
    let empty = files.write("empty.json", r#"{"format":"shop-instance/1","name":"none","objective":"makespan","work_centers":[{"id":"A","initial_state":3}],"jobs":[]}"#);
    let (code, answer) = run_json(&["plan", "solve", &empty, "--out", &files.path("out.json"), "--seconds", "0.1"], "");
    assert_eq!((code, answer["makespan"].as_i64()), (0, Some(0)), "{answer}");
}

#[test]
fn a_plan_in_force_or_an_event_of_another_instance_is_refused() {
    let files = Files::new();
    let shop = files.write("shop.json", SHOP);
    let held = "[[0,0,0,495,555],[0,1,2,585,675],[1,0,1,480,580],[1,1,2,675,720],[2,0,1,595,825],[2,1,2,825,1985]]";
    let schedule = |rows: &str| format!(r#"{{"format":"shop-schedule/1","instance":"two-lasers","solver":"by hand","operations":{rows}}}"#);
    let schedules = [
        (schedule(held).replace("two-lasers", "three-lasers"), ["schedule.instance", r#"made for "three-lasers", and the instance is "two-lasers""#]),
        (schedule(held).replace("shop-schedule/1", "shop-instance/1"), ["schedule.format", "is not shop-schedule/1"]),
        (schedule(&held.replace("[2,1,", "[3,1,")), ["schedule.operations[5]", "(3,1) on 2 from 825 to 1985 is no operation of this instance"]),
        (schedule(&held.replace("[2,1,", "[2,7,")), ["schedule.operations[5]", "is no operation of this instance"]),
        (schedule(&held.replace("[2,1,", "[2,0,")), ["schedule.operations[5]", "on a work center that cannot do it"]),
        (schedule(&held.replace("[2,0,1,", "[2,0,0,")), ["schedule.operations[4]", "on a work center that cannot do it"]),
        (schedule(&held.replace("[1,1,2,", "[0,1,2,")), ["schedule.operations[3]", "a second time"]),
        (schedule(&held.replace("825,1985", "825,800")), ["schedule.operations[5]", "ends before it starts"]),
        (schedule(&held.replace("825,1985", "825,2000000000")), ["schedule.operations[5]", "too far ahead"]),
        (schedule(&held.replace("825,1985", "825,2e3")), ["operations[5][4]: ", "expected a whole number"]),
        (schedule(held).replace(r#""operations""#, r#""slots""#), ["schedule: ", "missing field `operations`"]),
    ];
    for (text, words) in &schedules {
        let before = files.write("before.json", text);
        assert_refused(&files, &[&shop, "--before", &before], words);
    }
    let before = files.write("before.json", &schedule(held));
    let down = r#"{"format":"shop-event/1","instance":"two-lasers","now":500,"type":"work_center_down","work_center":"LAS-1","from":500,"to":900}"#;
    let rush = r#"{"format":"shop-event/1","instance":"two-lasers","now":500,"type":"rush_job","job":{"id":"R","rush":true,"operations":[{"modes":[[2,30]],"pool":"TIG"}]}}"#;
    let events = [
        (down.replace("two-lasers", "three-lasers"), ["event.instance", "three-lasers"]),
        (down.replace("LAS-1", "LAS-9"), ["event.work_center", "LAS-9 is no work center"]),
        (down.replace(r#""now":500"#, r#""now":-1"#), ["event.now", "between 0 and a century"]),
        (down.replace(r#""to":900"#, r#""to":400"#), ["event.from", "500 to 400 is empty, backwards"]),
        (down.replace(r#","to":900"#, ""), ["event.type", "work_center, from and to"]),
        (down.replace("work_center_down", "work_centre_down"), ["event.type", "work_centre_down is neither"]),
        (down.replace(r#""now""#, r#""why":"lens","now""#), ["why: ", "unknown field `why`"]),
        (rush.replace(r#""id":"R""#, r#""id":"J2""#), ["event.job (J2)", "has the id of jobs[1]"]),
        (rush.replace("TIG", "MIG"), ["event.job.operations[0].pool", "MIG does not exist"]),
        (rush.replace("[2,30]", "[2,0]"), ["(R): ", "takes 0"]),
    ];
    for (text, words) in &events {
        let event = files.write("event.json", text);
        assert_refused(&files, &[&shop, "--before", &before, "--event", &event], words);
    }
    let unplanned = files.write("before.json", &schedule(&held.replace(",[2,1,2,825,1985]", "")));
    let event = files.write("event.json", rush);
    assert_refused(&files, &[&shop, "--before", &unplanned, "--event", &event], &["schedule (2,1)", "does not hold this operation"]);
    let before = files.write("before.json", &schedule(held));
    let (code, answer) = run_json(&["plan", "solve", &shop, "--out", &files.path("out.json"), "--seconds", "0.1", "--before", &before, "--event", &event], "");
    assert_eq!(code, 0, "{answer}");
}

#[test]
fn a_draft_ends_with_the_server_and_its_number_never_means_another() {
    let data = Data::new();
    let drafted = |running: &Running| crate::planning::ready(&mut running.client(), &serde_json::json!({"seconds": 0}))["plan_id"].as_u64().unwrap();
    let running = data.serve();
    let first = drafted(&running);
    assert_eq!(running.client().get(&format!("/api/v1/plans/{first}")).status, 200);
    assert_eq!(running.stop(), 0);
    let running = data.serve();
    let mut client = running.client();
    let second = drafted(&running);
    assert!(second > first, "{second} after {first}");
    for gone in [client.get(&format!("/api/v1/plans/{first}")), client.post(&format!("/api/v1/plans/{first}/publish"), &serde_json::json!({}))] {
        assert!(gone.status == 404 && gone.text().contains("do not outlive a restart of the server") && gone.text().contains("make the plan again"), "{}", gone.text());
    }
    for _ in 0..16 {
        drafted(&running);
    }
    let old = client.get(&format!("/api/v1/plans/{second}"));
    assert!(old.status == 404 && old.text().contains("the newest 16 drafts are kept"), "{}", old.text());
    // Killed in the middle: numbers go on as well.
    let last = drafted(&running);
    drop(running);
    assert!(drafted(&data.serve()) > last);
}
