//! Topics and topic filters as MQTT 3.1.1 section 4.7 has them. Deliberately not rumqttc's own
//! matching, which cuts a topic in the middle of a letter that has more than one byte.

use rumqttc::mqttbytes::valid_filter;

use crate::base::limits;

/// Whether something may be published under this topic: no wildcards, and nothing of the broker's own.
pub(super) fn is_topic(topic: &str) -> bool {
    is_name(topic) && !topic.starts_with('$') && !topic.contains(['+', '#'])
}

/// Whether this is a topic filter.
pub(super) fn is_filter(filter: &str) -> bool {
    is_name(filter) && valid_filter(filter)
}

fn is_name(text: &str) -> bool {
    (1..=limits::BROKER_TOPIC_MAX).contains(&text.len()) && !text.contains('\0')
}

/// Whether a topic is one of those that a filter means. Topics that begin with `$` are never published here.
pub(super) fn fits(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (word, Some(level)) if word == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// Whether everything that one filter means another means as well.
pub(super) fn covers(allowed: &str, wanted: &str) -> bool {
    let mut levels = wanted.split('/');
    for level in allowed.split('/') {
        match (level, levels.next()) {
            ("#", _) => return true,
            ("+", Some(wanted)) if wanted != "#" => {}
            (word, Some(wanted)) if word == wanted => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_mean_what_the_standard_says() {
        for (filter, topic) in
            [("sport/#", "sport"), ("sport/#", "sport/tennis/1"), ("#", "a/b"), ("sport/+", "sport/"), ("+/+", "/finance"), ("/+", "/finance"), ("öl/+/°C", "öl/tank/°C")]
        {
            assert!(fits(filter, topic), "{filter} {topic}");
        }
        for (filter, topic) in [("sport/+", "sport"), ("sport/+", "sport/tennis/1"), ("+", "/finance"), ("a/b", "a/b/c"), ("a/b", "A/b"), ("a/b/c", "a/b")] {
            assert!(!fits(filter, topic), "{filter} {topic}");
        }
    }

    #[test]
    fn a_filter_covers_what_means_no_more_than_it() {
        for (allowed, wanted) in [("#", "#"), ("a/#", "a"), ("a/#", "a/+/#"), ("a/+", "a/+"), ("a/+", "a/b"), ("+/b", "a/b")] {
            assert!(covers(allowed, wanted), "{allowed} {wanted}");
        }
        for (allowed, wanted) in [("a/#", "#"), ("a/#", "+/b"), ("a/+", "a/#"), ("a/+", "a/b/c"), ("a/b", "a/+"), ("a", "a/#")] {
            assert!(!covers(allowed, wanted), "{allowed} {wanted}");
        }
    }

    #[test]
    fn what_is_no_topic_and_no_filter_is_known() {
        assert!(["a", "/", "öl/°C", " "].iter().all(|it| is_topic(it)));
        assert!(["", "a/+", "#", "$SYS/x", "a\0b", &"x".repeat(limits::BROKER_TOPIC_MAX + 1)].iter().all(|it| !is_topic(it)));
        assert!(["#", "+", "a/+/b/#", "/"].iter().all(|it| is_filter(it)));
        assert!(["", "a/#/b", "a+", "a/b#"].iter().all(|it| !is_filter(it)));
    }
}
