//! Edge nodes tell their stories to a host that nothing is behind: what is seen is what would be kept.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::gather::Gathered;
use super::host::Host;
use super::payload::written::{historical, null, payload, whole};
use crate::base::Time;
use crate::telemetry::{Seen, Source};

const NOW: &str = "2026-03-30T06:00:00Z";
/// The same in milliseconds.
const NOW_MILLIS: u64 = 1_774_850_400_000;
const INT32: u32 = 3;
const INT64: u32 = 4;

struct Site {
    host: Host,
    source: Source,
    shown: mpsc::Receiver<Seen>,
    now: Instant,
}

impl Site {
    fn new() -> Self {
        let (show, shown) = mpsc::channel(1_000);
        let now: Time = NOW.parse().unwrap();
        Self { host: Host::new(Duration::from_millis(100), Duration::from_secs(10)), source: Source::preview("edge", now, show), shown, now: Instant::now() }
    }

    /// Hands messages in; answers what was seen, as lines, and whom a rebirth is asked of.
    async fn hear(&mut self, messages: &[(&str, Vec<u8>)]) -> Vec<String> {
        let mut gathered = Gathered::new(&self.source);
        messages.iter().for_each(|(topic, content)| self.host.take(&format!("spBv1.0/plant/{topic}"), content, self.now, &mut gathered));
        self.host.give_up_overdue(self.now, &mut gathered);
        gathered.put().await.unwrap();
        let mut lines = Vec::new();
        while let Ok((series, sample)) = self.shown.try_recv() {
            let after = (sample.at.micros() / 1_000).cast_unsigned() - NOW_MILLIS;
            lines.push(format!("{} {} +{after} {:?}", series.machine, series.metric, sample.value));
        }
        lines.extend(self.host.rebirths(self.now));
        lines
    }

    fn quarantined(&self) -> u64 {
        self.source.standing().borrow().quarantined
    }

    fn gaps(&self) -> u64 {
        self.source.standing().borrow().gaps
    }
}

/// A node with a temperature and a device with a counter, alias 1 and 2.
fn births(seq: u64, bd_seq: u64) -> Vec<(&'static str, Vec<u8>)> {
    let bd_seq = whole(Some("bdSeq"), None, Some(INT64), None, bd_seq);
    let temperature = whole(Some("temperature"), Some(1), Some(INT32), None, 20);
    let count = whole(Some("count"), Some(2), Some(INT32), None, 5);
    vec![("NBIRTH/gateway", payload(NOW_MILLIS, Some(seq), &[bd_seq, temperature])), ("DBIRTH/gateway/LASER-1", payload(NOW_MILLIS, Some((seq + 1) % 256), &[count]))]
}

fn count(seq: u64, value: u64) -> (&'static str, Vec<u8>) {
    ("DDATA/gateway/LASER-1", payload(NOW_MILLIS + value, Some(seq), &[whole(None, Some(2), None, None, value)]))
}

#[tokio::test]
async fn births_name_what_data_tell_by_alias() {
    let mut site = Site::new();
    assert_eq!(site.hear(&births(254, 0)).await, ["gateway temperature +0 Number(20.0)", "LASER-1 count +0 Number(5.0)"]);
    assert_eq!(site.hear(&[count(0, 6), count(1, 7)]).await, ["LASER-1 count +6 Number(6.0)", "LASER-1 count +7 Number(7.0)"]);
    let own_time = whole(None, Some(2), None, Some(NOW_MILLIS + 1), 0xffff_fffe);
    let gone = null(whole(None, Some(2), None, None, 0));
    let told = site.hear(&[("DDATA/gateway/LASER-1", payload(NOW_MILLIS + 9, Some(2), &[own_time, gone]))]).await;
    assert_eq!(told, ["LASER-1 count +1 Number(-2.0)", "LASER-1 count +9 Unavailable"]);
}

#[tokio::test]
async fn messages_out_of_order_are_put_in_order() {
    let mut site = Site::new();
    site.hear(&births(0, 0)).await;
    assert_eq!(site.hear(&[count(4, 8), count(3, 7)]).await, Vec::<String>::new());
    assert!(site.host.overdue_at().is_some());
    assert_eq!(site.hear(&[count(2, 6)]).await, ["LASER-1 count +6 Number(6.0)", "LASER-1 count +7 Number(7.0)", "LASER-1 count +8 Number(8.0)"]);
    assert!(site.host.overdue_at().is_none() && site.gaps() == 0);
}

