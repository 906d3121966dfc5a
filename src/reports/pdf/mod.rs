//! Pages: PDF/A-2b, checked by the writer before it leaves the house. Every page names the plant, the title,
//! the time of the data, the journal's entry and the SHA-256 of the data, and is numbered.

mod face;
mod flow;
mod sheet;

use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};

use self::face::Faces;
pub(super) use self::sheet::{Mark, Page, Sheet, Weight};
use super::report::{Origin, Report};
use crate::base::{Code, Refusal, limits};

/// A report as pages of A4.
pub(super) fn document(report: &Report) -> Result<Vec<u8>, Refusal> {
    let faces = Faces::load()?;
    let sheet = flow::lay_out(report, &faces)?;
    write(&report.title, &report.origin, &sheet, &faces)
}

/// Pages that are laid out already, such as labels.
pub(super) fn pages(title: &str, origin: &Origin, sheet: &Sheet) -> Result<Vec<u8>, Refusal> {
    write(title, origin, sheet, &Faces::load()?)
}

/// The faces that pages are measured and written with.
pub(super) fn width_of(text: &str, size: f32) -> Result<f32, Refusal> {
    Ok(Faces::load()?.width(text, Weight::Regular, size))
}

fn fault(error: impl std::fmt::Debug) -> Refusal {
    Refusal::new(Code::Internal, format!("the pages could not be written: {error:?}"))
}

fn write(title: &str, origin: &Origin, sheet: &Sheet, faces: &Faces) -> Result<Vec<u8>, Refusal> {
    if sheet.pages.len() > limits::REPORT_PAGES_MAX {
        return Err(Refusal::new(Code::TooLarge, format!("more than {} pages; ask for CSV or a workbook, or for less", limits::REPORT_PAGES_MAX)));
    }
    let configuration = ConfigurationBuilder::new().with_archival_validator(Archival::A2_B).finish().map_err(fault)?;
    let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let at = origin.at.civil(&jiff::tz::TimeZone::UTC);
    let made = DateTime::new(at.year().unsigned_abs())
        .month(at.month().unsigned_abs())
        .day(at.day().unsigned_abs())
        .hour(at.hour().unsigned_abs())
        .minute(at.minute().unsigned_abs())
        .second(at.second().unsigned_abs())
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    let metadata = Metadata::new().title(face::writable(title)).creator("Millwright".to_owned()).producer("Millwright".to_owned());
    document.set_metadata(metadata.language("en".to_owned()).creation_date(made));
    for page in &sheet.pages {
        let settings = PageSettings::from_wh(sheet.width, sheet.height).ok_or_else(|| fault("the size of a page"))?;
        let mut open = document.start_page_with(settings);
        let mut surface = open.surface();
        page.marks.iter().for_each(|mark| paint(&mut surface, mark, faces));
        surface.finish();
        open.finish();
    }
    document.finish().map_err(fault)
}

fn paint(surface: &mut Surface<'_>, mark: &Mark, faces: &Faces) {
    match mark {
        Mark::Text { x, y, size, weight, grey, text } => {
            surface.set_fill(Some(ink(*grey)));
            let (font, glyphs, shown) = faces.set(text, *weight);
            surface.draw_glyphs(Point::from_xy(*x, *y), &glyphs, font, &shown, *size, false);
        }
        Mark::Block { x, y, width, height, grey } => {
            surface.set_fill(Some(ink(*grey)));
            fill(surface, [(*x, *y, *width, *height)].into_iter());
        }
        Mark::Blocks(blocks) => {
            surface.set_fill(Some(ink(0)));
            fill(surface, blocks.iter().copied());
        }
    }
}

fn ink(grey: u8) -> Fill {
    Fill { paint: rgb::Color::new(grey, grey, grey).into(), opacity: NormalizedF32::ONE, rule: krilla::paint::FillRule::default() }
}

fn fill(surface: &mut Surface<'_>, blocks: impl Iterator<Item = (f32, f32, f32, f32)>) {
    let mut path = PathBuilder::new();
    blocks.filter_map(|(x, y, width, height)| Rect::from_xywh(x, y, width, height)).for_each(|block| path.push_rect(block));
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}
