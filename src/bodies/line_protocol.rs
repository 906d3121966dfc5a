//! InfluxDB line protocol: bytes to points, line by line. Keys and texts stay slices of the body, so
//! that a point costs no allocation; a bad line is told with its number and its reason, and the next
//! one is read. Deliberately without an idea of machines: what a point means is said in `points`.

use std::borrow::Cow;

use crate::base::{Code, Refusal, Time, limits};

/// In which unit the timestamps of a body are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// `n` or `ns`.
    #[default]
    Nanoseconds,
    /// `u` or `us`.
    Microseconds,
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
    /// `m`.
    Minutes,
    /// `h`.
    Hours,
}

impl Precision {
    /// Of its word in a query.
    pub fn from_word(word: &str) -> Result<Self, Refusal> {
        match word {
            "n" | "ns" => Ok(Self::Nanoseconds),
            "u" | "us" | "\u{b5}" => Ok(Self::Microseconds),
            "ms" => Ok(Self::Milliseconds),
            "s" => Ok(Self::Seconds),
            "m" => Ok(Self::Minutes),
            "h" => Ok(Self::Hours),
            _ => Err(Refusal::field(Code::Malformed, "precision", "precision must be one of n, ns, u, us, ms, s, m, h")),
        }
    }

    fn time(self, number: i64) -> Option<Time> {
        let micros = match self {
            Self::Nanoseconds => Some(number.div_euclid(1_000)),
            Self::Microseconds => Some(number),
            Self::Milliseconds => number.checked_mul(1_000),
            Self::Seconds => number.checked_mul(1_000_000),
            Self::Minutes => number.checked_mul(60_000_000),
            Self::Hours => number.checked_mul(3_600_000_000),
        };
        micros.map(Time::from_micros)
    }
}

/// Why a line cannot be read.
pub type Fault = &'static str;

/// What stands behind a field's key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content<'a> {
    /// A number; true is 1 and false is 0.
    Number(f64),
    /// A text, as it stands between its quotes.
    Text(&'a [u8]),
}

/// A field of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// Its key, with its escapes.
    pub key: &'a [u8],
    /// What it holds.
    pub content: Content<'a>,
}

/// A line that could be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<'l, 'a> {
    /// Measurement and tags, with their escapes.
    pub key: &'a [u8],
    /// At least one.
    pub fields: &'l [Field<'a>],
    /// Absent where the line says nothing.
    pub at: Option<Time>,
}

/// Reads a body from a place on.
pub struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    precision: Precision,
    fields: Vec<Field<'a>>,
}

impl<'a> Lines<'a> {
    /// The lines of a body from a place on: its start, or where another reading of it ended.
    pub fn starting(bytes: &'a [u8], precision: Precision, from: Place) -> Self {
        Self { bytes, at: from.at, line: from.line, precision, fields: Vec::new() }
    }

    /// Where the next line begins.
    pub fn place(&self) -> Place {
        Place { at: self.at, line: self.line }
    }

