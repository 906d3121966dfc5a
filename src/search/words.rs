//! From a text to what is indexed of it, and how well a typed word fits that. Languages are mixed on
//! a shop floor, so there is no stemming: lower case, accents folded, typing slips forgiven.

use tantivy::tokenizer::{AsciiFoldingFilter, LowerCaser, RawTokenizer, TextAnalyzer};

use crate::base::limits;

/// Fewest characters that count as the last ones of a number.
const TAIL_MIN: usize = 3;

/// How a word stands in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// A whole identifier, without its dashes.
    Whole,
    /// A part of an identifier, or another way to write it.
    Piece,
    /// A word among words.
    Word,
}

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token {
    pub(super) form: Form,
    pub(super) text: String,
    /// It is also found by its last characters.
    pub(super) tail: bool,
}

/// How well a typed word fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// With a typing slip.
    Typo,
    /// Its beginning, its end or a part of it.
    Part,
    /// All of it.
    Whole,
}

/// Whether slips in numbers are forgiven too: only when nothing else was found, since the next
/// number is a slip away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Strict,
    Loose,
}

/// Lower case without accents.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut analyzer = TextAnalyzer::builder(RawTokenizer::default()).filter(LowerCaser).filter(AsciiFoldingFilter).build();
    let mut folded = String::with_capacity(text.len());
    analyzer.token_stream(text).process(&mut |token| folded.push_str(&token.text));
    folded
}

/// Letters and digits alone, folded: cheap, since every text of a record that may fit is looked at.
pub(super) fn bare(text: &str) -> String {
    if text.is_ascii() {
        return text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    }
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Runs of letters and digits.
pub(super) fn pieces(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty())
}

/// Letters and digits alone, bounded.
pub(super) fn compact(folded: &str) -> String {
    folded.chars().filter(|c| c.is_alphanumeric()).take(limits::TEXT_MAX).collect()
}

pub(super) fn has_digit(text: &str) -> bool {
    text.chars().any(char::is_numeric)
}

/// The words of a number that people or systems give.
pub(super) fn identifier(value: &str) -> Vec<Token> {
    let folded = fold(value);
    let pieces: Vec<&str> = pieces(&folded).collect();
    let whole = compact(&folded);
    let mut tokens = Vec::with_capacity(pieces.len() + 2);
    let mut piece = |text: &str, tail: bool| tokens.push(Token { form: Form::Piece, text: text.to_owned(), tail });
    let last_number = pieces.iter().rposition(|piece| has_digit(piece));
    // The first piece is the beginning of the whole, which is found by that already.
    for (at, text) in pieces.iter().enumerate().skip(1) {
        let tail = Some(at) == last_number && at + 1 < pieces.len();
        piece(without_zeros(text), tail);
    }
    let short = short(&folded);
    if short != whole {
        piece(&short, false);
    }
    // A code of letters may be misspelled as a word may.
    tokens.extend(pieces.iter().filter(|piece| !has_digit(piece) && slips(piece) > 0).map(|piece| Token { form: Form::Word, text: (*piece).to_owned(), tail: false }));
    tokens.push(Token { form: Form::Whole, text: whole, tail: true });
    tokens
}

/// An identifier as people call it, without its dashes: WO-000007 is WO-7.
pub(super) fn short(folded: &str) -> String {
    pieces(folded).map(without_zeros).collect()
}

/// A number without the zeros that fill it up; anything else as it is.
fn without_zeros(piece: &str) -> &str {
    let number = piece.bytes().all(|byte| byte.is_ascii_digit());
    let short = piece.trim_start_matches('0');
    if number && !short.is_empty() { short } else { piece }
}

/// The words of a name or a note.
pub(super) fn text(value: &str) -> Vec<Token> {
    let folded = fold(value);
    let mut tokens = Vec::new();
    let mut word = |text: String| tokens.push(Token { form: Form::Word, text, tail: false });
    for chunk in folded.split_whitespace() {
        let parts: Vec<&str> = pieces(chunk).collect();
        parts.iter().for_each(|part| word(compact(part)));
        // NCR-1234 in a note is found as it is written.
        if parts.len() > 1 {
            word(compact(chunk));
        }
    }
    tokens
}

/// Slips forgiven in a word: none where it is short or holds a digit.
pub(super) fn slips(word: &str) -> usize {
    match word.chars().count() {
        _ if has_digit(word) => 0,
        0..=3 => 0,
        4..=7 => 1,
        8..=limits::SEARCH_SLIP_LENGTH_MAX => 2,
        _ => 0,
    }
}

