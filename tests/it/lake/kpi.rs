//! The figures of a simulated plant, worked out a second time by DuckDB from its Parquet export: the
//! SQL was written from `assets/api.md` alone, so that it cannot repeat a mistake of `kpi`.
//! Skipped, and it says so, where no Python with DuckDB is at hand.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use millwright::base::Value;
use millwright::bodies;
use millwright::followers::figures;
use millwright::kpi::Facts;
use millwright::model::command::{RecordDefect, ResolveDowntime, RespondDowntime, StartDowntime};
use millwright::model::downtime::DowntimeCategory;
use millwright::model::quality::DetectionMethod;
use millwright::model::{DowntimeEvent, Id, Noun, WorkCenter};
use millwright::views::kpi::{ALL, Ask, By, answer};
use serde_json::Value as Json;

use super::duckdb::Site;
use super::*;

/// What only a reader of the tables can tell: the definitions, in SQL.
const SQL: &str = include_str!("kpi.sql");
/// From a Thursday over a weekend to a Tuesday, in the middle of a shift.
const FIRST: &str = "2026-06-04T04:00:00Z";
const LAST: &str = "2026-06-09T08:17:31Z";
/// Nobody clocks out on the last day, and by now the first of them count as forgotten.
const NOW: &str = "2026-06-09T21:17:31.250Z";
/// From the day before anything was there to a day that is still to come; from a late shift on Friday
/// to a night shift on Sunday; an hour in the middle of a shift.
const PERIODS: [(&str, &str); 3] =
    [("2026-06-03T10:00:00Z", "2026-06-10T10:00:00Z"), ("2026-06-05T18:41:07Z", "2026-06-08T01:23:45.678Z"), ("2026-06-04T09:10:11Z", "2026-06-04T10:10:11Z")];
const GROUPS: [(By, &str); 4] = [(By::Total, ""), (By::WorkCenter, "work_center_id"), (By::Day, "day"), (By::Shift, "shift_id")];

/// Period, told by, group, name of an element or an indicator.
type Place = (usize, String, Option<String>, String);
type Figures = BTreeMap<Place, Option<f64>>;

/// Centers with the most shifts first.
fn centers(plant: &Plant) -> Vec<WorkCenter> {
    let mut centers: Vec<WorkCenter> = plant.every();
    centers.sort_by_key(|it| std::cmp::Reverse(it.shift_ids.len()));
    centers
}

/// A calendar that closes, opens and stops what the simulator knew nothing of.
fn change_the_calendar(plant: &Plant) {
    let centers = centers(plant);
    let (busy, calm) = centers.split_at(centers.len() / 2);
    let clock = |text: &str| Value::Clock(text.parse().unwrap());
    for (day, kind, center, hours) in [
        ("2026-06-07", "holiday", None, Some(("18:00", "20:00"))),
        ("2026-06-06", "shutdown", Some(&busy[0]), None),
        ("2026-06-08", "maintenance", Some(&busy[1]), None),
        ("2026-06-08", "maintenance", Some(&busy[2]), Some(("23:00", "02:00"))),
        ("2026-06-04", "shutdown", Some(&busy[3]), Some(("12:00", "16:30"))),
        ("2026-06-04", "overtime", Some(&busy[3]), Some(("15:00", "17:00"))),
        ("2026-06-07", "overtime", Some(&calm[0]), None),
        ("2026-06-06", "overtime", Some(&calm[1]), Some(("08:00", "12:00"))),
    ] {
        let mut fields = vec![("exception_date", Value::Date(date(day))), ("kind", text(kind))];
        fields.extend(center.map(|it| ("work_center_id", key(Noun::WorkCenter, it.work_center_id.number()))));
        fields.extend(hours.into_iter().flat_map(|(from, to)| [("start_time", clock(from)), ("end_time", clock(to))]));
        plant.admin(create(Noun::CalendarException, &fields)).unwrap();
    }
}

/// A machine and a line that stand, and a customer who complains.
fn tell_of_trouble(plant: &Plant) {
    let standing: Vec<_> = plant.every::<DowntimeEvent>().into_iter().filter(|it| it.downtime_end.is_none()).map(|it| it.machine_id).collect();
    let calm = centers(plant).into_iter().rev().find(|it| !standing.contains(&it.machine_id)).unwrap();
    let tell = |at: &str, command: Command| plant.simulator(at, command).unwrap().subject.number;
    let (machine_id, line_id, downtime_category) = (calm.machine_id, calm.line_id, DowntimeCategory::Breakdown);
    for place in [StartDowntime { machine_id, ..StartDowntime::default() }, StartDowntime { line_id, ..StartDowntime::default() }] {
        let downtime_id = Id::new(tell("2026-06-09T09:01:02Z", Command::StartDowntime(StartDowntime { downtime_category, ..place })));
        tell("2026-06-09T09:11:03Z", Command::RespondDowntime(RespondDowntime { downtime_id }));
        tell("2026-06-09T09:41:04Z", Command::ResolveDowntime(ResolveDowntime { downtime_id, ..ResolveDowntime::default() }));
    }
    let complaint = RecordDefect {
        work_order_id: Some(Id::new(1)),
        quantity_affected: 3,
        detection_method: DetectionMethod::CustomerComplaint,
        defect_description: "a dent".to_owned(),
        ..RecordDefect::default()
    };
    tell("2026-06-09T10:00:00Z", Command::RecordDefect(complaint));
}

