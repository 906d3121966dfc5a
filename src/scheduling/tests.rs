//! The engine on made-up shops, on public ones, and on what it must refuse. Every plan goes before the oracle.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::board::Board;
use super::graph::{Graph, Move, NOBODY};
use super::insertion::{Taste, insert};
use super::problem::{Center, Hours, Job, Matrix, Operation, Pool, WHOLE};
use super::random::Random;
use super::*;

const DAY: i32 = 1_440;

fn operation(modes: &[(usize, i32)], predecessors: &[(usize, i32)]) -> Operation {
    Operation { modes: modes.to_vec(), predecessors: predecessors.to_vec(), release: 0, states: Vec::new(), pools: Vec::new(), batch: WHOLE, resumable: true, fixed: None }
}

fn job(id: &str, operations: Vec<Operation>) -> Job {
    Job { id: id.into(), release: 0, due: None, weight: 1, rush: false, operations }
}

fn people(id: &str, capacity: u32) -> Pool {
    Pool { id: id.into(), kind: PoolKind::People, capacity, missing: Vec::new() }
}

fn center(id: &str) -> Center {
    Center { id: id.into(), hours: None, downtime: Vec::new(), matrix: None, initial_state: None }
}

fn day_shift() -> Hours {
    Hours { id: "day".into(), period: DAY, windows: vec![(480, 720), (750, 960)], closed: vec![(2 * DAY, 3 * DAY)] }
}

fn problem(centers: Vec<Center>, jobs: Vec<Job>) -> Problem {
    Problem { name: "shop".into(), objective: Objective::WeightedTardiness, milestones: false, hours: vec![day_shift()], matrices: Vec::new(), pools: Vec::new(), centers, jobs }
}

/// A shop with everything in it: shifts, downtime, setups, people, tools, transfer, batches that overlap, alternatives, assembly.
fn shop(seed: u64, jobs: usize) -> Problem {
    let mut random = Random::new(seed);
    let mut below = |bound: i32| random.below(bound as usize) as i32;
    let night = Hours { id: "night".into(), period: DAY, windows: vec![(0, 360), (1_200, DAY)], closed: vec![] };
    let times = (0..4).map(|from| (0..4).map(|to| if from == to { 0 } else { 5 + 5 * ((from + to) % 3) }).collect()).collect();
    let centers = (0..5)
        .map(|number| Center {
            id: format!("WC-{number}"),
            hours: [None, Some(0), Some(1)][below(3) as usize],
            downtime: if below(2) == 0 { vec![(700, 900)] } else { vec![] },
            matrix: (number < 3).then_some(0),
            initial_state: (number < 2).then_some(1),
        })
        .collect();
    let list = (0..jobs)
        .map(|number| {
            let count = 1 + below(5) as usize;
            let operations = (0..count).map(|at| {
                let first = below(5) as usize;
                let modes: Vec<_> = (0..1 + below(3) as usize).map(|more| ((first + more) % 5, 10 + below(120))).collect();
                // The last one joins all others; before that every third begins a branch of its own.
                let joins = at + 1 == count;
                let predecessors = if joins {
                    (0..at).map(|before| (before, below(30))).collect()
                } else if at % 3 == 0 {
                    vec![]
                } else {
                    vec![(at - 1, below(30))]
                };
                let states = if below(4) > 0 { vec![(0, below(4) as usize)] } else { vec![] };
                let pools = (0..2).filter(|_| below(3) == 0).collect();
                let batch = if below(3) == 0 { 1 + below(900) as u16 } else { WHOLE };
                Operation { release: below(300), states, pools, batch, resumable: below(3) > 0, ..operation(&modes, &predecessors) }
            });
            let operations = operations.collect();
            let release = below(600);
            Job { release, due: (below(5) > 0).then(|| release + 200 + below(2_000)), weight: 1 + below(4), rush: below(10) == 0, ..job(&format!("J{number}"), operations) }
        })
        .collect();
    Problem {
        hours: vec![day_shift(), night],
        matrices: vec![Matrix { id: "sheet".into(), times }],
        pools: vec![people("TIG", 1 + (seed % 2) as u32), Pool { kind: PoolKind::Tools, missing: vec![(300, 700, 1), (2_000, 2_050, 2)], ..people("FIXTURE", 2) }],
        ..problem(centers, list)
    }
}

/// Says stop when it has been asked so often.
fn after(calls: usize) -> impl Fn() -> bool + Sync {
    let asked = AtomicUsize::new(0);
    move || asked.fetch_add(1, Ordering::Relaxed) >= calls
}

#[track_caller]
fn assert_sound(instance: &Instance, plan: &Plan, what: &str) {
    let faults = check(instance.problem(), plan);
    assert!(faults.is_empty(), "{what}: {faults:?}");
}

fn slots(plan: &Plan) -> Vec<Option<Slot>> {
    plan.slots.iter().copied().map(Some).collect()
}

