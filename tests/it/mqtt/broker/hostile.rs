//! Those who mean no good harm nobody but themselves.

use std::time::Instant;

use super::*;

fn attempts() -> Vec<(&'static str, Vec<u8>)> {
    let after = |bytes: &[u8]| [hello("bad", true), bytes.to_vec()].concat();
    vec![
        ("noise", vec![0xff; 4_096]),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("TLS", vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
        ("a huge first packet", vec![0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]),
        ("a length without an end", vec![0x10, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        ("PUBLISH before CONNECT", vec![0x30, 3, 0, 1, b'a']),
        ("a name longer than its packet", vec![0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 9, 0xff, 0xff]),
        ("a second CONNECT", after(&hello("bad", true))),
        ("a huge message", after(&[0x30, 0xff, 0xff, 0xff, 0x7f])),
        ("wildcards in a topic", after(&[0x30, 6, 0, 3, b'a', b'/', b'+', b'1'])),
        ("a topic of the broker's own", after(&[0x30, 7, 0, 4, b'$', b'S', b'Y', b'S', b'1'])),
        ("no topic", after(&[0x30, 3, 0, 0, b'1'])),
        ("a topic that is no text", after(&[0x30, 5, 0, 2, 0xff, 0xfe, b'1'])),
        ("quality 3", after(&[0x36, 5, 0, 1, b'a', 0, 1])),
        ("message id 0", after(&[0x32, 5, 0, 1, b'a', 0, 0])),
        ("a filter with # in the middle", after(&[0x82, 10, 0, 1, 0, 5, b'a', b'/', b'#', b'/', b'b', 0])),
        ("a subscription to nothing", after(&[0x82, 2, 0, 1])),
        ("a packet that only brokers send", after(&[0x20, 2, 0, 0])),
        ("type 15", after(&[0xf0, 2, 0, 0])),
    ]
}

/// Reads until the other side ends; answers what came, or `None` where it did not end in time.
async fn end_of(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.ok()?;
    // Whatever of ours it did not read may reset the connection.
    _ = read;
    Some(rest)
}

#[test]
fn whoever_speaks_no_mqtt_is_turned_away_and_the_others_go_on() {
    story(async |house| {
        let mut good = house.client("good").await;
        for (what, bytes) in attempts() {
            let mut stream = TcpStream::connect(house.address).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
            assert!(end_of(&mut stream).await.is_some(), "{what} was not turned away");
            good.publish("plant/P-1/what", &format!("\"{what}\"")).await;
        }
        assert_eq!(house.site.kept("P-1", "what").len(), attempts().len());
    });
}

#[test]
fn other_versions_are_told_that_they_are_not_spoken() {
    story(async |house| {
        for (hello, answer) in [
            (&[0x10, 15, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 9, 0, 0, 2, b'm', b'5'][..], &[0x20, 3, 0, 0x84, 0][..]),
            (&[0x10, 16, 0, 6, b'M', b'Q', b'I', b's', b'd', b'p', 3, 2, 0, 9, 0, 2, b'm', b'3'], &[0x20, 2, 0, 1]),
            (&[0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 9, 2, 0, 9, 0, 2, b'm', b'9'], &[0x20, 2, 0, 1]),
        ] {
            let mut stream = TcpStream::connect(house.address).await.unwrap();
            stream.write_all(hello).await.unwrap();
            assert_eq!(end_of(&mut stream).await.unwrap(), answer);
        }
    });
}

#[test]
fn three_hundred_who_say_nothing_hinder_nobody_and_are_sent_away() {
    story(async |house| {
        let mut idle = Vec::new();
        for number in 0..300 {
            let mut stream = TcpStream::connect(house.address).await.unwrap();
            if number % 3 == 0 {
                // Half a CONNECT.
                stream.write_all(&hello("half", true)[..20]).await.unwrap();
            }
            idle.push(stream);
        }
        let began = Instant::now();
        let mut good = house.client("good").await;
        good.publish("plant/P-1/count", "1").await;
        assert!(began.elapsed() < limits::BROKER_CONNECT_TIME, "{:?}", began.elapsed());
        for stream in &mut idle {
            assert!(end_of(stream).await.is_some(), "somebody who said nothing is still there");
        }
    });
}

#[test]
fn whoever_does_not_take_what_it_asked_for_is_cut_off_and_the_others_hear_everything() {
    story(async |house| {
        let mut slow = TcpStream::connect(house.address).await.unwrap();
        slow.write_all(&hello("slow", true)).await.unwrap();
        assert_eq!(packet(&mut slow).await, [0x20, 2, 0, 0]);
        slow.write_all(&[0x82, 6, 0, 1, 0, 1, b'#', 0]).await.unwrap();
        let mut ear = house.client("ear").await;
        ear.subscribe("noise", QoS::AtMostOnce).await;
        let content = "x".repeat(100_000);
        let began = Instant::now();
        // Some at a time, so that whoever listens keeps up on any machine: QoS 0 waits for nobody.
        for _ in 0..40 {
            publish_as(house.options("machine"), vec![("noise".to_owned(), content.clone().into_bytes()); 10]).await;
            for _ in 0..10 {
                assert_eq!(ear.hears().await.1.len(), content.len());
            }
        }
        // It wakes up when all is over: the connection has an end.
        tokio::time::sleep((limits::BROKER_SEND_TIME + Duration::from_secs(5)).saturating_sub(began.elapsed())).await;
        assert!(end_of(&mut slow).await.unwrap().len() < 400 * content.len());
    });
}
