//! Labels for lots, orders and shipments: a number to read and to scan, and a few lines. As ZPL for label
//! printers, as SVG for a browser, as PDF for any printer. What prints is what is shown: one layout, in millimetres.

use super::barcode::{Content, Modules, gs1_lot};
use super::names::{customer, product};
use super::pdf::{self, Mark, Page, Sheet, Weight};
use super::report::Origin;
use crate::base::{Code, Refusal, Time};
use crate::model::{Id, Lot, Material, Product, Shipment, Subject, WorkOrder};
use crate::store::{Snapshot, View as _};

/// A label: 100 x 50 mm, as most rolls are.
const WIDTH_MM: f32 = 100.0;
const HEIGHT_MM: f32 = 50.0;
const EDGE_MM: f32 = 4.0;
/// The code's height, and the room of a square one.
const CODE_MM: f32 = 14.0;
const SQUARE_MM: f32 = 24.0;
/// A printer of 203 dots an inch.
const DOTS_A_MM: f32 = 8.0;
const POINTS_A_MM: f32 = 72.0 / 25.4;
/// Lines under the number, and the letters that fit on one.
const LINES_MAX: usize = 4;
const LETTERS_MAX: usize = 52;

/// Forms of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelForm {
    /// For label printers.
    Zpl,
    /// For any printer.
    Pdf,
    /// For a browser.
    Svg,
}

impl LabelForm {
    /// Reads its word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "zpl" => Some(Self::Zpl),
            "pdf" => Some(Self::Pdf),
            "svg" => Some(Self::Svg),
            _ => None,
        }
    }

    /// What a browser is told it gets.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Zpl => "application/vnd.zebra-zpl",
            Self::Pdf => "application/pdf",
            Self::Svg => "image/svg+xml",
        }
    }
}

/// A label.
#[derive(Clone, Debug)]
pub struct Label {
    /// The number, large.
    pub number: String,
    /// Lines under it.
    pub lines: Vec<String>,
    /// What is scanned.
    pub content: Content,
    /// Whose it is, as of when.
    pub origin: Origin,
}

impl Label {
    /// The label of a lot; in GS1 where its product has an article number.
    pub fn of_lot(snapshot: &Snapshot, lot: Id<Lot>, now: Time) -> Result<Self, Refusal> {
        let it: Lot = snapshot.get(lot)?.ok_or_else(|| missing("lot"))?;
        let material: Option<Material> = snapshot.get(it.material_id)?;
        let article = article(snapshot, &it)?;
        let mut lines = vec![material.map_or_else(|| it.material_code.clone(), |material| format!("{} {}", material.material_code, material.material_name))];
        lines.push(format!("{} {}", it.quantity_on_hand, it.unit_of_measure.word()));
        lines.extend(it.heat_number.as_ref().map(|heat| format!("Heat {heat}")));
        lines.extend(it.expiry_date.map(|day| format!("Best before {day}")));
        let content = article.and_then(|article| gs1_lot(&article, it.expiry_date, &it.lot_number)).unwrap_or_else(|| Content::Plain(it.lot_number.clone()));
        Ok(Self { number: it.lot_number, lines, content, origin: Origin::of(snapshot, now)? })
    }

    /// The label of an order.
    pub fn of_order(snapshot: &Snapshot, order: Id<WorkOrder>, now: Time) -> Result<Self, Refusal> {
        let it: WorkOrder = snapshot.get(order)?.ok_or_else(|| missing("order"))?;
        let number = it.work_order_number.clone().unwrap_or_else(|| Subject::of(order).to_string());
        let mut lines = vec![product(snapshot, Some(it.product_id))?.to_string(), format!("{} {}", it.planned_quantity, it.unit_of_measure.word())];
        lines.extend(it.planned_end_date.map(|day| format!("Due {day}")));
        lines.extend(it.lot_number.as_ref().map(|lot| format!("Lot {lot}")));
        Ok(Self { content: Content::Plain(number.clone()), number, lines, origin: Origin::of(snapshot, now)? })
    }

