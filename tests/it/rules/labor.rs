//! Time of people, and the shift a moment belongs to.

use millwright::base::{Code, Value};
use millwright::model::plant::Status;
use millwright::model::{Command, Employee, Id, LaborTransaction, Noun, command};
use millwright::rules::shift::shift_at;

use crate::plant::*;

fn berlin() -> jiff::tz::TimeZone {
    millwright::base::time::zone(ZONE).unwrap()
}

/// `NIGHT 2026-03-06`, or nothing.
fn shift_of(plant: &Plant, at: &str) -> String {
    let open = plant.read(|snapshot| shift_at(snapshot, time(at), &berlin())).unwrap();
    open.map_or_else(String::new, |open| format!("{} {}", open.shift.shift_code, open.day))
}

/// The plant with early, late and night shifts, Monday to Friday, instead of its day shift.
fn three_shifts() -> Plant {
    let plant = Plant::new();
    plant.admin(update(Noun::Shift, 1, &[("status", text("inactive"))])).unwrap();
    for (code, start, end) in [("A", "06:00", "14:00"), ("B", "14:00", "22:00"), ("C", "22:00", "06:00")] {
        plant.admin(shift(code, start, end, &[1, 2, 3, 4, 5])).unwrap();
    }
    plant
}

#[test]
fn several_people_work_on_one_job_and_one_person_on_several() {
    let plant = Plant::new();
    let order = plant.running(10);
    let rows = [plant.all([clock_in_on(1, order, 10)]), plant.all([clock_in_on(2, order, 10)]), plant.all([clock_in_on(1, order, 20)]), plant.all([clock_in(1)])];
    refused(plant.lead(clock_in_on(1, order, 10)), Code::IllegalState);
    plant.wait(90);
    plant.all(rows.map(clock_out));
    let rows: Vec<LaborTransaction> = plant.every();
    assert!(rows.iter().all(|row| row.duration_minutes == Some(90) && row.actual_hours == Some(dec("1.5"))));
    assert_eq!(rows[0].labor_cost, Some(dec("45")));
    assert_eq!((plant.operation(order, 10).labor_hours, plant.operation(order, 20).labor_hours), (dec("3"), dec("1.5")));
}

#[test]
fn a_row_is_clocked_out_once_and_not_before_its_clock_in() {
    let plant = Plant::new();
    let row = plant.all([clock_in(1)]);
    refused(plant.at("2026-03-02T06:59:00Z", clock_out(row)), Code::OutsideWindow);
    plant.wait(60);
    let breaks = |minutes| Command::ClockOut(command::ClockOut { labor_transaction_id: Id::new(row), break_time_minutes: minutes, ..Default::default() });
    refused(plant.lead(breaks(61)), Code::Invalid);
    refused(plant.lead(breaks(-1)), Code::Invalid);
    plant.all([breaks(60)]);
    refused(plant.lead(clock_out(row)), Code::IllegalState);
}

#[test]
fn nobody_clocks_in_on_an_order_that_does_not_run_or_as_somebody_who_left() {
    let plant = Plant::new();
    let order = plant.order(10);
    refused(plant.lead(clock_in_on(1, order, 10)), Code::IllegalState);
    plant.all([release(order)]);
    refused(plant.lead(clock_in_on(1, order, 99)), Code::NotFound);
    plant.all([cancel(order)]);
    refused(plant.lead(clock_in_on(1, order, 10)), Code::IllegalState);
    refused(plant.lead(clock_in(77)), Code::NotFound);
    plant.admin(update(Noun::Employee, 2, &[("status", text("inactive"))])).unwrap();
    assert_eq!(plant.get::<Employee>(2).status, Status::Inactive);
    refused(plant.lead(clock_in(2)), Code::IllegalState);
}

#[test]
fn time_is_approved_once_and_only_when_it_is_over() {
    let plant = Plant::new();
    let row = plant.all([clock_in(1)]);
    let approve = || Command::ApproveLabor(command::ApproveLabor { labor_transaction_id: Id::new(row) });
    refused(plant.lead(approve()), Code::StillOpen);
    plant.all([clock_out(row), approve()]);
    refused(plant.lead(approve()), Code::IllegalState);
}

#[test]
fn an_overnight_shift_belongs_to_the_day_it_opened() {
    let plant = three_shifts();
    plant.wait(14 * 60);
    let evening = plant.all([clock_in(1)]);
    plant.wait(4 * 60);
    let night = plant.all([clock_in(2)]);
    let day = |row| plant.get::<LaborTransaction>(row).transaction_date.to_string();
    assert_eq!((day(evening), day(night)), ("2026-03-02".to_owned(), "2026-03-02".to_owned()));
}

#[test]
fn saturday_at_two_belongs_to_fridays_night_shift() {
    let plant = three_shifts();
    assert_eq!(shift_of(&plant, "2026-03-06T21:00:00Z"), "C 2026-03-06");
    assert_eq!(shift_of(&plant, "2026-03-07T01:00:00Z"), "C 2026-03-06");
    assert_eq!(shift_of(&plant, "2026-03-07T04:59:59Z"), "C 2026-03-06");
    assert_eq!(shift_of(&plant, "2026-03-07T05:00:00Z"), "", "a shift ends before its last moment");
    assert_eq!(shift_of(&plant, "2026-03-07T10:00:00Z"), "");
    assert_eq!(shift_of(&plant, "2026-03-08T22:30:00Z"), "", "Sunday 23:30 opens no shift");
    assert_eq!(shift_of(&plant, "2026-03-09T01:00:00Z"), "", "Monday 02:00 is Sunday's night");
    assert_eq!(shift_of(&plant, "2026-03-09T05:00:00Z"), "A 2026-03-09");
}

