//! The lane as its users see it: what was acknowledged is there, once, however it came, sealed or not,
//! before and after a start; figures agree with a naive count of the samples.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::base::{Code, Refusal, Time};
use crate::model::telemetry::{Measure, Reading, Sample, SeriesId};
use crate::store::TelemetryFile;
use crate::store::telemetry_file::Shelf;

const HOUR: i64 = 3_600_000_000;
/// A whole hour of 2026.
const START: i64 = 1_790_000_000_000_000 / HOUR * HOUR;

/// A lane whose clock a test moves.
struct Plant {
    lane: Lane,
    now: Arc<AtomicI64>,
    full: Arc<AtomicBool>,
}

fn open(folder: Option<&Path>, now: i64) -> Plant {
    let clock = Arc::new(AtomicI64::new(now));
    let reading = Arc::clone(&clock);
    let (file, opened) = folder.map_or_else(TelemetryFile::in_memory, |folder| TelemetryFile::open(&folder.join("telemetry.redb"))).unwrap();
    let full = Arc::new(AtomicBool::new(false));
    let disk = Arc::clone(&full);
    let room = move || if disk.load(Ordering::SeqCst) { Err(Refusal::new(Code::NoSpace, "the disk is full")) } else { Ok(()) };
    let lane = Lane::over((Arc::new(file), opened), Box::new(move || Time::from_micros(reading.load(Ordering::SeqCst))), Box::new(room)).unwrap();
    Plant { lane, now: clock, full }
}

impl Plant {
    fn series(&self, machine: &str, metric: &str, measure: Measure) -> SeriesId {
        self.lane.intake().series(Identity { machine, metric, measure, unit: None, department: None }).unwrap()
    }

    fn put(&self, samples: Vec<Sample>) -> Receipt {
        self.lane.intake().put_wait(Batch { source: "test".to_owned(), samples, ..Batch::default() }).unwrap()
    }

    fn sealed(&self) {
        let begun = Instant::now();
        while self.lane.unsealed() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} samples are not sealed", self.lane.unsealed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn all(&self, series: SeriesId) -> Vec<(i64, Reading)> {
        let (samples, more) = self.lane.raw(series, Time::from_micros(0), Time::from_micros(i64::MAX), 1_000_000).unwrap();
        assert!(!more);
        samples.into_iter().map(|(at, value)| (at.micros(), value)).collect()
    }
}

fn number(series: SeriesId, micros: i64, value: f64) -> Sample {
    Sample { series, at: Time::from_micros(micros), value: Reading::Number(value) }
}

fn text(series: SeriesId, micros: i64, value: &str) -> Sample {
    Sample { series, at: Time::from_micros(micros), value: Reading::Text(value.into()) }
}

#[test]
fn what_is_acknowledged_is_there_once_sealed_or_not_and_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = open(Some(folder.path()), START + HOUR / 2);
    let (power, state) = (plant.series("LASER-1", "power", Measure::Number), plant.series("LASER-1", "state", Measure::Text));
    let first: Vec<Sample> = (0..1_000)
        .flat_map(|at| {
            [number(power, START + at * 1_000_000, 1.0 + f64::from(u32::try_from(at % 9).unwrap())), text(state, START + at * 1_000_000, if at < 500 { "ACTIVE" } else { "IDLE" })]
        })
        .collect();
    assert_eq!(plant.put(first.clone()), Receipt { stored: 2_000, ..Receipt::default() });
    assert_eq!(plant.put(first.clone()), Receipt { repeated: 2_000, ..Receipt::default() });
    let wanted: Vec<(i64, Reading)> = first.iter().filter(|it| it.series == power).map(|it| (it.at.micros(), it.value.clone())).collect();
    assert_eq!(plant.all(power), wanted);

    drop_and_open(&mut plant, folder.path(), START + HOUR / 2);
    assert_eq!((plant.lane.unsealed(), plant.all(power)), (2_000, wanted.clone()));
    assert_eq!(plant.lane.last().len(), 2);

    plant.now.store(START + 2 * HOUR, Ordering::SeqCst);
    plant.sealed();
    assert_eq!(plant.all(power), wanted);
    // Late, out of order, and again: what is sealed takes it in once.
    let late = [number(power, START + 500_000, 77.0), number(power, START - 7_000_000, 5.0), number(power, START, 1.0)];
    plant.put(late.to_vec());
    plant.sealed();
    let mut wanted = wanted;
    wanted.insert(1, (START + 500_000, Reading::Number(77.0)));
    wanted.insert(0, (START - 7_000_000, Reading::Number(5.0)));
    assert_eq!(plant.all(power), wanted);

    drop_and_open(&mut plant, folder.path(), START + 3 * HOUR);
    assert_eq!((plant.lane.unsealed(), plant.all(power)), (0, wanted));
    let last: BTreeMap<SeriesId, Reading> = plant.lane.last().into_iter().map(|it| (it.series, it.value)).collect();
    assert_eq!(last[&state], Reading::Text("IDLE".into()));
    assert_eq!(last[&power], Reading::Number(1.0));
    plant.lane.stop();
}

