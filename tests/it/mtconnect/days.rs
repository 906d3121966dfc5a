//! Days played through an agent and through an adapter, with the wire cut and the agent restarted in
//! the middle: what is kept is what was observed, once, but for what the gaps say.

use std::collections::{BTreeMap, BTreeSet};

use millwright::base::Time;
use millwright::model::telemetry::Gap;
use millwright::telemetry::State;
use serde_json::json;

use super::player::{Adapter, Agent, Book, Item};
use super::*;

/// What is a number in the devices played here.
fn is_number(item: &Item) -> bool {
    let events = ["PART_COUNT", "LINE", "PATH_FEEDRATE_OVERRIDE", "ROTARY_VELOCITY_OVERRIDE", "AXIS_FEEDRATE_OVERRIDE"];
    (item.category == "SAMPLE" && !item.units.ends_with("_3D")) || events.contains(&item.kind.as_str())
}

/// What a value should be kept as.
fn value_of(text: &str, number: bool) -> String {
    match text.trim() {
        text if text.eq_ignore_ascii_case("UNAVAILABLE") => "unavailable".to_owned(),
        text if number => text.parse::<f64>().unwrap().to_string(),
        text => format!("`{text}`"),
    }
}

/// The active warnings and faults of one data item, counted naively.
#[derive(Default)]
struct Naive(Vec<(String, String)>);

impl Naive {
    fn after(&mut self, fields: &[String]) -> String {
        let (level, code) = (fields[0].to_uppercase(), fields.get(1).cloned().unwrap_or_default());
        if level == "UNAVAILABLE" {
            self.0.clear();
            return "unavailable".to_owned();
        }
        self.0.retain(|(active, _)| *active != code && !(level == "NORMAL" && code.is_empty()));
        if level != "NORMAL" {
            self.0.push((code, level));
        }
        let mut words: Vec<String> = self.0.iter().map(|(code, level)| if code.is_empty() { level.clone() } else { format!("{level}:{code}") }).collect();
        words.sort();
        format!("`{}`", if words.is_empty() { "NORMAL".to_owned() } else { words.join("+") })
    }
}

fn micros(text: &str) -> i64 {
    text.parse::<Time>().unwrap().micros()
}

/// What should be kept, and of each data item its metric; in the order of the book.
fn wanted(book: &Book) -> Vec<(u64, u64, String, i64, String)> {
    let label = |item: &Item| item.name.clone().unwrap_or_else(|| item.id.clone());
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    book.items.iter().for_each(|item| *times.entry(label(item)).or_default() += 1);
    let mut naive: BTreeMap<usize, Naive> = BTreeMap::new();
    let rows = book.everything.iter().map(|it| {
        let item = &book.items[it.item];
        let metric = if times[&label(item)] > 1 { format!("{}.{}", label(item), item.id) } else { label(item) };
        let condition = item.category == "CONDITION";
        let value = if condition { naive.entry(it.item).or_default().after(&it.fields) } else { value_of(&it.fields[0], is_number(item)) };
        (it.instance, it.sequence, metric, micros(&it.at), value)
    });
    rows.collect()
}

/// Compares the lane with the book. Answers which observations are missing; what should not be there fails.
fn missing(hall: &Hall, agent: &Agent, gaps: &[Gap]) -> BTreeSet<(u64, u64)> {
    let book = agent.book();
    let mut kept: BTreeSet<(String, i64, String)> = BTreeSet::new();
    for series in hall.lane.series().iter().filter(|series| series.machine == book.device) {
        kept.extend(hall.all(series).into_iter().map(|(at, value)| (series.metric.clone(), at, value)));
    }
    let wanted = wanted(&book);
    let lost = wanted.iter().filter(|(_, _, metric, at, value)| !kept.contains(&(metric.clone(), *at, value.clone()))).map(|it| (it.0, it.1)).collect();
    let known: BTreeSet<(String, i64, String)> = wanted.into_iter().map(|(_, _, metric, at, value)| (metric, at, value)).collect();
    for (metric, at, value) in kept.difference(&known) {
        // A condition that changed unseen is kept as of the end of the gap.
        let condition = book.items.iter().any(|item| item.category == "CONDITION" && [item.name.as_ref(), Some(&item.id)].contains(&Some(metric)));
        assert!(condition && gaps.iter().any(|gap| gap.to.micros() >= *at), "{metric} at {} was never {value}", Time::from_micros(*at));
    }
    lost
}