#[test]
fn whenever_it_is_stopped_the_plan_is_sound() {
    let mut random = Random::new(5);
    for seed in 0..60 {
        let mut problem = shop(seed, 3 + seed as usize % 20);
        if seed % 3 == 0 {
            problem.objective = Objective::Makespan;
        }
        let instance = Instance::new(problem).unwrap();
        let mut last = i64::MAX;
        let options = Options { seed, threads: 1 + seed as usize % 2, steps: Some(300), ..Options::default() };
        let solution = solve(&instance, &options, after(random.below(1_500)), |news| last = news.objective);
        assert_sound(&instance, &solution.plan, &format!("shop {seed}"));
        assert!(solution.bound <= solution.objective, "shop {seed}: the bound {} is above {}", solution.bound, solution.objective);
        assert_eq!((solution.objective, last), (solution.plan.figures(&instance).objective(instance.objective()), solution.objective), "shop {seed}");
    }
}

#[test]
fn the_same_seed_and_steps_give_the_same_plan() {
    let plain = |seed| {
        let mut problem = shop(seed, 12);
        problem.centers.iter_mut().for_each(|center| *center = Center { matrix: None, initial_state: None, hours: None, downtime: vec![], ..center.clone() });
        problem.jobs.iter_mut().flat_map(|job| &mut job.operations).for_each(|op| (op.pools, op.batch) = (Vec::new(), WHOLE));
        problem
    };
    let makespan = |problem| Problem { objective: Objective::Makespan, ..problem };
    for (problem, what) in [(shop(1, 15), "shop"), (plain(2), "plain tardiness"), (makespan(plain(3)), "plain makespan")] {
        let instance = Instance::new(problem).unwrap();
        let options = Options { seed: 9, threads: 2, steps: Some(1_200), ..Options::default() };
        let solved = |options: &Options| solve(&instance, options, || false, |_| {});
        let (one, two) = (solved(&options), solved(&options));
        assert_eq!(one.plan, two.plan, "{what}");
        assert_sound(&instance, &one.plan, what);
    }
}

#[test]
fn what_a_swap_changes_is_what_all_sequences_come_to() {
    let (mut swapped, mut contradicted) = (0, 0);
    for seed in 0..30 {
        let mut problem = shop(seed, 12);
        problem.pools.clear();
        problem.centers.iter_mut().for_each(|center| (center.hours, center.downtime) = (None, Vec::new()));
        for operation in problem.jobs.iter_mut().flat_map(|job| &mut job.operations) {
            (operation.pools, operation.batch, operation.states) = (Vec::new(), WHOLE, vec![(0, operation.modes.len())]);
        }
        let instance = Instance::new(problem).unwrap();
        assert!(instance.is_plain());
        let plan = solve(&instance, &Options { steps: Some(0), ..Options::default() }, || false, |_| {}).plan;
        let mut graph = Graph::of(&instance, &plan);
        graph.rank(0, usize::MAX);
        let mut random = Random::new(seed);
        for _ in 0..200 {
            let op = random.below(instance.len()) as u32;
            if graph.previous(op) == NOBODY {
                continue;
            }
            let place = graph.place[op as usize];
            let back = graph.apply(Move { op, mode_center: place.mode.center, position: place.position - 1 });
            let mut anew = graph.clone();
            let ends = anew.forward();
            if graph.forward_after_swap(op).is_some() {
                swapped += 1;
                assert!(ends && (0..instance.len() as u32).all(|op| graph.end(op) == anew.end(op)), "seed {seed}");
            } else {
                contradicted += 1;
                assert!(!ends, "seed {seed}");
                graph.apply(back);
            }
        }
    }
    assert!(swapped > 1_000 && contradicted > 10, "{swapped} swaps, {contradicted} contradictions");
}

#[test]
fn small_job_shops_are_solved_to_the_end() {
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let mut minutes = || 10 + random.below(90) as i32;
        let mut centers = vec![center("A"), center("B"), center("C")];
        if seed % 2 == 0 {
            centers[0].hours = Some(0);
        }
        let jobs = (0..2).map(|number| {
            let operations = (0..3).map(|at| operation(&[((number + at * (number + 1)) % 3, minutes())], if at == 0 { &[] } else { &[(0, 5), (1, 0)][at - 1..at] })).collect();
            Job { due: Some(60 + 600 * number as i32), weight: 1 + number as i32, ..job("J", operations) }
        });
        let jobs = jobs.collect();
        let objective = if seed % 3 == 0 { Objective::Makespan } else { Objective::WeightedTardiness };
        let instance = Instance::new(Problem { objective, ..problem(centers, jobs) }).unwrap();
        let mut best = i64::MAX;
        permute(&mut (0..6).collect(), 0, &mut |order| best = best.min(by_order(&instance, order)));
        let solution = solve(&instance, &Options { steps: Some(2_000), ..Options::default() }, || false, |_| {});
        assert_eq!(solution.objective, best, "shop {seed}");
    }
}

/// The objective when operations are inserted in this order: among all orders is an optimum.
fn by_order(instance: &Instance, order: &[u32]) -> i64 {
    let mut board = Board::new(instance);
    for &op in order {
        if instance.before.row(op).iter().any(|link| !board.is_seated(link.op)) {
            return i64::MAX;
        }
        insert(&mut board, op, Taste::default(), &mut Random::new(0));
    }
    board.plan().figures(instance).objective(instance.objective())
}

fn permute(order: &mut Vec<u32>, from: usize, each: &mut impl FnMut(&[u32])) {
    if from == order.len() {
        return each(order);
    }
    for at in from..order.len() {
        order.swap(from, at);
        permute(order, from + 1, each);
        order.swap(from, at);
    }
}

