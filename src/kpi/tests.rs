//! Days drawn by hand and days drawn by lot: what every minute counts as, and that nothing is lost or
//! counted twice however a period is cut.

use proptest::prelude::*;

use super::facts::{Center, Changeover, Labor, Line, OPEN, Operation, Order, Report, Stop, ms};
use super::indicators::Family;
use super::tally::Groups;
use super::timeline::Class;
use super::{By, Elements, Facts, Indicator, Question, tally};
use crate::base::{Decimal, Time};
use crate::model::downtime::DowntimeCategory;
use crate::model::field::Record as _;
use crate::model::people::ActivityType;
use crate::model::plant::LineType;
use crate::model::shift::ExceptionKind;
use crate::model::{CalendarException, Id, LaborTransaction, OperationReport, Plant, Shift};

const MINUTE: i64 = 60_000;

/// A local time of the plant, such as `2026-03-02T06:00:00`.
fn at(text: &str) -> i64 {
    let zone = crate::base::time::zone("Europe/Berlin").unwrap();
    ms(Time::parse_local(text, &zone).unwrap())
}

/// A time of Monday 2026-03-02.
fn monday(clock: &str) -> i64 {
    at(&format!("2026-03-02T{clock}:00"))
}

/// A plant with one line, one work center and one order at 60 seconds a piece.
fn plant(shifts: &[(&str, &str, i64)]) -> Facts {
    let mut facts = Facts::default();
    facts.put(&Plant { plant_id: Id::new(1), timezone: "Europe/Berlin".to_owned(), ..Plant::default() });
    for (at, (start, end, break_minutes)) in shifts.iter().enumerate() {
        let shift =
            Shift { start_time: start.parse().unwrap(), end_time: end.parse().unwrap(), break_minutes: *break_minutes, days_of_week: (1..=7).collect(), ..Shift::default() };
        facts.shifts.insert(u32::try_from(at).unwrap() + 1, shift);
    }
    facts.lines.insert(1, Line { factory: 1, line_type: LineType::Laser });
    facts.centers.insert(1, Center { line: 1, is_active: true, ..Center::default() });
    facts.orders.put(1, Some(Order { line: 1, product: 1, is_rework: false, is_cancelled: false, created: 0, finished: OPEN, ended: OPEN, due: OPEN }));
    facts
}

fn operation(start: i64, end: i64) -> Operation {
    Operation { order: 1, center: 1, is_started: true, start, end, piece_ms: MINUTE }
}

fn labor(employee: u32, start: i64, end: i64, activity: ActivityType) -> Labor {
    Labor { start, end, is_open: false, activity, employee, center: 1, order: 1, operation: 1, break_ms: 0, pieces: 0 }
}

fn direct(employee: u32, start: i64, end: i64) -> Labor {
    labor(employee, start, end, ActivityType::DirectLabor)
}

fn stop(start: i64, end: i64, category: DowntimeCategory) -> Stop {
    Stop { start, end, responded: None, category, center: 1, machine: 0, line: 1, order: 0 }
}

fn report(at: i64, pieces: [i32; 5]) -> Report {
    Report { at, operation: 1, order: 1, pieces }
}

fn ask(facts: &Facts, from: i64, to: i64, by: By, family: Family) -> Groups {
    tally(facts, &Question { from, to, now: OPEN / 1_000_000, by, only: Vec::new(), family })
}

fn sums(facts: &Facts, from: i64, to: i64) -> Elements {
    ask(facts, from, to, By::Total, Family::WorkCenter).remove(&Some(0)).unwrap_or_default()
}

/// Open, planned stop, no order, down, setup, delay, production; in minutes.
fn classes(sums: &Elements) -> [i64; 7] {
    let all = [
        sums.open_time_ms,
        sums.planned_stop_time_ms,
        sums.no_order_time_ms,
        sums.actual_unit_down_time_ms,
        sums.actual_unit_setup_time_ms,
        sums.actual_unit_delay_time_ms,
        sums.actual_production_time_ms,
    ];
    assert_eq!(all[0], all[1..].iter().sum::<i64>(), "the classes are the whole");
    all.map(|ms| ms / MINUTE)
}

fn value(name: &str, sums: &Elements) -> Option<String> {
    Indicator::named(name).unwrap().value(sums).map(|value| value.to_string())
}

fn early() -> Facts {
    plant(&[("06:00", "14:00", 0)])
}

