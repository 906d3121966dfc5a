//! Who may come in, what is handed to whom, and what is remembered of those who are away.

use std::time::Instant;

use rumqttc::{ConnectReturnCode, SubscribeReasonCode};

use super::*;

#[test]
fn an_acknowledged_message_is_a_sample_and_what_no_mapping_knows_is_only_handed_on() {
    story(async |house| {
        let now = house.site.plant.engine.plant_now().micros() / 1_000;
        let mut ear = house.client("ear").await;
        assert_eq!(ear.subscribe("#", QoS::AtLeastOnce).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
        // The host of Sparkplug B is there, for whoever comes.
        let (topic, state, _, retained, _) = ear.hears().await;
        assert!(topic == "spBv1.0/STATE/millwright" && state.contains("true") && retained, "{topic} {state}");
        let mut machine = house.client("machine").await;
        for (topic, content) in [
            ("plant/PRESS-1/power", "3.5".to_owned()),
            ("plant/PRESS-1", format!("{{\"strokes\": 7, \"timestamp\": {now}}}")),
            ("umh/v1/works/hall/PRESS-1/_historian/oil/temperature", format!("{{\"value\": 41, \"timestamp_ms\": {now}}}")),
            ("andon/hall", "red".to_owned()),
        ] {
            machine.publish(topic, &content).await;
            assert_eq!(ear.hears().await, heard(topic, &content, 1, false));
        }
        // The acknowledgement came after the commit, so nothing is waited for here.
        for (metric, value) in [("power", 3.5), ("strokes", 7.0), ("oil.temperature", 41.0)] {
            assert_eq!(house.site.numbers("PRESS-1", metric), [value], "{metric}");
        }
        assert_eq!(house.presets.standing().borrow().stored, 3);
        machine.publish("plant/PRESS-1", "{broken").await;
        assert_eq!(house.presets.standing().borrow().quarantined, 1, "what cannot be read is kept as it came, and acknowledged");
    });
}

#[test]
fn a_connector_goes_before_the_presets_and_a_trial_takes_nothing_away() {
    story(async |house| {
        let settings: broker::Settings =
            serde_json::from_value(json!({"mapping": {"rules": [{"topic": "plant/+machine/+metric", "content": "bare", "department": "Press shop"}]}})).unwrap();
        let (stop, stopping) = watch::channel(false);
        let connector = house.site.source("press-shop");
        let task = tokio::spawn(broker::take(&settings, Some(Arc::clone(&house.hub)), Arc::clone(&connector), stopping.clone()));
        let (show, mut shown) = tokio::sync::mpsc::channel(10);
        let tried = Arc::new(Source::preview("trial", house.site.plant.engine.plant_now(), show));
        let trial = tokio::spawn(broker::take(&settings.clone().on_trial(), Some(Arc::clone(&house.hub)), Arc::clone(&tried), stopping));
        live(&connector).await;
        live(&tried).await;
        let mut machine = house.client("machine").await;
        machine.publish("plant/PRESS-1/power", "3.5").await;
        assert_eq!((connector.standing().borrow().stored, house.presets.standing().borrow().stored), (1, 0));
        assert_eq!(shown.recv().await.unwrap().0.metric, "power");
        stop.send_replace(true);
        task.await.unwrap();
        trial.await.unwrap();
        machine.publish("plant/PRESS-1/power", "4.5").await;
        assert_eq!(house.presets.standing().borrow().stored, 1);

        let nowhere = house.site.source("nowhere");
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(broker::take(&settings, None, Arc::clone(&nowhere), stopping));
        until(&nowhere, "a word", |it| it.why.as_ref().is_some_and(|why| why.contains("--mqtt"))).await;
        stop.send_replace(true);
        task.await.unwrap();
    });
}

#[test]
fn whoever_may_not_write_telemetry_is_turned_away_and_whoever_is_barred_is_sent_out() {
    story(async |house| {
        let with = |user: &str, password: &str| {
            let mut options = house.options("machine");
            options.set_credentials(user, password);
            options
        };
        let mut anonymous = MqttOptions::new("machine", "127.0.0.1", house.port());
        anonymous.set_keep_alive(Duration::from_secs(5));
        assert_eq!(refused(anonymous).await, ConnectReturnCode::NotAuthorized);
        assert_eq!(refused(with("guest", PASSWORD)).await, ConnectReturnCode::NotAuthorized);
        assert_eq!(refused(with("guest", TOKEN)).await, ConnectReturnCode::BadUserNamePassword, "somebody else's token");
        Guest::of(with("press", PASSWORD)).await.leave().await;
        let mut machine = Guest::of(with("press", TOKEN)).await;
        for _ in 0..10 {
            if refused(with("press", "wrong-one")).await == ConnectReturnCode::ServiceUnavailable {
                break;
            }
        }
        assert_eq!(refused(with("press", PASSWORD)).await, ConnectReturnCode::ServiceUnavailable, "too many wrong tries");
        house.change(2, millwright::model::plant::Status::Inactive);
        assert!(machine.try_next().await.is_err(), "who is barred is sent out");
        assert_eq!(refused(with("press", TOKEN)).await, ConnectReturnCode::ServiceUnavailable, "the throttle still stands");
    });
}

#[test]
fn wildcards_choose_and_what_is_granted_is_said_honestly() {
    story(async |house| {
        let mut ear = house.client("ear").await;
        assert_eq!(ear.subscribe("hall/+/lamp", QoS::AtMostOnce).await, SubscribeReasonCode::Success(QoS::AtMostOnce));
        assert_eq!(ear.subscribe("hall/2/#", QoS::ExactlyOnce).await, SubscribeReasonCode::Success(QoS::AtLeastOnce), "quality 2 is not sent");
        assert_eq!(ear.subscribe("$SYS/#", QoS::AtMostOnce).await, SubscribeReasonCode::Failure);
        let mut machine = house.client("machine").await;
        for (topic, content) in [("hall/1/lamp", "a"), ("hall/1/lamp/x", "no"), ("hall/2", "b"), ("hall", "no"), ("hall/2/lamp", "c"), ("Hall/1/lamp", "no"), ("hall/2/x/y", "d")] {
            machine.publish(topic, content).await;
        }
        assert_eq!(ear.hears().await, heard("hall/1/lamp", "a", 0, false));
        assert_eq!(ear.hears().await, heard("hall/2", "b", 1, false));
        assert_eq!(ear.hears().await, heard("hall/2/lamp", "c", 1, false), "once, with the better of two qualities");
        assert_eq!(ear.hears().await, heard("hall/2/x/y", "d", 1, false));
        ear.client.unsubscribe("hall/2/#").await.unwrap();
        assert!(matches!(ear.next().await, Packet::UnsubAck(_)));
        machine.publish("hall/2/x/y", "no").await;
        machine.publish("hall/2/lamp", "e").await;
        assert_eq!(ear.hears().await, heard("hall/2/lamp", "e", 0, false));
        for number in 0..limits::BROKER_FILTERS_MAX - 1 {
            assert_ne!(ear.subscribe(&format!("f/{number}"), QoS::AtMostOnce).await, SubscribeReasonCode::Failure, "{number}");
        }
        assert_eq!(ear.subscribe("one/too/many", QoS::AtMostOnce).await, SubscribeReasonCode::Failure);
    });
}

#[test]
fn a_message_with_quality_2_is_taken_once() {
    story(async |house| {
        let mut ear = house.client("ear").await;
        ear.subscribe("plant/#", QoS::AtLeastOnce).await;
        let mut raw = TcpStream::connect(house.address).await.unwrap();
        raw.write_all(&hello("once", false)).await.unwrap();
        assert_eq!(packet(&mut raw).await, [0x20, 2, 0, 0]);
        let message = [&[0x34, 22, 0, 15][..], b"plant/P-1/count", &[0, 9], b"144"].concat();
        raw.write_all(&message).await.unwrap();
        assert_eq!(packet(&mut raw).await, [0x50, 2, 0, 9]);
        assert_eq!(ear.hears().await, heard("plant/P-1/count", "144", 1, false));
        drop(raw);
        // It never heard the answer, and asks again on its kept session.
        let mut raw = TcpStream::connect(house.address).await.unwrap();
        raw.write_all(&hello("once", false)).await.unwrap();
        assert_eq!(packet(&mut raw).await, [0x20, 2, 1, 0]);
        raw.write_all(&[&[0x3c], &message[1..]].concat()).await.unwrap();
        assert_eq!(packet(&mut raw).await, [0x50, 2, 0, 9]);
        raw.write_all(&[0x62, 2, 0, 9]).await.unwrap();
        assert_eq!(packet(&mut raw).await, [0x70, 2, 0, 9]);
        raw.write_all(&message).await.unwrap();
        assert_eq!(packet(&mut raw).await, [0x50, 2, 0, 9]);
        // Released, the id stands for a new message.
        assert_eq!(ear.hears().await, heard("plant/P-1/count", "144", 1, false));
    });
}

#[test]
fn the_last_word_is_kept_for_whoever_comes_and_an_empty_one_takes_it_away() {
    story(async |house| {
        let mut machine = house.client("machine").await;
        machine.say("andon/1", "green", true).await;
        machine.say("andon/2", "amber", true).await;
        machine.say("andon/1", "red", true).await;
        machine.say("andon/2", "", true).await;
        let mut ear = house.client("ear").await;
        ear.subscribe("andon/+", QoS::AtLeastOnce).await;
        assert_eq!(ear.hears().await, heard("andon/1", "red", 1, true));
        machine.say("andon/1", "green", true).await;
        assert_eq!(ear.hears().await, heard("andon/1", "green", 1, false), "news is no memory");
    });
}

#[test]
fn a_will_is_said_for_those_who_vanish_and_not_for_those_who_leave() {
    story(async |house| {
        let mut ear = house.client("ear").await;
        ear.subscribe("#", QoS::AtLeastOnce).await;
        ear.hears().await;
        let dying = |name: &str| {
            let mut options = house.options(name);
            options.set_last_will(LastWill::new("plant/P-1/state", "GONE", QoS::AtLeastOnce, false));
            options
        };
        Guest::of(dying("polite")).await.leave().await;
        drop(Guest::of(dying("dead")).await);
        assert_eq!(ear.hears().await, heard("plant/P-1/state", "GONE", 1, false));
        assert_eq!(house.site.kept("P-1", "state").len(), 1, "a will is a message like any other");

        // Whoever is pushed out by a second one with its name has vanished, too.
        let mut first = Guest::of(dying("twin")).await;
        let mut second = house.client("twin").await;
        assert!(first.try_next().await.is_err());
        assert_eq!(ear.hears().await, heard("plant/P-1/state", "GONE", 1, false));
        second.publish("x", "still here").await;
        assert_eq!(ear.hears().await, heard("x", "still here", 1, false));

        // Silent for longer than it promised.
        let mut raw = TcpStream::connect(house.address).await.unwrap();
        raw.write_all(&hello_with_will("silent", 2)).await.unwrap();
        packet(&mut raw).await;
        let began = Instant::now();
        assert_eq!(ear.hears().await, heard("w", "gone", 0, false));
        assert!((2.5..20.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    });
}

#[test]
fn a_kept_session_is_told_what_it_missed_and_a_clean_one_is_not() {
    story(async |house| {
        let keeping = |name: &str| {
            let mut options = house.options(name);
            options.set_clean_session(false).set_manual_acks(true).set_last_will(LastWill::new("gone", "", QoS::AtMostOnce, false));
            options
        };
        let mut ear = Guest::of(keeping("ear")).await;
        assert!(!ear.known);
        ear.subscribe("shift/#", QoS::AtLeastOnce).await;
        let mut machine = house.client("machine").await;
        machine.publish("shift/1", "begins").await;
        assert_eq!(ear.hears().await, heard("shift/1", "begins", 1, false));
        // It dies before it has acknowledged, and the broker has seen it.
        assert_eq!(machine.subscribe("gone", QoS::AtMostOnce).await, SubscribeReasonCode::Success(QoS::AtMostOnce));
        drop(ear);
        assert_eq!(machine.hears().await.0, "gone");
        machine.publish("shift/2", "ends").await;
        machine.client.publish("shift/2", QoS::AtMostOnce, false, "unimportant").await.unwrap();
        machine.publish("shift/3", "begins").await;
        let mut ear = Guest::of(keeping("ear")).await;
        assert!(ear.known);
        let again = ear.hears().await;
        assert_eq!((again.1.as_str(), again.4), ("begins", true));
        assert_eq!(ear.hears().await, heard("shift/2", "ends", 1, false));
        assert_eq!(ear.hears().await, heard("shift/3", "begins", 1, false));
        drop(ear);
        let mut clean = house.options("ear");
        clean.set_clean_session(true);
        Guest::of(clean).await.leave().await;
        assert!(!Guest::of(keeping("ear")).await.known, "a clean session ends the kept one");
    });
}

#[test]
fn the_oldest_make_room_for_a_session_that_stays_away() {
    story(async |house| {
        let mut options = house.options("ear");
        options.set_clean_session(false);
        let mut ear = Guest::of(options.clone()).await;
        ear.subscribe("shift/#", QoS::AtLeastOnce).await;
        drop(ear);
        let more = limits::BROKER_WAITING_MAX + 200;
        let messages = (0..more).map(|number| ("shift/1".to_owned(), number.to_string().into_bytes()));
        publish_as(house.options("machine"), messages).await;
        let mut ear = Guest::of(options).await;
        for number in 200..more {
            assert_eq!(ear.hears().await.1, number.to_string());
        }
    });
}

#[test]
fn nothing_is_acknowledged_and_nothing_handed_on_while_the_lane_takes_nothing() {
    story(async |house| {
        let mut ear = house.client("ear").await;
        ear.subscribe("#", QoS::AtLeastOnce).await;
        ear.hears().await;
        let lane = house.site.lane.clone();
        tokio::task::spawn_blocking(move || lane.stop()).await.unwrap();
        let mut machine = house.client("machine").await;
        machine.client.publish("plant/P-1/count", QoS::AtLeastOnce, false, "7").await.unwrap();
        assert!(machine.try_next().await.is_err(), "the connection ends without an acknowledgement");
        // Edge nodes are told to hold what they have.
        let (topic, state, ..) = ear.hears().await;
        assert!(topic == "spBv1.0/STATE/millwright" && state.contains("false"), "{topic} {state}");
        let mut other = house.client("other").await;
        other.publish("andon/1", "red").await;
        assert_eq!(ear.hears().await, heard("andon/1", "red", 1, false), "and the refused message was told to nobody");
    });
}

#[test]
fn what_is_published_waits_while_somebody_who_makes_samples_changes() {
    story(async |house| {
        let mut machine = house.client("machine").await;
        house.hub.hold();
        machine.client.publish("plant/P-1/count", QoS::AtLeastOnce, false, "7").await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(300), machine.next()).await.is_err(), "acknowledged by whom?");
        house.hub.open();
        assert!(matches!(machine.next().await, Packet::PubAck(_)));
        assert_eq!(house.site.numbers("P-1", "count"), [7.0]);
    });
}