#[test]
fn the_oracle_finds_every_mutation() {
    let instance = Instance::new(shop(7, 12)).unwrap();
    let plan = solve(&instance, &Options { steps: Some(50), ..Options::default() }, after(200), |_| {}).plan;
    assert_sound(&instance, &plan, "before");
    for op in 0..plan.slots.len() {
        let mut longer = plan.clone();
        longer.slots[op].end += 1;
        let mut elsewhere = plan.clone();
        elsewhere.slots[op].center = (0..5).find(|center| instance.mode_on(op as u32, *center).is_none()).unwrap();
        let mut early = plan.clone();
        early.slots[op].start = -1;
        for broken in [longer, elsewhere, early] {
            assert!(!check(instance.problem(), &broken).is_empty(), "operation {op}");
        }
    }
    let mut short = plan;
    short.slots.pop();
    assert!(!check(instance.problem(), &short).is_empty());
}

#[test]
fn after_a_breakdown_only_what_must_moves() {
    for seed in 0..25 {
        let mut problem = shop(100 + seed, 25);
        let instance = Instance::new(problem.clone()).unwrap();
        let plan = solve(&instance, &Options { steps: Some(100), ..Options::default() }, after(300), |_| {}).plan;
        let (now, center) = (400, seed as usize % 5);
        let event = Event::CenterDown { now, center, from: now, to: now + 500 };
        event.apply(&mut problem, &slots(&plan)).unwrap();
        let after_event = Instance::new(problem).unwrap();
        let mended = mend(&after_event, &slots(&plan));
        assert_sound(&after_event, &mended, &format!("mended {seed}"));
        for (op, slot) in plan.slots.iter().enumerate().filter(|(_, slot)| slot.start < now) {
            assert_eq!((mended.slots[op].center, mended.slots[op].start), (slot.center, slot.start), "shop {seed}: running work moved");
        }
        let repaired = repair(&after_event, &slots(&plan), &Options { steps: Some(300), threads: 2, ..Options::default() }, after(5_000), |_| {});
        assert_sound(&after_event, &repaired.plan, &format!("repaired {seed}"));
        let late = |plan: &Plan| plan.figures(&after_event).weighted_tardiness;
        let moved = |plan: &Plan| (0..plan.slots.len()).filter(|op| plan.slots[*op] != slots(&mended)[*op].unwrap()).count();
        assert!(late(&repaired.plan) <= late(&mended) || moved(&repaired.plan) > 0, "shop {seed}: worse and nothing moved");
    }
}

#[test]
fn in_a_full_shop_a_displaced_job_takes_the_place_of_one_that_can_wait() {
    // Two centers without a gap for a hundred hours; one job in ten is due when it is planned, the others can wait for half of that.
    let ends = |number: i32| (number / 2 + 1) * 60;
    let jobs = (0..200).map(|number| {
        let is_tight = number % 10 == 0;
        Job { due: Some(ends(number) + if is_tight { 0 } else { 3_200 }), weight: if is_tight { 4 } else { 1 }, ..job("J", vec![operation(&[(0, 60), (1, 60)], &[])]) }
    });
    let mut problem = problem(vec![center("A"), center("B")], jobs.collect());
    let before: Vec<Option<Slot>> = (0..200).map(|number| Some(Slot { center: number as u32 % 2, start: ends(number) - 60, end: ends(number) })).collect();
    // The one that stands there at that time is a tight one.
    Event::CenterDown { now: 600, center: 0, from: 600, to: 660 }.apply(&mut problem, &before).unwrap();
    let instance = Instance::new(problem).unwrap();
    let late = |plan: &Plan| plan.figures(&instance).weighted_tardiness;
    let lost = late(&mend(&instance, &before));
    assert!(lost > 4 * 5_000);
    for seed in 1..=5 {
        let repaired = repair(&instance, &before, &Options { seed, steps: Some(2_000), ..Options::default() }, || false, |_| {}).plan;
        assert_sound(&instance, &repaired, &format!("seed {seed}"));
        let moved = slots(&repaired).iter().zip(&before).filter(|(is, was)| is != was).count();
        assert!(late(&repaired) * 5 < lost && moved <= 9, "seed {seed}: {} of {lost} late with {moved} moved", late(&repaired));
    }
}

#[test]
fn the_same_seed_and_steps_repair_the_same_way_however_many_search() {
    for jobs in [40, 220] {
        let mut problem = shop(8, jobs);
        let plan = solve(&Instance::new(problem.clone()).unwrap(), &Options { steps: Some(50), ..Options::default() }, after(100), |_| {}).plan;
        Event::CenterDown { now: 400, center: 2, from: 400, to: 1_000 }.apply(&mut problem, &slots(&plan)).unwrap();
        let instance = Instance::new(problem).unwrap();
        let repaired = || repair(&instance, &slots(&plan), &Options { seed: 3, threads: 2, steps: Some(1_000), ..Options::default() }, || false, |_| {}).plan;
        let one = repaired();
        assert_sound(&instance, &one, &format!("{jobs} jobs"));
        assert_eq!(one, repaired(), "{jobs} jobs");
    }
}

