//! From a topic and what was said in it to readings of machines, by rules that are checked once.
//! Deliberately without a clock and without the lane: a message in, readings or a sentence out.

use serde_json::{Map, Value as Json};

use super::settings::{Content, Mapping, Moment, Rule, Settings, TimeUnit};
use crate::base::{Refusal, Time, limits};
use crate::model::telemetry::Reading;

/// A reading as a message tells it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) machine: String,
    pub(super) metric: String,
    pub(super) unit: Option<String>,
    pub(super) department: Option<String>,
    /// When it was measured, where the message says so.
    pub(super) at: Option<Time>,
    pub(super) value: Reading,
}

/// Checked rules.
pub(super) struct Rules(Vec<Checked>);

struct Checked {
    levels: Vec<Level>,
    content: Content,
    value: String,
    time: Option<Moment>,
    machine: Origin,
    metric: Option<Origin>,
    unit: Option<Origin>,
    department: Option<Origin>,
}

/// A level of a topic.
enum Level {
    Word(String),
    Any,
    Rest,
}

/// Where a name comes from.
enum Origin {
    Level(usize),
    /// All levels from this one, joined by points.
    From(usize),
    Pointer(String),
    Constant(String),
}

/// A message while it is read.
struct Message<'m> {
    levels: Vec<&'m str>,
    json: Option<Json>,
}

impl Settings {
    /// Refuses settings that cannot work.
    pub fn check(&self) -> Result<(), Refusal> {
        self.broker.check()?;
        Rules::of(&self.mapping).map(drop)
    }
}

impl Rules {
    pub(super) fn of(mapping: &Mapping) -> Result<Self, Refusal> {
        let rules = match mapping {
            Mapping::Plain { prefix } => vec![preset(&under(prefix, "+machine/+metric"), Content::Either, "/timestamp")],
            Mapping::JsonObject { prefix } => vec![preset(&under(prefix, "+machine"), Content::Object, "/timestamp")],
            Mapping::Umh { prefix } => umh(prefix),
            Mapping::Rules(rules) => rules.clone(),
        };
        if !(1..=limits::MQTT_RULES_MAX).contains(&rules.len()) {
            return Err(Refusal::invalid("mapping", format!("a connection has 1 to {} rules", limits::MQTT_RULES_MAX)));
        }
        rules.iter().map(checked).collect::<Result<_, _>>().map(Self)
    }

    /// What to subscribe to.
    pub(super) fn filters(&self) -> Vec<String> {
        let mut filters: Vec<String> = self.0.iter().map(|rule| rule.levels.iter().map(Level::written).collect::<Vec<_>>().join("/")).collect();
        filters.sort_unstable();
        filters.dedup();
        filters
    }

    /// Whether a rule fits a topic.
    pub(super) fn fits(&self, topic: &str) -> bool {
        let levels: Vec<&str> = topic.split('/').collect();
        self.0.iter().any(|rule| rule.fits(&levels))
    }

    /// What a message tells; the first rule that fits its topic decides.
    pub(super) fn read(&self, topic: &str, content: &[u8]) -> Result<Vec<Told>, String> {
        let levels: Vec<&str> = topic.split('/').collect();
        let rule = self.0.iter().find(|rule| rule.fits(&levels)).ok_or_else(|| format!("no rule fits the topic {topic}"))?;
        rule.read(levels, content)
    }
}

fn preset(topic: &str, content: Content, time: &str) -> Rule {
    Rule {
        topic: topic.to_owned(),
        content,
        value: None,
        time: Some(Moment { at: time.to_owned(), unit: TimeUnit::Ms }),
        machine: "+machine".to_owned(),
        metric: None,
        unit: None,
        department: None,
    }
}

/// One to six levels say where in the enterprise; a wildcard for any number of them can only end a filter.
fn umh(prefix: &str) -> Vec<Rule> {
    let places = ["", "+/", "+/+/", "+/+/+/", "+/+/+/+/", "+/+/+/+/+/"];
    places.iter().map(|above| preset(&under(prefix, &format!("{above}+machine/_historian/#metric")), Content::Json, "/timestamp_ms")).collect()
}

fn under(prefix: &str, rest: &str) -> String {
    if prefix.is_empty() { rest.to_owned() } else { format!("{}/{rest}", prefix.trim_end_matches('/')) }
}

