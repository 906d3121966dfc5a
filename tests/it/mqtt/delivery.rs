//! What machines publish with quality 1 is kept once, whatever breaks on the way.

use super::*;

const MESSAGES: u64 = 100_000;
const MACHINES: u64 = 4;

/// Message `i` is measured `i` milliseconds after the plant's now.
fn message(i: u64, now: Time) -> (String, Vec<u8>) {
    let at = now.micros() / 1_000 + i.cast_signed();
    (format!("plant/M-{}/count", i % MACHINES), format!("{{\"value\": {i}, \"timestamp\": {at}}}").into_bytes())
}

#[test]
fn a_hundred_thousand_messages_survive_cut_wires_a_dead_client_and_broker_restarts() {
    let Some(mut broker) = Mosquitto::start() else { return };
    let site = Site::new();
    let now = site.plant.engine.plant_now();
    let source = site.source("cells");
    let quarter = MESSAGES / 4;
    let part = |part: u64| (part * quarter..(part + 1) * quarter).map(move |i| message(i, now));
    let past = |stored: u64| move |it: &Standing| it.stored >= stored;
    let (began, port) = (std::time::Instant::now(), broker.port);
    runtime().block_on(async {
        let wire = Wire::to(port).await;
        let mapping = json!({"plain": {"prefix": "plant"}});
        let run = || Running::start(settings(wire.port, &mapping), &source);

        let running = run();
        live(&source).await;
        let publishing = tokio::spawn(publish(port, part(0)));
        until(&source, "the first messages", past(2_000)).await;
        wire.cut();
        until(&source, "the fault", |it| it.state != State::Live).await;
        publishing.await.unwrap();

        let publishing = tokio::spawn(publish(port, part(1)));
        until(&source, "the second part", past(quarter + 2_000)).await;
        running.kill().await;
        publishing.await.unwrap();

        publish(port, part(2)).await;
        broker.restart();
        let running = run();
        until(&source, "what waited at the broker", past(2 * quarter + 2_000)).await;
        broker.restart();

        live(&source).await;
        publish(port, part(3)).await;
        // The dead client could not count what it had handed in, so the lane is asked.
        until(&source, "all messages", |it| it.received >= MESSAGES && site.lane.unsealed() as u64 >= MESSAGES).await;
        running.stop().await;
    });
    let standing = source.standing().borrow().clone();
    println!("{MESSAGES} messages in {:.1} s, {} came twice", began.elapsed().as_secs_f64(), standing.received - MESSAGES);
    assert_eq!(standing.quarantined, 0);
    for machine in 0..MACHINES {
        let wanted: Vec<f64> = (0..MESSAGES).filter(|i| i % MACHINES == machine).map(|i| i as f64).collect();
        assert!(site.numbers(&format!("M-{machine}"), "count") == wanted, "M-{machine} lost or doubled something");
    }
}

#[test]
fn what_comes_while_the_lane_is_closed_stays_at_the_broker() {
    let Some(broker) = Mosquitto::start() else { return };
    let now = time(MONDAY);
    let mapping = json!({"plain": {"prefix": "plant"}});
    let shut = Site::new();
    let source = shut.source("cells");
    shut.lane.stop();
    runtime().block_on(async {
        let running = Running::start(settings(broker.port, &mapping), &source);
        live(&source).await;
        publish(broker.port, [message(0, now), message(4, now)]).await;
        until(&source, "a refusal", |it| it.why.as_ref().is_some_and(|why| why.contains("telemetry took nothing"))).await;
        running.stop().await;
    });
    let site = Site::new();
    let source = site.source("cells");
    runtime().block_on(async {
        let running = Running::start(settings(broker.port, &mapping), &source);
        until(&source, "both messages", |it| it.stored == 2).await;
        running.stop().await;
    });
    assert_eq!(site.numbers("M-0", "count"), [0.0, 4.0]);
}

#[test]
fn a_retained_message_is_the_last_state_and_no_event_unless_it_tells_its_time() {
    let Some(broker) = Mosquitto::start() else { return };
    let site = Site::new();
    let now = site.plant.engine.plant_now().micros() / 1_000;
    let source = site.source("cells");
    runtime().block_on(async {
        let (client, mut network) = machine(broker.port, "machine");
        let timed = format!("{{\"value\": 2, \"timestamp\": {now}}}");
        client.publish("plant/M-1/timeless", QoS::AtLeastOnce, true, "1").await.unwrap();
        client.publish("plant/M-1/timed", QoS::AtLeastOnce, true, timed).await.unwrap();
        let mut open = 2;
        while open > 0 {
            open -= usize::from(matches!(network.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))));
        }
        for received in [2, 4] {
            let running = Running::start(settings(broker.port, &json!({"plain": {"prefix": "plant"}})), &source);
            until(&source, "the retained message", |it| it.received == received - 1).await;
            publish(broker.port, [("plant/M-1/live".to_owned(), b"3".to_vec())]).await;
            until(&source, "a live message", |it| it.received == received).await;
            running.stop().await;
        }
    });
    assert!(site.lane.find("M-1", "timeless").is_none());
    assert_eq!(site.numbers("M-1", "timed"), [2.0]);
}

#[test]
fn a_trial_sees_what_comes_now_and_takes_nothing_away() {
    let Some(broker) = Mosquitto::start() else { return };
    let site = Site::new();
    let now = site.plant.engine.plant_now();
    let source = site.source("cells");
    let kept = settings(broker.port, &json!({"plain": {"prefix": "plant"}}));
    runtime().block_on(async {
        let running = Running::start(kept.clone(), &source);
        live(&source).await;
        running.stop().await;
        publish(broker.port, [message(0, now)]).await;

        let (show, mut shown) = tokio::sync::mpsc::channel(10);
        let tried = Arc::new(Source::preview("cells", now, show));
        for value in [4, 8] {
            let running = Running::with(serde_json::from_value::<Settings>(kept.clone()).unwrap().on_trial(), &tried);
            live(&tried).await;
            publish(broker.port, [message(value, now)]).await;
            let (series, sample) = tokio::time::timeout(PATIENCE, shown.recv()).await.unwrap().unwrap();
            assert_eq!((series.machine.as_str(), sample.value), ("M-0", Reading::Number(value as f64)));
            running.stop().await;
            tried.stands(State::Connecting, None, now);
            publish(broker.port, [message(value + 40, now)]).await;
        }

        let running = Running::start(kept.clone(), &source);
        until(&source, "all that waited", |it| it.stored == 5).await;
        running.stop().await;
    });
    assert_eq!(site.numbers("M-0", "count"), [0.0, 4.0, 8.0, 44.0, 48.0]);
}
