//! Checked text: what a person typed, without control characters and within a bound.

/// Why a text is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Nothing but blanks.
    #[error("must not be empty")]
    Empty,
    /// Too many characters.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// A character that no label, screen or file can carry.
    #[error("contains the control character U+{0:04X}")]
    Control(u32),
}

/// Trims and checks one line.
pub fn line(text: &str, max: usize) -> Result<String, TextFault> {
    checked(text, max, |c| c.is_control())
}

/// Trims and checks a note: line breaks and tabs are welcome.
pub fn note(text: &str, max: usize) -> Result<String, TextFault> {
    checked(text, max, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn checked(text: &str, max: usize, forbidden: fn(char) -> bool) -> Result<String, TextFault> {
    // Bytes first: a text of megabytes is refused without counting its characters.
    if text.len() > max.saturating_mul(4) {
        return Err(TextFault::TooLong(max));
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(TextFault::Empty);
    }
    if text.chars().count() > max {
        return Err(TextFault::TooLong(max));
    }
    // U+2028 and its kin break lines in terminals and CSV as control characters do.
    match text.chars().find(|c| forbidden(*c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')) {
        Some(c) => Err(TextFault::Control(u32::from(c))),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_and_refuses() {
        assert_eq!(line("  S235 ", 10), Ok("S235".to_owned()));
        assert_eq!(line("  ", 10), Err(TextFault::Empty));
        assert_eq!(line("a\u{0}b", 10), Err(TextFault::Control(0)));
        assert_eq!(line("a\nb", 10), Err(TextFault::Control(10)));
        assert_eq!(note("a\nb", 10), Ok("a\nb".to_owned()));
        assert_eq!(line(&"x".repeat(11), 10), Err(TextFault::TooLong(10)));
        assert_eq!(line(&"x".repeat(5_000_000), 10), Err(TextFault::TooLong(10)));
        assert_eq!(line("Müller €", 8), Ok("Müller €".to_owned()));
    }
}