fn checked(rule: &Rule) -> Result<Checked, Refusal> {
    let mut names = Vec::new();
    let mut levels = Vec::new();
    for word in rule.topic.split('/') {
        if matches!(levels.last(), Some(Level::Rest)) || levels.len() == limits::MQTT_RULES_MAX {
            return Err(Refusal::invalid("topic", format!("in {} something follows a #, which can only end a topic, or it is too long", rule.topic)));
        }
        let (level, name) = match (word.strip_prefix('+'), word.strip_prefix('#')) {
            (Some(name), _) => (Level::Any, name),
            (_, Some(name)) => (Level::Rest, name),
            _ if word.contains(['+', '#']) => return Err(Refusal::invalid("topic", format!("in {} a + or # stands inside a level; it must begin one", rule.topic))),
            _ => (Level::Word(word.to_owned()), ""),
        };
        names.push(name);
        levels.push(level);
    }
    let origin = |field: &str, text: &str| origin(field, text, &rule.topic, &levels, &names);
    let optional = |field: &str, text: &Option<String>| text.as_deref().map(|text| origin(field, text)).transpose();
    let metric = match (rule.content, &rule.metric) {
        (Content::Object, Some(_)) => return Err(Refusal::invalid("metric", "in an object every member names itself; leave metric out")),
        (Content::Object, None) => None,
        (_, Some(name)) => Some(origin("metric", name)?),
        (_, None) => Some(origin("metric", "+metric")?),
    };
    if rule.content == Content::Bare && (rule.value.is_some() || rule.time.is_some()) {
        return Err(Refusal::invalid("content", "a bare value has no place for a value or a time in it; leave value and time out"));
    }
    for pointer in rule.value.iter().chain(rule.time.as_ref().map(|time| &time.at)) {
        if !pointer.starts_with('/') {
            return Err(Refusal::invalid("value", format!("{pointer} is no JSON pointer such as /value")));
        }
    }
    Ok(Checked {
        machine: origin("machine", &rule.machine)?,
        metric,
        unit: optional("unit", &rule.unit)?,
        department: optional("department", &rule.department)?,
        content: rule.content,
        value: rule.value.clone().unwrap_or_else(|| "/value".to_owned()),
        time: rule.time.clone(),
        levels,
    })
}

fn origin(field: &str, text: &str, topic: &str, levels: &[Level], names: &[&str]) -> Result<Origin, Refusal> {
    let named = |name: &str| names.iter().position(|it| !name.is_empty() && *it == name);
    if let Some(name) = text.strip_prefix(['+', '#']) {
        let at = named(name).ok_or_else(|| Refusal::invalid(field, format!("{field} is {text}, and the topic {topic} has no level of that name")))?;
        return Ok(if matches!(levels[at], Level::Rest) { Origin::From(at) } else { Origin::Level(at) });
    }
    if text.is_empty() {
        return Err(Refusal::invalid(field, format!("{field} is empty")));
    }
    Ok(if text.starts_with('/') { Origin::Pointer(text.to_owned()) } else { Origin::Constant(text.to_owned()) })
}

impl Level {
    fn written(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Any => "+",
            Self::Rest => "#",
        }
    }
}

impl Checked {
    fn fits(&self, topic: &[&str]) -> bool {
        let open = matches!(self.levels.last(), Some(Level::Rest));
        // A # stands for nothing as well, but a name cannot be taken from nothing.
        let long_enough = if open { topic.len() >= self.levels.len() } else { topic.len() == self.levels.len() };
        long_enough && self.levels.iter().zip(topic).all(|(level, word)| !matches!(level, Level::Word(wanted) if wanted != word))
    }

    fn read(&self, levels: Vec<&str>, content: &[u8]) -> Result<Vec<Told>, String> {
        let either_bare = self.content == Content::Either && !matches!(content.trim_ascii_start().first(), Some(b'{' | b'['));
        if self.content == Content::Bare || either_bare {
            let value = bare(content)?;
            return Ok(vec![self.told(&Message { levels, json: None }, None, value, None)?]);
        }
        let json: Json = serde_json::from_slice(content).map_err(|error| format!("the content is no JSON: {error}"))?;
        let at = self.time.as_ref().and_then(|time| Some((time, json.pointer(&time.at)?))).map(|(time, told)| moment(told, time.unit)).transpose()?;
        let message = Message { levels, json: Some(json) };
        let json = message.json.as_ref().unwrap_or(&Json::Null);
        if self.content == Content::Object {
            let members = json.as_object().ok_or("the content is no JSON object")?;
            return self.members(&message, members, at);
        }
        let value = json.pointer(&self.value).ok_or_else(|| format!("the content has no {}", self.value))?;
        let value = reading(value)?.ok_or_else(|| format!("{} is a list or an object, so it is no value", self.value))?;
        Ok(vec![self.told(&message, None, value, at)?])
    }