#[test]
fn a_day_drawn_by_hand_has_every_class_and_its_figures() {
    let mut facts = early();
    facts.operations.put(1, Some(operation(monday("06:30"), monday("13:00"))));
    facts.labor.put(1, Some(labor(1, monday("06:30"), monday("07:00"), ActivityType::Setup)));
    facts.labor.put(2, Some(direct(1, monday("07:00"), monday("11:00"))));
    facts.labor.put(3, Some(direct(1, monday("12:00"), monday("13:00"))));
    facts.stops.put(1, Some(Stop { responded: Some(monday("09:10")), ..stop(monday("09:00"), monday("09:40"), DowntimeCategory::Breakdown) }));
    facts.stops.put(2, Some(stop(monday("13:30"), monday("13:45"), DowntimeCategory::Maintenance)));
    facts.reports.put(1, Some(report(monday("11:00"), [190, 4, 3, 2, 1])));
    facts.reports.put(2, Some(report(monday("13:00"), [40, 0, 0, 0, 0])));
    let day = sums(&facts, monday("00:00"), monday("23:59"));
    assert_eq!(classes(&day), [480, 15, 75, 40, 30, 60, 260]);
    assert_eq!(day.planned_busy_time_ms, 390 * MINUTE);
    let expected = [
        ("availability", "66.6667"),
        ("effectiveness", "92.3077"),
        ("quality_ratio", "95.8333"),
        ("oee", "58.9744"),
        ("nee", "65.7791"),
        ("utilization", "72.9167"),
        ("utilization_efficiency", "74.2857"),
        ("allocation_efficiency", "89.7436"),
        ("setup_ratio", "10.3448"),
        ("technical_efficiency", "81.25"),
        ("scrap_ratio", "1.25"),
        ("first_pass_yield", "95.8333"),
        ("mttr", "30"),
        ("mtbf", "4.3333"),
        ("mtta", "10"),
        ("corrective_maintenance_ratio", "66.6667"),
        ("throughput_rate", "36.9231"),
        ("cycle_time_variance", "8.3333"),
    ];
    for (name, figure) in expected {
        assert_eq!(value(name, &day).as_deref(), Some(figure), "{name}");
    }
    let losses = day.losses();
    assert_eq!([losses.down_ms, losses.setup_ms, losses.delay_ms, losses.speed_ms, losses.quality_ms, losses.fully_productive_ms].map(|ms| ms / MINUTE), [40, 30, 60, 20, 10, 230]);
    assert_eq!(losses.down_ms + losses.setup_ms + losses.delay_ms + losses.speed_ms + losses.quality_ms + losses.fully_productive_ms, day.planned_busy_time_ms);
}

#[test]
fn several_people_are_one_production_interval_and_their_hours_are_counted_apart() {
    let mut facts = early();
    facts.operations.put(1, Some(operation(monday("08:00"), monday("12:00"))));
    facts.labor.put(1, Some(Labor { pieces: 60, ..direct(1, monday("08:00"), monday("10:30")) }));
    facts.labor.put(2, Some(Labor { pieces: 90, break_ms: 30 * MINUTE, ..direct(2, monday("09:00"), monday("12:00")) }));
    facts.labor.put(3, Some(labor(2, monday("12:00"), monday("13:00"), ActivityType::Meeting)));
    assert_eq!(classes(&sums(&facts, monday("06:00"), monday("14:00"))), [480, 15, 240, 0, 0, 0, 225], "during the break from 10:15 to 10:45 another works until 10:30");
}

#[test]
fn people_are_counted_once_however_many_jobs_they_have_at_once() {
    let mut facts = early();
    facts.operations.put(1, Some(operation(monday("08:00"), monday("12:00"))));
    facts.labor.put(1, Some(Labor { pieces: 60, ..direct(1, monday("08:00"), monday("10:00")) }));
    facts.labor.put(2, Some(Labor { operation: 2, order: 2, ..direct(1, monday("09:00"), monday("11:00")) }));
    facts.labor.put(3, Some(Labor { center: 0, order: 0, ..labor(1, monday("11:00"), monday("12:00"), ActivityType::Meeting) }));
    facts.labor.put(4, Some(labor(1, monday("12:00"), monday("13:00"), ActivityType::Break)));
    let people = ask(&facts, monday("06:00"), monday("14:00"), By::Total, Family::People).remove(&Some(0)).unwrap();
    assert_eq!((people.actual_personnel_work_time_ms, people.actual_personnel_attendance_time_ms), (180 * MINUTE, 240 * MINUTE));
    assert_eq!((value("worker_efficiency", &people).as_deref(), value("labor_efficiency", &people).as_deref()), (Some("75"), Some("50")));
}

