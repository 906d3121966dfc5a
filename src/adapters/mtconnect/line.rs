//! The lines of an SHDR adapter: `time|key|value|key|value`, a condition or a message alone on its
//! line, `*` before what is about the connection. Deliberately without types: the lines have none.

use std::time::Duration;

use super::document::{Condition, Level, Told};
use super::moment;
use crate::base::{Time, limits};

/// A line with its end cut off.
pub(super) struct Whole {
    pub(super) text: String,
    /// It was longer than a line may be; this is its beginning.
    pub(super) cut: bool,
}

/// Cuts lines from bytes as they come.
#[derive(Default)]
pub(super) struct Lines {
    waiting: Vec<u8>,
    /// The rest of a line that was too long.
    dropping: bool,
    /// The line that ends an asset, and how many bytes of it may still be passed over.
    skipping: Option<(String, usize)>,
}

impl Lines {
    /// Takes bytes in. Whoever does takes the lines out before the next.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next whole line.
    pub(super) fn next(&mut self) -> Option<Whole> {
        loop {
            let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') else { return self.too_long() };
            let line: Vec<u8> = self.waiting.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            if !std::mem::take(&mut self.dropping) && !self.skips(&text) {
                return Some(Whole { cut: text.len() > limits::SHDR_LINE_MAX, text });
            }
        }
    }

    /// Passes over what comes until a line that is this.
    pub(super) fn skip_to(&mut self, end: Option<String>) {
        self.skipping = end.map(|end| (end, limits::DOCUMENT_MAX));
    }

    fn too_long(&mut self) -> Option<Whole> {
        if self.waiting.len() <= limits::SHDR_LINE_MAX {
            return None;
        }
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.waiting)).into_owned();
        let begins = !std::mem::replace(&mut self.dropping, true) && self.skipping.is_none();
        begins.then_some(Whole { text, cut: true })
    }

    /// Whether a line belongs to an asset; one that does not end is given up.
    fn skips(&mut self, text: &str) -> bool {
        let Some((end, left)) = &mut self.skipping else { return false };
        if text == end || *left < text.len() {
            self.skipping = None;
        } else {
            *left -= text.len();
        }
        true
    }
}

/// What a line says.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// Values of keys, at a time where one is told.
    Facts { at: Option<Time>, facts: Vec<(String, Told)> },
    /// The adapter is there, and wants to be asked this often.
    Pong(Duration),
    /// A tool or a file, up to the line that ends it where it has several.
    Asset { until: Option<String> },
    /// Nothing that is kept.
    Nothing,
}

/// Reads a line; keys that hold words are never taken for conditions.
pub(super) fn read(text: &str, text_keys: &[String]) -> Result<Line, &'static str> {
    if let Some(about) = text.strip_prefix('*') {
        return Ok(pong(about).map_or(Line::Nothing, Line::Pong));
    }
    if text.trim().is_empty() {
        return Ok(Line::Nothing);
    }
    let fields = fields_of(text);
    let (at, fields) = timed(&fields)?;
    let Some(first) = fields.first() else { return Err("the line has no key") };
    if first.starts_with('@') {
        let until = fields.last().filter(|last| last.starts_with("--multiline--"));
        return Ok(Line::Asset { until: until.cloned() });
    }
    if first.is_empty() {
        return Err("a value without a key");
    }
    Ok(Line::Facts { at, facts: facts_of(fields, text_keys)? })
}

fn pong(about: &str) -> Option<Duration> {
    let mut words = about.split_ascii_whitespace();
    let heartbeat = words.next().filter(|word| *word == "PONG").and(words.next())?;
    heartbeat.parse().ok().map(|ms: u64| Duration::from_millis(ms.clamp(100, 600_000)))
}

/// The time in front: a moment, with a duration behind `@` where one is told; nothing, or a number
/// that counts from a beginning that nobody knows; or none at all.
fn timed(fields: &[String]) -> Result<(Option<Time>, &[String]), &'static str> {
    let Some((first, rest)) = fields.split_first() else { return Ok((None, fields)) };
    let first = first.split('@').next().unwrap_or_default().trim();
    if let Some(at) = moment(first) {
        return Ok((Some(at), rest));
    }
    if fields[0].is_empty() || (!first.is_empty() && first.parse::<f64>().is_ok()) {
        return Ok((None, rest));
    }
    if first.starts_with(|c: char| c.is_ascii_digit()) && first.contains(':') {
        return Err("the line's time cannot be read");
    }
    Ok((None, fields))
}

