//! Standard output is data, standard error is talk; with `--json` every answer is one document.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressStyle};

use crate::base::Refusal;
use crate::bodies;

/// How to speak.
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    pub(super) const fn json(&self) -> bool {
        self.json
    }

    /// Prints data and flushes it: whoever waits for a line gets it.
    pub(super) fn data(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that has gone away is no failure of the command.
        _ = writeln!(out, "{text}");
        _ = out.flush();
    }

    /// Prints the JSON document, or the text for people.
    pub(super) fn answer(&self, json: &str, text: impl FnOnce() -> String) {
        if self.json { self.data(json) } else { self.data(&text()) }
    }

    /// Says something beside the data.
    pub(super) fn say(&self, text: &str) {
        if !self.json {
            eprintln!("{text}");
        }
    }

    pub(super) fn refusal(&self, refusal: &Refusal) {
        if self.json {
            self.data(&bodies::problem::json(refusal));
        } else {
            eprintln!("error: {}", refusal.sentence());
        }
    }

    /// A progress bar on standard error, drawn only where a person looks.
    pub(super) fn progress(&self, what: &str) -> Progress {
        let bar = if self.json { ProgressBar::hidden() } else { ProgressBar::new(0) };
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {percent}% {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        Progress { bar }
    }
}

/// A progress bar.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn at(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