fn drop_and_open(plant: &mut Plant, folder: &Path, now: i64) {
    plant.lane.stop();
    // The old lane holds the file until it is gone.
    *plant = open(None, now);
    *plant = open(Some(folder), now);
}

#[test]
fn a_cursor_goes_with_its_samples() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = open(Some(folder.path()), START);
    let series = plant.series("MILL-1", "load", Measure::Number);
    assert_eq!(plant.lane.intake().cursor("mill").unwrap(), None);
    let batch = Batch { source: "mill".to_owned(), samples: vec![number(series, START, 1.0)], cursor: Some(b"17".to_vec()), ..Batch::default() };
    plant.lane.intake().put_wait(batch).unwrap();
    drop_and_open(&mut plant, folder.path(), START);
    assert_eq!(plant.lane.intake().cursor("mill").unwrap(), Some(b"17".to_vec()));
}

#[test]
fn what_cannot_be_believed_is_kept_aside_with_its_reason() {
    let plant = open(None, START);
    let series = plant.series("MILL-1", "load", Measure::Number);
    let samples = vec![
        number(series, START, f64::NAN),
        number(series, START, f64::INFINITY),
        number(series, START + HOUR, 1.0),
        number(series, START - 31 * 24 * HOUR, 2.0),
        number(series, START, 3.0),
    ];
    assert_eq!(plant.put(samples), Receipt { stored: 1, quarantined: 4, ..Receipt::default() });
    let aside = plant.lane.quarantined(10).unwrap();
    assert_eq!(aside.len(), 4);
    assert!(aside[0].why.contains("too long ago") && aside[1].why.contains("future") && aside[3].why.contains("finite"), "{aside:?}");
    let history = Batch { source: "replay".to_owned(), window: Window::History, samples: vec![number(series, START - 31 * 24 * HOUR, 2.0)], ..Batch::default() };
    assert_eq!(plant.lane.intake().put_wait(history).unwrap().stored, 1);
    assert_eq!(plant.lane.last()[0].value, Reading::Number(3.0));
}

#[test]
fn a_series_keeps_its_measure_and_names_are_bounded() {
    let plant = open(None, START);
    plant.series("MILL-1", "load", Measure::Number);
    let refused = |machine: &str, metric: &str, measure| plant.lane.intake().series(Identity { machine, metric, measure, unit: None, department: None }).unwrap_err().to_string();
    assert!(refused("MILL-1", "load", Measure::Text).contains("holds numbers"));
    assert!(refused("", "load", Measure::Text).contains("machine"));
    assert!(refused("MILL-1", &"x".repeat(201), Measure::Text).contains("1 to 200 bytes"));
    assert!(refused("MILL-1", "a\nb", Measure::Text).contains("control characters"));
}

#[test]
fn a_full_disk_refuses_samples_and_takes_them_again_when_there_is_room() {
    let plant = open(None, START);
    let series = plant.series("MILL-1", "load", Measure::Number);
    let batch = || Batch { source: "test".to_owned(), samples: vec![number(series, START, 1.0)], ..Batch::default() };
    for (full, wanted) in [(false, None), (true, Some(Code::NoSpace)), (false, None)] {
        plant.full.store(full, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(600));
        assert_eq!(plant.lane.intake().put_wait(batch()).err().map(|refusal| refusal.code), wanted);
    }
}

/// What a naive reader makes of samples in a stretch.
fn naive(samples: &[(i64, f64)], from: i64, to: i64) -> (u64, f64, f64, f64) {
    let inside = samples.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, value)| *value);
    inside.fold((0, 0.0, f64::INFINITY, f64::NEG_INFINITY), |(count, sum, min, max), value| (count + 1, sum + value, min.min(value), max.max(value)))
}