/// Slips forgiven in a whole number.
pub(super) fn number_slips(word: &str, mode: Mode) -> usize {
    usize::from(mode == Mode::Loose && has_digit(word) && (5..=limits::SEARCH_SLIP_LENGTH_MAX).contains(&word.chars().count()))
}

/// Whether a typed word is long enough to be somebody's last characters.
pub(super) fn may_be_tail(term: &str) -> bool {
    term.chars().count() >= TAIL_MIN
}

impl Token {
    /// How well a typed word fits this one.
    pub(super) fn fit(&self, term: &str, mode: Mode) -> Option<Fit> {
        self.fit_as_typed(term).or_else(|| self.fit_but_for_slips(term, mode))
    }

    /// How well it fits without a slip.
    pub(super) fn fit_as_typed(&self, term: &str) -> Option<Fit> {
        if self.form != Form::Piece && self.text == term {
            return Some(Fit::Whole);
        }
        if self.text.starts_with(term) || (self.tail && may_be_tail(term) && self.text.ends_with(term)) {
            return Some(Fit::Part);
        }
        None
    }

    /// Whether it fits but for the slips that are forgiven.
    pub(super) fn fit_but_for_slips(&self, term: &str, mode: Mode) -> Option<Fit> {
        let forgiven = match self.form {
            Form::Whole => number_slips(term, mode),
            Form::Word => slips(term),
            Form::Piece => 0,
        };
        (forgiven > 0 && self.text.len() + forgiven >= term.chars().count() && begins_within(term, &self.text, forgiven)).then_some(Fit::Typo)
    }
}

/// Whether a word begins with the term but for so many slips: a letter more, less, other, or two
/// neighbours exchanged (optimal string alignment).
fn begins_within(term: &str, word: &str, slips: usize) -> bool {
    let term: Vec<char> = term.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=term.len()).collect();
    let mut last = None;
    for (at, c) in word.chars().take(term.len() + slips).enumerate() {
        let mut next = vec![at + 1];
        for (place, wanted) in term.iter().enumerate() {
            let mut cost = (row[place] + usize::from(*wanted != c)).min(row[place + 1] + 1).min(next[place] + 1);
            if place > 0 && last == Some(*wanted) && term[place - 1] == c {
                cost = cost.min(before[place - 1] + 1);
            }
            next.push(cost);
        }
        if next[term.len()] <= slips {
            return true;
        }
        before = std::mem::replace(&mut row, next);
        last = Some(c);
    }
    row[term.len()] <= slips
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(tokens: &[Token], term: &str, mode: Mode) -> Option<Fit> {
        tokens.iter().filter_map(|token| token.fit(term, mode)).max()
    }

    #[test]
    fn a_number_is_found_by_itself_its_beginning_its_end_and_its_parts() {
        let tokens = identifier("COIL-88412-A");
        let fits = |term| best(&tokens, term, Mode::Strict);
        assert_eq!(fits("coil88412a"), Some(Fit::Whole));
        assert_eq!([fits("coil88"), fits("8412a"), fits("88412"), fits("8412"), fits("884")], [Some(Fit::Part); 5]);
        assert_eq!([fits("841"), fits("coil88413a"), fits("2a")], [None; 3]);
        assert_eq!(best(&tokens, "coil88413a", Mode::Loose), Some(Fit::Typo));
    }

    #[test]
    fn the_zeros_of_an_id_need_not_be_typed() {
        let tokens = identifier("WO-000123");
        for term in ["wo123", "123", "000123", "0123", "wo0001"] {
            assert_eq!(best(&tokens, term, Mode::Strict), Some(Fit::Part), "{term}");
        }
    }

    #[test]
    fn a_word_is_found_misspelled_accented_and_half_typed() {
        let tokens = text("Hotel Ådler, Küchen-Studio");
        let fits = |term| best(&tokens, term, Mode::Strict);
        assert_eq!([fits("hotel"), fits("adler"), fits("kuchenstudio")], [Some(Fit::Whole); 3]);
        assert_eq!([fits("kuch"), fits("hot")], [Some(Fit::Part); 2]);
        assert_eq!([fits("hotle"), fits("adlr"), fits("kuechen"), fits("kuchn")], [Some(Fit::Typo); 4]);
        assert_eq!([fits("xyz"), fits("hte")], [None; 2]);
    }

    #[test]
    fn one_slip_is_one_letter_more_less_other_or_two_exchanged() {
        for word in ["weldin", "weldding", "wolding", "wedling", "elding", "weldings"] {
            assert!(begins_within("welding", word, 1), "{word}");
        }
        for word in ["wldin", "wodlink", ""] {
            assert!(!begins_within("welding", word, 1), "{word}");
        }
        assert!(begins_within("ab", "", 2) && !begins_within("abc", "", 2));
    }
}
