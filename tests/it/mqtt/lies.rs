//! A broker that lies harms nothing: the connection ends, and the next one is a new one.

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;

use super::*;

const LET_IN: &[u8] = &[0x20, 2, 0, 0];
const GRANTED: &[u8] = &[0x90, 3, 0, 1, 1];

/// What is said after CONNECT, and a word of why the connection ends.
fn lies() -> Vec<(Vec<u8>, &'static str)> {
    let after = |packets: &[&[u8]]| [LET_IN, &packets.concat()].concat();
    vec![
        (vec![0xff; 64], "is none"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "not even an answer"),
        (vec![0xd0, 0], "before its answer"),
        (vec![0x20, 2, 0, 5], "not allowed"),
        (vec![0x20, 2, 0, 77], "is none"),
        (after(&[LET_IN]), "not asked for"),
        (after(&[&[0x30, 0xff, 0xff, 0xff, 0x7f]]), "268435455 bytes"),
        (after(&[&[0x30, 0xff, 0xff, 0xff, 0xff, 0x7f]]), "is none"),
        (after(&[&[0x32, 7, 0, 3, b'a', b'/', b'b', 0, 0]]), "is none"),
        (after(&[&[0x32, 3, 0xff, 0xff, b'a']]), "is none"),
        (after(&[&[0x36, 7, 0, 3, b'a', b'/', b'b', 0, 1]]), "is none"),
        (after(&[&[0x30, 5, 0, 3, 0xff, 0xfe, 0xfd]]), "is none"),
        (after(&[&[0x34, 7, 0, 3, b'a', b'/', b'b', 0, 1]]), "quality 2"),
        (after(&[&[0x90, 5, 0, 1, 1, 1, 1]]), "another subscription"),
        (after(&[&[0x90, 3, 0, 1, 0x80]]), "does not allow to subscribe to p/+/+"),
        (after(&[&[0x90, 3, 0, 1, 0x55]]), "is none"),
        (after(&[&[0x40, 2, 0, 9]]), "not asked for"),
        (after(&[&[0x82, 6, 0, 1, 0, 1, b'a', 1]]), "not asked for"),
        (after(&[GRANTED, &[0x32, 100, 0, 3, b'p']]), "not even an answer"),
    ]
}

/// Lies once; answers honestly then, with message 7, and waits for its acknowledgement.
async fn broker(listener: TcpListener, lie: Vec<u8>) {
    let (mut liar, _) = listener.accept().await.unwrap();
    assert_eq!(packet(&mut liar).await[0], 0x10);
    liar.write_all(&lie).await.unwrap();
    let (mut honest, _) = listener.accept().await.unwrap();
    assert_eq!(packet(&mut honest).await[0], 0x10);
    honest.write_all(LET_IN).await.unwrap();
    assert_eq!(packet(&mut honest).await[..4], [0x82, 10, 0, 1]);
    honest.write_all(&[GRANTED, &[0x32, 10, 0, 5], b"p/M/x", &[0, 7], b"9"].concat()).await.unwrap();
    assert_eq!(packet(&mut honest).await, [0x40, 2, 0, 7]);
}

#[test]
fn a_broker_that_lies_ends_its_connection_and_nothing_else() {
    let site = Site::new();
    let story = async |number: usize, lie: Vec<u8>, why: &str| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut settings = settings(listener.local_addr().unwrap().port(), &json!({"plain": {"prefix": "p"}}));
        settings["broker"]["keep_alive_seconds"] = json!(2);
        let source = site.source(&format!("liar-{number}"));
        let told = tokio::spawn(broker(listener, lie));
        let running = Running::start(settings, &source);
        until(&source, why, |it| it.state == State::Failed && it.why.as_ref().is_some_and(|told| told.contains(why))).await;
        tokio::time::timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("{why}: no acknowledgement")).unwrap();
        assert_eq!(source.standing().borrow().received, 1, "{why}");
        running.stop().await;
    };
    runtime().block_on(async {
        join_all(lies().into_iter().enumerate().map(|(number, (lie, why))| story(number, lie, why))).await;
    });
    assert_eq!(site.numbers("M", "x"), [9.0], "the same reading at the same time, however many tell it");
}

#[test]
fn a_message_is_not_acknowledged_before_it_is_kept() {
    let site = Site::new();
    site.lane.stop();
    let source = site.source("cells");
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = Running::start(settings(listener.local_addr().unwrap().port(), &json!({"plain": {"prefix": "p"}})), &source);
        let (mut honest, _) = listener.accept().await.unwrap();
        packet(&mut honest).await;
        honest.write_all(LET_IN).await.unwrap();
        packet(&mut honest).await;
        honest.write_all(&[GRANTED, &[0x32, 10, 0, 5], b"p/M/x", &[0, 7], b"9"].concat()).await.unwrap();
        let mut rest = Vec::new();
        // The connection is given up, and nothing was said but that.
        honest.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, [0xe0, 0]);
        running.stop().await;
    });
}
