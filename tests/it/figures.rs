//! Figures of a simulated plant: two days as the simulator lives them, summed once by `kpi` and once
//! from the records themselves, as somebody with a spreadsheet would.

use millwright::base::Time;
use millwright::engine::clock::Clock;
use millwright::engine::{Engine, Envelope, Options};
use millwright::followers::figures;
use millwright::model::command::FoundPlant;
use millwright::model::journal::{Actor, Origin};
use millwright::model::quality::InspectionResult;
use millwright::model::schedule::ScheduleStatus;
use millwright::model::{Command, LaborTransaction, OperationReport, ProductionSchedule, QualityInspection, Record, Role, WorkOrderOperation};
use millwright::simulator::{Cast, Plan, master_data};
use millwright::store::Store;
use millwright::views::kpi::{ALL, Answer, Ask, By, Elements, answer};

use crate::plant::{every, time};

const DAYS: u64 = 2;

fn actor(role: Role) -> Actor {
    Actor { user: 0, name: role.word().to_owned(), role }
}

/// A Monday, before the early shift.
fn start() -> Time {
    time("2026-11-02T04:00:00Z")
}

/// A minute after the simulator's last act, since a period ends before its end.
fn end() -> Time {
    start().plus(std::time::Duration::from_secs(DAYS * 86_400 + 60))
}

fn lived() -> Engine {
    let options = Options { timers: false, clock: Clock::manual(start()), space_floor: 0, ..Options::default() };
    let engine = Engine::start(Store::in_memory().unwrap(), options).unwrap();
    let found = Command::FoundPlant(FoundPlant { plant_name: "Riverside Kitchen Works".to_owned(), timezone: "Europe/Berlin".to_owned(), simulated: true });
    engine.submit_wait(Envelope { origin: Origin::Simulator, occurred_at: Some(start()), ..Envelope::of(actor(Role::Admin), found) }).unwrap();
    let cast = Cast { planner: actor(Role::Planner), lead: actor(Role::Lead), operator: actor(Role::Operator), inspector: actor(Role::Inspector), manager: actor(Role::Manager) };
    let mut simulator = master_data(&engine, &cast, start()).unwrap();
    simulator.history(&Plan { seed: 7, start: start(), end: end().plus_minutes(-1) }, &mut |_, _| {}).unwrap();
    engine
}

fn records<R: Record>(engine: &Engine) -> Vec<R> {
    engine.read(every::<R>).unwrap()
}

fn sum(answer: &Answer) -> Elements {
    answer.groups.iter().fold(Elements::default(), |mut sum, group| {
        sum += &group.sums;
        sum
    })
}

#[test]
fn two_simulated_days_have_the_sums_that_their_records_have() {
    let engine = lived();
    let facts = figures::gather(&engine).unwrap();
    let asked = |name: &str, by: By| {
        let ask = Ask { name: name.to_owned(), by, from: Some(start()), to: Some(end()), filters: Vec::new(), department: None, now: end() };
        engine.read(|snapshot| answer(snapshot, &facts, &ask)).unwrap().unwrap()
    };
    let floor = sum(&asked("oee", By::Total));

    let reports: Vec<OperationReport> = records(&engine);
    let column = |of: fn(&OperationReport) -> i64| reports.iter().map(of).sum::<i64>();
    assert_eq!(
        (floor.good_quantity, floor.scrap_quantity, floor.rework_quantity),
        (column(|it| it.good_quantity), column(|it| it.scrapped_quantity), column(|it| it.rework_quantity))
    );
    let operations: Vec<WorkOrderOperation> = records(&engine);
    let standard: i64 = operations.iter().map(|it| it.produced() * it.standard_time_per_unit_seconds.unwrap_or_default().scaled() / 10).sum();
    assert_eq!((floor.produced_quantity, floor.planned_run_time_ms), (operations.iter().map(WorkOrderOperation::produced).sum(), standard));
    let slots: Vec<ProductionSchedule> = records(&engine);
    let due: Vec<_> = slots.iter().filter(|it| it.schedule_status != ScheduleStatus::Cancelled && (start()..end()).contains(&it.planned_end_time)).collect();
    assert_eq!(floor.slots_due_count, i64::try_from(due.len()).unwrap());
    assert_eq!(floor.slots_on_time_count, i64::try_from(due.iter().filter(|it| it.on_time_completion == Some(true)).count()).unwrap());
    let inspections: Vec<QualityInspection> = records(&engine);
    let passed = inspections.iter().filter(|it| it.inspection_result == InspectionResult::Pass).count();
    assert_eq!(sum(&asked("inspection_pass_rate", By::Total)).inspection_pass_count, i64::try_from(passed).unwrap());

    let classes = [floor.planned_stop_time_ms, floor.no_order_time_ms, floor.planned_busy_time_ms];
    assert_eq!(floor.open_time_ms, classes.iter().sum::<i64>());
    assert!(floor.actual_production_time_ms > 0 && floor.actual_unit_setup_time_ms > 0, "{floor:?}");
    let people = sum(&asked("worker_efficiency", By::Total));
    let clocked: i64 = records::<LaborTransaction>(&engine).iter().map(|it| (it.clock_out_time.unwrap_or(end()).micros() - it.clock_in_time.micros()) / 1_000).sum();
    assert!(floor.actual_production_time_ms + floor.actual_unit_setup_time_ms <= clocked, "several people at one center are one interval");
    assert!(people.actual_personnel_work_time_ms <= clocked && people.actual_personnel_work_time_ms > 0);

    for name in ["oee", "utilization", "first_pass_yield", "schedule_adherence", "material_yield", "labor_efficiency", "worker_efficiency"] {
        assert!(asked(name, By::Total).groups[0].value.is_some(), "{name} has no data");
    }
    for indicator in ALL {
        let whole = sum(&asked(indicator.name, By::Total));
        for by in indicator.family.groups() {
            assert_eq!(sum(&asked(indicator.name, *by)), whole, "{} by {}", indicator.name, by.word());
        }
    }
}