#[test]
fn a_moment_on_the_border_belongs_to_the_shift_that_opens() {
    let plant = three_shifts();
    assert_eq!(shift_of(&plant, "2026-03-03T12:59:59Z"), "A 2026-03-03");
    assert_eq!(shift_of(&plant, "2026-03-03T13:00:00Z"), "B 2026-03-03");
    assert_eq!(shift_of(&plant, "2026-03-03T21:00:00Z"), "C 2026-03-03");
}

#[test]
fn shifts_keep_the_wall_clock_over_daylight_saving() {
    let plant = three_shifts();
    plant.admin(shift("WE", "22:00", "06:00", &[6])).unwrap();
    // Clocks go from 02:00 to 03:00 on Sunday 2026-03-29: 06:00 is 04:00 UTC, the shift has seven hours.
    assert_eq!(shift_of(&plant, "2026-03-29T03:59:00Z"), "WE 2026-03-28");
    assert_eq!(shift_of(&plant, "2026-03-29T04:00:00Z"), "");
    // And back on Sunday 2026-10-25: 06:00 is 05:00 UTC, the shift has nine.
    assert_eq!(shift_of(&plant, "2026-10-24T20:00:00Z"), "WE 2026-10-24");
    assert_eq!(shift_of(&plant, "2026-10-25T04:59:00Z"), "WE 2026-10-24");
    assert_eq!(shift_of(&plant, "2026-10-25T05:00:00Z"), "");
}

#[test]
fn a_night_over_daylight_saving_counts_the_hours_that_passed() {
    let plant = three_shifts();
    plant.wait(26 * 24 * 60 + 14 * 60);
    let row = plant.all([clock_in(1)]);
    assert_eq!(plant.get::<LaborTransaction>(row).clock_in_time, time("2026-03-28T21:00:00Z"));
    plant.at("2026-03-28T21:00:00Z", clock_in(2)).unwrap();
    plant.wait(7 * 60);
    plant.all([clock_out(row)]);
    assert_eq!(plant.get::<LaborTransaction>(row).duration_minutes, Some(420));
}

#[test]
fn a_holiday_closes_the_shift_that_opens_on_it_and_not_the_night_before() {
    let plant = three_shifts();
    plant.admin(create(Noun::CalendarException, &[("exception_date", Value::Date(date("2026-03-04"))), ("kind", text("holiday"))])).unwrap();
    assert_eq!(shift_of(&plant, "2026-03-04T01:00:00Z"), "C 2026-03-03");
    assert_eq!(shift_of(&plant, "2026-03-04T08:00:00Z"), "");
    assert_eq!(shift_of(&plant, "2026-03-05T01:00:00Z"), "");
    assert_eq!(shift_of(&plant, "2026-03-05T08:00:00Z"), "A 2026-03-05");
}

#[test]
fn a_shift_of_the_whole_day_is_open_all_day() {
    let plant = Plant::new();
    plant.admin(update(Noun::Shift, 1, &[("status", text("inactive"))])).unwrap();
    plant.admin(shift("ALL", "00:00", "24:00", &[1])).unwrap();
    assert_eq!(shift_of(&plant, "2026-03-01T23:00:00Z"), "ALL 2026-03-02");
    assert_eq!(shift_of(&plant, "2026-03-02T22:59:59Z"), "ALL 2026-03-02");
    assert_eq!(shift_of(&plant, "2026-03-02T23:00:00Z"), "");
}

#[test]
fn overtime_yields_to_the_regular_shift_beside_it() {
    let plant = Plant::new();
    let clock = |text: &str| Value::Clock(text.parse().unwrap());
    let days = Value::List((1..=7).map(number).collect());
    let fields = [
        ("factory_id", key(Noun::Factory, 1)),
        ("shift_name", text("OT")),
        ("shift_code", text("OT")),
        ("start_time", clock("05:00")),
        ("end_time", clock("23:00")),
        ("days_of_week", days),
        ("shift_type", text("overtime")),
    ];
    plant.admin(create(Noun::Shift, &fields)).unwrap();
    assert_eq!(shift_of(&plant, "2026-03-02T12:00:00Z"), "DAY 2026-03-02");
    assert_eq!(shift_of(&plant, "2026-03-02T21:30:00Z"), "OT 2026-03-02");
}

#[test]
fn a_shift_has_days_and_a_break_shorter_than_itself() {
    let plant = Plant::new();
    refused(plant.admin(shift("X", "06:00", "14:00", &[])), Code::Invalid);
    refused(plant.admin(shift("X", "06:00", "14:00", &[0])), Code::Invalid);
    refused(plant.admin(shift("X", "06:00", "14:00", &[8])), Code::Invalid);
    refused(plant.admin(update(Noun::Shift, 1, &[("break_minutes", number(960))])), Code::Invalid);
    refused(plant.admin(shift("DAY", "06:00", "14:00", &[1])), Code::Duplicate);
}