fn facts_of(fields: &[String], text_keys: &[String]) -> Result<Vec<(String, Told)>, &'static str> {
    match fields {
        // Three keys with their values have six fields too; a condition's fifth is one of three words.
        [key, level, code, _severity, qualifier, text] if !text_keys.contains(key) && ["", "HIGH", "LOW"].iter().any(|word| qualifier.eq_ignore_ascii_case(word)) => {
            if let Some(told) = condition(level, code, text) {
                return Ok(vec![(key.clone(), told)]);
            }
        }
        [key, code, text] => {
            let told = if unavailable(code) || unavailable(text) {
                Told::Unavailable
            } else if code.is_empty() {
                Told::Value(text.clone())
            } else {
                Told::Value(format!("{code}: {text}"))
            };
            return Ok(vec![(key.clone(), told)]);
        }
        _ => {}
    }
    if !fields.len().is_multiple_of(2) {
        return Err("a key without a value");
    }
    if fields.iter().step_by(2).any(String::is_empty) {
        return Err("a value without a key");
    }
    if fields.iter().step_by(2).any(|key| key.parse::<f64>().is_ok()) {
        return Err("a number stands where a key should; time series need an agent");
    }
    Ok(fields.chunks_exact(2).map(|pair| (pair[0].clone(), if unavailable(&pair[1]) { Told::Unavailable } else { Told::Value(pair[1].clone()) })).collect())
}

fn condition(level: &str, code: &str, text: &str) -> Option<Told> {
    if unavailable(level) {
        return Some(Told::Unavailable);
    }
    let level = Level::read(level)?;
    Some(Told::Condition(Condition { level, key: code.to_owned(), code: code.to_owned(), text: text.to_owned() }))
}

fn unavailable(value: &str) -> bool {
    value.eq_ignore_ascii_case("UNAVAILABLE")
}

/// The fields between bars. One in quotation marks may hold bars behind a backslash.
fn fields_of(text: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (field, after) = quoted(text).unwrap_or_else(|| {
            let (field, after) = text.split_once('|').map_or((text, None), |(field, after)| (field, Some(after)));
            (field.trim().to_owned(), after)
        });
        fields.push(field);
        rest = after;
    }
    fields
}

