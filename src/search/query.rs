//! What was typed, read as words: `hotel adlr`, `8412`, `heat_number:H4711`, `kind:lot`. There is no
//! syntax that can be wrong, but for a field that nobody has.

use std::cell::OnceCell;

use super::documents::{self, Shelf, Text};
use super::words::{self, Fit, Mode, Token};
use crate::base::{Code, Refusal, limits};
use crate::model::{AnyRecord, Kind, Noun};

/// Words shown around the one that was found in a long text.
const EXCERPT_WORDS: usize = 16;
/// A text of this length is shown whole.
const EXCERPT_BYTES: usize = 80;

/// A typed word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The column it must stand in.
    pub column: Option<&'static str>,
    /// As it was typed.
    pub typed: String,
    /// Letters and digits alone, folded.
    pub(super) term: String,
    /// Its parts, where it is words joined by a dash rather than a number.
    pub(super) parts: Vec<String>,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Every one must be found; where nothing was found, any.
    pub words: Vec<Word>,
    /// Only these records.
    pub kind: Option<Noun>,
    pub(super) mode: Mode,
}

/// Where a record fits, and how well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Of 100.
    pub score: u32,
    /// The columns in which it was found, and what stands there.
    pub places: Vec<(&'static str, String)>,
}

/// A text of a record that is asked for one word after the other.
struct Looked {
    text: Text,
    bare: String,
    tokens: OnceCell<Vec<Token>>,
}

impl Looked {
    fn at(text: Text) -> Self {
        Self { bare: words::bare(&text.value), text, tokens: OnceCell::new() }
    }

    fn tokens(&self) -> &[Token] {
        self.tokens.get_or_init(|| self.text.tokens())
    }

    /// What a term scores as it was typed. Most texts are passed by without a closer look.
    fn typed(&self, term: &str) -> Option<u32> {
        let number = self.text.shelf.is_number();
        if number && (self.bare == term || self.is_called(term)) {
            return Some(self.text.shelf.score(Fit::Whole));
        }
        if number && self.bare.starts_with(term) {
            return Some(self.text.shelf.score(Fit::Part));
        }
        // A number may be typed without the zeros that fill it up.
        let may_hold = self.bare.contains(term) || (number && self.bare.contains('0'));
        if may_hold { self.score(|token| token.fit_as_typed(term)) } else { None }
    }

    /// Whether a record's own number is this one, typed without its zeros.
    fn is_called(&self, term: &str) -> bool {
        self.text.shelf == Shelf::OwnNumber && self.bare.contains('0') && words::short(&words::fold(&self.text.value)) == term
    }

    fn score(&self, fit: impl Fn(&Token) -> Option<Fit>) -> Option<u32> {
        self.tokens().iter().filter_map(|token| fit(token).map(|fit| shelf_of(&self.text, token).score(fit))).max()
    }
}

/// Where a word fits best.
#[derive(Clone, Copy)]
struct Place {
    score: u32,
    text: usize,
}

