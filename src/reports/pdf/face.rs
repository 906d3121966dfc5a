//! Letters: which glyph shows a character and how wide it is. DejaVu Sans knows the letters of every European
//! language; what it lacks is shown as a box, never left out. Deliberately no shaping: a report has short
//! lines of plain text, and one that runs from right to left is shown letter by letter.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};

use super::sheet::Weight;
use crate::base::{Code, Refusal};

/// What stands for a character without a glyph.
const BOX: char = '\u{25a1}';

struct Face {
    font: Font,
    outlines: FontRef<'static>,
}

/// Both weights.
pub(super) struct Faces {
    regular: Face,
    bold: Face,
}

impl Faces {
    pub(super) fn load() -> Result<Self, Refusal> {
        Ok(Self { regular: Face::load(dejavu::sans_condensed::regular())?, bold: Face::load(dejavu::sans_condensed::bold())? })
    }

    fn of(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// How wide a text is.
    pub(super) fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        let face = self.of(weight);
        let metrics = face.metrics();
        text.chars().map(|c| metrics.advance_width(face.glyph(c)).unwrap_or_default()).sum::<f32>() / face.font.units_per_em() * size
    }

    /// The font, the glyphs and the text that they show.
    pub(super) fn set(&self, text: &str, weight: Weight) -> (Font, Vec<KrillaGlyph>, String) {
        let (face, shown) = (self.of(weight), writable(text));
        let (metrics, em) = (face.metrics(), face.font.units_per_em());
        let glyphs = shown.char_indices().map(|(at, c)| {
            let glyph = face.glyph(c);
            KrillaGlyph {
                glyph_id: GlyphId::new(glyph.to_u32()),
                text_range: at..at + c.len_utf8(),
                x_advance: metrics.advance_width(glyph).unwrap_or_default() / em,
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            }
        });
        let glyphs = glyphs.collect();
        (face.font.clone(), glyphs, shown)
    }

    /// A text in lines no wider than a width: at its own line ends, between words, and within a word that is too long.
    pub(super) fn lines(&self, text: &str, weight: Weight, size: f32, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let mut line = String::new();
            for word in paragraph.split(' ') {
                let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if self.width(&longer, weight, size) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line = self.broken(word, weight, size, width, &mut lines);
            }
            lines.push(line);
        }
        lines
    }

    /// Breaks a word; answers its last piece.
    fn broken(&self, word: &str, weight: Weight, size: f32, width: f32, lines: &mut Vec<String>) -> String {
        let mut piece = String::new();
        for c in word.chars() {
            piece.push(c);
            if self.width(&piece, weight, size) > width && piece.chars().count() > 1 {
                piece.pop();
                lines.push(std::mem::replace(&mut piece, c.to_string()));
            }
        }
        piece
    }
}

impl Face {
    fn load(bytes: &'static [u8]) -> Result<Self, Refusal> {
        let fault = || Refusal::new(Code::Internal, "the font of pages cannot be read");
        Ok(Self { font: Font::new(bytes.into(), 0).ok_or_else(fault)?, outlines: FontRef::new(bytes).map_err(|_| fault())? })
    }

    fn metrics(&self) -> GlyphMetrics<'static> {
        self.outlines.glyph_metrics(Size::unscaled(), LocationRef::default())
    }

    fn glyph(&self, c: char) -> skrifa::GlyphId {
        let known = |c: char| self.outlines.charmap().map(c).filter(|glyph| glyph.to_u32() != 0);
        known(c).or_else(|| known(BOX)).unwrap_or_default()
    }
}

/// A text without what a page cannot hold: line ends and controls are spaces, and what means nothing outside its
/// own maker's font is a box.
pub(super) fn writable(text: &str) -> String {
    let shown = |c: char| match c {
        c if c.is_control() => ' ',
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => BOX,
        c => c,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_european_names_have_glyphs_of_their_own_and_others_a_box() {
        let faces = Faces::load().unwrap();
        let boxed = faces.regular.glyph(BOX);
        assert!("ÄÖÜäöüßñáéíóúŁłŃńŚśŻżŹźĄąĘęČčŘřŽžŐőŰűȘșȚț€–·".chars().all(|c| faces.regular.glyph(c) != boxed && faces.regular.glyph(c).to_u32() != 0));
        assert_eq!(faces.regular.glyph('漢'), boxed);
        assert_ne!(boxed.to_u32(), 0);
    }

    #[test]
    fn lines_keep_every_letter_and_stay_within_their_width() {
        let faces = Faces::load().unwrap();
        let text = "Weld the bracket to the frame, then measure.\nDonaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
        let lines = faces.lines(text, Weight::Regular, 9.0, 120.0);
        assert!(lines.iter().all(|line| faces.width(line, Weight::Regular, 9.0) <= 120.0), "{lines:?}");
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(letters(&lines.concat()), letters(text));
    }
}
