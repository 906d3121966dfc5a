//! The lake of a running plant is kept up with it: what did not change stays as it is, and after each
//! time it is what an export of the whole plant would be.

use std::time::SystemTime;

use millwright::followers::lake::Lake;
use millwright::model::Noun;
use millwright::model::telemetry::{Measure, Reading, Sample};
use millwright::telemetry::{Batch, Identity};

use super::*;

/// Files of the plant's tables without those of telemetry, whose running day is cut by hours.
fn of_records(folder: &Path) -> BTreeMap<PathBuf, Digest> {
    tree(folder).into_iter().filter(|(path, _)| !path.starts_with("machine_metrics") && path.extension().is_some_and(|it| it == "parquet")).collect()
}

fn written(folder: &Path, part: &str) -> BTreeMap<PathBuf, SystemTime> {
    let paths = tree(folder).into_keys().filter(|path| path.to_string_lossy().contains(part));
    paths.map(|path| (path.clone(), std::fs::metadata(folder.join(&path)).unwrap().modified().unwrap())).collect()
}

fn whole(plant: &Plant, lane: Option<&Lane>, out: &Path) -> Manifest {
    lake::export(&plant.engine, lane, out, &mut |_, _| {}).unwrap().0
}

#[test]
fn only_the_months_in_which_something_changed_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fresh) = (folder.path().join("lake"), folder.path().join("fresh"));
    let plant = Plant::new();
    plant.all([receive("S1", "500")]);
    let order = plant.running(50);
    let lake = Lake::new(plant.engine.clone(), None, out.clone());
    lake.refresh().unwrap();
    let before = of_records(&out);
    plant.clock.advance(Duration::from_secs(40 * 86_400));
    plant.all([receive("S2", "7"), order_for(1, 5)]);
    let old_lots: Vec<PathBuf> = before.keys().filter(|path| path.starts_with("lots")).cloned().collect();
    let at = |path: &PathBuf| std::fs::metadata(out.join(path)).unwrap().modified().unwrap();
    let lots_written = at(&old_lots[0]);
    let (manifest, _) = lake.refresh().unwrap();
    assert_eq!(manifest, whole(&plant, None, &fresh));
    assert_eq!(of_records(&out), of_records(&fresh));
    assert_eq!((old_lots.len(), at(&old_lots[0])), (1, lots_written), "the first month's lots were written again");
    // A change of an old order, of steel that came long ago, and of master data.
    plant.all([hold(order), resume(order), issue(order, "S1", "2")]);
    plant.admin(update(Noun::Customer, 1, &[("customer_name", text("Acme Ltd"))])).unwrap();
    assert_eq!(lake.refresh().unwrap().0, whole(&plant, None, &fresh));
    assert_eq!(of_records(&out), of_records(&fresh));
    assert_ne!(at(&old_lots[0]), lots_written);
}

#[test]
fn a_simulated_plants_lake_is_its_export_however_often_it_was_kept_up() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fresh) = (folder.path().join("lake"), folder.path().join("fresh"));
    let plant = founded("Werk Nord", time(START));
    let lake = Lake::new(plant.engine.clone(), None, out.clone());
    let cast = Cast { planner: actor(Role::Planner), lead: actor(Role::Lead), operator: actor(Role::Operator), inspector: actor(Role::Inspector), manager: actor(Role::Manager) };
    let mut simulator: Simulator = master_data(&plant.engine, &cast, time(START)).unwrap();
    for day in 1..=3_u64 {
        let end = time(START).plus(Duration::from_secs(day * 86_400));
        plant.clock.advance(Duration::from_secs(86_400));
        simulator.catch_up(end, &mut |_, _| {}).unwrap();
        let (manifest, _) = lake.refresh().unwrap();
        assert_eq!(manifest.seq, plant.head().0);
    }
    let manifest = whole(&plant, None, &fresh);
    assert_eq!(lake.refresh().unwrap().0, manifest);
    assert_eq!(of_records(&out), of_records(&fresh));
}