    /// What was read since a place, without the blanks around it.
    pub fn since(&self, place: Place) -> &'a [u8] {
        self.bytes[place.at.min(self.at)..self.at].trim_ascii()
    }

    /// The next line that is neither empty nor a comment: its number, counted from 1, and its point.
    pub fn read(&mut self) -> Option<(usize, Result<Point<'_, 'a>, Fault>)> {
        loop {
            self.skip_blanks();
            match self.peek()? {
                b'\n' => self.step_over_newline(),
                b'#' => self.skip_line(),
                _ => break,
            }
        }
        let line = self.line;
        self.fields.clear();
        match self.point() {
            Ok((key, at)) => Some((line, Ok(Point { key, fields: &self.fields, at }))),
            Err(fault) => {
                self.skip_line();
                Some((line, Err(fault)))
            }
        }
    }

    fn point(&mut self) -> Result<(&'a [u8], Option<Time>), Fault> {
        let key = self.until(|byte| byte == b' ');
        if key.is_empty() || key[0] == b',' {
            return Err("no measurement at its beginning");
        }
        if key.len() > limits::POINT_KEY_MAX {
            return Err("measurement and tags are too long together");
        }
        self.skip_blanks();
        loop {
            let field = self.field()?;
            if self.fields.len() == limits::POINT_FIELDS_MAX {
                return Err("too many fields in one line");
            }
            self.fields.push(field);
            match self.peek() {
                Some(b',') => self.at += 1,
                None | Some(b' ' | b'\t' | b'\r' | b'\n') => break,
                Some(_) => return Err("something stands behind a closing quote"),
            }
        }
        let at = self.timestamp()?;
        if self.peek().is_some_and(|byte| byte != b'\n') {
            return Err("something stands behind the timestamp");
        }
        Ok((key, at))
    }

    fn field(&mut self) -> Result<Field<'a>, Fault> {
        let key = self.until(|byte| matches!(byte, b'=' | b',' | b' '));
        if self.peek() != Some(b'=') {
            return Err(if key.is_empty() { "no field" } else { "a field without =" });
        }
        if key.is_empty() {
            return Err("a field without a key");
        }
        self.at += 1;
        let content = if self.peek() == Some(b'"') { Content::Text(self.quoted()?) } else { Content::Number(number(self.plain())?) };
        Ok(Field { key, content })
    }

    /// A text between quotes, which may hold newlines.
    fn quoted(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                None => return Err("a text without its closing quote"),
                // Each escaped byte stands for one, so twice the bound is surely over it.
                Some(_) if at - start > 2 * limits::READING_TEXT_MAX => return Err("a text is too long, or without its closing quote"),
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
            }
        }
        let text = &self.bytes[start..at];
        self.line += text.iter().filter(|byte| **byte == b'\n').count();
        self.at = at + 1;
        Ok(text)
    }

    /// What stands before the next comma, blank or newline, escaped or not.
    fn plain(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n')).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn timestamp(&mut self) -> Result<Option<Time>, Fault> {
        self.skip_blanks();
        let digits = self.plain();
        self.skip_blanks();
        if digits.is_empty() {
            return Ok(None);
        }
        let number = whole(digits).ok_or("the timestamp is no whole number of 64 bits")?;
        self.precision.time(number).map(Some).ok_or("the timestamp is too large for this precision")
    }

    /// What stands before one of these or the end of the line; a backslash hides the byte behind it.
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> &'a [u8] {
        let (start, mut at) = (self.at, self.at);
        while let Some(byte) = self.bytes.get(at) {
            if *byte == b'\n' || ends(*byte) {
                break;
            }
            let hides = *byte == b'\\' && self.bytes.get(at + 1).is_some_and(|next| *next != b'\n');
            at += if hides { 2 } else { 1 };
        }
        self.at = at;
        &self.bytes[start..at]
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn step_over_newline(&mut self) {
        self.at += 1;
        self.line += 1;
    }

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(length) => {
                self.at += length;
                self.step_over_newline();
            }
            None => self.at = self.bytes.len(),
        }
    }
}

/// A place in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The byte.
    pub at: usize,
    /// The number of its line.
    pub line: usize,
}

impl Place {
    /// The beginning of a body.
    pub const START: Self = Self { at: 0, line: 1 };
}

fn number(plain: &[u8]) -> Result<f64, Fault> {
    const NO_NUMBER: Fault = "a content is no number, no text in double quotes, and neither true nor false";
    match plain {
        [] => return Err("a field without a content"),
        b"t" | b"T" | b"true" | b"True" | b"TRUE" => return Ok(1.0),
        b"f" | b"F" | b"false" | b"False" | b"FALSE" => return Ok(0.0),
        [digits @ .., b'i'] => return whole(digits).map(|number| number as f64).ok_or("a whole number (i) does not fit 64 bits, or is none"),
        [digits @ .., b'u'] => return unsigned(digits).map(|number| number as f64).ok_or("an unsigned number (u) does not fit 64 bits, or is none"),
        _ => {}
    }
    let number: f64 = std::str::from_utf8(plain).ok().and_then(|text| text.parse().ok()).ok_or(NO_NUMBER)?;
    if number.is_finite() { Ok(number) } else { Err("a number is not finite") }
}