    fn members(&self, message: &Message<'_>, members: &Map<String, Json>, at: Option<Time>) -> Result<Vec<Told>, String> {
        let mut told = Vec::new();
        let mut waiting: Vec<(String, String, &Json)> = members.iter().rev().map(|(name, value)| (name.clone(), pointer("", name), value)).collect();
        while let Some((name, place, value)) = waiting.pop() {
            if let Some(inner) = value.as_object() {
                waiting.extend(inner.iter().rev().map(|(below, value)| (format!("{name}.{below}"), pointer(&place, below), value)));
            } else if !self.is_name(&place)
                && let Some(value) = reading(value)?
            {
                told.push(self.told(message, Some(name), value, at)?);
            }
            if told.len() + waiting.len() > limits::MQTT_MEMBERS_MAX {
                return Err(format!("the object has more than {} members", limits::MQTT_MEMBERS_MAX));
            }
        }
        Ok(told)
    }

    /// Whether a member of an object is its time or a name, and so no value.
    fn is_name(&self, place: &str) -> bool {
        let names = [Some(&self.machine), self.unit.as_ref(), self.department.as_ref()];
        self.time.as_ref().is_some_and(|time| time.at == place) || names.into_iter().flatten().any(|origin| matches!(origin, Origin::Pointer(it) if it == place))
    }

    fn told(&self, message: &Message<'_>, member: Option<String>, value: Reading, at: Option<Time>) -> Result<Told, String> {
        let metric = match (member, &self.metric) {
            (Some(member), _) => member,
            (None, Some(origin)) => message.name("metric", origin)?,
            (None, None) => return Err("nothing names the metric".to_owned()),
        };
        let optional = |origin: &Option<Origin>| origin.as_ref().and_then(|origin| message.name("unit", origin).ok());
        Ok(Told { machine: message.name("machine", &self.machine)?, metric, unit: optional(&self.unit), department: optional(&self.department), at, value })
    }
}

impl Message<'_> {
    fn name(&self, field: &str, origin: &Origin) -> Result<String, String> {
        match origin {
            Origin::Level(at) => Ok(self.levels[*at].to_owned()),
            Origin::From(at) => Ok(self.levels[*at..].join(".")),
            Origin::Constant(text) => Ok(text.clone()),
            Origin::Pointer(pointer) => match self.json.as_ref().and_then(|json| json.pointer(pointer)) {
                Some(Json::String(text)) => Ok(text.clone()),
                Some(Json::Number(number)) => Ok(number.to_string()),
                _ => Err(format!("the content has no text at {pointer}, which is the {field}")),
            },
        }
    }
}

/// A member's place as a JSON pointer (RFC 6901).
fn pointer(above: &str, name: &str) -> String {
    format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A value that stands alone: `12.5`, `true`, `RUNNING`, `"RUNNING"`, `null`.
fn bare(content: &[u8]) -> Result<Reading, String> {
    let text = std::str::from_utf8(content).map_err(|_| "the content is no UTF-8 text")?.trim();
    if let Ok(json @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_))) = serde_json::from_str::<Json>(text)
        && let Some(value) = reading(&json)?
    {
        return Ok(value);
    }
    if text.is_empty() {
        return Err("the content is empty".to_owned());
    }
    worded(text)
}

/// A JSON value as a reading; `None` where it is a list or an object. A truth is the number 1 or 0.
fn reading(json: &Json) -> Result<Option<Reading>, String> {
    Ok(Some(match json {
        Json::Null => Reading::Unavailable,
        Json::Bool(truth) => Reading::Number(f64::from(u8::from(*truth))),
        Json::Number(number) => Reading::Number(number.as_f64().filter(|it| it.is_finite()).ok_or_else(|| format!("{number} is larger than a number can be"))?),
        Json::String(text) => worded(text)?,
        Json::Array(_) | Json::Object(_) => return Ok(None),
    }))
}

fn worded(text: &str) -> Result<Reading, String> {
    if text.len() > limits::READING_TEXT_MAX {
        return Err(format!("a text of {} bytes; at most {} are kept as one value", text.len(), limits::READING_TEXT_MAX));
    }
    Ok(Reading::Text(text.into()))
}