#[test]
fn what_was_left_half_done_or_is_of_another_past_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fresh) = (folder.path().join("lake"), folder.path().join("fresh"));
    let plant = Plant::new();
    let lake = Lake::new(plant.engine.clone(), None, out.clone());
    let (manifest, _) = lake.refresh().unwrap();
    let file = out.join(&manifest.tables.iter().find(|table| table.table == "customers").unwrap().files[0].path);
    // Killed while files were moved: one is already newer than the manifest says.
    let stage = out.join(format!(".unfinished-{}", millwright::lake::plant_folder(&manifest.plant)));
    std::fs::create_dir_all(&stage).unwrap();
    std::fs::write(&file, "newer").unwrap();
    assert_eq!(lake.refresh().unwrap().0, whole(&plant, None, &fresh));
    assert_eq!(tree(&out), tree(&fresh));
    // Somebody took a file away.
    std::fs::remove_file(&file).unwrap();
    lake.refresh().unwrap();
    assert_eq!(tree(&out), tree(&fresh));
    // Another plant of the same name had its lake here.
    let other = Plant::new();
    other.all([receive("S9", "1")]);
    let theirs = Lake::new(other.engine.clone(), None, out.clone());
    theirs.refresh().unwrap();
    assert_eq!(lake.refresh().unwrap().0, manifest);
    assert_eq!(tree(&out), tree(&fresh));
}

#[test]
fn telemetry_is_written_by_hours_while_a_day_goes_on_and_late_samples_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fresh) = (folder.path().join("lake"), folder.path().join("fresh"));
    let plant = founded("Werk Nord", time("2026-04-01T00:00:00Z"));
    plant.clock.advance(Duration::from_secs(9 * 3_600 + 60));
    let lane = Lane::start(&plant.engine).unwrap();
    let power = lane.intake().series(Identity { machine: "LASER-1", metric: "power", measure: Measure::Number, unit: None, department: None }).unwrap();
    let state = lane.intake().series(Identity { machine: "LASER-1", metric: "execution", measure: Measure::Text, unit: None, department: None }).unwrap();
    let put = |at: &str, number: f64| {
        let samples = vec![Sample { series: power, at: time(at), value: Reading::Number(number) }, Sample { series: state, at: time(at), value: Reading::Text("ACTIVE".into()) }];
        lane.intake().put_wait(Batch { source: "test".to_owned(), samples, ..Batch::default() }).unwrap();
    };
    for hour in 0..9 {
        put(&format!("2026-04-01T{hour:02}:30:00Z"), f64::from(hour));
    }
    let lake = Lake::new(plant.engine.clone(), Some(lane.clone()), out.clone());
    lake.refresh().unwrap();
    let raw = written(&out, "machine_metrics/");
    assert_eq!(raw.len(), 9, "one file an hour: {raw:?}");
    // The hour goes on: only its file is new.
    put("2026-04-01T09:00:30Z", 9.0);
    lake.refresh().unwrap();
    let again = written(&out, "machine_metrics/");
    assert!(raw.iter().all(|(path, at)| again[path] == *at) && again.len() == 10, "{again:?}");
    // The day is over, and a machine that was away tells of yesterday.
    plant.clock.advance(Duration::from_secs(20 * 3_600));
    put("2026-04-01T12:00:00Z", 12.0);
    put("2026-04-02T05:00:00Z", 5.0);
    let (manifest, _) = lake.refresh().unwrap();
    let export = whole(&plant, Some(&lane), &fresh);
    let rows = |manifest: &Manifest| manifest.tables.iter().map(|table| (table.table, table.rows())).collect::<Vec<_>>();
    assert_eq!(rows(&manifest), rows(&export));
    let yesterday = |folder: &Path| tree(folder).into_iter().filter(|(path, _)| path.to_string_lossy().contains("day=01")).collect::<BTreeMap<_, _>>();
    assert_eq!(yesterday(&out), yesterday(&fresh));
    assert_eq!(yesterday(&out).len(), 4, "a file a table: {:?}", yesterday(&out));
    lane.stop();
}