    /// The label of a shipment: one for each unit that leaves.
    pub fn of_shipment(snapshot: &Snapshot, shipment: Id<Shipment>, now: Time) -> Result<Self, Refusal> {
        let it: Shipment = snapshot.get(shipment)?.ok_or_else(|| missing("shipment"))?;
        let mut lines = vec![customer(snapshot, Some(it.customer_id))?.to_string()];
        lines.extend(it.sales_order_number.as_ref().map(|order| format!("Order {order}")));
        lines.extend(it.carrier.as_ref().map(|carrier| format!("{carrier} {}", it.tracking_number.as_deref().unwrap_or_default()).trim_end().to_owned()));
        lines.push(format!("{} lots", it.lines.len()));
        Ok(Self { content: Content::Plain(it.shipment_number.clone()), number: it.shipment_number, lines, origin: Origin::of(snapshot, now)? })
    }

    /// The label in a form.
    pub fn bytes(&self, form: LabelForm, copies: u64) -> Result<Vec<u8>, Refusal> {
        let modules = self.content.modules().ok_or_else(|| Refusal::new(Code::Invalid, "the number is too long for a code that scanners read"))?;
        match form {
            LabelForm::Zpl => Ok(self.zpl(&modules, copies).into_bytes()),
            LabelForm::Svg => Ok(self.svg(&modules).into_bytes()),
            LabelForm::Pdf => self.pdf(&modules, copies),
        }
    }

    /// What stands where, in millimetres: base line, size of letters, text.
    fn texts(&self) -> Vec<(f32, f32, String)> {
        let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(LETTERS_MAX).collect::<String>();
        let mut texts = vec![(10.0, 6.5, cut(&self.number))];
        texts.extend((0_u8..).zip(self.lines.iter().take(LINES_MAX)).map(|(at, line)| (15.5 + 4.2 * f32::from(at), 3.2, cut(line))));
        texts
    }

    /// Where the code stands: left, top, width, height.
    fn place(modules: &Modules) -> (f32, f32, f32, f32) {
        match modules {
            Modules::Bars(_) => (EDGE_MM + 2.0, HEIGHT_MM - EDGE_MM - CODE_MM - 4.0, WIDTH_MM - 2.0 * EDGE_MM - 4.0, CODE_MM),
            Modules::Square { .. } => (WIDTH_MM - EDGE_MM - SQUARE_MM, HEIGHT_MM - EDGE_MM - SQUARE_MM, SQUARE_MM, SQUARE_MM),
        }
    }

    fn zpl(&self, modules: &Modules, copies: u64) -> String {
        let dots = |mm: f32| (mm * DOTS_A_MM).round() as i32;
        let mut zpl = format!("^XA^CI28^PW{}^LL{}", dots(WIDTH_MM), dots(HEIGHT_MM));
        for (base, size, text) in self.texts() {
            zpl.push_str(&format!("^FO{},{}^A0N,{},{}^FH_^FD{}^FS", dots(EDGE_MM), dots(base - size), dots(size), dots(size * 0.85), escaped(&text)));
        }
        let (left, top, ..) = Self::place(modules);
        zpl.push_str(&format!("^FO{},{}", dots(left), dots(top)));
        let height = dots(CODE_MM);
        // The printer draws its own bars: they fall on its dots, and scan better than any picture.
        zpl.push_str(&match (&self.content, modules) {
            (Content::Gs1(_), _) => format!("^BY2^BCN,{height},Y,N,N,D^FH_^FD{}^FS", escaped(&self.content.text())),
            (Content::Plain(text), Modules::Bars(_)) => format!("^BY2^BCN,{height},Y,N,N,A^FH_^FD{}^FS", escaped(text)),
            (Content::Plain(text), Modules::Square { .. }) => format!("^BQN,2,5^FH_^FDMA,{}^FS", escaped(text)),
        });
        zpl.push_str(&format!("^PQ{copies}^XZ\n"));
        zpl
    }

