//! Numbers and intervals by PostgreSQL's patterns, for `to_char`: digits, groups, a point, `FM` and what stands behind them;
//! hours, minutes and seconds. Deliberately no signs, currencies, ordinals or powers: a pattern with these is an error.

use datafusion::arrow::datatypes::IntervalMonthDayNano;
use datafusion::common::exec_err;
use datafusion::error::Result;

/// A pattern of digits, taken apart.
struct Digits<'p> {
    is_bare: bool,
    /// `0`, `9` and `,` before the point.
    whole: Vec<char>,
    /// `0` and `9` behind it, if there is a point.
    fraction: Option<Vec<char>>,
    behind: &'p str,
}

impl<'p> Digits<'p> {
    fn of(pattern: &'p str) -> Result<Self> {
        let (is_bare, rest) = pattern.strip_prefix("FM").map_or((false, pattern), |rest| (true, rest));
        let (mut whole, mut fraction, mut end) = (Vec::new(), None::<Vec<char>>, rest.len());
        for (at, c) in rest.char_indices() {
            match (c, &mut fraction) {
                ('0' | '9', Some(digits)) => digits.push(c),
                ('0' | '9', None) => whole.push(c),
                (',' | 'G', None) if !whole.is_empty() => whole.push(','),
                ('.' | 'D', None) => fraction = Some(Vec::new()),
                _ => {
                    end = at;
                    break;
                }
            }
        }
        let behind = &rest[end..];
        let is_plain = !behind.contains(|c: char| c.is_ascii_alphanumeric() || "\"\\,.".contains(c));
        // A nine behind a nought is a nought.
        let first = whole.iter().position(|c| *c == '0').unwrap_or(whole.len());
        whole.iter_mut().skip(first).filter(|c| **c == '9').for_each(|c| *c = '0');
        if whole.is_empty() || !is_plain {
            return exec_err!("to_char does not know the pattern {pattern:?} for numbers: write digits (0, 9), a comma and a point, with FM before them if need be");
        }
        Ok(Self { is_bare, whole, fraction, behind })
    }

    fn places(&self) -> usize {
        self.fraction.as_ref().map_or(0, Vec::len)
    }
}

/// Places behind the point that a pattern shows: to so many a number is rounded first.
pub(super) fn places(pattern: &str) -> Result<usize> {
    Digits::of(pattern).map(|pattern| pattern.places())
}

/// A number, in units of the last of the places that the pattern shows.
pub(super) fn number(value: i128, pattern: &str) -> Result<String> {
    let pattern = Digits::of(pattern)?;
    let places = pattern.places();
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    // Nought before a point is not written, unless the pattern has a nought there.
    let mut left: Vec<char> = if whole == "0" && places > 0 { Vec::new() } else { whole.chars().collect() };
    let slots = pattern.whole.iter().filter(|c| **c != ',').count();
    if left.len() > slots {
        return exec_err!("to_char: the number {value} has more digits than its pattern");
    }
    let mut slots = slots;
    let (mut text, mut has_begun) = (String::new(), false);
    let sign = match (value < 0, pattern.is_bare) {
        (true, _) => "-",
        (false, true) => "",
        (false, false) => " ",
    };
    for slot in &pattern.whole {
        if *slot == ',' {
            text.push_str(if has_begun {
                ","
            } else if pattern.is_bare {
                ""
            } else {
                " "
            });
            continue;
        }
        let digit = if left.len() == slots { Some(left.remove(0)) } else { (*slot == '0').then_some('0') };
        slots -= 1;
        match digit {
            Some(digit) => {
                if !has_begun {
                    text.push_str(sign);
                    has_begun = true;
                }
                text.push(digit);
            }
            None if !pattern.is_bare => text.push(' '),
            None => {}
        }
    }
    if !has_begun {
        text.push_str(sign);
    }
    if let Some(slots) = &pattern.fraction {
        let kept = slots.iter().rposition(|slot| *slot == '0').map_or(0, |at| at + 1).max(fraction.trim_end_matches('0').len());
        text.push('.');
        text.push_str(if pattern.is_bare { &fraction[..kept] } else { fraction });
    }
    Ok(text + pattern.behind)
}

/// An interval: its hours, minutes and seconds, which do not count its days.
pub(super) fn interval(value: IntervalMonthDayNano, pattern: &str) -> Result<String> {
    if value.months < 0 || value.days < 0 || value.nanoseconds < 0 {
        return exec_err!("to_char of an interval below nought is not done here");
    }
    let seconds = value.nanoseconds / 1_000_000_000;
    let parts = [("HH24", seconds / 3_600), ("MI", seconds / 60 % 60), ("SS", seconds % 60), ("DD", i64::from(value.days))];
    let (mut text, mut rest) = (String::new(), pattern);
    while let Some(c) = rest.chars().next() {
        if let Some((part, number)) = parts.iter().find(|(part, _)| rest.starts_with(part)) {
            text.push_str(&format!("{number:02}"));
            rest = &rest[part.len()..];
        } else if c.is_ascii_alphabetic() || c == '"' || c == '\\' {
            return exec_err!("to_char of an interval does not know {:?}: write HH24, MI, SS and DD", rest.chars().take(8).collect::<String>());
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_postgresql_15_writes_them() {
        let cases = [
            (12_345, "FM9,999.99", "123.45"),
            (123_450, "FM9,999.00", "1,234.50"),
            (123_450, "9,999.99", " 1,234.50"),
            (-7, "999", "  -7"),
            (42, "00000", " 00042"),
            (-7, "000", "-007"),
            (1, "FM990.0%", "0.1%"),
            (5, "9.9", "  .5"),
            (0, "99", "  0"),
            (500, "FM9.99", "5."),
            (10, "FM0.99", "0.1"),
            (1_234_567, "FM999G999D00", "12,345.67"),
            (1, "90.99", "  0.01"),
        ];
        for (value, pattern, wanted) in cases {
            assert_eq!(number(value, pattern).unwrap(), wanted, "{value} by {pattern}");
        }
        for pattern in ["S999", "999MI", "L999", "RN", "999th", "9.9EEEE", "99V9", ""] {
            assert!(number(1, pattern).is_err(), "{pattern}");
        }
        assert!(number(100, "99").is_err());
    }

    #[test]
    fn of_intervals_the_time_is_written() {
        let of = |days, seconds: i64, pattern| interval(IntervalMonthDayNano::new(0, days, seconds * 1_000_000_000), pattern).ok();
        assert_eq!(of(1, 7_384, "HH24:MI:SS").as_deref(), Some("02:03:04"));
        assert_eq!(of(0, 400_000, "HH24:MI").as_deref(), Some("111:06"));
        assert_eq!((of(0, -1, "MI"), of(0, 1, "Month")), (None, None));
    }
}
