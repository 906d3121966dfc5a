//! What stands where on pages, in points from the upper left corner; before any PDF.

use crate::reports::barcode::Modules;

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reports) enum Weight {
    Regular,
    Bold,
}

/// Something on a page.
#[derive(Clone, Debug)]
pub(in crate::reports) enum Mark {
    /// A line of text; y is its base line.
    Text { x: f32, y: f32, size: f32, weight: Weight, grey: u8, text: String },
    /// A filled block.
    Block { x: f32, y: f32, width: f32, height: f32, grey: u8 },
    /// Black blocks that belong together: x, y, width, height.
    Blocks(Vec<(f32, f32, f32, f32)>),
}

/// A page.
#[derive(Clone, Debug, Default)]
pub(in crate::reports) struct Page {
    pub(in crate::reports) marks: Vec<Mark>,
}

/// Pages of one size.
pub(in crate::reports) struct Sheet {
    pub(in crate::reports) width: f32,
    pub(in crate::reports) height: f32,
    pub(in crate::reports) pages: Vec<Page>,
}

impl Mark {
    /// A code within a width and a height.
    pub(in crate::reports) fn code(modules: &Modules, (x, y): (f32, f32), width: f32, height: f32) -> Self {
        let (columns, dark) = match modules {
            Modules::Bars(bars) => (bars.len(), bars),
            Modules::Square { side, dark } => (*side, dark),
        };
        let is_square = matches!(modules, Modules::Square { .. });
        let step = if is_square { width.min(height) / columns as f32 } else { width / columns as f32 };
        let tall = if is_square { step } else { height };
        let mut blocks: Vec<(f32, f32, f32, f32)> = Vec::new();
        for (row, line) in dark.chunks(columns.max(1)).enumerate() {
            let mut at = 0;
            while at < line.len() {
                let run = line[at..].iter().take_while(|module| **module == line[at]).count();
                if line[at] {
                    blocks.push((x + at as f32 * step, y + row as f32 * step, run as f32 * step, tall));
                }
                at += run;
            }
        }
        Self::Blocks(blocks)
    }
}