#[test]
fn steps_come_to_what_a_naive_count_says_across_sealed_and_open_hours() {
    let plant = open(None, START + 5 * HOUR);
    let series = plant.series("PUNCH-1", "tonnage", Measure::Number);
    let mut samples: Vec<(i64, f64)> = Vec::new();
    // Seven hours, every 7.3 seconds; the last two hours are not over.
    let mut at = START - HOUR;
    while at < START + 6 * HOUR {
        samples.push((at, ((at / 1_000_003) % 97) as f64 / 8.0));
        at += 7_300_000;
    }
    plant.now.store(START + 6 * HOUR, Ordering::SeqCst);
    plant.put(samples[..2_900].iter().map(|(at, value)| number(series, *at, *value)).collect());
    let begun = Instant::now();
    while plant.lane.unsealed() > 1_000 && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    plant.put(samples[2_900..].iter().map(|(at, value)| number(series, *at, *value)).collect());
    for (from, to, minutes) in [
        (START - HOUR, START + 6 * HOUR, 60_u32),
        (START - 1_800_000_000, START + 5 * HOUR + 1_000_000, 60),
        (START, START + 6 * HOUR, 15),
        (START + 1, START + 3 * HOUR, 1),
        (START - HOUR, START + 6 * HOUR, 1_440),
        (START - HOUR, START + 6 * HOUR, 90),
    ] {
        let step = i64::from(minutes) * 60_000_000;
        let buckets = plant.lane.rolled(series, Time::from_micros(from), Time::from_micros(to), Duration::from_secs(u64::from(minutes) * 60)).unwrap();
        let mut counted = 0;
        for bucket in &buckets {
            let begin = bucket.at.micros();
            assert_eq!(begin % step, 0);
            let (count, sum, min, max) = naive(&samples, begin.max(from), (begin + step).min(to));
            assert_eq!((bucket.count, bucket.min, bucket.max), (count, Some(min), Some(max)), "step {minutes} from {from}");
            assert!((bucket.sum - sum).abs() < 1e-6);
            counted += count;
        }
        assert_eq!(counted, naive(&samples, from, to).0);
    }
}

#[test]
fn how_long_a_state_held_adds_up_to_the_time_that_passed() {
    let plant = open(None, START + 10 * HOUR);
    let series = plant.series("WELD-1", "state", Measure::Text);
    let told =
        [(START - 5 * HOUR, "IDLE"), (START + 600_000_000, "ACTIVE"), (START + 900_000_000, "ACTIVE"), (START + 4 * HOUR + 60_000_000, "IDLE"), (START + 9 * HOUR, "ACTIVE")];
    plant.put(told.iter().map(|(at, state)| text(series, *at, state)).collect());
    for sealed in [false, true] {
        if sealed {
            plant.now.store(START + 13 * HOUR, Ordering::SeqCst);
            plant.sealed();
        }
        for minutes in [60_u64, 30, 1_440] {
            let buckets = plant.lane.rolled(series, Time::from_micros(START), Time::from_micros(START + 8 * HOUR), Duration::from_secs(minutes * 60)).unwrap();
            let mut sums: BTreeMap<String, i64> = BTreeMap::new();
            for bucket in &buckets {
                bucket.held_ms.iter().for_each(|(state, ms)| *sums.entry(state.to_string()).or_default() += ms);
                let whole: i64 = bucket.held_ms.iter().map(|(_, ms)| ms).sum();
                assert!(minutes == 1_440 || whole == i64::try_from(minutes * 60_000).unwrap(), "{bucket:?}");
            }
            assert_eq!(
                (sums["ACTIVE"], sums["IDLE"]),
                (4 * 3_600_000 + 60_000 - 600_000, 8 * 3_600_000 - (4 * 3_600_000 + 60_000 - 600_000)),
                "sealed {sealed}, {minutes} minutes"
            );
        }
    }
    // Absence ends what held.
    plant
        .lane
        .intake()
        .put_wait(Batch { source: "test".to_owned(), samples: vec![Sample { series, at: Time::from_micros(START + 10 * HOUR), value: Reading::Unavailable }], ..Batch::default() })
        .unwrap();
    let buckets = plant.lane.rolled(series, Time::from_micros(START + 9 * HOUR), Time::from_micros(START + 13 * HOUR), Duration::from_secs(3_600)).unwrap();
    assert_eq!(buckets.iter().map(|it| it.held_ms.iter().map(|(_, ms)| ms).sum::<i64>()).collect::<Vec<_>>(), [3_600_000, 0]);
}

#[test]
fn a_step_is_whole_minutes_and_not_endless() {
    let plant = open(None, START);
    let series = plant.series("WELD-1", "gas", Measure::Number);
    let ask = |from, to, seconds| plant.lane.rolled(series, Time::from_micros(from), Time::from_micros(to), Duration::from_secs(seconds)).unwrap_err().to_string();
    assert!(ask(0, START, 59).contains("whole minutes") && ask(0, START, 90).contains("whole minutes"));
    assert!(ask(0, START, 60).contains("longer step"));
}

