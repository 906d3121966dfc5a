//! A report laid out: a head, facts in two columns, tables that break between rows and repeat their heading,
//! notes, and a foot on every page. A row that is higher than a page is broken between its lines.

use super::face::Faces;
use super::sheet::{Mark, Page, Sheet, Weight};
use crate::base::{Code, Refusal, Value, limits};
use crate::reports::barcode::{Content, Modules};
use crate::reports::report::{Column, Paper, Report, Table};

/// A4, and its margins.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 42.0;
const BOTTOM: f32 = HEIGHT - 60.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
/// Sizes of letters.
const TITLE: f32 = 17.0;
const HEADING: f32 = 10.5;
const TEXT: f32 = 8.5;
const FOOT: f32 = 6.3;
/// From one base line to the next.
const LEADING: f32 = 11.0;
/// Around the text of a cell.
const PAD: f32 = 3.0;
/// A code in a cell: its height with the text under it.
const CODE: f32 = 30.0;
/// White beside a code, without which scanners do not see where it begins.
const QUIET: f32 = 8.0;
/// A column that is scanned is no narrower.
const CODE_WIDTH: f32 = 150.0;
/// A column of text wants no more than this.
const COLUMN_MAX: f32 = 230.0;
const BLACK: u8 = 0;
const GREY: u8 = 95;
const RULE: u8 = 190;

/// Lays a report out.
pub(super) fn lay_out(report: &Report, faces: &Faces) -> Result<Sheet, Refusal> {
    let mut flow = Flow { report, faces, pages: vec![Page::default()], y: MARGIN };
    flow.head();
    flow.facts();
    for table in &report.tables {
        flow.table(&Shown::of(table))?;
    }
    flow.notes();
    flow.feet();
    Ok(Sheet { width: WIDTH, height: HEIGHT, pages: flow.pages })
}

struct Flow<'f> {
    report: &'f Report,
    faces: &'f Faces,
    pages: Vec<Page>,
    y: f32,
}

/// A table without the columns that paper does not show.
struct Shown<'s> {
    title: &'static str,
    empty: &'static str,
    columns: Vec<&'static Column>,
    rows: Vec<Vec<&'s Value>>,
}

impl<'s> Shown<'s> {
    fn of(table: &'s Table) -> Self {
        let is_shown = |at: &usize| table.columns[*at].paper != Paper::Absent;
        let kept: Vec<usize> = (0..table.columns.len()).filter(is_shown).collect();
        let rows = table.rows.iter().map(|row| kept.iter().map(|at| &row[*at]).collect()).collect();
        Self { title: table.title, empty: table.empty, columns: kept.iter().map(|at| &table.columns[*at]).collect(), rows }
    }
}

