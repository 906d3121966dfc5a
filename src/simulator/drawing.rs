//! Drawings of what the plant sells, as SVG on a sheet of A4: front and side to scale, the sizes, and what it is made
//! of. Deliberately outlines only: enough to open and to print, and the same bytes on every run.

use std::fmt::Write as _;

use serde::Deserialize;

use super::Simulator;
use super::desk::Who;
use crate::base::Refusal;
use crate::model::command::AddAttachment;
use crate::model::field::Note;
use crate::model::{Command, Noun};

/// Of what there is a drawing.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Outline {
    product: String,
    /// Width, depth and height in millimetres.
    size: [u16; 3],
}

/// Scales of reduction (ISO 5455), and what of the sheet the views may take, in millimetres.
const SCALES: [u16; 4] = [5, 10, 20, 50];
const VIEWS_WIDTH: f64 = 200.0;
const VIEWS_HEIGHT: f64 = 100.0;
/// Where the front view stands: its left edge and its floor.
const LEFT: f64 = 35.0;
const FLOOR: f64 = 125.0;
/// Between the two views.
const GAP: f64 = 40.0;
/// Lines of the parts list at most.
const PARTS_MAX: usize = 7;

impl Simulator {
    /// Puts its drawing with every product that is sold. A plant in memory keeps no files.
    pub(super) fn file_drawings(&mut self) -> Result<(), Refusal> {
        if self.desk.engine().root().is_none() {
            return Ok(());
        }
        for outline in self.book.outlines.clone() {
            let product = self.book.product(&outline.product)?;
            let drawing = self.draw(product, &outline);
            let it = AddAttachment {
                subject: Noun::Product.id_text(product),
                file_name: format!("{}.svg", outline.product),
                content_type: "image/svg+xml".to_owned(),
                size_bytes: i64::try_from(drawing.len()).unwrap_or(i64::MAX),
                sha256: self.desk.engine().keep_blob(drawing.as_bytes())?.to_string(),
                note: Some(Note("outline drawing with parts list".to_owned())),
            };
            self.desk.tell(Who::Planner, Command::AddAttachment(it))?;
        }
        Ok(())
    }

    fn draw(&self, product: u64, outline: &Outline) -> String {
        let name = self.book.products.get(&product).map(|it| it.product_name.clone()).unwrap_or_default();
        let lines = self.book.boms.get(&product).map(|bom| bom.lines.as_slice()).unwrap_or_default();
        let parts = lines.iter().filter_map(|line| {
            let material = self.book.materials.get(&line.material_id.number())?;
            Some(format!("{}  {}  {} {}", material.material_code, material.material_name, line.quantity_per_unit, line.unit_of_measure.word()))
        });
        sheet(&outline.product, &name, outline.size, &parts.take(PARTS_MAX).collect::<Vec<_>>())
    }
}

/// The sheet.
fn sheet(code: &str, name: &str, size: [u16; 3], parts: &[String]) -> String {
    let [width, depth, height] = size.map(f64::from);
    let fits = |scale: &u16| (width + depth) / f64::from(*scale) + GAP <= VIEWS_WIDTH && height / f64::from(*scale) <= VIEWS_HEIGHT;
    let scale = SCALES.into_iter().find(fits).unwrap_or(SCALES[SCALES.len() - 1]);
    let [front, side, tall] = [width, depth, height].map(|length| length / f64::from(scale));
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"297mm\" height=\"210mm\" viewBox=\"0 0 297 210\" font-family=\"sans-serif\" font-size=\"4\" fill=\"none\" stroke=\"#000\" stroke-width=\"0.35\">\
         <rect width=\"297\" height=\"210\" fill=\"#fff\" stroke=\"none\"/><rect x=\"10\" y=\"10\" width=\"277\" height=\"190\" stroke-width=\"0.7\"/><path d=\"M10 145H287M177 145V200\"/>",
    );
    for (left, wide, length) in [(LEFT, front, size[0]), (LEFT + front + GAP, side, size[1])] {
        _ = write!(svg, "<rect x=\"{left:.2}\" y=\"{:.2}\" width=\"{wide:.2}\" height=\"{tall:.2}\" stroke-width=\"0.5\"/>", FLOOR - tall);
        measured(&mut svg, &format!("M{left:.2} {0:.2}v12m0 -2h{wide:.2}m0 2v-12", FLOOR + 1.0), (left + wide / 2.0, FLOOR + 9.5), length);
    }
    measured(&mut svg, &format!("M{0:.2} {FLOOR:.2}h-12m2 0v-{tall:.2}m-2 0h12", LEFT - 1.0), (LEFT - 16.0, FLOOR - tall / 2.0), size[2]);
    let listed = parts.iter().enumerate().map(|(at, part)| (14.0, at, part.as_str()));
    let (title, scale) = (format!("{code}  {name}"), format!("Scale 1:{scale}   millimetres   first angle"));
    let titled = [title.as_str(), &scale, "General tolerances ISO 2768-m", super::PLANT_NAME].into_iter().enumerate().map(|(at, line)| (181.0, at, line));
    for (left, at, line) in listed.chain(titled) {
        let below = u16::try_from(at).map_or(0.0, f64::from) * 6.5;
        text(&mut svg, (left, 152.0 + below), "start", line);
    }
    svg.push_str("</svg>");
    svg
}

/// A line with its length.
fn measured(svg: &mut String, path: &str, at: (f64, f64), length: u16) {
    _ = write!(svg, "<path d=\"{path}\" stroke-width=\"0.18\"/>");
    text(svg, at, "middle", &length.to_string());
}

fn text(svg: &mut String, (left, base): (f64, f64), anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    _ = write!(svg, "<text x=\"{left:.2}\" y=\"{base:.2}\" text-anchor=\"{anchor}\" fill=\"#000\" stroke=\"none\">{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_shows_both_views_to_a_scale_that_fits_its_sizes_and_its_parts() {
        let svg = sheet("P-TABLE18", "Work table <1800>", [1_800, 700, 850], &["FS-M6  Bolt  8 EA".to_owned()]);
        assert!(svg.contains("Scale 1:20 ") && svg.contains("width=\"90.00\" height=\"42.50\"") && svg.contains("width=\"35.00\" height=\"42.50\""), "{svg}");
        assert!(["P-TABLE18  Work table &lt;1800>", ">1800</text>", ">700</text>", ">850</text>", "FS-M6  Bolt  8 EA"].iter().all(|text| svg.contains(text)), "{svg}");
        let small = sheet("P-TRAY", "Tray", [400, 300, 60], &[]);
        assert!(small.contains("Scale 1:5 "), "{small}");
    }
}