fn whole(digits: &[u8]) -> Option<i64> {
    let (negative, digits) = match digits {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, digits),
    };
    let size = unsigned(digits)?;
    if negative { 0_i64.checked_sub_unsigned(size) } else { i64::try_from(size).ok() }
}

fn unsigned(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// A key, a tag or a measurement without its escapes; `None` where it is not UTF-8.
pub fn name(raw: &[u8]) -> Option<Cow<'_, str>> {
    without_escapes(raw, b", =")
}

/// A text between quotes without its escapes; `None` where it is not UTF-8.
pub fn text(raw: &[u8]) -> Option<Cow<'_, str>> {
    without_escapes(raw, b"\"\\")
}

/// Only a backslash before one of these is an escape; any other stands for itself.
fn without_escapes<'a>(raw: &'a [u8], escaped: &[u8]) -> Option<Cow<'a, str>> {
    if !raw.contains(&b'\\') {
        return std::str::from_utf8(raw).ok().map(Cow::Borrowed);
    }
    let mut plain = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().peekable();
    while let Some(byte) = bytes.next() {
        let hidden = if *byte == b'\\' { bytes.next_if(|next| escaped.contains(next)) } else { None };
        plain.push(*hidden.unwrap_or(byte));
    }
    String::from_utf8(plain).ok().map(Cow::Owned)
}

/// Tags with their values.
pub type Tags<'a> = Vec<(&'a [u8], &'a [u8])>;

/// Measurement and tags of a key, in their order, with their escapes.
pub fn parts(key: &[u8]) -> Result<(&[u8], Tags<'_>), Fault> {
    let mut pieces = split(key, b',');
    let measurement = pieces.next().unwrap_or_default();
    let mut tags = Vec::new();
    for piece in pieces {
        let mut sides = split(piece, b'=');
        match (sides.next(), sides.next(), sides.next()) {
            (Some(tag), Some(value), None) if !tag.is_empty() && !value.is_empty() => tags.push((tag, value)),
            _ => return Err("a tag must be name=value, both not empty"),
        }
    }
    Ok((measurement, tags))
}