/// A cell made ready: lines of text, or a code.
enum Cell {
    Lines(Vec<String>, Side),
    Code(Modules, String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Flow<'_> {
    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.marks.push(mark);
        }
    }

    fn text(&mut self, (x, y): (f32, f32), size: f32, weight: Weight, grey: u8, text: &str) {
        self.mark(Mark::Text { x, y, size, weight, grey, text: text.to_owned() });
    }

    fn turn(&mut self) {
        self.pages.push(Page::default());
        self.y = MARGIN + 16.0;
        let head = format!("{} · {}", self.report.origin.plant, self.report.title);
        let line = self.faces.lines(&head, Weight::Regular, TEXT, INNER).into_iter().next().unwrap_or_default();
        self.text((MARGIN, MARGIN), TEXT, Weight::Regular, GREY, &line);
    }

    /// Turns the page unless so much fits on it.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.turn();
        }
    }

    fn head(&mut self) {
        let width = if self.report.scanned.is_some() { INNER - CODE_WIDTH - 20.0 } else { INNER };
        let plant = self.report.origin.plant.clone();
        for line in self.faces.lines(&plant, Weight::Regular, TEXT, width) {
            self.text((MARGIN, self.y), TEXT, Weight::Regular, GREY, &line);
            self.y += LEADING;
        }
        self.y += 10.0;
        for line in self.faces.lines(&self.report.title, Weight::Bold, TITLE, width) {
            self.text((MARGIN, self.y), TITLE, Weight::Bold, BLACK, &line);
            self.y += TITLE * 1.25;
        }
        if let Some(period) = self.report.period_text() {
            self.text((MARGIN, self.y), TEXT, Weight::Regular, GREY, &period);
            self.y += LEADING;
        }
        if let Some(text) = &self.report.scanned
            && let Some(modules) = Content::Plain(text.clone()).modules()
        {
            let (x, height) = (MARGIN + INNER - CODE_WIDTH, if matches!(modules, Modules::Square { .. }) { 70.0 } else { 34.0 });
            self.mark(Mark::code(&modules, (x, MARGIN - 8.0), CODE_WIDTH, height));
            let under = self.faces.lines(text, Weight::Regular, TEXT, CODE_WIDTH).into_iter().next().unwrap_or_default();
            self.text((x, MARGIN - 8.0 + height + 9.0), TEXT, Weight::Regular, BLACK, &under);
            self.y = self.y.max(MARGIN + height + 14.0);
        }
        self.y += 8.0;
    }

    fn facts(&mut self) {
        let column = INNER / 2.0;
        let label = 125.0;
        for pair in self.report.facts.chunks(2) {
            let cells: Vec<Vec<String>> = pair.iter().map(|fact| self.faces.lines(&self.report.shown(&fact.value), Weight::Regular, TEXT, column - label - 8.0)).collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
            self.need(LEADING);
            for at in 0..lines {
                self.need(LEADING);
                for (side, (fact, cell)) in pair.iter().zip(&cells).enumerate() {
                    let x = MARGIN + side as f32 * column;
                    if at == 0 {
                        self.text((x, self.y), TEXT, Weight::Regular, GREY, fact.label);
                    }
                    if let Some(line) = cell.get(at) {
                        self.text((x + label, self.y), TEXT, Weight::Regular, BLACK, line);
                    }
                }
                self.y += LEADING;
            }
            self.y += 2.0;
        }
    }

    fn table(&mut self, table: &Shown<'_>) -> Result<(), Refusal> {
        self.y += 14.0;
        self.need(4.0 * LEADING);
        self.text((MARGIN, self.y), HEADING, Weight::Bold, BLACK, table.title);
        self.y += 6.0;
        if table.rows.is_empty() {
            self.y += LEADING;
            self.text((MARGIN, self.y), TEXT, Weight::Regular, GREY, table.empty);
            self.y += 4.0;
            return Ok(());
        }
        let widths = self.widths(table);
        self.heading(table, &widths);
        for row in &table.rows {
            self.row(table, row, &widths);
            // Checked here as well, so that a table beyond all measure ends before it fills the memory.
            if self.pages.len() > limits::REPORT_PAGES_MAX {
                return Err(Refusal::new(Code::TooLarge, format!("more than {} pages; ask for CSV or a workbook, or for less", limits::REPORT_PAGES_MAX)));
            }
        }
        Ok(())
    }

    fn heading(&mut self, table: &Shown<'_>, widths: &[f32]) {
        let labels: Vec<Vec<String>> = table.columns.iter().zip(widths).map(|(column, width)| self.faces.lines(column.label, Weight::Bold, TEXT, width - 2.0 * PAD)).collect();
        let lines = labels.iter().map(Vec::len).max().unwrap_or(1);
        let top = self.y;
        let mut x = MARGIN;
        for (at, (label, width)) in labels.iter().zip(widths).enumerate() {
            let side = side_of(table, at);
            for (row, line) in label.iter().enumerate() {
                let left = self.aligned(line, Weight::Bold, (x, *width), side);
                self.text((left, top + LEADING * (row + 1) as f32), TEXT, Weight::Bold, BLACK, line);
            }
            x += width;
        }
        self.y = top + LEADING * lines as f32 + 4.0;
        self.mark(Mark::Block { x: MARGIN, y: self.y, width: INNER, height: 0.8, grey: BLACK });
    }

    fn aligned(&self, line: &str, weight: Weight, (x, width): (f32, f32), side: Side) -> f32 {
        match side {
            Side::Left => x + PAD,
            Side::Right => x + width - PAD - self.faces.width(line, weight, TEXT),
        }
    }

    fn row(&mut self, table: &Shown<'_>, row: &[&Value], widths: &[f32]) {
        let cells: Vec<Cell> = row.iter().zip(widths).enumerate().map(|(at, (value, width))| self.cell(table, at, value, *width)).collect();
        let height = cells.iter().map(height_of).fold(LEADING, f32::max) + 4.0;
        if self.y + height > BOTTOM && height < BOTTOM - 2.0 * MARGIN {
            self.turn();
            self.heading(table, widths);
        }
        let lines = cells.iter().map(|cell| if let Cell::Lines(lines, _) = cell { lines.len() } else { 1 }).max().unwrap_or(1);
        let top = self.y;
        let mut lowest = top;
        for at in 0..lines {
            if self.y + LEADING + 4.0 > BOTTOM {
                self.turn();
                self.heading(table, widths);
                lowest = self.y;
            }
            let mut x = MARGIN;
            for (cell, width) in cells.iter().zip(widths) {
                self.cell_line(cell, at, (x, *width));
                x += width;
            }
            self.y += LEADING;
        }
        let code = cells.iter().any(|cell| matches!(cell, Cell::Code(..)));
        lowest = if code { lowest + CODE } else { lowest };
        self.y = self.y.max(lowest) + 4.0;
        self.mark(Mark::Block { x: MARGIN, y: self.y, width: INNER, height: 0.4, grey: RULE });
    }

    fn cell_line(&mut self, cell: &Cell, at: usize, (x, width): (f32, f32)) {
        match cell {
            Cell::Lines(lines, side) => {
                if let Some(line) = lines.get(at) {
                    let left = self.aligned(line, Weight::Regular, (x, width), *side);
                    self.text((left, self.y + LEADING), TEXT, Weight::Regular, BLACK, line);
                }
            }
            Cell::Code(modules, text) if at == 0 => {
                self.mark(Mark::code(modules, (x + QUIET, self.y + 3.0), width - 2.0 * QUIET, CODE - 12.0));
                self.text((x + QUIET, self.y + CODE - 1.0), TEXT - 1.5, Weight::Regular, BLACK, text);
            }
            Cell::Code(..) => {}
        }
    }

    fn cell(&self, table: &Shown<'_>, at: usize, value: &Value, width: f32) -> Cell {
        let text = self.report.shown(value);
        if table.columns[at].paper == Paper::Scanned
            && !value.is_null()
            && let Some(modules) = Content::Plain(text.clone()).modules()
        {
            return Cell::Code(modules, text);
        }
        Cell::Lines(self.faces.lines(&text, Weight::Regular, TEXT, width - 2.0 * PAD), side_of(table, at))
    }

    /// What each column wants, made to fit: narrow columns keep their width, wide ones share the rest.
    fn widths(&self, table: &Shown<'_>) -> Vec<f32> {
        let wanted: Vec<f32> = (0..table.columns.len()).map(|at| self.wanted(table, at)).collect();
        let sum: f32 = wanted.iter().sum();
        if sum <= INNER {
            let spare = (INNER - sum) / wanted.len().max(1) as f32;
            return wanted.iter().map(|width| width + spare).collect();
        }
        // The widest give way first: no column is wider than a bound that makes all of them fit.
        let (mut low, mut high) = (0.0_f32, INNER);
        for _ in 0..30 {
            let middle = f32::midpoint(low, high);
            let fits = wanted.iter().map(|width| width.min(middle)).sum::<f32>() <= INNER;
            (low, high) = if fits { (middle, high) } else { (low, middle) };
        }
        wanted.iter().map(|width| width.min(low)).collect()
    }

    fn wanted(&self, table: &Shown<'_>, at: usize) -> f32 {
        if table.columns[at].paper == Paper::Scanned {
            return CODE_WIDTH;
        }
        let label = table.columns[at].label.split(' ').map(|word| self.faces.width(word, Weight::Bold, TEXT)).fold(0.0, f32::max);
        let cells = table.rows.iter().map(|row| self.faces.width(&self.report.shown(row[at]), Weight::Regular, TEXT));
        cells.fold(label, f32::max).min(COLUMN_MAX) + 2.0 * PAD
    }

    fn notes(&mut self) {
        if self.report.notes.is_empty() {
            return;
        }
        self.y += 12.0;
        for note in &self.report.notes {
            for line in self.faces.lines(note, Weight::Regular, TEXT, INNER) {
                self.need(LEADING);
                self.y += LEADING;
                self.text((MARGIN, self.y), TEXT, Weight::Regular, GREY, &line);
            }
            self.y += 3.0;
        }
    }

    fn feet(&mut self) {
        let origin = &self.report.origin;
        let name: String = origin.plant.chars().take(60).collect();
        let title: String = self.report.title.chars().take(70).collect();
        let first = format!("{name} · {title} · data of {} ({}) · journal entry {}", origin.local(origin.at), origin.zone.iana_name().unwrap_or("UTC"), origin.seq);
        let second = format!("SHA-256 of the data {}", self.report.digest());
        let count = self.pages.len();
        for (at, page) in self.pages.iter_mut().enumerate() {
            let number = format!("page {} of {count}", at + 1);
            let right = WIDTH - MARGIN - self.faces.width(&number, Weight::Regular, FOOT);
            let mut text = |x: f32, y: f32, text: &str| page.marks.push(Mark::Text { x, y, size: FOOT, weight: Weight::Regular, grey: GREY, text: text.to_owned() });
            text(MARGIN, HEIGHT - 40.0, &first);
            text(MARGIN, HEIGHT - 31.0, &second);
            text(right, HEIGHT - 31.0, &number);
            page.marks.push(Mark::Block { x: MARGIN, y: HEIGHT - 50.0, width: INNER, height: 0.4, grey: RULE });
        }
    }
}

fn height_of(cell: &Cell) -> f32 {
    match cell {
        Cell::Lines(lines, _) => lines.len() as f32 * LEADING,
        Cell::Code(..) => CODE,
    }
}

/// Numbers stand on the right.
fn side_of(table: &Shown<'_>, at: usize) -> Side {
    let is_number = |value: &&Value| matches!(value, Value::Int(_) | Value::Dec(_) | Value::Null);
    if table.rows.iter().all(|row| is_number(&row[at])) && table.rows.iter().any(|row| !row[at].is_null()) { Side::Right } else { Side::Left }
}