impl Query {
    /// Reads what was typed.
    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        if typed.chars().count() > limits::SEARCH_LENGTH_MAX {
            return Err(Refusal::invalid("q", format!("is longer than {} characters", limits::SEARCH_LENGTH_MAX)));
        }
        let mut query = Self { words: Vec::new(), kind: None, mode: Mode::Strict };
        for chunk in chunks(typed) {
            query.take(&chunk)?;
        }
        if query.words.is_empty() {
            return Err(Refusal::invalid("q", "must hold a word or a number to look for, such as a name, a heat, or the last digits of a lot"));
        }
        if query.words.len() > limits::SEARCH_WORDS_MAX {
            return Err(Refusal::invalid("q", format!("has more than {} words; leave some out", limits::SEARCH_WORDS_MAX)));
        }
        Ok(query)
    }

    fn take(&mut self, chunk: &str) -> Result<(), Refusal> {
        match named(chunk) {
            Some(("kind", value)) => self.kind = Some(noun_of(value)?),
            Some((name, value)) => {
                let known = documents::known_columns().iter().find(|known| **known == name);
                let column = known.ok_or_else(|| unknown(name))?;
                self.words.extend(word(Some(column), value));
            }
            None => self.words.extend(word(None, chunk)),
        }
        Ok(())
    }

    /// Narrows it to a kind, named in singular or plural.
    pub fn of_kind(mut self, kind: &str) -> Result<Self, Refusal> {
        self.kind = Some(noun_of(kind)?);
        Ok(self)
    }

    /// What to look for when nothing was found: any of the words and their parts, numbers with a slip.
    #[must_use]
    pub fn loosened(&self) -> Self {
        let part = |word: &Word, term: &str| Word { column: word.column, typed: term.to_owned(), term: term.to_owned(), parts: Vec::new() };
        let mut words = Vec::new();
        for word in &self.words {
            let folded = words::fold(&word.typed);
            let pieces = words::pieces(&folded).filter(|piece| piece.chars().count() > 2);
            words.extend(pieces.chain([word.term.as_str()]).map(|term| part(word, term)));
        }
        words.dedup();
        words.truncate(2 * limits::SEARCH_WORDS_MAX);
        Self { words, kind: self.kind, mode: Mode::Loose }
    }

    /// Whether a column may hold a word: the words of an enumeration only where it is named.
    fn wants(&self, column: &str, kind: Kind) -> bool {
        self.words.iter().any(|word| word.column.map_or(!matches!(kind, Kind::Word(_)), |name| name == column))
    }

    /// Whether a record fits, and where.
    pub fn fit(&self, record: &dyn AnyRecord) -> Option<Found> {
        if self.kind.is_some_and(|kind| kind != record.noun()) {
            return None;
        }
        let texts: Vec<Looked> = documents::texts(record, &|column, kind| self.wants(column, kind)).into_iter().map(Looked::at).collect();
        let mut found = Found { score: 0, places: Vec::new() };
        for word in &self.words {
            match best(&texts, word, self.mode) {
                Some(place) => {
                    found.score += place.score;
                    let text = &texts[place.text].text;
                    let told = (text.column, excerpt(&text.value, word, self.mode));
                    if !found.places.contains(&told) {
                        found.places.push(told);
                    }
                }
                None if self.mode == Mode::Strict => return None,
                None => {}
            }
        }
        found.score /= u32::try_from(self.words.len()).unwrap_or(1).max(1);
        (!found.places.is_empty()).then_some(found)
    }
}

/// Splits at blanks, but not within quotes.
fn chunks(typed: &str) -> Vec<String> {
    let (mut chunks, mut quoted) = (vec![String::new()], false);
    for c in typed.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => chunks.push(String::new()),
            c => chunks.last_mut().into_iter().for_each(|chunk| chunk.push(c)),
        }
    }
    chunks
}

/// `heat_number:H4711` in its two parts.
fn named(chunk: &str) -> Option<(&str, &str)> {
    let (name, value) = chunk.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_name && value.chars().any(char::is_alphanumeric)).then_some((name, value))
}

fn word(column: Option<&'static str>, typed: &str) -> Option<Word> {
    let folded = words::fold(typed);
    let term = words::compact(&folded);
    if term.is_empty() {
        return None;
    }
    let mut parts: Vec<String> = words::pieces(&folded).map(str::to_owned).collect();
    if parts.len() < 2 || words::has_digit(&term) {
        parts.clear();
    }
    parts.truncate(limits::SEARCH_WORDS_MAX);
    Some(Word { column, typed: typed.trim().to_owned(), term, parts })
}

fn noun_of(kind: &str) -> Result<Noun, Refusal> {
    let plain = kind.to_lowercase().replace('-', "_");
    let known = documents::nouns().find(|noun| noun.singular() == plain || Noun::from_plural(&plain) == Some(*noun));
    known.ok_or_else(|| {
        let all: Vec<&str> = documents::nouns().map(Noun::singular).collect();
        Refusal::invalid("kind", format!("must be one of {}", all.join(", ")))
    })
}

