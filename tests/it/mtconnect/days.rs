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
    assert!(more.is_superset(&lost) && more.difference(&lost).all(|it| it.0 == kept.0 && it.1 >= kept.1), "{:?} after {kept:?}", more.difference(&lost));
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

    let rows = naive_lines(lines, half);
    let last = micros(lines.last().unwrap().split('|').next().unwrap());
    wait_until("the last line is kept", || hall.lane.last().iter().any(|sample| sample.at.micros() == last) && hall.standing().received >= rows.len() as u64 - 40);
    let mut kept: BTreeSet<(String, i64, String)> = BTreeSet::new();
    for series in hall.lane.series() {
        kept.extend(hall.all(&series).into_iter().map(|(at, value)| (series.metric.clone(), at, value)));
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