#[tokio::test]
async fn what_is_missing_too_long_is_a_gap_and_asks_for_a_rebirth_once_in_a_while() {
    let mut site = Site::new();
    site.hear(&births(0, 0)).await;
    assert_eq!(site.hear(&[count(4, 8)]).await, Vec::<String>::new());
    site.now += Duration::from_millis(150);
    assert_eq!(site.hear(&[]).await, ["LASER-1 count +8 Number(8.0)", "spBv1.0/plant/NCMD/gateway"]);
    assert_eq!(site.gaps(), 1);
    site.hear(&[count(7, 9)]).await;
    site.now += Duration::from_millis(150);
    assert_eq!(site.hear(&[]).await, ["LASER-1 count +9 Number(9.0)"], "it was asked a moment ago");
    site.hear(&[count(10, 10)]).await;
    site.now += Duration::from_secs(11);
    assert_eq!(site.hear(&[]).await, ["LASER-1 count +10 Number(10.0)", "spBv1.0/plant/NCMD/gateway"]);
    assert_eq!(site.hear(&births(0, 0)).await.len(), 2);
    assert_eq!(site.hear(&[count(2, 11)]).await, ["LASER-1 count +11 Number(11.0)"]);
}

#[tokio::test]
async fn who_was_never_born_is_asked_for_a_rebirth() {
    let mut site = Site::new();
    assert_eq!(site.hear(&[count(2, 6)]).await, ["spBv1.0/plant/NCMD/gateway"]);
    let mut site = Site::new();
    assert_eq!(site.hear(&[("NDATA/gateway", vec![0x12, 0xff])]).await, ["spBv1.0/plant/NCMD/gateway"]);
    assert_eq!(site.quarantined(), 1);
    let mut site = Site::new();
    site.hear(&births(0, 0)).await;
    let strange = payload(NOW_MILLIS, Some(2), &[whole(None, Some(99), None, None, 1)]);
    assert_eq!(site.hear(&[("DDATA/gateway/LASER-1", strange)]).await, ["spBv1.0/plant/NCMD/gateway"]);
    let mut site = Site::new();
    site.hear(&births(0, 0)).await;
    assert_eq!(site.hear(&[count(250, 6)]).await, ["spBv1.0/plant/NCMD/gateway"], "a number that lies behind");
    assert_eq!(site.quarantined(), 1);
}

#[tokio::test]
async fn a_death_ends_what_held_unless_it_is_that_of_an_earlier_birth() {
    let mut site = Site::new();
    site.hear(&births(0, 3)).await;
    let death = |bd_seq| ("NDEATH/gateway", payload(NOW_MILLIS, None, &[whole(Some("bdSeq"), None, Some(INT64), None, bd_seq)]));
    assert_eq!(site.hear(&[death(2)]).await, Vec::<String>::new());
    let mut ended = site.hear(&[death(3)]).await;
    ended.sort();
    assert_eq!(ended, ["LASER-1 count +0 Unavailable", "gateway temperature +0 Unavailable"]);
    assert_eq!(site.hear(&[death(3)]).await, Vec::<String>::new(), "nobody dies twice");
    site.hear(&births(0, 4)).await;
    assert_eq!(site.hear(&[("DDEATH/gateway/LASER-1", payload(NOW_MILLIS, Some(2), &[]))]).await, ["LASER-1 count +0 Unavailable"]);
    assert_eq!(site.hear(&[count(3, 6)]).await, ["spBv1.0/plant/NCMD/gateway"], "it has to be born again");
}

#[tokio::test]
async fn what_is_neither_number_nor_text_is_told_once_and_passed_over() {
    let mut site = Site::new();
    let (set, temperature) = (whole(Some("table"), Some(1), Some(16), None, 0), whole(Some("temperature"), Some(2), Some(INT32), None, 20));
    assert_eq!(site.hear(&[("NBIRTH/gateway", payload(NOW_MILLIS, Some(0), &[set, temperature]))]).await, ["gateway temperature +0 Number(20.0)"]);
    assert_eq!(site.quarantined(), 1);
    let data = payload(NOW_MILLIS, Some(1), &[whole(None, Some(1), None, None, 0), historical(whole(None, Some(2), None, Some(NOW_MILLIS + 3), 21))]);
    assert_eq!(site.hear(&[("NDATA/gateway", data)]).await, ["gateway temperature +3 Number(21.0)"]);
    assert_eq!(site.quarantined(), 1);
}
