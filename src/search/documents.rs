//! What of a record is searched: its numbers, its codes, its words. Made from the columns' own
//! declaration, so that a new noun is found without a word here. Deliberately without names and
//! contacts of people, log-ins and secrets.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::words::{self, Fit, Token};
use crate::base::{Digest, Value};
use crate::model::field::Mark;
use crate::model::noun::Class;
use crate::model::permission::read_act;
use crate::model::{self, AnyRecord, FieldSpec, Kind, Noun};

/// Where a text stands in its record: numbers over words, the record's own over those it mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shelf {
    /// The record's own number or id.
    OwnNumber,
    /// A number it mentions.
    Number,
    /// Its own name.
    OwnWords,
    /// Any other word.
    Words,
}

impl Shelf {
    pub(super) const ALL: [Self; 4] = [Self::OwnNumber, Self::Number, Self::OwnWords, Self::Words];

    /// The name of its field in the index.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::OwnNumber => "own_number",
            Self::Number => "number",
            Self::OwnWords => "own_words",
            Self::Words => "words",
        }
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::OwnNumber | Self::Number)
    }

    /// Where the words among its tokens go: a code of letters is a word too.
    pub(super) const fn of_words(self) -> Self {
        match self {
            Self::OwnNumber | Self::OwnWords => Self::OwnWords,
            Self::Number | Self::Words => Self::Words,
        }
    }

    /// Of 100: an exact number, then a part of one, then words.
    pub(super) const fn score(self, fit: Fit) -> u32 {
        match (self, fit) {
            (Self::OwnNumber, Fit::Whole) => 100,
            (Self::Number, Fit::Whole) => 90,
            (Self::OwnNumber, Fit::Part) => 60,
            (Self::Number, Fit::Part) => 50,
            (Self::OwnWords, Fit::Whole) => 35,
            (Self::Words, Fit::Whole) => 30,
            (Self::OwnWords, Fit::Part) => 28,
            (Self::Words, Fit::Part) => 25,
            // Below everything that is written as it was typed: `query` relies on it.
            (Self::OwnNumber, Fit::Typo) => 22,
            (Self::Number, Fit::Typo) => 20,
            (Self::OwnWords, Fit::Typo) => 18,
            (Self::Words, Fit::Typo) => 15,
        }
    }
}

/// A text of a record.
pub(super) struct Text {
    pub(super) column: &'static str,
    pub(super) shelf: Shelf,
    pub(super) value: String,
    /// The word of an enumeration: found only where its column is named.
    pub(super) only_named: bool,
}

impl Text {
    pub(super) fn tokens(&self) -> Vec<Token> {
        match (self.only_named, self.shelf.is_number()) {
            (true, _) => vec![Token { form: words::Form::Word, text: words::compact(&words::fold(&self.value)), tail: false }],
            (false, true) => words::identifier(&self.value),
            (false, false) => words::text(&self.value),
        }
    }
}

/// Endings of columns that hold numbers and codes.
const NUMBER_ENDINGS: &[&str] = &["_number", "_code", "_id", "_key", "_certificate", "_of_analysis", "_reference"];

#[derive(Clone, Copy, Debug)]
struct Column {
    at: usize,
    shelf: Shelf,
}

/// What is known of a noun.
struct Searched {
    columns: Vec<Column>,
    /// The column of the number that people use.
    number: Option<usize>,
    /// The column that says best what it is.
    name: Option<usize>,
}

/// The nouns that are searched.
pub fn nouns() -> impl Iterator<Item = Noun> {
    Noun::ALL.iter().copied().filter(|noun| noun.class() == Class::Public && read_act(*noun) != "ReadAccounts")
}

/// What is known of each searched noun; worked out once.
fn searched(noun: Noun) -> Option<&'static Searched> {
    static SEARCHED: OnceLock<BTreeMap<Noun, Searched>> = OnceLock::new();
    SEARCHED.get_or_init(|| nouns().map(|noun| (noun, look_at(noun))).collect()).get(&noun)
}

fn columns(noun: Noun) -> &'static [Column] {
    searched(noun).map_or(&[], |searched| searched.columns.as_slice())
}

fn look_at(noun: Noun) -> Searched {
    let specs = model::columns(noun);
    let of_person = specs.iter().any(|spec| spec.mark == Mark::Personal);
    let shelved = specs.iter().enumerate().filter_map(|(at, spec)| shelf_of(noun, spec, of_person).map(|shelf| Column { at, shelf }));
    let columns: Vec<Column> = shelved.collect();
    let own = columns.iter().find(|column| column.shelf == Shelf::OwnWords).map(|column| column.at);
    let ending = |ending: &str| specs.iter().position(|spec| spec.mark == Mark::Plain && spec.name.ends_with(ending));
    let name = own.or_else(|| ending("_name")).or_else(|| ending("_code"));
    Searched { number: specs.iter().position(|spec| spec.name == noun.number_column()), name, columns }
}