#[test]
fn the_first_of_what_overlaps_decides() {
    let mut facts = early();
    let whole = (monday("06:00"), monday("14:00"));
    facts.operations.put(1, Some(operation(whole.0, whole.1)));
    assert_eq!(classes(&sums(&facts, whole.0, whole.1)), [480, 0, 0, 0, 0, 480, 0]);
    facts.labor.put(1, Some(direct(1, monday("07:00"), monday("14:00"))));
    facts.changeovers.put(1, Some(Changeover { start: monday("08:00"), end: monday("14:00"), center: 1, order: 1 }));
    facts.stops.put(1, Some(stop(monday("09:00"), OPEN, DowntimeCategory::NoOrders)));
    facts.stops.put(2, Some(stop(monday("10:00"), monday("12:00"), DowntimeCategory::MaterialShortage)));
    facts.stops.put(3, Some(Stop { center: 0, line: 1, ..stop(monday("13:30"), monday("14:00"), DowntimeCategory::PowerFailure) }));
    assert_eq!(classes(&sums(&facts, whole.0, whole.1)), [480, 150, 0, 150, 60, 60, 60]);
    facts.stops.put(2, Some(stop(monday("10:00"), monday("12:00"), DowntimeCategory::Maintenance)));
    assert_eq!(classes(&sums(&facts, whole.0, whole.1)), [480, 270, 0, 30, 60, 60, 60], "a changed cause changes the class");
}

#[test]
fn the_break_of_a_shift_is_taken_from_idle_minutes_and_never_from_work() {
    let mut facts = plant(&[("06:00", "14:00", 30)]);
    let whole = (monday("06:00"), monday("14:00"));
    assert_eq!(classes(&sums(&facts, whole.0, whole.1)), [480, 30, 450, 0, 0, 0, 0]);
    facts.operations.put(1, Some(operation(monday("06:10"), monday("14:00"))));
    facts.labor.put(1, Some(direct(1, monday("07:10"), monday("14:00"))));
    assert_eq!(classes(&sums(&facts, whole.0, whole.1)), [480, 30, 0, 0, 0, 40, 410], "ten minutes without an order, then twenty of delay");
    let hours = ask(&facts, whole.0, whole.1, By::Hour, Family::WorkCenter);
    let planned: Vec<i64> = hours.values().map(|sums| sums.planned_stop_time_ms / MINUTE).collect();
    assert_eq!(planned, [30, 0, 0, 0, 0, 0, 0, 0]);
    facts.labor.put(1, Some(Labor { break_ms: 30 * MINUTE, ..direct(1, monday("06:10"), monday("14:00")) }));
    assert_eq!(classes(&sums(&facts, whole.0, whole.1)), [480, 30, 10, 0, 0, 0, 440], "what the clock-out told is not taken twice");
    facts.labor.put(1, Some(direct(1, monday("06:00"), monday("14:00"))));
    assert_eq!(classes(&sums(&facts, whole.0, whole.1)), [480, 0, 0, 0, 0, 0, 480]);
}

#[test]
fn a_night_shift_is_split_at_midnight_and_stays_one_shift() {
    let mut facts = plant(&[("22:00", "06:00", 0)]);
    facts.labor.put(1, Some(direct(1, monday("23:00"), at("2026-03-03T02:00:00"))));
    let (from, to) = (monday("12:00"), at("2026-03-03T12:00:00"));
    let days = ask(&facts, from, to, By::Day, Family::WorkCenter);
    assert_eq!(days.values().map(classes).collect::<Vec<_>>(), [[120, 0, 60, 0, 0, 0, 60], [360, 0, 240, 0, 0, 0, 120]]);
    assert_eq!(days.keys().copied().collect::<Vec<_>>(), [Some(monday("00:00")), Some(at("2026-03-03T00:00:00"))]);
    let shifts = ask(&facts, from, to, By::Shift, Family::WorkCenter);
    assert_eq!(shifts.into_iter().map(|(shift, sums)| (shift, classes(&sums)[0])).collect::<Vec<_>>(), [(Some(1), 480)]);
}