fn follows(hall: &Hall, agent: &Agent) {
    wait_until("everything is kept", || {
        let place = hall.place();
        let book = agent.book();
        place == (book.instance, book.next)
    });
    hall.settles();
}

/// Plays lines no faster than that the agent holds what was not taken yet.
fn play(hall: &Hall, agent: &Agent, lines: &[String]) {
    let held = agent.book().buffer_size / 2;
    for some in lines.chunks(usize::try_from(held / 4).unwrap()) {
        some.iter().for_each(|line| agent.hears(line));
        wait_until("the client follows", || {
            let ((instance, next), book) = (hall.place(), agent.book());
            instance == book.instance && book.next < next + held
        });
    }
}

/// A day with everything that befalls a wire: cut within a part, cut for longer than the agent
/// remembers, the agent restarted.
fn a_day(devices: &str, device: &str, lines: &[String], buffer: u64, more: serde_json::Value) {
    let agent = Agent::start(devices, device, buffer);
    let hall = Hall::new();
    hall.reads_agent(&agent.address, more);
    hall.is(State::Live);
    let part = lines.len() / 6;
    let within = part.min(usize::try_from(buffer / 4).unwrap());
    play(&hall, &agent, &lines[..part]);

    agent.break_off();
    play(&hall, &agent, &lines[part..2 * part]);
    agent.cut();
    let cut = 2 * part + within;
    lines[2 * part..cut].iter().for_each(|line| agent.hears(line));
    agent.mend();
    play(&hall, &agent, &lines[cut..3 * part]);
    follows(&hall, &agent);
    assert_eq!(missing(&hall, &agent, &[]), BTreeSet::new(), "a wire that was cut loses nothing that the agent still holds");
    assert_eq!((hall.standing().repeated, hall.standing().gaps), (0, 0));

    agent.cut();
    lines[3 * part..4 * part].iter().for_each(|line| agent.hears(line));
    let gone = agent.book().first - hall.place().1;
    agent.mend();
    follows(&hall, &agent);
    play(&hall, &agent, &lines[4 * part..5 * part]);
    follows(&hall, &agent);
    let gaps = hall.lane.gaps(10).unwrap();
    let lost = missing(&hall, &agent, &gaps);
    assert_eq!((gaps.len(), gaps[0].why.as_str(), gaps[0].source.as_str()), (1, "buffer overrun", "connection"));
    // A condition that stands as of the end of the gap may be what the last observation said.
    let conditions = agent.book().items.iter().filter(|item| item.category == "CONDITION").count();
    let told = usize::try_from(gaps[0].lost.unwrap()).unwrap();
    assert!((lost.len()..=lost.len() + conditions).contains(&told), "the gap says that {told} observations are lost, and {} are", lost.len());
    assert!(gone <= lost.len() as u64 + 100 && lost.len() as u64 <= gone + 100, "{} lost of {gone} that the agent had let go", lost.len());

    let kept = hall.place();
    lines[5 * part..5 * part + 5].iter().for_each(|line| agent.hears(line));
    agent.restart(lines[5 * part + 4].split('|').next().unwrap());
    play(&hall, &agent, &lines[5 * part + 5..]);
    follows(&hall, &agent);
    let gaps = hall.lane.gaps(10).unwrap();
    assert_eq!((gaps.len(), gaps[0].why.as_str(), gaps[0].lost), (2, "agent restarted", None));
    let more = missing(&hall, &agent, &gaps);
    let early: Vec<_> = more.difference(&lost).filter(|it| it.0 != kept.0 || it.1 < kept.1).take(20).collect();
    assert!(more.is_superset(&lost) && early.is_empty(), "{early:?} and {} are lost, though all before {kept:?} was kept", more.len());
    let standing = hall.standing();
    let observed = agent.book().everything.len();
    println!("{observed} observed, {} kept, {} received, {} repeated, {} lost", observed - more.len(), standing.received, standing.repeated, more.len());
    assert_eq!((standing.quarantined, standing.repeated), (0, 0));
    hall.is(State::Live);
}