/// A field that nobody has, with those that are spelled alike.
fn unknown(name: &str) -> Refusal {
    let shown: String = name.chars().take(60).collect();
    let known = documents::known_columns();
    let mut near: Vec<&str> = known.iter().copied().filter(|known| alike(known, name)).collect();
    near.truncate(8);
    let advice =
        if near.is_empty() { "leave it out to search everywhere, or write kind:lot, lot_number:, heat_number:".to_owned() } else { format!("did you mean {}", near.join(", ")) };
    Refusal::field(Code::Invalid, "q", format!("no record has a field {shown}: {advice}; put a blank after the colon to look for the word"))
}

fn alike(known: &str, name: &str) -> bool {
    let parts = |text: &str| text.split('_').filter(|part| part.len() > 2).map(str::to_owned).collect::<Vec<_>>();
    let own = parts(known);
    parts(name).iter().any(|part| own.iter().any(|own| own.starts_with(part.as_str()) || part.starts_with(own.as_str()) || one_slip(own, part)))
}

fn one_slip(own: &str, part: &str) -> bool {
    Token { form: words::Form::Word, text: own.to_owned(), tail: false }.fit(part, Mode::Strict).is_some()
}

fn best(texts: &[Looked], word: &Word, mode: Mode) -> Option<Place> {
    let whole = best_of(texts, word.column, &word.term, mode);
    let parts: Option<Vec<Place>> = word.parts.iter().map(|part| best_of(texts, word.column, part, mode)).collect();
    let parts = parts.and_then(|places| places.into_iter().min_by_key(|place| place.score));
    whole.into_iter().chain(parts).max_by_key(|place| place.score)
}

/// As it was typed if it is anywhere; else with the slips that are forgiven.
fn best_of(texts: &[Looked], column: Option<&'static str>, term: &str, mode: Mode) -> Option<Place> {
    let own = |looked: &&Looked| column.map_or(!looked.text.only_named, |column| column == looked.text.column);
    let best = |score: &dyn Fn(&Looked) -> Option<u32>| {
        let scored = texts.iter().enumerate().filter(|(_, looked)| own(looked)).filter_map(|(text, looked)| score(looked).map(|score| Place { score, text }));
        // Of equals the first.
        scored.reduce(|best, next| if next.score > best.score { next } else { best })
    };
    let typed = best(&|looked| looked.typed(term));
    if words::slips(term) == 0 && words::number_slips(term, mode) == 0 {
        return typed;
    }
    typed.or_else(|| best(&|looked| looked.score(|token| token.fit_but_for_slips(term, mode))))
}

/// Where a token is kept.
pub(super) fn shelf_of(text: &Text, token: &Token) -> Shelf {
    if token.form == words::Form::Word { text.shelf.of_words() } else { text.shelf }
}