#[test]
fn time_and_pieces_of_one_moment_are_of_one_shift() {
    let mut facts = plant(&[("06:00", "14:00", 0), ("14:00", "22:00", 0), ("08:00", "16:00", 0)]);
    facts.centers.insert(1, Center { line: 1, shifts: vec![3], is_active: true, ..Center::default() });
    facts.operations.put(1, Some(operation(monday("15:00"), monday("17:00"))));
    facts.labor.put(1, Some(direct(1, monday("15:00"), monday("17:00"))));
    facts.reports.put(1, Some(report(monday("15:30"), [40, 0, 0, 0, 0])));
    facts.reports.put(2, Some(report(monday("16:30"), [20, 0, 0, 0, 0])));
    let shifts = ask(&facts, monday("15:00"), monday("18:00"), By::Shift, Family::WorkCenter);
    let told = |shift| shifts.get(&Some(shift)).map(|sums| (sums.produced_quantity, sums.actual_production_time_ms / MINUTE, sums.actual_order_execution_time_ms / MINUTE));
    assert_eq!([told(3), told(2), told(1)], [Some((40, 60, 60)), Some((20, 60, 60)), None], "its own shift while it is open, then the plant's");
}

#[test]
fn a_night_of_the_clock_change_is_as_long_as_it_was() {
    let facts = plant(&[("22:00", "06:00", 0)]);
    for (evening, morning, hours) in [("2026-03-28T20:00:00", "2026-03-29T08:00:00", 7), ("2026-10-24T20:00:00", "2026-10-25T08:00:00", 9)] {
        assert_eq!(classes(&sums(&facts, at(evening), at(morning)))[0], hours * 60);
    }
    let day = ask(&facts, at("2026-10-25T00:00:00"), at("2026-10-26T00:00:00"), By::Hour, Family::WorkCenter);
    let open: Vec<i64> = day.values().map(|sums| sums.open_time_ms / MINUTE).collect();
    assert_eq!(open, [60; 9], "seven hours of the night and two of the evening");
}

#[test]
fn overtime_counts_whether_it_was_planned_or_not_and_closed_days_do_not() {
    let mut facts = early();
    facts.labor.put(1, Some(direct(1, monday("13:00"), monday("16:00"))));
    facts.operations.put(1, Some(operation(monday("12:00"), monday("20:00"))));
    let day = (monday("00:00"), at("2026-03-03T00:00:00"));
    assert_eq!(classes(&sums(&facts, day.0, day.1)), [600, 0, 360, 0, 0, 60, 180], "two hours of unplanned overtime");
    let exception = |kind, start: Option<&str>, end: Option<&str>| CalendarException {
        exception_date: "2026-03-02".parse().unwrap(),
        kind,
        start_time: start.map(|text| text.parse().unwrap()),
        end_time: end.map(|text| text.parse().unwrap()),
        ..CalendarException::default()
    };
    facts.exceptions.insert(1, exception(ExceptionKind::Overtime, Some("14:00"), Some("18:00")));
    assert_eq!(classes(&sums(&facts, day.0, day.1)), [720, 0, 360, 0, 0, 180, 180], "planned overtime has delay as well");
    facts.exceptions.insert(2, exception(ExceptionKind::Shutdown, Some("06:00"), Some("08:00")));
    facts.exceptions.insert(3, exception(ExceptionKind::Maintenance, Some("08:00"), Some("09:00")));
    assert_eq!(classes(&sums(&facts, day.0, day.1)), [600, 60, 180, 0, 0, 180, 180]);
    facts.exceptions.insert(4, exception(ExceptionKind::Holiday, None, None));
    assert_eq!(classes(&sums(&facts, day.0, day.1)), [300, 0, 0, 0, 0, 120, 180], "a holiday leaves the overtime and the work");
    facts.exceptions.insert(4, CalendarException { work_center_id: Some(Id::new(2)), ..exception(ExceptionKind::Holiday, None, None) });
    assert_eq!(classes(&sums(&facts, day.0, day.1))[0], 600, "another center's holiday");
}