#[test]
fn a_shift_comes_through_an_agent_whose_wire_is_cut_and_who_is_restarted() {
    let lines: Vec<String> = fixture("shift.shdr").lines().map(str::to_owned).collect();
    a_day(&fixture("devices.xml"), "LASER01", &lines, 64, json!({ "count": 20 }));
}

#[test]
fn a_day_of_a_mill_comes_through_an_agent_whose_wire_is_cut_and_who_is_restarted() {
    let (Some(devices), Some(day)) = (stored("nist-smstestbed/Devices.xml"), stored("nist-smstestbed/shdr/Mazak01-20171115-20171116.txt.gz")) else { return };
    let lines: Vec<String> = String::from_utf8(day).unwrap().lines().map(str::to_owned).collect();
    a_day(&String::from_utf8(devices).unwrap(), "Mazak01", &lines, 8_192, json!({ "replay": true, "device": "Mazak01" }));
}

#[test]
fn a_client_that_is_started_again_goes_on_where_its_last_commit_ended() {
    let agent = Agent::start(&fixture("devices.xml"), "LASER01", 64);
    let hall = Hall::new();
    let lines: Vec<String> = fixture("shift.shdr").lines().map(str::to_owned).collect();
    hall.reads_agent(&agent.address, json!({}));
    hall.is(State::Live);
    play(&hall, &agent, &lines[..50]);
    follows(&hall, &agent);
    hall.stop.send_replace(true);
    wait_until("the client has stopped", || hall.stop.receiver_count() == 0);
    lines[50..100].iter().for_each(|line| agent.hears(line));
    hall.stop.send_replace(false);
    hall.reads_agent(&agent.address, json!({}));
    follows(&hall, &agent);
    assert_eq!(missing(&hall, &agent, &[]), BTreeSet::new());
    assert_eq!((hall.standing().repeated, hall.standing().gaps), (0, 0));
}

#[test]
fn an_agent_that_hangs_is_silent_and_is_called_again() {
    let agent = Agent::start(&fixture("devices.xml"), "LASER01", 64);
    let hall = Hall::new();
    hall.reads_agent(&agent.address, json!({ "heartbeat_ms": 100 }));
    hall.is(State::Live);
    agent.book().hangs = true;
    hall.is(State::Silent);
    agent.book().hangs = false;
    hall.is(State::Live);
    let streams = agent.book().asked.iter().filter(|question| question.contains("heartbeat=100")).count();
    assert!(streams >= 2, "the stream was asked for {streams} times");
}

/// A press with some data items, as described at a time.
fn press(changed: &str, items: &str) -> String {
    let header =
        format!("<Header creationTime=\"2026-03-02T05:00:00Z\" sender=\"player\" instanceId=\"1\" version=\"1.7\" bufferSize=\"64\" deviceModelChangeTime=\"{changed}\"/>");
    let devices = format!("<Devices><Device id=\"p\" name=\"PRESS01\" uuid=\"P\"><DataItems>{items}</DataItems></Device></Devices>");
    format!("<MTConnectDevices xmlns=\"urn:mtconnect.org:MTConnectDevices:1.7\">{header}{devices}</MTConnectDevices>")
}

