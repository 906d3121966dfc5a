//! What machines told, as DuckDB reads it: every sample is there once with its job, and the rollups are
//! what DuckDB itself makes of the samples, and what the plant answers.
//! Skipped, and it says so, where no Python with DuckDB is at hand.

use std::collections::BTreeMap;

use super::duckdb::Site;
use super::*;

/// Machine, metric and hour.
type Hour = (String, String, String);

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

#[test]
fn duckdb_makes_of_the_samples_what_the_rollups_say_and_the_plant_answers() {
    let start = time(START);
    let end = start.plus(Duration::from_secs(2 * 86_400 + 5_000));
    let site = Site::told(|| lived_telling("Küchenwerk", &Plan { seed: 11, start, end }, true));
    let Some((site, lane)) = site else { return };
    let lane = lane.unwrap();
    let far = end.plus(Duration::from_secs(86_400));
    let mut samples = 0;
    let mut hourly: BTreeMap<Hour, (u64, f64, f64, f64)> = BTreeMap::new();
    for series in lane.series() {
        samples += lane.raw(series.id, time("2026-01-01T00:00:00Z"), far, usize::MAX).unwrap().0.len();
        for it in lane.rolled(series.id, time("2026-03-01T00:00:00Z"), far, Duration::from_secs(3_600)).unwrap().into_iter().filter(|it| it.count > 0) {
            let at = it.at.to_string()[..13].replace('T', " ");
            hourly.insert((series.machine.clone(), series.metric.clone(), at), (it.count, it.sum, it.min.unwrap(), it.max.unwrap()));
        }
    }
    assert!(samples > 100_000 && hourly.len() > 5_000, "{samples} samples, {} hours", hourly.len());
    let of_raw = "SELECT machine_id, metric_name, strftime(time, '%Y-%m-%d %H') AS h, count(value), sum(value), min(value), max(value) FROM machine_metrics WHERE value IS NOT NULL GROUP BY ALL";
    let of_rollups =
        "SELECT machine_id, metric_name, strftime(time, '%Y-%m-%d %H') AS h, sample_count, sum_value, min_value, max_value FROM machine_metrics_hourly WHERE sample_count > 0";
    let of_minutes = "SELECT machine_id, metric_name, strftime(time, '%Y-%m-%d %H') AS h, sum(sample_count), sum(sum_value), min(min_value), max(max_value) FROM machine_metrics_1m WHERE sample_count > 0 GROUP BY ALL";
    let whole_hours = "SELECT count(*), sum(CAST(abs(s - 3600) > 0.001 AS INT)) FROM (SELECT sum(state_seconds) AS s FROM machine_metrics_hourly WHERE metric_name = 'execution' GROUP BY machine_id, time)";
    let jobs = "SELECT count(*) FROM machine_metrics m ASOF LEFT JOIN (SELECT machine_id, time, text_value FROM machine_metrics WHERE metric_name = 'job_id') j \
                ON m.machine_id = j.machine_id AND m.time >= j.time WHERE m.job_id IS DISTINCT FROM j.text_value";
    let queries: Vec<String> =
        ["SELECT count(*) FROM machine_metrics", of_raw, of_rollups, of_minutes, whole_hours, jobs, "SELECT count(*) FROM machine_metrics WHERE job_id IS NOT NULL"]
            .map(str::to_owned)
            .to_vec();
    let answers = site.ask(&queries);
    let number = |cell: &Option<String>| cell.as_deref().unwrap().parse::<f64>().unwrap();
    assert_eq!(number(&answers[0][0][0]), f64::from(u32::try_from(samples).unwrap()));
    for (rows, what) in answers[1..4].iter().zip(["samples", "hours", "minutes"]) {
        assert_eq!(rows.len(), hourly.len(), "{what}");
        for row in rows {
            let text = |at: usize| row[at].clone().unwrap();
            let (count, sum, min, max) = hourly[&(text(0), text(1), text(2))];
            let told = [number(&row[3]), number(&row[4]), number(&row[5]), number(&row[6])];
            let wanted = [f64::from(u32::try_from(count).unwrap()), sum, min, max];
            assert!(told.iter().zip(wanted).all(|(told, wanted)| near(*told, wanted)), "{what}: {row:?} and not {wanted:?}");
        }
    }
    // A control says what it does from its first shift to its last; then it is switched off.
    let (hours, broken) = (number(&answers[4][0][0]), number(&answers[4][0][1]));
    assert!(hours > 500.0 && broken < hours / 3.0, "{broken} of {hours} hours of execution are not whole");
    assert_eq!(number(&answers[5][0][0]), 0.0, "samples with another job than their machine's");
    assert!(number(&answers[6][0][0]) > 10_000.0);
    lane.stop();
}