#[test]
fn nothing_known_is_no_data_and_nothing_made_in_busy_time_is_nought() {
    let mut facts = early();
    let empty = sums(&facts, monday("06:00"), monday("14:00"));
    for indicator in super::indicators::ALL.iter().filter(|it| it.name != "utilization") {
        assert_eq!(indicator.value(&empty), None, "{}", indicator.name);
    }
    assert_eq!(value("utilization", &empty).as_deref(), Some("0"));
    facts.stops.put(1, Some(stop(monday("06:00"), monday("14:00"), DowntimeCategory::Breakdown)));
    let stood = sums(&facts, monday("06:00"), monday("14:00"));
    assert_eq!((value("oee", &stood).as_deref(), value("availability", &stood).as_deref(), value("effectiveness", &stood)), (Some("0"), Some("0"), None));
    let mut facts = early();
    facts.operations.put(1, Some(Operation { piece_ms: 0, ..operation(monday("06:00"), monday("14:00")) }));
    facts.labor.put(1, Some(direct(1, monday("06:00"), monday("14:00"))));
    facts.reports.put(1, Some(report(monday("13:00"), [5, 0, 0, 0, 0])));
    let unrated = sums(&facts, monday("06:00"), monday("14:00"));
    assert_eq!((value("effectiveness", &unrated), value("oee", &unrated), value("quality_ratio", &unrated).as_deref()), (None, None, Some("100")), "without standard times");
    assert!(sums(&facts, monday("14:00"), monday("14:00")) == Elements::default());
}

#[test]
fn faster_than_standard_is_shown_and_not_clipped() {
    let mut facts = early();
    facts.operations.put(1, Some(operation(monday("06:00"), monday("08:00"))));
    facts.labor.put(1, Some(direct(1, monday("06:00"), monday("08:00"))));
    facts.reports.put(1, Some(report(monday("07:59"), [150, 0, 0, 0, 0])));
    let sums = sums(&facts, monday("06:00"), monday("14:00"));
    assert_eq!((value("effectiveness", &sums).as_deref(), value("oee", &sums).as_deref(), sums.losses().speed_ms), (Some("125"), Some("125"), -30 * MINUTE));
}

#[test]
fn a_report_that_is_taken_back_leaves_the_period_it_lay_in() {
    let mut facts = early();
    facts.operations.put(1, Some(operation(monday("06:00"), monday("08:00"))));
    let micros = |ms: i64| Time::from_micros(ms * 1_000);
    let mut wrong = OperationReport {
        report_id: Id::new(1),
        operation_id: Id::new(1),
        work_order_id: Id::new(1),
        scrapped_quantity: 7,
        reported_at: micros(monday("07:00")),
        ..OperationReport::default()
    };
    facts.put(&wrong);
    assert_eq!(sums(&facts, monday("06:00"), monday("14:00")).scrap_quantity, 7);
    wrong.reversed_by = Some(Id::new(2));
    facts.put(&wrong);
    facts.put(&OperationReport {
        report_id: Id::new(2),
        reverses: Some(Id::new(1)),
        reversed_by: None,
        scrapped_quantity: -7,
        reported_at: micros(monday("13:00")),
        ..wrong.clone()
    });
    assert_eq!(sums(&facts, monday("06:00"), monday("14:00")).produced_quantity, 0);
    assert_eq!(wrong.number(), 1);
}

#[test]
fn a_center_is_open_in_its_own_shifts_from_the_day_it_was_made_and_while_it_is_in_use() {
    let mut facts = plant(&[("06:00", "14:00", 0), ("14:00", "22:00", 0)]);
    let day = (monday("00:00"), at("2026-03-03T00:00:00"));
    let open = |facts: &Facts| sums(facts, day.0, day.1).open_time_ms / MINUTE;
    assert_eq!(open(&facts), 960);
    let center = Center { line: 1, shifts: vec![2], is_active: true, ..Center::default() };
    facts.centers.insert(1, center.clone());
    assert_eq!(open(&facts), 480);
    facts.centers.insert(1, Center { since: monday("20:00"), ..center.clone() });
    assert_eq!(open(&facts), 120);
    facts.centers.insert(1, Center { is_active: false, ..center });
    assert_eq!(open(&facts), 0);
}

#[test]
fn whoever_forgot_to_clock_out_counts_for_twelve_hours_and_no_longer() {
    let mut facts = early();
    let clock_in_time = Time::from_micros(monday("08:00") * 1_000);
    let row = LaborTransaction {
        labor_transaction_id: Id::new(1),
        work_center_id: Some(Id::new(1)),
        work_order_id: Some(Id::new(1)),
        clock_in_time,
        is_open: true,
        ..LaborTransaction::default()
    };
    facts.put(&row);
    let days = (monday("00:00"), at("2026-03-05T00:00:00"));
    assert_eq!(sums(&facts, days.0, days.1).actual_production_time_ms, 720 * MINUTE);
    facts.put(&LaborTransaction { clock_out_time: Some(clock_in_time.plus_minutes(90)), is_open: false, ..row });
    assert_eq!(sums(&facts, days.0, days.1).actual_production_time_ms, 90 * MINUTE, "a late clock-out puts it right");
}

