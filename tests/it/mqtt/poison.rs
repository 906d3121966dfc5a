//! What cannot be read is kept as it came and acknowledged, and what comes after it arrives.

use super::*;

#[test]
fn poison_is_quarantined_once_and_the_next_message_arrives() {
    let Some(broker) = Mosquitto::start() else { return };
    let site = Site::new();
    let mapping = json!({"rules": [
        {"topic": "plant/+machine/+metric", "time": {"at": "/t"}},
        {"topic": "cells/+machine", "content": "object", "time": {"at": "/t"}},
    ]});
    let mut small = settings(broker.port, &mapping);
    small["broker"]["message_bytes_max"] = json!(10_000);
    let good = |value: f64| ("plant/M-1/power".to_owned(), format!("{{\"value\": {value}}}").into_bytes());
    // The last two are more than is read: one that the connection still takes, one that ends it.
    let poison: Vec<(&str, Vec<u8>, &str)> = vec![
        ("plant/M-1/power", b"{\"value\": ".to_vec(), "is no JSON"),
        ("plant/M-1/power", b"\xff\xfe\x00".to_vec(), "is no JSON"),
        ("plant/M-1/power", b"{\"value\": \"high\"}".to_vec(), "holds numbers"),
        ("plant/M-1/power", b"{\"value\": 1, \"t\": 12}".to_vec(), "the time 12"),
        ("plant/M-1/power", b"".to_vec(), "is no JSON"),
        ("plant/M-1/power", "[".repeat(9_000).into_bytes(), "is no JSON"),
        ("plant/M-1/power", vec![b'x'; 20_000], "at most 10000 are read"),
        ("plant/M-1/power", vec![b'y'; 3 << 20], "at most 10000 are read"),
    ];
    let source = site.source("cells");
    runtime().block_on(async {
        let running = Running::start(small.clone(), &source);
        live(&source).await;
        publish(broker.port, [good(1.0)]).await;
        for (number, (topic, content, _)) in poison.iter().enumerate() {
            publish(broker.port, [((*topic).to_owned(), content.clone()), good(number as f64 + 2.0)]).await;
        }
        // In an object the good members are kept beside the bad.
        publish(broker.port, [("cells/M-1".to_owned(), b"{\"power\": \"high\", \"gas\": 14}".to_vec())]).await;
        until(&source, "the message after the last poison", |it| it.stored == poison.len() as u64 + 2).await;
        running.stop().await;
    });
    let quarantined = site.lane.quarantined(100).unwrap();
    assert_eq!(quarantined.len(), poison.len() + 1, "{:?}", quarantined.iter().map(|it| &it.why).collect::<Vec<_>>());
    for ((topic, content, why), kept) in poison.iter().zip(quarantined.iter().rev()) {
        assert!(kept.why.contains(why), "{why}: {}", kept.why);
        let original = [format!("{topic}\n").as_bytes(), content.as_slice()].concat();
        assert!(kept.original == original[..original.len().min(4_096)], "{why}");
    }
    assert_eq!(site.numbers("M-1", "gas"), [14.0]);

    // All of it was acknowledged: the same session has nothing more for us than what comes now.
    let again = site.source("again");
    runtime().block_on(async {
        let running = Running::start(small, &again);
        live(&again).await;
        publish(broker.port, [good(99.0)]).await;
        until(&again, "one more message", |it| it.stored == 1).await;
        running.stop().await;
    });
    assert_eq!(again.standing().borrow().received, 1);
    assert_eq!(site.lane.quarantined(100).unwrap().len(), poison.len() + 1);
}

#[test]
fn a_wrong_password_says_so() {
    let Some(broker) = Mosquitto::start_with("allow_anonymous false\n") else { return };
    let site = Site::new();
    let source = site.source("cells");
    runtime().block_on(async {
        let mut known = settings(broker.port, &json!({"plain": {"prefix": "plant"}}));
        known["broker"]["user"] = json!("press");
        known["broker"]["password"] = json!("wrong-one");
        assert!(!format!("{:?}", serde_json::from_value::<Settings>(known.clone()).unwrap()).contains("wrong-one"));
        let running = Running::start(known, &source);
        until(&source, "a refusal", |it| it.state == State::Failed && it.why.as_ref().is_some_and(|why| why.contains("not allowed") || why.contains("wrong"))).await;
        running.stop().await;
    });
}
