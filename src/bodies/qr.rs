//! QR codes: which modules are dark, an image of them for pages, and blocks of text for a terminal window.

use qrcode::render::unicode;
use qrcode::{Color, QrCode};

/// Free modules around the code (ISO/IEC 18004 section 6.3.8).
const QUIET: usize = 4;

/// Modules of a side, and which of all are dark, row by row; `None` where the text is too long.
pub fn modules(text: &str) -> Option<(usize, Vec<bool>)> {
    let code = QrCode::new(text).ok()?;
    Some((code.width(), code.to_colors().into_iter().map(|color| color == Color::Dark).collect()))
}

/// The code as an SVG image, black on white; `None` where the text is too long.
pub fn svg(text: &str) -> Option<String> {
    let (width, modules) = modules(text)?;
    let dark = modules.into_iter().enumerate().filter(|(_, is_dark)| *is_dark);
    let path: String = dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET)).collect();
    let side = width + 2 * QUIET;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

/// The code as text, two modules a letter's height; dark windows show it as well as light ones.
pub fn blocks(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    Some(code.render::<unicode::Dense1x2>().dark_color(unicode::Dense1x2::Light).light_color(unicode::Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_code_and_a_novel_has_none() {
        let image = svg("http://192.168.1.20:8080/").unwrap();
        // Version 2 has 25 modules a side, and a free margin.
        assert!(image.contains("viewBox=\"0 0 33 33\""), "{image}");
        assert!(blocks("http://192.168.1.20:8080/").unwrap().lines().count() > 12);
        assert!(svg(&"x".repeat(5_000)).is_none());
    }
}