#[test]
fn an_operation_of_a_cancelled_order_waits_for_nobody() {
    let mut facts = early();
    facts.operations.put(1, Some(operation(monday("08:00"), OPEN)));
    assert_eq!(classes(&sums(&facts, monday("06:00"), monday("14:00")))[5], 360);
    let order = facts.orders.get(1).unwrap().clone();
    facts.orders.put(1, Some(Order { is_cancelled: true, ended: monday("09:00"), ..order }));
    assert_eq!(classes(&sums(&facts, monday("06:00"), monday("14:00")))[5], 60);
}

#[test]
fn a_stop_of_a_machine_stops_the_center_it_belongs_to() {
    let mut facts = early();
    facts.centers.insert(2, Center { line: 1, machine: 7, is_active: true, ..Center::default() });
    facts.stops.put(1, Some(Stop { center: 0, machine: 7, ..stop(monday("08:00"), monday("09:00"), DowntimeCategory::Breakdown) }));
    let centers = ask(&facts, monday("06:00"), monday("14:00"), By::WorkCenter, Family::WorkCenter);
    assert_eq!((centers[&Some(1)].actual_unit_down_time_ms, centers[&Some(2)].actual_unit_down_time_ms, centers[&Some(2)].failure_event_count), (0, 60 * MINUTE, 1));
}