/// Pieces between separators that no backslash hides.
fn split(raw: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut hidden = false;
    raw.split(move |byte| {
        let ends = !hidden && *byte == separator;
        hidden = !hidden && *byte == b'\\';
        ends
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A line as a test says it: key, fields, time in microseconds.
    type Said = (String, Vec<(String, String)>, Option<i64>);

    fn read(body: &[u8], precision: Precision) -> Vec<(usize, Result<Said, Fault>)> {
        let mut lines = Lines::starting(body, precision, Place::START);
        let mut all = Vec::new();
        while let Some((line, point)) = lines.read() {
            all.push((line, point.map(said)));
        }
        all
    }

    fn said(point: Point<'_, '_>) -> Said {
        let shown = |field: &Field<'_>| match field.content {
            Content::Number(number) => format!("{number}"),
            Content::Text(raw) => format!("{:?}", text(raw).unwrap_or_default()),
        };
        let fields = point.fields.iter().map(|field| (name(field.key).unwrap_or_default().into_owned(), shown(field))).collect();
        (String::from_utf8_lossy(point.key).into_owned(), fields, point.at.map(Time::micros))
    }

    fn good(body: &str) -> Said {
        match read(body.as_bytes(), Precision::Nanoseconds).as_slice() {
            [(1, Ok(said))] => said.clone(),
            other => panic!("{body:?} was read as {other:?}"),
        }
    }

    fn fault(body: &[u8]) -> Fault {
        match read(body, Precision::Nanoseconds).as_slice() {
            [(1, Err(fault))] => fault,
            other => panic!("{:?} was read as {other:?}", String::from_utf8_lossy(body)),
        }
    }

    fn value(content: &str) -> String {
        good(&format!("m f={content}")).1[0].1.clone()
    }

    #[test]
    fn a_line_has_its_key_its_fields_and_its_time() {
        let (key, fields, at) = good("laser,machine_id=L-1,unit=kW power=3.5,part_count=7i 1767254400000000123");
        assert_eq!((key.as_str(), at), ("laser,machine_id=L-1,unit=kW", Some(1_767_254_400_000_000)));
        assert_eq!(fields, [("power".to_owned(), "3.5".to_owned()), ("part_count".to_owned(), "7".to_owned())]);
        assert_eq!(good("m f=1").2, None);
        assert_eq!(good("  m  f=1  5000  ").2, Some(5));
        assert_eq!(good("m f=1 -1").2, Some(-1), "time before 1970 is rounded down");
    }

    #[test]
    fn numbers_are_whole_unsigned_broken_or_booleans() {
        for (content, wanted) in
            [("1", "1"), ("-2.5e-3", "-0.0025"), ("+3", "3"), ("7i", "7"), ("-9223372036854775808i", "-9223372036854776000"), ("18446744073709551615u", "18446744073709552000")]
        {
            assert_eq!(value(content), wanted, "{content}");
        }
        for (content, wanted) in [("t", "1"), ("TRUE", "1"), ("True", "1"), ("f", "0"), ("false", "0")] {
            assert_eq!(value(content), wanted, "{content}");
        }
        for content in ["NaN", "nan", "inf", "-Infinity", "1e400"] {
            assert_eq!(fault(format!("m f={content}").as_bytes()), "a number is not finite", "{content}");
        }
        for content in ["", "abc", "1,5", "0x10", "9223372036854775808i", "-1u", "i", "1.5i", "--1", "tRue", "'text'"] {
            fault(format!("m f={content}").as_bytes());
        }
    }

    #[test]
    fn texts_keep_commas_blanks_newlines_and_escaped_quotes() {
        assert_eq!(value(r#""RUN, fast""#), "\"RUN, fast\"");
        assert_eq!(value(r#""say \"hi\" C:\\x \n""#), r#""say \"hi\" C:\\x \\n""#);
        let lines = read(b"m f=\"two\nlines\"\nm f=oops\n", Precision::Nanoseconds);
        assert_eq!(lines[0].1.as_ref().unwrap().1[0].1, "\"two\\nlines\"");
        assert!(matches!(lines[1], (3, Err(_))), "a newline in a text counts: {lines:?}");
        assert_eq!(fault(b"m f=\"open"), "a text without its closing quote");
        assert_eq!(fault(b"m f=\"a\"b"), "something stands behind a closing quote");
        assert!(fault(format!("m f=\"{}\"", "x".repeat(9_000)).as_bytes()).contains("too long"));
    }

    #[test]
    fn escapes_in_keys_hide_commas_blanks_and_equals() {
        let (key, fields, _) = good(r"my\ laser,hall=A\,\ 1,k\=x=v fi\ eld\,\==1");
        let (measurement, tags) = parts(key.as_bytes()).unwrap();
        assert_eq!(name(measurement).unwrap(), "my laser");
        let tags: Vec<_> = tags.iter().map(|(tag, value)| (name(tag).unwrap(), name(value).unwrap())).collect();
        assert_eq!(tags, [("hall".into(), "A, 1".into()), ("k=x".into(), "v".into())]);
        assert_eq!(fields[0].0, "fi eld,=");
        assert_eq!(name(br"C:\temp").unwrap(), r"C:\temp");
    }

    #[test]
    fn precision_scales_the_timestamp_and_too_much_is_a_fault() {
        for (word, micros) in [("ns", 0), ("n", 0), ("u", 7), ("us", 7), ("ms", 7_000), ("s", 7_000_000), ("m", 420_000_000), ("h", 25_200_000_000)] {
            let lines = read(b"m f=1 7", Precision::from_word(word).unwrap());
            assert_eq!(lines[0].1.as_ref().unwrap().2, Some(micros), "{word}");
        }
        assert!(matches!(read(b"m f=1 9223372036854775807", Precision::Hours)[0], (1, Err("the timestamp is too large for this precision"))));
        assert!(Precision::from_word("d").is_err());
    }

    #[test]
    fn comments_empty_lines_and_carriage_returns_are_no_points_but_count() {
        let lines = read(b"# head\r\n\r\n  \nm f=1 1000\r\nbad\r\n#m f=1\nm f=2", Precision::Nanoseconds);
        assert_eq!(lines.iter().map(|(line, point)| (*line, point.is_ok())).collect::<Vec<_>>(), [(4, true), (5, false), (7, true)]);
        assert_eq!(lines[0].1.as_ref().unwrap().2, Some(1));
    }

    #[test]
    fn a_bad_line_is_named_and_its_neighbours_are_read() {
        let lines = read(b"m f=1\n,x=1 f=1\nm\nm f\nm =1\nm f=1 x\nm f=1 2 3\nm f=1,\nm f=2", Precision::Nanoseconds);
        assert_eq!(lines.iter().map(|(line, point)| (*line, point.is_ok())).collect::<Vec<_>>(), (1..=9).map(|line| (line, line == 1 || line == 9)).collect::<Vec<_>>());
        assert_eq!((lines[2].1.clone().unwrap_err(), lines[3].1.clone().unwrap_err()), ("no field", "a field without ="));
        assert!(parts(b"m,tag").is_err() && parts(b"m,tag=").is_err() && parts(b"m,=v").is_err() && parts(b"m,a=b=c").is_err());
        assert!(name(b"\xff\\ ").is_none() && text(b"\xc3").is_none());
    }

    fn escaped(plain: &str, specials: &str) -> String {
        plain.chars().fold(String::new(), |mut out, c| {
            if specials.contains(c) {
                out.push('\\');
            }
            out.push(c);
            out
        })
    }

    proptest! {
        #[test]
        fn what_a_client_wrote_is_what_is_read(tag in "[a-zä ,=]{1,9}", key in "[a-z ,=]{0,8}[a-z]", number in proptest::num::f64::NORMAL, words in "[^\r\u{0}]{0,40}", at in -4_000_000_000_000_000..4_000_000_000_000_000_i64) {
            let body = format!("m,t={} {}={number},w=\"{}\" {at}\n", escaped(&tag, ", ="), escaped(&key, ", ="), escaped(&words, "\"\\"));
            let lines = read(body.as_bytes(), Precision::Microseconds);
            prop_assert_eq!(lines.len(), 1);
            let (_, fields, time) = lines[0].1.clone().unwrap();
            prop_assert_eq!(fields, vec![(key, format!("{number}")), ("w".to_owned(), format!("{words:?}"))]);
            prop_assert_eq!(time, Some(at));
        }

        #[test]
        fn nothing_that_arrives_stops_the_reading_or_loses_its_place(body in proptest::collection::vec(prop_oneof![proptest::num::u8::ANY, proptest::sample::select(b"m,f= \"\\\n1i#".to_vec())], 0..400)) {
            let all = read(&body, Precision::Nanoseconds);
            let newlines = body.iter().filter(|byte| **byte == b'\n').count();
            prop_assert!(all.iter().all(|(line, _)| *line >= 1 && *line <= newlines + 1));
            prop_assert!(all.is_sorted_by(|one, next| one.0 < next.0));
            // Line by line from each place it is the same.
            let (mut place, mut again) = (Place::START, Vec::new());
            loop {
                let mut lines = Lines::starting(&body, Precision::Nanoseconds, place);
                let Some((line, point)) = lines.read() else { break };
                again.push((line, point.map(said)));
                place = lines.place();
            }
            prop_assert_eq!(again, all);
        }
    }
}
