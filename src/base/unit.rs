//! Units of measure of the shop.

use serde::{Deserialize, Serialize};

/// What a quantity counts. Stored by position: append only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// Each: a piece.
    #[default]
    Ea,
    /// A sheet of metal.
    Sheet,
    /// Kilogram.
    Kg,
    /// Square metre.
    M2,
    /// Metre.
    M,
    /// Litre.
    L,
}

impl Unit {
    /// All, in the order of their words.
    pub const ALL: &'static [Self] = &[Self::Ea, Self::Sheet, Self::Kg, Self::M2, Self::M, Self::L];
    /// Their words, as the seed writes them.
    pub const WORDS: &'static [&'static str] = &["EA", "SHEET", "KG", "M2", "M", "L"];

    /// The word of this unit.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// Reads a word, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().position(|known| known.eq_ignore_ascii_case(word)).map(|at| Self::ALL[at])
    }
}