#[test]
fn indicators_have_names_of_their_own_and_near_ones_are_found() {
    let mut names: Vec<&str> = super::indicators::ALL.iter().map(|it| it.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(count >= 29, "{count}");
    assert!(Indicator::near("labour_efficiency").contains(&"labor_efficiency"));
    assert!(Indicator::near("oeee").contains(&"oee"));
    assert_eq!(Indicator::named("oee").unwrap().target, (Some(75), Some(85)));
}

/// Something drawn by lot: what, from which minute of three days, how long.
fn happenings() -> impl Strategy<Value = Vec<(u8, i64, i64)>> {
    prop::collection::vec((0_u8..7, 0_i64..4_320, 1_i64..700), 0..25)
}

fn drawn(breaks: [i64; 3], happenings: &[(u8, i64, i64)]) -> (Facts, i64, i64) {
    let mut facts = plant(&[("06:00", "14:00", breaks[0]), ("14:00", "22:00", breaks[1]), ("21:30", "06:00", breaks[2])]);
    let start = monday("00:00");
    for (at, (kind, minute, length)) in happenings.iter().enumerate() {
        let number = u32::try_from(at).unwrap() + 1;
        let (from, to) = (start + minute * MINUTE, start + (minute + length) * MINUTE);
        match kind {
            0 => facts.stops.put(number, Some(stop(from, to, DowntimeCategory::Breakdown))),
            1 => facts.stops.put(number, Some(stop(from, to, DowntimeCategory::Maintenance))),
            2 => facts.labor.put(number, Some(labor(number % 3, from, to, ActivityType::Setup))),
            3 => facts.labor.put(number, Some(Labor { break_ms: length / 5 * MINUTE, pieces: 3, ..direct(number % 3, from, to) })),
            4 => facts.operations.put(number, Some(operation(from, to))),
            5 => facts.changeovers.put(number, Some(Changeover { start: from, end: to, center: 1, order: 1 })),
            _ => facts.reports.put(number, Some(report(from, [4, 1, 0, 0, 0]))),
        }
    }
    (facts, start, start + 4_320 * MINUTE)
}

fn added(groups: &Groups) -> Elements {
    groups.values().fold(Elements::default(), |mut sum, sums| {
        sum += sums;
        sum
    })
}

/// What a minute counts as, looked at by itself and without breaks.
fn class_of(facts: &Facts, open: bool, minute: i64) -> Option<Class> {
    let covers = |start: i64, end: i64| (start..end).contains(&minute);
    let labor = facts.labor.all().filter(|(_, it)| covers(it.start, it.end));
    let working: Vec<(Class, bool)> = labor
        .map(|(_, it)| {
            let (pause, resume) = it.break_span();
            let class = if it.activity == ActivityType::Setup { Class::Setup } else { Class::Production };
            if (pause..resume).contains(&minute) { (Class::Break, false) } else { (class, true) }
        })
        .collect();
    let stops = facts.stops.all().filter(|(_, it)| covers(it.start, it.end)).map(|(_, it)| if it.category.is_planned() { Class::PlannedStop } else { Class::Down });
    let setups = facts.changeovers.all().filter(|(_, it)| covers(it.start, it.end)).map(|_| Class::Setup);
    let delays = facts.operations.all().filter(|(_, it)| covers(it.start, it.end)).map(|_| Class::Delay);
    let all = working.iter().map(|(class, _)| *class).chain(stops).chain(setups).chain(delays);
    let first = all.min().unwrap_or(Class::NoOrder);
    (open || working.iter().any(|(_, manned)| *manned)).then_some(first)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_minute_is_in_the_class_it_has_when_looked_at_by_itself(happenings in happenings()) {
        let (mut facts, from, to) = drawn([0; 3], &happenings);
        // Without its night there is time in which the plant is closed.
        facts.shifts.remove(&3);
        let mut expected = Elements::default();
        for half in 0..8_640 {
            let moment = from + half * MINUTE / 2;
            let open = (720..2_640).contains(&(half % 2_880));
            if let Some(class) = class_of(&facts, open, moment) {
                expected.count_time(class, MINUTE / 2);
            }
        }
        prop_assert_eq!(classes(&expected), classes(&sums(&facts, from, to)));
    }

    #[test]
    fn however_a_period_is_cut_its_parts_are_the_whole(happenings in happenings(), breaks in prop::array::uniform3(0_i64..90), cut in 1_i64..4_320) {
        let (facts, from, to) = drawn(breaks, &happenings);
        for family in [Family::WorkCenter, Family::People] {
            let whole = added(&ask(&facts, from, to, By::Total, family));
            for by in [By::Day, By::Hour, By::Shift, By::WorkCenter, By::WorkOrder, By::Product, By::Department] {
                prop_assert_eq!(&added(&ask(&facts, from, to, by, family)), &whole, "{:?}", by);
            }
            let middle = from + cut * MINUTE;
            let mut parts = added(&ask(&facts, from, middle, By::Total, family));
            parts += &added(&ask(&facts, middle, to, By::Total, family));
            prop_assert_eq!(parts, whole);
        }
    }

    #[test]
    fn oee_is_the_product_of_its_factors_and_its_losses_are_the_whole(happenings in happenings()) {
        let (facts, from, to) = drawn([30; 3], &happenings);
        let sums = sums(&facts, from, to);
        let losses = sums.losses();
        prop_assert_eq!(losses.down_ms + losses.setup_ms + losses.delay_ms + losses.speed_ms + losses.quality_ms + losses.fully_productive_ms, sums.planned_busy_time_ms);
        let share = |name: &str| Indicator::named(name).unwrap().value(&sums).map(|value| value.scaled() as f64 / 1e6);
        if let (Some(oee), Some(a), Some(e), Some(q)) = (share("oee"), share("availability"), share("effectiveness"), share("quality_ratio")) {
            prop_assert!((oee - a * e * q).abs() <= 1e-4 * (1.0 + oee.abs() + e.abs()), "{} is not {} x {} x {}", oee, a, e, q);
        }
    }
}

#[test]
fn figures_of_very_large_sums_are_still_told() {
    let large = 1_000_000_000_000;
    let huge = Elements {
        produced_quantity: large,
        rated_quantity: large,
        good_quantity: large,
        planned_run_time_ms: large,
        actual_production_time_ms: large,
        actual_unit_processing_time_ms: large,
        planned_busy_time_ms: large,
        ..Elements::default()
    };
    assert_eq!((value("nee", &huge).as_deref(), value("oee", &huge).as_deref()), (Some("100"), Some("100")));
    assert_eq!(Decimal::ratio(i128::MAX, i128::MAX), Some(Decimal::ONE));
    let mut facts = early();
    facts.operations.put(1, Some(Operation { piece_ms: i64::MAX / 2, ..operation(monday("08:00"), monday("09:00")) }));
    facts.reports.put(1, Some(report(monday("08:30"), [900, 1, 0, 0, 0])));
    let absurd = sums(&facts, monday("06:00"), monday("14:00"));
    super::indicators::ALL.iter().for_each(|indicator| _ = indicator.value(&absurd));
}