#[test]
fn an_agent_that_describes_its_devices_anew_is_probed_again_and_nothing_is_lost() {
    let (tonnage, strokes) =
        (r#"<DataItem category="SAMPLE" id="t" name="tonnage" type="LOAD" units="NEWTON"/>"#, r#"<DataItem category="EVENT" id="s" name="strokes" type="CYCLE_COUNT"/>"#);
    let agent = Agent::start(&press("2026-03-02T05:00:00Z", tonnage), "PRESS01", 64);
    let hall = Hall::new();
    hall.reads_agent(&agent.address, json!({ "replay": true }));
    hall.is(State::Live);
    agent.hears("2026-03-02T06:00:00Z|t|10");
    follows(&hall, &agent);
    // Somebody fits a counter, and the agent is told of it while it runs.
    agent.describes(&press("2026-03-02T06:30:00Z", &format!("{tonnage}{strokes}")), "2026-03-02T06:30:00Z");
    agent.hears("2026-03-02T06:31:00Z|s|41");
    agent.hears("2026-03-02T06:32:00Z|s|42|t|12");
    follows(&hall, &agent);
    hall.settles();
    assert_eq!(
        (hall.values("PRESS01", "strokes"), hall.values("PRESS01", "tonnage")),
        (vec!["41".to_owned(), "42".to_owned()], ["unavailable", "10", "12"].map(str::to_owned).to_vec())
    );
    let probes = || agent.book().asked.iter().filter(|question| question.ends_with("/probe")).count();
    assert_eq!((probes(), hall.standing().gaps, hall.lane.quarantined(10).unwrap().len()), (2, 0, 0));

    // An agent that says so and describes nothing new is not asked again and again.
    agent.book().changed = Some("2026-03-02T07:00:00Z".to_owned());
    agent.hears("2026-03-02T07:01:00Z|t|13");
    follows(&hall, &agent);
    assert_eq!(probes(), 2);
}

#[test]
fn parts_that_are_told_one_by_one_are_each_counted_once() {
    let parts = r#"<DataItem category="EVENT" id="c" name="part_count" type="PART_COUNT" representation="DISCRETE"/>"#;
    let agent = Agent::start(&press("2026-03-02T05:00:00Z", parts), "PRESS01", 64);
    let hall = Hall::new();
    hall.reads_agent(&agent.address, json!({ "replay": true }));
    hall.is(State::Live);
    (1..=3).for_each(|parts| agent.hears(&format!("2026-03-02T06:0{parts}:00Z|c|{parts}")));
    follows(&hall, &agent);
    agent.cut();
    agent.hears("2026-03-02T06:04:00Z|c|4");
    agent.mend();
    follows(&hall, &agent);
    agent.restart("2026-03-02T06:10:00Z");
    agent.hears("2026-03-02T06:11:00Z|c|1");
    agent.hears("2026-03-02T06:12:00Z|c|1");
    follows(&hall, &agent);
    hall.settles();
    assert_eq!(hall.values("PRESS01", "part_count"), ["unavailable", "1", "3", "6", "10", "unavailable", "11", "12"]);
}

/// What a log says of each key: its first and last value, and how many there are.
type Ends = BTreeMap<String, (usize, (i64, String), (i64, String))>;

fn ends(rows: impl Iterator<Item = (String, i64, String)>) -> Ends {
    let mut all: BTreeMap<String, BTreeSet<(i64, String)>> = BTreeMap::new();
    let mut order: BTreeMap<(String, i64), Vec<String>> = BTreeMap::new();
    for (key, at, value) in rows {
        if all.entry(key.clone()).or_default().insert((at, value.clone())) {
            order.entry((key, at)).or_default().push(value);
        }
    }
    let at = |key: &str, moment: i64| &order[&(key.to_owned(), moment)];
    let of_key = |(key, values): (String, BTreeSet<(i64, String)>)| {
        let (first, last) = (values.first().unwrap().0, values.last().unwrap().0);
        let ends = (values.len(), (first, at(&key, first)[0].clone()), (last, at(&key, last).last().unwrap().clone()));
        (key, ends)
    };
    all.clone().into_iter().map(of_key).collect()
}

fn ends_of_log(lines: &[String]) -> Ends {
    let pairs = |line: &str| line.split('|').skip(1).map(str::to_owned).collect::<Vec<_>>();
    let is_condition = |fields: &[String]| fields.len() == 6;
    let values = lines.iter().map(|line| pairs(line)).filter(|fields| !is_condition(fields));
    let words: BTreeSet<String> = values
        .flat_map(|fields| fields.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect::<Vec<_>>())
        .filter(|(_, value)| value != "UNAVAILABLE" && value.trim().parse::<f64>().is_err())
        .map(|(key, _)| key)
        .collect();
    let mut naive: BTreeMap<String, Naive> = BTreeMap::new();
    let mut known: BTreeSet<String> = words.clone();
    let mut waiting: BTreeMap<String, i64> = BTreeMap::new();
    let mut rows = Vec::new();
    for line in lines {
        let (at, fields) = (micros(line.split('|').next().unwrap()), pairs(line));
        let mut say = |key: &str, value: String, says_what: bool, known: &mut BTreeSet<String>| {
            if !says_what && !known.contains(key) {
                waiting.entry(key.to_owned()).or_insert(at);
                return;
            }
            known.insert(key.to_owned());
            rows.extend(waiting.remove(key).map(|since| (key.to_owned(), since, "unavailable".to_owned())));
            rows.push((key.to_owned(), at, value));
        };
        if is_condition(&fields) {
            let value = naive.entry(fields[0].clone()).or_default().after(&fields[1..]);
            say(&fields[0], value.clone(), value != "unavailable", &mut known);
            continue;
        }
        for pair in fields.chunks_exact(2) {
            let value = value_of(&pair[1], !words.contains(&pair[0]));
            if value == "unavailable" {
                naive.entry(pair[0].clone()).and_modify(|active| active.0.clear());
            }
            say(&pair[0], value.clone(), value != "unavailable", &mut known);
        }
    }
    ends(rows.into_iter())
}

fn replayed(hall: &Hall, machine: &str, log: &[u8]) -> Standing {
    let source = Source::kept(&format!("replay:{machine}"), hall.lane.intake());
    let words = shdr::words_of(&mut &*log).unwrap();
    runtime().block_on(shdr::play(&source, machine, words, &mut &*log, &mut |_| {})).unwrap();
    source.standing().borrow().clone()
}

#[test]
fn a_stored_log_is_replayed_value_by_value_and_a_second_time_changes_nothing() {
    let hall = Hall::new();
    for name in ["GFAgie01-20160513-20160514", "Hurco02-20170329-20170330", "Mazak01-20171115-20171116", "Mazak03-20170501-20170502"] {
        let Some(log) = stored(&format!("nist-smstestbed/shdr/{name}.txt.gz")) else { return };
        let machine = name.split('-').next().unwrap();
        let first = replayed(&hall, machine, &log);
        let lines: Vec<String> = String::from_utf8(log.clone()).unwrap().lines().map(str::to_owned).collect();
        let wanted = ends_of_log(&lines);
        let kept = || ends(hall.lane.series().iter().filter(|it| it.machine == machine).flat_map(|it| hall.all(it).into_iter().map(|(at, value)| (it.metric.clone(), at, value))));
        assert_eq!(kept(), wanted, "{name}");
        // Hours that are sealed meanwhile tell a repeat when they are sealed again, and not at the door.
        let again = replayed(&hall, machine, &log);
        assert_eq!((again.received, again.quarantined), (first.received, first.quarantined), "{name}");
        assert_eq!(kept(), wanted, "{name}");
        let samples: usize = wanted.values().map(|(count, ..)| *count).sum();
        println!("{name}: {} lines, {} data items, {samples} samples of {} said, {} not taken", lines.len(), wanted.len(), first.received, first.quarantined);
    }
}

/// What should be kept of an adapter's lines, with the line of each: a key is what its first value
/// is, and after a cut nothing is known to be active.
fn naive_lines(lines: &[String], cut: usize) -> Vec<(usize, String, i64, String)> {
    let mut numbers: BTreeMap<String, bool> = BTreeMap::new();
    let mut naive: BTreeMap<String, Naive> = BTreeMap::new();
    let mut waiting: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let fields: Vec<String> = line.split('|').map(str::to_owned).collect();
        let moment = micros(&fields[0]);
        if at == cut {
            naive.values_mut().for_each(|active| active.0.clear());
        }
        if fields.len() == 7 {
            if let Some(since) = waiting.remove(&fields[1]) {
                rows.push((since, fields[1].clone(), micros(lines[since].split('|').next().unwrap()), "unavailable".to_owned()));
            }
            rows.push((at, fields[1].clone(), moment, naive.entry(fields[1].clone()).or_default().after(&fields[2..])));
            continue;
        }
        for pair in fields[1..].chunks_exact(2) {
            let known = numbers.get(&pair[0]).copied().or_else(|| naive.contains_key(&pair[0]).then_some(false));
            let unavailable = pair[1] == "UNAVAILABLE";
            if known.is_none() && unavailable {
                waiting.entry(pair[0].clone()).or_insert(at);
                continue;
            }
            let number = known.unwrap_or_else(|| pair[1].trim().parse::<f64>().is_ok());
            numbers.insert(pair[0].clone(), number);
            if let Some(since) = waiting.remove(&pair[0]) {
                rows.push((since, pair[0].clone(), micros(lines[since].split('|').next().unwrap()), "unavailable".to_owned()));
            }
            if unavailable {
                naive.entry(pair[0].clone()).and_modify(|active| active.0.clear());
            }
            rows.push((at, pair[0].clone(), moment, value_of(&pair[1], number)));
        }
    }
    rows
}