/// A text, or of a long one the words around the one that was found.
fn excerpt(value: &str, word: &Word, mode: Mode) -> String {
    if value.len() <= EXCERPT_BYTES && !value.contains('\n') {
        return value.to_owned();
    }
    let all: Vec<&str> = value.split_whitespace().collect();
    if all.len() <= EXCERPT_WORDS {
        return all.join(" ");
    }
    let fit = |chunk: &str| words::text(chunk).iter().filter_map(|token| word.parts.iter().chain([&word.term]).filter_map(|term| token.fit(term, mode)).max()).max();
    let at = (0..all.len()).max_by_key(|at| (fit(all[*at]), std::cmp::Reverse(*at))).unwrap_or(0);
    let from = at.saturating_sub(EXCERPT_WORDS / 2).min(all.len() - EXCERPT_WORDS);
    let (before, after) = (if from > 0 { "... " } else { "" }, if from + EXCERPT_WORDS < all.len() { " ..." } else { "" });
    format!("{before}{}{after}", all[from..from + EXCERPT_WORDS].join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Employee, Id, Lot, Shipment};

    fn coil() -> Lot {
        let (lot_number, heat) = ("COIL-88412-A".to_owned(), Some("H-4711-22222".to_owned()));
        Lot { lot_id: Id::new(7), lot_number, heat_number: heat, supplier_lot_number: Some("TK 0042".to_owned()), ..Lot::default() }
    }

    fn score(record: &dyn AnyRecord, typed: &str) -> Option<u32> {
        Query::parse(typed).unwrap().fit(record).map(|found| found.score)
    }

    #[test]
    fn its_own_number_goes_over_one_it_mentions_and_all_over_parts() {
        let coil = coil();
        let scores = ["coil-88412-a", "H-4711-22222", "88412", "4711", "lot-7", "\"tk 0042\""].map(|typed| score(&coil, typed).unwrap());
        assert_eq!(scores, [100, 90, 60, 50, 100, 90]);
        assert_eq!(score(&coil, "coil nothing"), None);
        assert!(Query::parse("coil nothing").unwrap().loosened().fit(&coil).is_some());
    }

    #[test]
    fn a_named_field_is_looked_for_in_that_field_alone() {
        let coil = coil();
        assert_eq!(score(&coil, "heat_number:h4711"), Some(50));
        assert_eq!(score(&coil, "lot_number:h4711"), None);
        assert_eq!((score(&coil, "status:available"), score(&coil, "available")), (Some(30), None));
        assert_eq!((score(&coil, "kind:lots 88412"), score(&coil, "kind:shipment 88412")), (Some(60), None));
    }

    #[test]
    fn the_lines_of_a_record_are_searched() {
        let line = crate::model::shipment::ShipmentLine { lot_number: "FL-77".to_owned(), ..Default::default() };
        let shipment = Shipment { lines: vec![line], ..Shipment::default() };
        assert_eq!((score(&shipment, "FL-77"), score(&shipment, "lot_number:fl77")), (Some(90), Some(90)));
    }

    #[test]
    fn a_person_is_found_by_code_and_department_and_never_by_name() {
        let name = |text: &str| Some(text.to_owned());
        let employee = Employee { employee_code: name("E-17"), department: name("Welding"), first_name: name("Zacharias"), email: name("z@example.org"), ..Employee::default() };
        assert_eq!((score(&employee, "E-17"), score(&employee, "weldng")), (Some(100), Some(15)));
        assert_eq!((score(&employee, "zacharias"), score(&employee, "example")), (None, None));
        assert!(!documents::known_columns().iter().any(|column| matches!(*column, "first_name" | "email" | "personal_digest" | "created_by" | "user_name")));
    }

    #[test]
    fn a_field_nobody_has_is_refused_with_those_that_are_spelled_alike() {
        let refusal = Query::parse("heatnumber:4711").unwrap_err();
        assert_eq!(refusal.code, Code::Invalid);
        assert!(Query::parse("heet_number:4711").unwrap_err().detail.contains("heat_number"), "{refusal}");
        assert!(Query::parse("kind:users x").unwrap_err().detail.contains("work_order"));
        for nothing in ["", "  ", "\"", "::", "kind:lot", "?!*"] {
            assert_eq!(Query::parse(nothing).unwrap_err().code, Code::Invalid, "{nothing:?}");
        }
        assert!(Query::parse("note: 12:30 a:").is_ok());
    }

    #[test]
    fn of_a_long_note_the_words_around_are_shown() {
        let note = format!("{} scratch near the hinge {}", "blah ".repeat(40), "more ".repeat(40));
        let word = word(None, "hinge").unwrap();
        let shown = excerpt(&note, &word, Mode::Strict);
        assert!(shown.starts_with("... blah") && shown.contains("scratch near the hinge more") && shown.ends_with(" ..."), "{shown}");
    }
}