#[test]
fn a_rush_job_finds_its_place_and_nothing_else_is_touched_at_first() {
    let mut problem = shop(42, 25);
    let instance = Instance::new(problem.clone()).unwrap();
    let plan = solve(&instance, &Options::default(), || true, |_| {}).plan;
    let rush = Job { due: Some(1_200), release: 400, weight: 12, rush: true, ..job("RUSH", vec![operation(&[(0, 30), (1, 40)], &[]), operation(&[(4, 20)], &[(0, 10)])]) };
    Event::RushJob { now: 400, job: rush }.apply(&mut problem, &slots(&plan)).unwrap();
    let now = Instance::new(problem).unwrap();
    let mended = mend(&now, &slots(&plan));
    assert_sound(&now, &mended, "mended");
    assert_eq!(mended.slots[..plan.slots.len()], plan.slots[..]);
}

#[test]
fn a_late_job_is_explained_without_a_gap() {
    for seed in 0..20 {
        let instance = Instance::new(shop(seed, 20)).unwrap();
        let plan = solve(&instance, &Options::default(), || true, |_| {}).plan;
        for job in 0..instance.problem().jobs.len() {
            let told = explain(&instance, &plan, job);
            assert_eq!(told.first().map(|stretch| stretch.from), Some(0));
            assert_eq!(told.last().map(|stretch| stretch.until), instance.operations_of(job).map(|op| plan.slots[op].end).max());
            assert!(told.windows(2).all(|pair| pair[0].until == pair[1].from), "shop {seed}, job {job}: {told:?}");
            assert!(told.iter().any(|stretch| stretch.cause == Cause::Work));
        }
    }
}