#[test]
fn samples_are_kept_for_thirteen_months_and_what_their_hours_come_to_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = open(Some(folder.path()), START);
    let series = plant.series("SAW-1", "load", Measure::Number);
    let old = START - 410 * 24 * HOUR;
    let samples: Vec<Sample> = (0..60).map(|at| number(series, old + at * 60_000_000, 2.0)).chain([number(series, START - 2 * HOUR, 5.0)]).collect();
    plant.lane.intake().put_wait(Batch { source: "test".to_owned(), window: Window::History, samples, ..Batch::default() }).unwrap();
    plant.sealed();
    drop_and_open(&mut plant, folder.path(), START);
    let begun = Instant::now();
    while plant.all(series).len() > 1 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} samples are there still", plant.all(series).len());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(plant.all(series), [(START - 2 * HOUR, Reading::Number(5.0))]);
    let hours = plant.lane.rolled(series, Time::from_micros(old), Time::from_micros(START), Duration::from_secs(3_600)).unwrap();
    assert_eq!(hours.iter().map(|it| (it.count, it.sum)).collect::<Vec<_>>(), [(60, 120.0), (1, 5.0)]);
}

#[test]
fn hours_written_since_the_lake_was_shown_are_named_through_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let plant = open(Some(folder.path()), START + 10 * HOUR + 1);
    let series = plant.series("mill", "power", Measure::Number);
    plant.put(vec![number(series, START, 1.0)]);
    assert_eq!(plant.lane.changed_hours(), None, "nobody was shown anything yet");
    plant.lane.shown(Time::from_micros(START + 10 * HOUR)).unwrap();
    assert_eq!(plant.lane.changed_hours(), Some(BTreeSet::new()));
    let hour = |after: i64| u32::try_from(START / HOUR + after).unwrap();
    plant.put(vec![number(series, START + 3 * HOUR, 1.0), number(series, START + 10 * HOUR, 1.0)]);
    plant.lane.stop();
    drop(plant);
    // Stopped before anybody looked, sealed meanwhile.
    let plant = open(Some(folder.path()), START + 10 * HOUR + 2);
    assert_eq!(plant.lane.changed_hours(), Some([hour(3), hour(10)].into()));
    // Not told that it was shown, it is named again, with what came since.
    plant.put(vec![number(series, START + 5 * HOUR, 1.0)]);
    assert_eq!(plant.lane.changed_hours(), Some([hour(3), hour(5), hour(10)].into()));
    plant.put(vec![number(series, START + 3 * HOUR + 1, 1.0)]);
    plant.lane.shown(Time::from_micros(START + 10 * HOUR + 2)).unwrap();
    plant.lane.stop();
    drop(plant);
    let plant = open(Some(folder.path()), START + 10 * HOUR + 3);
    assert_eq!(plant.lane.changed_hours(), Some([hour(3), hour(10)].into()), "the running hour goes on, and the third was written again");
    plant.lane.stop();
}

#[test]
fn series_that_tell_once_a_day_cost_their_bytes_and_no_page_each() {
    let folder = tempfile::tempdir().unwrap();
    let plant = open(Some(folder.path()), START);
    // A thousand meters of ten figures, each read once a day at a minute of its own.
    let series: Vec<SeriesId> = (0..10_000).map(|at| plant.series(&format!("METER-{:03}", at / 10), &format!("figure-{}", at % 10), Measure::Number)).collect();
    let days = 4;
    for day in 0..days {
        let at = |place: usize| START + (day * 24 + i64::try_from(place / 10 % 24).unwrap()) * HOUR + i64::try_from(place).unwrap() * 1_000;
        let samples: Vec<Sample> = series.iter().enumerate().map(|(place, series)| number(*series, at(place), 100.0 + place as f64 / 8.0)).collect();
        plant.now.store(START + (day + 1) * 24 * HOUR, Ordering::SeqCst);
        assert_eq!(plant.put(samples), Receipt { stored: 10_000, ..Receipt::default() });
    }
    plant.now.store(START + (days + 2) * 24 * HOUR, Ordering::SeqCst);
    plant.sealed();
    assert_eq!(plant.all(series[4_711]).len(), usize::try_from(days).unwrap());
    let mut bytes = BTreeMap::new();
    let snapshot = plant.lane.shared.file.read().unwrap();
    for machine in plant.lane.shared.registry.machines().into_keys() {
        for shelf in [Shelf::Hours, Shelf::HourRollups] {
            let sum = bytes.entry(format!("{shelf:?}")).or_insert(0);
            // Ten bytes of a key beside each value.
            snapshot
                .shelved(shelf, machine, 0, u32::MAX, |_, value| {
                    *sum += value.len() + 10;
                    Ok(())
                })
                .unwrap();
        }
    }
    let each = |shelf: &str| bytes[shelf] as f64 / (10_000 * days) as f64;
    assert!(each("Hours") < 25.0 && each("HourRollups") < 70.0, "{} and {} bytes a sample", each("Hours"), each("HourRollups"));
    drop(snapshot);
    plant.lane.stop();
}