fn moment(told: &Json, unit: TimeUnit) -> Result<Time, String> {
    let micros = match (told, unit) {
        (Json::String(text), _) => return text.parse().map_err(|fault| format!("the time {text} {fault}")),
        (Json::Number(number), TimeUnit::S) => scaled(number, 1_000_000, 1),
        (Json::Number(number), TimeUnit::Ms) => scaled(number, 1_000, 1),
        (Json::Number(number), TimeUnit::Us) => scaled(number, 1, 1),
        (Json::Number(number), TimeUnit::Ns) => scaled(number, 1, 1_000),
        _ => None,
    };
    let micros = micros.ok_or_else(|| format!("{told} is no time in the unit that the mapping names"))?;
    Time::from_micros(micros).checked().map_err(|fault| format!("the time {told} {fault}; is it in the unit that the mapping names?"))
}

/// Whole numbers are counted exactly; a fraction is as exact as a double is.
fn scaled(number: &serde_json::Number, times: i64, over: i64) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return whole.checked_mul(times).map(|it| it / over);
    }
    let micros = number.as_f64()? * times as f64 / over as f64;
    (micros.abs() < 9e18).then_some(micros.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(json: &str) -> Rules {
        Rules::of(&serde_json::from_str(json).unwrap()).unwrap()
    }

    fn refused(json: &str) -> String {
        Rules::of(&serde_json::from_str(json).unwrap()).err().unwrap().detail
    }

    /// Readings as lines: machine, metric, unit, time in milliseconds, value.
    fn lines(rules: &Rules, topic: &str, content: &str) -> Vec<String> {
        let line = |it: Told| {
            let at = it.at.map_or("now".to_owned(), |at| (at.micros() / 1_000).to_string());
            format!("{} {} {} {at} {:?}", it.machine, it.metric, it.unit.as_deref().unwrap_or("-"), it.value)
        };
        rules.read(topic, content.as_bytes()).map_or_else(|why| vec![format!("refused: {why}")], |told| told.into_iter().map(line).collect())
    }

    #[test]
    fn plain_topics_carry_bare_values_or_values_with_their_time() {
        let rules = rules(r#"{"plain": {"prefix": "plant/north"}}"#);
        assert_eq!(rules.filters(), ["plant/north/+/+"]);
        assert_eq!(lines(&rules, "plant/north/LASER-1/power", "12.5"), ["LASER-1 power - now Number(12.5)"]);
        assert_eq!(lines(&rules, "plant/north/LASER-1/door", "true"), ["LASER-1 door - now Number(1.0)"]);
        assert_eq!(lines(&rules, "plant/north/LASER-1/state", "RUNNING"), ["LASER-1 state - now Text(\"RUNNING\")"]);
        assert_eq!(lines(&rules, "plant/north/LASER-1/state", "null"), ["LASER-1 state - now Unavailable"]);
        assert_eq!(lines(&rules, "plant/north/LASER-1/power", r#"{"value": 3, "timestamp": 1774850400123}"#), ["LASER-1 power - 1774850400123 Number(3.0)"]);
        assert_eq!(lines(&rules, "plant/north/LASER-1/power", r#"{"value": 3, "timestamp": "2026-03-30T06:00:00.123Z"}"#), ["LASER-1 power - 1774850400123 Number(3.0)"]);
    }

    #[test]
    fn an_object_is_one_reading_a_member() {
        let rules = rules(r#"{"json_object": {"prefix": "cells"}}"#);
        let content = r#"{"timestamp": 1774850400000, "arc_on": true, "gas": {"flow": 14.5, "kind": "M21"}, "list": [1], "wire": null}"#;
        assert_eq!(
            lines(&rules, "cells/WELD-2", content),
            [
                "WELD-2 arc_on - 1774850400000 Number(1.0)",
                "WELD-2 gas.flow - 1774850400000 Number(14.5)",
                "WELD-2 gas.kind - 1774850400000 Text(\"M21\")",
                "WELD-2 wire - 1774850400000 Unavailable"
            ]
        );
    }

    #[test]
    fn the_unified_namespace_names_the_last_level_before_the_contract() {
        let rules = rules(r#"{"umh": {}}"#);
        assert_eq!(rules.filters().len(), 6);
        let content = r#"{"timestamp_ms": 1774850400000, "value": 21.5}"#;
        assert_eq!(lines(&rules, "umh/v1/acme/_historian/power", content), ["acme power - 1774850400000 Number(21.5)"]);
        assert_eq!(lines(&rules, "umh/v1/acme/site/area/line/LASER-1/_historian/axis/x/position", content), ["LASER-1 axis.x.position - 1774850400000 Number(21.5)"]);
        assert_eq!(lines(&rules, "umh/v1/acme/_work-order/create", content), ["refused: no rule fits the topic umh/v1/acme/_work-order/create"]);
    }

    #[test]
    fn a_rule_takes_names_from_levels_from_the_content_or_says_them() {
        let rules = rules(
            r##"{"rules": [
                {"topic": "press/+machine/cycle", "value": "/data/0/v", "metric": "/data/0/tag", "unit": "/data/0/u", "time": {"at": "/data/0/t", "unit": "s"}},
                {"topic": "hall/#path", "content": "bare", "machine": "HALL", "metric": "#path", "unit": "Cel"}]}"##,
        );
        assert_eq!(rules.filters(), ["hall/#", "press/+/cycle"]);
        let content = r#"{"data": [{"v": 9, "tag": "force", "u": "kN", "t": 1774850400.5}]}"#;
        assert_eq!(lines(&rules, "press/P-3/cycle", content), ["P-3 force kN 1774850400500 Number(9.0)"]);
        assert_eq!(lines(&rules, "hall/north/door", "21"), ["HALL north.door Cel now Number(21.0)"]);
        assert_eq!(lines(&rules, "press/P-3/cycle", "{}"), ["refused: the content has no /data/0/v"]);
        assert_eq!(lines(&rules, "hall", "21"), ["refused: no rule fits the topic hall"]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_reason() {
        let rules = rules(r#"{"plain": {"prefix": "p"}}"#);
        let cases: &[(&[u8], &str)] = &[
            (b"{\"value\": ", "the content is no JSON"),
            (b"{\"value\": [1]}", "/value is a list"),
            (b"{\"value\": 1e999}", "larger than a number"),
            (b"{\"value\": 1, \"timestamp\": 1774850400}", "is it in the unit"),
            (b"{\"value\": 1, \"timestamp\": true}", "is no time"),
            (b"{\"value\": 1, \"timestamp\": 9223372036854775807}", "is no time"),
            (b"\xff\xfe", "no UTF-8"),
            (b"", "empty"),
        ];
        for (content, why) in cases {
            let refused = rules.read("p/M/x", content).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        let deep = "[".repeat(100_000);
        assert!(rules.read("p/M/x", deep.as_bytes()).is_err());
        let long = "x".repeat(limits::READING_TEXT_MAX + 1);
        assert!(rules.read("p/M/x", long.as_bytes()).unwrap_err().contains("at most"));
    }

    #[test]
    fn an_object_of_too_many_members_is_refused() {
        let rules = rules(r#"{"json_object": {"prefix": "p"}}"#);
        let members: Vec<String> = (0..=limits::MQTT_MEMBERS_MAX).map(|at| format!("\"m{at}\": 1")).collect();
        assert!(rules.read("p/M", format!("{{{}}}", members.join(",")).as_bytes()).unwrap_err().contains("members"));
    }

    #[test]
    fn rules_that_cannot_work_are_refused() {
        let rule = |body: &str| refused(&format!(r#"{{"rules": [{{{body}}}]}}"#));
        assert!(rule(r##""topic": "a/#/b", "machine": "M", "metric": "m""##).contains("only end"));
        assert!(rule(r##""topic": "a/b+/c", "machine": "M", "metric": "m""##).contains("begin"));
        assert!(rule(r##""topic": "a/+machine""##).contains("no level of that name"));
        assert!(rule(r##""topic": "a/+machine", "metric": """##).contains("empty"));
        assert!(rule(r##""topic": "a/+machine", "content": "object", "metric": "m""##).contains("names itself"));
        assert!(rule(r##""topic": "a/+machine/+metric", "value": "value""##).contains("pointer"));
        assert!(rule(r##""topic": "a/+machine/+metric", "content": "bare", "value": "/value""##).contains("bare"));
        assert!(refused(r#"{"rules": []}"#).contains("1 to"));
        assert!(serde_json::from_str::<Mapping>(r#"{"rules": [{"topic": "a", "colour": "red"}]}"#).is_err());
    }
}