#[test]
fn an_explanation_names_the_job_ahead_the_setup_the_closing_time_and_the_people() {
    let mut shop = problem(vec![center("LASER"), center("WELD-1"), center("WELD-2")], Vec::new());
    shop.matrices = vec![Matrix { id: "sheet".into(), times: vec![vec![0, 10], vec![10, 0]] }];
    shop.pools = vec![people("TIG", 1)];
    shop.centers[0] = Center { hours: Some(0), matrix: Some(0), initial_state: Some(0), ..center("LASER") };
    let laser = |state, minutes| Operation { states: vec![(0, state)], ..operation(&[(0, minutes)], &[]) };
    let weld = |at, minutes| Operation { pools: vec![0], ..operation(&[(at, minutes)], &[(0, 30)]) };
    shop.jobs = vec![Job { rush: true, ..job("FIRST", vec![laser(0, 60), weld(1, 300)]) }, job("SECOND", vec![laser(1, 60), weld(2, 50)])];
    let instance = Instance::new(shop).unwrap();
    let at = |center, start, end| Slot { center, start, end };
    let plan = Plan { slots: vec![at(0, 480, 540), at(1, 570, 870), at(0, 550, 610), at(2, 870, 920)] };
    assert_sound(&instance, &plan, "by hand");
    let told: Vec<(usize, Cause, i32, i32)> = explain(&instance, &plan, 1).into_iter().map(|it| (it.operation, it.cause, it.from, it.until)).collect();
    let wanted = vec![
        (2, Cause::Closed, 0, 480),
        (2, Cause::Behind { operation: 0 }, 480, 540),
        (2, Cause::Setup, 540, 550),
        (2, Cause::Work, 550, 610),
        (3, Cause::Transfer, 610, 640),
        (3, Cause::Pool { pool: 0 }, 640, 870),
        (3, Cause::Work, 870, 920),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn a_night_is_told_as_closed_and_not_as_what_it_interrupts() {
    let mut shop = problem(vec![Center { hours: Some(0), matrix: Some(0), initial_state: Some(0), ..center("LASER") }], Vec::new());
    shop.matrices = vec![Matrix { id: "sheet".into(), times: vec![vec![0, 10], vec![10, 0]] }];
    let laser = |state, minutes| Operation { states: vec![(0, state)], ..operation(&[(0, minutes)], &[]) };
    shop.jobs = vec![job("FIRST", vec![laser(0, 475)]), job("SECOND", vec![laser(1, 60)])];
    let instance = Instance::new(shop).unwrap();
    let at = |start, end| Slot { center: 0, start, end };
    // The first begins five minutes late and is done the next morning.
    let plan = Plan { slots: vec![at(720 - 235, DAY + 510), at(DAY + 520, DAY + 580)] };
    assert_sound(&instance, &plan, "by hand");
    let told: Vec<(Cause, i32, i32)> = explain(&instance, &plan, 1).into_iter().map(|it| (it.cause, it.from, it.until)).collect();
    let behind = Cause::Behind { operation: 0 };
    let wanted = vec![
        (Cause::Closed, 0, 480),
        (behind, 480, 720),
        (Cause::Closed, 720, 750),
        (behind, 750, 960),
        (Cause::Closed, 960, DAY + 480),
        (behind, DAY + 480, DAY + 510),
        (Cause::Setup, DAY + 510, DAY + 520),
        (Cause::Work, DAY + 520, DAY + 580),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn the_next_operation_begins_with_the_first_batch_and_ends_after_the_last() {
    // Ten pieces in batches of two: slow work may begin after the first batch, quick work only so that it does not run dry.
    for (minutes, start) in [(200, 20 + 5), (50, 100 + 5 + 10 - 50)] {
        let cut = Operation { batch: 200, ..operation(&[(0, 100)], &[]) };
        let shop = problem(vec![center("LASER"), center("BEND")], vec![job("J", vec![cut, operation(&[(1, minutes)], &[(0, 5)])])]);
        let instance = Instance::new(shop).unwrap();
        let solution = solve(&instance, &Options { steps: Some(50), ..Options::default() }, || false, |_| {});
        assert_sound(&instance, &solution.plan, "overlapping");
        assert_eq!((solution.plan.slots[1].start, solution.plan.slots[1].end), (start, start + minutes));
        for early in [1, start] {
            let mut broken = solution.plan.clone();
            (broken.slots[1].start, broken.slots[1].end) = (start - early, start - early + minutes);
            assert!(!check(instance.problem(), &broken).is_empty(), "{early} minutes too early");
        }
        let told: Vec<(usize, Cause)> = explain(&instance, &solution.plan, 0).into_iter().map(|it| (it.operation, it.cause)).collect();
        assert_eq!(told, [(0, Cause::Batch), (1, Cause::Transfer), (1, Cause::Work)]);
    }
}

#[test]
fn a_tool_that_is_away_is_waited_for_and_named() {
    let mut shop = problem(vec![center("PUNCH-1"), center("PUNCH-2")], Vec::new());
    shop.pools = vec![Pool { kind: PoolKind::Tools, missing: vec![(0, 100, 1)], ..people("TURRET", 1) }];
    let punch = |at| Operation { pools: vec![0], ..operation(&[(at, 30)], &[]) };
    shop.jobs = vec![Job { due: Some(0), weight: 5, ..job("FIRST", vec![punch(0)]) }, Job { due: Some(0), ..job("SECOND", vec![punch(1)]) }];
    let instance = Instance::new(shop).unwrap();
    let plan = solve(&instance, &Options { steps: Some(50), ..Options::default() }, || false, |_| {}).plan;
    assert_sound(&instance, &plan, "tools");
    assert_eq!((plan.slots[0].start, plan.slots[1].start), (100, 130));
    let told: Vec<(Cause, i32, i32)> = explain(&instance, &plan, 1).into_iter().map(|it| (it.cause, it.from, it.until)).collect();
    assert_eq!(told, [(Cause::Pool { pool: 0 }, 0, 130), (Cause::Work, 130, 160)]);
    let mut broken = plan.clone();
    (broken.slots[0].start, broken.slots[0].end) = (90, 120);
    assert!(check(instance.problem(), &broken)[0].contains("one more than its pool has"));
}

#[test]
fn what_cannot_be_planned_is_refused_with_the_record_and_the_reason() {
    type Change = fn(&mut Problem);
    let cases: &[(&str, &str, Change)] = &[
        ("jobs[0].operations[0]", "circle", |it| it.jobs[0].operations[0].predecessors = vec![(1, 0)]),
        ("jobs[0].operations[1]", "circle", |it| it.jobs[0].operations[1].predecessors = vec![(1, 0)]),
        ("jobs[0].operations[1]", "nobody is qualified", |it| it.jobs[0].operations[1].pools = vec![0]),
        ("jobs[0].operations[1]", "there is no tool", |it| (it.pools[0].kind, it.jobs[0].operations[1].pools) = (PoolKind::Tools, vec![0])),
        ("jobs[0].operations[1]", "a pool that does not exist", |it| it.jobs[0].operations[1].pools = vec![3]),
        ("jobs[0].operations[0]", "transfer batch", |it| it.jobs[0].operations[0].batch = 0),
        ("operator_pools[0]", "backwards", |it| it.pools[0].missing = vec![(9, 3, 1)]),
        ("jobs[0].operations[1]", "no work center is qualified", |it| it.jobs[0].operations[1].modes.clear()),
        ("jobs[0].operations[0]", "at least 1", |it| it.jobs[0].operations[0].modes[0].1 = 0),
        ("jobs[0].operations[0]", "takes -5", |it| it.jobs[0].operations[0].modes[0].1 = -5),
        ("jobs[0].operations[0]", "work center 7", |it| it.jobs[0].operations[0].modes[0].0 = 7),
        ("jobs[0].operations[0]", "without a pause", |it| (it.jobs[0].operations[0].resumable, it.jobs[0].operations[0].modes[0].1) = (false, 300)),
        ("jobs[0].operations[1]", "no such operation", |it| it.jobs[0].operations[1].predecessors = vec![(9, 0)]),
        ("jobs[0] (J)", "before its release", |it| (it.jobs[0].release, it.jobs[0].due) = (100, Some(50))),
        ("jobs[0] (J)", "a century", |it| it.jobs[0].due = Some(60_000_000)),
        ("jobs[0] (J)", "no operations", |it| it.jobs[0].operations.clear()),
        ("jobs[0] (J)", "weight", |it| it.jobs[0].weight = -1),
        ("calendars[0]", "never open", |it| it.hours[0].windows.clear()),
        ("calendars[0]", "out of order", |it| it.hours[0].windows.reverse()),
        ("calendars[0]", "does not repeat", |it| it.hours[0].period = 0),
        ("work_centers[0]", "do not exist", |it| it.centers[0].hours = Some(4)),
        ("work_centers[0]", "windows", |it| it.centers[0].downtime = vec![(50_000_000, 50_000_001)]),
        ("jobs", "weights come to", |it| {
            (it.jobs[0].release, it.jobs) = (0, (0..6_000).map(|_| Job { weight: 1_000_000, release: 52_000_000, ..job("J", vec![operation(&[(1, 1)], &[])]) }).collect())
        }),
        ("jobs", "centuries", |it| (it.hours[0].windows, it.jobs[0].operations[0].modes[0].1) = (vec![(480, 481)], 1_000_000)),
        ("jobs[0].operations[0]", "closed", |it| it.jobs[0].operations[0].fixed = Some((0, 5))),
        ("jobs[1].operations[0]", "is fixed on the same work center", |it| {
            it.jobs[0].operations[0].fixed = Some((0, 480));
            it.jobs.push(job("K", vec![Operation { fixed: Some((0, 485)), ..operation(&[(0, 10)], &[]) }]));
        }),
    ];
    for (place, reason, change) in cases {
        let mut shop = problem(vec![Center { hours: Some(0), ..center("A") }, center("B")], vec![job("J", vec![operation(&[(0, 10)], &[]), operation(&[(1, 10)], &[(0, 0)])])]);
        shop.pools = vec![people("TIG", 0)];
        change(&mut shop);
        let fault = Instance::new(shop).expect_err(reason);
        assert!(fault.place.starts_with(place) && fault.reason.contains(reason), "{reason:?} at {place}: {fault}");
    }
}

#[test]
fn files_are_read_to_the_point_and_refused_with_the_place() {
    let text = r#"{"format":"shop-instance/1","name":"x","objective":"makespan","work_centers":[{"id":"A"}],"jobs":[{"operations":[{"modes":[[0,3]]},{"modes":[[0,0]]}]}]}"#;
    let problem = shop_file::read_instance(text).unwrap();
    assert_eq!(problem.jobs[0].operations[1].predecessors, [(0, 0)], "the default is the operation before");
    let instance = Instance::new(problem).unwrap();
    let solution = solve(&instance, &Options { steps: Some(10), ..Options::default() }, || false, |_| {});
    assert_eq!(solution.objective, 3);
    let written = shop_file::write_schedule(&instance, &solution.plan);
    assert_eq!(shop_file::read_schedule(&written, instance.problem()).unwrap(), slots(&solution.plan));
    let cases = [
        (text.replace("shop-instance/1", "shop-instance/9"), "instance.format"),
        (text.replace("[[0,3]]", "[[0]]"), "jobs[0].operations[0].modes[0]: "),
        (text.replace("makespan", "glory"), "objective"),
        (text.replace(r#"{"id":"A"}"#, r#"{"id":"A","calendar":"none"}"#), "work_centers[0].calendar"),
        (text.replace(r#""modes":[[0,3]]"#, r#""modes":[[0,3]],"pool":"TIG""#), "jobs[0].operations[0].pool"),
        ("no json".to_owned(), "instance: "),
        (String::new(), "instance: "),
        (text.replace("makespan", r#"span \" {[,"#), "objective: "),
        (text.replace(r#""name":"x""#, r#""name":["#), "name"),
    ];
    for (text, place) in cases {
        let fault = shop_file::read_instance(&text).expect_err(place);
        assert!(fault.to_string().starts_with(place), "{place:?}: {fault}");
    }
}

#[test]
fn open_time_is_the_same_by_windows_and_by_minutes() {
    let hours = Hours {
        id: "h".into(),
        period: DAY,
        windows: vec![(0, 300), (420, 700), (700, 900), (1_400, DAY)],
        closed: vec![(650, 720), (DAY, DAY + 500), (3 * DAY - 10, 3 * DAY + 10)],
    };
    let downtime = [(100, 200), (2 * DAY + 430, 2 * DAY + 440)];
    let calendar = calendar::Calendar::compile(Some(&hours), &downtime).unwrap();
    let within = |spans: &[(i32, i32)], at: i32| spans.iter().any(|(from, to)| (*from..*to).contains(&at));
    let open = |at: i32| within(&hours.windows, at % DAY) && !within(&hours.closed, at) && !within(&downtime, at);
    for at in (0..8 * DAY).step_by(7) {
        assert_eq!(calendar.is_open(at), open(at), "{at}");
        let start = (at..).find(|at| open(*at)).unwrap();
        for minutes in [1, 60, 500] {
            let end = (start..).filter(|at| open(*at)).nth(minutes - 1).unwrap() + 1;
            assert_eq!(calendar.place(at, minutes as i32, true), (start, end), "{at} + {minutes}");
            assert_eq!(calendar.advance(at, minutes as i32), (end..).find(|at| open(*at)).unwrap(), "{at} + {minutes}");
            assert_eq!(calendar.open_between(at, end), minutes as i32);
            assert!(calendar.has_between(at, end, minutes as i32) && !calendar.has_between(at, end, minutes as i32 + 1));
        }
        let (start, end) = calendar.place(at, 200, false);
        assert!(end - start == 200 && (start..end).all(open), "{at}");
    }
    assert!(calendar.holds(480) && !calendar.holds(481));
}

/// The public instances beside the repository, where they are.
fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MILLWRIGHT_SHARED").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    Some(root.join("data/scheduling").join(folder)).filter(|folder| folder.is_dir())
}

#[test]
fn every_public_instance_is_planned_soundly_under_random_stops() {
    let mut random = Random::new(11);
    for folder in ["classic", "sheet"] {
        let Some(folder) = shared(folder) else {
            eprintln!("skipped: the scheduling instances are not beside the repository (or at MILLWRIGHT_SHARED)");
            return;
        };
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        let mut files: Vec<PathBuf> = files.collect();
        files.sort();
        assert!(files.len() >= 5);
        for file in files {
            let instance = Instance::new(shop_file::read_instance(&std::fs::read_to_string(&file).unwrap()).unwrap()).unwrap();
            let solution = solve(&instance, &Options { threads: 2, ..Options::default() }, after(random.below(400)), |_| {});
            assert_sound(&instance, &solution.plan, &instance.problem().name);
        }
    }
}

#[test]
fn whatever_a_person_moves_the_plan_stays_sound_and_a_refusal_names_a_place_that_does() {
    let (mut moved, mut refused) = (0, 0);
    for seed in 0..12 {
        let instance = Instance::new(shop(seed, 20)).unwrap();
        let mut random = Random::new(seed + 100);
        let mut plan = solve(&instance, &Options { steps: Some(50), ..Options::default() }, || false, |_| {}).plan;
        let held: Vec<bool> = (0..instance.len()).map(|_| random.percent(10)).collect();
        for _ in 0..40 {
            let operation = random.below(instance.len());
            let other = random.below(instance.len());
            let wish = Wish { operation, center: plan.slots[other].center as usize, from: plan.slots[other].start, exact: random.percent(50) };
            let wish = match relocate(&instance, &plan, &held, &wish) {
                Ok(_) => wish,
                Err(Refused { nearest: None, .. }) => continue,
                Err(Refused { nearest: Some(slot), .. }) => {
                    refused += 1;
                    Wish { center: slot.center as usize, from: slot.start, exact: true, ..wish }
                }
            };
            let after = relocate(&instance, &plan, &held, &wish).expect("the nearest place does");
            assert_sound(&instance, &after, &format!("shop {seed}, {wish:?}"));
            let to = after.slots[operation];
            assert!(to.center as usize == wish.center && (to.start == wish.from || !wish.exact && to.start > wish.from));
            for (at, (was, is)) in plan.slots.iter().zip(&after.slots).enumerate() {
                assert!(at == operation || (is.center == was.center && is.start >= was.start && (is == was || !held[at])), "shop {seed}: {at} from {was:?} to {is:?}");
            }
            moved += 1;
            plan = after;
        }
    }
    assert!(moved > 200 && refused > 50, "{moved} moves, {refused} refusals");
}

#[test]
fn a_refused_move_says_what_stands_in_the_way() {
    let mut shop = problem(
        vec![Center { hours: Some(0), ..center("A") }, center("B")],
        vec![job("J", vec![operation(&[(0, 60)], &[]), operation(&[(1, 30)], &[(0, 10)])]), job("K", vec![operation(&[(0, 60)], &[])]), job("L", vec![operation(&[(1, 30)], &[])])],
    );
    shop.pools = vec![people("TIG", 1)];
    shop.jobs[0].operations[1].pools = vec![0];
    shop.jobs[2].release = 100;
    let instance = Instance::new(shop).unwrap();
    let at = |center, start, end| Slot { center, start, end };
    let plan = Plan { slots: vec![at(0, 480, 540), at(1, 550, 580), at(0, 540, 600), at(1, 600, 630)] };
    assert_sound(&instance, &plan, "by hand");
    let ask = |held: &[usize], operation, center, from| {
        let held: Vec<bool> = (0..4).map(|at| held.contains(&at)).collect();
        relocate(&instance, &plan, &held, &Wish { operation, center, from, exact: true })
    };
    let refusal = |obstacle, nearest| Err(Refused { obstacle, nearest: Some(nearest) });
    assert_eq!(ask(&[], 0, 1, 480), refusal(Obstacle::NotEligible, at(0, 480, 540)));
    assert_eq!(ask(&[], 1, 1, 500), refusal(Obstacle::After { operation: 0 }, at(1, 550, 580)));
    assert_eq!(ask(&[], 3, 1, 50), refusal(Obstacle::Release, at(1, 100, 130)));
    assert_eq!(ask(&[], 2, 0, 970), refusal(Obstacle::Closed, at(0, DAY + 480, DAY + 540)));
    assert_eq!(ask(&[2], 0, 0, 560), refusal(Obstacle::Behind { operation: 2 }, at(0, 600, 660)));
    assert_eq!(ask(&[1], 0, 0, 490), refusal(Obstacle::Before { operation: 1 }, at(0, 480, 540)));
    // What is not held moves on, and what waits for it with it.
    let pushed = ask(&[], 2, 0, 480).unwrap();
    assert_eq!(pushed.slots, [at(0, 540, 600), at(1, 610, 640), at(0, 480, 540), at(1, 640, 670)]);
}

#[test]
fn what_is_kept_stays_where_it_was_whatever_is_planned_anew() {
    let (mut wanted_in_all, mut kept_in_all) = (0, 0);
    for seed in 0..12 {
        let instance = Instance::new(shop(seed, 20)).unwrap();
        let before = solve(&instance, &Options { steps: Some(20), ..Options::default() }, || false, |_| {}).plan;
        let wanted: Vec<Option<Slot>> = before.slots.iter().map(|slot| (slot.start < 600).then_some(*slot)).collect();
        let kept = keepable(&instance, &wanted);
        wanted_in_all += wanted.iter().flatten().count();
        kept_in_all += kept.iter().flatten().count();
        let keeping = instance.keeping(&kept).unwrap();
        let plan = solve(&keeping, &Options { steps: Some(100), seed: seed + 1, ..Options::default() }, || false, |_| {}).plan;
        // Sound by the rules of the problem in which nothing is fixed: keeping excuses nothing.
        assert_sound(&instance, &plan, &format!("shop {seed}"));
        kept.iter().zip(&plan.slots).filter_map(|(kept, slot)| kept.map(|kept| (kept, *slot))).for_each(|(kept, slot)| assert_eq!(kept, slot));
    }
    assert!(kept_in_all == wanted_in_all && kept_in_all > 100, "{kept_in_all} of {wanted_in_all} places are kept");
}

#[test]
fn a_plan_that_the_floor_has_left_is_carried_on_in_turn() {
    for seed in 0..12 {
        let instance = Instance::new(shop(seed, 20)).unwrap();
        let mut random = Random::new(seed);
        let plan = solve(&instance, &Options { steps: Some(20), ..Options::default() }, || false, |_| {}).plan;
        assert_eq!(carry_on(&instance, &slots(&plan)), plan, "shop {seed}: what fits stays");
        // Some of it should have begun long ago, some has no place yet.
        let late: Vec<Option<Slot>> = plan.slots.iter().map(|slot| (!random.percent(10)).then(|| Slot { start: slot.start - random.below(300) as i32, ..*slot })).collect();
        let carried = carry_on(&instance, &late);
        assert_sound(&instance, &carried, &format!("shop {seed}"));
        late.iter().zip(&carried.slots).filter_map(|(was, is)| Some(((*was)?, is))).for_each(|(was, is)| assert!(is.center == was.center && is.start >= was.start));
    }
}

/// Whether the independent checker accepts a plan; `None` where there is no Python to run it.
fn accepted_by_checker(checker: &Path, file: &Path, instance: &Instance, plan: &Plan) -> Option<Result<(), String>> {
    let folder = tempfile::tempdir().unwrap();
    let schedule = folder.path().join("schedule.json");
    std::fs::write(&schedule, shop_file::write_schedule(instance, plan)).unwrap();
    let python = std::env::var("MILLWRIGHT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ran = std::process::Command::new(python).arg(checker).arg(file).arg(&schedule).output().ok()?;
    Some(if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stdout).into_owned()) })
}

#[test]
fn the_independent_checker_accepts_plans_of_every_family_stopped_at_any_moment() {
    let Some(root) = shared("") else {
        eprintln!("skipped: the scheduling instances are not beside the repository (or at MILLWRIGHT_SHARED)");
        return;
    };
    let mut random = Random::new(23);
    for name in ["ft06", "la21_rdata", "mk03", "dpp01a", "behnke_sm02_2", "orb01-twt1.3", "mk01-sdst", "sm-50-p2"] {
        let folder = if name.starts_with("sm-") { "sheet" } else { "classic" };
        let file = root.join(folder).join(format!("{name}.json"));
        let instance = Instance::new(shop_file::read_instance(&std::fs::read_to_string(&file).unwrap()).unwrap()).unwrap();
        let solution = solve(&instance, &Options { seed: 5, ..Options::default() }, after(random.below(300)), |_| {});
        match accepted_by_checker(&root.join("verify.py"), &file, &instance, &solution.plan) {
            None => return eprintln!("skipped: there is no python3 (or MILLWRIGHT_PYTHON) to run the checker"),
            Some(answer) => assert_eq!(answer, Ok(()), "{name}"),
        }
    }
}

#[test]
fn one_more_hour_is_worth_what_it_saves() {
    let mut shop = problem(vec![Center { hours: Some(0), ..center("WELD") }], Vec::new());
    // The day shift has 450 minutes: the second job ends the next morning, and is late by the night.
    let work = |minutes| vec![operation(&[(0, minutes)], &[])];
    shop.jobs = vec![Job { due: Some(960), ..job("FIRST", work(400)) }, Job { due: Some(1_080), weight: 3, ..job("SECOND", work(100)) }];
    let instance = Instance::new(shop).unwrap();
    let at = |start, end| Slot { center: 0, start, end };
    let plan = Plan { slots: vec![at(480, 910), at(910, DAY + 530)] };
    assert_sound(&instance, &plan, "by hand");
    let worth = Worth::of(&instance, &plan);
    assert_eq!(worth.late(), 3 * i64::from(DAY + 530 - 1_080));
    assert_eq!(worth.relief(0, 960, 1_020), Relief { saved: worth.late(), jobs: vec![1] });
    // While it is open anyway an hour more is worth nothing, and so is one after everything is done.
    assert_eq!([worth.relief(0, 500, 560).saved, worth.relief(0, 30, 20).saved], [0, 0]);
}

#[test]
fn what_waits_behind_what_is_fixed_is_served_though_nothing_else_happens_there() {
    for start in [0, 200] {
        let fixed = Operation { fixed: Some((0, start)), ..operation(&[(0, 60)], &[]) };
        let instance =
            Instance::new(problem(vec![center("A")], vec![job("J", vec![fixed]), job("K", vec![operation(&[(0, 60)], &[])]), job("L", vec![operation(&[(0, 90)], &[])])])).unwrap();
        let plan = solve(&instance, &Options::default(), || true, |_| {}).plan;
        assert_sound(&instance, &plan, &format!("fixed at {start}"));
        assert!(plan.slots[1..].iter().all(|slot| slot.end <= 60 + 60 + 90), "fixed at {start}: {:?}", plan.slots);
    }
}