    fn svg(&self, modules: &Modules) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH_MM}mm\" height=\"{HEIGHT_MM}mm\" viewBox=\"0 0 {WIDTH_MM} {HEIGHT_MM}\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
        );
        for (base, size, text) in self.texts() {
            svg.push_str(&format!("<text x=\"{EDGE_MM}\" y=\"{base}\" font-family=\"sans-serif\" font-size=\"{size}\">{}</text>", marked_up(&text)));
        }
        let (left, top, width, height) = Self::place(modules);
        if let Mark::Blocks(blocks) = Mark::code(modules, (left, top), width, height) {
            let path: String = blocks.iter().map(|(x, y, width, height)| format!("M{x:.3} {y:.3}h{width:.3}v{height:.3}h-{width:.3}z")).collect();
            svg.push_str(&format!("<path d=\"{path}\" shape-rendering=\"crispEdges\"/>"));
        }
        if matches!(modules, Modules::Bars(_)) {
            svg.push_str(&format!("<text x=\"{left}\" y=\"{}\" font-family=\"sans-serif\" font-size=\"3\">{}</text>", top + height + 3.5, marked_up(&self.content.text())));
        }
        svg.push_str("</svg>");
        svg
    }

    fn pdf(&self, modules: &Modules, copies: u64) -> Result<Vec<u8>, Refusal> {
        let points = |mm: f32| mm * POINTS_A_MM;
        let text = |x: f32, base: f32, size: f32, text: String| Mark::Text { x: points(x), y: points(base), size: points(size), weight: Weight::Regular, grey: 0, text };
        let mut marks = Vec::new();
        for (base, size, line) in self.texts() {
            // A number as long as the label shrinks; every letter of it must be read.
            let room = points(WIDTH_MM - 2.0 * EDGE_MM);
            let wide = pdf::width_of(&line, points(size))?;
            marks.push(text(EDGE_MM, base, if wide > room { size * room / wide } else { size }, line));
        }
        let (left, top, width, height) = Self::place(modules);
        marks.push(Mark::code(modules, (points(left), points(top)), points(width), points(height)));
        if matches!(modules, Modules::Bars(_)) {
            marks.push(text(left, top + height + 3.5, 3.0, self.content.text()));
        }
        let pages = (0..copies.max(1)).map(|_| Page { marks: marks.clone() }).collect();
        pdf::pages(&format!("Label {}", self.number), &self.origin, &Sheet { width: points(WIDTH_MM), height: points(HEIGHT_MM), pages })
    }
}

fn missing(what: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("there is no such {what}"))
}

/// The code of the product that a lot is of, or of its material: either may be an article number.
fn article(snapshot: &Snapshot, lot: &Lot) -> Result<Option<String>, Refusal> {
    let order = lot.work_order_id.map(|id| snapshot.get(id)).transpose()?.flatten();
    let product: Option<Product> = order.map(|order: WorkOrder| snapshot.get(order.product_id)).transpose()?.flatten();
    Ok(product.and_then(|product| product.product_code).or_else(|| Some(lot.material_code.clone())))
}

/// What ZPL would take for a command, in hexadecimal.
fn escaped(text: &str) -> String {
    let shown = |c: char| match c {
        '^' | '~' | '_' | '>' => format!("_{:02X}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}

fn marked_up(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(number: &str) -> Label {
        let origin = Origin { plant: "Plant".to_owned(), zone: jiff::tz::TimeZone::UTC, at: Time::from_micros(0), seq: 1 };
        Label { number: number.to_owned(), lines: vec!["M6 <screw> & ^nut".to_owned()], content: Content::Plain(number.to_owned()), origin }
    }

    #[test]
    fn what_people_typed_is_no_command_and_no_markup() {
        let zpl = String::from_utf8(label("LOT-1").bytes(LabelForm::Zpl, 3).unwrap()).unwrap();
        assert!(zpl.contains("& _5Enut") && zpl.ends_with("^PQ3^XZ\n"), "{zpl}");
        let svg = String::from_utf8(label("LOT-1").bytes(LabelForm::Svg, 1).unwrap()).unwrap();
        assert!(svg.contains("M6 &lt;screw&gt; &amp; ^nut"), "{svg}");
    }

    #[test]
    fn a_number_too_long_for_any_code_is_refused() {
        assert_eq!(label(&"x".repeat(2_000)).bytes(LabelForm::Pdf, 1).unwrap_err().code, Code::Invalid);
    }
}