/// A field in quotation marks with a bar in it; others are as they are written.
fn quoted(text: &str) -> Option<(String, Option<&str>)> {
    let inner = text.strip_prefix('"')?;
    let end = inner.match_indices('"').map(|(at, _)| at).find(|at| matches!(inner.as_bytes().get(at + 1), None | Some(b'|')))?;
    let field = &inner[..end];
    if !field.contains("\\|") {
        return None;
    }
    Some((field.replace("\\|", "|"), inner[end + 1..].strip_prefix('|')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Vec<(String, Told)> {
        match read(text, &[]) {
            Ok(Line::Facts { facts, .. }) => facts,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn value(key: &str, value: &str) -> (String, Told) {
        (key.to_owned(), Told::Value(value.to_owned()))
    }

    fn fault(key: &str, level: Level, code: &str, text: &str) -> (String, Told) {
        (key.to_owned(), Told::Condition(Condition { level, key: code.to_owned(), code: code.to_owned(), text: text.to_owned() }))
    }

    #[test]
    fn a_line_tells_one_key_or_many() {
        assert_eq!(facts("2026-03-31T06:00:00Z|execution|ACTIVE"), [value("execution", "ACTIVE")]);
        assert_eq!(facts("2026-03-31T06:00:00Z|program|Tap|execution| READY"), [value("program", "Tap"), value("execution", "READY")]);
        assert_eq!(facts("2026-03-31T06:00:00Z|Xabs|UNAVAILABLE|prog|"), [("Xabs".to_owned(), Told::Unavailable), value("prog", "")]);
        assert_eq!(facts(r"2016-05-13T17:24:39Z|program|TNC:\BRIAN\WARMUP.H"), [value("program", r"TNC:\BRIAN\WARMUP.H")]);
        assert_eq!(facts(r#"2016-05-13T17:24:39Z|program|"a\|b"|x|1"#), [value("program", "a|b"), value("x", "1")]);
        assert_eq!(facts(r#"2016-05-13T17:24:39Z|program|"a"|x|1"#), [value("program", "\"a\""), value("x", "1")]);
    }

    #[test]
    fn conditions_and_messages_stand_alone() {
        assert_eq!(facts("2016-05-13T17:24:39Z|logic|Warning|8100004F|||79 PRELUBRICATION"), [fault("logic", Level::Warning, "8100004F", "79 PRELUBRICATION")]);
        assert_eq!(facts("2016-05-13T17:24:39Z|system|NORMAL||||"), [fault("system", Level::Normal, "", "")]);
        assert_eq!(facts("2016-05-13T17:24:39Z|travel|Unavailable||||"), [("travel".to_owned(), Told::Unavailable)]);
        assert_eq!(facts("2016-05-13T17:24:39Z|msg|CHG|Change inserts"), [value("msg", "CHG: Change inserts")]);
        assert_eq!(facts("2016-05-13T17:24:39Z|mode|NORMAL|a|1|b|2"), [value("mode", "NORMAL"), value("a", "1"), value("b", "2")]);
        let words = ["mode".to_owned()];
        let Ok(Line::Facts { facts, .. }) = read("2016-05-13T17:24:39Z|mode|NORMAL|a|1|low|2", &words) else { panic!() };
        assert_eq!(facts, [value("mode", "NORMAL"), value("a", "1"), value("low", "2")]);
    }

    #[test]
    fn a_time_is_told_or_is_that_of_arrival() {
        let at = |text: &str| match read(text, &[]) {
            Ok(Line::Facts { at, .. }) => at.map(|at| at.to_string()),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(at("2022-08-08T13:51:34.7167146Z|x|1").as_deref(), Some("2022-08-08T13:51:34.716714Z"));
        assert_eq!(at("2022-08-08T13:51:34.5|x|1").as_deref(), Some("2022-08-08T13:51:34.5Z"));
        assert_eq!(at("2022-08-08T13:51:34Z@120.5|x|1").as_deref(), Some("2022-08-08T13:51:34Z"));
        for arrival in ["|x|1", "2|x|1", "x|1"] {
            assert_eq!(at(arrival), None, "{arrival}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused_and_what_is_not_kept_is_passed_over() {
        for refused in [
            "2022-13-45T13:51:34Z|x|1",
            "2022-08-08T13:51:34Z|x|1|y|2|z",
            "2022-08-08T13:51:34Z|wave|3|100|1 2 3",
            "2022-08-08T13:51:34Z",
            "2022-08-08T13:51:34Z||1",
            "2022-08-08T13:51:34Z|x|1||2",
        ] {
            assert!(read(refused, &[]).is_err(), "{refused}");
        }
        assert_eq!(read("* PONG 10000", &[]), Ok(Line::Pong(Duration::from_secs(10))));
        assert_eq!(read("* shdrVersion: 2", &[]), Ok(Line::Nothing));
        assert_eq!(read("2|@ASSET@|EM233|CuttingTool|<CuttingTool/>", &[]), Ok(Line::Asset { until: None }));
    }

    #[test]
    fn an_asset_of_several_lines_is_passed_over_and_a_line_without_an_end_is_cut() {
        let mut lines = Lines::default();
        lines.push(b"1|@ASSET@|A|T|--multiline--X\n<a>\n1|x|2\n--multiline--X\n1|y|3\r\n1|z");
        let mut shown = Vec::new();
        while let Some(line) = lines.next() {
            if let Ok(Line::Asset { until }) = read(&line.text, &[]) {
                lines.skip_to(until);
            }
            shown.push(line.text);
        }
        assert_eq!(shown, ["1|@ASSET@|A|T|--multiline--X", "1|y|3"]);
        lines.push(&vec![b'x'; limits::SHDR_LINE_MAX]);
        let cut = lines.next().unwrap();
        assert!(cut.cut && cut.text.starts_with("1|zxx"));
        lines.push(b"the rest of it\n1|a|1\n");
        assert_eq!(lines.next().unwrap().text, "1|a|1");
    }
}