fn eventful() -> Plant {
    let plant = lived_through("Werk Nord", &Plan { seed: 7, start: time(FIRST), end: time(LAST) });
    change_the_calendar(&plant);
    tell_of_trouble(&plant);
    plant
}

/// What the plant itself answers: every indicator with the sums it is made of.
fn answered(plant: &Plant, facts: &Facts) -> Figures {
    let mut figures = Figures::new();
    for (period, (from, to)) in PERIODS.into_iter().enumerate() {
        for indicator in ALL {
            for (by, id) in GROUPS.into_iter().filter(|(by, _)| indicator.family.groups().contains(by)) {
                let ask = Ask { name: indicator.name.to_owned(), by, from: Some(time(from)), to: Some(time(to)), filters: Vec::new(), department: None, now: time(NOW) };
                let told = bodies::kpi::json(&plant.read(|snapshot| answer(snapshot, facts, &ask)).unwrap());
                for group in serde_json::from_str::<Json>(&told).unwrap()["data"].as_array().unwrap() {
                    let own = if by == By::Total { Some("all") } else { group["group"][id].as_str() };
                    let place = |name: &str| (period, by.word().to_owned(), own.map(str::to_owned), name.to_owned());
                    let elements = group["elements"].as_object().unwrap();
                    figures.extend(elements.iter().map(|(name, sum)| (place(name), sum.as_f64())));
                    figures.insert(place(indicator.name), group["value"].as_f64());
                }
            }
        }
    }
    figures
}

/// What DuckDB makes of the files.
fn recomputed(site: &Site) -> Figures {
    let ms = |text: &str| time(text).micros() / 1_000;
    let periods = PERIODS.iter().enumerate().map(|(period, (from, to))| format!("({period}, {}::BIGINT, {}::BIGINT)", ms(from), ms(to)));
    let asked = format!("CREATE TABLE asked AS FROM (VALUES {}) AS periods (period, from_ms, to_ms)", periods.collect::<Vec<_>>().join(", "));
    let rows = site.ask(&[asked, format!("SET VARIABLE now = {}::BIGINT", ms(NOW)), SQL.to_owned()]).pop().unwrap();
    let figure = |row: Vec<Option<String>>| {
        let [period, by, group, name, value] = row.try_into().unwrap();
        ((period.unwrap().parse().unwrap(), by.unwrap(), group, name.unwrap()), value.map(|value| value.parse().unwrap()))
    };
    rows.into_iter().map(figure).collect()
}

/// Sums are whole and equal to the last millisecond; a figure has four places, and no data is none.
fn is_same(told: Option<&Option<f64>>, found: Option<&Option<f64>>) -> bool {
    match (told, found) {
        (Some(Some(told)), Some(Some(found))) => (told - found).abs() <= 1e-9 * told.abs(),
        (told, found) => told == found,
    }
}

/// The plant lived through enough for the comparison to mean something.
fn assert_telling(figures: &Figures) {
    let told = |name: &str| figures.get(&(0, "total".to_owned(), Some("all".to_owned()), name.to_owned())).copied().flatten().unwrap_or_default();
    let without: Vec<&str> = ALL.iter().map(|it| it.name).filter(|name| told(name) == 0.0).collect();
    assert!(without.is_empty(), "{without:?} have no data");
    for class in ["planned_stop", "no_order", "actual_unit_down", "actual_unit_setup", "actual_production", "actual_unit_delay"] {
        assert!(told(&format!("{class}_time_ms")) > 3_600_000.0, "hardly any {class} time");
    }
    let open = |by: &str| figures.keys().filter(|(period, told, group, name)| *period == 1 && told == by && group.is_some() && name == "open_time_ms").count();
    assert!(open("shift") >= 4 && open("day") == 4 && open("work_center") > 20, "{} shifts, {} days, {} centers", open("shift"), open("day"), open("work_center"));
    assert!(figures.values().filter(|value| value.is_none()).count() > 100, "hardly any group without data");
    assert!(figures.contains_key(&(0, "shift".to_owned(), None, "open_time_ms".to_owned())), "nothing outside all shifts");
}

#[test]
fn duckdb_works_out_every_figure_that_the_plant_answers() {
    let Some(site) = Site::of(eventful) else { return };
    let told = answered(&site.plant, &figures::gather(&site.plant.engine).unwrap());
    let found = recomputed(&site);
    assert_telling(&told);
    let places = told.keys().chain(found.keys().filter(|place| !told.contains_key(*place)));
    let differing = places.filter(|place| !is_same(told.get(*place), found.get(*place)));
    let differing: Vec<String> = differing.map(|place| format!("{place:?}: {:?}, and in SQL {:?}", told.get(place), found.get(place))).collect();
    assert!(differing.is_empty(), "{} of {} differ:\n{}", differing.len(), told.len(), differing[..differing.len().min(40)].join("\n"));
}