/// A day said by an adapter whose wire is cut in the middle of a line.
fn an_adapters_day(lines: &[String]) {
    let mut adapter = Adapter::start();
    let hall = Hall::new();
    hall.reads_adapter(&adapter.address, json!({ "machine": "MILL-1", "replay": true }));
    adapter.answers(10_000);
    let half = lines.len() / 2;
    lines[..half].iter().for_each(|line| adapter.says(&format!("{line}\r\n")));
    adapter.says(&lines[half][..lines[half].len() - 1]);
    adapter.cut();
    adapter.answers(10_000);
    lines[half + 1..].iter().for_each(|line| adapter.says(&format!("{line}\n")));

    adapter.says(&format!("{}|the_end|1\n", lines.last().unwrap().split('|').next().unwrap()));
    wait_until("the last line is kept", || hall.lane.find("MILL-1", "the_end").is_some_and(|end| !hall.all(&end).is_empty()));

    let rows = naive_lines(lines, half);
    let mut kept: BTreeSet<(String, i64, String)> = BTreeSet::new();
    for series in hall.lane.series().iter().filter(|series| series.metric != "the_end") {
        kept.extend(hall.all(series).into_iter().map(|(at, value)| (series.metric.clone(), at, value)));
    }
    let gaps = hall.lane.gaps(10).unwrap();
    assert_eq!((gaps.len(), gaps[0].why.as_str(), gaps[0].lost), (1, "connection lost", None));
    let (from, to) = (gaps[0].from.unwrap().micros(), gaps[0].to.micros());
    let mut missing = 0;
    for (line, metric, at, value) in &rows {
        if !kept.remove(&(metric.clone(), *at, value.clone())) {
            assert!((from..=to).contains(at), "line {} is lost outside the gap: {}", line + 1, lines[*line]);
            missing += 1;
        }
    }
    assert_eq!(kept, BTreeSet::new(), "nothing is kept that was not said");
    assert!(missing <= 1, "{missing} values are lost, and one line was broken off");
    println!("{} values said, {} received, {missing} lost with the line that was broken off", rows.len(), hall.standing().received);
    assert_eq!((hall.standing().quarantined, hall.standing().repeated), (0, 0));
}

#[test]
fn a_shift_comes_through_an_adapter_whose_wire_is_cut() {
    an_adapters_day(&fixture("shift.shdr").lines().map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn a_day_of_a_mill_comes_through_an_adapter_whose_wire_is_cut() {
    let Some(day) = stored("nist-smstestbed/shdr/GFAgie01-20160513-20160514.txt.gz") else { return };
    an_adapters_day(&String::from_utf8(day).unwrap().lines().map(str::to_owned).collect::<Vec<_>>());
}