fn shelf_of(noun: Noun, spec: &FieldSpec, of_person: bool) -> Option<Shelf> {
    // Who did it is a log-in's name, and so a person's; the history tells that.
    if spec.mark == Mark::Personal || spec.name.ends_with("_digest") || spec.name.ends_with("_by") {
        return None;
    }
    match spec.kind {
        _ if spec.mark == Mark::Id || (!noun.number_column().is_empty() && spec.name == noun.number_column()) => Some(Shelf::OwnNumber),
        Kind::Line(_) if matches!(spec.mark, Mark::Unique | Mark::By) => Some(Shelf::Number),
        Kind::Line(_) if NUMBER_ENDINGS.iter().any(|ending| spec.name.ends_with(ending)) => Some(Shelf::Number),
        Kind::Line(_) if spec.name.strip_suffix("_name").is_some_and(|stem| noun.singular().ends_with(stem)) => Some(Shelf::OwnWords),
        Kind::Line(_) | Kind::Word(_) => Some(Shelf::Words),
        // What is written freely about a person stays with the person's record.
        Kind::Note(_) | Kind::List(_) | Kind::Object(_) if !of_person => Some(Shelf::Words),
        _ => None,
    }
}

/// Everything of a record that is searched, or what of it stands in columns that are wanted.
pub(super) fn texts(record: &dyn AnyRecord, wanted: &dyn Fn(&str, Kind) -> bool) -> Vec<Text> {
    let mut texts = Vec::new();
    for column in columns(record.noun()) {
        let spec = &record.specs()[column.at];
        // The columns of lines have names of their own.
        if wanted(spec.name, spec.kind) || matches!(spec.kind, Kind::List(_) | Kind::Object(_)) {
            gather(spec.name, spec.kind, column.shelf, record.value(column.at), &mut texts);
        }
    }
    texts
}

/// Whether two versions of a record make the same document.
pub fn read_alike(one: &dyn AnyRecord, other: &dyn AnyRecord) -> bool {
    columns(one.noun()).iter().all(|column| one.value(column.at) == other.value(column.at))
}

fn gather(column: &'static str, kind: Kind, shelf: Shelf, value: Value, into: &mut Vec<Text>) {
    match (kind, value) {
        (_, Value::Null) => {}
        (Kind::Word(_), value) => into.push(Text { column, shelf, value: value.to_string(), only_named: true }),
        (Kind::List(inner), Value::List(items)) => items.into_iter().for_each(|item| gather(column, *inner, shelf, item, into)),
        (Kind::Object(specs), Value::Object(fields)) => {
            for (spec, (_, value)) in specs.iter().zip(fields) {
                let number = NUMBER_ENDINGS.iter().any(|ending| spec.name.ends_with(ending));
                gather(spec.name, spec.kind, if number { Shelf::Number } else { shelf }, value, into);
            }
        }
        (Kind::Line(_) | Kind::Note(_), Value::Text(value)) => {
            // One word with a digit in it is a number, whatever its column is called: RAW-01, S235.
            let number = shelf == Shelf::Words && words::has_digit(&value) && !value.contains(char::is_whitespace);
            into.push(Text { column, shelf: if number { Shelf::Number } else { shelf }, value, only_named: false });
        }
        (_, value @ Value::Key(..)) if shelf == Shelf::OwnNumber => into.push(Text { column, shelf, value: value.to_string(), only_named: false }),
        _ => {}
    }
}

/// The columns that may be named in a query, in order of the alphabet.
pub(super) fn known_columns() -> &'static [&'static str] {
    static KNOWN: OnceLock<Vec<&'static str>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = Vec::new();
        for noun in nouns() {
            for column in columns(noun) {
                let spec = &model::columns(noun)[column.at];
                if spec.mark == Mark::Id { known.push(spec.name) } else { name_columns(spec.name, spec.kind, &mut known) }
            }
        }
        known.sort_unstable();
        known.dedup();
        known
    })
}

fn name_columns(name: &'static str, kind: Kind, into: &mut Vec<&'static str>) {
    match kind {
        Kind::Line(_) | Kind::Note(_) | Kind::Word(_) => into.push(name),
        Kind::List(inner) => name_columns(name, *inner, into),
        Kind::Object(specs) => specs.iter().for_each(|spec| name_columns(spec.name, spec.kind, into)),
        _ => {}
    }
}

/// Changes when other columns are searched than before: an index made for those is of no use.
pub(super) fn fingerprint() -> String {
    let mut text = String::new();
    for noun in nouns() {
        for column in columns(noun) {
            text.push_str(&format!("{} {} {}\n", noun.code(), model::columns(noun)[column.at].name, column.shelf.word()));
        }
    }
    Digest::of(text.as_bytes()).to_string()[..16].to_owned()
}

/// What a record is called: its number and, where it has one, its name.
pub fn name_of(record: &dyn AnyRecord) -> String {
    let text = |at: usize| match record.value(at) {
        Value::Text(text) => Some(text),
        _ => None,
    };
    let searched = searched(record.noun());
    let mut name = searched.and_then(|it| it.number).and_then(text).unwrap_or_else(|| record.noun().id_text(record.number()));
    if let Some(more) = searched.and_then(|it| it.name).and_then(text) {
        name.push(' ');
        name.push_str(&more);
    }
    name
}
