//! A scheduled letter goes out once, also where the journal cannot take down that it went.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use millwright::engine::clock::Clock;
use millwright::engine::{Engine, Options};
use millwright::followers::figures::{self, Figures};
use millwright::followers::reports::{self, Fate, Mailing};
use millwright::model::report::DeliveryState;
use millwright::model::{Noun, ReportSchedule};
use millwright::store::{Home, Store};
use tokio::sync::watch;

use super::in_folder;
use crate::plant::*;

/// Lets the plant's reports go out for a while; answers its schedule afterwards.
fn mailed(data: &std::path::Path, clock: &Clock, space_floor: u64, sent: &Arc<AtomicUsize>) -> ReportSchedule {
    let store = Store::open(Home::existing(data).unwrap()).unwrap();
    let plant = Plant { engine: Engine::start(store, Options { space_floor, ..options(clock) }).unwrap(), clock: clock.clone() };
    let sent = Arc::clone(sent);
    let mailing: Mailing = Arc::new(move |_| {
        sent.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Fate::Taken(Vec::new())) })
    });
    let (stop, stopping) = watch::channel(false);
    let figures = Figures::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.spawn(figures::run(plant.engine.clone(), figures.clone(), stopping.clone()));
    let reports = runtime.spawn(reports::run(plant.engine.clone(), figures, data.join("outbox"), mailing, stopping));
    std::thread::sleep(Duration::from_secs(5));
    stop.send_replace(true);
    runtime.block_on(reports).unwrap();
    let schedule = plant.get(1);
    plant.engine.stop();
    schedule
}

#[test]
fn a_letter_goes_out_once_though_the_disk_is_too_full_to_note_it() {
    let (folder, clock, plant) = in_folder();
    plant
        .admin(create(Noun::Connector, &[("connector_code", text("post")), ("protocol", text("smtp")), ("settings", text("host = \"post\"\nfrom = \"plant@plant.example\"\n"))]))
        .unwrap();
    let columns = [
        ("schedule_code", text("morning")),
        ("report", text("success")),
        ("cadence", text("daily")),
        ("form", text("csv")),
        ("connector_id", key(Noun::Connector, 1)),
        ("recipients", text("lead@plant.example")),
    ];
    plant.admin(create(Noun::ReportSchedule, &columns)).unwrap();
    plant.engine.stop();
    clock.advance(Duration::from_secs(86_400));
    let (data, sent) = (folder.path().join("data"), Arc::new(AtomicUsize::new(0)));
    let full = mailed(&data, &clock, u64::MAX, &sent);
    assert_eq!((sent.load(Ordering::Relaxed), full.delivery_state), (1, None));
    // Room again, after a restart: it is on record, and not sent again.
    let noted = mailed(&data, &clock, 0, &sent);
    assert_eq!((sent.load(Ordering::Relaxed), noted.delivery_state), (1, Some(DeliveryState::Unknown)));
    assert!(noted.done_until.is_some());
    let files: Vec<String> = std::fs::read_dir(data.join("outbox/morning")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(files.len() == 1 && files[0].ends_with(".csv"), "the report lies there and no mark: {files:?}");
}
