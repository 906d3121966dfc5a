//! Codes that scanners read: Code 128 for numbers, QR for what is longer or not plain ASCII, GS1-128 where a lot
//! has what its identifiers want. Deliberately only which modules are dark: ink and millimetres are the page's.

use barcoders::sym::code128::Code128;

use crate::base::Date;
use crate::bodies::qr;

/// Characters that switch the set of a Code 128, and its function 1.
const SET_B: char = '\u{181}';
const SET_C: char = '\u{106}';
const FUNCTION_1: char = '\u{179}';
/// Longest text of a linear code; beyond it a square one is easier to scan.
pub const LINEAR_MAX: usize = 32;
/// Longest text of a square code.
pub const SQUARE_MAX: usize = 500;
/// Longest lot of a GS1 code.
const GS1_LOT_MAX: usize = 20;

/// A code as its modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Modules {
    /// Bars, from left to right; true is dark.
    Bars(Vec<bool>),
    /// Rows of a square; true is dark.
    Square {
        /// Modules of a side.
        side: usize,
        /// Row by row.
        dark: Vec<bool>,
    },
}

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A number or text of the plant.
    Plain(String),
    /// Application identifiers of GS1 with their contents.
    Gs1(Vec<(&'static str, String)>),
}

impl Content {
    /// As it is written under the code.
    pub fn text(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Gs1(parts) => parts.iter().map(|(ai, content)| format!("({ai}){content}")).collect(),
        }
    }

    /// Its code: linear if it can be, else square; `None` where it is too long for both.
    pub fn modules(&self) -> Option<Modules> {
        match self {
            Self::Plain(text) => linear(text).or_else(|| square(text)),
            Self::Gs1(parts) => encoded(&gs1(parts)),
        }
    }
}

/// A text as Code 128; `None` where it is too long or not plain ASCII.
pub fn linear(text: &str) -> Option<Modules> {
    let fits = !text.is_empty() && text.len() <= LINEAR_MAX && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if fits { encoded(&format!("{SET_B}{text}")) } else { None }
}

fn encoded(text: &str) -> Option<Modules> {
    Some(Modules::Bars(Code128::new(text).ok()?.encode().into_iter().map(|module| module == 1).collect()))
}

/// A text as a QR code that is read with a seventh of it damaged.
pub fn square(text: &str) -> Option<Modules> {
    if text.len() > SQUARE_MAX {
        return None;
    }
    let (side, dark) = qr::modules(text)?;
    Some(Modules::Square { side, dark })
}

/// Identifiers as the text of a GS1-128: fixed lengths first, so that nothing must be ended.
fn gs1(parts: &[(&'static str, String)]) -> String {
    let mut text = String::from(SET_C);
    text.push(FUNCTION_1);
    let mut is_digits = true;
    for (ai, content) in parts {
        let digits = content.len().is_multiple_of(2) && content.bytes().all(|byte| byte.is_ascii_digit());
        // An identifier is two digits: it stays in the set of pairs of digits.
        if !is_digits {
            text.push(SET_C);
        }
        text.push_str(ai);
        if !digits {
            text.push(SET_B);
        }
        is_digits = digits;
        text.push_str(content);
    }
    text
}

/// What a lot says in GS1: article number, expiry and lot; `None` where the product has no article number, or
/// the lot a parenthesis: printers and readers take it for the edge of an identifier.
pub fn gs1_lot(article: &str, expiry: Option<Date>, lot: &str) -> Option<Content> {
    let article = gtin(article)?;
    let is_lot = !lot.is_empty() && lot.len() <= GS1_LOT_MAX && lot.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!\"%&'*+,-./:;<=>?_".contains(&byte));
    if !is_lot {
        return None;
    }
    let mut parts = vec![("01", article)];
    parts.extend(expiry.map(|day| ("17", day.civil().strftime("%y%m%d").to_string())));
    parts.push(("10", lot.to_owned()));
    Some(Content::Gs1(parts))
}

/// An article number of 14 digits from one of 8, 12, 13 or 14 whose check digit is right.
fn gtin(text: &str) -> Option<String> {
    if !matches!(text.len(), 8 | 12 | 13 | 14) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{text:0>14}");
    let sum: u32 = padded.bytes().enumerate().map(|(at, byte)| u32::from(byte - b'0') * if at % 2 == 0 { 3 } else { 1 }).sum();
    sum.is_multiple_of(10).then_some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_linear_and_a_long_text_square() {
        assert!(matches!(Content::Plain("WO-2026-0001".to_owned()).modules(), Some(Modules::Bars(_))));
        let long = "https://plant.example/#/lots/LOT-000001?from=label";
        assert!(matches!(Content::Plain(long.to_owned()).modules(), Some(Modules::Square { .. })));
        assert!(matches!(Content::Plain("Größe".to_owned()).modules(), Some(Modules::Square { .. })));
        assert_eq!(Content::Plain("x".repeat(SQUARE_MAX + 1)).modules(), None);
    }

    #[test]
    fn a_lot_is_gs1_only_with_an_article_number_whose_check_digit_is_right() {
        let content = gs1_lot("4006381333931", "2027-03-31".parse().ok(), "LOT-7").unwrap();
        assert_eq!(content.text(), "(01)04006381333931(17)270331(10)LOT-7");
        assert!(matches!(content.modules(), Some(Modules::Bars(_))));
        assert_eq!(gs1_lot("4006381333932", None, "LOT-7"), None);
        assert_eq!(gs1_lot("BRACKET-1", None, "LOT-7"), None);
        assert_eq!(gs1_lot("4006381333931", None, "LOT(7)"), None, "its label would print another lot");
    }
}
